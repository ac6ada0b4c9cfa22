"""Who outside an account can do what by a resource's policy."""

from __future__ import annotations

from typing import Any

import pytest

from remit.iam.decide.evaluate import Layers, evaluate
from remit.iam.policy import Policy, allow, parse
from remit.iam.prove.public import STRANGERS, public

ACCOUNT = "111122223333"
OBJECTS = "arn:aws:s3:::data/*"


def statement(principal: object, effect: str = "Allow", **condition: Any) -> dict[str, Any]:
    made = {"Effect": effect, "Principal": principal, "Action": "s3:GetObject", "Resource": OBJECTS}
    return {**made, "Condition": condition} if condition else made


def exposed(*statements: dict[str, Any]) -> list[str]:
    """Who is let in, each shown by a request that the evaluator allows to whoever may do everything themselves."""
    policy = parse({"Version": "2012-10-17", "Statement": list(statements)})
    found = public(policy, ACCOUNT, actions_of=lambda name: (name,))
    assert found.undecided == ()
    layers = Layers(identity=(Policy((allow("*"),)),), resource=(policy,))
    for exposure in found.found:
        assert evaluate(exposure.piece.request, layers).verdict == "Allowed"
        assert exposure.piece.request.who.account != ACCOUNT
    return [exposure.who for exposure in found.found]


OTHER = "arn:aws:iam::444455556666:role/reader"

CASES = {
    "everyone": ([statement("*")], ["*"]),
    "the own account": ([statement({"AWS": ACCOUNT})], []),
    "another account": ([statement({"AWS": "444455556666"})], ["444455556666"]),
    "another account's role": ([statement({"AWS": OTHER})], [OTHER]),
    "a service": ([statement({"Service": "s3.amazonaws.com"})], ["s3.amazonaws.com"]),
    "everyone of the own account": ([statement("*", StringEquals={"aws:PrincipalAccount": ACCOUNT})], []),
    "everyone with an ARN of the own account": (
        [statement("*", ArnLike={"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"})],
        [],
    ),
    "everyone of another account, by a condition": (
        [statement("*", StringEquals={"aws:PrincipalAccount": "444455556666"})],
        ["*"],
    ),
    "a role of any account, by a condition": (
        [statement("*", ArnLike={"aws:PrincipalArn": "arn:aws:iam::*:role/ci"})],
        ["*"],
    ),
    "one role, by a condition, in each partition as it is spelled": (
        [statement("*", ArnEquals={"aws:PrincipalArn": "arn:aws-cn:iam::444455556666:role/ci"})],
        ["*"],
    ),
    "one role, by a condition, in any partition": (
        [statement("*", ArnLike={"aws:PrincipalArn": "arn:*:iam::44445555666?:role/c?"})],
        ["*"],
    ),
    "the roles of any account with a name, by a condition, of an account that another one names": (
        [
            statement(
                "*",
                StringEquals={"aws:PrincipalAccount": "444455556666"},
                ArnLike={"aws:PrincipalArn": "arn:aws:iam::*:role/deploy-*"},
            )
        ],
        ["*"],
    ),
    "one user, by a condition, of an account that another one names in part": (
        [statement("*", StringLike={"aws:PrincipalAccount": "4444*6666"}, StringEquals={"aws:username": "ann"})],
        ["*"],
    ),
    "the roles with a name, by a condition, of the own account alone": (
        [
            statement(
                "*",
                StringEquals={"aws:PrincipalAccount": ACCOUNT},
                ArnLike={"aws:PrincipalArn": "arn:aws:iam::*:role/deploy-*"},
            )
        ],
        [],
    ),
    "a user of whatever name, by a condition, of an account that is named in part": (
        [statement("*", StringLike={"aws:PrincipalArn": "arn:aws:iam::4444*6666:user/team/*"})],
        ["*"],
    ),
    "one user, by a condition, of an account that is named whole by its number": (
        [statement({"AWS": "444455556666"}, StringEquals={"aws:PrincipalAccount": "444455556666"})],
        ["444455556666"],
    ),
    "everyone of an organization": ([statement("*", StringEquals={"aws:PrincipalOrgID": "o-1"})], ["*"]),
    "everyone but who is not of the own account": (
        [statement("*"), statement("*", "Deny", StringNotEquals={"aws:PrincipalAccount": ACCOUNT})],
        [],
    ),
    "everyone with credentials but the account that strangers are shown as": (
        [
            statement("*"),
            statement("*", "Deny", StringEquals={"aws:PrincipalType": "Anonymous"}),
            statement({"AWS": STRANGERS[0]}, "Deny"),
        ],
        ["*"],
    ),
    "one role of an account that is named whole": (
        [statement({"AWS": "444455556666"}, ArnEquals={"aws:PrincipalArn": "arn:aws:iam::444455556666:role/deploy"})],
        ["444455556666"],
    ),
    "the roles of any account with a name, in an account that is named whole": (
        [statement({"AWS": "444455556666"}, ArnLike={"aws:PrincipalArn": "arn:aws:iam::*:role/deploy-*"})],
        ["444455556666"],
    ),
    "one user of an account that is named whole": (
        [statement({"AWS": "444455556666"}, StringEquals={"aws:username": "ann"})],
        ["444455556666"],
    ),
    "a role of another account than the one that is named": (
        [statement({"AWS": "444455556666"}, ArnEquals={"aws:PrincipalArn": "arn:aws:iam::777788889999:role/deploy"})],
        [],
    ),
    "everyone but one": ([statement("*"), statement({"AWS": "444455556666"}, "Deny")], ["*"]),
}


@pytest.mark.parametrize("case", CASES)
def test_who_is_let_in(case: str) -> None:
    statements, expected = CASES[case]
    assert exposed(*statements) == expected


def test_the_finding_shows_what_a_condition_demands() -> None:
    policy = parse(
        {
            "Version": "2012-10-17",
            "Statement": statement({"Service": "sns.amazonaws.com"}, ArnLike={"aws:SourceArn": "arn:aws:sns:*:*:t"}),
        }
    )
    (exposure,) = public(policy, ACCOUNT, actions_of=lambda name: (name,)).found
    assert exposure.piece.context["aws:SourceArn"].endswith(":t")
    assert exposure.piece.action == "s3:GetObject"


def test_whoever_owns_the_account_that_strangers_are_shown_as_is_no_stranger() -> None:
    condition = {"StringEquals": {"aws:PrincipalType": "User"}}
    policy = parse({"Version": "2012-10-17", "Statement": [statement("*", **condition)]})
    found = public(policy, STRANGERS[0], actions_of=lambda name: (name,)).found
    assert [STRANGERS[1]] == [exposure.piece.request.who.account for exposure in found]
