"""Events of functions as triggers: for each type of SAM's what it is called, and which of its properties an option has.

An event with a property that no option has stays as it is: the resources that SAM makes of it, with their names.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from remit import triggers
from remit.documents.json_text import read_json
from remit.errors import RemitError
from remit.iam import tokens
from remit.importing.app_model import referred_to
from remit.importing.python_text import Item, Source, call
from remit.importing.template_values import TemplateNames, words
from remit.template.sections import mappings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from remit.template.sam.resources import SamEvent

_NOT_WRITTEN: Final = (
    "Description", "DestinationConfig.OnFailure.Type", "FlexibleTimeWindow.Mode", "Name", "OmitName", "QueueLogicalId",
    "RuleName", "Target.Id",
)  # fmt: skip
"""Names and descriptions of resources that remit names itself, and what another property says as well."""
_SWITCHES: Final = ("Enabled", "State")
_SWITCHED: Final = {"true": "True", "enabled": "True", "false": "False", "disabled": "False"}


def resource(names: TemplateNames, value: Any) -> Source:
    """A resource of the app's as such, where its Ref or an attribute is given; any other value as text.

    RemitError (2): that value has no form as text.
    """
    name = referred_to(value)
    return f"{names.owner}{names.resources[name]}" if name in names.resources else names.text(value)


def _switch(_: TemplateNames, value: Any) -> Source:
    """`True` or `False` for a switch's value, in SAM's or CloudFormation's spelling. RemitError (2): it is neither."""
    if str(value).lower() not in _SWITCHED:
        raise RemitError("only the deploy knows whether it is on")
    return _SWITCHED[str(value).lower()]


def _failures(_: TemplateNames, value: Any) -> Source:
    """`True` for `["ReportBatchItemFailures"]`. RemitError (2): any other value."""
    if value != ["ReportBatchItemFailures"]:
        raise RemitError("its answers are not those of a batch")
    return "True"


def _filters(names: TemplateNames, value: Any) -> Source:
    """The patterns of filters, a single one by itself. RemitError (2): one is no JSON."""
    patterns = [read_json(str(entry.get("Pattern")), "pattern")[0] for entry in mappings(value)]
    return names.source(patterns[0] if len(patterns) == 1 else patterns)


def _input(names: TemplateNames, value: Any) -> Source:
    """The input of a schedule, whose text is read as JSON. RemitError (2): it is none."""
    return names.source(read_json(value, "input")[0] if isinstance(value, str) else value)


_CONVERSIONS: Final[Mapping[str, Callable[[TemplateNames, Any], Source]]] = {
    **dict.fromkeys(("Bucket", "EventBusName", "LogGroupName", "Queue", "Stream", "Topic", "UserPool"), resource),
    **dict.fromkeys(_SWITCHES, _switch),
    "BisectBatchOnFunctionError": _switch,
    "DeadLetterConfig.Arn": resource,
    "DestinationConfig.OnFailure.Destination": resource,
    "FilterCriteria.Filters": _filters,
    "FunctionResponseTypes": _failures,
    "Input": _input,
    "RedrivePolicy.deadLetterTargetArn": resource,
}
"""How the value of a property becomes that of an option, where it is not the same."""


TRIGGERS: Final = {
    "CloudWatchEvent": "event", "CloudWatchLogs": "logs", "Cognito": "cognito", "DynamoDB": "dynamodb",
    "EventBridgeRule": "event", "IoTRule": "iot", "Kinesis": "kinesis", "S3": "s3", "SNS": "sns", "SQS": "sqs",
    "Schedule": "schedule", "ScheduleV2": "schedule",
}  # fmt: skip
"""The triggers of events, but for those of APIs."""
_OPTIONS: Final = {
    "AwsIotSqlVersion": "sql_version",
    "BisectBatchOnFunctionError": "bisect_batch",
    "DeadLetterConfig.Arn": "dead_letter",
    "DestinationConfig.OnFailure.Destination": "on_failure",
    "Enabled": "enabled",
    "EventBusName": "bus",
    "Filter.S3Key.Rules.prefix": "prefix",
    "Filter.S3Key.Rules.suffix": "suffix",
    "FilterCriteria.Filters": "filter",
    "FilterPattern": "pattern",
    "FilterPolicy": "filter",
    "FilterPolicyScope": "filter_scope",
    "FlexibleTimeWindow.MaximumWindowInMinutes": "flexible_window",
    "FunctionResponseTypes": "report_failures",
    "LogGroupName": "group",
    "MaximumBatchingWindowInSeconds": "batch_window",
    "MaximumRecordAgeInSeconds": "max_record_age",
    "MaximumRetryAttempts": "retries",
    "Pattern.detail-type": "detail_type",
    "Pattern.resources": "resource_arns",
    "RedrivePolicy.deadLetterTargetArn": "dead_letter",
    "RetryPolicy.MaximumEventAgeInSeconds": "max_event_age",
    "RetryPolicy.MaximumRetryAttempts": "retries",
    "ScalingConfig.MaximumConcurrency": "max_concurrency",
    "Schedule": "expression",
    "ScheduleExpression": "expression",
    "ScheduleExpressionTimezone": "timezone",
    "State": "enabled",
    "Trigger": "step",
    "TumblingWindowInSeconds": "tumbling_window",
    "UserPool": "pool",
}
"""Options by the paths of the properties that they have; others are called as the last step of theirs."""
NEEDS_OWN: Final = {"S3": "Bucket", "Cognito": "UserPool"}
"""Events whose trigger acts on a resource of the app's alone, and the property that names it."""


def trigger(event: SamEvent, names: TemplateNames) -> Source:
    """The trigger of an event that is no route, as `on.sqs(…)`. RemitError (2): none says all of its properties."""
    own = NEEDS_OWN.get(event.type)
    if event.type not in TRIGGERS or (own and referred_to(event.properties.get(own)) not in names.resources):
        raise RemitError("no trigger of remit's stands for it")
    trigger_name = TRIGGERS[event.type]
    options = {field.name: field for field in fields(getattr(triggers, trigger_name))}
    given: dict[str, Item] = {}
    for path, value in _flattened(event.properties):
        option = _OPTIONS.get(path) or words(path.rpartition(".")[2])
        if option in options:
            source = _CONVERSIONS.get(path, TemplateNames.source)(names, value)
            given[option] = Item(source, f"{option}=" if options[option].kw_only else "")
        elif path not in _NOT_WRITTEN:
            raise RemitError(f"on.{trigger_name} has no option for {path}")
    return call(f"on.{trigger_name}", *sorted(given.values(), key=lambda item: bool(item.prefix)))


def _flattened(value: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each path with its value, as deep as an option's path reaches, but for switches that are on.

    The rules of a bucket's filter become paths by their names in small letters.
    """
    for key, item in value.items():
        path = f"{before}{key}"
        is_longer = any(name.startswith(f"{path}.") for name in (*_OPTIONS, *_NOT_WRITTEN))
        reaches_deeper = is_longer and not tokens.is_intrinsic(item)
        if reaches_deeper and isinstance(item, list):  # the rules of a bucket's filter
            rules = {str(rule.get("Name")).lower(): rule.get("Value") for rule in mappings(item)}
            yield from _flattened(rules, f"{path}.")
        elif reaches_deeper and isinstance(item, dict):
            yield from _flattened(item, f"{path}.")
        elif path not in _SWITCHES or _SWITCHED.get(str(item).lower()) != "True":
            yield path, item
