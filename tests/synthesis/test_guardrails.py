"""Guardrails: what a ceiling and a prohibition mean, where they are proven, and what is told when they are not."""

from __future__ import annotations

import itertools
import json
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import effort
from projects import Project, at
from random_cases import cases
from remit.app import App, Function, Grant, Reason
from remit.errors import Origin, RemitError
from remit.holders import Holder, bounded, by_arn, inline
from remit.iam.comparison import Piece
from remit.iam.decide.evaluate import Request, evaluate
from remit.iam.policy import Policy, parse_statement
from remit.roles.assign import assign
from remit.roles.guardrail_proof import prove
from remit.roles.guardrails import read_guardrail
from remit.synthesis.guardrails import guard

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Make

APP = """
@app.function(policy=[dynamodb.put("orders"), s3.read("uploads", "in/*")])
def ingest(event, context): ...
"""
LOGS = "arn:aws:logs:*:*:log-group:/aws/lambda/orders-dev-*"
HERE = {"${AWS::Partition}": "aws", "${AWS::Region}": "eu-west-1", "${AWS::AccountId}": "111122223333"}


def allow(action: object, resource: object = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: object, resource: object = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=1)


def held(make: Make, *statements: dict[str, Any], app: str = APP, config: str | None = None) -> Project:
    """A project with one guardrail."""
    return make(app=app, config=config, **{"config/guardrails/team.json": document(*statements)})


def broken(project: Project, place: dict[str, str] | None = None) -> list[str]:
    """The lines of the refusal, which is a no and not a mistake."""
    app = project.load()
    with pytest.raises(RemitError) as caught:
        guard(project.folder, app, assign(app), place)
    assert 1 == caught.value.exit_code
    return [line.strip() for line in caught.value.message.splitlines()]


def proven(project: Project, place: dict[str, str] | None = None) -> tuple[str, ...]:
    """The notes on guardrails that all hold."""
    app = project.load()
    return guard(project.folder, app, assign(app), place)


CEILING = (
    allow("dynamodb:*", "arn:aws:dynamodb:*:*:table/orders"),
    allow("s3:*", "arn:aws:s3:::uploads*"),
    allow(["logs:CreateLogStream", "logs:PutLogEvents"], LOGS),
)
ALONE = "guardrails are proven for a deploy into partition aws, not into another partition: a ceiling spells it"


def test_a_ceiling_that_spells_a_partition_is_proven_for_it_and_says_so(make: Make) -> None:
    """The log group of the function is known by the name that it will have."""
    project = held(make, *CEILING)
    assert (ALONE,) == proven(project)
    assert () == proven(project, HERE)
    assert ALONE in project.built().notes


def test_a_ceiling_for_every_partition_is_proven_everywhere(make: Make) -> None:
    late = [{**one, "Resource": one["Resource"].replace("arn:aws:", "arn:${AWS::Partition}:")} for one in CEILING]
    assert () == proven(held(make, *late))
    assert () == proven(held(make, *({**one, "Resource": "*"} for one in CEILING)))


def test_what_exceeds_a_ceiling_is_told_with_a_request_and_the_line(make: Make) -> None:
    project = held(make, *CEILING[1:])
    assert [
        "a guardrail does not hold in partition aws",
        "config/guardrails/team.json is broken by IngestRole (of ingest)",
        "may dynamodb:PutItem on arn:aws:dynamodb:us-east-1:123456789012:table/orders",
        "given by app.py:10:23: puts items into table orders",
    ] == broken(project)
    ran = project.remit("build", "--no-package")
    assert (1, "") == (ran.status, ran.out)
    assert "  --> app.py:10:23\n" in ran.err


def test_a_grant_that_no_line_wrote_is_told_by_its_reason_alone(make: Make) -> None:
    project = held(make, *CEILING[1:])
    app = project.load()
    (role,) = assign(app)
    unwritten = role.with_grants(lambda grant: replace(grant, origin=None))
    with pytest.raises(RemitError) as caught:
        guard(project.folder, app, (unwritten,))
    assert "given by puts items into table orders" == caught.value.message.splitlines()[-1].strip()


def test_a_ceilings_own_deny_takes_away(make: Make) -> None:
    told = broken(held(make, *CEILING, deny("s3:GetObject", "arn:aws:s3:::uploads/in/secret*")))
    assert "config/guardrails/team.json:22:3 is broken by IngestRole (of ingest)" == told[1]
    assert told[2].startswith("may s3:GetObject on arn:aws:s3:::uploads/in/secret")


