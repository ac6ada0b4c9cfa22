"""Check what is declared: names, handlers that Lambda will find, nothing declared twice."""

from __future__ import annotations

import importlib
import inspect
import re
from typing import TYPE_CHECKING, Final

from remit.errors import RemitError, Span, described, did_you_mean
from remit.project import item_lines
from remit.project.current_load import relative
from remit.project.user_code import user_code

if TYPE_CHECKING:
    from remit.app import Function
    from remit.project.current_load import Loading
    from remit.project.declared_functions import Declaration

_NAME: Final = re.compile(r"(?=.*[A-Za-z0-9])[A-Za-z0-9_-]+")
NAME_LIMIT: Final = 64
"""Characters of a Lambda function's name ("Lambda quotas", 2026-11)."""
HANDLER_LIMIT: Final = 128
"""Characters of a handler (CreateFunction, AWS Lambda API Reference)."""


def check_declaration(declaration: Declaration) -> None:
    """What one declaration says must be usable: its place, its name, its triggers."""
    origin = declaration.where.origin
    if declaration.nested:
        raise RemitError(
            f"function `{declaration.name}` is declared inside another function, where Lambda cannot find it",
            hint="move it to the top level of its module",
            origin=origin,
        )
    if not isinstance(declaration.name, str) or not _NAME.fullmatch(declaration.name):
        raise RemitError(
            f"{declaration.name!r} is not a valid name for a function",
            hint="letters, digits, - and _ only; `name=` gives another than the Python function's",
            origin=item_lines.origin_of(item_lines.value_node(declaration.where, "name"), declaration.where),
        )
    if not isinstance(declaration.handler, str) or len(declaration.handler) > HANDLER_LIMIT:
        raise RemitError(
            f"function `{declaration.name}` has the handler {str(declaration.handler)[:40]!r}",
            hint=f"a handler reads `module.function`, in at most {HANDLER_LIMIT} characters",
            origin=item_lines.origin_of(item_lines.value_node(declaration.where, "handler"), declaration.where),
        )
    for trigger in declaration.triggers:
        if isinstance(trigger, type) or not hasattr(trigger, "grants"):
            described_trigger = trigger.__name__.lower() if isinstance(trigger, type) else f"{trigger!r:.60}"
            raise RemitError(
                f"{described_trigger} is not a trigger",
                hint='such as `@app.function(on.sqs("orders"))`, with `from remit import on`',
                origin=origin,
            )


def check_handlers(state: Loading) -> None:
    """Each handler must be what Lambda will find under that name: not overwritten, not only local."""
    by_handler: dict[str, Declaration] = {}
    for declaration in state.declarations:
        decorated = by_handler.setdefault(declaration.handler, declaration)
        both = (declaration.function, decorated.function)
        if None not in both and both[0] is not both[1]:
            raise _twice(declaration.handler, decorated.where, declaration.where, state)
        _check_handler(state, declaration)


def _check_handler(state: Loading, declaration: Declaration) -> None:
    module_name, _, attribute = declaration.handler.rpartition(".")
    with user_code(state, module_name or declaration.handler):
        try:
            module = importlib.import_module(module_name) if module_name else None
        except ModuleNotFoundError as error:
            if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
                raise
            module = None
    target = getattr(module, attribute, None)
    if target is None:
        attributes = [name for name in dir(module) if not name.startswith("_")] if module is not None else []
        raise RemitError(
            f"the handler `{declaration.handler}` of function `{declaration.name}` does not exist",
            hint=did_you_mean(attribute, attributes) or "a handler reads `module.function`",
            origin=declaration.where.origin,
        )
    if inspect.iscoroutinefunction(target):
        raise RemitError(
            f"the handler `{declaration.handler}` of function `{declaration.name}` is `async`",
            hint="Lambda calls plain functions: use asyncio.run() inside one",
            origin=declaration.where.origin,
        )
    if not callable(target):
        raise RemitError(
            f"the handler `{declaration.handler}` of function `{declaration.name}` is not a function but "
            f"{described(target)}",
            origin=declaration.where.origin,
        )


def check_names(state: Loading, functions: list[Function]) -> None:
    """No name may stand for two functions, nor be longer than Lambda takes."""
    by_name: dict[str, Function] = {}
    by_id: dict[str, Function] = {}
    namespace = f"{state.name}-{state.stage}"
    for function in functions:
        namesake = by_name.setdefault(function.name, function)
        if namesake is not function:
            raise RemitError(
                f"function `{function.name}` is declared twice; the other is at {namesake.origin}",
                hint="give one another `name=`",
                origin=function.origin,
            )
        same = by_id.setdefault(function.logical_id, function)
        if same is not function:
            raise RemitError(
                f"functions `{same.name}` and `{function.name}` both become `{function.logical_id}` in the template",
                hint="give one another `name=`",
                origin=function.origin,
            )
        full = f"{namespace}-{function.name}"
        if len(full) > NAME_LIMIT:
            raise RemitError(
                f"function name `{full}` has {len(full)} characters; Lambda allows {NAME_LIMIT}",
                hint=f"shorten it by {len(full) - NAME_LIMIT}, with `name=`",
                origin=function.origin,
            )


def _twice(handler: str, original: Span, repeated: Span, state: Loading) -> RemitError:
    return RemitError(
        f"function `{handler.rpartition('.')[2]}` is declared twice; "
        f"the other is at {relative(original.origin, state.folder)}",
        hint="rename one: the second would replace the first",
        origin=repeated.origin,
    )


def logical_id(name: str) -> str:
    """A function's name as CloudFormation takes it: `send_mail` reads `SendMail`."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", name))
