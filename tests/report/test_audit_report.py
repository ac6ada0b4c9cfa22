"""What an audit finds is told to people in tables and a few sentences, and to programs in JSON and SARIF."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from remit.audit.audit import AuditReport
from remit.audit.document_lint import LintedDocument
from remit.audit.escalation_paths import EscalationPath
from remit.audit.results import (
    AccessRow,
    DocumentFinding,
    DocumentUse,
    Edge,
    ExposureRow,
    PrincipalRow,
    StepNeed,
    UnusedPolicy,
    UnusedRow,
)
from remit.audit.sensitive_actions import SENSITIVE_ACTIONS
from remit.report.audit import access_csv, audit_json, audit_text
from remit.report.audit_page import audit_page
from remit.report.audit_sarif import audit_sarif
from remit.report.audit_words import REACHES

ACCOUNT: Final = "111122223333"
ADMINISTRATOR: Final = f"administrator of {ACCOUNT}"


def role(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def path(*names: str, assumes: str = "") -> EscalationPath:
    """A path from the first role over the others to the administrator."""
    targets = (*map(role, names[1:]), ADMINISTRATOR)
    needs = (StepNeed("iam:PassRole", "*", "own (inline), Statement[0]"),)
    steps = [Edge(role(name), target, "pass", needs, assumes) for name, target in zip(names, targets, strict=True)]
    return EscalationPath(role(names[0]), tuple(steps), ("pass",))


FINDING: Final = DocumentFinding("R101", "error", "there is no action s3:GetObjcet", "Statement[0]")
SMALLER: Final = {"Version": "2012-10-17", "Statement": []}
REPORT: Final = AuditReport(
    now="2026-11-28",
    accounts=(ACCOUNT,),
    principals=(PrincipalRow(role("a"), (AccessRow("s3:GetObject", "no", reason="a Deny"),)),),
    administrators=(role("root"),),
    paths=(path("a", assumes="it runs"), path("c", "b"), path("d")),
    undecided_techniques=(),
    exposures=(),
    undecided_exposures=(),
    unused=(
        UnusedRow(role("a"), "2026-11-01", "", (UnusedPolicy("own", ("sqs:*",), 20, ("s3",), json.dumps(SMALLER)),)),
    ),
    documents=(LintedDocument("1", "identity", (FINDING,), (DocumentUse("1", "identity", role("a"), "own"),)),),
    problems=(),
)


def test_the_last_sentences_count_what_was_found() -> None:
    expected = [
        "1 principal in 1 account",
        "1 administrator; 2 more can become one, and 1 if something else holds",
        "0 principals and resources with something undecided",
        "0 resources and roles open to anyone on the internet",
        "0 resources and roles open to another account",
        "1 error and 0 warnings in policies",
    ]
    assert expected == audit_text(REPORT).splitlines()[-len(expected) :]


def test_proven_paths_come_first_and_of_these_the_shortest() -> None:
    lines = [line.split()[0] for line in audit_text(REPORT).splitlines() if "pass →" in line]
    assert [role("d"), role("c"), role("a")] == lines


def test_programs_read_what_a_principal_can_do_and_what_was_not_used() -> None:
    document = json.loads("".join(audit_json(REPORT)))
    access = [{"action": "s3:GetObject", "verdict": "no", "reason": "a Deny"}]
    policy = {"policy": "own", "unused": ["sqs:*"], "not_logged": ["s3"], "smaller": SMALLER}
    unused = {"principal": role("a"), "since": "2026-11-01", "last_call": None, "policies": [policy]}
    assert [{"arn": role("a"), "account": ACCOUNT, "unknown": [], "access": access}] == document["principals"]
    assert [unused] == document["unused"]


def test_programs_read_null_for_the_statement_of_a_step_that_a_trust_policy_alone_allows() -> None:
    step = Edge(role("a"), role("b"), "sts:AssumeRole", (StepNeed("sts:AssumeRole", role("b")),))
    report = replace(REPORT, paths=(EscalationPath(role("a"), (step,), ("sts:AssumeRole",)),))
    (need,) = json.loads("".join(audit_json(report)))["paths"][0]["steps"][0]["needs"]
    assert need == {"action": "sts:AssumeRole", "resource": role("b"), "statement": None, "must_hold": {}}


def test_sarif_names_the_policy_and_the_statement_of_a_finding() -> None:
    results = audit_sarif(REPORT, "1.0")["runs"][0]["results"]
    texts = [result["message"]["text"] for result in results if result["ruleId"] == "audit-policy"]
    assert ["R101: there is no action s3:GetObjcet (own, Statement[0])"] == texts


def test_a_rule_of_the_log_is_an_error_where_somebody_must_act() -> None:
    rules = audit_sarif(REPORT, "1.0")["runs"][0]["tool"]["driver"]["rules"]
    levels = {rule["id"].removeprefix("audit-"): rule["defaultConfiguration"]["level"] for rule in rules}
    warnings = dict.fromkeys(("outside", "policy", "undecided"), "warning")
    assert levels == {"administrator": "error", "input": "error"} | warnings


def test_the_page_has_the_steps_of_each_path_behind_its_cells() -> None:
    data = json.loads(audit_page(REPORT).partition('id="data">')[2].partition("</script>")[0])
    paths, administrators = (section["rows"] for section in data["sections"][:2])
    assert [1, 2, 1] == [len(steps) for _, steps in paths]
    assert [1] == [len(row) for row in administrators]


WIDEST_FIRST: Final = ("anyone", "network", "organization", "account", "member account", "provider")
EXPOSURES: Final = st.lists(
    st.builds(
        ExposureRow,
        resource=st.sampled_from(["queue-a", "queue-b", "bucket"]),
        account=st.just(ACCOUNT),
        who=st.sampled_from(["*", "444455556666", "555566667777"]),
        reach=st.sampled_from([*WIDEST_FIRST, "service"]),
        actions=st.sampled_from([("sqs:SendMessage",), ("s3:Get*", "s3:Put*")]),
        statement=st.just("Statement[0]"),
        must_hold=st.sampled_from([(), (("aws:SourceIp", "10.0.0.0/8"),)]),
    ),
    max_size=8,
)


@settings(max_examples=30)
@given(EXPOSURES)
def test_every_outsider_but_a_service_has_a_row_the_widest_first_and_programs_get_all(rows: list[ExposureRow]) -> None:
    text = audit_text(replace(REPORT, exposures=tuple(rows)), width=200)
    told = [re.split(" {3,}", line.strip()) for line in text.splitlines() if re.match(" (queue|bucket)", line)]
    outsiders = [row for row in rows if row.reach != "service"]
    outsiders.sort(key=lambda row: (WIDEST_FIRST.index(row.reach), row.resource, row.who))
    expected = []
    for row in outsiders:
        who = REACHES[row.reach] if row.who == "*" else f"{row.who} ({REACHES[row.reach]})"
        held = ["aws:SourceIp = 10.0.0.0/8"] if row.must_hold else []
        expected.append([row.resource, who, ", ".join(row.actions), *held])
    assert told == expected


def test_the_tables_come_in_the_order_of_what_matters() -> None:
    outsider = ExposureRow("bucket", ACCOUNT, "*", "anyone", ("s3:GetObject",), "Statement[0]")
    titles = [
        "Ways to become an administrator",
        "Access from outside",
        "Sensitive actions",
        "Access that was not used",
        "Policies",
    ]
    lines = audit_text(replace(REPORT, exposures=(outsider,))).splitlines()
    assert [line for line in lines if line in titles] == titles


def test_of_findings_alike_in_severity_those_come_first_that_concern_most_principals() -> None:
    severities = ("warning", "error", "warning", "error")
    documents = []
    for users, severity in enumerate(severities, 1):
        uses = tuple(DocumentUse(str(users), "identity", role(f"r{number}"), "own (inline)") for number in range(users))
        finding = DocumentFinding("R101", severity, f"wrong{users}", "Statement[0]")
        documents.append(LintedDocument(str(users), "identity", (finding,), uses))
    told = re.findall(r"wrong\d", audit_text(replace(REPORT, documents=tuple(documents))))
    assert told == ["wrong4", "wrong2", "wrong3", "wrong1"]


def test_the_csv_has_a_row_for_each_action_and_each_thing_that_is_not_known() -> None:
    held = (("aws:SourceIp", "10.0.0.0/8"), ("aws:SecureTransport", "true"))
    rows = (
        AccessRow("iam:PassRole", "yes", role("x"), held, "own (inline), Statement[0]"),
        AccessRow("s3:GetObject", "undecided", reason="its key, which is not known"),
    )
    report = replace(REPORT, principals=(PrincipalRow(role("a"), rows, unknown=("a policy cannot be read",)),))
    header, unknown, passes, reads, *rest = csv.reader("".join(access_csv(report)).splitlines())
    assert ["account", "principal", "action", "harm", "verdict", "resource", "must_hold", "statement"] == header
    assert [ACCOUNT, role("a"), "*", "", "undecided", "", "a policy cannot be read", ""] == unknown
    told = ["yes", role("x"), "aws:SourceIp = 10.0.0.0/8; aws:SecureTransport = true", "own (inline), Statement[0]"]
    assert [ACCOUNT, role("a"), "iam:PassRole", SENSITIVE_ACTIONS["iam:PassRole"], *told] == passes
    assert ["s3:GetObject", "undecided", "its key, which is not known"] == [reads[2], reads[4], reads[6]]
    assert [] == rest
