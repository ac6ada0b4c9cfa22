"""An audit for people and programs: tables for a terminal, JSON, CSV."""

from __future__ import annotations

import heapq
import json
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from remit.audit.json_bytes import indented
from remit.audit.sensitive_actions import SENSITIVE_ACTIONS
from remit.report.audit_words import REACHES, must_hold_words
from remit.report.documents import members
from remit.report.terminal_text import line, readable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.audit.audit import AuditReport
    from remit.audit.document_lint import LintedDocument
    from remit.audit.escalation_paths import EscalationPath
    from remit.audit.results import AccessRow, PrincipalRow, UnusedRow
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
    """The lists of the report, by name, row by row."""
    yield "principals", (_principal_json(row) for row in report.principals)
    yield "administrators", iter(report.administrators)
    yield "paths", (_path_json(path) for path in report.paths)
    yield "undecided_techniques", map(asdict, report.undecided_techniques)
    yield (
        "exposures",
        ({**asdict(row), "actions": list(row.actions), "must_hold": dict(row.must_hold)} for row in report.exposures),
    )
    yield "undecided_exposures", map(asdict, report.undecided_exposures)
    yield "unused", (_unused_json(row) for row in report.unused)
    yield "documents", (_document_json(document) for document in report.documents)
    yield "problems", map(asdict, report.problems)


def _principal_json(row: PrincipalRow) -> dict[str, Any]:
    return {**members(row, "arn", "account", "unknown"), "access": [_access_json(access) for access in row.access]}


def _access_json(access: AccessRow) -> dict[str, Any]:
    if access.verdict != "yes":
        return members(access, "action", "verdict", "reason")
    rendered = members(access, "action", "verdict", "resource", "must_hold", "statement")
    return {**rendered, "must_hold": dict(access.must_hold)}


def _path_json(path: EscalationPath) -> dict[str, Any]:
    steps = []
    for step in path.steps:
        needs = []
        for need in step.needs:
            must_hold = dict(need.must_hold)
            needs.append({**asdict(need), "statement": need.statement or None, "must_hold": must_hold})
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


def _document_json(document: LintedDocument) -> dict[str, Any]:
    return {
        "document": document.key,
        "kind": document.kind,
        "used_by": [members(use, "principal", "policy") for use in document.uses],
        "findings": [asdict(finding) for finding in document.findings],
    }


def audit_text(report: AuditReport, *, color: bool = False, width: int = 120, with_notes: bool = False) -> str:
    """The report as people read it: a table a question, the worst first, and what is wrong with the input."""
    from rich.console import Console  # noqa: PLC0415 - heavy, and needed for people alone

    console = Console(width=width, no_color=not color, force_terminal=color, highlight=False)
    with console.capture() as capture:
        tables = (
            _path_table(report),
            _exposure_table(report),
            _access_table(report),
            _unused_table(report),
            _document_table(report, with_notes=with_notes),
        )
        for table in tables:
            if table is not None:
                console.print(table)
        for sentence in _closing(report):
            console.print(line(sentence), markup=False, soft_wrap=True)
    return "\n".join(text.rstrip() for text in capture.get().splitlines())


def _table(title: str, *columns: str) -> Any:
    from rich import box  # noqa: PLC0415 - as above
    from rich.table import Table  # noqa: PLC0415 - as above

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _path_table(report: AuditReport) -> Any:
    if not report.paths:
        return None
    table = _table("Ways to become an administrator", "principal", "steps", "must hold")
    # The proven paths first, of these the shortest.
    for path in sorted(report.paths, key=lambda path: (path.is_open, len(path.steps), path.principal))[:_MOST_ROWS]:
        # The name of a user or role, or an administrator: all behind the account.
        steps = [f"{step.technique} → {step.target.split(':', 5)[-1]}" for step in path.steps]
        table.add_row(line(path.principal), line(", then ".join(steps)), line(must_hold_words(path)))
    _add_rest(table, len(report.paths))
    return table


def _exposure_table(report: AuditReport) -> Any:
    """Return the table of outsiders; services are left to JSON, since most roles are theirs."""
    rows = [row for row in report.exposures if row.reach != "service"]
    if not rows:
        return None
    order = list(REACHES)
    rows.sort(key=lambda row: (order.index(row.reach), row.resource, row.who))
    table = _table("Access from outside", "resource", "who", "may", "must hold")
    for row in rows[:_MOST_ROWS]:
        who = REACHES[row.reach] if row.who == "*" else f"{row.who} ({REACHES[row.reach]})"
        must_hold = ", ".join(f"{key} = {value}" for key, value in row.must_hold)
        table.add_row(line(row.resource), line(who), line(", ".join(row.actions)), line(must_hold))
    _add_rest(table, len(rows))
    return table


def _access_table(report: AuditReport) -> Any:
    count = sum(1 for row in report.principals if row.access or row.unknown)
    if not count:
        return None
    table = _table("Sensitive actions", "principal", "can do", "undecided")
    rows = (row for row in report.principals if row.access or row.unknown)
    for row in heapq.nsmallest(_MOST_ROWS, rows, key=lambda row: (-len(row.can), row.arn)):
        undecided = row.unknown[0] if row.unknown else ", ".join(row.undecided)
        table.add_row(line(row.arn), _can(row), line(undecided))
    _add_rest(table, count)
    return table


