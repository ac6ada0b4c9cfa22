"""The access of a source and of the app that stands for it, compared."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remit.build import FOLDER, build
from remit.documents.read import ParsedFile, read
from remit.importing.api_routes import FORMS, apis_of
from remit.importing.import_app import import_app
from remit.importing.sources import read_source
from remit.review.template_changes import review_templates
from remit.template.parameters import defaults
from remit.template.sam.expand import expanded
from remit.template.sections import section
from remit.template.settled_values import settled_source

if TYPE_CHECKING:
    from remit.review.access_change import Review


def review_source(source: Path, folder: Path, stage: str | None = None) -> Review:
    """The access that a project has more or less than a source, whose parameters have their defaults.

    The project in `folder` is built for `stage`, which writes its template there. The routes of the source are those of
    an import. RemitError: the source cannot be read, or the project does not build.
    """
    written = read_source(source)
    template = written.template
    expansion = expanded(template, written.locate)
    apis = apis_of(expansion)
    resources = dict(template["Resources"])
    for declared in expansion.declared:
        properties = section(resources.get(declared.logical_id), "Properties")
        routes = {event.name for event in declared.events() if event.type in FORMS and apis.api(event)}
        others = {name: event for name, event in section(properties, "Events").items() if name not in routes}
        if routes:
            function = {**resources[declared.logical_id], "Properties": {**properties, "Events": others}}
            resources[declared.logical_id] = function
    text = json.dumps({**template, "Resources": resources}, default=str)
    for name, own in apis.renamed().items():
        text = re.sub(rf'(?<=["{{]){re.escape(name)}(?=["}}.])', own, text)
    old = json.loads(text)
    old["Resources"] |= _routes(source)
    new = _built_template(folder, stage)
    parsed = ParsedFile(str(source), json.dumps(old), old, written.locate)
    return review_templates(settled_source(parsed, defaults(old)), settled_source(new))


def _routes(source: Path) -> dict[str, Any]:
    """The resources that an import makes of a source's routes, by logical id: SAM writes them into a document.

    The import and its build are made in a temporary folder. RemitError: one of them cannot be made.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "app"
        import_app(source, folder)
        resources = _built_template(folder, "dev").value["Resources"]
    return {
        name: resource
        for name, resource in resources.items()
        if resource["Type"].startswith("AWS::ApiGateway")
        or (resource["Type"] == "AWS::Lambda::Permission" and "apigateway" in str(resource["Properties"]["Principal"]))
    }


def _built_template(folder: Path, stage: str | None) -> ParsedFile:
    """Build the app, which writes into its folder, and read its template. RemitError: as with `build`."""
    build(folder, stage, package=False)
    file = folder / FOLDER / "template.json"
    return read(file.read_bytes(), str(file))
