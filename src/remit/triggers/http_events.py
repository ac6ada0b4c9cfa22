"""The event that a request to a function's URL, or to one of its routes, becomes: payload format 2.0 or 1.0, or REST's.

Source: "Create AWS Lambda proxy integrations for HTTP APIs", "Lambda proxy integrations in API Gateway" (Amazon API
Gateway Developer Guide) and "Invoking Lambda function URLs" (Lambda Developer Guide).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote

from remit.errors import RemitError
from remit.triggers.api import DEFAULT_ROUTE, Api
from remit.triggers.api_route import METHODS, VARIABLE, RouteTrigger
from remit.triggers.http import Http
from remit.triggers.payload_format import in_format_1
from remit.triggers.rest import Rest
from remit.triggers.sample_events import sample_event
from remit.triggers.sample_requests import in_rest_format, request

if TYPE_CHECKING:
    from remit.app import App, Function

_AGENT: Final = "remit"
_LOOPBACK: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class RequestLine:
    """What is asked for: a method, a path and a query, as in `GET /orders?x=1`."""

    method: str
    path: str
    query: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def request_line(text: str) -> RequestLine:
    """A request as people write it; without a method it is a GET, and a `#fragment` is dropped.

    RemitError: it is no request, such as one of an unknown method, or a path that does not begin with `/`.
    """
    method, _, target = text.strip().rpartition(" ")
    method = method.strip().upper() or "GET"
    if method not in METHODS or method == "ANY" or not target.startswith("/") or any(char.isspace() for char in target):
        raise RemitError(f"{text!r} is not a request", hint="write it like 'GET /orders?x=1'")
    path, _, query = target.partition("#")[0].partition("?")
    return RequestLine(method, path, query)


def http_event(app: App, function: Function, line: RequestLine, body: str | None = None) -> dict[str, Any]:
    """The event of a request to a function, by the most specific of its routes that answers, else by its URL.

    It has the payload format that the route sends.

    RemitError: none of its triggers answers such a request.
    """
    routes = [trigger for trigger in function.triggers if isinstance(trigger, Api | Rest)]
    matching: list[tuple[tuple[int, ...], Api | Rest, dict[str, str]]] = []
    for trigger in routes:
        variables, route = _variables(trigger, line), trigger.route
        if variables is not None:
            # API Gateway takes the most specific route: one without variables before one with, then one whose variable
            # takes the rest, the longer path first, $default last ("Create routes for HTTP APIs").
            generality = (route == DEFAULT_ROUTE, "+}" in route, len(variables), -route.count("/"))
            matching.append((generality, trigger, variables))
    if matching:
        _, trigger, variables = min(matching, key=lambda match: match[0])
        event = request(sample_event("api").event, trigger, app)
        event.pop("pathParameters", None)
        if variables:
            event["pathParameters"] = variables
        filled = _filled(event, line, body)
        if isinstance(trigger, Rest):
            return in_rest_format({**filled, "rawPath": line.path}, trigger, app)
        is_format_1 = isinstance(trigger, Api) and trigger.payload_format(function, app) == "1.0"
        return in_format_1(filled) if is_format_1 else filled
    url = next((trigger for trigger in function.triggers if isinstance(trigger, Http)), None)
    if url is None:
        hint = "it has neither a route (`on.api`, `on.rest`) nor a URL (`on.http`)"
        if routes:
            hint = f"it has {', '.join(trigger.route for trigger in routes)}"
        raise RemitError(f"function `{function.name}` does not answer {line}", hint=hint, origin=function.origin)
    event = sample_event("http").event
    for name in ("pathParameters", "stageVariables"):
        del event[name]
    del event["requestContext"]["authentication"]
    if url.auth == "NONE":
        del event["requestContext"]["authorizer"]
    return _filled(event, line, body)


def _variables(trigger: RouteTrigger, line: RequestLine) -> dict[str, str] | None:
    """Return the variables of a route's path in a request, decoded; None where the route does not answer it."""
    if trigger.route == DEFAULT_ROUTE:
        return {}
    if trigger.method not in ("ANY", line.method):
        return None
    pattern, names, end = "", [], 0
    for variable in VARIABLE.finditer(trigger.path):
        pattern += re.escape(trigger.path[end : variable.start()])
        pattern += "(.+)" if variable[0].endswith("+}") else "([^/]+)"
        names.append(variable[1])
        end = variable.end()
    match = re.fullmatch(pattern + re.escape(trigger.path[end:]), line.path)
    if match is None:
        return None
    return {name: unquote(value) for name, value in zip(names, match.groups(), strict=True)}


def _filled(event: dict[str, Any], line: RequestLine, body: str | None) -> dict[str, Any]:
    """A sample event with what this request says in the place of what the sample says.

    A parameter that stands twice has both values, with a comma. A body that is no JSON is plain text; without one, or
    without a query, the event has none.
    """
    context = event["requestContext"]
    domain = context["domainName"]
    http = {**context["http"], "method": line.method, "path": line.path, "sourceIp": _LOOPBACK, "userAgent": _AGENT}
    headers = {"accept": "*/*", "host": domain, "user-agent": _AGENT, "x-forwarded-for": _LOOPBACK}
    if body is not None:
        headers |= {"content-length": str(len(body.encode())), "content-type": "application/json"}
        try:
            json.loads(body)
        except ValueError:
            headers["content-type"] = "text/plain"
    parameters: dict[str, str] = {}
    for name, value in parse_qsl(line.query, keep_blank_values=True):
        parameters[name] = f"{parameters[name]},{value}" if name in parameters else value
    filled = {
        **event,
        "rawPath": unquote(line.path),
        "rawQueryString": line.query,
        "headers": dict(sorted(headers.items())),
        "queryStringParameters": parameters,
        "requestContext": {**context, "http": http},
        "body": body,
        "isBase64Encoded": False,
    }
    del filled["cookies"]
    if not parameters:
        del filled["queryStringParameters"]
    if body is None:
        del filled["body"]
    return filled
