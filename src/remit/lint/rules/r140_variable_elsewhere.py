"""A policy variable where IAM puts none in: in an action, in a principal.

Variables have values in Resource and in conditions alone; elsewhere `${…}` is not a name that IAM knows.

Flagged:

    {"Effect": "Allow", "Action": "s3:${aws:PrincipalTag/verb}Object", "Resource": "arn:aws:s3:::data/*"}

Better:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/${aws:PrincipalTag/team}/*"}

Source: "IAM policy elements: Variables and tags" (IAM User Guide): where you can use policy variables.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.catalogue.action_keys import key_type
from remit.lint.finding import ERROR, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.finding import Spot
    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR
_VARIABLE = re.compile(r"\$\{([a-zA-Z][\w.-]*:[^:{},][^{},]*)[^{}]*\}")


def concerned(text: str) -> bool:
    """Whether a document has variables."""
    return "${" in text


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """Variables in actions and principals; late-bound parts have another form."""
    for text in item.statement.actions.patterns:
        yield from _problem(text, "an action", "name the actions, or use a wildcard", (item.action_element, text))
    for kind, value in item.principals:
        hint = "name the principal, or compare aws:PrincipalArn or aws:PrincipalTag/KEY in a condition"
        yield from _problem(value, "a principal", hint, (item.principal_element, kind, value))


def _problem(text: str, place: str, hint: str, spot: Spot) -> Iterator[Problem]:
    variable = _VARIABLE.search(text)
    if variable is not None and key_type(variable[1]) is not None:  # `${self:custom.account}` is another tool's
        yield Problem(f"{place} takes no variable, and {variable[0]} is literal text: IAM refuses it", hint, spot)
