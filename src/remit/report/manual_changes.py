"""What people changed by hand on a stack, for people and for programs: each change, and what it does to access."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.report.access_documents import drift_document, review_document
from remit.report.access_lines import drift_lines
from remit.report.plan import access_lines
from remit.report.terminal_text import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.deploy.manual_changes import ManualChanges

_MOST: Final = 30  # lines on changes of access beside those by hand


def by_hand_lines(changes: ManualChanges) -> Iterator[str]:
    """Every change on a line below its heading, then what functions may do more (+) or less (-) for it.

    Then what is not known (?). Nothing when there is none of these.
    """
    yield from map(shown, drift_lines(changes.drift))
    if changes.access is not None:
        from remit.deploy.planned_access import PlannedAccess  # noqa: PLC0415 - few roles are changed

        yield from access_lines(PlannedAccess(changes.access), "so that", "`remit diff --live`", _MOST)
    elif any(change.kind == "role" for change in changes.drift):
        yield "  ? what that does to access cannot be read with these credentials"
    yield from (f"  ? {shown(text)}" for text in changes.not_compared)
    if changes.unread is not None:
        yield f"  ? whether something was changed by hand is not known: {shown(changes.unread.message)}"


def by_hand_document(changes: ManualChanges) -> dict[str, Any]:
    """For programs: {checked, reason, changes: [{resource, kind, public, what, undo}], not_compared, access}.

    `access` is as `remit diff --json` has it.
    """
    return {
        "checked": changes.unread is None,
        "reason": None if changes.unread is None else changes.unread.message,
        "changes": drift_document(changes.drift),
        "not_compared": list(changes.not_compared),
        "access": None if changes.access is None else review_document(changes.access),
    }
