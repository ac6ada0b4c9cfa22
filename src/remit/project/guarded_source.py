"""Rewrite a module so that each statement, each argument and each item of what it declares may fail by itself.

`queue = on.sqs(name)` becomes this, in which the names of `HOOKS` are shortened:

    try:
        queue = call(lambda guard: guard.function(lambda: on.sqs, "on.sqs", 1)(*guard.argument(lambda: name, 0)))
    except Exception:
        pass_over(("queue",), "queue")

`passing_over` gives a module its hooks, and each `guard` is a `guarded_calls.GuardedCall`. What is added has the place
of what it stands for, so that every line and column stays true.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


PASS_OVER: Final = "__remit_pass_over__"  # noqa: S105 - a name
CALL: Final = "__remit_call__"
ITEM: Final = "__remit_item__"
PAIR: Final = "__remit_pair__"
VALUE: Final = "__remit_value__"
HOOKS: Final = (PASS_OVER, CALL, ITEM, PAIR, VALUE)
_GUARDED_CALL: Final = "__remit_guarded__"
"""The parameter that holds the GuardedCall, in what evaluates a call."""
_ADDED: Final = "__remit_added__"
"""The name of what is added to an attribute: `config.lambda_.iam.policy += [...]`."""
DECLARING: Final = frozenset({"function", "group", "job", "web"})
"""The methods of an app, which declare what is right of their arguments."""
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
_BOUND_TO_PLACE: Final = (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom, ast.Lambda)
"""Expressions that mean something else inside a function: they bind names, wait, or are functions with names."""
_READING_THE_FRAME: Final = frozenset({"_getframe", "currentframe", "dir", "eval", "exec", "locals", "stack", "vars"})
"""The functions that see the local names of whoever calls them."""
_COMPREHENSIONS: Final = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def guarded(source: bytes, file: str) -> ast.Module:
    """The tree of a module in which everything that is declared may fail by itself. SyntaxError: it is not Python.

    One with an expression that is nested too deep to be rewritten is as it was.
    """
    tree = ast.parse(source, file)
    imported, of_remit = _imported(tree)
    try:
        tree.body = _guarded_statements(tree.body, "", _Expressions(imported, of_remit))
    except RecursionError:
        return ast.parse(source, file)
    return tree


def _imported(tree: ast.Module) -> tuple[frozenset[str], frozenset[str]]:
    """The names that come from other modules, which may stand for something of remit's; and those from it alone."""
    imported: set[str] = set()
    of_remit: set[str] = set()
    for statement in _all_statements(tree):
        if isinstance(statement, ast.ImportFrom):
            names = {alias.asname or alias.name for alias in statement.names}
            imported |= names
            if _is_remit(statement.module or ""):
                of_remit |= names
        elif isinstance(statement, ast.Import):
            of_remit |= {alias.asname or "remit" for alias in statement.names if _is_remit(alias.name)}
        elif isinstance(statement, ast.With) and opens_configuration(statement):
            of_remit |= {item.optional_vars.id for item in statement.items if isinstance(item.optional_vars, ast.Name)}
    return frozenset(imported | of_remit), frozenset(of_remit)


def _all_statements(node: ast.AST) -> Iterator[ast.AST]:
    """The statements in a node, and those in them, without a look at expressions: these hold none."""
    for name in _BODIES:
        for part in getattr(node, name, ()):
            yield part
            yield from _all_statements(part)


_BODIES: Final = ("body", "orelse", "finalbody", "handlers", "cases")
"""The fields of nodes that hold statements, or what holds these."""


def _is_remit(module: str) -> bool:
    return module.partition(".")[0] == "remit"


def _guarded_statements(body: Iterable[ast.stmt], owner: str, expressions: _Expressions) -> list[ast.stmt]:
    """Statements, each of which may fail by itself; `owner` is the class in which they stand."""
    statements: list[ast.stmt] = []
    for statement in body:
        bound_names = _bound_names(statement)
        statements += [_guarded_statement(part, owner, expressions) for part in _rewritten(statement, expressions)]
        expressions = expressions.after(bound_names)
    return statements


