"""The sensitive actions: each gives its owner more rights, secrets or data, or takes away what watches over them.

Sources: the access levels of the Service Authorization Reference ("Permissions management", and what reads data);
"Security best practices in IAM" (IAM User Guide); "Impair Defenses" (MITRE ATT&CK) for what stops logs and alarms.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

Harm: TypeAlias = Literal["rights", "credentials", "data", "exposure", "evidence", "loss"]

_BY_HARM: Final[dict[Harm, tuple[str, ...]]] = {
    "rights": (
        "iam:AttachUserPolicy", "iam:AttachGroupPolicy", "iam:AttachRolePolicy", "iam:PutUserPolicy",
        "iam:PutGroupPolicy", "iam:PutRolePolicy", "iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion",
        "iam:AddUserToGroup", "iam:UpdateAssumeRolePolicy", "iam:DeleteUserPermissionsBoundary",
        "iam:DeleteRolePermissionsBoundary", "iam:PassRole", "iam:CreateSAMLProvider",
        "iam:CreateOpenIDConnectProvider", "organizations:DetachPolicy",
        # Both run commands as the role of what they change.
        "lambda:UpdateFunctionCode", "ssm:SendCommand",
    ),
    "credentials": (
        "iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile", "secretsmanager:GetSecretValue",
        "ssm:GetParameter", "ec2:GetPasswordData", "redshift:GetClusterCredentials", "rds-db:connect",
    ),
    # A snapshot of a disk is a copy that can be read elsewhere.
    "data": ("s3:GetObject", "dynamodb:Scan", "kms:Decrypt", "ec2:CreateSnapshot"),
    "exposure": (
        "s3:PutBucketPolicy", "kms:PutKeyPolicy", "lambda:AddPermission", "ec2:ModifySnapshotAttribute",
        "rds:ModifyDBSnapshotAttribute", "ec2:AuthorizeSecurityGroupIngress",
    ),
    "evidence": ("cloudtrail:StopLogging", "guardduty:DeleteDetector", "config:StopConfigurationRecorder"),
    "loss": ("kms:ScheduleKeyDeletion", "s3:DeleteBucket", "rds:DeleteDBInstance"),
}  # fmt: skip
SENSITIVE_ACTIONS: Final = {action: harm for harm, actions in _BY_HARM.items() for action in actions}
"""Each sensitive action, in the order of the reports, and the harm that it can do."""
