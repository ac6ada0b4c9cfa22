"""The program that imports the handlers and web apps of a zip: it runs by itself, in an interpreter that sees the zip.

It uses the standard library alone, of any Python that Lambda runs. Arguments: the folder of what Lambda's runtime
brings, a file of JSON (`folders`: those with the zip's files; `of_lambda`: the names of what the runtime brings;
`requests`: what to import), and the file for the answers: a line of JSON each, written as soon as it is known, so that
an import that never ends does not hide the ones before it.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import inspect
import json
import os
import sys
import traceback
from pathlib import Path
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

MOST_MISSING = 50
ARGUMENTS = {"asgi": ("scope", "receive", "send"), "wsgi": ("environ", "start_response")}
CALLS = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}


class Runtime(importlib.abc.MetaPathFinder):
    """Finds what Lambda's runtime brings, after all that the zip has."""

    def __init__(self, folder: str, modules: Sequence[str]) -> None:
        self.folder = folder
        self.modules = modules

    def find_spec(
        self, name: str, _path: Sequence[str] | None = None, _target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The module, if it is one of Lambda's runtime; None for others, and where the runtime is not installed."""
        if self.folder and name in self.modules:
            return importlib.machinery.PathFinder.find_spec(name, [self.folder])
        return None


def refuse_calls(event: str, _arguments: object) -> None:
    """Refuse calls to anywhere: an import is looked at, and nothing shall happen."""
    if event in CALLS:
        raise OSError("there is no network while the imports of a zip are looked at")


def imported_web_app(target: str, interface: str | None) -> str | None:
    """Import a web app, and return what is wrong with it, in words that follow its name; None if nothing is.

    Whatever its import raises passes.
    """
    web = importlib.import_module("remit.web")  # the zip's
    served = web.web_app(target)
    if not callable(served):
        return f"is no web app but {type(served).__name__}"
    spoken = interface or web.interface_of(served)
    web.adapted(served, spoken, begins=False)
    return arity_problem(served, spoken)


def arity_problem(served: Any, interface: str) -> str | None:
    """What is wrong with a web app's parameters, in words; None if nothing is. A function that makes one has others."""
    given = ARGUMENTS[interface]
    try:
        signature = inspect.signature(served)
    except (TypeError, ValueError):  # what is written in C may show none
        return None
    try:
        signature.bind(*given)
    except TypeError:
        name = interface.upper()
        return f"takes {signature}, and {name} calls an app with ({', '.join(given)}): what makes an app is none itself"
    return None


class AbsentType(type):
    """The type of stand-ins: any attribute is a stand-in."""

    def __getattr__(cls, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent()


class Absent(metaclass=AbsentType):
    """A stand-in for anything of a module that the zip lacks, so that the next import can be looked at."""

    def __init__(self, *_arguments: object, **_options: object) -> None:
        pass

    def __call__(self, *arguments: object, **_options: object) -> object:
        """Return the function, as a decorator does; else another stand-in."""
        return arguments[0] if len(arguments) == 1 and callable(arguments[0]) else Absent()

    def __getattr__(self, name: str) -> object:
        return getattr(Absent, name)


class Missing(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the modules that the zip lacks, once that is known: stand-ins."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def find_spec(
        self, name: str, _path: Sequence[str] | None = None, _target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        """A stand-in for a module that was missing, or for a part of it; None for others."""
        parts = name.split(".")
        above = {".".join(parts[: end + 1]) for end in range(len(parts))}
        return None if above.isdisjoint(self.names) else importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        """An empty module, whose attributes are stand-ins."""
        module = ModuleType(spec.name)
        module.__getattr__ = lambda name: getattr(AbsentType("Absent", (Absent,), {}), name)  # type: ignore[method-assign] # of this one module
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is run."""


def answer_to(request: dict[str, Any], folders: Sequence[str], missing: Missing) -> dict[str, Any]:
    """Import a web app or the modules of handlers; what went wrong, as `_Answer` of packed_imports has it.

    The environment of this process becomes the function's. Whatever an import raises is in the answer.
    """
    os.environ.clear()
    os.environ.update(request["environment"])
    answer: dict[str, Any] = {"name": request["name"], "problem": None, "failure": None, "lacking": []}
    try:
        if request["web"]:
            answer["problem"] = imported_web_app(request["web"], request["interface"])
        for module in request["modules"]:
            answer["lacking"] += lacking(module, folders, missing)
    except BaseException as error:  # noqa: BLE001 - the user's code may raise anything
        answer["failure"] = failure_of(error, folders)
    return answer


def lacking(module: str, folders: Sequence[str], missing: Missing) -> list[dict[str, Any]]:
    """List a module's imports that the zip lacks, with their places; `missing` gets their names, as stand-ins.

    The module is imported again with these, up to 50 times. An error of another kind ends the list, and is not in it.
    """
    errors: list[dict[str, Any]] = []
    for _ in range(MOST_MISSING):
        try:
            importlib.import_module(module)
            break
        except ImportError as error:
            errors.append(failure_of(error, folders))
            name = error.name if isinstance(error, ModuleNotFoundError) else None
            if name is None or name in missing.names:
                break
            missing.names.add(name)
        except BaseException:  # noqa: BLE001 - as above; it may need what only Lambda has
            break
    return errors


def failure_of(error: BaseException, folders: Sequence[str]) -> dict[str, Any]:
    """An exception, and the innermost line of the zip's own code that it came from, as `_Failure` of packed_imports.

    `missing` is the module that was not found. It, the file and the line are empty, or 0, where there is none.
    """
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    failure = {"error": f"{type(error).__name__}: {error}", "missing": missing or "", "file": "", "line": 0}
    for frame in traceback.extract_tb(error.__traceback__):
        for folder in folders:
            if frame.filename.startswith(folder + os.sep):
                failure |= {"file": frame.filename[len(folder) + 1 :], "line": frame.lineno}
    return failure


def main(runtime: str, requests: str, answers: str) -> None:
    """Import everything that is asked for, write the answers, a line for each, and end this process with status 0."""
    questions = json.loads(Path(requests).read_text("utf-8"))
    folders = questions["folders"]
    sys.path[:0] = folders
    missing = Missing()
    sys.meta_path += [Runtime(runtime, questions["of_lambda"]), missing]
    sys.addaudithook(refuse_calls)
    with Path(answers).open("w", encoding="utf-8") as file:
        for request in questions["requests"]:
            file.write(json.dumps(answer_to(request, folders, missing)) + "\n")
            file.flush()
    os._exit(0)  # threads that an import has started do not keep it


if __name__ == "__main__":
    main(*sys.argv[1:])
