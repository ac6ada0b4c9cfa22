"""A boto3 session with the role of a deployed function, as the function itself has it, for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from remit.errors import RemitError
from remit.local.control.clients import session_as
from remit.local.control.signed_request import ask
from remit.local.routes import FUNCTION_SESSION

if TYPE_CHECKING:
    import boto3

    from remit.local.aws import LocalAws


def function_session(aws: LocalAws, name: str) -> boto3.Session:
    """A session of the function of this deployed name; its clients reach the AWS on this machine by themselves.

    RemitError: there is no such function.
    """
    response = ask(
        aws, "GET", f"/2015-03-31/functions/{quote(name)}/configuration", service="lambda", region=aws.region
    )
    if not response.is_ok:
        raise RemitError(f"function {name} is not deployed")
    configuration = response.document()
    query = urlencode({key: configuration[key] for key in ("FunctionArn", "Role")}, quote_via=quote, safe="-_.~")
    response = ask(aws, "POST", FUNCTION_SESSION, query=query)
    if not response.is_ok:
        raise RemitError(f"the AWS on this machine gives no session of function {name}: it answered {response.status}")
    credentials = response.document()
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    return session_as(aws, *(credentials[name] for name in names))
