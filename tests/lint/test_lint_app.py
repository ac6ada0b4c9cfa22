"""An app: findings at the lines of its own files, what they accept, and what an override breaks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import effort
from remit import lint as verb
from remit.errors import Mistakes, RemitError
from remit.lint import errors, lint
from remit.lint.run import unreadable
from remit.loading.load import load
from remit.roles.assign import assign
from remit.synthesis.synth import draft

if TYPE_CHECKING:
    from pathlib import Path

    from remit.lint.finding import Finding

APP = """\
from remit import App
from remit.triggers import sqs

app = App()


@app.function(sqs("orders"), policy=["lambda:Invoke"])
def ingest(event, context):
    pass
"""
CONFIG = """\
from remit import aws, configure, project

BUCKET = "arn:aws:s3:::orders/*"
with configure() as config:
    config.lambda_.iam.policy = [
        "dynamdb:GetItem",
        {
            "Effect": "Allow",
            "Action": [
                "s3:GetObject",
                "s3:PutObject",
            ],
            "Resource": f"arn:{aws.partition}:s3:::{project.name}",
        },
        {"Statement": [
            {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:us-esat-1:111122223333:q"},
            {
                "Effect": "Allow", "Action": "s3:GetObject", "Resource": [BUCKET],
                "Condition": {"Bool": {"aws:SecureTransport": "yes"}},
            },
        ]},
    ]
"""


def project(folder: Path, config: str = CONFIG, app: str = APP) -> Path:
    (folder / "config").mkdir()
    (folder / "config" / "deploy.py").write_text(config, "utf-8")
    (folder / "app.py").write_text(app, "utf-8")
    return folder


def places(findings: tuple[Finding, ...], *severities: str) -> list[tuple[str, str | None, int]]:
    wanted = severities or ("error",)
    return [(one.rule, one.file, one.line) for one in findings if one.severity in wanted]


EXPECTED = [
    ("R202", "app.py", 7),
    ("R201", "config/deploy.py", 6),
    ("R302", "config/deploy.py", 10),
    ("R302", "config/deploy.py", 11),
    ("R123", "config/deploy.py", 16),
    ("R505", "config/deploy.py", 19),
]


def test_each_finding_stands_at_the_line_that_wrote_it(tmp_path: Path) -> None:
    folder = project(tmp_path)
    assert places(lint(load(folder), folder=folder)) == EXPECTED


def test_errors_gives_the_errors_alone(tmp_path: Path) -> None:
    folder = project(tmp_path)
    app = load(folder)
    assert places(errors(app, assign(app), folder=folder), "error", "warning", "note") == EXPECTED


def test_a_template_that_is_made_already_gives_the_same_errors_for_less_work(tmp_path: Path) -> None:
    folder = project(tmp_path)
    app = load(folder)
    roles = assign(app)
    template, _ = draft(app, roles, Mistakes())
    assert errors(app, roles, folder=folder) == errors(app, roles, folder=folder, template=template)
    alone = effort.calls_of(lambda: errors(app, roles, folder=folder))
    assert effort.calls_of(lambda: errors(app, roles, folder=folder, template=template)) < alone


def test_a_finding_carries_the_grant_and_its_reason(tmp_path: Path) -> None:
    folder = project(tmp_path)
    first = lint(load(folder), folder=folder)[0]
    assert first.grant is not None
    assert first.grant.because == "'lambda:Invoke' declared for function ingest"


def test_the_package_is_the_verb(tmp_path: Path) -> None:
    folder = project(tmp_path)
    app = load(folder)
    assert verb(app, folder=folder) == lint(app, folder=folder)


def test_a_clean_app_has_no_findings(tmp_path: Path) -> None:
    folder = project(tmp_path, config="", app=APP.replace('["lambda:Invoke"]', "[]"))
    assert lint(load(folder), folder=folder) == ()


KEYED_VERBS = """\
from remit import App, grants

app = App()
KEY = "1234abcd"


@app.function(
    policy=[
        grants.s3.read("a", key=KEY),
        grants.s3.read("b", key=KEY),
        grants.s3.put("b", key=KEY),
        grants.s3.read("c", "in/*"),
        grants.s3.read("c"),
        grants.s3.read("d", key=KEY),
        grants.s3.read("d", key=KEY),
    ]
)
def hello(event, context): ...
"""


def test_a_part_of_a_grant_that_others_have_is_a_finding_only_if_they_have_all_of_it(tmp_path: Path) -> None:
    """Who reads and writes objects needs the key that encrypts them for each, and none of these grants can go."""
    folder = project(tmp_path, config="", app=KEYED_VERBS)
    findings = lint(load(folder), folder=folder)
    superfluous = {(finding.rule, finding.line) for finding in findings if finding.rule in ("R604", "R607")}
    assert {("R607", 12), ("R604", 14)} == superfluous


def accepted(tmp_path: Path, before: str, after: str) -> tuple[Finding, ...]:
    folder = project(tmp_path, config=CONFIG.replace(before, after))
    return lint(load(folder), folder=folder)


def test_a_comment_at_the_line_accepts_a_finding(tmp_path: Path) -> None:
    found = accepted(
        tmp_path, '"dynamdb:GetItem",', '"dynamdb:GetItem",  # remit: allow R201 because the service is private'
    )
    assert places(found) == [row for row in EXPECTED if row[0] != "R201"]


def test_a_comment_above_accepts_by_name_and_several_rules(tmp_path: Path) -> None:
    comment = "# remit: allow unknown-service, R202 because the service is private"
    found = accepted(tmp_path, '        "dynamdb:GetItem",', f'        {comment}\n        "dynamdb:GetItem",')
    assert "R201" not in {rule for rule, _, _ in places(found)}
    assert [(one.rule, one.line) for one in found if one.severity == "warning"] == [("R002", 6)]


def test_a_comment_where_a_grant_begins_accepts_what_is_inside(tmp_path: Path) -> None:
    found = accepted(
        tmp_path, '        {\n            "Effect"', '        {  # remit: allow R302 because x\n            "Effect"'
    )
    assert "R302" not in {rule for rule, _, _ in places(found)}


@pytest.mark.parametrize("rest", ["", " because", " because …", ":", " --", " — ", " because ..."])
def test_a_comment_without_a_reason_accepts_nothing(tmp_path: Path, rest: str) -> None:
    found = accepted(tmp_path, '"dynamdb:GetItem",', f'"dynamdb:GetItem",  # remit: allow R201{rest}')
    assert ("R201", "config/deploy.py", 6) in places(found)
    assert ("R003", "config/deploy.py", 6) in places(found, "warning")


@pytest.mark.parametrize(
    "rest", [" because of #12", ": private", " -- private", " — private", " the service is private"]
)
def test_any_words_are_a_reason(tmp_path: Path, rest: str) -> None:
    found = accepted(tmp_path, '"dynamdb:GetItem",', f'"dynamdb:GetItem",  # remit: allow R201{rest}')
    assert {"R201", "R002", "R003"}.isdisjoint(one.rule for one in found)


def test_a_comment_that_names_no_rule_says_which_was_meant(tmp_path: Path) -> None:
    found = accepted(tmp_path, '"dynamdb:GetItem",', '"dynamdb:GetItem",  # remit: allow unknown-servise because x')
    (one,) = [one for one in found if one.rule == "R003"]
    assert one.hint == "did you mean `unknown-service`?"


SETTING = '    config.lint.allow = {\n        "R201": "private",\n        "R213": "old",\n    }\n'


def test_the_settings_accept_a_rule_everywhere_and_unused_ones_are_reported(tmp_path: Path) -> None:
    folder = project(tmp_path, config=CONFIG + SETTING)
    found = lint(load(folder), folder=folder)
    assert "R201" not in {rule for rule, _, _ in places(found)}
    assert [row for row in places(found, "warning") if row[0] == "R002"] == [("R002", "config/deploy.py", 25)]


def test_the_settings_accept_an_error_for_a_build_as_well(tmp_path: Path) -> None:
    folder = project(tmp_path, config=CONFIG + SETTING)
    app = load(folder)
    assert "R201" not in {one.rule for one in errors(app, assign(app), folder=folder)}


def test_a_setting_must_give_reasons(tmp_path: Path) -> None:
    folder = project(tmp_path, config=CONFIG + '    config.lint.allow = ["R201"]\n')
    with pytest.raises(RemitError, match=r"`config\.lint\.allow` must be a dict"):
        load(folder)


def test_an_override_that_breaks_an_event_source_is_an_error_and_lost_logs_are_a_warning(tmp_path: Path) -> None:
    config = "from remit import configure\n\nwith configure() as config:\n    config.lambda_.iam.default_policy = []\n"
    folder = project(tmp_path, config=config, app=APP.replace('["lambda:Invoke"]', "[]"))
    found = [one for one in lint(load(folder), folder=folder) if one.rule == "R704"]
    assert [(one.severity, one.line) for one in found] == [("error", 4), ("warning", 4)]
    assert "sqs:ReceiveMessage" in found[0].message
    assert "logs:PutLogEvents" in found[1].message


def test_an_override_that_grants_what_is_needed_is_fine(tmp_path: Path) -> None:
    config = (
        "from remit import configure\n\nwith configure() as config:\n"
        '    config.lambda_.iam.default_policy = ["logs", "sqs"]\n'
    )
    folder = project(tmp_path, config=config, app=APP.replace('["lambda:Invoke"]', "[]"))
    assert [one for one in lint(load(folder), folder=folder) if one.rule == "R704"] == []


def test_a_managed_policy_counts_as_well(tmp_path: Path) -> None:
    config = (
        "from remit import configure\n\nwith configure() as config:\n    config.lambda_.iam.default_policy = []\n"
        '    config.lambda_.iam.managed_policy = ["service-role/AWSLambdaSQSQueueExecutionRole"]\n'
    )
    folder = project(tmp_path, config=config, app=APP.replace('["lambda:Invoke"]', "[]"))
    assert [one for one in lint(load(folder), folder=folder) if one.rule == "R704"] == []


def test_a_dev_role_that_reaches_prod_is_told_and_a_prod_role_is_not(tmp_path: Path) -> None:
    config = CONFIG.replace("arn:aws:s3:::orders/*", "arn:aws:s3:::orders-prod/*")
    folder = project(tmp_path, config=config)
    for stage, expected in (("dev", [("R134", "config/deploy.py", 18)]), ("prod", [])):
        found = lint(load(folder, stage), folder=folder)
        assert [row for row in places(found, "warning") if row[0] == "R134"] == expected


MISTAKES = {
    "an effect": ('"Effect": "Allow",\n            "Action": [', '"Effect": "Permit",\n            "Action": [', 8),
    "None in a list": ('"s3:PutObject",', "None,", 11),
    "a resource": ('f"arn:{aws.partition}:s3:::{project.name}"', '"bucket/x"', 13),
    "inside a document": (
        '"Effect": "Allow", "Action": "s3:GetObject"',
        '"Effect": "Perhaps", "Action": "s3:GetObject"',
        18,
    ),
}


@pytest.mark.parametrize(("before", "after", "line"), MISTAKES.values(), ids=MISTAKES)
def test_what_keeps_an_app_from_loading_is_told_at_its_line_inside_the_item(
    tmp_path: Path, before: str, after: str, line: int
) -> None:
    folder = project(tmp_path, config=CONFIG.replace(before, after))
    with pytest.raises(RemitError) as caught:
        load(folder)
    found = unreadable(caught.value, ".")
    assert (found.rule, found.file, found.line) == ("R001", "config/deploy.py", line)


def test_a_reference_to_nothing_in_the_app_is_an_error(tmp_path: Path) -> None:
    config = (
        "from remit import configure\n\nwith configure() as config:\n    config.lambda_.iam.policy = [\n"
        '        {"Effect": "Allow", "Action": "lambda:InvokeFunction",\n'
        '         "Resource": {"Fn::GetAtt": ["IngesFunction", "Arn"]}},\n    ]\n'
    )
    folder = project(tmp_path, config=config, app=APP.replace('["lambda:Invoke"]', "[]"))
    (found,) = [one for one in lint(load(folder), folder=folder) if one.rule == "R401"]
    assert (found.line, found.hint) == (6, "did you mean `IngestFunction`?")
    roles = assign(load(folder))
    assert [one.rule for one in errors(load(folder), roles, folder=folder)] == ["R401"]
    assert errors(load(folder), roles, folder=folder, is_whole=False) == ()


def test_an_old_version_in_a_document_of_the_app_is_told(tmp_path: Path) -> None:
    config = CONFIG.replace('{"Statement": [', '{"Version": "2008-10-17", "Statement": [')
    folder = project(tmp_path, config=config)
    assert ("R117", "config/deploy.py", 15) in places(lint(load(folder), folder=folder), "warning")


def test_an_administrator_by_a_managed_policy_is_told(tmp_path: Path) -> None:
    config = "from remit import configure\n\nwith configure() as config:\n"
    config += '    config.lambda_.iam.managed_policy = ["AdministratorAccess"]\n'
    folder = project(tmp_path, config=config, app=APP.replace('["lambda:Invoke"]', "[]"))
    assert places(lint(load(folder), folder=folder), "warning") == [("R210", "config/deploy.py", 4)]


def test_advice_speaks_of_late_bound_parts_as_people_write_them(tmp_path: Path) -> None:
    folder = project(tmp_path)
    hints = [one.hint for one in lint(load(folder), folder=folder) if one.rule == "R302"]
    assert hints
    assert all(hint is not None and hint.startswith("did you mean 'arn:{aws.partition}:s3:::") for hint in hints)


def test_each_late_bound_part_of_advice_is_as_people_write_it(tmp_path: Path) -> None:
    source = "from remit import App, aws\nfrom remit.grants import allow\napp = App()\n"
    arn = "ARN = f'arn:aws:sns:{aws.region}:{aws.region}:a'\n"
    (tmp_path / "app.py").write_text(
        f"{source}{arn}@app.function(policy=[allow('sns:Publish', on=ARN)])\ndef f(event, context): ...\n"
    )
    texts = [f"{finding.message} {finding.hint}" for finding in lint(load(tmp_path), folder=tmp_path)]
    assert any(text.count("{aws.region}") == 2 for text in texts)
    assert [text for text in texts if "${" in text] == []


def test_what_a_document_has_wrong_is_told_at_its_own_line(tmp_path: Path) -> None:
    statement = '{\n        "Sid": "a b",\n        "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}'
    config = "from remit import configure\n\nwith configure() as config:\n    config.lambda_.iam.policy = [\n"
    config += f'      {{"Version": "2012-10-17", "Statement": [{statement}]}},\n    ]\n'
    folder = project(tmp_path, config=config)
    with pytest.raises(RemitError) as raised:
        load(folder)
    found = unreadable(raised.value, None)
    assert (str(found.origin), found.message) == (
        "config/deploy.py:6:16",
        "policy[0]: Sid 'a b' may have only letters and digits",
    )


SECRETS = """\
from remit import configure

with configure() as config:
    config.lambda_.function.environment = {
        "STAGE": "dev",
        "HOOK": "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    }
"""


def test_a_secret_stands_at_the_line_of_its_variable(tmp_path: Path) -> None:
    variables = '{"LONG": "日本", "KEY": "ghp_16C7e42F292c6912E7710c838347Ae178B4a"}'
    app = APP.replace('["lambda:Invoke"]', f"[], environment={variables}")
    folder = project(tmp_path, config=SECRETS, app=app)
    found = {(one.file, one.line, one.column) for one in lint(load(folder), folder=folder) if one.rule == "R701"}
    assert ("app.py", 7, app.split("\n")[6].index('"ghp_') + 1) in found


def test_a_secret_of_the_settings_stands_at_its_own_line(tmp_path: Path) -> None:
    folder = project(tmp_path, config=SECRETS, app=APP.replace('["lambda:Invoke"]', "[]"))
    (found,) = lint(load(folder), folder=folder)
    assert (found.file, found.line, found.column) == ("config/deploy.py", 6, 17)


def test_a_comment_that_allows_a_secret_in_the_zip_is_not_unused(tmp_path: Path) -> None:
    """A build needs it where lint itself finds nothing: the secret is in no environment."""
    app = APP.replace('["lambda:Invoke"]', "[]")
    app += 'X = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"  # remit: allow R701 because it is revoked\n'
    app += "y = 1  # remit: allow R701 because of nothing\n"
    folder = project(tmp_path, config="", app=app)
    last = app.count("\n")
    assert [("R002", "app.py", last)] == places(lint(load(folder), folder=folder), "warning")


def test_columns_count_characters(tmp_path: Path) -> None:
    line = '    x = "日本"; config.lambda_.iam.policy = ["s3:GetObjct"]'
    config = f"from remit import configure\n\nwith configure() as config:\n{line}\n"
    folder = project(tmp_path, config=config, app=APP.replace('["lambda:Invoke"]', "[]"))
    (found,) = lint(load(folder), folder=folder)
    assert found.column == line.index('"s3:') + 1


def test_a_rule_that_the_settings_allow_and_that_does_not_exist_is_told_at_its_line(tmp_path: Path) -> None:
    folder = project(tmp_path, config=CONFIG + '    config.lint.allow = {\n        "R999": "old",\n    }\n')
    with pytest.raises(RemitError, match="there is no rule `R999`") as caught:
        lint(load(folder), folder=folder)
    assert str(caught.value.origin) == f"config/deploy.py:{CONFIG.count(chr(10)) + 2}:9"


def test_a_docstring_that_tells_how_to_accept_accepts_nothing(tmp_path: Path) -> None:
    docstring = '"""Accept it so:\n\n    # remit: allow R201 because …\n"""\n'
    folder = project(tmp_path, config=docstring + CONFIG)
    assert [one for one in lint(load(folder), folder=folder) if one.rule in {"R002", "R003"}] == []


def test_a_comment_behind_another_and_below_a_form_feed_accepts_all_the_same(tmp_path: Path) -> None:
    line = '"dynamdb:GetItem",  # noqa: X1 # remit: allow R201 because the service is private'
    folder = project(tmp_path, config="\f\n" + CONFIG.replace('"dynamdb:GetItem",', line))
    assert {"R201", "R002"}.isdisjoint(one.rule for one in lint(load(folder), folder=folder))


def test_a_trigger_on_a_stream_whose_label_has_colons_has_no_finding(tmp_path: Path) -> None:
    stream = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders/stream/2026-01-31T00:00:00.000"
    app = APP.replace("import sqs", "import dynamodb").replace(
        'sqs("orders"), policy=["lambda:Invoke"]', f'dynamodb("{stream}")'
    )
    found = lint(load(project(tmp_path, "from remit import configure\n", app)))
    assert places(found, "error", "warning") == []


def test_a_variable_that_goes_to_every_function_is_told_once_with_their_names(tmp_path: Path) -> None:
    config = """from remit import configure
with configure() as config:
    config.lambda_.function.environment = {"STAGE": "dev", "DB_PASSWORD": "hunter2!xyz"}
"""
    app = APP.replace('policy=["lambda:Invoke"]', "") + "\n\n@app.function()\ndef report(event, context): ...\n"
    found = [one for one in lint(load(project(tmp_path, config, app)), folder=tmp_path) if one.rule == "R701"]
    assert [(one.line, one.column, one.message) for one in found] == [
        (3, 75, "variable DB_PASSWORD of ingest (likewise report) looks like a secret in plain text")
    ]


ADMIN = """\
from remit import configure

with configure() as config:
    config.lambda_.iam.managed_policy = ["AdministratorAccess"]
"""


def test_a_managed_policy_that_is_too_wide_is_found_where_it_is_given(tmp_path: Path) -> None:
    (one,) = lint(
        load(project(tmp_path, ADMIN, APP.replace("lambda:Invoke", "xray:PutTraceSegments"))), folder=tmp_path
    )
    assert (one.rule, one.file, one.line, one.column) == ("R210", "config/deploy.py", 4, 42)


def test_a_managed_policy_of_one_function_is_found_in_its_decorator(tmp_path: Path) -> None:
    own = APP.replace('policy=["lambda:Invoke"]', 'managed_policy="PowerUserAccess"')
    found = lint(load(project(tmp_path, "", own)), folder=tmp_path)
    assert ("R210", "app.py", 7, 45) in [(one.rule, one.file, one.line, one.column) for one in found]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ('s3.read("s3://uploads/incoming/*")', 's3.read("uploads", "incoming/*")'),
        ('sqs.send("https://sqs.eu-west-1.amazonaws.com/111122223333/orders")', 'sqs.send("orders")'),
    ],
)
def test_a_url_is_no_name_and_what_was_meant_is_told(tmp_path: Path, given: str, meant: str) -> None:
    app = f"from remit import App\nfrom remit.grants import s3, sqs\napp = App()\n@app.function(policy=[{given}])\n"
    with pytest.raises(RemitError) as refused:
        load(project(tmp_path, "", f"{app}def ingest(event, context): ...\n"))
    assert "got the URL" in refused.value.message
    assert refused.value.hint == f"did you mean `{meant}`?"


