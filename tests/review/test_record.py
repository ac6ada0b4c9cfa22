"""The record of a deploy: what is written is read back, and what is no record says so."""

from __future__ import annotations

import contextlib
import json
from dataclasses import fields, replace
from typing import TYPE_CHECKING

import pytest

from projects import write
from remit.app import Grant, Reason
from remit.catalogue.managed_policies import managed_policy
from remit.errors import Origin, RemitError
from remit.holders import Holder, bounded, by_arn, inline
from remit.iam.policy import OLD_VERSION, VERSION, Policy, allow, parse
from remit.review.access_change import AccessSetting, Given, Version, nothing
from remit.review.changes import review
from remit.review.record import Place, read_record, record, record_path, recorded
from remit.review.working_tree import version_of
from remit.roles.assign import assign

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Make
    from projects import Project

BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
OWN = "arn:aws:iam::111122223333:policy/own"
HERE = Place("111122223333", "eu-central-1")


@pytest.fixture
def project(make: Make) -> Project:
    """A project with a managed policy of AWS, and a boundary of the account itself."""
    managed, boundary = f"config.lambda_.iam.managed_policy = [{BASIC!r}]", f"permissions_boundary = {OWN!r}"
    return make(config=f"{managed}\nconfig.lambda_.iam.{boundary}")


def with_sentences(roles: tuple[Holder, ...]) -> tuple[Holder, ...]:
    """The roles with each reason as the sentence that a record keeps of it."""

    def with_sentence(grant: Grant) -> Grant:
        return replace(grant, reason=Reason("text", grant.because))

    return tuple(role.with_grants(with_sentence) for role in roles)


def test_what_is_recorded_is_read_back_whole(project: Project) -> None:
    app = project.load()
    roles = assign(app)
    own = Policy((allow("s3:*"),))
    found = read_record(record(replace(version_of(app), documents={OWN: own}), "dev", HERE).encode(), "record.json")
    basic = managed_policy(BASIC)
    assert basic is not None
    assert found.roles == with_sentences(roles)
    late = BASIC.replace("arn:aws", "arn:${AWS::Partition}")
    assert found.documents == {OWN.replace("arn:aws", "arn:${AWS::Partition}"): own, late: parse(basic.document)}
    assert found.versions == {late: basic.version}
    assert (found.where, found.namespace) == ("the last deploy (account 111122223333, eu-central-1)", "orders-dev")


def test_the_same_deploy_gives_the_same_bytes(project: Project) -> None:
    once = record(version_of(project.load()), "dev", HERE)
    assert once == record(version_of(project.load()), "dev", HERE)
    assert str(project.folder) not in once


def test_the_aws_on_this_machine_has_a_record_of_its_own(project: Project) -> None:
    path = record_path(project.folder, "orders-dev", local=True)
    text = record(version_of(project.load()), "dev", Place("000000000000", "us-east-1", local=True))
    write(project.folder, {path.relative_to(project.folder).as_posix(): text})
    local = recorded(project.folder, "orders-dev", local=True)
    assert local is not None
    assert local.where == "the last deploy (the AWS on this machine)"
    assert recorded(project.folder, "orders-dev") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", "is not a record of a deploy that this remit can read"),
        ("[]", "is not a record of a deploy that this remit can read"),
        ('{"format": 1, "roles": 3}', "is not a record of a deploy that this remit can read"),
        ('{"format": 2}', "a newer remit wrote"),
        ('{"format": 1,}', "trailing commas"),
    ],
)
def test_a_file_that_is_no_record_is_refused_in_a_sentence(text: str, expected: str) -> None:
    with pytest.raises(RemitError) as caught:
        read_record(text.encode(), ".remit/deployed/orders-dev.json")
    assert expected in str(caught.value)
    assert ".remit/deployed/orders-dev.json" in str(caught.value)


@pytest.mark.parametrize("junk", [None, 3, "x", [], {}, [3], {"a": 1}, "${{"])
def test_whatever_stands_in_a_record_it_is_read_or_refused(project: Project, junk: object) -> None:
    whole = record(version_of(project.load()), "dev", HERE)
    fresh = review(read_record(whole.encode(), "record.json"), read_record(whole.encode(), "record.json"))
    assert fresh.changes == ()
    for key in json.loads(whole):
        for inside in json.loads(whole)["roles"][0]:
            value = json.loads(whole)
            value[key] = junk
            other = json.loads(whole)
            other["roles"][0][inside] = junk
            for damaged in (value, other):
                with contextlib.suppress(RemitError):
                    review(read_record(json.dumps(damaged).encode(), "record.json"), Version("new", ()))


def test_a_damaged_statement_makes_the_record_unreadable(project: Project) -> None:
    value = json.loads(record(version_of(project.load()), "dev", HERE))
    value["roles"][0]["grants"][0]["statement"].pop("Effect")
    with pytest.raises(RemitError, match="not a record of a deploy"):
        read_record(json.dumps(value).encode(), "record.json")


