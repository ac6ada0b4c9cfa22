"""What triggers make of the smallest apps: APIs, authorizers, statements, filters and buckets, by the rules of AWS."""

from __future__ import annotations

import json
from bisect import bisect_left
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

import pytest

from remit.app import ApiSettings, App, Function, Grant, Reason, Resource
from remit.errors import Origin, RemitError
from remit.iam import tokens
from remit.iam.policy import allow
from remit.triggers import app_wide, http_api, rest_api
from remit.triggers.api import Api
from remit.triggers.app_routes import permissions, route_checks, routes
from remit.triggers.authorizer import Authorizer
from remit.triggers.dynamodb import Dynamodb
from remit.triggers.event import Event
from remit.triggers.invoke_permission import fitted_permissions, permission
from remit.triggers.iot import check_sql
from remit.triggers.jwt import Jwt
from remit.triggers.kinesis import Kinesis
from remit.triggers.logs import Logs, check_log_pattern
from remit.triggers.payload_format import SAMPLE, in_format_1
from remit.triggers.rest import Rest
from remit.triggers.rest_settings import RestSettings
from remit.triggers.s3 import S3, generated_name
from remit.triggers.sample_events import SAMPLES, event_for, sample_event
from remit.triggers.schedule import Schedule
from remit.triggers.schedule_expression import EVER, next_run
from remit.triggers.sns import Sns
from remit.triggers.source import checked_json, visibility_timeout
from remit.triggers.sqs import Sqs
from remit.triggers.user_pool import UserPool
from remit.triggers.websocket import Websocket
from remit.triggers.websocket_api import check_connect

if TYPE_CHECKING:
    from remit.triggers.route_authorizer import RouteAuthorizer

POOL: Final = "eu-central-1_AbCdEf123"


def app_of(*triggers: Any, **settings: Any) -> App:
    """An app with a function for each of some triggers."""
    functions = tuple(Function(f"f{at}", f"F{at}", f"app.f{at}", {}, (trigger,)) for at, trigger in enumerate(triggers))
    return App("shop", "dev", functions, **settings)


def made(resources: Any, kind: str) -> list[dict[str, Any]]:
    return [dict(resource.properties) for resource in resources if resource.type == kind]


# REST APIs


def test_settings_of_a_rest_api_are_those_of_the_api_its_stage_and_its_log() -> None:
    settings = RestSettings(
        disable_execute_api_endpoint=True, tracing=True, access_log=True, access_log_format="$context.ip"
    )
    resources = [*rest_api.resources(app_of(Rest("GET /a"), rest=settings))]
    (api,), (stage,) = made(resources, "AWS::ApiGateway::RestApi"), made(resources, "AWS::ApiGateway::Stage")
    assert (True, True, "$context.ip") == (
        api["DisableExecuteApiEndpoint"],
        stage["TracingEnabled"],
        stage["AccessLogSetting"]["Format"],
    )


def test_a_method_asks_for_what_its_route_asks_for_by_the_one_validator() -> None:
    schema = {"type": "object", "required": ["sku"]}
    routes = (
        Rest("PUT /a", body=schema),
        Rest("PUT /b", body=dict(schema)),
        Rest("GET /c", query=["q"]),
        Rest("GET /d"),
    )
    resources = [*rest_api.resources(app_of(*routes))]
    assert (
        1 == len(made(resources, "AWS::ApiGateway::Model")) == len(made(resources, "AWS::ApiGateway::RequestValidator"))
    )
    methods = made(resources, "AWS::ApiGateway::Method")
    assert [True, True, True, False] == ["RequestValidatorId" in method for method in methods]
    assert [True, True, False, False] == ["RequestModels" in method for method in methods]
    assert {"method.request.querystring.q": True} == methods[2]["RequestParameters"]


def test_a_plan_has_its_keys_and_a_path_its_preflight_with_the_headers_that_say_something() -> None:
    plans = {"basic": {"Keys": ["partner"], "Quota": {"Limit": 5, "Period": "DAY"}}}
    settings = RestSettings(
        usage_plans=plans, cors_configuration={"AllowOrigins": ["*"], "AllowHeaders": [], "AllowCredentials": False}
    )
    resources = [*rest_api.resources(app_of(Rest("GET /a"), Rest("PUT /a"), rest=settings))]
    (plan,) = (resource for resource in resources if resource.type == "AWS::ApiGateway::UsagePlan")
    (link,) = made(resources, "AWS::ApiGateway::UsagePlanKey")
    assert (plan.ref, "API_KEY") == (link["UsagePlanId"], link["KeyType"])
    (preflight,) = (each for each in made(resources, "AWS::ApiGateway::Method") if each["HttpMethod"] == "OPTIONS")
    (answer,) = preflight["Integration"]["IntegrationResponses"]
    names = {name.rpartition(".")[2]: value for name, value in answer["ResponseParameters"].items()}
    assert {"Access-Control-Allow-Origin": "'*'", "Access-Control-Allow-Methods": "'GET,OPTIONS,PUT'"} == names


