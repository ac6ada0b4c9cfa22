"""Sample events, as AWS documents them, and with an app's names in the place of AWS's."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from remit.catalogue.types import resource_type
from remit.did_you_mean import did_you_mean
from remit.errors import RemitError
from remit.iam import tokens
from remit.resources.names import name_of, own_id
from remit.triggers.api import Api
from remit.triggers.cognito import Cognito
from remit.triggers.dynamodb import Dynamodb
from remit.triggers.event import Event
from remit.triggers.http import Http
from remit.triggers.iot import Iot
from remit.triggers.kinesis import Kinesis
from remit.triggers.logs import Logs
from remit.triggers.payload_format import in_format_1
from remit.triggers.rest import Rest
from remit.triggers.s3 import S3, UNIQUE
from remit.triggers.sample_requests import in_rest_format, message, request
from remit.triggers.schedule import Schedule
from remit.triggers.sns import Sns
from remit.triggers.sqs import Sqs
from remit.triggers.websocket import Websocket

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remit.app import App, Function, Resource, Trigger

_FOLDER: Final = Path(__file__).parent / "samples"


class SampleEvent(NamedTuple):
    """An event as AWS documents it: `name` on the command line, and the page that has it."""

    name: str
    trigger: type[Trigger]
    about: str
    page: str

    @property
    def event(self) -> Any:
        """The event, as a handler gets it."""
        sample = json.loads((_FOLDER / f"{self.name.replace('-', '_')}.json").read_text("utf-8"))
        return _packed(sample) if self.trigger is Logs else sample


SAMPLES: Final = (
    SampleEvent(
        "api", Api, "a request to a route of the HTTP API", "Create AWS Lambda proxy integrations for HTTP APIs"
    ),
    SampleEvent("cognito", Cognito, "a step of a user pool, PreSignUp", "Pre sign-up Lambda trigger"),
    SampleEvent("dynamodb", Dynamodb, "changes of a table", "Using AWS Lambda with Amazon DynamoDB"),
    SampleEvent("event", Event, "an event of EventBridge", "Events from AWS services"),
    SampleEvent("http", Http, "a request to a function URL", "Invoking Lambda function URLs"),
    SampleEvent("iot", Iot, "a message of a device, as its rule selects it", "Lambda (AWS IoT rule actions)"),
    SampleEvent("kinesis", Kinesis, "records of a stream", "How Lambda processes records from Amazon Kinesis"),
    SampleEvent("logs", Logs, "lines of a log group, packed as Lambda gets them", "Using Lambda with CloudWatch Logs"),
    SampleEvent("rest", Rest, "a request to a route of the REST API", "Lambda proxy integrations in API Gateway"),
    SampleEvent("s3", S3, "an object in a bucket of the app", "Process Amazon S3 event notifications with Lambda"),
    SampleEvent(
        "s3-eventbridge", S3, "an object in a bucket that is not the app's", "EventBridge event message structure"
    ),
    SampleEvent("schedule", Schedule, "a schedule", "Using AWS Lambda with Amazon EventBridge Scheduler"),
    SampleEvent("sns", Sns, "a message of a topic", "Invoking Lambda functions with Amazon SNS notifications"),
    SampleEvent("sqs", Sqs, "a message of a queue", "Using Lambda with Amazon SQS"),
    SampleEvent("sqs-fifo", Sqs, "a message of a FIFO queue", "Using Lambda with Amazon SQS"),
    SampleEvent(
        "websocket", Websocket, "a message of a WebSocket's client", "Set up a WebSocket API integration request"
    ),
)
"""Every sample, with the title of AWS's page that has it."""


def sample_event(name: str) -> SampleEvent:
    """The sample of a name. RemitError with a did-you-mean: there is none."""
    samples = {sample.name: sample for sample in SAMPLES}
    if name not in samples:
        hint = did_you_mean(name, samples) or f"there are {', '.join(samples)}"
        raise RemitError(f"there is no sample event {name!r}", hint=hint)
    return samples[name]


