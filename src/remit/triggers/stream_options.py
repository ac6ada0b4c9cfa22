"""What the triggers of streams have in common: how records are read, and what becomes of those that fail."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal

from remit.app import Function, Grant, Resource
from remit.declare.resource_references import AnyRef, FailureRef, KeyRef
from remit.resources.kms_key import key_text
from remit.resources.names import logical, name_of
from remit.triggers.failure_destination import Destination, destination
from remit.triggers.source import Filter, check_range, filter_criteria, mapping
from remit.triggers.trigger import BaseTrigger, TriggerSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remit.triggers.record_fields import Shape

_KINDS: Final = {"sqs": "queue", "sns": "topic", "s3": "bucket"}


@dataclass(frozen=True, slots=True)
class StreamTrigger(BaseTrigger):
    """The options of a stream's event source mapping ("Event source mapping parameters", AWS Lambda)."""

    called = "stream"

    stream: AnyRef
    _: KW_ONLY
    batch_size: int | None = None
    batch_window: int | None = None
    retries: int | None = None
    report_failures: bool = False
    filter: Filter | None = None
    on_failure: FailureRef | None = None
    max_record_age: int | None = None
    parallelization_factor: int | None = None
    bisect_batch: bool = False
    tumbling_window: int | None = None
    key: KeyRef | None = None

    @property
    def arn(self) -> str:
        """The stream's ARN."""
        raise NotImplementedError

    @property
    def record(self) -> Shape:
        """The shape of the stream's records, for filters."""
        raise NotImplementedError

    def checks(self) -> Iterator[Callable[[], object]]:
        """Yield the checks of the numbers, the filter, the key, the destination."""
        yield partial(check_range, "batch_size", self.batch_size, 1, 10_000)
        yield partial(check_range, "batch_window", self.batch_window, 0, 300)
        yield partial(check_range, "retries", self.retries, -1, 10_000)
        if self.max_record_age != -1:  # for ever
            yield partial(check_range, "max_record_age", self.max_record_age, 60, 604_800)
        yield partial(check_range, "parallelization_factor", self.parallelization_factor, 1, 10)
        yield partial(check_range, "tumbling_window", self.tumbling_window, 0, 900)
        yield partial(filter_criteria, self)
        yield partial(key_text, self.key)
        yield self.failures

    def failures(self) -> Destination | None:
        """The destination of records that failed for good; None without one. RemitError: it takes no records."""
        return None if self.on_failure is None else destination(self.on_failure, "on_failure", ("sqs", "sns", "s3"))

    def failure_grants(self, function: Function) -> Iterator[Grant]:
        """Yield the grants to send records that failed to `on_failure`; none without it."""
        failures = self.failures()
        if failures is not None:
            reason = function.computed(f"sends records that failed to {name_of(failures.arn)}")
            for statement in failures.statements():
                yield Grant(statement, reason)

    def sources(self) -> Iterator[TriggerSource]:
        """Yield the stream, and where records go that failed."""
        yield TriggerSource(self.called, self.arn)
        failures = self.failures()
        if failures is not None:
            yield TriggerSource(_KINDS[failures.kind], failures.arn)

    def source_mapping(self, function: Function, source: str, **position: Any) -> Iterator[Resource]:
        """Yield the event source mapping of a stream, or of a consumer of it."""
        failures = self.failures()
        yield from mapping(
            function,
            f"{logical(name_of(self.arn))}Stream",
            source,
            **position,
            BatchSize=self.batch_size,
            MaximumBatchingWindowInSeconds=self.batch_window,
            MaximumRetryAttempts=self.retries,
            FunctionResponseTypes=["ReportBatchItemFailures"] if self.report_failures else None,
            FilterCriteria=filter_criteria(self),
            DestinationConfig=None if failures is None else {"OnFailure": {"Destination": failures.arn}},
            MaximumRecordAgeInSeconds=self.max_record_age,
            ParallelizationFactor=self.parallelization_factor,
            BisectBatchOnFunctionError=self.bisect_batch or None,
            TumblingWindowInSeconds=self.tumbling_window,
        )


StartingPosition = Literal["LATEST", "TRIM_HORIZON"]
