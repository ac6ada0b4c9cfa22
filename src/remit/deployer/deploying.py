"""Write the least that whoever deploys a template needs: what CloudFormation calls for them, and what they call.

CloudFormation acts with its caller's own permissions, so the deployer needs those of each resource's handlers
(create, read, update, delete), the right to pass the stack's roles on, and the calls that drive the stack. What the
functions themselves may do is another matter: that is their roles (`assign`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from remit.catalogue.arns import parse
from remit.catalogue.handlers import handlers
from remit.deployer.declared import CUSTOM, OPEN, ROLE_TYPE, Declared, Stack, items, tells, texts
from remit.deployer.linked import linked
from remit.deployer.looked_up import looked_up
from remit.deployer.merging import merged
from remit.deployer.needs import Need, Purpose
from remit.deployer.notes import notes
from remit.deployer.optional import called
from remit.deployer.passing import passed
from remit.deployer.reverting import reverting
from remit.deployer.targets import concerns, stored, targets
from remit.iam.policy import Condition, Policy, Statement
from remit.iam.tokens import PLACE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from remit.app import Grant
    from remit.deployer.needs import Call

_BOUNDED: Final = frozenset({
    "iam:AttachRolePolicy", "iam:AttachUserPolicy", "iam:CreateRole", "iam:CreateUser", "iam:DeleteRolePolicy",
    "iam:DeleteUserPolicy", "iam:DetachRolePolicy", "iam:DetachUserPolicy", "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy", "iam:PutUserPermissionsBoundary", "iam:PutUserPolicy",
})  # fmt: skip
"""What iam:PermissionsBoundary limits ("Delegating responsibility to others using permissions boundaries")."""
_ATTACH: Final = frozenset(
    f"iam:{verb}{who}Policy" for verb in ("Attach", "Detach") for who in ("Role", "User", "Group")
)
_MAPPINGS: Final = frozenset(f"lambda:{verb}EventSourceMapping" for verb in ("Create", "Update", "Delete"))
_STACK: Final = "arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}:stack/{stack}/*"


@dataclass(frozen=True, slots=True)
class Deployer:
    """What the deployer of a stack needs. `unknown`: resources (logical id, type) whose handlers nobody knows.

    Without a `stack` it is what `remit bootstrap` needs.
    """

    stack: str
    grants: tuple[Grant, ...]
    unknown: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def doing(self) -> str:
        """What it is needed for: `deploys orders-dev`."""
        return f"deploys {self.stack}" if self.stack else "runs `remit bootstrap`"

    @property
    def policy(self) -> Policy:
        """The policy, with late-bound partition, region and account."""
        return Policy(tuple(grant.statement for grant in self.grants))


def deployer(
    stack: Stack, calls: Sequence[Call] = (), boundary: str | None = None, *, reverts: bool = False
) -> Deployer:
    """The deployer of a stack; `calls` are those that the deploying program makes itself.

    One who `reverts` may also undo what was done by hand to the stack's roles.

    With a `boundary` (ARN), roles can be made and written only under it; without, under the one that the template
    gives them, if it does.
    """
    resources = tuple(stack.resources.values())
    limits = _Limits(stack, boundary)
    needs = (
        *_own(stack, calls),
        *(need for declared in resources for need in _handled(stack, declared, limits)),
        *(need for declared in resources for need in passed(stack, declared)),
        *_transforms(stack),
        *looked_up(stack),
        *(reverting(stack, limits.on) if reverts else ()),
    )
    unknown = tuple(
        (declared.logical_id, declared.type)
        for declared in resources
        if handlers(declared.type) is None and not declared.type.startswith(CUSTOM)
    )
    return Deployer(stack.name, merged(needs), unknown, tuple(notes(stack, needs, boundary)))


def _own(stack: Stack, calls: Sequence[Call]) -> Iterator[Need]:
    nested = [item for item in stack.resources.values() if item.type == "AWS::CloudFormation::Stack"]
    for call in calls:
        places = [call.on.replace("{stack}", stack.name)]
        if call.nested:
            places += [_STACK.replace("{stack}", f"{stack.name}-{item.logical_id}-*") for item in nested]
        for action in call.actions:
            for place in places:
                yield Need(action, place, Purpose(call.because))


def _transforms(stack: Stack) -> Iterator[Need]:
    for name, location in stack.transforms:
        owner = "aws" if name.startswith("AWS::") else "${AWS::AccountId}"
        place = (
            f"arn:${{AWS::Partition}}:cloudformation:${{AWS::Region}}:{owner}:transform/{name.removeprefix('AWS::')}"
        )
        yield Need("cloudformation:CreateChangeSet", place, Purpose(f"to expand the template's transform {name}"))
        for arn in stored(stack, location):
            yield Need("s3:GetObject", arn, Purpose(f"to fetch what the transform {name} includes"))


class _Limits:
    """What role writes are limited by: each role's boundary, by its ARN."""

    def __init__(self, stack: Stack, boundary: str | None) -> None:
        self.boundary = boundary
        self.by_arn = {
            arn: found
            for declared in stack.resources.values()
            if declared.type in (ROLE_TYPE, "AWS::IAM::User")
            for found in texts(stack, declared.properties.get("PermissionsBoundary"))[:1]
            for read in ("iam:GetRole", "iam:GetUser")
            for arn in targets(stack, declared, read)
        }

    def on(self, arn: str) -> str | None:
        """The boundary that a role of this ARN must have."""
        return self.boundary or self.by_arn.get(arn)