def test_a_file_of_denials_forbids_exactly_those(make: Make) -> None:
    assert () == proven(held(make, deny("iam:*"), deny("s3:*", "arn:aws:s3:::prod-*"), deny("s3:Put*")))
    told = broken(held(make, deny("iam:*"), deny("s3:Get*", "arn:aws:s3:::up*")))
    assert [
        "a guardrail does not hold in partition aws",
        "config/guardrails/team.json:9:3 is broken by IngestRole (of ingest)",
        "may s3:GetObject on arn:aws:s3:::uploads/in/example",
    ] == told[:3]


def test_a_condition_of_a_prohibition_is_part_of_the_request(make: Make) -> None:
    told = broken(held(make, deny("dynamodb:*", Condition={"StringLike": {"aws:PrincipalTag/team": "web*"}})))
    assert told[2].endswith('table/orders when {"aws:PrincipalTag/team": "webexample"}')


def test_what_is_forbidden_in_one_account_breaks_unless_the_deploy_goes_elsewhere(make: Make) -> None:
    project = held(make, deny("dynamodb:*", "arn:aws:dynamodb:*:111122223333:table/*"))
    assert "a guardrail does not hold in partition aws, account 111122223333" == broken(project)[0]
    assert broken(project, HERE)
    assert () == proven(project, {**HERE, "${AWS::AccountId}": "444455556666"})


def test_a_prohibition_on_a_pattern_of_regions_is_decided(make: Make) -> None:
    """By the regions that it describes, and one that it does not."""
    assert () == proven(held(make, deny("dynamodb:*", "arn:aws:dynamodb:eu-*:*:table/bills")))
    told = broken(held(make, deny("dynamodb:*", "arn:aws:dynamodb:eu-*:*:table/orders")))
    assert "table/orders" in told[2]
    assert ":eu-" in told[2]


def test_each_file_holds_for_itself(make: Make) -> None:
    files = {"a.json": document(*CEILING), "b.json": document(*CEILING[:2]), "c.json": document(deny("dynamodb:*"))}
    project = make(app=APP, **{f"config/guardrails/{name}": text for name, text in files.items()})
    told = [line for line in broken(project) if line.startswith("config/")]
    assert ["config/guardrails/b.json is broken by IngestRole (of ingest)"] == told[:1]
    assert ["config/guardrails/c.json:4:3 is broken by IngestRole (of ingest)"] == told[1:]


def test_a_roles_own_deny_keeps_it_within(make: Make) -> None:
    wide = (
        'config.lambda_.iam.policy = ["dynamodb:*", {"Effect": "Deny", "Action": "dynamodb:Delete*", "Resource": "*"}]'
    )
    assert () == proven(held(make, deny("dynamodb:DeleteTable"), config=wide))
    assert (
        "may dynamodb:DeleteItem"
        in broken(held(make, deny("dynamodb:DeleteItem"), config=wide.partition(", {")[0] + "]"))[2]
    )


def test_a_deny_whose_name_is_made_up_is_not_believed_to_cover_more(make: Make) -> None:
    """`orders-dev-DataTable-*` in place of a name would deny every table that is named so."""
    data = "from remit import Shared, resource\nclass Data(Shared):\n    table = resource('AWS::DynamoDB::Table')\n"
    app = """
from shared.resources.data import Data
@app.function(policy=[dynamodb.put("orders-dev-DataTable-other"),
                      {"Effect": "Deny", "Action": "dynamodb:*", "Resource": Data.table.arn}])
def ingest(event, context): ...
"""
    files = {"shared/resources/data.py": data, "config/guardrails/team.json": document(deny("dynamodb:PutItem"))}
    assert "may dynamodb:PutItem on" in broken(make(app=app, **files))[2]


def test_the_name_of_the_stack_is_known_where_a_statement_leaves_it_out(make: Make) -> None:
    app = """
@app.function(policy=[{"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::${AWS::StackName}/*"}])
def ingest(event, context): ...
"""
    assert () == proven(held(make, deny("s3:GetObject", "arn:aws:s3:::orders-dev/*"), app=app))


@pytest.mark.parametrize(("kind", "expected"), [("sns", []), ("sqs", ["may sqs:SendMessage"])])
def test_a_reference_in_a_condition_is_an_arn_of_its_kind(make: Make, kind: str, expected: list[str]) -> None:
    data = "from remit import Shared, resource\nclass Data(Shared):\n    topic = resource('AWS::SNS::Topic')\n"
    app = """
from shared.resources.data import Data
@app.function(policy=[{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*",
                       "Condition": {"ArnEquals": {"aws:SourceArn": Data.topic.arn}}}])
def ingest(event, context): ...
"""
    limit = allow("sqs:*", Condition={"ArnLike": {"aws:SourceArn": f"arn:*:{kind}:*:*:*"}})
    rail = {"config/guardrails/team.json": document(limit, allow("logs:*"))}
    project = make(app=app, **rail, **{"shared/resources/data.py": data})
    found = broken(project) if expected else list(proven(project))
    assert [text for text in expected if not any(text in line for line in found)] == []


