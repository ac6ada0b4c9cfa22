"""Limits of AWS that a deploy can run into: a table kept by hand, with sources and dates."""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

_IAM: Final = "IAM and AWS STS quotas (IAM User Guide)"
_LAMBDA: Final = "Lambda quotas (AWS Lambda Developer Guide)"
_FUNCTION: Final = "CreateFunction (AWS Lambda API Reference)"
_CLOUDFORMATION: Final = "Understand CloudFormation quotas (AWS CloudFormation User Guide)"
_SQS: Final = "Amazon SQS message quotas (Amazon SQS Developer Guide)"
_ORGANIZATIONS: Final = "Quotas and service limits for AWS Organizations (AWS Organizations User Guide)"
_BUCKETS: Final = "PutBucketPolicy (Amazon S3 API Reference)"


class Quota(NamedTuple):
    """A limit: `most` in `unit`, `least` where there is one; `recorded` is when it was written down."""

    name: str
    most: int
    unit: str
    what: str
    source: str
    recorded: str
    least: int = 0
    raisable_to: int | None = None


# A row: name, most, unit, what is limited; then, where there are any, least and what AWS raises it to.
_Row = tuple[str, int, str, str] | tuple[str, int, str, str, int] | tuple[str, int, str, str, int, int]


def _rows(source: str, recorded: str, *rows: _Row) -> tuple[Quota, ...]:
    return tuple(Quota(*row[:4], source, recorded, *row[4:]) for row in rows)


_ROWS: Final = (
    *_rows(
        _IAM, "2026-11",
        ("iam.role.inline", 10_240, "characters", "all inline policies of a role, white space not counted"),
        ("iam.user.inline", 2_048, "characters", "all inline policies of a user, white space not counted"),
        ("iam.group.inline", 5_120, "characters", "all inline policies of a group, white space not counted"),
        ("iam.managed", 6_144, "characters", "a managed policy, white space not counted"),
        ("iam.role.trust", 2_048, "characters", "a role's trust policy", 0, 8_192),
        ("iam.role.managed", 10, "policies", "managed policies attached to a role", 0, 25),
        ("iam.role.name", 64, "characters", "a role's name", 1),
        ("iam.role.path", 512, "characters", "a role's path", 1),
        ("iam.role.description", 1_000, "characters", "a role's description"),
        ("iam.role.tags", 50, "tags", "tags of a role"),
        ("iam.policy.name", 128, "characters", "a policy's name", 1),
        ("iam.account.roles", 1_000, "roles", "roles in an account", 0, 10_000),
        ("iam.session", 2_048, "characters", "session policies passed with AssumeRole"),
        ("iam.session.name", 64, "characters", "a role session's name", 2),
    ),
    *_rows(
        _ORGANIZATIONS, "2026-11",
        ("organizations.scp", 10_240, "characters", "a service control policy"),
        ("organizations.rcp", 5_120, "characters", "a resource control policy"),
    ),
    *_rows(
        _BUCKETS, "2026-11",
        ("s3.bucket.policy", 20_480, "bytes", "a bucket's policy"),
    ),
    *_rows(
        _FUNCTION, "2026-11",
        ("lambda.function.name", 64, "characters", "a function's name", 1),
        ("lambda.function.handler", 128, "characters", "a function's handler"),
        ("lambda.function.description", 256, "characters", "a function's description"),
    ),
    *_rows(
        _LAMBDA, "2026-11",
        ("lambda.function.timeout", 900, "seconds", "a function's timeout (managed instances: 5,400)", 1),
        ("lambda.function.memory", 10_240, "MB", "a function's memory (the API's own bound: 32,768)", 128),
        ("lambda.function.storage", 10_240, "MB", "a function's /tmp (the API's own bound: 32,768)", 512),
        ("lambda.function.environment", 4_096, "bytes", "all environment variables of a function"),
        ("lambda.function.layers", 5, "layers", "layers of a function"),
        ("lambda.function.policy", 20_480, "bytes", "a function's resource policy"),
    ),
    *_rows(
        _FUNCTION, "2026-11",
        ("lambda.function.subnets", 16, "subnets", "subnets of a function's VPC settings"),
        ("lambda.function.security-groups", 5, "groups", "security groups of a function's VPC settings"),
    ),
    *_rows(
        _LAMBDA, "2026-11",
        ("lambda.package.zipped", 52_428_800, "bytes", "a zip uploaded directly (50 MB; else through S3)"),
        ("lambda.package.unzipped", 262_144_000, "bytes", "a function's code and layers, unzipped (250 MB)"),
        ("lambda.payload.synchronous", 6_291_456, "bytes", "a synchronous invocation's payload (6 MB)"),
        ("lambda.account.concurrency", 1_000, "executions", "concurrent executions in an account and region"),
    ),
    *_rows(
        _CLOUDFORMATION, "2026-11",
        ("cloudformation.template.body", 51_200, "bytes", "a template in the request"),
        ("cloudformation.template.s3", 1_000_000, "bytes", "a template in S3 (1 MB, of a thousand thousand bytes)"),
        ("cloudformation.template.resources", 500, "resources", "resources of a template"),
        ("cloudformation.template.outputs", 200, "outputs", "outputs of a template"),
        ("cloudformation.template.parameters", 200, "parameters", "parameters of a template"),
        ("cloudformation.template.mappings", 200, "mappings", "mappings of a template"),
        ("cloudformation.template.description", 1_024, "bytes", "a template's description"),
        ("cloudformation.template.references", 60, "references", "dynamic references of a template"),
        ("cloudformation.logical-id", 255, "characters", "a resource's logical id", 1),
        ("cloudformation.output.name", 255, "characters", "an output's name", 1),
        ("cloudformation.parameter.value", 4_096, "bytes", "a parameter's value"),
        ("cloudformation.stack.name", 128, "characters", "a stack's name", 1),
        ("cloudformation.account.stacks", 2_000, "stacks", "stacks in an account and region"),
    ),
    *_rows(
        _SQS, "2026-11",
        ("sqs.queue.retention", 1_209_600, "seconds", "how long a queue keeps a message", 60),
        ("sqs.queue.visibility", 43_200, "seconds", "a queue's visibility timeout"),
    ),
)  # fmt: skip


def quotas() -> tuple[Quota, ...]:
    """Every row of the table."""
    return _ROWS


@cache
def quota(name: str) -> Quota:
    """The row of a name such as "lambda.function.name". KeyError: there is none (remit chose the names)."""
    return {row.name: row for row in _ROWS}[name]
