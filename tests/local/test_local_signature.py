"""Signatures, held against the SDK that makes them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from botocore.auth import (
    HmacV1PostAuth,
    HmacV1QueryAuth,
    S3SigV4Auth,
    S3SigV4PostAuth,
    S3SigV4QueryAuth,
    SigV4Auth,
    SigV4QueryAuth,
)
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.session import Session
from hypothesis import given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.local.request import ReceivedRequest, RefusedRequest
from remit.local.signature import (
    Signature,
    check,
    check_policy_signature,
    check_version_2,
    is_signed,
    is_url_of_s3,
    read,
    read_policy_signature,
    read_version_2,
    signed_headers,
)

KEY = "AKIAEXAMPLEEXAMPLE00"
SECRET = "a secret/with+everything"  # noqa: S105 - of this test
WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

SAFE = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)
PATHS = st.lists(SAFE | st.sampled_from([".", "..", "", "a b", "a%20b", "a+b", "ключ", "a:b"]), max_size=5).map(
    lambda parts: "/" + quote("/".join(parts), safe="/~:@!$&'()*+,;=")
)
VALUES = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=12)
QUERIES = st.lists(st.tuples(SAFE, VALUES), max_size=4).map(
    lambda pairs: "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
) | st.sampled_from(["acl", "acl=", "a=1&a=0&b", "list-type=2&prefix=a/b:c", "x=%7E%2F", "z=1&A=2"])
HEADERS = st.dictionaries(
    st.sampled_from(["x-amz-meta-a", "x-amz-target", "content-type", "x-other", "range"]),
    st.lists(VALUES.map(str.strip), min_size=1, max_size=3),
    max_size=3,
)
SERVICES = st.sampled_from(["s3", "lambda", "dynamodb", "execute-api", "sqs"])


def at_one_time(auth: type[SigV4Auth]) -> type[SigV4Auth]:
    """A signer of the SDK's that takes WHEN for now."""

    class SignsAtOneTime(auth):  # type: ignore[misc, valid-type]
        def _modify_request_before_signing(self, request: AWSRequest) -> None:
            request.context["timestamp"] = f"{WHEN:%Y%m%dT%H%M%SZ}"
            super()._modify_request_before_signing(request)

    return SignsAtOneTime


def signed(auth: type[SigV4Auth], service: str, request: AWSRequest) -> ReceivedRequest:
    """The request as it arrives, signed at WHEN."""
    at_one_time(auth)(Credentials(KEY, SECRET), service, "eu-central-1").add_auth(request)
    url = urlsplit(request.url)
    lines: dict[str, tuple[str, ...]] = {"host": (url.netloc,)}
    for name in request.headers:
        lines[name.lower()] = tuple(str(value) for value in request.headers.get_all(name))
    return ReceivedRequest(request.method, url.path, url.query, lines)


def verify(request: ReceivedRequest, body: bytes, now: datetime) -> None:
    check(read(request), request, SECRET, body, now)


def refusal(request: ReceivedRequest, body: bytes, now: datetime) -> str:
    with pytest.raises(RefusedRequest) as caught:
        verify(request, body, now)
    return caught.value.code


def request_of(method: str, path: str, query: str, headers: dict[str, list[str]], body: bytes) -> AWSRequest:
    request = AWSRequest(method, f"http://127.0.0.1:4566{path}{'?' if query else ''}{query}", data=body)
    for name, values in headers.items():
        for value in values:
            request.headers.add_header(name, value)
    return request


@given(st.sampled_from(["GET", "PUT", "POST"]), PATHS, QUERIES, HEADERS, st.binary(max_size=20), SERVICES)
@settings(max_examples=cases(20, deep=800), deadline=None)
def test_whatever_the_sdk_signs_by_header_holds_and_nothing_else(
    method: str, path: str, query: str, headers: dict[str, list[str]], body: bytes, service: str
) -> None:
    auth = S3SigV4Auth if service == "s3" else SigV4Auth
    request = signed(auth, service, request_of(method, path, query, headers, body))
    verify(request, body, WHEN)
    forged = [
        ReceivedRequest("DELETE", request.path, request.query, request.headers),
        ReceivedRequest(request.method, request.path + "x", request.query, request.headers),
        ReceivedRequest(request.method, request.path, request.query + "&x=1", request.headers),
        ReceivedRequest(request.method, request.path, request.query, {**request.headers, "host": ("localhost",)}),
    ]
    assert [refusal(forgery, body, WHEN) for forgery in forged] == ["SignatureDoesNotMatch"] * 4
    assert refusal(request, body + b"x", WHEN) in {"SignatureDoesNotMatch", "XAmzContentSHA256Mismatch"}