def test_a_managed_policy_of_aws_is_read(make: Make) -> None:
    config = 'config.lambda_.iam.managed_policy = ["AmazonDynamoDBFullAccess"]'
    told = broken(held(make, deny("dynamodb:DeleteTable"), config=config))
    assert told[-1].startswith("given by the managed policy arn:")
    assert told[-1].endswith(":iam::aws:policy/AmazonDynamoDBFullAccess")


def test_a_policy_that_nobody_has_is_not_proven(make: Make) -> None:
    config = 'config.lambda_.iam.managed_policy = ["arn:aws:iam::111122223333:policy/Mine"]'
    told = broken(held(make, deny("iam:*"), config=config))
    assert told[1].startswith("not proven for IngestRole (of ingest): nobody has the managed policy arn:")
    assert told[1].endswith(":iam::111122223333:policy/Mine here")


def test_a_policy_that_nobody_has_is_told_at_the_guardrail(make: Make) -> None:
    config = 'config.lambda_.iam.managed_policy = ["arn:aws:iam::111122223333:policy/Mine"]'
    project = held(make, deny("iam:*"), config=config)
    app = project.load()
    with pytest.raises(RemitError) as caught:
        guard(project.folder, app, assign(app))
    assert caught.value.origin == Origin("config/guardrails/team.json")


def test_functions_that_break_a_guardrail_alike_are_told_together(make: Make) -> None:
    first = "@app.function\ndef one(event, context): ...\n"
    second = "@app.function(policy='sns:Publish')\ndef two(event, context): ...\n"
    config = 'config.lambda_.iam.policy = ["iam:PassRole"]'
    lines = broken(held(make, deny("iam:*"), app=first + second, config=config))
    assert [line for line in lines if "is broken by" in line] == [
        "config/guardrails/team.json:4:3 is broken by OneRole, TwoRole (of one, two)"
    ]
    both = (first + second).replace("@app.function\n", "@app.function(policy='iam:PassRole')\n")
    lines = broken(held(make, deny("iam:*"), app=both.replace("sns:Publish", "iam:PassRole")))
    assert [line for line in lines if "given by" in line] == [
        "given by app.py:9:22: 'iam:PassRole' declared for function one; and 1 more lines alike"
    ]


def grant(line: int, action: object, resource: str = "*") -> Grant:
    statement = parse_statement(allow(action, resource))
    return Grant(statement, Reason("text", "reads it"), Origin("app.py", line, 1))


def test_a_refusal_says_of_each_breach_whose_it_is_what_shows_it_and_what_gives_the_access(tmp_path: Path) -> None:
    rail = tmp_path / "config/guardrails/team.json"
    rail.parent.mkdir(parents=True)
    rail.write_text(document(deny("dynamodb:DeleteTable"), deny("s3:*", "arn:aws:s3:::b/*")), "utf-8")
    objects = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:GetObjectAcl"]
    managed = "arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess"
    roles = (
        Holder("ARole", by_arn((managed,)), ("a",)),
        Holder("BRole", (inline((grant(3, "dynamodb:*"),)),), ("b",)),
        Holder("CRole", (inline((grant(5, objects, "arn:aws:s3:::a\ue000/*"),)),)),
        Holder("DRole", (inline((grant(7, "dynamodb:DeleteTable"),)),), ("d",)),
        Holder("ERole", (inline((grant(9, "dynamodb:DeleteTable"),)),), ("e",)),
    )
    request = "    may dynamodb:DeleteTable on arn:aws:dynamodb:us-east-1:111122223333:table/example"
    file = "config/guardrails/team.json"
    with pytest.raises(RemitError) as caught:
        guard(tmp_path, App("orders", "dev", ()), roles)
    assert caught.value.message.splitlines() == [
        "a guardrail does not hold",
        f"  {file}:4:3 is broken by ARole (of a)",
        request,
        f"    given by the managed policy {managed}",
        f"  {file}:4:3 is broken by BRole (of b)",
        request,
        "    given by app.py:3:1: reads it",
        f"  {file} is not proven for CRole",
        "    s3:GetObject, s3:PutObject, s3:DeleteObject: a text has characters of Unicode's private use area",
        "    given by app.py:5:1: reads it",
        f"  {file}:4:3 is broken by DRole, ERole (of d, e)",
        request,
        "    given by app.py:7:1: reads it; and 1 more lines alike",
    ]
    assert ("narrow what grants it, or change the guardrail", Origin("app.py", 3, 1)) == (
        caught.value.hint,
        caught.value.origin,
    )


