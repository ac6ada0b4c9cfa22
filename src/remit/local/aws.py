"""Start, find, stop and reset the AWS on this machine: one server for each project, for this machine alone."""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remit.errors import RemitError
from remit.local.gate import HEALTH, RESET
from remit.local.place import Place, alone, is_held

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.local.place import Record

_START_SECONDS = 30.0
_STOP_SECONDS = 30.0
_PAUSE = 0.02
_LOG_BYTES = 256 * 1024
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")


@dataclass(frozen=True, slots=True)
class LocalAws:
    """A running AWS on this machine: where it answers, its process, and the region and account to work in."""

    url: str
    port: int
    pid: int
    region: str
    account: str


@dataclass(frozen=True, slots=True)
class Status:
    """What there is of a project's AWS: the running server (or None), its files, and whether state is kept."""

    aws: LocalAws | None
    state: Path
    log: Path
    kept: bool


def find(folder: Path, *, region: str | None = None) -> LocalAws | None:
    """The running AWS of the project in this folder, or None.

    It runs if its lock is held and the server that answers at the recorded port is the recorded one.
    """
    place = Place.of(folder)
    record = place.read()
    if record is None or not is_held(place.alive):
        return None
    about = _ask(record, "GET", HEALTH)
    if about is None or about.get("id") != record.id:
        return None
    url = f"http://127.0.0.1:{record.port}"
    return LocalAws(url, record.port, record.pid, _region(region), str(about["account"]))


def start(
    folder: Path, *, region: str | None = None, progress: Callable[[str], None] = lambda _: None
) -> LocalAws:
    """The AWS of the project in this folder: the running one, or one that is started and healthy.

    Args:
        folder: The project's folder; state is kept under its `.remit/local`.
        region: The region to work in (default: AWS_REGION, AWS_DEFAULT_REGION, us-east-1).
        progress: Told what is being waited for, in a short sentence.

    Raises:
        RemitError: if the extra is not installed, the folder cannot be written, or the server does not start.
    """
    region = _region(region)
    running = find(folder, region=region)
    if running is not None:
        return running
    if importlib.util.find_spec("ministack") is None:
        raise RemitError("the local AWS is not installed", hint="pip install 'remit[local]'")
    place = Place.of(folder)
    place.make()
    with alone(place.starting):
        if not is_held(place.alive):
            progress("starting the AWS on this machine")
            _spawn(place, region)
        return _await(folder, place, region)


def stop(folder: Path) -> bool:
    """End the server of this project after it has saved its state; False if none was running."""
    place = Place.of(folder)
    if not is_held(place.alive):
        return False
    pid = _holder(place)
    for number, patience in ((signal.SIGTERM, _STOP_SECONDS), (signal.SIGKILL, 5.0)):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return True
        if _until(lambda: not is_held(place.alive), patience):
            return True
    raise RemitError(f"the AWS on this machine (process {pid}) does not end")


def reset(folder: Path) -> LocalAws | None:
    """Forget every resource of the project's AWS; the server if one is running, which stays as it is."""
    place = Place.of(folder)
    running = find(folder)
    if running is None:
        if is_held(place.alive):
            raise RemitError(
                "the AWS on this machine is running but does not answer", hint="`remit local stop` ends it"
            )
        shutil.rmtree(place.state, ignore_errors=True)
        return None
    record = place.read()
    if record is None or _ask(record, "POST", RESET, patience=_STOP_SECONDS) is None:
        raise RemitError("the AWS on this machine did not reset", hint=f"its log is {str(place.log)!r}")
    return running


def status(folder: Path) -> Status:
    """Whether the AWS of this project runs, and where its files are."""
    place = Place.of(folder)
    return Status(find(folder), place.state, place.log, place.state.is_dir())


def client_arguments(aws: LocalAws) -> dict[str, Any]:
    """What `boto3.client` needs to speak to the AWS on this machine and never to a real one."""
    from botocore.config import Config  # noqa: PLC0415 - heavy, and only where clients are made

    return {
        "endpoint_url": aws.url,
        "region_name": aws.region,
        "aws_access_key_id": aws.account,
        "aws_secret_access_key": "local",
        "config": Config(s3={"addressing_style": "path"}, proxies={}),
    }


