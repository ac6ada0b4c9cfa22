"""What the policies of a resource change about the explanation of a role's request, in each of its parts."""

from __future__ import annotations

from typing import Any

import pytest

from remit.answers.explanation import explain
from remit.answers.obstacles import Obstacle
from remit.answers.resource_policies import with_resource_policies
from remit.app import Grant, Reason
from remit.holders import HeldPolicy, Holder, inline
from remit.iam.policy import VERSION, Condition, Globs, Policy, Principals, Statement, allow

BUCKET = "arn:aws:s3:::data"
GET, OBJECT = "s3:GetObject", f"{BUCKET}/k"
ASKED: Any = ("function f", GET, OBJECT)
EVERYBODY = ("*", "*")
ROLE = ("AWS", "${Role.Arn}")


def role(*statements: Statement, **more: Any) -> Holder:
    policies = (inline(Grant(one, Reason("text", "own")) for one in statements),) if statements else ()
    return Holder("Role", policies, ("f",), **more)


def said(effect: str, *whom: tuple[str, str], action: str = GET, on: str = f"{BUCKET}/*") -> Statement:
    return Statement("Allow" if effect == "Allow" else "Deny", Globs((action,)), Globs((on,)), Principals(whom))


def policy(text: str, *statements: Statement, of: str = BUCKET, note: str = "", version: str = VERSION) -> HeldPolicy:
    grants = tuple(Grant(one, Reason("text", text), version=version) for one in statements)
    return HeldPolicy(of, "beside", Policy(statements, version), grants, note)


def answer(asked: Holder, *policies: HeldPolicy, question: Any = ASKED) -> tuple[str, list[tuple[str, int]]]:
    """The verdict, and the text and index of each statement behind it."""
    explained = with_resource_policies(explain(asked, *question), asked, policies)
    return explained.verdict, [
        (source.grant.reason.text, source.index) for source in explained.deciding if source.grant
    ]


PUT = said("Allow", EVERYBODY, action="s3:PutObject")


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ([policy("one", PUT, PUT), policy("two", PUT, said("Allow", ROLE))], ("Allowed", [("two", 1)])),
        (
            [policy("one", said("Allow", ROLE)), policy("two", said("Allow", EVERYBODY))],
            ("Allowed", [("one", 0), ("two", 0)]),
        ),
        ([policy("one", said("Allow", ROLE)), policy("two", said("Deny", ROLE))], ("ExplicitlyDenied", [("two", 0)])),
        ([policy("one", said("Allow", ROLE), of=f"{BUCKET}2")], ("ImplicitlyDenied", [])),
        ([policy("one", said("Allow", ROLE), of="arn:aws:s3:::dat")], ("ImplicitlyDenied", [])),
        ([policy("one", said("Allow", ROLE), of="")], ("Allowed", [("one", 0)])),
        ([policy("one", said("Allow", ROLE), said("Allow", ROLE, on="*"), of="")], ("ImplicitlyDenied", [])),
        ([policy("one", said("Allow", ROLE, on=f"{BUCKET}/${{aws:username}}"), version="2008-10-17")],
         ("ImplicitlyDenied", [])),
        ([policy("new", PUT), policy("old", said("Allow", ROLE, on=f"{BUCKET}/${{*}}"), version="2008-10-17")],
         ("ImplicitlyDenied", [])),
    ],
)  # fmt: skip
def test_a_request_is_decided_by_all_policies_of_its_resource(
    policies: list[HeldPolicy], expected: tuple[str, list[tuple[str, int]]]
) -> None:
    assert expected == answer(role(), *policies)


def test_a_policy_of_a_resource_is_of_its_parts_after_a_slash_or_a_colon() -> None:
    group = "arn:aws:logs:us-east-1:123456789012:log-group:/x"
    put = said("Allow", ROLE, action="logs:PutLogEvents", on="*")
    asked = ("function f", "logs:PutLogEvents", f"{group}:log-stream:s")
    assert ("Allowed", [("group", 0)]) == answer(role(), policy("group", put, of=group), question=asked)
    other = (*asked[:2], f"{group}y:log-stream:s")
    assert ("ImplicitlyDenied", []) == answer(role(), policy("group", put, of=group), question=other)


def test_the_place_of_the_resource_is_that_of_the_stack() -> None:
    queue = "arn:aws-cn:sqs:cn-north-1:111122223333:q"
    late = "arn:${AWS::Partition}:sqs:${AWS::Region}:111122223333:q"
    send = said("Allow", ROLE, action="sqs:SendMessage", on="*")
    question = ("function f", "sqs:SendMessage", queue)
    assert ("Allowed", [("queue", 0)]) == answer(role(), policy("queue", send, of=late), question=question)


def test_a_role_that_the_template_only_attaches_policies_to_has_no_arn_of_its_logical_id() -> None:
    guessed = ("AWS", "arn:aws:iam::123456789012:role/Role")
    assert "Allowed" == answer(role(), policy("one", said("Allow", guessed)))[0]
    assert "Allowed" != answer(role(only_attached_to=True), policy("one", said("Allow", guessed)))[0]


KEY = "arn:aws:kms:us-east-1:123456789012:key/1"
DECRYPT = "kms:Decrypt"


def test_where_the_resource_decides_nothing_is_near_and_what_it_lacks_is_told() -> None:
    other = ("AWS", "arn:aws:iam::123456789012:user/x")
    key = policy("policy of key Key", said("Allow", other, action=DECRYPT, on="*"), of=KEY)
    asked = role(allow(DECRYPT, on=KEY), allow("kms:Decrypt*", on=f"{KEY}2"))
    before = explain(asked, "function f", DECRYPT, KEY)
    after = with_resource_policies(before, asked, [key])
    assert ("Unknown", "ImplicitlyDenied", (), ()) == (before.verdict, after.verdict, after.deciding, after.near)
    assert (
        Obstacle(
            "the policy of key Key neither allows it nor leaves it to the account's policies",
            "let it allow ${Role.Arn}, or the account (arn:…:iam::ACCOUNT:root)",
            "Key policies in AWS KMS (AWS KMS Developer Guide)",
        )
        == after.obstacle
    )
    unknown = role(allow(DECRYPT, on=KEY, when=(Condition("Bool", "aws:x", ("true",)),)))
    of_both = with_resource_policies(explain(unknown, "function f", DECRYPT, KEY), unknown, [key])
    assert ("ImplicitlyDenied", None) == (of_both.verdict, of_both.obstacle)


def test_a_policy_that_is_there_at_times_changes_nothing_and_is_told_beside_the_others() -> None:
    conditional = policy("bucket policy P", said("Allow", ROLE), note="at times")
    explained = with_resource_policies(explain(role(), *ASKED), role(), [conditional])
    note = "bucket policy P may make it allowed, as the template's conditions turn out"
    assert ("ImplicitlyDenied", (note,)) == (explained.verdict, explained.notes[-1:])
    denied = [policy("certain", said("Deny", EVERYBODY)), conditional]
    explained = with_resource_policies(explain(role(), *ASKED), role(), denied)
    assert ("ExplicitlyDenied", ()) == (
        explained.verdict,
        tuple(note for note in explained.notes if "may make" in note),
    )


def test_a_statement_of_the_role_that_came_near_is_not_told_where_the_resource_lets_it_in() -> None:
    asked = role(allow(GET, on=f"{BUCKET}2/*"))
    before = explain(asked, *ASKED)
    assert 1 == len(before.near)
    assert () == with_resource_policies(before, asked, [policy("one", said("Allow", ROLE))]).near
