"""Resources that nobody gave a policy let in whom AWS's default policies let in, made by API or by a template."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

import remit
from remit.iam.decide.evaluate import Layers, Request, evaluate
from remit.local.authorization.resource_policies import LOOK_UPS
from remit.local.control.clients import client_arguments, function_session, session, session_as
from zips import zip_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.local.state_files import LocalAws

ACCOUNT = "000000000000"
HERE = f"us-east-1:{ACCOUNT}"
TRUSTED = {"AWS": ACCOUNT, "Service": "lambda.amazonaws.com"}
TRUST = {"Statement": [{"Effect": "Allow", "Principal": TRUSTED, "Action": "sts:AssumeRole"}]}
ONLY_SNS = {
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sts:AssumeRole"}]
}
HANDLER = "def handler(event, context): return 1"


@dataclass(frozen=True)
class Made:
    """A resource that nobody gave a policy: how to make it, and a call that its policy might allow."""

    by_api: Callable[[Callable[[str], Any]], Any]
    by_template: tuple[str, dict[str, Any]]
    call: Callable[[Callable[[str], Any], str], Any]
    """Made with the clients of a caller, and the resource's name `api` or `template`."""
    action: str
    policy: Callable[[Callable[[str], Any], str], Any] = lambda _clients, _name: None
    """The policy that the API returns; None: it has none to return."""


def queue(name: str) -> str:
    return f"http://127.0.0.1/{ACCOUNT}/{name}"


def topic(name: str) -> str:
    return f"arn:aws:sns:{HERE}:{name}"


def key(clients: Callable[[str], Any], name: str) -> str:
    aliases = clients("kms").list_aliases()["Aliases"]
    return next(str(alias["TargetKeyId"]) for alias in aliases if alias["AliasName"] == f"alias/{name}")


def make_key(clients: Callable[[str], Any]) -> None:
    identifier = clients("kms").create_key()["KeyMetadata"]["KeyId"]
    clients("kms").create_alias(AliasName="alias/api", TargetKeyId=identifier)


TABLE = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
FUNCTION = {"Runtime": "python3.12", "Handler": "app.handler", "Role": f"arn:aws:iam::{ACCOUNT}:role/nobody"}

