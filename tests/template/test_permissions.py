"""A permission becomes the statement that Lambda writes into the policy of what it is about.

Source: AddPermission, AddLayerVersionPermission (Lambda API Reference).
"""

from __future__ import annotations

from typing import Any

import pytest

from remit.app import Resource
from remit.iam.policy import render_statement
from remit.template.permissions import function_arn, permission_statement

FUNCTION = Resource("Run", "AWS::Lambda::Function", {})
LAYER = Resource("Shared", "AWS::Lambda::LayerVersion", {})
HERE = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function"


@pytest.mark.parametrize(
    ("kind", "properties", "expected"),
    [
        (
            "AWS::Lambda::Permission",
            {"Action": "lambda:InvokeFunction", "FunctionName": {"Ref": "Run"}, "Principal": "s3.amazonaws.com",
             "SourceArn": "", "SourceAccount": {"Ref": "AWS::AccountId"}},
            {"Principal": {"Service": "s3.amazonaws.com"}, "Action": "lambda:InvokeFunction",
             "Resource": "${Run.Arn}", "Condition": {"StringEquals": {"aws:SourceAccount": "${AWS::AccountId}"}}},
        ),
        (
            "AWS::Lambda::Permission",
            {"FunctionName": "jobs", "Principal": "*", "FunctionUrlAuthType": "NONE", "InvokedViaFunctionUrl": True},
            {"Principal": "*", "Action": "lambda:*", "Resource": f"{HERE}:jobs",
             "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"},
                           "Bool": {"lambda:InvokedViaFunctionUrl": "true"}}},
        ),
        (
            "AWS::Lambda::Permission",
            {"Action": "lambda:InvokeFunction", "FunctionName": {"Fn::GetAtt": ["Run", "Arn"]},
             "Principal": {"Fn::GetAtt": ["Caller", "Arn"]}},
            {"Principal": {"AWS": "${Caller.Arn}"}, "Action": "lambda:InvokeFunction", "Resource": "${Run.Arn}"},
        ),
        (
            "AWS::Lambda::LayerVersionPermission",
            {"Action": "lambda:GetLayerVersion", "LayerVersionArn": {"Ref": "Shared"}, "Principal": "111122223333",
             "OrganizationId": "o-1"},
            {"Principal": {"AWS": "111122223333"}, "Action": "lambda:GetLayerVersion", "Resource": "${Shared}",
             "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}},
        ),
        (
            "aws_lambda_permission",
            {"action": "lambda:InvokeFunction", "function_name": "jobs:live", "principal": "sns.amazonaws.com",
             "source_arn": "arn:aws:sns:eu-west-1:111122223333:news", "event_source_token": None},
            {"Principal": {"Service": "sns.amazonaws.com"}, "Action": "lambda:InvokeFunction",
             "Resource": f"{HERE}:jobs:live",
             "Condition": {"StringLike": {"aws:SourceArn": "arn:aws:sns:eu-west-1:111122223333:news"}}},
        ),
        (
            "aws_lambda_permission",
            {"function_name": {"Ref": "Odd"}, "principal": "arn:aws:iam::111122223333:role/*",
             "event_source_token": "t", "principal_org_id": "o-2",
             "function_url_auth_type": "AWS_IAM", "invoked_via_function_url": False,
             "source_account": "444455556666"},
            {"Principal": {"AWS": "arn:aws:iam::111122223333:role/*"}, "Action": "lambda:*", "Resource": "${Odd}",
             "Condition": {"StringEquals": {"aws:SourceAccount": "444455556666", "aws:PrincipalOrgID": "o-2",
                                            "lambda:EventSourceToken": "t", "lambda:FunctionUrlAuthType": "AWS_IAM"},
                           "Bool": {"lambda:InvokedViaFunctionUrl": "false"}}},
        ),
        (
            "aws_lambda_layer_version_permission",
            {"action": "lambda:GetLayerVersion", "layer_name": "arn:aws:lambda:eu-west-1:111122223333:layer:l",
             "principal": "*", "organization_id": "o-3"},
            {"Principal": "*", "Action": "lambda:GetLayerVersion",
             "Resource": "arn:aws:lambda:eu-west-1:111122223333:layer:l",
             "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-3"}}},
        ),
    ],
)  # fmt: skip
def test_a_permission_is_a_statement(kind: str, properties: dict[str, Any], expected: dict[str, Any]) -> None:
    resources = {"${Run}": FUNCTION, "${Shared}": LAYER, "${Odd}": Resource("Odd", "Nobody::Knows::This", {})}
    statement = permission_statement(Resource("P", kind, properties), resources)
    assert render_statement(statement) == {"Effect": "Allow", **expected}


@pytest.mark.parametrize(
    ("name", "arn"),
    [
        ("jobs", f"{HERE}:jobs"),
        ("function:jobs", f"{HERE}:jobs"),
        ("jobs:live", f"{HERE}:jobs:live"),
        ("444455556666:function:jobs", f"{HERE.replace('${AWS::AccountId}', '444455556666')}:jobs"),
        ("twelveletter:live", f"{HERE}:twelveletter:live"),
        ("1234:live", f"{HERE}:1234:live"),
        ("arn:aws:lambda:eu-west-1:444455556666:function:jobs", "arn:aws:lambda:eu-west-1:444455556666:function:jobs"),
        ("${Imported}", "${Imported}"),
        ("${Run}", "${Run.Arn}"),
        ("${Shared}", "${Shared}"),
    ],
)
def test_a_function_is_named_by_its_name_its_arn_or_a_part_of_that(name: str, arn: str) -> None:
    assert function_arn(name, {"${Run}": FUNCTION, "${Shared}": LAYER}) == arn
