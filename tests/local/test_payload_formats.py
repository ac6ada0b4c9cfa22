"""Routes of payload format 1.0 on the AWS of this machine: what a handler gets, and which answers it may give."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from projects import remit, write
from remit.local import aws
from web_clients import Answer, Issuer, ask, deployed, signed_headers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

APP = """
import base64, json
from remit import App, on

app = App()
tokens = on.jwt("{issuer}", audience=["shop"], scopes=["orders", "admin"])


@app.function(
    on.api("ANY /echo/{{id}}", auth="NONE"),
    on.api("GET /deep/{{path+}}", auth="NONE"),
    on.api("GET /tokens", auth=tokens),
    on.api("GET /signed"),
    on.api("GET /new", auth="NONE", payload_format_version="2.0"),
    on.api("$default", auth="NONE"),
)
def echo(event, context):
    return {{"statusCode": 200, "body": json.dumps(event)}}


@app.function
def check(event, context):
    return {{"isAuthorized": event["identitySource"] == ["sesame"], "context": {{"word": "simple", "n": 1}}}}


@app.function
def judge(event, context):
    effect = "Allow" if event["headers"].get("x-word") == "sesame" else "Deny"
    statement = {{"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}}
    document = {{"Version": "2012-10-17", "Statement": [statement]}}
    context = {{"word": event["requestContext"]["resourcePath"]}}
    return {{"principalId": "ann", "policyDocument": document, "context": context}}


word = ["$request.header.x-word"]


@app.function(
    on.api("GET /cave", auth=on.authorizer(check, identity_source=word)),
    on.api("GET /court", auth=on.authorizer(judge, identity_source=word, payload_format_version="1.0")),
)
def cave(event, context):
    return {{"statusCode": 200, "body": json.dumps(event["requestContext"]["authorizer"])}}


@app.function(on.api("GET /answers/{{kind}}", auth="NONE"))
def answers(event, context):
    return {{
        "many": {{"statusCode": 201, "headers": {{"x-a": "1", "x-b": "1"}}, "multiValueHeaders": {{
            "set-cookie": ["a=1", "b=2"], "x-b": ["2"]}}, "body": "many"}},
        "bytes": {{"statusCode": 200, "headers": {{"content-type": "image/png"}}, "isBase64Encoded": True,
                  "body": base64.b64encode(bytes(range(256))).decode()}},
        "cookies": {{"statusCode": 200, "cookies": ["a=1"]}},
        "none": {{"hello": "world"}},
        "text": "hello",
    }}[event["pathParameters"]["kind"]]


@app.function(on.api("GET /fails", auth="NONE"))
def fails(event, context):
    raise ValueError("a secret")


app.web("page:api", on.api("GET /site", auth="NONE"), interface="asgi")
"""
PAGE = """
async def api(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": scope["path"].encode()})
"""
CONFIG = """
from remit import configure

with configure() as config:
    config.api.payload_format_version = "1.0"
"""


@dataclass(frozen=True, slots=True)
class Shop:
    """The deployed app."""

    folder: Path
    here: aws.LocalAws
    address: str
    issuer: Issuer

    def ask(self, path: str, method: str = "GET", body: str | bytes | None = None, **headers: str) -> Answer:
        return ask(method, self.address + path, {name.replace("_", "-"): text for name, text in headers.items()}, body)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The app, all of whose routes send format 1.0 but one."""
    issuer = Issuer()
    folder = tmp_path_factory.mktemp("project") / "shop"
    files = {"app.py": APP.format(issuer=issuer.address), "config/deploy.py": CONFIG, "page.py": PAGE}
    write(folder, files)
    with deployed(folder) as outputs:
        yield Shop(folder, aws.start(folder), outputs["ApiUrl"], issuer)
    issuer.close()


def test_an_event_has_the_members_of_format_1(shop: Shop) -> None:
    event = shop.ask("/echo/a%20b?x=1&x=2&y=", "POST", "text", cookie="a=1; b=2", content_type="text/plain").json
    context = event["requestContext"]
    assert ("1.0", "POST", "/echo/{id}", "/echo/a b") == tuple(
        event[name] for name in ("version", "httpMethod", "resource", "path")
    )
    assert ({"id": "a b"}, "text", False) == (event["pathParameters"], event["body"], event["isBase64Encoded"])
    assert {"x": "2", "y": ""} == event["queryStringParameters"]
    assert {"x": ["1", "2"], "y": [""]} == event["multiValueQueryStringParameters"]
    assert ("a=1; b=2", ["a=1; b=2"]) == (event["headers"]["cookie"], event["multiValueHeaders"]["cookie"])
    assert ("POST", "/echo/{id}", "/echo/a b", "$default", None) == tuple(
        context[name] for name in ("httpMethod", "resourcePath", "path", "stage", "resourceId")
    )
    assert {"claims": None, "scopes": None} == context["authorizer"]
    assert "127.0.0.1" == context["identity"]["sourceIp"]
    assert not {"rawPath", "cookies", "routeKey"} & event.keys()


def test_what_a_request_lacks_is_null(shop: Shop) -> None:
    event = shop.ask("/nowhere").json
    assert ("$default", None, None, None, None) == tuple(
        event[name]
        for name in ("resource", "queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "body")
    )


def test_a_body_of_bytes_comes_in_base64(shop: Shop) -> None:
    event = shop.ask("/echo/1", "POST", b"\x89PNG", content_type="image/png").json
    assert (True, b"\x89PNG") == (event["isBase64Encoded"], base64.b64decode(event["body"]))


def test_a_variable_takes_the_rest_of_the_path(shop: Shop) -> None:
    event = shop.ask("/deep/a/b").json
    assert ("/deep/{path+}", {"path": "a/b"}) == (event["resource"], event["pathParameters"])


def test_a_route_may_send_the_other_format(shop: Shop) -> None:
    event = shop.ask("/new").json
    assert ("2.0", "/new") == (event["version"], event["rawPath"])


def test_who_asks_stands_in_the_place_of_format_1(shop: Shop) -> None:
    token = shop.ask("/tokens", authorization=f"Bearer {shop.issuer.token()}").json["requestContext"]["authorizer"]
    assert ("ann", ["orders"]) == (token["claims"]["sub"], token["scopes"])
    url = f"{shop.address}/signed"
    signed = ask("GET", url, signed_headers(shop.here, "GET", url)).json["requestContext"]
    assert shop.here.access_key_id == signed["identity"]["accessKey"]
    assert signed["identity"]["userArn"].startswith("arn:aws:iam::")


def test_the_context_of_an_authorizer_lies_directly_below(shop: Shop) -> None:
    assert {"word": "simple", "n": 1} == shop.ask("/cave", x_word="sesame").json
    assert 403 == shop.ask("/cave", x_word="other").status
    assert {"word": "/court", "principalId": "ann"} == shop.ask("/court", x_word="sesame").json
    assert 403 == shop.ask("/court", x_word="other").status


def test_an_answer_may_have_several_headers_of_one_name(shop: Shop) -> None:
    answer = shop.ask("/answers/many")
    assert (201, "many") == (answer.status, answer.body)
    assert (["a=1", "b=2"], ["1"], ["2"]) == (answer.all("set-cookie"), answer.all("x-a"), answer.all("x-b"))


def test_an_answer_of_bytes_is_sent_as_they_are(shop: Shop) -> None:
    answer = shop.ask("/answers/bytes")
    assert (["image/png"], bytes(range(256))) == (answer.all("content-type"), answer.content)


def test_cookies_of_format_2_are_none_in_format_1(shop: Shop) -> None:
    assert (200, []) == (shop.ask("/answers/cookies").status, shop.ask("/answers/cookies").all("set-cookie"))


@pytest.mark.parametrize("kind", ["none", "text"])
def test_what_is_no_answer_in_format_1_is_an_error(shop: Shop, kind: str) -> None:
    answer = shop.ask(f"/answers/{kind}")
    assert (500, {"message": "Internal Server Error"}) == (answer.status, answer.json)


def test_a_handler_that_fails_says_nothing_of_why(shop: Shop) -> None:
    answer = shop.ask("/fails")
    assert (500, False) == (answer.status // 100 * 100, "secret" in answer.body)


def test_a_web_app_gets_format_2_whatever_the_app_says(shop: Shop) -> None:
    assert "/site" == shop.ask("/site").body


def test_events_without_a_deploy_have_the_format_of_the_route(shop: Shop) -> None:
    here = ("-C", str(shop.folder))
    printed = json.loads(remit("event", "api", "echo", *here).out)
    assert ("1.0", "/echo/{id}", {"id": "example"}) == tuple(
        printed[name] for name in ("version", "resource", "pathParameters")
    )
    invoked = remit("invoke", "--local", "echo", "--http", "GET /echo/7?x=1&x=2", *here)
    event: dict[str, Any] = json.loads(json.loads(invoked.out)["body"])
    sent = shop.ask("/echo/7?x=1&x=2").json
    assert sent.keys() == event.keys()
    assert sent["requestContext"].keys() == event["requestContext"].keys()
    own = ("version", "path", "resource", "queryStringParameters", "multiValueQueryStringParameters", "pathParameters")
    assert {name: sent[name] for name in own} == {name: event[name] for name in own}
    printed_new = json.loads(remit("invoke", "--local", "echo", "--http", "GET /new", *here).out)
    assert "2.0" == json.loads(printed_new["body"])["version"]
