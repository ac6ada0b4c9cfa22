"""The snapshot's file: many small compressed chunks of which a look-up reads what it needs.

Layout: one line `remit catalogue 1 LENGTH`, a zlib'd JSON index of LENGTH bytes, then the zlib'd JSON chunks.
The index is a list of [kind, name, length] in the order of the chunks; offsets follow from the lengths.
"""

from __future__ import annotations

import json
import zlib
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from remit.errors import RemitError

MAGIC: Final = b"remit catalogue 1 "
FILE: Final = Path(__file__).with_name("data") / "catalogue.bin"
_LEVEL: Final = 9


def pack(chunks: dict[tuple[str, str], Any]) -> bytes:
    """The file of some chunks, by kind and name: the same chunks give the same bytes."""
    index: list[tuple[str, str, int]] = []
    body: list[bytes] = []
    for (kind, name), value in sorted(chunks.items()):
        packed = zlib.compress(json.dumps(value, separators=(",", ":")).encode(), _LEVEL)
        index.append((kind, name, len(packed)))
        body.append(packed)
    head = zlib.compress(json.dumps(index, separators=(",", ":")).encode(), _LEVEL)
    return b"".join((MAGIC, b"%08d\n" % len(head), head, *body))


class Store:
    """An opened snapshot. Chunks come as JSON values and must not be changed by the reader."""

    def __init__(self, content: bytes, origin: str) -> None:
        start = len(MAGIC) + 9
        if not content.startswith(MAGIC) or len(content) < start:
            raise RemitError(f"{origin} is no catalogue of this version of remit", hint="reinstall remit")
        offset = start + int(content[len(MAGIC) : start])
        self._content = content
        self._places: dict[str, dict[str, tuple[int, int]]] = {}
        for kind, name, length in json.loads(zlib.decompress(content[start:offset])):
            self._places.setdefault(kind, {})[name] = (offset, offset + length)
            offset += length

    def names(self, kind: str) -> tuple[str, ...]:
        """The names of the chunks of a kind, sorted."""
        return tuple(self._places.get(kind, ()))

    def chunk(self, kind: str, name: str) -> Any:
        """One chunk's value, or None when there is none of that name."""
        place = self._places.get(kind, {}).get(name)
        if place is None:
            return None
        return json.loads(zlib.decompress(self._content[place[0] : place[1]]))


@cache
def snapshot() -> Store:
    """The snapshot that remit ships."""
    try:
        return Store(FILE.read_bytes(), str(FILE.name))
    except FileNotFoundError:
        raise RemitError(f"the catalogue's data ({FILE.name}) is missing", hint="reinstall remit") from None


def replace(content: bytes) -> None:
    """Put another snapshot in the place of the shipped one, whole or not at all; the next run uses it."""
    fresh = FILE.with_suffix(".new")
    fresh.write_bytes(content)
    fresh.replace(FILE)


@lru_cache(maxsize=4096)
def chunk(kind: str, name: str) -> Any:
    """One chunk of the snapshot, parsed once and kept; None when there is none of that name."""
    return snapshot().chunk(kind, name)


def names(kind: str) -> tuple[str, ...]:
    """The names of the snapshot's chunks of a kind, sorted."""
    return snapshot().names(kind)
