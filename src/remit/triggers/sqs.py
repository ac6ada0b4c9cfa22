"""A queue whose messages a function takes."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import TYPE_CHECKING

from remit.app import Function, Grant, Resource
from remit.declare.resource_references import KeyRef, QueueRef
from remit.errors import RemitError
from remit.iam.policy import allow
from remit.resources.kms_key import key_text
from remit.resources.names import arn_of, logical, name_of
from remit.triggers.source import Filter, check_range, filter_criteria, mapping
from remit.triggers.trigger import BaseTrigger, TriggerSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remit.triggers.record_fields import Shape

CONSUME = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
"""What Lambda's poller needs of the function's role ("Using Lambda with Amazon SQS": execution role permissions)."""
_UNWAITED = 10
"""Messages of a batch for which Lambda does not wait; more need a batch_window, and FIFO queues never give more."""

_PAIR = 2  # the least and the most


@dataclass(frozen=True, slots=True)
class Sqs(BaseTrigger):
    """Run the function on the messages of a queue, given by name, by ARN or as a resource of the app.

    `@app.function(on.sqs("orders", batch_size=100, batch_window=5))`. batch_size 1 to 10,000; batch_window 0 to 300
    seconds; max_concurrency 2 to 1,000; provisioned_pollers are the least and the most pollers, such as (2, 4), that
    Lambda keeps for this queue alone; report_failures lets the handler hand single messages back; `filter` is a
    pattern of messages, or several; `key` is the KMS key of a queue that is not the app's.
    """

    offers = ("queue", "Url", "The queue to send messages to")

    queue: QueueRef
    _: KW_ONLY
    batch_size: int | None = None
    batch_window: int | None = None
    max_concurrency: int | None = None
    provisioned_pollers: tuple[int, int] | None = None
    report_failures: bool = False
    filter: Filter | None = None
    key: KeyRef | None = None

    def checks(self) -> Iterator[Callable[[], object]]:
        """Yield the checks of the queue, the filter, the numbers, the key, and whether batches and pollers fit them."""
        yield partial(arn_of, self.queue, "sqs")
        yield partial(filter_criteria, self)
        yield partial(check_range, "batch_size", self.batch_size, 1, 10_000)
        yield partial(check_range, "batch_window", self.batch_window, 0, 300)
        yield partial(check_range, "max_concurrency", self.max_concurrency, 2, 1_000)
        yield partial(key_text, self.key)
        yield self._check_batches
        if self.provisioned_pollers is not None:
            yield partial(self._check_pollers, self.provisioned_pollers)

    def _check_pollers(self, pollers: tuple[int, int]) -> None:
        """Two numbers in their ranges, the smaller one first, and no max_concurrency, which Lambda takes alone.

        RemitError (2): anything else.

        Source: "ProvisionedPollerConfig" (AWS Lambda API Reference), "Using provisioned mode with an SQS event source".
        """
        if len(pollers) != _PAIR:
            hint = "such as provisioned_pollers=(2, 4)"
            raise RemitError(f"provisioned_pollers are two numbers, got {pollers}", hint=hint)
        least, most = pollers
        check_range("the least of provisioned_pollers", least, 2, 200)
        check_range("the most of provisioned_pollers", most, 2, 10_000)
        if most < least:
            raise RemitError(f"provisioned_pollers are at least {least}, and at most {most}")
        if self.max_concurrency is not None:
            raise RemitError("Lambda takes max_concurrency or provisioned_pollers, not both")

    def _check_batches(self) -> None:
        """Refuse with RemitError (2) a large batch without a window, and either of them for a FIFO queue."""
        large = (self.batch_size or 0) > _UNWAITED
        if self.is_fifo and (large or self.batch_window):
            raise RemitError(f"a FIFO queue gives at most {_UNWAITED} messages at once, and knows no batch_window")
        if large and not self.batch_window:
            hint = "add batch_window=1, or more seconds"
            raise RemitError(f"batch_size {self.batch_size} needs a batch_window", hint=hint)

    @property
    def is_fifo(self) -> bool:
        """True if the queue delivers in order."""
        properties = getattr(self.queue, "properties", {})
        return self.arn.endswith(".fifo") or str(properties.get("FifoQueue", False)).lower() == "true"

    @property
    def arn(self) -> str:
        """The queue's ARN."""
        return arn_of(self.queue, "sqs")

    @property
    def record(self) -> Shape:
        """The shape of its messages, for filters."""
        from remit.triggers.record_fields import SQS  # noqa: PLC0415 - few filter

        return SQS

    def grants(self, function: Function) -> Iterator[Grant]:
        """Yield the grant to receive and delete on this queue alone."""
        reason = function.computed(f"takes messages from queue {name_of(self.arn)}")
        yield Grant(allow(*CONSUME, on=self.arn), reason)

    def sources(self) -> Iterator[TriggerSource]:
        """Yield the queue."""
        yield TriggerSource("queue", self.arn)

    def resources(self, function: Function) -> Iterator[Resource]:
        """Yield the event source mapping."""
        scaling = None if self.max_concurrency is None else {"MaximumConcurrency": self.max_concurrency}
        pollers = self.provisioned_pollers
        yield from mapping(
            function,
            f"{logical(name_of(self.arn))}Queue",
            self.arn,
            BatchSize=self.batch_size,
            MaximumBatchingWindowInSeconds=self.batch_window,
            ScalingConfig=scaling,
            ProvisionedPollerConfig=pollers and {"MinimumPollers": pollers[0], "MaximumPollers": pollers[1]},
            FunctionResponseTypes=["ReportBatchItemFailures"] if self.report_failures else None,
            FilterCriteria=filter_criteria(self),
        )
