"""The actions that a pattern covers: `s3:Get*` is every action of S3 that begins with Get."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cache, lru_cache
from typing import Final

from remit.catalogue.actions import actions, bare_names, full_name, services

_WILD: Final = re.compile(r"[*?]")
_HIGHEST: Final = "\U0010ffff"


@lru_cache(maxsize=32768)
def expand(pattern: str) -> tuple[str, ...]:
    """The full names of all actions that a pattern covers, in AWS's case, sorted by service, then without case.

    `*` stands for any text and `?` for one character, in any case; nothing else is special. Time is linear in
    the names for each literal part of the pattern.
    """
    if not pattern.isascii():  # no action has such a name, and some of these letters fold to plain ones
        return ()
    folded = pattern.lower()
    if folded == "*":
        return _everything()
    prefix, colon, bare = folded.partition(":")
    if not colon:
        return ()
    if _WILD.search(folded) is None:
        name = full_name(folded)
        return () if name is None else (name,)
    if _WILD.search(prefix) is None:
        return _of_service(prefix, bare)
    service_pattern = matcher(prefix)
    actions_by_service = (_of_service(service, bare) for service in services() if service_pattern.fullmatch(service))
    return tuple(name for names in actions_by_service for name in names)


@lru_cache(maxsize=1024)
def matcher(pattern: str) -> re.Pattern[str]:
    """A glob as an expression for `fullmatch`, in which `*` and `?` take any text and any character.

    It does not backtrack: a literal part is taken where it first fits, for good.
    """
    head, *literals = re.split(r"\*+", pattern)
    if not literals:
        return re.compile(_literal(head), re.DOTALL)
    *middle, last = literals
    parts = "".join(f"(?>.*?{_literal(part)})" for part in middle)
    return re.compile(f"{_literal(head)}{parts}.*{_literal(last)}", re.DOTALL)


def _literal(text: str) -> str:
    """A part of a glob without `*` as a regular expression."""
    return "".join("." if character == "?" else re.escape(character) for character in text)


def _of_service(prefix: str, pattern: str) -> tuple[str, ...]:
    """The full names of a service's actions that a pattern of bare names covers; the pattern is folded.

    A service's actions are sorted by their folded names, so that those which begin alike stand next to each other.
    """
    full = actions(prefix)
    if pattern == "*":
        return full
    folded = _folded(prefix)
    literal = _WILD.split(pattern, maxsplit=1)[0]
    start = bisect_left(folded, literal)
    end = bisect_left(folded, literal + _HIGHEST, start)
    if pattern == literal + "*":
        return full[start:end]
    fits = matcher(pattern).fullmatch
    return tuple(name for name, bare in zip(full[start:end], folded[start:end], strict=True) if fits(bare))


@lru_cache(maxsize=1024)
def _folded(prefix: str) -> tuple[str, ...]:
    """The bare names of a service's actions in small letters, in the order of `bare_names`."""
    return tuple(name.lower() for name in bare_names(prefix))


@cache
def _everything() -> tuple[str, ...]:
    """The full names of all actions."""
    return tuple(name for prefix in services() for name in actions(prefix))
