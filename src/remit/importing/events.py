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
from remit.importing.template_values import TemplateNames, UnsayableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from remit.importing.python_text import Source
    from remit.template.sam.resources import SamEvent

_TRUE: Final = (True, "true", "True")
_NOT_WRITTEN: Final = ("Description", "Name", "RuleName", "OmitName", "Target.Id", "QueueLogicalId")
"""TemplateNames and descriptions of resources that remit names itself."""


class _NoOptionError(Exception):
    """A property has a value that the trigger has no option for."""


class _Option(NamedTuple):
    """An option of a trigger, and how it is made of the property's value; None leaves it out."""

    keyword: str
    convert: Callable[[TemplateNames, Any], Source | None] = TemplateNames.source


def _flag(_: TemplateNames, value: Any) -> str | None:
    if value not in (*_TRUE, False, "false", "False"):
        raise _NoOptionError
    return None if value in _TRUE else "False"


def _state(names: TemplateNames, value: Any) -> str | None:
    return _flag(names, {"ENABLED": True, "DISABLED": False}.get(value, value) if isinstance(value, str) else value)


def _true(_: TemplateNames, value: Any) -> str:
    if value not in _TRUE:
        raise _NoOptionError
    return "True"


def _failures(_: TemplateNames, value: Any) -> str:
    if value != ["ReportBatchItemFailures"]:
        raise _NoOptionError
    return "True"


def _filters(names: TemplateNames, value: Any) -> Source:
    patterns = []
    for entry in value if isinstance(value, list) else ():
        if not isinstance(entry, dict) or not isinstance(entry.get("Pattern"), str):
            raise _NoOptionError
        patterns.append(_json(entry["Pattern"]))
    if not patterns:
        raise _NoOptionError
    return names.source(patterns[0] if len(patterns) == 1 else patterns)


def _json(text: str) -> Any:
    try:
        return read_json(text, "pattern")[0]
    except RemitError:
        raise _NoOptionError from None


def _input(names: TemplateNames, value: Any) -> Source:
    return names.source(_json(value) if isinstance(value, str) else value)


def _key_filter(names: TemplateNames, value: Any) -> Bracketed:
    """The rules of a bucket's filter, as keywords: the only value that becomes two options."""
    items = []
    for rule in value if isinstance(value, list) else ():
        name = str(rule.get("Name", "")).lower() if isinstance(rule, dict) else ""
        if name not in ("prefix", "suffix"):
            raise _NoOptionError
        items.append(Item(names.source(rule.get("Value")), f"{name}="))
    return Bracketed("", tuple(items), "")


def resource(names: TemplateNames, value: Any) -> Source:
    """A resource of the app's as such, where its Ref or an attribute is given; any other value as text."""
    name = referred_to(value)
    if name in names.left:
        raise UnsayableError(names.left[name])
    if name in names.resources:
        return f"{names.owner}{names.resources[name]}"
    return names.text(value)


def _only_enabled(names: TemplateNames, value: Any) -> None:
    if _flag(names, value) is not None:
        raise _NoOptionError


def _dead_letter(names: TemplateNames, value: Any) -> Source:
    return resource(names, value)


_BATCHES: Final = {
    "BatchSize": _Option("batch_size"),
    "MaximumBatchingWindowInSeconds": _Option("batch_window"),
    "FilterCriteria.Filters": _Option("filter", _filters),
    "FunctionResponseTypes": _Option("report_failures", _failures),
}
_STREAM: Final = {
    "StartingPosition": _Option("starting_position"),
    **_BATCHES,
    "MaximumRetryAttempts": _Option("retries"),
    "MaximumRecordAgeInSeconds": _Option("max_record_age"),
    "ParallelizationFactor": _Option("parallelization_factor"),
    "BisectBatchOnFunctionError": _Option("bisect_batch", _true),
    "TumblingWindowInSeconds": _Option("tumbling_window"),
    "DestinationConfig.OnFailure.Destination": _Option("on_failure", resource),
    "DestinationConfig.OnFailure.Type": _Option("", lambda _names, _value: None),
    "Enabled": _Option("", _only_enabled),
}
_DELIVERY: Final = {
    "Input": _Option("input", _input),
    "RetryPolicy.MaximumRetryAttempts": _Option("retries"),
    "RetryPolicy.MaximumEventAgeInSeconds": _Option("max_event_age"),
    "DeadLetterConfig.Arn": _Option("dead_letter", _dead_letter),
    "State": _Option("enabled", _state),
    "Enabled": _Option("enabled", _flag),
}


class EventForm(NamedTuple):
    """A trigger: its name, the properties that are its positional arguments, and its options by property."""

    trigger: str
    arguments: Mapping[str, Callable[[TemplateNames, Any], Source | None]]
    options: Mapping[str, _Option]


