"""What AWS refuses, the AWS on this machine refuses; and the emulator alone does not, or the row can go."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from clouds import Cloud

LAMBDA = {"Service": "lambda.amazonaws.com"}
TRUST = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": LAMBDA}]}
ROLE = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "kept", "AssumeRolePolicyDocument": TRUST}}
GROUP = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/kept"}}


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


def error(call: Callable[..., Any], **parameters: Any) -> str:
    """The code and message of what a call answers; "" where it is no error."""
    try:
        call(**parameters)
    except ClientError as failure:
        return str(failure)
    return ""


def template(resources: dict[str, Any], **sections: Any) -> str:
    return json.dumps({"Resources": resources, **sections})


def test_an_existing_bucket_is_refused_by_the_emulator_itself(cloud: Cloud) -> None:
    cloud.client("s3").create_bucket(Bucket="kept")
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "kept"}}
    assert cloud.deploy("adopts-bucket", Bucket=bucket)[0] == "ROLLBACK_COMPLETE"


def test_a_bucket_that_is_not_empty_is_not_deleted_with_its_stack(cloud: Cloud) -> None:
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "filled"}}
    cloud.deploy("filled", Bucket=bucket)
    cloud.client("s3").put_object(Bucket="filled", Key="order.json", Body=b"{}")
    stack = cloud.client("cloudformation").describe_stacks(StackName="filled")["Stacks"][0]["StackId"]
    cloud.client("cloudformation").delete_stack(StackName="filled")
    status, reason = cloud.status(stack)
    assert (status == "DELETE_FAILED") is cloud.refuses
    assert ("The bucket you tried to delete is not empty." in reason) is cloud.refuses


def test_a_property_that_the_type_does_not_have_fails_its_resource(cloud: Cloud) -> None:
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 1, "Tags": [{"Key": "a", "Valeu": "b"}]}}
    status, reason = cloud.deploy("unknown-property", Queue=queue)
    assert (status == "ROLLBACK_COMPLETE") is cloud.refuses
    assert ("[#/Tags/0: extraneous key [Valeu] is not permitted]" in reason) is cloud.refuses


def test_a_property_without_a_value_is_taken_for_none(cloud: Cloud) -> None:
    properties = {"QueueName": None, "Tags": [{"Key": "a", "Value": None}]}
    assert "CREATE_COMPLETE" == cloud.deploy("null", Queue={"Type": "AWS::SQS::Queue", "Properties": properties})[0]


def test_a_template_with_roles_needs_the_capability(cloud: Cloud) -> None:
    answer = error(cloud.client("cloudformation").create_stack, StackName="able", TemplateBody=template({"Role": ROLE}))
    wanted = "(InsufficientCapabilitiesException)", "Requires capabilities : [CAPABILITY_NAMED_IAM]"
    assert (all(words in answer for words in wanted)) is cloud.refuses


def test_nobody_but_remit_simulates_policies(cloud: Cloud) -> None:
    policy = json.dumps({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    iam = cloud.client("iam")
    iam.create_user(UserName="ada")
    arn = "arn:aws:iam::000000000000:user/ada"
    of_policy = error(iam.simulate_custom_policy, PolicyInputList=[policy], ActionNames=["sqs:SendMessage"])
    of_user = error(iam.simulate_principal_policy, PolicySourceArn=arn, ActionNames=["sqs:SendMessage"])
    assert ["(NotImplemented)" in answer for answer in (of_policy, of_user)] == [cloud.refuses] * 2
