"""The same access in fewer characters: every managed policy."""

from __future__ import annotations

import json
from typing import Any

from random_cases import ASKS_ALL, in_all_cases
from remit.catalogue.managed_policies import managed_policies, managed_policy
from remit.iam.length import policy_length
from remit.iam.policy import Policy, parse, render
from remit.iam.prove.compare import compare_documents
from remit.iam.prove.minimise import minimise, same


def policy(*statements: dict[str, Any]) -> Policy:
    return parse({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: object, resource: object = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def statements(policy: Policy) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = render(policy)["Statement"]
    return found


@in_all_cases
def test_all_managed_policies_keep_their_allow_set_and_their_deny_set() -> None:
    """By `compare_documents` both ways, which shares with minimising only the procedure itself."""
    smaller = 0
    names = managed_policies() if ASKS_ALL else managed_policies()[::8]
    for name in names:
        document: Any = managed_policy(name)
        before = parse(document.document)
        after = minimise(before)
        smaller += policy_length(after) < policy_length(before)
        assert policy_length(after) <= policy_length(before)
        if after != before:
            found = compare_documents(before, after)
            assert found.same, f"{name}: {found}"
    assert smaller > len(names) / 4


def test_statements_that_agree_in_all_but_one_list_become_one() -> None:
    merged = minimise(
        policy(allow("s3:GetObject", "a"), allow("s3:PutObject", "a"), allow(["s3:PutObject", "s3:GetObject"], "b"))
    )
    assert statements(merged) == [allow(["s3:GetObject", "s3:PutObject"], ["a", "b"])]


def test_what_another_pattern_or_statement_covers_goes() -> None:
    when = {"Bool": {"aws:SecureTransport": "true"}}
    merged = minimise(
        policy(
            allow(["s3:GetObject", "s3:Get*"], ["arn:x/*", "arn:x/y"], Sid="Kept"),
            allow(["s3:GetObjectAcl", "sqs:SendMessage"], "arn:x/z", Condition=when),
        )
    )
    assert statements(merged) == [
        {"Sid": "Kept", **allow("s3:Get*", "arn:x/*")},
        allow("sqs:SendMessage", "arn:x/z", Condition=when),
    ]


def test_resources_that_differ_by_case_are_two() -> None:
    kept = policy(allow("s3:GetObject", ["arn:aws:s3:::a/Key", "arn:aws:s3:::a/key"]))
    assert minimise(kept) == kept


def test_an_allow_that_a_deny_takes_whole_goes_and_the_deny_stays() -> None:
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
    assert statements(minimise(policy(allow(["s3:Get*", "sqs:*"]), deny))) == [allow("sqs:*"), deny]


def test_a_policy_of_denials_alone_keeps_them() -> None:
    deny = {"Effect": "Deny", "Action": ["s3:Put*", "s3:PutObject"], "Resource": "*"}
    assert statements(minimise(policy(deny))) == [{**deny, "Action": "s3:Put*"}]


def test_principals_are_kept_apart() -> None:
    kept = policy(
        {**allow("sqs:SendMessage", "q"), "Principal": {"AWS": "111122223333"}},
        {**allow("sqs:SendMessage", "q"), "Principal": {"AWS": "444455556666"}},
    )
    assert minimise(kept) == kept
    assert not same(kept, Policy(kept.statements[:1]))


def test_statements_of_a_trust_policy_become_one_where_their_principals_are_the_same() -> None:
    ours, theirs = ({"AWS": f"arn:aws:iam::{account}:root"} for account in ("111122223333", "444455556666"))
    trusting = [
        {"Effect": "Allow", "Principal": who, "Action": action}
        for who, action in ((ours, "sts:AssumeRole"), (ours, "sts:TagSession"), (theirs, "sts:AssumeRole"))
    ]
    joined = {"Effect": "Allow", "Principal": ours, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    assert [joined, trusting[2]] == statements(minimise(policy(*trusting)))


def test_the_order_of_statements_does_not_depend_on_chance() -> None:
    document: Any = managed_policy("ReadOnlyAccess")
    texts = {json.dumps(render(minimise(parse(document.document)))) for _ in range(3)}
    assert len(texts) == 1


def test_two_values_of_a_key_that_may_have_several_do_not_take_in_every_request() -> None:
    """A request with two tag keys meets neither condition: the statement without any says more than both."""
    equal = [{"Condition": {name: {"aws:TagKeys": "a"}}} for name in ("StringEquals", "StringNotEquals")]
    everything = allow("s3:GetObject")
    for order in ((0, 1, 2), (2, 0, 1), (1, 2, 0)):
        parts = [everything, *(allow("s3:GetObject", **condition) for condition in equal)]
        assert [everything] == statements(minimise(policy(*(parts[index] for index in order))))


def test_joined_actions_stand_where_they_were_first_spelled() -> None:
    joined = minimise(policy(allow(["s3:GetObject", "sqs:*"]), allow(["S3:getobject", "sns:Publish"])))
    assert [["s3:GetObject", "sqs:*", "sns:Publish"]] == [statement["Action"] for statement in statements(joined)]
