"""The snapshot's file: many small compressed chunks of which a look-up reads what it needs.

Layout: one line `remit catalogue 2 LENGTH`, a zlib'd JSON index of LENGTH bytes, then the zlib'd JSON chunks.
The index is a list of [kind, name, length] in the order of the chunks; offsets follow from the lengths. What the chunks
of one kind repeat stands in a chunk of the kind `dictionary`, without which zlib would keep it in each of them.
"""

from __future__ import annotations

import json
import os
import re
import zlib
from collections import Counter
from functools import cache, lru_cache
from typing import Any, Final

from remit.errors import RemitError

MAGIC: Final = b"remit catalogue 2 "
# Not with pathlib: importing it would take a tenth of the first look-up.
FILE: Final = os.path.join(os.path.dirname(__file__), "data", "catalogue.bin")  # noqa: PTH118, PTH120 - see above
LINES: Final = "-lines"  # kinds that end so hold a JSON value per line, parsed one at a time
_LEVEL: Final = 9
_DICTIONARY: Final = "dictionary"
_LONGEST_DICTIONARY: Final = 32_768
"""The bytes that zlib looks back (RFC 1950)."""
_FEWEST_CHUNKS: Final = 8
"""How many chunks a kind has at least for a dictionary to be worth its bytes."""
_REPEATED: Final = r'"[^"]{3,80}"[:,]?[\["{]?'
"""What of a chunk's JSON others may repeat: a text, with what follows it."""


def pack(chunks: dict[tuple[str, str], Any]) -> bytes:
    """The file of some chunks, by kind and name: the same chunks give the same bytes."""
    texts: dict[str, dict[str, str]] = {}
    for (kind, name), value in sorted(chunks.items()):
        texts.setdefault(kind, {})[name] = _lines(value if kind.endswith(LINES) else [value])
    dictionaries = {
        kind: _repeated(tuple(of_kind.values())) for kind, of_kind in texts.items() if len(of_kind) >= _FEWEST_CHUNKS
    }
    texts[_DICTIONARY] = dictionaries
    index: list[tuple[str, str, int]] = []
    body: list[bytes] = []
    for kind, of_kind in sorted(texts.items()):
        for name, text in of_kind.items():
            packed = _packed(text, dictionaries.get(kind, ""))
            index.append((kind, name, len(packed)))
            body.append(packed)
    head = _packed(_lines([index]))
    return b"".join((MAGIC, b"%08d\n" % len(head), head, *body))


def _lines(rows: list[Any]) -> str:
    return "\n".join(json.dumps(row, separators=(",", ":")) for row in rows)


def _repeated(texts: tuple[str, ...]) -> str:
    """Collect the parts that several texts share, the most worthwhile last, where zlib finds them soonest."""
    counts = Counter(part for text in texts for part in set(re.findall(_REPEATED, text)))
    parts = [part for part, count in counts.items() if count > 2]  # noqa: PLR2004 - twice would pay for nothing
    parts.sort(key=lambda part: (counts[part] * len(part), part))
    return "".join(parts)[-_LONGEST_DICTIONARY:]


def _packed(text: str, dictionary: str = "") -> bytes:
    packer = zlib.compressobj(_LEVEL, zdict=dictionary.encode())
    return packer.compress(text.encode()) + packer.flush()


class Store:
    """An opened snapshot. Chunks come as JSON values and must not be changed by the reader."""

    def __init__(self, content: bytes, origin: str) -> None:
        start = len(MAGIC) + 9
        try:
            offset = start + int(content[:start].removeprefix(MAGIC))
            index = json.loads(zlib.decompress(content[start:offset]))
        except (ValueError, zlib.error):
            message = f"{origin} is damaged, or no catalogue of this version of remit"
            raise RemitError(message, hint="reinstall remit") from None
        self._content = content
        self._places: dict[str, dict[str, tuple[int, int]]] = {}
        for kind, name, length in index:
            self._places.setdefault(kind, {})[name] = (offset, offset + length)
            offset += length
        self._dictionary_places = self._places.pop(_DICTIONARY, {})
        self._dictionaries: dict[str, bytes] = {}
        if offset != len(content):
            raise RemitError(
                f"{origin} is damaged: it has {len(content):,} bytes of {offset:,}", hint="reinstall remit"
            )

    def kinds(self) -> tuple[str, ...]:
        """The kinds of chunks, sorted."""
        return tuple(self._places)

    def names(self, kind: str) -> tuple[str, ...]:
        """The names of the chunks of a kind, sorted."""
        return tuple(self._places.get(kind, ()))

    def chunk(self, kind: str, name: str) -> Any:
        """One chunk's value, or None when there is none of that name."""
        text = self._text(kind, name)
        if text is None:
            return None
        return [json.loads(line) for line in text.splitlines()] if kind.endswith(LINES) else json.loads(text)

    def lines(self, kind: str, name: str) -> tuple[str, ...]:
        """The rows of a chunk of lines, each still JSON text; none when there is none of that name."""
        text = self._text(kind, name)
        return () if text is None else tuple(text.splitlines())

    def _text(self, kind: str, name: str) -> str | None:
        place = self._places.get(kind, {}).get(name)
        if place is None:
            return None
        if kind not in self._dictionaries:
            start, end = self._dictionary_places.get(kind, (0, 0))
            self._dictionaries[kind] = zlib.decompress(self._content[start:end]) if end else b""
        reader = zlib.decompressobj(zdict=self._dictionaries[kind])
        return reader.decompress(self._content[place[0] : place[1]]).decode()


@cache
def snapshot() -> Store:
    """The snapshot that remit ships."""
    return opened(FILE)


def opened(file_path: str) -> Store:
    """The store in a file. RemitError: it is missing or damaged."""
    name = os.path.basename(file_path)  # noqa: PTH119 - as FILE
    try:
        with open(file_path, "rb") as file:  # noqa: PTH123 - as FILE
            return Store(file.read(), name)
    except FileNotFoundError:
        raise RemitError(f"the catalogue's data ({name}) is missing", hint="reinstall remit") from None


def replace(content: bytes, file_path: str = FILE) -> None:
    """Put another snapshot in the place of a shipped one, whole or not at all; the next run uses it."""
    fresh = f"{file_path}.new"
    os.makedirs(os.path.dirname(file_path), exist_ok=True)  # noqa: PTH103, PTH120 - as FILE
    with open(fresh, "wb") as file:  # noqa: PTH123 - as FILE
        file.write(content)
    os.replace(fresh, file_path)  # noqa: PTH105 - as FILE


@lru_cache(maxsize=4096)
def chunk(kind: str, name: str) -> Any:
    """One chunk of the snapshot, parsed once and kept; None when there is none of that name."""
    return snapshot().chunk(kind, name)


@lru_cache(maxsize=4096)
def lines(kind: str, name: str) -> tuple[str, ...]:
    """The rows of a chunk of lines, each still JSON text, kept."""
    return snapshot().lines(kind, name)


def line(kind: str, name: str, place: int) -> Any:
    """One row of a chunk of lines, parsed now. IndexError: there is none."""
    return json.loads(lines(kind, name)[place])


def names(kind: str) -> tuple[str, ...]:
    """The names of the snapshot's chunks of a kind, sorted."""
    return snapshot().names(kind)
