"""From a raw policy document to what rules look at: its statements as written, those that parse, where each part is."""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from remit.did_you_mean import MISSPELT, nearest
from remit.documents.foreign_text import is_unfilled
from remit.errors import Origin, RemitError
from remit.iam import tokens
from remit.iam.policy import OLD_VERSION, VERSION, Statement, parse_statement
from remit.lint.rule_inputs import BrokenStatement, ParsedStatement, PolicyDocument, WrittenStatement
from remit.lint.unfilled_places import filled, may_be_unfilled
from remit.template.branches import ConditionOutcome, branches, items, may_vary
from remit.template.policy_documents import as_deployed, put_in_from

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.lint.finding import Spot

_LISTS: Final = ("Action", "NotAction", "Resource", "NotResource")
MOST_STATEMENTS: Final = 2_000
"""Statements of a document that are looked at: a policy that IAM takes has two hundred at most."""

_Paths: TypeAlias = "dict[str, tuple[Spot, ...]]"


def with_statements(document: PolicyDocument, *, located: bool = True) -> PolicyDocument:
    """Put the statements of a document, of which the value alone was read, into it, in place; return it.

    The version and the places that somebody has yet to fill in are put in, too. Not `located`, all of it is in one
    place. Statements beyond `MOST_STATEMENTS` are left out.
    """
    raw = document.raw
    document.version = str(raw.get("Version", OLD_VERSION)) if isinstance(raw, dict) else VERSION
    if may_be_unfilled(document.text):
        document.raw, document.unfilled = filled(raw, in_template=document.names is not None)
        vars(document).pop("text")  # which was computed of `raw`
    document.written = tuple(islice(_statements(document.raw, document, located=located), MOST_STATEMENTS))
    settled, of_either_effect, broken = [], [], []
    for written in document.written:
        effect = written.value.get("Effect")
        is_either = tokens.is_intrinsic(effect) or is_unfilled(effect)
        parsed = _parsed(written, "Allow" if is_either else None)
        if isinstance(parsed, BrokenStatement):
            broken.append(parsed)
        elif is_either:
            of_either_effect.append(parsed)
        else:
            settled.append(parsed)
    document.statements = tuple(settled)
    document.either = tuple(of_either_effect)
    document.broken = tuple(broken)
    return document


def _statements(raw: Any, document: PolicyDocument, *, located: bool) -> Iterator[WrittenStatement]:
    """Yield the statements of a document, each branch of a condition as one of its own.

    `located`: places in texts are found, too.
    """
    for index, (value, path, when) in enumerate(_statement_branches(raw)):
        flat, paths = (value, {}) if document.names is None else _flat(value, path)
        locate = partial(_located, document, flat, path, paths) if located else document.locate
        yield WrittenStatement(document, index, flat, path, locate, frozenset(when), chooses=bool(paths))


def _statement_branches(raw: Any) -> Iterator[tuple[dict[str, Any], Spot, tuple[ConditionOutcome, ...]]]:
    """The statements of a document, those that conditions choose among them, with their paths and conditions."""
    statements = raw.get("Statement") if isinstance(raw, dict) else None
    is_list = isinstance(statements, list)
    for index, statement in enumerate(statements if isinstance(statements, list) else [statements]):
        path: Spot = ("Statement", index) if is_list else ("Statement",)
        if isinstance(statement, dict) and len(statement) > 1:  # nearly always: no function of CloudFormation
            yield statement, path, ()
            continue
        for branch in branches(statement, path):
            if isinstance(branch.value, dict) and put_in_from(branch.value) is None:
                yield branch.value, branch.path, branch.when


