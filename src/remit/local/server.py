"""The process that is the AWS on this machine: the only module that knows the emulator (ministack).

Run as `python -m remit.local.server PLACE REGION` with an environment that holds nothing of the user's. It
locks the place, listens on loopback, forks (so that it is nobody's child to wait for), and serves until
SIGTERM or until its folder is gone.
"""

from __future__ import annotations

import asyncio
import base64
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
from remit.local.request import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ACCOUNT = "000000000000"

_TICK = 1.0
_SAVING_SHARE = 20  # a twentieth of the time at most


def main(arguments: list[str]) -> int:
    """Become the server of a place; the status of the process that was started, not of the server."""
    place, region = Place(Path(arguments[0])), arguments[1]
    lock = seize(place.alive, patience=1.0)
    if lock is None:
        return BUSY
    previous = place.read()
    listener = _listen(previous.port if previous else 0)
    sys.addaudithook(_refuse_other_doors)
    if os.fork():
        return 0
    record = _record(listener.getsockname()[1])
    os.ftruncate(lock, 0)
    os.write(lock, str(record.pid).encode())
    place.write(record)
    os.environ.pop("PYTHONPATH", None)
    os.environ.update(_settings(place, record, region))
    asyncio.run(_serve(place, record, listener))
    return 0


def _refuse_other_doors(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse to bind any port, whatever part of the emulator asks for it: behind it nobody would look at keys."""
    if event == "socket.bind":
        address = arguments[1]
        if isinstance(address, tuple):
            raise PermissionError(f"the AWS on this machine has one door, and opens none on {address[0]!r}")


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


def _record(port: int) -> Record:
    """What this server writes down about itself. Its keys are new at each start, and look like AWS's.

    Twelve digits would be taken for an account by the emulator, which has one here.
    """
    access_key_id = "AKIA" + base64.b32encode(secrets.token_bytes(10)).decode()
    return Record(secrets.token_hex(16), port, os.getpid(), access_key_id, secrets.token_urlsafe(30))


def _settings(place: Place, record: Record, region: str) -> Mapping[str, str]:
    """The emulator's settings: what it keeps and where; what would reach beyond this process is off."""
    return {
        "GATEWAY_PORT": str(record.port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "localhost",
        "MINISTACK_REGION": region,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{record.port}",
        "AWS_ACCESS_KEY_ID": record.access_key_id,
        "AWS_SECRET_ACCESS_KEY": record.secret_access_key,
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


def _function_credentials(record: Record) -> Callable[[Mapping[str, Any]], Mapping[str, str]]:
    """What functions get in the place of the emulator's choice, which is an account's number for a key."""

    def credentials(_configuration: Mapping[str, Any]) -> Mapping[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": record.access_key_id,
            "AWS_SECRET_ACCESS_KEY": record.secret_access_key,
            "AWS_SESSION_TOKEN": "",
        }

    return credentials


def _secret_of(record: Record) -> Callable[[str, str], str]:
    """Secrets by access key and session token: this server's own, and those that IAM and STS gave out here."""

    def secret_of(access_key_id: str, token: str) -> str:
        if access_key_id == record.access_key_id:
            return record.secret_access_key
        emulator: Any = importlib.import_module("ministack.core.iam_evaluator")
        issued = None
        if not emulator.is_root_access_key(access_key_id):  # any number of twelve digits is root to the emulator
            issued = emulator.resolve_credential(access_key_id, ACCOUNT, token)
        if isinstance(issued, emulator.ResolvedCredential):
            return str(issued.secret_access_key)
        raise Refused(
            "InvalidClientTokenId",
            f"{access_key_id!r} is no access key of the AWS on this machine: its keys are new at each start, "
            "and `remit local start` shows them",
        )

    return secret_of


async def _serve(place: Place, record: Record, listener: socket.socket) -> None:
    emulator: Any = importlib.import_module("ministack.app")
    hypercorn: Any = importlib.import_module("hypercorn.asyncio")
    config = importlib.import_module("hypercorn.config").Config()
    functions: Any = importlib.import_module("ministack.core.lambda_runtime")
    functions.execution_credentials = _function_credentials(record)
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
        secret_of=_secret_of(record),
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
