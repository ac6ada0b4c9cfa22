"""A function of SAM's as `app.function(…)`: its code, its settings, its triggers, and what its role allows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.errors import RemitError
from remit.iam import tokens
from remit.importing import events
from remit.importing.access import ImportedAccess, access_of_role
from remit.importing.api_routes import FORMS as API_FORMS
from remit.importing.api_routes import Apis
from remit.importing.app_model import Code, ImportedFunction, Left, SourceTemplate, value_at_path
from remit.importing.python_text import Bracketed, Item, Source, call, flat, quoted
from remit.importing.template_values import TemplateNames, UnsayableError, words
from remit.project.setting_values import FUNCTION_SETTINGS, RUNTIMES
from remit.template.branches import NO_VALUE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remit.errors import Origin
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
_LAMBDAS: Final = {"Timeout": 3, "MemorySize": 128}
"""What Lambda takes where nothing is written, and remit takes another value."""
_LATEST: Final = RUNTIMES[-2]


@dataclass(frozen=True, slots=True)
class FunctionContext:
    """Everything that a function is read with."""

    source: SourceTemplate
    expansion: ExpandedTemplate
    names: TemplateNames
    apis: Apis
    function_names: Mapping[str, str]
    """Functions' names by logical id."""
    lifted_roles: Mapping[str, str]
    """The roles of the template whose access functions take over, by function."""
    log_groups: Mapping[str, Mapping[str, Any]]
    """The log groups of the template that are functions' own, by function."""
    layers: Mapping[str, Code]
    """The layers that the template makes of a folder."""