def event_for(sample: SampleEvent, app: App, function: Function) -> Any:
    """The sample with the names of the function's first trigger that sends such events.

    It is the trigger's `input` alone where a schedule or an event rule sets one, and of payload format 1.0 where the
    route asks for it. RemitError: the function has no such trigger.
    """
    trigger = next((trigger for trigger in function.triggers if _fits(sample, trigger)), None)
    if trigger is None:
        fitting = [sample.name for sample in SAMPLES if any(_fits(sample, trigger) for trigger in function.triggers)]
        raise RemitError(
            f"function `{function.name}` has no trigger that sends the event {sample.name}",
            hint=f"it has {', '.join(fitting)}" if fitting else "it has none with a sample event",
            origin=function.origin,
        )
    if isinstance(trigger, Event | Schedule) and trigger.input is not None:
        return tokens.plain(trigger.input)
    fill = _FILLS.get(type(trigger))
    event = sample.event if fill is None else fill(sample.event, trigger, app)
    return in_format_1(event) if isinstance(trigger, Api) and trigger.payload_format(function, app) == "1.0" else event


def with_deployed_names(app: App, physical_ids: Mapping[str, str]) -> App:
    """The app with the names that its own resources have in a stack, by `physical_ids`: those of their logical ids.

    The physical id of a queue is its URL, that of a topic its ARN: the name is at its end. A resource that the stack
    does not have, or whose type has no name, stays.
    """
    resources: list[Resource] = []
    for resource in app.resources:
        kind, properties = resource_type(resource.type), dict(resource.properties)
        name = physical_ids.get(resource.logical_id, "")
        if name.startswith("arn:"):
            name = name.rpartition(":")[2]
        elif "://" in name:
            name = name.rpartition("/")[2]
        if name and kind is not None and kind.naming is not None:
            properties[kind.naming.property] = name
        resources.append(replace(resource, properties=properties))
    return replace(app, resources=tuple(resources))


def _fits(sample: SampleEvent, trigger: Trigger) -> bool:
    """Return whether a trigger sends events of a sample's form."""
    if not isinstance(trigger, sample.trigger):
        return False
    if isinstance(trigger, S3):
        return (sample.name == "s3") == bool(trigger.own_bucket)
    if isinstance(trigger, Sqs):
        return (sample.name == "sqs-fifo") == trigger.is_fifo
    return True


def _packed(data: Any) -> dict[str, Any]:
    """Lines of a log group as Lambda gets them: JSON, gzipped, in base64. The same bytes each time."""
    lines = json.dumps(data["awslogs"]["data"]).encode()
    return {"awslogs": {"data": base64.b64encode(gzip.compress(lines, mtime=0)).decode()}}


def _renamed(event: Any, names: dict[str, str]) -> Any:
    """The event with names of the sample replaced wherever they stand in its texts, one replacement after the other."""
    text = json.dumps(event)
    for sample_name, name in names.items():
        text = text.replace(json.dumps(sample_name)[1:-1], json.dumps(name)[1:-1])
    return json.loads(text)


def _source_name(app: App, subject: Any, arn: str) -> str:
    """The name of a trigger's source; of one of the app's without a name, one that CloudFormation may give it."""
    logical_id = own_id(subject)
    if not logical_id:
        return name_of(arn)
    resource = next(resource for resource in app.resources if resource.logical_id == logical_id)
    named = ("BucketName", "QueueName", "TopicName", "TableName", "Name", "LogGroupName")
    names = (resource.properties.get(name) for name in named)
    name = next((name for name in names if isinstance(name, str)), f"{app.namespace}-{logical_id}-EXAMPLE")
    return str(tokens.plain(name)).replace(UNIQUE, "0123456789ab")


