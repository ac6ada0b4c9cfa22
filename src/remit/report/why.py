"""Causes of denials for people and programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from remit.answers.advice import lacks_an_allow
from remit.answers.obstacles import resource_to_allow
from remit.catalogue.actions import action as catalogued
from remit.catalogue.actions import targets_of
from remit.catalogue.arns import parse
from remit.report.documents import members
from remit.report.explanation import obstacle_document, verdict_document, verdict_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.answers.denied_request import Cause


def cause_lines(cause: Cause) -> Iterator[str]:
    """Who, what, on what; the conclusion; what the app's roles say, with the fix; what else to do and to look at."""
    denial = cause.denial
    who = denial.principal or "not said"
    if cause.function is not None:
        who = f"{cause.kind} {cause.function}" + (f", as {denial.principal}" if denial.principal else "")
    yield f"who:       {who}"
    yield f"action:    {' or '.join(cause.actions) or 'not said'}"
    yield f"resource:  {denial.resource or 'not said'}"
    if denial.logical_id is not None:
        yield f"in stack:  {denial.logical_id}{f' of {denial.stack}' if denial.stack else ''}"
    yield f"cause:     {cause.conclusion}"
    is_certain = cause.function is not None or denial.principal is not None or len(cause.answers) == 1
    if is_certain:
        for answer in cause.answers:
            yield ""
            yield from verdict_lines(answer, "fix" if lacks_an_allow(denial) else "also needed")
    statement = _statement(cause)
    if statement is not None:
        yield f"fix: allow it with {json.dumps(statement)}"
    yield from (f"hint: {line}" for line in cause.advice)
    if cause.unread:
        yield f"not visible from here: {', '.join(cause.unread)}"


def _statement(cause: Cause) -> dict[str, Any] | None:
    """The statement that would allow it, for somebody not of this app; None: something else is missing, or unknown."""
    denial = cause.denial
    if cause.obstacle is not None or not lacks_an_allow(denial) or cause.answers:
        return None
    if denial.principal is None or not cause.actions:
        return None
    if denial.resource is not None:
        resource = resource_to_allow(cause.actions[0], denial.resource)
        if resource != "*" and parse(resource) is None:
            return None
    elif all(catalogued(action) is not None and not targets_of(action) for action in cause.actions):
        resource = "*"
    else:  # the message does not say, and the actions take a resource
        return None
    actions = cause.actions[0] if len(cause.actions) == 1 else list(cause.actions)
    return {"Effect": "Allow", "Action": actions, "Resource": resource}


def cause_document(cause: Cause) -> dict[str, Any]:
    """A cause for programs; facts that the message does not tell are null."""
    denial, answers = cause.denial, []
    for answer in cause.answers:
        document = verdict_document(answer)
        if not lacks_an_allow(denial):  # the grant that it lacks helps only once something else has changed
            document |= {"fix": None, "also_needed": document["fix"]}
        answers.append(document)
    return {
        "principal": denial.principal,
        **members(cause, "function", "actions"),
        **members(denial, "resource", "layer", "explicit", "policy", "operation", "service", "encoded"),
        **members(denial, "authorization", "logical_id", "stack"),
        "log_of": denial.function,
        **members(denial, "note", "others"),
        "cause": cause.conclusion,
        "answers": answers,
        "obstacle": None if cause.obstacle is None else obstacle_document(cause.obstacle),
        "statement": _statement(cause),
        "advice": list(cause.advice),
        "unseen": list(cause.unread),
    }
