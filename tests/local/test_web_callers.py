"""Who gets an answer of an app on the web: the places where the emulator answers, each with what its policy says."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from emulator_copies import copied, stub
from remit.local.authorization.caller import CALLER, CALLING_KEY, Caller
from remit.local.authorization.resource_policies import LOOK_UPS
from remit.local.emulator import as_request_of, during, place_of_request
from remit.local.event_sources.web_callers import ask_before_function_urls, ask_policies_of_rest_apis

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE, REGION = "333322221111", "eu-west-1"
ELSEWHERE: Final = "123456789012"
HELP: Final = "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"


@pytest.fixture(autouse=True)
def _here() -> Iterator[None]:
    with as_request_of(HERE, REGION):
        yield


def let_by(monkeypatch: pytest.MonkeyPatch, service: str, *statements: dict[str, Any]) -> list[tuple[str, str]]:
    """Give every resource of a service one policy; the ARNs that are looked up, and the account of the request then."""
    asked: list[tuple[str, str]] = []

    def look_up(arn: str) -> Any:
        asked.append((arn, place_of_request()["Account"]))
        return {"Version": "2012-10-17", "Statement": statements} if statements else None

    monkeypatch.setitem(LOOK_UPS, service, look_up)
    return asked


EVERYBODY: Final = {"Effect": "Allow", "Principal": "*", "Resource": "*"}
OPEN: Final = (
    {**EVERYBODY, "Action": "lambda:InvokeFunctionUrl",
     "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}},
    {**EVERYBODY, "Action": "lambda:InvokeFunction", "Condition": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}},
)  # fmt: skip


@pytest.mark.parametrize("is_open", [True, False])
@pytest.mark.parametrize("qualifier", [None, "live"])
def test_a_function_url_answers_whom_the_policy_of_its_function_or_alias_lets_in(
    monkeypatch: pytest.MonkeyPatch, qualifier: str | None, *, is_open: bool
) -> None:
    functions = copied(monkeypatch, "services.lambda_svc")
    resolved = {"u": (ELSEWHERE, "us-west-2", "web", qualifier, {"AuthType": "NONE"})}
    functions.resolve_function_url = resolved.get
    functions.handle_function_url_request = stub(
        functions.handle_function_url_request, lambda *call, **options: ("answered", call, options)
    )
    ask_before_function_urls()
    asked = let_by(monkeypatch, "lambda", *OPEN[: 2 if is_open else 1])
    answer = functions.handle_function_url_request
    options = {"resolved": resolved["u"]}
    answers = [
        asyncio.run(answer("u", "GET", "/", {}, b"", {})),
        asyncio.run(answer("other", "GET", "/", {}, b"", {}, **options)),
    ]
    if is_open:
        assert [
            ("answered", ("u", "GET", "/", {}, b"", {}), {}),
            ("answered", ("other", "GET", "/", {}, b"", {}), options),
        ] == answers
    else:
        message = f"Forbidden. For troubleshooting Function URL authorization issues, see: {HELP}"
        headers = {"Content-Type": "application/json", "x-amzn-ErrorType": "AccessDeniedException"}
        assert [(403, headers, json.dumps({"Message": message}).encode())] * 2 == answers
    arn = f"arn:aws:lambda:us-west-2:{ELSEWHERE}:function:web" + (f":{qualifier}" if qualifier else "")
    assert [(arn, ELSEWHERE)] * 4 == asked
    assert ("answered", ("gone", "GET"), {}) == asyncio.run(answer("gone", "GET"))


SIGNER: Final = Caller(f"arn:aws:iam::{ELSEWHERE}:user/ada", ELSEWHERE, keys={"aws:userid": "AIDA"})


@pytest.mark.parametrize(
    ("key", "caller", "is_anonymous", "signer"),
    [
        ("AKIA", SIGNER, False, (ELSEWHERE, "AIDA", SIGNER.arn)),
        ("AKIA", Caller("arn:x", ELSEWHERE), False, (ELSEWHERE, ELSEWHERE, "arn:x")),
        ("AKIA", None, False, (HERE, HERE, f"arn:aws:iam::{HERE}:root")),
        ("AKIA", SIGNER, True, None),
        ("", SIGNER, False, None),
    ],
    ids=["user", "without an id", "root", "anonymous", "unsigned"],
)
def test_the_event_of_a_function_url_says_who_signed(
    monkeypatch: pytest.MonkeyPatch, key: str, caller: Caller | None, signer: Any, *, is_anonymous: bool
) -> None:
    functions = copied(monkeypatch, "services.lambda_svc")
    ask_before_function_urls()
    build = functions._build_function_url_event
    with during(CALLER, caller), during(CALLING_KEY, key):
        event = build("u", HERE, REGION, "GET", "/", {}, b"", {}, anonymous=is_anonymous)
    if signer is None:
        assert "authorizer" not in event["requestContext"]
        return
    account, user, arn = signer
    assert event["requestContext"]["authorizer"] == {
        "iam": {
            "accessKey": "AKIA",
            "accountId": account,
            "callerId": user,
            "cognitoIdentity": None,
            "principalOrgId": None,
            "userArn": arn,
            "userId": user,
        }
    }


ALLOW: Final = {**EVERYBODY, "Action": "execute-api:Invoke"}
DENY: Final = {**ALLOW, "Effect": "Deny"}
FROM_SHOP: Final = {
    **ALLOW,
    "Condition": {
        "StringLike": {"aws:Referer": "https://shop.example/*", "aws:UserAgent": "Shop/*"},
        "Bool": {"aws:SecureTransport": "true"},
    },
}
FROM_OFFICE: Final = {**ALLOW, "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}
OF_SHOP: Final = {"Referer": "https://shop.example/a", "User-Agent": "Shop/1"}
SIGNED: Final = {"authorization": "AWS4-HMAC-SHA256 Credential=AKIA/20260131/eu-west-1/execute-api/aws4_request"}
DENIED: Final = "with an explicit deny in a resource-based policy"
UNSAID: Final = "because no resource-based policy allows the execute-api:Invoke action"
TOKEN: Final = "Missing Authentication Token"  # noqa: S105 - API Gateway's words


@pytest.mark.parametrize(
    ("kind", "types", "statements", "headers", "end"),
    [
        ("NONE", ["REGIONAL"], [], {}, ""),
        ("NONE", ["PRIVATE"], [], {}, UNSAID),
        (None, None, [], {}, ""),
        ("NONE", ["PRIVATE"], [ALLOW], {}, ""),
        ("NONE", ["PRIVATE"], [{"Effect": "of another kind"}], {}, ""),  # which cannot be read here
        ("NONE", ["REGIONAL"], [DENY, ALLOW], {}, DENIED),
        ("NONE", ["REGIONAL"], [FROM_SHOP], OF_SHOP, ""),
        ("NONE", ["REGIONAL"], [FROM_SHOP], {**OF_SHOP, "Referer": "https://other.example/"}, UNSAID),
        ("NONE", ["REGIONAL"], [FROM_SHOP], {**OF_SHOP, "User-Agent": "Other/1"}, UNSAID),
        ("NONE", ["REGIONAL"], [FROM_OFFICE], {}, ""),
        ("COGNITO_USER_POOLS", ["REGIONAL"], [FROM_SHOP], {}, UNSAID),
        ("CUSTOM", ["REGIONAL"], [FROM_SHOP], {}, ""),
        ("CUSTOM", ["REGIONAL"], [DENY], {}, DENIED),
        ("AWS_IAM", ["REGIONAL"], [DENY], SIGNED, ""),
        ("AWS_IAM", ["REGIONAL"], [ALLOW], {}, TOKEN),
        ("aws_iam", ["REGIONAL"], [ALLOW], {"authorization": "Bearer x"}, TOKEN),
    ],
)
def test_a_method_of_a_rest_api_is_authorized_further_where_the_apis_policy_lets_its_caller(
    monkeypatch: pytest.MonkeyPatch, kind: str | None, types: Any, statements: list[Any], headers: Any, end: str
) -> None:
    apis = copied(monkeypatch, "services.apigateway_v1", _gw_error=lambda *error: error)
    apis._rest_apis = {} if types is None else {"a": {"endpointConfiguration": {"types": types}}}
    apis._authorize_request_v1 = stub(apis._authorize_request_v1, lambda *call: ("authorized", call))
    ask_policies_of_rest_apis()
    asked = let_by(monkeypatch, "execute-api", *statements)
    method = {} if kind is None else {"authorizationType": kind}
    call = ("a", "live", method, "GET", "/orders", {}, headers, b"", {}, {}, {}, ELSEWHERE, "us-west-2")
    answer = asyncio.run(apis._authorize_request_v1(*call))
    arn = f"arn:aws:execute-api:us-west-2:{ELSEWHERE}:a/live/GET/orders"
    hidden = arn.replace(ELSEWHERE, "********9012")
    message = f"User: anonymous is not authorized to perform: execute-api:Invoke on resource: {hidden} {end}"
    if not end:
        assert ("authorized", call) == answer
    elif end == TOKEN:
        assert (("MISSING_AUTHENTICATION_TOKEN", TOKEN), None) == answer
    else:
        assert (("ACCESS_DENIED", message), None) == answer
    assert ([] if str(kind).upper() == "AWS_IAM" else [(arn, ELSEWHERE)]) == asked
