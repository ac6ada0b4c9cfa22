"""Characters and values that were not meant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.catalogue.action_resources import KIND_ARNS
from remit.catalogue.arns import parse as parse_arn
from remit.lint.finding import ERROR, WARNING, Problem, rule
from remit.lint.resource_types import acts_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.finding import Spot
    from remit.lint.rule_inputs import ParsedStatement

_FOREIGN = re.compile(r"[^\t\n\r\x20-\xff]")


@rule("R130", ERROR, looks_at="statement", needs=r"[^\x00-\x7f]|\\[ubf]")
def foreign_character(item: ParsedStatement) -> Iterator[Problem]:
    """A character that IAM does not accept.

    Policies may hold tabs, line ends and U+0020 to U+00FF; anything else is refused (MalformedPolicyDocument).

    Flagged:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::日本/*"}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::nihon/*"}

    Source: "PutRolePolicy", parameter PolicyDocument (IAM API Reference).
    """
    texts: list[tuple[Spot, str]] = [((item.action_element, text), text) for text in item.statement.actions.patterns]
    texts += item.texts
    texts += [
        (("Condition", condition.spelled, condition.key), condition.key) for condition in item.statement.conditions
    ]
    for spot, text in texts:
        if not (text.isascii() and text.isprintable()) and (foreign := _FOREIGN.search(text)) is not None:
            import unicodedata  # noqa: PLC0415 - large, and most texts are plain

            sign = foreign.group()
            name = unicodedata.name(sign, "").lower()
            called = f"U+{ord(sign):04X}" + (f", {name}" if name else "")
            message = (
                f"{sign!r} ({called}) at character {foreign.start() + 1} of '{text}': IAM accepts U+0020 to U+00FF only"
            )
            yield Problem(message, "use * in its place, or another name", spot)


_UNSET = r"(?:(?<=[:/])|^)(None|null|undefined|NaN)(?=[:/]|$)"
_NAMELESS = frozenset({
    "function:", "key/", "log-group:", "parameter/", "repository/", "role/", "secret:", "stateMachine:", "stream/",
    "table/",
})  # fmt: skip


@rule("R136", ERROR, looks_at="statement", needs=r'None|null|undefined|NaN|:::/|/"|\w:"')
def unset_value(item: ParsedStatement) -> Iterator[Problem]:
    """A resource is named by a value that was not set: `table/None`, `table/`.

    Somewhere a variable gave None, or an empty text, and it was put into the ARN, which names nothing now.

    Flagged:

        {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/None"}

    Better:

        {"Effect": "Allow", "Action": "dynamodb:GetItem",
         "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

    Source: "Amazon Resource Names (ARNs)" (AWS General Reference).
    """
    for text in item.resources:
        arn = parse_arn(text)
        if arn is None:
            continue
        spot = (item.resource_element, text)
        unset = re.search(_UNSET, arn.resource)
        if unset is not None:
            message = f"the resource of '{text}' is named '{unset[1]}': an unset value was put in"
            # A table may be called None, but no bucket has capitals.
            severity = ERROR if arn.service == "s3" and arn.resource.startswith("N") else WARNING
            yield Problem(message, "set the variable, or write the name", spot, severity)
        elif (arn.resource in _NAMELESS and not _lists(item, text)) or (
            arn.service == "s3" and arn.resource.startswith("/")
        ):
            message = f"'{text}' leaves out the name: an empty value was put in, and nothing matches"
            yield Problem(message, "set the variable, or write the name; * stands for every one", spot)


def _lists(item: ParsedStatement, resource: str) -> bool:
    """Return whether some action of the statement lists things, and is asked on an ARN without a name."""
    return any(name in KIND_ARNS and acts_on(name, resource) for name in item.statement.actions.patterns)
