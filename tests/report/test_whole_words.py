"""Small parts of answers, each in all of its words: cells, excerpts, lines of a policy, of a stack and of a cause."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import pytest

from audit_accounts import allow as allow_json
from audit_accounts import page, report_of, user
from audit_accounts import write as write_account
from remit.answers.denial import Denial
from remit.app import Grant, Reason
from remit.iam.policy import Policy, allow
from remit.report.audit import _cell
from remit.report.audit_page import audit_page
from remit.report.audit_sarif import audit_sarif
from remit.report.deployer import check_lines, deployer_text
from remit.report.explanation import fix_statement
from remit.report.failed_jobs import failed_job_document, job_lines
from remit.report.findings import findings_github, findings_text
from remit.report.manual_changes import by_hand_lines
from remit.report.operators import WordedOperator
from remit.report.plan import refusal
from remit.report.resource_losses import reason
from remit.report.stacks import status_lines
from remit.report.terminal_text import shown
from remit.report.why import cause_lines

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def record(**fields: Any) -> Any:
    """A record of which a function reads these fields alone."""
    return SimpleNamespace(**fields)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "a=1", "s3:Get*", ""])
def test_no_cell_is_a_formula(text: str) -> None:
    """Source: "CSV Injection" (OWASP)."""
    assert (f"'{text}" if text[:1] in tuple("=+-@\t\r") and text else text) == _cell(text)


def test_a_name_is_no_markup_in_the_page_of_an_audit(tmp_path: Path) -> None:
    write_account(tmp_path, page(user("a<b>&c", allow_json("iam:AttachUserPolicy"))))
    text = audit_page(report_of(tmp_path))
    data = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)[0]
    assert not set("<>&") & set(data)
    assert any("a<b>&c" in known for known in json.loads(data)["texts"])


@pytest.mark.parametrize(
    ("reach", "level"), [("anyone", "error"), ("account", "warning"), ("network", "warning"), ("service", None)]
)
def test_what_anyone_may_do_is_an_error_and_what_services_may_is_left_out(reach: Any, level: str | None) -> None:
    row = record(
        resource="arn:r", account="1", who="*", reach=reach, actions=("a:B", "a:C"), statement="S", must_hold=()
    )
    lists = dict.fromkeys(("paths", "documents", "principals", "problems"), ())
    lists |= dict.fromkeys(("undecided_techniques", "undecided_exposures"), ())
    results = audit_sarif(record(exposures=[row], **lists), "1.0")["runs"][0]["results"]
    assert ([] if level is None else [level]) == [result["level"] for result in results]
    assert all(" may a:B, a:C on arn:r, by S" in result["message"]["text"] for result in results)


GRANT: Final = Grant(allow("a:B", "a:C", on="arn:aws:a:::x"), Reason("text", "it needs them"))
LINES: Final = ["  Allow a:B", "        a:C", "      on arn:aws:a:::x", "      because it needs them"]


def test_the_policy_of_a_deployer_has_an_action_a_line() -> None:
    policy = Policy((GRANT.statement,))
    deployer = record(grants=(GRANT,), policy=policy, doing="deploys x", unknown=(("Id", "A::B::C"),), notes=("n\n",))
    first, *lines = deployer_text(deployer).splitlines()
    assert first.startswith("Whoever deploys x needs 1 statement, ")
    notes = ["note: Id is left out: it is not known what CloudFormation calls for an A::B::C", "note: n\\n"]
    assert [*LINES, *notes] == lines


def test_what_a_deployer_lacks_is_told_with_an_example_and_the_statement() -> None:
    check = record(is_enough=False, undecided=("who knows",), lacking=[record(grant=GRANT, denial="a:B on x")])
    statement = json.dumps({"Effect": "Allow", "Action": ["a:B", "a:C"], "Resource": "arn:aws:a:::x"})
    need = record(stack="shop")
    assert [
        "p.json lacks 2 actions that the deploy of shop needs",
        *LINES,
        "      for example a:B on x",
        f"      {statement}",
        "  ? who knows",
    ] == list(check_lines(check, need, "p.json"))
    enough = ["me allows all that `remit bootstrap` needs: proven for every request"]
    assert enough == list(check_lines(record(is_enough=True), record(stack=""), "me"))
    unsure = record(is_enough=False, undecided=(), lacking=[])
    assert ["me may not be enough"] == list(check_lines(unsure, need, "me"))


@pytest.mark.parametrize(
    ("action", "resource", "asks_trust", "of_resource", "principal", "expected"),
    [
        (
            "sqs:SendMessage", "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:q", False, False,
            "arn:aws:iam::111122223333:role/r", {"Resource": "arn:aws:sqs:*:111122223333:q"},
        ),
        (
            "sqs:SendMessage", "arn:aws:sqs:eu-west-1:${AWS::AccountId}:q", False, True, None,
            {"Principal": {"AWS": "arn:…"}, "Resource": "arn:aws:sqs:eu-west-1:*:q"},
        ),
        ("sts:AssumeRole", "arn:aws:iam::1:role/r", True, True, None, {"Principal": {"AWS": "arn:…"}}),
        (
            "sts:AssumeRoleWithWebIdentity", "arn:aws:iam::1:role/r", True, True, None,
            {"Principal": {"Federated": "arn:…"}},
        ),
        ("sqs:SendMessage", "*", False, False, None, {"Resource": "arn:…"}),
    ],
)  # fmt: skip
def test_a_statement_to_add_is_as_the_document_takes_it(
    action: str, resource: str, principal: str | None, expected: dict[str, Any], *, asks_trust: bool, of_resource: bool
) -> None:
    decision = record(request=record(principal=principal, asks_trust=asks_trust))
    explanation = record(
        action=action, resource=resource, takes_intrinsics=False, of_resource=of_resource, decision=decision
    )
    assert {"Effect": "Allow", "Action": action, **expected} == fix_statement(explanation)


@pytest.mark.parametrize("column", [1, 90, 91, 150, 399])
def test_the_caret_stands_below_its_column_however_long_the_line_is(column: int) -> None:
    text = "".join(chr(ord("a") + number % 26) for number in range(400))
    finding = record(severity="error", rule="R1", message="m", origin="f:1", grant=None, hint=None, file="f", line=1)
    finding.column, finding.name = column, "n"
    source, caret = findings_text([finding], lambda _: [text]).splitlines()[3:5]
    start = 0 if column <= 90 else column - 60  # three quarters of 120 columns, half of them before it
    assert ("…" if start else "") + text[start : start + 120] == source.partition(" | ")[2]
    place = caret.partition(" | ")[2].index("^")
    assert (text[column - 1], column - 1 - start + bool(start)) == (source.partition(" | ")[2][place], place)


def test_commands_of_github_escape_what_ends_them() -> None:
    """Source: "Workflow commands for GitHub Actions" (GitHub Docs)."""
    finding = record(
        severity="note", rule="R1", name="a,b:c", message="1%\n2,3:4", hint=None, file="d,e:f", line=3, column=0
    )
    assert findings_github([finding]) == ("::notice file=d%2Ce%3Af,line=3,title=remit R1 a%2Cb%3Ac::1%25%0A2,3:4\n")


@pytest.mark.parametrize("kind", ["role", "queue"])
def test_only_changes_of_roles_change_what_functions_may_do(kind: str) -> None:
    change = record(resource="Jobs", kind=kind, sentence="it was changed")
    changes = record(drift=(change,), access=None, not_compared=("a\x07",), unread=None)
    unknown = ["  ? what that does to access cannot be read with these credentials"] if kind == "role" else []
    lines = ["Changed by hand since the last deploy", "  ! Jobs: it was changed", *unknown, "  ? a\\x07"]
    assert lines == list(by_hand_lines(changes))


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ((), ""),
        (("Type",), "its type is another one"),
        (("Name",), "Name differs, and can only be set when it is created"),
        (("Type", "Name"), "Type, Name differ, and can only be set when it is created"),
    ],
)
def test_why_a_resource_is_replaced_is_a_clause(properties: tuple[str, ...], words: str) -> None:
    assert words == reason(record(properties=properties))


@pytest.mark.parametrize(("drift", "lines"), [("IN_SYNC", []), ("NOT_CHECKED", []), ("DRIFTED", ["  drift: DRIFTED"])])
@pytest.mark.parametrize("local", [False, True])
def test_a_stack_that_is_in_sync_has_no_line_on_drift(drift: str, lines: list[str], *, local: bool) -> None:
    stack = record(
        name="x", status="OK", since="2026-01-01T08:30:11", reason="", protected=False, drift=drift, outputs=()
    )
    status = record(stack=stack, functions=(), roles=(), failed=())
    place = "the AWS on this machine" if local else "account 1"
    account = record(local=local, account="1", region="r")
    assert [f"x in {place}, r: OK since 2026-01-01 08:30 UTC", *lines] == list(status_lines(status, account))


def test_answers_of_several_are_not_told_where_nobody_is_named() -> None:
    cause = record(
        denial=Denial(action="a:B", layer="scp"), function=None, kind="function", actions=("a:B", "a:C"),
        conclusion="c", answers=(record(), record()), advice=("h",), unread=("u", "v"), obstacle=None,
    )  # fmt: skip
    assert [
        "who:       not said",
        "action:    a:B or a:C",
        "resource:  not said",
        "cause:     c",
        "hint: h",
        "not visible from here: u, v",
    ] == list(cause_lines(cause))


def test_a_job_is_told_by_its_function_s_name() -> None:
    fields = {"id": "3f2a91bc77", "reason": "a\nb", "queue": record(name="mail"), "sent": 0, "attempts": None}
    jobs = [record(job=job, arguments=None, body="{}", **fields) for job in ("app.mail:send", "")]
    state = record(name="mail", waiting=1, running=2, delayed=3, failed=4, held=0)
    assert [
        "queues",
        "  mail  1 waiting, 2 running, 3 delayed, 4 failed",
        "failed for good",
        "  3f2a91bc  send  a",
        "  3f2a91bc  a message that is no job's  a",
    ] == list(job_lines([state], jobs))
    document = {"id": "3f2a91bc77", "queue": "mail", "job": None, "put_aside": "1970-01-01T00:00:00Z"}
    assert {**document, "attempts": None, "reason": "a\nb", "message": "{}"} == failed_job_document(jobs[1])


def test_signs_that_turn_writing_round_are_spelled_out() -> None:
    signs = [*range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(9), *range(0x0B, 0x20), *range(0x7F, 0xA0)]
    assert all(shown(chr(sign)) == ascii(chr(sign))[1:-1] for sign in signs)
    assert shown("a\tb\nc é") == "a\tb\nc é"


@pytest.mark.parametrize("goes_back", [False, True])
@pytest.mark.parametrize("kind", ["CREATE", "UPDATE"])
def test_gains_of_a_rollback_are_accepted_by_no_file(kind: str, *, goes_back: bool) -> None:
    plan = record(kind=kind, goes_back=goes_back, data_to_name=(), destroyed=())
    review = record(changes=(), elsewhere=(), old="", new="", functions=(), losses=(), notes=(), not_compared=())
    access = record(broadens=True, differs=True, review=review, unread="it is not known")
    question = record(plan=plan, access=access, yes=False, yes_delete=(), lacks_access=True)
    ways = {"CREATE": ["`--first` deploys a stage for the first time"]}.get(kind, [])
    if kind == "UPDATE" and not goes_back:
        ways = ["`remit diff --deployed --stage prod --accept REASON` accepts what is gained"]
    reasons, hint = refusal(question, " --stage prod")
    assert ["it adds access (1 undecided)"] == reasons
    assert "; ".join([*ways, "`--yes`, or a yes at a terminal, deploys it anyway"]) == hint


class Shown(WordedOperator):
    """Keeps what it is shown."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def show(self, lines: Iterable[str]) -> None:
        self.lines += lines


def test_changes_by_hand_are_shown_to_an_operator() -> None:
    change = record(drift=(), access=None, not_compared=("x",), unread=None)
    operator = Shown()
    operator.see(change)
    assert ["  ? x"] == operator.lines
