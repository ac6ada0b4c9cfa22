"""Explanations for people and programs: a whole role, or the verdict on one request with the way to change it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.managed_policies import managed_policy
from remit.iam.policy import parse, render, render_statement
from remit.iam.tokens import ACCOUNT, PARTITION, REGION, to_intrinsic
from remit.report.actions import covered, covered_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.app import Grant, Role
    from remit.errors import Origin
    from remit.explain.explanation import Explanation
    from remit.explain.remedy import Remedy
    from remit.iam.policy import Policy, Principals, Statement
    from remit.roles.role_policies import StatementSource

_VERDICTS: Final = {
    "Allowed": "Allowed",
    "ExplicitlyDenied": "Denied",
    "ImplicitlyDenied": "Not allowed",
    "Unknown": "Unknown",
}


def role_lines(role: Role) -> Iterator[str]:
    """Every statement of a role: its actions with their levels, why it is there, and which line wrote it."""
    serves = f", the role of {', '.join(role.functions)}" if role.functions else ""
    yield f"{role.logical_id}{serves}"
    for grant in role.grants:
        yield ""
        yield from statement_lines(grant.statement)
        yield f"      {_reason(grant)}"
    for arn in role.managed:
        yield ""
        yield from _managed_lines(arn)
    if role.boundary is not None:
        yield ""
        yield f"  all within the permissions boundary {role.boundary}"
    if role.trust is not None:
        yield ""
        yield from _trust_lines(role.trust, role.trust_origin)
    for note in role.notes:
        yield f"  note: {note}"


def _trust_lines(trust: Policy, origin: Origin | None) -> Iterator[str]:
    """Who may take a role on."""
    for statement in trust.statements:
        if statement.principals is not None:
            verb = "may be taken on by" if statement.effect == "Allow" else "may not be taken on by"
            yield f"  {verb} {_whom(statement.principals)}{f'  ({origin})' if origin else ''}"
        for one in statement.conditions:
            yield f"      if {one.words}"


def _whom(who: Principals) -> str:
    told = ", ".join("everyone" if value == "*" else f"{kind} {value}" for kind, value in who.patterns)
    return f"{'everyone but ' if who.negated else ''}{told}"


def statement_lines(statement: Statement) -> Iterator[str]:
    """A statement: effect and resources, conditions, then the actions with their levels."""
    resources = statement.resources
    if resources is None:
        where = ""
    else:
        where = f" on {'everything but ' if resources.negated else ''}{', '.join(resources.patterns)}"
    yield f"  {statement.effect}{_for(statement)}{where}"
    for one in statement.conditions:
        yield f"      if {one.words}"
    yield from (f"      {line}" for line in covered_lines(statement.actions))


def _for(statement: Statement) -> str:
    return "" if statement.principals is None else f" {_whom(statement.principals)}"


def _reason(grant: Grant) -> str:
    at = f"  ({grant.origin})" if grant.origin is not None else ""
    if not grant.because:
        return f"at {grant.origin}"
    only_conditions = grant.reason.conditions and not grant.reason.text
    word = "" if only_conditions else "because "
    return f"{word}{grant.because}{at}"


def _managed_lines(arn: str) -> Iterator[str]:
    found = managed_policy(arn)
    if found is None:
        yield f"  the managed policy {arn}, whose statements are not known here"
        return
    yield f"  the managed policy {found.name}, {found.version}"
    for statement in parse(found.document).statements:
        yield from (f"  {line}" for line in statement_lines(statement))


def role_document(role: Role) -> dict[str, Any]:
    """A role for programs: each statement with its reason, its line, and its actions' levels."""
    return {
        "role": role.logical_id,
        "functions": list(role.functions),
        "statements": [
            *(_statement(grant.statement, grant.because, grant.origin, None) for grant in role.grants),
            *(
                _statement(statement, "", None, found.name)
                for arn in role.managed
                if (found := managed_policy(arn)) is not None
                for statement in parse(found.document).statements
            ),
        ],
        "unread_policies": [arn for arn in role.managed if managed_policy(arn) is None],
        "permissions_boundary": role.boundary,
        "trust": None if role.trust is None else render(role.trust),
        "notes": list(role.notes),
        **place(role.origin),
    }


def _statement(statement: Statement, because: str, origin: Origin | None, managed: str | None) -> dict[str, Any]:
    return {
        "statement": render_statement(statement),
        "actions": [{"action": name, "level": level} for name, level in covered(statement.actions)],
        "because": because or None,
        "managed_policy": managed,
        **place(origin),
    }


def place(origin: Origin | None) -> dict[str, Any]:
    """An origin for programs."""
    return {
        "file": origin.file if origin else None,
        "line": origin.line if origin else None,
        "column": origin.column if origin else None,
    }


def verdict_lines(found: Explanation, fix: str = "fix") -> Iterator[str]:
    """A verdict, the statements behind it, what came near, and the fix, under this word."""
    may = {"Allowed": "may", "Unknown": "may or may not"}.get(found.verdict, "may not")
    yield f"{_VERDICTS[found.verdict]}: {found.asker} {may} {found.action} on {found.resource}"
    for when, way in found.ways:
        yield f"  {_VERDICTS[way.verdict]} if {when}"
        yield from (f"  {line}" for line in _behind(way))
    if not found.ways:
        yield from _behind(found)
    for note in found.notes:
        yield f"  note: {note}"
    if found.fixable:
        yield from _fix_lines(found, fix)


