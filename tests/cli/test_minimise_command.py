"""`remit minimise`: what it prints, the room it tells of, and whether a policy fits what it is for."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from projects import Ran, remit
from random_cases import in_all_cases
from remit.iam.policy import Policy, parse
from remit.iam.prove.compare import equivalent
from remit.iam.prove.minimise import same

if TYPE_CHECKING:
    from pathlib import Path


def allow(action: object, resource: object = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def document(*statements: dict[str, Any], version: str = "2012-10-17") -> dict[str, Any]:
    return {"Version": version, "Statement": list(statements)}


def conditioned(count: int) -> list[dict[str, Any]]:
    """Statements that cannot be merged."""
    return [
        allow("sqs:SendMessage", f"arn:aws:sqs:*:*:q{n:04}", Condition={"StringEquals": {"aws:userid": f"u{n:04}"}})
        for n in range(count)
    ]


def exactly(size: int) -> dict[str, Any]:
    """A document of `size` characters that cannot be smaller, with white space that does not count."""
    short = size - len(json.dumps(document(allow("s3:GetObject", "")), separators=(",", ":")))
    return document(allow("s3:GetObject", "x" * short))


def minimise(folder: Path, value: object, *options: str) -> Ran:
    path = folder / "policy.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value, indent=4))
    return remit("minimise", str(path), *options)


def joined(text: str) -> Policy:
    policies = [parse(one) for one in json.loads(text)]
    return replace(policies[0], statements=tuple(one for policy in policies for one in policy.statements))


def test_it_prints_the_policy_and_tells_the_room(tmp_path: Path) -> None:
    ran = minimise(tmp_path, document(allow("s3:GetObject", "a"), allow("s3:Get*", "a"), allow("s3:PutObject", "a")))
    assert (0, document(allow(["s3:Get*", "s3:PutObject"], "a"))) == (ran.status, json.loads(ran.out))
    assert [
        "207 characters before, 108 after",
        "108 of 6,144 characters of a managed policy",
        "108 of 10,240 characters of all inline policies of a role",
    ] == ran.err.splitlines()


@pytest.mark.parametrize(
    ("kind", "most"), [("managed", 6_144), ("role", 10_240), ("user", 2_048), ("group", 5_120), ("session", 2_048)]
)
def test_whether_it_fits_is_the_answer(tmp_path: Path, kind: str, most: int) -> None:
    """To the character."""
    assert 0 == minimise(tmp_path, exactly(most), "--for", kind).status
    ran = minimise(tmp_path, exactly(most + 1), "--for", kind)
    assert (1, exactly(most + 1)) == (ran.status, json.loads(ran.out))
    assert f"error: {most + 1:,} characters do not fit: IAM allows {most:,} for " in ran.err


def test_a_policy_for_managed_policies_is_split_into_some_that_fit(tmp_path: Path) -> None:
    given = document(*conditioned(150))
    ran = minimise(tmp_path, given, "--split")
    parts = json.loads(ran.out)
    assert (0, True) == (ran.status, len(parts) > 2)
    assert max(len(json.dumps(part, separators=(",", ":"))) for part in parts) <= 6_144
    assert same(parse(given), joined(ran.out))
    assert f"in {len(parts)} policies" in ran.err
    assert f"{len(parts)}: " in ran.err


def test_the_first_part_for_a_role_is_inline(tmp_path: Path) -> None:
    parts = json.loads(minimise(tmp_path, document(*conditioned(150)), "--for", "role", "--split").out)
    sizes = [len(json.dumps(part, separators=(",", ":"))) for part in parts]
    assert 6_144 < sizes[0] <= 10_240
    assert max(sizes[1:]) <= 6_144


def test_one_statement_is_taken_apart(tmp_path: Path) -> None:
    given = document(allow(["s3:GetObject", "s3:PutObject"], [f"arn:aws:s3:::{'b' * 40}-{n}/*" for n in range(300)]))
    ran = minimise(tmp_path, given, "--split")
    assert (0, True) == (ran.status, equivalent(parse(given), joined(ran.out)))


@in_all_cases
def test_more_managed_policies_than_may_be_attached_are_told(tmp_path: Path) -> None:
    ran = minimise(tmp_path, document(*conditioned(700)), "--split")
    assert "more than the 10 that may be attached unless AWS raises the quota" in ran.err


def test_what_cannot_be_taken_apart_is_told(tmp_path: Path) -> None:
    ran = minimise(tmp_path, document({"Effect": "Allow", "Action": "s3:*", "NotResource": "x" * 7_000}), "--split")
    assert (2, "") == (ran.status, ran.out)
    assert "cannot be taken apart" in ran.err


def test_policies_that_are_attached_together_become_one(tmp_path: Path) -> None:
    two = [document(allow("s3:GetObject", "a", Sid="Read")), document(allow("s3:PutObject", "a", Sid="Read"))]
    ran = minimise(tmp_path, two)
    assert document({"Sid": "Read", **allow(["s3:GetObject", "s3:PutObject"], "a")}) == json.loads(ran.out)


def test_before_counts_what_stands_in_the_file_without_white_space(tmp_path: Path) -> None:
    one = {"Id": "own", "Statement": {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["é"]}}
    flag = {**allow("s3:PutObject", "b"), "Condition": {"Bool": {"aws:SecureTransport": True}}}
    for given in (one, [one], [document(flag), document(flag)], {"identity": document(flag)}):
        documents = given if isinstance(given, list) else [given.get("identity", given)]
        size = sum(len(json.dumps(each, separators=(",", ":"), ensure_ascii=False).encode()) for each in documents)
        assert minimise(tmp_path, given).err.startswith(f"{size} characters before, ")


def test_what_cannot_be_smaller_stays_as_it_is_written(tmp_path: Path) -> None:
    given = {"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": {"Fn::GetAtt": ["Bucket", "Arn"]}}}
    ran = minimise(tmp_path, given)
    assert given == json.loads(ran.out)
    before, after = re.findall(r"\d+", ran.err.splitlines()[0])
    assert before == after


def test_references_count_as_long_as_they_may_become(tmp_path: Path) -> None:
    late = document(allow("s3:GetObject", {"Fn::Sub": "arn:${AWS::Partition}:s3:::uploads/*"}))
    ran = minimise(tmp_path, late)
    size = len(json.dumps(document(allow("s3:GetObject", "arn:aws-us-gov:s3:::uploads/*")), separators=(",", ":")))
    assert (late, f"{size} characters before, {size} after") == (json.loads(ran.out), ran.err.splitlines()[0])


@pytest.mark.parametrize(
    ("value", "options", "message"),
    [
        ({"Resources": {}}, (), "is a template: `remit minimise` takes a policy document"),
        ({"identity": document(), "boundary": document()}, (), "holds more than policies that are attached together"),
        ([], (), "holds more than policies that are attached together"),
        ([document(), document(version="2008-10-17")], (), "of different versions, 2008-10-17 and 2012-10-17"),
        (document(), ("--limit", "200", "--split"), "--limit is a quota of your own"),
        (document(*conditioned(60)), ("--for", "session", "--split"), "it cannot be split"),
        ('{"Version": }', (), "a JSON value was expected here"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, value: object, options: tuple[str, ...], message: str) -> None:
    ran = minimise(tmp_path, value, *options)
    assert (2, "") == (ran.status, ran.out)
    assert message in ran.err


def test_half_of_a_pair_of_surrogates_is_counted_and_written_as_it_was(tmp_path: Path) -> None:
    ran = minimise(tmp_path, document(allow("s3:GetObject", "arn:aws:s3:::b/\ud800")))
    assert (ran.status, json.loads(ran.out)["Statement"][0]["Resource"]) == (0, "arn:aws:s3:::b/\ud800")


@pytest.mark.parametrize("value", [[], {}])
def test_what_holds_no_policy_is_refused_at_its_place(tmp_path: Path, value: object) -> None:
    ran = minimise(tmp_path, value)
    assert (ran.status, "policy.json:1:1" in ran.err) == (2, True)


@pytest.mark.parametrize("layer", ["boundary", "session", "endpoint", "scp", "rcp"])
def test_a_policy_of_another_layer_is_refused_and_not_left_out(tmp_path: Path, layer: str) -> None:
    principal = {"Principal": "*"} if layer in ("endpoint", "rcp") else {}
    other = [document(allow("*", **principal))]
    levels = [other] if layer in ("scp", "rcp") else other
    ran = minimise(tmp_path, {"identity": [document(allow("s3:GetObject"))], layer: levels})
    assert (2, "") == (ran.status, ran.out)
    assert "holds more than policies that are attached together" in ran.err


def test_what_is_as_short_already_keeps_the_order_of_its_author(tmp_path: Path) -> None:
    statement = {"Resource": "*", "Action": ["s3:PutObject", "s3:GetObject"], "Effect": "Allow"}
    given = {"Statement": [statement], "Version": "2012-10-17"}
    assert json.dumps(given) == json.dumps(json.loads(minimise(tmp_path, given).out))
