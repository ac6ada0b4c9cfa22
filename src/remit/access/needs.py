"""The access that a requested operation needs: IAM actions, each with the ARN that it is asked on.

The catalogue says which actions an operation needs and how its parameters fill the formats of ARNs. What it cannot know
(a name that stands for something stored, the parts of a batch) stands in `resource_rows` and `item_rows`. A part of an
ARN that nothing tells is `${Unresolved}`: remit's engine takes that for any text, so that only a policy for which it
makes no difference decides.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from remit.access.item_rows import ITEMS
from remit.access.key_uses import key_uses
from remit.access.needed_access import UNRESOLVED, ActionRequest, NeededAccess, OperationRequest, is_federated
from remit.access.resource_rows import RESOURCES, batched_secrets, with_names
from remit.access.similar_names import similar
from remit.access.tags import tagging_needs
from remit.catalogue.action_resources import is_without_resources, resource_without_type
from remit.catalogue.actions import targets_of
from remit.catalogue.arns import fill, matches, parse
from remit.catalogue.operations import Call, arns
from remit.catalogue.operations import operation as catalogued_operation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remit.access.setting import RequestSetting

_DEEPEST: Final = 12
"""Of parameters in parameters, in which ARNs are looked for."""


def needs_of(request: OperationRequest) -> tuple[NeededAccess, ...] | None:
    """All that a request needs; empty when anybody may make it, None when nobody knows which actions it needs.

    Each action is asked once on an ARN, in the order of the operation's calls; iam:PassRole, tagging, s3:ListBucket and
    the keys of KMS follow. Only of keys the same access may come several times, for other encryption contexts.
    """
    operation, parameters = request.operation, request.parameters
    items = ITEMS.get((operation.client, operation.name))
    if items is not None:
        of_items = tuple(items(request))
        return (*of_items, *key_uses(request, of_items))
    known = catalogued_operation(operation.client, operation.name)
    if known is None or not (known.calls or known.free):
        return None
    if known.free and not is_federated(operation):
        return ()  # what nobody signs, a role's trust lets in
    named = with_names(request)
    needs: dict[tuple[str, str], NeededAccess] = {}
    for call in known.needed(named):
        for resource in _resources(call, ActionRequest(operation, named, request.setting, call.action)):
            needs.setdefault((call.action, resource), NeededAccess(call.action, resource, parameters))
    for need in batched_secrets(request):
        needs[need.action, need.resource] = need
    paths = (*known.passes, *_PASSES.get((known.client, known.name), ()))
    handed_over = [role for path in paths for role in _texts_at(parameters, path.split("."))]
    roles = [role for role in handed_over if role.startswith("arn:") and ":role/" in role]
    further_needs = (
        *(NeededAccess("iam:PassRole", role, parameters) for role in roles),
        *tagging_needs(request, tuple(needs)),
        *(NeededAccess(LIST_BUCKET, bucket, {}) for bucket in listed_buckets(needs, request.setting)),
    )
    for need in further_needs:
        needs.setdefault((need.action, need.resource), need)
    # A key is asked for once for each thing that it encrypts, which the encryption context names.
    return (*needs.values(), *key_uses(request, needs.values()))


def _resources(call: Call, request: ActionRequest) -> tuple[str, ...]:
    """The ARNs on which one action of an operation is asked, each once; at least one.

    The tables of this package come first, then the formats of the catalogue with ARNs among the parameters, then names
    of parameters that are alike; else parts are `UNRESOLVED`. An action that takes no ARN is asked on `*` or its like.
    """
    action, places = request.action, request.setting.places
    row = RESOURCES.get(action) or RESOURCES.get(action.partition(":")[0])
    texts = () if row is None else tuple(row(request))
    if texts:
        return tuple(dict.fromkeys(texts))
    if is_without_resources(action.lower()):
        return (resource_without_type(action.lower(), fill("arn:${Partition}:x:${Region}:${Account}:x", places)),)
    texts = (*arns(call, request.parameters, places), *_mentioned(action, request.parameters))
    # In the order of trust: what the models say, what the names of parameters suggest, and nothing.
    return _most_specific(dict.fromkeys(texts)) or _by_similar_names(request) or _unresolved(request)


def _mentioned(action: str, value: Any, depth: int = _DEEPEST) -> Iterator[str]:
    """Yield the ARNs anywhere among the parameters that are of a kind which the action takes, to a depth of twelve."""
    if isinstance(value, str):
        if value.startswith("arn:") and _is_of_action(action, value):
            yield value
    elif isinstance(value, dict | list) and depth:
        for member in value.values() if isinstance(value, dict) else value:
            yield from _mentioned(action, member, depth - 1)


@lru_cache(maxsize=8192)
def _is_of_action(action: str, text: str) -> bool:
    """Return whether a text is an ARN of a resource that the action takes."""
    arn = parse(text)
    if arn is None:
        return False
    return any(matches(arn, format_) for target in targets_of(action) for format_ in target.type.arns)


def _most_specific(texts: Mapping[str, None]) -> tuple[str, ...]:
    """ARNs without those that go on in another: an index instead of its table, an alias instead of its function."""
    return tuple(text for text in texts if not any(longer.startswith((f"{text}/", f"{text}:")) for longer in texts))


def _by_similar_names(request: ActionRequest) -> tuple[str, ...]:
    """The ARNs of which parameters tell the most: those with the fewest `UNRESOLVED` parts.

    Empty where none tells any.
    """
    texts: dict[str, None] = {}
    for target in targets_of(request.action):
        arns_of_kind = similar(target.type, request.operation.name, request.parameters, request.setting.places)
        texts.update(dict.fromkeys(arns_of_kind))
    fewest = min((text.count(UNRESOLVED) for text in texts), default=0)
    return _most_specific({text: None for text in texts if text.count(UNRESOLVED) == fewest})


_EC2_CREATES: Final = re.compile(r"ec2:(Allocate|Copy|Create|Import|Purchase|Request|Run)")
"""What EC2 makes has no id yet: it is asked for as `internet-gateway/*` ("DecodeAuthorizationMessage", STS API)."""


def _unresolved(request: ActionRequest) -> tuple[str, ...]:
    """The ARNs of the kinds that an action needs, of one kind where it needs none in particular.

    `UNRESOLVED` stands for their names, `*` for the id of what EC2 creates. `*` alone: no kind has an ARN.
    """
    targets = targets_of(request.action)
    targets = tuple(target for target in targets if target.required) or tuple(targets[:1])
    formats = [target.type.arns[0] for target in targets if target.type.arns]
    part = "*" if _EC2_CREATES.match(request.action) else UNRESOLVED
    return tuple(fill(format_, request.setting.places, part) for format_ in formats) or ("*",)


_PASSES: Final = {
    ("cognito-identity", "SetIdentityPoolRoles"): ("Roles.authenticated", "Roles.unauthenticated"),
    ("events", "PutTargets"): ("Targets.RoleArn",),
}
"""Parameters in lists and maps that hand a role to a service ("PutTargets", EventBridge API, and the like)."""


def _texts_at(value: Any, steps: list[str]) -> Iterator[str]:
    """Yield the texts that the steps lead to, in each item of a list; nothing where they lead nowhere."""
    if isinstance(value, list):
        for item in value:
            yield from _texts_at(item, steps)
    elif not steps:
        yield from (value,) if isinstance(value, str) else ()
    elif isinstance(value, dict):
        yield from _texts_at(value.get(steps[0]), steps[1:])


LIST_BUCKET: Final = "s3:ListBucket"
_READS: Final = frozenset({"s3:GetObject", "s3:GetObjectAttributes"})


def listed_buckets(accesses: Iterable[tuple[str, str]], setting: RequestSetting) -> Iterator[str]:
    """The ARNs of the buckets of missing objects that accesses (action, ARN) read.

    Whoever may list the bucket learns that an object is missing; S3 answers all others with AccessDenied. Source:
    "GetObject", "HeadObject", Permissions (Amazon S3 API Reference).
    """
    for action, resource in accesses:
        if action not in _READS:
            continue
        bucket, _, key = resource.partition(":::")[2].partition("/")
        if key and setting.stored.lacks_object(bucket, key):
            yield setting.arn("s3", bucket, region="", account="")
