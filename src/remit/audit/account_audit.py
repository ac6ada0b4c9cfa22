"""Audit accounts one by one: a chunk of them in one process, which asks equal questions of all of them once."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from remit.audit.access import AccessQuestions
from remit.audit.document_lint import document_findings, document_uses, name_of
from remit.audit.documents import Documents, document_value, unfolded
from remit.audit.entities import Identity, InputProblem
from remit.audit.escalation import EscalationGraph
from remit.audit.exposures import FoundExposures, exposures
from remit.audit.folder import AccountFile, FileContent, OpenRole, file_content
from remit.audit.joined_account import JoinedAccount, joined_account
from remit.audit.principal_ids import NO_IDS, PrincipalIds, may_have_ids, with_arns
from remit.audit.resource_policies import ResourcePolicy
from remit.audit.results import AccountResult, DocumentFinding, PrincipalRow, UndecidedExposure, UnusedRow
from remit.audit.unused_access import UnusedAccess, Usage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remit.audit.access import Asker
    from remit.audit.account_pages import AccountPage
    from remit.audit.organization import Organization

_MOST_DOCUMENTS: Final = 50_000
"""Distinct documents at which all answers so far are forgotten: else memory would grow with the accounts."""
_SERVICE_LINKED: Final = "/aws-service-role/"


@dataclass(frozen=True, slots=True)
class AccountWork:
    """An account to audit: the files about it, the roles elsewhere that trust it, and its resources' policies.

    `usage` is what its principals were seen to use; None: that is not asked. `ids` are those that its policies name.
    """

    account: str
    files: tuple[AccountFile, ...]
    foreign_roles: tuple[OpenRole, ...] = ()
    resources: tuple[ResourcePolicy, ...] = ()
    usage: Usage | None = None
    ids: PrincipalIds = NO_IDS


@dataclass(frozen=True, slots=True)
class Chunk:
    """Accounts for one process. `linted`: the documents (see `name_of`) that need no lint any more."""

    works: tuple[AccountWork, ...]
    now: str
    organization: Organization | None = None
    linted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class AuditedAccount:
    """An account's result, and what lint found in documents that no account before it had, by `name_of`."""

    result: AccountResult
    findings: dict[str, tuple[DocumentFinding, ...]]


def audited_accounts(chunk: Chunk) -> Iterator[AuditedAccount]:
    """The results of a chunk's accounts, one after the other."""
    questions = AccessQuestions(Documents(), chunk.now, chunk.organization)
    linted = set(chunk.linted)
    for work in chunk.works:
        if len(questions.documents.texts) > _MOST_DOCUMENTS:
            questions = AccessQuestions(Documents(), chunk.now, chunk.organization)
        result = _result(work, questions)
        findings = {}
        for use in result.uses:
            name = name_of(use)
            if name not in linted:
                linted.add(name)
                findings[name] = document_findings(use, questions.documents)
        yield AuditedAccount(result, findings)


@lru_cache(maxsize=4)
def _content(file: AccountFile) -> FileContent:
    """A file's content, kept for a moment: several accounts may be in one file."""
    return file_content(file)


def _result(work: AccountWork, questions: AccessQuestions) -> AccountResult:
    documents = questions.documents
    pages: list[AccountPage] = []
    for file in work.files:
        content = _content(file)
        documents.texts |= content.documents.texts
        pages += content.pages
    account = joined_account(work.account, pages, documents)
    if work.ids.arns:
        account = _with_arns_of_ids(account, dict(work.ids.arns), documents)
    askers = [questions.asker(identity) for identity in account.identities]
    foreign_roles = [_foreign_role(role, documents) for role in work.foreign_roles]
    graph = EscalationGraph(questions, account, askers, foreign_roles)
    found_exposures = _exposures(work, account, questions)
    return AccountResult(
        work.account,
        tuple(_principal(asker, questions) for asker in askers),
        tuple(sorted(graph.administrators)),
        tuple(edge for _, edges in sorted(graph.edges.items()) for edge in edges),
        tuple(graph.needs.undecided),
        document_uses(account.identities),
        (*account.problems, *_problems(work, account, graph)),
        found_exposures.rows,
        found_exposures.undecided,
        () if work.usage is None else tuple(_unused(account.identities, work.usage, documents)),
    )


