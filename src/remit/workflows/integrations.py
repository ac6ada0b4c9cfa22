"""What the Resource of a Task state calls: a function, an activity, or an operation of a service.

Sources: "Integrating optimized services with Step Functions", "Using AWS SDK service integrations" and "How Step
Functions generates IAM policies for integrated services" (AWS Step Functions Developer Guide).
"""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

from remit.catalogue.operations import Operation, clients, operation, operations
from remit.did_you_mean import did_you_mean
from remit.errors import RemitError

Pattern = Literal["", "sync", "waitForTaskToken"]
"""Whether a state goes on at once, when the job has ended, or when somebody answers with the task's token."""

FUNCTION: Final = re.compile(r"arn:[^:]+:lambda:[^:]+:[^:]*:function:.+")
_ACTIVITY: Final = re.compile(r"arn:[^:]+:states:[^:]+:[^:]*:activity:.+")
_RESOURCE: Final = re.compile(
    r"arn:[^:]+:states:[^:]*:[^:]*:(?P<sdk>aws-sdk:)?(?P<service>[\w-]+):(?P<name>\w+)"
    r"(?:\.(?P<pattern>sync|waitForTaskToken)(?P<version>:2)?)?"
)
_OPTIMIZED: Final = (
    "apigateway", "athena", "batch", "bedrock", "codebuild", "databrew", "dynamodb", "ecs", "eks", "elasticmapreduce",
    "emr-containers", "emr-serverless", "events", "glue", "http", "lambda", "mediaconvert", "sagemaker", "sns", "sqs",
    "states",
)  # fmt: skip
"""The services that have integrations of their own."""
_OF_NO_API: Final = frozenset({"apigateway", "eks", "elasticmapreduce", "http"})
"""Those of them with calls that are no operations of the service's API: what these need is not known here."""


AWAITED_JOBS: Final = {
    "athena:startQueryExecution": "GetQueryExecution StopQueryExecution",
    "batch:submitJob": "StepFunctionsGetEventsForBatchJobsRule DescribeJobs TerminateJob",
    "codebuild:startBuild": "StepFunctionsGetEventForCodeBuildStartBuildRule BatchGetBuilds StopBuild",
    "codebuild:startBuildBatch": "StepFunctionsGetEventForCodeBuildStartBuildBatchRule BatchGetBuildBatches "
    "StopBuildBatch",
    "ecs:runTask": "StepFunctionsGetEventsForECSTaskRule DescribeTasks StopTask",
    "glue:startJobRun": "BatchStopJobRun GetJobRun GetJobRuns",
    "sagemaker:createProcessingJob": "StepFunctionsGetEventsForSageMakerProcessingJobsRule DescribeProcessingJob "
    "StopProcessingJob",
    "sagemaker:createTrainingJob": "StepFunctionsGetEventsForSageMakerTrainingJobsRule DescribeTrainingJob "
    "StopTrainingJob",
    "sagemaker:createTransformJob": "StepFunctionsGetEventsForSageMakerTransformJobsRule DescribeTransformJob "
    "StopTransformJob",
    "states:startExecution": "StepFunctionsGetEventsForStepFunctionsExecutionRule DescribeExecution StopExecution",
}
"""The jobs whose end a state can wait for (`.sync`), as far as it is known here what that takes: the rule that Step
Functions manages, if it has one, and the operations by which it sees the end, or causes it."""
_NEVER_AWAITED: Final = frozenset({"apigateway", "dynamodb", "events", "http", "lambda", "sns", "sqs"})
"""Services whose integrations start no job."""
MANAGED_RULE: Final = "StepFunctionsGetEvent"
"""How the names of these rules begin."""


class Integration(NamedTuple):
    """What a Task state calls of a service."""

    service: str
    name: str
    pattern: Pattern
    is_sdk: bool

    @property
    def client(self) -> str:
        """The service as the catalogue calls it; as the Resource does where the catalogue has no other name."""
        if self.is_sdk:
            return self.service
        clients_by_name = {"invokeModel": "bedrock-runtime", "startExecution": "stepfunctions"}
        return clients_by_name.get(self.name, self.service)

    @property
    def operation(self) -> Operation | None:
        """The operation of the service's API; None: there is no such, or it is no operation of an API."""
        return operation(self.client, self.name)

    @property
    def awaiting(self) -> tuple[str, ...]:
        """The names of the rule, if any, and the operations that it takes to wait for its end; empty if not known."""
        return tuple(AWAITED_JOBS.get(f"{self.service}:{self.name}", "").split())


def integration(resource: str) -> Integration | None:
    """What a Resource calls of a service; None: a function, an activity, or nothing."""
    match = None if _ACTIVITY.fullmatch(resource) else _RESOURCE.fullmatch(resource)
    if match is None:
        return None
    pattern: Pattern = "sync" if match["pattern"] == "sync" else "waitForTaskToken" if match["pattern"] else ""
    return Integration(match["service"], match["name"], pattern, is_sdk=match["sdk"] is not None)


def integration_mistake(resource: str, *, is_express: bool) -> RemitError | None:  # noqa: PLR0911 - one rule after the other
    """What Step Functions would refuse of a Resource, returned and not raised; None: nothing.

    A substitution in it may be anything.
    """
    if _ACTIVITY.fullmatch(resource):
        no_activity = RemitError("an express workflow has no activities", hint='an activity takes type="STANDARD"')
        return no_activity if is_express else None
    called = integration(resource)
    if called is None:
        if FUNCTION.fullmatch(resource) or "${" in resource:
            return None
        kinds = "it is the ARN of a function or an activity, or arn:aws:states:::SERVICE:OPERATION"
        return RemitError(f"{resource!r:.80} is nothing that a Task state calls", hint=kinds)
    if is_express and called.pattern:
        instead = f'it takes type="STANDARD"; without `.{called.pattern}` the state goes on at once'
        return RemitError(f"an express workflow does not wait: it has no .{called.pattern}", hint=instead)
    spelled = f"aws-sdk:{called.service}" if called.is_sdk else called.service
    if called.pattern == "sync" and (called.is_sdk or called.service in _NEVER_AWAITED):
        return RemitError(f"{spelled} has no .sync", hint="the integrations of services that run jobs have it")
    if not called.is_sdk and called.service not in _OPTIMIZED:
        hint = did_you_mean(called.service, _OPTIMIZED) or f"arn:aws:states:::aws-sdk:{called.service}:{called.name}"
        return RemitError(f"Step Functions has no integration {called.service}", hint=hint)
    if called.operation is not None or called.service in _OF_NO_API:
        return None
    names = tuple(name[:1].lower() + name[1:] for name in operations(called.client))
    if names:
        return RemitError(f"{spelled} has no operation {called.name}", hint=did_you_mean(called.name, names))
    return RemitError(f"there is no service {spelled}", hint=did_you_mean(called.service, clients()))