@given(st.sampled_from(["GET", "PUT"]), PATHS, st.sampled_from(["", "versionId=1", "prefix=a%2Fb%20c"]), SERVICES)
@settings(max_examples=cases(12, deep=400), deadline=None)
def test_whatever_the_sdk_signs_in_a_url_holds_until_it_expires(
    method: str, path: str, query: str, service: str
) -> None:
    auth = S3SigV4QueryAuth if service == "s3" else SigV4QueryAuth
    request = signed(auth, service, request_of(method, path, query, {}, b""))
    verify(request, b"", WHEN)
    verify(request, b"", WHEN + timedelta(hours=1))
    assert refusal(request, b"", WHEN + timedelta(hours=1, seconds=1)) == "AccessDenied"
    assert refusal(request, b"", WHEN - timedelta(hours=1)) == "RequestTimeTooSkewed"
    longer = request.query.replace("X-Amz-Expires=3600", "X-Amz-Expires=86400")
    forgery = ReceivedRequest(method, request.path, longer, request.headers)
    assert refusal(forgery, b"", WHEN) == "SignatureDoesNotMatch"


def bare(**headers: str) -> ReceivedRequest:
    return ReceivedRequest("GET", "/", "", {name.replace("_", "-"): (value,) for name, value in headers.items()})


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (bare(), "MissingAuthenticationToken"),
        (bare(authorization="AWS key:signature"), "InvalidSignatureException"),
        (bare(authorization="AWS4-ECDSA-P256-SHA256 Credential=a"), "InvalidSignatureException"),
        (bare(authorization="Bearer x"), "InvalidSignatureException"),
        (bare(authorization="AWS4-HMAC-SHA256"), "IncompleteSignature"),
        (bare(authorization="AWS4-HMAC-SHA256 Credential=a/b/c", x_amz_date="20260101T000000Z"), "IncompleteSignature"),
        (ReceivedRequest("GET", "/", "X-Amz-Algorithm=AWS4-HMAC-SHA256", {}), "AuthorizationQueryParametersError"),
        (ReceivedRequest("GET", "/", "X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256", {}), "InvalidSignatureException"),
    ],
)
def test_what_is_not_signed_with_version_4_is_refused_by_name(request_: ReceivedRequest, code: str) -> None:
    with pytest.raises(RefusedRequest) as caught:
        read(request_)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("algorithm", "name"),
    [
        ("AWS4-ECDSA-P256-SHA256", "SigV4a"),
        ("AWS4-HMAC-SHA512", "AWS4-HMAC-SHA512"),
        ("AWS", "AWS"),
        ("Bearer", "Bearer"),
        ("x" * 41, "x" * 40),
    ],
)
def test_another_kind_of_signature_is_called_as_people_know_it(algorithm: str, name: str) -> None:
    with pytest.raises(RefusedRequest) as caught:
        read(bare(authorization=f"{algorithm} Credential=a"))
    assert f"{name} is not supported by the AWS on this machine: sign with Signature Version 4" == caught.value.reason


def test_a_request_that_is_signed_twice_is_refused() -> None:
    request = signed(S3SigV4QueryAuth, "s3", request_of("GET", "/b/k", "", {}, b""))
    with pytest.raises(RefusedRequest, match="signed twice"):
        read(
            ReceivedRequest(
                "GET", request.path, request.query, {**request.headers, "authorization": ("AWS4-HMAC-SHA256 ",)}
            )
        )


def test_a_signed_url_makes_no_other_request_by_a_header_of_its_holder() -> None:
    request = signed(S3SigV4QueryAuth, "s3", request_of("PUT", "/b/k", "", {}, b""))
    turned = ReceivedRequest(
        "PUT", request.path, request.query, {**request.headers, "x-amz-target": ("DynamoDB.Delete",)}
    )
    with pytest.raises(RefusedRequest, match="does not cover the header x-amz-target"):
        verify(turned, b"", WHEN)


@pytest.mark.parametrize("off", [-16, 16])
def test_a_clock_that_is_a_quarter_of_an_hour_off_is_refused(off: int) -> None:
    request = signed(SigV4Auth, "sqs", request_of("POST", "/", "", {}, b"{}"))
    assert refusal(request, b"{}", WHEN + timedelta(minutes=off)) == "RequestTimeTooSkewed"


