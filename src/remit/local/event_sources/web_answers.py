"""Answers to callers on the web when a function fails or returns none: `Internal Server Error`, as on AWS.

The emulator answers with the exception and its stack, which belong in the function's log alone.

Sources: "Handling Lambda errors with an API Gateway API", "Invoking Lambda function URLs" (AWS Lambda Developer Guide),
"Handle Lambda errors in API Gateway", "Output format of a Lambda function for proxy integration" (Amazon API Gateway
Developer Guide).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from remit.local.emulator import emulated, instead_of

_BAD_GATEWAY: Final = 502
_SERVER_ERROR: Final = 500
_JSON: Final = {"Content-Type": "application/json"}
_REST_MESSAGE: Final = "Internal server error"
_REST_MEMBERS: Final = frozenset({"isBase64Encoded", "statusCode", "headers", "multiValueHeaders", "body"})


def say_nothing_of_failures() -> None:
    """Answer callers of function URLs and APIs as AWS does, in the process that serves."""
    functions = emulated("services.lambda_svc")
    rest_apis = emulated("services.apigateway_v1")

    @instead_of(functions, "lambda_execute_result_to_api_proxy_response")
    def answered(answer_of: Any, result: Mapping[str, Any]) -> tuple[dict[str, Any] | None, str | None]:
        if result.get("error") and not result.get("throttle"):
            return _failed(_BAD_GATEWAY), None
        answer, problem = answer_of(result)
        if answer is not None and not _is_answer(answer):
            return _failed(_BAD_GATEWAY), None
        return answer, problem

    @instead_of(rest_apis, "_lambda_proxy_response")
    def answered_by_rest_api(
        rest_answer_of: Any, result: Mapping[str, Any]
    ) -> tuple[dict[str, Any] | None, str | None]:
        if result.get("throttle"):
            return _failed(_SERVER_ERROR, _REST_MESSAGE), None
        if result.get("error") or not _is_rest_answer(result.get("body")):
            return None, _REST_MESSAGE
        rest_answer: tuple[dict[str, Any] | None, str | None] = rest_answer_of(result)
        return rest_answer


def _failed(status: int, message: str = "Internal Server Error") -> dict[str, Any]:
    return {"statusCode": status, "headers": _JSON, "body": json.dumps({"message": message}, separators=(",", ":"))}


def _is_answer(answer: Mapping[str, Any]) -> bool:
    """Return whether an answer with a status can be sent: its body is a text, its headers are an object."""
    return (
        str(answer.get("statusCode")).isdecimal()
        and isinstance(answer.get("body") or "", str)
        and isinstance(answer.get("headers") or {}, Mapping)
    )


def _is_rest_answer(payload: Any) -> bool:
    """Return whether a REST API takes what a function returned: an object with these members, and no others."""
    if not isinstance(payload, Mapping) or not payload.keys() <= _REST_MEMBERS:
        return False
    return _is_answer({"statusCode": 200, **payload})
