"""The file of accepted gains, `config/accepted.json`: read strictly, each mistake at its line, and written.

    [
      {
        "functions": ["ingest"],
        "statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::orders/*"},
        "because": "ingest reads the price list"
      }
    ]

A statement with a Principal is about what a resource lets others do; its name stands among `functions`. In place of
`statement`, `trust` holds a statement of a trust policy, `undecided` the very statement that could not be
decided (or the reason, where it is about none), `policy` the ARN of a managed policy or boundary that nobody can
read, and `door` what opens, as it is told: `GET /orders: AWS_IAM -> everybody`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from remit.did_you_mean import did_you_mean
from remit.documents.json_text import Locate, read_json
from remit.errors import Origin, RemitError
from remit.iam.policy import Statement, parse_statement, render_statement
from remit.project import plain_files

FILE: Final = Path("config") / "accepted.json"
ACCESS, TRUST, UNDECIDED, POLICY, DOOR = "statement", "trust", "undecided", "policy", "door"
KINDS: Final = (ACCESS, TRUST, UNDECIDED, POLICY, DOOR)
_KEYS: Final = ("functions", *KINDS, "because")


@dataclass(frozen=True, slots=True)
class AcceptedGain:
    """What some functions may gain, and why. `functions` is None for all; `kind` is one of `KINDS`."""

    functions: tuple[str, ...] | None
    kind: str
    because: str
    statement: Statement | None = None
    text: str = ""
    """The ARN of `policy`, the reason of `undecided`, or the words of `door`."""
    origin: Origin | None = None

    def speaks_of(self, function: str) -> bool:
        """Return whether it is for a function."""
        return self.functions is None or function in self.functions


def read_accepted(folder: Path) -> tuple[AcceptedGain, ...]:
    """The entries of a project, none without the file. RemitError at the line and column of what is wrong."""
    content = plain_files.content(folder / FILE, FILE.as_posix())
    return () if content is None else entries_of(content, FILE.as_posix())


def entries_of(content: bytes, file: str) -> tuple[AcceptedGain, ...]:
    """The entries in the content of a file, whose name messages have. RemitError as of `read_accepted`."""
    entries, locate = read_json(content, file)
    if not isinstance(entries, list):
        raise RemitError(
            f"{file} must be a list of entries", hint="`remit diff --accept REASON` writes it", origin=locate(())
        )
    return tuple(_Reader(locate, number).entry(entry) for number, entry in enumerate(entries))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one entry."""

    locate: Locate
    number: int

    def error(self, message: str, *path: str | int, hint: str | None = None) -> RemitError:
        """The error at a part of the entry, by its path; without a path, at the entry."""
        return RemitError(message, hint=hint, origin=self.locate((self.number, *path)))

    def entry(self, value: Any) -> AcceptedGain:
        """An entry of the file. RemitError at the part that is wrong."""
        if not isinstance(value, dict):
            raise self.error('an entry is an object: {"functions": […], "statement": {…}, "because": "…"}')
        for key in value:
            if key not in _KEYS:
                hint = did_you_mean(key, _KEYS) or f"there are {', '.join(_KEYS)}"
                raise self.error(f"an entry has no {key!r}", key, hint=hint)
        kinds = [kind for kind in KINDS if kind in value]
        if len(kinds) != 1:
            raise self.error(f"an entry has one of {', '.join(KINDS)}; this one has {' and '.join(kinds) or 'none'}")
        (kind,) = kinds
        because = value.get("because")
        if not isinstance(because, str) or not because.strip():
            at = ("because",) if "because" in value else ()
            raise self.error("an entry says why it is accepted, in `because`", *at)
        text, statement = "", None
        if kind == POLICY:
            text = self.policy(value[kind])
        elif kind == DOOR:
            text = self.door(value[kind])
        elif kind == UNDECIDED and isinstance(value[kind], str):
            text = value[kind]
        else:
            statement = self.statement(value[kind], kind)
        return AcceptedGain(self.functions(value), kind, because, statement, text, self.locate((self.number,)))

    def functions(self, value: dict[str, Any]) -> tuple[str, ...] | None:
        """The functions that an entry is about; None: all of them (`"*"`). RemitError (2): it says neither."""
        functions = value.get("functions")
        if functions == "*":
            return None
        if not isinstance(functions, list) or not functions or not all(isinstance(name, str) for name in functions):
            at = ("functions",) if "functions" in value else ()
            raise self.error('`functions` is a list of names, or "*" for all', *at)
        return tuple(functions)

    def policy(self, value: Any) -> str:
        """The ARN. RemitError (2) at the entry: it is none."""
        if not isinstance(value, str) or not value.startswith("arn:"):
            raise self.error("`policy` is the ARN of a managed policy or boundary", POLICY)
        return value

    def door(self, value: Any) -> str:
        """The words of the door. RemitError (2) at the entry: they do not say what opens."""
        if not isinstance(value, str) or " -> " not in value:
            raise self.error(
                "`door` is what opens, as `remit diff` tells it: `GET /orders: AWS_IAM -> everybody`", DOOR
            )
        return value

    def statement(self, value: Any, kind: str) -> Statement:
        """The accepted statement, which must say what its kind of entry needs. RemitError at the part that is wrong.

        It is an Allow, unless it is `undecided`; it has a Principal in `trust`, that or a Resource in `statement`.
        """
        try:
            statement = parse_statement(value, (kind,))
        except RemitError as error:
            origin = self.locate((self.number, *error.path))
            raise RemitError(error.message, hint=error.hint, origin=origin) from None
        if kind != UNDECIDED and statement.effect != "Allow":
            raise self.error("what is accepted is access: the Effect is Allow", kind, "Effect")
        if kind == TRUST and statement.principals is None:
            raise self.error("a statement of a trust policy says whom it lets in", kind, hint="add a 'Principal'")
        if kind == ACCESS and statement.resources is None and statement.principals is None:
            raise self.error("a statement says on which resources", kind, hint="add a 'Resource'")
        return statement


def written(entries: Iterable[AcceptedGain]) -> str:
    """The text of a file with these entries, in their order."""
    return json.dumps([_document(entry) for entry in entries], indent=2, ensure_ascii=False) + "\n"


def _document(entry: AcceptedGain) -> dict[str, Any]:
    subject = entry.text if entry.statement is None else render_statement(entry.statement)
    functions = "*" if entry.functions is None else list(entry.functions)
    return {"functions": functions, entry.kind: subject, "because": entry.because}


def write_accepted(folder: Path, entries: Iterable[AcceptedGain]) -> None:
    """Write the file of a project, whole or not at all. RemitError: it cannot be written."""
    path = folder / FILE
    temporary = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(exist_ok=True)
        temporary.write_text(written(entries), "utf-8", errors="backslashreplace", newline="\n")  # JSON's own escapes
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise RemitError(f"cannot write {FILE.as_posix()}: {error.strerror}") from None
