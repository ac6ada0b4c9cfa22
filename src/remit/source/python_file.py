"""A Python file that somebody wrote, parsed once for everything that is asked of it."""

from __future__ import annotations

import ast
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from remit.errors import Origin


@dataclass(frozen=True, eq=False)
class PythonFile:
    """The source of a file and its tree; what follows from them is worked out when it is first asked for.

    It has no path: a file of the project and the same one in a zip are parsed once.
    """

    source: bytes
    tree: ast.Module

    @cached_property
    def nodes(self) -> Sequence[ast.AST]:
        """All nodes, each before those that are deeper."""
        return tuple(ast.walk(self.tree))

    def at(self, line: int, column: int) -> Sequence[ast.AST]:
        """The nodes that begin at a line and a column (in bytes), both from 1: outer ones first.

        An assignment begins at each of its targets.
        """
        place = (line, column)
        # What declares something stands outside of functions, as a rule: most nodes are in their bodies.
        return _by_start(self, in_functions=False).get(place) or _by_start(self, in_functions=True).get(place, ())

    def assignments(self) -> Iterator[tuple[str, ast.expr]]:
        """The names to which values are assigned, with the values."""
        for node in self.nodes:
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                    if isinstance(target, ast.Name):
                        yield target.id, node.value

    @cached_property
    def assigned_once(self) -> Mapping[str, ast.expr]:
        """The values of names, where an assignment is all that binds the name in the file."""
        times_bound = Counter(bound_names(self.nodes))
        return {name: value for name, value in self.assignments() if times_bound[name] == 1}


@lru_cache(maxsize=128)
def _by_start(file: PythonFile, *, in_functions: bool) -> Mapping[tuple[int, int], Sequence[ast.AST]]:
    """The expressions and statements of a file by the line and column where each begins, outer ones first.

    An assignment to several targets begins at each of them.
    """
    by_start: dict[tuple[int, int], list[ast.AST]] = {}
    for node in file.nodes if in_functions else walk(file.tree, outside_of_functions):
        if isinstance(node, ast.expr | ast.stmt):
            by_start.setdefault((node.lineno, node.col_offset + 1), []).append(node)
        if isinstance(node, ast.Assign):
            for target in node.targets[1:]:
                by_start.setdefault((target.lineno, target.col_offset + 1), []).append(node)
    return by_start


def outside_of_functions(node: ast.AST) -> Iterable[ast.AST]:
    """The children of a node; of a function its decorators alone."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return node.decorator_list
    return ast.iter_child_nodes(node)


def walk(first: ast.AST, inner: Callable[[ast.AST], Iterable[ast.AST]]) -> Iterator[ast.AST]:
    """A node and those inside of it, as far as `inner` gives them, as `ast.iter_child_nodes` gives all.

    The order is not that of the source.
    """
    waiting = [first]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += inner(node)


def bound_names(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """The names to which nodes give a meaning, each as often as they do."""
    for node in nodes:
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.arg(arg=name):
                yield name
            case ast.alias(name=name, asname=alias):
                yield alias or name.partition(".")[0]


class Import(NamedTuple):
    """A name that an import binds: to a module, or to the `name` of a module.

    `module` is its full name, also of a relative one (which begins with a dot where its package is not known);
    `import a.b` binds `a`, the module of that name.
    """

    module: str
    name: str | None
    bound: str

    @property
    def full_name(self) -> str:
        """The full name of the import: `module`, or `module.name`."""
        return self.module if self.name is None else f"{self.module}.{self.name}"


def imports(nodes: Iterable[ast.AST], package: str = "") -> Iterator[Import]:
    """Yield the imports of nodes in a module of `package`; `*` is a name as well."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                module = alias.name if alias.asname else alias.name.partition(".")[0]
                yield Import(module, None, alias.asname or module)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                parents = package.split(".")
                base = ".".join(parents[: len(parents) - node.level + 1])
                module = f"{base}.{module}" if module else base
            for alias in node.names:
                yield Import(module, alias.name, alias.asname or alias.name)


def origin_in(file: str, node: ast.expr | ast.keyword) -> Origin:
    """The place where an expression of a file begins."""
    return Origin(file, node.lineno, node.col_offset + 1)


@lru_cache(maxsize=64)
def _parsed(source: bytes) -> PythonFile:
    """A file of this source. SyntaxError, ValueError, RecursionError: it cannot be parsed."""
    return PythonFile(source, ast.parse(source))


def parsed(source: bytes, file: str = "") -> PythonFile:
    """A source as it is parsed. SyntaxError, with the name of its `file`; ValueError; RecursionError."""
    try:
        return _parsed(source)
    except SyntaxError as error:
        error.filename = file
        raise


@lru_cache(maxsize=64)
def read(path: str) -> PythonFile:
    """The file at a path, read once until `forget`; one without any code where it cannot be read or is no Python."""
    try:
        if os.path.isfile(path):  # noqa: PTH113 - nobody could read a pipe to its end
            with open(path, "rb") as file:  # noqa: PTH123 - a path from a code object, not ours to interpret
                return _parsed(file.read())
    except (OSError, ValueError, SyntaxError, RecursionError):
        pass  # whoever runs the file reports that
    return _parsed(b"")


def forget() -> None:
    """Read each file again when it is next asked for: it may have changed since the last run of this process."""
    read.cache_clear()
    _parsed.cache_clear()
    _by_start.cache_clear()
