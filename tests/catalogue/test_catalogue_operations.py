"""API operations and the actions and ARNs that they need; ARNs; names that were mistyped."""

from __future__ import annotations

import random

import boto3
import pytest

from random_cases import in_all_cases
from remit.catalogue.actions import action, actions
from remit.catalogue.arns import Arn, fill, parse, types_of, variables
from remit.catalogue.expand import expand
from remit.catalogue.managed_policies import managed_policies, managed_policy
from remit.catalogue.meant_names import nearest_actions, nearest_key, nearest_services
from remit.catalogue.operations import (
    When,
    arns,
    clients,
    named,
    operation,
    operations,
    operations_of,
    owners,
    prefixes,
)
from remit.did_you_mean import nearest_names

HERE = {"Partition": "aws", "Region": "eu-west-1", "Account": "123456789012"}
TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table"
QUEUE_ARN = "arn:aws:sqs:eu-west-1:123456789012:orders"
QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"


@pytest.mark.parametrize(
    ("client", "name", "actions"),
    [
        ("s3", "HeadObject", ("s3:GetObject",)),
        ("s3", "head_object", ("s3:GetObject",)),
        ("S3", "ListObjectsV2", ("s3:ListBucket",)),
        ("s3", "head_bucket", ("s3:ListBucket",)),
        ("s3", "list_buckets", ("s3:ListAllMyBuckets",)),
        ("s3", "upload_part_copy", ("s3:GetObject", "s3:PutObject")),
        ("dynamodb", "put_item", ("dynamodb:PutItem",)),
        ("dynamodb", "transact_get_items", ("dynamodb:GetItem",)),
        ("sqs", "send_message_batch", ("sqs:SendMessage",)),
        ("sns", "publish_batch", ("sns:Publish",)),
        ("lambda", "invoke", ("lambda:InvokeFunction",)),
        ("lambda", "invoke_with_response_stream", ("lambda:InvokeFunction",)),
        ("bedrock-runtime", "converse", ("bedrock:InvokeModel",)),
        ("bedrock-runtime", "converse_stream", ("bedrock:InvokeModelWithResponseStream",)),
        ("stepfunctions", "start_execution", ("states:StartExecution",)),
        ("CloudWatch Logs", "put_log_events", ("logs:PutLogEvents",)),
        ("apigateway", "get_rest_apis", ("apigateway:GET",)),
        ("kms", "re_encrypt", ("kms:ReEncryptFrom", "kms:ReEncryptTo")),
        ("iot-data", "publish", ("iot:Publish",)),
        ("resourcegroupstaggingapi", "get_resources", ("tag:GetResources",)),
    ],
)
def test_an_operation_has_its_actions(client: str, name: str, actions: tuple[str, ...]) -> None:
    found = operation(client, name)
    assert found is not None
    assert found.actions == actions


@pytest.mark.parametrize(("client", "name"), [("s3", "HeadObjekt"), ("nosuch", "HeadObject"), ("", ""), ("s3", "")])
def test_what_is_no_operation_is_none(client: str, name: str) -> None:
    assert operation(client, name) is None


def test_operations_and_clients_are_those_of_botocore() -> None:
    ours, theirs = set(clients()), set(boto3.session.Session().get_available_services())
    assert len(ours & theirs) > 0.97 * len(theirs)
    for client in ("s3", "dynamodb", "lambda", "sqs", "iam", "ec2"):
        model = boto3.session.Session()._session.get_service_model(client)
        assert len(set(model.operation_names) & set(operations(client))) >= len(model.operation_names) - 2


