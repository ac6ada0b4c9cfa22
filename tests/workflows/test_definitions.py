"""What a definition in the Amazon States Language says: its mistakes, what a Task calls, and what each state needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.access.needed_access import UNRESOLVED
from remit.access.setting import RequestSetting
from remit.app import Resource
from remit.iam.policy import Globs, Statement
from remit.workflows.definition import is_definition, mistakes_in, states, substituted
from remit.workflows.integrations import integration_mistake
from remit.workflows.stand_ins import StandIns
from remit.workflows.state_access import accesses, may_be_about, settings_accesses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.errors import Path

NAMES = ("A", "B", "C")
PLACE = "eu-west-1:111122223333"
MACHINE = f"arn:aws:states:{PLACE}:stateMachine:m"
SETTING = RequestSetting("eu-west-1", "111122223333", MACHINE)
TO = "arn:aws:states:::"
CALL = f"arn:aws:lambda:{PLACE}:function:x"


def machines(depth: int) -> st.SearchStrategy[dict[str, Any]]:
    """Machines of up to three states; what a state leads to may exist or not."""
    names = st.sampled_from((*NAMES, "X", None))
    ends = st.sampled_from(
        [{"End": True}, {"Next": "A"}, {"Next": "B"}, {"Next": "C"}, {}, {"End": False}, {"Next": None}]
    )
    both = ends.map(lambda end: {**end, "End": True})
    leads = st.one_of(ends, ends, both)
    rules = st.lists(st.one_of(names.map(lambda name: {"Next": name}), st.just({})), min_size=1, max_size=2)
    kinds = [
        leads.map(lambda end: {"Type": "Pass", **end}),
        st.sampled_from([{"Type": "Succeed"}, {"Type": "Fail"}, {"Type": "Pss", "End": True}]),
        st.tuples(rules, names).map(lambda pair: {"Type": "Choice", "Choices": pair[0], "Default": pair[1]}),
        st.tuples(leads, rules).map(lambda pair: {"Type": "Task", "Resource": CALL, "Catch": pair[1], **pair[0]}),
        st.just(3),
    ]
    if depth:
        inner = machines(depth - 1)
        kinds += [
            st.tuples(st.lists(inner, min_size=2, max_size=2), leads).map(
                lambda pair: {"Type": "Parallel", "Branches": pair[0], **pair[1]}
            ),
            st.tuples(inner, st.sampled_from(("ItemProcessor", "Iterator")), leads).map(
                lambda given: {"Type": "Map", given[1]: given[0], **given[2]}
            ),
        ]
    held = st.dictionaries(st.sampled_from(NAMES), st.one_of(*kinds), min_size=1, max_size=3)
    return st.tuples(names, held).map(
        lambda pair: {**({} if pair[0] is None else {"StartAt": pair[0]}), "States": pair[1]}
    )


def refused(machine: dict[str, Any], path: Path = ()) -> Iterator[Path]:
    """The places that Step Functions refuses, by the rules as the specification has them."""
    held, start = machine["States"], machine.get("StartAt")
    leads = {name: targets(state, (*path, "States", name)) for name, state in held.items() if isinstance(state, dict)}
    for target_path, name in [((*path, "StartAt"), start), *(pair for pairs in leads.values() for pair in pairs)]:
        if name not in held:
            yield target_path
    if start in held:
        reached = {start}
        for _ in held:
            reached |= {name for one in reached & leads.keys() for _, name in leads[one]}
        yield from ((*path, "States", name) for name in held if name not in reached)
    for name, state in held.items():
        yield from refused_of_state(state, (*path, "States", name))


def targets(state: dict[str, Any], at: Path) -> list[tuple[Path, Any]]:
    """Where a state says what comes next, and what it says there."""
    found: list[tuple[Path, Any]] = [((*at, key), state[key]) for key in ("Next", "Default") if key in state]
    for key in ("Catch", "Choices"):
        found += [((*at, key, number, "Next"), item.get("Next")) for number, item in enumerate(state.get(key, []))]
    return found


def refused_of_state(state: Any, at: Path) -> Iterator[Path]:
    """As `refused`, of a state by itself and the machines inside of it."""
    if not isinstance(state, dict):
        yield at
        return
    if state["Type"] == "Pss":
        yield (*at, "Type")
    elif state["Type"] in ("Pass", "Task", "Parallel", "Map") and ("Next" in state) is (state.get("End") is True):
        yield at
    for key in ("ItemProcessor", "Iterator"):
        if key in state:
            yield from refused(state[key], (*at, key))
    for number, branch in enumerate(state.get("Branches", [])):
        yield from refused(branch, (*at, "Branches", number))


CHOICE = {"Type": "Choice", "Choices": [{"Next": "B"}, {"Next": "C"}], "Default": "A"}
END = {"Type": "Succeed"}


@settings(max_examples=cases(30, deep=400), deadline=None)
@example({"StartAt": "A", "States": {"A": CHOICE, "B": END, "C": END}})
@given(machines(1))
def test_a_definition_is_refused_where_a_state_is_missing_lost_or_goes_nowhere(machine: dict[str, Any]) -> None:
    told = list(mistakes_in(machine))
    assert sorted(map(str, (mistake.path for mistake in told))) == sorted(map(str, refused(machine)))
    for mistake in told:
        if mistake.path[-1:] in (("Next",), ("StartAt",), ("Default",)):
            step: Any = machine
            for key in mistake.path:
                step = step.get(key) if isinstance(step, dict) else step[key]
            lacks = step is None
            assert mistake.message == (f"it has no {mistake.path[-1]}" if lacks else f"there is no state {step!r}")


@pytest.mark.parametrize(
    ("resource", "is_express", "message"),
    [
        (CALL, True, None),
        (f"arn:aws:states:{PLACE}:activity:sign", False, None),
        (f"arn:aws:states:{PLACE}:activity:sign", True, "an express workflow has no activities"),
        ("${Function}", False, None),
        ("prepare", False, "'prepare' is nothing that a Task state calls"),
        (f"{TO}lambda:invoke", True, None),
        (f"{TO}lambda:invoke.waitForTaskToken", False, None),
        (f"{TO}lambda:invoke.waitForTaskToken", True, "an express workflow does not wait: it has no .waitForTaskToken"),
        (f"{TO}glue:startJobRun.sync", False, None),
        (f"{TO}glue:startJobRun.sync", True, "an express workflow does not wait: it has no .sync"),
        (f"{TO}lambda:invoke.sync", False, "lambda has no .sync"),
        (f"{TO}aws-sdk:glue:startJobRun.sync", False, "aws-sdk:glue has no .sync"),
        (f"{TO}aws-sdk:lambda:invoke.waitForTaskToken", False, None),
        (f"{TO}states:startExecution.sync:2", False, None),
        (f"{TO}aws-sdk:sfn:startExecution", False, None),
        (f"{TO}bedrock:invokeModel", False, None),
        (f"{TO}http:invoke", False, None),
        (f"{TO}eks:call", False, None),
        (f"{TO}textract:detectDocumentText", False, "Step Functions has no integration textract"),
        (f"{TO}sqs:sendMesage", False, "sqs has no operation sendMesage"),
        (f"{TO}aws-sdk:s4:putObject", False, "there is no service aws-sdk:s4"),
    ],
)
def test_what_a_task_may_call_is_what_step_functions_integrates(
    resource: str,
    is_express: bool,
    message: str | None,
) -> None:
    told = integration_mistake(resource, is_express=is_express)
    assert (None if told is None else told.message) == message


@pytest.mark.parametrize(
    ("resource", "hint"),
    [
        (f"{TO}sqs:sendMesage", "did you mean `sendMessage`?"),
        (f"{TO}sqss:sendMessage", "did you mean `sqs`?"),
        (f"{TO}textract:detect", "arn:aws:states:::aws-sdk:textract:detect"),
        (f"{TO}aws-sdk:dynamodbb:putItem", "did you mean `dynamodb`?"),
    ],
)
def test_a_slip_in_a_call_is_told_with_what_was_meant(resource: str, hint: str) -> None:
    told = integration_mistake(resource, is_express=False)
    assert told is not None
    assert told.hint == hint


@pytest.mark.parametrize(
    ("definition", "message", "path"),
    [
        ({"StartAt": "A", "States": {}}, "States must hold the states by their names", ("States",)),
        ([], "this is no definition of a state machine: it has no States", ()),
        (
            {"StartAt": "A", "States": {"A": {**CHOICE, "Choices": [{}]}}},
            "it has no Next",
            ("States", "A", "Choices", 0, "Next"),
        ),
        (
            {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "x", "End": True}}},
            "'x' is nothing that a Task state calls",
            ("States", "A", "Resource"),
        ),
    ],
)
def test_a_mistake_of_a_definition_stands_at_its_part(definition: Any, message: str, path: Path) -> None:
    assert [(mistake.message, mistake.path) for mistake in mistakes_in(definition)] == [(message, path)]


@pytest.mark.parametrize(
    ("kind", "hint"),
    [
        ("Pss", "did you mean `Pass`?"),
        ("Frobnicate", "it can be Task, Pass, Choice, Wait, Succeed, Fail, Parallel, Map"),
    ],
)
def test_a_type_of_state_that_does_not_exist_is_told_with_those_that_do(kind: str, hint: str) -> None:
    (mistake,) = mistakes_in({"StartAt": "A", "States": {"A": {"Type": kind, "End": True}}})
    assert (mistake.message, mistake.hint) == (f"state A has no Type {kind!r}", hint)


def test_an_express_workflow_has_no_distributed_map_and_a_standard_one_has() -> None:
    each = {"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}
    for mode, count in (("DISTRIBUTED", 1), ("INLINE", 0)):
        processor = {**each, "ProcessorConfig": {"Mode": mode}}
        definition = {"StartAt": "A", "States": {"A": {"Type": "Map", "ItemProcessor": processor, "End": True}}}
        assert len(list(mistakes_in(definition, "EXPRESS"))) == count
        assert list(mistakes_in(definition)) == []


def task(resource: str, arguments: Any = None, **fields: Any) -> dict[str, Any]:
    """A definition of one Task."""
    given = {} if arguments is None else {"Parameters": arguments}
    return {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": resource, **given, "End": True, **fields}}}


def needed(definition: dict[str, Any], **task_roles: tuple[str, ...]) -> dict[tuple[str, str], str]:
    """What the states of a definition need, each with what it is for; `?` is what only an execution tells."""
    found = accesses(definition, MACHINE, SETTING, lambda name: task_roles.get(name, ()))
    return {(access.action, access.resource.replace(UNRESOLVED, "?")): access.doing for access in found}


def table(name: str) -> str:
    return f"arn:aws:dynamodb:{PLACE}:table/{name}"


PUT = f"{TO}dynamodb:putItem"
EXPRESSION = "{% $states.input.table %}"


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        (task(PUT, {"TableName": "t", "Item": {}}), {("dynamodb:PutItem", table("t"))}),
        (task(PUT, {"TableName.$": "$.t", "Item": {}}), {("dynamodb:PutItem", table("?"))}),
        (task(PUT, {"TableName": EXPRESSION, "Item": {}}), {("dynamodb:PutItem", table(EXPRESSION))}),
        (task(PUT), {("dynamodb:PutItem", "?")}),
        (
            {**task(PUT, QueryLanguage="JSONata", Arguments={"TableName": "t", "Item": {"a": ["{% 1 %}"]}})},
            {("dynamodb:PutItem", table("t"))},
        ),
        (
            {"QueryLanguage": "JSONata", **task(PUT, Arguments={"TableName": EXPRESSION, "Item": {}})},
            {("dynamodb:PutItem", table("?"))},
        ),
        (task(f"{TO}aws-sdk:textract:detectDocumentText"), {("textract:DetectDocumentText", "*")}),
        (
            task(f"{TO}aws-sdk:dynamodb:batchGetItem", {"RequestItems": {"t": {"Keys": []}, "u": {"Keys": []}}}),
            {("dynamodb:BatchGetItem", table("t")), ("dynamodb:BatchGetItem", table("u"))},
        ),
        (task(f"{TO}aws-sdk:dynamodb:batchGetItem", {"RequestItems.$": "$.x"}), {("dynamodb:BatchGetItem", "?")}),
        (task(f"{TO}eks:call", {}), {("eks:*", "?")}),
        (task(f"{TO}events:putEvents", {"Entries.$": "$.x"}), {("events:PutEvents", "?")}),
        (
            task(f"{TO}ecs:runTask", {"Cluster": "c", "TaskDefinition": "d", "Overrides": {"TaskRoleArn.$": "$.r"}}),
            {("ecs:RunTask", f"arn:aws:ecs:{PLACE}:task-definition/d:?"), ("iam:PassRole", "?")},
        ),
        (task(f"arn:aws:states:{PLACE}:activity:sign"), set()),
        (task(CALL), {("lambda:InvokeFunction", CALL)}),
        (task(PUT, Credentials={"RoleArn": "arn:aws:iam::1:role/r"}), {("sts:AssumeRole", "arn:aws:iam::1:role/r")}),
        (task(PUT, Credentials={"RoleArn.$": "$.role"}), {("sts:AssumeRole", "?")}),
        (
            task(PUT, QueryLanguage="JSONata", Credentials="{% $states.input.credentials %}"),
            {("sts:AssumeRole", "?")},
        ),
        (
            task(f"{TO}codebuild:startBuild", {"ProjectName": "web"}),
            {("codebuild:StartBuild", f"arn:aws:codebuild:{PLACE}:project/web")},
        ),
        (
            task(f"{TO}states:startExecution.waitForTaskToken", {"StateMachineArn": MACHINE}),
            {("states:StartExecution", MACHINE)},
        ),
        (
            task(f"{TO}glue:startJobRun.sync", {"JobName": "j"}),
            {
                (f"glue:{name}", f"arn:aws:glue:{PLACE}:job/j")
                for name in ("StartJobRun", "GetJobRun", "GetJobRuns", "BatchStopJobRun")
            },
        ),
        (
            task(f"{TO}ecs:runTask.sync", {"Cluster": "web", "TaskDefinition": "resize:3"}),
            {
                ("ecs:RunTask", f"arn:aws:ecs:{PLACE}:task-definition/resize:3"),
                ("ecs:StopTask", f"arn:aws:ecs:{PLACE}:task/web/*"),
                ("ecs:DescribeTasks", f"arn:aws:ecs:{PLACE}:task/web/*"),
                *(
                    (f"events:{name}", f"arn:aws:events:{PLACE}:rule/StepFunctionsGetEventsForECSTaskRule")
                    for name in ("PutTargets", "PutRule", "DescribeRule")
                ),
            },
        ),
        (
            task(f"{TO}states:startExecution.sync", {"StateMachineArn": MACHINE}),
            {
                ("states:StartExecution", MACHINE),
                ("states:DescribeExecution", f"arn:aws:states:{PLACE}:execution:m:*"),
                ("states:StopExecution", f"arn:aws:states:{PLACE}:execution:m:*"),
                *(
                    (
                        f"events:{name}",
                        f"arn:aws:events:{PLACE}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule",
                    )
                    for name in ("PutTargets", "PutRule", "DescribeRule")
                ),
            },
        ),
    ],
)
def test_a_task_needs_what_its_call_needs_as_narrow_as_the_definition_tells(
    definition: dict[str, Any], expected: set[tuple[str, str]]
) -> None:
    assert set(needed(definition)) == expected


def test_the_query_language_of_a_machine_holds_inside_of_its_states_and_a_states_own_goes_before_it() -> None:
    arguments = {"TableName": "t", "Item": {}}
    inside = {"Type": "Task", "Resource": PUT, "Arguments": arguments, "End": True}
    path = {
        "Type": "Task",
        "Resource": PUT,
        "QueryLanguage": "JSONPath",
        "Parameters": {"TableName.$": "$.t"},
        "End": True,
    }
    for part in (
        {"Type": "Map", "Iterator": {"StartAt": "A", "States": {"A": inside}}, "End": True},
        {"Type": "Parallel", "Branches": [{"StartAt": "A", "States": {"A": inside}}], "End": True},
    ):
        definition = {"QueryLanguage": "JSONata", "StartAt": "P", "States": {"P": part}}
        assert set(needed(definition)) == {("dynamodb:PutItem", table("t"))}
    assert set(needed({"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": path}})) == {
        ("dynamodb:PutItem", table("?"))
    }
    inner = {"StartAt": "A", "States": {"A": inside}}
    both = {"StartAt": "P", "States": {"P": {"Type": "Parallel", "Branches": [inner, inner], "End": True}}}
    paths = [state.path for state in states(both)]
    assert paths == [("States", "P"), *(("States", "P", "Branches", n, "States", "A") for n in (0, 1))]


def each(**fields: Any) -> dict[str, Any]:
    """A definition of one distributed Map."""
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, "StartAt": "B", "States": {"B": {"Type": "Succeed"}}}
    return {"StartAt": "A", "States": {"A": {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}}}


RESULTS = ("PutObject", "GetObject", "ListMultipartUploadParts", "AbortMultipartUpload")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, set()),
        ({"Label": "each", "Name": "x"}, set()),
        (
            {"ItemReader": {"Resource": f"{TO}s3:getObject", "Parameters": {"Bucket": "b", "Key": "k"}}},
            {("s3:GetObject", "arn:aws:s3:::b/k")},
        ),
        (
            {
                "ItemReader": {
                    "Resource": f"{TO}s3:getObject",
                    "ReaderConfig": {"InputType": "MANIFEST"},
                    "Parameters": {"Bucket": "b", "Key": "k"},
                }
            },
            {("s3:GetObject", "arn:aws:s3:::b/k"), ("s3:GetObject", "arn:aws:s3:::b/*")},
        ),
        (
            {
                "ItemReader": {
                    "Resource": f"{TO}s3:listObjectsV2",
                    "ReaderConfig": {"Transformation": "LOAD_AND_FLATTEN"},
                    "Parameters": {"Bucket": "b", "Prefix": "in/"},
                }
            },
            {("s3:ListBucket", "arn:aws:s3:::b"), ("s3:GetObject", "arn:aws:s3:::b/in*")},
        ),
        (
            {"ResultWriter": {"Resource": f"{TO}s3:putObject", "Parameters": {"Bucket": "b", "Prefix": "out/"}}},
            {(f"s3:{name}", "arn:aws:s3:::b/out/*") for name in RESULTS},
        ),
        (
            {"ResultWriter": {"Resource": f"{TO}s3:putObject", "Parameters": {"Bucket": "b"}}},
            {(f"s3:{name}", "arn:aws:s3:::b/*") for name in RESULTS},
        ),
        ({"ResultWriter": {"WriterConfig": {"Transformation": "NONE"}}}, set()),
    ],
)
def test_a_distributed_map_needs_its_executions_and_its_data(
    fields: dict[str, Any], expected: set[tuple[str, str]]
) -> None:
    executions = f"arn:aws:states:{PLACE}:execution:m"
    own = {
        ("states:StartExecution", MACHINE),
        ("states:DescribeExecution", f"{executions}:*"),
        ("states:StopExecution", f"{executions}:*"),
        ("states:RedriveExecution", f"{executions}/{fields.get('Label', '*')}:*"),
    }
    assert set(needed(each(**fields))) == own | expected
    inline = each(**fields)
    inline["States"]["A"]["ItemProcessor"]["ProcessorConfig"] = {"Mode": "INLINE"}
    assert needed(inline) == {}


def test_a_task_of_ecs_is_handed_its_own_roles_and_those_that_override_them() -> None:
    overrides = {"TaskRoleArn": "arn:aws:iam::1:role/o", "ExecutionRoleArn": "arn:aws:iam::1:role/e"}
    arguments = {"Cluster": "c", "TaskDefinition": "d", "Overrides": overrides}
    found = needed(task(f"{TO}ecs:runTask", arguments), d=("arn:aws:iam::1:role/own",))
    passed = {resource: doing for (action, resource), doing in found.items() if action == "iam:PassRole"}
    assert passed == dict.fromkeys(("arn:aws:iam::1:role/own", *overrides.values()), "hands the task its role")


@pytest.mark.parametrize(
    ("resource", "doing"),
    [
        (f"{TO}dynamodb:putItem", {"puts items"}),
        (f"{TO}aws-sdk:dynamodb:query", {"queries"}),
        (f"{TO}aws-sdk:iam:getPolicy", {"gets policies"}),
        (f"{TO}aws-sdk:codedeploy:createDeployment", {"creates deployments"}),
        (f"{TO}aws-sdk:kms:describeKey", {"describes keys"}),
        (f"{TO}aws-sdk:glue:getJobRuns", {"gets job runs"}),
        (f"{TO}eks:call", {"calls it"}),
        (f"{TO}sns:publish", {"publishes"}),
        (f"{TO}glue:startJobRun.sync", {"starts job runs", "waits for what it starts"}),
    ],
)
def test_what_a_state_does_is_said_as_people_say_it(resource: str, doing: set[str]) -> None:
    assert set(needed(task(resource)).values()) == doing


@pytest.mark.parametrize(
    ("effect", "actions", "action", "is_about"),
    [
        ("Allow", Globs(("eks:DescribeCluster",)), "eks:*", True),
        ("Allow", Globs(("EKS:Describe*",)), "eks:*", True),
        ("Allow", Globs(("*",)), "eks:*", True),
        ("Allow", Globs(("ecs:RunTask",)), "eks:*", False),
        ("Allow", Globs(("iam:*",), negated=True), "eks:*", True),
        ("Deny", Globs(("eks:*",)), "eks:*", False),
        ("Allow", Globs(("dynamodb:*",)), "dynamodb:PutItem", True),
        ("Allow", Globs(("dynamodb:GetItem",)), "dynamodb:PutItem", False),
        ("Deny", Globs(("dynamodb:PutItem",)), "dynamodb:PutItem", False),
    ],
)
def test_a_statement_may_grant_what_is_not_known_only_by_allowing_some_of_it(
    effect: str,
    actions: Globs,
    action: str,
    is_about: bool,
) -> None:
    assert may_be_about(Statement(effect, actions, Globs(("*",))), action) is is_about


def test_only_settings_that_are_on_ask_something_of_the_role() -> None:
    off = {"LoggingConfiguration": {"Level": "OFF"}, "TracingConfiguration": {"Enabled": False}}
    on = {"LoggingConfiguration": {"Destinations": [{}]}, "TracingConfiguration": {"Enabled": True}}
    assert settings_accesses(off) == settings_accesses({}) == {}
    assert list(settings_accesses(on)) == ["logs its executions", "is traced"]


def test_only_what_has_states_is_a_definition() -> None:
    assert [is_definition(value) for value in ({"States": {}}, {"States": []}, {}, [])] == [True, False, False, False]


def test_a_substitution_that_is_not_given_stays_as_it_is_written() -> None:
    assert substituted({"${A}": ["${A}/${B}", 1]}, {"A": "x"}) == {"${A}": ["x/${B}", 1]}


RESOURCES = (
    Resource("Orders", "AWS::DynamoDB::Table", {}),
    Resource("Queue", "AWS::SQS::Queue", {"QueueName": "mail"}),
    Resource("Topic", "AWS::SNS::Topic", {}),
    Resource("Files", "AWS::S3::Bucket", {}),
    Resource("Group", "AWS::Logs::LogGroup", {}),
    Resource("Rule", "AWS::Events::Rule", {}),
    Resource("Strange", "Custom::Thing", {}),
)
REFERENCES = (
    "${Orders}", "${Orders.Arn}", "${Queue}", "${Queue.Arn}", "${Queue.QueueName}", "${Topic}", "${Topic.TopicName}",
    "${Files}", "${Files.Arn}", "${Group}", "${Group.Arn}", "${Rule.Arn}", "${AWS::Region}", "${AWS::AccountId}",
    "${AWS::Partition}", "${AWS::StackName}",
)  # fmt: skip


@pytest.mark.parametrize(
    "written",
    [
        *REFERENCES,
        "${Files.Arn}/${Orders}/x",
        "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:a-${Queue.QueueName}",
    ],
)
def test_what_stands_for_references_becomes_the_same_references_again(written: str) -> None:
    stand_ins = StandIns(RESOURCES)
    assert "$" not in stand_ins.filled(written)
    assert stand_ins.late_bound(stand_ins.filled(written)) == written


def test_each_reference_stands_for_what_cloudformation_gives_of_its_resource() -> None:
    filled = StandIns(RESOURCES).filled
    bucket, table_arn, queue_arn = (filled(text) for text in ("${Files.Arn}", "${Orders.Arn}", "${Queue.Arn}"))
    assert bucket == f"arn:aws-here:s3:::{filled('${Files}')}"
    assert table_arn == f"arn:aws-here:dynamodb:here-region-1:000000999999:table/{filled('${Orders}')}"
    assert filled("${Queue}").endswith(f"/000000999999/{filled('${Queue.QueueName}')}")
    assert queue_arn.endswith(f":{filled('${Queue.QueueName}')}")
    group_arn = f"arn:aws-here:logs:here-region-1:000000999999:log-group:{filled('${Group}')}"
    assert filled("${Group.Arn}") == f"{group_arn}:*"
    assert filled("${Strange}") == filled("${Nothing.Arn}") == "here-open"
    assert filled({"${Files}": [1, {"Ref": "Files"}]}) == {filled("${Files}"): [1, filled("${Files}")]}


def test_to_compare_two_texts_a_name_that_is_given_is_itself_and_another_reference_is_unknown() -> None:
    stand_ins = StandIns(RESOURCES, unknown_are_names=True)
    assert stand_ins.filled("${Queue.Arn}") == "arn:aws:sqs:here-region-1:000000999999:mail"
    assert stand_ins.filled("${Files}") == "here-stack-files-here3x"
    for reference in ("${Queue.Arn}", "${Orders.Arn}", "${Topic}", "${Files}"):
        assert stand_ins.late_bound(stand_ins.filled(reference)) == reference
    unknown = stand_ins.filled("${Parameter}")
    assert stand_ins.is_unknown(unknown)
    assert stand_ins.filled("${Parameter}") == unknown != stand_ins.filled("${Other}")
    assert not stand_ins.is_unknown(f"{unknown}/x")
    assert not stand_ins.is_unknown(stand_ins.filled("${Topic}"))
    assert stand_ins.late_bound("a mail for arn:aws:x") == "a mail for arn:aws:x"


def test_the_roles_of_a_task_definition_are_the_two_that_ecs_takes_on() -> None:
    roles = {"ExecutionRoleArn": "arn:aws:iam::1:role/pulls", "TaskRoleArn": {"Fn::GetAtt": ["Role", "Arn"]}}
    resources = (
        Resource("Task", "AWS::ECS::TaskDefinition", {**roles, "Cpu": "256"}),
        Resource("Role", "AWS::IAM::Role", {}),
    )
    stand_ins = StandIns(resources)
    assert stand_ins.task_roles(resources) == {
        stand_ins.filled("${Task}"): ("arn:aws:iam::1:role/pulls", stand_ins.filled("${Role.Arn}"))
    }


def test_a_name_in_the_account_is_the_one_that_is_given_with_its_references_filled_or_as_cloudformation_makes_it() -> (
    None
):
    given = {"Fn::Sub": "mail-${AWS::StackName}"}
    resources = (
        Resource("Mail", "AWS::SQS::Queue", {"QueueName": given}),
        Resource("Fast", "AWS::SQS::Queue", {"FifoQueue": True}),
        Resource("Files", "AWS::S3::Bucket", {}),
        Resource("Own", "Custom::Thing", {}),
        Resource("Of", "AWS::SQS::Queue", {"QueueName": {"Fn::GetAtt": ["Mail", "QueueName"]}}),
        Resource("Ships", "AWS::StepFunctions::StateMachine", {}),
    )
    filled = StandIns(resources, unknown_are_names=True).filled
    assert [filled(f"${{{name}.QueueName}}") for name in ("Mail", "Fast", "Of")] == [
        "mail-here-stack",
        "here-stack-Fast-here1x",
        "mail-here-stack",
    ]
    assert filled("${Files}") == "here-stack-files-here2x"
    assert filled("${Ships.Name}") == "here-stack-Ships-here5x"
    assert filled({"${Files}": "${Mail.QueueName}"}) == {"here-stack-files-here2x": "mail-here-stack"}
