"""Guardrails: policies that no role of an app may exceed, read from `config/guardrails/*.json`.

A file with Allow statements is a ceiling, as a service control policy is: every role is to stay within what they allow
and the file's own Deny statements do not take away. A file of Deny statements alone forbids exactly what they deny.
Each file holds for itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from remit.catalogue.expand import expand
from remit.errors import Mistakes, Origin, RemitError
from remit.iam import tokens
from remit.iam.comparison import StatementLocation
from remit.iam.policy import Policy, Statement, allow
from remit.iam.prove.statement_space import compiled
from remit.project import plain_files
from remit.source.layout import GUARDRAILS
from remit.template.policy_files import read_policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


LATE: Final = (*tokens.PLACE.values(), "${AWS::StackName}")
_HINT: Final = 'a guardrail is a policy document in JSON, as IAM spells it: {"Version": "2012-10-17", "Statement": […]}'


@dataclass(frozen=True, slots=True, eq=False)
class Guardrail:
    """What a file allows: the Allow statements that roles must be within (a `ceiling`), or everything but its denials.

    A file with both gives two, which together mean what the file does.
    """

    file: str
    policy: Policy
    ceiling: bool
    origins: tuple[Origin, ...]
    """Where the statements of the file stand that `policy` begins with."""


def guardrails(folder: Path) -> tuple[Guardrail, ...]:
    """The guardrails of a project, by their files' names; none without the folder.

    RemitError (2) has each mistake, at its line.
    """
    place = folder / GUARDRAILS
    if not place.is_dir():
        if place.exists():
            raise RemitError(
                f"{GUARDRAILS} is a file", hint="guardrails are files in that folder", origin=Origin(GUARDRAILS)
            )
        return ()
    rails: list[Guardrail] = []
    mistakes = Mistakes()
    for path in plain_files.listed(place):
        with mistakes.noted():
            name = f"{GUARDRAILS}/{path.name}"
            text = plain_files.json_content(path, name, "a guardrail", _HINT)
            rails += () if text is None else read_guardrail(text, name)
    mistakes.refuse()
    return tuple(rails)


def read_guardrail(text: bytes, file: str) -> tuple[Guardrail, ...]:
    """The ceiling and the denials of one file, in this order, if it has both; `file` is how errors name it.

    RemitError (2), at its line: it is no policy, has no statement, or has one about which nothing can be proven.
    """
    policy, locate = read_policy(text, file, _HINT)
    if not policy.statements:
        raise RemitError(f"{file} has no statement, so it says nothing", hint=_HINT, origin=Origin(file, 1))
    origins = [
        locate(StatementLocation("identity", 0, index, statement)) for index, statement in enumerate(policy.statements)
    ]
    placed = tuple(zip(policy.statements, origins, strict=True))
    mistakes = Mistakes()
    for statement, origin in placed:
        with mistakes.noted():
            _require_provable(statement, policy.version, origin)
    mistakes.refuse()
    allows = [pair for pair in placed if pair[0].effect == "Allow"]
    denies = [pair for pair in placed if pair[0].effect == "Deny"]
    kinds = ((allows, (), True), (denies, (allow("*"),), False))
    return tuple(
        Guardrail(
            file,
            replace(policy, statements=(*(statement for statement, _ in pairs), *added)),
            ceiling,
            tuple(origin for _, origin in pairs),
        )
        for pairs, added, ceiling in kinds
        if pairs
    )


def _require_provable(statement: Statement, version: str, origin: Origin) -> None:
    """Refuse a statement that cannot be a guardrail's, or cannot be compared with what roles may do.

    RemitError (2), at its line.
    """
    if statement.principals is not None:
        hint = "it holds for every role of the app: leave Principal out"
        raise RemitError("a guardrail names no principal", hint=hint, origin=origin)
    if statement.resources is None:
        raise RemitError("the statement has no Resource", hint='write "Resource": "*" for every one', origin=origin)
    try:
        undecided = compiled(Policy((statement,), version)).undecided
        late = [part.text for text in texts(statement) for part in tokens.references(text)]
    except RemitError as error:
        raise RemitError(error.message, hint=error.hint, origin=origin) from None
    if undecided:
        raise RemitError(f"nothing can be proven about this statement: {undecided[0][2]}", origin=origin)
    for text in late:
        if text not in LATE:
            raise RemitError(f"a guardrail knows no {text}", hint=f"there are {', '.join(LATE)}", origin=origin)


def unknown_actions(rails: Iterable[Guardrail]) -> Iterator[tuple[Origin, str]]:
    """Yield the actions that guardrails mean to keep from roles, and that no service has: likely misspelt.

    Those that a ceiling allows, or a Deny spares, can be misspelt, too; then it says more than it means to, and a build
    stops where that matters.
    """
    for rail in rails:
        for statement, origin in zip(rail.policy.statements, rail.origins, strict=False):  # what is added has no place
            if (statement.effect == "Deny") != statement.actions.negated:
                yield from ((origin, text) for text in statement.actions.patterns if not expand(text))


def texts(statement: Statement) -> Iterator[str]:
    """Yield the texts of a statement's resources and of its conditions' values, which may hold late-bound parts."""
    if statement.resources is not None:
        yield from statement.resources.patterns
    for condition in statement.conditions:
        yield from condition.values
