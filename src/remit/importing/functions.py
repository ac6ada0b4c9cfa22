"""A function of SAM's as `app.function(…)`: its code, its settings, its triggers, and what its role allows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from remit.iam import tokens
from remit.importing import events
from remit.importing.access import ImportedAccess, access_of_role
from remit.importing.api_routes import FORMS as API_FORMS
from remit.importing.api_routes import Apis
from remit.importing.app_model import (
    Code,
    ImportedFunction,
    Left,
    SourceTemplate,
    beside,
    referred_to,
    value_at_path,
)
from remit.importing.python_text import Bracketed, Item, Source, call, flat, quoted
from remit.importing.template_values import TemplateNames, UnsayableError, said, words
from remit.project.setting_values import FUNCTION_SETTINGS, RUNTIMES
from remit.template.branches import NO_VALUE
from remit.template.references import references
from remit.template.sections import section

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from remit.template.sam.expand import ExpandedTemplate
    from remit.template.sam.resources import SamEvent, SamResource

_SETTINGS: Final = {
    "Timeout": "timeout",
    "MemorySize": "memory_size",
    "Architectures": "architectures",
    "EphemeralStorage.Size": "ephemeral_storage",
    "ReservedConcurrentExecutions": "reserved_concurrency",
    "VpcConfig": "vpc_config",
    "AutoPublishAlias": "alias",
    "ProvisionedConcurrencyConfig.ProvisionedConcurrentExecutions": "provisioned_concurrency",
    "DurableConfig": "durable",
    "EventInvokeConfig.MaximumRetryAttempts": "maximum_retry_attempts",
    "EventInvokeConfig.MaximumEventAgeInSeconds": "maximum_event_age",
}
"""Properties with a setting of their own that takes their value."""
_DESTINATIONS: Final = {
    "EventInvokeConfig.DestinationConfig.OnSuccess.Destination": "on_success",
    "EventInvokeConfig.DestinationConfig.OnFailure.Destination": "on_failure",
}
_AS_THEY_ARE: Final = (
    "CodeSigningConfigArn", "Description", "FileSystemConfigs", "KmsKeyArn", "RecursiveLoop",
    "RuntimeManagementConfig", "TenancyConfig",
)  # fmt: skip
"""Properties without a setting, which `properties=` takes."""
_READ_HERE: Final = frozenset({
    "AssumeRolePolicyDocument", "AutoPublishAliasAllProperties", "AutoPublishCodeSha256", "CodeUri", "DeadLetterQueue",
    "Environment", "Events", "FunctionName", "FunctionUrlConfig", "Handler", "InlineCode", "Layers", "LoggingConfig",
    "PackageType", "PermissionsBoundary", "Policies", "PropagateTags", "Role", "RolePath", "Runtime", "SnapStart",
    "Tags", "Tracing", "VersionDescription", "WebTarget", "VersionDeletionPolicy", "PublishToLatestPublished",
})  # fmt: skip
_COMPUTED: Final = ("DeadLetterQueue", "EventInvokeConfig OnSuccess", "EventInvokeConfig OnFailure")
"""Reasons of SAM's for statements that remit computes."""
_NUMBERS: Final = ("timeout", "memory_size")
_LAMBDAS: Final = {"Timeout": 3, "MemorySize": 128}
"""What Lambda takes where nothing is written, and remit takes another value."""
_LOG_GROUP: Final = "AWS::Logs::LogGroup"
_LATEST: Final = RUNTIMES[-2]


@dataclass(frozen=True, slots=True)
class TemplateParts:
    """A template taken apart: what each part of an app is read with."""

    source: SourceTemplate
    template: Mapping[str, Any]
    expansion: ExpandedTemplate
    functions: Mapping[str, SamResource]
    apis: Apis
    roles: Mapping[str, str]
    """The roles of the template whose access functions take over, by function."""
    function_names: Mapping[str, str]
    """Functions' names by logical id."""
    layers: Mapping[str, Code]
    """The layers that the template makes of a folder."""


