"""Events of functions as triggers: for each type of SAM's what it is called, and which of its properties an option has.

An event with a property that no option has stays as it is: the resources that SAM makes of it, with their names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from remit.documents.json_text import read_json
from remit.errors import RemitError
from remit.iam import tokens
from remit.importing.app_model import referred_to
from remit.importing.python_text import Bracketed, Item, call
from remit.template.sections import mappings, section

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from remit.importing.python_text import Source
    from remit.importing.template_values import TemplateNames
    from remit.template.sam.resources import SamEvent

_NOT_WRITTEN: Final = (
    "Description", "DestinationConfig.OnFailure.Type", "FlexibleTimeWindow.Mode", "Name", "OmitName", "QueueLogicalId",
    "RuleName", "Target.Id",
)  # fmt: skip
"""Names and descriptions of resources that remit names itself, and what another property says as well."""
_SWITCHES: Final = ("Enabled", "State")
_SWITCHED: Final = {"true": "True", "enabled": "True", "false": "False", "disabled": "False"}


def resource(names: TemplateNames, value: Any) -> Source:
    """A resource of the app's as such, where its Ref or an attribute is given; any other value as text."""
    name = referred_to(value)
    return f"{names.owner}{names.resources[name]}" if name in names.resources else names.text(value)


def _switch(_: TemplateNames, value: Any) -> Source:
    if str(value).lower() not in _SWITCHED:
        raise RemitError("only the deploy knows whether it is on")
    return _SWITCHED[str(value).lower()]


def _failures(_: TemplateNames, value: Any) -> Source:
    if value != ["ReportBatchItemFailures"]:
        raise RemitError("its answers are not those of a batch")
    return "True"


def _filters(names: TemplateNames, value: Any) -> Source:
    patterns = [read_json(str(entry.get("Pattern")), "pattern")[0] for entry in mappings(value)]
    return names.source(patterns[0] if len(patterns) == 1 else patterns)


def _input(names: TemplateNames, value: Any) -> Source:
    return names.source(read_json(value, "input")[0] if isinstance(value, str) else value)


def _pollers(names: TemplateNames, value: Any) -> Source:
    numbers = (section(value).get(name) for name in ("MinimumPollers", "MaximumPollers"))
    return Bracketed("(", tuple(Item(names.source(number)) for number in numbers), ")")


_CONVERSIONS: Final[Mapping[str, Callable[[TemplateNames, Any], Source]]] = {
    **dict.fromkeys(("Bucket", "EventBusName", "LogGroupName", "Queue", "Stream", "Topic", "UserPool"), resource),
    **dict.fromkeys(_SWITCHES, _switch),
    "BisectBatchOnFunctionError": _switch,
    "DeadLetterConfig.Arn": resource,
    "DestinationConfig.OnFailure.Destination": resource,
    "FilterCriteria.Filters": _filters,
    "FunctionResponseTypes": _failures,
    "Input": _input,
    "ProvisionedPollerConfig": _pollers,
    "RedrivePolicy.deadLetterTargetArn": resource,
}
"""How the value of a property becomes that of an option, where it is not the same."""


class EventForm(NamedTuple):
    """A trigger: its name, the properties that are its positional arguments, and its options by property."""

    trigger: str
    arguments: tuple[str, ...]
    options: Mapping[str, str]


