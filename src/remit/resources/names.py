"""Names and ARNs of resources that people write, read and made: by name, by ARN, or as a resource of the app."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from os.path import commonprefix
from typing import Any, Final

from remit.errors import RemitError, described, writer
from remit.iam import tokens
from remit.resources.name_rules import broken_rule

HTTP_API: Final = "HttpApi"
REST_API: Final = "RestApi"
WEBSOCKET_API: Final = "WebSocketApi"
"""The logical ids of an app's APIs; those of what belongs to one begin with its id."""
_NONE: Final = r"(?<![A-Za-z0-9_])None(?![A-Za-z0-9_])"
_COLON: Final = r":(?![^{]*\})"
"""A colon outside of late-bound parts."""


_TYPES: Final = {
    "events": "AWS::Events::EventBus",
    "kinesis": "AWS::Kinesis::Stream",
    "logs": "AWS::Logs::LogGroup",
    "s3": "AWS::S3::Bucket",
    "sns": "AWS::SNS::Topic",
    "sqs": "AWS::SQS::Queue",
}
"""The type of what a service's ARNs name here."""
SERVICES: Final = {
    "AWS::DynamoDB::GlobalTable": "dynamodb",
    "AWS::DynamoDB::Table": "dynamodb",
    "AWS::Events::EventBus": "events",
    "AWS::Kinesis::Stream": "kinesis",
    "AWS::Lambda::Function": "lambda",
    "AWS::S3::Bucket": "s3",
    "AWS::SNS::Topic": "sns",
    "AWS::SQS::Queue": "sqs",
}
"""The service in the ARN of a resource of the app that events come from, or that records are sent to."""
SENDING: Final = {"sqs": "sqs:SendMessage", "sns": "sns:Publish"}
"""The action that sends to a queue or a topic ("Adding a dead-letter queue", AWS Lambda Developer Guide)."""
_BUCKET_IN_HOST: Final = r"([a-z0-9][a-z0-9.-]*)\.s3[.-](?:[a-z0-9-]+\.)*amazonaws\.com"
"""The bucket in the host of a URL ("Virtual hosting of general purpose buckets", Amazon S3 User Guide)."""
_OWN: Final = r"\$\{([A-Za-z0-9]+)(?:\.[A-Za-z]*Arn)?\}"
"""What stands for a resource of the app: its Ref or the attribute with its ARN."""
_OWN_NAME: Final = r"\$\{[A-Za-z0-9]+\.[A-Za-z.]*Name\}"
"""An attribute of a resource of the app with its name: QueueName."""


def text_of(subject: Any, taker: str) -> str:
    """A name or ARN as text: given as such, or as a resource of the app. RemitError: it is neither, or empty."""
    text = tokens.plain(getattr(subject, "arn", subject))
    if isinstance(text, str) and text:
        return text
    raise RemitError(f"{taker} takes a name, an ARN or a resource, got {described(subject)}", origin=writer())


def arn_of(subject: Any, service: str, prefix: str = "") -> str:
    """The ARN of something that is given by name, by ARN, or as a resource of the app.

    A name becomes an ARN of the deploy's region and account, with `prefix` before the name. RemitError: it is none of
    these, a URL, of another service, a resource's own name, or nothing of the service can have the name.
    """
    arn = text_of(subject, service)
    if re.search(_NONE, arn):
        hint = "usually os.environ.get() of a variable that is not set: use os.environ[…]"
        raise RemitError(f"{service}: {arn!r} contains 'None'", hint=hint, origin=writer())
    if "://" in arn:
        raise RemitError(f"{service}: {arn!r} is a URL", hint=call_meant_by_url(arn, service), origin=writer())
    if arn.startswith("arn:"):
        owner = re.split(_COLON, arn, maxsplit=3)[2:3]
        if owner and owner[0] != service and owner[0].isalnum():
            raise RemitError(f"{service} takes an ARN of {service}, got one of {owner[0]}: {arn!r}", origin=writer())
        _check_name(name_of(arn), service)
        return arn
    if arn.startswith("${"):
        refuse_name_of_own(subject, service)
        return arn
    _check_name(arn, service)
    return f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{prefix}{arn}"


