"""An audit for people and programs: tables for a terminal, JSON, CSV."""

from __future__ import annotations

import heapq
import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from remit.audit.json_bytes import indented
from remit.audit.sensitive_actions import SENSITIVE_ACTIONS
from remit.lint.finding import SEVERITIES
from remit.report.audit_words import REACHES, counted, exposure_rows, must_hold_words
from remit.report.documents import members
from remit.report.terminal_text import line, readable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from remit.audit.audit import AuditReport
    from remit.audit.document_lint import LintedDocument
    from remit.audit.escalation_paths import EscalationPath
    from remit.audit.results import AccessRow, ExposureRow, PrincipalRow, UnusedRow
    from remit.audit.trail import TrailSummary

_MOST_ROWS: Final = 20
"""Rows of a table that a terminal shows; --json has all."""
_MOST_NAMES: Final = 3
_FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")


def audit_json(report: AuditReport) -> Iterator[str]:
    """The whole report as JSON, in pieces: the report of many accounts as one text would take much memory."""
    yield f'{{\n  "at": {json.dumps(report.now)},\n  "accounts": {_indented(list(report.accounts), 2)}'
    for name, rows in _members(report):
        yield f',\n  "{name}": ['
        separator = "\n"
        for row in rows:
            yield f"{separator}    {_indented(readable(row), 4)}"
            separator = ",\n"
        yield "]" if separator == "\n" else "\n  ]"
    yield "\n}\n"


def _indented(value: Any, depth: int) -> str:
    """A value as JSON inside of an object that is so deep."""
    return indented(value).replace("\n", f"\n{' ' * depth}")


def _members(report: AuditReport) -> Iterator[tuple[str, Iterator[Any]]]:
    """The lists of the report, each with its name before it; its rows are rendered as they are read."""
    yield (
        "principals",
        (
            {**members(row, "arn", "account", "unknown"), "access": list(map(_access_json, row.access))}
            for row in report.principals
        ),
    )
    yield "administrators", iter(report.administrators)
    yield "paths", (_path_json(path) for path in report.paths)
    yield (
        "undecided_techniques",
        (members(row, "principal", "technique", "reason") for row in report.undecided_techniques),
    )
    yield "exposures", (_exposure_json(row) for row in report.exposures)
    yield (
        "undecided_exposures",
        (members(row, "resource", "statement", "reason") for row in report.undecided_exposures),
    )
    yield "unused", (_unused_json(row) for row in report.unused)
    yield "documents", (_document_json(document) for document in report.documents)
    yield "problems", (members(problem, "file", "message") for problem in report.problems)


def _access_json(access: AccessRow) -> dict[str, Any]:
    """An access for programs: one that is not proven has its reason in place of resource and statement."""
    if access.verdict != "yes":
        return members(access, "action", "verdict", "reason")
    rendered = members(access, "action", "verdict", "resource", "must_hold", "statement")
    return {**rendered, "must_hold": dict(access.must_hold)}


def _path_json(path: EscalationPath) -> dict[str, Any]:
    """A way to become an administrator, with what each step needs; `statement` is null where none is named."""
    steps = []
    for step in path.steps:
        needs = []
        for need in step.needs:
            must_hold = dict(need.must_hold)
            statement = need.statement or None
            needs.append({**members(need, "action", "resource"), "statement": statement, "must_hold": must_hold})
        steps.append({"from": step.source, "to": step.target, "technique": step.technique, "needs": needs})
    return {**members(path, "principal", "assumes", "ways"), "steps": steps}


def _unused_json(row: UnusedRow) -> dict[str, Any]:
    return {
        "principal": row.principal,
        "since": row.since,
        "last_call": row.last or None,
        "policies": [
            {
                **members(policy, "policy", "unused", "not_logged"),
                "smaller": json.loads(policy.smaller) if policy.smaller else None,
            }
            for policy in row.policies
        ],
    }


def _exposure_json(row: ExposureRow) -> dict[str, Any]:
    document = members(row, "resource", "account", "who", "reach", "actions", "statement")
    return {**document, "must_hold": dict(row.must_hold)}


