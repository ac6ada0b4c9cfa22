"""The account, region and partition of the request that the emulator is answering, and another place to answer for."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager


def place_of_request() -> Mapping[str, str]:
    """By the names that ARN formats have for them: Partition, Region and Account."""
    responses: Any = importlib.import_module("ministack.core.responses")
    return {"Partition": "aws", "Region": responses.get_region(), "Account": responses.get_account_id()}


def as_request_of(account: str, region: str) -> AbstractContextManager[None]:
    """In it, the emulator works as if it answered a request of an account in a region."""
    responses: Any = importlib.import_module("ministack.core.responses")
    scope: AbstractContextManager[None] = responses.request_scope(account, region)
    return scope
