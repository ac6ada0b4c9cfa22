"""A condition key that does not exist.

No request has it: an Allow never applies, a Deny with a negated operator always.

Flagged:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"StringEquals": {"aws:SourceVcp": "vpc-1"}}}

Better:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}}

Source: "AWS global condition context keys" (IAM User Guide); the "Service Authorization Reference" (AWS).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.actions import service
from remit.iam.tokens import references
from remit.lint import conditions, meant_actions
from remit.lint.finding import ERROR, WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.policy import Condition
    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR


def _nearest_key(key: str) -> str | None:
    from remit.catalogue.meant_names import nearest_key  # noqa: PLC0415 - asked of mistakes alone

    return nearest_key(key)


def conditional(item: ParsedStatement) -> Iterator[Problem]:
    """Keys that are nowhere."""
    for condition in item.statement.conditions:
        key = condition.key
        is_whole_block = condition.values == (key,)  # see `Condition`
        if item.document.raw is None and not is_whole_block and references(key):
            message = f"the condition key '{key}' is filled in by nothing: CloudFormation fills in values, never keys"
            hint = "write the key whole, or decide by `project.stage`"
            yield Problem(message, hint, ("Condition", condition.spelled, key))
            continue
        prefix, colon, name = key.partition(":")
        is_a_providers = bool(colon) and "." in prefix
        if conditions.exists(key) or "${" in key or is_a_providers or conditions.is_of_another_service(key):
            continue
        yield _unknown(condition, prefix) if colon and name else _without_prefix(item, condition)


def _without_prefix(item: ParsedStatement, condition: Condition) -> Problem:
    """A key that lacks its service; the services of the statement's actions are tried first."""
    key = condition.key
    candidates = (f"{owner}:{key}" for owner in sorted(item.services) if service(owner))
    meant = next(filter(conditions.exists, candidates), None) or _nearest_key(f"aws:{key}")
    hint = f"did you mean `{meant}`?" if meant else "a key reads aws:Name or service:Name"
    return Problem(f"'{key}' is not a condition key: it has no prefix", hint, ("Condition", condition.spelled, key))


def _unknown(condition: Condition, prefix: str) -> Problem:
    key = condition.key
    meant = _nearest_key(key)
    hint = f"did you mean `{meant}`?" if meant else "`remit explain ACTION` lists the keys of an action"
    sure = meant is not None or service(prefix) is None
    severity = ERROR if sure and not meant_actions.written_by_aws(key) else WARNING
    message = f"unknown condition key '{key}': no request has it, so it is never met"
    return Problem(message, hint, ("Condition", condition.spelled, key), severity)
