"""A plan as Markdown, for a comment on a pull request: what stops it, what loses data, access, resources."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from remit.report.access_lines import drift_lines
from remit.report.comment import LONGEST, Part, code, fitted, mark, report_parts
from remit.report.operators import reasons
from remit.report.plan import planned_report, resource_lines, role_lines, summary
from remit.review.resource_losses import REMOVED, REPLACED, ResourceLoss

if TYPE_CHECKING:
    from remit.deploy.deployment import Deployment
    from remit.deploy.plan import ResourceChange, StackPlan


def plan_comment(deployment: Deployment, place: str) -> str:
    """At most 65,000 bytes, a hidden mark first that names the stack and `place`; what loses data is never left out."""
    about, plan, access = f"{deployment.namespace} in {place}", deployment.plan, deployment.access
    head = [mark("plan", about), f"**{_verdict(deployment)}**"]
    drift = () if deployment.manual_changes is None else deployment.manual_changes.drift
    parts = [Part(()), Part(tuple(map(_item, [*drift_lines(drift)][1:])), "Changed by hand", opened=True)]
    if plan is not None and access is not None:
        head += ["", f"{summary(plan, access)}."]
        report = replace(planned_report(access), losses=tuple(_loss(plan, change) for change in plan.going))
        parts[0], *others = report_parts(report)
        changes = tuple(map(_item, (*resource_lines(plan), *role_lines(plan))))
        parts += [*others, Part(changes, "Resources that change")]
    return fitted(head, parts, ["", code(about)], LONGEST, "remit deploy --plan --json")


def _item(line: str) -> str:
    return f"- {code(line.strip())}"


def _verdict(deployment: Deployment) -> str:
    """A sentence on whether a deploy goes ahead by itself."""
    texts = [text for question in deployment.unanswered for text in reasons(question)]
    if texts:
        return f"A deploy stops here unless somebody agrees: {' and '.join(texts)}."
    return "No changes." if deployment.plan is None else "A deploy goes ahead by itself."


def _loss(plan: StackPlan, change: ResourceChange) -> ResourceLoss:
    """A resource that a plan replaces or removes. It is not certain where CloudFormation only may replace it."""
    replaced = change.action == "Modify"
    properties = tuple(dict.fromkeys(item.property for item in change.details if item.recreates))
    how, is_certain = REPLACED if replaced else REMOVED, change.replacement == "True" or change.action == "Remove"
    origin = plan.origins.get(change.logical_id)
    held = plan.held.get(change.logical_id, "")
    return ResourceLoss(change.logical_id, change.type, how, is_certain, properties, plan.stays(change), origin, held)
