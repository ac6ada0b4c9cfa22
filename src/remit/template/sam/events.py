"""The resources that the events of a function make: rules, schedules, mappings, subscriptions, permissions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from remit.iam.policy import VERSION
from remit.template.sam.polled_sources import SOURCES
from remit.template.sam.resources import MadeResource, SamEvent, SamResource, arn_of, given
from remit.template.sam.role import trusting
from remit.template.sections import section

IMPLICIT_API: Final = "ServerlessRestApi"
_HTTP: Final = "ServerlessHttpApi"
_ACCOUNT: Final = {"Ref": "AWS::AccountId"}
DEFAULT_ROUTE: Final = "$default"
ANY_METHOD: Final = ("any", "x-amazon-apigateway-any-method")
_VARIABLE: Final = r"\{[A-Za-z0-9._-]+\+?\}"
_MAPPING: Final = (
    "BatchSize", "BisectBatchOnFunctionError", "DestinationConfig", "Enabled", "FilterCriteria",
    "FunctionResponseTypes", "KmsKeyArn", "LoggingConfig", "MaximumBatchingWindowInSeconds",
    "MaximumRecordAgeInSeconds", "MaximumRetryAttempts", "MetricsConfig", "ParallelizationFactor",
    "ProvisionedPollerConfig", "Queues", "ScalingConfig", "SourceAccessConfigurations", "StartingPosition",
    "StartingPositionTimestamp", "Topics", "TumblingWindowInSeconds",
)  # fmt: skip
_SCHEDULE: Final = (
    "Description", "EndDate", "GroupName", "KmsKeyArn", "ScheduleExpression", "ScheduleExpressionTimezone",
    "StartDate", "State",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class EventTarget:
    """The target of an event, a function or its alias: its logical id, its ARN, its name."""

    logical_id: str
    arn: Any
    name: Any


def target_of(declared: SamResource) -> EventTarget:
    """The function that events start, or the alias that SAM publishes for it."""
    alias = declared.properties.get("AutoPublishAlias")
    name = {"Ref": declared.logical_id}
    if not alias:
        return EventTarget(declared.logical_id, arn_of(declared.logical_id), name)
    text = alias if isinstance(alias, str) else ""
    alias_id = f"{declared.logical_id}Alias{text.replace('-', 'D').replace('_', 'U')}"
    return EventTarget(alias_id, {"Ref": alias_id}, {"Ref": alias_id})


def function_event(event: SamEvent, target: EventTarget) -> Iterator[MadeResource]:
    """Yield the resources of an event of a function; none for a type that nobody knows."""
    make = _mapping if event.type in SOURCES else _PUSHED.get(event.type)
    if make is not None:
        for resource_made in make(event, target):
            yield replace(resource_made, origin=event.path)


def is_known(event: SamEvent) -> bool:
    """Return whether SAM's translator has such an event."""
    return event.type in SOURCES or event.type in _PUSHED


def api_of(event: SamEvent) -> str | None:
    """The implicit API that an event belongs to; None when it names one, or is not an event of an API."""
    api = {"Api": ("RestApiId", IMPLICIT_API), "HttpApi": ("ApiId", _HTTP)}.get(event.type)
    if api is None or event.properties.get(api[0]) is not None:
        return None
    stack, separator, _ = str(event.path[1]).rpartition("/")  # each nested template has its own
    return f"{stack}{separator}{api[1]}"


def _mapping(event: SamEvent, target: EventTarget) -> Iterator[MadeResource]:
    """Yield the event source mapping of a source that Lambda polls."""
    source = SOURCES[event.type][0]
    yield MadeResource(
        event.id,
        "AWS::Lambda::EventSourceMapping",
        {
            "FunctionName": target.name,
            **({"EventSourceArn": event.properties.get(source)} if source is not None else {}),
            **given(event.properties, *_MAPPING),
            **_failure_destination(event.properties),
        },
    )


