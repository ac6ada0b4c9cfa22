"""Findings of lint for people and programs: text with the line and a caret, JSON, SARIF, GitHub annotations."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from remit.lint.finding import NOTE, SEVERITIES, Finding
from remit.report.terminal_text import line
from remit.secrets import hidden

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from remit.lint.rule_registry import Rule

_WIDTH: Final = 120
"""Characters of a source line that are shown."""
_AROUND: Final = 1_000
"""Characters beside them that may tell that a part of a secret is shown."""
_COLOURS: Final = {"error": 31, "warning": 33, "note": 36}
"""ANSI's numbers."""
_GITHUB_LEVELS: Final = {"error": "error", "warning": "warning", "note": "notice"}
_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


def findings_text(
    findings: Sequence[Finding],
    source: Callable[[str], Sequence[str]],
    *,
    color: bool = False,
    with_notes: bool = True,
    by_rule: bool = False,
) -> str:
    """Each finding with its place, its line of source, a caret and a hint, the worst first; then how many there are.

    `source` gives the lines of a file, or none. Without notes these are counted alone. `by_rule` adds a table of rules.
    """
    shown_findings = [finding for finding in findings if with_notes or finding.severity != NOTE]
    shown_findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    lines: list[str] = []
    for finding in shown_findings:
        lines += _finding_lines(finding, source, color=color)
        lines.append("")
    if by_rule and shown_findings:
        counts = Counter((finding.severity, finding.rule, finding.name) for finding in shown_findings)
        # The worst rules first, then the most frequent.
        for rule, count in sorted(counts.items(), key=lambda row: (SEVERITIES.index(row[0][0]), -row[1], row[0])):
            severity, code, name = rule
            lines.append(f"{count:>6}  {severity:<7}  {code}  {name}")
        lines.append("")
    hidden = len(findings) - len(shown_findings)
    hidden_notes = f"; {hidden} note{'' if hidden == 1 else 's'} not shown (--notes)" if hidden else ""
    return "\n".join((*lines, summary(shown_findings) + hidden_notes))


def _finding_lines(finding: Finding, source: Callable[[str], Sequence[str]], *, color: bool) -> Iterator[str]:
    """Yield a finding as text.

    Its line of `source`, the reason of a grant, and the hint follow, as far as it has them.
    """
    head = f"{finding.severity}[{finding.rule}]"
    if color:
        head = f"\x1b[{_COLOURS[finding.severity]};1m{head}\x1b[0m"
    yield f"{head}: {line(finding.message)}"
    if finding.origin is not None:
        yield line(f"  --> {finding.origin}")
        yield from _excerpt(finding, source)
    if finding.grant is not None:
        yield line(f"  granted because {finding.grant.because}")
    if finding.hint is not None:
        yield line(f"  hint: {finding.hint}")


def _excerpt(finding: Finding, source: Callable[[str], Sequence[str]]) -> Iterator[str]:
    """The line of a finding, cut to the width of a terminal, and a caret below its column; nothing without the line.

    Secrets in it are hidden, and signs that cannot be printed replaced.
    """
    lines = source(finding.file or "")
    if not 0 < finding.line <= len(lines):
        return
    text = lines[finding.line - 1].replace("\t", " ")
    column = max(finding.column, 1)
    start = 0
    if column > _WIDTH * 3 // 4:
        start = max(0, column - _WIDTH // 2)
    around_start = max(0, start - _AROUND)
    around = hidden(text[around_start : start + _WIDTH + _AROUND])
    signs = around[start - around_start :][:_WIDTH]
    excerpt = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in signs)
    cut = "…" if start else ""
    before_caret = _cells(excerpt[: column - 1 - start]) + len(cut)
    number = str(finding.line)
    margin = " " * len(number)
    yield f"   {margin} |"
    yield f"   {number} | {cut}{excerpt.rstrip()}"
    yield f"   {margin} | {' ' * before_caret}^"


def _cells(text: str) -> int:
    """How many cells of a terminal a text takes: a Chinese sign takes two, an accent of its own none."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width  # noqa: PLC0415 - few lines need it

    cells = 0
    for sign in text:
        if combining(sign):
            continue
        cells += 2 if east_asian_width(sign) in "WF" else 1
    return cells


def summary(findings: Iterable[Finding]) -> str:
    """`2 errors, 1 warning`, or that nothing was found."""
    counts = Counter(finding.severity for finding in findings)
    counted = [(severity, counts[severity]) for severity in SEVERITIES if counts[severity]]
    return ", ".join(f"{count} {severity}{'' if count == 1 else 's'}" for severity, count in counted) or "nothing found"


def findings_json(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """The document that `remit lint --json` prints."""
    return [finding.document() for finding in findings]


def findings_sarif(findings: Sequence[Finding], rules: Sequence[Rule], version: str) -> dict[str, Any]:
    """A SARIF 2.1.0 log with one run. Source: "Static Analysis Results Interchange Format (SARIF) 2.1.0" (OASIS)."""
    broken = {finding.rule for finding in findings}
    used = [rule for rule in rules if rule.code in broken]
    places = {rule.code: position for position, rule in enumerate(used)}
    driver = {
        "name": "remit",
        "version": version,
        "semanticVersion": version,
        "rules": [_sarif_rule(rule) for rule in used],
    }
    results = [_sarif_result(finding, places[finding.rule]) for finding in findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _sarif_rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": "".join(part.capitalize() for part in rule.name.split("-")),
        "shortDescription": {"text": rule.title},
        "fullDescription": {
            "text": rule.page.split("\n\n")[1].replace("\n", " ") if "\n\n" in rule.page else rule.title
        },
        "help": {"text": rule.page},
        "defaultConfiguration": {"level": rule.severity},
    }


def _sarif_result(finding: Finding, rule_index: int) -> dict[str, Any]:
    """A finding as a result of SARIF: without a place where it has no file, without a region where it has no line."""
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": finding.severity,
        "message": {"text": _with_hint(finding)},
    }
    if finding.file is not None:
        from urllib.parse import quote  # noqa: PLC0415 - SARIF alone needs it

        location: dict[str, Any] = {"artifactLocation": {"uri": quote(finding.file.replace("\\", "/"))}}
        if finding.line:
            location["region"] = {"startLine": finding.line, "startColumn": max(finding.column, 1)}
        result["locations"] = [{"physicalLocation": location}]
    return result


def findings_github(findings: Iterable[Finding]) -> str:
    """Workflow commands, one line per finding. Source: "Workflow commands for GitHub Actions" (GitHub Docs)."""
    lines = []
    for finding in findings:
        properties = {"file": finding.file, "line": finding.line, "col": finding.column}
        properties["title"] = f"remit {finding.rule} {finding.name}"
        escaped = {name: _escaped(str(value), property_=True) for name, value in properties.items() if value}
        written = ",".join(f"{name}={value}" for name, value in escaped.items())
        text = _escaped(_with_hint(finding), property_=False)
        lines.append(f"::{_GITHUB_LEVELS[finding.severity]} {written}::{text}\n")
    return "".join(lines)


def _with_hint(finding: Finding) -> str:
    return finding.message if finding.hint is None else f"{finding.message}\nhint: {finding.hint}"


def _escaped(text: str, *, property_: bool) -> str:
    """A text as GitHub's commands take it; in a property, colons and commas are escaped as well."""
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return escaped.replace(":", "%3A").replace(",", "%2C") if property_ else escaped
