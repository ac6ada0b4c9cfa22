"""Build a project: load it, assign its roles, package it, and make the template that deploys it."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from remit.build.check import check
from remit.build.synth import document, synth
from remit.errors import RemitError
from remit.grants.assign import assign
from remit.iam.policy import render_statement
from remit.project.load import load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remit.app import App, Grant, Role, Template

FOLDER: Final = Path(".remit") / "build"


@dataclass(frozen=True, slots=True)
class Built:
    """What a build gives: the app, its roles, its template (noun and text), and the artefacts by their keys."""

    folder: Path
    app: App
    roles: tuple[Role, ...]
    template: Template
    body: str
    artefacts: Mapping[str, Path]
    notes: tuple[str, ...] = ()
    """What people should know: files that were left out, sizes."""

    @property
    def namespace(self) -> str:
        """The name of the stack."""
        return self.app.namespace


def build(
    folder: Path,
    stage: str | None = None,
    *,
    package: bool = True,
    progress: Callable[[str], None] | None = None,
) -> Built:
    """Load, assign, package (unless told not to), synthesise and check; writes `.remit/build/`."""
    app = load(folder, stage)
    roles = assign(app)
    keys: Mapping[str, str] = {}
    artefacts: Mapping[str, Path] = {}
    template = synth(app, roles, keys)
    check(template, roles, app)
    body = text(document(template))
    write(folder / FOLDER / "template.json", body)
    write(folder / FOLDER / "roles.json", text([role_document(role) for role in roles]))
    return Built(folder, app, roles, template, body, artefacts)


def text(value: Any) -> str:
    """JSON as remit writes it: ASCII, two spaces, the keys in their order, a newline at the end."""
    return json.dumps(value, indent=2) + "\n"


def role_document(role: Role) -> dict[str, Any]:
    """A role for people and programs: whom it serves, and each statement with its reason and line."""
    return {
        "role": role.logical_id,
        "functions": list(role.functions),
        "managed_policies": list(role.managed),
        "permissions_boundary": role.boundary,
        "grants": [grant_document(grant) for grant in role.grants],
    }


def grant_document(grant: Grant) -> dict[str, Any]:
    """A grant for programs: the statement, because, and where it was written."""
    origin = grant.origin
    return {
        "statement": render_statement(grant.statement),
        "because": grant.because,
        "file": origin.file if origin else None,
        "line": origin.line if origin else None,
        "column": origin.column if origin else None,
    }


def write(path: Path, content: str) -> None:
    """Write a file whole or not at all: to a temporary name, then renamed."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise RemitError(
            f"cannot write {path}: {error.strerror}", hint="remit writes to `.remit/` in the project"
        ) from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(content)
        Path(temporary).replace(path)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise RemitError(f"cannot write {path}: {error.strerror}") from None
