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
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from remit.app import Resource
from remit.errors import Origin, RemitError
from remit.review.record import read_record, record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remit.review.access_change import Version

_RUN: Final = (
    "import sys; sys.path.append(sys.argv[1]); from remit.review.separate_process import main; main(*sys.argv[2:])"
)


@contextlib.contextmanager
def loading_apart(folder: Path, stage: str | None, folder_name: str | None = None) -> Iterator[Callable[[], Version]]:
    """Begin to load in another process, and yield a function that waits for it and returns the version.

    `folder_name` is the folder as messages name it. RemitError from the function: the project's own mistakes. The
    process is ended when the block is.
    """
    with tempfile.TemporaryDirectory(prefix="remit-") as temporary:
        answer, log = Path(temporary) / "answer.json", Path(temporary) / "log"
        import_path = str(Path(__file__).parents[2])
        arguments = [import_path, str(folder), json.dumps(stage), str(answer), json.dumps(folder_name)]
        with log.open("wb") as output:
            process = subprocess.Popen(
                # -P: no file of the folder that this runs in stands for a module of Python's or remit's.
                [sys.executable, "-P", "-c", _RUN, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            yield lambda: _answer(process, answer, log)
        finally:
            # Whoever stops waiting, by Ctrl-C or a mistake in the other state, leaves no process behind.
            process.kill()
            process.wait()


def _answer(process: subprocess.Popen[bytes], answer: Path, log: Path) -> Version:
    """The version that the other process wrote; RemitError: the mistakes that it wrote, or it wrote nothing."""
    exit_code = process.wait()
    if not answer.is_file():
        log_lines = log.read_text("utf-8", errors="replace").strip().splitlines()
        hint = f"the last it said: {log_lines[-1]}" if log_lines else None
        raise RemitError(f"loading the project ended with exit code {exit_code}", hint=hint)
    content = answer.read_bytes()
    document = json.loads(content)
    if "errors" not in document:
        resources = tuple(Resource(*resource) for resource in document["template"])
        return replace(read_record(content, answer.name), resources=resources)
    mistakes = []
    for error in document["errors"]:
        origin = None if error["origin"] is None else Origin(*error["origin"])
        mistakes.append(RemitError(error["message"], hint=error["hint"], origin=origin, exit_code=error["exit_code"]))
    first, *further = mistakes
    first.further = tuple(further)
    raise first


def main(folder: str, stage: str, answer: str, folder_name: str) -> None:
    """The other process: write the app's roles as a record of a deploy, or the mistakes in the project.

    Both go into the file `answer`.
    """
    from remit.loading.load import load  # noqa: PLC0415 - the other process alone loads a project
    from remit.review.working_tree import with_resources  # noqa: PLC0415 - as above

    try:
        app = load(Path(folder), json.loads(stage), json.loads(folder_name))
        version = with_resources(app)
        resources = [
            (resource.logical_id, resource.type, resource.properties, resource.attributes)
            for resource in version.resources or ()
        ]
        text = json.dumps({**json.loads(record(version, app.stage, None)), "template": resources})
    except RemitError as error:
        errors = []
        for mistake in error.all:
            at = mistake.origin
            place = None if at is None else [at.file, at.line, at.column]
            told = {"message": mistake.message, "hint": mistake.hint, "origin": place}
            errors.append({**told, "exit_code": mistake.exit_code})
        text = json.dumps({"errors": errors})
    Path(answer).write_text(text, "utf-8")
