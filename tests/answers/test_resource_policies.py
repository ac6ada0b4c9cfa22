"""A role's request is explained with the policies of the resources that are declared beside it."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from projects import remit
from random_cases import cases

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


PRINCIPALS: dict[str, Any] = {
    "the role": {"AWS": ROLE},
    "its account": {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}},
    "another account": {"AWS": "arn:aws:iam::444455556666:root"},
    "another role": {"AWS": {"Fn::GetAtt": ["Other", "Arn"]}},
    "a service": {"Service": "lambda.amazonaws.com"},
    "everyone": "*",
}
"""Whom a statement names: the role and everyone are the caller itself, the account leaves it to the role's policies."""
STATEMENTS = st.tuples(
    st.sampled_from(["Allow", "Allow", "Deny"]),
    st.sampled_from(sorted(PRINCIPALS)),
    st.sampled_from(["asked", "other"]),
)


@settings(max_examples=cases(15, deep=400))
@given(
    own=st.lists(st.sampled_from(["Allow", "Deny"]), max_size=2),
    written=st.lists(STATEMENTS, max_size=3),
    is_key=st.booleans(),
)
def test_the_role_and_the_resource_decide_together_as_within_one_account(
    own: list[str], written: list[tuple[str, str, str]], *, is_key: bool
) -> None:
    """Sources: "Policy evaluation for requests within a single account" (IAM User Guide), "Key policies in AWS KMS"."""
    is_key = is_key and bool(written)  # a key without a policy is nobody's here
    asked, other, resource = ("kms:Decrypt", "kms:Encrypt", KEY) if is_key else (GET, "s3:PutObject", f"{BUCKET}/k")
    statements = [
        statement(PRINCIPALS[whom], asked if action == "asked" else other, effect) for effect, whom, action in written
    ]
    of_resource = {"Key": key(*statements)} if is_key else {"P": bucket_policy(*statements)}
    document_of_roles = json.loads(
        template([], **(of_resource if written else {}), Other={"Type": "AWS::IAM::Role", "Properties": {}})
    )
    policies = [
        {"PolicyName": f"p{place}", "PolicyDocument": document({"Effect": effect, "Action": asked, "Resource": "*"})}
        for place, effect in enumerate(own)
    ]
    document_of_roles["Resources"]["Role"]["Properties"]["Policies"] = policies
    about = {(effect, whom) for effect, whom, action in written if action == "asked"}
    is_denied = "Deny" in own or any(("Deny", whom) in about for whom in ("the role", "everyone", "its account"))
    is_named = ("Allow", "the role") in about or ("Allow", "everyone") in about
    allows = is_named or ("Allow" in own and (not is_key or ("Allow", "its account") in about))
    with TemporaryDirectory() as folder:
        answer = explained(Path(folder), json.dumps(document_of_roles), "Role", asked, resource)
    expected = "ExplicitlyDenied" if is_denied else "Allowed" if allows else "ImplicitlyDenied"
    event(expected)
    assert answer["verdict"] == expected
