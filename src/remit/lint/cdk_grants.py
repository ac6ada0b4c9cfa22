"""Access in grants of the AWS CDK and in AWS's tutorials beyond what a resource takes: who uses them made no mistake.

Sources: `grantRead` and `READ_OPERATIONS` of aws-kinesis, `grantReadData` and `grantStreamRead` of aws-dynamodb,
`grantRead` of StringParameter in aws-ssm (AWS CDK API Reference); "Create your AWS SAM template" (AWS CodeDeploy User
Guide), which allows a hook to report on its deployment group, of which the reference does not know.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class CdkGrant(NamedTuple):
    """A grant by the actions that it always lists, those of them that do nothing on its resource, and what to know."""

    always: frozenset[str]
    needless: frozenset[str]
    hint: str


_GRANTS: Final = (
    CdkGrant(
        frozenset({"kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator",
                   "kinesis:ListShards"}),
        frozenset({"kinesis:DescribeStreamConsumer", "kinesis:ListStreams", "kinesis:SubscribeToShard"}),
        "the CDK's stream grants list it; a consumer with enhanced fan-out needs its own ARN",
    ),
    CdkGrant(
        frozenset({"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:GetRecords", "dynamodb:GetShardIterator",
                   "dynamodb:Query", "dynamodb:Scan"}),
        frozenset({"dynamodb:GetRecords", "dynamodb:GetShardIterator"}),
        "the CDK's table grants list it; what reads the stream needs grantStreamRead",
    ),
    CdkGrant(
        frozenset({"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"}),
        frozenset({"dynamodb:ListStreams"}),
        "the CDK's stream grants list it",
    ),
    CdkGrant(
        frozenset({"ssm:DescribeParameters", "ssm:GetParameter", "ssm:GetParameterHistory", "ssm:GetParameters"}),
        frozenset({"ssm:DescribeParameters"}),
        "the CDK's parameter grants list it",
    ),
    CdkGrant(
        frozenset({"codedeploy:PutLifecycleEventHookExecutionStatus"}),
        frozenset({"codedeploy:PutLifecycleEventHookExecutionStatus"}),
        "AWS's tutorials for SAM write the deployment group; on '*' it is certain to match",
    ),
)  # fmt: skip


def hint_on(action: str, actions: tuple[str, ...]) -> str | None:
    """Return the hint for an action that does nothing on its resource, if a grant of the CDK lists it; else None.

    `actions` are all of the statement's, in AWS's spelling, by which the grant is told.
    """
    for grant in _GRANTS:
        if action in grant.needless and grant.always.issubset(actions):
            return grant.hint
    return None
