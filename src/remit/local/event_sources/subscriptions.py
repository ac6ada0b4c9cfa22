"""Functions that buckets and log groups are told to invoke: they are tried when they are subscribed, and run for lines.

S3 and CloudWatch Logs refuse a function that they may not invoke. CloudWatch Logs does not wait for one: Lambda tries
again when it fails. The emulator runs the function's newest code, once, whoever may invoke it. Here it is the alias
that the filter names, with the retries and destinations of an asynchronous invocation; a function that may not be
invoked any more gets no lines.

Sources: "Enabling event notifications" (Amazon S3 User Guide), "Subscription filters with AWS Lambda", "Log group-level
subscription filters" (Amazon CloudWatch Logs User Guide), "Invoking Lambda with events from other AWS services" (AWS
Lambda Developer Guide).
"""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.local.authorization.stored_policies import stored_identity
from remit.local.emulator import as_request_of, emulated, instead_of, place_of_request
from remit.local.functions.deployed_function import DeployedFunction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.local.event_sources.asynchronous_invocations import AsynchronousInvocations
    from remit.local.event_sources.service_calls import ServiceCalls

_UNREACHABLE: Final = "Unable to validate the following destination configurations"
_ADVICE: Final = "Make sure you have given CloudWatch Logs permission to execute your function."
_NOT_EXECUTED: Final = f"Could not execute the lambda function. {_ADVICE}"


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """Functions that are subscribed to buckets and log groups."""

    calls: ServiceCalls

    def take_hold(self) -> None:
        """Ask before a function is subscribed."""
        self._ask_for_buckets()
        self._ask_for_log_groups()

    def _ask_for_buckets(self) -> None:
        s3 = emulated("services.s3")

        @instead_of(s3, "_validate_notification_configs")
        def validated(
            validate: Any, configurations: Any, region: str, bucket: str = "", *rest: Any, **options: Any
        ) -> Any:
            problem = validate(configurations, region, bucket, *rest, **options)
            skips = bool(rest[0] if rest else options.get("skip_destination_validation"))
            if problem is not None or skips:
                return problem
            account = place_of_request()["Account"]
            for configuration in configurations:
                arn = configuration["arn"]
                source = f"arn:aws:s3:::{bucket}"
                is_function = configuration["type"] == "lambda"
                if is_function and not self.calls.may_invoke("s3.amazonaws.com", arn, source, account):
                    return s3._invalid_notification_config(f"{_UNREACHABLE}: {arn}")
            return None

    def _ask_for_log_groups(self) -> None:
        logs = emulated("services.cloudwatch_logs")

        @instead_of(logs, "_put_subscription_filter")
        def checked(put: Any, data: Mapping[str, Any]) -> Any:
            function = str(data.get("destinationArn", ""))
            group = str(data.get("logGroupName", ""))
            if ":function:" in function and not may_send_lines(self.calls, function, group):
                return logs.error_response_json("InvalidParameterException", _NOT_EXECUTED, 400)
            return put(data)


def may_send_lines(calls: ServiceCalls, function: str, group: str) -> bool:
    """Return whether CloudWatch Logs may invoke a function (ARN) for the lines of a log group."""
    place = place_of_request()
    source = f"arn:aws:logs:{place['Region']}:{place['Account']}:log-group:{group}:*"
    return calls.may_invoke("logs.amazonaws.com", function, source, place["Account"])


@dataclass(frozen=True, slots=True)
class LogSubscriptions:
    """The emulator's calls of functions for lines of a log group."""

    calls: ServiceCalls
    invocations: AsynchronousInvocations

    def take_hold(self) -> None:
        """Send lines as events."""
        functions = emulated("services.lambda_svc")

        @instead_of(functions, "_execute_function_with_config_scope")
        def executed(execute: Any, record: dict[str, Any], event: Any) -> Any:
            if not isinstance(event, dict) or set(event) != {"awslogs"}:
                return execute(record, event)
            self._send(functions, record, event)
            return {}

    def _send(self, functions: Any, record: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        """Invoke the function that the filter of some lines names, where CloudWatch Logs may."""
        function = DeployedFunction.of(record["config"])
        lines = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
        with as_request_of(function.account, function.region):
            destination = _destination(lines)
            if destination and may_send_lines(self.calls, destination, lines["logGroup"]):
                self.invocations.invoke(functions._get_func_record_for_ref(destination)[0], event)


def _destination(lines: Mapping[str, Any]) -> str:
    """The ARN that the filter of some lines names; empty when it is gone."""
    logs = emulated("services.cloudwatch_logs")
    group = logs._log_groups.get(lines["logGroup"]) or {}
    for subscription in group.get("subscriptionFilters", {}).values():
        if subscription.get("filterName") in lines["subscriptionFilters"]:
            return str(subscription["destinationArn"])
    return ""


_LAMBDA: Final = "lambda.amazonaws.com"


@dataclass(frozen=True, slots=True)
class FunctionLogs:
    """The right of functions' roles to write logs. What is denied is lost, and noted once among the decided accesses.

    Source: "Sending Lambda function logs to CloudWatch Logs", IAM permissions (AWS Lambda Developer Guide).
    """

    calls: ServiceCalls

    def may_write(self, function: DeployedFunction, stream: str) -> bool:
        """Return whether a function's role may write to a stream of its log group, which is made if there is none.

        A role that does not exist is not judged: no function in AWS has one.
        """
        if stored_identity(function.role) is None:
            return True
        group = f"arn:aws:logs:{function.region}:{function.account}:log-group:{function.log_group}"
        needs = [("logs:CreateLogStream", f"{group}:log-stream:{stream}")]
        needs.append(("logs:PutLogEvents", f"{group}:log-stream:{stream}"))
        if not _exists(function):
            needs.insert(0, ("logs:CreateLogGroup", group))
        return all(self.calls.may_act(function.role, _LAMBDA, *need, function.name) for need in needs)


def _exists(function: DeployedFunction) -> bool:
    logs = emulated("services.cloudwatch_logs")
    groups = logs._log_groups
    return groups.get_scoped(function.account, function.region, function.log_group) is not None
