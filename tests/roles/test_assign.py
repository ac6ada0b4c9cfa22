"""Roles: one per function, shared where the app says so, with grants on own resources by Fn::GetAtt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from remit.catalogue import actions as catalogue
from remit.iam.policy import render_statement
from remit.roles.policy_size import Sizes

if TYPE_CHECKING:
    from conftest import Make

DATA = {
    "shared/resources/data.py": """
from remit import Shared, aws, project, resource
KEY = {"attribute_definitions": [{"AttributeName": "id", "AttributeType": "S"}],
       "key_schema": [{"AttributeName": "id", "KeyType": "HASH"}], "billing_mode": "PAY_PER_REQUEST"}
class Data(Shared):
    queue = resource("AWS::SQS::Queue", queue_name="in")
    topic = resource("AWS::SNS::Topic", topic_name="news")
    table = resource("AWS::DynamoDB::Table", table_name=f"{project.namespace}-orders", **KEY,
                     stream_specification={"StreamViewType": "NEW_IMAGE"})
    bucket = resource("AWS::S3::Bucket", bucket_name=f"files-{aws.account}")
    fixed = resource("AWS::S3::Bucket", bucket_name="fixed")
    clicks = resource("AWS::Kinesis::Stream", name="clicks", shard_count=1)
    web = resource("AWS::ECS::Service", service_name="web", cluster="main", launch_type="FARGATE")
"""
}
OWN: dict[str, list[str]] = {
    "queue.send(Data.queue)": ["${DataQueue.Arn}"],
    'queue.send("in")': ["${DataQueue.Arn}"],
    'queue.send("other")': ["arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:other"],
    "sns.publish(Data.topic)": ["${DataTopic}"],
    'sns.publish("news")': ["${DataTopic}"],
    "dynamodb.put(Data.table)": ["${DataTable.Arn}"],
    'dynamodb.put(f"{project.namespace}-orders")': ["${DataTable.Arn}"],
    'dynamodb.query(Data.table, index="by-day")': ["${DataTable.Arn}/index/by-day"],
    'dynamodb.query("orders-dev-orders", index="by-day")': ["${DataTable.Arn}/index/by-day"],
    's3.read(Data.bucket, "in/*", "x")': ["${DataBucket.Arn}/in/*", "${DataBucket.Arn}/x"],
    's3.read(f"files-{aws.account}")': ["${DataBucket.Arn}/*"],
    's3.list("fixed")': ["${DataFixed.Arn}"],
    '{"Effect": "Allow", "Action": "s3:*", "Resource": ["arn:aws:s3:::fixed", "arn:aws:s3:::fixed/*"]}': [
        "${DataFixed.Arn}",
        "${DataFixed.Arn}/*",
    ],
    '{"Effect": "Allow", "Action": "sqs:*", "Resource": f"arn:{aws.partition}:sqs:{aws.region}:{aws.account}:in"}': [
        "${DataQueue.Arn}"
    ],
    '{"Effect": "Allow", "Action": "sqs:*", "Resource": "arn:aws:sqs:eu-west-1:111122223333:in"}': [
        "arn:aws:sqs:eu-west-1:111122223333:in"
    ],
    '{"Effect": "Allow", "Action": "sqs:*", "Resource": f"arn:{aws.partition}:sqs:{aws.region}:{aws.account}:in*"}': [
        "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:in*"
    ],
    '{"Effect": "Allow", "Action": "sqs:*", "Resource": {"Fn::GetAtt": ["DataQueue", "Arn"]}}': ["${DataQueue.Arn}"],
    """{"Effect": "Allow", "Action": "ecs:UpdateService",
        "Resource": f"arn:{aws.partition}:ecs:{aws.region}:{aws.account}:service/main/web"}""": ["${DataWeb}"],
    '{"Effect": "Deny", "Action": "sqs:*", "NotResource": Data.queue.arn}': ["${DataQueue.Arn}"],
    '{"Effect": "Deny", "Action": "s3:*", "NotResource": "arn:aws:s3:::fixed/*"}': ["${DataFixed.Arn}/*"],
}


@pytest.mark.parametrize("written", OWN)
def test_grants_on_own_resources_go_by_getatt(make: Make, written: str) -> None:
    """By handle, by name, by an ARN written by hand; what is somebody else's stays as it was written."""
    project = make(
        app="from remit import aws, project\nfrom shared.resources.data import Data\n"
        f"@app.function(policy=[{written}])\ndef hello(event, context): ...\n",
        **DATA,
    )
    resources = project.role().grants[1].statement.resources
    assert resources is not None
    assert (OWN[written], "NotResource" in written) == (list(resources.patterns), resources.negated)


@pytest.mark.parametrize(
    ("trigger", "arn"),
    [
        ("sqs('in')", {"Fn::GetAtt": ["DataQueue", "Arn"]}),
        ("sqs(Data.queue)", {"Fn::GetAtt": ["DataQueue", "Arn"]}),
        ("kinesis('clicks')", {"Fn::GetAtt": ["DataClicks", "Arn"]}),
        ("stream(Data.table)", {"Fn::GetAtt": ["DataTable", "StreamArn"]}),
    ],
)
def test_triggers_on_own_resources_go_by_getatt(make: Make, trigger: str, arn: object) -> None:
    """The mapping and the role name the same thing, so that CloudFormation knows the order."""
    project = make(
        app=f"from shared.resources.data import Data\n@app.function({trigger})\ndef hello(event, context): ...\n",
        **DATA,
    )
    (mapping,) = project.resources("AWS::Lambda::EventSourceMapping").values()
    document = project.resources("AWS::IAM::Role")["HelloRole"]["Policies"][0]["PolicyDocument"]
    assert (arn, arn) == (mapping["EventSourceArn"], document["Statement"][1]["Resource"])


