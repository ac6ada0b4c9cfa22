"""What remit keeps in the artefact bucket: zips, templates and releases, each used only with its own bytes."""

from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import pytest

from answering import NUMBER, Answers, Refused, answering
from remit.app import ExistingValue
from remit.deploy.artefacts import (
    buckets_of,
    prune_artefacts,
    remove_bucket,
    remove_objects,
    upload,
    upload_template,
)
from remit.deploy.bootstrap import SETTINGS, Bootstrapped, bootstrap, require_bucket
from remit.deploy.bucket import Bucket, artefact_bucket, exists
from remit.deploy.delete import FilledBucket, delete, filled_buckets
from remit.deploy.held_data import held_data
from remit.deploy.plan import ResourceChange
from remit.deploy.releases import (
    Release,
    keep,
    kept_keys,
    kept_releases,
    next_number,
    read_release,
    release_keys,
    release_of,
    release_to_go_back_to,
    running_release,
)
from remit.deploy.stack import describe
from remit.errors import RemitError

if TYPE_CHECKING:
    from pathlib import Path

    from remit.deploy.session import Account

BUCKET: Final = Bucket(f"remit-artefacts-{NUMBER}-eu-central-1")
GONE: Final = Refused("404", "Not Found", 404)


def digest(body: bytes) -> str:
    return sha256(body).hexdigest()


def checksum(body: bytes) -> str:
    return base64.b64encode(sha256(body).digest()).decode()


class Store:
    """A bucket with objects, of which each has one old version; `there`: whether the bucket is."""

    def __init__(self, *, there: bool = True, **cloudformation: Any) -> None:
        self.objects: dict[str, bytes] = {}
        self.there = there
        answers = {
            "HeadBucket": lambda **_: {} if self.there else GONE,
            "ListObjectVersions": self.listed,
            "GetObject": self.got,
            "HeadObject": self.headed,
            "PutObject": self.put,
            "DeleteObjects": self.delete,
            "DeleteBucket": {},
        }
        both = {f"s3.{name}": answer for name, answer in answers.items()}
        both |= {f"cloudformation.{name}": answer for name, answer in cloudformation.items()}
        self.account: Account
        self.asked: Answers
        self.account, self.asked = answering(both)

    def listed(self, Prefix: str = "", **_: Any) -> Any:  # noqa: N803 - AWS's name
        if not self.there:
            return Refused("NoSuchBucket", status=404)
        keys = [key for key in sorted(self.objects) if key.startswith(Prefix)]
        rows = [
            {"Key": key, "VersionId": version, "IsLatest": version == "new", "Size": len(self.objects[key])}
            for key in keys
            for version in ("new", "old")
        ]
        return {
            "Versions": rows,
            "DeleteMarkers": [{"Key": key, "VersionId": "mark", "IsLatest": False} for key in keys[:1]],
        }

    def got(self, Key: str, **_: Any) -> Any:  # noqa: N803 - AWS's name
        return {"Body": io.BytesIO(self.objects[Key])} if Key in self.objects else Refused("NoSuchKey", status=404)

    def headed(self, Key: str, **_: Any) -> Any:  # noqa: N803 - AWS's name
        return {"ChecksumSHA256": checksum(self.objects[Key])} if Key in self.objects else GONE

    def put(self, Key: str, Body: bytes, ChecksumSHA256: str, **_: Any) -> Any:  # noqa: N803 - AWS's names
        if not self.there:
            return Refused("NoSuchBucket", status=404)
        assert checksum(Body) == ChecksumSHA256
        self.objects[Key] = Body
        return {}

    def delete(self, Delete: dict[str, Any], **_: Any) -> Any:  # noqa: N803 - AWS's name
        for item in Delete["Objects"]:
            if item.get("VersionId") in (None, "new"):
                self.objects.pop(item["Key"], None)
        return {}

    def keep(self, release: Release) -> str:
        before = set(self.objects)
        keep(self.account, BUCKET, release)
        (key,) = set(self.objects) - before
        return key


ZIP: Final = f"{digest(b'code')}.zip"
TEMPLATE: Final = {
    "Resources": {
        "Web": {
            "Type": "AWS::Lambda::Function",
            "Properties": {"Code": {"S3Bucket": BUCKET.name, "S3Key": f"orders-dev/{ZIP}"}},
        }
    }
}
LOOKED_UP: Final = ExistingValue("P", "parameter", "/orders/size", "the parameter /orders/size", "")
FIRST: Final = Release(
    "orders-dev",
    1,
    TEMPLATE,
    {"P": "3"},
    "2026-03-01T12:03:00.000+00:00",
    "arn:aws:iam::1:user/ann",
    "abc",
    is_clean=True,
)


