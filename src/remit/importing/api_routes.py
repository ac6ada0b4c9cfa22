"""The APIs of a template as routes (`on.api`, `on.rest`) and settings; one that these do not cover stays as it is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from remit.errors import Origin, RemitError
from remit.iam import tokens
from remit.importing.app_model import Leftovers, listed, referred_to, value_at_path
from remit.importing.events import resource
from remit.importing.python_text import Bracketed, Item, Source, call, quoted
from remit.importing.template_values import TemplateNames, words
from remit.template.branches import choice
from remit.template.sam.apis import OWN_DEFINITION
from remit.template.sam.events import ANY_METHOD, api_of
from remit.template.sections import mappings, section

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from remit.template.sam.expand import ExpandedTemplate
    from remit.template.sam.resources import SamEvent, SamResource

_NO_MATTER: Final = frozenset({
    "AlwaysDeploy", "Auth", "Description", "EndpointConfiguration", "FailOnWarnings", "MergeDefinitions",
    "MinimumCompressionSize", "Models", "Name", "OpenApiVersion", "PropagateTags", "Tags",
})  # fmt: skip
"""Names, descriptions and SAM's own switches; `Auth` and the endpoint are looked at by themselves."""
_DEFAULTS: Final = {"ApiKeySourceType": "HEADER", "StageName": "$default"}
"""Values that need no setting."""
KEEPS_OUT: Final = frozenset({"Auth", "DisableExecuteApiEndpoint"})
"""What SAM writes into the document of an API, by which that keeps people out."""
_DECIDES: Final = (
    "Auth", "Auth.ApiKeyRequired", "Auth.ResourcePolicy", "Domain", "EndpointConfiguration",
    "EndpointConfiguration.Type",
)  # fmt: skip
"""What must be known before the deploy: it decides whom an API lets in."""
_CLOSING: Final = (".properties", ".disable_execute_api_endpoint")
"""Settings that keep people out."""
_OF_DOCUMENT: Final = ("Cors", "CorsConfiguration", "GatewayResponses")
"""Properties that SAM writes into the document of an API, also where that is the template's own."""
_QUERY: Final = "method.request.querystring."
_LOG_SETTINGS: Final = ("AccessLogSetting", "AccessLogSettings")


class ApiForm(NamedTuple):
    """An API of a kind: its trigger, how a template and remit call its parts, and the properties of its settings."""

    trigger: str
    renamed: Mapping[str, str]
    """Logical ids, `{}` for the API's own: of a template, and of remit."""
    settings: tuple[str, ...]


