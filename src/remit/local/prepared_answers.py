"""Answers that a test gives in the place of services: to a call that is allowed, whether the service is here or not."""

from __future__ import annotations

import asyncio
import base64
import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from remit.local.request import RefusedRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.local.authorization.canonical_request import CanonicalRequest

_PATIENCE: Final = 60.0
# The proxy of the user's environment would be asked for an address of this machine.
_DIRECT: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Answered(Exception):
    """A request that is answered already: the status, the headers and the body."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers
        self.body = body


@dataclass(frozen=True, slots=True)
class PreparedAnswers:
    """The answers of one server, by the client of boto3 and the operation."""

    _answers: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)

    def prepare(self, document: Mapping[str, Any]) -> dict[str, bool]:
        """Keep an answer for its operation, in the place of an earlier one; with `forget`, forget all answers.

        `control/answers.py` writes the documents.
        """
        if document.get("forget"):
            self._answers.clear()
        else:
            self._answers[document["client"], document["operation"]] = document
        return {"prepared": True}

    async def answer(self, asked: CanonicalRequest) -> None:
        """Raise the answer to a request for which a test has prepared one; return for any other.

        Raises:
            Answered: there is one.
            RefusedRequest: the answer is an error of AWS's, or the test does not give one in time.
        """
        document = self._answers.get((asked.operation.client, asked.operation.name))
        if document is None:
            return
        if "address" in document:
            question = {"parameters": asked.parameters, "body": base64.b64encode(asked.body).decode()}
            document = await asyncio.to_thread(_answer_of_test, document["address"], question)
        if "error" in document:
            raise RefusedRequest(document["error"], document["message"], document["status"])
        raise Answered(200, document["headers"], base64.b64decode(document["body"]))


def _answer_of_test(address: str, question: Mapping[str, Any]) -> Mapping[str, Any]:
    """Ask the process of the tests for an answer. RefusedRequest: it gives none in time, or no JSON."""
    request = urllib.request.Request(address, json.dumps(question, default=str).encode())  # noqa: S310 - of this machine
    try:
        with _DIRECT.open(request, timeout=_PATIENCE) as response:
            answer: Mapping[str, Any] = json.load(response)
    except (OSError, ValueError) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()
        raise RefusedRequest("InternalFailure", f"the test does not answer: {error}", 500) from None
    return answer
