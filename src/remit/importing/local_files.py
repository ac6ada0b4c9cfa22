"""Files beside a template that it names: definitions of state machines and APIs, put into the template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.documents.read import read_as_written
from remit.errors import RemitError
from remit.importing.app_model import beside
from remit.template.sections import section

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_DEFINITIONS: Final = {
    "AWS::Serverless::StateMachine": "Definition",
    "AWS::Serverless::Api": "DefinitionBody",
    "AWS::Serverless::HttpApi": "DefinitionBody",
}


def with_local_files(template: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The template with the content of the files that its definitions name, as far as these are there."""
    resources = dict(section(template, "Resources"))
    for name, resource in resources.items():
        definition = _DEFINITIONS.get(str(section(resource).get("Type"))) if isinstance(resource, dict) else None
        properties = section(resource, "Properties") if definition is not None else {}
        include = section(properties, "DefinitionBody").get("Fn::Transform")
        location = section(include, "Parameters").get("Location") if include else properties.get("DefinitionUri")
        content = _content(folder, location)
        if definition is not None and content is not None:
            others = {key: value for key, value in properties.items() if key != "DefinitionUri"}
            resources[name] = {**resource, "Properties": {**others, definition: content}}
    return {**template, "Resources": resources}


def _content(folder: Path, location: Any) -> Any:
    file = beside(folder, location) if isinstance(location, str) and not location.startswith("s3://") else None
    if file is None or not file.is_file():
        return None
    try:
        return read_as_written(file.read_bytes(), str(location)).value
    except RemitError:
        return None
