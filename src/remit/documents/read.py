"""Read a policy or a template, in JSON or YAML: its value, the place of every part, and what was noticed on the way."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from remit.documents.json_text import LARGEST as LARGEST_DOCUMENT
from remit.documents.json_text import decode, read_json, too_large
from remit.errors import Origin, RemitError

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.documents.json_text import Path
    from remit.documents.yaml_text import Slip

_QUOTED_KEY: Final = re.compile(r'\s*"[^"\n]*"\s*:')
LARGEST: Final = 32_000_000
"""Bytes of a file that is read at all: a Terraform plan may hold much else."""

Locate: TypeAlias = "Callable[[Path], Origin]"


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """A document as it was read."""

    file: str
    text: str
    value: Any
    place: Locate
    slips: tuple[Slip, ...] = ()


def _decoded(content: bytes, file: str) -> str:
    if b"\0" in content[:2] and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise RemitError(
            f"{file} is not UTF-8: it looks like UTF-16", hint="save it as UTF-8", origin=Origin(file, 1, 1)
        )
    return decode(content, file)


def _is_flow(text: str, file: str) -> bool:
    """Whether a file that begins like JSON is YAML in flow style: its first key has no quotes."""
    return file.endswith((".yaml", ".yml")) and re.match(r"\s*\{\s*[A-Za-z!]", text) is not None


def may_be_plan(content: bytes) -> bool:
    """Whether a file speaks as `terraform show -json` does."""
    return b"planned_values" in content or b"terraform_version" in content


def read(content: bytes, file: str, *, most: int = LARGEST_DOCUMENT) -> ParsedFile:
    """Read a file's bytes; JSON if it begins like it or is named so, else YAML. RemitError at line and column.

    More than `most` bytes are refused; what may be a plan may have `LARGEST`.
    """
    most = LARGEST if may_be_plan(content) else most
    if len(content) > most:
        raise too_large(len(content), file)
    text = _decoded(content, file)
    if not text.strip():
        raise RemitError(f"{file} is empty", origin=Origin(file, 1, 1))
    if file.endswith(".json") or (text.lstrip()[0] in '{["' and not _QUOTED_KEY.match(text)):
        try:
            value, locate = read_json(text, file, most=most)
            return ParsedFile(file, text, value, locate)
        except RemitError:
            if not _is_flow(text, file):
                raise
    from remit.documents.yaml_text import read_yaml  # noqa: PLC0415 - much is JSON

    try:
        value, places, slips = read_yaml(text, file)
    except RemitError as error:
        if error.origin is not None and not error.origin.line:  # of the whole
            error.origin = Origin(file, 1, 1)
        raise

    def place(spot: Path) -> Origin:
        while spot and spot not in places:
            spot = spot[:-1]
        return places.get(spot, Origin(file, 1, 1))

    return ParsedFile(file, text, value, place, slips)