def test_a_boundary_that_nobody_has_matters_only_where_it_would(make: Make) -> None:
    config = 'config.lambda_.iam.permissions_boundary = "arn:aws:iam::111122223333:policy/Mine"'
    assert () == proven(held(make, deny("iam:*"), config=config))
    told = broken(held(make, deny("s3:*"), config=config))
    assert "config/guardrails/team.json:4:3 is not proven for IngestRole (of ingest)" == told[1]
    assert told[3].startswith("unless its permissions boundary forbids it, arn:")


def test_a_known_boundary_counts(make: Make) -> None:
    config = 'config.lambda_.iam.permissions_boundary = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"'
    assert () == proven(held(make, deny("dynamodb:*"), config=config))


def test_what_an_unknown_reference_stands_for_is_not_proven(make: Make) -> None:
    app = """
@app.function(policy=[{"Effect": "Allow", "Action": "s3:GetObject", "Resource": {"Fn::ImportValue": "bucket"}}])
def ingest(event, context): ...
"""
    told = broken(held(make, deny("s3:*", "arn:aws:s3:::prod-*"), app=app))
    assert "config/guardrails/team.json is not proven for IngestRole (of ingest)" == told[1]
    told = broken(held(make, *CEILING, app=app))
    assert "config/guardrails/team.json is not proven for IngestRole (of ingest)" == told[1]
    assert () == proven(held(make, deny("iam:*"), app=app))


def test_a_function_with_a_role_of_its_own_is_not_spoken_of(make: Make) -> None:
    app = '@app.function(properties={"Role": "arn:aws:iam::111122223333:role/mine"})\ndef hello(event, context): ...\n'
    notes = proven(held(make, deny("iam:*"), app=app))
    assert ("guardrails say nothing about hello, which brings a role of its own",) == notes


def test_the_names_of_guardrails_are_those_of_roles(make: Make) -> None:
    late = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda/${AWS::StackName}-*"
    assert () == proven(held(make, allow(["dynamodb:*", "s3:*"]), allow("logs:*", late)))


@pytest.mark.parametrize(
    ("name", "text", "message", "where"),
    [
        ("x.json", "{", "a key in double quotes was expected here, not the end", "x.json:1:2"),
        (
            "x.json",
            document(deny("s3:*"))[:-1] + ",}",
            "there is a comma before the }: JSON has no trailing commas",
            None,
        ),
        ("x.json", '{"Statement": []}', "config/guardrails/x.json has no statement, so it says nothing", "x.json:1"),
        ("x.json", "[]", "config/guardrails/x.json holds no single policy document", "x.json:1"),
        ("x.json", '"s3"', "config/guardrails/x.json holds no policy", "x.json:1:1"),
        ("x.json", document(deny("s3:*", Principal="*")), "a guardrail names no principal", "x.json:4:3"),
        ("x.json", '{"Statement":\n {"Effect":"Deny","Action":"s3:*"}}', "the statement has no Resource", "x.json:2:2"),
        ("x.json", document(deny("s3:*", "${Foo.Arn}")), "a guardrail knows no ${Foo.Arn}", "x.json:4:3"),
        (
            "x.json",
            document(deny("s3:*", Condition={"StringEqual": {"a": "b"}})),
            "Statement[0].Condition.StringEqual: there is no condition operator `StringEqual`",
            "x.json:9:5",
        ),
        ("x.yaml", "a", "config/guardrails/x.yaml is not a guardrail: its name does not end in .json", "x.yaml"),
        ("x.json", b"\xff", "config/guardrails/x.json is not UTF-8: byte 0 is 0xff", "x.json:1:1"),
    ],
)
def test_a_bad_file_is_told_at_its_line(
    make: Make, name: str, text: str | bytes, message: str, where: str | None
) -> None:
    error = make(**{f"config/guardrails/{name}": text}).error()
    assert message == error.message
    assert where is None or at(error) == f"config/guardrails/{where}"


def test_an_empty_folder_is_fine(make: Make) -> None:
    assert () == proven(make(**{"config/guardrails/.gitkeep": "", "config/guardrails/README.md": "why"}))


def test_guardrails_stay_out_of_the_zip(make: Make) -> None:
    project = held(make, deny("iam:*"))
    assert 0 == project.remit("build").status
    (zipped,) = (project.folder / ".remit/build").glob("*.zip")
    assert b"guardrails" not in zipped.read_bytes()


ACTIONS = ("s3:GetObject", "*")
RESOURCES = ("arn:aws:s3:::a/x", "arn:${AWS::Partition}:s3:::a/*", "arn:aws:s3:::${AWS::AccountId}/*", "*")
WORDS = ("aws", "aws-cn")


