"""What programs and people are told of a noun tells each part of it: whatever changes, another thing is told.

Each part of a noun is changed in turn. `Told.left_out` are the parts that are not told, each with its reason beside it:
a line that is wrong, or of no use any more, fails. `Told.keys` are the values that stand under another name than their
field has.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from nouns import Told, check_told
from random_cases import ASKS_ALL
from remit.answers.denied_request import Cause
from remit.answers.explanation import Explanation
from remit.answers.remedy import Remedy
from remit.answers.seen_access import GrantedAndSeen
from remit.audit.audit import AuditReport
from remit.catalogue.handlers import Handlers
from remit.deploy.deployed_code import OtherCode
from remit.deploy.drift import Drift
from remit.deploy.events import StackEvent
from remit.deploy.failed_jobs import FailedJob, QueueState
from remit.deploy.manual_changes import ManualChanges
from remit.deploy.session import Account
from remit.deploy.status import StackStatus
from remit.deployer.deployer_policy import Deployer
from remit.holders import Holder, by_arn
from remit.iam.decide.decision import Decision
from remit.iam.decide.evaluate import evaluate
from remit.iam.policy import Condition, Policy, allow
from remit.iam.request import Request
from remit.iam.tokens import ACCOUNT, REGION
from remit.lint.finding import Finding
from remit.report.access_documents import drift_document, review_document
from remit.report.access_lines import drift_lines, report_lines
from remit.report.access_report import review_report
from remit.report.actions import type_document, type_lines
from remit.report.audit import audit_json
from remit.report.audit_page import audit_page
from remit.report.audit_sarif import audit_sarif
from remit.report.comment import report_comment
from remit.report.deployed_code import other_code_document, other_code_text
from remit.report.deployer import deployer_document, deployer_text
from remit.report.events import cause_document as failure_document
from remit.report.events import event_line
from remit.report.explanation import (
    remedy_document,
    remedy_lines,
    role_document,
    role_lines,
    verdict_document,
    verdict_lines,
)
from remit.report.failed_jobs import failed_job_document, failed_job_lines, queue_document
from remit.report.findings import findings_github, findings_json, findings_text
from remit.report.manual_changes import by_hand_document, by_hand_lines
from remit.report.resource_losses import loss_document, loss_lines
from remit.report.seen_access import seen_document, seen_lines
from remit.report.stacks import status_document
from remit.report.why import cause_document, cause_lines
from remit.review.access_change import Review
from remit.review.resource_losses import ResourceLoss

if TYPE_CHECKING:
    from collections.abc import Callable

OWN: Final = "arn:aws:iam::111122223333:policy/own"
HERE: Final = Account("111122223333", "eu-west-1", "aws", None)


def decided(number: int) -> Decision:
    """An answer that hangs on a key of its own."""
    condition = Condition("StringEquals", f"aws:PrincipalTag/key-{number}", ("yes",))
    policy = Policy((replace(allow("sqs:SendMessage", on="*"), conditions=(condition,)),))
    return evaluate(Request("sqs:SendMessage", "*", open=frozenset({"*"})), policy)


EXAMPLES: Final[dict[Any, Callable[[int], Any]]] = {
    Decision: decided,
    "Explanation.action": lambda number: ("sqs:SendMessage", "sqs:ReceiveMessage")[number % 2],
    "Grant.stands_for": lambda _: (),  # those that a merged grant was made of
    "Piece.request": lambda number: Request(f"sqs:Action{number}", "*", stack={REGION: "eu", ACCOUNT: f"{number:012}"}),
    "StackEvent.at": lambda number: f"2026-01-31T12:{number // 60 % 60:02}:{number % 60:02}.000Z",
    "SeenUse.time": lambda number: f"20{number % 100:02}-01-31T12:00:00Z",
    "PrincipalRow.arn": lambda number: f"arn:aws:iam::111122223333:user/u{number}",
    "UnusedRow.principal": lambda number: f"arn:aws:iam::111122223333:user/u{number}",
    "AccessRow.action": lambda number: ("iam:PassRole", "s3:GetObject", "kms:Decrypt")[number % 3],
    "Change.before": lambda number: Holder(f"Role{number}"),
    "Change.after": lambda number: Holder(f"Role{number}"),
    "ManualChanges.access": lambda _: None,
    "FailedJob.body": lambda number: json.dumps({"arguments": number, "options": {}}),
    "Finding.severity": lambda number: ("error", "warning", "note")[number % 3],
    "DocumentFinding.severity": lambda number: ("error", "warning", "note")[number % 3],
    "UnusedPolicy.smaller": lambda number: json.dumps({"Statement": number}),
    "LintedDocument.key": lambda number: json.dumps({"Statement": number}),
}


def lines(told: Callable[..., Any], *arguments: Any) -> Callable[[Any], Any]:
    return lambda noun: list(told(noun, *arguments))


OF_HOLDERS: Final = (
    "condition", "document", "endpoint", "how", "limits", "^name", "policies[].name", "names", "note",
    "only_attached_to", "source_arn", "trusts", "version",
)  # fmt: skip
"""Of the policies of a role the statements are told, and of whom it trusts the whole policy."""
MANAGED: Final = {"policies": by_arn((OWN, "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess", f"{OWN}2"))}
"""Policies of which the second alone is known: AWS maintains it."""
OF_MANAGED: Final = (
    "condition", "endpoint", "limits", "^name", "names", "only_attached_to", "policies[].note", "source_arn", "trusts",
)  # fmt: skip
MENDED: Final = {"obstacle": None, "ways": ()}
"""An explanation tells of its remedy where nothing else has to change first."""
OF_ANSWERS: Final = ("kind", "takes_intrinsics", "version")
OF_LINES: Final = ("index", "layer", "deciding[].policy", "near[][0].policy")
"""People know a statement by its text and its line."""
WAYS_AGAIN: Final = tuple(f"ways[][1].{part}" for part in ("action", "asker", "notes", "obstacle", "resource"))
"""Of another answer to the same question, only what makes it another one."""
OF_CAUSES_OF_DENIALS: Final = (
    "answers[].deciding", "answers[].decision", "answers[].near", "authorization", "denial.action", "denial.function",
    "denial.layer", "denial.policy", "deploying", "encoded", "explicit", "note", "operation", "others", "remedy",
    "service", "^obstacle", *WAYS_AGAIN, "answers[].kind", "answers[].ways[][1].kind", *OF_ANSWERS[1:],
)  # fmt: skip
LACKED: Final = {("near", "lacked")}
OF_WAYS: Final = {("ways", "depends_on"), ("ways", "if")}
OF_MESSAGES: Final = ("dead_letters", "group", "message_id", "receipt", "sequence", "url")
"""By what a message is moved."""
OF_REVIEWS: Final = (
    "^functions",
    "names",
    "roles",
    "shapes",
    "statement",
    "whole",
    "trust.forbidden",
    "trust.freed",
    "trust.gained[].principal",
    "trust.lost[].principal",
)
"""What a review knows for others: names in place of references, and the statements that were compared."""
OF_CAUSES: Final = (
    *OF_REVIEWS,
    *(
        "accepted[].kind",
        "attached[].before",
        "difference",
        "forbidden[].public",
        "lost[].public",
        "of_resource",
        "trust.gained[].source",
        "trust.gained[].tier",
        "trust.lost[].source",
        "trust.lost[].tier",
        "unread[].arn",
        "what.public",
        "what.source",
        "why",
    ),
)
"""Of several pieces with one cause, which are told in a row."""
OF_PAGES: Final = (
    "access[].must_hold", "access[].reason", "access[].resource", "access[].statement", "account", "accounts[]",
    "denied", "digests", "documents without one", "events", "exposures[].statement", "files", "findings without one",
    "findings[].message", "first", "hint", "insights", "key", "kind", "last_calls", "name", "rule", "since", "smaller",
    "trail.last", "trail.problems", "unread", "uses", "ways", "where",
)  # fmt: skip
"""The page counts findings, and has of accounts what CSV has not."""
TOLD: Final = {
    "role_document": Told(Holder, role_document, (*OF_HOLDERS, "arn", "trust_origin"), {("Holder.logical_id", "role")}),
    "role_lines": Told(Holder, lines(role_lines), (*OF_HOLDERS, "arn", "trust_origin", "kind", "^origin")),
    "role_document of managed policies": Told(
        Holder, role_document, (*OF_MANAGED, "arn", "trust_origin"), {("Holder.logical_id", "role")}, MANAGED
    ),
    "role_lines of managed policies": Told(
        Holder, lines(role_lines), (*OF_MANAGED, "arn", "trust_origin", "kind", "^origin"), without=MANAGED
    ),
    "remedy_document": Told(Remedy, remedy_document),
    "remedy_lines": Told(Remedy, lines(remedy_lines), ("item", "typed")),
    "verdict_document": Told(Explanation, verdict_document, (*OF_ANSWERS, "remedy"), {*LACKED, *OF_WAYS}),
    "verdict_document that can be mended": Told(Explanation, verdict_document, OF_ANSWERS, LACKED, MENDED),
    "verdict_lines": Told(
        Explanation,
        lines(verdict_lines),
        (*OF_ANSWERS, *OF_LINES, "remedy", "^deciding", "^decision", "^near", *WAYS_AGAIN),
    ),
    "verdict_lines that can be mended": Told(
        Explanation, lines(verdict_lines), (*OF_ANSWERS, *OF_LINES, "item", "typed"), without=MENDED
    ),
    "cause_document": Told(
        Cause,
        cause_document,
        (*OF_ANSWERS, "remedy", "denial.action", "deploying"),
        {*LACKED, *OF_WAYS, ("Cause.conclusion", "cause"), ("function", "log_of"), ("unread", "unseen")},
    ),
    "cause_lines": Told(Cause, lines(cause_lines), (*OF_LINES, *OF_CAUSES_OF_DENIALS), width=1),
    "queue_document": Told(QueueState, queue_document),
    "failed_job_document": Told(FailedJob, failed_job_document, OF_MESSAGES, {("DeployedQueue.name", "queue")}),
    "failed_job_lines": Told(FailedJob, lines(failed_job_lines), OF_MESSAGES),
    "drift_document": Told(Drift, lambda drift: drift_document([drift])[0], ("policy", "repairs")),
    "drift_lines": Told(Drift, lambda drift: list(drift_lines([drift])), ("kind", "policy", "repairs")),
    "by_hand_document": Told(ManualChanges, by_hand_document, ("policy", "repairs")),
    "by_hand_lines": Told(ManualChanges, lines(by_hand_lines), ("drift[].kind", "policy", "repairs")),
    "other_code_document": Told(OtherCode, lambda other: other_code_document([other])[0]),
    "other_code_text": Told(OtherCode, lambda other: other_code_text([other])),
    "deployer_document": Told(
        Deployer, deployer_document, ("origin", "version"), {("unknown", "resource"), ("unknown", "type")}
    ),
    "deployer_text": Told(Deployer, deployer_text, ("version",)),
    "failure_document": Told(StackEvent, failure_document, ("at", "id", "physical_id", "stack_id", "status", "token")),
    "event_line": Told(
        StackEvent, lambda event: event_line(event, "shop-dev"), ("id", "physical_id", "stack_id", "token")
    ),
    "type_document": Told(Handlers, type_document),
    "type_lines": Told(Handlers, lines(type_lines)),
    "findings_json": Told(Finding, lambda finding: findings_json([finding])[0], ("grant", "statement")),
    "findings_text": Told(
        Finding,
        lambda finding: findings_text([finding], lambda _: ()),
        ("grant.origin", "name", "statement", "version"),
    ),
    "findings_github": Told(Finding, lambda finding: findings_github([finding]), ("grant", "statement")),
    "loss_document": Told(
        ResourceLoss,
        lambda loss: (loss_document([loss]) or [])[0],
        ("held", "origin"),
        {("ResourceLoss.how", "change"), ("ResourceLoss.logical_id", "resource")},
    ),
    "loss_lines": Told(ResourceLoss, lines(loss_lines), ("held",)),
    "review_document": Told(
        Review,
        review_document,
        (*OF_REVIEWS, "before", "losses[].held", "losses[].origin", "of_denials", "part", "use"),
        {
            ("Accepted.because", "accepted"),
            ("Attached.how", "change"),
            ("Door.now", "is"),
            ("Elsewhere.how", "change"),
            ("Elsewhere.name", "resource"),
            ("ResourceLoss.how", "change"),
            ("ResourceLoss.logical_id", "resource"),
            ("UnreadPolicy.arn", "policy"),
        },
        width=1,
    ),
    "report_lines": Told(
        Review, lambda review: list(report_lines(review_report(review), None)), (*OF_CAUSES, "losses[].held"), width=1
    ),
    "report_comment": Told(
        Review, lambda review: report_comment(review_report(review)), (*OF_CAUSES, "losses[].held"), width=1
    ),
    "status_document": Told(
        StackStatus,
        lambda status: status_document(status, HERE),
        ("description", "stack.id", "outputs reversed", "parameters", "resources[].reason", "tags"),
        {("DeployedStack.name", "namespace")},
    ),
    "seen_document": Told(
        GrantedAndSeen,
        lambda seen: seen_document("WebRole", seen),
        ("column", "decision", "denied[].statement", "function", "uses[].statement", "version"),
    ),
    "seen_lines": Told(
        GrantedAndSeen,
        lambda seen: list(seen_lines("web", seen)),
        (
            "decision",
            "denied[].statement",
            "denied[].time",
            "function",
            "reason",
            "uses reversed",
            "uses[].resource",
            "uses[].statement",
            "version",
        ),
    ),
    "audit_json": Told(
        AuditReport,
        lambda report: json.loads("".join(audit_json(report))),
        ("access[].reason", "count", "document", "must_hold reversed", "trail", "uses[].kind"),
        {("AuditReport.now", "at"), ("Edge.source", "from"), ("Edge.target", "to"), ("UnusedRow.last", "last_call")},
    ),
    "audit_page": Told(AuditReport, lambda report: "".join(audit_page(report)), OF_PAGES, width=1),
    "audit_sarif": Told(
        AuditReport,
        lambda report: audit_sarif(report, "1"),
        (
            "access",
            "account",
            "accounts",
            "action",
            "administrators",
            "exposures[].must_hold",
            "hint",
            "key",
            "kind",
            "needs[].resource",
            "needs[].statement",
            "now",
            "source",
            "trail",
            "unused",
            "uses without one",
            "uses[]",
            "ways",
        ),
        {
            (f"{kind}.principal", "fullyQualifiedName")
            for kind in ("DocumentUse", "EscalationPath", "UndecidedTechnique")
        }
        | {(f"{kind}.resource", "fullyQualifiedName") for kind in ("ExposureRow", "UndecidedExposure")}
        | {("InputProblem.file", "fullyQualifiedName"), ("unknown", "text")},
    ),
}


IN_ALL_CASES: Final = ("report_comment",)
"""What is told of the same report as another row tells of, which takes half a second."""


@pytest.mark.parametrize("name", [name for name in TOLD if ASKS_ALL or name not in IN_ALL_CASES])
def test_whatever_changes_in_a_noun_another_thing_is_told(name: str) -> None:
    check_told(TOLD[name], EXAMPLES)
