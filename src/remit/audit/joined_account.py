"""Join the pages of an account: each identity with the documents that bear on it, and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.audit.entities import Entity, Identity, InputProblem, ManagedPolicyVersions, PolicyUse
from remit.catalogue.managed_policies import managed_policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.audit.account_pages import AccountPage
    from remit.audit.documents import Documents


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
    identities = tuple(joining.identity(entity) for _, entity in sorted(joining.entities.items()))
    groups = tuple((group, joining.policies(group)) for _, group in sorted(joining.groups.items()))
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
            table = self.groups if entity.kind == "group" else self.entities
            first = table.setdefault(entity.arn, entity)
            if first is not entity and not _same_entity(first, entity):
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
                message = f"the last page of account {account} is missing: IsTruncated is true in all of its pages"
                self.problems.append(InputProblem(file, message))

    def _contradicts(self, arn: str, first_file: str, file: str) -> None:
        if (first_file, file) in self._contradicting:
            return
        self._contradicting.add((first_file, file))
        account = arn.split(":", 5)[4]
        message = f"account {account} is in {first_file} with other content ({arn} is one): the latter counts"
        self.problems.append(InputProblem(file, message.replace("the latter", first_file)))

    def identity(self, entity: Entity) -> Identity:
        """A user or role with its documents, its groups' included, and why it cannot be decided, if so."""
        unknown: list[str] = []
        policies = list(self._policies(entity, entity, unknown))
        prefix = entity.arn.split(":user/")[0]
        for name in entity.groups:
            group = self._group(prefix, entity.account, name)
            if group is None:
                unknown.append(f"its group {name} is not in the files")
                self._missing(entity, f"the group {name}")
            else:
                policies += self._policies(group, entity, unknown)
        return Identity(entity, tuple(policies), self._boundary(entity, unknown), tuple(dict.fromkeys(unknown)))

    def policies(self, group: Entity) -> tuple[PolicyUse, ...]:
        """The policies of a group, those that can be read."""
        return tuple(self._policies(group, group, []))

    def _group(self, prefix: str, account: str, name: str) -> Entity | None:
        """A group by its name, whatever its path is."""
        group = self.groups.get(f"{prefix}:group/{name}")
        if group is not None:
            return group
        of_account = (entity for entity in self.groups.values() if entity.account == account)
        return next((entity for entity in of_account if entity.name == name), None)

    def _missing(self, entity: Entity, what: str) -> None:
        self.problems.append(InputProblem(entity.file, f"{entity.arn} has {what}, which is not in the files"))

    def _policies(self, owner: Entity, entity: Entity, unknown: list[str]) -> Iterator[PolicyUse]:
        """The policies of an entity, or of a group that it is in."""
        group = owner.name if owner.kind == "group" else ""
        for name, document in owner.inline:
            if document is None:
                unknown.append(f"the inline policy {name} of {owner.name} cannot be read")
            else:
                yield PolicyUse(name, document, group)
        for arn in owner.attached:
            key = self._managed_document(arn, entity, unknown)
            if key is not None:
                yield PolicyUse(arn, key, group)

    def _managed_document(self, arn: str, entity: Entity, unknown: list[str]) -> str | None:
        managed = self.managed.get(arn)
        if managed is not None:
            if managed.default is None:
                unknown.append(f"{arn} has no default version that can be read")
            return managed.default
        if arn not in self._of_aws:
            known = managed_policy(arn) if ":iam::aws:policy/" in arn else None
            self._of_aws[arn] = None if known is None else self.documents.add(known.document, entity.account)
        key = self._of_aws[arn]
        if key is None:
            unknown.append(f"{arn} is not in the files")
            self._missing(entity, f"the policy {arn}")
        return key

    def _boundary(self, entity: Entity, unknown: list[str]) -> PolicyUse | None:
        arn = entity.boundary
        if arn is None:
            return None
        owner = arn.split(":", 5)[4] if arn.count(":") > 4 else ""  # noqa: PLR2004 - the parts of an ARN
        if owner not in (entity.account, "aws"):
            self.problems.append(
                InputProblem(entity.file, f"{entity.arn} has the boundary {arn}, which is of another account")
            )
            unknown.append(f"its boundary {arn} is of another account")
            return None
        key = self._managed_document(arn, entity, unknown)
        return None if key is None else PolicyUse(arn, key)


def _same_entity(entity: Entity, further: Entity) -> bool:
    """Whether two files say the same about an entity, whatever their names are."""
    return _without_file(entity) == _without_file(further)


def _without_file(entity: Entity) -> tuple[object, ...]:
    return (
        entity.inline, entity.attached, entity.groups, entity.boundary, entity.trust, entity.tags, entity.unique_id,
    )  # fmt: skip
