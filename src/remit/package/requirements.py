"""Find where a project states its dependencies, and turn that into what uv is told to install."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from remit.errors import Origin, RemitError
from remit.package.dependency_source import (
    OWN_NAME,
    Source,
    name_of,
    normal,
    pyproject,
    requirement_name,
    stated,
    text_of,
)
from remit.package.locks import pylock, uv_lock, uv_workspace
from remit.project import plain_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_INCLUDE = re.compile(r"(?:-r|--requirement)[ =]?\s*(\S+)$")
_OPTION = re.compile(r"(?:-[rc]|--requirement|--constraint)[ =]?\s*(\S+)$")


def read_source(folder: Path) -> Source | None:
    """Read the first of uv.lock, pylock.toml, requirements.txt, pyproject.toml; None if none is there, or asks for any.

    Raises RemitError where the file cannot be read, is not the whole truth (a lock older than the project),
    or where another tool's lock would be ignored.
    """
    for name, reader in _READERS:
        if plain_files.is_there(folder / name, name):
            try:
                source = reader(folder)
            except (AttributeError, KeyError, TypeError) as error:  # values of other shapes than its format has
                problem = f"{error} is missing" if isinstance(error, KeyError) else str(error)
                raise RemitError(
                    f"{name}, or the pyproject.toml beside it, is not built as its format says: {problem}",
                    hint="let the tool that wrote it write it again, or correct what was changed by hand",
                    origin=Origin(name),
                ) from error
            break
    else:
        return None
    nothing = not source.lines and not source.export and not source.arguments
    if nothing:
        return None
    # uv's own configuration in the folder can change the outcome, too.
    place = source.workspace or folder
    settings = json.dumps(pyproject(place).get("tool", {}).get("uv", {}), sort_keys=True, default=str)
    if (place / "uv.toml").is_file():
        settings += text_of(place / "uv.toml", "uv.toml")
    return replace(source, settings=source.settings + settings)


def folder_of_dependencies(folder: Path, code: str) -> Path:
    """The folder whose file states the dependencies of a root of zips: its own, where it has one, or the project's."""
    root = folder / code
    states_its_own = bool(code) and any(plain_files.is_there(root / name, f"{code}/{name}") for name, _ in _READERS)
    return root if states_its_own else folder


def _requirements(folder: Path) -> Source:
    """The dependencies of a requirements.txt with what it includes; a line for the project itself means its own.

    RemitError where the project computes its dependencies.
    """
    lines = _inlined(folder, "requirements.txt", ())
    requirements, local, arguments, extra = [], [], [], []
    for origin, line in lines:
        path, extras = _local_path(line)
        if path is None:
            requirements.append(line)
        elif (folder / path).resolve() == folder.resolve():
            _refuse_dynamic(pyproject(folder), origin)
            arguments = ["--requirements", "pyproject.toml"]
            extra += [f"--extra={name}" for name in extras]
        else:
            if (folder / path).is_dir():
                local.append((name_of(pyproject(folder / path)) or (folder / path).name, folder / path))
            requirements.append(re.sub(r"^(-e|--editable)[ =]\s*", "", line))
    project = pyproject(folder) if arguments else {}
    names = [*requirements, *stated(project)]
    return Source(
        "requirements.txt",
        tuple(requirements) if any(_asks(line) for line in requirements) else (),
        arguments=(*arguments, *extra),
        local=tuple(local),
        names_remit=OWN_NAME in map(requirement_name, names),
        only_remit={requirement_name(name) for name in names if _asks(name)} <= {OWN_NAME},
        settings=_included_contents(folder, lines) + (json.dumps(project.get("project", {})) if arguments else ""),
    )


def _asks(line: str) -> bool:
    """Return whether a line asks for something; options alone, such as an index's address, do not."""
    return not line.startswith("-") or _INCLUDE.match(line) is not None


def _inlined(folder: Path, file: str, above: tuple[str, ...]) -> list[tuple[Origin, str]]:
    """The logical lines of a requirements file, with those of files included from its folder.

    RemitError (2): a file includes itself, or one that is not there.
    """
    requirement_lines = []
    for number, line in _logical_lines(text_of(folder / file, file)):
        included = re.match(r"(?:-r|--requirement)[ =]?\s*([^/\s]+)$", line)
        if included is None:
            requirement_lines.append((Origin(file, number), line))
            continue
        if included[1] in (*above, file):
            raise RemitError(f"{included[1]} includes itself", origin=Origin(file, number))
        if not (folder / included[1]).is_file():
            raise RemitError(
                f"{file} includes {included[1]}, and there is no {included[1]} beside it",
                origin=Origin(file, number),
            )
        requirement_lines += _inlined(folder, included[1], (*above, file))
    return requirement_lines


def _logical_lines(text: str) -> list[tuple[int, str]]:
    """The lines that say something, without comments, joined where one ends in a backslash.

    Each has the number of its first line.
    """
    logical_lines, begun, start = [], "", 0
    for number, line in enumerate(text.splitlines(), 1):
        start = start if begun else number
        begun += re.sub(r"(^|\s)#.*$", "", line)
        if begun.endswith("\\"):
            begun = begun[:-1] + " "
            continue
        if begun.strip():
            logical_lines.append((start, begun.strip()))
        begun = ""
    return logical_lines if not begun.strip() else [*logical_lines, (start, begun.strip())]


