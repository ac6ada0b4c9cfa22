"""Access to secrets: `secretsmanager.read("/shop/prod/db")`.

Source of the actions: "Actions, resources, and condition keys for AWS Secrets Manager" (Service Authorization
Reference). A secret is given by name, by ARN, or as a resource of the app. Six characters of its own end a secret's
ARN: of one given by name they are `-??????` ("Secrets Manager ARNs", AWS Secrets Manager User Guide). `key=` is the
KMS key of the user's own that encrypts it.
"""

from __future__ import annotations

from typing import Final

from remit.declare.asked import verb
from remit.declare.resource_references import KeyRef, SecretRef
from remit.grants import typed

_SECRET: Final = typed.ResourceKind("secretsmanager", "secret:{}-??????", "secret", "AWS::SecretsManager::Secret")


@verb
def read(secret: SecretRef, *, key: KeyRef | None = None) -> typed.Grants:
    """Get the value: secretsmanager:GetSecretValue. With `key`, kms:Decrypt through Secrets Manager."""
    actions = ("secretsmanager:GetSecretValue",)
    return _SECRET.grants("secretsmanager.read", "reads", secret, actions, key=key, with_key=typed.DECRYPT)


@verb
def put(secret: SecretRef, *, key: KeyRef | None = None) -> typed.Grants:
    """Put a new value: secretsmanager:PutSecretValue. With `key`, kms:GenerateDataKey and kms:Decrypt through it."""
    actions = ("secretsmanager:PutSecretValue",)
    return _SECRET.grants("secretsmanager.put", "puts values of", secret, actions, key=key, with_key=typed.ENCRYPT)


@verb
def describe(secret: SecretRef) -> typed.Grants:
    """Read what is known of it but its value: secretsmanager:DescribeSecret, secretsmanager:ListSecretVersionIds."""
    actions = ("secretsmanager:DescribeSecret", "secretsmanager:ListSecretVersionIds")
    return _SECRET.grants("secretsmanager.describe", "reads the description of", secret, actions)


@verb
def rotate(secret: SecretRef, *, key: KeyRef | None = None) -> typed.Grants:
    """Rotate it, as the function that Secrets Manager runs for that.

    secretsmanager:DescribeSecret, secretsmanager:GetSecretValue, secretsmanager:PutSecretValue and
    secretsmanager:UpdateSecretVersionStage on the secret, and secretsmanager:GetRandomPassword, for which IAM knows no
    resource. With `key`, kms:GenerateDataKey and kms:Decrypt through Secrets Manager.

    Source: "Lambda rotation function execution role permissions for AWS Secrets Manager" (AWS Secrets Manager User
    Guide).
    """
    actions = (
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
        "secretsmanager:UpdateSecretVersionStage",
    )
    on_secret = _SECRET.grants("secretsmanager.rotate", "rotates", secret, actions, key=key, with_key=typed.ENCRYPT)
    makes_passwords = typed.everywhere(("secretsmanager:GetRandomPassword",), "makes passwords")
    return (*on_secret[:1], *makes_passwords, *on_secret[1:])  # what KMS does comes last
