"""AWS Signature Version 4: who signed a request, whether the signature holds, and how to sign one.

The source is "Create a signed AWS API request" (IAM user guide), and "Authenticating Requests" (S3 API reference).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Final
from urllib.parse import SplitResult, quote, unquote

from remit.local.request import ReceivedRequest, RefusedRequest

ALGORITHM: Final = "AWS4-HMAC-SHA256"
UNSIGNED_PAYLOAD: Final = "UNSIGNED-PAYLOAD"
QUERY_NAMES: Final = frozenset(
    f"x-amz-{name}"
    for name in ("algorithm", "credential", "date", "expires", "signedheaders", "signature", "security-token")
)
"""The parameters, in lower case, that sign a URL."""

_SKEW: Final = timedelta(minutes=15)
_LONGEST: Final = 7 * 24 * 3600  # seconds that a signed URL may be good for
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_SCOPE_PARTS: Final = 5  # access key, date, region, service, aws4_request
_TIME: Final = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_TIME_FORMAT: Final = "%Y%m%dT%H%M%SZ"
_UNRESERVED: Final = "-_.~"
# S3 signs the path as it is sent; all others sign it normalised and encoded once more.
_SIGN_PATH_AS_SENT: Final = frozenset({"s3", "s3express", "s3-object-lambda", "s3-outposts"})


@dataclass(frozen=True, slots=True)
class Signature:
    """The claims of a request about its signer, its time, and the signed parts. Nothing of it is proven."""

    access_key_id: str
    date: str
    region: str
    service: str
    time: str
    signed_headers: tuple[str, ...]
    value: str
    token: str
    seconds: int | None
    """How long a signed URL is good for; None for a request that is signed by its header."""

    @property
    def scope(self) -> str:
        """The credential scope: date, region, service and the closing word."""
        return f"{self.date}/{self.region}/{self.service}/aws4_request"

    def payload(self, request: ReceivedRequest) -> str | None:
        """Return the value that is signed in the body's place; None: the hash of its body."""
        declared = request.header("x-amz-content-sha256")
        if declared is None and self.seconds is not None and self.service in _SIGN_PATH_AS_SENT:
            return UNSIGNED_PAYLOAD
        return declared

    def covers_body(self, request: ReceivedRequest) -> bool:
        """Return whether the body is needed to check the signature."""
        payload = self.payload(request)
        return payload is None or _SHA256.fullmatch(payload) is not None

    def header(self) -> str:
        """The Authorization header that says the same."""
        headers = ";".join(self.signed_headers)
        return (
            f"{ALGORITHM} Credential={self.access_key_id}/{self.scope}, SignedHeaders={headers}, Signature={self.value}"
        )


def is_signed(request: ReceivedRequest) -> bool:
    """Return whether a request carries a signature of AWS's, true or not."""
    return (request.header("authorization") or "").startswith("AWS4-") or "x-amz-signature" in _parameters(
        request.query
    )


def read(request: ReceivedRequest) -> Signature:
    """The signature of a request, from its Authorization header or its query string; it is not checked yet.

    Raises: RefusedRequest: if there is none, there are two, or it is of another kind or not whole.
    """
    authorization = request.header("authorization")
    parameters = _parameters(request.query)
    algorithm = parameters.get("x-amz-algorithm")
    if authorization is None and algorithm is None:
        raise RefusedRequest("MissingAuthenticationToken", "the request is not signed")
    if authorization is not None and algorithm is not None:
        raise RefusedRequest("InvalidArgument", "the request is signed twice: by its header and by its query string")
    if authorization is None:
        return _of_query(parameters)
    return _of_header(request, authorization)


def _of_header(request: ReceivedRequest, authorization: str) -> Signature:
    """The signature of an Authorization header. RefusedRequest: it is of another kind, or not whole."""
    algorithm, _, rest = authorization.partition(" ")
    if algorithm != ALGORITHM:
        raise _unsupported(algorithm)
    fields = {}
    for part in rest.split(","):
        name, _, value = part.strip().partition("=")
        fields[name] = value
    return _signature(
        fields.get("Credential", ""),
        _time_of(request),
        fields.get("SignedHeaders", ""),
        fields.get("Signature", ""),
        request.header("x-amz-security-token") or "",
        None,
    )


