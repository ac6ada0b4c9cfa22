"""The words that examples are made with."""

from __future__ import annotations

from typing import Any

import pytest

from remit.iam.decide.evaluate import Layers, Request
from remit.iam.policy import Policy, parse
from remit.iam.prove.action_search import Opening
from remit.iam.prove.compared_side import Side
from remit.iam.prove.example_requests import Words, requests_for
from remit.iam.prove.glob_sets import FRESH
from remit.iam.prove.realistic_values import ACCOUNT
from remit.iam.prove.resource_search import Witness
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


def tried(
    action: str, resource: str, context: Any, *, real: str | None = None, spelled: str = "", lifelike: bool = False
) -> list[tuple[str, str, dict[str, Any]]]:
    """Action, resource and context of one request after another."""
    opening = Opening(action, real, action, resource, Witness(resource, context))
    return list(requests_for(opening, Words(CompiledPolicy(policy("x"))), spelled, lifelike=lifelike))


PLACE = f"us-east-1:{ACCOUNT}"


@pytest.mark.parametrize(
    ("action", "spelled", "resource", "expected"),
    [
        # A bucket's ARN has neither a region nor an account.
        (f"s3:get{FRESH}", "s3:Get*", FRESH, [("s3:getexample", "arn:aws:s3:::example"), ("s3:getexample", "example")]),
        (f"sqs:{FRESH}", "sqs:*", FRESH, [("sqs:example", f"arn:aws:sqs:{PLACE}:example"), ("sqs:example", "example")]),
        ("s3:getnew", "s3:GetNew", "arn:aws:s3:::a", [("s3:GetNew", "arn:aws:s3:::a")] * 2),
        ("s3:getnew", "", f"arn:aws:s3:::a{FRESH}", [("s3:getnew", "arn:aws:s3:::aexample")] * 2),
    ],
)
def test_a_request_is_spelled_with_a_plausible_arn_first_and_then_with_the_bare_text_word_by_word(
    action: str, spelled: str, resource: str, expected: list[tuple[str, str]]
) -> None:
    rows = [(shown, on) for shown, on, _ in tried(action, resource, {}, spelled=spelled)]
    assert rows[:2] == expected
    letters = [tuple(text.replace("example", letter) for text in expected[1]) for letter in "xz"]
    assert rows[2:] == letters


def test_a_lifelike_request_has_values_of_the_form_of_its_keys_and_a_variable_is_one_value_everywhere() -> None:
    own = "\ue800"  # the letter of the first variable
    context = {
        "aws:sourcevpce": own, "x:k": own, "aws:tagkeys": "a", "aws:sourceaccount": (FRESH, ACCOUNT), "x:none": None,
    }  # fmt: skip
    arn = f"arn:aws:s3:::a/{own}"
    lifelike, plain, *_ = tried("s3:getobject", arn, context, real="s3:GetObject", spelled="s3:*", lifelike=True)
    vpce = "vpce-1a2b3c4d"
    assert lifelike == (
        "s3:GetObject",
        f"arn:aws:s3:::a/{vpce}",
        {"aws:SourceVpce": vpce, "x:k": vpce, "aws:TagKeys": ("a",), "aws:SourceAccount": (ACCOUNT,), "x:none": ()},
    )
    assert plain == (
        "s3:GetObject",
        "arn:aws:s3:::a/value1",
        {
            "aws:SourceVpce": "value1",
            "x:k": "value1",
            "aws:TagKeys": "a",
            "aws:SourceAccount": ("example", ACCOUNT),
            "x:none": (),
        },
    )


SQS, S3 = policy("*"), policy("*", action="s3:*")
DENYING = policy("*", Effect="Deny")


@pytest.mark.parametrize(
    ("layers", "permitted"),
    [
        (Layers((SQS,)), True),
        (Layers((S3,)), False),
        (Layers((SQS, DENYING)), False),
        (Layers((SQS,), boundary=(SQS,), session=(SQS,), scp=((SQS,), (SQS,))), True),
        (Layers((SQS,), boundary=(S3,)), False),
        (Layers((SQS,), session=(S3,)), False),
        (Layers((SQS,), session=(SQS, DENYING)), False),
        (Layers((SQS,), scp=((SQS,), (S3,))), False),
        (Layers((SQS,), rcp=((S3,),)), True),
        (Layers((SQS,), rcp=((SQS,), (DENYING,))), False),
        (Layers((S3,), rcp=((SQS,),)), False),
        (Layers((policy("*", Condition={"Bool": {"x:y": "true"}}),)), None),
    ],
)
def test_a_role_may_do_what_all_of_its_layers_allow_and_none_denies(layers: Layers, permitted: bool | None) -> None:
    """RCPs deny alone: what they allow is not needed, and is not enough. Of a request with open keys it may depend."""
    queue = f"arn:aws:sqs:{PLACE}:q"
    side, request = Side(layers), Request("sqs:SendMessage", queue)
    assert (permitted, permitted) == (side.permits(request), side.allows(request))
