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

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.lint.finding import ERROR, Problem
from remit.roles.assign import may_break

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import Project

SEVERITY = ERROR


def project(project: Project) -> Iterator[Problem]:
    """What the guard of overrides finds; a build asks it by itself, where --accept takes a reason."""
    app = project.app
    if not may_break(app, project.roles):
        return
    from remit.roles.broken_features import broken, together  # noqa: PLC0415 - most apps replace nothing: no evaluator

    for feature in together(broken(app, project.roles), app):
        yield Problem(feature.message, feature.way, (), feature.severity, origin=feature.origin)