@pytest.mark.parametrize("payload", ["UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"])
def test_a_body_that_is_not_signed_is_not_looked_at(payload: str) -> None:
    raw = request_of("PUT", "/b/k", "", {"X-Amz-Content-SHA256": [payload]}, b"any")
    request = signed(SigV4Auth, "s3", raw)
    assert not read(request).covers_body(request)
    verify(request, b"", WHEN)


def test_what_is_signed_for_remits_own_server_is_what_the_sdk_would_sign() -> None:
    now = datetime(2026, 11, 27, 8, 30, tzinfo=UTC)
    headers: dict[str, Any] = signed_headers(KEY, SECRET, "POST", "127.0.0.1:4566", "/_remit/reset", now)
    request = ReceivedRequest("POST", "/_remit/reset", "", {name: (value,) for name, value in headers.items()})
    verify(request, b"", now)
    theirs = AWSRequest("POST", "http://127.0.0.1:4566/_remit/reset")
    theirs.context["timestamp"] = headers["x-amz-date"]
    theirs.headers["X-Amz-Date"] = headers["x-amz-date"]
    auth = SigV4Auth(Credentials(KEY, SECRET), "remit", "local")
    text = auth.string_to_sign(theirs, auth.canonical_request(theirs))
    assert headers["authorization"].endswith(f"Signature={auth.signature(text, theirs)}")


def test_what_is_signed_for_a_service_covers_its_query_its_headers_and_its_body() -> None:
    now = datetime(2026, 11, 27, 8, 30, tzinfo=UTC)
    path, query, body = "/2015-03-31/functions/orders%3Alive/invocations", "a=1&b=x%20y", b"{}"
    headers = signed_headers(
        KEY, SECRET, "POST", "127.0.0.1:4566", path, now,
        query=query, body=body, further={"x-amz-log-type": "Tail", "content-type": "a/b"}, region="eu-central-1",
        service="lambda",
    )  # fmt: skip
    request = ReceivedRequest("POST", path, query, {name: (value,) for name, value in headers.items()})
    assert "SignedHeaders=content-type;host;x-amz-date;x-amz-log-type, " in headers["authorization"]
    verify(request, body, now)
    assert "SignatureDoesNotMatch" == refusal(request, b"[]", now)


@pytest.mark.parametrize(
    ("service", "path", "query", "headers"),
    [
        ("lambda", "/a/b/", "", {}),
        ("lambda", "/a/./b//c/../", "", {}),
        ("lambda", "//", "", {}),
        ("s3", "/a//b/../c/", "", {}),
        ("s3express", "/a//b%2Fc/", "", {}),
        ("s3-object-lambda", "/a//b/../c/", "", {}),
        ("s3-outposts", "/a//b/../c/", "", {}),
        ("sqs", "/", "b=2&a=1&a=0", {}),
        ("sqs", "/", "", {"x-amz-meta-a": ["  a   b "], "x-other": ["1", " 2"]}),
    ],
)
def test_paths_queries_and_headers_of_each_shape_are_signed_as_the_sdk_does(
    service: str, path: str, query: str, headers: dict[str, list[str]]
) -> None:
    auth = S3SigV4Auth if service.startswith("s3") else SigV4Auth
    request = signed(auth, service, request_of("POST", path, query, headers, b""))
    verify(request, b"", WHEN)
    verify(request, b"", WHEN + timedelta(minutes=15))
    verify(request, b"", WHEN - timedelta(minutes=15))
    assert "RequestTimeTooSkewed" == refusal(request, b"", WHEN + timedelta(minutes=15, seconds=1))


NOW = datetime(2026, 11, 27, 8, 30, tzinfo=UTC)
TO_QUEUES: Any = {"region": "eu-central-1", "service": "sqs"}


def test_a_query_may_be_sent_otherwise_encoded_than_it_was_signed() -> None:
    for signed_query, sent_query in (("a=~x%20", "a=%7Ex%20"), ("~a=%2F", "%7Ea=/")):
        headers = signed_headers(KEY, SECRET, "GET", "127.0.0.1", "/", NOW, query=signed_query, **TO_QUEUES)
        request = ReceivedRequest("GET", "/", sent_query, {name: (value,) for name, value in headers.items()})
        verify(request, b"", NOW)