def test_nothing_is_proven_that_a_request_contradicts(make: Make) -> None:
    """Every small ceiling and prohibition against every small role, at every place, by the evaluator."""
    project = make(app="@app.function\ndef hello(event, context): ...\n")
    app = project.load()
    (role,) = assign(app)
    asked = [
        (action, f"arn:{partition}:s3:::{name}/{key}")
        for action in ("s3:GetObject", "s3:GetBucketAcl")
        for partition in WORDS
        for name, key in itertools.product(("a", "111122223333", "444455556666"), "xy")
    ]
    statements = tuple(itertools.product(ACTIONS, RESOURCES))
    combinations = tuple(itertools.product(("Allow", "Deny"), statements, statements))
    every = cases(len(combinations) // 12, deep=len(combinations))
    for effect, granted, rail in random.Random(7).sample(combinations, every):  # noqa: S311 - cases, not secrets
        statement = parse_statement(allow(*granted))
        some = (Holder(role.logical_id, (inline((Grant(statement, Reason("text", "x")),)),), role.functions),)
        rails = read_guardrail(document({**allow(*rail), "Effect": effect}).encode(), "x.json")
        found = prove(app, some, rails)
        for place in itertools.product(WORDS, ("111122223333", "444455556666")):
            names = dict(zip(("${AWS::Partition}", "${AWS::AccountId}"), place, strict=True))
            one, other = (Policy((parse_statement(allow(*_put(pair, names))),)) for pair in (granted, rail))
            exceeded = any(_exceeds(effect, one, other, *request) for request in asked)
            here = prove(app, some, rails, names)
            assert exceeded <= bool(here.breaches), (effect, granted, rail, names)
            spoken = not found.breaches and (
                not found.elsewhere or any(one.place.items() <= names.items() for one in found.places)
            )
            assert not (exceeded and spoken), (effect, granted, rail, names)
            for breach in here.breaches:
                assert isinstance(breach.finding, Piece)
                request = breach.finding.request
                assert _exceeds(effect, one, other, request.action, request.resource)


def _put(pair: tuple[str, str], names: dict[str, str]) -> tuple[str, str]:
    action, resource = pair
    for text, name in names.items():
        resource = resource.replace(text, name)
    return action, resource


def _exceeds(effect: str, one: Policy, other: Policy, action: str, resource: str) -> bool:
    has, spoken = (evaluate(Request(action, resource), policy).allowed for policy in (one, other))
    return has and (spoken if effect == "Deny" else not spoken)


def test_two_hundred_functions_and_five_guardrails_take_no_time(make: Make) -> None:
    body = "".join(
        f'@app.function(policy=[dynamodb.put("orders{n}"), s3.read("uploads", "in/{n}/*")])\n'
        f"def fn_{n}(event, context): ...\n"
        for n in range(200)
    )
    ceiling = (allow("dynamodb:*", "arn:aws:dynamodb:*:*:table/orders*"), *CEILING[1:])
    files = {f"config/guardrails/{n}.json": document(*ceiling) for n in range(3)}
    files |= {
        f"config/guardrails/{n}.json": document(deny("iam:*"), deny("s3:*", "arn:aws:s3:::prod*")) for n in (4, 5)
    }
    project = make(app=body, **files)
    app = project.load()
    roles = assign(app)
    with effort.at_most(2):
        assert (ALONE,) == guard(project.folder, app, roles)


def test_a_guardrail_that_holds_is_proven_without_a_look_at_every_action() -> None:
    """The role's own denials take away all that its Allow has beyond the guardrail."""
    account = {"StringEquals": {"aws:PrincipalAccount": "${AWS::AccountId}"}}
    statements = (
        {"Effect": "Allow", "NotAction": "s3:Get*", "Resource": ["*", "arn:aws*:s3:*:1111*:?"]},
        {"Effect": "Deny", "NotAction": "s3:GetObject", "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:GetObject", "NotResource": "*:eu-west-1:*", "Condition": account},
    )
    grants = tuple(Grant(parse_statement(statement), Reason("text", "x")) for statement in statements)
    ceiling = (allow("s3:Get*", ["*", "arn:aws:s3:*"]), allow("s3:Get*", "arn:aws*:s3:*:1111*:?", Condition=account))
    rails = read_guardrail(document(*ceiling).encode(), "x.json")
    with effort.at_most(0.2):
        proof = prove(App("orders", "dev", ()), (Holder("HelloRole", (inline(grants),), ("hello",)),), rails)
    assert () == proof.breaches


_RESOURCES = st.sampled_from((
    "*", "arn:aws:s3:::a/*", "arn:${AWS::Partition}:s3:::a/x", "arn:*:s3:::a/*", "arn:aws:s3:eu-*:*:a",
    "arn:${AWS::Partition}:s3:${AWS::Region}:${AWS::AccountId}:a", "arn:aws:s3:${AWS::Region}:111122223333:*",
    "arn:aws:s3:eu-west-1:*:a", "arn:aws*:s3:*:1111*:?", "arn:aws:s3:::b-${AWS::AccountId}/*", "arn:aws:s3:::b-1*/x",
    "*:eu-west-1:*", "arn:aws:s3:*",
))  # fmt: skip
_ACTIONS = st.sampled_from(("s3:GetObject", "s3:Get*", "s3:PutObject", "*"))
_CONDITIONS = st.sampled_from((
    None, None, None, {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}},
    {"StringEquals": {"aws:RequestedRegion": "${AWS::Region}"}}, {"StringNotLike": {"aws:RequestedRegion": "eu-*"}},
    {"StringEquals": {"aws:PrincipalAccount": "${AWS::AccountId}"}},
))  # fmt: skip
_PLACES = tuple(
    dict(zip(("${AWS::Partition}", "${AWS::Region}", "${AWS::AccountId}"), one, strict=True))
    for one in itertools.product(("aws", "aws-cn"), ("eu-west-1", "us-east-1"), ("111122223333", "444455556666"))
)
_ASKED = tuple(
    Request(action, resource, context={"aws:RequestedRegion": region, "aws:PrincipalAccount": account})
    for action in ("s3:GetObject", "s3:PutObject")
    for resource in (
        "arn:aws:s3:::a/x", "arn:aws-cn:s3:::a/x", "arn:aws:s3:eu-west-1:111122223333:a",
        "arn:aws-cn:s3:us-east-1:444455556666:a", "arn:aws:s3:::b-111122223333/x", "x:eu-west-1:y",
    )
    for region in ("eu-west-1", "us-east-1")
    for account in ("111122223333", "444455556666")
)  # fmt: skip


