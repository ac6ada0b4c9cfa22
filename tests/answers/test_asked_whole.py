"""What a name that somebody types is taken for, what is noted on a question, and all that was seen of a function."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import pytest

from projects import write
from remit.answers.explanation import Explanation, _on_question, explain, spelled_out
from remit.answers.seen_access import GrantedAction, SeenUse, granted_and_seen
from remit.app import Grant, Reason
from remit.holders import Holder, inline
from remit.iam.policy import allow

if TYPE_CHECKING:
    from pathlib import Path

ARN: Final = "arn:aws:sqs:eu-west-1:111122223333:q"
ROLE: Final = Holder(
    "R",
    names={
        "${DataQueue}": "arn:aws:sqs:::by-ref", "${DataQueue.Arn}": ARN, "${MyTable.Arn}": ARN, "${lower}": "arn:l",
        "${ReportFunction.Arn}": ARN, "${Unsettled}": "${Unsettled}-x", "${Plain}": "plain", "${Plain.Arn}": "plain",
    },
)  # fmt: skip


@pytest.mark.parametrize(
    ("action", "name", "expected"),
    [
        ("sqs:SendMessage", "DataQueue", "${DataQueue.Arn}"),
        ("sqs:SendMessage", "data-queue", "${DataQueue.Arn}"),
        ("sqs:SendMessage", "data_queue/", "${DataQueue.Arn}/"),
        ("sqs:SendMessage", "data.queue/a/b", "${DataQueue.Arn}/a/b"),
        ("sqs:SendMessage", "myTable", "${MyTable.Arn}"),
        ("sqs:SendMessage", "lower", "${lower}"),
        ("sqs:SendMessage", "Unsettled", "${Unsettled}"),
        ("Lambda:InvokeFunction", "report", "${ReportFunction.Arn}"),
        ("lambda:InvokeFunction", "report", "${ReportFunction.Arn}"),
        ("sqs:NoSuchAction", "report", "report"),
        ("sqs:NoSuchAction", "Plain", "Plain"),
        ("sqs:NoSuchAction", "plain/x", "plain/x"),
    ],
)
def test_a_name_of_the_stack_is_its_arn_first_and_else_its_reference(action: str, name: str, expected: str) -> None:
    assert expected == spelled_out(ROLE, action, name)


NOT_IN_STACK: Final = "there is no resource {} in the stack: did you mean {}?"
NO_QUEUE: Final = "{} is not an ARN and names no resource of sqs:SendMessage, which are called ${{QueueName}}"


@pytest.mark.parametrize(
    ("resource", "text", "is_of_stack", "notes"),
    [
        ("DataQueu", "DataQueu", False, [NOT_IN_STACK.format("DataQueu", "DataQueue"), NO_QUEUE.format("DataQueu")]),
        ("DataQueu/x", ARN, False, [NOT_IN_STACK.format("DataQueu", "DataQueue")]),
        ("Unsetled", ARN, False, [NOT_IN_STACK.format("Unsetled", "Unsettled")]),
        ("DataQueue", ARN, False, []),
        ("DataQueu", ARN, True, []),
        ("DataQueu*", ARN, False, []),
        ("DataQueu:x", ARN, False, []),
        ("Dataqueries", ARN, False, []),
        ("Plainn", ARN, False, []),
        ("*", "*", False, []),
        ("x", "${Late}", False, []),
    ],
)
def test_what_is_asked_about_is_noted_where_it_is_nearly_something_else(
    resource: str, text: str, notes: list[str], *, is_of_stack: bool
) -> None:
    assert notes == [*_on_question(ROLE, "sqs:SendMessage", resource, text, is_of_stack=is_of_stack)]


def test_forms_of_resources_are_told_once() -> None:
    """S3's objects have one form for each of its kinds of buckets."""
    (note,) = _on_question(ROLE, "s3:GetObject", "x:y", "x", is_of_stack=False)
    start, _, forms = note.partition(", which are called ")
    assert "x is not an ARN and names no resource of s3:GetObject" == start
    names = forms.split(" or ")
    assert sorted(set(names)) == sorted(names)


