"""What late-bound references will be once the stack is there: ARNs and names, as far as they can be foretold.

A resource that is not named in the template gets a name of CloudFormation's making, `STACK-LogicalId-RANDOM`; here a
`*` stands for the random part. Source: "Name type" (CloudFormation User Guide).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from remit.app import Resource
from remit.errors import RemitError
from remit.grants.defaults import queue_id
from remit.iam import tokens
from remit.iam.policy import Globs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remit.app import App
    from remit.iam.policy import Statement

_HERE: Final = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:"
_TYPES: Final = {
    "AWS::DynamoDB::Table": ("TableName", _HERE % "dynamodb" + "table/"),
    "AWS::DynamoDB::GlobalTable": ("TableName", _HERE % "dynamodb" + "table/"),
    "AWS::Events::EventBus": ("Name", _HERE % "events" + "event-bus/"),
    "AWS::IAM::Role": ("RoleName", "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/"),
    "AWS::Kinesis::Stream": ("Name", _HERE % "kinesis" + "stream/"),
    "AWS::KinesisFirehose::DeliveryStream": ("DeliveryStreamName", _HERE % "firehose" + "deliverystream/"),
    "AWS::Lambda::Function": ("FunctionName", _HERE % "lambda" + "function:"),
    "AWS::S3::Bucket": ("BucketName", "arn:${AWS::Partition}:s3:::"),
    "AWS::SNS::Topic": ("TopicName", _HERE % "sns"),
    "AWS::SQS::Queue": ("QueueName", _HERE % "sqs"),
    "AWS::StepFunctions::StateMachine": ("StateMachineName", _HERE % "states" + "stateMachine:"),
    "AWS::Logs::LogGroup": ("LogGroupName", _HERE % "logs" + "log-group:"),
    "AWS::SecretsManager::Secret": ("Name", _HERE % "secretsmanager" + "secret:"),
}
"""By type: the property that names it, and what stands before the name in its ARN."""
_ARN_AS_REF: Final = frozenset({
    "AWS::SNS::Topic", "AWS::StepFunctions::StateMachine", "AWS::SecretsManager::Secret",
})  # fmt: skip
_ENDS: Final = {"AWS::Logs::LogGroup": ":*", "AWS::SecretsManager::Secret": "-??????"}
"""What GetAtt or Ref put behind the name."""


def names_of(app: App) -> dict[str, str]:
    """What each reference of an app's roles will be, by its text."""
    groups = (
        Resource(f"{function.logical_id}LogGroup", "AWS::Logs::LogGroup", {"LogGroupName": f"/aws/lambda/{name}"})
        for function in app.functions
        for name in (function.physical_name,)
    )
    functions = (
        Resource(f"{one.logical_id}Function", "AWS::Lambda::Function", {"FunctionName": one.physical_name})
        for one in app.functions
    )
    queues = (Resource(queue_id(queue), "AWS::SQS::Queue", {}) for queue in app.queues)
    return names_in(app.namespace, (*app.resources, *groups, *functions, *queues))


def names_in(stack: str, resources: Iterable[Resource]) -> dict[str, str]:
    """What each reference to the resources of a stack will be, by its text. A stack nobody knows is `*`."""
    stack_id = f"{_HERE % 'cloudformation'}stack/{stack}/*"
    return {
        "${AWS::StackName}": stack,
        "${AWS::StackId}": stack_id,
        **{text: name for resource in resources for text, name in _of(resource, stack)},
    }


def _of(resource: Resource, stack: str) -> Iterator[tuple[str, str]]:
    if resource.type not in _TYPES:
        return
    name_property, start = _TYPES[resource.type]
    given = resource.properties.get(name_property)
    text = tokens.textual(given)
    name = put(text, {"${AWS::StackName}": stack}) if isinstance(text, str) and text else ""
    if not name or any(part.target is None or "::" not in part.target for part in references(name)):
        name = f"{stack}-{resource.logical_id}-*"
        name = name.lower() if resource.type == "AWS::S3::Bucket" else name
    arn = f"{start}{name}{_ENDS.get(resource.type, '')}"
    yield resource.arn, arn
    if resource.type != "AWS::SQS::Queue":  # whose Ref is a URL
        yield resource.ref, arn if resource.type in _ARN_AS_REF else name


def arn_of(kind: str, name: str) -> str | None:
    """The ARN that `Fn::GetAtt` gives for a resource of a type, by its name in the account; None: not foretold.

    Partition, region and account stand in it as references.
    """
    if name.startswith("arn:"):
        return name
    if kind not in _TYPES:
        return None
    bare = name.rpartition("/")[2] if kind == "AWS::SQS::Queue" else name  # which a queue's URL ends with
    return f"{_TYPES[kind][1]}{bare}{_ENDS.get(kind, '')}"


def put(text: str, names: Mapping[str, str]) -> str:
    """A text with its known references in place."""
    found = references(text)
    if not found:
        return text
    return "".join(part if isinstance(part, str) else names.get(part.text, part.text) for part in tokens.split(text))


def references(text: str) -> tuple[tokens.Reference, ...]:
    """As `tokens.references`, for a text that somebody typed or pasted: one that is not well formed has none."""
    try:
        return tokens.references(text)
    except RemitError:
        return ()


def put_all(statement: Statement, names: Mapping[str, str]) -> Statement:
    """A statement with the known references of its actions, resources and conditions in place."""
    actions, resources = statement.actions, statement.resources
    return replace(
        statement,
        actions=Globs(tuple(put(text, names) for text in actions.patterns), actions.negated)
        if any("${" in text for text in actions.patterns)
        else actions,
        resources=None
        if resources is None
        else Globs(tuple(put(text, names) for text in resources.patterns), resources.negated),
        conditions=tuple(
            replace(one, values=tuple(put(value, names) for value in one.values)) for one in statement.conditions
        ),
    )
