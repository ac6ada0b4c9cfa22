"""The sensitive actions: each gives its owner more rights, secrets or data, or takes away what watches over them.

Sources: the access levels of the Service Authorization Reference ("Permissions management", and what reads data);
"Security best practices in IAM" (IAM User Guide); "Impair Defenses" (MITRE ATT&CK) for what stops logs and alarms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Harm: TypeAlias = Literal["rights", "credentials", "data", "exposure", "evidence", "loss"]


@dataclass(frozen=True, slots=True)
class SensitiveAction:
    """An action, what harm it can do, and what its owner can do with it, as a phrase."""

    name: str
    harm: Harm
    consequence: str


SENSITIVE_ACTIONS: Final = (
    SensitiveAction("iam:AttachUserPolicy", "rights", "attach any policy to a user"),
    SensitiveAction("iam:AttachGroupPolicy", "rights", "attach any policy to a group"),
    SensitiveAction("iam:AttachRolePolicy", "rights", "attach any policy to a role"),
    SensitiveAction("iam:PutUserPolicy", "rights", "write a policy into a user"),
    SensitiveAction("iam:PutGroupPolicy", "rights", "write a policy into a group"),
    SensitiveAction("iam:PutRolePolicy", "rights", "write a policy into a role"),
    SensitiveAction("iam:CreatePolicyVersion", "rights", "rewrite a managed policy"),
    SensitiveAction("iam:SetDefaultPolicyVersion", "rights", "bring back another version of a managed policy"),
    SensitiveAction("iam:AddUserToGroup", "rights", "join a group"),
    SensitiveAction("iam:UpdateAssumeRolePolicy", "rights", "say who may assume a role"),
    SensitiveAction("iam:DeleteUserPermissionsBoundary", "rights", "take the boundary off a user"),
    SensitiveAction("iam:DeleteRolePermissionsBoundary", "rights", "take the boundary off a role"),
    SensitiveAction("iam:PassRole", "rights", "have a service act as a role"),
    SensitiveAction("iam:CreateSAMLProvider", "rights", "let in people of another identity provider"),
    SensitiveAction("iam:CreateOpenIDConnectProvider", "rights", "let in programs of another identity provider"),
    SensitiveAction("organizations:DetachPolicy", "rights", "take control policies off accounts"),
    SensitiveAction("lambda:UpdateFunctionCode", "rights", "run code as the role of a function"),
    SensitiveAction("ssm:SendCommand", "rights", "run commands as the role of an instance"),
    SensitiveAction("iam:CreateAccessKey", "credentials", "make keys of a user"),
    SensitiveAction("iam:CreateLoginProfile", "credentials", "set a password for a user"),
    SensitiveAction("iam:UpdateLoginProfile", "credentials", "change the password of a user"),
    SensitiveAction("secretsmanager:GetSecretValue", "credentials", "read secrets"),
    SensitiveAction("ssm:GetParameter", "credentials", "read parameters, secret ones too"),
    SensitiveAction("ec2:GetPasswordData", "credentials", "read the administrator's password of an instance"),
    SensitiveAction("redshift:GetClusterCredentials", "credentials", "log in to a Redshift cluster"),
    SensitiveAction("rds-db:connect", "credentials", "log in to a database"),
    SensitiveAction("s3:GetObject", "data", "read objects"),
    SensitiveAction("dynamodb:Scan", "data", "read a whole table"),
    SensitiveAction("kms:Decrypt", "data", "decrypt what a key protects"),
    SensitiveAction("ec2:CreateSnapshot", "data", "copy a disk"),
    SensitiveAction("s3:PutBucketPolicy", "exposure", "say who may read a bucket"),
    SensitiveAction("kms:PutKeyPolicy", "exposure", "say who may use a key"),
    SensitiveAction("lambda:AddPermission", "exposure", "say who may invoke a function"),
    SensitiveAction("ec2:ModifySnapshotAttribute", "exposure", "share a snapshot with others"),
    SensitiveAction("rds:ModifyDBSnapshotAttribute", "exposure", "share a database snapshot with others"),
    SensitiveAction("ec2:AuthorizeSecurityGroupIngress", "exposure", "open a port"),
    SensitiveAction("cloudtrail:StopLogging", "evidence", "stop the log of what happens"),
    SensitiveAction("guardduty:DeleteDetector", "evidence", "switch GuardDuty off"),
    SensitiveAction("config:StopConfigurationRecorder", "evidence", "stop AWS Config"),
    SensitiveAction("kms:ScheduleKeyDeletion", "loss", "delete a key, and all that it encrypts"),
    SensitiveAction("s3:DeleteBucket", "loss", "delete a bucket"),
    SensitiveAction("rds:DeleteDBInstance", "loss", "delete a database"),
)
