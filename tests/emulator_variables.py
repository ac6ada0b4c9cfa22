"""What the emulator holds once a server has imported it, as files of JSON: imported twice, and before a fork.

It runs in a process as the server's, with a folder for the files, and that of `server_forks.py`.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import re
import runpy
import secrets
import sys
import threading
from pathlib import Path
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from remit.local import server
from remit.local.emulator import emulated
from remit.local.process import _environment
from remit.local.state_files import Record, StateFiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_REGION = "eu-west-1"
_LEAVES = (str, bytes, int, float, complex, type(None))


class Variables(dict[str, str]):
    """The value of each variable of the emulator's modules, and of all that it holds, by the way to it."""

    def __init__(self) -> None:
        super().__init__()
        self._ways: dict[int, str] = {}
        self._held: list[Any] = []  # so that nothing else gets its number
        logging.root.setLevel(logging.root.level)  # loggers forget which levels they were asked for
        self["threads"] = str(sorted(thread.name for thread in threading.enumerate()))
        for name in sorted(name for name in sys.modules if name.startswith("ministack.")):
            for variable, value in vars(sys.modules[name]).items():
                if not variable.startswith("__"):
                    self._walk(f"{name}.{variable}", value)

    def _walk(self, way: str, value: Any) -> None:
        if isinstance(value, _LEAVES):
            self[way] = re.sub(r"20\d\d-[\d-]{5}T[\d:.]+", "a time", repr(value))
        elif isinstance(value, ModuleType):
            self[way] = f"module {value.__name__}"
        elif id(value) in self._ways:
            self[way] = f"what {self._ways[id(value)]} is"
        else:
            self._ways[id(value)] = way
            self._held.append(value)
            self[way] = re.sub("0x[0-9a-f]+", "", object.__repr__(value))
            for name, part in _parts(value):
                self._walk(f"{way}.{name}", part)


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for number, (key, item) in enumerate(value.items()):
            yield (repr(key), item) if isinstance(key, _LEAVES) else (str(number), (key, item))
    elif isinstance(value, list | tuple | set | frozenset):
        yield from ((str(number), item) for number, item in enumerate(value))
    elif isinstance(value, FunctionType):
        yield "defaults", (value.__defaults__, value.__kwdefaults__)
        yield "closure", [cell.cell_contents for cell in value.__closure__ or ()]
    elif isinstance(value, type):
        if value.__module__.startswith("ministack."):
            yield from ((name, part) for name, part in vars(value).items() if name != "__doc__")
    else:
        yield "parts", [part for part in gc.get_referents(value) if not isinstance(part, type | ModuleType)]


def main(folder: Path, forks: dict[str, Any]) -> None:
    """Import the emulator in three forks, for a folder in which an earlier server kept an object."""
    files = StateFiles(folder / "server")
    kept = files.objects / "000000000000" / "bucket" / "key"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"what an earlier server kept")

    def begin() -> Variables:
        os.environ.update(_environment(files))
        os.environ.update(server._settings(files, Record("id", 4711, 1, "AKIA", "secret"), _REGION))
        for name in forks["IMPORTED"]:
            emulated(name)
        return Variables()

    def begin_in_a_fork() -> Variables:
        name, port = secrets.token_hex(), 10**10 + secrets.randbelow(10**10)
        forks["import_emulator"](StateFiles(folder / name), port, _REGION)
        variables = begin()
        gc.collect()
        for holder in gc.get_objects():
            for leaf in gc.get_referents(holder):
                if isinstance(leaf, str | bytes | int) and (name in str(leaf) or str(port) in str(leaf)):
                    variables[f"what is marked in {holder}"] = str(leaf)
        return variables

    ways: dict[str, Callable[[], Variables]] = {"once": begin, "again": begin, "forked": begin_in_a_fork}
    for name, way in ways.items():
        if not os.fork():
            (folder / name).write_text(json.dumps(way()))
            os._exit(0)
        assert os.wait()[1] == 0


if __name__ == "__main__":
    main(Path(sys.argv[3]), runpy.run_path(sys.argv[4]))
