"""What SAM makes of rare values, which the comparison with its translator leaves out: every resource, whole."""

from __future__ import annotations

import json
from typing import Any

from remit.documents.read import read
from remit.errors import Origin
from remit.template.sam.expand import expanded
from remit.template.sam.resources import SamResource
from remit.template.sam.role import destinations


def sam(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::Serverless::{kind}", "Properties": properties}


def made(resources: dict[str, Any]) -> dict[str, tuple[str, Any]]:
    """By logical id: the type and the properties of each resource."""
    source = read(json.dumps({"Resources": resources}).encode(), "template.json")
    plain = expanded(source.value, source.locate).resources
    return {name: (resource["Type"], resource["Properties"]) for name, resource in plain.items()}


def places(resources: dict[str, Any]) -> dict[str, str]:
    """By logical id: the part of a declared resource that each made one comes from."""
    source = read(json.dumps({"Resources": resources}).encode(), "template.json")
    origins = expanded(source.value, source.locate).origins
    return {str(path[1]): "/".join(map(str, place[1:])) for path, place in origins.items()}


def ref(name: str) -> dict[str, Any]:
    return {"Ref": name}


def arn(name: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [name, "Arn"]}


def allow(action: str, resource: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def managed(name: str) -> dict[str, Any]:
    return {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::aws:policy/service-role/{name}"}


def trusting(service: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": ["sts:AssumeRole"], "Principal": {"Service": [service]}}
    return {"Version": "2012-10-17", "Statement": [statement]}


DOMAIN = {
    "DomainName": {"b": 1, "a": [1, 2]},
    "CertificateArn": "c",
    "EndpointConfiguration": None,
    "BasePath": "/a-b/",
    "NormalizeBasePath": False,
    "Route53": {"HostedZoneId": "Z", "HostedZoneName": "n."},
}


def test_the_plan_domain_and_authorizers_of_an_api_are_made_whole() -> None:
    authorizers = {
        "Text": {"FunctionArn": "f", "DisableFunctionDefaultPermissions": "true"},
        "Off": {"FunctionArn": "f", "DisableFunctionDefaultPermissions": True, "FunctionInvokeRole": "NONE"},
        "Pool": {"UserPoolArn": "p"},
        "Odd": "x",
    }
    plan = {"CreateUsagePlan": "PER_API", "UsagePlanName": "p", "Description": "d", "Quota": {}, "Tags": [], "Other": 1}
    rest = sam(
        "Api",
        StageName="v1",
        Tags={"a": "b"},
        Auth={"Authorizers": authorizers, "UsagePlan": plan},
        Domain=DOMAIN,
        DefinitionBody={"paths": {}},
        EndpointConfiguration={"Type": "PRIVATE", "IpAddressType": "dualstack", "VPCEndpointIds": ["v"]},
    )
    put_in = {"Fn::Transform": {"FunctionArn": "f", "EnableFunctionDefaultPermissions": True}}
    resources = {"R": rest, "P": sam("HttpApi", StageName="a-b", Auth={"Authorizers": put_in})}
    assert made(resources) == {
        "R": (
            "AWS::ApiGateway::RestApi",
            {
                "Body": {"paths": {}},
                "EndpointConfiguration": {"Types": ["PRIVATE"], "IpAddressType": "dualstack", "VpcEndpointIds": ["v"]},
                "Parameters": {"endpointConfigurationTypes": "PRIVATE"},
            },
        ),
        "RDeployment": ("AWS::ApiGateway::Deployment", {"RestApiId": ref("R"), "StageName": "Stage"}),
        "Rv1Stage": (
            "AWS::ApiGateway::Stage",
            {
                "DeploymentId": ref("RDeployment"),
                "RestApiId": ref("R"),
                "StageName": "v1",
                "Tags": [{"Key": "a", "Value": "b"}],
            },
        ),
        "RTextAuthorizerPermission": (
            "AWS::Lambda::Permission",
            {
                "Action": "lambda:InvokeFunction",
                "FunctionName": "f",
                "Principal": "apigateway.amazonaws.com",
                "SourceArn": {
                    "Fn::Sub": [
                        "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${api}/authorizers/*",
                        {"api": ref("R")},
                    ]
                },
            },
        ),
        "RUsagePlan": (
            "AWS::ApiGateway::UsagePlan",
            {
                "ApiStages": [{"ApiId": ref("R"), "Stage": ref("Rv1Stage")}],
                "UsagePlanName": "p",
                "Description": "d",
                "Quota": {},
                "Tags": [],
            },
        ),
        "RApiKey": (
            "AWS::ApiGateway::ApiKey",
            {"Enabled": True, "StageKeys": [{"RestApiId": ref("R"), "StageName": ref("Rv1Stage")}]},
        ),
        "RUsagePlanKey": (
            "AWS::ApiGateway::UsagePlanKey",
            {"KeyId": ref("RApiKey"), "KeyType": "API_KEY", "UsagePlanId": ref("RUsagePlan")},
        ),
        "ApiGatewayDomainNameedab56f36d": (
            "AWS::ApiGateway::DomainName",
            {
                "DomainName": {"b": 1, "a": [1, 2]},
                "RegionalCertificateArn": "c",
                "EndpointConfiguration": {"Types": ["REGIONAL"]},
            },
        ),
        "RabBasePathMapping": (
            "AWS::ApiGateway::BasePathMapping",
            {
                "DomainName": ref("ApiGatewayDomainNameedab56f36d"),
                "Stage": ref("Rv1Stage"),
                "RestApiId": ref("R"),
                "BasePath": "/a-b/",
            },
        ),
        "RecordSetGroup909f99a779": (
            "AWS::Route53::RecordSetGroup",
            {"HostedZoneId": "Z", "RecordSets": [{"Name": {"b": 1, "a": [1, 2]}, "Type": "A"}]},
        ),
        "P": ("AWS::ApiGatewayV2::Api", {"Body": {}}),
        "PStage": (
            "AWS::ApiGatewayV2::Stage",
            {"ApiId": ref("P"), "AutoDeploy": True, "StageName": "a-b", "Tags": {"httpapi:createdBy": "SAM"}},
        ),
    }
    of_plan = "R/Properties/Auth/UsagePlan"
    assert places(resources) == {
        "RDeployment": "R",
        "Rv1Stage": "R",
        "RTextAuthorizerPermission": "R/Properties/Auth/Authorizers/Text",
        **dict.fromkeys(("RUsagePlan", "RApiKey", "RUsagePlanKey"), of_plan),
        "ApiGatewayDomainNameedab56f36d": "R/Properties/Domain",
        "RabBasePathMapping": "R/Properties/Domain",
        "RecordSetGroup909f99a779": "R/Properties/Domain/Route53",
        "PStage": "P",
    }


def test_the_domain_of_an_http_api_has_one_mapping_of_the_whole_path() -> None:
    own = {"FunctionArn": "f", "EnableFunctionDefaultPermissions": "true"}
    http = sam("HttpApi", Domain={**DOMAIN, "DomainName": "d"}, Auth={"Authorizers": {"Text": own}})
    assert made({"H": http}) == {
        "H": ("AWS::ApiGatewayV2::Api", {"Body": {}}),
        "HApiGatewayDefaultStage": (
            "AWS::ApiGatewayV2::Stage",
            {"ApiId": ref("H"), "AutoDeploy": True, "StageName": "$default", "Tags": {"httpapi:createdBy": "SAM"}},
        ),
        "ApiGatewayDomainNameV23c363836cf": (
            "AWS::ApiGatewayV2::DomainName",
            {"DomainName": "d", "DomainNameConfigurations": [{"CertificateArn": "c", "EndpointType": "REGIONAL"}]},
        ),
        "HabApiMapping": (
            "AWS::ApiGatewayV2::ApiMapping",
            {
                "DomainName": ref("ApiGatewayDomainNameV23c363836cf"),
                "Stage": ref("HApiGatewayDefaultStage"),
                "ApiId": ref("H"),
                "ApiMappingKey": "a-b",
            },
        ),
        "RecordSetGroup909f99a779": (
            "AWS::Route53::RecordSetGroup",
            {"HostedZoneId": "Z", "RecordSets": [{"Name": "d", "Type": "A"}]},
        ),
    }


def test_values_that_are_empty_or_put_in_by_functions_are_taken_as_they_stand() -> None:
    events = {
        "A": {
            "Type": "Schedule",
            "Properties": {
                "Schedule": "r",
                "Enabled": True,
                "DeadLetterConfig": {"Arn": None, "QueueLogicalId": ref("P")},
            },
        },
        "B": {"Type": "S3", "Properties": {"Bucket": {"Ref": ["x"]}, "Events": "e"}},
        "C": {"Type": "Cognito", "Properties": {"UserPool": ref("Pool"), "Trigger": ["T", None, ref("x")]}},
        "D": {
            "Type": "EventBridgeRule",
            "Properties": {
                "Pattern": {},
                "RuleName": "n",
                "Name": "m",
                "State": "DISABLED",
                "Target": {"Id": "i", "Other": "o"},
            },
        },
        "E": {"Type": "CloudWatchEvent", "Properties": {"Pattern": {}, "RuleName": "n", "Name": "m"}},
        "F": {"Type": "Api", "Properties": {"Path": ref("x"), "Method": "get"}},
        "G": {
            "Type": "ScheduleV2",
            "Properties": {
                "ScheduleExpression": "r",
                "OmitName": False,
                "RoleArn": "",
                "DeadLetterConfig": {"Type": "SQS"},
            },
        },
        "H": {
            "Type": "ScheduleV2",
            "Properties": {"ScheduleExpression": "r", "OmitName": True, "RoleArn": "o", "DeadLetterConfig": "x"},
        },
        "I": {
            "Type": "SNS",
            "Properties": {
                "Topic": "t",
                "SqsSubscription": {
                    "QueueArn": "q",
                    "QueueUrl": "u",
                    "QueuePolicyLogicalId": ref("x"),
                    "Enabled": False,
                },
            },
        },
        "J": {
            "Type": "Kinesis",
            "Properties": {
                "Stream": "s",
                "DestinationConfig": {"OnSuccess": "x", "OnFailure": {"Type": "SQS", "Destination": "q", "Other": 1}},
            },
        },
    }
    function = sam(
        "Function",
        InlineCode="",
        AutoPublishAlias={"Fn::ImportValue": "a"},
        DeploymentPreference={"Type": "Own", "Hooks": "x", "Alarms": {"Fn::If": ["C", ["a"], ["b"]]}},
        DeadLetterQueue={"Type": "SQS", "TargetArn": "q"},
        EventInvokeConfig={
            "DestinationConfig": {"OnSuccess": {"Type": "SQS", "Destination": "q"}, "OnFailure": {"Type": "SNS"}}
        },
        Events=events,
    )
    off = sam("Function", AutoPublishAlias="live", DeploymentPreference={"Type": "Own", "Enabled": "false"})
    pool = {"Type": "AWS::Cognito::UserPool", "Properties": {"LambdaConfig": {"Kept": "k"}}}
    assert made({"F": function, "O": off, "Pool": pool}) == {
        "Pool": ("AWS::Cognito::UserPool", {"LambdaConfig": {"Kept": "k", "T": ref("FAlias")}}),
        "F": (
            "AWS::Lambda::Function",
            {
                "Code": {"ZipFile": ""},
                "Role": arn("FRole"),
                "DeadLetterConfig": {"TargetArn": "q"},
                "Tags": [{"Key": "lambda:createdBy", "Value": "SAM"}],
            },
        ),
        "FRole": (
            "AWS::IAM::Role",
            {
                "AssumeRolePolicyDocument": trusting("lambda.amazonaws.com"),
                "ManagedPolicyArns": [
                    managed("AWSLambdaBasicExecutionRole"),
                    managed("AWSLambdaSQSQueueExecutionRole"),
                    managed("AWSLambdaKinesisExecutionRole"),
                ],
                "Policies": [
                    {
                        "PolicyName": "DeadLetterQueuePolicy",
                        "PolicyDocument": {"Version": "2012-10-17", "Statement": [allow("sqs:SendMessage", "q")]},
                    },
                    {
                        "PolicyName": "FEventInvokeConfigOnSuccessPolicy",
                        "PolicyDocument": {"Statement": [allow("sqs:SendMessage", "q")]},
                    },
                    {
                        "PolicyName": "FEventInvokeConfigOnFailurePolicy",
                        "PolicyDocument": {
                            "Statement": [allow("sns:publish", ref("FEventInvokeConfigOnFailureTopic"))]
                        },
                    },
                ],
                "Tags": [{"Key": "lambda:createdBy", "Value": "SAM"}],
            },
        ),
        "FVersion": ("AWS::Lambda::Version", {"FunctionName": ref("F")}),
        "FAlias": (
            "AWS::Lambda::Alias",
            {
                "Name": {"Fn::ImportValue": "a"},
                "FunctionName": ref("F"),
                "FunctionVersion": {"Fn::GetAtt": ["FVersion", "Version"]},
            },
        ),
        "FEventInvokeConfigOnFailureTopic": ("AWS::SNS::Topic", {}),
        "FEventInvokeConfig": (
            "AWS::Lambda::EventInvokeConfig",
            {
                "FunctionName": ref("F"),
                "Qualifier": {"Fn::ImportValue": "a"},
                "DestinationConfig": {
                    "OnSuccess": {"Destination": "q"},
                    "OnFailure": {"Destination": ref("FEventInvokeConfigOnFailureTopic")},
                },
            },
        ),
        "FA": (
            "AWS::Events::Rule",
            {
                "State": "ENABLED",
                "ScheduleExpression": "r",
                "Targets": [
                    {"Arn": ref("FAlias"), "Id": "FALambdaTarget", "DeadLetterConfig": {"Arn": arn("FAQueue")}}
                ],
            },
        ),
        "FAPermission": (
            "AWS::Lambda::Permission",
            {
                "Action": "lambda:InvokeFunction",
                "FunctionName": ref("FAlias"),
                "Principal": "events.amazonaws.com",
                "SourceArn": arn("FA"),
            },
        ),
        "FAQueue": ("AWS::SQS::Queue", {}),
        "FAQueuePolicy": (
            "AWS::SQS::QueuePolicy",
            {
                "Queues": [ref("FAQueue")],
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": "sqs:SendMessage",
                            "Principal": {"Service": "events.amazonaws.com"},
                            "Resource": arn("FAQueue"),
                            "Condition": {"ArnEquals": {"aws:SourceArn": arn("FA")}},
                        }
                    ],
                },
            },
        ),
        "FBPermission": (
            "AWS::Lambda::Permission",
            {
                "Action": "lambda:InvokeFunction",
                "FunctionName": ref("FAlias"),
                "Principal": "s3.amazonaws.com",
                "SourceAccount": ref("AWS::AccountId"),
            },
        ),
        "FAliasCognitoPermission": (
            "AWS::Lambda::Permission",
            {
                "Action": "lambda:InvokeFunction",
                "FunctionName": ref("FAlias"),
                "Principal": "cognito-idp.amazonaws.com",
                "SourceArn": arn("Pool"),
            },
        ),
        "FD": (
            "AWS::Events::Rule",
            {"State": "DISABLED", "EventPattern": {}, "Name": "n", "Targets": [{"Arn": ref("FAlias"), "Id": "i"}]},
        ),
        "FDPermission": (
            "AWS::Lambda::Permission",
            {
                "Action": "lambda:InvokeFunction",
                "FunctionName": ref("FAlias"),
                "Principal": "events.amazonaws.com",
                "SourceArn": arn("FD"),
            },
        ),
        "FE": (
            "AWS::Events::Rule",
            {"EventPattern": {}, "Name": "n", "Targets": [{"Arn": ref("FAlias"), "Id": "FELambdaTarget"}]},
        ),
        "FEPermission": (
            "AWS::Lambda::Permission",
            {
                "Action": "lambda:InvokeFunction",
                "FunctionName": ref("FAlias"),
                "Principal": "events.amazonaws.com",
                "SourceArn": arn("FE"),
            },
        ),
        "FFPermission": (
            "AWS::Lambda::Permission",
            {
                "Action": "lambda:InvokeFunction",
                "FunctionName": ref("FAlias"),
                "Principal": "apigateway.amazonaws.com",
                "SourceArn": {
                    "Fn::Sub": [
                        "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*/*",
                        {"Api": ref("ServerlessRestApi")},
                    ]
                },
            },
        ),
        "FG": (
            "AWS::Scheduler::Schedule",
            {
                "ScheduleExpression": "r",
                "Name": "FG",
                "Target": {"Arn": ref("FAlias"), "RoleArn": arn("FGRole"), "DeadLetterConfig": {"Arn": arn("FGQueue")}},
            },
        ),
        "FGQueue": ("AWS::SQS::Queue", {}),
        "FGRole": (
            "AWS::IAM::Role",
            {
                "AssumeRolePolicyDocument": trusting("scheduler.amazonaws.com"),
                "Policies": [
                    {
                        "PolicyName": "FGRolePolicy0",
                        "PolicyDocument": {"Statement": [allow("lambda:InvokeFunction", ref("FAlias"))]},
                    },
                    {
                        "PolicyName": "FGRolePolicy1",
                        "PolicyDocument": {"Statement": [allow("sqs:SendMessage", arn("FGQueue"))]},
                    },
                ],
            },
        ),
        "FH": (
            "AWS::Scheduler::Schedule",
            {"ScheduleExpression": "r", "Target": {"Arn": ref("FAlias"), "RoleArn": "o"}},
        ),
        "FI": ("AWS::SNS::Subscription", {"TopicArn": "t", "Protocol": "sqs", "Endpoint": "q"}),
        "FIEventSourceMapping": (
            "AWS::Lambda::EventSourceMapping",
            {"FunctionName": ref("FAlias"), "EventSourceArn": "q", "BatchSize": 10, "Enabled": True},
        ),
        "FIQueuePolicy": (
            "AWS::SQS::QueuePolicy",
            {
                "Queues": ["u"],
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Action": "sqs:SendMessage",
                            "Principal": "*",
                            "Resource": "q",
                            "Condition": {"ArnEquals": {"aws:SourceArn": "t"}},
                        }
                    ],
                },
            },
        ),
        "FJ": (
            "AWS::Lambda::EventSourceMapping",
            {
                "FunctionName": ref("FAlias"),
                "EventSourceArn": "s",
                "DestinationConfig": {"OnSuccess": "x", "OnFailure": {"Destination": "q", "Other": 1}},
            },
        ),
        "O": (
            "AWS::Lambda::Function",
            {"Code": {}, "Role": arn("ORole"), "Tags": [{"Key": "lambda:createdBy", "Value": "SAM"}]},
        ),
        "ORole": (
            "AWS::IAM::Role",
            {
                "AssumeRolePolicyDocument": trusting("lambda.amazonaws.com"),
                "ManagedPolicyArns": [managed("AWSLambdaBasicExecutionRole")],
                "Tags": [{"Key": "lambda:createdBy", "Value": "SAM"}],
            },
        ),
        "OVersion": ("AWS::Lambda::Version", {"FunctionName": ref("O")}),
        "OAliaslive": (
            "AWS::Lambda::Alias",
            {"Name": "live", "FunctionName": ref("O"), "FunctionVersion": {"Fn::GetAtt": ["OVersion", "Version"]}},
        ),
        "FDeploymentGroup": (
            "AWS::CodeDeploy::DeploymentGroup",
            {
                "ApplicationName": ref("ServerlessDeploymentApplication"),
                "AutoRollbackConfiguration": {
                    "Enabled": True,
                    "Events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"],
                },
                "DeploymentConfigName": "Own",
                "DeploymentStyle": {"DeploymentType": "BLUE_GREEN", "DeploymentOption": "WITH_TRAFFIC_CONTROL"},
                "ServiceRoleArn": arn("CodeDeployServiceRole"),
            },
        ),
        "ServerlessDeploymentApplication": ("AWS::CodeDeploy::Application", {"ComputePlatform": "Lambda"}),
        "CodeDeployServiceRole": (
            "AWS::IAM::Role",
            {
                "AssumeRolePolicyDocument": trusting("codedeploy.amazonaws.com"),
                "ManagedPolicyArns": ["arn:aws:iam::aws:policy/service-role/AWSCodeDeployRoleForLambda"],
            },
        ),
        "ServerlessRestApi": ("AWS::ApiGateway::RestApi", {"Body": {}}),
        "ServerlessRestApiDeployment": (
            "AWS::ApiGateway::Deployment",
            {"RestApiId": ref("ServerlessRestApi"), "StageName": "Stage"},
        ),
        "ServerlessRestApiProdStage": (
            "AWS::ApiGateway::Stage",
            {
                "DeploymentId": ref("ServerlessRestApiDeployment"),
                "RestApiId": ref("ServerlessRestApi"),
                "StageName": "Prod",
            },
        ),
    }


def test_a_destination_without_an_arn_is_a_queue_or_a_topic_that_sam_makes_and_else_none() -> None:
    """Whatever the type of the other destination is."""
    made_at = {"SQS": arn("FEventInvokeConfigOnSuccessQueue"), "SNS": ref("FEventInvokeConfigOnSuccessTopic")}
    failing: dict[str, Any] = {"Type": "SQS", "Destination": "q"}
    for kind in ("SQS", "SNS", "EventBridge", "Lambda", "S3Bucket", "Other", None):
        for target in ("d", None):
            config = {"OnFailure": failing, "OnSuccess": {"Type": kind, "Destination": target}, "Other": failing}
            properties = {"EventInvokeConfig": {"DestinationConfig": config}}
            declared = SamResource("F", "AWS::Serverless::Function", properties, {}, lambda _: Origin("t.yaml", 1))
            at = ("Resources", "F", "Properties", "EventInvokeConfig", "DestinationConfig")
            to = target or made_at.get(str(kind))
            assert list(destinations(declared)) == [
                ("FEventInvokeConfigOnSuccess", (*at, "OnSuccess"), str(kind), to),
                ("FEventInvokeConfigOnFailure", (*at, "OnFailure"), "SQS", "q"),
            ]
