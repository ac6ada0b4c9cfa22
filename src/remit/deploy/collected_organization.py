"""Gather the tree of an organization with its SCPs and RCPs: the file that `remit audit --organization` reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.deploy.aws_errors import code, remit_errors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.deploy.session import Account

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
