"""Delete a stack that remit made, and its artefacts: nothing of the app stays behind."""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.catalogue.types import KEEPS, holds_data
from remit.deploy.artefacts import buckets_of, object_pages, remove_objects
from remit.deploy.aws_errors import remit_errors
from remit.deploy.bucket import Bucket, artefact_bucket
from remit.deploy.events import StackOperation
from remit.deploy.execute import OnEvent, Outcome, followed
from remit.deploy.plan import function_log_groups
from remit.deploy.stack import DeployedStack, deployed_template, describe, ours, settled
from remit.deploy.status import DeployedResource, status
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from remit.deploy.session import Account


def deletable(account: Account, namespace: str, owner: str | None = None) -> DeployedStack | None:
    """The stack that would be deleted, None when there is none. RemitError: not its owner's, or protected.

    `owner` is the project and the stage (`orders-dev`), where the stack is named otherwise.
    """
    with remit_errors():
        stack = describe(account, namespace)
    if stack is None:
        return None
    if stack.protected:
        raise RemitError(
            f"{namespace} is protected against deletion (termination protection), and remit never turns that off",
            hint=f"`aws cloudformation update-termination-protection --no-enable-termination-protection "
            f"--stack-name {namespace} --region {account.region}` does, if you are sure",
        )
    return ours(stack, owner or namespace, "delete")


def data_at_risk(account: Account, namespace: str) -> tuple[tuple[DeployedResource, ...], frozenset[str]]:
    """List the resources with data that no deletion policy keeps; and the logical ids of functions' log groups.

    These log groups are among the resources, too. Both are empty without a stack. RemitError: AWS refuses.
    """
    deployed = status(account, namespace)
    if deployed is None:
        return (), frozenset()
    with remit_errors():
        template = deployed_template(account, deployed.stack)
    declared = template.get("Resources", {})
    resources = tuple(
        resource
        for resource in deployed.resources
        if holds_data(resource.type)
        and resource.status != "DELETE_COMPLETE"
        and declared.get(resource.logical_id, {}).get("DeletionPolicy") not in KEEPS
    )
    return resources, function_log_groups(template)


@dataclass(frozen=True, slots=True)
class FilledBucket:
    """A bucket that goes with its stack, and what is in it: versions and delete markers, and their bytes."""

    name: str
    versions: int
    bytes: int


def filled_buckets(account: Account, namespace: str) -> tuple[FilledBucket, ...]:
    """List the stack's buckets that would go and hold something: CloudFormation deletes none of these.

    All versions of their objects are counted, page by page; a bucket that is gone is left out. RemitError: AWS refuses.
    """
    buckets = []
    for resource in data_at_risk(account, namespace)[0]:
        if resource.type == "AWS::S3::Bucket" and resource.physical_id:
            sizes: list[int] = []
            with remit_errors(), suppress(account.client("s3").exceptions.NoSuchBucket):
                for page in object_pages(account, resource.physical_id, ""):
                    listed = (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
                    sizes += [item.get("Size", 0) for item in listed]
            buckets.append(FilledBucket(resource.physical_id, len(sizes), sum(sizes)))
    return tuple(bucket for bucket in buckets if bucket.versions)


def delete(
    account: Account,
    namespace: str,
    on_event: OnEvent,
    *,
    owner: str | None = None,
    bucket: Bucket | None = None,
    wait: bool = False,
    on_wait: Callable[[DeployedStack], None] | None = None,
    service_role: str | None = None,
    empties: Iterable[FilledBucket] = (),
) -> Outcome | None:
    """Delete the stack, wait for the end, then delete every version of its artefacts and releases.

    Without a stack these go alone, and it returns None. After a failure, which is in the outcome, they stay.

    `owner` is as for `deletable`. `bucket` is remit's, unless it is given; it stays: it is the account's, not the
    app's. CloudFormation works as `service_role` (an ARN), or as the one of the last deploy. What is in the buckets
    `empties` is deleted first, with all versions.

    RemitError as `deletable`; somebody else deploys (75); the artefacts are in another bucket, or AWS refuses.
    """
    bucket = bucket or artefact_bucket(account)
    stack = deletable(account, namespace, owner)
    if stack is not None:
        stack = settled(account, namespace, wait=wait, on_wait=on_wait)
    outcome = None
    if stack is not None:
        with remit_errors():
            other_buckets = buckets_of(account, deployed_template(account, stack)) - {bucket.name}
        if other_buckets:  # nobody named it, so that the artefacts would stay behind
            other_bucket = min(other_buckets)
            hint = f"`--artefact-bucket {other_bucket}` names it"
            if other_bucket == artefact_bucket(account).name:
                hint = "leave --artefact-bucket and REMIT_ARTEFACT_BUCKET out"
            raise RemitError(f"the zips of {stack.name} are in bucket {other_bucket}, not in {bucket.name}", hint=hint)
        for filled in empties:
            remove_objects(account, filled.name)
        token = f"remit-{uuid.uuid4()}"
        role = {} if service_role is None else {"RoleARN": service_role}
        with remit_errors():
            account.client("cloudformation").delete_stack(StackName=stack.id, ClientRequestToken=token, **role)
        outcome = followed(account, namespace, StackOperation(stack.id, "DELETE", token), on_event)
    if outcome is None or outcome.ok:
        remove_objects(account, bucket.name, f"{namespace}/")
    return outcome
