"""The words that examples are made with."""

from __future__ import annotations

from typing import Any

import pytest

from remit.iam.policy import Policy, parse
from remit.iam.prove.example_requests import Words
from remit.iam.prove.statement_space import CompiledPolicy


def policy(*resources: str, action: str = "sqs:*", **more: Any) -> Policy:
    statement = {"Effect": "Allow", "Action": action, "Resource": list(resources), **more}
    return parse({"Version": "2012-10-17", "Statement": [statement]})


@pytest.mark.parametrize(
    ("policies", "few", "free", "late", "beyond_partition"),
    [
        ([policy("x")], True, "zjkwvyZJK", False, False),  # `sqs:*` spells q
        ([policy("x", action="s3:Get?bject"), policy("y")], False, "zkwvZKWV0", False, False),
        ([policy("${AWS::Partition}"), policy("a")], True, "xzjkwvyXZ", True, False),
        ([policy("${AWS::Region}", "${AWS::Partition}")], True, "xzjkwvyXZ", True, True),
        ([policy("a"), policy("b", Condition={"StringLike": {"x:y": "?${Name}x"}})], False, "zjkwvyZJK", True, True),
    ],
)
def test_words_are_the_readable_ones_unless_a_single_wildcard_counts_letters_and_at_last_in_no_policy(
    policies: list[Policy], few: bool, free: str, late: bool, beyond_partition: bool
) -> None:
    words = Words(*map(CompiledPolicy, policies))
    attempts = ["".join(attempt) for attempt in words.attempts()]
    readable = ["example" + "".join(f"value{number}" for number in range(1, 9)), "xzqjkwvyX"]
    assert [*(readable if few else []), free] == attempts
    assert (late, beyond_partition) == (words.late, words.late_beyond_partition)
