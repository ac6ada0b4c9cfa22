"""What `remit dev` asks the AWS on this machine about one function."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from remit.errors import RemitError
from remit.local.routes import FUNCTIONS
from remit.local.signed_request import ask

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from remit.local.aws import LocalAws

_OK = 200


def serve_code(aws: LocalAws, function: str, folder: Path | None) -> None:
    """Serve a function's code from a folder from its next invocation on, and again whenever it has changed.

    What the folder does not have, such as dependencies, comes from the deployed zip. With None, all comes from the zip
    again. `function` is the deployed name.

    Raises:
        RemitError: if there is no such folder, or nothing answers.
    """
    _post(aws, function, "code", {"folder": None if folder is None else str(folder.resolve())})


def _post(aws: LocalAws, function: str, what: str, document: Mapping[str, Any]) -> Mapping[str, Any]:
    response = ask(aws, "remit", "POST", f"{FUNCTIONS}{function}/{what}", body=json.dumps(document).encode())
    answer: Mapping[str, Any] = response.document()
    if response.status != _OK:
        raise RemitError(f"function `{function}`: {answer.get('message', 'the AWS on this machine refused')}")
    return answer
