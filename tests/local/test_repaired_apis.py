"""What the repairs of APIs make of requests, answers and templates: all that they hand on, beside a bare emulator."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from emulator_copies import copied
from remit.local.emulator import during
from remit.local.repairs import apis as repairs
from remit.local.repairs import rest_apis
from remit.triggers.payload_format import in_format_1

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = "http://127.0.0.1:4566/_aws/execute-api"


def with_handlers(monkeypatch: pytest.MonkeyPatch, *types: str) -> dict[str, dict[str, Any]]:
    """Handlers of types that give back the properties that they get, in the emulator's place."""
    handlers = {
        kind: {
            "create": lambda _logical_id, properties, _stack: ("id", properties),
            "update": lambda _physical_id, _old, new, *_place: ("id", new),
            "delete": lambda _physical_id, _properties: None,
        }
        for kind in types
    }
    copied(monkeypatch, "services.cloudformation.provisioners", _RESOURCE_HANDLERS=handlers)
    return handlers


@pytest.mark.parametrize(
    ("parsed", "path", "expected"),
    [
        (None, "/_aws/execute-api/api/a/", None),
        (("api", "a", "/"), "/_aws/execute-api/api/a/", ("api", "$default", "/a/")),
        (("api", "dev", "/a"), "/_aws/execute-api/api/dev/a", ("api", "dev", "/a")),
        (("bare", "a", "/"), "/_aws/execute-api/bare/a/", ("bare", "a", "/")),
        (("api", "a", "/"), "/a/", ("api", "a", "/")),
    ],
)
def test_a_path_below_the_default_stage_stays_whole(
    monkeypatch: pytest.MonkeyPatch, parsed: Any, path: str, expected: Any
) -> None:
    stages = {"api": {"$default": {}, "dev": {}}, "bare": {"dev": {}}}
    copied(monkeypatch, "services.apigateway", stages_for_api=stages.__getitem__)
    app = copied(monkeypatch, "app", _parse_execute_api_url=lambda _host, _path: parsed)
    repairs._keep_whole_paths()
    assert expected == app._parse_execute_api_url("host", path)


def test_a_function_reaches_each_api_here_and_its_other_variables_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    handler = with_handlers(monkeypatch, "AWS::Lambda::Function")["AWS::Lambda::Function"]
    repairs._point_functions_here("http://127.0.0.1:4566")
    variables = {
        "TWO": "https://0a1b2c3d.execute-api.eu-west-1.amazonaws.com/a https://ffffffff.execute-api.cn-north-1.amazonaws.com.cn/b",
        "REAL": "https://abcdefghij.execute-api.eu-west-1.amazonaws.com/a",
        "SOCKET": "wss://0a1b2c3d.execute-api.eu-west-1.amazonaws.com/a",
        "NUMBER": 5,
    }
    reached = {**variables, "TWO": f"{HERE}/0a1b2c3d/a {HERE}/ffffffff/b"}
    function = {"FunctionName": "f", "Environment": {"Variables": variables, "Other": 1}}
    expected = {"FunctionName": "f", "Environment": {"Variables": reached, "Other": 1}}
    assert ("id", expected) == handler["create"]("F", function, "s") == handler["update"]("id", {}, function, "s", "F")
    for properties in ({}, {"Environment": "none"}, {"Environment": {}}, {"Environment": {"Variables": "none"}}):
        assert ("id", properties) == handler["create"]("F", properties, "s")


