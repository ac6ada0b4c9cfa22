"""Stop a build at a role that a guardrail of the project does not hold for, with a request that shows it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from remit.errors import RemitError, few
from remit.project.layout import GUARDRAILS
from remit.synthesis.declared_roles import whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from remit.app import App, Role
    from remit.roles.guardrail_proof import Breach, Proof
    from remit.roles.guardrails import Guardrail
    from remit.roles.role_policies import Place

_SHOWN: Final = 12
_CONTEXT: Final = 300


def guard(folder: Path, app: App, roles: tuple[Role, ...], place: Place | None = None) -> tuple[str, ...]:
    """What people should know of the guardrails in `config/guardrails/`, all of which hold; RemitError: one does not.

    `place` is where the app is deployed, if that is known: what AWS::Partition, AWS::Region and AWS::AccountId are.
    The error's exit code is 1 for what is broken or not proven, 2 for a guardrail that cannot be read.
    """
    if not (folder / GUARDRAILS).exists():
        return ()
    from remit.roles.guardrails import guardrails  # noqa: PLC0415 - few projects have any

    rails = guardrails(folder)
    if not rails:
        return ()
    from remit.roles.guardrail_proof import prove  # noqa: PLC0415 - it brings the comparison

    every, documents = whole(app, roles)
    proof = prove(app, every, rails, place, documents)
    if proof.breaches:
        raise _refusal(proof)
    return (*_unknown(rails), *_notes(app, proof))


def _unknown(rails: Iterable[Guardrail]) -> Iterator[str]:
    """A note on each action that is likely misspelt; AWS may have added it since the catalogue was made."""
    from remit.catalogue.resemblance import misspelt_action, nearest_actions  # noqa: PLC0415 - few are misspelt
    from remit.roles.guardrails import idle  # noqa: PLC0415 - as above

    for origin, text in dict.fromkeys(idle(rails)):
        bare = text.replace("*", "").replace("?", "")
        near = misspelt_action(bare) if bare != text else next(iter(nearest_actions(text)), None)
        meant = f": did you mean `{near}`?" if near else ""
        yield f"{origin}: remit knows no action `{text}`, so that this keeps nothing from anybody{meant}"


def _notes(app: App, proof: Proof) -> Iterator[str]:
    from remit.roles.deploy_places import listed  # noqa: PLC0415 - as above

    own = [function.name for function in app.functions if "Role" in function.properties]
    if own:
        verb = "brings a role of its own" if len(own) == 1 else "bring roles of their own"
        yield f"guardrails say nothing about {few(own)}, which {verb}"
    if proof.elsewhere:
        good, bad = listed(proof.places), listed(proof.elsewhere)
        yield f"guardrails are proven for a deploy into {good}, not into {bad}: a ceiling spells it"


def _refusal(proof: Proof) -> RemitError:
    groups: dict[tuple[object, ...], list[Breach]] = {}
    for breach in proof.breaches:
        groups.setdefault(_group(breach), []).append(breach)
    told = [line for some in list(groups.values())[:_SHOWN] for line in _told(some)]
    if len(groups) > _SHOWN:
        told.append(f"and {len(groups) - _SHOWN} more")
    where = f" in {proof.at.words}" if proof.at is not None and proof.at.named else ""
    first = next((breach for breach in proof.breaches if breach.given.grant is not None), proof.breaches[0])
    return RemitError(
        "\n  ".join((f"a guardrail does not hold{where}", *told)),
        hint=_hint(first),
        origin=first.given.grant.origin if first.given.grant is not None else first.line,
        exit_code=1,
    )


def _hint(breach: Breach) -> str:
    if breach.found is not None:
        return "narrow what grants it, or change the guardrail"
    if breach.note is not None:
        return "write it so that it can be read here, or leave it out"
    return "write the statements of that policy into the configuration, where they can be read"


def _group(breach: Breach) -> tuple[object, ...]:
    """What roles have in common that break the same guardrail by the same actions."""
    given = breach.given
    source = given.managed or breach.unread or breach.note if given.grant is None else ""
    return breach.guardrail.file, breach.line, source, given.statement.actions, _is_broken(breach)


def _is_broken(breach: Breach) -> bool:
    """Whether there is a request that shows it: one without parts that nobody knows, under a boundary that is known."""
    from remit.iam.comparison import Piece  # noqa: PLC0415 - as above
    from remit.roles.guardrail_proof import late  # noqa: PLC0415 - as above

    return isinstance(breach.found, Piece) and breach.unread is None and not late(breach.found)


def _told(breaches: Sequence[Breach]) -> Iterator[str]:
    """A guardrail that some roles do not keep to: whose, by what request, and what gives it."""
    first = breaches[0]
    roles = list(dict.fromkeys(breach.given.role for breach in breaches))
    names = few([role.logical_id for role in roles])
    functions = [name for role in roles for name in role.functions]
    whose = f"{names} (of {few(functions)})" if functions else names
    if first.note is not None:
        yield f"not proven for {whose}: {first.note}"
        return
    if first.found is None:
        yield f"not proven for {whose}: nobody has the managed policy {first.unread} here"
        return
    yield f"{first.line} {'is broken by' if _is_broken(first) else 'is not proven for'} {whose}"
    yield from (f"  {line}" for line in _shown(first))
    yield f"  {_source(first)}{_more(breaches)}"


def _more(breaches: Sequence[Breach]) -> str:
    lines = {breach.given.grant.origin for breach in breaches if breach.given.grant is not None}
    return f"; and {len(lines) - 1} more lines alike" if len(lines) > 1 else ""


def _shown(breach: Breach) -> Iterator[str]:
    from remit.iam.comparison import Piece  # noqa: PLC0415 - as above
    from remit.roles.guardrail_proof import late  # noqa: PLC0415 - as above

    found = breach.found
    if isinstance(found, Piece):
        context = json.dumps(found.context)
        if len(context) > _CONTEXT:
            context = f"{context[:_CONTEXT]}…"
        yield f"may {found.request.action} on {found.request.resource}{'' if context == '{}' else f' when {context}'}"
        unknown = late(found)
        if unknown:
            yield f"which depends on what {', '.join(unknown)} stands for"
    elif found is not None:
        yield f"{', '.join(breach.given.statement.actions.patterns[:3])}: {found.reason}"
    if breach.unread is not None:
        yield f"unless its permissions boundary forbids it, {breach.unread}, which nobody has here"


def _source(breach: Breach) -> str:
    grant = breach.given.grant
    if grant is None:
        return f"given by the managed policy {breach.given.managed}"
    where = f"{grant.origin}: " if grant.origin is not None else ""
    return f"given by {where}{grant.because}"