def test_a_release_is_read_as_it_was_kept() -> None:
    store = Store()

    key = store.keep(FIRST)

    assert re.fullmatch(r"orders-dev/releases/000001-[0-9a-f]{64}\.json", key)
    assert read_release(store.account, BUCKET, key) == FIRST
    assert FIRST.zips == (f"orders-dev/{ZIP}",)
    assert all(parameters["ExpectedBucketOwner"] == NUMBER for _, parameters in store.asked.asked)


def test_a_release_names_all_of_its_zips_and_what_was_looked_up_and_is_built_again_with_it(tmp_path: Path) -> None:
    keys = [f"orders-dev/{digest(name)}.zip" for name in (b"b", b"a", b"c")]
    functions = {
        f"F{number}": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Bucket": BUCKET.name, "S3Key": key}}}
        for number, key in enumerate([*keys, keys[0]])
    }
    value = ExistingValue("P", "parameter", "/orders/size")
    release = replace(FIRST, template={"Resources": functions}, looked_up=(value,), went_back_to=3)
    store = Store()

    key = store.keep(release)

    assert release.zips == tuple(sorted(keys))
    assert json.loads(store.objects[key])["zips"] == sorted(keys)
    assert read_release(store.account, BUCKET, key) == release
    built = release.built_again(tmp_path, "orders", "dev")
    assert (json.loads(built.body), built.template.parameters, built.namespace, built.artefacts) == (
        {"Resources": functions}, (value,), "orders-dev", {},
    )  # fmt: skip


def test_of_releases_that_are_the_same_the_last_one_runs() -> None:
    store = running(5, (at(3, "a"), at(4, "b"), at(5, "a")))
    kept = kept_releases(store.account, BUCKET, "orders-dev")
    found = running_release(store.account, "orders-dev", kept)
    assert found is not None
    assert found.number == 5


def test_on_this_machine_the_owner_makes_the_bucket() -> None:
    limited, asked = answering({}, local=True)
    owner, of_owner = answering(bucket_of(whole())[1].by_operation, local=True)
    require_bucket(replace(limited, owner=owner), BUCKET)
    assert (asked.asked, of_owner.asked[0][0], len(of_owner.asked)) == ([], "s3.HeadBucket", 1 + len(SETTINGS))


def test_where_there_is_no_bucket_nothing_is_kept_and_nothing_is_listed() -> None:
    store = Store(there=False)

    keep(store.account, BUCKET, FIRST)
    remove_objects(store.account, BUCKET.name, "orders-dev/")
    prune_artefacts(store.account, "orders-dev", BUCKET.name)

    assert kept_releases(store.account, BUCKET, "orders-dev") == ()
    assert next_number(store.account, BUCKET, FIRST) == 1
    assert remove_bucket(store.account)


def other_bytes(body: bytes, namespace: str = "orders-dev", number: str = "000001") -> tuple[str, bytes]:
    return f"{namespace}/releases/{number}-{digest(body)}.json", body


def changed(**values: Any) -> bytes:
    store = Store()
    raw = json.loads(store.objects[store.keep(FIRST)])
    return json.dumps({**raw, **values}).encode()


@pytest.mark.parametrize(
    ("key", "body"),
    [
        (f"orders-dev/releases/000001-{'0' * 64}.json", b"{}"),
        (f"orders-dev/releases/000001-{'0' * 64}.json", b""),
        other_bytes(b"{}"),
        other_bytes(b"no JSON"),
        other_bytes(b"[]"),
        other_bytes(changed(), number="000002"),
        other_bytes(changed(), namespace="shop-dev"),
        other_bytes(changed(format=2)),
        other_bytes(changed(template={})),
        other_bytes(changed(parameters=[])),
        other_bytes(changed(more=1)),
    ],
)
def test_other_bytes_another_number_and_another_stack_are_damage(key: str, body: bytes) -> None:
    store = Store()
    store.objects[key] = body

    release = read_release(store.account, BUCKET, key)

    assert key in release.damage
    assert (release.namespace, release.number) == (key.split("/", maxsplit=1)[0], int(key.split("/")[2][:6]))
    assert release.template == {}


