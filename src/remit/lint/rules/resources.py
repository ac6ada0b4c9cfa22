"""Resources that do not fit the actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.expand import expand
from remit.lint import resource_fit
from remit.lint.finding import ERROR, NOTE, Problem, rule
from remit.lint.resource_types import actions_on_resources, acts_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.lint.rule_inputs import ParsedStatement


@rule("R301", ERROR, looks_at="statement")
def no_resource_level(item: ParsedStatement) -> Iterator[Problem]:
    """An action that knows no resources is allowed on an ARN.

    Such actions match `*` alone, so the statement never grants them: AccessDenied. Some that list things are checked
    against an ARN that stands for all of a kind (`log-group::log-stream:`): a pattern that matches it will do.

    Flagged:

        {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "arn:aws:s3:::data"}

    Better:

        {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}

    Source: the "Service Authorization Reference" (AWS): actions without a resource type.
    """
    if not item.names_arns:
        return
    for text in item.statement.actions.patterns:
        names = expand(text)
        if names and not actions_on_resources(text) and not _listed(names, item):
            subject = f"'{names[0]}'" if len(names) == 1 else f"no action of '{text}'"
            verb = "has no" if len(names) == 1 else "has"
            message = f"{subject} {verb} resource-level permissions: on an ARN it never matches"
            from remit.lint import cdk_grants  # noqa: PLC0415 - asked of mistakes alone

            of_cdk = cdk_grants.hint_on(text, item.statement.actions.patterns)
            hint = of_cdk or "allow it on '*', in a statement of its own"
            yield Problem(message, hint, ("Action", text), NOTE if of_cdk else item.severity_of(names[0]))


def _listed(names: tuple[str, ...], item: ParsedStatement) -> bool:
    return any(acts_on(name, shape) for name in names for shape in item.shapes)


@rule("R303", ERROR, looks_at="statement")
def resource_of_another_service(item: ParsedStatement) -> Iterator[Problem]:
    """An action is allowed on resources of another service alone.

    It never matches.

    Flagged:

        {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "arn:aws:s3:::data"}

    Better:

        {"Effect": "Allow", "Action": "dynamodb:GetItem",
         "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/orders"}

    Source: the "Service Authorization Reference" (AWS): resource types of actions.
    """
    for text, names in item.unfit:
        if not resource_fit.same_service(names, item.shapes):
            services = ", ".join(resource_fit.services_of(item.shapes))
            target = resource_fit.acted_on(names[0])
            message = f"'{text}' acts on {target}, and every Resource here is of {services}: it never matches"
            yield Problem(message, f"name {target} in Resource", ("Action", text), item.severity_of(names[0]))


@rule("R304", NOTE, looks_at="statement")
def unused_resource(item: ParsedStatement) -> Iterator[Problem]:
    """A resource of a statement that none of its actions acts on.

    It does nothing; most likely another action, or another resource, was meant.

    Flagged:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::data/*", "arn:aws:s3:::data"]}

    Better:

        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"],
         "Resource": ["arn:aws:s3:::data/*", "arn:aws:s3:::data"]}

    Source: the "Service Authorization Reference" (AWS): resource types of actions.
    """
    if len(item.resources) == 1 or not item.names_resources:  # with one, the action has the finding
        return
    if not all(map(expand, item.statement.actions.patterns)):
        return
    names = sorted(item.known_actions)
    for text, shape in zip(item.resources, item.shapes, strict=True):
        if not any(acts_on(name, shape) for name in names):
            message = f"no action of the statement acts on '{text}': it does nothing"
            yield Problem(message, "remove it, or add the action that needs it", ("Resource", text))


_DOUBLED = ":parameter//"


@rule("R305", ERROR, looks_at="statement", needs=":parameter//")
def doubled_slash(item: ParsedStatement) -> Iterator[Problem]:
    """The ARN of a parameter has two slashes before its name.

    The name of a parameter in a hierarchy begins with a slash, which its ARN does not repeat: `/app/key` is
    `parameter/app/key`. With two it matches nothing.

    Flagged:

        {"Effect": "Allow", "Action": "ssm:GetParameter",
         "Resource": "arn:aws:ssm:us-east-1:111122223333:parameter//app/key"}

    Better:

        {"Effect": "Allow", "Action": "ssm:GetParameter",
         "Resource": "arn:aws:ssm:us-east-1:111122223333:parameter/app/key"}

    Source: "Actions, resources, and condition keys for AWS Systems Manager" (Service Authorization Reference).
    """
    for text in item.resources:
        if _DOUBLED in text:
            message = f"'{text}' has two slashes before the parameter's name: it matches nothing"
            meant = text.replace(_DOUBLED, ":parameter/")
            yield Problem(message, f"did you mean '{meant}'?", (item.resource_element, text))


@rule("R309", ERROR, looks_at="negated")
def excepts_everything(item: ParsedStatement) -> Iterator[Problem]:
    """NotAction or NotResource has `*`: the statement excepts everything, and applies to nothing.

    An Allow grants nothing. A Deny, which people rely on, denies nothing.

    Flagged:

        {"Effect": "Deny", "Action": "s3:DeleteObject", "NotResource": "*"}

    Better:

        {"Effect": "Deny", "Action": "s3:DeleteObject", "NotResource": "arn:aws:s3:::scratch/*"}

    Source: "IAM JSON policy elements: NotResource", "IAM JSON policy elements: NotAction" (IAM User Guide).
    """
    element = item.excepting_everything
    if element:
        verb = "grants" if item.allows else "denies"
        message = f"{element} '*' excepts everything: the statement {verb} nothing"
        hint = f"name what is excepted, or write {element.removeprefix('Not')}"
        yield Problem(message, hint, (element, "*"))
