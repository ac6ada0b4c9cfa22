"""The APIs of a template as routes (`on.api`, `on.rest`) and settings; one that these do not cover stays as it is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from remit.iam import tokens
from remit.importing.app_model import Left, referred_to, value_at_path
from remit.importing.events import resource
from remit.importing.python_text import Bracketed, Item, call, quoted
from remit.importing.template_values import TemplateNames, UnsayableError, said, words
from remit.template.sam.events import ANY_METHOD, api_of
from remit.template.sections import section

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.importing.python_text import Source
    from remit.template.sam.expand import ExpandedTemplate
    from remit.template.sam.resources import SamEvent, SamResource

_NO_MATTER: Final = frozenset({
    "AlwaysDeploy", "Auth", "Description", "EndpointConfiguration", "FailOnWarnings", "MergeDefinitions",
    "MinimumCompressionSize", "Name",
    "OpenApiVersion", "PropagateTags", "Tags",
})  # fmt: skip
"""TemplateNames, descriptions and SAM's own switches; `Auth` and the endpoint are looked at by themselves."""
_LOG_SETTINGS: Final = ("AccessLogSetting", "AccessLogSettings")


class ApiForm(NamedTuple):
    """An API of a kind: its trigger, its settings, and how a template and remit call its parts."""

    trigger: str
    reference: str
    renamed: Mapping[str, str]
    """Logical ids, `{}` for the API's own: of a template, and of remit."""
    settings: Mapping[str, str]
    event_properties: frozenset[str]


FORMS: Final = {
    "HttpApi": ApiForm(
        "api",
        "ApiId",
        {"{}": "HttpApi", "{}ApiGatewayDefaultStage": "HttpApiStage", "{}.Stage": "HttpApiStage"},
        {
            "CorsConfiguration": "cors_configuration",
            "DisableExecuteApiEndpoint": "disable_execute_api_endpoint",
            "DefaultRouteSettings.ThrottlingBurstLimit": "throttling_burst_limit",
            "DefaultRouteSettings.ThrottlingRateLimit": "throttling_rate_limit",
            "AccessLogSettings.Format": "access_log_format",
            "Domain.DomainName": "domain_name",
            "Domain.CertificateArn": "certificate_arn",
        },
        frozenset({"Path", "Method", "ApiId", "Auth", "PayloadFormatVersion"}),
    ),
    "Api": ApiForm(
        "rest",
        "RestApiId",
        {"{}": "RestApi", "{}Stage": "RestApiStage", "{}ProdStage": "RestApiStage", "{}.Stage": "RestApiStage"},
        {
            "StageName": "stage_name",
            "BinaryMediaTypes": "binary_media_types",
            "Variables": "variables",
            "TracingEnabled": "tracing",
            "DisableExecuteApiEndpoint": "disable_execute_api_endpoint",
            "AccessLogSetting.Format": "access_log_format",
            "Domain.DomainName": "domain_name",
            "Domain.CertificateArn": "certificate_arn",
            "Cors": "cors",
        },
        frozenset({"Path", "Method", "RestApiId", "Auth", "RequestModel", "RequestParameters"}),
    ),
}
_QUERY: Final = r"method\.request\.querystring\.(.+)"


