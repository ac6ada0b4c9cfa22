"""Small questions to an account, each with its whole answer: where a bucket lies, what a stack has, who may deploy."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError

from answering import NUMBER, Refused, answering
from remit.deploy.bucket import Bucket, artefact_bucket, exists
from remit.deploy.ci_roles import ci_roles, make_roles, subject
from remit.deploy.session import Account
from remit.deploy.status import DeployedResource, status
from remit.errors import RemitError

STACK: Final = f"arn:aws:cloudformation:eu-central-1:{NUMBER}:stack/orders-dev/1"
MADE: Final = datetime(2026, 3, 1, tzinfo=UTC)
NOT_OURS: Final = (
    f"bucket remit-artefacts-{NUMBER}-eu-central-1 is not account {NUMBER}'s (or the caller may not s3:ListBucket it): "
    "nothing was uploaded"
)
SNIPED: Final = (
    "if `aws s3api list-buckets` does not show it, a stranger took the name (bucket sniping): deploy to another "
    "region, and tell AWS Support"
)


class Answering:
    """A session of the SDK, and its only client: S3, which refuses to show a bucket."""

    def __init__(self, code: int, headers: dict[str, str]) -> None:
        meta = {"HTTPStatusCode": code, "HTTPHeaders": headers}
        self.refusal = {"Error": {"Code": str(code), "Message": ""}, "ResponseMetadata": meta}

    def client(self, service: str, **_: Any) -> Any:
        assert service == "s3"
        return self

    def head_bucket(self, **_: Any) -> None:
        raise ClientError(self.refusal, "HeadBucket")


@pytest.mark.parametrize(
    ("name", "code", "headers", "words"),
    [
        (
            "mine", 301, {"x-amz-bucket-region": "us-west-2"},
            ("bucket mine lies in us-west-2, not in eu-central-1: Lambda reads zips only from its own region", None),
        ),
        (
            "mine", 301, {},
            ("bucket mine lies in another region, not in eu-central-1: Lambda reads zips only from its own region",
             None),
        ),
        (
            "mine", 403, {},
            (f"bucket mine is not account {NUMBER}'s (or the caller may not s3:ListBucket it): nothing was uploaded",
             "name a bucket of this account, which the caller may list"),
        ),
        (None, 403, {}, (NOT_OURS, SNIPED)),
    ],
)  # fmt: skip
def test_a_bucket_that_cannot_be_used_is_told_with_where_it_lies_or_whose_it_is(
    name: str | None, code: int, headers: dict[str, str], words: tuple[str, str | None]
) -> None:
    account = Account(NUMBER, "eu-central-1", "aws", Answering(code, headers))
    bucket = artefact_bucket(account, name)
    assert bucket == Bucket(name or f"remit-artefacts-{NUMBER}-eu-central-1", own=name is not None)
    with pytest.raises(RemitError) as told:
        exists(account, bucket.name)
    assert (told.value.message, told.value.hint) == words
    assert told.value.exit_code == 2


@pytest.mark.parametrize(
    ("service", "repository", "text"),
    [
        ("github", "acme/shop", "repo:acme/shop:environment:prod"),
        ("github", "acme@12/my_shop.js@34", "repo:acme@12/my_shop.js@34:environment:prod"),
        ("gitlab", "acme/shop", "project_path:acme/shop:ref_type:branch:ref:main"),
        ("gitlab", "acme/web/eu/shop-1", "project_path:acme/web/eu/shop-1:ref_type:branch:ref:main"),
    ],
)
def test_a_jobs_token_names_its_repository_and_its_environment_or_its_branch(
    service: str, repository: str, text: str
) -> None:
    assert subject(service, repository, "prod", "main") == text


def test_an_identity_provider_is_known_by_the_arn_of_its_own_partition() -> None:
    asked_for: list[Any] = []

    def create(**arguments: Any) -> Any:
        asked_for.append((arguments["StackName"], arguments["ChangeSetType"], arguments["Parameters"]))
        return Refused("LimitExceededException", "enough")

    here = f"arn:aws:iam::{NUMBER}:oidc-provider/gitlab.com"
    account, _ = answering(
        {
            "cloudformation.DescribeStacks": Refused("ValidationError", "Stack with id ci does not exist"),
            "cloudformation.CreateChangeSet": create,
            "iam.ListOpenIDConnectProviders": {"OpenIDConnectProviderList": [{"Arn": here}]},
        }
    )
    template = ci_roles("gitlab", ["project_path:acme/shop:ref_type:branch:ref:main"], {"DeployRole": [{}]})
    for place in (account, replace(account, partition="aws-cn")):
        with pytest.raises(RemitError, match="enough"):
            make_roles(place, "ci", template)
    assert asked_for == [
        ("ci", "CREATE", [{"ParameterKey": "Provider", "ParameterValue": here}]),
        ("ci", "CREATE", [{"ParameterKey": "Provider", "ParameterValue": ""}]),
    ]


def test_a_stack_has_the_resources_of_all_pages_by_their_logical_ids() -> None:
    def summary(logical_id: str, kind: str, state: str, **more: str) -> dict[str, Any]:
        own = {"LogicalResourceId": logical_id, "ResourceType": f"AWS::{kind}", "ResourceStatus": state}
        return {**own, "LastUpdatedTimestamp": MADE, **more}

    role = summary("ReportRole", "IAM::Role", "CREATE_COMPLETE", PhysicalResourceId="orders-dev-report")
    report = summary("Report", "Lambda::Function", "UPDATE_FAILED", PhysicalResourceId="r", ResourceStatusReason="busy")
    queue = summary("Jobs", "SQS::Queue", "CREATE_FAILED", ResourceStatusReason="no such key")
    early = summary("Early", "Lambda::Function", "CREATE_IN_PROGRESS", PhysicalResourceId="")
    pages = {None: {"StackResourceSummaries": [role, report], "NextToken": "2"}}
    pages["2"] = {"StackResourceSummaries": [queue, early]}
    stack = {"StackName": "orders-dev", "StackId": STACK, "CreationTime": MADE, "StackStatus": "CREATE_IN_PROGRESS"}
    account, asked = answering(
        {
            "cloudformation.DescribeStacks": {"Stacks": [stack]},
            "cloudformation.ListStackResources": lambda NextToken=None, **_: pages[NextToken],  # noqa: N803 - AWS's
        }
    )

    found = status(account, "orders-dev")

    early_one = DeployedResource("Early", "AWS::Lambda::Function", "", "CREATE_IN_PROGRESS")
    jobs = DeployedResource("Jobs", "AWS::SQS::Queue", "", "CREATE_FAILED", "no such key")
    function = DeployedResource("Report", "AWS::Lambda::Function", "r", "UPDATE_FAILED", "busy")
    its_role = DeployedResource("ReportRole", "AWS::IAM::Role", "orders-dev-report", "CREATE_COMPLETE")
    assert found is not None
    assert found.resources == (early_one, jobs, function, its_role)
    assert (found.functions, found.roles, found.failed) == ((early_one, function), (its_role,), (jobs, function))
    assert found.physical_ids == {"Report": "r", "ReportRole": "orders-dev-report"}
    assert asked.calls("cloudformation.ListStackResources") == [
        {"StackName": STACK}, {"StackName": STACK, "NextToken": "2"}
    ]  # fmt: skip
