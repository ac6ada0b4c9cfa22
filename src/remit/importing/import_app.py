"""`remit import` as a verb: a source read, its app written into a new folder, and what is left."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from remit.errors import RemitError
from remit.importing.sources import read_source
from remit.importing.template_app import app_of
from remit.importing.write_app import modules

if TYPE_CHECKING:
    from remit.importing.app_model import Code, ImportedFunction, Left

_NOT_COPIED: Final = shutil.ignore_patterns(
    ".git", ".aws-sam", ".serverless", ".chalice", ".venv", "venv", "node_modules", "__pycache__", "cdk.out", ".remit",
    ".env*", "*.pyc", ".mypy_cache", ".pytest_cache",
)  # fmt: skip


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
    app = app_of(read)
    files = modules(app)
    target.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    for layer in app.layers:
        _copy(layer, target)
    missing = [missing for function in app.functions if (missing := _write_code(function, target)) is not None]
    return Imported(target, tuple(files), app.of, app.all_left, tuple(dict.fromkeys(missing)), app.to_fill_in)


def _copy(code: Code, target: Path) -> None:
    """Copy a folder of the source; an empty one stands for one that is not there."""
    if code.folder is not None and code.folder.is_dir():
        shutil.copytree(code.folder, target / code.target, ignore=_NOT_COPIED, symlinks=True)
    else:
        (target / code.target).mkdir(parents=True, exist_ok=True)


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
    file.write_text(
        f'def {attribute}(event, context):\n    raise NotImplementedError("copy the code of {function.handler} here")\n',
        "utf-8",
    )
    return f"{code.target}/{module.replace('.', '/')}.py"