def test_a_route_response_of_a_template_is_made_at_its_route_and_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    kind, asked = "AWS::ApiGatewayV2::RouteResponse", []

    def create(*arguments: Any) -> Any:
        asked.append(("create", *arguments))
        return 201, {}, b'{"routeResponseId": "r1"}'

    handlers = with_handlers(monkeypatch)
    copied(
        monkeypatch, "services.apigateway", _create_route_response=create,
        _delete_route_response=lambda *arguments: asked.append(("delete", *arguments)),
    )  # fmt: skip
    repairs._follow_route_responses()
    response = {"ApiId": "a", "RouteId": "a/route"}
    made = [handlers[kind]["create"]("R", {**response, **key}, "s") for key in ({}, {"RouteResponseKey": "k"})]
    assert [("r1", {"RouteResponseId": "r1"})] * 2 == made
    handlers[kind]["delete"]("r1", response)
    keys = ({"routeResponseKey": "$default"}, {"routeResponseKey": "k"})
    assert [*(("create", "a", "route", key) for key in keys), ("delete", "a", "route", "r1")] == asked


def test_a_message_gets_the_body_of_an_answer_where_its_route_responds(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"says": {"statusCode": 200, "body": "b"}, "mute": {"statusCode": 200, "body": "b"}, "none": None}

    async def invoke(_api: str, _account: str, _region: str, route: Any, *_rest: Any, **_options: Any) -> Any:
        return answers[route["routeId"]]

    with_handlers(monkeypatch)
    responses = {"a": {"says": {"r1": {}}}, "other": {"mute": {"r1": {}}}}
    apis = copied(monkeypatch, "services.apigateway", _invoke_ws_lambda=invoke, _route_responses=responses)
    repairs._follow_route_responses()
    told = {
        route: asyncio.run(apis._invoke_ws_lambda("a", "1", "r", {"routeId": route}, {}, event="e"))
        for route in answers
    }
    assert {"says": {"statusCode": 200, "body": "b"}, "mute": {"statusCode": 200}, "none": None} == told


FORBIDDEN = 403, {"Content-Type": "application/json"}, b'{"message": "Forbidden"}'
SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=a"}
PREFLIGHT, ROUTED = "preflight", "routed"


