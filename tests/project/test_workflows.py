"""Workflows: a definition in the Amazon States Language, checked, with a role that its states alone explain."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import cfn_lint
from projects import at
from remit.iam.policy import render_statement

if TYPE_CHECKING:
    from conftest import Make
    from projects import Project

DATA = """
from remit import Shared, aws, resource


class Data(Shared):
    orders = resource(
        "AWS::DynamoDB::Table", billing_mode="PAY_PER_REQUEST",
        attribute_definitions=[{"AttributeName": "id", "AttributeType": "S"}],
        key_schema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    queue = resource("AWS::SQS::Queue")
    news = resource("AWS::SNS::Topic")
    bus = resource("AWS::Events::EventBus", name="shop")
    files = resource("AWS::S3::Bucket")
    key = resource("AWS::KMS::Key", enable_key_rotation=True)
    role = resource(
        "AWS::IAM::Role",
        assume_role_policy_document={
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"{aws.account}"}}],
        },
    )
"""
APP = """
from remit import grants, on
from shared.resources.data import Data


@app.function
def prepare(event, context): ...


"""
STATES = "arn:aws:states:::"


def _task(resource: str, parameters: Any = None, **fields: Any) -> dict[str, Any]:
    """A definition of one Task, called Do, on line 5 of its file."""
    given = {} if parameters is None else {"Parameters": parameters}
    return {"StartAt": "Do", "States": {"Do": {"Type": "Task", "Resource": resource, **given, "End": True, **fields}}}


def _project(make: Make, definition: Any, options: str = "", **files: str) -> Project:
    text = definition if isinstance(definition, str) else json.dumps(definition, indent=2)
    app = f'{APP}render = app.workflow("render", "render.asl.json"{options})\n'
    return make(app=app, **{"shared/resources/data.py": DATA, "render.asl.json": text, **files})


def _allows(project: Project, name: str = "RenderWorkflow") -> set[tuple[str, str]]:
    """Each action with its resource, in the role of a workflow."""
    pairs = set()
    for statement in project.statements(name):
        assert statement["Effect"] == "Allow"
        for action in _listed(statement["Action"]):
            pairs |= {(action, resource) for resource in _listed(statement["Resource"])}
    return pairs


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


HERE = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"
RULE = HERE % ("events", "rule/%s")
MANAGES_RULE = ("events:PutTargets", "events:PutRule", "events:DescribeRule")


@pytest.mark.parametrize(
    ("resource", "parameters", "link", "expected"),
    [
        ("lambda:invoke", {"FunctionName": "${X}"}, "prepare", {("lambda:InvokeFunction", "${PrepareFunction.Arn}")}),
        ("dynamodb:putItem", {"TableName": "${X}"}, "Data.orders", {("dynamodb:PutItem", "${DataOrders.Arn}")}),
        (
            "aws-sdk:dynamodb:query",
            {"TableName": "${X}", "IndexName": "by-day"},
            "Data.orders",
            {("dynamodb:Query", "${DataOrders.Arn}/index/by-day")},
        ),
        ("sqs:sendMessage", {"QueueUrl": "${X}"}, "Data.queue", {("sqs:SendMessage", "${DataQueue.Arn}")}),
        (
            "sqs:sendMessage.waitForTaskToken",
            {"QueueUrl": "${X}", "MessageBody": {"Token.$": "$$.Task.Token"}},
            "Data.queue",
            {("sqs:SendMessage", "${DataQueue.Arn}")},
        ),
        ("sns:publish", {"TopicArn": "${X}"}, "Data.news", {("sns:Publish", "${DataNews}")}),
        (
            "events:putEvents",
            {"Entries": [{"EventBusName": "${X}", "Detail.$": "$"}]},
            "Data.bus",
            {("events:PutEvents", "${DataBus.Arn}")},
        ),
        (
            "aws-sdk:s3:putObject",
            {"Bucket": "${X}", "Key": "a/b"},
            "Data.files",
            {("s3:PutObject", "${DataFiles.Arn}/a/b")},
        ),
        (
            "aws-sdk:s3:putObject",
            {"Bucket": "${X}", "Key.$": "$.key"},
            "Data.files",
            {("s3:PutObject", "${DataFiles.Arn}/*")},
        ),
        (
            "aws-sdk:sfn:startExecution",
            {"StateMachineArn": "${X}"},
            "child",
            {("states:StartExecution", "${ChildWorkflow}")},
        ),
        (
            "states:startExecution.sync:2",
            {"StateMachineArn": "${X}"},
            "child",
            {
                ("states:StartExecution", "${ChildWorkflow}"),
                ("states:DescribeExecution", HERE % ("states", "execution:${ChildWorkflow.Name}:*")),
                ("states:StopExecution", HERE % ("states", "execution:${ChildWorkflow.Name}:*")),
                *((action, RULE % "StepFunctionsGetEventsForStepFunctionsExecutionRule") for action in MANAGES_RULE),
            },
        ),
        (
            "bedrock:invokeModel",
            {"ModelId": "${X}"},
            '"amazon.nova-lite-v1:0"',
            {
                (
                    "bedrock:InvokeModel",
                    "arn:${AWS::Partition}:bedrock:${AWS::Region}::foundation-model/amazon.nova-lite-v1:0",
                )
            },
        ),
        (
            "ecs:runTask.sync",
            {"Cluster": "web", "TaskDefinition": "${X}:3"},
            '"resize"',
            {
                ("ecs:RunTask", HERE % ("ecs", "task-definition/resize:3")),
                ("ecs:StopTask", HERE % ("ecs", "task/web/*")),
                ("ecs:DescribeTasks", HERE % ("ecs", "task/web/*")),
                ("iam:PassRole", "arn:aws:iam::111122223333:role/resize"),
                *((action, RULE % "StepFunctionsGetEventsForECSTaskRule") for action in MANAGES_RULE),
            },
        ),
        (
            "glue:startJobRun.sync",
            {"JobName": "${X}"},
            '"nightly"',
            {
                (f"glue:{name}", HERE % ("glue", "job/nightly"))
                for name in ("StartJobRun", "GetJobRun", "GetJobRuns", "BatchStopJobRun")
            },
        ),
        (
            "aws-sdk:textract:detectDocumentText",
            {"Document": {"S3Object": {"Bucket": "${X}"}}},
            "Data.files",
            {("textract:DetectDocumentText", "*")},
        ),
    ],
)  # fmt: skip
def test_a_role_has_what_its_states_call_on_exact_arns(
    make: Make, resource: str, parameters: Any, link: str, expected: set[tuple[str, str]]
) -> None:
    child = 'child = app.workflow("child", {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})\n'
    policy = "arn:aws:iam::111122223333:role/resize" if resource.startswith("ecs:") else ""
    further = f', policy=[grants.allow("iam:PassRole", on="{policy}")]' if policy else ""
    app = f'{APP}{child}app.workflow("render", "render.asl.json", link={{"X": {link}}}{further})\n'
    text = json.dumps(_task(f"{STATES}{resource}", parameters))
    project = make(app=app, **{"shared/resources/data.py": DATA, "render.asl.json": text})
    assert expected == _allows(project)


TASK = """
class Tasks(Shared):
    resize = resource(
        "AWS::ECS::TaskDefinition",
        task_role_arn=Data.role.arn,
        execution_role_arn="arn:aws:iam::111122223333:role/pulls",
        container_definitions=[{"Name": "resize", "Image": "resize", "Memory": 128}],
    )
