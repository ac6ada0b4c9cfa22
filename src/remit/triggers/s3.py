"""A bucket whose events run a function: objects that are created, removed, restored and the like."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from functools import partial
from typing import Any, Final, Literal, TypeAlias, get_args

from remit.app import App, Function, Resource
from remit.declare.resource_references import BucketRef
from remit.errors import Mistakes, RemitError
from remit.iam import tokens
from remit.resources.names import arn_of, digest, logical, own_id
from remit.triggers.invoke_permission import permission
from remit.triggers.source import position_suffix
from remit.triggers.trigger import BaseTrigger, TriggerSource, with_changed_sources

BucketEvent: TypeAlias = Literal[
    "s3:ObjectCreated:*", "s3:ObjectCreated:Put", "s3:ObjectCreated:Post", "s3:ObjectCreated:Copy",
    "s3:ObjectCreated:CompleteMultipartUpload", "s3:ObjectRemoved:*", "s3:ObjectRemoved:Delete",
    "s3:ObjectRemoved:DeleteMarkerCreated", "s3:ObjectRestore:*", "s3:ObjectRestore:Post",
    "s3:ObjectRestore:Completed", "s3:ObjectRestore:Delete", "s3:ReducedRedundancyLostObject", "s3:Replication:*",
    "s3:Replication:OperationFailedReplication", "s3:Replication:OperationMissedThreshold",
    "s3:Replication:OperationReplicatedAfterThreshold", "s3:Replication:OperationNotTracked",
    "s3:LifecycleExpiration:*", "s3:LifecycleExpiration:Delete", "s3:LifecycleExpiration:DeleteMarkerCreated",
    "s3:LifecycleTransition", "s3:IntelligentTiering", "s3:ObjectTagging:*", "s3:ObjectTagging:Put",
    "s3:ObjectTagging:Delete", "s3:ObjectAcl:Put",
]  # fmt: skip
"""The events of a bucket ("Event notification types and destinations", Amazon S3 User Guide)."""
_EVENTS: Final[tuple[str, ...]] = get_args(BucketEvent)
_BY_EVENTBRIDGE: Final[dict[str, tuple[str, str | None]]] = {
    "s3:ObjectCreated:*": ("Object Created", None),
    "s3:ObjectCreated:Put": ("Object Created", "PutObject"),
    "s3:ObjectCreated:Post": ("Object Created", "POST Object"),
    "s3:ObjectCreated:Copy": ("Object Created", "CopyObject"),
    "s3:ObjectCreated:CompleteMultipartUpload": ("Object Created", "CompleteMultipartUpload"),
    "s3:ObjectRemoved:*": ("Object Deleted", "DeleteObject"),
    "s3:ObjectRestore:Post": ("Object Restore Initiated", None),
    "s3:ObjectRestore:Completed": ("Object Restore Completed", None),
    "s3:ObjectRestore:Delete": ("Object Restore Expired", None),
    "s3:LifecycleExpiration:*": ("Object Deleted", "Lifecycle Expiration"),
    "s3:LifecycleTransition": ("Object Storage Class Changed", None),
    "s3:IntelligentTiering": ("Object Access Tier Changed", None),
    "s3:ObjectTagging:Put": ("Object Tags Added", None),
    "s3:ObjectTagging:Delete": ("Object Tags Deleted", None),
    "s3:ObjectAcl:Put": ("Object ACL Updated", None),
}
"""What EventBridge calls an event, and the `reason` in its detail ("Using EventBridge", Amazon S3 User Guide)."""
_MOST_NAME: Final = 63 - 13
"""Characters of a generated bucket name before the hyphen and the 12 characters that make it unique."""
_MOST_KEY: Final = 1_024
_HASHED: Final = 8
_CONFIGURATIONS: Final = ("LambdaConfigurations", "QueueConfigurations", "TopicConfigurations")


@dataclass(frozen=True, slots=True)
class S3(BaseTrigger):
    """Run the function on the events of a bucket: `@app.function(on.s3(Data.uploads, prefix="in/", suffix=".jpg"))`.

    A bucket of the app's notifies the function itself. One that exists already, given by name or ARN, does so through
    EventBridge: its notifications to EventBridge must be on, and the handler gets EventBridge's events. `prefix` and
    `suffix` are of the keys.
    """

    offers = ("bucket", "Name", "The bucket to put objects into")

    bucket: BucketRef
    _: KW_ONLY
    events: BucketEvent | Sequence[BucketEvent] = "s3:ObjectCreated:*"
    prefix: str = ""
    suffix: str = ""

    def checks(self) -> Iterator[Callable[[], object]]:
        """Yield the checks of the bucket, the events, the parts of keys."""
        yield self._check_events
        yield partial(_check_key_part, "prefix", self.prefix)
        yield partial(_check_key_part, "suffix", self.suffix)
        yield partial(arn_of, self.bucket, "s3")

    def _check_events(self) -> None:
        """Refuse with RemitError (2) a trigger without an event."""
        if not self.names:
            raise RemitError("s3: events is empty", hint='such as events="s3:ObjectCreated:*"')

    @property
    def names(self) -> tuple[str, ...]:
        """The events, each once, in the order in which they are given."""
        events = [self.events] if isinstance(self.events, str) else list(self.events)
        return tuple(dict.fromkeys(tokens.plain(event) for event in events))

    @property
    def own_bucket(self) -> str:
        """The logical id of the app's bucket; "" for one that exists already."""
        return own_id(self.bucket)

    @property
    def bucket_name(self) -> str:
        """The name of a bucket that exists already; of one of the app's, the late-bound text that refers to it."""
        text: str = tokens.plain(getattr(self.bucket, "arn", self.bucket))
        return text.rpartition(":")[2]

    def _permission_id(self, function: Function) -> str:
        return f"{function.logical_id}{logical(self.own_bucket)}BucketPermission"

    def sources(self) -> Iterator[TriggerSource]:
        """Yield the bucket: one that is not the app's sends its events to EventBridge."""
        yield TriggerSource("bucket", arn_of(self.bucket, "s3"), "with its notifications to EventBridge on")

    def resources(self, function: Function) -> Iterator[Resource]:
        """Yield the permission for the bucket, whose notifications `with_sources` adds; or a rule of EventBridge.

        RemitError: EventBridge has no such event, or one rule cannot say it.
        """
        suffix = position_suffix(self, function, lambda trigger: trigger.bucket_name)
        if self.own_bucket:
            if not suffix:  # one permission for all of its triggers on the bucket
                source = f"${{{self.own_bucket}.Arn}}"
                yield permission(function, self._permission_id(function), "s3.amazonaws.com", source)
            return
        rule = f"{function.logical_id}{logical(self.bucket_name)}Bucket{suffix}"
        properties = {
            "Description": f"Events of bucket {self.bucket_name} for {function.name}",
            "EventPattern": self._event_pattern(),
            "State": "ENABLED",
            "Targets": [{"Id": "function", "Arn": function.arn}],
        }
        yield Resource(rule, "AWS::Events::Rule", properties, origin=function.origin)
        yield permission(function, f"{rule}Permission", "events.amazonaws.com", f"${{{rule}.Arn}}")

    def _event_pattern(self) -> dict[str, Any]:
        """The pattern of EventBridge for these events. RemitError: it has no such event, or one rule cannot say it."""
        unknown = [event for event in self.names if event not in _BY_EVENTBRIDGE]
        if unknown:
            raise RemitError(
                f"bucket {self.bucket_name!r} exists already, and is reached through EventBridge, "
                f"which has no event {unknown[0]}",
                hint=f"EventBridge has {', '.join(_BY_EVENTBRIDGE)}; or make the bucket a resource of the app",
                origin=self.written,
            )
        matches = [_BY_EVENTBRIDGE[event] for event in self.names]
        detail: dict[str, Any] = {"bucket": {"name": [self.bucket_name]}}
        if self.prefix and self.suffix:
            detail["object"] = {"key": [{"wildcard": f"{self.prefix}*{self.suffix}"}]}
        elif self.prefix or self.suffix:
            detail["object"] = {"key": [{"prefix": self.prefix} if self.prefix else {"suffix": self.suffix}]}
        reasons = {reason for _, reason in matches}
        types = list(dict.fromkeys(detail_type for detail_type, _ in matches))
        if None not in reasons:
            detail["reason"] = sorted(reason for reason in reasons if reason is not None)
        elif len(reasons) > 1:
            narrower = next(event for event, match in zip(self.names, matches, strict=True) if match[1] is not None)
            raise RemitError(
                f"one rule of EventBridge cannot tell {narrower} from the other events of bucket {self.bucket_name!r}",
                hint="give the function two triggers: `on.s3(…, events=…), on.s3(…, events=…)`",
                origin=self.written,
            )
        return {"source": ["aws.s3"], "detail-type": types, "detail": detail}


