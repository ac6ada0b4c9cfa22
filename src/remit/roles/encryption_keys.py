"""The KMS keys that encrypt the app's queues, streams, tables, topics and buckets, and what using them takes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from remit.app import App, Function, Grant
from remit.resources.kms_key import EVERY_KEY, RESOURCE_ALIASES, KmsKey, encrypting_key, key_text, kms_key
from remit.resources.own_resources import OwnResources, own_resources

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from remit.iam.policy import Statement

_READ: Final = ("kms:Decrypt",)
_SEND: Final = ("kms:GenerateDataKey", "kms:Decrypt")
_ON_KEY: Final[Mapping[str, tuple[str, ...]]] = {
    "sqs:ReceiveMessage": _READ,
    "kinesis:GetRecords": _READ,
    "dynamodb:GetRecords": _READ,
    "sqs:SendMessage": _SEND,
    "sns:Publish": _SEND,
    "s3:PutObject": _SEND,
}
"""What an action takes of the key that encrypts its resource: who receives needs Decrypt, who sends both.

Sources: "Key management" (Amazon SQS Developer Guide), "Permissions to use user-generated KMS keys" (Amazon Kinesis),
"DynamoDB encryption at rest: usage notes", "Key management" (Amazon SNS), and "Using AWS KMS encryption" (Amazon S3).
"""
_KMS: Final = "kms:"


def grants_on_keys(app: App, grants: Iterable[Grant]) -> Iterator[Grant]:
    """Yield grants on the keys of the app's own that encrypt its resources, for what `grants` read and send."""
    for grant in grants:
        actions = _actions_on_key(grant.statement)
        resources = grant.statement.resources
        if not actions or resources is None:
            continue
        for arn in resources.patterns:
            key = key_of(app, arn)
            # The policy of a key that AWS manages lets in whoever may use the service.
            if key is not None and not key.is_of_aws:
                yield _grant_on_key(grant, key, actions)


def grants_on_keys_of(trigger: Any, app: App, function: Function) -> Iterator[Grant]:
    """Yield grants to decrypt what a trigger reads that is not the app's own, by the key that the trigger names.

    A user pool encrypts the codes that it gives to whoever sends its mail or messages. Source: "Custom sender Lambda
    triggers" (Amazon Cognito Developer Guide).
    """
    resources = own_resources(app).by_id
    # A trigger that reads something has an ARN; one that somebody wrote for an app may have none of these.
    source, source_key = getattr(trigger, "arn", None), getattr(trigger, "key", None)
    if source is not None and source_key is not None and key_of(app, source) is None:
        key = kms_key(resources, key_text(source_key))
        for grant in trigger.grants(function):
            if key is not None and _actions_on_key(grant.statement) == _READ:
                yield _grant_on_key(grant, key, _READ)
    pool = resources.get(getattr(trigger, "custom_sender_pool", ""))
    if pool is not None:
        key = kms_key(resources, pool.properties.get("LambdaConfig", {}).get("KMSKeyID"))
        if key is not None:
            reason = function.computed(f"decrypts the codes that it sends for user pool {pool.logical_id}")
            yield Grant(key.allowing(*_READ), reason, function.origin)


def key_of(app: App, arn: str, types: Collection[str] = ()) -> KmsKey | None:
    """The key that encrypts the app's resource of an ARN, or one below it; None: it is not the app's, or has no key.

    With `types`, only a resource of one of them is looked at.
    """
    own = own_resources(app)
    resource = own.named(arn)
    if resource is None or (types and resource.type not in types):
        return None
    return kms_key(own.by_id, encrypting_key(resource))


def with_keys_by_arn(statement: Statement, own: OwnResources) -> Statement:
    """The statement, where it is about the app's keys alone, with each by its ARN: IAM knows no id and no alias.

    Any other statement is returned as it is, the same object.
    """
    resources = statement.resources
    if resources is None or not all(action.startswith(_KMS) for action in statement.actions.patterns):
        return statement
    by_alias = _with_key_of_alias(statement, own)
    if by_alias is not None:
        return by_alias
    keys = [kms_key(own.by_id, pattern) for pattern in resources.patterns]
    patterns = tuple(
        pattern if key is None or key.own is None else key.name
        for pattern, key in zip(resources.patterns, keys, strict=True)
    )
    if patterns == resources.patterns:
        return statement
    return replace(statement, resources=replace(resources, patterns=patterns))


def _with_key_of_alias(statement: Statement, own: OwnResources) -> Statement | None:
    """A statement on every key that has an alias of the app, as one on its key, without the condition on the alias.

    None where it is no such statement.
    """
    if statement.resources is None or statement.resources.patterns != (EVERY_KEY,):
        return None
    for condition in statement.conditions:
        if condition.key != RESOURCE_ALIASES or len(condition.values) != 1:
            continue
        key = kms_key(own.by_id, condition.values[0])
        if key is not None and key.own is not None:
            others = tuple(item for item in statement.conditions if item is not condition)
            return replace(key.allowing(*statement.actions.patterns), sid=statement.sid, conditions=others)
    return None


def _actions_on_key(statement: Statement) -> tuple[str, ...]:
    """Return the actions on a key behind a statement's actions; none where no key has a say."""
    needed: dict[str, None] = {}
    for action in statement.actions.patterns:
        needed |= dict.fromkeys(_ON_KEY.get(action, ()))
    return tuple(needed)


def _grant_on_key(grant: Grant, key: KmsKey, actions: tuple[str, ...]) -> Grant:
    """The grant on a key that goes with another grant, for the same reason and from the same line."""
    reason = replace(grant.reason, text=f"{grant.reason.text}, which this key encrypts")
    return Grant(key.allowing(*actions), reason, grant.origin)
