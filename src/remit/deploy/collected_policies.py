"""Gather the policies of an account's resources: buckets, queues, topics, keys, secrets, functions, repositories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.deploy.aws_errors import code, denied, message, remit_errors
from remit.deploy.collected_acls import ACTIONS as ACL_ACTIONS
from remit.deploy.collected_acls import acl_policy
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.deploy.session import Account


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
                "arn:{partition}:s3:::{name}", actions=("s3:ListAllMyBuckets", "s3:GetBucketPolicy", *ACL_ACTIONS),
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
_NO_POLICY: Final = frozenset({
    "NoSuchBucketPolicy", "NoSuchBucket", "NotFoundException", "RepositoryPolicyNotFoundException",
    "ResourceNotFoundException",
})  # fmt: skip


def collected_policies(account: Account, calls: PolicyCalls) -> Iterator[dict[str, str] | RemitError]:
    """The resources of a kind that have a policy, as `remit audit --resource-policies` reads them.

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
            for policy in _policies(client, calls, name, arn):
                if isinstance(policy, RemitError):
                    yield policy
                elif policy:
                    yield {"Arn": arn, "Account": account.account, "Policy": policy}


def _policies(client: Any, calls: PolicyCalls, name: str, arn: str) -> Iterator[str | RemitError | None]:
    """The text of a resource's policy and, of a bucket, that of its access control list."""
    yield _policy(client, calls, name, arn)
    if calls.service == "s3":
        yield acl_policy(client, name, arn)


def _policy(client: Any, calls: PolicyCalls, name: str, arn: str) -> str | RemitError | None:
    """The text of a resource's policy; None: it has none."""
    from botocore.exceptions import ClientError

    try:
        answer = getattr(client, calls.reading)(**{calls.parameter: name}, **dict(calls.further))
    except ClientError as error:
        if code(error) in _NO_POLICY:
            return None
        if denied(error):
            return RemitError(f"the policy of {arn} is not shown: {message(error) or code(error)}", exit_code=1)
        raise
    for member in calls.policy:
        answer = (answer or {}).get(member)
    return answer or None
