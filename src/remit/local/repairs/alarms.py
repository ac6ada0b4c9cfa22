"""Alarms look at their metrics all the time, each at its own dimensions, and SQS measures the queues that they watch.

The emulator looks when somebody puts metrics, at a metric of all dimensions, and measures no queue. So an alarm on a
dead-letter queue tells nobody.

Sources: "Evaluating an alarm", "Configuring how CloudWatch alarms treat missing data" (Amazon CloudWatch User Guide);
"Available CloudWatch metrics for Amazon SQS" (Amazon SQS Developer Guide).
"""

from __future__ import annotations

import logging
import operator
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from remit.local.emulator import as_request_of, emulated, instead_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Message = Mapping[str, Any]

_SECONDS: Final = 1.0
"""Between two looks; AWS looks each minute, which nobody wants to wait for here."""
_MINUTE: Final = 60
_QUEUES: Final = "AWS/SQS"
_QUEUE_METRICS: Final[Mapping[str, Callable[[Sequence[Message], float], float]]] = {
    "ApproximateNumberOfMessagesVisible": lambda messages, now: sum(
        message["visible_at"] <= now for message in messages
    ),
    "ApproximateAgeOfOldestMessage": lambda messages, now: max(
        (now - message["sent_at"] for message in messages), default=0
    ),
}
"""What alarms mostly watch of a queue, for its messages, at a moment: how many there are, or seconds."""
_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
_STATES: Final = {"breaching": "ALARM", "notBreaching": "OK", "missing": "INSUFFICIENT_DATA"}
"""The state of an alarm without data, by how it treats that; with `ignore` it keeps its state."""


def keep_alarms() -> None:
    """Have alarms look in a thread of their own, in the process that serves. Called once.

    Emulator: services/cloudwatch.py, services/sqs.py.
    Test: test_alarms.py::test_an_alarm_tells_of_messages_in_its_own_queue_and_when_they_are_gone,
    test_alarms.py::test_a_queue_is_measured_by_what_its_messages_wait_for.
    """
    cloudwatch = emulated("services.cloudwatch")

    @instead_of(cloudwatch, "_evaluate_alarm")
    def evaluated(_evaluate_alarm: Any, alarm: dict[str, Any]) -> None:
        if alarm.get("ComparisonOperator") in _COMPARISONS:  # and no band of values
            _evaluate(cloudwatch, alarm)

    threading.Thread(target=_look_for_ever, args=(cloudwatch,), daemon=True).start()


def _look_for_ever(cloudwatch: Any) -> None:
    """Evaluate all alarms again and again; one that fails is logged, and tried at the next look."""
    while True:
        time.sleep(_SECONDS)
        # `_data` has the alarms of all accounts and regions; a copy, since requests change it meanwhile.
        for place, alarm in list(cloudwatch._alarms._data.items()):
            account, region, _ = place
            with as_request_of(account, region):
                try:
                    _measure_queue(cloudwatch, alarm)
                    cloudwatch._evaluate_alarm(alarm)
                except Exception:  # as the emulator does: the next look tries again
                    logging.getLogger("cloudwatch").exception("the alarm %s cannot be evaluated", alarm["AlarmName"])


def _measure_queue(cloudwatch: Any, alarm: Mapping[str, Any]) -> None:
    """Record the metric that an alarm on a queue watches, in the place of an earlier value of the same minute.

    Nothing is recorded for other alarms and metrics, or where there is no such queue.
    """
    measured = _QUEUE_METRICS.get(str(alarm.get("MetricName")))
    name = _dimensions(alarm).get("QueueName")
    if alarm.get("Namespace") != _QUEUES or measured is None or name is None:
        return
    sqs = emulated("services.sqs")
    queue = sqs._queues.get(sqs._queue_url(name))
    if queue is None:
        return
    now = time.time()
    value = measured(list(queue["messages"]), now)
    points = _points(cloudwatch, alarm)
    # SQS gives one value a minute, and a look each second would be sixty.
    while points and points[-1]["Timestamp"] // _MINUTE == now // _MINUTE:
        points.pop()
    cloudwatch.record_metric(_QUEUES, alarm["MetricName"], value, "Count", {"QueueName": name})


def _evaluate(cloudwatch: Any, alarm: dict[str, Any]) -> None:
    """Set the state of an alarm by its last periods; a change goes into its history, its actions and parent alarms."""
    old_state = alarm["StateValue"]
    new_state, reason = alarm_state(alarm, _values(cloudwatch, alarm))
    if new_state == old_state:
        return
    alarm |= {"StateValue": new_state, "StateReason": reason, "StateUpdatedTimestamp": int(time.time())}
    cloudwatch._record_history(alarm["AlarmName"], old_state, new_state, reason)
    cloudwatch._dispatch_alarm_actions(alarm, old_state, new_state, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def alarm_state(alarm: Mapping[str, Any], values: Sequence[float | None]) -> tuple[str, str]:
    """The state of an alarm (ALARM, OK, INSUFFICIENT_DATA) and the reason, by the value of each of its last periods.

    A value is None where the period has no data. Where none has, TreatMissingData decides alone, and `ignore` keeps the
    state; beside others, they count if it is `breaching`.
    """
    threshold = float(alarm["Threshold"])
    is_breaching = _COMPARISONS[alarm["ComparisonOperator"]]
    treatment = str(alarm.get("TreatMissingData") or "missing")
    missing = values.count(None)
    # Periods without data count only beside others that have some; alone they are a state of their own.
    if missing == len(values):
        reason = f"no datapoints were received for {missing} period(s), which count as {treatment}"
        return _STATES.get(treatment, str(alarm["StateValue"])), reason
    counted = sum(value is not None and is_breaching(value, threshold) for value in values)
    if treatment == "breaching":
        counted += missing
    needed = int(alarm.get("DatapointsToAlarm") or alarm.get("EvaluationPeriods") or 1)
    reason = f"Threshold Crossed: {counted} of {len(values)} datapoints: {alarm['ComparisonOperator']} {threshold}"
    return "ALARM" if counted >= needed else "OK", reason


def _values(cloudwatch: Any, alarm: Mapping[str, Any]) -> Sequence[float | None]:
    """The statistic of each of the alarm's last periods, the newest first; None where it has no data."""
    period = int(alarm.get("Period") or _MINUTE)
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
    points = list(_points(cloudwatch, alarm))
    now = time.time()
    values: list[float | None] = []
    for number in range(int(alarm.get("EvaluationPeriods") or 1)):
        start, end = now - period * (number + 1), now - period * number
        of_period = [point for point in points if start < point["Timestamp"] <= end]
        statistics = cloudwatch._calc_stats(of_period)
        values.append(cloudwatch._stat_value(statistics, statistic, of_period) if statistics else None)
    return values


def _points(cloudwatch: Any, alarm: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The recent values of an alarm's metric, the oldest first: the emulator's own list, or a new and empty one."""
    dimensions = cloudwatch._dims_key(_dimensions(alarm))
    points: list[dict[str, Any]] = cloudwatch._metrics.get((alarm["Namespace"], alarm["MetricName"], dimensions)) or []
    return points


def _dimensions(alarm: Mapping[str, Any]) -> dict[str, str]:
    return {item["Name"]: str(item["Value"]) for item in alarm.get("Dimensions") or ()}
