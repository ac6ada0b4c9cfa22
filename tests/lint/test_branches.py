"""Statements that Fn::If puts into a policy by turns: rules that compare statements take them for what they are."""

from __future__ import annotations

import pytest

from remit.lint import lint_bytes

TEMPLATE = """\
Parameters:
  Stage: {Type: String}
Conditions:
  P: !Equals [!Ref Stage, prod]
  Q: !Equals [!Ref Stage, dev]
Resources:
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
"""
SEND = '{Effect: Allow, Action: "sqs:SendMessage", Resource: "*"}'
ALL = '{Effect: Allow, Action: ["sqs:*"], Resource: "*"}'
DENY = '{Effect: Deny, Action: "sqs:*", Resource: "*"}'
NOTHING = "!Ref AWS::NoValue"
SID = '{Sid: A, Effect: Allow, Action: "sqs:SendMessage", Resource: "*"}'
SID2 = '{Sid: A, Effect: Allow, Action: "sns:Publish", Resource: "*"}'


def rules(*statements: str) -> set[str]:
    text = TEMPLATE + "".join(f"          - {one}\n" for one in statements)
    return {one.rule for one in lint_bytes(text.encode(), "template.yaml")} - {"R212", "R602"}


def chosen(condition: str, first: str, second: str = NOTHING) -> str:
    return f"!If [{condition}, {first}, {second}]"


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ((SEND, DENY), {"R606"}),
        ((chosen("P", SEND, DENY),), set()),
        ((SEND, chosen("P", DENY)), set()),
        ((chosen("P", SEND), chosen("P", DENY)), {"R606"}),
        ((chosen("P", SEND), DENY), {"R606"}),
        ((chosen("P", SEND), chosen("Q", DENY)), set()),
        ((SEND, ALL), {"R607"}),
        ((SEND, chosen("P", ALL)), set()),
        ((chosen("P", SEND, ALL),), set()),
        ((SEND, SEND), {"R604"}),
        ((chosen("P", SEND), SEND), set()),
        ((chosen("P", SEND, SEND),), set()),
        ((SID, SID2), {"R116"}),
        ((chosen("P", SID, SID2),), set()),
        ((chosen("P", SID), chosen("Q", SID2)), {"R116"}),
        (('{Effect: Allow, Action: !If [P, ["sqs:*"], ["sqs:SendMessage"]], Resource: "*"}',), set()),
        ((SEND, '{Effect: Deny, Action: !If [P, "sqs:*", "sns:*"], Resource: "*"}'), set()),
    ],
)
def test_only_statements_that_are_there_together_are_compared(statements: tuple[str, ...], expected: set[str]) -> None:
    assert rules(*statements) == expected


def test_of_two_branches_the_shorter_counts_against_the_quota() -> None:
    long = ", ".join(f'"arn:aws:sqs:eu-west-1:111122223333:queue-{number}"' for number in range(80))
    one = f'{{Effect: Allow, Action: "sqs:SendMessage", Resource: [{long}]}}'
    other = one.replace("sqs:SendMessage", "sqs:ReceiveMessage")
    assert "R601" in rules(one, other)
    assert "R601" not in rules(chosen("P", one, other))


def test_a_policy_is_too_long_only_where_it_is_so_in_every_branch() -> None:
    names = ", ".join(f'"arn:aws:sqs:eu-west-1:111122223333:{number:0>60}"' for number in range(80))
    long = f'{{Effect: Allow, Action: "sqs:SendMessage", Resource: [{names}]}}'
    assert "R601" not in rules(chosen("P", long, SEND))
    assert "R601" in rules(chosen("P", long, long))
