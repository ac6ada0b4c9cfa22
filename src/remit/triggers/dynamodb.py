"""The stream of a DynamoDB table, whose records a function takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from remit.app import Function, Grant, Resource
from remit.errors import RemitError, writer
from remit.iam.policy import allow
from remit.triggers.source import arn_of, checked, checked_position, name_of, stream_mapping
from remit.triggers.trigger import BaseTrigger

if TYPE_CHECKING:
    from collections.abc import Iterator

CONSUME = ("dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream")
"""On the stream ("Process Amazon DynamoDB records with Lambda": execution role permissions)."""


@dataclass(frozen=True, slots=True)
class Dynamodb(BaseTrigger):
    """Run the function on the changes of a table, given by its stream's ARN or as a resource of the app.

    `@app.function(dynamodb(Orders.table))`. starting_position TRIM_HORIZON or LATEST; batch_size 1 to 10,000;
    batch_window 0 to 300 seconds; retries -1 (for ever) to 10,000.
    """

    stream: Any
    starting_position: str = "LATEST"
    batch_size: int | None = None
    batch_window: int | None = None
    retries: int | None = None
    report_failures: bool = False

    def __post_init__(self) -> None:
        arn_of(self.arn, "dynamodb")
        if not self.arn.startswith(("arn:", "${")):
            raise RemitError(
                f"dynamodb({self.stream!r:.40}): a stream has no fixed name",
                hint="give its ARN, or the table as a resource of `shared/resources/`",
                origin=writer(),
            )
        checked_position(self.starting_position)
        checked("batch_size", self.batch_size, 1, 10_000)
        checked("batch_window", self.batch_window, 0, 300)
        checked("retries", self.retries, -1, 10_000)

    @property
    def arn(self) -> str:
        """The stream's ARN."""
        attribute = getattr(self.stream, "attribute", None)
        return str(attribute("StreamArn")) if attribute is not None else str(self.stream)

    def grants(self, function: Function) -> Iterator[Grant]:
        """Read this stream. Listing streams has no resource of its own to narrow it to."""
        reason = function.computed(f"reads the stream of table {name_of(self.arn)}")
        yield Grant(allow(*CONSUME, on=self.arn), reason)
        on_all = replace(reason, note="IAM knows no narrower resource for ListStreams")
        yield Grant(allow("dynamodb:ListStreams"), on_all)

    def resources(self, function: Function) -> Iterator[Resource]:
        """The event source mapping."""
        yield from stream_mapping(function, self)
