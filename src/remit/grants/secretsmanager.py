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
from remit.resources.names import name_of

_SECRET: Final = typed.HERE % ("secretsmanager", "secret:{}-??????")


@verb
def read(secret: SecretRef, *, key: KeyRef | None = None) -> typed.Grants:
    """Get the value: secretsmanager:GetSecretValue. With `key`, kms:Decrypt through Secrets Manager."""
    arn, because = _secret(secret, "secretsmanager.read", "reads secret")
    through_key = typed.through(
        "secretsmanager", typed.key_of(secret, key), typed.DECRYPT, "secretsmanager.read", because
    )
    return typed.grant(("secretsmanager:GetSecretValue",), (arn,), because) + through_key


@verb
def put(secret: SecretRef, *, key: KeyRef | None = None) -> typed.Grants:
    """Put a new value: secretsmanager:PutSecretValue. With `key`, kms:GenerateDataKey and kms:Decrypt through it."""
    arn, because = _secret(secret, "secretsmanager.put", "puts values of secret")
    through_key = typed.through(
        "secretsmanager", typed.key_of(secret, key), typed.ENCRYPT, "secretsmanager.put", because
    )
    return typed.grant(("secretsmanager:PutSecretValue",), (arn,), because) + through_key


@verb
def describe(secret: SecretRef) -> typed.Grants:
    """Read what is known of it but its value: secretsmanager:DescribeSecret, secretsmanager:ListSecretVersionIds."""
    arn, because = _secret(secret, "secretsmanager.describe", "reads the description of secret")
    return typed.grant(("secretsmanager:DescribeSecret", "secretsmanager:ListSecretVersionIds"), (arn,), because)


@verb
def rotate(secret: SecretRef, *, key: KeyRef | None = None) -> typed.Grants:
    """Rotate it, as the function that Secrets Manager runs for that.

    secretsmanager:DescribeSecret, secretsmanager:GetSecretValue, secretsmanager:PutSecretValue and
    secretsmanager:UpdateSecretVersionStage on the secret, and secretsmanager:GetRandomPassword, for which IAM knows no
    resource. With `key`, kms:GenerateDataKey and kms:Decrypt through Secrets Manager.

    Source: "Lambda rotation function execution role permissions for AWS Secrets Manager" (AWS Secrets Manager User
    Guide).
    """
    verb = "secretsmanager.rotate"
    arn, because = _secret(secret, verb, "rotates secret")
    actions = (
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
        "secretsmanager:UpdateSecretVersionStage",
    )
    return (
        *typed.grant(actions, (arn,), because),
        *typed.everywhere(("secretsmanager:GetRandomPassword",), "makes passwords"),
        *typed.through("secretsmanager", typed.key_of(secret, key), typed.ENCRYPT, verb, because),
    )


def _secret(secret: SecretRef, verb: str, phrase: str) -> tuple[str, str]:
    arn = typed.arn(secret, verb, _SECRET)
    return arn, f"{phrase} {name_of(arn).removeprefix('secret:').removesuffix('-??????')}"
