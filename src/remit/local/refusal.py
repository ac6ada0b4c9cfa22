"""A refusal in the shape that the SDK which sent the request reads."""

from __future__ import annotations

import importlib
import json
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote
from xml.sax.saxutils import escape

from remit.local.browser_uploads import is_upload
from remit.local.signature import is_url_of_s3

if TYPE_CHECKING:
    from remit.local.request import ReceivedRequest, RefusedRequest

_QUERY: Final = "<ErrorResponse><Error><Type>Sender</Type>{error}</Error><RequestId>local</RequestId></ErrorResponse>"
_S3: Final = '<?xml version="1.0" encoding="UTF-8"?>\n<Error>{error}<RequestId>local</RequestId></Error>'
_EC2: Final = "<Response><Errors><Error>{error}</Error></Errors><RequestID>local</RequestID></Response>"
# "Error responses" of each service; all others speak JSON or CBOR, or say by their content type that they do not.
_XML: Final = {"s3": _S3, "s3express": _S3, "ec2": _EC2, "route53": _QUERY, "cloudfront": _QUERY}
_QUERY_COMPATIBLE: Final = frozenset({"sqs", "monitoring"})
"""Services that spoke the query protocol once: a header has the error's code as it was then ("awsQueryCompatible")."""
_SERVICE: Final = re.compile(r"/([a-z0-9-]+)/aws4_request")


def answer(refused: RefusedRequest, request: ReceivedRequest) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """The headers and the body of a refusal."""
    service = _service(request)
    template = _XML.get(service)
    form = (request.header("content-type") or "").startswith("application/x-www-form-urlencoded")
    if template is None and form:
        template = _QUERY
    headers = [(b"x-amzn-errortype", refused.code.encode())]
    if template is not None:
        content_type = b"text/xml"
        error = f"<Code>{escape(refused.code)}</Code><Message>{escape(refused.reason)}</Message>"
        body = template.format(error=error).encode()
    else:
        if service in _QUERY_COMPATIBLE:
            headers.append((b"x-amzn-query-error", f"{refused.code.removesuffix('Exception')};Sender".encode()))
        members = {"__type": refused.code, "message": refused.reason}
        content_type = b"application/x-amz-json-1.1"
        body = json.dumps(members).encode()
        if request.header("smithy-protocol") == _CBOR:
            headers.append((b"smithy-protocol", _CBOR.encode()))
            content_type = b"application/cbor"
            cbor2: Any = importlib.import_module("cbor2")  # it comes with the emulator
            body = cbor2.dumps(members)
    headers += [(b"content-type", content_type), (b"content-length", b"%d" % len(body))]
    return headers, body


_CBOR: Final = "rpc-v2-cbor"


def _service(request: ReceivedRequest) -> str:
    """The service that a request says it is signed for, or an empty text."""
    match = _SERVICE.search(request.header("authorization") or unquote(request.query))
    if match is not None:
        return match.group(1)
    return "s3" if is_url_of_s3(request) or is_upload(request) else ""
