"""Write an imported app as the modules of a project, formatted."""

from __future__ import annotations

import ast
import textwrap
from typing import TYPE_CHECKING, Final

from remit.importing.python_text import WIDTH, Item, Line, call, written

if TYPE_CHECKING:
    from remit.importing.app_model import ImportedApp, PythonStatement

_REMIT: Final = ("App", "Shared", "aws", "configure", "existing", "layer", "on", "output", "project", "resource")
_COMMENT_WIDTH: Final = 84
_INDENT: Final = "    "
_PARAMETERS: Final = "parameters.py"
PATHS: Final = ("app.py", "shared/resources/data.py", _PARAMETERS, "config/deploy.py")
"""The modules that an imported app may have."""


def modules(app: ImportedApp) -> dict[str, list[Line]]:
    """The lines of an app's Python modules, by their paths in it."""
    declarations = [line for left in app.left if not left.part for line in _comment(left.comment)]
    declarations += [*([Line("")] if declarations else []), Line("app = App()")]
    for function in app.functions:
        declarations += [Line(""), *_lines(function, app)]
    constants = [line for constant in app.constants for line in _lines(constant, app)]
    resources = [line for resource in app.resources for line in _lines(resource, app, 1)]
    settings = [line for setting in app.settings for line in _lines(setting, app, 1)]
    bodies = {PATHS[0]: (f"{app.name}, imported from {app.file}.", declarations)}
    if resources:
        lines = [Line(""), Line("class Data(Shared):"), *resources]
        bodies[PATHS[1]] = (f"The resources and outputs of {app.file}.", lines)
    if constants:
        bodies[_PARAMETERS] = (f"The parameters, mappings and conditions of {app.file}.", constants)
    if settings:
        bodies[PATHS[3]] = ("", [Line("with configure() as config:"), *settings])
    return {path: [*_head(path, docstring, body, app), *body] for path, (docstring, body) in bodies.items()}


def _lines(statement: PythonStatement, app: ImportedApp, level: int = 0) -> list[Line]:
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
    """The docstring and the imports of a module."""
    tree = ast.parse("\n".join(line.text for line in body))
    mentioned = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    imported = ", ".join(name for name in _REMIT if name in mentioned)
    constants = [constant.name for constant in app.constants if constant.name in mentioned]
    lines = [Line(f'"""{docstring}"""'), Line("")] if docstring else []
    lines += [Line(f"from remit import {imported}"), Line("")] if imported else []
    lines += [Line("from shared.resources.data import Data"), Line("")] if "Data" in mentioned else []
    if constants and path != _PARAMETERS:
        # Constants stand before names in small letters, as import sorters have it.
        names = sorted(constants, key=lambda name: (not name.isupper(), name))
        line = f"from parameters import {', '.join(names)}"
        group = call("from parameters import ", *map(Item, names))
        lines += [*([Line(line)] if len(line) <= WIDTH else written(group)), Line("")]
    return lines


def _comment(text: str) -> list[Line]:
    return [Line(f"# {line}") for line in textwrap.wrap(text, _COMMENT_WIDTH)]
