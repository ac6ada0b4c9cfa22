"""What people type is taken for an ARN, and an access for the shortest grant of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from projects import APP, Project, write
from remit.answers.explanation import explain, spelled_out
from remit.answers.remedy import needed_grant, resource_form_of
from remit.roles.assign import assign
from remit.roles.role_policies import ready_roles

if TYPE_CHECKING:
    from remit.app import App
    from remit.holders import Holder

SHARED: Final = """
from remit import Shared, resource
class Data(Shared):
    queue = resource("AWS::SQS::Queue")
    table = resource("AWS::DynamoDB::Table", table_name="t")
    files = resource("AWS::S3::Bucket")
"""
HELLO: Final = """
SEND = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-1:111122223333:q"}
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::files/a/*"}
@app.function(policy=[SEND, READ], managed_policy=["arn:aws:iam::111122223333:policy/own"])
def hello(event, context): ...
"""
QUEUE, HERE = "arn:aws:sqs:eu-west-1:111122223333:q", "111122223333"


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("spelled") / "orders"
    write(folder, {"app.py": APP + HELLO, "shared/resources/data.py": SHARED})
    return Project(folder)


@pytest.fixture(scope="module")
def app(orders: Project) -> App:
    return orders.load()


@pytest.fixture(scope="module")
def role(app: App) -> Holder:
    return ready_roles(app, assign(app))["hello"]


def late(service: str, name: str) -> str:
    return f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{name}"


@pytest.mark.parametrize(
    ("action", "resource", "expected"),
    [
        ("sqs:SendMessage", "*", "*"),
        ("sqs:SendMessage", "arn:aws:sqs:x", "arn:aws:sqs:x"),
        ("s3:GetObject", "s3://b/k/x", "arn:${AWS::Partition}:s3:::b/k/x"),
        ("sqs:SendMessage", "https://sqs.eu-west-1.amazonaws.com/111122223333/q", QUEUE),
        (
            "sqs:SendMessage",
            "https://sqs.cn-north-1.amazonaws.com.cn/111122223333/q",
            "arn:aws-cn:sqs:cn-north-1:111122223333:q",
        ),
        ("sqs:SendMessage", "DataQueue", "${DataQueue.Arn}"),
        ("sqs:SendMessage", "Data.queue", "${DataQueue.Arn}"),
        ("sqs:SendMessage", "data_queue", "${DataQueue.Arn}"),
        ("dynamodb:Query", "Data.table/index/i", "${DataTable.Arn}/index/i"),
        ("lambda:InvokeFunction", "hello", "${HelloFunction.Arn}"),
        ("sqs:SendMessage", "hello", late("sqs", "hello")),
        ("sqs:SendMessage", "orders", late("sqs", "orders")),
        ("secretsmanager:GetSecretValue", "db/prod", late("secretsmanager", "secret:db/prod-??????")),
        ("secretsmanager:GetSecretValue", "db-AbCdEf", late("secretsmanager", "secret:db-AbCdEf")),
        ("ssm:GetParameter", "/shop/x", late("ssm", "parameter/shop/x")),
        ("ssm:GetParameter", "shop/x", late("ssm", "parameter/shop/x")),
        ("s3:GetObject", "b/k", "arn:${AWS::Partition}:s3:::b/k"),
        ("s3:GetObject", "b", "b"),
        ("s3:ListBucket", "b", "arn:${AWS::Partition}:s3:::b"),
        ("iam:PassRole", "teams/x", "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/teams/x"),
        ("dynamodb:Query", "t/index/i", late("dynamodb", "table/t/index/i")),
        ("logs:PutLogEvents", "app:log-stream:x", late("logs", "log-group:app:log-stream:x")),
        ("ssm:SendCommand", "a-document", late("ssm", "document/a-document")),
        ("kinesis:PutRecord", "my-stream", late("kinesis", "stream/my-stream")),
        ("x:Y", "z", "z"),
    ],
)
def test_a_name_becomes_the_arn_of_what_the_action_takes(
    role: Holder, action: str, resource: str, expected: str
) -> None:
    assert spelled_out(role, action, resource) == expected


UNREAD = "the managed policy arn:${AWS::Partition}:iam::111122223333:policy/own is not known here: it may allow this"


@pytest.mark.parametrize(
    ("action", "resource", "verdict", "is_fixable", "notes"),
    [
        ("sqs:SendMessage", QUEUE, "Allowed", False, []),
        ("sqs:PurgeQueue", QUEUE, "ImplicitlyDenied", True, [UNREAD]),
        ("sqs:SendMesage", "q", "ImplicitlyDenied", False, [
            "the catalogue knows no action sqs:SendMesage; did you mean sqs:SendMessage?", UNREAD,
        ]),
        ("sqs:SendMessage", "b/k/", "ImplicitlyDenied", True, [
            "b/k/ is not an ARN and names no resource of sqs:SendMessage, which are called ${QueueName}", UNREAD,
        ]),
        ("dynamodb:Query", "DataTabel", "ImplicitlyDenied", True, [
            "there is no resource DataTabel in the stack: did you mean DataTable?", UNREAD,
        ]),
        ("sns:Publish", "Data*", "ImplicitlyDenied", True, [UNREAD]),
        ("ec2:RunInstances", "*", "ImplicitlyDenied", True, [
            "the call may need ec2:CreateTags, iam:PassRole, ssm:GetParameters as well", UNREAD,
        ]),
        ("kms:Decrypt", "arn:aws:kms:eu-west-1:111122223333:key/x", "ImplicitlyDenied", True, [
            UNREAD, "the resource's own policy must allow it, or leave it to the account's policies",
        ]),
    ],
)  # fmt: skip
def test_an_answer_says_what_may_be_wrong_with_the_question(
    role: Holder, action: str, resource: str, verdict: str, *, is_fixable: bool, notes: list[str]
) -> None:
    found = explain(role, "function hello", action, resource)
    assert (found.verdict, found.fixable, [*found.notes]) == (verdict, is_fixable, notes)


def test_an_allow_that_came_near_is_told_with_what_it_lacked(role: Holder) -> None:
    found = explain(role, "function hello", "sqs:SendMessage", f"{QUEUE}x")
    assert [lacked for _, lacked in found.near] == ["allowed on q, asked for qx"]


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("s3:ListAllMyBuckets", "arn:${AWS::Partition}:s3:::*"),
        ("sqs:SendMessage", late("sqs", "QueueName")),
        ("s3:GetObject", "arn:${AWS::Partition}:s3:::bucket-name/ObjectName"),
        ("dynamodb:Query", late("dynamodb", "table/TableName")),
        ("ec2:RunInstances", "*"),
        ("sts:GetCallerIdentity", "*"),
        ("kms:Decrypt", late("kms", "key/KeyId")),
    ],
)
def test_an_action_has_a_form_of_what_it_is_on(action: str, expected: str) -> None:
    assert resource_form_of(action) == expected


DATA = "shared.resources.data.Data"


@pytest.mark.parametrize(
    ("action", "resource", "account", "item", "names"),
    [
        ("sqs:sendmessage", QUEUE, HERE, 'sqs.send("q")', "sqs"),
        ("sqs:SendMessage", QUEUE, "444455556666", f'sqs.send("{QUEUE}")', "sqs"),
        ("sqs:SendMessage", QUEUE, "", 'sqs.send("q")', "sqs"),
        ("s3:GetObject", "arn:aws:s3:::b/k", "1", 's3.read("b", "k")', "s3"),
        ("s3:GetObject", "arn:aws:s3:::b/*", "1", 's3.read("b")', "s3"),
        ("s3:ListBucket", "arn:aws:s3:::b", "1", 's3.list("b")', "s3"),
        (
            "dynamodb:Query",
            "arn:aws:dynamodb:eu-west-1:111122223333:table/o/index/i",
            HERE,
            'dynamodb.query("o", index="i")',
            "dynamodb",
        ),
        ("dynamodb:PutItem", "arn:aws:dynamodb:eu-west-1:111122223333:table/a", HERE, 'dynamodb.put("a")', "dynamodb"),
        (
            "dynamodb:PutItem",
            "arn:aws:dynamodb:eu-west-1:111122223333:table/table",
            HERE,
            'dynamodb.put("table")',
            "dynamodb",
        ),
        (
            "dynamodb:Query",
            "arn:aws:dynamodb:eu-west-1:111122223333:table/a/index/a",
            HERE,
            'dynamodb.query("a", index="a")',
            "dynamodb",
        ),
        (
            "dynamodb:PutItem",
            "arn:aws:dynamodb:eu-west-1:111122223333:table/a",
            "1",
            'dynamodb.put("arn:aws:dynamodb:eu-west-1:111122223333:table/a")',
            "dynamodb",
        ),
        (
            "lambda:InvokeFunction",
            "arn:aws:lambda:eu-west-1:111122223333:function:f",
            "",
            'lambda_.invoke("f")',
            "lambda_",
        ),
        ("ssm:GetParameter", "arn:aws:ssm:eu-west-1:111122223333:parameter/a", "", 'ssm.read("a")', "ssm"),
        ("s3:GetObject", "arn:aws:s3:::b/b", "1", 's3.read("b", "b")', "s3"),
        ("s3:GetObject", "arn:aws:s3:::b/bk/b", "1", 's3.read("b", "bk/b")', "s3"),
        (
            "dynamodb:Query",
            "arn:aws:dynamodb:eu-west-1:111122223333:table/t",
            HERE,
            "dynamodb.query(Data.table)",
            f"dynamodb {DATA}",
        ),
        ("sqs:SendMessage", "${DataQueue.Arn}", "", "sqs.send(Data.queue)", f"sqs {DATA}"),
        ("sqs:PurgeQueue", "${DataQueue.Arn}", "", 'allow("sqs:PurgeQueue", on=Data.queue)', f"allow {DATA}"),
        ("s3:PutObject", "${DataFiles.Arn}/k", "", 's3.put(Data.files, "k")', f"s3 {DATA}"),
        (
            "s3:PutObjectAcl",
            "${DataFiles.Arn}/k",
            "",
            'allow("s3:PutObjectAcl", on=f"{Data.files.arn}/k")',
            f"allow {DATA}",
        ),
        (
            "kms:Decrypt",
            "arn:aws:kms:eu-west-1:111122223333:key/x",
            "",
            'kms.decrypt("arn:aws:kms:eu-west-1:111122223333:key/x")',
            "kms",
        ),
        (
            "sts:AssumeRole",
            "arn:aws:iam::444455556666:role/x",
            "",
            'allow("sts:AssumeRole", on="arn:aws:iam::444455556666:role/x")',
            "allow",
        ),
        (
            "sts:AssumeRole",
            "arn:aws:iam::444455556666:role/x",
            "444455556666",
            'allow("sts:AssumeRole", on=f"arn:{aws.partition}:iam::{aws.account}:role/x")',
            "allow remit.aws",
        ),
        (
            "iam:GetRole",
            "arn:aws:iam::aws:role/x",
            HERE,
            'allow("iam:GetRole", on=f"arn:{aws.partition}:iam::aws:role/x")',
            "allow remit.aws",
        ),
        ("ec2:DescribeInstances", "*", "", '"ec2:DescribeInstances"', ""),
        ("sqs:SendMessage", "zz", "", 'allow("sqs:SendMessage", on="arn:…")', "allow"),
    ],
)
def test_a_grant_is_the_shortest_that_gives_an_access(
    app: App, orders: Project, action: str, resource: str, account: str, item: str, names: str
) -> None:
    needed = needed_grant(app, action, resource, orders.folder, account=account)
    full_names = [name if "." in name else f"remit.grants.{name}" for name in names.split()]
    assert (needed.item, [*needed.names]) == (item, full_names)
    assert needed.typed == (bool(names) and not names.startswith("allow"))
    assert needed.complete == (resource != "zz")
