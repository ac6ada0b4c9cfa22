"""Run command lines of the remit that this Python imports, and write what each printed, wrote and exited with.

Each input (a template, a project) has a process of its own, forked from a warm one: what one input leaves behind
reaches no other, and a crash or an endless loop is the result of the command that caused it.

    python worker.py JOBS RESULTS

JOBS is JSON: {"warm": [job, …], "jobs": [job, …]}, a job {"files": {path: text}, "steps": [step, …]}.
RESULTS gets a JSON line about the version, then
[name, text] for each step.
A step is {"name", "arguments"}, and may have "input" (standard input), "before" (commands that are run first), "write"
(files that are replaced first, {path: text}), "read" (patterns of files that are shown afterwards) and "seconds" (of
processor time, at most).
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

PROCESSOR_SECONDS = 20
"""Of one step, at most, unless it says otherwise. Not a clock's: a busy machine changes nothing."""
CLOCK_SECONDS = 300
"""Of one step, at most, for one that waits for something that never comes."""
MEMORY = 4 << 30
"""Bytes of one process, at most."""


def main(jobs_file: str, results_file: str) -> None:
    """Run all jobs, in the current folder."""
    ordered = json.loads(Path(jobs_file).read_text(encoding="utf-8"))
    _warm(ordered["warm"])
    gc.collect()
    gc.freeze()
    with Path(results_file).open("w", encoding="utf-8") as results:
        results.write(json.dumps(_itself()) + "\n")
        for job in ordered["jobs"]:
            results.writelines(json.dumps(result) + "\n" for result in _results(job))


def _warm(jobs: list[dict]) -> None:
    """Run some jobs in this process, so that those that are forked from it have imported and looked up most already."""
    here = Path.cwd()
    for job in jobs:
        _lay_out(job["files"])
        for step in job["steps"]:
            _step(step)
        os.chdir(here)


def _itself() -> list[str]:
    """What an output may hold of this remit and its Python, and no comparison is about: the version, and the paths."""
    import remit  # noqa: PLC0415 - which remit, the environment decides

    return [remit.__version__, remit.__path__[0], sys.prefix, sys.base_prefix]


def _results(job: dict) -> list[tuple[str, str]]:
    """What each step of a job gave; when the process died in one, the next ones have a new process."""
    results: list[tuple[str, str]] = []
    steps = job["steps"]
    while len(results) < len(steps):
        finished, ended = _forked(job["files"], steps[len(results) :])
        results.extend(finished)
        if len(results) < len(steps):
            results.append((steps[len(results)]["name"], f"the process {ended}\n"))
    return results


def _forked(files: dict[str, str], steps: list[dict]) -> tuple[list[tuple[str, str]], str]:
    """The results of the steps that were finished, and how the process ended."""
    reader, writer = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _be_the_child(files, steps, writer)
    os.close(writer)
    finished = []
    with os.fdopen(reader, "rb") as pipe:
        buffer = b""
        deadline = time.monotonic() + CLOCK_SECONDS
        while select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))[0]:
            chunk = os.read(pipe.fileno(), 1 << 16)
            if not chunk:
                break
            buffer += chunk
            *lines, buffer = buffer.split(b"\n")
            for line in lines:
                finished.append(tuple(json.loads(line)))
                deadline = time.monotonic() + CLOCK_SECONDS
        else:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return finished, "waited for something that never came"
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGPROF:
        return finished, "took too much processor time"
    return finished, f"died of signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else "died"


def _be_the_child(files: dict[str, str], steps: list[dict], writer: int) -> None:
    """Run steps in a folder that holds the files, and never return."""
    status = 1
    try:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nowhere, descriptor)
        _lay_out(files)
        for step in steps:
            signal.setitimer(signal.ITIMER_PROF, step.get("seconds", PROCESSOR_SECONDS))
            line = json.dumps([step["name"], _step(step)]) + "\n"
            with os.fdopen(writer, "wb", closefd=False) as pipe:
                pipe.write(line.encode())
        status = 0
    finally:
        os._exit(status)


def _lay_out(files: dict[str, str]) -> None:
    """Make the folder of an input, and go there."""
    folder = Path("work").absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    os.chdir(folder)
    _write(files)


def _write(files: dict[str, str]) -> None:
    for name, text in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))


def _step(step: dict) -> str:
    """Everything that a command gave, as one text."""
    for command in step.get("before", ()):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    _write(step.get("write", {}))
    text = _run(step["arguments"], step.get("input", ""))
    for pattern in step.get("read", ()):
        for path in sorted(Path().glob(pattern)):
            if path.is_file():
                text += f"-- {path}\n{_ended(path.read_text(encoding='utf-8', errors='backslashreplace'))}"
    return text


def _run(arguments: list[str], standard_input: str = "") -> str:
    """Run one command line in this process, as a terminal that is no terminal would see it."""
    from remit.cli import main as remit  # noqa: PLC0415 - which remit, the environment decides

    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="surrogateescape") for _ in range(2)]
    sys.stdin = io.TextIOWrapper(io.BytesIO(standard_input.encode()), encoding="utf-8")
    try:
        with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
            remit(arguments)
        status: object = 0
    except SystemExit as end:
        status = end.code
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is what the command gave
        status = f"raised {type(error).__name__}: {error}"
    text = f"exit {status}\n"
    for name, stream in zip(("stdout", "stderr"), streams, strict=True):
        stream.flush()
        printed = stream.buffer.getvalue().decode("utf-8", "backslashreplace")  # type: ignore[attr-defined]
        if printed:
            text += f"-- {name}\n{_ended(printed)}"
    return text


def _ended(text: str) -> str:
    """A text whose last line has an end, and says so where it had none."""
    return text if text.endswith("\n") or not text else f"{text}\n\\ no newline at the end\n"


if __name__ == "__main__":
    main(*sys.argv[1:])
