"""The routes that functions of an app have at one of its APIs, and what each kind of API makes of them."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from remit.app import Output, Resource
from remit.errors import Mistakes, RemitError
from remit.triggers.api_route import RouteTrigger
from remit.triggers.authorizer import Authorizer
from remit.triggers.trigger import triggers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from remit.app import ApiSettings, App, Function
    from remit.triggers.route_authorizer import RouteAuthorizer

R = TypeVar("R", bound=RouteTrigger)


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
    """Yield each function that has routes, with these."""
    by_name: dict[str, tuple[Function, list[R]]] = {}
    for routed in app_routes:
        by_name.setdefault(routed.function.name, (routed.function, []))[1].append(routed.trigger)
    yield from by_name.values()


def route_checks(kind: type[RouteTrigger]) -> tuple[Callable[[Iterable[Function]], Iterator[RemitError]], ...]:
    """The checks of the routes of an API of a kind."""

    def check_routes(functions: Iterable[Function]) -> Iterator[RemitError]:
        """Each route that takes the same requests as an earlier one."""
        by_requests: dict[str, Routed[RouteTrigger]] = {}
        for function, trigger in triggers_of(functions, kind):
            routed = Routed(function, trigger)
            namesake = by_requests.setdefault(trigger.requests, routed)
            if namesake is not routed:
                yield _twice(namesake, routed)

    def check_authorizers(functions: Iterable[Function]) -> Iterator[RemitError]:
        """Each route that asks a function which the app does not have."""
        functions = tuple(functions)
        mistakes = Mistakes()
        for _, trigger in triggers_of(functions, kind):
            if isinstance(trigger.authorizer, Authorizer):
                with mistakes.noted(), _mistakes_at(trigger):
                    trigger.authorizer.asked(functions)
        yield from mistakes.errors

    return check_routes, check_authorizers


@contextmanager
def _mistakes_at(trigger: RouteTrigger) -> Iterator[None]:
    """Places the mistakes of an authorizer at the route that it guards."""
    try:
        yield
    except RemitError as error:
        error.origin = error.origin or trigger.written
        raise


def _twice(original: Routed[RouteTrigger], repeated: Routed[RouteTrigger]) -> RemitError:
    other_names = "" if original.trigger.route == repeated.trigger.route else f" as `{original.trigger.route}`"
    return RemitError(
        f"route `{repeated.trigger.route}` of `{repeated.function.name}` is declared twice{other_names}; "
        f"`{original.function.name}` at {original.function.origin} has it, too",
        hint="API Gateway sends a request to one function: remove one, or give it another path",
        origin=repeated.trigger.written,
    )


def authorizers(app: App, app_routes: Iterable[Routed[R]]) -> Iterator[tuple[RouteAuthorizer, Function]]:
    """Yield the authorizers of routes, each once, with the first function that it guards.

    RemitError at the route: it asks a function which the app does not have.
    """
    seen: set[str] = set()
    for routed in app_routes:
        authorizer = routed.trigger.authorizer
        if authorizer is not None and authorizer.logical_id not in seen:
            seen.add(authorizer.logical_id)
            with _mistakes_at(routed.trigger):
                if isinstance(authorizer, Authorizer):
                    authorizer.asked(app.functions)
            yield authorizer, routed.function


def notes_on_open_routes(app_routes: Iterable[Routed[R]]) -> Iterator[str]:
    """A sentence for each route that answers everyone."""
    for routed in app_routes:
        if routed.trigger.auth == "NONE":
            yield (
                f"everyone may call `{routed.trigger.route}`, which runs {routed.function.name} "
                f"({routed.function.origin})"
            )


def notes_on_timeouts(app_routes: Iterable[Routed[R]], patience: int) -> Iterator[str]:
    """A sentence for each function that may run longer than an API waits (seconds)."""
    for function, _ in route_functions(app_routes):
        # The default, which nobody wrote, is about what an API waits.
        timeout, line = function.properties.get("Timeout"), function.written.get("Timeout")
        if isinstance(timeout, int) and timeout > patience and line is not None:
            yield f"{function.name} may run {timeout} s, and an API waits {patience} s for an answer ({line})"


def log_format(route: str) -> str:
    """The fields of AWS's example ("Configure logging for HTTP APIs"), and what went wrong in a function.

    `route` is the field that names the route in this kind of API.
    """
    fields = ("requestId", "ip", "requestTime", "httpMethod", route, "status", "protocol", "responseLength")
    named = {"ip": "identity.sourceIp", "integrationError": "integrationErrorMessage"}
    return json.dumps({name: f"$context.{named.get(name, name)}" for name in (*fields, "integrationError")})


def access_log_group(api: str, folder: str, settings: ApiSettings, first_user: Function) -> Resource:
    """The log group of an API's access log.

    Its name begins as AWS advises, so that the account's resource policy of log delivery does not overflow. Source:
    "Logging from AWS services that require additional permissions" (CloudWatch Logs User Guide).
    """
    properties: dict[str, Any] = {"LogGroupName": f"/aws/vendedlogs/{folder}/${{AWS::StackName}}"}
    if settings.access_log_retention is not None:
        properties["RetentionInDays"] = settings.access_log_retention
    return Resource(f"{api}LogGroup", "AWS::Logs::LogGroup", properties, origin=first_user.origin)


def domain(api: str, settings: ApiSettings) -> Iterator[Resource]:
    """The custom domain of an API, and that it leads to the stage.

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
    """The address of an API, and where its domain must point; the outputs' names begin with `prefix`."""
    host = settings.domain_name
    yield Output(f"{prefix}Url", own_address if host is None else f"https://{host}", "The address of the API")
    if host is not None:
        target = f"${{{api}Domain.RegionalDomainName}}"
        description = "What the DNS record of the API's domain must point to (CNAME or alias)"
        yield Output(f"{prefix}DomainTarget", target, description)