def _flat(raw: dict[str, Any], path: Spot) -> tuple[dict[str, Any], _Paths]:
    """A statement with its choices put in: all branches of a list's items, the first branch of anything else.

    Also the path of each item of Action, Resource and their negatives; nothing where no condition chooses.
    """
    if not may_vary(repr(raw)):
        return raw, {}
    flat: dict[str, Any] = {}
    paths: _Paths = {}
    for key, value in raw.items():
        if key in _LISTS:
            chosen = tuple(items(value, (*path, key)))
            flat[key] = [item.value for item in chosen]
            paths[key] = tuple(item.path for item in chosen)
        else:
            flat[key] = _first(value)
    return {key: value for key, value in flat.items() if value is not None}, paths


def _first(value: Any) -> Any:
    """A value with the first branch of each choice in its place; None where nothing is there.

    Lists stay as they are.
    """
    branch = next(branches(value), None)
    if branch is None:
        return None
    if isinstance(branch.value, dict):
        firsts = {key: _first(part) for key, part in branch.value.items()}
        return {key: part for key, part in firsts.items() if part is not None}
    return branch.value


def _located(document: PolicyDocument, raw: Mapping[str, Any], path: Spot, paths: _Paths, spot: Spot) -> Origin | None:
    """The origin of a spot of a statement at `path`: texts become indexes of their lists.

    As near as can be found: where a step leads nowhere, the part above it.
    """
    if not spot or spot[0] not in raw:
        return document.locate(path)
    value: Any = raw
    steps_: list[str | int] = []
    for step in spot:
        if isinstance(value, dict) and step in value:
            value = value[step]
            steps_.append(step)
        elif isinstance(value, list):
            index = step if isinstance(step, int) else _index(value, step)
            if index is None:
                break
            if len(steps_) == 1 and str(spot[0]) in paths:
                return document.locate(paths[str(spot[0])][index])
            value = value[index]
            steps_.append(index)
        else:
            break
    return document.locate((*path, *steps_))


def _index(values: list[Any], text: object) -> int | None:
    """The index of the item that reads as a text of the parsed statement; None where none does."""
    if text in values:
        return values.index(text)
    return next((position for position, member in enumerate(values) if _text(member) == text), None)


def _text(value: Any) -> str:
    """The text that a value of an element becomes when its statement is parsed: `true` for True."""
    if tokens.is_intrinsic(value):
        return tokens.with_dynamic(tokens.from_intrinsic(value))
    if isinstance(value, bool):
        return str(value).lower()
    return tokens.with_dynamic(value) if isinstance(value, str) else str(value)


def _parsed(written: WrittenStatement, effect: str | None) -> ParsedStatement | BrokenStatement:
    """A statement parsed, with `effect`, if given, for the one that the deploy settles.

    One that does not parse is a BrokenStatement with the error's words; nothing is raised. Operators are not checked.
    """
    value = written.value if effect is None else {**written.value, "Effect": effect}
    if written.document.names is not None:
        value = as_deployed(value)
    try:
        statement: Statement = parse_statement(value, operators=False)
    except RemitError as error:
        spot = error.path[1:]  # within the statement
        misspelt = _misspelt(written, spot) if written.document.names is not None else None
        hint = f"did you mean `{misspelt}`?" if misspelt else error.hint
        return BrokenStatement(written, error.message, hint, spot)
    conditions, chooses = written.when, written.chooses
    return ParsedStatement(written.document, written.index, statement, written.locate, when=conditions, chooses=chooses)


def _misspelt(written: WrittenStatement, spot: Spot) -> str | None:
    """The function of CloudFormation that somebody meant who wrote another name where a text must be.

    None: no name is near one.
    """
    value: Any = written.value
    for step in spot:
        value = value.get(step) if isinstance(value, dict) else None
    functions = {name: name for name in ("Ref", *tokens.FUNCTIONS)}
    spellings = functions | {name.removeprefix("Fn::"): name for name in functions}
    for part in value if isinstance(value, list) else [value]:
        name = next(iter(part)) if isinstance(part, dict) and len(part) == 1 else None
        if name is None or name in functions:
            continue
        meant = nearest(str(name), spellings, MISSPELT)
        if meant is not None:
            return spellings[meant]
    return None
