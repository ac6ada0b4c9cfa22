"""A request from the door to the emulator and back, in this process: what is passed on, answered, refused, counted."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

import pytest
from botocore.auth import HmacV1PostAuth, HmacV1QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from emulator_copies import copied
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
        self.asked: list[Any] = []
        delays: Any = SimpleNamespace(check=self._delay)
        functions: Any = SimpleNamespace(answer=lambda path, body: {"path": path, "body": body.decode()})
        self.answers = PreparedAnswers()
        self.gate = Gate(
            self._app, PORT, REGION, lambda: {"about": 1}, self._signer_of, authorizer, delays,
            self._is_simulated, "/_ministack/reset", {ACCESS: dict}, self.answers, functions,
            lambda: self.events.append("changed"),
        )  # fmt: skip
        self.gate.writes["elsewhere"] = 40

    def _delay(self, service: str, name: str, parameters: Mapping[str, Any]) -> None:
        self.events.append(("delays", service, name))
        self.asked.append(dict(parameters))

    def _is_simulated(self, request: Any, service: str) -> bool:
        self.asked.append((request.method, request.path, service))
        return self.simulated

    def _signer_of(self, key: str, token: str) -> tuple[str, Caller]:
        callers = {"ROOT": ROOT, "USER": USER}
        if key not in callers:
            raise RefusedRequest("InvalidClientTokenId", f"{key} {token}")
        return "secret", callers[key]

    def _check(self, asked: Any, region: str, caller: Caller) -> Any:
        self.events.append(("decides", asked.operation.name, region, caller.arn, CALLER.get() == caller))
        self.asked.append((asked.method, asked.path, asked.query))
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
        ("/?Action=DescribeStacks&Version=2010-05-15", "cloudformation", "DescribeStacks", True),
        ("/?Action=ListUsers&Version=2010-05-08", "iam", "ListUsers", False),
    ],
)
def test_addresses_of_the_app_in_an_answer_lead_here(
    door: Door, target: str, service: str, name: str, *, is_rewritten: bool
) -> None:
    url = b"https://" + b"a" * 32 + b".lambda-url.eu-west-1.on.aws/"
    door.answer = (202, {"content-length": str(len(url))}, url)
    status, headers, body = door.signed("USER", target, method="GET", service=service)
    assert (202, name, is_rewritten) == (status, door.events[2][1], body != url)
    assert str(len(body)) == headers["content-length"]
    if is_rewritten:
        assert b"http://127.0.0.1:4566/_aws/lambda-url/" + b"a" * 32 + b"/" == body


OF_OWN: Final = {"service": "remit", "region": "local"}


def test_the_servers_own_is_roots_alone(door: Door) -> None:
    status, _, body = door.signed("ROOT", f"{ACCESS}?after=3&empty=", **OF_OWN)
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


POOL_KEYS: Final = "/eu-west-1_aB3/.well-known/jwks.json"
ANSWER: Final = "/_ministack/cfn-response/0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f"


def headers_of(scope: Mapping[str, Any]) -> dict[str, str]:
    named = [(name.decode(), value.decode()) for name, value in scope["headers"]]
    assert len(named) == len(dict(named))
    return dict(named)


@pytest.mark.parametrize(
    ("method", "target", "query", "headers", "events"),
    [("GET", POOL_KEYS, b"", {}, []), ("PUT", ANSWER, b"a=1", {"content-type": "x/y"}, ["changed"])],
)
def test_what_nobody_signs_on_aws_comes_in_with_what_the_emulator_needs_of_it_alone(
    door: Door, method: str, target: str, query: bytes, headers: dict[str, str], events: list[str]
) -> None:
    sent = {"host": "LocalHost:1", "content-type": "x/y", "x-own": "1", "x-amz-target": "AmazonSQS.SendMessage"}
    status, answered, body = door.send(method, f"{target}?a=1", sent, b"sent")
    assert (200, {}, b"done") == (status, answered, body)
    ((scope, passed, caller),) = door.passed
    assert ({"host": HOST, **headers}, query) == (headers_of(scope), scope["query_string"])
    assert (method, target, target.encode()) == (scope["method"], scope["path"], scope["raw_path"])
    assert (b"sent", None, events, 42) == (passed, caller, door.events, door.gate.writes.total())


def test_a_user_of_a_pool_signs_in_without_a_signature(door: Door) -> None:
    target = {"x-amz-target": "AWSCognitoIdentityProviderService.InitiateAuth", "content-type": JSON, "x-own": "1"}
    assert (200, {}, b"done") == door.send("POST", "/", target, b'{"ClientId": "c", "Own": 1}')
    ((scope, passed, caller),) = door.passed
    assert ({"ClientId": "c"}, None, ["cognito-idp"]) == (json.loads(passed), caller, door.decided)
    assert {"host", "x-amz-target", "content-type", "content-length"} == headers_of(scope).keys()
    assert (["changed"], []) == (door.events, door.asked)
    other = {**target, "x-amz-target": "AWSCognitoIdentityProviderService.AdminInitiateAuth"}
    assert "MissingAuthenticationToken" == door.send("POST", "/", other, b"{}")[1]["x-amzn-errortype"]


def token_of(claims: Mapping[str, Any]) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, claims)]
    return ".".join([*parts, "s"])


@pytest.mark.parametrize("is_form", [True, False])
def test_a_token_says_who_asks_for_a_session_of_a_role(
    door: Door, monkeypatch: pytest.MonkeyPatch, *, is_form: bool
) -> None:
    role = f"arn:aws:iam::{HERE}:role/r"
    roles = SimpleNamespace(get_scoped=lambda *place: {(HERE, None, "r"): stored}.get(place))
    stored = {"Arn": role, "MaxSessionDuration": 3600}
    copied(monkeypatch, "services.iam", _roles=roles)
    claims = {"iss": "https://accounts.google.com", "sub": "s", "aud": "a", "exp": 1 << 40}
    form = {"Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleArn": role, "RoleSessionName": "ab"}

    def ask(**changes: str) -> tuple[int, dict[str, str], bytes]:
        sent = urlencode({**form, "WebIdentityToken": token_of(claims), **changes})
        if not is_form:
            return door.send("GET", f"/?{sent}")
        return door.send("POST", "/", {"content-type": FORM, "content-length": str(len(sent))}, sent.encode())

    assert 200 == ask()[0]
    ((scope, passed, caller),) = door.passed
    assert "authorization" not in headers_of(scope)
    assert ["sts"] == door.decided
    assert "RoleSessionName=ab" in (passed + scope["query_string"]).decode()
    assert ("accounts.google.com", "", True) == (caller.arn, caller.account, caller.is_federated)
    assert "s" == caller.keys["accounts.google.com:sub"]
    assert [
        ("delays", "sts", "AssumeRoleWithWebIdentity"),
        ("decides", "AssumeRoleWithWebIdentity", "us-east-1", "accounts.google.com", True),
        "changed",
    ][: 3 if is_form else 2] == door.events
    assert 400 == ask(RoleSessionName="a")[0]
    assert b"is not authorized to perform: sts:AssumeRoleWithWebIdentity" in ask(RoleArn=f"{role}-2")[2]
    assert 1 == len(door.passed)


def test_sts_makes_no_session_of_a_wrong_name_for_who_signs(door: Door) -> None:
    form = b"Action=AssumeRole&Version=2011-06-15&RoleArn=r&RoleSessionName=a"
    for key in ("USER", "ROOT"):
        status, _, body = door.signed(key, "/", {"content-type": FORM}, form, service="sts")
        assert (400, True) == (status, b"<Code>ValidationError</Code>" in body)
    assert [] == door.passed


def test_a_url_of_version_2_is_for_the_bucket_of_its_path_whatever_host_it_is_sent_to(door: Door) -> None:
    request = AWSRequest("GET", f"http://{HOST}/shop/a")
    HmacV1QueryAuth(Credentials("USER", "secret")).add_auth(request)
    host = {"host": f"other.s3.localhost:{PORT}"}
    target = urlsplit(request.url)
    assert (200, {}, b"done") == door.send("GET", f"{target.path}?{target.query}", host)
    ((scope, _, caller),) = door.passed
    assert ("/shop/a", b"", USER) == (scope["path"], scope["query_string"], caller)
    assert re.fullmatch(
        rf"AWS4-HMAC-SHA256 Credential=USER/20060301/{REGION}/s3/aws4_request, SignedHeaders=host, Signature=\S+",
        headers_of(scope)["authorization"],
    )
    assert [("begins", "web"), ("delays", "s3", "GetObject"),
            ("decides", "GetObject", REGION, USER.arn, True)] == door.events  # fmt: skip
    status, _, body = door.send("GET", f"/shop/b?{target.query}")
    assert (403, 1, True) == (status, len(door.passed), b"<Code>SignatureDoesNotMatch</Code>" in body)


def test_a_signed_request_to_the_host_of_a_bucket_is_for_that_bucket(door: Door) -> None:
    host = f"shop.s3.localhost:{PORT}"
    signed = signed_headers("USER", "secret", "GET", host, "/a", datetime.now(UTC), region=REGION, service="s3")
    assert 200 == door.send("GET", "/a", signed)[0]
    assert ("/shop/a", HOST) == (door.passed[0][0]["path"], headers_of(door.passed[0][0])["host"])


def test_the_root_of_another_account_is_in_the_region_that_it_signs_for(door: Door) -> None:
    door.signed("ROOT", "/", {**LIST_QUEUES, "x-amz-security-token": "444455556666"}, b"{}", region="us-west-2")
    assert re.search(r"Credential=444455556666/\d{8}/us-west-2/sqs/", headers_of(door.passed[0][0])["authorization"])


CHECKSUMS: Final = {"content-md5": "x", "x-amz-checksum-crc32": "y", "x-amz-sdk-checksum-algorithm": "CRC32"}


@pytest.mark.parametrize("denied", [(), (DeniedPart(("b", ""), "no b"),)])
def test_checksums_of_a_body_come_with_it_and_not_with_a_part_of_it(door: Door, denied: tuple[Any, ...]) -> None:
    door.allowed = AllowedRequest(denied, None)
    door.answer = (200, {"content-type": "application/xml", "x-id": "1"}, b"<DeleteResult></DeleteResult>")
    body = b"<Delete><Object><Key>a</Key></Object><Object><Key>b</Key></Object></Delete>"
    further = {**CHECKSUMS, "x-amz-mfa": "m"}
    _, headers, _ = door.signed("USER", "/shop?delete=", further, body, service="s3")
    own = headers_of(door.passed[0][0])
    assert ({} if denied else CHECKSUMS) == {name: own[name] for name in CHECKSUMS if name in own}
    assert ("m", str(len(door.passed[0][1]))) == (own["x-amz-mfa"], own["content-length"])
    assert ("1", "application/xml") == (headers["x-id"], headers["content-type"])


def test_who_is_simulated_and_delayed_is_asked_by_what_goes_on(door: Door) -> None:
    door.signed("USER", "/", {**LIST_QUEUES, "x-amz-target": "AmazonSQS.CreateQueue"}, b'{"QueueName": "q", "X": 1}')
    assert [{"QueueName": "q"}, ("POST", "/", ""), ("POST", "/", "sqs")] == door.asked
    path = "/2021-10-31/functions/f/url?x=1"
    door.signed("USER", path, method="GET", service="lambda")
    assert [{"FunctionName": "f"}, ("GET", path[:-4], ""), ("GET", path[:-4], "lambda")] == door.asked[3:]
    door.signed("USER", "/v2/apis", method="GET", service="apigateway")
    assert ("GET", "/v2/apis", "apigateway") == door.asked[-1]


@pytest.mark.parametrize(
    ("service", "content_type", "beginning"),
    [("sqs", "application/x-amz-json-1.1", b"{"), ("ec2", "text/xml", b"<Response>")],
)
def test_the_refusal_of_a_signed_url_is_in_the_shape_of_its_service(
    door: Door, service: str, content_type: str, beginning: bytes
) -> None:
    credential = f"X-Amz-Credential=NOBODY%2F20260101%2Feu-west-1%2F{service}%2Faws4_request"
    status, headers, body = door.send("GET", f"/?X-Amz-Algorithm=AWS4-HMAC-SHA256&{credential}")
    assert (403, content_type, True) == (status, headers["content-type"], body.startswith(beginning))
    code = "AuthorizationQueryParametersError"
    assert (code, f"{code};Sender" if service == "sqs" else None) == (
        headers["x-amzn-errortype"], headers.get("x-amzn-query-error")
    )  # fmt: skip


@pytest.mark.parametrize(("kind", "size", "status"), [("Event", 1 << 20, 200), ("Event", (1 << 20) + 1, 413)])
def test_an_event_that_is_too_large_is_refused_before_it_is_decided(
    door: Door, kind: str, size: int, status: int
) -> None:
    headers = {"x-amz-invocation-type": kind}
    path = "/2015-03-31/functions/f/invocations"
    assert status == door.signed("USER", path, headers, b" " * size, service="lambda")[0]
    assert (status == 200) == any(event[0] == "decides" for event in door.events)


def exchanged(door: Door, scope: Mapping[str, Any], messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is sent for the messages of one connection, which are taken from the list as they are asked for."""
    sent: list[dict[str, Any]] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def keep(message: Any) -> None:
        sent.append(message)

    whole = {"type": "http", "path": "/", "raw_path": b"/", "query_string": b"", **scope}
    if whole["type"] == "http":
        whole["method"] = "POST"
    asyncio.run(door.gate({"headers": [(b"host", HOST.encode())], **whole}, receive, keep))
    return sent