def test_the_users_of_a_pool_are_asked_for_in_the_words_of_each_api() -> None:
    rest = [*rest_api.resources(app_of(Rest("GET /a", auth=UserPool(POOL, scopes=["a", "b"]))))]
    http = [*http_api.resources(app_of(Api("GET /a", auth=UserPool(POOL, clients=["web"], scopes=["a", "b"]))))]
    (method,), (route,) = made(rest, "AWS::ApiGateway::Method"), made(http, "AWS::ApiGatewayV2::Route")
    assert ("COGNITO_USER_POOLS", "JWT") == (method["AuthorizationType"], route["AuthorizationType"])
    assert [["a", "b"]] * 2 == [each["AuthorizationScopes"] for each in (method, route)]


def test_a_preflight_is_answered_at_each_path_with_the_headers_that_its_answer_may_have() -> None:
    settings = RestSettings(cors_configuration={"AllowOrigins": ["*"]})
    resources = [*rest_api.resources(app_of(Rest("GET /a/b"), Rest("GET /ab"), rest=settings))]
    preflights = [each for each in made(resources, "AWS::ApiGateway::Method") if each["HttpMethod"] == "OPTIONS"]
    assert 2 == len(preflights)
    for preflight in preflights:
        (answer,), (allowed,) = preflight["Integration"]["IntegrationResponses"], preflight["MethodResponses"]
        assert dict.fromkeys(answer["ResponseParameters"], True) == allowed["ResponseParameters"]
        assert "CONVERT_TO_TEXT" == preflight["Integration"]["ContentHandling"]
    assert len(resources) == len({resource.logical_id for resource in resources})


def test_a_domain_leads_to_the_stage_of_its_api() -> None:
    certificate = "arn:aws:acm:eu-central-1:111122223333:certificate/1"
    settings = RestSettings(domain_name="shop.example", certificate_arn=certificate)
    resources = [*rest_api.resources(app_of(Rest("GET /a"), rest=settings))]
    (name,) = (resource for resource in resources if resource.type == "AWS::ApiGatewayV2::DomainName")
    (mapping,) = made(resources, "AWS::ApiGatewayV2::ApiMapping")
    assert {"ApiId": "${RestApi}", "DomainName": name.ref, "Stage": "${RestApiStage}"} == mapping


# Authorizers


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"token": True, "identity_source": ["$request.header.a", "$request.header.b"]}, "has one header"),
        ({"token": True, "identity_source": ["$request.querystring.a"]}, "has one header"),
        ({"identity_validation_expression": "x"}, "identity_validation_expression is for tokens alone"),
        ({"cache": 5, "identity_source": []}, "cache needs an identity_source"),
        ({"cache": 3_601}, "cache is 3601; it can be 0 to 3600 seconds"),
        ({"identity_source": ["header.a"]}, "identity_source has 'header.a'"),
    ],
)
def test_an_authorizer_that_api_gateway_refuses_is_told(options: dict[str, Any], why: str) -> None:
    with pytest.raises(RemitError, match=why):
        Authorizer("check", **options)


def test_an_authorizer_is_another_one_for_whatever_it_asks_otherwise() -> None:
    """No deploy changes one under a route: its logical id is of all that it is."""
    every: list[RouteAuthorizer] = [
        Authorizer("check"), Authorizer("other"), Authorizer("check", cache=5), Authorizer("check", token=True),
        Authorizer("check", token=True, identity_validation_expression="a"),
        Authorizer("check", token=True, identity_validation_expression="b"),
        Authorizer("check", payload_format_version="1.0"), Authorizer("check", identity_source=["$request.header.a"]),
    ]  # fmt: skip
    assert len(every) == len({each.logical_id for each in every})


def test_each_kind_of_api_spells_where_the_identity_is() -> None:
    sources = ["$request.header.a", "method.request.querystring.b", "$context.c", "stageVariables.d"]
    asking = Authorizer("f0", identity_source=sources)
    functions = app_of(None).functions
    assert asking.properties(functions)["IdentitySource"] == [
        "$request.header.a", "$request.querystring.b", "$context.c", "$stageVariables.d"
    ]  # fmt: skip
    rest = "method.request.header.a,method.request.querystring.b,context.c,stageVariables.d"
    assert asking.rest_properties(functions)["IdentitySource"] == rest


# Formats


def test_a_request_of_format_1_has_all_cookies_and_who_signed_it() -> None:
    event = json.loads(SAMPLE.read_text("utf-8"))
    event["cookies"] = ["a=1", "b=2"]
    signed = {"accessKey": "AKIA", "userId": "AIDA:u", "callerId": "AIDA:c", "accountId": "1", "userArn": "arn:u"}
    event["requestContext"]["authorizer"] = {"iam": signed}
    old = in_format_1(event)
    assert "a=1; b=2" == old["headers"]["cookie"]
    identity = old["requestContext"]["identity"]
    assert ("AKIA", "AIDA:u", "AIDA:c", "arn:u") == tuple(
        identity[name] for name in ("accessKey", "user", "caller", "userArn")
    )


# Statements of AWS IoT, and patterns of logs


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("SELECT 'a/b+' AS x FROM 'topic' WHERE x = 'c#d'", ""),
        ("SELECT * FROM 'a/b+'", "the level 'b\\+'"),
        ("SELECT 'x' FROM 'a/b+'", "the level 'b\\+'"),
        ("SELECT * FROM 'a/#/b'", "goes on after #"),
        ("SELECT * FROM 'a/#'", ""),
        ("SELECT f(a FROM 'b'", "has a \\( without"),
        ("SELECT a) FROM 'b'", "has a \\) without"),
        ("SELECT * FROM ''", "an empty topic"),
    ],
)  # fmt: skip
def test_a_statement_of_aws_iot_names_a_topic_that_there_can_be(sql: str, why: str) -> None:
    if not why:
        check_sql(sql)
        return
    with pytest.raises(RemitError, match=why):
        check_sql(sql)


