"""The process that is the AWS on this machine: the only module that knows the emulator (ministack).

Run as `python -m remit.local.server PLACE REGION` with an environment that holds nothing of the user's. It
locks the place, listens on loopback, forks (so that it is nobody's child to wait for), and serves until
SIGTERM or until its folder is gone.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import secrets
import signal
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remit.local.gate import Gate
from remit.local.place import Place, Record, seize
from remit.local.process import BUSY

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNT = "000000000000"

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_TICK = 1.0
_SAVING_SHARE = 20  # a twentieth of the time at most


def main(arguments: list[str]) -> int:
    """Become the server of a place; the status of the process that was started, not of the server."""
    place, region = Place(Path(arguments[0])), arguments[1]
    sys.addaudithook(_stay_on_loopback)
    lock = seize(place.alive, patience=1.0)
    if lock is None:
        return BUSY
    previous = place.read()
    listener = _listen(previous.port if previous else 0)
    if os.fork():
        return 0
    record = Record(secrets.token_hex(16), listener.getsockname()[1], os.getpid())
    os.ftruncate(lock, 0)
    os.write(lock, str(record.pid).encode())
    place.write(record)
    os.environ.pop("PYTHONPATH", None)
    os.environ.update(_settings(place, record.port, region))
    asyncio.run(_serve(place, record, listener))
    return 0


def _stay_on_loopback(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse to bind any other interface, whatever part of the emulator asks for it."""
    if event == "socket.bind":
        address = arguments[1]
        if isinstance(address, tuple) and address[0] not in _LOOPBACK:
            raise PermissionError(f"the AWS on this machine binds loopback only, not {address[0]!r}")


def _listen(port: int) -> socket.socket:
    """A bound socket on this port if it is free, else on one that the kernel chooses."""
    for candidate in dict.fromkeys((port, 0)):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", candidate))
            listener.listen()
        except OSError:
            listener.close()
            if candidate == 0:
                raise
        else:
            return listener
    raise AssertionError


def _settings(place: Place, port: int, region: str) -> Mapping[str, str]:
    """The emulator's settings: what it keeps and where; what would reach beyond this process is off."""
    return {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "localhost",
        "MINISTACK_REGION": region,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "local",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(place.state / "services"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(place.state / "s3"),
        "LAMBDA_EXECUTOR": "local",
        "LOG_LEVEL": "WARNING",
        # No containers: with a Docker daemon at hand it would remove those of other emulators at its start.
        "DOCKER_HOST": f"unix://{place.root}/no-docker.sock",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
    }


async def _serve(place: Place, record: Record, listener: socket.socket) -> None:
    emulator: Any = importlib.import_module("ministack.app")
    hypercorn: Any = importlib.import_module("hypercorn.asyncio")
    config = importlib.import_module("hypercorn.config").Config()
    emulator._collect_scripts = lambda *_: []  # noqa: SLF001 - it would run whatever scripts lie in /etc/localstack
    config.bind = [f"fd://{listener.detach()}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 2
    config.loglevel = "WARNING"
    stop, changed = asyncio.Event(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    app = Gate(
        emulator.app,
        port=record.port,
        about=lambda: {"id": record.id, "pid": record.pid, "account": ACCOUNT},
        reset_path="/_ministack/reset",
        changed=changed.set,
    )
    keeper = asyncio.create_task(_keep(place, record, stop, changed))
    await hypercorn.serve(app, config, shutdown_trigger=stop.wait)
    keeper.cancel()
    workers: Any = sys.modules.get("ministack.core.lambda_runtime")
    if workers is not None:
        workers.reset()


async def _keep(place: Place, record: Record, stop: asyncio.Event, changed: asyncio.Event) -> None:
    """Every second: save what changed, put the server file right, and end when the folder is gone.

    A save of much state takes long, and nothing else is served meanwhile: then it is done less often.
    """
    persistence: Any = importlib.import_module("ministack.core.persistence")
    emulator: Any = importlib.import_module("ministack.app")
    pause = _TICK
    while True:
        await asyncio.sleep(pause)
        if not place.alive.exists():
            persistence.PERSIST_STATE = False
            stop.set()
            return
        if place.read() != record:
            place.write(record)
        if changed.is_set():
            changed.clear()
            begin = time.monotonic()
            persistence.save_all(emulator._build_persistence_save_dict())  # noqa: SLF001 - as its shutdown does
            pause = max(_TICK, _SAVING_SHARE * (time.monotonic() - begin))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
