"""A door before the local AWS that lets in what a policy allows, as IAM does, and answers AccessDenied to the rest."""

from __future__ import annotations

import http.client
import json
import re
import threading
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

import botocore.session

from remit.catalogue.operations import operation
from remit.iam.decide.evaluate import Request, evaluate
from terminals import HANGS

if TYPE_CHECKING:
    from remit.iam.policy import Policy

_SERVICE = re.compile(r"Credential=(\w+)/\d{8}/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")
_HOP = frozenset({"connection", "transfer-encoding", "content-length", "date", "server"})


@dataclass(slots=True)
class Door:
    """What is let in: `policy` decides; `asked` and `refused` keep the actions with their resources."""

    backend: str
    policy: Policy | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)

    def refuses(self, method: str, path: str, headers: Any, body: bytes) -> str | None:
        """What IAM would say to a request, or None when it may pass."""
        scope = _SERVICE.search(headers.get("Authorization", ""))
        assert scope is not None, f"an unsigned request: {method} {path}"
        number, region, service = scope.groups()
        if service == "sts":
            return None
        for action, resource in _needs(service, method, path, headers, body, f"{region}:{number}"):
            self.asked.append((action, resource))
            request = Request(action, resource, principal=f"arn:aws:iam::{number}:user/ci", resource_account=number)
            if self.policy is not None and not evaluate(request, self.policy).allowed:
                self.refused.append((action, resource))
                who = f"arn:aws:iam::{number}:user/ci"
                return f"User: {who} is not authorized to perform: {action} on resource: {resource}"
        return None


def _needs(  # noqa: PLR0911 - a protocol after the other
    service: str, method: str, path: str, headers: Any, body: bytes, here: str
) -> list[tuple[str, str]]:
    """The actions that a request asks for, each with the resource."""
    if service == "s3":
        return _of_s3(method, path, headers, body)
    if service == "lambda":
        if "/event-source-mappings" in path:
            return [("lambda:ListEventSourceMappings", "*")]
        name, _, what = urlsplit(path).path.partition("/functions/")[2].partition("/")
        action = {"invocations": "InvokeFunction", "policy": "GetPolicy"}.get(what, "GetFunction")
        return [(f"lambda:{action}", f"arn:aws:lambda:{here}:function:{name}")]
    if service == "scheduler":
        return [("scheduler:ListSchedules", "*")]
    target = headers.get("X-Amz-Target")
    if target is not None:
        return [(f"{service}:{target.rpartition('.')[2]}", _about(json.loads(body), here))]
    query = parse_qs(body.decode())
    if service == "iam":
        role = f"arn:aws:iam::{here.partition(':')[2]}:role/{query['RoleName'][0]}"
        return [(f"iam:{query['Action'][0]}", role)]
    assert service == "cloudformation", service
    stack = query["StackName"][0]
    resource = stack if stack.startswith("arn:") else f"arn:aws:cloudformation:{here}:stack/{stack}/1234"
    known = operation("cloudformation", query["Action"][0])
    assert known is not None
    return [(action, resource) for action in known.actions]


def _about(parameters: dict[str, Any], here: str) -> str:
    """The ARN of what a read of a queue, table, rule or log group is about; * of one that lists."""
    formats = {
        "QueueUrl": "arn:aws:sqs:{here}:{name}",
        "ResourceArn": "{name}",
        "Rule": "arn:aws:events:{here}:rule/{name}",
        "Name": "arn:aws:events:{here}:rule/{name}",
        "logGroupName": "arn:aws:logs:{here}:log-group:{name}:*",
    }
    named = next((name for name in formats if name in parameters), None)
    if named is None:
        return "*"
    text = parameters[named].rpartition("/")[2] if named == "QueueUrl" else parameters[named]
    return formats[named].format(here=here, name=text)


def _of_s3(method: str, path: str, headers: Any, body: bytes) -> list[tuple[str, str]]:
    """By the model of S3's API; besides, what Amazon's "Required permissions for S3 API operations" adds."""
    parts = urlsplit(path)
    query = parse_qs(parts.query, keep_blank_values=True)
    bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
    fitting = [
        (len(static), name)
        for name, verb, with_key, static in _operations()
        if verb == method and with_key == bool(key) and static <= query.keys()
    ]
    name = max(fitting)[1]
    known = operation("s3", name)
    assert known is not None
    resource = f"arn:aws:s3:::{bucket}{'/' * bool(key)}{key}"
    needed = [(action, resource) for action in known.actions]
    if name == "CreateBucket" and headers.get("x-amz-object-ownership"):
        needed.append(("s3:PutBucketOwnershipControls", resource))
    if name == "DeleteObjects":
        keys = re.findall(r"<Key>([^<]+)</Key>", body.decode())
        actions = ["s3:DeleteObject", *(["s3:DeleteObjectVersion"] * (b"<VersionId>" in body))]
        needed = [(action, f"{resource}/{one}") for action in actions for one in keys]
    return needed


@cache
def _operations() -> tuple[tuple[str, str, bool, frozenset[str]], ...]:
    """Each operation of S3: its method, whether it has a key, and what its query must hold."""
    model = botocore.session.get_session().get_service_model("s3")
    found = []
    for name in model.operation_names:
        one = model.operation_model(name)
        uri = one.http["requestUri"]
        static = {part.partition("=")[0] for part in uri.partition("?")[2].split("&") if part}
        shape = one.input_shape
        for member in shape.required_members if shape is not None else ():
            place = shape.members[member].serialization
            if place.get("location") == "querystring":
                static.add(place["name"])
        copies = name in ("CopyObject", "UploadPartCopy")
        if not copies and not uri.startswith("/WriteGetObjectResponse"):
            found.append((name, one.http["method"], "{Key+}" in uri, frozenset(static)))
    return tuple(found)


def serve(door: Door) -> ThreadingHTTPServer:
    """Open the door at an address of its own; the caller shuts it."""
    handler = type("Handler", (_Handler,), {"door": door})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    door: Door

    def _pass(self) -> None:
        body = self._body()
        denied = self.door.refuses(self.command, self.path, self.headers, body)
        if denied is not None:
            error = f"<Error><Code>AccessDenied</Code><Message>{denied}</Message></Error>"
            self._answer(403, [("Content-Type", "text/xml")], f"<ErrorResponse>{error}</ErrorResponse>".encode())
            return
        upstream = http.client.HTTPConnection(urlsplit(self.door.backend).netloc, timeout=HANGS)
        sent = {name: text for name, text in self.headers.items() if name.lower() not in _HOP | {"expect"}}
        upstream.request(self.command, self.path, body, sent | {"Content-Length": str(len(body))})
        answer = upstream.getresponse()
        content = answer.read()
        upstream.close()
        self._answer(answer.status, answer.getheaders(), content)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        whole = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            whole += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return whole

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response_only(status)
        for name, text in headers:
            if name.lower() not in _HOP:
                self.send_header(name, text)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _pass  # noqa: N815 - the names that http.server calls

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
