"""Policies and templates at the edges of rules: each finding in full, and none beyond them.

`REMIT_RECORD=1` writes the findings of `data/edges.jsonl` anew, to be read before they are kept.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from remit.lint import lint_bytes

if TYPE_CHECKING:
    from remit.lint.finding import Finding

FILE = Path(__file__).parent / "data" / "edges.jsonl"
ROWS: list[dict[str, Any]] = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]


def in_full(finding: Finding) -> str:
    place = f"{finding.rule} {finding.severity} {finding.line}:{finding.column} {finding.message}"
    return f"{place} | {finding.hint}" if finding.hint else place


def findings_of(row: dict[str, Any]) -> list[str]:
    text: str = row["text"] if "text" in row else json.dumps(row["document"], indent=1)
    return [
        in_full(finding) for finding in lint_bytes(text.encode(), row.get("file", "document.json"), kind=row["kind"])
    ]


@pytest.mark.skipif("REMIT_RECORD" in os.environ, reason="they are written anew")
@pytest.mark.parametrize("row", ROWS, ids=[row["what"] for row in ROWS])
def test_a_document_at_an_edge_has_these_findings_and_no_others(row: dict[str, Any]) -> None:
    assert row["findings"] == findings_of(row)


@pytest.mark.skipif("REMIT_RECORD" not in os.environ, reason="only when asked to")
def test_record() -> None:
    lines = [json.dumps({**row, "findings": findings_of(row)}, ensure_ascii=False) for row in ROWS]
    FILE.write_text("\n".join(lines) + "\n", "utf-8")