"""


@pytest.mark.parametrize(
    ("overrides", "roles"),
    [({}, set()), ({"Overrides": {"TaskRoleArn": "arn:aws:iam::111122223333:role/other"}}, {"other"})],
)
def test_a_task_of_the_apps_own_is_handed_its_roles_and_these_to_ecs_alone(
    make: Make, overrides: dict[str, Any], roles: set[str]
) -> None:
    definition = _task(f"{STATES}ecs:runTask", {"Cluster": "web", "TaskDefinition": "${Resize}", **overrides})
    app = f'{APP}render = app.workflow("render", "render.asl.json", link={{"Resize": Tasks.resize}})\n'
    app = app.replace("import Data\n", "import Data, Tasks\n")
    files = {"shared/resources/data.py": DATA + TASK, "render.asl.json": json.dumps(definition)}
    project = make(app=app, **files)
    passed = {resource for action, resource in _allows(project) if action == "iam:PassRole"}
    assert {"${DataRole.Arn}", *(f"arn:aws:iam::111122223333:role/{name}" for name in ("pulls", *roles))} == passed
    for statement in project.statements("RenderWorkflow"):
        if "iam:PassRole" in statement["Action"]:
            assert {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}} == statement["Condition"]


def test_a_task_whose_roles_are_not_known_is_an_error_that_says_what_to_grant(make: Make) -> None:
    definition = _task(f"{STATES}ecs:runTask", {"Cluster": "web", "TaskDefinition": "resize:3"})
    error = _project(make, definition).error()
    assert "state Do of workflow render runs a task whose roles are not known here" == error.message
    assert error.hint is not None
    assert 'grants.allow("iam:PassRole", on=…)' in error.hint


def _built(project: Project) -> Any:
    project.built()
    return project.folder / ".remit" / "build" / "template.json"


def test_a_function_is_called_by_its_arn_alone_and_an_activity_needs_nothing(make: Make) -> None:
    activity = "arn:aws:states:us-east-1:111122223333:activity:sign"
    states = {
        "Call": {"Type": "Task", "Resource": "${Prepare}", "Next": "Sign"},
        "Sign": {"Type": "Task", "Resource": activity, "End": True},
    }
    project = _project(make, {"StartAt": "Call", "States": states}, ', link={"Prepare": prepare}')
    assert {("lambda:InvokeFunction", "${PrepareFunction.Arn}")} == _allows(project)


def test_a_function_with_an_alias_is_called_by_that_alone(make: Make) -> None:
    app = APP.replace("@app.function", '@app.function(alias="live", logical_id="Own")')
    app += 'app.workflow("render", "render.asl.json", link={"Prepare": prepare})\n'
    files = {"shared/resources/data.py": DATA, "render.asl.json": json.dumps(_task("${Prepare}"))}
    project = make(app=app, **files)
    assert {("lambda:InvokeFunction", "${PrepareAlias}")} == _allows(project)
    machine = project.resources("AWS::StepFunctions::StateMachine")["RenderWorkflow"]
    assert {"Prepare": {"Ref": "PrepareAlias"}} == machine["DefinitionSubstitutions"]


def test_arguments_in_jsonata_are_read_as_parameters_in_jsonpath(make: Make) -> None:
    arguments = {"TableName": "${Orders}", "Item": {"id": {"S": "{% $states.input.id %}"}}}
    definition = _task(f"{STATES}dynamodb:putItem", QueryLanguage="JSONata", Arguments=arguments)
    assert {("dynamodb:PutItem", "${DataOrders.Arn}")} == _allows(
        _project(make, definition, ', link={"Orders": Data.orders}')
    )


@pytest.mark.parametrize(
    "arguments", [{"TableName": "{% $states.input.table %}", "Item": {}}, "{% $states.input %}", None]
)
def test_what_a_jsonata_expression_gives_names_nothing(make: Make, arguments: Any) -> None:
    given = {} if arguments is None else {"Arguments": arguments}
    error = _project(make, _task(f"{STATES}dynamodb:putItem", QueryLanguage="JSONata", **given)).error()
    assert "state Do of workflow render needs dynamodb:PutItem on what only its input names" == error.message
    literal = {"TableName": "{%orders%}", "Item": {}}
    plain = _allows(_project(make, _task(f"{STATES}dynamodb:putItem", literal)))
    assert {("dynamodb:PutItem", HERE % ("dynamodb", "table/{%orders%}"))} == plain


def test_states_inside_of_others_count_and_the_same_access_of_two_has_one_statement(make: Make) -> None:
    put = {
        "Type": "Task",
        "Resource": f"{STATES}dynamodb:putItem",
        "Parameters": {"TableName": "${Orders}", "Item": {}},
        "End": True,
    }
    branches = [{"StartAt": name, "States": {name: put}} for name in ("Left", "Right")]
    each = {
        "StartAt": "Send",
        "States": {"Send": {**_task(f"{STATES}sqs:sendMessage", {"QueueUrl": "${Queue}"})["States"]["Do"]}},
    }
    definition = {
        "StartAt": "Both",
        "States": {
            "Both": {"Type": "Parallel", "Branches": branches, "Next": "Each"},
            "Each": {"Type": "Map", "ItemProcessor": each, "End": True},
        },
    }
    project = _project(make, definition, ', link={"Orders": Data.orders, "Queue": Data.queue}')
    assert {("dynamodb:PutItem", "${DataOrders.Arn}"), ("sqs:SendMessage", "${DataQueue.Arn}")} == _allows(project)
    assert [
        "each of state Left of workflow render, state Right of workflow render puts items",
        "state Send of workflow render sends messages",
    ] == [grant.because for grant in project.role("RenderWorkflow").grants]


def test_a_distributed_map_runs_executions_of_its_own_and_reads_and_writes_its_data(make: Make) -> None:
    each = {
        "Type": "Map",
        "Label": "pages",
        "ItemReader": {"Resource": f"{STATES}s3:getObject", "Parameters": {"Bucket": "${Files}", "Key": "in.csv"}},
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Done",
            "States": {"Done": {"Type": "Pass", "End": True}},
        },
        "ResultWriter": {"Resource": f"{STATES}s3:putObject", "Parameters": {"Bucket": "${Files}", "Prefix": "out"}},
        "End": True,
    }
    project = _project(make, {"StartAt": "Each", "States": {"Each": each}}, ', link={"Files": Data.files}')
    executions = HERE % ("states", "execution:${AWS::StackName}-render")
    assert {
        ("states:StartExecution", "${RenderWorkflow}"),
        ("states:DescribeExecution", f"{executions}:*"),
        ("states:StopExecution", f"{executions}:*"),
        ("states:RedriveExecution", f"{executions}/pages:*"),
        ("s3:GetObject", "${DataFiles.Arn}/in.csv"),
        *(
            (f"s3:{name}", "${DataFiles.Arn}/out/*")
            for name in ("PutObject", "GetObject", "ListMultipartUploadParts", "AbortMultipartUpload")
        ),
    } == _allows(project)
    assert cfn_lint.findings(_built(project)) == []


def test_a_call_under_another_role_needs_that_role_alone(make: Make) -> None:
    definition = _task(f"{STATES}aws-sdk:s3:listBuckets", {}, Credentials={"RoleArn": "${Role}"})
    assert {("sts:AssumeRole", "${DataRole.Arn}")} == _allows(
        _project(make, definition, ', link={"Role": Data.role.arn}')
    )


def test_a_role_given_by_its_name_is_no_arn_and_refused(make: Make) -> None:
    definition = _task(f"{STATES}aws-sdk:s3:listBuckets", {}, Credentials={"RoleArn": "${Role}"})
    error = _project(make, definition, ', link={"Role": Data.role}').error()
    assert "state Do of workflow render needs sts:AssumeRole on ${DataRole}, which is no ARN" == error.message
    assert "render.asl.json:5:15" == at(error)


def test_each_statement_has_its_state_and_its_line(make: Make) -> None:
    definition = _task(f"{STATES}dynamodb:putItem", {"TableName": "${Orders}", "Item": {}})
    project = _project(make, definition, ', link={"Orders": Data.orders}')
    (grant,) = project.role("RenderWorkflow").grants
    assert "state Do of workflow render puts items" == grant.because
    assert "render.asl.json:4:11" == str(grant.origin)
    explained = project.remit("explain", "render", "dynamodb:PutItem")
    assert "because state Do of workflow render puts items  (render.asl.json:4:11)" in explained.out
    assert 0 == explained.status


@pytest.mark.parametrize(
    ("call", "parameters", "link", "doing"),
    [
        ("sns:publish", {"TopicArn": "${X}"}, "Data.news", "publishes"),
        ("aws-sdk:dynamodb:query", {"TableName": "${X}"}, "Data.orders", "queries"),
    ],
)
def test_what_a_state_does_is_said_in_plain_words(
    make: Make, call: str, parameters: Any, link: str, doing: str
) -> None:
    project = _project(make, _task(f"{STATES}{call}", parameters), f', link={{"X": {link}}}')
    assert {f"state Do of workflow render {doing}"} == {
        grant.because for grant in project.role("RenderWorkflow").grants
    }


def test_a_name_from_the_input_is_refused_with_the_choice_and_never_granted_everywhere(make: Make) -> None:
    definition = _task(f"{STATES}dynamodb:putItem", {"TableName.$": "$.table", "Item": {}})
    error = _project(make, definition).error()
    assert "state Do of workflow render needs dynamodb:PutItem on what only its input names" == error.message
    assert error.hint is not None
    assert 'policy=[grants.allow("dynamodb:PutItem", on=…)]' in error.hint
    assert "render.asl.json:7:21" == at(error)
    allowed = _project(make, definition, ", policy=[grants.dynamodb.put(Data.orders)]")
    assert {("dynamodb:PutItem", "${DataOrders.Arn}")} == _allows(allowed)
    assert "policy item declared" not in allowed.role("RenderWorkflow").grants[0].because


@pytest.mark.parametrize(
    ("resource", "parameters"),
    [
        ("events:putEvents", {"Entries.$": "$.entries"}),
        ("aws-sdk:dynamodb:batchWriteItem", {"RequestItems.$": "$.items"}),
        ("aws-sdk:dynamodb:transactWriteItems", {"TransactItems": [{"Put": {"TableName.$": "$.t", "Item": {}}}]}),
        ("sns:publish", {"TopicArn.$": "$.topic", "Message": "hi"}),
        ("lambda:invoke", {"FunctionName.$": "$.name"}),
        ("states:startExecution.sync", {"StateMachineArn.$": "$.machine"}),
        ("sqs:sendMessage", None),
        ("aws-sdk:s3:getObject", {"Bucket.$": "$.bucket", "Key": "a"}),
        ("events:putEvents", {"Entries": [{"EventBusName.$": "$.bus", "Detail": {}}]}),
    ],
)
def test_whatever_names_a_resource_by_the_input_is_refused(make: Make, resource: str, parameters: Any) -> None:
    error = _project(make, _task(f"{STATES}{resource}", parameters)).error()
    assert all("on what only its input names" in mistake.message for mistake in error.all)


def test_a_job_whose_wait_is_not_known_here_is_granted_by_policy(make: Make) -> None:
    parameters = {"Name": "web", "RoleArn": "arn:aws:iam::111122223333:role/eks"}
    definition = _task(f"{STATES}eks:createCluster.sync", parameters)
    error = _project(make, definition).error()
    assert "what state Do of workflow render needs of eks is not known here" == error.message
    described = 'grants.allow("eks:DescribeCluster", on="arn:aws:eks:*:*:cluster/web")'
    granted = _allows(_project(make, definition, f", policy=[{described}]"))
    assert {("eks:CreateCluster", "*"), ("iam:PassRole", parameters["RoleArn"])} <= granted


def _with(state: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {"StartAt": "Do", "States": {"Do": state, **others}}


PASS = {"Type": "Pass", "End": True}
WRONG: dict[str, tuple[Any, str, str]] = {
    "unknown StartAt": ({"StartAt": "Dp", "States": {"Do": PASS}}, "there is no state 'Dp'", "2:14"),
    "no StartAt": ({"States": {"Do": PASS}}, "it has no StartAt", "1:1"),
    "no States": ({"StartAt": "Do"}, "this is no definition of a state machine: it has no States", "1:1"),
    "empty States": ({"StartAt": "Do", "States": {}}, "States must hold the states by their names", "3:13"),
    "unknown Next": (_with({"Type": "Pass", "Next": "Dne"}), "there is no state 'Dne'", "6:15"),
    "unreachable": (_with(PASS, Lost=PASS), "state Lost is never reached", "8:13"),
    "unknown Catch": (
        _with({"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:1:function:x", "End": True, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "No"}]}),  # noqa: E501 - a case on its line
        "there is no state 'No'",
        "13:19",
    ),
    "unknown choice": (
        _with({"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": True, "Next": "No"}]}),
        "there is no state 'No'",
        "10:19",
    ),
    "unknown Default": (
        _with({"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": True, "Next": "End"}], "Default": "No"}, End=PASS),  # noqa: E501 - a case on its line
        "there is no state 'No'",
        "13:18",
    ),
    "unknown Type": (_with({"Type": "Tsk", "End": True}), "state Do has no Type 'Tsk'", "5:15"),
    "neither Next nor End": (_with({"Type": "Pass"}), "state Do needs either Next or End", "4:11"),
    "no Resource": (_with({"Type": "Task", "End": True}), "'' is nothing that a Task state calls", "4:11"),
    "no state": (_with({"Type": "Pass", "Next": "B"}, B=3), "state B must be an object of fields", "8:10"),
    "no operation": (_task(f"{STATES}aws-sdk:s3:putObjct"), "aws-sdk:s3 has no operation putObjct", "6:19"),
    "no service": (_task(f"{STATES}aws-sdk:s4:putObject"), "there is no service aws-sdk:s4", "6:19"),
    "no operation of an integration": (_task(f"{STATES}sqs:sendMesage"), "sqs has no operation sendMesage", "6:19"),
    "no integration": (_task(f"{STATES}textract:detect"), "Step Functions has no integration textract", "6:19"),
    "no ARN": (_task("prepare"), "'prepare' is nothing that a Task state calls", "6:19"),
    "sync of the SDK": (_task(f"{STATES}aws-sdk:glue:startJobRun.sync"), "aws-sdk:glue has no .sync", "6:19"),
    "sync of no job": (_task(f"{STATES}sqs:sendMessage.sync"), "sqs has no .sync", "6:19"),
    "not given": (_task("${Prepare}"), "nothing is given for ${Prepare}", "6:19"),
    "inside": (
        _with({"Type": "Map", "End": True, "ItemProcessor": {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "Do"}}}}),  # noqa: E501 - a case on its line
        "there is no state 'Do'",
        "12:21",
    ),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_what_step_functions_would_refuse_is_an_error_at_its_place(make: Make, wrong: str) -> None:
    definition, message, place = WRONG[wrong]
    error = _project(make, definition).error()
    assert (message, f"render.asl.json:{place}") == (error.message, at(error))
    assert () == error.further


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        ("states:startExecution.sync:2", "an express workflow does not wait: it has no .sync"),
        ("sqs:sendMessage.waitForTaskToken", "an express workflow does not wait: it has no .waitForTaskToken"),
    ],
)
def test_an_express_workflow_waits_for_nothing(make: Make, resource: str, message: str) -> None:
    definition = _task(
        f"{STATES}{resource}", {"StateMachineArn": "arn:aws:states:us-east-1:111122223333:stateMachine:x"}
    )
    error = _project(make, definition, ', type="EXPRESS"').error()
    assert (message, "render.asl.json:6:19") == (error.message, at(error))


def test_a_choice_needs_no_default_and_a_state_may_lead_back(make: Make) -> None:
    states = {
        "Wait": {"Type": "Wait", "Seconds": 5, "Next": "Done?"},
        "Done?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.done", "BooleanEquals": True, "Next": "End"}, {"Variable": "$.done", "IsPresent": False, "Next": "Wait"}],  # noqa: E501 - a case on its line
        },
        "End": {"Type": "Succeed"},
    }  # fmt: skip
    assert set() == _allows(_project(make, {"StartAt": "Wait", "States": states}))


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("", "render.asl.json is empty", "render.asl.json:1:1"),
        ("{", "", "render.asl.json:1:2"),
        ("[]", "this is no definition of a state machine: it has no States", "render.asl.json:1:1"),
    ],
)
def test_a_file_that_is_no_definition_is_an_error_in_it(make: Make, text: str, message: str, place: str) -> None:
    error = _project(make, text).error()
    assert place == at(error)
    assert message in error.message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ('"render", "missing.asl.json"', "there is no file missing.asl.json"),
        ('"render", "../other.asl.json"', "'../other.asl.json' is not in the project"),
        ('"render", "shared"', "there is no file shared"),
        ('3, "render.asl.json"', "`name` must be a string, got int '3'"),
        ('"render", {"StartAt": 1, "States": {"A": object()}}', "definition is not JSON"),
        ('"render", 3', "a workflow is a file in the Amazon States Language or a dict, got int '3'"),
        ('"ren der", "render.asl.json"', "`name` is 'ren der'"),
        ('"render", "render.asl.json", on.sqs("q")', "Sqs does not start a workflow"),
        ('"render", "render.asl.json", type="FAST"', "`type` cannot be 'FAST'; it can be STANDARD, EXPRESS"),
        ('"render", "render.asl.json", logical_id="a-b"', "`logical_id` is 'a-b'"),
        ('"render", "render.asl.json", link=[1]', "link must be a dict, got list '[1]'"),
        ('"render", "render.asl.json", link={"A": 1.5}', "`link` gives 'A' float '1.5'"),
        ('"render", "render.asl.json", link={"A": prepare}', "the definition has no ${A}, which `link` gives"),
        ('"render", "render.asl.json", properties={"RoleArn": "x"}', "`properties` sets RoleArn, which remit sets itself"),  # noqa: E501 - a case on its line
        ('"render", "render.asl.json", properties=3', "`properties` must be a dict, got int '3'"),
        ('"render", "render.asl.json", properties=0', "`properties` must be a dict, got int '0'"),
        ('"render", "render.asl.json", role=3', "`app.workflow` has no option `role`"),
    ],
)  # fmt: skip
def test_a_wrong_argument_is_an_error_at_its_line(make: Make, arguments: str, message: str) -> None:
    project = make(
        app=f"{APP}app.workflow({arguments})\n",
        **{"shared/resources/data.py": DATA, "render.asl.json": json.dumps(_with(PASS))},
    )
    error = project.error()
    assert message in error.message
    assert at(error).startswith("app.py:18:")


def test_a_wrong_option_is_an_error_at_its_value(make: Make) -> None:
    files = {"shared/resources/data.py": DATA, "render.asl.json": json.dumps(_with(PASS))}
    for arguments, column in (('"ren der", "render.asl.json"', 14), ('"render", "render.asl.json", type="FAST"', 48)):
        error = make(app=f"{APP}app.workflow({arguments})\n", **files).error()
        assert (f"app.py:18:{column}", ()) == (at(error), error.path)


def test_a_workflow_that_is_declared_twice_is_an_error_at_the_second(make: Make) -> None:
    app = f'{APP}app.workflow("render", "render.asl.json")\napp.workflow("render", "render.asl.json")\n'
    error = make(app=app, **{"shared/resources/data.py": DATA, "render.asl.json": json.dumps(_with(PASS))}).error()
    assert ("workflow `render` is declared twice; the other is at app.py:18:1", "app.py:19:1") == (
        error.message,
        at(error),
    )
    assert () == error.further


def test_a_state_machine_keeps_the_logical_id_that_it_is_given(make: Make) -> None:
    project = _project(make, _task("${Prepare}"), ', link={"Prepare": prepare}, logical_id="RenderMachine"')
    (machine,) = project.resources("AWS::StepFunctions::StateMachine")
    assert ("RenderMachine", "RenderMachineRole") == (machine, project.role("RenderMachine").logical_id)


def test_a_definition_may_be_yaml_or_a_dict(make: Make) -> None:
    app = (
        f'{APP}app.workflow("one", "one.asl.yaml", link={{"Orders": Data.orders}})\n'
        'app.workflow("two", {"StartAt": "Do", "States": {"Do": {"Type": "Task", "Resource": "${Prepare}", "End": True}}},\n'  # noqa: E501 - a case on its line
        '    link={"Prepare": prepare})\n'
    )
    text = (
        "StartAt: Do\nStates:\n  Do:\n    Type: Task\n"
        "    Resource: arn:aws:states:::dynamodb:getItem\n    Parameters: {TableName: '${Orders}', Key: {}}\n    End: true\n"  # noqa: E501 - a case on its line
    )
    project = make(app=app, **{"shared/resources/data.py": DATA, "one.asl.yaml": text})
    assert {("dynamodb:GetItem", "${DataOrders.Arn}")} == _allows(project, "OneWorkflow")
    assert {("lambda:InvokeFunction", "${PrepareFunction.Arn}")} == _allows(project, "TwoWorkflow")
    assert "one.asl.yaml:3:3" == str(project.role("OneWorkflow").grants[0].origin)
    assert "app.py:19:" in str(project.role("TwoWorkflow").grants[0].origin)


def test_a_state_that_a_number_names_is_called_by_its_text(make: Make) -> None:
    app = f'{APP}app.workflow("render", {{"StartAt": "1", "States": {{1: {{"Type": "Pass", "End": True}}}}}})\n'
    machine = make(app=app, **{"shared/resources/data.py": DATA}).resources("AWS::StepFunctions::StateMachine")
    assert ["1"] == list(machine["RenderWorkflow"]["Definition"]["States"])


def test_what_is_wrong_of_a_linked_function_is_told_once_and_so_is_each_wrong_link_after_it(make: Make) -> None:
    app = (
        f"{APP}@app.function(name=3)\ndef broken(event, context): ...\n"
        'app.workflow("render", "render.asl.json", link={"A": broken, "B": 1.5, "C": 2.5})\n'
    )
    project = make(app=app, **{"shared/resources/data.py": DATA, "render.asl.json": json.dumps(_task("${A}"))})
    told = [mistake.message for mistake in project.error().all]
    assert told[-2:] == ["`link` gives 'B' float '1.5'", "`link` gives 'C' float '2.5'"]
    assert [] == [message for message in told[:-2] if "link" in message]


def test_the_template_has_the_definition_as_it_is_written_with_its_substitutions(make: Make) -> None:
    definition = _task("${Prepare}", Comment="${Prepare} and $.x")
    project = _project(make, definition, ', link={"Prepare": prepare}, type="EXPRESS"')
    machine = project.resources("AWS::StepFunctions::StateMachine")["RenderWorkflow"]
    assert {
        "Definition": definition,
        "DefinitionSubstitutions": {"Prepare": {"Fn::GetAtt": ["PrepareFunction", "Arn"]}},
        "RoleArn": {"Fn::GetAtt": ["RenderWorkflowRole", "Arn"]},
        "StateMachineName": {"Fn::Sub": "${AWS::StackName}-render"},
        "StateMachineType": "EXPRESS",
    } == machine


def test_a_function_that_handler_names_is_linked_by_what_its_declaration_gives(make: Make) -> None:
    app = (
        f'{APP}orders = app.function(name="orders", handler="app.prepare")\n'
        'app.workflow("render", "render.asl.json", link={"Orders": orders})\n'
    )
    text = json.dumps(_task("${Orders}"))
    project = make(app=app, **{"shared/resources/data.py": DATA, "render.asl.json": text})
    assert {("lambda:InvokeFunction", "${OrdersFunction.Arn}")} == _allows(project)


def test_logs_traces_and_a_key_of_ones_own_are_in_the_role(make: Make) -> None:
    properties = (
        ', properties={"LoggingConfiguration": {"Level": "ALL", "Destinations": ['
        '{"CloudWatchLogsLogGroup": {"LogGroupArn": "arn:aws:logs:us-east-1:111122223333:log-group:x:*"}}]},'
        ' "TracingConfiguration": {"Enabled": True},'
        ' "EncryptionConfiguration": {"Type": "CUSTOMER_MANAGED_KMS_KEY", "KmsKeyId": Data.key.arn}}'
    )
    project = _project(make, _with(PASS), properties)
    allowed = _allows(project)
    assert ("logs:CreateLogDelivery", "*") in allowed
    assert ("xray:PutTraceSegments", "*") in allowed
    assert {("kms:Decrypt", "${DataKey.Arn}"), ("kms:GenerateDataKey", "${DataKey.Arn}")} <= allowed
    assert "workflow render is traced (IAM knows no narrower resource)" in [
        grant.because for grant in project.role("RenderWorkflow").grants
    ]


def test_a_schedule_and_an_event_start_it_with_roles_of_their_own(make: Make) -> None:
    project = _project(make, _with(PASS), ', on.schedule("rate(1 day)"), on.event(source="shop")')
    (schedule,) = project.resources("AWS::Scheduler::Schedule").values()
    (rule,) = project.resources("AWS::Events::Rule").values()
    assert {
        "Arn": {"Ref": "RenderWorkflow"},
        "RoleArn": {"Fn::GetAtt": ["RenderWorkflowSchedulerRole", "Arn"]},
    } == schedule["Target"]
    assert {"Fn::Sub": "Runs ${AWS::StackName}-render"} == schedule["Description"]
    assert [
        {
            "Id": "workflow",
            "Arn": {"Ref": "RenderWorkflow"},
            "RoleArn": {"Fn::GetAtt": ["RenderWorkflowEventRole", "Arn"]},
        }
    ] == rule["Targets"]
    for role in project.roles():
        if role.logical_id in ("RenderWorkflowSchedulerRole", "RenderWorkflowEventRole"):
            (grant,) = role.grants
            assert (("states:StartExecution",), "${RenderWorkflow}") == (
                grant.statement.actions.patterns,
                grant.statement.resources.patterns[0] if grant.statement.resources else "",
            )
    assert {} == project.resources("AWS::Lambda::Permission")
    assert cfn_lint.findings(_built(project)) == []


def test_a_function_that_starts_the_workflow_that_calls_it_makes_no_circular_dependency(make: Make) -> None:
    app = (
        f'{APP}render = app.workflow("render", "render.asl.json", link={{"Begin": "arn:aws:lambda:us-east-1:111122223333:function:x"}})\n'  # noqa: E501 - a case on its line
        "@app.function(link=[grants.states.start(render), grants.states.read(render), grants.states.stop(render)])\n"
        "def begin(event, context): ...\n"
    )  # fmt: skip
    text = json.dumps(_task("${Begin}"))
    project = make(app=app, **{"shared/resources/data.py": DATA, "render.asl.json": text})
    assert {("states:StartExecution", "${RenderWorkflow}")} <= _allows(project, "begin")
    variables = project.resources("AWS::Lambda::Function")["BeginFunction"]["Environment"]["Variables"]
    assert {"Ref": "RenderWorkflow"} == variables["RENDER_WORKFLOW"]
    assert cfn_lint.findings(_built(project)) == []


def test_a_denial_of_a_state_is_told_with_the_line_that_grants_it(make: Make) -> None:
    project = _project(make, _with(PASS))
    message = (
        "User: arn:aws:sts::111122223333:assumed-role/orders-dev-RenderWorkflowRole-1ABCDEF2GHIJK/run is not "
        "authorized to perform: dynamodb:PutItem on resource: arn:aws:dynamodb:us-east-1:111122223333:table/orders "
        "because no identity-based policy allows the dynamodb:PutItem action (Service: AmazonDynamoDBv2; "
        "Status Code: 400; "
        "Error Code: AccessDeniedException; Request ID: AB; Proxy: null)"
    )
    told = project.remit("why", message)
    assert "the role of RenderWorkflow does not allow it" in told.out
    assert 'policy=[dynamodb.put("orders")]' in told.out
    assert "the policy of a VPC endpoint" not in told.out
    explained = project.remit(
        "explain", "render", "dynamodb:PutItem", "arn:aws:dynamodb:us-east-1:111122223333:table/orders"
    )
    assert "Not allowed: RenderWorkflow may not dynamodb:PutItem" in explained.out
    assert "app.py:18:10" in explained.out


def test_the_accesses_of_a_workflow_that_were_seen_are_told(make: Make) -> None:
    project = _project(make, _task("${Prepare}"), ', link={"Prepare": prepare}')
    seen = {
        "function": "orders-dev-render", "action": "lambda:InvokeFunction", "decision": "allowed", "statement": "",
        "resource": "arn:aws:lambda:us-east-1:000000000000:function:orders-dev-prepare", "file": "", "line": 0,
        "time": "2026-11-30T10:00:00.000000Z",
    }  # fmt: skip
    (project.folder / ".remit" / "seen").mkdir(parents=True)
    (project.folder / ".remit" / "seen" / "2026-11-30.jsonl").write_text(json.dumps(seen) + "\n")
    for name in ("render", "RenderWorkflow"):
        told = project.remit("explain", name, "--seen")
        assert "RenderWorkflowRole, the role of" in told.out
        assert "lambda:InvokeFunction" in told.out
    assert 2 == project.remit("explain", "rendr", "--seen").status


def test_why_names_the_workflow_whose_role_was_denied(make: Make) -> None:
    project = _project(make, _task("${Prepare}"), ', link={"Prepare": prepare}')
    role = "arn:aws:sts::111122223333:assumed-role/orders-dev-RenderWorkflowRole-0A1B2C3D/x"
    denial = (
        f"User: {role} is not authorized to perform: sqs:SendMessage on resource: "
        "arn:aws:sqs:eu-central-1:111122223333:mail because no identity-based policy allows the sqs:SendMessage action"
    )
    assert f"who:       workflow RenderWorkflow, as {role}\n" in project.remit("why", denial).out


def test_a_definition_of_another_folder_is_offered_for_a_slip(make: Make) -> None:
    files = {"flows/render.asl.json": json.dumps(_with(PASS))}
    error = make(app="app.workflow('render', 'flows/rendr.asl.json')\n", **files).error()
    assert "did you mean `flows/render.asl.json`?" == error.hint


LINKED = """

