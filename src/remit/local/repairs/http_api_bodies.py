"""Repair of HTTP APIs that a template gives an OpenAPI document as `Body`.

Source: "Working with OpenAPI definitions for HTTP APIs" (Amazon API Gateway Developer Guide).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from remit.local.emulator import emulated
from remit.local.repairs.apis import prepare
from remit.local.stack_operations import completed_by
from remit.template.sections import section

if TYPE_CHECKING:
    from collections.abc import Mapping

_API = "AWS::ApiGatewayV2::Api"


def repair_http_api_bodies() -> None:
    """The document makes the routes, their integrations and authorizers, and the API's settings; the emulator drops it.

    Emulator: services/cloudformation/provisioners.py.
    Test: test_local_apis.py::test_the_emulator_still_drops_the_body_of_an_api.
    """
    prepare(_API, _with_settings)

    def follow(api_id: str, properties: Mapping[str, Any], _old: Mapping[str, Any]) -> None:
        if isinstance(properties.get("Body"), dict):
            _import(api_id, properties["Body"])

    completed_by(_API, follow)


def _with_settings(properties: dict[str, Any]) -> dict[str, Any]:
    """The properties of an API with those that its document says."""
    document = properties.get("Body")
    if not isinstance(document, dict):
        return properties
    endpoints = [
        section(server, "x-amazon-apigateway-endpoint-configuration") for server in document.get("servers", ())
    ]
    return {
        **properties,
        "Name": section(document, "info").get("title"),
        "CorsConfiguration": document.get("x-amazon-apigateway-cors"),
        "DisableExecuteApiEndpoint": any(endpoint.get("disableExecuteApiEndpoint") for endpoint in endpoints),
    }


def _import(api_id: str, document: Mapping[str, Any]) -> None:
    """Put what a document says in the place of all that the API has."""
    apis = emulated("services.apigateway")
    for records in (apis._routes, apis._integrations, apis._authorizers):
        records[api_id] = {}
    asked = {"": {"authorizationType": "NONE"}}
    for name, scheme in section(document, "components", "securitySchemes").items():
        authorizer = section(scheme, "x-amazon-apigateway-authorizer")
        if authorizer:
            credentials = authorizer.get("authorizerCredentials", "")
            record = {**authorizer, "name": name, "authorizerCredentialsArn": credentials}
            record["authorizerType"] = authorizer["type"].upper()
            authorizer_id = _made(apis._create_authorizer(api_id, record))["authorizerId"]
            kind = "JWT" if authorizer["type"] == "jwt" else "CUSTOM"
            asked[name] = {"authorizationType": kind, "authorizerId": authorizer_id}
        else:
            asked[name] = {"authorizationType": "AWS_IAM"}
    for path, operations in section(document, "paths").items():
        for method, operation in operations.items():
            integration = operation["x-amazon-apigateway-integration"]
            record = {
                "integrationType": integration["type"].upper(),
                "integrationUri": integration["uri"],
                "payloadFormatVersion": integration["payloadFormatVersion"],
            }
            integration_id = _made(apis._create_integration(api_id, record))["integrationId"]
            apis._integrations[api_id][integration_id]["credentialsArn"] = integration.get("credentials", "")
            verb = "ANY" if method.startswith("x-") else method.upper()
            key = "$default" if operation.get("isDefaultRoute") else f"{verb} {path}"
            [(scheme, scopes)] = operation.get("security", [{"": []}])[0].items()
            route = {"routeKey": key, "target": f"integrations/{integration_id}", "authorizationScopes": scopes}
            apis._create_route(api_id, {**route, **asked[scheme]})


def _made(answer: tuple[int, Any, bytes]) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(answer[2])
    return record
