"""An action is not written as service:Operation.

IAM refuses it: no prefix, two colons, spaces, a wildcard in the prefix, other signs.

Flagged:

    {"Effect": "Allow", "Action": "GetItem", "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

Better:

    {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

Source: "IAM JSON policy elements: Action" (IAM User Guide).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.catalogue.actions import service
from remit.lint import facts, meant
from remit.lint.finding import ERROR, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.subject import Item

SEVERITY = ERROR


def doubtful(item: Item) -> Iterator[Problem]:
    """Actions that IAM cannot read."""
    for text in item.statement.actions.patterns:
        if not facts.meant(text) or "*" in text.partition(":")[0]:
            yield from _problem(text, item)


def _problem(text: str, item: Item) -> Iterator[Problem]:
    if not meant.well_formed(text) and facts.literal(text):
        yield Problem(*_said(text, item), (item.action_element, text))


def _said(text: str, item: Item) -> tuple[str, str]:
    shown = text if len(text) <= 80 else f"{text[:60]}… ({len(text):,} characters)"
    compact = re.sub(r"[\s\u200b\ufeff]+", "", text)
    compact = re.sub(r"(?<=[A-Za-z0-9]):{2,}|(?<=[A-Za-z0-9])[./](?=[A-Za-z])", ":", compact, count=1)
    if text.startswith("arn:"):
        return f"'{shown}' is an ARN where an action must be", "ARNs stand in Resource"
    if ":" not in text:
        return _without_prefix(shown, text, item)
    if text.partition(":")[0].lower() in meant.CLIENT_WORDS:
        return f"'{shown}' is a call of an SDK, not an IAM action", _from_method(text, item)
    if "*" in text.partition(":")[0] or "?" in text.partition(":")[0]:
        return f"'{shown}' has a wildcard in its service: IAM refuses it", "name each service: s3:*, sqs:*"
    found = meant.completed(compact, item) if compact != text and len(text) < 200 else ()
    hint = f"did you mean `{found[0]}`?" if found else "write service:Operation, as s3:GetObject"
    if re.search(r"\s", text):
        return f"'{shown}' contains white space: IAM refuses it", hint
    if text.count(":") > 1:
        return f"'{shown}' has {text.count(':')} colons: an action has one", hint
    if text.endswith(":"):
        return f"'{shown}' names no operation", f"`{text}*` is every action of the service"
    if text.startswith(":"):
        return _without_prefix(shown, text[1:], item)
    strange = next((sign for sign in text if not re.match(r"[A-Za-z0-9:*?-]", sign)), "-")
    return f"'{shown}' contains {strange!r}: actions have letters and digits only", hint if found else _from_method(
        text, item
    )


def _from_method(text: str, item: Item) -> str:
    prefix, _, name = text.partition(":")
    found = meant.of_service(prefix, name) or meant.by_name(name, item)
    return f"did you mean `{found[0]}`?" if found else "write service:Operation, as s3:GetObject"


def _without_prefix(shown: str, text: str, item: Item) -> tuple[str, str]:
    for sign in ("::", ".", "/", " ", "_", "-"):
        prefix, found_sign, rest = text.partition(sign)
        if found_sign and rest and service(prefix):
            found = meant.of_service(prefix, rest)
            if found:
                return f"'{shown}' has no colon after its service", f"did you mean `{found[0]}`?"
    if service(text):
        return f"'{shown}' is a service, not an action", f"did you mean `{text.lower()}:*`?"
    found = meant.by_name(text, item)
    hint = f"did you mean `{found[0]}`?" if found else "write service:Operation, as s3:GetObject"
    return f"action '{shown}' has no service before it", hint
