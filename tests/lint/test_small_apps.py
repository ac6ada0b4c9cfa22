"""What lint tells of the smallest apps, and which of it somebody has accepted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from remit.app import App, Function, Grant, Output, Reason, Resource
from remit.errors import Origin, RemitError
from remit.iam.policy import allow
from remit.lint.apps import errors, errors_of_parts, lint, without_jobs
from remit.lint.finding import Finding
from remit.lint.python_slips import slips
from remit.lint.rule_registry import rule as rule_named
from remit.lint.suppress import reason_at, suppress
from remit.loading.load import load
from remit.roles.assign import assign

if TYPE_CHECKING:
    from pathlib import Path


def test_a_reference_that_leads_nowhere_is_an_error_unless_what_it_names_may_be_what_could_not_be_read() -> None:
    line = Origin("app.py", 9, 1)
    grants = (
        Grant(allow("sqs:SendMessage", on="${Nothing.Arn}"), Reason("text", "x"), line),
        Grant(allow("sqs:SendMesage", on="arn:aws:sqs:eu-west-1:111122223333:a"), Reason("text", "x"), line),
    )
    app = App("shop", "dev", (Function("hello", "Hello", "app.hello", {}, policy=grants),))
    for is_whole, rules in ((True, ["R202", "R401"]), (False, ["R202"])):
        found = errors(app, assign(app), is_whole=is_whole)
        assert rules == sorted(finding.rule for finding in found)


def test_the_findings_of_a_role_of_no_function_stand_where_the_role_is_declared() -> None:
    line = Origin("app.py", 3, 1)
    grants = (Grant(allow("sqs:SendMesage", on="arn:aws:sqs:eu-west-1:111122223333:a"), Reason("text", "x")),)
    app = App("shop", "dev", (Function("hello", "Hello", "app.hello", {}, policy=grants),))
    roles = [replace(role, functions=(), origin=line) for role in assign(app)]
    assert [(finding.rule, finding.origin) for finding in errors(app, tuple(roles))] == [("R202", line)]


def test_an_app_without_its_jobs_has_its_other_functions_alone(tmp_path: Path) -> None:
    source = """from remit import App, config

config.job.enable = True
app = App()


@app.job()
def mail(to): ...


