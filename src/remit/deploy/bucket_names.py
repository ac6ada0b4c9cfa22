"""Deployed buckets keep their names: CloudFormation would replace a bucket whose name changes, and lose its objects.

A bucket that notifies functions has a name that the stack's id makes unique (`triggers/s3.py`). One that was deployed
before it notified anybody has the name that CloudFormation made up. It goes on without one in the template, and what
would refer to it names it by that name. One that notifies nobody any more keeps the name that it had.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.deploy.status import status, status_of
from remit.iam import tokens
from remit.synthesis.synth import intrinsics
from remit.triggers.s3 import UNIQUE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.deploy.session import Account
    from remit.deploy.stack import DeployedStack

_TYPE: Final = "AWS::S3::Bucket"


def keep_bucket_names(
    account: Account, stack: DeployedStack | None, running: Mapping[str, Any], template: dict[str, Any]
) -> dict[str, Any]:
    """The template, in a copy where it had to change, that gives no deployed bucket another name than `running` does.

    It is about names that remit makes up, which a bucket gets or loses with its notifications. RemitError: AWS refuses.
    """
    deployed = _names(running)
    unnamed: dict[str, str] = {}
    for logical_id, name in _names(template).items():
        earlier = deployed.get(logical_id, name)
        if _is_generated(name) and earlier == "":
            unnamed[logical_id] = name
        elif name == "" and _is_generated(earlier):
            bucket = template["Resources"][logical_id]
            properties = {**bucket.get("Properties", {}), "BucketName": tokens.to_intrinsic(earlier)}
            template = _with_properties(template, logical_id, properties)
    if not unnamed or stack is None:
        return template
    physical_names = status_of(account, stack).physical_ids
    for logical_id, name in unnamed.items():
        # The bucket has no name in the template, and its own name stands in the place of what named it.
        properties = dict(template["Resources"][logical_id]["Properties"])
        del properties["BucketName"]
        template = _with_properties(template, logical_id, properties)
        template = _with_bucket_named(template, name, physical_names[logical_id])
    return template


def _names(template: Mapping[str, Any]) -> dict[str, str]:
    """The names of the template's buckets by logical id, as late-bound text; "" for those without one."""
    resources = template.get("Resources", {})
    return {
        logical_id: tokens.text_of(resource.get("Properties", {}).get("BucketName", ""))
        for logical_id, resource in resources.items()
        if resource.get("Type") == _TYPE
    }


def _is_generated(name: str) -> bool:
    """Return whether remit made a bucket's name up, which ends in a part of the stack's id."""
    return name.endswith(f"-{UNIQUE}")


def _with_properties(template: dict[str, Any], logical_id: str, properties: dict[str, Any]) -> dict[str, Any]:
    resources = template["Resources"]
    return {**template, "Resources": {**resources, logical_id: {**resources[logical_id], "Properties": properties}}}


def _with_bucket_named(value: Any, name: str, text: str) -> Any:
    """A value of the template with `text` wherever its late-bound text has the bucket's `name`."""

    def leaf(value: Any) -> Any:
        late_text = tokens.from_intrinsic(value) if tokens.is_intrinsic(value) else ""
        return intrinsics(late_text.replace(name, text)) if name in late_text else value

    return tokens.with_leaves(value, leaf)


def kept_arns(account: Account, namespace: str, template: Mapping[str, Any]) -> dict[str, str]:
    """Map the ARN of each deployed bucket that notifies functions and has no name in the template to its reference."""
    unnamed = [
        logical_id
        for logical_id, name in _names(template).items()
        if not name and "NotificationConfiguration" in template["Resources"][logical_id].get("Properties", {})
    ]
    if not unnamed:
        return {}
    deployed = status(account, namespace)
    physical_names = {} if deployed is None else deployed.physical_ids
    return {
        f"arn:{tokens.PARTITION}:s3:::{physical_names[logical_id]}": f"${{{logical_id}.Arn}}"
        for logical_id in unnamed
        if logical_id in physical_names
    }
