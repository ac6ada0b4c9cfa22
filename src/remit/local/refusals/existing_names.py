"""A stack cannot create a resource under a name that another has already.

The emulator adopts it, and a rollback then deletes what never belonged to the stack. It refuses an existing bucket by
itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.types import resource_type
from remit.local.emulator import emulated, place_of_request
from remit.local.refusals.refusal import Refusal
from remit.local.stack_operations import HandlerError, before_each

if TYPE_CHECKING:
    from remit.local.stack_operations import ResourceOperation

_NAME: Final = "{name}"


@dataclass(frozen=True, slots=True)
class _Store:
    """The emulator's store for a type of resource: a dictionary of a service's module, and the form of its keys.

    A key is made of the properties, {name}, and {arn}.
    """

    module: str
    attribute: str
    key: str = _NAME

    def holds(self, key: str) -> bool:
        """Return whether a resource of this key is there, in the account and region of the request that is answered."""
        service = emulated(f"services.{self.module}")
        return key in getattr(service, self.attribute)


_STORES: Final = {
    "AWS::CloudWatch::Alarm": _Store("cloudwatch", "_alarms"),
    "AWS::DynamoDB::Table": _Store("dynamodb", "_tables"),
    "AWS::ECR::Repository": _Store("ecr", "_repositories"),
    "AWS::Events::EventBus": _Store("eventbridge", "_event_buses"),
    "AWS::Events::Rule": _Store("eventbridge", "_rules", "{EventBusName}|{name}"),
    "AWS::IAM::Group": _Store("iam", "_groups"),
    "AWS::IAM::InstanceProfile": _Store("iam", "_instance_profiles"),
    "AWS::IAM::ManagedPolicy": _Store("iam", "_policies", "{arn}"),
    "AWS::IAM::Role": _Store("iam", "_roles"),
    "AWS::IAM::User": _Store("iam", "_users"),
    "AWS::IoT::Thing": _Store("iot", "_things"),
    "AWS::IoT::TopicRule": _Store("iot", "_topic_rules"),
    "AWS::KMS::Alias": _Store("kms", "_aliases", "{arn}"),
    "AWS::Kinesis::Stream": _Store("kinesis", "_streams"),
    "AWS::KinesisFirehose::DeliveryStream": _Store("firehose", "_streams"),
    "AWS::Lambda::Function": _Store("lambda_svc", "_functions"),
    "AWS::Logs::LogGroup": _Store("cloudwatch_logs", "_log_groups"),
    "AWS::Pipes::Pipe": _Store("pipes", "_pipes"),
    "AWS::SNS::Topic": _Store("sns", "_topics", "{arn}"),
    "AWS::SQS::Queue": _Store("sqs", "_queue_name_to_url"),
    "AWS::SSM::Parameter": _Store("ssm", "_parameters"),
    "AWS::Scheduler::Schedule": _Store("scheduler", "_schedules", "{GroupName}/{name}"),
    "AWS::Scheduler::ScheduleGroup": _Store("scheduler", "_schedule_groups"),
    "AWS::SecretsManager::Secret": _Store("secretsmanager", "_secrets"),
    "AWS::StepFunctions::StateMachine": _Store("stepfunctions", "_state_machines", "{arn}"),
}
"""The types whose names are unique in an account and region."""


def _refuse_existing(operation: ResourceOperation) -> None:
    name = _new_name(operation)
    store = _STORES.get(operation.type)
    if name is None or store is None or not store.holds(_key(store, operation, name)):
        return
    raise HandlerError(f"Resource of type '{operation.type}' with identifier '{name}' already exists.", "AlreadyExists")


def _new_name(operation: ResourceOperation) -> str | None:
    """The name that a resource is given and does not have yet; None where CloudFormation makes one."""
    kind = resource_type(operation.type)
    if kind is None or kind.naming is None or operation.verb not in ("create", "update"):
        return None
    name = operation.properties.get(kind.naming.property)
    is_kept = operation.verb == "update" and name == operation.previous.get(kind.naming.property)
    return None if is_kept or not isinstance(name, str) else name


def _key(store: _Store, operation: ResourceOperation, name: str) -> str:
    kind = resource_type(operation.type)
    if kind is None or kind.arn is None or kind.naming is None:
        return name

    def text_at(path: str) -> str | None:
        value = operation.properties.get(path)
        return value if isinstance(value, str) else None

    values: dict[str, Any] = dict(kind.arn.defaults)
    values |= operation.properties
    values["name"] = name
    if "{arn}" in store.key:
        path = str(operation.properties.get(kind.naming.path) or "") if kind.naming.path else ""
        values["arn"] = kind.arn_named(kind.naming.in_arn(name, path), place_of_request(), text_at)
    return store.key.format_map(values)


REFUSAL: Final = Refusal(
    what="A stack creates a resource under a name that exists already.",
    source='"Resource of type … with identifier … already exists" (HandlerErrorCode: AlreadyExists), '
    "Troubleshooting CloudFormation",
    install=lambda: before_each(_refuse_existing),
)
