"""Ask a template's role in every way in which the template's conditions may turn out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from remit.answers.explanation import Explanation, explain
from remit.roles.role_policies import ready_role
from remit.template.attached_policies import condition_note
from remit.template.condition_outcomes import MOST, World, by_conditions, words, worlds
from remit.template.role_resources import bearing_on
from remit.template.roles import FileRoles, roles_where

if TYPE_CHECKING:
    from remit.documents.read import ParsedFile
    from remit.holders import Holder
    from remit.iam.decide.evaluate import Verdict

_NOT_ALL: Final = f"the template's conditions may turn out in more than {MOST} ways: not each of them was looked at"
_SEVERAL: Final = 2


@dataclass(frozen=True, slots=True)
class Ways:
    """What bears on one role in each of the ways; `complete` says whether those are all."""

    reads: tuple[tuple[World, FileRoles], ...] = ()
    complete: bool = True


class Conditions:
    """The conditions of a document that was read and settled. Anything but a template has none."""

    def __init__(self, source: ParsedFile | None = None) -> None:
        template = source.value if source is not None and isinstance(source.value, dict) else {}
        is_conditional = bool(template.get("Conditions")) and isinstance(template.get("Resources"), dict)
        self._source = source if is_conditional else None
        self._ways: dict[str, Ways] = {}

    def ways(self, role: str) -> Ways:
        """The ways in which the conditions that a role uses may turn out, kept for its next request.

        None of them, and complete, where the document has no conditions. RemitError at the part of the template that is
        wrong.
        """
        if self._source is None:
            return Ways()
        if role not in self._ways:
            template = bearing_on(self._source.value, role)
            all_worlds, complete = worlds(template)
            source = replace(self._source, value=template)
            reads = by_conditions(template, all_worlds, lambda holding: roles_where(holding, source))
            self._ways[role] = Ways(tuple(zip(all_worlds, reads, strict=True)), complete)
        return self._ways[role]


def explain_in(
    conditions: Conditions, role: Holder, asker: str, action: str, resource: str, *, principal: str | None = None
) -> Explanation:
    """Explain a request of a role that has all statements there may be: its answer stands if every way agrees.

    Else the verdict is unknown, and the answers are there, each with when it holds.
    """
    explanation = explain(role, asker, action, resource, principal=principal)
    ways = conditions.ways(role.logical_id)
    by_verdict: dict[Verdict, list[tuple[World, Explanation]]] = {}
    condition = role.condition
    condition_notes = () if condition is None else (condition_note(condition),)
    for world, read in ways.reads:
        for world_role in read.holders:
            if world_role.logical_id == role.logical_id:
                noted = replace(world_role, condition=condition, notes=(*world_role.notes, *condition_notes))
                role_in_world = ready_role(noted, role.names, read.documents, role.endpoint)
                answer = explain(role_in_world, asker, action, resource, principal=principal)
                by_verdict.setdefault(answer.verdict, []).append((world, answer))
    if by_verdict:
        explanation = _together(explanation, by_verdict)
    return explanation if ways.complete else replace(explanation, notes=(*explanation.notes, _NOT_ALL))


def _together(explanation: Explanation, by_verdict: dict[Verdict, list[tuple[World, Explanation]]]) -> Explanation:
    """The one explanation of all worlds that agree on the verdict; else all of them, each with when it holds."""
    if len(by_verdict) < _SEVERAL:
        ((verdict, answers),) = by_verdict.items()
        if len(answers) == 1 or explanation.verdict != verdict:
            _, first_answer = answers[0]
            return first_answer
        return explanation
    all_worlds: list[World] = []
    for answers in by_verdict.values():
        all_worlds += [world for world, _ in answers]
    ways: tuple[tuple[str, Explanation], ...] = ()
    notes: dict[str, None] = {}
    for answers in by_verdict.values():
        _, first_answer = answers[0]
        conditions = words([world for world, _ in answers], all_worlds)
        ways = (*ways, (" and ".join(conditions), first_answer))
        notes |= dict.fromkeys(first_answer.notes)
    return replace(explanation, ways=ways, notes=tuple(notes))
