"""The routes that functions of an app have at one of its APIs, and what each kind of API makes of them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from remit.app import ApiSettings, App, Function, Output, Resource
from remit.catalogue.quotas import quota
from remit.errors import Mistakes, RemitError
from remit.resources.names import digest
from remit.triggers.api_route import METHODS, RouteTrigger
from remit.triggers.authorizer import Authorizer
from remit.triggers.invoke_permission import permission
from remit.triggers.trigger import triggers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from remit.triggers.route_authorizer import RouteAuthorizer

R = TypeVar("R", bound=RouteTrigger)
_METHOD: Final = rf"^([^/]+)/(?:{'|'.join(METHODS)})/"
"""The stage and the method of a route."""
_OTHER_PERMISSIONS: Final = 4_096
"""Bytes of a function's resource policy that are left to its other triggers."""


@dataclass(frozen=True, slots=True)
class Routed(Generic[R]):
    """A route, and the function that it runs."""

    function: Function
    trigger: R


def routes(functions: Iterable[Function], kind: type[R]) -> tuple[Routed[R], ...]:
    """Every route of an API, in the order of its functions; of two that take the same requests the first."""
    by_requests: dict[str, Routed[R]] = {}
    for function, trigger in triggers_of(functions, kind):
        by_requests.setdefault(trigger.requests, Routed(function, trigger))
    return tuple(by_requests.values())


def route_functions(app_routes: Iterable[Routed[R]]) -> Iterator[tuple[Function, list[R]]]:
    """Yield each function that has routes, with these, in the order of the first route of each."""
    by_name: dict[str, tuple[Function, list[R]]] = {}
    for routed in app_routes:
        by_name.setdefault(routed.function.name, (routed.function, []))[1].append(routed.trigger)
    yield from by_name.values()


def route_checks(kind: type[RouteTrigger]) -> tuple[Callable[[Iterable[Function]], Iterator[RemitError]], ...]:
    """The two checks of an API's routes, of this class of triggers: none declared twice, every authorizer is there."""

    def check_routes(functions: Iterable[Function]) -> Iterator[RemitError]:
        """Yield an error for each route that takes the same requests as an earlier one."""
        by_requests: dict[str, Routed[RouteTrigger]] = {}
        for function, trigger in triggers_of(functions, kind):
            routed = Routed(function, trigger)
            first = by_requests.setdefault(trigger.requests, routed)
            if first is not routed:
                other_names = "" if first.trigger.route == trigger.route else f" as `{first.trigger.route}`"
                yield RemitError(
                    f"route `{trigger.route}` of `{function.name}` is declared twice{other_names}; "
                    f"`{first.function.name}` at {first.function.origin} has it, too",
                    hint=f"API Gateway sends a {kind.sent} to one function: remove one, or give it another {kind.way}",
                    origin=trigger.written,
                )

    def check_authorizers(functions: Iterable[Function]) -> Iterator[RemitError]:
        """Yield an error for each route that asks a function which the app does not have."""
        functions = tuple(functions)
        mistakes = Mistakes()
        for _, trigger in triggers_of(functions, kind):
            if isinstance(trigger.authorizer, Authorizer):
                with mistakes.noted():
                    trigger.authorizer.asked_function(functions, trigger.written)
        yield from mistakes.errors

    return check_routes, check_authorizers


def authorizers(app: App, app_routes: Iterable[Routed[R]]) -> Iterator[tuple[RouteAuthorizer, Function]]:
    """Yield the authorizers of routes, each once, with the first function that it guards.

    RemitError at the route: it asks a function which the app does not have.
    """
    seen: set[str] = set()
    for routed in app_routes:
        authorizer = routed.trigger.authorizer
        if authorizer is not None and authorizer.logical_id not in seen:
            seen.add(authorizer.logical_id)
            if isinstance(authorizer, Authorizer):
                authorizer.asked_function(app.functions, routed.trigger.written)
            yield authorizer, routed.function


def authorization(api: str, trigger: RouteTrigger) -> dict[str, Any]:
    """The properties of a route, or of a REST API's method, that say whom it answers; `api` is the API's logical id."""
    authorizer = trigger.authorizer
    if authorizer is None:
        return {"AuthorizationType": trigger.auth}
    mode = authorizer.rest_authorization if trigger.is_of_rest_api else authorizer.authorization
    properties: dict[str, Any] = {"AuthorizationType": mode, "AuthorizerId": f"${{{api}{authorizer.logical_id}}}"}
    if authorizer.accepted_scopes:
        properties["AuthorizationScopes"] = list(authorizer.accepted_scopes)
    return properties


def notes_on_open_routes(app_routes: Iterable[Routed[R]]) -> Iterator[str]:
    """Yield a sentence for each route that answers everyone."""
    for routed in app_routes:
        if routed.trigger.auth == "NONE":
            yield (
                f"everyone may call `{routed.trigger.route}`, which runs {routed.function.name} "
                f"({routed.function.origin})"
            )


