"""A resource is named by a value that was not set: `table/None`, `table/`.

Somewhere a variable gave None, or an empty text, and it was put into the ARN, which names nothing now.

Flagged:

    {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/None"}

Better:

    {"Effect": "Allow", "Action": "dynamodb:GetItem",
     "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

Source: "Amazon Resource Names (ARNs)" (AWS General Reference).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.catalogue.arns import parse as parse_arn
from remit.catalogue.list_actions import ASKED
from remit.lint.finding import ERROR, WARNING, Problem
from remit.lint.resource_types import acts_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.catalogue.arns import Arn
    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR
_UNSET = r"(?:(?<=[:/])|^)(None|null|undefined|NaN)(?=[:/]|$)"
_NAMELESS = frozenset({
    "function:", "key/", "log-group:", "parameter/", "repository/", "role/", "secret:", "stateMachine:", "stream/",
    "table/",
})  # fmt: skip
_COLONED = tuple(sorted(name for name in _NAMELESS if name.endswith(":")))


def concerned(text: str) -> bool:
    """Whether a document has such words, or texts that end where a name begins."""
    return (
        "None" in text
        or "null" in text
        or "undefined" in text
        or "NaN" in text
        or ":::/" in text
        or '/"' in text
        or any(f'{name}"' in text for name in _COLONED)
    )


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """Resources whose name is that of no value, or is missing."""
    for text in item.resources:
        arn = parse_arn(text)
        if arn is None:
            continue
        spot = (item.resource_element, text)
        unset = re.search(_UNSET, arn.resource)
        if unset is not None:
            message = f"the resource of '{text}' is named '{unset[1]}': an unset value was put in"
            yield Problem(message, "set the variable, or write the name", spot, _severity(arn))
        elif (arn.resource in _NAMELESS and not _lists(item, text)) or (
            arn.service == "s3" and arn.resource.startswith("/")
        ):
            message = f"'{text}' leaves out the name: an empty value was put in, and nothing matches"
            yield Problem(message, "set the variable, or write the name; * stands for every one", spot)


def _lists(item: ParsedStatement, resource: str) -> bool:
    """Whether some action of the statement lists things, and is asked on an ARN without a name."""
    return any(name in ASKED and acts_on(name, resource) for name in item.statement.actions.patterns)


def _severity(arn: Arn) -> str:
    """A table may be called None, but no bucket has capitals."""
    return ERROR if arn.service == "s3" and arn.resource.startswith("N") else WARNING
