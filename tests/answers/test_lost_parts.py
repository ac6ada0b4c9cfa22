"""The questions behind a lost feature, each whole: what requests carry, what a role answers, and which Deny forbids."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest

from remit.app import App, Function, Grant, Reason
from remit.errors import Origin
from remit.holders import Holder, inline
from remit.iam.policy import Condition, allow
from remit.roles import defaults
from remit.roles.broken_features import (
    BrokenFeature,
    _allowed,
    _combined,
    _context,
    _denying,
    _PlacedRole,
    _resource_types,
    grouped,
)
from remit.roles.role_policies import ready_role

PLACE: Final = "${AWS::Region}:${AWS::AccountId}"
HELLO: Final = Function("hello", "Hello", "app.hello", {}, origin=Origin("app.py", 7, 1))
CODE: Final = HELLO.unqualified_arn
SEND, QUEUE = "sqs:SendMessage", f"arn:${{AWS::Partition}}:sqs:{PLACE}:q"


def when(operator: str, key: str, *values: str) -> Condition:
    return Condition(operator, key, values)


def grant(
    *actions: str,
    on: str | tuple[str, ...] = "*",
    conditions: tuple[Condition, ...] = (),
    line: int = 1,
    effect: Any = "Allow",
) -> Grant:
    statement = replace(allow(*actions, on=on, when=conditions), effect=effect)
    return Grant(statement, Reason("text", ""), Origin("app.py", line, 1))


def role(*grants: Grant) -> _PlacedRole:
    return _PlacedRole(ready_role(Holder("R", (inline(grants),)), {}), {})


def test_a_request_carries_what_its_grant_asks_for_and_whose_code_asks() -> None:
    """Conditions of one value by StringEquals are met. Lambda's own requests name no function, those of a key none."""
    conditions = (
        when("StringEquals", "a:one", "1"),
        when("StringEquals", "a:two", "1", "2"),
        when("StringLike", "a:like", "x"),
    )
    every = {"aws:PrincipalAccount": "${AWS::AccountId}", "aws:SecureTransport": "true", "a:one": "1"}
    of_code, of_lambda = {"lambda:SourceFunctionArn": CODE}, {"lambda:SourceFunctionArn": None}
    needed = grant(SEND, conditions=conditions)
    assert _context(needed, HELLO, defaults.logs) == {**every, **of_code}
    assert _context(needed, HELLO, defaults.network) == {**every, **of_lambda}
    assert _context(needed, HELLO, defaults.encrypted_environment) == {**every, **of_lambda}
    assert _context(needed, HELLO, defaults.encryption) == every
    own = grant(SEND, conditions=(when("StringEquals", "lambda:SourceFunctionArn", "mine"),))
    assert _context(own, HELLO, defaults.logs)["lambda:SourceFunctionArn"] == "mine"


EC2: Final = "arn:aws:ec2:eu-west-1:111122223333"


@pytest.mark.parametrize(
    ("action", "resource", "expected"),
    [
        ("ec2:CreateNetworkInterface", f"{EC2}:*/*", (f"{EC2}:network-interface/*", f"{EC2}:subnet/*")),
        (
            "ec2:RunInstances",
            f"{EC2}:*/*",
            (
                "arn:aws:ec2:eu-west-1::image/*",
                *(f"{EC2}:{kind}/*" for kind in ("instance", "network-interface", "security-group", "subnet")),
            ),
        ),
        (
            "ec2:AssignPrivateIpAddresses",
            f"arn:${{AWS::Partition}}:ec2:{PLACE}:*/*",
            (f"arn:${{AWS::Partition}}:ec2:{PLACE}:network-interface/*",),
        ),
        ("ec2:CreateNetworkInterface", f"{EC2}:subnet/*/*", ()),
        ("ec2:CreateNetworkInterface", f"{EC2}:*", ()),
        ("ec2:CreateNetworkInterface", "arn:aws:s3:::*/*", ()),
        ("ec2:Nothing", f"{EC2}:*/*", ()),
        ("ec2:CreateNetworkInterface", "*", ()),
    ],
)
def test_everything_of_a_service_is_each_type_that_the_action_requires(
    action: str, resource: str, expected: tuple[str, ...]
) -> None:
    assert _resource_types(action, resource) == expected


BY_CODE: Final[dict[str, str | None]] = {
    "aws:PrincipalAccount": "${AWS::AccountId}", "aws:SecureTransport": "true", "lambda:SourceFunctionArn": CODE,
}  # fmt: skip
BY_LAMBDA: Final[dict[str, str | None]] = {**BY_CODE, "lambda:SourceFunctionArn": None}
NORTH: Final = "arn:aws:sqs:eu-north-1:*:q"
VPC, VPCE = when("StringEquals", "aws:SourceVpc", "v"), when("StringEquals", "aws:SourceVpce", "v")


