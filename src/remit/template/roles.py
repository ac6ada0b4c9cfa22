"""Read the roles of a CloudFormation or SAM template, each statement with its line in the file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from remit.app import Reason, Resource
from remit.catalogue.types import arns_of
from remit.errors import RemitError
from remit.holders import HeldPolicy, Holder, HolderKind, bounded, by_arn, inline
from remit.iam import tokens
from remit.template.attached_policies import BOUNDARY, HOLDERS, AttachedPolicies, attached, condition_note
from remit.template.branches import branches, choice, items
from remit.template.condition_outcomes import decided
from remit.template.policy_documents import grants_of, known, policy_in, policy_of, services, unknown
from remit.template.sam.expand import ExpandedTemplate, expanded
from remit.template.settled_values import settled
from remit.template.users_and_groups import held_by_somebody, managed_policies, memberships, with_groups

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.documents.json_text import Locate, Path
    from remit.documents.read import ParsedFile
    from remit.iam.policy import Policy

RUNS: Final = {
    "AWS::Lambda::Function": "Role",
    "AWS::StepFunctions::StateMachine": "RoleArn",
    "aws_lambda_function": "role",
    "aws_sfn_state_machine": "role_arn",
}
"""What runs under a role, and the property that says which."""
_FUNCTIONS: Final = ("AWS::Lambda::Function", "aws_lambda_function")


@dataclass(frozen=True, slots=True)
class FileRoles:
    """The content of a file: roles, the resources around them, and the unread parts, as sentences.

    `documents` are the managed policies and boundaries that the file itself makes, by the text that refers to them.
    """

    roles: tuple[Holder, ...]
    resources: tuple[Resource, ...] = ()
    notes: tuple[str, ...] = ()
    documents: Mapping[str, Policy] = field(default_factory=dict)
    is_policy: bool = False
    """Whether it is a policy document by itself."""
    locate: Locate | None = field(default=None, compare=False)
    """Where each part of a template stands, by its path."""
    users: tuple[Holder, ...] = ()
    """Its users, each with the policies of its groups, and its groups."""
    policies: tuple[Holder, ...] = ()
    """Its managed policies, each by itself."""
    declared: tuple[Resource, ...] = ()
    """Its resources of SAM's types, as they are written."""
    made: frozenset[str] = frozenset()
    """The resources, by logical id, that SAM makes of these."""
    held_policies: frozenset[str] = frozenset()
    """Those of them, by logical id, that somebody has: they are told with whoever has them."""

    @property
    def holders(self) -> tuple[Holder, ...]:
        """Everything that has statements: roles, users, groups, and the managed policies that none of them has."""
        alone = (policy for policy in self.policies if policy.logical_id not in self.held_policies)
        return (*self.roles, *self.users, *alone)

    @property
    def others(self) -> dict[str, str]:
        """The functions that run under a role that is none of these, each with the text of its role."""
        served = {name for role in self.roles for name in role.functions}
        foreign_roles: dict[str, str] = {}
        for resource in self.resources:
            role = resource.properties.get(RUNS[resource.type]) if resource.type in _FUNCTIONS else None
            if role and resource.logical_id not in served:
                foreign_roles[resource.logical_id] = tokens.text_of(role)
        return foreign_roles


def policy_role(value: Any, file: str, locate: Locate) -> FileRoles:
    """A policy document, which counts as the one role of its file, by the file's name, and is trusted by nobody.

    RemitError at the line of what is wrong.
    """
    if value is None:
        raise RemitError(f"{file} holds no policy document", hint="a policy has Statement", origin=locate(()))
    return FileRoles((Holder(file, (inline(grants_of(value, (), locate)),), trusts=(), kind="policy"),), is_policy=True)


def template_roles(value: Any, file: str, locate: Locate) -> FileRoles:
    """The roles, users, groups and managed policies of a template of CloudFormation or SAM, and all of its resources.

    Holders have the policies that other resources attach; those that the template attaches to and does not make are
    among them. RemitError at the line, also where there is no mapping `Resources`.
    """
    plain = expanded(*settled(_template(value, file, locate), locate))
    return _roles(tuple(_resources(plain)), plain)


def roles_of(resources: tuple[Resource, ...], locate: Locate) -> FileRoles:
    """As `template_roles`, for resources that nobody has written into a file, such as those of an app's template."""
    return _roles(resources, ExpandedTemplate({}, locate))


