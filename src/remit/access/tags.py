"""The tags that a request puts on what it makes or changes, and the actions that tags of a new resource need.

Tags that a request gives to what it creates need the action that tags it, beside the one that creates it.

Sources: of each service the page of the operation or on tags: "Using tags on Lambda functions", "CreateTopic",
"CreateTable", "CreateSecret", "PutParameter", "CreateKey", "CreateLogGroup", "PutRule", "PutMetricAlarm",
"CreateDeliveryStream"; "Grant permission to tag Amazon EC2 resources during creation", "Tagging IAM resources".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from remit.access.needed_access import UNRESOLVED, NeededAccess, OperationRequest
from remit.catalogue.action_resources import takes
from remit.catalogue.actions import targets_of
from remit.catalogue.arns import fill

_MEMBERS: Final = ("Tags", "tags", "TagList", "TagSpecifications", "Tagging", "UserPoolTags", "IdentityPoolTags")
_KEYS: Final = ("Key", "key", "TagKey", "tagKey")
_VALUES: Final = ("Value", "value", "TagValue", "tagValue")


def request_tags(parameters: Mapping[str, Any]) -> dict[str, str]:
    """The tags of a request by their keys, in whatever form it has them; empty where it has none."""
    tags: dict[str, str] = {}
    for name in _MEMBERS:
        tags.update(_tags(parameters.get(name)))
    configuration = parameters.get("CreateBucketConfiguration")
    if isinstance(configuration, dict):
        tags.update(_tags(configuration.get("Tags")))
    return tags


def _tags(value: Any) -> Iterator[tuple[str, str]]:
    """Yield keys with values, of a list of tags, a mapping, or what holds a list (`Tagging.TagSet`, `Tags.Items`)."""
    if isinstance(value, list):
        for item in value:
            yield from _tags_of_item(item) if isinstance(item, dict) else ()
    elif isinstance(value, dict):
        inner = value.get("TagSet", value.get("Items"))
        if isinstance(inner, list):
            yield from _tags(inner)
        else:
            yield from ((str(key), text) for key, text in value.items() if isinstance(text, str))


def _tags_of_item(item: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Key and value of the tag that an item of a list is, "" without a value; or of those that it has under `Tags`."""
    nested = item.get("Tags")
    if isinstance(nested, list):
        yield from _tags(nested)
        return
    key = next((item[name] for name in _KEYS if name in item), None)
    value = next((item[name] for name in _VALUES if name in item), "")
    if isinstance(key, str):
        yield key, str(value)


_CREATES: Final = re.compile(r"Allocate|Copy|Create|Import|Publish|Put|Register|Request|Restore|Run|Upload")
_TAG_RESOURCE: Final = frozenset({
    "cloudwatch", "dynamodb", "ecr", "ecs", "events", "glue", "kms", "lambda", "logs", "scheduler", "secretsmanager",
    "sns", "states",
})  # fmt: skip
"""The prefixes of services of which TagResource tags what they create."""
_TAGGING: Final = {
    "acm": "acm:AddTagsToCertificate",
    "ec2": "ec2:CreateTags",
    "elasticloadbalancing": "elasticloadbalancing:AddTags",
    "firehose": "firehose:TagDeliveryStream",
    "rds": "rds:AddTagsToResource",
    "ssm": "ssm:AddTagsToResource",
    **{prefix: f"{prefix}:TagResource" for prefix in _TAG_RESOURCE},
}
"""The action that tags what a service creates, by the prefix of the service's actions."""
_OF_OPERATIONS: Final = {
    "iam:CreateVirtualMFADevice": "iam:TagMFADevice",
    "s3:CreateBucket": "s3:TagResource",
}
_OF_IAM: Final = re.compile(r"iam:(?:Create|Upload)(?P<kind>\w+)")


def tagging_needs(request: OperationRequest, accesses: Iterable[tuple[str, str]]) -> Iterator[NeededAccess]:
    """Yield the access that the tags of a creating request need, by the (action, ARN) that the creation itself needs.

    Nothing for a request without tags, or one that creates nothing.
    """
    name = request.operation.name
    if _CREATES.match(name) is None or not request_tags(request.parameters):
        return
    for action, resource in accesses:
        tagging_action = _tagging_action(action)
        if tagging_action is not None and action.endswith(f":{name}"):
            for tagged in _tagged(tagging_action, resource, request):
                yield NeededAccess(tagging_action, tagged, request.parameters)


def _tagging_action(action: str) -> str | None:
    """The action that tags what another one creates; None where none is known."""
    of_iam = _OF_IAM.fullmatch(action)
    name = _OF_OPERATIONS.get(action)
    if name is None and of_iam is not None:
        name = f"iam:Tag{of_iam['kind']}"
    if name is None:
        name = _TAGGING.get(action.partition(":")[0])
    return name


def _tagged(tagging_action: str, resource: str, request: OperationRequest) -> Iterator[str]:
    """The ARNs of what is created, by that on which its creation is asked.

    `*` stands for an id that it has yet to get, `UNRESOLVED` for a kind that nothing tells.
    """
    if tagging_action == "ec2:CreateTags":  # what EC2 makes has no id yet
        for specification in request.parameters.get("TagSpecifications") or ():
            yield request.arn("ec2", f"{specification.get('ResourceType', UNRESOLVED)}/*")
    elif tagging_action == "logs:TagResource":  # its ARN alone has no end for streams
        yield resource.partition(":log-stream:")[0]
    elif takes(tagging_action, resource):
        yield resource
    else:
        # What an operation is called after (`CreateKey` makes a `key`), which gets any id.
        kinds = [target.type for target in targets_of(tagging_action) if target.type.arns]
        operation = request.operation.name.lower()
        created_kinds = [kind for kind in kinds if re.sub(r"\W", "", kind.name).lower() in operation]
        if created_kinds:
            kind = max(created_kinds, key=lambda kind: len(kind.name))
            yield fill(kind.arns[0], request.setting.places)
        else:
            yield request.arn(tagging_action.partition(":")[0], UNRESOLVED)