def _behind(found: Explanation) -> Iterator[str]:
    """What a verdict depends on, the statements that decide, and what came near."""
    decision = found.decision
    if decision.unknown:
        yield f"  it depends on {', '.join(decision.unknown)}"
    for one in found.deciding:
        yield from (f"  {line}" for line in _source_lines(one))
    if decision.verdict == "ImplicitlyDenied":
        silent = [layer.layer for layer in decision.layers if layer.verdict == "ImplicitlyDenied"]
        silent = silent or [layer.layer for layer in decision.layers if layer.verdict == "Unknown"]  # for a Deny of it
        named = ["the policy"] if found.of_resource else [_LAYERS.get(layer, layer) for layer in silent]
        yield f"  no statement of {' nor '.join(named)} allows it"
    for one, lacked in found.near:
        yield f"  near: {lacked}"
        yield from (f"    {line}" for line in _source_lines(one))


_LAYERS: Final = {"identity": "the role", "boundary": "its permissions boundary"}


def _source_lines(one: StatementSource) -> Iterator[str]:
    if one.grant is None:
        kind = "the permissions boundary" if one.layer == "boundary" else "the managed policy"
        yield f"statement {one.index + 1} of {kind} {one.policy}"
        return
    statement = one.grant.statement
    actions = ("everything but " if statement.actions.negated else "") + _short(statement.actions.patterns)
    resources = statement.resources
    on = (
        "" if resources is None else f" on {'everything but ' if resources.negated else ''}{_short(resources.patterns)}"
    )
    yield f"{statement.effect}{_for(statement)} {actions}{on}"
    yield f"  {_reason(one.grant)}"


def _short(texts: tuple[str, ...]) -> str:
    shown = ", ".join(texts[:4])
    return shown if len(texts) <= 4 else f"{shown} and {len(texts) - 4} more"  # noqa: PLR2004 - as many as a line takes


def _fix_lines(found: Explanation, fix: str) -> Iterator[str]:
    denied = found.decision.verdict == "ExplicitlyDenied"
    if denied or _denials(found):
        grants = [one.grant for one in found.deciding if one.grant is not None] if denied else _denials(found)
        lines = list(dict.fromkeys(str(grant.origin) for grant in grants if grant.origin))
        wins = "a Deny always wins" if denied else "where the Deny holds, no Allow helps"
        yield f"fix: {wins}: narrow or remove it{' at ' + ', '.join(lines) if lines else ''}"
    elif found.remedy is not None:
        yield from remedy_lines(found.remedy, fix)
    else:
        yield f"{fix}: add {json.dumps(fix_statement(found), ensure_ascii=False)}"


def _denials(found: Explanation) -> list[Grant]:
    """The Deny statements for which a verdict is open: another Allow does not settle it."""
    grants = [one.grant for one in found.deciding if one.grant is not None]
    return [grant for grant in grants if grant.statement.effect == "Deny"] if found.decision.unknown else []


def fix_statement(found: Explanation) -> dict[str, Any]:
    """The statement that would grant it, as the document that was asked takes it."""
    resource: Any = to_intrinsic(found.resource) if found.substitutes else found.resource
    if not found.substitutes:
        for text, plain in _ANYWHERE.items():
            resource = resource.replace(text, plain)
    if not found.of_resource:
        return {"Effect": "Allow", "Action": found.action, "Resource": resource}
    kind = "Federated" if found.action.startswith("sts:AssumeRoleWith") else "AWS"
    fix = {"Effect": "Allow", "Principal": {kind: "arn:…"}, "Action": found.action}
    return fix if found.decision.request.asks_trust else {**fix, "Resource": resource}


_ANYWHERE: Final = {PARTITION: "aws", REGION: "*", ACCOUNT: "*"}
"""What a document without CloudFormation's functions says instead."""


def remedy_lines(remedy: Remedy, fix: str = "fix") -> Iterator[str]:
    """A fix as a line of configuration."""
    yield f"{fix}: at {remedy.origin}" if remedy.origin is not None else f"{fix}: in config/deploy.py"
    yield f"    {remedy.code}"
    if remedy.imports:
        yield f"  with {', '.join(f'`{line}`' for line in remedy.imports)}"


def verdict_document(found: Explanation) -> dict[str, Any]:
    """A verdict for programs."""
    decision = found.decision
    return {
        "asker": found.asker,
        "action": found.action,
        "resource": found.resource,
        "verdict": found.verdict,
        "depends_on": [*decision.unknown, *(when for when, _ in found.ways)],
        **({"ways": [{"if": when, **verdict_document(way)} for when, way in found.ways]} if found.ways else {}),
        "statements": [_source(one) for one in found.deciding],
        "near": [{**_source(one), "lacked": lacked} for one, lacked in found.near],
        "notes": list(found.notes),
        "fix": _fix(found),
    }


def _source(one: StatementSource) -> dict[str, Any]:
    grant = one.grant
    return {
        "layer": one.layer,
        "policy": one.policy,
        "index": one.index,
        "statement": None if grant is None else render_statement(grant.statement),
        "because": (grant.because or None) if grant else None,
        **place(grant.origin if grant else None),
    }


def _fix(found: Explanation) -> dict[str, Any] | None:
    if found.decision.verdict == "ExplicitlyDenied" or _denials(found) or not found.fixable:
        return None
    if found.remedy is None:
        return {"statement": fix_statement(found)}
    return remedy_document(found.remedy)


def remedy_document(remedy: Remedy) -> dict[str, Any]:
    """A fix for programs."""
    return {
        "item": remedy.item,
        "code": remedy.code,
        "imports": list(remedy.imports),
        "typed": remedy.typed,
        **place(remedy.origin),
    }
