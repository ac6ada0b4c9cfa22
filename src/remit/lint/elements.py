"""The elements of policies and statements, and which one a misspelt name meant.

Source: "Grammar of the IAM JSON policy language" (IAM User Guide).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from remit.did_you_mean import nearest

DOCUMENT: Final = ("Version", "Id", "Statement")
STATEMENT: Final = (
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
)  # fmt: skip
_STATEMENT_KEYS: Final = frozenset({*STATEMENT, "Version", "Statement"})
_SIGNS: Final = frozenset({"statement", "effect", "notaction", "policydocument"})
"""Keys, folded, by which a policy is told; not "action", which other files have in small letters."""
_PAIRS: Final = {"Action": "NotAction", "Resource": "NotResource", "Principal": "NotPrincipal"}

_REMARKS: Final = frozenset({"comment", "description", "name", "note", "reason", "title"})
"""What people add to say what a statement is for; none of it is an element."""


def unknown(raw: Mapping[str, Any], elements: tuple[str, ...]) -> dict[str, str | None]:
    """The keys that are no elements, in order, each with the one that it resembles; None: none, or it is a remark."""
    resembled: dict[str, str | None] = {}
    for key in raw:
        if key not in elements:
            resembled[key] = None if str(key).lower() in _REMARKS else nearest(str(key), elements)
    return resembled


def is_policy(value: Any) -> bool:
    """Return whether a file's value is a policy, a part of one or a list of them, whatever is wrong with it."""
    if isinstance(value, list):
        return any(map(is_policy, value))
    if not isinstance(value, dict):
        return False
    keys = {str(key).lower() for key in value}
    if "Action" in value or not _SIGNS.isdisjoint(keys) or set(DOCUMENT) >= set(value):
        return True
    meant_elements = unknown(value, DOCUMENT)
    return any(element == "Statement" and _holds_statements(value[key]) for key, element in meant_elements.items())


def _holds_statements(value: Any) -> bool:
    """Return whether a value holds what a Statement does, whatever is wrong with it."""
    listed = value if isinstance(value, list) else [value]
    return any(isinstance(part, dict) and not _STATEMENT_KEYS.isdisjoint(map(str, part)) for part in listed)


def is_stack_policy(value: Any) -> bool:
    """Return whether a policy says what updates of a stack may do: it has actions, and all are `Update:…`."""
    actions = []
    for statement in raw_statements(value):
        actions += [*texts(statement.get("Action")), *texts(statement.get("NotAction"))]
    return bool(actions) and all(action.lower().startswith("update:") for action in actions)


def raw_statements(document: Any) -> list[dict[str, Any]]:
    """The statements of a document as it was read, without what is no object; [] of what is no policy."""
    statements = document.get("Statement") if isinstance(document, dict) else None
    listed = statements if isinstance(statements, list) else [statements]
    return [statement for statement in listed if isinstance(statement, dict)]


def has_principal(statement: Mapping[str, Any]) -> bool:
    """Return whether a statement says who, or who not."""
    return "Principal" in statement or "NotPrincipal" in statement


def has(raw: Mapping[str, Any], element: str) -> bool:
    """Return whether a statement has an element, its negative, or a misspelt one of the two (a finding of R111)."""
    spellings = {element, _PAIRS.get(element, element)}
    if not spellings.isdisjoint(raw):
        return True
    return not spellings.isdisjoint(unknown(raw, STATEMENT).values())


def texts(value: Any) -> tuple[str, ...]:
    """The strings of an element that is one string or a list; what is no string is left out."""
    if isinstance(value, str):
        return (value,)
    return tuple([text for text in value if isinstance(text, str)]) if isinstance(value, list) else ()
