"""A refusal in the shape that the SDK which sent the request reads."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from remit.local.request import ReceivedRequest, RefusedRequest

_QUERY: Final = "<ErrorResponse><Error><Type>Sender</Type>{error}</Error><RequestId>local</RequestId></ErrorResponse>"
_S3: Final = '<?xml version="1.0" encoding="UTF-8"?>\n<Error>{error}<RequestId>local</RequestId></Error>'
_EC2: Final = "<Response><Errors><Error>{error}</Error></Errors><RequestID>local</RequestID></Response>"
# "Error responses" of each service; all others speak JSON, or say by their content type that they do not.
_XML: Final = {"s3": _S3, "s3express": _S3, "ec2": _EC2, "route53": _QUERY, "cloudfront": _QUERY}
_SERVICE: Final = re.compile(r"/([a-z0-9-]+)/aws4_request")


def answer(refused: RefusedRequest, request: ReceivedRequest) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """The headers and the body of a refusal."""
    template = _XML.get(_service(request))
    form = (request.header("content-type") or "").startswith("application/x-www-form-urlencoded")
    if template is None and form:
        template = _QUERY
    if template is not None:
        content_type = b"text/xml"
        error = f"<Code>{escape(refused.code)}</Code><Message>{escape(refused.reason)}</Message>"
        body = template.format(error=error).encode()
    else:
        content_type = b"application/x-amz-json-1.1"
        body = json.dumps({"__type": refused.code, "message": refused.reason}).encode()
    headers = [
        (b"content-type", content_type),
        (b"content-length", b"%d" % len(body)),
        (b"x-amzn-errortype", refused.code.encode()),
    ]
    return headers, body


def _service(request: ReceivedRequest) -> str:
    """The service that a request says it is signed for, or an empty text."""
    match = _SERVICE.search(request.header("authorization") or unquote(request.query))
    return "" if match is None else match.group(1)
