"""A whole audit: the files of a folder read, every question asked, the answers as one report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.audit.access import AccessQuestions, ActionAccess
from remit.audit.document_lint import LintedDocument, document_uses, documents_to_lint, lint_documents, linted
from remit.audit.entities import Identity, InputProblem
from remit.audit.escalation import EscalationGraph
from remit.audit.escalation_paths import EscalationPath, escalation_paths
from remit.audit.escalation_techniques import ESCALATION_ACTIONS
from remit.audit.sensitive_actions import SENSITIVE_ACTIONS

if TYPE_CHECKING:
    from remit.audit.folder import AccountFiles
    from remit.audit.organization import Organization
    from remit.audit.technique_needs import UndecidedTechnique


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
    """The answers to all questions about some accounts, at the time `now`.

    `administrators` may do everything in their account, `paths` are of those who can become such.
    """

    now: str
    accounts: tuple[str, ...]
    identities: tuple[AuditedIdentity, ...]
    administrators: tuple[str, ...]
    paths: tuple[EscalationPath, ...]
    undecided_techniques: tuple[UndecidedTechnique, ...]
    documents: tuple[LintedDocument, ...]
    problems: tuple[InputProblem, ...]

    @property
    def is_fine(self) -> bool:
        """Whether nothing is wrong, and nothing is undecided."""
        has_errors = any(finding.severity == "error" for document in self.documents for finding in document.findings)
        is_undecided = self.undecided_techniques or any(row.unknown or row.undecided for row in self.identities)
        return not (self.problems or has_errors or is_undecided or self.paths)


def audit(
    files: AccountFiles,
    now: str,
    organization: Organization | None = None,
    problems: tuple[InputProblem, ...] = (),
) -> AuditReport:
    """Ask every question about the accounts of some files. `problems` are those of the further files."""
    actions = tuple(action.name for action in SENSITIVE_ACTIONS)
    questions = AccessQuestions(files.documents, (*actions, *ESCALATION_ACTIONS), now, organization)
    identities = tuple(_audited(identity, questions, actions) for identity in files.identities)
    graph = EscalationGraph(questions, files.identities, files.groups)
    principals = tuple(identity.arn for identity in files.identities)
    paths = escalation_paths(graph, principals)
    administrators = tuple(arn for arn in principals if arn in graph.administrators)
    uses = document_uses(files.identities)
    documents = linted(lint_documents(documents_to_lint(uses, files.documents)), uses)
    all_problems = (*files.problems, *problems, *_unplaced(files, organization))
    return AuditReport(
        now,
        files.accounts,
        identities,
        administrators,
        paths,
        tuple(graph.undecided),
        documents,
        tuple(sorted(set(all_problems))),
    )


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
