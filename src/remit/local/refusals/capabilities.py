"""A template that makes IAM resources needs the capability that says so; the emulator asks only with its own AUTH."""

from __future__ import annotations

import importlib
from typing import Any, Final

from remit.local.refusals.refusal import Refusal


def _install() -> None:
    handlers: Any = importlib.import_module("ministack.services.cloudformation.handlers")
    handlers._capabilities_enforced = lambda: True  # noqa: SLF001 - the emulator has no other way in


REFUSAL: Final = Refusal(
    what="A template makes IAM resources, or uses a transform, without the capability.",
    source="InsufficientCapabilitiesException, CreateStack (CloudFormation API Reference)",
    install=_install,
)
