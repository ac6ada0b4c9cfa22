"""An account whose answers a test gives, at the door of the SDK: no request is sent, and no server runs.

Each answer is held against botocore's model of the operation, so that no test rests on one which AWS cannot give.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.awsrequest import AWSResponse
from botocore.validate import ParamValidator

from remit.deploy.session import Account

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBER: Final = "111122223333"
HERE: Final = "http://127.0.0.1:1"
"""The endpoint of an account that counts as this machine's, where nobody waits long."""


@dataclass(frozen=True)
class Refused:
    """An error that AWS answers."""

    code: str
    message: str = ""
    status: int = 400


@dataclass
class Answers:
    """What an account answers by `service.Operation`: an answer, a function of the parameters, or a list in turn.

    Of a list the last stays. `asked` are the operations that were called, with their parameters.
    """

    by_operation: dict[str, Any]
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def answer(self, operation: str, parameters: dict[str, Any]) -> Any:
        self.asked.append((operation, parameters))
        answer = self.by_operation[operation]
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        return answer(**parameters) if callable(answer) else answer

    def calls(self, operation: str) -> list[dict[str, Any]]:
        """The parameters of each call of an operation."""
        return [parameters for name, parameters in self.asked if name == operation]


@cache
def _session() -> Any:
    return boto3.session.Session("AKIDX", "x", region_name="eu-central-1")


def answering(
    answers: dict[str, Any], *, local: bool = False, caller: str = f"arn:aws:iam::{NUMBER}:user/ann"
) -> tuple[Account, Answers]:
    """An account that answers so, and what it was asked; `local`: it counts as the AWS on this machine."""
    given = Answers(answers)
    account = Account(NUMBER, "eu-central-1", "aws", _session(), HERE if local else None, caller)
    for service in {operation.partition(".")[0] for operation in answers}:
        account._clients[service] = _client(service, given.answer)
    return account, given


def _client(service: str, answer: Callable[[str, dict[str, Any]], Any]) -> Any:
    client = _session().client(service, endpoint_url="https://aws.invalid")
    asked = threading.local()  # several threads share a client

    def note(params: dict[str, Any], **_: Any) -> None:
        asked.parameters = dict(params)

    def respond(model: Any, **_: Any) -> Any:
        value = answer(f"{service}.{model.name}", asked.parameters)
        if isinstance(value, Refused):
            error = {"Code": value.code, "Message": value.message}
            parsed = {"Error": error, "ResponseMetadata": {"HTTPStatusCode": value.status, "HTTPHeaders": {}}}
            return AWSResponse("", value.status, {}, None), parsed
        if model.output_shape is not None:
            report = ParamValidator().validate(value, model.output_shape)
            assert not report.has_errors(), report.generate_report()
        return AWSResponse("", 200, {}, None), {**value, "ResponseMetadata": {"HTTPStatusCode": 200}}

    client.meta.events.register_first(f"provide-client-params.{service}", note)
    client.meta.events.register_first(f"before-call.{service}", respond)
    return client