def test_what_a_resource_lets_others_do_is_read_back_whole() -> None:
    grant = Grant(allow("s3:Get*", on="*"), Reason("text", "x"), Origin("a.py", 3, 5), OLD_VERSION)
    whole = Given(
        "AWS::KMS::Key",
        documents=((grant,), (grant, grant)),
        on=("Endpoint",),
        arns=("${Endpoint.Arn}",),
        is_conditional=True,
        settings=(AccessSetting("Path", "door", "any", ("GET",), "GET /a", is_limited=True),),
        unread=frozenset(("a policy of elsewhere",)),
        is_ceiling=True,
        is_gateway=True,
    )
    not_of_an_app = {"made_settings", "doubts"}
    defaults = {field.name for field in fields(Given) if getattr(whole, field.name) == getattr(Given(""), field.name)}
    assert defaults == not_of_an_app
    for given in (whole, Given("AWS::S3::Bucket")):
        version = replace(nothing(), giving={"Endpoint": given})
        assert version.giving == read_record(record(version, "dev", None).encode(), "record.json").giving


KEY = """
from remit import Shared, resource

WHOLE = {"Effect": "Allow", "Action": "kms:*", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Resource": "*"}
WRITES = {"Effect": "Allow", "Action": "s3:PutObject", "Principal": {"AWS": "${HelloRole.Arn}"}, "Resource": "*"}


class Stores(Shared):
    key = resource("AWS::KMS::Key", key_policy={"Version": "2012-10-17", "Statement": [WHOLE]})
    files = resource("AWS::S3::BucketPolicy", bucket="files", policy_document={"Version": "2012-10-17",
        "Statement": [WRITES]})
"""


def test_an_app_with_keys_and_buckets_is_held_against_its_record(make: Make) -> None:
    """Of what they say to its roles nothing is told, also where something else of a role differs.

    Each statement is held to the ARN of its resource, which records do not have: it follows from what they have.
    """

    def app(action: str) -> Version:
        functions = f"@app.function(policy=[{action!r}])\ndef hello(event, context): ...\n"
        return version_of(make(app=functions, **{"shared/resources/stores.py": KEY}).load())

    before = read_record(record(app("sqs:ListQueues"), "dev", HERE).encode(), "record.json")
    assert review(before, app("sqs:ListQueues")).changes == ()
    (change,) = review(before, app("sns:ListTopics")).changes
    told = [piece.action for piece in (*change.access.gained, *change.access.lost)]
    assert (told, change.access.undecided) == (["sns:ListTopics", "sqs:ListQueues"], ())


def test_the_version_of_a_statement_s_language_is_kept() -> None:
    grants = tuple(
        Grant(allow("s3:Get*", on="${aws:username}"), Reason("text", "x"), version=one)
        for one in (VERSION, OLD_VERSION)
    )
    text = record(Version("new", (Holder("R", (inline(grants),), ("ingest",)),)), "dev", None)
    assert read_record(text.encode(), "a record").roles[0].grants == grants


def test_a_role_and_all_else_of_a_version_is_read_back_whole(tmp_path: Path) -> None:
    grants = tuple(Grant(allow(name), Reason("text", name), Origin("a.py", 3, 5)) for name in ("s3:Get*", "sqs:*"))
    whole = Holder(
        "Own",
        (inline(grants), *by_arn((BASIC, OWN))),
        ("a", "b"),
        bounded(OWN),
        trusts=("lambda.amazonaws.com", "events.amazonaws.com"),
        trust=Policy((allow("sts:AssumeRole"),)),
        notes=("first", "second"),
        kind="user",
    )
    own = Policy((allow("s3:*"),))
    version = Version(
        "new",
        (whole, Holder("Plain", (inline(()),), ("c",))),
        documents={OWN.replace("arn:aws:", "arn:${AWS::Partition}:"): own},
        namespace="orders-dev",
        others={"d": OWN},
        open=("b", "a"),
    )
    for place, where in (
        (None, "the working tree"),
        (HERE, "the last deploy (account 111122223333, eu-central-1)"),
        (Place("1", "x", local=True), "the last deploy (the AWS on this machine)"),
    ):
        found = read_record(record(version, "dev", place).encode(), "record.json")
        assert (found.where, found.namespace, found.others) == (where, "orders-dev", {"d": OWN})
        assert found.roles == version.roles
        assert (found.open, found.giving) == (("a", "b"), None)
        assert found.documents.keys() == {BASIC, OWN}
        assert found.documents[OWN] == own  # as the account has it, and not as AWS's own of the same name
        assert found.versions.keys() == {BASIC}
    closed = read_record(record(replace(version, open=()), "dev", None).encode(), "record.json")
    unknown = read_record(record(replace(version, open=None), "dev", None).encode(), "record.json")
    assert (closed.open, unknown.open) == ((), None)
    (tmp_path / ".remit").mkdir()
    (tmp_path / ".remit" / "deployed").touch()
    assert recorded(tmp_path, "orders-dev") is None


@pytest.mark.parametrize("place", ["role", "functions", "trusts", "managed_policies"])
def test_a_record_with_a_number_in_the_place_of_a_name_is_refused(place: str) -> None:
    value = json.loads(record(Version("new", (Holder("R", (inline(()),), ("a",)),)), "dev", None))
    value["roles"][0][place] = 3 if place == "role" else [3]
    with pytest.raises(RemitError, match="not a record of a deploy"):
        read_record(json.dumps(value).encode(), "record.json")