def environment(aws: LocalAws) -> dict[str, str]:
    """The variables that point AWS tools and SDKs at the AWS on this machine; the credentials are dummies."""
    return {
        "AWS_ENDPOINT_URL": aws.url,
        "AWS_REGION": aws.region,
        "AWS_DEFAULT_REGION": aws.region,
        "AWS_ACCESS_KEY_ID": aws.account,
        "AWS_SECRET_ACCESS_KEY": "local",
    }


def _region(region: str | None) -> str:
    chosen = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    if not _REGION.fullmatch(chosen):
        raise RemitError(f"{chosen!r} is not a region", hint="a region reads like us-east-1; see AWS_REGION")
    return chosen


def _spawn(place: Place, region: str) -> None:
    """Run the server's first half, which ends as soon as the second half stands on its own."""
    _trim(place.log)
    with place.log.open("ab") as log:
        begin = log.tell()
        ended = subprocess.run(
            [sys.executable, "-m", "remit.local.server", str(place.root), region],
            cwd=place.root,
            env=_environment(place),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            umask=0o077,
            check=False,
        )
    if ended.returncode:
        raise _died(place, begin)


def _environment(place: Place) -> dict[str, str]:
    """The server's whole environment: nothing of the user's but where programs are found.

    So neither it nor the functions that it runs can see or use real credentials, profiles or proxies.
    """
    for name in ("home", "tmp"):
        (place.root / name).mkdir(mode=0o700, exist_ok=True)
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    own = str(Path(__file__).parents[2])
    return {
        **kept,
        "HOME": str(place.root / "home"),
        "TMPDIR": str(place.root / "tmp"),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONUTF8": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, (own, os.environ.get("PYTHONPATH")))),
    }


def _await(folder: Path, place: Place, region: str) -> LocalAws:
    begin = max(0, place.log.stat().st_size - _LOG_BYTES) if place.log.exists() else 0
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        running = find(folder, region=region)
        if running is not None:
            return running
        if not is_held(place.alive):
            raise _died(place, begin)
        time.sleep(_PAUSE)
    raise RemitError(
        f"the AWS on this machine does not answer (its log is {str(place.log)!r})",
        hint="`remit local stop` ends it; then start it again",
    )


def _died(place: Place, begin: int) -> RemitError:
    with place.log.open("rb") as log:
        log.seek(begin)
        said = log.read().decode("utf-8", "replace").strip().splitlines()[-15:]
    return RemitError("\n".join(("the AWS on this machine did not start; its last words:", *said)))


def _trim(log: Path) -> None:
    """Keep the end of a log that has grown."""
    if log.exists() and log.stat().st_size > _LOG_BYTES:
        log.write_bytes(log.read_bytes()[-_LOG_BYTES // 4 :])


def _holder(place: Place) -> int:
    """The process that holds the server's lock.

    A number alone may by now name another process, or one of another machine that shares the folder, so it
    must also look like the server.
    """
    text = place.alive.read_text("ascii", "replace").strip()
    pid = int(text) if text.isdigit() else 0
    if pid > 1 and "remit.local.server" in _command(pid):
        return pid
    raise RemitError(
        f"the AWS on this machine runs, but as no process that can be ended from here (recorded: {text!r})",
        hint="stop it where it was started",
    )


def _command(pid: int) -> str:
    listing = Path(f"/proc/{pid}/cmdline")
    if listing.parent.parent.joinpath("self").exists():
        return (
            listing.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace") if listing.exists() else ""
        )
    question = ("ps", "-o", "command=", "-p", str(pid))
    return subprocess.run(question, capture_output=True, text=True, check=False).stdout


def _ask(record: Record, method: str, path: str, *, patience: float = 2.0) -> dict[str, Any] | None:
    """The JSON that the server answers, or None if nothing sensible does."""
    connection = http.client.HTTPConnection("127.0.0.1", record.port, timeout=patience)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        answer = json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return answer if response.status == 200 and isinstance(answer, dict) else None  # noqa: PLR2004 - HTTP's OK


def _until(fact: Callable[[], bool], patience: float) -> bool:
    deadline = time.monotonic() + patience
    while not fact():
        if time.monotonic() >= deadline:
            return False
        time.sleep(_PAUSE)
    return True