def _bucket_event(event: Any, trigger: S3, app: App) -> Any:
    """The event with the trigger's bucket, and a key that has its prefix and suffix."""
    name = _source_name(app, trigger.bucket, trigger.bucket_name)
    key = f"{trigger.prefix}example{trigger.suffix}"
    renamed = _renamed(event, {"amzn-s3-demo-bucket": name})
    for record in renamed.get("Records", [{"s3": renamed.get("detail", {})}]):
        record["s3"]["object"]["key"] = key
    return renamed


def _topic_event(event: Any, trigger: Sns, app: App) -> Any:
    return _renamed(event, {"sns-lambda": _source_name(app, trigger.topic, trigger.arn)})


def _queue_event(event: Any, trigger: Sqs, app: App) -> Any:
    name = _source_name(app, trigger.queue, trigger.arn)
    return _renamed(event, {":my-queue": f":{name}", ":fifo.fifo": f":{name}"})


def _table_event(event: Any, trigger: Dynamodb, app: App) -> Any:
    return _renamed(event, {"my-table": _source_name(app, trigger.stream, trigger.arn)})


def _stream_event(event: Any, trigger: Kinesis, app: App) -> Any:
    return _renamed(event, {"lambda-stream": _source_name(app, trigger.stream, trigger.arn)})


def _rule_event(event: Any, trigger: Event, _: App) -> Any:
    """The sample with fields that the pattern of the rule lets through, where that is easily told."""
    example = _example_of(trigger.pattern)
    resources = {"resources": [example["resources"]]} if "resources" in example else {}
    return {**event, **example, **resources}


def _example_of(pattern: dict[str, Any]) -> dict[str, Any]:
    """An object of the fields of a pattern, each with its first plain value, and of the first of its alternatives.

    Fields that must not be there are left out.
    """
    example: dict[str, Any] = {}
    for name, value in pattern.items():
        if isinstance(value, dict):
            example[name] = _example_of(value)
        elif name == "$or":
            example |= _example_of(value[0])
        elif {"exists": False} not in value:
            example[name] = next((item for item in value if not isinstance(item, dict)), _example_value(value[0]))
    return example


def _example_value(comparison: Any) -> Any:
    """A value that a comparison lets through, where that is easily told; else the word `example`."""
    if not isinstance(comparison, dict):
        return comparison
    ((operator, operand),) = comparison.items()
    if isinstance(operand, dict):  # a prefix or a suffix in any case
        operand = operand.get("equals-ignore-case", "example")
    if operator in ("prefix", "suffix", "equals-ignore-case"):
        return operand
    if operator == "wildcard":
        return operand.replace("*", "example")
    if operator == "cidr":
        return operand.partition("/")[0]
    if operator == "numeric":
        bounds = operand[1::2]
        return sum(bounds) / 2 if len(bounds) > 1 else bounds[0] + {">": 1, "<": -1}.get(operand[0], 0)
    return "example"


def _log_event(_: Any, trigger: Logs, app: App) -> Any:
    sample = json.loads((_FOLDER / "logs.json").read_text("utf-8"))
    name = _source_name(app, trigger.group, trigger.group_name)
    return _packed(_renamed(sample, {"/aws/lambda/echo-nodejs": name}))


def _rest_request(_: Any, trigger: Rest, app: App) -> Any:
    return in_rest_format(request(sample_event("api").event, trigger, app), trigger, app)


def _pool_event(event: Any, trigger: Cognito, _: App) -> Any:
    sources = {"PreSignUp": "PreSignUp_SignUp", "PostConfirmation": "PostConfirmation_ConfirmSignUp"}
    source = sources.get(trigger.step, f"{trigger.step}_Authentication")
    return {**event, "triggerSource": source}


_FILLS: Final[dict[type[Any], Callable[[Any, Any, App], Any]]] = {
    S3: _bucket_event,
    Sns: _topic_event,
    Sqs: _queue_event,
    Dynamodb: _table_event,
    Kinesis: _stream_event,
    Event: _rule_event,
    Logs: _log_event,
    Cognito: _pool_event,
    Api: request,
    Rest: _rest_request,
    Websocket: message,
}
"""How each trigger's names come into its event; the others have none."""
