"""A request reaches the service that the gate decided on, whatever its path looks like.

The emulator looks at some paths before it looks at who is asked: `/health`, `/iceberg/…` and
`/restapis/…/_user_request_/…` are also paths of objects in S3.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, Final

from remit.local.emulator import emulated, instead_of

DECIDED: Final[ContextVar[str]] = ContextVar("remit_decided_service", default="")
"""The boto3 client of the operation that the gate decided on; empty for a request to the app or of the server's own."""

_BY_PATH: Final = frozenset({"execute-api", "apigatewaymanagementapi", "rds-data", "s3control", "sesv2"})
"""The clients whose operations the emulator finds by their paths alone."""


def send_to_the_decided_service() -> None:
    """Take hold of the places where the emulator looks at paths."""
    emulator = emulated("app")
    for name in ("_handle_pre_body_request", "_handle_post_body_shortcuts", "_handle_special_data_plane_request"):
        instead_of(emulator, name)(_unless_decided)


async def _unless_decided(by_path: Any, *arguments: Any, **named: Any) -> Any:
    decided = DECIDED.get()
    if decided and decided not in _BY_PATH:
        return None
    return await by_path(*arguments, **named)
