"""Audit accounts one by one: a chunk of them in one process, which asks equal questions of all of them once."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from remit.audit.access import AccessQuestions
from remit.audit.document_lint import document_findings, document_uses, name_of
from remit.audit.documents import Documents, document_value, unfolded
from remit.audit.entities import Entity, InputProblem
from remit.audit.escalation import EscalationGraph
from remit.audit.escalation_techniques import ESCALATION_ACTIONS
from remit.audit.exposures import exposures
from remit.audit.folder import AccountFile, FileContent, OpenRole, file_content
from remit.audit.joined_account import JoinedAccount, joined_account
from remit.audit.principal_ids import NO_IDS, PrincipalIds, may_have_ids, with_arns
from remit.audit.resource_policies import ResourcePolicy
from remit.audit.results import (
    AccessRow,
    AccountResult,
    DocumentFinding,
    PrincipalRow,
    UndecidedExposure,
    UnusedRow,
)
from remit.audit.sensitive_actions import SENSITIVE_ACTIONS
from remit.audit.unused_access import UnusedAccess, Usage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from remit.audit.access import ActionAccess
    from remit.audit.account_pages import AccountPage
    from remit.audit.entities import Identity
    from remit.audit.organization import Organization

_MOST_DOCUMENTS: Final = 50_000
"""Distinct documents at which all answers so far are forgotten: else memory would grow with the accounts."""
_SENSITIVE: Final = tuple(SENSITIVE_ACTIONS)


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
    questions = _questions(chunk)
    linted = set(chunk.linted)
    for work in chunk.works:
        if len(questions.documents.texts) > _MOST_DOCUMENTS:
            questions = _questions(chunk)
        result = _result(work, questions)
        findings = {}
        for use in result.uses:
            name = name_of(use)
            if name not in linted:
                linted.add(name)
                findings[name] = document_findings(use, questions.documents)
        yield AuditedAccount(result, findings)


def _questions(chunk: Chunk) -> AccessQuestions:
    return AccessQuestions(Documents(), (*_SENSITIVE, *ESCALATION_ACTIONS), chunk.now, chunk.organization)


@lru_cache(maxsize=4)
def _content(file: AccountFile) -> FileContent:
    """A file's content, kept for a moment: several accounts may be in one file."""
    return file_content(file)


def _result(work: AccountWork, questions: AccessQuestions) -> AccountResult:
    pages: list[AccountPage] = []
    for file in work.files:
        content = _content(file)
        questions.documents.texts |= content.documents.texts
        pages += content.pages
    account = joined_account(work.account, pages, questions.documents)
    account = _with_arns_of_ids(account, dict(work.ids.arns), questions.documents)
    foreign_roles = tuple(_foreign_role(role, questions.documents) for role in work.foreign_roles)
    graph = EscalationGraph(questions, account.identities, account.groups, foreign_roles, account.managed)
    found_exposures = exposures(
        (*work.resources, *_trust_policies(account, questions.documents)),
        questions.organization,
        work.ids,
    )
    arns = {identity.arn for identity in account.identities}
    return AccountResult(
        work.account,
        tuple(_principal(identity, questions) for identity in account.identities),
        tuple(sorted(graph.administrators)),
        tuple(edge for _, edges in sorted(graph.edges.items()) for edge in edges),
        tuple(graph.undecided),
        document_uses(account.identities),
        (
            *account.problems,
            *_no_policies(account.identities, questions),
            *_unknown_ids(account.identities, graph, work.ids.missing_accounts),
            *_unplaced(work, arns, questions.organization),
        ),
        found_exposures.rows,
        (*found_exposures.undecided, *_without_trust_policy(account.identities)),
        () if work.usage is None else tuple(_unused(account.identities, work.usage, questions.documents)),
    )


def _with_arns_of_ids(account: JoinedAccount, arns: Mapping[str, str], documents: Documents) -> JoinedAccount:
    """The account with ARNs in its trust policies in the place of ids whose user or role was collected."""
    if not arns:
        return account
    identities = tuple(_with_arns_in_trust(identity, arns, documents) for identity in account.identities)
    return replace(account, identities=identities)


def _with_arns_in_trust(identity: Identity, arns: Mapping[str, str], documents: Documents) -> Identity:
    entity = identity.entity
    if entity.trust is None:
        return identity
    text = unfolded(documents.texts[entity.trust], entity.account)
    if not may_have_ids(text):
        return identity
    trust = documents.add(with_arns(document_value(text), arns), entity.account)
    return replace(identity, entity=replace(entity, trust=trust))


