"""Triggers on the app's own resources: what they change there, and that two of them agree."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from every_trigger import APP as EVERY_TRIGGER
from every_trigger import DATA
from projects import at
from remit.app import Resource
from remit.errors import RemitError
from remit.resources.kms_key import KmsKey, kms_key
from remit.triggers.failure_destination import DestinationKind, destination

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Make
    from projects import Project

DESTINATIONS: tuple[DestinationKind, ...] = ("sqs", "sns", "s3")
UUID_END = {"Fn::Select": [4, {"Fn::Split": ["-", {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}]}]}
UPLOADS = {"Fn::Sub": ["orders-dev-datauploads-${Part1}", {"Part1": UUID_END}]}
UPLOADS_ARN = {"Fn::Sub": ["arn:${AWS::Partition}:s3:::orders-dev-datauploads-${Part1}", {"Part1": UUID_END}]}


def made(make: Make, app: str, data: str = DATA) -> Project:
    """A project with these functions, and the resources of `DATA`."""
    declared = f"from remit import grants\nfrom shared.resources.data import Data\n{app}"
    return make(app=declared, **{"shared/resources/data.py": data})


def function(triggers: str, name: str = "hello", more: str = "") -> str:
    return f"@app.function({triggers}{more})\ndef {name}(event, context): ...\n"


def permission(function_id: str, source: Any, principal: str) -> dict[str, Any]:
    return {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Ref": f"{function_id}Function"},
        "Principal": principal,
        "SourceAccount": {"Ref": "AWS::AccountId"},
        "SourceArn": source,
    }


@pytest.mark.parametrize(
    ("subject", "kind", "actions"),
    [
        ("failed", "sqs", ["sqs:SendMessage"]),
        ("arn:aws:sqs:eu-west-1:111122223333:failed", "sqs", ["sqs:SendMessage"]),
        ("${DataFailed.Arn}", "sqs", ["sqs:SendMessage"]),
        ("arn:aws:sns:eu-west-1:111122223333:failed", "sns", ["sns:Publish"]),
        ("${DataNews}", "sns", ["sns:Publish"]),
        ("arn:aws:s3:::failed", "s3", ["s3:PutObject", "s3:ListBucket"]),
    ],
)
def test_what_failed_goes_to_the_kind_of_thing_that_its_text_names(
    subject: str, kind: DestinationKind, actions: list[str]
) -> None:
    there = destination(subject, "on_failure", DESTINATIONS)
    assert kind == there.kind
    assert actions == [action for statement in there.statements() for action in statement.actions.patterns]
    with pytest.raises(RemitError, match="on_failure takes"):
        destination(subject, "on_failure", [other for other in DESTINATIONS if other != kind])


def test_a_permission_fixes_the_account_by_source_account_or_by_an_arn_that_has_it_where_aws_sends_none(
    make: Make,
) -> None:
    """EventBridge, SNS and API Gateway send no `aws:SourceAccount`; the ARN of a bucket has no account."""
    permissions = make(**{"app.py": EVERY_TRIGGER, "shared/resources/data.py": DATA}).resources(
        "AWS::Lambda::Permission"
    )
    by_account, by_arn = set(), set()
    for name, permission in permissions.items():
        service = permission["Principal"].removesuffix(".amazonaws.com")
        source = str(permission.get("SourceArn", ""))
        if "SourceAccount" in permission:
            by_account.add(service)
        elif "SourceArn" in permission:
            by_arn.add(service)
            assert "Fn::GetAtt" in source or "AWS::AccountId" in source or "Ref" in source, name
    assert {"s3", "logs", "iot", "cognito-idp"} == by_account
    assert {"events", "sns", "apigateway"} == by_arn


def test_every_trigger_builds_without_a_finding_of_lint(tmp_path: Path, make: Make) -> None:
    """What cfn-lint says of them: test_alarms.py, which asks it about the same app with its alarms."""
    project = make(**{"app.py": EVERY_TRIGGER, "shared/resources/data.py": DATA})
    (project.folder / "app.py").write_text(EVERY_TRIGGER, "utf-8")
    template = tmp_path / "template.json"
    template.write_text(project.built().body, "utf-8")
    for arguments in (("lint",), ("lint", str(template))):
        ran = project.remit(*arguments)
        assert (0, "nothing found\n") == (ran.status, ran.err + ran.out)


def test_a_function_may_read_the_bucket_that_runs_it(make: Make) -> None:
    """The bucket refers to the function, so the function and its role name the bucket."""
    app = function(
        'on.s3(Data.uploads, prefix="in/")',
        more=', policy=[grants.s3.read(Data.uploads, "in/*")], environment={"BUCKET": Data.uploads.ref}',
    )
    resources = made(make, app).template()["Resources"]
    assert {
        "Type": "AWS::S3::Bucket",
        "DependsOn": ["HelloDataUploadsBucketPermission"],
        "Properties": {
            "BucketName": UPLOADS,
            "NotificationConfiguration": {
                "LambdaConfigurations": [
                    {
                        "Event": "s3:ObjectCreated:*",
                        "Function": {"Fn::GetAtt": ["HelloFunction", "Arn"]},
                        "Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": "in/"}]}},
                    }
                ]
            },
        },
    } == resources["DataUploads"]
    assert (
        permission("Hello", UPLOADS_ARN, "s3.amazonaws.com")
        == (resources["HelloDataUploadsBucketPermission"]["Properties"])
    )
    (document,) = [policy["PolicyDocument"] for policy in resources["HelloRole"]["Properties"]["Policies"]]
    objects = {"Fn::Sub": [f"{UPLOADS_ARN['Fn::Sub'][0]}/in/*", {"Part1": UUID_END}]}
    assert {"Effect": "Allow", "Action": "s3:GetObject", "Resource": objects} == document["Statement"][1]
    assert UPLOADS == resources["HelloFunction"]["Properties"]["Environment"]["Variables"]["BUCKET"]


def test_whoever_a_bucket_does_not_wait_for_refers_to_it(make: Make) -> None:
    app = function("on.s3(Data.uploads)") + function("", "other", "policy=[grants.s3.read(Data.uploads)]")
    role = made(make, app).template()["Resources"]["OtherRole"]["Properties"]
    resource = role["Policies"][0]["PolicyDocument"]["Statement"][1]["Resource"]
    assert {"Fn::Sub": "${DataUploads.Arn}/*"} == resource


@pytest.mark.parametrize("bucket", ['"incoming"', '"arn:aws:s3:::incoming"', "Data.uploads", "Data.uploads.arn"])
def test_a_bucket_that_has_a_name_keeps_it(make: Make, bucket: str) -> None:
    data = DATA.replace(
        'uploads = resource("AWS::S3::Bucket")', 'uploads = resource("AWS::S3::Bucket", bucket_name="incoming")'
    )
    app = function(f"on.s3({bucket})", more=", policy=[grants.s3.read(Data.uploads)]")
    resources = made(make, app, data).template()["Resources"]
    assert "incoming" == resources["DataUploads"]["Properties"]["BucketName"]
    statement = resources["HelloRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][1]
    assert {"Fn::Sub": "arn:${AWS::Partition}:s3:::incoming/*"} == statement["Resource"]


def test_a_bucket_whose_name_is_put_together_goes_by_that(make: Make) -> None:
    named = 'uploads = resource("AWS::S3::Bucket", bucket_name={"Fn::Join": ["-", [aws.account, "incoming"]]})'
    data = "from remit import aws\n" + DATA.replace('uploads = resource("AWS::S3::Bucket")', named)
    app = function("on.s3(Data.uploads)", more=", policy=[grants.s3.read(Data.uploads)]")
    resources = made(make, app, data).template()["Resources"]
    statement = resources["HelloRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][1]
    assert {"Fn::Sub": "arn:${AWS::Partition}:s3:::${AWS::AccountId}-incoming/*"} == statement["Resource"]


def test_functions_on_one_bucket_share_its_notifications(make: Make) -> None:
    app = function('on.s3(Data.uploads, prefix="in/")') + function(
        'on.s3(Data.uploads, prefix="out/"), on.s3(Data.uploads, events="s3:ObjectRemoved:Delete")', "other"
    )
    bucket = made(make, app).template()["Resources"]["DataUploads"]
    entries = bucket["Properties"]["NotificationConfiguration"]["LambdaConfigurations"]
    assert [
        ("s3:ObjectCreated:*", "HelloFunction"),
        ("s3:ObjectCreated:*", "OtherFunction"),
        ("s3:ObjectRemoved:Delete", "OtherFunction"),
    ] == [(entry["Event"], entry["Function"]["Fn::GetAtt"][0]) for entry in entries]
    assert ["HelloDataUploadsBucketPermission", "OtherDataUploadsBucketPermission"] == bucket["DependsOn"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("", ""),
        ('prefix="in/"', 'prefix="in/a"'),
        ('suffix=".jpg"', 'suffix="g"'),
        ('events="s3:ObjectCreated:Put"', 'events=["s3:ObjectRemoved:*", "s3:ObjectCreated:*"]'),
    ],
)
def test_notifications_that_overlap_are_told(make: Make, first: str, second: str) -> None:
    app = function(f"on.s3(Data.uploads, {first})") + function(f"on.s3(Data.uploads, {second})", "other")
    error = made(make, app).error()
    assert ("app.py:13:15", True) == (
        at(error),
        error.message.startswith("bucket `DataUploads` would notify function hello and function other of the same "),
    )


def test_notifications_that_share_no_object_do_not_overlap(make: Make) -> None:
    app = function('on.s3(Data.uploads, prefix="in/", suffix=".jpg")') + function(
        'on.s3(Data.uploads, prefix="in/", suffix=".png"), on.s3(Data.uploads, prefix="out/"), '
        'on.s3(Data.uploads, events="s3:ObjectRemoved:*", prefix="in/")',
        "other",
    )
    assert made(make, app).template()


@pytest.mark.parametrize(("events", "mistakes"), [("s3:ObjectCreated:Put", 1), ("s3:ObjectRemoved:*", 0)])
def test_a_notification_that_is_written_by_hand_counts_with_its_event(make: Make, events: str, mistakes: int) -> None:
    by_hand = '{"QueueConfigurations": [{"Event": "s3:ObjectCreated:*", "Queue": orders.arn}]}'
    data = DATA + f'    files = resource("AWS::S3::Bucket", notification_configuration={by_hand})\n'
    ran = made(make, function(f'on.s3(Data.files, events="{events}")'), data).remit("build", "--no-package")
    told = "bucket `DataFiles` would notify what QueueConfigurations says and function hello of the same objects"
    assert mistakes == ran.err.count(told)


def test_an_event_that_eventbridge_does_not_have_is_told_of_a_bucket_that_exists_already(make: Make) -> None:
    error = made(make, function('on.s3("theirs", events="s3:ReducedRedundancyLostObject")')).error()
    assert (
        "bucket 'theirs' exists already, and is reached through EventBridge, which has no event "
        "s3:ReducedRedundancyLostObject"
    ) == error.message
    assert "app.py:11:15" == at(error)


def test_an_event_is_matched_by_the_account_that_the_app_is_deployed_to(make: Make) -> None:
    app = "from remit import aws\n" + function("on.event(account=aws.account)")
    (rule,) = made(make, app).resources("AWS::Events::Rule").values()
    assert {"account": [{"Ref": "AWS::AccountId"}]} == rule["EventPattern"]


def test_a_dead_letter_queue_lets_each_sender_send_for_its_source_alone(make: Make) -> None:
    app = function("on.sns(Data.news, dead_letter=Data.failed)") + function(
        'on.event(source="shop", dead_letter=Data.failed)', "other"
    )
    (policy,) = made(make, app).resources("AWS::SQS::QueuePolicy").values()
    assert [{"Ref": "DataFailed"}] == policy["Queues"]
    assert [
        ("sns.amazonaws.com", {"Ref": "DataNews"}),
        ("events.amazonaws.com", {"Fn::GetAtt": ["OtherEvent", "Arn"]}),
    ] == [
        (statement["Principal"]["Service"], statement["Condition"]["ArnEquals"]["aws:SourceArn"])
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def test_the_policy_that_a_dead_letter_queue_has_gets_the_senders_too(make: Make) -> None:
    own = DATA + (
        '    policy = resource("AWS::SQS::QueuePolicy", queues=[failed.ref], policy_document={"Version": "2012-10-17", '
        '"Statement": {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": failed.arn}})\n'
    )
    policies = made(make, function("on.sns(Data.news, dead_letter=Data.failed)"), own).resources(
        "AWS::SQS::QueuePolicy"
    )
    (policy,) = policies.values()
    assert ["Deny", "Allow"] == [statement["Effect"] for statement in policy["PolicyDocument"]["Statement"]]


def test_raw_messages_come_through_a_queue_of_the_app(make: Make) -> None:
    project = made(make, function("on.sns(Data.news, raw=True)"))
    resources = project.template()["Resources"]
    queue = {"Fn::GetAtt": ["HelloDataNewsTopicQueue", "Arn"]}
    subscription = resources["HelloDataNewsTopic"]["Properties"]
    assert ("sqs", queue, True) == tuple(subscription[name] for name in ("Protocol", "Endpoint", "RawMessageDelivery"))
    assert queue == resources["HelloDataNewsTopicMessages"]["Properties"]["EventSourceArn"]
    assert 180 == resources["HelloDataNewsTopicQueue"]["Properties"]["VisibilityTimeout"]
    assert ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"] == project.statements()[1]["Action"]


def test_what_lies_between_a_topic_and_a_function_is_named_by_the_letters_of_the_topics_name(make: Make) -> None:
    resources = made(make, function('on.sns("order-news", raw=True)')).template()["Resources"]
    names = {name for name in resources if name.startswith("HelloOrderNews")}
    parts = ("", "Messages", "Queue", "QueueSendersPolicy")
    assert {f"HelloOrderNewsTopic{part}" for part in parts} == names


def test_a_key_is_known_by_an_alias_of_the_app() -> None:
    key = Resource("Key", "AWS::KMS::Key", {})
    alias = Resource("Alias", "AWS::KMS::Alias", {"AliasName": "alias/shop", "TargetKeyId": {"Ref": "Key"}})
    assert KmsKey("${Key.Arn}", key) == kms_key({"Key": key, "Alias": alias}, {"Ref": "Alias"})


def test_a_schedule_runs_its_function_with_a_role_that_may_do_this_alone(make: Make) -> None:
    app = function('on.schedule("rate(1 day)"), on.schedule("rate(2 days)", dead_letter=Data.failed)')
    role = made(make, app).template()["Resources"]["HelloSchedulerRole"]["Properties"]
    place = "${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule-group/default"
    assert [
        {
            "Effect": "Allow",
            "Principal": {"Service": "scheduler.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {
                    "aws:SourceAccount": {"Ref": "AWS::AccountId"},
                    "aws:SourceArn": {"Fn::Sub": f"arn:{place}"},
                }
            },
        }
    ] == role["AssumeRolePolicyDocument"]["Statement"]
    assert [
        {
            "Effect": "Allow",
            "Action": "lambda:InvokeFunction",
            "Resource": {"Fn::GetAtt": ["HelloFunction", "Arn"]},
        },
        {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": {"Fn::GetAtt": ["DataFailed", "Arn"]}},
    ] == role["Policies"][0]["PolicyDocument"]["Statement"]


def test_the_boundary_of_the_app_bounds_the_role_of_its_schedules(make: Make) -> None:
    boundary = "arn:aws:iam::111122223333:policy/edge"
    config = f'config.lambda_.iam.permissions_boundary = "{boundary}"'
    project = make(config=config, app=function('on.schedule("rate(1 day)")'))
    roles = project.resources("AWS::IAM::Role").values()
    late = {"Fn::Sub": boundary.replace("aws", "${AWS::Partition}", 1)}
    assert [late, late] == [role["PermissionsBoundary"] for role in roles]


def test_the_stream_of_an_own_table_is_turned_on(make: Make) -> None:
    (table,) = made(make, function("on.dynamodb(Data.table)")).resources("AWS::DynamoDB::Table").values()
    assert {"StreamViewType": "NEW_AND_OLD_IMAGES"} == table["StreamSpecification"]


ELSEWHERE = "111122223333:function:other"
SAID: dict[str, tuple[str, dict[str, Any]]] = {
    "on.s3(Data.uploads)": (
        "uploads",
        {
            "NotificationConfiguration": {
                "LambdaConfigurations": [
                    {"Event": "s3:ObjectRemoved:*", "Function": f"arn:aws:lambda:eu-west-1:{ELSEWHERE}"}
                ],
                "TopicConfigurations": [{"Event": "s3:ObjectRestore:*", "Topic": "arn:aws:sns:eu-west-1:1:news"}],
            },
            "Tags": [{"Key": "team", "Value": "shop"}],
        },
    ),
    "on.dynamodb(Data.table)": (
        "table",
        {"StreamSpecification": {"StreamViewType": "KEYS_ONLY"}, "TableName": "orders"},
    ),
    'on.cognito(Data.users, "PreSignUp")': (
        "users",
        {"LambdaConfig": {"PostAuthentication": f"arn:aws:lambda:eu-west-1:{ELSEWHERE}"}, "UserPoolName": "p"},
    ),
}
"""What a resource declares itself, beside a trigger that changes it."""


@pytest.mark.parametrize("trigger", SAID)
def test_what_a_resource_says_itself_stays_beside_what_a_trigger_adds(make: Make, trigger: str) -> None:
    name, said = SAID[trigger]
    own = re.sub(rf'( {name} = resource\(\s*"[^"]+")', lambda match: f"{match[1]}, {said!r}", DATA, count=1)
    resource = made(make, function(trigger), own).template()["Resources"][f"Data{name.title()}"]
    assert_holds(resource["Properties"], said)
    assert "HelloFunction" in json.dumps(resource) or name == "table"


def assert_holds(whole: Any, part: Any) -> None:
    """Every key, and every item in its order."""
    if isinstance(part, dict):
        for key, value in part.items():
            assert_holds(whole[key], value)
    elif isinstance(part, list):
        assert [item for item in whole if item in part] == part
    else:
        assert whole == part


def test_two_views_of_one_stream_are_told(make: Make) -> None:
    app = function('on.dynamodb(Data.table, view="KEYS_ONLY")') + function("on.dynamodb(Data.table)", "other")
    error = made(make, app).error()
    assert ("the stream of `DataTable` would have two views: KEYS_ONLY and NEW_AND_OLD_IMAGES", "app.py:13:15") == (
        error.message,
        at(error),
    )


def test_records_that_failed_go_where_the_role_may_send_them(make: Make) -> None:
    app = function("on.kinesis(Data.clicks, on_failure=Data.failed), on.dynamodb(Data.table, on_failure=Data.lost)")
    assert [
        {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "${DataFailed.Arn}"},
        {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "${DataLost.Arn}/*"},
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "${DataLost.Arn}"},
    ] == [
        statement
        for statement in made(make, app).statements()
        if str(statement["Action"]).startswith(("sqs:Send", "s3:"))
    ]


def test_a_consumer_of_its_own_is_read_by_its_role(make: Make) -> None:
    statements = made(make, function("on.kinesis(Data.clicks, fan_out=True)")).statements()
    assert {
        "Effect": "Allow",
        "Action": ["kinesis:SubscribeToShard", "kinesis:DescribeStreamConsumer"],
        "Resource": "${HelloDataClicksConsumer}",
    } in statements


def test_the_steps_of_a_user_pool_run_their_functions(make: Make) -> None:
    app = function('on.cognito(Data.users, "PreSignUp"), on.cognito(Data.users, "PreTokenGeneration", version="V2_0")')
    resources = made(make, app).template()["Resources"]
    arn = {"Fn::GetAtt": ["HelloFunction", "Arn"]}
    assert {"PreSignUp": arn, "PreTokenGenerationConfig": {"LambdaArn": arn, "LambdaVersion": "V2_0"}} == (
        resources["DataUsers"]["Properties"]["LambdaConfig"]
    )
    pool = {"Fn::GetAtt": ["DataUsers", "Arn"]}
    assert (
        permission("Hello", pool, "cognito-idp.amazonaws.com")
        == (resources["HelloDataUsersPoolPermission"]["Properties"])
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ('"PreSignUp"', '"PreSignUp"'),
        ('"PreTokenGeneration"', '"PreTokenGeneration", version="V2_0"'),
        ('"PreTokenGeneration", version="V2_0"', '"PreTokenGeneration"'),
    ],
)
def test_a_step_of_a_user_pool_has_one_function(make: Make, first: str, second: str) -> None:
    app = function(f"on.cognito(Data.users, {first})") + function(f"on.cognito(Data.users, {second})", "other")
    error = made(make, app).error()
    step = first.split('"')[1]
    assert (f"user pool `DataUsers` has two functions for {step}; a step has one", "app.py:13:15") == (
        error.message,
        at(error),
    )


def test_permissions_beyond_what_a_functions_policy_holds_are_merged_per_service(make: Make) -> None:
    triggers = ", ".join(f'on.event(source="shop{number}")' for number in range(80))
    project = made(make, function(f"{triggers}, on.s3(Data.uploads)"))
    permissions = project.resources("AWS::Lambda::Permission")
    assert {
        "HelloEventPermission": {"Fn::Sub": "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/*"},
        "HelloDataUploadsBucketPermission": UPLOADS_ARN,
    } == {name: properties["SourceArn"] for name, properties in permissions.items()}


def test_what_waits_for_a_permission_that_is_merged_waits_for_the_one_in_its_place(make: Make) -> None:
    triggers = ", ".join(f'on.event(source="shop{number}")' for number in range(80))
    data = DATA + '    files = resource("AWS::S3::Bucket")\n'
    resources = made(make, function(f"{triggers}, on.s3(Data.uploads), on.s3(Data.files)"), data).template()[
        "Resources"
    ]
    depends = [resources[bucket]["DependsOn"] for bucket in ("DataUploads", "DataFiles")]
    assert [["HelloDataUploadsBucketPermission"]] * 2 == depends
    assert "HelloDataUploadsBucketPermission" in resources


def test_few_permissions_stay_one_per_source(make: Make) -> None:
    triggers = ", ".join(f'on.event(source="shop{number}")' for number in range(20))
    assert 20 == len(made(make, function(triggers)).resources("AWS::Lambda::Permission"))


OUTPUTS = {
    "on.s3(Data.uploads)": {"DataUploadsName": {"Ref": "DataUploads"}},
    "on.sns(Data.news)": {"DataNewsArn": {"Ref": "DataNews"}},
    'on.event(source="shop", bus=Data.bus)': {"DataBusName": {"Ref": "DataBus"}},
    "on.sqs(Data.failed)": {"DataFailedUrl": {"Ref": "DataFailed"}},
    "on.kinesis(Data.clicks)": {"DataClicksName": {"Ref": "DataClicks"}},
}


@pytest.mark.parametrize("trigger", OUTPUTS)
def test_where_to_send_events_is_an_output(make: Make, trigger: str) -> None:
    app = function(trigger) + function(
        trigger.replace("(Data.uploads", '(Data.uploads, events="s3:ObjectRemoved:*"'), "other"
    )
    outputs = made(make, app).template()["Outputs"]
    assert OUTPUTS[trigger] == {name: output["Value"] for name, output in outputs.items()}


@pytest.mark.parametrize("trigger", ["on.sqs('orders')", "on.kinesis('clicks')"])
def test_what_is_not_the_apps_has_no_output(make: Make, trigger: str) -> None:
    assert "Outputs" not in made(make, function(trigger)).template()


KEYED = (
    DATA
    + """
    key = resource("AWS::KMS::Key", key_policy={})
    sealed = resource("AWS::SQS::Queue", kms_master_key_id=key)
    sealed_news = resource("AWS::SNS::Topic", kms_master_key_id=key)
