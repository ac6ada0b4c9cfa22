"""Who signed the request that the AWS on this machine is answering."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final

CALLER: Final[ContextVar[str]] = ContextVar("caller", default="")
"""The ARN of the caller; "": this server's own key, which may do anything.

What a request starts and does not wait for (a stack's changes, its rollback) still sees its caller.
"""
