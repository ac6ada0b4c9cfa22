"""Import each web app from its zip, with an interpreter that sees the zip alone, as Lambda will.

A program of its own does it: the app's frameworks need not be installed where remit runs, and nothing of remit's
environment can stand in for what the zip lacks. What Lambda's runtime brings (boto3) is taken from there.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from remit.errors import Mistakes, RemitError
from remit.iam import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.app import Function, WebApp
    from remit.package.app_zip import Package
    from remit.package.installer import Target

_SECONDS: Final = 60
_PROGRAM: Final = """
import importlib.machinery, json, sys, traceback

folder, runtime, target, interface = sys.argv[1:]
sys.path.insert(0, folder)
OF_LAMBDA = {"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3"}


class Runtime:
    def find_spec(self, name, path=None, target=None):
        if runtime and name in OF_LAMBDA:
            return importlib.machinery.PathFinder.find_spec(name, [runtime])


sys.meta_path.append(Runtime())
answer = {}
try:
    from remit.web import adapted, interface_of, web_app
    served = web_app(target)
    if callable(served):
        adapted(served, interface or interface_of(served), begins=False)
    else:
        answer["problem"] = "is no web app but " + type(served).__name__
except BaseException as error:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(folder)]
    answer["error"] = type(error).__name__ + ": " + str(error)
    if frames:
        answer["file"], answer["line"] = frames[-1].filename[len(folder) + 1:], frames[-1].lineno
    answer["missing"] = getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None
print("\\n" + json.dumps(answer))
"""


def check_web_apps(
    functions: tuple[Function, ...], packages: Mapping[str, Package], targets: Mapping[str, Target]
) -> tuple[str, ...]:
    """Refuse a web app that cannot be imported from its zip. Notes on those that no Python here could import.

    `packages` and `targets` are by the functions' names. RemitError at the line that declares the web app.
    """
    notes = []
    mistakes = Mistakes()
    for function in functions:
        if function.web is None:
            continue
        if function.properties.get("Layers"):
            notes.append(f"the web app `{function.web.target}` is not tried: layers may hold what it imports")
            continue
        answer = _imported(function, function.web, packages[function.name], targets[function.name])
        if answer is None:
            target = targets[function.name]
            notes.append(
                f"the web app `{function.web.target}` is packed for {target.words}, which is not at hand: "
                "whether it can be imported shows when it runs"
            )
        elif answer:
            mistakes.errors.append(_problem(function, function.web, answer))
    mistakes.refuse()
    return tuple(notes)


def _problem(function: Function, web: WebApp, answer: Mapping[str, Any]) -> RemitError:
    place = f" ({answer['file']}:{answer['line']})" if "file" in answer else ""
    problem = answer.get("problem") or f"cannot be imported from its zip: {answer['error']}{place}"
    hint = None
    if answer.get("missing"):
        package = str(answer["missing"]).partition(".")[0]
        hint = f"list the package of `{package}` in requirements.txt or pyproject.toml: the zip holds what they name"
    return RemitError(
        f"the web app `{web.target}` of function `{function.name}` {problem}", hint=hint, origin=function.origin
    )


def _imported(function: Function, web: WebApp, package: Package, target: Target) -> dict[str, Any] | None:
    """What is wrong, empty for nothing; None where no interpreter here runs what the zip is for."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        with zipfile.ZipFile(package.path) as archive:
            archive.extractall(folder)
            if not _runs_here(target, archive.namelist()):
                return None
        runtime = importlib.util.find_spec("boto3")
        site = str(Path(runtime.origin).parents[1]) if runtime is not None and runtime.origin else ""
        for python in _pythons(target.python):
            options = [str(folder), site, web.target, web.interface or ""]
            answer = _asked([python, "-I", "-S", "-B", "-c", _PROGRAM, *options], folder, _environment(function))
            if answer is not None:
                return answer
    return None


def _asked(command: list[str], folder: Path, environment: Mapping[str, str]) -> dict[str, Any] | None:
    """What the program says; None where it did not come so far: no interpreter stands behind the name."""
    try:
        ran = subprocess.run(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            encoding="utf-8",
            errors="replace",
        )
        answer: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        return {"problem": f"does not finish its import in {_SECONDS} seconds"}
    except (OSError, ValueError, IndexError):
        return None
    return answer


def _runs_here(target: Target, names: list[str]) -> bool:
    """Whether this machine can load what the zip holds: anything but parts that are compiled for another one."""
    is_here = sys.platform == "linux" and platform.machine() == target.platform.partition("-")[0]
    return target.here or is_here or not any(name.endswith(".so") for name in names)


def _pythons(version: str) -> Iterator[str]:
    """Interpreters of this version, as far as their names tell."""
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        yield sys.executable
    for folder in os.get_exec_path():
        found = shutil.which(f"python{version}", path=folder)
        if found is not None:
            yield found


def _environment(function: Function) -> dict[str, str]:
    """The variables that the function will have; a text stands for what only the deploy knows."""
    variables = {
        name: "known-in-lambda" if tokens.references(str(value)) else str(value)
        for name, value in function.properties.get("Environment", {}).get("Variables", {}).items()
    }
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "REMIT_STAGE": "dev",
        **variables,
    }
