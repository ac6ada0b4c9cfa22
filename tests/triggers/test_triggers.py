"""Triggers: the resources that each makes, and the options that each refuses."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

import effort
from projects import at
from remit.build import build
from remit.errors import RemitError
from remit.resources.names import arn_of
from remit.triggers.schedule_expression import EVER, next_run

if TYPE_CHECKING:
    from conftest import Make

HERE = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"
FUNCTION = {"Ref": "HelloFunction"}
STREAM = "arn:aws:dynamodb:eu-west-1:111122223333:table/t/stream/2026-01-31T00:00:00.000"
MAPPING = "AWS::Lambda::EventSourceMapping"
HELLO = {"Fn::GetAtt": ["HelloFunction", "Arn"]}
SCHEDULER_ROLE = {"Fn::GetAtt": ["HelloSchedulerRole", "Arn"]}
ACCOUNT = {"SourceAccount": {"Ref": "AWS::AccountId"}}
TOPIC = "arn:aws:sns:eu-west-1:111122223333:news"
NEWS = "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:news"


def permitted(principal: str, source: Any) -> tuple[str, dict[str, Any]]:
    """The permission of a service to call the function for one source of this account."""
    account = {} if principal in ("events.amazonaws.com", "sns.amazonaws.com") else ACCOUNT
    call = {"Action": "lambda:InvokeFunction", "FunctionName": FUNCTION, "Principal": principal}
    return "AWS::Lambda::Permission", {**call, **account, "SourceArn": source}


MADE: dict[str, dict[str, tuple[str, dict[str, Any]]]] = {
    'sqs("orders")': {
        "HelloOrdersQueue": (
            MAPPING,
            {"EventSourceArn": {"Fn::Sub": HERE % ("sqs", "orders")}, "FunctionName": FUNCTION},
        )
    },
    f'stream("{STREAM}", starting_position="TRIM_HORIZON", retries=3)': {
        "HelloTStream": (
            MAPPING,
            {
                "EventSourceArn": STREAM,
                "FunctionName": FUNCTION,
                "StartingPosition": "TRIM_HORIZON",
                "MaximumRetryAttempts": 3,
            },
        )
    },
    'kinesis("clicks", batch_size=500)': {
        "HelloClicksStream": (
            MAPPING,
            {
                "EventSourceArn": {"Fn::Sub": HERE % ("kinesis", "stream/clicks")},
                "FunctionName": FUNCTION,
                "StartingPosition": "LATEST",
                "BatchSize": 500,
            },
        )
    },
    (
        'schedule("rate(5 minutes)"), schedule("cron(0 8 * * ? *)", timezone="Europe/Berlin", '
        'input={"b": 1, "a": None}, enabled=False)'
    ): {
        "HelloScheduled": (
            "AWS::Scheduler::Schedule",
            {
                "Description": {"Fn::Sub": "Runs ${AWS::StackName}-hello"},
                "ScheduleExpression": "rate(5 minutes)",
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "State": "ENABLED",
                "Target": {"Arn": HELLO, "RoleArn": SCHEDULER_ROLE},
            },
        ),
        "HelloScheduled2": (
            "AWS::Scheduler::Schedule",
            {
                "Description": {"Fn::Sub": "Runs ${AWS::StackName}-hello"},
                "ScheduleExpression": "cron(0 8 * * ? *)",
                "ScheduleExpressionTimezone": "Europe/Berlin",
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "State": "DISABLED",
                "Target": {"Arn": HELLO, "RoleArn": SCHEDULER_ROLE, "Input": '{"a": null, "b": 1}'},
            },
        ),
    },
    f'on.sns("{TOPIC}", filter={{"kind": ["new", {{"prefix": "x"}}]}})': {
        "HelloNewsTopic": (
            "AWS::SNS::Subscription",
            {
                "TopicArn": TOPIC,
                "Protocol": "lambda",
                "Endpoint": HELLO,
                "Region": "eu-west-1",
                "FilterPolicy": {"kind": ["new", {"prefix": "x"}]},
                "FilterPolicyScope": "MessageAttributes",
            },
        ),
        "HelloNewsTopicPermission": permitted("sns.amazonaws.com", TOPIC),
    },
    'on.sns("news")': {
        "HelloNewsTopic": (
            "AWS::SNS::Subscription",
            {"TopicArn": {"Fn::Sub": NEWS}, "Protocol": "lambda", "Endpoint": HELLO},  # in the app's own region
        ),
        "HelloNewsTopicPermission": permitted("sns.amazonaws.com", {"Fn::Sub": NEWS}),
    },
    'on.event(source="shop", detail_type=["Order placed"], detail={"total": [{"numeric": [">", 5]}]}, retries=2)': {
        "HelloEvent": (
            "AWS::Events::Rule",
            {
                "EventPattern": {
                    "source": ["shop"],
                    "detail-type": ["Order placed"],
                    "detail": {"total": [{"numeric": [">", 5]}]},
                },
                "State": "ENABLED",
                "Targets": [{"Id": "function", "Arn": HELLO, "RetryPolicy": {"MaximumRetryAttempts": 2}}],
            },
        ),
        "HelloEventPermission": permitted("events.amazonaws.com", {"Fn::GetAtt": ["HelloEvent", "Arn"]}),
    },
    'on.s3("theirs", events=["s3:ObjectCreated:Put", "s3:ObjectCreated:Copy"], prefix="in/", suffix=".jpg")': {
        "HelloTheirsBucket": (
            "AWS::Events::Rule",
            {
                "Description": "Events of bucket theirs for hello",
                "EventPattern": {
                    "source": ["aws.s3"],
                    "detail-type": ["Object Created"],
                    "detail": {
                        "bucket": {"name": ["theirs"]},
                        "object": {"key": [{"wildcard": "in/*.jpg"}]},
                        "reason": ["CopyObject", "PutObject"],
                    },
                },
                "State": "ENABLED",
                "Targets": [{"Id": "function", "Arn": HELLO}],
            },
        ),
        "HelloTheirsBucketPermission": permitted("events.amazonaws.com", {"Fn::GetAtt": ["HelloTheirsBucket", "Arn"]}),
    },
    'on.logs("/shop/web", "ERROR")': {
        "HelloShopWebLogs": (
            "AWS::Logs::SubscriptionFilter",
            {"DestinationArn": HELLO, "FilterPattern": "ERROR", "LogGroupName": "/shop/web"},
        ),
        "HelloShopWebLogsPermission": permitted(
            "logs.amazonaws.com", {"Fn::Sub": HERE % ("logs", "log-group:/shop/web:*")}
        ),
    },
    "on.iot(\"SELECT * FROM 'devices/+/state'\")": {
        "HelloTopicRule": (
            "AWS::IoT::TopicRule",
            {
                "TopicRulePayload": {
                    "Actions": [{"Lambda": {"FunctionArn": HELLO}}],
                    "AwsIotSqlVersion": "2016-03-23",
                    "RuleDisabled": False,
                    "Sql": "SELECT * FROM 'devices/+/state'",
                }
            },
        ),
        "HelloTopicRulePermission": permitted("iot.amazonaws.com", {"Fn::GetAtt": ["HelloTopicRule", "Arn"]}),
    },
    'on.kinesis("clicks", fan_out=True, bisect_batch=True, filter={"data": {"kind": ["buy"]}})': {
        "HelloClicksConsumer": (
            "AWS::Kinesis::StreamConsumer",
            {
                "ConsumerName": {"Fn::Sub": "${AWS::StackName}-hello"},
                "StreamARN": {"Fn::Sub": HERE % ("kinesis", "stream/clicks")},
            },
        ),
        "HelloClicksStream": (
            MAPPING,
            {
                "EventSourceArn": {"Ref": "HelloClicksConsumer"},
                "FunctionName": FUNCTION,
                "StartingPosition": "LATEST",
                "BisectBatchOnFunctionError": True,
                "FilterCriteria": {"Filters": [{"Pattern": '{"data":{"kind":["buy"]}}'}]},
            },
        ),
    },
    "http()": {
        "HelloUrl": (
            "AWS::Lambda::Url",
            {"AuthType": "AWS_IAM", "TargetFunctionArn": {"Fn::GetAtt": ["HelloFunction", "Arn"]}},
        )
    },
    'http(auth="NONE", cors={"AllowOrigins": ["*"]}, invoke_mode="RESPONSE_STREAM")': {
        "HelloUrl": (
            "AWS::Lambda::Url",
            {
                "AuthType": "NONE",
                "TargetFunctionArn": {"Fn::GetAtt": ["HelloFunction", "Arn"]},
                "Cors": {"AllowOrigins": ["*"]},
                "InvokeMode": "RESPONSE_STREAM",
            },
        ),
        "HelloUrlPermission": (
            "AWS::Lambda::Permission",
            {
                "Action": "lambda:InvokeFunctionUrl",
                "FunctionName": FUNCTION,
                "Principal": "*",
                "FunctionUrlAuthType": "NONE",
            },
        ),
        "HelloUrlInvokePermission": (
            "AWS::Lambda::Permission",
            {
                "Action": "lambda:InvokeFunction",
                "FunctionName": FUNCTION,
                "Principal": "*",
                "InvokedViaFunctionUrl": True,
            },
        ),
    },
}


def _app(trigger: str) -> str:
    return f"@app.function(\n    {trigger})\ndef hello(event, context): ...\n"


@pytest.mark.parametrize("trigger", MADE)
def test_each_trigger_makes_its_resources(make: Make, trigger: str) -> None:
    template = make(app=_app(trigger)).template()
    made = {
        name: (resource["Type"], resource["Properties"])
        for name, resource in template["Resources"].items()
        if name not in ("HelloRole", "HelloSchedulerRole", "HelloLogGroup", "HelloFunction")
    }
    assert MADE[trigger] == made


def test_a_url_is_an_output(make: Make) -> None:
    assert {
        "HelloUrl": {
            "Description": "The URL of hello",
            "Value": {"Fn::GetAtt": ["HelloUrl", "FunctionUrl"]},
        }
    } == make(app=_app("http()")).template()["Outputs"]


SQL = "such as \"SELECT * FROM 'devices/+/state' WHERE temperature > 50\""
LOGS = 'such as "ERROR", `ERROR -"timed out"`, `{ $.level = "error" }` or `[ip, user, status=5*]`'
WRONG = {
    "sqs(None)": ("queue must be a name, an ARN or a resource, got None",
                  "usually os.environ.get() of a variable that is not set"),
    "sqs('')": ("sqs takes a name, an ARN or a resource, got str ''", None),
    "sqs(3)": ("queue must be a name, an ARN or a resource, got int '3'", None),
    "sqs(f'arn:aws:sqs:eu-west-1:{None}:q')": (
        "sqs: 'arn:aws:sqs:eu-west-1:None:q' contains 'None'",
        "usually os.environ.get() of a variable that is not set: use os.environ[…]",
    ),
    "sqs('q', batch_size=0)": ("batch_size is 0; it can be 1 to 10000", None),
    "sqs('q', batch_size='10')": ("batch_size must be a whole number, got str '10'", None),
    "sqs('q', batch_size=True)": ("batch_size must be a whole number, got bool 'True'", None),
    "sqs('q', batch_size=11)": ("batch_size 11 needs a batch_window", "add batch_window=1, or more seconds"),
    "sqs('q.fifo', batch_size=11, batch_window=1)": (
        "a FIFO queue gives at most 10 messages at once, and knows no batch_window",
        None,
    ),
    "kinesis(None)": (
        "stream must be a name, an ARN or a resource, got None",
        "usually os.environ.get() of a variable that is not set",
    ),
    "kinesis('s', starting_position='latest')": ("starting_position cannot be 'latest'", "did you mean `LATEST`?"),
    "kinesis('s', starting_position=3)": (
        "starting_position cannot be 3", "it can be LATEST or TRIM_HORIZON or AT_TIMESTAMP"
    ),
    "stream('table')": (
        "dynamodb('table'): a stream has no fixed name",
        "give its ARN, or the table as a resource of `shared/resources/`",
    ),
    "stream(f'arn:aws:dynamodb:eu-west-1:{None}:table/t/stream/x')": (
        "dynamodb: 'arn:aws:dynamodb:eu-west-1:None:table/t/stream/x' contains 'None'",
        "usually os.environ.get() of a variable that is not set: use os.environ[…]",
    ),
    "on.s3('bucket', events='s3:ObjectCreated')": (
        "events cannot be 's3:ObjectCreated'",
        "did you mean `s3:ObjectCreated:*`?",
    ),
    "on.s3('Uploads')": ("s3: nothing can be named 'Uploads'", "it is made of small letters, digits, dots and hyphens"),
    "on.s3('uploads--x-s3')": (
        "s3: nothing can be named 'uploads--x-s3'",
        "-s3alias, --ol-s3, .mrap, --x-s3 and --table-s3 end the names of other things",
    ),
    "on.logs('/my group')": (
        "logs: nothing can be named '/my group'",
        "it is made of letters, digits, -, ., _, / and #",
    ),
    "on.event(source='a', bus='my bus')": (
        "events: nothing can be named 'my bus'",
        "it is made of letters, digits, /, ., - and _",
    ),
    "on.s3('bucket', events=[])": ("s3: events is empty", 'such as events="s3:ObjectCreated:*"'),
    "on.s3('bucket', prefix='in/*')": (
        "s3: prefix='in/*' has a wildcard",
        "a prefix or suffix is plain text: leave the `*` out",
    ),
    "on.s3(None)": (
        "bucket must be a name, an ARN or a resource, got None",
        "usually os.environ.get() of a variable that is not set",
    ),
    "on.s3('arn:aws:sqs:eu-west-1:111122223333:q')": (
        "s3 takes an ARN of s3, got one of sqs: 'arn:aws:sqs:eu-west-1:111122223333:q'",
        None,
    ),
    "on.sns('t', filter={'a': 'b'})": ("filter.a must be a list of values, got str 'b'", 'write `["b"]`'),
    "on.sns('t', filter={'a': {'b': ['c']}})": (
        "filter.a is nested: attributes of messages are not",
        'to filter by the body, add filter_scope="MessageBody"',
    ),
    "on.sns('t', filter={c: [1] for c in 'abcdef'})": ("filter has 6 fields; SNS allows 5", None),
    "on.sns('t', filter_scope='Body')": ("filter_scope cannot be 'Body'", "it can be MessageAttributes or MessageBody"),
    "on.sns('t.fifo')": ("a FIFO topic sends to queues alone", "subscribe a queue, and use `on.sqs`"),
    "on.sns('t', dead_letter='arn:aws:sns:eu-west-1:111122223333:x')": (
        "dead_letter takes a queue, got a topic",
        None,
    ),
    "on.event()": ("event(…) has no pattern", 'such as source="shop" or detail_type="Order placed"'),
    "on.event(source=[])": (
        "event.source is an empty list, and so matches nothing",
        'any value: `[{"exists": True}]`',
    ),
    "on.event(detail={'a': [{'prefx': 'b'}]})": (
        "event.detail.a[0] 'prefx' is no comparison operator of EventBridge",
        "did you mean `prefix`?",
    ),
    "on.event(detail={'a': [{'numeric': ['>', 5, '<', 3]}]})": (
        "event.detail.a[0].numeric has no number between > 5 and < 3, and so matches nothing",
        None,
    ),
    "on.event(detail={'a': [{'numeric': ['>', 5, '<', 5]}]})": (
        "event.detail.a[0].numeric has no number between > 5 and < 5, and so matches nothing",
        None,
    ),
    "on.event(detail={'a': [{'cidr': '10.0.0.0/33'}]})": (
        "event.detail.a[0].cidr takes a block of addresses, got '10.0.0.0/33'",
        'such as "10.0.0.0/24"',
    ),
    "on.event(detail={'a': [{'exists': 'yes'}]})": (
        "event.detail.a[0].exists takes True or False, got str 'yes'",
        None,
    ),
    "on.event(detail={'a': [{'wildcard': 'a**b'}]})": (
        "event.detail.a[0].wildcard has two `*` in a row, which is refused",
        None,
    ),
    "on.event(detail={'a': [{'anything-but': {'cidr': 'x'}}]})": (
        "event.detail.a[0].anything-but does not take 'cidr'",
        "it takes equals-ignore-case, prefix, suffix, wildcard",
    ),
    "on.event(detail={'$or': [{'a': [1]}]})": ("event.detail.$or takes a list of two patterns or more", None),
    "on.event(source='a', detail={'a': ['x' * 3000]})": (
        "the event pattern has 3,040 characters; EventBridge allows 2,048",
        None,
    ),
    "on.sqs('q', filter={'body': {'a': [{'cidr': '10.0.0.0/8'}]}})": (
        "filter.body.a[0] 'cidr' is no comparison operator of an event source mapping",
        "it knows anything-but, equals-ignore-case, exists, numeric, prefix, suffix",
    ),
    "on.sqs('q', filter={'bdy': {'kind': ['order']}})": (
        "filter.bdy matches nothing: the records have no such field",
        "did you mean `body`?",
    ),
    "on.sqs('q', filter={'messageAttributes': {'kind': ['order']}})": (
        "filter.messageAttributes.kind matches nothing: the field is no value, but an object",
        "it has stringValue, binaryValue, stringListValues, binaryListValues, dataType",
    ),
    "on.sqs('q', filter={'attributes': {'ApproximateReceiveCount': [1]}})": (
        "filter.attributes.ApproximateReceiveCount[0] matches nothing: the field is a string, got int '1'",
        'write `"1"`',
    ),
    "on.sqs('q', filter={'attributes': {'SenderId': [{'numeric': ['>', 1]}]}})": (
        "filter.attributes.SenderId[0] matches nothing: the field is a string in the records, and no number",
        None,
    ),
    "on.sqs('q', filter={'awsRegion': {'a': ['b']}})": (
        "filter.awsRegion matches nothing: the field is a value, which has no fields",
        "write a list of values",
    ),
    "on.kinesis('s', filter={'dynamodb': {'Keys': {'id': ['1']}}})": (
        "filter.dynamodb matches nothing: the records have no such field",
        "they have data",
    ),
    f"stream('{STREAM}', filter={{'eventName': ['INSRT']}})": (
        "filter.eventName[0] matches nothing: the field is never 'INSRT'",
        "did you mean `INSERT`?",
    ),
    f"stream('{STREAM}', filter={{'dynamodb': {{'NewImage': {{'kind': ['order']}}}}}})": (
        "filter.dynamodb.NewImage.kind matches nothing: the field is no value, but an object",
        "it has S, N, B, BOOL, NULL, SS, NS, BS, L, M",
    ),
    f"stream('{STREAM}', filter={{'dynamodb': {{'NewImage': {{'total': {{'N': [5]}}}}}}}})": (
        "filter.dynamodb.NewImage.total.N[0] matches nothing: the field is a string, got int '5'",
        'write `"5"`',
    ),
    "on.event(source='')": (
        "event.source[0] is an empty text, and so matches nothing",
        "leave it out, or write what the field is",
    ),
    "on.event(source='a', account='1234')": (
        "event.account[0] matches nothing: the field is never '1234'",
        "it is 12 digits",
    ),
    "on.event(source={'prefix': 'aws.'})": (
        "source must be a string or a list, got dict \"{'prefix': 'aws.'}\"",
        "write [{'prefix': 'aws.'}]",
    ),
    "on.event(detail={'total': {'numeric': ['>', 5]}})": (
        "event.detail.total matches nothing: the field is a value, which has no fields",
        'a comparison stands in a list: `[{"numeric": [">", 5]}]`',
    ),
    "on.event(detail={'a': {'exists': True}})": (
        "event.detail.a.exists must be a list of values, got bool 'True'",
        'a comparison stands in a list: `[{"exists": true}]`',
    ),
    "on.event(detail={'a': [{'numeric': ['<', 6000000000]}]})": (
        "event.detail.a[0].numeric compares with 6,000,000,000; it can be -5,000,000,000 to 5,000,000,000",
        None,
    ),
    "on.event(detail={'a': [{'numeric': ['>', -6000000000]}]})": (
        "event.detail.a[0].numeric compares with -6,000,000,000; it can be -5,000,000,000 to 5,000,000,000",
        None,
    ),
    "on.sns('t', filter_scope='MessageBody')": (
        "filter_scope says what a filter is about, and there is none",
        "add filter={…}, or leave filter_scope out",
    ),
    "on.sns('t', filter={'a': {'b': [*range(9)]}, 'c': [*range(9)]}, filter_scope='MessageBody')": (
        "filter has 162 combinations of values; SNS allows 150",
        "the values of its fields, multiplied, those of nested ones as often as they are deep",
    ),
    "on.sqs('q', filter=[])": ("filter is an empty list", "leave it out to get every record"),
    "on.kinesis('s', starting_position='AT_TIMESTAMP')": (
        "starting_position AT_TIMESTAMP needs a timestamp",
        "such as timestamp=datetime(2026, 1, 31, tzinfo=UTC)",
    ),
    "on.schedule('cron(0 8 * * ? *)', timezone='Europe/Berlln')": (
        "there is no time zone 'Europe/Berlln'",
        "did you mean `Europe/Berlin`?",
    ),
    "on.schedule('rate(1 day)', timezone='Europe/Berlin')": (
        "timezone goes with cron(…) and at(…): a rate has none",
        "leave the time zone out",
    ),
    "on.logs('/x', 3)": ("pattern must be a string, got int '3'", None),
    "on.iot('devices/+')": ("iot takes a SELECT statement, got str 'devices/+'", SQL),
    "on.iot('SELECT * WHERE a = 1')": ("iot: 'SELECT * WHERE a = 1' has no FROM with a topic", SQL),
    "on.iot(\"SELECT * FROM 'a\")": (
        'iot: "SELECT * FROM \'a" has a quotation mark without its second one',
        SQL,
    ),
    "on.iot(\"SELECT (a FROM 'b'\")": ('iot: "SELECT (a FROM \'b\'" has a ( without its counterpart', SQL),
    "on.iot(\"SELECT * FROM 'b' LIMIT 3\")": (
        "iot: \"SELECT * FROM 'b' LIMIT 3\" does not read SELECT … FROM 'topic' WHERE …",
        SQL,
    ),
    "on.iot(\"SELECT * FROM 'a/#/b'\")": (
        "iot: \"SELECT * FROM 'a/#/b'\" goes on after # in its topic, which takes all further levels",
        SQL,
    ),
    "on.iot(\"SELECT * FROM 'a+/b'\")": (
        "iot: \"SELECT * FROM 'a+/b'\" has the level 'a+' in its topic: + and # stand for whole levels",
        SQL,
    ),
    "on.iot(\"SELECT * FROM 'a/b/c/d/e/f/g/h/i'\")": (
        "iot: \"SELECT * FROM 'a/b/c/d/e/f/g/h/i'\" has a topic with 8 slashes; AWS IoT takes 7",
        SQL,
    ),
    "on.logs('/x', '{ $.level = ')": ("logs: pattern '{ $.level = ' has a { without its }", LOGS),
    "on.logs('/x', '{ level = 3 }')": (
        "logs: pattern '{ level = 3 }' is no condition on fields of JSON",
        LOGS,
    ),
    "on.logs('/x', '{ ($.a = 1 && $.b = 2 }')": (
        "logs: pattern '{ ($.a = 1 && $.b = 2 }' has a parenthesis without its second one",
        LOGS,
    ),
    "on.logs('/x', '[ip, user')": ("logs: pattern '[ip, user' has a [ without its ]", LOGS),
    "on.logs('/x', '[ip,, user]')": (
        "logs: pattern '[ip,, user]' has the column '', which is neither a name nor a condition on one",
        LOGS,
    ),
    "on.logs('/x', 'timed \"out')": ("logs: pattern 'timed \"out' has a \" without its second one", LOGS),
    "on.logs('/x', 'level=error')": (
        "logs: pattern 'level=error' has the sign = in a term, which must stand in \"…\" then",
        LOGS,
    ),
    "on.logs('/x', '%a% %b% %c%')": (
        "logs: pattern '%a% %b% %c%' has 3 regular expressions; CloudWatch Logs takes 2",
        LOGS,
    ),
    "on.logs('/x', '%a[%')": (
        (
            "logs: pattern '%a[%' has the regular expression %a[%, which cannot be read: "
            "unterminated character set at position 1"
        ),
        LOGS,
    ),
    "on.logs('/x', 'x' * 1025)": (
        f"logs: pattern '{'x' * 59} has 1,025 characters; CloudWatch Logs takes 1,024",
        LOGS,
    ),
    "on.cognito('eu_1', 'PreSignUp')": (
        "cognito takes a user pool of the app, got 'eu_1': only the stack that makes a pool can set its triggers",
        'declare it: `users = resource("AWS::Cognito::UserPool")` in a class of shared/resources/',
    ),
    "http(auth='none')": ("auth cannot be 'none'", "did you mean `NONE`?"),
    "http(auth=None)": ("auth cannot be None", "did you mean `NONE`?"),
    "http(invoke_mode='STREAM')": ("invoke_mode cannot be 'STREAM'", "it can be BUFFERED or RESPONSE_STREAM"),
    "http(cors='*')": ("cors must be a dict, got str '*'", None),
    "schedule('rate(1 day)', input={1, 2})": (
        "schedule's input is not JSON: Object of type set is not JSON serializable",
        None,
    ),
    "schedule('rate(1 day)', input=float('nan'))": (
        "schedule's input is not JSON: Out of range float values are not JSON compliant",
        None,
    ),
}  # fmt: skip


def test_each_wrong_option_is_told_at_its_trigger_whatever_else_is_wrong(make: Make) -> None:
    app = "".join(
        f"@app.function({trigger})\ndef f{number}(event, context): ...\n" for number, trigger in enumerate(WRONG)
    )
    told = {at(mistake): (mistake.message.removesuffix(": nan"), mistake.hint) for mistake in make(app=app).error().all}
    assert told == {f"app.py:{9 + 2 * number}:15": wrong for number, wrong in enumerate(WRONG.values())}


def test_all_mistakes_of_a_trigger_are_told(make: Make) -> None:
    trigger = "sqs('a b', batch_size=0, filter={'bdy': ['a']}, max_concurrency=1, batch_window=-1)"
    assert 5 == len(make(app=_app(trigger)).error().all)
    trigger = "schedule('rate(5 minute)', input={1}, retries=-1, start=3, flexible_window=0)"
    assert 5 == len(make(app=_app(trigger)).error().all)


def test_all_mistakes_of_a_pattern_are_told(make: Make) -> None:
    patterns = "[{'bdy': ['a'], 'eventSource': []}, {'body': {'a': [{'prefx': 'b'}, {'numeric': ['>', 5, '<', 3]}]}}]"
    mistakes = make(app=_app(f"sqs('q', filter={patterns})")).error().all
    assert ["filter.bdy", "filter.body.a[0]", "filter.body.a[1].numeric", "filter.eventSource"] == sorted(
        mistake.message.split(" ")[0] for mistake in mistakes
    )


FINE = (
    "sqs('q', filter={'body': {'a': ['b', 3, None]}, 'messageAttributes': {'kind': {'stringValue': ['a']}}})",
    "sqs('q', filter={'body': [{'prefix': 'a'}], 'attributes': {'MessageGroupId': [{'exists': True}]}})",
    "kinesis('s', filter={'data': {'a': {'b': [{'numeric': ['>', 5]}]}}})",
    f"stream('{STREAM}', filter={{'eventName': ['INSERT', {{'prefix': 'MOD'}}], 'awsRegion': ['eu-west-1']}})",
    f"stream('{STREAM}', filter={{'dynamodb': {{'NewImage': {{'a': {{'M': {{'b': {{'N': ['5']}}}}}}}}}}}})",
    f"stream('{STREAM}', filter={{'$or': [{{'eventName': ['INSERT']}}, {{'dynamodb': {{'SizeBytes': [3]}}}}]}})",
    "on.event(source=['shop', {'prefix': 'x'}], account='111122223333', region='eu-west-1', detail={'prefix': ['a']})",
    "on.sns('t', filter={'a': ['b'], 'c': [{'numeric': ['>=', 5]}]})",
    "on.logs('/x')",
    "on.logs('/x', 'ERROR -\"timed out\" ?WARN')",
    """on.logs('/x', '{ ($.a.b[0] = "x y" || $.c != 4*) && $.d IS NOT NULL && ($.e NOT EXISTS) }')""",
    "on.logs('/x', '[ip, user, ..., status=5* && status!=503, bytes > 10]')",
    "on.logs('/x', '%[a-z]{3} = (x|y)% ERROR')",
    "on.logs('/x', '{ $.status = %4[0-9]{2}% }')",
    """on.logs('/x', '{$.level="error"}')""",
    "on.iot(\"SELECT a, (SELECT v FROM e WHERE n = 't') AS t FROM 'a/+/b/#' WHERE a.b > 5 AND c IN ['x']\")",
    "on.iot(\"select VALUE * from '$aws/things/+/shadow/update/accepted'\")",
)


def test_a_pattern_that_matches_something_is_taken(make: Make) -> None:
    app = "".join(
        f"@app.function({trigger})\ndef f{number}(event, context): ...\n" for number, trigger in enumerate(FINE)
    )
    assert make(app=app).template()


SCHEDULES = {
    "rate(0 days)": "a rate of 0",
    "rate(1 days)": "EventBridge wants rate(1 day)",
    "rate(5 minute)": "EventBridge wants rate(5 minutes)",
    "rate(5 seconds)": "neither a rate, nor a cron expression, nor a time",
    "every day": "neither a rate, nor a cron expression, nor a time",
    "cron(60 8 * * ? *)": "'60' is no minute: it takes 0 to 59",
    "cron(0 8 * 13 ? *)": "'13' is no month: it takes 1 to 12, JAN to DEC",
    "cron(0 8 ? * MONDAY *)": "'MONDAY' is no weekday: it takes 1 to 7, SUN to SAT",
    "cron(0 8 ? * MON#6 *)": "'MON#6' is no weekday: it takes 1 to 7, SUN to SAT",
    "cron(*/0 8 * * ? *)": "'*/0' is no minute: it takes 0 to 59",
    "cron(0 18-9 * * ? *)": "'18-9' is no hour: it takes 0 to 23",
    "cron(0 8 30,31 FEB ? *)": "it never runs: no such day is in any year",
    "cron(0 8 31 4-4,6 ? *)": "it never runs: no such day is in any year",
    "cron(0 8 29 2 ? 2027)": "it never runs: no such day is in 2027",
    "cron(0 8 29 2 ? 2097-2103)": "it never runs: no such day is in 2097-2103",
    "cron(0 8 ? 2 MON#5 2027)": "it never runs: no such day is in 2027",
    "cron(0 8 31W 4 ? *)": "it never runs: no such day is in any year",
    "cron(0 8 1 1 ? 1969)": "'1969' is no year: it takes 1970 to 2199",
    "rate(1 hours)": "EventBridge wants rate(1 hour)",
    "at(2026-12-24)": "a time reads at(yyyy-mm-ddThh:mm:ss); its zone goes into `timezone`",
    "at(2026-02-30T08:00:00)": "there is no such time: day is out of range for month",
    "cron(0 8 * * *)": "cron has 5 fields of 6",
    "cron(0 8 * * * *)": "one of day and weekday must be `?`, and only one",
    "cron(0 8 ? * ? *)": "one of day and weekday must be `?`, and only one",
}


def test_each_clock_that_eventbridge_refuses_is_told(make: Make) -> None:
    app = "".join(
        f"@app.function(schedule({expression!r}))\ndef f{number}(event, context): ...\n"
        for number, expression in enumerate(SCHEDULES)
    )
    assert {at(mistake): mistake.message for mistake in make(app=app).error().all} == {
        f"app.py:{9 + 2 * number}:15": f"schedule {expression!r}: {problem}"
        for number, (expression, problem) in enumerate(SCHEDULES.items())
    }


RUNS = {
    "cron(0 12 1 1 ? 2027)": datetime(2027, 1, 1, 12, tzinfo=UTC),
    "cron(0 8 L 2 ? 2027)": datetime(2027, 2, 28, 8, tzinfo=UTC),
    "cron(0 8 29 2 ? *)": datetime(2028, 2, 29, 8, tzinfo=UTC),
    "at(2027-06-01T00:00:00)": datetime(2027, 6, 1, tzinfo=UTC),
    "at(2026-06-01T00:00:00)": None,
    "cron(0 8 * * ? 2020-2026)": None,
}


@pytest.mark.parametrize("expression", RUNS)
def test_the_next_run_of_an_expression(expression: str) -> None:
    assert RUNS[expression] == next_run(expression, None, datetime(2027, 1, 1, 12, tzinfo=UTC))


def test_a_time_that_the_clocks_leap_over_never_comes() -> None:
    """In Berlin, 28 March 2027 has no 2:30."""
    for expression in ("cron(30 2 28 3 ? 2027)", "at(2027-03-28T02:30:00)"):
        assert next_run(expression, "Europe/Berlin", EVER) is None
        assert next_run(expression, "Europe/London", EVER) is not None


OVER = {
    "schedule('cron(0 8 1 1 ? 2026)')": True,
    "schedule('at(2027-01-01T11:59:00)')": True,
    "schedule('at(2027-01-01T12:59:00)', timezone='Europe/Berlin')": True,
    "schedule('at(2027-01-01T12:00:00)')": False,
    "schedule('at(2027-01-01T11:59:00)', enabled=False)": False,
    "schedule('rate(1 day)', end=datetime(2027, 1, 1, tzinfo=UTC))": True,
    "schedule('cron(0 8 31 12 ? *)', end=datetime(2027, 12, 31, tzinfo=UTC))": True,
    "schedule('cron(0 8 31 12 ? *)', end=datetime(2028, 1, 1, tzinfo=UTC))": False,
}


@pytest.mark.parametrize("trigger", OVER)
def test_a_schedule_whose_last_time_is_over_is_told(make: Make, trigger: str) -> None:
    project = make(app=f"from datetime import UTC, datetime\n{_app(trigger)}")
    now = datetime(2027, 1, 1, 12, tzinfo=UTC)
    if OVER[trigger]:
        with pytest.raises(RemitError, match="it never runs again, its last time is over") as caught:
            build(project.folder, package=False, now=now)
        assert "app.py:11:5" == at(caught.value), "the line of the trigger, which is not the decorator's"
    else:
        assert build(project.folder, package=False, now=now).body


def test_a_schedule_of_a_job_whose_last_time_is_over_is_told(make: Make) -> None:
    app = "@app.job(schedule('at(2027-01-01T11:59:00)'))\ndef send(): ...\n"
    project = make(config="config.job.enable = True", app=app)
    with pytest.raises(RemitError) as caught:
        build(project.folder, package=False, now=datetime(2027, 1, 1, 12, tzinfo=UTC))
    assert "schedule 'at(2027-01-01T11:59:00)': it never runs again, its last time is over" == caught.value.message


def test_a_schedule_from_start_to_end_that_never_runs_is_told(make: Make) -> None:
    window = "start=datetime(2027, 2, 1, tzinfo=UTC), end=datetime(2027, 3, 1, tzinfo=UTC)"
    trigger = f"schedule('cron(0 8 1 1 ? *)', {window})"
    app = f"from datetime import UTC, datetime\n{_app(trigger)}"
    expected = "schedule 'cron(0 8 1 1 ? *)': it never runs: its times are before `start` or after `end`"
    assert expected == make(app=app).error().message


@pytest.mark.parametrize("kind", ["AWS::Events::Rule", "AWS::Scheduler::Schedule"])
def test_a_schedule_of_a_shared_resource_that_never_runs_is_told(make: Make, kind: str) -> None:
    shared = (
        "from remit import Shared, resource\nclass Data(Shared):\n"
        f"    clock = resource('{kind}', schedule_expression='cron(0 8 30 2 ? *)')\n"
    )
    mistakes = make(**{"shared/resources/data.py": shared}).error().all
    expected = "schedule 'cron(0 8 30 2 ? *)' of `DataClock`: it never runs: no such day is in any year"
    assert expected in [mistake.message for mistake in mistakes]


def test_a_wrong_property_of_cors_is_told(make: Make) -> None:
    error = make(app=_app("http(cors={'AllowOrigin': ['*']})")).error()
    assert "`HelloUrl.Cors` (AWS::Lambda::Url) has no property 'AllowOrigin'" == error.message
    assert str(error.hint).startswith("did you mean `AllowOrigins`?\n")


OWN_TRIGGER = """
from remit.app import Resource
from shared.resources.data import Data


