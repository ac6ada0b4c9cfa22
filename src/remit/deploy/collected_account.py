"""Gather what IAM says about an account, page by page, and the tree of its organization with SCPs and RCPs.

These are the files that `remit audit` reads. A page is written as soon as it is there, so that whoever is stopped goes
on with the next one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from remit.deploy.aws_errors import code, remit_errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from remit.deploy.session import Account

_ITEMS: Final = 300
"""Users, groups, roles and policies of a page: IAM gives a thousand at most."""


def collect_account(account: Account, folder: Path) -> int:
    """Write the pages of an account that are not there yet; how many there are at the end. RemitError: AWS refuses."""
    pages = sorted(folder.glob(f"{account.account}-*.json"))
    marker = _next_marker(pages[-1]) if pages else None
    if pages and marker is None:
        return len(pages)
    iam = account.client("iam")
    number = len(pages)
    while True:
        arguments: dict[str, Any] = {"MaxItems": _ITEMS} | ({"Marker": marker} if marker else {})
        with remit_errors():
            page = iam.get_account_authorization_details(**arguments)
        page.pop("ResponseMetadata", None)
        number += 1
        write_json(folder / f"{account.account}-{number:04}.json", page)
        if not page.get("IsTruncated"):
            return number
        marker = page["Marker"]


def _next_marker(path: Path) -> str | None:
    """Return the marker of the next page; None: this page is the last."""
    page = json.loads(path.read_text("utf-8"))
    return page.get("Marker") if page.get("IsTruncated") else None


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file as a whole: whoever is stopped leaves no half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(value, indent=1, default=str) + "\n", "utf-8")
    part.replace(path)


_TYPES: Final = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY")
_NOT_ENABLED: Final = frozenset({"PolicyTypeNotEnabledException", "PolicyTypeNotAvailableForOrganizationException"})


def collected_organization(account: Account) -> dict[str, Any]:
    """The organization of an account that may read it. RemitError: AWS refuses, or there is none."""
    return _Collector(account.client("organizations")).organization()


class _Collector:
    def __init__(self, client: Any) -> None:
        self.client = client
        self.policies: dict[str, dict[str, Any]] = {}

    def organization(self) -> dict[str, Any]:
        """The lists of the file."""
        with remit_errors():
            about = self.client.describe_organization()["Organization"]
        roots = [self._with_policies(root) for root in self._pages("list_roots", "Roots")]
        units: list[dict[str, Any]] = []
        accounts: list[dict[str, Any]] = []
        parents = [str(root["Id"]) for root in roots]
        while parents:
            parent = parents.pop(0)
            below = list(self._pages("list_organizational_units_for_parent", "OrganizationalUnits", ParentId=parent))
            members = list(self._pages("list_accounts_for_parent", "Accounts", ParentId=parent))
            units += (self._with_policies({**unit, "ParentId": parent}) for unit in below)
            accounts += (self._with_policies({**member, "ParentId": parent}) for member in members)
            parents += (str(unit["Id"]) for unit in below)
        return {
            "Organization": about,
            "Roots": roots,
            "OrganizationalUnits": units,
            "Accounts": accounts,
            "Policies": [self._described(identifier) for identifier in sorted(self.policies)],
        }

    def _with_policies(self, target: dict[str, Any]) -> dict[str, Any]:
        """A root, unit or account with the ids of its policies."""
        identifiers = []
        for kind in _TYPES:
            for summary in self._policies_of(str(target["Id"]), kind):
                self.policies[str(summary["Id"])] = summary
                identifiers.append(str(summary["Id"]))
        return {**target, "Policies": identifiers}

    def _policies_of(self, target: str, kind: str) -> list[dict[str, Any]]:
        try:
            return list(self._pages("list_policies_for_target", "Policies", TargetId=target, Filter=kind))
        except Exception as error:
            if code(error.__cause__ or error) in _NOT_ENABLED:
                return []
            raise

    def _described(self, identifier: str) -> dict[str, Any]:
        with remit_errors():
            policy = self.client.describe_policy(PolicyId=identifier)["Policy"]
        return {"PolicySummary": policy["PolicySummary"], "Content": policy["Content"]}

    def _pages(self, operation: str, member: str, **arguments: str) -> Iterator[dict[str, Any]]:
        """The items of all pages of a list."""
        with remit_errors():
            for page in self.client.get_paginator(operation).paginate(**arguments):
                yield from page.get(member, ())
