"""Do something as soon as the emulator has loaded what an earlier server has saved."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def when_state_is_loaded(then: Callable[[], None]) -> None:
    """Call `then` once the state is loaded, after what was handed over here before."""
    emulator: Any = importlib.import_module("ministack.app")
    load = emulator._load_persisted_state  # noqa: SLF001 - the emulator has no other place to take hold of

    def loaded() -> None:
        load()
        then()

    emulator._load_persisted_state = loaded  # noqa: SLF001 - as above