"""
)
DECRYPT = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "${DataKey.Arn}"}
SEND = {"Effect": "Allow", "Action": ["kms:GenerateDataKey", "kms:Decrypt"], "Resource": "${DataKey.Arn}"}
NEEDED_KEYS = {
    "on.sqs(Data.sealed)": [DECRYPT],
    'on.sqs("theirs", key=Data.key)': [DECRYPT],
    'on.kinesis("theirs", key="arn:aws:kms:eu-west-1:111122223333:key/1")': [
        {**DECRYPT, "Resource": "arn:aws:kms:eu-west-1:111122223333:key/1"}
    ],
    "on.dynamodb(Data.table, on_failure=Data.sealed)": [SEND],
    "on.sns(Data.sealed_news)": [],
    "on.sns(Data.sealed_news, raw=True)": [],
}


@pytest.mark.parametrize("trigger", NEEDED_KEYS)
def test_a_key_of_a_source_or_of_where_failures_go_may_be_used(make: Make, trigger: str) -> None:
    statements = made(make, function(trigger), KEYED).statements()
    assert NEEDED_KEYS[trigger] == [statement for statement in statements if "kms" in str(statement["Action"])]


MUST_EXIST = {
    'on.sqs("theirs")': ["queue theirs, for hello"],
    'on.sqs("arn:aws:sqs:eu-west-1:111122223333:theirs"), on.sns("news", dead_letter="lost")': [
        "queue theirs, for hello",
        "topic news, for hello",
        "queue lost, to which the topic may send, for hello",
    ],
    'on.s3("theirs")': ["bucket theirs, with its notifications to EventBridge on, for hello"],
    'on.event(source="a", bus="theirs")': ["event bus theirs, for hello"],
    'on.logs("/shop/web")': ["log group /shop/web, for hello"],
    'on.kinesis("theirs", on_failure="arn:aws:s3:::lost")': ["stream theirs, for hello", "bucket lost, for hello"],
    'on.schedule("rate(1 day)", dead_letter="lost")': ["queue lost, for hello"],
    'on.sqs("mine")': [],
    "on.sqs(Data.orders), on.s3(Data.uploads), on.event(source='a', bus=Data.bus), on.logs(Data.group)": [],
}


@pytest.mark.parametrize("trigger", MUST_EXIST)
def test_what_must_exist_already_is_said(make: Make, trigger: str) -> None:
    unnamed = 'failed = resource("AWS::SQS::Queue")'
    data = DATA.replace(unnamed, unnamed.replace(")", ', queue_name="mine")'))
    project = made(make, function(trigger), data)
    assert MUST_EXIST[trigger] == [source.words for source in project.built().must_exist]


def test_policies_of_the_account_must_exist_and_those_of_aws_do(make: Make) -> None:
    project = make(
        config=(
            'config.lambda_.iam.permissions_boundary = "arn:aws:iam::111122223333:policy/company"\n'
            'config.lambda_.iam.managed_policy = ["AWSXRayDaemonWriteAccess", "arn:aws:iam::111122223333:policy/audit"]'
        ),
        app="@app.function\ndef hello(event, context): ...\n",
    )
    words = ["permissions boundary company", "managed policy audit, for hello"]
    assert words == [source.words for source in project.built().must_exist]


def test_a_managed_policy_of_the_apps_own_need_not_exist(make: Make) -> None:
    document = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}'
    )
    data = f'{DATA}    reading = resource("AWS::IAM::ManagedPolicy", policy_document={document})\n'
    project = made(make, "@app.function(managed_policy=Data.reading)\ndef hello(event, context): ...\n", data)
    assert () == project.built().must_exist


REFUSED = {
    'resource("AWS::SQS::Queue", queue_name="orders", fifo_queue=True)': (
        "the name 'orders' of queue `DataExtra` must end with .fifo: it is a FIFO queue"
    ),
    'resource("AWS::SQS::Queue", queue_name="orders.fifo")': (
        "the name 'orders.fifo' of queue `DataExtra` ends with .fifo, as FIFO queues' do"
    ),
    'resource("AWS::SQS::Queue", fifo_queue=True, redrive_policy={"deadLetterTargetArn": failed.arn})': (
        "`DataExtra` is a FIFO queue, and its dead-letter queue `DataFailed` a standard one"
    ),
    'resource("AWS::SQS::Queue", redrive_policy={"deadLetterTargetArn": "${DataLast.Arn}"})\n'
    '    last = resource("AWS::SQS::Queue", fifo_queue=True)': (
        "`DataExtra` is a standard queue, and its dead-letter queue `DataLast` a FIFO one"
    ),
    'resource("AWS::SQS::Queue", content_based_deduplication=True)': (
        "queue `DataExtra` sets ContentBasedDeduplication, which FIFO queues alone have"
    ),
    'resource("AWS::SQS::Queue", queue_name="my orders")': "'my orders' is not a valid name for queue `DataExtra`",
    'resource("AWS::S3::Bucket", bucket_name="My_Uploads")': "'My_Uploads' is not a valid name for bucket `DataExtra`",
    'resource("AWS::S3::Bucket", bucket_name="10.0.0.1")': "'10.0.0.1' is not a valid name for bucket `DataExtra`",
    'resource("AWS::S3::Bucket", bucket_name="xn--uploads")': (
        "'xn--uploads' is not a valid name for bucket `DataExtra`"
    ),
    'resource("AWS::Logs::LogGroup", log_group_name="my group")': (
        "'my group' is not a valid name for log group `DataExtra`"
    ),
    'resource("AWS::SNS::Topic", topic_name="news.fifo")': (
        "the name 'news.fifo' of topic `DataExtra` ends with .fifo, as FIFO topics' do"
    ),
    'resource("AWS::SSM::Parameter", name="/aws/x", type="String", value="x")': (
        "'/aws/x' is not a valid name for parameter `DataExtra`"
    ),
    'resource("AWS::Events::Rule", schedule_expression="rate(1 day)", '
    'targets=[{"Id": "f", "Arn": "${HelloFunction.Arn}"}])': (
        "the rule `DataExtra` runs `HelloFunction`, which events.amazonaws.com has no permission to invoke"
    ),
    'resource("AWS::S3::Bucket", notification_configuration={"LambdaConfigurations": '
    '[{"Event": "s3:ObjectCreated:*", "Function": "${HelloFunction.Arn}"}]})': (
        "the bucket `DataExtra` runs `HelloFunction`, which s3.amazonaws.com has no permission to invoke"
    ),
}


@pytest.mark.parametrize("resource", REFUSED)
def test_what_aws_refuses_in_mid_deploy_stops_the_build_at_its_line(make: Make, resource: str) -> None:
    error = made(make, function(""), f"{DATA}    extra = {resource}\n").error()
    assert (REFUSED[resource], "shared/resources/data.py") == (error.message, str(at(error)).partition(":")[0])


def test_what_is_no_queue_is_not_asked_whether_it_is_fifo(make: Make) -> None:
    extra = '    extra = resource("AWS::SQS::Queue", redrive_policy={"deadLetterTargetArn": table.arn})\n'
    assert "DataExtra" in made(make, function(""), DATA + extra).template()["Resources"]


def test_the_name_of_a_fifo_queue_in_another_case_is_spelled_right_in_the_hint(make: Make) -> None:
    extra = '    extra = resource("AWS::SQS::Queue", queue_name="orders.FIFO", fifo_queue=True)\n'
    assert 'queue_name="orders.fifo"' == made(make, function(""), DATA + extra).error().hint


def test_a_rule_that_was_written_by_hand_with_its_permission_is_taken(make: Make) -> None:
    own = (
        '    rule = resource("AWS::Events::Rule", schedule_expression="rate(1 day)", '
        'targets=[{"Id": "f", "Arn": "${HelloFunction.Arn}"}])\n'
        '    allowed = resource("AWS::Lambda::Permission", action="lambda:InvokeFunction", '
        'function_name="${HelloFunction}", principal="events.amazonaws.com", source_arn=rule.arn)\n'
    )
    assert made(make, function(""), DATA + own).template()


def test_a_function_may_work_on_the_pool_that_runs_it(make: Make) -> None:
    """The statement stands in a policy that comes after the pool, and the role is as it is without the trigger."""
    policy = ', policy=[grants.allow("cognito-idp:AdminGetUser", on=Data.users)]'
    project = made(make, function('on.cognito(Data.users, "PreSignUp")', more=policy))
    resources = project.template()["Resources"]
    statement = {
        "Effect": "Allow",
        "Action": "cognito-idp:AdminGetUser",
        "Resource": {"Fn::GetAtt": ["DataUsers", "Arn"]},
    }
    assert {
        "PolicyName": "remit-later",
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "Roles": [{"Ref": "HelloRole"}],
    } == resources["HelloRoleLater"]["Properties"]
    (kept,) = resources["HelloRole"]["Properties"]["Policies"]
    assert ["logs:CreateLogStream"] == [entry["Action"][0] for entry in kept["PolicyDocument"]["Statement"]]
    assert ["logs:CreateLogStream", "cognito-idp:AdminGetUser"] == [
        grant.statement.actions.patterns[0] for grant in project.role().grants
    ]


def test_an_environment_that_holds_the_id_of_the_pool_that_runs_it_is_told_as_a_circle(make: Make) -> None:
    app = function('on.cognito(Data.users, "PreSignUp")', more=', environment={"POOL": Data.users.ref}')
    assert "resources form a circular dependency" in made(make, app).error().message


def test_the_role_of_a_schedule_is_told_by_its_name_with_its_reason(make: Make) -> None:
    project = made(make, function('on.schedule("rate(1 day)")'))
    for command in (("policy", "function", "HelloSchedulerRole", "--explain"), ("explain", "HelloSchedulerRole")):
        ran = project.remit(*command)
        assert (0, True) == (ran.status, "because hello is run by its schedules  (app.py:11:2)" in ran.out), ran.err
    ran = project.remit("explain", "HelloSchedulerRole", "lambda:InvokeFunction")
    assert (2, ["error: HelloSchedulerRole is the role of scheduler.amazonaws.com, and no function runs under it"]) == (
        ran.status,
        ran.err.splitlines()[:1],
    )


def test_an_output_that_the_app_declares_as_a_trigger_offers_it_stands_once(make: Make) -> None:
    declared = f'{DATA}    news_arn = output(news.arn, "mine")\n'.replace("import Shared", "import Shared, output")
    outputs = made(make, function("on.sns(Data.news)"), declared).template()["Outputs"]
    assert {"DataNewsArn": {"Description": "mine", "Value": {"Ref": "DataNews"}}} == outputs


def test_a_topic_elsewhere_keeps_its_permission_where_others_are_merged(make: Make) -> None:
    topics = [f'on.sns("news{number}")' for number in range(60)]
    elsewhere = "arn:aws:sns:us-east-2:111122223333:news"
    project = made(make, function(", ".join([*topics, f'on.sns("{elsewhere}")'])))
    sources = [properties["SourceArn"] for properties in project.resources("AWS::Lambda::Permission").values()]
    assert [{"Fn::Sub": "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:*"}, elsewhere] == sources


def test_the_role_of_a_schedule_may_use_the_key_of_its_dead_letter_queue(make: Make) -> None:
    app = made(make, function('on.schedule("rate(1 day)", dead_letter=Data.sealed)'), KEYED)
    role = next(role for role in app.roles() if role.logical_id == "HelloSchedulerRole")
    assert [
        ("lambda:InvokeFunction",), ("sqs:SendMessage",), ("kms:GenerateDataKey", "kms:Decrypt"),
    ] == [grant.statement.actions.patterns for grant in role.grants]  # fmt: skip
    assert "hello has schedules that send what failed to DataSealed, which this key encrypts" == role.grants[2].because


FAILURES = """
from remit import Shared, resource

