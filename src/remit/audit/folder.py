"""Read the files of a folder, each by itself: its pages, its documents, and which accounts it is about."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from remit.audit.account_pages import LISTS, AccountPage, account_page, is_account_page, is_last_page, tags_of
from remit.audit.documents import Documents, document_value
from remit.audit.entities import InputProblem, UnreadableFileError
from remit.audit.json_bytes import compact, plain_content, rows, unzipped
from remit.audit.trust import trusted
from remit.errors import RemitError
from remit.iam.policy import parse
from remit.template.sections import mappings

_SUFFIXES: Final = (".json", ".jsonl", ".gz")
_PROSE: Final = ".md"
"""How a file's name ends that describes a folder, and is no problem there."""
_DIGEST: Final = 16
_IDS: Final = {"UserDetailList": "UserId", "RoleDetailList": "RoleId"}


@dataclass(frozen=True, slots=True)
class AccountFile:
    """A file that may hold account details: where it is, how messages name it, and a digest of its content."""

    path: str
    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class OpenRole:
    """A role that other accounts may assume: whom its trust policy names (`*`: everybody), and the policy's text.

    A unique id among the names may be of any account.
    """

    arn: str
    names: tuple[str, ...]
    trust: str
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FileSummary:
    """The facts of a file for other accounts: the accounts it is about, their open roles, and its problems.

    `principals` are the unique ids of its users and roles, each with the ARN. `is_last`: no further page follows it.
    """

    accounts: tuple[str, ...]
    open_roles: tuple[OpenRole, ...]
    problems: tuple[InputProblem, ...]
    principals: tuple[tuple[str, str], ...] = ()
    is_last: bool = True


@dataclass(frozen=True, slots=True)
class FileContent:
    """The pages of a file, and their documents."""

    pages: tuple[AccountPage, ...]
    documents: Documents


@dataclass(frozen=True, slots=True)
class FolderFiles:
    """The files of a folder that may be JSON, in order, and what is wrong with the names of the others."""

    files: tuple[AccountFile, ...]
    problems: tuple[InputProblem, ...]


def account_files(folder: Path, elsewhere: Iterable[Path] = ()) -> FolderFiles:
    """The files of a folder, as `json_files` has them. RemitError (1): none of them may be account details."""
    files = json_files(folder, elsewhere)
    if not files.files:
        raise RemitError(
            f"{folder} has no file of account details",
            hint="`aws iam get-account-authorization-details` prints one, `remit audit collect` gathers them",
            exit_code=1,
        )
    return files


def json_files(folder: Path, elsewhere: Iterable[Path] = ()) -> FolderFiles:
    """The files of a folder that may be JSON, also as gzip.

    Files and folders that are `elsewhere` are other inputs or outputs of the audit. Hidden ones are never looked at.
    What has another ending or cannot be read is left out, and among the problems; prose is left out silently.
    """
    files: list[AccountFile] = []
    problems: list[InputProblem] = []
    for path in _paths(folder, frozenset(path.resolve() for path in elsewhere)):
        name = path.relative_to(folder).as_posix()
        if name.endswith(_PROSE):
            continue
        if not name.endswith(_SUFFIXES):
            problems.append(InputProblem(name, f"it is left out: its name ends in none of {', '.join(_SUFFIXES)}"))
            continue
        try:
            content = plain_content(path, name)
        except UnreadableFileError as error:
            problems.append(error.problem)
            continue
        digest = hashlib.blake2b(content, digest_size=_DIGEST).hexdigest()
        files.append(AccountFile(str(path), name, digest))
    return FolderFiles(tuple(files), tuple(problems))


def _paths(folder: Path, elsewhere: AbstractSet[Path]) -> Iterator[Path]:
    """The files below a folder in order, but for hidden ones and those that are elsewhere."""
    for place, folders, names in os.walk(folder):
        own = {name for name in (*folders, *names) if not name.startswith(".")}
        own -= {path.name for path in elsewhere if path.parent == Path(place).resolve()}
        folders[:] = sorted(own.intersection(folders))  # os.walk goes on with the folders of its own list
        yield from (Path(place) / name for name in sorted(own.intersection(names)))


def file_content(file: AccountFile) -> FileContent:
    """Read a file as far as it can be read; `file_summary` has what is wrong with it.

    No error is raised: the pages before a mistake count, and are marked as the last.
    """
    documents = Documents()
    pages: list[AccountPage] = []
    try:
        for value in _page_values(file):
            pages.append(account_page(value, file.name, documents))  # noqa: PERF401 - those before a mistake count
    except RemitError:
        for page in pages:
            page.is_last = True  # that the file is cut off is told, and once is enough
    return FileContent(tuple(pages), documents)


def _page_values(file: AccountFile) -> Iterator[dict[str, Any]]:
    """The pages of a file as JSON values: one, a list of them, or one after the other."""
    return filter(is_account_page, rows(unzipped(Path(file.path).read_bytes(), file.name), file.name))


def file_summary(file: AccountFile) -> FileSummary:
    """Look through a file, and read no more than trust policies, each distinct one once.

    Mistakes are in its `problems`, and the pages before them count. Records without an ARN of an account are passed
    over: `account_page` notes them.
    """
    accounts: set[str] = set()
    open_roles: list[OpenRole] = []
    problems: list[InputProblem] = []
    principals: list[tuple[str, str]] = []
    trusts: dict[tuple[str, str], tuple[tuple[str, ...], str]] = {}
    has_pages = is_last = False
    try:
        for page in _page_values(file):
            has_pages = True
            is_last = is_last or is_last_page(page)
            for kind, record in ((name, record) for name in LISTS for record in mappings(page.get(name))):
                arn = str(record.get("Arn"))
                account = (arn.split(":", 5) + [""] * 5)[4]
                if not account.isdigit():  # a policy of AWS
                    continue
                accounts.add(account)
                unique_id = record.get(_IDS.get(kind, ""))
                if unique_id:
                    principals.append((str(unique_id), arn))
                if kind == "RoleDetailList":
                    trust = record.get("AssumeRolePolicyDocument")
                    key = (repr(trust), account)
                    if key not in trusts:
                        trusts[key] = _foreign_names(trust, account)
                    names, text = trusts[key]
                    if names:
                        open_roles.append(OpenRole(arn, names, text, tags_of(record)))
    except UnreadableFileError as error:
        problems.append(error.problem)
    if not has_pages and not problems:
        problems.append(InputProblem(file.name, "it has no account details, and is left out"))
    return FileSummary(
        tuple(sorted(accounts)), tuple(open_roles), tuple(problems), tuple(principals), is_last and not problems
    )


def _foreign_names(trust: Any, account: str) -> tuple[tuple[str, ...], str]:
    """The ARNs and accounts outside of an account that a trust policy names, unique ids included, and its text.

    Both are empty where it is no policy.
    """
    try:
        document = document_value(trust)
        names, text = trusted(parse(document)), compact(document)
    except (RemitError, ValueError):
        return (), ""
    # Roles that trust their own account alone concern no other: most do.
    everybody = ("*",) if names.anybody else ()
    arns = (arn for arn in names.arns if f":{account}:" not in arn)
    return tuple(sorted((*everybody, *arns, *names.ids, *(names.accounts - {account})))), text
