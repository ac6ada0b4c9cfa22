"""Make, on the AWS of this machine, the managed policies of the account that roles name: it begins with none.

`config/policies/NAME.json` has the text of one. A permissions boundary without a file gets a stand-in that allows
everything, so that an app can be run whose boundary somebody else writes.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from remit.deploy.aws_errors import if_there, remit_errors
from remit.errors import Mistakes, RemitError
from remit.iam.policy import Policy, allow, render
from remit.roles.reference_names import fill_references
from remit.source.layout import POLICIES
from remit.triggers.existing_sources import BOUNDARY, MANAGED_POLICY

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.build import Built
    from remit.deploy.session import Account
    from remit.triggers.existing_sources import ExistingSource

_EVERYTHING: Final = Policy((allow("*"),))


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
            _make(source, built, account.preparing, note, only_looks=only_looks)
    mistakes.refuse()


def _make(
    source: ExistingSource, built: Built, account: Account, note: Callable[[str], None], *, only_looks: bool
) -> None:
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
