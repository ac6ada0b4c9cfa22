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
from remit.deployer.lookups_and_repairs import looked_up, reverting
from remit.deployer.merged_statements import merged
from remit.deployer.needed_actions import VERBS, DeployCall, Need, Purpose
from remit.deployer.notes import notes
from remit.deployer.optional_actions import called_actions, linked_services
from remit.deployer.passed_roles import passed
from remit.deployer.planned_stack import ROLE_TYPE, PlannedStack, is_custom, is_retained, is_specific, items
from remit.deployer.s3_objects import stored_objects
from remit.deployer.targets import concerns, targets
from remit.iam.policy import Condition, Policy
from remit.iam.tokens import PLACE
from remit.roles.reference_names import put_texts
from remit.template.branches import value_at
from remit.template.resolved_texts import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from remit.app import Grant, Resource

CALLERS_ACCOUNT: Final = "${aws:PrincipalAccount}"
"""A policy variable, which IAM fills in with the account of whoever makes a request."""
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
_NESTED_STACK: Final = "AWS::CloudFormation::Stack"
_STACK: Final = "arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}:stack/{stack}/*"


@dataclass(frozen=True, slots=True)
class Deployer:
    """The access of a stack's deployer. `unknown`: resources (logical id, type) whose handlers nobody knows.

    Its texts hold `${AWS::Partition}`, `${AWS::Region}` and `${AWS::AccountId}` until `bound` puts them in. Without a
    `stack` (its name) it is what `remit bootstrap` needs.
    """

    stack: str
    grants: tuple[Grant, ...]
    unknown: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def doing(self) -> str:
        """Its purpose, for a reason: `deploys orders-dev`."""
        return f"deploys {self.stack}" if self.stack else "runs `remit bootstrap`"

    @property
    def policy(self) -> Policy:
        """One policy with the statements of all grants, in their order."""
        return Policy(tuple(grant.statement for grant in self.grants))


def deployer(
    stack: PlannedStack,
    calls: Sequence[DeployCall] = (),
    boundary: str | None = None,
    *,
    reverts: bool = False,
    of_app: bool = True,
    verbs: Collection[str] = VERBS,
    service_role: str | None = None,
) -> Deployer:
    """The deployer of a stack; `calls` are those that the deploying program makes itself.

    One who `reverts` may also undo what was done by hand to the stack's roles. `of_app`: the stack is a remit app's, so
    that its notes may mention settings of remit. `verbs` are the handlers that CloudFormation calls. With a
    `service_role` (ARN) it calls them as that role, and the deployer only starts it.

    With a `boundary` (ARN), roles can be made and written only under it; without, under the one that the template
    gives them, if it does. Of a deployer with a `service_role`, nothing is unknown, and there are no notes.
    """
    resources = tuple(stack.resources.values())
    declared = _declared_boundaries(stack)

    def boundary_of(arn: str) -> str | None:
        return boundary or declared.get(arn)

    needs = [*_needs_of_calls(stack, calls)]
    if service_role is not None:
        to_it = (Condition("StringEquals", "iam:PassedToService", ("cloudformation.amazonaws.com",)),)
        start = Need("iam:PassRole", service_role, Purpose("to have CloudFormation work as that role"), to_it)
        undone = reverting(stack, boundary_of) if reverts else ()
        return Deployer(stack.name, merged((*needs, start, *_needs_of_transforms(stack), *undone)))
    for resource in resources:
        needs += (need for need in _needs_of_handlers(stack, resource, boundary_of) if need.purpose.doing in verbs)
    for resource in resources:
        needs += passed(stack, resource)
    needs += _needs_of_transforms(stack)
    needs += _needs_of_applications(stack)
    needs += looked_up(stack)
    if reverts:
        needs += reverting(stack, boundary_of)
    unknown = tuple(
        (resource.logical_id, resource.type)
        for resource in resources
        if handlers(resource.type) is None and not is_custom(resource.type)
    )
    return Deployer(stack.name, merged(needs), unknown, tuple(notes(stack, needs, boundary, of_app=of_app)))


def on_resources(stack: PlannedStack, calls: Sequence[DeployCall]) -> Iterator[DeployCall]:
    """Yield the calls. One on each resource of a type becomes one for each action and ARN that the stack has of it.

    Such a call disappears where the stack has no resource of the type.
    """
    for call in calls:
        if not call.of_type:
            yield call
            continue
        named = [resource for resource in stack.resources.values() if resource.type == call.of_type]
        named = [resource for resource in named if not (call.unless_kept and is_retained(resource))]
        for action in call.actions:
            for arn in dict.fromkeys(arn for resource in named for arn in targets(stack, resource, action)):
                yield replace(call, actions=(action,), on=arn, of_type="")


def _needs_of_calls(stack: PlannedStack, calls: Sequence[DeployCall]) -> Iterator[Need]:
    """Yield the actions of the calls, on the stack, and on those nested in it where a call reaches them."""
    nested = [resource for resource in stack.resources.values() if resource.type == _NESTED_STACK]
    for call in on_resources(stack, calls):
        arns = [call.on.replace("{stack}", stack.name)]
        if call.nested:
            arns += [_STACK.replace("{stack}", f"{stack.name}-{resource.logical_id}-*") for resource in nested]
        for action in call.actions:
            for arn in arns:
                yield Need(action, arn, Purpose(call.because))


def _needs_of_transforms(stack: PlannedStack) -> Iterator[Need]:
    """Yield the access to expand the template's transforms (macros; AWS's own too), and to fetch what they include."""
    for transform in stack.transforms:
        name = transform.name
        owner = "aws" if name.startswith("AWS::") else "${AWS::AccountId}"
        bare = name.removeprefix("AWS::")
        arn = f"arn:${{AWS::Partition}}:cloudformation:${{AWS::Region}}:{owner}:transform/{bare}"
        yield Need("cloudformation:CreateChangeSet", arn, Purpose(f"to expand the template's transform {name}"))
        for stored_arn in stored_objects(stack, transform.location):
            yield Need("s3:GetObject", stored_arn, Purpose(f"to fetch what the transform {name} includes"))


