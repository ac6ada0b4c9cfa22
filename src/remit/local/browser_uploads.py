"""Uploads to S3 from a form of a web page: who signed the form's policy, whether the form is as it says, the object.

Sources: "POST Object" and "Browser-Based Uploads Using POST" with its pages on the policy and its signature (Amazon S3
API Reference).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from typing import Any, Final
from urllib.parse import quote, urlencode
from xml.sax.saxutils import escape

from remit.local.emulator import emulated
from remit.local.request import ReceivedRequest, RefusedRequest

_FORM: Final = "multipart/form-data"
_MOST_OF_FIELDS: Final = 20_480  # bytes before the file
_UNCHECKED: Final = frozenset({"awsaccesskeyid", "x-amz-signature", "signature", "file", "policy"})
"""Fields that no condition has to name, beside those that begin with `x-ignore-`."""
_AS_HEADERS: Final = re.compile(r"content-(?:type|disposition|encoding)|cache-control|expires|x-amz-.*")
_OF_SIGNATURE: Final = re.compile(r"x-amz-(?:algorithm|credential|date|signature|security-token)")
_OTHER_NAMES: Final = {"acl": "x-amz-acl", "tagging": "x-amz-tagging"}
_STATUSES: Final = ("200", "201")


@dataclass(frozen=True, slots=True)
class BrowserUpload:
    """A form as it was sent: its fields by their names in lower case, and the file."""

    bucket: str
    fields: Mapping[str, str]
    content: bytes

    @property
    def key(self) -> str:
        """The object's key."""
        return self.fields["key"]

    def check(self, now: datetime) -> None:
        """Check that the form is as its policy says.

        RefusedRequest, as S3 has it: InvalidPolicyDocument; EntityTooLarge or EntityTooSmall for the file; AccessDenied
        for a policy that has expired, a condition that is not met, or a field that no condition names.
        """
        try:
            policy = json.loads(base64.b64decode(self.fields["policy"], validate=True))
            expires = datetime.fromisoformat(policy["expiration"])
            conditions = [_read(condition) for condition in policy["conditions"]]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise RefusedRequest("InvalidPolicyDocument", "Invalid Policy: it is no policy of a form", 400) from None
        if expires.tzinfo is None or now > expires:
            raise _invalid("Policy expired.")
        values = {**self.fields, "bucket": self.bucket}
        for operator, name, value in conditions:
            if operator == "content-length-range":
                least, most = name, value
                if len(self.content) > most:
                    reason = "Your proposed upload exceeds the maximum allowed size"
                    raise RefusedRequest("EntityTooLarge", reason, 400)
                if len(self.content) < least:
                    reason = "Your proposed upload is smaller than the minimum allowed size"
                    raise RefusedRequest("EntityTooSmall", reason, 400)
                continue
            actual = values.get(name, "")
            if not (actual.startswith(value) if operator == "starts-with" else actual == value):
                raise _invalid(f'Policy Condition failed: ["{operator}", "${name}", "{value}"]')
        named = {name for _, name, _ in conditions}
        extra = [name for name in self.fields if name not in named | _UNCHECKED and not name.startswith("x-ignore-")]
        if extra:
            raise _invalid(f"Extra input fields: {', '.join(extra)}")

    def request(self, host: str) -> ReceivedRequest:
        """The unsigned PutObject request for the object, without its body.

        Its headers are the fields that S3 knows as headers, such as Content-Type and x-amz-*; all others are left out.
        """
        headers = {"host": (host,)}
        for field, value in self.fields.items():
            name = _OTHER_NAMES.get(field, field)
            if _AS_HEADERS.fullmatch(name) and not _OF_SIGNATURE.fullmatch(name):
                headers[name] = (value,)
        return ReceivedRequest("PUT", f"/{self.bucket}/{quote(self.key)}", "", headers)

    def answer(self, headers: Mapping[str, str], port: int) -> tuple[int, dict[str, str], bytes]:
        """The status, the headers and the body of the answer to the page, with PutObject's `headers` among them.

        303 leads to the page that the form names; without one it is 204, or the 200 or 201 that the form asks for. The
        body is empty but for 201, which has XML with the object's place.
        """
        etag = headers.get("etag", "")
        location = f"http://127.0.0.1:{port}/{self.bucket}/{quote(self.key)}"
        kept = {name: value for name, value in headers.items() if name not in ("content-length", "content-type")}
        kept["location"] = location
        redirect = self.fields.get("success_action_redirect") or self.fields.get("redirect")
        if redirect and "\n" not in redirect and "\r" not in redirect:
            query = urlencode({"bucket": self.bucket, "key": self.key, "etag": etag})
            return 303, {**kept, "location": f"{redirect}{'&' if '?' in redirect else '?'}{query}"}, b""
        status = self.fields.get("success_action_status")
        if status not in _STATUSES:
            return 204, kept, b""
        members = {"Location": location, "Bucket": self.bucket, "Key": self.key, "ETag": etag}
        xml = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in members.items())
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse>{xml}</PostResponse>' if status == "201" else ""
        return int(status), {**kept, "content-type": "application/xml"}, body.encode()


