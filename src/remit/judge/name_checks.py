"""Check what is declared: names, handlers that Lambda will find, nothing declared twice."""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from remit.app import Function, Grant, in_stack
from remit.declare.asked import AskedGrant
from remit.did_you_mean import did_you_mean, nearest
from remit.errors import Mistakes, Origin, RemitError, Span, described
from remit.project import plain_files
from remit.project.current_load import relative
from remit.project.declared import NO_JOB, Declaration
from remit.source import places
from remit.source.handler_problem import (
    HANDLER_FORM,
    OF_CLASS,
    WEB_APP_FORM,
    HandlerProblem,
    asynchronous,
    generator,
    split,
    takes_event_and_context,
    takes_others,
)
from remit.source.layout import module_file, roots

if TYPE_CHECKING:
    from pathlib import Path

    from remit.judge.judgement import Judgement
    from remit.project.setting_values import Check

_NAME: Final = r"(?=.*[A-Za-z0-9])[A-Za-z0-9_-]+"
NAME_LIMIT: Final = 64
"""Characters of a Lambda function's name ("Lambda quotas", 2026-11)."""
HANDLER_LIMIT: Final = 128
"""Characters of a handler (CreateFunction, AWS Lambda API Reference)."""


def check_declaration(declaration: Declaration) -> None:
    """Check that a function stands where Lambda finds it, and that its name and its handler are possible ones.

    RemitError (2): not so, with each problem.
    """
    mistakes = Mistakes()
    if declaration.nested:
        mistakes.add(
            f"function `{declaration.name}` is declared inside another function, where Lambda cannot find it",
            hint="move it to the top level of its module",
            origin=declaration.where.origin,
        )
    if not isinstance(declaration.name, str) or not re.fullmatch(_NAME, declaration.name):
        mistakes.add(
            f"{declaration.name!r} is not a valid name for a function",
            hint="letters, digits, - and _ only; `name=` gives another than the Python function's",
            origin=places.argument_origin(declaration.where, "name"),
        )
    if not is_possible(declaration.handler):
        mistakes.add(
            f"function `{declaration.name}` has the handler {str(declaration.handler)[:40]!r}",
            hint=f"a handler reads `module.function`, in at most {HANDLER_LIMIT} characters",
            origin=places.argument_origin(declaration.where, "handler"),
        )
    mistakes.refuse()


def checked_option(where: Span, name: str, value: Any, check: Check, position: int | None = None) -> Any:
    """The value of a decorator's option as remit keeps it: what `check` makes of it.

    RemitError of `check`, placed at the option, by its name or else its position in the call.
    """
    try:
        return check((name,), value)
    except RemitError as error:
        for mistake in error.all:
            mistake.origin, mistake.path = places.argument_origin(where, name, position), ()
        raise


def is_possible(handler: object) -> bool:
    """Return whether something is a text that is not too long for a handler; its form is not looked at."""
    return isinstance(handler, str) and len(handler) <= HANDLER_LIMIT


def check_trigger(trigger: Any, origin: Origin) -> None:
    """Check that a trigger stands where one must be; `origin` is the argument's. RemitError (2): it is none."""
    is_tuple_of_grants = isinstance(trigger, tuple) and any(isinstance(item, Grant) for item in trigger)
    if is_tuple_of_grants or isinstance(trigger, Grant | AskedGrant):  # what a verb of `remit.grants` gives
        raise RemitError(
            "a grant is not a trigger: it says what the function may do, not what runs it",
            hint='give it as `policy=[…]`; a trigger is such as `on.sqs("orders")`, with `from remit import on`',
            origin=origin,
        )
    if isinstance(trigger, type) and hasattr(trigger, "grants"):
        name = trigger.__module__.rpartition(".")[2]
        example = re.search(rf"on\.{name}\((?:[^()]|\([^()]*\))*\)", trigger.__doc__ or "")
        raise RemitError(
            f"`on.{name}` is a trigger only when it is called",
            hint=f"call it: `{example[0] if example else f'on.{name}()'}`",
            origin=origin,
        )
    if not hasattr(trigger, "grants"):
        described_trigger = trigger.__name__.lower() if isinstance(trigger, type) else f"{trigger!r:.60}"
        raise RemitError(
            f"{described_trigger} is not a trigger",
            hint='such as `@app.function(on.sqs("orders"))`, with `from remit import on`',
            origin=origin,
        )


