"""The stream of a DynamoDB table, whose records a function takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import KW_ONLY, dataclass, replace
from typing import Final, Literal

from remit.app import App, Function, Grant, Resource
from remit.declare.resource_references import TableRef
from remit.errors import Mistakes, RemitError
from remit.iam.policy import allow
from remit.resources.names import arn_of, name_of, own_id
from remit.triggers.record_fields import DYNAMODB, DYNAMODB_CHANGE, Shape
from remit.triggers.stream_options import StartingPosition, StreamTrigger
from remit.triggers.trigger import with_changed_sources

CONSUME = ("dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream")
"""On the stream ("Process Amazon DynamoDB records with Lambda": execution role permissions)."""
StreamView = Literal["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"]
_ABSENT_IMAGES: Final = {
    "KEYS_ONLY": ("NewImage", "OldImage"),
    "NEW_IMAGE": ("OldImage",),
    "OLD_IMAGE": ("NewImage",),
    "NEW_AND_OLD_IMAGES": (),
}
"""What the records of a view do not hold ("StreamSpecification", Amazon DynamoDB API Reference)."""
_TABLES: Final = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")


@dataclass(frozen=True, slots=True)
class Dynamodb(StreamTrigger):
    """Run the function on the changes of a table, given by its stream's ARN or as a resource of the app.

    `@app.function(on.dynamodb(Orders.table))`. The stream of an own table is turned on; `view` says what its records
    hold. batch_size 1 to 10,000; batch_window 0 to 300 seconds; retries -1 (for ever) to 10,000; max_record_age -1 or
    60 to 604,800 seconds; parallelization_factor 1 to 10; tumbling_window 0 to 900 seconds; `on_failure` is a queue,
    topic or bucket; `key` is the KMS key of a stream that is not the app's.
    """

    called = "stream of table"

    stream: TableRef
    _: KW_ONLY
    starting_position: StartingPosition = "LATEST"
    view: StreamView | None = None

    def checks(self) -> Iterator[Callable[[], object]]:
        """Yield the checks of the table or its stream, the view, and what all streams have."""
        yield self._check_stream
        yield self._check_view
        yield from StreamTrigger.checks(self)

    def _check_stream(self) -> None:
        """Refuse with RemitError (2) what is neither a stream's ARN nor a table of the app."""
        arn_of(self.arn, "dynamodb")
        if not self.arn.startswith(("arn:", "${")):
            raise RemitError(
                f"dynamodb({self.stream!r:.40}): a stream has no fixed name",
                hint="give its ARN, or the table as a resource of `shared/resources/`",
            )

    def _check_view(self) -> None:
        """Refuse with RemitError (2) a view of a stream that exists already, and has its own."""
        if self.view is not None and not own_id(self.stream):
            raise RemitError("view is for a table of the app's: this stream has one")

    @property
    def arn(self) -> str:
        """The stream's ARN, late-bound text of a table of the app's; whatever else was given as it is."""
        attribute = getattr(self.stream, "attribute", None)
        return str(attribute("StreamArn")) if attribute is not None else str(self.stream)

    @property
    def record(self) -> Shape:
        """The shape of its records, without the images that its view leaves out."""
        absent = _ABSENT_IMAGES.get(self.view or "NEW_AND_OLD_IMAGES", ())
        change = {name: shape for name, shape in DYNAMODB_CHANGE.items() if name not in absent}
        return {**DYNAMODB, "dynamodb": change}

    def grants(self, function: Function) -> Iterator[Grant]:
        """Yield the grants to read this stream, to list all streams, and to send on what failed."""
        reason = function.computed(f"reads the stream of table {name_of(self.arn)}")
        yield Grant(allow(*CONSUME, on=self.arn), reason)
        on_all = replace(reason, note="IAM knows no narrower resource for ListStreams")
        yield Grant(allow("dynamodb:ListStreams"), on_all)
        yield from self.failure_grants(function)

    def resources(self, function: Function) -> Iterator[Resource]:
        """Yield the event source mapping."""
        yield from self.source_mapping(function, self.arn, StartingPosition=self.starting_position)


def with_sources(app: App) -> App:
    """The app with the streams turned on that its functions read, of tables that do not say it themselves.

    RemitError has all that cannot be.
    """
    return with_changed_sources(app, Dynamodb, lambda trigger: own_id(trigger.stream), _with_stream)


def _with_stream(table: Resource, triggers: list[tuple[Function, Dynamodb]]) -> Resource:
    """The table with its stream on; as it is, if it is no table or its properties set one.

    RemitError: its triggers want different views.
    """
    views = [trigger.view or "NEW_AND_OLD_IMAGES" for _, trigger in triggers]
    mistakes = Mistakes()
    for view, (_, trigger) in zip(views, triggers, strict=True):
        if view != views[0]:
            message = f"the stream of `{table.logical_id}` would have two views: {views[0]} and {view}"
            hint = "a table has one stream: give both functions the same `view`"
            mistakes.add(message, hint=hint, origin=trigger.written)
    mistakes.refuse()
    if table.type not in _TABLES or "StreamSpecification" in table.properties:
        return table
    return replace(table, properties={**table.properties, "StreamSpecification": {"StreamViewType": views[0]}})
