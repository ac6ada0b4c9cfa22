"""Services that encrypt use the KMS key with the access of whoever calls them: the caller needs the key, too.

It is asked for with the condition key `kms:ViaService`. A key that AWS manages lets everybody in the account in,
through its service: only a key of the account's own needs anything.

Sources: "kms:ViaService" (AWS KMS Developer Guide), and of each service its page on encryption with KMS: "Protecting
data with server-side encryption using AWS KMS keys" (S3), "How AWS Systems Manager Parameter Store uses AWS KMS",
"Secret encryption and decryption", "Key management" (SQS, SNS), "How do I use server-side encryption with Kinesis",
"DynamoDB encryption at rest: how it works".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from remit.access.needed_access import NeededAccess, OperationRequest
from remit.access.resource_rows import key_arn

_DECRYPT: Final = ("kms:Decrypt",)
_WRITE: Final = ("kms:GenerateDataKey", "kms:Decrypt")


@dataclass(frozen=True, slots=True)
class _Encryption:
    """How an action uses the key of the resource that it is asked on.

    `key_parameters` are those that name another key than that of what is stored; `context_key` is the name under which
    the encryption context has the ARN.
    """

    actions: tuple[str, ...]
    context_key: str
    key_parameters: tuple[str, ...] = ()


_OF_ITEMS: Final = (
    "BatchGetItem", "BatchWriteItem", "ConditionCheckItem", "DeleteItem", "GetItem", "PartiQLDelete", "PartiQLInsert",
    "PartiQLSelect", "PartiQLUpdate", "PutItem", "Query", "Scan", "UpdateItem",
)  # fmt: skip
_TABLE_NAME: Final = "aws:dynamodb:tableName"
_ACTIONS: Final[Mapping[str, _Encryption]] = {
    **{f"dynamodb:{name}": _Encryption(_DECRYPT, _TABLE_NAME) for name in _OF_ITEMS},
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
    "ssm:GetParametersByPath": _Encryption(_DECRYPT, "PARAMETER_ARN"),
    "ssm:PutParameter": _Encryption(("kms:Encrypt",), "PARAMETER_ARN", ("KeyId",)),
}
_OF_AWS: Final = "alias/aws/"
_OF_KMS: Final = frozenset({"aws:kms", "aws:kms:dsse"})


def key_uses(request: OperationRequest, accesses: Iterable[NeededAccess]) -> Iterator[NeededAccess]:
    """Yield the access to KMS keys that services need for their caller, by the accesses that a request needs.

    Nothing for a resource without a key, or with a key that AWS manages (`alias/aws/…`).
    """
    for access in accesses:
        encryption = _ACTIONS.get(access.action)
        if encryption is None or _is_without_key(request.operation.name, access.parameters):
            continue
        keys = [access.parameters.get(name) for name in encryption.key_parameters]
        named_key = next((key for key in keys if isinstance(key, str)), None)
        for holder in _holders(request, access):
            name = request.stored.encrypting_key(holder) if named_key is None else named_key
            if name is None or _OF_AWS in name:
                continue
            encrypted = holder if access.action == _BY_PATH else access.resource
            context = {encryption.context_key: encrypted}
            if encryption.context_key == _TABLE_NAME:  # no ARN, as DynamoDB's alone
                table = encrypted.partition(":table/")[2].partition("/")[0]
                context = {_TABLE_NAME: table, "aws:dynamodb:subscriberId": request.setting.account}
            key, service = key_arn(name, request.setting), access.action.partition(":")[0]
            for action in encryption.actions:
                yield NeededAccess(action, key, {"EncryptionContext": context}, service, access.part)


_BY_PATH: Final = "ssm:GetParametersByPath"


def _holders(request: OperationRequest, access: NeededAccess) -> tuple[str, ...]:
    """The ARNs whose keys an action uses: encrypted parameters below a path, a new object's bucket, or the resource."""
    if access.action == "s3:PutObject":  # what is there now is replaced
        return (access.resource.partition("/")[0],)
    if access.action == _BY_PATH:
        is_recursive = str(access.parameters.get("Recursive", "false")).lower() == "true"
        names = request.stored.sealed_parameters(str(access.parameters.get("Path", "/")), recursive=is_recursive)
        return tuple(request.arn("ssm", f"parameter/{name.removeprefix('/')}") for name in names)
    return (access.resource,)


def _is_without_key(operation: str, parameters: Mapping[str, Any]) -> bool:
    """Return whether an operation needs no key of KMS, or AWS's own, whatever is stored."""
    if operation == "HeadObject":
        return True
    if operation.startswith("GetParameter"):
        return str(parameters.get("WithDecryption", "false")).lower() != "true"
    if operation == "PutParameter":
        return parameters.get("Type") != "SecureString" or "KeyId" not in parameters
    return parameters.get("ServerSideEncryption", "aws:kms") not in _OF_KMS