def check_handlers(state: Judgement) -> None:
    """Check that each handler is what Lambda will find under that name: not overwritten, not only local.

    Mistakes are noted.
    """
    by_handler: dict[str, Declaration] = {}
    for declaration in state.declarations:
        with state.noted():
            decorated = by_handler.setdefault(str(declaration.handler), declaration)  # a list has no hash
            functions = (declaration.function, decorated.function)
            if None not in functions and functions[0] is not functions[1]:
                raise RemitError(
                    f"function `{declaration.handler.rpartition('.')[2]}` is declared twice; "
                    f"the other is at {relative(decorated.where.origin, state.folder)}",
                    hint="rename one: the second would replace the first",
                    origin=declaration.where.origin,
                )
            if declaration.web is not None or (is_possible(declaration.handler) and not declaration.nested):
                _check_handler(state, declaration)


def _check_handler(state: Judgement, declaration: Declaration) -> None:
    """A handler must be there, and be one; of a web app, which is imported in the zip, its module must have it.

    One that may be in a layer passes, and so does a job's whose module failed. RemitError (2): it is not there, or is
    none.
    """
    web, code = declaration.web, declaration.code
    module_name, attribute = split(declaration.handler) if web is None else (web.module, web.attribute)
    # remit itself has imported many others
    is_own = module_file(state.folder, module_name, code) is not None
    set_names = set(state.config.lambda_.function.assigned).union(*(settings for _, settings in declaration.settings))
    problem = None
    if web is not None and is_own:
        problem = _problem_of_source(state, code, module_name, attribute.partition(".")[0], is_web_app=True)
    elif is_own and module_name in state.declared.modules and not code:
        module = state.declared.modules[module_name]
        target = getattr(module, attribute, None)
        if target is not None:
            problem = _problem_of(target)
        else:
            attributes = [name for name in dir(module) if not name.startswith("_")]
            problem = HandlerProblem("does not exist", did_you_mean(attribute, attributes) or HANDLER_FORM)
    elif declaration.job is not NO_JOB:
        pass  # its module failed after it, and Lambda calls its worker
    elif declaration.function is not None and is_own:
        problem = _problem_of(declaration.function)  # its module failed after it
    elif not set_names.isdisjoint(("layers", "properties")):
        pass  # it may be in a layer
    elif is_own:
        problem = _problem_of_source(state, code, module_name, attribute)
    else:  # a module of a dependency is looked at in the zip
        problem = _problem_of_absent(state, code, module_name, attribute, is_web_app=web is not None)
    if problem is not None:
        argument = ("handler", None) if web is None else ("target", 0)
        subject = f"the handler `{declaration.handler}`" if web is None else f"the web app `{web.target}`"
        raise RemitError(
            f"{subject} of function `{declaration.name}` {problem.message}",
            hint=problem.hint,
            origin=places.argument_origin(declaration.where, *argument),
        )


def _problem_of(target: object) -> HandlerProblem | None:
    """What keeps Lambda from calling an object as a handler; None where nothing does."""
    if inspect.iscoroutinefunction(target) or inspect.isasyncgenfunction(target):
        return asynchronous()
    if inspect.isgeneratorfunction(target):
        return generator()
    if isinstance(target, type) and "__new__" not in vars(target) and target.__mro__[1:] == (object,):
        return OF_CLASS
    if not callable(target):
        return HandlerProblem(f"is not a function but {described(target)}")
    signature = None
    with contextlib.suppress(TypeError, ValueError):  # of what Python does not know it
        signature = inspect.signature(target, follow_wrapped=False)  # its own, not that of a wrapped one
    if signature is not None and not takes_event_and_context(signature):
        return takes_others(str(signature).partition(" ->")[0])
    return None


