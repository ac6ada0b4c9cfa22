"""The policies of the app's own keys and queues, for services that use them as themselves: to send, or to store.

No role can let a service do so: the key's policy must. Of a key that is not the app's, the plan says what it must say.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from remit.catalogue.types import Referent, resource_type
from remit.errors import Mistakes, RemitError
from remit.iam import tokens
from remit.resources.names import name_of
from remit.roles.encryption_keys import key_of
from remit.synthesis.job_resources import job_resources
from remit.template.branches import values_at
from remit.triggers.existing_sources import ExistingSource, gathered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from remit.app import App, Resource
    from remit.resources.kms_key import KmsKey

_OWNER: Final = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"},
    "Action": "kms:*",
    "Resource": "*",
}
"""The policy of a key that is made without one ("Default key policy", AWS KMS Developer Guide)."""
_FROM_HERE: Final = {"StringEquals": {"aws:SourceAccount": tokens.ACCOUNT}}
_SEND: Final = ("kms:GenerateDataKey", "kms:Decrypt")
_SENT_TO: Final = ("AWS::SQS::Queue", "AWS::SNS::Topic")
_HOLDING_THEM: Final[tuple[Referent, ...]] = ("queue", "topic", "target")


class _Service(NamedTuple):
    """A service's use of a key as itself, and its conditions."""

    principal: str
    actions: tuple[str, ...] = _SEND
    conditions: Mapping[str, Any] | None = None

    @property
    def statement(self) -> dict[str, Any]:
        """The statement of the key's policy that lets it."""
        allowed: dict[str, Any] = {
            "Effect": "Allow",
            "Principal": {"Service": self.principal},
            "Action": list(self.actions),
            "Resource": "*",
        }
        return allowed if self.conditions is None else {**allowed, "Condition": self.conditions}

    def is_let_by(self, statement: Any) -> bool:
        """Return whether a statement that somebody wrote lets it use the key, on whatever condition."""
        if not isinstance(statement, dict) or statement.get("Effect") != "Allow":
            return False
        principal = statement.get("Principal")
        services = _as_list(principal.get("Service")) if isinstance(principal, dict) else []
        actions = _as_list(statement.get("Action"))
        allowed = [
            action
            for action in self.actions
            if any(pattern in actions for pattern in (action, f"{action}*", "kms:*", "*"))
        ]
        return self.principal in services and len(allowed) == len(self.actions)


_CLOUDWATCH: Final = _Service("cloudwatch.amazonaws.com")
_SNS: Final = _Service("sns.amazonaws.com", conditions=_FROM_HERE)
_SENDERS: Final[Mapping[str, _Service]] = {
    "AWS::CloudWatch::Alarm": _CLOUDWATCH,
    "AWS::CloudWatch::CompositeAlarm": _CLOUDWATCH,
    "AWS::Events::Rule": _Service("events.amazonaws.com"),
    "AWS::S3::Bucket": _Service("s3.amazonaws.com", conditions=_FROM_HERE),
    "AWS::SNS::Subscription": _SNS,
    "AWS::SNS::Topic": _SNS,
}
"""By type, the service that sends for it as itself, to queues and topics.

EventBridge does not say for whom it asks, and of alarms nobody documents that they do. EventBridge Scheduler, Pipes and
Lambda send with a role, and Amazon SQS moves what failed to a dead-letter queue by itself. Sources: "Key management"
(Amazon SQS and Amazon SNS Developer Guides), "Granting permissions to publish event notification messages" (Amazon S3).
"""
_STORES: Final[Mapping[str, _Service]] = {
    "AWS::Events::EventBus": _Service(
        "events.amazonaws.com", ("kms:DescribeKey", "kms:GenerateDataKey", "kms:Decrypt"), _FROM_HERE
    ),
    "AWS::Logs::LogGroup": _Service(
        "logs.${AWS::Region}.amazonaws.com",
        ("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"),
        {
            "ArnLike": {
                "kms:EncryptionContext:aws:logs:arn": (
                    f"arn:{tokens.PARTITION}:logs:{tokens.REGION}:{tokens.ACCOUNT}:log-group:*"
                )
            }
        },
    ),
}
"""By type, the service that encrypts what it holds as itself: others do so for whoever calls, or by a grant.

Sources: "Authorizing EventBridge to use a customer managed key", "Encrypt log data in CloudWatch Logs using AWS KMS".
"""


class _KeyUse(NamedTuple):
    """A service that uses a key for a resource, which sends to `target` or is it."""

    service: _Service
    resource: Resource
    target: str
    key: KmsKey


def with_key_policies(app: App, resources: Sequence[Resource]) -> list[Resource]:
    """All resources, with keys changed to let the services use them that send to what they encrypt, or store it.

    RemitError: a key of AWS's own, whose policy nobody can change, encrypts a queue or a topic; or a key's policy is no
    plain document.
    """
    services: dict[str, list[_Service]] = {}
    mistakes = Mistakes()
    for use in _key_uses(app, resources):
        if use.key.is_of_aws:
            mistakes.add(
                f"{use.service.principal} cannot send to {name_of(use.target)}, which a key of AWS's own encrypts",
                hint="encrypt it with a key of the app, or a queue with `sqs_managed_sse_enabled=True`",
                origin=use.resource.origin or app.queues_origin,
            )
        elif use.key.own is not None:
            services.setdefault(use.key.own.logical_id, []).append(use.service)
    mistakes.refuse()
    return [
        _with_services(resource, services[resource.logical_id]) if resource.logical_id in services else resource
        for resource in resources
    ]


