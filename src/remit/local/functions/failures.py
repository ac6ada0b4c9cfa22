"""Lambda's answers for invocations that the function itself did not answer.

Sources: "Troubleshoot execution issues in Lambda", "Troubleshoot invocation issues in Lambda", and answers of Lambda.
"""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an invocation failed: Lambda's type of error, and its message without the request's id."""

    error_type: str
    message: str

    def payload(self, request_id: str) -> bytes:
        """The answer to whoever invoked."""
        message = f"RequestId: {request_id} Error: {self.message}"
        return json.dumps({"errorType": self.error_type, "errorMessage": message}).encode()


RESPONSE_TOO_LARGE: Final = "Function.ResponseSizeTooLarge"
EXIT_ERROR: Final = "Runtime.ExitError"
TIMED_OUT: Final = "Sandbox.Timedout"


def timed_out(seconds: float) -> Failure:
    """The function did not answer in its time."""
    return Failure(TIMED_OUT, f"Task timed out after {seconds:.2f} seconds")


def exited(status: int) -> Failure:
    """The function's process ended; `status` is negative for a signal."""
    if status == 0:
        return Failure(EXIT_ERROR, "Runtime exited without providing a reason")
    if status > 0:
        return Failure(EXIT_ERROR, f"Runtime exited with error: exit status {status}")
    name = (signal.strsignal(-status) or str(-status)).partition(":")[0].lower()  # macOS says "Killed: 9"
    return Failure(EXIT_ERROR, f"Runtime exited with error: signal: {name}")


def response_too_large(size: int, largest: int) -> Failure:
    """The function answered with more than Lambda takes."""
    return Failure(
        RESPONSE_TOO_LARGE,
        f"Response payload size ({size} bytes) exceeded maximum allowed payload size ({largest} bytes).",
    )