def twice(function):
    @functools.wraps(function)
    def called(event, context):
        return function(event, context)
    return called


@twice
@app.function
def wrapped(event, context): ...


child = app.workflow("child", {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
app.workflow(
    "render", "render.asl.json",
    link={
        "Child": child, "Prepare": prepare, "Wrapped": wrapped, "Queue": Data.queue, "News": Data.news.arn,
        "Count": 3, "Flag": True, "Text": "x", "Task": Tasks.resize,
    },
    properties={
        "Tags": [],
        "TracingConfiguration": {"Enabled": True},
        "EncryptionConfiguration": {"Type": "CUSTOMER_MANAGED_KMS_KEY", "KmsKeyId": Data.key.arn},
    },
    policy=["logs"],
)
"""


def test_all_that_a_workflow_links_and_grants_is_there_in_order_each_with_its_line(make: Make) -> None:
    start = _task(f"{STATES}states:startExecution.sync:2", {"StateMachineArn": "${Child}"})["States"]["Do"]
    run = _task(f"{STATES}ecs:runTask", {"TaskDefinition": "${Task}", "Cluster": "${Text}"})["States"]["Do"]
    tasks = {
        "Start": start,
        "Again": start,
        "Call": _task("${Prepare}")["States"]["Do"],
        "Wrapped": _task("${Wrapped}")["States"]["Do"],
        "Send": _task(f"{STATES}sqs:sendMessage", {"QueueUrl": "${Queue}"})["States"]["Do"],
        "Tell": _task(f"{STATES}sns:publish", {"TopicArn": "${News}"})["States"]["Do"],
        "Run": run,
        "Rerun": run,
    }
    branches = [{"StartAt": name, "States": {name: task}} for name, task in tasks.items()]
    both = {"Type": "Parallel", "Comment": "${Count}${Flag}", "Branches": branches, "End": True}
    text = json.dumps({"StartAt": "Both", "States": {"Both": both}}, indent=1)
    app = f"import functools\n{APP}{LINKED}".replace("import Data\n", "import Data, Tasks\n")
    project = make(app=app, **{"shared/resources/data.py": DATA + TASK, "render.asl.json": text})
    machine = project.resources("AWS::StepFunctions::StateMachine")["RenderWorkflow"]
    assert {
        "Child": {"Ref": "ChildWorkflow"},
        "Prepare": {"Fn::GetAtt": ["PrepareFunction", "Arn"]},
        "Wrapped": {"Fn::GetAtt": ["WrappedFunction", "Arn"]},
        "Queue": {"Ref": "DataQueue"},
        "News": {"Ref": "DataNews"},
        "Count": "3",
        "Flag": "True",
        "Text": "x",
        "Task": {"Ref": "TasksResize"},
    } == machine["DefinitionSubstitutions"]
    assert [] == machine["Tags"]
    events = RULE % "StepFunctionsGetEventsForStepFunctionsExecutionRule"
    executions = HERE % ("states", "execution:${ChildWorkflow.Name}:*")
    traced = ["PutTraceSegments", "PutTelemetryRecords", "GetSamplingRules", "GetSamplingTargets"]
    to_tasks = {"Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}}
    state = "state {} of workflow render"
    starts = f"each of {state.format('Start')}, {state.format('Again')}"
    runs = f"each of {state.format('Run')}, {state.format('Rerun')}"
    expected: list[tuple[str, str, str | list[str], str, dict[str, Any]]] = [
        ("render.asl.json:11:16", f"{starts} starts executions", "states:StartExecution", "${ChildWorkflow}", {}),
        ("render.asl.json:11:16", f"{starts} waits for what it starts", [*MANAGES_RULE], events, {}),
        (
            "render.asl.json:11:16",
            f"{starts} waits for what it starts",
            ["states:DescribeExecution", "states:StopExecution"],
            executions,
            {},
        ),
        (
            "render.asl.json:37:15",
            f"{state.format('Call')} invokes functions",
            "lambda:InvokeFunction",
            "${PrepareFunction.Arn}",
            {},
        ),
        (
            "render.asl.json:47:18",
            f"{state.format('Wrapped')} invokes functions",
            "lambda:InvokeFunction",
            "${WrappedFunction.Arn}",
            {},
        ),
        ("render.asl.json:57:15", f"{state.format('Send')} sends messages", "sqs:SendMessage", "${DataQueue.Arn}", {}),
        ("render.asl.json:70:15", f"{state.format('Tell')} publishes", "sns:Publish", "${DataNews}", {}),
        ("render.asl.json:83:14", f"{runs} runs tasks", "ecs:RunTask", "${TasksResize}", {}),
        (
            "render.asl.json:83:14",
            f"{runs} hands the task its role",
            "iam:PassRole",
            "arn:aws:iam::111122223333:role/pulls",
            to_tasks,
        ),
        ("render.asl.json:83:14", f"{runs} hands the task its role", "iam:PassRole", "${DataRole.Arn}", to_tasks),
        (
            "app.py:34:1",
            "workflow render is traced (IAM knows no narrower resource)",
            [f"xray:{name}" for name in traced],
            "*",
            {},
        ),
        (
            "app.py:34:1",
            "workflow render has data that this key encrypts",
            ["kms:Decrypt", "kms:GenerateDataKey"],
            "${DataKey.Arn}",
            {},
        ),
        ("app.py:45:13", "'logs' declared for workflow render", "logs:*", "*", {}),
    ]
    assert [
        (place, why, {"Effect": "Allow", "Action": actions, "Resource": resource, **condition})
        for place, why, actions, resource, condition in expected
    ] == [
        (str(grant.origin), grant.because, render_statement(grant.statement))
        for grant in project.role("RenderWorkflow").grants
    ]


def test_each_state_that_names_something_by_its_input_is_told_at_what_it_gives(make: Make) -> None:
    tasks = {
        "Plain": _task(f"{STATES}dynamodb:putItem", {"TableName.$": "$.table", "Item": {}}),
        "Jsonata": _task(f"{STATES}sqs:sendMessage", QueryLanguage="JSONata", Arguments={"QueueUrl": "{% $x %}"}),
        "Bare": _task(f"{STATES}sns:publish"),
        "Run": _task(f"{STATES}ecs:runTask", {"TaskDefinition.$": "$.task"}),
        "Wait": _task(
            f"{STATES}eks:createCluster.sync", {"Name": "web", "RoleArn": "arn:aws:iam::111122223333:role/e"}
        ),
    }
    branches = [{"StartAt": name, "States": {name: task["States"]["Do"]}} for name, task in tasks.items()]
    every = {"Type": "Parallel", "Branches": branches, "End": True}
    error = _project(make, json.dumps({"StartAt": "All", "States": {"All": every}}, indent=1)).error()
    by_name = "name it in the definition, with ${Name} and `link`, or say what it may reach: "
    assert [
        *(
            (
                f"render.asl.json:{place}",
                f"state {state} of workflow render needs {action} on what only its input names",
                f'{by_name}policy=[grants.allow("{action}", on=…)]',
            )
            for place, state, action in (
                ("13:22", "Plain", "dynamodb:PutItem"),  # at its Parameters
                ("29:21", "Jsonata", "sqs:SendMessage"),  # at its Arguments
                ("40:20", "Bare", "sns:Publish"),  # at its Resource
                ("51:22", "Run", "ecs:RunTask"),
            )
        ),
        (
            "render.asl.json:51:22",
            "state Run of workflow render runs a task whose roles are not known here",
            'say which roles it may hand over: policy=[grants.allow("iam:PassRole", on=…)]',
        ),
        (
            "render.asl.json:64:22",
            "what state Wait of workflow render needs of eks is not known here",
            "grant it: policy=[…]",
        ),
    ] == [(at(mistake), mistake.message, mistake.hint) for mistake in error.all]


def test_all_that_is_wrong_with_what_a_workflow_gets_is_told_each_at_its_place(make: Make) -> None:
    app = f"""{APP}
@app.function(name=3)
def broken(event, context): ...


app.workflow(
    "render",
    "render.asl.json",
    on.schedule("rate(1 day)"),
    on.sqs("q"),
    link={{
        "Read": on.sqz("q"),
        "Broken": broken,
        "Half": 1.5,
        "None": None,
    }},
)
app.workflow("empty", "render.asl.json", link=[])
app.workflow(
    "other",
    "task.asl.json",
    link={{
        "Taks": "t",
        "Unlike": 3,
    }},
)
"""
    files = {"render.asl.json": json.dumps(_with(PASS)), "task.asl.json": json.dumps(_task("${Task}"), indent=2)}
    error = make(app=app, **{"shared/resources/data.py": DATA, **files}).error()
    linkable = "a function of the app, a shared resource, another workflow or a text"
    assert [
        (
            "app.py:19:20",
            "3 is not a valid name for a function",
            "letters, digits, - and _ only; `name=` gives another than the Python function's",
        ),
        (
            "app.py:27:5",
            "Sqs does not start a workflow",
            "`on.schedule(…)` and `on.event(…)` do; code starts it with `grants.states.start`",
        ),
        ("app.py:29:17", "there is no trigger `sqz`", "did you mean `sqs`?"),
        ("app.py:31:9", "`link` gives 'Half' float '1.5'", linkable),
        ("app.py:32:9", "`link` gives 'None' None", linkable),
        ("app.py:35:47", "link must be a dict, got list '[]'", 'link={"Orders": Data.orders}'),
        ("app.py:40:9", "the definition has no ${Taks}, which `link` gives", "did you mean `Task`?"),
        (
            "app.py:41:9",
            "the definition has no ${Unlike}, which `link` gives",
            "remove it, or name it in the definition",
        ),
        ("task.asl.json:6:19", "nothing is given for ${Task}", "did you mean `Taks`?"),
    ] == [(at(mistake), mistake.message, mistake.hint) for mistake in error.all]
