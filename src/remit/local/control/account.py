"""The AWS on this machine as an account to deploy to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.deploy.session import connect
from remit.local.control.clients import client_arguments

if TYPE_CHECKING:
    from remit.deploy.session import Account
    from remit.local.aws import LocalAws


def account_of(aws: LocalAws) -> Account:
    """The account of a running AWS, reached with the project's own keys."""
    arguments = client_arguments(aws)
    credentials = {name: arguments[name] for name in ("aws_access_key_id", "aws_secret_access_key")}
    return connect(region=aws.region, endpoint=aws.url, credentials=credentials)
