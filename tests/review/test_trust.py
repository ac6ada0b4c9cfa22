"""Who may take on a role, before and after: held against asking the evaluator about every principal there is."""

from __future__ import annotations

import random
from typing import Any, Final

import pytest

from random_cases import cases
from remit.iam.decide.evaluate import Layers, Request, evaluate
from remit.iam.policy import Policy, allow, parse
from remit.review.principal_policies import compare_trust, names_callers, trusts_no_more

HERE: Final = "111122223333"
THERE: Final = "444455556666"
USER, ROLE = f"arn:aws:iam::{HERE}:user/ann", f"arn:aws:iam::{HERE}:role/team/build"
SESSION: Final = f"arn:aws:sts::{HERE}:assumed-role/build/night"
LAMBDA, EVENTS = "lambda.amazonaws.com", "events.amazonaws.com"
PROVIDER: Final = f"arn:aws:iam::{HERE}:oidc-provider/token.actions.githubusercontent.com"
NAMED: Final[tuple[Any, ...]] = (
    "*", {"AWS": "*"}, {"Service": LAMBDA}, {"Service": [LAMBDA, EVENTS]}, {"AWS": HERE}, {"AWS": USER}, {"AWS": ROLE},
    {"AWS": f"arn:aws:iam::{THERE}:root"}, {"AWS": [USER, SESSION]}, {"AWS": [HERE, ROLE]}, {"AWS": SESSION},
    {"Federated": PROVIDER}, {"AWS": [HERE, ROLE, SESSION]}, {"AWS": [HERE, USER], "Service": EVENTS},
)  # fmt: skip
ASKERS: Final = (
    LAMBDA, EVENTS, "sqs.amazonaws.com", USER, SESSION, PROVIDER, "cognito-identity.amazonaws.com", "*",
    f"arn:aws:iam::{HERE}:root", f"arn:aws:iam::{HERE}:user/bob", f"arn:aws:sts::{HERE}:assumed-role/build/day",
    f"arn:aws:sts::{HERE}:assumed-role/other/day", f"arn:aws:iam::{THERE}:user/eve", f"arn:aws:iam::{THERE}:root",
    "arn:aws:iam::222233334444:user/eve",
)  # fmt: skip
ACTIONS: Final = ("sts:AssumeRole", "sts:TagSession", "sts:AssumeRoleWithWebIdentity")
CONTEXTS: Final[tuple[dict[str, Any], ...]] = (
    {}, {"sts:ExternalId": "one"}, {"sts:ExternalId": "two"}, {"aws:MultiFactorAuthPresent": "true"},
)  # fmt: skip
CONDITIONS: Final = (
    {}, {}, {"StringEquals": {"sts:ExternalId": "one"}}, {"StringNotEquals": {"sts:ExternalId": "one"}},
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
)  # fmt: skip


def trust(*statements: dict[str, Any]) -> Policy:
    return parse({"Version": "2012-10-17", "Statement": [{"Action": "sts:AssumeRole", **one} for one in statements]})


def lets(principal: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, **more}


def lets_in(policy: Policy, request: Request) -> bool:
    return evaluate(request, Layers((Policy((allow("*"),)),), resource=(policy,))).allowed


def drawn(dice: random.Random) -> Policy:
    statements = []
    for _ in range(dice.choice((1, 1, 2, 3))):
        deny = dice.random() < 0.3
        element = "NotPrincipal" if dice.random() < (0.5 if deny else 0.1) else "Principal"
        named = dice.choice(NAMED if element == "Principal" else NAMED[2:])
        statement: dict[str, Any] = {"Effect": "Deny" if deny else "Allow", element: named}
        statement["Action"] = dice.choice(("sts:AssumeRole", "sts:*", ["sts:AssumeRole", "sts:TagSession"], ACTIONS[2]))
        if condition := dice.choice(CONDITIONS):
            statement["Condition"] = condition
        statements.append(statement)
    return trust(*statements)


def requests() -> list[Request]:
    role = f"arn:aws:iam::{HERE}:role/app"
    return [Request(action, role, who, context) for action in ACTIONS for who in ASKERS for context in CONTEXTS]


def test_what_is_gained_and_lost_is_what_asking_about_everyone_finds() -> None:
    dice, asked, unsure = random.Random(4), requests(), 0  # noqa: S311 - a test's dice
    for _ in range(cases(10, deep=100)):
        old, new = drawn(dice), drawn(dice)
        found = compare_trust(old, new)
        more = [one for one in asked if lets_in(new, one) and not lets_in(old, one)]
        less = [one for one in asked if lets_in(old, one) and not lets_in(new, one)]
        unsure += bool(found.undecided)
        assert not more or found.broadens, (old, new, more[0])
        assert not less or found.lost or found.undecided, (old, new, less[0])
        assert trusts_no_more(old, new) is not found.broadens or found.undecided
        for pieces, wide, narrow in ((found.gained, new, old), (found.lost, old, new)):
            for piece in pieces:
                assert lets_in(wide, piece.request)
                assert not lets_in(narrow, piece.request)
    assert unsure == 0


