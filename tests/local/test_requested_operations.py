"""Requests as SDKs send them: which operation they ask for, with which parameters, and which access that needs."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from itertools import product
from typing import Any, Final
from urllib.parse import unquote, urlencode, urlsplit

import pytest
from botocore.awsrequest import prepare_request_dict
from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape
from botocore.serialize import create_serializer

from random_cases import cases_of
from remit.access.needed_access import UNRESOLVED, OperationRequest, RequestedOperation, as_texts
from remit.access.needs import _most_specific, needs_of
from remit.access.setting import RequestSetting, StoredNames
from remit.access.tags import request_tags
from remit.catalogue.request_formats import signing_name
from remit.local.authorization.canonical_request import canonical_request
from remit.local.authorization.requested_operation import is_of_user
from remit.local.control.plain_client import _request as spelled
from remit.local.request import ReceivedRequest, RefusedRequest

HERE = RequestSetting("eu-central-1", "111122223333", "arn:aws:iam::111122223333:user/ada")


def received(method: str, target: str, **headers: str) -> ReceivedRequest:
    path, _, query = target.partition("?")
    named = {name.replace("_", "-"): (value,) for name, value in {"host": "127.0.0.1:4566", **headers}.items()}
    return ReceivedRequest(method, path, query, named)


def needs(request: ReceivedRequest, service: str, body: bytes = b"") -> list[str]:
    """The access that a request needs, as `action on resource`."""
    asked = canonical_request(request, service, body)
    needed = needs_of(OperationRequest(asked.operation, asked.parameters, HERE))
    assert needed is not None
    return [f"{need.action} on {need.resource}" for need in needed]


def test_of_each_table_of_a_batch_the_keys_are_known_of_what_is_put_and_what_is_deleted() -> None:
    put, deleted = {"id": {"S": "a"}, "sum": {"N": "1"}}, {"id": {"S": "b"}}
    entries = [{"PutRequest": {"Item": put}}, {"DeleteRequest": {"Key": deleted}}]
    operation = RequestedOperation("dynamodb", "BatchWriteItem", "json")
    needed = needs_of(OperationRequest(operation, {"RequestItems": {"orders": entries, "carts": entries[1:]}}, HERE))
    assert needed is not None
    keys = {need.parameters["TableName"]: need.parameters["Keys"] for need in needed}
    assert {"orders": [put, deleted], "carts": [deleted]} == keys


@pytest.mark.parametrize(
    "parameters",
    [
        {"Tags": [{"Key": "team", "Value": "shop"}]},
        {"tags": {"team": "shop"}},
        {"Tags": [{"TagKey": "team", "TagValue": "shop"}]},
        {"UserPoolTags": {"team": "shop"}},
        {"TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "team", "Value": "shop"}]}]},
        {"Tagging": {"TagSet": [{"Key": "team", "Value": "shop"}]}},
        {"Tags": {"Items": [{"Key": "team", "Value": "shop"}]}},
        {"CreateBucketConfiguration": {"Tags": [{"Key": "team", "Value": "shop"}]}},
        {"tags": {"team": "shop", "size": 3}},
        {"TagSpecifications": [{"Tags": [{"Key": "team", "Value": "old"}, {"Key": "team", "Value": "shop"}]}]},
        {"tags": [{"key": "team", "value": "shop"}]},
        {"tags": [{"tagKey": "team", "tagValue": "shop"}]},
        {"TagList": [{"Key": "team", "Value": "shop"}]},
        {"IdentityPoolTags": {"team": "shop"}},
    ],
)
def test_tags_are_read_wherever_a_service_has_them(parameters: dict[str, Any]) -> None:
    assert {"team": "shop"} == request_tags(parameters)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, "true"), (False, "false"), ("a", "a"), (3, "3"), (0.5, "0.5"), (["a", 3, {}, 0.5], ("a", "3", "0.5")),
        ([True, "a", False], ("true", "a", "false")), ([], None), ([{}], None), ({}, None), (None, None),
    ],
)  # fmt: skip
def test_a_parameter_is_the_value_of_a_condition_key_as_text(value: object, expected: object) -> None:
    assert expected == as_texts(value)


OTHER_VALUES: Final = {"double": 2.5, "float": 1.5, "integer": 7, "long": 8, "boolean": True}
"""No bytes and no times, which each protocol spells in its own way."""


def made(shape: Shape, name: str, levels: int = 4) -> Any:
    """A value for a parameter with so many levels of parts, of which none is empty; None where there is none."""
    if levels < 0:
        return None
    if isinstance(shape, StructureShape):
        return {key: value for key, member in shape.members.items() if (value := made(member, key, levels - 1))}
    if isinstance(shape, ListShape):
        return [value for end in "12" if (value := made(shape.member, name + end, levels - 1))]
    if isinstance(shape, MapShape):
        return {key: value for key in "ab" if (value := made(shape.value, key, levels - 1))}
    if shape.type_name == "string":
        return shape.enum[0] if shape.enum else name if shape.serialization.get("location") else f"{name} & Söhne"
    return OTHER_VALUES.get(shape.type_name)


def in_words(value: Any) -> Any:
    """A parameter as forms, paths and headers have it: no number and no truth, but what is written for it."""
    if isinstance(value, dict):
        return {key: in_words(item) for key, item in value.items()}
    if isinstance(value, list):
        return [in_words(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("service", ["dynamodb", "sns", "iam", "cloudwatch", "lambda", "apigatewayv2", "route53"])
def test_all_parameters_that_botocore_sends_are_read_in_each_protocol(service: str) -> None:
    model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
    serializer = create_serializer(model.metadata["protocol"], include_validation=False)
    differing = []
    for name in cases_of(model.operation_names, 20):
        operation = model.operation_model(name)
        parameters = {} if operation.input_shape is None else made(operation.input_shape, name)
        sent = serializer.serialize_to_request(parameters, operation)
        prepare_request_dict(sent, "http://127.0.0.1:4566")
        body = urlencode(sent["body"]) if isinstance(sent["body"], dict) else sent["body"]
        address = urlsplit(sent["url"])
        headers = {key.lower(): (value,) for key, value in {**sent["headers"], "host": "127.0.0.1:4566"}.items()}
        request = ReceivedRequest(sent["method"], address.path, address.query, headers)
        asked = canonical_request(request, model.signing_name, body.encode() if isinstance(body, str) else body)
        if (name, in_words(parameters)) != (asked.operation.name, in_words(asked.parameters)):
            differing.append(f"{name}: {in_words(parameters)} is read as {in_words(asked.parameters)}")
    assert not differing


FORM = "application/x-www-form-urlencoded; charset=utf-8"
PLACE = "eu-central-1:111122223333"


@pytest.mark.parametrize(
    ("client", "name", "parameters", "expected"),
    [
        ("route53", "UpdateHostedZoneFeatures", {"HostedZoneId": "Z1"}, "arn:aws:route53:::hostedzone/Z1"),
        (
            "route53", "ChangeTagsForResource", {"ResourceType": "healthcheck", "ResourceId": "h1"},
            "arn:aws:route53:::healthcheck/h1",
        ),
        ("sesv2", "GetExportJob", {"JobId": "j1"}, f"arn:aws:ses:{PLACE}:export-job/j1"),
        ("sesv2", "GetExportJob", {"TenantId": "t1"}, f"arn:aws:ses:{PLACE}:export-job/${{Unresolved}}"),
        # Two parameters that say the end of one variable tell nothing, nor does the ARN of something else.
        ("sesv2", "GetExportJob", {"JobId": "1", "PortJobId": "2"}, f"arn:aws:ses:{PLACE}:export-job/${{Unresolved}}"),
        ("sagemaker", "DescribeEndpoint", {"EndpointName": "e"}, f"arn:aws:sagemaker:{PLACE}:endpoint/e"),
        (
            "sagemaker", "DescribeEndpoint", {"EndpointName": "arn:aws:iam::1:role/r"},
            f"arn:aws:sagemaker:{PLACE}:endpoint/${{Unresolved}}",
        ),
        ("sesv2", "DeleteDedicatedIpPool", {"PoolName": "news"}, f"arn:aws:ses:{PLACE}:dedicated-ip-pool/news"),
        ("ssm", "DeleteOpsItem", {"OpsItemId": "oi-1"}, f"arn:aws:ssm:{PLACE}:opsitem/oi-1"),
        ("ssm", "GetDocument", {"Name": f"arn:aws:ssm:{PLACE}:document/d"}, f"arn:aws:ssm:{PLACE}:document/d"),
        ("ssm", "GetParameter", {"Name": f"arn:aws:ssm:{PLACE}:parameter/a:3"}, f"arn:aws:ssm:{PLACE}:parameter/a"),
        (
            "transcribe", "DeleteMedicalScribeJob", {"MedicalScribeJobName": "j"},
            f"arn:aws:transcribe:{PLACE}:medical-scribe-job/j",
        ),
        (
            "s3vectors", "CreateVectorBucket", {"vectorBucketName": "v"},
            f"arn:aws:s3vectors:{PLACE}:bucket/v",
        ),
        ("ecs", "RunTask", {"taskDefinition": "web:3"}, f"arn:aws:ecs:{PLACE}:task-definition/web:3"),
        ("ecs", "RunTask", {"taskDefinition": "web"}, f"arn:aws:ecs:{PLACE}:task-definition/web:${{Unresolved}}"),
        (
            "cloudformation", "DeleteStackSet", {"StackSetName": "shop"},
            f"arn:aws:cloudformation:{PLACE}:stackset/shop:${{Unresolved}}",
        ),
        (
            "iam", "CreateOpenIDConnectProvider", {"Url": "https://issuer.example/orders"},
            "arn:aws:iam::111122223333:oidc-provider/issuer.example/orders",
        ),
        (
            "iam", "CreateUser", {"UserName": "ada", "Path": "/team/"},
            "arn:aws:iam::111122223333:user/team/ada",
        ),
        ("logs", "GetScheduledQueryHistory", {"identifier": "q1"}, f"arn:aws:logs:{PLACE}:scheduled-query:q1"),
        ("ec2", "DeletePlacementGroup", {"GroupName": "g"}, f"arn:aws:ec2:{PLACE}:placement-group/g"),
        ("ec2", "CreateInternetGateway", {}, f"arn:aws:ec2:{PLACE}:internet-gateway/*"),
        (
            "bedrock", "CreateModelCustomizationJob", {"customModelName": "m"},
            f"arn:aws:bedrock:{PLACE}:custom-model/${{Unresolved}}",
        ),
    ],
)  # fmt: skip
def test_parameters_tell_the_resource(client: str, name: str, parameters: dict[str, str], expected: str) -> None:
    """A part that they do not tell stays unresolved: the name of a model is not its id."""
    needed = needs_of(OperationRequest(RequestedOperation(client, name, "json"), parameters, HERE)) or ()
    assert expected in [need.resource for need in needed]


SHOP = f"arn:aws:ses:{PLACE}:identity/shop.example"
PROFILE = f"arn:aws:bedrock:{PLACE}:inference-profile/global.anthropic.claude"
LAKE = f"arn:aws:glue:{PLACE}"
OTHER_LAYER = "arn:aws:lambda:eu-west-1:444455556666:layer:l"
TARGETS = [f"arn:aws:elasticloadbalancing:{PLACE}:targetgroup/{name}/1" for name in "ab"]


@pytest.mark.parametrize(
    ("client", "name", "parameters", "resources"),
    [
        (
            "sesv2", "SendEmail", {"FromEmailAddress": "Shop <a@shop.example>", "ConfigurationSetName": "c"},
            [SHOP, f"arn:aws:ses:{PLACE}:configuration-set/c"],
        ),
        ("ses", "SendTemplatedEmail", {"Source": "known@shop.example", "Template": "t"},
         [f"arn:aws:ses:{PLACE}:identity/known@shop.example", f"arn:aws:ses:{PLACE}:template/t"]),
        (
            "bedrock-runtime", "InvokeModel", {"modelId": "global.anthropic.claude"},
            [PROFILE, "arn:aws:bedrock:eu-central-1::foundation-model/anthropic.claude",
             "arn:aws:bedrock:::foundation-model/anthropic.claude"],
        ),
        (
            "cloudformation", "CreateStackRefactor", {"StackDefinitions": [{"StackName": "a"}, {"StackName": "b"}]},
            [f"arn:aws:cloudformation:{PLACE}:stack/{name}/${{Unresolved}}" for name in "ab"],
        ),
        ("logs", "FilterLogEvents", {"logGroupIdentifier": f"arn:aws:logs:{PLACE}:log-group:/shop:*"},
         [f"arn:aws:logs:{PLACE}:log-group:/shop:log-stream:"]),
        ("glue", "GetTable", {"DatabaseName": "d", "Name": "t"},
         [f"{LAKE}:catalog", f"{LAKE}:database/d", f"{LAKE}:table/d/t"]),
        ("glue", "CreateDatabase", {"DatabaseInput": {"Name": "d"}}, [f"{LAKE}:catalog", f"{LAKE}:database/d"]),
        (
            "ssm", "SendCommand",
            {"DocumentName": "AWS-RunShellScript", "InstanceIds": ["mi-1"],
             "Targets": [{"Key": "instanceids", "Values": ["i-2"]}, {"Key": "tag:team", "Values": ["shop"]}]},
            ["arn:aws:ssm:eu-central-1::document/AWS-RunShellScript", f"arn:aws:ssm:{PLACE}:managed-instance/mi-1",
             f"arn:aws:ec2:{PLACE}:instance/i-2", f"arn:aws:ec2:{PLACE}:instance/${{Unresolved}}"],
        ),
        ("kms", "ReEncrypt", {"SourceKeyId": "k1", "DestinationKeyId": "k2", "CiphertextBlob": ""},
         [f"arn:aws:kms:{PLACE}:key/k1", f"arn:aws:kms:{PLACE}:key/k2"]),
        ("kms", "UpdateAlias", {"AliasName": "alias/a", "TargetKeyId": "k1"},
         [f"arn:aws:kms:{PLACE}:alias/a", f"arn:aws:kms:{PLACE}:key/k1"]),
        ("iam", "GetUser", {}, [HERE.caller]),
        ("lambda", "Invoke", {"FunctionName": "444455556666:function:f"},
         ["arn:aws:lambda:eu-central-1:444455556666:function:f"]),
        ("lambda", "Invoke", {"FunctionName": "444455556666:function:f:live"},
         ["arn:aws:lambda:eu-central-1:444455556666:function:f:live"]),
        ("lambda", "Invoke", {"FunctionName": "function:f"}, [f"arn:aws:lambda:{PLACE}:function:f"]),
        ("sns", "Publish", {"TargetArn": f"arn:aws:sns:{PLACE}:endpoint/GCM/app/1"},
         [f"arn:aws:sns:{PLACE}:endpoint/GCM/app/1"]),
        ("sns", "Unsubscribe", {"SubscriptionArn": f"arn:aws:sns:{PLACE}:news:0a1b"}, [f"arn:aws:sns:{PLACE}:news"]),
        ("sns", "CreateTopic", {"Name": "news"}, [f"arn:aws:sns:{PLACE}:news"]),
        ("sns", "CreatePlatformApplication", {"Name": "app"}, ["*"]),
        ("s3", "CopyObject", {"Bucket": "b", "Key": "k", "CopySource": "c/a%20b?versionId=1"},
         ["arn:aws:s3:::c/a b", "arn:aws:s3:::b/k"]),
        ("sqs", "SendMessage", {"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/444455556666/q.fifo"},
         ["arn:aws:sqs:eu-west-1:444455556666:q.fifo"]),
        ("athena", "StartQueryExecution", {}, [f"arn:aws:athena:{PLACE}:workgroup/primary"]),
        ("events", "PutEvents", {"Entries": [{"Source": "s"}, {"EventBusName": "b"}]},
         [f"arn:aws:events:{PLACE}:event-bus/{name}" for name in ("default", "b")]),
        ("scheduler", "GetSchedule", {"Name": "s"}, [f"arn:aws:scheduler:{PLACE}:schedule/default/s"]),
        ("ssm", "AddTagsToResource", {"ResourceType": "Parameter", "ResourceId": "/a"},
         [f"arn:aws:ssm:{PLACE}:parameter/a"]),
        ("ssm", "GetParameters", {"Names": ["/a", "b:3", f"arn:aws:ssm:{PLACE}:parameter/c:latest"]},
         [f"arn:aws:ssm:{PLACE}:parameter/{name}" for name in "abc"]),
        ("lambda", "Invoke", {"FunctionName": "function"}, [f"arn:aws:lambda:{PLACE}:function:function"]),
        ("lambda", "GetLayerVersion", {"LayerName": OTHER_LAYER, "VersionNumber": 3},
         [f"{OTHER_LAYER}:3"]),
        ("sns", "DeleteEndpoint", {"EndpointArn": f"arn:aws:sns:{PLACE}:endpoint/GCM/app/1"},
         [f"arn:aws:sns:{PLACE}:endpoint/GCM/app/1"]),
        ("ecs", "DescribeTasks", {"cluster": "web", "tasks": [f"arn:aws:ecs:{PLACE}:task/web/{name}" for name in "ab"]},
         [f"arn:aws:ecs:{PLACE}:task/web/{name}" for name in "ab"]),
        ("ecs", "TagResource", {"resourceArn": f"arn:aws:ecs:{PLACE}:service/web/s"},
         [f"arn:aws:ecs:{PLACE}:service/web/s"]),
        ("elbv2", "AddTags", {"ResourceArns": TARGETS},
         TARGETS),
        ("bedrock-runtime", "InvokeModel", {"modelId": f"arn:aws:bedrock:{PLACE}:provisioned-model/x"},
         [f"arn:aws:bedrock:{PLACE}:provisioned-model/x"]),
    ],
)  # fmt: skip
def test_a_request_is_asked_on_each_of_its_resources_and_no_other(
    client: str, name: str, parameters: dict[str, Any], resources: list[str]
) -> None:
    class Stored(StoredNames):
        def is_mail_identity(self, name: str) -> bool:
            return name.startswith("known")

    asked = OperationRequest(RequestedOperation(client, name, "json"), parameters, replace(HERE, stored=Stored()))
    assert resources == [need.resource for need in needs_of(asked) or ()]


KMS = f"arn:aws:kms:{PLACE}:key/"
SECRETS = f"arn:aws:secretsmanager:{PLACE}:secret:"
ROLE = "arn:aws:iam::111122223333:role/team/worker"
EXECUTION = f"arn:aws:lambda:{PLACE}:function:f:1/durable-execution/e/1"


class Sealed(StoredNames):
    """An account where a bucket, a table, a queue, a stream and two parameters are encrypted."""

    def encrypting_key(self, arn: str) -> str | None:
        if "of-aws" in arn:
            return "alias/aws/sqs"
        return "old" if arn.endswith("sealed/a") else "new" if "sealed" in arn else None

    def sealed_parameters(self, path: str, *, recursive: bool) -> tuple[str, ...]:
        return (f"{path}/a", f"{path}/b/c") if recursive else (f"{path}/a",)

    def secret_arn(self, name: str) -> str | None:
        return f"{SECRETS}{name}-AbCdEf" if name == "sealed" else None

    def filtered_secrets(self, filters: object) -> tuple[str, ...]:
        return (f"{SECRETS}found-AbCdEf",) if filters else ()

    def role_arn(self, name: str) -> str | None:
        return ROLE if name == "worker" else None

    def execution_of_callback(self, callback: str) -> str | None:
        return EXECUTION if callback == "waits" else None

    def lacks_object(self, bucket: str, key: str) -> bool:
        return (bucket, key) == ("b", "gone")

    def work_group(self, query: str) -> str | None:
        return "night" if query == "q1" else None

    def key_arn(self, name: str) -> str | None:
        return f"{KMS}of-alias" if name.endswith("alias/shop") else None

    def key_arn_of_ciphertext(self, ciphertext: str) -> str | None:
        return f"{KMS}of-text" if ciphertext == "sealed" else None


ACCOUNT = replace(HERE, stored=Sealed())


@pytest.mark.parametrize(
    ("client", "name", "parameters", "expected"),
    [
        ("s3", "GetObject", {"Bucket": "sealed", "Key": "a"}, ["Decrypt old arn:aws:s3:::sealed/a"]),
        ("s3", "GetObject", {"Bucket": "b", "Key": "a"}, []),
        ("s3", "HeadObject", {"Bucket": "sealed", "Key": "a"}, []),
        ("s3", "PutObject", {"Bucket": "sealed", "Key": "a"}, ["GenerateDataKey new arn:aws:s3:::sealed/a"]),
        ("s3", "PutObject", {"Bucket": "sealed", "Key": "a", "ServerSideEncryption": "AES256"}, []),
        (
            "s3", "PutObject",
            {"Bucket": "b", "Key": "a", "ServerSideEncryption": "aws:kms:dsse", "SSEKMSKeyId": "alias/shop"},
            ["GenerateDataKey of-alias arn:aws:s3:::b/a"],
        ),
        ("ssm", "GetParameter", {"Name": "/sealed/a"}, []),
        (
            "ssm", "GetParameter", {"Name": "/sealed/a", "WithDecryption": True},
            [f"Decrypt old arn:aws:ssm:{PLACE}:parameter/sealed/a"],
        ),
        (
            "ssm", "GetParameters", {"Names": ["/sealed/b", "/sealed/c"], "WithDecryption": "true"},
            [f"Decrypt new arn:aws:ssm:{PLACE}:parameter/sealed/{name}" for name in "bc"],
        ),
        (
            "ssm", "GetParametersByPath", {"Path": "/x/sealed", "WithDecryption": True},
            [f"Decrypt old arn:aws:ssm:{PLACE}:parameter/x/sealed/a"],
        ),
        (
            "ssm", "GetParametersByPath", {"Path": "/sealed", "Recursive": True, "WithDecryption": True},
            [f"Decrypt old arn:aws:ssm:{PLACE}:parameter/sealed/a",
             f"Decrypt new arn:aws:ssm:{PLACE}:parameter/sealed/b/c"],
        ),
        (
            "ssm", "PutParameter", {"Name": "/a", "Type": "SecureString", "KeyId": "alias/other"},
            [f"Encrypt ${{Unresolved}} arn:aws:ssm:{PLACE}:parameter/a"],
        ),
        ("ssm", "PutParameter", {"Name": "/sealed/b", "Type": "SecureString"}, []),
        ("ssm", "PutParameter", {"Name": "/a", "Type": "String", "KeyId": "k"}, []),
        ("dynamodb", "GetItem", {"TableName": "sealed"}, ["Decrypt new sealed 111122223333"]),
        (
            "dynamodb", "BatchGetItem", {"RequestItems": {"sealed": {}, "sealed-too": {}, "open": {}}},
            ["Decrypt new sealed 111122223333", "Decrypt new sealed-too 111122223333"],
        ),
        (
            "sqs", "SendMessage", {"QueueUrl": "http://localhost/111122223333/sealed"},
            [f"{action} new arn:aws:sqs:{PLACE}:sealed" for action in ("GenerateDataKey", "Decrypt")],
        ),
        ("sqs", "ReceiveMessage", {"QueueUrl": "http://localhost/111122223333/of-aws"}, []),
        (
            "kinesis", "PutRecord", {"StreamName": "sealed"},
            [f"GenerateDataKey new arn:aws:kinesis:{PLACE}:stream/sealed"],
        ),
        (
            "secretsmanager", "BatchGetSecretValue", {"SecretIdList": ["sealed", "sealed-too"]},
            [f"Decrypt new {SECRETS}sealed-AbCdEf", f"Decrypt new {SECRETS}sealed-too-${{Unresolved}}"],
        ),
    ],
)  # fmt: skip
def test_a_key_is_used_for_its_caller_once_for_each_thing_that_it_encrypts(
    client: str, name: str, parameters: dict[str, Any], expected: list[str]
) -> None:
    asked = OperationRequest(RequestedOperation(client, name, "json"), parameters, ACCOUNT)
    uses = []
    for need in needs_of(asked) or ():
        if need.action.startswith("kms:"):
            assert client == need.via
            words = (need.action, need.resource.removeprefix(KMS), *need.parameters["EncryptionContext"].values())
            uses.append(" ".join(words).removeprefix("kms:"))
    assert expected == uses


SEALED_STREAM = {"StreamARN": f"arn:aws:kinesis:{PLACE}:stream/sealed", "ShardIterator": "i"}
SEALED_QUEUE = {"QueueUrl": "http://localhost/111122223333/sealed"}
SEALED_SECRET = {"SecretId": "sealed"}
READ, WRITTEN, BOTH = ("Decrypt",), ("GenerateDataKey",), ("GenerateDataKey", "Decrypt")
"""What a service does with the key of a resource for its caller."""


@pytest.mark.parametrize(
    ("client", "name", "parameters", "uses"),
    [
        # "DynamoDB encryption at rest: usage notes": the key of the table is decrypted, also to write.
        *(
            ("dynamodb", name, {"TableName": "sealed"}, READ)
            for name in ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan")
        ),
        ("dynamodb", "BatchWriteItem", {"RequestItems": {"sealed": []}}, READ),
        ("dynamodb", "TransactWriteItems", {"TransactItems": [{"ConditionCheck": {"TableName": "sealed"}}]}, READ),
        *(
            ("dynamodb", "ExecuteStatement", {"Statement": statement.format("sealed")}, READ)
            for statement in ("SELECT * FROM {}", "INSERT INTO {} VALUE {{}}", "UPDATE {} SET a=1", "DELETE FROM {}")
        ),
        # "How do I use server-side encryption with Kinesis": producers generate, consumers decrypt.
        ("kinesis", "PutRecord", SEALED_STREAM, WRITTEN),
        ("kinesis", "PutRecords", SEALED_STREAM, WRITTEN),
        ("kinesis", "GetRecords", SEALED_STREAM, READ),
        # "Key management" (Amazon SQS and Amazon SNS)
        ("sqs", "SendMessage", SEALED_QUEUE, BOTH),
        ("sqs", "SendMessageBatch", SEALED_QUEUE, BOTH),
        ("sqs", "ReceiveMessage", SEALED_QUEUE, READ),
        ("sqs", "DeleteMessage", SEALED_QUEUE, ()),
        ("sns", "Publish", {"TopicArn": f"arn:aws:sns:{PLACE}:sealed"}, BOTH),
        # "Secret encryption and decryption"
        ("secretsmanager", "CreateSecret", {"Name": "n", "KmsKeyId": "k"}, BOTH),
        ("secretsmanager", "UpdateSecret", SEALED_SECRET, BOTH),
        ("secretsmanager", "PutSecretValue", SEALED_SECRET, BOTH),
        ("secretsmanager", "GetSecretValue", SEALED_SECRET, READ),
        ("secretsmanager", "DescribeSecret", SEALED_SECRET, ()),
        # "How AWS Systems Manager Parameter Store uses AWS KMS"
        ("ssm", "GetParameterHistory", {"Name": "/sealed/b", "WithDecryption": True}, READ),
        ("ssm", "GetParameter", {"Name": "/sealed/b", "WithDecryption": "True"}, READ),
        ("ssm", "PutParameter", {"Name": "/a", "Type": "SecureString", "KeyId": "k"}, ("Encrypt",)),
        # "Protecting data with server-side encryption using AWS KMS keys"
        ("s3", "GetObject", {"Bucket": "sealed", "Key": "b", "VersionId": "1"}, READ),
        (
            "s3",
            "PutObject",
            {"Bucket": "b", "Key": "k", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "k"},
            WRITTEN,
        ),
        ("s3", "DeleteObject", {"Bucket": "sealed", "Key": "b"}, ()),
    ],
)
def test_each_action_takes_of_a_key_what_its_services_page_says(
    client: str, name: str, parameters: dict[str, Any], uses: tuple[str, ...]
) -> None:
    needed = needs_of(OperationRequest(RequestedOperation(client, name, "json"), parameters, ACCOUNT)) or ()
    assert [f"kms:{use}" for use in uses] == [need.action for need in needed if need.action.startswith("kms:")]


def test_a_user_without_a_name_is_the_caller_and_a_role_is_none() -> None:
    asked = OperationRequest(RequestedOperation("iam", "GetUser", "query"), {}, replace(HERE, caller=ROLE))
    assert [f"arn:aws:iam::111122223333:user/{UNRESOLVED}"] == [need.resource for need in needs_of(asked) or ()]


TAGS = [{"Key": "team", "Value": "shop"}]
PASSED = {"RoleArn": ROLE}


@pytest.mark.parametrize(
    ("client", "name", "parameters", "expected"),
    [
        (
            "s3", "DeleteObjects",
            {"Bucket": "b", "BypassGovernanceRetention": "true", "Delete": {"Objects": [{"Key": "a"}]}},
            ["s3:DeleteObject arn:aws:s3:::b/a", "s3:BypassGovernanceRetention arn:aws:s3:::b/a"],
        ),
        (
            "dynamodb", "TransactWriteItems",
            {"TransactItems": [
                {"Put": {"TableName": "t"}}, {"ConditionCheck": {"TableName": "u"}}, {"Update": {"TableName": "v"}},
                {"Delete": {"TableName": "arn:aws:dynamodb:eu-west-1:444455556666:table/x"}},
            ]},
            [f"dynamodb:PutItem arn:aws:dynamodb:{PLACE}:table/t",
             f"dynamodb:ConditionCheckItem arn:aws:dynamodb:{PLACE}:table/u",
             f"dynamodb:UpdateItem arn:aws:dynamodb:{PLACE}:table/v",
             "dynamodb:DeleteItem arn:aws:dynamodb:eu-west-1:444455556666:table/x"],
        ),
        (
            "secretsmanager", "BatchGetSecretValue", {"Filters": [{"Key": "name"}]},
            ["secretsmanager:BatchGetSecretValue *", "secretsmanager:ListSecrets *",
             f"secretsmanager:GetSecretValue {SECRETS}found-AbCdEf"],
        ),
        ("secretsmanager", "CreateSecret", {"Name": "n"}, [f"secretsmanager:CreateSecret {SECRETS}n-??????"]),
        (
            "secretsmanager", "GetSecretValue", {"SecretId": f"{SECRETS}other"},
            [f"secretsmanager:GetSecretValue {SECRETS}other"],
        ),
        (
            "sns", "CreateTopic", {"Name": "news", "Tags": TAGS},
            [f"sns:CreateTopic arn:aws:sns:{PLACE}:news", f"sns:TagResource arn:aws:sns:{PLACE}:news"],
        ),
        ("sns", "CreateTopic", {"Name": "news", "Tags": []}, [f"sns:CreateTopic arn:aws:sns:{PLACE}:news"]),
        ("kms", "CreateKey", {"Tags": TAGS}, ["kms:CreateKey *", f"kms:TagResource {KMS}*"]),
        ("iam", "CreateRole", {"RoleName": "r", "Path": "/x/", "Tags": TAGS},
         [f"iam:{action} arn:aws:iam::111122223333:role/x/r" for action in ("CreateRole", "TagRole")]),
        ("iam", "CreateVirtualMFADevice", {"VirtualMFADeviceName": "m", "Tags": TAGS},
         [f"iam:{action} arn:aws:iam::111122223333:mfa/m" for action in ("CreateVirtualMFADevice", "TagMFADevice")]),
        ("iam", "GetRole", {"RoleName": "worker"}, [f"iam:GetRole {ROLE}"]),
        ("iam", "CreateAccessKey", {"UserName": "bob"}, ["iam:CreateAccessKey arn:aws:iam::111122223333:user/bob"]),
        (
            "logs", "CreateLogGroup", {"logGroupName": "/g", "tags": {"team": "shop"}},
            [f"logs:CreateLogGroup arn:aws:logs:{PLACE}:log-group:/g:log-stream:",
             f"logs:TagResource arn:aws:logs:{PLACE}:log-group:/g"],
        ),
        (
            "dynamodb", "TagResource", {"ResourceArn": f"arn:aws:dynamodb:{PLACE}:table/t", "Tags": TAGS},
            [f"dynamodb:TagResource arn:aws:dynamodb:{PLACE}:table/t"],
        ),
        ("s3", "CreateBucket", {"Bucket": "b", "CreateBucketConfiguration": {"Tags": TAGS}},
         ["s3:CreateBucket arn:aws:s3:::b", "s3:TagResource arn:aws:s3:::b"]),
        ("kms", "Decrypt", {"CiphertextBlob": "sealed"}, [f"kms:Decrypt {KMS}of-text"]),
        ("kms", "Decrypt", {"CiphertextBlob": "other"}, [f"kms:Decrypt {KMS}{UNRESOLVED}"]),
        ("kms", "Decrypt", {"CiphertextBlob": "sealed", "KeyId": "k"}, [f"kms:Decrypt {KMS}k"]),
        ("kms", "Encrypt", {"KeyId": "alias/shop"}, [f"kms:Encrypt {KMS}of-alias"]),
        ("kms", "Encrypt", {"KeyId": "arn:aws:kms:eu-west-1:444455556666:alias/x"},
         [f"kms:Encrypt arn:aws:kms:eu-west-1:444455556666:key/{UNRESOLVED}"]),
        ("athena", "GetQueryExecution", {"QueryExecutionId": "q1"},
         [f"athena:GetQueryExecution arn:aws:athena:{PLACE}:workgroup/night"]),
        ("athena", "GetQueryExecution", {"QueryExecutionId": "q2"},
         [f"athena:GetQueryExecution arn:aws:athena:{PLACE}:workgroup/{UNRESOLVED}"]),
        ("scheduler", "CreateSchedule", {"Name": "s", "GroupName": "g", "Target": PASSED},
         [f"scheduler:CreateSchedule arn:aws:scheduler:{PLACE}:schedule/g/s", f"iam:PassRole {ROLE}"]),
        ("sts", "AssumeRoleWithWebIdentity", PASSED, [f"sts:AssumeRoleWithWebIdentity {ROLE}"]),
        ("sts", "GetCallerIdentity", {}, []),
        ("events", "DescribeEventBus", {}, [f"events:DescribeEventBus arn:aws:events:{PLACE}:event-bus/default"]),
        # S3 says that an object is missing to whoever may list its bucket.
        ("s3", "GetObject", {"Bucket": "b", "Key": "gone"},
         ["s3:GetObject arn:aws:s3:::b/gone", "s3:ListBucket arn:aws:s3:::b"]),
        ("s3", "GetObjectAttributes", {"Bucket": "b", "Key": "gone"},
         ["s3:GetObjectAttributes arn:aws:s3:::b/gone", "s3:ListBucket arn:aws:s3:::b"]),
        ("s3", "PutObject", {"Bucket": "b", "Key": "gone"}, ["s3:PutObject arn:aws:s3:::b/gone"]),
        (
            "s3", "DeleteObjects",
            {"Bucket": "b", "BypassGovernanceRetention": True, "Delete": {"Objects": [{"Key": "a", "VersionId": "1"}]}},
            ["s3:DeleteObjectVersion arn:aws:s3:::b/a", "s3:BypassGovernanceRetention arn:aws:s3:::b/a"],
        ),
        ("lambda", "SendDurableExecutionCallbackSuccess", {"CallbackId": "waits"},
         [f"lambda:SendDurableExecutionCallbackSuccess {EXECUTION}"]),
        ("scheduler", "CreateSchedule", {"Name": "s", "Target": {"RoleArn": HERE.caller}},
         [f"scheduler:CreateSchedule arn:aws:scheduler:{PLACE}:schedule/default/s"]),
        ("rds", "CreateDBProxy", {"Tags": TAGS},
         ["rds:CreateDBProxy *", f"rds:AddTagsToResource arn:aws:rds:{PLACE}:db-proxy:*"]),
        ("events", "ListTargetsByRule", {},
         [f"events:ListTargetsByRule arn:aws:events:{PLACE}:rule/{UNRESOLVED}/{UNRESOLVED}"]),
        ("dynamodb", "TransactGetItems", {"TransactItems": [{"Get": {"TableName": "t"}}]},
         [f"dynamodb:GetItem arn:aws:dynamodb:{PLACE}:table/t"]),
        (
            "cognito-identity", "SetIdentityPoolRoles",
            {"IdentityPoolId": "eu-central-1:x", "Roles": {"authenticated": ROLE, "unauthenticated": f"{ROLE}2"}},
            ["cognito-identity:SetIdentityPoolRoles *", f"iam:PassRole {ROLE}", f"iam:PassRole {ROLE}2"],
        ),
        ("lambda", "PublishVersion", {"FunctionName": "f", "Qualifier": "live"},
         [f"lambda:PublishVersion arn:aws:lambda:{PLACE}:function:f"]),
        # An id of EC2 does not say what it is of: a policy for instances alone does not decide it.
        ("ec2", "CreateTags", {"Resources": ["i-1", "vol-2"], "Tags": TAGS},
         [f"ec2:CreateTags arn:aws:ec2:{PLACE}:{UNRESOLVED}"]),
        ("ec2", "DeleteTags", {"Resources": ["i-1"]}, [f"ec2:DeleteTags arn:aws:ec2:{PLACE}:{UNRESOLVED}"]),
        ("stepfunctions", "SendTaskSuccess", {"taskToken": "t", "output": "{}"},
         [f"states:SendTaskSuccess arn:aws:states:{PLACE}:{UNRESOLVED}"]),
        (
            "ssm", "SendCommand", {"DocumentName": "AmazonCloudWatch-ManageAgent"},
            ["ssm:SendCommand arn:aws:ssm:eu-central-1::document/AmazonCloudWatch-ManageAgent"],
        ),
    ],
)  # fmt: skip
def test_a_request_needs_these_accesses_in_this_order(
    client: str, name: str, parameters: dict[str, Any], expected: list[str]
) -> None:
    asked = OperationRequest(RequestedOperation(client, name, "json"), parameters, ACCOUNT)
    assert expected == [f"{need.action} {need.resource}" for need in needs_of(asked) or ()]


def test_a_secret_of_a_batch_is_told_by_its_arn_and_by_what_the_request_calls_it() -> None:
    parameters = {"SecretIdList": ["sealed"]}
    operation = RequestedOperation("secretsmanager", "BatchGetSecretValue", "json")
    needed = needs_of(OperationRequest(operation, parameters, ACCOUNT)) or ()
    named = (f"{SECRETS}sealed-AbCdEf", "sealed")
    assert [(), named, named] == [need.part for need in needed]


def test_a_tag_without_a_value_has_an_empty_one() -> None:
    assert {"team": ""} == request_tags({"Tags": [{"Key": "team"}]})


def test_what_ec2_makes_and_its_tags_are_asked_for_as_any() -> None:
    tagged = [{"ResourceType": "volume", "Tags": TAGS}]
    asked = OperationRequest(RequestedOperation("ec2", "RunInstances", "json"), {"TagSpecifications": tagged}, ACCOUNT)
    needed = [f"{need.action} {need.resource}" for need in needs_of(asked) or ()]
    assert f"ec2:RunInstances arn:aws:ec2:{PLACE}:instance/*" in needed
    assert [f"ec2:CreateTags arn:aws:ec2:{PLACE}:volume/*"] == [need for need in needed if "CreateTags" in need]


@pytest.mark.parametrize(
    ("client", "operation", "parameter", "further", "kind", "name"),
    [
        ("lambda", "Invoke", "FunctionName", {}, "lambda:{}:function:", "report"),
        ("ecs", "RunTask", "taskDefinition", {}, "ecs:{}:task-definition/", "web:3"),
        ("ecs", "UpdateService", "cluster", {"service": "s"}, "ecs:{}:cluster/", "web"),
        ("logs", "FilterLogEvents", "logGroupIdentifier", {}, "logs:{}:log-group:", "/shop"),
        ("events", "PutRule", "EventBusName", {"Name": "r"}, "events:{}:event-bus/", "shop"),
        ("events", "DescribeEventBus", "Name", {}, "events:{}:event-bus/", "shop"),
        ("ssm", "GetParameter", "Name", {}, "ssm:{}:parameter", "/shop/key"),
        ("ssm", "SendCommand", "DocumentName", {"InstanceIds": ["i-1"]}, "ssm:{}:document/", "restart"),
        ("kms", "Encrypt", "KeyId", {}, "kms:{}:key/", "1234abcd"),
        ("bedrock-runtime", "InvokeModel", "modelId", {}, "bedrock:eu-central-1::foundation-model/", "amazon.nova"),
        ("bedrock-runtime", "InvokeModel", "modelId", {}, "bedrock:{}:inference-profile/", "eu.amazon.nova"),
        ("dynamodb", "GetItem", "TableName", {}, "dynamodb:{}:table/", "orders"),
        ("dynamodb", "Query", "TableName", {"IndexName": "by-day"}, "dynamodb:{}:table/", "orders"),
    ],
)
def test_a_request_is_asked_on_the_same_by_a_name_as_by_an_arn(
    client: str, operation: str, parameter: str, further: dict[str, Any], kind: str, name: str
) -> None:
    def resources(text: str) -> list[str]:
        requested = RequestedOperation(client, operation, "json")
        needed = needs_of(OperationRequest(requested, {parameter: text, **further}, HERE)) or ()
        return [need.resource for need in needed]

    by_name = resources(name)
    assert by_name == resources(f"arn:aws:{kind.format(PLACE)}{name}")
    assert name.strip("/") in by_name[0]
    assert [] == [arn for arn in by_name if UNRESOLVED in arn]


@pytest.mark.parametrize(
    ("request_", "service", "body", "expected"),
    [
        pytest.param(
            received("POST", "/", x_amz_target="DynamoDB_20120810.PutItem"), "dynamodb",
            b'{"TableName": "orders"}', "dynamodb:PutItem on arn:aws:dynamodb:eu-central-1:111122223333:table/orders",
            id="json",
        ),
        pytest.param(
            received("POST", "/", content_type=FORM), "sns", b"Action=Publish&TopicArn=arn%3Aaws%3Asns%3Aeu-central-1"
            b"%3A111122223333%3Anews&Message=x&Version=2010-03-31",
            "sns:Publish on arn:aws:sns:eu-central-1:111122223333:news", id="query",
        ),
        pytest.param(
            received("POST", "/", content_type=FORM), "ec2",
            b"Action=TerminateInstances&Version=2016-11-15&InstanceId.1=i-0a",
            "ec2:TerminateInstances on arn:aws:ec2:eu-central-1:111122223333:instance/i-0a", id="ec2",
        ),
        pytest.param(
            received("POST", "/2015-03-31/functions/report/invocations?Qualifier=live"), "lambda", b"",
            "lambda:InvokeFunction on arn:aws:lambda:eu-central-1:111122223333:function:report:live", id="rest-json",
        ),
        pytest.param(
            received("GET", "/shop/a%20b//c?versionId=1"), "s3", b"",
            "s3:GetObjectVersion on arn:aws:s3:::shop/a b//c", id="rest-xml",
        ),
        pytest.param(
            received("GET", "/a", host="shop.s3.localhost:4566"), "s3", b"", "s3:GetObject on arn:aws:s3:::shop/a",
            id="virtual host of S3",
        ),
        pytest.param(
            received("GET", "/shop?list-type=2&prefix=a"), "s3", b"", "s3:ListBucket on arn:aws:s3:::shop",
            id="a query that tells the operation",
        ),
        pytest.param(
            received("GET", "/shop/a?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0"), "s3", b"",
            "s3:GetObject on arn:aws:s3:::shop/a", id="signed URL",
        ),
        pytest.param(
            received("POST", "/service/GraniteServiceVersion20100801/operation/PutMetricData",
                     smithy_protocol="rpc-v2-cbor"), "monitoring", b"\xa1\x69Namespace\x64shop",
            "cloudwatch:PutMetricData on *", id="cbor",
        ),
        pytest.param(
            received("POST", "/_aws/execute-api/0a1b2c3d/prod/@connections/abc%3D"), "execute-api", b"x",
            "execute-api:ManageConnections on arn:aws:execute-api:eu-central-1:111122223333:"
            "0a1b2c3d/prod/POST/@connections/abc=", id="connections of a WebSocket API",
        ),
    ],
)  # fmt: skip
def test_a_request_of_each_protocol_tells_its_access(
    request_: ReceivedRequest, service: str, body: bytes, expected: str
) -> None:
    assert [expected] == needs(request_, service, body)


def test_each_deleted_object_is_asked_for_by_itself_also_in_signed_chunks() -> None:
    content = (
        b"<Delete><Object><Key>a</Key></Object><Object><Key>b&amp;c</Key><VersionId>1</VersionId></Object></Delete>"
    )
    chunks = b"%x;chunk-signature=0\r\n%s\r\n0;chunk-signature=0\r\nx-amz-trailer-signature:0\r\n\r\n" % (
        len(content),
        content,
    )
    request = received("POST", "/shop?delete", content_encoding="aws-chunked")
    expected = ["s3:DeleteObject on arn:aws:s3:::shop/a", "s3:DeleteObjectVersion on arn:aws:s3:::shop/b&c"]
    assert expected == needs(request, "s3", chunks)


def test_a_large_body_goes_on_as_the_object_that_it_is() -> None:
    content = b"x" * 2_000_000
    assert canonical_request(received("PUT", "/shop/a"), "s3", content).body is content
    document = json.dumps({"QueueUrl": "http://localhost/111122223333/q", "MessageBody": "x" * 2_000_000}).encode()
    request = received("POST", "/", x_amz_target="AmazonSQS.SendMessage")
    assert canonical_request(request, "sqs", document).body is document


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("aws-chunked", None), ("gzip,aws-chunked", "gzip"), ("aws-chunked, br, gzip", "br,gzip"), ("gzip", "gzip")],
)
def test_an_object_has_its_own_encodings_and_not_that_of_its_way(sent: str, kept: str | None) -> None:
    body = b"3\r\nabc\r\n0\r\n\r\n" if "chunked" in sent else b"abc"
    asked = canonical_request(received("PUT", "/shop/a", content_encoding=sent), "s3", body)
    assert (kept, b"abc") == (asked.headers.get("content-encoding"), asked.body)


def test_a_role_that_is_handed_to_a_service_is_asked_for_as_well() -> None:
    role = "arn:aws:iam::111122223333:role/worker"
    body = json.dumps({"FunctionName": "f", "Role": role, "Code": {}}).encode()
    request = received("POST", "/2015-03-31/functions", content_type="application/json")
    assert f"iam:PassRole on {role}" in needs(request, "lambda", body)
    targets = json.dumps({"Rule": "nightly", "Targets": [{"Id": "1", "Arn": "arn:aws:sqs:r:1:q", "RoleArn": role}]})
    request = received("POST", "/", x_amz_target="AWSEvents.PutTargets")
    expected = ["events:PutTargets on arn:aws:events:eu-central-1:111122223333:rule/nightly", f"iam:PassRole on {role}"]
    assert expected == needs(request, "events", targets.encode())


@pytest.mark.parametrize(
    ("target", "service", "body", "expected"),
    [
        (
            "AmazonEC2ContainerServiceV20141113.DescribeServices", "ecs", {"cluster": "web", "services": ["a", "b"]},
            ["ecs:DescribeServices on arn:aws:ecs:eu-central-1:111122223333:service/web/a",
             "ecs:DescribeServices on arn:aws:ecs:eu-central-1:111122223333:service/web/b"],
        ),
        (
            "AmazonAthena.DeleteCapacityReservation", "athena", {"Name": "night"},
            ["athena:DeleteCapacityReservation on arn:aws:athena:eu-central-1:111122223333:capacity-reservation/night"],
        ),
    ],
)  # fmt: skip
def test_parameters_that_are_called_almost_as_the_arn_has_it_fill_it(
    target: str, service: str, body: dict[str, object], expected: list[str]
) -> None:
    assert expected == needs(received("POST", "/", x_amz_target=target), service, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ('SELECT "FROM open" FROM orders', "orders"),
        ("SELECT 'FROM open' FROM \"orders\"", "orders"),
        ('-- FROM "open"\nSELECT * FROM "orders"', "orders"),
        ('/* FROM "open" */ SELECT * FROM "orders"', "orders"),
        ("SELECT * FROM \"orders\" WHERE a = '-- ; FROM open'", "orders"),
        ('SELECT * FROM "orders"."by-date"', "orders/index/by-date"),
        ("SELECT * FROM open;SELECT * FROM orders", "open"),
    ],
)
def test_a_statement_names_its_table_outside_of_quotes_and_comments(statement: str, table: str) -> None:
    request = received("POST", "/", x_amz_target="DynamoDB_20120810.ExecuteStatement")
    body = json.dumps({"Statement": statement}).encode()
    assert [f"dynamodb:PartiQLSelect on arn:aws:dynamodb:{PLACE}:table/{table}"] == needs(request, "dynamodb", body)


VERBS = {
    "PartiQLSelect": "SELECT * FROM {} WHERE id = ?",
    "PartiQLInsert": "INSERT INTO {} VALUE {{'id': ?}}",
    "PartiQLUpdate": "UPDATE {} SET a = ? WHERE id = ?",
    "PartiQLDelete": "DELETE FROM {} WHERE id = ?",
}
TABLES = {"orders": "orders", '"orders"': "orders", '"FROM orders"."INTO x"': "FROM orders/index/INTO x"}
SPACES = (" ", "\n\t", " -- it's FROM open\n", '/* INTO "open"\n */')


@pytest.mark.parametrize("operation", ["ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"])
def test_each_partiql_statement_needs_its_verb_on_its_table_however_it_is_written(operation: str) -> None:
    entries, expected = [], []
    for (action, form), (table, name), space in product(VERBS.items(), TABLES.items(), SPACES):
        for statement in (form, form.lower()):
            entries.append({"Statement": statement.replace(" ", space).format(table)})
            expected.append((f"dynamodb:{action}", f"arn:aws:dynamodb:{PLACE}:table/{name}"))
    key = {"BatchExecuteStatement": "Statements", "ExecuteTransaction": "TransactStatements"}.get(operation)
    requested = RequestedOperation("dynamodb", operation, "json")
    needed = []
    for parameters in entries if key is None else [{key: entries}]:
        needed += needs_of(OperationRequest(requested, parameters, HERE)) or ()
    assert expected == [(need.action, need.resource) for need in needed]


def test_what_nothing_tells_of_an_arn_is_unresolved() -> None:
    request = received("POST", "/", x_amz_target="Kinesis_20131202.GetRecords")
    expected = ["kinesis:GetRecords on arn:aws:kinesis:eu-central-1:111122223333:stream/${Unresolved}"]
    assert expected == needs(request, "kinesis", b'{"ShardIterator": "opaque"}')


@pytest.mark.parametrize(
    ("request_", "service", "code"),
    [
        (received("POST", "/", x_amz_target="DynamoDB_20120810.Nothing"), "dynamodb", "UnknownOperationException"),
        (received("POST", "/", x_amz_target="DynamoDB_20120810.PutItem"), "sqs", "InvalidSignatureException"),
        (received("POST", "/", content_type=FORM), "sns", "InvalidAction"),
        (received("PATCH", "/shop"), "s3", "MethodNotAllowed"),
        (received("GET", "/?MyAction=x"), "iam", "UnknownOperationException"),
        (received("PUT", "/?Action=ListUsers"), "iam", "InvalidAction"),
        (received("POST", "/service/GraniteServiceVersion20100801/operation/PutMetricData"), "monitoring",
         "UnknownOperationException"),
        (received("GET", "/service/GraniteServiceVersion20100801/operation/PutMetricData",
                  smithy_protocol="rpc-v2-cbor"), "monitoring", "UnknownOperationException"),
        (received("POST", "/", x_amz_target="Nothing_2020.PutItem"), "dynamodb", "UnknownOperationException"),
        (received("GET", "/", x_amz_target="DynamoDB_20120810.ListTables"), "dynamodb", "UnknownOperationException"),
        (received("GET", "/_aws/execute-api/0a1b2c3d/live/@connections/x"), "s3", "MethodNotAllowed"),
        (received("GET", "/2015-03-31//functions"), "lambda", "UnknownOperationException"),
        (received("GET", "/2015-03-31/functions/./configuration"), "lambda", "UnknownOperationException"),
        (received("GET", "/2015-03-31/functions/f", host="shop.s3.localhost"), "lambda", "InvalidSignatureException"),
        (received("GET", "/2015-03-31/functions/a%2Fconfiguration"), "lambda", "UnknownOperationException"),
        (received("GET", "/restapis/a%2525"), "apigateway", "UnknownOperationException"),
        (received("GET", "/restapis/a%2Fresources"), "apigateway", "UnknownOperationException"),
        (received("GET", "/shop?acl&policy"), "s3", "InvalidArgument"),
        (received("GET", "/shop?list-type=1&list-type=2"), "s3", "InvalidArgument"),
        (received("GET", "/shop?list-type=2&prefix=a&prefix=b"), "s3", "InvalidArgument"),
        (received("POST", "/service/Nothing/operation/Nothing"), "monitoring", "UnknownOperationException"),
    ],
)  # fmt: skip
def test_what_no_model_has_is_refused_as_aws_does(request_: ReceivedRequest, service: str, code: str) -> None:
    assert code == refusal(request_, service, b"Action=Nothing")


def refusal(request: ReceivedRequest, service: str, body: bytes) -> str:
    with pytest.raises(RefusedRequest) as refused:
        canonical_request(request, service, body)
    return refused.value.code


ELSEWHERE = "eu-west-1:444455556666"


@pytest.mark.parametrize(
    ("client", "operation", "parameters", "resource"),
    [
        ("lambda", "Invoke", {"FunctionName": "lambda:{}:function:f:live"}, "lambda:{}:function:f:live"),
        ("lambda", "Invoke", {"FunctionName": "lambda:{}:function:f"}, "lambda:{}:function:f"),
        ("lambda", "GetLayerVersion", {"LayerName": "lambda:{}:layer:l", "VersionNumber": 3}, "lambda:{}:layer:l:3"),
        ("logs", "FilterLogEvents", {"logGroupIdentifier": "logs:{}:log-group:g"}, "logs:{}:log-group:g:log-stream:"),
        (
            "dynamodb", "Query", {"TableName": "dynamodb:{}:table/t", "IndexName": "i"}, "dynamodb:{}:table/t/index/i",
        ),
        ("events", "PutRule", {"EventBusName": "events:{}:event-bus/b", "Name": "r"}, "events:{}:rule/b/r"),
        (
            "events", "PutRule", {"EventBusName": "events:{}:event-bus/aws.partner/x/y", "Name": "r"},
            "events:{}:rule/aws.partner/x/y/r",
        ),
        ("kms", "Decrypt", {"KeyId": "kms:{}:key/k"}, "kms:{}:key/k"),
        ("ssm", "GetParameter", {"Name": "ssm:{}:parameter/a"}, "ssm:{}:parameter/a"),
        ("sns", "Publish", {"TopicArn": "sns:{}:t"}, "sns:{}:t"),
        (
            "cloudformation", "DescribeStacks", {"StackName": "cloudformation:{}:stack/s/1"},
            "cloudformation:{}:stack/s/1",
        ),
    ],
)  # fmt: skip
def test_what_an_arn_says_to_be_another_accounts_is_asked_for_there(
    client: str, operation: str, parameters: dict[str, Any], resource: str
) -> None:
    stated = {
        name: f"arn:aws:{value.format(ELSEWHERE)}" if "{}" in str(value) else value
        for name, value in parameters.items()
    }
    setting = replace(HERE, region="eu-west-1")
    needed = needs_of(OperationRequest(RequestedOperation(client, operation, "json"), stated, setting)) or ()
    assert [f"arn:aws:{resource.format(ELSEWHERE)}"] == [need.resource for need in needed]


USERS = "AWSCognitoIdentityProviderService"


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (received("POST", "/", x_amz_target=f"{USERS}.InitiateAuth"), True),
        (received("POST", "/", x_amz_target=f"{USERS}.AdminInitiateAuth"), False),
        (received("POST", "/", x_amz_target=f"{USERS}.Nothing"), False),
        (received("POST", "/", x_amz_target="AmazonSQS.SendMessage"), False),
        (received("POST", "/", x_amz_target=f"{USERS}.InitiateAuth", authorization="AWS4-HMAC-SHA256"), False),
        (received("POST", "/?X-Amz-Signature=0", x_amz_target=f"{USERS}.InitiateAuth"), False),
        (received("GET", "/", x_amz_target=f"{USERS}.InitiateAuth"), False),
        (received("POST", "/pool", x_amz_target=f"{USERS}.InitiateAuth"), False),
        (received("POST", "/"), False),
    ],
)
def test_what_a_user_asks_a_pool_for_is_known_by_its_operation_and_has_no_signature(
    request_: ReceivedRequest, *, expected: bool
) -> None:
    assert expected == is_of_user(request_)


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/444455556666/orders", "http://localhost/111122223333/orders"),
        ("/111122223333/refunds", "http://localhost/111122223333/orders"),
        ("/orders", "http://localhost/111122223333/orders"),
        ("/", "http://localhost/111122223333/orders?x"),
    ],
)
def test_an_address_of_no_queue_or_of_another_one_is_refused(path: str, address: str) -> None:
    request = received("POST", path, x_amz_target="AmazonSQS.SendMessage")
    assert "InvalidAddress" == refusal(request, "sqs", json.dumps({"QueueUrl": address}).encode())


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"\xff\xfe", b"null", b'{"TableName": 1}', b"[" * 100_000, b'{"a":' * 900]
)
def test_a_body_that_is_broken_is_refused(body: bytes) -> None:
    request = received("POST", "/", x_amz_target="DynamoDB_20120810.PutItem")
    assert "SerializationException" == refusal(request, "dynamodb", body)


def test_an_empty_body_tells_no_parameters() -> None:
    request = received("POST", "/", x_amz_target="DynamoDB_20120810.PutItem")
    unresolved = "dynamodb:PutItem on arn:aws:dynamodb:eu-central-1:111122223333:table/${Unresolved}"
    assert [unresolved] == needs(request, "dynamodb", b"")


def test_a_body_says_nothing_of_what_the_path_names() -> None:
    request = received("POST", "/2021-10-31/functions/mine/url")
    asked = canonical_request(request, "lambda", b'{"AuthType": "NONE", "FunctionName": "another"}')
    assert ("mine", "NONE") == (asked.parameters["FunctionName"], asked.parameters["AuthType"])


def test_a_parameter_that_is_null_is_none() -> None:
    request = received("POST", "/", x_amz_target="DynamoDB_20120810.ListTables")
    asked = canonical_request(request, "dynamodb", b'{"Limit": 0, "ExclusiveStartTableName": null}')
    assert {"Limit": 0} == asked.parameters
    empty = canonical_request(request, "dynamodb", b'{"ExclusiveStartTableName": ""}')
    assert {"ExclusiveStartTableName": ""} == empty.parameters


@pytest.mark.parametrize(
    "body",
    [
        b'<?xml version="1.0" encoding="shift_jis"?><Delete/>',
        b"<",
        b"<Delete>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&d;</a>',
    ],
)
def test_a_broken_list_of_objects_is_refused(body: bytes) -> None:
    assert "MalformedXML" == refusal(received("POST", "/shop?delete"), "s3", body)


def test_an_empty_list_of_objects_asks_for_none() -> None:
    assert [] == needs(received("POST", "/shop?delete"), "s3", b"<Delete/>")


@pytest.mark.parametrize(
    ("body", "service", "made_anew"),
    [
        ("Action=Publish&TopicArn=a&TopicArn.x=b&Message=m", "sns", "TopicArn=a&Message=m"),
        ("Action=StopInstances&InstanceId.3=c&InstanceId.1=a&InstanceId.x=b", "ec2", "InstanceId.1=a&InstanceId.2=c"),
        (
            "Action=TagUser&UserName=u&Tags.member.1.Key=k&Tags.member.1.Value=v&Other=1", "iam",
            "UserName=u&Tags.member.1.Key=k&Tags.member.1.Value=v",
        ),
        (
            "Action=SetSubscriptionAttributes&Attributes.1.Name=x&SubscriptionArn=s", "sns", "SubscriptionArn=s",
        ),
        (
            "Action=CreateTopic&Name=n&Attributes.entry.2.key=a&Attributes.entry.2.value=b", "sns",
            "Name=n&Attributes.entry.1.key=a&Attributes.entry.1.value=b",
        ),
        ("Action=CreateStack&StackName=s&Capabilities=", "cloudformation", "StackName=s&Capabilities="),
        ("Action=CreateStack&StackName=s&Capabilities.1=C", "cloudformation", "StackName=s&Capabilities="),
        (
            "Action=StopInstances&InstanceId.10=c&InstanceId.2=b&InstanceId.1=a", "ec2",
            "InstanceId.1=a&InstanceId.2=b&InstanceId.3=c",
        ),
        (
            "Action=CreateTopic&Name=n&Attributes.entry.1.key=a&Attributes.entry.2.key.x=b", "sns",
            "Name=n&Attributes.entry.1.key=a&Attributes.entry.1.value=",
        ),
        (
            "Action=Publish&MessageAttributes.entry.1.Name=n&MessageAttributes.entry.1.Value.DataType=Binary", "sns",
            "MessageAttributes.entry.1.Name=n&MessageAttributes.entry.1.Value.DataType=Binary",
        ),
    ],
)  # fmt: skip
def test_a_form_is_made_anew_from_what_was_read_of_it(body: str, service: str, made_anew: str) -> None:
    asked = canonical_request(received("POST", "/", content_type=FORM), service, body.encode())
    assert made_anew == "&".join(unquote(asked.body.decode()).split("&")[2:])


@pytest.mark.parametrize(
    ("service", "body"),
    [
        ("sns", "Action=Publish&TopicArn.x=1&TopicArn=a&Message=m"),
        ("sqs", "Action=SendMessage&QueueUrl.x=1&QueueUrl=http://localhost/111122223333/q&MessageBody=m"),
    ],
)
def test_a_text_with_members_is_refused(service: str, body: str) -> None:
    assert "MalformedQueryString" == refusal(received("POST", "/", content_type=FORM), service, body.encode())


def test_the_numbers_of_a_form_may_be_nonsense() -> None:
    body = b"Action=TerminateInstances&InstanceId.%s=i-1&InstanceId.2=i-2&InstanceId.x=i-3&InstanceId.1=i-4"
    expected = [
        f"ec2:TerminateInstances on arn:aws:ec2:eu-central-1:111122223333:instance/{name}" for name in ("i-4", "i-2")
    ]
    assert expected == needs(received("POST", "/", content_type=FORM), "ec2", body % (b"9" * 5000))


def read_from_cbor(content: bytes) -> Any:
    request = received(
        "POST", "/service/GraniteServiceVersion20100801/operation/PutMetricData", smithy_protocol="rpc-v2-cbor"
    )
    return canonical_request(request, "monitoring", content).parameters


@pytest.mark.parametrize(
    "content", [b"\xa1", b"\x1f", b"\x81" * 10_000, b"\xfb\x00", b"\x62\xff\xff", b"\xa1\xa0", b"\x81\x01"]
)
def test_broken_cbor_is_refused(content: bytes) -> None:
    with pytest.raises(RefusedRequest, match="CBOR"):
        read_from_cbor(content)


def test_cbor_of_open_length_is_read() -> None:
    content = b"\xbf\x6aMetricData\x9f\x01\x20\xf5\xff\x69Namespace\x7f\x61x\x61y\xff\x61d\xf9\x3c\x00\xff"
    assert {"MetricData": [1, -1, True], "Namespace": "xy"} == read_from_cbor(content)
    assert {} == read_from_cbor(b"\xa0")


QUEUE_URL = "http://localhost/111122223333/q"
SQS_VERSION = "2012-11-05"


@pytest.mark.parametrize(
    ("request_", "service", "body", "expected"),
    [
        (received("POST", "/?Action=ListUsers&PathPrefix=/a/", content_type=FORM), "iam", b"MaxItems=5",
         "Action=ListUsers&Version=2010-05-08&PathPrefix=/a/&MaxItems=5"),
        (received("GET", "/?Action=ListUsers"), "iam", b"MaxItems=5", "Action=ListUsers&Version=2010-05-08"),
        (received("POST", "/", content_type=FORM), "sqs", b"Action=ListQueues&Version=2009-02-01",
         f"Action=ListQueues&Version={SQS_VERSION}"),
        (received("POST", "/111122223333/q", content_type=FORM), "sqs", b"Action=SendMessage&MessageBody=m",
         f"Action=SendMessage&Version={SQS_VERSION}&MessageBody=m&QueueUrl={QUEUE_URL}"),
        (received("POST", "/111122223333/q", content_type=FORM), "sqs", b"Action=ListQueues",
         f"Action=ListQueues&Version={SQS_VERSION}"),
        (received("POST", "/", x_amz_target="DynamoDB_20120810.ListTables"), "dynamodb", b"", "{}"),
        (received("POST", "/", x_amz_target="DynamoDB_20120810.ListTables", content_encoding="identity"), "dynamodb",
         b'{"Limit":  1}', '{"Limit":  1}'),
        (received("POST", "/", x_amz_target="DynamoDB_20120810.ListTables"), "dynamodb",
         b'{"ExclusiveStartTableName": null, "x": 1}', '{"ExclusiveStartTableName": null}'),
        (received("PUT", "/2015-03-31/functions/f/configuration"), "lambda", b'{"Timeout": 3, "Other": 1}',
         '{"Timeout": 3}'),
        (received("PUT", "/2015-03-31/functions/f/configuration"), "lambda", b'{"Timeout":  3}', '{"Timeout":  3}'),
        (received("GET", "/2015-03-31/functions/f"), "lambda", b'{"FunctionName": "g"}', ""),
    ],
)  # fmt: skip
def test_the_emulator_gets_what_the_model_has_and_what_was_decided(
    request_: ReceivedRequest, service: str, body: bytes, expected: str
) -> None:
    assert expected == unquote(canonical_request(request_, service, body).body.decode())


@pytest.mark.parametrize(
    ("target", "service", "address"),
    [
        ("/shop?location", "s3", "/shop?location="),
        ("/shop?list-type=2&prefix=a%2Fb&other=1", "s3", "/shop?list-type=2&prefix=a%2Fb"),
        ("/shop?versions&key-marker=a", "s3", "/shop?versions=&key-marker=a"),
        ("/2015-03-31/functions/", "lambda", "/2015-03-31/functions?"),
        ("/authorizers", "iot", "/authorizers/?"),
        ("/2015-03-31/functions/f", "lambda", "/2015-03-31/functions/f?"),
        ("/v2/apis?maxResults=5", "apigateway", "/v2/apis?maxResults=5"),
    ],
)  # fmt: skip
def test_a_path_and_a_query_are_made_anew_of_what_the_model_has(target: str, service: str, address: str) -> None:
    asked = canonical_request(received("GET", target), service, b"")
    assert address == f"{asked.path}?{asked.query}"


def test_each_text_of_a_list_in_a_query_is_kept() -> None:
    request = received("DELETE", "/v2/tags/arn?tagKeys=a&tagKeys=b")
    asked = canonical_request(request, "apigateway", b"")
    assert ("tagKeys=a&tagKeys=b", ["a", "b"]) == (asked.query, asked.parameters["TagKeys"])
    alone = canonical_request(received("DELETE", "/v2/tags/arn?tagKeys=a"), "apigateway", b"")
    assert ("tagKeys=a", "a") == (alone.query, alone.parameters["TagKeys"])


def test_what_should_be_an_object_inside_of_a_body_and_is_none_has_no_members() -> None:
    body = b'{"stageName": "s", "routeSettings": {"a": "x", "b": {"detailedMetricsEnabled": true}}}'
    parameters = canonical_request(received("POST", "/v2/apis/a/stages"), "apigateway", body).parameters
    routes = {"a": {}, "b": {"DetailedMetricsEnabled": True}}
    assert {"ApiId": "a", "StageName": "s", "RouteSettings": routes} == parameters


@pytest.mark.parametrize(
    ("request_", "service", "body"),
    [
        (received("PUT", "/2015-03-31/functions/f/configuration"), "lambda", b"[" * 100_000),
        (received("POST", "/shop?delete"), "s3", b"<Delete>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</Delete>"),
    ],
)
def test_a_body_that_nests_deeper_than_any_api_takes_is_refused(
    request_: ReceivedRequest, service: str, body: bytes
) -> None:
    assert "SerializationException" == refusal(request_, service, body)


CHECKSUM = "x-amz-checksum-crc32"


def test_the_headers_of_an_object_are_those_of_the_model_and_its_checksums_also_behind_the_body() -> None:
    body = b"1\r\na\r\n0\r\nX-Amz-Checksum-Crc32: AAAA==\r\nx-amz-trailer-signature:0\r\n\r\n"
    headers = {"content_encoding": "aws-chunked", "x_amz_meta_team": "shop", "x_amz_other": "1", "content_md5": "m"}
    asked = canonical_request(received("PUT", "/shop/a", **headers), "s3", body)
    assert {CHECKSUM: "AAAA==", "x-amz-meta-team": "shop", "content-md5": "m"} == asked.headers
    assert b"a" == asked.body
    plain = canonical_request(received("PUT", "/shop/a"), "s3", b"a")
    assert ({"Bucket": "shop", "Key": "a"}, {}) == (plain.parameters, plain.headers)
    assert {"team": "shop"} == asked.parameters["Metadata"]


def test_the_trace_of_an_invocation_goes_on() -> None:
    trace = "Root=1-0-0;Lineage=0:1:0"
    request = received("POST", "/2015-03-31/functions/f/invocations", x_amzn_trace_id=trace, x_other="1")
    assert {"x-amzn-trace-id": trace} == canonical_request(request, "lambda", b"").headers


SIGNED = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0"


@pytest.mark.parametrize(
    ("query", "headers", "acl"),
    [
        (f"{SIGNED}&X-Amz-Acl=private", {}, "private"),
        (f"{SIGNED}&X-Amz-Acl=private", {"x_amz_acl": "public-read"}, "public-read"),
        (f"{SIGNED}&X-Amz-Acl=private", {"authorization": "AWS4-HMAC-SHA256"}, None),
        ("X-Amz-Acl=private&Signature=0&AWSAccessKeyId=a", {}, None),
        (f"{SIGNED}&X-Amz-Checksum-Crc32=AAAA", {}, None),
    ],
)
def test_a_signed_url_has_headers_in_its_query_and_no_other_request_has(
    query: str, headers: dict[str, str], acl: str | None
) -> None:
    asked = canonical_request(received("PUT", f"/shop/a?{query}", **headers), "s3", b"")
    assert (acl, acl) == (asked.received.header("x-amz-acl"), asked.parameters.get("ACL"))
    assert not any("checksum" in name for name in asked.headers)


@pytest.mark.parametrize(
    ("method", "target", "service", "body", "content_type"),
    [
        ("PUT", "/shop?tagging", "s3", b" <Tagging><TagSet/></Tagging>", "application/xml"),
        ("PUT", "/2015-03-31/functions/f/configuration", "lambda", b'{"Timeout": 3}', "application/json"),
        ("PUT", "/shop/a", "s3", b"<Tagging/>", "text/plain"),
        ("GET", "/2015-03-31/functions/f", "lambda", b"{}", None),
    ],
)
def test_a_body_is_said_to_be_what_it_is_and_an_object_what_its_sender_says(
    method: str, target: str, service: str, body: bytes, content_type: str | None
) -> None:
    asked = canonical_request(received(method, target, content_type="text/plain"), service, body)
    assert content_type == asked.headers.get("content-type")


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("/open/a", ""), ("open/a", ""), ("open/a?versionId=1", ""), ("open/a%2Fb", ""), ("open/a%3Fb", ""),
        ("open/a%3FversionI=1?versionId=2", ""),
        ("o/a", "InvalidArgument"), ("open/a%3FversionId=1", "InvalidArgument"), ("//open/a", "InvalidArgument"),
    ],
)  # fmt: skip
def test_a_copy_has_one_source_in_the_one_spelling_of_it(source: str, code: str) -> None:
    request = received("PUT", "/shop/b", x_amz_copy_source=source)
    if code:
        assert code == refusal(request, "s3", b"")
    else:
        assert source == canonical_request(request, "s3", b"").parameters["CopySource"]


GZIPPED = gzip.compress(b"{}", mtime=0)


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        ({"content_encoding": "gzip"}, GZIPPED * 2, "SerializationException"),
        ({"content_encoding": "gzip"}, GZIPPED[:-1], "SerializationException"),
        ({"content_encoding": "gzip, gzip"}, gzip.compress(GZIPPED), "UnsupportedMediaTypeException"),
        ({"content_encoding": "br"}, b"{}", "UnsupportedMediaTypeException"),
        ({}, '{"Limit": 1}'.encode("utf-16"), "SerializationException"),
        ({}, b'{"Limit": [1]}', "SerializationException"),
        ({}, b'{"ExclusiveStartTableName": 1}', "SerializationException"),
        ({"content_encoding": "aws-chunked"}, b"2\r\n{}XX0\r\n\r\n", "IncompleteBody"),
        ({"content_encoding": "aws-chunked"}, b"2\r\n{}\r\n", "IncompleteBody"),
        ({"content_encoding": "aws-chunked"}, b"9\r\n{}", "IncompleteBody"),
        ({"content_encoding": "aws-chunked", "x_amz_decoded_content_length": "1"}, b"2\r\n{}\r\n0\r\n\r\n",
         "IncompleteBody"),
    ],
)  # fmt: skip
def test_a_body_that_could_be_read_in_two_ways_is_refused(headers: dict[str, str], body: bytes, code: str) -> None:
    request = received("POST", "/", x_amz_target="DynamoDB_20120810.ListTables", **headers)
    assert code == refusal(request, "dynamodb", body)


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("", "Action=ListTopics&NextToken=a&NextToken=b"),
        ("", "Action=ListTopics&Action=ListTopics"),
        ("?NextToken=a", "Action=ListTopics&NextToken=a"),
        ("?Action=ListTopics", "Action=DeleteTopic"),
        ("?Action=ListTopics&Other=1&Other=", ""),
    ],
)
def test_a_form_that_gives_a_parameter_twice_is_refused(query: str, body: str) -> None:
    request = received("POST", f"/{query}", content_type=FORM)
    with pytest.raises(RefusedRequest, match="is given twice") as refused:
        canonical_request(request, "sns", body.encode())
    assert ("MalformedQueryString", 400) == (refused.value.code, refused.value.status)


@pytest.mark.parametrize(
    ("request_", "service", "status"),
    [
        (received("GET", "/nothing"), "lambda", 404),
        (received("POST", "/", x_amz_target="DynamoDB_20120810.Nothing"), "dynamodb", 400),
        (received("GET", "/?Action=Nothing"), "iam", 400),
        (received("POST", "/service/Nothing/operation/Nothing"), "monitoring", 400),
        (received("PATCH", "/shop"), "s3", 405),
    ],
)
def test_what_no_model_has_is_refused_with_the_status_of_its_protocol(
    request_: ReceivedRequest, service: str, status: int
) -> None:
    with pytest.raises(RefusedRequest) as refused:
        canonical_request(request_, service, b"")
    assert status == refused.value.status


LOAD_BALANCERS = "elasticloadbalancing"
BLOCK = {"x_amz_data_length": "1", "x_amz_checksum": "c", "x_amz_checksum_algorithm": "SHA256"}


@pytest.mark.parametrize(
    ("request_", "service", "operation", "parameters"),
    [
        (received("GET", "/?Action=DescribeLoadBalancers&Version=2015-12-01"), LOAD_BALANCERS,
         "elbv2:DescribeLoadBalancers", {}),
        (received("GET", "/?Action=DescribeLoadBalancers&Version=2012-06-01"), LOAD_BALANCERS,
         "elb:DescribeLoadBalancers", {}),
        (received("GET", "/?Action=DescribeDBInstances&Version=2014-10-31"), "rds", "rds:DescribeDBInstances", {}),
        (received("GET", "/2015-03-31/functions", host="lambda.localhost"), "lambda", "lambda:ListFunctions", {}),
        (received("GET", "/shop/"), "s3", "s3:ListObjects", {"Bucket": "shop"}),
        (received("GET", "/shop?list-type=2"), "s3", "s3:ListObjectsV2", {"Bucket": "shop"}),
        (received("GET", "/shop/a//b/"), "s3", "s3:GetObject", {"Bucket": "shop", "Key": "a//b/"}),
        (received("GET", "/shop/a%2Fb%25"), "s3", "s3:GetObject", {"Bucket": "shop", "Key": "a/b%"}),
        (received("GET", "/shop", host="s3.localhost:4566"), "s3", "s3:ListObjects", {"Bucket": "shop"}),
        (received("GET", "/shop", host="s3.eu-west-1.localhost"), "s3", "s3:ListObjects", {"Bucket": "shop"}),
        (received("GET", "/a/b", host="shop.s3.localhost"), "s3", "s3:GetObject", {"Bucket": "shop", "Key": "a/b"}),
        (received("GET", "/a", host="shop.localhost:4566"), "s3", "s3:GetObject", {"Bucket": "shop", "Key": "a"}),
        (received("GET", "", host="shop.s3.localhost"), "s3", "s3:ListObjects", {"Bucket": "shop"}),
        (received("GET", "/"), "s3", "s3:ListBuckets", {}),
        (received("PUT", "/shop/b", x_amz_copy_source="open/a"), "s3", "s3:CopyObject",
         {"Bucket": "shop", "Key": "b", "CopySource": "open/a"}),
        (received("POST", "/_aws/execute-api/0a1b2c3d/live/@connections/x%3D"), "execute-api",
         "apigatewaymanagementapi:PostToConnection", {"ConnectionId": "x="}),
        (received("POST", "/@connections/x", host="0a1b2c3d.execute-api.localhost:4566"), "execute-api", "", {}),
        (received("GET", "/v2/apis/a/routes/b"), "apigateway", "apigatewayv2:GetRoute", {"ApiId": "a", "RouteId": "b"}),
        (received("POST", "/", x_amz_target="com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.ListTrails"),
         "cloudtrail", "cloudtrail:ListTrails", {}),
        (received("PUT", "/snapshots/s/blocks/0", **BLOCK), "ebs", "ebs:PutSnapshotBlock",
         {"SnapshotId": "s", "BlockIndex": "0", "DataLength": "1", "Checksum": "c", "ChecksumAlgorithm": "SHA256"}),
        *((received("PUT", "/snapshots/s/blocks/0", **{name: text for name, text in BLOCK.items() if name != missing}),
           "ebs", "", {}) for missing in BLOCK),
    ],
)  # fmt: skip
def test_an_operation_is_found_by_its_version_its_host_and_its_path(
    request_: ReceivedRequest, service: str, operation: str, parameters: dict[str, str]
) -> None:
    if not operation:  # a stage or a header is missing
        assert "UnknownOperationException" == refusal(request_, service, b"")
        return
    asked = canonical_request(request_, service, b"")
    assert (operation, parameters) == (f"{asked.operation.client}:{asked.operation.name}", asked.parameters)


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("lambda", "GetFunction", {"FunctionName": "shop:live"}),
        ("lambda", "ListFunctions", {"Marker": "a&b", "MaxItems": "5"}),
        ("s3", "GetBucketTagging", {"Bucket": "shop"}),
        ("apigatewayv2", "GetRoutes", {"ApiId": "a", "NextToken": "n"}),
        ("iam", "GetRole", {"RoleName": "worker"}),
        ("cloudformation", "DescribeStacks", {"StackName": "s"}),
        ("dynamodb", "DescribeTable", {"TableName": "t"}),
    ],
)
def test_what_a_client_without_an_sdk_asks_is_read_as_that(
    service: str, operation: str, parameters: dict[str, str]
) -> None:
    method, path, query, headers, body = spelled(service, operation, parameters)
    named = {name: (text,) for name, text in {**headers, "host": "127.0.0.1"}.items()}
    asked = canonical_request(ReceivedRequest(method, path, query, named), signing_name(service), body)
    found = asked.operation.client, asked.operation.name, asked.parameters
    assert (service, operation, parameters) == found


def test_an_alias_or_a_part_counts_before_the_whole_that_it_is_of() -> None:
    whole, other = "arn:aws:a:r:1:kind/a", "arn:aws:a:r:1:kind/ab"
    assert (f"{whole}:live", other) == _most_specific(dict.fromkeys((whole, f"{whole}:live", other)))
    assert (f"{whole}/index/i",) == _most_specific(dict.fromkeys((f"{whole}/index/i", whole)))


def test_a_body_says_nothing_else_than_the_path_and_dots_lead_nowhere() -> None:
    request = received("POST", "/2013-04-01/hostedzone/Z1/rrset/")
    body = b"<ChangeResourceRecordSetsRequest><HostedZoneId>Z2</HostedZoneId></ChangeResourceRecordSetsRequest>"
    assert "Z1" == canonical_request(request, "route53", body).parameters["HostedZoneId"]
    for path in ("/v2/apis/%2e%2e/routes/b", "/v2/apis/%2E/routes/b", "/v2/apis/../routes/b"):
        assert "UnknownOperationException" == refusal(received("GET", path), "apigateway", b"")


@pytest.mark.parametrize(
    ("client", "operation", "parameters", "action"),
    [
        ("acm", "RequestCertificate", {"DomainName": "a.test"}, "acm:AddTagsToCertificate"),
        ("cloudwatch", "PutMetricAlarm", {"AlarmName": "a"}, "cloudwatch:TagResource"),
        ("ecr", "CreateRepository", {"repositoryName": "r"}, "ecr:TagResource"),
        ("elbv2", "CreateTargetGroup", {"Name": "t"}, "elasticloadbalancing:AddTags"),
        ("events", "PutRule", {"Name": "r"}, "events:TagResource"),
        ("firehose", "CreateDeliveryStream", {"DeliveryStreamName": "d"}, "firehose:TagDeliveryStream"),
        ("lambda", "CreateFunction", {"FunctionName": "f"}, "lambda:TagResource"),
        ("secretsmanager", "CreateSecret", {"Name": "s"}, "secretsmanager:TagResource"),
        ("ssm", "PutParameter", {"Name": "/a"}, "ssm:AddTagsToResource"),
        ("stepfunctions", "CreateStateMachine", {"name": "m"}, "states:TagResource"),
    ],
)
def test_tags_of_what_is_created_need_the_action_of_its_service(
    client: str, operation: str, parameters: dict[str, Any], action: str
) -> None:
    tags = {"Tags": TAGS} if client != "lambda" else {"Tags": {"team": "shop"}}
    requested = RequestedOperation(client, operation, "json")
    needed = needs_of(OperationRequest(requested, {**parameters, **tags}, HERE)) or ()
    assert [f"{action.partition(':')[0]}:{operation}", action] == [need.action for need in needed]
    assert [f"{action.partition(':')[0]}:{operation}"] == [
        need.action for need in needs_of(OperationRequest(requested, parameters, HERE)) or ()
    ]
