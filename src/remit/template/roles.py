"""Read the roles of a CloudFormation or SAM template, each statement with its line in the file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from remit.app import Grant, Reason, Resource, Role
from remit.catalogue.types import arns_of
from remit.errors import RemitError
from remit.iam import tokens
from remit.template.attached_policies import BOUNDARY, Attached, attached, documents
from remit.template.branches import branches, choice, items
from remit.template.certain_values import settled
from remit.template.policy_documents import grants_of, known, policy_of, services, unknown
from remit.template.sam.expand import Expanded, expanded
from remit.template.worlds import in_world

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.documents.json_text import Path
    from remit.documents.read import Source
    from remit.iam.policy import Policy
    from remit.template.policy_documents import Place
    from remit.template.worlds import World

RUNS: Final = {
    "AWS::Lambda::Function": "Role",
    "AWS::StepFunctions::StateMachine": "RoleArn",
    "aws_lambda_function": "role",
    "aws_sfn_state_machine": "role_arn",
}
"""What runs under a role, and the property that says which."""
_FUNCTIONS: Final = ("AWS::Lambda::Function", "aws_lambda_function")


@dataclass(frozen=True, slots=True)
class Read:
    """What a file holds: roles, the resources around them, and what was not read, as sentences.

    `documents` are the managed policies and boundaries that the file itself makes, by the text that refers to them.
    """

    roles: tuple[Role, ...]
    resources: tuple[Resource, ...] = ()
    notes: tuple[str, ...] = ()
    documents: Mapping[str, Policy] = field(default_factory=dict)
    is_policy: bool = False
    """Whether it is a policy document by itself."""

    @property
    def others(self) -> dict[str, str]:
        """The functions that run under a role that is none of these, each with the text of its role."""
        served = {name for role in self.roles for name in role.functions}
        others: dict[str, str] = {}
        for one in self.resources:
            role = one.properties.get(RUNS[one.type]) if one.type in _FUNCTIONS else None
            if role and one.logical_id not in served:
                others[one.logical_id] = tokens.text_of(role)
        return others


def policy_role(value: Any, file: str, place: Place) -> Read:
    """A policy document, which counts as the one role of its file. RemitError at the line of what is wrong."""
    if value is None:
        raise RemitError(f"{file} holds no policy document", hint="a policy has Statement", origin=place(()))
    return Read((Role(file, tuple(grants_of(value, (), place)), (), trusts=()),), is_policy=True)


def template_roles(value: Any, file: str, place: Place) -> Read:
    """The roles of a template, with the policies that other resources of it attach. RemitError as above."""
    plain = expanded(*settled(_template(value, file, place), place))
    return _roles(tuple(_resources(plain)), plain)


def roles_of(resources: tuple[Resource, ...], place: Place) -> Read:
    """The same of resources that nobody has written into a file, such as those of an app's template."""
    return _roles(resources, Expanded({}, place))


def _roles(resources: tuple[Resource, ...], plain: Expanded) -> Read:
    found = attached(resources, plain.place)
    roles = [one for one in resources if one.type == "AWS::IAM::Role"]
    running = _running(resources)
    inside = tuple(_role(role, running, plain, found) for role in roles)
    outside = tuple(_outside(name, found, plain) for name in found.elsewhere)
    return Read((*inside, *outside), resources, (*plain.notes, *found.notes), documents(resources, plain.place))


def roles_in(world: World, source: Source) -> Read:
    """The same, in one of the ways in which the template's conditions may fall out."""
    value, place = in_world(source.value, world, source.place)
    return template_roles(value, source.file, place)


def _template(value: Any, file: str, place: Place) -> Mapping[str, Any]:
    found = value.get("Resources") if isinstance(value, dict) else None
    if isinstance(value, dict) and isinstance(found, dict):
        return value
    hint = "a policy document is read with --policy" if isinstance(value, dict) and "Statement" in value else None
    at = place(("Resources",) if isinstance(value, dict) else ())
    raise RemitError(f"{file} is not a CloudFormation template: it has no Resources", hint=hint, origin=at)


def _resources(plain: Expanded) -> Iterator[Resource]:
    for name, one in plain.resources.items():
        path = ("Resources", name)
        if not isinstance(one, dict):
            raise RemitError(f"resource `{name}` must be a mapping with a Type", origin=plain.place(path))
        properties = one.get("Properties")
        if properties is not None and not isinstance(properties, dict):
            raise RemitError(f"the Properties of `{name}` must be a mapping", origin=plain.place((*path, "Properties")))
        beside = {key: item for key, item in one.items() if key not in ("Type", "Properties")}
        yield Resource(name, str(one.get("Type", "")), properties or {}, beside, plain.place(path))


