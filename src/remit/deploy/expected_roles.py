"""Read the roles that a deployed stack should have: from the template that CloudFormation runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.partitions import partition
from remit.deploy.aws_errors import remit_errors
from remit.deploy.changeset import deployed_template
from remit.deploy.stack import describe
from remit.review.access_change import Version
from remit.review.resource_access import giving_of_app
from remit.roles.reference_shapes import shapes_of
from remit.synthesis import declared_roles as reading
from remit.synthesis.declared_roles import declared, users_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.deploy.session import Account

LAST: Final = "the last deploy"


def recorded(account: Account, namespace: str) -> Version | None:
    """The roles of the template that runs; None when nothing is deployed. Two calls."""
    with remit_errors():
        stack = describe(account, namespace)
        template = deployed_template(account, stack)
    if stack is None or not template:
        return None
    return version(template, account, namespace, dict(stack.parameters))


def version(
    template: Mapping[str, Any], account: Account, namespace: str, parameters: Mapping[str, str] | None = None
) -> Version:
    """The roles of a template that runs in an account, with these values of its parameters."""
    running = declared(template)
    declared_roles = running.roles
    roles = (*(declared_role.role for declared_role in declared_roles), *running.outside)
    return Version(
        LAST,
        (*roles, *users_of(running.resources, roles)),
        names=pseudo(account, namespace) | in_references(parameters or {}),
        trusts={declared_role.role.logical_id: declared_role.trust for declared_role in declared_roles},
        namespace=namespace,
        others=running.others,
        documents=running.documents,
        open=running.open,
        shapes=shapes_of(running.resources),
        giving=giving_of_app(running.resources),
    )


def pseudo(account: Account, namespace: str) -> dict[str, str]:
    """What CloudFormation's pseudo parameters are there, by their text."""
    known_partition = partition(account.partition)
    return {
        "${AWS::AccountId}": account.account,
        "${AWS::Partition}": account.partition,
        "${AWS::Region}": account.region,
        "${AWS::StackName}": namespace,
        "${AWS::URLSuffix}": "amazonaws.com" if known_partition is None else known_partition.dns_suffix,
    }


def in_references(parameters: Mapping[str, str]) -> dict[str, str]:
    """The values of a template's parameters, by the text that refers to them."""
    return {f"${{{name}}}": value for name, value in parameters.items()}


def explained(old: Version, by: Version) -> Version:
    """A version whose grants have the reasons and lines that another gives to the same statement of the same role."""
    return replace(old, roles=reading.with_reasons(old.roles, by.roles))
