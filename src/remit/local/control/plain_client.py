"""Clients of the AWS on this machine in the form of boto3's, without an SDK: for commands that read a little.

A request is spelled as the catalogue says. Of an answer in XML no model is at hand: what is no text there is named in
the tables of this module. A test compares the answers with boto3's.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote, urlencode

from remit.catalogue import request_formats
from remit.deploy.aws_errors import AnsweredError, not_aws, patiently, remit_errors, transient
from remit.deploy.session import Account
from remit.local.authorization.request_bodies import form_pairs, xml_members
from remit.local.control.signed_request import LocalResponse, ask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from remit.local.state_files import LocalAws

_OF_PAGES: Final = {"NextToken": "NextToken", "nextToken": "nextToken", "NextMarker": "Marker", "Marker": "Marker"}
"""The names of the token in an answer that has more pages, and in the request of the next one."""
_PAUSES: Final = (0.2, 1.0)  # seconds until a call that was throttled is sent again, as often as an SDK does here


def _document(text: str) -> Any:
    """The JSON value of a text; the text itself where it is no JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return text


_TYPES: Final[Mapping[str, Callable[[str], Any]]] = {
    "AssumeRolePolicyDocument": lambda text: _document(unquote(text)),
    "CreationTime": datetime.fromisoformat,
    "Document": lambda text: _document(unquote(text)),
    "EnableTerminationProtection": lambda text: text == "true",
    "LastUpdatedTime": datetime.fromisoformat,
    "PolicyDocument": lambda text: _document(unquote(text)),
    "TemplateBody": _document,
}
"""The elements of XML that are no text, and what they are."""


class PlainAccount(Account):
    """The AWS on this machine, whose clients only read, and import no SDK; its `session` is the `LocalAws`."""

    def client(self, service: str, *, once: bool = False) -> Any:  # noqa: ARG002 - it only reads
        """The client of a service, which reads as boto3's does; its errors are `AnsweredError`."""
        return PlainClient(self.session, service)


def plain_account_of(aws: LocalAws) -> PlainAccount:
    """As `clients.account_of`, for a command that only reads. RemitError: nothing answers, or what is not AWS."""
    with remit_errors():
        identity = PlainClient(aws, "sts").get_caller_identity()
    arn = identity["Arn"]
    return PlainAccount(identity["Account"], aws.region, arn.split(":")[1], aws, aws.url, arn)


@dataclass(frozen=True, slots=True)
class PlainClient:
    """A client of a service, by boto3's name of it, with a method for each operation that reads."""

    aws: LocalAws
    service: str

    def __getattr__(self, method: str) -> Callable[..., Any]:
        """A function for an operation, called as boto3's method: it makes the call, and again where a failure passes.

        Errors come from the call. AnsweredError: the service refuses it. RemitError: nothing answers, or what is not
        AWS. AttributeError: there is no such operation.
        """
        operation = method.title().replace("_", "")
        return lambda **parameters: patiently(partial(self._answer, operation, parameters), _PAUSES, transient)

    def can_paginate(self, _: str) -> bool:
        """True: an answer without further pages is one page."""
        return True

    def get_paginator(self, method: str) -> PlainPages:
        """What reads all pages of an operation, as boto3's paginator does."""
        return PlainPages(self, method)

    def _answer(self, operation: str, parameters: Mapping[str, Any]) -> Any:
        """The content of an answer to a call, in the words of boto3.

        AnsweredError: it is a refusal, with AWS's code. RemitError: it is no answer of AWS's.
        """
        method, path, query, headers, body = _request(self.service, operation, parameters)
        response = ask(
            self.aws,
            method,
            path,
            service=request_formats.signing_name(self.service),
            query=query,
            body=body,
            headers=headers,
            region=self.aws.region,
        )
        try:
            if response.is_ok:
                return _content(self.service, operation, response.body)
            refusal = _refusal(response, operation)
        except (ET.ParseError, ValueError, AttributeError):  # no XML, no JSON, or JSON that is no object
            raise not_aws() from None
        raise refusal


