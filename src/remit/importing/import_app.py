"""`remit import` as a verb: a source read, its app written into a new folder, and what is left."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from remit.errors import RemitError
from remit.importing.sources import read_source
from remit.importing.template_app import app_of
from remit.importing.trial import tried

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.importing.app_model import Code, Left

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
        missing = {path: None for code in app_of(read).code for path in _missing(code, folder)}
        trial = tried(partial(app_of, read), folder)
        shutil.rmtree(folder / ".remit", ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(folder, target, dirs_exist_ok=True, symlinks=True)
    app = trial.app
    return Imported(target, trial.files, app.of, app.left, tuple(missing), app.to_fill_in, trial.mistakes)


def _missing(code: Code, app: Path) -> Iterator[str]:
    """Copy or write code into an app; yield the layer or the module that is not there: a stub stands for it."""
    folder = app / code.target
    module, _, attribute = code.handler.rpartition(".")
    file = folder / f"{module.replace('.', '/')}.py"
    is_there = code.folder is not None and code.folder.is_dir()
    if not folder.exists():
        if code.folder is not None and is_there:
            shutil.copytree(code.folder, folder, ignore=_NOT_COPIED, symlinks=True)
        else:
            folder.mkdir(parents=True)
    if code.text is not None:
        file.write_text(code.text, "utf-8")
    if not code.handler and not is_there:
        yield code.target
    elif code.handler and not file.exists() and not file.with_suffix("").is_dir():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_STUB.format(attribute, code.handler), "utf-8")
        yield f"{code.target}/{module.replace('.', '/')}.py"
