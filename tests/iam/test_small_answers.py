"""Answers of the small parts of IAM's evaluation at the places where two rules meet."""

from __future__ import annotations

from typing import Any, Final

import pytest

from remit.errors import RemitError
from remit.iam.decide.evaluate import Request, evaluate
from remit.iam.decide.evaluation_logic import means_everyone
from remit.iam.pattern_list import resources_cover
from remit.iam.policy import Globs, Policy, allow, parse_statement
from remit.iam.prove.glob_sets import FRESH
from remit.iam.prove.realistic_values import in_other_places
from remit.iam.prove.typed_values import TYPED
from remit.iam.statement_cover import covers_statement
from remit.iam.tokens import REGION

ACCOUNT: Final = "111122223333"
CLOUDFRONT: Final = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"
"""Use an origin access identity (Amazon CloudFront Developer Guide): an identity of CloudFront's, not of an account."""


def test_an_identity_of_cloudfronts_has_no_policies_and_a_service_shares_no_account() -> None:
    request = Request("s3:GetObject", "arn:aws:s3:::b/k", CLOUDFRONT, {})
    everything = Policy((allow("*"),))
    assert (request.has_identity, request.owner, request.local) == (False, None, False)
    assert evaluate(request, everything, resource=()).verdict == "ImplicitlyDenied"
    assert not Request("s3:GetObject", "arn:aws:s3:::b/k", "lambda.amazonaws.com", {}).local


def test_a_trust_policy_is_a_roles_and_a_place_is_what_an_arn_spells() -> None:
    tags = (f"arn:aws:iam::{ACCOUNT}:role/app", f"arn:aws:sts::{ACCOUNT}:federated-user/al")
    assert [Request("sts:TagSession", resource).needs_resource_policy for resource in tags] == [True, False]
    queues = ("arn:aws:sqs:eu-west-1:1:q", "arn:aws:sqs:${AWS::Region}:1:q", "arn:aws:sqs:eu-*:1:q")
    assert [Request("sqs:SendMessage", resource).bound(REGION) for resource in queues] == ["eu-west-1", None, None]
    assert not Request("sqs:SendMessage", queues[0], open=frozenset()).leaves_open("Fn::Unfilled")


@pytest.mark.parametrize(
    ("wide", "narrow", "covered"),
    [
        ({"StringLike": {"x:y": "a*"}}, {"StringEquals": {"x:y": "ab"}}, True),
        ({"StringLike": {"x:y": "b*"}}, {"StringEquals": {"x:y": "ab"}}, False),
        ({"StringNotEquals": {"x:y": "a"}}, {"StringNotEquals": {"x:y": ["a", "b"]}}, True),
        ({"StringNotEquals": {"x:y": ["a", "b"]}}, {"StringNotEquals": {"x:y": "a"}}, False),
        ({"StringEquals": {"x:y": ["a", "b"]}}, {"StringEquals": {"x:y": "a"}}, True),
        ({"StringEquals": {"x:y": "a"}}, {"StringEquals": {"x:y": ["a", "b"]}}, False),
    ],
)
def test_a_statement_covers_another_whose_condition_asks_for_no_less(
    wide: dict[str, Any], narrow: dict[str, Any], *, covered: bool
) -> None:
    one, other = (
        parse_statement({"Effect": "Allow", "Action": "sqs:*", "Resource": "*", "Condition": condition})
        for condition in (wide, narrow)
    )
    assert covers_statement(one, other) is covered


def test_a_list_takes_another_only_if_it_takes_each_even_where_some_are_open() -> None:
    wide = Globs(("${X}/b",))
    answers = {("${X}/b",): True, ("${Y}/b",): None, ("zzz",): False, ("${Y}/b", "zzz"): False}
    assert {patterns: resources_cover(wide, Globs(patterns)) for patterns in answers} == answers


def test_a_statement_is_on_one_resource_or_several_and_its_effect_is_spelled_as_iam_spells_it() -> None:
    assert [allow("sqs:*", on=on).resources for on in ("a", ("a", "b"))] == [Globs(("a",)), Globs(("a", "b"))]
    for effect in ("allow", "deny", "ALLOW", ""):
        with pytest.raises(RemitError, match="only 'Allow' and 'Deny' exist"):
            parse_statement({"Effect": effect, "Action": "sqs:*", "Resource": "*"})


def test_the_values_of_a_type_that_matter_are_those_that_are_spelled_and_some_between_and_beyond() -> None:
    _, numbers = TYPED["Numeric"]
    spelled = [float(text) for text in numbers(["2.345", "1"])]
    assert spelled[:2] == [1, 2.345]
    assert spelled[4:] == [2]  # the one between them that has the fewest digits
    above, below = spelled[2:4]
    assert above > 2.345
    assert below < 1
    assert [*TYPED["Binary"][1](["AAA="])] == ["AAA=", "AAAA"]
    assert [*TYPED["IPAddress"][1](["255.255.255.254/31"])] == [
        "255.255.255.254", "255.255.255.255", "255.255.255.253", "192.0.2.1", "2001:db8::1",
    ]  # fmt: skip


def test_an_account_of_too_many_digits_stays_as_it_is() -> None:
    account = f"{ACCOUNT}4{FRESH}"
    places = [*in_other_places(f"arn:{FRESH}:iam::{account}:role/x")]
    assert {place.split(":")[4] for place in places} == {account}


@pytest.mark.parametrize(
    ("principals", "expected"),
    [
        ({"Principal": "*"}, True),
        ({"Principal": {"AWS": ["111122223333", "*"]}}, True),
        ({"Principal": {"AWS": "111122223333"}}, False),
        ({"NotPrincipal": "*"}, False),
        ({}, False),
    ],
)
def test_everyone_is_meant_by_a_star_among_those_that_are_named(principals: Any, *, expected: bool) -> None:
    statement = parse_statement({"Effect": "Allow", **principals, "Action": "s3:GetObject", "Resource": "*"})
    assert means_everyone(statement) is expected