def _of_query(parameters: Mapping[str, str]) -> Signature:
    """The signature of a query string with X-Amz-Algorithm.

    RefusedRequest: it is of another kind, not whole, or its seconds are no number up to a week.
    """
    if parameters["x-amz-algorithm"] != ALGORITHM:
        raise _unsupported(parameters["x-amz-algorithm"])
    expires = parameters.get("x-amz-expires", "")
    if not (expires.isascii() and expires.isdigit() and int(expires) <= _LONGEST):
        raise RefusedRequest(
            "AuthorizationQueryParametersError", "X-Amz-Expires must be a number of seconds, at most a week"
        )
    return _signature(
        parameters.get("x-amz-credential", ""),
        parameters.get("x-amz-date", ""),
        parameters.get("x-amz-signedheaders", ""),
        parameters.get("x-amz-signature", ""),
        parameters.get("x-amz-security-token", ""),
        int(expires),
    )


def _signature(
    credential: str, time: str, signed_headers: str, value: str, token: str, seconds: int | None
) -> Signature:
    """A signature of its parts. RefusedRequest (IncompleteSignature): a part is missing, or not of its form."""
    parts = credential.split("/")
    if not _TIME.fullmatch(time):
        raise RefusedRequest("IncompleteSignature", "the request does not say when it was signed")
    if len(parts) != _SCOPE_PARTS or not all(parts) or parts[-1] != "aws4_request" or parts[1] != time[:8]:
        raise RefusedRequest(
            "IncompleteSignature", "the credential of the signature is not KEY/DATE/REGION/SERVICE/aws4_request"
        )
    if not _SHA256.fullmatch(value):
        raise RefusedRequest("IncompleteSignature", "the signature is not 64 hexadecimal digits")
    names = tuple(signed_headers.split(";"))
    return Signature(parts[0], parts[1], parts[2], parts[3], time, names, value, token, seconds)


def _unsupported(kind: str) -> RefusedRequest:
    if kind.startswith("AWS4-ECDSA"):
        kind = "SigV4a"
    reason = f"{kind[:40]} is not supported by the AWS on this machine: sign with Signature Version 4"
    return RefusedRequest("InvalidSignatureException", reason)


def _time_of(request: ReceivedRequest) -> str:
    """When a request was signed, as `20261202T093300Z`: X-Amz-Date as it is, else Date; "" if neither says it."""
    time = request.header("x-amz-date")
    if time is not None:
        return time
    try:
        return parsedate_to_datetime(request.header("date") or "").astimezone(UTC).strftime(_TIME_FORMAT)
    except (TypeError, ValueError):
        return ""


def _parameters(query: str) -> dict[str, str]:
    """The query's parameters by their names in lower case; of several of one name the first."""
    parameters: dict[str, str] = {}
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        parameters.setdefault(unquote(name).lower(), unquote(value))
    return parameters


def check(signature: Signature, request: ReceivedRequest, secret: str, body: bytes, now: datetime) -> None:
    """Check that the owner of the secret signed this very request, and that it is still good.

    `body` is only looked at when the signature covers it. The chunks of an aws-chunked body are not checked one by
    one: the signature of the request is.

    Raises:
        RefusedRequest: the signature is wrong, too old, from the future, or leaves out a header; the body is another.
    """
    _check_time(signature, now)
    _check_headers(signature, request)
    payload = signature.payload(request)
    if payload is None:
        payload = hashlib.sha256(body).hexdigest()
    elif _SHA256.fullmatch(payload) and payload != hashlib.sha256(body).hexdigest():
        raise RefusedRequest("XAmzContentSHA256Mismatch", "the body is not the one whose hash the request names")
    key = _signing_key(secret, signature.date, signature.region, signature.service)
    # Some SDKs sign the query as they send it, and not as AWS documents: either says the same.
    for query in _canonical_queries(request.query):
        expected = _sign(key, signature, _canonical_request(signature, request, query, payload))
        if hmac.compare_digest(expected, signature.value):
            return
    raise _wrong()


def _wrong() -> RefusedRequest:
    return RefusedRequest(
        "SignatureDoesNotMatch",
        "the signature is not the one that the secret of this access key makes; "
        "`remit local start` shows the access key and the secret to sign with",
    )


def _check_time(signature: Signature, now: datetime) -> None:
    """Check that a request was signed within 15 minutes of now; a URL, that it has not expired since.

    RefusedRequest: not so, or the time is none. Nothing may be signed more than 15 minutes ahead.
    """
    try:
        signed_at = datetime.fromisoformat(signature.time)
    except ValueError:
        raise RefusedRequest("IncompleteSignature", "the request does not say when it was signed") from None
    if signed_at - now > _SKEW:
        raise RefusedRequest("RequestTimeTooSkewed", "the request was signed in the future")
    if signature.seconds is None and now - signed_at > _SKEW:
        raise RefusedRequest("RequestTimeTooSkewed", "the request was signed more than 15 minutes ago")
    if signature.seconds is not None and now > signed_at + timedelta(seconds=signature.seconds):
        raise RefusedRequest("AccessDenied", "Request has expired")


