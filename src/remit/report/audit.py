"""An audit for people and programs: tables for a terminal, JSON, CSV."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from remit.audit.documents import unfolded
from remit.audit.sensitive_actions import SENSITIVE_ACTIONS
from remit.report.terminal_text import line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.audit.access import ActionAccess
    from remit.audit.audit import AuditedIdentity, AuditReport
    from remit.audit.document_lint import LintedDocument
    from remit.audit.escalation_paths import EscalationPath, PathStep

_HARMS: Final = {action.name: action.harm for action in SENSITIVE_ACTIONS}
_MOST_ROWS: Final = 20
"""Rows of a table that a terminal shows; --json has all."""
_MOST_NAMES: Final = 3


def audit_json(report: AuditReport) -> dict[str, Any]:
    """The whole report as JSON has it."""
    return {
        "at": report.now,
        "accounts": list(report.accounts),
        "principals": [_identity_json(row) for row in report.identities],
        "administrators": list(report.administrators),
        "paths": [_path_json(path) for path in report.paths],
        "undecided_techniques": [
            {"principal": row.principal, "technique": row.technique, "reason": row.reason}
            for row in report.undecided_techniques
        ],
        "documents": [_document_json(document) for document in report.documents],
        "problems": [{"file": problem.file, "message": problem.message} for problem in report.problems],
    }


def _identity_json(row: AuditedIdentity) -> dict[str, Any]:
    account = row.identity.account
    return {
        "arn": row.identity.arn,
        "account": account,
        "unknown": list(row.unknown),
        "access": [_access_json(access, account) for access in row.access],
    }


def _access_json(access: ActionAccess, account: str) -> dict[str, Any]:
    answer = access.answer
    rendered: dict[str, Any] = {"action": access.action, "verdict": answer.verdict}
    if answer.request is not None:
        rendered["resource"] = unfolded(answer.request.resource, account)
        rendered["must_hold"] = {key: unfolded(value, account) for key, value in answer.must_hold}
    if access.statement is not None:
        rendered["statement"] = access.statement.spelled
    if answer.reason:
        rendered["reason"] = answer.reason
    return rendered


def _path_json(path: EscalationPath) -> dict[str, Any]:
    return {
        "principal": path.principal,
        "assumes": list(path.assumes),
        "ways": list(path.ways),
        "steps": [_step_json(step) for step in path.steps],
    }


def _step_json(step: PathStep) -> dict[str, Any]:
    return {
        "from": step.source,
        "to": step.target,
        "technique": step.technique.name,
        "needs": [
            {
                "action": need.action,
                "resource": unfolded(need.resource, step.account),
                "statement": None if need.statement is None else need.statement.spelled,
                "must_hold": {key: unfolded(value, step.account) for key, value in need.must_hold},
            }
            for need in step.needs
        ],
    }


def _document_json(document: LintedDocument) -> dict[str, Any]:
    return {
        "document": document.key,
        "kind": document.kind,
        "used_by": [{"principal": use.principal, "policy": use.policy} for use in document.uses],
        "findings": [
            {
                "rule": finding.rule,
                "severity": finding.severity,
                "message": finding.message,
                "where": finding.file,
                "hint": finding.hint,
            }
            for finding in document.findings
        ],
    }


def audit_text(report: AuditReport, *, color: bool = False, width: int = 120, with_notes: bool = False) -> str:
    """The report as people read it: a table a question, the worst first, and what is wrong with the input."""
    from rich.console import Console  # noqa: PLC0415 - heavy, and needed for people alone

    console = Console(width=width, no_color=not color, force_terminal=color, highlight=False)
    with console.capture() as capture:
        tables = (_path_table(report), _access_table(report), _document_table(report, with_notes=with_notes))
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
    for path in sorted(report.paths, key=_rank)[:_MOST_ROWS]:
        steps = [f"{step.technique.name} → {_short(step.target)}" for step in path.steps]
        table.add_row(line(path.principal), line(", then ".join(steps)), line(_must_hold(path)))
    _add_rest(table, len(report.paths))
    return table


def _rank(path: EscalationPath) -> tuple[object, ...]:
    """The proven paths first, of these the shortest."""
    return bool(path.assumes), len(path.steps), path.principal


def _short(target: str) -> str:
    """The name of a user or role, or an administrator."""
    return target.split(":", 5)[-1]


def _must_hold(path: EscalationPath) -> str:
    """What a path needs besides: values of condition keys, and what the files do not show."""
    pairs = [(pair, step.account) for step in path.steps for need in step.needs for pair in need.must_hold]
    values = [f"{key} = {unfolded(value, account)}" for (key, value), account in pairs]
    return ", ".join(dict.fromkeys((*values, *path.assumes)))


def _access_table(report: AuditReport) -> Any:
    rows = [row for row in report.identities if row.access or row.unknown]
    if not rows:
        return None
    rows.sort(key=lambda row: (-len(row.can), row.identity.arn))
    table = _table("Sensitive actions", "principal", "can do", "undecided")
    for row in rows[:_MOST_ROWS]:
        undecided = row.unknown[0] if row.unknown else ", ".join(row.undecided)
        table.add_row(line(row.identity.arn), _can(row), line(undecided))
    _add_rest(table, len(rows))
    return table


def _can(row: AuditedIdentity) -> str:
    """A few actions by name, of many how many there are of each harm."""
    if len(row.can) <= _MOST_NAMES:
        return ", ".join(row.can)
    harms = Counter(_HARMS[action] for action in row.can)
    return f"{len(row.can)} actions: " + ", ".join(f"{count} {harm}" for harm, count in harms.items())


def _add_rest(table: Any, rows: int) -> None:
    if rows > _MOST_ROWS:
        table.add_row(f"… and {rows - _MOST_ROWS:,} more (--json has all)")


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
        place = f"{names}, {finding.file}"
        head = f"{finding.severity} {finding.rule}"
        table.add_row(head, line(place), f"{len(document.uses):,}", line(finding.message))
    _add_rest(table, len(rows))
    return table


def _closing(report: AuditReport) -> Iterator[str]:
    """What was looked at."""
    principals, accounts = len(report.identities), len(report.accounts)
    unclear = {row.principal for row in report.undecided_techniques}
    unclear |= {row.identity.arn for row in report.identities if row.unknown or row.undecided}
    undecided = len(unclear)
    findings = Counter(finding.severity for document in report.documents for finding in document.findings)
    proven = sum(1 for path in report.paths if not path.assumes)
    yield f"{_count(principals, 'principal')} in {_count(accounts, 'account')}"
    assumed = len(report.paths) - proven
    administrators = _count(len(report.administrators), "administrator")
    yield f"{administrators}; {proven:,} more can become one, and {assumed:,} if something else holds"
    yield f"{_count(undecided, 'principal')} with access that is undecided"
    yield f"{_count(findings['error'], 'error')} and {_count(findings['warning'], 'warning')} in policies"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def access_csv(report: AuditReport) -> str:
    """A row for each principal and sensitive action that it can do, or of which that is undecided."""
    import csv  # noqa: PLC0415 - CSV alone needs it
    import io  # noqa: PLC0415 - as above

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("account", "principal", "action", "harm", "verdict", "resource", "must_hold", "statement"))
    for row in report.identities:
        account = row.identity.account
        for reason in row.unknown:
            writer.writerow((account, row.identity.arn, "*", "", "undecided", "", _cell(reason), ""))
        for access in row.access:
            request = access.answer.request
            must_hold = "; ".join(f"{key} = {value}" for key, value in access.answer.must_hold)
            cells = (
                account,
                row.identity.arn,
                access.action,
                _HARMS[access.action],
                access.answer.verdict,
                "" if request is None else unfolded(request.resource, account),
                _cell(unfolded(must_hold, account) or access.answer.reason),
                "" if access.statement is None else _cell(access.statement.spelled),
            )
            writer.writerow(cells)
    return text.getvalue()


def _cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