def _detail(names: TemplateNames, value: Any) -> Source:
    return names.source(value)


_EVENT: Final = {
    **{f"Pattern.{key}": _Option(key.replace("-", "_"), _detail) for key in ("source", "detail-type", "detail")},
    **{f"Pattern.{key}": _Option(key) for key in ("account", "region")},
    "Pattern.resources": _Option("resource_arns"),
    "EventBusName": _Option("bus", resource),
    **_DELIVERY,
}
_SCHEDULE: Final = {"ScheduleExpressionTimezone": _Option("timezone"), **_DELIVERY}
FORMS: Final = {
    "CloudWatchEvent": EventForm("event", {}, _EVENT),
    "CloudWatchLogs": EventForm("logs", {"LogGroupName": resource, "FilterPattern": TemplateNames.source}, {}),
    "Cognito": EventForm("cognito", {"UserPool": resource, "Trigger": TemplateNames.source}, {}),
    "DynamoDB": EventForm("dynamodb", {"Stream": resource}, _STREAM),
    "EventBridgeRule": EventForm("event", {}, _EVENT),
    "IoTRule": EventForm("iot", {"Sql": TemplateNames.source}, {"AwsIotSqlVersion": _Option("sql_version")}),
    "Kinesis": EventForm("kinesis", {"Stream": resource}, _STREAM),
    "S3": EventForm(
        "s3", {"Bucket": resource}, {"Events": _Option("events"), "Filter.S3Key.Rules": _Option("", _key_filter)}
    ),
    "SNS": EventForm(
        "sns",
        {"Topic": resource},
        {
            "FilterPolicy": _Option("filter"),
            "FilterPolicyScope": _Option("filter_scope"),
            "RedrivePolicy.deadLetterTargetArn": _Option("dead_letter", _dead_letter),
        },
    ),
    "SQS": EventForm(
        "sqs",
        {"Queue": resource},
        {
            **_BATCHES,
            "ScalingConfig.MaximumConcurrency": _Option("max_concurrency"),
            "Enabled": _Option("", _only_enabled),
        },
    ),
    "Schedule": EventForm("schedule", {"Schedule": TemplateNames.source}, _SCHEDULE),
    "ScheduleV2": EventForm(
        "schedule",
        {"ScheduleExpression": TemplateNames.source},
        {**_SCHEDULE, "FlexibleTimeWindow.MaximumWindowInMinutes": _Option("flexible_window")},
    ),
}
"""The events that have a trigger, but for those of APIs."""
NEEDS_OWN: Final = {"S3": "Bucket", "Cognito": "UserPool"}
"""Events whose trigger acts on a resource of the app's alone, and the property that names it."""


def trigger(event: SamEvent, names: TemplateNames) -> Source | None:
    """The trigger of an event; None where none says it all. UnsayableError: it cannot be said in any way."""
    form = FORMS.get(event.type)
    if form is None:
        return None
    properties = dict(_flattened(event.properties, {*form.arguments, *form.options}))
    positional: list[Item] = []
    keywords: list[Item] = []
    try:
        for path, convert in form.arguments.items():
            if path in properties:
                value = convert(names, properties.pop(path))
                if value is not None:
                    positional.append(Item(value))
        for path, value in properties.items():
            keywords += _keywords(form, path, value, names)
    except _NoOptionError:
        return None
    own = NEEDS_OWN.get(event.type)
    if own is not None and not _is_own(event.properties.get(own), names):
        return None
    return call(f"on.{form.trigger}", *positional, *keywords)


def _keywords(form: EventForm, path: str, value: Any, names: TemplateNames) -> Iterator[Item]:
    if path in _NOT_WRITTEN or (path == "FlexibleTimeWindow.Mode"):
        return
    option = form.options.get(path)
    if option is None:
        raise _NoOptionError
    source = option.convert(names, value)
    if isinstance(source, Bracketed) and not source.begin:
        yield from source.items
    elif source is not None:
        yield Item(source, f"{option.keyword}=")


def _is_own(value: Any, names: TemplateNames) -> bool:
    return isinstance(value, dict) and value.get("Ref") in names.resources


def _flattened(value: Mapping[str, Any], known: set[str], before: str = "") -> Iterator[tuple[str, Any]]:
    """The values by their paths, as deep as an option's path reaches."""
    for key, item in value.items():
        path = f"{before}{key}"
        reaches_deeper = any(name.startswith(f"{path}.") for name in known)
        if reaches_deeper and path not in known and isinstance(item, dict) and not tokens.is_intrinsic(item):
            yield from _flattened(item, known, f"{path}.")
        else:
            yield path, item
