"""Join the pages of an account: each identity with the documents that bear on it, and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from remit.audit.entities import KINDS, Entity, Identity, InputProblem, ManagedPolicyVersions, PolicyUse
from remit.catalogue.managed_policies import managed_policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.audit.account_pages import AccountPage
    from remit.audit.documents import Documents
    from remit.audit.entities import EntityKind


@dataclass(frozen=True, slots=True)
class JoinedAccount:
    """An account: its identities in the order of their ARNs, its groups with their policies, and what is wrong."""

    identities: tuple[Identity, ...]
    groups: tuple[tuple[Entity, tuple[PolicyUse, ...]], ...]
    managed: dict[str, ManagedPolicyVersions]
    problems: tuple[InputProblem, ...]


def joined_account(account: str, pages: Iterable[AccountPage], documents: Documents) -> JoinedAccount:
    """The pages of an account joined; entities of other accounts in them are left to these."""
    joining = _Joining(account, documents)
    for page in pages:
        joining.add(page)
    joining.tell_incomplete_accounts()
    joining.tell_different_lists()
    identities = tuple(joining.identity(entity) for _, entity in sorted(joining.entities.items()))
    groups = tuple((group, joining.policies(group)) for _, group in sorted(joining.groups.items()))
    joining.tell_missing()
    return JoinedAccount(identities, groups, joining.managed, tuple(sorted(set(joining.problems))))


class _Joining:
    def __init__(self, account: str, documents: Documents) -> None:
        self.account = account
        self.documents = documents
        self.problems: list[InputProblem] = []
        self.entities: dict[str, Entity] = {}
        self.groups: dict[str, Entity] = {}
        self.managed: dict[str, ManagedPolicyVersions] = {}
        self._of_aws: dict[str, str | None] = {}
        self._contradicting: set[tuple[str, str]] = set()
        self._open: dict[str, str] = {}
        self._complete: set[str] = set()
        self._lists: dict[tuple[str, EntityKind], set[str]] = {}
        self._overlapping: dict[tuple[str, str], None] = {}
        self._missing: dict[tuple[str, str], dict[str, None]] = {}

    def add(self, page: AccountPage) -> None:
        """Add the entities and policies of a page; what a file says differently is told once for each two files."""
        self.problems += page.problems
        accounts = {entity.account for entity in page.entities}
        if page.is_last:
            self._complete |= accounts | {page.file}
        else:
            self._open |= dict.fromkeys(accounts, page.file)
        for entity in page.entities:
            if entity.account != self.account:
                continue
            self._lists.setdefault((entity.file, entity.kind), set()).add(entity.arn)
            table = self.groups if entity.kind == "group" else self.entities
            first = table.setdefault(entity.arn, entity)
            if first is not entity:
                self._overlapping[first.file, entity.file] = None
                if replace(first, file=entity.file) != entity:
                    self._contradicts(entity.arn, first.file, entity.file)
        for managed in page.managed:
            first_policy = self.managed.setdefault(managed.arn, managed)
            is_of_aws = ":iam::aws:policy/" in managed.arn
            if not is_of_aws and (first_policy.default, first_policy.older) != (managed.default, managed.older):
                self._contradicts(managed.arn, first_policy.file, managed.file)

    def tell_incomplete_accounts(self) -> None:
        """Note the accounts of which every page says that another one follows."""
        for account, file in self._open.items():
            if self._complete.isdisjoint((account, file)):
                message = f"the last page of account {account} is missing: each page says that another follows"
                self.problems.append(InputProblem(file, message))

    def _contradicts(self, arn: str, first_file: str, file: str) -> None:
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

    def tell_different_lists(self) -> None:
        """Note files that repeat each other, as pages never do, and do not list the same users, groups or roles."""
        for first_file, file in self._overlapping:
            for kind in KINDS:
                first_list = self._lists.get((first_file, kind))
                further_list = self._lists.get((file, kind))
                if first_list and further_list and first_list != further_list:
                    arn = min(first_list ^ further_list)
                    message = f"account {self.account} is in {first_file}, too, and {arn} is in one of them alone"
                    self.problems.append(InputProblem(file, f"{message}: all are answered"))

    def identity(self, entity: Entity) -> Identity:
        """A user or role with its documents, its groups' included, and why it cannot be decided, if so."""
        unknown: list[str] = []
        policies = list(self._policies(entity, unknown))
        prefix = entity.arn.split(":user/")[0]
        for name in entity.groups:
            group = self._group(prefix, entity.account, name)
            if group is None:
                unknown.append(f"its group {name} is not in the files")
                self._misses(entity, f"the group {name}")
            else:
                policies += self._policies(group, unknown)
        return Identity(entity, tuple(policies), self._boundary(entity, unknown), tuple(dict.fromkeys(unknown)))

    def policies(self, group: Entity) -> tuple[PolicyUse, ...]:
        """The policies of a group, those that can be read."""
        return tuple(self._policies(group, []))

    def _group(self, prefix: str, account: str, name: str) -> Entity | None:
        """A group by its name, whatever its path is."""
        group = self.groups.get(f"{prefix}:group/{name}")
        if group is not None:
            return group
        of_account = (entity for entity in self.groups.values() if entity.account == account)
        return next((entity for entity in of_account if entity.name == name), None)

    def _misses(self, owner: Entity, what: str) -> None:
        self._missing.setdefault((owner.file, what), {})[owner.arn] = None

    def tell_missing(self) -> None:
        """Note what is not in the files, once for each file, with one of those who have it."""
        for (file, what), owners in self._missing.items():
            first, *others = owners
            having = f"{first} and {len(others):,} more have" if others else f"{first} has"
            self.problems.append(InputProblem(file, f"{having} {what}, which is not in the files"))

    def _policies(self, owner: Entity, unknown: list[str]) -> Iterator[PolicyUse]:
        """The policies of an entity, which may be a group."""
        group = owner.name if owner.kind == "group" else ""
        for name, document in owner.inline:
            if document is None:
                unknown.append(f"the inline policy {name} of {owner.name} cannot be read")
            else:
                yield PolicyUse(name, document, group)
        for arn in owner.attached:
            key = self._managed_document(arn, owner, unknown)
            if key is not None:
                yield PolicyUse(arn, key, group)

    def _managed_document(self, arn: str, owner: Entity, unknown: list[str], role: str = "policy") -> str | None:
        """The document of a managed policy, which `owner` has as its policy or boundary; None: it is not known."""
        managed = self.managed.get(arn)
        if managed is not None:
            if managed.default is None:
                unknown.append(f"{arn} has no default version that can be read")
            return managed.default
        if arn not in self._of_aws:
            known = managed_policy(arn) if ":iam::aws:policy/" in arn else None
            self._of_aws[arn] = None if known is None else self.documents.add(known.document, self.account)
        key = self._of_aws[arn]
        if key is None:
            unknown.append(f"{arn} is not in the files")
            self._misses(owner, f"the {role} {arn}")
        return key

    def _boundary(self, entity: Entity, unknown: list[str]) -> PolicyUse | None:
        arn = entity.boundary
        if arn is None:
            return None
        if not arn:
            unknown.append("its boundary has no ARN")
            return None
        owner = arn.split(":", 5)[4] if arn.count(":") > 4 else ""  # noqa: PLR2004 - the parts of an ARN
        if owner not in (entity.account, "aws"):
            self.problems.append(
                InputProblem(entity.file, f"{entity.arn} has the boundary {arn}, which is of another account")
            )
            unknown.append(f"its boundary {arn} is of another account")
            return None
        key = self._managed_document(arn, entity, unknown, "boundary")
        return None if key is None else PolicyUse(arn, key)