@dataclass(frozen=True, slots=True)
class Apis:
    """The APIs of a template by logical id: those that become routes, and those that stay as they are, with why."""

    declared: Mapping[str, SamResource] = field(default_factory=dict)
    as_they_are: Mapping[str, str] = field(default_factory=dict)

    def routed(self, event: SamEvent) -> bool:
        """Whether an event is a route of an API that becomes routes."""
        return event.type in FORMS and self.api(event) not in ("", *self.as_they_are)

    def renamed(self) -> dict[str, str]:
        """The logical ids that remit gives to the parts of APIs."""
        return {
            written.format(name): own
            for name, api in self.declared.items()
            if name not in self.as_they_are
            for written, own in FORMS[api.kind].renamed.items()
        }

    def api(self, event: SamEvent) -> str:
        """The logical id of the API of an event; empty where it is none of the template's."""
        reference = event.properties.get(FORMS[event.type].reference)
        name = api_of(event) if reference is None else reference.get("Ref") if isinstance(reference, dict) else None
        return name if isinstance(name, str) and name in self.declared else ""

    def route(self, event: SamEvent) -> str:
        """The route of an event, as triggers spell it: `GET /orders/{id}`."""
        path, method = event.properties.get("Path"), str(event.properties.get("Method") or "ANY")
        method = "ANY" if method.lower() in (*ANY_METHOD, "*") else method.upper()
        return "$default" if path in (None, "$default") else f"{method} {_path(str(path), event.type)}"

    def authorization(self, event: SamEvent) -> str:
        """The type of authorization of an event's route, as API Gateway calls it."""
        of_api = section(self.declared[self.api(event)].properties, "Auth") if self.api(event) else {}
        name = section(event.properties, "Auth").get("Authorizer", of_api.get("DefaultAuthorizer", "NONE"))
        authorizer = section(of_api, "Authorizers", str(name))
        if "JwtConfiguration" in authorizer:
            return "JWT"
        if "UserPoolArn" in authorizer:
            return "COGNITO_USER_POOLS"
        return "CUSTOM" if authorizer else str(name)

    def trigger(self, event: SamEvent, names: TemplateNames) -> Source:
        """The route of an event. UnsayableError: remit has none such."""
        api = self.api(event)
        form, properties = FORMS[event.type], event.properties
        unknown = [name for name in properties if name not in form.event_properties]
        if unknown:
            raise UnsayableError(f"a route has no {', '.join(unknown)}")
        items = [Item(quoted(self.route(event))), Item(self._auth(event, api, names), "auth=")]
        version = properties.get("PayloadFormatVersion")
        if version is not None and str(version) != "2.0":
            items.append(Item(quoted(str(version)), "payload_format_version="))
        items += self._asked(event, api, names)
        return call(f"on.{form.trigger}", *items)

    def _asked(self, event: SamEvent, api: str, names: TemplateNames) -> Iterator[Item]:
        """A key, a body and parameters that a request must have."""
        of_api = section(self.declared[api].properties, "Auth")
        if section(event.properties, "Auth").get("ApiKeyRequired", of_api.get("ApiKeyRequired")) is True:
            yield Item("True", "api_key=")
        model = section(event.properties, "RequestModel")
        if model:
            if model.get("ValidateBody") is not True:
                raise UnsayableError("a model that checks nothing is none of a route")
            schema = section(self.declared[api].properties, "Models").get(str(model.get("Model")))
            yield Item(names.source(schema), "body=")
        query = []
        for parameter in event.properties.get("RequestParameters") or ():
            ((name, options),) = parameter.items() if isinstance(parameter, dict) else ((parameter, {}),)
            matched = re.fullmatch(_QUERY, str(name))
            if matched is None or not section(options).get("Required"):
                raise UnsayableError(f"a route asks for parameters of the query alone, not {name}")
            query.append(matched[1])
        if query:
            yield Item(names.source(query), "query=")

    def _auth(self, event: SamEvent, api: str, names: TemplateNames) -> Source:
        of_api, of_event = section(self.declared[api].properties, "Auth"), section(event.properties, "Auth")
        name = of_event.get("Authorizer", of_api.get("DefaultAuthorizer", "NONE"))
        if name in ("NONE", "AWS_IAM"):
            return quoted(name)
        authorizer = section(of_api, "Authorizers", str(name))
        scopes = of_event.get("AuthorizationScopes") or authorizer.get("AuthorizationScopes")
        scoped = Item(names.source(scopes), "scopes=") if scopes else None
        token = {key.lower(): value for key, value in section(authorizer, "JwtConfiguration").items()}
        if token:
            audience = token.get("audience") or []
            audiences = audience if isinstance(audience, list) else [audience]
            issuer = Item(names.text(token.get("issuer")))
            texts = Bracketed("[", tuple(Item(names.text(text)) for text in audiences), "]")
            return call("on.jwt", issuer, Item(texts, "audience="), scoped)
        if authorizer.get("UserPoolArn") is not None:
            return call("on.user_pool", Item(resource(names, authorizer["UserPoolArn"])), scoped)
        return self._authorizer(authorizer, event.type, names)

    def _authorizer(self, authorizer: Mapping[str, Any], kind: str, names: TemplateNames) -> Source:
        name = referred_to(authorizer.get("FunctionArn"))
        if not name or name in names.left or name in names.resources:
            raise UnsayableError("its authorizer is no function of the app")
        if kind == "HttpApi" and authorizer.get("EnableSimpleResponses") is not True:
            raise UnsayableError("its authorizer answers with a policy")
        identity = section(authorizer, "Identity")
        is_token = kind == "Api" and authorizer.get("FunctionPayloadType", "TOKEN") == "TOKEN"
        sources = ["Authorization"] if is_token else []
        sources = [identity["Header"]] if "Header" in identity else identity.get("Headers") or sources
        start = "$request.header." if kind == "HttpApi" else "method.request.header."
        cache = identity.get("ReauthorizeEvery", 300 if kind == "Api" else 0)
        expression = identity.get("ValidationExpression")
        return call(
            "on.authorizer",
            Item(quoted(words(name.removesuffix("Function")))),
            Item(names.source([f"{start}{header}" for header in sources]), "identity_source=") if sources else None,
            Item(names.source(cache), "cache=") if cache else None,
            Item("True", "token=") if is_token else None,
            Item(names.text(expression), "identity_validation_expression=") if expression else None,
        )

    def settings(self, names: TemplateNames, left: list[Left]) -> Iterator[tuple[str, Source]]:
        """The settings of the APIs that become routes; what cannot be said of them is added to `left`."""
        for logical_id, api in self.declared.items():
            if logical_id not in self.as_they_are:
                yield from _settings(api, names, left)