def test_a_method_of_boto3_is_an_operation() -> None:
    client = boto3.client("dynamodb", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")  # noqa: S106 - nothing is called
    for method, name in client.meta.method_to_api_mapping.items():
        found = operation("dynamodb", method)
        assert found is not None
        assert found.name == name


@pytest.mark.parametrize(
    ("client", "name", "parameters", "expected"),
    [
        ("s3", "HeadObject", {"Bucket": "b", "Key": "k"}, {"s3:GetObject": ("arn:aws:s3:::b/k",)}),
        (
            "s3", "GetObject", {"Bucket": "b", "Key": "k", "VersionId": "1"},
            {"s3:GetObjectVersion": ("arn:aws:s3:::b/k",)},
        ),
        (
            "s3", "CopyObject", {"Bucket": "b", "Key": "k", "CopySource": {"Bucket": "a", "Key": "x/y"}},
            {"s3:GetObject": ("arn:aws:s3:::a/x/y",), "s3:PutObject": ("arn:aws:s3:::b/k",)},
        ),
        ("dynamodb", "PutItem", {"TableName": "orders"}, {"dynamodb:PutItem": (f"{TABLE}/orders",)}),
        ("dynamodb", "PutItem", {"TableName": f"{TABLE}/orders"}, {"dynamodb:PutItem": (f"{TABLE}/orders",)}),
        (
            "dynamodb", "BatchGetItem", {"RequestItems": {"a": {}, "b": {}}},
            {"dynamodb:BatchGetItem": (f"{TABLE}/a", f"{TABLE}/b")},
        ),
        (
            "dynamodb", "TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "a"}}]},
            {"dynamodb:PutItem": (f"{TABLE}/a",)},
        ),
        ("sqs", "SendMessage", {"QueueUrl": QUEUE}, {"sqs:SendMessage": (QUEUE_ARN,)}),
        (
            "lambda", "Invoke", {"FunctionName": "123456789012:function:f:live"},
            {"lambda:InvokeFunction": ("arn:aws:lambda:eu-west-1:123456789012:function:f",)},
        ),
        (
            "ssm", "GetParameter", {"Name": "/a/b"},
            {"ssm:GetParameter": ("arn:aws:ssm:eu-west-1:123456789012:parameter/a/b",)},
        ),
        (
            "iam", "CreateRole", {"RoleName": "r", "Path": "/team/"},
            {"iam:CreateRole": ("arn:aws:iam::123456789012:role/team/r",)},
        ),
        (
            "apigateway", "get_resource", {"restApiId": "r", "resourceId": "q"},
            {"apigateway:GET": ("arn:aws:apigateway:eu-west-1::/restapis/r/resources/q",)},
        ),
        (
            "dynamodb", "ExecuteTransaction", {"TransactStatements": [{"Statement": "select a from b"}]},
            {"dynamodb:PartiQLSelect": ()},
        ),
        (
            "s3", "CreateBucket", {"Bucket": "b", "ACL": "public-read", "ObjectLockEnabledForBucket": True},
            {
                "s3:CreateBucket": ("arn:aws:s3:::b",), "s3:PutBucketAcl": ("arn:aws:s3:::b",),
                "s3:PutBucketObjectLockConfiguration": ("arn:aws:s3:::b",),
                "s3:PutBucketVersioning": ("arn:aws:s3:::b",),
            },
        ),
        ("sns", "Publish", {"TopicArn": "orders"}, {"sns:Publish": ()}),
        ("sns", "Publish", {"TopicArn": QUEUE_ARN.replace("sqs", "sns")},
         {"sns:Publish": (QUEUE_ARN.replace("sqs", "sns"),)}),
        ("s3", "ListBuckets", {}, {"s3:ListAllMyBuckets": ()}),
        ("dynamodb", "PutItem", {}, {"dynamodb:PutItem": ()}),
    ],
)  # fmt: skip
def test_parameters_tell_which_actions_and_resources_a_call_needs(
    client: str, name: str, parameters: dict[str, object], expected: dict[str, tuple[str, ...]]
) -> None:
    found = operation(client, name)
    assert found is not None
    assert {call.action: arns(call, parameters, HERE) for call in found.needed(parameters)} == expected


@pytest.mark.parametrize(
    "source", ["a/x/y?versionId=3", "/a/x/y", {"Bucket": "a", "Key": "x/y", "VersionId": "3"}], ids=str
)
def test_a_copy_reads_the_object_whatever_its_version(source: str | dict[str, str]) -> None:
    found = operation("s3", "CopyObject")
    assert found is not None
    read = next(call for call in found.calls if call.action == "s3:GetObject")
    assert arns(read, {"Bucket": "b", "Key": "k", "CopySource": source}) == ("arn:${Partition}:s3:::a/x/y",)


@pytest.mark.parametrize(
    ("test", "expected"), [("IContains", False), ("Exists", False), ("NotExists", True), ("NotEquals", True)]
)
def test_a_parameter_that_is_not_given_has_no_value_that_a_condition_could_find(test: str, *, expected: bool) -> None:
    assert When("Select", test, "COUNT").holds({}) is expected


def test_a_place_that_is_not_given_stays_open() -> None:
    found = operation("dynamodb", "PutItem")
    assert found is not None
    (expected,) = arns(found.calls[0], {"TableName": "t"})
    assert expected == "arn:${Partition}:dynamodb:${Region}:${Account}:table/t"


def test_some_operations_need_no_permission() -> None:
    free = operation("sts", "get_caller_identity")
    assert free is not None
    assert free.free


def test_a_parameter_that_takes_a_role_is_a_hint_and_no_action() -> None:
    found = operation("lambda", "create_function")
    assert found is not None
    assert found.passes == ("Role",)
    assert found.actions == ("lambda:CreateFunction",)


def test_every_action_of_every_operation_exists() -> None:
    for client in clients():
        for name in operations(client):
            found = operation(client, name)
            assert found is not None
            assert found.name == name
            for needed in (*found.actions, *found.perhaps):
                known = action(needed)
                assert known is not None
                assert known.full_name == needed


def test_the_operations_of_a_client_are_named_in_order_and_those_of_none_are_none() -> None:
    names = operations("SQS")
    assert list(names) == sorted(names)
    assert {"SendMessage", "ReceiveMessage"} <= set(names)
    assert operations("nosuch") == prefixes("nosuch") == ()
    assert prefixes("CloudWatch Logs") == ("logs",)
    assert [found.client for found in named("get_item")] == ["dynamodb"]


@pytest.mark.parametrize(
    ("name", "pages"),
    [
        ("s3:GetObject", ("Amazon S3",)),
        ("elasticloadbalancing:CreateTargetGroup", ("AWS Elastic Load Balancing V2",)),
        ("elasticloadbalancing:CreateLBCookieStickinessPolicy", ("AWS Elastic Load Balancing",)),
        ("elasticloadbalancing:AddTags", ("AWS Elastic Load Balancing", "AWS Elastic Load Balancing V2")),
        ("lex:PostText", ("Amazon Lex",)),
    ],
)
def test_an_action_is_of_the_pages_whose_operations_need_it(name: str, pages: tuple[str, ...]) -> None:
    known = action(name)
    assert known is not None
    assert owners(known) == pages


def test_the_operations_of_an_action_are_those_that_need_it_always_or_for_some_parameters() -> None:
    """`operation` says the same from the other side; a mere possibility does not count."""
    for prefix in ("kms", "fsx", "lambda", "s3"):
        needing: dict[str, list[tuple[str, str]]] = {}
        for client in clients():
            for name in operations(client) if prefix in prefixes(client) else ():
                found = operation(client, name)
                assert found is not None
                for needed in {call.action for call in found.calls if call.certain or call.when is not None}:
                    needing.setdefault(needed, []).append((client, name))
        for name in actions(prefix):
            assert operations_of(name.upper()) == tuple(sorted(needing.get(name, ()))), name


def test_each_client_is_found_by_its_own_name() -> None:
    own = [client for client in clients() if operations(client)]
    found = [operation(client.upper(), operations(client)[0]) for client in own]
    assert [first.client if first else None for first in found] == own


def test_an_action_knows_its_operations() -> None:
    assert ("s3", "HeadObject") in operations_of("s3:getobject")
    assert operations_of("lambda:InvokeFunction") == (
        ("lambda", "Invoke"),
        ("lambda", "InvokeWithResponseStream"),
        ("secretsmanager", "RotateSecret"),
    )
    assert operations_of("nosuch:Action") == ()
    assert ("dynamodb", "GetItem") in operations_of("dynamodb:getitem")
    assert prefixes("events") == ("events",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("arn:aws:s3:::b/k:1", Arn("aws", "s3", "", "", "b/k:1")),
        ("arn:*:sns:*:*:t", Arn("*", "sns", "*", "*", "t")),
        (
            "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:q",
            Arn("${AWS::Partition}", "sqs", "${AWS::Region}", "${AWS::AccountId}", "q"),
        ),
        (
            'arn:aws:sqs:eu-west-1:1:${{"Fn::ImportValue":{"Fn::Sub":"a:b"}}}x',
            Arn("aws", "sqs", "eu-west-1", "1", '${{"Fn::ImportValue":{"Fn::Sub":"a:b"}}}x'),
        ),
    ],
)
def test_an_arn_is_taken_apart_at_its_own_colons(text: str, expected: Arn) -> None:
    assert parse(text) == expected
    assert str(parse(text)) == text