def test_a_socket_is_closed_after_its_connection_and_a_refused_request_is_read_to_its_end(door: Door) -> None:
    messages = [{"type": "websocket.connect"}, {"type": "websocket.receive"}]
    assert [{"type": "websocket.close", "code": 1008}] == exchanged(door, {"type": "websocket"}, messages)
    assert [{"type": "websocket.receive"}] == messages
    messages = [{"type": "http.request", "body": b"a", "more_body": True}, {"type": "http.request", "body": b"b"}]
    start, _ = exchanged(door, {}, [*messages, {"type": "http.disconnect"}])
    assert 403 == start["status"]
    messages = [*messages, {"type": "http.disconnect"}]
    exchanged(door, {}, messages)
    assert [{"type": "http.disconnect"}] == messages


def test_a_signed_socket_of_the_app_keeps_the_messages_that_follow_its_connection(door: Door) -> None:
    path = "/_aws/execute-api/0a1b2c3d/live"
    signed = signed_headers(
        "USER", "secret", "GET", HOST, path, datetime.now(UTC), region=REGION, service="execute-api"
    )
    scope: dict[str, Any] = {
        "type": "websocket", "path": path, "raw_path": path.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in signed.items()],
    }  # fmt: skip
    messages = [{"type": "websocket.connect", "body": b"c"}, {"type": "websocket.receive"}]
    exchanged(door, scope, messages)
    assert [("app", path, REGION, USER.arn, "USER")] == door.events[:1]
    assert (b"c", USER, [{"type": "websocket.receive"}]) == (*door.passed[0][1:], messages)
    other_host = [pair for pair in scope["headers"] if pair[0] != b"host"] + [(b"host", b"localhost")]
    wrong = {**scope, "headers": other_host}
    closed = exchanged(door, wrong, [{"type": "websocket.connect"}])
    assert ([{"type": "websocket.close", "code": 1008}], 1) == (closed, len(door.passed))


