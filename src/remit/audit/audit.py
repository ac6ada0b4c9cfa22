"""A whole audit: the files of a folder read, every account asked, the answers joined to one report."""

from __future__ import annotations

import pickle
import tempfile
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING, Final, TypeVar

from remit.audit.account_audit import AccountWork, AuditedAccount, Chunk, account_works, accounts_of_files, named_ids
from remit.audit.document_lint import LintedDocument, linted_documents, name_of
from remit.audit.entities import InputProblem
from remit.audit.escalation_paths import EscalationPath, LeadingEdges, escalation_paths, leading_edges
from remit.audit.folder import AccountFile, FileSummary, account_files, file_summary
from remit.audit.principal_ids import NO_IDS, PrincipalIds
from remit.audit.result_cache import ResultCache
from remit.audit.results import (
    AccountResult,
    DocumentFinding,
    DocumentUse,
    ExposureRow,
    PrincipalRow,
    UndecidedExposure,
    UndecidedTechnique,
    UnusedRow,
)
from remit.audit.trail import TrailSummary, account_of
from remit.audit.unused_access import usage_by_account
from remit.audit.workers import THIS_PROCESS, Workers, run

if TYPE_CHECKING:
    from pathlib import Path

    from remit.audit.organization import Organization
    from remit.audit.resource_policies import ResourcePolicy

    Progress = Callable[[str], None]


_Row = TypeVar("_Row")
_IN_MEMORY: Final = 1_000_000
"""Bytes of rows that need no file yet."""


class StoredRows(Collection[_Row]):
    """Rows in the order of the accounts that they are about, read again from the file each time.

    The file is this process's own: nobody else has its name, and it ends with the rows.
    """

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed with the rows, below
        self._places: dict[str, int] = {}
        self._count = 0
        weakref.finalize(self, self._file.close)

    def keep(self, account: str, rows: tuple[_Row, ...]) -> None:
        """Store the rows about an account, each account once."""
        if rows:
            self._places[account] = self._file.seek(0, 2)
            pickle.dump(rows, self._file, pickle.HIGHEST_PROTOCOL)
            self._count += len(rows)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[_Row]:
        """Yield the rows by account, the accounts in order of their numbers, whatever order they were stored in."""
        for _, place in sorted(self._places.items()):
            self._file.seek(place)
            rows: Iterable[_Row] = pickle.load(self._file)  # noqa: S301 - of `keep`, and nobody else's
            yield from rows

    def __contains__(self, row: object) -> bool:
        return any(row == stored for stored in self)


@dataclass(frozen=True, slots=True)
class AuditReport:
    """The answers to all questions about some accounts, at the time `now`.

    `administrators` may do everything in their account, `paths` are of those who can become such.
    """

    now: str
    accounts: tuple[str, ...]
    principals: Collection[PrincipalRow]
    administrators: tuple[str, ...]
    paths: tuple[EscalationPath, ...]
    undecided_techniques: Collection[UndecidedTechnique]
    exposures: Collection[ExposureRow]
    undecided_exposures: Collection[UndecidedExposure]
    unused: Collection[UnusedRow]
    documents: tuple[LintedDocument, ...]
    problems: tuple[InputProblem, ...]
    trail: TrailSummary | None = None

    @property
    def is_fine(self) -> bool:
        """True if no policy has an error, nothing is open to anyone, nobody can become administrator, all is decided.

        Warnings of lint, unused access, and access of single outsiders do not count; a problem with the input does.
        """
        has_errors = any(finding.severity == "error" for document in self.documents for finding in document.findings)
        is_open = any(row.reach == "anyone" for row in self.exposures)
        is_undecided = any(row.unknown or row.undecided for row in self.principals)
        other_findings = (self.problems, self.undecided_techniques, self.undecided_exposures, self.paths)
        return not (has_errors or is_open or is_undecided or any(other_findings))


@dataclass(frozen=True, slots=True)
class AuditInput:
    """The input of an audit: a folder of account files, the time `now`, and the organization where it is known.

    `trail` is what CloudTrail saw; None: what was used is not asked. `problems` are those of the further files.
    `elsewhere` are files and folders that may lie in the folder, and have another purpose than its account files.
    """

    folder: Path
    now: str
    organization: Organization | None = None
    resources: tuple[ResourcePolicy, ...] = ()
    trail: TrailSummary | None = None
    problems: tuple[InputProblem, ...] = ()
    elsewhere: tuple[Path, ...] = ()