def _document_json(document: LintedDocument) -> dict[str, Any]:
    return {
        "document": document.key,
        "kind": document.kind,
        "used_by": [members(use, "principal", "policy") for use in document.uses],
        "findings": [members(finding, "rule", "severity", "message", "where", "hint") for finding in document.findings],
    }


def audit_text(report: AuditReport, *, color: bool = False, width: int = 120, with_notes: bool = False) -> str:
    """The report as people read it: a table a question, the worst first, and what is wrong with the input."""
    from rich import box  # noqa: PLC0415 - heavy, and needed for people alone
    from rich.console import Console  # noqa: PLC0415 - as above
    from rich.table import Table  # noqa: PLC0415 - as above

    exposures = exposure_rows(report.exposures)
    outside = exposures[:_MOST_ROWS], len(exposures)
    console = Console(width=width, no_color=not color, force_terminal=color, highlight=False)
    documents = _document_rows(report, with_notes=with_notes)
    with console.capture() as capture:
        for title, columns, (rows, count) in (
            ("Ways to become an administrator", ("principal", "steps", "must hold"), _path_rows(report)),
            ("Access from outside", ("resource", "who", "may", "must hold"), outside),
            ("Sensitive actions", ("principal", "can do", "undecided"), _access_rows(report)),
            ("Access that was not used", ("principal", "last call", "policy", "not used"), _unused_rows(report)),
            ("Policies", ("finding", "policy", "principals", "what is wrong"), documents),
        ):
            if not rows:
                continue
            table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
            for column in columns:
                table.add_column(column, overflow="fold")
            for row in rows:
                table.add_row(*map(line, row))
            if count > len(rows):
                table.add_row(f"… and {count - len(rows):,} more (--json has all)")
            console.print(table)
        for sentence in _totals(report):
            console.print(line(sentence), markup=False, soft_wrap=True)
    return "\n".join(text.rstrip() for text in capture.get().splitlines())


_Rows: TypeAlias = "tuple[Sequence[tuple[str, ...]], int]"
"""The first rows of a table, and how many there are."""


def _path_rows(report: AuditReport) -> _Rows:
    """The proven paths first, of these the shortest."""
    rows = []
    for path in sorted(report.paths, key=lambda path: (path.is_open, len(path.steps), path.principal))[:_MOST_ROWS]:
        # The name of a user or role, or an administrator: all behind the account.
        steps = [f"{step.technique} → {step.target.split(':', 5)[-1]}" for step in path.steps]
        rows.append((path.principal, ", then ".join(steps), must_hold_words(path)))
    return rows, len(report.paths)


def _access_rows(report: AuditReport) -> _Rows:
    """Those who can do most first."""
    with_access = (row for row in report.principals if row.access or row.unknown)
    first = heapq.nsmallest(_MOST_ROWS, with_access, key=lambda row: (-len(row.can), row.arn))
    rows = [(row.arn, _can(row), row.unknown[0] if row.unknown else ", ".join(row.undecided)) for row in first]
    return rows, sum(1 for row in report.principals if row.access or row.unknown)


def _can(row: PrincipalRow) -> str:
    """A few actions by name, of many how many there are of each harm."""
    if len(row.can) <= _MOST_NAMES:
        return ", ".join(row.can)
    harms = Counter(SENSITIVE_ACTIONS[action] for action in row.can)
    return f"{len(row.can)} actions: " + ", ".join(f"{count} {harm}" for harm, count in harms.items())


def _unused_rows(report: AuditReport) -> _Rows:
    """Rows of the most unused actions first, up to `_MOST_ROWS`, and how many there are in all."""
    pairs = ((row, policy) for row in report.unused for policy in row.policies)
    first = heapq.nsmallest(_MOST_ROWS, pairs, key=lambda pair: (-pair[1].count, pair[0].principal, pair[1].policy))
    rows = []
    for row, policy in first:
        names = ", ".join(policy.unused[:_MOST_NAMES])
        further = len(policy.unused) - _MOST_NAMES
        unused = f"{counted(policy.count, 'action')}: {names}{f' and {further:,} more' if further > 0 else ''}"
        rows.append((row.principal, row.last[:10] or "never", policy.policy, unused))
    return rows, sum(len(row.policies) for row in report.unused)


