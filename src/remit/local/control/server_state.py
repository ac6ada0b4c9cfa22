"""Have the AWS on this machine keep its data and put it back, or be as slow as AWS."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from remit.local.control.signed_request import command
from remit.local.routes import DELAYS, KEEP_DATA, PUT_DATA_BACK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.local.aws import LocalAws


def keep_data(aws: LocalAws) -> None:
    """Have it keep the data as it is now: objects, items, messages, values of secrets, users, schedules, logs."""
    command(aws, KEEP_DATA)


def put_data_back(aws: LocalAws) -> None:
    """Have it put back what it kept last, and drop the records of streams. Stacks, functions and roles stay."""
    command(aws, PUT_DATA_BACK)


def simulate_delays(aws: LocalAws, seed: str) -> str:
    """Let new roles and calls be slow as on AWS, the same for the same seed; an empty seed ends it.

    Returns the seed that it had before.
    """
    return str(command(aws, DELAYS, query=urlencode({"seed": seed}))["before"])


@contextmanager
def simulated_delays(aws: LocalAws, seed: str) -> Iterator[None]:
    """Simulate delays for as long as this lasts."""
    before = simulate_delays(aws, seed)
    try:
        yield
    finally:
        simulate_delays(aws, before)
