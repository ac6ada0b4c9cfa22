"""Causes of denials for people and programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from remit.report.explain import verdict_document, verdict_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.explain.why import Cause
    from remit.iam.denial import Denial


def cause_lines(cause: Cause) -> Iterator[str]:
    """Who, what, on what; the conclusion; what the app's roles say, with the fix; what else to do and to look at."""
    denial = cause.denial
    yield f"who:       {_who(cause)}"
    yield f"action:    {' or '.join(cause.actions) or 'not said'}"
    yield f"resource:  {denial.resource or 'not said'}"
    if denial.logical_id is not None:
        yield f"in stack:  {denial.logical_id}{f' of {denial.stack}' if denial.stack else ''}"
    yield f"cause:     {cause.conclusion}"
    for one in cause.answers:
        yield ""
        yield from verdict_lines(one)
    statement = _statement(cause)
    if statement is not None:
        yield f"fix: allow it with {json.dumps(statement)}"
    yield from (f"hint: {line}" for line in cause.advice)
    yield f"not visible from here: {', '.join(cause.unseen)}"


def _who(cause: Cause) -> str:
    principal = cause.denial.principal
    if cause.function is None:
        return principal or "not said"
    return f"function {cause.function}" + (f", as {principal}" if principal else "")


def _statement(cause: Cause) -> dict[str, Any] | None:
    """What would allow it, for somebody who is not of this app; None where that is not what is missing."""
    denial = cause.denial
    missing = denial.layer in (None, "identity") and not denial.explicit and not cause.answers
    if not missing or not cause.actions or denial.principal is None or denial.resource is None:
        return None
    actions = cause.actions[0] if len(cause.actions) == 1 else list(cause.actions)
    return {"Effect": "Allow", "Action": actions, "Resource": denial.resource}


def cause_document(cause: Cause) -> dict[str, Any]:
    """A cause for programs."""
    return {
        "principal": cause.denial.principal,
        "function": cause.function,
        "actions": list(cause.actions),
        "resource": cause.denial.resource,
        **_told(cause.denial),
        "cause": cause.conclusion,
        "answers": [verdict_document(one) for one in cause.answers],
        "statement": _statement(cause),
        "advice": list(cause.advice),
        "unseen": list(cause.unseen),
    }


def _told(denial: Denial) -> dict[str, Any]:
    return {
        "layer": denial.layer,
        "explicit": denial.explicit,
        "policy": denial.policy,
        "operation": denial.operation,
        "service": denial.service,
        "encoded": denial.encoded,
        "authorization": denial.authorization,
        "logical_id": denial.logical_id,
        "stack": denial.stack,
        "note": denial.note,
    }
