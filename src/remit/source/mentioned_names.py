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
from typing import TYPE_CHECKING, Final, NamedTuple

from remit.source.layout import module_file, package_of, python_files, roots
from remit.source.python_file import Import, imports, origin_in, parsed, walk

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator
    from pathlib import Path

    from remit.errors import Origin

_IMPORTS_ANYTHING: Final = frozenset({
    "__import__", "import_module", "spec_from_file_location", "pkgutil", "runpy", "exec", "eval",
})  # fmt: skip
"""By these names code may run modules that no import statement spells."""
_LONGEST: Final = 200  # characters of a module's name: a file's has 255 at most
_NAMES_ANYTHING: Final = frozenset({
    "globals", "locals", "vars", "dir", "__dict__", "getmembers", "exec", "eval", "attrgetter", "methodcaller",
})  # fmt: skip
"""By these names code may reach something whose name is nowhere spelt."""

_DECLARING: Final = frozenset({"function", "group", "job", "web", "workflow"})
"""The methods of an app, whose arguments are declarations."""
_DECLARATIONS: Final = ("remit.grants", "remit.on", "remit.triggers")
"""What else declares wherever it is called."""


class ResourceRead(NamedTuple):
    """An attribute of a shared resource that code reads when it runs, and where: `Data.orders.name`.

    The attribute is empty where the resource itself is passed on, and `attribute StreamArn` for a call of that method.
    """

    owner: str
    resource: str
    attribute: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Mentions:
    """The names that occur in modules, and the modules that they may import, there or not.

    `names_anything`: they may reach something by a name that they make; `imports_anything`: they may run any module.
    """

    names: frozenset[str]
    imports: frozenset[str] = frozenset()
    imports_anything: bool = True
    names_anything: bool = True
    reads: frozenset[ResourceRead] = frozenset()
    attributes: frozenset[str] = frozenset()
    """The attributes of anything that code reads when it runs; of an app with shared resources."""


_UNREADABLE: Final = Mentions(frozenset())


@dataclass(slots=True)
class MentionedNames:
    """The modules of a root of zips, each read once: of the project's folder, or of the one in it that `code` names."""

    folder: Path
    code: str = ""
    owners: frozenset[str] = frozenset()
    """The classes of shared resources."""
    _modules: dict[str, Mentions | None] = field(default_factory=dict)
    _mentions: dict[str, Mentions] = field(default_factory=dict)

    def of(self, module: str) -> Mentions:
        """The names that occur in a module and in those of the project that it imports, directly or not."""
        if module not in self._mentions:
            of_modules = [*self._with_imports(module)]
            names = frozenset(name for mentions in of_modules for name in mentions.names)
            names_anything = any(mentions.names_anything for mentions in of_modules)
            reads = frozenset(read for mentions in of_modules for read in mentions.reads)
            attributes = frozenset(attribute for mentions in of_modules for attribute in mentions.attributes)
            self._mentions[module] = Mentions(names, names_anything=names_anything, reads=reads, attributes=attributes)
        return self._mentions[module]

    def _with_imports(self, first: str) -> Iterator[Mentions]:
        """Yield what a module mentions, and what each module of the project does that its import runs."""
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
            self._modules[name] = None if file is None else _read(file, name, self.owners)
        return self._modules[name]

    def _all(self) -> Iterator[str]:
        """Every module of the project."""
        for root in roots(self.folder, self.code):
            for path in python_files(root):
                module = os.path.relpath(path, root).removesuffix(".py").replace(os.sep, ".")
                yield module.removesuffix(".__init__")


def _read(  # noqa: C901 - a case for each way to name something
    file: Path, name: str, owners: frozenset[str]
) -> Mentions:
    """The module of a file; one that is no Python, which is an error elsewhere, may do anything."""
    try:
        tree = parsed(file.read_bytes(), str(file)).tree
    except (OSError, ValueError, SyntaxError, RecursionError):
        return _UNREADABLE
    names: set[str] = set()
    words: set[str] = set()
    modules: set[str] = set()
    imported_names: list[Import] = []
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
                imported_names += imports([node])
                names.update(part for alias in aliases for part in alias.name.split("."))
            case ast.ImportFrom():
                for imported in imports([node], package_of(name, file.name)):
                    imported_names.append(imported)
                    modules.update((imported.module, imported.full_name))
                    names.update(imported.full_name.split("."))
            case ast.FunctionDef(name=defined) if not _is_mere_job(node):
                names.add(defined)
            case ast.Call(func=ast.Name(id="getattr"), args=[_, attribute, *_]):
                names_anything |= not isinstance(attribute, ast.Constant)
    declaring = {name.bound for name in imported_names if name.full_name.startswith(_DECLARATIONS)}
    running = list(walk(tree, lambda node: _running(node, declaring))) if owners else []
    return Mentions(
        frozenset(names | words),
        frozenset(modules),
        imports_anything=imports_elsewhere or not names.isdisjoint(_IMPORTS_ANYTHING),
        names_anything=names_anything or not names.isdisjoint(_NAMES_ANYTHING),
        reads=frozenset(_reads(running, imported_names, str(file), owners)),
        attributes=frozenset(node.attr for node in running if isinstance(node, ast.Attribute)),
    )


def _reads(
    running: Iterable[ast.AST], imported_names: Iterable[Import], file: str, owners: frozenset[str]
) -> Iterator[ResourceRead]:
    """Yield what code reads of shared resources when it runs: of nodes, each before those inside of it."""
    own_names = {name.bound: name.name for name in imported_names if name.name in owners}
    seen: set[ast.AST] = set()  # the parts of what was read, which come later
    for node in running:
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Attribute() as read, attr="attribute") as called, args=[argument]
            ):
                attribute = f"attribute {getattr(argument, 'value', '')}"
            case ast.Attribute(value=ast.Attribute() as read, attr=attribute) as called:
                pass
            case ast.Attribute() as called:
                read, attribute = called, ""
            case _:
                continue
        for resource, name in ((read, attribute), (called, "")):
            # `Data.orders` of an imported class, or `data.Data.orders` of its module
            owner = own_names.get(getattr(resource.value, "id", ""), getattr(resource.value, "attr", ""))
            if owner in owners and resource not in seen:
                yield ResourceRead(owner, resource.attr, name, origin_in(file, resource))
                seen |= {called, read}
                break


def _running(node: ast.AST, declaring: Container[str]) -> Iterable[ast.AST]:
    """The parts of a node that run with a function: no decorators, no bodies of classes, no calls that declare."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return (node.args, *node.body)
        case ast.ClassDef():
            return [part for part in node.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)]
        case ast.Call(func=called):
            first = called
            while isinstance(first, ast.Attribute):
                first = first.value
            if getattr(called, "attr", "") in _DECLARING or getattr(first, "id", "") in declaring:
                return ()
    return ast.iter_child_nodes(node)


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
