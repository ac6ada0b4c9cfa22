"""Denials as people quote them in issue trackers, on pages and in logs, each with what it says."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pytest

from remit.answers.denial import Denial, parse

TABLE = Path(__file__).parents[1] / "data" / "denials.jsonl"
CASES: dict[str, dict[str, Any]] = {
    case["origin"]: case for case in map(json.loads, TABLE.read_text(encoding="utf-8").splitlines())
}


def said(text: str) -> dict[str, Any]:
    """What is read out of a text. Where the table says true, it is there, whatever it is."""
    found = parse(text)
    assert found is not None
    return {name: value for name, value in asdict(found).items() if value not in (None, ())}


def test_the_table_has_texts_of_many_origins() -> None:
    assert len(CASES) == len(TABLE.read_text(encoding="utf-8").splitlines()) >= 150


@pytest.mark.parametrize("origin", CASES)
def test_each_text_is_read_in_full_and_nothing_is_made_up(origin: str) -> None:
    expected, found = CASES[origin]["expected"], said(CASES[origin]["text"])
    told = {name: True if expected.get(name) is True else value for name, value in found.items()}
    assert told == expected


@pytest.mark.parametrize(
    "origin", [name for name, case in CASES.items() if "\n" not in case["text"] and case["text"][0] != "{"]
)
def test_a_frame_and_colours_change_nothing(origin: str) -> None:
    text = CASES[origin]["text"]
    framed = "│ " + (text if "eventSource" in text else text.replace(" ", "\n│ ", 2)) + "\n╵"
    assert parse(f"\x1b[31m{framed}\x1b[0m\r\n") == parse(text)


def told(text: str) -> tuple[object, ...]:
    found = parse(text)
    return () if found is None else (found.principal, found.action, found.resource, found.layer, found.operation)


@pytest.mark.parametrize("width", [80, 100, 120, 160])
def test_where_a_terminal_cut_the_lines_makes_no_difference(width: int) -> None:
    """Long lines are cut in the middle of words; what is copied from the terminal keeps the cuts."""
    texts = [case["text"] for case in CASES.values() if "\n" not in case["text"] and case["text"].lstrip()[0] != "{"]
    long = [text for text in texts if len(text) > width]
    cut = ["\n".join(text[at : at + width] for at in range(0, len(text), width)) for text in long]
    alike = sum(told(one) == told(text) for one, text in zip(cut, long, strict=True))
    assert len(long) >= 150
    assert alike >= 0.95 * len(long)


def test_a_record_is_found_in_a_line_of_a_log() -> None:
    """What stands before it on the line, and other lines, are no hindrance."""
    record = next(case["text"] for case in CASES.values() if case["origin"] == "cloudtrail: s3, no message")
    assert parse(f'2026-11-25 INFO {{"a": 1}}\n2026-11-25T00:00:00Z abc {record}\nend') == parse(record)


def test_what_else_was_denied_in_a_log_is_told() -> None:
    """A function that lacks several grants prints one denial after the other; the same one again is not told again."""
    lines = [
        f"An error occurred (AccessDenied) when calling the X operation: User: me is not authorized to perform: {what}"
        for what in ("s3:GetObject on resource: a", "s3:PutObject on resource: a", "s3:GetObject on resource: b")
    ]
    found = parse("\n".join([*lines, *lines]))
    assert found is not None
    assert (found.action, found.resource) == ("s3:GetObject", "a")
    assert found.others == ("s3:PutObject on a", "s3:GetObject on b")


WHO: Final = "arn:aws:iam::111122223333:user/u"
QUEUE: Final = "arn:aws:sqs:eu-west-1:111122223333:q"
ELSEWHERE: Final = "arn:aws:dynamodb:eu-west-1:444455556666:table/orders"
TRAIL: Final = {
    "eventSource": "dynamodb.amazonaws.com",
    "eventName": "GetItem",
    "awsRegion": "eu-west-1",
    "errorCode": "AccessDenied",
    "userIdentity": {"arn": WHO},
    "requestParameters": {"tableName": ELSEWHERE, "indexArn": f"{ELSEWHERE}/index/i"},
}
STACK_EVENT: Final = {
    "ResourceStatusReason": f"User: {WHO} is not authorized to perform: sqs:CreateQueue on resource: {QUEUE}",
    "LogicalResourceId": "Queue",
    "StackName": "shop",
}
DECODED: Final = {
    "allowed": False,
    "explicitDeny": True,
    "context": {"action": "sqs:CreateQueue", "principal": {"arn": WHO}, "resource": QUEUE},
}
PROXIED: Final = (
    'Error executing "PutObject" on "https://files.example/b/k"; AccessDenied (Service: Amazon S3; Status Code: 403)'
)
READ: Final = {
    f"2026-01-01 INFO {json.dumps(TRAIL)}": Denial(WHO, None, ELSEWHERE, operation="GetItem", service="dynamodb"),
    f"2026-01-01 INFO {json.dumps(STACK_EVENT)} ...": Denial(
        WHO, "sqs:CreateQueue", QUEUE, logical_id="Queue", stack="shop", deploying=True
    ),
    f"2026-01-01 INFO {json.dumps(DECODED)}": Denial(WHO, "sqs:CreateQueue", QUEUE, explicit=True),
    f"User: {WHO} is not authorized to perform: SQS:createqueue on resource: {QUEUE} "
    "because no identity-based policy allows the sqs:CreateQueue action": Denial(
        WHO, "SQS:createqueue", QUEUE, layer="identity", explicit=False
    ),
    json.dumps(
        {
            "eventSource": "sqs.amazonaws.com",
            "errorCode": "AccessDenied",
            "errorMessage": STACK_EVENT["ResourceStatusReason"],
        }
    ): Denial(WHO, "sqs:CreateQueue", QUEUE),
    PROXIED: Denial(operation="PutObject", service="Amazon S3"),
}


@pytest.mark.parametrize("text", READ)
def test_a_record_in_a_log_and_a_message_in_another_case_are_read_whole(text: str) -> None:
    assert READ[text] == parse(text)
