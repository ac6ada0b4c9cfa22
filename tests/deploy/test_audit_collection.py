"""`remit audit collect` gathers what an audit reads, goes on where it stopped, and tells what AWS refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from remit.audit.audit import AuditInput, audit
from remit.audit.exposures import exposures
from remit.audit.organization import organization
from remit.audit.resource_policies import resource_policies
from remit.cli import main
from remit.deploy.audit_collection import Collecting, collect, collect_account, collected_organization, needed_policy
from remit.deploy.collected_policies import CALLS, acl_policy, collected_policies
from remit.deploy.session import Account
from remit.errors import RemitError
from remit.iam.decide.evaluate import Layers, Request, evaluate
from remit.iam.policy import parse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Spoil

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
PUTS_ROLES = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "iam:PutRolePolicy", "Resource": "*"}],
}


def quiet(_: str) -> None:
    pass


def make_role(account: Account, name: str) -> None:
    iam = account.client("iam")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(PUTS_ROLES))


def test_what_is_gathered_can_be_audited(account: Account, tmp_path: Path) -> None:
    make_role(account, "x")
    assert () == collect(account, Collecting(tmp_path), quiet)
    report = audit(AuditInput(tmp_path / "accounts", "2026-11-27T00:00:00Z"))
    assert () == report.problems
    assert [f"arn:aws:iam::{account.account}:role/x"] == [path.principal for path in report.paths]


def test_a_program_gets_the_problems_as_json(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    with pytest.raises(SystemExit) as ended:
        main(["audit", "collect", "--local", "--json", "--no-resources", str(tmp_path)])
    assert 0 == ended.value.code
    assert {"problems": []} == json.loads(capsys.readouterr().out)


def test_policies_of_resources_are_gathered(account: Account, tmp_path: Path) -> None:
    account.client("s3").create_bucket(
        Bucket=f"open-{account.account}", CreateBucketConfiguration={"LocationConstraint": account.region}
    )
    resource = f"arn:aws:s3:::open-{account.account}/*"
    opened = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": resource}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [opened]})
    account.client("s3").delete_public_access_block(Bucket=f"open-{account.account}")
    account.client("s3").put_bucket_policy(Bucket=f"open-{account.account}", Policy=policy)
    account.client("sqs").create_queue(QueueName="closed")
    assert () == collect(account, Collecting(tmp_path), quiet)
    content = (tmp_path / "resource-policies" / f"{account.account}.json").read_bytes()
    policies, problems = resource_policies(content, "resources.json")
    assert () == problems
    assert f"arn:aws:s3:::open-{account.account}" in {row.arn for row in policies}


def test_access_control_lists_of_buckets_are_gathered_as_policies(account: Account, tmp_path: Path) -> None:
    s3, place = account.client("s3"), {"LocationConstraint": account.region}
    s3.create_bucket(
        Bucket=f"plain-{account.account}", CreateBucketConfiguration=place, ObjectOwnership="BucketOwnerEnforced"
    )
    for name in ("listed", "ignored"):
        bucket = f"{name}-{account.account}"
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=place, ObjectOwnership="ObjectWriter")
        s3.delete_public_access_block(Bucket=bucket)
        s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    blocks = {"IgnorePublicAcls": True}
    s3.put_public_access_block(Bucket=f"ignored-{account.account}", PublicAccessBlockConfiguration=blocks)
    assert () == collect(account, Collecting(tmp_path), quiet)
    content = (tmp_path / "resource-policies" / f"{account.account}.json").read_bytes()
    policies, _ = resource_policies(content, "resources.json")
    listed = [policy for policy in policies if "AccessControlList" in policy.text]
    assert [f"arn:aws:s3:::listed-{account.account}"] == [policy.arn for policy in listed]
    (row,) = exposures(listed, None).rows
    assert ("*", "anyone", "Statement[0] (AccessControlList)") == (row.who, row.reach, row.statement)
    assert {"s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions"} == set(row.actions)


def test_a_bucket_that_is_deleted_meanwhile_has_no_list(account: Account) -> None:
    assert acl_policy(account.client("s3"), "gone-meanwhile", "arn:aws:s3:::gone-meanwhile") is None


def test_who_was_stopped_goes_on_with_the_next_page(account: Account, tmp_path: Path) -> None:
    make_role(account, "x")
    assert 1 == collect_account(account, tmp_path)
    first = tmp_path / f"{account.account}-0001.json"
    page: dict[str, Any] = json.loads(first.read_text("utf-8"))
    first.write_text(json.dumps(page | {"IsTruncated": True, "Marker": "0"}), "utf-8")
    assert 2 == collect_account(account, tmp_path)
    assert "0" == json.loads(first.read_text("utf-8"))["Marker"]


def test_an_account_that_is_complete_is_not_read_again(account: Account, tmp_path: Path, spoil: Spoil) -> None:
    assert 1 == collect_account(account, tmp_path)
    spoil.answer("iam.GetAccountAuthorizationDetails", 403, "AccessDenied")
    assert 1 == collect_account(account, tmp_path)


def test_what_aws_refuses_is_told_and_the_rest_is_gathered(account: Account, tmp_path: Path, spoil: Spoil) -> None:
    spoil.answer("sqs.ListQueues", 403, "AccessDenied")
    failures = collect(account, Collecting(tmp_path), quiet)
    assert [account.account] == [failure.account for failure in failures]
    assert (tmp_path / "accounts" / f"{account.account}-0001.json").exists()
    incomplete = tmp_path / "resource-policies" / f"{account.account}.incomplete.json"
    (problem,) = resource_policies(incomplete.read_bytes(), incomplete.as_posix())[1]
    assert "it lacks what AWS refused" in problem.message
    assert () == collect(account, Collecting(tmp_path), quiet)
    assert not incomplete.exists()


def test_a_policy_that_aws_does_not_show_is_told_and_those_after_it_are_gathered(
    account: Account, tmp_path: Path, spoil: Spoil
) -> None:
    for name in ("first", "second"):
        account.client("kms").create_key(Description=name)
    spoil.answer("kms.GetKeyPolicy", 403, "AccessDeniedException")
    (failure,) = collect(account, Collecting(tmp_path), quiet)
    incomplete = tmp_path / "resource-policies" / f"{account.account}.incomplete.json"
    keys = [row["Arn"] for row in json.loads(incomplete.read_text("utf-8")) if ":kms:" in row["Arn"]]
    assert 1 <= len(keys)
    assert failure.error.message.startswith(f"the policy of arn:aws:kms:{account.region}:{account.account}:key/")


def test_all_pages_of_a_list_are_gathered(account: Account) -> None:
    for number in range(3):
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:*"}]}
        account.client("sqs").create_queue(QueueName=f"paged-{number}", Attributes={"Policy": json.dumps(policy)})
    (of_queues,) = (calls for calls in CALLS if calls.service == "sqs")
    assert 1000 == of_queues.page_size
    rows = collected_policies(account, replace(of_queues, page_size=2))
    names = [row["Arn"].rpartition(":")[2] for row in rows if isinstance(row, dict)]
    assert ["paged-0", "paged-1", "paged-2"] == sorted(name for name in names if name.startswith("paged"))


def test_an_organization_is_gathered_with_its_policies(join: Callable[..., Account], tmp_path: Path) -> None:
    management = join()
    client = management.client("organizations")
    root = client.list_roots()["Roots"][0]["Id"]
    unit = client.create_organizational_unit(ParentId=root, Name="apps")["OrganizationalUnit"]["Id"]
    content = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "iam:*", "Resource": "*"}]}
    policy = client.create_policy(
        Name="no-iam", Description="", Type="SERVICE_CONTROL_POLICY", Content=json.dumps(content)
    )["Policy"]["PolicySummary"]["Id"]
    for identifier in ("p-FullAWSAccess", policy):  # AWS attaches the first by itself
        client.attach_policy(PolicyId=identifier, TargetId=unit)
    status = client.create_account(Email="a@example.com", AccountName="orders")["CreateAccountStatus"]
    client.move_account(AccountId=status["AccountId"], SourceParentId=root, DestinationParentId=unit)
    collecting = Collecting(tmp_path, role="OrganizationAccountAccessRole", with_resources=False)
    collect(management, collecting, quiet)
    value = json.loads((tmp_path / "organization.json").read_text("utf-8"))
    members, problems = organization(value, "organization.json")
    assert () == problems
    levels = [{row.id for row in level} for level in members.accounts[status["AccountId"]].scps]
    assert [{"p-FullAWSAccess"}, {"p-FullAWSAccess", policy}, {"p-FullAWSAccess"}] == levels


def test_an_account_that_may_not_read_its_organization_is_refused(
    account: Account, tmp_path: Path, spoil: Spoil
) -> None:
    spoil.answer("organizations.DescribeOrganization", 403, "AccessDeniedException")
    with pytest.raises(RemitError):
        collect(account, Collecting(tmp_path, role="auditor"), quiet)


def test_the_printed_policy_has_every_call() -> None:
    statements = parse(needed_policy("auditor")).statements
    actions = {action for statement in statements for action in statement.actions.patterns}
    assert {action for calls in CALLS for action in calls.actions} <= actions
    assert {"iam:GetAccountAuthorizationDetails", "organizations:ListRoots", "sts:AssumeRole"} <= actions


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_the_printed_policy_lets_the_role_be_assumed_in_accounts_of_any_partition(partition: str) -> None:
    policy = parse(needed_policy("auditor"))
    # What the role's own trust policy says is not known here.
    for role, verdict in (("auditor", "Unknown"), ("admin", "ImplicitlyDenied")):
        arn = f"arn:{partition}:iam::111122223333:role/{role}"
        request = Request("sts:AssumeRole", arn, f"arn:{partition}:iam::444455556666:user/ann", {})
        assert evaluate(request, Layers((policy,))).verdict == verdict


class Refusing:
    """A client whose every operation is refused."""

    def __getattr__(self, operation: str) -> Any:
        raise RemitError(f"{operation} is refused")


def test_each_region_is_asked_for_its_resources_and_one_for_the_buckets(tmp_path: Path) -> None:
    asked: list[tuple[str, str]] = []

    def client(service: str, *, region_name: str, **_: Any) -> Refusing:
        asked.append((service, region_name))
        return Refusing()

    account = Account("111122223333", "eu-west-1", "aws", SimpleNamespace(client=client))
    regions = ("eu-central-1", "us-east-1")
    collect(account, Collecting(tmp_path, regions=regions), quiet)
    of_resources = [(calls.service, region) for calls in CALLS for region in regions]
    of_resources.remove(("s3", "us-east-1"))
    assert sorted([("iam", "eu-west-1"), *of_resources]) == sorted(asked)


class Organization:
    """The organization of AWS that these units make, each by the one it is in; service control is not enabled."""

    def __init__(self, parents: dict[str, str]) -> None:
        self.parents = parents

    def get_paginator(self, operation: str) -> Any:
        return SimpleNamespace(paginate=lambda **arguments: [getattr(self, operation)(**arguments)])

    def describe_organization(self) -> dict[str, Any]:
        return {"Organization": {"Id": "o-1"}}

    def list_roots(self) -> dict[str, Any]:
        return {"Roots": [{"Id": "r"}]}

    def list_organizational_units_for_parent(self, ParentId: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        return {"OrganizationalUnits": [{"Id": unit} for unit, parent in self.parents.items() if parent == ParentId]}

    def list_accounts_for_parent(self, ParentId: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        return {"Accounts": [{"Id": f"account in {ParentId}"}]}

    def list_policies_for_target(self, TargetId: str, Filter: str) -> dict[str, Any]:  # noqa: N803 - AWS's names
        if Filter == "SERVICE_CONTROL_POLICY":
            raise ClientError({"Error": {"Code": "PolicyTypeNotEnabledException"}}, "ListPoliciesForTarget")
        return {"Policies": [{"Id": f"{Filter} of {TargetId}"}]}

    def describe_policy(self, PolicyId: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        return {"Policy": {"PolicySummary": {"Id": PolicyId}, "Content": "{}"}}


@given(st.lists(st.integers(0, 5), max_size=6))
def test_units_of_any_depth_are_gathered_with_their_accounts_and_the_policies_of_the_types_that_are_enabled(
    places: list[int],
) -> None:
    names = ["r", *(f"unit {number}" for number in range(len(places)))]
    parents = {names[number + 1]: names[place % (number + 1)] for number, place in enumerate(places)}
    account: Any = SimpleNamespace(client=lambda _: Organization(parents))
    found = collected_organization(account)
    assert parents == {unit["Id"]: unit["ParentId"] for unit in found["OrganizationalUnits"]}
    assert {f"account in {name}": name for name in names} == {row["Id"]: row["ParentId"] for row in found["Accounts"]}
    targets = [*found["Roots"], *found["OrganizationalUnits"], *found["Accounts"]]
    attached = {f"RESOURCE_CONTROL_POLICY of {target['Id']}" for target in targets}
    assert attached == {name for target in targets for name in target["Policies"]}
    assert sorted(attached) == [policy["PolicySummary"]["Id"] for policy in found["Policies"]]
