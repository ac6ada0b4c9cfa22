"""Find where a project states its dependencies, and turn that into what uv is told to install."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from remit.errors import Origin, RemitError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OWN_NAME = "remit"


@dataclass(frozen=True, slots=True)
class Source:
    """The dependencies of a project, as one file states them.

    `lines` are requirements in the syntax of requirements.txt, read with the project's folder as the current
    one; `arguments` go to `uv pip install` beside them. With `export`, uv turns uv.lock into lines first.
    """

    file: str
    lines: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    export: bool = False
    local: tuple[tuple[str, Path], ...] = ()
    """Packages that live in folders of the user's own: built, while of others wheels alone are taken."""
    names_remit: bool = False
    settings: str = ""
    """What else decides the outcome, such as [tool.uv]; it goes into the cache key."""


def find(folder: Path) -> Source | None:
    """What the first of uv.lock, pylock.toml, requirements.txt, pyproject.toml says; None if nothing.

    Raises RemitError where the file cannot be read, is not the whole truth (a lock older than the project),
    or where another tool's lock would be ignored.
    """
    for name, reader in _READERS:
        if (folder / name).is_file():
            found = reader(folder)
            break
    else:
        return None
    nothing = not found.lines and not found.export and not found.arguments
    return None if nothing else replace(found, settings=found.settings + _uv_settings(folder))


def _uv_lock(folder: Path) -> Source:
    lock, project = read_toml(folder / "uv.lock"), _pyproject(folder)
    packages = lock.get("package", [])
    locked = {normal(package["name"]) for package in packages}
    direct = {name for text in _dependencies(project) if (name := requirement_name(text))}
    if missing := sorted(direct - locked):
        raise RemitError(
            f"uv.lock is older than pyproject.toml: it does not know `{missing[0]}`",
            hint="run `uv lock`",
            origin=Origin("uv.lock"),
        )
    local = []
    for package in packages:
        source = package.get("source", {})
        path = source.get("directory") or source.get("editable")
        if path and path != ".":
            local.append((normal(package["name"]), folder / path))
    return Source(
        "uv.lock",
        arguments=("--no-deps",) if locked - {_name(project)} else (),
        export=bool(locked - {_name(project)}),
        local=tuple(local),
        names_remit=OWN_NAME in locked and _name(project) != OWN_NAME,
        settings=(folder / "uv.lock").read_text("utf-8")
        + json.dumps([_dependencies(project), _name(project)]),
    )


def _pylock(folder: Path) -> Source:
    packages = read_toml(folder / "pylock.toml").get("packages", [])
    kept = _without_remit(packages)
    lines: list[str] = []
    for package in kept:
        lines += _locked_lines(package)
    local = [
        (normal(package["name"]), folder / package["directory"]["path"])
        for package in kept
        if "directory" in package
    ]
    return Source(
        "pylock.toml",
        tuple(lines),
        arguments=("--no-deps",) if lines else (),
        local=tuple(local),
        names_remit=any(normal(package["name"]) == OWN_NAME for package in packages),
    )


