"""The work on each account: its files, the roles elsewhere that trust it, and its resources."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from remit.audit.account_audit import AccountWork
from remit.audit.documents import document_value
from remit.audit.json_bytes import compact, parsed
from remit.audit.principal_ids import PrincipalIds, may_have_ids, principal_ids, with_arns
from remit.audit.trail import account_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from remit.audit.folder import AccountFile, FileSummary, OpenRole
    from remit.audit.resource_policies import ResourcePolicy
    from remit.audit.unused_access import Usage

    _Summaries = Mapping[AccountFile, FileSummary]


def accounts_of_files(summaries: _Summaries) -> set[str]:
    """The accounts of which files have something."""
    return {account for summary in summaries.values() for account in summary.accounts}


def whole_accounts(summaries: _Summaries) -> set[str]:
    """The accounts of which files have everything: no page is cut off, and a last one is there."""
    return {account for summary in summaries.values() if summary.is_last for account in summary.accounts}


def named_ids(summaries: _Summaries, resources: Iterable[ResourcePolicy]) -> frozenset[str]:
    """The unique ids that trust policies and the policies of resources name."""
    ids: set[str] = set()
    for role in _open_roles(summaries):
        ids.update(_ids_in(role.trust))
    for resource in resources:
        ids.update(_ids_in(resource.text))
    return frozenset(ids)


def account_works(
    summaries: _Summaries,
    resources: Sequence[ResourcePolicy],
    usages: Mapping[str, Usage],
    ids: PrincipalIds,
) -> tuple[AccountWork, ...]:
    """The work of each account of the files and of the resources, in the order of their numbers."""
    works = _Works(ids)
    works.add_files(summaries)
    for resource in resources:
        works.add_resource(resource)
    accounts = accounts_of_files(summaries) | {resource.account for resource in resources}
    return tuple(works.work(account, usages.get(account)) for account in sorted(accounts))


class _Works:
    """Files, roles and resources by the accounts that they concern; what concerns all accounts is under `*`."""

    def __init__(self, ids: PrincipalIds) -> None:
        self._ids = ids
        self._arns = dict(ids.arns)
        self._ids_by_account: dict[str, set[str]] = {}
        self._files: dict[str, dict[AccountFile, int]] = {}
        self._roles: dict[str, dict[OpenRole, int]] = {}
        self._resources: dict[str, list[ResourcePolicy]] = {}

    def add_files(self, summaries: _Summaries) -> None:
        """Add files and their open roles. A file without any account may hold policies of AWS, which concern all."""
        for place, (file, summary) in enumerate(summaries.items()):
            for account in summary.accounts or ("*",):
                self._files.setdefault(account, {})[file] = place
        for place, role in enumerate(_open_roles(summaries)):
            ids = set(_ids_in(role.trust))
            self._ids_by_account.setdefault(account_of(role.arn), set()).update(ids)
            known = self._with_arns(role) if ids else role
            for name in known.names:
                self._roles.setdefault(account_of(name) or name, {})[known] = place

    def _with_arns(self, role: OpenRole) -> OpenRole:
        names = tuple(sorted({self._arns.get(name, name) for name in role.names}))
        return replace(role, names=names, trust=compact(with_arns(document_value(role.trust), self._arns)))

    def add_resource(self, resource: ResourcePolicy) -> None:
        """Add a resource to its account."""
        ids = set(_ids_in(resource.text))
        self._ids_by_account.setdefault(resource.account, set()).update(ids)
        if ids & self._arns.keys():
            resource = replace(resource, text=compact(with_arns(parsed(resource.text), self._arns)))
        self._resources.setdefault(resource.account, []).append(resource)

    def work(self, account: str, usage: Usage | None) -> AccountWork:
        """Return the work on an account."""
        files = self._files.get("*", {}) | self._files.get(account, {})
        roles = self._roles.get("*", {}) | self._roles.get(account, {})
        foreign_roles = (role for role in sorted(roles, key=roles.__getitem__) if account_of(role.arn) != account)
        return AccountWork(
            account,
            tuple(sorted(files, key=files.__getitem__)),
            tuple(foreign_roles),
            tuple(self._resources.get(account, ())),
            usage,
            self._ids_of_account(account),
        )

    def _ids_of_account(self, account: str) -> PrincipalIds:
        """Collect the known ids in the policies of an account."""
        ids = self._ids_by_account.get(account, set())
        arns = tuple((name, self._arns[name]) for name in sorted(ids & self._arns.keys()))
        return PrincipalIds(arns, self._ids.missing_accounts if ids - self._arns.keys() else ())


def _open_roles(summaries: _Summaries) -> Iterator[OpenRole]:
    return (role for summary in summaries.values() for role in summary.open_roles)


def _ids_in(text: str) -> Iterable[str]:
    """The ids that a policy names, of its text."""
    return principal_ids(parsed(text)) if may_have_ids(text) else ()