@dataclass(frozen=True, slots=True)
class PlainPages:
    """The pages of a call, which are asked for one after the other."""

    client: PlainClient
    method: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def paginate(self, **parameters: Any) -> PlainPages:
        """The pages of a call with these parameters."""
        return replace(self, parameters=parameters)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """The pages of a listing, each asked for when it is wanted; the last one has no token."""
        parameters = dict(self.parameters)
        while True:
            page = getattr(self.client, self.method)(**parameters)
            yield page
            following = {given: page[name] for name, given in _OF_PAGES.items() if page.get(name)}
            if not following:
                return
            parameters |= following

    def build_full_result(self) -> dict[str, Any]:
        """One answer with the lists of all pages; whatever is no list is the first page's, its token, too."""
        first, *others = self
        for page in others:
            for name, value in page.items():
                if isinstance(value, list):  # one of XML that is empty is an empty text
                    first[name] = [*first.get(name, ()), *value]
        return first


def _request(
    service: str, operation: str, parameters: Mapping[str, Any]
) -> tuple[str, str, str, dict[str, str], bytes]:
    """The method, path, query, headers and body of a call. AttributeError: the service has no such operation.

    A REST API's is always a GET without a body: only reading is asked of these. KeyError: it has no such parameter.
    """
    places = request_formats.parameter_format(service, operation)
    if places is None:
        raise AttributeError(f"{service} has no operation {operation}")
    target = request_formats.target(service)
    if target is not None:
        headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": f"{target}.{operation}"}
        return "POST", "/", "", headers, json.dumps(parameters).encode()
    version = request_formats.version(service)
    if version is not None:
        pairs = {"Action": operation, "Version": version, **dict(form_pairs(dict(parameters), places.body))}
        return "POST", "/", "", {"content-type": "application/x-www-form-urlencoded"}, urlencode(pairs).encode()
    route = request_formats.reading_route(service, operation)
    path: dict[str, str] = {}
    query = {name: value or "" for name, value in route.query}
    for name, value in parameters.items():
        place, wire_name = places.places[name]
        (path if place == "uri" else query)[wire_name] = value
    segments = (quote(path[part[1:-1]], safe="") if part.startswith("{") else part for part in route.segments)
    return "GET", f"/{'/'.join(segments)}", urlencode(sorted(query.items()), quote_via=quote, safe=""), {}, b""


def _refusal(response: LocalResponse, operation: str) -> AnsweredError:
    """The error of an answer, with AWS's code and message in any of the places where services have them.

    The status stands for a code that is missing, and an empty text for a message.
    """
    if response.body.startswith(b"<"):
        members = {element.tag.rpartition("}")[2]: element.text for element in ET.fromstring(response.body).iter()}  # noqa: S314 - of this machine
        code, message = members.get("Code"), members.get("Message")
    else:
        document = json.loads(response.body or b"{}")
        of_query = response.headers.get("x-amzn-query-error", "").partition(";")[0]
        code = of_query or response.headers.get("x-amzn-errortype") or document.get("__type") or document.get("code")
        message = document.get("message") or document.get("Message")
    code = (code or str(response.status)).partition(":")[0].rpartition("#")[2]
    return AnsweredError(code, message or "", response.status, operation)


def _content(service: str, operation: str, body: bytes) -> Any:
    """The content of an answer, as boto3 has it; empty where the answer has none."""
    if operation == "GetBucketPolicy":  # the body itself
        return {"Policy": body.decode()}
    if service == "s3":  # what was put is answered in the same words
        put = request_formats.parameter_format(service, operation.replace("Get", "Put"))
        members = {} if put is None else xml_members(body, put.body)
        members = {name: value == "true" if value in ("true", "false") else value for name, value in members.items()}
        return {**members, **({} if put is None or put.payload is None else {put.payload: members})}
    if request_formats.target(service) is not None or request_formats.version(service) is None:  # SQS has both
        content = json.loads(body or b"{}")
        if service == "apigatewayv2":
            from remit.deploy.live_resources.senders import in_capitals  # noqa: PLC0415 - whoever reads it has it

            return in_capitals(content)
        return content
    root = ET.fromstring(body)  # noqa: S314 - of this machine
    results = [child for child in root if child.tag.endswith("Result")]
    return _value(results[0]) if results and len(results[0]) else {}


def _value(element: ET.Element) -> Any:
    """An element of the query protocol: a structure, a list of `member`s, a map of `entry`s, or a text.

    A few texts are read as dates, booleans or JSON; an empty list or map is an empty text.
    """
    name = element.tag.rpartition("}")[2]
    if not len(element):
        text = element.text or ""
        return _TYPES[name](text) if name in _TYPES else text
    children = [(child.tag.rpartition("}")[2], child) for child in element]
    if children[0][0] == "member":
        return [_value(child) for _, child in children]
    if children[0][0] == "entry":
        return {key.text: value.text or "" for key, value in element}
    return {tag: _value(child) for tag, child in children}
