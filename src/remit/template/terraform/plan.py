"""Read the roles of a Terraform plan (`terraform show -json`), as they will be and as they were.

A plan leaves out what is known after the apply only; what refers to what is then taken from its configuration.

Source: "JSON Output Format" (Terraform documentation); the AWS provider's pages of the resource types.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.app import Reason, Resource
from remit.documents.read import read
from remit.errors import Origin, RemitError
from remit.holders import HeldPolicy, Holder, HolderKind, bounded
from remit.template.policy_documents import grants_of, known, policy_in, policy_of, services, unknown
from remit.template.roles import RUNS, FileRoles
from remit.template.terraform.state import PlannedResource, configured, data_of, is_plan, items_of
from remit.template.users_and_groups import with_groups

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from remit.documents.json_text import Locate, Path
    from remit.iam.policy import Policy

_KINDS: Final[tuple[HolderKind, ...]] = ("role", "user", "group")


@dataclass(frozen=True, slots=True)
class _Holder:
    """A type that has policies: what it is, its inline policies by type and attribute, and what attaches others."""

    kind: HolderKind
    inline: tuple[str, str]
    attaching: tuple[tuple[str, str], ...]


_HOLDERS: Final = {
    f"aws_iam_{kind}": _Holder(
        kind,
        (f"aws_iam_{kind}_policy", kind),
        ((f"aws_iam_{kind}_policy_attachment", kind), ("aws_iam_policy_attachment", f"{kind}s")),
    )
    for kind in _KINDS
}
_MANAGED: Final = ("policy_arn", "aws_iam_policy")
"""The attribute of an attachment that names a managed policy, and the policy's type."""
_MEMBERS: Final = (
    ("aws_iam_user_group_membership", "user", "groups"),
    ("aws_iam_group_membership", "users", "group"),
)
"""The types that put users into groups, and the attributes that name both."""
_ENDPOINT: Final = "aws_vpc_endpoint"
_ENDPOINT_TYPE: Final = "vpc_endpoint_type"
_ENDPOINT_POLICY: Final = ("aws_vpc_endpoint_policy", "vpc_endpoint_id")
"""The type of a policy that stands beside its VPC endpoint, and the attribute that names the endpoint."""


@dataclass(frozen=True, slots=True)
class TerraformPlan:
    """Both sides of a plan: the roles before it, and after."""

    before: FileRoles
    after: FileRoles


def read_plan(content: bytes, file: str) -> TerraformPlan:
    """A plan's roles before and after. RemitError at line and column; before a first apply there are none."""
    source = read(content, file)
    if not is_plan(source.value):
        raise RemitError(
            f"{file} is not a Terraform plan", hint="`terraform show -json PLAN` prints one", origin=Origin(file, 1, 1)
        )
    before = _read(
        _prior(source.value, source.locate), source.locate, looked_up=_looked_up(source.value, source.locate)
    )
    return TerraformPlan(before, plan_roles(source.value, file, source.locate))


def plan_roles(value: Mapping[str, Any], file: str, locate: Locate) -> FileRoles:
    """The roles as they will be after the apply; of a state, as they are. RemitError at line and column."""
    key = "planned_values" if "planned_values" in value else "values"
    if not isinstance(value[key], dict):
        raise RemitError(f"{file} is not a Terraform plan: {key} must be an object", origin=locate((key,)))
    items = items_of(value[key], (key,), locate, configured(value))
    return _read(items, locate, _prior(value, locate), _looked_up(value, locate))


def _prior(value: Mapping[str, Any], locate: Locate) -> tuple[PlannedResource, ...]:
    """The resources of the state that the plan was made from, which Terraform leaves out where it is empty."""
    prior = value.get("prior_state")
    if not isinstance(prior, dict) or not isinstance(prior.get("values"), dict):
        return ()
    return items_of(prior["values"], ("prior_state", "values"), locate, configured(value))


def _looked_up(value: Mapping[str, Any], locate: Locate) -> tuple[PlannedResource, ...]:
    """The data sources that were looked up before the plan (of a state: by then): others made what they are of."""
    prior = value.get("prior_state")
    holder, path = (prior, ("prior_state", "values")) if isinstance(prior, dict) else (value, ("values",))
    values = holder.get("values")
    return data_of(values, path, locate) if isinstance(values, dict) else ()