def test_another_service_is_told_with_the_service_as_the_one_who_asks() -> None:
    (piece,) = compare_trust(trust(lets({"Service": LAMBDA})), trust(lets({"Service": [LAMBDA, EVENTS]}))).gained
    assert (piece.action, piece.resource, piece.request.principal) == ("sts:AssumeRole", EVENTS, EVENTS)
    assert piece.source.name == "trust[0].Statement[0]"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"AWS": HERE}, {"AWS": f"arn:aws:iam::{HERE}:root"}),
        ({"AWS": HERE}, {"AWS": ROLE}),
        ({"AWS": HERE}, {"AWS": SESSION}),
        ({"AWS": ROLE}, {"AWS": [ROLE, SESSION]}),
        ("*", {"AWS": "*"}),
        ({"AWS": "*"}, {"Service": LAMBDA}),
        ({"AWS": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}, {"AWS": "${AWS::AccountId}"}),
        (
            {"AWS": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"},
            {"AWS": "arn:aws:iam::${AWS::AccountId}:role/build"},
        ),
        ({"AWS": "${Build.Arn}"}, {"AWS": ["${Build.Arn}"]}),
    ],
)
def test_who_was_covered_before_gains_nothing(old: Any, new: Any) -> None:
    found = compare_trust(trust(lets(old)), trust(lets(new)))
    assert (found.gained, found.undecided) == ((), ())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"AWS": ROLE}, {"AWS": HERE}),
        ({"AWS": HERE}, {"AWS": [HERE, THERE]}),
        ({"AWS": "arn:aws:iam::111122223333:role/a/build"}, {"AWS": "arn:aws:iam::111122223333:role/build"}),
        ({"Service": LAMBDA}, "*"),
        ({"AWS": "arn:aws:iam::${AWS::AccountId}:root"}, {"AWS": [f"arn:aws:iam::{THERE}:root"]}),
        ({"AWS": "${Build.Arn}"}, {"AWS": "${Other.Arn}"}),
    ],
)
def test_whoever_is_new_broadens(old: Any, new: Any) -> None:
    assert compare_trust(trust(lets(old)), trust(lets(new))).broadens


def test_a_condition_that_goes_is_told_with_a_request_that_breaks_it() -> None:
    bound = lets({"AWS": THERE}, Condition={"StringEquals": {"sts:ExternalId": "one"}})
    (piece,) = compare_trust(trust(bound), trust(lets({"AWS": THERE}))).gained
    assert piece.resource == THERE
    assert piece.context.get("sts:ExternalId") != "one"


def test_github_may_only_be_let_in_further_with_a_gain() -> None:
    def by(subject: str) -> Policy:
        condition = {"StringLike": {"token.actions.githubusercontent.com:sub": subject}}
        return trust(lets({"Federated": PROVIDER}, Action="sts:AssumeRoleWithWebIdentity", Condition=condition))

    (piece,) = compare_trust(by("repo:us/app:ref:refs/heads/main"), by("repo:us/app:*")).gained
    assert piece.request.principal == PROVIDER
    assert compare_trust(by("repo:us/app:*"), by("repo:us/app:ref:refs/heads/main")).gained == ()


def test_a_deny_for_all_but_everybody_is_undecided() -> None:
    odd = trust(lets("*"), {"Effect": "Deny", "NotPrincipal": "*"})
    (one,) = compare_trust(odd, trust(lets("*"))).undecided
    assert one.source.name == "trust[0].Statement[1]"
    assert not trusts_no_more(trust(lets("*")), odd)


def test_any_number_of_accounts_may_be_named() -> None:
    many = [f"{(123_456_789_012 + number * 111_111_111_111) % 10**12:012}" for number in range(40)]
    (piece,) = compare_trust(trust(lets({"AWS": many[:-1]})), trust(lets({"AWS": many}))).gained
    assert piece.resource == many[-1]


def test_a_statement_that_cannot_be_compared_is_undecided_as_it_is_written() -> None:
    bound = lets({"Service": EVENTS}, Condition={"StringEquals": {"sts:ExternalId": "\ue000"}})
    new = trust(lets({"Service": LAMBDA}), bound)
    (undecided,) = compare_trust(trust(lets({"Service": LAMBDA})), new).undecided
    assert (undecided.source.name, undecided.source.statement) == ("trust[0].Statement[1]", new.statements[1])
    assert undecided.reason == "a text has characters of Unicode's private use area"


def test_whom_a_reference_means_is_undecided_on_each_side_by_its_own_name() -> None:
    """A parameter that gets another name: the two doubts are about two names."""
    undecided = compare_trust(trust(lets({"AWS": "${Old}"})), trust(lets({"AWS": "${New}"}))).undecided
    assert {doubt.reason for doubt in undecided} == {
        "whom ${Old} means is known at the deploy only",
        "whom ${New} means is known at the deploy only",
    }


def test_policies_name_callers_where_one_statement_does() -> None:
    silent, naming = Policy((allow("*"),)), trust(lets("*"))
    mixed = Policy((*silent.statements, *naming.statements))
    policies = {(): False, (silent,): False, (naming,): True, (mixed,): True, (silent, naming): True}
    assert {sides: names_callers(Layers(sides)) for sides in policies} == policies
