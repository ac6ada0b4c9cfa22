"""DeleteObjects where some keys are denied: the others are deleted, and the answer has an error for each denied one.

Source: "DeleteObjects" (Amazon S3 API Reference): the status is 200 whatever becomes of the keys.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.local.authorization.denied_part import DeniedPart

_END: Final = b"</DeleteResult>"
_NOTHING: Final = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' + _END
)
_EMPTY: Final = re.compile(rb"<DeleteResult[^>]*/>")


def remaining(content: bytes, denied: Sequence[DeniedPart]) -> bytes:
    """The list of keys to delete without the denied ones, each a key and a version of it, or an empty text."""
    names = {entry.part for entry in denied}
    root = ET.fromstring(content)  # noqa: S314 - it was parsed before, see `xml_members`
    for entry in list(root):
        if _local_name(entry) == "Object" and (_text(entry, "Key"), _text(entry, "VersionId")) in names:
            root.remove(entry)
    rest: bytes = ET.tostring(root)
    return rest


def with_errors(answer: bytes, denied: Sequence[DeniedPart]) -> bytes:
    """An answer of S3 with an error for each denied key. An answer that is itself an error stays as it is."""
    errors = "".join(_error(entry) for entry in denied).encode()
    if _EMPTY.search(answer) is not None:  # nothing was deleted, or nothing is told of it
        answer = _NOTHING
    return answer.replace(_END, errors + _END)


def _error(entry: DeniedPart) -> str:
    key, version = entry.part
    version_id = f"<VersionId>{escape(version)}</VersionId>" if version else ""
    code = f"<Code>AccessDenied</Code><Message>{escape(entry.message)}</Message>"
    return f"<Error><Key>{escape(key)}</Key>{version_id}{code}</Error>"


def _local_name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _text(element: ET.Element, name: str) -> str:
    return next((child.text or "" for child in element if _local_name(child) == name), "")
