"""Refuse secrets in what is packed: files that hold secrets by their names, and keys, tokens and passwords in texts.

The app's own files are looked at as they stream into the zip; what lint knows as a secret in an environment (R701) is
one here. Dependencies are not looked at: they come from a package index, and their documentation is full of examples.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from remit.errors import Origin, RemitError
from remit.package.excluded_files import secret_by_name
from remit.package.gitignore import Patterns, parse
from remit.package.packed_files import Entry, read
from remit.secrets import LINE_END, Secret, holds_secret, possible_secrets_in, secrets_in

Allowed: TypeAlias = "Mapping[str, tuple[str, Origin | None]]"
"""Patterns of files that may hold secrets, each with the reason and the line that gives it."""
_OVERLAP: Final = 4096
"""Bytes of one chunk looked at again with the next: longer than what makes a match."""
_BYTES: Final = "latin-1"
"""An encoding in which every byte is a character, so that any file is a text."""
_LARGEST_CODE: Final = 1 << 20
"""Bytes of a file in which names are looked for that are given passwords: code and settings are smaller."""
_MOST: Final = 5
"""Secrets of one file that are shown."""
_HINT: Final = (
    "rotate it, and read it when a function runs, from Secrets Manager or Parameter Store; or list the file in "
    ".remitignore\n  or, if it is meant, write `# remit: allow R701 because …` at the line, or "
    '`config.package.allow = {"FILE": "REASON"}`'
)


@dataclass(frozen=True, slots=True)
class Unneeded:
    """A pattern of `config.package.allow` that allows nothing, and the line that gives it."""

    pattern: str
    origin: Origin | None


@dataclass(frozen=True, slots=True)
class PackedSecrets:
    """Findings in packed files: possible secrets, and the patterns that allow nothing."""

    possible: tuple[str, ...]
    unneeded: tuple[Unneeded, ...]


@dataclass(frozen=True, slots=True)
class _Secret:
    what: str
    origin: Origin


def watched(entry: Entry, suspects: list[Entry]) -> Iterator[bytes]:
    """The bytes of one file, a chunk at a time, as `read` gives them.

    One that may hold a secret joins `suspects`, once all of it is read.
    """
    before, suspect = "", False
    for chunk in read(entry):
        if not suspect:
            # Wide encodings put bytes that are zero between the letters.
            text = (chunk.replace(b"\0", b"") if b"\0" in chunk else chunk).decode(_BYTES)
            suspect = holds_secret(before + text)
            before = text[-_OVERLAP:]
        yield chunk
    if suspect:
        suspects.append(entry)


def refuse(entries: Iterable[Entry], suspects: list[Entry], allow: Allowed) -> PackedSecrets:
    """Refuse secrets in what is packed that nothing allows; return what may be one, and patterns that allow nothing.

    `suspects` are those of the entries that may hold one, `allow` reasons by patterns, each with its line. RemitError
    (2): there are such secrets, at the first of them.
    """
    patterns = {pattern: Patterns(parse([pattern], reason)) for pattern, (reason, _) in allow.items()}
    suspected = frozenset(suspects)
    needed: set[str] = set()
    refused: list[_Secret] = []
    possible: list[_Secret] = []
    for entry in entries:
        description = secret_by_name(entry.written)
        of_name = _Secret(f"{description} (by its name)", Origin(entry.written))
        secrets = [] if description is None else [of_name]
        if entry in suspected:
            secrets += _secrets_in_text(entry, secrets_in)
        possible_secrets = _secrets_in_text(entry, possible_secrets_in) if entry.size <= _LARGEST_CODE else []
        if not secrets and not possible_secrets:
            continue
        parts = entry.written.split("/")
        places = [entry.written, *("/".join(parts[:count]) + "/" for count in range(1, len(parts)))]  # and its folders
        allowing = [pattern for pattern, matcher in patterns.items() if any(map(matcher.decide, places))]
        needed.update(allowing)
        if not allowing:
            refused += secrets
            possible += possible_secrets
    lines = [f"  {line}" for line in _lines(refused)]
    if refused:
        message = "\n".join([f"{len(refused):,} secrets would go into the zip:", *lines])
        if len(lines) == 1:
            message = f"{refused[0].what} would go into the zip"
        raise RemitError(message, hint=_HINT, origin=refused[0].origin)
    unneeded = tuple(Unneeded(pattern, origin) for pattern, (_, origin) in allow.items() if pattern not in needed)
    return PackedSecrets(tuple(_lines(possible)), unneeded)


def _secrets_in_text(entry: Entry, look: Callable[[str], tuple[Secret, ...]]) -> list[_Secret]:
    """The secrets in a file, but for those that a comment at their line allows; columns count characters."""
    from remit.lint.suppress import OF_SECRETS, Allowance, allowances  # noqa: PLC0415 - few files hold any

    content = b"".join(read(entry)).replace(b"\0", b"")  # as `watched` has it
    text = content.decode(_BYTES)
    all_secrets = look(text)
    if not all_secrets:
        return []
    comments = allowances(content.decode("utf-8", "replace"), entry.written)
    allowed_lines = {
        comment.line for comment in comments if isinstance(comment, Allowance) and comment.rule == OF_SECRETS
    }
    lines = LINE_END.split(text)
    secrets: list[_Secret] = []
    for secret in all_secrets:
        if secret.line not in allowed_lines:
            before = lines[secret.line - 1][: secret.column - 1]
            column = len(before.encode(_BYTES).decode("utf-8", "replace")) + 1
            secrets.append(_Secret(secret.name, Origin(entry.written, secret.line, column)))
    return secrets


def _lines(secrets: list[_Secret]) -> Iterator[str]:
    """Yield a line for each of the first few secrets of each file, and how many more it has."""
    by_file: dict[str, list[_Secret]] = {}
    for secret in secrets:
        by_file.setdefault(secret.origin.file, []).append(secret)
    for file, in_file in by_file.items():
        yield from (f"{secret.origin}: {secret.what}" for secret in in_file[:_MOST])
        if len(in_file) > _MOST:
            yield f"{file}: {len(in_file) - _MOST:,} more"


def only_public(pem: bytes) -> bool:
    """Return whether a .pem holds certificates or public keys and nothing else, such as a bundle of authorities."""
    kinds = re.findall(rb"-----BEGIN ([A-Z0-9 ]+)-----", pem)
    return bool(kinds) and all(kind.endswith((b"CERTIFICATE", b"PUBLIC KEY")) for kind in kinds)
