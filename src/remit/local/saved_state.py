"""The state of the emulator, loaded as a whole or not at all, and saved without holding up who calls.

Nothing is served while the state is saved, and the time of functions goes by. The emulator copies all of it, and
encodes it in Python, piece by piece; each thread that waits for a function takes its turn in between.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

from remit.local.emulator import emulated, instead_of


def when_state_is_loaded(then: Callable[[], None]) -> None:
    """Call `then` once the state is loaded, after what was handed over here before."""
    emulator = emulated("app")

    @instead_of(emulator, "_load_persisted_state")
    def loaded(load: Callable[[], None]) -> None:
        load()
        then()


def refuse_damaged_state(folder: Path) -> None:
    """End this process (exit code 1) where a file of the state cannot be read, once the state is loaded.

    The emulator would go on without it, and save over it. Called before `when_state_is_loaded` is.
    """
    emulator = emulated("app")

    @instead_of(emulator, "_load_persisted_state")
    def load_all(_load: Callable[[], None]) -> None:
        """Load the state of each service in the emulator's order; damage to one ends the process, with a sentence."""
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


MANY_ITEMS: Final = ("sqs", "cloudwatch_logs", "kinesis")
"""The emulator's modules that hold many small items, and whose state is what they hold, by the names that it has there.

Those of tables are copied with their tables.
"""
_UNDISTURBED_SECONDS: Final = 1.0
"""How long another thread waits, while the state is saved, until it takes its turn."""


def save_quickly() -> None:
    """Have the emulator's `save_all` copy little and write only what changed, in the process that serves; called once.

    What it does when it ends is left out: remit saves then.
    """
    for name in MANY_ITEMS:
        _do_not_copy(emulated(f"services.{name}"))
    copy_stores_in_one_step()
    write_what_changed()
    leave_the_last_save_to_remit()


def _do_not_copy(module: Any) -> None:
    """Have the state of a service be what it holds: nothing changes it until it is encoded, which is one piece."""
    names = tuple(module.get_state())
    module.get_state = lambda: {name: getattr(module, f"_{name}") for name in names}


def copy_stores_in_one_step() -> None:
    """Copy a store without asking how: each save copies hundreds, and most are empty."""
    responses = emulated("core.responses")

    def copied(store: Any, memo: dict[int, Any]) -> Any:
        copy = type(store)()
        copy._data = deepcopy(store._data, memo) if store._data else {}
        return copy

    for kind in (responses.AccountScopedDict, responses.AccountRegionScopedDict):
        kind.__deepcopy__ = copied


def write_what_changed() -> None:
    """Encode the state of a service as a whole, and write it where it is not what was written last.

    The emulator uses `json.dump`, which encodes piece by piece in Python: that takes several times as long, and gives
    the same bytes. It writes all fifty files each time.
    """
    persistence = emulated("core.persistence")
    written: dict[str, int] = {}

    @instead_of(persistence, "save_state")
    def save(_save: Callable[[str, object], None], service: str, state: object) -> None:
        """Save a service's state, whole or not at all, unless it is as it was; a failure is only logged."""
        if not persistence.PERSIST_STATE:
            return
        document = {"__ministack_format__": persistence._state_format_version(service), "payload": state}
        path = Path(persistence.STATE_DIR, f"{service}.json")
        part = path.with_name(f"{service}.json.tmp")
        try:
            text = json.dumps(document, default=persistence._json_default)
            if written.get(service) == hash(text) and path.exists():
                return
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(text, "utf-8")
            part.replace(path)
            written[service] = hash(text)
        except Exception as error:  # noqa: BLE001 - one service that cannot be saved must not lose the others
            with suppress(OSError):
                part.unlink()
            persistence.logger.error("Persistence: failed to save %s: %s", service, error)  # noqa: TRY400 - as it logs


def leave_the_last_save_to_remit() -> None:
    """Save nothing when the emulator ends: remit saves everything right after it."""
    emulator = emulated("app")
    instead_of(emulator, "save_all")(lambda _save_all, _services: None)


@contextmanager
def undisturbed() -> Iterator[None]:
    """In it, other threads of this process wait until this one itself waits for something."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(_UNDISTURBED_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