_BATCHES: Final = {
    "BatchSize": "batch_size",
    "MaximumBatchingWindowInSeconds": "batch_window",
    "FilterCriteria.Filters": "filter",
    "FunctionResponseTypes": "report_failures",
}
_QUEUE: Final = {
    **_BATCHES,
    "ScalingConfig.MaximumConcurrency": "max_concurrency",
    "ProvisionedPollerConfig": "provisioned_pollers",
}
_STREAM: Final = {
    **_BATCHES,
    "StartingPosition": "starting_position",
    "MaximumRetryAttempts": "retries",
    "MaximumRecordAgeInSeconds": "max_record_age",
    "ParallelizationFactor": "parallelization_factor",
    "BisectBatchOnFunctionError": "bisect_batch",
    "TumblingWindowInSeconds": "tumbling_window",
    "DestinationConfig.OnFailure.Destination": "on_failure",
}
_DELIVERY: Final = {
    "Input": "input",
    "RetryPolicy.MaximumRetryAttempts": "retries",
    "RetryPolicy.MaximumEventAgeInSeconds": "max_event_age",
    "DeadLetterConfig.Arn": "dead_letter",
    "State": "enabled",
    "Enabled": "enabled",
}
_EVENT: Final = {
    **{f"Pattern.{key}": key for key in ("source", "detail", "account", "region")},
    "Pattern.detail-type": "detail_type",
    "Pattern.resources": "resource_arns",
    "EventBusName": "bus",
    **_DELIVERY,
}
_SCHEDULE: Final = {
    "ScheduleExpressionTimezone": "timezone",
    "FlexibleTimeWindow.MaximumWindowInMinutes": "flexible_window",
    **_DELIVERY,
}
_OBJECTS: Final = {
    "Events": "events",
    "Filter.S3Key.Rules.prefix": "prefix",
    "Filter.S3Key.Rules.suffix": "suffix",
}
_MESSAGES: Final = {
    "FilterPolicy": "filter",
    "FilterPolicyScope": "filter_scope",
    "RedrivePolicy.deadLetterTargetArn": "dead_letter",
}
FORMS: Final = {
    "CloudWatchEvent": EventForm("event", (), _EVENT),
    "CloudWatchLogs": EventForm("logs", ("LogGroupName", "FilterPattern"), {}),
    "Cognito": EventForm("cognito", ("UserPool", "Trigger"), {}),
    "DynamoDB": EventForm("dynamodb", ("Stream",), _STREAM),
    "EventBridgeRule": EventForm("event", (), _EVENT),
    "IoTRule": EventForm("iot", ("Sql",), {"AwsIotSqlVersion": "sql_version"}),
    "Kinesis": EventForm("kinesis", ("Stream",), _STREAM),
    "S3": EventForm("s3", ("Bucket",), _OBJECTS),
    "SNS": EventForm("sns", ("Topic",), _MESSAGES),
    "SQS": EventForm("sqs", ("Queue",), _QUEUE),
    "Schedule": EventForm("schedule", ("Schedule",), _SCHEDULE),
    "ScheduleV2": EventForm("schedule", ("ScheduleExpression",), _SCHEDULE),
}
"""The events that have a trigger, but for those of APIs."""
NEEDS_OWN: Final = {"S3": "Bucket", "Cognito": "UserPool"}
"""Events whose trigger acts on a resource of the app's alone, and the property that names it."""


def trigger(event: SamEvent, names: TemplateNames) -> Source:
    """The trigger of an event. RemitError: none says it all."""
    form = FORMS.get(event.type)
    own = NEEDS_OWN.get(event.type)
    if form is None or (own is not None and referred_to(event.properties.get(own)) not in names.resources):
        raise RemitError("no trigger of remit's stands for it")
    positional: list[Item] = []
    keywords: list[Item] = []
    properties = dict(_flattened(event.properties, {*form.arguments, *form.options}))
    values = {path: properties.pop(path) for path in form.arguments if path in properties} | properties
    for path, value in values.items():
        convert = _CONVERSIONS.get(path)
        source = names.source(value) if convert is None else convert(names, value)
        if path in form.arguments:
            positional.append(Item(source))
        elif path in form.options:
            keywords.append(Item(source, f"{form.options[path]}="))
        elif path not in _NOT_WRITTEN:
            raise RemitError(f"on.{form.trigger} has no option for {path}")
    return call(f"on.{form.trigger}", *positional, *keywords)


def _flattened(value: Mapping[str, Any], known: Collection[str], before: str = "") -> Iterator[tuple[str, Any]]:
    """The values by their paths, as deep as an option's path reaches; what is on without being told is not there."""
    for key, item in value.items():
        path = f"{before}{key}"
        reaches_deeper = any(name.startswith(f"{path}.") for name in known) and not tokens.is_intrinsic(item)
        if reaches_deeper and isinstance(item, list):  # the rules of a bucket's filter
            rules = {str(rule.get("Name")).lower(): rule.get("Value") for rule in mappings(item)}
            yield from _flattened(rules, known, f"{path}.")
        elif reaches_deeper and isinstance(item, dict):
            yield from _flattened(item, known, f"{path}.")
        elif path not in _SWITCHES or _SWITCHED.get(str(item).lower()) != "True":
            yield path, item
