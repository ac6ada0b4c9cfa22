"""The events of a log file of CloudTrail, decoded into the few fields that are read; needs the extra `remit[audit]`.

Everything else of an event is skipped while it is decoded, which makes this several times as fast as reading it whole.
"""

from __future__ import annotations

import msgspec

from remit.audit.entities import UnreadableFileError
from remit.audit.json_bytes import values


class TrailIssuer(msgspec.Struct, gc=False):
    """The role or user that a session was issued by."""

    arn: str | None = None


class TrailSession(msgspec.Struct, gc=False):
    """The session of a caller."""

    issuer: TrailIssuer | None = msgspec.field(default=None, name="sessionIssuer")


class TrailIdentity(msgspec.Struct, gc=False):
    """The caller of an event."""

    type: str | None = None
    arn: str | None = None
    session: TrailSession | None = msgspec.field(default=None, name="sessionContext")

    @property
    def principal(self) -> str:
        """The ARN of the user or role whose policies decide; empty where none of the account's do.

        A session's role stands in its issuer. Services of AWS call without either.
        """
        if self.session is not None and self.session.issuer is not None and self.session.issuer.arn:
            return self.session.issuer.arn
        return self.arn or "" if self.type == "IAMUser" else ""


class TrailRecord(msgspec.Struct, gc=False):
    """The fields of an event that are read."""

    time: str = msgspec.field(default="", name="eventTime")
    source: str = msgspec.field(default="", name="eventSource")
    name: str = msgspec.field(default="", name="eventName")
    error: str | None = msgspec.field(default=None, name="errorCode")
    is_management: bool | None = msgspec.field(default=None, name="managementEvent")
    category: str | None = msgspec.field(default=None, name="eventCategory")
    account: str | None = msgspec.field(default=None, name="recipientAccountId")
    identity: TrailIdentity | None = msgspec.field(default=None, name="userIdentity")


class _TrailFile(msgspec.Struct, gc=False):
    records: list[TrailRecord] | None = msgspec.field(default=None, name="Records")
    digest_end: str | None = msgspec.field(default=None, name="digestEndTime")


class _UndecodedFile(msgspec.Struct, gc=False):
    records: list[msgspec.Raw] = msgspec.field(name="Records")


_DECODER = msgspec.json.Decoder(_TrailFile)
_RECORD_DECODER = msgspec.json.Decoder(TrailRecord)
UNREADABLE = TrailRecord()
"""What stands for an event that is none of CloudTrail's."""


def trail_records(content: bytes, file: str) -> list[TrailRecord] | None:
    """The events of a log file; None where it holds none, as a digest does. UnreadableFileError: it is none."""
    try:
        log = _DECODER.decode(content)
    except (msgspec.DecodeError, ValueError):
        return _one_by_one(content, file)
    if log.records is None and log.digest_end is None:
        raise _no_log(file)
    return log.records


def _one_by_one(content: bytes, file: str) -> list[TrailRecord]:
    """The events of a file in which some are none of CloudTrail's, or of several logs in one file.

    UnreadableFileError: it is no log.
    """
    records: list[TrailRecord] = []
    try:
        for value in values(content, file):
            log = msgspec.json.decode(msgspec.json.encode(value), type=_UndecodedFile)
            records += map(_record, log.records)
    except (msgspec.DecodeError, ValueError, UnreadableFileError):
        raise _no_log(file) from None
    return records


def _record(text: msgspec.Raw) -> TrailRecord:
    """A record, read from its JSON; UNREADABLE for one that is no record."""
    try:
        return _RECORD_DECODER.decode(text)
    except (msgspec.DecodeError, ValueError):
        return UNREADABLE


def _no_log(file: str) -> UnreadableFileError:
    return UnreadableFileError(file, "is no log file of CloudTrail, or is cut off")