def _roles(resources: tuple[Resource, ...], plain: ExpandedTemplate) -> FileRoles:
    """The roles, users and groups that the resources are or attach policies to, with their policies."""
    attached_policies = attached(resources, plain.locate)
    running = _running(resources)
    of_kind: dict[HolderKind, list[Holder]] = {"role": [], "user": [], "group": []}
    for resource in resources:
        if resource.type in HOLDERS:
            of_kind[HOLDERS[resource.type].kind].append(_role(resource, running, plain, attached_policies))
    for kind, name in attached_policies.outside:
        of_kind[kind].append(_outside(kind, name, attached_policies, plain))
    groups_by_user = memberships(resources)
    users = (with_groups(user, groups_by_user.get(user.logical_id, ()), of_kind["group"]) for user in of_kind["user"])
    return FileRoles(
        tuple(of_kind["role"]),
        resources,
        plain.notes,
        attached_policies.documents,
        locate=plain.locate,
        users=(*users, *of_kind["group"]),
        policies=managed_policies(resources, attached_policies),
        declared=tuple(
            Resource(item.logical_id, item.type, item.properties, item.attributes, plain.locate(item.path))
            for item in plain.declared
        ),
        made=plain.made,
        held_policies=held_by_somebody(resources, attached_policies),
    )


def roles_where(holding: frozenset[str], source: ParsedFile) -> FileRoles:
    """The roles of a template in which these of its conditions hold and no others.

    RemitError at the part that is wrong.
    """
    value, locate = decided(source.value, holding, source.locate)
    return template_roles(value, source.file, locate)


def _template(value: Any, file: str, locate: Locate) -> Mapping[str, Any]:
    """The value, which is a template. RemitError: it has no Resources."""
    resources = value.get("Resources") if isinstance(value, dict) else None
    if isinstance(value, dict) and isinstance(resources, dict):
        return value
    hint = "a policy document is read with --policy" if isinstance(value, dict) and "Statement" in value else None
    at = locate(("Resources",) if isinstance(value, dict) else ())
    raise RemitError(f"{file} is not a CloudFormation template: it has no Resources", hint=hint, origin=at)


def _resources(plain: ExpandedTemplate) -> Iterator[Resource]:
    """The resources of an expanded template. RemitError at the line of one that is no mapping, or has no properties."""
    for name, body in plain.resources.items():
        path = ("Resources", name)
        if not isinstance(body, dict):
            raise RemitError(f"resource `{name}` must be a mapping with a Type", origin=plain.locate(path))
        properties = body.get("Properties")
        if properties is not None and not isinstance(properties, dict):
            raise RemitError(
                f"the Properties of `{name}` must be a mapping", origin=plain.locate((*path, "Properties"))
            )
        beside = {key: item for key, item in body.items() if key not in ("Type", "Properties")}
        yield Resource(name, str(body.get("Type", "")), properties or {}, beside, plain.locate(path))


def _role(
    role: Resource,
    running: list[tuple[str, tuple[str, ...]]],
    plain: ExpandedTemplate,
    attached_policies: AttachedPolicies,
) -> Holder:
    """A role, user or group with its own policies and those attached to it, and notes on what nobody knows of it.

    RemitError at the part that is wrong.
    """
    base: Path = ("Resources", role.logical_id, "Properties")
    policies, notes = _inline(role, base, plain)
    managed = [
        tokens.text_of(item.value)
        for item in items(role.properties.get("ManagedPolicyArns"), (*base, "ManagedPolicyArns"))
    ]
    policies_made_here = attached_policies.of(role, managed)
    arns_made_here = {arn for policy in policies_made_here for arn in policy.arns}
    row = HOLDERS[role.type]
    written_boundary = role.properties.get(BOUNDARY)
    boundaries = [*branches(written_boundary, (*base, BOUNDARY))]
    if "AWS::NoValue" in repr(written_boundary):
        boundaries = []  # with a branch without any there may be none
    if choice(written_boundary) is not None:
        notes.append("a condition decides on its permissions boundary: what is said here holds for the widest")
    name = role.properties.get(row.name)
    trust = role.properties.get("AssumeRolePolicyDocument")
    trusted = policy_of(trust, (*base, "AssumeRolePolicyDocument"), plain.locate)
    if trust is not None and not known(trust):
        notes.append(f"who may take it on is known at the deploy only: {unknown(trust)}")
    if "Condition" in role.attributes:
        notes.append(condition_note(role.attributes["Condition"]))
    for made_policy in policies_made_here:
        policies.append(made_policy.policy)
        notes += filter(None, [made_policy.policy.note])
    return Holder(
        role.logical_id,
        (*policies, *by_arn(dict.fromkeys(arn for arn in managed if arn not in arns_made_here))),
        tuple(_served(role, running)),
        bounded(tokens.text_of(boundaries[0].value) if boundaries else None),
        services(trusted),
        trust=trusted,
        trust_origin=None if trust is None else plain.locate((*base, "AssumeRolePolicyDocument")),
        origin=role.origin,
        condition=role.attributes.get("Condition"),
        notes=tuple(notes),
        kind=row.kind,
        name="" if name is None else tokens.text_of(name),
    )


