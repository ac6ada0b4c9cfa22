"""The event of a request: what AWS documents of payload format 2.0, for the route or URL that answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.app import App, Function
from remit.errors import RemitError
from remit.triggers.api import Api
from remit.triggers.http import Http
from remit.triggers.http_events import RequestLine, http_event, request_line
from remit.triggers.rest import Rest
from remit.triggers.sample_events import event_for, sample_event
from remit.triggers.user_pool import UserPool

if TYPE_CHECKING:
    from conftest import Make

FUNCTION = "@app.function({})\ndef hello(event, context): ...\n"


def event_of(make: Make, triggers: str, request: str, body: str | None = None) -> dict[str, Any]:
    project = make(app="from remit.triggers import api, authorizer, rest\n" + FUNCTION.format(triggers))
    app = project.load()
    return http_event(app, app.functions[0], request_line(request), body)


@pytest.mark.parametrize("text", ["orders", "FETCH /", "ANY /", "GET /a b", "GET /a\tb", ""])
def test_what_is_no_request_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(RemitError) as caught:
        request_line(text)
    assert "write it like 'GET /orders?x=1'" == caught.value.hint


def test_a_request_without_a_method_is_a_get() -> None:
    assert "GET /orders" == str(request_line("/orders?x=1"))


def test_a_request_is_a_method_a_path_and_a_query_and_its_fragment_is_none_of_them() -> None:
    assert RequestLine("PUT", "/a", "x=1?") == request_line(" put  /a?x=1?#top?y=2 ")


def test_a_url_that_is_open_names_no_caller(make: Make) -> None:
    context = event_of(make, 'http(auth="NONE")', "/")["requestContext"]
    assert (False, "GET") == ("authorizer" in context, context["http"]["method"])


def test_a_url_for_signed_requests_names_the_caller(make: Make) -> None:
    assert "iam" in event_of(make, "http()", "/")["requestContext"]["authorizer"]


def test_a_request_without_query_and_body_has_neither(make: Make) -> None:
    event = event_of(make, "http()", "GET /")
    assert {"body", "queryStringParameters", "cookies"}.isdisjoint(event)
    assert "" == event["rawQueryString"]


def test_a_body_of_json_says_so(make: Make) -> None:
    event = event_of(make, "http()", "POST /", '{"a": 1}')
    assert ('{"a": 1}', "application/json", "8") == (
        event["body"], event["headers"]["content-type"], event["headers"]["content-length"],
    )  # fmt: skip


def test_variables_are_decoded_and_the_last_may_take_the_rest(make: Make) -> None:
    event = event_of(make, 'api("ANY /files/{owner}/{rest+}")', "PUT /files/a%20b/x/y")
    assert ({"owner": "a b", "rest": "x/y"}, "/files/a b/x/y") == (event["pathParameters"], event["rawPath"])


BY_SPECIFICITY: Final = (
    "GET /pets/dog/1",
    "GET /pets/dog/{id}",
    "GET /{kind}/{animal}/{id}",
    "GET /pets/dog/{proxy+}",
    "GET /pets/{proxy+}",
    "ANY /{proxy+}",
    "$default",
)
"""Those of "Create routes for HTTP APIs" (Amazon API Gateway Developer Guide), as they come for GET /pets/dog/1."""
QUERIES: Final = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["", "1", "x y", "ä&="])), max_size=4)


def function_of(*triggers: Any) -> Function:
    return Function("hello", "Hello", "app.hello", {}, triggers)


@settings(max_examples=cases(15, deep=120))
@given(st.permutations(BY_SPECIFICITY), st.integers(1, 7))
def test_the_most_specific_route_answers_in_whatever_order_they_stand(routes: list[str], count: int) -> None:
    function = function_of(*(Api(route) for route in routes[:count]))
    event = http_event(App("shop", "dev", (function,)), function, request_line("GET /pets/dog/1"))
    assert event["routeKey"] == min(routes[:count], key=BY_SPECIFICITY.index)


@settings(max_examples=cases(15, deep=300))
@given(QUERIES, st.sampled_from([Api("GET /a"), Http(), Rest("GET /a")]))
def test_each_value_of_a_parameter_arrives_also_one_that_is_empty(pairs: list[tuple[str, str]], trigger: Any) -> None:
    function = function_of(trigger)
    line = request_line(f"GET /a?{urlencode(pairs)}")
    event = http_event(App("shop", "dev", (function,)), function, line)
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    if isinstance(trigger, Rest):
        assert event["multiValueQueryStringParameters"] == (values or None)
        assert event["queryStringParameters"] == ({name: of[-1] for name, of in values.items()} or None)
    else:
        assert event.get("queryStringParameters") == ({name: ",".join(of) for name, of in values.items()} or None)
        assert event["rawQueryString"] == urlencode(pairs)


def test_a_request_to_the_rest_api_has_all_values_of_a_parameter_and_the_last(make: Make) -> None:
    event = event_of(make, 'rest("ANY /files/{owner}/{rest+}")', "PUT /files/a%20b/x/y?a=1&a=2", '{"b": 3}')
    assert ("/files/{owner}/{rest+}", "/files/a%20b/x/y", "PUT") == (
        event["resource"],
        event["path"],
        event["httpMethod"],
    )
    assert {"owner": "a b", "rest": "x/y"} == event["pathParameters"]
    assert ({"a": "2"}, {"a": ["1", "2"]}) == (event["queryStringParameters"], event["multiValueQueryStringParameters"])
    assert ('{"b": 3}', ["application/json"]) == (event["body"], event["multiValueHeaders"]["content-type"])
    assert "/dev/files/a%20b/x/y" == event["requestContext"]["path"]


def test_what_a_request_to_the_rest_api_has_not_is_null(make: Make) -> None:
    event = event_of(make, 'rest("GET /", auth=authorizer("hello"))', "/")
    names = ("queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables", "body")
    assert [None] * 5 == [event[name] for name in names]
    assert {"principalId": "example", "key": "value"} == event["requestContext"]["authorizer"]


@pytest.mark.parametrize(
    "routes", [("/{rest+}", "/a/{rest+}"), ("/a/{rest+}", "/{rest+}"), ("/a/b/{rest+}", "/a/{rest+}")]
)
def test_of_two_routes_that_take_the_rest_the_longer_one_answers(routes: tuple[str, str]) -> None:
    function = Function("hello", "Hello", "app.hello", {}, tuple(Api(f"GET {route}") for route in routes))
    event = http_event(App("shop", "dev", (function,)), function, request_line("GET /a/b/c"))
    assert f"GET {max(routes, key=len)}" == event["requestContext"]["routeKey"]


def test_the_length_of_a_body_is_counted_in_bytes() -> None:
    function = Function("hello", "Hello", "app.hello", {}, (Http(),))
    event = http_event(App("shop", "dev", (function,)), function, request_line("POST /"), "für dich")
    assert ("9", "text/plain") == (event["headers"]["content-length"], event["headers"]["content-type"])


@pytest.mark.parametrize(
    ("route", "has_body", "variables"), [("GET /a/{id}", 0, {"id": "example"}), ("POST /a", 1, None)]
)
def test_an_example_request_has_a_body_and_variables_where_its_route_has(
    route: str, has_body: int, variables: dict[str, str] | None
) -> None:
    function = Function("hello", "Hello", "app.hello", {}, (Api(route),))
    event = event_for(sample_event("api"), App("shop", "dev", (function,)), function)
    assert (bool(has_body), variables) == ("body" in event, event.get("pathParameters"))


def test_a_request_to_the_rest_api_has_the_claims_of_a_token_and_no_scopes_beside_them() -> None:
    users = UserPool("eu-central-1_AbCdEf123", scopes=["orders"])
    function = Function("hello", "Hello", "app.hello", {}, (Rest("GET /", auth=users),))
    event = event_for(sample_event("rest"), App("shop", "dev", (function,)), function)
    assert {"claims"} == set(event["requestContext"]["authorizer"])
    assert "orders" == event["requestContext"]["authorizer"]["claims"]["scope"]
