"""S3 and CloudWatch Logs try a function when it is subscribed, and refuse one that they may not invoke.

Source: "Enabling event notifications" (Amazon S3 User Guide), "Subscription filters with AWS Lambda" (Amazon CloudWatch
Logs User Guide).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.local.emulator import emulated, instead_of, place_of_request

if TYPE_CHECKING:
    from collections.abc import Mapping

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