class Sns:
    because = "takes messages from topic news"

    def grants(self, function):
        return ()

    def resources(self, function):
        topic = "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:news"
        properties = {"TopicArn": topic, "Protocol": "lambda", "Endpoint": function.arn}
        yield Resource("HelloNews", "AWS::SNS::Subscription", properties)
        call = {"FunctionName": function.arn, "Principal": "sns.amazonaws.com", "Action": "lambda:InvokeFunction"}
        yield Resource("HelloNewsPermission", "AWS::Lambda::Permission", call)

    def outputs(self, function):
        return ()


@app.function(Sns())
def hello(event, context): ...
"""


def test_whatever_a_trigger_calls_a_resource_of_the_app_is_bound_to_it(make: Make) -> None:
    """A new trigger needs no change of synth: any property that holds the ARN becomes Fn::GetAtt or Ref."""
    data = "from remit import Shared, resource\nclass Data(Shared):\n"
    data += '    news = resource("AWS::SNS::Topic", topic_name="news")\n'
    template = make(app=OWN_TRIGGER, **{"shared/resources/data.py": data}).template()
    topic = template["Resources"]["HelloNews"]["Properties"]["TopicArn"]
    assert {"Ref": "DataNews"} == topic


GRANTING_TRIGGER = """
from remit.app import Grant, Resource
from remit.iam.policy import allow


