"""JSON of large files: read and written with msgspec where the extra `remit[audit]` is installed, else with `json`."""

from __future__ import annotations

import codecs
import gzip
import json
import stat
import zlib
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

from remit.audit.entities import UnreadableFileError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_GZIP = b"\x1f\x8b"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
"""How a file begins that Windows PowerShell wrote with `>`."""

try:
    from msgspec import DecodeError
    from msgspec.json import decode as _read
    from msgspec.json import encode as _written
    from msgspec.json import format as _formatted
except ImportError:  # what stands for msgspec has other signatures
    DecodeError = ValueError  # type: ignore[assignment,misc] # as above
    _read = json.loads  # type: ignore[assignment] # as above

    _formatted = None  # type: ignore[assignment] # as above

    def _written(value: Any) -> bytes:  # type: ignore[misc] # as above
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def plain_content(path: Path, file: str) -> bytes:
    """The bytes of a file. UnreadableFileError: it cannot be read, or nobody could read it to its end, as a pipe."""
    try:
        is_file = stat.S_ISREG(path.stat().st_mode)
        content = path.read_bytes() if is_file else b""
    except OSError as error:
        raise UnreadableFileError(file, f"it cannot be read: {error.strerror}") from None
    if not is_file:
        raise UnreadableFileError(file, "it cannot be read: it is not a file")
    return content


def unzipped(content: bytes, file: str) -> bytes:
    """The content of a gzip file, or the content itself. UnreadableFileError: it ends early or is damaged."""
    if not content.startswith(_GZIP):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        reason = "ends early" if isinstance(error, EOFError) else "is damaged"
        raise UnreadableFileError(file, f"the gzip file {reason}") from None


def as_utf_8(content: bytes) -> bytes:
    """The content of a text file in UTF-8 without a mark of its encoding in front; broken UTF-16 is replaced."""
    if content.startswith(_UTF_16):
        return content.decode("utf-16", "replace").encode("utf-8", "replace")
    return content.removeprefix(codecs.BOM_UTF8)


def values(content: bytes, file: str) -> Iterator[Any]:
    """The JSON values of a file: one, or several one after the other.

    UnreadableFileError: it is cut off, or no JSON, or has characters that are no UTF-8, which are replaced, or a key
    twice in an object, of which the last counts: `_object`.
    """
    content = as_utf_8(content)
    try:
        value = _read(content)
    except (DecodeError, ValueError, RecursionError):
        yield from _one_by_one(content, file)
        return
    if _is_whole(value, content):
        yield value
    else:
        yield from _one_by_one(content, file)


def rows(content: bytes, file: str) -> Iterator[Any]:
    """The rows of a file: the items of each value that is a list, and each other value."""
    for value in values(content, file):
        yield from value if isinstance(value, list) else [value]


def _is_whole(value: Any, content: bytes) -> bool:
    """Return whether a value surely has all that its text has.

    Then it is as long when it is written again, so that no key stood twice.
    """
    return _formatted is not None and len(_written(value)) == len(_formatted(content, indent=-1))


def _object(repeated: list[str], pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object with the last value of each key; one that stands twice adds a key that no policy may have.

    That key is noted in `repeated`.
    """
    value = dict(pairs)
    if len(value) != len(pairs):
        key = Counter(name for name, _ in pairs).most_common(1)[0][0]
        repeated.append(key)
        value[f"{key} (twice)"] = None
    return value


def _one_by_one(content: bytes, file: str) -> Iterator[Any]:
    """The values of a file with several; those before a mistake are given first.

    UnreadableFileError: it is empty, no JSON, nests too deeply, is no UTF-8, or has a key twice in an object. The last
    two are raised after all values.
    """
    text = content.decode("utf-8", "replace")
    repeated: list[str] = []
    decoder = json.JSONDecoder(object_pairs_hook=partial(_object, repeated))
    place = _after_blanks(text, 0)
    if place == len(text):
        raise UnreadableFileError(file, "is empty")
    while place < len(text):
        try:
            value, place = decoder.raw_decode(text, place)
        except RecursionError:
            raise UnreadableFileError(file, "nests too deeply to be what AWS prints") from None
        except ValueError as error:
            raise _no_json(error, text, file) from None
        yield value
        place = _after_blanks(text, place)
    if text.encode() != content:
        raise UnreadableFileError(file, "has characters that are no UTF-8, which cannot be read")
    if repeated:
        raise UnreadableFileError(file, f"has the key {repeated[0]!r} twice in one object: the last one counts")


def _after_blanks(text: str, place: int) -> int:
    while place < len(text) and text[place] in " \t\r\n":
        place += 1
    return place


def _no_json(error: ValueError, text: str, file: str) -> UnreadableFileError:
    """The error for text that is no JSON, with its line; one that ends too early is said to be cut off."""
    line, position = getattr(error, "lineno", 0), getattr(error, "pos", 0)
    if position >= len(text.rstrip()) - 1 or "Unterminated" in str(error):
        return UnreadableFileError(file, f"is cut off in line {line}: its JSON does not end")
    return UnreadableFileError(file, f"is no JSON: line {line} is {text[position : position + 20]!r}")


def compact(value: Any) -> str:
    """A value as JSON without blanks. ValueError: a text in it has half of a pair of surrogates, and msgspec writes."""
    return _written(value).decode("utf-8", "surrogatepass")


def indented(value: Any) -> str:
    """A value as JSON that people read, as `json.dumps(value, indent=2)` gives it."""
    if _formatted is not None:
        content = _written(value)
        if content.isascii() and b"\x7f" not in content:  # else both differ in what they escape, and how
            return _formatted(content, indent=2).decode()
    return json.dumps(value, indent=2)


def parsed(text: str) -> Any:
    """The value of a JSON text; a key that stands twice makes it no policy. ValueError: no JSON, or nested too deep."""
    try:
        value = _read(text)
    except DecodeError as error:
        raise ValueError(str(error)) from None
    except RecursionError:
        raise ValueError("it nests too deeply") from None
    if _is_whole(value, text.encode("utf-8", "surrogatepass")):
        return value
    return json.loads(text, object_pairs_hook=partial(_object, []))
