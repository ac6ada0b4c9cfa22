"""Write an imported app: its modules, formatted, and the code of its functions, copied as it is."""

from __future__ import annotations

import ast
import re
import textwrap
from typing import TYPE_CHECKING, Final

from remit.importing.python_text import WIDTH, call, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.importing.app_model import Constant, ImportedApp, ImportedFunction, ImportedResource

_REMIT: Final = ("App", "Shared", "aws", "configure", "existing", "layer", "on", "output", "project", "resource")
_COMMENT_WIDTH: Final = 84


def modules(app: ImportedApp) -> dict[str, str]:
    """The Python modules of an app, by their paths in it."""
    files = {"app.py": _app_module(app)}
    if app.resources:
        files["shared/resources/data.py"] = _module(
            f"The resources and outputs of {app.file}.", [list(_class(app.resources))], app
        )
    if app.constants:
        files["parameters.py"] = _module(
            f"The parameters, mappings and conditions of {app.file}.", [_constants(app.constants)], app
        )
    if app.settings:
        files["config/deploy.py"] = _module("", [_settings(app)], app)
    return files


def _app_module(app: ImportedApp) -> str:
    blocks = [["app = App()"]]
    top = [line for left in app.left for line in _comment(left.comment)]
    if top:
        blocks.insert(0, top)
    blocks += [_function(function) for function in app.functions]
    return _module(f"{app.name}, imported from {app.file}.", blocks, app)


def _class(resources: Iterable[ImportedResource]) -> Iterator[str]:
    yield "class Data(Shared):"
    for resource in resources:
        lines = [line for left in resource.left for line in _comment(left.comment)]
        lines += written(resource.value, before=f"{resource.attribute} = ")
        level = 1 if resource.condition is None else 2
        if resource.condition is not None:
            yield f"    if {resource.condition}:"
            lines = [line for left in resource.left for line in _comment(left.comment)]
        lines = [
            *(textwrap.indent(line, "    " * level) for left in resource.left for line in _comment(left.comment)),
            *written(resource.value, level, f"{resource.attribute} = "),
        ]
        yield from lines


def _function(function: ImportedFunction) -> list[str]:
    level = 0 if function.condition is None else 1
    lines = [] if function.condition is None else [f"if {function.condition}:"]
    lines += [textwrap.indent(line, "    " * level) for left in function.left for line in _comment(left.comment)]
    return [*lines, *written(call("app.web" if function.is_web else "app.function", *function.arguments), level)]


def _constants(constants: Iterable[Constant]) -> list[str]:
    lines: list[str] = []
    for constant in constants:
        lines += [line for text in constant.comment.splitlines() for line in _comment(text)]
        lines += written(constant.value, before=f"{constant.name} = ")
    return lines


def _settings(app: ImportedApp) -> list[str]:
    lines = ["with configure() as config:"]
    for name, value in app.settings:
        lines += written(value, 1, f"config.{name} = ")
    return lines


def _module(docstring: str, blocks: list[list[str]], app: ImportedApp) -> str:
    body = "\n".join("\n".join(block) + "\n" for block in blocks)
    body = re.sub(r"\n{4,}", "\n\n\n", body)
    mentioned = {node.id for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)}
    head = [f'"""{docstring}"""\n'] if docstring else []
    imported = [name for name in _REMIT if name in mentioned]
    if imported:
        head.append(f"from remit import {', '.join(imported)}\n")
    if "Data" in mentioned:
        head.append("from shared.resources.data import Data\n")
    constants = [constant.name for constant in app.constants if constant.name in mentioned]
    if constants and not docstring.startswith("The parameters"):
        line = f"from parameters import {', '.join(sorted(constants, key=_isort_key))}"
        if len(line) > WIDTH:
            names = "".join(f"    {name},\n" for name in sorted(constants, key=_isort_key))
            line = f"from parameters import (\n{names})"
        head.append(f"{line}\n")
    body = body.lstrip("\n")
    return "\n".join((*head, f"\n{body}" if body.startswith("class ") else body))


def _isort_key(name: str) -> tuple[int, str]:
    """Constants before names in small letters, as import sorters have it."""
    return (0 if name.isupper() else 1, name)


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(text, _COMMENT_WIDTH)]