def _unused(identities: Iterable[Identity], usage: Usage, documents: Documents) -> Iterator[UnusedRow]:
    """Yield the unused access of an account's principals, in the names of the account."""
    unused_access = UnusedAccess(documents, usage)
    for identity in identities:
        row = None if "/aws-service-role/" in identity.arn else unused_access.row(identity)
        if row is not None:
            account = identity.account
            policies = tuple(replace(policy, smaller=unfolded(policy.smaller, account)) for policy in row.policies)
            yield replace(row, policies=policies)


def _trust_policies(account: JoinedAccount, documents: Documents) -> Iterator[ResourcePolicy]:
    """The trust policies of roles, but those that services alone use by definition."""
    for identity in account.identities:
        entity = identity.entity
        if entity.trust is not None and "/aws-service-role/" not in entity.arn:
            text = unfolded(documents.texts[entity.trust], entity.account)
            yield ResourcePolicy(entity.arn, entity.account, text)


def _without_trust_policy(identities: Iterable[Identity]) -> Iterator[UndecidedExposure]:
    """The roles whose trust policies cannot be read."""
    for identity in identities:
        entity = identity.entity
        if entity.kind == "role" and entity.trust is None:
            yield UndecidedExposure(entity.arn, "trust policy", "it is missing, or no JSON document")


def _no_policies(identities: Iterable[Identity], questions: AccessQuestions) -> Iterator[InputProblem]:
    """The documents that are JSON, and no policy that IAM takes: each once."""
    known: set[str] = set()
    for identity in identities:
        boundary = () if identity.boundary is None else (identity.boundary,)
        for use in (*identity.policies, *boundary):
            if use.document not in known and questions.parts.mask(use.document) is None:
                known.add(use.document)
                reason = questions.parts.problems[use.document]
                message = f"{use.spelled} of {identity.arn} is no policy: {reason}: whoever has it is undecided"
                yield InputProblem(identity.entity.file, message)


def _foreign_role(role: OpenRole, documents: Documents) -> Entity:
    account = role.arn.split(":", 5)[4]
    name = role.arn.rpartition("/")[2]
    trust = documents.add(document_value(role.trust), account)
    return Entity("role", role.arn, account, name, "", "", trust=trust, tags=role.tags)


def _principal(identity: Identity, questions: AccessQuestions) -> PrincipalRow:
    unknown = questions.unknown(identity)
    if unknown:
        return PrincipalRow(identity.arn, unknown=unknown)
    rows = questions.sensitive(identity, _SENSITIVE)
    return PrincipalRow(identity.arn, tuple(_access_row(row, identity.account) for row in rows))


def _access_row(row: ActionAccess, account: str) -> AccessRow:
    """An answer in the names of an account; its texts are shared with all rows that have the same."""
    answer = row.answer
    return AccessRow(
        row.action,
        answer.verdict,
        sys.intern(unfolded(answer.resource, account)),
        tuple((key, unfolded(value, account)) for key, value in answer.must_hold),
        "" if row.statement is None else sys.intern(row.statement.spelled),
        answer.reason,
    )


def _unknown_ids(
    identities: Iterable[Identity], graph: EscalationGraph, missing_accounts: Sequence[str]
) -> Iterator[InputProblem]:
    """The roles that trust the id of a user or role that no file has."""
    for identity in identities:
        for identifier in graph.assumption.trusted(identity.entity).ids:
            yield InputProblem(identity.entity.file, f"{identity.arn} trusts {_whose(identifier, missing_accounts)}")


def _whose(identifier: str, missing_accounts: Sequence[str]) -> str:
    if not missing_accounts:
        return f"{identifier}, the id of a user or role that was deleted: nobody can use that"
    first, *others = missing_accounts
    accounts = f"account {first} and {len(others):,} more are" if others else f"account {first} is"
    return f"{identifier}, the id of a user or role that is not in the files: {accounts} not in them as a whole"


def _unplaced(work: AccountWork, arns: set[str], organization: Organization | None) -> Iterator[InputProblem]:
    """The account, if the organization's file does not list it; that it could not be read is told by itself."""
    if organization is None or organization.is_unread:
        return
    if arns and work.account not in organization.accounts:
        message = f"account {work.account} is not in the organization's file: which SCPs bind it is not known"
        yield InputProblem(work.files[0].name, message)
