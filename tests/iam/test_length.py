"""How long a policy is, which IAM counts, and lint, builds and minimising with it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from remit.app import Grant, Reason
from remit.holders import Holder, inline
from remit.iam.length import length, policy_length
from remit.iam.policy import parse
from remit.lint.policies import with_statements
from remit.lint.rule_inputs import PolicyDocument
from remit.roles.policy_size import Sizes

SPACED: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject"],
            "Resource": "arn:aws:s3:::orders/in the year/*",
            "Condition": {"StringEquals": {"s3:prefix": 'Stra\u00dfe "a"'}},
        }
    ],
}
SPELLED = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],'
    '"Resource":"arn:aws:s3:::orders/in the year/*","Condition":{"StringEquals":{"s3:prefix":"Stra\u00dfe \\"a\\""}}}]}'
)


def test_lint_builds_and_minimising_count_the_same_characters() -> None:
    policy = parse(SPACED)
    role = Holder(
        "R", (inline(tuple(Grant(statement, Reason("text", "test")) for statement in policy.statements)),), ("f",)
    )
    counted = {
        "minimise": policy_length(policy),
        "lint": with_statements(PolicyDocument("identity", lambda _: None, SPACED)).size,
        "build": Sizes("orders-dev", {}).policy(role),
        "a file": Sizes("orders-dev", {}).written(SPACED),
    }
    assert counted == dict.fromkeys(counted, len(SPELLED.encode()))


@pytest.mark.parametrize(
    ("value", "characters"),
    [
        ("", 2),
        ("${Queue.Arn}/x", 2 + 9 + 2),
        (["${AWS::Region}", {"${A}": "b"}], len('["",{"":"b"}]') + 2 * 9),
        ('a${{"Fn::ImportValue":"x"}}', 2 + 1 + 9),
        ("${aws:username}", 2 + 15),
    ],
)
def test_a_reference_counts_as_long_as_it_becomes(value: Any, characters: int) -> None:
    assert length(value, lambda _: 9) == characters
    assert length(value) == len(json.dumps(value, separators=(",", ":")))


def test_of_what_a_condition_chooses_lint_counts_the_shorter() -> None:
    chosen = {
        "Fn::If": ["IsProd", "arn:aws:s3:::a", {"Fn::If": ["IsDev", "arn:aws:s3:::longer", {"Ref": "AWS::NoValue"}]}]
    }
    raw = {"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": [chosen, "arn:aws:s3:::b"]}}
    least = {"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::b"]}}
    assert with_statements(PolicyDocument("identity", lambda _: None, raw, names=frozenset())).size == length(least)
