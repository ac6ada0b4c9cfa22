"""Whose resource a request is about, where it is another account's: that account's services answer then.

Source: "Cross-account policy evaluation logic" (IAM User Guide), and "Cross account resource access in IAM" for the
services whose operations take the ARN, or the URL, of a resource of another account.
"""

from __future__ import annotations

import re
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Final, NamedTuple

from remit.local.emulator import as_request_of

if TYPE_CHECKING:
    from remit.access.needed_access import NeededAccess

_SERVICES: Final = frozenset({"dynamodb", "events", "kinesis", "kms", "lambda", "secretsmanager", "sns", "sqs"})
_ACCOUNT: Final = re.compile(r"[0-9]{12}")
_PARTS: Final = 6  # arn:partition:service:region:account:resource


class OwningPlace(NamedTuple):
    """The account and the region of a resource."""

    account: str
    region: str


def is_account(text: str) -> bool:
    """Return whether a text is an account's number."""
    return _ACCOUNT.fullmatch(text) is not None


def other_owner(need: NeededAccess, account: str) -> OwningPlace | None:
    """The place of the resource of an access, where it is of another account than the caller's; else None.

    None also for services whose operations do not reach into other accounts, and where the ARN names no account.
    """
    parts = need.resource.split(":", _PARTS - 1)
    if len(parts) < _PARTS or parts[2] not in _SERVICES or parts[4] == account or not is_account(parts[4]):
        return None
    return OwningPlace(parts[4], parts[3])


def as_owner_of(arn: str) -> AbstractContextManager[None]:
    """A context in which the emulator works as in the account and the region of an ARN.

    For what is no whole ARN, or one without an account, nothing changes.
    """
    parts = arn.split(":", _PARTS - 1)
    if len(parts) < _PARTS or not is_account(parts[4]):
        return nullcontext()
    return as_request_of(parts[4], parts[3])
