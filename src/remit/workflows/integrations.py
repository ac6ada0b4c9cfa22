"""What the Resource of a Task state calls: a function, an activity, or an operation of a service.

Sources: "Integrating optimized services with Step Functions", "Using AWS SDK service integrations" and "How Step
Functions generates IAM policies for integrated services" (AWS Step Functions Developer Guide).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from remit.catalogue.operations import clients, operation, operations
from remit.did_you_mean import did_you_mean
from remit.errors import RemitError

if TYPE_CHECKING:
    from remit.catalogue.operations import Operation

Pattern = Literal["", "sync", "waitForTaskToken"]
"""Whether a state goes on at once, when the job has ended, or when somebody answers with the task's token."""

FUNCTION: Final = re.compile(r"arn:[^:]+:lambda:[^:]+:[^:]*:function:.+")
_ACTIVITY: Final = re.compile(r"arn:[^:]+:states:[^:]+:[^:]*:activity:.+")
_RESOURCE: Final = re.compile(
    r"arn:[^:]+:states:[^:]*:[^:]*:(?P<sdk>aws-sdk:)?(?P<service>[\w-]+):(?P<name>\w+)"
    r"(?:\.(?P<pattern>sync|waitForTaskToken)(?P<version>:2)?)?"
)
_OPTIMIZED: Final = {
    "apigateway": "invoke",
    "athena": "getQueryExecution getQueryResults startQueryExecution stopQueryExecution",
    "batch": "submitJob",
    "bedrock": "createModelCustomizationJob invokeModel",
    "codebuild": "batchDeleteBuilds batchGetReports deleteBuildBatch retryBuildBatch startBuild startBuildBatch "
    "stopBuild stopBuildBatch",
    "databrew": "startJobRun",
    "dynamodb": "deleteItem getItem putItem updateItem",
    "ecs": "runTask",
    "eks": "call createCluster createFargateProfile createNodegroup deleteCluster deleteFargateProfile "
    "deleteNodegroup runJob",
    "elasticmapreduce": "addStep cancelStep createCluster modifyInstanceFleetByName modifyInstanceGroupByName "
    "setClusterTerminationProtection terminateCluster",
    "emr-containers": "createVirtualCluster deleteVirtualCluster startJobRun",
    "emr-serverless": "cancelJobRun createApplication deleteApplication startApplication startJobRun stopApplication",
    "events": "putEvents",
    "glue": "startJobRun",
    "http": "invoke",
    "lambda": "invoke",
    "mediaconvert": "createJob",
    "sagemaker": "createEndpoint createEndpointConfig createHyperParameterTuningJob createLabelingJob createModel "
    "createProcessingJob createTrainingJob createTransformJob updateEndpoint",
    "sns": "publish",
    "sqs": "sendMessage",
    "states": "startExecution",
}
"""The operations of the services that have integrations of their own."""
_CLIENTS: Final = {"elasticmapreduce": "emr", "states": "stepfunctions"}
_OPERATIONS: Final = {
    ("elasticmapreduce", "addStep"): "AddJobFlowSteps",
    ("elasticmapreduce", "cancelStep"): "CancelSteps",
    ("elasticmapreduce", "createCluster"): "RunJobFlow",
    ("elasticmapreduce", "setClusterTerminationProtection"): "SetTerminationProtection",
    ("elasticmapreduce", "terminateCluster"): "TerminateJobFlows",
}
"""Operations that Step Functions calls by other names than their APIs do."""


AWAITED_JOBS: Final = {
    "athena:startQueryExecution": "GetQueryExecution StopQueryExecution",
    "batch:submitJob": "StepFunctionsGetEventsForBatchJobsRule DescribeJobs TerminateJob",
    "codebuild:startBuild": "StepFunctionsGetEventForCodeBuildStartBuildRule BatchGetBuilds StopBuild",
    "codebuild:startBuildBatch": "StepFunctionsGetEventForCodeBuildStartBuildBatchRule BatchGetBuildBatches "
    "StopBuildBatch",
    "databrew:startJobRun": "ListJobRuns StopJobRun",
    "ecs:runTask": "StepFunctionsGetEventsForECSTaskRule DescribeTasks StopTask",
    "elasticmapreduce:addStep": "StepFunctionsGetEventForEMRAddJobFlowStepsRule CancelSteps DescribeStep",
    "elasticmapreduce:createCluster": "StepFunctionsGetEventForEMRRunJobFlowRule DescribeCluster TerminateJobFlows",
    "elasticmapreduce:terminateCluster": "StepFunctionsGetEventForEMRTerminateJobFlowsRule DescribeCluster",
    "emr-serverless:startJobRun": "StepFunctionsGetEventsForEMRServerlessJobRule CancelJobRun GetJobRun",
    "glue:startJobRun": "BatchStopJobRun GetJobRun GetJobRuns",
    "mediaconvert:createJob": "StepFunctionsGetEventsForMediaConvertJobRule CancelJob GetJob",
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
    def operation(self) -> Operation | None:
        """The operation of the service's API; None: there is no such, or it is no operation of an API."""
        client = self.service if self.is_sdk else _CLIENTS.get(self.service, self.service)
        name = _OPERATIONS.get((self.service, self.name), self.name)
        if (self.service, self.name, self.is_sdk) == ("bedrock", "invokeModel", False):
            client = "bedrock-runtime"
        return operation(client, name)

    @property
    def awaiting(self) -> tuple[str, ...]:
        """The rule and the operations that it takes to wait for its end; empty where that is not known."""
        return tuple(AWAITED_JOBS.get(f"{self.service}:{self.name}", "").split())


def integration(resource: str) -> Integration | None:
    """What a Resource calls of a service; None: a function, an activity, or nothing."""
    match = None if _ACTIVITY.fullmatch(resource) else _RESOURCE.fullmatch(resource)
    if match is None:
        return None
    pattern: Pattern = "sync" if match["pattern"] == "sync" else "waitForTaskToken" if match["pattern"] else ""
    return Integration(match["service"], match["name"], pattern, is_sdk=match["sdk"] is not None)


def integration_mistake(resource: str, *, is_express: bool) -> RemitError | None:  # noqa: C901, PLR0911 - one rule after the other
    """What Step Functions would refuse of a Resource; a substitution in it may be anything."""
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
    if called.pattern == "sync" and (called.is_sdk or called.service in _NEVER_AWAITED):
        spelled = f"aws-sdk:{called.service}" if called.is_sdk else called.service
        return RemitError(f"{spelled} has no .sync", hint="the integrations of services that run jobs have it")
    if called.is_sdk:
        if called.operation is not None:
            return None
        names = tuple(name[:1].lower() + name[1:] for name in operations(called.service))
        if names:
            hint = did_you_mean(called.name, names)
            return RemitError(f"aws-sdk:{called.service} has no operation {called.name}", hint=hint)
        hint = did_you_mean(called.service, clients())
        return RemitError(f"there is no service aws-sdk:{called.service}", hint=hint)
    known = _OPTIMIZED.get(called.service)
    if known is None:
        hint = did_you_mean(called.service, _OPTIMIZED) or f"arn:aws:states:::aws-sdk:{called.service}:{called.name}"
        return RemitError(f"Step Functions has no integration {called.service}", hint=hint)
    if called.name not in known.split():
        hint = did_you_mean(called.name, known.split())
        if operation(_CLIENTS.get(called.service, called.service), called.name) is not None:
            hint = f"write arn:aws:states:::aws-sdk:{called.service}:{called.name}"
        return RemitError(f"the integration of {called.service} has no operation {called.name}", hint=hint)
    return None
