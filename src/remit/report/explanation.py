"""Explanations for people and programs: a whole role, or the verdict on one request with the way to change it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from remit.answers.explanation import VERDICT_WORDS, Explanation
from remit.answers.obstacles import Obstacle, resource_to_allow
from remit.answers.unused_actions import unused_actions
from remit.catalogue.actions import targets_of
from remit.catalogue.arns import parse as parse_arn
from remit.catalogue.managed_policies import managed_policy
from remit.errors import Origin, few
from remit.iam.policy import Globs, Policy, Principals, Statement, parse, render, render_statement
from remit.iam.tokens import ACCOUNT, PARTITION, REGION, to_intrinsic
from remit.report.actions import covered, covered_lines, levels_of, some
from remit.report.documents import members, place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from remit.answers.remedy import Remedy
    from remit.app import Grant
    from remit.holders import Holder
    from remit.roles.role_policies import StatementSource

_LISTED: Final = 4  # patterns of a statement on one line; of more, the number is told


def role_table(roles: Sequence[Holder]) -> Iterator[str]:
    """A row for each role, by its functions' names: what its statements allow, by level, before their limits."""
    names = [few(role.functions) or role.title for role in roles]
    width = max(map(len, names), default=0)
    yield "what each may do at most; conditions, Deny statements and boundaries take away from it"
    for name, role in zip(names, roles, strict=True):
        statements = [grant.statement for grant in role.grants]
        unread_policies = []
        for arn in role.managed:
            policy = managed_policy(arn)
            if policy is None:
                unread_policies.append(f"what {arn} allows, which is not known here")
            else:
                statements += parse(policy.document).statements
        allowed = [statement.actions for statement in statements if statement.effect == "Allow"]
        patterns = [pattern for actions in allowed if not actions.negated for pattern in actions.patterns]
        exceptions = [_listed_patterns(actions, _LISTED) for actions in allowed if actions.negated]
        words = "; ".join((*exceptions, *levels_of(patterns), *unread_policies))
        yield f"  {name:<{width}}  {words or 'nothing'}"


def role_lines(role: Holder) -> Iterator[str]:
    """Every statement of a role: its actions with their levels, why it is there, and which line wrote it.

    Then its managed policies, its boundary, who may take it on, and notes. Of a user, a group, or a managed policy as
    well.
    """
    serves = f", the role of {', '.join(role.functions)}" if role.functions else ""
    yield f"{role.title}{serves}"
    for grant in role.grants:
        yield ""
        yield from _marked_lines(grant.statement, grant.version)
        yield f"      {_reason(grant)}"
    for arn in role.managed:
        yield ""
        policy = managed_policy(arn)
        if policy is None:
            yield f"  the managed policy {arn}, whose statements are not known here"
            continue
        yield f"  the managed policy {policy.name}, {policy.version}"
        document = parse(policy.document)
        for statement in document.statements:
            yield from (f"  {line}" for line in _marked_lines(statement, document.version))
    if role.boundary is not None:
        yield ""
        yield f"  all within the permissions boundary {role.boundary}"
    if role.trust is not None:
        yield ""
        yield from _trust_lines(role.trust, role.trust_origin)
    for note in role.notes:
        yield f"  note: {note}"


def _trust_lines(trust: Policy, origin: Origin | None) -> Iterator[str]:
    """Yield who may take a role on."""
    written_at = f"  ({origin})" if origin else ""
    for statement in trust.statements:
        if statement.principals is not None:
            verb = "may be taken on by" if statement.effect == "Allow" else "may not be taken on by"
            yield f"  {verb} {_whom(statement.principals)}{written_at}"
        for condition in statement.conditions:
            yield f"      if {condition.words}"


def _whom(principals: Principals) -> str:
    """`AWS arn:…, Service lambda.amazonaws.com`, `everyone`, or everyone but them."""
    names = []
    for kind, value in principals.patterns:
        names.append("everyone" if value == "*" else f"{kind} {value}")
    text = ", ".join(names)
    return f"everyone but {text}" if principals.negated else text


def _listed_patterns(globs: Globs, most: int | None = None) -> str:
    """`a, b`, or `everything but a, b`; of more than `most` the first, and how many there are beyond."""
    text = some(globs.patterns, most)
    return f"everything but {text}" if globs.negated else text


