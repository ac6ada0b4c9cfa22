"""The keys of the user's own that encrypt the app's queues, streams, tables and topics, and what using them takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from remit.app import App, Function, Grant, Resource
from remit.catalogue.types import arn_of, resource_type
from remit.iam import tokens
from remit.iam.policy import Condition, allow
from remit.roles.own_resources import own_resources
from remit.triggers.source import name_of
from remit.triggers.sqs import Sqs
from remit.triggers.stream_options import StreamTrigger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.app import Trigger
    from remit.iam.policy import Statement

_KEYS: Final = "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/%s"
_REFERENCE: Final = re.compile(r"\$\{([A-Za-z0-9]+)\}")
_LOGICAL_ID: Final = re.compile(r"\$\{([A-Za-z0-9]+)[.}]")
_READ: Final = ("kms:Decrypt",)
_SEND: Final = ("kms:GenerateDataKey", "kms:Decrypt")


def encryption(app: App, function: Function) -> Iterator[Grant]:
    """Decrypt what its triggers read, and encrypt what goes to its dead-letter target, where a key of the user's does.

    Keys that AWS manages (`alias/aws/sqs`) need no grant. Sources: "Key management" (Amazon SQS Developer Guide),
    "Permissions to use user-generated KMS keys" (Amazon Kinesis), "DynamoDB encryption at rest: usage notes", and "Key
    management" (Amazon SNS): who receives needs Decrypt, who sends needs GenerateDataKey and Decrypt.
    """
    for trigger in function.triggers:
        yield from _of_trigger(app, function, trigger)
    target = function.properties.get("DeadLetterConfig", {}).get("TargetArn")
    key = _keyed(app, tokens.textual(target))
    if key is not None:
        reason = function.computed("sends failed events to its dead-letter target, which this key encrypts")
        yield Grant(_on(app, key, _SEND), reason, function.written.get("DeadLetterConfig"))


def _of_trigger(app: App, function: Function, trigger: Trigger) -> Iterator[Grant]:
    """Decrypt what a trigger reads, by the key of the app's source or by the one that the trigger names.

    What failed is encrypted where it goes to.
    """
    arn = getattr(trigger, "arn", None)
    key = _keyed(app, arn)
    if key is None and isinstance(trigger, Sqs | StreamTrigger) and trigger.key is not None:
        key = _text(tokens.plain(getattr(trigger.key, "arn", trigger.key)))
    reading = next((grant for grant in trigger.grants(function) if _is_about(grant, arn)), None)
    if key is not None and reading is not None:
        reason = replace(reading.reason, text=f"{reading.reason.text}, which this key encrypts")
        yield Grant(_on(app, key, _READ), reason, function.origin)
    failures = trigger.failures() if isinstance(trigger, StreamTrigger) else None
    failures_key = None if failures is None else _keyed(app, failures.arn)
    if failures is not None and failures_key is not None:
        reason = function.computed(f"sends records that failed to {name_of(failures.arn)}, which this key encrypts")
        yield Grant(_on(app, failures_key, _SEND), reason, function.origin)


def keys_of_service_role(app: App, grants: Iterable[Grant]) -> Iterator[Grant]:
    """What the role of a service needs of the keys that encrypt the app's queues to which it sends."""
    for grant in grants:
        resources = () if grant.statement.resources is None else grant.statement.resources.patterns
        for arn in resources:
            key = _keyed(app, arn)
            if key is not None:
                reason = replace(grant.reason, text=f"{grant.reason.text}, which this key encrypts")
                yield Grant(_on(app, key, _SEND), reason, grant.origin)


def own_key(app: App, arn: str) -> Resource | None:
    """The app's key that encrypts the app's resource of an ARN; None where there is none."""
    key = _keyed(app, arn)
    return None if key is None else _own(app, key)


def is_encrypted_by_aws(app: App, arn: str) -> bool:
    """Whether a key that AWS manages encrypts the app's resource of an ARN, such as `alias/aws/sqs`."""
    encrypted = _resource(app, _LOGICAL_ID.match(arn))
    key = None if encrypted is None else _text(_key_property(encrypted))
    return key is not None and _alias(key).startswith("alias/aws/")


def _is_about(grant: Grant, arn: object) -> bool:
    resources = grant.statement.resources
    return resources is not None and arn in resources.patterns


def _keyed(app: App, arn: Any) -> str | None:
    """The key of the app's resource that an ARN names; None when it is another's, or AWS's own key encrypts it."""
    if not isinstance(arn, str):
        return None
    late = own_resources(app).get(arn, arn)
    encrypted = _resource(app, _LOGICAL_ID.match(late))
    key = None if encrypted is None else _text(_key_property(encrypted))
    key_resource = None if key is None else _own(app, key)
    if key_resource is not None and key_resource.type == "AWS::KMS::Alias":
        key = _text(key_resource.properties.get("TargetKeyId"))
    return None if key is None or _alias(key).startswith("alias/aws/") else key


def _key_property(resource: Resource) -> Any:
    """The value of the property that names a resource's key; None where it has none."""
    kind = resource_type(resource.type)
    for path in () if kind is None else kind.holding("key"):
        value: Any = resource.properties
        for name in path.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        if value is not None:
            return value
    return None


def _on(app: App, key: str, actions: tuple[str, ...]) -> Statement:
    """The actions on a key that is given by ARN, id or alias, or as a resource of the app."""
    alias = _alias(key)
    if not alias:
        return allow(*actions, on=_arn(app, key))
    has_alias = Condition("StringEquals", "kms:ResourceAliases", (alias,), quantifier="ForAnyValue")
    return allow(*actions, on=_KEYS % "*", when=(has_alias,))


def _arn(app: App, key: str) -> str:
    key_resource = _own(app, key)
    late = None if key_resource is None else arn_of(key_resource)
    if late is not None:
        return late
    return key if key.startswith("arn:") or key.endswith(".Arn}") else _KEYS % key


def _own(app: App, key: str) -> Resource | None:
    """The app's resource to whose Ref a key's name points."""
    return _resource(app, _REFERENCE.fullmatch(key))


def _resource(app: App, reference: re.Match[str] | None) -> Resource | None:
    """The app's resource of the logical id that a reference's first group has."""
    if reference is None:
        return None
    return next((resource for resource in app.resources if resource.logical_id == reference[1]), None)


def _alias(key: str) -> str:
    """The alias that a key is given by, "" where it is given otherwise."""
    name = key.rpartition(":")[2] if key.startswith("arn:") else key
    return name if name.startswith("alias/") else ""


def _text(value: Any) -> str | None:
    text = tokens.textual(value)
    return text if isinstance(text, str) and text else None