def _handled(stack: Stack, declared: Declared, limits: _Limits) -> Iterator[Need]:
    """What the handlers of a resource's type call for it."""
    if declared.type.startswith(CUSTOM):
        yield from _custom(stack, declared)
        return
    for action, verbs in called(declared).items():
        if action == "iam:PassRole" or not concerns(stack, declared, action):  # PassRole: see `passed`
            continue
        conditions = _conditions(stack, declared, action)
        if conditions is None:
            continue
        for resource in targets(stack, declared, action):
            bound = limits.on(resource) if action in _BOUNDED else None
            only = () if bound is None else (Condition("ArnEquals", "iam:PermissionsBoundary", (bound,)),)
            for verb in verbs:
                yield Need(action, resource, Purpose(verb, declared.logical_id, declared.type), (*only, *conditions))


def _conditions(stack: Stack, declared: Declared, action: str) -> tuple[Condition, ...] | None:
    """What an action is limited by beside its resource; None: nothing fits it, so it is not granted."""
    if action in _ATTACH:
        found = _attached(stack, declared)
        return (Condition("ArnEquals", "iam:PolicyARN", found),) if found else None
    if action == "iam:CreateServiceLinkedRole" and (services := linked(stack, declared)):
        return (Condition("StringEquals", "iam:AWSServiceName", services),)
    if action in _MAPPINGS:
        functions = targets(stack, declared, "lambda:GetFunction")
        if functions and not any(OPEN in arn for arn in functions):
            return (Condition("ArnLike", "lambda:FunctionArn", functions),)
    return ()


def _attached(stack: Stack, declared: Declared) -> tuple[str, ...]:
    """The managed policies that a resource attaches: a role's list, or the policy that it is itself."""
    if declared.type == "AWS::IAM::ManagedPolicy":
        return targets(stack, declared, "iam:GetPolicy")
    given = items(declared.properties.get("ManagedPolicyArns"))
    return tuple(dict.fromkeys(text for item in given for text in texts(stack, item) if tells(text)))


def _custom(stack: Stack, declared: Declared) -> Iterator[Need]:
    """A custom resource: CloudFormation calls its function, or writes to its topic, for the deployer."""
    for arn in texts(stack, declared.properties.get("ServiceToken")):
        if OPEN not in arn:
            action = "sns:Publish" if ":sns:" in arn else "lambda:InvokeFunction"
            for verb in ("create", "update", "delete"):
                yield Need(action, arn, Purpose(verb, declared.logical_id, declared.type))


def bound(found: Deployer, partition: str = "aws", region: str = "*", account: str = "*") -> Deployer:
    """The deployer with partition, region and account in place, so that IAM takes the policy as it is.

    Where the account is not told, names hold `${aws:PrincipalAccount}`: IAM puts the caller's own account there, as it
    does not in the account's own place of an ARN.
    """

    def place(text: str) -> str:
        arn = parse(text)
        if arn is None:
            return _put(text, partition, region, account)
        owner = "${aws:PrincipalAccount}" if account == "*" else account
        whole = replace(arn, resource=_put(arn.resource, partition, region, owner))
        return _put(str(whole), partition, region, account)

    grants = (replace(grant, statement=_placed(grant.statement, place)) for grant in found.grants)
    return replace(found, grants=tuple(grants))


def _put(text: str, partition: str, region: str, account: str) -> str:
    for name, value in zip(PLACE.values(), (partition, region, account), strict=True):
        text = text.replace(name, value)
    return text


def _placed(statement: Statement, place: Callable[[str], str]) -> Statement:
    conditions = tuple(replace(item, values=tuple(map(place, item.values))) for item in statement.conditions)
    resources = statement.resources
    if resources is not None:
        resources = replace(resources, patterns=tuple(dict.fromkeys(map(place, resources.patterns))))
    return replace(statement, resources=resources, conditions=conditions)