def test_grants_of_function_group_and_app_add_up(make: Make) -> None:
    project = make(
        config='config.lambda_.iam.policy = ["s3", "sqs"]',
        app='g = app.group("g", policy=["sns", "sqs"])\n@g.function(policy=["sqs", "ec2"])\n'
        "def hello(event, context): ...\n@app.function\ndef other(event, context): ...\n",
    )
    assert {"hello": ["sqs:*", "ec2:*", "sns:*", "s3:*"], "other": ["s3:*", "sqs:*"]} == {
        name: [statement["Action"] for statement in project.statements(name)[1:]] for name in ("hello", "other")
    }


SHARED_ROLES = "config.lambda_.iam.share_roles = True"


def test_every_function_has_a_role_of_its_own(make: Make) -> None:
    """Also where what they may do is the same: nobody's role speaks of another function's logs."""
    project = make(app="@app.function\ndef one(event, context): ...\n@app.function\ndef two(event, context): ...\n")
    assert [("OneRole", ("one",), "${OneLogGroup.Arn}"), ("TwoRole", ("two",), "${TwoLogGroup.Arn}")] == [
        (role.logical_id, role.functions, render_statement(role.grants[0].statement)["Resource"])
        for role in project.roles()
    ]


def test_functions_whose_access_is_identical_share_a_role_where_the_app_says_so(make: Make) -> None:
    """But for each one's own log group; the order in which it was granted does not matter."""
    project = make(
        config=SHARED_ROLES,
        app="""
@app.function(http(), policy=["s3", "sqs"])
def one(event, context): ...
@app.function(policy=["sqs", "s3"])
def two(event, context): ...
@app.function(policy=["s3"])
def three(event, context): ...
@app.function(policy=["s3", "sqs"], managed_policy="ReadOnlyAccess")
def four(event, context): ...
""",
    )
    roles = project.roles()
    assert [("OneRole", ("one", "two")), ("ThreeRole", ("three",)), ("FourRole", ("four",))] == [
        (role.logical_id, role.functions) for role in roles
    ]
    logs = roles[0].grants[0]
    assert logs.statement.resources is not None
    assert (("${OneLogGroup.Arn}", "${TwoLogGroup.Arn}"), "each of one, two writes its logs") == (
        logs.statement.resources.patterns,
        logs.because,
    )
    assert "'s3' declared for functions one, two" == roles[0].grants[1].because
    used = project.resources("AWS::Lambda::Function")
    assert ["OneRole", "OneRole", "ThreeRole", "FourRole"] == [
        used[f"{name}Function"]["Role"]["Fn::GetAtt"][0] for name in ("One", "Two", "Three", "Four")
    ]


def test_a_hundred_functions_share_as_few_roles_as_iam_has_room_for(make: Make) -> None:
    names = [f"a_function_with_a_long_name_of_its_own_{number}" for number in range(100)]
    body = "".join(f"@app.function\ndef {name}(event, context): ...\n" for name in names)
    project = make(config=SHARED_ROLES, app=body)
    built = project.built()
    sizes = Sizes(built.namespace, {resource.logical_id: resource for resource in built.template.resources})
    assert (2, names) == (len(built.roles), [name for role in built.roles for name in role.functions])
    assert all(sizes.policy(role) <= 10_240 for role in built.roles)


def test_large_policies_are_shared_by_fewer(make: Make) -> None:
    """Where one function's policy fits, sharing must not make it too long."""
    actions = list(catalogue.actions("ec2")[:280])
    assert 8_000 < len(str(actions)) < 10_000
    body = f"COMMON = {actions}\nSTATEMENT = {{'Effect': 'Allow', 'Action': COMMON, 'Resource': '*'}}\n"
    body += "".join(f"@app.function(policy=STATEMENT)\ndef fn_{n}(event, context): ...\n" for n in range(20))
    assert 20 == sum(len(role.functions) for role in make(config=SHARED_ROLES, app=body).built().roles)


def test_a_sid_that_two_declarations_use_is_numbered(make: Make) -> None:
    """IAM wants each once in a policy."""
    statement = '{{"Sid": "Read", "Effect": "Allow", "Action": "{}:*", "Resource": "*"}}'
    items = ", ".join(statement.format(service) for service in ("s3", "sqs", "sns"))
    project = make(config=f"config.lambda_.iam.policy = [{items}]")
    assert ["Read", "Read2", "Read3"] == [one["Sid"] for one in project.statements()[1:]]


def test_a_role_has_no_name_and_lambda_alone_may_assume_it(make: Make) -> None:
    (role,) = make().resources("AWS::IAM::Role").values()
    assert {"Description", "AssumeRolePolicyDocument", "Policies"} == set(role)
    assert {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    } == role["AssumeRolePolicyDocument"]
    assert ["remit"] == [policy["PolicyName"] for policy in role["Policies"]]


def test_every_grant_has_a_reason_and_a_line(make: Make) -> None:
    project = make(
        config="config.job.enable = True\nconfig.lambda_.iam.policy = ['s3', {'Statement': []}]",
        app="@app.function(sqs('in'), schedule('rate(1 day)'), http(), tracing=True, policy=[s3.read('b')])\n"
        "def hello(event, context): ...\n",
    )
    for role in project.roles():
        for grant in role.grants:
            assert grant.because
            assert grant.origin is not None
            assert (grant.origin.line > 0, grant.origin.file in ("app.py", "config/deploy.py")) == (True, True)
