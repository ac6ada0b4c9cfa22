"""What is read of an account, and what the answers mean: roles, policies, organizations, jobs, logs, values."""

from __future__ import annotations

import base64
import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answering import NUMBER, Refused, answering
from random_cases import cases
from remit.app import App, ExistingValue, Function, JobQueue, StoredValue
from remit.deploy.account_roles import MANY, Unreadable, held_policies, held_roles, managed_policy_versions
from remit.deploy.approval import agree_to_delete
from remit.deploy.athena_trail import summed_up_by_athena
from remit.deploy.audit_collection import Collecting, collect, collect_account, collected_organization, needed_policy
from remit.deploy.collected_policies import CALLS, acl_policy, collected_policies
from remit.deploy.delete import data_at_risk, deletable
from remit.deploy.existing_values import look_up_existing
from remit.deploy.expected_roles import deployed_version
from remit.deploy.failed_jobs import (
    DeployedQueue,
    FailedJob,
    chosen_jobs,
    chosen_queues,
    delete,
    deployed_queues,
    each_page,
    held_jobs,
    queue_states,
    retry,
)
from remit.deploy.invoke import answer_of
from remit.deploy.logs import app_readers, deployed_readers, new_lines, readers
from remit.deploy.operators import DeployOperator
from remit.deploy.protection import protect
from remit.deploy.stored_values import calls_for_stored, look_up_stored
from remit.errors import Origin, RemitError
from remit.roles.defaults import dead_letter_id, queue_id

if TYPE_CHECKING:
    from pathlib import Path

MADE: Final = datetime(2026, 3, 1, 12, 3, tzinfo=UTC)
ID: Final = f"arn:aws:cloudformation:eu-central-1:{NUMBER}:stack/orders-dev/1"


def stack(status: str = "UPDATE_COMPLETE", **more: Any) -> dict[str, Any]:
    tags = [{"Key": "remit:namespace", "Value": "orders-dev"}]
    return {
        "Stacks": [
            {
                "StackName": "orders-dev",
                "StackId": ID,
                "StackStatus": status,
                "CreationTime": MADE,
                "Tags": tags,
                **more,
            }
        ]
    }


def listed(**types: str) -> dict[str, Any]:
    """The resources of a stack by their types, each with the logical id for its physical one."""
    return {
        "StackResourceSummaries": [
            {
                "LogicalResourceId": name,
                "ResourceType": type_,
                "PhysicalResourceId": name.lower(),
                "ResourceStatus": "CREATE_COMPLETE",
                "LastUpdatedTimestamp": MADE,
            }
            for name, type_ in types.items()
        ]
    }


TABLE, FUNCTION, GROUP = "AWS::DynamoDB::Table", "AWS::Lambda::Function", "AWS::Logs::LogGroup"
TEMPLATE: Final = {
    "Resources": {
        "Orders": {"Type": TABLE, "Properties": {}},
        "Kept": {"Type": TABLE, "Properties": {}, "DeletionPolicy": "Retain"},
        "Report": {
            "Type": FUNCTION,
            "Properties": {"LoggingConfig": {"LogGroup": {"Ref": "Logs"}}},
            "Metadata": {"remit:function": "report"},
        },
        "Logs": {"Type": GROUP, "Properties": {}},
    }
}
KEPT: Final = {"Effect": "Deny", "Action": ["Update:Replace", "Update:Delete"], "Principal": "*"}
ALLOWED: Final = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}


def policy_of(*names: str) -> str:
    kept = {**KEPT, "Resource": [f"LogicalResourceId/{name}" for name in names]}
    return json.dumps({"Statement": [ALLOWED, kept] if names else [ALLOWED]})


@pytest.mark.parametrize(
    ("status", "protected", "current", "going", "written", "notes"),
    [
        ("UPDATE_COMPLETE", False, "", (), ["Orders", "Kept"], 0),
        ("UPDATE_COMPLETE", True, policy_of("Orders", "Kept"), (), None, 0),
        ("UPDATE_COMPLETE", True, policy_of("Orders", "Kept"), ("Orders",), ["Kept"], 0),
        ("UPDATE_COMPLETE", True, policy_of(), ("Orders", "Kept"), None, 0),
        (
            "UPDATE_COMPLETE",
            True,
            '{"Statement": [{"Effect": "Deny", "Action": "Update:*", "Principal": "*", "Resource": "*"}]}',
            (),
            None,
            1,
        ),
        ("ROLLBACK_COMPLETE", False, "", (), None, 0),
        ("REVIEW_IN_PROGRESS", False, "", (), None, 0),
    ],
)
def test_a_production_stack_keeps_what_holds_data_but_what_goes(
    status: str, current: str, going: tuple[str, ...], written: list[str] | None, notes: int, *, protected: bool
) -> None:
    account, asked = answering(
        {
            "cloudformation.DescribeStacks": stack(status, EnableTerminationProtection=protected),
            "cloudformation.GetTemplate": {"TemplateBody": json.dumps(TEMPLATE)},
            "cloudformation.GetStackPolicy": {"StackPolicyBody": current} if current else {},
            "cloudformation.UpdateTerminationProtection": {},
            "cloudformation.SetStackPolicy": {},
        }
    )
    heard: list[str] = []

    protect(account, "orders-dev", heard.append, going=going)

    bodies = [json.loads(call["StackPolicyBody"]) for call in asked.calls("cloudformation.SetStackPolicy")]
    assert bodies == ([] if written is None else [json.loads(policy_of(*written))])
    turned_on = asked.calls("cloudformation.UpdateTerminationProtection")
    assert turned_on == (
        [{"StackName": ID, "EnableTerminationProtection": True}]
        if status == "UPDATE_COMPLETE" and not protected
        else []
    )
    assert len(heard) == notes


def deleting(**more: Any) -> dict[str, Any]:
    return {
        "cloudformation.DescribeStacks": stack(),
        "cloudformation.GetTemplate": {"TemplateBody": json.dumps(TEMPLATE)},
        "cloudformation.ListStackResources": listed(Orders=TABLE, Kept=TABLE, Report=FUNCTION, Logs=GROUP),
        **more,
    }


def test_the_data_that_a_delete_takes_is_what_no_policy_keeps() -> None:
    account, _ = answering(deleting())

    data, logs = data_at_risk(account, "orders-dev")

    assert ([resource.logical_id for resource in data], logs) == (["Logs", "Orders"], frozenset({"Logs"}))
    gone, _ = answering(deleting(**{"cloudformation.DescribeStacks": Refused("ValidationError", "does not exist")}))
    assert data_at_risk(gone, "orders-dev") == ((), frozenset())


