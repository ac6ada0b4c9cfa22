"""Each statement that a review names stands where it says so, in the file of its own side."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from itertools import permutations, product
from typing import Any, Final

import pytest

from random_cases import cases
from remit.documents.read import read
from remit.report.access_documents import review_document
from remit.report.access_report import GAINED, LOST, UNDECIDED, review_report
from remit.review.template_changes import review_templates

ROLES: Final = ("Reader",)
SIDES: Final = ("old", "new")
SEED: Final = 1
PRIVATE: Final = "a text has characters of Unicode's private use area"
KEYS: Final = ("First", "Second")
ON: Final[dict[str, Any]] = {
    "s3:GetObject": "arn:aws:s3:::files/*",
    "s3:PutObject": "arn:aws:s3:::files/*",
    "sqs:SendMessage": {"Fn::GetAtt": ["Work", "Arn"]},
    "kms:Decrypt": {"Fn::GetAtt": ["First", "Arn"]},
    "kms:Encrypt": {"Fn::GetAtt": ["Second", "Arn"]},
}
CONDITIONS: Final[tuple[dict[str, Any], ...]] = (
    *({},) * 5,
    {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
    # No comparison takes this text: whatever says it is undecided.
    {"Condition": {"StringEquals": {"aws:PrincipalTag/team": "\ue000"}}},
)
_NAMED: Final = re.compile(r"\w+(?:\[\d+\])?\[\d+\]\.Statement\[(?P<index>\d+)\] \((?P<sid>\w+)\)")
"""A statement as reports name it."""


def statements(dice: random.Random, actions: tuple[str, ...], *, of_resource: bool) -> dict[str, Any]:
    """A policy with some statements on other things each."""
    made = []
    for action in dice.choices(actions, k=dice.randint(1, 3)):
        statement: dict[str, Any] = {"Effect": "Deny" if dice.random() < 0.3 else "Allow", "Action": action}
        statement["Resource"] = "*" if action.startswith("kms:") and of_resource else ON[action]
        if of_resource:
            role = {"AWS": {"Fn::GetAtt": [dice.choice(ROLES), "Arn"]}}
            statement["Principal"] = dice.choice((role, role, "*", {"AWS": "444455556666"}))
        made.append({**statement, **dice.choice(CONDITIONS)})
    return {"Version": "2012-10-17", "Statement": made}


def template(dice: random.Random) -> dict[str, Any]:
    """Two roles, their boundaries, and a bucket, a queue and two keys that say who may use them."""
    resources: dict[str, Any] = {
        "Work": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "work"}},
        "Limit": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"PolicyDocument": statements(dice, tuple(ON), of_resource=False)},
        },
        "OfBucket": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": "files",
                "PolicyDocument": statements(dice, ("s3:GetObject", "s3:PutObject"), of_resource=True),
            },
        },
        "OfQueue": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "Queues": [{"Ref": "Work"}],
                "PolicyDocument": statements(dice, ("sqs:SendMessage",), of_resource=True),
            },
        },
    }
    for key in KEYS:
        policy = statements(dice, ("kms:Decrypt", "kms:Encrypt"), of_resource=True)
        resources[key] = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": policy}}
    for role in ROLES:
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole"}
        trust["Principal"] = {"Service": dice.sample(("lambda.amazonaws.com", "ec2.amazonaws.com"), 1)}
        properties: dict[str, Any] = {"AssumeRolePolicyDocument": {"Statement": [trust]}}
        # Those of one version are one policy, in which statements are counted on.
        documents = [
            {**statements(dice, tuple(ON), of_resource=False), "Version": version}
            for version in dice.sample(("2008-10-17", "2012-10-17"), dice.randint(1, 2))
        ]
        properties["Policies"] = [
            {"PolicyName": f"p{number}", "PolicyDocument": document} for number, document in enumerate(documents)
        ]
        if dice.random() < 0.4:
            properties["PermissionsBoundary"] = {"Ref": "Limit"}
        resources[role] = {"Type": "AWS::IAM::Role", "Properties": properties}
    return {"Resources": resources}


def changed(old: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    """The same with some resources drawn anew."""
    resources, other = dict(old["Resources"]), template(dice)["Resources"]
    for name in dice.sample(tuple(resources), dice.randint(1, 3)):
        resources[name] = other[name]
    return {"Resources": resources}


def signed(value: Any, side: str, sids: dict[str, int], index: int = 0) -> Any:
    """A template whose statements each have an id of their own, which goes into `sids` with its index in its policy."""
    if isinstance(value, dict):
        own = {}
        if "Effect" in value:
            own["Sid"] = f"{side}{len(sids)}"
            sids[own["Sid"]] = index
        return own | {key: signed(item, side, sids) for key, item in value.items()}
    if isinstance(value, list):
        return [signed(item, side, sids, index) for index, item in enumerate(value)]
    return value


def test_each_statement_that_is_named_stands_there_on_the_side_that_has_it() -> None:
    dice, seen = random.Random(SEED), Counter[tuple[Any, ...]]()  # noqa: S311 - a test's dice
    for _ in range(cases(12, deep=1_000)):
        before = template(dice)
        sids: dict[str, int] = {}
        texts = {}
        for side, version in (("old", before), ("new", changed(before, dice))):
            texts[side] = json.dumps(signed(version, side, sids), indent=1)
        there, back = (
            review_templates(*(read(texts[side].encode(), f"{side}.json") for side in sides))
            for sides in (SIDES, SIDES[::-1])
        )

        def place(sid: str, texts: dict[str, str] = texts) -> str:
            lines = texts[sid[:3]].splitlines()
            (number,) = (number for number, line in enumerate(lines) if f'"Sid": "{sid}"' in line)
            return f"{sid[:3]}.json:{number}"  # the line above it, from 1

        def named(text: str, sids: dict[str, int] = sids) -> list[str]:
            """The ids of the statements that a text names, each with the index that it has."""
            found = list(_NAMED.finditer(text))
            assert [int(each["index"]) for each in found] == [sids[each["sid"]] for each in found]
            return [each["sid"] for each in found]

        document, report = review_document(there), review_report(there)
        for part, sign, own, other in (("gained", GAINED, "new", "old"), ("lost", LOST, "old", "new")):
            places = []
            for row in document[part]:
                (sid,) = named(row["statement"])
                side = other if row["kind"] == "denial" else own
                places.append(f"{row['origin']['file']}:{row['origin']['line']}")
                if row["kind"] != "trust":  # of which the line of the whole is told
                    assert places[-1] == place(sid)
                denials = named(row["difference"])
                assert [side, *[other] * len(denials)] == [each[:3] for each in (sid, *denials)]
                assert "scp[" not in row["difference"]
                assert "key policy" not in row["difference"] or row["action"].startswith("kms:")
                seen[part, row["kind"]] += 1
                seen["denied", row["kind"]] += len(denials)
            causes = [text for change in report.changes if change.sign == sign for text in change.places]
            assert {found[0] for text in causes for found in re.finditer(r"\w+\.json:\d+", text)} == set(places)
        undecided = [(row["role"], *named(row["statement"]), row["reason"]) for row in document["undecided"]]
        assert len(undecided) == len(set(undecided))
        by_text = {entry for entry in undecided if entry[-1] == PRIVATE}
        assert all('"\\ue000"' in _statement(texts[sid[:3]], sid) for _, sid, _ in by_text)
        again = [(row["role"], *named(row["statement"]), row["reason"]) for row in review_document(back)["undecided"]]
        assert by_text == {entry for entry in again if entry[-1] == PRIVATE}
        told = {change.words: change.places for change in report.changes if change.sign == UNDECIDED}
        assert {named(words)[0] for words in told} == {sid for _, sid, _ in undecided}
        for words, places in told.items():
            (sid,) = named(words)
            layer = words.split("[")[0].split(" ")[-1]
            assert [each.rpartition(":")[0] for each in places] == ([] if layer == "boundary" else [place(sid)])
            seen["undecided", layer, sid[:3]] += 1
    kinds = {entry for entry in seen if entry[0] in ("gained", "lost")}
    assert kinds == set(product(("gained", "lost"), ("access", "resource", "denial", "trust")))
    assert seen["denied", "access"]
    assert {entry[1:] for entry in seen if entry[0] == "undecided"} >= set(product(("identity", "resource"), SIDES))


def _statement(text: str, sid: str) -> str:
    """A statement of a template, as text."""
    return text.partition(f'"Sid": "{sid}"')[2].partition('"Sid": ')[0]


def _compared(*sides: dict[str, Any]) -> dict[str, Any]:
    """The review of two templates of a role that may decrypt."""
    own = {"PolicyName": "own", "PolicyDocument": {"Statement": {**ALLOW, "Action": "kms:Decrypt", "Resource": "*"}}}
    trust = {"Statement": {**ALLOW, "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}}
    properties = {"RoleName": "reader", "AssumeRolePolicyDocument": trust, "Policies": [own]}
    reader = {"Type": "AWS::IAM::Role", "Properties": properties}
    texts = [json.dumps({"Resources": {"Reader": reader, **side}}).encode() for side in sides]
    return review_document(review_templates(read(texts[0], "old.json"), read(texts[1], "new.json")))


ALLOW: Final = {"Effect": "Allow"}
TO_READER: Final = {"Principal": {"AWS": {"Fn::GetAtt": ["Reader", "Arn"]}}}


def test_a_key_that_limits_is_told_as_its_policy_whichever_of_several_it_is() -> None:
    def keys(**limit: Any) -> dict[str, Any]:
        statement = {**ALLOW, **TO_READER, "Action": "kms:Decrypt", "Resource": "*", **limit}
        return {key: {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": statement}}} for key in KEYS}

    limited = keys(Condition={"Bool": {"aws:SecureTransport": "true"}})
    differences = {row["difference"] for row in _compared(limited, keys())["gained"]}
    assert differences == {"no statement of the old key policy allows it"}


def test_what_a_bucket_says_to_many_is_told_of_the_bucket_alone() -> None:
    def bucket(*actions: str) -> dict[str, Any]:
        on_files = {**ALLOW, "Resource": "arn:aws:s3:::files/*"}
        to_many = [{**on_files, "Principal": "*", "Action": action} for action in actions]
        to_reader = {**on_files, **TO_READER, "Action": "s3:PutObject" if actions else "s3:DeleteObject"}
        properties = {"Bucket": "files", "PolicyDocument": {"Statement": [*to_many, to_reader]}}
        return {"OfBucket": {"Type": "AWS::S3::BucketPolicy", "Properties": properties}}

    gained = [(row["role"], row["action"]) for row in _compared(bucket(), bucket("s3:GetObject"))["gained"]]
    assert {*gained} == {("Reader", "s3:PutObject"), ("OfBucket", "s3:GetObject")}


@pytest.mark.parametrize(
    "who",
    [
        {"Fn::GetAtt": ["Reader", "Arn"]},
        {"Fn::Sub": "${Reader.Arn}"},
        {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/reader"},
        {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/reader"},
    ],
)
def test_what_a_bucket_says_to_a_role_is_told_of_the_role_alone_however_it_names_it(who: Any) -> None:
    def bucket(*actions: str) -> dict[str, Any]:
        to_reader = {**ALLOW, "Principal": {"AWS": who}, "Resource": "arn:aws:s3:::files/*"}
        statements = [{**to_reader, "Action": action} for action in actions]
        properties = {"Bucket": "files", "PolicyDocument": {"Statement": statements}}
        return {"OfBucket": {"Type": "AWS::S3::BucketPolicy", "Properties": properties}}

    document = _compared(bucket("s3:GetObject"), bucket("s3:GetObject", "s3:PutObject"))
    assert [(row["role"], row["action"]) for row in document["gained"]] == [("Reader", "s3:PutObject")]
    without_reader = {"Reader": {"Type": "AWS::SNS::Topic"}}
    document = _compared(bucket("s3:GetObject"), without_reader)
    assert {(row["role"], row["action"]) for row in document["lost"]} == {
        ("Reader", "kms:Decrypt"),
        ("Reader", "s3:GetObject"),
    }


def test_an_undecided_statement_is_named_also_where_the_other_version_ends_before_it() -> None:
    to_many = {**ALLOW, "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::files/*"}

    def bucket(*statements: dict[str, Any]) -> dict[str, Any]:
        properties = {"Bucket": "files", "PolicyDocument": {"Statement": [*statements]}}
        return {"OfBucket": {"Type": "AWS::S3::BucketPolicy", "Properties": properties}}

    doubtful = {**to_many, "Sid": "Doubt", "Action": "s3:PutObject", **CONDITIONS[-1]}
    for sides in permutations((bucket(to_many), bucket(to_many, doubtful))):
        undecided = {row["statement"] for row in _compared(*sides)["undecided"] if row["role"] == "OfBucket"}
        assert undecided == {"resource[0].Statement[1] (Doubt)"}
