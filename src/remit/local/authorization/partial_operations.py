"""The operations with which AWS goes on where a part of the request is denied: how the rest is asked and answered.

The other keys are deleted, the other secrets are told, and the answer has an error for each denied one; the status is
200 all the same. Source: "DeleteObjects" (Amazon S3 API Reference), "BatchGetSecretValue", Errors (AWS Secrets Manager
API Reference).
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from remit.local.authorization.request_bodies import element_name


@dataclass(frozen=True, slots=True)
class DeniedPart:
    """A part of a request, by the names that its needs have for it, and AWS's message."""

    part: tuple[str, ...]
    message: str


def without_secrets(answer: bytes, denied: Sequence[DeniedPart]) -> bytes:
    """An answer without the values and errors of denied secrets, and with an error for each.

    A part is an ARN and a name. An answer that is itself an error, or is no JSON, stays as it is.
    """
    try:
        document = json.loads(answer)
    except ValueError:
        return answer
    if "SecretValues" not in document:  # an error
        return answer
    denied_names = {name for entry in denied for name in entry.part}
    values = [secret for secret in document["SecretValues"] if secret.get("ARN") not in denied_names]
    errors = [error for error in document.get("Errors") or () if error.get("SecretId") not in denied_names]
    for entry in denied:
        _, requested_name = entry.part
        errors.append({"SecretId": requested_name, "ErrorCode": "AccessDeniedException", "Message": entry.message})
    return json.dumps({**document, "SecretValues": values, "Errors": errors}).encode()


_END: Final = b"</DeleteResult>"
_NOTHING: Final = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' + _END
)
_EMPTY: Final = re.compile(rb"<DeleteResult[^>]*/>")


def remaining_objects(content: bytes, denied: Sequence[DeniedPart]) -> bytes:
    """The XML of DeleteObjects without the denied keys; each part is a key and a version of it, or an empty text."""
    names = {entry.part for entry in denied}
    root = ET.fromstring(content)  # noqa: S314 - it was parsed before, see `xml_members`
    for entry in list(root):
        if element_name(entry) == "Object" and (_text(entry, "Key"), _text(entry, "VersionId")) in names:
            root.remove(entry)
    rest: bytes = ET.tostring(root)
    return rest


def with_errors_of_objects(answer: bytes, denied: Sequence[DeniedPart]) -> bytes:
    """An answer of S3 with an error for each denied key. An answer that is itself an error stays as it is."""
    errors = ""
    for entry in denied:
        key, version = entry.part
        version_id = f"<VersionId>{escape(version)}</VersionId>" if version else ""
        code = f"<Code>AccessDenied</Code><Message>{escape(entry.message)}</Message>"
        errors += f"<Error><Key>{escape(key)}</Key>{version_id}{code}</Error>"
    if _EMPTY.search(answer) is not None:  # nothing was deleted, or nothing is told of it
        answer = _NOTHING
    return answer.replace(_END, errors.encode() + _END)


def _text(element: ET.Element, name: str) -> str:
    """The text of the first child of a name; empty where there is none."""
    return next((child.text or "" for child in element if element_name(child) == name), "")


@dataclass(frozen=True, slots=True)
class PartialOperation:
    """Two edits for a request in which parts are denied: of its body, and of the answer."""

    remaining: Callable[[bytes, Sequence[DeniedPart]], bytes]
    answered: Callable[[bytes, Sequence[DeniedPart]], bytes]


PARTIAL_OPERATIONS: Final[Mapping[tuple[str, str], PartialOperation]] = {
    ("s3", "DeleteObjects"): PartialOperation(remaining_objects, with_errors_of_objects),
    # Its request stays as it is: what is denied is taken out of the answer.
    ("secretsmanager", "BatchGetSecretValue"): PartialOperation(lambda content, _denied: content, without_secrets),
}
"""By boto3's name of the client, and the operation; their needs name parts."""
