"""What AWS refuses, the AWS on this machine refuses; and the emulator alone does not, or the row can go."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3
import pytest

import emulator
from remit.local.clients import client_arguments, session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LAMBDA = {"Service": "lambda.amazonaws.com"}
TRUST = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": LAMBDA}]}
ROLE = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "kept", "AssumeRolePolicyDocument": TRUST}}
GROUP = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/kept"}}


@dataclass(frozen=True, slots=True)
class Cloud:
    """The AWS on this machine, or the emulator without remit."""

    clients: Callable[[str], Any]
    is_bare: bool

    def client(self, service: str) -> Any:
        return self.clients(service)

    def deploy(self, name: str, *, update: bool = False, **resources: Any) -> tuple[str, str]:
        """The status of a stack once it is made or updated, and the reason of its first failure."""
        cloudformation = self.client("cloudformation")
        operation = cloudformation.update_stack if update else cloudformation.create_stack
        body = json.dumps({"Resources": resources})
        operation(StackName=name, TemplateBody=body, Capabilities=["CAPABILITY_NAMED_IAM"])
        return self.status(name)

    def status(self, name: str) -> tuple[str, str]:
        cloudformation = self.client("cloudformation")
        while True:
            status = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
            if not status.endswith("IN_PROGRESS"):
                break
        events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        failures = [event["ResourceStatusReason"] for event in events if event["ResourceStatus"].endswith("_FAILED")]
        return status, failures[-1] if failures else ""


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with emulator.running(tmp_path_factory.mktemp("bare")) as url:
        keys = {"aws_access_key_id": "000000000000", "aws_secret_access_key": "local"}
        yield Cloud(partial(boto3.client, region_name="us-east-1", endpoint_url=url, **keys), is_bare=True)


@pytest.fixture(scope="module", params=["bare", "refusing"])
def cloud(request: pytest.FixtureRequest) -> Cloud:
    """The emulator by itself, and with what remit adds."""
    if request.param == "bare":
        return request.getfixturevalue("bare")
    aws = request.getfixturevalue("shared")
    return Cloud(partial(session(aws).client, **client_arguments(aws)), is_bare=False)


def test_a_stack_does_not_adopt_a_resource_of_the_same_name_and_its_rollback_leaves_it(cloud: Cloud) -> None:
    iam, logs = cloud.client("iam"), cloud.client("logs")
    iam.create_role(RoleName="kept", AssumeRolePolicyDocument=json.dumps(TRUST))
    logs.create_log_group(logGroupName="/kept")
    role = cloud.deploy("adopts-role", Role=ROLE)
    group = cloud.deploy("adopts-group", Group=GROUP)
    cloud.client("cloudformation").delete_stack(StackName="adopts-role")
    kept = [item["RoleName"] for item in iam.list_roles()["Roles"]]
    if cloud.is_bare:
        assert (role[0], group[0], kept) == ("CREATE_COMPLETE", "CREATE_COMPLETE", [])
    else:
        assert "Resource of type 'AWS::IAM::Role' with identifier 'kept' already exists." in role[1]
        assert (role[0], group[0], kept) == ("ROLLBACK_COMPLETE", "ROLLBACK_COMPLETE", ["kept"])
