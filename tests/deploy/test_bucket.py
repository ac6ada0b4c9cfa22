"""The artefact bucket: private, TLS only, encrypted, versioned, and surely ours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from remit.deploy.artefacts import checksum, remove_bucket, remove_objects, upload
from remit.deploy.bootstrap import Bootstrapped, bootstrap
from remit.deploy.bucket import bucket_name
from remit.errors import RemitError
from stacks import key_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Spoil
    from remit.deploy.session import Account


def test_a_new_bucket_is_private_tls_only_encrypted_versioned_and_owned(account: Account) -> None:
    name = bucket_name(account)
    s3 = account.client("s3")
    assert bootstrap(account) == Bootstrapped(name, made=True, repaired=())
    assert name == f"remit-artefacts-{account.account}-eu-central-1"
    assert set(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values()) == {True}
    rule = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    ownership = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
    assert ownership == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == [{"Key": "remit:purpose", "Value": "artefacts"}]
    (statement,) = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Resource"] == [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}


def test_a_bucket_that_is_right_is_read_and_never_written(account: Account, requests: list[str]) -> None:
    bootstrap(account)
    requests.clear()
    assert bootstrap(account) == Bootstrapped(bucket_name(account), made=False, repaired=())
    assert sorted(requests) == [
        "s3.GetBucketEncryption", "s3.GetBucketLifecycleConfiguration", "s3.GetBucketOwnershipControls",
        "s3.GetBucketPolicy", "s3.GetBucketTagging", "s3.GetBucketVersioning", "s3.GetPublicAccessBlock",
        "s3.HeadBucket",
    ]  # fmt: skip


def test_only_what_is_missing_is_written_and_what_a_person_added_stays(account: Account, requests: list[str]) -> None:
    name = bootstrap(account).bucket
    s3 = account.client("s3")
    audit = {
        "Sid": "Audit",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObjectAcl",
        "Resource": f"arn:aws:s3:::{name}/*",
    }
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": audit}))
    s3.delete_public_access_block(Bucket=name)
    requests.clear()
    assert bootstrap(account).repaired == ("public access block", "bucket policy")
    assert [seen for seen in requests if ".Put" in seen] == ["s3.PutPublicAccessBlock", "s3.PutBucketPolicy"]
    statements = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"]
    assert [statement["Sid"] for statement in statements] == ["Audit", "RemitTlsOnly"]


def test_a_persons_own_lifecycle_rule_stays_beside_remits(account: Account) -> None:
    name = bootstrap(account).bucket
    s3 = account.client("s3")
    own = {"ID": "own", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 3}}
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [own]})
    assert ("lifecycle",) == bootstrap(account).repaired
    rules = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert ["own", "remit"] == [rule["ID"] for rule in rules]


def test_what_was_changed_of_remits_own_items_is_put_in_their_place(account: Account) -> None:
    name = bootstrap(account).bucket
    s3 = account.client("s3")
    policy = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    (tag,) = s3.get_bucket_tagging(Bucket=name)["TagSet"]
    edited = {**policy, "Statement": [{**policy["Statement"][0], "Action": "s3:PutObject"}]}
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(edited))
    s3.put_bucket_lifecycle_configuration(
        Bucket=name, LifecycleConfiguration={"Rules": [{**rule, "Status": "Disabled"}]}
    )
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{**tag, "Value": "other"}]})
    assert bootstrap(account).repaired == ("bucket policy", "lifecycle", "tags")
    assert json.loads(s3.get_bucket_policy(Bucket=name)["Policy"]) == policy
    assert s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"] == [rule]
    assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == [tag]


def test_a_bucket_that_a_stranger_took_is_refused_and_not_filled(
    account: Account, join: Callable[..., Account], zip_file: Path
) -> None:
    name = bucket_name(account)
    stranger = join()
    where = {"LocationConstraint": "eu-central-1"}
    stranger.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=where)
    stranger.client("s3").put_public_access_block(
        Bucket=name,
        PublicAccessBlockConfiguration={"BlockPublicPolicy": False, "RestrictPublicBuckets": False},
    )
    everybody = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
    }
    stranger.client("s3").put_bucket_policy(
        Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": everybody})
    )
    for attempt in (
        lambda: bootstrap(account),
        lambda: upload(account, name, zip_file, key_of(zip_file)),
    ):
        with pytest.raises(RemitError):
            attempt()
    with pytest.raises(RemitError, match=f"bucket {name} is not account {account.account}'s"):
        bootstrap(account)
    assert stranger.client("s3").list_objects_v2(Bucket=name)["KeyCount"] == 0


def test_a_bucket_that_was_made_a_moment_ago_is_taken(account: Account, spoil: Spoil) -> None:
    """By another deploy, or by a request whose answer was lost."""
    spoil.lose_answer("s3.CreateBucket")
    assert Bootstrapped(bucket_name(account), made=True, repaired=()) == bootstrap(account)
    assert 0 == spoil.left["s3.CreateBucket"]


def test_a_bucket_in_another_region_is_refused(account: Account, join: Callable[..., Account]) -> None:
    there = join(account.account, "eu-west-1")
    where = {"LocationConstraint": "eu-west-1"}
    there.client("s3").create_bucket(Bucket=bucket_name(account), CreateBucketConfiguration=where)
    with pytest.raises(RemitError, match=r"lies in eu-west-1, not in eu-central-1: Lambda reads zips only"):
        bootstrap(account)


def test_every_request_names_the_owner(account: Account, zip_file: Path) -> None:
    unowned: list[str] = []

    def look(request: object, event_name: str, **_: object) -> None:
        if request.headers.get("x-amz-expected-bucket-owner") != account.account.encode():
            unowned.append(event_name)

    account.client("s3").meta.events.register("before-send.s3", look)
    name = bootstrap(account).bucket
    upload(account, name, zip_file, key_of(zip_file))
    remove_objects(account, name, "orders-dev/")
    remove_bucket(account)
    assert unowned == ["before-send.s3.CreateBucket"]  # S3 has no such parameter there; it fails if the name is taken


def test_an_artefact_goes_up_once_with_the_checksum_of_its_name(account: Account, zip_file: Path) -> None:
    name, key = bootstrap(account).bucket, key_of(zip_file)
    assert upload(account, name, zip_file, key) == "uploaded"
    assert upload(account, name, zip_file, key) == "reused"
    stored = account.client("s3").get_object(Bucket=name, Key=key, ChecksumMode="ENABLED")
    assert stored["Body"].read() == zip_file.read_bytes()
    assert stored["ChecksumSHA256"] == checksum(key)


def put_other(s3: Any, arguments: dict[str, Any], body: bytes) -> None:
    s3.put_object(Body=b"x" * len(body), ChecksumAlgorithm="SHA256", **arguments)


def put_without_checksum(s3: Any, arguments: dict[str, Any], body: bytes) -> None:
    s3.put_object(Body=body, ChecksumAlgorithm="CRC32", **arguments)


def put_in_parts(s3: Any, arguments: dict[str, Any], body: bytes) -> None:
    number = s3.create_multipart_upload(ChecksumAlgorithm="SHA256", **arguments)["UploadId"]
    part = s3.upload_part(PartNumber=1, UploadId=number, Body=body, ChecksumAlgorithm="SHA256", **arguments)
    parts = [{"PartNumber": 1, "ETag": part["ETag"], "ChecksumSHA256": part["ChecksumSHA256"]}]
    s3.complete_multipart_upload(UploadId=number, MultipartUpload={"Parts": parts}, **arguments)


@pytest.mark.parametrize("put", [put_other, put_without_checksum, put_in_parts])
def test_what_s3_does_not_say_to_be_the_zip_of_its_name_is_uploaded_again(
    account: Account, zip_file: Path, put: Callable[..., None]
) -> None:
    name, key = bootstrap(account).bucket, key_of(zip_file)
    put(account.client("s3"), {"Bucket": name, "Key": key}, zip_file.read_bytes())
    assert upload(account, name, zip_file, key) == "replaced"
    assert account.client("s3").get_object(Bucket=name, Key=key)["Body"].read() == zip_file.read_bytes()
    assert upload(account, name, zip_file, key) == "reused"


def test_a_file_that_was_changed_since_it_was_built_does_not_go_up(account: Account, zip_file: Path) -> None:
    name, key = bootstrap(account).bucket, key_of(zip_file)
    zip_file.write_bytes(b"PK" + bytes(999) + b"x")
    with pytest.raises(RemitError, match="S3 refuses an upload, whose bytes are not those that were built"):
        upload(account, name, zip_file, key)
    assert account.client("s3").list_objects_v2(Bucket=name)["KeyCount"] == 0


@pytest.fixture
def big(tmp_path: Path) -> Path:
    """An artefact that the SDK would send in parts, if it was left to it."""
    path = tmp_path / "big.zip"
    path.write_bytes(b"x" * (16 * 1024 * 1024 + 1))
    return path


def test_a_big_artefact_goes_up_in_one_request_and_tells_its_progress(
    account: Account, requests: list[str], big: Path
) -> None:
    name, sent = bootstrap(account).bucket, list[int]()
    requests.clear()
    upload(account, name, big, key_of(big), sent.append)
    assert requests == ["s3.HeadObject", "s3.PutObject"]
    assert sum(sent) == big.stat().st_size
    assert upload(account, name, big, key_of(big)) == "reused"


def test_a_cut_upload_leaves_no_object(account: Account, spoil: Spoil, big: Path) -> None:
    name = bootstrap(account).bucket
    spoil.answer("s3.PutObject", 403, "AccessDenied", "cut", times=1)
    with pytest.raises(RemitError, match="AWS denies PutObject"):
        upload(account, name, big, key_of(big))
    s3 = account.client("s3")
    assert s3.list_multipart_uploads(Bucket=name).get("Uploads", []) == []
    assert s3.list_objects_v2(Bucket=name)["KeyCount"] == 0
    assert upload(account, name, big, key_of(big)) == "uploaded"


def test_a_connection_that_breaks_does_not_fail_an_upload(account: Account, spoil: Spoil, big: Path) -> None:
    name = bootstrap(account).bucket
    spoil.lose_answer("s3.PutObject")
    assert upload(account, name, big, key_of(big)) == "uploaded"
    assert upload(account, name, big, key_of(big)) == "reused"


def test_removing_an_apps_artefacts_takes_every_version_and_nobody_elses(account: Account, zip_file: Path) -> None:
    name = bootstrap(account).bucket
    for key in ("orders-dev/a.zip", "orders-dev/b.zip", "orders-develop/c.zip"):
        account.client("s3").put_object(Bucket=name, Key=key, Body=zip_file.read_bytes())
    account.client("s3").put_object(Bucket=name, Key="orders-dev/a.zip", Body=b"again")
    account.client("s3").delete_object(Bucket=name, Key="orders-dev/b.zip")
    remove_objects(account, name, "orders-dev/")
    versions = account.client("s3").list_object_versions(Bucket=name)
    assert [item["Key"] for item in versions["Versions"]] == ["orders-develop/c.zip"]
    assert "DeleteMarkers" not in versions


def test_the_bucket_goes_only_when_it_is_empty(account: Account, zip_file: Path) -> None:
    name = bootstrap(account).bucket
    upload(account, name, zip_file, key_of(zip_file))
    assert remove_bucket(account) is False
    remove_objects(account, name, "orders-dev/")
    assert remove_bucket(account) is True
    assert account.client("s3").list_buckets()["Buckets"] == []
