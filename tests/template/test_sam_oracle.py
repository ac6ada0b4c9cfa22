"""What a SAM template becomes is what AWS's own translator makes of it: every resource, every property that is drawn.

`LEFT_OUT` lists what is not compared, each with its reason: it bears on nobody's access and on no deploy's rights.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import operator
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from random_cases import ASKS_ALL, cases, in_all_cases
from remit.deploy.aws_calls import CALLS
from remit.deployer.deployer_policy import deployer
from remit.deployer.planned_stack import stack_of
from remit.documents.read import read
from remit.errors import RemitError
from remit.template.sam.expand import plain_template

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Json = dict[str, Any]
FOLDER = Path(__file__).with_name("data") / "sam"
KEPT = sorted(path.name for path in FOLDER.glob("*.yaml"))

LEFT_OUT: dict[str, dict[str, str]] = {
    "*": {
        "DependsOn": "the order of a deploy",
        "DeletionPolicy": "what a deploy keeps: both policies together alone spare the right to delete",
        "Description": "a text; of a deployment, with a hash",
    },
    "AWS::ApiGateway::ApiKey": {
        "StageKeys": "a key that APIs share lists the stages of all",
        "Condition": "of the same",
    },
    "AWS::ApiGateway::UsagePlan": {
        "ApiStages": "a plan that APIs share lists the stages of all",
        "Condition": "of the same",
    },
    "AWS::ApiGateway::UsagePlanKey": {"Condition": "of the plan and the key that APIs share"},
    "AWS::ApiGatewayV2::DomainName": {"Tags": "SAM's own tag"},
    "AWS::ApiGatewayV2::Stage": {"Tags": "SAM's own tag"},
    "AWS::CodeDeploy::DeploymentGroup": {"Condition": "the service turns a condition on or off by itself"},
    "AWS::IoT::TopicRule": {"RuleDisabled": "false, as it is by default"},
    "AWS::Lambda::EventSourceMapping": {
        "AmazonManagedKafkaEventSourceConfig": "the consumer group: rights follow from the cluster and its secrets",
        "DocumentDBEventSourceConfig": "the database: rights follow from the cluster and its secrets",
        "SelfManagedEventSource": "brokers, which no right of IAM is about",
        "SelfManagedKafkaEventSourceConfig": "the consumer group",
    },
    "AWS::Route53::RecordSetGroup": {
        "Condition": "a group that APIs share takes that of one of them",
        "RecordSets": "where a name leads: the right is one on the hosted zone",
    },
    "AWS::S3::Bucket": {
        "Filter": "which objects a function is called for",
        "Tags": "SAM's own tag, for the order of a deploy",
    },
    "AWS::Scheduler::Schedule": {"FlexibleTimeWindow": "when it runs"},
    "AWS::StepFunctions::StateMachine": {"DefinitionString": "the same object as text"},
    "AWS::StepFunctions::StateMachineAlias": {"Type": "ALL_AT_ONCE, as it is by default"},
    "AWS::StepFunctions::StateMachineVersion": {"StateMachineRevisionId": "an attribute of its machine"},
}


def one_of(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


def some(**pools: Any) -> st.SearchStrategy[Json]:
    """A mapping with some of these properties; a list is the pool of a property's values."""
    optional = {name: one_of(*pool) if isinstance(pool, list) else pool for name, pool in pools.items()}
    return st.fixed_dictionaries({}, optional=optional)


def with_some(required: Json, **pools: Any) -> st.SearchStrategy[Json]:
    return some(**pools).map(lambda chosen: {**required, **chosen})


QUEUE = "arn:aws:sqs:us-east-1:111122223333:jobs"
TOPIC = "arn:aws:sns:us-east-1:111122223333:news"
KEY = "arn:aws:kms:us-east-1:111122223333:key/0a1b"
ROLE = "arn:aws:iam::111122223333:role/own"
BOUNDARY = "arn:aws:iam::111122223333:policy/limit"
STATEMENT = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "*"}
DOCUMENT = {"Version": "2012-10-17", "Statement": [STATEMENT]}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": ["lambda.amazonaws.com"]}, "Action": ["sts:AssumeRole"]}
    ],
}
NO_VALUE = {"Ref": "AWS::NoValue"}
CONDITION = {"Conditions": {"C": {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}}}


def if_c(first: Any, second: Any) -> Json:
    return {"Fn::If": ["C", first, second]}