def _check_headers(signature: Signature, request: ReceivedRequest) -> None:
    """Check that Host and each x-amz-* header is signed: else a signed URL would be good for another request.

    RefusedRequest: one of them is not.
    """
    signed = frozenset(signature.signed_headers)
    if "host" not in signed:
        raise RefusedRequest("SignatureDoesNotMatch", "the signature does not cover the header host")
    for name in request.headers:
        # The hash of the body is signed by itself, as the last line of the canonical request.
        if name.startswith("x-amz-") and name != "x-amz-content-sha256" and name not in signed:
            raise RefusedRequest("AccessDenied", f"the signature does not cover the header {name}")


def _canonical_request(signature: Signature, request: ReceivedRequest, query: str, payload: str) -> str:
    """The text whose hash is signed ("Create a signed AWS API request", IAM User Guide), with `query` as it is.

    The path is as it is sent for S3, else normalised and encoded once more; a URL's own signature is left out.
    """
    path = request.path or "/"
    if signature.service not in _SIGN_PATH_AS_SENT:
        plain = posixpath.normpath(path).lstrip("/")
        path = quote(f"/{plain}/" if plain and path.endswith("/") else f"/{plain}", safe="/~")
    if signature.seconds is not None:
        pairs = [pair for pair in query.split("&") if not pair.lower().startswith("x-amz-signature=")]
        query = "&".join(pairs)
    lines = [request.method, path, query]
    for name in signature.signed_headers:
        values = [" ".join(value.split()) for value in request.headers.get(name, ())]
        lines.append(f"{name}:{','.join(values)}")
    return "\n".join([*lines, "", ";".join(signature.signed_headers), payload])


def _canonical_queries(query: str) -> Iterator[str]:
    """The query with its parameters in order: as it is encoded, then encoded as AWS says.

    SDKs encode before they sign, and some sign what they send otherwise; either form says the same.
    """
    pairs = [pair.partition("=")[::2] for pair in query.split("&")] if query else []
    yield _in_order(pairs)
    yield _in_order([(_encoded(name), _encoded(value)) for name, value in pairs])


def _in_order(pairs: Iterable[tuple[str, str]]) -> str:
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _encoded(text: str) -> str:
    return quote(unquote(text), safe=_UNRESERVED)


def _sign(key: bytes, signature: Signature, canonical_request: str) -> str:
    digest = hashlib.sha256(canonical_request.encode()).hexdigest()
    text = f"{ALGORITHM}\n{signature.time}\n{signature.scope}\n{digest}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


@lru_cache(maxsize=256)
def _signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


_OF_URL_OF_VERSION_2: Final = frozenset({"awsaccesskeyid", "expires", "signature", "x-amz-security-token"})
_OF_LISTS: Final = frozenset({
    "bucket-region", "continuation-token", "delimiter", "encoding-type", "fetch-owner", "key-marker", "list-type",
    "marker", "max-buckets", "max-keys", "max-parts", "max-uploads", "part-number-marker", "prefix", "start-after",
    "upload-id-marker", "version-id-marker", "x-id",
})  # fmt: skip
"""Parameters, in lower case, that Version 2 does not sign, and that make no other request of one."""


def read_version_2(request: ReceivedRequest, region: str) -> Signature | None:
    """Read the signature of a URL of Signature Version 2, or None where it has none.

    boto3 signs so for S3 in many regions by itself. Version 2 has no region and no date, and `time` is empty.
    """
    parameters = _parameters(request.query)
    if "authorization" in request.headers or "x-amz-algorithm" in parameters:
        return None
    if not {"awsaccesskeyid", "expires", "signature"} <= parameters.keys():
        return None
    return _of_version_2(parameters, region)


def _of_version_2(parameters: Mapping[str, str], region: str) -> Signature:
    """A signature of Version 2 for S3: `time` is empty, and the date stands for one, which Version 2 does not have."""
    key, value = parameters["awsaccesskeyid"], parameters.get("signature", "")
    return Signature(key, "20060301", region, "s3", "", ("host",), value, parameters.get("x-amz-security-token", ""), 0)