def audit(
    audit_input: AuditInput,
    cache: ResultCache | None = None,
    workers: Workers = THIS_PROCESS,
    progress: Progress = lambda _: None,
) -> AuditReport:
    """Ask every question about the accounts of a folder. `workers` do the work, `progress` is told what is done.

    RemitError (1): no file of the folder may be account details, or Spark's workers fail.
    """
    auditing = _Auditing(audit_input, cache or ResultCache(None), workers, progress)
    auditing.read_files()
    auditing.ask_accounts()
    return auditing.report()


@dataclass(frozen=True, slots=True)
class _HeldAccount:
    """The part of an account's result that is kept until the report; `StoredRows` have the rest, which is far more."""

    administrators: tuple[str, ...]
    leading: LeadingEdges
    uses: tuple[DocumentUse, ...]
    problems: tuple[InputProblem, ...]


@dataclass(slots=True)
class _Auditing:
    """A run of an audit: what was read and found so far."""

    audit_input: AuditInput
    cache: ResultCache
    workers: Workers
    progress: Progress
    files: tuple[AccountFile, ...] = ()
    folder_problems: tuple[InputProblem, ...] = ()
    summaries: dict[AccountFile, FileSummary] = field(default_factory=dict)
    accounts: dict[str, _HeldAccount] = field(default_factory=dict)
    principals: StoredRows[PrincipalRow] = field(default_factory=StoredRows)
    undecided_techniques: StoredRows[UndecidedTechnique] = field(default_factory=StoredRows)
    exposures: StoredRows[ExposureRow] = field(default_factory=StoredRows)
    undecided_exposures: StoredRows[UndecidedExposure] = field(default_factory=StoredRows)
    unused: StoredRows[UnusedRow] = field(default_factory=StoredRows)
    findings: dict[str, tuple[DocumentFinding, ...]] = field(default_factory=dict)
    used_documents: set[str] = field(default_factory=set)

    def read_files(self) -> None:
        """Read the files that no earlier run has read, and the summaries of the others.

        RemitError (1): none may be account details.
        """
        files = account_files(self.audit_input.folder, self.audit_input.elsewhere)
        self.files, self.folder_problems = files.files, files.problems
        for number, file in enumerate(self.files, 1):
            self.summaries[file] = replace(self._summary(file), principals=())
            self.progress(f"{number:,} of {len(self.files):,} files read")

    def _summary(self, file: AccountFile) -> FileSummary:
        """The summary of a file, from the cache where an earlier run has kept it."""
        name = f"file-{self.cache.name(file.digest, file.name)}"
        summary = self.cache.read(name, FileSummary)
        if summary is None:
            summary = file_summary(file)
            self.cache.keep(name, summary)
        return summary

    def ask_accounts(self) -> None:
        """Ask about the accounts of which the answers are not in the cache.

        The answers are kept there, and entries that this audit did not use are deleted from it.

        Those that are there are read twice, since all of them take more memory than everything else.
        """
        trail = self.audit_input.trail
        usages = {} if trail is None else usage_by_account(trail)
        all_works = account_works(self.summaries, self.audit_input.resources, usages, self._ids())
        organization, members = self.audit_input.organization, ""
        if organization is not None:  # exposures tell its members from other accounts
            members = repr((organization.id, organization.management_account, sorted(organization.accounts)))
        members = self.cache.name(members)
        names = {work.account: self._name(work, members) for work in all_works}
        findings_name = f"findings-{self.cache.name()}"
        self.findings = self.cache.read(findings_name, dict[str, tuple[DocumentFinding, ...]]) or {}
        for name in names.values():
            audited = self.cache.read(name, AuditedAccount)
            if audited is not None:
                self.findings.update(audited.findings)
        works = []
        for work in all_works:
            audited = self.cache.read(names[work.account], AuditedAccount)
            # What lint finds in a result's documents is kept beside the results, and may have been lost.
            if audited is None or any(name_of(use) not in self.findings for use in audited.result.uses):
                works.append(work)
            else:
                self._hold(audited.result)
        chunk = Chunk(tuple(works), self.audit_input.now, self.audit_input.organization, frozenset(self.findings))
        for number, audited in enumerate(run(chunk, self.workers), 1):
            account = audited.result.account
            self.findings.update(audited.findings)
            # What lint found is in it, too: a run that is stopped has no other place.
            self.cache.keep(names[account], audited)
            self._hold(audited.result)
            self.progress(f"{number:,} of {len(works):,} accounts asked")
        self.cache.keep(findings_name, {name: self.findings[name] for name in sorted(self.used_documents)})
        self.cache.forget_unused()

    def _hold(self, result: AccountResult) -> None:
        """Store the rows about an account until the report, and hold what the accounts are joined by.

        Of documents in which nothing was found, nobody asks who has them.
        """
        names = [name_of(use) for use in result.uses]
        self.used_documents.update(names)
        uses = tuple(use for use, name in zip(result.uses, names, strict=True) if self.findings[name])
        self.accounts[result.account] = _HeldAccount(
            result.administrators, leading_edges(result), uses, result.problems
        )
        self.principals.keep(result.account, result.principals)
        self.undecided_techniques.keep(result.account, result.undecided)
        self.exposures.keep(result.account, result.exposures)
        self.undecided_exposures.keep(result.account, result.undecided_exposures)
        self.unused.keep(result.account, result.unused)

    def _ids(self) -> PrincipalIds:
        """The owners of the unique ids that policies name, as far as files have them, and the accounts not in these."""
        ids = named_ids(self.summaries, self.audit_input.resources)
        if not ids:
            return NO_IDS
        arns: dict[str, str] = {}
        for file in self.files:
            arns.update((name, arn) for name, arn in self._summary(file).principals if name in ids)
        organization = self.audit_input.organization
        missing_accounts = accounts_of_files(self.summaries)
        if organization is not None:
            missing_accounts |= organization.accounts.keys()
        for summary in self.summaries.values():
            if summary.is_last:  # no page of these accounts is cut off: whoever is not in them does not exist
                missing_accounts.difference_update(summary.accounts)
        return PrincipalIds(tuple(sorted(arns.items())), tuple(sorted(missing_accounts)))

    def _name(self, work: AccountWork, members: str) -> str:
        """The name of an account's result in the cache: whatever the result depends on.

        RCPs of other accounts guard the roles there that trust this one.
        """
        organization = self.audit_input.organization
        accounts = {work.account, *(account_of(role.arn) for role in work.foreign_roles)}
        places = [] if organization is None else [organization.accounts.get(account) for account in sorted(accounts)]
        files = tuple((file.name, file.digest) for file in work.files)
        texts = (repr(replace(work, files=())), repr(files), members, repr(places))
        return f"account-{self.cache.name(self.audit_input.now, *texts)}"

    def report(self) -> AuditReport:
        """The answers of all accounts together."""
        accounts = [account for _, account in sorted(self.accounts.items())]
        administrators = frozenset(chain.from_iterable(account.administrators for account in accounts))
        uses = chain.from_iterable(account.uses for account in accounts)
        return AuditReport(
            now=self.audit_input.now,
            accounts=tuple(sorted(self.accounts)),
            principals=self.principals,
            administrators=tuple(row.arn for row in self.principals if row.arn in administrators),
            paths=escalation_paths([account.leading for account in accounts], administrators),
            undecided_techniques=self.undecided_techniques,
            exposures=self.exposures,
            undecided_exposures=self.undecided_exposures,
            unused=self.unused,
            documents=linted_documents(uses, self.findings),
            problems=tuple(sorted(set(self._problems(accounts)))),
            trail=self.audit_input.trail,
        )

    def _problems(self, accounts: Iterable[_HeldAccount]) -> Iterator[InputProblem]:
        """Yield what is wrong with the inputs.

        The organization comes first, then the trail, the folder, each file, each account.
        """
        yield from self.audit_input.problems
        accounts_in_files = accounts_of_files(self.summaries)
        trail = self.audit_input.trail
        if trail is not None:
            yield from trail.all_problems()
            # An empty trail is told as a whole.
            for account in sorted(accounts_in_files - trail.accounts) if trail.events else ():
                message = f"no event of account {account} is in it: what its users and roles used is not known"
                yield InputProblem(trail.name, message)
        yield from self.folder_problems
        for summary in self.summaries.values():
            yield from summary.problems
        if not accounts_in_files:
            message = "its files have no user, group or role of any account"
            yield InputProblem(self.audit_input.folder.as_posix(), message)
        for held_account in accounts:
            yield from held_account.problems