def test_a_release_of_which_only_old_versions_are_left_is_none() -> None:
    keys = [f"orders-dev/releases/{number:06}-{'a' * 64}.json" for number in (2, 1)]
    rows = [{"Key": key, "VersionId": "1", "IsLatest": key == keys[0]} for key in keys]
    account, _ = answering({"s3.ListObjectVersions": {"Versions": rows, "IsTruncated": False}})
    assert release_keys(account, BUCKET, "orders-dev") == (keys[0],)


def test_the_next_release_has_the_next_number_unless_the_same_runs() -> None:
    store = Store()
    store.keep(FIRST)
    store.keep(replace(FIRST, number=9, parameters={"P": "4"}))

    assert next_number(store.account, BUCKET, replace(FIRST, parameters={"P": "4"}, by="bob", number=0)) is None
    assert next_number(store.account, BUCKET, FIRST) == 10
    assert next_number(store.account, BUCKET, replace(FIRST, template={"Resources": {}})) == 10
    assert [release.number for release in kept_releases(store.account, BUCKET, "orders-dev")] == [1, 9]
    assert [release.number for release in kept_releases(store.account, BUCKET, "orders-dev", 1)] == [9]
    store.objects["orders-dev/releases/x.json"] = b""
    assert len(kept_keys(store.account, BUCKET, "orders-dev", 5)) == 4
    assert [key.rpartition("/")[2][:6] for key in kept_keys(store.account, BUCKET, "orders-dev", 1)] == [
        "000009",
        ZIP[:6],
    ]


MADE: Final = datetime(2026, 3, 1, 12, 3, tzinfo=UTC)


def stack(status: str = "UPDATE_COMPLETE", parameters: dict[str, str] | None = None) -> dict[str, Any]:
    rows = [{"ParameterKey": key, "ParameterValue": value} for key, value in (parameters or {}).items()]
    return {
        "Stacks": [
            {
                "StackName": "orders-dev",
                "StackId": "arn:aws:cloudformation:eu-central-1:1:stack/orders-dev/1",
                "StackStatus": status,
                "CreationTime": MADE,
                "Parameters": rows,
                "Tags": [{"Key": "remit:namespace", "Value": "orders-dev"}],
            }
        ]
    }


DECLARED: Final = {
    "P": {"Type": "String"},
    "Hidden": {"Type": "String", "NoEcho": True},
    "DbPassword": {"Type": "String"},
    "Url": {"Type": "String"},
}


def test_values_that_may_be_secret_are_not_kept_in_a_release() -> None:
    values = {
        "P": "large",
        "Hidden": "x",
        "DbPassword": "Corr3ct-H0rse",
        "Url": "postgres://app:Zm9v-Ym4y@db.internal/x",
    }
    store = Store(DescribeStacks=stack(parameters=values))
    found = describe(store.account, "orders-dev")
    assert found is not None
    by_name = ExistingValue("P", "parameter", "/orders/password", "x", "")

    assert release_of(found, {**TEMPLATE, "Parameters": DECLARED}).parameters == {"P": "large"}
    looked_up = release_of(found, {**TEMPLATE, "Parameters": DECLARED}, [by_name, replace(by_name, parameter="Gone")])
    assert (looked_up.parameters, looked_up.looked_up) == ({}, (replace(by_name, origin=None),))
    assert (looked_up.namespace, looked_up.at) == ("orders-dev", "2026-03-01T12:03:00.000+00:00")


def running(number: int, releases: tuple[Release, ...], *, zips: bool = True) -> Store:
    """A bucket with releases of which one runs."""
    (runs,) = [release for release in releases if release.number == number] or [
        replace(FIRST, template={"Resources": {"X": {"Type": "AWS::SQS::Queue"}}})
    ]
    body = json.dumps({**runs.template, "Parameters": {"P": {"Type": "String"}}} if runs.parameters else runs.template)
    store = Store(DescribeStacks=stack(parameters=dict(runs.parameters)), GetTemplate={"TemplateBody": body})
    for release in releases:
        store.keep(release)
    if zips:
        store.objects[f"orders-dev/{ZIP}"] = b"code"
    return store


def at(number: int, size: str) -> Release:
    return replace(
        FIRST, number=number, template={**TEMPLATE, "Parameters": {"P": {"Type": "String"}}}, parameters={"P": size}
    )


KEPT: Final = (at(3, "a"), at(4, "b"), at(5, "c"))