@app.function()
def hello(event, context): ...
"""
    (tmp_path / "app.py").write_text(source)
    app = load(tmp_path)
    assert (len(app.functions), len(app.queues), list(app.jobs)) == (2, 1, ["mail"])
    rest = without_jobs(app)
    assert rest == replace(app, functions=rest.functions, queues=(), jobs={})
    assert [function.name for function in rest.functions] == ["hello"]


def test_every_python_file_in_which_something_of_an_app_is_declared_is_read_for_slips(tmp_path: Path) -> None:
    names = iter([f"f{number}.py" for number in range(12)])

    def origin() -> Origin:
        file = next(names)
        (tmp_path / file).write_text('x = {"a": 1, "a": 2}\n')
        return Origin(file, 1, 1)

    def grant() -> Grant:
        return Grant(allow("sqs:SendMessage", on="arn:aws:sqs:eu-west-1:111122223333:a"), Reason("text", "x"), origin())

    function = Function(
        "hello",
        "Hello",
        "app.hello",
        {},
        policy=(grant(),),
        origin=origin(),
        written={"Timeout": origin()},
        managed_written={"arn:aws:iam::aws:policy/ReadOnlyAccess": origin()},
    )
    app = App(
        "shop",
        "dev",
        (function,),
        resources=(Resource("Queue", "AWS::SQS::Queue", {}, origin=origin()),),
        outputs=(Output("Out", "x", origin=origin()),),
        default_policy=(grant(),),
        queues_origin=origin(),
        allowed={"R210": ("it is meant", origin())},
    )
    (tmp_path / "config").mkdir()
    for file in ("config/deploy.py", "config/other.py", "unnamed.py"):
        (tmp_path / file).write_text('x = {"a": 1, "a": 2}\n')
    read = [finding.file for finding in lint(app, folder=tmp_path) if finding.rule == "R112"]
    assert read == ["config/deploy.py", *(f"f{number}.py" for number in range(9))]


def test_the_errors_of_parts_of_an_app_are_none_about_what_the_other_parts_may_declare() -> None:
    grants = (
        Grant(allow("sqs:SendMessage", on="${Nothing.Arn}"), Reason("text", "x")),
        Grant(allow("sqs:SendMesage", on="arn:aws:sqs:eu-west-1:111122223333:a"), Reason("text", "x")),
    )
    app = App("shop", "dev", (Function("hello", "Hello", "app.hello", {}, policy=grants),))
    assert [finding.rule for finding in errors_of_parts(app)] == ["R202"]


def test_what_python_passes_over_in_silence_is_noticed_in_each_form_that_it_is_written_in(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("""\
config.lambda_.iam.policy = "a"
config.lambda_.iam.policy += "b"
config.lambda_.iam.boundary = "c"
config.other.policy = "d"
app.function(policy="e", name="f")
app.job(default_policy="g")
app.group("h", managed_policy="i", policy=["j"])
app.workflow(policy="k")
x = {"Version": "2008-10-17", "Statement": []}
y = {"Version": "2008-10-17"}, {"Version": "2012-10-17", "Statement": []}, {"a": 1, "a": 2}
""")
    noticed = [(slip.kind, slip.text, slip.inside, origin.line) for slip, origin in slips(tmp_path, "app.py")]
    assert noticed == [
        ("repeated", "'a'", "app.py:10", 10),
        ("bare", "a", "policy", 1),
        ("bare", "b", "policy", 2),
        ("bare", "e", "policy", 5),
        ("bare", "g", "default_policy", 6),
        ("bare", "i", "managed_policy", 7),
        ("version", "2008-10-17", "", 9),
    ]
    assert list(slips(tmp_path, "nothing.py")) == []


# What is accepted


def told(
    text: str, *findings: Finding, table: dict[str, tuple[str, Origin | None]] | None = None
) -> list[tuple[str, int]]:
    remaining = suppress(findings, {"app.py": text}, table or {})
    return [(finding.rule, finding.origin.line if finding.origin else 0) for finding in remaining]


def finding(rule: str, line: int) -> Finding:
    return Finding(rule, rule_named(rule).name, "error", "x", None, Origin("app.py", line, 1))


def test_a_comment_accepts_its_rule_at_its_line_or_the_next_and_one_that_nothing_needs_is_told() -> None:
    at_line = "x = 1\ny = 2  # remit: allow R202 because it is about to come\n"
    above = "# remit: allow R202, R213 because it is about to come\n# and more\n\nx = 1\n"
    assert [] == told(at_line, finding("R202", 2))
    assert [("R202", 1), ("R002", 2)] == told(at_line, finding("R202", 1))
    assert [("R213", 2), ("R002", 2)] == told(at_line, finding("R213", 2))
    assert [] == told(above, finding("R202", 4), finding("R213", 4))
    assert [("R002", 1)] == told(above, finding("R202", 4))
    assert [("R003", 1), ("R202", 1)] == told("x = 1  # remit: allow R202 because …\n", finding("R202", 1))
    assert [] == told('x = "# remit: allow R202 because it is text"\n')


def test_a_table_accepts_a_rule_by_its_code_or_name_and_what_nothing_needs_in_it_is_told() -> None:
    line = Origin("config/deploy.py", 5, 1)
    for name in ("R202", "r202", rule_named("R202").name):
        assert [] == told("", finding("R202", 1), finding("R202", 7), table={name: ("it is moved", line)})
        assert [("R213", 1), ("R002", 5)] == told("", finding("R213", 1), table={name: ("it is moved", line)})
    with pytest.raises(RemitError) as refused:
        told("", table={"R2020": ("it is moved", line)})
    assert line == refused.value.origin


def test_a_comment_about_a_secret_speaks_to_builds_which_find_secrets_and_what_may_be_some() -> None:
    comment = "# remit: allow R701 because it is made up"
    line = 'DB_PASSWORD = "hX7$kq92Lm!z"'
    for text in (f"{line}  {comment}\n", f"{comment}\n{line}\n"):
        assert [] == told(text)
    assert [("R002", 1)] == told(f"x = 1  {comment}\n")
    assert [("R002", 2)] == told(f"{line}\nx = 1  {comment}\n")


def test_a_reason_is_that_of_the_line_or_else_of_the_app(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("x = 1  # remit: allow R704 because of the line\ny = 2\n")
    table = {rule_named("R704").name: ("of the app", None)}
    reasons = ((1, table, "of the line"), (2, table, "of the app"), (1, {}, "of the line"), (2, {}, None))
    for line, of_table, reason in reasons:
        assert reason == reason_at("R704", Origin("app.py", line, 1), tmp_path, of_table)
    for nowhere in (None, Origin("lost.py", 1)):
        assert "of the app" == reason_at("R704", nowhere, tmp_path, table)
    assert reason_at("R202", Origin("app.py", 1, 1), tmp_path, table) is None
