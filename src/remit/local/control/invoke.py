"""Invoke a function of the AWS on this machine, as `deploy.invoke` does on AWS."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from remit.deploy.invoke import Answer, answer_of
from remit.errors import RemitError
from remit.local.control.server_commands import NO_ACCESS, accesses
from remit.local.control.signed_request import ask

if TYPE_CHECKING:
    from remit.local.authorization.access_log import AccessRecord
    from remit.local.state_files import LocalAws

_LONGEST = 910.0  # seconds; a function may run for fifteen minutes ("Lambda quotas")
_NOT_FOUND = 404


def has_aliases(aws: LocalAws, name: str) -> bool:
    """Return whether the function has an alias, by which it may have to be called.

    A function that is not there has none.
    """
    response = ask(aws, "GET", f"/2015-03-31/functions/{quote(name)}/aliases", service="lambda", region=aws.region)
    return response.is_ok and bool(response.document().get("Aliases"))


def invoke_locally(aws: LocalAws, name: str, event: Any) -> Answer | None:
    """Invoke the function of this name (`NAME` or `NAME:ALIAS`) with an event (any JSON), and wait for its answer.

    None: there is no such function. RemitError (1): Lambda refuses the call; (69): nothing answers.
    """
    response = ask(
        aws,
        "POST",
        f"/2015-03-31/functions/{quote(name, safe='')}/invocations",
        service="lambda",
        body=json.dumps(event).encode(),
        headers={"content-type": "application/json", "x-amz-log-type": "Tail"},
        region=aws.region,
        patience=_LONGEST,
    )
    if response.status == _NOT_FOUND:
        return None
    if not response.is_ok:
        document = response.document()
        code = response.headers.get("x-amzn-errortype") or document.get("__type") or document.get("code")
        message = document.get("Message") or document.get("message") or "no reason is given"
        reason = f"{code}: {message}" if code else message
        raise RemitError(f"the AWS on this machine does not invoke {name}: {reason}", exit_code=1)
    headers = response.headers
    request_id = headers.get("x-amzn-requestid", "")
    failed = "x-amz-function-error" in headers
    return answer_of(response.body, headers.get("x-amz-log-result", ""), request_id, failed=failed)


@dataclass(frozen=True, slots=True)
class LocalInvocation:
    """The answer of a function, and the accesses of its calls in their order."""

    answer: Answer
    accesses: tuple[AccessRecord, ...]


def invoke_and_watch(aws: LocalAws, name: str, event: Any) -> LocalInvocation | None:
    """As `invoke_locally`, with the accesses of this invocation; None: there is no such function.

    Calls of the function's that do not say their invocation count as this one's.
    """
    before, _ = accesses(aws, after=NO_ACCESS)  # asks for no record, only for the number of the last
    answer = invoke_locally(aws, name, event)
    if answer is None:
        return None
    _, records = accesses(aws, after=before)
    function = name.partition(":")[0]
    own = (record for record in records if record.function == function)
    # A call by another SDK than boto3 does not say by which invocation it was made.
    return LocalInvocation(answer, tuple(record for record in own if record.request_id in ("", answer.request_id)))
