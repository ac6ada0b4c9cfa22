"""Rows of what sends and calls: queues, topics, schedules, rules, HTTP APIs; and log groups.

Sources: GetQueueAttributes (Amazon SQS), GetTopicAttributes, ListSubscriptionsByTopic (Amazon SNS), GetSchedule
(EventBridge Scheduler), DescribeRule, ListTargetsByRule (EventBridge), GetRoutes (API Gateway V2), DescribeLogGroups,
DescribeSubscriptionFilters (CloudWatch Logs): the API Reference of each.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from remit.deploy.deployed_references import UNKNOWN, is_known
from remit.deploy.live_resources.policies import compare_policy, policy_check
from remit.deploy.live_resources.resource_row import (
    IF_SET,
    ComparedProperty,
    LiveResource,
    Read,
    Row,
    Subject,
    expected_at,
    is_same,
)
from remit.deploy.role_repairs import Repair, repair
from remit.iam.policy import parse, render_statement
from remit.resources.names import common_start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.deploy.drift import Drift

_QUEUE, _TOPIC, _SUBSCRIPTIONS = "sqs.GetQueueAttributes", "sns.GetTopicAttributes", "sns.ListSubscriptionsByTopic"
_SCHEDULE, _RULE, _TARGETS = "scheduler.GetSchedule", "events.DescribeRule", "events.ListTargetsByRule"
_ROUTES, _GROUPS, _FILTERS = "apigatewayv2.GetRoutes", "logs.DescribeLogGroups", "logs.DescribeSubscriptionFilters"
_AUTHORIZERS: Final = "apigatewayv2.GetAuthorizers"
_QUEUE_SETTINGS: Final = {
    "VisibilityTimeout": ("visibility timeout", 30),
    "MessageRetentionPeriod": ("retention", 345_600),
    "RedrivePolicy": ("dead-letter queue", ""),
    "KmsMasterKeyId": ("key", IF_SET),
}
"""The attributes of a queue that are compared: what people call each, and what SQS has where nothing sets it.

Source: SetQueueAttributes (SQS API Reference). Without a key, how a queue is encrypted is another attribute's.
"""
_DEFAULT_STATEMENT: Final = "__default_statement_ID"
_OWNER: Final = "aws:sourceowner"


def _put_queue_policy(live: LiveResource, document: str) -> Repair:
    return repair("sqs.SetQueueAttributes", QueueUrl=live.name, Attributes={"Policy": document})


def _set_queue(live: LiveResource, setting: ComparedProperty) -> Repair:
    value = expected_at(live, setting)
    text = value if isinstance(value, str) else json.dumps(value)
    return repair("sqs.SetQueueAttributes", QueueUrl=live.name, Attributes={setting.property: text})


def _topic_policy(live: LiveResource, answer: Any) -> Iterator[Drift]:
    """Yield what differs of a topic's policy. SNS writes one that lets its own account do all, which is no change."""
    text, default = answer["Attributes"].get("Policy"), []
    for statement in parse(json.loads(text)).statements:
        conditions = [(condition.key.lower(), condition.values) for condition in statement.conditions]
        if statement.sid == _DEFAULT_STATEMENT and conditions == [(_OWNER, (live.stack.account,))]:
            default.append(statement)
    owners_alone = {
        "Sid": _DEFAULT_STATEMENT,
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["SNS:Publish", "SNS:Subscribe"],
        "Resource": live.name,
        "Condition": {"StringEquals": {"AWS:SourceOwner": live.stack.account}},
    }
    kept = [render_statement(statement) for statement in default] or [owners_alone]
    without_own = json.dumps({"Version": "2008-10-17", "Statement": kept})

    def put(live: LiveResource, document: str) -> Repair:
        value = document or without_own
        return repair("sns.SetTopicAttributes", TopicArn=live.name, AttributeName="Policy", AttributeValue=value)

    return compare_policy(live, text, put, default)


