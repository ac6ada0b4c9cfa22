"""The stack that the app runs in, and clients of AWS, made once."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_clients: dict[str, Any] = {}


def stack_id() -> str:
    """The stack's ARN; empty parts where the app does not run in one."""
    return os.environ.get("REMIT_STACK", ":::::/")


def client(service: str) -> Any:
    """A client of boto3, which Lambda's runtimes bring."""
    if service not in _clients:
        import boto3

        connect: Any = boto3.client
        _clients[service] = connect(service)
    return _clients[service]
