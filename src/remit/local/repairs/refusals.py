"""Refusals that the emulator lacks: of templates, busy stacks, and single resources.

It lets two operations work on a stack, deletes a bucket with all it holds, and drops a property that it does not know.

Sources: "CreateStack" (CloudFormation API Reference), "Troubleshooting CloudFormation", "Stack status codes"
(CloudFormation User Guide).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.types import resource_type
from remit.local.emulator import emulated, instead_of, place_of_request
from remit.local.stack_operations import (
    HandlerError,
    StackRequestError,
    around,
    before_each,
    stored_change_set,
    stored_stack,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remit.catalogue.properties import Shape
    from remit.local.stack_operations import Answer, ResourceOperation

_REVIEWED: Final = "REVIEW_IN_PROGRESS"
_DELETABLE: Final = frozenset({"CREATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", _REVIEWED})
"""The states of a running operation that a delete takes over."""
_NEVER_UPDATED: Final = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED"})
_STORES: Final = {
    "AWS::CloudWatch::Alarm": ("cloudwatch", "_alarms"),
    "AWS::DynamoDB::Table": ("dynamodb", "_tables"),
    "AWS::ECR::Repository": ("ecr", "_repositories"),
    "AWS::Events::EventBus": ("eventbridge", "_event_buses"),
    "AWS::Events::Rule": ("eventbridge", "_rules"),
    "AWS::IAM::Group": ("iam", "_groups"),
    "AWS::IAM::InstanceProfile": ("iam", "_instance_profiles"),
    "AWS::IAM::ManagedPolicy": ("iam", "_policies"),
    "AWS::IAM::Role": ("iam", "_roles"),
    "AWS::IAM::User": ("iam", "_users"),
    "AWS::IoT::Thing": ("iot", "_things"),
    "AWS::IoT::TopicRule": ("iot", "_topic_rules"),
    "AWS::KMS::Alias": ("kms", "_aliases"),
    "AWS::Kinesis::Stream": ("kinesis", "_streams"),
    "AWS::KinesisFirehose::DeliveryStream": ("firehose", "_streams"),
    "AWS::Lambda::Function": ("lambda_svc", "_functions"),
    "AWS::Logs::LogGroup": ("cloudwatch_logs", "_log_groups"),
    "AWS::Pipes::Pipe": ("pipes", "_pipes"),
    "AWS::SNS::Topic": ("sns", "_topics"),
    "AWS::SQS::Queue": ("sqs", "_queue_name_to_url"),
    "AWS::SSM::Parameter": ("ssm", "_parameters"),
    "AWS::Scheduler::Schedule": ("scheduler", "_schedules"),
    "AWS::Scheduler::ScheduleGroup": ("scheduler", "_schedule_groups"),
    "AWS::SecretsManager::Secret": ("secretsmanager", "_secrets"),
    "AWS::StepFunctions::StateMachine": ("stepfunctions", "_state_machines"),
}
"""The types whose names are unique in an account and region, with the emulator's module and dictionary for each."""
_MAKING: Final = ("create", "update")
_NOT_EMPTY: Final = "The bucket you tried to delete is not empty. You must delete all versions in the bucket."


def refuse() -> None:
    """Make every refusal, once, in the process that serves."""
    _refuse_lacking_capabilities()
    _refuse_busy_stacks()
    before_each(_refuse_unknown_properties)
    before_each(_refuse_existing_names)
    before_each(_refuse_filled_buckets)


def _refuse_lacking_capabilities() -> None:
    """A template that makes IAM resources, or uses a transform, needs the capability; the emulator asks with its AUTH.

    Emulator: services/cloudformation/handlers.py.
    Test: test_refusals.py::test_a_template_with_roles_needs_the_capability.
    """
    instead_of(emulated("services.cloudformation.handlers"), "_capabilities_enforced")(lambda _is_enforced: True)


def _refuse_busy_stacks() -> None:
    """A stack takes one operation at a time, and no second creation after a rollback; the emulator lets two work.

    Emulator: services/cloudformation/handlers.py.
    Test: test_refusals.py::test_a_stack_is_neither_deleted_nor_planned_while_it_is_updated,
    test_refusals.py::test_a_stack_whose_creation_was_rolled_back_is_not_created_again.
    """
    for operation in ("CreateStack", "DeleteStack", "CreateChangeSet", "ExecuteChangeSet"):
        around(operation, _answer_by_state)