def _subscriptions(live: LiveResource, answer: Any) -> Iterator[Drift]:
    """Yield the subscriptions that no template made, and those that are gone.

    Nothing where the template has an endpoint that only its deploy knew.
    """
    own = list(live.properties.get("Subscription") or ())
    own += [properties for *_, properties in live.stack.parts("AWS::SNS::Subscription", "TopicArn", live.name)]
    declared = {(item["Protocol"], item["Endpoint"]) for item in own}
    if any(UNKNOWN in item for item in declared):
        return
    actual = {(item["Protocol"], item["Endpoint"]): item["SubscriptionArn"] for item in answer["Subscriptions"]}
    for (protocol, endpoint), arn in actual.items():
        if (protocol, endpoint) not in declared:
            removals = (repair("sns.Unsubscribe", SubscriptionArn=arn),) if arn.startswith("arn:") else ()
            yield live.drift("access", f"{protocol} {endpoint} was subscribed to {live.words} by hand", *removals)
    for protocol, endpoint in sorted(declared - actual.keys()):
        back = repair("sns.Subscribe", TopicArn=live.name, Protocol=protocol, Endpoint=endpoint)
        yield live.drift("runs", f"the subscription of {protocol} {endpoint} to {live.words} was removed by hand", back)


def _set_schedule(live: LiveResource, _: ComparedProperty) -> Repair:
    return repair("scheduler.UpdateSchedule", **{"Name": live.name, **live.properties})


def _rule_name(subject: Subject) -> dict[str, str]:
    """A rule by its name, which may stand behind that of its bus (`BUS|NAME`)."""
    return {"Name": subject.name.rpartition("|")[2], **({"EventBusName": subject.within} if subject.within else {})}


def _rule_targets(subject: Subject) -> dict[str, str]:
    named = _rule_name(subject)
    return {"Rule": named.pop("Name"), **named}


def _put_rule(live: LiveResource, _: ComparedProperty) -> Repair:
    """The call that writes a rule as the template has it.

    PutRule replaces pattern, schedule and state, so all are in it.
    """
    pattern = live.properties.get("EventPattern")
    options = {"State": "ENABLED"}
    options |= {name: live.properties[name] for name in ("ScheduleExpression", "State") if name in live.properties}
    if pattern is not None:
        options["EventPattern"] = json.dumps(pattern) if isinstance(pattern, dict) and is_known(pattern) else pattern
    return repair("events.PutRule", **_rule_name(live.subject), **options)


def _targets(live: LiveResource, answer: Any) -> Iterator[Drift]:
    """Yield the targets of a rule that were added, removed or changed."""
    declared = {target["Id"]: target for target in live.properties.get("Targets", ())}
    actual = {target["Id"]: target for target in answer["Targets"]}
    rule = _rule_targets(live.subject)
    for target_id in sorted(actual.keys() - declared.keys()):
        removal = repair("events.RemoveTargets", **rule, Ids=[target_id])
        yield live.drift("access", f"{actual[target_id]['Arn']} was made a target of {live.words} by hand", removal)
    for target_id, target in declared.items():
        if not is_same(target, actual.get(target_id)):
            back = repair("events.PutTargets", **rule, Targets=[target])
            yield live.drift("runs", f"target {target_id} of {live.words} was removed or changed by hand", back)


_UNSET: Final = {"AuthorizationType": "NONE"}
_OF_ROUTE: Final = ("AuthorizationType", "AuthorizerId", "AuthorizationScopes", "Target")


