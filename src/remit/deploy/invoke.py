"""Invoke a deployed function and hand back what it answered."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.deploy.aws_errors import code, remit_errors
from remit.errors import RemitError

if TYPE_CHECKING:
    from remit.deploy.session import Account


@dataclass(frozen=True, slots=True)
class Answer:
    """What a function answered: its value (JSON), whether it failed, and its last log lines."""

    value: Any
    failed: bool
    log: str


def invoke(account: Account, name: str, event: Any) -> Answer:
    """Invoke the function of this name with an event (any JSON) and wait for its answer.

    Raises RemitError when there is no such function, or the caller may not invoke it.
    """
    client = account.client("lambda", once=True)
    with remit_errors():
        try:
            raw = client.invoke(FunctionName=name, LogType="Tail", Payload=json.dumps(event).encode())
        except client.exceptions.ClientError as error:
            if code(error) != "ResourceNotFoundException":
                raise
            flag = " --local" if account.local else ""
            raise RemitError(
                f"function {name} is not deployed in {account.region}",
                hint=f"`remit deploy{flag}` deploys it; `remit status{flag}` shows what is there",
            ) from None
    text = raw["Payload"].read().decode("utf-8", "replace")
    try:
        value = json.loads(text) if text else None
    except ValueError:
        value = text
    log = base64.b64decode(raw.get("LogResult", "")).decode("utf-8", "replace")
    return Answer(value, "FunctionError" in raw, log)
