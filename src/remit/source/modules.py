"""The names that a module's source binds, with what each is bound to: the module is read, and not imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from remit.source.layout import package_of
from remit.source.python_file import Import, PythonFile, imports

_NAMING: Final = frozenset({"globals", "locals", "vars", "setattr", "exec"})
"""Functions by which a module may get names that its source does not spell."""


@dataclass(frozen=True, slots=True)
class Definition:
    """What a name is bound to: None where that may be anything. `is_certain`: the module cannot run without it."""

    value: ast.AST | Import | None
    is_certain: bool
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class ModuleSource:
    """A module: its definitions by name, in their order, and the modules of which it imports everything.

    `may_have_more`: it may get names that its source does not spell; `may_yield`: some function may be a generator.
    `all` is what `__all__` lists, where that is written out.
    """

    file: str
    definitions: Mapping[str, tuple[Definition, ...]]
    stars: tuple[str, ...]
    may_have_more: bool
    may_yield: bool
    all: tuple[str, ...] | None

    def exports(self, name: str) -> bool:
        """Return whether `from module import *` takes a name, if the module has it."""
        return name in self.all if self.all is not None else not name.startswith("_")


@lru_cache(maxsize=64)
def module_source(file: PythonFile, path: str, name: str) -> ModuleSource:
    """The names that a module binds, by its file and its dotted name."""
    package = package_of(name, path)
    definitions: dict[str, tuple[Definition, ...]] = {}
    for bound_name, definition in _definitions(file.tree.body, package, is_certain=True):
        definitions[bound_name] = (*definitions.get(bound_name, ()), definition)
    stars = [imported.module for imported in imports(file.nodes, package) if imported.name == "*"]
    listed = None
    match definitions.get("__all__", ()):
        case (Definition(value=ast.List(elts=items) | ast.Tuple(elts=items)),):
            names = [str(item.value) for item in items if isinstance(item, ast.Constant)]
            listed = tuple(names) if len(names) == len(items) else None
    return ModuleSource(path, definitions, tuple(stars), _may_have_more(file), b"yield" in file.source, listed)


def _definitions(body: list[ast.stmt], package: str, *, is_certain: bool) -> Iterator[tuple[str, Definition]]:
    """The names that statements bind or delete in their module, each with its definition, in their order."""
    for statement in body:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield statement.name, Definition(statement, is_certain)
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.expr() as value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                yield name, Definition(value, is_certain)
            case ast.AnnAssign():
                pass  # a type alone binds nothing
            case ast.Import() | ast.ImportFrom():
                for imported in imports([statement], package):
                    if imported.name != "*":
                        yield imported.bound, Definition(imported, is_certain)
            case ast.Delete(targets=targets):
                for name in [target.id for target in targets if isinstance(target, ast.Name)]:
                    yield name, Definition(None, is_certain, is_deleted=True)
            case _:
                yield from _inside(statement, package)


def _inside(statement: ast.stmt, package: str) -> Iterator[tuple[str, Definition]]:
    """The names that another statement binds itself (`for`, `with`, `:=`) and in its blocks: none of these is sure."""
    for inner in ast.iter_child_nodes(statement):
        for node in () if isinstance(inner, ast.stmt) else ast.walk(inner):
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                yield node.id, Definition(None, is_certain=False)
    for inner in ast.iter_child_nodes(statement):
        blocks = [inner] if isinstance(inner, ast.stmt) else getattr(inner, "body", ())
        if isinstance(blocks, list):
            statements = [block for block in blocks if isinstance(block, ast.stmt)]
            yield from _definitions(statements, package, is_certain=False)


def _may_have_more(file: PythonFile) -> bool:
    """Return whether a module may have names that its top level does not spell, beside those of `import *`."""
    for node in file.nodes:
        match node:
            case ast.FunctionDef(name="__getattr__") | ast.Global():
                return True
            case ast.Call(func=ast.Name(id=name)) if name in _NAMING:
                return True
    return False
