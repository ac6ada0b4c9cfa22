"""What was asked of the AWS on this machine and decided, read from its server."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from remit.errors import RemitError
from remit.local.routes import ACCESS
from remit.local.signature import signed_headers

if TYPE_CHECKING:
    from remit.local.aws import LocalAws

_PATIENCE: Final = 10.0  # seconds


@dataclass(frozen=True, slots=True)
class Access:
    """One access that a request asked for, and the decision on it: allowed, denied or unknown.

    `time` is in ISO 8601. `function` is the deployed name of the function that called, `request_id` its invocation,
    `file` and `line` the place of the call in its code; they are empty, and the line 0, where that is not known.
    `because` is a sentence, empty where the access is allowed; `statement` names the statement that decided.
    """

    time: str
    caller: str
    function: str
    request_id: str
    operation: str
    action: str
    resource: str
    decision: str
    because: str
    statement: str
    file: str
    line: int


def accesses(aws: LocalAws, after: int = 0) -> tuple[int, tuple[Access, ...]]:
    """The number of the last access, and those that came after a number; the server keeps the last 5,000.

    Raises:
        RemitError: if the server does not answer.
    """
    query = f"after={after}"
    keys = (aws.access_key_id, aws.secret_access_key)
    host = f"127.0.0.1:{aws.port}"
    headers = signed_headers(*keys, "GET", host, ACCESS, datetime.now(UTC), query=query)
    connection = http.client.HTTPConnection("127.0.0.1", aws.port, timeout=_PATIENCE)
    try:
        connection.request("GET", f"{ACCESS}?{query}", headers=headers)
        content = json.loads(connection.getresponse().read())
        return int(content["last"]), tuple(Access(**record) for record in content["records"])
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        raise RemitError(
            "the AWS on this machine does not tell what it was asked", hint="`remit local stop`, and start it again"
        ) from error
    finally:
        connection.close()