def test_an_unknown_option_of_a_grant_is_told_those_of_its_own_module(tmp_path: Path) -> None:
    call = "@app.function(policy=[s3.read('uploads', prefix='in/')])"
    app = f"from remit import App\nfrom remit.grants import dynamodb, s3, sqs\napp = App()\n{call}\n"
    with pytest.raises(RemitError) as refused:
        load(project(tmp_path, "", f"{app}def ingest(event, context): ...\n"))
    assert refused.value.hint == "it takes bucket, *keys, key"


def test_an_unknown_option_in_a_function_of_the_app_is_told_those_of_the_grants_own_module(tmp_path: Path) -> None:
    """Only the calls of a module are read argument by argument, and not those of a lambda."""
    make = "make = lambda: s3.read('uploads', prefix='in/')"
    app = f"from remit import App\nfrom remit.grants import dynamodb, s3, sqs\napp = App()\n{make}\n"
    with pytest.raises(RemitError) as refused:
        load(project(tmp_path, "", f"{app}@app.function(policy=[make()])\ndef ingest(event, context): ...\n"))
    assert refused.value.hint == "it takes bucket, *keys, key"


def test_an_operation_as_boto3_spells_it_is_told_as_the_action(tmp_path: Path) -> None:
    config = 'from remit import config\n\nconfig.lambda_.iam.policy = ["dynamodb:put_item"]\n'
    with pytest.raises(RemitError) as refused:
        load(project(tmp_path, config))
    assert refused.value.hint == "did you mean `dynamodb:PutItem`?"


