"""Messages of IoT devices that run a function."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

from remit.app import Function, Resource
from remit.triggers.invoke_permission import permission
from remit.triggers.iot_sql import check_sql
from remit.triggers.source import position_suffix
from remit.triggers.trigger import BaseTrigger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True, slots=True)
class Iot(BaseTrigger):
    """Run the function on MQTT messages: `@app.function(on.iot("SELECT * FROM 'devices/+/state'"))`.

    `sql` is a statement of AWS IoT's SQL, in the version `sql_version`.
    """

    sql: str
    _: KW_ONLY
    sql_version: Literal["2015-10-08", "2016-03-23", "beta"] = "2016-03-23"
    enabled: bool = True

    def checks(self) -> Iterator[Callable[[], object]]:
        """The statement, and its version."""
        yield partial(check_sql, self.sql)

    def resources(self, function: Function) -> Iterator[Resource]:
        """The rule, and the function's permission for this rule alone."""
        rule = f"{function.logical_id}TopicRule{position_suffix(self, function)}"
        payload = {
            "Actions": [{"Lambda": {"FunctionArn": function.arn}}],
            "AwsIotSqlVersion": self.sql_version,
            "RuleDisabled": not self.enabled,
            "Sql": self.sql,
        }
        yield Resource(rule, "AWS::IoT::TopicRule", {"TopicRulePayload": payload}, origin=function.origin)
        yield permission(function, f"{rule}Permission", "iot.amazonaws.com", f"${{{rule}.Arn}}")