def _routes(live: LiveResource, answer: Any) -> Iterator[Drift]:
    """Yield the routes that were added or deleted, or whose authorisation is another one.

    Nothing of an API whose routes are in its body.
    """
    actual = {route["RouteKey"]: route for route in answer["Items"]}
    parts = live.stack.parts("AWS::ApiGatewayV2::Route", "ApiId", live.name)
    declared = {properties["RouteKey"]: properties for *_, properties in parts}
    if not declared:  # its body has them
        return
    for key in sorted(actual.keys() - declared.keys()):
        is_public = actual[key].get("AuthorizationType", "NONE") == "NONE"
        removal = repair("apigatewayv2.DeleteRoute", ApiId=live.name, RouteId=actual[key]["RouteId"])
        yield live.drift("access", f"route {key} of {live.words} was added by hand", removal, is_public=is_public)
    for key, properties in declared.items():
        settings = {"AuthorizationType": "NONE"}
        settings |= {name: properties[name] for name in _OF_ROUTE if name in properties}
        route = actual.get(key)
        if route is None:
            back = repair("apigatewayv2.CreateRoute", ApiId=live.name, RouteKey=key, **settings)
            yield live.drift("runs", f"route {key} of {live.words} was deleted by hand", back)
        elif not is_same(settings, {name: route.get(name, _UNSET.get(name)) for name in settings}):
            back = repair("apigatewayv2.UpdateRoute", ApiId=live.name, RouteId=route["RouteId"], **settings)
            now = route.get("AuthorizationType", "NONE")
            what = f"route {key} of {live.words} was changed by hand: its authorisation is {now}"
            is_public = now == "NONE" != settings["AuthorizationType"]
            yield live.drift("access", what, back, is_public=is_public)


_OF_AUTHORIZER: Final = ("AuthorizerUri", "IdentitySource", "JwtConfiguration", "AuthorizerCredentialsArn")


def _authorizers(live: LiveResource, answer: Any) -> Iterator[Drift]:
    """Yield the authorizers of the template that are gone, or check something else.

    Those that the template does not have are left out.
    """
    actual = {item["AuthorizerId"]: item for item in answer["Items"]}
    for resource, name, properties in live.stack.parts("AWS::ApiGatewayV2::Authorizer", "ApiId", live.name):
        expected = {key: properties[key] for key in _OF_AUTHORIZER if key in properties}
        held = actual.get(name)
        if held is None:
            yield live.drift(
                "runs", f"authorizer {resource.logical_id} of {live.words} is gone: it was deleted by hand"
            )
        elif not is_same(in_capitals(expected), in_capitals({key: held.get(key) for key in expected})):
            back = repair("apigatewayv2.UpdateAuthorizer", ApiId=live.name, AuthorizerId=name, **expected)
            what = f"authorizer {resource.logical_id} of {live.words} was changed by hand"
            yield live.drift("access", what, back)


def in_capitals(value: Any) -> Any:
    """A document whose keys begin with capitals, as CloudFormation has them and the API may not."""
    if isinstance(value, dict):
        return {key[:1].upper() + key[1:]: in_capitals(item) for key, item in value.items()}
    return list(map(in_capitals, value)) if isinstance(value, list) else value


def _group(live: LiveResource, answer: Any) -> Iterator[Drift]:
    """Yield another retention; a log group is read with all others of the stack."""
    group = next((item for item in answer["logGroups"] if item["logGroupName"] == live.name), None)
    if group is None:
        yield live.gone()
        return
    days, actual = live.properties.get("RetentionInDays"), group.get("retentionInDays")
    if not is_same(days, actual):
        back = repair("logs.DeleteRetentionPolicy", logGroupName=live.name)
        if days is not None:
            back = repair("logs.PutRetentionPolicy", logGroupName=live.name, retentionInDays=int(days))
        change = f"{actual or 'no'} days, not {days or 'for ever'}"
        yield live.drift("rest", f"the retention of {live.words} was changed by hand: {change}", back)


def _filters(live: LiveResource, answer: Any) -> Iterator[Drift]:
    """Yield the subscription filters that no template made, or that lead elsewhere than it says; not those gone."""
    parts = live.stack.parts("AWS::Logs::SubscriptionFilter", "LogGroupName", live.name)
    own = {name.rpartition("|")[2]: properties["DestinationArn"] for _, name, properties in parts}
    for item in answer["subscriptionFilters"]:
        name, target = item["filterName"], item["destinationArn"]
        if not (name in own and is_same(own[name], target)):
            removal = repair("logs.DeleteSubscriptionFilter", logGroupName=live.name, filterName=name)
            what = f"{live.words} was made by hand to send what it gets to {target}"
            yield live.drift("access", what, *([] if name in own else [removal]))


