"""Run a project's module so that a statement that fails does not hide the mistakes of the next ones.

Each statement at the top of the module, of a class there, and of its `with configure()` gets a `try` of its own. What
it raises is noted, the names that it would have bound are remembered, and a NameError for one of those is no mistake of
its own. Each argument of a decorator that declares something has one as well, and so has each item of a policy: a
trigger that fails does not hide what is wrong with the policy beside it. At the end the module fails with its first
exception, as it would have, which carries all the others: whoever imports it may still catch that. A module stops where
it says so, with `raise`, `assert` or `sys.exit`.
"""

from __future__ import annotations

import ast
import sys
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from typing import TYPE_CHECKING, Any, Final, TypeVar

from remit.project.current_load import is_users_file
from remit.project.time_limit import LoadTooLongError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import ModuleType
    from typing import TypeAlias

    from remit.errors import RemitError

    Told: TypeAlias = Callable[[BaseException, str], RemitError]
    """Says what an exception means to people, which a file raised."""

T = TypeVar("T")
_HOOK: Final = "__remit_pass_over__"
_ARGUMENT: Final = "__remit_argument__"
_OPTION: Final = "__remit_option__"
_ITEM: Final = "__remit_item__"
_ITEMS: Final = frozenset(
    {
        "allow",
        "default_managed_policy",
        "default_policy",
        "default_vpc_policy",
        "environment",
        "link",
        "managed_policy",
        "policy",
        "tags",
    }
)
"""What takes a list or a dict in which each item may fail by itself: none needs the others."""
_DECLARING: Final = frozenset({"function", "group", "job", "web"})
"""The methods of an app whose arguments may each fail by themselves."""
_MISTAKES: Final = "remit_mistakes"
"""The attribute of an exception that has the mistakes of the module which it ended."""
_OF_ITS_PLACE: Final = (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom, ast.Lambda)
"""What means something else in another function: names that it binds, what it waits for, the name of a function."""
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def mistakes_of(error: BaseException, file: str, told: Told) -> list[RemitError]:
    """The mistakes that an exception stands for: those of the modules that it ended, or itself alone."""
    carried: list[RemitError] | None = getattr(error, _MISTAKES, None)
    return list(told(error, file).all) if carried is None else carried


STOPS: Final = (KeyboardInterrupt, GeneratorExit, LoadTooLongError)
"""What ends a load as a whole."""


