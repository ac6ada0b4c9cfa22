"""A function as `app.function(…)`: its code, its settings, its triggers, and what its role allows."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from remit.errors import Path, RemitError
from remit.iam import tokens
from remit.importing.access import access_of_role
from remit.importing.api_routes import FORMS as API_FORMS
from remit.importing.api_routes import Apis
from remit.importing.app_model import Code, PythonStatement, SourceTemplate, beside, listed, referred_to, value_at_path
from remit.importing.events import NEEDS_OWN, resource, trigger
from remit.importing.python_text import Bracketed, Item, Source, call, flat, quoted
from remit.importing.template_values import TemplateNames, words
from remit.project.setting_values import FUNCTION_SETTINGS, RUNTIMES
from remit.template.branches import NO_VALUE
from remit.template.references import references
from remit.template.sections import section

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from remit.template.sam.expand import ExpandedTemplate
    from remit.template.sam.resources import SamEvent, SamResource

_SETTINGS: Final = {
    "Runtime": "runtime",
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
    "EventInvokeConfig.DestinationConfig.OnSuccess.Destination": "on_success",
    "EventInvokeConfig.DestinationConfig.OnFailure.Destination": "on_failure",
    "TracingConfig.Mode": "tracing",
    "SnapStart.ApplyOn": "snap_start",
}
"""Properties of a function, SAM's and CloudFormation's, with a setting of their own that takes their value."""
_SWITCHED: Final = {
    "tracing": {"Active": True, "Disabled": None},
    "snap_start": {"PublishedVersions": True, "None": None},
}
_DESTINATIONS: Final = ("on_success", "on_failure")
_AS_THEY_ARE: Final = (
    "CodeSigningConfigArn", "Description", "FileSystemConfigs", "KmsKeyArn", "RecursiveLoop",
    "RuntimeManagementConfig", "TenancyConfig", "DeadLetterConfig", "LoggingConfig", "Tags", "Role",
)  # fmt: skip
"""Properties without a setting, which `properties=` takes."""
_READ_HERE: Final = frozenset({
    "AssumeRolePolicyDocument", "AutoPublishAliasAllProperties", "AutoPublishCodeSha256", "Code", "CodeUri",
    "DeadLetterQueue", "Environment", "Events", "FunctionName", "FunctionUrlConfig", "Handler", "InlineCode", "Layers",
    "PackageType", "PermissionsBoundary", "Policies", "PropagateTags", "PublishToLatestPublished", "RolePath",
    "Tracing", "VersionDeletionPolicy", "VersionDescription", "WebTarget",
})  # fmt: skip
_COMPUTED: Final = ("DeadLetterQueue", "EventInvokeConfig OnSuccess", "EventInvokeConfig OnFailure")
"""Reasons of SAM's for statements that remit computes."""
_LAMBDAS: Final = {"Timeout": 3, "MemorySize": 128}
"""What Lambda takes where nothing is written, and remit takes another value."""
_WAITED_FOR: Final = ("AWS::EFS::MountTarget", "AWS::Logs::LogGroup")
"""Types for which a function of remit's waits by itself."""
_LONGEST_NAME: Final = 250  # bytes, as file systems have it, with the ending of a module
_LATEST: Final = RUNTIMES[-2]
_OF_URL: Final = {"AuthType": "auth", "Cors": "cors", "InvokeMode": "invoke_mode"}
_USUAL: Final = ("AWS_IAM", "BUFFERED", None)


@dataclass(frozen=True, slots=True)
class TemplateParts:
    """A template taken apart: what each part of an app is read with."""

    source: SourceTemplate
    template: Mapping[str, Any]
    expansion: ExpandedTemplate
    functions: Mapping[str, SamResource]
    """Functions with their properties as SAM has them and as CloudFormation does."""
    apis: Apis
    roles: Mapping[str, str]
    """The roles of the template whose access functions take over, by function; empty where that is left."""
    function_names: Mapping[str, str]
    """Functions' names by logical id."""
    layers: Mapping[str, Code]
    """The layers that the template makes of a folder."""

    def part(self, logical_id: str) -> str:
        """A function or resource, as messages call it: `Orders (AWS::SQS::Queue)`; its id alone where there is none."""
        for resources in (section(self.template, "Resources"), self.expansion.resources):
            if logical_id in resources:
                return f"{logical_id} ({resources[logical_id].get('Type')})"
        return logical_id

    def trigger(self, event: SamEvent, names: TemplateNames) -> Source:
        """The trigger of an event. RemitError: none says it all."""
        return (
            self.apis.trigger(event, names, self.function_names) if event.type in API_FORMS else trigger(event, names)
        )

    def by_hand(self, declared: SamResource, names: TemplateNames) -> list[SamEvent]:
        """The events of a function that no trigger stands for: their resources stay as SAM makes them."""
        events = []
        for event in declared.events():
            if event.type in API_FORMS and self.apis.api(event):
                continue  # its API has nothing but routes
            try:
                self.trigger(event, names)
            except RemitError:
                events.append(event)
        return events


