"""A source as people name it, file or folder, read in its format into a template of SAM's."""

from __future__ import annotations

import re
from pathlib import Path

from remit.documents.read import read_as_written
from remit.errors import Origin, RemitError
from remit.importing.app_model import SourceTemplate
from remit.importing.serverless import serverless_template
from remit.template.written_template import is_template


def read_source(path: Path) -> SourceTemplate:
    """Read a source. RemitError: there is none, or it is of no known format."""
    if not path.exists():
        raise RemitError(f"there is no {path}")
    parsed = read_as_written(path.read_bytes(), str(path))
    if is_service(parsed.value):
        return serverless_template(parsed, path.parent)
    if not is_template(parsed.value):
        raise RemitError(f"{path} is no template", origin=Origin(str(path), 1, 1))
    return SourceTemplate(app_name(path), path.name, path.parent, parsed.value, parsed.locate)


def is_service(value: object) -> bool:
    """Return whether a document is a serverless.yml."""
    return isinstance(value, dict) and "provider" in value and ("service" in value or "functions" in value)


def app_name(path: Path) -> str:
    """The name of an app, by the folder of its source: small letters, digits and hyphens."""
    name = re.sub(r"[^a-z0-9]+", "-", path.resolve().parent.name.lower()).strip("-")[:40].strip("-")
    return name if name[:1].isalpha() else f"app-{name}".strip("-")
