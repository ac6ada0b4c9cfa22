"""Whom the routes of an API let in: by events of SAM's functions, by a definition, and by a method's own place."""

from __future__ import annotations

from typing import Any

import pytest

from remit.app import Resource
from remit.errors import Origin
from remit.review.access_settings import settings_of
from remit.review.api_routes import default_of_definition, routes_of_body, routes_of_events

LINE = Origin("template.yaml", 3)
SHARED = {"Auth": {"DefaultAuthorizer": "Tokens"}}
LIMITED = {"Auth": {"ResourcePolicy": {"IpRangeWhitelist": ["1.2.3.4"]}}}


@pytest.mark.parametrize(
    ("event", "apis", "expected"),
    [
        ({"Type": "Api", "Properties": {"Method": "get", "Path": "/a"}}, {}, "GET /a: NONE"),
        ({"Type": "HttpApi"}, {}, "ANY of F: NONE"),
        ({"Type": "Api", "Properties": {"Auth": {"Authorizer": "AWS_IAM"}, "Path": "/a"}}, {}, "ANY /a: AWS_IAM"),
        ({"Type": "Api", "Properties": {"Path": "/a"}}, {"ServerlessRestApi": SHARED}, "ANY /a: Tokens"),
        ({"Type": "HttpApi", "Properties": {"Path": "/a"}}, {"ServerlessHttpApi": SHARED}, "ANY /a: Tokens"),
        ({"Type": "Api", "Properties": {"RestApiId": {"Ref": "Own"}, "Path": "/a"}}, {"Own": SHARED}, "ANY /a: Tokens"),
        (
            {"Type": "Api", "Properties": {"Auth": {"Authorizer": "NONE"}, "Path": "/a"}},
            {"ServerlessRestApi": SHARED},
            "ANY /a: NONE",
        ),
        ({"Type": "Api", "Properties": {"Path": "/a"}}, {"ServerlessRestApi": LIMITED}, "ANY /a: NONE, limited"),
        ({"Type": "Api", "Properties": {**LIMITED, "Path": "/a"}}, {}, "ANY /a: NONE, limited"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("stack", ["", "Nested/"])
def test_an_event_lets_in_whom_it_says_or_else_whom_its_api_says(
    event: dict[str, Any], apis: dict[str, Any], expected: str, stack: str
) -> None:
    if stack and "RestApiId" in event.get("Properties", {}):
        event = {**event, "Properties": {**event["Properties"], "RestApiId": {"Ref": f"{stack}Own"}}}
    properties = {"Events": {"E": event, "Other": {"Type": "SQS"}}}
    function = Resource(f"{stack}F", "AWS::Serverless::Function", properties, origin=LINE)
    declared = [Resource(f"{stack}{name}", "AWS::Serverless::Api", each) for name, each in apis.items()]
    (route,) = routes_of_events(function, {resource.ref: resource for resource in declared})
    (authorizer,) = route.values
    words = f"{route.door}: {authorizer}{', limited' if route.is_limited else ''}"
    assert (words.replace(stack, ""), route.origin) == (expected, LINE)
    assert route.path == "Events.E.Properties.Auth.Authorizer"


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({}, []),
        ({"DefinitionBody": {}}, ["NONE"]),
        ({"DefinitionUri": "s3://b/k", **SHARED}, ["Tokens"]),
        (SHARED, []),
    ],
)
def test_an_api_with_a_definition_of_its_own_asks_what_it_says_for_all(
    properties: dict[str, Any], expected: list[str]
) -> None:
    api = Resource("Api", "AWS::Serverless::Api", properties, origin=LINE)
    found = [*default_of_definition(api)]
    assert [setting.values[0] for setting in found] == expected
    assert {setting.origin for setting in found} <= {LINE}


SCHEMES = {"iam": {"x-amazon-apigateway-authtype": "awsSigv4"}, "pool": {"type": "apiKey"}}


@pytest.mark.parametrize(
    ("operation", "default", "expected"),
    [
        ({}, None, "NONE"),
        ({}, [{"pool": []}], "pool"),
        ({"security": []}, [{"pool": []}], "NONE"),
        ({"security": [{"pool": ["read", "write"]}, {"key": None}]}, None, "key, pool read write"),
        ({"security": [{"pool": []}, {"iam": []}]}, None, "AWS_IAM"),
        ({"x-amazon-apigateway-auth": {"type": "AWS_IAM"}}, [{"pool": []}], "AWS_IAM"),
    ],
)
@pytest.mark.parametrize("version", ["swagger", "openapi"])
def test_an_operation_of_a_definition_asks_what_it_says_or_else_what_is_said_for_all(
    operation: dict[str, Any], default: Any, expected: str, version: str
) -> None:
    schemes = {"securityDefinitions": SCHEMES} if version == "swagger" else {"components": {"securitySchemes": SCHEMES}}
    paths = {"/a": {"Get": operation, "x-amazon-apigateway-any-method": operation, "parameters": []}}
    body = {**schemes, "paths": paths, **({} if default is None else {"security": default})}
    get, anything, *authorizers = routes_of_body("Body", body, LINE)
    assert (get.door, anything.door) == ("GET /a", "ANY /a")
    assert get.values == anything.values == (expected,)
    assert [setting.path for setting in authorizers] == ["Body iam", "Body pool"]
    assert {setting.origin for setting in (get, anything, *authorizers)} == {LINE}


def test_an_authorizer_is_the_same_however_its_members_are_ordered() -> None:
    definition = {"type": "apiKey", "in": "header"}
    turned = dict(reversed(definition.items()))
    one, other = (
        [*routes_of_body("Body", {"securityDefinitions": {"pool": each}}, None)] for each in (definition, turned)
    )
    assert one == other
    assert one[0].values[0].startswith("(not shown) ")


def endpoint(kind: str) -> dict[str, Any]:
    return {"EndpointConfiguration": {"Types": [kind]}}


@pytest.mark.parametrize(
    ("method", "further", "name", "is_limited"),
    [
        ({"ResourceId": {"Ref": "Orders"}, "HttpMethod": "GET"}, {}, "GET /shop/orders", False),
        ({"ResourceId": {"Ref": "Orders"}}, {}, "ANY /shop/orders", False),
        ({"ResourceId": {"Fn::GetAtt": ["Api", "RootResourceId"]}, "HttpMethod": "GET"}, {}, "GET /", False),
        ({"ResourceId": "abc", "HttpMethod": "GET"}, {}, "GET of Method", False),
        ({"ResourceId": "abc", "HttpMethod": "GET"}, {"Policy": {"Statement": []}}, "GET of Method", True),
        ({"ResourceId": "abc", "HttpMethod": "GET"}, endpoint("PRIVATE"), "GET of Method", True),
        ({"ResourceId": "abc", "HttpMethod": "GET"}, endpoint("EDGE"), "GET of Method", False),
    ],
)  # fmt: skip
def test_a_method_is_called_by_its_path_and_limited_by_its_api(
    method: dict[str, Any], further: dict[str, Any], name: str, *, is_limited: bool
) -> None:
    properties = {"RestApiId": {"Ref": "Api"}, "AuthorizationType": "NONE", **method}
    resource = Resource("Method", "AWS::ApiGateway::Method", properties)
    declared = (
        Resource("Api", "AWS::ApiGateway::RestApi", further),
        Resource(
            "Shop", "AWS::ApiGateway::Resource", {"PathPart": "shop", "ParentId": {"Fn::GetAtt": ["Api", "Root"]}}
        ),
        Resource("Orders", "AWS::ApiGateway::Resource", {"PathPart": "orders", "ParentId": {"Ref": "Shop"}}),
        resource,
    )
    resources = {each.ref: each for each in declared}
    doors = [setting for setting in settings_of(resource, resources) if setting.path == "AuthorizationType"]
    assert [(door.door, door.is_limited) for door in doors] == [(name, is_limited)]


def test_paths_that_lie_in_each_other_have_an_end() -> None:
    method = Resource("M", "AWS::ApiGateway::Method", {"ResourceId": {"Ref": "A"}, "AuthorizationType": "NONE"})
    declared = [
        Resource("A", "AWS::ApiGateway::Resource", {"PathPart": "a", "ParentId": {"Ref": "B"}}),
        Resource("B", "AWS::ApiGateway::Resource", {"PathPart": "b", "ParentId": {"Ref": "A"}}),
    ]
    (door,) = settings_of(method, {each.ref: each for each in declared})
    assert door.door == "ANY /b/a"


@pytest.mark.parametrize(("route", "is_door"), [("$connect", True), ("$default", False), (None, True)])
def test_a_route_of_a_websocket_api_is_behind_the_one_that_connects(route: str | None, *, is_door: bool) -> None:
    properties = {"ApiId": {"Ref": "Api"}, "AuthorizationType": "NONE", **({"RouteKey": route} if route else {})}
    resource = Resource("Route", "AWS::ApiGatewayV2::Route", properties)
    for protocol, expected in (("WEBSOCKET", is_door), ("HTTP", True), (None, True)):
        api = Resource("Api", "AWS::ApiGatewayV2::Api", {"ProtocolType": protocol})
        assert bool(settings_of(resource, {api.ref: api})) == expected
