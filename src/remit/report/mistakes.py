"""Mistakes for programs, in the form of lint's findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.lint.rule_registry import rule
from remit.report.documents import place

if TYPE_CHECKING:
    from remit.errors import RemitError

_MISTAKE: Final = 2  # the exit code of what the person who runs remit has to mend
_UNREADABLE: Final = "R001"
"""The rule under which lint reports a project or a file that cannot be read."""


def mistakes_json(error: RemitError) -> list[dict[str, Any]]:
    """All mistakes of a run as `remit lint --json` prints them. What AWS refuses or does not answer has no rule."""
    documents = []
    for mistake in error.all:
        code = mistake.rule
        if code is None and mistake.exit_code == _MISTAKE:
            code = _UNREADABLE
        where = {"file": None, "line": 0, "column": 0} if mistake.origin is None else place(mistake.origin)
        what = {"rule": code, "severity": "error", "message": mistake.message}
        documents.append({**what, **where, "hint": mistake.hint, "name": rule(code).name if code else None})
    return documents
