"""Write the snapshot's file, whose layout `remit.catalogue.snapshot` describes."""

from __future__ import annotations

import json
import re
import zlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.snapshot import DICTIONARY, FILE, LINES, MAGIC

if TYPE_CHECKING:
    from catalogue_compiler.source_files import Chunks

# The most that zlib can do: it is packed once and read often.
_LEVEL: Final = 9
_LONGEST_DICTIONARY: Final = 32_768
"""The bytes that zlib looks back (RFC 1950)."""
_FEWEST_CHUNKS: Final = 8
"""How many chunks a kind has at least for a dictionary to be worth its bytes."""
_REPEATED: Final = r"[{,\[][^{}\n]{8,60}?(?=[,}\]])"
"""What of a chunk's JSON others may repeat: an item or a member, with what stands before it."""


def pack(chunks: Chunks) -> bytes:
    """The file of some chunks, by kind and name: the same chunks give the same bytes."""
    texts: dict[str, dict[str, str]] = {}
    for (kind, name), value in sorted(chunks.items()):
        texts.setdefault(kind, {})[name] = _lines(value if kind.endswith(LINES) else [value])
    dictionaries = {
        kind: _repeated(tuple(of_kind.values())) for kind, of_kind in texts.items() if len(of_kind) >= _FEWEST_CHUNKS
    }
    texts[DICTIONARY] = dictionaries
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
    """The parts that several texts share, joined: the most worthwhile last, where zlib finds them soonest."""
    counts = Counter(part for text in texts for part in set(re.findall(_REPEATED, text)))
    parts = [part for part, count in counts.items() if count > 1]
    parts.sort(key=lambda part: (counts[part] * len(part), part))
    return "".join(parts)[-_LONGEST_DICTIONARY:]


def _packed(text: str, dictionary: str = "") -> bytes:
    packer = zlib.compressobj(_LEVEL, zdict=dictionary.encode())
    return packer.compress(text.encode()) + packer.flush()


def replace(content: bytes, file: str = FILE) -> None:
    """Put another snapshot in the place of a shipped one, whole or not at all; the next run uses it."""
    fresh = Path(f"{file}.new")
    fresh.write_bytes(content)
    fresh.replace(file)