@pytest.mark.parametrize(
    ("given", "said", "hint"),
    [
        (
            "https://sqs.eu-west-1.amazonaws.com/111122223333/orders",
            "sqs: 'https://sqs.eu-west-1.amazonaws.com/111122223333/orders' is a URL",
            'did you mean `on.sqs("orders")`?',
        ),
        (
            "arn:aws:sns:eu-west-1:111122223333:alerts",
            "sqs takes an ARN of sqs, got one of sns: 'arn:aws:sns:eu-west-1:111122223333:alerts'",
            None,
        ),
    ],
)
def test_an_event_source_of_another_kind_is_one_mistake(
    tmp_path: Path, given: str, said: str, hint: str | None
) -> None:
    with pytest.raises(RemitError) as refused:
        load(project(tmp_path, "", APP.replace('sqs("orders")', f'sqs("{given}")')))
    assert (refused.value.message, refused.value.hint) == (said, hint)


def test_a_grant_that_is_not_called_is_told_so(tmp_path: Path) -> None:
    app = APP.replace('policy=["lambda:Invoke"]', "policy=dynamodb.put").replace(
        "from remit import App\n", "from remit import App\nfrom remit.grants import dynamodb\n"
    )
    with pytest.raises(RemitError) as refused:
        load(project(tmp_path, "", app))
    assert refused.value.hint == "call it: `put(…)`"


