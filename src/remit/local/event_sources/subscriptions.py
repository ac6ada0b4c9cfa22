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
from typing import TYPE_CHECKING, Any, Final

from remit.local.authorization.stored_policies import stored_identity
from remit.local.emulator import arn_here, as_request_of, emulated, instead_of, place_of_request
from remit.local.functions.deployed_function import DeployedFunction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.local.event_sources.asynchronous_invocations import AsynchronousInvocations
    from remit.local.event_sources.service_calls import ServiceCalls

_LAMBDA: Final = "lambda.amazonaws.com"
_UNREACHABLE: Final = "Unable to validate the following destination configurations"
_ADVICE: Final = "Make sure you have given CloudWatch Logs permission to execute your function."
_NOT_EXECUTED: Final = f"Could not execute the lambda function. {_ADVICE}"


def ask_before_subscriptions(calls: ServiceCalls) -> None:
    """Refuse to subscribe a function that S3 or CloudWatch Logs may not invoke, in the process that serves.

    S3 is not asked where the request skips the validation of destinations.
    """
    s3, logs = emulated("services.s3"), emulated("services.cloudwatch_logs")

    @instead_of(s3, "_validate_notification_configs")
    def validated(validate: Any, configurations: Any, region: str, bucket: str = "", *rest: Any, **options: Any) -> Any:
        """The emulator's error for notifications, or one for a function that S3 may not invoke; None: neither."""
        problem = validate(configurations, region, bucket, *rest, **options)
        skips = bool(rest[0] if rest else options.get("skip_destination_validation"))
        if problem is not None or skips:
            return problem
        account = place_of_request()["Account"]
        for configuration in configurations:
            arn = configuration["arn"]
            source = f"arn:aws:s3:::{bucket}"
            is_function = configuration["type"] == "lambda"
            if is_function and not calls.may_invoke("s3.amazonaws.com", arn, source, account):
                return s3._invalid_notification_config(f"{_UNREACHABLE}: {arn}")
        return None

    @instead_of(logs, "_put_subscription_filter")
    def checked(put: Any, data: Mapping[str, Any]) -> Any:
        function = str(data.get("destinationArn", ""))
        group = str(data.get("logGroupName", ""))
        if ":function:" in function and not _may_send_lines(calls, function, group):
            return logs.error_response_json("InvalidParameterException", _NOT_EXECUTED, 400)
        return put(data)


def send_lines_as_events(calls: ServiceCalls, invocations: AsynchronousInvocations) -> None:
    """Send lines of a log group as events to the function that a filter names, in the process that serves.

    Lines of a group or filter that is gone, or of a function that may not be invoked any more, are lost.
    """
    functions, logs = emulated("services.lambda_svc"), emulated("services.cloudwatch_logs")

    @instead_of(functions, "_execute_function_with_config_scope")
    def executed(execute: Any, record: dict[str, Any], event: Any) -> Any:
        """Run a function; lines of a log group go to their filter's function instead, with an empty result."""
        if not isinstance(event, dict) or set(event) != {"awslogs"}:
            return execute(record, event)
        lines = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
        function = DeployedFunction.of(record["config"])
        with as_request_of(function.account, function.region):
            group = logs._log_groups.get(lines["logGroup"]) or {}  # it may be gone by now, and the filter, too
            for subscription in group.get("subscriptionFilters", {}).values():
                if subscription.get("filterName") in lines["subscriptionFilters"]:
                    destination = str(subscription["destinationArn"])
                    if _may_send_lines(calls, destination, lines["logGroup"]):
                        invocations.invoke(functions._get_func_record_for_ref(destination)[0], event)
                    break
        return {}


def _may_send_lines(calls: ServiceCalls, function: str, group: str) -> bool:
    """Return whether CloudWatch Logs may invoke a function (ARN) for the lines of a log group."""
    source = arn_here("logs", f"log-group:{group}:*")
    return calls.may_invoke("logs.amazonaws.com", function, source, place_of_request()["Account"])


def may_write_logs(calls: ServiceCalls, function: DeployedFunction, stream: str) -> bool:
    """Return whether a function's role may write to a stream of its log group, which is made if there is none.

    What is denied is lost, and noted once among the decided accesses. A role that does not exist is not judged: no
    function in AWS has one. Source: "Sending Lambda function logs to CloudWatch Logs", IAM permissions (AWS Lambda
    Developer Guide).
    """
    if stored_identity(function.role) is None:
        return True
    groups = emulated("services.cloudwatch_logs")._log_groups
    group = f"arn:aws:logs:{function.region}:{function.account}:log-group:{function.log_group}"
    needs = [("logs:CreateLogStream", f"{group}:log-stream:{stream}")]
    needs.append(("logs:PutLogEvents", f"{group}:log-stream:{stream}"))
    if groups.get_scoped(function.account, function.region, function.log_group) is None:
        needs.insert(0, ("logs:CreateLogGroup", group))
    return all(calls.may_act(function.role, _LAMBDA, *need, function.name) for need in needs)
