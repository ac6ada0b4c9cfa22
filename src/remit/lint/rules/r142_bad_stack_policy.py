"""A stack policy has what CloudFormation does not know.

It says what updates of a stack may do with its resources: Update:Modify, Update:Replace, Update:Delete or Update:*, for
everyone, on resources by their logical ids.

Flagged:

    {"Statement": [
      {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
      {"Effect": "Deny", "Action": "Update:Remove", "Principal": "*", "Resource": "LogicalResourceId/Database"}
    ]}

Better:

    {"Statement": [
      {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
      {"Effect": "Deny", "Action": "Update:Delete", "Principal": "*", "Resource": "LogicalResourceId/Database"}
    ]}

Source: "Prevent updates to stack resources" (AWS CloudFormation User Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.did_you_mean import did_you_mean
from remit.lint.elements import texts
from remit.lint.finding import ERROR, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import WrittenStatement

SEVERITY = ERROR
_ACTIONS: Final = ("Update:Modify", "Update:Replace", "Update:Delete", "Update:*")
_REFUSED: Final = "CloudFormation refuses it"


def stack_policy(written: WrittenStatement) -> Iterator[Problem]:
    """A statement's effect, actions, principal and resources."""
    value = written.value
    if value.get("Effect") not in ("Allow", "Deny"):
        spot = ("Effect",) if "Effect" in value else ()
        yield Problem(f"Effect is 'Allow' or 'Deny': {_REFUSED}", "'Deny' protects a resource", spot)
    for element in ("Action", "NotAction"):
        for text in texts(value.get(element)):
            if text.lower() not in map(str.lower, _ACTIONS):
                hint = did_you_mean(text, _ACTIONS) or f"one of {', '.join(_ACTIONS)}"
                yield Problem(f"no update does '{text}': {_REFUSED}", hint, (element, text))
    if value.get("Principal") not in ("*", {"AWS": "*"}):
        message = f"the Principal of a stack policy is '*', everyone who updates the stack: {_REFUSED}"
        yield Problem(message, 'write "Principal": "*"', ("Principal",) if "Principal" in value else ())
    for element in ("Resource", "NotResource"):
        for text in texts(value.get(element)):
            if text != "*" and not text.startswith("LogicalResourceId/"):
                message = f"'{text}' names no resource of the stack: {_REFUSED}"
                yield Problem(message, "write LogicalResourceId/ID, or *", (element, text))