def test_a_grant_that_the_group_gives_as_well_is_told_once(tmp_path: Path) -> None:
    app = """\
from remit import App
from remit.grants import dynamodb

app = App()
billing = app.group("billing", policy=[dynamodb.put("orders")])


@billing.function(policy=[dynamodb.put("orders")])
def report(event, context): ...


@billing.function(policy=[dynamodb.put("bills")])
def pay(event, context): ...
"""
    (one,) = lint(load(project(tmp_path, "", app)), folder=tmp_path)
    assert (one.rule, one.severity, one.line) == ("R604", "note", 8)
    assert one.message == "the grant at app.py:8:27 says the same as the grant at app.py:5:40"


def test_jobs_of_one_worker_that_need_the_same_say_so_each(tmp_path: Path) -> None:
    config = "from remit import config\n\nconfig.job.enable = True\n"
    jobs = "".join(f'@app.job(policy=[dynamodb.put("orders")])\ndef {name}(to): ...\n' for name in ("mail", "call"))
    app = f"from remit import App\nfrom remit.grants import dynamodb\napp = App()\n{jobs}"
    assert lint(load(project(tmp_path, config, app)), folder=tmp_path) == ()


def test_a_grant_that_no_line_wrote_has_its_findings_at_the_function(tmp_path: Path) -> None:
    folder = project(tmp_path, config="")
    app = load(folder)
    (function,) = app.functions
    roles = [role.with_grants(lambda grant: replace(grant, origin=None)) for role in assign(app)]
    (found,) = errors(app, tuple(roles), folder=folder)
    assert ("R202", function.origin) == (found.rule, found.origin)