RESOURCES = {
    "sqs": Made(
        lambda clients: clients("sqs").create_queue(QueueName="api"),
        ("AWS::SQS::Queue", {"QueueName": "template"}),
        lambda clients, name: clients("sqs").send_message(QueueUrl=queue(name), MessageBody="x"),
        "sqs:SendMessage",
        lambda clients, name: (
            clients("sqs")
            .get_queue_attributes(QueueUrl=queue(name), AttributeNames=["Policy"])
            .get("Attributes", {})
            .get("Policy")
        ),
    ),
    "sns": Made(
        lambda clients: clients("sns").create_topic(Name="api"),
        ("AWS::SNS::Topic", {"TopicName": "template"}),
        lambda clients, name: clients("sns").publish(TopicArn=topic(name), Message="x"),
        "sns:Publish",
        lambda clients, name: clients("sns").get_topic_attributes(TopicArn=topic(name))["Attributes"]["Policy"],
    ),
    "s3": Made(
        lambda clients: clients("s3").create_bucket(Bucket="api"),
        ("AWS::S3::Bucket", {"BucketName": "template"}),
        lambda clients, name: clients("s3").list_objects_v2(Bucket=name),
        "s3:ListBucket",
    ),
    "lambda": Made(
        lambda clients: clients("lambda").create_function(
            FunctionName="api", Code={"ZipFile": zip_of(HANDLER)}, **FUNCTION
        ),
        ("AWS::Lambda::Function", {"FunctionName": "template", "Code": {"ZipFile": HANDLER}, **FUNCTION}),
        lambda clients, name: clients("lambda").get_function_configuration(FunctionName=name),
        "lambda:GetFunctionConfiguration",
    ),
    "kms": Made(
        make_key,
        ("AWS::KMS::Key", {}),
        lambda clients, name: clients("kms").encrypt(KeyId=f"alias/{name}", Plaintext=b"x"),
        "kms:Encrypt",
        lambda clients, name: clients("kms").get_key_policy(KeyId=key(clients, name), PolicyName="default")["Policy"],
    ),
    "secretsmanager": Made(
        lambda clients: clients("secretsmanager").create_secret(Name="api", SecretString="x"),
        ("AWS::SecretsManager::Secret", {"Name": "template", "SecretString": "x"}),
        lambda clients, name: clients("secretsmanager").get_secret_value(SecretId=name),
        "secretsmanager:GetSecretValue",
        lambda clients, name: clients("secretsmanager").get_resource_policy(SecretId=name).get("ResourcePolicy"),
    ),
    "ecr": Made(
        lambda clients: clients("ecr").create_repository(repositoryName="api"),
        ("AWS::ECR::Repository", {"RepositoryName": "template"}),
        lambda clients, name: clients("ecr").list_images(repositoryName=name),
        "ecr:ListImages",
    ),
    "kinesis": Made(
        lambda clients: clients("kinesis").create_stream(StreamName="api", ShardCount=1),
        ("AWS::Kinesis::Stream", {"Name": "template", "ShardCount": 1}),
        lambda clients, name: clients("kinesis").list_shards(StreamName=name),
        "kinesis:ListShards",
    ),
    "dynamodb": Made(
        lambda clients: clients("dynamodb").create_table(TableName="api", **TABLE),
        ("AWS::DynamoDB::Table", {"TableName": "template", **TABLE}),
        lambda clients, name: clients("dynamodb").scan(TableName=name),
        "dynamodb:Scan",
    ),
    "events": Made(
        lambda clients: clients("events").create_event_bus(Name="api"),
        ("AWS::Events::EventBus", {"Name": "template"}),
        lambda clients, name: clients("events").put_events(
            Entries=[{"EventBusName": name, "Source": "x", "DetailType": "x", "Detail": "{}"}]
        ),
        "events:PutEvents",
        lambda clients, name: clients("events").describe_event_bus(Name=name).get("Policy"),
    ),
    "execute-api": Made(
        lambda clients: clients("apigateway").create_rest_api(name="api"),
        ("AWS::ApiGateway::RestApi", {"Name": "template"}),
        lambda clients, _name: clients("apigateway").get_rest_apis(),
        "execute-api:Invoke",
        lambda clients, name: next(
            api.get("policy") for api in clients("apigateway").get_rest_apis()["items"] if api["name"] == name
        ),
    ),
    "sts": Made(
        lambda clients: clients("iam").create_role(RoleName="api", AssumeRolePolicyDocument=json.dumps(ONLY_SNS)),
        ("AWS::IAM::Role", {"RoleName": "template", "AssumeRolePolicyDocument": ONLY_SNS}),
        lambda clients, name: clients("iam").get_role(RoleName=name),
        "sts:AssumeRole",
        lambda clients, name: json.dumps(clients("iam").get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]),
    ),
}


@dataclass(frozen=True)
class Callers:
    """Whoever asks."""

    own: Callable[[str], Any]
    """Clients with the server's own key."""
    function: Callable[[str], Any]
    """Clients of a function of the app that has no grants."""
    administrator: Callable[[str], Any]
    """Clients of a role of the account that IAM grants everything."""