def _can(row: PrincipalRow) -> str:
    """A few actions by name, of many how many there are of each harm."""
    if len(row.can) <= _MOST_NAMES:
        return ", ".join(row.can)
    harms = Counter(SENSITIVE_ACTIONS[action] for action in row.can)
    return f"{len(row.can)} actions: " + ", ".join(f"{count} {harm}" for harm, count in harms.items())


def _add_rest(table: Any, rows: int) -> None:
    if rows > _MOST_ROWS:
        table.add_row(f"… and {rows - _MOST_ROWS:,} more (--json has all)")


def _unused_table(report: AuditReport) -> Any:
    if not report.unused:
        return None
    table = _table("Access that was not used", "principal", "last call", "policy", "not used")
    rows = [(row, policy) for row in report.unused for policy in row.policies]
    rows.sort(key=lambda pair: (-pair[1].count, pair[0].principal, pair[1].policy))
    for row, policy in rows[:_MOST_ROWS]:
        names = ", ".join(policy.unused[:_MOST_NAMES])
        further = len(policy.unused) - _MOST_NAMES
        unused = f"{_count(policy.count, 'action')}: {names}{f' and {further:,} more' if further > 0 else ''}"
        table.add_row(line(row.principal), row.last[:10] or "never", line(policy.policy), line(unused))
    _add_rest(table, len(rows))
    return table


def _document_table(report: AuditReport, *, with_notes: bool) -> Any:
    pairs = [(finding, document) for document in report.documents for finding in document.findings]
    rows = [(finding, document) for finding, document in pairs if with_notes or finding.severity != "note"]
    if not rows:
        return None
    rows.sort(key=lambda row: (row[0].severity, -len(row[1].uses), row[0].rule, row[1].key))
    table = _table("Policies", "finding", "policy", "principals", "what is wrong")
    for finding, document in rows[:_MOST_ROWS]:
        policies = dict.fromkeys(use.policy for use in document.uses)
        names = ", ".join(list(policies)[:_MOST_NAMES])
        place = f"{names}, {finding.where}"
        head = f"{finding.severity} {finding.rule}"
        table.add_row(head, line(place), f"{len(document.uses):,}", line(finding.message))
    _add_rest(table, len(rows))
    return table


def _closing(report: AuditReport) -> Iterator[str]:
    """Yield the extent of the audit."""
    undecided_names = {row.principal for row in report.undecided_techniques}
    undecided_names |= {row.resource for row in report.undecided_exposures}
    undecided_names |= {row.arn for row in report.principals if row.unknown or row.undecided}
    if report.trail is not None:
        yield from _trail(report.trail)
    findings = Counter(finding.severity for document in report.documents for finding in document.findings)
    proven = sum(1 for path in report.paths if not path.is_open)
    yield f"{_count(len(report.principals), 'principal')} in {_count(len(report.accounts), 'account')}"
    assumed = len(report.paths) - proven
    administrators = _count(len(report.administrators), "administrator")
    yield f"{administrators}; {proven:,} more can become one, and {assumed:,} if something else holds"
    yield f"{len(undecided_names):,} principals and resources with something undecided"
    for reach in ("anyone", "account"):
        resources = {row.resource for row in report.exposures if row.reach == reach}
        yield f"{len(resources):,} resources and roles open to {REACHES[reach]}"
    yield f"{_count(findings['error'], 'error')} and {_count(findings['warning'], 'warning')} in policies"


def _trail(trail: TrailSummary) -> Iterator[str]:
    """Yield the extent of CloudTrail's files, and their gaps."""
    period = f" from {trail.first} to {trail.last}" if trail.first else ""
    yield f"{_count(trail.events, 'event')}{period}; {trail.denied:,} were denied, and are no use"
    if trail.unread:
        files = "1 log file" if trail.unread == 1 else f"{trail.unread:,} log files"
        yield f"{files} could not be read: what is called unused may have been used there"
    services = ", ".join(sorted({source.service.partition(".")[0] for source in trail.data_sources}))
    yield f"data events were logged of {services or 'no service'}: what is not logged is not called unused"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def access_csv(report: AuditReport) -> Iterator[str]:
    """A row for each principal and sensitive action that it can do, or of which that is undecided, in pieces."""
    import csv  # noqa: PLC0415 - CSV alone needs it
    import io  # noqa: PLC0415 - as above

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("account", "principal", "action", "harm", "verdict", "resource", "must_hold", "statement"))
    for row in report.principals:
        writer.writerows([_cell(cell) for cell in cells] for cells in _access_cells(row))
        yield text.getvalue()
        text.seek(0)
        text.truncate()
    yield text.getvalue()


def _access_cells(row: PrincipalRow) -> Iterator[tuple[str, ...]]:
    for reason in row.unknown:
        yield row.account, row.arn, "*", "", "undecided", "", reason, ""
    for access in row.access:
        must_hold = "; ".join(f"{key} = {value}" for key, value in access.must_hold)
        yield (
            row.account,
            row.arn,
            access.action,
            SENSITIVE_ACTIONS[access.action],
            access.verdict,
            access.resource,
            must_hold or access.reason,
            access.statement,
        )


def _cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_SIGNS) else text