def check_version_2(signature: Signature, request: ReceivedRequest, secret: str, now: datetime) -> None:
    """As `check`, for a URL that Version 2 signs: method, path, Content-Type, all of x-amz-*, and the expiry.

    Raises:
        RefusedRequest: if the owner of the secret did not sign it, or it has expired.
    """
    from botocore.auth import HmacV1Auth
    from botocore.compat import HTTPHeaders
    from botocore.credentials import Credentials

    expires = _parameters(request.query)["expires"]
    if not (expires.isascii() and expires.isdigit() and now.timestamp() <= int(expires)):
        raise RefusedRequest("AccessDenied", "Request has expired")
    # The holder of a URL could make another request of it by what Version 2 does not sign.
    known = {*_OF_URL_OF_VERSION_2, *_OF_LISTS, *request.headers, *(name.lower() for name in HmacV1Auth.QSAOfInterest)}
    for name in _parameters(request.query):
        if name not in known:
            raise RefusedRequest("AccessDenied", f"Version 2 does not sign the parameter {name}")
    headers: Any = HTTPHeaders()
    for name, value in request.joined_headers().items():
        headers[name] = value
    if signature.token:
        headers["x-amz-security-token"] = signature.token
    signer: Any = HmacV1Auth(Credentials(signature.access_key_id, secret))
    signer._get_date = lambda: expires  # which a URL has in the place of the date
    url = SplitResult("http", "", request.path, request.query, "")
    expected = signer.sign_string(signer.canonical_string(request.method, url, headers))
    if not hmac.compare_digest(expected.encode(), signature.value.encode()):
        raise _wrong()


def is_url_of_s3(request: ReceivedRequest) -> bool:
    """Return whether a request is a signed URL of S3, of either version; nothing of it is proven."""
    parameters = _parameters(request.query)
    is_of_s3 = parameters.get("x-amz-credential", "").endswith("/s3/aws4_request")
    is_signed_url = "signature" in parameters if "awsaccesskeyid" in parameters else "x-amz-signature" in parameters
    return "authorization" not in request.headers and is_signed_url and (is_of_s3 or "awsaccesskeyid" in parameters)


def read_policy_signature(fields: Mapping[str, str], region: str) -> Signature:
    """Read the signature of a form's policy, Version 4 or 2, from fields named in lower case.

    RefusedRequest: nobody signed it, or the signature is not whole.

    Source: "Browser-Based Uploads Using POST" (Amazon S3 API Reference).
    """
    if "awsaccesskeyid" in fields:
        return _of_version_2(fields, region)
    if fields.get("x-amz-algorithm") != ALGORITHM:
        raise RefusedRequest("AccessDenied", "the form is not signed")
    credential, date, value = (fields.get(f"x-amz-{name}", "") for name in ("credential", "date", "signature"))
    return _signature(credential, date, "host", value, fields.get("x-amz-security-token", ""), 0)


def check_policy_signature(signature: Signature, policy: str, secret: str) -> None:
    """Check that the owner of the secret signed the text of a form's policy. RefusedRequest: somebody else did."""
    if signature.time:
        key = _signing_key(secret, signature.date, signature.region, signature.service)
        expected = hmac.new(key, policy.encode(), hashlib.sha256).hexdigest()
    else:  # S3's Version 2 has no other hash
        expected = base64.b64encode(hmac.new(secret.encode(), policy.encode(), hashlib.sha1).digest()).decode()
    if not hmac.compare_digest(expected.encode(), signature.value.encode()):
        raise _wrong()


def signed_headers(
    access_key_id: str,
    secret: str,
    method: str,
    host: str,
    path: str,
    now: datetime,
    *,
    query: str = "",
    body: bytes = b"",
    further: Mapping[str, str] | None = None,
    region: str = "local",
    service: str = "remit",
) -> dict[str, str]:
    """The headers that sign a request: host, x-amz-date, the `further` ones (lower case) and authorization.

    Without a service it is a request to remit's own server. `path` and `query` are percent-encoded, as they are sent,
    the query's parameters in the order of their names.
    """
    time = now.astimezone(UTC).strftime(_TIME_FORMAT)
    headers = dict(sorted({"host": host, "x-amz-date": time, **(further or {})}.items()))
    unsigned = Signature(access_key_id, time[:8], region, service, time, tuple(headers), "", "", None)
    request = ReceivedRequest(method, path, query, {name: (value,) for name, value in headers.items()})
    key = _signing_key(secret, unsigned.date, unsigned.region, unsigned.service)
    canonical_request = _canonical_request(unsigned, request, query, hashlib.sha256(body).hexdigest())
    signature = replace(unsigned, value=_sign(key, unsigned, canonical_request))
    return {**headers, "authorization": signature.header()}