def _with_arns_of_ids(account: JoinedAccount, arns: Mapping[str, str], documents: Documents) -> JoinedAccount:
    """The account with ARNs in its trust policies in the place of ids whose user or role was collected."""
    identities = []
    for identity in account.identities:
        trust = identity.trust
        text = "" if trust is None else unfolded(documents.texts[trust], identity.account)
        if may_have_ids(text):
            trust = documents.add(with_arns(document_value(text), arns), identity.account)
        identities.append(replace(identity, trust=trust))
    return replace(account, identities=tuple(identities))


def _foreign_role(role: OpenRole, documents: Documents) -> Identity:
    account = role.arn.split(":", 5)[4]
    name = role.arn.rpartition("/")[2]
    trust = documents.add(document_value(role.trust), account)
    return Identity("role", role.arn, account, name, "", "", trust=trust, tags=role.tags)


def _exposures(work: AccountWork, account: JoinedAccount, questions: AccessQuestions) -> FoundExposures:
    """The outsiders who can use the account's resources, and those who can assume its roles."""
    policies = list(work.resources)
    unread = []
    for role in account.identities:
        if role.trust is not None and _SERVICE_LINKED not in role.arn:  # which services alone assume, by definition
            text = unfolded(questions.documents.texts[role.trust], role.account)
            policies.append(ResourcePolicy(role.arn, role.account, text))
        elif role.kind == "role" and role.trust is None:
            unread.append(UndecidedExposure(role.arn, "trust policy", "it is missing, or no JSON document"))
    found_exposures = exposures(policies, questions.organization, work.ids)
    return replace(found_exposures, undecided=(*found_exposures.undecided, *unread))


def _principal(asker: Asker, questions: AccessQuestions) -> PrincipalRow:
    """The access of a principal, in the names of its account; its texts are shared with all rows that have the same."""
    arn, account = asker.identity.arn, asker.identity.account
    if asker.unknown:
        return PrincipalRow(arn, unknown=asker.unknown)
    rows = []
    for row in questions.sensitive(asker):
        must_hold = tuple((key, unfolded(value, account)) for key, value in row.must_hold)
        rows.append(replace(row, resource=sys.intern(unfolded(row.resource, account)), must_hold=must_hold))
    return PrincipalRow(arn, tuple(rows))


def _problems(work: AccountWork, account: JoinedAccount, graph: EscalationGraph) -> Iterator[InputProblem]:
    """The documents that are no policy, the roles that trust nobody who is known, and the account without a place."""
    parts = graph.questions.parts
    organization = graph.questions.organization
    no_policies: set[str] = set()
    for identity in account.identities:
        file = identity.file
        for use in (*identity.policies, *identity.limits):
            if use.document not in no_policies and parts.mask(use.document) is None:
                no_policies.add(use.document)  # told once, however many have it
                message = f"{use.spelled} of {identity.arn} is no policy: {parts.problems[use.document]}"
                yield InputProblem(file, f"{message}: whoever has it is undecided")
        for identifier in graph.assumption.trusted(identity).ids:
            whose = "the id of a user or role that was deleted: nobody can use that"
            if work.ids.missing_accounts:
                first, *others = work.ids.missing_accounts
                accounts = f"account {first} and {len(others):,} more are" if others else f"account {first} is"
                whose = f"the id of a user or role that is not in the files: {accounts} not in them as a whole"
            yield InputProblem(file, f"{identity.arn} trusts {identifier}, {whose}")
    # That the organization's file could not be read is told by itself.
    is_listed = organization is None or organization.is_unread or work.account in organization.accounts
    if account.identities and not is_listed:
        message = f"account {work.account} is not in the organization's file: which SCPs bind it is not known"
        yield InputProblem(work.files[0].name, message)


def _unused(identities: Iterable[Identity], usage: Usage, documents: Documents) -> Iterator[UnusedRow]:
    """Yield the unused access of an account's principals, in the names of the account."""
    unused_access = UnusedAccess(documents, usage)
    for identity in identities:
        row = None if _SERVICE_LINKED in identity.arn else unused_access.row(identity)
        if row is not None:
            account = identity.account
            policies = tuple(replace(policy, smaller=unfolded(policy.smaller, account)) for policy in row.policies)
            yield replace(row, policies=policies)
