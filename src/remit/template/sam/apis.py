"""What AWS::Serverless::Api and AWS::Serverless::HttpApi become: the API, its deployment and stage, what it adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.template.sam.definitions import definition
from remit.template.sam.domains import authorizer_permissions, http_domain, rest_domain
from remit.template.sam.resources import MadeResource, given, tags
from remit.template.sam.usage_plans import usage_plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.template.sam.resources import SamResource


def rest_api(declared: SamResource) -> Iterator[MadeResource]:
    """The API, its deployment (whose logical id ends with a hash, left out here) and its stage."""
    properties, logical_id = declared.properties, declared.logical_id
    stage = properties.get("StageName")
    name = f"{logical_id}{stage}Stage" if isinstance(stage, str) and stage.isalnum() else f"{logical_id}Stage"
    deployment = f"{logical_id}Deployment"
    endpoint = properties.get("EndpointConfiguration")
    yield MadeResource(
        logical_id,
        "AWS::ApiGateway::RestApi",
        {
            **given(properties, "BinaryMediaTypes", "MinimumCompressionSize", "Name", "Description"),
            **definition(declared),
            **({"EndpointConfiguration": endpoint} if endpoint is not None else {}),
            "Parameters": {"endpointConfigurationTypes": "EDGE"},
        },
        declared.path,
    )
    yield MadeResource(
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
    yield MadeResource(
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
    yield from authorizer_permissions(declared)
    yield from usage_plan(declared, name)
    yield from rest_domain(declared, name)


def http_api(declared: SamResource) -> Iterator[MadeResource]:
    """The API and its stage."""
    properties, logical_id = declared.properties, declared.logical_id
    stage = properties.get("StageName") or "$default"
    if stage == "$default":
        name = f"{logical_id}ApiGatewayDefaultStage"
    else:
        name = f"{logical_id}{stage}Stage" if isinstance(stage, str) and stage.isalnum() else f"{logical_id}Stage"
    yield MadeResource(logical_id, "AWS::ApiGatewayV2::Api", definition(declared), declared.path)
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
        declared.path,
    )
    yield from authorizer_permissions(declared)
    yield from http_domain(declared, name)
