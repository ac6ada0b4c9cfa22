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
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

from remit.errors import RemitError

if TYPE_CHECKING:
    import datetime as dt

MAGIC: Final = b"remit catalogue 2 "
NAME: Final = "catalogue.bin"
FORMATS: Final = "request_formats.bin"
FILES: Final = (NAME, FORMATS)
"""The facts, and how requests spell them, which only the AWS on this machine reads."""
OWN: Final = os.path.join(os.path.dirname(__file__), "data")
"""The folder of the data that remit itself brings."""
FILE: Final = os.path.join(OWN, NAME)
LINES: Final = "-lines"  # kinds that end so hold a JSON value per line, parsed one at a time
DICTIONARY: Final = "dictionary"
_OLD: Final = 120  # days


class Store:
    """The snapshot in a file. Chunks come as JSON values and must not be changed by the reader.

    RemitError: the file is missing or damaged.
    """

    def __init__(self, file_path: str) -> None:
        """Read the file and its index; chunks stay packed.

        RemitError (2): it is missing, damaged, or of another version.
        """
        origin = os.path.basename(file_path)
        try:
            with open(file_path, "rb") as file:
                content = file.read()
        except FileNotFoundError:
            raise RemitError(f"the catalogue's data ({origin}) is missing", hint="reinstall remit") from None
        # Eight digits and a newline follow: the length of the index.
        start = len(MAGIC) + 9
        try:
            offset = start + int(content[:start].removeprefix(MAGIC))
            index = json.loads(zlib.decompress(content[start:offset]))
        except (ValueError, zlib.error):
            message = f"{origin} is damaged, or no catalogue of this version of remit"
            raise RemitError(message, hint="reinstall remit") from None
        self._content = content
        self._positions: dict[str, dict[str, tuple[int, int]]] = {}
        for kind, name, length in index:
            self._positions.setdefault(kind, {})[name] = (offset, offset + length)
            offset += length
        self._dictionary_positions = self._positions.pop(DICTIONARY, {})
        self._dictionaries: dict[str, bytes] = {}
        if offset != len(content):
            raise RemitError(
                f"{origin} is damaged: it has {len(content):,} bytes of {offset:,}", hint="reinstall remit"
            )

    def kinds(self) -> tuple[str, ...]:
        """The kinds of chunks, sorted."""
        return tuple(self._positions)

    def names(self, kind: str) -> tuple[str, ...]:
        """The names of the chunks of a kind, sorted."""
        return tuple(self._positions.get(kind, ()))

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
        """The text of a chunk; None when there is none of that name."""
        position = self._positions.get(kind, {}).get(name)
        if position is None:
            return None
        if kind not in self._dictionaries:
            start, end = self._dictionary_positions.get(kind, (0, 0))
            self._dictionaries[kind] = zlib.decompress(self._content[start:end]) if end else b""
        reader = zlib.decompressobj(zdict=self._dictionaries[kind])
        return reader.decompress(self._content[position[0] : position[1]]).decode()


@cache
def folder() -> str:
    """The folder of the data: that of the distribution `remit-data` where one is installed that is newer, else OWN.

    One whose layout is another is for another remit, and does not count; nor does one that is not whole.
    """
    from importlib.machinery import PathFinder  # noqa: PLC0415 - once

    spec = PathFinder.find_spec("remit_data")
    for location in (spec.submodule_search_locations or ()) if spec is not None else ():
        other = os.path.join(location, "data")
        if date(other) > date(OWN) and all(_is_readable(os.path.join(other, name)) for name in FILES):
            return other
    return OWN


def _is_readable(file_path: str) -> bool:
    """Return whether a file is there, in the layout that this remit reads."""
    try:
        with open(file_path, "rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def date(data_folder: str) -> str:
    """The day of the data in a folder, such as 2026.10.27, as its `date.txt` has it; "" where that has none."""
    try:
        with open(os.path.join(data_folder, "date.txt"), encoding="ascii") as file:
            text = file.read().strip()
    except (OSError, ValueError):
        return ""
    return text if re.fullmatch(r"\d{4}\.\d{2}\.\d{2}", text) else ""


def day() -> dt.date:
    """The day of the data that counts. ValueError: its folder does not say."""
    import datetime as dt  # noqa: PLC0415 - few commands ask

    return dt.date.fromisoformat(date(folder()).replace(".", "-"))


def note_on_age(today: dt.date) -> str | None:
    """A sentence on data that is old; None while it is not."""
    days = (today - day()).days
    if days <= _OLD:
        return None
    return f"what remit knows about AWS is {days} days old: `pip install --upgrade remit-data`"


@cache
def snapshot() -> Store:
    """The snapshot of the data that counts."""
    return Store(os.path.join(folder(), NAME))


@lru_cache(maxsize=4096)
def chunk(kind: str, name: str) -> Any:
    """One chunk of the snapshot, parsed once and kept; None when there is none of that name."""
    return snapshot().chunk(kind, name)


@lru_cache(maxsize=4096)
def lines(kind: str, name: str) -> tuple[str, ...]:
    """The rows of a chunk of lines, each still JSON text, kept."""
    return snapshot().lines(kind, name)


def line(kind: str, name: str, position: int) -> Any:
    """One row of a chunk of lines, parsed now and not kept. IndexError: there is none, or no such chunk."""
    return json.loads(lines(kind, name)[position])


def names(kind: str) -> tuple[str, ...]:
    """The names of the snapshot's chunks of a kind, sorted."""
    return snapshot().names(kind)
