"""Machines in which every rule matters: all mistakes with their hints, and all access in order, with what it is for."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final

import pytest

from remit.access.needed_access import UNRESOLVED
from remit.access.setting import RequestSetting
from remit.app import Resource
from remit.iam.policy import Globs, Statement
from remit.workflows.definition import MachineType, mistakes_in
from remit.workflows.integrations import integration_mistake
from remit.workflows.stand_ins import StandIns
from remit.workflows.state_access import accesses, call_accesses, may_be_about, settings_accesses

PLACE: Final = "eu-west-1:111122223333"
MACHINE: Final = f"arn:aws:states:{PLACE}:stateMachine:m"
SETTING: Final = RequestSetting("eu-west-1", "111122223333", MACHINE)
TO: Final = "arn:aws:states:::"
ROLES: Final = "arn:aws:iam::111122223333:role/"
EXECUTIONS: Final = f"arn:aws:states:{PLACE}:execution:m"

WRONG: Final = {
    "StartAt": "Frist",
    "States": {
        "First": {
            "Type": "Map",
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED"},
                "StartAt": "In",
                "States": {
                    "In": {"Type": "Task", "Resource": f"{TO}glue:startJobRun.sync", "Next": "Out"},
                    "Out": {"Type": "Wait", "Seconds": 1},
                },
            },
            "Next": "Sign",
        },
        "Sign": {"Type": "Task", "Resource": f"arn:aws:states:{PLACE}:activity:sign", "Next": "Elsewhere"},
        "Bad": {"Type": "Tsk"},
        "Worse": 3,
        "Odd": {"Type": "Task", "Resource": "prepare", "End": True, "Catch": [{"Next": "First"}, 7]},
        "Slip": {"Type": "Choice", "Choices": [{}], "Default": "First"},
    },
}
LOST: Final = {
    "StartAt": "A",
    "States": {
        "A": {
            "Type": "Parallel",
            "Branches": [{"StartAt": "B", "States": {"B": {"Type": "Pass", "End": True}, "C": {"Type": "Fail"}}}],
            "End": True,
        },
        "D": {"Type": "Wait", "Next": "A"},
    },
}
HERE: Final = "the states here: First, Sign, Bad, Worse, Odd, Slip"
INSIDE: Final = "States First ItemProcessor States"
UNREACHED: Final = "no Next, Default or Catch names it: remove it, or lead to it"
CALLED: Final = "it is the ARN of a function or an activity, or arn:aws:states:::SERVICE:OPERATION"
STRUCTURE: Final = [
    ("States Worse", "state Worse must be an object of fields", None),
    ("StartAt", "there is no state 'Frist'", "did you mean `First`?"),
    ("States Sign Next", "there is no state 'Elsewhere'", HERE),
    ("States Slip Choices 0 Next", "it has no Next", HERE),
]
UNKNOWN_TYPE: Final = ("States Bad Type", "state Bad has no Type 'Tsk'", "did you mean `Task`?")
NO_CALL: Final = ("States Odd Resource", "'prepare' is nothing that a Task state calls", CALLED)
NO_END: Final = (f"{INSIDE} Out", "state Out needs either Next or End", None)


@pytest.mark.parametrize(
    ("definition", "machine_type", "mistakes"),
    [
        (WRONG, "STANDARD", [*STRUCTURE, UNKNOWN_TYPE, NO_CALL, NO_END]),
        (
            WRONG,
            "EXPRESS",
            [
                *STRUCTURE,
                (
                    "States First",
                    "an express workflow has no distributed Map",
                    'it takes type="STANDARD"; the ProcessorConfig of its own items may be EXPRESS',
                ),
                (
                    "States Sign Resource",
                    "an express workflow has no activities",
                    'an activity takes type="STANDARD"',
                ),
                UNKNOWN_TYPE,
                NO_CALL,
                (
                    f"{INSIDE} In Resource",
                    "an express workflow does not wait: it has no .sync",
                    'it takes type="STANDARD"; without `.sync` the state goes on at once',
                ),
                NO_END,
            ],
        ),
        (
            LOST,
            "STANDARD",
            [
                ("States D", "state D is never reached", UNREACHED),
                ("States A Branches 0 States C", "state C is never reached", UNREACHED),
            ],
        ),
    ],
)
def test_all_mistakes_of_a_definition_are_reported_in_order_with_their_hints(
    definition: dict[str, Any], machine_type: MachineType, mistakes: list[tuple[str, str, str | None]]
) -> None:
    reported = mistakes_in(definition, machine_type)
    assert [(" ".join(map(str, error.path)), error.message, error.hint) for error in reported] == mistakes


@pytest.mark.parametrize(
    "service", ["apigateway", "dynamodb", "events", "http", "lambda", "sns", "sqs", "aws-sdk:glue"]
)
def test_a_service_that_runs_no_job_has_nothing_to_wait_for(service: str) -> None:
    mistake = integration_mistake(f"{TO}{service}:call.sync", is_express=False)
    assert mistake is not None
    hint = "the integrations of services that run jobs have it"
    assert (mistake.message, mistake.hint) == (f"{service} has no .sync", hint)


@pytest.mark.parametrize("service", ["apigateway", "eks", "elasticmapreduce", "http"])
def test_a_call_that_is_no_operation_of_an_api_is_not_looked_up_in_it(service: str) -> None:
    assert integration_mistake(f"{TO}{service}:anything", is_express=False) is None


def machine(**state: Any) -> dict[str, Any]:
    return {"StartAt": "A", "States": {"A": {"End": True, **state}}}


def lines(definition: dict[str, Any], **task_roles: tuple[str, ...]) -> list[str]:
    """The access of a definition's states in order, a line each."""
    needed = accesses(definition, MACHINE, SETTING, lambda name: task_roles.get(name, ()))
    return [f"{each.state.name} {each.doing}: {each.action} on {each.resource}" for each in needed]


