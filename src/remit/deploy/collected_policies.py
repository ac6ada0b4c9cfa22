"""Gather the policies of an account's resources: buckets, queues, topics, keys, secrets, functions, repositories.

The access control list of a bucket is gathered as a policy that lets others do the same.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from remit.deploy.aws_errors import answered_errors, code, denied, if_there, message, remit_errors
from remit.errors import RemitError
from remit.iam.bucket_acl import ENFORCED, PUBLIC_GROUPS, AclGrant, acl_statements
from remit.iam.policy import Policy, render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remit.deploy.session import Account

_ACL_ACTIONS: Final = ("s3:GetBucketAcl", "s3:GetBucketOwnershipControls", "s3:GetBucketPublicAccessBlock")


@dataclass(frozen=True, slots=True)
class PolicyCalls:
    """How the policies of a kind of resource are read: the calls, and where their answers have what is needed.

    `name` is the member of a listed item that the second call takes as `parameter`; empty: the item itself. `arn` is a
    pattern of the ARN. `policy` leads to the policy's text, `actions` are what the calls need. `page_size` is asked for
    where AWS gives the first thousand items, and no way to the others, to whoever asks for no pages of a size.
    """

    service: str
    listing: str
    items: str
    name: str
    reading: str
    parameter: str
    policy: tuple[str, ...]
    arn: str
    further: tuple[tuple[str, Any], ...] = ()
    actions: tuple[str, ...] = ()
    page_size: int | None = None


CALLS: Final = (
    PolicyCalls("s3", "list_buckets", "Buckets", "Name", "get_bucket_policy", "Bucket", ("Policy",),
                "arn:{partition}:s3:::{name}", actions=("s3:ListAllMyBuckets", "s3:GetBucketPolicy", *_ACL_ACTIONS),
                page_size=1000),
    PolicyCalls("sqs", "list_queues", "QueueUrls", "", "get_queue_attributes", "QueueUrl", ("Attributes", "Policy"),
                "arn:{partition}:sqs:{region}:{account}:{name}", (("AttributeNames", ["Policy"]),),
                ("sqs:ListQueues", "sqs:GetQueueAttributes"), page_size=1000),
    PolicyCalls("sns", "list_topics", "Topics", "TopicArn", "get_topic_attributes", "TopicArn",
                ("Attributes", "Policy"), "{name}", actions=("sns:ListTopics", "sns:GetTopicAttributes")),
    PolicyCalls("kms", "list_keys", "Keys", "KeyArn", "get_key_policy", "KeyId", ("Policy",), "{name}",
                (("PolicyName", "default"),), ("kms:ListKeys", "kms:GetKeyPolicy")),
    PolicyCalls("secretsmanager", "list_secrets", "SecretList", "ARN", "get_resource_policy", "SecretId",
                ("ResourcePolicy",), "{name}",
                actions=("secretsmanager:ListSecrets", "secretsmanager:GetResourcePolicy")),
    PolicyCalls("lambda", "list_functions", "Functions", "FunctionArn", "get_policy", "FunctionName", ("Policy",),
                "{name}", actions=("lambda:ListFunctions", "lambda:GetPolicy")),
    PolicyCalls("ecr", "describe_repositories", "repositories", "repositoryName", "get_repository_policy",
                "repositoryName", ("policyText",), "arn:{partition}:ecr:{region}:{account}:repository/{name}",
                actions=("ecr:DescribeRepositories", "ecr:GetRepositoryPolicy")),
)  # fmt: skip
_SID: Final = "AccessControlList"


def collected_policies(account: Account, calls: PolicyCalls) -> Iterator[dict[str, str] | RemitError]:
    """Yield the resources of a kind that have a policy, as `remit audit --resource-policies` reads them.

    The access control list of a bucket comes as a policy of its own.
    A policy that AWS refuses to show comes as an error in its place: a key's own policy may shut out whoever asks.
    RemitError: AWS refuses to list them.
    """
    client = account.client(calls.service)
    pages = client.get_paginator(calls.listing).paginate(PaginationConfig={"PageSize": calls.page_size})
    place = {"partition": account.partition, "region": account.region, "account": account.account}
    with remit_errors():
        for item in (item for page in pages for item in page.get(calls.items, ())):
            name = item[calls.name] if calls.name else item
            bare_name = name.rpartition("/")[2] if calls.service == "sqs" else name  # a queue is listed by its address
            arn = calls.arn.format(**place, name=bare_name)
            readers: dict[str, Callable[[], str | None]] = {"policy": partial(_policy, client, calls, name)}
            if calls.service == "s3":
                readers["access control list"] = partial(acl_policy, client, name, arn)
            for noun, reader in readers.items():
                try:
                    policy = reader()
                except answered_errors() as error:
                    if not denied(error):
                        raise
                    yield RemitError(f"the {noun} of {arn} is not shown: {message(error) or code(error)}", exit_code=1)
                    continue
                if policy:
                    yield {"Arn": arn, "Account": account.account, "Policy": policy}


def _policy(client: Any, calls: PolicyCalls, name: str) -> str | None:
    """The text of a resource's policy; None: it has none."""
    answer = if_there(partial(getattr(client, calls.reading), **{calls.parameter: name}, **dict(calls.further)))
    for member in calls.policy:
        answer = (answer or {}).get(member)
    return answer or None


def acl_policy(client: Any, bucket: str, arn: str) -> str | None:
    """The text of a policy that allows what a bucket's list allows others than its owner; None: that is nothing.

    The blocks of the whole account are not asked for. ClientError: AWS does not show the list.
    """
    controls = if_there(partial(client.get_bucket_ownership_controls, Bucket=bucket))
    # A bucket that was made before there were ownerships of objects has no controls, and its list counts.
    if controls is not None and controls["OwnershipControls"]["Rules"][0]["ObjectOwnership"] == ENFORCED:
        return None
    access_list = if_there(partial(client.get_bucket_acl, Bucket=bucket)) or {}
    owner = access_list.get("Owner", {}).get("ID")
    grants: list[AclGrant] = []
    for grant in access_list.get("Grants", ()):
        grantee = grant["Grantee"].get("URI") or grant["Grantee"].get("ID") or ""
        if grantee != owner:
            grants.append((grantee, grant["Permission"]))
    if any(grantee in PUBLIC_GROUPS for grantee, _ in grants):
        blocks = if_there(partial(client.get_public_access_block, Bucket=bucket))
        if blocks is not None and blocks["PublicAccessBlockConfiguration"].get("IgnorePublicAcls"):
            grants = [grant for grant in grants if grant[0] not in PUBLIC_GROUPS]
    statements = acl_statements(arn, tuple(grants), sid=_SID)
    return json.dumps(render(Policy(statements))) if statements else None
