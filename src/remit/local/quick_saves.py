"""Saves of the emulator's state that do not hold up who calls the AWS on this machine.

Nothing is served while the state is saved. The emulator encodes it in Python, piece by piece, and each thread that
waits for a function takes its turn in between: with 8,000 messages in two queues that took two seconds on a busy
machine, in which the time of functions went by. Encoded in one piece, and by itself, it takes a tenth of that.
"""

from __future__ import annotations

import importlib
import json
import logging
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_UNDISTURBED_SECONDS: Final = 1.0
"""How long another thread waits, while the state is saved, until it takes its turn."""


def encode_in_one_piece() -> None:
    """Have the emulator's `save_all` write each service's state like that."""
    persistence: Any = importlib.import_module("ministack.core.persistence")
    logger = logging.getLogger("persistence")

    def save_state(service: str, state: Mapping[str, Any]) -> None:
        if not persistence.PERSIST_STATE:
            return
        version = persistence._state_format_version(service)  # noqa: SLF001 - the emulator has no other place to take hold of
        document = {"__ministack_format__": version, "payload": state}
        path = Path(persistence.STATE_DIR) / f"{service}.json"
        draft = path.with_name(f"{path.name}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                draft.write_text(json.dumps(document, default=persistence._json_default), "utf-8")  # noqa: SLF001 - as above
                draft.replace(path)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
        except Exception as error:  # noqa: BLE001 - a service that cannot be saved must not keep the others from it
            logger.error("Persistence: failed to save %s: %s", service, error)  # noqa: TRY400 - the server reads it

    persistence.save_state = save_state


@contextmanager
def undisturbed() -> Iterator[None]:
    """In it, other threads of this process wait until this one itself waits for something."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(_UNDISTURBED_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
