"""Find what failed first: the resource and AWS's reason, not what was cancelled because of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from remit.deploy.events import STACK_TYPE, StackEvent

# When one resource fails, CloudFormation cancels those that it works on at the same time.
_CANCELLED: Final = re.compile(r"Resource \w+ cancelled|^The following resource\(s\) failed to ")
_WRAPPED: Final = re.compile(
    r'^Resource handler returned message: "(.*)" \(RequestToken: [^,)]*(?:, (.*))?\)$', re.DOTALL
)
_LOG_GROUP: Final = "AWS::Logs::LogGroup"
_NOT_EMPTY: Final = re.compile(r"bucket you tried to delete is not empty|BucketNotEmpty")
_GROUP_NAME: Final = re.compile(r"/aws/lambda/[\w.#/-]+")
_HINTS: Final = (
    (
        r"already exists",
        "something outside this stack has that name: `--adopt` imports it; else delete or rename it, then deploy again",
    ),
    (
        r"role with name .+ cannot be found|NoSuchEntity",
        "it was deleted by hand, as `remit diff --live` shows; or it is new, and not yet known: deploy again",
    ),
    (
        r"cannot be assumed by Lambda",
        "the role's trust policy must name lambda.amazonaws.com; if it does, deploy again",
    ),
    (
        r"not authorized to perform",
        "the deploying user or role lacks that action: `remit policy deployer` lists what it needs",
    ),
    (
        r"LimitExceeded|[Qq]uota|exceeds? the (?:maximum|limit)",
        "an account's quota is reached: Service Quotas raises it",
    ),
    (r"NoSuchKey|S3 Error Code", "an artefact is missing in the bucket: deploy again, which uploads it"),
)


def hint_of(cause: StackEvent) -> str | None:
    """The usual remedy for a failure, None when none is known."""
    of_function = _GROUP_NAME.search(cause.reason)
    if of_function is not None and cause.type == _LOG_GROUP and "already exists" in cause.reason:
        return (
            "it was left behind, or logs that came late after a delete made it anew: `--adopt` imports it, or `aws "
            f"logs delete-log-group --log-group-name {of_function[0]}` deletes it with its logs, then deploy again"
        )
    if _NOT_EMPTY.search(cause.reason):
        return "`remit delete --empty` empties its buckets first, with all versions"
    return next((hint for pattern, hint in _HINTS if re.search(pattern, cause.reason)), None)


def cause_text(cause: StackEvent, namespace: str) -> str:
    """The cause: logical id, type, AWS's reason, and the nested stack that it is in."""
    inside = "" if cause.stack == namespace else f" in {cause.stack}"
    return f"{cause.logical_id} ({cause.type}{inside}): {cause.reason or cause.status}"


def first_cause(events: Sequence[StackEvent]) -> StackEvent | None:
    """The first failure among an operation's events, inside the nested stack if it is one's; None if nothing failed.

    Cancelled resources and the stack itself count only where nothing else failed.
    """
    failed = sorted((event for event in events if event.failed), key=lambda event: event.at)
    real = [event for event in failed if event.reason and not _CANCELLED.search(event.reason)]
    of_resources = [event for event in real if not event.of_stack]
    candidates = of_resources or real or failed
    first = candidates[0] if candidates else None
    while first is not None and first.type == STACK_TYPE:  # a nested stack: what in it failed first
        inside = [event for event in of_resources if event.stack_id == first.physical_id]
        if not inside:
            break
        first = inside[0]
    return None if first is None else cause_of(first)


def cause_of(event: StackEvent) -> StackEvent:
    """A copy of a failure whose reason is AWS's own, out of the words that CloudFormation wraps it in."""
    reason = event.reason
    wrapped = _WRAPPED.match(reason)
    if wrapped is not None:
        reason = f"{wrapped[1]} ({wrapped[2]})" if wrapped[2] else wrapped[1]
    return replace(event, reason=reason.strip())
