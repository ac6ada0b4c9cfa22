"""Read a policy or a template, in JSON or YAML: its value, the place of every part, and what was noticed on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from remit.errors import Origin, RemitError
from remit.iam.document import decode, read_json
from remit.templates.yaml_text import read_yaml

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.iam.document import Path
    from remit.templates.yaml_text import Slip

LARGEST: Final = 32_000_000
"""Bytes of a file that is read at all."""

Locate: TypeAlias = "Callable[[Path], Origin]"


@dataclass(frozen=True, slots=True)
class Source:
    """A document as it was read."""

    file: str
    text: str
    value: Any
    place: Locate
    slips: tuple[Slip, ...] = ()


def read(data: bytes, file: str) -> Source:
    """Read a file's bytes; JSON if it begins like it or is named so, else YAML. RemitError at line and column."""
    if len(data) > LARGEST:
        raise RemitError(f"{file} has {len(data):,} bytes: no policy and no template is so large", origin=Origin(file))
    text = decode(data, file)
    if not text.strip():
        raise RemitError(f"{file} is empty", origin=Origin(file, 1, 1))
    if text.lstrip()[0] in '{["' or file.endswith(".json"):
        value, locate = read_json(text, file)
        return Source(file, text, value, locate)
    value, places, slips = read_yaml(text, file)

    def place(spot: Path) -> Origin:
        while spot and spot not in places:
            spot = spot[:-1]
        return places.get(spot, Origin(file, 1, 1))

    return Source(file, text, value, place, slips)