class _Run:
    """A module that runs: what failed in it, and which names are therefore missing."""

    def __init__(self, file: str, namespace: dict[str, Any], told: Told) -> None:
        self.file = file
        self.namespace = namespace
        self.told = told
        self.first: Exception | None = None
        self.mistakes: list[RemitError] = []
        self.missing: set[str] = set()
        self.incomplete: set[int] = set()
        """The lines of the statements that go on without some of their arguments."""

    def pass_over(self, line: int, *names: str) -> None:
        """Note why the statement at a line failed, which would have bound these names."""
        error = sys.exception()
        if not isinstance(error, Exception):
            return
        self._note(error, line)
        for name in names:
            self.missing.add(name)
            self.namespace.pop(name, None)  # what it was before is not what the next statements mean

    def argument(self, line: int, evaluate: Callable[[], Any]) -> tuple[Any, ...]:
        """An argument of the statement at a line; nothing, and a note, where it fails."""
        return self._evaluated(line, lambda: (evaluate(),), ())

    def option(self, line: int, evaluate: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """As `argument`, for one that is given by its name."""
        return self._evaluated(line, evaluate, {})

    def item(self, line: int, evaluate: Callable[[], Any]) -> Any:
        """As `argument`, for an item of a policy, in whose place an empty list says nothing."""
        return self._evaluated(line, evaluate, ())

    def _evaluated(self, line: int, evaluate: Callable[[], T], nothing: T) -> T:
        try:
            return evaluate()
        except STOPS:
            raise
        except Exception as error:  # noqa: BLE001 - the project's own code may raise anything
            self._note(error, line)
            self.incomplete.add(line)
            return nothing

    def _note(self, error: Exception, line: int) -> None:
        if not self.follows(error, line):
            self.first = self.first or error
            self.mistakes += mistakes_of(error, self.file, self.told)

    def follows(self, error: Exception, line: int = 0) -> bool:
        """Whether an exception only repeats that an earlier statement, or an argument of this one, failed."""
        if isinstance(error, TypeError) and line in self.incomplete:
            return True  # it lacks an argument
        if isinstance(error, NameError):
            return error.name in self.missing or "*" in self.missing
        owner = error.obj if isinstance(error, AttributeError) else None
        return isinstance(owner, type) and owner.__name__ in self.missing


def run(source: bytes, file: str, namespace: dict[str, Any], told: Told) -> None:
    """Execute a module's source. What it raises carries every mistake of the module."""
    module = _Run(file, namespace, told)
    tree = ast.parse(source, file)
    tree.body = _guarded(tree.body, "")
    code = compile(ast.fix_missing_locations(tree), file, "exec", dont_inherit=True)
    hooks = {_HOOK: module.pass_over, _ARGUMENT: module.argument, _OPTION: module.option, _ITEM: module.item}
    namespace.update(hooks)
    try:
        exec(code, namespace)  # noqa: S102 - the project's own code, whose declarations are what is wanted
    except STOPS:
        raise
    except BaseException as error:
        follows = bool(module.mistakes) and isinstance(error, Exception) and module.follows(error)
        last = [] if follows else mistakes_of(error, file, told)
        error.remit_mistakes = [*module.mistakes, *last]  # type: ignore[attr-defined]
        raise
    finally:
        for name in hooks:
            namespace.pop(name, None)
    if module.first is not None:
        module.first.remit_mistakes = module.mistakes  # type: ignore[attr-defined]
        raise module.first


def _guarded(body: list[ast.stmt], owner: str) -> list[ast.stmt]:
    """Statements, each of which may fail by itself; `owner` is the class in which they stand."""
    parts = [part for statement in body for part in _imports_apart(statement)]
    return [_guard(part if owner else _with_arguments(part), owner) for part in parts]


def _imports_apart(statement: ast.stmt) -> list[ast.stmt]:
    """A statement; `from module import a, b` as one for each name: one that the module lacks hides no other."""
    if not isinstance(statement, ast.ImportFrom) or statement.module == "__future__":
        return [statement]
    return [
        ast.copy_location(ast.ImportFrom(statement.module, [name], statement.level), statement)
        for name in statement.names
    ]


def _with_arguments(statement: ast.stmt) -> ast.stmt:
    """A statement whose declarations go on without the arguments, and the items of policies, that fail.

    Not for one in a class, whose names only the class itself sees.
    """
    line = statement.lineno
    match statement:
        case ast.FunctionDef(decorator_list=calls) | ast.AsyncFunctionDef(decorator_list=calls):
            _separate(calls, line)
        case ast.Expr(value=call):
            _separate([call], line)
        case ast.Assign(targets=[target], value=value) | ast.AugAssign(target=target, value=value):
            _separate([value], line)
            if _name(target) in _ITEMS:
                _separate_items(value, line)
    return statement


def _separate(calls: Sequence[ast.expr], line: int) -> None:
    """Let each argument of the calls that declare something fail by itself."""
    for call in calls:
        if isinstance(call, ast.Call) and _name(call.func) in _DECLARING:
            for keyword in call.keywords:
                if keyword.arg in _ITEMS:
                    _separate_items(keyword.value, line)
            call.args = [_argument(argument, line) for argument in call.args]
            call.keywords = [_option(keyword, line) for keyword in call.keywords]


def _separate_items(value: ast.expr, line: int) -> None:
    """Let each item of a list or dict that is written out fail by itself."""
    match value:
        case ast.List() | ast.Tuple():
            value.elts = [_hook(_ITEM, line, item) if _may_fail(item) else item for item in value.elts]
        case ast.Dict():
            pairs = [_pair(key, item, line) for key, item in zip(value.keys, value.values, strict=True)]
            value.keys = [key for key, _ in pairs]
            value.values = [item for _, item in pairs]


def _pair(key: ast.expr | None, item: ast.expr, line: int) -> tuple[ast.expr | None, ast.expr]:
    """A key of a dict with its value: `**{key: value}` where that may fail."""
    if key is None or not (_may_fail(key) or _may_fail(item)):
        return key, item
    return None, _hook(_OPTION, line, ast.copy_location(ast.Dict([key], [item]), item))


def _argument(argument: ast.expr, line: int) -> ast.expr:
    if not _may_fail(argument):
        return argument
    return ast.copy_location(ast.Starred(_hook(_ARGUMENT, line, argument), ast.Load()), argument)


def _option(keyword: ast.keyword, line: int) -> ast.keyword:
    if keyword.arg is None or not _may_fail(keyword.value):
        return keyword
    named = ast.Dict([ast.Constant(keyword.arg)], [keyword.value])
    return ast.keyword(None, _hook(_OPTION, line, ast.copy_location(named, keyword.value)))


def _hook(name: str, line: int, value: ast.expr) -> ast.expr:
    """A call that evaluates a value for the statement at a line."""
    nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
    later = ast.copy_location(ast.Lambda(nothing, value), value)
    return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), [ast.Constant(line), later], []), value)