@pytest.mark.parametrize(
    ("runs", "number", "found"),
    [
        (5, None, 4),
        (4, None, 3),
        (3, None, "there is no release before the one that runs of orders-dev"),
        (0, None, 5),
        (5, 3, 3),
        (5, 5, 5),
        (5, 2, "there is no release 2 any more of orders-dev"),
        (5, 6, "there is no release 6 of orders-dev"),
    ],
)
def test_the_release_to_go_back_to(runs: int, number: int | None, found: int | str) -> None:
    store = running(runs, KEPT)
    if isinstance(found, int):
        assert release_to_go_back_to(store.account, BUCKET, "orders-dev", number) == KEPT[found - 3]
        assert running_release(store.account, "orders-dev", KEPT) == (KEPT[runs - 3] if runs else None)
        return
    with pytest.raises(RemitError) as raised:
        release_to_go_back_to(store.account, BUCKET, "orders-dev", number)
    assert (raised.value.message, raised.value.hint) == (found, "kept are 3, 4, 5: see `remit releases`")


def test_a_release_whose_zip_is_gone_or_another_one_cannot_be_deployed() -> None:
    for body in (None, b"other"):
        store = running(5, KEPT, zips=False)
        if body is not None:
            store.objects[f"orders-dev/{ZIP}"] = body
        with pytest.raises(
            RemitError,
            match=f"release 4 of orders-dev cannot be deployed: bucket {BUCKET.name} does not have its zip",
        ):
            release_to_go_back_to(store.account, BUCKET, "orders-dev", None)


def test_of_two_releases_of_a_number_none_is_meant_and_without_a_stack_none_runs() -> None:
    for number in (3, 4):
        store = running(5, (*KEPT, at(number, "d")))
        with pytest.raises(RemitError, match=f"several releases have the number {number} of orders-dev"):
            release_to_go_back_to(store.account, BUCKET, "orders-dev", number)
    store = Store(DescribeStacks=stack("REVIEW_IN_PROGRESS"))
    with pytest.raises(RemitError, match="orders-dev is not deployed"):
        running_release(store.account, "orders-dev", KEPT)


def test_what_neither_a_template_nor_a_release_names_is_pruned() -> None:
    store = Store()
    named, old = digest(b"a"), digest(b"b")
    names = [
        f"orders-dev/{named}.zip",
        f"orders-dev/{old}.zip",
        f"orders-dev/{old}.json",
        "orders-dev/notes.txt",
        f"shop-dev/{old}.zip",
    ]
    store.objects |= dict.fromkeys(names, b"x")

    prune_artefacts(store.account, "orders-dev", BUCKET.name, {"Code": f"orders-dev/{named}.zip"})

    assert sorted(store.objects) == sorted([names[0], *names[3:]])
    assert store.asked.calls("s3.DeleteObjects")[0]["Delete"]["Objects"] == [{"Key": names[2]}, {"Key": names[1]}]


def test_removing_takes_every_version_and_mark_of_a_prefix() -> None:
    store = Store()
    store.objects |= {"orders-dev/a": b"1", "orders-dev/b": b"2", "orders-dev2/a": b"3"}

    remove_objects(store.account, BUCKET.name, "orders-dev/")

    removed = [
        (item["Key"], item["VersionId"])
        for call in store.asked.calls("s3.DeleteObjects")
        for item in call["Delete"]["Objects"]
    ]
    assert sorted(removed) == [
        ("orders-dev/a", "mark"),
        ("orders-dev/a", "new"),
        ("orders-dev/a", "old"),
        ("orders-dev/b", "new"),
        ("orders-dev/b", "old"),
    ]
    assert not remove_bucket(store.account)
    store.objects.clear()
    assert remove_bucket(store.account)
    assert len(store.asked.calls("s3.DeleteBucket")) == 1


def test_an_object_that_cannot_be_deleted_is_told() -> None:
    store = Store()
    store.objects["orders-dev/a"] = b"1"
    kept = {"Key": "orders-dev/a", "Code": "AccessDenied"}
    for more, why in (({}, "AccessDenied"), ({"Message": "It is locked."}, "It is locked.")):
        answer = {"Errors": [kept | more, {"Key": "orders-dev/b", "Code": "InternalError"}]}
        store.asked.by_operation["s3.DeleteObjects"] = answer
        with pytest.raises(RemitError) as raised:
            remove_objects(store.account, BUCKET.name)
        assert raised.value.message == f"orders-dev/a in bucket {BUCKET.name} cannot be deleted: {why}"