def why_not(function: SamResource) -> str | None:
    """The reason why a function cannot be one of remit's; None where it can."""
    properties = function.properties
    if properties.get("PackageType") == "Image" or value_at_path(properties, "Code.ImageUri") is not None:
        return "it is an image, and remit deploys zips"
    paths = "/".join(str(properties.get(name)) for name in ("CodeUri", "Handler", "WebTarget"))
    if any(len(name.encode()) > _LONGEST_NAME for name in re.split(r"[/.:]", paths)):
        return "its code has a name that is too long for a file"
    runtime = properties.get("Runtime")
    if isinstance(runtime, str) and not runtime.startswith("python"):
        return f"its runtime is {runtime}, and remit deploys Python"
    return "it runs on a capacity provider" if "CapacityProviderConfig" in properties else None


def own_log_group(function: SamResource, name: str) -> dict[str, Any]:
    """The name of a function's own log group: `/aws/lambda/` and its name, which is made of its `name` in the app."""
    physical = function.properties.get("FunctionName", {"Fn::Sub": f"${{AWS::StackName}}-{name}"})
    return {"Fn::Join": ["", ["/aws/lambda/", physical]]}


class FunctionReader:
    """One pass over a function's properties: `statement` is asked once."""

    def __init__(self, declared: SamResource, parts: TemplateParts, names: TemplateNames) -> None:
        self.declared = declared
        self.logical_id = declared.logical_id
        self.properties = declared.properties
        self.parts = parts
        self.names = names
        self.part = parts.part(declared.logical_id)
        self.web_target = declared.properties.get("WebTarget")
        self.by_hand = parts.by_hand(declared, names)
        self.comment = ""
        self.condition: str | None = None

    def statement(self) -> PythonStatement:
        """The function with everything that can be said of it; the rest is left in `names.leftovers`."""
        code = code_of(self.declared, self.parts.source)
        name = self.parts.function_names[self.logical_id]
        if "Condition" in self.declared.attributes:
            make = partial(self.names.condition, {"Condition": self.declared.attributes["Condition"]})
            self.condition = self._convert(make, "Condition", (*self.declared.path, "Condition"))
        items = (
            Item(quoted(self.web_target)) if self.web_target else None,
            *self._triggers(),
            Item(quoted(name), "name="),
            Item(quoted(self.logical_id), "logical_id="),
            *self._keyword("FunctionName", "function_name", self._function_name),
            None if self.web_target else Item(quoted(code.handler), "handler="),
            Item(quoted(code.target), "code="),
            *self._settings(),
            *self._access(),
            *self._other_properties(),
        )
        declared = call("app.web" if self.web_target else "app.function", *items)
        return PythonStatement(declared, "", self.part, self.condition, self.comment)

    def _convert(self, make: Callable[[], Any], what: str, path: Path) -> Any:
        """As `Leftovers.convert`, of a part of this function."""
        origin = self.parts.expansion.locate(path)
        return self.names.leftovers.convert(make, f"{what} of {self.logical_id}", origin, self.part)

    def _item(self, make: Callable[[], Item], what: str, *steps: str | int) -> Iterator[Item]:
        """Yield the item that `make` gives, marked with the construct; nothing where it has no form, and is left."""
        item = self._convert(make, what, self.declared.at(*steps))
        if item is not None:
            yield replace(item, what=f"{what} of {self.logical_id}")

    def _keyword(self, path: str, keyword: str, convert: Callable[[Any], Source]) -> Iterator[Item]:
        """Yield the keyword for a property that is there, or for Lambda's default where remit has another.

        A text of digits is a number. One whose value remit's setting refuses, or that has no form, is left.
        """
        value = value_at_path(self.properties, path)
        if value in (None, NO_VALUE):
            value = _LAMBDAS.get(path)
        if isinstance(value, str):
            value = int(value) if value.isdigit() else _SWITCHED.get(keyword, {}).get(value, value)
        if value is None:
            return

        def checked() -> Item:
            """The setting as an item. RemitError (2): its value does not fit."""
            if keyword in FUNCTION_SETTINGS and isinstance(value, str | int | float):
                FUNCTION_SETTINGS[keyword].check((keyword,), value)
            return self.names.entry(keyword, value, convert, keyword=True)

        yield from self._item(checked, path, *path.split("."))

    def _function_name(self, name: Any) -> Source:
        """A name, whose letters remit must know: the stack's are those of the project's namespace.

        RemitError: it has any other part that only the deploy knows.
        """
        text = flat(self.names.text(name))
        if text.startswith('"') and "${AWS::StackName}" in text:
            text = f"f{text.replace('${AWS::StackName}', '{project.namespace}')}"
        text = text.replace("${{AWS::StackName}}", "{project.namespace}")
        if "${" in text or "aws." in text or "Data." in text:
            raise RemitError("only the deploy knows it")
        return text

    def _triggers(self) -> Iterator[Item]:
        """Yield the triggers of a function, its URL among them.

        What has no form is left, and events by hand are not there: of a bucket or pool of others, this is told.
        """
        for event in self.declared.events():
            if event not in self.by_hand:
                make = partial(self._trigger, event)
                yield from self._item(make, f"event {event.name}", "Events", event.name)
            elif event.type in NEEDS_OWN and not referred_to(event.properties.get(NEEDS_OWN[event.type])):
                because = f"its {NEEDS_OWN[event.type]} is none of the app's, and has to be told by hand whom it calls"
                self._leave(f"event {event.name}", because, "Events", event.name)
        config = self.properties.get("FunctionUrlConfig")
        if isinstance(config, dict):
            make = partial(self._url, config)
            yield from self._item(make, "the URL", "FunctionUrlConfig")

    def _trigger(self, event: SamEvent) -> Item:
        if event.type in API_FORMS:
            self._check_condition()
        return Item(self.parts.trigger(event, self.names))

    def _check_condition(self) -> None:
        """RemitError: the function would be open to callers where the source has none."""
        if "Condition" in self.declared.attributes and self.condition is None:
            raise RemitError("only the deploy knows whether its function is there")

    def _url(self, config: Mapping[str, Any]) -> Item:
        """The trigger of a function's URL. RemitError: only the deploy knows whether there is one."""
        self._check_condition()
        if tokens.is_intrinsic(config):
            raise RemitError("only the deploy knows whether there is one, and whom it lets in")
        options = {option: config.get(name) for name, option in _OF_URL.items() if config.get(name) not in _USUAL}
        return Item(call("on.http", *(Item(self.names.source(value), f"{key}=") for key, value in options.items())))

    def _settings(self) -> Iterator[Item]:
        """Yield the keywords for a function's settings; what has no form is left.

        A runtime that has ended becomes the latest, which a comment says.
        """
        runtime = self.properties.get("Runtime")
        has_ended = isinstance(runtime, str) and (
            runtime not in RUNTIMES or (self.web_target is not None and runtime == RUNTIMES[0])
        )
        if has_ended:
            self.comment = f"{runtime} has ended"
            yield Item(quoted(_LATEST), "runtime=")
        for path, keyword in _SETTINGS.items():
            if keyword != "runtime" or not has_ended:
                convert = partial(resource, self.names) if keyword in _DESTINATIONS else self.names.source
                yield from self._keyword(path, keyword, convert)
        variables = value_at_path(self.properties, "Environment.Variables")
        items: list[Item] = []
        if tokens.is_intrinsic(variables):
            yield from self._keyword("Environment.Variables", "environment", self.names.source)
            variables = {}
        for name, value in section(variables).items():
            if not str(name).startswith("REMIT_"):  # remit's own, of a template that it has built
                make = partial(self.names.entry, str(name), "" if value is None else value, self.names.text)
                items += self._item(make, f"variable {name}", "Environment", "Variables", name)
        yield from _keyword_group("environment=", "{", items, "}")
        items = []
        for index, layer in enumerate(listed(self.properties.get("Layers"))):
            read = partial(self.names.items, [layer], self._layer)
            converted = self._convert(read, "a layer", self.declared.at("Layers", index))
            items += [replace(item, what=f"a layer of {self.logical_id}") for item in converted or ()]
        yield from _keyword_group("layers=", "[", items, "]")
        yield Item("None", "log_retention=")

    def _layer(self, layer: Any) -> Source:
        own = self.parts.layers.get(referred_to(layer))
        return call("layer", Item(quoted(own.target))) if own is not None else self.names.text(layer)

    def _access(self) -> Iterator[Item]:
        """Yield the access of a function's role, but what remit computes itself for triggers."""
        role_id = self.parts.roles.get(self.logical_id)
        if role_id:
            reasons = {f"SAM adds it for {what}": "" for what in _COMPUTED}
            for event in self.declared.events():
                if event not in self.by_hand:
                    reasons[f"SAM adds it for event {event.name}"] = event.type
            yield from access_of_role(role_id, self.logical_id, self.parts.expansion, self.names, reasons, self.part)

    def _other_properties(self) -> Iterator[Item]:
        """Yield `properties=` with what has no setting, if there is any.

        Unknown properties are left, and what the template says the function waits for, unless it is implied.
        """
        others = {name: self.properties[name] for name in _AS_THEY_ARE if name in self.properties}
        formats = dict(section(others.pop("LoggingConfig", None)))
        group = formats.pop("LogGroup", None)
        named = section(self.parts.template, "Resources", referred_to(group), "Properties").get("LogGroupName", group)
        own_name = own_log_group(self.declared, self.parts.function_names[self.logical_id])
        if group is not None and tokens.text_of(named) != tokens.text_of(own_name):
            self._leave(
                "LoggingConfig.LogGroup", "each function logs into a group of its own", "LoggingConfig", "LogGroup"
            )
        others |= {"LoggingConfig": formats} if formats else {}
        tags = others.pop("Tags", None)
        if isinstance(tags, list):
            tags = [tag for tag in tags if section(tag).get("Key") != "lambda:createdBy"]
        others |= {"Tags": tags} if tags else {}
        if self.logical_id in self.parts.roles:
            others.pop("Role", None)
        known = {path.partition(".")[0] for path in _SETTINGS} | {*_AS_THEY_ARE} | _READ_HERE
        for name in self.properties:
            if name not in known:
                self._leave(name, "no setting of remit's stands for it", name)
        implied = {reference.target for reference, _ in references(dict(self.properties), late=False)}
        for name in depends_on(section(self.parts.template, "Resources", self.logical_id)):
            if name in self.names.resources and name not in implied and self.names.types[name] not in _WAITED_FOR:
                self._leave(f"DependsOn {name}", "a function waits only for what it refers to")
        entries: list[Item] = []
        for name, value in others.items():
            entries += self._item(partial(self.names.entry, name, value, self.names.source), name, name)
        yield from _keyword_group("properties=", "{", entries, "}")

    def _leave(self, what: str, because: str, *steps: str) -> None:
        """Note what of the function is left out, and why."""
        origin = self.parts.expansion.locate(self.declared.at(*steps))
        self.names.leftovers.add(f"{what} of {self.logical_id}", because, origin, self.part)