JOBS: Final = {
    "codebuild:startBuild": (
        "project/p", "StartBuild", "StepFunctionsGetEventForCodeBuildStartBuildRule", "BatchGetBuilds StopBuild",
    ),
    "codebuild:startBuildBatch": (
        "project/p", "StartBuildBatch", "StepFunctionsGetEventForCodeBuildStartBuildBatchRule",
        "BatchGetBuildBatches StopBuildBatch",
    ),
    "glue:startJobRun": ("job/j", "StartJobRun", None, "BatchStopJobRun GetJobRun GetJobRuns"),
    "sagemaker:createProcessingJob": (
        "processing-job/pj", "CreateProcessingJob", "StepFunctionsGetEventsForSageMakerProcessingJobsRule",
        "DescribeProcessingJob StopProcessingJob",
    ),
    "sagemaker:createTrainingJob": (
        "training-job/tj", "CreateTrainingJob", "StepFunctionsGetEventsForSageMakerTrainingJobsRule",
        "DescribeTrainingJob StopTrainingJob",
    ),
    "sagemaker:createTransformJob": (
        "transform-job/fj", "CreateTransformJob", "StepFunctionsGetEventsForSageMakerTransformJobsRule",
        "DescribeTransformJob StopTransformJob",
    ),
}  # fmt: skip
"""Of each job what it runs on, the action that starts it, the rule by which its end is seen, and what follows it."""


@pytest.mark.parametrize("call", JOBS)
def test_whoever_waits_for_a_job_needs_its_rule_and_what_sees_and_causes_its_end(call: str) -> None:
    resource, starts, rule, follows = JOBS[call]
    service = call.partition(":")[0]
    arguments = {
        "ProjectName": "p", "JobName": "j", "ProcessingJobName": "pj", "TrainingJobName": "tj",
        "TransformJobName": "fj",
    }  # fmt: skip
    task = machine(Type="Task", Resource=f"{TO}{call}.sync", Parameters=arguments)
    found = [(each.action, each.resource) for each in accesses(task, MACHINE, SETTING, lambda _: ())]
    managed = () if rule is None else ("PutTargets", "PutRule", "DescribeRule")
    assert found == [
        (f"{service}:{starts}", f"arn:aws:{service}:{PLACE}:{resource}"),
        *((f"events:{action}", f"arn:aws:events:{PLACE}:rule/{rule}") for action in managed),
        *((f"{service}:{action}", f"arn:aws:{service}:{PLACE}:{resource}") for action in follows.split()),
    ]


QUERY: Final = f"arn:aws:athena:{PLACE}:workgroup/"
TASKS: Final = f"arn:aws:ecs:{PLACE}:task/"
JOB: Final = f"arn:aws:batch:{PLACE}:job/*"