def _problem_of_source(
    state: Judgement, code: str, module_name: str, attribute: str, *, is_web_app: bool = False
) -> HandlerProblem | None:
    """As `_problem_of`, of a handler of the project that was not imported: by what its source shows."""
    from remit.source.handlers import problem  # noqa: PLC0415 - most handlers have been imported: few are read

    return problem(partial(_module_source, state, code), module_name, attribute, is_web_app=is_web_app)


def _module_source(state: Judgement, code: str, module_name: str) -> tuple[bytes, str] | None:
    """The source and the file of a module of the project; None: there is none. RemitError: it cannot be read."""
    path = module_file(state.folder, module_name, code)
    if path is None:
        return None
    file = path.relative_to(state.folder).as_posix()
    content = plain_files.content(path, file)
    return None if content is None else (content, file)


def _problem_of_absent(
    state: Judgement, code: str, module_name: str, attribute: str, *, is_web_app: bool = False
) -> HandlerProblem | None:
    """Return the problem of a name of a module that is none of the project's; None: it may be a dependency's."""
    package = module_name.partition(".")[0]
    has_folder = any((root / package).is_dir() for root in roots(state.folder, code))
    is_own = module_file(state.folder, package, code) is not None
    is_installed = False  # where remit runs
    with contextlib.suppress(ImportError, ValueError):
        is_installed = not has_folder and importlib.util.find_spec(package) is not None  # it is not imported
    if package and not is_own and (is_installed or _is_required(package, state.folder / code)):
        return None
    parents, _, _ = module_name.rpartition(".")
    modules = set()
    for root in roots(state.folder, code):
        folder = root.joinpath(*parents.split(".")) if parents else root
        modules |= {f"{parents}.{file.stem}".lstrip(".") for file in folder.glob("*.py") if file.is_file()}
    nearest_module = nearest(module_name, modules)
    form, joint = (WEB_APP_FORM, ":") if is_web_app else (HANDLER_FORM, ".")
    hint = f"did you mean `{nearest_module}{joint}{attribute}`?" if nearest_module else form
    return HandlerProblem("does not exist", hint)


def _is_required(name: str, folder: Path) -> bool:
    """Return whether a file of dependencies in `folder` has this name anywhere: the package is then in the zip."""
    for file in ("requirements.txt", "pyproject.toml"):
        with contextlib.suppress(OSError, ValueError):
            if name.lower().replace("_", "-") in (folder / file).read_text("utf-8").lower().replace("_", "-"):
                return True
    return False


def check_names(state: Judgement, functions: list[Function]) -> None:
    """Note where two functions share a name, a logical id or a name in the account, or such a name is too long.

    Each function is noted once, for the first of these.
    """
    by_name: dict[str, Function] = {}
    by_id: dict[str, Function] = {}
    by_full_name: dict[str, Function] = {}
    for function in functions:
        name, hint = function.name, "give one another `name=`"
        full_name = in_stack(
            function.physical_name, state.config.stack_name or f"{state.declared.name}-{state.declared.stage}"
        )
        namesake = by_name.setdefault(name, function)
        # A second function of the same name has the same id, too: only the first of these problems is told.
        same = by_id.setdefault(function.logical_id, function) if namesake is function else function
        if namesake is not function:
            problem = f"function `{name}` is declared twice; the other is at {namesake.origin}"
        elif same is not function:
            problem = f"functions `{same.name}` and `{name}` both become `{function.logical_id}` in the template"
        elif len(full_name) > NAME_LIMIT:
            problem = f"function name `{full_name}` has {len(full_name)} characters; Lambda allows {NAME_LIMIT}"
            option = "function_name=" if function.function_name else "name="
            hint = f"shorten it by {len(full_name) - NAME_LIMIT}, with `{option}`"
        elif by_full_name.setdefault(full_name, function) is not function:
            problem = f"functions `{by_full_name[full_name].name}` and `{name}` are both `{full_name}` in the account"
            hint = "give one another `function_name=`"
        else:
            continue
        state.mistakes.add(problem, hint=hint, origin=function.origin)
