"""AWS::Serverless::Api and AWS::Serverless::HttpApi: the API, its deployment and stage, and its additions.

The body of an API has the roles that its authorizers run under. A usage plan and its key are of one API, or of all that
share them. Source: "ApiDefinition", "LambdaTokenAuthorizer", "LambdaAuthorizer", "ApiUsagePlan" (AWS SAM Developer
Guide).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from remit.iam import tokens
from remit.template.sam.domains import api_domain, authorizer_permissions
from remit.template.sam.resources import MadeResource, SamResource, given, in_s3, tags
from remit.template.sections import section

_REST_API: Final = (
    "ApiKeySourceType", "BinaryMediaTypes", "Description", "EndpointAccessMode", "FailOnWarnings",
    "MinimumCompressionSize", "Mode", "Name", "Policy", "SecurityPolicy",
)  # fmt: skip
_STAGE: Final = (
    "AccessLogSetting", "CacheClusterEnabled", "CacheClusterSize", "MethodSettings", "TracingEnabled", "Variables",
)  # fmt: skip

OWN_DEFINITION: Final = ("DefinitionBody", "DefinitionUri")
"""The properties by which an API says itself what it calls."""


def rest_api(declared: SamResource) -> Iterator[MadeResource]:
    """Yield the API, its deployment (whose logical id ends with a hash, left out here) and its stage.

    Then the permissions of its authorizers, its usage plan, and its domain, if it has them.
    """
    properties, logical_id = declared.properties, declared.logical_id
    stage = properties.get("StageName")
    name = f"{logical_id}{stage}Stage" if isinstance(stage, str) and stage.isalnum() else f"{logical_id}Stage"
    deployment = f"{logical_id}Deployment"
    yield MadeResource(
        logical_id,
        "AWS::ApiGateway::RestApi",
        {
            **given(properties, *_REST_API),
            **definition(declared),
            **_endpoint(properties.get("EndpointConfiguration")),
        },
    )
    yield MadeResource(
        deployment, "AWS::ApiGateway::Deployment", {"RestApiId": {"Ref": logical_id}, "StageName": "Stage"}
    )
    yield MadeResource(
        name,
        "AWS::ApiGateway::Stage",
        {
            "DeploymentId": {"Ref": deployment},
            "RestApiId": {"Ref": logical_id},
            "StageName": stage,
            **given(properties, *_STAGE),
            **({"Tags": tags(properties, "SAM")[1:]} if properties.get("Tags") else {}),
        },
    )
    yield from authorizer_permissions(declared)
    yield from usage_plan(declared, name)
    yield from api_domain(declared, name)


def _endpoint(configuration: Any) -> dict[str, Any]:
    """The properties of a REST API that say what it is reached by: a type of endpoint, or that with VPC endpoints."""
    if configuration is None:
        return {}
    kind, ids = configuration, {}
    if isinstance(configuration, dict) and "Type" in configuration:
        kind = configuration["Type"]
        # SAM spells the ids of VPC endpoints otherwise than API Gateway does, and takes both.
        ids = given(configuration, "IpAddressType", "VpcEndpointIds")
        ids |= given(configuration, VpcEndpointIds="VPCEndpointIds")
    return {
        "EndpointConfiguration": {"Types": [kind], **ids},
        "Parameters": {"endpointConfigurationTypes": kind},
    }


def http_api(declared: SamResource) -> Iterator[MadeResource]:
    """Yield the API and its stage; then the permissions of its authorizers and its domain, if it has them."""
    properties, logical_id = declared.properties, declared.logical_id
    stage = properties.get("StageName") or "$default"
    if stage == "$default":
        name = f"{logical_id}ApiGatewayDefaultStage"
    else:
        name = f"{logical_id}{stage}Stage" if isinstance(stage, str) and stage.isalnum() else f"{logical_id}Stage"
    api = {**definition(declared), **given(properties, "FailOnWarnings")}
    yield MadeResource(logical_id, "AWS::ApiGatewayV2::Api", api)
    yield MadeResource(
        name,
        "AWS::ApiGatewayV2::Stage",
        {
            "ApiId": {"Ref": logical_id},
            "AutoDeploy": True,
            "StageName": stage,
            **given(properties, "AccessLogSettings", "DefaultRouteSettings", "RouteSettings", "StageVariables"),
            "Tags": {"httpapi:createdBy": "SAM"},
        },
    )
    yield from authorizer_permissions(declared)
    yield from api_domain(declared, name)


_SHARED: Final = "Serverless"
"""How the logical ids begin of the plan and the key that the APIs of a template share."""


def usage_plan(declared: SamResource, stage: str) -> Iterator[MadeResource]:
    """Yield the usage plan of an API, its key, and what joins the two; none unless the API asks for them."""
    plan = declared.mapping("Auth").get("UsagePlan")
    kind = plan.get("CreateUsagePlan") if isinstance(plan, dict) else None
    if not isinstance(plan, dict) or kind not in ("PER_API", "SHARED"):
        return
    owner = declared.logical_id if kind == "PER_API" else _SHARED
    path = declared.at("Auth", "UsagePlan")
    api, api_stage = {"Ref": declared.logical_id}, {"Ref": stage}
    properties = {
        "ApiStages": [{"ApiId": api, "Stage": api_stage}],
        **given(plan, "UsagePlanName", "Description", "Quota", "Tags", "Throttle"),
    }
    yield MadeResource(f"{owner}UsagePlan", "AWS::ApiGateway::UsagePlan", properties, path)
    key = {"Enabled": True, "StageKeys": [{"RestApiId": api, "StageName": api_stage}]}
    yield MadeResource(f"{owner}ApiKey", "AWS::ApiGateway::ApiKey", key, path)
    joined = {
        "KeyId": {"Ref": f"{owner}ApiKey"},
        "KeyType": "API_KEY",
        "UsagePlanId": {"Ref": f"{owner}UsagePlan"},
    }
    yield MadeResource(f"{owner}UsagePlanKey", "AWS::ApiGateway::UsagePlanKey", joined, path)


_SCHEMES: Final = {"Api": ("securityDefinitions",), "HttpApi": ("components", "securitySchemes")}
"""Where the body of an API of a kind lists its authorizers."""


def definition(declared: SamResource) -> dict[str, Any]:
    """The properties that define an API: where its file is in S3, or its body."""
    location = in_s3(declared.properties.get("DefinitionUri"))
    if location:
        return {"BodyS3Location": location}
    body = declared.properties.get("DefinitionBody") or {}
    schemes = _schemes_with_roles(declared)
    if not schemes or tokens.is_intrinsic(body):
        return {"Body": body}
    path = _SCHEMES[declared.kind]
    return {"Body": _with_value(body, path, {**section(body, *path), **schemes})}


def _schemes_with_roles(declared: SamResource) -> dict[str, Any]:
    """The authorizers that API Gateway calls under a role, as an OpenAPI document has them."""
    schemes: dict[str, Any] = {}
    for name, authorizer in section(declared.mapping("Auth"), "Authorizers").items():
        role = authorizer.get("FunctionInvokeRole") if isinstance(authorizer, dict) else None
        if role not in (None, "NONE"):
            schemes[name] = {"x-amazon-apigateway-authorizer": {"authorizerCredentials": role}}
    return schemes


def _with_value(body: Mapping[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """A copy of a body with a value at a path, at which mappings are made where there are none."""
    name, *below = path
    return {**body, name: _with_value(section(body, name), tuple(below), value) if below else value}