@st.composite
def _statements(draw: st.DrawFn) -> dict[str, Any]:
    element = draw(st.sampled_from(("Resource", "Resource", "Resource", "NotResource")))
    resources = draw(st.lists(_RESOURCES, min_size=1, max_size=2, unique=True))
    condition = draw(_CONDITIONS)
    return {
        "Effect": draw(st.sampled_from(("Allow", "Allow", "Deny"))),
        draw(st.sampled_from((*["Action"] * 5, "NotAction"))): draw(_ACTIONS),
        element: resources,
        **({"Condition": condition} if condition else {}),
    }


@settings(max_examples=cases(5, deep=300), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_statements(), min_size=1, max_size=3), st.lists(_statements(), min_size=1, max_size=2))
def test_no_role_that_is_proven_to_be_within_exceeds(given_: list[dict[str, Any]], rail: list[dict[str, Any]]) -> None:
    """Whatever both say, at every place of which it is said: no request passes the role and not the guardrail."""
    app = App("orders", "dev", ())
    grants = tuple(Grant(parse_statement(one), Reason("text", "x")) for one in given_)
    rails = read_guardrail(document(*rail).encode(), "x.json")
    anywhere = prove(app, (Holder("HelloRole", (inline(grants),), ("hello",)),), rails)
    exceeded_by: dict[tuple[Policy, Policy], list[Request]] = {}
    for place in _PLACES:
        role, limit = (_at(statements, place) for statements in (given_, rail))
        if (role, limit) not in exceeded_by:  # where they name no place, they say the same at each
            exceeded = [one for one in _ASKED if evaluate(one, role).allowed and not _spoken(limit, rail, one)]
            here = prove(app, (Holder("HelloRole", (inline(grants),), ("hello",)),), rails, place)
            assert not (exceeded and not here.breaches), (place, exceeded[0])
            exceeded_by[role, limit] = exceeded
        exceeded = exceeded_by[role, limit]
        if anywhere.breaches or not exceeded:
            continue
        assert anywhere.elsewhere, (place, exceeded[0])
        named = [{text: one.place[text] for text in one.named} for one in anywhere.places]
        others = [one for one in anywhere.elsewhere if {(text, one.place[text]) for text in one.named} <= place.items()]
        met = [one for one in named if one and one.items() <= place.items()]
        assert not met or others, (place, exceeded[0])


_LATE: tuple[dict[str, Any], ...] = (
    {"Resource": "arn:${AWS::Partition}:s3:${AWS::Region}:${AWS::AccountId}:a"},
    {"Resource": "arn:aws:s3:::b-${AWS::AccountId}/*"},
    {"Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalAccount": "${AWS::AccountId}"}}},
)


