"""Read the files of a folder, each by itself: its pages, its documents, and which accounts it is about."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from remit.audit.account_pages import AccountPage, account_page, is_account_page
from remit.audit.documents import Documents, document_value, unfolded
from remit.audit.entities import InputProblem
from remit.audit.json_bytes import unzipped, values
from remit.audit.trust import trusted
from remit.errors import RemitError
from remit.iam.policy import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.audit.entities import Entity

_SUFFIXES: Final = (".json", ".json.gz", ".jsonl", ".jsonl.gz")
_DIGEST: Final = 16


@dataclass(frozen=True, slots=True)
class AccountFile:
    """A file that may hold account details: where it is, how messages name it, and a digest of its content."""

    path: str
    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class OpenRole:
    """A role that other accounts may assume: whom its trust policy names (`*`: everybody), and the policy's text."""

    arn: str
    names: tuple[str, ...]
    trust: str


@dataclass(frozen=True, slots=True)
class FileSummary:
    """What other accounts need of a file: which accounts it is about, their open roles, and what is wrong with it."""

    accounts: tuple[str, ...]
    open_roles: tuple[OpenRole, ...]
    problems: tuple[InputProblem, ...]


@dataclass(frozen=True, slots=True)
class FileContent:
    """The pages of a file, their documents, and its summary."""

    pages: tuple[AccountPage, ...]
    documents: Documents
    summary: FileSummary


def account_files(folder: Path) -> tuple[AccountFile, ...]:
    """The files of a folder that may be account details, in order. RemitError: there is none."""
    files = tuple(_files(folder))
    if not files:
        raise RemitError(
            f"{folder} has no file of account details",
            hint="`aws iam get-account-authorization-details` prints one, `remit audit collect` gathers them",
        )
    return files


def _files(folder: Path) -> Iterator[AccountFile]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(_SUFFIXES):
                path = Path(place) / name
                digest = hashlib.blake2b(path.read_bytes(), digest_size=_DIGEST).hexdigest()
                yield AccountFile(str(path), path.relative_to(folder).as_posix(), digest)


def file_content(file: AccountFile) -> FileContent:
    """Read a file as far as it can be read; the summary has what is wrong with it."""
    documents = Documents()
    pages: list[AccountPage] = []
    problems: list[InputProblem] = []
    try:
        pages += _pages(file, documents)
    except RemitError as error:
        message = error.message.removeprefix(f"{file.name}: ").removeprefix(f"{file.name} ")
        problems.append(InputProblem(file.name, message))
    if not pages and not problems:
        problems.append(InputProblem(file.name, "it has no account details, and is left out"))
    return FileContent(tuple(pages), documents, _summary(pages, documents, problems))


def _pages(file: AccountFile, documents: Documents) -> Iterator[AccountPage]:
    """The pages of a file, which may be one, a list of them, or one after the other."""
    for value in values(unzipped(Path(file.path).read_bytes(), file.name), file.name):
        for row in value if isinstance(value, list) else [value]:
            if is_account_page(row):
                yield account_page(row, file.name, documents)


def _summary(pages: list[AccountPage], documents: Documents, problems: list[InputProblem]) -> FileSummary:
    entities = [entity for page in pages for entity in page.entities]
    policies = [managed.arn.split(":", 5)[4] for page in pages for managed in page.managed]
    accounts = {entity.account for entity in entities} | {account for account in policies if account.isdigit()}
    roles = tuple(role for role in map(_OpenRoles(documents).role, entities) if role is not None)
    return FileSummary(tuple(sorted(accounts)), roles, tuple(problems))


class _OpenRoles:
    """Find the roles that trust others than services and their own account; each distinct trust policy is read once."""

    def __init__(self, documents: Documents) -> None:
        self.documents = documents
        self._names: dict[tuple[str, str], tuple[str, ...]] = {}

    def role(self, entity: Entity) -> OpenRole | None:
        """The role, if principals of other accounts may assume it."""
        if entity.trust is None:
            return None
        key = (entity.trust, entity.account)
        text = unfolded(self.documents.texts[entity.trust], entity.account)
        if key not in self._names:
            self._names[key] = _foreign_names(text, entity.account)
        names = self._names[key]
        return OpenRole(entity.arn, names, text) if names else None


def _foreign_names(text: str, account: str) -> tuple[str, ...]:
    """The ARNs and accounts outside of an account that a trust policy names."""
    try:
        names = trusted(parse(document_value(text)))
    except (RemitError, ValueError):
        return ()
    everybody = ("*",) if names.anybody else ()
    arns = (arn for arn in names.arns if f":{account}:" not in arn)
    return tuple(sorted((*everybody, *arns, *(names.accounts - {account}))))
