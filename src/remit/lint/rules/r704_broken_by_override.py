"""The computed default policy is replaced, and the role lacks what the function's own features need.

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

from dataclasses import replace
from typing import TYPE_CHECKING

from remit.lint.finding import ERROR, WARNING, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.app import App, Function, Grant, Role
    from remit.iam.policy import Policy
    from remit.lint.subject import Project

SEVERITY = ERROR
_FATAL = frozenset({"dynamodb:GetRecords", "ec2:CreateNetworkInterface", "kinesis:GetRecords", "sqs:ReceiveMessage"})
"""Actions whose grants AWS tests when it deploys: of the event sources, of the network interfaces."""


def project(project: Project) -> Iterator[Problem]:
    """What each function needs by itself and its role does not give."""
    app = project.app
    if app.default_policy is None and app.default_vpc_policy is None:
        return
    from remit.grants.assign import own_resources  # noqa: PLC0415 - most apps replace nothing, and need no evaluation

    computed = replace(app, default_policy=None, default_vpc_policy=None)
    functions = {function.name: function for function in app.functions}
    own = own_resources(app)
    for role in project.roles:
        given = _policies(role)
        for name in role.functions:
            yield from _of_function(computed, functions[name], given, own)


def _of_function(app: App, function: Function, given: tuple[Policy, ...], own: dict[str, str]) -> Iterator[Problem]:
    from remit.grants.assign import bind  # noqa: PLC0415 - as above
    from remit.grants.defaults import default_grants  # noqa: PLC0415 - as above

    for grant in default_grants(app, function):
        missing = _missing(bind(grant, own), given)
        if missing:
            fatal = not _FATAL.isdisjoint(grant.statement.actions.patterns)
            shown = ", ".join(missing)
            end = "the deploy fails" if fatal else "that fails"
            message = f"{grant.because}, and its role lacks {shown} since the default policy is replaced: {end}"
            hint = "add the actions to what replaces the default, or add to `config.lambda_.iam.policy` in its place"
            yield Problem(message, hint, (), ERROR if fatal else WARNING, origin=function.origin)


def _missing(grant: Grant, given: tuple[Policy, ...]) -> tuple[str, ...]:
    """The actions of a grant that the role surely does not have on its resources."""
    from remit.iam.evaluate import evaluate  # noqa: PLC0415 - as above
    from remit.iam.request import Request  # noqa: PLC0415 - as above

    resources = grant.statement.resources.patterns if grant.statement.resources else ("*",)
    return tuple(
        action
        for action in grant.statement.actions.patterns
        if any(evaluate(Request(action, one), given).verdict == "ImplicitlyDenied" for one in resources)
    )


def _policies(role: Role) -> tuple[Policy, ...]:
    from remit.catalogue.managed import managed_policy  # noqa: PLC0415 - as above
    from remit.iam.policy import Policy, parse  # noqa: PLC0415 - as above

    own = Policy(tuple(grant.statement for grant in role.grants))
    managed = (managed_policy(arn.replace("${AWS::Partition}", "aws")) for arn in role.managed)
    return (own, *(parse(one.document) for one in managed if one is not None))
