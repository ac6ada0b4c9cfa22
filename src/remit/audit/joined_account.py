"""Join the pages of an account: each identity with the documents that bear on it, and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from remit.audit.entities import KINDS, Identity, IdentityKind, InputProblem, ManagedPolicyVersions, PolicyUse
from remit.catalogue.managed_policies import managed_policy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.audit.account_pages import AccountPage
    from remit.audit.documents import Documents


@dataclass(frozen=True, slots=True)
class JoinedAccount:
    """An account: its users and roles in the order of their ARNs, its groups, and what is wrong."""

    identities: tuple[Identity, ...]
    groups: tuple[Identity, ...]
    managed: dict[str, ManagedPolicyVersions]
    problems: tuple[InputProblem, ...]


def joined_account(account: str, pages: Iterable[AccountPage], documents: Documents) -> JoinedAccount:
    """The pages of an account joined; identities of other accounts in them are left to these."""
    joining = _Joining(account, documents)
    for page in pages:
        joining.add(page)
    joining.tell_different_files()
    identities = tuple(joining.identity(identity) for _, identity in sorted(joining.identities.items()))
    groups = tuple(joining.identity(group) for _, group in sorted(joining.groups.items()))
    joining.tell_missing()
    return JoinedAccount(identities, groups, joining.managed, tuple(sorted(set(joining.problems))))


class _Joining:
    def __init__(self, account: str, documents: Documents) -> None:
        self.account = account
        self.documents = documents
        self.problems: list[InputProblem] = []
        self.identities: dict[str, Identity] = {}
        self.groups: dict[str, Identity] = {}
        self.managed: dict[str, ManagedPolicyVersions] = {}
        self._of_aws: dict[str, str] = {}
        self._contradicting: set[tuple[str, str]] = set()
        self._open: dict[str, str] = {}
        self._complete: set[str] = set()
        self._lists: dict[tuple[str, IdentityKind], set[str]] = {}
        self._overlapping: dict[tuple[str, str], None] = {}
        self._missing: dict[tuple[str, str], dict[str, None]] = {}

    def add(self, page: AccountPage) -> None:
        """Add the identities and policies of a page; what a file says differently is told once for each two files."""
        self.problems += page.problems
        accounts = {identity.account for identity in page.identities}
        if page.is_last:
            self._complete |= accounts | {page.file}
        else:
            self._open |= dict.fromkeys(accounts, page.file)
        for identity in page.identities:
            if identity.account != self.account:
                continue
            self._lists.setdefault((identity.file, identity.kind), set()).add(identity.arn)
            table = self.groups if identity.kind == "group" else self.identities
            first = table.setdefault(identity.arn, identity)  # what the first file says counts
            if first is not identity:
                self._overlapping[first.file, identity.file] = None
                if replace(first, file=identity.file) != identity:
                    self._contradicts(identity.arn, first.file, identity.file)
        for managed in page.managed:
            first_policy = self.managed.setdefault(managed.arn, managed)
            is_of_aws = ":iam::aws:policy/" in managed.arn  # which AWS may have changed between two files
            if not is_of_aws and (first_policy.default, first_policy.older) != (managed.default, managed.older):
                self._contradicts(managed.arn, first_policy.file, managed.file)

    def _contradicts(self, arn: str, first_file: str, file: str) -> None:
        """Note, once for two files, that they say different things of an account, and that the first one counts."""
        if (first_file, file) in self._contradicting:
            return
        self._contradicting.add((first_file, file))
        if first_file == file:
            message = f"account {self.account} is in it twice with other content ({arn} is one): the first counts"
        else:
            message = (
                f"account {self.account} is in {first_file} with other content ({arn} is one): {first_file} counts"
            )
        self.problems.append(InputProblem(file, message))

    def tell_different_files(self) -> None:
        """Note accounts of which every page says that another follows, and files that list other users or roles."""
        for account, file in self._open.items():
            if self._complete.isdisjoint((account, file)):
                message = f"the last page of account {account} is missing: each page says that another follows"
                self.problems.append(InputProblem(file, message))
        for first_file, file in self._overlapping:  # pages never repeat each other: these are two answers of IAM
            for kind in KINDS:
                first_list = self._lists.get((first_file, kind))
                further_list = self._lists.get((file, kind))
                if first_list and further_list and first_list != further_list:
                    arn = min(first_list ^ further_list)
                    message = f"account {self.account} is in {first_file}, too, and {arn} is in one of them alone"
                    self.problems.append(InputProblem(file, f"{message}: all are answered"))

    def identity(self, identity: Identity) -> Identity:
        """An identity with its documents, its groups' included, and why it cannot be decided, if so."""
        unknown: list[str] = []
        policies = self._policies(identity, unknown)
        prefix = identity.arn.split(":user/")[0]
        for name in identity.groups:
            # A user's list of groups leaves out their paths.
            namesakes = (group for group in self.groups.values() if group.name == name)
            group = self.groups.get(f"{prefix}:group/{name}") or next(namesakes, None)
            if group is None:
                unknown.append(f"its group {name} is not in the files")
                self._misses(identity, f"the group {name}")
            else:
                policies += self._policies(group, unknown)
        boundary = self._boundary(identity, unknown)
        return replace(identity, policies=tuple(policies), boundary=boundary, unknown=tuple(dict.fromkeys(unknown)))

    def _policies(self, owner: Identity, unknown: list[str]) -> list[PolicyUse]:
        """The policies of an identity that can be read; a group's are its users'.

        The reasons for the others are added to `unknown`.
        """
        group = owner.name if owner.kind == "group" else ""
        policies = []
        for use in owner.policies:
            document = use.document
            if use.is_managed:
                document = self._managed_document(use.name, owner, unknown)
            elif not document:
                unknown.append(f"the inline policy {use.name} of {owner.name} cannot be read")
            if document:
                policies.append(PolicyUse(use.name, document, group))
        return policies

    def _managed_document(self, arn: str, owner: Identity, unknown: list[str], purpose: str = "policy") -> str:
        """The document of a managed policy, which `owner` has as its policy or boundary; empty: it is not known.

        The reason is added to `unknown`.
        """
        managed = self.managed.get(arn)
        if managed is not None:
            if not managed.default:
                unknown.append(f"{arn} has no default version that can be read")
            return managed.default
        if arn not in self._of_aws:
            known = managed_policy(arn) if ":iam::aws:policy/" in arn else None
            self._of_aws[arn] = "" if known is None else self.documents.add(known.document, self.account)
        if not self._of_aws[arn]:
            unknown.append(f"{arn} is not in the files")
            self._misses(owner, f"the {purpose} {arn}")
        return self._of_aws[arn]

    def _boundary(self, identity: Identity, unknown: list[str]) -> PolicyUse | None:
        """An identity's boundary with its document; None: it has none.

        What cannot be read of it goes to `unknown`, one of another account to the problems as well.
        """
        if identity.boundary is None:
            return None
        arn = identity.boundary.name
        account = arn.split(":", 5)[4] if arn.count(":") > 4 else ""  # noqa: PLR2004 - the parts of an ARN
        if not arn:
            unknown.append("its boundary has no ARN")
        elif account in (identity.account, "aws"):
            return PolicyUse(arn, self._managed_document(arn, identity, unknown, "boundary"))
        else:  # IAM takes no boundary of another account: the file is wrong
            message = f"{identity.arn} has the boundary {arn}, which is of another account"
            self.problems.append(InputProblem(identity.file, message))
            unknown.append(f"its boundary {arn} is of another account")
        return identity.boundary

    def _misses(self, owner: Identity, what: str) -> None:
        self._missing.setdefault((owner.file, what), {})[owner.arn] = None

    def tell_missing(self) -> None:
        """Note what is not in the files, once for each file, with one of those who have it."""
        for (file, what), owners in self._missing.items():
            first, *others = owners
            having = f"{first} and {len(others):,} more have" if others else f"{first} has"
            self.problems.append(InputProblem(file, f"{having} {what}, which is not in the files"))