@pytest.mark.parametrize(
    ("api", "method", "path", "headers", "expected"),
    [
        ("plain", "GET", "open", {}, ROUTED),
        ("plain", "OPTIONS", "open", {}, ROUTED),
        ("cors", "OPTIONS", "open", {}, PREFLIGHT),
        ("cors", "OPTIONS", "iam", {}, PREFLIGHT),
        ("cors", "OPTIONS", "missing", {}, PREFLIGHT),
        ("cors", "GET", "iam", {}, FORBIDDEN),
        ("cors", "GET", "iam", {"authorization": "Bearer AWS4-HMAC-SHA256 "}, FORBIDDEN),
        ("cors", "GET", "iam", {"x-authorization": "AWS4-HMAC-SHA256 a"}, FORBIDDEN),
        ("cors", "GET", "iam", SIGNED, ROUTED),
        ("plain", "OPTIONS", "iam", {}, FORBIDDEN),
        ("cors", "OPTIONS", "default", {}, ROUTED),
        ("cors", "OPTIONS", "default-open", {}, PREFLIGHT),
        ("cors", "OPTIONS", "default-iam", {}, FORBIDDEN),
        ("gone", "OPTIONS", "missing", {}, ROUTED),
    ],
)
def test_a_request_is_a_preflight_a_route_s_or_refused(
    monkeypatch: pytest.MonkeyPatch, api: str, method: str, path: str, headers: Mapping[str, str], expected: Any
) -> None:
    routes = {
        "/open": {"routeKey": "ANY /open"},
        "/iam": {"routeKey": "ANY /iam", "authorizationType": "AWS_IAM"},
        "/default": {"routeKey": "$default", "authorizationType": "JWT"},
        "/default-open": {"routeKey": "$default", "authorizationType": "NONE"},
        "/default-iam": {"routeKey": "$default", "authorizationType": "AWS_IAM"},
    }
    asked: list[tuple[str, str, str]] = []

    def match(api_id: str, asked_method: str, asked_path: str) -> Any:
        asked.append((api_id, asked_method, asked_path))
        assert type(asked_method) is str
        return routes.get(asked_path)

    async def handle(_api: str, _stage: str, _path: str, asked_method: str, _headers: Any, *rest: Any) -> Any:
        assert method == str(asked_method)
        assert ("body",) == rest
        return PREFLIGHT if asked_method == "OPTIONS" else ROUTED

    held = {"cors": {"corsConfiguration": {"allowOrigins": ["*"]}}, "plain": {"corsConfiguration": {}}}
    apis = copied(monkeypatch, "services.apigateway", _match_route=match, _apis=held, _handle_execute_in_scope=handle)
    repairs._ask_routes_before_answering()
    assert expected == asyncio.run(apis._handle_execute_in_scope(api, "dev", path, method, headers, "body"))
    assert [(api, method, f"/{path}")] == asked


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_an_event_has_the_format_of_its_integration_and_its_cookies_apart(
    monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    async def run(*arguments: Any, **options: Any) -> Any:
        return arguments, options

    async def invoke(_integration: Any, *arguments: Any, **options: Any) -> Any:
        return await apis.run_reentrant(*arguments, **options)

    apis = copied(monkeypatch, "services.apigateway", run_reentrant=run, _invoke_lambda_proxy=invoke)
    repairs._follow_payload_formats()
    names = ("accountId", "apiId", "domainName", "requestId", "routeKey", "stage", "time", "timeEpoch")
    http = dict.fromkeys(("method", "protocol", "sourceIp", "userAgent"), "x")
    context = {**dict.fromkeys(names, "x"), "http": http}
    plain: Any = {"version": "2.0", "rawPath": "/", "rawQueryString": "", "isBase64Encoded": False}
    plain |= {"headers": {"host": "h"}, "requestContext": context}
    event = {**plain, "headers": {"cookie": "a=1; b=2", "host": "h"}}
    others = ({"version": "2.0", "headers": {"cookie": "a"}}, {"version": "1.0", "rawPath": "/"}, "text", plain)
    apart = {**event, "headers": {"host": "h"}, "cookies": ["a=1", "b=2"]}
    integration = {"payloadFormatVersion": version}
    told = asyncio.run(apis._invoke_lambda_proxy(integration, len, event, *others, timeout=1))
    made = {"1.0": (in_format_1(event), *others[:-1], in_format_1(plain)), "2.0": (apart, *others)}
    assert ((len, *made[version]), {"timeout": 1}) == told


def failed(status: int, message: str) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json"},
        "body": f'{{"message":"{message}"}}',
    }


BAD_GATEWAY, SERVER_ERROR = failed(502, "Internal Server Error"), failed(500, "Internal Server Error")
OK = {"statusCode": 200, "headers": {"a": "1", "b": "1"}, "multiValueHeaders": {"b": ["2", "3"]}, "cookies": ["c"]}
IN_FORMAT_1 = {**OK, "headers": {"a": "1", "b": ["2", "3"]}, "cookies": None}


@pytest.mark.parametrize(
    ("result", "answer", "expected", "expected_in_format_1"),
    [
        ({"error": True}, OK, (BAD_GATEWAY, None), (BAD_GATEWAY, None)),
        ({"error": True, "throttle": True}, OK, (OK, "p"), (IN_FORMAT_1, "p")),
        ({"body": {"statusCode": 200}}, OK, (OK, "p"), (IN_FORMAT_1, "p")),
        ({"body": {"a": 1}}, OK, (OK, "p"), (SERVER_ERROR, None)),
        ({"body": "statusCode"}, OK, (OK, "p"), (SERVER_ERROR, None)),
        ({"body": {"statusCode": 200}}, None, (None, "p"), (None, "p")),
        ({"body": {"statusCode": 200}}, {**OK, "body": 5}, (BAD_GATEWAY, None), (BAD_GATEWAY, None)),
        ({"body": {"statusCode": 200}}, {"statusCode": "x"}, (BAD_GATEWAY, None), (BAD_GATEWAY, None)),
    ],
)
def test_a_page_is_told_nothing_of_a_failure(
    monkeypatch: pytest.MonkeyPatch, result: Any, answer: Any, expected: Any, expected_in_format_1: Any
) -> None:
    instead: Any = {"lambda_execute_result_to_api_proxy_response": lambda _result: (answer, "p")}
    functions = copied(monkeypatch, "services.lambda_svc", **instead)
    copied(monkeypatch, "services.apigateway_v1")
    repairs.say_nothing_of_failures()
    told = []
    for is_format_1 in (False, True):
        with during(repairs._SENDS_FORMAT_1, is_format_1):
            told.append(functions.lambda_execute_result_to_api_proxy_response(result))
    assert [expected, expected_in_format_1] == told


