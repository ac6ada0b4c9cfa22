"""An action is not written as service:Operation.

IAM refuses it: no prefix, two colons, spaces, a wildcard in the prefix, other signs.

Flagged:

    {"Effect": "Allow", "Action": "GetItem", "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

Better:

    {"Effect": "Allow", "Action": "dynamodb:GetItem",
     "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

Source: "IAM JSON policy elements: Action" (IAM User Guide).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.catalogue.actions import service
from remit.catalogue.expand import expand
from remit.catalogue.managed_policies import managed_policy
from remit.iam.pattern import is_pattern, matches
from remit.lint import meant_actions
from remit.lint.finding import ERROR, Problem
from remit.lint.plain_text import is_plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR
_FORM = "write service:Operation, as s3:GetObject"
_SHOWN = 80
_LONG = 200  # characters of no action


def doubtful(item: ParsedStatement) -> Iterator[Problem]:
    """Actions that IAM cannot read."""
    for text in item.statement.actions.patterns:
        if not expand(text) or is_pattern(text.partition(":")[0]):
            yield from _problem(text, item)


def _problem(text: str, item: ParsedStatement) -> Iterator[Problem]:
    if not meant_actions.well_formed(text) and "${" not in text:
        yield Problem(*_described(text, item), (item.action_element, text))


def _described(text: str, item: ParsedStatement) -> tuple[str, str]:
    """The message and the hint of the first kind of mistake that an action is."""
    excerpt = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 20]}… ({len(text):,} characters)"
    for mistake in _MISTAKES:
        description = mistake(text, item)
        if description is not None:
            message, hint = description
            return f"'{excerpt}' {message}", hint
    message, hint = _strange(text, item)
    return f"'{excerpt}' {message}", hint


def _arn(text: str, _: ParsedStatement) -> tuple[str, str] | None:
    return ("is an ARN where an action must be", "ARNs stand in Resource") if text.startswith("arn:") else None


def _no_service(text: str, item: ParsedStatement) -> tuple[str, str] | None:
    return _without_prefix(text.removeprefix(":"), item) if ":" not in text.removeprefix(":") else None


def _call(text: str, item: ParsedStatement) -> tuple[str, str] | None:
    client = text.partition(":")[0].lower() in meant_actions.CLIENT_WORDS
    return ("is a call of an SDK, not an IAM action", _from_method(text, item)) if client else None


def _managed_policy(text: str, _: ParsedStatement) -> tuple[str, str] | None:
    if ":" in text or managed_policy(text.rpartition("/")[2]) is None:
        return None
    return "is a managed policy, not an action", "attach it to the role, or name the actions"


def _several(text: str, _: ParsedStatement) -> tuple[str, str] | None:
    parts = [f"{part}:*" if service(part) else part for part in re.split(r"[\s,;|]+", text) if part]
    if len(parts) < 2 or not all(":" in part and meant_actions.well_formed(part) for part in parts):  # noqa: PLR2004 - several
        return None
    listed = ", ".join(f'"{part}"' for part in parts)
    return f"holds {len(parts)} actions in one string: IAM refuses it", f"write a list: [{listed}]"


def _wild_service(text: str, item: ParsedStatement) -> tuple[str, str] | None:
    prefix, _, name = text.partition(":")
    if "*" not in prefix and "?" not in prefix:
        return None
    actions = meant_actions.by_name(name, item) if is_plain(name) else ()
    fitting = [action for action in actions if matches(prefix.lower(), action.partition(":")[0])] or actions
    hint = f"did you mean `{fitting[0]}`?" if fitting else "name each service: s3:*, sqs:*"
    return "has a wildcard in its service: IAM refuses it", hint


def _spaces(text: str, item: ParsedStatement) -> tuple[str, str] | None:
    return ("contains white space: IAM refuses it", _tidied(text, item)) if re.search(r"\s", text) else None


def _colons(text: str, item: ParsedStatement) -> tuple[str, str] | None:
    count = text.count(":")
    return (f"has {count} colons: an action has one", _tidied(text, item)) if count > 1 else None


def _no_operation(text: str, _: ParsedStatement) -> tuple[str, str] | None:
    return ("names no operation", f"`{text}*` is every action of the service") if text.endswith(":") else None


def _strange(text: str, item: ParsedStatement) -> tuple[str, str]:
    sign = next((sign for sign in text if not re.match(r"[A-Za-z0-9:*?-]", sign)), "-")
    hint = _tidied(text, item, _from_method(text, item))
    if sign == "_" and hint != _FORM:
        return "contains '_': it is a method of an SDK, not an IAM action", hint
    if sign == "{":
        return "contains '{': a placeholder that nothing replaced", 'put the value in, or an f before the string: f"…"'
    return f"contains {sign!r}: actions have letters and digits only", hint


_MISTAKES = (_arn, _managed_policy, _several, _no_service, _call, _wild_service, _spaces, _colons, _no_operation)
"""What an action may be instead, in the order in which it is tried; anything else is `_strange`."""


def _tidied(text: str, item: ParsedStatement, otherwise: str = _FORM) -> str:
    """The action that is left when white space, doubled colons and other signs are gone."""
    compact = re.sub(r"[\s\u200b\ufeff]+", "", text)
    compact = re.sub(r"(?<=[A-Za-z0-9]):{2,}|(?<=[A-Za-z0-9])[./](?=[A-Za-z])", ":", compact, count=1)
    actions = meant_actions.completed(compact, item) if compact != text and len(text) < _LONG else ()
    return f"did you mean `{actions[0]}`?" if actions else otherwise


def _from_method(text: str, item: ParsedStatement) -> str:
    prefix, _, name = text.partition(":")
    actions = meant_actions.of_service(prefix, name) or meant_actions.of_another_service(text, item)
    return f"did you mean `{actions[0]}`?" if actions else _FORM


def _without_prefix(text: str, item: ParsedStatement) -> tuple[str, str]:
    for sign in ("::", ".", "/", " ", "_", "-"):
        prefix, separator, operation = text.partition(sign)
        if separator and operation and service(prefix):
            actions = meant_actions.of_service(prefix, operation)
            if actions:
                return "has no colon after its service", f"did you mean `{actions[0]}`?"
    if service(text):
        return "is a service, not an action", f"did you mean `{text.lower()}:*`?"
    actions = meant_actions.by_name(text, item)
    hint = f"did you mean `{actions[0]}`?" if actions else _FORM
    return "has no service before it", hint
