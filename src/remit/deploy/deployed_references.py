"""Say what the references of a deployed app's policies are in its account, by the names that CloudFormation gave."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.types import late_bound, resource_type
from remit.deploy.expected_roles import in_references
from remit.iam import tokens
from remit.roles.reference_names import arn_of, fill_references, references
from remit.triggers.s3 import UNIQUE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remit.deploy.session import Account
    from remit.deploy.status import StackStatus
    from remit.holders import Holder
    from remit.iam.policy import Policy

UNKNOWN: Final = object()
"""What stands for a value of the template that only its deploy knew: it equals anything."""
_TABLE: Final = "AWS::DynamoDB::Table"


@dataclass(frozen=True, slots=True)
class ReferenceValues:
    """`known`: what references are, by their text; `open`: those in use that nothing tells."""

    known: Mapping[str, str]
    open: tuple[str, ...]


def reference_values(
    account: Account, deployed: StackStatus, used: Iterable[Policy], roles: Mapping[str, Holder]
) -> ReferenceValues:
    """The values of the references to what is deployed, which hold no references; and those in use without a value.

    `used` are the policies that the template writes; `roles` what IAM holds, by logical id, which knows the paths of
    roles and the streams of tables.
    """
    pseudo_parameters = account.pseudo_parameters(deployed.stack.name) | {"${AWS::StackId}": deployed.stack.id}
    pseudo_parameters |= in_references(dict(deployed.stack.parameters))
    pseudo_parameters[UNIQUE] = deployed.stack.id.rpartition("-")[2]
    values: dict[str, str] = {}
    for resource in deployed.resources:
        if not resource.physical_id:
            continue
        values[f"${{{resource.logical_id}}}"] = fill_references(resource.physical_id, pseudo_parameters)
        arn = arn_of(resource.type, resource.physical_id)
        if arn is not None:
            kind = resource_type(resource.type)
            for way in ("Arn",) if kind is None else kind.arn_from:
                values[late_bound(resource.logical_id, way)] = fill_references(arn, pseudo_parameters)
    values |= pseudo_parameters
    values |= {f"${{{logical_id}.Arn}}": role.arn for logical_id, role in roles.items()}
    values |= _streams(deployed, values, roles)
    unknown: dict[str, None] = {}
    for policy in used:
        for text in _texts(policy):
            unknown |= {part.text: None for part in references(text) if part.text not in values}
    return ReferenceValues(values, tuple(unknown))


def _streams(deployed: StackStatus, values: Mapping[str, str], roles: Mapping[str, Holder]) -> dict[str, str]:
    """The stream of a table, which only a date tells from its earlier ones: as IAM holds it, if it is but one."""
    held = [
        text
        for role in roles.values()
        for policy in role.inline.values()
        for text in _texts(policy)
        if "/stream/" in text
    ]
    streams = {}
    for resource in deployed.resources:
        if resource.type == _TABLE and resource.physical_id:
            arn = values[f"${{{resource.logical_id}.Arn}}"]
            exact = {text for text in held if re.fullmatch(rf"{re.escape(arn)}/stream/[0-9TZ:.-]+", text)}
            if len(exact) == 1:
                streams[f"${{{resource.logical_id}.StreamArn}}"] = exact.pop()
    return streams


def filled(value: Any, names: Mapping[str, str], unclear: str = "") -> Any:
    """A value of the template with the values of its references.

    UNKNOWN stands where one of them is not known, and for texts that hold what is `unclear`.
    """

    def leaf(value: Any) -> Any:
        """A value with its references filled. UNKNOWN: one of them is not known here, or CloudFormation fills it in."""
        if tokens.is_intrinsic(value):
            text = fill_references(tokens.text_of(value), names)
            return UNKNOWN if references(text) or (unclear and unclear in text) else text
        return UNKNOWN if tokens.is_dynamic(value) else value

    return tokens.with_leaves(value, leaf)


def is_known(value: Any) -> bool:
    """Return whether no part of a value is UNKNOWN."""
    if isinstance(value, dict | list | tuple):
        return all(map(is_known, value.values() if isinstance(value, dict) else value))
    return value is not UNKNOWN


def is_open(policy: Policy) -> bool:
    """Return whether some reference of it is not known, so that nothing can be said of its text."""
    return any(references(text) for text in _texts(policy))


def _texts(policy: Policy) -> Iterator[str]:
    """Yield every text of a policy that may hold a reference."""
    for statement in policy.statements:
        yield from statement.actions.patterns
        yield from statement.resources.patterns if statement.resources is not None else ()
        yield from (name for _, name in statement.principals.patterns) if statement.principals is not None else ()
        for condition in statement.conditions:
            yield from (condition.key, *condition.values)