def test_a_signature_has_the_token_of_its_header() -> None:
    for token in ("", "a/token"):
        further = {"x-amz-security-token": token} if token else {}
        headers = signed_headers(KEY, SECRET, "GET", "127.0.0.1", "/", NOW, further=further, **TO_QUEUES)
        request = ReceivedRequest("GET", "/", "", {name: (value,) for name, value in headers.items()})
        verify(request, b"", NOW)
        assert token == read(request).token


def test_a_request_to_s3_that_names_no_hash_of_its_body_is_signed_with_it() -> None:
    request = signed(SigV4Auth, "s3", request_of("PUT", "/bucket/key", "", {}, b"{}"))
    verify(request, b"{}", WHEN)
    assert "SignatureDoesNotMatch" == refusal(request, b"[]", WHEN)


def test_the_hash_of_the_body_need_not_be_among_the_signed_headers_and_the_host_must() -> None:
    headers = signed_headers(KEY, SECRET, "POST", "127.0.0.1", "/", NOW, body=b"{}", **TO_QUEUES)
    named = {name: (value,) for name, value in headers.items()}
    hashed = {**named, "x-amz-content-sha256": (hashlib.sha256(b"{}").hexdigest(),)}
    verify(ReceivedRequest("POST", "/", "", hashed), b"{}", NOW)
    assert "XAmzContentSHA256Mismatch" == refusal(ReceivedRequest("POST", "/", "", hashed), b"[]", NOW)
    without_host = {**named, "authorization": (headers["authorization"].replace("host;", ""),)}
    with pytest.raises(RefusedRequest, match="does not cover the header host"):
        verify(ReceivedRequest("POST", "/", "", without_host), b"{}", NOW)


SCOPE = "20261127/eu-central-1/sqs/aws4_request"


@pytest.mark.parametrize(
    ("credential", "time", "value", "is_read"),
    [
        (f"{KEY}/{SCOPE}", "20261127T083000Z", "0" * 64, True),
        (f"{KEY}/{SCOPE}", "20261128T083000Z", "0" * 64, False),
        (f"/{SCOPE}", "20261127T083000Z", "0" * 64, False),
        (f"{KEY}/{SCOPE}/x", "20261127T083000Z", "0" * 64, False),
        (f"{KEY}/{SCOPE.replace('4', '5')}", "20261127T083000Z", "0" * 64, False),
        (f"{KEY}/{SCOPE}", "Fri, 27 Nov 2026 10:30:00 +0200", "0" * 64, True),
        (f"{KEY}/{SCOPE}", "", "0" * 64, False),
        (f"{KEY}/{SCOPE}", "20261127T083000Z", "0" * 63, False),
    ],
)
def test_a_signature_says_whose_it_is_and_of_when(credential: str, time: str, value: str, *, is_read: bool) -> None:
    authorization = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature={value}"
    request = bare(authorization=authorization, **{"date" if "," in time else "x_amz_date": time})
    if is_read:
        found = read(request)
        assert (KEY, "20261127T083000Z", SCOPE, "") == (found.access_key_id, found.time, found.scope, found.token)
    else:
        with pytest.raises(RefusedRequest) as refused:
            read(request)
        assert "IncompleteSignature" == refused.value.code


URL = (
    f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={KEY}/{SCOPE}&X-Amz-Date=20261127T083000Z"
    f"&X-Amz-Signature={'0' * 64}"
)


@pytest.mark.parametrize(
    ("expires", "is_read"), [("604800", True), ("0", True), ("٣", False), ("604801", False), ("-1", False), ("", False)]
)
def test_a_url_is_good_for_a_week_at_most(expires: str, *, is_read: bool) -> None:
    request = ReceivedRequest("GET", "/", f"{URL}&x-amz-expires={expires}&X-Amz-Expires=1", {})
    if is_read:
        assert int(expires) == read(request).seconds
    else:
        with pytest.raises(RefusedRequest, match="at most a week"):
            read(request)


def version_2(query: str = "", token: str | None = None, **headers: str) -> tuple[ReceivedRequest, datetime]:
    """A URL that the SDK signs with Version 2, and until when it is good."""
    request = request_of("GET", "/b/k", query, {name.replace("_", "-"): [text] for name, text in headers.items()}, b"")
    HmacV1QueryAuth(Credentials(KEY, SECRET, token)).add_auth(request)
    url = urlsplit(request.url)
    named = {name.replace("_", "-").lower(): (text,) for name, text in headers.items()}
    expires = parse_qs(url.query)["Expires"][0]
    return ReceivedRequest("GET", url.path, url.query, named), datetime.fromtimestamp(int(expires), UTC)


