"""The subjects of rules in a Terraform plan or state: policies of resources, and variables of functions.

Source: "JSON Output Format" (Terraform documentation); the AWS provider's pages of the resource types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.lint.elements import has_principal, raw_statements
from remit.lint.policies import with_statements
from remit.lint.rule_inputs import CONTROL, IDENTITY, RESOURCE, TRUST, Environment, PolicyDocument, below
from remit.template.policy_documents import document_in_text
from remit.template.terraform.policy_blocks import POLICY_SOURCE, policy_of_blocks
from remit.template.terraform.state import PlannedResource, data_of, items_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.documents.json_text import Locate, Path

_TRUST: Final = "assume_role_policy"
_OF_IDENTITIES: Final = ("aws_iam_policy", "aws_iam_role", "aws_iam_user", "aws_iam_group")
"""How the types begin whose policies belong to an identity."""
_QUOTAS: Final = {
    "aws_iam_policy": "iam.managed",
    "aws_iam_role_policy": "iam.role.inline",
    "aws_iam_user_policy": "iam.user.inline",
    "aws_iam_group_policy": "iam.group.inline",
}
"""The quota of the policies of a type."""


def resources(plan: Mapping[str, Any], locate: Locate) -> tuple[PlannedResource, ...]:
    """The resources as they will be after the apply; of a state, as they are. RemitError (2) at what is no resource.

    Of a plan, also the data sources of policies that are read during the apply, since they name what it makes.
    """
    if "planned_values" not in plan:
        values = plan["values"]
        return items_of(values, ("values",), locate, {}) if isinstance(values, dict) else ()
    values = plan["planned_values"]
    if not isinstance(values, dict):
        return ()
    data_sources = data_of(values, ("planned_values",), locate)
    policies = (source for source in data_sources if source.type == POLICY_SOURCE and "json" not in source.values)
    return (*items_of(values, ("planned_values",), locate, {}), *policies)


def documents(resource: PlannedResource, locate: Locate) -> Iterator[PolicyDocument]:
    """Yield each policy of a resource that is known before the apply, read: JSON in a text, or blocks."""
    if resource.type == POLICY_SOURCE:
        yield from _of_blocks(resource, locate)
        return
    for attribute, value in resource.values.items():
        for document, path in _policies_in(value, (*resource.path, attribute)):
            is_trust = attribute == _TRUST
            policy = PolicyDocument(
                TRUST if is_trust else _kind(resource.type, document),
                below(locate, path),
                document,
                quota="iam.role.trust" if is_trust else _QUOTAS.get(resource.type, ""),
                title=resource.address,
            )
            yield with_statements(policy, located=False)


def _of_blocks(source: PlannedResource, locate: Locate) -> Iterator[PolicyDocument]:
    """Yield the policy of a data source, if it has statements, with late-bound text for what nobody knows yet."""
    document = policy_of_blocks(source)
    statements = document["Statement"]
    if not statements:
        return
    kind = IDENTITY
    if all(map(has_principal, statements)):
        names_resource = any("Resource" in statement or "NotResource" in statement for statement in statements)
        kind = RESOURCE if names_resource else TRUST
    policy = PolicyDocument(kind, below(locate, (*source.path, "statement")), document, title=source.address)
    yield with_statements(policy, located=False)


def environments(resource: PlannedResource, locate: Locate) -> Iterator[Environment]:
    """Yield the environment of a Lambda function, if it has variables; nothing for other resources."""
    blocks = resource.values.get("environment") if resource.type == "aws_lambda_function" else None
    for index, block in enumerate(blocks if isinstance(blocks, list) else []):
        variables = block.get("variables") if isinstance(block, dict) else None
        if isinstance(variables, dict) and variables:
            path: Path = (*resource.path, "environment", index, "variables")
            yield Environment(resource.address, variables, below(locate, path), own=False)


def _policies_in(value: Any, path: Path) -> Iterator[tuple[dict[str, Any], Path]]:
    """The policies that stand as JSON in the texts of a value, each with the path of its text."""
    document = document_in_text(value) if isinstance(value, str) else None
    if document is not None and raw_statements(document):
        yield document, path
    elif isinstance(value, list | dict):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in parts:
            yield from _policies_in(part, (*path, key))


def _kind(resource_type: str, document: dict[str, Any]) -> str:
    """The kind of policy that a document of a resource is; a document with a principal is a resource's."""
    if resource_type == "aws_organizations_policy":
        return CONTROL
    if resource_type.startswith(_OF_IDENTITIES):
        return IDENTITY
    return RESOURCE if any(map(has_principal, raw_statements(document))) else IDENTITY
