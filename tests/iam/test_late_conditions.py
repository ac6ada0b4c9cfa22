"""A block of condition keys that CloudFormation puts in at the deploy, as CDK's CfnJson does for trust policies."""

from __future__ import annotations

import pytest

from remit.iam.decide.evaluate import evaluate
from remit.iam.policy import Policy, parse, render
from remit.iam.prove.compare import compare_documents
from remit.iam.request import Request

LATE = {"Fn::GetAtt": ["Conditions", "Value"]}
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}
SECURE = {"Bool": {"aws:SecureTransport": "true"}}


def _policy(*statements: dict[str, object]) -> Policy:
    return parse({"Version": "2012-10-17", "Statement": list(statements)})


ALWAYS = _policy(READ)
EQUAL = _policy({**READ, "Condition": {"StringEquals": LATE}})
LIKE = _policy({**READ, "Condition": {"StringLike": LATE}})
BOTH = _policy({**READ, "Condition": {"StringEquals": LATE, **SECURE}})
UNLESS = _policy(READ, {**READ, "Effect": "Deny", "Condition": {"StringEquals": LATE}})


@pytest.mark.parametrize("context", [None, {}], ids=["nothing is said", "no key is there"])
@pytest.mark.parametrize("policy", [EQUAL, UNLESS], ids=["allow", "deny"])
def test_whether_it_holds_is_unknown_whatever_keys_a_request_has(
    policy: Policy, context: dict[str, str] | None
) -> None:
    decision = evaluate(Request("s3:GetObject", "arn:aws:s3:::data/a", context=context), [policy])
    assert (decision.verdict, decision.unknown) == ("Unknown", ("${Conditions.Value}",))


def test_it_is_rendered_as_one_text_in_the_place_of_its_keys() -> None:
    assert render(BOTH)["Statement"][0]["Condition"] == {"StringEquals": "${Conditions.Value}", **SECURE}


@pytest.mark.parametrize(
    ("old", "new", "gained", "lost"),
    [
        (EQUAL, EQUAL, 0, 0),
        (EQUAL, ALWAYS, 1, 0),
        (ALWAYS, EQUAL, 0, 1),
        (EQUAL, BOTH, 0, 1),
        (BOTH, EQUAL, 1, 0),
        (EQUAL, LIKE, 1, 1),
        (ALWAYS, UNLESS, 0, 1),
        (EQUAL, UNLESS, 1, 1),
    ],
)
def test_what_changes_around_it_is_proven_with_it_true_or_false(
    old: Policy, new: Policy, gained: int, lost: int
) -> None:
    found = compare_documents(old, new)
    assert (bool(found.gained), bool(found.lost), found.undecided) == (bool(gained), bool(lost), ())


@pytest.mark.parametrize(
    ("operator", "limit"),
    [
        ("NumericLessThan", "10"), ("DateLessThan", "2027-01-01T00:00:00Z"), ("Bool", "true"),
        ("IpAddress", "10.0.0.0/8"), ("StringEquals", "10"), ("ArnLike", "arn:aws:s3:::*"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(("is_open", "expected"), [(True, "Unknown"), (False, "ImplicitlyDenied")])
def test_a_value_that_the_deploy_fills_in_is_open_and_meets_nothing_where_it_is_not(
    operator: str, limit: str, expected: str, *, is_open: bool
) -> None:
    policy = _policy({**READ, "Condition": {operator: {"x:key": limit}}})
    late = frozenset({"${Late}"} if is_open else ())
    request = Request("s3:GetObject", "arn:aws:s3:::data/a", context={"x:key": "${Late}"}, open=late)
    decision = evaluate(request, [policy])
    assert (decision.verdict, decision.unknown) == (expected, ("${Late}",) if is_open else ())