@pytest.mark.parametrize(
    ("query", "token"), [("", None), ("versionId=1", None), ("prefix=a&max-keys=2&list-type=2", None), ("acl", "token")]
)
def test_a_url_of_version_2_holds_until_it_expires_and_for_nothing_else(query: str, token: str | None) -> None:
    request, end = version_2(query, token)
    signature = read_version_2(request, "eu-central-1")
    assert signature is not None
    assert (KEY, token or "", "eu-central-1") == (signature.access_key_id, signature.token, signature.region)
    check_version_2(signature, request, SECRET, end)
    with pytest.raises(RefusedRequest, match="expired"):
        check_version_2(signature, request, SECRET, end + timedelta(seconds=1))
    forged = [
        ReceivedRequest("PUT", request.path, request.query, request.headers),
        ReceivedRequest("GET", "/b/other", request.query, request.headers),
        ReceivedRequest("GET", request.path, request.query, {"x-amz-acl": ("public-read",)}),
    ]
    for forgery in forged:
        with pytest.raises(RefusedRequest) as refused:
            check_version_2(signature, forgery, SECRET, end)
        assert "SignatureDoesNotMatch" == refused.value.code
    with pytest.raises(RefusedRequest, match="does not sign the parameter x-other"):
        check_version_2(signature, ReceivedRequest("GET", "/b/k", f"{request.query}&X-Other=1", {}), SECRET, end)


@pytest.mark.parametrize(
    ("query", "headers", "is_version_2", "is_of_s3"),
    [
        ("AWSAccessKeyId=a&Expires=1&Signature=b", {}, True, True),
        ("AWSAccessKeyId=a&Expires=1&Signature=b", {"authorization": ("x",)}, False, False),
        ("AWSAccessKeyId=a&Signature=b", {}, False, True),
        ("AWSAccessKeyId=a&Expires=1", {}, False, False),
        ("AWSAccessKeyId=a&Expires=1&Signature=b&X-Amz-Algorithm=c", {}, False, True),
        (URL, {}, False, False),
        (URL.replace("/sqs/", "/s3/"), {}, False, True),
        (URL.replace("/sqs/", "/s3/"), {"authorization": ("x",)}, False, False),
        (f"X-Amz-Credential={KEY}/{SCOPE.replace('sqs', 's3')}", {}, False, False),
        (f"X-Amz-Credential={KEY}/{SCOPE.replace('sqs', 's3')}&Signature=b", {}, False, False),
        ("AWSAccessKeyId=a&Expires=1&X-Amz-Signature=b", {}, False, False),
        ("", {}, False, False),
    ],
)
def test_a_signed_url_of_s3_is_known_by_its_parameters(
    query: str, headers: dict[str, tuple[str, ...]], *, is_version_2: bool, is_of_s3: bool
) -> None:
    request = ReceivedRequest("GET", "/b/k", query, headers)
    assert (is_version_2, is_of_s3) == (read_version_2(request, "r") is not None, is_url_of_s3(request))


def test_a_signature_is_read_whole_from_a_header_and_from_a_query_however_its_names_are_encoded() -> None:
    parts = (KEY, "20261127", "eu-central-1", "sqs", "20261127T083000Z")
    named = f"Credential={KEY}/{SCOPE},SignedHeaders=host;x-a, Signature={'0' * 64}"
    header = bare(
        authorization=f"AWS4-HMAC-SHA256 {named}",
        x_amz_date="20261127T083000Z",
        date="x",
        **{"x-amz-security-token": "t"},
    )
    assert Signature(*parts, ("host", "x-a"), "0" * 64, "t", None) == read(header)
    more = "X-Amz-SignedHeaders=host%3Bx-a&x-amz-expires=60&X-Amz-Security-Token=t%2F"
    query = ReceivedRequest("GET", "/", f"{URL}&{more}".replace("X-Amz-", "X%2DAmz%2D"), {})
    assert Signature(*parts, ("host", "x-a"), "0" * 64, "t/", 60) == read(query)
    assert [True, True, False, False] == [
        is_signed(one) for one in (header, query, bare(authorization="AWS a"), bare())
    ]
    fields = {"x-amz-algorithm": "AWS4-HMAC-SHA256", "x-amz-date": parts[-1], "x-amz-signature": "0" * 64}
    fields |= {"x-amz-credential": f"{KEY}/{SCOPE}", "x-amz-security-token": "t"}
    assert Signature(*parts, ("host",), "0" * 64, "t", 0) == read_policy_signature(fields, "us-east-1")
    fields |= {"awsaccesskeyid": "two", "signature": "s"}
    of_version_2 = Signature("two", "20060301", "us-east-1", "s3", "", ("host",), "s", "t", 0)
    assert of_version_2 == read_policy_signature(fields, "us-east-1")