def _role(role: Resource, running: list[tuple[str, tuple[str, ...]]], plain: Expanded, found: Attached) -> Role:
    base: Path = ("Resources", role.logical_id, "Properties")
    grants, notes = _inline(role, base, plain)
    managed = [
        tokens.text_of(one.value)
        for one in items(role.properties.get("ManagedPolicyArns"), (*base, "ManagedPolicyArns"))
    ]
    own = found.of(role, managed)
    boundaries = tuple(branches(role.properties.get(BOUNDARY), (*base, BOUNDARY)))
    trust = role.properties.get("AssumeRolePolicyDocument")
    trusted = policy_of(trust, (*base, "AssumeRolePolicyDocument"), plain.place)
    return Role(
        role.logical_id,
        (*grants, *(grant for one in own for grant in one.grants)),
        tuple(_served(role, running)),
        tuple(dict.fromkeys(arn for arn in managed if not any(arn in one.arns for one in own))),
        _boundary([one.value for one in boundaries], role.properties),
        services(trusted),
        trust=trusted,
        trust_origin=None if trust is None else plain.place((*base, "AssumeRolePolicyDocument")),
        origin=role.origin,
        condition=role.attributes.get("Condition"),
        notes=(*notes, *_uncertain(role, trust), *(note for one in own for note in one.notes)),
    )


def _boundary(values: list[Any], properties: Mapping[str, Any]) -> str | None:
    """The boundary that is certain to be there: with a branch without any there may be none."""
    open_ended = "AWS::NoValue" in repr(properties.get(BOUNDARY))
    return None if not values or open_ended else tokens.text_of(values[0])


def _uncertain(role: Resource, trust: Any) -> Iterator[str]:
    boundary = role.properties.get(BOUNDARY)
    if choice(boundary) is not None:
        yield "a condition decides on its permissions boundary: what is said here holds for the widest"
    if trust is not None and not known(trust):
        yield f"who may take it on is known at the deploy only: {unknown(trust)}"
    if "Condition" in role.attributes:
        yield condition_note(role.attributes["Condition"])


def condition_note(condition: str) -> str:
    """The note of a role that is there only under a condition."""
    return f"it is there only if {condition}"


def _inline(role: Resource, base: Path, plain: Expanded) -> tuple[list[Grant], list[str]]:
    grants: list[Grant] = []
    notes: list[str] = []
    for one in items(role.properties.get("Policies"), (*base, "Policies")):
        if tokens.is_intrinsic(one.value):
            notes.append(f"some of its inline policies are known at the deploy only: {unknown(one.value)}")
            continue
        if not isinstance(one.value, dict):
            hint = "a managed policy stands in ManagedPolicyArns" if isinstance(one.value, str) else None
            message = f"an inline policy of `{role.logical_id}` must be a mapping with PolicyName and PolicyDocument"
            raise RemitError(message, hint=hint, origin=plain.place(one.path))
        document = one.value.get("PolicyDocument")
        if document is None:
            raise RemitError(
                f"an inline policy of `{role.logical_id}` has no PolicyDocument", origin=plain.place(one.path)
            )
        if not known(document):
            notes.append(f"some of its inline policies are known at the deploy only: {unknown(document)}")
        grants += grants_of(
            document, (*one.path, "PolicyDocument"), plain.place, Reason("text", plain.reason(one.path)), one.when
        )
    return grants, notes


def _outside(name: str, found: Attached, plain: Expanded) -> Role:
    """A role that the template attaches policies to and does not make."""
    own = found.elsewhere[name]
    grants = tuple(grant for one in own for grant in one.grants)
    note = "the template does not make this role: it only attaches these policies to it"
    origin = plain.place(own[0].path)
    return Role(name, grants, (), trusts=(), origin=origin, only_attached_to=True, notes=(note,))


def _running(resources: tuple[Resource, ...]) -> list[tuple[str, tuple[str, ...]]]:
    """What runs under roles, by logical id, each with the texts of the roles that it may run under."""
    running = []
    for one in resources:
        if one.type in RUNS:
            texts = tuple(tokens.text_of(branch.value) for branch in branches(one.properties.get(RUNS[one.type])))
            running.append((one.logical_id, texts))
    return running


def _served(role: Resource, running: list[tuple[str, tuple[str, ...]]]) -> Iterator[str]:
    """What runs under a role, by its logical ids."""
    name = role.properties.get("RoleName")
    ends = tuple(f"/{text}" for text in (role.ref, tokens.text_of(name) if name is not None else None) if text)
    whole = (*arns_of(role), role.ref)
    for logical_id, texts in running:
        if any(text in whole or (":role" in text and text.endswith(ends)) for text in texts):
            yield logical_id
