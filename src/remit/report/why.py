"""Causes of denials for people and programs."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.actions import action as catalogued
from remit.catalogue.actions import targets_of
from remit.report.explanation import verdict_document, verdict_lines
from remit.why.advice import is_service, takes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.why.denial import Denial
    from remit.why.why import Cause


def cause_lines(cause: Cause) -> Iterator[str]:
    """Who, what, on what; the conclusion; what the app's roles say, with the fix; what else to do and to look at."""
    denial = cause.denial
    yield f"who:       {_who(cause)}"
    yield f"action:    {' or '.join(cause.actions) or 'not said'}"
    yield f"resource:  {denial.resource or 'not said'}"
    if denial.logical_id is not None:
        yield f"in stack:  {denial.logical_id}{f' of {denial.stack}' if denial.stack else ''}"
    yield f"cause:     {cause.conclusion}"
    is_certain = cause.function is not None or denial.principal is not None or len(cause.answers) == 1
    if is_certain:
        denied_outside_role = denial.explicit or denial.layer not in (None, "identity")
        for answer in cause.answers:
            yield ""
            yield from verdict_lines(answer, "also needed" if denied_outside_role else "fix")
    statement = _statement(cause)
    if statement is not None:
        yield f"fix: allow it with {json.dumps(statement)}"
    yield from (f"hint: {line}" for line in cause.advice)
    if cause.unseen:
        yield f"not visible from here: {', '.join(cause.unseen)}"


def _who(cause: Cause) -> str:
    principal = cause.denial.principal
    if cause.function is None:
        return principal or "not said"
    return f"function {cause.function}" + (f", as {principal}" if principal else "")


def _statement(cause: Cause) -> dict[str, Any] | None:
    """What would allow it, for somebody who is not of this app; None where something else is missing, or unknown."""
    denial = cause.denial
    missing = denial.layer in (None, "identity") and not denial.explicit and not cause.answers
    if (
        not cause.can_be_allowed
        or not missing
        or not cause.actions
        or denial.principal in (None, "anonymous", "*")
        or is_service(denial)
    ):
        return None
    if denial.resource is not None and not all(takes(action, denial.resource) for action in cause.actions):
        return None
    takes_no_resource = all(catalogued(action) is not None and not targets_of(action) for action in cause.actions)
    resource = "*" if takes_no_resource else denial.resource
    if resource is None or (resource != "*" and _ARN.fullmatch(resource) is None):
        return None
    actions = cause.actions[0] if len(cause.actions) == 1 else list(cause.actions)
    return {"Effect": "Allow", "Action": actions, "Resource": resource}


_ARN: Final = re.compile(r"arn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:(?:\d{12}|aws)?:[^<>\[\]]+")
"""An ARN as a policy takes it: nothing of it masked."""


def cause_document(cause: Cause) -> dict[str, Any]:
    """A cause for programs."""
    return {
        "principal": cause.denial.principal,
        "function": cause.function,
        "actions": list(cause.actions),
        "resource": cause.denial.resource,
        **_told(cause.denial),
        "cause": cause.conclusion,
        "answers": [verdict_document(answer) for answer in cause.answers],
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
        "log_of": denial.function,
        "note": denial.note,
        "others": list(denial.others),
    }
