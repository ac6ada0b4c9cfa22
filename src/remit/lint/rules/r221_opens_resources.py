"""An Allow to rewrite the policy of every bucket, queue, key or function.

Who may rewrite a resource's policy may let anyone in, and so do with it whatever the policy at hand leaves out.

Flagged:

    {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutBucketPolicy"], "Resource": "*"}

Better:

    {"Effect": "Allow", "Action": "s3:PutBucketPolicy", "Resource": "arn:aws:s3:::orders-exports"}

Source: the "Service Authorization Reference" (AWS): actions of level "Permissions management"; "Security best practices
in IAM" (IAM User Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint.finding import WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import PolicyDocument

SEVERITY = WARNING
_OPENS = {
    "backup:PutBackupVaultAccessPolicy": "backup vault",
    "dynamodb:PutResourcePolicy": "table",
    "ec2:ModifyImageAttribute": "image",
    "ec2:ModifySnapshotAttribute": "snapshot",
    "ecr:SetRepositoryPolicy": "repository",
    "elasticfilesystem:PutFileSystemPolicy": "file system",
    "events:PutPermission": "event bus",
    "kms:CreateGrant": "key",
    "kms:PutKeyPolicy": "key",
    "lambda:AddLayerVersionPermission": "layer",
    "lambda:AddPermission": "function",
    "rds:ModifyDBSnapshotAttribute": "snapshot",
    "s3:PutAccessPointPolicy": "access point",
    "s3:PutBucketAcl": "bucket",
    "s3:PutBucketPolicy": "bucket",
    "s3:PutBucketPublicAccessBlock": "bucket",
    "s3:PutObjectAcl": "object",
    "secretsmanager:PutResourcePolicy": "secret",
    "sns:AddPermission": "topic",
    "sns:SetTopicAttributes": "topic",
    "sqs:AddPermission": "queue",
    "sqs:SetQueueAttributes": "queue",
    "ssm:ModifyDocumentPermission": "document",
}


def policy(document: PolicyDocument) -> Iterator[Problem]:
    """Statements about everything; of each pattern the first action."""
    for item, pattern, action in document.wide_among(_OPENS):
        message = f"{action} on every resource can open every {_OPENS[action]} to anyone"
        yield Problem(message, "name the resources", ("Action", pattern), index=item.index)