def test_a_template_is_uploaded_once_and_again_where_other_bytes_stand_under_its_name() -> None:
    store = Store()
    url = upload_template(store.account, BUCKET.name, "orders-dev", "{}")
    key = f"orders-dev/{digest(b'{}')}.json"
    assert (url, store.objects) == (f"https://aws.invalid/{BUCKET.name}/{key}", {key: b"{}"})

    upload_template(store.account, BUCKET.name, "orders-dev", "{}")
    assert len(store.asked.calls("s3.PutObject")) == 1
    store.objects[key] = b"other"
    upload_template(store.account, BUCKET.name, "orders-dev", "{}")
    assert store.objects == {key: b"{}"}


def test_the_buckets_of_a_template_are_those_of_its_own_zips() -> None:
    def function(bucket: Any, key: Any) -> dict[str, Any]:
        return {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Bucket": bucket, "S3Key": key}}}

    named = {"Fn::Sub": "remit-artefacts-${AWS::AccountId}-${AWS::Region}"}
    resources = {
        "A": function(named, f"orders-dev/{ZIP}"),
        "B": function("other", "their.zip"),
        "C": {"Type": "AWS::SQS::Queue"},
        "D": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"ZipFile": "x"}}},
        "E": function("mine", ZIP),
    }
    account, _ = answering({})

    assert buckets_of(account, {"Resources": resources}) == {BUCKET.name, "mine"}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({}, None),
        ({"BucketRegion": "eu-central-1"}, None),
        ({"BucketRegion": "us-east-1"}, "lies in us-east-1, not in eu-central-1"),
        (Refused("403", status=403), "is not account 111122223333's"),
        (Refused("301", status=301), "lies in another region, not in eu-central-1"),
        (Refused("500", "x", 500), "500"),
    ],
)
@pytest.mark.parametrize("name", [BUCKET.name, "mine"])
def test_a_bucket_is_there_where_it_is_the_accounts_own_in_its_region(
    answer: Any, words: str | None, name: str
) -> None:
    account, _ = answering({"s3.HeadBucket": answer})
    if words is None:
        assert exists(account, name)
        return
    with pytest.raises(Exception, match=words) as raised:
        exists(account, name)
    if "account" in words:
        assert ("bucket sniping" in (raised.value.hint or "")) == (name == BUCKET.name)  # type: ignore[attr-defined]


def test_a_deploy_without_a_bucket_says_how_to_make_one() -> None:
    account, _ = answering({"s3.HeadBucket": GONE})
    for bucket, hint in (
        (artefact_bucket(account), "`remit bootstrap --region eu-central-1` makes it"),
        (artefact_bucket(account, "mine"), "make it in eu-central-1, or leave"),
    ):
        with pytest.raises(
            RemitError, match=f"there is no artefact bucket {bucket.name} in account {NUMBER}: nothing was deployed"
        ) as raised:
            require_bucket(account, bucket)
        assert hint in (raised.value.hint or "")


HOLDING: Final = {setting.method: setting for setting in SETTINGS}
ARN: Final = f"arn:aws:s3:::{BUCKET.name}"


def bucket_of(found: dict[str, Any]) -> tuple[Account, Answers]:
    """A bucket with these settings, by their methods; a setting that is not there has none."""
    answers: dict[str, Any] = {"s3.HeadBucket": {}}
    for setting in SETTINGS:
        name = "".join(word.title() for word in setting.method.split("_"))
        answers[f"s3.Get{name}"] = found.get(setting.method, Refused("NoSuchTagSet", status=404))
        answers[f"s3.Put{name}"] = {}
    return answering(answers)


def whole() -> dict[str, Any]:
    """What a bucket answers that has all settings: what is written to an empty one."""
    documents = {setting.method: setting.arguments({}, ARN) for setting in SETTINGS}
    answers = dict(documents)
    answers["bucket_versioning"] = {"Status": "Enabled"}
    answers["bucket_lifecycle_configuration"] = documents["bucket_lifecycle_configuration"]["LifecycleConfiguration"]
    answers["bucket_tagging"] = documents["bucket_tagging"]["Tagging"]
    return answers


@pytest.mark.parametrize("missing", [None, *HOLDING])
def test_only_what_a_bucket_lacks_is_written(missing: str | None) -> None:
    found = {method: answer for method, answer in whole().items() if method != missing}
    account, asked = bucket_of(found)

    done = bootstrap(account)

    assert (done.made, done.repaired) == (False, () if missing is None else (HOLDING[missing].name,))
    puts = [(name, parameters) for name, parameters in asked.asked if name.startswith("s3.Put")]
    assert [name.removeprefix("s3.Put").lower() for name, _ in puts] == (
        [] if missing is None else [missing.replace("_", "")]
    )
    assert all(
        (parameters["Bucket"], parameters["ExpectedBucketOwner"]) == (BUCKET.name, NUMBER)
        for _, parameters in asked.asked
    )


