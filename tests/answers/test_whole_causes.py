"""Causes of denials as they are printed, line by line, with an app and of a template; and the ends of long texts."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any, Final

import pytest

from projects import APP, write
from remit.answers.denial import LONGEST, Denial, parse
from remit.answers.denied_request import LoadedApp, actions_of
from remit.answers.explanation import explain
from remit.answers.meant_actions import meant
from remit.answers.seen_access import granted_and_seen
from remit.answers.template_denial import why_of
from remit.answers.why import why
from remit.answers.wordings import unwrapped
from remit.catalogue.operations import operation
from remit.documents.read import read
from remit.loading.load import load
from remit.report.why import cause_lines
from remit.roles.assign import assign
from remit.roles.role_policies import ready_roles

if TYPE_CHECKING:
    from pathlib import Path

FUNCTIONS: Final = """
PLACES = [
    {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": f"arn:aws:sqs:{region}:111122223333:q"}
    for region in ("eu-west-1", "eu-north-1")
]

@app.function(policy=[*PLACES, dynamodb.query("orders")])
def ingest(event, context): ...

@app.function(policy=[*PLACES, s3.read("uploads")])
def report(event, context): ...
"""
NAMED: Final = "arn:aws:sts::111122223333:assumed-role/orders-dev-IngestRole-1ABCDEFGHIJK/x"
QUEUE: Final = "arn:aws:sqs:eu-west-1:111122223333:q"


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> LoadedApp:
    folder = tmp_path_factory.mktemp("causes") / "orders"
    boundary = 'config.lambda_.iam.permissions_boundary = "arn:aws:iam::111122223333:policy/limit"\n'
    config = f"from remit import configure\n\nwith configure() as config:\n    {boundary}"
    write(folder, {"app.py": APP + FUNCTIONS, "config/deploy.py": config})
    app = load(folder)
    return LoadedApp(app, assign(app), folder)


def lines(text: str) -> list[str]:
    return textwrap.dedent(text).strip("\n").split("\n")


ALL_LAYERS: Final = (
    "not visible from here: service and resource control policies, the permissions boundary, a session policy, "
    "the resource's own policy, the policy of a VPC endpoint"
)
OF_A_FUNCTION: Final = "not visible from here: service and resource control policies, the permissions boundary"
KEY: Final = "arn:aws:kms:eu-west-1:111122223333:alias/aws/s3"
LIMIT: Final = "arn:${AWS::Partition}:iam::111122223333:policy/limit"
MANAGED: Final = "a key that AWS manages and its service uses"
CAUSES: Final[dict[str, tuple[Denial, str]]] = {
    "nobody is named, and every function may": (
        Denial(action="sqs:SendMessage", resource=QUEUE),
        f"""
        who:       not said
        action:    sqs:SendMessage
        resource:  {QUEUE}
        cause:     the message does not say who asked; of this app ingest, report may do it
        {ALL_LAYERS}
        """,
    ),
    "nobody is named, and one may": (
        Denial(action="s3:GetObject", resource="arn:aws:s3:::uploads/a"),
        f"""
        who:       not said
        action:    s3:GetObject
        resource:  arn:aws:s3:::uploads/a
        cause:     the message does not say who asked; of this app report may do it and the others may not
        hint: the function that calls it needs s3.read("uploads", "a") in the policy of its decorator
        {ALL_LAYERS}
        """,
    ),
    "nobody is named, and none may: the first function stands for any": (
        Denial(action="sqs:DeleteMessage", resource=QUEUE),
        f"""
        who:       not said
        action:    sqs:DeleteMessage
        resource:  {QUEUE}
        cause:     the message does not say who asked; of this app no function may do it
        hint: the function that calls it needs queue.consume("{QUEUE}") in the policy of its decorator
        {ALL_LAYERS}
        """,
    ),
    "CloudFormation asked for a function of this app": (
        Denial(NAMED, "sqs:DeleteMessage", QUEUE, deploying=True),
        f"""
        who:       function ingest, as {NAMED}
        action:    sqs:DeleteMessage
        resource:  {QUEUE}
        cause:     the role of ingest does not allow it

        Not allowed: ingest may not sqs:DeleteMessage on {QUEUE}
          no statement of the role allows it
          note: the permissions boundary {LIMIT} is not known here: it must allow this as well
        fix: at app.py:15:22
            policy=[*PLACES, dynamodb.query("orders"), queue.consume("q")]
        {OF_A_FUNCTION}, a session policy, the resource's own policy
        """,
    ),
    "a boundary of the app's, where no statement helps": (
        Denial(NAMED, "kms:Decrypt", KEY, layer="boundary", explicit=False),
        f"""
        who:       function ingest, as {NAMED}
        action:    kms:Decrypt
        resource:  {KEY}
        cause:     the permissions boundary does not allow it
        hint: a boundary grants nothing and limits everything: whoever owns it must let the action through
        hint: nobody can change the policy of alias/aws/s3, {MANAGED}: use a key of your own, whose policy can allow it
        hint: the boundary of this app's roles is {LIMIT}
        not visible from here: service and resource control policies, a session policy, the resource's own policy
        """,
    ),
}


@pytest.mark.parametrize("name", CAUSES)
def test_a_cause_is_told_in_these_lines(name: str, orders: LoadedApp) -> None:
    denial, expected = CAUSES[name]
    assert lines(expected) == list(cause_lines(why(denial, orders)))


def test_a_note_names_every_place_where_the_answer_is_so(orders: LoadedApp) -> None:
    role = ready_roles(orders.app, orders.roles)["ingest"]
    answer = explain(role, "ingest", "sqs:SendMessage", "arn:aws:sqs:${AWS::Region}:111122223333:q")
    places = "aws, eu-north-1, 111122223333, or aws, eu-west-1, 111122223333"
    assert ("Allowed", f"only where the app is deployed to {places}") == (answer.verdict, answer.notes[0])


def denied(action: str) -> str:
    return f"User: {NAMED} is not authorized to perform: {action} on resource: {QUEUE}"


def test_of_a_long_text_the_end_counts_and_of_many_denials_a_few_are_told() -> None:
    text = f"{denied('sqs:SendMessage')}\n{'x ' * LONGEST}\n{denied('sqs:DeleteMessage')}\n"
    assert "sqs:DeleteMessage" == getattr(parse(text), "action", None)
    many = parse("\n".join(denied(f"sqs:Do{letter}") for letter in "ABCDEFGHIJKLMNOP"))
    assert tuple(f"sqs:Do{letter} on {QUEUE}" for letter in "BCDEFGHIJK") == getattr(many, "others", None)


@pytest.mark.parametrize("end", ["arn:aws:iam::", "arn:aws:s3:::a-", "arn:aws:s3:::a/"])
def test_an_arn_goes_on_behind_the_end_of_a_line(end: str) -> None:
    assert f"on {end}111122223333" == unwrapped(f"on {end}\n111122223333")
    assert f"on {end}\nwith an explicit deny" == unwrapped(f"on {end}\nwith an explicit deny")


USES: Final = [
    {"action": "s3:GetObject", "resource": "arn:aws:s3:::uploads/a", "time": "2026-01-03T00:00:00Z"},
    {"action": "sqs:SendMessage", "resource": QUEUE, "time": "2026-01-02T00:00:00Z"},
]


def test_uses_are_told_since_the_first_day_and_beside_the_grants_that_may_have_allowed_them(tmp_path: Path) -> None:
    every = {"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::secret/*"}
    files = f'{APP}@app.function(policy=[{every!r}, s3.read("other")])\ndef report(event, context): ...\n'
    more = {"function": "orders-dev-report", "decision": "allowed", "statement": "", "file": "", "line": 0}
    seen = "".join(json.dumps({**use, **more}) + "\n" for use in USES)
    write(tmp_path / "orders", {"app.py": files, ".remit/seen/2026-01-03.jsonl": seen})
    (role,) = assign(load(tmp_path / "orders"))
    told = granted_and_seen(tmp_path / "orders", "orders-dev-report", role, role)
    used = [(row.action, [use.resource for use in row.uses]) for row in told.granted if row.action == "s3:GetObject"]
    assert ("2026-01-02", [("s3:GetObject", ["arn:aws:s3:::uploads/a"]), ("s3:GetObject", [])]) == (told.since, used)


def template(**properties: Any) -> bytes:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    policies = {"Policies": [{"PolicyName": "p", "PolicyDocument": document}]}
    roles = {
        name: {"Type": "AWS::IAM::Role", "Properties": {"RoleName": name, **policies, **more}}
        for name, more in (("Reader", {}), ("Other", properties))
    }
    return json.dumps({"Resources": roles}).encode()


OLDER: Final = "the deployed one is older, or a layer that is not visible from here says no"


def asked(name: str, action: str = "s3:GetObject") -> Denial:
    principal = f"arn:aws:sts::111122223333:assumed-role/{name}/x" if name else None
    return Denial(principal, action, "arn:aws:s3:::data/a")


@pytest.mark.parametrize(
    ("denial", "conclusion", "askers"),
    [
        (
            asked("Reader"),
            f"the role Reader allows it: {OLDER}",
            ["Reader"],
        ),
        (asked("Reader", "s3:PutObject"), "the role Reader does not allow it", ["Reader"]),
        (asked("Stranger"), "whoever asked is not a role of the template", []),
        (
            asked(""),
            f"the roles of the template allow it: {OLDER}",
            ["Reader", "Other"],
        ),
    ],
)
def test_of_a_template_the_role_that_asked_is_asked_and_all_where_nobody_is_named(
    denial: Denial, conclusion: str, askers: list[str]
) -> None:
    cause = why_of(denial, read(template(), "t.json"))
    assert (conclusion, askers) == (cause.conclusion, [answer.asker for answer in cause.answers])


@pytest.mark.parametrize("limit", ["arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::1:policy/own"])
def test_a_boundary_of_a_template_is_seen_where_it_is_known_of_all_who_may_have_asked(limit: str) -> None:
    cause = why_of(asked("", "s3:PutObject"), read(template(PermissionsBoundary=limit), "t.json"))
    assert "the permissions boundary" in cause.unread


VPC: Final = {"Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}}
DELETE: Final = {"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::data/*", **VPC}
WRITE: Final = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::data/*"}
NO_PUT: Final = {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "*"}


def holder(kind: str, *statements: dict[str, Any], **more: Any) -> dict[str, Any]:
    document = {"Version": "2012-10-17", "Statement": statements}
    return {
        "Type": f"AWS::IAM::{kind}",
        "Properties": {"Policies": [{"PolicyName": "p", "PolicyDocument": document}], **more},
    }


HOLDERS: Final = {
    "Reader": holder("Role", WRITE, DELETE, RoleName="reader", PermissionsBoundary={"Ref": "Limit"}),
    "Other": holder("Role", WRITE, DELETE, PermissionsBoundary="arn:aws:iam::111122223333:policy/own"),
    "Bound": holder(
        "Role",
        {**WRITE, "Action": "s3:PutObject"},
        DELETE,
        RoleName="bound",
        PermissionsBoundary={"Fn::If": ["IsProd", {"Ref": "Limit"}, {"Ref": "AWS::NoValue"}]},
    ),
    "Late": holder("Role", WRITE, DELETE, RoleName="late", PermissionsBoundary={"Ref": "Strict"}),
    "Strict": {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{**WRITE, "Action": "s3:*"}, {"Fn::If": ["IsProd", NO_PUT, {"Ref": "AWS::NoValue"}]}],
            }
        },
    },
    "Limit": {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": {**WRITE, "Action": ["s3:GetObject", "s3:DeleteObject"]},
            }
        },
    },
    "Team": holder("Group", WRITE, GroupName="team"),
    "Ann": holder("User", {**WRITE, "Action": "s3:GetObject"}, UserName="ann"),
    "Work": {
        "Type": "AWS::Lambda::Function",
        "Properties": {"FunctionName": "worker", "Role": {"Fn::GetAtt": ["Other", "Arn"]}},
    },
}
HELD: Final = json.dumps(
    {
        "Parameters": {"Env": {"Type": "String"}},
        "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Env"}, "prod"]}},
        "Resources": HOLDERS,
    }
).encode()
OBJECT: Final = "arn:aws:s3:::data/a"
SESSION: Final = "arn:aws:sts::111122223333:assumed-role/"
USER: Final = "arn:aws:iam::111122223333:user/"
ORGANIZATION: Final = "service and resource control policies"
BOUNDARY: Final = "the permissions boundary"
OTHERS: Final = ("a session policy", "the resource's own policy", "the policy of a VPC endpoint")
KNOWN: Final = (ORGANIZATION, *OTHERS)
UNKNOWN: Final = (ORGANIZATION, BOUNDARY, *OTHERS)
NO_KEY: Final = "S3 answers 403 for a key that does not exist, unless s3:ListBucket is allowed as well"
VPC_NOT_MET: Final = "on a condition that was not met, or is not known here: aws:SourceVpc"
OF_ORGANIZATION: Final = "no policy of the account can allow it: ask whoever owns the organization's policies"
TOLD: Final[list[tuple[Denial, str, dict[str, str], tuple[str, ...], tuple[str, ...]]]] = [
    (
        Denial(f"{SESSION}reader/x", "s3:PutObject", OBJECT),
        "the permissions boundary of the role Reader does not allow it; the role Reader allows it",
        {"Reader": "ImplicitlyDenied"},
        (),
        KNOWN,
    ),
    (
        Denial(f"{SESSION}reader/x", "s3:DeleteObject", OBJECT),
        f"the role Reader allows it {VPC_NOT_MET}",
        {"Reader": "Unknown"},
        (),
        KNOWN,
    ),
    (
        Denial(None, "s3:DeleteObject", OBJECT),
        f"the roles of the template allow it {VPC_NOT_MET}",
        {"Reader": "Unknown", "Other": "Unknown", "Bound": "Unknown", "Late": "Unknown"},
        (),
        UNKNOWN,
    ),
    (
        Denial(f"{SESSION}bound/x", "s3:PutObject", OBJECT),
        "the role Bound does not allow it if Env = prod",
        {"Bound": "Unknown"},
        (),
        KNOWN,
    ),
    (
        Denial(f"{SESSION}late/x", "s3:PutObject", OBJECT),
        "the role Late does not allow it if Env = prod",
        {"Late": "Unknown"},
        (),
        KNOWN,
    ),
    (
        Denial(f"{SESSION}shop-Other-ABC123DEF/x", "s3:PutObject", OBJECT),
        f"the role Other allows it: {OLDER}",
        {"Other": "Allowed"},
        (),
        UNKNOWN,
    ),
    (
        Denial(f"{SESSION}any/worker", "s3:GetObject", OBJECT),
        f"the role Other allows it: {OLDER}",
        {"Other": "Allowed"},
        (NO_KEY,),
        UNKNOWN,
    ),
    (
        Denial(f"{SESSION}shop-Team-ABC123DEF/x", "s3:GetObject", OBJECT),
        "whoever asked is not a role of the template",
        {},
        (NO_KEY,),
        UNKNOWN,
    ),
    (
        Denial(f"{USER}ann", "s3:PutObject", OBJECT),
        "the user Ann does not allow it",
        {"user Ann": "ImplicitlyDenied"},
        (),
        KNOWN,
    ),
    (Denial(f"{USER}bob", "s3:PutObject", OBJECT), "whoever asked is not a user of the template", {}, (), UNKNOWN),
    (
        Denial(f"{SESSION}reader/x", "s3:GetObject", OBJECT, layer="scp", explicit=True),
        "a service control policy of the organization denies it; the role Reader allows it",
        {"Reader": "Allowed"},
        (OF_ORGANIZATION,),
        KNOWN,
    ),
    (
        Denial(f"{SESSION}reader/x", "s3:GetObjectAcl", OBJECT, layer="scp", explicit=True),
        "a service control policy of the organization denies it; the role Reader does not allow it either",
        {"Reader": "ImplicitlyDenied"},
        (OF_ORGANIZATION,),
        KNOWN,
    ),
    (
        Denial(None, "s3:PutObject", OBJECT, deploying=True),
        "whoever deploys may not do it: CloudFormation asks with their permissions",
        {},
        ("for whoever deploys, `remit policy deployer t.json` writes the whole policy",),
        UNKNOWN,
    ),
]


@pytest.mark.parametrize(("denial", "conclusion", "verdicts", "advice", "unread"), TOLD)
def test_of_a_template_with_limits_users_and_conditions_all_is_told(
    denial: Denial, conclusion: str, verdicts: dict[str, str], advice: tuple[str, ...], unread: tuple[str, ...]
) -> None:
    cause = why_of(denial, read(HELD, "t.json"))
    told = {answer.asker: answer.verdict for answer in cause.answers}
    assert (conclusion, verdicts, advice, unread) == (cause.conclusion, told, cause.advice, cause.unread)


def test_an_operation_of_many_actions_is_told_by_its_first_three() -> None:
    known = operation("dynamodb", "TransactWriteItems")
    assert known is not None
    actions = known.actions or known.perhaps
    assert actions[:3] == actions_of(Denial(operation="TransactWriteItems", service="DynamoDB"), None, None)
    assert actions == meant("dynamodb:TransactWriteItems")[0] != actions[:3]
