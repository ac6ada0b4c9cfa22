"""Tell what a deployer needs and why: as text, and as values that JSON takes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from remit.catalogue.quotas import quota
from remit.iam.length import policy_length
from remit.iam.policy import render_statement
from remit.report.roles import grant_lines
from remit.report.terminal_text import page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.deployer.deployer_policy import Deployer
    from remit.deployer.lacking_access import DeployerCheck


def deployer_text(deployer: Deployer) -> str:
    """Every statement with its reason, then what is not known and what to know."""
    count, characters = len(deployer.grants), policy_length(deployer.policy)
    statements = f"{count} statement{'' if count == 1 else 's'}"
    most = f"(a managed policy holds {quota('iam.managed').most:,})"
    lines = [f"Whoever {deployer.doing} needs {statements}, {characters:,} characters {most}"]
    for grant in deployer.grants:
        lines += grant_lines(grant, action_a_line=True)
    return page((*lines, *(f"note: {remark}" for remark in remarks(deployer))))


def deployer_document(deployer: Deployer) -> dict[str, Any]:
    """For programs: {stack, characters, statements: [{statement, because}], unknown: [{resource, type}], notes}."""
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


def check_document(check: DeployerCheck, need: Deployer) -> dict[str, Any]:
    """{stack, enough, lacking: [{statement, because, request: {action, resource}, reason}], undecided} of a check."""
    lacking = []
    for item in check.lacking:
        request = {"action": item.request.action, "resource": item.request.resource}
        statement = {"statement": render_statement(item.grant.statement), "because": item.grant.because}
        lacking.append({**statement, "request": request, "reason": item.denial})
    undecided = list(check.undecided)
    return {"stack": need.stack or None, "enough": check.is_enough, "lacking": lacking, "undecided": undecided}


def check_lines(check: DeployerCheck, need: Deployer, whose: str) -> Iterator[str]:
    """The verdict, each lacking statement with its reason and a request, as text and as JSON, and what is undecided."""
    doing = f"the deploy of {need.stack}" if need.stack else "`remit bootstrap`"
    if check.is_enough:
        yield f"{whose} allows all that {doing} needs: proven for every request"
        return
    number = sum(len(item.grant.statement.actions.patterns) for item in check.lacking)
    lacks = f"lacks {number} action{'' if number == 1 else 's'} that {doing} needs" if number else "may not be enough"
    yield f"{whose} {lacks}"
    for item in check.lacking:
        yield from grant_lines(item.grant, action_a_line=True)
        yield f"      for example {item.denial}"
        yield f"      {json.dumps(render_statement(item.grant.statement))}"
    for reason in check.undecided:
        yield f"  ? {reason}"
