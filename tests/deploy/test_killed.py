"""A deploy that is killed at any write, before it is sent or before its answer is read, and the same deploy again."""

from __future__ import annotations

import hashlib
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from killed import killed_at
from random_cases import cases_of
from remit.deploy.artefacts import upload
from remit.deploy.bootstrap import Bootstrapped, bootstrap
from remit.deploy.changeset import PlanRequest, plan
from remit.deploy.execute import execute
from stacks import READ, deploy_anew, template

if TYPE_CHECKING:
    from pathlib import Path

    from remit.deploy.session import Account

NAME = "orders-dev"
WRITES = (
    "cloudformation.CreateChangeSet",
    "s3.CreateBucket",
    "s3.PutBucketVersioning",
    "s3.PutBucketPolicy",
    "s3.PutObject",
    "cloudformation.ExecuteChangeSet",
)


def deployed(account: Account) -> dict[str, Any]:
    """All that is in the account, without what AWS names by chance."""
    cloudformation, s3 = account.client("cloudformation"), account.client("s3")
    stacks = cloudformation.list_stacks()["StackSummaries"]
    return {
        "stacks": [(stack["StackName"], stack["StackStatus"]) for stack in stacks],
        "waiting": [
            item["ChangeSetName"]
            for item in cloudformation.list_change_sets(StackName=NAME)["Summaries"]
            if item["ExecutionStatus"] == "AVAILABLE"
        ],
        "roles": len(account.client("iam").list_roles()["Roles"]),
        "queues": len(account.client("sqs").list_queues().get("QueueUrls", [])),
        "log groups": len(account.client("logs").describe_log_groups()["logGroups"]),
        "versions": [
            item["Key"]
            for bucket in s3.list_buckets()["Buckets"]
            for item in s3.list_object_versions(Bucket=bucket["Name"])["Versions"]
        ],
        "parts": [s3.list_multipart_uploads(Bucket=b["Name"]).get("Uploads", []) for b in s3.list_buckets()["Buckets"]],
    }


@pytest.mark.parametrize(("operation", "when"), cases_of(tuple(product(WRITES, ("before", "after"))), 2))
def test_the_same_deploy_again_ends_as_if_nothing_had_happened(
    account: Account, zip_file: Path, requests: list[str], operation: str, when: str
) -> None:
    key = f"{NAME}/{hashlib.sha256(zip_file.read_bytes()).hexdigest()}.zip"
    assert killed_at(operation, when, account, deploy_anew, zip_file, key)
    bucket = bootstrap(account).bucket
    planned = plan(account, PlanRequest(NAME, template(READ), wait=True))
    upload(account, bucket, zip_file, key)
    assert planned is None or execute(account, planned, lambda _: None).ok
    assert deployed(account) == {
        "stacks": [(NAME, "CREATE_COMPLETE")],
        "waiting": [],
        "roles": 1,
        "queues": 1,
        "log groups": 1,
        "versions": [key],
        "parts": [[]],
    }
    assert bootstrap(account) == Bootstrapped(bucket, made=False, repaired=())
    requests.clear()
    assert plan(account, PlanRequest(NAME, template(READ))) is None
    assert requests == ["cloudformation.DescribeStacks", "cloudformation.GetTemplate"]