def _failure_destination(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping's destination of failed batches; its Type is for SAM alone."""
    failures = section(properties, "DestinationConfig", "OnFailure")
    if "Type" not in failures:
        return {}
    sent = {name: value for name, value in failures.items() if name != "Type"}
    return {"DestinationConfig": {**section(properties, "DestinationConfig"), "OnFailure": sent}}


def _permission(event: SamEvent, target: EventTarget, service: str, **limits: Any) -> MadeResource:
    """The permission of a service to call the function, with those of the `limits` (properties) that are not None.

    SAM puts the stage behind the logical id of an API's permission: it is left out here.
    """
    return MadeResource(
        f"{event.id}Permission",
        "AWS::Lambda::Permission",
        {
            "Action": "lambda:InvokeFunction",
            "FunctionName": target.name,
            "Principal": service,
            **given(limits, *limits),
        },
    )


def _rule(event: SamEvent, target: EventTarget) -> Iterator[MadeResource]:
    """Yield the rule of an event, its permission to call the function, and the dead letter queue that SAM makes."""
    yield rule(event, {"Arn": target.arn, "Id": f"{event.id}LambdaTarget"})
    yield _permission(event, target, "events.amazonaws.com", SourceArn=arn_of(event.id))
    yield from dead_letter_queue(event, policy=True)


def rule(event: SamEvent, target: dict[str, Any]) -> MadeResource:
    """The rule of a Schedule, CloudWatchEvent or EventBridgeRule event, with one target."""
    properties = event.properties
    renamed = {"ScheduleExpression": "Schedule", "EventPattern": "Pattern"}
    renamed["Name"] = "Name" if event.type == "Schedule" else "RuleName"
    enabled = properties.get("Enabled")
    state = {} if enabled is None else {"State": "ENABLED" if enabled else "DISABLED"}
    return MadeResource(
        event.id,
        "AWS::Events::Rule",
        {
            **state,
            **given(properties, "Description", "EventBusName", "State", **renamed),
            "Targets": [_target(event, {**target, **given(section(properties, "Target"), "Id")})],
        },
    )


def _target(event: SamEvent, target: dict[str, Any]) -> dict[str, Any]:
    """A target with what it is given, how often that is tried, and the queue for what could not be delivered."""
    arn = _dead_letter_arn(event)
    dead_letters = {} if arn is None else {"DeadLetterConfig": {"Arn": arn}}
    options = given(event.properties, "Input", "InputPath", "InputTransformer", "RetryPolicy")
    return {**target, **options, **dead_letters}


def _dead_letter_arn(event: SamEvent) -> Any:
    """The ARN of an event's dead letter queue, given or of the queue that SAM makes; None without one."""
    config = event.properties.get("DeadLetterConfig")
    if not isinstance(config, dict):
        return None
    return config["Arn"] if config.get("Arn") is not None else arn_of(_dead_letter_queue_id(event, config))


def _dead_letter_queue_id(event: SamEvent, config: dict[str, Any]) -> str:
    given_id = config.get("QueueLogicalId")
    return given_id if isinstance(given_id, str) else f"{event.id}Queue"


def dead_letter_queue(event: SamEvent, *, policy: bool) -> Iterator[MadeResource]:
    """Yield the queue for what could not be delivered, and with `policy` its policy; nothing where SAM makes none."""
    config = event.properties.get("DeadLetterConfig")
    if isinstance(config, dict) and config.get("Arn") is None:
        queue = _dead_letter_queue_id(event, config)
        yield MadeResource(queue, "AWS::SQS::Queue", {})
        if policy:
            principal = {"Service": "events.amazonaws.com"}
            sent = _sending(principal, arn_of(queue), arn_of(event.id))
            yield _queue_policy(f"{event.id}QueuePolicy", {"Ref": queue}, sent)


def _sending(principal: Any, queue: Any, source: Any) -> dict[str, Any]:
    """The statement by which a rule or a topic sends to a queue."""
    return {
        "Effect": "Allow",
        "Action": "sqs:SendMessage",
        "Principal": principal,
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": source}},
    }


def _queue_policy(logical_id: str, url: Any, statement: dict[str, Any]) -> MadeResource:
    document = {"Version": VERSION, "Statement": [statement]}
    return MadeResource(logical_id, "AWS::SQS::QueuePolicy", {"Queues": [url], "PolicyDocument": document})


def schedule(event: SamEvent, arn: Any, statement: dict[str, Any]) -> Iterator[MadeResource]:
    """Yield the schedule of a ScheduleV2 event, and the role that it runs under, unless it brings one."""
    properties = event.properties
    role_arn = properties.get("RoleArn")
    role = f"{event.id}Role"
    name = {} if properties.get("OmitName") else {"Name": properties.get("Name") or event.id}
    target = _target(event, {"Arn": arn, "RoleArn": role_arn or arn_of(role)})
    yield MadeResource(
        event.id, "AWS::Scheduler::Schedule", {**given(properties, *_SCHEDULE), **name, "Target": target}
    )
    yield from dead_letter_queue(event, policy=False)
    if not role_arn:
        queue = _dead_letter_arn(event)
        sends = [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": queue}] if queue is not None else []
        boundary = properties.get("PermissionsBoundary")
        yield event_role(event, role, "scheduler.amazonaws.com", [statement, *sends], boundary)


def event_role(
    event: SamEvent, logical_id: str, service: str, statements: list[dict[str, Any]], boundary: Any = None
) -> MadeResource:
    """The role that a service starts the target with: each statement is an inline policy of its own."""
    names = (f"{logical_id}Policy{position}" for position in range(len(statements)))
    policies = [
        {"PolicyName": name, "PolicyDocument": {"Statement": [statement]}}
        for name, statement in zip(names, statements, strict=True)
    ]
    properties = {
        "AssumeRolePolicyDocument": trusting(service),
        "Policies": policies,
        **({"PermissionsBoundary": boundary} if boundary is not None else {}),
    }
    return MadeResource(
        logical_id, "AWS::IAM::Role", properties, reasons={("Policies",): f"SAM adds it for event {event.name}"}
    )


def _sns_subscription(event: SamEvent, target: EventTarget) -> Iterator[MadeResource]:
    """A topic's subscription: of the function with its permission, or of a queue, with what makes the queue poll."""
    through = event.properties.get("SqsSubscription")
    queue_settings = through if isinstance(through, dict) else None
    queue = queue_settings.get("QueueArn") if queue_settings is not None else arn_of(f"{event.id}Queue")
    shared = given(event.properties, "FilterPolicy", "FilterPolicyScope", "RedrivePolicy", "Region", TopicArn="Topic")
    end = {"Protocol": "sqs" if through else "lambda", "Endpoint": queue if through else target.arn}
    yield MadeResource(event.id, "AWS::SNS::Subscription", {**shared, **end})
    if not through:
        yield _permission(event, target, "sns.amazonaws.com", SourceArn=event.properties.get("Topic"))
        return
    if queue_settings is None:
        yield MadeResource(f"{event.id}Queue", "AWS::SQS::Queue", {})
    # SAM takes `Enabled: false` of the queue for nothing.
    polled = {"BatchSize": 10, "Enabled": True, **given(queue_settings or {}, "BatchSize")}
    mapping = {"FunctionName": target.name, "EventSourceArn": queue, **polled}
    yield MadeResource(f"{event.id}EventSourceMapping", "AWS::Lambda::EventSourceMapping", mapping)
    policy_id = queue_settings.get("QueuePolicyLogicalId") if queue_settings is not None else None
    url = queue_settings.get("QueueUrl") if queue_settings is not None else {"Ref": f"{event.id}Queue"}
    sent = _sending("*", queue, event.properties.get("Topic"))
    yield _queue_policy(policy_id if isinstance(policy_id, str) else f"{event.id}QueuePolicy", url, sent)


def _api_permission(event: SamEvent, target: EventTarget) -> Iterator[MadeResource]:
    """Yield the permission of an API to call the function for a route, at any stage."""
    api = event.properties.get("RestApiId" if event.type == "Api" else "ApiId") or {"Ref": api_of(event)}
    method = event.properties.get("Method") or "ANY"
    path = event.properties.get("Path") or DEFAULT_ROUTE
    route = "*"
    if isinstance(method, str) and isinstance(path, str):
        method = "*" if method.lower() in ANY_METHOD else method.upper()
        path = "" if path == DEFAULT_ROUTE else re.sub(_VARIABLE, "*", path.rstrip("/") or "/")
        route = f"{method}{path}"
    source = f"arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{Api}}/*/{route}"
    yield _permission(event, target, "apigateway.amazonaws.com", SourceArn={"Fn::Sub": [source, {"Api": api}]})


def _log_subscription(event: SamEvent, target: EventTarget) -> Iterator[MadeResource]:
    """Yield the permission for the log group, and its subscription."""
    properties = {**given(event.properties, "FilterPattern", "LogGroupName"), "DestinationArn": target.arn}
    source = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${Name}:*"
    group = {"Fn::Sub": [source, {"Name": event.properties.get("LogGroupName")}]}
    yield _permission(event, target, "logs.amazonaws.com", SourceArn=group)
    yield MadeResource(event.id, "AWS::Logs::SubscriptionFilter", properties)


def _iot_rule(event: SamEvent, target: EventTarget) -> Iterator[MadeResource]:
    """Yield the permission for the rule, and the rule itself."""
    payload = {
        **given(event.properties, "AwsIotSqlVersion", "Sql"),
        "Actions": [{"Lambda": {"FunctionArn": target.arn}}],
    }
    source = "arn:${AWS::Partition}:iot:${AWS::Region}:${AWS::AccountId}:rule/${Name}"
    topic_rule = {"Fn::Sub": [source, {"Name": {"Ref": event.id}}]}
    yield _permission(event, target, "iot.amazonaws.com", SourceArn=topic_rule, SourceAccount=_ACCOUNT)
    yield MadeResource(event.id, "AWS::IoT::TopicRule", {"TopicRulePayload": payload})


def _cognito_permission(event: SamEvent, target: EventTarget) -> Iterator[MadeResource]:
    """Yield the permission of a user pool, one for all of a function's; its triggers stand in the pool itself."""
    pool = event.properties.get("UserPool")
    source = arn_of(pool["Ref"]) if isinstance(pool, dict) and isinstance(pool.get("Ref"), str) else None
    permission = _permission(event, target, "cognito-idp.amazonaws.com", SourceArn=source)
    yield MadeResource(f"{target.logical_id}CognitoPermission", permission.type, permission.properties)


_PUSHED: Final[dict[str, Callable[[SamEvent, EventTarget], Iterable[MadeResource]]]] = {
    "AlexaSkill": lambda event, target: [
        _permission(event, target, "alexa-appkit.amazon.com", EventSourceToken=event.properties.get("SkillId"))
    ],
    "Api": _api_permission,
    "CloudWatchEvent": _rule,
    "CloudWatchLogs": _log_subscription,
    "Cognito": _cognito_permission,
    "EventBridgeRule": _rule,
    "HttpApi": _api_permission,
    "IoTRule": _iot_rule,
    # The notification stands in the bucket itself.
    "S3": lambda event, target: [_permission(event, target, "s3.amazonaws.com", SourceAccount=_ACCOUNT)],
    "SNS": _sns_subscription,
    "Schedule": _rule,
    "ScheduleV2": lambda event, target: schedule(
        event, target.arn, {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": target.arn}
    ),
}