@pytest.mark.parametrize("text", ["*", "", "arn:", "arn:aws:s3", "arn:aws:s3:::", "bucket", "${Queue.Arn}"])
def test_what_has_not_six_parts_is_no_arn(text: str) -> None:
    assert (parse(text) is None) == (text != "arn:aws:s3:::")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("arn:aws:s3:::b", {"bucket"}),
        ("arn:aws:s3:::b/*", {"object"}),
        ("arn:aws:s3:::*", {"bucket", "object"}),
        ("arn:aws:dynamodb:eu-west-1:1:table/x", {"table"}),
        ("arn:aws:dynamodb:eu-west-1:1:table/x/index/*", {"index"}),
        ("arn:aws:lambda:eu-west-1:1:function:f", {"function"}),
        (
            "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${Worker}",
            {"function", "function alias", "function version"},  # a late-bound part may hold anything
        ),
        ("arn:aws:sqs:eu-west-1:1:q", {"queue"}),
        ("arn:aws:sqs:eu-west-1:1:q/x", set()),
        ("arn:aws:iam::1:role/team/r", {"role"}),
        ("arn:aws:iam:eu-west-1:1:role/r", set()),
        ("arn:aws:nosuch:::x", set()),
        ("*", set()),
    ],
)
def test_an_arn_is_traced_to_its_resource_types(text: str, names: set[str]) -> None:
    found = {kind.name for kind in types_of(text)}
    assert found - {"durable execution"} == names