def by_hand(declared: SamResource, names: TemplateNames, apis: Apis) -> tuple[SamEvent, ...]:
    """The events of a function that no trigger stands for: their resources stay as SAM makes them."""
    return tuple(
        event
        for event in declared.events()
        if not (apis.routed(event) if event.type in API_FORMS else _has_trigger(event, names))
    )


def _has_trigger(event: SamEvent, names: TemplateNames) -> bool:
    try:
        return events.trigger(event, names) is not None
    except UnsayableError:
        return True


def why_not(declared: SamResource) -> str | None:
    """Why a function cannot be one of remit's; None where it can."""
    properties = declared.properties
    if properties.get("PackageType") == "Image" or properties.get("ImageUri") is not None:
        return "it is an image, and remit deploys zips"
    runtime = properties.get("Runtime")
    if isinstance(runtime, str) and not runtime.startswith("python"):
        return f"its runtime is {runtime}, and remit deploys Python"
    if "CapacityProviderConfig" in properties:
        return "it runs on a capacity provider"
    return None


def read_function(declared: SamResource, parts: TemplateParts, names: TemplateNames) -> ImportedFunction:
    """A function with everything that can be said of it."""
    return _FunctionReader(declared, parts, names).function()


class _FunctionReader:
    """One pass over a function's properties; `left` gathers what cannot be said."""

    def __init__(self, declared: SamResource, parts: TemplateParts, names: TemplateNames) -> None:
        self.declared = declared
        self.properties = declared.properties
        self.parts = parts
        self.names = names
        self.left: list[Left] = []
        self.is_web = "WebTarget" in declared.properties

    def function(self) -> ImportedFunction:
        logical_id = self.declared.logical_id
        default = "index.handler" if "InlineCode" in self.properties else "app.handler"
        handler = str(self.properties.get("WebTarget") or self.properties.get("Handler") or default)
        handler = handler.replace("/", ".").replace(":", ".")
        code = code_of(self.declared, self.parts.source)
        target = [Item(quoted(self.properties["WebTarget"]))] if self.is_web else []
        items = (
            *target,
            *self._triggers(),
            Item(quoted(self.parts.function_names[logical_id]), "name="),
            Item(quoted(logical_id), "logical_id="),
            *self._keyword("FunctionName", "function_name", self._function_name),
            *([] if self.is_web else [Item(quoted(handler), "handler=")]),
            Item(quoted(code.target), "code="),
            *self._settings(),
            *self._access().arguments(),
            *self._other_properties(),
        )
        named = self.declared.attributes.get("Condition")
        origin = self.declared.locate((*self.declared.path, "Condition"))
        condition = (
            said(lambda: self.names.condition({"Condition": named}), f"Condition of {logical_id}", origin, self.left)
            if named is not None
            else None
        )
        return ImportedFunction(logical_id, items, code, handler, condition, tuple(self.left), is_web=self.is_web)

    def _said(self, make: Callable[[], Item], what: str, *steps: str | int) -> Iterator[Item]:
        """An item, unless it cannot be said."""
        origin = self.declared.locate(self.declared.at(*steps))
        item = said(make, f"{what} of {self.declared.logical_id}", origin, self.left)
        if item is not None:
            yield item

    def _keyword(self, path: str, keyword: str, convert: Callable[[Any], Source]) -> Iterator[Item]:
        """The keyword for a property that is there."""
        value = value_at_path({**_LAMBDAS, **self.properties}, path)
        if value is None or value == NO_VALUE:
            return
        if keyword in _NUMBERS and isinstance(value, str) and value.isdigit():
            value = int(value)

        def checked() -> Item:
            if keyword in FUNCTION_SETTINGS and isinstance(value, str | int | float):
                FUNCTION_SETTINGS[keyword].check((keyword,), value)
            return self.names.entry(keyword, value, convert, keyword=True)

        yield from self._said(checked, path, *path.split("."))

    def _function_name(self, name: Any) -> Source:
        """A name, whose letters remit must know: the stack's are those of the project's namespace."""
        text = flat(self.names.text(name))
        if text.startswith('"') and "${AWS::StackName}" in text:
            text = f"f{text.replace('${AWS::StackName}', '{project.namespace}')}"
        text = text.replace("${{AWS::StackName}}", "{project.namespace}")
        if "${" in text or "aws." in text or "Data." in text:
            raise UnsayableError("only the deploy knows it")
        return text

    def _triggers(self) -> Iterator[Item]:
        hand_made = by_hand(self.declared, self.names, self.parts.apis)
        for event in self.declared.events():
            if event not in hand_made:
                yield from self._said(partial(self._trigger, event), f"event {event.name}", "Events", event.name)
        url = self.properties.get("FunctionUrlConfig")
        if isinstance(url, dict):
            yield from self._said(lambda: Item(_url(url, self.names)), "the URL", "FunctionUrlConfig")

    def _trigger(self, event: SamEvent) -> Item:
        if event.type in API_FORMS:
            return Item(self.parts.apis.trigger(event, self.names))
        return Item(events.trigger(event, self.names) or "")

    def _settings(self) -> Iterator[Item]:
        runtime = self.properties.get("Runtime")
        if isinstance(runtime, str) and (runtime not in RUNTIMES or (self.is_web and runtime == RUNTIMES[0])):
            comment = f"{runtime} has ended"
            yield Item(quoted(_LATEST), "runtime=", comment)
        else:
            yield from self._keyword("Runtime", "runtime", self.names.source)
        for path, keyword in _SETTINGS.items():
            yield from self._keyword(path, keyword, self.names.source)
        for path, keyword in _DESTINATIONS.items():
            yield from self._keyword(path, keyword, partial(events.resource, self.names))
        yield from self._environment()
        layers = self.properties.get("Layers")
        items = [
            item
            for index, layer in enumerate(layers if isinstance(layers, list) else ())
            for item in self._said(partial(self._layer, layer), "a layer", "Layers", index)
        ]
        if items:
            yield Item(Bracketed("[", tuple(items), "]"), "layers=")
        if self.properties.get("Tracing") == "Active":
            yield Item("True", "tracing=")
        elif self.properties.get("Tracing") != "Disabled":
            yield from self._keyword("Tracing", "tracing", self.names.source)
        if value_at_path(self.properties, "SnapStart.ApplyOn") == "PublishedVersions":
            yield Item("True", "snap_start=")
        yield Item("None", "log_retention=")

    def _environment(self) -> Iterator[Item]:
        variables = value_at_path(self.properties, "Environment.Variables")
        if not isinstance(variables, dict) or tokens.is_intrinsic(variables):
            yield from self._keyword("Environment.Variables", "environment", self.names.source)
            return
        entries = [
            item
            for name, value in variables.items()
            if not str(name).startswith("REMIT_")  # remit's own, of a template that it has built
            for item in self._said(
                partial(self.names.entry, str(name), "" if value is None else value, self.names.text),
                f"variable {name}", "Environment", "Variables", name,
            )
        ]  # fmt: skip
        if entries:
            yield Item(Bracketed("{", tuple(entries), "}"), "environment=")

    def _layer(self, layer: Any) -> Item:
        own = self.parts.layers.get(referred_to(layer))
        return Item(call("layer", Item(quoted(own.target))) if own is not None else self.names.text(layer))

    def _access(self) -> ImportedAccess:
        role_id = self.parts.roles.get(self.declared.logical_id)
        if role_id is None:
            return ImportedAccess()
        hand_made = by_hand(self.declared, self.names, self.parts.apis)
        lifted = [event for event in self.declared.events() if event not in hand_made]
        reasons = {f"SAM adds it for {what}" for what in _COMPUTED}
        reasons |= {f"SAM adds it for event {event.name}" for event in lifted}
        types = {event.type for event in lifted}
        access = access_of_role(role_id, self.parts.expansion, self.names, types, reasons)
        self.left += access.left
        return access

    def _other_properties(self) -> Iterator[Item]:
        """Everything without a setting, in `properties=`."""
        others: dict[str, Any] = {name: self.properties[name] for name in _AS_THEY_ARE if name in self.properties}
        letters = value_at_path(self.properties, "DeadLetterQueue.TargetArn")
        logging, tags = self.properties.get("LoggingConfig"), self.properties.get("Tags")
        formats = {key: value for key, value in section(logging).items() if key != "LogGroup"}
        others |= {"DeadLetterConfig": {"TargetArn": letters}} if letters is not None else {}
        others |= {"LoggingConfig": formats} if formats else {}
        if isinstance(tags, dict) and tags and not tokens.is_intrinsic(tags):
            others["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
        if "Role" in self.properties and self.declared.logical_id not in self.parts.roles:
            others["Role"] = self.properties["Role"]
        known = {path.partition(".")[0] for path in (*_SETTINGS, *_DESTINATIONS)} | {*_AS_THEY_ARE} | _READ_HERE
        for name in self.properties:
            if name not in known:
                self._leave(name, "no setting of remit's stands for it", name)
        depends = section(self.parts.template, "Resources", self.declared.logical_id).get("DependsOn") or ()
        implied = {reference.target for reference, _ in references(dict(self.properties), late=False)}
        for name in [depends] if isinstance(depends, str) else depends:
            if name in self.names.resources and name not in implied and self.names.types[name] != _LOG_GROUP:
                self._leave(f"DependsOn {name}", "a function waits only for what it refers to")
        entries = [
            item
            for name, value in others.items()
            for item in self._said(partial(self.names.entry, name, value, self.names.source), name, name)
        ]
        if entries:
            yield Item(Bracketed("{", tuple(entries), "}"), "properties=")

    def _leave(self, what: str, why: str, *steps: str) -> None:
        origin = self.declared.locate(self.declared.at(*steps))
        self.left.append(Left(f"{what} of {self.declared.logical_id}", why, origin))


def _url(config: Mapping[str, Any], names: TemplateNames) -> Source:
    items = []
    auth = config.get("AuthType")
    if auth != "AWS_IAM":
        items.append(Item(names.source(auth), "auth="))
    if config.get("Cors") is not None:
        items.append(Item(names.source(config["Cors"]), "cors="))
    if config.get("InvokeMode") not in (None, "BUFFERED"):
        items.append(Item(names.source(config["InvokeMode"]), "invoke_mode="))
    return call("on.http", *items)


def layers_of(declared: Iterable[SamResource], source: SourceTemplate) -> dict[str, Code]:
    """The layers of a template that are folders beside it, by logical id."""
    layers: dict[str, Code] = {}
    for resource in declared:
        uri = resource.properties.get("ContentUri")
        if resource.kind == "LayerVersion" and isinstance(uri, str) and not uri.startswith("s3://"):
            layers[resource.logical_id] = Code(f"layers/{words(resource.logical_id)}", beside(source.folder, uri))
    return layers


def code_of(declared: SamResource, source: SourceTemplate) -> Code:
    """Where a function's code is, and where it goes."""
    inline = declared.properties.get("InlineCode")
    if inline is not None:
        text = inline if isinstance(inline, str) else None
        return Code(f"functions/{words(declared.logical_id)}", text=text)
    uri = declared.properties.get("CodeUri")
    if not isinstance(uri, str) or uri.startswith(("s3://", "${")) or uri.endswith((".zip", ".jar")):
        return Code(f"functions/{words(declared.logical_id)}")
    steps = [step for step in re.split(r"[/\\]", uri) if step not in ("", ".", "..")]
    steps = [words(declared.logical_id)] if steps and steps[-1].startswith("asset.") else steps
    return Code("/".join(("functions", *(steps or [re.sub(r"\W+", "_", source.name)]))), beside(source.folder, uri))
