"""Each statement that a review names stands where it says so, in the file of its own side."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from itertools import product
from typing import Any, Final

from random_cases import cases
from remit.documents.read import read
from remit.report.access_documents import review_document
from remit.report.access_report import UNDECIDED, review_report
from remit.review.template_changes import review_templates

ROLES: Final = ("Reader", "Writer")
SIDES: Final = ("old", "new")
KEYS: Final = ("First", "Second")
ON: Final[dict[str, Any]] = {
    "s3:GetObject": "arn:aws:s3:::files/*",
    "s3:PutObject": "arn:aws:s3:::files/*",
    "sqs:SendMessage": {"Fn::GetAtt": ["Work", "Arn"]},
    "kms:Decrypt": {"Fn::GetAtt": ["First", "Arn"]},
    "kms:Encrypt": {"Fn::GetAtt": ["Second", "Arn"]},
}
CONDITIONS: Final[tuple[dict[str, Any], ...]] = (
    *({},) * 7,
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
    dice, seen = random.Random(7), Counter[tuple[Any, ...]]()  # noqa: S311 - a test's dice
    for _ in range(cases(20, deep=1_000)):
        before = template(dice)
        sids: dict[str, int] = {}
        texts = {}
        for side, version in (("old", before), ("new", changed(before, dice))):
            texts[side] = json.dumps(signed(version, side, sids), indent=1)
        review = review_templates(*(read(text.encode(), f"{side}.json") for side, text in texts.items()))

        def place(sid: str, texts: dict[str, str] = texts) -> str:
            lines = texts[sid[:3]].splitlines()
            (number,) = (number for number, line in enumerate(lines) if f'"Sid": "{sid}"' in line)
            return f"{sid[:3]}.json:{number}"  # the line above it, from 1

        def named(text: str, sids: dict[str, int] = sids) -> list[str]:
            """The ids of the statements that a text names, each with the index that it has."""
            found = list(_NAMED.finditer(text))
            assert [int(each["index"]) for each in found] == [sids[each["sid"]] for each in found]
            return [each["sid"] for each in found]

        document = review_document(review)
        for part, own, other in (("gained", "new", "old"), ("lost", "old", "new")):
            for row in document[part]:
                (sid,) = named(row["statement"])
                side = other if row["kind"] == "denial" else own
                if row["kind"] != "trust":  # of which the line of the whole is told
                    assert f"{row['origin']['file']}:{row['origin']['line']}" == place(sid)
                denials = named(row["difference"])
                assert [side, *[other] * len(denials)] == [each[:3] for each in (sid, *denials)]
                assert "scp[" not in row["difference"]
                seen[part, row["kind"], row["statement"].partition("[")[0], len(denials)] += 1
        undecided = [named(row["statement"])[0] for row in document["undecided"]]
        causes = [change for change in review_report(review).changes if change.sign == UNDECIDED]
        told = {change.words: change.places for change in causes}
        assert {named(words)[0] for words in told} == set(undecided)
        for words, places in told.items():
            (sid,) = named(words)
            layer = words.split("[")[0].split(" ")[-1]
            assert [each.rpartition(":")[0] for each in places] == ([] if layer == "boundary" else [place(sid)])
            seen["undecided", layer, sid[:3]] += 1
    kinds = {entry[:2] for entry in seen if entry[0] != "undecided"}
    assert kinds == set(product(("gained", "lost"), ("access", "resource", "denial", "trust")))
    assert {entry[1:] for entry in seen if entry[0] == "undecided"} >= set(product(("identity", "resource"), SIDES))
