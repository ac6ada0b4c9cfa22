"""Tell what a deployer needs and why: as text, and as values that JSON takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.catalogue.quotas import quota
from remit.iam.length import policy_length
from remit.iam.policy import render_statement
from remit.report.roles import grant_lines
from remit.report.terminal_text import page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.deployer.deployer_policy import Deployer


def deployer_text(deployer: Deployer) -> str:
    """Every statement with its reason, then what is not known and what to know."""
    return page(_lines(deployer))


def deployer_document(deployer: Deployer) -> dict[str, Any]:
    """The same: {stack, characters, statements: [{statement, because}], unknown: [{resource, type}], notes}."""
    return {
        "stack": deployer.stack or None,
        "characters": policy_length(deployer.policy),
        "statements": [
            {"statement": render_statement(grant.statement), "because": grant.because} for grant in deployer.grants
        ],
        "unknown": [{"resource": logical_id, "type": kind} for logical_id, kind in deployer.unknown],
        "notes": list(deployer.notes),
    }


def remarks(deployer: Deployer) -> Iterator[str]:
    """Yield the remarks beside the policy: resources whose handlers nobody knows, and notes."""
    for logical_id, kind in deployer.unknown:
        yield f"{logical_id} is left out: it is not known what CloudFormation calls for an {kind}"
    yield from deployer.notes


def _lines(deployer: Deployer) -> Iterator[str]:
    count = len(deployer.grants)
    characters = policy_length(deployer.policy)
    most = quota("iam.managed").most
    yield (
        f"Whoever {deployer.doing} needs {count} statement{'' if count == 1 else 's'}, {characters:,} characters "
        f"(a managed policy holds {most:,})"
    )
    for grant in deployer.grants:
        yield from grant_lines(grant, action_a_line=True)
    for remark in remarks(deployer):
        yield f"note: {remark}"
