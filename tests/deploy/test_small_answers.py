"""Small questions to an account, each with its whole answer: where a bucket lies, what a stack has, who may deploy."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest
from botocore.exceptions import ClientError

from answering import NUMBER, Refused, answering
from cloud_in_memory import Cloud
from remit.app import ExistingValue, Grant, Reason
from remit.deploy.bucket import Bucket, artefact_bucket, exists
from remit.deploy.ci_roles import ci_roles, make_roles, subject
from remit.deploy.deployment_record import forget, last_record, remember_running
from remit.deploy.existing_values import calls_for_existing
from remit.deploy.local_preparation import make_local_accounts
from remit.deploy.session import Account
from remit.deploy.status import DeployedResource, status
from remit.deployer.needed_actions import DeployCall
from remit.errors import Origin, RemitError
from remit.holders import Holder, inline
from remit.iam.policy import parse_statement
from remit.review.access_change import Version
from remit.review.record import Place, record, record_path

if TYPE_CHECKING:
    from pathlib import Path

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


class WithProviders:
    """A session for an account in memory, which has no identity provider yet."""

    def __init__(self, account: Account) -> None:
        none: dict[str, Any] = {"OpenIDConnectProviderList": []}
        self.accounts = {"iam": answering({"iam.ListOpenIDConnectProviders": none})[0], "": account}

    def client(self, service: str, **_: Any) -> Any:
        return self.accounts.get(service, self.accounts[""]).client(service)


def test_roles_of_jobs_that_cannot_be_deployed_are_told_with_what_failed() -> None:
    cloud = Cloud()
    cloud.endings = ["DELETE_COMPLETE"]
    account = Account(NUMBER, "eu-central-1", "aws", WithProviders(cloud.account()))
    template = ci_roles("gitlab", ["project_path:acme/shop:ref_type:branch:ref:main"], {"DeployRole": [{}]})
    with pytest.raises(RemitError) as told:
        make_roles(account, "ci", template)
    assert told.value.message == (
        "deploying ci failed (DELETE_COMPLETE): Jobs (AWS::SSM::Parameter): it may not be so\n"
        "  what had been made was removed again"
    )
    assert told.value.exit_code == 1
    assert [name for name in cloud.stacks if not name.startswith("gone ")] == []


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


def test_what_a_template_takes_of_the_account_is_looked_up_by_calls_on_just_that() -> None:
    why = "to look up what the template takes of the account"

    def parameter(name: str) -> DeployCall:
        arn = f"arn:${{AWS::Partition}}:ssm:${{AWS::Region}}:${{AWS::AccountId}}:parameter/{name}"
        return DeployCall("ssm.GetParameter", ("ssm:GetParameter",), arn, why)

    parts = ("Vpcs", "Subnets", "RouteTables", "SecurityGroups")
    network = [DeployCall(f"ec2.Describe{part}", (f"ec2:Describe{part}",), "*", why) for part in parts]
    group = ExistingValue("Group", "security_group", "prod", "web")
    subnets = ExistingValue("Subnets", "subnets", "prod")
    url, size = ExistingValue("Url", "parameter", "/shop/url"), ExistingValue("Size", "parameter", "size")
    assert list(calls_for_existing([group])) == list(calls_for_existing([subnets])) == network
    assert list(calls_for_existing([url, group, subnets, size])) == [parameter("shop/url"), parameter("size"), *network]
    assert list(calls_for_existing([size])) == [parameter("size")]
    assert list(calls_for_existing([])) == []


def test_each_file_that_is_for_no_other_account_of_this_machine_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "config" / "local"
    here, asked = answering({}, local=True)
    make_local_accounts(tmp_path, here)
    folder.mkdir(parents=True)
    names = (f"{NUMBER}.yaml", "11112222333.yaml", "444455556666.yaml.old", "444455556666.toml", "theirs.json")
    for name in names:
        (folder / name).write_text("Resources: {}")
    make_local_accounts(tmp_path, answering({})[0])

    with pytest.raises(RemitError) as told:
        make_local_accounts(tmp_path, here)

    assert [(error.message, error.hint, error.origin) for error in told.value.all] == [
        (
            f"{name!r} is not the name of another account's template",
            "name it after the account: `111122223333.yaml`",
            Origin(f"config/local/{name}"),
        )
        for name in sorted(names)
    ]
    assert asked.asked == []


def test_what_runs_is_recorded_with_the_reasons_of_the_last_build_else_of_the_record(tmp_path: Path) -> None:
    actions = ("sqs:SendMessage", "s3:GetObject", "sns:Publish")
    both, recorded, by_hand = ({"Effect": "Allow", "Action": action, "Resource": "*"} for action in actions)
    document = {"Version": "2012-10-17", "Statement": [both, recorded, by_hand]}
    trust = {**both, "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    del trust["Resource"]
    properties = {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "Policies": [{"PolicyName": "remit", "PolicyDocument": document}],
    }
    template = {"Resources": {"WebRole": {"Type": "AWS::IAM::Role", "Properties": properties}}}
    stack = {"StackName": "orders-dev", "StackId": STACK, "CreationTime": MADE, "StackStatus": "UPDATE_COMPLETE"}
    account, _ = answering(
        {
            "cloudformation.DescribeStacks": [{"Stacks": [stack]}, Refused("ValidationError", "it does not exist")],
            "cloudformation.GetTemplate": {"TemplateBody": json.dumps(template)},
        }
    )
    grants = [
        Grant(parse_statement(statement), Reason("text", "of the record"), Origin("app.py", 9, 5))
        for statement in (both, recorded)
    ]
    before = Version("before", (Holder("WebRole", (inline(grants),), ("web",)),))
    path = record_path(tmp_path, "orders-dev")
    path.parent.mkdir(parents=True)
    path.write_text(record(before, "dev", Place(NUMBER, "eu-central-1")))
    built = {"statement": both, "because": "of the build", "file": "app.py", "line": 3, "column": 7}
    (tmp_path / ".remit" / "build").mkdir()
    (tmp_path / ".remit" / "build" / "roles.json").write_text(
        json.dumps([{"role": "WebRole", "functions": ["web"], "grants": [built]}])
    )

    remember_running(account, tmp_path, "orders-dev", "prod")

    written = path.read_text()
    place = ("orders-dev", "prod", NUMBER, "eu-central-1", False)
    assert tuple(map(json.loads(written).get, ("namespace", "stage", "account", "region", "local"))) == place
    found = last_record(account, tmp_path, "orders-dev")
    assert found is not None
    (role,) = found.roles
    assert role.logical_id == "WebRole"
    assert [(str(grant.origin), grant.because) for grant in role.grants][:2] == [
        ("app.py:3:7", "of the build"),
        ("app.py:9:5", "of the record"),
    ]
    assert [grant.statement for grant in role.grants] == [parse_statement(each) for each in (both, recorded, by_hand)]
    assert "of the" not in role.grants[2].because
    remember_running(account, tmp_path, "orders-dev", "dev")  # nothing runs any more
    assert path.read_text() == written
    forget(account, tmp_path, "orders-dev")
    forget(account, tmp_path, "orders-dev")
    assert last_record(account, tmp_path, "orders-dev") is None
