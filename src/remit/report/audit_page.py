"""An audit as one HTML page that needs no network: tables with a search, and a drawing of each path.

The data stand in the page as JSON, each text once. The script sets them as text, never as markup, and the page's
content security policy lets nothing run but that script.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from remit.iam.tokens import for_people
from remit.report.audit_words import REACHES, must_hold_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from remit.audit.audit import AuditReport
    from remit.audit.escalation_paths import EscalationPath
    from remit.audit.results import Edge

_HERE: Final = Path(__file__).parent
_MOST_UNUSED: Final = 12
_MOST_USERS: Final = 5
"""Principals of a policy that a row names."""


class _Texts:
    """The texts of the page, each once, by their numbers."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """The number of a text."""
        return self.numbers.setdefault(for_people(text) if "${{" in text else text, len(self.numbers))


def audit_page(report: AuditReport) -> str:
    """The whole page."""
    texts = _Texts()
    sections = [_section(texts, *section) for section in _sections(report, texts)]
    data = json.dumps({"sections": sections, "texts": list(texts.numbers)}, separators=(",", ":"))
    script = (_HERE / "audit_page.js").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    return _PAGE.format(
        policy=html.escape(policy),
        style=(_HERE / "audit_page.css").read_text("utf-8"),
        summary=html.escape(_summary(report)),
        data=_in_script(data),
        script=script,
    )


def _in_script(data: str) -> str:
    """JSON that no markup inside of it can end."""
    return data.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>remit audit</title>
<style>
{style}</style>
</head>
<body>
<h1>Who can do what</h1>
<p class="faint">{summary}</p>
<nav>
<input id="search" type="search" placeholder="Search: account, name, action, rule" aria-label="Search">
<select id="section" aria-label="Table"><option value="">All tables</option></select>
</nav>
<main id="sections"><noscript>This page needs JavaScript; nothing is loaded from elsewhere.</noscript></main>
<script type="application/json" id="data">{data}</script>
<script>{script}</script>
</body>
</html>
"""


def _summary(report: AuditReport) -> str:
    proven = sum(1 for path in report.paths if not path.assumes)
    return (
        f"{len(report.principals):,} principals in {len(report.accounts):,} accounts, on {report.now[:10]}; "
        f"{len(report.administrators):,} administrators, {proven:,} more can become one"
    )


Row: TypeAlias = "tuple[tuple[str, ...], list[dict[str, Any]] | None]"
"""The cells of a row, and the steps of a path, if it is one."""


def _section(texts: _Texts, title: str, about: str, columns: tuple[str, ...], rows: Iterable[Row]) -> dict[str, Any]:
    """A table of the page: each row with the numbers of its texts, and the steps of a path, if it is one."""
    rendered = []
    for cells, steps in rows:
        row: dict[str, Any] = {"cells": [texts.number(cell) for cell in cells]}
        if steps:
            row["steps"] = steps
        rendered.append(row)
    return {"title": title, "about": about, "columns": columns, "rows": rendered}


def _sections(report: AuditReport, texts: _Texts) -> Iterator[tuple[str, str, tuple[str, ...], Iterator[Row]]]:
    yield (
        "Ways to become an administrator",
        "Choose a row to see its steps.",
        ("principal", "steps", "must hold"),
        _path_rows(report, texts),
    )
    yield (
        "Access from outside",
        "Whom the policies of resources and roles let in from outside of their account.",
        ("resource", "who", "may", "must hold"),
        _exposure_rows(report),
    )
    yield (
        "Sensitive actions",
        "What each principal can do within its policies, groups, boundary and every SCP.",
        ("principal", "can do", "undecided"),
        _access_rows(report),
    )
    if report.trail is not None:
        yield (
            "Access that was not used",
            f"Since {report.trail.first[:10]}. What CloudTrail does not log is not listed.",
            ("principal", "last call", "policy", "not used", "not logged"),
            _unused_rows(report),
        )
    yield (
        "Policies",
        "Mistakes and excessive access in each distinct policy.",
        ("finding", "policy", "principals", "what is wrong"),
        _document_rows(report),
    )
    yield ("Problems", "What is wrong with the files.", ("file", "problem"), _problem_rows(report))


