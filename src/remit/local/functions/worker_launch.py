"""How the process of a worker is started: what it sees, and what it may take of this machine."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remit.local.functions.deployed_function import DeployedFunction
    from remit.local.functions.walls import Wall

_FILES: Final = 1024  # open files, as on Lambda
_PROCESSES: Final = 1024  # and threads, as on Lambda
_MB: Final = 1 << 20
_BEYOND: Final = 1024 * _MB  # that may be asked for at once; what is really used is watched
_PROGRAM: Final = Path(__file__).parent / "worker" / "launch.py"


@dataclass(frozen=True, slots=True)
class Debugger:
    """How a debugger gets hold of a worker: the folder of debugpy, and the port that the worker connects to.

    `project` is the folder whose files the debugger's user looks at: the function's code is a copy of them.
    """

    packages: Path
    project: Path
    port: int


@dataclass(frozen=True, slots=True)
class Launch:
    """The parameters of a worker's start."""

    program: str
    """The Python to run."""
    task: Path
    """The folder of the function's code."""
    served: bool
    """Whether that folder is somebody's own, and not its unpacked zip: nothing is written into it."""
    further: Sequence[Path]
    """Folders of further modules: its zip's where another folder is served, and those of its layers."""
    runtime: Sequence[Path]
    """The folders of awslambdaric, and of what stands in for its compiled module."""
    sdk: Path
    """The folder of boto3 and what it needs, for functions that bring none."""
    work: Path
    """A folder for this worker's files alone."""
    variables: Mapping[str, str]
    log_stream: str
    opt: Sequence[Path]
    """The folders of its layers, which are mounted at /opt."""
    wall: Wall
    """What it is put behind."""
    hidden: Path
    """The folder of the server, which the wall keeps it from."""
    private: bool
    """Whether it has a /tmp of its own, and its layers at /opt, behind that wall."""
    remark: str = ""
    """What the function's log says of its start."""
    debugger: Debugger | None = None
    """What it waits for before it loads the function."""


def spawn(function: DeployedFunction, launch: Launch, output: int, port: int, key: str) -> subprocess.Popen[bytes]:
    """Start the process, which leads a group of its own.

    Args:
        function: What it runs.
        launch: What it is started with.
        output: The descriptor that it prints to.
        port: Where its Runtime API is.
        key: The secret by which it proves there who it is.
    """
    variables = {
        **launch.variables,
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
        "_REMIT_RUNTIME_KEY": key,
    }
    return subprocess.Popen(
        [launch.program, "-I", "-S", "-X", "utf8", str(_PROGRAM), json.dumps(_settings(function, launch))],
        cwd=launch.task,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
        umask=0o077,
    )


def _settings(function: DeployedFunction, launch: Launch) -> dict[str, Any]:
    """Return the settings of `worker/launch.py`."""
    settings: dict[str, Any] = {
        "handler": function.handler,
        "task": str(launch.task),
        "further": [str(folder) for folder in launch.further],
        "served": launch.served,
        "runtime": [str(folder) for folder in launch.runtime],
        "sdk": str(launch.sdk),
        "wall": _wall(function, launch) if launch.wall else None,
        "files": _FILES,
        "processes": _PROCESSES,
        "storage_bytes": function.storage_mb * _MB,
        "memory_bytes": function.memory_mb * _MB + _BEYOND,
    }
    if launch.debugger is not None:
        settings["debugger"] = {
            "packages": str(launch.debugger.packages),
            "project": str(launch.debugger.project),
            "port": launch.debugger.port,
        }
    return settings


def _wall(function: DeployedFunction, launch: Launch) -> dict[str, Any]:
    """Return the settings of the wall's module."""
    code = (launch.task, *launch.further, *launch.runtime, launch.sdk, *launch.opt)
    return {
        "module": launch.wall,
        "hidden": str(launch.hidden),
        "code": [str(folder) for folder in code if folder == launch.task or folder.is_relative_to(launch.hidden)],
        "work": str(launch.work),
        "private": launch.private,
        "storage_bytes": function.storage_mb * _MB,
        "opt": [str(folder) for folder in launch.opt],
    }
