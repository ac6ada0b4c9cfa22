"""Gather all files of an audit, of one account or of a whole organization: read-only, and going on where it stopped."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from remit.audit.resource_policies import INCOMPLETE
from remit.deploy.aws_errors import remit_errors
from remit.deploy.collected_account import collect_account, collected_organization, write_json
from remit.deploy.collected_policies import CALLS, collected_policies
from remit.deploy.session import connect
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from remit.deploy.collected_policies import PolicyCalls
    from remit.deploy.session import Account

DEFAULT_ROLE: Final = "OrganizationAccountAccessRole"
"""The role that Organizations makes in the accounts that it creates."""
_OF_ACCOUNTS: Final = ("iam:GetAccountAuthorizationDetails",)
_OF_ORGANIZATIONS: Final = (
    "organizations:DescribeOrganization", "organizations:DescribePolicy", "organizations:ListAccountsForParent",
    "organizations:ListOrganizationalUnitsForParent", "organizations:ListPoliciesForTarget", "organizations:ListRoots",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Collecting:
    """The folder into which files are gathered, and their count.

    `role` is assumed in each account of the organization; None: one account alone. `regions` are those of the
    resources; empty: the connection's.
    """

    folder: Path
    role: str | None = None
    regions: tuple[str, ...] = ()
    with_resources: bool = True


@dataclass(frozen=True, slots=True)
class Uncollected:
    """Something that could not be gathered: of which account, and why."""

    account: str
    error: RemitError


def collect(account: Account, collecting: Collecting, progress: Callable[[str], None]) -> tuple[Uncollected, ...]:
    """Gather the files; what could not be gathered comes back, the rest is there. RemitError: nothing could be."""
    failures: list[Uncollected] = []
    if collecting.role is None:
        failures += _collect_one(account, collecting, progress)
        return tuple(failures)
    organization = collected_organization(account)
    write_json(collecting.folder / "organization.json", organization)
    for row in organization["Accounts"]:
        number = str(row["Id"])
        if row.get("Status", "ACTIVE") != "ACTIVE":
            continue
        try:
            member = account if number == account.account else _member(account, number, collecting.role)
        except RemitError as error:
            failures.append(Uncollected(number, error))
            continue
        failures += _collect_one(member, collecting, progress)
    return tuple(failures)


def _collect_one(account: Account, collecting: Collecting, progress: Callable[[str], None]) -> Iterator[Uncollected]:
    """Gather one account; what AWS refuses comes back."""
    try:
        pages = collect_account(account, collecting.folder / "accounts")
        progress(f"{account.account}: {pages} page{'' if pages == 1 else 's'} of users, groups, roles and policies")
    except RemitError as error:
        yield Uncollected(account.account, error)
    if not collecting.with_resources:
        return
    path = collecting.folder / "resource-policies" / f"{account.account}.json"
    if path.exists():
        return
    rows: list[dict[str, str]] = []
    is_complete = True
    for calls, place in _places(account, collecting.regions):
        refusals: list[RemitError] = []
        try:
            for row in collected_policies(place, calls):
                if isinstance(row, RemitError):
                    refusals.append(row)
                else:
                    rows.append(row)
        except RemitError as error:
            refusals.append(error)
        is_complete = is_complete and not refusals
        yield from (Uncollected(account.account, error) for error in refusals)
        progress(f"{account.account}: {len(rows):,} resources with a policy, after {calls.service} in {place.region}")
    incomplete = path.with_suffix(INCOMPLETE)
    write_json(path if is_complete else incomplete, rows)
    if is_complete:
        incomplete.unlink(missing_ok=True)


def _places(account: Account, regions: tuple[str, ...]) -> Iterator[tuple[PolicyCalls, Account]]:
    """Each kind of resource in each region; buckets are listed once."""
    places = [replace(account, region=region, _clients={}) for region in regions] if regions else [account]
    for calls in CALLS:
        for place in places[:1] if calls.service == "s3" else places:
            yield calls, place


def _member(account: Account, number: str, role: str) -> Account:
    """A member account, by its role."""
    arn = f"arn:{account.partition}:iam::{number}:role/{role}"
    with remit_errors():
        session = account.client("sts").assume_role(RoleArn=arn, RoleSessionName="remit-audit")
    keys = session["Credentials"]
    credentials = {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretAccessKey"],
        "aws_session_token": keys["SessionToken"],
    }
    return connect(region=account.region, endpoint=account.endpoint, credentials=credentials)


def needed_policy(role: str | None = None, *, with_resources: bool = True) -> dict[str, Any]:
    """The policy that whoever collects needs; the role in each account needs the first statement alone."""
    of_resources = tuple(action for calls in CALLS for action in calls.actions) if with_resources else ()
    statements: list[dict[str, Any]] = [
        {"Effect": "Allow", "Action": sorted((*_OF_ACCOUNTS, *of_resources)), "Resource": "*"}
    ]
    if role is not None:
        statements.append({"Effect": "Allow", "Action": list(_OF_ORGANIZATIONS), "Resource": "*"})
        roles = f"arn:aws:iam::*:role/{role}"
        statements.append({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": roles})
    return {"Version": "2012-10-17", "Statement": statements}
