"""Read the roles of a deployed app as they are in the account, with all that people did to them by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from remit.app import Reason
from remit.catalogue.managed_policies import is_of_aws, managed_policy
from remit.deploy.account_roles import ManagedPolicyVersion, Unreadable, held_roles, managed_policy_versions
from remit.deploy.aws_errors import Denied, remit_errors
from remit.deploy.deployed_references import ReferenceValues, reference_values
from remit.deploy.drift import Drift, drift
from remit.deploy.live_resources.reading import compared, read_resources
from remit.deploy.role_repairs import repair
from remit.deploy.stack import deployed_template
from remit.deploy.status import StackStatus, status
from remit.errors import RemitError
from remit.review.access_change import Version
from remit.review.resource_access import giving_of_app
from remit.roles.reference_names import fill_references, references
from remit.roles.reference_shapes import shapes_of
from remit.synthesis.declared_roles import DeclaredStack, declared, users_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from remit.deploy.session import Account
    from remit.holders import Holder
    from remit.iam.policy import Policy


def silent(_: str) -> None:
    """Hear nothing."""


@dataclass(frozen=True, slots=True)
class LiveRoles:
    """The roles as they are; what differs from the template that runs; and what else people should know."""

    version: Version
    drift: tuple[Drift, ...] = ()
    notes: tuple[str, ...] = ()

    def beside(self, version: Version) -> Version:
        """Another version of the same app (the working tree's), with what references and policies are in the account.

        A managed policy is in force as the account has it, whatever is deployed.
        """
        return replace(
            version,
            names={**version.names, **self.version.names},
            documents={**version.documents, **self.version.documents},
            versions={**version.versions, **self.version.versions},
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """A stack as it is in the account: its template, what its references are, its roles, and what was changed by hand.

    `roles` has the roles that are there by logical id. `under` has the role (its ARN) of each function by the
    function's name in the project, and `moved` those that are not as the template says.
    """

    deployed: StackStatus
    template: Mapping[str, Any]
    running: DeclaredStack
    known: ReferenceValues
    roles: Mapping[str, Holder]
    under: Mapping[str, str]
    moved: Mapping[str, str]
    drift: tuple[Drift, ...]
    not_compared: tuple[str, ...]
    """In words: what of the resources beside roles the caller may not read."""


def live(account: Account, namespace: str, note: Callable[[str], None] = silent) -> LiveRoles | None:
    """The roles of a stack as IAM holds them; None when it is not deployed.

    A role that somebody deleted is left out; a function that runs under another role than the stack's is that role's.
    RemitError: a call is denied (`deploy.aws_calls.LIVE` lists what is needed), or a policy cannot be read.
    """
    deployed = status(account, namespace)
    return None if deployed is None else live_of(account, read_stack(account, deployed, note))


def read_stack(account: Account, deployed: StackStatus, note: Callable[[str], None] = silent) -> Reading:
    """Read the roles and the resources of a stack, and compare them with its template.

    `note` hears of it where that takes long. Unreadable: the template's roles, or a policy. Denied: the caller may not
    read roles, or what role a function has; of other resources that is in `not_compared`. RemitError: AWS refuses.
    """
    with remit_errors():
        template = deployed_template(account, deployed.stack)
    try:
        running = declared(template)
    except RemitError as error:
        message = f"the roles of the template that runs cannot be read: {error.message}"
        raise Unreadable(message, hint=error.hint) from error
    physical = deployed.physical_ids
    roles_by_name = held_roles(account, (role.physical_id for role in deployed.roles if role.physical_id))
    roles = {logical_id: roles_by_name[name] for logical_id, name in physical.items() if name in roles_by_name}
    policies: list[Policy] = []
    for role in running.roles:
        policies += (*role.inline.values(), role.trust_policy)
    values = reference_values(account, deployed, policies, roles)
    resources = read_resources(account, deployed, running.resources, note)
    under = {running.functions[name]: arn for name, arn in resources.roles_of_functions(running.functions).items()}
    moved = _moved(running, physical, roles, under, values.known)
    changed: list[Drift] = []
    properties = {resource.logical_id: resource.properties for resource in running.resources}
    for role in running.roles:
        logical_id = role.logical_id
        if logical_id in physical:
            changed += drift(role, properties[logical_id], roles.get(logical_id), physical[logical_id], values.known)
    changed += _moved_changes(running, physical, moved, values.known)
    changes, not_compared = compared(account, deployed, resources, running.resources, values.known)
    return Reading(deployed, template, running, values, roles, under, moved, (*changed, *changes), not_compared)


def live_of(account: Account, reading: Reading, *, lenient: bool = False) -> LiveRoles:
    """The roles that were read, with the texts of their managed policies and boundaries. RemitError: as `live`.

    Roles that are not the stack's, as which its functions were set to run by hand, are read and added under their own
    names. With `lenient`, managed policies that the caller may not read are unknown.
    """
    running, roles, moved, values = reading.running, reading.roles, reading.moved, reading.known
    strangers = held_roles(account, (_name(arn) for arn in moved.values()))
    arns: list[str] = []
    for role in (*roles.values(), *strangers.values()):
        arns += (*role.attached, *(limit.name for limit in role.limits if limit.how == "boundary"))
    if account.local:  # the AWS on this machine has no documents of AWS's own
        arns = [arn for arn in arns if not is_of_aws(arn)]
    documents_there: Mapping[str, ManagedPolicyVersion] = {}
    try:
        documents_there = managed_policy_versions(account, arns)
    except Denied:
        if not lenient:
            raise
    own_roles: list[Holder] = []
    for role in running.roles:
        if role.logical_id in roles:
            changed = {item.policy: item.what for item in reading.drift if item.resource == role.logical_id}
            functions = tuple(name for name in role.functions if name not in moved)
            own_roles.append(_role(role.logical_id, roles[role.logical_id], functions, changed))
    for name, stranger in strangers.items():
        functions = tuple(function for function, arn in moved.items() if arn == stranger.arn)
        own_roles.append(_role(name, stranger, functions, {}))
    own_roles += running.outside
    version = Version(
        "the AWS on this machine" if account.local else f"account {account.account}, {account.region}",
        (*own_roles, *users_of(running, own_roles)),
        names=values.known,
        documents={arn: document.policy for arn, document in documents_there.items()},
        versions={arn: document.version for arn, document in documents_there.items()},
        namespace=reading.deployed.stack.name,
        others={name: reading.under[name] for name in running.others if name in reading.under and name not in moved},
        open=running.open,
        shapes=shapes_of(running.resources),
        giving=giving_of_app(running.resources),
    )
    unknown = (f"what {text} is in the account is not known: it is compared as text" for text in values.open)
    return LiveRoles(version, reading.drift, (*unknown, *reading.not_compared, *_newer(documents_there)))


def _role(logical_id: str, held_role: Holder, functions: tuple[str, ...], changed: Mapping[str, str]) -> Holder:
    """A role with what it holds; the reason of a statement is what was done by hand to its policy, if anything was."""
    policies = []
    for policy in held_role.policies:
        by_hand = Reason("text", changed.get(policy.name, ""))
        grants = tuple(replace(grant, reason=by_hand) for grant in policy.grants) if by_hand.text else policy.grants
        policies.append(replace(policy, grants=grants))
    return replace(held_role, logical_id=logical_id, policies=tuple(policies), functions=functions)


def _moved(
    running: DeclaredStack,
    physical: Mapping[str, str],
    roles: Mapping[str, Holder],
    under: Mapping[str, str],
    values: Mapping[str, str],
) -> dict[str, str]:
    """The functions that run under another role than the template's, each with the ARN of the role that it has.

    Of a role that was deleted only the name is known, and not its path: that alone is compared.
    """
    expected_arns = {name: fill_references(arn, values) for name, arn in running.others.items()}
    gone: dict[str, str] = {}
    for role in running.roles:
        for name in role.functions:
            if role.logical_id in roles:
                expected_arns[name] = roles[role.logical_id].arn
            else:
                gone[name] = physical.get(role.logical_id, "")
    return {
        name: arn
        for name, arn in under.items()
        if (name in expected_arns and arn != expected_arns[name] and not references(expected_arns[name]))
        or (name in gone and _name(arn) != gone[name])
    }


def _moved_changes(
    running: DeclaredStack, physical: Mapping[str, str], moved: Mapping[str, str], values: Mapping[str, str]
) -> Iterator[Drift]:
    """Yield the functions that were set by hand to run under another role; without repairs where theirs is unknown."""
    serving = {name: role.logical_id for role in running.roles for name in role.functions}
    for logical_id, name in running.functions.items():
        if name in moved:
            role = serving.get(name, "")
            back = values.get(f"${{{role}.Arn}}") or fill_references(running.others.get(name, ""), values)
            back_under = {"FunctionName": physical[logical_id], "Role": back}
            setting = repair("lambda.UpdateFunctionConfiguration", "function_updated_v2", **back_under)
            yield Drift(
                role or logical_id,
                f"function {name} was set by hand to run under role {_name(moved[name])}",
                f"`{setting.command}` sets it back",
                repairs=(setting,) if back and not references(back) else (),
            )


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]


def _newer(versions: Mapping[str, ManagedPolicyVersion]) -> Iterator[str]:
    """Name the policies of AWS that have changed since the catalogue was made."""
    for arn, document in versions.items():
        policy = managed_policy(arn) if is_of_aws(arn) else None
        if policy is not None and policy.version != document.version:
            in_account = f"{policy.name} is in version {document.version} in the account"
            yield f"{in_account}, and {policy.version} in the catalogue"
