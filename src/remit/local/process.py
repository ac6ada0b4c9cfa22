"""The server as a process: put it into the world, say which one it is, and tell how it died."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from remit.errors import RemitError
from remit.local.state_files import StateFiles, own
from remit.package.interpreters import own_program, variables_of_looking

if TYPE_CHECKING:
    from remit.local.environment import LocalEnvironment

BUSY = 75  # the status of a server that found another one holding its files

_LOG_BYTES = 256 * 1024
_REMIT = Path(__file__).parents[2]  # the folder that remit is imported from
# Isolated (-I -S): else Python would look for modules in the project's folder, wherever PYTHONPATH says, and in the
# environment of remit. It gets the packages of its own environment, and of remit's nothing but remit itself.
_PROGRAM = """\
import gc, json, sys
gc.disable()  # what is imported stays; the server turns it on again
from importlib.machinery import PathFinder
folder, packages, root, *arguments = sys.argv[1:]
class Remit:
    def find_spec(name, path=None, target=None):
        return PathFinder.find_spec(name, [folder]) if name == "remit" else None
sys.path.append(packages)
sys.meta_path.append(Remit)
from remit.local.server import main
sys.exit(main([root, *arguments]))
"""


def spawn(files: StateFiles, region: str, environment: LocalEnvironment) -> int:
    """Run the server's first half, which ends as soon as the second half stands on its own.

    A log of more than 256 KB is cut to its last 64 KB before.

    Returns: The position in the log at which this server's output begins.

    Raises: RemitError: the server did not start; that another one runs is no error.
    """
    if files.log.exists() and files.log.stat().st_size > _LOG_BYTES:
        files.log.write_bytes(files.log.read_bytes()[-_LOG_BYTES // 4 :])
    with open(files.log, "ab", opener=own) as log:
        begin = log.tell()
        arguments = [str(files.root), region, str(environment.folder), json.dumps(variables_of_looking())]
        ended = subprocess.run(
            [own_program(), "-I", "-S", "-c", _PROGRAM, str(_REMIT), str(environment.packages), *arguments],
            cwd=files.root,
            env=_environment(files),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            umask=0o077,
            check=False,
        )
    # A server that has found another there is no failure: that one is asked then.
    if ended.returncode not in {0, BUSY}:
        raise died(files, begin)
    return begin


def died(files: StateFiles, begin: int) -> RemitError:
    """Return the error for a server that ended by itself, with the last 15 lines of the log from `begin` on."""
    with files.log.open("rb") as log:
        log.seek(begin)
        said = log.read().decode("utf-8", "replace").strip().splitlines()[-15:]
    lines = ("the AWS on this machine did not start; its last words:", *(said or ["(none)"]))
    return RemitError("\n  ".join(lines), hint=f"the whole log is {str(files.log)!r}")


def holder(files: StateFiles) -> int:
    """The id of the process that holds the server's lock, as the lock's file has it.

    A number alone may by now name another process, or one of another machine that shares the folder, so it
    must also look like the server.

    Raises:
        RemitError: if no process here is that server.
    """
    text = files.alive.read_text("ascii", "replace").strip()
    pid = int(text) if text.isdigit() else 0
    if pid > 1 and "remit.local.server" in _command(pid):
        return pid
    raise RemitError(
        f"the AWS on this machine runs, but as no process that can be ended from here (recorded: {text!r})",
        hint="stop it where it was started",
    )


def _command(pid: int) -> str:
    """The command line of a process, by /proc or else by ps; empty if there is no such process."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        if Path("/proc/self").exists():
            return ""
    question = ("ps", "-o", "command=", "-p", str(pid))
    return subprocess.run(question, capture_output=True, text=True, check=False).stdout


def _environment(files: StateFiles) -> dict[str, str]:
    """The server's whole environment: nothing of the user's but where programs are found.

    So neither it nor the functions that it runs can see or use real credentials, profiles or proxies. Its home is made,
    and its folder for temporary files, whose earlier content is deleted.
    """
    shutil.rmtree(files.root / "tmp", ignore_errors=True)
    for name in ("home", "tmp"):
        (files.root / name).mkdir(mode=0o700, exist_ok=True)
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return {
        **kept,
        "HOME": str(files.root / "home"),
        "TMPDIR": str(files.root / "tmp"),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONUTF8": "1",
    }
