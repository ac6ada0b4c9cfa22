"""Access that an override of the defaults takes away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint.finding import ERROR, NOTE, Problem, rule
from remit.roles.assign import may_break

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import Project


@rule("R704", ERROR, looks_at="project")
def broken_by_override(project: Project) -> Iterator[Problem]:
    """The computed default is replaced, denied or bounded, so that the role lacks what the function's own features need.

    Event sources and VPC settings fail when they are deployed; without its logs a function writes none.

    Flagged:

        from remit import configure

        with configure() as config:
            config.lambda_.iam.default_policy = []

    Better:

        from remit import configure

        with configure() as config:
            config.lambda_.iam.policy = ["xray:PutTraceSegments"]

    Source: "Defining Lambda function permissions with an execution role" (AWS Lambda Developer Guide).
    """
    app = project.app
    if not may_break(app, project.roles):
        return
    from remit.roles.broken_features import broken, together  # noqa: PLC0415 - most apps replace nothing: no evaluator

    for feature in together(broken(app, project.roles), app):
        yield Problem(feature.message, feature.way, (), feature.severity, origin=feature.origin)


@rule("R707", NOTE, looks_at="project")
def replaced_default(project: Project) -> Iterator[Problem]:
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
    app = project.app
    if app.default_policy is None:
        return
    reasons = [grant.reason for function in app.functions for grant in function.policy]
    if any(reason.kind == "setting" and reason.subjects == ("policy",) for reason in reasons):
        message = "default_policy replaces the computed default; what is in `config.lambda_.iam.policy` is added to it"
        yield Problem(message, "to add only, leave default_policy out", origin=app.default_policy_origin)
