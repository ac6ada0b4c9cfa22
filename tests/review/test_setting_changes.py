"""What a setting outside of policies opens or closes, by the order of openness that the catalogue gives it."""

from __future__ import annotations

from typing import Any

import pytest

from remit.review.access_change import AccessSetting, Given
from remit.review.setting_changes import setting_changes

AUTH, ROUTE = "AWS_IAM<*~*<NONE=-!", "-=AWS_IAM<*~*<NONE!"


def given(values: str | None, kind: str, opens: str, **more: Any) -> Given | None:
    """A resource with one setting of these values; none of that name at all for None."""
    if values is None:
        return None
    return Given("T", settings=(AccessSetting("P", kind, opens, tuple(values.split()), **more),))


def told(opens: str, was: str | None, now: str | None, kind: str = "door", **more: Any) -> str:
    """What is told of a resource X: `+` before a door that opens, `!` before one for everybody, `?` if undecided."""
    changes = setting_changes("X", given(was, kind, opens, **more), given(now, kind, opens, **more))
    signs = [("+" if door.opens else "-") + "!" * door.public for door in changes.doors]
    texts = [f"{sign} {door.words}" for sign, door in zip(signs, changes.doors, strict=True)]
    texts += [f"? {unread.reason}" for unread in changes.unread]
    texts += [f"not compared: {left_out.property} ({left_out.why})" for left_out in changes.not_compared]
    texts += [f"use {use.was} {use.now}" for use in changes.uses]
    return "; ".join(texts)


@pytest.mark.parametrize(
    ("opens", "was", "now", "expected"),
    [
        (AUTH, "AWS_IAM", "Own", "+ X P: AWS_IAM -> Own"),
        (AUTH, "Own", "AWS_IAM", "- X P: Own -> AWS_IAM"),
        (AUTH, "AWS_IAM", "", "+! X P: AWS_IAM -> everybody"),
        (AUTH, "", "AWS_IAM", "- X P: everybody -> AWS_IAM"),
        (AUTH, "Own", "NONE", "+! X P: Own -> everybody"),
        (AUTH, "NONE", "", ""),
        (AUTH, "Own", "Other", "? X (T): P is Other in place of Own"),
        (AUTH, "Own", "${Late}", "? X (T): P is ${Late} in place of Own"),
        (AUTH, "${Late}", "", "? X (T): P is not set in place of ${Late}"),
        (AUTH, "AWS_IAM", "Own Other", "? X (T): now with Other, now with Own, no longer with AWS_IAM"),
        (AUTH, "Own Other", "Own", "? X (T): no longer with Other"),
        (AUTH, None, "", "+! X P: nobody -> everybody"),
        (AUTH, None, "NONE", "+! X P: nobody -> everybody"),
        (AUTH, None, "Own", ""),
        (AUTH, None, "${Late}", "? X (T): P is ${Late} in place of not set"),
        (AUTH, "NONE", None, ""),
        (ROUTE, "", "AWS_IAM", ""),
        (ROUTE, "", "Own", "+ X P: not set -> Own"),
        (ROUTE, "NONE", "", "- X P: everybody -> not set"),
        (ROUTE, None, "NONE", "+! X P: nobody -> everybody"),
        (ROUTE, None, "AWS_IAM", ""),
        ("true<false=-", "true", "false", "+ X P: true -> false"),
        ("true<false=-", "", "true", "- X P: not set -> true"),
        ("true<false=-", "false", "", ""),
        ("true<false=-", None, "false", "+ X P: nobody -> false"),
        ("true<false=-", None, "true", ""),
        ("true<false=-", None, "", ""),
        ("true<-", "true", None, "+ X P: true -> not set"),
        ("a<b!<c!", "c", "b", "- X P: c -> b"),
        ("a<b!<c!", "b", "c", "+! X P: b -> c"),
        ("a<*", "", "b", "? X (T): P is b in place of not set"),
        ("any", "", "", ""),
        ("-<*", "", "a", "+ X P: not set -> set"),
        ("-<*", "a", "", "- X P: set -> not set"),
        ("-<*", None, "a", "+ X P: not set -> set"),
        ("-<*", "a", None, "- X P: set -> not set"),
        ("-<*", "a", "b", "? X (T): P is b in place of a"),
        ("adds", "a", "a b", "+ X P: a -> a, b"),
        ("adds", "a b", "a", "- X P: a, b -> a"),
        ("adds", "a b", "a c", "+ X P: a, b -> a, c"),
        ("adds", None, "a", ""),
        ("adds", "a", None, ""),
        ("any of", "a", "", "+ X P: a -> not set"),
        ("any of", "", "a", "- X P: not set -> a"),
        ("any of", "a", "a b", "+ X P: a -> a, b"),
        ("any of", "a b", "b", "- X P: a, b -> b"),
        ("any of", None, "a", ""),
        ("any of", "a", None, ""),
        ("another", "a", "b", "? X (T): P is b in place of a"),
        ("another", "", "a", ""),
        ("another", "a", "", ""),
        ("limit", "a", "b", "? X (T): P is b in place of a"),
        ("limit", "a", "", "+ X P: a -> not set"),
        ("limit", "", "a", "- X P: not set -> a"),
        ("limit", "a", None, ""),
        ("limit", None, "a", ""),
        ("any", "", "a", "? X (T): P is a in place of not set"),
        ("any", "a b", "", "? X (T): no longer with a, no longer with b"),
        ("any", "a", None, ""),
        ("any", None, "a", ""),
    ],
)
def test_a_setting_opens_what_is_further_in_its_order(
    opens: str, was: str | None, now: str | None, expected: str
) -> None:
    assert told(opens, was, now) == expected


