"""An audit as SARIF, for code scanning and other dashboards: a result for each policy's finding, path and exposure.

Source: "Static Analysis Results Interchange Format (SARIF) 2.1.0" (OASIS).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.report.audit_words import must_hold_words, undecided_words, who_words
from remit.report.findings import findings_sarif

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.audit.audit import AuditReport

_RULES: Final = {
    "audit-administrator": ("A principal can become an administrator", "error"),
    "audit-outside": ("Somebody outside of the account has access", "warning"),
    "audit-policy": ("A policy has a mistake or excessive access", "warning"),
    "audit-undecided": ("It is not decided what a principal can do", "warning"),
    "audit-input": ("A file of the audit cannot be read in whole", "error"),
}


def audit_sarif(report: AuditReport, version: str) -> dict[str, Any]:
    """A SARIF log with one run; its places are ARNs, as logical locations."""
    log = findings_sarif((), (), version)
    run = log["runs"][0]
    run["tool"]["driver"]["rules"] = [
        {"id": name, "shortDescription": {"text": text}, "defaultConfiguration": {"level": level}}
        for name, (text, level) in _RULES.items()
    ]
    run["results"] = list(_results(report))
    return log


def _results(report: AuditReport) -> Iterator[dict[str, Any]]:
    """Yield the results of a report. What lets in AWS's services alone is left out."""
    for path in report.paths:
        steps = ", then ".join(f"{step.technique} to {step.target}" for step in path.steps)
        condition = must_hold_words(path)
        text = f"{path.principal} can become an administrator: {steps}{f' (if {condition})' if condition else ''}"
        yield _result("audit-administrator", text, path.principal, "warning" if path.is_open else "error")
    for row in report.exposures:
        if row.reach != "service":
            text = f"{who_words(row)} may {', '.join(row.actions)} on {row.resource}, by {row.statement}"
            yield _result("audit-outside", text, row.resource, "error" if row.reach == "anyone" else "warning")
    for document in report.documents:
        place = document.uses[0].principal
        for finding in document.findings:
            text = f"{finding.rule}: {finding.message} ({document.uses[0].policy}, {finding.where})"
            yield _result("audit-policy", text, place, finding.severity)
    for principal in report.principals:
        for reason in (*principal.unknown, *(f"{action} is undecided" for action in principal.undecided)):
            yield _result("audit-undecided", reason, principal.arn)
    for place, reason in undecided_words(report):
        yield _result("audit-undecided", reason, place)
    for problem in report.problems:
        yield _result("audit-input", str(problem), problem.file)


def _result(rule: str, text: str, place: str, level: str | None = None) -> dict[str, Any]:
    return {
        "ruleId": rule,
        "ruleIndex": list(_RULES).index(rule),
        "level": level or _RULES[rule][1],
        "message": {"text": text},
        "locations": [{"logicalLocations": [{"fullyQualifiedName": place}]}],
    }
