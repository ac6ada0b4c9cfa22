"""Read what uv.lock and pylock.toml (PEP 751) say that is to be installed."""

from __future__ import annotations

import json
import os
import re
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
)
from remit.project import plain_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


def uv_lock(folder: Path, workspace: Path | None = None) -> Source:
    """Read the uv.lock of a folder, or of the root of its workspace, which begins the paths in it.

    RemitError (2): it does not know a dependency of pyproject.toml. AttributeError, KeyError or TypeError: it is not
    built as its format says.
    """
    place = workspace or folder
    file = os.path.relpath(place / "uv.lock", folder)
    lock = plain_files.toml(place / "uv.lock")
    project = pyproject(folder)
    packages = lock.get("package", [])
    locked = {normal(package["name"]) for package in packages}
    direct = {requirement_name(text) for text in stated(project)} - {None}
    missing = sorted(name for name in direct if name and name not in locked)
    if missing:
        raise RemitError(
            f"{file} is older than pyproject.toml: it does not know `{missing[0]}`",
            hint="run `uv lock`",
            origin=Origin(file),
        )
    project_name = name_of(project)
    local = []
    for package in packages:
        source = package.get("source", {})
        path = source.get("directory") or source.get("editable")
        if path and normal(package["name"]) not in (OWN_NAME, project_name):
            local.append((normal(package["name"]), place / path))
    has_dependencies = bool(locked - {project_name})
    return Source(
        file,
        arguments=("--no-deps",) if has_dependencies else (),
        export=has_dependencies,
        local=tuple(local),
        names_remit=OWN_NAME in (locked if workspace is None else direct) and project_name != OWN_NAME,
        only_remit=direct <= {OWN_NAME},
        workspace=workspace,
        member=project_name,
        settings=(place / "uv.lock").read_text("utf-8") + json.dumps([stated(project), project_name]),
    )


def uv_workspace(folder: Path) -> Path | None:
    """The root of the uv workspace that a folder is a member of; None where it is of none.

    Source: "Using workspaces" (uv's documentation): the nearest folder above that has `[tool.uv.workspace]`.
    """
    for above in folder.resolve().parents:
        workspace = pyproject(above).get("tool", {}).get("uv", {}).get("workspace")
        if workspace is not None:
            included, excluded = (
                {path for pattern in workspace.get(name, []) for path in above.glob(pattern)}
                for name in ("members", "exclude")
            )
            return above if folder.resolve() in included - excluded else None
    return None


def pylock(folder: Path) -> Source:
    """Read pylock.toml as lines of a requirements.txt: uv refuses one that is for another Python. Errors: as `uv_lock`.

    Packages that remit alone brings are left out.
    """
    packages = plain_files.toml(folder / "pylock.toml").get("packages", [])
    needed = _without_remit(packages, stated(pyproject(folder)))
    lines: list[str] = []
    for package in needed:
        lines += _locked_lines(package)
    local = [
        (normal(package["name"]), folder / package["directory"]["path"]) for package in needed if "directory" in package
    ]
    return Source(
        "pylock.toml",
        tuple(lines),
        arguments=("--no-deps",) if lines else (),
        local=tuple(local),
        names_remit=any(normal(package["name"]) == OWN_NAME for package in packages),
    )


def _without_remit(packages: list[dict[str, Any]], requirements: list[str]) -> list[dict[str, Any]]:
    """Leave out remit, and what remit alone needs, where the lock says who needs whom (`dependencies`).

    `requirements` are the project's own: what one of them names stays, though remit needs it, too.
    """
    needs: dict[str, set[str]] = {}
    for package in packages:
        dependencies = package.get("dependencies", [])
        needs[normal(package["name"])] = {normal(dependency["name"]) for dependency in dependencies}
    brought_by_remit = _reachable(needs, needs.get(OWN_NAME, set()))
    starts = set(needs) - brought_by_remit - {OWN_NAME}
    for line in requirements:
        name = requirement_name(line)
        if name in needs:
            starts.add(name)
    kept = _reachable(needs, starts) - {OWN_NAME}
    return [package for package in packages if normal(package["name"]) in kept]


def _reachable(needs: Mapping[str, set[str]], starts: Iterable[str]) -> set[str]:
    """Some packages and all that they need, by name; remit is not among these, and its needs are not followed."""
    reached: set[str] = set()
    waiting = sorted(starts)
    while waiting:
        name = waiting.pop()
        if name in reached or name == OWN_NAME:
            continue
        reached.add(name)
        waiting += sorted(needs.get(name, set()))
    return reached


def _locked_lines(package: dict[str, Any]) -> list[str]:
    """One package of a pylock.toml as lines of a requirements.txt (PEP 751, the [[packages]] table).

    RemitError (2): it is kept for an extra or a group.
    """
    name = package["name"]
    marker = package.get("marker", "")
    if re.search(r"\b(extras|dependency_groups)\b", marker):
        raise RemitError(
            f"pylock.toml keeps `{name}` for an extra or a group, and does not say whether Lambda needs it",
            hint="lock the dependencies alone: `uv export --no-dev --no-emit-project -o pylock.toml`",
            origin=Origin("pylock.toml"),
        )
    files = list(package.get("wheels", []))
    if "sdist" in package:
        files.append(package["sdist"])
    links = {
        f"--find-links {file['path'].rpartition('/')[0] or '.'}"
        for file in files
        if "path" in file and "url" not in file
    }
    if "archive" in package:
        files = [package["archive"]]
    line = _locked_place(package)
    if marker:
        line = f"{line} ; {marker}"
    for file in files:
        for algorithm, digest in sorted(file["hashes"].items()):
            line = f"{line} --hash={algorithm}:{digest}"
    return [*sorted(links), line]


def _locked_place(package: dict[str, Any]) -> str:
    """A package of a pylock.toml as a requirement: from a repository, an archive, a folder, or by its version."""
    name = package["name"]
    if "vcs" in package:
        vcs = package["vcs"]
        return f"{name} @ {vcs['type']}+{vcs.get('url') or vcs['path']}@{vcs['commit-id']}"
    for kind in ("archive", "directory"):
        if kind in package:
            place = package[kind].get("url") or package[kind]["path"]
            return f"{name} @ {place if '://' in place or place.startswith(('.', '/')) else './' + place}"
    return f"{name}=={package['version']}"
