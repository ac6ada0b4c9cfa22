"""Tell what whoever uses a deployer's policy must know beside it: what is open, what is left out, what it means."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from remit.catalogue.handlers import handlers
from remit.deployer.optional_actions import called_actions, linked_services
from remit.deployer.passed_roles import passes
from remit.deployer.planned_stack import (
    ROLE_TYPE,
    PlannedStack,
    is_custom,
    is_generated,
    is_specific,
    items,
    named_type,
)
from remit.deployer.references import foreign_profiles, unknown_roles
from remit.deployer.targets import left_out, targets
from remit.iam.pattern import matches
from remit.iam.tokens import PLACE
from remit.template.branches import value_at
from remit.template.resolved_texts import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from remit.app import Resource
    from remit.deployer.needed_actions import Need

_EXPANDED: Final = ("AWS::LanguageExtensions", "AWS::Serverless-")
_GIVES: Final = "`--parameter NAME=VALUE` gives it"
_EVERY: Final = re.compile(
    r"arn(?::[^:]*){4}:/?[A-Za-z-]+[:/]\*|arn:\S*:(?:global|regional)/[a-z]+/\*/\*|arn:\S*\{AccountId\}:\*"
)


_BESIDE: Final = ("::/tags/*", ":::change/*")
"""The ends of ARNs that are no resource of a template: the tags of any, and what Route 53 has yet to carry out."""
_RECORDS: Final = ("AWS::Route53::RecordSet", "AWS::Route53::RecordSetGroup")


def notes(stack: PlannedStack, needs: Iterable[Need], boundary: str | None, *, of_app: bool) -> Iterator[str]:
    """The sentences about a stack's deployer; `boundary` is the one that is forced on every role.

    `of_app`: the stack is that of an app of remit's, whose settings can be changed.
    """
    resources = stack.resources.values()
    if resources and of_app:
        yield "the functions' own roles are not in it: `remit policy function NAME` prints each"
    elif any(resource.type == "AWS::Lambda::Function" for resource in resources):
        yield "what the functions themselves may do is not in it: that is in their roles, which it makes or passes on"
    yield from _unbounded(stack, boundary, of_app=of_app)
    yield from _own_boundaries(stack, boundary)
    for transform in stack.transforms:
        name = transform.name
        if not name.startswith(_EXPANDED):
            yield f"what the transform {name} makes of the template is not in it: run this on the processed template"
    documented = []
    for resource in resources:
        type_handlers = handlers(resource.type)
        if called_actions(resource) and not (type_handlers is not None and type_handlers.in_schema):
            documented.append(_named(resource))
    if documented:
        yield f"granted as the API reference has it, since the type does not say: {', '.join(documented)}"
    granted = {need.purpose.subject for need in needs}
    with_open_names = set()
    for resource in resources:
        is_granted = resource.logical_id in granted
        type_row = named_type(resource.type)
        if type_row is not None and _is_open(stack.texts(value_at(resource.properties, type_row.naming.property))):
            with_open_names.add(resource.logical_id)
            is_left_out = _is_nameless(stack, resource) and not is_granted
            effect = "nothing is granted on it" if is_left_out else "that stretch is a wildcard"
            yield f"the name of {_named(resource)} is known at the deploy only: {effect}; {_GIVES}"
        yield from _on_roles(stack, resource)
        yield from _on_actions(stack, resource, is_granted=is_granted)
    yield from _wide(needs, with_open_names)


def _named(resource: Resource) -> str:
    return f"{resource.logical_id} ({resource.type})"


def _unbounded(stack: PlannedStack, boundary: str | None, *, of_app: bool) -> Iterator[str]:
    """Yield a note on roles and users without a boundary: what they may do is open, or they cannot be made."""
    free = [
        resource.logical_id
        for resource in stack.resources.values()
        if resource.type in (ROLE_TYPE, "AWS::IAM::User") and not _boundaries(stack, resource)
    ]
    if not free:
        return
    names = ", ".join(free)
    if boundary is None:
        where = "here, `config.lambda_.iam.permissions_boundary` in an app" if of_app else "here"
        yield (
            f"who writes {names} decides what may be done under it, unless a permissions boundary limits that: "
            f"`--boundary ARN` {where}"
        )
    else:
        verb = "is" if len(free) == 1 else "are"
        without = f"{names} {verb} declared without the boundary {boundary}"
        yield f"{without}, so this policy does not let it be made"


def _boundaries(stack: PlannedStack, resource: Resource) -> tuple[str, ...]:
    """The ARNs that the boundary of a resource may have; none if it has no boundary."""
    return stack.texts(resource.properties.get("PermissionsBoundary"))


def _own_boundaries(stack: PlannedStack, boundary: str | None) -> Iterator[str]:
    """Yield a note on each boundary that the stack itself makes: whoever deploys may change it."""
    resources = stack.resources.values()
    boundaries = {text for resource in resources for text in _boundaries(stack, resource)}
    if boundary is not None:
        boundaries.add(boundary)
    for resource in resources:
        if resource.type != "AWS::IAM::ManagedPolicy":
            continue
        for arn in targets(stack, resource, "iam:GetPolicy"):
            for late in PLACE.values():  # a boundary may name its partition and account, or leave them to the deploy
                arn = arn.replace(late, "*")  # noqa: PLW2901 - the same ARN as a pattern
            if any(matches(arn, limit) for limit in boundaries):
                yield (
                    f"the boundary {resource.logical_id} is a resource of the stack itself, so that whoever deploys "
                    "may change it: make it elsewhere"
                )
                break


def _on_roles(stack: PlannedStack, resource: Resource) -> Iterator[str]:
    """Yield notes on what is not known of a resource's path, of the roles it is given, and of a stack within it."""
    name = _named(resource)
    if resource.type.startswith("AWS::IAM::") and _is_open(stack.texts(resource.properties.get("Path"))):
        yield f"the path of {name} is known at the deploy only: it is a wildcard; {_GIVES}"
    if passes(resource):
        if unknown_roles(stack, resource):
            role, passing = f"the role of {name}", "passing it"
            if targets(stack, resource, "iam:PassRole"):  # of the other branch of a condition, say
                role, passing = f"another role of {name}", "passing that one"
            yield f"{role} is known at the deploy only, so {passing} is not granted; `--parameter` gives it"
        for profile in foreign_profiles(stack, resource):
            yield f"the role in the instance profile {profile} of {name} is not known, so passing it is not granted"
    if resource.type == "AWS::CloudFormation::Stack":
        yield f"what is inside the nested stack {name} is not in it: run this on its own template"


