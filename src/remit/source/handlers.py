"""What the source of a module says about a handler: whether it is defined, can be called, and takes (event, context).

Modules are read and not imported: what they import need not be installed where remit runs. A handler is followed to
what it stands for: through names, imports from modules that can be read, `functools.partial`, methods and objects of a
class. Only what the source shows is a problem. What is decorated, or made by a call (`Mangum(app)`), may be anything.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from remit.did_you_mean import did_you_mean
from remit.source.handler_problem import (
    HANDLER_FORM,
    OF_CLASS,
    WEB_APP_FORM,
    HandlerProblem,
    asynchronous,
    generator,
    takes_event_and_context,
    takes_others,
)
from remit.source.modules import Definition, ModuleSource, module_source
from remit.source.python_file import Import, parsed, walk

Read: TypeAlias = "Callable[[str], tuple[bytes, str] | None]"
"""A module's source and its file, by the module's dotted name; None where it cannot be read."""
_SHOWN: Final = 40  # characters of a value
_SHOWN_WHOLE: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Pass, ast.AnnAssign, ast.Expr)
"""The statements in a class's body that bring no method but the one that they show."""
_DEPTH: Final = 32
"""Steps from a name to what it stands for, at most: two modules may import a name from each other."""
_NO_FUNCTIONS: Final = (
    ast.Constant, ast.JoinedStr, ast.List, ast.Tuple, ast.Dict, ast.Set, ast.ListComp, ast.SetComp, ast.DictComp,
    ast.GeneratorExp, ast.Compare,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Function:
    """A function of a module, and the arguments that it has been given already: by position, by name."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    module: ModuleSource
    bound: int = 0
    named: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Class:
    """A class of a module."""

    node: ast.ClassDef
    module: ModuleSource


@dataclass(frozen=True, slots=True)
class _Object:
    """An object of a class; `text` is what made it."""

    of: _Class
    text: str


@dataclass(frozen=True, slots=True)
class _Module:
    """A module, by its full name."""

    name: str


@dataclass(frozen=True, slots=True)
class _Nothing:
    """A name that its module does not have."""

    name: str
    module: ModuleSource


_Meaning: TypeAlias = _Function | _Class | _Object | _Module | _Nothing | HandlerProblem | None
"""What an expression stands for; a problem: something that cannot be called; None: the source does not show it."""


def problem(read: Read, module: str, name: str, *, is_web_app: bool = False) -> HandlerProblem | None:
    """The problem that the source shows of a module's handler of this name; None where it shows none.

    A web app only has to be there: its adapter calls it in other ways.
    """
    try:
        reader = _Reader(read)
        source = reader.module(module)
        if source is None:
            return None
        meaning = reader.name(source, name, 0)
    except SyntaxError as error:
        place = "" if error.lineno is None else f" (line {error.lineno})"  # of the whole, such as a null byte
        return HandlerProblem(f"is in {error.filename}, which is not valid Python: {error.msg}{place}")
    except (ValueError, RecursionError):
        return None
    if isinstance(meaning, _Nothing):
        form = WEB_APP_FORM if is_web_app else HANDLER_FORM
        return HandlerProblem(
            "does not exist", did_you_mean(meaning.name, set(meaning.module.definitions) - {meaning.name}) or form
        )
    return None if is_web_app else _problem_of(meaning, source)


def _problem_of(meaning: _Meaning, source: ModuleSource) -> HandlerProblem | None:
    """The problem of a handler by what it stands for; `source` is the module in which Lambda looks for it.

    None: none, or the source does not show enough to tell.
    """
    match meaning:
        case _Function():
            return _problem_of_function(meaning, source)
        case _Object(of=_Class(node=node, module=module), text=text):
            call = _method(node, "__call__")
            if call is not None:
                return _problem_of(_function_of(call, module, bound=1), source)
            # A base, a decorator, or an assignment in the body may bring methods that the source does not show.
            shows_all = all(isinstance(part, _SHOWN_WHOLE) for part in node.body)
            is_open = node.bases or node.keywords or node.decorator_list or not shows_all
            return None if is_open else _no_function(text)
        case _Class(node=node) if not (node.bases or node.keywords or node.decorator_list or _method(node, "__new__")):
            return OF_CLASS
        case _Module(name=name):
            return HandlerProblem(f"is not a function but the module `{name}`", HANDLER_FORM)
    return meaning if isinstance(meaning, HandlerProblem) else None


def _no_function(text: str) -> HandlerProblem:
    """The problem of what can be told at a glance to be no function."""
    return HandlerProblem(f"is not a function but `{text[:_SHOWN]}`")


def _problem_of_function(function: _Function, source: ModuleSource) -> HandlerProblem | None:
    """The problem that keeps Lambda from calling a function; None where there is none.

    Its line is told where it is not of the handler's own module, `source`.
    """
    node = function.node
    place = "" if function.module is source else f", at {function.module.file}:{node.lineno}"
    if isinstance(node, ast.AsyncFunctionDef):
        return asynchronous(place)
    if function.module.may_yield and _yields(node):
        return generator(place)
    if takes_event_and_context(inspect.Signature([*_parameters(node.args)]), function.bound, function.named):
        return None
    is_given = f" with {function.bound + len(function.named)} of them given" if function.bound or function.named else ""
    wrong = takes_others(f"({ast.unparse(node.args)}){is_given}")
    return replace(wrong, hint=f"{wrong.hint}{place}")


def _yields(function: ast.AST) -> bool:
    """Return whether a function is a generator; functions inside it may be."""

    def inner(node: ast.AST) -> Iterable[ast.AST]:
        is_another = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef)
        return () if is_another and node is not function else ast.iter_child_nodes(node)

    return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in walk(function, inner))


def _parameters(arguments: ast.arguments) -> Iterator[inspect.Parameter]:
    """Yield the parameters that `inspect` would tell of a function; of a default only that there is one."""
    positional = [*arguments.posonlyargs, *arguments.args]
    first_with_default = len(positional) - len(arguments.defaults)
    for index, argument in enumerate(positional):
        is_only = index < len(arguments.posonlyargs)
        kind = inspect.Parameter.POSITIONAL_ONLY if is_only else inspect.Parameter.POSITIONAL_OR_KEYWORD
        default = None if index >= first_with_default else inspect.Parameter.empty
        yield inspect.Parameter(argument.arg, kind, default=default)
    if arguments.vararg is not None:
        yield inspect.Parameter(arguments.vararg.arg, inspect.Parameter.VAR_POSITIONAL)
    for argument, written in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        default = inspect.Parameter.empty if written is None else None
        yield inspect.Parameter(argument.arg, inspect.Parameter.KEYWORD_ONLY, default=default)
    if arguments.kwarg is not None:
        yield inspect.Parameter(arguments.kwarg.arg, inspect.Parameter.VAR_KEYWORD)


def _function_of(node: ast.FunctionDef | ast.AsyncFunctionDef, module: ModuleSource, bound: int = 0) -> _Meaning:
    """A function as it is called; None where a decorator may make something else of it."""
    return None if node.decorator_list else _Function(node, module, bound)


def _method(node: ast.ClassDef, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The method that a class itself defines, and defines once."""
    methods = [
        part for part in node.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) and part.name == name
    ]
    return methods[0] if len(methods) == 1 else None


