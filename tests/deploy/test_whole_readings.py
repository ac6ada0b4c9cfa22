"""A stack with all that people do to one by hand, read whole: its roles, its references, and each change."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, get_args

import pytest
from botocore.exceptions import ClientError

from answering import NUMBER, Answers, Refused, answering
from remit.app import Reason
from remit.deploy.aws_errors import Denied
from remit.deploy.drift import Drift
from remit.deploy.expected_roles import version
from remit.deploy.live_resources.reading import ask
from remit.deploy.live_resources.resource_row import Read
from remit.deploy.live_roles import live_of, read_stack
from remit.deploy.manual_changes import ManualChanges, changes_of
from remit.deploy.plan import StackPlan
from remit.deploy.planned_access import Approval, access_of
from remit.deploy.role_repairs import repair
from remit.deploy.status import status
from remit.errors import RemitError
from remit.triggers.s3 import UNIQUE

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.app import Grant
    from remit.deploy.session import Account

MADE: Final = datetime(2026, 3, 1, tzinfo=UTC)
STACK: Final = f"arn:aws:cloudformation:eu-central-1:{NUMBER}:stack/orders-dev/11111111-2222-3333-4444-0123456789ab"
ROLE: Final = f"arn:aws:iam::{NUMBER}:role"
POLICY: Final = f"arn:aws:iam::{NUMBER}:policy"
REPORT: Final = f"arn:aws:lambda:eu-central-1:{NUMBER}:function:orders-dev-report"
QUEUE: Final = f"https://sqs.eu-central-1.amazonaws.com/{NUMBER}/jobs"
JOBS: Final = f"arn:aws:sqs:eu-central-1:{NUMBER}:jobs"
ORDERS: Final = f"arn:aws:dynamodb:eu-central-1:{NUMBER}:table/orders"
STREAM: Final = f"{ORDERS}/stream/2026-03-01T12:03:00.000"
XRAY: Final = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement} for statement in statements]}


def trust(service: str = "lambda") -> dict[str, Any]:
    return document({"Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"})


def may(action: str, resource: Any) -> dict[str, Any]:
    return {"Action": action, "Resource": resource}


def role(*policies: dict[str, Any], **more: Any) -> dict[str, Any]:
    listed = [{"PolicyName": f"p{number}", "PolicyDocument": policy} for number, policy in enumerate(policies)]
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust(), "Policies": listed, **more}}


def function(name: str, role: Any) -> dict[str, Any]:
    code = {"S3Bucket": "b", "S3Key": "k"}
    own_name = {"Fn::Sub": f"${{AWS::StackName}}-{name}"}
    properties = {"FunctionName": own_name, "Role": role, "Code": code, "Handler": "a.b", "Timeout": 3}
    properties["Environment"] = {"Variables": {"SIZE": "{{resolve:ssm:/size:1}}"}}  # which only the deploy knew
    return {"Type": "AWS::Lambda::Function", "Properties": {**properties, "Runtime": "python3.12"}}


TEMPLATE: Final = {
    "Parameters": {"Size": {"Type": "String"}},
    "Resources": {
        "ReportRole": role(
            document(
                may("sqs:SendMessage", {"Fn::GetAtt": ["Jobs", "Arn"]}),
                may("ssm:GetParameter", {"Fn::Sub": "arn:aws:ssm:${AWS::Region}:${AWS::AccountId}:parameter/${Size}"}),
                may("cloudformation:DescribeStacks", {"Ref": "AWS::StackId"}),
                may("dynamodb:GetRecords", {"Fn::GetAtt": ["Orders", "StreamArn"]}),
            ),
            document(may("sqs:ReceiveMessage", {"Fn::GetAtt": ["Jobs", "QueueName"]})),
            ManagedPolicyArns=[XRAY, f"{POLICY}/detached"],
            PermissionsBoundary=f"{POLICY}/limit",
        ),
        "WebRole": role(document(may("s3:GetObject", "*"))),
        "AuditRole": role(document(may("logs:GetLogEvents", "*"))),
        "Report": function("report", {"Fn::GetAtt": ["ReportRole", "Arn"]}),
        "Web": function("web", {"Fn::GetAtt": ["WebRole", "Arn"]}),
        "Audit": function("audit", {"Fn::GetAtt": ["AuditRole", "Arn"]}),
        "Mine": function("mine", f"{ROLE}/mine"),
        "Other": function("other", f"{ROLE}/mine"),
        "Deleted": function("deleted", {"Fn::GetAtt": ["AuditRole", "Arn"]}),
        "Attached": {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "PolicyName": "attached",
                "Roles": ["elsewhere"],
                "PolicyDocument": document(may("sns:Publish", "*")),
            },
        },
        "OpenMine": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {"FunctionName": {"Ref": "Mine"}, "Action": "lambda:InvokeFunction", "Principal": "*"},
        },
        "ReportVersion": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "Report"}}},
        "ReportAlias": {
            "Type": "AWS::Lambda::Alias",
            "Properties": {
                "FunctionName": {"Ref": "Report"},
                "FunctionVersion": {"Fn::GetAtt": ["ReportVersion", "Version"]},
                "Name": "live",
            },
        },
        "Nightly": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventBusName": {"Fn::Sub": "${AWS::StackName}-bus"},
                "Name": "nightly",
                "EventPattern": {"source": ["shop"]},
                "State": "ENABLED",
                "Targets": [{"Id": "1", "Arn": {"Fn::GetAtt": ["Jobs", "Arn"]}}],
            },
        },
        "Jobs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs"}},
        "Orders": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "orders"}},
        "Vault": {"Type": "AWS::Backup::BackupVault", "Properties": {"BackupVaultName": "vault"}},
    },
}
"""`WebRole` and the function `Deleted` were deleted by hand; `audit` and `other` run under other roles."""
PHYSICAL: Final = {
    "ReportRole": "orders-report", "WebRole": "orders-web", "AuditRole": "orders-audit",
    **{name.title(): f"orders-dev-{name}" for name in ("report", "web", "audit", "mine", "other", "deleted")},
    "Attached": "attached", "OpenMine": "open",
    "ReportVersion": f"{REPORT}:7", "ReportAlias": f"{REPORT}:live",
    "Nightly": "orders-dev-bus|nightly", "Jobs": QUEUE, "Orders": "orders", "Vault": "vault",
}  # fmt: skip
UNDER: Final = {
    "report": f"{ROLE}/apps/orders-report", "web": f"{ROLE}/orders-web", "audit": f"{ROLE}/teams/admin",
    "mine": f"{ROLE}/mine", "other": f"{ROLE}/second",
}  # fmt: skip
HELD: Final[dict[str, tuple[str, dict[str, Any], list[str], str]]] = {
    "orders-report": (
        "/apps/",
        {
            "p0": document(
                may("sqs:SendMessage", JOBS),
                may("ssm:GetParameter", f"arn:aws:ssm:eu-central-1:{NUMBER}:parameter/9"),
                may("cloudformation:DescribeStacks", STACK),
                may("dynamodb:GetRecords", STREAM),
            ),
            "p1": document(may("sqs:ReceiveMessage", "whatever it is")),
            "debug": document(may("sqs:*", "*"), may("dynamodb:DescribeStream", f"{ORDERS}/stream/*")),
        },
        [XRAY, f"{POLICY}/extra"],
        f"{POLICY}/limit",
    ),
    "orders-audit": ("/", {"p0": document(may("logs:*", "*"))}, [], ""),
    "second": ("/", {}, [], ""),
    "admin": ("/teams/", {"all": document(may("*", "*"))}, [f"{POLICY}/more"], f"{POLICY}/teams"),
}
"""The roles in the account: path, inline policies, managed ones, boundary."""
PUBLIC: Final = document({"Principal": "*", **may("sqs:SendMessage", JOBS)})
OPENED: Final = {
    f"orders-dev-{name}": document(
        {
            "Sid": sid,
            "Principal": principal,
            "Action": "lambda:InvokeFunction",
            "Resource": REPORT.replace("report", name),
        }
    )
    for name, sid, principal in (
        ("audit", "far", {"AWS": "arn:aws:iam::999999999999:root"}),
        ("mine", "open", "*"),  # as the template says
    )
}


def held(name: str) -> dict[str, Any]:
    """A role as IAM describes it."""
    path, _, _, boundary = HELD[name]
    limit = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary}
    return {
        "RoleName": name,
        "RoleId": "A" * 16,
        "CreateDate": MADE,
        "Path": path,
        "Arn": f"{ROLE}{path}{name}",
        "AssumeRolePolicyDocument": json.dumps(trust()),
        **({"PermissionsBoundary": limit} if boundary else {}),
    }


def account(*, denies: str = "") -> tuple[Account, Answers]:
    """The account with the stack, which denies one operation, or to read one role."""

    def described(FunctionName: str) -> Any:  # noqa: N803 - AWS's name
        name = FunctionName.removeprefix("orders-dev-")
        if name not in UNDER:
            return Refused("ResourceNotFoundException", status=404)
        code = {"Handler": "a.b", "Timeout": 9 if name == "report" else 3, "MemorySize": 128, "Runtime": "python3.12"}
        code["Environment"] = {"Variables": {"SIZE": "3"}}
        return {"Configuration": {"FunctionName": FunctionName, "Role": UNDER[name], **code}}

    def got_role(RoleName: str) -> Any:  # noqa: N803 - AWS's name
        if RoleName == denies:
            return Refused("AccessDenied", "no", status=403)
        return {"Role": held(RoleName)} if RoleName in HELD else Refused("NoSuchEntity", status=404)

    def policy(PolicyArn: str, VersionId: str = "v7") -> Any:  # noqa: N803 - AWS's names
        name = PolicyArn.rpartition("/")[2]
        text = json.dumps(document(may("*" if name == "limit" else f"s3:{name}", "*")))
        return {"PolicyVersion": {"Document": text, "VersionId": VersionId}}

    made = {"LastUpdatedTimestamp": MADE, "ResourceStatus": "CREATE_COMPLETE"}
    rows = [
        {"LogicalResourceId": name, "ResourceType": resource["Type"], "PhysicalResourceId": PHYSICAL[name], **made}
        for name, resource in TEMPLATE["Resources"].items()
    ]
    stack = {
        "StackName": "orders-dev",
        "StackId": STACK,
        "StackStatus": "UPDATE_COMPLETE",
        "CreationTime": MADE,
        "Tags": [{"Key": "remit:namespace", "Value": "orders-dev"}],
        "Parameters": [{"ParameterKey": "Size", "ParameterValue": "9"}],
    }
    none = Refused("ResourceNotFoundException", status=404)
    answers = {
        "cloudformation.DescribeStacks": {"Stacks": [stack]},
        "cloudformation.ListStackResources": {"StackResourceSummaries": rows},
        "cloudformation.GetTemplate": {"TemplateBody": json.dumps(TEMPLATE)},
        "iam.GetRole": got_role,
        "iam.ListRolePolicies": lambda RoleName: {"PolicyNames": list(HELD[RoleName][1])},  # noqa: N803
        "iam.GetRolePolicy": lambda RoleName, PolicyName: {  # noqa: N803
            "RoleName": RoleName,
            "PolicyName": PolicyName,
            "PolicyDocument": json.dumps(HELD[RoleName][1][PolicyName]),
        },
        "iam.ListAttachedRolePolicies": lambda RoleName: {  # noqa: N803
            "AttachedPolicies": [{"PolicyArn": arn} for arn in HELD[RoleName][2]]
        },
        "iam.GetPolicy": lambda PolicyArn: {"Policy": {"Arn": PolicyArn, "DefaultVersionId": "v7"}},  # noqa: N803
        "iam.GetPolicyVersion": policy,
        "lambda.GetFunction": described,
        "lambda.GetPolicy": lambda FunctionName, **_: (  # noqa: N803
            {"Policy": json.dumps(OPENED[FunctionName])} if FunctionName in OPENED else none
        ),
        "lambda.GetAlias": {"FunctionVersion": "6", "Name": "live"},
        "events.DescribeRule": {
            "State": "DISABLED",
            "Name": "nightly",
            "EventPattern": json.dumps({"source": ["shop"]}),
            "EventBusName": "orders-dev-bus",
        },
        "events.ListTargetsByRule": {"Targets": [{"Id": "1", "Arn": JOBS}]},
        "sqs.GetQueueAttributes": {
            "Attributes": {"VisibilityTimeout": "30", "MessageRetentionPeriod": "345600", "Policy": json.dumps(PUBLIC)}
        },
        "dynamodb.GetResourcePolicy": Refused("AccessDeniedException", "no"),
    }
    if denies in answers:
        answers[denies] = Refused("AccessDenied", "no", status=403)
    return answering(answers)


NOT_UNDONE: Final = "a deploy does not undo it; "
IN_REPORT: Final = "role orders-report (ReportRole)"
CHANGES: Final[list[tuple[str, str, str, str, str, list[tuple[str, dict[str, Any]]]]]] = [
    # First the roles in the template's order, then the functions under another one.
    (
        "ReportRole", "role", "debug", f"policy debug of {IN_REPORT} was made by hand",
        "a deploy does not remove it; `aws iam delete-role-policy --role-name orders-report --policy-name debug` does",
        [("iam.DeleteRolePolicy", {"RoleName": "orders-report", "PolicyName": "debug"})],
    ),
    (
        "ReportRole", "role", f"{POLICY}/extra", f"managed policy {POLICY}/extra was attached by hand to {IN_REPORT}",
        ("a deploy does not detach it; `aws iam detach-role-policy --role-name orders-report "
        f"--policy-arn {POLICY}/extra` does"),
        [("iam.DetachRolePolicy", {"RoleName": "orders-report", "PolicyArn": f"{POLICY}/extra"})],
    ),
    (
        "ReportRole", "role", f"{POLICY}/detached",
        f"managed policy {POLICY}/detached was detached by hand from {IN_REPORT}",
        f"`aws iam attach-role-policy --role-name orders-report --policy-arn {POLICY}/detached` attaches it",
        [("iam.AttachRolePolicy", {"RoleName": "orders-report", "PolicyArn": f"{POLICY}/detached"})],
    ),
    (
        "WebRole", "role", "", "role orders-web (WebRole) is gone: it was deleted by hand",
        ("CloudFormation does not make it again, nor can it change it; `--revert-drift` of a deploy makes it again "
        "under its name, `remit delete` and `remit deploy` under a new one"),
        [
            ("iam.CreateRole", {"RoleName": "orders-web", "AssumeRolePolicyDocument": trust()}),
            (
                "iam.PutRolePolicy",
                {"RoleName": "orders-web", "PolicyName": "p0", "PolicyDocument": document(may("s3:GetObject", "*"))},
            ),
        ],
    ),
    (
        "AuditRole", "role", "p0", "policy p0 of role orders-audit (AuditRole) was edited by hand",
        "a deploy overwrites it only when it changes the policy itself",
        [
            (
                "iam.PutRolePolicy",
                {
                    "RoleName": "orders-audit",
                    "PolicyName": "p0",
                    "PolicyDocument": document(may("logs:GetLogEvents", "*")),
                },
            )
        ],
    ),
    *(
        (
            resource, "role", "", f"function {name} was set by hand to run under role {now}",
            f"`aws lambda update-function-configuration --function-name orders-dev-{name} --role {back}` sets it back",
            [("lambda.UpdateFunctionConfiguration", {"FunctionName": f"orders-dev-{name}", "Role": back})],
        )
        for resource, name, back, now in (
            ("AuditRole", "audit", f"{ROLE}/orders-audit", "admin"), ("Other", "other", f"{ROLE}/mine", "second"),
        )
    ),
    # Then all other resources: who may use them, those open to anybody first, and what runs.
    (
        "Jobs", "PUBLIC access", "", "the policy of queue jobs (Jobs) was made by hand: anybody may sqs:SendMessage",
        f"{NOT_UNDONE}`aws sqs set-queue-attributes --queue-url {QUEUE} --attributes …` does",
        [("sqs.SetQueueAttributes", {"QueueUrl": QUEUE, "Attributes": {"Policy": ""}})],
    ),
    (
        "Audit", "access", "",
        ("permission far of function orders-dev-audit (Audit) was added by hand: "
        "account 999999999999 may lambda:InvokeFunction"),
        f"{NOT_UNDONE}`aws lambda remove-permission --function-name orders-dev-audit --statement-id far` does",
        [("lambda.RemovePermission", {"FunctionName": "orders-dev-audit", "StatementId": "far"})],
    ),
    (
        "Report", "runs", "", "the timeout of function orders-dev-report (Report) was changed by hand: 9, not 3",
        f"{NOT_UNDONE}`aws lambda update-function-configuration --function-name orders-dev-report --timeout 3` does",
        [("lambda.UpdateFunctionConfiguration", {"FunctionName": "orders-dev-report", "Timeout": 3})],
    ),
    (
        "Deleted", "runs", "", "function orders-dev-deleted (Deleted) is gone: it was deleted by hand",
        "CloudFormation does not make it again: take it out of the code and deploy, then put it back and deploy again",
        [],
    ),
    (
        "ReportAlias", "runs", "", "the version of alias live (ReportAlias) was changed by hand: 6, not 7",
        (f"{NOT_UNDONE}`aws lambda update-alias --function-name orders-dev-report --name live --function-version 7 "
        "--routing-config …` does"),
        [
            (
                "lambda.UpdateAlias",
                {
                    "FunctionName": "orders-dev-report",
                    "Name": "live",
                    "FunctionVersion": "7",
                    "RoutingConfig": {"AdditionalVersionWeights": {}},
                },
            )
        ],
    ),
    (
        "Nightly", "runs", "",
        "the state of rule orders-dev-bus|nightly (Nightly) was changed by hand: DISABLED, not ENABLED",
        (f"{NOT_UNDONE}`aws events put-rule --name nightly --event-bus-name orders-dev-bus --state ENABLED "
        """--event-pattern '{"source": ["shop"]}'` does"""),
        [
            (
                "events.PutRule",
                {
                    "Name": "nightly",
                    "EventBusName": "orders-dev-bus",
                    "State": "ENABLED",
                    "EventPattern": {"source": ["shop"]},
                },
            )
        ],
    ),
]  # fmt: skip
UNREAD: Final = "not compared: what dynamodb.GetResourcePolicy tells of Orders, which the caller may not read"


def plain(value: Any) -> Any:
    """A parameter of a call, with a document as what it says."""
    return json.loads(value) if isinstance(value, str) and value.startswith("{") else value


def test_all_that_was_changed_by_hand_on_a_stack_is_told_once_in_one_order_with_the_calls_that_undo_it() -> None:
    here, asked = account()
    deployed = status(here, "orders-dev")
    assert deployed is not None

    reading = read_stack(here, deployed)

    changes = []
    for each in reading.drift:
        calls = [(call.operation, {name: plain(value) for name, value in call.parameters}) for call in each.repairs]
        kind = f"PUBLIC {each.kind}" if each.is_public else each.kind
        changes.append((each.resource, kind, each.policy, each.what, each.undo, calls))
    assert changes == CHANGES
    assert (reading.under, reading.not_compared) == (UNDER, (UNREAD,))
    assert reading.moved == {"audit": f"{ROLE}/teams/admin", "other": f"{ROLE}/second"}
    assert {name: role.name for name, role in reading.roles.items()} == {
        "ReportRole": "orders-report", "AuditRole": "orders-audit",
    }  # fmt: skip
    # What is read of the resources, each once; in threads, so in any order.
    functions = [f"orders-dev-{name}" for name in ("report", "web", "audit", "mine", "other", "deleted")]
    rule = {"EventBusName": "orders-dev-bus"}
    attributes = ["Policy", "VisibilityTimeout", "MessageRetentionPeriod", "RedrivePolicy", "KmsMasterKeyId"]
    of_resources = [call for call in asked.asked if call[0].partition(".")[0] not in ("cloudformation", "iam")]
    assert sorted(map(repr, of_resources)) == sorted(
        repr(call)
        for call in [
            *(("lambda.GetFunction", {"FunctionName": name}) for name in functions),
            *(("lambda.GetPolicy", {"FunctionName": name}) for name in functions),
            ("lambda.GetAlias", {"FunctionName": "orders-dev-report", "Name": "live"}),
            ("lambda.GetPolicy", {"FunctionName": "orders-dev-report", "Qualifier": "live"}),
            ("events.DescribeRule", {"Name": "nightly", **rule}),
            ("events.ListTargetsByRule", {"Rule": "nightly", **rule}),
            ("sqs.GetQueueAttributes", {"QueueUrl": QUEUE, "AttributeNames": attributes}),
            ("dynamodb.GetResourcePolicy", {"ResourceArn": ORDERS}),
        ]
    )


def test_the_roles_of_a_stack_are_those_of_the_account_with_what_was_done_to_each() -> None:
    here, _ = account()
    deployed = status(here, "orders-dev")
    assert deployed is not None

    live = live_of(here, read_stack(here, deployed))

    version = live.version
    told = []
    for each in version.roles:
        reasons = {grant.because: grant.statement.actions.patterns for grant in each.grants}
        told.append((each.logical_id, each.functions, each.arn, reasons, each.managed, each.boundary))
    in_p0 = "policy p0 of role orders-report"
    assert told == [
        (
            "ReportRole", ("report",), f"{ROLE}/apps/orders-report",
            {
                in_p0: ("dynamodb:GetRecords",),  # the last statement of each reason
                in_p0.replace("p0", "p1"): ("sqs:ReceiveMessage",),
                f"policy debug of {IN_REPORT} was made by hand": ("dynamodb:DescribeStream",),
            },
            (XRAY, f"{POLICY}/extra"), f"{POLICY}/limit",
        ),
        (
            "AuditRole", ("deleted",), f"{ROLE}/orders-audit",
            {"policy p0 of role orders-audit (AuditRole) was edited by hand": ("logs:*",)}, (), None,
        ),
        (
            "admin", ("audit",), f"{ROLE}/teams/admin",
            {"policy all of role admin": ("*",)}, (f"{POLICY}/more",), f"{POLICY}/teams",
        ),
        ("second", ("other",), f"{ROLE}/second", {}, (), None),
        ("elsewhere", (), "", {"Policy Attached": ("sns:Publish",)}, (), None),  # the stack attaches a policy to it
    ]  # fmt: skip
    policies = [XRAY, *(f"{POLICY}/{name}" for name in ("extra", "limit", "more", "teams"))]
    actions = {arn: policy.statements[0].actions.patterns for arn, policy in version.documents.items()}
    assert actions == {arn: ("*" if "limit" in arn else f"s3:{arn.rpartition('/')[2]}",) for arn in policies}
    assert version.versions == dict.fromkeys(policies, "v7")
    assert (version.where, version.namespace, version.others, version.open) == (
        f"account {NUMBER}, eu-central-1", "orders-dev", {"mine": f"{ROLE}/mine"}, ("mine",),
    )  # fmt: skip
    assert live.notes == (
        "what ${Jobs.QueueName} is in the account is not known: it is compared as text",
        UNREAD,
        "AWSXRayDaemonWriteAccess is in version v7 in the account, and v2 in the catalogue",
    )
    references = {
        "${Jobs}": QUEUE, "${Jobs.Arn}": JOBS, "${Orders}": "orders", "${Orders.Arn}": ORDERS,
        "${Orders.StreamArn}": STREAM, "${Size}": "9",
        "${Vault}": "vault", "${Vault.BackupVaultArn}": f"arn:aws:backup:eu-central-1:{NUMBER}:backup-vault:vault",
        "${ReportRole}": "orders-report",
        "${ReportRole.Arn}": f"{ROLE}/apps/orders-report", "${WebRole.Arn}": f"{ROLE}/orders-web",
        "${Report}": "orders-dev-report", "${Report.Arn}": REPORT, "${AWS::StackId}": STACK,
        "${AWS::StackName}": "orders-dev", "${AWS::Region}": "eu-central-1", UNIQUE: "0123456789ab",
    }  # fmt: skip
    assert {name: version.names.get(name) for name in references} == references


@pytest.mark.parametrize("is_lenient", [True, False])
def test_managed_policies_that_the_caller_may_not_read_are_unknown_where_that_will_do(*, is_lenient: bool) -> None:
    here, _ = account(denies="iam.GetPolicy")
    deployed = status(here, "orders-dev")
    assert deployed is not None
    reading = read_stack(here, deployed)
    if is_lenient:
        live = live_of(here, reading, lenient=True)
        assert (live.version.documents, live.version.versions, len(live.version.roles)) == ({}, {}, 5)
        return
    with pytest.raises(Denied, match="AWS denies GetPolicy"):
        live_of(here, reading)


def test_what_role_a_function_has_must_be_read() -> None:
    here, _ = account(denies="lambda.GetFunction")
    deployed = status(here, "orders-dev")
    assert deployed is not None
    with pytest.raises(Denied, match="AWS denies GetFunction"):
        read_stack(here, deployed)


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("PolicyNotFoundException", {}),
        ("ResourceNotFoundException", None),
        ("QueueDoesNotExist", None),
        ("AWS.SimpleQueueService.NonExistentQueue", None),
        ("AccessDeniedException", Denied),
        ("ValidationException", RemitError),
        ("ThrottlingException", ClientError),
    ],
)
def test_an_answer_tells_what_there_is_not_from_what_may_not_be_read(code: str, answer: Any) -> None:
    """A service that stays busy is no answer at all."""
    here, asked = answering({"dynamodb.GetResourcePolicy": Refused(code, "no")}, local=True)
    read = Read("dynamodb.GetResourcePolicy", lambda _: {}, "PolicyNotFoundException")
    if answer is ClientError:
        with pytest.raises(ClientError):
            ask(here, read, {"ResourceArn": ORDERS})
        assert len(asked.asked) == 4
        return
    found = ask(here, read, {"ResourceArn": ORDERS})
    assert type(found) is answer if isinstance(answer, type) else found == answer


def test_the_access_that_changes_by_hand_give_is_compared_with_what_was_deployed_as_the_record_explains_it() -> None:
    here, _ = account()
    deployed = status(here, "orders-dev")
    assert deployed is not None
    template = version(TEMPLATE, here, "orders-dev")
    last = replace(
        template, roles=tuple(role.with_grants(explained_by("orders/views.py reads")) for role in template.roles)
    )

    found = changes_of(here, deployed, last)

    assert (found.not_compared, found.unread, found.found) == ((UNREAD,), None, True)
    assert [change.what for change in found.drift] == [row[3] for row in CHANGES]
    review = found.access
    assert review is not None
    assert (review.old, review.new) == ("what was deployed", f"account {NUMBER}, eu-central-1")
    told = []
    for change in review.changes:
        reasons = set() if change.before is None else {grant.because for grant in change.before.grants}
        both = [sorted({piece.action for piece in pieces}) for pieces in (change.access.gained, change.access.lost)]
        attached = [(each.how, each.arn.rpartition("/")[2]) for each in change.attached]
        told.append((change.functions, change.role, *both, attached, reasons))
    recorded = {"orders/views.py reads"}
    gained = ["dynamodb:DescribeStream", "s3:AWSXRayDaemonWriteAccess", "s3:extra", "sqs:*", "sqs:ReceiveMessage"]
    sampling = ("Rules", "StatisticSummaries", "Targets")  # as AWS's policy is in the catalogue
    lost = [*(f"xray:GetSampling{name}" for name in sampling), "xray:PutTelemetryRecords", "xray:PutTraceSegments"]
    policies = [("changed", XRAY.rpartition("/")[2]), ("removed", "detached"), ("added", "extra")]
    assert told == [
        (("report",), "ReportRole", gained, lost, policies, recorded),
        (("deleted",), "AuditRole", ["logs:*"], [], [], recorded),
        (("audit",), "admin", ["s3:teams"], ["logs:GetLogEvents"], [("added", "more"), ("added", "teams")], recorded),
        (("web",), "WebRole", [], ["s3:GetObject"], [], recorded),
    ]


SETTLED: Final = {"remit:namespace": "orders-dev"}


@pytest.mark.parametrize(
    ("state", "tags"),
    [
        ("REVIEW_IN_PROGRESS", SETTLED),
        ("UPDATE_IN_PROGRESS", SETTLED),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", SETTLED),
        ("CREATE_FAILED", SETTLED),
        ("ROLLBACK_COMPLETE", SETTLED),
        ("ROLLBACK_FAILED", SETTLED),
        ("UPDATE_ROLLBACK_FAILED", SETTLED),
        ("DELETE_FAILED", SETTLED),
        ("UPDATE_COMPLETE", {}),
    ],
)
def test_of_a_stack_that_is_not_settled_or_not_remits_no_changes_are_looked_for(
    state: str, tags: dict[str, str]
) -> None:
    here, asked = account()
    deployed = status(here, "orders-dev")
    assert deployed is not None
    asked.asked.clear()
    stack = replace(deployed.stack, status=state, tags=tuple(tags.items()))

    assert changes_of(here, replace(deployed, stack=stack)) == ManualChanges()
    assert asked.asked == []


def test_changes_that_may_not_be_read_are_told_as_such_and_functions_of_other_code_by_their_names() -> None:
    here, _ = account(denies="iam.GetRole")
    deployed = status(here, "orders-dev")
    assert deployed is not None
    unread = changes_of(here, deployed)
    assert isinstance(unread.unread, Denied)
    assert (unread.found, unread.drift, unread.access, ManualChanges().found) == (True, (), None, False)

    calls = [
        repair(f"lambda.{name}", "", FunctionName=f"f-{name}")
        for name in ("UpdateFunctionCode", "UpdateFunctionConfiguration", "AddPermission")
    ]
    changed = ManualChanges((Drift("A", "x", repairs=tuple(calls[:2])), Drift("B", "y", repairs=tuple(calls[2:]))))
    assert changed.functions_of_other_code == {"f-UpdateFunctionCode"}
    stranger = changes_of(account(denies="admin")[0], deployed)
    assert (stranger.access, [change.what for change in stranger.drift]) == (None, [row[3] for row in CHANGES])
    only_resources = account(denies="iam.GetPolicy")[0]
    assert changes_of(only_resources, deployed).access is not None  # its managed policies are unknown, no more


def explained_by(reason: str) -> Callable[[Grant], Grant]:
    return lambda grant: replace(grant, reason=Reason("text", reason))


def planned(before: dict[str, Any] | None, after: dict[str, Any]) -> StackPlan:
    """A plan to change a role, whose queue is a parameter that has another value then."""
    resources = [{"Resources": {} if role is None else {"Worker": role}} for role in (before, after)]
    running, template = ({**each, "Parameters": {"Queue": {"Type": "String"}}} for each in resources)
    running = {} if before is None else running
    return StackPlan(
        "orders-dev", STACK, "set", "UPDATE", (), running, template, {"Queue": JOBS}, {"Queue": f"{JOBS}2"}
    )


SENDS: Final = may("sqs:SendMessage", {"Ref": "Queue"})
READS: Final = may("s3:GetObject", "arn:aws:s3:::data/*")
LISTS: Final = may("s3:ListBucket", "arn:aws:s3:::data")


def test_the_access_of_a_plan_has_the_values_of_both_sides_and_the_reasons_of_the_project_and_of_the_record() -> None:
    here, _ = answering({})
    plan = planned(role(document(SENDS, READS)), role(document(SENDS, READS, LISTS)))
    project = version(plan.template, here, "orders-dev").roles
    recorded = version(plan.running, here, "orders-dev")
    told = tuple(each.with_grants(explained_by("the project says")) for each in project)
    last = replace(recorded, roles=tuple(each.with_grants(explained_by("the record says")) for each in recorded.roles))

    found = access_of(here, plan, told, last)

    assert (found.unread, found.broadens, found.differs) == ("", True, True)
    review = found.review
    assert (review.old, review.new) == ("the last deploy", "this deploy")
    (change,) = review.changes
    pieces = [[(piece.action, piece.resource) for piece in side] for side in (change.access.gained, change.access.lost)]
    assert pieces == [
        [("sqs:SendMessage", f"{JOBS}2"), ("s3:ListBucket", "arn:aws:s3:::data")],
        [("sqs:SendMessage", JOBS)],
    ]
    assert change.before is not None
    assert change.after is not None
    assert {grant.because for grant in change.before.grants} == {"the record says"}
    assert {grant.because for grant in change.after.grants} == {"the project says"}
    without_record = access_of(here, plan, told).review.changes[0].before
    assert without_record is not None
    assert {grant.because for grant in without_record.grants} == {"the project says"}


@pytest.mark.parametrize(
    ("before", "after", "broadens", "differs"),
    [
        (role(document(READS)), role(document(READS)), False, False),
        (role(document(READS, LISTS)), role(document(READS)), False, True),
        (role(document(READS)), role(document(READS), AssumeRolePolicyDocument=trust("states")), True, True),
        (None, role(document(READS)), True, True),
        (role(document(READS)), role(document(READS), ManagedPolicyArns=[f"{POLICY}/unread"]), True, True),
        (*[role(document(READS), ManagedPolicyArns=[f"{POLICY}/unread"])] * 2, False, False),
    ],
)
def test_a_plan_differs_in_access_where_anything_is_gained_or_lost_or_another_may_take_the_role(
    before: dict[str, Any] | None, after: dict[str, Any], *, broadens: bool, differs: bool
) -> None:
    here, _ = answering({})
    found = access_of(here, planned(before, after), ())
    assert (found.broadens, found.differs) == (broadens, differs)
    assert [found.wants(level) for level in get_args(Approval)] == [broadens, differs, False]
