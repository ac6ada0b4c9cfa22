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
from remit.report.audit_words import counted, exposure_rows, must_hold_words, undecided_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.audit.audit import AuditReport

_HERE: Final = Path(__file__).parent
_MOST_UNUSED: Final = 12
_MOST_USERS: Final = 5
"""Principals of a policy that a row names."""


Text: TypeAlias = "str | tuple[str, ...]"
"""A text, or the parts that make it: what many texts share (an ARN) stands in the page once."""


class _Texts:
    """The texts of the page, each once, by their numbers."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def number(self, text: Text) -> int | list[int]:
        """The number of a text, or the numbers of its parts but empty ones; a new text is kept under the next one."""
        if isinstance(text, str):
            return self.numbers.setdefault(for_people(text) if "${{" in text else text, len(self.numbers))
        return [self.numbers.setdefault(for_people(part), len(self.numbers)) for part in text if part]


def audit_page(report: AuditReport) -> str:
    """The report as one page of HTML, with its style, its script, and its rows as JSON, in which no text is markup."""
    texts = _Texts()
    sections = []
    for title, about, columns, section_rows in _sections(report, texts):
        rows: list[list[Any]] = []
        for cells, steps in section_rows:
            numbers = [texts.number(cell) for cell in cells]
            rows.append([numbers, steps] if steps else [numbers])
        sections.append({"title": title, "about": about, "columns": columns, "rows": rows})
    data = json.dumps({"sections": sections, "texts": list(texts.numbers)}, separators=(",", ":"))
    script = (_HERE / "audit_page.js").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    proven = sum(1 for path in report.paths if not path.is_open)
    summary = (
        f"{counted(len(report.principals), 'principal')} in {counted(len(report.accounts), 'account')}, "
        f"on {report.now[:10]}; {counted(len(report.administrators), 'administrator')}, {proven:,} more can become one"
    )
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    return _PAGE.format(
        policy=html.escape(policy),
        style=(_HERE / "audit_page.css").read_text("utf-8"),
        summary=html.escape(summary),
        # No markup inside of the JSON may end the script that holds it.
        data=data.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"),
        script=script,
    )


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


Row: TypeAlias = "tuple[tuple[Text, ...], list[Any] | None]"
"""The cells of a row, and the steps of a path, if it is one."""


_Section: TypeAlias = "tuple[str, str, tuple[tuple[str, int], ...], Iterator[Row]]"
"""A table of the page: its title and what it is about, its columns with their widths in per cent, and its rows."""


def _sections(report: AuditReport, texts: _Texts) -> Iterator[_Section]:
    """Yield the sections of the page: title, what it is about, columns with their widths in percent, and rows."""
    yield (
        "Ways to become an administrator",
        "Choose a row to see its steps.",
        (("principal", 45), ("steps", 35), ("must hold", 20)),
        _path_rows(report, texts),
    )
    yield (
        "Administrators",
        "Who may do everything in its account already.",
        (("principal", 100),),
        (((arn,), None) for arn in report.administrators),
    )
    yield (
        "Access from outside",
        "Whom the policies of resources and roles let in from outside of their account.",
        (("resource", 35), ("who", 25), ("may", 20), ("must hold", 20)),
        ((cells, None) for cells in exposure_rows(report.exposures)),
    )
    yield (
        "Sensitive actions",
        "What each principal can do within its policies, groups, boundary and every SCP.",
        (("principal", 35), ("can do", 45), ("undecided", 20)),
        _access_rows(report),
    )
    if report.trail is not None:
        yield (
            "Access that was not used",
            f"Since {report.trail.first[:10]}. What CloudTrail does not log is not listed.",
            (("principal", 30), ("last call", 10), ("policy", 15), ("not used", 30), ("not logged", 15)),
            _unused_rows(report),
        )
    yield (
        "Policies",
        "Mistakes and excessive access in each distinct policy.",
        (("finding", 10), ("policy", 45), ("principals", 10), ("what is wrong", 35)),
        _document_rows(report),
    )
    yield (
        "Problems",
        "What is wrong with the files, and what was not decided.",
        (("file, or resource", 40), ("problem", 60)),
        _problem_rows(report),
    )


def _path_rows(report: AuditReport, texts: _Texts) -> Iterator[Row]:
    """Yield the ways to become an administrator, proven and short ones first.

    Steps are lists of numbers of their texts.
    """
    paths = sorted(report.paths, key=lambda path: (path.is_open, len(path.steps), path.principal))
    for path in paths:
        steps = []  # from whom, to whom, by what, and notes on what it needs
        for step in path.steps:
            notes: list[Text] = []
            for need in step.needs:
                values = "".join(f", if {key} = {value}" for key, value in need.must_hold)
                by = f" by {need.statement or 'the trust policy'}"
                notes.append((need.action, " on ", need.resource, by, values))
            if step.assumes:
                notes.append(f"assumed: {step.assumes}")
            steps.append(
                [*map(texts.number, (step.source, step.target, step.technique)), list(map(texts.number, notes))]
            )
        step_names = ", then ".join(step.technique for step in path.steps)
        yield (path.principal, step_names, must_hold_words(path)), steps


def _access_rows(report: AuditReport) -> Iterator[Row]:
    """Yield the principals with sensitive actions, those with the most first; others only if something is undecided."""
    for row in sorted(report.principals, key=lambda row: (-len(row.can), row.arn)):
        undecided = "; ".join(row.unknown) or ", ".join(row.undecided)
        if row.can or undecided:
            yield (row.arn, ", ".join(row.can), undecided), None


def _unused_rows(report: AuditReport) -> Iterator[Row]:
    """Yield each policy with unused access, that with the most first."""
    rows = [(row, policy) for row in report.unused for policy in row.policies]
    rows.sort(key=lambda pair: (-pair[1].count, pair[0].principal, pair[1].policy))
    for row, policy in rows:
        unused = f"{policy.count:,}: {_some(policy.unused)}"
        yield (row.principal, row.last[:10] or "never", policy.policy, unused, _some(policy.not_logged)), None


def _some(names: tuple[str, ...]) -> str:
    """The first of many names, and how many more there are."""
    further = len(names) - _MOST_UNUSED
    return ", ".join(names[:_MOST_UNUSED]) + (f" and {further:,} more" if further > 0 else "")


def _document_rows(report: AuditReport) -> Iterator[Row]:
    """Yield the findings, errors before warnings, with some of those who hold the policy; of other severities none."""
    order = ("error", "warning")
    rows = [(finding, document) for document in report.documents for finding in document.findings]
    rows = [row for row in rows if row[0].severity in order]
    rows.sort(key=lambda row: (order.index(row[0].severity), row[0].rule, row[1].key))
    for finding, document in rows:
        parts: list[str] = []
        for use in document.uses[:_MOST_USERS]:
            parts += (use.principal, f": {use.policy}\n")
        further = len(document.uses) - _MOST_USERS
        more = f"and {further:,} more\n" if further > 0 else ""
        head = f"{finding.severity} {finding.rule}"
        yield (head, (*parts, more, finding.where), f"{len(document.uses):,}", finding.message), None


def _problem_rows(report: AuditReport) -> Iterator[Row]:
    """Yield a row for each problem of the input, then for each thing that is undecided."""
    for problem in report.problems:
        yield (problem.file, problem.message), None
    for subject, reason in undecided_words(report):
        yield (subject, f"undecided: {reason}"), None
