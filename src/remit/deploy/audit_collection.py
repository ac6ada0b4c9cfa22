"""Gather all files of an audit, of one account or of a whole organization: read-only, and going on where it stopped.

A page of an account is written as soon as it is there, so that whoever is stopped goes on with the next one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from remit.audit.resource_policies import INCOMPLETE
from remit.deploy.aws_errors import code, remit_errors
from remit.deploy.collected_policies import CALLS, collected_policies
from remit.deploy.session import Account, connect, session_credentials
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


DEFAULT_ROLE: Final = "OrganizationAccountAccessRole"
"""The role that Organizations makes in the accounts that it creates."""
_ACCOUNT_ACTIONS: Final = ("iam:GetAccountAuthorizationDetails",)
_ORGANIZATION_ACTIONS: Final = (
    "organizations:DescribeOrganization", "organizations:DescribePolicy", "organizations:ListAccountsForParent",
    "organizations:ListOrganizationalUnitsForParent", "organizations:ListPoliciesForTarget", "organizations:ListRoots",
)  # fmt: skip

_PAGE_SIZE: Final = 300
"""Users, groups, roles and policies of a page: IAM gives a thousand at most."""
_POLICY_TYPES: Final = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY")
_NOT_ENABLED: Final = frozenset({"PolicyTypeNotEnabledException", "PolicyTypeNotAvailableForOrganizationException"})


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
    """Write the files into the folder; return what could not be gathered: calls and roles that AWS refuses.

    With a role: `organization.json`, and the files of each active account of the organization. What an earlier run
    wrote whole is kept and not asked for again, but `organization.json`. RemitError: the organization cannot be read.
    """
    failures: list[Uncollected] = []
    if collecting.role is None:
        failures += _collect_one(account, collecting, progress)
        return tuple(failures)
    organization = collected_organization(account)
    write_json(collecting.folder / "organization.json", organization)
    for row in organization["Accounts"]:
        number = str(row["Id"])
        if row.get("Status", "ACTIVE") != "ACTIVE":  # nobody can assume a role of a suspended account
            continue
        try:
            member = account
            if number != account.account:
                arn = f"arn:{account.partition}:iam::{number}:role/{collecting.role}"
                with remit_errors():
                    session = account.client("sts").assume_role(RoleArn=arn, RoleSessionName="remit-audit")
                credentials = session_credentials(session["Credentials"])
                member = connect(region=account.region, endpoint=account.endpoint, credentials=credentials)
        except RemitError as error:
            failures.append(Uncollected(number, error))
            continue
        failures += _collect_one(member, collecting, progress)
    return tuple(failures)


def _collect_one(account: Account, collecting: Collecting, progress: Callable[[str], None]) -> Iterator[Uncollected]:
    """Gather one account into the files of `collecting.folder`; what AWS refuses is yielded, and the rest goes on.

    Resource policies that were gathered whole before are not asked for again. Where a part is refused, they go to
    another file, which the next run replaces.
    """
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
    # Clients are kept by service, and each is of one region.
    regional = [replace(account, region=region, _clients={}) for region in collecting.regions] or [account]
    places = [(calls, place) for calls in CALLS for place in (regional[:1] if calls.service == "s3" else regional)]
    for calls, place in places:  # buckets are listed once
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


def needed_policy(role: str | None = None, *, with_resources: bool = True) -> dict[str, Any]:
    """The policy that whoever collects needs, also to assume `role` in each account of an organization.

    That role needs the first statement alone.
    """
    of_resources = tuple(action for calls in CALLS for action in calls.actions) if with_resources else ()
    statements: list[dict[str, Any]] = [
        {"Effect": "Allow", "Action": sorted((*_ACCOUNT_ACTIONS, *of_resources)), "Resource": "*"}
    ]
    if role is not None:
        statements.append({"Effect": "Allow", "Action": list(_ORGANIZATION_ACTIONS), "Resource": "*"})
        roles = f"arn:*:iam::*:role/{role}"  # of any partition: no role of another can be assumed
        statements.append({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": roles})
    return {"Version": "2012-10-17", "Statement": statements}


def collect_account(account: Account, folder: Path) -> int:
    """Write the pages of an account that are not there yet, `NUMBER-0001.json` first; return how many there are then.

    It goes on behind the last page that is there; if that was the account's last one, nothing is asked. RemitError: AWS
    refuses; what was written stays.
    """
    pages = sorted(folder.glob(f"{account.account}-*.json"))
    marker = None
    if pages:
        last_page = json.loads(pages[-1].read_text("utf-8"))
        marker = last_page.get("Marker") if last_page.get("IsTruncated") else None
        if marker is None:
            return len(pages)
    iam = account.client("iam")
    number = len(pages)
    while True:
        arguments: dict[str, Any] = {"MaxItems": _PAGE_SIZE} | ({"Marker": marker} if marker else {})
        with remit_errors():
            page = iam.get_account_authorization_details(**arguments)
        page.pop("ResponseMetadata", None)  # of the call, and not of the account: another run has another
        number += 1
        write_json(folder / f"{account.account}-{number:04}.json", page)
        if not page.get("IsTruncated"):
            return number
        marker = page["Marker"]


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file as a whole: whoever is stopped leaves no half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(value, indent=1, default=str) + "\n", "utf-8")
    part.replace(path)


def collected_organization(account: Account) -> dict[str, Any]:
    """The organization of an account that may read it, as one document. RemitError: AWS refuses, or there is none.

    Each root, unit and account has the ids of its own policies (`Policies`), not of those it inherits; types of
    policies that are not enabled are left out. Units and accounts have the id of their parent.
    """
    client = account.client("organizations")
    attached: set[str] = set()

    def items(operation: str, member: str, **arguments: str) -> list[dict[str, Any]]:
        """The items of all pages of a list. RemitError: AWS refuses."""
        with remit_errors():
            pages = client.get_paginator(operation).paginate(**arguments)
            return [item for page in pages for item in page.get(member, ())]

    def with_policies(target: dict[str, Any]) -> dict[str, Any]:
        """A root, unit or account with the ids of its policies."""
        identifiers = []
        for kind in _POLICY_TYPES:
            try:
                summaries = items("list_policies_for_target", "Policies", TargetId=target["Id"], Filter=kind)
            except RemitError as error:
                if code(error.__cause__ or error) in _NOT_ENABLED:
                    continue
                raise
            identifiers += [str(summary["Id"]) for summary in summaries]
        attached.update(identifiers)
        return {**target, "Policies": identifiers}

    with remit_errors():
        about = client.describe_organization()["Organization"]
    roots = [with_policies(root) for root in items("list_roots", "Roots")]
    units: list[dict[str, Any]] = []
    accounts: list[dict[str, Any]] = []
    parents = [str(root["Id"]) for root in roots]
    while parents:
        parent = parents.pop(0)
        below = items("list_organizational_units_for_parent", "OrganizationalUnits", ParentId=parent)
        members = items("list_accounts_for_parent", "Accounts", ParentId=parent)
        units += (with_policies({**unit, "ParentId": parent}) for unit in below)
        accounts += (with_policies({**member, "ParentId": parent}) for member in members)
        parents += (str(unit["Id"]) for unit in below)
    policies = []
    for identifier in sorted(attached):
        with remit_errors():
            policy = client.describe_policy(PolicyId=identifier)["Policy"]
        policies.append({"PolicySummary": policy["PolicySummary"], "Content": policy["Content"]})
    return {
        "Organization": about,
        "Roots": roots,
        "OrganizationalUnits": units,
        "Accounts": accounts,
        "Policies": policies,
    }