@pytest.mark.parametrize(
    ("grants", "by_code", "by_lambda", "denying"),
    [
        ([grant(SEND)], True, True, []),
        ([grant("sqs:Purge*")], False, False, []),
        ([grant(SEND, on=f"{QUEUE}x")], False, False, []),
        ([grant(SEND, conditions=(VPC,))], ("aws:SourceVpc",), ("aws:SourceVpc",), []),
        (
            [grant(SEND, conditions=(VPC, VPCE))],
            ("aws:SourceVpc", "aws:SourceVpce"),
            ("aws:SourceVpc", "aws:SourceVpce"),
            [],
        ),
        ([grant(SEND, conditions=(when("Bool", "aws:SecureTransport", "true"),))], True, True, []),
        ([grant(SEND, conditions=(when("Bool", "aws:SecureTransport", "false"),))], False, False, []),
        (
            [grant(SEND, conditions=(when("StringEquals", "aws:PrincipalAccount", "${AWS::AccountId}"),))],
            True,
            True,
            [],
        ),
        ([grant(SEND, conditions=(when("StringEquals", "aws:PrincipalAccount", "444455556666"),))], False, False, []),
        ([grant(SEND, conditions=(when("ArnEquals", "lambda:SourceFunctionArn", CODE),))], True, False, []),
        ([grant(SEND, on=NORTH)], True, True, []),
        (
            [grant(SEND, on=NORTH, conditions=(VPC,)), grant(SEND, on="arn:aws:sqs:eu-west-3:*:z")],
            ("aws:SourceVpc",),
            ("aws:SourceVpc",),
            [],
        ),
        (
            [grant(SEND), grant(SEND, effect="Deny", line=3), grant("sqs:*", effect="Deny", line=4)],
            False,
            False,
            [3, 4, 3, 4],
        ),
        ([grant(SEND), grant(SEND, on=NORTH, effect="Deny", line=3)], True, True, [3]),
        (
            [grant(SEND), grant(SEND, effect="Deny", line=3, conditions=(VPC,))],
            ("aws:SourceVpc",),
            ("aws:SourceVpc",),
            [],
        ),
        ([grant(SEND), grant(SEND, on=f"{QUEUE}2", effect="Deny", line=3)], True, True, [3]),
    ],
)
def test_a_role_allows_an_action_if_it_does_in_some_place_and_a_deny_of_any_place_is_told(
    grants: list[Grant], by_code: Any, by_lambda: Any, denying: list[int]
) -> None:
    asked = role(*grants)
    assert _allowed(asked, SEND, QUEUE, BY_CODE) == by_code
    assert _allowed(asked, SEND, QUEUE, BY_LAMBDA) == by_lambda
    sources = _denying(asked, SEND, (QUEUE, f"{QUEUE}2"), BY_CODE)
    lines = [source.grant.origin.line for source in sources if source.grant and source.grant.origin]
    assert lines == denying


def test_what_names_no_account_is_the_apps_own() -> None:
    of_account = (when("StringEquals", "aws:ResourceAccount", "${AWS::AccountId}"),)
    assert _allowed(role(grant("s3:GetObject", conditions=of_account)), "s3:GetObject", "arn:aws:s3:::b/k", BY_CODE)
    assert _allowed(role(grant(SEND, conditions=of_account)), SEND, QUEUE, BY_CODE) is True


@pytest.mark.parametrize(
    ("kinds", "interface", "expected"),
    [
        (("network-interface", "subnet"), (), True),
        (("network-interface",), (), False),
        (("subnet",), (when("StringEquals", "ec2:Vpc", "v"),), ("ec2:Vpc",)),
    ],
)
def test_a_role_that_allows_each_required_type_allows_all_of_them(
    kinds: tuple[str, ...], interface: tuple[Condition, ...], expected: Any
) -> None:
    grants = [grant("ec2:*", on=tuple(f"{EC2}:{kind}/*" for kind in kinds))]
    if interface:
        grants.append(grant("ec2:*", on=f"{EC2}:network-interface/*", conditions=interface))
    assert _allowed(role(*grants), "ec2:CreateNetworkInterface", f"{EC2}:*/*", BY_LAMBDA) == expected


def test_answers_of_several_resources_are_no_if_one_is_and_else_hang_on_all_of_their_keys() -> None:
    assert _combined([True, False, ("a",)]) is False
    assert _combined([True, ("a", "b"), ("a",)]) == ("a", "b", "a")
    assert (_combined([True]), _combined([])) == (True, True)


def test_losses_that_differ_in_who_has_them_alone_are_one_with_the_others_beside_it() -> None:
    functions = [replace(HELLO, name=name, logical_id=name.title()) for name in ("hello", "other", "third")]
    shop = App("shop", "dev", tuple(functions))
    first, second, third = (
        BrokenFeature(
            function=function.name,
            role=f"{function.logical_id}Role",
            setting="s",
            severity="warning",
            reason=function.computed("writes its logs"),
            effect="e",
            missing=("logs:PutLogEvents",),
            resources=(function.log_group_arn,),
            origin=None,
        )
        for function in functions
    )
    other = replace(second, missing=("logs:CreateLogStream",))
    foreign = replace(third, resources=(first.resources[0],))
    assert grouped([first, second, other, third], shop) == (replace(first, likewise=("other", "third")), other)
    assert grouped([first, foreign], shop) == (first, foreign)