@pytest.fixture(scope="module")
def callers(shared: LocalAws) -> Callers:
    own = partial(session(shared).client, **client_arguments(shared))
    everything = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    for name in ("nobody", "administrator"):
        own("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    own("iam").put_role_policy(RoleName="administrator", PolicyName="all", PolicyDocument=json.dumps(everything))
    own("lambda").create_function(FunctionName="bare", Code={"ZipFile": zip_of(HANDLER)}, **FUNCTION)
    role = f"arn:aws:iam::{ACCOUNT}:role/administrator"
    keys = own("sts").assume_role(RoleArn=role, RoleSessionName="owner")["Credentials"]
    administrator = session_as(shared, keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    for made in RESOURCES.values():
        made.by_api(own)
    template = {
        name.replace("-", ""): {"Type": made.by_template[0], "Properties": made.by_template[1]}
        for name, made in RESOURCES.items()
    }
    template["alias"] = {
        "Type": "AWS::KMS::Alias",
        "Properties": {"AliasName": "alias/template", "TargetKeyId": {"Ref": "kms"}},
    }
    body = json.dumps({"Resources": template})
    own("cloudformation").create_stack(StackName="made", TemplateBody=body, Capabilities=["CAPABILITY_NAMED_IAM"])
    own("cloudformation").get_waiter("stack_create_complete").wait(StackName="made", WaiterConfig={"Delay": 0.1})
    return Callers(own, function_session(shared, "bare").client, administrator.client)


def test_every_service_whose_policies_are_read_is_tried() -> None:
    assert set(LOOK_UPS) == set(RESOURCES)


@pytest.mark.parametrize("name", ["api", "template"])
@pytest.mark.parametrize("service", RESOURCES)
def test_its_account_gets_in_by_grants_alone_and_nobody_else_at_all(callers: Callers, service: str, name: str) -> None:
    made = RESOURCES[service]
    with pytest.raises(ClientError) as caught:
        made.call(callers.function, name)
    assert 403 == caught.value.response["ResponseMetadata"]["HTTPStatusCode"] or (
        "AccessDenied" in caught.value.response["Error"]["Code"]
    )
    assert made.call(callers.administrator, name)
    policy = made.policy(callers.own, name)
    outsider = "arn:aws:iam::111122223333:role/outsider"
    layers = Layers(resource=() if policy is None else (remit.parse(json.loads(policy)),))
    for principal in (outsider, "*"):
        request = Request(made.action, f"arn:aws:{service}:{HERE}:x", principal, {}, resource_account=ACCOUNT)
        assert "ImplicitlyDenied" == evaluate(request, layers).verdict


def test_a_topic_that_loses_its_own_policy_gets_the_default_one_again(callers: Callers) -> None:
    open_to_all = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": "*"}]}
    resources: dict[str, Any] = {"topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "changing"}}}
    policy = {
        "Type": "AWS::SNS::TopicPolicy",
        "Properties": {"Topics": [topic("changing")], "PolicyDocument": open_to_all},
    }
    stacks = callers.own("cloudformation")
    before = json.dumps({"Resources": resources | {"policy": policy | {"DependsOn": "topic"}}})
    stacks.create_stack(StackName="changing", TemplateBody=before)
    stacks.get_waiter("stack_create_complete").wait(StackName="changing", WaiterConfig={"Delay": 0.1})
    assert callers.function("sns").publish(TopicArn=topic("changing"), Message="x")["MessageId"]
    stacks.update_stack(StackName="changing", TemplateBody=json.dumps({"Resources": resources}))
    stacks.get_waiter("stack_update_complete").wait(StackName="changing", WaiterConfig={"Delay": 0.1})
    with pytest.raises(ClientError, match="because no identity-based policy allows the sns:Publish action"):
        callers.function("sns").publish(TopicArn=topic("changing"), Message="x")
    own = callers.own("sns").get_topic_attributes(TopicArn=topic("changing"))["Attributes"]["Policy"]
    assert {"StringEquals": {"AWS:SourceOwner": ACCOUNT}} == json.loads(own)["Statement"][0]["Condition"]


def test_a_topic_keeps_the_policy_that_it_is_made_with(callers: Callers) -> None:
    everybody = {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["SNS:Publish", "SNS:Subscribe", "SNS:Receive"],
    }
    stated = {"Id": "__default_policy_ID", "Statement": [{**everybody, "Resource": topic("stated")}]}
    attributes = {"DisplayName": "stated", "Policy": json.dumps(stated)}
    callers.own("sns").create_topic(Name="stated", Attributes=attributes)
    assert callers.function("sns").publish(TopicArn=topic("stated"), Message="x")["MessageId"]


def test_an_update_leaves_a_topic_the_policy_that_somebody_gave_it(callers: Callers) -> None:
    """The console keeps the default policy's Id."""
    properties = {"TopicName": "edited"}
    stacks, sns = callers.own("cloudformation"), callers.own("sns")
    stacks.create_stack(StackName="edited", TemplateBody=template_of(properties))
    stacks.get_waiter("stack_create_complete").wait(StackName="edited", WaiterConfig={"Delay": 0.1})
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": topic("edited")}
    edited = json.dumps({"Id": "__default_policy_ID", "Statement": [everybody]})
    sns.set_topic_attributes(TopicArn=topic("edited"), AttributeName="Policy", AttributeValue=edited)
    stacks.update_stack(StackName="edited", TemplateBody=template_of({**properties, "DisplayName": "new"}))
    stacks.get_waiter("stack_update_complete").wait(StackName="edited", WaiterConfig={"Delay": 0.1})
    attributes = sns.get_topic_attributes(TopicArn=topic("edited"))["Attributes"]
    assert ("new", edited) == (attributes["DisplayName"], attributes["Policy"])


def template_of(properties: dict[str, str]) -> str:
    return json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": properties}}})
