"""The examples on the pages of lint's rules, and what remit says about the first of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint import lint, lint_bytes
from remit.loading.load import load

if TYPE_CHECKING:
    from pathlib import Path

    from remit.lint.finding import Finding
    from remit.lint.rule_registry import Rule

APP = """from remit import App
from remit.triggers import sqs

app = App()


@app.function(sqs("orders"))
def ingest(event, context):
    pass
"""
DOCUMENT = '{{"Version": "2012-10-17", "Statement": [\n{}\n]}}'
"""The policy around an example that is one statement."""


def findings_of(block: str, folder: Path) -> tuple[Finding, ...]:
    """Lint an example: Python configures an app, JSON is a policy or a statement, YAML a template or a policy."""
    block = block.replace("LONG", "x" * 10_000)
    if "configure" in block:
        (folder / "config").mkdir()
        (folder / "config" / "deploy.py").write_text(block, "utf-8")
        (folder / "app.py").write_text(APP, "utf-8")
        return lint(load(folder), folder=folder)
    if "App()" in block:
        (folder / "app.py").write_text(block, "utf-8")
        return lint(load(folder), folder=folder)
    if _is_statement(block):
        block = DOCUMENT.format(block)
    return lint_bytes(block.encode(), "example.json" if block.startswith("{") else "example.yaml")


def _is_statement(block: str) -> bool:
    return block.startswith("{") and '"Statement"' not in block and '"Version"' not in block


def said(rule: Rule, folder: Path) -> str:
    """What remit says of a rule about its first example, each finding with its place in the example."""
    block = rule.blocks[0]
    lines_above = 1 if _is_statement(block) else 0
    lines = []
    for finding in findings_of(block, folder):
        if finding.rule == rule.code and finding.origin is not None:
            place = f"line {finding.origin.line - lines_above}, column {finding.origin.column}"
            lines.append(f"{place}: {finding.severity}: {finding.message}")
            if finding.hint:
                lines.append(f"  hint: {finding.hint}")
    return "\n".join(lines)