@pytest.mark.parametrize("limits", ["a boundary", "a statement"])
@pytest.mark.parametrize("limit", _LATE)
def test_a_role_that_has_what_a_guardrail_allows_keeps_to_it_at_a_place_by_names_as_by_their_values(
    limit: dict[str, Any], limits: str
) -> None:
    place, arn = _PLACES[1], "arn:aws:iam::111122223333:policy/limit"
    limited, anything = {**allow("s3:GetObject"), **limit}, allow("s3:GetObject")

    def is_broken(rail: dict[str, Any], names: dict[str, str]) -> bool:
        one, other = (limited, anything) if limits == "a boundary" else (anything, limited)
        grants = tuple(Grant(each, Reason("text", "x")) for each in _at([other], names).statements)
        role = Holder("HelloRole", (inline(grants),), ("hello",), limits=bounded(arn))
        rails = read_guardrail(document(*json.loads(_put_names([rail], names))).encode(), "x.json")
        return prove(App("orders", "dev", ()), (role,), rails, place, {arn: _at([one], names)}).breaches != ()

    for each in _LATE:
        rail = {**allow("s3:*"), **each}
        assert is_broken(rail, {}) == is_broken(rail, place) == (each != limit)


def _put_names(statements: list[dict[str, Any]], place: dict[str, str]) -> str:
    text = json.dumps(statements)
    for late, name in place.items():
        text = text.replace(late, name)
    return text


def _at(statements: list[dict[str, Any]], place: dict[str, str]) -> Policy:
    return Policy(tuple(parse_statement(one) for one in json.loads(_put_names(statements, place))))


def _spoken(limit: Policy, rail: list[dict[str, Any]], request: Request) -> bool:
    verdict = evaluate(request, limit).verdict
    return verdict == "Allowed" or (verdict == "ImplicitlyDenied" and all(one["Effect"] == "Deny" for one in rail))


SHARED = """
from remit import Shared, resource

TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "states.amazonaws.com"}}]}


def document(action, version="2012-10-17"):
    return {"Version": version, "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}


class Extra(Shared):
"""
GIVING = 'policy_document=document("iam:Pass*")'
INLINE = 'assume_role_policy_document=TRUST, policies=[{"PolicyName": "p", "PolicyDocument": '
ROLE_OF_ARN = '{"Fn::Select": [1, {"Fn::Split": ["/", {"Fn::GetAtt": ["IngestRole", "Arn"]}]}]}'


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (f'"AWS::IAM::Policy", policy_name="x", roles=["${{IngestRole}}"], {GIVING}', "is broken by IngestRole"),
        (f'"AWS::IAM::ManagedPolicy", roles=[{ROLE_OF_ARN}], {GIVING}', 'is broken by ${{"Fn::Select"'),
        (f'"AWS::IAM::Role", {INLINE}document("*", "2008-10-17")}}]', "is broken by ExtraIt"),
        (f'"AWS::IAM::Role", {INLINE}{{"Fn::Transform": {{"Name": "AWS::Include"}}}}}}]', "not proven for ExtraIt"),
        (f'"AWS::IAM::Role", {INLINE}document({{"Fn::Select": [0, ["iam:PassRole"]]}})}}]', "not proven for ExtraIt"),
    ],
)
def test_a_guardrail_holds_for_what_shared_resources_give_as_well(make: Make, written: str, expected: str) -> None:
    rail = {"config/guardrails/team.json": document(deny("iam:PassRole"))}
    lines = broken(make(app=APP, **rail, **{"shared/resources/extra.py": f"{SHARED}    it = resource({written})\n"}))
    assert any(expected in line for line in lines), lines


def test_a_policy_that_a_shared_resource_gives_to_another_role_is_held_against_the_guardrail_alone(make: Make) -> None:
    rail = {"config/guardrails/team.json": document(deny("iam:PassRole"))}
    written = f'{SHARED}    it = resource("AWS::IAM::ManagedPolicy", roles=["x"], policy_document=document("sqs:*"))\n'
    assert proven(make(app=APP, **rail, **{"shared/resources/extra.py": written})) == ()


def test_an_action_that_a_guardrail_likely_misspells_is_told(make: Make) -> None:
    app = '@app.function(policy=["logs:PutLogEvents"])\ndef f(event, context): ...'
    statements = (
        deny(["iam:CreateRol", "iam:CreateUser", "s3:Delet*x"]),
        {"Effect": "Deny", "NotAction": ["logs:*", "iam:CreatePolicie"], "Resource": "*"},
        {"Effect": "Allow", "NotAction": ["iamm:*", "iam:*"], "Resource": "*"},
        allow(["*", "iam:CreateGrup"]),
    )
    project = held(make, *statements, app=app)
    loaded = project.load()
    told = guard(project.folder, loaded, assign(loaded))
    file, keeps = "config/guardrails/team.json", ", so that this keeps nothing from anybody"
    assert sorted(note for note in told if keeps in note) == [
        f"{file}:21:3: remit knows no action `iamm:*`{keeps}",
        f"{file}:4:3: remit knows no action `iam:CreateRol`{keeps}: did you mean `iam:CreateRole`?",
        f"{file}:4:3: remit knows no action `s3:Delet*x`{keeps}",
    ]