def is_upload(request: ReceivedRequest) -> bool:
    """Return whether a request is a POST of multipart/form-data, as a page's form sends it."""
    return request.method == "POST" and (request.header("content-type") or "").lower().startswith(_FORM)


def upload(request: ReceivedRequest, path: str, body: bytes) -> BrowserUpload:
    """The upload that a request is, at a path that is `/BUCKET`; what comes after the file is left out.

    `${filename}` in the key is put in. RefusedRequest, with S3's code: the path has more or no bucket, the content type
    has no boundary, the field `key` does not come before the file, a field is there twice, or there is no file within
    20,480 bytes.
    """
    bucket, _, rest = path.removeprefix("/").partition("/")
    if rest or not bucket:
        raise RefusedRequest("MethodNotAllowed", "The specified method is not allowed against this resource.", 405)
    message = Message()
    message["content-type"] = request.header("content-type") or ""
    boundary = message.get_boundary()
    if not boundary:
        reason = "The body of your POST request is not well-formed multipart/form-data: it has no boundary."
        raise RefusedRequest("MalformedPOSTRequest", reason, 400)
    fields: dict[str, str] = {}
    delimiter = b"\r\n--" + boundary.encode()
    place = body.find(delimiter[2:])
    while place >= 0:
        place = body.find(b"\r\n", place) + 2
        end_of_head = body.find(b"\r\n\r\n", place)
        end = body.find(delimiter, end_of_head)
        if end_of_head < 0 or end < 0 or place > _MOST_OF_FIELDS:
            break
        name, file_name = _name(body[place:end_of_head])
        content = body[end_of_head + 4 : end]
        if name == "file":
            key = fields.get("key")
            if not key:
                raise RefusedRequest("InvalidArgument", "Bucket POST must contain a field named 'key'.", 400)
            return BrowserUpload(bucket, {**fields, "key": key.replace("${filename}", file_name)}, content)
        if name in fields:
            raise RefusedRequest("InvalidArgument", f"Bucket POST has the field '{name}' twice.", 400)
        fields[name] = content.decode("utf-8", "replace")
        place = end + 2
    raise RefusedRequest("InvalidArgument", "POST requires exactly one file upload per request.", 400)


def _name(head: bytes) -> tuple[str, str]:
    """The name of a field in lower case, and that of its file without folders; "" for one that its header lacks."""
    message = Message()
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        message[name.strip()] = value.strip()
    names = [message.get_param(part, "", "content-disposition") for part in ("name", "filename")]
    return str(names[0]).lower(), str(names[1]).replace("\\", "/").rpartition("/")[2]


def _read(condition: Any) -> tuple[str, Any, Any]:
    """A condition of a policy: its operator, the field's name in lower case, and the value.

    Of content-length-range, the operator, the least and the most bytes. ValueError or TypeError: it is no condition.
    """
    if isinstance(condition, dict):
        ((name, value),) = condition.items()
        return "eq", name.lower(), str(value)
    operator, name, value = condition
    if operator == "content-length-range":
        return operator, int(name), int(value)
    if operator not in ("eq", "starts-with") or not (isinstance(name, str) and isinstance(value, str)):
        raise ValueError
    return operator, name.removeprefix("$").lower(), value


def _invalid(reason: str) -> RefusedRequest:
    return RefusedRequest("AccessDenied", f"Invalid according to Policy: {reason}")


def preflight(request: ReceivedRequest, path: str) -> tuple[int, Mapping[str, str], bytes]:
    """Answer a page's preflight request for a path `/BUCKET/KEY`, by the bucket's CORS rules: status, headers, body."""
    s3 = emulated("services.s3")
    bucket, _, key = path.removeprefix("/").partition("/")
    status, headers, body = s3.cors_preflight(bucket, key, request.joined_headers())
    return status, headers, body


def cors_headers(request: ReceivedRequest, path: str) -> Mapping[str, str]:
    """The headers by which a bucket's rules let a page of another site read an answer; none where they do not."""
    s3 = emulated("services.s3")
    bucket = path.removeprefix("/").partition("/")[0]
    headers: Mapping[str, str] = s3.cors_response_headers(bucket, request.method, request.joined_headers())
    return headers