def statement_lines(statement: Statement) -> Iterator[str]:
    """A statement: effect and resources, conditions, then the actions with their levels."""
    yield f"  {statement.effect}{_principal_words(statement)}{on_resources(statement)}"
    for condition in statement.conditions:
        yield f"      if {condition.words}"
    yield from (f"      {line}" for line in covered_lines(statement.actions))


def on_resources(statement: Statement) -> str:
    """The resources of a statement, after what it says of them: ` on arn:…`; empty where it has none."""
    return "" if statement.resources is None else f" on {_listed_patterns(statement.resources)}"


def _principal_words(statement: Statement) -> str:
    """The principals of a statement, after its effect: ` AWS arn:…`; empty where it names nobody."""
    return "" if statement.principals is None else f" {_whom(statement.principals)}"


def _reason(grant: Grant) -> str:
    """Why a grant is there, and its line: `because ingest reads it  (app.py:3:1)`; without a reason, the line alone."""
    at = f"  ({grant.origin})" if grant.origin is not None else ""
    if not grant.because:
        return f"at {grant.origin}"
    only_conditions = grant.reason.conditions and not grant.reason.text
    word = "" if only_conditions else "because "
    return f"{word}{grant.because}{at}"


def _marked_lines(statement: Statement, version: str) -> Iterator[str]:
    """A statement, and below its first line what of it no request of today can use."""
    first_line, *further_lines = statement_lines(statement)
    yield first_line
    unused = unused_actions(statement, version)
    if unused:
        is_whole = unused == ("*",) or set(unused) == set(statement.actions.patterns)
        of_what = "" if is_whole else f": {', '.join(unused)}"
        yield f"      no effect today{of_what} (no request of such an action fits the resources and conditions)"
    yield from further_lines


def role_document(role: Holder) -> dict[str, Any]:
    """A role for programs: each statement with its reason, its line, and its actions' levels.

    Of a user, a group or a managed policy as well, which `kind` says.
    """
    statements = [
        _statement(grant.statement, grant.version, grant.because, grant.origin, None) for grant in role.grants
    ]
    unread_policies = []
    for arn in role.managed:
        policy = managed_policy(arn)
        if policy is None:
            unread_policies.append(arn)
            continue
        managed = parse(policy.document)
        statements += [_statement(item, managed.version, "", None, policy.name) for item in managed.statements]
    document: dict[str, Any] = {"role": role.logical_id}
    if role.kind != "role":
        document["kind"] = role.kind
    return {
        **document,
        "functions": list(role.functions),
        "statements": statements,
        "unread_policies": unread_policies,
        "permissions_boundary": role.boundary,
        "trust": None if role.trust is None else render(role.trust),
        "notes": list(role.notes),
        **place(role.origin),
    }


def _statement(
    statement: Statement, version: str, because: str, origin: Origin | None, managed: str | None
) -> dict[str, Any]:
    unused = unused_actions(statement, version)
    return {
        "statement": render_statement(statement),
        "actions": [{"action": name, "level": level} for name, level in covered(statement.actions)],
        **({"no_effect_today": list(unused)} if unused else {}),
        "because": because or None,
        "managed_policy": managed,
        **place(origin),
    }


def verdict_lines(explanation: Explanation, fix: str = "fix") -> Iterator[str]:
    """A verdict, the statements behind it, what came near, notes, and the fix, under this word, or why none helps."""
    may = {"Allowed": "may", "Unknown": "may or may not"}.get(explanation.verdict, "may not")
    verdict = VERDICT_WORDS[explanation.verdict].capitalize()
    yield f"{verdict}: {explanation.asker} {may} {explanation.action} on {explanation.resource}"
    for condition, way in explanation.ways:
        yield f"  {VERDICT_WORDS[way.verdict].capitalize()} if {condition}"
        yield from (f"  {line}" for line in _behind(way))
    if not explanation.ways:
        yield from _behind(explanation)
    for note in explanation.notes:
        yield f"  note: {note}"
    if explanation.obstacle is not None:
        yield f"  no statement helps: {obstacle_words(explanation.obstacle)}"
        yield f"instead: {explanation.obstacle.instead}"
    elif explanation.fixable:
        yield from _fix_lines(explanation, fix)
        # Whatever the role's own statements say, the boundary limits them.
        layers = explanation.decision.layers
        if any(layer.layer == "boundary" and layer.verdict == "ImplicitlyDenied" for layer in layers):
            yield f"{fix}: let its permissions boundary allow it, too"


