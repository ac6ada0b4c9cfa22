"""What the event sources have in common: an AWS::Lambda::EventSourceMapping, and names or ARNs of what is read."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, Protocol

from remit.app import Function, Resource
from remit.errors import RemitError, described, did_you_mean, writer
from remit.iam import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

_NONE: Final = re.compile(r"(?<![A-Za-z0-9_])None(?![A-Za-z0-9_])")
_COLON: Final = re.compile(r":(?![^{]*\})")
"""A colon outside of late-bound parts."""


def arn_of(subject: Any, service: str, prefix: str = "") -> str:
    """The ARN of something that is given by name, by ARN, or as a resource of the app."""
    arn = tokens.plain(getattr(subject, "arn", subject))
    if not isinstance(arn, str) or not arn:
        got = described(subject)
        hint = "usually os.environ.get() of a variable that is not set" if subject is None else None
        raise RemitError(f"{service} takes a name, an ARN or a resource, got {got}", hint=hint, origin=writer())
    if _NONE.search(arn):
        hint = "usually os.environ.get() of a variable that is not set: use os.environ[…]"
        raise RemitError(f"{service}: {arn!r} contains 'None'", hint=hint, origin=writer())
    if "://" in arn:
        raise RemitError(f"{service}: {arn!r} is a URL", hint=name_in(arn, service), origin=writer())
    if arn.startswith("arn:"):
        owner = _COLON.split(arn, 3)[2:3]
        if owner and owner[0] != service and owner[0].isalnum():
            raise RemitError(f"{service} takes an ARN of {service}, got one of {owner[0]}: {arn!r}", origin=writer())
        return arn
    if arn.startswith("${"):
        return arn
    return f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{prefix}{arn}"


def name_in(url: str, verb: str) -> str | None:
    """What was meant by the URL of a bucket or a queue, as a verb takes it: `s3.read("uploads", "incoming/*")`."""
    host, *path = url.partition("://")[2].rstrip("/").split("/", maxsplit=1)
    if url.startswith("s3:"):
        arguments = [host, *path]
    elif path:
        arguments = [path[0].rpartition("/")[2]]
    else:
        return None
    return f"did you mean `{verb}({', '.join(map(json.dumps, arguments))})`?"


def name_of(arn: str) -> str:
    """The name of the queue, topic, table, bucket or stream of an ARN, for reasons and logical ids."""
    if arn.startswith("${"):
        return arn.strip("${}").split(".")[0]
    tail = _COLON.split(arn, 5)[-1]
    parts = tail.split("/")
    return parts[1] if parts[0] in ("table", "stream") and len(parts) > 1 else tail


def logical(name: str) -> str:
    """A name as a part of a logical id."""
    return "".join(part[:1].upper() + part[1:] for part in _words(name))


def _words(name: str) -> list[str]:
    return "".join(sign if sign.isascii() and sign.isalnum() else " " for sign in name).split()


def checked(option: str, value: Any, low: int, high: int) -> None:
    """A whole number in a range, or None."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int):
        raise RemitError(f"{option} must be a whole number, got {value!r:.40}", origin=writer())
    if not low <= value <= high:
        raise RemitError(f"{option} is {value}; it can be {low} to {high}", origin=writer())


def checked_position(value: object) -> None:
    """Where to begin in a stream: with what is there, or with what comes."""
    if tokens.plain(value) not in ("TRIM_HORIZON", "LATEST"):
        hint = did_you_mean(str(value), ("TRIM_HORIZON", "LATEST")) or "it can be TRIM_HORIZON or LATEST"
        raise RemitError(f"starting_position cannot be {value!r:.40}", hint=hint, origin=writer())


def mapping(function: Function, suffix: str, arn: str, **properties: Any) -> Iterator[Resource]:
    """The event source mapping. It waits for the function, whose role holds its policies inline: no race."""
    options = {name: value for name, value in properties.items() if value is not None}
    yield Resource(
        f"{function.logical_id}{suffix}",
        "AWS::Lambda::EventSourceMapping",
        {"EventSourceArn": arn, "FunctionName": f"${{{function.logical_id}Function}}", **options},
        origin=function.origin,
    )


class StreamTrigger(Protocol):
    """The options that the triggers of streams have in common."""

    @property
    def arn(self) -> str:
        """The stream's ARN."""

    @property
    def starting_position(self) -> str:
        """TRIM_HORIZON or LATEST."""

    @property
    def batch_size(self) -> int | None:
        """Records of a batch at most."""

    @property
    def batch_window(self) -> int | None:
        """Seconds for which a batch is waited for."""

    @property
    def retries(self) -> int | None:
        """How often a batch that failed is tried again; -1 for ever."""

    @property
    def report_failures(self) -> bool:
        """Whether the handler hands single records back."""


def stream_mapping(function: Function, stream: StreamTrigger) -> Iterator[Resource]:
    """The event source mapping of a stream."""
    yield from mapping(
        function,
        f"{logical(name_of(stream.arn))}Stream",
        stream.arn,
        StartingPosition=stream.starting_position,
        BatchSize=stream.batch_size,
        MaximumBatchingWindowInSeconds=stream.batch_window,
        MaximumRetryAttempts=stream.retries,
        FunctionResponseTypes=["ReportBatchItemFailures"] if stream.report_failures else None,
    )


def send_action(arn: str) -> str:
    """The action that sends to what an ARN names: a queue, else a topic."""
    return (
        "sns:Publish" if ":sns:" in arn or (arn.startswith("${") and not arn.endswith(".Arn}")) else "sqs:SendMessage"
    )
