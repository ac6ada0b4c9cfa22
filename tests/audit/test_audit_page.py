"""The page of an audit stands alone, and shows what names and policies hold as text; SARIF has every finding."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from audit_accounts import ACCOUNT, EVERYTHING, NOW, OTHER, allow, page, report_of, role, trust, user, write
from random_cases import in_all_cases
from remit.audit.audit import AuditInput, audit
from remit.audit.trail import TrailSummary
from remit.report.audit_page import audit_page
from remit.report.audit_sarif import audit_sarif

if TYPE_CHECKING:
    from pathlib import Path

    from remit.audit.audit import AuditReport

MARKUP = "</script><img src=x onerror=alert(1)>"


@pytest.fixture
def report(tmp_path: Path) -> AuditReport:
    (tmp_path / "accounts").mkdir()
    (tmp_path / "accounts" / "bad.json").write_text("{", "utf-8")
    records = [role("x", allow("iam:PutRolePolicy", "s3:GetObjcet")), user(MARKUP, EVERYTHING), role("z", EVERYTHING)]
    return report_of(write(tmp_path / "accounts", page(*records)))


def data_of(text: str) -> Any:
    return json.loads(text.partition('id="data">')[2].partition("</script>")[0])


def test_the_page_loads_nothing_and_allows_its_own_script_alone(report: AuditReport) -> None:
    text = audit_page(report)
    script = text.rpartition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    without_data = re.sub(r'id="data">.*?</script>', "", text)
    assert html.escape(policy) in text
    assert [] == re.findall(r"(?:src|href)=|url\(|@import", without_data)
    assert {"http://www.w3.org/2000/svg"} == set(re.findall(r"https?://[^\"']+", without_data))


def test_names_are_data_and_never_markup(report: AuditReport) -> None:
    text = audit_page(report)
    assert MARKUP not in text
    assert any(MARKUP in item for item in data_of(text)["texts"])


def test_the_page_has_a_row_for_each_finding(report: AuditReport) -> None:
    sections = {section["title"]: len(section["rows"]) for section in data_of(audit_page(report))["sections"]}
    assert {
        "Ways to become an administrator": 1,
        "Administrators": 2,
        "Access from outside": 0,
        "Sensitive actions": 3,
        "Policies": 3,
        "Problems": 1,
    } == sections


@in_all_cases
def test_the_page_of_a_thousand_roles_is_small(tmp_path: Path) -> None:
    outside = trust(aws=f"arn:aws:iam::{OTHER}:root", when={"StringEquals": {"sts:ExternalId": "example"}})
    records = []
    for number in range(1000):
        granted = allow("iam:PutRolePolicy", "kms:*", "s3:GetObjcet", on="*") | {"Sid": f"Statement{number}"}
        records.append(role(f"role-with-a-name-{number}", granted, trusts=outside))
    trail = TrailSummary("logs", accounts={ACCOUNT}, first=NOW, last=NOW, events=1)
    report = audit(AuditInput(write(tmp_path, page(*records)), NOW, trail=trail))
    text = audit_page(report)
    rows = {section["title"]: len(section["rows"]) for section in data_of(text)["sections"]}
    assert {"Ways to become an administrator", "Access from outside", "Access that was not used"} <= {
        title for title, count in rows.items() if count >= 1000
    }
    assert len(text) < 500_000


def test_sarif_has_a_result_for_each_finding(report: AuditReport) -> None:
    run = audit_sarif(report, "1.0")["runs"][0]
    rules = [result["ruleId"] for result in run["results"]]
    counts = {rule: rules.count(rule) for rule in dict.fromkeys(rules)}
    assert {"audit-administrator": 1, "audit-policy": 3, "audit-input": 1} == counts
    assert all(
        run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"]
    )
