"""What a function is granted beside what it was seen to use, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.report.documents import members, place
from remit.report.explanation import on_resources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.answers.seen_access import GrantedAction, GrantedAndSeen, SeenUse
    from remit.app import Grant


def seen_lines(title: str, seen: GrantedAndSeen) -> Iterator[str]:
    """Each granted action with the last time and the places of its calls; then what was denied."""
    yield title
    if not seen.since:
        yield "  nothing was seen yet: run it with `remit dev`, `remit invoke --local`, or in tests"
        return
    width = max((len(granted.action) for granted in seen.granted), default=0)
    grant: Grant | None = None
    for granted in seen.granted:
        if granted.grant is not grant:
            grant = granted.grant
            yield ""
            origin = "" if grant.origin is None else f"  ({grant.origin})"
            yield f"  Allow{on_resources(grant.statement)}{origin}"
        yield f"      {granted.action:<{width}}  {_uses(granted)}"
    if seen.denied:
        yield ""
        yield "  denied"
        for use in seen.denied:
            at = f"  ({use.place})" if use.place else ""
            yield f"      {use.action} on {use.resource}{at}"
    yield ""
    yield f"  seen since {seen.since}; what was not seen may be needed all the same"


def seen_document(role: str, seen: GrantedAndSeen) -> dict[str, Any]:
    """The grants of a function beside their uses, for programs; `since` is null if nothing was seen."""
    rows = []
    for granted in seen.granted:
        resources, where = granted.grant.statement.resources, place(granted.grant.origin)
        row = {
            "action": granted.action,
            "resources": [] if resources is None or resources.negated else list(resources.patterns),
            "not_resources": [] if resources is None or not resources.negated else list(resources.patterns),
            "because": granted.grant.because,
            "file": where["file"],
            "line": where["line"],
            "seen": [_use_document(use) for use in granted.uses],
        }
        rows.append(row)
    denied = [_use_document(use) for use in seen.denied]
    return {"role": role, "since": seen.since or None, "granted": rows, "denied": denied}


def _use_document(use: SeenUse) -> dict[str, Any]:
    return {**members(use, "action", "resource"), "file": use.file or None, "line": use.line or None, "time": use.time}


def _uses(granted: GrantedAction) -> str:
    """When it was used last, by which actions where a pattern is granted, and where its calls stand."""
    if not granted.uses:
        return "not seen"
    last = max(use.time[:10] for use in granted.uses)
    actions = sorted({use.action for use in granted.uses})
    by = "" if actions == [granted.action] else f" by {', '.join(actions)}"
    places = sorted({use.place for use in granted.uses if use.place})
    at = f" at {', '.join(places)}" if places else ""
    return f"seen {last}{by}{at}"