@pytest.mark.parametrize(
    ("service", "seconds", "declared", "payload", "covers_body"),
    [
        ("s3", 60, None, "UNSIGNED-PAYLOAD", False),
        ("s3", None, None, None, True),
        ("sqs", 60, None, None, True),
        ("s3", 60, "0" * 64, "0" * 64, True),
        ("sqs", None, "0" * 63, "0" * 63, False),
    ],
)
def test_a_body_is_signed_as_the_request_says_or_not_in_a_url_of_s3(
    service: str, seconds: int | None, declared: str | None, payload: str | None, *, covers_body: bool
) -> None:
    signature = Signature(KEY, "20261127", "r", service, "20261127T083000Z", ("host",), "", "", seconds)
    request = bare(**({} if declared is None else {"x_amz_content_sha256": declared}))
    assert (payload, covers_body) == (signature.payload(request), signature.covers_body(request))


def test_a_url_of_version_2_lists_by_every_parameter_of_a_list_and_has_its_headers_in_its_query() -> None:
    model = Session().get_service_model("s3")
    operations = (
        "ListBuckets", "ListMultipartUploads", "ListObjectVersions", "ListObjects", "ListObjectsV2", "ListParts"
    )  # fmt: skip
    lists = [model.operation_model(name) for name in operations]
    members = [member.serialization for one in lists for member in one.input_shape.members.values()]
    names = {member["name"] for member in members if member.get("location") == "querystring"} - {"uploadId"}
    request, end = version_2("&".join(f"{name}=1" for name in sorted({*names, "x-id"})))
    signature = read_version_2(request, "r")
    assert signature is not None
    assert {"bucket-region", "continuation-token", "max-buckets", "part-number-marker", "version-id-marker"} <= names
    check_version_2(signature, request, SECRET, end)
    # Annotations are another request than the object, and Version 2 does not sign the parameter that names them.
    request, end = version_2("annotation&annotation-prefix=a")
    with pytest.raises(RefusedRequest, match=r"does not sign the parameter annotation$"):
        check_version_2(signature, request, SECRET, end)
    request, end = version_2(x_amz_acl="private", content_type="a/b")
    signature = read_version_2(request, "r")
    assert signature is not None
    assert "x-amz-acl=private" in request.query
    check_version_2(signature, request, SECRET, end)
    bare_of_headers = ReceivedRequest("GET", request.path, request.query, {})
    with pytest.raises(RefusedRequest, match="does not sign the parameter"):
        check_version_2(signature, bare_of_headers, SECRET, end)


@pytest.mark.parametrize("auth", [S3SigV4PostAuth, HmacV1PostAuth])
def test_the_policy_of_a_form_holds_for_whom_the_sdk_signs_it_and_nobody_else(auth: Any) -> None:
    request = AWSRequest("POST", "http://127.0.0.1/b")
    request.context["s3-presign-post-fields"] = {"key": "k"}
    request.context["s3-presign-post-policy"] = {"expiration": "2026-11-28T10:15:00Z", "conditions": []}
    credentials = Credentials(KEY, SECRET, "token")
    (auth(credentials) if auth is HmacV1PostAuth else auth(credentials, "s3", "eu-central-1")).add_auth(request)
    fields = {name.lower(): str(value) for name, value in request.context["s3-presign-post-fields"].items()}
    signature = read_policy_signature(fields, "eu-central-1")
    assert (KEY, "token", "eu-central-1") == (signature.access_key_id, signature.token, signature.region)
    check_policy_signature(signature, fields["policy"], SECRET)
    for policy, secret in ((fields["policy"] + "x", SECRET), (fields["policy"], "other")):
        with pytest.raises(RefusedRequest):
            check_policy_signature(signature, policy, secret)
    other = {**fields, "x-amz-algorithm": "AWS4-ECDSA-P256-SHA256"}
    del other["awsaccesskeyid" if "awsaccesskeyid" in other else "key"]
    with pytest.raises(RefusedRequest, match="not signed"):
        read_policy_signature(other, "eu-central-1")