def by_hand(declared: SamResource, names: TemplateNames, apis: Apis) -> tuple[SamEvent, ...]:
    """The events of a function that no trigger stands for: their resources stay as SAM makes them."""
    return tuple(
        event
        for event in declared.events()
        if not (apis.api(event) not in apis.as_they_are if event.type in API_FORMS else _has_trigger(event, names))
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


def read_function(declared: SamResource, context: FunctionContext) -> ImportedFunction:
    """A function with everything that can be said of it."""
    reader = _FunctionReader(declared, context)
    return reader.function()


class _FunctionReader:
    """One pass over a function's properties; `left` gathers what cannot be said."""

    def __init__(self, declared: SamResource, context: FunctionContext) -> None:
        self.declared = declared
        self.properties = declared.properties
        self.context = context
        self.names = context.names
        self.left: list[Left] = []
        self.is_web = "WebTarget" in declared.properties

    def function(self) -> ImportedFunction:
        handler = self._text("Handler", "index.handler" if "InlineCode" in self.properties else "app.handler")
        if self.is_web:
            handler = str(self.properties["WebTarget"]).replace(":", ".")
        code = code_of(self.declared, self.context.source)
        handler = handler.replace("/", ".")
        triggers = list(self._triggers())
        identity = [
            Item(quoted(self.context.function_names[self.declared.logical_id]), "name="),
            Item(quoted(self.declared.logical_id), "logical_id="),
            *self._maybe("FunctionName", "function_name", self._function_name),
            *([] if self.is_web else [Item(quoted(handler), "handler=")]),
            Item(quoted(code.target), "code="),
        ]
        triggers = [Item(quoted(self.properties["WebTarget"])), *triggers] if self.is_web else triggers
        items = (*triggers, *identity, *self._settings(), *self._access().arguments(), *self._other_properties())
        condition = self.declared.attributes.get("Condition")
        return ImportedFunction(
            self.declared.logical_id,
            tuple(items),
            code,
            handler,
            self._condition(condition),
            tuple(self.left),
            is_web=self.is_web,
        )

    def _condition(self, condition: Any) -> str | None:
        if condition is None:
            return None
        try:
            return self.names.condition({"Condition": condition})
        except UnsayableError as error:
            origin = self.declared.locate((*self.declared.path, "Condition"))
            self.left.append(Left(f"Condition of {self.declared.logical_id}", str(error), origin))
            return None

    def _text(self, name: str, default: str) -> str:
        value = self.properties.get(name)
        return value if isinstance(value, str) else default

    def _function_name(self, name: Any) -> Source:
        """A name, which may begin with the stack's: what else only the deploy knows is in no name of remit's."""
        text = flat(self.names.text(name))
        if text.startswith('"${AWS::StackName}') and text.count("${") == 1:
            return text
        if text.startswith('"'):
            text = (
                f"f{text.replace('${AWS::StackName}', '{project.namespace}')}" if "${AWS::StackName}" in text else text
            )
        text = text.replace("${{AWS::StackName}}", "{project.namespace}")
        if "${" in text or any(f"{{{place}" in text or text == place for place in ("aws.", "Data.")):
            raise UnsayableError("only the deploy knows it")
        return text

    def _origin(self, *steps: str | int) -> Origin | None:
        return self.declared.locate(self.declared.at(*steps))

    def _leave(self, what: str, why: str, steps: tuple[str | int, ...]) -> None:
        self.left.append(Left(what, why, self._origin(*steps)))

    def _maybe(self, path: str, keyword: str, convert: Any) -> Iterator[Item]:
        """The keyword of a property that is there; nothing, and something left, where its value cannot be said."""
        value = value_at_path(self.properties, path)
        if value is None or value == NO_VALUE:
            return
        try:
            yield self.names.entry(keyword, value, convert, keyword=True)
        except UnsayableError as error:
            self._leave(f"{path} of {self.declared.logical_id}", str(error), tuple(path.split(".")))

    def _triggers(self) -> Iterator[Item]:
        hand_made = by_hand(self.declared, self.names, self.context.apis)
        for event in self.declared.events():
            if event in hand_made:
                continue
            try:
                source = (
                    self.context.apis.trigger(event, self.names)
                    if event.type in API_FORMS
                    else events.trigger(event, self.names)
                )
            except UnsayableError as error:
                self._leave(f"event {event.name} of {self.declared.logical_id}", str(error), ("Events", event.name))
                continue
            if source is not None:
                yield Item(source)
        url = self.properties.get("FunctionUrlConfig")
        if isinstance(url, dict):
            try:
                yield Item(_url(url, self.names))
            except UnsayableError as error:
                self._leave(f"the URL of {self.declared.logical_id}", str(error), ("FunctionUrlConfig",))

    def _settings(self) -> Iterator[Item]:
        yield from self._runtime()
        with_defaults = {**_LAMBDAS, **self.properties}
        for path, keyword in _SETTINGS.items():
            value = value_at_path(with_defaults, path)
            if value is None or value == NO_VALUE:
                continue
            if keyword in ("timeout", "memory_size") and isinstance(value, str) and value.isdigit():
                value = int(value)
            try:
                if not tokens.is_intrinsic(value) and not isinstance(value, dict):
                    FUNCTION_SETTINGS[keyword].check((keyword,), value)
                yield self.names.entry(keyword, value, self.names.source, keyword=True)
            except (UnsayableError, RemitError) as error:
                self._leave(f"{path} of {self.declared.logical_id}", reason_text(error), tuple(path.split(".")))
        for path, keyword in _DESTINATIONS.items():
            yield from self._maybe(path, keyword, lambda value: events.resource(self.names, value))
        yield from self._environment()
        yield from self._layers()
        tracing = self.properties.get("Tracing")
        if tracing == "Active":
            yield Item("True", "tracing=")
        elif tracing != "Disabled":
            yield from self._maybe("Tracing", "tracing", self.names.source)
        if value_at_path(self.properties, "SnapStart.ApplyOn") == "PublishedVersions":
            yield Item("True", "snap_start=")
        yield from self._log_retention()

    def _runtime(self) -> Iterator[Item]:
        runtime = self.properties.get("Runtime")
        if isinstance(runtime, str) and runtime not in RUNTIMES:
            comment = f"{runtime} has ended: AWS makes no function of it any more"
            yield Item(quoted(_LATEST), "runtime=", comment)
        else:
            yield from self._maybe("Runtime", "runtime", self.names.source)

    def _environment(self) -> Iterator[Item]:
        variables = value_at_path(self.properties, "Environment.Variables")
        if not isinstance(variables, dict) or tokens.is_intrinsic(variables):
            yield from self._maybe("Environment.Variables", "environment", self.names.source)
            return
        entries = []
        for name, value in variables.items():
            try:
                entries.append(self.names.entry(str(name), "" if value is None else value, self.names.text))
            except UnsayableError as error:
                steps = ("Environment", "Variables", name)
                self._leave(f"variable {name} of {self.declared.logical_id}", str(error), steps)
        if entries:
            yield Item(Bracketed("{", tuple(entries), "}"), "environment=")

    def _layers(self) -> Iterator[Item]:
        layers = self.properties.get("Layers")
        items = []
        for index, layer in enumerate(layers if isinstance(layers, list) else ()):
            try:
                items.append(Item(self._layer(layer)))
            except UnsayableError as error:
                self._leave(f"a layer of {self.declared.logical_id}", str(error), ("Layers", index))
        if items:
            yield Item(Bracketed("[", tuple(items), "]"), "layers=")

    def _layer(self, layer: Any) -> Source:
        own = self.context.layers.get(str(value_at_path(layer, "Ref")))
        return call("layer", Item(quoted(own.target))) if own is not None else self.names.text(layer)

    def _log_retention(self) -> Iterator[Item]:
        group = self.context.log_groups.get(self.declared.logical_id, {})
        retention = group.get("RetentionInDays")
        try:
            yield Item("None" if retention is None else self.names.source(retention), "log_retention=")
        except UnsayableError as error:
            self._leave(f"the log retention of {self.declared.logical_id}", str(error), ())

    def _access(self) -> ImportedAccess:
        expansion = self.context.expansion
        role_id = self.context.lifted_roles.get(self.declared.logical_id)
        if role_id is None:
            return ImportedAccess()
        hand_made = by_hand(self.declared, self.names, self.context.apis)
        lifted = [event for event in self.declared.events() if event not in hand_made]
        reasons = {f"SAM adds it for event {event.name}" for event in lifted}
        reasons |= {
            f"SAM adds it for {what}"
            for what in ("DeadLetterQueue", "EventInvokeConfig OnSuccess", "EventInvokeConfig OnFailure")
        }
        access = access_of_role(role_id, expansion, self.names, {event.type for event in lifted}, reasons)
        self.left += access.left
        return access

    def _other_properties(self) -> Iterator[Item]:
        """Everything without a setting, in `properties=`."""
        entries = []
        others: dict[str, Any] = {name: self.properties[name] for name in _AS_THEY_ARE if name in self.properties}
        letters = value_at_path(self.properties, "DeadLetterQueue.TargetArn")
        if letters is not None:
            others["DeadLetterConfig"] = {"TargetArn": letters}
        logging = self.properties.get("LoggingConfig")
        if isinstance(logging, dict):
            formats = {key: value for key, value in logging.items() if key != "LogGroup"}
            others |= {"LoggingConfig": formats} if formats else {}
        tags = self.properties.get("Tags")
        if isinstance(tags, dict) and tags and not tokens.is_intrinsic(tags):
            others["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
        role = self.properties.get("Role")
        if role is not None and self.declared.logical_id not in self.context.lifted_roles:
            others["Role"] = role
        for name, value in others.items():
            try:
                entries.append(self.names.entry(name, value, self.names.source))
            except UnsayableError as error:
                self._leave(f"{name} of {self.declared.logical_id}", str(error), (name,))
        known = {path.partition(".")[0] for path in (*_SETTINGS, *_DESTINATIONS)} | {*_AS_THEY_ARE} | _READ_HERE
        for name in self.properties:
            if name not in known:
                self._leave(f"{name} of {self.declared.logical_id}", "no setting of remit's stands for it", (name,))
        if entries:
            yield Item(Bracketed("{", tuple(entries), "}"), "properties=")


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
            layers[resource.logical_id] = Code(f"layers/{words(resource.logical_id)}", source.folder / uri)
    return layers


def reason_text(error: Exception) -> str:
    """Why something is left, by the error that refuses it."""
    return error.message if isinstance(error, RemitError) else str(error)


def code_of(declared: SamResource, source: SourceTemplate) -> Code:
    """Where a function's code is, and where it goes."""
    inline = declared.properties.get("InlineCode")
    if inline is not None:
        text = inline if isinstance(inline, str) else None
        return Code(f"functions/{words(declared.logical_id)}", text=text)
    uri = source.assets.get(declared.logical_id) or declared.properties.get("CodeUri")
    if not isinstance(uri, str) or uri.startswith(("s3://", "${")) or uri.endswith((".zip", ".jar")):
        return Code(f"functions/{words(declared.logical_id)}")
    steps = [step for step in re.split(r"[/\\]", uri) if step not in ("", ".", "..")]
    return Code("/".join(("functions", *(steps or [re.sub(r"\W+", "_", source.name)]))), source.folder / uri)