_OF_BOTH: Final = ("DisableExecuteApiEndpoint", "Domain.DomainName", "Domain.CertificateArn")
FORMS: Final = {
    "HttpApi": ApiForm(
        "api",
        {"{}": "HttpApi", "{}ApiGatewayDefaultStage": "HttpApiStage", "{}.Stage": "HttpApiStage"},
        (
            *_OF_BOTH, "CorsConfiguration", "DefaultRouteSettings.ThrottlingBurstLimit",
            "DefaultRouteSettings.ThrottlingRateLimit", "AccessLogSettings.Format",
        ),
    ),
    "Api": ApiForm(
        "rest",
        {"{}": "RestApi", "{}Stage": "RestApiStage", "{}ProdStage": "RestApiStage", "{}.Stage": "RestApiStage"},
        (
            *_OF_BOTH, "StageName", "BinaryMediaTypes", "Variables", "TracingEnabled", "AccessLogSetting.Format",
            "Cors", "Auth.UsagePlan",
        ),
    ),
}  # fmt: skip
_SETTINGS: Final = {
    "AccessLogSetting.Format": "access_log_format",
    "AccessLogSettings.Format": "access_log_format",
    "Auth.UsagePlan": "usage_plans",
    "TracingEnabled": "tracing",
}
"""Settings by the paths of the properties that they have; others are called as the last step of theirs."""
_OF_ROUTE: Final = frozenset({
    "ApiId", "Auth", "Method", "Path", "PayloadFormatVersion", "RequestModel", "RequestParameters", "RestApiId",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Apis:
    """The APIs of a template: those that become routes, by logical id, and those that stay as they are."""

    declared: Mapping[str, SamResource]
    as_they_are: Mapping[str, SamResource]
    """They have a definition of their own, which no routes stand for."""

    def renamed(self) -> dict[str, str]:
        """The logical ids that remit gives to the parts of APIs."""
        return {
            written.format(name): own
            for name, api in self.declared.items()
            for written, own in FORMS[api.kind].renamed.items()
        }

    def api(self, event: SamEvent) -> str:
        """The logical id of the API of an event; empty where it has no routes here, or is none of the template's."""
        named = event.properties.get("RestApiId", event.properties.get("ApiId"))
        name = api_of(event) or referred_to(named)
        return name if name in self.declared else ""

    def route(self, event: SamEvent) -> str:
        """The route of an event, as triggers spell it: `GET /orders/{id}`, `ANY /`, or `$default` without a path.

        Paths of REST APIs lose a slash at the end.
        """
        path, method = event.properties.get("Path"), str(event.properties.get("Method") or "ANY")
        method = "ANY" if method.lower() in (*ANY_METHOD, "*") else method.upper()
        if path in (None, "$default"):
            return "$default"
        if event.type == "Api":
            path = str(path).rstrip("/") or "/"
        return f"{method} {path}"

    def trigger(self, event: SamEvent, names: TemplateNames, functions: Mapping[str, str]) -> Source:
        """The route of an event as `on.api(…)` or `on.rest(…)`; `functions` are names by logical id.

        RemitError (2): remit has none such, or it would let in more callers.
        """
        api = self.api(event)
        unknown = [name for name in event.properties if name not in _OF_ROUTE]
        if unknown or not api:
            raise RemitError(f"a route has no {', '.join(unknown)}" if unknown else "its API has no routes")
        _check_openness(event, self.declared[api], names)
        items = [Item(quoted(self.route(event))), Item(self._auth(event, api, names, functions), "auth=")]
        version = event.properties.get("PayloadFormatVersion")
        if version is not None and str(version) != "2.0":
            items.append(Item(quoted(str(version)), "payload_format_version="))
        of_api = section(self.declared[api].properties, "Auth")
        needs_key = section(event.properties, "Auth").get("ApiKeyRequired", of_api.get("ApiKeyRequired"))
        if str(needs_key or False).lower() != "false":
            items.append(Item("True", "api_key="))
        model = section(event.properties, "RequestModel")
        if model.get("ValidateBody") is True:
            schema = section(self.declared[api].properties, "Models").get(str(model.get("Model")))
            items.append(Item(names.source(schema), "body="))
        if model.get("ValidateParameters") is True:  # else API Gateway hands on whatever there is
            query = _required_parameters(event.properties.get("RequestParameters"))
            items.append(Item(names.source(query), "query="))
        return call(f"on.{FORMS[event.type].trigger}", *items)

    def _auth(self, event: SamEvent, api: str, names: TemplateNames, functions: Mapping[str, str]) -> Source:
        """The `auth=` of a route: open, signed, or an authorizer, whose scopes the event or the authorizer has.

        RemitError: no form of remit's lets in the same callers.
        """
        of_api, of_event = section(self.declared[api].properties, "Auth"), section(event.properties, "Auth")
        name = of_event.get("Authorizer", of_api.get("DefaultAuthorizer", "NONE"))
        if name in ("NONE", "AWS_IAM"):
            return quoted(name)
        authorizer = section(of_api, "Authorizers", str(name))
        if tokens.is_intrinsic(authorizer.get("Identity")):
            raise RemitError("only the deploy knows what its authorizer asks for")
        scopes = of_event.get("AuthorizationScopes") or authorizer.get("AuthorizationScopes")
        scoped = Item(names.source(scopes), "scopes=") if scopes else None
        token = {key.lower(): value for key, value in section(authorizer, "JwtConfiguration").items()}
        if token:
            texts = Bracketed("[", tuple(Item(names.text(text)) for text in listed(token.get("audience"))), "]")
            return call("on.jwt", Item(names.text(token.get("issuer"))), Item(texts, "audience="), scoped)
        if authorizer.get("UserPoolArn") is not None:
            identity = section(authorizer, "Identity")
            if "ValidationExpression" in identity or identity.get("Header", "Authorization") != "Authorization":
                raise RemitError("on.user_pool reads all tokens of its pool, in the header Authorization")
            return call("on.user_pool", Item(resource(names, authorizer["UserPoolArn"])), scoped)
        function = referred_to(authorizer.get("FunctionArn"))
        if function not in functions or function in names.left:
            raise RemitError(names.left.get(function, "its authorizer is no function of the app"))
        return _authorizer(authorizer, functions[function], event.type, names)

    def settings(self, leftovers: Leftovers) -> Iterator[tuple[str, Any, Origin | None]]:
        """Yield the settings of the APIs (`rest.tracing`), each with its value in the template and its place.

        The place is None for one that is made of several properties. What no setting stands for goes to `leftovers`.
        """
        for api in self.declared.values():
            yield from _settings(api, leftovers)
        for api in self.as_they_are.values():
            for name in filter(api.properties.get, _OF_DOCUMENT):
                because = "SAM would write it into the document of the API"
                leftovers.add(f"{name} of {api.logical_id}", because, api.locate(api.at(name)))


def _check_openness(event: SamEvent, api: SamResource, names: TemplateNames) -> None:
    """RemitError (2): something keeps people out of the API, and would not of the app's.

    Settings of the API without a form are left.
    """
    for properties in (api.properties, event.properties):
        if any(tokens.is_intrinsic(value_at_path(properties, path)) for path in _DECIDES):
            raise RemitError("only the deploy knows whom its API lets in")
        expressible = {"CustomStatements"} if properties is api.properties else set()
        if section(properties, "Auth", "ResourcePolicy").keys() - expressible:
            raise RemitError("remit has no resource policy of its API but by CustomStatements")
        if "MutualTlsAuthentication" in section(properties, "Domain"):
            raise RemitError("its API asks clients for certificates, and remit's asks for none")
    for setting, value, origin in _settings(api, names.leftovers):
        source = names.leftovers.convert(partial(names.source, value), f"config.{setting}", origin)
        if source is None and setting.endswith(_CLOSING):
            raise RemitError(f"config.{setting} is left, which would keep people out of its API")


def _required_parameters(parameters: Any) -> list[str]:
    """The names of a query that a request must have. RemitError: it must have something else."""
    given = [pair for parameter in mappings(parameters) for pair in parameter.items()]
    required = [str(name) for name, value in given if section(value).get("Required") is True]
    if not all(name.startswith(_QUERY) for name in required):
        raise RemitError("on.rest asks for parameters of the query alone")
    return [name.removeprefix(_QUERY) for name in required]


def _authorizer(authorizer: Mapping[str, Any], function: str, kind: str, names: TemplateNames) -> Source:
    """The call of `on.authorizer` for SAM's authorizer by a function, which the app calls `function`.

    `kind` is that of the API, `Api` or `HttpApi`. RemitError (2): remit has none such.
    """
    version = str(authorizer.get("AuthorizerPayloadFormatVersion", "1.0"))
    is_old = kind == "HttpApi" and version == "1.0"
    if kind == "HttpApi" and not is_old and authorizer.get("EnableSimpleResponses") is not True:
        raise RemitError("its authorizer answers a request of format 2.0 with a policy")
    identity = section(authorizer, "Identity")
    is_token = kind == "Api" and authorizer.get("FunctionPayloadType", "TOKEN") == "TOKEN"
    headers = identity.get("Header") or identity.get("Headers") or ("Authorization" if is_token else None)
    request, mark = ("$request", "$") if kind == "HttpApi" else ("method.request", "")
    sources = [f"{request}.header.{name}" for name in listed(headers)]
    sources += [f"{request}.querystring.{name}" for name in listed(identity.get("QueryStrings"))]
    sources += [f"{mark}stageVariables.{name}" for name in listed(identity.get("StageVariables"))]
    sources += [f"{mark}context.{name}" for name in listed(identity.get("Context"))]
    cache = identity.get("ReauthorizeEvery", 300 if kind == "Api" else 0)
    expression = identity.get("ValidationExpression")
    return call(
        "on.authorizer",
        Item(quoted(function)),
        Item(names.source(sources), "identity_source=") if sources else None,
        Item(names.source(cache), "cache=") if cache else None,
        Item("True", "token=") if is_token else None,
        Item(quoted(version), "payload_format_version=") if is_old else None,
        Item(names.text(expression), "identity_validation_expression=") if expression else None,
    )


def _settings(  # noqa: C901 - one property after the other
    api: SamResource, leftovers: Leftovers
) -> Iterator[tuple[str, Any, Origin | None]]:
    """Yield the settings of one API, as `Apis.settings`; its endpoint and its resource policy are properties."""
    form = FORMS[api.kind]
    for path in form.settings:
        value = value_at_path(api.properties, path)
        value = value if path not in _CONVERSIONS else _CONVERSIONS[path](value)
        if value is not None:
            setting = _SETTINGS.get(path) or words(path.rpartition(".")[2])
            yield f"{form.trigger}.{setting}", value, api.locate(api.at(path.partition(".")[0]))
    properties = {name: api.properties[name] for name in ("MinimumCompressionSize",) if name in api.properties}
    endpoint = api.properties.get("EndpointConfiguration")
    if "PRIVATE" in (endpoint, section(endpoint).get("Type")):
        ids = section(endpoint).get("VPCEndpointIds") or section(endpoint).get("VpcEndpointIds")
        properties["EndpointConfiguration"] = {"Types": ["PRIVATE"], **({"VpcEndpointIds": ids} if ids else {})}
    statements = section(api.properties, "Auth", "ResourcePolicy").get("CustomStatements")
    if statements:
        properties["Policy"] = {"Version": "2012-10-17", "Statement": statements}
    if properties:
        yield f"{form.trigger}.properties", properties, None
    known = {path.partition(".")[0] for path in form.settings} | _NO_MATTER | {*_LOG_SETTINGS}
    unknown = {name: "remit has no setting for it" for name in api.properties if name not in known}
    for name in filter(api.properties.get, _LOG_SETTINGS):
        if choice(api.properties[name]) is None:
            yield f"{form.trigger}.access_log", True, None
        else:
            unknown[name] = "a condition decides it"
    if value_at_path(api.properties, "Domain.Route53") is not None:
        unknown["Domain.Route53"] = "remit writes no records: `ApiDomainTarget` is what they point to"
    for name, because in unknown.items():
        if name not in _DEFAULTS or api.properties[name] != _DEFAULTS[name]:
            leftovers.add(f"{name} of {api.logical_id}", because, api.locate(api.at(name.partition(".")[0])))


def _cors(value: Any) -> Any:
    """CORS as HTTP APIs have it: for REST APIs, SAM takes texts with quotes inside, and one alone for the origin.

    True is any origin; a reference, and what is no mapping, stay as they are.
    """
    if value is True:
        return {"AllowOrigins": ["*"]}
    if isinstance(value, str):
        return {"AllowOrigins": [value.strip("'")]}
    if not isinstance(value, dict) or tokens.is_intrinsic(value):
        return value
    cors = {"AllowOrigins" if name == "AllowOrigin" else name: item for name, item in value.items()}
    if isinstance(cors.get("AllowHeaders", cors.get("AllowMethods")), str):
        cors.setdefault("AllowOrigins", "*")  # SAM's default for REST APIs
    for name, item in cors.items():
        if isinstance(item, str):
            text = item.strip("'")
            if name == "MaxAge":
                cors[name] = int(text) if text.isdigit() else text
            else:
                cors[name] = [part.strip() for part in text.split(",")]
    return cors


def _media_types(value: Any) -> Any:
    """Media types as REST APIs have them: SAM takes `~1` for the slash. A value that is no list stays as it is."""
    types = value if isinstance(value, list) else []
    return [text.replace("~1", "/") if isinstance(text, str) else text for text in types] or value


def _usage_plans(value: Any) -> Any:
    """The usage plan that SAM makes, with one key; None where it makes none."""
    if section(value).get("CreateUsagePlan") not in ("PER_API", "SHARED"):
        return None
    return {"default": {**{key: value[key] for key in ("Quota", "Throttle") if key in value}, "Keys": ["default"]}}


_CONVERSIONS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "Auth.UsagePlan": _usage_plans,
    "BinaryMediaTypes": _media_types,
    "Cors": _cors,
    "CorsConfiguration": _cors,
}
"""How the value of a property becomes that of a setting, where it is not the same."""


def apis_of(expansion: ExpandedTemplate) -> Apis:
    """The APIs of a template, those that SAM makes by itself among them.

    An app has routes in one API of a kind: of several without a definition of their own, only the first is returned.
    """
    declared: dict[str, SamResource] = {}
    as_they_are: dict[str, SamResource] = {}
    for api in expansion.declared:
        if not api.properties.keys().isdisjoint(OWN_DEFINITION):
            as_they_are[api.logical_id] = api
        elif api.kind in FORMS and all(api.kind != first.kind for first in declared.values()):
            declared[api.logical_id] = api
    return Apis(declared, as_they_are)
