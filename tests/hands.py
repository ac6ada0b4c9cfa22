"""What people do to a deployed role by hand, for tests of what is said of it and how it is undone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from remit.deploy.changeset import PlanRequest, plan
from remit.deploy.execute import execute
from remit.deploy.manual_changes import changed_by_hand, revert
from stacks import READ, template

if TYPE_CHECKING:
    from remit.deploy.session import Account

NAME = "orders-dev"
LOGS = {"Effect": "Allow", "Action": ["logs:PutLogEvents"], "Resource": {"Fn::GetAtt": ["ReportLogGroup", "Arn"]}}
ADMIN = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
XRAY = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"
LIMIT = "arn:aws:iam::aws:policy/PowerUserAccess"
STRANGERS = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999999999999:root"}, "Action": "sts:AssumeRole"}
    ],
}
FUNCTION: dict[str, Any] = {
    "Report": {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": {"Fn::Sub": "${AWS::StackName}-report"},
            "Runtime": "python3.12",
            "Handler": "index.handler",
            "Role": {"Fn::GetAtt": ["ReportRole", "Arn"]},
            "Code": {"ZipFile": "def handler(event, context): ..."},
        },
    }
}
ROLE: dict[str, Any] = {
    "Path": "/apps/",
    "Description": "what report may do",
    "MaxSessionDuration": 7200,
    "Tags": [{"Key": "team", "Value": "orders"}],
    "ManagedPolicyArns": [XRAY],
    "PermissionsBoundary": LIMIT,
}


def body(**properties: Any) -> str:
    """A template whose role has these properties besides."""
    whole = json.loads(template(READ, LOGS, resources=FUNCTION))
    whole["Resources"]["ReportRole"]["Properties"] |= properties
    return json.dumps(whole)


def deploy(account: Account, text: str) -> None:
    planned = plan(account, PlanRequest(NAME, text))
    assert planned is not None
    outcome = execute(account, planned, lambda _: None)
    assert outcome.ok, outcome.cause


def deployed_role(account: Account) -> str:
    """The name of a deployed role that has everything."""
    deploy(account, body(**ROLE))
    iam = account.client("iam")
    name = str(iam.list_roles()["Roles"][0]["RoleName"])
    boundary = ROLE["PermissionsBoundary"]  # which the emulator leaves out without remit's repairs
    iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=boundary)
    return name


def add_inline(iam: Any, role: str) -> None:
    iam.put_role_policy(RoleName=role, PolicyName="debug", PolicyDocument=json.dumps(ADMIN))


def edit_inline(iam: Any, role: str) -> None:
    iam.put_role_policy(RoleName=role, PolicyName="remit", PolicyDocument=json.dumps(ADMIN))


def delete_inline(iam: Any, role: str) -> None:
    iam.delete_role_policy(RoleName=role, PolicyName="remit")


def attach(iam: Any, role: str) -> None:
    iam.attach_role_policy(RoleName=role, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")


def detach(iam: Any, role: str) -> None:
    iam.detach_role_policy(RoleName=role, PolicyArn=XRAY)


def swap_boundary(iam: Any, role: str) -> None:
    iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary="arn:aws:iam::aws:policy/AdministratorAccess")


def open_trust(iam: Any, role: str) -> None:
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(STRANGERS))


def delete_role(iam: Any, role: str) -> None:
    iam.delete_role_policy(RoleName=role, PolicyName="remit")
    iam.detach_role_policy(RoleName=role, PolicyArn=XRAY)
    iam.delete_role(RoleName=role)


HANDS = (
    (add_inline, ["iam.DeleteRolePolicy"]),
    (edit_inline, ["iam.PutRolePolicy"]),
    (delete_inline, ["iam.PutRolePolicy"]),
    (attach, ["iam.DetachRolePolicy"]),
    (detach, ["iam.AttachRolePolicy"]),
    (swap_boundary, ["iam.PutRolePermissionsBoundary"]),
    (open_trust, ["iam.UpdateAssumeRolePolicy"]),
    (delete_role, ["iam.CreateRole", "iam.PutRolePolicy", "iam.AttachRolePolicy"]),
)
"""Each with the operations that undo it."""


def revert_all(account: Account) -> None:
    """Put back all that was changed by hand."""
    revert(account, changed_by_hand(account, NAME), NAME, lambda _: None)