def existing_keys(app: App) -> tuple[ExistingSource, ...]:
    """The keys that are not the app's and encrypt what services send to for it, and what their policies must allow.

    Each has the functions that need it; none of a key that AWS manages.
    """
    names_of_existing = {f"${{{value.parameter}}}": f"of {value.called}" for value in app.existing}
    workers = [function.name for function in app.functions if function.queue is not None]
    with_functions: list[tuple[list[str], Iterable[Resource]]] = [([""], app.resources)]
    for function in app.functions:
        with_functions += [([function.name], trigger.resources(function)) for trigger in function.triggers]
    with_functions.append((workers, job_resources(app)))
    needs: list[tuple[str, str, str, str]] = []
    for functions, resources in with_functions:
        for use in _key_uses(app, resources):
            if use.key.own is None and not use.key.is_of_aws:
                # People know a key by its alias, its id, or what gives its ARN.
                key_name = use.key.name
                name = use.key.alias or names_of_existing.get(key_name) or name_of(key_name).removeprefix("key/")
                condition = f"whose policy lets {use.service.principal} use it ({', '.join(use.service.actions)})"
                needs += [("key", name, condition, function) for function in functions]
    return gathered(needs)


def _key_uses(app: App, resources: Iterable[Resource]) -> Iterator[_KeyUse]:
    """Yield the uses of keys by services as themselves: to store a resource, or to send to what a key encrypts for it.

    Only queues and topics of the app count as targets.
    """
    for resource in resources:
        store = _STORES.get(resource.type)
        stored_key = None if store is None else key_of(app, resource.ref)
        if store is not None and stored_key is not None:
            yield _KeyUse(store, resource, resource.ref, stored_key)
        sender = _SENDERS.get(resource.type)
        if sender is None:
            continue
        for target in _targets(resource):
            key = key_of(app, target, _SENT_TO)
            if key is not None:
                yield _KeyUse(sender, resource, target, key)


def _targets(resource: Resource) -> Iterator[str]:
    """Yield the ARNs of what a resource may send to, as late-bound text."""
    kind = resource_type(resource.type)
    if kind is None:
        return
    own_source = "" if kind.invokes is None else kind.invokes.source_arn  # the topic of a subscription, which sends
    paths = [path for referent in _HOLDING_THEM for path in kind.holding(referent) if path != own_source]
    for path in dict.fromkeys(paths):
        for value in values_at(resource.properties, path):
            target = tokens.textual(value)
            if isinstance(target, str):
                yield target


def _with_services(key: Resource, services: Iterable[_Service]) -> Resource:
    """The key with statements added to its policy that let the services use it, where none lets them yet.

    RemitError: its policy is no plain document, so that nothing can be added.
    """
    # A policy that is written replaces KMS's default one: without its statement, nobody could manage the key.
    document = key.properties.get("KeyPolicy") or {"Version": "2012-10-17", "Statement": [_OWNER]}
    if not isinstance(document, dict) or tokens.is_intrinsic(document):
        raise RemitError(
            f"`{key.logical_id}` encrypts what a service sends to, and no statement can be added to its policy",
            hint="write its `key_policy` as a plain document",
            origin=key.origin,
        )
    written = _as_list(document.get("Statement", []))
    additions: list[dict[str, Any]] = []
    for service in services:
        if service.statement not in additions and not any(service.is_let_by(statement) for statement in written):
            additions.append(service.statement)
    return replace(key, properties={**key.properties, "KeyPolicy": {**document, "Statement": [*written, *additions]}})


def merged_queue_policies(shared: Sequence[Resource], made: Sequence[Resource]) -> list[Resource]:
    """All resources, with each queue policy of `made` merged into the first policy of its queue, and else added.

    A queue has one policy: of two AWS::SQS::QueuePolicy, CloudFormation keeps whichever it puts last. RemitError (2):
    that policy is no plain document, or is for several queues.
    """
    resources = [*shared]
    policy_at = {queue: index for index, resource in enumerate(resources) for queue in _queues_of(resource)}
    for resource in made:
        queues = _queues_of(resource)
        index = next((policy_at[queue] for queue in queues if queue in policy_at), None)
        if index is None:
            policy_at |= dict.fromkeys(queues, len(resources))
            resources.append(resource)
            continue
        policy = resources[index]
        document = policy.properties.get("PolicyDocument")
        if not isinstance(document, dict) or tokens.is_intrinsic(document) or len(_queues_of(policy)) != 1:
            raise RemitError(
                f"a trigger's dead-letter queue has the policy `{policy.logical_id}`, "
                "to which no statement can be added",
                hint="give the dead-letter queue a policy of its own, as a plain document",
                origin=policy.origin,
            )
        statements = _as_list(document.get("Statement", []))
        statements += [item for item in resource.properties["PolicyDocument"]["Statement"] if item not in statements]
        properties = {**policy.properties, "PolicyDocument": {**document, "Statement": statements}}
        resources[index] = replace(policy, properties=properties)
    return resources


def _queues_of(resource: Resource) -> list[Any]:
    """The queues of a queue policy, as late-bound text; empty for a resource of another type."""
    queues = resource.properties.get("Queues", ()) if resource.type == "AWS::SQS::QueuePolicy" else ()
    return [tokens.textual(queue) for queue in queues] if isinstance(queues, list) else []


def _as_list(value: Any) -> list[Any]:
    """The items of a list or a tuple in a new list; any other value as its only item."""
    return list(value) if isinstance(value, list | tuple) else [value]
