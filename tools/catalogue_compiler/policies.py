"""AWS's managed policies, out of moto's copy of them.

The documents repeat each other's actions, so strings that occur twice stand in one sorted table
(`policy-words`), and a list of strings holds the distances between their positions in it: neighbours in a list
are neighbours in the table.
"""

from __future__ import annotations

import ast
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from catalogue_compiler.source_files import Chunks, broken
from remit.catalogue.managed_policies import decoded
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Documents: a look-up unpacks one chunk, and small chunks pack badly.
_PER_CHUNK = 100


def policies(source: Path) -> Chunks:
    """The chunks `policy-lines` (a hundred documents each), `policy-names` and `policy-words`.

    RemitError (1): a document does not unpack to what was packed.
    """
    managed = _read(source)
    counts = Counter(word for policy in managed.values() for word in _words(policy["Document"]))
    words = sorted(word for word, count in counts.items() if count > 1)
    positions = {word: position for position, word in enumerate(words)}
    chunks: Chunks = {("policy-words", ""): words}
    names: list[list[Any]] = []
    ordered = sorted(managed)
    for start in range(0, len(ordered), _PER_CHUNK):
        batch = ordered[start : start + _PER_CHUNK]
        chunk = f"{start // _PER_CHUNK:02}"
        chunks["policy-lines", chunk] = [_encoded(managed[name]["Document"], positions) for name in batch]
        names.extend([name, managed[name]["Path"], managed[name]["DefaultVersionId"]] for name in batch)
        for name, packed in zip(batch, chunks["policy-lines", chunk], strict=True):
            if decoded(packed, words) != managed[name]["Document"]:
                raise RemitError(f"the managed policy {name} does not unpack to what was packed", exit_code=1)
    chunks["policy-names", ""] = names
    return chunks


def _read(source: Path) -> dict[str, Any]:
    """The policies by name, out of the JSON text that moto's module holds in its one string; empty if it has none.

    The module is read, not run. RemitError: it cannot be read.
    """
    try:
        for node in ast.parse(source.read_bytes()).body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                managed: dict[str, Any] = json.loads(str(node.value.value))
                return managed
    except (OSError, SyntaxError, ValueError) as error:
        raise broken(source, error) from None
    return {}


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _words(item)
    elif isinstance(value, list):
        for item in value:
            yield from [item] if isinstance(item, str) else _words(item)


def _encoded(value: Any, positions: dict[str, int]) -> Any:
    """A document whose lists of texts have, for words that occur often, the distance of their positions."""
    if isinstance(value, dict):
        return {key: _encoded(item, positions) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    if not all(isinstance(item, str) for item in value):
        return [_encoded(item, positions) for item in value]
    packed: list[Any] = []
    last = 0
    for word in value:
        position = positions.get(word)
        packed.append(word if position is None else position - last)
        last = last if position is None else position
    return packed
