"""What differs of settings, each kind and order compared whole; routes of documents; kinds of endpoints."""

from __future__ import annotations

from typing import Any

import pytest

from remit.app import Resource
from remit.errors import Origin
from remit.review.access_change import AccessSetting, Door, Given, NotCompared, UnreadPolicy
from remit.review.api_routes import default_of_definition, routes_of_body, routes_of_events
from remit.review.gateway_endpoints import is_gateway
from remit.review.setting_changes import RoleUse, SettingChanges, setting_changes

ORIGIN = Origin("template.yaml", 7, 9)
ORDER = "AWS_IAM<*~*<NONE=-!"
LIMIT = "true<-"
QUEUE, PROFILE = "AWS::SQS::Queue", "AWS::IAM::InstanceProfile"


def given(*settings: AccessSetting, kind: str = QUEUE) -> Given:
    return Given(kind, settings=settings)


def setting(kind: str, opens: str, *values: str, path: str = "P", **options: Any) -> AccessSetting:
    return AccessSetting(path, kind, opens, values, origin=ORIGIN, **options)


def door(was: str, now: str, *, opens: bool, public: bool = False, called: str = "R P") -> SettingChanges:
    return SettingChanges(doors=(Door(called, was, now, opens, public, ORIGIN),))


def unread(*reasons: str) -> SettingChanges:
    return SettingChanges(unread=tuple(UnreadPolicy("", f"R ({QUEUE}): {reason}") for reason in reasons))


def left_out(why: str, path: str = "P") -> SettingChanges:
    return SettingChanges(not_compared=(NotCompared(QUEUE, "R", path, why),))


NOTHING = SettingChanges()
KEPT, NEW, GONE = "kept", "new", "gone"