def notes_on_timeouts(app_routes: Iterable[Routed[R]], patience: int) -> Iterator[str]:
    """A sentence for each function with a written timeout that is longer than an API waits (`patience`, in seconds)."""
    for function, _ in route_functions(app_routes):
        # The default, which nobody wrote, is about what an API waits.
        timeout, line = function.properties.get("Timeout"), function.written.get("Timeout")
        if isinstance(timeout, int) and timeout > patience and line is not None:
            yield f"{function.name} may run {timeout} s, and an API waits {patience} s for an answer ({line})"


def access_log(
    api: str, folder: str, route: str, settings: ApiSettings, first_user: Function
) -> tuple[Resource, dict[str, str]]:
    """The log group of an API's access log, and the stage's settings for it: DestinationArn and Format.

    Its name begins as AWS advises, so that the account's resource policy of log delivery does not overflow. The fields
    are those of AWS's example, and what went wrong in a function; `route` is the field that names the route in this
    kind of API. Sources: "Logging from AWS services that require additional permissions" (CloudWatch Logs User Guide),
    "Configure logging for HTTP APIs".
    """
    properties: dict[str, Any] = {"LogGroupName": f"/aws/vendedlogs/{folder}/${{AWS::StackName}}"}
    if settings.access_log_retention is not None:
        properties["RetentionInDays"] = settings.access_log_retention
    group = Resource(f"{api}LogGroup", "AWS::Logs::LogGroup", properties, origin=first_user.origin)
    names = ("requestId", "ip", "requestTime", "httpMethod", route, "status", "protocol", "responseLength")
    contexts = {"ip": "identity.sourceIp", "integrationError": "integrationErrorMessage"}
    fields = {name: f"$context.{contexts.get(name, name)}" for name in (*names, "integrationError")}
    log_format = settings.access_log_format or json.dumps(fields)
    return group, {"DestinationArn": group.attribute("Arn"), "Format": log_format}


def domain(api: str, settings: ApiSettings) -> Iterator[Resource]:
    """Yield the custom domain of an API, and its mapping to the stage; nothing where it has none.

    API mappings lead to REST APIs, too ("Use API mappings to connect API stages to a custom domain name").
    """
    if settings.domain_name is None:
        return
    origin = settings.written.get("domain_name")
    configuration = {
        "CertificateArn": settings.certificate_arn,
        "EndpointType": "REGIONAL",
        "SecurityPolicy": "TLS_1_2",
    }
    domain_name = Resource(
        f"{api}Domain",
        "AWS::ApiGatewayV2::DomainName",
        {"DomainName": settings.domain_name, "DomainNameConfigurations": [configuration]},
        origin=origin,
    )
    yield domain_name
    mapping = {"ApiId": f"${{{api}}}", "DomainName": domain_name.ref, "Stage": f"${{{api}Stage}}"}
    yield Resource(f"{api}DomainMapping", "AWS::ApiGatewayV2::ApiMapping", mapping, origin=origin)


def addresses(api: str, prefix: str, own_address: str, settings: ApiSettings) -> Iterator[Output]:
    """Yield the address of an API, and where its domain must point, if it has one; outputs are named by `prefix`."""
    host = settings.domain_name
    yield Output(f"{prefix}Url", own_address if host is None else f"https://{host}", "The address of the API")
    if host is not None:
        target = f"${{{api}Domain.RegionalDomainName}}"
        description = "What the DNS record of the API's domain must point to (CNAME or alias)"
        yield Output(f"{prefix}DomainTarget", target, description)


def permissions(app: App, function: Function, api: str, sources: tuple[str, ...]) -> Iterator[Resource]:
    """Yield the permissions by which an API calls a function: one for each source, or fewer, wider ones.

    `sources` are the ends of ARNs, such as `*/GET/orders`. They are widened where they exceed the function's policy.
    """
    for source in _fitting_sources(app, function, sources):
        logical_id = f"{function.logical_id}{api}Permission{digest(source)}"
        arn = f"arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{{api}}}/{source}"
        yield permission(function, logical_id, "apigateway.amazonaws.com", arn)


def _fitting_sources(app: App, function: Function, sources: tuple[str, ...]) -> tuple[str, ...]:
    """The sources whose permissions fit a function's resource policy: as they are, of any method, or `*` for all."""
    room = quota("lambda.function.policy").most - _OTHER_PERMISSIONS
    # API Gateway takes `*` for the method, too: each path once, whatever the method.
    of_any_method = tuple(dict.fromkeys(re.sub(_METHOD, r"\1/*/", source) for source in sources))
    for names in (sources, of_any_method):
        if sum(_statement_size(app, function, name) for name in names) <= room:
            return names
    return ("*",)


def _statement_size(app: App, function: Function, source: str) -> int:
    """Bytes that a permission has in a function's resource policy, at most: measured with the longest names of AWS."""
    place = "ap-southeast-99:111122223333"
    statement = {
        "Sid": f"{app.namespace}-{function.logical_id}WebSocketApiPermission12345678-123456789ABC",
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": f"arn:aws-us-gov:lambda:{place}:function:{app.deployed_name(function)}",
        "Condition": {"ArnLike": {"AWS:SourceArn": f"arn:aws-us-gov:execute-api:{place}:1234567890/{source}"}},
    }
    return len(json.dumps(statement))