REST_FAILURE = None, "Internal server error"
REST_ANSWER = {"statusCode": "201", "body": "b", "headers": {}, "multiValueHeaders": {}, "isBase64Encoded": False}


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"body": REST_ANSWER}, "as the emulator"),
        ({"body": {}}, "as the emulator"),
        ({"body": {"body": None, "headers": None}}, "as the emulator"),
        ({"body": {**REST_ANSWER, "cookies": []}}, REST_FAILURE),
        ({"body": {**REST_ANSWER, "body": {}}}, "as the emulator"),
        ({"body": {**REST_ANSWER, "body": {"a": 1}}}, REST_FAILURE),
        ({"body": {**REST_ANSWER, "headers": ["a"]}}, REST_FAILURE),
        ({"body": {**REST_ANSWER, "statusCode": "2xx"}}, REST_FAILURE),
        ({"body": "text"}, REST_FAILURE),
        ({"body": REST_ANSWER, "error": True}, REST_FAILURE),
        ({"body": REST_ANSWER, "error": True, "throttle": True}, (failed(500, "Internal server error"), None)),
    ],
)
def test_a_rest_api_takes_an_object_of_its_members_alone(
    monkeypatch: pytest.MonkeyPatch, result: Any, expected: Any
) -> None:
    copied(monkeypatch, "services.lambda_svc")
    rest = copied(monkeypatch, "services.apigateway_v1", _lambda_proxy_response=lambda _result: "as the emulator")
    repairs.say_nothing_of_failures()
    assert expected == rest._lambda_proxy_response(result)