def _local_path(line: str) -> tuple[str | None, list[str]]:
    """The path and the extras of a requirement that is a path (`-e .[aws]`, `./lib`, `lib @ file:///…`).

    None and [] for any other line.
    """
    without_option = re.sub(r"^(-e|--editable)[ =]\s*", "", line)
    text = re.sub(r"\s+(;|--hash).*$", "", without_option)
    is_editable = text != line and line.startswith("-")
    direct_reference = re.match(r"[\w.-]+\s*(\[[^\]]*\])?\s*@\s*(.*)$", text)
    text = direct_reference[2] if direct_reference else text
    extras = re.search(r"\[([^\]]*)\]$", text)
    path = (text[: extras.start()] if extras else text).removeprefix("file://")
    says_that_it_is_a_path = is_editable or direct_reference or path.startswith((".", "/"))
    is_option_or_address = path.startswith("-") or "://" in path
    if is_option_or_address or not says_that_it_is_a_path:
        return None, []
    return path, [name.strip() for name in extras[1].split(",")] if extras else []


def _included_contents(folder: Path, lines: list[tuple[Origin, str]]) -> str:
    """The contents, as hexadecimal lines, of the files that lines point to, and those to others, each once.

    They are constraints, includes and wheels; what is no file counts for nothing.
    """
    parts: dict[Path, str] = {}
    waiting = [(folder, line) for _, line in lines]
    while waiting:
        beside, line = waiting.pop(0)
        option = _OPTION.match(line)
        name = option[1] if option else _local_path(line)[0]
        path = beside / name if name is not None and "://" not in name else None
        if path is None or not path.is_file() or path in parts:
            continue
        parts[path] = path.read_bytes().hex()
        if option:
            waiting += ((path.parent, deeper) for _, deeper in _logical_lines(text_of(path, option[1])))
    return "\n".join(parts.values())


def _pyproject_alone(folder: Path) -> Source:
    """The dependencies of a pyproject.toml without a lock beside it: of a member of a uv workspace, those of its lock.

    RemitError where they are locked, or stated, elsewhere.
    """
    project = pyproject(folder)
    workspace = uv_workspace(folder)
    if workspace is not None and (workspace / "uv.lock").is_file():
        return uv_lock(folder, workspace)
    for name, command in _OTHER_LOCKS:
        if plain_files.is_there(folder / name, name):
            raise RemitError(
                f"the dependencies are locked in {name}, which remit does not read",
                hint=f"write what it says into a requirements.txt: `{command}`",
                origin=Origin(name),
            )
    _refuse_dynamic(project, Origin("pyproject.toml"))
    direct = stated(project)
    local = []
    sources = project.get("tool", {}).get("uv", {}).get("sources", {})
    for name, source in sources.items():
        for place in source if isinstance(source, list) else [source]:
            if place.get("workspace"):
                raise RemitError(
                    f"`{name}` comes from a uv workspace, which has no uv.lock",
                    hint="`uv lock` writes it: its packages and versions are packed",
                    origin=Origin("pyproject.toml"),
                )
            if "path" in place and (folder / place["path"]).is_dir():
                local.append((normal(name), folder / place["path"]))
    return Source(
        "pyproject.toml",
        arguments=("--requirements", "pyproject.toml") if direct else (),
        local=tuple(local),
        names_remit=OWN_NAME in map(requirement_name, direct),
        only_remit={requirement_name(name) for name in direct} <= {OWN_NAME},
        settings=json.dumps(project.get("project", {})),
    )


def _refuse_dynamic(project: dict[str, Any], origin: Origin) -> None:
    """RemitError where pyproject.toml does not state its dependencies itself: poetry's table, or a build's code."""
    tools = project.get("tool", {})
    if "project" not in project and "dependencies" in tools.get("poetry", {}):
        raise RemitError(
            "pyproject.toml states its dependencies in poetry's own table",
            hint="`poetry export -o requirements.txt`, or move them to [project].dependencies",
            origin=origin,
        )
    if "dependencies" in project.get("project", {}).get("dynamic", []):
        raise RemitError(
            "the project computes its dependencies while it is built ([project].dynamic)",
            hint="state them in requirements.txt: `uv pip compile pyproject.toml -o requirements.txt`",
            origin=origin,
        )


_OTHER_LOCKS = (
    ("poetry.lock", "poetry export -o requirements.txt"),
    ("pdm.lock", "pdm export --prod -o requirements.txt"),
    ("Pipfile.lock", "pipenv requirements > requirements.txt"),
)


_READERS: tuple[tuple[str, Callable[[Path], Source]], ...] = (
    ("uv.lock", uv_lock),
    ("pylock.toml", pylock),
    ("requirements.txt", _requirements),
    ("pyproject.toml", _pyproject_alone),
    ("Pipfile.lock", _pyproject_alone),  # a project of pipenv has no pyproject.toml: its lock is refused there
)
