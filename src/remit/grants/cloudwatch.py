"""Access to metrics and alarms: `cloudwatch.put("Shop")`.

Source of the actions: "Actions, resources, and condition keys for Amazon CloudWatch" (Service Authorization
Reference). Alarms are given by name, by ARN, or as a resource of the app.
"""

from __future__ import annotations

from typing import Final

from remit.declare.asked import verb
from remit.declare.resource_references import AnyRef
from remit.grants import typed

_ALARM: Final = typed.ResourceKind("cloudwatch", "alarm:{}", "alarm")


@verb
def put(*namespaces: str) -> typed.Grants:
    """Put metrics into namespaces: cloudwatch:PutMetricData on the condition cloudwatch:namespace.

    Source: "Using condition keys to limit access to CloudWatch namespaces" (Amazon CloudWatch User Guide).
    """
    names = typed.texts_of(namespaces, "cloudwatch.put", 'a namespace: cloudwatch.put("Shop")')
    conditions = typed.holding("cloudwatch:namespace", *names, verb="cloudwatch.put")
    return typed.everywhere(("cloudwatch:PutMetricData",), f"puts metrics into {', '.join(names)}", *conditions)


@verb
def read() -> typed.Grants:
    """Read metrics: cloudwatch:GetMetricData, cloudwatch:GetMetricStatistics, cloudwatch:ListMetrics.

    IAM can hold none of these to a namespace.
    """
    actions = ("cloudwatch:GetMetricData", "cloudwatch:GetMetricStatistics", "cloudwatch:ListMetrics")
    return typed.everywhere(actions, "reads metrics")


@verb
def read_alarm(alarm: AnyRef) -> typed.Grants:
    """Read the state and history of alarms: cloudwatch:DescribeAlarms, cloudwatch:DescribeAlarmHistory."""
    actions = ("cloudwatch:DescribeAlarms", "cloudwatch:DescribeAlarmHistory")
    return _ALARM.grants("cloudwatch.read_alarm", "reads", alarm, actions)


@verb
def set_alarm(alarm: AnyRef) -> typed.Grants:
    """Set the state of an alarm: cloudwatch:SetAlarmState."""
    return _ALARM.grants("cloudwatch.set_alarm", "sets", alarm, ("cloudwatch:SetAlarmState",))
