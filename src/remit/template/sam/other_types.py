"""What SAM makes of its other types: state machines, APIs, tables, layers, applications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.template.sam.events import event_role, letters, rule, schedule
from remit.template.sam.expansion import Declared, Made, arn_of, given, in_s3, tags
from remit.template.sam.role import role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.template.sam.expansion import Event


def state_machine(declared: Declared) -> Iterator[Made]:
    """The state machine, its role, its events."""
    properties = declared.properties
    own_role = properties.get("Role")
    logical_id = declared.logical_id
    location = in_s3(properties.get("DefinitionUri"))
    definition = {"DefinitionS3Location": {"Bucket": location[0], "Key": location[1]}} if location is not None else {}
    renamed = {
        "StateMachineName": "Name", "StateMachineType": "Type", "LoggingConfiguration": "Logging",
        "TracingConfiguration": "Tracing", "DefinitionString": "Definition",
    }  # fmt: skip
    yield Made(
        logical_id,
        "AWS::StepFunctions::StateMachine",
        {
            **given(properties, "DefinitionSubstitutions", **renamed),
            **definition,
            "RoleArn": own_role or arn_of(f"{logical_id}Role"),
            "Tags": tags(properties, "stateMachine:createdBy"),
        },
        declared.path,
    )
    if not own_role:
        yield role(declared, "states.amazonaws.com")
    if properties.get("AutoPublishAlias"):
        version = f"{logical_id}Version"
        yield Made(
            version, "AWS::StepFunctions::StateMachineVersion", {"StateMachineArn": {"Ref": logical_id}}, declared.path
        )
        alias = {
            "Name": properties["AutoPublishAlias"],
            "DeploymentPreference": {"StateMachineVersionArn": {"Ref": version}},
        }
        name = f"{logical_id}Alias{properties['AutoPublishAlias']}"
        yield Made(name, "AWS::StepFunctions::StateMachineAlias", alias, declared.path)
    for event in declared.events():
        yield from _started(event, {"Ref": logical_id}, properties.get("PermissionsBoundary"))


def _started(event: Event, machine: Any, boundary: Any) -> Iterator[Made]:
    """What an event that starts a state machine makes: the rule or schedule, and the role that may start it."""
    statement = {"Effect": "Allow", "Action": "states:StartExecution", "Resource": machine}
    if event.type == "ScheduleV2":
        yield from schedule(event, machine, statement)
        return
    role_id = f"{event.id}Role"
    if event.type == "Api":
        yield event_role(event, role_id, "apigateway.amazonaws.com", [statement], boundary)
        return
    own_role = event.properties.get("RoleArn")
    name = "RuleName" if event.type != "Schedule" else "Name"
    target = {"Arn": machine, "Id": f"{event.id}StepFunctionsTarget", "RoleArn": own_role or arn_of(role_id)}
    yield rule(event, target, name)
    yield from letters(event, policy=True)
    if not own_role:
        yield event_role(event, role_id, "events.amazonaws.com", [statement], boundary)


def rest_api(declared: Declared) -> Iterator[Made]:
    """The API, its deployment (whose logical id ends with a hash, left out here) and its stage."""
    properties, logical_id = declared.properties, declared.logical_id
    stage = properties.get("StageName")
    name = f"{logical_id}{stage}Stage" if isinstance(stage, str) and stage.isalnum() else f"{logical_id}Stage"
    deployment = f"{logical_id}Deployment"
    endpoint = properties.get("EndpointConfiguration")
    yield Made(
        logical_id,
        "AWS::ApiGateway::RestApi",
        {
            **given(properties, "BinaryMediaTypes", "MinimumCompressionSize", "Name", "Description"),
            "Body": properties.get("DefinitionBody") or {},
            **({"EndpointConfiguration": endpoint} if endpoint is not None else {}),
            "Parameters": {"endpointConfigurationTypes": "EDGE"},
        },
        declared.path,
    )
    yield Made(
        deployment,
        "AWS::ApiGateway::Deployment",
        {"RestApiId": {"Ref": logical_id}, "StageName": "Stage"},
        declared.path,
    )
    stage_properties = (
        "AccessLogSetting",
        "CacheClusterEnabled",
        "CacheClusterSize",
        "MethodSettings",
        "TracingEnabled",
        "Variables",
    )
    yield Made(
        name,
        "AWS::ApiGateway::Stage",
        {
            "DeploymentId": {"Ref": deployment},
            "RestApiId": {"Ref": logical_id},
            "StageName": stage,
            **given(properties, *stage_properties),
            **({"Tags": tags(properties, "SAM")[1:]} if properties.get("Tags") else {}),
        },
        declared.path,
    )


def http_api(declared: Declared) -> Iterator[Made]:
    """The API and its stage."""
    properties, logical_id = declared.properties, declared.logical_id
    stage = properties.get("StageName") or "$default"
    if stage == "$default":
        name = f"{logical_id}ApiGatewayDefaultStage"
    else:
        name = f"{logical_id}{stage}Stage" if isinstance(stage, str) and stage.isalnum() else f"{logical_id}Stage"
    body = properties.get("DefinitionBody") or {}
    yield Made(logical_id, "AWS::ApiGatewayV2::Api", {"Body": body}, declared.path)
    yield Made(
        name,
        "AWS::ApiGatewayV2::Stage",
        {
            "ApiId": {"Ref": logical_id},
            "AutoDeploy": True,
            "StageName": stage,
            **given(properties, "AccessLogSettings", "DefaultRouteSettings", "RouteSettings", "StageVariables"),
            "Tags": {"httpapi:createdBy": "SAM"},
        },
        declared.path,
    )


def table(declared: Declared) -> Iterator[Made]:
    """The table, with one key."""
    properties = declared.properties
    key = declared.mapping("PrimaryKey").get("Name", "id")
    yield Made(
        declared.logical_id,
        "AWS::DynamoDB::Table",
        {
            "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
            **given(
                properties, "PointInTimeRecoverySpecification", "ProvisionedThroughput", "SSESpecification", "TableName"
            ),
            **({} if properties.get("ProvisionedThroughput") else {"BillingMode": "PAY_PER_REQUEST"}),
            **({"Tags": tags(properties, "SAM")[1:]} if properties.get("Tags") else {}),
        },
        declared.path,
    )


def layer(declared: Declared) -> Iterator[Made]:
    """The layer's version; the hash that SAM puts behind its logical id is left out."""
    properties = declared.properties
    copied = given(properties, "CompatibleArchitectures", "CompatibleRuntimes", "Description", "LicenseInfo")
    name = properties.get("LayerName") or declared.logical_id
    location = in_s3(properties.get("ContentUri"))
    content = {"S3Bucket": location[0], "S3Key": location[1]} if location is not None else {}
    yield Made(
        declared.logical_id,
        "AWS::Lambda::LayerVersion",
        {**copied, "LayerName": name, "Content": content},
        declared.path,
    )


def application(declared: Declared) -> Iterator[Made]:
    """The nested stack."""
    properties = declared.properties
    yield Made(
        declared.logical_id,
        "AWS::CloudFormation::Stack",
        {
            **given(properties, "NotificationARNs", "Parameters", "TimeoutInMinutes"),
            "Tags": tags(properties, "lambda:createdBy"),
            "TemplateURL": properties.get("Location") if isinstance(properties.get("Location"), str) else "",
        },
        declared.path,
    )


MAKERS: Final = {
    "Api": rest_api,
    "Application": application,
    "HttpApi": http_api,
    "LayerVersion": layer,
    "SimpleTable": table,
    "StateMachine": state_machine,
}
"""What makes the resources of a type of SAM's, by the end of its name: all but functions."""
