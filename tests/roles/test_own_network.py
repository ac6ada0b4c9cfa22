"""What the code of a function in a VPC may do with the network interfaces that Lambda manages for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from projects import write
from remit.roles.assign import assign
from remit.roles.broken_features import broken
from remit.roles.role_policies import ask, ready_roles

if TYPE_CHECKING:
    from conftest import Make
    from remit.app import App

VPC = 'config.lambda_.function.vpc_config = {"SecurityGroupIds": ["sg-1"], "SubnetIds": ["subnet-1"]}\n'
ACTIONS = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
INTERFACE = "arn:aws:ec2:us-east-1:123456789012:network-interface/eni-1"
APP = "@app.function{}\ndef hello(event, context): ...\n\n\n@app.function\ndef other(event, context): ...\n"


def denied(app: App, function: str, source: str | None = "") -> set[str]:
    """The actions that a function's role denies to its code, or to another asker."""
    role = ready_roles(app, assign(app))[function]
    context = {} if source == "" else {"lambda:SourceFunctionArn": source}
    denials = set()
    for action in ACTIONS:
        resource = "*" if "Describe" in action else INTERFACE
        if ask(role, action, resource, context=context).verdict == "ExplicitlyDenied":
            denials.add(action.removeprefix("ec2:"))
    return denials


ALL = {action.removeprefix("ec2:") for action in ACTIONS}


def test_the_code_of_a_function_manages_no_network_interfaces_and_lambda_does(make: Make) -> None:
    app = make(config=VPC, app=APP.format("")).load()
    assert (ALL, set()) == (denied(app, "hello"), denied(app, "hello", None))


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [
        ('(policy=["ec2:DeleteNetworkInterface"])', ALL - {"DeleteNetworkInterface"}),
        ('(policy=["ec2:describe*"])', ALL - {"DescribeSubnets", "DescribeNetworkInterfaces"}),
        ('(policy=["ec2"])', set()),
        ('(policy=[{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}])', set()),
        ('(policy=[{"Effect": "Deny", "Action": "ec2:*", "Resource": "*"}])', ALL),
        ('(managed_policy=["AmazonEC2FullAccess"])', set()),
        ('(managed_policy=["AWSLambdaVPCAccessExecutionRole"])', ALL),
    ],
)
def test_what_the_own_policy_of_a_function_grants_is_not_denied(make: Make, arguments: str, kept: set[str]) -> None:
    app = make(config=VPC, app=APP.format(arguments)).load()
    assert (kept, ALL) == (denied(app, "hello"), denied(app, "other"))


def test_the_role_names_its_function_as_text_so_that_neither_waits_for_the_other(make: Make) -> None:
    (policy,) = make(config=VPC, app=APP.format("")).template()["Resources"]["HelloRole"]["Properties"]["Policies"]
    (deny,) = [part for part in policy["PolicyDocument"]["Statement"] if part["Effect"] == "Deny"]
    arn = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${AWS::StackName}-hello"
    assert {"ArnEquals": {"lambda:SourceFunctionArn": {"Fn::Sub": arn}}} == deny["Condition"]


def test_a_shared_role_denies_it_to_the_code_of_each_of_its_functions(make: Make) -> None:
    app = make(config=f"{VPC}config.lambda_.iam.share_roles = True\n", app=APP.format("")).load()
    assert len(assign(app)) == 1
    assert (ALL, ALL) == (denied(app, "hello"), denied(app, "other"))
    assert set() == denied(app, "hello", "arn:aws:lambda:us-east-1:123456789012:function:somebody-elses")


def test_whoever_replaces_the_vpc_part_of_the_default_writes_the_deny(make: Make) -> None:
    app = make(config=f'{VPC}config.lambda_.iam.default_vpc_policy = ["ec2"]\n', app=APP.format("")).load()
    assert set() == denied(app, "hello")


def test_the_computed_deny_breaks_nothing_that_the_function_needs(make: Make) -> None:
    app = make(config=VPC, app=APP.format("")).load()
    assert () == broken(app, assign(app))


def test_the_fix_of_a_call_that_the_computed_deny_forbids_is_a_grant(make: Make) -> None:
    told = make(config=VPC, app=APP.format("")).remit("explain", "hello", "ec2:DescribeSubnets", "*")
    assert told.out.startswith("Denied: hello may not ec2:DescribeSubnets on *")
    assert 'policy=["ec2:DescribeSubnets"]' in told.out


def test_a_guardrail_on_network_interfaces_holds_in_a_vpc_until_a_function_grants_them(make: Make) -> None:
    rail = {"Statement": {"Effect": "Deny", "Action": "ec2:*NetworkInterface", "Resource": "*"}}
    project = make(config=VPC, app=APP.format(""))
    write(project.folder, {"config/guardrails/network.json": json.dumps({"Version": "2012-10-17", **rail})})
    assert project.remit("build", "--no-package").status == 0
    granting = make(config=VPC, app=APP.format('(policy=["ec2:DeleteNetworkInterface"])'))
    told = granting.remit("build", "--no-package")
    assert (told.status, "HelloRole" in told.err, "OtherRole" in told.err) == (1, True, False), told.err


def test_a_role_that_lambda_itself_was_denied_is_asked_as_lambda_asks(make: Make) -> None:
    text = "HelloFunction CREATE_FAILED The provided execution role does not have permissions to call {} on EC2"
    project = make(config=VPC, app=APP.format(""))
    out = project.remit("why", f"{text.format('CreateNetworkInterface')} | HelloFunction AWS::Lambda::Function").out
    assert "the role of hello as built from this folder allows it" in out