def obstacle_words(obstacle: Obstacle) -> str:
    """Why no statement helps, with the page that says so."""
    return f"{obstacle.reason}: see {obstacle.source}" if obstacle.source else obstacle.reason


def _behind(explanation: Explanation) -> Iterator[str]:
    """Yield what a verdict depends on, the statements that decide, and what came near."""
    decision = explanation.decision
    if decision.unknown:
        yield f"  it depends on {', '.join(decision.unknown)}"
    for source in explanation.deciding:
        for line in _source_lines(source):
            yield f"  {line}"
    silent_layers = _silent_layers(explanation)
    if decision.verdict == "ImplicitlyDenied" and silent_layers:
        yield f"  no statement of {' nor '.join(silent_layers)} allows it"
    yield from (f"  allowed on {pattern}" for pattern in decision.allowed_on)
    for source, missing in explanation.near:
        yield f"  near: {missing}"
        for line in _source_lines(source):
            yield f"    {line}"


def _silent_layers(explanation: Explanation) -> list[str]:
    """The layers of policies that do not allow a request, in words; where none is sure, those that are unknown."""
    if explanation.of_resource:
        return ["the policy"]
    layers = explanation.decision.layers
    silent = [layer.layer for layer in layers if layer.verdict == "ImplicitlyDenied"]
    if not silent:  # whether a layer allows it hangs on a Deny of it
        silent = [layer.layer for layer in layers if layer.verdict == "Unknown"]
    return [_LAYERS.get(name, name).format(explanation.kind) for name in silent]


_ENDPOINT: Final = "the VPC endpoint's policy"
_LAYERS: Final = {
    "identity": "the {}",
    "resource": "the resource's policy",
    "boundary": "its permissions boundary",
    "endpoint": _ENDPOINT,
    "scp[0]": "the service control policy",
    "rcp[0]": "the resource control policy",
}


def _source_lines(source: StatementSource) -> Iterator[str]:
    """A statement behind a verdict: what it says and why it is there, or where it stands if no grant holds it."""
    if source.layer in ("endpoint", "scp[0]", "rcp[0]"):
        yield f"statement {source.index + 1} of {_LAYERS[source.layer]}"
        return
    if source.grant is None:
        kind = "the permissions boundary" if source.layer == "boundary" else "the managed policy"
        yield f"statement {source.index + 1} of {kind} {source.policy}"
        return
    statement = source.grant.statement
    actions = _listed_patterns(statement.actions, _LISTED)
    resources = "" if statement.resources is None else f" on {_listed_patterns(statement.resources, _LISTED)}"
    yield f"{statement.effect}{_principal_words(statement)} {actions}{resources}"
    yield f"  {_reason(source.grant)}"


def _fix_lines(explanation: Explanation, fix: str) -> Iterator[str]:
    """Yield the way to allow it.

    It is the Deny to narrow where one denies, else the line to change, else a statement to add.
    """
    denials = _denials(explanation)
    if denials is not None:
        is_denied = explanation.decision.verdict == "ExplicitlyDenied"
        wins = "a Deny always wins" if is_denied else "where the Deny holds, no Allow helps"
        origins = dict.fromkeys(str(grant.origin) for grant in denials if grant.origin)
        at = f" at {', '.join(origins)}" if origins else ""
        yield f"fix: {wins}: narrow or remove it{at}"
    elif explanation.remedy is not None:
        yield from remedy_lines(explanation.remedy, fix)
    else:
        # a condition is there for a reason: whoever asks may be meant to meet it
        depends_on_condition = explanation.decision.verdict == "Unknown" and bool(explanation.deciding)
        remedy = "meet the condition, or add" if depends_on_condition else "add"
        yield f"{fix}: {remedy} {json.dumps(fix_statement(explanation), ensure_ascii=False)}"


