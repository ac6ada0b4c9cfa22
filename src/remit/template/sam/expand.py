"""Expand a SAM template to plain CloudFormation, knowing of every made part where it comes from and why it is there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from remit.iam import tokens
from remit.template.branches import written_at
from remit.template.parameters import parameters
from remit.template.sam.apis import http_api, rest_api
from remit.template.sam.deployments import deployments, is_turned_off
from remit.template.sam.events import IMPLICIT_API, api_of, is_known
from remit.template.sam.function import function, opposite
from remit.template.sam.linked_resources import linked
from remit.template.sam.resources import MadeResource, SamEvent, SamResource
from remit.template.sam.simple_types import application, layer, table
from remit.template.sam.state_machine import state_machine
from remit.template.sections import section
from remit.template.settled_values import with_values
from remit.template.written_template import SAM

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remit.documents.json_text import Locate, Path
    from remit.errors import Origin

_MAKERS: Final = {
    "Api": rest_api,
    "Application": application,
    "Function": function,
    "HttpApi": http_api,
    "LayerVersion": layer,
    "SimpleTable": table,
    "StateMachine": state_machine,
}
"""What makes the resources of a type of SAM's, by the end of its name."""
_IMPLICIT: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    IMPLICIT_API: (f"{SAM}Api", {"StageName": "Prod"}),
    "ServerlessHttpApi": (f"{SAM}HttpApi", {}),
}
"""By the logical id of an API that events go into that name none: its type and its properties."""
_NOT_GLOBAL: Final = ("Role", "Policies", "FunctionName", "Events")
_TEXTS: Final = ("String", "Number")
"""Types of parameters whose value is one text, which no store holds."""
_PASSED_ON: Final = ("Condition",)
_KEPT: Final = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
"""How SAM keeps the versions of a state machine."""