def _guarded_statement(statement: ast.stmt, owner: str, expressions: _Expressions) -> ast.stmt:
    """A statement in a `try` of its own, and those inside it likewise; as it is where it may end the module."""
    names = [*_bound_names(statement), *([owner] if owner else [])]
    match statement:
        case ast.ImportFrom(module="__future__") | ast.Expr(value=ast.Constant()) | ast.Raise() | ast.Assert():
            return statement
        case ast.ClassDef():
            statement.body = _guarded_statements(statement.body, owner or statement.name, expressions.in_class())
        case ast.If():
            statement.body = _guarded_statements(statement.body, owner, expressions)
            if not (len(statement.orelse) == 1 and isinstance(statement.orelse[0], ast.If)):
                # `elif` stays as it is: each would nest deeper
                statement.orelse = _guarded_statements(statement.orelse, owner, expressions)
        case ast.For():
            statement.body = _guarded_statements(statement.body, owner, expressions.after(_bound_names(statement)))
        case ast.Match():
            for case in statement.cases:
                case.body = _guarded_statements(case.body, owner, expressions.after(_bound_names(statement)))
        case ast.With() if opens_configuration(statement):
            statement.body = _guarded_statements(statement.body, owner, expressions)
    if not isinstance(statement, ast.ClassDef) and _stops(statement):
        return statement
    place = _place_of(statement)
    constants: list[ast.expr] = [ast.Constant(name, **place) for name in names]
    lost: list[ast.expr] = [ast.Constant(name, **place) for name in _lost_names(statement, owner)]
    arguments = [ast.Tuple(lost, ast.Load(), **place), *constants]
    noted = ast.Call(ast.Name(PASS_OVER, ast.Load(), **place), arguments, [], **place)
    exception = ast.Name("Exception", ast.Load(), **place)
    handler = ast.ExceptHandler(exception, None, [ast.Expr(noted, **place)], **place)
    return ast.Try([statement], [handler], [], [], **place)


def _lost_names(statement: ast.stmt, owner: str) -> tuple[str, ...]:
    """How the logical ids begin, as Python spells them, of what a statement declares if it fails: "" for any."""
    names = _bound_names(statement)
    match statement:
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            return tuple(f"{owner}_{name}" for name in names) if owner else tuple(names)
        case ast.ClassDef(name=name):
            return (name,)
        case ast.Import() | ast.ImportFrom():
            return ()  # the module itself says what it lacks
        case ast.Expr() if owner:
            return ()
    return ("",)


def opens_configuration(statement: ast.stmt) -> bool:
    """Whether a statement is `with configure() as config:`, which handles no exception."""
    match statement:
        case ast.With(items=[ast.withitem(context_expr=ast.Call(func=opened))]):
            return _name(opened) == "configure"
    return False


def _rewritten(statement: ast.stmt, expressions: _Expressions) -> list[ast.stmt]:
    """A statement whose calls go on without the arguments that fail; in its place several that may each fail.

    Of `from module import a, b` a name that the module lacks hides no other; of `config.x += value` neither part does,
    since no setting depends on which of the two is read first.
    """
    match statement:
        case ast.ImportFrom(module=module, names=names, level=level) if module != "__future__":
            return [ast.copy_location(ast.ImportFrom(module, [name], level), statement) for name in names]
        case ast.FunctionDef(decorator_list=[]) if expressions.class_names is None:
            statement.body = [expressions.in_function().visit(inner) for inner in statement.body]
        case ast.FunctionDef(decorator_list=calls) | ast.AsyncFunctionDef(decorator_list=calls):
            statement.decorator_list = [expressions.visit(call) for call in calls]
        case ast.Expr(value=call):
            statement.value = expressions.visit(call)
        case ast.Assign(targets=[target, *_], value=value):
            statement.value = expressions.assigned(target, value)
            if isinstance(target, ast.Attribute):
                statement.value = expressions.evaluated(VALUE, statement.value)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            statement.value = expressions.assigned(target, value)
        case ast.AugAssign(target=target, value=value):
            added = expressions.assigned(target, value)
            if not (isinstance(target, ast.Attribute) and expressions.is_of_remit(target)):
                statement.value = added
                return [statement]
            place = _place_of(value)
            statement.value = ast.Name(_ADDED, ast.Load(), **place)
            before = ast.Assign([ast.Name(_ADDED, ast.Store(), **place)], added, **_place_of(statement))
            return [before, statement]
    return [statement]