def test_what_a_person_added_stays_and_what_is_off_is_turned_on() -> None:
    found = whole()
    found["bucket_tagging"] = {"TagSet": [{"Key": "team", "Value": "x"}, {"Key": "remit:purpose", "Value": "other"}]}
    rule = {"ID": "theirs", "Status": "Enabled", "Filter": {"Prefix": "x"}, "Expiration": {"Days": 1}}
    off = {**found["bucket_lifecycle_configuration"]["Rules"][0], "Status": "Disabled"}
    found["bucket_lifecycle_configuration"] = {"Rules": [rule, off]}
    statement = {"Sid": "Theirs", "Effect": "Deny", "Principal": "*", "Action": "s3:Get*", "Resource": "*"}
    found["bucket_policy"] = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": statement})}
    found["bucket_versioning"] = {"Status": "Suspended"}
    found["bucket_encryption"] = {
        "ServerSideEncryptionConfiguration": {
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
        }
    }
    account, asked = bucket_of(found)

    assert bootstrap(account).repaired == ("versioning", "bucket policy", "lifecycle", "tags")
    (tags,), (rules,), (policy,) = (
        asked.calls(f"s3.Put{name}") for name in ("BucketTagging", "BucketLifecycleConfiguration", "BucketPolicy")
    )
    assert [tag["Key"] for tag in tags["Tagging"]["TagSet"]] == ["team", "remit:purpose"]
    assert [(item["ID"], item["Status"]) for item in rules["LifecycleConfiguration"]["Rules"]] == [
        ("theirs", "Enabled"),
        ("remit", "Enabled"),
    ]
    written = json.loads(policy["Policy"])["Statement"]
    assert written[0] == statement
    assert [row["Sid"] for row in written] == ["Theirs", "RemitTlsOnly"]
    assert written[1]["Resource"] == [ARN, f"{ARN}/*"]


@pytest.mark.parametrize(
    ("region", "answer", "words"),
    [
        ("eu-central-1", {}, None),
        ("us-east-1", {}, None),
        ("eu-central-1", Refused("BucketAlreadyExists"), "bucket sniping"),
        ("eu-central-1", Refused("BucketAlreadyOwnedByYou"), None),
    ],
)
def test_a_bucket_is_made_where_there_is_none(region: str, answer: Any, words: str | None) -> None:
    account, asked = bucket_of({})
    asked.by_operation |= {"s3.HeadBucket": GONE, "s3.CreateBucket": answer}
    account = replace(account, region=region)
    if words is not None:
        with pytest.raises(RemitError) as raised:
            bootstrap(account)
        assert words in (raised.value.hint or "")
        return

    done = bootstrap(account)

    assert (done.made, done.repaired, done.bucket) == (True, (), f"remit-artefacts-{NUMBER}-{region}")
    (made,) = asked.calls("s3.CreateBucket")
    assert made.get("CreateBucketConfiguration") == (None if region == "us-east-1" else {"LocationConstraint": region})
    assert len([name for name, _ in asked.asked if name.startswith("s3.Put")]) == len(SETTINGS)


def test_of_a_bucket_that_is_made_only_what_s3_does_not_give_it_by_itself_is_written() -> None:
    """S3 encrypts each new bucket and shuts it off."""
    given_by_s3 = {name: whole()[name] for name in ("public_access_block", "bucket_ownership_controls")}
    given_by_s3["bucket_encryption"] = whole()["bucket_encryption"]
    account, asked = bucket_of(given_by_s3)
    asked.by_operation |= {"s3.HeadBucket": GONE, "s3.CreateBucket": {}}

    assert bootstrap(account) == Bootstrapped(BUCKET.name, made=True, repaired=())
    written = [name for name, _ in asked.asked if name.startswith("s3.Put")]
    assert written == [f"s3.PutBucket{name}" for name in ("Versioning", "Policy", "LifecycleConfiguration", "Tagging")]