@pytest.mark.parametrize(
    ("call", "arguments", "waiting"),
    [
        ("athena:startQueryExecution", {"QueryString": "q", "WorkGroup": "w"}, {f"{QUERY}w"}),
        ("athena:startQueryExecution", {"QueryString": "q"}, {f"{QUERY}primary"}),
        ("athena:startQueryExecution", {"QueryString": "q", "WorkGroup.$": "$.w"}, {f"{QUERY}{UNRESOLVED}"}),
        ("athena:startQueryExecution", None, {f"{QUERY}*"}),
        ("batch:submitJob", {"JobName": "n", "JobQueue": "q", "JobDefinition": "d"}, {JOB, "*"}),
        ("batch:submitJob", {"JobName.$": "$.n", "JobQueue": "q", "JobDefinition": "d"}, {JOB, "*"}),
        ("batch:submitJob", None, {JOB, "*"}),
        ("ecs:runTask", {"TaskDefinition": "d"}, {f"{TASKS}default/*"}),
        ("ecs:runTask", None, {f"{TASKS}*/{UNRESOLVED}"}),
    ],
)
def test_a_job_is_ended_by_its_group_as_the_call_names_it_and_never_by_a_name_that_its_arn_does_not_have(
    call: str, arguments: dict[str, Any] | None, waiting: set[str]
) -> None:
    given = {} if arguments is None else {"Parameters": arguments}
    needed = accesses(machine(Type="Task", Resource=f"{TO}{call}.sync", **given), MACHINE, SETTING, lambda _: ())
    waited = {each.resource for each in needed if each.doing == "waits for what it starts"}
    assert {resource for resource in waited if ":rule/" not in resource} == waiting


def test_what_waits_for_a_job_of_which_nobody_knows_what_that_takes_needs_all_of_the_service() -> None:
    task = machine(Type="Task", Resource=f"{TO}databrew:startJobRun.sync", Parameters={"Name": "n"})
    assert lines(task) == [
        f"A starts job runs: databrew:StartJobRun on arn:aws:databrew:{PLACE}:job/n",
        f"A waits for what it starts: databrew:* on {UNRESOLVED}",
    ]


def test_each_state_needs_its_access_in_order_and_says_what_for() -> None:
    overrides = {"TaskRoleArn": f"{ROLES}o", "ExecutionRoleArn": f"{ROLES}e"}
    states = {
        "Run": {
            "Type": "Task",
            "Resource": f"{TO}ecs:runTask.sync",
            "Parameters": {"Cluster": "c", "TaskDefinition": "d", "Overrides": overrides},
        },
        "Follow": {
            "Type": "Task",
            "Resource": f"{TO}aws-sdk:sfn:describeExecution",
            "Parameters": {"ExecutionArn": f"{EXECUTIONS}:x"},
        },
        "Index": {
            "Type": "Task",
            "Resource": f"{TO}aws-sdk:kendra:createIndex",
            "Parameters": {"Name": "n", "RoleArn": f"{ROLES}x"},
        },
        "Other": {"Type": "Task", "Resource": f"{TO}sns:publish", "Credentials": {"RoleArn": f"{ROLES}other"}},
        "Pass": {"Type": "Pass"},
        "Each": {
            "Type": "Map",
            "Label": "each",
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED"},
                "StartAt": "In",
                "States": {"In": {"Type": "Task", "Resource": f"arn:aws:lambda:{PLACE}:function:x"}},
            },
            "ItemReader": {
                "Resource": f"{TO}s3:getObject",
                "ReaderConfig": {"InputType": "CSV"},
                "Parameters": {"Bucket": "b", "Key": "k"},
            },
            "ResultWriter": {"Resource": f"{TO}s3:putObject", "Parameters": {"Bucket": "r", "Prefix": "out/"}},
        },
    }
    rule = f"arn:aws:events:{PLACE}:rule/StepFunctionsGetEventsForECSTaskRule"
    data = "Each reads its items or writes its results"
    assert lines({"StartAt": "Run", "States": states}, d=(f"{ROLES}own",)) == [
        f"Run runs tasks: ecs:RunTask on arn:aws:ecs:{PLACE}:task-definition/d:{UNRESOLVED}",
        f"Run hands the task its role: iam:PassRole on {ROLES}e",
        f"Run hands the task its role: iam:PassRole on {ROLES}o",
        f"Run waits for what it starts: events:PutTargets on {rule}",
        f"Run waits for what it starts: events:PutRule on {rule}",
        f"Run waits for what it starts: events:DescribeRule on {rule}",
        f"Run waits for what it starts: ecs:DescribeTasks on arn:aws:ecs:{PLACE}:task/c/*",
        f"Run waits for what it starts: ecs:StopTask on arn:aws:ecs:{PLACE}:task/c/*",
        f"Run hands the task its role: iam:PassRole on {ROLES}own",
        f"Follow describes executions: states:DescribeExecution on {EXECUTIONS}:x",
        "Index creates indexes: kendra:CreateIndex on *",
        f"Index passes roles: iam:PassRole on {ROLES}x",
        f"Other makes its call under another role: sts:AssumeRole on {ROLES}other",
        f"Each runs its items: states:StartExecution on {MACHINE}",
        f"Each runs its items: states:DescribeExecution on {EXECUTIONS}:*",
        f"Each runs its items: states:StopExecution on {EXECUTIONS}:*",
        f"Each runs its items: states:RedriveExecution on {EXECUTIONS}/each:*",
        f"{data}: s3:GetObject on arn:aws:s3:::b/k",
        f"{data}: s3:PutObject on arn:aws:s3:::r/out/*",
        f"{data}: s3:GetObject on arn:aws:s3:::r/out/*",
        f"{data}: s3:ListMultipartUploadParts on arn:aws:s3:::r/out/*",
        f"{data}: s3:AbortMultipartUpload on arn:aws:s3:::r/out/*",
        f"In invokes functions: lambda:InvokeFunction on arn:aws:lambda:{PLACE}:function:x",
    ]


