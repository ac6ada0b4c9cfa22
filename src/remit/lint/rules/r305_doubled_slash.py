"""The ARN of a parameter has two slashes before its name.

The name of a parameter in a hierarchy begins with a slash, which its ARN does not repeat: `/app/key` is
`parameter/app/key`. With two it matches nothing.

Flagged:

    {"Effect": "Allow", "Action": "ssm:GetParameter",
     "Resource": "arn:aws:ssm:us-east-1:111122223333:parameter//app/key"}

Better:

    {"Effect": "Allow", "Action": "ssm:GetParameter",
     "Resource": "arn:aws:ssm:us-east-1:111122223333:parameter/app/key"}

Source: "Actions, resources, and condition keys for AWS Systems Manager" (Service Authorization Reference).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint.finding import ERROR, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR
_DOUBLED = ":parameter//"


def concerned(text: str) -> bool:
    """Whether a document has such an ARN."""
    return _DOUBLED in text


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """Parameters with a slash too many."""
    for text in item.resources:
        if _DOUBLED in text:
            message = f"'{text}' has two slashes before the parameter's name: it matches nothing"
            meant = text.replace(_DOUBLED, ":parameter/")
            yield Problem(message, f"did you mean '{meant}'?", (item.resource_element, text))