class _Expressions(ast.NodeTransformer):
    """Rewrites expressions: each call of what is imported, or of a method that declares, becomes one that is guarded.

    Inside of a function, which may run whenever it likes, that is what is `of_remit` alone. `class_names` are the names
    that the body of a class has bound by then, which no function inside it sees.
    """

    def __init__(
        self, imported: frozenset[str], of_remit: frozenset[str], class_names: frozenset[str] | None = None
    ) -> None:
        self.imported = imported
        self.of_remit = of_remit
        self.class_names = class_names

    def in_class(self) -> _Expressions:
        """As this one, at the beginning of a class."""
        return _Expressions(self.imported, self.of_remit, frozenset())

    def in_function(self) -> _Expressions:
        """As this one, in a function that is no declaration: one that makes triggers, say."""
        return _Expressions(self.of_remit, self.of_remit)

    def after(self, names: Iterable[str]) -> _Expressions:
        """As this one, after a statement of a class that binds these names."""
        if self.class_names is None:
            return self
        return _Expressions(self.imported, self.of_remit, self.class_names.union(names))

    def assigned(self, target: ast.expr, value: ast.expr) -> ast.expr:
        """A value that is assigned; of what takes items, each may fail."""
        value = self.visit(value)
        if _name(target) in _ITEMS:
            self._separate_items(value)
        return value

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        """Leave a function as it is: it runs later."""
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        """Leave a class inside of a function as it is: its names are its own."""
        return node

    def visit_Try(self, node: ast.Try) -> ast.Try:
        """Leave what a function tries as it is: it handles the errors itself."""
        return node

    def visit_Call(self, call: ast.Call) -> ast.expr:
        """A call whose function, and each of whose arguments, may fail by itself."""
        is_guarded = self._is_guarded(call.func) and self._may_fail(call)
        self.generic_visit(call)
        if not is_guarded:
            return call
        if _name(call.func) in DECLARING:
            for keyword in call.keywords:
                if keyword.arg in _ITEMS:
                    self._separate_items(keyword.value)
        has_all = not any(isinstance(argument, ast.Starred) for argument in call.args)
        has_all = has_all and all(keyword.arg is not None for keyword in call.keywords)
        count = len(call.args) if has_all else None
        names = [keyword.arg for keyword in call.keywords if keyword.arg]
        call.func = self._call_of_guard("function", call.func, ast.unparse(call.func), count, *names)
        call.args = [self._argument(number, argument) for number, argument in enumerate(call.args)]
        call.keywords = [self._keyword(keyword) for keyword in call.keywords]
        make = self._later(call, _GUARDED_CALL)
        place = _place_of(call)
        return ast.Call(ast.Name(CALL, ast.Load(), **place), [make], [], **place)

    def _is_guarded(self, function: ast.expr) -> bool:
        """Whether a function is a method that declares, or may be one of remit's."""
        return _name(function) in DECLARING or _root(function) in self.imported

    def is_of_remit(self, node: ast.expr) -> bool:
        """Whether an expression is an attribute of something of remit's: `config.lambda_.iam.policy`."""
        return _root(node) in self.of_remit

    def _argument(self, number: int, argument: ast.expr) -> ast.expr:
        if isinstance(argument, ast.Starred):
            argument.value = self._call_of_guard("arguments", argument.value)
            return argument
        guarded_argument = self._call_of_guard("argument", argument, number)
        return ast.copy_location(ast.Starred(guarded_argument, ast.Load()), argument)

    def _keyword(self, keyword: ast.keyword) -> ast.keyword:
        if keyword.arg is None:
            return ast.keyword(None, self._call_of_guard("options", keyword.value), **_place_of(keyword))
        guarded_option = self._call_of_guard("option", keyword.value, keyword.arg)
        return ast.keyword(None, ast.copy_location(guarded_option, keyword), **_place_of(keyword))  # its name's place

    def _call_of_guard(self, method: str, value: ast.expr, *facts: str | int | None) -> ast.expr:
        """A call of a method of GuardedCall, with what evaluates a value, and facts about it; a constant is itself."""
        place = _place_of(value)
        guarded_call = ast.Name(_GUARDED_CALL, ast.Load(), **place)
        function = ast.Attribute(guarded_call, method, ast.Load(), **place)
        constants = [ast.Constant(fact, **place) for fact in facts]
        evaluates = value if isinstance(value, ast.Constant) else self._later(value)
        return ast.Call(function, [evaluates, *constants], [], **place)

    def evaluated(self, hook: str, value: ast.expr) -> ast.expr:
        """A call of a hook with what evaluates a value, where that may fail, and means the same in a function."""
        if not self._may_fail(value):
            return value
        place = _place_of(value)
        return ast.Call(ast.Name(hook, ast.Load(), **place), [self._later(value)], [], **place)

    def _separate_items(self, value: ast.expr) -> None:
        """Let each item of a list or dict that is written out fail by itself."""
        match value:
            case ast.List() | ast.Tuple():
                value.elts = [self._item(item) for item in value.elts]
            case ast.Dict():
                pairs = [self._pair(key, item) for key, item in zip(value.keys, value.values, strict=True)]
                value.keys = [key for key, _ in pairs]
                value.values = [item for _, item in pairs]

    def _item(self, item: ast.expr) -> ast.expr:
        if isinstance(item, ast.Starred):
            item.value = self.evaluated(ITEM, item.value)
            return item
        return self.evaluated(ITEM, item)

    def _pair(self, key: ast.expr | None, item: ast.expr) -> tuple[ast.expr | None, ast.expr]:
        """A key of a dict with its value: `**{key: value}` where that may fail."""
        if key is None:
            return key, item
        pair = ast.copy_location(ast.Dict([key], [item]), item)
        evaluated = self.evaluated(PAIR, pair)
        return (key, item) if evaluated is pair else (None, evaluated)

    def _later(self, value: ast.expr, *parameters: str) -> ast.expr:
        """A function that evaluates a value; it brings the names of the class that the value uses."""
        used = self._names_of_class(value) if self.class_names else []
        place = _place_of(value)
        arguments = ast.arguments(
            posonlyargs=[],
            args=[ast.arg(name, **place) for name in (*parameters, *used)],
            kwonlyargs=[],
            kw_defaults=[],
            defaults=[ast.Name(name, ast.Load(), **place) for name in used],
        )
        function = ast.Lambda(arguments, value, **place)
        function.remit_own = True  # type: ignore[attr-defined] # a mark for the walk that follows
        return function

    def _names_of_class(self, value: ast.expr) -> list[str]:
        """The names of the class that a value uses."""
        own_names = self.class_names or frozenset()
        return sorted({node.id for node in ast.walk(value) if isinstance(node, ast.Name) and node.id in own_names})

    def _may_fail(self, value: ast.expr) -> bool:
        """Whether an expression may fail, and means the same in a function of its own."""
        if isinstance(value, ast.Constant | ast.Starred):
            return False
        immovable = _BOUND_TO_PLACE if self.class_names is None else (*_BOUND_TO_PLACE, *_COMPREHENSIONS)
        for node in ast.walk(value):
            if isinstance(node, immovable) and not _is_own(node):
                return False
            if isinstance(node, ast.Call) and _name(node.func) in _READING_THE_FRAME:
                return False
        return True


def _is_own(node: ast.AST) -> bool:
    """Whether a function is one that this module has put around an expression."""
    return getattr(node, "remit_own", False)


class _Place(TypedDict):
    """Where a part of the user's code stands, as the nodes of a tree have it."""

    lineno: int
    col_offset: int
    end_lineno: int | None
    end_col_offset: int | None


def _place_of(node: ast.expr | ast.stmt | ast.keyword) -> _Place:
    """The place that the nodes get which stand for a part of the user's code, or around it."""
    return {
        "lineno": node.lineno,
        "col_offset": node.col_offset,
        "end_lineno": node.end_lineno,
        "end_col_offset": node.end_col_offset,
    }


def _name(node: ast.expr) -> str:
    """The last name of what is called: `configure` of `remit.configure`."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _root(node: ast.expr) -> str:
    """The first name of an attribute: `config` of `config.lambda_.iam`; "" where it is of no name."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


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
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                names.append(name)
            case ast.alias():
                names.append(node.asname or node.name.partition(".")[0])
    return names
