"""What a function is granted beside what it was seen to use, in runs on this machine and in tests.

The AWS on this machine writes `.remit/seen/DATE.jsonl`: a line for each kind of access that a function asked for, with
{function, action, resource, decision, statement, file, line, time}, and no keys or values of items.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.arns import parse
from remit.errors import RemitError
from remit.iam.pattern import matches, overlaps
from remit.project.dot_remit import own_folder
from remit.roles.reference_names import fill_references

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from remit.app import Grant
    from remit.roles.role_policies import ReadyRole

_LATE_BOUND: Final = re.compile(r"\$\{[^}]*\}")


@dataclass(frozen=True, slots=True)
class SeenUse:
    """A kind of access that a function asked for, and when it did last (ISO 8601).

    `function` is its deployed name; `decision` is allowed, denied or unknown; `file` and `line` are the place of the
    call in its code, empty and 0 where that is not known.
    """

    function: str
    action: str
    resource: str
    decision: str
    file: str
    line: int
    time: str

    @property
    def place(self) -> str:
        """Where the call stands: `app.py:12`; empty where that is not known."""
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


def granted_and_seen(folder: Path, deployed_name: str, role: ReadyRole) -> GrantedAndSeen:
    """Compare a function's role with what `.remit/seen` has of the function of this deployed name.

    RemitError: `.remit/seen` is a link, or cannot be read.
    """
    all_uses = tuple(_seen_uses(folder))
    uses = _last_of_each_kind(use for use in all_uses if use.function == deployed_name)
    granted = []
    for grant in role.role.grants:
        statement = grant.statement
        if statement.effect != "Allow" or statement.actions.negated:
            continue
        for action in statement.actions.patterns:
            uses_of_action = tuple(use for use in uses if _is_use(use, action, grant, role))
            granted.append(GrantedAction(action, grant, uses_of_action))
    denied = tuple(use for use in uses if use.decision == "denied")
    since = min((use.time[:10] for use in all_uses), default="")
    return GrantedAndSeen(tuple(granted), denied, since)


def _seen_uses(folder: Path) -> Iterator[SeenUse]:
    """Every use that was seen, by time. A line that was not written whole is left out."""
    for path in sorted(own_folder(folder, "seen").glob("*.jsonl")):
        try:
            lines = path.read_text("utf-8", "replace").splitlines()
        except OSError as error:
            raise RemitError(f"{path} cannot be read: {error.strerror}") from None
        for line in lines:
            use = _seen_use(line)
            if use is not None:
                yield use


def _last_of_each_kind(uses: Iterable[SeenUse]) -> Collection[SeenUse]:
    latest: dict[tuple[Any, ...], SeenUse] = {}
    for use in uses:
        latest[use.action, use.resource, use.decision, use.file, use.line] = use
    return latest.values()


def _seen_use(text: str) -> SeenUse | None:
    try:
        record = json.loads(text)
        return SeenUse(
            str(record["function"]),
            str(record["action"]),
            str(record["resource"]),
            str(record["decision"]),
            str(record["file"]),
            int(record["line"]),
            str(record["time"]),
        )
    except (ValueError, KeyError, TypeError):
        return None


def _is_use(use: SeenUse, action: str, grant: Grant, role: ReadyRole) -> bool:
    """Whether a use that was allowed is one of an action of a grant, on one of its resources."""
    if use.decision != "allowed" or not matches(action.lower(), use.action.lower()):
        return False
    resources = grant.statement.resources
    if resources is None or resources.negated:
        return True
    names = {**role.names, **_place(use.resource)}
    filled = (_LATE_BOUND.sub("*", fill_references(pattern, names)) for pattern in resources.patterns)
    return any(overlaps(pattern, use.resource) for pattern in filled)


def _place(resource: str) -> dict[str, str]:
    """What the late-bound parts of an ARN were where this one was seen."""
    arn = parse(resource)
    if arn is None:
        return {}
    return {"${AWS::Partition}": arn.partition, "${AWS::Region}": arn.region, "${AWS::AccountId}": arn.account}
