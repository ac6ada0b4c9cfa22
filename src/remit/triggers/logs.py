"""A log group whose lines run a function."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import TYPE_CHECKING

from remit.app import Function, Resource
from remit.declare.resource_references import LogGroupRef
from remit.iam import tokens
from remit.resources.names import arn_of, logical, own_id
from remit.triggers.invoke_permission import permission
from remit.triggers.log_pattern import check_log_pattern
from remit.triggers.source import position_suffix
from remit.triggers.trigger import BaseTrigger, TriggerSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True, slots=True)
class Logs(BaseTrigger):
    """Run the function on lines of a log group: `@app.function(on.logs("/aws/lambda/shop-prod-web", "ERROR"))`.

    The group is given by name, by ARN or as a resource of the app; `pattern` is a filter pattern of CloudWatch Logs,
    all lines if it is empty. The handler gets `awslogs.data`, gzipped and in base64. A group has two subscriptions at
    most.
    """

    group: LogGroupRef
    pattern: str = ""
    _: KW_ONLY

    def checks(self) -> Iterator[Callable[[], object]]:
        """The group, and the pattern."""
        yield partial(arn_of, self.group, "logs", "log-group:")
        yield partial(check_log_pattern, self.pattern)

    @property
    def group_name(self) -> str:
        """The name of the group: the app's by its Ref."""
        group = own_id(self.group)
        if group:
            return f"${{{group}}}"
        name: str = tokens.plain(self.group)
        return name.partition(":log-group:")[2].removesuffix(":*") if name.startswith("arn:") else name

    def sources(self) -> Iterator[TriggerSource]:
        """The log group."""
        yield TriggerSource("log group", arn_of(self.group, "logs", "log-group:"))

    def resources(self, function: Function) -> Iterator[Resource]:
        """The subscription, which waits for the function's permission for this group alone."""
        own = own_id(self.group)
        name = logical(own or self.group_name)
        suffix = position_suffix(self, function, lambda trigger: trigger.group_name)
        subscription = f"{function.logical_id}{name}Logs"
        place = f"arn:{tokens.PARTITION}:logs:{tokens.REGION}:{tokens.ACCOUNT}"
        source = f"${{{own}.Arn}}" if own else f"{place}:log-group:{self.group_name}:*"
        allowed = permission(function, f"{subscription}Permission", "logs.amazonaws.com", source)
        if not suffix:  # one permission for all of its triggers on the group
            yield allowed
        yield Resource(
            f"{subscription}{suffix}",
            "AWS::Logs::SubscriptionFilter",
            {"DestinationArn": function.arn, "FilterPattern": self.pattern, "LogGroupName": self.group_name},
            {"DependsOn": [allowed.logical_id]},  # CloudWatch Logs tests that it may call the function
            function.origin,
        )
