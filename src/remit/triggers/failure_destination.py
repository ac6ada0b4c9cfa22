"""Where records go that a function could not process: a queue, a topic or a bucket, and what sending there takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from remit.app import Resource, Triggered
from remit.errors import RemitError, few
from remit.iam import tokens
from remit.iam.policy import Statement, allow
from remit.resources.names import SENDING, SERVICES, arn_of, own_id

DestinationKind = Literal["sqs", "sns", "s3"]
_CALLED: Final[dict[DestinationKind, str]] = {"sqs": "a queue", "sns": "a topic", "s3": "a bucket"}


@dataclass(frozen=True, slots=True)
class Destination:
    """A place for what failed, by its ARN."""

    kind: DestinationKind
    arn: str

    def statements(self) -> Iterator[Statement]:
        """Yield the role's statements for the destination ("Retaining discarded batches": permissions)."""
        if self.kind in SENDING:
            yield allow(SENDING[self.kind], on=self.arn)
        else:
            yield allow("s3:PutObject", on=f"{self.arn}/*")
            yield allow("s3:ListBucket", on=self.arn)


def destination(subject: Any, option: str, kinds: Sequence[DestinationKind]) -> Destination:
    """The destination that an option gives: by ARN, as a resource of the app, or a queue by its name.

    RemitError: it is of none of these `kinds`; `option` is what the error calls it.
    """
    kind = _kind(subject, option)
    if kind not in kinds:
        allowed = " or ".join(_CALLED[name] for name in kinds)
        raise RemitError(f"{option} takes {allowed}, got {_CALLED[kind]}")
    return Destination(kind, arn_of(subject, kind))


def _kind(subject: Any, option: str) -> DestinationKind:
    """The kind of a destination: by its type, its ARN, or the reference to it; whatever else is given, a queue's name.

    RemitError (2): its type is none that takes failures.
    """
    type_name = getattr(subject, "type", None)
    if type_name is not None:
        for kind in _CALLED:
            if SERVICES.get(type_name) == kind:
                return kind
        raise RemitError(f"{option} takes {few(list(_CALLED.values()))}, got {type_name}")
    text = tokens.plain(subject)
    if isinstance(text, str) and text.startswith("${"):
        return "sqs" if text.endswith(".Arn}") else "sns"  # a topic's ARN is its Ref
    named = (kind for kind in _CALLED if isinstance(text, str) and f":{kind}:" in text)
    return next(named, "sqs")  # by its name


def dead_letter_queue(subject: Any) -> Destination:
    """The queue of the option `dead_letter`: SNS, EventBridge and Scheduler know no other kind.

    RemitError: it is no queue, or nothing that names one.
    """
    return destination(subject, "dead_letter", ("sqs",))


def queue_policy(subject: Any, principal: str, source_arn: str, function: Triggered) -> Iterator[Resource]:
    """Yield the policy that lets a service send to a dead-letter queue of the app for one source; else nothing.

    Statements for one queue are merged into one policy, since a queue has only one (`synthesis/service_policies.py`).
    Sources: "Using dead-letter queues to process undelivered events in EventBridge", "Configuring an Amazon SNS
    dead-letter queue for a subscription".
    """
    queue = own_id(subject)
    if not queue:
        return
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": principal},
        "Action": "sqs:SendMessage",
        "Resource": f"${{{queue}.Arn}}",
        "Condition": {"ArnEquals": {"aws:SourceArn": source_arn}},
    }
    properties = {
        "Queues": [f"${{{queue}}}"],
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
    }
    yield Resource(f"{queue}SendersPolicy", "AWS::SQS::QueuePolicy", properties, origin=function.origin)
