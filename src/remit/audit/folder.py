"""Read a folder of account files: its pages joined to identities, each with the documents that bear on it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from remit.audit.account_pages import AccountPage, account_page, is_account_page
from remit.audit.documents import Documents
from remit.audit.entities import Entity, Identity, InputProblem, ManagedPolicyVersions, PolicyUse
from remit.audit.json_bytes import unzipped, values
from remit.catalogue.managed_policies import managed_policy
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SUFFIXES: Final = (".json", ".json.gz", ".jsonl", ".jsonl.gz")


@dataclass(frozen=True, slots=True)
class AccountFiles:
    """What a folder holds: identities in the order of their ARNs, their documents, and what is wrong with the files."""

    identities: tuple[Identity, ...]
    documents: Documents
    managed: dict[str, ManagedPolicyVersions]
    problems: tuple[InputProblem, ...]
    groups: tuple[tuple[Entity, tuple[PolicyUse, ...]], ...] = ()

    @property
    def accounts(self) -> tuple[str, ...]:
        """The numbers of the accounts, sorted."""
        return tuple(sorted({identity.account for identity in self.identities}))


def account_files(folder: Path) -> AccountFiles:
    """Read every file of account details below a folder. RemitError: it holds none."""
    documents = Documents()
    pages: list[AccountPage] = []
    problems: list[InputProblem] = []
    for path, file in _files(folder):
        try:
            pages += _pages(path, file, documents, problems)
        except RemitError as error:
            problems.append(InputProblem(file, error.message.removeprefix(f"{file}: ").removeprefix(f"{file} ")))
        except OSError as error:
            problems.append(InputProblem(file, f"it cannot be read: {error.strerror}"))
    if not pages and not problems:
        raise RemitError(
            f"{folder} has no file of account details",
            hint="`aws iam get-account-authorization-details` prints one, `remit audit collect` gathers them",
        )
    return joined(pages, documents, problems)


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    """The files of a folder that may be account details, in order, and how messages name them."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if name.endswith(_SUFFIXES):
                path = Path(place) / name
                yield path, path.relative_to(folder).as_posix()


def _pages(path: Path, file: str, documents: Documents, problems: list[InputProblem]) -> Iterator[AccountPage]:
    """The pages of a file, which may be one, a list of them, or one after the other."""
    has_pages = False
    for value in values(unzipped(path.read_bytes(), file), file):
        for row in value if isinstance(value, list) else [value]:
            if is_account_page(row):
                has_pages = True
                yield account_page(row, file, documents)
    if not has_pages:
        problems.append(InputProblem(file, "it has no account details, and is left out"))


def joined(pages: Iterable[AccountPage], documents: Documents, problems: Iterable[InputProblem]) -> AccountFiles:
    """The pages of all accounts joined, each identity with its documents."""
    joining = _Joining(documents, list(problems))
    for page in pages:
        joining.add(page)
    joining.tell_incomplete_accounts()
    identities = tuple(joining.identity(entity) for _, entity in sorted(joining.entities.items()))
    groups = tuple((group, joining.policies(group)) for _, group in sorted(joining.groups.items()))
    unique_problems = tuple(sorted(set(joining.problems)))
    return AccountFiles(identities, documents, joining.managed, unique_problems, groups)


class _Joining:
    def __init__(self, documents: Documents, problems: list[InputProblem]) -> None:
        self.documents = documents
        self.problems = problems
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
