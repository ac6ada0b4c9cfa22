"""Make, on the AWS of this machine, what an app refers to and a new account has not, before the app is deployed there.

`config/policies/NAME.json` has the text of a managed policy of the account. A permissions boundary without a file gets
a stand-in that allows everything, so that an app can be run whose boundary somebody else writes.

`config/local/ACCOUNT.yaml` (or `.json`) is a template of CloudFormation for what another account has for the app:
queues, topics, tables, keys. A deploy makes it in the account of that number, in the app's region. The policies of its
resources say what the app may do with them.
"""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from remit.deploy.aws_errors import if_there, remit_errors
from remit.deploy.changeset import PlanRequest, Stuck, plan
from remit.deploy.delete import delete
from remit.deploy.execute import execute, failure
from remit.deploy.session import Account, connect
from remit.documents.read import read_as_written
from remit.errors import Mistakes, Origin, RemitError
from remit.iam.policy import Policy, allow, render
from remit.roles.reference_names import fill_references
from remit.source.layout import LOCAL_ACCOUNTS, POLICIES
from remit.triggers.existing_sources import BOUNDARY, MANAGED_POLICY, ExistingSource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from remit.build import Built

_EVERYTHING: Final = Policy((allow("*"),))
_FILE: Final = re.compile(r"([0-9]{12})\.(?:json|yaml|yml)")
_STACK: Final = "remit-local"


def make_policies(built: Built, account: Account, note: Callable[[str], None], *, only_looks: bool = False) -> None:
    """Make those of the policies that have a file, and a stand-in for a boundary that is nowhere; `note` hears of it.

    RemitError has each managed policy that is nowhere; with `only_looks` that is all. In an account of AWS, nothing.
    """
    if not account.local:
        return
    mistakes = Mistakes()
    for source in built.must_exist:
        if source.kind not in (BOUNDARY, MANAGED_POLICY):
            continue
        with mistakes.noted(), remit_errors():
            _make_policy(source, built, account.preparing, note, only_looks=only_looks)
    mistakes.refuse()


def _make_policy(
    source: ExistingSource, built: Built, account: Account, note: Callable[[str], None], *, only_looks: bool
) -> None:
    """Make a managed policy on this machine of the project's file for it.

    One that is there gets a new version where its text differs. Without a file, one that is there stays, and a missing
    boundary allows everything, which `note` hears. RemitError (2): a missing policy that is no boundary. With
    `only_looks` nothing is made.
    """
    full_name = fill_references(source.name, account.pseudo_parameters(built.namespace))
    path, _, name = f"/{full_name}".rpartition("/")
    arn = f"arn:{account.partition}:iam::{account.account}:policy/{full_name}"
    iam = account.client("iam")
    policy = built.app.policies.get(name)
    existing: Any = if_there(partial(iam.get_policy, PolicyArn=arn))
    if existing is not None:
        version = existing["Policy"]["DefaultVersionId"]
        existing = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]
    if policy is None and existing is not None:
        return
    if policy is None:
        file = f"{POLICIES}/{name}.json"
        if source.kind == MANAGED_POLICY:
            hint = f"write its text into {file}: a deploy makes it from there"
            raise RemitError(f"{source.words}, does not exist on this machine", hint=hint)
        note(
            f"note: {source.words} is not on this machine: one that allows everything stands in, until there is {file}"
        )
        policy = _EVERYTHING
    if only_looks:
        return
    document = json.dumps(render(policy))
    if existing is None:
        iam.create_policy(PolicyName=name, Path=f"{path}/", PolicyDocument=document)
    elif existing["Document"] != render(policy):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)
        iam.delete_policy_version(PolicyArn=arn, VersionId=existing["VersionId"])


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
            _make_stack(member, path.read_bytes(), file)
    mistakes.refuse()


def _make_stack(account: Account, content: bytes, file: str) -> None:
    """Deploy the template in `content`; a stack whose first deploy failed is deleted before. Errors name the file.

    RemitError (2): it is no template; (1): the deploy failed.
    """
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
