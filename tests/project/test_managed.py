"""Managed policies and the permissions boundary: names, paths and ARNs, right in every partition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from projects import at

if TYPE_CHECKING:
    from conftest import Make

AWS_OWN = "arn:${AWS::Partition}:iam::aws:policy/"
ARNS = {
    '"AWSXRayDaemonWriteAccess"': AWS_OWN + "AWSXRayDaemonWriteAccess",
    '"service-role/AWSLambdaSQSQueueExecutionRole"': AWS_OWN + "service-role/AWSLambdaSQSQueueExecutionRole",
    **{
        f'"arn:{partition}:iam::aws:policy/ReadOnlyAccess"': AWS_OWN + "ReadOnlyAccess"
        for partition in ("aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso", "aws-iso-b")
    },
    'f"arn:{aws.partition}:iam::aws:policy/ReadOnlyAccess"': AWS_OWN + "ReadOnlyAccess",
    'f"arn:{aws.partition}:iam::{aws.account}:policy/team/Own"': (
        "arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/team/Own"
    ),
    '"arn:aws-cn:iam::111122223333:policy/Own"': "arn:${AWS::Partition}:iam::111122223333:policy/Own",
}


@pytest.mark.parametrize("written", ARNS)
def test_each_form_gives_an_arn_with_the_partition_left_open(make: Make, written: str) -> None:
    project = make(config=f"config.lambda_.iam.managed_policy = [{written}]")
    assert (ARNS[written],) == project.role().managed


@pytest.mark.parametrize("written", ARNS)
def test_a_boundary_takes_the_same_forms_and_stands_on_every_role(make: Make, written: str) -> None:
    project = make(
        config=f"config.lambda_.iam.permissions_boundary = {written}\nconfig.job.enable = True",
        app="@app.function(policy='s3')\ndef a1(event, context): ...\n@app.function\ndef a2(event, context): ...\n"
        "@app.job\ndef tidy(): ...\n",
    )
    assert [ARNS[written]] * 3 == [role.boundary for role in project.roles()]
    assert 3 == sum("PermissionsBoundary" in role for role in project.resources("AWS::IAM::Role").values())


def test_managed_policies_of_all_levels_add_up_once_each(make: Make) -> None:
    project = make(
        config="""
        config.lambda_.iam.default_managed_policy = "ReadOnlyAccess"
        config.lambda_.iam.managed_policy = ["AWSXRayDaemonWriteAccess"]
        config.lambda_.iam.managed_policy += "ReadOnlyAccess"
        """,
        app="""
