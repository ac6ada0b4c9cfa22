"""The account, region and partition of the request that the emulator is answering."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def place_of_request() -> Mapping[str, str]:
    """By the names that ARN formats have for them: Partition, Region and Account."""
    responses: Any = importlib.import_module("ministack.core.responses")
    return {"Partition": "aws", "Region": responses.get_region(), "Account": responses.get_account_id()}