def _read(
    items: tuple[PlannedResource, ...],
    locate: Locate,
    prior: tuple[PlannedResource, ...] = (),
    looked_up: tuple[PlannedResource, ...] = (),
) -> FileRoles:
    """The roles, users and groups of a side of a plan.

    `prior` are the resources before it; `looked_up` are data sources, of which VPC endpoints count: others made them.
    """
    side = _Side(items, locate, prior)
    of_kind: dict[str, list[Holder]] = {holder.kind: [] for holder in _HOLDERS.values()}
    for item in items:
        if item.type in _HOLDERS:
            of_kind[_HOLDERS[item.type].kind].append(_role(item, side))
    for (kind, name), given in _giving_elsewhere(side).items():
        of_kind[kind].append(_outside(kind, name, given, side))
    holders = [holder for same_kind in of_kind.values() for holder in same_kind]
    users = (with_groups(user, _groups_of(user, side), of_kind["group"]) for user in of_kind["user"])
    endpoints = _Side(tuple(item for item in (*items, *looked_up) if item.type == _ENDPOINT), locate)
    documents: dict[str, Policy] = {}
    managed: list[Holder] = []
    for item in side.of(_MANAGED[1]):
        policy, name = side.policies[item.address], item.text("name")
        # A managed policy as it is by itself; its document by its address and, where it is known, its ARN.
        notes = (policy.note,) if policy.note else ()
        managed.append(
            Holder(
                item.address,
                (policy,),
                trusts=(),
                origin=locate(item.path),
                notes=notes,
                kind="managed policy",
                name=name,
            )
        )
        if policy.document is not None:
            documents |= dict.fromkeys(filter(None, (item.address, item.text("arn"))), policy.document)
    return FileRoles(
        tuple(of_kind["role"]),
        tuple(_resource(item, endpoints) for item in items),
        (),
        documents,
        users=(*users, *of_kind["group"]),
        policies=tuple(managed),
        held_policies=frozenset(policy.name for holder in holders for policy in holder.policies),
    )


def _resource(item: PlannedResource, endpoints: _Side) -> Resource:
    """A resource as it stands in the plan; the policy of a VPC endpoint with the type that its endpoint has.

    What is known after the apply only, and refers to a role or an instance profile, is that reference.
    """
    policy_type, attribute = _ENDPOINT_POLICY
    values: dict[str, Any] = {}
    for name, addresses in item.references.items():
        for address in addresses:
            if address.rpartition("aws_iam_")[2].startswith(("role.", "instance_profile.")):
                values[name] = f"${{{address}.arn}}"
    values |= item.values
    if item.type == policy_type:
        types = {endpoint.text(_ENDPOINT_TYPE) for endpoint in endpoints.meant(item, attribute, _ENDPOINT)}
        if len(types) == 1:
            values = {**values, _ENDPOINT_TYPE: types.pop()}
    return Resource(item.address, item.type, values)


def _groups_of(user: Holder, side: _Side) -> tuple[str, ...]:
    """The groups of a user, by the address of each that the plan holds, else by name."""
    groups: dict[str, None] = {}
    for kind, users_attribute, groups_attribute in _MEMBERS:
        for membership in side.of(kind):
            members = side.meant(membership, users_attribute, "aws_iam_user")
            if user.logical_id not in {member.address for member in members}:
                continue
            planned_groups = side.meant(membership, groups_attribute, "aws_iam_group")
            groups |= dict.fromkeys(group.address for group in planned_groups)
            planned_names = {group.text(name) for group in planned_groups for name in ("name", "id")}
            written_names = _texts([membership.values.get(groups_attribute)])
            groups |= dict.fromkeys(name for name in written_names if name not in planned_names)
    return tuple(groups)


