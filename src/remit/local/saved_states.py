"""Let the emulator save its state in less time: nothing else is served meanwhile."""

from __future__ import annotations

import importlib
import json
from types import SimpleNamespace
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def write_states_in_one_piece() -> None:
    """Encode the state of a service as a whole, and then write it.

    The emulator uses `json.dump`, which encodes piece by piece in Python: that takes several times as long, and gives
    the same bytes.
    """
    persistence: Any = importlib.import_module("ministack.core.persistence")
    persistence.json = SimpleNamespace(**{**vars(json), "dump": _dump})


def _dump(document: object, file: IO[str], *, default: Callable[[Any], Any]) -> None:
    file.write(json.dumps(document, default=default))


def leave_the_last_save_to_remit() -> None:
    """Save nothing when the emulator ends: remit saves everything right after it."""
    emulator: Any = importlib.import_module("ministack.app")
    emulator.save_all = _save_nothing


def _save_nothing(_services: object) -> None: ...
