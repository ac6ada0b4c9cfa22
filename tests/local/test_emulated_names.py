"""What the gate reads in the emulator's memory stands where it looks: a test here fails when the emulator moves it."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from ministack.services import (
    athena,
    cloudwatch_logs,
    dynamodb,
    ec2,
    eventbridge,
    iam,
    kinesis,
    kms,
    s3,
    secretsmanager,
    ses,
    ses_v2,
    sqs,
    ssm,
)

from emulator_copies import copied
from remit.iam.policy import render
from remit.local.authorization.emulated_names import EmulatedNames
from remit.local.authorization.resource_policies import resource_policy
from remit.local.emulator import as_request_of

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = "us-east-1:000000000000"
NAMES = EmulatedNames()
TAGS = [{"Key": "a", "Value": "b"}]
SCHEMA = {
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
}


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    yield
    for service in (athena, dynamodb, eventbridge, iam, kinesis, kms, s3, secretsmanager, ses, sqs):
        service.reset()


def ask(service: Any, target: str, **data: Any) -> Any:
    """What a service that speaks JSON answers."""
    headers = {"x-amz-target": target, "content-type": "application/x-amz-json-1.0"}
    status, _, body = asyncio.run(service.handle_request("POST", "/", headers, json.dumps(data).encode(), {}))
    assert 200 == status, body
    return json.loads(body or b"{}")


def policy(*, action: str, resource: str) -> str:
    statement = {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_key_is_known_by_its_id_an_alias_and_what_it_encrypted() -> None:
    key = ask(kms, "TrentService.CreateKey")["KeyMetadata"]
    ask(kms, "TrentService.CreateAlias", AliasName="alias/shop", TargetKeyId=key["KeyId"])
    plain = base64.b64encode(b"x").decode()
    encrypted = ask(kms, "TrentService.Encrypt", KeyId=key["KeyId"], Plaintext=plain)["CiphertextBlob"]
    arns = [
        NAMES.key_arn(key["KeyId"]), NAMES.key_arn("alias/shop"), NAMES.key_arn_of_ciphertext(encrypted),
        NAMES.key_arn("alias/other"), NAMES.key_arn_of_ciphertext("!"),
    ]  # fmt: skip
    assert [key["Arn"]] * 3 + [None] * 2 == arns
    assert resource_policy("kms:Encrypt", key["Arn"]) not in ((), None)
    statement = {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    ask(kms, "TrentService.PutKeyPolicy", KeyId=key["KeyId"], PolicyName="default", Policy=document)
    role = "arn:aws:iam::000000000000:role/reads"
    ask(kms, "TrentService.CreateGrant", KeyId=key["KeyId"], GranteePrincipal=role, Operations=["Decrypt"])
    (stored,) = resource_policy("kms:Decrypt", key["Arn"]) or ()
    assert [("kms:*",), ("kms:Decrypt",)] == [rule.actions.patterns for rule in stored.statements]


def test_a_secret_is_known_by_its_name_with_its_policy() -> None:
    arn = ask(secretsmanager, "secretsmanager.CreateSecret", Name="db", SecretString="x")["ARN"]
    assert (arn, None) == (NAMES.secret_arn("db"), NAMES.secret_arn("other"))
    filtered = [NAMES.filtered_secrets([{"Key": "name", "Values": [name]}]) for name in ("db", "other")]
    assert ((arn,), (), ()) == (*filtered, NAMES.filtered_secrets(None))
    assert () == resource_policy("secretsmanager:GetSecretValue", arn)
    text = policy(action="secretsmanager:GetSecretValue", resource="*")
    ask(secretsmanager, "secretsmanager.PutResourcePolicy", SecretId="db", ResourcePolicy=text)
    (stored,) = resource_policy("secretsmanager:GetSecretValue", arn) or ()
    assert json.loads(text) == render(stored)


def test_a_query_is_known_by_its_workgroup() -> None:
    place = {"OutputLocation": "s3://answers/"}
    query = ask(athena, "AmazonAthena.StartQueryExecution", QueryString="SELECT 1", ResultConfiguration=place)
    assert "primary" == NAMES.work_group(query["QueryExecutionId"])
    assert NAMES.work_group("another") is None


def test_roles_and_users_are_known_with_their_paths() -> None:
    trust = json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]})
    iam._create_role({"RoleName": ["web"], "Path": ["/team/"], "AssumeRolePolicyDocument": [trust]})
    iam._create_user({"UserName": ["Ada"], "Path": ["/team/"]})
    arn = "arn:aws:iam::000000000000:role/team/web"
    assert (arn, "arn:aws:iam::000000000000:user/team/Ada") == (NAMES.role_arn("web"), NAMES.user_arn("Ada"))
    assert [None, None] == [NAMES.role_arn("Web"), NAMES.user_arn("ada")]
    assert () == resource_policy("sts:AssumeRole", "arn:aws:sts::000000000000:assumed-role/web/session")
    assert resource_policy("sts:AssumeRole", arn) is resource_policy("sts:AssumeRole", arn) != ()


def test_the_stream_of_an_iterator_is_known() -> None:
    ask(kinesis, "Kinesis_20131202.CreateStream", StreamName="clicks", ShardCount=1)
    shard = ask(kinesis, "Kinesis_20131202.ListShards", StreamName="clicks")["Shards"][0]["ShardId"]
    iterator = ask(
        kinesis, "Kinesis_20131202.GetShardIterator", StreamName="clicks", ShardId=shard, ShardIteratorType="LATEST"
    )["ShardIterator"]
    assert f"arn:aws:kinesis:{HERE}:stream/clicks" == NAMES.stream_arn_of_iterator(iterator)
    for other in ("other", "eyJ0IjogMSwgInAiOiAxfQ=="):  # the latter names a table and a place, and no stream
        assert NAMES.stream_arn_of_iterator(other) is None


def test_a_table_is_known_by_its_partition_key_its_tags_and_its_policy() -> None:
    arn = ask(
        dynamodb, "DynamoDB_20120810.CreateTable", TableName="orders", Tags=[{"Key": "a", "Value": "b"}], **SCHEMA
    )["TableDescription"]["TableArn"]
    assert ("id", None) == (NAMES.partition_key("orders"), NAMES.partition_key("other"))
    assert {"a": "b"} == NAMES.resource_tags(arn) == NAMES.resource_tags(f"{arn}/index/day")
    text = policy(action="dynamodb:GetItem", resource=arn)
    ask(dynamodb, "DynamoDB_20120810.PutResourcePolicy", ResourceArn=arn, Policy=text)
    (stored,) = resource_policy("dynamodb:GetItem", f"{arn}/index/day") or ()
    assert json.loads(text) == render(stored)


def test_tags_are_read_where_each_service_keeps_them_and_what_has_none_is_known_to_have_none() -> None:
    ask(eventbridge, "AWSEvents.CreateEventBus", Name="shop", Tags=TAGS)
    ask(cloudwatch_logs, "Logs_20140328.CreateLogGroup", logGroupName="/shop", tags={"a": "b"})
    ask(ssm, "AmazonSSM.PutParameter", Name="/shop", Value="x", Type="String", Tags=TAGS)
    ec2._tags["vpc-1"] = TAGS
    arns = [
        f"arn:aws:events:{HERE}:event-bus/shop", f"arn:aws:logs:{HERE}:log-group:/shop:log-stream:",
        f"arn:aws:ssm:{HERE}:parameter/shop", f"arn:aws:ec2:{HERE}:vpc/vpc-1",
    ]  # fmt: skip
    assert [{"a": "b"}] * 4 == [NAMES.resource_tags(arn) for arn in arns]
    assert [{}] * 4 == [NAMES.resource_tags(arn.replace("shop", "bank").replace("vpc-1", "vpc-2")) for arn in arns]
    assert NAMES.resource_tags("arn:aws:s3:::shop") is None
    # Of these services the emulator lists all that there is.
    gone = ("dynamodb", "table/gone"), ("kms", "key/1"), ("secretsmanager", "secret:x"), ("sns", "x"), ("sqs", "x")
    assert [{}] * 5 == [NAMES.resource_tags(f"arn:aws:{service}:{HERE}:{name}") for service, name in gone]
    cloudwatch_logs.reset()
    ssm.reset()
    ec2.reset()


def test_the_policy_of_an_event_bus_is_known() -> None:
    ask(eventbridge, "AWSEvents.CreateEventBus", Name="shop")
    ask(
        eventbridge, "AWSEvents.PutPermission", EventBusName="shop", StatementId="all", Action="events:PutEvents",
        Principal="*",
    )  # fmt: skip
    assert 1 == len(resource_policy("events:PutEvents", f"arn:aws:events:{HERE}:event-bus/shop") or ())


@pytest.mark.parametrize("module", [ses, ses_v2])
def test_mail_identities_are_known(module: Any) -> None:
    module._identities["shop.example"] = {}
    assert (True, False) == (NAMES.is_mail_identity("shop.example"), NAMES.is_mail_identity("bank.example"))
    module._identities.clear()


def test_a_bucket_is_known_by_the_objects_that_it_lacks() -> None:
    s3._buckets["known"] = {"objects": {"a": {}}}
    lacks = [NAMES.lacks_object(bucket, key) for bucket, key in (("known", "a"), ("known", "b"), ("none", "a"))]
    assert [False, True, False] == lacks


def test_an_object_has_its_own_tags_or_none() -> None:
    s3._buckets["shop"] = {"objects": {"a": {}, "b": {}}}
    s3._object_tags["shop", "a", None] = {"team": "shop"}
    asked = [("shop", "a"), ("shop", "b"), ("a", "shop"), ("other", "a")]
    assert [{"team": "shop"}, {}, {}, {}] == [NAMES.object_tags(bucket, key) for bucket, key in asked]


@pytest.mark.parametrize(
    ("action", "arn", "expected"),
    [
        ("s3:GetObject", "arn:aws:s3:::none/a", ()),
        ("sqs:SendMessage", f"arn:aws:sqs:{HERE}:none", ()),
        ("sns:Publish", f"arn:aws:sns:{HERE}:none", ()),
        ("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:none", ()),
        ("ecr:GetAuthorizationToken", "*", ()),
        ("kinesis:PutRecord", f"arn:aws:kinesis:{HERE}:stream/none", ()),
        ("athena:StartQueryExecution", f"arn:aws:athena:{HERE}:workgroup/none", ()),
        ("kms:Decrypt", f"arn:aws:kms:{HERE}:key/${{Unresolved}}", None),
    ],
)
def test_what_has_no_policy_has_none(action: str, arn: str, expected: Any) -> None:
    assert expected == resource_policy(action, arn)


def test_encrypted_parameters_are_known_by_the_path_above_them() -> None:
    secrets = ("/shop/key", "/shop/db/key", "/shopping/key", "/key", "other")
    for name, kind in (*((name, "SecureString") for name in secrets), ("/shop/url", "String")):
        ssm._put_parameter({"Name": name, "Value": "x", "Type": kind})
    for path in ("/shop", "/shop/"):
        assert ("/shop/key",) == NAMES.sealed_parameters(path, recursive=False)
        assert ("/shop/db/key", "/shop/key") == NAMES.sealed_parameters(path, recursive=True)
    assert ("/key", "/shop/db/key", "/shop/key", "/shopping/key") == NAMES.sealed_parameters("/", recursive=True)


def of(service: str, name: str) -> str:
    return f"arn:aws:{service}:{HERE}:{name}"


def test_the_key_of_a_resource_is_read_where_each_service_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = {"Status": "ENABLED", "KMSMasterKeyArn": "of-table"}
    tables = {
        "sealed": {"SSEDescription": sealed},
        "open": {"SSEDescription": {**sealed, "Status": "DISABLED"}},
        "opening": {"SSEDescription": {**sealed, "Status": "UPDATING"}},
        "bare": {"SSEDescription": None},
    }
    copied(monkeypatch, "services.dynamodb", _tables=tables)
    streams = {
        "sealed": {"EncryptionType": "KMS", "KeyId": "of-stream"},
        "open": {"EncryptionType": "NONE", "KeyId": "k"},
    }
    copied(monkeypatch, "services.kinesis", _streams={**streams, "bare": {"KeyId": "k"}})
    header = "x-amz-server-side-encryption-aws-kms-key-id"
    objects = {"own": {"headers": {header: "of-object"}}, "in/plain": {"headers": {}}}
    copied(
        monkeypatch, "services.s3", _buckets={"shop": {"objects": objects}, "bare": {"objects": {}}},
        _bucket_default_sse_headers=lambda bucket: {header: "of-bucket"} if bucket == "shop" else {},
        _stored_sse_headers=lambda stored: stored["headers"],
    )  # fmt: skip
    secrets = {
        of("secretsmanager", "secret:sealed"): {"KmsKeyId": "of-secret"},
        of("secretsmanager", "secret:open"): {},
    }
    copied(monkeypatch, "services.secretsmanager", _resolve=lambda arn: (arn, secrets.get(arn)))
    attributes = {"sealed": {"attributes": {"KmsMasterKeyId": "of-queue"}}, "open": {"attributes": {}}}
    copied(
        monkeypatch, "services.sqs", _queues=attributes,
        _queue_name_to_url={f"named-{name}": name for name in attributes},
    )  # fmt: skip
    topics = {
        of("sns", "sealed"): {"attributes": {"KmsMasterKeyId": "of-topic"}},
        of("sns", "open"): {"attributes": {"KmsMasterKeyId": ""}},
    }
    copied(monkeypatch, "services.sns", _topics=topics)
    parameters = {"/shop/sealed": {"KeyId": "of-parameter"}, "plain": {"KeyId": "of-plain"}, "/open": {}}
    copied(monkeypatch, "services.ssm", _parameters=parameters)
    expected = {
        of("dynamodb", "table/sealed"): "of-table", of("dynamodb", "table/sealed/index/day"): "of-table",
        of("dynamodb", "table/sealed/stream/2026"): "of-table", of("dynamodb", "table/open"): None,
        of("dynamodb", "table/opening"): None, of("dynamodb", "table/bare"): None, of("dynamodb", "table/none"): None,
        of("kinesis", "stream/sealed"): "of-stream", of("kinesis", "stream/open"): None,
        of("kinesis", "stream/bare"): None, of("kinesis", "stream/none"): None,
        "arn:aws:s3:::shop/own": "of-object", "arn:aws:s3:::shop/in/plain": None,
        "arn:aws:s3:::shop/in/new": "of-bucket",
        "arn:aws:s3:::shop": "of-bucket", "arn:aws:s3:::bare/a": None, "arn:aws:s3:::none/a": None,
        of("secretsmanager", "secret:sealed"): "of-secret", of("secretsmanager", "secret:open"): None,
        of("secretsmanager", "secret:none"): None,
        of("sns", "sealed"): "of-topic", of("sns", "open"): None, of("sns", "none"): None,
        of("sqs", "named-sealed"): "of-queue", of("sqs", "named-open"): None, of("sqs", "sealed"): None,
        of("ssm", "parameter/shop/sealed"): "of-parameter", of("ssm", "parameter/plain"): "of-plain",
        of("ssm", "parameter/open"): None, of("ssm", "parameter/none"): None,
        of("lambda", "function:sealed"): None, "sealed": None,
    }  # fmt: skip
    assert expected == {arn: NAMES.encrypting_key(arn) for arn in expected}


def test_tags_by_arn_are_read_in_the_module_of_each_service(monkeypatch: pytest.MonkeyPatch) -> None:
    modules = {
        "ecs": "ecs", "events": "eventbridge", "glue": "glue", "scheduler": "scheduler", "ssm": "ssm",
        "states": "stepfunctions",
    }  # fmt: skip
    for service, module in modules.items():
        lower = [{"key": "of", "value": module}, {"key": "b", "value": ""}]
        copied(monkeypatch, f"services.{module}", _tags={of(service, "a"): lower, of(service, "b"): {"c": "d"}})
    told = {service: [NAMES.resource_tags(of(service, name)) for name in "abc"] for service in modules}
    assert {service: [{"of": module, "b": ""}, {"c": "d"}, {}] for service, module in modules.items()} == told
    tags = {of("sqs", "a"): {"a": "1"}, of("kinesis", "stream/a"): {"b": "2"}, of("dynamodb", "table/t"): {"c": "3"}}
    copied(monkeypatch, "services.tagging", resource_tags=tags.get)
    arns = [*tags, of("dynamodb", "table/t/stream/2026"), of("sns", "none"), of("kinesis", "stream/none"), "none"]
    assert [{"a": "1"}, {"b": "2"}, {"c": "3"}, {"c": "3"}, {}, None, None] == [
        NAMES.resource_tags(arn) for arn in arns
    ]


def test_identities_secrets_and_keys_are_found_under_their_own_names(monkeypatch: pytest.MonkeyPatch) -> None:
    bound = {"PermissionsBoundary": "of-role", "Arn": "r"}
    copied(
        monkeypatch, "services.iam", _roles={"both": bound, "free": {"Arn": "f"}},
        _users={"both": {"PermissionsBoundary": "of-user"}, "free": {"PermissionsBoundary": "of-user"}},
    )  # fmt: skip
    asked = [("both", "both"), ("both", ""), ("", "both"), ("none", "free"), ("free", "both"), ("", "none")]
    boundaries = [NAMES.permissions_boundary(role, user) for role, user in asked]
    assert ["of-role", "of-role", "of-user", "of-user", None, None] == boundaries
    held = {name: {"ARN": f"arn-{name}"} for name in ("b", "c", "a")}
    copied(
        monkeypatch, "services.secretsmanager", _secrets=held,
        _filter_secret_names=lambda names, filters: [name for name in names if name not in filters],
    )  # fmt: skip
    assert ("arn-a", "arn-c") == NAMES.filtered_secrets(["b"])
    copied(
        monkeypatch, "services.ssm",
        _parameters={"/a/list": {"Type": "StringList"}, "/a/sealed": {"Type": "SecureString"}, "/a/bare": {}},
    )  # fmt: skip
    assert ("/a/sealed",) == NAMES.sealed_parameters("/a", recursive=True)
    stacks = {"shop": {"StackId": "arn:stack", "StackName": "shop"}}
    copied(monkeypatch, "services.cloudformation", _stacks=stacks)
    assert ("arn:stack", None) == (NAMES.stack_arn("shop"), NAMES.stack_arn("none"))
    copied(monkeypatch, "services.lambda_durable", _callback_index={"c": ("execution", "x"), "old": (None, "")})
    assert ["execution", None, None] == [NAMES.execution_of_callback(name) for name in ("c", "old", "none")]
    schema = [{"AttributeName": "r", "KeyType": "RANGE"}, {"AttributeName": "h", "KeyType": "HASH"}]
    copied(monkeypatch, "services.dynamodb", _tables={"t": {"KeySchema": schema}, "u": {"KeySchema": schema[:1]}})
    assert ["h", None, None] == [NAMES.partition_key(table) for table in ("t", "u", "none")]


def test_a_key_of_another_account_is_known_there_with_its_own_aliases() -> None:
    with as_request_of("888877776666", "eu-west-1"):
        keys = [ask(kms, "TrentService.CreateKey")["KeyMetadata"] for _ in range(2)]
        for alias, key in (("alias/b", keys[0]), ("alias/a", keys[0]), ("alias/other", keys[1])):
            ask(kms, "TrentService.CreateAlias", AliasName=alias, TargetKeyId=key["KeyId"])
    arn = keys[0]["Arn"]
    assert arn.startswith("arn:aws:kms:eu-west-1:888877776666:key/")
    assert [arn, None] == [NAMES.key_arn(arn), NAMES.key_arn(keys[0]["KeyId"])]
    assert (("alias/b", "alias/a"), None) == (NAMES.key_aliases(arn), NAMES.key_aliases(f"{arn}0"))
    assert keys[1]["Arn"] == NAMES.key_arn("arn:aws:kms:eu-west-1:888877776666:alias/other")