def _full_name(node: ast.expr, module: ModuleSource) -> str:
    """The full name that an expression gives something that its module imports, and binds once: `functools.partial`.

    Empty for any other expression.
    """
    match node:
        case ast.Name(id=name):
            values = [definition.value for definition in module.definitions.get(name, ())]
            return values[0].full_name if len(values) == 1 and isinstance(values[0], Import) else ""
        case ast.Attribute(value=owner, attr=name):
            return f"{_full_name(owner, module)}.{name}"
    return ""


class _Reader:
    """Follows what expressions stand for, from module to module."""

    def __init__(self, read: Read) -> None:
        self.read = read

    def module(self, name: str) -> ModuleSource | None:
        """A module; None where it cannot be read. SyntaxError, ValueError or RecursionError: it is no Python."""
        content = self.read(name)
        return None if content is None else module_source(parsed(*content), content[1], name)

    def name(self, module: ModuleSource, name: str, depth: int) -> _Meaning:
        """The meaning of a name of a module once the module has run; None: that is not known."""
        if depth > _DEPTH:
            return None
        definitions = module.definitions.get(name, ())
        if not definitions:
            return self._of_star(module, name, depth)
        last = definitions[-1]
        if len(definitions) > 1 and not last.is_certain:
            return None
        if last.is_deleted:
            return _Nothing(name, module) if last.is_certain else None
        return self._defined(last, module, depth + 1)

    def _of_star(self, module: ModuleSource, name: str, depth: int) -> _Meaning:
        """A name that nothing in the module binds: of `from other import *`, or none."""
        for star in module.stars:
            source = self.module(star)
            if source is None:
                return None
            if source.exports(name):
                meaning = self.name(source, name, depth + 1)
                if not isinstance(meaning, _Nothing):
                    return meaning
        return None if module.may_have_more else _Nothing(name, module)

    def _defined(self, definition: Definition, module: ModuleSource, depth: int) -> _Meaning:
        """The meaning of a definition of a module."""
        match definition.value:
            case Import() as imported:
                if imported.name is None:
                    return _Module(imported.module)
                return self._member(imported.module, imported.name, depth)
            case ast.FunctionDef() | ast.AsyncFunctionDef() as function:
                return _function_of(function, module)
            case ast.ClassDef() as made:
                return _Class(made, module)
            case ast.expr() as expression:
                return self.expression(expression, module, depth)
        return None

    def _member(self, module: str, name: str, depth: int) -> _Meaning:
        """The meaning of a name that somebody imports from a module."""
        source = self.module(module)
        if source is None:
            return None
        meaning = self.name(source, name, depth)
        submodule = f"{module}.{name}"
        if isinstance(meaning, _Nothing) and self.module(submodule) is not None:
            return _Module(submodule)
        return meaning

    def expression(self, node: ast.expr, module: ModuleSource, depth: int) -> _Meaning:
        """The meaning of an expression at the top of a module."""
        match node:
            case ast.Lambda():
                return _Function(node, module)
            case ast.Name(id=name):
                return self.name(module, name, depth) if name in module.definitions else None
            case ast.Attribute(value=owner, attr=attribute):
                return self._attribute(self.expression(owner, module, depth + 1), attribute, depth)
            case ast.Call():
                return self._call(node, module, depth)
        return _no_function(ast.unparse(node)) if isinstance(node, _NO_FUNCTIONS) else None

    def _attribute(self, owner: _Meaning, attribute: str, depth: int) -> _Meaning:
        """The meaning of an attribute of a module, a class or an object."""
        match owner:
            case _Module(name=name):
                return self._member(name, attribute, depth + 1)
            case _Class(node=node, module=module):
                return self._method(node, attribute, module, is_bound=False)
            case _Object(of=made):
                return self._method(made.node, attribute, made.module, is_bound=True)
        return None

    def _method(self, node: ast.ClassDef, name: str, module: ModuleSource, *, is_bound: bool) -> _Meaning:
        """A method of a class, or of an object of it where `is_bound`; None where a decorator may change it."""
        method = _method(node, name)
        if method is None:
            return None
        match [ast.unparse(decorator) for decorator in method.decorator_list]:
            case []:
                return _Function(method, module, bound=int(is_bound))
            case ["staticmethod"]:
                return _Function(method, module)
            case ["classmethod"]:
                return _Function(method, module, bound=1)
        return None

    def _call(self, node: ast.Call, module: ModuleSource, depth: int) -> _Meaning:
        """The meaning of a call: a function with arguments given (`partial`), or an object of a project's class."""
        if _full_name(node.func, module) == "functools.partial":
            return self._partial(node, module, depth)
        made = self.expression(node.func, module, depth + 1)
        if isinstance(made, _Class) and not _method(made.node, "__new__"):
            return _Object(made, ast.unparse(node))
        return None

    def _partial(self, node: ast.Call, module: ModuleSource, depth: int) -> _Meaning:
        """A function with some of its arguments given."""
        names = [keyword.arg for keyword in node.keywords]
        if not node.args or None in names or any(isinstance(argument, ast.Starred) for argument in node.args):
            return None
        function = self.expression(node.args[0], module, depth + 1)
        if not isinstance(function, _Function):
            return None
        bound = function.bound + len(node.args) - 1
        return replace(function, bound=bound, named=function.named | frozenset(map(str, names)))