def test_the_body_is_passed_on_once_and_then_comes_what_follows_it(door: Door) -> None:
    taken = []

    async def app(_scope: Any, receive: Any, _send: Any) -> None:
        taken.extend([await receive(), await receive()])

    signed = signed_headers(
        "USER", "secret", "POST", HOST, "/", datetime.now(UTC), region=REGION, service="sqs", body=b"{}",
        further=LIST_QUEUES,
    )  # fmt: skip
    messages = [
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.request", "body": b"}", "more_body": False},
        {"type": "http.disconnect"},
    ]
    pairs = [(name.encode(), value.encode()) for name, value in signed.items()]
    door.gate = replace(door.gate, app=app)
    exchanged(door, {"headers": pairs}, messages)
    whole = {"type": "http.request", "body": b"{}", "more_body": False}
    assert ([whole, {"type": "http.disconnect"}], []) == (taken, messages)


def test_what_the_application_fails_at_may_have_changed_something_and_its_life_is_its_own(door: Door) -> None:
    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        door.events.append(scope["type"])
        raise ValueError

    door.gate = replace(door.gate, app=app)
    for method in ("POST", "GET", "HEAD", "OPTIONS"):
        with pytest.raises(ValueError, match=r"^$"):
            door.send(method, URL)
    assert ["http", "changed", "http", "http", "http"] == door.events
    assert 44 == door.gate.writes.total()
    with pytest.raises(ValueError, match=r"^$"):
        exchanged(door, {"type": "lifespan"}, [])
    assert ("lifespan", 44) == (door.events[-1], door.gate.writes.total())


