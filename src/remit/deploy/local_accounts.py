"""Make, on the AWS of this machine, what other accounts have for the app: queues, topics, tables, keys.

`config/local/ACCOUNT.yaml` (or `.json`) is a template of CloudFormation, which a deploy makes in the account of that
number, in the app's region, before the app. The policies of its resources say what the app may do with them.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from remit.deploy.changeset import PlanRequest, Stuck, plan
from remit.deploy.delete import delete
from remit.deploy.execute import execute, failure
from remit.deploy.session import connect
from remit.documents.read import read_as_written
from remit.errors import Mistakes, Origin, RemitError
from remit.source.layout import LOCAL_ACCOUNTS

if TYPE_CHECKING:
    from pathlib import Path

    from remit.deploy.session import Account

_FILE: Final = re.compile(r"([0-9]{12})\.(?:json|yaml|yml)")
_STACK: Final = "remit-local"


def make_local_accounts(folder: Path, account: Account) -> None:
    """Make or update the stack of each account that `config/local/` has a template for.

    RemitError has each file that names no account or is no template, and each stack that cannot be made. In an account
    of AWS, nothing.
    """
    if not account.local or not (folder / LOCAL_ACCOUNTS).is_dir():
        return
    mistakes = Mistakes()
    for path in sorted((folder / LOCAL_ACCOUNTS).iterdir()):
        file = path.relative_to(folder).as_posix()
        number = _FILE.fullmatch(path.name)
        with mistakes.noted():
            if number is None or number[1] == account.account:
                raise RemitError(
                    f"{path.name!r} is not the name of another account's template",
                    hint="name it after the account: `111122223333.yaml`",
                    origin=Origin(file),
                )
            root = account.preparing
            keys = root.session.get_credentials()
            credentials = {
                "aws_access_key_id": keys.access_key,
                "aws_secret_access_key": keys.secret_key,
                "aws_session_token": number[1],  # by which the server knows the account, in which root may do anything
            }
            member = connect(region=root.region, endpoint=root.endpoint, credentials=credentials)
            _make(member, path.read_bytes(), file)
    mistakes.refuse()


def _make(account: Account, content: bytes, file: str) -> None:
    template = read_as_written(content, file).value
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        raise RemitError("this is no template: it has no resources", hint="write `Resources:`", origin=Origin(file))
    request = PlanRequest(_STACK, json.dumps(template))
    try:
        planned = plan(account, request)
    except Stuck:  # what it made before failed
        delete(account, _STACK, lambda _: None)
        planned = plan(account, request)
    if planned is None:
        return
    outcome = execute(account, planned, lambda _: None)
    if not outcome.ok:
        error = failure(outcome, None)
        error.origin = Origin(file)
        raise error
