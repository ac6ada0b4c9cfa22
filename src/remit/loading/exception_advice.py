"""What to do about an exception of the user's own code: what to install or set, and what remit has instead."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import linecache
import os
import re
import sys
from types import ModuleType, TracebackType
from typing import Any, Final

from remit.did_you_mean import did_you_mean, nearest
from remit.judge.judgement import exception_text, last_user_line
from remit.project.current_load import Loading, is_users_file
from remit.source.layout import beside

_UNIMPORTABLE: Final = r"cannot import name '(\w+)' from '(remit[\w.]*)'"
_OUT_OF_REACH: Final = frozenset(
    {"NoCredentialsError", "PartialCredentialsError", "EndpointConnectionError", "ConnectTimeoutError", "NoRegionError"}
)
"""What botocore raises where AWS is called without AWS."""
_GRANTS_OF: Final = {"event": "events", "schedule": "scheduler"}
"""Modules of triggers whose service has another name among the grants."""
_PARTIALLY: Final = "partially initialized module"
_CIRCULAR: Final = (
    "the modules import each other: make what both need (`app = App()`) above the import, or in a module of its own"
)
_NOT_CALLABLE: Final = "'module' object is not callable"


def advice(error: BaseException, state: Loading) -> str | None:
    """The hint about an exception that the project's code raised while it loads; None when there is nothing to say."""
    return _of_its_kind(error, state) or _placeholder_in_use(error, state)


def _of_its_kind(  # noqa: PLR0911 - one kind of exception after the other
    error: BaseException, state: Loading
) -> str | None:
    """Advise by the type of an exception, and by what its text says; None where that tells nothing."""
    if isinstance(error, ModuleNotFoundError) and error.name:
        file = os.path.relpath(last_user_line(state.folder, error, "").file, state.folder)
        installed = f"install it where remit runs: the app is imported to be built (`{error.name.split('.')[0]}`)"
        return beside(state.folder, file, error.name) or installed
    if isinstance(error, ImportError | AttributeError) and _PARTIALLY in exception_text(error):
        return _CIRCULAR
    raised = _innermost(error)
    asked = None if raised is None else raised.tb_frame.f_locals.get("self")
    if isinstance(error, KeyError) and isinstance(asked, type(os.environ)):
        return _unset_variable(str(error.args[0]), state)
    if type(error).__name__ in _OUT_OF_REACH and type(error).__module__.startswith("botocore."):
        return "call AWS inside of the function: the module is also imported where it is built, which needs no AWS"
    # What follows is about names that remit does not have.
    if isinstance(error, AttributeError):
        return _attribute(error.obj, str(error.name))
    if isinstance(error, ImportError) and (missing := re.match(_UNIMPORTABLE, exception_text(error))):
        return _instead(sys.modules[missing[2]], missing[1])
    if isinstance(error, TypeError):
        return _trigger_of(error) if exception_text(error) == _NOT_CALLABLE else None
    public_names = sys.modules[__name__.partition(".")[0]].__all__
    if isinstance(error, NameError) and error.name in public_names:
        return f"write `from remit import {error.name}`"
    return None


def _unset_variable(name: str, state: Loading) -> str:
    """Advise on an environment variable that the project reads, and that is not set."""
    slip = did_you_mean(name, state.declared_variables)
    if slip is not None:
        return f"{slip} (a function's `environment` has that, and none has {name})"
    return (
        f"no function declares {name}: write `environment={{{name!r}: …}}` at the function that needs it, set the "
        "variable before the build, or give it a default with os.environ.get()"
    )


def _placeholder_in_use(error: BaseException, state: Loading) -> str | None:
    """Advise on code that cannot work with the placeholder of a variable; None: the failure names none."""
    trace, line = error.__traceback__, ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if is_users_file(file, state.folder):
            line = linecache.getline(file, trace.tb_lineno)
        trace = trace.tb_next
    for text, name in state.placeholders.items():
        if name in line or text in exception_text(error).casefold():
            return f"{name} has a value where the function runs, and a placeholder here: read it inside of the function"
    return None


def _attribute(owner: object, name: str) -> str | None:
    """Return the replacement for an attribute that a module or an object of remit lacks; None for other owners."""
    if isinstance(owner, ModuleType):
        return _instead(owner, name)
    kind = owner if isinstance(owner, type) else type(owner)
    if kind.__module__.startswith("remit.triggers."):
        module = kind.__module__.rpartition(".")[2]
        service = _GRANTS_OF.get(module, module)
        verb = name
        with contextlib.suppress(ModuleNotFoundError):
            verb = nearest(name, _functions_of(importlib.import_module(f"remit.grants.{service}"))) or name
        return f"that is a trigger; a grant is written `grants.{service}.{verb}(…)`, with `from remit import grants`"
    if not type(owner).__module__.startswith("remit."):
        return None
    return did_you_mean(name, [attribute for attribute in dir(owner) if not attribute.startswith("_")])


def _functions_of(module: ModuleType) -> set[str]:
    """The functions that a module of remit offers."""
    functions = set()
    for function_name, function in vars(module).items():
        is_defined_here = inspect.isfunction(function) and function.__module__ == module.__name__
        if is_defined_here and not function_name.startswith("_"):
            functions.add(function_name)
    return functions


def _instead(module: ModuleType, name: str) -> str | None:
    """Return the names of a module of remit that were perhaps meant: verbs, triggers; None for another's module."""
    if module.__name__.partition(".")[0] != "remit":
        return None
    offered = sorted(_functions_of(module) or set(getattr(module, "__all__", ())))
    return did_you_mean(name, offered) or f"there are {', '.join(offered)}"


def _trigger_of(error: TypeError) -> str | None:
    """The trigger that was meant where a module of grants is called: `sqs("orders")`; None: the line calls none."""
    raised = _innermost(error)
    if raised is None:
        return None
    for called in re.findall(r"([\w.]+)\(", linecache.getline(raised.tb_frame.f_code.co_filename, raised.tb_lineno)):
        value: Any = raised.tb_frame.f_globals.get(called.partition(".")[0])
        for name in called.split(".")[1:]:
            value = getattr(value, name, None)
        if isinstance(value, ModuleType) and value.__name__.startswith("remit.grants."):
            service = value.__name__.rpartition(".")[2]
            return f"`{called}` has grants alone; the trigger is written `on.{service}(…)`, with `from remit import on`"
    return None


def _innermost(error: BaseException) -> TracebackType | None:
    """Return the place where an exception was raised; None for one that was not raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace
