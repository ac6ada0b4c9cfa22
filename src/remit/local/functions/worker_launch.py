"""How the process of a worker is started: what it sees, and what it may take of this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from remit.package.interpreters import own_program

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remit.local.functions.deployed_function import DeployedFunction

Wall: TypeAlias = Literal["wall", "landlock", ""]
"""The module of `worker/` that puts a function behind it; empty where the system has none."""
_WORKER: Final = Path(__file__).parent / "worker"


@cache
def possible_wall() -> Wall:
    """The best wall that the system allows; empty where it allows none.

    Each is tried in a process of its own, once while this process lives.
    """
    if sys.platform != "linux":
        return ""
    walls: tuple[Wall, ...] = ("wall", "landlock")
    with tempfile.TemporaryDirectory() as folder:
        for wall in walls:
            trial = (own_program(), "-I", "-S", str(_WORKER / f"{wall}.py"), folder)
            if subprocess.run(trial, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0:
                return wall
    return ""


_FILES: Final = 1024  # open files, as on Lambda
_PROCESSES: Final = 1024  # and threads, as on Lambda
_MB: Final = 1 << 20
_BEYOND: Final = 1024 * _MB  # that may be asked for at once; what is really used is watched


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
    endpoint: str
    """The address of the AWS on this machine."""
    credentials: Mapping[str, str]
    """The variables that have them."""
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
    """Start the process of a worker, which leads a group of its own; its output and its errors go to one descriptor.

    Args:
        function: What it runs.
        launch: What it is started with.
        output: The descriptor that it prints to.
        port: Where its Runtime API is.
        key: The secret by which it proves there who it is.
    """
    settings: dict[str, Any] = {
        "handler": function.handler,
        "task": launch.task,
        "further": launch.further,
        "served": launch.served,
        "runtime": launch.runtime,
        "sdk": launch.sdk,
        "wall": None,
        "files": _FILES,
        "processes": _PROCESSES,
        "storage_bytes": function.storage_mb * _MB,
        "memory_bytes": function.memory_mb * _MB + _BEYOND,
    }
    if launch.wall:
        code = (launch.task, *launch.further, *launch.runtime, launch.sdk, *launch.opt)
        settings["wall"] = {
            "module": launch.wall,
            "hidden": launch.hidden,
            "code": [folder for folder in code if folder == launch.task or folder.is_relative_to(launch.hidden)],
            "work": launch.work,
            "private": launch.private,
            "storage_bytes": function.storage_mb * _MB,
            "opt": launch.opt,
        }
    if launch.debugger is not None:
        settings["debugger"] = asdict(launch.debugger)
    variables = _variables(function, launch)
    return subprocess.Popen(
        # Paths become texts by `str`. Isolated (-I -S): no module of this machine is found by accident.
        [launch.program, "-I", "-S", "-X", "utf8", str(_WORKER / "launch.py"), json.dumps(settings, default=str)],
        cwd=launch.task,
        env={**variables, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}", "_REMIT_RUNTIME_KEY": key},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
        umask=0o077,
    )


def _variables(function: DeployedFunction, launch: Launch) -> dict[str, str]:
    """All variables of a worker, as Lambda sets them, its credentials among them.

    The function's own count before HOME, LANG, PATH and the like, and not before Lambda's reserved ones. Source:
    "Working with Lambda environment variables", defined runtime environment variables.

    Beyond Lambda's are AWS_ENDPOINT_URL, which leads to the AWS on this machine, and AWS_DISABLE_HOST_PREFIX_INJECTION,
    since no name `prefix.127.0.0.1` leads anywhere; HOME and TMPDIR stand for the home and the /tmp that a worker has.
    """
    temporary = "/tmp" if launch.private else str(launch.work)  # noqa: S108 - Lambda's
    # Where layers are not at /opt, their programs and libraries are found in their own folders: the last one's first.
    places = ("/opt",) if launch.private or not launch.opt else tuple(map(str, reversed(launch.opt)))
    libraries = ":".join(("/lib64", "/usr/lib64", *(f"{place}/lib" for place in places)))
    programs = ":".join(f"{place}/bin" for place in places)
    # All others that a function may not set are Lambda's below; the runtime sets this one for each invocation.
    own = {name: value for name, value in function.variables if name != "_X_AMZN_TRACE_ID"}
    defaults = {
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "AWS_ENDPOINT_URL": launch.endpoint,
        "HOME": temporary,
        "LANG": "en_US.UTF-8",
        "LD_LIBRARY_PATH": ":".join(filter(None, (os.environ.get("LD_LIBRARY_PATH"), libraries))),
        "PATH": f"{Path(launch.program).parent}:/usr/local/bin:/usr/bin:/bin:{programs}",
        "TMPDIR": temporary,
        "TZ": ":UTC",  # as Lambda sets it: after the colon comes the file of a zone ("tzset(3)")
    }
    lambdas = {
        "_HANDLER": function.handler,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start" if function.snap_start else "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": launch.log_stream,
        "AWS_REGION": function.region,
        "LAMBDA_RUNTIME_DIR": str(launch.runtime[0]),
        "LAMBDA_TASK_ROOT": str(launch.task),
    }
    if function.log_format == "JSON":
        lambdas["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
        lambdas["AWS_LAMBDA_LOG_LEVEL"] = function.log_level or "INFO"
    return {**defaults, **own, **lambdas, **launch.credentials}
