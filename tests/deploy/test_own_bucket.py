"""A bucket of one's own for the zips (--artefact-bucket): used, and neither made, changed nor deleted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from projects import remit as run
from remit.deploy.bucket import bucket_name
from remit.resources.name_rules import broken_rule

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from remit.deploy.session import Account

    Remit = Callable[..., tuple[int, str, str]]

OWN = "our-artefacts"


@pytest.fixture
def own(elsewhere: Account) -> str:
    """A bucket that somebody made by hand."""
    elsewhere.client("s3").create_bucket(Bucket=OWN, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return OWN


def keys(account: Account, bucket: str) -> list[str]:
    return [item["Key"] for item in account.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_the_template_names_the_bucket_that_was_given_and_is_the_same_each_time(project: Path) -> None:
    template = project / ".remit" / "build" / "template.json"
    texts = []
    for _ in range(2):
        assert run("build", "-C", str(project), "--artefact-bucket", OWN).status == 0
        texts.append(template.read_text())
    assert texts[0] == texts[1]
    assert json.loads(texts[0])["Resources"]["ReportFunction"]["Properties"]["Code"]["S3Bucket"] == OWN


def test_a_deploy_fills_it_and_a_delete_empties_it(
    remit: Remit, elsewhere: Account, own: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REMIT_ARTEFACT_BUCKET", own)
    assert remit("deploy", "--yes")[0] == 0
    zip_key, release_key = keys(elsewhere, own)
    assert zip_key.startswith("orders-dev/")
    assert release_key.startswith("orders-dev/releases/000001-")
    assert remit("deploy")[2].endswith("no changes\n")
    code, out, _ = remit("delete", "--yes", "--json")
    assert (code, json.loads(out)["left"]) == (0, [])
    assert elsewhere.client("s3").list_object_versions(Bucket=own).get("Versions", []) == []
    assert [bucket["Name"] for bucket in elsewhere.client("s3").list_buckets()["Buckets"]] == [own]


def test_it_is_never_deleted(remit: Remit, elsewhere: Account, own: str) -> None:
    assert remit("deploy", "--yes", "--artefact-bucket", own)[0] == 0
    code, _, err = remit("delete", "--yes", "--bucket", "--artefact-bucket", own)
    assert (code, "error: --bucket removes remit's bucket, never one of your own\n" in err) == (2, True)
    assert remit("status")[0] == 0
    assert len(keys(elsewhere, own)) == 2


def test_a_delete_that_would_leave_zips_behind_names_their_bucket_and_deletes_nothing(remit: Remit, own: str) -> None:
    assert remit("deploy", "--yes", "--artefact-bucket", own)[0] == 0
    code, _, err = remit("delete", "--yes")
    assert code == 2
    assert f"the zips of orders-dev are in bucket {own}, not in remit-artefacts-000000000000-eu-central-1" in err
    assert f"hint: `--artefact-bucket {own}` names it" in err
    assert remit("status")[0] == 0


def test_a_deploy_into_another_bucket_says_where_the_earlier_zips_are(
    remit: Remit, elsewhere: Account, own: str
) -> None:
    assert remit("deploy", "--yes")[0] == 0
    code, _, err = remit("deploy", "--yes", "--artefact-bucket", own)
    place = f"bucket {bucket_name(elsewhere)}, under orders-dev/"
    assert (code, f"note: the zips of earlier deploys stay in {place}\n" in err) == (0, True)


NAMES = (
    ("our.artefacts-1", None),
    ("ab", "it has 3 to 63 characters"),
    ("a" * 64, "it has 3 to 63 characters"),
    ("Our_Artefacts", "it is made of small letters, digits, dots and hyphens"),
    ("s3://ours", "it is made of small letters, digits, dots and hyphens"),
    ("-ours", "it begins and ends with a letter or a digit"),
    ("ours.", "it begins and ends with a letter or a digit"),
    ("our..artefacts", "no dot follows another"),
    ("192.168.5.4", "it is not an IP address"),
    ("xn--ours", "it does not begin with xn--, sthree- or amzn-s3-demo-"),
    ("ours--x-s3", "-s3alias, --ol-s3, .mrap, --x-s3 and --table-s3 end the names of other things"),
)


@pytest.mark.parametrize(("name", "rule"), NAMES)
def test_a_name_that_s3_does_not_give_is_known_by_the_rule_that_it_breaks(name: str, rule: str | None) -> None:
    assert broken_rule("AWS::S3::Bucket", [name]) == rule


@pytest.mark.parametrize("command", [("deploy", "--yes"), ("delete", "--yes")])
def test_a_bad_name_stops_every_command_at_the_door(remit: Remit, command: tuple[str, ...]) -> None:
    code, out, err = remit(*command, "--artefact-bucket", "Our_Artefacts")
    assert (code, out) == (2, "")
    assert err.startswith(
        "error: 'Our_Artefacts' is not a valid name for a bucket: it is made of small letters, digits"
    )