def test_a_release_that_is_damaged_is_not_deployed() -> None:
    store = running(5, KEPT)
    (key,) = [key for key in store.objects if "/000004-" in key]
    store.objects[key] = b"{}"

    with pytest.raises(RemitError) as raised:
        release_to_go_back_to(store.account, BUCKET, "orders-dev", 4)

    message = f"release 4 of orders-dev cannot be deployed: {key} has other bytes than its name says"
    assert raised.value.message == message


def test_how_much_is_in_what_would_go_is_told_in_words() -> None:
    account, asked = answering(
        {
            "dynamodb.DescribeTable": [
                {"Table": {"ItemCount": 1, "TableSizeBytes": 12345}},
                Refused("ResourceNotFoundException"),
                {"Table": {"ItemCount": 21, "TableSizeBytes": 1}},
            ],
            "s3.ListObjectsV2": [{"KeyCount": 1000, "IsTruncated": True}, {"KeyCount": 1, "IsTruncated": False}],
        }
    )
    kinds = {
        "A": "AWS::DynamoDB::Table",
        "B": "AWS::DynamoDB::Table",
        "C": "AWS::S3::Bucket",
        "D": "AWS::S3::Bucket",
        "E": "AWS::SQS::Queue",
        "F": "AWS::DynamoDB::Table",
    }

    held = held_data(
        account, [ResourceChange("Remove", name, kind, physical_id=f"p-{name}") for name, kind in kinds.items()]
    )

    assert held == {"A": "1 item, 12,345 bytes", "C": "1,000 objects or more", "D": "1 object", "F": "21 items, 1 byte"}
    assert asked.calls("s3.ListObjectsV2")[0] == {"Bucket": "p-C"}


def rows_of(*resources: tuple[str, str, str, str]) -> dict[str, Any]:
    """Resources of a stack as CloudFormation lists them: their id, type, name and status."""
    members = ("LogicalResourceId", "ResourceType", "PhysicalResourceId", "ResourceStatus")
    rows = [dict(zip(members, resource, strict=True)) | {"LastUpdatedTimestamp": MADE} for resource in resources]
    return {"StackResourceSummaries": rows}


KIND: Final = "AWS::S3::Bucket"


def test_the_buckets_in_the_way_of_a_delete_are_those_with_anything_in_them() -> None:
    policies = {"Kept": "Retain", "KeptToo": "RetainExceptOnCreate", "Deleted": "Delete"}
    names = ("Full", "Updated", "Unmade", "Gone", *policies)
    resources = {
        name: {"Type": KIND, **({"DeletionPolicy": policies[name]} if name in policies else {})} for name in names
    }
    statuses = {"Gone": "DELETE_COMPLETE", "Updated": "UPDATE_COMPLETE", "Deleted": "DELETE_FAILED"}
    rows = [
        (name, KIND, "" if name == "Unmade" else f"b-{name}", statuses.get(name, "CREATE_COMPLETE")) for name in names
    ]
    store = Store(
        DescribeStacks=stack(),
        GetTemplate={"TemplateBody": json.dumps({"Resources": {**resources, "Table": {"Type": "AWS::SQS::Queue"}}})},
        ListStackResources=rows_of(*rows, ("Table", "AWS::SQS::Queue", "q", "CREATE_COMPLETE")),
    )
    store.objects |= {"a": b"123", "b": b"4"}

    filled = [FilledBucket(f"b-{name}", 5, 8) for name in ("Deleted", "Full", "Updated")]
    assert filled_buckets(store.account, "orders-dev") == tuple(filled)
    store.objects.clear()
    assert filled_buckets(store.account, "orders-dev") == ()


def deleting(store: Store, **job: Any) -> tuple[Any, list[tuple[str, Any]]]:
    """What comes of a delete, and all that AWS is asked for in it."""
    outcome = delete(store.account, "orders-dev", lambda _: None, **job)
    return outcome, store.asked.asked


