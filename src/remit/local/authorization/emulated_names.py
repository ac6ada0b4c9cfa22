"""Names resolved in the AWS on this machine, from the emulator's memory.

It reads what belongs to the account and the region of the request, which the emulator keeps in context variables.
`tests/local/test_emulated_names.py` fails when the emulator keeps something elsewhere.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

from remit.access.setting import StoredNames
from remit.local.authorization.owning_place import as_owner_of
from remit.local.emulator import emulated, service_of

_KEY_ID: Final = 36  # characters with which the emulator's texts of symmetric keys begin


def _text(record: Mapping[str, Any] | None, member: str) -> str | None:
    return None if record is None else str(record[member])


def _table_of(arn: str) -> str:
    """The name of a table by its own ARN, or by that of an index or a stream of it."""
    return arn.partition(":table/")[2].partition("/")[0]


def _encrypting_key(arn: str) -> Any:  # noqa: PLR0911 - one service after the other
    """The id or the ARN of the KMS key that encrypts a resource.

    None where none does, where there is no such resource, and for the resources of any other service.
    """
    match service_of(arn):
        case "dynamodb":
            description = (emulated("services.dynamodb")._tables.get(_table_of(arn)) or {}).get("SSEDescription") or {}
            return description.get("KMSMasterKeyArn") if description.get("Status") == "ENABLED" else None
        case "kinesis":
            stream = emulated("services.kinesis")._streams.get(arn.partition(":stream/")[2])
            return stream.get("KeyId") if stream is not None and stream.get("EncryptionType") == "KMS" else None
        case "s3":
            s3 = emulated("services.s3")
            bucket, _, key = arn.partition(":::")[2].partition("/")
            record = s3._buckets.get(bucket)
            stored = None if record is None else record["objects"].get(key)
            # What is not there yet will have the bucket's key.
            headers = s3._bucket_default_sse_headers(bucket) if stored is None else s3._stored_sse_headers(stored)
            return headers.get("x-amz-server-side-encryption-aws-kms-key-id")
        case "secretsmanager":
            return (emulated("services.secretsmanager")._resolve(arn)[1] or {}).get("KmsKeyId")
        case "sns":
            topic = emulated("services.sns")._topics.get(arn)
            return None if topic is None else topic["attributes"].get("KmsMasterKeyId")
        case "sqs":
            sqs = emulated("services.sqs")
            queue = sqs._queues.get(sqs._queue_name_to_url.get(arn.rpartition(":")[2]))
            return None if queue is None else queue["attributes"].get("KmsMasterKeyId")
        case "ssm":
            name = arn.partition(":parameter")[2]
            parameters = emulated("services.ssm")._parameters
            # Its ARN has one slash before the name, whether that begins with one or not.
            return (parameters.get(name) or parameters.get(name.removeprefix("/")) or {}).get("KeyId")
    return None


_TAGGED_BY_ARN: Final = {
    "ecs": "ecs", "events": "eventbridge", "glue": "glue", "scheduler": "scheduler", "ssm": "ssm",
    "states": "stepfunctions",
}  # fmt: skip
"""The emulator's modules that keep tags by ARN, by the service of the ARN."""
_LISTED: Final = frozenset({"dynamodb", "kms", "secretsmanager", "sns", "sqs"})
"""Services whose resources the emulator lists whole: what is not there has no tags, and is not unknown."""


def _tags(stored: Any) -> Mapping[str, str]:
    """The tags that the emulator keeps as texts by name, or as a list of pairs; an empty mapping for None.

    The names of the pairs' members (`Key`, `Value`) may be in any case.
    """
    if isinstance(stored, dict):
        return stored
    pairs = ({name.lower(): text for name, text in pair.items()} for pair in stored or ())
    return {pair["key"]: pair["value"] for pair in pairs}


