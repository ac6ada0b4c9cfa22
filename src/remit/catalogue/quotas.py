"""Limits of AWS that a deploy can run into: a table kept by hand, each row with its source and when it was compared."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

_IAM: Final = "IAM and AWS STS quotas (IAM User Guide)"
_LAMBDA: Final = "Lambda quotas (AWS Lambda Developer Guide)"
_FUNCTION: Final = "CreateFunction (AWS Lambda API Reference)"
_CLOUDFORMATION: Final = "Understand CloudFormation quotas (AWS CloudFormation User Guide)"
_SQS: Final = "Amazon SQS message quotas (Amazon SQS Developer Guide)"
_S3: Final = "General purpose bucket naming rules (Amazon S3 User Guide)"
_EVENTS: Final = "Amazon EventBridge quotas (Amazon EventBridge User Guide)"
_LOGS: Final = "CreateLogGroup (Amazon CloudWatch Logs API Reference)"
_DYNAMODB: Final = "Quotas in Amazon DynamoDB (Amazon DynamoDB Developer Guide)"


@dataclass(frozen=True, slots=True)
class Quota:
    """A limit: `most` in `unit`, `least` where there is one. `raisable_to` is what AWS grants at most on request."""

    name: str
    most: int
    unit: str
    what: str
    source: str
    checked: str
    least: int = 0
    raisable_to: int | None = None


_ROWS: Final = (
    Quota("iam.role.inline", 10_240, "characters", "all inline policies of a role, white space not counted", _IAM, "2026-11"),
    Quota("iam.user.inline", 2_048, "characters", "all inline policies of a user, white space not counted", _IAM, "2026-11"),
    Quota("iam.group.inline", 5_120, "characters", "all inline policies of a group, white space not counted", _IAM, "2026-11"),
    Quota("iam.managed", 6_144, "characters", "a managed policy, white space not counted", _IAM, "2026-11"),
    Quota("iam.role.trust", 2_048, "characters", "a role's trust policy", _IAM, "2026-11", raisable_to=8_192),
    Quota("iam.role.managed", 10, "policies", "managed policies attached to a role", _IAM, "2026-11", raisable_to=25),
    Quota("iam.role.name", 64, "characters", "a role's name", _IAM, "2026-11", least=1),
    Quota("iam.role.path", 512, "characters", "a role's path", _IAM, "2026-11", least=1),
    Quota("iam.role.description", 1_000, "characters", "a role's description", _IAM, "2026-11"),
    Quota("iam.role.tags", 50, "tags", "tags of a role", _IAM, "2026-11"),
    Quota("iam.policy.name", 128, "characters", "a policy's name", _IAM, "2026-11", least=1),
    Quota("iam.account.roles", 1_000, "roles", "roles in an account", _IAM, "2026-11", raisable_to=10_000),
    Quota("iam.session", 2_048, "characters", "session policies passed with AssumeRole", _IAM, "2026-11"),
    Quota("iam.session.name", 64, "characters", "a role session's name", _IAM, "2026-11", least=2),
    Quota("lambda.function.name", 64, "characters", "a function's name", _FUNCTION, "2026-11", least=1),
    Quota("lambda.function.handler", 128, "characters", "a function's handler", _FUNCTION, "2026-11"),
    Quota("lambda.function.description", 256, "characters", "a function's description", _FUNCTION, "2026-11"),
    Quota("lambda.function.timeout", 900, "seconds", "a function's timeout (5,400 on Lambda Managed Instances)", _LAMBDA, "2026-11", least=1),
    Quota("lambda.function.memory", 10_240, "MB", "a function's memory", _LAMBDA, "2026-11", least=128),
    Quota("lambda.function.storage", 10_240, "MB", "a function's /tmp", _LAMBDA, "2026-11", least=512),
    Quota("lambda.function.environment", 4_096, "bytes", "all environment variables of a function", _LAMBDA, "2026-11"),
    Quota("lambda.function.layers", 5, "layers", "layers of a function", _LAMBDA, "2026-11"),
    Quota("lambda.function.policy", 20_480, "bytes", "a function's resource policy", _LAMBDA, "2026-11"),
    Quota("lambda.function.subnets", 16, "subnets", "subnets of a function's VPC settings", _FUNCTION, "2026-11"),
    Quota("lambda.function.security-groups", 5, "groups", "security groups of a function's VPC settings", _FUNCTION, "2026-11"),
    Quota("lambda.package.zipped", 52_428_800, "bytes", "a zip uploaded directly (50 MB); larger ones go through S3", _LAMBDA, "2026-11"),
    Quota("lambda.package.unzipped", 262_144_000, "bytes", "a function's code and layers, unzipped (250 MB)", _LAMBDA, "2026-11"),
    Quota("lambda.payload.synchronous", 6_291_456, "bytes", "a synchronous invocation's payload (6 MB)", _LAMBDA, "2026-11"),
    Quota("lambda.account.concurrency", 1_000, "executions", "concurrent executions in an account and region", _LAMBDA, "2026-11"),
    Quota("cloudformation.template.body", 51_200, "bytes", "a template in the request", _CLOUDFORMATION, "2026-11"),
    Quota("cloudformation.template.s3", 1_048_576, "bytes", "a template in S3 (1 MB)", _CLOUDFORMATION, "2026-11"),
    Quota("cloudformation.template.resources", 500, "resources", "resources of a template", _CLOUDFORMATION, "2026-11"),
    Quota("cloudformation.template.outputs", 200, "outputs", "outputs of a template", _CLOUDFORMATION, "2026-11"),
    Quota("cloudformation.template.parameters", 200, "parameters", "parameters of a template", _CLOUDFORMATION, "2026-11"),
    Quota("cloudformation.template.mappings", 200, "mappings", "mappings of a template", _CLOUDFORMATION, "2026-11"),
    Quota("cloudformation.template.description", 1_024, "bytes", "a template's description", _CLOUDFORMATION, "2026-11"),
    Quota("cloudformation.template.references", 60, "references", "dynamic references of a template", _CLOUDFORMATION, "2026-11"),
    Quota("cloudformation.logical-id", 255, "characters", "a resource's logical id", _CLOUDFORMATION, "2026-11", least=1),
    Quota("cloudformation.output.name", 255, "characters", "an output's name", _CLOUDFORMATION, "2026-11", least=1),
    Quota("cloudformation.parameter.value", 4_096, "bytes", "a parameter's value", _CLOUDFORMATION, "2026-11"),
    Quota("cloudformation.stack.name", 128, "characters", "a stack's name", _CLOUDFORMATION, "2026-11", least=1),
    Quota("cloudformation.account.stacks", 2_000, "stacks", "stacks in an account and region", _CLOUDFORMATION, "2026-11"),
    Quota("sqs.queue.name", 80, "characters", "a queue's name, `.fifo` counted", _SQS, "2026-11", least=1),
    Quota("sqs.queue.retention", 1_209_600, "seconds", "how long a queue keeps a message", _SQS, "2026-11", least=60),
    Quota("sqs.queue.visibility", 43_200, "seconds", "a queue's visibility timeout", _SQS, "2026-11"),
    Quota("s3.bucket.name", 63, "characters", "a bucket's name", _S3, "2026-11", least=3),
    Quota("events.rule.name", 64, "characters", "a rule's name", _EVENTS, "2026-11", least=1),
    Quota("logs.group.name", 512, "characters", "a log group's name", _LOGS, "2026-11", least=1),
    Quota("dynamodb.table.name", 255, "characters", "a table's name", _DYNAMODB, "2026-11", least=3),
)  # fmt: skip


def quotas() -> tuple[Quota, ...]:
    """Every row of the table."""
    return _ROWS


@cache
def quota(name: str) -> Quota:
    """The row of a name such as "lambda.function.name". KeyError: there is none (the names are remit's own)."""
    return {row.name: row for row in _ROWS}[name]