def _check_key_part(option: str, value: str) -> None:
    """Refuse with RemitError (2) a prefix or suffix with a wildcard, or longer than a key: 1,024 bytes.

    Source: "Object key name" (Amazon S3 User Guide).
    """
    if "*" in value:
        hint = "a prefix or suffix is plain text: leave the `*` out"
        raise RemitError(f"s3: {option}={value!r:.60} has a wildcard", hint=hint)
    size = len(value.encode())
    if size > _MOST_KEY:
        raise RemitError(f"s3: {option} has {size:,} bytes; a key has {_MOST_KEY:,} at most")


@dataclass(frozen=True, slots=True)
class _Notification:
    """One notification that a bucket sends: the event, its filter, and whom it is for."""

    event: str
    prefix: str
    suffix: str
    receiver: str

    def overlaps(self, other: _Notification) -> bool:
        """Return whether an object may have both: S3 then refuses the configuration."""
        return (
            _have_events_in_common(self.event, other.event)
            and (self.prefix.startswith(other.prefix) or other.prefix.startswith(self.prefix))
            and (self.suffix.endswith(other.suffix) or other.suffix.endswith(self.suffix))
        )


def _have_events_in_common(event: str, other: str) -> bool:
    """Return whether two events of notifications are the same, or one ends in `:*` and has the other in it."""
    if event.endswith(":*"):
        return other.startswith(event[:-1])
    return event == other or (other.endswith(":*") and event.startswith(other[:-1]))


