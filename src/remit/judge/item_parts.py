"""The parts of one policy item, each beside parts that are right: so one mistake of the item does not hide the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

_RIGHT: Final[Mapping[str, Any]] = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
"""A statement without mistakes."""
_RIGHT_TEXTS: Final = {"Action": "s3:GetObject", "NotAction": "s3:GetObject", "Resource": "*", "NotResource": "*"}
"""A text without mistakes, by the element that takes a list of them."""


def each_alone(item: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the policy item once for each part of its statements: that part where it was, and all others right.

    An item is a statement, a document, or an inline policy with its name. The names of elements are in AWS's spelling.
    """
    if "PolicyDocument" in item:
        inner = item["PolicyDocument"]
        for document in each_alone(inner) if isinstance(inner, Mapping) else ():
            yield {**item, "PolicyDocument": document}
        return
    if "Statement" not in item:
        yield from _each_of_statement(item)
        return
    # Right statements before a part of one leave its number what it was.
    statements = item["Statement"]
    is_list = isinstance(statements, list | tuple)
    for index, statement in enumerate(statements if is_list else [statements]):
        alone = _each_of_statement(statement) if isinstance(statement, Mapping) else iter([statement])
        for statement_alone in alone:
            yield {**item, "Statement": [*[dict(_RIGHT)] * index, statement_alone] if is_list else statement_alone}


def _each_of_statement(statement: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a statement once for each of its elements, and of a list of actions or resources for each text."""
    for element, value in statement.items():
        beside = {name: right for name, right in _RIGHT.items() if element not in (name, f"Not{name}")}
        if element not in _RIGHT_TEXTS or not isinstance(value, list | tuple):
            yield {**beside, element: value}
            continue
        for index, text in enumerate(value):
            yield {**beside, element: [*[_RIGHT_TEXTS[element]] * index, text]}