def _document_rows(report: AuditReport, *, with_notes: bool) -> _Rows:
    """Rows up to `_MOST_ROWS`, errors first, then what concerns most principals; and how many there are in all."""
    pairs = [(finding, document) for document in report.documents for finding in document.findings]
    pairs = [(finding, document) for finding, document in pairs if with_notes or finding.severity != "note"]
    pairs.sort(key=lambda pair: (SEVERITIES.index(pair[0].severity), -len(pair[1].uses), pair[0].rule, pair[1].key))
    rows = []
    for finding, document in pairs[:_MOST_ROWS]:
        policies = dict.fromkeys(use.policy for use in document.uses)
        place = f"{', '.join(list(policies)[:_MOST_NAMES])}, {finding.where}"
        rows.append((f"{finding.severity} {finding.rule}", place, f"{len(document.uses):,}", finding.message))
    return rows, len(pairs)


def _totals(report: AuditReport) -> Iterator[str]:
    """Yield the audit in numbers, a sentence each: logs, principals, administrators, undecided, open, mistakes."""
    undecided_names = {row.principal for row in report.undecided_techniques}
    undecided_names |= {row.resource for row in report.undecided_exposures}
    undecided_names |= {row.arn for row in report.principals if row.unknown or row.undecided}
    if report.trail is not None:
        yield from _trail(report.trail)
    findings = Counter(finding.severity for document in report.documents for finding in document.findings)
    proven = sum(1 for path in report.paths if not path.is_open)
    yield f"{counted(len(report.principals), 'principal')} in {counted(len(report.accounts), 'account')}"
    assumed = len(report.paths) - proven
    administrators = counted(len(report.administrators), "administrator")
    yield f"{administrators}; {proven:,} more can become one, and {assumed:,} if something else holds"
    yield f"{len(undecided_names):,} principals and resources with something undecided"
    for reach in ("anyone", "account"):
        resources = {row.resource for row in report.exposures if row.reach == reach}
        yield f"{len(resources):,} resources and roles open to {REACHES[reach]}"
    yield f"{counted(findings['error'], 'error')} and {counted(findings['warning'], 'warning')} in policies"


def _trail(trail: TrailSummary) -> Iterator[str]:
    """Yield sentences on CloudTrail's logs: events and their period, files that are unread, data events they have."""
    period = f" from {trail.first} to {trail.last}" if trail.first else ""
    yield f"{counted(trail.events, 'event')}{period}; {trail.denied:,} were denied, and are no use"
    if trail.unread:
        yield f"{counted(trail.unread, 'log file')} could not be read: what is called unused may have been used there"
    services = ", ".join(sorted({source.service.partition(".")[0] for source in trail.data_sources}))
    yield f"data events were logged of {services or 'no service'}: what is not logged is not called unused"


def access_csv(report: AuditReport) -> Iterator[str]:
    """CSV in pieces: a row for each sensitive action that a principal can or may do; one of `*` where nobody knows."""
    import csv  # noqa: PLC0415 - CSV alone needs it
    import io  # noqa: PLC0415 - as above

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("account", "principal", "action", "harm", "verdict", "resource", "must_hold", "statement"))
    for row in report.principals:
        rows = [("*", "", "undecided", "", reason, "") for reason in row.unknown]
        for access in row.access:
            must_hold = "; ".join(f"{key} = {value}" for key, value in access.must_hold) or access.reason
            harm = SENSITIVE_ACTIONS[access.action]
            rows.append((access.action, harm, access.verdict, access.resource, must_hold, access.statement))
        writer.writerows(map(_cell, (row.account, row.arn, *cells)) for cells in rows)
        yield text.getvalue()
        text.seek(0)
        text.truncate()
    yield text.getvalue()


def _cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_SIGNS) else text
