"""Stop a build at a role that a guardrail of the project does not hold for, with a request that shows it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from remit.errors import RemitError, few
from remit.iam.comparison import Piece
from remit.roles.deploy_places import listed
from remit.roles.guardrail_proof import Breach, Proof, prove, unresolved
from remit.roles.guardrails import Guardrail, guardrails, unknown_actions
from remit.synthesis.declared_roles import every_role

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from remit.app import App
    from remit.holders import Holder
    from remit.roles.role_policies import Place

_SHOWN: Final = 12
_CONTEXT: Final = 300


def guard(folder: Path, app: App, roles: tuple[Holder, ...], place: Place | None = None) -> tuple[str, ...]:
    """List remarks on the guardrails in `config/guardrails/`, all of which hold. RemitError: one does not.

    `place` is where the app is deployed, if that is known: what AWS::Partition, AWS::Region and AWS::AccountId are.
    The error's exit code is 1 for what is broken or not proven, 2 for a guardrail that cannot be read.
    """
    rails = guardrails(folder)
    if not rails:
        return ()
    all_roles, documents = every_role(app, roles)
    proof = prove(app, all_roles, rails, place, documents)
    if proof.breaches:
        raise _refusal(proof)
    return tuple(_notes(app, rails, proof))


def _notes(app: App, rails: Iterable[Guardrail], proof: Proof) -> Iterator[str]:
    """Yield remarks on each action that is likely misspelt (or newer than the data), and on what was not proven."""
    from remit.catalogue.meant_names import misspelt_action, nearest_actions  # noqa: PLC0415 - few are misspelt

    for origin, text in dict.fromkeys(unknown_actions(rails)):
        bare = text.replace("*", "").replace("?", "")
        suggestion = misspelt_action(bare) if bare != text else next(iter(nearest_actions(text)), None)
        meant = f": did you mean `{suggestion}`?" if suggestion else ""
        yield f"{origin}: remit knows no action `{text}`, so that this keeps nothing from anybody{meant}"
    with_own_role = [function.name for function in app.functions if "Role" in function.properties]
    if with_own_role:
        verb = "brings a role of its own" if len(with_own_role) == 1 else "bring roles of their own"
        yield f"guardrails say nothing about {few(with_own_role)}, which {verb}"
    if proof.elsewhere:
        good, bad = listed(proof.places), listed(proof.elsewhere)
        yield f"guardrails are proven for a deploy into {good}, not into {bad}: a ceiling spells it"


def _refusal(proof: Proof) -> RemitError:
    """The error (1) that guardrails do not hold: the breaches, those alike together, of many the first.

    It is at the line of the first grant; of the first broken guardrail where no grant of the app breaks one.
    """
    groups: dict[tuple[object, ...], list[Breach]] = {}
    for breach in proof.breaches:
        granted = breach.granted
        source = granted.managed or breach.unread or breach.note if granted.grant is None else ""
        # Roles are told together that break the same guardrail by the same actions.
        alike = (breach.guardrail.file, breach.line, source, granted.statement.actions, _is_broken(breach))
        groups.setdefault(alike, []).append(breach)
    place = f" in {proof.at.words}" if proof.at is not None and proof.at.named else ""
    lines = [f"a guardrail does not hold{place}"]
    for breaches in list(groups.values())[:_SHOWN]:
        lines += _breach_lines(breaches)
    if len(groups) > _SHOWN:
        lines.append(f"and {len(groups) - _SHOWN} more")
    granting = [breach for breach in proof.breaches if breach.granted.grant is not None]
    first_breach = (granting or proof.breaches)[0]
    grant = first_breach.granted.grant
    origin = first_breach.line if grant is None else grant.origin
    hint = "write the statements of that policy into the configuration, where they can be read"
    if first_breach.finding is not None:
        hint = "narrow what grants it, or change the guardrail"
    elif first_breach.note is not None:
        hint = "write it so that it can be read here, or leave it out"
    return RemitError("\n  ".join(lines), hint=hint, origin=origin, exit_code=1)


def _is_broken(breach: Breach) -> bool:
    """Return whether a request shows the breach: one without parts that nobody knows, under a known boundary."""
    return isinstance(breach.finding, Piece) and breach.unread is None and not unresolved(breach.finding)


def _breach_lines(breaches: Sequence[Breach]) -> Iterator[str]:
    """Yield the lines about breaches that are alike: whose they are, by what request, and what gives the access."""
    first_breach = breaches[0]
    roles = list(dict.fromkeys(breach.granted.role for breach in breaches))
    whose = few([role.logical_id for role in roles])
    functions: list[str] = []
    for role in roles:
        functions += role.functions
    if functions:
        whose = f"{whose} (of {few(functions)})"
    if first_breach.note is not None:
        yield f"not proven for {whose}: {first_breach.note}"
        return
    if first_breach.finding is None:
        yield f"not proven for {whose}: nobody has the managed policy {first_breach.unread} here"
        return
    verb = "is broken by" if _is_broken(first_breach) else "is not proven for"
    yield f"{first_breach.line} {verb} {whose}"
    finding = first_breach.finding
    if isinstance(finding, Piece):
        context = json.dumps(finding.context)
        if len(context) > _CONTEXT:
            context = f"{context[:_CONTEXT]}…"
        request = f"  may {finding.request.action} on {finding.request.resource}"
        yield request if context == "{}" else f"{request} when {context}"
        unknown = unresolved(finding)
        if unknown:
            yield f"  which depends on what {', '.join(unknown)} stands for"
    else:
        yield f"  {', '.join(first_breach.granted.statement.actions.patterns[:3])}: {finding.reason}"
    if first_breach.unread is not None:
        yield f"  unless its permissions boundary forbids it, {first_breach.unread}, which nobody has here"
    grant = first_breach.granted.grant
    source = f"the managed policy {first_breach.granted.managed}"
    if grant is not None:
        source = f"{grant.origin}: {grant.because}" if grant.origin is not None else grant.because
    granting = {breach.granted.grant.origin for breach in breaches if breach.granted.grant is not None}
    alike = f"; and {len(granting) - 1} more lines alike" if len(granting) > 1 else ""
    yield f"  given by {source}{alike}"
