"""An action, or a resource, that a pattern of the same list covers.

Flagged:

    {"Effect": "Allow", "Action": ["dynamodb:*", "dynamodb:GetItem"],
     "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

Better:

    {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.iam.pattern import is_pattern
from remit.iam.pattern_list import PatternList, head
from remit.lint import conditions
from remit.lint.finding import NOTE, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement, WrittenStatement

SEVERITY = NOTE
_DECIDES = {
    "NumericLessThan": max, "NumericLessThanEquals": max, "NumericGreaterThan": min, "NumericGreaterThanEquals": min,
}  # fmt: skip
_SESSION = r"arn:([a-z-]+):sts::(\d{12}):assumed-role/([^/]+)/.+"
_MOST = 400  # patterns of a list, beyond which only size matters


def shape(written: WrittenStatement) -> Iterator[Problem]:
    """Members of a list that stand there twice, letter by letter."""
    for element in ("Action", "NotAction", "Resource", "NotResource"):
        members = written.value.get(element)
        if written.chooses or not isinstance(members, list):
            continue
        earlier: set[str] = set()
        for place, text in enumerate(members):
            if isinstance(text, str) and text in earlier:
                yield Problem(f"'{text}' stands twice", "remove one", (element, place))
            elif isinstance(text, str):
                earlier.add(text)


def conditional(item: ParsedStatement) -> Iterator[Problem]:
    """Numbers of which one decides: the largest of those that something must be less than."""
    for condition in item.statement.conditions:
        name = conditions.name_of(condition) or "" if len(condition.values) > 1 else ""
        if name not in _DECIDES:
            continue
        from remit.iam.value_comparison import number  # noqa: PLC0415 - few conditions list several numbers

        numbers = [parsed for value in condition.values if (parsed := number(value)) is not None]
        if len(numbers) < len(condition.values):
            continue
        deciding = condition.values[numbers.index(_DECIDES[name](numbers))]
        message = f"of {len(numbers)} numbers under {condition.spelled} '{deciding}' decides alone"
        yield Problem(message, "remove the others", ("Condition", condition.spelled, condition.key))


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """Members of a list that another makes superfluous."""
    yield from _sessions(item)
    if item.chooses:
        return
    yield from _problems(item.statement.actions.patterns, item.action_element, fold=True)
    yield from _problems(item.resources, item.resource_element, fold=False)


def _sessions(item: ParsedStatement) -> Iterator[Problem]:
    """Sessions of a role that is a principal itself."""
    if item.principal_element == "NotPrincipal":
        return
    admitted = {value for kind, value in item.principals if kind == "AWS"}
    for kind, value in item.principals:
        session = re.fullmatch(_SESSION, value)
        role = f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}" if session is not None else None
        if role in admitted:
            message = f"'{value}' is a session of '{role}', which is let in already"
            yield Problem(message, "remove it", ("Principal", kind, value))


def _problems(patterns: tuple[str, ...], element: str, *, fold: bool) -> Iterator[Problem]:
    if not 1 < len(patterns) <= _MOST:
        return
    texts = [text.lower() for text in patterns] if fold else list(patterns)
    twice = len(set(texts)) < len(texts)
    beginnings = tuple(head(text) for text in texts if is_pattern(text))
    if not twice and not beginnings:
        return
    listed = PatternList(texts)
    for place, text in enumerate(texts):
        if not twice and not text.startswith(beginnings):
            continue
        stands_twice = twice and text in texts[:place]
        cover = listed.cover_of(text) or (text if stands_twice and is_pattern(text) else None)
        if cover is not None:
            message = f"'{patterns[place]}' is already covered by '{patterns[texts.index(cover)]}'"
            yield Problem(message, "remove one of the two", (element, patterns[place]))
        elif fold and stands_twice:
            message = f"'{patterns[place]}' stands twice: actions ignore case"
            yield Problem(message, "remove one of the two", (element, patterns[place]))
