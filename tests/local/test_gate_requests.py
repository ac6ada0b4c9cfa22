"""A request from the door to the emulator and back, in this process: what is passed on, answered, refused, counted."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import pytest

from remit.local.authorization.authorizer import AllowedRequest
from remit.local.authorization.caller import CALLER, CALLING_KEY, Caller
from remit.local.authorization.owning_place import OwningPlace
from remit.local.authorization.partial_operations import DeniedPart
from remit.local.gate import Gate
from remit.local.prepared_answers import PreparedAnswers
from remit.local.repairs.requests import DECIDED
from remit.local.request import RefusedRequest
from remit.local.routes import ACCESS, ANSWERS, FUNCTIONS, HEALTH, RESET, SAVE
from remit.local.signature import signed_headers

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE, REGION, PORT = "111122223333", "eu-west-1", 4566
HOST: Final = f"127.0.0.1:{PORT}"
USER: Final = Caller(f"arn:aws:iam::{HERE}:user/ada", HERE, function="web")
ROOT: Final = Caller("", HERE, is_root=True)
JSON: Final = "application/x-amz-json-1.0"
FORM: Final = "application/x-www-form-urlencoded"
LIST_QUEUES: Final = {"x-amz-target": "AmazonSQS.ListQueues", "content-type": JSON}


class Door:
    """A gate before an application that keeps what it gets, and what else the gate asks and tells."""

    def __init__(self) -> None:
        self.passed: list[tuple[dict[str, Any], bytes, Any]] = []
        self.events: list[Any] = []
        self.decided: list[str] = []
        self.answer: tuple[int, dict[str, str], bytes] = (200, {"access-control-allow-origin": "*"}, b"done")
        self.allowed: Any = AllowedRequest((), None)
        self.simulated = True
        strictness = SimpleNamespace(begin=lambda _request, function: self.events.append(("begins", function)))
        authorizer: Any = SimpleNamespace(
            check=self._check, strictness=strictness,
            check_app=lambda _request, path, signature, caller: self.events.append(
                ("app", path, signature.region, caller.arn, CALLING_KEY.get())
            ),
        )  # fmt: skip
        delays: Any = SimpleNamespace(check=lambda service, name, _given: self.events.append(("delays", service, name)))
        functions: Any = SimpleNamespace(answer=lambda path, body: {"path": path, "body": body.decode()})
        self.answers = PreparedAnswers()
        self.gate = Gate(
            self._app, PORT, REGION, lambda: {"about": 1}, self._signer_of, authorizer, delays,
            lambda _request, _service: self.simulated, "/_ministack/reset", {ACCESS: dict}, self.answers, functions,
            lambda: self.events.append("changed"),
        )  # fmt: skip
        self.gate.writes["elsewhere"] = 40

    def _signer_of(self, key: str, token: str) -> tuple[str, Caller]:
        callers = {"ROOT": ROOT, "USER": USER}
        if key not in callers:
            raise RefusedRequest("InvalidClientTokenId", f"{key} {token}")
        return "secret", callers[key]

    def _check(self, asked: Any, region: str, caller: Caller) -> Any:
        self.events.append(("decides", asked.operation.name, region, caller.arn, CALLER.get() == caller))
        if isinstance(self.allowed, Exception):
            raise self.allowed
        return self.allowed

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        self.passed.append((scope, message.get("body", b""), CALLER.get()))
        self.decided.append(DECIDED.get())
        status, headers, body = self.answer
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": body})

    def send(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b"",
        kind: str = "http",
    ) -> tuple[int, dict[str, str], bytes]:  # fmt: skip
        """The status, the headers and the body of the answer to a request."""
        sent: list[dict[str, Any]] = []
        path, _, query = target.partition("?")
        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Any:
            return waiting.pop(0) if waiting else {"type": "http.disconnect"}

        async def keep(message: Any) -> None:
            sent.append(message)

        pairs = [(name.encode(), value.encode()) for name, value in {"host": HOST, **(headers or {})}.items()]
        scope = {
            "type": kind, "method": method, "path": path, "raw_path": path.encode(), "query_string": query.encode(),
            "headers": pairs, "client": ("127.0.0.1", 5),
        }  # fmt: skip
        asyncio.run(self.gate(scope, receive, keep))
        if kind != "http":
            return 0, {}, json.dumps(sent).encode()
        start, content = sent
        named = {name.decode(): value.decode() for name, value in start["headers"]}
        return start["status"], named, content["body"]

    def signed(
        self, key: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b"", *,
        method: str = "POST", service: str = "sqs", region: str = REGION,
    ) -> tuple[int, dict[str, str], bytes]:  # fmt: skip
        path, _, query = target.partition("?")
        signed = signed_headers(
            key, "secret", method, HOST, path, datetime.now(UTC), query=query, body=body, further=headers,
            region=region, service=service,
        )  # fmt: skip
        return self.send(method, target, signed, body)


@pytest.fixture
def door() -> Door:
    return Door()


def test_anybody_may_ask_how_it_is_and_no_page(door: Door) -> None:
    status, _, body = door.send("GET", HEALTH)
    assert (200, {"about": 1, "writes": 40}) == (status, json.loads(body))
    status, _, body = door.send("GET", HEALTH, {"origin": "https://shop.example"})
    assert (403, True) == (status, b"does not answer pages that a browser shows" in body)
    status, _, body = door.send("GET", HEALTH, {"host": "evil.example"})
    assert (403, True) == (status, b"does not answer to the host 'evil.example'" in body)
    assert ([], []) == (door.passed, door.events)


def test_a_call_is_decided_counted_and_passed_on_with_nothing_but_what_was_decided(door: Door) -> None:
    body = b'{"QueueName": "q"}'
    target = {"x-amz-target": "AmazonSQS.CreateQueue", "content-type": JSON, "x-own": "1"}
    status, headers, answer = door.signed("USER", "/", target, body)
    assert (200, {}, b"done") == (status, headers, answer)
    ((scope, passed, caller),) = door.passed
    own = {name.decode(): value.decode() for name, value in scope["headers"]}
    authorization = own.pop("authorization")
    assert re.search(rf"Credential=USER/\d{{8}}/{REGION}/sqs/aws4_request", authorization)
    assert "x-own" not in own
    assert (HOST, str(len(passed)), target["x-amz-target"]) == (
        own["host"], own["content-length"], own["x-amz-target"]
    )  # fmt: skip
    assert ("POST", "/", b"/", b"", False) == tuple(
        scope[name] for name in ("method", "path", "raw_path", "query_string", "remit.is_read")
    )
    assert ({"QueueName": "q"}, USER, ["sqs"]) == (json.loads(passed), caller, door.decided)
    assert [
        ("begins", "web"), ("delays", "sqs", "CreateQueue"), ("decides", "CreateQueue", REGION, USER.arn, True),
        "changed",
    ] == door.events  # fmt: skip
    assert 42 == door.gate.writes.total()
    door.signed("USER", "/", LIST_QUEUES, b"{}")
    assert (42, True) == (door.gate.writes.total(), door.passed[1][0]["remit.is_read"])


def test_root_is_not_decided_about_and_reading_changes_nothing(door: Door) -> None:
    assert 200 == door.signed("ROOT", "/shop/a%25b", method="GET", service="s3")[0]
    scope, _, caller = door.passed[0]
    assert ("/shop/a%b", b"/shop/a%25b", None) == (scope["path"], scope["raw_path"], caller)
    assert [("begins", ""), ("delays", "s3", "GetObject")] == door.events


@pytest.mark.parametrize(
    ("key", "headers", "code"),
    [
        ("NOBODY", {}, "InvalidClientTokenId"),
        ("USER", {"x-amz-target": "DynamoDB_20120810.ListTables"}, "InvalidSignatureException"),
        ("USER", {"x-amz-target": "AmazonSQS.Other"}, "UnknownOperationException"),
    ],
)
def test_a_call_that_may_not_come_in_is_refused_before_it_is_decided(
    door: Door, key: str, headers: dict[str, str], code: str
) -> None:
    _, named, _ = door.signed(key, "/", {**LIST_QUEUES, **headers}, b"{}")
    assert (code, []) == (named["x-amzn-errortype"], door.passed)
    assert [] == [event for event in door.events if event[0] == "decides"]


def test_another_body_than_was_signed_is_refused(door: Door) -> None:
    signed = signed_headers("USER", "secret", "POST", HOST, "/", datetime.now(UTC), service="sqs", further=LIST_QUEUES)
    status, named, _ = door.send("POST", "/", signed, b"{}")
    assert (403, []) == (status, door.passed), named


def test_what_is_denied_is_not_passed_on(door: Door) -> None:
    door.allowed = RefusedRequest("AccessDeniedException", "no", 400)
    status, named, body = door.signed("USER", "/", LIST_QUEUES, b"{}")
    assert (400, "AccessDeniedException", []) == (status, named["x-amzn-errortype"], door.passed)
    assert {"__type": "AccessDeniedException", "message": "no"} == json.loads(body)


def test_another_accounts_place_answers_as_its_root(door: Door) -> None:
    door.allowed = AllowedRequest((), OwningPlace("444455556666", "us-west-2"))
    door.signed("USER", "/", {**LIST_QUEUES, "x-amz-security-token": "of a session"}, b"{}")
    own = {name.decode(): value.decode() for name, value in door.passed[0][0]["headers"]}
    assert "Credential=444455556666/" in own["authorization"]
    assert "/us-west-2/sqs/aws4_request" in own["authorization"]
    assert "x-amz-security-token" not in own


def test_parts_that_are_denied_are_left_out_of_the_request_and_told_in_the_answer(door: Door) -> None:
    door.allowed = AllowedRequest((DeniedPart(("b", ""), "no b"),), None)
    keys = b"".join(b"<Object><Key>%s</Key></Object>" % key for key in (b"a", b"b"))
    body = b"<Delete>" + keys + b"</Delete>"
    door.answer = (
        200,
        {"content-type": "application/xml"},
        b"<DeleteResult><Deleted><Key>a</Key></Deleted></DeleteResult>",
    )
    status, _, answer = door.signed("USER", "/shop?delete=", {"content-md5": "x"}, body, service="s3")
    scope, passed, _ = door.passed[0]
    assert (200, True, False) == (status, b"<Key>a</Key>" in passed, b"<Key>b</Key>" in passed)
    assert "content-md5" not in {name.decode() for name, _ in scope["headers"]}
    assert (True, True) == (b"<Deleted><Key>a</Key>" in answer, b"<Error><Key>b</Key>" in answer)


def test_what_is_not_simulated_is_refused_after_it_is_decided(door: Door) -> None:
    simulation = b"Action=SimulatePrincipalPolicy&Version=2010-05-08"
    status, _, body = door.signed("USER", "/", {"content-type": FORM}, simulation, service="iam", region="us-east-1")
    assert (501, True) == (status, b"iam:SimulatePrincipalPolicy is not simulated on this machine" in body)
    door.simulated = False
    status, _, body = door.signed("USER", "/", LIST_QUEUES, b"{}")
    reason = (
        "sqs:ListQueues is not simulated on this machine; in a test, `remit.answer('sqs', 'ListQueues', …)` of the "
        "fixture `remit` answers it"
    )
    assert (501, {"__type": "NotImplemented", "message": reason}) == (status, json.loads(body))
    document = {"client": "sqs", "operation": "ListQueues", "headers": {"a": "b"}, "body": "e30="}
    status, _, body = door.signed("ROOT", ANSWERS, body=json.dumps(document).encode(), service="remit", region="local")
    assert (200, {"prepared": True}) == (status, json.loads(body))
    assert (200, {"a": "b", "content-length": "2"}, b"{}") == door.signed("USER", "/", LIST_QUEUES, b"{}")
    assert 3 == sum(event[0] == "decides" for event in door.events)


@pytest.mark.parametrize(
    ("target", "service", "name", "is_rewritten"),
    [
        ("/2021-10-31/functions/f/url", "lambda", "GetFunctionUrlConfig", True),
        ("/2015-03-31/functions/f", "lambda", "GetFunction", False),
        ("/v2/apis", "apigateway", "GetApis", True),
    ],
)
def test_addresses_of_the_app_in_an_answer_lead_here(
    door: Door, target: str, service: str, name: str, *, is_rewritten: bool
) -> None:
    url = b"https://" + b"a" * 32 + b".lambda-url.eu-west-1.on.aws/"
    door.answer = (200, {"content-length": str(len(url))}, url)
    _, headers, body = door.signed("USER", target, method="GET", service=service)
    assert (name, is_rewritten) == (door.events[2][1], body != url)
    assert str(len(body)) == headers["content-length"]
    if is_rewritten:
        assert b"http://127.0.0.1:4566/_aws/lambda-url/" + b"a" * 32 + b"/" == body


OF_OWN: Final = {"service": "remit", "region": "local"}


def test_the_servers_own_is_roots_alone(door: Door) -> None:
    status, _, body = door.signed("ROOT", f"{ACCESS}?after=3", **OF_OWN)
    assert (200, {"after": "3"}) == (status, json.loads(body))
    status, _, body = door.signed("ROOT", f"{FUNCTIONS}f/code", body=b"{}", **OF_OWN)
    assert (200, {"path": f"{FUNCTIONS}f/code", "body": "{}"}) == (status, json.loads(body))
    assert 200 == door.signed("ROOT", RESET, **OF_OWN)[0]
    assert ["/_ministack/reset"] == [scope["path"] for scope, _, _ in door.passed]
    assert (b"/_ministack/reset", ["changed"]) == (door.passed[0][0]["raw_path"], door.events)
    for key, options in (("USER", OF_OWN), ("ROOT", {"service": "sqs"})):
        status, _, body = door.signed(key, ACCESS, **options)  # type: ignore[arg-type]
        assert (403, True) == (status, b"may not use what is the server's own" in body)
    for path in ("/_remit/other", "/_ministack/reset"):
        status, _, body = door.signed("ROOT", path, **OF_OWN)
        assert (403, True) == (status, f"does not serve '{path}'".encode() in body)
    assert 1 == len(door.passed)


def test_a_save_is_no_write(door: Door) -> None:
    door.gate.controls[SAVE] = dict  # type: ignore[index]
    before = door.gate.writes.total()
    door.signed("ROOT", SAVE, **OF_OWN)
    assert before == door.gate.writes.total()
    door.signed("ROOT", ACCESS, **OF_OWN)
    assert before + 1 == door.gate.writes.total()


URL: Final = f"/_aws/lambda-url/{'a' * 32}/orders"


def test_the_app_answers_everybody_and_is_told_who_signed(door: Door) -> None:
    status, headers, _ = door.send("POST", URL, {"origin": "https://shop.example", "x-own": "1"}, b"event")
    assert (200, {"access-control-allow-origin": "*"}) == (status, headers)
    scope, body, _ = door.passed[0]
    assert (URL, b"event", ["changed"]) == (scope["path"], body, door.events)
    assert {"host": HOST, "origin": "https://shop.example", "x-own": "1"} == {
        name.decode(): value.decode() for name, value in scope["headers"]
    }
    door.signed("USER", URL, body=b"event", service="lambda")
    assert ("app", URL, REGION, USER.arn, "USER") == door.events[1]
    assert (b"event", USER) == door.passed[1][1:]
    status, _, _ = door.send("POST", URL, {"content-length": str((6 << 20) + 1)}, b"event")
    assert (413, 2) == (status, len(door.passed))


def test_nobody_opens_a_socket_but_the_apps(door: Door) -> None:
    _, _, messages = door.send("GET", "/", kind="websocket")
    assert [{"type": "websocket.close", "code": 1008}] == json.loads(messages)
    assert [] == door.passed


def test_an_unsigned_request_is_refused(door: Door) -> None:
    headers = {"content-type": FORM, "content-length": "7"}
    status, named, _ = door.send("POST", "/", headers, b"Action=GetCallerIdentity&Version=2011-06-15")
    assert (403, "MissingAuthenticationToken", []) == (status, named["x-amzn-errortype"], door.passed)


def test_an_app_that_is_named_by_its_host_is_decided_by_its_path_here(door: Door) -> None:
    host = f"{'a' * 32}.lambda-url.eu-west-1.localhost:{PORT}"
    signed = signed_headers(
        "USER", "secret", "GET", host, "/orders", datetime.now(UTC), region=REGION, service="lambda"
    )
    door.send("GET", "/orders", signed)
    assert [("app", URL, REGION, USER.arn, "USER")] == door.events
    scope, _, _ = door.passed[0]
    named = {name.decode(): value.decode() for name, value in scope["headers"]}
    assert (URL, URL.encode(), HOST) == (scope["path"], scope["raw_path"], named["host"])


@pytest.mark.parametrize(
    ("token", "key", "passed"), [("444455556666", "444455556666", None), ("of a session", "ROOT", "of a session")]
)
def test_a_token_that_is_an_account_makes_its_root_the_signer(
    door: Door, token: str, key: str, passed: str | None
) -> None:
    door.signed("ROOT", "/", {**LIST_QUEUES, "x-amz-security-token": token}, b"{}")
    own = {name.decode(): value.decode() for name, value in door.passed[0][0]["headers"]}
    assert re.search(rf"Credential={key}/\d{{8}}/{REGION}/sqs/aws4_request", own["authorization"])
    assert passed == own.get("x-amz-security-token")
