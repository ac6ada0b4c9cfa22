"""Import the handlers and web apps of an app from its zips, with an interpreter that sees a zip alone, as Lambda will.

A program of its own does it, once for each zip: what functions import need not be installed where remit runs, and
nothing of remit's environment can stand in for what the zip lacks. What Lambda's runtime brings (boto3) is taken from
there. A zip whose imports were right is not tried again.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from remit.errors import Mistakes, Origin, RemitError, few
from remit.iam import tokens
from remit.package.app_zip import Package, depends
from remit.package.archive import unpack
from remit.package.dependencies import Layer, prune, unpacked
from remit.package.interpreters import Interpreter, Interpreters, variables_of_looking
from remit.package.plain_imports import OF_LAMBDA, has_plain_imports
from remit.project.dot_remit import own_folder
from remit.source.handler_problem import split
from remit.source.layout import beside, module_file, roots

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from remit.app import App, Function, WebApp
    from remit.package.installer import Target

_SECONDS: Final = 60
_PROGRAM: Final = Path(__file__).with_name("import_program.py")
_NEWER: Final = frozenset({"annotationlib", "compression"})
"""Modules of the standard library that only a newer Python has than may be at hand."""
_KEPT: Final = 50  # right imports that are remembered


@dataclass(frozen=True, slots=True)
class _Zip:
    """A zip that is tried, for what it is packed, and whose code is in it."""

    package: Package
    target: Target
    functions: tuple[Function, ...]
    names: frozenset[str]
    """Those of the files in it, and of modules in its layers."""
    module_folders: tuple[Path, ...]
    """The folders of modules in its layers that are folders of the project."""
    contents_of_layers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Failure:
    """An import that failed: in words, the module that is missing, and the line of the zip's own code that imports it.

    What is not known is "", and 0 of a line.
    """

    error: str
    missing: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class _Answer:
    """The program's answer to a request: failed imports, a failed web app, or the reason why nothing is known."""

    name: str
    problem: str | None
    failure: _Failure | None
    lacking: tuple[_Failure, ...]


def check_imports(
    folder: Path,
    app: App,
    packages: Mapping[str, Package],
    layers: Mapping[str, Package],
    targets: Mapping[str, Target],
) -> tuple[str, ...]:
    """Refuse handlers whose imports the zip lacks, and web apps that cannot be imported; return notes on the unknown.

    `packages` and `targets` are by the functions' names, `layers` those of the app's own by their references. Handlers
    of functions with layers of others are not tried, and nothing is said of them. RemitError at the line of each
    import, or at the line that declares the web app.
    """
    notes: list[str] = []
    mistakes = Mistakes()
    by_zip: dict[tuple[str, Target, tuple[str, ...]], list[Function]] = {}
    for function in app.functions:
        if set(function.layers) <= layers.keys():
            by_zip.setdefault((function.code, targets[function.name], function.layers), []).append(function)
        elif function.web is not None:
            notes.append(f"the web app `{function.web.target}` is not tried: layers may hold what it imports")
    for (code, target, references), functions in by_zip.items():
        package = packages[functions[0].name]
        with zipfile.ZipFile(package.path) as archive:
            is_plain = not depends(folder, code) and all(function.web is None for function in functions)
            if is_plain and has_plain_imports(archive):
                continue
            names = set(archive.namelist())
        for reference in references:
            with zipfile.ZipFile(layers[reference].path) as archive:
                names |= {name.removeprefix("python/") for name in archive.namelist()}
        module_folders = tuple(
            folder / layer.folder / path
            for layer in app.layers
            if layer.ref in references and not layer.runtime
            for path in ("python", f"python/lib/python{target.python}/site-packages")
        )
        contents = tuple(layers[reference].contents for reference in references)
        zip_file = _Zip(package, target, tuple(functions), frozenset(names), module_folders, contents)
        with mistakes.noted():
            notes += _try_imports(folder, app, zip_file)
    mistakes.refuse()
    return tuple(notes)


