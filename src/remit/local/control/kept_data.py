"""Have the AWS on this machine keep its data as it is, and put that back later: what tests of an app begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.errors import RemitError
from remit.local.control.signed_request import ask
from remit.local.routes import KEEP_DATA, PUT_DATA_BACK

if TYPE_CHECKING:
    from remit.local.aws import LocalAws


def keep_data(aws: LocalAws) -> None:
    """Have it keep the data as it is now: objects, items, messages, values of secrets, users, schedules, logs."""
    _tell(aws, KEEP_DATA)


def put_data_back(aws: LocalAws) -> None:
    """Have it put back what it kept last, and drop the records of streams. Stacks, functions and roles stay."""
    _tell(aws, PUT_DATA_BACK)


def _tell(aws: LocalAws, path: str) -> None:
    response = ask(aws, "POST", path)
    if not response.is_ok:
        raise RemitError(f"the AWS on this machine answered {response.status} to {path}")