def test_the_members_of_arguments_count_as_the_api_spells_them() -> None:
    container = {"JobRoleArn": f"{ROLES}x", "ExecutionRoleArn": f"{ROLES}y"}
    arguments = {"JobDefinitionName": "j", "Type": "container", "ContainerProperties": container}
    assert call_accesses(f"{TO}aws-sdk:batch:registerJobDefinition", arguments, SETTING) == (
        ("batch:RegisterJobDefinition", f"arn:aws:batch:{PLACE}:job-definition/j"),
        ("iam:PassRole", f"{ROLES}y"),
        ("iam:PassRole", f"{ROLES}x"),
    )


def test_logs_and_traces_take_the_actions_of_the_guide() -> None:
    on = {"LoggingConfiguration": {"Destinations": [{}]}, "TracingConfiguration": {"Enabled": True}}
    deliveries = ("CreateLogDelivery", "GetLogDelivery", "UpdateLogDelivery", "DeleteLogDelivery", "ListLogDeliveries")
    about_groups = ("PutResourcePolicy", "DescribeResourcePolicies", "DescribeLogGroups")
    traces = ("PutTraceSegments", "PutTelemetryRecords", "GetSamplingRules", "GetSamplingTargets")
    assert settings_accesses(on) == {
        "logs its executions": tuple(f"logs:{name}" for name in (*deliveries, *about_groups)),
        "is traced": tuple(f"xray:{name}" for name in traces),
    }


@pytest.mark.parametrize(("excepted", "is_about"), [("eks:Describe*", True), ("eks:*", False), ("e*", False)])
def test_all_actions_but_some_may_be_about_a_service_unless_all_of_it_is_excepted(
    excepted: str, is_about: bool
) -> None:
    statement = Statement("Allow", Globs((excepted,), negated=True), Globs(("*",)))
    assert may_be_about(statement, "eks:*") is is_about


def test_a_machine_that_is_given_by_a_reference_makes_its_calls_in_the_place_of_its_stand_ins() -> None:
    resources = (Resource("Machine", "AWS::StepFunctions::StateMachine", {}),)
    stand_ins = StandIns(resources)
    arn = stand_ins.filled("${Machine}")
    assert arn.startswith("arn:aws-here:states:here-region-1:000000999999:stateMachine:")
    setting = stand_ins.setting("${Machine}")
    place = ("here-region-1", "000000999999", arn, "aws-here")
    assert (setting.region, setting.account, setting.caller, setting.partition) == place


def test_of_names_that_begin_alike_the_longer_becomes_its_own_reference() -> None:
    queues = [Resource(name, "AWS::SQS::Queue", {"QueueName": text}) for name, text in (("A", "mail"), ("B", "mail-2"))]
    stand_ins = StandIns(queues, unknown_are_names=True)
    for reference in ("${A.Arn}", "${B.Arn}"):
        assert stand_ins.late_bound(stand_ins.filled(reference)) == reference


