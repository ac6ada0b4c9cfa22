"""What the gate says of a request before anybody decides it, and what an answer becomes on its way out."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import cbor2
import pytest

from remit.local import gate
from remit.local.authorization.canonical_request import canonical_request
from remit.local.request import ReceivedRequest, RefusedRequest
from remit.local.routes import app_prefix, is_answer, is_keys_of_user_pool, is_this_machine

if TYPE_CHECKING:
    from collections.abc import Mapping

FORM = "application/x-www-form-urlencoded"
PAGE = "https://shop.example"
UPLOAD = "multipart/form-data; boundary=x"
SIGNED_URL = "X-Amz-Credential=A/20260101/eu-west-1/s3/aws4_request&X-Amz-Signature=0"


def received(method: str, target: str, **headers: str) -> ReceivedRequest:
    path, _, query = target.partition("?")
    return ReceivedRequest(method, path, query, {name.replace("_", "-"): (text,) for name, text in headers.items()})


@pytest.mark.parametrize(
    ("request_", "is_of_page"),
    [
        (received("POST", "/"), False),
        (received("POST", "/", sec_fetch_site="none"), False),
        (received("GET", f"/shop/a?{SIGNED_URL}", origin=PAGE), True),
        (received("GET", f"/shop/a?{SIGNED_URL}", sec_fetch_site="same-origin"), True),
        (received("OPTIONS", "/shop/a", origin=PAGE), True),
        (received("POST", "/shop", origin=PAGE, content_type=UPLOAD), True),
        (received("POST", "/shop", origin=PAGE), None),
        (received("GET", "/shop/a", sec_fetch_site="cross-site"), None),
        (received("GET", f"/a?{SIGNED_URL.replace('s3', 'sqs')}", origin=PAGE), None),
    ],
)
def test_a_page_may_send_what_somebody_signed_for_it_and_nothing_else(
    request_: ReceivedRequest, *, is_of_page: bool | None
) -> None:
    if is_of_page is None:
        with pytest.raises(RefusedRequest, match="does not answer pages"):
            gate._is_of_page(request_)
    else:
        assert is_of_page == gate._is_of_page(request_)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (received("POST", "/", content_type=FORM, content_length="9"), True),
        (received("GET", "/?Action=AssumeRoleWithWebIdentity"), True),
        (received("POST", "/", content_type=FORM, content_length="200000"), True),
        (received("POST", "/", content_type=FORM, content_length="200001"), False),
        (received("POST", "/", content_type=FORM, content_length="x"), False),
        (received("POST", "/", content_type=FORM, transfer_encoding="chunked"), False),
        (received("POST", "/", content_type=FORM, authorization="AWS4-HMAC-SHA256"), False),
        (received("POST", "/?X-Amz-Signature=0", content_type=FORM), False),
        (received("POST", "/a", content_type=FORM), False),
        (received("POST", "/", content_type="application/json"), False),
        (received("GET", "/?Action=AssumeRole"), False),
    ],
)
def test_a_token_of_a_provider_comes_in_a_short_form_that_nobody_signs(
    request_: ReceivedRequest, *, expected: bool
) -> None:
    assert expected == gate._has_token(request_)


@pytest.mark.parametrize("hosts", [(), ("127.0.0.1", "127.0.0.1"), ("evil.example",)])
def test_a_request_names_this_machine_once(hosts: tuple[str, ...]) -> None:
    with pytest.raises(RefusedRequest, match="does not answer to the host"):
        gate._host(ReceivedRequest("GET", "/", "", {"host": hosts} if hosts else {}))
    assert "127.0.0.1:1" == gate._host(ReceivedRequest("GET", "/", "", {"host": ("127.0.0.1:1",)}))


@pytest.mark.parametrize(
    ("kind", "size", "is_taken"),
    [("Event", 1 << 20, True), ("Event", (1 << 20) + 1, False), (None, 6 << 20, True), (None, (6 << 20) + 1, False)],
)
def test_an_event_is_as_large_as_lambda_takes_it(kind: str | None, size: int, *, is_taken: bool) -> None:
    headers = {} if kind is None else {"x_amz_invocation_type": kind}
    request = received("POST", "/2015-03-31/functions/f/invocations", host="127.0.0.1", **headers)
    asked = canonical_request(request, "lambda", b"0" * size)
    if is_taken:
        gate._check_size(asked)
    else:
        with pytest.raises(RefusedRequest, match=f"smaller than {size - 1} bytes"):
            gate._check_size(asked)


ANSWER_ID = "0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f"
POOL_KEYS = "/eu-west-1_aB3/.well-known/jwks.json"


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("PUT", f"/_ministack/cfn-response/{ANSWER_ID}", (True, False)),
        ("PUT", f"/_ministack/cfn-signal/{ANSWER_ID}", (True, False)),
        ("POST", f"/_ministack/cfn-response/{ANSWER_ID}", (False, False)),
        ("PUT", f"/_ministack/cfn-response/{ANSWER_ID}/x", (False, False)),
        ("GET", POOL_KEYS, (False, True)),
        ("GET", POOL_KEYS.replace("jwks.json", "openid-configuration"), (False, True)),
        ("POST", POOL_KEYS, (False, False)),
        ("GET", f"{POOL_KEYS}/x", (False, False)),
    ],
)
def test_answers_to_cloudformation_and_questions_for_keys_of_users_come_in_by_their_method_and_path(
    method: str, path: str, expected: tuple[bool, bool]
) -> None:
    assert expected == (is_answer(method, path), is_keys_of_user_pool(ReceivedRequest(method, path, "", {})))


@pytest.mark.parametrize(
    ("host", "path", "prefix"),
    [
        (f"{'a' * 32}.lambda-url.eu-west-1.localhost:4566", "/x", f"/_aws/lambda-url/{'a' * 32}"),
        ("0a1b2c3d.execute-api.localhost", "", "/_aws/execute-api/0a1b2c3d"),
        ("0a1b2c3d.execute-api.localhost", "/prod/@connections/x", None),
        ("localhost", "/_aws/execute-api/0a1b2c3d/", ""),
        ("localhost", "/_aws/execute-api/0a1b2c3d/prod/@connections/x", None),
        ("localhost", "/_aws/execute-api/0a1b2c3/", None),
        ("s3.localhost", "/x", None),
    ],
)
def test_a_path_of_the_app_is_one_behind_the_id_of_a_url_or_an_api(host: str, path: str, prefix: str | None) -> None:
    assert prefix == app_prefix(host, path)
    assert is_this_machine(host.upper())


def test_an_object_of_s3_may_be_larger_than_an_event() -> None:
    request = received("PUT", "/shop/a", host="127.0.0.1")
    gate._check_size(canonical_request(request, "s3", b"0" * ((6 << 20) + 1)))


@pytest.mark.parametrize(
    ("path", "length", "is_taken"),
    [
        ("/_aws/lambda-url/a/", 6 << 20, True),
        ("/_aws/lambda-url/a/", (6 << 20) + 1, False),
        ("/_aws/execute-api/a/", 10 << 20, True),
        ("/_aws/execute-api/a/", (10 << 20) + 1, False),
    ],
)
def test_a_request_to_the_app_is_as_large_as_its_door_takes_it(path: str, length: int, *, is_taken: bool) -> None:
    request = received("POST", path, content_length=str(length))
    if is_taken:
        gate._check_size_of_call(request, path)
    else:
        with pytest.raises(RefusedRequest):
            gate._check_size_of_call(request, path)


REFUSED = RefusedRequest("AccessDeniedException", "not <you>", 403)
MEMBERS = {"__type": "AccessDeniedException", "message": "not <you>"}
ERROR = "<Code>AccessDeniedException</Code><Message>not &lt;you&gt;</Message>"


def signed_for(service: str, **headers: str) -> ReceivedRequest:
    return received("POST", "/", authorization=f"Credential=A/20260101/eu-west-1/{service}/aws4_request", **headers)


@pytest.mark.parametrize(
    ("request_", "content_type", "beginning"),
    [
        (signed_for("dynamodb"), "application/x-amz-json-1.1", ""),
        (signed_for("sns", content_type=FORM), "text/xml", "<ErrorResponse><Error><Type>Sender</Type>"),
        (signed_for("ec2", content_type=FORM), "text/xml", "<Response><Errors><Error>"),
        (signed_for("s3"), "text/xml", "<?xml"),
        (signed_for("route53"), "text/xml", "<ErrorResponse>"),
        (received("GET", f"/shop/a?{SIGNED_URL.replace('/', '%2F')}"), "text/xml", "<?xml"),
        (received("GET", "/a?AWSAccessKeyId=a&Signature=b&Expires=1"), "text/xml", "<?xml"),
        (received("POST", "/shop", content_type=UPLOAD), "text/xml", "<?xml"),
        (received("GET", "/"), "application/x-amz-json-1.1", ""),
    ],
)
def test_a_refusal_has_the_shape_that_its_reader_knows(
    request_: ReceivedRequest, content_type: str, beginning: str
) -> None:
    headers, body = gate._refusal(REFUSED, request_)
    assert {"x-amzn-errortype": "AccessDeniedException", "content-type": content_type} == headers
    if beginning:
        assert body.decode().startswith(beginning)
        assert ERROR in body.decode()
    else:
        assert MEMBERS == json.loads(body)


def test_services_of_an_older_protocol_have_the_code_as_it_was_and_cbor_is_answered_in_cbor() -> None:
    headers, body = gate._refusal(REFUSED, signed_for("sqs"))
    assert ("AccessDenied;Sender", MEMBERS) == (headers["x-amzn-query-error"], json.loads(body))
    headers, body = gate._refusal(REFUSED, signed_for("monitoring", smithy_protocol="rpc-v2-cbor"))
    named = ("AccessDenied;Sender", "rpc-v2-cbor", "application/cbor")
    assert named == tuple(headers[name] for name in ("x-amzn-query-error", "smithy-protocol", "content-type"))
    assert MEMBERS == cbor2.loads(body)


ANSWER: list[dict[str, Any]] = [
    {"type": "http.response.start", "status": 200, "headers": [(b"Access-Control-Allow-Origin", b"*"),
     (b"ETag", b"e"), (b"Content-Length", b"4")]},
    {"type": "http.response.body", "body": b"ab", "more_body": True},
    {"type": "http.response.body", "body": b"cd"},
]  # fmt: skip


def sent_through(made: Any) -> list[Any]:
    """The messages that come out of a `send` that is made around another one."""
    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)

    async def run() -> None:
        for message in ANSWER:
            await through(dict(message))

    through = made(send)
    asyncio.run(run())
    return messages


def test_no_page_reads_an_answer_but_where_the_bucket_lets_it() -> None:
    start, *body = sent_through(lambda send: gate._without_cors(send, {"Access-Control-Allow-Origin": "https://a"}))
    kept = [(b"ETag", b"e"), (b"Content-Length", b"4"), (b"access-control-allow-origin", b"https://a")]
    assert (kept, ANSWER[1:]) == (start["headers"], body)
    plain, *_ = sent_through(gate._without_cors)
    assert kept[:2] == plain["headers"]


def test_an_answer_is_changed_once_it_is_whole() -> None:
    def changed(status: int, headers: Mapping[str, str], body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        assert {"access-control-allow-origin": "*", "etag": "e"} == headers
        return status + 1, {"ETag": "f"}, body + b"!"

    start, body = sent_through(lambda send: gate._changing(send, changed))
    assert (201, [(b"content-length", b"5"), (b"etag", b"f")]) == (start["status"], start["headers"])
    assert b"abcd!" == body["body"]


@pytest.mark.parametrize(
    ("told", "here"),
    [
        (f"https://{'a' * 32}.lambda-url.eu-west-1.on.aws/x", f"http://h:1/_aws/lambda-url/{'a' * 32}/x"),
        ("https://0a1b2c3d.execute-api.eu-west-1.amazonaws.com/x", "http://h:1/_aws/execute-api/0a1b2c3d/x"),
        ("wss://0a1b2c3d.execute-api.localhost:4566/x", "ws://h:1/_aws/execute-api/0a1b2c3d/x"),
        ("https://a.example/0a1b2c3d.execute-api", "https://a.example/0a1b2c3d.execute-api"),
    ],
)
def test_the_addresses_of_the_app_lead_to_this_machine(told: str, here: str) -> None:
    assert f"<{here}> <{here}>".encode() == gate._rewritten(f"<{told}> <{told}>".encode(), b"h:1")


def test_what_is_left_of_a_refused_request_is_read_up_to_its_end() -> None:
    messages = [{"body": b"a", "more_body": True}, {"body": b"b", "more_body": False}, {"body": b"next"}]

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    incoming = gate._Incoming(receive)
    asyncio.run(incoming.drain())
    asyncio.run(incoming.drain())
    assert [{"body": b"next"}] == messages


def test_no_more_than_the_limit_is_read_of_a_refused_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "_DRAINED", 5)
    messages = [{"body": b"ab", "more_body": True}] * 9

    async def receive() -> dict[str, Any]:
        return messages.pop()

    asyncio.run(gate._Incoming(receive).drain())
    assert 6 == len(messages)


def test_a_request_has_each_line_of_a_header_as_it_was_signed_and_a_socket_begins_with_a_get() -> None:
    headers = [(b"X-Tag", b"a"), (b"x-tag", "é".encode()), (b"X-TAG", "é".encode("latin-1"))]
    scope: dict[str, Any] = {"raw_path": b"/a%20b", "query_string": b"x=%C3%A9", "headers": headers}
    for method in ({"method": "PUT"}, {}):
        request = gate._request(scope | method)
        assert (method.get("method", "GET"), "/a%20b", "x=%C3%A9") == (request.method, request.path, request.query)
        assert {"x-tag": ("a", "é", "é")} == request.headers
        assert ("a,é,é", None) == (request.header("x-tag"), request.header("x-other"))
        assert {"x-tag": "a,é,é"} == request.joined_headers()


def test_a_body_that_was_read_is_given_once_more_and_then_what_follows_it() -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def messages() -> list[Any]:
        replay = gate._replaying(b"body", receive)
        return [await replay(), await replay()]

    body = {"type": "http.request", "body": b"body", "more_body": False}
    assert [body, {"type": "http.disconnect"}] == asyncio.run(messages())
