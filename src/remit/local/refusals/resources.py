"""Refuse what AWS refuses of single resources: names that exist, filled or foreign buckets, roles that Lambda lacks.

A stack cannot create a resource under a name that another has already: the emulator adopts it, and a rollback then
deletes what never belonged to the stack. It refuses an existing bucket by itself. It deletes a bucket with all it
holds, does not look at the header that names its owner, and makes a function with any role.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.types import resource_type
from remit.local.authorization.stored_policies import trusts
from remit.local.emulator import emulated, instead_of, place_of_request
from remit.local.refusals.refusal import Refusal
from remit.local.stack_operations import HandlerError, before_each

if TYPE_CHECKING:
    from collections.abc import Mapping

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


EXISTING_NAMES: Final = Refusal(
    what="A stack creates a resource under a name that exists already.",
    source='"Resource of type … with identifier … already exists" (HandlerErrorCode: AlreadyExists), '
    "Troubleshooting CloudFormation",
    install=lambda: before_each(_refuse_existing),
)


_NOT_EMPTY: Final = "The bucket you tried to delete is not empty. You must delete all versions in the bucket."


def _refuse_filled(operation: ResourceOperation) -> None:
    if operation.verb != "delete" or operation.type != "AWS::S3::Bucket":
        return
    s3 = emulated("services.s3")
    bucket = s3._buckets.get(operation.physical_id)
    if bucket is None:
        return
    if bucket["objects"] or s3._bucket_has_versions(operation.physical_id):
        raise HandlerError(f"{_NOT_EMPTY} (Service: S3, Status Code: 409)", "GeneralServiceException")


FILLED_BUCKETS: Final = Refusal(
    what="A stack deletes a bucket that is not empty.",
    source="BucketNotEmpty; `How do I delete an S3 bucket in CloudFormation` (AWS re:Post Knowledge Center)",
    install=lambda: before_each(_refuse_filled),
)


_HEADERS: Final = ("x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner")


def _install_owners() -> None:
    s3 = emulated("services.s3")

    @instead_of(s3, "handle_request")
    async def answer(
        handle: Any, method: str, path: str, headers: Mapping[str, str], *arguments: Any, **options: Any
    ) -> Any:
        owner = place_of_request()["Account"]
        if any(headers.get(name, owner) != owner for name in _HEADERS):
            return s3._error("AccessDenied", "Access Denied", 403, path)  # as it writes all errors
        return await handle(method, path, headers, *arguments, **options)


BUCKET_OWNERS: Final = Refusal(
    what="A request expects another owner of a bucket than it has.",
    source="`Verifying bucket ownership with bucket owner condition` (Amazon S3 User Guide)",
    install=_install_owners,
)


NOT_ASSUMED: Final = "The role defined for the function cannot be assumed by Lambda."
_LAMBDA: Final = "lambda.amazonaws.com"


def _refuse_role(operation: ResourceOperation) -> None:
    if operation.type != "AWS::Lambda::Function" or operation.verb not in ("create", "update"):
        return
    role = operation.properties.get("Role")
    if isinstance(role, str) and role != operation.previous.get("Role") and not trusts(role, _LAMBDA):
        raise HandlerError(f"{NOT_ASSUMED} (Service: Lambda, Status Code: 400)", "InvalidRequest")


FUNCTION_ROLES: Final = Refusal(
    what="A stack makes a function whose role does not exist or does not trust Lambda.",
    source="InvalidParameterValueException: `The role defined for the function cannot be assumed by Lambda`, "
    "CreateFunction (AWS Lambda API Reference)",
    install=lambda: before_each(_refuse_role),
)