PAGE: Final = {"origin": "https://shop.example"}


def test_a_page_puts_an_object_by_a_form_that_somebody_signed_and_is_answered_as_the_form_says(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied(
        monkeypatch, "services.s3",
        cors_response_headers=lambda bucket, method, headers: {"X-Cors": f"{bucket} {method} {headers['origin']}"},
        cors_preflight=lambda bucket, key, _headers: (204, {"x-for": f"{bucket} {key}"}, b""),
    )  # fmt: skip

    def form(key: str, end: timedelta = timedelta(minutes=1), secret: str = "secret") -> bytes:  # noqa: S107 - a test's
        policy = {"expiration": (datetime.now(UTC) + end).isoformat(), "conditions": [["starts-with", "$key", ""]]}
        request = AWSRequest("POST", f"http://{HOST}/shop")
        request.context["s3-presign-post-fields"] = {"key": "in/a", "success_action_status": "201"}
        request.context["s3-presign-post-policy"] = {**policy, "conditions": [
            *policy["conditions"], {"success_action_status": "201"}]}  # fmt: skip
        HmacV1PostAuth(Credentials(key, secret)).add_auth(request)
        fields = request.context["s3-presign-post-fields"]
        parts = [f'name="{name}"\r\n\r\n{value}' for name, value in fields.items()]
        parts.append('name="file"; filename="f"\r\n\r\ncontent')
        return "".join(f"--x\r\nContent-Disposition: form-data; {part}\r\n" for part in parts).encode() + b"--x--\r\n"

    content_type = {"content-type": "multipart/form-data; boundary=x"}
    door.answer = (200, {"etag": '"e"', "content-length": "0"}, b"")
    status, headers, body = door.send("POST", "/shop", {**PAGE, **content_type}, form("USER"))
    place = f"http://{HOST}/shop/in/a"
    assert (201, True) == (status, f"<Location>{place}</Location><Bucket>shop</Bucket>".encode() in body)
    assert {
        "etag": '"e"', "location": place, "content-type": "application/xml", "content-length": str(len(body)),
        "x-cors": f"shop POST {PAGE['origin']}",
    } == headers  # fmt: skip
    ((scope, passed, caller),) = door.passed
    assert ("PUT", "/shop/in/a", b"content", USER, ["s3"]) == (
        scope["method"], scope["path"], passed, caller, door.decided
    )  # fmt: skip
    assert headers_of(scope)["authorization"].startswith(f"AWS4-HMAC-SHA256 Credential=USER/20060301/{REGION}/s3/")
    assert [("delays", "s3", "PutObject"), ("decides", "PutObject", REGION, USER.arn, True), "changed"] == door.events
    door.send("POST", "/shop", content_type, form("ROOT"))
    assert (None, 4) == (door.passed[1][2], len(door.events) - 1)
    for status in (400, 404):
        door.answer = (status, {"x-id": "1"}, b"<Error/>")
        assert (status, b"<Error/>") == door.send("POST", "/shop", content_type, form("USER"))[::2]
    for body in (form("NOBODY"), form("USER", secret="s"), form("USER", timedelta(minutes=-1))):  # noqa: S106 - another one
        status, headers, refusal = door.send("POST", "/shop", content_type, body)
        assert (403, "text/xml", 4) == (status, headers["content-type"], len(door.passed)), refusal
    assert (204, {"x-for": "shop a", "content-length": "0"}, b"") == door.send("OPTIONS", "/shop/a", PAGE)
    assert 4 == len(door.passed)


def test_the_answer_of_a_test_may_be_an_error_until_all_are_forgotten(door: Door) -> None:
    def prepare(**document: Any) -> None:
        body = json.dumps(document).encode()
        assert b'{"prepared": true}' == door.signed("ROOT", ANSWERS, body=body, **OF_OWN)[2]

    prepare(client="sqs", operation="ListQueues", error="Throttled", message="later", status=418)
    prepare(client="sqs", operation="CreateQueue", error="Other", message="never", status=500)
    status, headers, body = door.signed("USER", "/", LIST_QUEUES, b"{}")
    assert (418, "Throttled", "later") == (status, headers["x-amzn-errortype"], json.loads(body)["message"])
    assert [] == door.passed
    prepare(forget=True)
    assert (200, {}, b"done") == door.signed("USER", "/", LIST_QUEUES, b"{}")