def with_sources(app: App) -> App:
    """The app with the notifications of its buckets that its triggers ask for, merged with those written by hand.

    The bucket waits for the permission of each function. Since it refers to the functions, they and their roles cannot
    refer to it: a bucket without a name gets one that the stack's id makes unique (`synthesis/circular_dependencies.py`
    puts it in the place of references). RemitError has all that cannot be.
    """
    return with_changed_sources(
        app, S3, lambda trigger: trigger.own_bucket, lambda bucket, own: _with_notifications(bucket, own, app.namespace)
    )


def _with_notifications(bucket: Resource, triggers: Sequence[tuple[Function, S3]], namespace: str) -> Resource:
    """The bucket, changed to notify the functions of its triggers; it waits for their permissions, and has a name.

    RemitError: S3 refuses that, or nothing can be added.
    """
    configuration = bucket.properties.get("NotificationConfiguration", {})
    if tokens.is_intrinsic(configuration):
        raise RemitError(
            f"`{bucket.logical_id}` has a NotificationConfiguration that CloudFormation computes, "
            "to which no trigger can be added",
            origin=bucket.origin,
        )
    _check_overlaps(bucket, configuration, triggers)
    entries = list(configuration.get("LambdaConfigurations", ()))
    depends = bucket.attributes.get("DependsOn", [])
    depends = [depends] if isinstance(depends, str) else list(depends)
    for function, trigger in triggers:
        given = [{"Name": name, "Value": getattr(trigger, name)} for name in ("prefix", "suffix")]
        rules = [rule for rule in given if rule["Value"]]
        key_filter = {"Filter": {"S3Key": {"Rules": rules}}} if rules else {}
        entries += [{"Event": event, "Function": function.arn, **key_filter} for event in trigger.names]
        # S3 looks for the permission when a notification is set, and refuses it without.
        depends.append(trigger._permission_id(function))  # noqa: SLF001 - of this very module
    properties = {
        **bucket.properties,
        "BucketName": bucket.properties.get("BucketName") or generated_name(namespace, bucket.logical_id),
        "NotificationConfiguration": {**configuration, "LambdaConfigurations": entries},
    }
    attributes = {**bucket.attributes, "DependsOn": list(dict.fromkeys(depends))}
    return replace(bucket, properties=properties, attributes=attributes)


def _check_overlaps(
    bucket: Resource, configuration: Mapping[str, Any], triggers: Sequence[tuple[Function, S3]]
) -> None:
    """Refuse two notifications that one object may have, whoever they are for, as S3 does. RemitError has all of them.

    Source: "Configuring notifications" (Amazon S3 User Guide).
    """
    notifications: list[_Notification] = []
    for kind in _CONFIGURATIONS:
        for entry in configuration.get(kind, ()):
            rules = entry.get("Filter", {}).get("S3Key", {}).get("Rules", ())
            values = {str(rule.get("Name", "")).lower(): str(rule.get("Value", "")) for rule in rules}
            prefix, suffix = values.get("prefix", ""), values.get("suffix", "")
            notifications.append(_Notification(str(entry.get("Event", "")), prefix, suffix, f"what {kind} says"))
    mistakes = Mistakes()
    for function, trigger in triggers:
        for event in trigger.names:
            new = _Notification(event, trigger.prefix, trigger.suffix, f"function {function.name}")
            earlier = next((notification for notification in notifications if new.overlaps(notification)), None)
            if earlier is not None:
                mistakes.add(
                    f"bucket `{bucket.logical_id}` would notify {earlier.receiver} and {new.receiver} of the same "
                    f"objects ({new.event}, prefix {new.prefix!r}, suffix {new.suffix!r}), which S3 refuses",
                    hint="make the prefixes or suffixes differ; or send the events to a topic, "
                    "to which both subscribe: `on.sns(…)`",
                    origin=trigger.written,
                )
            notifications.append(new)
    mistakes.refuse()


def generated_name(namespace: str, logical_id: str) -> str:
    """A bucket's name that no other stack has: the stack's name, the logical id, and the end of the stack's id."""
    head = f"{namespace}-{logical_id}".lower()
    if len(head) > _MOST_NAME:
        head = f"{head[: _MOST_NAME - _HASHED - 1]}-{digest(head, digits=_HASHED)}"
    return f"{head}-{UNIQUE}"


_STACK_UUID: Final = {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}
UNIQUE: Final = tokens.from_intrinsic({"Fn::Select": [4, {"Fn::Split": ["-", _STACK_UUID]}]})
"""The last 12 characters of the stack's id, which is another for each stack, as late-bound text."""
