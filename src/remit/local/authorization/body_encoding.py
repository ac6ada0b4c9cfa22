"""The body of a request without the encodings that only its transport needs: aws-chunked, gzip.

Sources: "Signature calculations for the Authorization header: transferring a payload in multiple chunks", with and
without trailing headers (Amazon S3 API Reference); "requestCompression trait" (Smithy 2.0).
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Final

from remit.local.request import RefusedRequest

if TYPE_CHECKING:
    from remit.local.request import ReceivedRequest

_LONGEST: Final = 64 * 1024 * 1024  # bytes that are unpacked
_GZIP: Final = 16 + zlib.MAX_WBITS
_CHUNK: Final = re.compile(rb"([0-9a-fA-F]{1,8})(?:;[^\r\n]*)?\r\n")


def encodings(request: ReceivedRequest) -> list[str]:
    """The encodings of a body, in the order in which they were applied, in lower case."""
    named = (request.header("content-encoding") or "").lower().split(",")
    return [encoding for text in named if (encoding := text.strip()) not in ("", "identity")]


def is_in_chunks(request: ReceivedRequest) -> bool:
    """Return whether a body comes in the chunks of aws-chunked, signed or not."""
    declared = (request.header("x-amz-content-sha256") or "").startswith("STREAMING-")
    return declared or "aws-chunked" in encodings(request)


def without_chunks(request: ReceivedRequest, body: bytes) -> tuple[bytes, dict[str, str]]:
    """The data of aws-chunked, and the trailing headers by their names in lower case.

    Each chunk begins with its size in hexadecimal digits, and the last one is empty.

    Raises:
        RefusedRequest: the chunks do not end, or their data is not as long as the request says.
    """
    data: list[memoryview] = []  # what is joined is the only copy of a large object
    view = memoryview(body)
    place = 0
    while True:
        head = _CHUNK.match(body, place)
        if head is None:
            raise _incomplete()
        place = head.end()
        size = int(head[1], 16)
        if size == 0:
            break
        if body[place + size : place + size + 2] != b"\r\n":
            raise _incomplete()
        data.append(view[place : place + size])
        place += size + 2
    content = b"".join(data)
    length = request.header("x-amz-decoded-content-length")
    if length is not None and length != str(len(content)):
        raise _incomplete()
    trailers: dict[str, str] = {}
    for line in body[place:].decode("latin-1").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon and not name.startswith("x-amz-trailer-signature"):
            trailers[name.strip().lower()] = value.strip()
    return content, trailers


def decoded(request: ReceivedRequest, body: bytes) -> bytes:
    """The content of a body that is no object of S3.

    Raises:
        RefusedRequest: it is not encoded as the request says, in a way that no API takes, or in two streams.
    """
    content = without_chunks(request, body)[0] if is_in_chunks(request) else body
    encoding = [name for name in encodings(request) if name != "aws-chunked"]
    if not encoding:
        return content
    if encoding != ["gzip"]:
        raise RefusedRequest("UnsupportedMediaTypeException", f"no API takes the encoding {', '.join(encoding)!r}", 415)
    stream = zlib.decompressobj(_GZIP)
    try:
        unpacked = stream.decompress(content, _LONGEST)
    except zlib.error:
        raise _not_gzip("the body is not gzip") from None
    if not stream.eof or stream.unused_data:
        raise _not_gzip("the body is not one whole stream of gzip, or too long")
    return unpacked


def _incomplete() -> RefusedRequest:
    reason = "The request body terminated unexpectedly"
    return RefusedRequest("IncompleteBody", reason, 400)


def _not_gzip(reason: str) -> RefusedRequest:
    return RefusedRequest("SerializationException", reason, 400)
