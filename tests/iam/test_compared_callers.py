"""Whom two policies tell apart: each caller is like one of a class, all of which the same statements mean."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.iam.comparison import Comparison, Piece, StatementLocation, Undecided
from remit.iam.decide.evaluate import Layers, Request, evaluate
from remit.iam.policy import Condition, Globs, Policy, Principals, Statement, allow
from remit.iam.prove.caller_classes import ComparedCaller, caller_classes, free_accounts
from remit.iam.prove.compare_callers import ComparedPolicies
from remit.iam.prove.endpoint_callers import endpoint_callers, located, names_callers

A, B = "111122223333", "444455556666"
NAMED = [
    ("*", "*"),
    ("AWS", "*"),
    ("AWS", A),
    ("AWS", f"arn:aws:iam::{A}:root"),
    ("AWS", f"arn:aws:iam::{A}:user/al"),
    ("AWS", f"arn:aws:iam::{B}:role/app"),
    ("AWS", f"arn:aws:sts::{B}:assumed-role/app/s"),
    ("Service", "sns.amazonaws.com"),
    ("Federated", "accounts.google.com"),
]
POOL = (
    "*",
    "sns.amazonaws.com",
    "sqs.amazonaws.com",
    "accounts.google.com",
    "www.example.org",
    *(
        f"arn:aws:iam::{account}:{tail}"
        for account in (A, B, "777788889999")
        for tail in ("root", "user/al", "user/bo")
    ),
    *(f"arn:aws:iam::{account}:role/{name}" for account in (A, B) for name in ("app", "other")),
    *(f"arn:aws:sts::{B}:assumed-role/{name}" for name in ("app/s", "app/t", "other/s")),
)
STATEMENTS = st.builds(
    lambda pairs, negated: Statement("Allow", Globs(("s3:*",)), Globs(("*",)), Principals(tuple(pairs), negated)),
    st.lists(st.sampled_from(NAMED), min_size=1, max_size=2, unique=True),
    st.sampled_from([False, False, False, True]),
)


def lets_in(statement: Statement, principal: str) -> bool:
    """Whether the evaluator lets a caller in, whose own policies allow everything."""
    request = Request("s3:GetObject", "arn:aws:s3:::b/k", principal, {}, resource_account="000000000000")
    return evaluate(request, Layers((Policy((allow("*"),)),), resource=(Policy((statement,)),))).allowed


@settings(max_examples=cases(20, deep=250), deadline=None)
@given(st.lists(STATEMENTS, min_size=1, max_size=3))
def test_every_caller_is_like_one_of_a_class_that_the_same_statements_mean(statements: list[Statement]) -> None:
    classes = caller_classes([Policy(tuple(statements))])
    signatures = []
    for callers in classes:
        each = {tuple(lets_in(statement, caller.principal) for statement in statements) for caller in callers}
        assert len(each) == 1
        assert {tuple(map(caller.is_meant, statements)) for caller in callers} == each
        signatures += each
    assert {tuple(lets_in(statement, one) for statement in statements) for one in POOL} <= set(signatures)
    for caller in (caller for callers in classes for caller in callers):
        for statement in statements:
            principals = statement.principals
            assert principals is not None
            number = caller.pattern_of(principals)
            if number is None:
                assert principals.negated or not caller.is_meant(statement)
            else:
                alone = replace(statement, principals=Principals((principals.patterns[number],)))
                assert lets_in(alone, caller.principal)


def test_whoever_is_not_named_may_be_anybody_that_a_context_tells() -> None:
    stranger = ComparedCaller("arn:aws:iam::123456789012:user/example", is_named=False, settled=())
    context: dict[str, Any] = {"aws:PrincipalArn": f"arn:aws:iam::{A}:role/x", "aws:PrincipalAccount": B}
    assert list(stranger.principals_of(context)) == [
        f"arn:aws:iam::{A}:role/x", f"arn:aws:iam::{B}:user/example", stranger.principal,
    ]  # fmt: skip
    odd: dict[str, Any] = {"aws:principalarn": "x", "aws:principalaccount": "1234"}
    assert list(stranger.principals_of(odd)) == [stranger.principal]
    assert list(replace(stranger, is_named=True).principals_of(context)) == [stranger.principal]


def test_accounts_of_nobody_stand_in_no_text_of_the_policies() -> None:
    found = free_accounts(Policy((allow("s3:*", on="arn:aws:sqs:r:123456789012:q"),)))
    assert [next(found), next(found)] == ["234567900123", "345679011234"]
    by_condition = Policy(
        (allow("s3:*", when=(Condition("StringEquals", "aws:PrincipalAccount", ("123456789012",)),)),)
    )
    assert next(free_accounts(by_condition)) == "234567900123"
    assert next(free_accounts()) == "123456789012"


def test_what_a_caller_settles_is_said_where_a_statement_speaks_of_it() -> None:
    condition = Condition("StringEquals", "aws:PrincipalAccount", (A,))
    named = Statement("Allow", Globs(("*",)), Globs(("*",)), Principals((("AWS", A),)), (condition,))
    settled = {
        caller.principal: [(one.operator, one.key, one.values) for one in caller.settled]
        for callers in caller_classes([Policy((named,))])
        for caller in callers
    }
    assert settled[f"arn:aws:iam::{A}:user/example"] == [("StringEquals", "aws:PrincipalAccount", (A,))]
    assert settled["arn:aws:iam::123456789012:user/example"] == [("StringNotEquals", "aws:PrincipalAccount", (A,))]
    assert settled["*"] == [("StringEquals", "aws:PrincipalAccount", ("anonymous",))]
    assert settled["example.amazonaws.com"] == [("Null", "aws:PrincipalAccount", ("true",))]
    plain = replace(named, conditions=())
    assert not any(caller.settled for callers in caller_classes([Policy((plain,))]) for caller in callers)


def test_an_endpoint_that_means_everyone_names_no_callers_and_a_name_is_told_as_it_is_spelled() -> None:
    everyone = replace(allow("s3:*"), principals=Principals((("*", "*"),)))
    named = replace(allow("s3:*"), principals=Principals((("AWS", f"arn:aws:iam::{A}:role/app"),)))
    assert not names_callers(Layers(endpoint=(Policy((everyone,)),)))
    layers = Layers(endpoint=(Policy((everyone, named)),), endpoint_type="Interface")
    assert names_callers(layers)
    callers = list(endpoint_callers(Layers(), layers))
    assert [caller.name for caller in callers] == ["", f"arn:aws:iam::{A}:role/app"]
    for caller in callers:
        (one,) = caller.new.endpoint
        assert all(statement.principals == everyone.principals for statement in one.statements)
    place = StatementLocation("endpoint", 0, 1, everyone)
    assert located(place, layers).statement == named
    assert located(replace(place, policy=1), layers) == replace(place, policy=1)
    assert located(replace(place, index=2), layers) == replace(place, index=2)
    assert located(replace(place, layer="identity"), layers).statement == everyone


def test_a_comparison_is_changed_part_by_part() -> None:
    source = StatementLocation("identity", 0, 0, allow("a:B"))
    request = Request("a:B")
    parts = {name: (Piece(source, name, "*", request, "now"),) for name in ("gained", "lost", "freed", "forbidden")}
    comparison = Comparison(**parts, undecided=(Undecided(source, "why"),))
    changed = comparison.each(lambda piece: None if piece.action == "lost" else replace(piece, resource="x"))
    found = (changed.gained, changed.lost, changed.freed, changed.forbidden)
    assert [[piece.action for piece in part] for part in found] == [
        ["gained"], [], ["freed"], ["forbidden"],
    ]  # fmt: skip
    assert changed.undecided == comparison.undecided
    assert not comparison.same
    assert (Comparison().same, Comparison(lost=parts["lost"]).broadens, Comparison(freed=parts["freed"]).broadens) == (
        True, False, True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("service", "pattern", "first"),
    [("sqs", "*:SendMessage", "sqs:SendMessage"), ("", "sqs:SendM*", "sqs:SendMessage")],
)
def test_examples_choose_the_actions_of_the_resources_own_service_where_it_has_any(
    service: str, pattern: str, first: str
) -> None:
    compared = ComparedPolicies((), (), service=service)
    assert compared.actions_of(pattern)[0] == first
    assert ComparedPolicies((), (), service="zz").actions_of("sqs:SendMessage") == ("sqs:SendMessage",)


@pytest.mark.parametrize(("operator", "kind"), [("StringLike", "String"), ("ArnLike", "Arn")])
def test_whoever_is_not_named_has_any_arn_but_those_that_are(operator: str, kind: str) -> None:
    condition = Condition(operator, "aws:PrincipalArn", ("*",))
    service = Condition("Bool", "aws:PrincipalIsAWSService", ("true",))
    user = f"arn:aws:iam::{A}:user/al"
    named = Statement("Allow", Globs(("*",)), Globs(("*",)), Principals((("AWS", user),)), (condition, service))
    settled = {
        caller.principal: {(one.operator, one.values) for one in caller.settled if one.key == "aws:PrincipalArn"}
        for callers in caller_classes([Policy((named,))])
        for caller in callers
    }
    assert settled[f"arn:aws:iam::{A}:user/example"] == {
        (f"{kind}Like", (f"arn:*:iam::{A}:user/*",)), (f"{kind}NotLike", (user,)),
    }  # fmt: skip
    assert settled["arn:aws:iam::123456789012:role/example"] == {
        (f"{kind}Like", ("arn:*:iam::*:role/*",)), (f"{kind}NotLike", (f"arn:*:iam::{A}:*",)),
    }  # fmt: skip
    assert settled[user] == {("StringEquals" if kind == "String" else "ArnEquals", (user,))}
    of_service = [
        one
        for callers in caller_classes([Policy((named,))])
        for caller in callers
        if caller.principal == "example.amazonaws.com"
        for one in caller.settled
    ]
    assert Condition("Bool", "aws:PrincipalIsAWSService", ("true",)) in of_service


USER = f"arn:aws:iam::{A}:user/al"


@pytest.mark.parametrize(
    ("effect", "actions", "endpoint_type", "meant"),
    [
        ("Allow", Globs(("s3:*",)), "Interface", "everyone"),
        ("Allow", Globs(("s3:*",)), "Gateway", "nobody"),
        ("Deny", Globs(("s3:*",)), "Gateway", "as it is"),
        ("Deny", Globs(("s3:*",)), "Interface", "everyone"),
        ("Allow", Globs(("sqs:*",)), "", "everyone"),
        ("Allow", Globs(("S3:Get*",)), "", "as it is"),
        ("Allow", Globs(("*",)), "", "as it is"),
        ("Allow", Globs(("sqs:*",), negated=True), "", "as it is"),
    ],
)
def test_a_named_caller_is_meant_by_an_endpoint_as_its_type_has_names(
    effect: str, actions: Globs, endpoint_type: Any, meant: str
) -> None:
    named = Statement(effect, actions, Globs(("*",)), Principals((("AWS", USER),)))
    callers = list(endpoint_callers(Layers(), Layers(endpoint=(Policy((named,)),), endpoint_type=endpoint_type)))
    (its,) = (caller for caller in callers if caller.caller.principal == USER)
    ((found,),) = (policy.statements for policy in its.new.endpoint)
    nobody = [condition for condition in found.conditions if condition.values == ()]
    told = "as it is" if found == named else "nobody" if nobody else "everyone"
    assert told == meant
    assert its.old.endpoint == ()
    # Nobody else is meant, whatever the endpoint's type is.
    others = [caller.new.endpoint[0].statements[0] for caller in callers if caller is not its]
    assert others
    if effect == "Allow":
        assert all(condition.values == () for other in others for condition in other.conditions)
        assert all(other.conditions and other.principals != named.principals for other in others)


def test_a_caller_is_told_by_the_name_that_the_new_side_has_for_it() -> None:
    old, new = (
        Layers(endpoint=(Policy((replace(allow("sqs:*"), principals=Principals((("AWS", name),))),)),))
        for name in (f"arn:aws:iam::{A}:root", A)
    )
    names = [caller.name for caller in endpoint_callers(old, new) if A in caller.caller.principal]
    assert names
    assert set(names) == {A}


@pytest.mark.parametrize("layer", ["identity", "boundary", "session", "scp", "rcp"])
def test_whatever_layer_speaks_of_the_callers_arn_each_class_says_what_it_is(layer: str) -> None:
    speaking = Policy((allow("sqs:*", when=(Condition("ArnLike", "aws:PrincipalArn", ("arn:aws:iam::*:role/*",)),)),))
    layers = Layers(**{layer: ((speaking,),) if layer in ("scp", "rcp") else (speaking,)})  # fmt: skip
    for old, new in ((layers, Layers()), (Layers(), layers)):
        callers = list(endpoint_callers(old, new))
        assert callers
        assert all("aws:PrincipalArn" in {one.key for one in caller.caller.settled} for caller in callers)
        for caller in callers:
            # The default policy of an endpoint has the condition too, so that no context gives another ARN.
            for side in (caller.old, caller.new):
                assert side.endpoint[0].statements[0].conditions == caller.caller.settled
    silent = list(endpoint_callers(Layers(), Layers((Policy((allow("sqs:*"),)),))))
    assert [(caller.name, caller.old.endpoint, caller.new.endpoint) for caller in silent] == [("", (), ())]


def test_whoever_is_meant_by_not_being_named_has_no_name() -> None:
    user = ComparedCaller(USER, is_named=True, settled=())
    names = (("AWS", B), ("AWS", A))
    assert [user.pattern_of(Principals(names, negated)) for negated in (False, True)] == [1, None]
    assert user.pattern_of(Principals(names[:1])) is None


def test_beside_an_identity_of_cloudfronts_nobody_is_of_its_account() -> None:
    oai = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"
    statement = replace(allow("s3:GetObject"), principals=Principals((("AWS", oai),)))
    callers = [caller.principal for callers in caller_classes([Policy((statement,))]) for caller in callers]
    assert [caller for caller in callers if ":cloudfront:" in caller] == [oai]
