"""What a change does to each function, whatever policies are attached: never less than the truth."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

import pytest

from random_cases import cases
from remit.app import Grant, Reason
from remit.holders import Holder, bounded, by_arn, inline
from remit.iam.comparison import StatementLocation
from remit.iam.decide.evaluate import Layers, Request, evaluate
from remit.iam.policy import Condition, Globs, Policy, Principals, Statement, allow
from remit.review.access_change import Change, Review, Version
from remit.review.changes import review

ACCOUNT: Final = "arn:aws:iam::111122223333:policy/"
TABLE: Final = "${OrdersTable.Arn}"


def role(
    name: str,
    *statements: Statement,
    functions: tuple[str, ...] | None = None,
    managed: tuple[str, ...] = (),
    boundary: str | None = None,
    **more: object,
) -> Holder:
    given = (name,) if functions is None else functions
    policy = inline(Grant(one, Reason("text", f"{name} needs it")) for one in statements)
    limits = bounded(boundary)
    return Holder(f"{name}Role", (policy, *by_arn(managed)), given, limits, **more)  # type: ignore[arg-type]


BOUNDARY = "arn:aws:iam::111122223333:policy/boundary"


def version(*roles: Holder, **more: object) -> Version:
    return Version("a version", roles, **more)  # type: ignore[arg-type]


def only(found: Review) -> Change:
    (change,) = found.changes
    return change


def actions(change: Change) -> tuple[list[str], list[str]]:
    return [piece.action for piece in change.access.gained], [piece.action for piece in change.access.lost]


READ, WRITE = allow("dynamodb:GetItem", on=TABLE), allow("dynamodb:PutItem", on=TABLE)
DENY: Final = Statement("Deny", Globs(("s3:DeleteObject",)), Globs(("*",)))


def test_a_function_gains_what_its_new_role_allows_and_its_old_one_does_not() -> None:
    found = review(version(role("ingest", READ)), version(role("ingest", READ, WRITE)))
    change = only(found)
    assert (change.functions, actions(change)) == (("ingest",), (["dynamodb:PutItem"], []))
    assert change.access.gained[0].request.resource == TABLE
    assert found.broadens


def test_the_grant_of_a_gained_piece_gives_its_reason() -> None:
    change = only(review(version(role("ingest", READ)), version(role("ingest", READ, WRITE))))
    assert change.after is not None
    grant = change.after.grant(change.access.gained[0].source)
    assert grant is not None
    assert (grant.statement, grant.because) == (WRITE, "ingest needs it")


def test_unchanged_functions_are_left_out() -> None:
    same = role("report", READ)
    found = review(version(same, role("ingest", READ)), version(same, role("ingest")))
    assert [change.functions for change in found.changes] == [("ingest",)]
    assert not found.broadens
    assert found.functions == ("report", "ingest")


def test_functions_that_share_a_role_before_and_after_are_told_once() -> None:
    old = role("a", READ, functions=("a", "b", "c"))
    found = review(version(old), version(role("a", READ, WRITE, functions=("a", "c")), role("b", functions=("b",))))
    assert [(change.functions, actions(change)) for change in found.changes] == [
        (("a", "c"), (["dynamodb:PutItem"], [])),
        (("b",), ([], ["dynamodb:GetItem"])),
    ]


def test_a_function_that_moves_to_an_equal_role_changes_nothing() -> None:
    old = version(role("a", READ, functions=("a", "b")))
    new = version(role("a", READ, functions=("a",)), role("b", READ, functions=("b",)))
    assert review(old, new).changes == ()


def test_a_new_function_gains_everything_and_one_that_goes_loses_it() -> None:
    found = review(version(role("old", READ)), version(role("new", WRITE)))
    assert [(change.functions, actions(change)) for change in found.changes] == [
        (("new",), (["dynamodb:PutItem"], [])),
        (("old",), ([], ["dynamodb:GetItem"])),
    ]
    assert all(change.trust.same for change in found.changes)


def test_a_new_name_for_the_same_access_is_noted_and_still_counts() -> None:
    old = role("before", allow("logs:PutLogEvents", on="${BeforeLogGroup.Arn}"), READ)
    new = role("after", allow("logs:PutLogEvents", on="${AfterLogGroup.Arn}"), READ)
    found = review(version(old), version(new))
    assert found.notes == ("after is new with the access that before, which is gone, had: was it renamed?",)
    assert found.broadens


def test_a_new_function_with_another_boundary_is_not_taken_for_a_new_name() -> None:
    old, new = role("before", READ), replace(role("after", READ), limits=bounded(BOUNDARY))
    note = "after is new with the access that before, which is gone, had: was it renamed?"
    assert note not in review(version(old), version(new)).notes
    assert note in review(version(replace(old, limits=bounded(BOUNDARY))), version(new)).notes


def test_roles_without_functions_are_matched_by_their_ids() -> None:
    found = review(version(role("deployer", READ, functions=())), version(role("deployer", WRITE, functions=())))
    assert (only(found).role, actions(only(found))) == ("deployerRole", (["dynamodb:PutItem"], ["dynamodb:GetItem"]))


def test_references_are_what_a_version_says_they_are() -> None:
    exact = "arn:aws:dynamodb:eu-central-1:111122223333:table/orders"
    live = version(role("ingest", allow("dynamodb:GetItem", on=exact)))
    assert review(live, version(role("ingest", READ), names={TABLE: exact})).changes == ()
    assert review(live, version(role("ingest", READ))).broadens


def test_another_service_in_the_trust_policy_broadens() -> None:
    old, new = role("ingest"), role("ingest", trusts=("lambda.amazonaws.com", "events.amazonaws.com"))
    (piece,) = only(review(version(old), version(new))).trust.gained
    assert piece.resource == "events.amazonaws.com"


def test_a_trust_policy_of_a_version_stands_over_the_services_of_its_roles() -> None:
    anyone = Policy((Statement("Allow", Globs(("sts:AssumeRole",)), principals=None),))
    found = review(version(role("a", READ)), version(role("a", READ, trust=anyone)))
    assert [piece.resource for piece in only(found).trust.lost] == ["lambda.amazonaws.com"]


def test_a_role_that_is_new_and_trusts_more_than_lambda_says_so() -> None:
    change = only(review(version(), version(role("a", trusts=("lambda.amazonaws.com", "ec2.amazonaws.com")))))
    assert [piece.resource for piece in change.trust.gained] == ["ec2.amazonaws.com"]


def test_a_boundary_that_goes_gives_what_it_held_back() -> None:
    limit = {ACCOUNT + "limit": Policy((allow("dynamodb:GetItem"),))}
    bounded = version(role("a", READ, WRITE, boundary=ACCOUNT + "limit"), documents=limit)
    change = only(review(bounded, version(role("a", READ, WRITE))))
    assert actions(change) == (["dynamodb:PutItem"], [])
    assert [one.words for one in change.attached] == [f"boundary {ACCOUNT}limit removed"]
    assert [one.words for one in only(review(version(role("a", READ, WRITE)), bounded)).attached] == [
        f"boundary {ACCOUNT}limit added"
    ]


def test_a_boundary_that_is_swapped_is_compared_exactly() -> None:
    limits = {
        ACCOUNT + "one": Policy((allow("dynamodb:GetItem"),)),
        ACCOUNT + "two": Policy((allow("dynamodb:PutItem"),)),
    }
    old = version(role("a", READ, WRITE, boundary=ACCOUNT + "one"), documents=limits)
    new = version(role("a", READ, WRITE, boundary=ACCOUNT + "two"), documents=limits)
    change = only(review(old, new))
    assert actions(change) == (["dynamodb:PutItem"], ["dynamodb:GetItem"])
    assert change.attached[0].words == f"boundary {ACCOUNT}two in place of {ACCOUNT}one"


@pytest.mark.parametrize(
    ("old", "new", "undecided"),
    [
        ({"boundary": ACCOUNT + "x"}, {}, True),
        ({"boundary": ACCOUNT + "x"}, {"boundary": ACCOUNT + "y"}, True),
        ({"boundary": "arn:aws:iam::aws:policy/ReadOnlyAccess"}, {"boundary": ACCOUNT + "y"}, True),
        ({"boundary": ACCOUNT + "x"}, {"boundary": "arn:aws:iam::aws:policy/ReadOnlyAccess"}, True),
        ({}, {"boundary": ACCOUNT + "x"}, False),
        ({"boundary": ACCOUNT + "x"}, {"boundary": ACCOUNT + "x"}, False),
        ({}, {"managed": (ACCOUNT + "x",)}, True),
        ({"managed": (ACCOUNT + "x",)}, {}, True),
        ({"managed": (ACCOUNT + "x",)}, {"managed": (ACCOUNT + "x",)}, False),
        ({"managed": ("arn:aws:iam::1:policy/x",)}, {"managed": ("arn:${AWS::Partition}:iam::1:policy/x",)}, False),
    ],
)
def test_a_policy_that_nobody_has_here_is_undecided_where_it_may_broaden(
    *, old: dict[str, object], new: dict[str, object], undecided: bool
) -> None:
    found = review(version(role("a", READ, **old)), version(role("a", READ, **new)))
    assert [bool(change.unread) for change in found.changes] in ([undecided], [])
    assert found.broadens is undecided


def test_a_policy_that_nobody_has_here_may_allow_what_is_no_longer_denied() -> None:
    kept = {"managed": (ACCOUNT + "x",)}
    change = only(review(version(role("a", READ, DENY, **kept)), version(role("a", READ, **kept))))
    assert change.access.gained == ()
    assert [one.reason for one in change.unread] == [
        f"managed policy {ACCOUNT}x is less denied or bounded than before: what it allows is not known"
    ]


def test_a_policy_that_stands_on_both_sides_is_noted_beside_a_change() -> None:
    kept = {"managed": (ACCOUNT + "x",)}
    found = review(version(role("a", READ, **kept)), version(role("a", READ, WRITE, **kept)))
    assert found.notes == (
        f"{ACCOUNT}x cannot be read here; it is the same before and after, so less may be gained or lost than is shown",
    )


def test_what_aws_changed_in_its_own_policy_is_seen_against_what_was_recorded() -> None:
    arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    then = {arn: Policy((allow("logs:PutLogEvents"),))}
    old = version(role("a", managed=(arn,)), documents=then, versions={arn: "v0"})
    change = only(review(old, version(role("a", managed=(arn,)))))
    assert actions(change) == (["logs:CreateLogGroup", "logs:CreateLogStream"], [])
    assert change.attached[0].words == f"managed policy {arn} changed from v0 to v1"
    assert change.after is not None
    assert change.after.policy(change.access.gained[0].source) == arn


@dataclass(frozen=True)
class World:
    """Two roles, and what their policies say: those in `hidden` are read by the truth alone."""

    old: Holder
    new: Holder
    known: dict[str, Policy]
    hidden: dict[str, Policy]

    def layers(self, one: Holder) -> Layers:
        documents = {**self.known, **self.hidden}
        inline = Policy(tuple(grant.statement for grant in one.grants))
        limit = () if one.boundary is None else (documents[one.boundary],)
        return Layers((inline, *(documents[arn] for arn in one.managed)), limit)


ACTIONS, RESOURCES, TAGS = ("s3:GetObject", "s3:PutObject"), ("arn:aws:s3:::a/1", "arn:aws:s3:::b/1"), ("x", "y")


def statement(dice: random.Random) -> Statement:
    effect = "Deny" if dice.random() < 0.3 else "Allow"
    named = Globs((dice.choice((*ACTIONS, "s3:*", "s3:Get*")),), dice.random() < 0.1)
    places = Globs((dice.choice((*RESOURCES, "*", "arn:aws:s3:::a/*")),), dice.random() < 0.1)
    when = (Condition("StringEquals", "aws:PrincipalTag/t", (dice.choice(TAGS),)),) if dice.random() < 0.2 else ()
    return Statement(effect, named, places, conditions=when)


def world(dice: random.Random) -> World:
    arns = [ACCOUNT + letter for letter in "abcd"]
    documents = {arn: Policy(tuple(statement(dice) for _ in range(dice.randint(1, 2)))) for arn in arns}
    hidden = {arn: documents[arn] for arn in arns if dice.random() < 0.5}
    statements = [statement(dice) for _ in range(dice.randint(1, 3))]
    managed = [arn for arn in arns if dice.random() < 0.3]
    boundary = dice.choice((None, None, *arns))
    old = role("f", *statements, managed=tuple(managed), boundary=boundary)
    if dice.random() < 0.6:
        statements = [one for one in statements if dice.random() < 0.7]
    if dice.random() < 0.3:
        statements.append(statement(dice))
    if dice.random() < 0.4:
        managed = [arn for arn in arns if (arn in managed) != (dice.random() < 0.2)]
    if dice.random() < 0.3:
        boundary = dice.choice((None, *arns))
    new = role("f", *statements, managed=tuple(managed), boundary=boundary)
    return World(old, new, {arn: one for arn, one in documents.items() if arn not in hidden}, hidden)


REQUESTS: Final = [
    Request(action, resource, context={"aws:PrincipalTag/t": tag})
    for action, resource, tag in product(ACTIONS, RESOURCES, (*TAGS, "z"))
]


def test_whatever_hidden_policies_say_no_gain_goes_untold() -> None:
    dice, quiet, worlds = random.Random(7), 0, cases(20, deep=3_000)  # noqa: S311 - a test's dice
    for _ in range(worlds):
        one = world(dice)
        found = review(version(one.old, documents=one.known), version(one.new, documents=one.known))
        before, after = one.layers(one.old), one.layers(one.new)
        gained = [ask for ask in REQUESTS if evaluate(ask, after).allowed and not evaluate(ask, before).allowed]
        assert found.broadens or not gained, (one, gained)
        quiet += not found.broadens
        if not one.hidden:
            assert not any(change.unread for change in found.changes)
    assert quiet > worlds // 6


def test_where_every_policy_is_known_nothing_is_told_that_is_not_so() -> None:
    dice, told, worlds = random.Random(8), 0, cases(12, deep=1_200)  # noqa: S311 - a test's dice
    for _ in range(worlds):
        drawn = world(dice)
        one = World(drawn.old, drawn.new, {**drawn.known, **drawn.hidden}, {})
        found = review(version(one.old, documents=one.known), version(one.new, documents=one.known))
        before, after = one.layers(one.old), one.layers(one.new)
        for change in found.changes:
            for piece in change.access.gained:
                told += 1
                assert evaluate(piece.request, after).allowed
                assert not evaluate(piece.request, before).allowed
            assert change.access.undecided == change.unread == ()
    assert told > worlds // 6


def test_a_function_that_comes_to_run_under_a_role_of_somebody_else_is_undecided() -> None:
    admin = "arn:aws:iam::111122223333:role/admin"
    found = review(version(role("a", READ)), version(others={"a": admin}))
    change = only(found)
    assert [one.reason for one in change.unread] == [
        f"it comes to run under {admin}: what that role may do cannot be seen here"
    ]
    assert actions(change) == ([], ["dynamodb:GetItem"])
    assert found.functions == ("a",)
    assert review(version(), version(others={"a": admin})).broadens
    assert review(version(others={"a": admin}), version(others={"a": admin + "s"})).broadens
    assert review(version(others={"a": admin}), version(others={"a": admin})).changes == ()
    assert review(version(others={"a": admin}), version(role("a", READ))).broadens


def test_a_version_held_against_itself_in_any_order_changes_nothing() -> None:
    dice = random.Random(9)  # noqa: S311 - a test's dice
    for _ in range(200):
        one = world(dice)
        turned = Holder(
            one.old.logical_id,
            (inline(one.old.grants[::-1]), *by_arn(one.old.managed[::-1])),
            one.old.functions,
            one.old.limits,
        )
        found = review(version(one.old, documents=one.known), version(turned, documents=one.known))
        assert not found.broadens
        assert found.changes == ()


def opened(old: Version, new: Version) -> list[str]:
    return [one.reason for change in review(old, new).changes for one in change.unread]


def test_a_function_that_everyone_may_call_now_is_told_though_its_role_is_the_same() -> None:
    both = role("web", READ, functions=("web", "admin"))
    reason = "everyone may call admin now: its URL, or a permission, names no account"
    assert opened(version(both, open=("web",)), version(both, open=("web", "admin"))) == [reason]
    assert opened(version(both, open=("web", "admin")), version(both, open=("web",))) == []


def test_of_a_function_that_is_new_and_where_nobody_knows_it_is_not_told() -> None:
    public = version(role("web", READ), open=("web",))
    assert opened(version(open=()), public) == []
    assert opened(version(role("web", READ)), public) == []


def test_a_statement_of_a_managed_policy_was_written_as_no_grant() -> None:
    managed = {BOUNDARY: Policy((allow("s3:GetObject"),))}
    change = only(review(version(role("a")), version(role("a", managed=(BOUNDARY,)), documents=managed)))
    (piece,) = change.access.gained
    assert change.after is not None
    assert (change.after.grant(piece.source), change.after.policy(piece.source)) == (None, BOUNDARY)


def test_a_statement_of_a_boundary_was_written_as_no_grant() -> None:
    free, bounded = role("a", allow("s3:*")), role("a", allow("s3:*"), boundary=BOUNDARY)
    change = only(review(version(free), version(bounded, documents={BOUNDARY: Policy((DENY,))})))
    assert change.after is not None
    source = StatementLocation("boundary", 0, 0, DENY)
    assert (change.after.grant(source), change.after.policy(source)) == (None, BOUNDARY)


def test_a_new_role_loses_nothing_where_other_services_than_lambda_take_it_on() -> None:
    caller = Principals((("Service", "states.amazonaws.com"),))
    trust = Policy((Statement("Allow", Globs(("sts:AssumeRole",)), principals=caller),))
    change = only(review(version(), version(role("a", READ, trust=trust))))
    assert change.trust.lost == ()


def test_a_function_is_known_by_its_new_name_in_whatever_order_its_managed_policies_stand() -> None:
    arns = (f"{ACCOUNT}one", f"{ACCOUNT}two")
    old, new = role("before", READ, managed=arns), role("after", READ, managed=arns[::-1])
    assert (
        review(version(old), version(new)).notes
        == review(version(old), version(replace(new, policies=(inline(new.grants), *by_arn(arns))))).notes
    )


def test_a_managed_policy_that_says_something_else_is_told_without_versions_that_nobody_knows() -> None:
    arn = f"{ACCOUNT}one"
    before, after = (
        version(role("a", READ, managed=(arn,)), documents={arn: Policy((allow(action),))})
        for action in ("s3:GetObject", "s3:PutObject")
    )
    assert [attached.words for attached in only(review(before, after)).attached] == [f"managed policy {arn} changed"]
