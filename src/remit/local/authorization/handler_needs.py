"""The access that CloudFormation needs for one operation on a resource: IAM actions, each with its ARN.

The actions are those of the type's resource handlers, but for those that only properties which this resource lacks make
necessary. The ARN is the resource's own, or one that its properties mention. What nobody can know yet is
`${Unresolved}` in it: remit's engine takes that for any text, so that only a policy for which it makes no difference
decides.

Source: `handlers` in the types' schemas ("Resource type schema", CloudFormation CLI User Guide).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from remit.access.needed_access import UNRESOLVED
from remit.app import Resource
from remit.catalogue.action_resources import takes
from remit.catalogue.actions import action
from remit.catalogue.arns import fill
from remit.catalogue.arns import parse as parse_arn
from remit.catalogue.operations import Call, arns
from remit.catalogue.types import Naming, ResourceType, deployment_of, resource_type
from remit.deployer.optional_actions import called_actions
from remit.iam.pattern import is_pattern

if TYPE_CHECKING:
    from remit.iam.request import ContextValue
    from remit.local.stack_operations import ResourceOperation, Verb

_HANDLERS: Final[Mapping[Verb, frozenset[str]]] = {
    "create": frozenset({"create", "read"}),
    "update": frozenset({"update", "read"}),
    "delete": frozenset({"delete"}),
    "import": frozenset({"read"}),
}
"""The handlers that an operation runs: after a change, CloudFormation reads the resource."""
_OF_ROLES: Final = frozenset({"iam:GetRole", "iam:PassRole"})
_IDENTITIES: Final = frozenset({"AWS::IAM::Role", "AWS::IAM::User"})
_MAPPING: Final = "AWS::Lambda::EventSourceMapping"
_FUNCTION: Final = "arn:${Partition}:lambda:${Region}:${Account}:function:"
_FETCHES: Final = frozenset({"s3:GetObject", "s3:GetObjectVersion"})
_CALLED_VIA: Final = "cloudformation.amazonaws.com"


@dataclass(frozen=True, slots=True)
class HandlerNeed:
    """One action, which must be allowed on one of these ARNs: nobody can say on which.

    `context` has the known condition keys.
    """

    action: str
    resources: tuple[str, ...]
    context: Mapping[str, ContextValue] = field(default_factory=dict)


def handler_needs(operation: ResourceOperation, place: Mapping[str, str]) -> Iterator[HandlerNeed]:
    """Yield the access that an operation needs in a place (Partition, Region and Account); none of an unknown type.

    A custom resource needs its function or topic alone. Actions that a schema states as patterns are left out.
    """
    kind = resource_type(operation.type)
    if kind is None:
        return
    if kind.is_custom:  # CloudFormation calls its function, or writes to its topic
        token = operation.properties.get("ServiceToken")
        if isinstance(token, str):
            yield HandlerNeed("sns:Publish" if ":sns:" in token else "lambda:InvokeFunction", (token,))
        return
    context = _context(operation, place)
    handlers = _HANDLERS[operation.verb]
    resource = Resource(operation.logical_id, operation.type, operation.properties)
    for name, verbs in called_actions(resource).items():
        # Schemas state some actions as patterns (`ec2:Describe*`), of which nobody says which are called.
        if not handlers.isdisjoint(verbs) and not is_pattern(name):
            for resources in _resources(operation, kind, name, place):
                yield HandlerNeed(name, resources, context)


def _context(operation: ResourceOperation, place: Mapping[str, str]) -> Mapping[str, ContextValue]:
    """The condition keys of a call that CloudFormation makes for a stack; None says that a key is absent.

    The service that a role is passed to is among them where the type passes roles to one alone.
    """
    context: dict[str, ContextValue] = {
        "aws:CalledVia": (_CALLED_VIA,),
        "aws:CalledViaFirst": _CALLED_VIA,
        "aws:CalledViaLast": _CALLED_VIA,
        "aws:ViaAWSService": True,
        "aws:RequestedRegion": place["Region"],
    }
    if operation.type in _IDENTITIES:
        boundary = operation.properties.get("PermissionsBoundary")
        context["iam:PermissionsBoundary"] = boundary if isinstance(boundary, str) else None
    function = operation.properties.get("FunctionName")
    if operation.type == _MAPPING and isinstance(function, str):
        name = function.partition(":function:")[2] or function
        context["lambda:FunctionArn"] = fill(f"{_FUNCTION}{name}", place)
    deployment = deployment_of(operation.type)
    services = deployment.passes_to or deployment.usually_passes_to
    if len(services) == 1:
        context["iam:PassedToService"] = services[0]
    return context


def _resources(
    operation: ResourceOperation, kind: ResourceType, name: str, place: Mapping[str, str]
) -> Iterator[tuple[str, ...]]:
    """Yield the ARNs that an action is asked on, each by itself; several together where one of them must do.

    `*` for an action that takes no ARN. Nothing for an action on roles where the resource names no role.
    """
    entry = action(name)
    if entry is None or not entry.targets:
        yield ("*",)
        return
    if name in _FETCHES:
        yield from ((arn,) for arn in dict.fromkeys(_fetched(operation.properties)))
        return
    if any(target.type.full_name in kind.iam for target in entry.targets):
        # An action may be on another of the resource's kinds: a version is published to its layer.
        own_arns = tuple(arn for arn in _own_arns(operation, kind, place) if len(kind.iam) == 1 or takes(name, arn))
        if own_arns:
            yield own_arns
            return
    mentioned_arns = [arn for arn in dict.fromkeys(_arns_in(operation.properties)) if takes(name, arn)]
    known_arns = mentioned_arns or arns(Call(name), operation.properties, place)  # a property may name what it is about
    if known_arns:
        yield from ((arn,) for arn in known_arns)
    elif name not in _OF_ROLES:  # a role that is not mentioned is neither looked at nor passed
        # The forms of the ARNs that the action needs, or may have where it needs none.
        targets = [target for target in entry.targets if target.required] or entry.targets
        formats = dict.fromkeys(format_ for target in targets for format_ in target.type.arns)
        yield tuple(fill(format_, place, UNRESOLVED) for format_ in formats) or ("*",)


def _own_arns(operation: ResourceOperation, kind: ResourceType, place: Mapping[str, str]) -> tuple[str, ...]:
    """The resource's ARN, as far as it is known; one for each form of the names that CloudFormation makes.

    Empty for a type whose ARN nobody knows.
    """
    if kind.arn is None:
        return ()
    with_default = {name for name, _ in kind.arn.defaults}
    values = {**place, **{name: UNRESOLVED for name in kind.arn.variables if name not in with_default}}
    for variable, path in (*kind.arn.properties, *((name, name) for name, _ in kind.arn.otherwise)):
        value = operation.properties.get(path)
        if isinstance(value, str):
            values[variable] = value.rpartition("/")[2]  # a property may have the ARN or the path of what ARNs name
        elif kind.identifier == (path,) and operation.physical_id:
            values[variable] = operation.physical_id.rpartition("/")[2]
    name_variable = None if kind.naming is None else kind.arn.variable(kind.naming.property)
    if kind.naming is None or name_variable is None:
        return (kind.arn.filled(values),)
    names = _names_in_arn(operation, kind.naming) or (values[name_variable],)
    return tuple(kind.arn.filled({**values, name_variable: name}) for name in names)


def _names_in_arn(operation: ResourceOperation, naming: Naming) -> tuple[str, ...]:
    """The given name, or the forms of those that CloudFormation makes: the emulator makes names of other forms.

    `UNRESOLVED` stands for the part that CloudFormation makes up.
    """
    name = operation.properties.get(naming.property)
    if not isinstance(name, str):
        generated = naming.generated_names(operation.stack, operation.logical_id)
        return tuple(form.replace("*", UNRESOLVED) for form in generated)
    path = operation.properties.get(naming.path) if naming.path else ""
    return (naming.in_arn(name, path if isinstance(path, str) else ""),)


def _arns_in(value: Any) -> Iterator[str]:
    """Yield every ARN in a resource's properties, those in JSON texts as well, in their order and with duplicates."""
    if isinstance(value, str):
        if value.startswith("arn:") and parse_arn(value) is not None:
            yield value
        elif value.startswith(("{", "[")):
            yield from _arns_in(_json(value))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _arns_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from _arns_in(item)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _fetched(value: Any) -> Iterator[str]:
    """Yield the objects of S3 that a resource is made from: a nested stack's template, every bucket beside a key."""
    if isinstance(value, list):
        for item in value:
            yield from _fetched(item)
    if not isinstance(value, Mapping):
        return
    if isinstance(value.get("TemplateURL"), str):  # whose host or path begins with the bucket
        parts = urlsplit(value["TemplateURL"])
        bucket, is_of_host, _ = (parts.hostname or "").partition(".s3")
        key = unquote(parts.path.lstrip("/"))
        yield f"arn:aws:s3:::{bucket}/{key}" if is_of_host else f"arn:aws:s3:::{key}"
    for bucket, key in (("S3Bucket", "S3Key"), ("Bucket", "Key")):
        if isinstance(value.get(bucket), str) and isinstance(value.get(key), str):
            yield f"arn:aws:s3:::{value[bucket]}/{value[key]}"
    for item in value.values():
        yield from _fetched(item)
