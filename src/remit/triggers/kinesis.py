"""A Kinesis stream whose records a function takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from functools import partial
from typing import Any, Literal

from remit.app import Function, Grant, Resource
from remit.declare.resource_references import StreamRef
from remit.errors import RemitError
from remit.iam.policy import allow
from remit.resources.names import arn_of, logical, name_of
from remit.triggers.record_fields import KINESIS, Shape
from remit.triggers.source import check_zone
from remit.triggers.stream_options import StreamTrigger

CONSUME = (
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:ListShards",
)
"""On the stream ("How Lambda processes records from Amazon Kinesis": execution role permissions)."""
CONSUME_FAN_OUT = ("kinesis:SubscribeToShard", "kinesis:DescribeStreamConsumer")
"""On the consumer ("Developing enhanced fan-out consumers with dedicated throughput")."""


@dataclass(frozen=True, slots=True)
class Kinesis(StreamTrigger):
    """Run the function on the records of a stream, given by name, by ARN or as a resource of the app.

    `@app.function(on.kinesis("clicks", batch_size=500))`. `fan_out=True` reads through a consumer of its own, with
    dedicated throughput. starting_position TRIM_HORIZON, LATEST, or AT_TIMESTAMP with `timestamp`; the other options
    are those of `on.dynamodb`.
    """

    offers = ("stream", "Name", "The stream to put records into")

    stream: StreamRef
    _: KW_ONLY
    starting_position: Literal["LATEST", "TRIM_HORIZON", "AT_TIMESTAMP"] = "LATEST"
    timestamp: datetime | None = None
    fan_out: bool = False

    def checks(self) -> Iterator[Callable[[], object]]:
        """Yield the checks of the stream, where to start, and what all streams have."""
        yield partial(arn_of, self.stream, "kinesis", "stream/")
        yield self._check_timestamp
        yield from StreamTrigger.checks(self)

    def _check_timestamp(self) -> None:
        """Refuse with RemitError (2) a timestamp without AT_TIMESTAMP, the reverse, and one without a zone."""
        is_needed = self.starting_position == "AT_TIMESTAMP"
        if is_needed and self.timestamp is None:
            hint = "such as timestamp=datetime(2026, 1, 31, tzinfo=UTC)"
            raise RemitError("starting_position AT_TIMESTAMP needs a timestamp", hint=hint)
        if not is_needed and self.timestamp is not None:
            raise RemitError('timestamp goes with starting_position="AT_TIMESTAMP"')
        check_zone("timestamp", self.timestamp)

    @property
    def arn(self) -> str:
        """The stream's ARN."""
        return arn_of(self.stream, "kinesis", "stream/")

    def _consumer_id(self, function: Function) -> str:
        return f"{function.logical_id}{logical(name_of(self.arn))}Consumer"

    @property
    def record(self) -> Shape:
        """The shape of its records."""
        return KINESIS

    def grants(self, function: Function) -> Iterator[Grant]:
        """Yield the grants to read this stream, with fan-out through the consumer, and to send on what failed."""
        reason = function.computed(f"reads stream {name_of(self.arn)}")
        yield Grant(allow(*CONSUME, on=self.arn), reason)
        if self.fan_out:
            reason = function.computed(f"reads stream {name_of(self.arn)} through a consumer of its own")
            yield Grant(allow(*CONSUME_FAN_OUT, on=f"${{{self._consumer_id(function)}}}"), reason)
        yield from self.failure_grants(function)

    def resources(self, function: Function) -> Iterator[Resource]:
        """Yield the event source mapping, and with fan-out the consumer that it reads."""
        source = self.arn
        if self.fan_out:
            consumer = self._consumer_id(function)
            source = f"${{{consumer}}}"
            properties = {"ConsumerName": f"${{AWS::StackName}}-{function.name}", "StreamARN": self.arn}
            yield Resource(consumer, "AWS::Kinesis::StreamConsumer", properties, origin=function.origin)
        position: dict[str, Any] = {"StartingPosition": self.starting_position}
        if self.timestamp is not None:
            position["StartingPositionTimestamp"] = self.timestamp.timestamp()
        yield from self.source_mapping(function, source, **position)