def _inline(role: Resource, base: Path, plain: ExpandedTemplate) -> tuple[list[HeldPolicy], list[str]]:
    """A role's inline policies, and notes on those that are known at the deploy only.

    RemitError (2), at its place: a policy that is no mapping, or without a document.
    """
    policies: list[HeldPolicy] = []
    notes: list[str] = []
    for item in items(role.properties.get("Policies"), (*base, "Policies")):
        if tokens.is_intrinsic(item.value):
            notes.append(f"some of its inline policies are known at the deploy only: {unknown(item.value)}")
            policies.append(HeldPolicy())
            continue
        if not isinstance(item.value, dict):
            hint = "a managed policy stands in ManagedPolicyArns" if isinstance(item.value, str) else None
            message = f"an inline policy of `{role.logical_id}` must be a mapping with PolicyName and PolicyDocument"
            raise RemitError(message, hint=hint, origin=plain.locate(item.path))
        document = item.value.get("PolicyDocument")
        if document is None:
            raise RemitError(
                f"an inline policy of `{role.logical_id}` has no PolicyDocument", origin=plain.locate(item.path)
            )
        if not known(document):
            notes.append(f"some of its inline policies are known at the deploy only: {unknown(document)}")
        grants = grants_of(
            document, (*item.path, "PolicyDocument"), plain.locate, Reason("text", plain.reason(item.path)), item.when
        )
        whole = policy_in(grants) if known(document) else None
        policies.append(HeldPolicy(tokens.text_of(item.value.get("PolicyName")), "inline", whole, tuple(grants)))
    return policies, notes


def _outside(kind: HolderKind, name: str, attached_policies: AttachedPolicies, plain: ExpandedTemplate) -> Holder:
    """A role, user or group that the template attaches policies to and does not make, by the text that names it."""
    made_policies = attached_policies.outside[kind, name]
    policies = tuple(made_policy.policy for made_policy in made_policies)
    note = f"the template does not make this {kind}: it only attaches these policies to it"
    origin = plain.locate(("Resources", made_policies[0].logical_id))
    notes = (note, *(policy.note for policy in policies if policy.note))
    return Holder(name, policies, trusts=(), origin=origin, only_attached_to=True, notes=notes, kind=kind, name=name)


def _running(resources: tuple[Resource, ...]) -> list[tuple[str, tuple[str, ...]]]:
    """List the resources that run under roles, by logical id, each with the texts of its possible roles."""
    running = []
    for resource in resources:
        if resource.type in RUNS:
            texts = tuple(
                tokens.text_of(branch.value) for branch in branches(resource.properties.get(RUNS[resource.type]))
            )
            running.append((resource.logical_id, texts))
    return running


def _served(role: Resource, running: list[tuple[str, tuple[str, ...]]]) -> Iterator[str]:
    """Yield the logical ids of the resources that run under a role."""
    name = role.properties.get("RoleName")
    # An ARN that is put together of the role's name ends with it, after whatever path the role has.
    ends = tuple(f"/{text}" for text in (role.ref, tokens.text_of(name) if name is not None else None) if text)
    role_texts = (*arns_of(role), role.ref)
    for logical_id, texts in running:
        if any(text in role_texts or (":role" in text and text.endswith(ends)) for text in texts):
            yield logical_id
