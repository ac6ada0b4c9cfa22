"""A source as people name it, file or folder, read in its format into a template of SAM's."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from remit.documents.json_text import texts_in
from remit.documents.read import read_as_written, read_on
from remit.errors import Origin, RemitError
from remit.importing.app_model import Left, SourceTemplate, app_name, beside
from remit.importing.chalice import CONFIG, chalice_template
from remit.importing.serverless import serverless_template
from remit.importing.zappa import zappa_template
from remit.template.sections import section
from remit.template.written_template import is_template

if TYPE_CHECKING:
    from pathlib import Path

_FILES: Final = (
    "template.yaml", "template.yml", "serverless.yml", "serverless.yaml", "zappa_settings.json", "template.json",
)  # fmt: skip
"""What a folder is read by, the first of these that it has."""
_COMMENT: Final = rb'"(?:\\.|[^"\\])*"|//[^\n]*'
"""A text, or a comment beside texts."""


_DEFINITIONS: Final = {
    "AWS::Serverless::StateMachine": "Definition",
    "AWS::Serverless::Api": "DefinitionBody",
    "AWS::Serverless::HttpApi": "DefinitionBody",
}
"""The definitions that a template may name a file of."""


def read_source(path: Path) -> SourceTemplate:
    """Read a source, a file or a folder, with the files that its definitions name put in.

    RemitError: there is none, it is of no known format or cannot be read, or a text in it has a null byte.
    """
    source = _with_local_files(_read(path))
    for at, text in texts_in(source.template):
        if "\0" in text:
            raise RemitError("a text with a null byte, which no path and no name has", origin=source.locate(at))
    return source


def _read(path: Path) -> SourceTemplate:
    """Read a source by its name or its content: Chalice, Zappa, Serverless, else a template.

    A folder is a Chalice app if it has `.chalice/config.json`, else the first of `_FILES` in it is read. RemitError
    (2): there is none, it is of no known tool, or it cannot be read.
    """
    folder = {"app.py": path.parent, CONFIG.name: path.parent.parent}.get(path.name, path)
    if (folder / CONFIG).is_file():
        return chalice_template(folder)
    if path.is_dir():
        path = next((path / name for name in _FILES if (path / name).is_file()), path)
    if not path.is_file() or path.suffix == ".py":
        hint = "a template.yaml, a serverless.yml, a zappa_settings.json, or the folder of a Chalice app"
        raise RemitError(f"there is no source at {path}", hint=hint)
    content = path.read_bytes()
    if path.name.startswith("zappa_settings"):
        # Zappa reads its file as Hjson: with comments, whose columns are kept, and a comma after the last setting.
        text = re.sub(_COMMENT, lambda match: match[0] if match[0][:1] == b'"' else b" " * len(match[0]), content)
        parsed = read_on(re.sub(rb",(\s*[}\]])", rb" \1", text), str(path))
        return zappa_template(parsed.value, path.name, parsed.locate, path.parent)
    parsed = read_as_written(content, str(path))
    if isinstance(parsed.value, dict) and "provider" in parsed.value and "service" in parsed.value:
        return serverless_template(parsed, path.parent)
    if not is_template(parsed.value) or not isinstance(parsed.value.get("Resources"), dict):
        hint = "it has Resources (SAM, CloudFormation), or service and provider (Serverless)"
        raise RemitError(f"{path} is no template of a known tool", hint=hint, origin=Origin(str(path), 1, 1))
    return SourceTemplate(app_name(path.resolve().parent.name), path.name, path.parent, parsed.value, parsed.locate)


def _with_local_files(source: SourceTemplate) -> SourceTemplate:
    """The template with the content of the files that definitions of state machines and APIs name.

    A definition in S3 stays as it is; one whose file `_content` does not give is left.
    """
    resources = dict(section(source.template, "Resources"))
    left = list(source.left)
    for name, resource in resources.items():
        definition = _DEFINITIONS.get(str(section(resource).get("Type"))) if isinstance(resource, dict) else None
        properties = section(resource, "Properties") if definition is not None else {}
        include = section(properties, "DefinitionBody").get("Fn::Transform")
        location = section(include, "Parameters").get("Location") if include else properties.get("DefinitionUri")
        content = _content(source.folder, location)
        if content is None and isinstance(location, str) and not location.startswith("s3://"):
            because = f"there is no {location} that can be read"
            left.append(Left(f"the definition of {name}", because, source.locate(("Resources", name))))
        if definition is not None and content is not None:
            resources[name] = {**resource, "Properties": {**properties, definition: content}}
    return replace(source, template={**source.template, "Resources": resources}, left=tuple(left))


def _content(folder: Path, location: Any) -> Any:
    """The value of a JSON or YAML file that a template names.

    None where it is in S3, outside of the repository or not there, or cannot be read.
    """
    file = beside(folder, location) if isinstance(location, str) else None
    if file is None or not file.is_file():
        return None
    try:
        return read_as_written(file.read_bytes(), str(location)).value
    except RemitError:
        return None
