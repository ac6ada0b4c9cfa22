"""A role's request is explained with the policies of the resources that are declared beside it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from projects import remit

if TYPE_CHECKING:
    from pathlib import Path

ROLE = {"Fn::GetAtt": ["Role", "Arn"]}
BUCKET, KEY = "arn:aws:s3:::data", "${Key.Arn}"


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def statement(principal: Any, action: str, effect: str = "Allow", **further: Any) -> dict[str, Any]:
    return {"Effect": effect, "Principal": principal, "Action": action, "Resource": "*", **further}


def template(role_actions: list[str], **resources: dict[str, Any]) -> str:
    statements = [{"Effect": "Allow", "Action": role_actions, "Resource": "*"}] if role_actions else []
    policies = [{"PolicyName": "own", "PolicyDocument": document(*statements)}] if statements else []
    role = {"Type": "AWS::IAM::Role", "Properties": {"Policies": policies}}
    return json.dumps({"Resources": {"Role": role, **resources}})


def bucket_policy(*statements: dict[str, Any]) -> dict[str, Any]:
    written = [{**each, "Resource": f"{BUCKET}/*"} for each in statements]
    return {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": "data", "PolicyDocument": document(*written)}}


def key(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": document(*statements)}}


def explained(folder: Path, text: str, *question: str) -> Any:
    path = folder / "template.json"
    path.write_text(text)
    return json.loads(remit("explain", str(path), *question, "--json").out)


FROM_VPC = {"Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}}
GET = "s3:GetObject"


@pytest.mark.parametrize(
    ("text", "action", "resource", "verdict", "deciding"),
    [
        pytest.param(
            template([], P=bucket_policy(statement({"AWS": ROLE}, GET))), GET, f"{BUCKET}/k",
            "Allowed", ["bucket policy P"], id="a bucket policy names the role",
        ),
        pytest.param(
            template([], P=bucket_policy(statement({"AWS": "arn:aws:iam::444455556666:root"}, GET))), GET,
            f"{BUCKET}/k", "ImplicitlyDenied", [], id="or another account",
        ),
        pytest.param(
            template([], P=bucket_policy(statement("*", GET))), GET, "arn:aws:s3:::other/k",
            "ImplicitlyDenied", [], id="or is of another bucket",
        ),
        pytest.param(
            template([GET], P=bucket_policy(statement("*", GET, "Deny"))), GET, f"{BUCKET}/k",
            "ExplicitlyDenied", ["bucket policy P"], id="it denies what the role has",
        ),
        pytest.param(
            template([], P=bucket_policy(statement("*", GET, **FROM_VPC))), GET, f"{BUCKET}/k",
            "Unknown", ["bucket policy P"], id="it allows on a condition",
        ),
        pytest.param(
            template([], Key=key(statement({"AWS": ROLE}, "kms:Decrypt"))), "kms:Decrypt", KEY,
            "Allowed", ["policy of key Key"], id="a key names the role",
        ),
    ],
)  # fmt: skip
def test_a_policy_of_a_resource_beside_a_role_has_its_say(
    tmp_path: Path, text: str, action: str, resource: str, verdict: str, deciding: list[str]
) -> None:
    answer = explained(tmp_path, text, "Role", action, resource)
    reasons = [source["because"] or "" for source in answer["statements"]]
    assert (verdict, deciding) == (answer["verdict"], reasons)


def test_the_policy_of_a_vpc_endpoint_lets_nobody_in(tmp_path: Path) -> None:
    """It limits what passes the endpoint, and grants nothing."""
    statements = document({**statement("*", GET), "Resource": f"{BUCKET}/*"})
    endpoint = {"Type": "AWS::EC2::VPCEndpoint", "Properties": {"PolicyDocument": statements}}
    answer = explained(tmp_path, template([], Endpoint=endpoint), "Role", GET, f"{BUCKET}/k")
    assert "ImplicitlyDenied" == answer["verdict"]


def test_whom_a_policy_names_is_no_managed_policy(tmp_path: Path) -> None:
    """A managed policy has no ARN as a caller, so that a policy for a role says nothing of it."""
    managed = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document()}}
    text = template([], P=bucket_policy(statement({"AWS": ROLE}, GET)), Managed=managed)
    assert "ImplicitlyDenied" == explained(tmp_path, text, "Managed", GET, f"{BUCKET}/k")["verdict"]


def test_a_policy_under_a_condition_of_the_template_is_a_note(tmp_path: Path) -> None:
    policy = {**bucket_policy(statement("*", GET)), "Condition": "IsProd"}
    text = json.dumps({"Conditions": {"IsProd": {"Fn::Equals": ["a", "b"]}}, **json.loads(template([], P=policy))})
    answer = explained(tmp_path, text, "Role", GET, f"{BUCKET}/k")
    note = "bucket policy P may make it allowed, as the template's conditions turn out"
    assert ("ImplicitlyDenied", [note]) == (answer["verdict"], answer["notes"])


@pytest.mark.parametrize("logical_id", ["data", "P"])
def test_a_bucket_whose_name_is_another_resources_logical_id_is_that_bucket(tmp_path: Path, logical_id: str) -> None:
    table = {"data": {"Type": "AWS::DynamoDB::Table", "Properties": {}}}
    policy = bucket_policy(statement({"AWS": ROLE}, GET))
    text = template([], **{**table, "Policy" if logical_id == "data" else logical_id: policy})
    assert explained(tmp_path, text, "Role", GET, f"{BUCKET}/k")["verdict"] == "Allowed"
