"""Lint each distinct document once, and name every principal that has it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from remit.audit.documents import OWN_ACCOUNT, unfolded
from remit.audit.json_bytes import parsed
from remit.errors import Origin, spelled
from remit.lint.files import lint_document
from remit.lint.rule_inputs import IDENTITY, TRUST

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from remit.audit.documents import Documents
    from remit.audit.entities import Identity
    from remit.errors import Path
    from remit.lint.finding import Finding

_OF_AWS: Final = ":iam::aws:policy/"
_STATEMENT_PARTS: Final = 2  # Statement, and its index


@dataclass(frozen=True, slots=True)
class DocumentUse:
    """Who has a document: a principal's ARN, and what the document is there: a policy's name, `trust policy`."""

    principal: str
    policy: str


@dataclass(frozen=True, slots=True)
class DocumentToLint:
    """A distinct document, of which kind it is (as `remit lint --kind`), its JSON text, and an account that has it."""

    key: str
    kind: str
    text: str
    account: str


@dataclass(frozen=True, slots=True)
class LintedDocument:
    """The findings in a distinct document, and every principal that has it."""

    key: str
    kind: str
    findings: tuple[Finding, ...]
    uses: tuple[DocumentUse, ...]


def document_uses(identities: Iterable[Identity]) -> dict[tuple[str, str], list[DocumentUse]]:
    """Who has each document, by its key and its kind. Those that AWS maintains are left out."""
    uses: dict[tuple[str, str], list[DocumentUse]] = {}
    for identity in identities:
        policies = identity.policies if identity.boundary is None else (*identity.policies, identity.boundary)
        for use in policies:
            if _OF_AWS not in use.name:
                uses.setdefault((use.document, IDENTITY), []).append(DocumentUse(identity.arn, use.spelled))
        trust = identity.entity.trust
        if trust is not None:
            uses.setdefault((trust, TRUST), []).append(DocumentUse(identity.arn, "trust policy"))
    return uses


def documents_to_lint(
    uses: dict[tuple[str, str], list[DocumentUse]], documents: Documents
) -> tuple[DocumentToLint, ...]:
    """The documents that somebody has, in a steady order."""
    rows = []
    for (key, kind), principals in sorted(uses.items()):
        account = principals[0].principal.split(":", 5)[4]
        rows.append(DocumentToLint(key, kind, documents.texts[key], account))
    return tuple(rows)


def lint_documents(documents: Sequence[DocumentToLint]) -> list[tuple[str, str, tuple[Finding, ...]]]:
    """The findings of each document, by its key and kind: a chunk of the work, for any process."""
    return [(document.key, document.kind, tuple(_findings(document))) for document in documents]


def _findings(document: DocumentToLint) -> Iterator[Finding]:
    for finding in lint_document(parsed(document.text), document.key, kind=document.kind, place=_place):
        message, hint = finding.message, finding.hint
        if OWN_ACCOUNT in message or OWN_ACCOUNT in (hint or ""):
            message, hint = unfolded(message, document.account), hint and unfolded(hint, document.account)
        yield replace(finding, message=message, hint=hint, statement=None)


def _place(path: Path) -> Origin:
    """Where a part of a document is: its path, down to the statement and the element."""
    return Origin(spelled(path[: _STATEMENT_PARTS + 1]) or "the document")


def linted(
    findings: Iterable[tuple[str, str, tuple[Finding, ...]]], uses: dict[tuple[str, str], list[DocumentUse]]
) -> tuple[LintedDocument, ...]:
    """The documents in which something was found, with who has them."""
    rows = []
    for key, kind, found in findings:
        if found:
            rows.append(LintedDocument(key, kind, found, tuple(uses[key, kind])))
    return tuple(rows)