def _needs_of_applications(stack: PlannedStack) -> Iterator[Need]:
    """Yield the access to fetch the applications of the Serverless Application Repository that stacks are nested from.

    Each application's ARN is there twice, also with `~` for its slash: denials have either spelling.
    """
    for resource in stack.resources.values():
        for arn in stack.texts(value_at(resource.properties, "Location.ApplicationId")):
            if resource.type == _NESTED_STACK and parse(arn) is not None:
                purpose = Purpose(f"to fetch the template of the application {resource.logical_id}")
                for spelling in (arn, arn.replace(":applications/", ":applications~")):
                    yield Need("serverlessrepo:CreateCloudFormationTemplate", spelling, purpose)
                    yield Need("serverlessrepo:GetCloudFormationTemplate", spelling, purpose)


def _declared_boundaries(stack: PlannedStack) -> dict[str, str]:
    """The permissions boundaries (ARNs) that the template gives its roles and users, by the ARNs of these.

    Of several, between which a condition decides, it is the first.
    """
    boundaries: dict[str, str] = {}
    for resource in stack.resources.values():
        if resource.type in (ROLE_TYPE, "AWS::IAM::User"):
            for declared in stack.texts(resource.properties.get("PermissionsBoundary"))[:1]:
                arns = (*targets(stack, resource, "iam:GetRole"), *targets(stack, resource, "iam:GetUser"))
                boundaries |= dict.fromkeys(arns, declared)
    return boundaries


def _needs_of_handlers(
    stack: PlannedStack, resource: Resource, boundary_of: Callable[[str], str | None]
) -> Iterator[Need]:
    """Yield the calls of the handlers of a resource's type on its `targets`, once for each handler that calls.

    `boundary_of` gives the boundary under which alone a role or user (its ARN) may be written; None: any. Left out are
    iam:PassRole, which `passed` has, and attaching policies of which no ARN is known. A custom resource's needs are to
    call its function, or to write to its topic.
    """
    if is_custom(resource.type):
        # CloudFormation calls its function, or writes to its topic, for the deployer.
        for arn in stack.texts(resource.properties.get("ServiceToken")):
            if UNKNOWN not in arn:
                action = "sns:Publish" if ":sns:" in arn else "lambda:InvokeFunction"
                for verb in ("create", "update", "delete"):
                    yield Need(action, arn, Purpose(verb, resource.logical_id, resource.type))
        return
    for action, verbs in called_actions(resource, by_type=stack.by_types).items():
        if action == "iam:PassRole" or not concerns(stack, resource, action):  # PassRole: see `passed`
            continue
        conditions = _conditions(stack, resource, action)
        if action in _ATTACH and not conditions:
            continue  # whoever attaches any policy to a role can give it any access
        for arn in targets(stack, resource, action):
            boundary = boundary_of(arn) if action in _BOUNDED else None
            bounded = () if boundary is None else (Condition("ArnEquals", "iam:PermissionsBoundary", (boundary,)),)
            for verb in verbs:
                purpose = Purpose(verb, resource.logical_id, resource.type)
                yield Need(action, arn, purpose, (*bounded, *conditions))


def _conditions(stack: PlannedStack, resource: Resource, action: str) -> tuple[Condition, ...]:
    """The condition that narrows an action beside its resource; none where it has none, or its values are not known."""
    operator, key = "StringEquals", ""
    values: tuple[str, ...] = ()
    if action in _ATTACH and resource.type == "AWS::IAM::ManagedPolicy":
        operator, key = "ArnEquals", "iam:PolicyARN"
        values = targets(stack, resource, "iam:GetPolicy")
    elif action in _ATTACH:
        operator, key = "ArnEquals", "iam:PolicyARN"
        listed = [text for item in items(resource.properties.get("ManagedPolicyArns")) for text in stack.texts(item)]
        values = tuple(dict.fromkeys(filter(is_specific, listed)))
    elif action == "iam:CreateServiceLinkedRole":
        key = "iam:AWSServiceName"
        values = linked_services(stack, resource)
    elif action in _MAPPINGS:
        operator, key = "ArnLike", "lambda:FunctionArn"
        functions = targets(stack, resource, "lambda:GetFunction")
        values = () if any(UNKNOWN in arn for arn in functions) else functions
    return (Condition(operator, key, values),) if values else ()


def bound(late: Deployer, partition: str = "aws", region: str = "*", account: str = "*") -> Deployer:
    """The deployer with partition, region and account in place, so that IAM takes the policy as it is.

    A region and an account that are not told are `*`. Where the account is not, names hold `${aws:PrincipalAccount}`:
    IAM puts the caller's own account there, as it does not in the account's own place of an ARN.
    """
    owner = CALLERS_ACCOUNT if account == "*" else account

    def place(text: str) -> str:
        """A text with the place in it; an ARN's resource has the account of its owner."""
        arn = parse(text)
        if arn is not None:
            text = str(replace(arn, resource=_with_place(arn.resource, partition, region, owner)))
        return _with_place(text, partition, region, account)

    grants = (replace(grant, statement=put_texts(grant.statement, place)) for grant in late.grants)
    return replace(late, grants=tuple(grants))


def _with_place(text: str, partition: str, region: str, account: str) -> str:
    """A text with these in place of its late-bound partition, region and account."""
    for token, value in zip(PLACE.values(), (partition, region, account), strict=True):
        text = text.replace(token, value)
    return text
