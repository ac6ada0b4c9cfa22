"""The operations with which AWS goes on where a part of the request is denied: how the rest is asked and answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remit.local.authorization import denied_objects
from remit.local.authorization.denied_secrets import all_secrets, without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from remit.local.authorization.denied_part import DeniedPart


@dataclass(frozen=True, slots=True)
class PartialOperation:
    """Two edits for a request in which parts are denied: of its body, and of the answer."""

    remaining: Callable[[bytes, Sequence[DeniedPart]], bytes]
    answered: Callable[[bytes, Sequence[DeniedPart]], bytes]


PARTIAL_OPERATIONS: Final[Mapping[tuple[str, str], PartialOperation]] = {
    ("s3", "DeleteObjects"): PartialOperation(denied_objects.remaining, denied_objects.with_errors),
    ("secretsmanager", "BatchGetSecretValue"): PartialOperation(all_secrets, without_secrets),
}
"""By boto3's name of the client, and the operation; their needs name parts."""