class EmulatedNames(StoredNames):
    """The names of the emulator; see `StoredNames`."""

    __slots__ = ()

    def key_arn(self, name: str) -> str | None:
        """The ARN of a KMS key, by its id, its ARN, or an alias (`alias/orders`), perhaps of another account."""
        with as_owner_of(name):
            return _text(emulated("services.kms")._resolve_key(name), "Arn")

    def key_arn_of_ciphertext(self, ciphertext: str) -> str | None:
        """The ARN of the KMS key that encrypted a text in Base64; None: it is no Base64, or the key is unknown."""
        try:
            content = base64.b64decode(ciphertext)
        except (binascii.Error, ValueError):
            return None
        return self.key_arn(content[:_KEY_ID].decode("ascii", "replace"))

    def key_aliases(self, arn: str) -> tuple[str, ...] | None:
        """The aliases of a KMS key (`alias/orders`), by the key's ARN; None where there is no such key."""
        kms = emulated("services.kms")
        with as_owner_of(arn):
            record = kms._resolve_key(arn)
            if record is None:
                return None
            aliases = kms._aliases.items()
            return tuple(alias.rpartition(":")[2] for alias, key_id in aliases if key_id == record["KeyId"])

    def encrypting_key(self, arn: str) -> str | None:
        """The id, ARN or alias of the KMS key that encrypts what a resource holds.

        None where none of the account's own does.
        """
        key = _encrypting_key(arn)
        return str(key) if key else None

    def secret_arn(self, name: str) -> str | None:
        """The ARN of a secret by its name, with the characters that Secrets Manager adds.

        None: there is no such secret.
        """
        return _text(emulated("services.secretsmanager")._resolve(name)[1], "ARN")

    def filtered_secrets(self, filters: object) -> tuple[str, ...]:
        """The ARNs of the secrets that filters of a request find, by their names; none without filters."""
        if not isinstance(filters, list):
            return ()
        service = emulated("services.secretsmanager")
        names = sorted(service._secrets.keys())
        found_names = service._filter_secret_names(names, filters)
        return tuple(str(service._secrets[name]["ARN"]) for name in found_names)

    def sealed_parameters(self, path: str, *, recursive: bool) -> tuple[str, ...]:
        """The names of the encrypted parameters below a path, sorted; without `recursive` only those right below it."""
        prefix = path.rstrip("/") + "/"
        names = []
        for name, record in sorted(emulated("services.ssm")._parameters.items()):
            is_below = name.startswith(prefix) and (recursive or "/" not in name.removeprefix(prefix))
            if is_below and record.get("Type") == "SecureString":
                names.append(str(name))
        return tuple(names)

    def role_arn(self, name: str) -> str | None:
        """The ARN of a role, with its path; None: there is no such role."""
        return _text(emulated("services.iam")._roles.get(name), "Arn")

    def user_arn(self, name: str) -> str | None:
        """The ARN of a user, with its path; None: there is no such user."""
        return _text(emulated("services.iam")._users.get(name), "Arn")

    def permissions_boundary(self, role: str, user: str) -> str | None:
        """The ARN of the permissions boundary of a role, or of a user where no such role is stored.

        A name may be empty. None: it has no boundary, or neither is stored.
        """
        iam = emulated("services.iam")
        identity = iam._roles.get(role) or iam._users.get(user) or {}
        boundary = identity.get("PermissionsBoundary")
        return str(boundary) if boundary else None

    def stack_arn(self, name: str) -> str | None:
        """The ARN of a CloudFormation stack, with its id; None: there is no such stack."""
        return _text(emulated("services.cloudformation")._stacks.get(name), "StackId")

    def stream_arn_of_iterator(self, iterator: str) -> str | None:
        """The ARN of the stream (Kinesis, DynamoDB) that a shard iterator reads; None: it is no such iterator."""
        state = emulated("services.kinesis")._shard_iterators.get(iterator)
        if state is not None:
            return str(state["stream_arn"])
        decoded = emulated("services.dynamodb_streams")._decode_iterator(iterator)
        return None if decoded is None or not decoded.get("arn") else str(decoded["arn"])

    def execution_of_callback(self, callback: str) -> str | None:
        """The ARN of the durable execution that waits for a callback, by the callback's id; None: none waits for it."""
        execution, _ = emulated("services.lambda_durable")._callback_index.get(callback, (None, ""))
        return None if execution is None else str(execution)

    def work_group(self, query: str) -> str | None:
        """The workgroup of a query that Athena ran, by the query's id; None: there is no such query."""
        return _text(emulated("services.athena")._executions.get(query), "WorkGroup")

    def partition_key(self, table: str) -> str | None:
        """The name of a DynamoDB table's partition key; None: there is no such table."""
        record = emulated("services.dynamodb")._tables.get(table)
        schema = () if record is None else record["KeySchema"]
        for element in schema:
            if element["KeyType"] == "HASH":
                return str(element["AttributeName"])
        return None

    def is_mail_identity(self, name: str) -> bool:
        """Return whether SES has an address or a domain as an identity, made by either version of its API."""
        return any(name in emulated(f"services.{version}")._identities for version in ("ses", "ses_v2"))

    def resource_tags(self, arn: str) -> Mapping[str, str] | None:
        """The tags of a resource; None where it is not known whether it has any.

        A missing resource has none, where the emulator lists all resources of its service.
        """
        service = service_of(arn)
        if service == "ec2":
            return _tags(emulated("services.ec2")._tags.get(arn.rpartition("/")[2]))
        if service == "logs":
            groups = emulated("services.cloudwatch_logs")._log_groups
            group = groups.get(arn.partition(":log-group:")[2].partition(":")[0]) or {}
            return _tags(group.get("tags"))
        if service in _TAGGED_BY_ARN:
            return _tags(emulated(f"services.{_TAGGED_BY_ARN[service]}")._tags.get(arn))
        if service == "dynamodb":  # a table's tags are its indexes' and its stream's, too
            arn = f"{arn.partition(':table/')[0]}:table/{_table_of(arn)}"
        tags: Mapping[str, str] | None = emulated("services.tagging").resource_tags(arn)
        return tags or {} if service in _LISTED else tags

    def object_tags(self, bucket: str, key: str) -> Mapping[str, str] | None:
        """The tags of an object of S3; none where there is no such bucket or object."""
        tags: Mapping[str, str] = emulated("services.s3").object_tags_for_condition(bucket, key, {})
        return tags

    def lacks_object(self, bucket: str, key: str) -> bool:
        """Return whether there is a bucket that has no object of this key."""
        record = emulated("services.s3")._buckets.get(bucket)
        return record is not None and key not in record["objects"]