class Rule:
    because = "runs by a rule"

    def grants(self, function):
        reason = function.computed("may disable the rule that runs it")
        yield Grant(allow("events:DisableRule", on="${HelloRule.Arn}"), reason, function.origin)

    def resources(self, function):
        targets = [{"Id": "hello", "Arn": function.arn}]
        yield Resource("HelloRule", "AWS::Events::Rule", {"ScheduleExpression": "rate(1 day)", "Targets": targets})
        call = {"FunctionName": function.arn, "Principal": "events.amazonaws.com", "Action": "lambda:InvokeFunction"}
        yield Resource("HelloRulePermission", "AWS::Lambda::Permission", {**call, "SourceArn": "${HelloRule.Arn}"})

    def outputs(self, function):
        return ()


@app.function(Rule())
def hello(event, context): ...
"""
ITSELF = """
again = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "${HelloFunction.Arn}"}


@app.function(policy=[again])
def hello(event, context): ...
"""


@pytest.mark.parametrize(
    ("app", "resource"), [(ITSELF, "HelloFunction"), (GRANTING_TRIGGER, "HelloRule")], ids=["itself", "own trigger"]
)
def test_a_statement_about_what_waits_for_the_function_comes_later_also_without_shared_resources(
    make: Make, app: str, resource: str
) -> None:
    (later,) = make(app=app).resources("AWS::IAM::Policy").values()
    (statement,) = later["PolicyDocument"]["Statement"]
    assert {"Fn::GetAtt": [resource, "Arn"]} == statement["Resource"]


def test_job_queues_keep_what_failed_and_wait_for_the_worker(make: Make) -> None:
    project = make(
        config='config.job.enable = True\nconfig.job.additional_queues = ["very-urgent"]\n'
        "config.lambda_.function.timeout = 100",
        app='@app.job(queue="very-urgent")\ndef mail(to): ...\n\n\n@app.job\ndef clean(): ...\n',
    )
    queues = project.resources("AWS::SQS::Queue")
    assert ["JobDefaultDeadLetterQueue", "JobDefaultQueue", "JobVeryUrgentDeadLetterQueue", "JobVeryUrgentQueue"] == (
        sorted(queues)
    )
    assert {
        "RedrivePolicy": {
            "deadLetterTargetArn": {"Fn::GetAtt": ["JobVeryUrgentDeadLetterQueue", "Arn"]},
            "maxReceiveCount": 6,  # once more than a job may run: the worker then puts it aside
        },
        "SqsManagedSseEnabled": True,
        "VisibilityTimeout": 600,
    } == queues["JobVeryUrgentQueue"]
    functions = project.resources("AWS::Lambda::Function")
    worker = functions["WorkerVeryUrgentFunction"]
    assert ("remit.worker.work", 100) == (worker["Handler"], worker["Timeout"])
    assert {
        "REMIT_JOB_BACKOFF": "0",
        "REMIT_JOB_DEAD_LETTERS": {"Ref": "JobVeryUrgentDeadLetterQueue"},
        "REMIT_JOB_QUEUE": {"Ref": "JobVeryUrgentQueue"},
        "REMIT_JOB_RETRIES": "4",
        "REMIT_STACK": {"Ref": "AWS::StackId"},
        "REMIT_STAGE": "dev",
    } == worker["Environment"]["Variables"]
    for name in ("Default", "VeryUrgent"):
        assert {
            "BatchSize": 1,
            "EventSourceArn": {"Fn::GetAtt": [f"Job{name}Queue", "Arn"]},
            "FunctionName": {"Ref": f"Worker{name}Function"},
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        } == project.resources(MAPPING)[f"Worker{name}Jobs"]
        assert 6 == queues[f"Job{name}Queue"]["RedrivePolicy"]["maxReceiveCount"]
        assert 600 == queues[f"Job{name}Queue"]["VisibilityTimeout"]


def test_a_template_is_json_that_cloudformation_reads(make: Make) -> None:
    assert "2010-09-09" == json.loads(make().built().body)["AWSTemplateFormatVersion"]


def test_the_name_of_a_source_is_checked_once_however_often_its_arn_is_asked_for() -> None:
    first = effort.calls_of(lambda: arn_of("of-no-other-test", "sqs"))
    again = effort.calls_of(lambda: arn_of("of-no-other-test", "sqs"))
    assert again < first / 2
