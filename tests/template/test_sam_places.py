"""Where each part that SAM makes comes from, and why it is there: a function with every event, and its like."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from remit.documents.read import read
from remit.template.sam.expand import expanded

if TYPE_CHECKING:
    from remit.documents.json_text import Path

SQS, SNS, HERE = (
    "arn:aws:sqs:eu-west-1:111122223333:q",
    "arn:aws:sns:eu-west-1:111122223333:t",
    "eu-west-1:111122223333",
)
SECRET: Final = f"arn:aws:secretsmanager:{HERE}:secret:s"
FAILURES: Final = {"DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": SQS}}}
EVENTS: Final[dict[str, Any]] = {
    "Rest": {"Type": "Api", "Properties": {"Path": "/a", "Method": "get"}},
    "Http": {"Type": "HttpApi"},
    "Queue": {"Type": "SQS", "Properties": {"Queue": SQS}},
    "Stream": {
        "Type": "Kinesis",
        "Properties": {"Stream": f"arn:aws:kinesis:{HERE}:stream/s", "StartingPosition": "LATEST", **FAILURES},
    },
    "Table": {
        "Type": "DynamoDB",
        "Properties": {"Stream": f"arn:aws:dynamodb:{HERE}:table/t/stream/1", "StartingPosition": "LATEST"},
    },
    "Broker": {
        "Type": "MQ",
        "Properties": {
            "Broker": f"arn:aws:mq:{HERE}:broker:b",
            "Queues": ["q"],
            "SourceAccessConfigurations": [{"Type": "BASIC_AUTH", "URI": SECRET}],
        },
    },
    "Kafka": {
        "Type": "SelfManagedKafka",
        "Properties": {
            "Topics": ["t"],
            "KafkaBootstrapServers": ["a:1"],
            "SourceAccessConfigurations": [{"Type": "SASL_SCRAM_512_AUTH", "URI": SECRET}],
        },
    },
    "Topic": {"Type": "SNS", "Properties": {"Topic": SNS, "SqsSubscription": True}},
    "Daily": {"Type": "Schedule", "Properties": {"Schedule": "rate(1 day)", "DeadLetterConfig": {"Type": "SQS"}}},
    "Later": {"Type": "ScheduleV2", "Properties": {"ScheduleExpression": "rate(1 day)"}},
    "Rule": {"Type": "EventBridgeRule", "Properties": {"Pattern": {"source": ["a"]}}},
    "Logs": {"Type": "CloudWatchLogs", "Properties": {"LogGroupName": "g", "FilterPattern": "x"}},
    "Iot": {"Type": "IoTRule", "Properties": {"Sql": "SELECT 1"}},
    "Skill": {"Type": "AlexaSkill"},
    "Files": {"Type": "S3", "Properties": {"Bucket": {"Ref": "B"}, "Events": "s3:ObjectCreated:*"}},
}
FUNCTION: Final = {
    "Handler": "a.b",
    "Runtime": "python3.12",
    "InlineCode": "x",
    "AutoPublishAlias": "live",
    "RolePath": "/p/",
    "PermissionsBoundary": "arn:aws:iam::111122223333:policy/b",
    "AssumeRolePolicyDocument": {"Statement": []},
    "Tracing": "Active",
    "DeadLetterQueue": {"Type": "SNS", "TargetArn": SNS},
    "EventInvokeConfig": {
        "DestinationConfig": {"OnSuccess": {"Type": "SQS"}, "OnFailure": {"Type": "SNS", "Destination": SNS}}
    },
    "FunctionUrlConfig": {"AuthType": "NONE"},
    "Policies": [
        "AmazonS3ReadOnlyAccess",
        None,
        {"SQSPollerPolicy": {"QueueName": "q"}},
        {"Statement": [{"Effect": "Allow", "Action": "a:B", "Resource": "*"}]},
        {"Fn::If": ["C", {"S3ReadPolicy": {"BucketName": "b"}}, {"Ref": "AWS::NoValue"}]},
    ],
    "Events": EVENTS,
}
MACHINE: Final = {
    "DefinitionUri": "s3://b/k",
    "Tracing": {"Enabled": True},
    "Policies": {"Statement": []},
    "Events": {
        "Rest": {"Type": "Api", "Properties": {"Path": "/m", "Method": "post"}},
        "Daily": {"Type": "Schedule", "Properties": {"Schedule": "rate(1 day)"}},
        "Rule": {"Type": "EventBridgeRule", "Properties": {"Pattern": {}}},
        "Later": {"Type": "ScheduleV2", "Properties": {"ScheduleExpression": "rate(1 day)"}},
    },
}
DOMAIN: Final = {
    "DomainName": "a.example",
    "CertificateArn": f"arn:aws:acm:{HERE}:certificate/c",
    "Route53": {"HostedZoneId": "Z"},
}
RESOURCES: Final = {
    "F": {"Type": "AWS::Serverless::Function", "Properties": FUNCTION},
    "B": {"Type": "AWS::S3::Bucket"},
    "M": {"Type": "AWS::Serverless::StateMachine", "Properties": MACHINE},
    "A": {"Type": "AWS::Serverless::Api", "Properties": {"StageName": "s", "Domain": DOMAIN}},
    "T": {"Type": "AWS::Serverless::SimpleTable"},
    "L": {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "s3://b/k"}},
}
PLACES: Final = """
FRole <- F
FRole/.Path <- F/.RolePath
FRole/.PermissionsBoundary <- F/.PermissionsBoundary
FRole/.Policies/0 <- F/.DeadLetterQueue
FRole/.Policies/1 <- F/.EventInvokeConfig/DestinationConfig/OnSuccess
FRole/.Policies/2 <- F/.EventInvokeConfig/DestinationConfig/OnFailure
FRole/.Policies/3 <- F/.Policies/2
FRole/.Policies/4/PolicyDocument <- F/.Policies/3
FRole/.Policies/4 <- F/.Policies/3
FRole/.Policies/5/Fn::If/1 <- F/.Policies/4/Fn::If/1
FRole/.Policies/6 <- F/.Events/Stream
FRole/.Policies/7 <- F/.Events/Broker
FRole/.Policies/8 <- F/.Events/Kafka
FRole/.AssumeRolePolicyDocument <- F/.AssumeRolePolicyDocument
FVersion <- F/.AutoPublishAlias
FAliaslive <- F/.AutoPublishAlias
FUrl <- F/.FunctionUrlConfig
FUrlPublicPermissions <- F/.FunctionUrlConfig
FURLInvokeAllowPublicAccess <- F/.FunctionUrlConfig
FEventInvokeConfigOnSuccessQueue <- F/.EventInvokeConfig/DestinationConfig/OnSuccess
FEventInvokeConfig <- F/.EventInvokeConfig
FRestPermission <- F/.Events/Rest
FHttpPermission <- F/.Events/Http
FQueue <- F/.Events/Queue
FStream <- F/.Events/Stream
FTable <- F/.Events/Table
FBroker <- F/.Events/Broker
FKafka <- F/.Events/Kafka
FTopic <- F/.Events/Topic
FTopicQueue <- F/.Events/Topic
FTopicEventSourceMapping <- F/.Events/Topic
FTopicQueuePolicy <- F/.Events/Topic
FDaily <- F/.Events/Daily
FDailyPermission <- F/.Events/Daily
FDailyQueue <- F/.Events/Daily
FDailyQueuePolicy <- F/.Events/Daily
FLater <- F/.Events/Later
FLaterRole <- F/.Events/Later
FRule <- F/.Events/Rule
FRulePermission <- F/.Events/Rule
FLogsPermission <- F/.Events/Logs
FLogs <- F/.Events/Logs
FIotPermission <- F/.Events/Iot
FIot <- F/.Events/Iot
FSkillPermission <- F/.Events/Skill
FFilesPermission <- F/.Events/Files
MRole <- M
MRole/.Path <- M/.RolePath
MRole/.PermissionsBoundary <- M/.PermissionsBoundary
MRole/.Policies/0/PolicyDocument <- M/.Policies
MRole/.Policies/0 <- M/.Policies
MRestRole <- M/.Events/Rest
MDaily <- M/.Events/Daily
MDailyRole <- M/.Events/Daily
MRule <- M/.Events/Rule
MRuleRole <- M/.Events/Rule
MLater <- M/.Events/Later
MLaterRole <- M/.Events/Later
ADeployment <- A
AsStage <- A
ApiGatewayDomainNamef4e610b835 <- A/.Domain
ABasePathMapping <- A/.Domain
RecordSetGroup909f99a779 <- A/.Domain/Route53
ServerlessRestApi <- F/.Events/Rest
ServerlessRestApiDeployment <- F/.Events/Rest
ServerlessRestApiProdStage <- F/.Events/Rest
ServerlessHttpApi <- F/.Events/Http
ServerlessHttpApiApiGatewayDefaultStage <- F/.Events/Http
"""
"""Each made part, and the declared one that it comes from; a dot stands for Properties."""
REASONS: Final = """
FRole/.Policies/0: SAM adds it for DeadLetterQueue
FRole/.Policies/1: SAM adds it for EventInvokeConfig OnSuccess
FRole/.Policies/2: SAM adds it for EventInvokeConfig OnFailure
FRole/.Policies/3: SAM's SQSPollerPolicy
FRole/.Policies/5/Fn::If/1: SAM's S3ReadPolicy
FRole/.Policies/6: SAM adds it for event Stream
FRole/.Policies/7: SAM adds it for event Broker
FRole/.Policies/8: SAM adds it for event Kafka
FLaterRole/.Policies: SAM adds it for event Later
MRestRole/.Policies: SAM adds it for event Rest
MDailyRole/.Policies: SAM adds it for event Daily
MRuleRole/.Policies: SAM adds it for event Rule
MLaterRole/.Policies: SAM adds it for event Later
"""


def shown(path: Path) -> str:
    return "/".join(map(str, path[1:])).replace("Properties/", ".")


def test_each_part_that_sam_makes_has_the_place_of_what_it_is_made_of_and_a_reason_where_nobody_wrote_it() -> None:
    text = json.dumps({"Transform": "AWS::Serverless-2016-10-31", "Resources": RESOURCES})
    source = read(text.encode(), "template.json")
    made = expanded(source.value, source.locate)
    places = [f"{shown(part)} <- {shown(place)}" for part, place in made.origins.items()]
    assert PLACES.strip().splitlines() == places
    assert REASONS.strip().splitlines() == [f"{shown(part)}: {why}" for part, why in made.reasons.items()]
    assert () == made.notes
    made_of_itself = {"F", "M", "A", "T", "L"}
    assert (
        made_of_itself | {line.partition(" ")[0] for line in places if "/" not in line.partition(" ")[0]} == made.made
    )
    implicit = [("ServerlessRestApi", "AWS::Serverless::Api"), ("ServerlessHttpApi", "AWS::Serverless::HttpApi")]
    declared = [(name, resource["Type"]) for name, resource in RESOURCES.items() if name != "B"]
    assert [*declared, *implicit] == [(resource.logical_id, resource.type) for resource in made.declared]
