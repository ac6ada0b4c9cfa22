"""Give answers in the place of services to the AWS on this machine, in the form in which SDKs read them."""

from __future__ import annotations

import base64
import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from remit.did_you_mean import did_you_mean
from remit.errors import RemitError
from remit.local.control.clients import session
from remit.local.control.signed_request import command
from remit.local.routes import ANSWERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from botocore.model import OperationModel

    from remit.local.state_files import LocalAws

    Answering: TypeAlias = Callable[[dict[str, Any]], Mapping[str, Any]]

_XML: Final = {"query": "rest-xml", "ec2": "rest-xml"}
"""Protocols whose answers are XML, as those of rest-xml are, in another element."""


def operation_model(aws: LocalAws, service: str, operation: str) -> OperationModel:
    """The model of an operation of a boto3 client.

    RemitError (2): there is no such client, or it has no such operation.
    """
    from botocore.exceptions import UnknownServiceError

    core = session(aws)._session  # boto3 has no other way to its models
    try:
        model = core.get_service_model(service)
    except UnknownServiceError:
        hint = did_you_mean(service, core.get_available_services())
        raise RemitError(f"boto3 has no service {service!r}", hint=hint or None) from None
    if operation not in model.operation_names:
        plain = {name.lower(): name for name in model.operation_names}
        meant = plain.get(operation.replace("_", "").lower())
        hint = f"did you mean {meant!r}?" if meant else did_you_mean(operation, model.operation_names)
        raise RemitError(f"{service} has no operation {operation!r}", hint=hint or None)
    return model.operation_model(operation)


def serialised(operation: OperationModel, answer: Any) -> dict[str, Any]:
    """An answer as its service would send it: headers, and the body in Base64.

    RemitError (2): the service never answers like this, or answers with a stream of events.
    """
    from botocore.model import OperationModel as Model
    from botocore.serialize import create_serializer
    from botocore.validate import ParamValidator

    name = f"{operation.service_model.service_name}:{operation.name}"
    shape = operation.output_shape
    if operation.has_event_stream_output:
        raise RemitError(f"{name} answers with a stream of events, which cannot be given here")
    if not isinstance(answer, dict):
        raise RemitError(f"the answer of {name} is a dict, as boto3 returns it, and not {type(answer).__name__}")
    if shape is None:
        return {"headers": {}, "body": ""}
    report = ParamValidator().validate(answer, shape)
    if report.has_errors():
        raise RemitError(f"{name} never answers like this: {report.generate_report()}")
    protocol = operation.service_model.resolved_protocol
    # botocore writes requests alone: the shape of the answer is written as that of a request.
    model: Any = operation
    output = {**model._operation_model["output"], "locationName": f"{operation.name}Result"}
    written_as = {"name": operation.name, "http": {"method": "POST", "requestUri": "/"}, "input": output}
    serializer = create_serializer(_XML.get(protocol, protocol), include_validation=False)
    written = serializer.serialize_to_request(answer, Model(written_as, operation.service_model, operation.name))
    body = written["body"]
    content = body.read() if hasattr(body, "read") else body.encode() if isinstance(body, str) else body or b""
    if protocol in _XML:
        content = content or b"<%sResult/>" % operation.name.encode()
        if protocol == "ec2":
            content = content.partition(b">")[2].rpartition(b"</")[0]
        element = f"{operation.name}Response".encode()
        content = b"<%s>%s</%s>" % (element, content, element)
    headers = {name: str(value) for name, value in written["headers"].items() if name != "X-Amz-Target"}
    return {"headers": headers, "body": base64.b64encode(content).decode()}


def give_answer(aws: LocalAws, operation: OperationModel, answer: Mapping[str, Any]) -> None:
    """Answer an operation from now on with what `serialised` gives, or with what the function at an `address` answers.

    RemitError: the server does not take it.
    """
    client = operation.service_model.service_name
    command(aws, ANSWERS, document={"client": client, "operation": operation.name, **answer})


def forget_answers(aws: LocalAws) -> None:
    """Let every operation be answered by its service again. RemitError: the server does not take it."""
    command(aws, ANSWERS, document={"forget": True})


class AnsweringFunctions:
    """Functions that answer operations, called by a server on loopback when the AWS on this machine is asked."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []
        """What they raised, but for errors of AWS (`botocore.exceptions.ClientError`), which are the answer."""
        self._functions: dict[str, tuple[OperationModel, Answering]] = {}
        functions = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                content = json.dumps(functions.answer(self.path, question)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_arguments: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True, name="remit-answers").start()

    def address(self, operation: OperationModel, function: Answering) -> str:
        """Return the address at which a function answers an operation. Nobody can guess it."""
        path = f"/{secrets.token_hex(16)}"
        self._functions[path] = operation, function
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def answer(self, path: str, question: Mapping[str, Any]) -> dict[str, Any]:
        """The answer of a function, or AWS's error that it raised; 403 where no function answers at the path.

        Anything else that it raises joins `errors`, and is answered as InternalFailure.
        """
        from botocore.exceptions import ClientError

        if path not in self._functions:
            return {"error": "AccessDenied", "message": "nothing answers here", "status": 403}
        operation, function = self._functions[path]
        try:
            return serialised(operation, function(_read(operation, question)))
        except ClientError as error:
            described = error.response["Error"]
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
            return {"error": described["Code"], "message": described.get("Message", ""), "status": status}
        except Exception as error:  # noqa: BLE001 - whatever somebody's function raises fails their test
            self.errors.append(error)
            return {"error": "InternalFailure", "message": f"the test's function raised {error!r}", "status": 400}

    def close(self) -> None:
        """Stop the server, so that nothing is answered any more."""
        self._server.shutdown()
        self._server.server_close()


def _read(operation: OperationModel, question: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a call as boto3 takes them, a payload of bytes or text from the Base64 of the body."""
    shape = operation.input_shape
    if shape is None:
        return {}
    parameters = {name: _value(shape.members.get(name), value) for name, value in question["parameters"].items()}
    payload = shape.serialization.get("payload")
    if payload is not None and shape.members[payload].type_name in ("blob", "string"):
        body = base64.b64decode(question["body"])
        parameters[payload] = body if shape.members[payload].type_name == "blob" else body.decode()
    return parameters


def _value(shape: Any, value: Any) -> Any:  # noqa: PLR0911 - one kind after the other
    """A parameter from the wire, of botocore's shape or of none: bytes for a blob, numbers and booleans from texts.

    Any other value stays as it is.
    """
    kind = "" if shape is None else shape.type_name
    if kind == "structure" and isinstance(value, dict):
        return {name: _value(shape.members.get(name), item) for name, item in value.items()}
    if kind == "list" and isinstance(value, list):
        return [_value(shape.member, item) for item in value]
    if kind == "map" and isinstance(value, dict):
        return {name: _value(shape.value, item) for name, item in value.items()}
    if isinstance(value, str):
        if kind == "blob":
            return base64.b64decode(value)
        if kind in ("integer", "long"):
            return int(value)
        if kind == "boolean":
            return value == "true"
    return value