def _path_rows(report: AuditReport, texts: _Texts) -> Iterator[Row]:
    paths = sorted(report.paths, key=lambda path: (bool(path.assumes), len(path.steps), path.principal))
    for path in paths:
        steps = [_step(step, texts.number) for step in path.steps]
        yield (path.principal, _step_names(path), must_hold_words(path)), steps


def _step_names(path: EscalationPath) -> str:
    return ", then ".join(step.technique for step in path.steps)


def _step(step: Edge, number: Callable[[str], int]) -> dict[str, Any]:
    notes = []
    for need in step.needs:
        values = "".join(f", if {key} = {value}" for key, value in need.must_hold)
        notes.append(f"{need.action} on {need.resource} by {need.statement or 'the trust policy'}{values}")
    if step.assumes:
        notes.append(f"assumed: {step.assumes}")
    return {
        "from": number(step.source),
        "to": number(step.target),
        "technique": number(step.technique),
        "notes": [number(note) for note in notes],
    }


def _exposure_rows(report: AuditReport) -> Iterator[Row]:
    order = list(REACHES)
    for row in sorted(report.exposures, key=lambda row: (order.index(row.reach), row.resource, row.who)):
        if row.reach != "service":
            who = REACHES[row.reach] if row.who == "*" else f"{row.who} ({REACHES[row.reach]})"
            must_hold = ", ".join(f"{key} = {value}" for key, value in row.must_hold)
            yield (row.resource, who, ", ".join(row.actions), must_hold), None


def _access_rows(report: AuditReport) -> Iterator[Row]:
    for row in sorted(report.principals, key=lambda row: (-len(row.can), row.arn)):
        undecided = "; ".join(row.unknown) or ", ".join(row.undecided)
        if row.can or undecided:
            yield (row.arn, ", ".join(row.can), undecided), None


def _unused_rows(report: AuditReport) -> Iterator[Row]:
    rows = [(row, policy) for row in report.unused for policy in row.policies]
    rows.sort(key=lambda pair: (-pair[1].count, pair[0].principal, pair[1].policy))
    for row, policy in rows:
        names = ", ".join(policy.unused[:_MOST_UNUSED])
        further = len(policy.unused) - _MOST_UNUSED
        unused = f"{policy.count:,}: {names}{f' and {further:,} more' if further > 0 else ''}"
        yield (row.principal, row.last[:10] or "never", policy.policy, unused, ", ".join(policy.not_logged)), None


def _document_rows(report: AuditReport) -> Iterator[Row]:
    order = ("error", "warning")
    rows = [(finding, document) for document in report.documents for finding in document.findings]
    rows = [row for row in rows if row[0].severity in order]
    rows.sort(key=lambda row: (order.index(row[0].severity), row[0].rule, row[1].key))
    for finding, document in rows:
        users = [f"{use.principal}: {use.policy}" for use in document.uses[:_MOST_USERS]]
        further = len(document.uses) - len(users)
        names = "\n".join((*users, *([f"and {further:,} more"] if further else [])))
        head = f"{finding.severity} {finding.rule}"
        yield (head, f"{names}, {finding.where}", f"{len(document.uses):,}", finding.message), None


def _problem_rows(report: AuditReport) -> Iterator[Row]:
    for problem in report.problems:
        yield (problem.file, problem.message), None
    for row in report.undecided_techniques:
        yield (row.principal, f"undecided: {row.technique}: {row.reason}"), None
    for exposure in report.undecided_exposures:
        yield (exposure.resource, f"undecided: {exposure.statement}: {exposure.reason}"), None
