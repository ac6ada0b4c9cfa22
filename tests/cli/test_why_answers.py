"""`remit why` blames who said no, proposes no fix on everything, and knows what S3 and CloudWatch Logs mean."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from projects import write

if TYPE_CHECKING:
    from conftest import Make
    from projects import Project

EDGE = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["logs:*", "s3:*"], "Resource": "*"}]}
BOUNDARY = 'config.lambda_.iam.permissions_boundary = f"arn:{aws.partition}:iam::{aws.account}:policy/edge"'
APP = '@app.function(policy=[dynamodb.put("orders"), s3.read("uploads")])\ndef report(event, context): ...\n'
ROLE = "arn:aws:sts::123456789012:assumed-role/orders-dev-ReportRole-ABCDEF/orders-dev-report"
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"
NOT_AUTHORIZED = f"User: {ROLE} is not authorized to perform:"


@pytest.fixture
def bounded(make: Make) -> Project:
    project = make(config=BOUNDARY, app=APP)
    write(project.folder, {"config/policies/edge.json": json.dumps(EDGE)})
    return project


def cause(project: Project, text: str) -> str:
    out = project.remit("why", text).out
    return next(line for line in out.splitlines() if line.startswith("cause:")).removeprefix("cause:").strip()


@pytest.mark.parametrize("because", [" because no permissions boundary allows the dynamodb:{} action", ""])
@pytest.mark.parametrize(("action", "allows"), [("PutItem", True), ("DeleteItem", False)])
def test_the_role_that_allows_is_not_blamed_beside_its_boundary(
    bounded: Project, because: str, action: str, *, allows: bool
) -> None:
    told = cause(bounded, f"{NOT_AUTHORIZED} dynamodb:{action} on resource: {TABLE}{because.format(action)}")
    assert allows is told.endswith("the role of report allows it")
    assert ("boundary" in told) is (allows or bool(because))


def test_a_role_of_a_template_that_allows_is_not_blamed_beside_its_boundary(make: Make) -> None:
    template = {
        "Resources": {
            "Edge": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": EDGE}},
            "ReportRole": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "RoleName": "report",
                    "PermissionsBoundary": {"Ref": "Edge"},
                    "AssumeRolePolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Action": "sts:AssumeRole",
                                "Principal": {"Service": "lambda.amazonaws.com"},
                            }
                        ],
                    },
                    "Policies": [
                        {
                            "PolicyName": "own",
                            "PolicyDocument": {
                                "Version": "2012-10-17",
                                "Statement": [{"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}],
                            },
                        }
                    ],
                },
            },
        }
    }
    project = make()
    write(project.folder, {"t.json": json.dumps(template)})
    who = "arn:aws:sts::123456789012:assumed-role/report/x"
    text = f"User: {who} is not authorized to perform: dynamodb:PutItem on resource: {TABLE}"
    out = project.remit("why", "--template", str(project.folder / "t.json"), text).out
    assert "the permissions boundary of the role ReportRole does not allow it; the role ReportRole allows it" in out


@pytest.mark.parametrize("resource", ["", " on resource: *"])
@pytest.mark.parametrize("action", ["sqs:SendMessage", "ec2:RunInstances", "dynamodb:GetItem", "kms:Decrypt"])
def test_no_fix_is_on_everything_where_the_action_has_resources(make: Make, action: str, resource: str) -> None:
    project = make(app=APP)
    out = project.remit("why", f"{NOT_AUTHORIZED} {action}{resource}").out
    assert "fix: at app.py" in out
    assert f', "{action}"]' not in out


def test_an_action_without_resources_is_granted_on_everything(make: Make) -> None:
    out = make(app=APP).remit("why", f"{NOT_AUTHORIZED} ec2:DescribeInstances on resource: *").out
    assert '"ec2:DescribeInstances"]' in out


@pytest.mark.parametrize(
    ("operation", "is_missing"), [("GetObject", True), ("HeadObject", True), ("ListObjectsV2", False)]
)
def test_a_missing_object_is_told_before_the_right_to_list_its_bucket(
    make: Make, operation: str, *, is_missing: bool
) -> None:
    text = (
        f"An error occurred (AccessDenied) when calling the {operation} operation: {NOT_AUTHORIZED} s3:ListBucket on "
        'resource: "arn:aws:s3:::uploads" because no identity-based policy allows the s3:ListBucket action'
    )
    out = make(app=APP).remit("why", text).out
    assert is_missing is ("the object does not exist, and only then S3 asks for s3:ListBucket" in out)
    assert 's3.list("uploads")' in out
    assert not is_missing or out.index("does not exist") < out.index("s3.list(")


@pytest.mark.parametrize(
    "text",
    [
        "User with accountId: 123456789012 is not authorized to perform CreateLogGroup with Tags",
        "returned message: User with accountId: 123456789012 is not authorized to perform TagIt with Tags",
    ],
)
def test_an_account_that_is_all_that_is_told_of_who_asked_is_not_its_root_user(make: Make, text: str) -> None:
    out = make(app=APP).remit("why", text).out
    assert "root" not in out


def test_the_root_user_is_named_by_its_arn(make: Make) -> None:
    text = "User: arn:aws:iam::123456789012:root is not authorized to perform: sqs:SendMessage"
    assert "a root user has no policies of its own" in make(app=APP).remit("why", text).out