@dataclass(frozen=True, slots=True)
class ExpandedTemplate:
    """Resources without any of SAM's types; `locate` and `reason` know the made ones, `notes` what was not expanded."""

    resources: Mapping[str, Any]
    written: Locate
    origins: Mapping[Path, Path] = field(default_factory=dict)
    reasons: Mapping[Path, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    declared: tuple[SamResource, ...] = ()
    """The resources of SAM's types, with the Globals, and the APIs that SAM makes for events that name none."""
    made: frozenset[str] = frozenset()
    """The resources, by logical id, that these become."""

    def locate(self, path: Path) -> Origin:
        """Return the origin of a part in the file: of a made one, its maker's."""
        return self.written(written_at(path, self.origins))

    def reason(self, path: Path) -> str:
        """Why a made part is there; empty for one that was written as it is."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.reasons:
                return self.reasons[path[:length]]
        return ""


def expanded(template: Mapping[str, Any], locate: Locate) -> ExpandedTemplate:
    """The plain form of a template, SAM's or not. RemitError at the line: a declaration that cannot be read."""
    resources = section(template, "Resources")
    plain = {name: resource for name, resource in resources.items() if not _is_sam(resource)}
    loops = [name for name in plain if str(name).startswith("Fn::ForEach::")]
    for name in loops:
        del plain[name]
    notes = [f"resources that a loop makes are not looked at: {', '.join(loops)}"] if loops else []
    declared = tuple(_declared(template, resources, locate))
    if not declared:
        return ExpandedTemplate(plain, locate, notes=tuple(notes))
    origins: dict[Path, Path] = {}
    reasons: dict[Path, str] = {}
    written = frozenset(plain)
    implicit_apis = tuple(_implicit_apis(declared, section(template, "Globals"), locate))
    for declaration, resource_made in _made(declared, implicit_apis):
        base: Path = ("Resources", resource_made.logical_id)
        plain[resource_made.logical_id] = _plain(declaration, resource_made)
        if resource_made.logical_id != declaration.logical_id:
            origins[base] = resource_made.origin or declaration.path
        origins |= {(*base, "Properties", *below): path for below, path in resource_made.origins.items()}
        reasons |= {(*base, "Properties", *below): why for below, why in resource_made.reasons.items()}
    all_declared = (*declared, *(api for api, _ in implicit_apis))
    apis = {api.logical_id: api.properties for api in all_declared if api.kind == "Api"}
    for declaration in declared:
        notes += _unknown(declaration)
        plain |= linked(declaration, plain, apis)
    return ExpandedTemplate(plain, locate, origins, reasons, tuple(notes), all_declared, frozenset(plain) - written)


def _implicit_apis(
    declared: Iterable[SamResource], shared: Mapping[str, Any], locate: Locate
) -> Iterator[tuple[SamResource, Path]]:
    """The APIs that SAM makes for events that name none, with the Globals, each with the path of its first event."""
    events: dict[str, list[tuple[SamResource, SamEvent]]] = {}
    for declaration in declared:
        for event in declaration.events():
            name = api_of(event)
            if name is not None:
                events.setdefault(name, []).append((declaration, event))
    for name, events_of_api in events.items():
        kind, properties = _IMPLICIT[name.rpartition("/")[2]]
        # Where all of its functions are under one condition, so is the API.
        (condition, *others) = {declaration.attributes.get("Condition") for declaration, _ in events_of_api}
        attributes = {} if condition is None or others else {"Condition": condition}
        api = SamResource(name, kind, properties, attributes, locate)
        yield replace(api, properties=_with_globals(shared, api, properties)), events_of_api[0][1].path


def plain_template(
    template: Mapping[str, Any], locate: Locate, values: Mapping[str, str]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """A template with its resources in their plain form, and what was not expanded; `values` are its parameters'.

    RemitError at the line: a declaration cannot be read.
    """
    expansion = expanded(_with_values(template, values), locate)
    local = [
        str(name)
        for name, resource in section(template, "Resources").items()
        if _is_sam(resource) and _is_local(resource.get("Properties"))
    ]
    uploaded = f"the bucket that `sam` puts the code of {', '.join(local)} into is not in it"
    conditions = section(template, "Conditions")
    named = [resource.get("Condition") for resource in expansion.resources.values() if isinstance(resource, dict)]
    opposites = {opposite(name): {"Fn::Not": [{"Condition": name}]} for name in conditions if opposite(name) in named}
    changed = {
        "Resources": dict(expansion.resources),
        **({"Conditions": {**opposites, **conditions}} if opposites else {}),
    }
    return {**template, **changed}, (*expansion.notes, *([uploaded] if local else []))


def _with_values(template: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """A template whose parameters stand as texts in what SAM reads, as they do for SAM's own translator."""
    texts = {}
    for name, parameter in parameters(template).items():
        if parameter.type in _TEXTS and not parameter.is_hidden and values.get(name):
            texts[name] = values[name]
    mappings = section(template, "Mappings")
    resources = {
        name: with_values(resource, texts, mappings) if _is_sam(resource) else resource
        for name, resource in section(template, "Resources").items()
    }
    shared = with_values(section(template, "Globals"), texts, mappings)
    return {**template, "Globals": shared, "Resources": resources}


def _is_local(properties: Any) -> bool:
    """Return whether a resource's code is a path on this machine."""
    names = ("CodeUri", "ContentUri", "DefinitionUri")
    uris = [properties[name] for name in names if name in properties] if isinstance(properties, dict) else []
    return any(isinstance(uri, str) and not uri.startswith("s3://") for uri in uris)


def _is_sam(resource: Any) -> bool:
    return isinstance(resource, dict) and str(resource.get("Type", "")).startswith(SAM)


def _declared(template: Mapping[str, Any], resources: Mapping[str, Any], locate: Locate) -> Iterator[SamResource]:
    """The resources of SAM's types, with the Globals of the template. RemitError where Properties are no mapping."""
    shared = section(template, "Globals")
    for name, resource in resources.items():
        if not _is_sam(resource):
            continue
        kind = str(resource["Type"])
        attributes = {key: resource[key] for key in _PASSED_ON if key in resource}
        declaration = SamResource(name, kind, {}, attributes, locate)
        properties = resource.get("Properties")
        if properties is not None and not isinstance(properties, dict):
            raise declaration.wrong("Properties must be a mapping", declaration.at())
        yield replace(declaration, properties=_with_globals(shared, declaration, properties or {}))


def _with_globals(shared: Mapping[str, Any], resource: SamResource, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of a resource, on top of what the Globals of its own template say for all of its kind."""
    stack, separator, _ = resource.logical_id.rpartition("/")
    for_kind = section(shared, f"{stack}{separator}{resource.kind}")
    above = {key: item for key, item in for_kind.items() if key not in _NOT_GLOBAL}
    merged: dict[str, Any] = _merged(above, properties)
    # Lambda takes one architecture: SAM does not join these two lists.
    return {**merged, **{name: properties[name] for name in _REPLACED if name in properties}}


def _merged(above: Any, below: Any) -> Any:
    """Globals with a resource's own on top: mappings join, lists follow each other, anything else is replaced."""
    if (
        isinstance(above, dict)
        and isinstance(below, dict)
        and not (tokens.is_intrinsic(above) or tokens.is_intrinsic(below))
    ):
        joined = {key: _merged(item, below[key]) if key in below else item for key, item in above.items()}
        return {**joined, **{key: item for key, item in below.items() if key not in above}}
    return [*above, *below] if isinstance(above, list) and isinstance(below, list) else below


def _made(
    declared: Iterable[SamResource], implicit_apis: Iterable[tuple[SamResource, Path]]
) -> Iterator[tuple[SamResource, MadeResource]]:
    """Yield the resources that SAM makes, each with the one whose attributes it takes on; implicit APIs come last."""
    for declaration in declared:
        make = _MAKERS.get(declaration.kind)
        for resource_made in make(declaration) if make is not None else ():
            yield declaration, resource_made
    yield from deployments(declared)
    for api, path in implicit_apis:
        for resource_made in _MAKERS[api.kind](api):
            yield replace(api, logical_id=str(path[1])), replace(resource_made, origin=path)


def _plain(declaration: SamResource, resource_made: MadeResource) -> dict[str, Any]:
    """A resource that SAM makes as a template has it."""
    return {
        "Type": resource_made.type,
        **declaration.attributes,
        **(_KEPT if resource_made.type == "AWS::StepFunctions::StateMachineVersion" else {}),
        **resource_made.attributes,
        "Properties": resource_made.properties,
    }


def _unknown(declaration: SamResource) -> Iterator[str]:
    """Yield the parts of a resource that are not expanded."""
    if declaration.kind not in _MAKERS:
        yield f"what {declaration.logical_id} ({declaration.type}) becomes is not known here"
        return
    for event in declaration.events():
        if not is_known(event):
            yield f"what event {event.name} of {declaration.logical_id} ({event.type}) becomes is not known here"
    left_out = [*_LEFT_OUT]
    if not declaration.properties.get("AutoPublishAlias") and not is_turned_off(declaration):
        left_out.append("DeploymentPreference")  # there is no traffic to shift, which SAM refuses
    for name in left_out:
        if declaration.properties.get(name):
            yield f"what {name} of {declaration.logical_id} ({declaration.type}) adds is not looked at"


_REPLACED: Final = ("Architectures",)
"""The lists of which a resource's own takes the place of the one in Globals."""
_LEFT_OUT: Final = ("Connectors", "PropagateTags")
