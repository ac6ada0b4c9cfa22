"""Copies of the emulator's modules for one test: functions in them may be replaced, and only this test sees it."""

from __future__ import annotations

import importlib
import sys
from functools import wraps
from inspect import iscoroutinefunction
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


def copied(monkeypatch: pytest.MonkeyPatch, module: str, **instead: Any) -> Any:
    """A copy of a module (`services.sqs`), which `emulated` gives until the test ends; with other things by name."""
    name = f"ministack.{module}"
    copy = SimpleNamespace(**{**vars(importlib.import_module(name)), **instead})
    monkeypatch.setitem(sys.modules, name, copy)  # type: ignore[arg-type]
    return copy


def stub(original: Callable[..., Any], answer: Callable[..., Any]) -> Callable[..., Any]:
    """A function with the signature of the original, later answering if that does, which gives what `answer` does."""

    @wraps(original)
    async def later(*arguments: Any, **options: Any) -> Any:
        return answer(*arguments, **options)

    @wraps(original)
    def now(*arguments: Any, **options: Any) -> Any:
        return answer(*arguments, **options)

    return later if iscoroutinefunction(original) else now