def test_a_document_stands_in_the_place_of_all_that_its_api_had(monkeypatch: pytest.MonkeyPatch) -> None:
    authorizers: list[Any] = []
    integrations: list[Any] = []
    routes: list[Any] = []
    old = {"old": {}}

    def created(made: list[Any], kind: str, api: str, record: Any) -> Any:
        made.append((api, record))
        name = f"{kind}{len(made)}"
        if kind == "integration":
            apis._integrations[api][name] = {}
        return 201, {}, json.dumps({f"{kind}Id": name}).encode()

    apis = copied(
        monkeypatch, "services.apigateway",
        _routes={"a": old, "b": old}, _integrations={"a": old, "b": old}, _authorizers={"a": old, "b": old},
        _create_authorizer=lambda api, record: created(authorizers, "authorizer", api, record),
        _create_integration=lambda api, record: created(integrations, "integration", api, record),
        _create_route=lambda api, record: routes.append((api, record)),
    )  # fmt: skip
    token = {"type": "jwt", "identitySource": "$request.header.Authorization"}
    function = {"type": "request", "authorizerCredentials": "role"}

    def operation(uri: str, **more: Any) -> dict[str, Any]:
        proxy = {"type": "aws_proxy", "uri": uri, "payloadFormatVersion": "2.0"}
        return {"x-amazon-apigateway-integration": proxy, **more}

    credentials = operation("two", security=[{"token": ["read", "write"]}])
    credentials["x-amazon-apigateway-integration"]["credentials"] = "calls"
    document = {
        "components": {
            "securitySchemes": {
                "token": {"x-amazon-apigateway-authorizer": token},
                "function": {"x-amazon-apigateway-authorizer": function},
                "iam": {"type": "apiKey"},
            }
        },
        "paths": {
            "/a": {"get": operation("one"), "post": credentials},
            "/b": {"x-amazon-apigateway-any-method": operation("three", security=[{"iam": []}])},
            "/$default": {
                "x-amazon-apigateway-any-method": operation("four", isDefaultRoute=True, security=[{"function": []}])
            },
        },
    }
    repairs._import("a", document)
    assert [
        ("a", {**token, "name": "token", "authorizerCredentialsArn": "", "authorizerType": "JWT"}),
        ("a", {**function, "name": "function", "authorizerCredentialsArn": "role", "authorizerType": "REQUEST"}),
    ] == authorizers
    proxy = {"integrationType": "AWS_PROXY", "payloadFormatVersion": "2.0"}
    assert [("a", {**proxy, "integrationUri": uri}) for uri in ("one", "two", "three", "four")] == integrations
    stored = {f"integration{number}": {"credentialsArn": "calls" if number == 2 else ""} for number in range(1, 5)}
    assert ({"a": {}, "b": old}, {"a": stored, "b": old}) == (apis._authorizers, apis._integrations)
    assert {"a": {}, "b": old} == apis._routes
    asked = [
        ("GET /a", [], {"authorizationType": "NONE"}),
        ("POST /a", ["read", "write"], {"authorizationType": "JWT", "authorizerId": "authorizer1"}),
        ("ANY /b", [], {"authorizationType": "AWS_IAM"}),
        ("$default", [], {"authorizationType": "CUSTOM", "authorizerId": "authorizer2"}),
    ]
    assert [
        ("a", {"routeKey": key, "target": f"integrations/integration{number}", "authorizationScopes": scopes, **asks})
        for number, (key, scopes, asks) in enumerate(asked, 1)
    ] == routes


def test_a_document_names_its_api_and_says_its_cors_and_whether_it_has_an_address() -> None:
    document = {"info": {"title": "shop"}, "x-amazon-apigateway-cors": {"allowOrigins": ["*"]}}
    closed = {"x-amazon-apigateway-endpoint-configuration": {"disableExecuteApiEndpoint": True}}
    expected = {"Name": "shop", "CorsConfiguration": {"allowOrigins": ["*"]}, "DisableExecuteApiEndpoint": False}
    for servers, is_closed in ([], False), ([{}, closed], True), ([{}], False):
        properties = {"Name": "other", "Tags": {}, "Body": {**document, "servers": servers}}
        made = {**properties, **expected, "DisableExecuteApiEndpoint": is_closed}
        assert made == repairs._with_settings(properties)
    nothing = {"Name": None, "CorsConfiguration": None, "DisableExecuteApiEndpoint": False}
    assert {"Body": {}, **nothing} == repairs._with_settings({"Name": "other", "Body": {}})
    assert {"Name": "other", "Body": "text"} == repairs._with_settings({"Name": "other", "Body": "text"})


