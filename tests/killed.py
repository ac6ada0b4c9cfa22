"""Work in a process that is killed at a request to AWS: before it is sent, or before its answer is read."""

from __future__ import annotations

import itertools
import multiprocessing
import os
from multiprocessing import forkserver
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.httpsession import URLLib3Session

from remit.deploy.session import connect
from terminals import HANGS

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.deploy.session import Account

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    ["read_models", "remit.build", "remit.deploy.bootstrap", "remit.deploy.manual_changes", "remit.deploy.workflow"]
)
"""A server that has imported the SDK and read its models, and forks for each piece of work."""


def processes() -> Any:
    """Where processes come from that work on accounts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(
            "PYTHONPATH", str(Path(__file__).parent)
        )  # the server looks nowhere else for what it imports first
        forkserver.ensure_running()
    return _FORKS


def killed_at(operation: str, when: str, account: Account, work: Callable[..., None], *arguments: Any) -> bool:
    """Do `work(account, *arguments)`, a function of a module, until it is killed at `service.Operation`, or ends.

    A number is that of a request, whatever it asks: the first is 1.
    """
    process = processes().Process(
        target=work_until, args=(f"{operation} {when}", account.account, str(account.endpoint), work, *arguments)
    )
    process.start()
    process.join(HANGS)
    return process.exitcode == _KILLED


_KILLED = 137


def work_until(point: str, number: str, endpoint: str, work: Callable[..., None], *arguments: Any) -> None:
    """Work in this process until it is killed at a point such as `s3.PutObject before`; none: to the end."""
    keys = {"aws_access_key_id": number, "aws_secret_access_key": "local"}
    account = connect(region="eu-central-1", endpoint=endpoint, credentials=keys)
    operation, _, when = point.partition(" ")
    numbers = itertools.count(1)

    def die(request: Any, **_: Any) -> None:
        if operation.isdigit() and next(numbers) != int(operation):
            return
        if when == "after":
            URLLib3Session().send(request)
        os._exit(_KILLED)

    if operation.isdigit():
        account.session.events.register("before-send", die)  # of the clients that it makes from now on
    elif operation:
        service, name = operation.split(".")
        account.client(service).meta.events.register(f"before-send.{service}.{name}", die)
    work(account, *arguments)
