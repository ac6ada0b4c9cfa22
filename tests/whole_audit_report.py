"""An audit in which each decision of each of its reports matters: two of every row, in another order than is shown."""

from __future__ import annotations

import json
from typing import Final

from remit.audit.audit import AuditReport
from remit.audit.document_lint import LintedDocument
from remit.audit.entities import InputProblem
from remit.audit.escalation_paths import EscalationPath
from remit.audit.results import (
    AccessRow,
    DocumentFinding,
    DocumentUse,
    Edge,
    ExposureRow,
    PrincipalRow,
    StepNeed,
    UndecidedExposure,
    UndecidedTechnique,
    UnusedPolicy,
    UnusedRow,
)
from remit.audit.trail import DataSource, TrailSummary

ACCOUNT: Final = "111122223333"
SMALLER: Final = {"Version": "2012-10-17", "Statement": []}


def role(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def _yes(action: str) -> AccessRow:
    return AccessRow(action, "yes", "*", (), "own (inline), Statement[0]")


def _use(name: str, policy: str) -> DocumentUse:
    return DocumentUse("1", "identity", role(name), policy)


_STEPS: Final = (
    Edge(
        role("b"),
        role("c"),
        "assume",
        (
            StepNeed("sts:AssumeRole", role("c"), must_hold=(("sts:ExternalId", "x"), ("aws:PrincipalTag/Team", "a"))),
            StepNeed("sts:TagSession", role("c"), "own (inline), Statement[1]"),
        ),
    ),
    Edge(role("c"), f"administrator of {ACCOUNT}", "write", (StepNeed("iam:PutRolePolicy", "*", "p"),), "it is used"),
)
_ONE_STEP: Final = Edge(role("z"), f"administrator of {ACCOUNT}", "attach", (StepNeed("iam:AttachRolePolicy", "*"),))
_MANY: Final = tuple(f"x:Action{number}" for number in range(14))
WHOLE: Final = AuditReport(
    now="2026-11-28T00:00:00Z",
    accounts=(ACCOUNT, "444455556666"),
    principals=(
        PrincipalRow(role("none")),
        PrincipalRow(role("a"), (_yes("s3:GetObject"), AccessRow("iam:PassRole", "undecided", reason="no value"))),
        PrincipalRow(role("b"), unknown=("one document is no policy", "another is none")),
        PrincipalRow(
            role("c"),
            tuple(map(_yes, ("iam:PassRole", "iam:CreateAccessKey", "s3:GetObject", "secretsmanager:GetSecretValue"))),
        ),
        PrincipalRow(
            role("d"),
            (
                AccessRow("s3:GetObject", "yes", "arn:aws:s3:::b/x", (("aws:SourceIp", "10.0.0.1"),), "=p"),
                AccessRow("kms:Decrypt", "undecided", reason="no value"),
                AccessRow("iam:PassRole", "undecided", reason="no value either"),
            ),
        ),
    ),
    administrators=(role("root"),),
    paths=(EscalationPath(role("b"), _STEPS, ("assume", "pass")), EscalationPath(role("z"), (_ONE_STEP,), ("attach",))),
    undecided_techniques=(UndecidedTechnique(role("a"), "pass", "no value"),),
    exposures=(
        ExposureRow("queue", ACCOUNT, "777788889999", "account", ("sqs:SendMessage",), "Statement[1]"),
        ExposureRow("queue", ACCOUNT, "sns.amazonaws.com", "service", ("sqs:SendMessage",), "Statement[2]"),
        ExposureRow(
            "bucket", ACCOUNT, "*", "anyone", ("s3:Get*", "s3:Put*"), "Read", (("aws:Referer", "a"), ("aws:X", "b"))
        ),
        ExposureRow("archive", ACCOUNT, "*", "anyone", ("s3:Get*",), "Statement[0]"),
        ExposureRow("archive", ACCOUNT, "777788889999", "account", ("s3:Put*",), "Statement[1]"),
    ),
    undecided_exposures=(UndecidedExposure("topic", "Statement[0]", "no value"),),
    unused=(
        UnusedRow(
            role("d"),
            "2026-11-01",
            "2026-11-20T10:20:30Z",
            (
                UnusedPolicy("q (inline)", _MANY, 14, ("s3", "sqs"), json.dumps(SMALLER)),
                UnusedPolicy("arn:p", ("sqs:*",), 20, ()),
            ),
        ),
        UnusedRow(role("a"), "2026-11-01", "", (UnusedPolicy("p (inline)", ("sns:Publish",), 1, ()),)),
    ),
    documents=(
        LintedDocument(
            "2",
            "identity",
            (
                DocumentFinding("R212", "note", "whole service", "Statement[3]"),
                DocumentFinding("R201", "warning", "too wide", "Statement[0]", "narrow it"),
                DocumentFinding("R101", "error", "no such action", "Statement[2]"),
            ),
            tuple(_use(f"r{number}", f"p{number // 2}") for number in range(8)),
        ),
        LintedDocument(
            "1",
            "trust",
            (DocumentFinding("R101", "error", "no such key", "Statement[1]"),),
            (_use("a", "trust policy"),),
        ),
    ),
    problems=(InputProblem("b.json", "it is cut off"), InputProblem("a.json", "it is\nno JSON")),
    trail=TrailSummary(
        "logs",
        accounts={ACCOUNT},
        first="2026-11-01T00:00:00Z",
        last="2026-11-27T00:00:00Z",
        events=1200,
        denied=3,
        unread=2,
        data_sources={DataSource(ACCOUNT, "s3.amazonaws.com"), DataSource(ACCOUNT, "lambda.amazonaws.com")},
    ),
)
