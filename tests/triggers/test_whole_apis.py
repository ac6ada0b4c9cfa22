"""Everything that a rich app's APIs are made of, and everything that is in an event, in reviewed golden files.

What stands in the files was read against the pages of AWS::ApiGateway and AWS::ApiGatewayV2 (CloudFormation), and
those of the payload formats (Amazon API Gateway Developer Guide); cfn-lint reads such templates in `test_rest.py` and
`test_api.py`. `python tests/triggers/test_whole_apis.py` writes them again.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from remit.app import ApiSettings, App, Function
from remit.errors import Origin
from remit.triggers import http_api, rest_api, websocket_api
from remit.triggers.api import Api
from remit.triggers.authorizer import Authorizer
from remit.triggers.http import Http
from remit.triggers.http_api_body import invoking_role
from remit.triggers.http_events import http_event, request_line
from remit.triggers.jwt import Jwt
from remit.triggers.rest import Rest
from remit.triggers.rest_settings import RestSettings
from remit.triggers.sample_events import event_for, sample_event
from remit.triggers.user_pool import UserPool
from remit.triggers.websocket import Websocket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from remit.app import Output, Resource

GOLDEN: Final = Path(__file__).parent / "golden"
POOL: Final = "eu-central-1_AbCdEf123"
CERTIFICATE: Final = "arn:aws:acm:eu-central-1:111122223333:certificate/1"
SCHEMA: Final = {"type": "object", "required": ["sku"]}


def line(number: int) -> Origin:
    return Origin("app.py", number)


def functions(*routes: tuple[Any, ...]) -> tuple[Function, ...]:
    """Three functions, at the lines 1, 2 and 3, of which the first may run for longer than an API waits."""
    made = []
    for number, (name, triggers) in enumerate(zip(("orders", "stock", "check"), routes, strict=True), 1):
        written = [trigger.at(line(number * 100 + place)) for place, trigger in enumerate(triggers)]
        made.append(Function(name, name.title(), f"app.{name}", {}, tuple(written), origin=line(number)))
    made[0] = replace(made[0], properties={"Timeout": 30}, written={"Timeout": line(50)})
    made[1] = replace(made[1], properties={"Timeout": 31}, written={"Timeout": line(51)})
    return tuple(made)


OF_TOKENS: Final = Authorizer(
    "check",
    identity_source=["method.request.header.x-key"],
    cache=60,
    token=True,
    identity_validation_expression="^x",
)
OF_REQUESTS: Final = Authorizer("check", identity_source=["$request.querystring.k", "$context.path"])
IN_FORMAT_1: Final = Authorizer(
    "check", identity_source=["method.request.header.k"], cache=3600, payload_format_version="1.0"
)
OF_ANYONE: Final = Authorizer("app.check", identity_source=[])
LIMITS: Final[dict[str, Any]] = {"throttling_burst_limit": 5, "throttling_rate_limit": 2.5, "access_log": True}
DOMAIN: Final[dict[str, Any]] = {"domain_name": "api.shop.example", "certificate_arn": CERTIFICATE}
REST: Final = App(
    "shop",
    "dev",
    functions(
        (Rest("ANY /b", auth="NONE", api_key=True), Rest("GET /a/{id}", auth=UserPool(POOL), query=["p"])),
        (
            Rest("PUT /b/c", auth=OF_TOKENS, body=SCHEMA, query=["q"]),
            Rest("OPTIONS /a/{id}", auth=OF_REQUESTS),
            Rest("GET /", query=["z"]),
            Rest("POST /", body=dict(reversed(SCHEMA.items()))),
        ),
        (),
    ),
    rest=RestSettings(
        **LIMITS,
        **DOMAIN,
        access_log_retention=None,
        cors_configuration={
            "AllowOrigins": ["https://a.example"],
            "AllowMethods": ["PUT", "GET"],
            "AllowHeaders": [],
            "AllowCredentials": True,
            "ExposeHeaders": ["x-a"],
            "MaxAge": 60,
        },
        properties={"DisableExecuteApiEndpoint": True, "Description": "orders"},
        binary_media_types=("image/png",),
        stage_name="v1",
        variables={"a": "b"},
        usage_plans={
            "basic": {"Keys": ["partner", "own"], "Quota": {"Limit": 5, "Period": "DAY"}},
            "open": {"Throttle": {"RateLimit": 1}},
        },
        written={
            name: line(10 + at) for at, name in enumerate(("properties", "cors", "usage_plans", "domain_name"))
        },
    ),
)  # fmt: skip
PLAIN_REST: Final = App(
    "shop",
    "dev",
    functions((Rest("GET /", api_key=True),), (Rest("ANY /a", auth="NONE"),), (Rest("PUT /a"),)),
    rest=RestSettings(
        cors_configuration={"AllowOrigins": ["*"], "AllowCredentials": False, "MaxAge": 0},
        usage_plans={"basic": {"Keys": []}},
        access_log=True,
        access_log_format="$context.ip",
        tracing=True,
    ),
)
HTTP: Final = App(
    "shop",
    "dev",
    functions(
        (
            Api("ANY /b", auth="NONE"),
            Api("GET /a/{id}", auth=Jwt("http://localhost:1", ["shop"], scopes=["a", "b"])),
            Api("GET /b/{rest+}", auth=Jwt("http://localhost:1", ["staff"]), payload_format_version="1.0"),
        ),
        (
            Api("PUT /b/c", auth=IN_FORMAT_1),
            Api("GET /", auth=OF_ANYONE),
            Api("$default", auth=UserPool(POOL, clients=["web", "app"])),
        ),
        (Api("PUT /", auth=OF_ANYONE),),
    ),
    api=ApiSettings(
        **LIMITS,
        **DOMAIN,
        access_log_retention=14,
        cors_configuration={"AllowOrigins": ["https://a.example"]},
        disable_execute_api_endpoint=True,
        written={"domain_name": line(10)},
    ),
)
PLAIN_HTTP: Final = App(
    "shop",
    "dev",
    functions((Api("$default"),), (Api("ANY /{rest+}"), Api("OPTIONS /{rest+}", auth="NONE")), ()),
    api=ApiSettings(cors_configuration={"AllowOrigins": ["*"]}, payload_format_version="1.0"),
)
SOCKET: Final = App(
    "shop",
    "dev",
    functions(
        (Websocket("$connect", auth="NONE"), Websocket("sayIt", reply=True)), (Websocket("$default"),), ()
    ),
    websocket=ApiSettings(throttling_rate_limit=3, route_selection_expression="$request.body.kind"),
)  # fmt: skip
APIS: Final[dict[str, tuple[Any, App]]] = {
    "rest": (rest_api, REST),
    "rest, plain": (rest_api, PLAIN_REST),
    "http": (http_api, HTTP),
    "http, plain": (http_api, PLAIN_HTTP),
    "http, in its body": (http_api, replace(HTTP, api=replace(HTTP.api, routes_in_body=True), tags={"team": "shop"})),
    "websocket": (websocket_api, SOCKET),
}


def api_of(name: str) -> dict[str, Any]:
    api, app = APIS[name]
    resources: Iterable[Resource] = api.resources(app)
    outputs: Iterable[Output] = api.outputs(app)
    return {
        "resources": {
            made.logical_id: [made.type, dict(made.properties), dict(made.attributes), made.origin and made.origin.line]
            for made in resources
        },
        "outputs": [[output.name, output.value, output.description] for output in outputs],
        "notes": list(api.notes(app)),
        "mistakes": [[str(mistake), mistake.hint] for check in api.CHECKS for mistake in check(app.functions)],
    }


def test_the_role_of_an_api_calls_each_function_of_a_route_and_each_that_authorizes_once() -> None:
    role = invoking_role(APIS["http, in its body"][1])
    assert ("HttpApiRole", ("apigateway.amazonaws.com",), line(1)) == (role.logical_id, role.trusts, role.origin)
    assert [
        (f"${{{name.title()}Function.Arn}}", f"{name} is called by the HTTP API", line(number))
        for number, name in enumerate(("orders", "stock", "check"), 1)
    ] == [
        (grant.statement.resources and grant.statement.resources.patterns[0], grant.because, grant.origin)
        for grant in role.grants
    ]
    asked = replace(PLAIN_HTTP, functions=functions((Api("GET /", auth=OF_ANYONE),), (), ()))
    assert ["orders", "check"] == [grant.because.partition(" ")[0] for grant in invoking_role(asked).grants]


REQUESTS: Final[dict[str, tuple[tuple[Any, ...], str, str | None]]] = {
    "a URL, signed": ((Http(),), "POST /a%20b?x=1&y=&x=2%263", '{"a": "ä"}'),
    "a URL, open": ((Http(auth="NONE"),), "GET /a%20b", None),
    "no URL where a route answers": ((Http(), Api("POST /a")), "POST /a?q", ""),
    "a URL where no route answers": ((Http(), Api("POST /a"), Api("GET /a.b/{id}")), "GET /axb/1", None),
    "a route with variables": (
        (Api("ANY /a.b/{id}/c/{x}/{rest+}"), Api("PUT /a.b/{id}/d")), "PUT /a.b/1%2F2/c/%20/d/e?z=%C3%A4", "text"
    ),
    "a route with a token": ((Api("$default", auth=Jwt("https://id.example", ["a"], scopes=["s", "t"])),), "/", None),
    "a route of format 1.0": ((Api("DELETE /{id}", payload_format_version="1.0"),), "DELETE /a%20b?x=1&x=2", "[]"),
    "a route of REST": ((Rest("ANY /{id}/{r+}", auth=UserPool(POOL, scopes=["s"])),), "PUT /a%20b/c/d?x=1&x=2", "{}"),
    "a route of REST, open": ((Rest("GET /", auth="NONE"),), "/", None),
}  # fmt: skip
SAMPLES: Final[dict[str, tuple[str, Any]]] = {
    "api": ("api", Api("PATCH /a/{id}/{rest+}", auth=UserPool(POOL, clients=["web"], scopes=["s", "t"]))),
    "api, signed": ("api", Api("ANY /a")),
    "api, asks a function": ("api", Api("$default", auth=OF_REQUESTS)),
    "api, any token": ("api", Api("DELETE /a", auth=Jwt("https://id.example", ["a"]))),
    "api of format 1.0": ("api", Api("GET /a", payload_format_version="1.0")),
    "rest": ("rest", Rest("POST /a/{id}", auth=OF_TOKENS)),
    "websocket": ("websocket", Websocket("say")),
    "websocket, default": ("websocket", Websocket("$default")),
    "websocket, end": ("websocket", Websocket("$disconnect")),
}


def app_of(*triggers: Any) -> App:
    function = Function("hello", "Hello", "app.hello", {}, triggers)
    socket = ApiSettings(route_selection_expression="$request.body.kind")
    return App("shop", "dev", (function,), rest=RestSettings(variables={"a": "b"}), websocket=socket)


def event_of(name: str) -> Any:
    if name in SAMPLES:
        sample, trigger = SAMPLES[name]
        app = app_of(trigger)
        return event_for(sample_event(sample), app, app.functions[0])
    triggers, request, body = REQUESTS[name]
    app = app_of(*triggers)
    return http_event(app, app.functions[0], request_line(request), body)


GOLDENS: Final[dict[str, tuple[Callable[[str], Any], Iterable[str]]]] = {
    "apis": (api_of, APIS),
    "api_events": (event_of, (*REQUESTS, *SAMPLES)),
}


@pytest.mark.parametrize(("file", "name"), [(file, name) for file, (_, names) in GOLDENS.items() for name in names])
def test_an_api_and_an_event_are_as_they_were_reviewed(file: str, name: str) -> None:
    made, _ = GOLDENS[file]
    expected = json.loads((GOLDEN / f"{file}.json").read_text("utf-8"))[name]
    text = json.dumps(made(name), default=dict)
    assert expected == json.loads(text)
    assert json.dumps(expected) == text, "the order of its parts"


if __name__ == "__main__":
    for file, (made, names) in GOLDENS.items():
        text = json.dumps({name: made(name) for name in names}, indent=1, ensure_ascii=False, default=dict)
        (GOLDEN / f"{file}.json").write_text(f"{text}\n", "utf-8")