def test_a_table_that_is_given_by_its_arn_is_taken_whole_and_its_index_is_not_named() -> None:
    """An ARN in the place of a name would stand in another: no ARN of the index can be told from these parameters."""
    query = operation("dynamodb", "Query")
    assert query is not None
    (call,) = query.calls
    given = {"TableName": f"{TABLE}/orders", "IndexName": "by_date"}
    assert arns(call, given, HERE) == (f"{TABLE}/orders",)
    by_name = {"TableName": "orders", "IndexName": "by_date"}
    assert {*arns(call, by_name, HERE)} == {f"{TABLE}/orders", f"{TABLE}/orders/index/by_date"}


def test_an_arn_is_made_from_a_format() -> None:
    format_ = "arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}"
    assert variables(format_) == ("Partition", "Region", "Account", "TableName")
    assert fill(format_, {**HERE, "TableName": "orders"}) == f"{TABLE}/orders"
    assert fill(format_, HERE) == f"{TABLE}/*"


@pytest.mark.parametrize(
    ("meant", "first"),
    [
        ("s3:GetObjcet", "s3:GetObject"),
        ("s3:HeadObject", "s3:GetObject"),
        ("s3:ListObjects", "s3:ListBucket"),
        ("lambda:Invoke", "lambda:InvokeFunction"),
        ("lamda:InvokeFunction", "lambda:InvokeFunction"),
        ("eventbridge:PutEvents", "events:PutEvents"),
        ("cloudwatch:CreateLogStream", "logs:CreateLogStream"),
        ("stepfunctions:StartExecution", "states:StartExecution"),
        ("execute-api:PostToConnection", "execute-api:ManageConnections"),
        ("dynamodb:GetItems", "dynamodb:GetItem"),
        ("sqs:SendMessageBatch", "sqs:SendMessage"),
        ("secretmanager:GetSecretValeu", "secretsmanager:GetSecretValue"),
        ("dynamodb:Put", "dynamodb:PutItem"),
        ("s3:Delete", "s3:DeleteObject"),
        ("lambda:Call", "lambda:InvokeFunction"),
    ],
)
def test_a_mistaken_action_is_understood(meant: str, first: str) -> None:
    assert nearest_actions(meant)[0] == first


