"""Questions in which every part of a command line or a file matters, and all of what is made of them."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest

from audit_accounts import allow, page, role, user
from audit_accounts import write as write_account
from cli.test_told_by_options import at_a_terminal
from projects import HELLO, configuration, inside, remit, write
from remit import __version__
from remit.audit import result_cache
from remit.audit.audit import AuditInput, audit
from remit.audit.result_cache import ResultCache
from remit.audit.workers import processes
from remit.catalogue.quotas import quota
from remit.catalogue.snapshot_sources import versions
from remit.cli import audit as audit_command
from remit.cli import bootstrap, evaluate, invoke, jobs, lint, minimise, options
from remit.errors import RemitError
from remit.iam.decide.evaluate import ALL, Request
from remit.iam.length import policy_length
from remit.iam.policy import parse
from remit.iam.tokens import UNFILLED
from remit.local import aws
from remit.local.control import invoke as local_invoke
from remit.report.audit import audit_text
from remit.roles.policy_size import Sizes


def policy(*statements: dict[str, Any], version: str = "2012-10-17") -> str:
    return json.dumps({"Version": version, "Statement": statements})


def statement(action: Any, resource: Any, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


@pytest.mark.parametrize(
    ("opened", "expected"),
    [
        ({}, frozenset({UNFILLED})),
        ({"open": None}, frozenset({UNFILLED})),
        ({"open": False}, frozenset({UNFILLED})),
        ({"open": ["aws:a", "b"]}, frozenset({"aws:a", "b", UNFILLED})),
        ({"open": True}, ALL),
    ],
)
@pytest.mark.parametrize("wildcard_only", [True, False])
def test_each_part_of_a_lines_request_is_asked_about(opened: Any, expected: Any, *, wildcard_only: bool) -> None:
    """What another tool fills into the policies is open in any case."""
    raw = {
        "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k", "principal": "arn:aws:iam::1:role/r",
        "context": {"k": ["v", 1, 2.5, True], "n": None}, "resource_account": "2", "management_account": "3",
        "wildcard_only": wildcard_only,
    }  # fmt: skip
    request = evaluate._request({**raw, **opened}, lambda _: None)  # type: ignore[arg-type, return-value]
    assert Request(**raw, open=expected) == request  # type: ignore[arg-type]
    assert Request(action="*", resource="*", context={}, open=expected) == evaluate._request(
        {"action": "*", "resource": None, "context": None, **opened},
        lambda _: None,  # type: ignore[arg-type, return-value]
    )


@pytest.mark.parametrize(("number", "yes"), [(0, False), (1, False), (2, True), (1_000, False)])
@pytest.mark.parametrize("agrees", [True, False])
def test_whoever_deletes_jobs_is_asked_where_there_are_any(number: int, *, yes: bool, agrees: bool) -> None:
    asked: list[Any] = []

    def ask(text: str, *, yes: bool) -> bool:
        asked.append((text, yes))
        return agrees

    terminal: Any = SimpleNamespace(agrees=ask)
    names = {1: "1 job", 2: "2 jobs", 1_000: "1,000 jobs"}
    errors: list[Any] = []
    try:
        jobs._agree(terminal, number, yes=yes)
    except RemitError as error:
        errors.append((error.message, error.exit_code))
    assert ([(f"Delete {names[number]} for good?", yes)] if number else []) == asked
    assert ([] if agrees or not number else [("nothing was deleted", 1)]) == errors


TEMPLATE: Final = json.dumps({"Resources": {"Jobs": {"Type": "AWS::SQS::Queue"}}})


@pytest.mark.parametrize(
    ("file", "words", "stack", "told"),
    [
        ("Template.json", (), "STACK-NAME", "the file's name is none of a stack, so STACK-NAME stands for it"),
        ("shop_1.json", (), "STACK-NAME", "the file's name is none of a stack, so STACK-NAME stands for it"),
        ("Shop.template.json", (), "Shop", "the stack is taken to be `Shop`, as the file is named"),
        ("Template.json", ("--stack", "Other"), "Other", None),
    ],
)
@pytest.mark.parametrize("form", [(), ("--cloudformation",), ("--split",)])
def test_a_deployers_policy_names_the_stack_and_what_it_leaves_open(
    tmp_path: Path, file: str, words: tuple[str, ...], stack: str, told: str | None, form: tuple[str, ...]
) -> None:
    write(tmp_path, {file: TEMPLATE})
    places: dict[tuple[str, ...], str] = {
        (): "--region and --account", ("--region", "eu-west-1"): "--account",
        ("--region", "eu-west-1", "--account", "111122223333"): "",
    }  # fmt: skip
    with inside(tmp_path, {}):
        for place, wide in places.items():
            ran = remit("policy", "deployer", file, *words, *place, *form)
            notes = [f"note: {told}: `--stack NAME` gives it"] if told else []
            if wide and form != ("--cloudformation",):
                notes.append(f"note: it leaves open where the stack is, which {wide} would say")
            assert (0, notes) == (ran.status, ran.err.splitlines())
            assert f"stack/{stack}/" in ran.out


@pytest.mark.usefixtures("orders")
def test_the_parts_of_a_deployers_policy_are_the_calls_and_the_works() -> None:
    """Whoever starts deploys calls CloudFormation; its service role makes the resources and calls nothing else."""
    started = ("--part", "starts", "--service-role", "arn:aws:iam::111122223333:role/x")
    whole, starts, works = (
        {action for part in json.loads(remit("policy", "deployer", *words).out)["Statement"] for action in listed(part)}
        for words in ((), started, ("--part", "works"))
    )
    for action, places in {
        "cloudformation:CreateChangeSet": (True, False),
        "s3:PutObject": (True, False),
        "lambda:CreateFunction": (False, True),
        "iam:CreateRole": (False, True),
    }.items():
        assert places == (action in starts, action in works)
        assert action in whole


def listed(part: dict[str, Any]) -> list[str]:
    return part["Action"] if isinstance(part["Action"], list) else [part["Action"]]


@pytest.fixture
def orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(
        tmp_path,
        {"app.py": "from remit import App\n\napp = App()\n\n\n@app.function\ndef report(event, context): ...\n"},
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


PLACES: Final = {"managed": "a managed policy", "role": "all inline policies of a role"}


@pytest.mark.parametrize("kind", [None, "managed", "role"])
def test_the_room_of_each_part_is_told_and_of_more_managed_policies_than_a_role_takes(kind: str | None) -> None:
    most = {"managed": quota("iam.managed").most, "role": quota("iam.role.inline").most}

    def line(place: str) -> str:
        return f"1,234 of {most[place]:,} characters of {PLACES[place]}"

    assert [line(place) for place in ((kind,) if kind else ("managed", "role"))] == minimise._rooms((1234,), kind)
    for number in (2, 10, 11, 12):
        first = kind or "managed"
        rows = [f"1: {line(first)}", *(f"{row}: {line('managed')}" for row in range(2, number + 1))]
        managed = number - (first == "role")
        if managed > 10:
            rows.append(
                f"{managed} managed policies: more than the 10 that may be attached unless AWS raises the quota"
            )
        assert rows == minimise._rooms((1234,) * number, kind)


@pytest.mark.parametrize(
    ("kind", "limit", "parted", "first", "further"),
    [
        (None, 300, False, 300, 300), ("role", 300, True, 300, 300), (None, None, True, 6_144, 6_144),
        ("role", None, True, 10_240, 6_144), ("user", None, True, 2_048, 6_144), (None, None, False, None, None),
    ],
)  # fmt: skip
def test_each_part_of_a_policy_fits_where_it_goes(
    kind: Any, limit: Any, first: Any, further: Any, *, parted: bool
) -> None:
    statements = [statement("s3:GetObject", f"arn:aws:s3:::bucket-{number}/{'x' * 60}/*") for number in range(150)]
    whole = parse(json.loads(policy(*statements)))
    parts = minimise._parts(whole, kind, limit, Sizes("n", {}), parted=parted)
    sizes = [policy_length(part) for part in parts]
    assert set(whole.statements) == {each for part in parts for each in part.statements}
    if first is None:
        assert (whole,) == parts
    else:
        assert len(parts) > 1
        assert max(sizes[:1]) <= first
        assert max(sizes[1:]) <= further
        assert min(sizes[0] / first, *(size / further for size in sizes[1:-1]), 1) > 0.5


def test_policies_of_one_role_become_one_in_which_each_sid_is_once() -> None:
    sids = ("A", "B", "A", "", "B", "", "C", "A")
    parts = tuple(
        parse(json.loads(policy(statement("s3:GetObject", f"arn:aws:s3:::{n}/*", **({"Sid": sid} if sid else {})))))
        for n, sid in enumerate(sids)
    )
    joined = minimise._joined(parts, "p.json")
    assert ["A", "B", "", "", "", "", "C", ""] == [each.sid for each in joined.statements]
    assert [part.statements[0].resources for part in parts] == [each.resources for each in joined.statements]
    other = parse(json.loads(policy(statement("s3:GetObject", "*"), version="2008-10-17")))
    with pytest.raises(RemitError, match="different versions, 2008-10-17 and 2012-10-17: they cannot be one"):
        minimise._joined((parts[0], other), "p.json")


@pytest.mark.parametrize(("version", "verdict"), [("2012-10-17", "Unknown"), ("2008-10-17", "ImplicitlyDenied")])
def test_a_limit_is_asked_in_its_own_version(tmp_path: Path, version: str, verdict: str) -> None:
    """A variable means something under 2012-10-17 alone: "IAM JSON policy elements: Variables and tags"."""
    write(tmp_path, {"p.json": policy(statement("s3:GetObject", "arn:aws:s3:::b/${aws:username}"), version=version)})
    with inside(tmp_path, {}):
        ran = remit("explain", "p.json", "s3:GetObject", "arn:aws:s3:::b/ann", "--kind", "scp", "--json")
    assert (1, verdict) == (ran.status, json.loads(ran.out)["verdict"])


def test_without_a_resource_an_action_is_asked_on_the_first_eight_that_a_policy_names(tmp_path: Path) -> None:
    arns = [f"arn:aws:s3:::shop-{number}/*" for number in range(10)]
    stack = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "./gone.yaml"}}
    document = json.loads(policy(*(statement("s3:GetObject", arn) for arn in arns)))
    properties = {"PolicyDocument": document, "Users": ["ann"]}
    made = {"P": {"Type": "AWS::IAM::ManagedPolicy", "Properties": properties}, "Inner": stack}
    write(tmp_path, {"p.json": json.dumps(document), "t.json": json.dumps({"Resources": made})})
    with inside(tmp_path, {}):
        ran = remit("explain", "p.json", "s3:GetObject", "--json")
        nested = remit("explain", "t.json", "P", "s3:GetObject", "--json")
    assert [(arn, "Allowed") for arn in arns[:8]] == [(row["resource"], row["verdict"]) for row in json.loads(ran.out)]
    assert (0, "") == (ran.status, ran.err)
    assert arns[:8] == [row["resource"] for row in json.loads(nested.out)]
    assert nested.err.startswith("note: nested template Inner: ")


class Project(options.Scope):
    """A scope whose app and local AWS are known."""

    def namespace(self) -> str:
        return "shop-dev"

    def declared(self, name: str) -> Any:
        if name == "gone":
            raise RemitError("there is no function `gone`")
        function = SimpleNamespace(publication=SimpleNamespace(alias="live") if name == "aliased" else None)
        return SimpleNamespace(deployed_name=lambda _: f"own-{name}"), function

    def local_aws(self) -> Any:
        return SimpleNamespace(region="eu-west-1")


@pytest.mark.parametrize(
    ("name", "aliases", "there", "asked"),
    [
        ("report", False, "shop-dev-report", ["shop-dev-report"]),
        ("report", False, "own-report", ["shop-dev-report", "own-report"]),
        ("report", False, "", ["shop-dev-report", "own-report"]),
        ("aliased", True, "own-aliased:live", ["own-aliased:live"]),
        ("aliased", True, "", ["own-aliased:live", "own-aliased:live"]),
    ],
)
@pytest.mark.parametrize("runs", [True, False])
def test_a_function_is_invoked_here_by_its_plain_name_first_unless_it_has_aliases(
    monkeypatch: pytest.MonkeyPatch, name: str, there: str, asked: list[str], *, aliases: bool, runs: bool
) -> None:
    calls: list[str] = []
    answer = object()

    def invoke_and_watch(_: Any, full_name: str, event: Any) -> Any:
        assert event == {"a": 1}
        calls.append(full_name)
        return answer if full_name == there else None

    monkeypatch.setattr(aws, "find", lambda *_, **__: object() if runs else None)
    monkeypatch.setattr(local_invoke, "has_aliases", lambda _, full_name: aliases and full_name == f"shop-dev-{name}")
    monkeypatch.setattr(local_invoke, "invoke_and_watch", invoke_and_watch)
    if there:
        assert answer is invoke._invoke_locally(Project(), name, {"a": 1}, strict=False)
    else:
        with pytest.raises(RemitError, match=f"function {asked[-1]} is not deployed in eu-west-1") as error:
            invoke._invoke_locally(Project(), name, {"a": 1}, strict=False)
        assert "`remit deploy --local` deploys it; `remit status --local` shows what is there" == error.value.hint
    assert asked == calls
    calls.clear()
    with pytest.raises(RemitError, match="there is no function `gone`"):
        invoke._invoke_locally(Project(), "gone", {"a": 1}, strict=False)
    assert (["shop-dev-gone"] if runs else []) == calls


WRONG: Final = """from remit import App
from remit.grants import allow