def _without_remit(packages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The packages but remit and, where the lock says who needs whom, what remit alone brings."""
    needs = {
        normal(package["name"]): {normal(other["name"]) for other in package.get("dependencies", [])}
        for package in packages
    }
    reached = set(needs) - {name for others in needs.values() for name in others} - {OWN_NAME}
    waiting = list(reached)
    while waiting:
        new = needs.get(waiting.pop(), set()) - reached - {OWN_NAME}
        reached |= new
        waiting += sorted(new)
    return [package for package in packages if normal(package["name"]) in reached]


def _locked_lines(package: dict[str, Any]) -> list[str]:
    """One package of a pylock.toml as lines of a requirements.txt (PEP 751, the [[packages]] table)."""
    name, marker = package["name"], package.get("marker", "")
    if re.search(r"\b(extras|dependency_groups)\b", marker):
        raise RemitError(
            f"pylock.toml keeps `{name}` for an extra or a group, and does not say whether Lambda needs it",
            hint="lock the dependencies alone: `uv export --no-dev --no-emit-project -o pylock.toml`",
            origin=Origin("pylock.toml"),
        )
    files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
    links = sorted(
        {f"--find-links {_parent(file['path'])}" for file in files if "path" in file and "url" not in file}
    )
    if "archive" in package:
        files = [package["archive"]]
    hashes = "".join(
        f" --hash={kind}:{digest}" for file in files for kind, digest in sorted(file["hashes"].items())
    )
    condition = f" ; {marker}" if marker else ""
    return [*links, _locked_place(package) + condition + hashes]


def _locked_place(package: dict[str, Any]) -> str:
    name = package["name"]
    if "vcs" in package:
        vcs = package["vcs"]
        return f"{name} @ {vcs['type']}+{vcs.get('url') or vcs['path']}@{vcs['commit-id']}"
    for kind in ("archive", "directory"):
        if kind in package:
            place = package[kind].get("url") or package[kind]["path"]
            return f"{name} @ {place if '://' in place or place.startswith(('.', '/')) else './' + place}"
    return f"{name}=={package['version']}"


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or "."


def _requirements(folder: Path) -> Source:
    lines = _inlined(folder, "requirements.txt", ())
    kept, local, arguments, extra = [], [], [], []
    for origin, line in lines:
        path, extras = _local_path(line)
        if path is None:
            kept.append(line)
        elif (folder / path).resolve() == folder.resolve():
            _refuse_dynamic(_pyproject(folder), origin)
            arguments = ["--requirements", "pyproject.toml"]
            extra += [f"--extra={name}" for name in extras]
        else:
            if (folder / path).is_dir():
                local.append((_name(_pyproject(folder / path)) or (folder / path).name, folder / path))
            kept.append(re.sub(r"^(-e|--editable)[ =]\s*", "", line))
    project = _pyproject(folder) if arguments else {}
    stated = [*kept, *_dependencies(project)]
    return Source(
        "requirements.txt",
        tuple(kept) if any(requirement_name(line) or _local_path(line)[0] for line in kept) else (),
        arguments=(*arguments, *extra),
        local=tuple(local),
        names_remit=OWN_NAME in map(requirement_name, stated),
        settings=_included(folder, lines) + (json.dumps(project.get("project", {})) if arguments else ""),
    )


def _inlined(folder: Path, file: str, above: tuple[str, ...]) -> list[tuple[Origin, str]]:
    """The logical lines of a requirements file, with those of files included from its folder."""
    found = []
    for number, line in _logical_lines(_text(folder / file, file)):
        included = re.match(r"(?:-r|--requirement)[ =]?\s*([^/\s]+)$", line)
        if included is None:
            found.append((Origin(file, number), line))
            continue
        if included[1] in (*above, file):
            raise RemitError(f"{included[1]} includes itself", origin=Origin(file, number))
        if not (folder / included[1]).is_file():
            raise RemitError(f"there is no {included[1]} beside {file}", origin=Origin(file, number))
        found += _inlined(folder, included[1], (*above, file))
    return found


def _logical_lines(text: str) -> list[tuple[int, str]]:
    """Lines without comments, those that end in a backslash joined with the next; each with its number."""
    found, begun, start = [], "", 0
    for number, line in enumerate(text.splitlines(), 1):
        start = start if begun else number
        begun += re.sub(r"(^|\s)#.*$", "", line)
        if begun.endswith("\\"):
            begun = begun[:-1] + " "
            continue
        if begun.strip():
            found.append((start, begun.strip()))
        begun = ""
    return found if not begun.strip() else [*found, (start, begun.strip())]


def _local_path(line: str) -> tuple[str | None, list[str]]:
    """The path and the extras of a requirement that is a path (`-e .[aws]`, `./lib`, `lib @ file:///…`)."""
    text = re.sub(r"\s+(;|--hash).*$", "", re.sub(r"^(-e|--editable)[ =]\s*", "", line))
    editable = text != line and line.startswith("-")
    named = re.match(r"[\w.-]+\s*(\[[^\]]*\])?\s*@\s*(.*)$", text)
    text = named[2] if named else text
    extras = re.search(r"\[([^\]]*)\]$", text)
    path = text[: extras.start()] if extras else text
    path = path.removeprefix("file://")
    if "://" in path or not (editable or named or path.startswith((".", "/"))) or path.startswith("-"):
        return None, []
    return path, [name.strip() for name in extras[1].split(",")] if extras else []


def _included(folder: Path, lines: list[tuple[Origin, str]]) -> str:
    """The contents of the other files that lines point to: constraints, included files, wheels by path."""
    parts = []
    for _, line in lines:
        option = re.match(r"(?:-[rc]|--requirement|--constraint)[ =]?\s*(\S+)$", line)
        path = option[1] if option else _local_path(line)[0]
        if path is not None and "://" not in path and (folder / path).is_file():
            parts.append((folder / path).read_bytes().hex())
    return "\n".join(parts)


def _pyproject_alone(folder: Path) -> Source:
    project = _pyproject(folder)
    for name, command in _OTHER_LOCKS:
        if (folder / name).is_file():
            raise RemitError(
                f"the dependencies are locked in {name}, which remit does not read",
                hint=f"write what it says into a requirements.txt: `{command}`",
                origin=Origin(name),
            )
    _refuse_dynamic(project, Origin("pyproject.toml"))
    stated, local = _dependencies(project), []
    sources = project.get("tool", {}).get("uv", {}).get("sources", {})
    for name, source in sources.items():
        for place in source if isinstance(source, list) else [source]:
            if place.get("workspace"):
                raise RemitError(
                    f"`{name}` comes from a uv workspace, whose lock lies elsewhere",
                    hint="`uv export --no-dev --no-emit-project -o requirements.txt` writes it here",
                    origin=Origin("pyproject.toml"),
                )
            if "path" in place and (folder / place["path"]).is_dir():
                local.append((normal(name), folder / place["path"]))
    return Source(
        "pyproject.toml",
        arguments=("--requirements", "pyproject.toml") if stated else (),
        local=tuple(local),
        names_remit=OWN_NAME in map(requirement_name, stated),
        settings=json.dumps(project.get("project", {})),
    )


def _refuse_dynamic(project: dict[str, Any], origin: Origin) -> None:
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


def _pipenv(folder: Path) -> Source:
    return _pyproject_alone(folder)


_READERS: tuple[tuple[str, Callable[[Path], Source]], ...] = (
    ("uv.lock", _uv_lock),
    ("pylock.toml", _pylock),
    ("requirements.txt", _requirements),
    ("pyproject.toml", _pyproject_alone),
    ("Pipfile.lock", _pipenv),
)


def _uv_settings(folder: Path) -> str:
    """What of uv's own configuration in the folder can change the outcome."""
    settings = json.dumps(_pyproject(folder).get("tool", {}).get("uv", {}), sort_keys=True, default=str)
    file = folder / "uv.toml"
    return settings + (_text(file, "uv.toml") if file.is_file() else "")


def _pyproject(folder: Path) -> dict[str, Any]:
    return read_toml(folder / "pyproject.toml") if (folder / "pyproject.toml").is_file() else {}


def _dependencies(project: dict[str, Any]) -> list[str]:
    return list(project.get("project", {}).get("dependencies", []))


def _name(project: dict[str, Any]) -> str:
    return normal(project.get("project", {}).get("name", ""))


def requirement_name(line: str) -> str | None:
    """The normalised name of a requirement by name; None for options, paths and URLs."""
    found = re.match(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*($|[\[=<>!~;@,( ])", line)
    return normal(found[1]) if found else None


def normal(name: str) -> str:
    """A package's name as PEP 503 normalises it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file. Raises RemitError that names it and the place."""
    try:
        return tomllib.loads(_text(path, path.name))
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+), column (\d+)", str(error))
        origin = Origin(path.name, int(place[1]), int(place[2])) if place else Origin(path.name)
        raise RemitError(f"{path.name} is not TOML: {error}", origin=origin) from error


def _text(path: Path, name: str) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise RemitError(f"cannot read {name}: {reason}", origin=Origin(name)) from error