class _Side:
    """A side of a plan: its resources, to be asked which of them something means, and those that were before it."""

    def __init__(
        self, items: tuple[PlannedResource, ...], locate: Locate, prior: tuple[PlannedResource, ...] = ()
    ) -> None:
        self.items = items
        self.locate = locate
        self.prior = prior
        self.policies = {item.address: _own(item, locate) for item in items if item.type == _MANAGED[1]}
        self._kinds: dict[str, list[PlannedResource]] = {}
        for item in items:
            self._kinds.setdefault(item.type, []).append(item)
        self._texts: dict[str, dict[str, list[PlannedResource]]] = {}
        self._owned: dict[tuple[str, str, str], dict[Path, list[PlannedResource]]] = {}

    def of(self, kind: str) -> list[PlannedResource]:
        """The resources of a type."""
        return self._kinds.get(kind, [])

    def meant(self, item: PlannedResource, attribute: str, kind: str) -> list[PlannedResource]:
        """The resources of a type that an attribute names: by name, id or ARN, else by what it refers to.

        Of an attribute that refers to a resource with `count` or `for_each`, the one of the same index is meant; all,
        where there is none.
        """
        texts = [text for text in _texts([item.values.get(attribute)]) if text]
        if texts:
            by_text = self.named(kind)
            return list({candidate.path: candidate for text in texts for candidate in by_text.get(text, ())}.values())
        referred = [
            candidate for candidate in self.of(kind) if candidate.configured in item.references.get(attribute, ())
        ]
        return [candidate for candidate in referred if candidate.index == item.index] or referred

    def named(self, kind: str) -> dict[str, list[PlannedResource]]:
        """The resources of a type by their ARNs, names and ids; "" has those of which one of these is not known."""
        if kind not in self._texts:
            by_text: dict[str, list[PlannedResource]] = {}
            for item in self.of(kind):
                for text in {item.text("arn"), item.text("name"), item.text("id")}:
                    by_text.setdefault(text, []).append(item)
            self._texts[kind] = by_text
        return self._texts[kind]

    def owned(self, role: PlannedResource, kind: str, attribute: str) -> list[PlannedResource]:
        """The resources of a type whose attribute names a role (a user, a group) on this side."""
        if (role.type, kind, attribute) not in self._owned:
            by_owner: dict[Path, list[PlannedResource]] = {}
            for candidate in self.of(kind):
                for owner in self.meant(candidate, attribute, role.type):
                    by_owner.setdefault(owner.path, []).append(candidate)
            self._owned[role.type, kind, attribute] = by_owner
        return self._owned[role.type, kind, attribute].get(role.path, [])

    def owned_before(self, role: PlannedResource, kind: str, attribute: str) -> list[PlannedResource]:
        """The resources of a type whose attribute named a role, by its name, before the plan."""
        name = role.text("name")
        return [
            candidate
            for candidate in self.prior
            if candidate.type == kind and name in _texts([candidate.values.get(attribute)])
        ]


def _own(item: PlannedResource, locate: Locate) -> HeldPolicy:
    """The policy of a policy resource, whose statements have the resource's address as their reason.

    RemitError at the part that is wrong.
    """
    document = item.values.get("policy")
    if document is None:
        return HeldPolicy(item.address, note=f"what {item.address} says is known after the apply only")
    return _of_document(document, (*item.path, "policy"), item.address, locate)


def _of_document(document: Any, path: Path, address: str, locate: Locate) -> HeldPolicy:
    """A policy by its document, with the address as name and reason; a note where not all of it stands in the plan.

    RemitError at the part that is wrong.
    """
    grants = tuple(grants_of(document, path, locate, Reason("text", address)))
    if known(document):
        return HeldPolicy(address, document=policy_in(grants), grants=grants)
    return HeldPolicy(
        address, grants=grants, note=f"what {address} says does not stand in the plan: {unknown(document)}"
    )


def _role(role: PlannedResource, side: _Side) -> Holder:
    """A role, a user or a group. RemitError at the part of a policy that is wrong."""
    holder = _HOLDERS[role.type]
    policies = [*_inline(role, side)]
    policies += (_own(policy, side.locate) for policy in side.owned(role, *holder.inline))
    policies = [*dict.fromkeys((*policies, *_attached(role, side)))]
    boundary = role.text("permissions_boundary")
    if not boundary:  # the plan may make the policy that becomes it
        boundary = next((policy.address for policy in side.meant(role, "permissions_boundary", _MANAGED[1])), "")
    trust = policy_of(role.values.get("assume_role_policy"), (*role.path, "assume_role_policy"), side.locate)
    is_known = trust is not None or holder.kind != "role"
    unknown = () if is_known else ("who may take it on is known after the apply only",)
    return Holder(
        role.address,
        tuple(policies),
        tuple(item.address for kind, name in RUNS.items() for item in side.owned(role, kind, name)),
        bounded(boundary or None),
        services(trust),
        trust=trust,
        trust_origin=side.locate((*role.path, "assume_role_policy")) if holder.kind == "role" else None,
        origin=side.locate(role.path),
        notes=(*unknown, *(policy.note for policy in policies if policy.note)),
        kind=holder.kind,
        name=role.text("name"),
    )


