"""A function's grants beside the access that it was seen to use, in runs on this machine and in tests.

The AWS on this machine writes `.remit/seen/DATE.jsonl`: a line for each kind of access that a function asked for, with
{function, action, resource, decision, statement, file, line, time}, and no keys or values of items.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

from remit.errors import RemitError
from remit.iam.pattern import matches, overlaps
from remit.iam.pattern_list import actions_cover
from remit.iam.policy import Globs
from remit.project.dot_remit import own_folder
from remit.roles.reference_names import fill_references, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from remit.app import Grant
    from remit.holders import Holder

_LATE_BOUND: Final = re.compile(r"\$\{[^}]*\}")


@dataclass(frozen=True, slots=True)
class SeenUse:
    """A kind of access that a function asked for, and when it did last (ISO 8601).

    `function` is its deployed name; `decision` is allowed, denied or unknown; `statement` names what decided it in the
    role as it was deployed; `file` and `line` are the place of the call, empty and 0 where that is not known.
    """

    function: str
    action: str
    resource: str
    decision: str
    statement: str
    file: str
    line: int
    time: str

    @property
    def place(self) -> str:
        """The call's place: `app.py:12`; empty where it is not known."""
        return f"{self.file}:{self.line}" if self.file else ""


@dataclass(frozen=True, slots=True)
class GrantedAction:
    """An action that a grant allows, as it is written there, and the uses of it that were seen."""

    action: str
    grant: Grant
    uses: tuple[SeenUse, ...]


@dataclass(frozen=True, slots=True)
class GrantedAndSeen:
    """The granted actions of a function's role with their uses, and the uses that were denied.

    `since` is the first day that is known (ISO 8601); empty where nothing was seen of any function.
    """

    granted: tuple[GrantedAction, ...]
    denied: tuple[SeenUse, ...]
    since: str


def granted_and_seen(folder: Path, deployed_name: str, role: Holder, deployed: Holder) -> GrantedAndSeen:
    """Compare a function's role with what `.remit/seen` has of the function of this deployed name.

    `deployed` is the role with its statements as they are deployed. RemitError: `.remit/seen` is a link, or cannot be
    read.
    """
    all_uses = tuple(_seen_uses(folder))
    last_of_each_kind: dict[tuple[Any, ...], SeenUse] = {}
    for use in all_uses:
        if use.function == deployed_name:
            kind = (use.action, use.resource, use.decision, use.statement, use.file, use.line)
            last_of_each_kind[kind] = use
    uses = last_of_each_kind.values()
    recorded = _grants_by_statement(deployed)
    granted = []
    for grant in role.grants:
        statement = grant.statement
        if statement.effect != "Allow" or statement.actions.negated:
            continue
        for action in statement.actions.patterns:
            uses_of_action = tuple(use for use in uses if _is_use(use, action, grant, recorded))
            granted.append(GrantedAction(action, grant, uses_of_action))
    denied = tuple(use for use in uses if use.decision == "denied")
    since = min((use.time[:10] for use in all_uses), default="")
    return GrantedAndSeen(tuple(granted), denied, since)


def _seen_uses(folder: Path) -> Iterator[SeenUse]:
    """Every use that was seen, by time. A line that was not written whole is left out.

    RemitError (2): a file cannot be read.
    """
    for path in sorted(own_folder(folder, "seen").glob("*.jsonl")):
        try:
            lines = path.read_text("utf-8", "replace").splitlines()
        except OSError as error:
            raise RemitError(f"{path} cannot be read: {error.strerror}") from None
        for line in lines:
            use = _seen_use(line)
            if use is not None:
                yield use


def _seen_use(text: str) -> SeenUse | None:
    """The use on one line; None: the line is not whole."""
    try:
        record = json.loads(text)
        texts: dict[str, Any] = {field.name: str(record[field.name]) for field in fields(SeenUse)}
        return SeenUse(**{**texts, "line": int(record["line"])})
    except (ArithmeticError, ValueError, KeyError, TypeError):
        return None


def _grants_by_statement(deployed: Holder) -> dict[str, tuple[Grant, ...]]:
    """The grants that each statement of a deployed role has, by the name that a decision gives to the statement."""
    documents = [policy.grants for policy in deployed.policies if policy.grants or policy.how == "managed"]
    grants_by_statement: dict[str, tuple[Grant, ...]] = {}
    for number, grants in enumerate(documents):
        if not grants:  # of a policy that is attached, no grant has anything
            grants_by_statement[f"identity[{number}]"] = ()
        for index, grant in enumerate(grants):
            grants_by_statement[f"identity[{number}].Statement[{index}]"] = grant.stands_for or (grant,)
    return grants_by_statement


def _is_use(use: SeenUse, action: str, grant: Grant, recorded: Mapping[str, tuple[Grant, ...]]) -> bool:
    """Return whether a use that was allowed is one of an action of a grant.

    That is told by the statement that was recorded. Where the role has changed since, so that this cannot have allowed
    it, any grant counts that may have.
    """
    if use.decision != "allowed" or not matches(action.lower(), use.action.lower()):
        return False
    if use.statement.partition(".")[0] in recorded:  # a policy that is attached allowed it, and no grant
        return False
    grants = [candidate for candidate in recorded.get(use.statement, ()) if _may_allow(candidate, use)]
    return grant in grants if grants else _may_allow(grant, use)


def _may_allow(grant: Grant, use: SeenUse) -> bool:
    """Return whether a grant may have allowed a use, whatever its references stand for."""
    if not actions_cover(grant.statement.actions, Globs((use.action,))):
        return False
    resources = grant.statement.resources
    if resources is None or resources.negated:
        return True
    place = place_of(use.resource)
    filled = (_LATE_BOUND.sub("*", fill_references(pattern, place)) for pattern in resources.patterns)
    return any(overlaps(pattern, use.resource) for pattern in filled)
