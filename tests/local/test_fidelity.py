"""What apps' tests meet of AWS: who called, what was kept of a template, and what is refused."""

from __future__ import annotations

import http.client
import json
import string
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from remit.local.control.clients import client_arguments, session
from terminals import HANGS
from zips import zip_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.local.state_files import LocalAws

ACCOUNT = "000000000000"
HERE = f"us-east-1:{ACCOUNT}"
TRUSTED = {"AWS": ACCOUNT, "Service": "lambda.amazonaws.com"}
TRUST = {"Statement": [{"Effect": "Allow", "Principal": TRUSTED, "Action": "sts:AssumeRole"}]}
EVERYTHING = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
CODE = """
import json

def handler(event, context):
    return json.dumps(event["requestContext"])
"""


@pytest.fixture(scope="module")
def clients(shared: LocalAws) -> Callable[[str], Any]:
    made = partial(session(shared).client, **client_arguments(shared))
    made("iam").create_role(RoleName="true", AssumeRolePolicyDocument=json.dumps(TRUST))
    made("iam").put_role_policy(RoleName="true", PolicyName="all", PolicyDocument=json.dumps(EVERYTHING))
    return made


@pytest.fixture(scope="module")
def url(clients: Callable[[str], Any]) -> str:
    """The path of a function URL with IAM."""
    functions = clients("lambda")
    functions.create_function(
        FunctionName="signed", Runtime="python3.12", Handler="app.handler", Code={"ZipFile": zip_of(CODE)},
        Role=f"arn:aws:iam::{ACCOUNT}:role/true", Timeout=20,
    )  # fmt: skip
    address = functions.create_function_url_config(FunctionName="signed", AuthType="AWS_IAM")["FunctionUrl"]
    return f"/_aws/lambda-url/{address.rstrip('/').rsplit('/', 1)[-1]}/"


def asked(aws: LocalAws, path: str, keys: Credentials, service: str) -> tuple[int, str]:
    request = AWSRequest("GET", aws.url + path)
    SigV4Auth(keys, service, aws.region).add_auth(request)
    connection = http.client.HTTPConnection("127.0.0.1", aws.port, timeout=HANGS)
    connection.request("GET", path, headers=dict(request.headers))
    answer = connection.getresponse()
    content = answer.read().decode()
    connection.close()
    return answer.status, content


def test_a_function_behind_a_url_sees_who_signed_and_a_signature_for_another_service_is_refused(
    shared: LocalAws, clients: Callable[[str], Any], url: str
) -> None:
    assumed = clients("sts").assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/true", RoleSessionName="ada")
    keys = assumed["Credentials"]
    session_keys = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    status, context = asked(shared, url, session_keys, "lambda")
    iam = json.loads(context)["authorizer"]["iam"]
    assert (200, f"arn:aws:sts::{ACCOUNT}:assumed-role/true/ada") == (status, iam["userArn"])
    assert (keys["AccessKeyId"], ACCOUNT, assumed["AssumedRoleUser"]["AssumedRoleId"]) == (
        iam["accessKey"], iam["accountId"], iam["userId"],
    )  # fmt: skip
    own = Credentials(shared.access_key_id, shared.secret_access_key)
    context = asked(shared, url, own, "lambda")[1]
    assert f"arn:aws:iam::{ACCOUNT}:root" == json.loads(context)["authorizer"]["iam"]["userArn"]
    for signer in (own, session_keys):
        for service in ("s3", "execute-api", "sqs"):
            status, refusal = asked(shared, url, signer, service)
            assert 403 == status
            assert "Credential should be scoped to correct service: 'lambda'." in refusal


