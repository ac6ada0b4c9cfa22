"""Parts of a review that are asked by themselves: gateways, conditions that differ, and what only the deploy knows."""

from __future__ import annotations

from typing import Any

import pytest

from remit.iam.policy import Condition, Globs, Policy, Principals, Statement
from remit.review.access_change import Elsewhere, Given, Review
from remit.review.gateway_endpoints import as_in_gateway, undecided_in_gateway
from remit.review.joined_worlds import merged
from remit.review.resource_policies import resource_changes

ACCOUNT = "arn:aws:iam::111122223333"


@pytest.mark.parametrize(
    ("names", "arns"),
    [
        (("111122223333", f"{ACCOUNT}:root"), (f"arn:*:iam::{ACCOUNT[-12:]}:root",) * 2),
        ((f"{ACCOUNT}:root", f"{ACCOUNT}:role/x"), (f"arn:*:iam::{ACCOUNT[-12:]}:root",)),
        ((f"{ACCOUNT}:user/x",), ()),
        (("*",), None),
    ],
)
def test_a_gateway_knows_root_users_and_everybody_alone(names: tuple[str, ...], arns: tuple[str, ...] | None) -> None:
    """Source: "Principals for gateway endpoints" (AWS PrivateLink Guide)."""
    principals = Principals(tuple(("AWS", name) for name in names))
    statement = Statement("Allow", Globs(("s3:*",)), Globs(("*",)), principals=principals)
    (actual,) = as_in_gateway(Policy((statement,))).statements
    conditions = () if arns is None else (Condition("ArnLike", "aws:PrincipalArn", arns),)
    assert (conditions, principals) == (actual.conditions, actual.principals)


def test_of_a_gateway_each_statement_is_undecided_of_which_aws_does_not_say_whom_it_means() -> None:
    root, everyone = Principals((("AWS", f"{ACCOUNT}:root"),)), Principals((("AWS", "*"),))
    all_but_root = Principals(root.patterns, negated=True)
    actions, resources = Globs(("s3:*",)), Globs(("*",))
    statements = tuple(
        Statement(effect, actions, resources, principals=principals)
        for effect in ("Allow", "Deny")
        for principals in (None, root, everyone, all_but_root)
    )
    found = [undecided.source for undecided in undecided_in_gateway(Policy(statements), 2)]
    assert [(location.layer, location.policy, location.index) for location in found] == [
        ("resource", 2, 3),
        ("resource", 2, 5),
        ("resource", 2, 7),
    ]
    assert [location.statement for location in found] == [statements[3], statements[5], statements[7]]


@pytest.mark.parametrize(
    ("hows", "expected"),
    [
        (("added", "added"), "added"),
        (("added", "removed"), "changed"),
        (("changed", "added"), "changed"),
        (("added", None), None),
    ],
)
def test_a_resource_that_differs_otherwise_in_another_world_is_changed(
    hows: tuple[str | None, ...], expected: str | None
) -> None:
    reviews: list[tuple[Any, Review]] = []
    for how in hows:
        elsewhere = None if how is None else (Elsewhere("B", "AWS::S3::Bucket", how),)
        reviews.append(({}, Review("a", "b", (), elsewhere=elsewhere)))
    assert (None if expected is None else (Elsewhere("B", "AWS::S3::Bucket", expected),)) == merged(reviews).elsewhere


def test_what_a_resource_says_at_the_deploy_only_and_each_new_doubt_are_undecided() -> None:
    old = Given("T", unread=frozenset({"same", "was"}), doubts=frozenset({"known", "gone"}))
    new = Given("T", unread=frozenset({"same", "now"}), doubts=frozenset({"known", "further"}))
    (change,) = resource_changes({"B": old}, {"B": new})
    known_at_the_deploy = [f"B (T): what this says is known at the deploy only: {text}" for text in ("now", "was")]
    assert [*known_at_the_deploy, "B (T): further"] == [unread.reason for unread in change.unread]