def _on_actions(stack: PlannedStack, resource: Resource, *, is_granted: bool) -> Iterator[str]:
    """Yield notes on actions that are not granted for a resource, or on more than it, since too little is known."""
    name, actions = _named(resource), called_actions(resource)
    missing = [action for action in actions if action != "iam:PassRole" and left_out(stack, resource, action)]
    if missing:
        yield f"not granted for {name}, since the template does not say on what: {', '.join(missing)}"
    if "iam:CreateServiceLinkedRole" in actions and not linked_services(stack, resource):
        yield f"whose service-linked role {name} may need is not known, so that of any service may be made"
    patterns = [action for action in actions if "*" in action]
    if patterns:
        yield f"{name} needs {', '.join(patterns)} on everything: its type says nothing narrower"
    attached = items(resource.properties.get("ManagedPolicyArns"))
    open_names = [text for item in attached for text in stack.texts(item) if UNKNOWN in text]
    if not all(map(is_specific, open_names)):
        yield f"a managed policy of {name} is known at the deploy only, so attaching it is not granted"
    elif open_names:
        yield f"a part of a managed policy's name of {name} is known at the deploy only: it is a wildcard"
    is_said = _is_nameless(stack, resource) or not actions
    if is_custom(resource.type):
        is_said = _is_open(stack.texts(resource.properties.get("ServiceToken")))
        if is_said:
            yield f"the ServiceToken of {name} is known at the deploy only, so calling it is not granted"
    if resource.type in _RECORDS and resource.properties.get("HostedZoneId") is None:
        yield f"{name} gives its hosted zone by name, so every hosted zone is granted: HostedZoneId would say which"
    if not is_granted and not is_said:
        yield f"nothing is granted for {name}: the template does not say on what"


def _is_nameless(stack: PlannedStack, resource: Resource) -> bool:
    """Return whether it is an IAM resource whose name, or one of whose possible names, does not begin as known.

    False for a type without names.
    """
    return resource.type.startswith("AWS::IAM::") and not all(map(is_specific, stack.names(resource)))


def _is_open(texts: Iterable[str]) -> bool:
    return any(UNKNOWN in text for text in texts)


def _wide(needs: Iterable[Need], with_open_names: Container[str]) -> Iterator[str]:
    """Yield a note on the resources for which all of their kind is granted, and of which no other note says so."""
    by_type: dict[str, dict[str, None]] = {}
    for need in needs:
        purpose = need.purpose
        is_said = is_generated(purpose.type) or purpose.subject in with_open_names or purpose.type in _RECORDS
        arn = need.resource.replace("${AWS::", "{")  # so that each colon parts two fields
        is_wide = _EVERY.fullmatch(arn) is not None and not need.resource.endswith(_BESIDE)
        if purpose.type and is_wide and not is_said:
            by_type.setdefault(purpose.type, {})[purpose.subject] = None
    if by_type:
        listed = ", ".join(f"{', '.join(subjects)} ({type_name})" for type_name, subjects in by_type.items())
        yield f"on every resource of their kind, since AWS makes up the ids: {listed}"