class Nobody(DeployOperator):
    """Notes what is asked, and answers yes."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def reply(self, question: Any) -> bool:
        self.asked.append(question)
        return True


@pytest.mark.parametrize(
    ("types", "yes", "with_data", "unnamed"),
    [
        ({"Orders": TABLE}, True, False, ["Orders"]),
        ({"Logs": GROUP, "Report": FUNCTION}, True, False, None),
        ({"Orders": TABLE}, True, True, None),
        ({"Orders": TABLE}, False, False, []),
        ({"Report": FUNCTION}, False, False, []),
    ],
)
def test_yes_deletes_what_holds_no_data(
    types: dict[str, str], unnamed: list[str] | None, *, yes: bool, with_data: bool
) -> None:
    account, _ = answering(deleting(**{"cloudformation.ListStackResources": listed(**types)}))
    operator = Nobody()

    assert agree_to_delete(account, "orders-dev", operator, yes=yes, with_data=with_data)
    assert [[resource.logical_id for resource in question.unnamed_data] for question in operator.asked] == (
        [] if unnamed is None else [unnamed]
    )


@pytest.mark.parametrize(
    ("answer", "owner", "words"),
    [
        (stack(), None, None),
        (stack(), "shop-dev", "belongs to orders-dev, and this is shop-dev"),
        (stack(EnableTerminationProtection=True), None, "is protected against deletion"),
        (stack(Tags=[]), None, "remit did not make it"),
    ],
)
def test_what_may_be_deleted_is_the_projects_own_and_not_protected(
    answer: Any, owner: str | None, words: str | None
) -> None:
    account, _ = answering({"cloudformation.DescribeStacks": answer})
    if words is None:
        found = deletable(account, "orders-dev", owner)
        assert found is not None
        assert found.id == ID
    else:
        with pytest.raises(RemitError, match=words):
            deletable(account, "orders-dev", owner)


TRUST: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def role(name: str, **more: Any) -> dict[str, Any]:
    return {
        "Path": "/",
        "RoleName": name,
        "RoleId": "A" * 16,
        "Arn": f"arn:aws:iam::{NUMBER}:role/{name}",
        "CreateDate": MADE,
        "AssumeRolePolicyDocument": json.dumps(TRUST),
        **more,
    }


def inline(action: str) -> str:
    return json.dumps({"Version": "2008-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})


ATTACHED: Final = {"PolicyName": "audit", "PolicyArn": "arn:aws:iam::aws:policy/SecurityAudit"}


@pytest.mark.parametrize("count", [2, MANY, MANY + 1])
@pytest.mark.parametrize("denies_all", [False, True])
def test_roles_are_read_one_by_one_or_of_many_all_at_once_unless_that_is_denied(
    count: int, *, denies_all: bool
) -> None:
    names = [f"r{number}" for number in range(count)]
    details = [
        {
            "RoleName": name,
            "Arn": f"arn:aws:iam::{NUMBER}:role/{name}",
            "AssumeRolePolicyDocument": json.dumps(TRUST),
            "AttachedManagedPolicies": [ATTACHED],
            "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": inline(f"sqs:{name}")}],
        }
        for name in ["other", *names]
    ]
    account, asked = answering(
        {
            "iam.GetAccountAuthorizationDetails": Refused("AccessDenied", status=403)
            if denies_all
            else {"RoleDetailList": details},
            "iam.GetRole": lambda **named: (
                Refused("NoSuchEntity", status=404)
                if named["RoleName"] == "gone"
                else {"Role": role(named["RoleName"])}
            ),
            "iam.ListRolePolicies": {"PolicyNames": ["own"]},
            "iam.GetRolePolicy": lambda **named: {**named, "PolicyDocument": inline(f"sqs:{named['RoleName']}")},
            "iam.ListAttachedRolePolicies": {"AttachedPolicies": [ATTACHED]},
        }
    )

    found = held_roles(account, [*names, names[0]] if count > MANY else [*names, "gone"][-MANY:])

    wanted = names if count > MANY else [name for name in [*names, "gone"][-MANY:] if name != "gone"]
    assert sorted(found) == sorted(wanted)
    for name in wanted:
        own, attached = found[name].policies
        assert [(grant.because, grant.version, grant.statement.actions.patterns) for grant in own.grants] == [
            (f"policy own of role {name}", "2008-10-17", (f"sqs:{name}",))
        ]
        assert (own.name, own.how, attached.name) == ("own", "inline", ATTACHED["PolicyArn"])
    assert bool(asked.calls("iam.GetAccountAuthorizationDetails")) == (count > MANY)
    assert bool(asked.calls("iam.GetRole")) == (count <= MANY or denies_all)


def test_on_this_machine_roles_are_read_in_one_list_those_without_policies_too_each_with_its_boundary() -> None:
    boundary = f"arn:aws:iam::{NUMBER}:policy/limit"
    details = [
        {
            "RoleName": name,
            "Arn": f"arn:aws:iam::{NUMBER}:role/{name}",
            "AssumeRolePolicyDocument": json.dumps(TRUST).replace("lambda", "states"),
            "AttachedManagedPolicies": [],
            "RolePolicyList": [],
        }
        for name in ("bare", "other")
    ]
    limit = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary}
    account, asked = answering(
        {
            "iam.GetAccountAuthorizationDetails": {"RoleDetailList": details},
            "iam.GetRole": {"Role": role("bare", PermissionsBoundary=limit)},
        },
        local=True,
    )
    (found,) = held_roles(account, ["bare", "gone"]).values()
    assert (found.name, found.policies, found.trusts) == ("bare", (), ("states.amazonaws.com",))
    assert [policy.name for policy in found.limits] == [boundary]
    assert asked.calls("iam.GetRole") == [{"RoleName": "bare"}]


def test_managed_policies_are_read_in_the_version_in_force_and_one_that_is_gone_is_left_out() -> None:
    first, gone, wrong = (f"arn:aws:iam::{NUMBER}:policy/{name}" for name in ("first", "gone", "wrong"))
    account, _ = answering(
        {
            "iam.GetPolicy": lambda PolicyArn: (  # noqa: N803 - AWS's name
                Refused("NoSuchEntity", status=404)
                if PolicyArn == gone
                else {"Policy": {"Arn": PolicyArn, "DefaultVersionId": "v3"}}
            ),
            "iam.GetPolicyVersion": lambda PolicyArn, VersionId: {  # noqa: N803 - AWS's names
                "PolicyVersion": {"Document": "[]" if PolicyArn == wrong else inline(f"sqs:{VersionId}")}
            },
        }
    )
    ((arn, found),) = managed_policy_versions(account, [gone, first, first]).items()
    assert (arn, found.version) == (first, "v3")
    assert found.policy.statements[0].actions.patterns == ("sqs:v3",)
    with pytest.raises(Unreadable, match=f"policy {wrong} cannot be read"):
        managed_policy_versions(account, [wrong])


def test_a_role_without_policies_is_read_by_itself_as_well() -> None:
    account, _ = answering(
        {
            "iam.GetRole": {"Role": role("bare")},
            "iam.ListRolePolicies": {"PolicyNames": []},
            "iam.ListAttachedRolePolicies": {"AttachedPolicies": []},
        }
    )
    assert [*held_roles(account, ["bare"])] == ["bare"]


def test_a_client_that_repeats_nothing_is_another_one_and_waits_as_long_as_a_function_may_run() -> None:
    account, _ = answering({})
    once = account.client("lambda", once=True)
    assert account.client("lambda", once=True) is once is not account.client("lambda")
    local, _ = answering({}, local=True)
    clients = (once, account.client("lambda"), local.client("lambda"), account.client("sts"))
    assert [one.meta.config.retries["total_max_attempts"] for one in clients] == [1, 5, 3, 3]
    assert once.meta.config.read_timeout > 900


def test_a_policy_that_cannot_be_read_is_named() -> None:
    wrong = {"PolicyName": "own", "PolicyDocument": '{"Statement": [{"Effect": "Maybe"}]}'}
    account, _ = answering(
        {
            "iam.GetRole": {"Role": role("r")},
            "iam.ListRolePolicies": {"PolicyNames": ["own"]},
            "iam.ListUserPolicies": {"PolicyNames": ["own"]},
            "iam.ListAttachedRolePolicies": {"AttachedPolicies": []},
            "iam.GetRolePolicy": {"RoleName": "r", **wrong},
            "iam.GetUserPolicy": {"UserName": "ann", **wrong},
        }
    )

    with pytest.raises(Unreadable, match="policy own of role r cannot be read") as told:
        held_roles(account, ["r"])
    assert told.value.hint == "did you mean `Allow`?"
    with pytest.raises(Unreadable, match="policy own of user ann cannot be read"):
        held_policies(account.client("iam"), "user", "ann")


OWNER: Final = {"ID": "me"}
EVERYBODY: Final = {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"}


@pytest.mark.parametrize(
    ("ownership", "grants", "blocks", "count"),
    [
        ("BucketOwnerEnforced", [(EVERYBODY, "READ")], None, 0),
        ("ObjectWriter", [(EVERYBODY, "READ")], None, 1),
        (None, [(EVERYBODY, "READ")], None, 1),
        ("ObjectWriter", [(EVERYBODY, "READ")], True, 0),
        ("ObjectWriter", [(EVERYBODY, "READ")], False, 1),
        ("ObjectWriter", [({"Type": "CanonicalUser", "ID": "me"}, "FULL_CONTROL")], None, 0),
        ("ObjectWriter", [({"Type": "CanonicalUser", "ID": "them"}, "READ"), (EVERYBODY, "READ")], True, 1),
    ],
)
def test_the_list_of_a_bucket_is_a_policy_for_others_than_its_owner(
    ownership: str | None, grants: list[Any], count: int, *, blocks: bool | None
) -> None:
    none = Refused("NoSuchX", status=404)
    account, asked = answering(
        {
            "s3.GetBucketOwnershipControls": none
            if ownership is None
            else {"OwnershipControls": {"Rules": [{"ObjectOwnership": ownership}]}},
            "s3.GetBucketAcl": {
                "Owner": OWNER,
                "Grants": [{"Grantee": grantee, "Permission": permission} for grantee, permission in grants],
            },
            "s3.GetPublicAccessBlock": none
            if blocks is None
            else {"PublicAccessBlockConfiguration": {"IgnorePublicAcls": blocks}},
        }
    )

    text = acl_policy(account.client("s3"), "b1", "arn:aws:s3:::b1")

    assert (text is not None) == bool(count)
    if text is not None:
        assert "arn:aws:s3:::b1" in text
        assert ("them" in text) == (len(grants) == 2)
    if ownership == "BucketOwnerEnforced":
        assert asked.calls("s3.GetBucketAcl") == []


SQS, S3 = (next(calls for calls in CALLS if calls.service == service) for service in ("sqs", "s3"))
POLICY: Final = inline("sqs:SendMessage")


def test_queues_are_read_with_their_policies_and_one_that_is_denied_is_told_in_its_place() -> None:
    urls = [f"https://sqs.eu-central-1.amazonaws.com/{NUMBER}/{name}" for name in ("a", "b", "c", "d")]
    answers = iter(
        [
            {"Attributes": {"Policy": POLICY}},
            {"Attributes": {}},
            Refused("AccessDenied", "no", 403),
            Refused("QueueNotFound", status=404),
        ]
    )
    account, asked = answering(
        {"sqs.ListQueues": {"QueueUrls": urls}, "sqs.GetQueueAttributes": lambda **_: next(answers)}
    )

    found = list(collected_policies(account, SQS))

    assert found[0] == {"Arn": f"arn:aws:sqs:eu-central-1:{NUMBER}:a", "Account": NUMBER, "Policy": POLICY}
    assert [str(row) for row in found[1:] if isinstance(row, RemitError)] == [
        f"error: the policy of arn:aws:sqs:eu-central-1:{NUMBER}:c is not shown: no"
    ]
    assert len(found) == 2
    assert asked.calls("sqs.GetQueueAttributes")[0] == {"QueueUrl": urls[0], "AttributeNames": ["Policy"]}


def test_of_a_bucket_its_policy_and_its_list_are_told_apart() -> None:
    others = [{"Grantee": {"Type": "CanonicalUser", "ID": "them"}, "Permission": "READ"}]
    account, _ = answering(
        {
            "s3.ListBuckets": {"Buckets": [{"Name": "b1"}]},
            "s3.GetBucketPolicy": {"Policy": POLICY},
            "s3.GetBucketOwnershipControls": Refused("OwnershipControlsNotFoundError", status=404),
            "s3.GetBucketAcl": [{"Owner": OWNER, "Grants": others}, Refused("AccessDenied", "no", 403)],
        }
    )

    of_policy, of_list = collected_policies(account, S3)
    assert isinstance(of_list, dict)
    assert of_policy == {"Arn": "arn:aws:s3:::b1", "Account": NUMBER, "Policy": POLICY}
    assert (of_list["Arn"], "them" in of_list["Policy"]) == ("arn:aws:s3:::b1", True)
    assert str([*collected_policies(account, S3)][1]) == (
        "error: the access control list of arn:aws:s3:::b1 is not shown: no"
    )


def test_a_bucket_whose_policy_is_not_shown_has_its_list_all_the_same() -> None:
    others = [{"Grantee": {"Type": "CanonicalUser", "ID": "them"}, "Permission": "READ"}]
    account, _ = answering(
        {
            "s3.ListBuckets": {"Buckets": [{"Name": "b1"}]},
            "s3.GetBucketPolicy": Refused("AccessDenied", "", 403),
            "s3.GetBucketOwnershipControls": Refused("OwnershipControlsNotFoundError", status=404),
            "s3.GetBucketAcl": {"Owner": OWNER, "Grants": others},
        }
    )

    of_policy, of_list = collected_policies(account, S3)
    assert str(of_policy) == "error: the policy of arn:aws:s3:::b1 is not shown: AccessDenied"
    assert isinstance(of_list, dict)
    assert "them" in of_list["Policy"]


def test_an_account_is_gathered_page_by_page_and_what_is_refused_is_told_and_asked_for_again(tmp_path: Path) -> None:
    """The files, what is told meanwhile, and what a second run asks for: of both, all of it."""

    def page(Marker: str = "", **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        users = {"UserDetailList": [{"UserName": Marker or "m1", "CreateDate": datetime(2026, 3, 1, tzinfo=UTC)}]}
        return {**users, "IsTruncated": not Marker, **({} if Marker else {"Marker": "m2"})}

    none = Refused("NoSuchX", status=404)
    key = f"arn:aws:kms:eu-central-1:{NUMBER}:key/1"
    account, asked = answering(
        {
            "iam.GetAccountAuthorizationDetails": page,
            "s3.ListBuckets": {"Buckets": [{"Name": "b1"}]},
            "s3.GetBucketPolicy": {"Policy": POLICY},
            "s3.GetBucketOwnershipControls": none,
            "s3.GetBucketAcl": {"Owner": OWNER, "Grants": []},
            "sqs.ListQueues": [Refused("AccessDenied", "no", 403), {}],
            "sns.ListTopics": {"Topics": []},
            "kms.ListKeys": {"Keys": [{"KeyArn": key}]},
            "kms.GetKeyPolicy": [Refused("AccessDenied", "never", 403), {"Policy": POLICY}],
            "secretsmanager.ListSecrets": {"SecretList": []},
            "lambda.ListFunctions": {"Functions": []},
            "ecr.DescribeRepositories": {"repositories": []},
        }
    )
    heard: list[str] = []
    failures = collect(account, Collecting(tmp_path), heard.append)

    assert [(failure.account, failure.error.message) for failure in failures] == [
        (NUMBER, "AWS denies ListQueues: no"),
        (NUMBER, f"the policy of {key} is not shown: never"),
    ]
    services = ["s3", "sqs", "sns", "kms", "secretsmanager", "lambda", "ecr"]
    pages = f"{NUMBER}: 2 pages of users, groups, roles and policies"
    one = [f"{NUMBER}: 1 resources with a policy, after {service} in eu-central-1" for service in services]
    assert heard == [pages, *one]
    bucket = {"Arn": "arn:aws:s3:::b1", "Account": NUMBER, "Policy": POLICY}
    users = [{"UserName": name, "CreateDate": "2026-03-01 00:00:00+00:00"} for name in ("m1", "m2")]
    first = {"UserDetailList": users[:1], "IsTruncated": True, "Marker": "m2"}
    of_users = {
        f"accounts/{NUMBER}-0001.json": first,
        f"accounts/{NUMBER}-0002.json": {"UserDetailList": users[1:], "IsTruncated": False},
    }
    assert files_in(tmp_path) == {**of_users, f"resource-policies/{NUMBER}.incomplete.json": [bucket]}
    assert asked.calls("iam.GetAccountAuthorizationDetails") == [
        {"MaxItems": 300},
        {"MaxItems": 300, "Marker": "m2"},
    ]

    heard.clear()
    asked.asked.clear()
    assert collect(account, Collecting(tmp_path), heard.append) == ()
    later = [line.replace(": 1 res", f": {1 if index < 3 else 2} res") for index, line in enumerate(one)]
    assert heard == [pages, *later]
    rows = [bucket, {"Arn": key, "Account": NUMBER, "Policy": POLICY}]
    assert files_in(tmp_path) == {**of_users, f"resource-policies/{NUMBER}.json": rows}
    assert asked.calls("iam.GetAccountAuthorizationDetails") == []

    heard.clear()
    asked.asked.clear()
    assert collect(account, Collecting(tmp_path), heard.append) == ()
    assert (heard, asked.asked) == ([pages], [])


def files_in(folder: Path) -> dict[str, Any]:
    """The JSON documents below a folder, by their paths."""
    return {
        path.relative_to(folder).as_posix(): json.loads(path.read_text("utf-8"))
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_key_of_which_the_policy_fails_otherwise_fails_the_list() -> None:
    account, _ = answering(
        {"sqs.ListQueues": {"QueueUrls": ["x/a"]}, "sqs.GetQueueAttributes": Refused("InternalError", status=500)}
    )

    with pytest.raises(RemitError, match="500"):
        list(collected_policies(account, SQS))


PAGES: Final = {None: ("m1", "a"), "m1": ("m2", "b"), "m2": (None, "c")}


@pytest.mark.parametrize("there", [0, 1, 2, 3])
def test_the_pages_of_an_account_that_are_there_are_not_read_again(tmp_path: Path, there: int) -> None:
    def page(Marker: str | None = None, **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        following, name = PAGES[Marker]
        return {
            "UserDetailList": [{"UserName": name}],
            "IsTruncated": following is not None,
            **({"Marker": following} if following else {}),
        }

    account, asked = answering({"iam.GetAccountAuthorizationDetails": page})
    for number, marker in enumerate(list(PAGES)[:there], 1):
        (tmp_path / f"{NUMBER}-{number:04}.json").write_text(json.dumps(page(marker)))

    assert collect_account(account, tmp_path) == 3
    files = sorted(tmp_path.iterdir())
    assert [json.loads(path.read_text())["UserDetailList"][0]["UserName"] for path in files] == ["a", "b", "c"]
    assert [call.get("Marker") for call in asked.asked and asked.calls("iam.GetAccountAuthorizationDetails")] == list(
        PAGES
    )[there:]


def test_an_organization_is_read_with_the_policies_of_each_part(tmp_path: Path) -> None:
    """A suspended account is left out, and of one whose role cannot be assumed the rest is gathered."""
    members = {"r-1": [NUMBER, "444455556666"], "ou-2": ["666677778888"], "ou-3": ["555566667777"]}
    units = {"r-1": ["ou-2", "ou-1"], "ou-2": ["ou-3"]}

    def policies(TargetId: str, Filter: str) -> Any:  # noqa: N803 - AWS's names
        if Filter == "SERVICE_CONTROL_POLICY" and TargetId == "ou-1":
            return Refused("PolicyTypeNotAvailableForOrganizationException")
        of_all = [{"Id": "p-all"}] if Filter == "SERVICE_CONTROL_POLICY" else []
        return {"Policies": [*of_all, *([{"Id": f"p-{TargetId}"}] if TargetId in ("r-1", "ou-3") else [])]}

    def accounts(ParentId: str, NextToken: str = "0") -> Any:  # noqa: N803 - AWS's names
        """One account a page."""
        here, page = members.get(ParentId, []), int(NextToken)
        rows = [
            {"Id": number, "Status": "SUSPENDED" if ParentId == "ou-3" else "ACTIVE"}
            for number in here[page : page + 1]
        ]
        for row in rows:
            if row["Id"] == "666677778888":  # older answers have none
                del row["Status"]
        return {"Accounts": rows, **({"NextToken": str(page + 1)} if page + 1 < len(here) else {})}

    account, asked = answering(
        {
            "organizations.DescribeOrganization": {"Organization": {"Id": "o-1"}},
            "organizations.ListRoots": {"Roots": [{"Id": "r-1"}]},
            "organizations.ListOrganizationalUnitsForParent": lambda **named: {
                "OrganizationalUnits": [{"Id": unit} for unit in units.get(named["ParentId"], [])]
            },
            "organizations.ListAccountsForParent": accounts,
            "organizations.ListPoliciesForTarget": policies,
            "organizations.DescribePolicy": lambda **named: {
                "Policy": {"PolicySummary": {"Id": named["PolicyId"]}, "Content": f"of {named['PolicyId']}"}
            },
            "sts.AssumeRole": Refused("AccessDenied", "no", 403),
            "iam.GetAccountAuthorizationDetails": {"UserDetailList": []},
        }
    )
    account = replace(account, partition="aws-us-gov")

    failures = collect(account, Collecting(tmp_path, "auditor", with_resources=False), lambda _: None)

    assert json.loads((tmp_path / "organization.json").read_text()) == {
        "Organization": {"Id": "o-1"},
        "Roots": [{"Id": "r-1", "Policies": ["p-all", "p-r-1", "p-r-1"]}],  # of both types
        "OrganizationalUnits": [
            {"Id": "ou-2", "ParentId": "r-1", "Policies": ["p-all"]},
            {"Id": "ou-1", "ParentId": "r-1", "Policies": []},
            {"Id": "ou-3", "ParentId": "ou-2", "Policies": ["p-all", "p-ou-3", "p-ou-3"]},
        ],
        "Accounts": [
            {"Id": NUMBER, "Status": "ACTIVE", "ParentId": "r-1", "Policies": ["p-all"]},
            {"Id": "444455556666", "Status": "ACTIVE", "ParentId": "r-1", "Policies": ["p-all"]},
            {"Id": "666677778888", "ParentId": "ou-2", "Policies": ["p-all"]},
            {"Id": "555566667777", "Status": "SUSPENDED", "ParentId": "ou-3", "Policies": ["p-all"]},
        ],
        "Policies": [
            {"PolicySummary": {"Id": identifier}, "Content": f"of {identifier}"}
            for identifier in ("p-all", "p-ou-3", "p-r-1")
        ],
    }
    assert [(failure.account, failure.error.message) for failure in failures] == [
        (number, "AWS denies AssumeRole: no") for number in ("444455556666", "666677778888")
    ]
    assert asked.calls("sts.AssumeRole") == [
        {"RoleArn": f"arn:aws-us-gov:iam::{number}:role/auditor", "RoleSessionName": "remit-audit"}
        for number in ("444455556666", "666677778888")
    ]
    assert [path.name for path in (tmp_path / "accounts").iterdir()] == [f"{NUMBER}-0001.json"]


def test_an_organization_whose_policies_may_not_be_listed_is_not_read() -> None:
    account, _ = answering(
        {
            "organizations.DescribeOrganization": {"Organization": {"Id": "o-1"}},
            "organizations.ListRoots": {"Roots": [{"Id": "r-1"}]},
            "organizations.ListPoliciesForTarget": Refused("AccessDeniedException", "no"),
        }
    )
    with pytest.raises(RemitError, match="AWS denies ListPoliciesForTarget: no"):
        collected_organization(account)


@pytest.mark.parametrize("with_resources", [False, True])
@pytest.mark.parametrize("assumed", [None, "auditor"])
def test_the_policy_that_collecting_needs(assumed: str | None, *, with_resources: bool) -> None:
    policy = needed_policy(assumed, with_resources=with_resources)

    actions = ["iam:GetAccountAuthorizationDetails"]
    if with_resources:
        actions += [action for calls in CALLS for action in calls.actions]
    of_organization = [
        f"organizations:{name}"
        for name in (
            "DescribeOrganization", "DescribePolicy", "ListAccountsForParent", "ListOrganizationalUnitsForParent",
            "ListPoliciesForTarget", "ListRoots",
        )
    ]  # fmt: skip
    others = [
        {"Effect": "Allow", "Action": of_organization, "Resource": "*"},
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:*:iam::*:role/auditor"},
    ]
    first = {"Effect": "Allow", "Action": sorted(actions), "Resource": "*"}
    assert policy == {"Version": "2012-10-17", "Statement": [first, *(others if assumed else [])]}


MAIL: Final = DeployedQueue("mail", "https://sqs/mail", "https://sqs/mail-dead")
ORDERED: Final = DeployedQueue("ordered", "https://sqs/ordered.fifo", "https://sqs/ordered-dead.fifo")


def message(number: int, *, job: str = "app:send", again: int = 0, sent: int = 0) -> dict[str, Any]:
    body = json.dumps({"id": f"job-{number:04}", "job": job, "arguments": {"to": number}})
    return {
        "MessageId": f"m{number}-{again}",
        "ReceiptHandle": f"h{number}-{again}",
        "Body": body,
        "Attributes": {"SentTimestamp": str(sent or number * 1000 + 999)},
    }


def queue(*pages: list[dict[str, Any]], **answers: Any) -> tuple[Any, Any]:
    given_ = itertools.chain(pages, itertools.repeat([]))
    return answering(
        {
            "sqs.ReceiveMessage": lambda **_: {"Messages": list(next(given_))},
            "sqs.ChangeMessageVisibilityBatch": {"Successful": [], "Failed": []},
            **{f"sqs.{name}": answer for name, answer in answers.items()},
        },
        local=True,
    )


def test_failed_jobs_are_held_oldest_first_and_released_in_the_end() -> None:
    account, asked = queue([message(3), message(1)], [message(1), message(2)], [message(2)])

    with held_jobs(account, [MAIL]) as jobs:
        assert [(job.id, job.sent, job.job) for job in jobs] == [
            (f"job-000{number}", number, "app:send") for number in (1, 2, 3)
        ]
        assert asked.calls("sqs.ChangeMessageVisibilityBatch") == []

    (released,) = asked.calls("sqs.ChangeMessageVisibilityBatch")
    assert [entry["ReceiptHandle"] for entry in released["Entries"]] == ["h3-0", "h1-0", "h2-0"]
    assert {entry["VisibilityTimeout"] for entry in released["Entries"]} == {0}
    assert released["QueueUrl"] == MAIL.dead_letters


def test_a_job_that_failed_again_meanwhile_is_given_once() -> None:
    account, _ = queue([message(1), message(2)], [message(1, again=1), message(2, again=1), message(3)])

    pages = [[job.id for job in page] for page in each_page(account, [MAIL])]

    assert pages == [["job-0001", "job-0002"], ["job-0003"]]


def jobs_of(messages: list[dict[str, Any]], where: DeployedQueue = MAIL) -> tuple[FailedJob, ...]:
    account, _ = queue(messages)
    with held_jobs(account, [where]) as jobs:
        return jobs


def test_a_message_that_is_no_job_has_its_own_id_and_no_arguments() -> None:
    said = {
        "Reason": {"StringValue": "no", "DataType": "String"},
        "Attempts": {"StringValue": "3", "DataType": "Number"},
    }
    texts = ["no JSON", "[1]", '{"x": 1}', '{"id": 7, "job": "a:b", "options": 1}']
    messages = [
        {"MessageId": f"m{n}", "ReceiptHandle": "h", "Body": text, "MessageAttributes": said if n else {}}
        for n, text in enumerate(texts)
    ]

    jobs = jobs_of(messages)

    assert sorted((job.id, job.job, job.attempts, job.reason) for job in jobs) == [
        ("7", "a:b", 3, "no"),
        ("m0", "", None, ""),
        ("m1", "", 3, "no"),
        ("m2", "", 3, "no"),
    ]
    assert {job.id: job.arguments for job in jobs} == {
        "7": {"arguments": None, "options": 1},
        "m0": None,
        "m1": None,
        "m2": None,
    }
    assert {job.id: job.sending for job in jobs} == {"7": "7", "m0": "no JSON", "m1": "[1]", "m2": '{"x": 1}'}


@settings(max_examples=cases(12, deep=300))
@given(
    st.lists(st.tuples(st.sampled_from((MAIL, ORDERED)), st.sampled_from((10, 10, 10, 600_000))), max_size=14),
    st.sets(st.integers(0, 13)),
)
def test_jobs_are_sent_again_in_batches_that_sqs_takes_and_taken_out_once_they_are(
    rows: list[tuple[DeployedQueue, int]], refused: set[int]
) -> None:
    jobs = tuple(
        FailedJob(f"job-{n:04}", where, "a:b", "x" * size, "", None, n, f"m{n}", f"h{n}", f"g{n}" if n % 2 else None)
        for n, (where, size) in enumerate(rows)
    )
    sent: list[str] = []

    def send(QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - AWS's names
        batch = [job for job in jobs if job.queue.url == QueueUrl]
        assert len(Entries) <= 10
        assert sum(len(entry["MessageBody"]) for entry in Entries) <= 1_048_576
        assert batch
        for entry in Entries:
            assert ("MessageGroupId" in entry) == QueueUrl.endswith(".fifo")
            sent.append(entry.get("MessageDeduplicationId", ""))
        return {
            "Successful": [{"Id": entry["Id"], "MessageId": "x", "MD5OfMessageBody": "x"} for entry in Entries],
            "Failed": [],
        }

    deleted: list[str] = []

    def take_out(QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - AWS's names
        assert QueueUrl.removesuffix(".fifo").endswith("-dead")
        fine = [entry for entry in Entries if int(entry["ReceiptHandle"][1:]) not in refused]
        deleted.extend(entry["ReceiptHandle"] for entry in fine)
        bad = [
            {"Id": entry["Id"], "SenderFault": True, "Code": "ReceiptHandleIsInvalid"}
            for entry in Entries
            if entry not in fine
        ]
        return {"Successful": [{"Id": entry["Id"]} for entry in fine], "Failed": bad}

    account, _ = answering({"sqs.SendMessageBatch": send, "sqs.DeleteMessageBatch": take_out}, local=True)
    done: list[str] = []
    stops = refused & set(range(len(jobs)))
    told = ""
    try:
        done.extend(job.receipt for job in retry(account, jobs))
    except RemitError as error:
        told = error.message
    assert told == (f"job job-{min(stops):04} could not be deleted: ReceiptHandleIsInvalid" if stops else "")
    assert done == deleted
    assert (len(done) == len(jobs)) == (not stops)
    assert [mark for mark in sent if mark] == [
        f"again-m{n}" for n, job in enumerate(jobs[: len(sent)]) if job.queue is ORDERED
    ]


def test_jobs_are_deleted_and_one_that_cannot_be_is_named() -> None:
    jobs = jobs_of([message(1), message(2)])
    answer = {"Successful": [{"Id": "0"}], "Failed": [{"Id": "1", "SenderFault": True, "Code": "X", "Message": "gone"}]}
    account, asked = queue(DeleteMessageBatch=answer)
    deleted = delete(account, jobs)

    assert next(deleted).id == "job-0001"
    with pytest.raises(RemitError, match="job job-0002 could not be deleted: gone"):
        next(deleted)
    assert asked.calls("sqs.DeleteMessageBatch")[0]["QueueUrl"] == MAIL.dead_letters


@pytest.mark.parametrize(
    ("ids", "found"),
    [
        (["job-0002"], ["job-0002"]),
        (["job-0003", "job-0002", "job-0003"], ["job-0003", "job-0002"]),
        (["job"], "'job' is too short for the id of a job"),
        (["job-"], "3 jobs that failed have the id job-"),
        (["none"], "no job that failed has the id none"),
    ],
)
def test_a_job_is_meant_by_its_id_or_how_it_begins(ids: list[str], found: Any) -> None:
    jobs = jobs_of([message(1), message(2), message(3)])
    if isinstance(found, list):
        assert [job.id for job in chosen_jobs(jobs, ids)] == found
    else:
        with pytest.raises(RemitError, match=found):
            chosen_jobs(jobs, ids)


def test_failed_jobs_are_read_sent_again_and_released_by_exactly_these_requests() -> None:
    """Of two sendings of a moment, the place in the FIFO queue decides; a job without a group is its own."""

    def ordered(number: int, sequence: str, group: str = "") -> dict[str, Any]:
        system = {"SentTimestamp": "5000", "SequenceNumber": sequence, **({"MessageGroupId": group} if group else {})}
        return message(number) | {"Attributes": system}

    answers = {
        MAIL.dead_letters: [[message(3), message(9, sent=5_000)], [message(3)]],
        ORDERED.dead_letters: [[ordered(1, "20", "g"), ordered(2, "10")], []],
    }
    account, asked = answering(
        {
            "sqs.ReceiveMessage": lambda QueueUrl, **_: {"Messages": answers[QueueUrl].pop(0)},  # noqa: N803
            "sqs.ChangeMessageVisibilityBatch": {"Successful": [], "Failed": []},
            "sqs.SendMessageBatch": lambda Entries, **_: {  # noqa: N803
                "Successful": [{"Id": entry["Id"], "MessageId": "x", "MD5OfMessageBody": "x"} for entry in Entries],
                "Failed": [],
            },
            "sqs.DeleteMessageBatch": lambda Entries, **_: {  # noqa: N803
                "Successful": [{"Id": entry["Id"]} for entry in Entries],
                "Failed": [],
            },
        }
    )

    with held_jobs(account, [MAIL, ORDERED]) as jobs:
        assert [(job.id, job.sent, job.sequence, job.group) for job in jobs] == [
            ("job-0003", 3, "", None), ("job-0009", 5, "", None),
            ("job-0002", 5, "10", None), ("job-0001", 5, "20", "g"),
        ]  # fmt: skip
        assert list(retry(account, jobs)) == list(jobs)

    def bodies(*numbers: int) -> list[str]:
        return [message(number)["Body"] for number in numbers]

    def read(queue: DeployedQueue) -> tuple[str, dict[str, Any]]:
        names = ["SentTimestamp", "MessageGroupId", "SequenceNumber"]
        given_ = {"QueueUrl": queue.dead_letters, "MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"]}
        return "sqs.ReceiveMessage", {
            **given_, "AttributeNames": names, "VisibilityTimeout": 120, "WaitTimeSeconds": 1,
        }  # fmt: skip

    def batch(operation: str, url: str, *entries: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        listed = [{"Id": str(position), **entry} for position, entry in enumerate(entries)]
        return f"sqs.{operation}Batch", {"QueueUrl": url, "Entries": listed}

    of_mail, of_ordered = ([{"ReceiptHandle": f"h{n}-0"} for n in numbers] for numbers in ((3, 9), (2, 1)))
    shown = {"VisibilityTimeout": 0}
    again = [
        {"MessageBody": body, "MessageGroupId": group, "MessageDeduplicationId": f"again-{name}"}
        for body, group, name in zip(bodies(2, 1), ("m2-0", "g"), ("m2-0", "m1-0"), strict=True)
    ]
    assert asked.asked == [
        *[read(MAIL)] * 2,
        *[read(ORDERED)] * 2,
        batch("SendMessage", MAIL.url, *({"MessageBody": body} for body in bodies(3, 9))),
        batch("DeleteMessage", MAIL.dead_letters, *of_mail),
        batch("SendMessage", ORDERED.url, *again),
        batch("DeleteMessage", ORDERED.dead_letters, *of_ordered),
        batch("ChangeMessageVisibility", MAIL.dead_letters, *(entry | shown for entry in of_mail)),
        batch("ChangeMessageVisibility", ORDERED.dead_letters, *(entry | shown for entry in reversed(of_ordered))),
    ]


def test_a_message_that_is_no_job_is_given_once_by_what_it_says() -> None:
    """Without an id of a sending, its body is what is the same each time."""
    texts = [{"MessageId": f"m{number}", "ReceiptHandle": "h", "Body": "no job"} for number in range(2)]
    account, _ = queue([texts[0]], [texts[1], message(1)])

    assert [[job.id for job in page] for page in each_page(account, [MAIL])] == [["m0"], ["job-0001"]]


def test_the_job_queues_of_an_app_are_those_that_are_deployed_with_their_dead_letters() -> None:
    app = App("orders", "dev", (), queues=tuple(JobQueue(name, 1, 1) for name in ("mail", "half", "new")))
    names = [queue_id("mail"), dead_letter_id("mail"), queue_id("half")]
    answers = {
        "cloudformation.DescribeStacks": stack(),
        "cloudformation.ListStackResources": listed(**dict.fromkeys(names, "AWS::SQS::Queue")),
    }
    account, _ = answering(answers)

    assert deployed_queues(account, app) == (DeployedQueue("mail", *map(str.lower, names[:2])),)


def test_a_queue_is_meant_by_its_name() -> None:
    assert chosen_queues([MAIL, ORDERED], None) == (MAIL, ORDERED)
    assert chosen_queues([MAIL, ORDERED], "ordered") == (ORDERED,)
    with pytest.raises(RemitError, match="there is no job queue `mial`") as raised:
        chosen_queues([MAIL, ORDERED], "mial")
    assert raised.value.hint == "did you mean `mail`?"


def test_the_jobs_of_a_queue_are_counted_with_those_that_somebody_looks_at() -> None:
    numbers = {MAIL.url: ("1", "2", "3"), MAIL.dead_letters: ("4", "5", "6")}
    names = (
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    )
    account, _ = answering(
        {
            "sqs.GetQueueAttributes": lambda **named: {
                "Attributes": dict(zip(names, numbers[named["QueueUrl"]], strict=True))
            }
        }
    )

    (state,) = queue_states(account, [MAIL])

    assert (state.name, state.waiting, state.running, state.delayed, state.failed, state.held) == (
        "mail",
        1,
        2,
        3,
        9,
        5,
    )


REPORT: Final = (
    "REPORT RequestId: abc\tDuration: 12.5 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 64 MB\t\n"
)
RECORD: Final = {
    "time": "x",
    "type": "platform.report",
    "record": {"requestId": "abc", "metrics": {"durationMs": 12.5, "maxMemoryUsedMB": 64}},
}


@pytest.mark.parametrize(
    ("log", "found"),
    [
        (f"START RequestId: abc\nhello\nEND RequestId: abc\n{REPORT}", ("abc", 12.5, 64, "hello\n")),
        (f'{json.dumps(RECORD)}\n{{"message": "\\"platform.report\\""}}\n', ("abc", 12.5, 64, None)),
        ('{"type": "platform.report"}\n', ("r1", None, None, None)),
        ("hello\n", ("r1", None, None, "hello\n")),
        ("", ("r1", None, None, "")),
    ],
)
def test_an_answer_has_how_long_it_ran_where_the_log_says(log: str, found: tuple[Any, ...]) -> None:
    answer = answer_of(b'{"a": 1}', base64.b64encode(log.encode()).decode(), "r1", failed=False)

    assert (answer.value, answer.request_id, answer.duration_ms, answer.memory_mb) == ({"a": 1}, *found[:3])
    assert found[3] is None or answer.printed == found[3]
    assert [answer_of(text, "", "", failed=True).value for text in (b"", b"no JSON", b"\xff")] == [
        None,
        "no JSON",
        "\ufffd",
    ]


def lines_of(events: list[tuple[int, str, str]]) -> dict[str, Any]:
    return {
        "events": [
            {"timestamp": at, "logStreamName": stream, "message": text, "eventId": f"{at}{stream}{text}"}
            for at, stream, text in events
        ]
    }


def test_lines_of_a_shared_group_are_of_the_function_of_their_stream() -> None:
    events = [
        (2, "2026/03/01/orders-dev-report[$LATEST]ab", "two\n"),
        (1, "2026/03/01/orders-dev-web[7]cd", "one"),
        (3, "2026/03/01/shop-dev-x[$LATEST]ef", "not ours"),
    ]
    account, asked = answering({"logs.FilterLogEvents": lines_of(events)})
    functions = {"report": "orders-dev-report", "web": "orders-dev-web"}

    (reader,) = readers(account, functions, 0, 'a "b"', "orders-dev-logs")
    reader.text = ""
    lines = new_lines([reader])

    assert [(line.time_ms, line.function, line.message) for line in lines] == [(1, "web", "one"), (2, "report", "two")]
    assert reader.new_lines() == []
    assert asked.calls("logs.FilterLogEvents")[0]["logGroupName"] == "orders-dev-logs"
    assert [item.group for item in readers(account, functions, 0)] == [
        "/aws/lambda/orders-dev-report",
        "/aws/lambda/orders-dev-web",
    ]


def test_an_app_without_job_queues_says_how_it_gets_one() -> None:
    deployed = {"cloudformation.DescribeStacks": stack(), "cloudformation.ListStackResources": listed(Web=FUNCTION)}
    with pytest.raises(RemitError, match="orders-dev has no job queues"):
        deployed_queues(answering(deployed)[0], App("orders", "dev", ()))


def test_of_several_reports_of_a_log_the_last_is_the_invocation_s() -> None:
    lines = [
        json.dumps({
            "type": "platform.report",
            "record": {"requestId": name, "metrics": {"durationMs": 1.5, "maxMemoryUsedMB": 40}},
        })
        for name in ("earlier", "this")
    ]  # fmt: skip
    log = base64.b64encode("\n".join(lines).encode()).decode()
    assert answer_of(b"1", log, "", failed=False).request_id == "this"


def test_equal_lines_of_a_moment_are_told_as_often_as_they_were_logged() -> None:
    row = (1, "s", "again")
    account, _ = answering({"logs.FilterLogEvents": [lines_of([row] * 2), lines_of([row] * 3), lines_of([row] * 3)]})
    (reader,) = readers(account, {"report": "orders-dev-report"}, 0)
    assert [len(reader.new_lines()) for _ in range(3)] == [2, 1, 0]


def test_an_app_whose_functions_share_a_log_group_has_one_reader() -> None:
    account, _ = answering(
        {
            "cloudformation.DescribeStacks": stack(),
            "cloudformation.GetTemplate": {"TemplateBody": "{}"},
            "cloudformation.ListStackResources": listed(Web=FUNCTION, FunctionsLogGroup="AWS::Logs::LogGroup"),
            "logs.FilterLogEvents": {"events": []},
        }
    )
    (deployed,) = deployed_readers(account, "orders-dev", 0)
    assert (deployed.group, len(deployed.functions)) == ("functionsloggroup", 1)
    for shares, groups in (
        (True, ["/lambda/orders-dev"]),
        (False, ["/aws/lambda/orders-dev-a", "/aws/lambda/orders-dev-b"]),
    ):
        functions = tuple(Function(name, name, f"app.{name}", {}, shares_log_group=shares) for name in ("a", "b"))
        assert [reader.group for reader in app_readers(account, App("orders", "dev", functions), 0)] == groups
    assert app_readers(account, App("orders", "dev", ()), 0) == readers(account, {}, 0, shared_group="x") == []


def test_a_query_of_athena_has_the_workgroup_and_the_place_that_are_named() -> None:
    ended = {"QueryExecution": {"Status": {"State": "CANCELLED"}}}
    answers = {"athena.StartQueryExecution": {"QueryExecutionId": "q"}, "athena.GetQueryExecution": ended}
    account, asked = answering(answers)
    for options in ({"workgroup": "audits"}, {"output": "s3://results/"}, {}):
        with pytest.raises(RemitError, match="CANCELLED: Athena gives no reason"):
            summed_up_by_athena(account, "logs", **options)
    given = asked.calls("athena.StartQueryExecution")
    assert [one.get("WorkGroup") for one in given] == ["audits", None, None]
    assert [one.get("ResultConfiguration") for one in given] == [None, {"OutputLocation": "s3://results/"}, None]


def test_a_text_is_asked_for_as_a_phrase_and_a_group_that_is_gone_has_no_lines() -> None:
    account, asked = answering(
        {
            "logs.FilterLogEvents": [
                lines_of([(1, "s", 'a "b" \\ c')]),
                Refused("ResourceNotFoundException"),
                Refused("AccessDeniedException", "no"),
            ]
        }
    )
    (reader,) = readers(account, {"report": "orders-dev-report"}, 5, 'a "b" \\')

    assert [line.message for line in reader.new_lines()] == ['a "b" \\ c']
    assert asked.calls("logs.FilterLogEvents")[0]["filterPattern"] == '"a \\"b\\" \\\\"'
    assert (reader.new_lines(), reader.exists, reader.since_ms) == ([], False, 5)
    with pytest.raises(RemitError, match="no"):
        reader.new_lines()


def test_the_functions_of_a_stack_have_the_names_of_the_app() -> None:
    template = {
        "Resources": {
            "Report": {"Type": FUNCTION, "Metadata": {"remit:function": "monthly"}},
            "Web": {"Type": FUNCTION},
        }
    }
    resources = {
        "StackResourceSummaries": [
            {**row, "PhysicalResourceId": {"Report": "their-name", "Web": "orders-dev-web"}[row["LogicalResourceId"]]}
            for row in listed(Report=FUNCTION, Web=FUNCTION)["StackResourceSummaries"]
        ]
    }
    account, _ = answering(
        {
            "cloudformation.DescribeStacks": stack(),
            "cloudformation.GetTemplate": {"TemplateBody": json.dumps(template)},
            "cloudformation.ListStackResources": resources,
            "logs.FilterLogEvents": {"events": []},
        }
    )

    found = {
        name: reader.group
        for reader in deployed_readers(account, "orders-dev", 0)
        for name in reader.functions.values()
    }

    assert sorted(found.values()) == ["/aws/lambda/orders-dev-web", "/aws/lambda/their-name"]
    assert found["web"] == "/aws/lambda/orders-dev-web"
    assert [reader.group for reader in deployed_readers(account, "orders-dev", 0, only="web")] == [
        "/aws/lambda/orders-dev-web"
    ]
    gone, _ = answering({"cloudformation.DescribeStacks": Refused("ValidationError", "does not exist")})
    assert deployed_readers(gone, "orders-dev", 0) == []


ORIGIN: Final = Origin("app.py", 3, 5)


@pytest.mark.parametrize(
    ("answer", "local", "found"),
    [
        ({"Parameter": {"Name": "/size", "Type": "String", "Value": "3"}}, False, "3"),
        ({"Parameter": {"Name": "/size", "Type": "SecureString", "Value": "3"}}, False, "is a SecureString"),
        (Refused("ParameterNotFound"), False, "aws ssm put-parameter"),
        (Refused("ParameterNotFound"), True, ".env.local"),
        ({"Parameter": {"Name": "/size", "Type": "String", "Value": "3"}}, True, "7"),
    ],
)
def test_a_parameter_of_the_account_is_looked_up(tmp_path: Path, answer: Any, found: str, *, local: bool) -> None:
    if found == "7":
        (tmp_path / ".env.local").write_text("/size=7\n")
    account, _ = answering({"ssm.GetParameter": answer}, local=local)
    value = ExistingValue("P1", "parameter", "/size", origin=ORIGIN)
    if found.isdigit():
        assert look_up_existing([value], account, tmp_path, lambda _: None) == {"P1": found}
        return
    with pytest.raises(RemitError) as raised:
        look_up_existing([value, replace(value, parameter="P2", name="/other")], account, tmp_path, lambda _: None)
    assert [error.origin for error in raised.value.all] == [ORIGIN] * 2
    assert found in raised.value.message + (raised.value.hint or "")


def test_the_values_of_this_machine_are_no_values_of_an_account_that_is_far(tmp_path: Path) -> None:
    (tmp_path / ".env.local").write_text("/size=7\n")
    account, _ = answering({"ssm.GetParameter": {"Parameter": {"Type": "String", "Value": "9"}}})
    found = look_up_existing([ExistingValue("P1", "parameter", "/size")], account, tmp_path, lambda _: None)
    assert found == {"P1": "9"}


SECRET: Final = StoredValue("secretsmanager", "/shop/db", "/shop/db", variable="DB", origin=ORIGIN)
SIZE: Final = StoredValue("ssm", "/shop/size", "/shop/size", variable="SIZE", origin=ORIGIN)
DESCRIBED: Final = {"ARN": f"arn:aws:secretsmanager:eu-central-1:{NUMBER}:secret:/shop/db-abcdef", "Name": "/shop/db"}
GONE: Final = Refused("ResourceNotFoundException")


def stored(*values: StoredValue) -> App:
    """An app of two functions that name the same values."""
    return App("shop", "dev", tuple(Function(name, name, "app.f", {}, stored_values=values) for name in ("a", "b")))


@pytest.mark.parametrize(
    ("value", "answer", "told"),
    [
        (SECRET, DESCRIBED, ""),
        (SECRET, GONE, "secret /shop/db, which DB names, does not exist"),
        (SECRET, {**DESCRIBED, "DeletedDate": MADE}, "secret /shop/db, which DB names, does not exist"),
        (SECRET, Refused("AccessDeniedException", status=403), "note: whether secret /shop/db exists is not known"),
        (SIZE, {"Parameters": [{"Name": "/shop/size"}]}, ""),
        (SIZE, {"Parameters": []}, "parameter /shop/size, which SIZE names, does not exist"),
        (replace(SIZE, name=f"arn:aws:ssm:eu-central-1:{NUMBER}:parameter/size"), {"Parameters": []}, ""),
        (replace(SECRET, own=True), GONE, ""),
    ],
)
def test_each_value_that_functions_name_is_looked_for_once(
    tmp_path: Path, value: StoredValue, answer: Any, told: str
) -> None:
    account, asked = answering(dict.fromkeys(("secretsmanager.DescribeSecret", "ssm.DescribeParameters"), answer))
    notes: list[str] = []
    if told.endswith("does not exist"):
        with pytest.raises(RemitError, match=told) as refused:
            look_up_stored(stored(value), account, tmp_path, notes.append)
        assert (refused.value.origin, refused.value.further) == (ORIGIN, ())
        assert "make it first: aws " in str(refused.value.hint)
        notes.append(refused.value.message)
    else:
        look_up_stored(stored(value), account, tmp_path, notes.append)
    assert [note.startswith(told) for note in notes] == [True] * bool(told)
    operation = {"secretsmanager": "secretsmanager.DescribeSecret", "ssm": "ssm.DescribeParameters"}[value.store]
    assert [call.operation for call in calls_for_stored(stored(value))] == [operation] * (not value.own)
    assert len(asked.asked) == (not value.own and not value.name.startswith("arn:"))


@pytest.mark.parametrize("line", ["/shop/db=pw", "DB=pw", "OTHER=pw"])
@pytest.mark.parametrize("only_looks", [False, True])
def test_on_this_machine_a_value_of_the_file_is_made(tmp_path: Path, line: str, *, only_looks: bool) -> None:
    (tmp_path / ".env.local").write_text(f"{line}\n")
    account, asked = answering(
        {"secretsmanager.DescribeSecret": GONE, "secretsmanager.CreateSecret": {"Name": "/shop/db"}}, local=True
    )
    if line.startswith("OTHER"):
        with pytest.raises(RemitError, match="does not exist") as refused:
            look_up_stored(stored(SECRET), account, tmp_path, print, only_looks=only_looks)
        assert "into .env.local: /shop/db=" in str(refused.value.hint)
    else:
        look_up_stored(stored(SECRET), account, tmp_path, print, only_looks=only_looks)
    made = [(call["Name"], call["SecretString"]) for call in asked.calls("secretsmanager.CreateSecret")]
    assert made == [("/shop/db", "pw")] * (not only_looks and not line.startswith("OTHER"))


def test_each_vpc_is_looked_up_by_its_own_name(tmp_path: Path) -> None:
    listed = [{"VpcId": f"vpc-{name}", "Tags": [{"Key": "Name", "Value": name}]} for name in ("prod", "test")]
    account, _ = answering(
        {
            "ec2.DescribeVpcs": {"Vpcs": listed},
            "ec2.DescribeSubnets": lambda Filters, **_: {  # noqa: N803 - AWS's name
                "Subnets": [{"SubnetId": f"subnet-of-{Filters[0]['Values'][0]}"}]
            },
            "ec2.DescribeRouteTables": {"RouteTables": [{"Associations": [{"Main": True}], "Routes": []}]},
            "ec2.DescribeSecurityGroups": {"SecurityGroups": []},
        }
    )
    values = [ExistingValue(name, "subnets", name) for name in ("prod", "test")]
    assert look_up_existing(values, account, tmp_path, lambda _: None) == {
        "prod": "subnet-of-vpc-prod",
        "test": "subnet-of-vpc-test",
    }


def test_the_roles_that_run_have_the_values_of_parameters_and_the_names_of_buckets() -> None:
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": {"Fn::Sub": "arn:${AWS::Partition}:s3:::made-data"}}
    policy = {"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
    notifies = {"NotificationConfiguration": {"LambdaConfigurations": []}}
    resources = {
        "Worker": {"Type": "AWS::IAM::Role", "Properties": {"Policies": [policy], "AssumeRolePolicyDocument": TRUST}},
        "Data": {"Type": "AWS::S3::Bucket", "Properties": notifies},
    }
    row = {
        "LogicalResourceId": "Data",
        "PhysicalResourceId": "made-data",
        "ResourceType": "AWS::S3::Bucket",
        "LastUpdatedTimestamp": MADE,
        "ResourceStatus": "CREATE_COMPLETE",
    }
    account, _ = answering(
        {
            "cloudformation.DescribeStacks": stack(Parameters=[{"ParameterKey": "Size", "ParameterValue": "9"}]),
            "cloudformation.GetTemplate": [
                {"TemplateBody": json.dumps({"Resources": resources})},
                {"TemplateBody": "{}"},
            ],
            "cloudformation.ListStackResources": {"StackResourceSummaries": [row]},
        }
    )

    version = deployed_version(account, "orders-dev")
    assert version is not None
    assert version.names["${Size}"] == "9"
    (grant,) = version.roles[0].grants
    assert grant.statement.resources is not None
    assert grant.statement.resources.patterns == ("${Data.Arn}",)
    assert deployed_version(account, "orders-dev") is None  # a stack that holds a plan alone has an empty template


def test_both_parts_of_a_vpc_are_looked_up_at_once(tmp_path: Path) -> None:
    table = {
        "Associations": [{"Main": True}],
        "Routes": [{"GatewayId": "local", "DestinationCidrBlock": "10.0.0.0/16"}],
    }
    account, asked = answering(
        {
            "ec2.DescribeVpcs": {"Vpcs": [{"VpcId": "vpc-1", "Tags": [{"Key": "Name", "Value": "prod"}]}]},
            "ec2.DescribeSubnets": {"Subnets": [{"SubnetId": "subnet-2"}, {"SubnetId": "subnet-1"}]},
            "ec2.DescribeRouteTables": {"RouteTables": [table]},
            "ec2.DescribeSecurityGroups": {"SecurityGroups": [{"GroupId": "sg-1", "GroupName": "web"}]},
        }
    )
    values = [ExistingValue("Subnets", "subnets", "prod"), ExistingValue("Group", "security_group", "prod", "web")]  # type: ignore[arg-type]

    assert look_up_existing(values, account, tmp_path, lambda _: None) == {
        "Subnets": "subnet-1,subnet-2",
        "Group": "sg-1",
    }
    assert len(asked.calls("ec2.DescribeVpcs")) == 1
