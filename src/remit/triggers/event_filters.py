"""The filters of an event source mapping: which records a function gets at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from remit.errors import Mistakes, RemitError, writer

if TYPE_CHECKING:
    from remit.triggers.record_fields import Shape

Pattern = Mapping[str, Any]
"""A pattern of events: names to lists of values or comparisons, such as `{"body": {"kind": ["order"]}}`."""
Filter = Pattern | Sequence[Pattern]
_MOST: Final = 5
"""Filters of an event source mapping; AWS raises it to 10 on request ("Using filter criteria")."""
_RAISED: Final = 10


def filter_criteria(filters: Any, record: Shape) -> dict[str, Any] | None:
    """The property FilterCriteria of one pattern or a list of them, any of which lets a record through.

    `record` is what the records of the source have.
    """
    if filters is None:
        return None
    from remit.triggers.event_pattern import EVENT_SOURCE, checked_pattern, pattern_text  # noqa: PLC0415 - few filter

    patterns = filters if isinstance(filters, list | tuple) else [filters]
    if not patterns:
        raise RemitError("filter is an empty list", hint="leave it out to get every record", origin=writer())
    if len(patterns) > _RAISED:
        raise RemitError(
            f"filter has {len(patterns)} patterns; Lambda takes {_MOST}, and {_RAISED} on request", origin=writer()
        )
    checked: list[dict[str, Any]] = []
    mistakes = Mistakes()
    for pattern in patterns:
        with mistakes.noted():
            checked.append(checked_pattern(pattern, "filter", EVENT_SOURCE, record))
    mistakes.refuse()
    return {"Filters": [{"Pattern": pattern_text(pattern)} for pattern in checked]}