POLICIES = one_of(
    "AmazonS3ReadOnlyAccess",
    BOUNDARY,
    DOCUMENT,
    {"SQSPollerPolicy": {"QueueName": {"Fn::GetAtt": ["Jobs", "QueueName"]}}},
    {"S3CrudPolicy": {"BucketName": "data"}},
    {"DynamoDBCrudPolicy": {"TableName": {"Ref": "Orders"}}},
    {"Statement": [STATEMENT]},
    {"Ref": "Managed"},
    if_c(BOUNDARY, NO_VALUE),
    if_c(DOCUMENT, NO_VALUE),
    if_c(DOCUMENT, DOCUMENT),
    {"LambdaInvokePolicy": {"FunctionName": "other"}},
    {"KMSDecryptPolicy": {"KeyId": "0a1b"}},
)
DESTINATIONS = one_of(
    {"Type": "SQS", "Destination": QUEUE},
    {"Type": "SQS"},
    {"Type": "SNS"},
    {"Type": "SNS", "Destination": TOPIC},
    {"Type": "EventBridge", "Destination": "arn:aws:events:us-east-1:111122223333:event-bus/default"},
    {"Type": "Lambda", "Destination": "arn:aws:lambda:us-east-1:111122223333:function:next"},
    {"Type": "S3Bucket", "Destination": "arn:aws:s3:::done"},
)
TAGS = one_of({"team": "shop"}, {"a": "1", "b": {"Ref": "AWS::Region"}})
FUNCTION = some(
    Architectures=[["arm64"], ["x86_64"]],
    AssumeRolePolicyDocument=[TRUST],
    AutoPublishAlias=["live", "live-now", "v_1"],
    CodeSigningConfigArn=["arn:aws:lambda:us-east-1:111122223333:code-signing-config:csc-0"],
    DeadLetterQueue=[{"Type": "SQS", "TargetArn": QUEUE}, {"Type": "SNS", "TargetArn": TOPIC}],
    Description=["orders"],
    DurableConfig=[{"ExecutionTimeout": 60}],
    Environment=[{"Variables": {"A": "1"}}],
    EphemeralStorage=[{"Size": 1024}],
    EventInvokeConfig=some(
        MaximumRetryAttempts=[0, 2],
        MaximumEventAgeInSeconds=[60],
        DestinationConfig=some(OnSuccess=DESTINATIONS, OnFailure=DESTINATIONS),
    ),
    FileSystemConfigs=[
        [{"Arn": "arn:aws:elasticfilesystem:us-east-1:111122223333:access-point/fsap-0", "LocalMountPath": "/mnt/a"}]
    ],
    FunctionName=["web", {"Fn::Sub": "${AWS::StackName}-web"}],
    FunctionUrlConfig=with_some(
        {"AuthType": "NONE"}, AuthType=["AWS_IAM"], InvokeMode=["RESPONSE_STREAM"], Cors=[{"AllowOrigins": ["*"]}]
    ),
    KmsKeyArn=[KEY],
    Layers=[[{"Ref": "Shared"}], ["arn:aws:lambda:us-east-1:111122223333:layer:l:1"]],
    LoggingConfig=[{"LogGroup": "/app"}],
    MemorySize=[512],
    PermissionsBoundary=[BOUNDARY],
    Policies=st.one_of(st.lists(POLICIES, max_size=3), POLICIES),
    PublishToLatestPublished=[True],
    RecursiveLoop=["Allow"],
    ReservedConcurrentExecutions=[1],
    Role=[ROLE, if_c(ROLE, NO_VALUE), if_c(NO_VALUE, ROLE), if_c(ROLE, ROLE)],
    RolePath=["/app/"],
    RuntimeManagementConfig=[{"UpdateRuntimeOn": "Auto"}],
    SnapStart=[{"ApplyOn": "PublishedVersions"}],
    SourceKMSKeyArn=[KEY],
    Tags=TAGS,
    Timeout=[3],
    Tracing=["Active", "PassThrough", "Disabled"],
    VpcConfig=[{"SubnetIds": ["subnet-0"], "SecurityGroupIds": ["sg-0"]}],
)
CAPACITY = with_some(
    {"CapacityProviderConfig": {"Arn": "arn:aws:lambda:us-east-1:111122223333:capacity-provider:c"}},
    CapacityProviderConfig=[
        {
            "Arn": {"Ref": "Provider"},
            "PerExecutionEnvironmentMaxConcurrency": 2,
            "ExecutionEnvironmentMemoryGiBPerVCpu": 2,
        }
    ],
    FunctionScalingConfig=[{"MinExecutionEnvironments": 1}],
)
CODE = one_of(
    {"Runtime": "python3.12", "Handler": "app.handler", "CodeUri": "s3://code/app.zip"},
    {
        "Runtime": "python3.12",
        "Handler": "app.handler",
        "CodeUri": {"Bucket": "code", "Key": "app.zip", "Version": "1"},
    },
    {"Runtime": "python3.12", "Handler": "app.handler", "InlineCode": "def handler(event, context): ..."},
)
PREFERENCE = with_some(
    {"Type": "Canary10Percent5Minutes"},
    Type=["AllAtOnce", "Own", if_c("AllAtOnce", "Linear10PercentEvery1Minute")],
    Role=[ROLE],
    Alarms=[["a"], [{"Ref": "Alarm"}]],
    Hooks=some(PreTraffic=[{"Ref": "Before"}], PostTraffic=[{"Ref": "After"}]),
    TriggerConfigurations=[[{"TriggerName": "t", "TriggerTargetArn": TOPIC, "TriggerEvents": ["DeploymentFailure"]}]],
    Enabled=[True, False],
)
SECRET = "arn:aws:secretsmanager:us-east-1:111122223333:secret:login"  # noqa: S105 - an ARN
BASIC = {"Type": "BASIC_AUTH", "URI": SECRET}
FAILURE = one_of(
    {"OnFailure": {"Type": "SQS", "Destination": QUEUE}},
    {"OnFailure": {"Type": "SNS", "Destination": TOPIC}},
    {"OnFailure": {"Destination": QUEUE}},
    {"OnFailure": {"Type": "S3", "Destination": "arn:aws:s3:::failed"}},
)
POLLED: Json = {
    "BatchSize": [5],
    "Enabled": [True, False],
    "FilterCriteria": [{"Filters": [{"Pattern": "{}"}]}],
    "MaximumBatchingWindowInSeconds": [1],
}
STREAMED: Json = {
    **POLLED,
    "BisectBatchOnFunctionError": [True],
    "DestinationConfig": FAILURE,
    "FunctionResponseTypes": [["ReportBatchItemFailures"]],
    "MaximumRecordAgeInSeconds": [60],
    "MaximumRetryAttempts": [1],
    "ParallelizationFactor": [2],
    "TumblingWindowInSeconds": [30],
}
DEAD_LETTERS = one_of({"Arn": QUEUE}, {"Type": "SQS"}, {"Type": "SQS", "QueueLogicalId": "Letters"})
RULED: Json = {"Input": ["{}"], "DeadLetterConfig": DEAD_LETTERS}
STREAM = "arn:aws:kinesis:us-east-1:111122223333:stream/s"
BROKER = "arn:aws:mq:us-east-1:111122223333:broker:b:b-0"
CLUSTER = "arn:aws:rds:us-east-1:111122223333:cluster:c"
KAFKA = "arn:aws:kafka:us-east-1:111122223333:cluster/c/0"
REGISTRY = {
    "SchemaRegistryURI": "arn:aws:glue:us-east-1:111122223333:registry/r",
    "EventRecordFormat": "JSON",
    "SchemaValidationConfigs": [{"Attribute": "KEY"}],
}
HOSTED = {**REGISTRY, "SchemaRegistryURI": "https://r.example.com", "AccessConfigs": [BASIC]}
EVENTS: dict[str, st.SearchStrategy[Json]] = {
    "SQS": with_some(
        {"Queue": QUEUE},
        **POLLED,
        ScalingConfig=[{"MaximumConcurrency": 2}],
        FunctionResponseTypes=[["ReportBatchItemFailures"]],
    ),
    "Kinesis": with_some({"Stream": STREAM, "StartingPosition": "LATEST"}, **STREAMED),
    "DynamoDB": with_some(
        {"Stream": {"Fn::GetAtt": ["Orders", "StreamArn"]}, "StartingPosition": "LATEST"}, **STREAMED
    ),
    "MSK": with_some(
        {"Stream": KAFKA, "Topics": ["t"], "StartingPosition": "LATEST"},
        DestinationConfig=FAILURE,
        ConsumerGroupId=["g"],
        SchemaRegistryConfig=[REGISTRY, HOSTED],
        SourceAccessConfigurations=[[{"Type": "CLIENT_CERTIFICATE_TLS_AUTH", "URI": SECRET}]],
    ),
    "MQ": with_some(
        {"Broker": BROKER, "Queues": ["q"], "SourceAccessConfigurations": [BASIC]},
        SecretsManagerKmsKeyId=["0a1b"],
        BatchSize=[2],
        SourceAccessConfigurations=[[BASIC, {"Type": "VIRTUAL_HOST", "URI": "/"}]],
    ),
    "SelfManagedKafka": with_some(
        {
            "Topics": ["t"],
            "KafkaBootstrapServers": ["a:9092"],
            "SourceAccessConfigurations": [{**BASIC, "Type": "SASL_SCRAM_512_AUTH"}],
        },
        SecretsManagerKmsKeyId=["0a1b"],
        ConsumerGroupId=["g"],
        DestinationConfig=FAILURE,
        SchemaRegistryConfig=[REGISTRY, HOSTED],
        SourceAccessConfigurations=[
            [
                {"Type": "VPC_SUBNET", "URI": "subnet:subnet-0"},
                {"Type": "VPC_SECURITY_GROUP", "URI": "security_group:sg-0"},
            ],
            [{"Type": "SERVER_ROOT_CA_CERTIFICATE", "URI": SECRET}],
        ],
    ),
    "DocumentDB": with_some(
        {"Cluster": CLUSTER, "DatabaseName": "d", "SourceAccessConfigurations": [BASIC], "StartingPosition": "LATEST"},
        CollectionName=["c"],
        FullDocument=["UpdateLookup"],
        SecretsManagerKmsKeyId=["0a1b"],
    ),
    "SNS": with_some(
        {"Topic": {"Ref": "News"}},
        Topic=[TOPIC],
        FilterPolicy=[{"a": ["b"]}],
        FilterPolicyScope=["MessageBody"],
        Region=["eu-west-1"],
        RedrivePolicy=[{"deadLetterTargetArn": QUEUE}],
        SqsSubscription=[
            True,
            {"QueueArn": QUEUE, "QueueUrl": "https://q"},
            {
                "QueueArn": QUEUE,
                "QueueUrl": "https://q",
                "QueuePolicyLogicalId": "Allowing",
                "BatchSize": 5,
                "Enabled": False,
            },
        ],
    ),
    "S3": with_some(
        {"Bucket": {"Ref": "Data"}, "Events": "s3:ObjectCreated:*"},
        Events=[["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]],
        Filter=[{"S3Key": {"Rules": [{"Name": "prefix", "Value": "in/"}]}}],
    ),
    "Schedule": with_some(
        {"Schedule": "rate(1 day)"},
        **RULED,
        Description=["d"],
        Name=["daily"],
        Enabled=[True, False],
        RetryPolicy=[{"MaximumRetryAttempts": 1}],
    ),
    "ScheduleV2": with_some(
        {"ScheduleExpression": "rate(1 day)"},
        Description=["d"],
        Name=["daily"],
        OmitName=[False],
        State=["DISABLED"],
        RoleArn=[ROLE],
        PermissionsBoundary=[BOUNDARY],
        DeadLetterConfig=DEAD_LETTERS,
        GroupName=["g"],
        KmsKeyArn=[KEY],
        Input=["{}"],
        ScheduleExpressionTimezone=["UTC"],
        StartDate=["2026-01-01T00:00:00Z"],
        EndDate=["2027-01-01T00:00:00Z"],
        FlexibleTimeWindow=[{"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5}],
        RetryPolicy=[{"MaximumRetryAttempts": 1}],
    ),
    "EventBridgeRule": with_some(
        {"Pattern": {"source": ["aws.ec2"]}},
        **RULED,
        RuleName=["r"],
        EventBusName=["bus"],
        State=["DISABLED"],
        Target=[{"Id": "T"}],
        InputPath=["$.detail"],
        RetryPolicy=[{"MaximumRetryAttempts": 1}],
    ),
    "CloudWatchEvent": with_some(
        {"Pattern": {"source": ["aws.ec2"]}}, Input=["{}"], EventBusName=["bus"], State=["ENABLED"]
    ),
    "CloudWatchLogs": st.just({"LogGroupName": "app", "FilterPattern": "ERROR"}),
    "IoTRule": with_some({"Sql": "SELECT * FROM 'a'"}, AwsIotSqlVersion=["2016-03-23"]),
    "AlexaSkill": some(SkillId=["amzn1.ask.skill.0"]),
    "Cognito": with_some(
        {"UserPool": {"Ref": "Pool"}, "Trigger": "PreSignUp"}, Trigger=[["PreSignUp", "PostConfirmation"]]
    ),
    "Api": with_some(
        {"Path": "/a", "Method": "get"},
        Path=["/", "/a/{id}", "/{proxy+}"],
        Method=["any", "POST"],
        RestApiId=[{"Ref": "Rest"}, {"Ref": "Plain"}],
        Auth=[{"Authorizer": "AWS_IAM"}, {"Authorizer": "AWS_IAM", "InvokeRole": ROLE}, {"ApiKeyRequired": True}],
        RequestParameters=[["method.request.querystring.a"]],
    ),
    "HttpApi": st.one_of(
        some(ApiId=[{"Ref": "Http"}]),
        with_some(
            {"Path": "/a", "Method": "get"},
            Path=["/a/{id}"],
            Method=["ANY"],
            ApiId=[{"Ref": "Http"}],
            TimeoutInMillis=[1000],
            PayloadFormatVersion=["1.0"],
        ),
    ),
}

FUNCTION_ARN = {"Fn::GetAtt": ["Authorizing", "Arn"]}
POOL_ARN = {"Fn::GetAtt": ["Pool", "Arn"]}
REST_AUTHORIZERS = some(
    Token=with_some(
        {"FunctionArn": FUNCTION_ARN, "Identity": {"Headers": ["Authorization"]}},
        FunctionPayloadType=["REQUEST"],
        FunctionInvokeRole=[ROLE, "NONE"],
        DisableFunctionDefaultPermissions=[True, False],
    ),
    Pool=st.just({"UserPoolArn": POOL_ARN}),
)
HTTP_AUTHORIZERS = some(
    Own=with_some(
        {"FunctionArn": FUNCTION_ARN, "AuthorizerPayloadFormatVersion": "2.0"},
        FunctionInvokeRole=[ROLE],
        EnableFunctionDefaultPermissions=[True, False],
    ),
    Jwt=st.just(
        {
            "JwtConfiguration": {"issuer": "https://i", "audience": ["a"]},
            "IdentitySource": "$request.header.Authorization",
        }
    ),
)
PLAN = with_some(
    {"CreateUsagePlan": "PER_API"},
    CreateUsagePlan=["SHARED", "NONE"],
    UsagePlanName=["plan"],
    Description=["d"],
    Quota=[{"Limit": 10, "Period": "DAY"}],
    Throttle=[{"RateLimit": 1}],
    Tags=[[{"Key": "a", "Value": "b"}]],
)
CERTIFICATE = "arn:aws:acm:us-east-1:111122223333:certificate/0"
ROUTE = with_some({"HostedZoneId": "Z0"}, EvaluateTargetHealth=[True], IpV6=[True])
ZONE_BY_NAME = st.just({"HostedZoneName": "example.com."})
DOMAIN: Json = {
    "BasePath": ["/a", ["/a"], ["/a", "/b-1"], ["/"]],
    "SecurityPolicy": ["TLS_1_2"],
    "MutualTlsAuthentication": [{"TruststoreUri": "s3://t/t.pem"}],
    "Route53": st.one_of(ROUTE, ZONE_BY_NAME),
}
NAMED = {"DomainName": "api.example.com", "CertificateArn": CERTIFICATE}
SWAGGER = {"swagger": "2.0", "info": {"title": "a", "version": "1"}, "paths": {"/x": {"get": {}}}}
OPENAPI = {"openapi": "3.0.1", "info": {"title": "a", "version": "1"}, "paths": {"/x": {"get": {}}}}
REST: Json = {
    "AccessLogSetting": [{"DestinationArn": "arn:aws:logs:us-east-1:111122223333:log-group:l"}],
    "Auth": some(
        Authorizers=REST_AUTHORIZERS,
        UsagePlan=PLAN,
        ApiKeyRequired=[True],
        InvokeRole=[ROLE, "NONE", "CALLER_CREDENTIALS"],
        DefaultAuthorizer=["AWS_IAM"],
    ),
    "BinaryMediaTypes": [["image~1png"]],
    "CacheClusterEnabled": [True],
    "CacheClusterSize": ["0.5"],
    "Description": ["d"],
    "Domain": with_some(
        NAMED,
        **DOMAIN,
        EndpointConfiguration=["EDGE", "REGIONAL"],
        OwnershipVerificationCertificateArn=[CERTIFICATE],
        NormalizeBasePath=[True, False],
    ),
    "EndpointConfiguration": ["REGIONAL", {"Type": "REGIONAL"}, {"Type": "PRIVATE", "VPCEndpointIds": ["vpce-0"]}],
    "MethodSettings": [[{"HttpMethod": "*", "ResourcePath": "/*", "LoggingLevel": "INFO"}]],
    "ApiKeySourceType": ["HEADER"],
    "FailOnWarnings": [True],
    "MinimumCompressionSize": [1],
    "Name": ["shop"],
    "Policy": [{"Version": "2012-10-17", "Statement": [{**STATEMENT, "Principal": "*"}]}],
    "Tags": TAGS,
    "TracingEnabled": [True],
    "Variables": [{"a": "b"}],
}
HTTP: Json = {
    "AccessLogSettings": [{"DestinationArn": "arn:aws:logs:us-east-1:111122223333:log-group:l"}],
    "Auth": some(Authorizers=HTTP_AUTHORIZERS, EnableIamAuthorizer=[True]),
    "CorsConfiguration": [{"AllowOrigins": ["*"]}],
    "DefaultRouteSettings": [{"ThrottlingBurstLimit": 1}],
    "Domain": with_some(NAMED, **DOMAIN),
    "FailOnWarnings": [True],
    "RouteSettings": [{"GET /a": {"ThrottlingBurstLimit": 1}}],
    "StageVariables": [{"a": "b"}],
    "Tags": TAGS,
}
APIS = {
    "Rest": st.one_of(
        with_some({"StageName": "prod"}, **REST, StageName=["v-1", {"Ref": "AWS::Region"}]),
        with_some(
            {"StageName": "prod", "DefinitionBody": SWAGGER},
            MergeDefinitions=[True],
            **{key: REST[key] for key in ("Name", "Tags", "Auth", "Domain")},
        ),
    ),
    "Http": st.one_of(
        some(**{key: HTTP[key] for key in HTTP if key != "Tags"}, StageName=["prod", "v-1", "$default"]),
        with_some({"DefinitionBody": OPENAPI}, Auth=HTTP["Auth"], Tags=TAGS, StageName=["prod"]),
    ),
}
OTHERS: dict[str, tuple[str, st.SearchStrategy[Json]]] = {
    "Shared": (
        "LayerVersion",
        with_some(
            {"ContentUri": "s3://code/layer.zip"},
            ContentUri=[{"Bucket": "code", "Key": "layer.zip"}, {"Bucket": "code", "Key": "layer.zip", "Version": "1"}],
            CompatibleArchitectures=[["arm64"]],
            CompatibleRuntimes=[["python3.12"]],
            Description=["d"],
            LayerName=["shared"],
            LicenseInfo=["MIT"],
            RetentionPolicy=["Retain", "Delete"],
        ),
    ),
    "Part": (
        "Application",
        with_some(
            {"Location": "https://s3.amazonaws.com/code/part.yaml"},
            NotificationARNs=[[TOPIC]],
            Parameters=[{"A": "1"}],
            Tags=TAGS,
            TimeoutInMinutes=[5],
        ),
    ),
    "Orders": (
        "SimpleTable",
        some(
            PrimaryKey=[{"Name": "key", "Type": "String"}, {"Name": "key", "Type": "Number"}],
            PointInTimeRecoverySpecification=[{"PointInTimeRecoveryEnabled": True}],
            ProvisionedThroughput=[{"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}, {}],
            SSESpecification=[{"SSEEnabled": True}],
            TableName=["orders"],
            Tags=TAGS,
        ),
    ),
}
MACHINE_EVENTS = {name: EVENTS[name] for name in ("Schedule", "ScheduleV2", "EventBridgeRule", "CloudWatchEvent")}
MACHINE_EVENTS["Api"] = with_some({"Path": "/start", "Method": "post"}, RestApiId=[{"Ref": "Rest"}, {"Ref": "Plain"}])
MACHINE = with_some(
    {"Definition": {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}},
    AutoPublishAlias=["live"],
    DefinitionSubstitutions=[{"a": "b"}],
    Logging=[{"Level": "ALL"}],
    Name=["machine"],
    PermissionsBoundary=[BOUNDARY],
    Policies=st.lists(POLICIES, max_size=2),
    RolePath=["/app/"],
    Tags=TAGS,
    Tracing=[{"Enabled": True}],
    Type=["EXPRESS"],
)
PLAIN = {
    "Data": {"Type": "AWS::S3::Bucket"},
    "Pool": {"Type": "AWS::Cognito::UserPool"},
    "News": {"Type": "AWS::SNS::Topic"},
    "Plain": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": SWAGGER}},
    "Managed": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": DOCUMENT}},
}
GLOBALS = some(
    Function=some(
        Architectures=[["arm64"]],
        AutoPublishAlias=["live"],
        Environment=[{"Variables": {"B": "2"}}],
        PermissionsBoundary=[BOUNDARY],
        Tags=TAGS,
        Timeout=[9],
        Tracing=["Active"],
        RolePath=["/all/"],
        VpcConfig=[{"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}],
    ),
    SimpleTable=some(SSESpecification=[{"SSEEnabled": True}]),
    Api=some(
        Domain=with_some(NAMED, BasePath=DOMAIN["BasePath"]),
        **{
            key: REST[key]
            for key in (
                "Auth",
                "BinaryMediaTypes",
                "CacheClusterEnabled",
                "EndpointConfiguration",
                "MethodSettings",
                "Name",
                "TracingEnabled",
                "Variables",
            )
        },
    ),
    HttpApi=some(**{key: HTTP[key] for key in ("AccessLogSettings", "Auth", "RouteSettings", "StageVariables")}),
)


def sam(kind: str, properties: Json) -> Json:
    return {"Type": f"AWS::Serverless::{kind}", "Properties": properties}


@st.composite
def events_of(draw: st.DrawFn, pools: Mapping[str, st.SearchStrategy[Json]]) -> Json:
    # What an API takes under which role depends on three of its properties: its events are drawn more often.
    kinds = draw(st.lists(st.sampled_from([*sorted(pools), *(["Api"] * 6)]), max_size=3, unique=True))
    return {f"On{kind}": {"Type": kind, "Properties": draw(pools[kind])} for kind in kinds}


@st.composite
def function_properties(draw: st.DrawFn, shared: Json) -> Json:
    """The properties of a function beside those of the Globals."""
    properties: Json = {**draw(CODE), **draw(FUNCTION), "Events": draw(events_of(EVENTS))}
    if "AutoPublishAlias" in properties:
        properties |= draw(
            some(
                DeploymentPreference=PREFERENCE,
                ProvisionedConcurrencyConfig=[{"ProvisionedConcurrentExecutions": 1}],
            )
        )
    if draw(st.integers(0, 4)) == 0 and "VpcConfig" not in shared:
        # A function on instances of one's own has neither a VPC nor provisioned concurrency.
        for other in ("VpcConfig", "ProvisionedConcurrencyConfig"):
            properties.pop(other, None)
        properties |= draw(CAPACITY)
    return properties


@st.composite
def templates(draw: st.DrawFn) -> Json:
    resources: Json = {}
    shared = draw(GLOBALS)
    for name in draw(one_of(("F",), ("F", "G"))):
        resources[name] = sam("Function", draw(function_properties(shared.get("Function", {}))))
    for name, (kind, pool) in OTHERS.items():
        if name == "Orders" or draw(st.booleans()):
            resources[name] = sam(kind, draw(pool))
    resources["Rest"] = sam("Api", draw(APIS["Rest"]))
    resources["Http"] = sam("HttpApi", draw(APIS["Http"]))
    if draw(st.booleans()):
        resources["M"] = sam("StateMachine", {**draw(MACHINE), "Events": draw(events_of(MACHINE_EVENTS))})
    for resource in resources.values():
        if draw(st.integers(0, 3)) == 0:
            resource["Condition"] = "C"
    return {
        "Transform": "AWS::Serverless-2016-10-31",
        **CONDITION,
        "Globals": shared,
        "Resources": {**resources, **PLAIN},
    }


MADE_UP = re.compile(
    r'(Layer|Version|Deployment|Shared|Stage)[0-9a-f]{10}"|(Permission)(?:Prod|prod|Stage|AllStages|[0-9a-f]{10})"'
)
"""What the translator puts behind logical ids, and remit leaves out: hashes, and an API's stage."""
SESSION = boto3.session.Session(region_name="us-east-1")
CALLER = "arn:aws:iam::*:user/*"
"""Stands for the credentials of whoever calls: no role is handed over."""
ROLES = ("authorizerCredentials", "credentials")
"""Where the body of an API has the roles that it calls functions under; all else in it is paths."""


def theirs(template: Json) -> Json | None:
    """The resources that the translator makes; None where it, or CloudFormation then, refuses the template."""
    # Half a second, for each process that collects tests.
    from samtranslator.model.exceptions import InvalidDocumentException  # noqa: PLC0415 - as above
    from samtranslator.parser.parser import Parser  # noqa: PLC0415 - as above
    from samtranslator.translator.translator import Translator  # noqa: PLC0415 - as above

    try:
        made = Translator(AWS_POLICIES, Parser(), boto_session=SESSION).translate(json.loads(json.dumps(template)), {})
    except (InvalidDocumentException, KeyError):
        # It stops with a KeyError where a condition chooses a policy beside an event that adds statements.
        return None
    resources: Json = json.loads(MADE_UP.sub(r'\1\2"', json.dumps(made)))["Resources"]
    # Of two functions at one path of an API that merges definitions, one under a condition, it makes no valid template.
    return None if has_choice_beside_others(resources) else resources


def has_choice_beside_others(value: Any) -> bool:
    """Whether an Fn::If has another key beside it: CloudFormation refuses that."""
    if isinstance(value, dict) and "Fn::If" in value and len(value) > 1:
        return True
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(has_choice_beside_others, parts))


def ours(template: Json) -> Json | None:
    """The resources that remit makes; None where it refuses the template."""
    source = read(json.dumps(template).encode(), "template.json")
    try:
        plain, _ = plain_template(source.value, source.locate, {})
    except RemitError:
        return None
    resources: Json = plain["Resources"]
    return resources


def compared(resource: Json) -> Json:
    """A resource as it is compared: without what is left out, texts as they are when they are filled in."""
    left_out = {**LEFT_OUT["*"], **LEFT_OUT.get(resource["Type"], {})}
    attributes: Json = comparable(resource, left_out)
    properties: Json = attributes.pop("Properties", {})
    body = properties.pop("Body", {})
    roles = sorted(str(role) for role in values_of(body, ROLES) if role != CALLER)
    if resource["Type"] == "AWS::IAM::Role":
        # SAM numbers inline policies otherwise, which tells nobody anything.
        for name in ("ManagedPolicyArns", "Policies"):
            properties[name] = sorted(str(unnamed(policy)) for policy in properties.get(name, ()))
    return {**attributes, "Roles": roles, "Properties": properties}


def unnamed(policy: Any) -> Any:
    """An inline policy without its name, in one order: a list of one is that one."""
    if isinstance(policy, dict):
        return {key: unnamed(policy[key]) for key in sorted(policy) if key != "PolicyName"}
    if not isinstance(policy, list):
        return policy
    parts = sorted(map(unnamed, policy), key=str)
    return parts[0] if len(parts) == 1 else parts


def values_of(value: Any, names: tuple[str, ...]) -> Iterator[Any]:
    if isinstance(value, dict):
        for name, part in value.items():
            if name in names:
                yield part
            else:
                yield from values_of(part, names)
    elif isinstance(value, list):  # under a condition, what a path has stands in the list of an Fn::If
        for part in value:
            yield from values_of(part, names)


def comparable(value: Any, left_out: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [comparable(part, left_out) for part in value]
    if isinstance(value, str):
        return value.replace("arn:${AWS::Partition}:", "arn:aws:")
    if not isinstance(value, dict):
        return value
    if value == {"Ref": "AWS::AccountId"}:
        return "${AWS::AccountId}"
    if list(value) == ["Fn::Sub"]:
        text, variables = value["Fn::Sub"] if isinstance(value["Fn::Sub"], list) else (value["Fn::Sub"], {})
        for name, part in variables.items():
            text = text.replace(f"${{{name}}}", part if isinstance(part, str) else json.dumps(part))
        return comparable(text, left_out)
    parts = {name: comparable(part, left_out) for name, part in value.items() if name not in left_out}
    return {name: part for name, part in parts.items() if part not in ({}, [], None)}


AWS = "arn:aws:iam::aws:policy/"
AWS_POLICIES = {"AmazonS3ReadOnlyAccess": f"{AWS}AmazonS3ReadOnlyAccess"}
"""The ARNs of AWS's managed policies that templates here name, as a deploy hands them to the translator."""


DRAWN: Json = {"deadline": None, "derandomize": not ASKS_ALL, "suppress_health_check": [HealthCheck.too_slow]}
"""How templates are drawn: the same ones in each quick run. One that differs is made small by `smallest`."""


@settings(**DRAWN, max_examples=cases(12, deep=600), phases=[Phase.generate])
@given(templates())
def test_every_resource_is_as_the_translator_makes_it(template: Json) -> None:
    if is_made_otherwise(template):
        assert_made_as_by_the_translator(smallest(template))


@pytest.mark.parametrize("name", KEPT)
def test_every_resource_of_a_kept_template_is_as_the_translator_makes_it(name: str) -> None:
    kept = MADE_UP.sub(r'\1\2"', (FOLDER / name).with_suffix(".json").read_text())
    assert_same(json.loads(kept)["Resources"], read((FOLDER / name).read_bytes(), name).value)


def assert_made_as_by_the_translator(template: Json) -> None:
    expected = theirs(template)
    if expected is not None:  # else a fault of the drawn template; what remit itself must refuse is in test_sam.py
        assert_same(expected, template)


def assert_same(expected: Json, template: Json) -> None:
    made = ours(template)
    assert made is not None, json.dumps(template)
    assert {name: compared(resource) for name, resource in expected.items()} == {
        name: compared(resource) for name, resource in made.items()
    }, json.dumps(template)
    assert granted(expected) == granted(made), json.dumps(template)


def is_made_otherwise(template: Json) -> bool:
    try:
        assert_made_as_by_the_translator(template)
    except AssertionError:
        return True
    return False


def smallest(template: Json) -> Json:
    """What is left of a template when each part is taken out that it is made otherwise without, too.

    A hundred questions answer that, where hypothesis asks for minutes.
    """
    for path in list(paths_of(template)):
        smaller = json.loads(json.dumps(template))
        *outer, name = path
        with contextlib.suppress(Exception):  # it went with another part, or the translator stops without it
            del functools.reduce(operator.getitem, outer, smaller)[name]
            if is_made_otherwise(smaller):
                template = smaller
    return template


def paths_of(value: Any) -> Iterator[tuple[str, ...]]:
    """The names that lead to each part of a template, what is around a part first."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield (name,)
            yield from ((name, *path) for path in paths_of(part))


def granted(resources: Json) -> set[tuple[str, str]]:
    """The pairs of action and resource that whoever deploys needs; not for what the bodies of APIs mention."""
    bodiless = {
        name: {**resource, "Properties": {k: part for k, part in resource.get("Properties", {}).items() if k != "Body"}}
        for name, resource in resources.items()
    }
    policy = deployer(stack_of("shop", [{"Resources": bodiless}]), CALLS).policy
    return {
        (action, resource)
        for statement in policy.statements
        for action in statement.actions.patterns
        for resource in (statement.resources.patterns if statement.resources is not None else ())
    }


def test_a_managed_policy_is_listed_once_by_whichever_of_its_names_it_is_asked_for() -> None:
    name = "AmazonS3ReadOnlyAccess"
    tracing, other_partition = f"{AWS}AWSXrayWriteOnlyAccess", "arn:aws-cn:iam::aws:policy/AmazonS3ReadOnlyAccess"
    put_in = {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::aws:policy/{name}"}
    lists = (
        [name, f"{AWS}{name}"],
        [put_in, name, put_in],
        [f"{AWS}{name}", name],
        [tracing, other_partition, name, {"Ref": "Managed"}],
    )
    code = {"Runtime": "python3.12", "Handler": "app.handler", "CodeUri": "s3://code/app.zip", "Tracing": "Active"}
    functions = {f"F{number}": sam("Function", {**code, "Policies": arns}) for number, arns in enumerate(lists)}
    assert_made_as_by_the_translator({"Transform": "AWS::Serverless-2016-10-31", "Resources": {**functions, **PLAIN}})


@st.composite
def guarded_apis(draw: st.DrawFn) -> Json:
    """A function behind a REST API, and who is authorized to call it under which role."""
    shared = draw(
        some(
            DefaultAuthorizer=["AWS_IAM"],
            InvokeRole=[ROLE, "NONE", "CALLER_CREDENTIALS"],
            Authorizers=REST_AUTHORIZERS,
            ApiKeyRequired=[True],
        )
    )
    own = draw(some(Authorizer=["AWS_IAM", "NONE"], InvokeRole=[ROLE, "NONE"], ApiKeyRequired=[True]))
    properties: Json = {"Path": "/a", "Method": "get", **({"Auth": own} if own else {})}
    resources = {}
    if draw(st.booleans()):
        properties["RestApiId"] = {"Ref": "Rest"}
        resources["Rest"] = sam("Api", {"StageName": "prod"})
    code = {"Runtime": "python3.12", "Handler": "app.handler", "CodeUri": "s3://code/app.zip"}
    resources["F"] = sam("Function", {**code, "Events": {"OnApi": {"Type": "Api", "Properties": properties}}})
    return {
        "Transform": "AWS::Serverless-2016-10-31",
        "Globals": {"Api": {"Auth": shared}},
        "Resources": {**resources, **PLAIN},
    }


@in_all_cases
@settings(**DRAWN, max_examples=cases(10, deep=300), phases=[Phase.generate])
@given(guarded_apis())
def test_an_api_calls_under_the_roles_that_the_translator_gives_it(template: Json) -> None:
    if is_made_otherwise(template):
        assert_made_as_by_the_translator(smallest(template))


def caller(position: int) -> str:
    return f"arn:aws:iam::111122223333:role/{position}"


def test_every_choice_of_an_authorizer_and_a_role_calls_under_the_role_that_the_translator_gives_it() -> None:
    resources: Json = {}
    events: Json = {}
    defaults: tuple[Json, ...] = ({}, {"DefaultAuthorizer": "AWS_IAM"})
    shared_roles: tuple[Json, ...] = ({}, *({"InvokeRole": role} for role in (ROLE, "NONE", "CALLER_CREDENTIALS", "")))
    for number, (default, shared) in enumerate(itertools.product(defaults, shared_roles)):
        resources[f"A{number}"] = sam("Api", {"StageName": "prod", "Auth": {**default, **shared}})
        # SAM takes no NONE where no authorizer is the default.
        authorizers = (None, "AWS_IAM", "NONE") if default else (None, "AWS_IAM")
        for authorizer, role in itertools.product(authorizers, ("not written", "own", "NONE", "", None)):
            own: Json = {} if authorizer is None else {"Authorizer": authorizer}
            if role != "not written":
                own["InvokeRole"] = caller(len(events)) if role == "own" else role
            path = {"Path": f"/{len(events) // 2}", "Method": ("get", "POST")[len(events) % 2]}
            auth = {"Auth": own} if own else {"Auth": {"ApiKeyRequired": True}} if number % 2 else {}
            properties = {**path, **auth, "RestApiId": {"Ref": f"A{number}"}}
            events[f"On{len(events)}"] = {"Type": "Api", "Properties": properties}
    code = {"Runtime": "python3.12", "Handler": "app.handler", "CodeUri": "s3://code/app.zip"}
    resources["F"] = sam("Function", {**code, "Events": events})
    template = {"Transform": "AWS::Serverless-2016-10-31", "Resources": resources}
    assert theirs(template) is not None
    assert_made_as_by_the_translator(template)
    expected, made = (routed_roles(side(template)) for side in (theirs, ours))
    assert expected == made
    assert len(set(made.values())) > len(defaults) + len(shared_roles)


@pytest.mark.parametrize("is_defined", [True, False])
def test_of_two_functions_at_one_path_of_a_merged_api_the_last_one_says_the_role(is_defined: bool) -> None:
    roles: tuple[Json, ...] = ({"Authorizer": "AWS_IAM", "InvokeRole": caller(1)}, {"ApiKeyRequired": True})
    code = {"Runtime": "python3.12", "Handler": "app.handler", "CodeUri": "s3://code/app.zip"}
    integration = {"x-amazon-apigateway-integration": {"type": "aws_proxy", "credentials": caller(0)}}
    body = {**SWAGGER, "paths": {"/0": {"get": integration}, "/1": {"get": integration}, "/2": {"get": integration}}}
    resources = {"Rest": sam("Api", {"StageName": "prod", "MergeDefinitions": True})}
    if is_defined:
        resources["Rest"]["Properties"]["DefinitionBody"] = body
    for number, pair in enumerate((roles, roles[::-1])):
        for function, auth in zip("FG", pair, strict=True):
            properties = {"Path": f"/{number}", "Method": "GET", "Auth": auth, "RestApiId": {"Ref": "Rest"}}
            called = {**code, "Events": {"OnApi": {"Type": "Api", "Properties": properties}}}
            resources[f"{function}{number}"] = sam("Function", called)
    template = {"Transform": "AWS::Serverless-2016-10-31", "Resources": resources}
    assert_made_as_by_the_translator(template)
    expected, made = (routed_roles({"Rest": (side(template) or {})["Rest"]}) for side in (theirs, ours))
    assert made == expected
    assert made == {("Rest", "/1", "get"): caller(1), **({("Rest", "/2", "get"): caller(0)} if is_defined else {})}


def routed_roles(resources: Json | None) -> dict[tuple[str, str, str], str]:
    """By API, path and method: the role that the body has there."""
    return {
        (name, path, method): str(role)
        for name, resource in (resources or {}).items()
        for path, methods in resource["Properties"].get("Body", {}).get("paths", {}).items()
        for method, route in methods.items()
        for role in values_of(route, ROLES)
        if role != CALLER
    }


def test_what_both_the_globals_and_a_function_list_is_listed_as_the_translator_does() -> None:
    layers = ["arn:aws:lambda:us-east-1:111122223333:layer:l:1"]
    code = {"Runtime": "python3.12", "Handler": "app.handler", "CodeUri": "s3://code/app.zip"}
    function = sam("Function", {**code, "Layers": layers, "Architectures": ["arm64"]})
    shared = {"Function": {"Layers": layers, "Architectures": ["arm64"]}}
    template = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Globals": shared,
        "Resources": {"F": function},
    }
    assert_made_as_by_the_translator(template)
    assert [(side(template) or {})["F"]["Properties"]["Layers"] for side in (theirs, ours)] == [layers * 2] * 2