def _try_imports(folder: Path, app: App, zip_file: _Zip) -> Sequence[str]:
    """Try the imports of a zip, and return notes on what was not tried. RemitError has all that is wrong.

    What was right is remembered, and not tried again.
    """
    by_request = _by_request(app, zip_file.functions)
    requests = [_request(name, app, group) for name, group in by_request.items()]
    memory = _memory_file(folder, zip_file, requests)
    with contextlib.suppress(OSError, ValueError):  # nothing was right by now, or nothing is left of it
        remembered: list[str] = json.loads(memory.read_text("utf-8"))
        return remembered
    target, notes = zip_file.target, list[str]()
    python = Interpreters().for_runtime(target.python)
    is_here = sys.platform == "linux" and platform.machine() == target.platform.partition("-")[0]
    is_loadable = target.here or is_here or not any(name.endswith(".so") for name in zip_file.names)
    is_exact = python.words == target.python and is_loadable  # it runs all as Lambda will
    if not is_exact:
        requests = [request for request in requests if not request["web"]]
        notes += [
            f"the web app `{function.web.target}` is packed for {target.words}, which is not at hand: "
            "whether it can be imported shows when it runs"
            for function in zip_file.functions
            if function.web is not None
        ]
    answers = _answers_of_program(zip_file, python, requests)
    mistakes = Mistakes()
    imports: dict[tuple[str, str, int], list[Function]] = {}  # a missing module is told once, for all that import it
    for answer in answers:
        importers = by_request[answer.name]
        web = importers[0].web
        if web is not None and (answer.problem or answer.failure is not None):
            mistakes.errors.append(_problem_of_web_app(folder, importers[0], web, answer))
        for failure in answer.lacking:
            if _is_lacking(failure, zip_file.names, is_exact=is_exact):
                place = (failure.missing or failure.error, failure.file, failure.line)
                imports.setdefault(place, []).extend(importers)
    for (problem, file, line), importers in imports.items():
        own_file = _own_file(folder, importers[0].code, file)
        origin = None if own_file is None else Origin(own_file, line)
        mistakes.errors.append(_problem_of_handlers(folder, problem, file, origin, importers))
    mistakes.refuse()
    for answer in answers:
        if answer.problem:
            names = [function.name for function in by_request[answer.name]]
            notes.append(f"whether the zip has all that {few(names)} imports is not known: it {answer.problem}")
    if len(answers) == len(requests):
        with contextlib.suppress(OSError):  # then the next build tries again
            memory.parent.mkdir(parents=True, exist_ok=True)
            memory.write_text(json.dumps(notes), "utf-8")
            prune(memory.parent, _KEPT)
    return notes


def _memory_file(folder: Path, zip_file: _Zip, requests: Sequence[Mapping[str, Any]]) -> Path:
    """The file that is there once all imports of a zip were right: named by everything that decides that.

    It has the notes of that trial.
    """
    deciding = [
        zip_file.package.contents,
        zip_file.contents_of_layers,
        zip_file.target.words,
        requests,
        variables_of_looking(),
        sys.version,
        _lambda_site(),
        _PROGRAM.read_text("utf-8"),
    ]
    digest = hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()
    return own_folder(folder, "cache", "imports") / f"{digest}.json"


def _lambda_site() -> str:
    """The folder of what Lambda's runtime brings, where boto3 is installed with remit; else ""."""
    runtime = importlib.util.find_spec("boto3")
    return str(Path(runtime.origin).parents[1]) if runtime is not None and runtime.origin else ""


def _own_file(folder: Path, code: str, packed: str) -> str | None:
    """The path of the project's file that a zip has under a name; None for one of a dependency."""
    for root in roots(folder, code):
        path = root / packed
        if packed and path.is_file():
            return path.relative_to(folder).as_posix()
    return None


def _is_lacking(failure: _Failure, names: Iterable[str], *, is_exact: bool) -> bool:
    """Return whether an ImportError says that the zip lacks a module; with another Python, that it has none of it.

    `names` are those of the files in the zip.
    """
    top = failure.missing.partition(".")[0]
    if top in OF_LAMBDA:
        return False
    if is_exact:
        return True
    is_of_python = top in sys.stdlib_module_names or top in _NEWER
    is_packed = any(name == f"{top}.py" or name.startswith((f"{top}/", f"{top}.")) for name in names)
    return bool(top) and not is_of_python and not is_packed


def _problem_of_handlers(
    folder: Path, problem: str, file: str, place: Origin | None, importers: Sequence[Function]
) -> RemitError:
    """The error for a module that handlers import and the zip lacks; or for another ImportError, in its own words.

    `place` is the import's in the project's own code, which imports nothing that is in a `file` of a dependency.
    """
    names = [function.name for function in importers]
    origin = place or importers[0].handler_origin
    whose = f"function {names[0]}" if len(names) == 1 else f"functions {few(names)}"
    if " " in problem:
        return RemitError(f"the handler of {whose} cannot be imported from the zip: {problem}", origin=origin)
    within = "" if place is not None or not file else f" in {file}"
    return RemitError(
        f"`{problem}`, which the handler of {whose} imports{within}, is not in the zip",
        hint=_way_to_pack(folder, importers[0].code, problem, place),
        origin=origin,
    )


def _way_to_pack(folder: Path, code: str, module: str, place: Origin | None) -> str:
    """The hint how to pack a missing module: of the project, of another folder of it, or of a package."""
    from importlib.metadata import packages_distributions  # noqa: PLC0415 - of mistakes alone

    top = module.partition(".")[0]
    if module_file(folder, module, code) is not None or any((root / top).is_dir() for root in roots(folder, code)):
        return "the project has it, and the zip leaves it out: a line `!name` in .remitignore takes it in"
    if code and module_file(folder, module) is not None:
        return f"the project has it, and the zip has only what is in {code}: put it, or a link to it, into that folder"
    advice = None if place is None or code else beside(folder, place.file, module)
    if advice is not None:
        return advice
    distributions = packages_distributions().get(top, ())
    package = f"`{distributions[0]}`" if distributions else f"the package of `{top}`"
    return f"list {package} in requirements.txt or pyproject.toml: the zip holds what they name"