@pytest.mark.parametrize(
    ("kind", "opens", "was", "now", "resource", "expected"),
    [
        # An order: what it opens with, what it closes with, what nobody can tell.
        ("door", ORDER, ("AWS_IAM",), ("Own",), KEPT, door("AWS_IAM", "Own", opens=True)),
        ("door", ORDER, ("Own",), ("AWS_IAM",), KEPT, door("Own", "AWS_IAM", opens=False)),
        ("door", ORDER, ("AWS_IAM",), ("NONE",), KEPT, door("AWS_IAM", "everybody", opens=True, public=True)),
        ("door", ORDER, ("Own",), (), KEPT, door("Own", "everybody", opens=True, public=True)),
        ("door", ORDER, ("NONE",), ("Own",), KEPT, door("everybody", "Own", opens=False)),
        ("door", ORDER, (), ("AWS_IAM",), KEPT, door("everybody", "AWS_IAM", opens=False)),
        ("door", ORDER, ("NONE",), (), KEPT, NOTHING),
        ("door", ORDER, ("Own",), ("Other",), KEPT, unread("P is Other in place of Own")),
        ("door", ORDER, ("Own", "One"), ("Own", "Two"), KEPT, unread("now with Two, no longer with One")),
        ("door", ORDER, ("${X}",), ("AWS_IAM",), KEPT, unread("P is AWS_IAM in place of ${X}")),
        ("door", ORDER, ("AWS_IAM",), ("${X}",), KEPT, unread("P is ${X} in place of AWS_IAM")),
        ("door", ORDER, (), ("NONE",), NEW, door("nobody", "everybody", opens=True, public=True)),
        ("door", ORDER, (), (), NEW, door("nobody", "everybody", opens=True, public=True)),
        ("door", ORDER, (), ("Own",), NEW, NOTHING),
        ("door", ORDER, ("NONE",), (), GONE, NOTHING),
        ("door", "a<b<c", (), ("c",), NEW, door("nobody", "c", opens=True)),
        ("door", "a<b<c", (), ("b",), NEW, NOTHING),
        ("door", "a<b<c", ("a",), ("c",), KEPT, door("a", "c", opens=True)),
        ("door", "a<b=d<c", ("b",), ("d",), KEPT, NOTHING),
        ("door", "a<b<c", ("x",), ("a",), KEPT, unread("P is a in place of x")),
        ("door", LIMIT, ("true",), (), KEPT, door("true", "not set", opens=True)),
        ("door", LIMIT, ("true",), (), GONE, door("true", "not set", opens=True)),
        ("door", LIMIT, (), ("true",), NEW, NOTHING),
        ("door", "-<*", (), ("x",), KEPT, door("not set", "set", opens=True)),
        ("door", "-<*", ("x",), (), KEPT, door("set", "not set", opens=False)),
        ("door", "-<*", ("x",), ("y",), KEPT, unread("P is y in place of x")),
        ("door", "-<*", (), ("x",), NEW, door("not set", "set", opens=True)),
        # A list of which each item lets in more.
        ("door", "adds", ("a", "b"), ("b", "c"), KEPT, door("a, b", "b, c", opens=True)),
        ("door", "adds", ("a", "b"), ("b",), KEPT, door("a, b", "b", opens=False)),
        ("door", "adds", (), ("b",), NEW, NOTHING),
        ("door", "adds", ("b",), (), GONE, NOTHING),
        ("grant", "adds", (), ("b",), NEW, door("not set", "b", opens=True)),
        ("grant", "adds", ("b",), (), GONE, door("b", "not set", opens=False)),
        ("member", "adds", ("b",), (), GONE, door("b", "not set", opens=False)),
        ("grant", ORDER, (), ("b",), NEW, door("not set", "b", opens=True)),
        ("member", "a<b", ("b",), (), GONE, door("b", "not set", opens=False)),
        ("door", "any of", ("a",), (), KEPT, door("a", "not set", opens=True)),
        ("door", "any of", (), ("a",), KEPT, door("not set", "a", opens=False)),
        ("door", "any of", (), ("a",), NEW, NOTHING),
        ("door", "any of", ("a",), (), GONE, NOTHING),
        ("door", "any of", ("a",), ("a", "b"), KEPT, door("a", "a, b", opens=True)),
        # What may be anything.
        ("door", "another", ("a",), ("b",), KEPT, unread("P is b in place of a")),
        ("door", "another", (), ("b",), KEPT, NOTHING),
        ("door", "limit", ("a",), ("b",), KEPT, unread("P is b in place of a")),
        ("door", "limit", ("a",), (), KEPT, door("a", "not set", opens=True)),
        ("door", "limit", (), ("a",), KEPT, door("not set", "a", opens=False)),
        ("door", "limit", ("a",), (), GONE, NOTHING),
        ("door", "limit", (), ("a",), NEW, NOTHING),
        ("door", "any", ("a",), (), KEPT, unread("P is not set in place of a")),
        ("door", "any", ("a (not shown) 1a",), ("b",), KEPT, unread("P is b in place of a (not shown)")),
        ("door", "any", (), ("a",), NEW, NOTHING),
        ("door", "any", ("a",), (), GONE, NOTHING),
        # What is not compared.
        ("network", "", ("a",), ("b",), KEPT, left_out("network")),
        ("network", "", (), ("b",), NEW, NOTHING),
        ("network", "", ("b",), (), GONE, NOTHING),
        ("unknown", "unknown type", ("a",), ("b",), KEPT, left_out("unknown type")),
        ("unknown", "unknown type", (), ("b",), NEW, left_out("unknown type")),
    ],
)  # fmt: skip
def test_what_differs_of_a_setting_is_told_by_its_order(
    kind: str, opens: str, was: tuple[str, ...], now: tuple[str, ...], resource: str, expected: SettingChanges
) -> None:
    before = given(setting(kind, opens, *was)) if was else given()
    after = given(setting(kind, opens, *now)) if now or resource == NEW else given()
    actual = setting_changes("R", None if resource == NEW else before, None if resource == GONE else after)
    assert expected == actual


def test_an_unknown_property_that_sounds_like_access_is_undecided_and_not_compared() -> None:
    before, after = (given(setting("unknown", "unknown property", value, path="PublicPolicy")) for value in "ab")
    reason = f"R ({QUEUE}): nobody knows what PublicPolicy gives, which differs"
    left = NotCompared(QUEUE, "R", "PublicPolicy", "unknown property")
    assert SettingChanges(unread=(UnreadPolicy("", reason),), not_compared=(left,)) == setting_changes(
        "R", before, after
    )


def test_a_door_has_its_own_name_and_is_not_public_where_something_else_limits_it() -> None:
    before = given(setting("door", ORDER, "AWS_IAM", door="GET /a"))
    after = given(setting("door", ORDER, "NONE", door="GET /a", is_limited=True))
    assert door("AWS_IAM", "everybody", opens=True, called="GET /a") == setting_changes("R", before, after)


def test_a_setting_of_the_whole_resource_is_called_by_it_and_lists_what_came_and_went() -> None:
    before, after = (given(setting("door", "another", value, path="")) for value in "ab")
    assert unread("now with b, no longer with a") == setting_changes("R", before, after)
    added = given(setting("grant", "adds", "b", path=""))
    assert door("not set", "b", opens=True, called="R") == setting_changes("R", None, added)


