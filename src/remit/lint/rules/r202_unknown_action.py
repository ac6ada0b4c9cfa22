"""An action that its service does not have: a slip, an API operation, a method of boto3.

IAM accepts it and grants nothing. Some operations are authorised by an action of another name: `Invoke` by
`lambda:InvokeFunction`, `HeadObject` by `s3:GetObject`.

Flagged:

    {"Effect": "Allow", "Action": "s3:HeadObject", "Resource": "arn:aws:s3:::data/*"}

Better:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}

Source: the "Service Authorization Reference" (AWS); operations and their actions as the catalogue has them;
"Authorizing direct calls to AWS services using AWS IoT Core credential provider" (AWS IoT Core Developer Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.actions import service
from remit.catalogue.expand import expand
from remit.catalogue.meant_names import operation_of
from remit.lint import meant_actions
from remit.lint.finding import ERROR, WARNING, Problem
from remit.lint.plain_text import is_plain
from remit.lint.resource_fit import RELIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR
_GONE = {"sns:receive": "SNS writes it into the policy that a topic has at first"}
"""What AWS itself writes, folded, and why: whoever copied it made no slip."""
_OF_DEVICES = frozenset({"iot:assumerolewithcertificate"})
"""What only policies of AWS IoT know, which look like those of IAM."""


def doubtful(item: ParsedStatement) -> Iterator[Problem]:
    """Whole names that no action has."""
    for text in item.statement.actions.patterns:
        if expand(text) or ":" not in text or not is_plain(text) or text.lower() in _OF_DEVICES:
            continue
        if meant_actions.well_formed(text) and service(text.partition(":")[0]):
            yield _problem(text, item)


def _problem(text: str, item: ParsedStatement) -> Problem:
    prefix, _, name = text.partition(":")
    spot = (item.action_element, text)
    called = operation_of(prefix, name)
    if text.lower() in _GONE:
        return Problem(f"'{text}' is not an action any more, though {_GONE[text.lower()]}", "remove it", spot, WARNING)
    by_aws = meant_actions.written_by_aws(text)
    severity = WARNING if by_aws else ERROR
    if called is not None and called.calls:
        needed = called.actions or called.perhaps
        message = f"'{text}' is an operation of the API, not an action: it is authorised by {', '.join(needed)}"
        return Problem(message, f"did you mean `{needed[0]}`?", spot, severity)
    if called is not None and called.free:
        message = f"'{text}' is an operation of the API that needs no permission: {item.nothing_done}"
        return Problem(message, "remove it", spot, severity)
    if called is not None:
        message = f"'{text}' is an operation of the API that AWS's reference lists no action for"
        return Problem(message, f"`remit explain {prefix}:*` lists the actions", spot, WARNING)
    if by_aws:
        return Problem(f"'{text}' is not a documented action, though AWS's own policies use it", None, spot, WARNING)
    meant = meant_actions.in_service(prefix, name, item)
    hint = f"did you mean `{meant[0]}`?" if meant else f"`remit explain {prefix}:*` lists the actions"
    is_sure = bool(meant) or prefix.lower() in RELIABLE  # some services have actions that no reference lists
    severity = ERROR if is_sure else WARNING
    return Problem(f"{prefix} has no action '{name}': IAM accepts it, and {item.nothing_done}", hint, spot, severity)
