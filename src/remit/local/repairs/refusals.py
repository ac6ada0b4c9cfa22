"""Refusals of CloudFormation that the emulator lacks.

It asks for no capability, deletes a bucket with all it holds, adopts a resource of the same name, and drops a property
that it does not know.

Sources: "CreateStack" (CloudFormation API Reference), "Troubleshooting CloudFormation" (CloudFormation User Guide).
"""

from __future__ import annotations

from typing import Final

from remit.app import Resource
from remit.catalogue.types import resource_type
from remit.local.emulator import emulated, instead_of, place_of_request
from remit.local.stack_operations import HandlerError, ResourceOperation, before_each
from remit.resources.check_schema import UNKNOWN_PROPERTY, check_type

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
    """Make every refusal, once, in the process that serves.

    A template that makes IAM resources, or uses a transform, needs the capability; the emulator asks with its AUTH.

    Emulator: services/cloudformation/handlers.py.
    Test: test_refusals.py::test_a_template_with_roles_needs_the_capability.
    """
    instead_of(emulated("services.cloudformation.handlers"), "_capabilities_enforced")(lambda _is_enforced: True)
    before_each(_refuse_unknown_properties)
    before_each(_refuse_existing_names)
    before_each(_refuse_filled_buckets)


def _refuse_existing_names(operation: ResourceOperation) -> None:
    """A stack makes no resource under a name that exists: the emulator adopts it, and a rollback then deletes it.

    HandlerError (AlreadyExists): the name is taken. An update that keeps its name passes.

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
        """A property that is a text; None where it is none."""
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
    """A bucket that is not empty, or has versions, is not deleted with its stack: HandlerError.

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
    """A resource has no property that the schema of its type lacks: ValueError names all that it has.

    Source: "Resource type schema" (CloudFormation CLI User Guide).
    Emulator: services/cloudformation/provisioners.py.
    Test: test_refusals.py::test_a_property_that_the_type_does_not_have_fails_its_resource.
    """
    kind = resource_type(operation.type)
    if kind is None or kind.is_custom or operation.verb not in _MAKING:
        return
    messages = []
    for mistake in check_type(Resource(operation.logical_id, operation.type, operation.properties), {}):
        if mistake.rule == UNKNOWN_PROPERTY:
            *place, key = map(str, mistake.path)
            messages.append(f"{'/'.join(('#', *place))}: extraneous key [{key}] is not permitted")
    if messages:
        raise ValueError(
            f"Properties validation failed for resource {operation.logical_id} with message:\n[{', '.join(messages)}]"
        )
