"""Results of earlier runs, on disk: a run asks only about changes, and goes on where another was stopped.

The cache holds texts and no code. An entry is used only for exactly the same input: its name is a digest of the
account's files, of the roles elsewhere that trust the account, of the control policies that bind it and these, of the
organization's members, of the day, and of the versions of remit and of the facts in its catalogue.
"""

from __future__ import annotations

import hashlib
import os
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")
_FORMAT: Final = 3
_DIGEST: Final = 16


class ResultCache:
    """Entries in a folder, of a version of remit; without a folder, or without msgspec, it remembers nothing."""

    def __init__(self, folder: Path | None, version: str = "") -> None:
        self.folder = None if find_spec("msgspec") is None else folder
        self.version = version
        self._used: set[str] = set()

    def name(self, *parts: str) -> str:
        """The name of an entry that depends on some texts, in their order, and on the version."""
        state = hashlib.blake2b(digest_size=_DIGEST)
        for part in (str(_FORMAT), self.version, *parts):
            state.update(part.encode("utf-8", "surrogatepass") + b"\0")
        return state.hexdigest()

    def forget_unused(self) -> None:
        """Delete the entries that this run did not use."""
        for path in () if self.folder is None else self.folder.glob("*.json"):
            if path.stem not in self._used:
                path.unlink(missing_ok=True)  # a second run may delete it, too

    def read(self, name: str, kind: type[T]) -> T | None:
        """An entry that an earlier run has kept, which counts as used; None: none of this name and kind can be read."""
        if self.folder is None:
            return None
        import msgspec  # noqa: PLC0415 - of the extra `audit`

        try:
            content = (self.folder / f"{name}.json").read_bytes()
            value: T = msgspec.json.decode(content, type=kind)
        except (OSError, msgspec.DecodeError):
            return None
        self._used.add(name)
        return value

    def keep(self, name: str, value: object) -> None:
        """Write an entry as a whole: a run that is stopped leaves no half of one. It counts as used.

        Nothing is written without a folder.
        """
        if self.folder is None:
            return
        import msgspec  # noqa: PLC0415 - as above

        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{name}.json"
        part = path.with_suffix(f".{os.getpid()}")
        part.write_bytes(msgspec.json.encode(value))
        part.replace(path)
        self._used.add(name)
