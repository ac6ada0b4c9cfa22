"""Load a project in a process of its own: the modules of two states of it, or of two stages, never meet.

A module that registers something once per process (a metric, a model) could not be imported twice. It also runs
while this process loads the other state.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from remit.errors import Origin, RemitError
from remit.review.record import read_record, record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remit.review.access_change import Version

_RUN: Final = (
    "import sys; sys.path.append(sys.argv[1]); from remit.review.separate_process import main; main(*sys.argv[2:])"
)


@contextlib.contextmanager
def loading_apart(folder: Path, stage: str | None) -> Iterator[Callable[[], Version]]:
    """Begin to load; what is given waits for the end. RemitError from it: the project's own mistakes."""
    with tempfile.TemporaryDirectory(prefix="remit-") as temporary:
        answer, talk = Path(temporary) / "answer.json", Path(temporary) / "talk"
        here = str(Path(__file__).parents[2])
        arguments = [here, str(folder), json.dumps(stage), str(answer)]
        with talk.open("wb") as said:
            process = subprocess.Popen(
                [sys.executable, "-P", "-c", _RUN, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )
        try:
            yield lambda: _answer(process, answer, talk)
        finally:
            process.kill()
            process.wait()


def _answer(process: subprocess.Popen[bytes], answer: Path, talk: Path) -> Version:
    code = process.wait()
    if not answer.is_file():
        said = talk.read_text("utf-8", errors="replace").strip().splitlines()
        raise RemitError(
            f"loading the project ended with exit code {code}", hint=f"the last it said: {said[-1]}" if said else None
        )
    data = answer.read_bytes()
    value = json.loads(data)
    if "error" not in value:
        return read_record(data, answer.name)
    told = value["error"]
    origin = None if told["origin"] is None else Origin(*told["origin"])
    raise RemitError(told["message"], hint=told["hint"], origin=origin, exit_code=told["exit_code"])


def main(folder: str, stage: str, answer: str) -> None:
    """What the other process runs: the record of a deploy that never was, or the mistake."""
    from remit.project.load import load  # noqa: PLC0415 - the other process alone loads a project
    from remit.review.working_tree import version_of  # noqa: PLC0415 - as above

    try:
        app = load(Path(folder), json.loads(stage))
        text = record(version_of(app), app.stage, None)
    except RemitError as error:
        text = json.dumps({"error": _error(error)})
    Path(answer).write_text(text, "utf-8")


def _error(error: RemitError) -> dict[str, Any]:
    at = error.origin
    return {
        "message": error.message,
        "hint": error.hint,
        "origin": None if at is None else [at.file, at.line, at.column],
        "exit_code": error.exit_code,
    }