@pytest.mark.parametrize(
    ("topic", "why"),
    [
        ("a/" * 7 + "b", ""),
        ("a/" * 8 + "b", "8 slashes; AWS IoT takes 7"),
        ("$aws/things/" + "a/" * 8 + "b", ""),
        ("a" * 256, ""),
        ("a" * 257, "a topic of 257 bytes"),
        ("$aws/" + "a" * 300, ""),
    ],
)
def test_a_topic_is_as_long_as_aws_iot_takes_but_for_its_own(topic: str, why: str) -> None:
    if not why:
        check_sql("SELECT * FROM 'here'".replace("here", topic))
        return
    with pytest.raises(RemitError, match=why):
        check_sql("SELECT * FROM 'here'".replace("here", topic))


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("x" * 1_024, ""),
        ("x" * 1_025, "has 1,025 characters"),
        ("%a% %b%", ""),
        ("%a% %b% %c%", "has 3 regular expressions"),
        ('{ ($.a = 1) && ($.b = "x") }', ""),
        ("{ ($.a = 1 }", "a parenthesis without its second one"),
        ("{ $.a = 1) }", "a parenthesis without its second one"),
    ],
)
def test_a_pattern_of_logs_is_as_long_as_cloudwatch_takes(pattern: str, why: str) -> None:
    if not why:
        check_log_pattern(pattern)
        return
    with pytest.raises(RemitError, match=why):
        check_log_pattern(pattern)


def test_a_log_group_is_the_same_by_its_name_and_by_its_arn() -> None:
    names = ("/shop/web", *(f"arn:aws:logs:eu-west-1:111122223333:log-group:/shop/web{end}" for end in ("", ":*")))
    assert ["/shop/web"] * 3 == [Logs(name).group_name for name in names]
    triggers = [Logs(name) for name in names]
    sources = {
        made(trigger.resources(Function("f", "F", "app.f", {}, (trigger,))), "AWS::Lambda::Permission")[0]["SourceArn"]
        for trigger in triggers
    }
    assert {"arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/shop/web:*"} == sources


# Buckets and topics


@pytest.mark.parametrize(
    ("options", "detail"),
    [
        ({}, {}),
        ({"prefix": "in/"}, {"object": {"key": [{"prefix": "in/"}]}}),
        ({"suffix": ".jpg"}, {"object": {"key": [{"suffix": ".jpg"}]}}),
        ({"prefix": "in/", "suffix": ".jpg"}, {"object": {"key": [{"wildcard": "in/*.jpg"}]}}),
        ({"events": ["s3:ObjectCreated:Put", "s3:ObjectCreated:Copy"]}, {"reason": ["CopyObject", "PutObject"]}),
        ({"events": ["s3:ObjectRestore:Post", "s3:ObjectTagging:Put"]}, {}),
    ],
)  # fmt: skip
def test_the_events_of_a_bucket_that_exists_are_those_that_the_trigger_names(
    options: dict[str, Any], detail: dict[str, Any]
) -> None:
    trigger = S3("theirs", **options)
    (rule,) = made(trigger.resources(Function("f", "F", "app.f", {}, (trigger,))), "AWS::Events::Rule")
    assert {"bucket": {"name": ["theirs"]}, **detail} == rule["EventPattern"]["detail"]


def test_one_rule_does_not_tell_some_events_of_a_kind_from_all_of_another() -> None:
    trigger = S3("theirs", events=["s3:ObjectCreated:Put", "s3:ObjectTagging:Put"])
    with pytest.raises(RemitError, match="cannot tell s3:ObjectCreated:Put from the other events"):
        list(trigger.resources(Function("f", "F", "app.f", {}, (trigger,))))


@pytest.mark.parametrize(("part", "is_taken"), [("ä" * 512, 1), ("ä" * 513, 0), ("a" * 1_024, 1), ("a" * 1_025, 0)])
def test_the_part_of_a_key_is_counted_in_bytes(part: str, is_taken: int) -> None:
    if is_taken:
        assert S3("theirs", prefix=part)
    else:
        with pytest.raises(RemitError, match="a key has 1,024 at most"):
            S3("theirs", prefix=part)


@pytest.mark.parametrize("length", [48, 49, 50, 51, 90])
def test_the_name_of_a_bucket_is_as_long_as_s3_takes_and_tells_two_apart(length: int) -> None:
    """63 characters, of which 13 are what makes it unique."""
    one, other = (generated_name("a" * (length - 2 - len(end)), f"x{end}") for end in ("Files", "Filez"))
    head = one.partition("-${")[0]
    assert len(head) <= 50
    assert one != other
    assert (head == f"{'a' * (length - 7)}-xfiles") == (length <= 50)


