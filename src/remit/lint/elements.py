"""The elements of policies and statements, and which one a misspelt name meant.

Source: "Grammar of the IAM JSON policy language" (IAM User Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCUMENT: Final = ("Version", "Id", "Statement")
STATEMENT: Final = (
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
)  # fmt: skip
_SIGNS: Final = frozenset({"statement", "effect", "notaction", "policydocument"})
_PAIRS: Final = {"Action": "NotAction", "Resource": "NotResource", "Principal": "NotPrincipal"}

_REMARKS: Final = frozenset({"comment", "description", "name", "note", "reason", "title"})
"""What people add to say what a statement is for; none of it is an element."""


def unknown(raw: Mapping[str, Any], known: tuple[str, ...]) -> dict[str, str | None]:
    """The keys that are no elements, each with the element that it resembles."""
    return {key: None if str(key).lower() in _REMARKS else nearest(str(key), known) for key in raw if key not in known}


def is_policy(value: Any) -> bool:
    """Whether a file's value is a policy, a part of one or a list of them, whatever is wrong with it."""
    if isinstance(value, list):
        return any(map(is_policy, value))
    if not isinstance(value, dict):
        return False
    keys = {str(key).lower() for key in value}
    looks_like_policy = "Action" in value or not _SIGNS.isdisjoint(keys) or set(DOCUMENT) >= set(value)
    return looks_like_policy or "Statement" in unknown(value, DOCUMENT).values()


def is_stack_policy(value: Any) -> bool:
    """Whether a policy says what updates of a stack may do: every action is `Update:…`, which is no service."""
    statements = value.get("Statement") if isinstance(value, dict) else None
    listed = [
        statement
        for statement in (statements if isinstance(statements, list) else [statements])
        if isinstance(statement, dict)
    ]
    actions = (text for statement in listed for name in ("Action", "NotAction") for text in texts(statement.get(name)))
    first = next(actions, "")
    return all(text.lower().startswith("update:") for text in (first, *actions))


def has(raw: Mapping[str, Any], element: str) -> bool:
    """Whether a statement has an element, its negative, or a misspelt one of the two (a finding of R111)."""
    spellings = {element, _PAIRS.get(element, element)}
    if not spellings.isdisjoint(raw):
        return True
    return not spellings.isdisjoint(unknown(raw, STATEMENT).values())


def texts(value: Any) -> tuple[str, ...]:
    """The strings of an element that is one string or a list."""
    if isinstance(value, str):
        return (value,)
    return tuple([text for text in value if isinstance(text, str)]) if isinstance(value, list) else ()
