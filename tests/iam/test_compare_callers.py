"""Whom two policies of a resource let in: every gain is one for the evaluator, and it finds none beside them."""

from __future__ import annotations

from itertools import product
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.errors import RemitError
from remit.iam.decide.evaluate import Layers, Request, evaluate
from remit.iam.policy import Policy, allow, parse
from remit.iam.prove.compare import compare
from remit.iam.prove.compare_callers import ComparedPolicies, compare_callers

HERE, THERE = "111122223333", "444455556666"
USER, ROLE = f"arn:aws:iam::{HERE}:user/ann", f"arn:aws:iam::{HERE}:role/build"
SERVICE: Final = "sns.amazonaws.com"
OWNER: Final = "999988887777"
PRINCIPALS: Final[tuple[Any, ...]] = (
    "*", {"AWS": "*"}, {"AWS": HERE}, {"AWS": f"arn:aws:iam::{THERE}:root"}, {"AWS": USER}, {"AWS": [ROLE, USER]},
    {"Service": SERVICE}, {"AWS": [HERE, ROLE]}, {"AWS": THERE, "Service": SERVICE},
)  # fmt: skip
CONDITIONS: Final[tuple[Any, ...]] = (
    None,
    None,
    {"Bool": {"aws:SecureTransport": "true"}},
    {"Bool": {"aws:SecureTransport": "false"}},
    {"StringEquals": {"aws:PrincipalAccount": HERE}},
    {"StringNotEquals": {"aws:PrincipalAccount": THERE}},
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{HERE}:role/*"}},
    {"StringEquals": {"aws:SourceAccount": THERE}},
)
CALLERS: Final = (
    "*", USER, ROLE, SERVICE, "events.amazonaws.com", f"arn:aws:iam::{HERE}:user/bob", f"arn:aws:iam::{THERE}:user/eve",
    "arn:aws:iam::222233334444:user/eve", f"arn:aws:iam::{HERE}:role/other",
)  # fmt: skip
CONTEXTS: Final[tuple[dict[str, Any], ...]] = (
    {}, {"aws:SecureTransport": "true"}, {"aws:SecureTransport": "false"}, {"aws:SourceAccount": THERE},
)  # fmt: skip
REQUESTS: Final = tuple(
    Request(action, resource, caller, context, resource_account=OWNER)
    for action, resource, caller, context in product(
        ("sqs:SendMessage", "sqs:ReceiveMessage"), ("arn:aws:sqs:eu-west-1:999988887777:a",), CALLERS, CONTEXTS
    )
)
EVERYTHING: Final = (Policy((allow("*"),)),)


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    effect = draw(st.sampled_from(("Allow", "Allow", "Deny")))
    element = draw(st.sampled_from(("Principal", "Principal", "NotPrincipal"))) if effect == "Deny" else "Principal"
    named = draw(st.sampled_from(PRINCIPALS[2:] if element == "NotPrincipal" else PRINCIPALS))
    action = draw(st.sampled_from(("sqs:SendMessage", "sqs:*", ["sqs:SendMessage", "sqs:ReceiveMessage"])))
    statement = {"Effect": effect, element: named, "Action": action, "Resource": "*"}
    condition = draw(st.sampled_from(CONDITIONS))
    return statement if condition is None else {**statement, "Condition": condition}


POLICIES: Final = st.lists(statements(), min_size=1, max_size=3).map(
    lambda drawn: parse({"Version": "2012-10-17", "Statement": drawn})
)


def verdict(policy: Policy, request: Request) -> str:
    return evaluate(request, Layers(EVERYTHING, resource=(policy,))).verdict


@settings(max_examples=cases(12, deep=150), deadline=None)
@given(POLICIES, POLICIES)
def test_gains_and_losses_are_those_of_the_evaluator(old: Policy, new: Policy) -> None:
    found = compare_callers(ComparedPolicies((old,), (new,), owner=OWNER))
    for pieces, wide, narrow in ((found.gained, new, old), (found.lost, old, new)):
        for piece in pieces:
            assert (verdict(wide, piece.request), verdict(narrow, piece.request)[-6:]) == ("Allowed", "Denied")
    for pieces, wide, narrow in ((found.freed, old, new), (found.forbidden, new, old)):
        for piece in pieces:
            assert verdict(wide, piece.request) == "ExplicitlyDenied" != verdict(narrow, piece.request)
    for request in REQUESTS:
        before, after = verdict(old, request), verdict(new, request)
        assert not (after == "Allowed" != before) or found.gained or found.undecided
        assert not (before == "Allowed" != after) or found.lost or found.undecided
        assert not (before == "ExplicitlyDenied" and after == "ImplicitlyDenied") or found.freed or found.undecided
        assert not (after == "ExplicitlyDenied" and before == "ImplicitlyDenied") or found.forbidden or found.undecided


@settings(max_examples=cases(10, deep=50), deadline=None)
@given(POLICIES)
def test_a_policy_gains_nothing_on_itself_in_another_order_or_in_two_documents(policy: Policy) -> None:
    turned = Policy(tuple(reversed(policy.statements)))
    parts = tuple(Policy((statement,)) for statement in policy.statements)
    for other in ((turned,), parts):
        assert compare_callers(ComparedPolicies((policy,), other)).same


def test_what_is_denied_no_longer_and_allowed_now_is_a_gain_alone() -> None:
    allowing = {"Effect": "Allow", "Principal": {"AWS": USER}, "Action": "sqs:SendMessage", "Resource": "*"}
    denying = {**allowing, "Effect": "Deny", "Principal": "*"}
    old = parse({"Version": "2012-10-17", "Statement": [allowing, denying]})
    new = parse({"Version": "2012-10-17", "Statement": [allowing]})
    found = compare_callers(ComparedPolicies((old,), (new,), owner=HERE))
    users = [piece for piece in found.freed if piece.request.principal == USER]
    assert (["sqs:SendMessage"], [], True) == ([piece.action for piece in found.gained], users, bool(found.freed))
    back = compare_callers(ComparedPolicies((new,), (old,), owner=HERE))
    assert (1, len(found.freed)) == (len(back.lost), len(back.forbidden))


@pytest.mark.parametrize("condition", [{}, {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}])
def test_what_is_denied_no_longer_is_shown_by_somebody_whom_other_policies_may_let_in(condition: Any) -> None:
    """Whoever is anonymous has no policies of its own, though the Deny means everybody."""
    denying = {"Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*", "Condition": condition}
    if not condition:
        del denying["Condition"]
    old, new = parse({"Version": "2012-10-17", "Statement": [denying]}), Policy(())

    (piece,) = compare_callers(ComparedPolicies((old,), (new,))).freed

    assert ("*", "now") == (piece.principal, piece.tier)
    assert ("ExplicitlyDenied", "Allowed") == (verdict(old, piece.request), verdict(new, piece.request))


def test_what_is_denied_no_longer_matters_today_also_where_the_resource_must_allow_by_itself() -> None:
    """The document may be a resource control policy, beside which a key's own policy lets people in."""
    denying = {"Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}
    old = parse({"Version": "2012-10-17", "Statement": [denying]})

    (piece,) = compare_callers(ComparedPolicies((old,), (Policy(()),))).freed

    assert ("now", True) == (piece.tier, piece.request.has_identity)


def test_a_policy_with_principals_is_not_compared_as_if_it_had_none() -> None:
    policy = parse({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}})
    for side in (policy, (Policy(()), policy)):
        with pytest.raises(RemitError, match="a policy with principals is a resource's"):
            compare(Policy(()), side)


def test_a_deny_that_spares_everybody_is_undecided_however_it_says_so() -> None:
    for spared in ("*", {"AWS": "*"}, {"AWS": ["111122223333", "*"]}):
        deny = {"Effect": "Deny", "NotPrincipal": spared, "Action": "sqs:*", "Resource": "*"}
        policy = parse({"Version": "2012-10-17", "Statement": [{**deny, "Sid": "Spare"}]})
        undecided = compare_callers(ComparedPolicies((Policy(()),), (policy,))).undecided
        assert "a Deny with `NotPrincipal: *` says nobody or everybody" in {item.reason for item in undecided}


def test_a_pattern_with_an_action_that_lists_everything_gains_by_what_is_on_the_resource() -> None:
    """`s3:List*` means ListAllMyBuckets, too, which no object is named for, and ListMultipartUploadParts."""
    statement = {"Effect": "Allow", "Principal": {"AWS": HERE}, "Action": "s3:List*", "Resource": "arn:aws:s3:::b/*"}
    new = parse({"Version": "2012-10-17", "Statement": [statement]})
    comparison = compare_callers(ComparedPolicies((), (new,)))
    (piece,) = comparison.gained
    assert (piece.request.action, piece.tier, comparison.undecided) == ("s3:ListMultipartUploadParts", "now", ())


def resource_policy(*statements: dict[str, Any]) -> tuple[Policy, ...]:
    return (parse({"Version": "2012-10-17", "Statement": list(statements)}),)


def statement(principal: Any, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Principal": principal, "Action": "sqs:SendMessage", "Resource": "*", **more}


@pytest.mark.parametrize(
    ("old", "new", "public"),
    [
        ([], [statement("*")], True),
        ([], [statement("*", Condition={"Bool": {"aws:SecureTransport": "true"}})], True),
        ([], [statement("*", Condition={"IpAddress": {"aws:SourceIp": "8.8.8.0/24"}})], False),
        ([], [statement("*", Condition={"StringEquals": {"aws:PrincipalAccount": HERE}})], False),
        ([], [statement({"AWS": HERE})], False),
        # Whoever encrypts was let in before.
        ([statement("*", Condition={"Bool": {"aws:SecureTransport": "true"}})], [statement("*")], False),
    ],
)
def test_a_gain_is_public_where_people_anywhere_are_let_in_who_were_not_before(
    old: list[dict[str, Any]], new: list[dict[str, Any]], public: bool
) -> None:
    found = compare_callers(ComparedPolicies(resource_policy(*old), resource_policy(*new)))
    assert found.gained
    assert {public} == {piece.public for piece in found.gained}
    assert ((), ()) == (found.lost, found.undecided)


def test_a_gain_is_shown_on_the_resource_of_its_owner_by_the_first_whom_it_lets_in() -> None:
    queue = f"arn:aws:sqs:eu-west-1:{OWNER}:a"
    condition = {"StringNotEquals": {"aws:PrincipalAccount": THERE}}
    sides = resource_policy(), resource_policy(statement("*", Condition=condition))
    (piece,) = compare_callers(ComparedPolicies(*sides, owner=OWNER, resource=queue)).gained
    assert (queue, OWNER, "*") == (piece.request.resource, piece.request.resource_account, piece.request.principal)
    assert ("*", True) == (piece.principal, piece.public)


def test_why_somebody_is_let_in_or_not_is_told_of_the_part_and_its_statement() -> None:
    """Of a Deny, the place is that in the whole document, not among the statements that mean the caller."""
    other, user = statement({"AWS": f"arn:aws:iam::{THERE}:root"}, Action="sqs:*"), statement({"AWS": USER})
    old, new = resource_policy(other, user, statement({"AWS": USER}, "Deny")), resource_policy(other, user)
    (back,) = compare_callers(ComparedPolicies(old, new, layer="trust", part="trust policy")).gained
    (fresh,) = compare_callers(ComparedPolicies(resource_policy(other), new, part="trust policy")).gained
    assert ("the old trust[0].Statement[2] denies it", "trust[0].Statement[1]") == (back.because, back.source.name)
    assert fresh.because == "no statement of the old trust policy allows it"


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ([], [statement({"AWS": USER}, "Deny")], ("forbidden",)),
        ([], [statement({"AWS": USER}), statement({"AWS": USER}, "Deny")], ("forbidden",)),
        ([statement({"AWS": USER})], [statement({"AWS": USER}, "Deny")], ("lost",)),
        ([statement({"AWS": USER}, "Deny")], [statement({"AWS": USER})], ("gained",)),
        ([statement({"AWS": USER}), statement({"AWS": USER}, "Deny")], [], ("freed",)),
        (
            [],
            [statement("*", "Deny", Condition={"StringEquals": {"aws:PrincipalAccount": HERE}})],
            ("forbidden",),
        ),
        # Nobody is of two accounts, nor has the ARN of somebody else.
        ([], [statement({"AWS": USER}, "Deny", Condition={"StringEquals": {"aws:PrincipalAccount": THERE}})], ()),
        ([], [statement({"AWS": USER}, "Deny", Condition={"ArnEquals": {"aws:PrincipalArn": ROLE}})], ()),
        ([], [statement({"AWS": USER}, Condition={"ArnEquals": {"aws:PrincipalArn": ROLE}})], ()),
        ([], [statement({"AWS": USER}, Condition={"ArnEquals": {"aws:PrincipalArn": USER}})], ("gained",)),
    ],
)
def test_a_denial_counts_where_the_other_version_neither_allows_nor_denies(
    old: list[dict[str, Any]], new: list[dict[str, Any]], parts: tuple[str, ...]
) -> None:
    found = compare_callers(ComparedPolicies(resource_policy(*old), resource_policy(*new)))
    told = [name for name in ("gained", "lost", "freed", "forbidden") if getattr(found, name)]
    assert (list(parts), ()) == (told, found.undecided)
    for piece in (*found.freed, *found.forbidden):
        assert piece.because == f"the {'new' if found.freed else 'old'} policy does not deny it"


def test_what_both_versions_leave_undecided_is_told_at_its_place_in_the_new_one() -> None:
    """Among the statements that mean the caller it is the first in both."""
    service = statement({"Service": SERVICE})
    unclear = statement({"AWS": USER}, "Deny", Action="sqs:${Operation}")
    compared = ComparedPolicies(resource_policy(service, unclear), resource_policy(unclear, statement({"AWS": USER})))
    places = {item.source.name for item in compare_callers(compared).undecided}
    assert places == {"resource[0].Statement[0]"}
