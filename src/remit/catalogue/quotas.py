"""Limits of AWS that a deploy can run into: a table kept by hand, written down in 2026-11."""

from __future__ import annotations

from typing import Final, NamedTuple

_IAM: Final = "IAM and AWS STS quotas (IAM User Guide)"
_LAMBDA: Final = "Lambda quotas (AWS Lambda Developer Guide)"
_CLOUDFORMATION: Final = "Understand CloudFormation quotas (AWS CloudFormation User Guide)"
_SQS: Final = "Amazon SQS message quotas (Amazon SQS Developer Guide)"
_ORGANIZATIONS: Final = "Quotas and service limits for AWS Organizations (AWS Organizations User Guide)"
_BUCKETS: Final = "PutBucketPolicy (Amazon S3 API Reference)"


class Quota(NamedTuple):
    """A limit: `most` in `unit`, of what, by which page; `raisable_to` is what AWS raises it to on request."""

    most: int
    unit: str
    what: str
    source: str
    raisable_to: int | None = None


QUOTAS: Final = {
    "iam.role.inline": Quota(10_240, "characters", "all inline policies of a role, white space not counted", _IAM),
    "iam.user.inline": Quota(2_048, "characters", "all inline policies of a user, white space not counted", _IAM),
    "iam.group.inline": Quota(5_120, "characters", "all inline policies of a group, white space not counted", _IAM),
    "iam.managed": Quota(6_144, "characters", "a managed policy, white space not counted", _IAM),
    "iam.role.trust": Quota(2_048, "characters", "a role's trust policy", _IAM, 8_192),
    "iam.role.managed": Quota(10, "policies", "managed policies attached to a role", _IAM, 25),
    "iam.session": Quota(2_048, "characters", "session policies passed with AssumeRole", _IAM),
    "organizations.scp": Quota(10_240, "characters", "a service control policy", _ORGANIZATIONS),
    "organizations.rcp": Quota(5_120, "characters", "a resource control policy", _ORGANIZATIONS),
    "s3.bucket.policy": Quota(20_480, "bytes", "a bucket's policy", _BUCKETS),
    "lambda.function.environment": Quota(4_096, "bytes", "all environment variables of a function", _LAMBDA),
    "lambda.function.policy": Quota(20_480, "bytes", "a function's resource policy", _LAMBDA),
    "cloudformation.template.body": Quota(51_200, "bytes", "a template in the request", _CLOUDFORMATION),
    # A thousand thousand bytes: CloudFormation's megabyte is none of 1,048,576.
    "cloudformation.template.s3": Quota(1_000_000, "bytes", "a template in S3 (1 MB)", _CLOUDFORMATION),
    "cloudformation.template.resources": Quota(500, "resources", "resources of a template", _CLOUDFORMATION),
    "cloudformation.template.outputs": Quota(200, "outputs", "outputs of a template", _CLOUDFORMATION),
    "cloudformation.template.parameters": Quota(200, "parameters", "parameters of a template", _CLOUDFORMATION),
    "cloudformation.template.mappings": Quota(200, "mappings", "mappings of a template", _CLOUDFORMATION),
    "cloudformation.template.description": Quota(1_024, "bytes", "a template's description", _CLOUDFORMATION),
    "sqs.queue.visibility": Quota(43_200, "seconds", "a queue's visibility timeout", _SQS),
}
"""By names that remit chose."""


quota: Final = QUOTAS.__getitem__
"""The row of a name such as "iam.role.inline". KeyError: there is none."""