@pytest.mark.parametrize(
    ("kind", "was", "now", "expected"),
    [
        ("grant", None, "a", "+ X P: not set -> a"),
        ("grant", "a", None, "- X P: a -> not set"),
        ("member", "a", None, "- X P: a -> not set"),
        ("network", "a", "b", "not compared: P (network)"),
        ("network", "a", "", "not compared: P (network)"),
        ("network", None, "b", ""),
        ("network", "a", None, ""),
        ("role", None, "${A.Arn} ${B.Arn}", "+ X P: nobody -> acts as A; + X P: nobody -> acts as B"),
        ("role", "${A.Arn} ${B.Arn}", None, "- X P: acts as A -> nobody; - X P: acts as B -> nobody"),
        ("role", "${A.Arn} ${B.Arn}", "${B.Arn} ${C.Arn}", "use ${A.Arn} ${C.Arn}"),
        ("role", "${A.Arn}", "${B.Arn} ${C.Arn}", "+ X P: nobody -> acts as C; use ${A.Arn} ${B.Arn}"),
        ("role", "${B.Arn} ${C.Arn}", "${A.Arn}", "- X P: acts as C -> nobody; use ${B.Arn} ${A.Arn}"),
    ],
)
def test_who_gets_something_and_which_role_is_handed_over_is_told_of_what_comes_or_goes_too(
    kind: str, was: str | None, now: str | None, expected: str
) -> None:
    assert told("adds" if kind != "role" else "", was, now, kind) == expected


@pytest.mark.parametrize("kind", ["grant", "member"])
def test_who_gets_something_is_told_whatever_its_order_is(kind: str) -> None:
    assert told("any", None, "a", kind) == "+ X P: not set -> a"
    assert told("any", "a", None, kind) == "- X P: a -> not set"


def test_a_new_rule_of_the_network_is_named_and_a_property_of_a_new_resource_is_not() -> None:
    rule = Given("T", settings=(AccessSetting("", "network", "", ("x",)),))
    assert [item.property for item in setting_changes("X", None, rule).not_compared] == [""]
    assert told("", None, "x", "network") == ""


def test_settings_that_sam_makes_are_compared_as_they_are_written_out() -> None:
    written = AccessSetting("AuthType", "door", AUTH, ("NONE",))
    of_sam = Given("T", settings=(AccessSetting("Auth", "door", AUTH, ("Own",)),), made_settings=(written,))
    assert setting_changes("X", of_sam, Given("T", settings=(written,))).doors == ()
    assert setting_changes("X", Given("T", settings=(written,)), of_sam).doors == ()


def test_a_door_that_something_else_limits_is_not_open_to_everybody() -> None:
    assert told(AUTH, "AWS_IAM", "NONE", is_limited=True) == "+ X P: AWS_IAM -> everybody"


def test_a_door_is_called_as_people_call_it() -> None:
    assert told(AUTH, "AWS_IAM", "Own", door="GET /orders") == "+ GET /orders: AWS_IAM -> Own"


def test_a_secret_is_told_as_not_shown() -> None:
    old, new = (
        Given("T", settings=(AccessSetting("P", "door", "any", (f"(not shown) {end}",)),)) for end in ("ab", "cd")
    )
    (unread,) = setting_changes("X", old, new).unread
    assert unread.reason == "X (T): P is (not shown) in place of (not shown)"


def test_a_new_resource_tells_nothing_of_a_role_that_is_new_itself() -> None:
    old, new = given("${A.Arn}", "role", ""), given("${A.Arn} ${B.Arn}", "role", "")
    assert setting_changes("X", None, new, {"${A.Arn}", "${B.Arn}"}).doors == ()
    assert setting_changes("X", new, None, {"${A.Arn}", "${B.Arn}"}).doors == ()
    assert [door.now for door in setting_changes("X", old, new, {"${B.Arn}"}).doors] == ["acts as B"]


def test_an_instance_profile_opens_nothing_by_itself() -> None:
    profile = Given("AWS::IAM::InstanceProfile", settings=(AccessSetting("Roles", "role", "", ("${A.Arn}",)),))
    assert setting_changes("X", None, profile).doors == ()


@pytest.mark.parametrize(("path", "is_undecided"), [("ExecutionRole", True), ("GroupName", False)])
def test_a_property_that_nobody_knows_is_undecided_where_its_name_speaks_of_a_role(
    path: str, *, is_undecided: bool
) -> None:
    old, new = (Given("T", settings=(AccessSetting(path, "unknown", "unknown property", (text,)),)) for text in "ab")
    changes = setting_changes("X", old, new)
    assert [item.why for item in changes.not_compared] == ["unknown property"]
    assert bool(changes.unread) == is_undecided