@pytest.mark.parametrize(
    ("filter_", "scope", "why"),
    [
        ({"a": {"b": ["c"]}}, "MessageAttributes", "filter.a is nested: attributes of messages are not"),
        ({"a": {"b": ["c"]}}, "MessageBody", ""),
        ({name: ["x"] for name in "abcde"}, "MessageAttributes", ""),
        ({name: ["x"] for name in "abcdef"}, "MessageAttributes", "filter has 6 fields; SNS allows 5"),
        ({"a": {name: ["x"] for name in "abcdef"}}, "MessageBody", "filter has 6 fields; SNS allows 5"),
        ({"a": {"b": {"c": ["x"] * 50}}}, "MessageBody", ""),
        ({"a": ["x"] * 100, "$or": [{"b": ["y"]}, {"c": ["y"]}]}, "MessageBody", ""),
        ({"a": {"b": {"c": ["x"] * 51}}}, "MessageBody", "filter has 153 combinations of values; SNS allows 150"),
    ],
)
def test_a_filter_of_a_topic_is_as_large_as_sns_takes(filter_: dict[str, Any], scope: Any, why: str) -> None:
    """Filter policy constraints: five fields, and the values of each, as often as it is deep, multiplied to 150."""
    if not why:
        assert Sns("news", filter=filter_, filter_scope=scope)
        return
    with pytest.raises(RemitError, match=why):
        Sns("news", filter=filter_, filter_scope=scope)


def test_permissions_of_one_function_are_merged_only_where_they_overflow_and_what_waits_follows() -> None:
    (function,) = app_of(None).functions

    def permissions(count: int) -> list[Resource]:
        names = [f"P{at}" for at in range(count)]
        source = "arn:${AWS::Partition}:s3:::bucket-%s"
        every = [permission(function, name, "s3.amazonaws.com", source % name) for name in names]
        return [*every, Resource("Waits", "AWS::S3::Bucket", {}, {"DependsOn": names})]

    few, many = permissions(20), permissions(60)

    def most(source: str) -> int:
        """The permissions for such a source that a policy holds."""
        of_source = [permission(function, f"P{at}", "s3.amazonaws.com", source) for at in range(60)]
        return bisect_left(range(60), 1, key=lambda count: len(fitted_permissions(of_source[:count])) < count) - 1

    assert few == fitted_permissions(few)
    merged, waits = fitted_permissions(many)
    assert "arn:${AWS::Partition}:s3:::*" == merged.properties["SourceArn"]
    assert [merged.logical_id] == waits.attributes["DependsOn"]
    waiting = replace(many[-1], attributes={"DependsOn": ["Table", "P0", "Role", "P1"]})
    assert ["Table", "P0", "Role"] == fitted_permissions([*many[:-1], waiting])[-1].attributes["DependsOn"]
    # A permission is 250 bytes, itself as JSON, and 120 for a reference; nine tenths of 20,480 are filled.
    size = 250 + len(json.dumps(dict(many[0].properties))) + 120
    assert 20_480 * 9 // 10 // size == most("arn:${AWS::Partition}:s3:::bucket-1")
    # A reference may become a long name, whatever its own length.
    assert most(f"arn:aws:s3:::{'x' * 20}") > most("arn:aws:s3:::${A}${B}${C}${D}${E}")


def test_a_bucket_keeps_what_it_notified_and_waited_for_beside_the_function_and_its_permission() -> None:
    written = {"Event": "s3:ObjectRemoved:*", "Function": "arn:aws:lambda:eu-west-1:111122223333:function:theirs"}
    notified = {"NotificationConfiguration": {"LambdaConfigurations": [written]}}
    for depends in ("Table", ["Table"]):
        bucket = Resource("Uploads", "AWS::S3::Bucket", notified, {"DependsOn": depends})
        app = app_of(S3("${Uploads.Arn}"), resources=(bucket,))
        (made_,) = app_wide.with_own_sources(app).resources
        assert "Table" == made_.attributes["DependsOn"][0]
        assert 2 == len(made_.attributes["DependsOn"])
        of_theirs, of_ours = made_.properties["NotificationConfiguration"]["LambdaConfigurations"]
        assert (written, "${F0Function.Arn}") == (of_theirs, of_ours["Function"])


def test_each_route_goes_by_the_integration_of_its_format_and_any_method_is_permitted_as_any() -> None:
    triggers = (Api("GET /new"), Api("ANY /old", payload_format_version="1.0"), Api("$default"))
    function = Function("f", "F", "app.f", {}, triggers)
    resources = [*http_api.resources(App("shop", "dev", (function,)))]
    integrations = {
        resource.ref: resource.properties["PayloadFormatVersion"]
        for resource in resources
        if resource.type == "AWS::ApiGatewayV2::Integration"
    }
    formats = {
        route["RouteKey"]: integrations[route["Target"].removeprefix("integrations/")]
        for route in made(resources, "AWS::ApiGatewayV2::Route")
    }
    assert {"GET /new": "2.0", "ANY /old": "1.0", "$default": "2.0"} == formats
    sources = [each["SourceArn"].partition("/")[2] for each in made(resources, "AWS::Lambda::Permission")]
    assert ["*/$default", "*/*/old", "*/GET/new"] == sorted(sources)


# Routes, and whom they answer

HERE, THERE = Origin("app.py", 3, 1), Origin("app.py", 9, 1)


