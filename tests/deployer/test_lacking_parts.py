"""What policies lack of a need is the missing part alone, and what other values may allow is undecided."""

from __future__ import annotations

from typing import Any, Final

import pytest

from remit.app import Grant, Reason
from remit.catalogue.actions import actions as actions_of
from remit.deployer.deployer_policy import Deployer
from remit.deployer.lacking_access import check_deployer
from remit.iam.decide.evaluate import Layers
from remit.iam.policy import Condition, Policy, allow

ACCOUNT: Final = "111122223333"
QUEUE: Final = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:jobs"
TOPIC: Final = f"arn:aws:sns:eu-west-1:{ACCOUNT}:news"
OFFICE: Final = (Condition("IpAddress", "aws:SourceIp", ("192.0.2.0/24",)),)


def need(*statements: Any) -> Deployer:
    return Deployer(
        "orders-dev", tuple(Grant(statement, Reason("text", f"reason {n}")) for n, statement in enumerate(statements))
    )


def have(*statements: Any, boundary: Any = None) -> Layers:
    return Layers((Policy(statements),), boundary=() if boundary is None else (Policy((boundary,)),))


def lacking(layers: Layers, wanted: Deployer, account: str = ACCOUNT) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    check = check_deployer(layers, wanted, account)
    assert check.is_enough == (not check.lacking and not check.undecided)
    return [
        (item.grant.statement.actions.patterns, item.grant.statement.resources.patterns)
        for item in check.lacking
        if item.grant.statement.resources
    ]


def test_the_missing_actions_of_a_statement_are_lacking_with_its_conditions() -> None:
    bounded = (Condition("ArnEquals", "iam:PermissionsBoundary", ("arn:aws:iam::1:policy/limit",)),)
    wanted = need(
        allow("sqs:CreateQueue", "sqs:DeleteQueue", "sqs:TagQueue", on=QUEUE),
        allow("iam:CreateRole", "iam:PutRolePolicy", on="*", when=bounded),
    )

    check = check_deployer(
        have(allow("sqs:TagQueue", "sqs:CreateQueue", on=QUEUE), allow("iam:CreateRole")), wanted, ACCOUNT
    )

    assert [item.grant.statement.actions.patterns for item in check.lacking] == [
        ("sqs:DeleteQueue",),
        ("iam:PutRolePolicy",),
    ]
    assert [item.grant.statement.conditions for item in check.lacking] == [(), bounded]
    assert [item.grant.because for item in check.lacking] == ["reason 0", "reason 1"]
    assert [item.request.action for item in check.lacking] == ["sqs:DeleteQueue", "iam:PutRolePolicy"]
    assert all(item.denial for item in check.lacking)


def test_of_several_missing_actions_the_request_and_the_denial_are_those_of_the_first() -> None:
    wanted = need(allow("sqs:CreateQueue", "sqs:DeleteQueue", "sqs:TagQueue", on=QUEUE))

    (item,) = check_deployer(have(allow("sqs:DeleteQueue", on=QUEUE)), wanted, ACCOUNT).lacking

    assert item.grant.statement.actions.patterns == ("sqs:CreateQueue", "sqs:TagQueue")
    assert (item.request.action, item.request.resource) == ("sqs:CreateQueue", QUEUE)
    assert item.denial == f"no statement of the identity's policies allows sqs:CreateQueue on {QUEUE}"


def test_a_need_that_is_allowed_lacks_nothing_and_one_that_is_denied_lacks_it() -> None:
    wanted = need(allow("sqs:CreateQueue", on=QUEUE), allow("sns:CreateTopic", on=TOPIC))

    assert lacking(have(allow("sqs:*"), allow("sns:*")), wanted) == []
    assert lacking(have(allow("sns:*")), wanted) == [(("sqs:CreateQueue",), (QUEUE,))]
    assert lacking(have(allow("*"), boundary=allow("sqs:*")), wanted) == [(("sns:CreateTopic",), (TOPIC,))]
    assert [actions for actions, _ in lacking(have(), wanted)] == [("sqs:CreateQueue",), ("sns:CreateTopic",)]


@pytest.mark.parametrize("layer", ["identity", "boundary"])
@pytest.mark.parametrize(("account", "is_enough"), [(ACCOUNT, True), ("*", False)])
def test_the_callers_account_is_put_into_policies_where_it_is_known(
    layer: str, account: str, *, is_enough: bool
) -> None:
    own = allow("sqs:CreateQueue", on="arn:aws:sqs:eu-west-1:111122223333:jobs-${aws:PrincipalAccount}")
    wanted = need(allow("sqs:CreateQueue", on=f"{QUEUE}-{ACCOUNT}"))
    layers = have(own) if layer == "identity" else have(allow("*"), boundary=own)

    assert check_deployer(layers, wanted, account).is_enough == is_enough


def test_what_an_address_decides_is_undecided_and_told_once() -> None:
    wanted = need(allow("sqs:CreateQueue", on=QUEUE), allow("sns:CreateTopic", on=TOPIC))

    check = check_deployer(have(allow("*", when=OFFICE)), wanted, ACCOUNT)

    assert check.lacking == ()
    assert check.undecided == (f"aws:SourceIp decides 2 requests, such as sqs:CreateQueue on {QUEUE}",)


def test_actions_that_aws_may_add_later_are_not_lacking() -> None:
    wanted = need(allow("sqs:Get*"))
    known = [name for name in actions_of("sqs") if name.startswith("sqs:Get")]

    assert lacking(have(allow(*known)), wanted) == []
    assert lacking(have(allow(*known[1:])), wanted) != []