def _path(path: str, kind: str) -> str:
    return path.rstrip("/") or "/" if kind == "Api" else path


def _settings(  # noqa: C901 - one setting after the other
    api: SamResource, names: TemplateNames, left: list[Left]
) -> Iterator[tuple[str, Source]]:
    form = FORMS[api.kind]
    tree = "api" if api.kind == "HttpApi" else "rest"
    for path, setting in form.settings.items():
        value = value_at_path(api.properties, path)
        if path in ("Cors", "CorsConfiguration") and value is not None:
            value = _cors(value)
        if path == "BinaryMediaTypes" and isinstance(value, list):
            value = [text.replace("~1", "/") if isinstance(text, str) else text for text in value]
        origin = api.locate(api.at(path.partition(".")[0]))
        source = said(partial(names.source, value), f"{path} of {api.logical_id}", origin, left)
        if value is not None and source is not None:
            yield f"{tree}.{setting}", source
    properties = {name: api.properties[name] for name in ("MinimumCompressionSize",) if name in api.properties}
    endpoint = api.properties.get("EndpointConfiguration")
    if endpoint == "PRIVATE" or section(endpoint).get("Type") == "PRIVATE":
        ids = section(endpoint).get("VPCEndpointIds") or section(endpoint).get("VpcEndpointIds")
        properties["EndpointConfiguration"] = {"Types": ["PRIVATE"], **({"VpcEndpointIds": ids} if ids else {})}
    if any(api.properties.get(name) for name in _LOG_SETTINGS):
        yield f"{tree}.access_log", "True"
    statements = section(api.properties, "Auth", "ResourcePolicy").get("CustomStatements")
    if statements:
        listed = statements if isinstance(statements, list) else [statements]
        properties["Policy"] = {"Version": "2012-10-17", "Statement": listed}
    if properties:
        yield f"{tree}.properties", names.source(properties)
    if value_at_path(api.properties, "Domain.Route53") is not None:
        because = "remit writes no records: `ApiDomainTarget` is what they point to"
        left.append(Left(f"Domain.Route53 of {api.logical_id}", because, api.locate(api.at("Domain"))))
    plan = section(api.properties, "Auth", "UsagePlan")
    if plan.get("CreateUsagePlan") in ("PER_API", "SHARED"):
        limits = {key: plan[key] for key in ("Quota", "Throttle") if key in plan}
        yield f"{tree}.usage_plans", names.source({"default": {**limits, "Keys": ["default"]}})


def _cors(value: Any) -> Any:
    """CORS as HTTP APIs have it: for REST APIs, SAM takes texts with quotes inside, and one alone for the origin."""
    if value is True:
        return {"AllowOrigins": ["*"]}
    if isinstance(value, str):
        return {"AllowOrigins": [value.strip("'")]}
    if not isinstance(value, dict) or tokens.is_intrinsic(value):
        return value
    cors = {"AllowOrigins" if name == "AllowOrigin" else name: item for name, item in value.items()}
    for name, item in cors.items():
        if isinstance(item, str):
            texts = [text.strip() for text in item.strip("'").split(",")]
            cors[name] = int(texts[0]) if name == "MaxAge" and texts[0].isdigit() else texts
    return cors


def apis_of(expansion: ExpandedTemplate) -> Apis:
    """The APIs of a template, those that SAM makes by itself among them."""
    declared = {api.logical_id: api for api in expansion.declared if api.kind in FORMS}
    as_they_are: dict[str, str] = {}
    first_of_kind: dict[str, str] = {}
    for logical_id, api in declared.items():
        known = {path.partition(".")[0] for path in FORMS[api.kind].settings} | _NO_MATTER | {*_LOG_SETTINGS, "Models"}
        unknown = [
            name
            for name, value in api.properties.items()
            if name not in known and (api.kind, name, value) != ("HttpApi", "StageName", "$default")
        ]
        if unknown:
            as_they_are[logical_id] = f"an API of remit's has no {', '.join(unknown)}"
        elif first_of_kind.setdefault(api.kind, logical_id) != logical_id:
            as_they_are[logical_id] = "an app has one API of a kind"
    return Apis(declared, as_they_are)
