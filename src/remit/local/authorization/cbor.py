"""Read CBOR, the format of requests of "Smithy RPC v2 CBOR", as far as SDKs write it (RFC 8949)."""

from __future__ import annotations

import struct
from typing import Any, Final

_DEEPEST: Final = 64
_OPEN_LENGTH: Final = 31
_BREAK: Final = 0xFF
_SIMPLE: Final = {20: False, 21: True, 22: None, 23: None}
_FLOATS: Final = {25: ">e", 26: ">f", 27: ">d"}
_LENGTHS: Final = {24: 1, 25: 2, 26: 4, 27: 8}
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG = range(7)


class CborError(ValueError):
    """A body that is no CBOR, or nests too deep."""


def loads(content: bytes) -> Any:
    """The value that a body holds; a tag's value is what it tags."""
    try:
        return _Reader(content).value(_DEEPEST)
    except (IndexError, struct.error, UnicodeDecodeError, TypeError) as error:
        raise CborError(str(error)) from error


class _Reader:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._place = 0

    def value(self, depth: int) -> Any:
        if depth == 0:
            raise CborError("nests too deep")
        head = self._content[self._place]
        self._place += 1
        kind, information = head >> 5, head & 31
        if kind == _TAG:
            self._number(information)
            return self.value(depth - 1)
        if kind in (_UNSIGNED, _NEGATIVE):
            number = self._number(information)
            return number if kind == _UNSIGNED else -1 - number
        if kind in (_BYTES, _TEXT):
            return self._string(kind, information, depth)
        if kind == _ARRAY:
            return [self.value(depth - 1) for _ in self._items(information)]
        if kind == _MAP:
            return {self.value(depth - 1): self.value(depth - 1) for _ in self._items(information)}
        return self._simple(information)

    def _number(self, information: int) -> int:
        if information not in _LENGTHS:
            if information > max(_LENGTHS):
                raise CborError("a length that is reserved")
            return information
        return int.from_bytes(self._take(_LENGTHS[information]))

    def _take(self, length: int) -> bytes:
        taken = self._content[self._place : self._place + length]
        if len(taken) < length:
            raise CborError("ends too early")
        self._place += length
        return taken

    def _string(self, kind: int, information: int, depth: int) -> Any:
        if information == _OPEN_LENGTH:
            parts = [self.value(depth - 1) for _ in self._items(information)]
            return b"".join(parts) if kind == _BYTES else "".join(parts)
        text = self._take(self._number(information))
        return text if kind == _BYTES else text.decode()

    def _items(self, information: int) -> Any:
        """Yield once before each item of an array or a map, whose length may be open."""
        if information != _OPEN_LENGTH:
            yield from range(self._number(information))
            return
        while self._content[self._place] != _BREAK:
            yield
        self._place += 1

    def _simple(self, information: int) -> Any:
        if information in _FLOATS:
            format_ = _FLOATS[information]
            return struct.unpack(format_, self._take(struct.calcsize(format_)))[0]
        if information in _SIMPLE:
            return _SIMPLE[information]
        raise CborError("a simple value that has no meaning")
