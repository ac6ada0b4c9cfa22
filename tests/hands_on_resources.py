"""A stack with a resource of each kind that is compared, and what people do to each by hand."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from zips import zip_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remit.deploy.session import Account

    Names = Mapping[str, str]
    """The names of the stack's resources in the account, by logical id."""

NAME = "orders-dev"
CODE = zip_of("def handler(event, context): ...")
BUCKET = "artefacts-{}"
"""By the number of the account: all accounts share one set of names."""
KEY = f"{NAME}/{hashlib.sha256(CODE).hexdigest()}.zip"
STRANGER = "arn:aws:iam::999999999999:root"
ANYBODY = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def arn(name: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, "Arn"]}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def trust(service: str) -> dict[str, Any]:
    return policy({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})


def allow(action: str, name: Any) -> dict[str, Any]:
    here = {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}}
    return {"Effect": "Allow", "Principal": here, "Action": action, "Resource": name}


_OF_HERE = allow("kms:*", "*")
RESOURCES: dict[str, tuple[str, dict[str, Any]]] = {
    "ReportRole": (
        "AWS::IAM::Role",
        {
            "AssumeRolePolicyDocument": trust("lambda.amazonaws.com"),
            "Policies": [
                {
                    "PolicyName": "logs",
                    "PolicyDocument": policy({"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}),
                }
            ],
        },
    ),
    "SchedulerRole": ("AWS::IAM::Role", {"AssumeRolePolicyDocument": trust("scheduler.amazonaws.com")}),
    "Report": (
        "AWS::Lambda::Function",
        {
            "FunctionName": f"{NAME}-report",
            "Runtime": "python3.12",
            "Handler": "app.handler",
            "Role": arn("ReportRole"),
            "Timeout": "30",
            "Environment": {"Variables": {"QUEUE": ref("Queue"), "MODE": "quiet"}},
            "Code": {"S3Bucket": {"Fn::Sub": BUCKET.format("${AWS::AccountId}")}, "S3Key": KEY},
            "ReservedConcurrentExecutions": 5,
            "Tags": [{"Key": "team", "Value": "shop"}],
        },
    ),
    "Version": ("AWS::Lambda::Version", {"FunctionName": ref("Report")}),
    "Alias": (
        "AWS::Lambda::Alias",
        {"FunctionName": ref("Report"), "Name": "live", "FunctionVersion": {"Fn::GetAtt": ["Version", "Version"]}},
    ),
    "Permission": (
        "AWS::Lambda::Permission",
        {
            "FunctionName": ref("Report"),
            "Action": "lambda:InvokeFunction",
            "Principal": "s3.amazonaws.com",
            "SourceAccount": ref("AWS::AccountId"),
        },
    ),
    "Source": ("AWS::Lambda::EventSourceMapping", {"FunctionName": ref("Report"), "EventSourceArn": arn("Jobs")}),
    "Group": ("AWS::Logs::LogGroup", {"LogGroupName": f"/aws/lambda/{NAME}-report", "RetentionInDays": 30}),
    "Queue": ("AWS::SQS::Queue", {"VisibilityTimeout": 180}),
    "QueuePolicy": (
        "AWS::SQS::QueuePolicy",
        {"Queues": [ref("Queue")], "PolicyDocument": policy(allow("sqs:SendMessage", arn("Queue")))},
    ),
    "Plain": ("AWS::SQS::Queue", {}),
    "Jobs": ("AWS::SQS::Queue", {"VisibilityTimeout": 180}),
    "Topic": ("AWS::SNS::Topic", {}),
    "Subscription": (
        "AWS::SNS::Subscription",
        {"TopicArn": ref("Topic"), "Protocol": "sqs", "Endpoint": arn("Queue")},
    ),
    "Bucket": (
        "AWS::S3::Bucket",
        {
            "NotificationConfiguration": {
                "QueueConfigurations": [{"Event": "s3:ObjectCreated:*", "Queue": arn("Queue")}]
            }
        },
    ),
    "Table": (
        "AWS::DynamoDB::Table",
        {
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        },
    ),
    "Secret": ("AWS::SecretsManager::Secret", {"SecretString": "made up"}),
    "Key": ("AWS::KMS::Key", {"KeyPolicy": policy(_OF_HERE)}),
    "Schedule": (
        "AWS::Scheduler::Schedule",
        {
            "ScheduleExpression": "rate(1 day)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": arn("Report"), "RoleArn": arn("SchedulerRole")},
        },
    ),
    "Rule": (
        "AWS::Events::Rule",
        {"EventPattern": {"source": ["shop"]}, "Targets": [{"Id": "report", "Arn": arn("Report")}]},
    ),
    "Api": ("AWS::ApiGatewayV2::Api", {"Name": NAME, "ProtocolType": "HTTP"}),
    "Integration": (
        "AWS::ApiGatewayV2::Integration",
        {
            "ApiId": ref("Api"),
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": arn("Report"),
            "PayloadFormatVersion": "2.0",
        },
    ),
    "Authorizer": (
        "AWS::ApiGatewayV2::Authorizer",
        {
            "ApiId": ref("Api"),
            "Name": "jwt",
            "AuthorizerType": "JWT",
            "IdentitySource": ["$request.header.Authorization"],
            "JwtConfiguration": {"Issuer": "https://id.example", "Audience": ["shop"]},
        },
    ),
    "Route": (
        "AWS::ApiGatewayV2::Route",
        {
            "ApiId": ref("Api"),
            "RouteKey": "GET /orders",
            "AuthorizationType": "JWT",
            "AuthorizerId": ref("Authorizer"),
            "Target": {"Fn::Sub": "integrations/${Integration}"},
        },
    ),
}
TEMPLATE = json.dumps(
    {"Resources": {name: {"Type": kind, "Properties": properties} for name, (kind, properties) in RESOURCES.items()}}
)


def prepare(account: Account) -> None:
    """Put the function's code where the template says that it is."""
    s3 = account.client("s3")
    bucket = BUCKET.format(account.account)
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": account.region})
    checksum = base64.b64encode(hashlib.sha256(CODE).digest()).decode()
    s3.put_object(Bucket=bucket, Key=KEY, Body=CODE, ChecksumSHA256=checksum)


class Hand(NamedTuple):
    """Something that a person does to a resource, and what is told of it. `lasts`: nothing undoes it."""

    name: str
    resource: str
    do: Callable[[Account, Names], Any]
    told: str
    lasts: bool = False


def _attributes(account: Account, url: str, **attributes: str) -> None:
    account.client("sqs").set_queue_attributes(QueueUrl=url, Attributes=attributes)


def _queue_arn(account: Account, url: str) -> str:
    answer = account.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(answer["Attributes"]["QueueArn"])


def _stream(account: Account) -> str:
    """The ARN of a stream of somebody's."""
    streams = account.client("kinesis")
    streams.create_stream(StreamName="spy", ShardCount=1)
    return str(streams.describe_stream(StreamName="spy")["StreamDescription"]["StreamARN"])


def _routes(account: Account, names: Names) -> str:
    (route,) = account.client("apigatewayv2").get_routes(ApiId=names["Api"])["Items"]
    return str(route["RouteId"])


def _mapping(account: Account, names: Names, **settings: Any) -> None:
    account.client("lambda").update_event_source_mapping(UUID=names["Source"], **settings)


HANDS = (
    Hand(
        "a permission for anybody",
        "Report",
        lambda account, names: account.client("lambda").add_permission(
            FunctionName=names["Report"], StatementId="all", Action="lambda:InvokeFunction", Principal="*"
        ),
        "PUBLIC: permission all of function orders-dev-report (Report) was added by hand",
    ),
    Hand(
        "a function URL for anybody",
        "Report",
        lambda account, names: account.client("lambda").add_permission(
            FunctionName=names["Report"],
            StatementId="open",
            Action="lambda:InvokeFunctionUrl",
            Principal="*",
            FunctionUrlAuthType="NONE",
        ),
        "PUBLIC: permission open of function orders-dev-report (Report) was added by hand",
    ),
    Hand(
        "a permission that is gone",
        "Report",
        lambda account, names: account.client("lambda").remove_permission(
            FunctionName=names["Report"], StatementId=names["Permission"].rpartition("|")[2]
        ),
        "permission Permission of function orders-dev-report (Report) was removed by hand",
    ),
    Hand(
        "the environment",
        "Report",
        lambda account, names: account.client("lambda").update_function_configuration(
            FunctionName=names["Report"], Environment={"Variables": {"QUEUE": "another", "DEBUG": "1"}}
        ),
        "the environment of function orders-dev-report (Report) was changed by hand: "
        "DEBUG was added, MODE was removed, QUEUE has another value",
    ),
    Hand(
        "timeout",
        "Report",
        lambda account, names: account.client("lambda").update_function_configuration(
            FunctionName=names["Report"], Timeout=900
        ),
        "the timeout of function orders-dev-report (Report) was changed by hand: 900, not 30",
    ),
    Hand(
        "memory",
        "Report",
        lambda account, names: account.client("lambda").update_function_configuration(
            FunctionName=names["Report"], MemorySize=3008
        ),
        "the memory of function orders-dev-report (Report) was changed by hand: 3008, not 128",
    ),
    Hand(
        "a layer",
        "Report",
        lambda account, names: account.client("lambda").update_function_configuration(
            FunctionName=names["Report"],
            Layers=[
                account.client("lambda").publish_layer_version(LayerName="spy", Content={"ZipFile": CODE})[
                    "LayerVersionArn"
                ]
            ],
        ),
        "the layers of function orders-dev-report (Report) was changed by hand: arn:aws:lambda:",
    ),
    Hand(
        "code",
        "Report",
        lambda account, names: account.client("lambda").update_function_code(
            FunctionName=names["Report"], ZipFile=zip_of("def handler(event, context): return 1")
        ),
        "the code of function orders-dev-report (Report) was changed by hand",
    ),
    Hand(
        "reserved concurrency",
        "Report",
        lambda account, names: account.client("lambda").put_function_concurrency(
            FunctionName=names["Report"], ReservedConcurrentExecutions=0
        ),
        "the reserved concurrency of function orders-dev-report (Report) was changed by hand: 0, not 5",
    ),
    Hand(
        "tags",
        "Report",
        lambda account, names: account.client("lambda").tag_resource(
            Resource=account.client("lambda").get_function(FunctionName=names["Report"])["Configuration"][
                "FunctionArn"
            ],
            Tags={"team": "theirs"},
        ),
        "tags of function orders-dev-report (Report) were changed by hand: team",
    ),
    Hand(
        "a rule that calls the function",
        "Report",
        lambda account, names: account.client("lambda").add_permission(
            FunctionName=names["Report"],
            StatementId="spy",
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
            SourceArn=f"arn:aws:events:eu-central-1:{account.account}:rule/spy",
        ),
        "permission spy of function orders-dev-report (Report) was added by hand",
    ),
    Hand(
        "a permission on an alias",
        "Alias",
        lambda account, names: account.client("lambda").add_permission(
            FunctionName=names["Report"],
            Qualifier="live",
            StatementId="all",
            Action="lambda:InvokeFunction",
            Principal="*",
        ),
        "PUBLIC: permission all of alias live (Alias) was added by hand",
    ),
    Hand(
        "an alias",
        "Alias",
        lambda account, names: account.client("lambda").update_alias(
            FunctionName=names["Report"], Name="live", FunctionVersion="$LATEST"
        ),
        "the version of alias live (Alias) was changed by hand: $LATEST, not 1",
    ),
    Hand(
        "an event source that is off",
        "Source",
        lambda account, names: _mapping(account, names, Enabled=False),
        "(Source) of function orders-dev-report was turned off by hand",
    ),
    Hand(
        "an event source that calls another version",
        "Source",
        lambda account, names: _mapping(account, names, FunctionName=f"{NAME}-report:live"),
        "(Source) was turned by hand to function orders-dev-report:live, not orders-dev-report",
    ),
    Hand(
        "an event source that is gone",
        "Source",
        lambda account, names: account.client("lambda").delete_event_source_mapping(UUID=names["Source"]),
        "(Source) is gone: it was deleted by hand",
        lasts=True,
    ),
    Hand(
        "a bucket's policy for anybody",
        "Bucket",
        lambda account, names: (
            account.client("s3").delete_public_access_block(Bucket=names["Bucket"]),
            account.client("s3").put_bucket_policy(
                Bucket=names["Bucket"],
                Policy=json.dumps(policy({**ANYBODY, "Resource": f"arn:aws:s3:::{names['Bucket']}/*"})),
            ),
        ),
        "PUBLIC: the policy of bucket ",
    ),
    Hand(
        "the public access block",
        "Bucket",
        lambda account, names: account.client("s3").put_public_access_block(
            Bucket=names["Bucket"], PublicAccessBlockConfiguration={"BlockPublicAcls": True}
        ),
        "was weakened by hand: IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets is off",
    ),
    Hand(
        "notifications",
        "Bucket",
        lambda account, names: account.client("s3").put_bucket_notification_configuration(
            Bucket=names["Bucket"], NotificationConfiguration={}
        ),
        "were changed by hand: s3:ObjectCreated:* of * to orders-dev-Queue",
    ),
    Hand(
        "a queue's policy for anybody",
        "Plain",
        lambda account, names: _attributes(
            account, names["Plain"], Policy=json.dumps(policy({**ANYBODY, "Action": "sqs:SendMessage"}))
        ),
        "PUBLIC: the policy of queue orders-dev-Plain",
    ),
    Hand(
        "a queue's policy of another account",
        "Queue",
        lambda account, names: _attributes(
            account,
            names["Queue"],
            Policy=json.dumps(policy({**ANYBODY, "Principal": {"AWS": STRANGER}, "Action": "sqs:ReceiveMessage"})),
        ),
        "was changed by hand: account 999999999999 may sqs:ReceiveMessage",
    ),
    Hand(
        "a queue's visibility timeout",
        "Queue",
        lambda account, names: _attributes(account, names["Queue"], VisibilityTimeout="1"),
        "(Queue) was changed by hand: 1, not 180",
    ),
    Hand(
        "the retention of a queue that sets none",
        "Jobs",
        lambda account, names: _attributes(account, names["Jobs"], MessageRetentionPeriod="60"),
        "(Jobs) was changed by hand: 60, not 345600",
    ),
    Hand(
        "a dead-letter queue of somebody's",
        "Plain",
        lambda account, names: _attributes(
            account,
            names["Plain"],
            RedrivePolicy=json.dumps({"deadLetterTargetArn": _queue_arn(account, names["Jobs"]), "maxReceiveCount": 1}),
        ),
        "the dead-letter queue of queue orders-dev-Plain",
    ),
    Hand(
        "a queue that is gone",
        "Plain",
        lambda account, names: account.client("sqs").delete_queue(QueueUrl=names["Plain"]),
        "(Plain) is gone: it was deleted by hand",
        lasts=True,
    ),
    Hand(
        "a topic's policy for anybody",
        "Topic",
        lambda account, names: account.client("sns").set_topic_attributes(
            TopicArn=names["Topic"],
            AttributeName="Policy",
            AttributeValue=json.dumps(policy({**ANYBODY, "Action": "sns:Publish", "Resource": names["Topic"]})),
        ),
        "PUBLIC: the policy of topic orders-dev-Topic",
    ),
    Hand(
        "a foreign subscription",
        "Topic",
        lambda account, names: account.client("sns").subscribe(
            TopicArn=names["Topic"],
            Protocol="sqs",
            Endpoint="arn:aws:sqs:eu-central-1:999999999999:theirs",
            ReturnSubscriptionArn=True,
        ),
        "sqs arn:aws:sqs:eu-central-1:999999999999:theirs was subscribed to topic orders-dev-Topic",
    ),
    Hand(
        "a table's policy",
        "Table",
        lambda account, names: account.client("dynamodb").put_resource_policy(
            ResourceArn=account.client("dynamodb").describe_table(TableName=names["Table"])["Table"]["TableArn"],
            Policy=json.dumps(policy({**ANYBODY, "Principal": {"AWS": STRANGER}, "Action": "dynamodb:Scan"})),
        ),
        "was made by hand: account 999999999999 may dynamodb:Scan",
    ),
    Hand(
        "a secret's policy",
        "Secret",
        lambda account, names: account.client("secretsmanager").put_resource_policy(
            SecretId=names["Secret"],
            ResourcePolicy=json.dumps(
                policy({**ANYBODY, "Principal": {"AWS": STRANGER}, "Action": "secretsmanager:GetSecretValue"})
            ),
        ),
        "was made by hand: account 999999999999 may secretsmanager:GetSecretValue",
    ),
    Hand(
        "a key's policy",
        "Key",
        lambda account, names: account.client("kms").put_key_policy(
            KeyId=names["Key"],
            PolicyName="default",
            Policy=json.dumps(
                policy(
                    {**ANYBODY, "Principal": {"AWS": account.account}, "Action": "kms:*"},
                    {**ANYBODY, "Principal": {"AWS": STRANGER}, "Action": "kms:Decrypt"},
                )
            ),
        ),
        "was changed by hand: account 999999999999 may kms:Decrypt",
    ),
    Hand(
        "a key's grant",
        "Key",
        lambda account, names: account.client("kms").create_grant(
            KeyId=names["Key"], GranteePrincipal=STRANGER, Operations=["Decrypt"]
        ),
        f"was made by hand: {STRANGER} may kms:Decrypt",
    ),
    Hand(
        "a key's grant for a session of another account",
        "Key",
        lambda account, names: account.client("kms").create_grant(
            KeyId=names["Key"],
            GranteePrincipal="arn:aws:sts::999999999999:assumed-role/spy/session",
            Operations=["Decrypt"],
        ),
        "was made by hand: arn:aws:sts::999999999999:assumed-role/spy/session may kms:Decrypt",
    ),
    Hand(
        "a log's retention",
        "Group",
        lambda account, names: account.client("logs").put_retention_policy(
            logGroupName=names["Group"], retentionInDays=1
        ),
        "the retention of log group /aws/lambda/orders-dev-report (Group) was changed by hand: 1 days, not 30",
    ),
    Hand(
        "a log's filter",
        "Group",
        lambda account, names: account.client("logs").put_subscription_filter(
            logGroupName=names["Group"],
            filterName="spy",
            filterPattern="",
            destinationArn=_stream(account),
            roleArn=f"arn:aws:iam::{account.account}:role/{names['ReportRole']}",
        ),
        "was made by hand to send what it gets to arn:aws:kinesis:eu-central-1:",
    ),
    Hand(
        "a schedule that is off",
        "Schedule",
        lambda account, names: account.client("scheduler").update_schedule(
            Name=names["Schedule"],
            State="DISABLED",
            ScheduleExpression="rate(1 day)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={
                name: value
                for name, value in account.client("scheduler").get_schedule(Name=names["Schedule"])["Target"].items()
                if name in ("Arn", "RoleArn")
            },
        ),
        "(Schedule) was changed by hand: DISABLED, not ENABLED",
    ),
    Hand(
        "another time of a schedule",
        "Schedule",
        lambda account, names: account.client("scheduler").update_schedule(
            Name=names["Schedule"],
            ScheduleExpression="rate(1 minute)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={
                name: value
                for name, value in account.client("scheduler").get_schedule(Name=names["Schedule"])["Target"].items()
                if name in ("Arn", "RoleArn")
            },
        ),
        "(Schedule) was changed by hand: rate(1 minute), not rate(1 day)",
    ),
    Hand(
        "a narrower pattern of a rule",
        "Rule",
        lambda account, names: account.client("events").put_rule(
            Name=names["Rule"], EventPattern='{"source": ["shop"], "detail-type": ["never"]}'
        ),
        "the pattern of rule ",
    ),
    Hand(
        "another input of a rule's target",
        "Rule",
        lambda account, names: account.client("events").put_targets(
            Rule=names["Rule"],
            Targets=[
                {
                    **account.client("events").list_targets_by_rule(Rule=names["Rule"])["Targets"][0],
                    "Input": '{"all": true}',
                }
            ],
        ),
        "target report of rule ",
    ),
    Hand(
        "a rule that is off",
        "Rule",
        lambda account, names: account.client("events").disable_rule(Name=names["Rule"]),
        "(Rule) was changed by hand: DISABLED, not ENABLED",
    ),
    Hand(
        "another target of a rule",
        "Rule",
        lambda account, names: account.client("events").put_targets(
            Rule=names["Rule"], Targets=[{"Id": "spy", "Arn": f"arn:aws:sqs:eu-central-1:{account.account}:theirs"}]
        ),
        "theirs was made a target of rule",
    ),
    Hand(
        "a route's authorisation",
        "Api",
        lambda account, names: account.client("apigatewayv2").update_route(
            ApiId=names["Api"], RouteId=_routes(account, names), AuthorizationType="NONE"
        ),
        "PUBLIC: route GET /orders of API",
    ),
    Hand(
        "a new route",
        "Api",
        lambda account, names: account.client("apigatewayv2").create_route(ApiId=names["Api"], RouteKey="GET /all"),
        "PUBLIC: route GET /all of API",
    ),
    Hand(
        "an authorizer",
        "Api",
        lambda account, names: account.client("apigatewayv2").update_authorizer(
            ApiId=names["Api"],
            AuthorizerId=account.client("apigatewayv2").get_authorizers(ApiId=names["Api"])["Items"][0]["AuthorizerId"],
            JwtConfiguration={"Issuer": "https://evil.example", "Audience": ["shop"]},
        ),
        "authorizer Authorizer of API",
    ),
    Hand(
        "a function that is gone",
        "Report",
        lambda account, names: account.client("lambda").delete_function(FunctionName=names["Report"]),
        "function orders-dev-report (Report) is gone: it was deleted by hand",
        lasts=True,
    ),
)
