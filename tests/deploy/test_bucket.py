"""The artefact bucket: private, TLS only, encrypted, versioned, and surely ours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from remit.deploy.artefacts import MULTIPART, remove_artefacts, remove_bucket, upload
from remit.deploy.bucket import bucket_name, ensure_bucket
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Spoil
    from remit.deploy.session import Account


def test_a_new_bucket_is_private_tls_only_encrypted_versioned_and_owned(account: Account) -> None:
    name = ensure_bucket(account)
    s3 = account.client("s3")
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
    ensure_bucket(account)
    requests.clear()
    ensure_bucket(account)
    assert sorted(requests) == [
        "s3.GetBucketEncryption", "s3.GetBucketLifecycleConfiguration", "s3.GetBucketOwnershipControls",
        "s3.GetBucketPolicy", "s3.GetBucketTagging", "s3.GetBucketVersioning", "s3.GetPublicAccessBlock",
        "s3.HeadBucket",
    ]  # fmt: skip


def test_only_what_is_missing_is_written_and_what_a_person_added_stays(account: Account, requests: list[str]) -> None:
    name = ensure_bucket(account)
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
    ensure_bucket(account)
    assert [seen for seen in requests if ".Put" in seen] == ["s3.PutPublicAccessBlock", "s3.PutBucketPolicy"]
    statements = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"]
    assert [statement["Sid"] for statement in statements] == ["Audit", "RemitTlsOnly"]


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
        lambda: ensure_bucket(account),
        lambda: upload(account, name, zip_file, "orders-dev/x.zip"),
    ):
        with pytest.raises(RemitError):
            attempt()
    with pytest.raises(RemitError, match=f"bucket {name} is not account {account.account}'s"):
        ensure_bucket(account)
    assert stranger.client("s3").list_objects_v2(Bucket=name)["KeyCount"] == 0


def test_every_request_names_the_owner(account: Account, zip_file: Path) -> None:
    unowned: list[str] = []

    def look(request: object, event_name: str, **_: object) -> None:
        if request.headers.get("x-amz-expected-bucket-owner") != account.account.encode():
            unowned.append(event_name)

    account.client("s3").meta.events.register("before-send.s3", look)
    name = ensure_bucket(account)
    upload(account, name, zip_file, "orders-dev/x.zip")
    remove_artefacts(account, "orders-dev")
    remove_bucket(account)
    assert unowned == ["before-send.s3.CreateBucket"]  # S3 has no such parameter there; it fails if the name is taken


def test_an_artefact_goes_up_once(account: Account, zip_file: Path) -> None:
    name = ensure_bucket(account)
    assert upload(account, name, zip_file, "orders-dev/x.zip") is True
    assert upload(account, name, zip_file, "orders-dev/x.zip") is False
    stored = account.client("s3").get_object(Bucket=name, Key="orders-dev/x.zip", ChecksumMode="ENABLED")
    assert stored["Body"].read() == zip_file.read_bytes()
    assert stored["ChecksumSHA256"]


def test_a_big_artefact_goes_up_in_parts_and_tells_its_progress(account: Account, tmp_path: Path) -> None:
    name = ensure_bucket(account)
    big = tmp_path / "big.zip"
    big.write_bytes(b"x" * (MULTIPART * 2 + 1))
    sent: list[int] = []
    upload(account, name, big, "orders-dev/big.zip", sent.append)
    assert sum(sent) == MULTIPART * 2 + 1
    assert account.client("s3").head_object(Bucket=name, Key="orders-dev/big.zip")["ContentLength"] == sum(sent)


def test_a_cut_upload_leaves_neither_an_object_nor_its_parts(account: Account, spoil: Spoil, tmp_path: Path) -> None:
    name = ensure_bucket(account)
    big = tmp_path / "big.zip"
    big.write_bytes(b"x" * (MULTIPART * 2))
    spoil.answer("s3.UploadPart", 403, "AccessDenied", "cut", times=1)
    with pytest.raises(RemitError, match="AWS denies UploadPart"):
        upload(account, name, big, "orders-dev/big.zip")
    s3 = account.client("s3")
    assert s3.list_multipart_uploads(Bucket=name).get("Uploads", []) == []
    assert s3.list_objects_v2(Bucket=name)["KeyCount"] == 0
    assert upload(account, name, big, "orders-dev/big.zip") is True


def test_removing_an_apps_artefacts_takes_every_version_and_nobody_elses(account: Account, zip_file: Path) -> None:
    name = ensure_bucket(account)
    for key in ("orders-dev/a.zip", "orders-dev/b.zip", "orders-develop/c.zip"):
        upload(account, name, zip_file, key)
    account.client("s3").put_object(Bucket=name, Key="orders-dev/a.zip", Body=b"again")
    account.client("s3").delete_object(Bucket=name, Key="orders-dev/b.zip")
    assert remove_artefacts(account, "orders-dev") == 4
    versions = account.client("s3").list_object_versions(Bucket=name)
    assert [item["Key"] for item in versions["Versions"]] == ["orders-develop/c.zip"]
    assert "DeleteMarkers" not in versions


def test_the_bucket_goes_only_when_it_is_empty(account: Account, zip_file: Path) -> None:
    name = ensure_bucket(account)
    upload(account, name, zip_file, "orders-dev/a.zip")
    assert remove_bucket(account) is False
    remove_artefacts(account, "orders-dev")
    assert remove_bucket(account) is True
    assert account.client("s3").list_buckets()["Buckets"] == []
