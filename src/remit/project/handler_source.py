"""What the source of a module says about a handler: whether it is defined, can be called, and takes (event, context).

The module is read and not imported: what it imports need not be installed where remit runs. Only what the source
shows is a problem. What is imported, made by a call (`Mangum(app)`), decorated, or defined twice may be anything.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remit.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

_PASSED: Final = 2
"""What Lambda calls a handler with: the event and the context."""
_SHOWN: Final = 40  # characters of a value
_NAMING: Final = frozenset({"globals", "locals", "vars", "setattr", "exec"})
"""Functions by which a module may get names that its source does not spell."""
_READS_FORM: Final = "a handler reads `module.function`"
_WEB_APP_READS: Final = "a web app reads `module:name`"


@dataclass(frozen=True, slots=True)
class HandlerProblem:
    """What is wrong with a handler, as the end of a sentence that begins with it, and what to do."""

    message: str
    hint: str | None = None


def split(handler: str) -> tuple[str, str]:
    """The module and the name of a handler; Lambda takes a path for the module as well (`api/web.handler`)."""
    module, _, name = handler.rpartition(".")
    return module.replace("/", "."), name


def problem(source: bytes, name: str, file: str, *, is_web_app: bool = False) -> HandlerProblem | None:
    """What a module's source shows to be wrong with its handler of this name; None where it shows nothing.

    A web app only has to be there: its adapter calls it in other ways.
    """
    try:
        tree = ast.parse(source, file)
    except SyntaxError as error:
        return HandlerProblem(f"is in {file}, which is not valid Python: {error.msg} (line {error.lineno})")
    except (ValueError, RecursionError):
        return None
    definitions = tuple(_definitions(tree.body))
    bound_names = [bound_name for bound_name, _ in definitions]
    if name not in bound_names:
        if _defines_more(tree):
            return None
        form = _WEB_APP_READS if is_web_app else _READS_FORM
        return HandlerProblem("does not exist", did_you_mean(name, bound_names) or form)
    if is_web_app:
        return None
    (definition, *others) = [definition for bound_name, definition in definitions if bound_name == name]
    return None if others else _problem_of(definition)


def _problem_of(definition: ast.AST | None) -> HandlerProblem | None:
    """What is wrong with the one definition of a handler."""
    match definition:
        case ast.AsyncFunctionDef(decorator_list=[]):
            return HandlerProblem("is `async`", "Lambda calls plain functions: use asyncio.run() inside one")
        case ast.FunctionDef(decorator_list=[], args=parameters) | ast.Lambda(args=parameters):
            if not _takes_two(parameters):
                return takes_others(f"({ast.unparse(parameters)})")
        case ast.Constant() | ast.List() | ast.Tuple() | ast.Dict() | ast.Set() | ast.JoinedStr():
            return HandlerProblem(f"is not a function but `{ast.unparse(definition)[:_SHOWN]}`")
    return None


def takes_others(parameters: str) -> HandlerProblem:
    """The problem of a handler with parameters that are not those with which Lambda calls it: `(event)`."""
    return HandlerProblem(
        f"takes {parameters}, and Lambda calls it with an event and a context",
        "write `def handler(event, context):`",
    )


def _takes_two(parameters: ast.arguments) -> bool:
    """Whether a function can be called with two positional arguments."""
    positional = len(parameters.posonlyargs) + len(parameters.args)
    has_room = positional >= _PASSED or parameters.vararg is not None
    required = positional - len(parameters.defaults)
    return has_room and required <= _PASSED and all(default is not None for default in parameters.kw_defaults)


def _definitions(body: list[ast.stmt]) -> Iterator[tuple[str, ast.AST | None]]:
    """The names that statements bind in their module, with what each is; None where that may be anything."""
    for statement in body:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield statement.name, statement
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=value)
            ):
                yield name, value
            case ast.Import() | ast.ImportFrom():
                for alias in statement.names:
                    yield alias.asname or alias.name.partition(".")[0], None
            case _:
                yield from ((name, None) for name in _stored(statement))
                for inner in ast.iter_child_nodes(statement):
                    blocks = [inner] if isinstance(inner, ast.stmt) else getattr(inner, "body", ())
                    if isinstance(blocks, list):
                        yield from _definitions([block for block in blocks if isinstance(block, ast.stmt)])


def _stored(statement: ast.stmt) -> Iterator[str]:
    """The names that the expressions of a statement bind or delete: `for`, `with`, unpacking, `:=`."""
    for child in ast.iter_child_nodes(statement):
        if not isinstance(child, ast.stmt):
            for node in ast.walk(child):
                if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                    yield node.id


def _defines_more(tree: ast.Module) -> bool:
    """Whether a module may have names that its top level does not spell."""
    for node in ast.walk(tree):
        match node:
            case ast.alias(name="*") | ast.FunctionDef(name="__getattr__") | ast.Global():
                return True
            case ast.Call(func=ast.Name(id=name)) if name in _NAMING:
                return True
    return False