ELSEWHERE: Final = "444455556666"


def granted(*resources: str) -> Holder:
    return Holder("R", (inline([Grant(allow("sqs:SendMessage", on=resources), Reason("text", "it sends"))]),))


def test_a_late_bound_resource_is_asked_about_where_it_is_allowed_and_where_the_asker_is_at_home() -> None:
    late = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:q"
    asker = f"arn:aws:iam::{ELSEWHERE}:role/r"
    role = replace(granted(f"arn:aws:sqs:eu-west-1:{ELSEWHERE}:q"), notes=("a note",))
    answer = explain(role, "f", "sqs:SendMessage", late, principal=asker)
    assert ("Allowed", late, [0]) == (answer.verdict, answer.resource, [each.index for each in answer.deciding])
    only = [note for note in answer.notes if note.startswith("only where")]
    assert only == [f"only where the app is deployed to aws, eu-west-1, {ELSEWHERE}"]
    assert answer.notes[-1] == "a note"
    everywhere = explain(granted("*"), "f", "sqs:SendMessage", late, principal=asker)
    assert ("Allowed", ()) == (everywhere.verdict, everywhere.notes)
    # its account is all that the home place tells
    at_home = explain(granted("arn:aws:sqs:*:*:q"), "f", "sqs:SendMessage", late, principal=asker)
    assert ELSEWHERE == at_home.decision.request.resource.split(":")[4]


@pytest.mark.parametrize("resource", [None, ()])
@pytest.mark.parametrize("identity", [(), ("p",)])
def test_the_policy_of_a_resource_is_asked_where_no_other_is_beside_it(resource: Any, identity: Any) -> None:
    policies = SimpleNamespace(resource=resource, identity=identity)
    decision: Any = SimpleNamespace(policies=policies, allowed=False, verdict="ImplicitlyDenied")
    answer = Explanation("f", "sqs:SendMessage", ARN, decision, (), ())
    assert (resource is not None and not identity) == answer.of_resource


def use(function: str = "shop-dev-f", **fields: Any) -> dict[str, Any]:
    every = {"function": function, "action": "sqs:SendMessage", "resource": ARN, "decision": "allowed"}
    return {**every, "statement": "gone", "file": "a.py", "line": 1, "time": "2026-01-02T00:00:00Z", **fields}


def test_the_last_of_each_kind_of_access_is_seen_over_all_files(tmp_path: Path) -> None:
    """Files are read by the dates of their names; a use of a function whose name begins so is another's."""
    days = [f"2026-01-{day:02}" for day in range(2, 20)]
    files = {}
    for day in reversed(days):
        lines = [json.dumps(use(time=f"{day}T01:00:00Z")), json.dumps(use("shop-dev-f2", decision="denied"))]
        files[f".remit/seen/{day}.jsonl"] = "\n".join(lines).encode()
    denied = use(decision="denied", line=2, time="2026-01-03T00:00:00Z")
    unknown = use(decision="unknown", line=3)
    broken = json.dumps(use(file="b.py", time="2026-01-01T00:00:00Z")).encode().replace(b"b.py", b"\xff.py")
    files[".remit/seen/2026-01-01.jsonl"] = b"\n".join(
        [broken, b"{", *map(str.encode, map(json.dumps, (denied, unknown)))]
    )
    write(tmp_path, {"app.py": "", **files})
    role = granted("arn:aws:s3:::other", "arn:aws:sqs:*:*:q")
    (grant,) = role.grants
    seen = granted_and_seen(tmp_path, "shop-dev-f", role, role)
    first = SeenUse(**use(file="\N{REPLACEMENT CHARACTER}.py", time="2026-01-01T00:00:00Z"))
    last = SeenUse(**use(time="2026-01-19T01:00:00Z"))
    assert (GrantedAction("sqs:SendMessage", grant, (first, last)),) == seen.granted
    assert ((SeenUse(**denied),), "2026-01-01") == (seen.denied, seen.since)
