"""The body of a request without the encodings that only its transport needs: aws-chunked, gzip.

Sources: "Signature calculations for the Authorization header: transferring a payload in multiple chunks", with and
without trailing headers (Amazon S3 API Reference); "requestCompression trait" (Smithy 2.0).
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from remit.local.request import ReceivedRequest

_LONGEST: Final = 64 * 1024 * 1024  # bytes that are unpacked
_GZIP: Final = 16 + zlib.MAX_WBITS
_CHUNK: Final = re.compile(rb"([0-9a-fA-F]{1,8})(?:;[^\r\n]*)?\r\n")


def is_in_chunks(request: ReceivedRequest) -> bool:
    """Whether a body comes in the chunks of aws-chunked, signed or not."""
    encodings = (request.header("content-encoding") or "").replace(" ", "").split(",")
    return "aws-chunked" in encodings or (request.header("x-amz-content-sha256") or "").startswith("STREAMING-")


def decoded(request: ReceivedRequest, body: bytes) -> bytes:
    """The content of a body."""
    content = _without_chunks(body) if is_in_chunks(request) else body
    if "gzip" not in (request.header("content-encoding") or ""):
        return content
    try:
        return zlib.decompressobj(_GZIP).decompress(content, _LONGEST)
    except zlib.error:
        return b""


def _without_chunks(body: bytes) -> bytes:
    """The data of aws-chunked: each chunk begins with its size in hexadecimal digits, the last one is empty."""
    data: list[bytes] = []
    place = 0
    while (head := _CHUNK.match(body, place)) is not None:
        size = int(head[1], 16)
        if size == 0:
            break
        data.append(body[head.end() : head.end() + size])
        place = head.end() + size + 2
    return b"".join(data)
