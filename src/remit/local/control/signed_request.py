"""One signed request to the AWS on this machine, without an SDK: importing one takes longer than the request."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from remit.errors import RemitError
from remit.local.signature import signed_headers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.local.state_files import LocalAws, Record

_PATIENCE = 30.0
_OK = 200
_UNAVAILABLE = 69  # EX_UNAVAILABLE of sysexits.h


OWN_HEADERS: Final[dict[str, str]] = {}
"""What this process says with each of its requests, by the names of headers in lower case."""


@dataclass(frozen=True, slots=True)
class LocalResponse:
    """The answer of the AWS on this machine: the status, the headers by their names in lower case, and the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_ok(self) -> bool:
        """True for status 200."""
        return self.status == _OK

    def document(self) -> Any:
        """The body as JSON. RemitError (69): it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise RemitError(
                f"the AWS on this machine answered {self.status} and no JSON", exit_code=_UNAVAILABLE
            ) from None


def ask(
    server: LocalAws | Record,
    method: str,
    path: str,
    *,
    service: str = "remit",
    query: str = "",
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    region: str = "local",
    patience: float = _PATIENCE,
) -> LocalResponse:
    """Send one request with the project's own keys, and wait `patience` seconds for the answer, of whatever status.

    `service` and `region` are what the request is signed for: a service of AWS where it works, else the server itself.
    `headers` are further ones, by their names in lower case; `OWN_HEADERS` are sent as well. RemitError (69): nothing
    answers, or not in time.
    """
    signed = signed_headers(
        server.access_key_id,
        server.secret_access_key,
        method,
        f"127.0.0.1:{server.port}",
        path,
        datetime.now(UTC),
        query=query,
        body=body,
        further={**OWN_HEADERS, **(headers or {})},
        region=region,
        service=service,
    )
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=patience)
    try:
        target = f"{path}?{query}" if query else path
        connection.request(method, target, body=body, headers=signed)
        response = connection.getresponse()
        named = {name.lower(): value for name, value in response.getheaders()}
        return LocalResponse(response.status, named, response.read())
    except TimeoutError:
        raise RemitError(
            f"the AWS on this machine did not answer within {patience:.0f} s", exit_code=_UNAVAILABLE
        ) from None
    except (OSError, http.client.HTTPException) as error:
        raise RemitError(
            f"the AWS on this machine does not answer: {error}",
            hint="`remit local status` shows whether it runs",
            exit_code=_UNAVAILABLE,
        ) from None
    finally:
        connection.close()


def command(server: LocalAws, path: str, *, query: str = "", document: Mapping[str, Any] | None = None) -> Any:
    """Have the server itself do something, at a path of `remit.local.routes`; its answer, from JSON.

    RemitError (2): the server refuses it, with its reason; (69): nothing answers, or no JSON.
    """
    body = b"" if document is None else json.dumps(document).encode()
    response = ask(server, "POST", path, query=query, body=body)
    if not response.is_ok:
        answer = response.document()
        reason = answer.get("message") if isinstance(answer, dict) else None
        raise RemitError(reason or f"the AWS on this machine answered {response.status} to {path}")
    return response.document()
