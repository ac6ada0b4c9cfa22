"""Which environment variables a project's functions declare: read from its source, before any of it has run.

`environment={"TABLE": …}` of a decorator or a group, `config.lambda_.function.environment = {…}`, and `Variables` in
`properties` count, each also by a name that is assigned a dict; so do the resources of `link=[…]`.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remit.source.layout import python_files
from remit.source.python_file import PythonFile, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


_WORD: Final = r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|[0-9]+"
_DEPTH: Final = 8  # names for names, and dicts in dicts
_ENVIRONMENT: Final = frozenset({"environ", "getenv"})


@dataclass(frozen=True, slots=True)
class DeclaredVariable:
    """A variable that a function gets: its text (None where it is computed), and whether the build hands it on.

    `environment={"LEVEL": os.environ.get("LEVEL") or "info"}` hands on a variable of the build.
    """

    text: str | None = None
    is_handed_on: bool = False


def variable_of(resource: str) -> str:
    """The variable of a linked resource: by its logical id, or its class and its name there, `Data_table`."""
    return "_".join(re.findall(_WORD, resource)).upper()


def declared_variables(folder: Path) -> Mapping[str, DeclaredVariable]:
    """The variables that the Python files of a project give to functions, by name."""
    files = [read(path) for path in python_files(folder)]
    assigned: dict[str, ast.expr] = {}
    for file in files:
        dicts = ast.Dict | ast.Call | ast.BinOp
        assigned.update((name, value) for name, value in file.assignments() if isinstance(value, dicts))
    variables: dict[str, DeclaredVariable] = {}
    for file in files:
        for environment in _environments(file):
            for name, value in _entries(environment, assigned):
                nodes = ast.walk(value) if value is not None else ()
                names = (getattr(node, "attr", getattr(node, "id", "")) for node in nodes)
                earlier = variables.get(name, DeclaredVariable())
                is_handed_on = earlier.is_handed_on or not _ENVIRONMENT.isdisjoint(names)
                variables[name] = DeclaredVariable(earlier.text or _constant_text(value), is_handed_on)
        # DATA_TABLE of `link=[grants.dynamodb.read(Data.table)]`
        links = [node.value for node in file.nodes if isinstance(node, ast.keyword) and node.arg == "link"]
        for part in (part for link in links for part in ast.walk(link)):
            if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
                variables.setdefault(variable_of(f"{part.value.id}_{part.attr}"), DeclaredVariable())
    return variables


def _constant_text(value: ast.expr | None) -> str | None:
    """The text that an expression spells out; None for any other."""
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


def _environments(file: PythonFile) -> Iterator[ast.expr]:
    """The values that functions get as their environment."""
    for node in file.nodes:
        if isinstance(node, ast.keyword) and node.arg == "environment":
            yield node.value
        elif isinstance(node, ast.Assign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Attribute) and target.attr == "environment" for target in targets):
                yield node.value
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "Variables":
                    yield value


def _entries(
    value: ast.expr | None, assigned: Mapping[str, ast.expr], depth: int = 0
) -> Iterator[tuple[str, ast.expr | None]]:
    """The keys and values of a dict, with those of the dicts that are merged into it.

    A value is None where the source does not show it. Nothing beyond a depth that a circle would have.
    """
    if value is None or depth > _DEPTH:
        return
    for key, content in _parts(value, assigned):
        if key is None:
            yield from _entries(content, assigned, depth + 1)
        else:
            yield key, content


def _parts(value: ast.expr, assigned: Mapping[str, ast.expr]) -> list[tuple[str | None, ast.expr | None]]:
    """The parts of a dict: keys with their values, and None with each dict that is merged into it."""
    match value:
        case ast.Dict():
            # the source of a key that is not spelled out is no variable's name
            keys = [None if key is None else _constant_text(key) or ast.unparse(key) for key in value.keys]
            return [*zip(keys, value.values, strict=True)]
        case ast.Call():
            keywords = [(keyword.arg, keyword.value) for keyword in value.keywords]
            return [*keywords, *((None, argument) for argument in value.args)]
        case ast.BinOp():
            return [(None, value.left), (None, value.right)]
        case ast.Name():
            return [(None, assigned.get(value.id))]
        case ast.Attribute():  # settings.ENVIRONMENT, of another file
            return [(None, assigned.get(value.attr))]
    return []
