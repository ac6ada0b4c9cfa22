"""A Kinesis stream whose records a function takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.app import Function, Grant, Resource
from remit.iam.policy import allow
from remit.triggers.source import arn_of, checked, checked_position, name_of, stream_mapping
from remit.triggers.trigger import BaseTrigger

if TYPE_CHECKING:
    from collections.abc import Iterator

CONSUME = (
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:ListShards",
)
"""On the stream ("How Lambda processes records from Amazon Kinesis": execution role permissions)."""


@dataclass(frozen=True, slots=True)
class Kinesis(BaseTrigger):
    """Run the function on the records of a stream, given by name, by ARN or as a resource of the app.

    `@app.function(kinesis("clicks", batch_size=500))`. starting_position TRIM_HORIZON or LATEST; batch_size 1 to
    10,000; batch_window 0 to 300 seconds; retries -1 (for ever) to 10,000.
    """

    stream: Any
    starting_position: str = "LATEST"
    batch_size: int | None = None
    batch_window: int | None = None
    retries: int | None = None
    report_failures: bool = False

    def __post_init__(self) -> None:
        arn_of(self.stream, "kinesis", "stream/")
        checked_position(self.starting_position)
        checked("batch_size", self.batch_size, 1, 10_000)
        checked("batch_window", self.batch_window, 0, 300)
        checked("retries", self.retries, -1, 10_000)

    @property
    def arn(self) -> str:
        """The stream's ARN."""
        return arn_of(self.stream, "kinesis", "stream/")

    def grants(self, function: Function) -> Iterator[Grant]:
        """Read this stream."""
        reason = function.computed(f"reads stream {name_of(self.arn)}")
        yield Grant(allow(*CONSUME, on=self.arn), reason)

    def resources(self, function: Function) -> Iterator[Resource]:
        """The event source mapping."""
        yield from stream_mapping(function, self)