g = app.group("g", managed_policy="SecurityAudit")
@g.function(managed_policy=["job-function/ViewOnlyAccess", "AWSXRayDaemonWriteAccess"])
def hello(event, context): ...
""",
    )
    names = [
        "job-function/ViewOnlyAccess",
        "AWSXRayDaemonWriteAccess",
        "SecurityAudit",
        "ReadOnlyAccess",
    ]
    assert tuple(AWS_OWN + name for name in names) == project.role().managed
    assert [{"Fn::Sub": AWS_OWN + name} for name in names] == project.resources("AWS::IAM::Role")["HelloRole"][
        "ManagedPolicyArns"
    ]


def test_each_managed_policy_has_the_line_that_gives_it_the_functions_own_first(make: Make) -> None:
    config = (
        'config.lambda_.iam.default_managed_policy = ["ReadOnlyAccess"]\n'
        'config.lambda_.iam.managed_policy = ["ReadOnlyAccess", "AWSXRayDaemonWriteAccess"]'
    )
    app = '@app.function(managed_policy="AWSXRayDaemonWriteAccess")\ndef hello(event, context): ...\n'
    written = make(config=config, app=app).function().managed_written
    assert {arn.removeprefix(AWS_OWN): str(origin) for arn, origin in written.items()} == {
        "AWSXRayDaemonWriteAccess": "app.py:9:30",
        "ReadOnlyAccess": "config/deploy.py:5:50",
    }


def test_a_name_alone_finds_the_path_that_aws_gave_it(make: Make) -> None:
    project = make(config='config.lambda_.iam.managed_policy = "AWSLambdaBasicExecutionRole"')
    assert (AWS_OWN + "service-role/AWSLambdaBasicExecutionRole",) == project.role().managed


WRONG = {
    '["AWSXRayDaemonWriteAcess"]': (
        "managed_policy[0]: AWS has no managed policy 'AWSXRayDaemonWriteAcess'",
        "did you mean `AWSXRayDaemonWriteAccess`?",
        "5:42",
    ),
    '[\n"ReadOnlyAccess",\n"service/AWSLambdaBasicExecutionRole"]': (
        "managed_policy[1]: AWS has no managed policy 'service/AWSLambdaBasicExecutionRole'",
        "did you mean `service-role/AWSLambdaBasicExecutionRole`?",
        "7:5",
    ),
    '"arn:aws:iam::aws:policy/ReadOnlyAcces"': (
        "managed_policy: AWS has no managed policy 'ReadOnlyAcces'",
        "did you mean `ReadOnlyAccess`?",
        "5:41",
    ),
    '["arn:aws:iam::123:policy/Own"]': (
        "managed_policy[0]: 'arn:aws:iam::123:policy/Own' is not an ARN of a managed policy",
        "it reads arn:PARTITION:iam::ACCOUNT:policy/NAME, or iam::aws: for AWS's own",
        "5:42",
    ),
    "[f\"arn:aws:iam::{os.environ.get('NO_SUCH')}:policy/Own\"]": (
        "managed_policy[0]: 'arn:aws:iam::None:policy/Own' is not an ARN of a managed policy",
        "it reads arn:PARTITION:iam::ACCOUNT:policy/NAME, or iam::aws: for AWS's own",
        "5:42",
    ),
    "[None]": ("managed_policy[0] must be a policy's name or ARN, got None", None, "5:42"),
    "{'ReadOnlyAccess'}": (
        "managed_policy must be a policy's name or ARN, got set \"{'ReadOnlyAccess'}\"",
        None,
        "5:41",
    ),
    "['Read Only']": ("managed_policy[0]: 'Read Only' is not a valid name for a managed policy", None, "5:42"),
}


@pytest.mark.parametrize("written", WRONG)
def test_what_is_no_managed_policy_is_told_at_its_line(make: Make, written: str) -> None:
    message, hint, place = WRONG[written]
    error = make(config=f"config.lambda_.iam.managed_policy = {written}").error()
    assert (message, hint, f"config/deploy.py:{place}") == (error.message, error.hint, at(error))


def test_a_boundary_that_does_not_exist_is_told_at_its_line(make: Make) -> None:
    error = make(config='config.lambda_.iam.permissions_boundary = "PowerUserAcess"').error()
    assert (
        "permissions_boundary: AWS has no managed policy 'PowerUserAcess'",
        "did you mean `PowerUserAccess`?",
        "config/deploy.py:5:5",
    ) == (error.message, error.hint, at(error))


def test_eleven_managed_policies_are_too_many(make: Make) -> None:
    arns = [f"arn:aws:iam::111122223333:policy/p{number}" for number in range(11)]
    error = make(config=f"config.lambda_.iam.managed_policy = {arns}").error()
    assert "the role of hello has 11 managed policies; IAM allows 10" == error.message
    assert "config/deploy.py:5:5" == at(error)
    make(config=f"config.lambda_.iam.managed_policy = {arns[:10]}").load()


def test_eleven_managed_policies_of_a_function_are_told_at_its_decorator(make: Make) -> None:
    arns = [f"arn:aws:iam::111122223333:policy/p{number}" for number in range(11)]
    error = make(app=f"@app.function(\n    managed_policy={arns})\ndef hello(event, context): ...\n").error()
    assert ("the role of hello has 11 managed policies; IAM allows 10", "app.py:9:2") == (error.message, at(error))