def _answer_by_state(parameters: Mapping[str, str], answer: Callable[[], Answer]) -> Answer:
    operation, name = parameters["Action"], parameters.get("StackName", "")
    if operation == "ExecuteChangeSet":  # which may name its change set alone
        change_set = stored_change_set(parameters)
        name = "" if change_set is None else change_set["StackId"]
    stack = stored_stack(name)
    if stack is None:
        return answer()
    status = stack["StackStatus"]
    is_running = status.endswith("_IN_PROGRESS")
    if operation == "CreateStack" or (operation, parameters.get("ChangeSetType")) == ("CreateChangeSet", "CREATE"):
        if status == "ROLLBACK_COMPLETE":
            raise StackRequestError("AlreadyExistsException", f"Stack [{stack['StackName']}] already exists")
    elif operation == "DeleteStack":
        if is_running and status not in _DELETABLE:
            message = f"Stack [{stack['StackId']}] cannot be deleted while in status {status}"
            raise StackRequestError("ValidationError", message)
    # REVIEW_IN_PROGRESS is no operation: the stack waits for its first change set.
    elif (is_running and status != _REVIEWED) or status in _NEVER_UPDATED:
        message = f"Stack:{stack['StackId']} is in {status} state and can not be updated."
        raise StackRequestError("ValidationError", message)
    return answer()


def _refuse_existing_names(operation: ResourceOperation) -> None:
    """A stack makes no resource under a name that exists: the emulator adopts it, and a rollback then deletes it.

    It refuses an existing bucket by itself. Source: "Resource of type … with identifier … already exists",
    HandlerErrorCode: AlreadyExists (Troubleshooting CloudFormation).
    Emulator: services/cloudformation/provisioners.py.
    Test: test_refusals.py::test_a_stack_does_not_adopt_a_resource_of_the_same_name_and_its_rollback_leaves_it.
    """
    kind = resource_type(operation.type)
    if operation.type not in _STORES or kind is None or kind.naming is None or operation.verb not in _MAKING:
        return
    properties = operation.properties
    name = properties.get(kind.naming.property)
    is_kept = operation.verb == "update" and name == operation.previous.get(kind.naming.property)
    if is_kept or not isinstance(name, str):
        return  # CloudFormation makes a name that nobody has

    def text_at(path: str) -> str | None:
        value = properties.get(path)
        return value if isinstance(value, str) else None

    path = text_at(kind.naming.path) if kind.naming.path else None
    arn = kind.arn_named(kind.naming.in_arn(name, path or ""), place_of_request(), text_at)
    stated = {**dict(() if kind.arn is None else kind.arn.defaults), **properties}
    # The emulator keys some by their ARN, a schedule by its group, a rule by its bus, and all others by the name.
    keys = (name, arn or name, f"{stated.get('GroupName')}/{name}", f"{stated.get('EventBusName')}|{name}")
    module, attribute = _STORES[operation.type]
    store = getattr(emulated(f"services.{module}"), attribute)
    if any(key in store for key in keys):
        message = f"Resource of type '{operation.type}' with identifier '{name}' already exists."
        raise HandlerError(message, "AlreadyExists")


def _refuse_filled_buckets(operation: ResourceOperation) -> None:
    """A bucket that is not empty is not deleted with its stack.

    Source: "How do I delete an S3 bucket in CloudFormation" (AWS re:Post Knowledge Center): BucketNotEmpty.
    Emulator: services/cloudformation/provisioners.py.
    Test: test_refusals.py::test_a_bucket_that_is_not_empty_is_not_deleted_with_its_stack.
    """
    if operation.verb != "delete" or operation.type != "AWS::S3::Bucket":
        return
    s3 = emulated("services.s3")
    bucket = s3._buckets.get(operation.physical_id)
    if bucket is not None and (bucket["objects"] or s3._bucket_has_versions(operation.physical_id)):
        raise HandlerError(f"{_NOT_EMPTY} (Service: S3, Status Code: 409)", "GeneralServiceException")


def _refuse_unknown_properties(operation: ResourceOperation) -> None:
    """A resource has no property that the schema of its type lacks.

    Source: "Resource type schema" (CloudFormation CLI User Guide).
    Emulator: services/cloudformation/provisioners.py.
    Test: test_refusals.py::test_a_property_that_the_type_does_not_have_fails_its_resource.
    """
    kind = resource_type(operation.type)
    if kind is None or kind.is_custom or operation.verb not in _MAKING:
        return
    extraneous = list(_extraneous(operation.properties, kind.shape, "#"))
    if extraneous:
        messages = ", ".join(f"{path}: extraneous key [{key}] is not permitted" for path, key in extraneous)
        raise ValueError(
            f"Properties validation failed for resource {operation.logical_id} with message:\n[{messages}]"
        )


def _extraneous(value: Any, shape: Shape, path: str) -> Iterator[tuple[str, str]]:
    """The keys that the type's schema does not have, each with the place of its object."""
    if isinstance(value, list):
        for position, item in enumerate(value):
            yield from _extraneous(item, shape.items, f"{path}/{position}")
    if not isinstance(value, Mapping) or not shape.properties:
        return
    for key, item in value.items():
        child = shape.child(key)
        if child is None:
            yield path, key
        else:
            yield from _extraneous(item, child, f"{path}/{key}")
