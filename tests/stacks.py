"""Templates and keys of artefacts like those that remit makes, for tests that deploy them."""

from __future__ import annotations

import http.client
import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from remit.deploy.artefacts import upload
from remit.deploy.bootstrap import bootstrap
from remit.deploy.changeset import PlanRequest, plan
from remit.deploy.execute import execute
from terminals import HANGS

if TYPE_CHECKING:
    from pathlib import Path

    from remit.deploy.session import Account


def template(*statements: dict[str, Any], resources: dict[str, Any] | None = None, note: str = "") -> str:
    """A template with a queue, a log group and a role that may do what the statements say."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    role: dict[str, Any] = {"AssumeRolePolicyDocument": trust}
    if statements:
        role["Policies"] = [{"PolicyName": "remit", "PolicyDocument": document}]
    made = {
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {}},
        "ReportLogGroup": {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {
                "LogGroupName": {"Fn::Sub": "/aws/lambda/${AWS::StackName}-report"},
                "RetentionInDays": 30,
            },
        },
        "ReportRole": {"Type": "AWS::IAM::Role", "Properties": role},
    }
    return json.dumps(
        {
            "AWSTemplateFormatVersion": "2010-09-09",
            "Description": note or "orders",
            "Resources": made | (resources or {}),
            "Outputs": {"QueueUrl": {"Value": {"Ref": "Queue"}, "Description": "where orders arrive"}},
        }
    )


def key_of(path: Path, namespace: str = "orders-dev") -> str:
    """The key that a zip has in the bucket."""
    return f"{namespace}/{sha256(path.read_bytes()).hexdigest()}.zip"


READ = {"Effect": "Allow", "Action": ["dynamodb:Query"], "Resource": "*"}
WRITE = {"Effect": "Allow", "Action": ["dynamodb:PutItem"], "Resource": "*"}
WAITING = {
    "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
    "Wait": {
        "Type": "AWS::CloudFormation::WaitCondition",
        "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": "600"},
    },
}
"""Resources whose creation takes until a test fails it, by `end_waiting`."""


def end_waiting(cloudformation: Any, stack: str, name: str = "Handle") -> None:
    """Fail what waits in a stack for this handle, as a program would that it waits for."""
    handle = cloudformation.describe_stack_resource(StackName=stack, LogicalResourceId=name)["StackResourceDetail"]
    signal = {"Status": "FAILURE", "Reason": "a test says so", "UniqueId": "1", "Data": ""}
    address = urlsplit(handle["PhysicalResourceId"])
    connection = http.client.HTTPConnection(address.netloc, timeout=HANGS)  # past any proxy: it is this machine
    connection.request("PUT", address.path, json.dumps(signal))
    assert 200 == connection.getresponse().status
    connection.close()


def deploy_anew(account: Account, path: Path, key: str) -> None:
    """Deploy a stack with an artefact to an account that may hold nothing yet."""
    bucket = bootstrap(account).bucket
    planned = plan(account, PlanRequest("orders-dev", template(READ)))
    upload(account, bucket, path, key)
    execute(account, planned, lambda _: None)


def everything(account: Account) -> dict[str, Any]:
    """All that a plan could leave in an account."""
    cloudformation, s3 = account.client("cloudformation"), account.client("s3")
    stacks = cloudformation.describe_stacks()["Stacks"]
    buckets = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    return {
        "stacks": [(stack["StackId"], stack["StackStatus"], stack.get("LastUpdatedTime")) for stack in stacks],
        "change sets": [
            item["ChangeSetName"]
            for stack in stacks
            for item in cloudformation.list_change_sets(StackName=stack["StackName"])["Summaries"]
        ],
        "objects": [
            (item["Key"], item["VersionId"])
            for name in buckets
            for item in s3.list_object_versions(Bucket=name).get("Versions", [])
        ],
        "secrets": [one["Name"] for one in account.client("secretsmanager").list_secrets()["SecretList"]],
        "parameters": [one["Name"] for one in account.client("ssm").describe_parameters()["Parameters"]],
        "policies": [one["Arn"] for one in account.client("iam").list_policies(Scope="Local")["Policies"]],
        "roles": [
            (role["RoleName"], account.client("iam").list_role_policies(RoleName=role["RoleName"])["PolicyNames"])
            for role in account.client("iam").list_roles()["Roles"]
        ],
    }