def test_each_variable_of_an_arn_has_a_stand_in_of_its_own_and_only_task_definitions_have_tasks_roles() -> None:
    role = {"TaskRoleArn": f"{ROLES}x"}
    resources = (Resource("Task", "AWS::ECS::TaskDefinition", role), Resource("Set", "AWS::ECS::TaskSet", role))
    stand_ins = StandIns(resources)
    arn = "arn:aws-here:ecs:here-region-1:000000999999:task-definition/here0x:here0x1"
    assert stand_ins.filled("${Task}") == arn
    assert stand_ins.task_roles(resources) == {arn: (f"{ROLES}x",)}


REACHED: Final[dict[str, Any]] = {
    "StartAt": "Choose",
    "States": {
        "Choose": {"Type": "Choice", "Choices": [{"Next": "One"}, {"Next": "Two"}], "Default": "Work"},
        "One": {"Type": "Fail"},
        "Two": {"Type": "Succeed"},
        "Work": {
            "Type": "Map",
            "ItemProcessor": {
                "ProcessorConfig": {},
                "StartAt": "In",
                "States": {"In": {"Type": "Pass", "Next": "Out", "End": False}, "Out": {"Type": "Pass", "End": True}},
            },
            "Catch": [{"Next": "Mend"}, {"Next": "Give up"}],
            "Next": "Done",
        },
        "Mend": {"Type": "Pass", "Next": "Mended"},
        "Mended": {"Type": "Pass", "End": True},
        "Give up": {"Type": "Pass", "End": True},
        "Done": {"Type": "Pass", "End": True},
    },
}
WAYS: Final = {
    "States Choose Choices 0 Next": "One",
    "States Choose Choices 1 Next": "Two",
    "States Work Catch 0 Next": "Mend Mended",
    "States Work Catch 1 Next": "Give_up",
    "States Work Next": "Done",
    "States Choose Default": "Work Mend Mended Give_up Done",
    "States Work ItemProcessor States In Next": "Out",
}
"""Each way from a state to another one, and the states that only it leads to."""


@pytest.mark.parametrize("machine_type", ["STANDARD", "EXPRESS"])
@pytest.mark.parametrize("way", WAYS)
def test_what_one_way_alone_leads_to_is_never_reached_when_that_leads_elsewhere(
    way: str, machine_type: MachineType
) -> None:
    assert [] == [*mistakes_in(REACHED, machine_type)]
    broken = deepcopy(REACHED)
    *steps, last = [int(step) if step.isdecimal() else step for step in way.split()]
    place: Any = broken
    for step in steps:
        place = place[step]
    place[last] = "Nowhere"
    states = way.rpartition("States ")[0] + "States"
    lost = [(f"{states} {name.replace('_', ' ')}", "is never reached") for name in WAYS[way].split()]
    reported = [(" ".join(map(str, error.path)), error.message) for error in mistakes_in(broken, machine_type)]
    assert reported[0] == (way, "there is no state 'Nowhere'")
    assert sorted(lost) == sorted((path, message[-16:]) for path, message in reported[1:])


def test_a_state_that_does_not_end_must_lead_on_and_a_definition_has_states() -> None:
    for end in (False, "true", None):
        wrong = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": end}}}
        assert ["state A needs either Next or End"] == [error.message for error in mistakes_in(wrong)]
    (no_states,) = mistakes_in({"StartAt": "A"})
    assert no_states.message == "this is no definition of a state machine: it has no States"


def test_what_only_an_execution_tells_is_left_open_wherever_it_stands() -> None:
    written = [{"Put": {"TableName.$": "$.table", "Item": {}}}, {"Delete": {"TableName": "t", "Key": {}}}]
    task = {"Type": "Task", "Resource": f"{TO}aws-sdk:dynamodb:transactWriteItems"}
    assert lines(machine(**task, Parameters={"TransactItems": written})) == [
        f"A puts items: dynamodb:PutItem on arn:aws:dynamodb:{PLACE}:table/{UNRESOLVED}",
        f"A deletes items: dynamodb:DeleteItem on arn:aws:dynamodb:{PLACE}:table/t",
    ]
    for credentials in ({"RoleArn": "{% $role %}"}, "{% $credentials %}", {}):
        assumes = lines(machine(**task, QueryLanguage="JSONata", Credentials=credentials))
        assert assumes == [f"A makes its call under another role: sts:AssumeRole on {UNRESOLVED}"]