# What is said of a guardrail, of the smallest apps


def function(name: str, *actions: str, **fields: Any) -> Function:
    grants = (
        Grant(
            parse_statement(allow([action], "*")), Reason("text", f"needs {action}"), Origin("app.py", 10 + number, 1)
        )
        for number, action in enumerate(actions)
    )
    return Function(name, name.title(), f"app.{name}", fields.pop("properties", {}), policy=tuple(grants), **fields)


def judged(folder: Path, *functions: Function, rail: str, **fields: Any) -> tuple[str, ...] | RemitError:
    """What a build notes of an app with one guardrail, or refuses."""
    rails = folder / "config" / "guardrails"
    rails.mkdir(parents=True, exist_ok=True)
    (rails / "team.json").write_text(rail)
    app = App("shop", "dev", functions, **fields)
    try:
        return guard(folder, app, assign(app))
    except RemitError as refused:
        return refused


def test_twelve_breaches_are_shown_and_of_further_ones_their_number(tmp_path: Path) -> None:
    actions = [f"sqs:{name}" for name in (
        "SendMessage", "ReceiveMessage", "DeleteMessage", "PurgeQueue", "CreateQueue", "DeleteQueue", "ListQueues",
        "GetQueueUrl", "TagQueue", "UntagQueue", "AddPermission", "RemovePermission", "SetQueueAttributes",
    )]  # fmt: skip
    for count, last in ((12, "given by app.py"), (13, "and 1 more")):
        functions = [function(f"f{number}", action) for number, action in enumerate(actions[:count])]
        refused = judged(tmp_path, *functions, rail=document(deny("sqs:*")))
        assert isinstance(refused, RemitError)
        assert 12 == refused.message.count(" is broken by ")
        assert refused.message.splitlines()[-1].strip().startswith(last)
        assert "narrow what grants it, or change the guardrail" == refused.hint
        assert "app.py:10:1" == str(refused.origin)


def test_functions_are_told_together_by_the_same_action_and_apart_by_another(tmp_path: Path) -> None:
    functions = (
        function("one", "sqs:SendMessage"),
        function("two", "sqs:SendMessage"),
        function("three", "sqs:TagQueue"),
    )
    refused = judged(tmp_path, *functions, rail=document(deny("sqs:*")))
    assert isinstance(refused, RemitError)
    assert ["OneRole, TwoRole (of one, two)", "ThreeRole (of three)"] == [
        line.partition(" is broken by ")[2] for line in refused.message.splitlines() if " is broken by " in line
    ]


def test_a_policy_that_nobody_has_is_told_at_its_guardrail_unless_a_line_of_the_app_breaks_it(tmp_path: Path) -> None:
    managed = "arn:aws:iam::111122223333:policy/team"
    for actions, origin, hint in (
        ((), "config/guardrails/team.json", "write the statements of that policy into the configuration"),
        (("sqs:SendMessage",), "app.py:10:1", "write the statements of that policy into the configuration"),
    ):
        refused = judged(tmp_path, function("one", *actions, managed=(managed,)), rail=document(deny("sqs:*")))
        assert isinstance(refused, RemitError)
        assert f"not proven for OneRole (of one): nobody has the managed policy {managed} here" in refused.message
        assert str(refused.origin).startswith(origin)
        assert str(refused.hint).startswith(hint) == (not actions)
        assert 1 == refused.exit_code


def test_functions_with_roles_of_their_own_and_misspelt_actions_are_noted(tmp_path: Path) -> None:
    own = {"Role": "arn:aws:iam::111122223333:role/r"}
    for names, verb in (
        (("one",), "one, which brings a role of its own"),
        (("one", "two"), "bring roles of their own"),
    ):
        notes = judged(
            tmp_path, *(function(name, properties=own) for name in names), rail=document(deny("s3:GetObjct"))
        )
        assert isinstance(notes, tuple)
        assert notes[0].endswith("keeps nothing from anybody: did you mean `s3:GetObject`?")
        assert notes[1].endswith(verb)
    (pattern, _) = judged(tmp_path, function("one", properties=own), rail=document(deny("sqs:Recie?eMessage")))
    assert "knows no action `sqs:Recie?eMessage`" in pattern
