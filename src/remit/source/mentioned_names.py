"""Which names occur in a module of a project, and in those of the project that it imports, directly or not.

Modules are read and not imported. A name occurs in whatever way code may reach something by it: as a name, an
attribute, in an import, or as a word of a text. Where a module may import or name anything (`import_module(name)`),
rather too much occurs than too little.
"""

from __future__ import annotations

import ast
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from remit.source.layout import module_file, package_of, python_files, roots
from remit.source.python_file import imports, parsed, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_IMPORTS_ANYTHING: Final = frozenset({
    "__import__", "import_module", "spec_from_file_location", "pkgutil", "runpy", "exec", "eval",
})  # fmt: skip
"""By these names code may run modules that no import statement spells."""
_LONGEST: Final = 200  # characters of a module's name: a file's has 255 at most
_NAMES_ANYTHING: Final = frozenset({
    "globals", "locals", "vars", "dir", "__dict__", "getmembers", "exec", "eval", "attrgetter", "methodcaller",
})  # fmt: skip
"""By these names code may reach something whose name is nowhere spelt."""


@dataclass(frozen=True, slots=True)
class Mentions:
    """The names that occur in modules, and the modules that they may import, there or not.

    `names_anything`: they may reach something by a name that they make; `imports_anything`: they may run any module.
    """

    names: frozenset[str]
    imports: frozenset[str] = frozenset()
    imports_anything: bool = True
    names_anything: bool = True


_UNREADABLE: Final = Mentions(frozenset())


@dataclass(slots=True)
class MentionedNames:
    """The modules of a root of zips, each read once: of the project's folder, or of the one in it that `code` names."""

    folder: Path
    code: str = ""
    _modules: dict[str, Mentions | None] = field(default_factory=dict)
    _mentions: dict[str, Mentions] = field(default_factory=dict)

    def of(self, module: str) -> Mentions:
        """What occurs in a module and in those of the project that it imports, directly or not."""
        if module not in self._mentions:
            modules = [*self._with_imports(module)]
            names = frozenset(name for each in modules for name in each.names)
            names_anything = any(each.names_anything for each in modules)
            self._mentions[module] = Mentions(names, names_anything=names_anything)
        return self._mentions[module]

    def _with_imports(self, first: str) -> Iterator[Mentions]:
        waiting, seen = [first], set[str]()
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            waiting.append(name.rpartition(".")[0])  # a package runs before its modules
            module = self._module(name)
            if module is None and name == first:  # in a layer, say: it may import any of the project
                module = _UNREADABLE
            if module is not None:
                yield module
                waiting += self._all() if module.imports_anything else module.imports

    def _module(self, name: str) -> Mentions | None:
        """A module of the project; None where there is none of this name."""
        if name not in self._modules:
            file = module_file(self.folder, name, self.code)
            self._modules[name] = None if file is None else _read(file, name)
        return self._modules[name]

    def _all(self) -> Iterator[str]:
        """Every module of the project."""
        for root in roots(self.folder, self.code):
            for path in python_files(root):
                module = os.path.relpath(path, root).removesuffix(".py").replace(os.sep, ".")
                yield module.removesuffix(".__init__")


def _read(file: Path, name: str) -> Mentions:  # noqa: C901 - a case for each way to name something
    """The module of a file; one that is no Python, which is an error elsewhere, may do anything."""
    try:
        tree = parsed(file.read_bytes(), str(file)).tree
    except (OSError, ValueError, SyntaxError, RecursionError):
        return _UNREADABLE
    names: set[str] = set()
    words: set[str] = set()
    modules: set[str] = set()
    imports_elsewhere = names_anything = False
    for node in walk(tree, _naming):
        match node:
            case ast.Name(id=used):
                names.add(used)
            case ast.Attribute(attr=used):
                names.add(used)
                # where `sys.path` is changed, modules lie elsewhere than in the project's root
                imports_elsewhere |= used == "path" and getattr(node.value, "id", "") == "sys"
            case ast.Constant(value=str(text)):
                words.update(re.findall(r"\w+", text))
                module, _, _ = text.partition(":")  # as settings have it: "shop.urls", "shop.main:api"
                if len(module) < _LONGEST and re.fullmatch(r"[A-Za-z_]\w*(\.\w+)*", module):
                    modules.add(module)
            case ast.Import(names=aliases):
                modules.update(alias.name for alias in aliases)
                names.update(part for alias in aliases for part in alias.name.split("."))
            case ast.ImportFrom():
                for imported in imports([node], package_of(name, file.name)):
                    modules.update((imported.module, imported.full_name))
                    names.update(imported.full_name.split("."))
            case ast.FunctionDef(name=defined) if not _is_mere_job(node):
                names.add(defined)
            case ast.Call(func=ast.Name(id="getattr"), args=[_, attribute, *_]):
                names_anything |= not isinstance(attribute, ast.Constant)
    return Mentions(
        frozenset(names | words),
        frozenset(modules),
        imports_anything=imports_elsewhere or not names.isdisjoint(_IMPORTS_ANYTHING),
        names_anything=names_anything or not names.isdisjoint(_NAMES_ANYTHING),
    )


def _naming(node: ast.AST) -> Iterable[ast.AST]:
    """The parts of a node but those that only declare: a job's decorator; `sends=`, `reads=`, for one function."""
    if isinstance(node, ast.keyword) and node.arg in ("sends", "reads"):
        return ()
    if isinstance(node, ast.FunctionDef) and _is_mere_job(node):
        return (node.args, *node.body)
    return ast.iter_child_nodes(node)


def _is_mere_job(node: ast.FunctionDef) -> bool:
    """Return whether a function is decorated as a job and by nothing else, which may keep it under its name."""
    match node.decorator_list:
        case [ast.Attribute(attr="job") | ast.Call(func=ast.Attribute(attr="job"))]:
            return True
    return False
