"""`remit import` as a verb: a source read, its app written into a new folder, and what is left."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from remit.errors import RemitError
from remit.importing.sources import read_source
from remit.importing.template_app import app_of
from remit.importing.trial import Trial, tried
from remit.importing.write_app import modules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.importing.app_model import Code, ImportedFunction, Left, SourceTemplate

_NOT_COPIED: Final = shutil.ignore_patterns(
    ".git", ".aws-sam", ".serverless", ".chalice", ".venv", "venv", "node_modules", "__pycache__", "cdk.out", ".remit",
    ".env*", "*.pyc", ".mypy_cache", ".pytest_cache",
)  # fmt: skip


_STUB: Final = 'def {}(event, context):\n    raise NotImplementedError("copy the code of {} here")\n'


@dataclass(frozen=True, slots=True)
class Imported:
    """An app that was written, and what is left of its source."""

    folder: Path
    files: tuple[str, ...]
    of: int
    left: tuple[Left, ...]
    missing_handlers: tuple[str, ...]
    """Handlers whose code is not beside the source."""
    to_fill_in: tuple[str, ...]
    mistakes: tuple[RemitError, ...] = ()
    """What a build of it refuses, at its lines."""

    @property
    def expressed(self) -> int:
        """How many constructs of the source the app has."""
        return self.of - len(self.left)


def import_app(source: Path, folder: Path | None = None) -> Imported:
    """Write the app that a source declares. RemitError: the source cannot be read, or the folder is filled.

    The source is read and never run, and no file of it is changed.
    """
    read = read_source(source)
    target = folder or Path(read.name)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise RemitError(f"{target} exists already and is not an empty folder", hint="name a new one")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / target.resolve().name  # the project's name, which may be part of others
        first = app_of(read)
        missing = [layer.target for layer in first.layers if not _copy(layer, folder)]
        missing += [stub for function in first.functions if (stub := _write_code(function, folder)) is not None]
        trial = tried(lambda refused: _trial(read, refused), folder)
        shutil.rmtree(folder / ".remit", ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(folder, target, dirs_exist_ok=True, symlinks=True)
    app = trial.app
    handlers = tuple(dict.fromkeys(missing))
    return Imported(target, tuple(trial.files), app.of, app.all_left, handlers, app.to_fill_in, trial.mistakes)


def _trial(source: SourceTemplate, refused: Mapping[tuple[str, str], str]) -> Trial:
    app = app_of(source, refused)
    return Trial(app, modules(app))


def _copy(code: Code, target: Path) -> bool:
    """Copy a folder of the source, and return whether it is there; else an empty one stands for it."""
    is_there = code.folder is not None and code.folder.is_dir()
    if code.folder is not None and is_there:
        shutil.copytree(code.folder, target / code.target, ignore=_NOT_COPIED, symlinks=True)
    else:
        (target / code.target).mkdir(parents=True, exist_ok=True)
    return is_there


def _write_code(function: ImportedFunction, target: Path) -> str | None:
    """Copy or write a function's code; the handler, if it is not there: a stub stands for it."""
    code = function.code
    folder = target / code.target
    module, _, attribute = function.handler.rpartition(".")
    file = folder / f"{module.replace('.', '/')}.py"
    if code.text is not None:
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(code.text, "utf-8")
    elif not folder.exists():
        _copy(code, target)
    if file.exists() or (folder / module.replace(".", "/")).is_dir():
        return None
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(_STUB.format(attribute, function.handler), "utf-8")
    return f"{code.target}/{module.replace('.', '/')}.py"
