"""A default policy is set beside a policy: the first replaces what remit computes, the second adds to it.

Both reach every function. What the replaced default breaks is another matter (R704).

Flagged:

    from remit import configure

    with configure() as config:
        config.lambda_.iam.policy = ["xray:PutTraceSegments"]
        config.lambda_.iam.default_policy = ["logs:CreateLogStream", "logs:PutLogEvents", "sqs:*"]

Better:

    from remit import configure

    with configure() as config:
        config.lambda_.iam.policy = ["xray:PutTraceSegments"]

Source: "The configuration" (remit's README).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint.finding import NOTE, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import Project

SEVERITY = NOTE


def project(project: Project) -> Iterator[Problem]:
    """The line that replaces the default, where something is added as well."""
    app = project.app
    if app.default_policy is None:
        return
    reasons = [grant.reason for function in app.functions for grant in function.policy]
    if any(reason.kind == "setting" and reason.subjects == ("policy",) for reason in reasons):
        message = "default_policy replaces the computed default; what is in `config.lambda_.iam.policy` is added to it"
        yield Problem(message, "to add only, leave default_policy out", origin=app.default_policy_origin)