def depends_on(written: Mapping[str, Any]) -> list[str]:
    """The logical ids that a resource of the template waits for by DependsOn, in their order."""
    return [str(name) for name in listed(written.get("DependsOn"))]


def _keyword_group(keyword: str, begin: str, items: list[Item], end: str) -> Iterator[Item]:
    if items:
        yield Item(Bracketed(begin, tuple(items), end), keyword)


def layers_of(declared: Iterable[SamResource], source: SourceTemplate) -> dict[str, Code]:
    """The layers of a template that it makes of a local path, by logical id; without a folder outside of the source."""
    layers: dict[str, Code] = {}
    for layer in declared:
        uri = layer.properties.get("ContentUri")
        if layer.kind == "LayerVersion" and isinstance(uri, str) and not uri.startswith("s3://"):
            layers[layer.logical_id] = Code(f"layers/{words(layer.logical_id)}", beside(source.folder, uri))
    return layers


def code_of(function: SamResource, source: SourceTemplate) -> Code:
    """The place of a function's code, where it goes (`functions/…`), and the handler that it has.

    Inline code has no folder, nor has code in S3 or in a zip, or outside of the repository.
    """
    properties = function.properties
    inline = value_at_path(properties, "Code.ZipFile")
    default = "app.handler" if inline is None else "index.handler"
    handler = str(properties.get("WebTarget") or properties.get("Handler") or default).replace("/", ".")
    code = Code(f"functions/{words(function.logical_id)}", handler=handler.replace(":", "."))
    if inline is not None:
        return replace(code, text=inline if isinstance(inline, str) else None)
    # CDK notes where it has put the code, beside the template.
    noted = value_at_path(function.attributes.get("Metadata"), "aws:asset:path")
    uris = [uri for uri in (noted, properties.get("CodeUri"), properties.get("Code")) if isinstance(uri, str)]
    uri = uris[0] if uris else "s3://"
    if uri.startswith(("s3://", "${")) or uri.endswith((".zip", ".jar")):
        return code
    steps = [step for step in re.split(r"[/\\]", uri) if step not in ("", ".", "..")]
    if not (steps and steps[-1].startswith("asset.")):
        code = replace(code, target="/".join(("functions", *(steps or [re.sub(r"\W+", "_", source.name)]))))
    return replace(code, folder=beside(source.folder, uri))
