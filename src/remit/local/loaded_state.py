"""Load what an earlier server has saved, all of it or nothing, and do something as soon as that is done."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from remit.local.emulator import emulated, instead_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def when_state_is_loaded(then: Callable[[], None]) -> None:
    """Call `then` once the state is loaded, after what was handed over here before."""
    emulator = emulated("app")

    @instead_of(emulator, "_load_persisted_state")
    def loaded(load: Callable[[], None]) -> None:
        load()
        then()


def refuse_damaged_state(folder: Path) -> None:
    """End this process where a file of the state cannot be read: the emulator would go on without it, and save over it.

    Called before anything else is to be done when the state is loaded.
    """
    emulator = emulated("app")

    @instead_of(emulator, "_load_persisted_state")
    def load_all(_load: Callable[[], None]) -> None:
        for service, module_name in emulator._state_map.items():
            path = folder / f"{service}.json"
            try:
                state = emulator.load_state(service)
                if state is None and path.exists():
                    raise ValueError("it is not whole, or a newer remit has written it")  # noqa: TRY301 - as others' errors
                if state:
                    emulator._get_module(module_name).load_persisted_state(state)
            except Exception as error:  # noqa: BLE001 - damage of any kind
                print(f"the state in {str(path)!r} cannot be read: {error}")  # noqa: T201 - the log
                print("move that file elsewhere to go on without it; `remit local reset` forgets all state", flush=True)  # noqa: T201 - as above
                os._exit(1)
