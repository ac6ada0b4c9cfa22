"""The checks of IAM Access Analyzer: for each, a policy that is flagged, and one near it that is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from remit.lint import lint_bytes

DATA = Path(__file__).with_name("data")
ROWS: list[dict[str, Any]] = [
    json.loads(line) for line in DATA.joinpath("policy_checks.jsonl").read_text("utf-8").splitlines()
]
RIGHT: list[dict[str, Any]] = [
    json.loads(line) for line in DATA.joinpath("right_policies.jsonl").read_text("utf-8").splitlines()
]
OTHERWISE = {
    "SCP_SYNTAX_ERROR_ACTION_WILDCARD": "SCPs take a wildcard anywhere in an action since 2025",
}
"""Checks of the page that are not made, and why."""
NAMES = [f"{row['check'].lower()}-{place}" for place, row in enumerate(ROWS)]


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_what_a_check_finds_is_flagged_at_its_line(row: dict[str, Any]) -> None:
    findings = lint_bytes(row["flagged"].encode(), "policy.json", kind=row["kind"])
    assert (row["rule"], row["severity"], row["line"]) in {(one.rule, one.severity, one.line) for one in findings}


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_what_is_near_it_is_not(row: dict[str, Any]) -> None:
    findings = lint_bytes(row["clean"].encode(), "policy.json", kind=row["kind"])
    assert [one.message for one in findings if one.rule == row["rule"] or one.severity == "error"] == []


def test_every_check_of_the_page_is_there() -> None:
    assert {"error", "warning", "security warning", "suggestion"} == {row["finding"] for row in ROWS}
    assert len({row["check"] for row in ROWS} | OTHERWISE.keys()) == 153


@pytest.mark.parametrize("row", RIGHT, ids=[row["what"] for row in RIGHT])
def test_a_usual_policy_that_is_right_has_no_warning(row: dict[str, Any]) -> None:
    findings = lint_bytes(json.dumps(row["policy"]).encode(), "policy.json", kind=row["kind"])
    assert [(one.rule, one.message) for one in findings if one.severity != "note"] == []