def _inline(role: PlannedResource, side: _Side) -> Iterator[HeldPolicy]:
    """Yield the policies that a role lists itself: all, if it is written so; else those that no other resource manages.

    A list that is not written is what the provider read from AWS, with what the plan is about to change. RemitError at
    the part that is wrong.
    """
    same = (role, *_HOLDERS[role.type].inline)
    managed_elsewhere = {policy_item.text("name") for policy_item in (*side.owned(*same), *side.owned_before(*same))}
    written = "inline_policy" in role.references
    for index, block in enumerate(_listed(role.values.get("inline_policy"))):
        if isinstance(block, dict) and isinstance(block.get("policy"), str) and block["policy"]:
            path: Path = (*role.path, "inline_policy", index, "policy")
            if written or str(block.get("name")) not in managed_elsewhere:
                yield _of_document(block["policy"], path, role.address, side.locate)


def _attached(role: PlannedResource, side: _Side) -> Iterator[HeldPolicy]:
    """Yield the managed policies of a role: with their statements where the plan makes them, others by their ARN."""
    policies_by_text = side.named("aws_iam_policy")
    attachments: list[PlannedResource] = []
    former_attachments: list[PlannedResource] = []
    for kind, name in _HOLDERS[role.type].attaching:
        attachments += side.owned(role, kind, name)
        former_attachments += side.owned_before(role, kind, name)
    attached_arns = {attachment.text("policy_arn") for attachment in (*attachments, *former_attachments)}
    is_configured = "managed_policy_arns" in role.references
    for arn in _texts(role.values.get("managed_policy_arns")):
        if is_configured or arn not in attached_arns:
            made = policies_by_text.get(arn)
            yield side.policies[made[0].address] if made else HeldPolicy(arn, "managed")
    yield from _of_attachments(attachments, side)


def _of_attachments(attachments: Sequence[PlannedResource], side: _Side) -> Iterator[HeldPolicy]:
    """The managed policies of attachments: with statements where the plan makes them, else by ARN or address alone."""
    for attachment in attachments:
        attached_policies = side.meant(attachment, *_MANAGED)
        yield from (side.policies[policy.address] for policy in attached_policies)
        if not attached_policies:
            yield HeldPolicy(attachment.text("policy_arn") or f"of {attachment.address}", "managed")


def _giving_elsewhere(side: _Side) -> dict[tuple[HolderKind, str], list[PlannedResource]]:
    """By kind and name, what gives policies to a holder that the plan does not hold; by an address without a name."""
    giving: dict[tuple[HolderKind, str], list[PlannedResource]] = {}
    for item in side.items:
        for holder_type, row in _HOLDERS.items():
            for kind, attribute in (row.inline, *row.attaching):
                for name in _names_elsewhere(item, attribute, holder_type, side) if kind == item.type else ():
                    giving.setdefault((row.kind, name), []).append(item)
    return giving


def _names_elsewhere(item: PlannedResource, attribute: str, holder_type: str, side: _Side) -> Iterator[str]:
    """Yield the names of holders of a type that an attribute names and the plan does not hold.

    Where nobody knows the name yet, it is the attribute's address. A list that is left out names none.
    """
    names = [name for name in _texts([item.values.get(attribute)]) if name]
    if names:
        yield from (name for name in names if name not in side.named(holder_type))
        return
    may_be_left_out = attribute.endswith("s") and attribute not in item.references
    if not may_be_left_out and not side.meant(item, attribute, holder_type):
        yield f"{item.address}.{attribute}"


def _outside(kind: HolderKind, name: str, giving: list[PlannedResource], side: _Side) -> Holder:
    """A role, user or group that the plan does not hold, with the policies that the plan gives it."""
    inline = [item for item in giving if item.type == _HOLDERS[f"aws_iam_{kind}"].inline[0]]
    attachments = [item for item in giving if item not in inline]
    policies = [_own(item, side.locate) for item in inline]
    policies = [*dict.fromkeys((*policies, *_of_attachments(attachments, side)))]
    return Holder(
        name,
        tuple(policies),
        trusts=(),
        origin=side.locate((*inline, *attachments)[0].path),
        only_attached_to=True,
        notes=(
            f"the plan does not hold this {kind}: what else it may do is not known",
            *(policy.note for policy in policies if policy.note),
        ),
        kind=kind,
        name=name,
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    """The texts of a list, those of lists in it too."""
    elements: list[Any] = []
    for element in _listed(value):
        elements += element if isinstance(element, list) else [element]
    return [element for element in elements if isinstance(element, str)]
