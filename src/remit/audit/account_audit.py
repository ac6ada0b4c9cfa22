"""Audit accounts one by one: the work on each, and a chunk of them in one process, which asks equal questions once."""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from remit.audit.access import SERVICE_LINKED, AccessQuestions, Asker
from remit.audit.document_lint import document_findings, document_uses, name_of
from remit.audit.documents import Documents, document_value, unfolded
from remit.audit.entities import Identity, InputProblem
from remit.audit.escalation import EscalationGraph
from remit.audit.exposures import FoundExposures, exposures
from remit.audit.folder import AccountFile, FileContent, FileSummary, OpenRole, file_content
from remit.audit.joined_account import JoinedAccount, joined_account
from remit.audit.json_bytes import compact, parsed
from remit.audit.principal_ids import NO_IDS, PrincipalIds, may_have_ids, principal_ids, with_arns
from remit.audit.resource_policies import ResourcePolicy
from remit.audit.results import AccountResult, DocumentFinding, PrincipalRow, UndecidedExposure, UnusedRow
from remit.audit.trail import account_of
from remit.audit.unused_access import UnusedAccess, Usage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from remit.audit.account_pages import AccountPage
    from remit.audit.organization import Organization

    _Summaries = Mapping[AccountFile, FileSummary]

_MOST_DOCUMENTS: Final = 50_000
"""Distinct documents at which all answers so far are forgotten: else memory would grow with the accounts."""


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
    """The results of a chunk's accounts, in their order.

    Findings come with the first account that has a document; none of those in `chunk.linted`.
    """
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
    """Join the files of an account, and ask every question about its principals and resources."""
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
    foreign_roles = []
    for role in work.foreign_roles:
        owner, trust = account_of(role.arn), document_value(role.trust)
        key, name = documents.add(trust, owner), role.arn.rpartition("/")[2]
        foreign_roles.append(Identity("role", role.arn, owner, name, "", "", trust=key, tags=role.tags))
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


def _exposures(work: AccountWork, account: JoinedAccount, questions: AccessQuestions) -> FoundExposures:
    """The outsiders who can use the account's resources, and those who can assume its roles.

    Service-linked roles are left out; a role whose trust policy cannot be read is undecided.
    """
    policies = list(work.resources)
    unread = []
    for role in account.identities:
        if role.trust is not None and SERVICE_LINKED not in role.arn:  # which services alone assume, by definition
            text = unfolded(questions.documents.texts[role.trust], role.account)
            policies.append(ResourcePolicy(role.arn, role.account, text))
        elif role.kind == "role" and role.trust is None:
            unread.append(UndecidedExposure(role.arn, "trust policy", "it is missing, or no JSON document"))
    found_exposures = exposures(policies, questions.organization, work.ids)
    return replace(found_exposures, undecided=(*found_exposures.undecided, *unread))


def _principal(asker: Asker, questions: AccessQuestions) -> PrincipalRow:
    """The access of a principal, in the names of its account; of one that cannot be decided, only why.

    Texts are shared with all rows that have the same.
    """
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
    """Yield the unused access of an account's principals but service-linked roles, in the names of the account."""
    unused_access = UnusedAccess(documents, usage)
    for identity in identities:
        row = None if SERVICE_LINKED in identity.arn else unused_access.row(identity)
        if row is not None:
            account = identity.account
            policies = tuple(replace(policy, smaller=unfolded(policy.smaller, account)) for policy in row.policies)
            yield replace(row, policies=policies)


_EVERY_ACCOUNT: Final = "*"
"""What concerns all accounts: a role that trusts everybody, and files of no account, which may hold AWS's policies."""


def accounts_of_files(summaries: _Summaries) -> set[str]:
    """The accounts of which files have something."""
    return {account for summary in summaries.values() for account in summary.accounts}


def named_ids(summaries: _Summaries, resources: Iterable[ResourcePolicy]) -> frozenset[str]:
    """The unique ids that policies of resources name, and trust policies that let others in than their account."""
    ids: set[str] = set()
    for role in _open_roles(summaries):
        ids.update(_ids_in(role.trust))
    for resource in resources:
        ids.update(_ids_in(resource.text))
    return frozenset(ids)


def account_works(
    summaries: _Summaries,
    resources: Sequence[ResourcePolicy],
    usages: Mapping[str, Usage],
    ids: PrincipalIds,
) -> tuple[AccountWork, ...]:
    """The work of each account of the files and of the resources, in the order of their numbers.

    An account gets the files that are about it and those about none, the roles of other accounts that trust it or
    everybody, and its resources. ARNs stand in policies for the ids that `ids` knows.
    """
    arns = dict(ids.arns)
    ids_of: dict[str, set[str]] = defaultdict(set)
    roles: dict[str, dict[OpenRole, int]] = defaultdict(dict)
    for position, open_role in enumerate(_open_roles(summaries)):
        named = set(_ids_in(open_role.trust))
        ids_of[account_of(open_role.arn)] |= named
        role = open_role
        if named:
            names = tuple(sorted({arns.get(name, name) for name in open_role.names}))
            trust = compact(with_arns(document_value(open_role.trust), arns))
            role = replace(open_role, names=names, trust=trust)
        # A unique id that nobody has is of no account, and concerns none.
        for name in role.names:
            roles[account_of(name) or name][role] = position
    resources_of: dict[str, list[ResourcePolicy]] = defaultdict(list)
    for resource in resources:
        named = set(_ids_in(resource.text))
        ids_of[resource.account] |= named
        text = compact(with_arns(parsed(resource.text), arns)) if named & arns.keys() else resource.text
        resources_of[resource.account].append(replace(resource, text=text))
    files: dict[str, dict[AccountFile, int]] = defaultdict(dict)
    for position, (file, summary) in enumerate(summaries.items()):
        for account in summary.accounts or (_EVERY_ACCOUNT,):
            files[account][file] = position
    works = []
    for account in sorted(accounts_of_files(summaries) | resources_of.keys()):
        # Several files and roles concern an account by itself and as one of all: each counts once, in its place.
        own_files = files[_EVERY_ACCOUNT] | files[account]
        trusting = roles[_EVERY_ACCOUNT] | roles[account]
        foreign_roles = (role for role in sorted(trusting, key=trusting.__getitem__) if account_of(role.arn) != account)
        own_ids = ids_of[account]
        known_ids = tuple((name, arns[name]) for name in sorted(own_ids & arns.keys()))
        works.append(
            AccountWork(
                account,
                tuple(sorted(own_files, key=own_files.__getitem__)),
                tuple(foreign_roles),
                tuple(resources_of[account]),
                usages.get(account),
                PrincipalIds(known_ids, ids.missing_accounts if own_ids - arns.keys() else ()),
            )
        )
    return tuple(works)


def _open_roles(summaries: _Summaries) -> Iterator[OpenRole]:
    return (role for summary in summaries.values() for role in summary.open_roles)


def _ids_in(text: str) -> Iterable[str]:
    """The ids that a policy names, of its text."""
    return principal_ids(parsed(text)) if may_have_ids(text) else ()
