"""Tell what whoever uses a deployer's policy must know beside it: what is open, what is left out, what it means."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from remit.catalogue.handlers import handlers
from remit.deployer.declared import (
    CUSTOM,
    OPEN,
    ROLE_TYPE,
    Declared,
    Stack,
    at,
    is_generated,
    items,
    named_type,
    names,
    tells,
    texts,
)  # fmt: skip
from remit.deployer.linked import linked
from remit.deployer.optional import called
from remit.deployer.passing import passes
from remit.deployer.references import foreign_profiles, unknown_roles
from remit.deployer.targets import left_out, targets
from remit.iam.pattern import matches
from remit.iam.tokens import PLACE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.deployer.needs import Need

_EXPANDED: Final = ("AWS::LanguageExtensions", "AWS::Serverless-")
_EVERY: Final = re.compile(
    r"arn:\S*:/?[A-Za-z-]+[:/]\*|arn:\S*:(?:global|regional)/[a-z]+/\*/\*|arn:\S*\$\{AWS::AccountId\}:\*"
)


def notes(stack: Stack, needs: Iterable[Need], boundary: str | None) -> Iterator[str]:
    """The sentences about a stack's deployer; `boundary` is the one that is forced on every role."""
    if stack.resources:
        yield "the functions' own roles are not in it: `remit policy function NAME` prints each"
    free = [
        declared.logical_id
        for declared in stack.resources.values()
        if declared.type in (ROLE_TYPE, "AWS::IAM::User")
        and not texts(stack, declared.properties.get("PermissionsBoundary"))
    ]
    if boundary is None and free:
        yield (
            f"who writes {_named(free)} decides what may be done under it, unless a permissions boundary limits that: "
            "`--boundary ARN` here, `config.lambda_.iam.permissions_boundary` in an app"
        )
    if boundary is not None and free:
        verb = "is" if len(free) == 1 else "are"
        without = f"{_named(free)} {verb} declared without the boundary {boundary}"
        yield f"{without}, so this policy does not let it be made"
    yield from _within(stack, boundary)
    for name, _ in stack.transforms:
        if not name.startswith(_EXPANDED):
            yield f"what the transform {name} makes of the template is not in it: run this on the processed template"
    untold = [
        f"{declared.logical_id} ({declared.type})"
        for declared in stack.resources.values()
        if called(declared) and not _in_schema(declared)
    ]
    if untold:
        yield f"granted as the API reference has it, since the type does not say: {', '.join(untold)}"
    granted = {need.purpose.subject for need in needs}
    for declared in stack.resources.values():
        yield from _open_name(stack, declared)
        yield from _open(stack, declared)
        if declared.logical_id not in granted:
            yield from _nothing(stack, declared)
    yield from _wide(needs)


def _in_schema(declared: Declared) -> bool:
    known = handlers(declared.type)
    return known is not None and known.in_schema


def _within(stack: Stack, boundary: str | None) -> Iterator[str]:
    """A boundary that the stack makes is none for whoever deploys it."""
    limits = {boundary} if boundary is not None else set()
    for declared in stack.resources.values():
        limits |= set(texts(stack, declared.properties.get("PermissionsBoundary")))
    for declared in stack.resources.values():
        own = targets(stack, declared, "iam:GetPolicy") if declared.type == "AWS::IAM::ManagedPolicy" else ()
        if any(matches(_anywhere(arn), limit) for arn in own for limit in limits):
            yield (
                f"the boundary {declared.logical_id} is a resource of the stack itself, so that whoever deploys may "
                "change it: make it elsewhere"
            )


def _anywhere(arn: str) -> str:
    """A pattern of an ARN in whatever partition, region and account."""
    for late in PLACE.values():
        arn = arn.replace(late, "*")
    return arn


def _open_name(stack: Stack, declared: Declared) -> Iterator[str]:
    what = f"{declared.logical_id} ({declared.type})"
    row = named_type(declared.type)
    naming = None if row is None else row.naming
    named = () if naming is None else texts(stack, at(declared.properties, naming.property))
    if any(OPEN in text for text in named):
        kept = "nothing is granted on it" if _nameless(stack, declared) else "that stretch is a wildcard"
        yield f"the name of {what} is known at the deploy only: {kept}; `--parameter NAME=VALUE` tells it"
    path = texts(stack, declared.properties.get("Path")) if declared.type.startswith("AWS::IAM::") else ()
    if any(OPEN in text for text in path):
        yield f"the path of {what} is known at the deploy only: it is a wildcard; `--parameter NAME=VALUE` tells it"


def _nameless(stack: Stack, declared: Declared) -> bool:
    """Whether it is a role, user, group or policy of whose name nothing is known."""
    return declared.type.startswith("AWS::IAM::") and not all(map(tells, names(stack, declared)))


def _nothing(stack: Stack, declared: Declared) -> Iterator[str]:
    """A sentence on a resource for which nothing is granted, where no other sentence says why."""
    if declared.type.startswith(CUSTOM):
        told = any(OPEN in text for text in texts(stack, declared.properties.get("ServiceToken")))
    else:
        told = _nameless(stack, declared) or not called(declared)
    if not told:
        yield f"nothing is granted for {declared.logical_id} ({declared.type}): the template does not say on what"


def _open(stack: Stack, declared: Declared) -> Iterator[str]:
    what = f"{declared.logical_id} ({declared.type})"
    if passes(declared) and unknown_roles(stack, declared):
        yield f"the role of {what} is known at the deploy only, so passing it is not granted; `--parameter` tells it"
    for profile in foreign_profiles(stack, declared) if passes(declared) else ():
        yield f"the role in the instance profile {profile} of {what} is not known, so passing it is not granted"
    if declared.type == "AWS::CloudFormation::Stack":
        yield f"what is inside the nested stack {what} is not in it: run this on its own template"
    missing = [name for name in called(declared) if name != "iam:PassRole" and left_out(stack, declared, name)]
    if missing:
        yield f"not granted for {what}, since the template does not say on what: {', '.join(missing)}"
    if "iam:CreateServiceLinkedRole" in called(declared) and not linked(stack, declared):
        yield f"whose service-linked role {what} may need is not known, so that of any service may be made"
    wide = [name for name in called(declared) if "*" in name]
    if wide:
        yield f"{what} needs {', '.join(wide)} on everything: its type says nothing narrower"
    policies = items(declared.properties.get("ManagedPolicyArns"))
    attached = [text for item in policies for text in texts(stack, item) if OPEN in text]
    if not all(map(tells, attached)):
        yield f"a managed policy of {what} is known at the deploy only, so attaching it is not granted"
    elif attached:
        yield f"a part of a managed policy's name of {what} is known at the deploy only: it is a wildcard"
    if declared.type.startswith(CUSTOM) and any(
        OPEN in text for text in texts(stack, declared.properties.get("ServiceToken"))
    ):
        yield f"the ServiceToken of {what} is known at the deploy only, so calling it is not granted"


def _wide(needs: Iterable[Need]) -> Iterator[str]:
    """The resources that nothing narrower than their kind can be granted for."""
    found: dict[str, dict[str, None]] = {}
    for need in needs:
        if need.purpose.type and not is_generated(need.purpose.type) and _EVERY.fullmatch(need.resource):
            found.setdefault(need.purpose.type, {})[need.purpose.subject] = None
    if found:
        named = ", ".join(f"{_named(subjects)} ({kind})" for kind, subjects in found.items())
        yield f"on every resource of their kind, since AWS makes up the ids: {named}"


def _named(logical_ids: Iterable[str]) -> str:
    return ", ".join(logical_ids)
