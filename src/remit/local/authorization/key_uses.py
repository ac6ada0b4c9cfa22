"""Services that encrypt use the KMS key with the access of whoever calls them: the caller needs the key, too.

It is asked for with the condition key `kms:ViaService`. A key that AWS manages lets everybody in the account in,
through its service: only a key of the account's own needs anything.

Sources: "kms:ViaService" (AWS KMS Developer Guide), and of each service its page on encryption with KMS: "Protecting
data with server-side encryption using AWS KMS keys" (S3), "How AWS Systems Manager Parameter Store uses AWS KMS",
"Secret encryption and decryption", "Key management" (SQS, SNS), "How do I use server-side encryption with Kinesis".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.local.authorization.resource_rows import key_arn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.local.authorization.requested_operation import RequestedOperation
    from remit.local.authorization.setting import RequestSetting

_DECRYPT: Final = ("kms:Decrypt",)
_WRITE: Final = ("kms:GenerateDataKey", "kms:Decrypt")


@dataclass(frozen=True, slots=True)
class KeyUse:
    """What a service asks of a key: the action, the key's ARN, the service (`s3`), and the encryption context."""

    action: str
    key: str
    service: str
    encryption_context: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Encryption:
    """How an action uses the key of the resource that it is asked on.

    `key_parameters` are those that name another key than that of what is stored; `context_key` is the name under which
    the encryption context has the ARN.
    """

    actions: tuple[str, ...]
    context_key: str
    key_parameters: tuple[str, ...] = ()


_ACTIONS: Final[Mapping[str, _Encryption]] = {
    "kinesis:GetRecords": _Encryption(_DECRYPT, "aws:kinesis:arn"),
    "kinesis:PutRecord": _Encryption(("kms:GenerateDataKey",), "aws:kinesis:arn"),
    "kinesis:PutRecords": _Encryption(("kms:GenerateDataKey",), "aws:kinesis:arn"),
    "s3:GetObject": _Encryption(_DECRYPT, "aws:s3:arn"),
    "s3:GetObjectVersion": _Encryption(_DECRYPT, "aws:s3:arn"),
    "s3:PutObject": _Encryption(("kms:GenerateDataKey",), "aws:s3:arn", ("SSEKMSKeyId",)),
    "secretsmanager:CreateSecret": _Encryption(_WRITE, "SecretARN", ("KmsKeyId",)),
    "secretsmanager:GetSecretValue": _Encryption(_DECRYPT, "SecretARN"),
    "secretsmanager:PutSecretValue": _Encryption(_WRITE, "SecretARN"),
    "secretsmanager:UpdateSecret": _Encryption(_WRITE, "SecretARN", ("KmsKeyId",)),
    "sns:Publish": _Encryption(_WRITE, "aws:sns:topicArn"),
    "sqs:ReceiveMessage": _Encryption(_DECRYPT, "aws:sqs:arn"),
    "sqs:SendMessage": _Encryption(_WRITE, "aws:sqs:arn"),
    "ssm:GetParameter": _Encryption(_DECRYPT, "PARAMETER_ARN"),
    "ssm:GetParameterHistory": _Encryption(_DECRYPT, "PARAMETER_ARN"),
    "ssm:GetParameters": _Encryption(_DECRYPT, "PARAMETER_ARN"),
    "ssm:PutParameter": _Encryption(("kms:Encrypt",), "PARAMETER_ARN", ("KeyId",)),
}
_OF_AWS: Final = "alias/aws/"
_OF_KMS: Final = frozenset({"aws:kms", "aws:kms:dsse"})


def key_uses(
    requested: RequestedOperation, action: str, resource: str, parameters: Mapping[str, Any], setting: RequestSetting
) -> Iterator[KeyUse]:
    """What the service asks of a key, as its caller, for an action of an operation on a resource (ARN)."""
    encryption = _ACTIONS.get(action)
    if encryption is None or _is_without_key(requested.name, parameters):
        return
    named_keys = [parameters[name] for name in encryption.key_parameters if isinstance(parameters.get(name), str)]
    holder = resource.partition("/")[0] if action == "s3:PutObject" else resource  # what is there now is replaced
    name = named_keys[0] if named_keys else setting.stored.encrypting_key(holder)
    if name is None or _OF_AWS in name:
        return
    service = action.partition(":")[0]
    for key_action in encryption.actions:
        yield KeyUse(key_action, key_arn(name, setting), service, {encryption.context_key: resource})


def _is_without_key(operation: str, parameters: Mapping[str, Any]) -> bool:
    """Whether an operation needs no key of KMS, or AWS's own, whatever is stored."""
    if operation == "HeadObject":
        return True
    if operation.startswith("GetParameter"):
        return str(parameters.get("WithDecryption", "false")).lower() != "true"
    if operation == "PutParameter":
        return parameters.get("Type") != "SecureString" or "KeyId" not in parameters
    return parameters.get("ServerSideEncryption", "aws:kms") not in _OF_KMS
