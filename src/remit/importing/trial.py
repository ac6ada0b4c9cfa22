"""An imported app built once: what the build refuses is allowed by a comment, or left, each at its line.

Only what remit has written itself is run: handlers are named, and their modules are not imported.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from remit.build import build
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from remit.importing.app_model import ImportedApp

Part = tuple[str, str]
"""A resource, an output or a setting by its name ("resource", "orders"); an argument by its function's logical id."""
_MOST_ROUNDS: Final = 12


@dataclass(frozen=True, slots=True)
class Trial:
    """An app with its modules, without what a build refuses, and the mistakes that nothing could be done about."""

    app: ImportedApp
    files: Mapping[str, str] = field(default_factory=dict)
    mistakes: tuple[RemitError, ...] = ()


def tried(read: Callable[[Mapping[Part, str]], Trial], folder: Path) -> Trial:
    """Build an app in a folder that has its code, until the build refuses nothing of it.

    `read` gives the app without the refused parts, each with its message.
    """
    refused: dict[Part, str] = {}
    trial = read(refused)
    for _ in range(_MOST_ROUNDS):
        _write(trial.files, folder)
        mistakes = _mistakes(folder)
        if not mistakes:
            return replace(trial, mistakes=())
        found = {
            part: mistake.message
            for mistake in mistakes
            if mistake.rule is None and (part := _part(mistake, trial.files)) is not None and part not in refused
        }
        if found:
            refused |= found
            trial = read(refused)
        else:
            files = _with_allowances(trial.files, mistakes)
            if files == trial.files:
                return replace(trial, mistakes=mistakes)
            trial = replace(trial, files=files)
    return replace(trial, mistakes=_mistakes(folder))


def _write(files: Mapping[str, str], folder: Path) -> None:
    for name in ("app.py", "parameters.py", "config/deploy.py", "shared/resources/data.py"):
        path = folder / name
        if name in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[name], "utf-8")
        else:
            path.unlink(missing_ok=True)


def _mistakes(folder: Path) -> tuple[RemitError, ...]:
    try:
        build(folder, "dev", package=False)
    except RemitError as error:
        return error.all
    return ()


def _with_allowances(files: Mapping[str, str], mistakes: tuple[RemitError, ...]) -> dict[str, str]:
    """The modules with a comment above each line at which lint finds what the source has so."""
    rules: dict[tuple[str, int], dict[str, None]] = {}
    for mistake in mistakes:
        if mistake.rule is not None and mistake.origin is not None and mistake.origin.file in files:
            rules.setdefault((mistake.origin.file, mistake.origin.line), {})[mistake.rule] = None
    allowed = {name: text.splitlines() for name, text in files.items()}
    for (name, line), at_line in sorted(rules.items(), reverse=True):
        indent = re.match(r"\s*", allowed[name][line - 1])
        comment = f"# remit: allow {', '.join(at_line)} because the source has it so"
        allowed[name].insert(line - 1, f"{indent[0] if indent else ''}{comment}")
    return {name: "\n".join(lines) + "\n" for name, lines in allowed.items()}


def _part(mistake: RemitError, files: Mapping[str, str]) -> Part | None:
    """The smallest part at the line of a mistake that can be left."""
    origin = mistake.origin
    if origin is None or origin.file not in files:
        return None
    parts = [
        (last - first, part)
        for first, last, part in _parts(ast.parse(files[origin.file]))
        if first <= origin.line <= last
    ]
    return min(parts)[1] if parts else None


def _parts(tree: ast.Module) -> Iterator[tuple[int, int, Part]]:
    """The parts of a module, with their first and last lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.lineno, node.end_lineno or node.lineno, ("resource", node.targets[0].id)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
            setting = ast.unparse(node.targets[0]).removeprefix("config.")
            yield node.lineno, node.end_lineno or node.lineno, ("setting", setting)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("app.function", "app.web"):
            names = [item.value for item in node.keywords if item.arg == "logical_id"]
            owner = ast.literal_eval(names[0]) if names else ""
            for argument in node.keywords:
                if argument.arg not in ("name", "logical_id", "handler", "code", None):
                    yield argument.value.lineno, argument.value.end_lineno or 0, (owner, f"{argument.arg}=")
                for index, item in enumerate(argument.value.elts if isinstance(argument.value, ast.List) else ()):
                    yield item.lineno, item.end_lineno or 0, (owner, f"{argument.arg}={index}")
            yield node.lineno, node.end_lineno or 0, (owner, "")
            for index, trigger in enumerate(node.args):
                yield trigger.lineno, trigger.end_lineno or 0, (owner, str(index))
