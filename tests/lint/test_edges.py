"""Policies, templates and apps at the edges of rules: each finding in full, and none beyond them.

`REMIT_RECORD=1` writes the findings of `data/edges.jsonl` and `data/edge_apps.jsonl` anew, to be read before they are
kept. What cfn-lint refuses as a policy is held against them.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import cfn_lint
from random_cases import in_all_cases
from remit.lint import lint, lint_bytes
from remit.loading.load import load

if TYPE_CHECKING:
    from remit.lint.finding import Finding

FILE = Path(__file__).parent / "data" / "edges.jsonl"
APPS = FILE.with_name("edge_apps.jsonl")
ROWS: list[dict[str, Any]] = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]
APP_ROWS: list[dict[str, Any]] = [json.loads(line) for line in APPS.read_text("utf-8").splitlines()]

HOLDERS: dict[str, tuple[str, dict[str, Any], str]] = {
    "identity": ("AWS::IAM::ManagedPolicy", {}, "PolicyDocument"),
    "trust": ("AWS::IAM::Role", {}, "AssumeRolePolicyDocument"),
    "resource": ("AWS::SQS::QueuePolicy", {"Queues": [{"Ref": "Queue"}]}, "PolicyDocument"),
}
"""What a policy of a kind is given to, with its other properties and the property that has it."""
REFUSED_BY_CFN_LINT_ALONE = {
    "the end of an ARN in the policy of a resource": "API Gateway puts what is before it",
    "3 references of CloudFormation in a policy file": "so many are a pattern for people to fill in, which is a note",
    "a word for an account in three texts": "as above",
    "places to fill in: words": "as above",
    "question marks for one letter of each part": "a wildcard may stand within a region and an account",
    "a version that is filled in later": "another tool fills it in, which is a note",
    "a Sid twice in the policy of a resource": "some services accept it: a warning",
}


def in_full(finding: Finding, file: str = "") -> str:
    place = f"{finding.rule} {finding.severity} {file}{finding.line}:{finding.column} {finding.message}"
    return f"{place} | {finding.hint}" if finding.hint else place


def findings_of(row: dict[str, Any]) -> list[str]:
    text: str = row["text"] if "text" in row else json.dumps(row["document"], indent=1)
    return [
        in_full(finding) for finding in lint_bytes(text.encode(), row.get("file", "document.json"), kind=row["kind"])
    ]


def findings_of_app(row: dict[str, Any], parent: Path) -> list[str]:
    folder = parent / row["folder"]  # whose name is the app's
    for name, text in row["files"].items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return [in_full(finding, f"{finding.file}:") for finding in lint(load(folder, row["stage"]), folder=folder)]


@pytest.mark.skipif("REMIT_RECORD" in os.environ, reason="they are written anew")
@pytest.mark.parametrize("row", APP_ROWS, ids=[row["what"] for row in APP_ROWS])
def test_an_app_at_an_edge_has_these_findings_and_no_others(row: dict[str, Any], tmp_path: Path) -> None:
    assert row["findings"] == findings_of_app(row, tmp_path)


@pytest.mark.skipif("REMIT_RECORD" in os.environ, reason="they are written anew")
@pytest.mark.parametrize("row", ROWS, ids=[row["what"] for row in ROWS])
def test_a_document_at_an_edge_has_these_findings_and_no_others(row: dict[str, Any]) -> None:
    assert row["findings"] == findings_of(row)


@in_all_cases
def test_what_cfn_lint_refuses_as_a_policy_has_an_error(tmp_path: Path) -> None:
    rows = [row for row in ROWS if row["kind"] in HOLDERS and "document" in row]
    resources = []
    for number, row in enumerate(rows):
        kind, properties, element = HOLDERS[row["kind"]]
        holder = {"Type": kind, "Properties": {**properties, element: row["document"]}}
        resources.append(f'"Holder{number}": {json.dumps(holder)}')
    template = tmp_path / "template.json"  # one, with a line for each row: for each file, cfn-lint begins anew
    template.write_text(",\n".join(['{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}', *resources]) + "}}")
    findings = "\n".join(cfn_lint.findings(template))
    lines = re.findall(r"^\[E351\d: .*[\\/]template\.json:(\d+)", findings, re.MULTILINE)
    refused = {int(line) - 2 for line in lines}
    assert len(refused) > 20
    without_error = {rows[n]["what"] for n in refused if not any(text[5:10] == "error" for text in rows[n]["findings"])}
    assert without_error == REFUSED_BY_CFN_LINT_ALONE.keys()


@pytest.mark.skipif("REMIT_RECORD" not in os.environ, reason="only when asked to")
def test_record(tmp_path: Path) -> None:
    rows = [{**row, "findings": findings_of(row)} for row in ROWS]
    app_rows = [
        {**row, "findings": findings_of_app(row, tmp_path / str(number))} for number, row in enumerate(APP_ROWS)
    ]
    for file, recorded in ((FILE, rows), (APPS, app_rows)):
        file.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in recorded), "utf-8")