app = App()


@app.function(memory=1)
def report(event, context): ...


@app.function(policy=[allow("s3:GetObjekt", on="*")])
def count(event, context): ...
"""


def test_an_app_with_mistakes_has_them_and_the_errors_elsewhere_that_nobody_accepts(tmp_path: Path) -> None:
    write(
        tmp_path, {".git/HEAD": "x", "shop/app.py": WRONG, "shop/lib/a.py": "inner", "lib/a.py": "outer", "b.py": "b"}
    )
    with inside(tmp_path, {}):
        rows = json.loads(remit("lint", "-C", "shop", "--json").out)
        accepted = json.loads(remit("lint", "-C", "shop", "--json", "--allow", "R202=so").out)
        commands = remit("lint", "-C", "shop", "--format", "github").out.splitlines()
        reader = lint._line_reader(tmp_path / "shop")
        assert [["inner"], ["b"], []] == [[*reader(name)] for name in ("lib/a.py", "b.py", "gone.py")]
    assert [("R001", 7), ("R202", 11)] == [(row["rule"], row["line"]) for row in rows]
    assert rows[:1] == accepted
    assert ["::error file=shop/app.py,line=7", "::error file=shop/app.py,line=11"] == [
        ",".join(command.split(",")[:2]) for command in commands
    ]


@pytest.mark.parametrize("name", ["R202", "unknown-action"])
def test_a_reason_to_accept_a_rule_is_kept_by_its_code(name: str) -> None:
    assert {"R202": "it is = new", "R213": "b"} == lint._reasons((f"{name}= it is = new ", "R213=b"))


@pytest.mark.parametrize(("columns", "no_color"), [("60", ""), ("200", "1")])
def test_an_audit_is_as_wide_as_the_screen_and_has_its_colours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: str, no_color: str
) -> None:
    write_account(tmp_path, page(user("ann", allow("iam:AttachUserPolicy", "s3:GetObject")), role("r", allow("s3:*"))))
    given = AuditInput(tmp_path, "2026-11-27T00:00:00Z", None, ())
    with processes(1) as workers:
        report = audit(given, ResultCache(None, ""), workers)
    monkeypatch.setenv("COLUMNS", columns)
    for notes in (True, False):
        with at_a_terminal():
            if no_color:
                monkeypatch.setenv("NO_COLOR", no_color)
            text = "".join(audit_command._text(report, "text", with_notes=notes))
        color = not no_color
        assert audit_text(report, color=color, width=int(columns), with_notes=notes) + "\n" == text
        text = "".join(audit_command._text(report, "text", with_notes=notes))
        assert audit_text(report, color=False, width=120, with_notes=notes) + "\n" == text


def test_files_are_named_from_the_top_of_the_repository_wherever_the_app_is(tmp_path: Path) -> None:
    """A path is one from where the command runs; -C is about the app alone."""
    write(tmp_path, {".git/HEAD": "x", "sub/p.json": policy(statement("s3:GetObjekt", "*")), "other/app.py": HELLO})
    with inside(tmp_path / "sub", {}):
        for form, start in (("github", "::error file=sub/p.json,line=1,"), ("text", "error[R202]: ")):
            assert remit("lint", "p.json", "-C", "../other", "--format", form).out.startswith(start)


@pytest.mark.parametrize("name", ["first", "second"])
def test_of_functions_that_share_a_role_the_one_that_is_named_is_asked_about(tmp_path: Path, name: str) -> None:
    functions = "".join(f"\n\n@app.function\ndef {each}(event, context): ...\n" for each in ("first", "second"))
    config = configuration("config.lambda_.iam.share_roles = True")
    write(tmp_path, {"app.py": f"from remit import App\n\napp = App()\n{functions}", "config/deploy.py": config})
    with inside(tmp_path, {}):
        ran = remit("explain", name, "sqs:SendMessage", "arn:aws:sqs:*:*:q")
    assert (1, f"Not allowed: {name} may not sqs:SendMessage on ") == (ran.status, ran.out.partition("arn:")[0])


def test_files_that_an_option_names_are_no_accounts_and_answers_are_kept_by_the_data_they_are_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They may lie in the folder of the accounts. An answer of older data or another remit is asked anew."""
    kept: list[Any] = []

    class Cache(ResultCache):
        def __init__(self, folder: Path | None, version: str) -> None:
            kept.append((folder, version))
            super().__init__(None, version)

    write_account(tmp_path, page(user("ann", allow("s3:GetObject"))))
    write(tmp_path, {"resources.json": "[]", "kept/old.json": "[1", "answer.json": "[1"})
    monkeypatch.setattr(result_cache, "ResultCache", Cache)
    with inside(tmp_path, {}):
        words = ("--resource-policies", "resources.json", "--cache", "kept", "--at", "2026-11-27", "--format", "json")
        ran = remit("audit", ".", *words, "--output", "answer.json")
    assert (0, "", "") == (ran.status, ran.out, ran.err)
    facts = [f"{source.name}=={source.version}" for source in versions().sources]
    assert [(Path("kept"), " ".join((__version__, *facts)))] == kept