def test_a_delete_empties_buckets_deletes_the_stack_as_a_role_and_then_what_was_uploaded() -> None:
    identifier = "arn:aws:cloudformation:eu-central-1:1:stack/orders-dev/1"
    tokens: list[str] = []

    def events(**_: Any) -> dict[str, Any]:
        about = {"StackId": identifier, "StackName": "orders-dev", "PhysicalResourceId": identifier}
        about |= {"ResourceType": "AWS::CloudFormation::Stack", "ClientRequestToken": tokens[0], "Timestamp": MADE}
        statuses = ("DELETE_COMPLETE", "DELETE_IN_PROGRESS")
        return {"StackEvents": [about | {"EventId": status, "ResourceStatus": status} for status in statuses]}

    def deleted(ClientRequestToken: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        tokens.append(ClientRequestToken)
        return {}

    store = Store(
        DescribeStacks=stack(),
        GetTemplate={"TemplateBody": json.dumps(TEMPLATE)},
        DeleteStack=deleted,
        DescribeStackEvents=events,
    )
    role = f"arn:aws:iam::{NUMBER}:role/deploys"
    store.objects |= {f"orders-dev/{ZIP}": b"code", "shop-dev/a.zip": b"1"}

    outcome, asked = deleting(
        store, empties=[FilledBucket("data", 1, 1), FilledBucket("more", 1, 1)], service_role=role
    )

    assert (outcome.kind, outcome.ok, outcome.status) == ("DELETE", True, "DELETE_COMPLETE")
    named = {"StackName": "orders-dev"}

    def emptied(bucket: str, prefix: str, *keys: str) -> list[tuple[str, Any]]:
        owned = {"Bucket": bucket, "ExpectedBucketOwner": NUMBER}
        objects = [{"Key": key, "VersionId": version} for key in keys for version in ("new", "old")]
        objects.append({"Key": keys[0], "VersionId": "mark"})
        return [
            ("s3.HeadBucket", owned),
            ("s3.ListObjectVersions", {**owned, "Prefix": prefix, "MaxKeys": 1000}),
            ("s3.DeleteObjects", {**owned, "Delete": {"Objects": objects, "Quiet": True}}),
        ]

    assert asked == [
        ("cloudformation.DescribeStacks", named),
        ("cloudformation.DescribeStacks", named),
        ("cloudformation.GetTemplate", {"StackName": identifier, "TemplateStage": "Original"}),
        *emptied("data", "", f"orders-dev/{ZIP}", "shop-dev/a.zip"),
        *emptied("more", "", "shop-dev/a.zip")[:2],
        ("cloudformation.DeleteStack", {"StackName": identifier, "ClientRequestToken": tokens[0], "RoleARN": role}),
        ("cloudformation.DescribeStackEvents", {"StackName": identifier}),
        *emptied(BUCKET.name, "orders-dev/", f"orders-dev/{ZIP}")[:2],
    ]


@pytest.mark.parametrize(
    ("holding", "named", "message", "hint"),
    [
        (["own", "b"], None, "the zips of orders-dev are in bucket b, not in {ours}", "`--artefact-bucket b` names it"),
        (
            [BUCKET.name],
            "own",
            "the zips of orders-dev are in bucket {ours}, not in own",
            "leave --artefact-bucket and REMIT_ARTEFACT_BUCKET out",
        ),
    ],
)
def test_a_stack_whose_zips_are_in_another_bucket_is_not_deleted(
    holding: list[str], named: str | None, message: str, hint: str
) -> None:
    code = [{"S3Bucket": bucket, "S3Key": f"orders-dev/{ZIP}"} for bucket in (*holding, named or BUCKET.name)]
    functions = [{"Type": "AWS::Lambda::Function", "Properties": {"Code": each}} for each in code]
    template = {"Resources": {f"F{number}": function for number, function in enumerate(functions)}}
    store = Store(DescribeStacks=stack(), GetTemplate={"TemplateBody": json.dumps(template)})

    with pytest.raises(RemitError) as raised:
        deleting(store, bucket=artefact_bucket(store.account, named), empties=[FilledBucket("data", 1, 1)])

    assert (raised.value.message, raised.value.hint) == (message.format(ours=BUCKET.name), hint)
    assert [name for name, _ in store.asked.asked if not name.startswith("cloudformation.")] == []


def test_a_zip_is_uploaded_where_other_bytes_stand_under_its_name(tmp_path: Path) -> None:
    store, path = Store(), tmp_path / "x.zip"
    path.write_bytes(b"code")
    key = f"orders-dev/{ZIP}"
    store.objects[key] = b"other"

    def put(Body: Any, **parameters: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        assert parameters == {
            "Bucket": BUCKET.name,
            "Key": key,
            "ExpectedBucketOwner": NUMBER,
            "ChecksumSHA256": checksum(b"code"),
        }
        store.objects[key] = Body.read()
        return {}

    store.asked.by_operation["s3.PutObject"] = put
    becomes = [upload(store.account, BUCKET.name, path, key) for _ in range(2)]
    del store.objects[key]
    becomes.append(upload(store.account, BUCKET.name, path, key))

    assert becomes == ["replaced", "reused", "uploaded"]
    assert store.objects == {key: b"code"}
