"""Say what a deploy needs, one action on one resource at a time, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.iam.policy import Condition

VERBS: Final = ("create", "read", "update", "delete")
"""The handlers of a type that CloudFormation calls for a stack."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """Why something is needed: a text; or what is done to which resource of which type."""

    doing: str
    subject: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class Need:
    """One action on one resource, and why; `conditions` narrow it."""

    action: str
    resource: str
    purpose: Purpose
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class DeployCall:
    """One API operation (`s3.PutObject`) that a program makes, the actions that it needs, on what, and what for.

    `on` is late-bound text in which {stack} is the stack's name; `nested`: on the stacks inside it as well. With a type
    of CloudFormation's (`of_type`) it is on each resource of that type instead, `unless_kept` by a deletion policy.
    """

    operation: str
    actions: tuple[str, ...]
    on: str
    because: str
    nested: bool = False
    of_type: str = ""
    unless_kept: bool = False


def sentences(purposes: Iterable[Purpose]) -> Iterator[str]:
    """`to create and delete WebFunction, ReportFunction (AWS::Lambda::Function)`, one for each type."""
    by_type: dict[str, list[Purpose]] = {}
    for purpose in purposes:
        by_type.setdefault(purpose.type or purpose.doing, []).append(purpose)
    for name, alike in by_type.items():
        if not alike[0].type:
            yield name
            continue
        doings = dict.fromkeys(purpose.doing for purpose in alike)
        verbs = sorted(doings, key=(*VERBS, *doings).index)
        joined = verbs[0] if len(verbs) == 1 else f"{', '.join(verbs[:-1])} and {verbs[-1]}"
        yield f"to {joined} {', '.join(dict.fromkeys(purpose.subject for purpose in alike))} ({name})"