class Data(Shared):
    clicks = resource("AWS::Kinesis::Stream", shard_count=1)
    bucket = resource("AWS::S3::Bucket")
    queue = resource("AWS::SQS::Queue")
    topic = resource("AWS::SNS::Topic")
"""


@pytest.mark.parametrize("name", ["bucket", "queue", "topic"])
def test_a_resource_that_a_trigger_takes_may_be_given_by_its_arn_or_ref(make: Make, name: str) -> None:
    bodies = set()
    for value in (f"Data.{name}", f"Data.{name}.arn", f"Data.{name}.ref"):
        bodies.add(made(make, function(f"on.kinesis(Data.clicks, on_failure={value})"), FAILURES).built().body)
    assert 1 == len(bodies)


REFERENCES_OF_OTHER_TYPES = {
    "on.sns(Data.queue.arn)": "topic takes AWS::SNS::Topic, and `Data.queue` is AWS::SQS::Queue",
    "on.s3(Data.topic.ref)": "bucket takes AWS::S3::Bucket, and `Data.topic` is AWS::SNS::Topic",
    "on.kinesis(Data.clicks, on_failure=Data.clicks.arn)": (
        "on_failure takes AWS::SQS::Queue or AWS::SNS::Topic or AWS::S3::Bucket, "
        "and `Data.clicks` is AWS::Kinesis::Stream"
    ),
    "on.sns(Data.topic, dead_letter=Data.bucket.arn)": (
        "dead_letter takes AWS::SQS::Queue, and `Data.bucket` is AWS::S3::Bucket"
    ),
}


@pytest.mark.parametrize("trigger", REFERENCES_OF_OTHER_TYPES)
def test_the_arn_of_a_resource_that_a_trigger_does_not_take_is_refused_as_the_resource_is(
    make: Make, trigger: str
) -> None:
    messages = [mistake.message for mistake in made(make, function(trigger), FAILURES).error().all]
    assert [REFERENCES_OF_OTHER_TYPES[trigger]] == messages


@pytest.mark.parametrize(
    ("view", "image"),
    [("KEYS_ONLY", "NewImage"), ("KEYS_ONLY", "OldImage"), ("NEW_IMAGE", "OldImage"), ("OLD_IMAGE", "NewImage")],
)
def test_a_filter_by_an_image_that_the_view_leaves_out_matches_nothing(make: Make, view: str, image: str) -> None:
    pattern = {"dynamodb": {image: {"kind": {"S": ["order"]}}}}
    error = made(make, function(f"on.dynamodb(Data.table, view={view!r}, filter={pattern})")).error()
    assert error.message == f"filter.dynamodb.{image} matches nothing: the records have no such field"


@pytest.mark.parametrize(
    ("view", "image"), [("NEW_IMAGE", "NewImage"), ("NEW_AND_OLD_IMAGES", "OldImage"), (None, "OldImage")]
)
def test_a_filter_by_an_image_that_the_view_has_is_taken(make: Make, view: str | None, image: str) -> None:
    pattern = {"dynamodb": {image: {"kind": {"S": ["order"]}}}}
    assert made(make, function(f"on.dynamodb(Data.table, view={view!r}, filter={pattern})")).template()


@pytest.mark.parametrize(
    "declared",
    [
        function("on.sqs('orders', key='shop')"),
        function("on.cognito(Data.users, 'CustomEmailSender', key='shop')"),
        function("", more="policy=[grants.s3.read('uploads', key='shop')]"),
        "from remit import secret\n" + function("", more="environment={'DATABASE': secret('/db', key='shop')}"),
    ],
)
def test_the_name_of_a_key_that_is_no_id_and_no_alias_is_an_error(make: Make, declared: str) -> None:
    error = made(make, declared).error()
    assert ("no KMS key has the id 'shop'", "an alias reads 'alias/shop'") == (error.message, error.hint)