@pytest.mark.parametrize(
    ("meant", "actions"),
    [
        # A verb alone: what functions use most, and no longer name for it.
        ("dynamodb:Put", ["dynamodb:PutItem"]),
        ("dynamodb:Get", ["dynamodb:GetItem", "dynamodb:GetRecords"]),
        ("dynamodb:Create", ["dynamodb:PutItem", "dynamodb:CreateTable", "dynamodb:CreateBackup"]),
        ("s3:Get", ["s3:ListBucket", "s3:GetObject"]),
        ("secretsmanager:GetSecret", [f"secretsmanager:{name}" for name in
                                      ("GetSecretValue", "DescribeSecret", "ListSecrets")]),
        # Each word counts once.
        ("dynamodb:PutPolicy", ["dynamodb:PutResourcePolicy"]),
        ("dynamodb:RemoveResourcePolicy", ["dynamodb:DeleteResourcePolicy"]),
        ("dynamodb:DescribeReserved", ["dynamodb:DescribeReservedCapacity"]),
        # A singular for a plural is a slip sooner than a plural for a singular.
        ("ssm:DescribeMaintenanceWindowTasksTasks", [f"ssm:{name}" for name in (
            "DescribeMaintenanceWindowTasks", "DescribeMaintenanceWindowExecutionTasks", "GetMaintenanceWindowTask")]),
    ],
)  # fmt: skip
def test_the_actions_that_may_be_meant_come_with_the_likeliest_first(meant: str, actions: list[str]) -> None:
    assert list(nearest_actions(meant)) == actions


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("aws:ResourceTag", "aws:ResourceTag/KEY"),
        ("aws:PrincipalTgs/a", "aws:PrincipalTag/a"),
        ("kms:EncryptionContxt:a", "kms:EncryptionContext:a"),
        ("dynamodb:LeadingKey/x", "dynamodb:LeadingKeys"),  # which is no family
        ("aws:SourceIp/x", "aws:SourceIp"),
        ("s3:prefixs:a", "s3:prefix"),
        ("aws:region", "aws:RequestedRegion"),
        ("aws:Zzzzzzz/a", None),
    ],
)
def test_a_mistaken_condition_key_is_understood(written: str, meant: str | None) -> None:
    assert nearest_key(written) == meant


@pytest.mark.parametrize("text", ["s3:Zzzzzzzzzzzz", "foo:Bar", "", ":", "s3:", "*:*", "é:é"])
def test_what_resembles_nothing_gives_nothing(text: str) -> None:
    assert nearest_actions(text) == ()


@pytest.mark.parametrize(
    ("meant", "first"),
    [
        ("lamda", "lambda"),
        ("cloudwatch logs", "logs"),
        ("Step Functions", "states"),
        ("dynamdb", "dynamodb"),
        ("sqss", "sqs"),
    ],
)
def test_a_mistaken_service_is_understood(meant: str, first: str) -> None:
    assert nearest_services(meant)[0] == first


@pytest.mark.parametrize(
    ("written", "known", "names"),
    [
        ("us-esat-1", ["us-west-1", "us-east-1"], ["us-east-1", "us-west-1"]),
        ("Publsih", ["Subscribe", "publish"], ["publish"]),
        ("Basic", ["BasicRole", "BasicOnes", "Basics"], ["Basics", "BasicOnes", "BasicRole"]),
        ("", ["a"], []),
    ],
    ids=["swapped letters before others", "in any case", "the shortest of what it begins", "nothing"],
)
def test_names_are_alike_by_their_letters_and_their_order(written: str, known: list[str], names: list[str]) -> None:
    assert nearest_names(written, known) == names


def mistyped(name: str, chance: random.Random) -> str:
    place = chance.randrange(1, len(name) - 1)
    left, letter, right = name[:place], name[place], name[place + 1 :]
    return chance.choice((
        left + right[0] + letter + right[1:], left + right, left + letter * 2 + right, left + "x" + right, f"{name}s",
    ))  # fmt: skip


@in_all_cases
def test_of_a_thousand_misspellings_at_least_95_percent_are_right_first() -> None:
    chance = random.Random(7)  # noqa: S311 - the same misspellings every time
    names = [name for name in expand("*") if len(name.split(":")[1]) > 4]
    right = tried = 0
    while tried < 1_000:
        name = chance.choice(names)
        prefix, bare = name.split(":")
        wrong = f"{prefix}:{mistyped(mistyped(bare, chance), chance)}"
        if action(wrong) is None:
            tried += 1
            right += nearest_actions(wrong)[:1] == (name,)
    assert right >= 950


def test_nearly_every_arn_in_aws_s_own_policies_is_traced() -> None:
    found: set[str] = set()
    for name in managed_policies():
        policy = managed_policy(name)
        assert policy is not None
        statements = policy.document["Statement"]
        for statement in statements if isinstance(statements, list) else [statements]:
            resources = statement.get("Resource", [])
            found |= {resources} if isinstance(resources, str) else set(resources)
    arns_found = {text for text in found if text != "*"}
    traced = {text for text in arns_found if types_of(text)}
    assert len(traced) > 0.97 * len(arns_found)  # the rest is undocumented, or a slip of AWS's: `statemachine:`