def test_a_function_of_a_template_keeps_its_vpc(clients: Callable[[str], Any]) -> None:
    ec2 = clients("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]
    group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
    vpc = {"SubnetIds": [subnet["SubnetId"]], "SecurityGroupIds": [group]}
    properties = {
        "FunctionName": "inside", "Runtime": "python3.12", "Handler": "app.handler", "Code": {"ZipFile": CODE},
        "Role": f"arn:aws:iam::{ACCOUNT}:role/true",
    }  # fmt: skip
    for verb, expected in (("create", vpc), ("update", None), ("update", vpc)):
        stated = properties | ({"VpcConfig": expected} if expected else {})
        body = json.dumps({"Resources": {"Inside": {"Type": "AWS::Lambda::Function", "Properties": stated}}})
        stacks = clients("cloudformation")
        getattr(stacks, f"{verb}_stack")(StackName="vpc", TemplateBody=body)
        stacks.get_waiter(f"stack_{verb}_complete").wait(StackName="vpc", WaiterConfig={"Delay": 0.1})
        kept = clients("lambda").get_function_configuration(FunctionName="inside").get("VpcConfig") or {}
        assert (expected or {"SubnetIds": [], "SecurityGroupIds": []}) == {
            name: kept.get(name, []) for name in ("SubnetIds", "SecurityGroupIds")
        }


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (f"arn:aws:sqs:{HERE}:nowhere", "The specified queue does not exist."),
        (f"arn:aws:kinesis:{HERE}:stream/nowhere", "Stream not found"),
    ],
)
def test_a_mapping_to_what_does_not_exist_is_refused(
    clients: Callable[[str], Any], url: str, source: str, message: str
) -> None:
    assert url
    options = {"StartingPosition": "LATEST"} if ":kinesis:" in source else {}
    with pytest.raises(ClientError, match=message) as caught:
        clients("lambda").create_event_source_mapping(EventSourceArn=source, FunctionName="signed", **options)
    assert "InvalidParameterValueException" == caught.value.response["Error"]["Code"]
    properties = {"EventSourceArn": source, "FunctionName": "signed", **options}
    body = json.dumps({"Resources": {"Reads": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": properties}}})
    name = f"reads-{source[8:11]}"
    clients("cloudformation").create_stack(StackName=name, TemplateBody=body)
    with pytest.raises(Exception, match="ROLLBACK"):
        clients("cloudformation").get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 0.1})
    events = clients("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
    assert any(message in event.get("ResourceStatusReason", "") for event in events)


LETTERS, DIGITS = set(string.ascii_letters), set(string.digits)
LETTERS_AND_DIGITS = LETTERS | DIGITS
ALL = LETTERS_AND_DIGITS | set(string.punctuation)


@pytest.mark.parametrize(
    ("options", "allowed", "length"),
    [
        ({}, ALL, 32),
        ({"ExcludePunctuation": True, "PasswordLength": 64}, LETTERS_AND_DIGITS, 64),
        ({"ExcludePunctuation": "true", "ExcludeNumbers": "true", "PasswordLength": "40"}, LETTERS, 40),
        ({"ExcludePunctuation": True, "ExcludeLowercase": True, "ExcludeUppercase": True}, DIGITS, 32),
        ({"ExcludeCharacters": "abc/@", "PasswordLength": 200}, ALL - set("abc/@"), 200),
        ({"ExcludePunctuation": True, "IncludeSpace": True, "PasswordLength": 300}, LETTERS_AND_DIGITS | {" "}, 300),
    ],
)  # fmt: skip
def test_a_generated_secret_obeys_its_options(
    clients: Callable[[str], Any], options: dict[str, Any], allowed: set[str], length: int
) -> None:
    name = f"generated-{abs(hash(str(options)))}"
    in_json = {**options, "SecretStringTemplate": '{"user": "ada"}', "GenerateStringKey": "password"}
    resources = {
        kind: {
            "Type": "AWS::SecretsManager::Secret",
            "Properties": {"Name": f"{name}-{kind}", "GenerateSecretString": given},
        }
        for kind, given in (("Plain", options), ("Json", in_json))
    }  # fmt: skip
    clients("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))
    clients("cloudformation").get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 0.1})
    plain, document = (
        clients("secretsmanager").get_secret_value(SecretId=f"{name}-{kind}")["SecretString"] for kind in resources
    )
    secret = json.loads(document)
    assert "ada" == secret["user"]
    for password in (plain, secret["password"]):
        assert length == len(password)
        assert set(password) <= allowed
        if allowed >= LETTERS_AND_DIGITS:  # each included type is there
            kinds = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
            assert all(set(kind) & set(password) for kind in kinds)


def test_options_of_a_secret_that_fit_no_password_fail_the_stack(clients: Callable[[str], Any]) -> None:
    given = {"PasswordLength": 2}
    resources = {"Short": {"Type": "AWS::SecretsManager::Secret", "Properties": {"GenerateSecretString": given}}}
    clients("cloudformation").create_stack(StackName="short", TemplateBody=json.dumps({"Resources": resources}))
    with pytest.raises(Exception, match="ROLLBACK"):
        clients("cloudformation").get_waiter("stack_create_complete").wait(
            StackName="short", WaiterConfig={"Delay": 0.1}
        )


def test_a_role_that_takes_the_place_of_another_has_the_boundary_of_the_template(
    clients: Callable[[str], Any],
) -> None:
    boundary = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    cloudformation = clients("cloudformation")
    for name, change, done in (
        ("bounded", cloudformation.create_stack, "stack_create_complete"),
        ("bounded-too", cloudformation.update_stack, "stack_update_complete"),
    ):
        properties = {"RoleName": name, "AssumeRolePolicyDocument": TRUST, "PermissionsBoundary": boundary}
        body = json.dumps({"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": properties}}})
        change(StackName="bounded", TemplateBody=body, Capabilities=["CAPABILITY_NAMED_IAM"])
        cloudformation.get_waiter(done).wait(StackName="bounded", WaiterConfig={"Delay": 0.1})
        role = clients("iam").get_role(RoleName=name)["Role"]
        assert boundary == role["PermissionsBoundary"]["PermissionsBoundaryArn"]


def test_what_a_template_gives_no_name_has_one_that_begins_as_on_aws(clients: Callable[[str], Any]) -> None:
    resources = {
        "Clicks": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}},
        "Token": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "x"}},
    }
    cloudformation = clients("cloudformation")
    cloudformation.create_stack(StackName="unnamed", TemplateBody=json.dumps({"Resources": resources}))
    cloudformation.get_waiter("stack_create_complete").wait(StackName="unnamed", WaiterConfig={"Delay": 0.1})
    described = cloudformation.describe_stack_resources(StackName="unnamed")["StackResources"]
    references = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in described}
    assert references["Clicks"].startswith("unnamed-Clicks-")
    assert references["Token"].startswith(f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:Token-")


def test_a_bucket_may_be_called_like_a_path_of_the_emulators_own(clients: Callable[[str], Any]) -> None:
    s3 = clients("s3")
    s3.create_bucket(Bucket="health")
    s3.put_object(Bucket="health", Key="a", Body=b"x")
    assert ["a"] == [entry["Key"] for entry in s3.list_objects_v2(Bucket="health")["Contents"]]