A, B, C = "${A.Arn}", "${B.Arn}", "arn:aws:iam::111122223333:role/c"


@pytest.mark.parametrize(
    ("kind", "was", "now", "own", "uses", "doors"),
    [
        (QUEUE, (A,), (B,), (), [(A, B)], []),
        (QUEUE, (A,), (B, C), (), [(A, B)], [("nobody", f"acts as {C}", True)]),
        (QUEUE, (A, C), (B,), (B,), [(A, B)], [(f"acts as {C}", "nobody", False)]),
        (QUEUE, (A, B), (A,), (B,), [], [("acts as B", "nobody", False)]),
        (QUEUE, (A,), (A, B), (B,), [], [("nobody", "acts as B", True)]),
        (PROFILE, (A,), (B, C), (), [(A, B)], []),
        (QUEUE, None, (A, B), (B,), [], [("nobody", "acts as A", True)]),
        (QUEUE, (A, B), None, (B,), [], [("acts as A", "nobody", False)]),
    ],
)
def test_roles_that_are_handed_over_are_paired_and_the_others_are_doors(
    kind: str, was: tuple[str, ...] | None, now: tuple[str, ...] | None, own: tuple[str, ...],
    uses: list[tuple[str, str]], doors: list[tuple[str, str, bool]],
) -> None:  # fmt: skip
    sides = [None if roles is None else given(setting("role", "", *roles), kind=kind) for roles in (was, now)]
    assert SettingChanges(
        doors=tuple(Door("R P", before, after, opens, origin=ORIGIN) for before, after, opens in doors),
        uses=tuple(RoleUse("R", "P", kind, before, after) for before, after in uses),
    ) == setting_changes("R", sides[0], sides[1], own)


OPERATIONS: Any = {
    "/a": {
        "get": {"security": [{"own": ["read", 1], "key": None}, {"also": []}]},
        "x-amazon-apigateway-any-method": {"security": []},
        "parameters": [],
        "GET2": {},
        "Post": {"security": [{"signed": []}]},
        "put": {"x-amazon-apigateway-auth": {"type": "CUSTOM"}, "security": []},
        "delete": {"x-amazon-apigateway-auth": {"type": {"Ref": "X"}}},
    },
    "/b": {"head": {}, "options": None, "patch": "x", "trace": {"security": {"Ref": "X"}}},
    "/c": {"Fn::Transform": {}},
}


def test_each_route_of_a_document_asks_for_its_own_schemes_or_the_documents() -> None:
    body = {
        "security": [{"default": []}],
        "paths": OPERATIONS,
        "securityDefinitions": {"signed": {"x-amazon-apigateway-authtype": "awsSigv4"}, "own": {"b": 1, "a": 2}},
        "components": {"securitySchemes": {"own": {"a": 1}, "key": "text"}},
    }
    settings = list(routes_of_body("Body", body, ORIGIN))
    routes = [(route.door, *route.values) for route in settings if route.opens != "another"]
    assert [
        ("GET /a", "also, key, own read 1"), ("ANY /a", "NONE"), ("POST /a", "AWS_IAM"), ("PUT /a", "CUSTOM"),
        ("DELETE /a", "default"), ("HEAD /b", "default"), ("OPTIONS /b", "default"), ("PATCH /b", "default"),
        ("TRACE /b", "NONE"),
    ] == routes  # fmt: skip
    assert AccessSetting(
        "Body GET /a", "door", "-=AWS_IAM<*~*<NONE!", ("also, key, own read 1",), "GET /a", origin=ORIGIN
    ) == settings[0]  # fmt: skip
    assert settings[0].origin == ORIGIN
    schemes = settings[len(routes) :]
    assert [("Body signed", "door"), ("Body own", "door"), ("Body key", "door")] == [(s.path, s.kind) for s in schemes]
    again = list(routes_of_body("Body", {"securityDefinitions": {"one": {"a": 1}, "two": {"b": 1, "a": 2}}}, None))
    turned = list(routes_of_body("Body", {"securityDefinitions": {"two": {"a": 2, "b": 1}}}, None))
    assert schemes[1].values == again[0].values
    assert again[1].values == turned[0].values
    assert [] == list(routes_of_body("Body", {"Fn::Transform": body}, ORIGIN))


def resource(logical_id: str, kind: str, properties: Any) -> Resource:
    return Resource(logical_id, kind, properties, origin=ORIGIN)


