"""Access to metrics and alarms: `cloudwatch.put("Shop")`.

Source of the actions: "Actions, resources, and condition keys for Amazon CloudWatch" (Service Authorization
Reference). Alarms are given by name, by ARN, or as a resource of the app.
"""

from __future__ import annotations

from typing import Final

from remit.declare.asked import verb
from remit.declare.resource_references import AnyRef
from remit.grants import typed
from remit.resources.names import name_of

_ALARM: Final = typed.HERE % ("cloudwatch", "alarm:{}")


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
    arn = typed.arn(alarm, "cloudwatch.read_alarm", _ALARM)
    actions = ("cloudwatch:DescribeAlarms", "cloudwatch:DescribeAlarmHistory")
    return typed.grant(actions, (arn,), f"reads alarm {name_of(arn).removeprefix('alarm:')}")


@verb
def set_alarm(alarm: AnyRef) -> typed.Grants:
    """Set the state of an alarm: cloudwatch:SetAlarmState."""
    arn = typed.arn(alarm, "cloudwatch.set_alarm", _ALARM)
    return typed.grant(("cloudwatch:SetAlarmState",), (arn,), f"sets alarm {name_of(arn).removeprefix('alarm:')}")