ROWS: Final = (
    Row(
        "AWS::SQS::Queue",
        "queue",
        (
            Read(
                _QUEUE,
                lambda subject: {
                    "QueueUrl": subject.name,
                    "AttributeNames": ["Policy", *_QUEUE_SETTINGS],
                },
            ),
        ),
        tuple(
            ComparedProperty(label, name, _QUEUE, f"Attributes.{name}", _set_queue, absent, "runs")
            for name, (label, absent) in _QUEUE_SETTINGS.items()
        ),
        ((_QUEUE, policy_check(_put_queue_policy, "Attributes.Policy")),),
        ("sqs.SetQueueAttributes",),
    ),
    Row(
        "AWS::SNS::Topic",
        "topic",
        (
            Read(_TOPIC, lambda subject: {"TopicArn": subject.name}),
            Read(_SUBSCRIPTIONS, lambda subject: {"TopicArn": subject.name}),
        ),
        checks=((_TOPIC, _topic_policy), (_SUBSCRIPTIONS, _subscriptions)),
        writes=("sns.SetTopicAttributes", "sns.Subscribe", "sns.Unsubscribe"),
    ),
    Row(
        "AWS::Scheduler::Schedule",
        "schedule",
        (
            Read(
                _SCHEDULE,
                lambda subject: {"Name": subject.name, **({"GroupName": subject.within} if subject.within else {})},
            ),
        ),
        (
            ComparedProperty("state", "State", _SCHEDULE, "State", _set_schedule, "ENABLED", "runs"),
            ComparedProperty("time", "ScheduleExpression", _SCHEDULE, "ScheduleExpression", _set_schedule, kind="runs"),
            ComparedProperty("target", "Target.Arn", _SCHEDULE, "Target.Arn", _set_schedule, kind="runs"),
            ComparedProperty("input", "Target.Input", _SCHEDULE, "Target.Input", _set_schedule, None, "runs"),
        ),
        writes=("scheduler.UpdateSchedule",),
    ),
    Row(
        "AWS::Events::Rule",
        "rule",
        (Read(_RULE, _rule_name), Read(_TARGETS, _rule_targets)),
        (
            ComparedProperty("state", "State", _RULE, "State", _put_rule, "ENABLED", "runs"),
            ComparedProperty("time", "ScheduleExpression", _RULE, "ScheduleExpression", _put_rule, kind="runs"),
            ComparedProperty("pattern", "EventPattern", _RULE, "EventPattern", _put_rule, kind="runs"),
        ),
        ((_TARGETS, _targets),),
        ("events.PutRule", "events.PutTargets", "events.RemoveTargets"),
    ),
    Row(
        "AWS::ApiGatewayV2::Api",
        "API",
        (
            Read(_ROUTES, lambda subject: {"ApiId": subject.name}),
            Read(_AUTHORIZERS, lambda subject: {"ApiId": subject.name}),
        ),
        checks=((_ROUTES, _routes), (_AUTHORIZERS, _authorizers)),
        writes=(
            "apigatewayv2.CreateRoute",
            "apigatewayv2.UpdateRoute",
            "apigatewayv2.DeleteRoute",
            "apigatewayv2.UpdateAuthorizer",
        ),
    ),
    Row(
        "AWS::Logs::LogGroup",
        "log group",
        (
            Read(_GROUPS, lambda subject: {"logGroupNamePrefix": common_start(subject.all_names) or subject.name}),
            Read(_FILTERS, lambda subject: {"logGroupName": subject.name}),
        ),
        checks=((_GROUPS, _group), (_FILTERS, _filters)),
        writes=("logs.PutRetentionPolicy", "logs.DeleteRetentionPolicy", "logs.DeleteSubscriptionFilter"),
    ),
)
