"""Check in a zip that Lambda will find each function's handler there, and can call it with an event and a context."""

from __future__ import annotations

import sys
import zipfile
from functools import cache, partial
from typing import TYPE_CHECKING

from remit.errors import Mistakes
from remit.package.plain_imports import OF_LAMBDA
from remit.source import handlers
from remit.source.handler_problem import HandlerProblem, split

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.app import Function
    from remit.package.app_zip import Package


def check_handlers(functions: tuple[Function, ...], packages: Mapping[str, Package]) -> None:
    """Refuse functions whose zip lacks their handler, or has one that Lambda cannot call.

    `packages` are by the functions' names. What a layer may hold is not looked for. RemitError at each such function.
    """
    mistakes = Mistakes()
    for package in dict.fromkeys(packages.values()):
        with zipfile.ZipFile(package.path) as archive:
            names = frozenset(archive.namelist())
            read = cache(partial(_source_of_module, archive, names))
            for function in functions:
                if packages[function.name] is not package:
                    continue
                problem = _problem_in_zip(read, names, function)
                if problem is not None:
                    message = f"the handler `{function.handler}` of function `{function.name}` {problem.message}"
                    mistakes.add(message, hint=problem.hint, origin=function.handler_origin)
    mistakes.refuse()


def _problem_in_zip(read: handlers.Read, names: frozenset[str], function: Function) -> HandlerProblem | None:
    """Return the problem of a handler in its zip; None: it has none, or is compiled, in a layer, or Lambda's own."""
    module, attribute = split(function.handler)
    path = module.replace(".", "/")
    if _file_of_module(names, module) is not None:
        return handlers.problem(read, module, attribute)
    is_compiled = any(name.startswith((f"{path}.", f"{path}/__init__.")) for name in names)
    is_elsewhere = function.properties.get("Layers") or module.partition(".")[0] in OF_LAMBDA | sys.stdlib_module_names
    if is_compiled or is_elsewhere:
        return None
    return HandlerProblem(
        f"is not in its zip, which has no module `{module}`",
        "`remit build` lists what a zip leaves out; a line `!name` in .remitignore takes it in",
    )


def _source_of_module(archive: zipfile.ZipFile, names: frozenset[str], module: str) -> tuple[bytes, str] | None:
    """The source and the file of a module of a zip; None if the zip has none."""
    file = _file_of_module(names, module)
    return None if file is None else (archive.read(file), file)


def _file_of_module(names: frozenset[str], module: str) -> str | None:
    path = module.replace(".", "/")
    return next((file for file in (f"{path}/__init__.py", f"{path}.py") if file in names), None)