def _may_fail(value: ast.expr) -> bool:
    """Whether an expression may fail, and means the same in a function of its own."""
    if isinstance(value, ast.Constant | ast.Starred):
        return False
    return not any(isinstance(node, _OF_ITS_PLACE) for node in ast.walk(value))


def _guard(statement: ast.stmt, owner: str) -> ast.stmt:
    names = [*_bound_names(statement), *([owner] if owner else [])]
    match statement:
        case ast.ImportFrom(module="__future__") | ast.Expr(value=ast.Constant()) | ast.Raise() | ast.Assert():
            return statement
        case ast.ClassDef():
            statement.body = _guarded(statement.body, owner or statement.name)
        case ast.If():
            statement.body = _guarded(statement.body, owner)
            if not (len(statement.orelse) == 1 and isinstance(statement.orelse[0], ast.If)):
                statement.orelse = _guarded(statement.orelse, owner)  # `elif` stays as it is: each would nest deeper
        case ast.With(items=[ast.withitem(context_expr=ast.Call(func=opened))]) if _name(opened) == "configure":
            statement.body = _guarded(statement.body, owner)
    if not isinstance(statement, ast.ClassDef) and _stops(statement):
        return statement
    handler = ast.ExceptHandler(ast.Name("Exception", ast.Load()), None, [_call(statement.lineno, names)])
    guarded = ast.Try([statement], [handler], [], [])
    for node in (guarded, *ast.walk(handler)):
        ast.copy_location(node, statement)
    return guarded


def _call(line: int, names: Sequence[str]) -> ast.stmt:
    values: list[ast.expr] = [ast.Constant(line), *map(ast.Constant, names)]
    return ast.Expr(ast.Call(ast.Name(_HOOK, ast.Load()), values, []))


def _name(node: ast.expr) -> str:
    """The last name of what is called: `configure` of `remit.configure`."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _nodes(statement: ast.stmt) -> Sequence[ast.AST]:
    """What is executed with a statement: all of it but the bodies of functions."""
    nodes: list[ast.AST] = []
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        nodes.append(node)
        if not isinstance(node, _FUNCTIONS):
            waiting += ast.iter_child_nodes(node)
    return nodes


def _stops(statement: ast.stmt) -> bool:
    """Whether a statement may end its module on purpose."""
    return any(isinstance(node, ast.Raise | ast.Assert) for node in _nodes(statement))


def _bound_names(statement: ast.stmt) -> Sequence[str]:
    """The names that a statement would have bound; `*` for those of `from module import *`."""
    names: list[str] = []
    for node in _nodes(statement):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.append(name)
            case ast.Name(id=name, ctx=ast.Store()):
                names.append(name)
            case ast.alias():
                names.append(node.asname or node.name.partition(".")[0])
    return names


class Finder:
    """Finds the modules of a project that declare something, and has them run by `run`.

    Others are imported as ever, from their compiled files: those that never speak of remit.
    """

    def __init__(self, folder: Path, told: Told) -> None:
        self.folder = folder
        self.told = told
        self.failed: dict[str, BaseException] = {}
        """By name, the modules that failed: who imports one again gets the same exception, and nothing runs twice."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The specification of a module that declares something; None for any other."""
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or type(spec.loader) is not SourceFileLoader or not spec.origin:
            return None
        if not is_users_file(spec.origin, self.folder):
            return None
        if b"remit" not in spec.loader.get_data(spec.origin):
            return None
        spec.loader = _Loader(name, spec.origin, self)
        return spec


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, finder: Finder) -> None:
        super().__init__(name, path)
        self.finder = finder

    def exec_module(self, module: ModuleType) -> None:
        """Run the module, once."""
        failure = self.finder.failed.get(module.__name__)
        if failure is not None:
            raise failure
        try:
            run(self.get_data(self.path), self.path, module.__dict__, self.finder.told)
        except STOPS:
            raise
        except BaseException as error:
            self.finder.failed[module.__name__] = error
            raise