def test_the_roles_of_previews_are_those_of_one_with_every_number(tmp_path: Path) -> None:
    """Names of the app's own that hold the preview's stay as they are."""
    names = ("pull12", "apull1", "report")
    functions = "".join(f"\n\n@app.function\ndef {name}(event, context): ...\n" for name in names)
    grants = (
        'from remit.grants import s3\n\n\n@app.function(policy=[s3.read("pull12")])\ndef reads(event, context): ...\n'
    )
    app = f"from remit import App\n\napp = App()\n{functions}\n\n{grants}"
    config = configuration('config.stages = ["prod"]\nconfig.stages.previews = "pull"')
    folder = tmp_path / "shop"
    write(folder, {"app.py": app, "config/deploy.py": config})
    stack, template = bootstrap._roles(folder, "github", ("acme/shop",), "pull")
    one_stack, one = bootstrap._roles(folder, "github", ("acme/shop",), "pull1")
    assert ("ci-shop-pull", "ci-shop-pull1") == (stack, one_stack)
    policies, one_policies = (
        {
            name: made["Properties"]
            for name, made in roles["Resources"].items()
            if "PolicyDocument" in made["Properties"]
        }
        for roles in (template, one)
    )
    assert policies
    assert json.loads(json.dumps(one_policies).replace("shop-pull1", "shop-pull*")) == policies
    only = bootstrap._roles(folder, "github", ("acme/shop",), "prod")
    assert "ci-shop-prod" == only[0]


def test_a_link_to_a_folder_is_read_as_the_folder(tmp_path: Path) -> None:
    write(tmp_path, {"lib/p.json": policy(statement("s3:GetObjekt", "*"))})
    (tmp_path / "link").symlink_to("lib")
    with inside(tmp_path, {}):
        rows = {name: json.loads(remit("lint", name, "--json").out) for name in ("lib", "link", "link/p.json")}
    assert {"lib": "lib/p.json", "link": "link/p.json", "link/p.json": "link/p.json"} == {
        name: found[0]["file"] for name, found in rows.items()
    }