def test_events_of_sam_are_asked_by_their_own_authorizer_or_that_of_their_api() -> None:
    limited = {"Auth": {"DefaultAuthorizer": "Http", "ResourcePolicy": {"a": 1}}}
    limited = {"Auth": {"DefaultAuthorizer": "Http", "ResourcePolicy": {"a": 1}}}
    apis = {
        "${ServerlessRestApi}": resource("Rest", "AWS::Serverless::Api", {"Auth": {"DefaultAuthorizer": "Rest"}}),
        "${Own}": resource("Own", "AWS::Serverless::HttpApi", limited),
    }
    events = {
        "One": {"Type": "Api", "Properties": {"Path": "/one", "Method": "get"}},
        "Two": {"Type": "HttpApi", "Properties": {"Path": "/two", "ApiId": {"Ref": "Own"}}},
        "Three": {"Type": "HttpApi", "Properties": {"Path": "/three", "Method": "ANY"}},
        "Four": {"Type": "Api", "Properties": {"Auth": {"Authorizer": "Mine", "ResourcePolicy": {"b": 1}}}},
        "Five": {"Type": "SQS", "Properties": {}},
        "Six": "text",
        "Seven": {"Type": "HttpApi"},
    }
    function = resource("F", "AWS::Serverless::Function", {"Events": events})
    assert [
        ("Events.One.Properties.Auth.Authorizer", ("Rest",), "GET /one", False),
        ("Events.Two.Properties.Auth.Authorizer", ("Http",), "ANY /two", True),
        ("Events.Three.Properties.Auth.Authorizer", ("NONE",), "ANY /three", False),
        ("Events.Four.Properties.Auth.Authorizer", ("Mine",), "ANY of F", True),
        ("Events.Seven.Properties.Auth.Authorizer", ("NONE",), "ANY of F", False),
    ] == [(route.path, route.values, route.door, route.is_limited) for route in routes_of_events(function, apis)]
    assert {("door", ORDER, ORIGIN)} == {(r.kind, r.opens, r.origin) for r in routes_of_events(function, apis)}
    nested = resource("Inner/F", "AWS::Serverless::Function", {"Events": {"One": events["One"]}})
    inner_api = resource("Inner", "AWS::Serverless::Api", {"Auth": {"DefaultAuthorizer": "In"}})
    assert [("In",)] == [
        route.values for route in routes_of_events(nested, {**apis, "${Inner/ServerlessRestApi}": inner_api})
    ]


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"DefinitionBody": {}, "Auth": {"DefaultAuthorizer": "Own"}}, [("Auth.DefaultAuthorizer", ("Own",))]),
        ({"DefinitionUri": "api.yaml"}, [("Auth.DefaultAuthorizer", ("NONE",))]),
        ({"Auth": {"DefaultAuthorizer": "Own"}}, []),
    ],
)
def test_an_api_with_a_definition_has_a_default_authorizer(properties: Any, expected: list[Any]) -> None:
    settings = list(default_of_definition(resource("A", "AWS::Serverless::Api", properties)))
    assert expected == [(setting.path, setting.values) for setting in settings]
    assert all(("door", ORDER, ORIGIN) == (item.kind, item.opens, item.origin) for item in settings)


@pytest.mark.parametrize(
    ("kind", "properties", "expected"),
    [
        ("AWS::EC2::VPCEndpoint", {}, True),
        ("AWS::EC2::VPCEndpoint", {"VpcEndpointType": ""}, True),
        ("AWS::EC2::VPCEndpoint", {"VpcEndpointType": "Gateway"}, True),
        ("AWS::EC2::VPCEndpoint", {"VpcEndpointType": "Interface"}, False),
        ("AWS::EC2::VPCEndpoint", {"VpcEndpointType": {"Ref": "Kind"}}, False),
        ("aws_vpc_endpoint", {"VpcEndpointType": "Interface"}, True),
        ("aws_vpc_endpoint", {"vpc_endpoint_type": "Interface"}, False),
        ("aws_vpc_endpoint_policy", {}, False),
        ("aws_vpc_endpoint_policy", {"vpc_endpoint_type": "Gateway"}, True),
        ("aws_vpc_endpoint_policy", {"vpc_endpoint_type": "Interface"}, False),
        ("AWS::S3::Bucket", {}, False),
    ],
)
def test_an_endpoint_is_a_gateway_by_its_type_which_is_the_default(
    kind: str, properties: Any, *, expected: bool
) -> None:
    assert expected == is_gateway(kind, properties)