@pytest.mark.parametrize(
    ("route", "problem", "hint"),
    [
        ("/orders", "has no method and path", '"ANY /orders" takes every method'),
        ("orders", "has no method and path", 'such as "GET /orders/{id}"'),
        ("GTE /orders", "has the method 'GTE'", "did you mean `GET`?"),
        ("GET /${AWS::Region}", "holds what only the deploy knows", "routes are written whole"),
        ("GET ", "has a path that does not begin with one /", 'write "/"'),
        ("GET /orders/:id", "has the segment ':id'", 'a variable reads "{id}"'),
        ("GET /{a+}/b", "goes on after {a+}, which takes the rest", "move it to the end"),
        ("GET /{a}/{a}", "has two variables of one name", "None"),
    ],
)
def test_a_route_that_api_gateway_refuses_is_told_with_the_right_one(route: str, problem: str, hint: str) -> None:
    for kind in (Api, Rest):
        with pytest.raises(RemitError) as refused:
            kind(route)
        assert problem in refused.value.message
        assert hint in str(refused.value.hint)


def test_a_route_that_another_one_has_is_told_at_its_line_with_whose_it_is() -> None:
    first, second, third = Api("GET /a/{id}").at(HERE), Api("GET /a/{name}").at(THERE), Api("GET /a/{id}").at(THERE)
    functions = [
        Function(name, name.title(), f"app.{name}", {}, (trigger,), origin=HERE)
        for name, trigger in (("one", first), ("two", second), ("three", third))
    ]
    mistakes = [*http_api.CHECKS[0](functions)]
    assert [mistake.message for mistake in mistakes] == [
        "route `GET /a/{name}` of `two` is declared twice as `GET /a/{id}`; `one` at app.py:3:1 has it, too",
        "route `GET /a/{id}` of `three` is declared twice; `one` at app.py:3:1 has it, too",
    ]
    assert [THERE, THERE] == [mistake.origin for mistake in mistakes]
    assert [(functions[0], first)] == [(each.function, each.trigger) for each in routes(functions, Api)]


def test_each_route_of_a_function_has_a_permission_of_its_own_until_its_policy_is_full() -> None:
    def sources(count: int, folder: str = "a", name: str = "f") -> list[str]:
        routes = tuple(Api(f"GET /{folder}/{at}") for at in range(count))
        function = Function(name, "F0", "app.f", {}, routes)
        made = http_api.resources(App("shop", "dev", (function,)))
        allowed = [each for each in made if each.type == "AWS::Lambda::Permission"]
        assert len(allowed) == len({each.logical_id for each in allowed})
        return [each.properties["SourceArn"].partition("${HttpApi}/")[2] for each in allowed]

    def most(**more: str) -> int:
        return bisect_left(range(64), 1, key=lambda count: count > 1 and sources(count, **more) == ["*"])

    assert [f"*/GET/a/{at}" for at in range(12)] == sources(12)
    # Lambda takes 20,480 bytes of policy, of which 4,096 are left to other triggers.
    allowed = {
        "Sid": "shop-dev-F0HttpApiPermission12345678-123456789ABC",
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": "arn:aws:lambda:eu-central-1:111122223333:function:shop-dev-f",
        "Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:execute-api:eu-central-1:111122223333:abc/*/GET/a/10"}},
    }
    assert most() * len(json.dumps(allowed)) <= 20_480 - 4_096 < (most() + 3) * (len(json.dumps(allowed)) + 30)
    # The name of the function and the path of a route count as they will stand in its policy.
    assert most() > most(name="f" * 60)
    assert most() > most(folder="a" * 60)


def test_permissions_that_fill_the_functions_policy_to_the_last_byte_stay_and_one_byte_more_widens_them() -> None:
    """Statements are measured in the longest partition and region: 32 of 512 bytes are what is left for routes."""
    place = "ap-southeast-99:111122223333"

    def size_of(path: str) -> int:
        source = f"arn:aws-us-gov:execute-api:{place}:1234567890/*/GET/{path}"
        statement = {
            "Sid": "shop-dev-F0WebSocketApiPermission12345678-123456789ABC",
            "Effect": "Allow",
            "Principal": {"Service": "apigateway.amazonaws.com"},
            "Action": "lambda:InvokeFunction",
            "Resource": f"arn:aws-us-gov:lambda:{place}:function:shop-dev-f",
            "Condition": {"ArnLike": {"AWS:SourceArn": source}},
        }
        return len(json.dumps(statement))

    folder = "x" * (512 - size_of("/10"))
    fitting = [f"{folder}/{at}" for at in range(10, 42)]
    assert [512] * 32 == [size_of(path) for path in fitting]
    assert 32 * 512 == 20_480 - 4_096
    function = Function("f", "F0", "app.f", {})

    def sources_of(paths: list[str]) -> list[str]:
        asked = tuple(f"*/GET/{path}" for path in paths)
        made = permissions(App("shop", "dev", (function,)), function, "HttpApi", asked)
        return [each.properties["SourceArn"].partition("${HttpApi}/")[2] for each in made]

    assert [f"*/GET/{path}" for path in fitting] == sources_of(fitting)
    longer = [*fitting[:-1], f"{fitting[-1]}y"]
    assert [f"*/*/{path}" for path in longer] == sources_of(longer)