def _problem_of_web_app(folder: Path, function: Function, web: WebApp, answer: _Answer) -> RemitError:
    """The mistake of a web app that cannot be imported from its zip or is none, at its handler, with what to pack."""
    problem, failure, hint = answer.problem, answer.failure, None
    if failure is not None:
        place = f" ({failure.file}:{failure.line})" if failure.file else ""
        problem = f"cannot be imported from its zip: {failure.error}{place}"
        hint = _way_to_pack(folder, function.code, failure.missing, None) if failure.missing else None
    return RemitError(
        f"the web app `{web.target}` of function `{function.name}` {problem}", hint=hint, origin=function.handler_origin
    )


def _by_request(app: App, functions: Iterable[Function]) -> dict[str, list[Function]]:
    """The functions by the names of the requests to import for them.

    Each web app has a request of its own; handlers with the same modules share one.
    """
    groups: dict[str, list[Function]] = {}
    for function in functions:
        web = function.web
        name = " ".join(_modules(app, function)) if web is None else f"{function.name} {web.target}"
        groups.setdefault(name, []).append(function)
    return groups


def _modules(app: App, function: Function) -> tuple[str, ...]:
    """The module of its handler, and those of the jobs of its queue, each once."""
    modules = [split(function.handler)[0]]
    for queue in app.queues:
        if queue.name == function.queue:
            modules += [path.partition(":")[0] for path in queue.jobs]
    return tuple(dict.fromkeys(modules))


def _request(name: str, app: App, functions: Sequence[Function]) -> dict[str, Any]:
    """Return the request for functions' imports, and their environment: of a variable, the first function's value.

    `known-in-lambda` stands for a value that only the deploy knows.
    """
    environment = {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_LAMBDA_FUNCTION_NAME": functions[0].name,
        "REMIT_STAGE": "dev",
    }
    for function in functions:
        for variable, value in function.properties.get("Environment", {}).get("Variables", {}).items():
            if function is functions[0] or variable not in environment:
                # A text stands for what only the deploy knows.
                environment[variable] = "known-in-lambda" if tokens.references(str(value)) else str(value)
    web = functions[0].web
    return {
        "name": name,
        "modules": _modules(app, functions[0]) if web is None else (),
        "web": None if web is None else web.target,
        "interface": None if web is None else web.interface,
        "environment": environment,
    }


def _answers_of_program(zip_file: _Zip, python: Interpreter, requests: Sequence[Mapping[str, Any]]) -> list[_Answer]:
    """Run the program, and return its answers, in the requests' order.

    After an import that does not end there are none, but one that says so; a program that dies leaves them out, and one
    that cannot be started has none.
    """
    if not requests:
        return []
    with tempfile.TemporaryDirectory() as name:
        work = Path(name).resolve()
        folder, request_file, answers = work / "zip", work / "requests.json", work / "answers.jsonl"
        folders = list(map(str, (*_unpacked(zip_file.package, work), *zip_file.module_folders)))
        questions = {"folders": folders, "of_lambda": sorted(OF_LAMBDA), "requests": requests}
        request_file.write_text(json.dumps(questions), "utf-8")
        arguments = [_lambda_site(), str(request_file), str(answers)]
        command = [python.program, "-I", "-S", "-X", "utf8", str(_PROGRAM), *arguments]
        ended = True
        try:
            subprocess.run(
                command,
                cwd=folder,
                env={},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            ended = False
        except OSError:
            pass
        text = answers.read_text("utf-8") if answers.exists() else ""
    all_answers = []
    for line in text.splitlines():
        raw = json.loads(line)
        failure = None if raw["failure"] is None else _Failure(**raw["failure"])
        lacking = tuple(_Failure(**each) for each in raw["lacking"])
        all_answers.append(_Answer(raw["name"], raw["problem"], failure, lacking))
    if not ended and len(all_answers) < len(requests):
        name = requests[len(all_answers)]["name"]
        all_answers.append(_Answer(name, f"does not finish its import in {_SECONDS} seconds", None, ()))
    return all_answers


def _unpacked(package: Package, work: Path) -> list[Path]:
    """The folders with the files of a zip: one in `work`, and those in which its dependencies stay unpacked.

    All is in that one where a part of its root has files of two of them.
    """
    folders = [_unpacked_layer(layer, work / layer.path.parent.name) for layer in package.layers]
    parts = [package.own_parts, *(frozenset(os.listdir(path)) - {"__pycache__"} for path in folders)]  # noqa: PTH208 - names
    are_apart = package.apart or len(frozenset().union(*parts)) == sum(map(len, parts))
    folder = work / "zip"
    with zipfile.ZipFile(package.path) as archive:
        if not are_apart:
            unpack(archive, folder)
            return [folder]
        unpack(archive, folder, [name for name in archive.namelist() if name.partition("/")[0] in package.own_parts])
    return [folder, *folders]


def _unpacked_layer(layer: Layer, spare: Path) -> Path:
    """The folder in which dependencies stay unpacked; the spare one where nothing can stay."""
    try:
        return unpacked(layer)
    except OSError:
        with zipfile.ZipFile(layer.path) as archive:
            unpack(archive, spare)
        return spare
