"""What resources that limit, and those that grant, change when they come, go, get a policy, or say it elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from remit.app import Grant, Reason
from remit.holders import Holder, bounded, inline
from remit.iam.policy import Condition, Globs, Policy, Principals, Statement, allow
from remit.review.access_change import Elsewhere, Given, Version
from remit.review.changes import review
from remit.review.gateway_endpoints import as_in_gateway
from remit.review.resource_policies import differing_resources, resource_changes

ANYBODY: Final = Principals((("*", "*"),))
READS: Final = replace(allow("s3:*"), principals=ANYBODY)
DENY: Final = Statement("Deny", Globs(("s3:*",)), Globs(("*",)))
LIMIT: Final = "arn:aws:iam::111122223333:policy/limit"


def given(kind: str, *statements: Statement, on: tuple[str, ...] = ("r",), is_ceiling: bool = False) -> Given:
    documents = (tuple(Grant(statement, Reason("text", "x")) for statement in statements),) if statements else ()
    return Given(kind, documents, on, ("",) * len(on), is_ceiling=is_ceiling)


ENDPOINT: Final = given("AWS::EC2::VPCEndpoint", READS, is_ceiling=True)
OPEN: Final = given("AWS::EC2::VPCEndpoint", is_ceiling=True)
OF_ENDPOINT: Final = given("aws_vpc_endpoint_policy", READS, is_ceiling=True)
ALLOWS: Final = given("AWS::Organizations::Policy", allow("s3:*"), is_ceiling=True)
DENIES: Final = given("AWS::Organizations::Policy", DENY, is_ceiling=True)
QUEUES: Final = given("AWS::SQS::QueuePolicy", replace(allow("sqs:*"), principals=ANYBODY), on=("q", "p"))
Told = dict[str, list[tuple[str, str, bool]]]


def told(old: dict[str, Given], new: dict[str, Given]) -> dict[str, Told]:
    """By the resource what is gained, lost, freed and forbidden: whom, what, and whether everybody is let in."""
    return {
        change.role: {
            part: [(piece.principal, piece.action, piece.public) for piece in getattr(change.access, part)]
            for part in ("gained", "lost", "freed", "forbidden")
            if getattr(change.access, part)
        }
        for change in resource_changes(old, new)
    }


@pytest.mark.parametrize(
    ("before", "after", "there", "back"),
    [
        # What a new endpoint limits, nobody reached before; one that gets a policy limits what everybody reached.
        (None, ENDPOINT, {}, {}),
        (OPEN, ENDPOINT, {"lost": [("*", "*", True)]}, {"gained": [("*", "*", False)]}),
        (None, OF_ENDPOINT, {"lost": [("*", "*", True)]}, {"gained": [("*", "*", False)]}),
        (None, ALLOWS, {"lost": [("", "*", False)]}, {"gained": [("", "*", False)]}),
        # It stands beside FullAWSAccess, so that its denials alone come and go.
        (None, DENIES, {"forbidden": [("", "s3:*", False)]}, {"freed": [("", "s3:*", False)]}),
        (None, QUEUES, {"gained": [("*", "sqs:*", True)]}, {"lost": [("*", "sqs:*", True)]}),
    ],
)
def test_a_limit_takes_when_it_comes_and_gives_when_it_goes(
    before: Given | None, after: Given, there: Told, back: Told
) -> None:
    old, new = {} if before is None else {"R": before}, {"R": after}
    assert told(old, new) == ({"R": there} if there else {})
    assert told(new, old) == ({"R": back} if back else {})
    assert told(new, new) == {}


def test_what_another_resource_says_of_the_same_target_is_no_change_and_each_is_named() -> None:
    assert told({"A": QUEUES}, {"B": QUEUES}) == {}
    narrow = given("AWS::SQS::QueuePolicy", replace(allow("sqs:SendMessage"), principals=ANYBODY), on=("q",))
    assert told({"A": QUEUES}, {"B": narrow, "A": narrow}) == {"A": {"lost": [("*", "sqs:*", True)]}}
    old = {"A": QUEUES, "Same": narrow, "Gone": narrow, "Nothing": OPEN}
    new = {"New": QUEUES, "A": narrow, "Same": narrow, "Nothing": OPEN}
    assert [*differing_resources(old, new)] == [
        Elsewhere("New", "AWS::SQS::QueuePolicy", "added"),
        Elsewhere("A", "AWS::SQS::QueuePolicy", "changed"),
        Elsewhere("Gone", "AWS::SQS::QueuePolicy", "removed"),
    ]


def test_what_a_resource_says_to_a_role_of_the_template_is_left_to_the_role_by_the_name_of_either_version() -> None:
    role, other = "arn:aws:iam::111122223333:role/app", "arn:aws:iam::111122223333:role/other"

    def to(*names: str) -> dict[str, Given]:
        principals = Principals(tuple(("AWS", name) for name in names))
        grants = (Grant(replace(allow("sqs:SendMessage"), principals=principals), Reason("text", "x")),)
        return {"Q": Given("AWS::SQS::QueuePolicy", (grants,), ("q",), ("arn:aws:sqs:eu-west-1:111122223333:q",))}

    own = frozenset({"arn::iam::111122223333:role/app"})
    for new, now, gained in (
        (to(role, other), {}, [other]),
        (to("${App.Arn}", other), {"${App.Arn}": role}, [other]),
        (to("${App.Arn}"), {}, ["${App.Arn}"]),
    ):
        changes = resource_changes({}, new, {}, {}, now, own)
        assert [piece.principal for change in changes for piece in change.access.gained] == gained
    (lost,) = resource_changes(to("${App.Arn}", other), {}, {}, {"${App.Arn}": role}, {}, own)
    assert [piece.principal for piece in lost.access.lost] == [other]


def test_a_gateway_keeps_the_conditions_of_a_statement_that_it_limits_to_root_users() -> None:
    tls = Condition("Bool", "aws:SecureTransport", ("true",))
    statement = replace(
        allow("s3:*", when=(tls,)), principals=Principals((("AWS", "111122223333"), ("AWS", "arn:aws:iam::1:user/x")))
    )
    (in_gateway,) = as_in_gateway(Policy((statement,))).statements
    root = Condition("ArnLike", "aws:PrincipalArn", ("arn:*:iam::111122223333:root",))
    assert in_gateway == replace(statement, conditions=(tls, root))


def bound(documents: dict[str, Policy]) -> Version:
    grants = inline((Grant(allow("s3:*"), Reason("text", "x")),))
    return Version("a version", (Holder("Role", (grants,), ("f",), bounded(LIMIT)),), documents=documents)


def test_a_boundary_that_nobody_can_read_is_undecided_where_it_goes_and_the_same_where_one_version_has_read_it() -> (
    None
):
    read, reread = ({LIMIT: Policy((allow("s3:Get*"),))} for _ in range(2))
    assert review(bound(read), bound(reread)).changes == ()
    # What only one version has read counts in both.
    (change,) = review(bound({}), replace(bound({}), roles=(replace(bound({}).roles[0], limits=()),))).changes
    assert [unread.reason for unread in change.unread] == [
        f"boundary {LIMIT} is removed: what it kept the role from cannot be seen here"
    ]
    assert review(bound({}), bound(read)).changes == ()
