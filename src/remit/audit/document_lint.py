"""Lint each distinct document once, and name every principal that has it."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from remit.audit.documents import Documents, unfolded
from remit.audit.json_bytes import parsed
from remit.audit.results import DocumentFinding, DocumentUse
from remit.catalogue.managed_policies import is_of_aws
from remit.errors import Origin, Path, spelled
from remit.lint.files import lint_document
from remit.lint.rule_inputs import IDENTITY, TRUST

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from remit.audit.entities import Identity

_STATEMENT_PARTS: Final = 2  # Statement, and its index


@dataclass(frozen=True, slots=True)
class LintedDocument:
    """The findings in a distinct document, and every principal that has it."""

    key: str
    kind: str
    findings: tuple[DocumentFinding, ...]
    uses: tuple[DocumentUse, ...]


def document_uses(identities: Iterable[Identity]) -> tuple[DocumentUse, ...]:
    """Return each policy, boundary and trust policy with its holder, in the order of the identities.

    Managed policies that AWS maintains are left out.
    """
    uses: list[DocumentUse] = []
    for identity in identities:
        own = (use for use in (*identity.policies, *identity.limits) if not is_of_aws(use.name))
        uses += (DocumentUse(use.document, IDENTITY, identity.arn, sys.intern(use.spelled)) for use in own)
        trust = identity.trust
        if trust is not None:
            uses.append(DocumentUse(trust, TRUST, identity.arn, "trust policy"))
    return tuple(uses)


def document_findings(use: DocumentUse, documents: Documents) -> tuple[DocumentFinding, ...]:
    """Return lint's findings in a document, with the account folded; each place is a statement or its element."""

    def locate(path: Path) -> Origin:  # down to the statement and the element
        return Origin(spelled(path[: _STATEMENT_PARTS + 1]) or "the document")

    findings = lint_document(parsed(documents.texts[use.document]), use.document, kind=use.kind, locate=locate)
    return tuple(
        DocumentFinding(finding.rule, finding.severity, finding.message, finding.file or "", finding.hint)
        for finding in findings
    )


def linted_documents(
    uses: Iterable[DocumentUse], findings: Mapping[str, Sequence[DocumentFinding]]
) -> tuple[LintedDocument, ...]:
    """The documents in which something was found, by key and kind, with all who have them.

    `findings` go by `name_of`. The messages have the number of the first holder's account.
    """
    users: dict[tuple[str, str], list[DocumentUse]] = {}
    for use in uses:
        users.setdefault((use.document, use.kind), []).append(use)
    rows = []
    for (key, kind), principals in sorted(users.items()):
        # Each account reads its own number, and the first one's stands for all that have the document.
        account = principals[0].principal.split(":", 5)[4]
        own_findings = []
        for finding in findings[name_of(principals[0])]:
            hint = None if finding.hint is None else unfolded(finding.hint, account)
            own_findings.append(replace(finding, message=unfolded(finding.message, account), hint=hint))
        if own_findings:
            rows.append(LintedDocument(key, kind, tuple(own_findings), tuple(principals)))
    return tuple(rows)


def name_of(use: DocumentUse) -> str:
    """The name of a document of a kind: the same document may be a role's policy and its boundary."""
    return f"{use.document} {use.kind}"
