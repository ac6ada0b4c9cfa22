"""A whole audit: the files of a folder read, every question asked, the answers as one report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.audit.access import AccessQuestions, ActionAccess
from remit.audit.document_lint import LintedDocument, document_uses, documents_to_lint, lint_documents, linted
from remit.audit.entities import Identity, InputProblem
from remit.audit.sensitive_actions import SENSITIVE_ACTIONS

if TYPE_CHECKING:
    from remit.audit.folder import AccountFiles
    from remit.audit.organization import Organization


@dataclass(frozen=True, slots=True)
class AuditedIdentity:
    """What a principal can do; `unknown` has why that is undecided as a whole, and then nothing else is said."""

    identity: Identity
    access: tuple[ActionAccess, ...]
    unknown: tuple[str, ...]

    @property
    def can(self) -> tuple[str, ...]:
        """The sensitive actions that it can do."""
        return tuple(row.action for row in self.access if row.answer.verdict == "yes")

    @property
    def undecided(self) -> tuple[str, ...]:
        """The sensitive actions of which that was not decided."""
        return tuple(row.action for row in self.access if row.answer.verdict == "undecided")


@dataclass(frozen=True, slots=True)
class AuditReport:
    """The answers to all questions about some accounts, at the time `now`."""

    now: str
    accounts: tuple[str, ...]
    identities: tuple[AuditedIdentity, ...]
    documents: tuple[LintedDocument, ...]
    problems: tuple[InputProblem, ...]

    @property
    def is_fine(self) -> bool:
        """Whether nothing is wrong, and nothing is undecided."""
        has_errors = any(finding.severity == "error" for document in self.documents for finding in document.findings)
        is_undecided = any(row.unknown or row.undecided for row in self.identities)
        return not (self.problems or has_errors or is_undecided)


def audit(
    files: AccountFiles,
    now: str,
    organization: Organization | None = None,
    problems: tuple[InputProblem, ...] = (),
) -> AuditReport:
    """Ask every question about the accounts of some files. `problems` are those of the further files."""
    actions = tuple(action.name for action in SENSITIVE_ACTIONS)
    questions = AccessQuestions(files.documents, actions, now, organization)
    identities = tuple(_audited(identity, questions, actions) for identity in files.identities)
    uses = document_uses(files.identities)
    documents = linted(lint_documents(documents_to_lint(uses, files.documents)), uses)
    all_problems = (*files.problems, *problems, *_unplaced(files, organization))
    return AuditReport(now, files.accounts, identities, documents, tuple(sorted(set(all_problems))))


def _audited(identity: Identity, questions: AccessQuestions, actions: tuple[str, ...]) -> AuditedIdentity:
    unknown = questions.unknown(identity)
    access = () if unknown else questions.sensitive(identity, actions)
    return AuditedIdentity(identity, access, unknown)


def _unplaced(files: AccountFiles, organization: Organization | None) -> tuple[InputProblem, ...]:
    """The accounts of the folder that the organization's file does not list."""
    if organization is None:
        return ()
    missing = {account for account in files.accounts if account not in organization.accounts}
    file_of = {identity.account: identity.entity.file for identity in reversed(files.identities)}
    message = "is not in the organization's file: which SCPs bind it is not known"
    return tuple(InputProblem(file_of[account], f"account {account} {message}") for account in sorted(missing))
