"""`remit import` as a verb: a source read, its app written into a new folder as formatted modules, and what is left.

The app is built once: what the build refuses is allowed by a comment, or left, each at its line. Only what remit has
written itself is run: handlers are named, and their modules are not imported.
"""

from __future__ import annotations

import ast
import shutil
import tempfile
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from remit.build import build
from remit.errors import RemitError
from remit.importing.python_text import WIDTH, Item, Line, call, written
from remit.importing.sources import read_source
from remit.importing.template_app import app_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.importing.app_model import Code, ImportedApp, Left, PythonStatement, SourceTemplate

_NOT_COPIED: Final = shutil.ignore_patterns(
    ".git", ".aws-sam", ".serverless", ".chalice", ".venv", "venv", "node_modules", "__pycache__", "cdk.out", ".remit",
    ".env*", "*.pyc", ".mypy_cache", ".pytest_cache",
)  # fmt: skip
_MOST_ROUNDS: Final = 12
_STUB: Final = 'def {}(event, context):\n    raise NotImplementedError("copy the code of {} here")\n'

_REMIT: Final = ("App", "Shared", "aws", "configure", "existing", "layer", "on", "output", "project", "resource")
_COMMENT_WIDTH: Final = 84
_INDENT: Final = "    "
_PARAMETERS: Final = "parameters.py"
_PATHS: Final = ("app.py", "shared/resources/data.py", _PARAMETERS, "config/deploy.py")
"""The modules that an imported app may have."""


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
    """Write the app that a source declares into a folder, or into a new one here that has the app's name.

    The source is read and never run, and no file of it is changed. Mistakes that a build of the app finds are returned,
    not raised. RemitError: the source cannot be read, or the folder is a file or not empty.
    """
    read = read_source(source)
    target = folder or Path(read.name)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise RemitError(f"{target} exists already and is not an empty folder", hint="name a new one")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / target.resolve().name  # the project's name, which may be part of others
        missing: dict[str, None] = {}
        for code in dict.fromkeys(app_of(read).code):
            _copy(code, folder, missing)
        app, files, mistakes = _settled_app(read, folder)
        shutil.rmtree(folder / ".remit", ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(folder, target, dirs_exist_ok=True, symlinks=True)
    return Imported(target, files, app.of, app.left, tuple(missing), app.to_fill_in, mistakes)


def _copy(code: Code, app: Path, missing: dict[str, None]) -> None:
    """Copy a folder of code into an app, unless the app has that folder already, or write the code's text there.

    A layer without a folder is added to `missing`, and so is a handler's module that is not there, by its path in the
    app: it is written, with a stub for each handler.
    """
    folder = app / code.target
    module, _, attribute = code.handler.rpartition(".")
    path = f"{code.target}/{module.replace('.', '/')}.py"
    file = app / path
    is_there = code.folder is not None and code.folder.is_dir()
    if code.folder is not None and is_there and not folder.exists():
        shutil.copytree(code.folder, folder, ignore=_NOT_COPIED, symlinks=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    if code.text is not None:
        file.write_text(code.text, "utf-8")
    if not code.handler and not is_there:
        missing[code.target] = None
    elif code.handler and (path in missing or not (file.exists() or file.with_suffix("").is_dir())):
        with file.open("a", encoding="utf-8") as stubs:  # one for each handler of the module
            stubs.write(_STUB.format(attribute, code.handler))
        missing[path] = None


def _settled_app(source: SourceTemplate, folder: Path) -> tuple[ImportedApp, tuple[str, ...], tuple[RemitError, ...]]:
    """Write an app into the folder with its code and build it, until nothing that the build refuses can be left.

    Mistakes of lint are allowed by comments. Returns the app, the paths of its modules, and the mistakes of the last
    build; after 12 rounds that is the one before the last change.
    """
    refused: dict[str, str] = {}
    app = app_of(source)
    files = _modules(app)
    mistakes: tuple[RemitError, ...] = ()
    for _ in range(_MOST_ROUNDS):
        mistakes = _mistakes_of_build(files, folder)
        constructs = {_construct_at(mistake, files): mistake.message for mistake in mistakes if mistake.rule is None}
        newly_refused = {what: message for what, message in constructs.items() if what and what not in refused}
        if newly_refused:
            refused |= newly_refused
            app = app_of(source, refused)
            files = _modules(app)
        elif not _allow(files, mistakes):
            break
    return app, tuple(files), mistakes


def _mistakes_of_build(files: Mapping[str, list[Line]], folder: Path) -> tuple[RemitError, ...]:
    """Write the modules of an app in place of those of an earlier round, and build its stage `dev` without zips.

    The mistakes of the build are returned, not raised.
    """
    for name in _PATHS:
        (folder / name).unlink(missing_ok=True)
    for name, lines in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line.text}\n" for line in lines), "utf-8")
    try:
        build(folder, "dev", package=False)
    except RemitError as error:
        return error.all
    return ()


def _construct_at(mistake: RemitError, files: Mapping[str, list[Line]]) -> str:
    """The construct that the line of a mistake stands for; empty where there is none, or no place in these files."""
    origin = mistake.origin
    return files[origin.file][origin.line - 1].what if origin is not None and origin.file in files else ""


def _allow(files: dict[str, list[Line]], mistakes: tuple[RemitError, ...]) -> bool:
    """Put `# remit: allow` with the rules above each line of `files` that lint refused; return whether any was."""
    rules: dict[tuple[str, int], dict[str, None]] = {}
    for mistake in mistakes:
        if mistake.rule is not None and mistake.origin is not None and mistake.origin.file in files:
            rules.setdefault((mistake.origin.file, mistake.origin.line), {})[mistake.rule] = None
    for (name, number), at_line in sorted(rules.items(), reverse=True):
        text = files[name][number - 1].text
        indent = text[: len(text) - len(text.lstrip())]
        comment = f"{indent}# remit: allow {', '.join(at_line)} because the source has it so"
        files[name].insert(number - 1, Line(comment))
    return bool(rules)


def _modules(app: ImportedApp) -> dict[str, list[Line]]:
    """The lines of an app's Python modules, by their paths in it: app.py, and the others that have something to say."""
    declarations = [line for left in app.left if not left.part for line in _comment(left.comment)]
    declarations += [*([Line("")] if declarations else []), Line("app = App()")]
    for function in app.functions:
        declarations += [Line(""), *_lines(function, app)]
    constants = [line for constant in app.constants for line in _lines(constant, app)]
    resources = [line for resource in app.resources for line in _lines(resource, app, 1)]
    settings = [line for setting in app.settings for line in _lines(setting, app, 1)]
    bodies = {_PATHS[0]: (f"{app.name}, imported from {app.file}.", declarations)}
    if resources:
        lines = [Line(""), Line("class Data(Shared):"), *resources]
        bodies[_PATHS[1]] = (f"The resources and outputs of {app.file}.", lines)
    if constants:
        bodies[_PARAMETERS] = (f"The parameters, mappings and conditions of {app.file}.", constants)
    if settings:
        bodies[_PATHS[3]] = ("", [Line("with configure() as config:"), *settings])
    return {path: [*_head(path, docstring, body, app), *body] for path, (docstring, body) in bodies.items()}


def _lines(statement: PythonStatement, app: ImportedApp, level: int = 0) -> list[Line]:
    """The lines of a statement: its condition, its comments, what is left of its parts, and its value."""
    lines = []
    if statement.condition is not None:
        lines.append(Line(f"{_INDENT * level}if {statement.condition}:", statement.what))
        level += 1
    comments = [*statement.comment.splitlines()]
    comments += [left.comment for left in app.left if left.part and left.part == statement.what]
    lines += [Line(_INDENT * level + line.text) for comment in comments for line in _comment(comment)]
    before = f"{statement.name} = " if statement.name else ""
    return [*lines, *written(statement.value, level, before, what=statement.what)]


def _head(path: str, docstring: str, body: list[Line], app: ImportedApp) -> list[Line]:
    """The docstring of a module, if it has one, and imports of the names that its body mentions."""
    tree = ast.parse("\n".join(line.text for line in body))
    mentioned = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    imported = ", ".join(name for name in _REMIT if name in mentioned)
    constants = [constant.name for constant in app.constants if constant.name in mentioned]
    lines = [Line(f'"""{docstring}"""'), Line("")] if docstring else []
    lines += [Line(f"from remit import {imported}"), Line("")] if imported else []
    lines += [Line("from shared.resources.data import Data"), Line("")] if "Data" in mentioned else []
    if constants and path != _PARAMETERS:
        names = sorted(constants)  # capitals before small letters, as import sorters have it
        line = f"from parameters import {', '.join(names)}"
        group = call("from parameters import ", *map(Item, names))
        lines += [*([Line(line)] if len(line) <= WIDTH else written(group)), Line("")]
    return lines


def _comment(text: str) -> list[Line]:
    return [Line(f"# {line}") for line in textwrap.wrap(text, _COMMENT_WIDTH)]
