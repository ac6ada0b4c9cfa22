"""Read a policy or a template, in JSON or YAML: its value, the place of every part, and what was noticed on the way."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Final

from remit.documents.foreign_text import (
    SERVERLESS_FRAMEWORK,
    filled_in,
    is_of_serverless_framework,
    late_bound,
    readable,
)
from remit.documents.json_text import LARGEST as LARGEST_DOCUMENT
from remit.documents.json_text import Locate, Path, decode, read_json, too_large
from remit.documents.slips import LANGUAGE, REPEATED_KEY, Slip
from remit.errors import Origin, RemitError

_QUOTED_KEY: Final = re.compile(r'\s*"[^"\n]*"\s*:')
LARGEST: Final = 32_000_000
"""Bytes of a file that is read at all: a Terraform plan may hold much else."""


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """A document as it was read."""

    file: str
    text: str
    value: Any
    locate: Locate
    slips: tuple[Slip, ...] = ()
    mistakes: tuple[RemitError, ...] = ()
    """What is wrong with the text, and did not keep it from being read: a key that stands twice, an unknown tag."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings for readers of the file: a key that stands twice, with its place."""
        return tuple(
            f"{self.locate(slip.path)}: the key {slip.text} stands twice, first at {slip.inside}: the last one counts"
            for slip in self.slips
            if slip.kind == REPEATED_KEY
        )

    @property
    def languages(self) -> tuple[str, ...]:
        """The tools whose template it is, by name."""
        return tuple(slip.text for slip in self.slips if slip.kind == LANGUAGE)


class NotFilledInError(RemitError):
    """A file that only a tool can make sense of: nothing of it can be read before it is filled in."""


def may_be_plan(content: bytes) -> bool:
    """Return whether a file has a word by which the output of `terraform show -json` is told, anywhere in it."""
    return b"planned_values" in content or b"terraform_version" in content


def read_as_written(content: bytes, file: str) -> ParsedFile:
    """Read a file's bytes; JSON if it begins like it or is named so, else YAML.

    RemitError (2) at line and column: it cannot be read, is empty, or has a key twice (in YAML only within a policy:
    elsewhere that is one of its `slips`, and the last one counts). More than `LARGEST_DOCUMENT` bytes are refused; what
    may be a plan may have `LARGEST`. A `.yaml` that begins like JSON, and is none, is read as YAML if its first key
    has no quotes.
    """
    return _parsed(_text(content, file, LARGEST_DOCUMENT), file)


def read(content: bytes, file: str) -> ParsedFile:
    """As `read_as_written`, with late-bound text in the value for what another tool fills in before AWS reads the file.

    A plan of Terraform, where nothing is left to fill in, stays as it is.
    """
    source = read_as_written(content, file)
    value = source.value
    if isinstance(value, dict) and ("planned_values" in value or "terraform_version" in value):
        return source
    is_policy = isinstance(value, list) or (isinstance(value, dict) and "Resources" not in value)
    return replace(source, value=late_bound(value, in_template=not is_policy))


def read_on(content: bytes, file: str, *, most: int = LARGEST_DOCUMENT) -> ParsedFile:
    """Read past mistakes that leave the rest readable, and past what a tool fills in before AWS reads the file.

    The file's `mistakes` has the former (none where a template language has both branches of an `if` in the text), its
    slips the latter, and its value `${Placeholder…}` in such places. RemitError (2): nothing of it can be read; it is a
    NotFilledInError where that is no mistake.
    """
    text = _text(content, file, most)
    mistakes: list[RemitError] = []
    slips: list[Slip] = []
    try:
        source = _parsed(text, file, mistakes)
    except RemitError as error:
        filled, languages = readable(text, json=_is_json(text, file))
        if not languages:
            raise
        try:
            source = _parsed(filled, file, [])
        except RemitError:
            names = " and ".join(language.name for language in languages)
            raise NotFilledInError(
                f"{file} cannot be read before it is filled in: it holds text of {names}",
                hint="lint what your tool makes of it",
                origin=error.origin,
            ) from None
        mistakes = []  # both branches of an `if` stand there
        slips += [Slip(LANGUAGE, language.name, (), language.example) for language in languages]
    if is_of_serverless_framework(text):
        slips.append(Slip(LANGUAGE, SERVERLESS_FRAMEWORK, ()))
    value = filled_in(source.value) if slips else source.value
    return replace(source, text=text, value=value, slips=(*source.slips, *slips), mistakes=tuple(mistakes))


def _text(content: bytes, file: str, most: int) -> str:
    """The text of a file. RemitError: it is too large (`most` bytes; more for a plan), no UTF-8, or empty."""
    most = LARGEST if may_be_plan(content) else most
    if len(content) > most:
        raise too_large(len(content), file)
    origin = Origin(file, 1, 1)
    if b"\0" in content[:2]:
        raise RemitError(f"{file} is not UTF-8: it looks like UTF-16", hint="save it as UTF-8", origin=origin)
    text = decode(content, file)
    if not text.strip():
        raise RemitError(f"{file} is empty", origin=origin)
    return text


def _is_json(text: str, file: str) -> bool:
    """Return whether a text, which is not blank, is JSON by its file's name, or by how it begins."""
    return file.endswith(".json") or (text.lstrip()[0] in '{["' and not _QUOTED_KEY.match(text))


def _parsed(text: str, file: str, mistakes: list[RemitError] | None = None) -> ParsedFile:
    """Read a text as JSON or YAML; a mistake that leaves the rest readable goes to `mistakes`, or is raised if None.

    RemitError (2): it cannot be read. A `.yaml` that begins like JSON, but is none, is read as YAML if its first key
    has no quotes.
    """
    if _is_json(text, file):
        try:
            value, locate = read_json(text, file, most=LARGEST, mistakes=mistakes)
            return ParsedFile(file, text, value, locate)
        except RemitError:
            # YAML in flow style begins like JSON; its first key has no quotes.
            if not file.endswith((".yaml", ".yml")) or re.match(r"\s*\{\s*[A-Za-z!]", text) is None:
                raise
    from remit.documents.yaml_text import read_yaml  # noqa: PLC0415 - much is JSON

    try:
        value, places, slips = read_yaml(text, file, mistakes=mistakes)
    except RemitError as error:
        if error.origin is not None and not error.origin.line:  # of the whole
            error.origin = Origin(file, 1, 1)
        raise

    def locate_part(path: Path) -> Origin:
        while path and path not in places:
            path = path[:-1]  # what is not in the text is told at its nearest part that is
        return places.get(path, Origin(file, 1, 1))

    return ParsedFile(file, text, value, locate_part, slips)
