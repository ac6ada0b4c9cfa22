"""The access of a source and of the app that stands for it, compared."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from remit.build import FOLDER, build
from remit.documents.read import ParsedFile, read
from remit.iam import tokens
from remit.importing.api_routes import FORMS as API_FORMS
from remit.importing.api_routes import Apis, apis_of
from remit.importing.local_files import with_local_files
from remit.importing.sources import read_source
from remit.review.template_changes import review_templates
from remit.template.parameters import defaults
from remit.template.sam.expand import expanded
from remit.template.settled_values import settled_source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from remit.review.access_change import Review
    from remit.template.sam.expand import ExpandedTemplate

_VARIABLE: Final = r"\{[^}/]+\}"


def review_source(source: Path, folder: Path, stage: str | None = None) -> Review:
    """What access a project has more or less than a source, whose parameters have their defaults.

    RemitError: the source cannot be read, or the project does not build.
    """
    written = read_source(source)
    template = with_local_files(written.template, written.folder)
    expansion = expanded(template, written.locate)
    apis = apis_of(expansion)
    build(folder, stage, package=False)
    built = folder / FOLDER / "template.json"
    text = built.read_text("utf-8")
    # An API and its permissions have other logical ids here, and are the same to whoever calls a route.
    ids = {own: name for name, own in apis.renamed().items() if name.isalnum()}
    ids |= dict(_permissions(expansion, json.loads(text)["Resources"]))
    for own, name in ids.items():
        text = re.sub(rf'(?<=["{{]){own}(?=["}}.])', name, text)
    routes = dict(_routes(expansion, apis, json.loads(text)["Resources"]))
    template = {**template, "Resources": {**_without_events(template["Resources"], expansion, apis), **routes}}
    old = ParsedFile(str(source), json.dumps(template, default=str), template, written.locate)
    new = read(text.encode(), str(built))
    return review_templates(settled_source(old, defaults(template)), settled_source(new))


def _without_events(resources: Mapping[str, Any], expansion: ExpandedTemplate, apis: Apis) -> dict[str, Any]:
    """The resources of a source whose events of APIs are the resources that SAM makes of them."""
    changed = dict(resources)
    for declared in expansion.declared:
        routed = {event.name: event.path for event in declared.events() if event.type in API_FORMS and apis.api(event)}
        if routed:
            properties = changed[declared.logical_id]["Properties"]
            events = {name: event for name, event in properties["Events"].items() if name not in routed}
            changed[declared.logical_id] = {
                **changed[declared.logical_id],
                "Properties": {**properties, "Events": events},
            }
            made = (str(path[1]) for path, maker in expansion.origins.items() if maker in routed.values())
            changed |= {name: expansion.resources[name] for name in made}
    return changed


def _permissions(expansion: ExpandedTemplate, built: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The logical ids of the project's permissions to call a route, with those of the source's for the same route."""
    of_source = {route: name for name, route in _permitted(expansion.resources)}
    for name, route in _permitted(built):
        if route in of_source:
            yield name, of_source[route]


def _permitted(resources: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, str]]]:
    for name, resource in resources.items():
        properties = resource.get("Properties") or {}
        if resource.get("Type") == "AWS::Lambda::Permission" and "apigateway" in str(properties.get("Principal")):
            route = tokens.text_of(properties.get("SourceArn")).partition("/")[2].partition("/")[2]
            yield name, (tokens.text_of(properties.get("FunctionName")), re.sub(_VARIABLE, "*", route))


def _routes(expansion: ExpandedTemplate, apis: Apis, built: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The project's routes with the source's authorization: SAM writes them into a document."""
    authorizations = {
        apis.route(event): apis.authorization(event)
        for declared in expansion.declared
        if declared.kind == "Function"
        for event in declared.events()
        if event.type in API_FORMS and apis.api(event)
    }
    for name, resource in built.items():
        properties = resource.get("Properties") or {}
        route = properties.get("RouteKey") or f"{properties.get('HttpMethod')} {_path(properties, built)}"
        if resource["Type"] in ("AWS::ApiGatewayV2::Route", "AWS::ApiGateway::Method") and route in authorizations:
            yield name, {**resource, "Properties": {**properties, "AuthorizationType": authorizations[route]}}
        elif resource["Type"] == "AWS::ApiGateway::Resource":
            yield name, resource


def _path(properties: Mapping[str, Any], built: Mapping[str, Any]) -> str:
    """The path of a method of a REST API, by the resources that it stands in."""
    parts: list[str] = []
    parent = properties.get("ResourceId", {}).get("Ref")
    while parent in built:
        properties = built[parent]["Properties"]
        parts.insert(0, properties["PathPart"])
        parent = properties["ParentId"].get("Ref")
    return f"/{'/'.join(parts)}"
