"""The decided requests of the AWS on this machine, read from its server."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from remit.local.authorization.access_log import AccessRecord
from remit.local.authorization.strictness import STRICT as STRICT_REQUEST
from remit.local.control.signed_request import OWN_HEADERS, command
from remit.local.routes import ACCESS, STRICT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.local.aws import LocalAws

NO_ACCESS: Final = 1 << 53
"""A number that no access has: asking for those after it tells the number of the last one."""


def accesses(aws: LocalAws, after: int = 0) -> tuple[int, tuple[AccessRecord, ...]]:
    """The number of the last access, and those that came after a number; the server keeps the last 5,000."""
    document = command(aws, ACCESS, query=f"after={after}")
    return int(document["last"]), tuple(AccessRecord(**record) for record in document["records"])


def refuse_unknown(aws: LocalAws, *, refuse: bool, client: int | None = None) -> bool:
    """Say whether a call of which nobody can decide here whether AWS would allow it is refused, or passes.

    At first it passes, with a record that says so. With `client`, the number of a process, it is refused for as long as
    that runs. What was so before is returned.
    """
    process = "" if client is None else f"client={client}&"
    return command(aws, STRICT, query=f"{process}on={str(refuse).lower()}").get("before") is True


@contextmanager
def unknown_refused() -> Iterator[None]:
    """Refuse what is unknown of all that this process asks for as long as this lasts, and of what that starts."""
    OWN_HEADERS[STRICT_REQUEST] = "true"
    try:
        yield
    finally:
        del OWN_HEADERS[STRICT_REQUEST]