def refuse_name_of_own(subject: Any, taker: str) -> None:
    """RemitError: an attribute of a resource of the app that has its name, `Data.queue.name`, and is no ARN."""
    if re.fullmatch(_OWN_NAME, tokens.plain(getattr(subject, "arn", subject))):
        written = getattr(subject, "written", "")
        hint = f"write `{written.rpartition('.')[0]}`" if written else "write its `.arn`"
        raise RemitError(
            f"{taker} takes a resource of the app as it is, and `{written or subject}` is its name",
            hint=hint,
            origin=writer(),
        )


@lru_cache(maxsize=1024)  # each grant and each resource of a trigger asks for the ARN of its source
def _check_name(name: str, service: str) -> None:
    """RemitError: nothing of the service can have a name, of which parts that only the deploy knows may be anything."""
    if service not in _TYPES:
        return
    rule = broken_rule(_TYPES[service], tokens.split(name), makes=False)
    if rule is not None:
        raise RemitError(f"{service}: nothing can be named {name!r:.60}", hint=rule, origin=writer())


def call_meant_by_url(url: str, verb: str) -> str | None:
    """The hint for a URL of a bucket or queue where `verb` takes a name: `did you mean `s3.read("uploads", "in/*")`?`.

    `verb` has a dot, as in `s3.read`; one without is a trigger, for which the hint is `on.VERB` with the name alone.
    None for a URL without a name in it.
    """
    host, *path = url.partition("://")[2].rstrip("/").split("/", maxsplit=1)
    bucket = re.match(_BUCKET_IN_HOST, host)
    if url.startswith("s3:"):
        arguments = [host, *path]
    elif bucket is not None:
        arguments = [bucket[1], *path]
    elif path:
        arguments = [path[0].rpartition("/")[2]]
    else:
        return None
    if "." not in verb:  # a trigger, which takes no keys
        return f"did you mean `on.{verb}({json.dumps(arguments[0])})`?"
    return f"did you mean `{verb}({', '.join(map(json.dumps, arguments))})`?"


def name_of(arn: str) -> str:
    """The name of the queue, topic, table, bucket or stream of an ARN, for reasons and logical ids.

    Of a reference (`${Orders.Arn}`) it is the logical id; of a name, that name.
    """
    if arn.startswith("${"):
        return arn.strip("${}").split(".")[0]
    tail = re.split(_COLON, arn, maxsplit=5)[-1]
    parts = tail.split("/")
    if parts[0] in ("table", "stream", "event-bus") and len(parts) > 1:
        return parts[1]
    return tail.removeprefix("log-group:").removesuffix(":*")


def logical(name: str) -> str:
    """A name as a part of a logical id: its ASCII letters and digits, with a capital at each word; may be empty."""
    words = "".join(sign if sign.isascii() and sign.isalnum() else " " for sign in name).split()
    return "".join(word[:1].upper() + word[1:] for word in words)


def common_start(names: Sequence[str]) -> str:
    """The beginning that all of the names have."""
    return commonprefix(names)  # noqa: RUF071 - of names, which are no paths


def digest(*texts: str, digits: int = 8) -> str:
    """Hexadecimal digits that tell texts apart, for logical ids: two routes may be made of the same letters."""
    from hashlib import sha256  # noqa: PLC0415 - it brings OpenSSL, and few apps have a name that needs it

    return sha256("\0".join(texts).encode()).hexdigest()[:digits]


def own_id(subject: Any) -> str:
    """The logical id of a resource of the app, also by its `arn` or `ref`; "" for what is given by name or ARN."""
    logical_id = getattr(subject, "logical_id", None)
    if isinstance(logical_id, str):
        return logical_id
    text = tokens.plain(subject)
    reference = re.fullmatch(_OWN, text) if isinstance(text, str) else None
    return "" if reference is None else reference[1]