def _denials(explanation: Explanation) -> list[Grant] | None:
    """The grants that deny, or for which the verdict is open; None where another Allow would settle it."""
    grants = [source.grant for source in explanation.deciding if source.grant is not None]
    if explanation.decision.verdict == "ExplicitlyDenied":
        # a computed Deny leaves out what the function's own policy grants
        is_computed = bool(grants) and all(grant.reason.kind == "computed" for grant in grants)
        return None if is_computed else grants
    denials = [grant for grant in grants if grant.statement.effect == "Deny"]
    return denials if explanation.decision.unknown and denials else None


def fix_statement(explanation: Explanation) -> dict[str, Any]:
    """The statement that would grant it, as the document that was asked takes it.

    A part that nobody knows is spelled `…`.
    """
    resource: Any = resource_to_allow(explanation.action, explanation.resource)
    if resource == "*" and targets_of(explanation.action):
        resource = "arn:…"  # nobody said which
    if explanation.takes_intrinsics:
        resource = to_intrinsic(resource)
    else:
        caller = parse_arn(explanation.decision.request.principal or "")
        own_account = {ACCOUNT: caller.account} if caller is not None and caller.account else {}
        for reference, plain_text in {**_ANYWHERE, **own_account}.items():
            resource = resource.replace(reference, plain_text)
    if not explanation.of_resource:
        return {"Effect": "Allow", "Action": explanation.action, "Resource": resource}
    kind = "Federated" if explanation.action.startswith("sts:AssumeRoleWith") else "AWS"
    fix = {"Effect": "Allow", "Principal": {kind: "arn:…"}, "Action": explanation.action}
    if explanation.decision.request.asks_trust:  # a trust policy names no resource
        return fix
    return {**fix, "Resource": resource}


_ANYWHERE: Final = {PARTITION: "aws", REGION: "*", ACCOUNT: "*"}
"""What a document without CloudFormation's functions says instead."""


def remedy_lines(remedy: Remedy, fix: str = "fix") -> Iterator[str]:
    """A line of configuration that grants what is missing: its place, the line, and the imports that it needs."""
    yield f"{fix}: in config/deploy.py" if remedy.origin is None else f"{fix}: at {remedy.origin}"
    yield f"    {remedy.code}"
    if remedy.imports:
        quoted = [f"`{line}`" for line in remedy.imports]
        yield f"  with {', '.join(quoted)}"


def verdict_document(explanation: Explanation) -> dict[str, Any]:
    """A verdict for programs: who asked for what, the statements behind it, what came near, and the fix.

    `fix` is null where a Deny decides, or no statement helps: `obstacle` says why.
    """
    decision = explanation.decision
    ways = [{"if": condition, **verdict_document(way)} for condition, way in explanation.ways]
    return {
        **members(explanation, "asker", "action", "resource", "verdict"),
        "depends_on": [*decision.unknown, *(condition for condition, _ in explanation.ways)],
        **({"ways": ways} if ways else {}),
        "statements": [_source(source) for source in explanation.deciding],
        **({"allowed_on": list(decision.allowed_on)} if decision.allowed_on else {}),
        "near": [{**_source(source), "lacked": missing} for source, missing in explanation.near],
        "notes": list(explanation.notes),
        "obstacle": None if explanation.obstacle is None else obstacle_document(explanation.obstacle),
        "fix": _fix(explanation),
    }


def obstacle_document(obstacle: Obstacle) -> dict[str, Any]:
    """Why no statement helps, for programs."""
    return {"reason": obstacle.reason, "instead": obstacle.instead, "source": obstacle.source or None}


def _source(source: StatementSource) -> dict[str, Any]:
    """A statement and its place; its text and reason are null where no grant holds it."""
    grant = source.grant
    document = members(source, "layer", "policy", "index")
    if grant is None:
        return {**document, "statement": None, "because": None, **place(None)}
    return {
        **document,
        "statement": render_statement(grant.statement),
        "because": grant.because or None,
        **place(grant.origin),
    }


def _fix(explanation: Explanation) -> dict[str, Any] | None:
    """The line or the statement that would grant it, for programs; None where a Deny decides, or nothing helps."""
    if _denials(explanation) is not None or not explanation.fixable:
        return None
    if explanation.remedy is None:
        return {"statement": fix_statement(explanation)}
    return remedy_document(explanation.remedy)


def remedy_document(remedy: Remedy) -> dict[str, Any]:
    """A line of configuration that grants what is missing, for programs."""
    return {**members(remedy, "item", "code", "imports", "typed"), **place(remedy.origin)}
