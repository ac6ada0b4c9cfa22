"""Read the roles that a deployed stack should have: from the template that CloudFormation runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from remit.deploy.aws_errors import remit_errors
from remit.deploy.bucket_names import kept_arns
from remit.deploy.stack import deployed_template, describe
from remit.review.working_tree import version_declared
from remit.synthesis import declared_roles as reading
from remit.synthesis.declared_roles import declared

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.deploy.session import Account
    from remit.review.access_change import Version

LAST: Final = "the last deploy"


def deployed_version(account: Account, namespace: str) -> Version | None:
    """The roles of the template that runs; None when nothing is deployed. RemitError: AWS refuses, or as `version`."""
    with remit_errors():
        stack = describe(account, namespace)
        template = deployed_template(account, stack)
    if stack is None or not template:
        return None
    return version(template, account, namespace, dict(stack.parameters))


def version(
    template: Mapping[str, Any], account: Account, namespace: str, parameters: Mapping[str, str] | None = None
) -> Version:
    """The roles of a template that runs in an account, or would, with these values of its parameters.

    RemitError: the roles cannot be read, or AWS refuses to list the stack's resources, for buckets without a name.
    """
    names = account.pseudo_parameters(namespace) | in_references(parameters or {})
    running = declared(template, kept_arns(account, namespace, template))
    return version_declared(running, LAST, namespace, names)


def in_references(parameters: Mapping[str, str]) -> dict[str, str]:
    """The values of a template's parameters, by the text that refers to them."""
    return {f"${{{name}}}": value for name, value in parameters.items()}


def explained(old: Version, by: Version) -> Version:
    """The version `old`, whose grants have the reasons and lines that `by` gives to the same statement of a role.

    Grants of other statements keep theirs.
    """
    return replace(old, roles=reading.with_reasons(old.roles, by.roles))