def test_grants_on_connections_are_told_where_an_app_has_no_websocket_api() -> None:
    on = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${WebSocketApi}/*"
    sends = allow("execute-api:ManageConnections", on=on)
    grants = (
        Grant(sends, Reason("text", "x"), THERE),
        Grant(allow("s3:GetObject", on="arn:aws:s3:::a/*"), Reason("text", "x"), HERE),
        Grant(sends, Reason("text", "y"), HERE),
    )
    sending = Function("f", "F", "app.f", {}, policy=grants)
    told = [mistake for each in app_wide.checks([sending], ()) for mistake in each([sending])]
    assert [THERE, HERE] == [mistake.origin for mistake in told]
    made_by_hand = Resource("WebSocketApi", "AWS::ApiGatewayV2::Api", {})
    assert [] == [mistake for each in app_wide.checks([sending], (made_by_hand,)) for mistake in each([sending])]


def test_the_stream_of_a_table_is_turned_on_once_as_its_triggers_ask() -> None:
    def streams(*views: Any, kind: str = "AWS::DynamoDB::Table", **properties: Any) -> Any:
        table = Resource("Orders", kind, properties)
        triggers = [Dynamodb("${Orders.StreamArn}", view=view).at(THERE) for view in views]
        return app_wide.with_own_sources(app_of(*triggers, resources=(table,))).resources[0].properties

    assert {"StreamSpecification": {"StreamViewType": "KEYS_ONLY"}} == streams("KEYS_ONLY", "KEYS_ONLY")
    own = {"StreamSpecification": {"StreamViewType": "NEW_IMAGE"}}
    assert own == streams("KEYS_ONLY", **own)
    assert {} == streams("KEYS_ONLY", kind="AWS::SQS::Queue")
    with pytest.raises(RemitError, match="`Orders` would have two views: KEYS_ONLY and NEW_AND_OLD_IMAGES") as refused:
        streams("KEYS_ONLY", None)
    assert THERE == refused.value.origin


def check(event: Any, context: Any) -> None: ...


def test_an_authorizer_asks_a_function_by_its_name_by_its_handler_or_itself() -> None:
    functions = [
        Function(name, name.title(), f"{__name__}.{handler}", {})
        for name, handler in (("word", "check"), ("other", "x"))
    ]
    for asked in ("word", f"{__name__}.check", check):
        assert functions[0] is Authorizer(asked).asked_function(functions)
    with pytest.raises(RemitError, match="`wort` is no function of this app") as refused:
        Authorizer("wort").asked_function(functions, THERE)
    assert ("did you mean `word`?", THERE) == (refused.value.hint, refused.value.origin)
    guarded = Function("g", "G", "app.g", {}, (Api("GET /a", auth=Authorizer("wort")).at(THERE),))
    assert [THERE] == [mistake.origin for mistake in http_api.CHECKS[1]([guarded])]
    with pytest.raises(RemitError, match="authorizer takes a function of the app, got int '3'"):
        Authorizer(3)  # type: ignore[arg-type]
    with pytest.raises(RemitError, match="identity_source has"):
        Authorizer("word", identity_source=["$request.header.a b"])
    with pytest.raises(RemitError, match="an HTTP API asks an authorizer with the whole request"):
        Api("GET /a", auth=Authorizer("word", token=True))


def test_a_note_tells_which_routes_answer_everyone_and_which_function_runs_longer_than_an_api_waits() -> None:
    issuer = "http://127.0.0.1:9000"
    routes = (
        Api("GET /open", auth="NONE"),
        Api("GET /signed"),
        Api("GET /local", auth=Jwt(issuer, ["a"])),
        Api("$default"),
    )
    functions = [
        Function(f"f{at}", f"F{at}", "app.f", {"Timeout": 29 + at}, (route,), origin=HERE, written={"Timeout": THERE})
        for at, route in enumerate(routes)
    ]
    api = ApiSettings(cors_configuration={"AllowOrigins": ["*"]})
    notes = [*http_api.notes(App("shop", "dev", tuple(functions), api=api))]
    assert [note.split(":")[0].split(",")[0] for note in notes] == [
        "everyone may call `GET /open`",
        "the issuer http",
        "route `$default` (app.py",
        "f2 may run 31 s",
        "f3 may run 32 s",
    ]


def test_tokens_are_of_an_audience_and_their_scopes_are_texts() -> None:
    for options, why in (
        ({"audience": []}, "audience names nobody"),
        ({"audience": [3]}, "audience"),
        ({"audience": ["a"], "scopes": [3]}, "scopes"),
    ):
        with pytest.raises(RemitError, match=why):
            Jwt("https://id.example", **options)
    for pool, clients, why in (
        (POOL, [], "clients cannot be"),
        (POOL, [3], "clients"),
        ("pool", ["a"], "user_pool takes"),
    ):
        with pytest.raises(RemitError, match=why):
            UserPool(pool, clients=clients)
    with pytest.raises(RemitError, match="an HTTP API lets in the users of a pool by its app clients"):
        Api("GET /a", auth=UserPool(POOL))


def test_whoever_connects_to_a_websocket_is_asked_then_and_a_route_without_it_is_told() -> None:
    assert ["AWS_IAM", "NONE", "NONE"] == [
        each.authorization for each in (Websocket("$connect"), Websocket("$connect", auth="NONE"), Websocket("say"))
    ]
    with pytest.raises(RemitError, match="route `say` cannot have auth"):
        Websocket("say", auth="NONE")
    assert Websocket("x" * 128)
    with pytest.raises(RemitError, match="is none of a WebSocket API"):
        Websocket("x" * 129)
    with pytest.raises(RemitError, match="is none of a WebSocket API") as refused:
        Websocket("$conect")
    assert "did you mean `$connect`?" == refused.value.hint
    for own_routes, count in ((["say"], 1), (["say", "$connect"], 0), ([], 0)):
        functions = app_of(*(Websocket(route).at(THERE) for route in own_routes)).functions
        mistakes = [*check_connect(functions)]
        assert [THERE] * count == [mistake.origin for mistake in mistakes]


# What each trigger may do


@pytest.mark.parametrize(("settings", "seconds"), [({}, 18), ({"Timeout": 60}, 360), ({"Timeout": 900}, 5_400)])
def test_a_queue_hides_a_message_for_six_times_what_the_function_may_take(
    settings: dict[str, Any], seconds: int
) -> None:
    """Lambda's own timeout is 3 seconds, and 15 minutes at most."""
    assert seconds == visibility_timeout(Function("f", "F", "app.f", settings))


def test_a_consumer_of_its_own_and_the_queue_in_between_are_read_where_there_is_one() -> None:
    (function,) = app_of(None).functions

    def read(trigger: Any) -> list[tuple[str, ...]]:
        return [each.statement.resources.patterns for each in trigger.grants(function)]

    stream, topic = "arn:aws:kinesis:eu-west-1:1:stream/s", "arn:aws:sns:eu-west-1:1:news"
    assert [(stream,)] == read(Kinesis(stream))
    assert [(stream,), ("${F0SConsumer}",)] == read(Kinesis(stream, fan_out=True))
    assert ([], [("${F0NewsTopicQueue.Arn}",)]) == (read(Sns(topic)), read(Sns(topic, raw=True)))
    table = "arn:aws:dynamodb:eu-west-1:1:table/t/stream/x"
    failed = "arn:aws:sqs:eu-west-1:1:failed"
    assert [(table,), ("*",), (failed,)] == read(Dynamodb(table, on_failure=failed))


def test_the_schedules_of_a_function_have_one_role_of_the_default_group_for_all_that_they_send() -> None:
    queues = [f"arn:aws:sqs:eu-west-1:1:{name}" for name in ("a", "b", "a")]
    clocks = tuple(Schedule("rate(1 day)", dead_letter=queue) for queue in queues)
    function = Function("f", "F", "app.f", {}, clocks)
    assert [1, 0, 0] == [len([*clock.roles(function)]) for clock in clocks]
    (role,) = clocks[0].roles(function)
    assert [("${FFunction.Arn}",), (queues[0],), (queues[1],)] == [
        each.statement.resources and each.statement.resources.patterns for each in role.grants
    ]
    asked = {
        each.key: each.values
        for statement in ((role.trust and role.trust.statements) or ())
        for each in statement.conditions
    }
    group = f"arn:{tokens.PARTITION}:scheduler:{tokens.REGION}:{tokens.ACCOUNT}:schedule-group/default"
    assert {"aws:SourceAccount": (tokens.ACCOUNT,), "aws:SourceArn": (group,)} == asked


def test_a_time_in_a_zone_that_scheduler_does_not_know_is_taken_for_utcs() -> None:
    for zone, hour in (("posix/Europe/Berlin", 8), ("right/Europe/Berlin", 8), ("../Berlin", 8), ("Europe/Berlin", 6)):
        run = next_run("at(2027-07-01T08:00:00)", zone, EVER)
        assert run is not None
        assert hour == run.astimezone(UTC).hour, zone


def test_what_no_json_can_hold_is_told_however_deep_it_is() -> None:
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]
    for value in (deep, {1, 2}, float("nan")):
        with pytest.raises(RemitError, match="is not JSON"):
            checked_json("input", value)
    assert '{"a": 1, "b": 2}' == checked_json("input", {"b": 2, "a": 1})


def test_a_trigger_of_another_line_is_another_one() -> None:
    first = Sqs("orders").at(HERE)
    second = first.at(THERE)
    assert (HERE, THERE) == (first.written, second.written)


# Sample events


def test_a_sample_is_found_by_its_name_and_another_name_is_told() -> None:
    assert "sqs-fifo" == sample_event("sqs-fifo").name
    with pytest.raises(RemitError, match="there is no sample event 'sqs-fivo'") as refused:
        sample_event("sqs-fivo")
    assert "did you mean `sqs-fifo`?" == refused.value.hint
    with pytest.raises(RemitError) as unlike:
        sample_event("???????")
    assert f"there are {', '.join(sample.name for sample in SAMPLES)}" == unlike.value.hint


def test_an_event_of_a_source_has_its_name_whatever_signs_that_has() -> None:
    function = Function("f", "F", "app.f", {}, (Sqs("orders"), S3("files", prefix='a"b/', suffix=".x")))
    app = App("shop", "dev", (function,))
    (message, *_) = event_for(sample_event("sqs"), app, function)["Records"]
    assert message["eventSourceARN"].endswith(":orders")
    with pytest.raises(RemitError, match=r"no trigger that sends the event s3\n") as refused:
        event_for(sample_event("s3"), app, function)  # which a bucket of the app's alone sends
    assert "it has s3-eventbridge, sqs" == refused.value.hint
    detail = event_for(sample_event("s3-eventbridge"), app, function)["detail"]
    assert ("files", 'a"b/example.x') == (detail["bucket"]["name"], detail["object"]["key"])


@pytest.mark.parametrize(
    ("comparison", "value"),
    [
        ({"suffix": ".png"}, ".png"),
        ({"prefix": {"equals-ignore-case": "In"}}, "In"),
        ({"wildcard": "a*b"}, "aexampleb"),
        ({"cidr": "10.0.0.0/24"}, "10.0.0.0"),
        ({"numeric": [">", 5]}, 6),
        ({"numeric": ["<", 5]}, 4),
        ({"numeric": ["<=", 5]}, 5),
        ({"numeric": [">", 0, "<=", 10]}, 5),
    ],
)
def test_a_sample_event_has_a_value_that_its_pattern_lets_through(comparison: Any, value: Any) -> None:
    function = Function("f", "F", "app.f", {}, (Event(detail={"a": [comparison]}),))
    assert value == event_for(sample_event("event"), App("shop", "dev", (function,)), function)["detail"]["a"]


# Names of the app's own, and what two routes may not be


def test_a_bucket_and_a_dead_letter_queue_of_the_app_are_known_by_name_and_by_arn_and_nothing_else_is() -> None:
    resources = (
        Resource("Files", "AWS::S3::Bucket", {"BucketName": "files"}),
        Resource("Unnamed", "AWS::S3::Bucket", {}),
        Resource("Lost", "AWS::SQS::Queue", {"QueueName": "lost"}),
        Resource("Topic", "AWS::SNS::Topic", {"TopicName": "x", "BucketName": "theirs", "QueueName": "orders"}),
    )
    triggers = (
        S3("files", prefix="a"),
        S3("arn:aws:s3:::files", prefix="b"),
        S3("theirs"),
        S3("lost"),
        Sqs("lost"),
        Sns("news", dead_letter="lost"),
        Event(source="a", dead_letter="arn:aws:sqs:eu-west-1:1:lost"),
        Schedule("rate(1 day)", dead_letter="files"),
        Schedule("rate(1 day)", dead_letter="orders"),
    )
    own = (*(trigger.at(Origin("app.py", at)) for at, trigger in enumerate(triggers)), object())
    app = app_wide.with_own_sources(app_of(*own, resources=resources))
    (bucket, queue), unchanged = ("${Files.Arn}", "${Lost.Arn}"), ("theirs", "lost", "lost", "files", "orders")
    made_triggers = [function.triggers[0] for function in app.functions]
    sources: list[Any] = [
        getattr(trigger, "dead_letter", None) or getattr(trigger, "bucket", None) or getattr(trigger, "queue", None)
        for trigger in made_triggers
    ]
    assert [bucket, bucket, *unchanged[:3], queue, queue, *unchanged[3:], None] == sources
    assert [Origin("app.py", at) for at in range(9)] == [trigger.written for trigger in made_triggers[:-1]]  # type: ignore[attr-defined]
    assert own[-1] is made_triggers[-1]


@pytest.mark.parametrize(
    ("triggers", "sent", "way"),
    [
        ((Api("GET /a/{b}"), Api("GET /a/{c}"), Api("GET /a/{b}")), "request", "path"),
        ((Rest("GET /a/{b}"), Rest("GET /a/{c}"), Rest("GET /a/{b}")), "request", "path"),
        ((Websocket("say"), Websocket("hear"), Websocket("say")), "message", "route"),
    ],
)
def test_a_route_that_takes_what_another_one_takes_is_told_with_both(triggers: Any, sent: str, way: str) -> None:
    own = [trigger.at(Origin("app.py", at)) for at, trigger in enumerate(triggers)]
    hint = f"API Gateway sends a {sent} to one function: remove one, or give it another {way}"
    (check, *_) = route_checks(type(own[0]))
    message = "route `{}` of `{}` is declared twice{}; `f0` at None has it, too"
    second = [(message.format("GET /a/{c}", "f1", " as `GET /a/{b}`"), hint, 1)] if sent == "request" else []
    assert [*second, (message.format(own[2].route, "f2", ""), hint, 2)] == [
        (mistake.message, mistake.hint, mistake.origin and mistake.origin.line)
        for mistake in check(app_of(*own).functions)
    ]


def test_a_domain_without_routes_has_no_effect_and_that_is_said_once() -> None:
    settings = {"domain_name": "a.example", "written": {"domain_name": THERE}}
    app = app_of(Sqs("a"), api=ApiSettings(**settings), rest=RestSettings(**settings))
    note = "no function has a route, such as `on.{0}(…)`: `config.{0}.domain_name` has no effect ({1})"
    assert tuple(note.format(name, THERE) for name in ("api", "rest")) == app_wide.app_wide_notes(app)
    assert () == app_wide.app_wide_notes(app_of(Sqs("a"), api=ApiSettings(), rest=RestSettings()))
    routed = app_of(Api("GET /a"), api=ApiSettings(**settings), rest=RestSettings(**settings))
    assert (note.format("rest", THERE),) == app_wide.app_wide_notes(routed)
