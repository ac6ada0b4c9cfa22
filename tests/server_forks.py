"""A process that has imported the emulator for one region, and becomes a server there in each of its forks.

The emulator reads its environment as it is imported, and keeps what it read in variables of its modules. The region is
what it will be. Of a server's folder and port, marks stand there until a fork has its own (`_settle`).
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remit.local import process, server
from remit.local.authorization.authorizer import prepare
from remit.local.emulator import emulated
from remit.local.state_files import Record, StateFiles

if TYPE_CHECKING:
    from collections.abc import Mapping

IMPORTED = ("app", "services.cloudformation", "services.scheduler", "services.sts")
"""The modules that a server imports before it serves; they import most others."""
_IMPORTED_FIRST = (
    "cryptography.hazmat.primitives.serialization", "defusedxml.ElementTree", "hypercorn.asyncio", "jsonata", "yaml",
)  # fmt: skip
_KEY = Path("services", "cognito-rsa-key.pem")  # signs tokens: to make one takes longer than all else


def import_emulator(marked: StateFiles, marked_port: int, region: str) -> None:
    """Import it, and see to it that whoever reads a server's settings (`server._settings`) has its modules settled."""
    for name in _IMPORTED_FIRST:
        importlib.import_module(name)
    prepare()
    marked.root.mkdir()
    settings = server._settings
    os.environ.update(process._environment(marked))
    os.environ.update(settings(marked, Record("", marked_port, 0, "", ""), region))
    threads: list[threading.Thread] = []
    start = threading.Thread.start
    threading.Thread.start = lambda thread: threads.append(thread)  # noqa: PLW0108 - a method
    for name in IMPORTED:
        emulated(name)
    threading.Thread.start = start
    key = (marked.state / _KEY).read_bytes()

    def settled(files: StateFiles, record: Record, region: str) -> Mapping[str, str]:
        server._settings = settings
        chosen = settings(files, record, region)
        os.environ.update(chosen)
        _settle({str(marked.root): str(files.root), str(marked_port): str(record.port)}, files.state / _KEY, key)
        for thread in threads:  # none lives on in a fork
            thread.start()
        return chosen

    server._settings = settled


def _settle(values: Mapping[str, str], key_path: Path, key: bytes) -> None:
    """Put values in the place of marks, and read the folder where the import of a module reads it."""
    for module in [module for name, module in sys.modules.items() if name.startswith("ministack.")]:
        for name, value in vars(module).items():
            if isinstance(value, str):
                for mark, chosen in values.items():
                    value = value.replace(mark, chosen)  # noqa: PLW2901 - one after the other
                setattr(module, name, value)
    tempfile.tempdir = None  # it is found anew
    if not key_path.exists():
        key_path.parent.mkdir(parents=True, exist_ok=True)
        key_path.write_bytes(key)
    importlib.reload(emulated("services.cognito"))  # its functions' defaults have paths, and it has read the key
    storage = emulated("services.s3")  # it reads what an earlier server kept as it is imported
    storage._load_persisted_data()
    storage._reschedule_restores()


def fork_for_all(door: socket.socket) -> None:
    """Fork for each that asks, until all have closed the other end of standard input."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that have answered
    while door in select.select([sys.stdin, door], [], [])[0]:
        with door.accept()[0] as asks:
            asked = asks.makefile().readline()
            if os.fork():
                continue
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            status, first_half = 1, os.getpid()
            try:
                os.setsid()
                door.close()
                status = _begin(**json.loads(asked))
            except BaseException:  # noqa: BLE001 - whoever asked reads it in the log
                traceback.print_exc()
            sys.stdout.flush()
            if os.getpid() == first_half:
                asks.sendall(str(status).encode())
            os._exit(0)


def _begin(cwd: str, env: dict[str, str], log: str, umask: int, arguments: list[str]) -> int:
    """Be a server, as one is that `remit.local.process` starts; the status that it would end with."""
    os.umask(umask)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    for descriptor, name, flags in ((0, os.devnull, os.O_RDONLY), (1, log, os.O_WRONLY | os.O_APPEND)):
        opened = os.open(name, flags)
        os.dup2(opened, descriptor)
        os.close(opened)
    os.dup2(1, 2)
    return server.main(arguments)


def main(folder: Path, region: str, descriptor: str) -> None:
    """Wait at a socket; the folder is this process's own, and gone when it ends."""
    import_emulator(StateFiles(folder / "marked"), 9_871_236_540, region)
    gc.freeze()
    fork_for_all(socket.socket(fileno=int(descriptor)))
    shutil.rmtree(folder)


if __name__ == "__main__":
    ROOT: Any = Path(sys.argv[3])
    main(ROOT, *sys.argv[4:])