def test_a_method_of_a_rest_api_has_the_validator_and_the_models_of_its_template(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    validator, method = "AWS::ApiGateway::RequestValidator", "AWS::ApiGateway::Method"
    handlers = with_handlers(monkeypatch, validator, method)
    methods: dict[str, Any] = {
        "GET": {}, "PUT": {"requestModels": {"$default": "Any"}},
        "POST": {"requestModels": {"$default": "Any", "application/json": "Own"}},
    }  # fmt: skip
    apis = copied(
        monkeypatch, "services.apigateway_v1", _request_validators={},
        _resources={"a": {"r": {"resourceMethods": methods}}},
    )  # fmt: skip
    rest_apis._validate_requests_of_templates()
    for name, body, parameters in (("v1", "true", False), ("", False, True)):
        stated = {"ValidateRequestBody": body, "ValidateRequestParameters": parameters}
        made = {"RestApiId": "a", **stated, **({"Name": name} if name else {})}
        handlers[validator]["create"]("V", made, "s")
        kept = {"validateRequestBody": body == "true", "validateRequestParameters": parameters}
        assert {"a": {"id": {"id": "id", "name": name, **kept}}} == apis._request_validators
    for verb in methods:
        place = {"RestApiId": "a", "ResourceId": "r", "HttpMethod": verb}
        handlers[method]["create"]("M", {**place, **({"RequestValidatorId": "id"} if verb == "PUT" else {})}, "s")
    assert {
        "GET": {"requestValidatorId": None},
        "PUT": {"requestValidatorId": "id", "requestModels": {"$default": "Any", "application/json": "Any"}},
        "POST": {"requestValidatorId": None, "requestModels": {"$default": "Any", "application/json": "Own"}},
    } == methods
    for api in ("b", "a", "a"):
        handlers[validator]["delete"]("id", {"RestApiId": api})
        assert (api == "b") is ("id" in apis._request_validators["a"])


@pytest.mark.parametrize(
    ("use", "scopes", "error", "is_taken"),
    [
        ("id", None, None, True), ("access", None, None, False), ("id", [], None, True), ("id", ["read"], None, False),
        ("access", ["read"], None, True), (None, None, None, False), ("access", None, "refused", True),
    ],
)  # fmt: skip
def test_a_token_is_taken_by_its_use(
    monkeypatch: pytest.MonkeyPatch, use: str | None, scopes: Any, error: str | None, *, is_taken: bool
) -> None:
    claims = {} if use is None else {"token_use": use}

    async def validate(*asked: Any) -> Any:
        assert ("authorizer", method, "headers") == asked
        return claims, error

    method = {} if scopes is None else {"authorizationScopes": scopes}
    instead: Any = {"_validate_cognito_authorizer": validate, "_gw_error": lambda *told: told}
    apis = copied(monkeypatch, "services.apigateway_v1", **instead)
    rest_apis._take_tokens_by_their_use()
    expected = (claims, error) if is_taken else (None, ("UNAUTHORIZED", "Unauthorized"))
    assert expected == asyncio.run(apis._validate_cognito_authorizer("authorizer", method, "headers"))


def test_an_event_of_a_rest_api_has_its_host_and_the_last_value_of_a_parameter(monkeypatch: pytest.MonkeyPatch) -> None:
    def build(headers: Any, *, parameters: Any) -> Any:
        both = {"queryStringParameters": {"a": "1"}, "multiValueQueryStringParameters": parameters}
        return {"version": "1.0", "resource": "/", "headers": headers, "requestContext": {"stage": "dev"}, **both}

    apis = copied(monkeypatch, "services.apigateway_v1", _build_lambda_event_v1=build)
    rest_apis._make_events_as_aws_does()
    for host, prefix in (("api.shop.example", "api"), ("", "")):
        headers = {"host": host} if host else {}
        context = {"stage": "dev", "domainName": host, "domainPrefix": prefix}
        many = {"a": ["1", "2"], "b": ["3"]}
        event = {"resource": "/", "headers": headers, "requestContext": context}
        for parameters, last in ((many, {"a": "2", "b": "3"}), (None, {"a": "1"})):
            both = {"queryStringParameters": last, "multiValueQueryStringParameters": parameters}
            assert {**event, **both} == apis._build_lambda_event_v1(headers, parameters=parameters)


def test_the_cors_of_a_template_is_taken_by_the_names_of_the_api(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = "AWS::ApiGatewayV2::Api"
    handler = with_handlers(monkeypatch, kind)[kind]
    repairs._take_cors_of_templates()
    cors = {"AllowOrigins": ["*"], "MaxAge": 5}
    made = {"Name": "a", "CorsConfiguration": {"allowOrigins": ["*"], "maxAge": 5}}
    assert ("id", made) == handler["create"]("A", {"Name": "a", "CorsConfiguration": cors}, "s")
    assert ("id", {"CorsConfiguration": "text"}) == handler["create"]("A", {"CorsConfiguration": "text"}, "s")
