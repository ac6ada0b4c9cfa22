"""Measure whole processes, by what the operating system counts when each one ends."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parents[1]
_PEAK_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes of ru_maxrss ("getrusage")


@dataclass(frozen=True, slots=True)
class Command:
    """What is run: arguments, folder, and what its environment has beside `environment()`."""

    arguments: tuple[str, ...]
    folder: Path
    variables: Mapping[str, str]
    expected: int = 0
    """The exit code of a run that counts."""


@dataclass(frozen=True, slots=True)
class Run:
    """One process, or the medians of several: CPU (user and system) and wall seconds, peak memory in megabytes."""

    cpu: float
    wall: float
    peak: float


def environment(home: Path) -> dict[str, str]:
    """What every measured process sees: no settings of this shell, no credentials, a home of its own.

    The cache is this user's, where the AWS on this machine is installed.
    """
    return {
        "PATH": os.defpath,
        "HOME": str(home),
        "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache"),
        "LANG": "C.UTF-8",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def remit() -> tuple[tuple[str, ...], dict[str, str]]:
    """How remit is run, and the variables for it: the script beside this Python, else from this checkout's sources."""
    script = Path(sys.executable).with_name("remit")
    if script.exists():
        return (str(script),), {}
    return (sys.executable, "-c", "from remit.cli import main; main()"), {"PYTHONPATH": str(ROOT / "src")}


def measure(command: Command) -> Run:
    """Run a command to its end; SystemExit with what it said when it fails.

    Linux counts this process's own size into the child's peak (until it has executed), so only peaks above some
    20 MB mean anything.
    """
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(
            command.arguments,
            cwd=command.folder,
            env=dict(command.variables),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != command.expected:
            said.seek(0)
            text = said.read().decode(errors="replace")
            sys.exit(f"{' '.join(command.arguments)} failed ({process.returncode}):\n{text}")
    return Run(used.ru_utime + used.ru_stime, wall, used.ru_maxrss * _PEAK_UNIT / 1e6)


def interleaved(commands: Mapping[str, Command], rounds: int) -> dict[str, Run]:
    """The medians of each command: all of them in turn, `rounds` times, after a round that does not count."""
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            run = measure(command)
            if number:
                runs[name].append(run)
    return {name: median(found) for name, found in runs.items()}


def median(runs: Sequence[Run]) -> Run:
    """The median of each figure."""
    return Run(
        cpu=statistics.median(run.cpu for run in runs),
        wall=statistics.median(run.wall for run in runs),
        peak=statistics.median(run.peak for run in runs),
    )


def machine() -> str:
    """What the figures depend on: processor, its cores, system and Python."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    system = f"{platform.system()} {platform.release()}"
    return f"{_processor()}, {cores} cores, {system}, Python {platform.python_version()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
