"""An Allow through which its owner can gain more rights: change policies, make keys for others, run code as others.

Flagged:

    {"Effect": "Allow", "Action": "iam:PutRolePolicy", "Resource": "*"}

Better:

    {"Effect": "Allow", "Action": "iam:GetRolePolicy", "Resource": "arn:aws:iam::111122223333:role/report"}

Source: "Grant least privilege access" (AWS Well-Architected Framework); the IAM actions of level "Permissions
management".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.expand import expand
from remit.lint.finding import WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement, PolicyDocument

SEVERITY = WARNING
_ALONE = {
    "iam:AddUserToGroup": "join any group",
    "iam:AttachGroupPolicy": "attach any policy",
    "iam:AttachRolePolicy": "attach any policy",
    "iam:AttachUserPolicy": "attach any policy",
    "iam:CreateAccessKey": "make keys of any user",
    "iam:CreateLoginProfile": "set a password for any user",
    "iam:CreatePolicyVersion": "rewrite any policy",
    "iam:DeleteRolePermissionsBoundary": "take off the boundary of any role",
    "iam:DeleteUserPermissionsBoundary": "take off the boundary of any user",
    "iam:PutGroupPolicy": "write any policy",
    "iam:PutRolePolicy": "write any policy",
    "iam:PutUserPolicy": "write any policy",
    "iam:SetDefaultPolicyVersion": "bring back any policy's older version",
    "iam:UpdateAssumeRolePolicy": "assume any role",
    "iam:UpdateLoginProfile": "change the password of any user",
    "codebuild:StartBuild": "run commands as any build",
    "ec2-instance-connect:SendSSHPublicKey": "log in to any instance, and act as its role",
    "glue:UpdateDevEndpoint": "log in to any endpoint, and act as its role",
    "lambda:UpdateFunctionCode": "run code as any function",
    "lambda:UpdateFunctionConfiguration": "put a layer with code into any function",
    "ssm:SendCommand": "run commands on any instance, as its role",
    "ssm:StartSession": "log in to any instance, and act as its role",
    "sts:AssumeRole": "assume every role that trusts the account",
}
_WITH_PASS_ROLE = {
    "bedrock-agentcore:CreateCodeInterpreter": "an interpreter",
    "cloudformation:CreateChangeSet": "a stack",
    "cloudformation:CreateStack": "a stack",
    "datapipeline:CreatePipeline": "a pipeline",
    "glue:CreateJob": "a job",
    "states:CreateStateMachine": "a state machine",
    "codebuild:CreateProject": "a build",
    "ec2:RunInstances": "an instance",
    "ecs:RunTask": "a task",
    "glue:CreateDevEndpoint": "an endpoint",
    "lambda:CreateFunction": "a function",
    "sagemaker:CreateNotebookInstance": "a notebook",
}
_SERVICES = frozenset(name.partition(":")[0] for name in _ALONE)


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """Single actions that are enough, on every resource; each pattern once."""
    for pattern in () if _SERVICES.isdisjoint(item.services) else item.wide:
        for name in _of(pattern) if pattern.partition(":")[0].lower() in _SERVICES else ():
            if name in _ALONE:
                message = f"{name} on every resource can {_ALONE[name]}: its owner can gain any right of the account"
                yield Problem(message, "name the resources, or set a permissions boundary", ("Action", pattern))
                break


def policy(document: PolicyDocument) -> Iterator[Problem]:
    """PassRole on every role, together with something that runs under it."""
    if not any("iam" in item.services for item in document.statements):
        return
    wide = [(item, pattern) for item in document.statements for pattern in item.wide]
    if not any("iam:PassRole" in _of(pattern) for _, pattern in wide if pattern.lower().startswith("iam:")):
        return
    granted = {name: (item, pattern) for item, pattern in wide for name in _of(pattern)}
    for name, created in _WITH_PASS_ROLE.items():
        if name in granted:
            item, pattern = granted[name]
            message = f"iam:PassRole and {name} on every resource: {created} can run under any role of the account"
            yield Problem(message, "name the roles that may be passed", ("Action", pattern), index=item.index)
            return


def _of(pattern: str) -> tuple[str, ...]:
    return expand(pattern) if pattern not in ("*", "*:*") else ()
