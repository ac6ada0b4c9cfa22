"""Start, find, stop and reset the AWS on this machine: one server for each project, for nobody else."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.errors import RemitError
from remit.local.control.signed_request import ask
from remit.local.process import died, holder, spawn
from remit.local.routes import HEALTH, RESET, SAVE
from remit.local.state_files import LocalAws, Record, StateFiles, alone, is_held

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


_START_SECONDS = 120.0  # if it neither answers nor ends: a busy machine takes its time
_STOP_SECONDS = 30.0
_KILL_SECONDS = 30.0
_PAUSE = 0.02
_PATIENCE = 10.0  # seconds for an answer about the server's health: a busy one serves others first
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")


@dataclass(frozen=True, slots=True)
class LocalAwsStatus:
    """The state of a project's AWS: the running server or None, its files, and whether all of its state is kept."""

    aws: LocalAws | None
    state: Path
    log: Path
    kept: bool
    unsaved: str | None
    """Why some of the state is not kept, or None."""


def find(folder: Path, *, region: str | None = None, patience: float = _PATIENCE) -> LocalAws | None:
    """The running AWS of the project in this folder; None where none runs, or it does not answer in `patience` seconds.

    It runs if its lock is held, and the server that answers at the recorded port has the recorded id. RemitError (2):
    `region` (default: as for `start`) is not one, or a part of `.remit/local` is a link or another user's.
    """
    files = _files(folder)
    record = files.read() if is_held(files.alive) else None
    if record is None:
        return None
    about = _document(record, "GET", HEALTH, patience=patience)
    if about is None or about.get("id") != record.id:
        return None
    url = f"http://127.0.0.1:{record.port}"
    return LocalAws(
        url,
        record.port,
        record.pid,
        _region(region),
        str(about["account"]),
        record.access_key_id,
        record.secret_access_key,
        f"{record.id}/{about.get('writes')}",
    )


def start(
    folder: Path,
    *,
    region: str | None = None,
    progress: Callable[[str], None] = lambda _: None,
    patience: float = _PATIENCE,
) -> LocalAws:
    """The AWS of the project in this folder: the running one, or one that is started and healthy.

    Args:
        folder: The project's folder; state is kept under its `.remit/local`.
        region: The region to work in (default: AWS_REGION, AWS_DEFAULT_REGION, us-east-1).
        progress: Told what is being waited for, in a short sentence.
        patience: Seconds in which one that runs already must answer.

    Raises:
        RemitError: if `region` is not one, the emulator cannot be installed (exit code 69 without a network), its
            files are not the user's own, the folder cannot be written, or the server does not start or answer.
    """
    region = _region(region)
    files = _files(folder)
    running = find(folder, region=region, patience=patience)
    if running is not None:
        return running
    from remit.local.environment import install  # noqa: PLC0415 - most commands find a running one

    environment = install(folder, progress)
    files.check_state()
    files.make()
    begin: int | None = None
    is_mute = False
    try:
        with alone(files.starting):
            deadline = time.monotonic() + _START_SECONDS
            while time.monotonic() < deadline and not is_mute:
                if not is_held(files.alive):  # a server that has just ended may still hold it for a moment
                    if begin is not None:
                        raise died(files, begin)
                    progress("starting the AWS on this machine")
                    begin = spawn(files, region, environment)
                asked = time.monotonic()
                running = find(folder, region=region, patience=patience)
                if running is not None:
                    return running
                is_mute = begin is None and time.monotonic() - asked >= patience
                time.sleep(_PAUSE)
    except OSError as error:
        raise RemitError(f"{str(files.root)!r} cannot be written: {error.strerror}") from error
    raise RemitError(
        f"the AWS on this machine does not answer (its log is {str(files.log)!r})",
        hint="`remit local stop` ends it; then start it again",
    )


def stop(folder: Path) -> bool:
    """End the server of this project, which saves its state first, and wait until it has; False if none was running.

    One that does not end within 30 s of SIGTERM is killed, and loses what it has not saved.

    Raises:
        RemitError: if it runs but cannot be ended from here.
    """
    files = _files(folder)
    if not is_held(files.alive):
        return False
    with alone(files.starting):
        pid = holder(files)
        for number, patience in ((signal.SIGTERM, _STOP_SECONDS), (signal.SIGKILL, _KILL_SECONDS)):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
            deadline = time.monotonic() + patience
            while is_held(files.alive) and time.monotonic() < deadline:
                time.sleep(_PAUSE)
            if not is_held(files.alive):
                return True
    raise RemitError(f"the AWS on this machine (process {pid}) does not end")


def reset(folder: Path) -> LocalAws | None:
    """Forget every resource of the project's AWS: the running server is told to, else the saved state is deleted.

    Returns:
        The running server, which goes on with nothing in it; None if none runs, whether files had to go or not.

    Raises:
        RemitError: if the server does not answer, or the files cannot be removed.
    """
    files = _files(folder)
    running = find(folder)
    if running is None:
        if is_held(files.alive):
            raise RemitError(
                "the AWS on this machine is running but does not answer", hint="`remit local stop` ends it"
            )
        try:
            if files.state.exists():
                with alone(files.starting):
                    shutil.rmtree(files.state)
                    files.write_unsaved(None)
        except OSError as error:
            raise RemitError(f"{str(files.state)!r} cannot be removed: {error.strerror}") from error
        return None
    record = files.read()
    if record is None or _document(record, "POST", RESET, patience=_STOP_SECONDS) is None:
        raise RemitError("the AWS on this machine did not reset", hint=f"its log is {str(files.log)!r}")
    return running


def status(folder: Path) -> LocalAwsStatus:
    """Return the running AWS of this project, its files, and whether they hold its state: not if none was saved."""
    files = _files(folder)
    unsaved = files.read_unsaved()
    return LocalAwsStatus(find(folder), files.state, files.log, files.state.is_dir() and unsaved is None, unsaved)


def save(folder: Path) -> str | None:
    """Save the state of the running AWS at once; why some of it is not kept, or None.

    Raises:
        RemitError: if the server does not answer.
    """
    files = _files(folder)
    record = files.read()
    answer = None if record is None else _document(record, "POST", SAVE, patience=_STOP_SECONDS)
    if answer is None:
        raise RemitError("the AWS on this machine did not save its state", hint=f"its log is {str(files.log)!r}")
    return answer.get("unsaved")


def _files(folder: Path) -> StateFiles:
    """The files of a project's AWS. RemitError: a part of it is a link, or another user's."""
    files = StateFiles.of(folder)
    files.check()
    return files


def _region(region: str | None) -> str:
    """The region: the one given, of AWS_REGION, of AWS_DEFAULT_REGION, or us-east-1. RemitError (2): it is none."""
    chosen = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    if not _REGION.fullmatch(chosen):
        raise RemitError(f"{chosen!r} is not a region", hint="a region reads like us-east-1; see AWS_REGION")
    return chosen


def _document(record: Record, method: str, path: str, *, patience: float = _PATIENCE) -> dict[str, Any] | None:
    """The JSON object that the server answers to a signed request.

    None: it does not answer in `patience` seconds, answers an error status, or something else than a JSON object.
    """
    try:
        response = ask(record, method, path, patience=patience)
        document = response.document()
    except RemitError:
        return None
    return document if response.is_ok and isinstance(document, dict) else None
