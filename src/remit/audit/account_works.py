"""The work on each account: its files, the roles elsewhere that trust it, and its resources."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

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

_EVERY_ACCOUNT: Final = "*"
"""What concerns all accounts: a role that trusts everybody, and files of no account, which may hold AWS's policies."""


def accounts_of_files(summaries: _Summaries) -> set[str]:
    """The accounts of which files have something."""
    return {account for summary in summaries.values() for account in summary.accounts}


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
    arns = dict(ids.arns)
    ids_of: dict[str, set[str]] = defaultdict(set)
    roles: dict[str, dict[OpenRole, int]] = defaultdict(dict)
    for position, open_role in enumerate(_open_roles(summaries)):
        named = set(_ids_in(open_role.trust))
        ids_of[account_of(open_role.arn)] |= named
        role = _with_arns_of_role(open_role, arns) if named else open_role
        # A unique id that nobody has is of no account, and concerns none.
        for name in role.names:
            roles[account_of(name) or name][role] = position
    resources_of: dict[str, list[ResourcePolicy]] = defaultdict(list)
    for resource in resources:
        named = set(_ids_in(resource.text))
        ids_of[resource.account] |= named
        text = compact(with_arns(parsed(resource.text), arns)) if named & arns.keys() else resource.text
        resources_of[resource.account].append(replace(resource, text=text))
    files: dict[str, dict[AccountFile, int]] = defaultdict(dict)
    for position, (file, summary) in enumerate(summaries.items()):
        for account in summary.accounts or (_EVERY_ACCOUNT,):
            files[account][file] = position
    works = []
    for account in sorted(accounts_of_files(summaries) | resources_of.keys()):
        # Several files and roles concern an account by itself and as one of all: each counts once, in its place.
        own_files = files[_EVERY_ACCOUNT] | files[account]
        trusting = roles[_EVERY_ACCOUNT] | roles[account]
        foreign_roles = (role for role in sorted(trusting, key=trusting.__getitem__) if account_of(role.arn) != account)
        own_ids = ids_of[account]
        known_ids = tuple((name, arns[name]) for name in sorted(own_ids & arns.keys()))
        works.append(
            AccountWork(
                account,
                tuple(sorted(own_files, key=own_files.__getitem__)),
                tuple(foreign_roles),
                tuple(resources_of[account]),
                usages.get(account),
                PrincipalIds(known_ids, ids.missing_accounts if own_ids - arns.keys() else ()),
            )
        )
    return tuple(works)


def _with_arns_of_role(role: OpenRole, arns: Mapping[str, str]) -> OpenRole:
    names = tuple(sorted({arns.get(name, name) for name in role.names}))
    return replace(role, names=names, trust=compact(with_arns(document_value(role.trust), arns)))


def _open_roles(summaries: _Summaries) -> Iterator[OpenRole]:
    return (role for summary in summaries.values() for role in summary.open_roles)


def _ids_in(text: str) -> Iterable[str]:
    """The ids that a policy names, of its text."""
    return principal_ids(parsed(text)) if may_have_ids(text) else ()
