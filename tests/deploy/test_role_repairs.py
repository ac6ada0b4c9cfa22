"""What makes a role again that somebody deleted, and what a plan says of the roles of functions."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from remit.deploy.expected_roles import in_references
from remit.deploy.plan import RoleReplacement, StackPlan
from remit.deploy.role_repairs import Repair, make_role, repair
from remit.holders import HeldPolicy, Holder, bounded, by_arn
from remit.iam.policy import parse

TRUST: Final = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


def made_with_tag(value: Any) -> tuple[Repair, ...]:
    properties = {"Tags": [{"Key": "stack", "Value": value}]}
    trust = parse({"Version": "2012-10-17", "Statement": TRUST})
    return make_role(Holder("ReportRole", trust=trust), properties, "report", {"${AWS::StackName}": "orders-dev"})


def test_a_role_is_made_again_with_the_values_of_its_tags() -> None:
    (repair,) = made_with_tag({"Ref": "AWS::StackName"})
    assert [{"Key": "stack", "Value": "orders-dev"}] == dict(repair.parameters)["Tags"]


def test_a_role_is_not_made_again_while_the_value_of_a_tag_is_not_known() -> None:
    assert () == made_with_tag({"Ref": "Elsewhere"})


def test_the_value_of_a_parameter_stands_under_the_text_that_refers_to_it() -> None:
    assert {"${Stage}": "prod"} == in_references({"Stage": "prod"})


def test_a_function_that_is_there_and_gets_another_role_is_a_replacement() -> None:
    def template(**roles: str) -> dict[str, Any]:
        functions = {
            name: {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": [role, "Arn"]}}}
            for name, role in roles.items()
        }
        return {"Resources": functions}

    running, wanted = template(Same="A", Moved="A", Gone="A"), template(Same="A", Moved="B", New="B")
    plan = StackPlan("orders-dev", "arn:stack", "arn:change-set", "UPDATE", (), running, wanted)
    assert (RoleReplacement("Moved", "A", "B"),) == plan.role_replacements


@pytest.mark.parametrize(
    ("repair", "command"),
    [
        (repair("iam.DeleteRolePolicy", RoleName="r", PolicyName="a b"),
         "aws iam delete-role-policy --role-name r --policy-name 'a b'"),
        (repair("lambda.PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=0),
         "aws lambda put-function-concurrency --function-name f --reserved-concurrent-executions 0"),
        (repair("s3.PutBucketPolicy", Bucket="b", Policy="{}"), "aws s3api put-bucket-policy --bucket b --policy …"),
        (repair("iam.PutRolePolicy", RoleName="r", PolicyName="p", PolicyDocument="{}"),
         "aws iam put-role-policy --role-name r --policy-name p --policy-document …"),
        (repair("events.RemoveTargets", Rule="r", Ids=["1", "2"]),
         """aws events remove-targets --rule r --ids '["1", "2"]'"""),
        (repair("sqs.SetQueueAttributes", QueueUrl="u", Attributes={"A": "1"}),
         "aws sqs set-queue-attributes --queue-url u --attributes …"),
        (repair("lambda.UpdateEventSourceMapping", UUID="u", Enabled=True, BisectBatchOnFunctionError=False),
         "aws lambda update-event-source-mapping --uuid u --enabled --no-bisect-batch-on-function-error"),
    ],
)  # fmt: skip
def test_a_call_is_shown_as_the_command_that_makes_it(repair: Repair, command: str) -> None:
    service, method = command.split()[1:3]
    assert (repair.command, repair.method) == (command, method.replace("-", "_"))
    assert repair.operation == f"{service.removesuffix('api')}.{method.title().replace('-', '')}"


NAMES: Final = {"${AWS::StackName}": "orders-dev", "${Jobs.Arn}": "arn:aws:sqs:eu-central-1:1:jobs"}
DOCUMENT: Final = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "${Jobs.Arn}"}
WHOLE: Final[dict[str, Any]] = {
    "inline": {"${AWS::StackName}-own": DOCUMENT, "second": {**DOCUMENT, "Resource": "*"}},
    "attached": ["arn:aws:iam::1:policy/${AWS::StackName}", "arn:aws:iam::aws:policy/ReadOnlyAccess"],
    "boundary": "arn:aws:iam::1:policy/limit-${AWS::StackName}",
    "trust": TRUST,
    "own": {
        "Path": "/apps/", "Description": {"Ref": "AWS::StackName"}, "Tags": [{"Key": "a", "Value": "1"}],
        "MaxSessionDuration": "7200", "RoleName": "not this one",
    },
}  # fmt: skip


def made(**changes: Any) -> list[tuple[str, str, dict[str, Any]]]:
    """The calls that make the whole role again, or one with these changes."""
    given = {**WHOLE, **changes}
    inline = tuple(
        HeldPolicy(name, document=document and parse({"Version": "2012-10-17", "Statement": document}))
        for name, document in given["inline"].items()
    )
    declared = Holder(
        "ReportRole",
        (*inline, *by_arn(given["attached"])),
        limits=bounded(given["boundary"]),
        trust=parse({"Version": "2012-10-17", "Statement": given["trust"]}),
    )
    calls = []
    for call in make_role(declared, given["own"], "report", NAMES):
        parameters = {
            name: json.loads(value) if name.endswith("Document") else value for name, value in call.parameters
        }
        calls.append((call.operation, call.until, parameters))
    return calls


def test_a_role_is_made_again_with_all_that_its_template_gives_it_in_order() -> None:
    def document(statement: dict[str, Any]) -> dict[str, Any]:
        return {"Version": "2012-10-17", "Statement": [statement]}

    assert made() == [
        (
            "iam.CreateRole",
            "role_exists",
            {
                "RoleName": "report",
                "AssumeRolePolicyDocument": document(TRUST),
                "Path": "/apps/",
                "Description": "orders-dev",
                "Tags": [{"Key": "a", "Value": "1"}],
                "MaxSessionDuration": 7200,
                "PermissionsBoundary": "arn:aws:iam::1:policy/limit-orders-dev",
            },
        ),
        *(
            ("iam.PutRolePolicy", "", {"RoleName": "report", "PolicyName": name, "PolicyDocument": document(statement)})
            for name, statement in (
                ("orders-dev-own", {**DOCUMENT, "Resource": NAMES["${Jobs.Arn}"]}),
                ("second", {**DOCUMENT, "Resource": "*"}),
            )
        ),
        *(
            ("iam.AttachRolePolicy", "", {"RoleName": "report", "PolicyArn": arn})
            for arn in ("arn:aws:iam::1:policy/orders-dev", "arn:aws:iam::aws:policy/ReadOnlyAccess")
        ),
    ]
    bare = made(inline={}, attached=[], boundary=None, own={})
    assert bare == [
        ("iam.CreateRole", "role_exists", {"RoleName": "report", "AssumeRolePolicyDocument": document(TRUST)})
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"inline": {"own": None}},
        {"inline": {"${Other}": DOCUMENT}},
        {"inline": {"own": {**DOCUMENT, "Resource": "${Other.Arn}"}}},
        {"attached": ["${Other}"]},
        {"boundary": "${Other}"},
        {"trust": {**TRUST, "Principal": {"AWS": "${Other.Arn}"}}},
        {"trust": []},
        {"own": {"Description": {"Ref": "Other"}}},
    ],
)
def test_a_role_of_which_a_part_is_not_known_is_not_made_again(changes: dict[str, Any]) -> None:
    assert made(**changes) == []
