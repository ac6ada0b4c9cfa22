"""What CloudFormation refuses is told at the line that wrote it, all at once; what exists is imported on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from projects import write
from random_cases import cases_of
from remit.build import build
from remit.deploy.deployment import DeployJob
from remit.deploy.execute import failure
from remit.deploy.refusals import at_lines
from remit.deploy.workflow import deploy
from remit.errors import RemitError
from scripted_proxy import error, pages, texts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from remit.deploy.session import Account
    from scripted_proxy import ScriptedProxy

    Remit = Callable[..., tuple[int, str, str]]

DATA = """from remit import Shared, resource

class Data(Shared):
    orders = resource(
        "AWS::DynamoDB::Table",
        billing_mode="PAY_PER_REQUEST",
        attribute_definitions=[{"AttributeName": "id", "AttributeType": "S"}],
        key_schema=[
            {"AttributeName": "id",
             "KeyType": "HASH"},
        ],
    )
    news = resource("AWS::SNS::Topic")
"""
FAILED = {
    "Status": "FAILED",
    "ExecutionStatus": "UNAVAILABLE",
    "StatusReason": "The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation].",
}


def invalid(logical_id: str, type_: str, path: str, reason: str, **more: str) -> dict[str, str]:
    """An event of an early validation that failed, with AWS's names."""
    return {
        "EventId": logical_id + path + reason,
        "EventType": "VALIDATION_ERROR",
        "LogicalResourceId": logical_id,
        "ResourceType": type_,
        "ValidationFailureMode": "FAIL",
        "ValidationName": "PROPERTY_VALIDATION",
        "ValidationStatus": "FAILED",
        "ValidationStatusReason": reason,
        "ValidationPath": path,
        **more,
    }


def hooked(logical_id: str, type_: str, reason: str, **more: str) -> dict[str, str]:
    """An event of a hook that refuses a resource, with AWS's names."""
    return {
        "EventId": logical_id + reason,
        "EventType": "HOOK_INVOCATION_ERROR",
        "LogicalResourceId": logical_id,
        "ResourceType": type_,
        "HookType": "Acme::Encrypted::Hook",
        "HookStatus": "HOOK_COMPLETE_FAILED",
        "HookFailureMode": "FAIL",
        "HookStatusReason": reason,
        **more,
    }


KEY = invalid("DataOrders", "AWS::DynamoDB::Table", "/Resources/DataOrders/Properties/KeySchema/0/KeyType", "no enum")
MEMORY = invalid("ReportFunction", "AWS::Lambda::Function", "/Resources/ReportFunction/Properties/MemorySize", "odd")
TAKEN = invalid(
    "DataNews", "AWS::SNS::Topic", "/Resources/DataNews", "exists", ValidationName="NAME_CONFLICT_VALIDATION"
)
HOOKED = hooked("ReportRole", "AWS::IAM::Role", "no boundary")
WARNED = [
    invalid("DataNews", "AWS::SNS::Topic", "/Resources/DataNews", "quota", ValidationFailureMode="WARN"),
    hooked("DataNews", "AWS::SNS::Topic", "plain", HookFailureMode="WARN"),
]


@pytest.fixture
def app(project: Path) -> Path:
    """A project with a table, a topic and a function."""
    source = (project / "app.py").read_text().replace("app.function(", "app.function(memory_size=512, ")
    write(project, {"shared/resources/data.py": DATA, "app.py": source})
    return project


@pytest.mark.parametrize("size", cases_of((1, 100), 1))
def test_each_early_validation_and_hook_of_a_plan_is_told_at_its_line_all_at_once(
    app: Path, proxy: ScriptedProxy, through: Account, size: int
) -> None:
    proxy.scripts["DescribeChangeSet"] = texts(**FAILED)
    proxy.scripts["DescribeEvents"] = pages("OperationEvents", [KEY, MEMORY, *WARNED, TAKEN, KEY, HOOKED], size)
    with pytest.raises(RemitError) as refused:
        deploy(DeployJob(build(app), through, yes=True))
    told = {mistake.message: (str(mistake.origin), mistake.hint) for mistake in refused.value.all}
    adopt = "`remit deploy --adopt` imports what exists already into the stack; else give this another name"
    rule = "the hook is a rule of the account: change what it names, or ask whoever runs it"
    assert told == {
        "CloudFormation refuses DataOrders (AWS::DynamoDB::Table): no enum": ("shared/resources/data.py:10:25", None),
        "CloudFormation refuses ReportFunction (AWS::Lambda::Function): odd": ("app.py:8:27", None),
        "CloudFormation refuses DataNews (AWS::SNS::Topic): exists": ("shared/resources/data.py:13:12", adopt),
        "hook Acme::Encrypted::Hook refuses ReportRole (AWS::IAM::Role): no boundary": ("app.py:8:2", rule),
    }
    assert refused.value.exit_code == 2
    assert proxy.asked.index("DescribeEvents") < proxy.asked.index("DeleteChangeSet")
    proxy.scripts.clear()
    assert deploy(DeployJob(build(app), through, yes=True)).ok


def test_without_the_right_to_ask_for_events_the_reason_of_the_change_set_is_told(
    app: Path, proxy: ScriptedProxy, through: Account
) -> None:
    proxy.scripts["DescribeChangeSet"] = texts(**FAILED)
    proxy.scripts["DescribeEvents"] = error("AccessDenied", "not for you", 403)
    with pytest.raises(RemitError) as refused:
        deploy(DeployJob(build(app), through, yes=True))
    assert refused.value.message == f"CloudFormation refuses the template: {FAILED['StatusReason']}"
    assert refused.value.further == ()


def test_a_failed_deploy_tells_its_cause_and_what_hooks_refused_at_their_lines_and_nothing_of_earlier_deploys(
    app: Path, proxy: ScriptedProxy, through: Account, elsewhere: Account
) -> None:
    """Not each event of an operation has its token; the id of the operation joins them."""
    elsewhere.client("sns").create_topic(Name="news")
    elsewhere.client("sqs").create_queue(QueueName="taken", Attributes={"VisibilityTimeout": "77"})
    data = DATA + '    taken = resource("AWS::SQS::Queue", queue_name="taken")\n'
    write(app, {"shared/resources/data.py": data})
    tokens: list[str] = []

    def events(parameters: object, pass_on: object) -> object:
        mine = [{**HOOKED, "OperationId": "2"}, {"EventType": "STACK_EVENT", "OperationId": "2"}]
        mine[1]["ClientRequestToken"] = tokens[0]
        return pages("OperationEvents", [{**KEY, "OperationId": "1"}, *mine])(parameters, pass_on)  # type: ignore[arg-type]

    def execute(parameters: dict[str, str], pass_on: Callable[[], object]) -> object:
        tokens.append(parameters["ClientRequestToken"])
        return pass_on()

    proxy.scripts |= {"DescribeEvents": events, "ExecuteChangeSet": execute}  # type: ignore[dict-item]
    built = build(app)
    outcome = deploy(DeployJob(built, through, yes=True)).outcome
    assert outcome is not None
    assert not outcome.ok
    told = at_lines(failure(outcome, outcome.hint), built)
    assert ["shared/resources/data.py:14:13", "app.py:8:2"] == [str(mistake.origin) for mistake in told.all]
    assert told.message.startswith(f"deploying orders-dev failed ({outcome.status}): DataTaken (AWS::SQS::Queue): ")
    assert "`--adopt` imports it" in str(told.hint)
    assert ["hook Acme::Encrypted::Hook refuses ReportRole (AWS::IAM::Role): no boundary"] == [
        mistake.message for mistake in told.further
    ]


def test_a_delete_that_fails_names_each_resource_that_is_left_and_why_and_how_to_leave_it(
    elsewhere: Account, remit: Remit, project: Path
) -> None:
    buckets = DATA + '    one = resource("AWS::S3::Bucket")\n    two = resource("AWS::S3::Bucket")\n'
    write(project, {"shared/resources/data.py": buckets})
    assert remit("deploy", "--yes")[0] == 0
    formation, s3 = elsewhere.client("cloudformation"), elsewhere.client("s3")
    names = [
        formation.describe_stack_resource(StackName="orders-dev", LogicalResourceId=f"Data{name}")[
            "StackResourceDetail"
        ]["PhysicalResourceId"]
        for name in ("One", "Two")
    ]
    for name in names:
        s3.put_object(Bucket=name, Key="a", Body=b"")
    code, _, err = remit("delete", "--yes-delete", "all")
    assert code == 1
    error_text = err[err.index("error: ") :]
    assert error_text.startswith("error: deleting orders-dev failed (DELETE_FAILED)\n")
    for name, logical_id in zip(names, ("DataOne", "DataTwo"), strict=True):
        assert f"\n  left: {name} ({logical_id}, AWS::S3::Bucket): " in error_text
        assert "`remit delete --empty` empties its buckets first" in error_text
    leaving = "`aws cloudformation delete-stack --stack-name orders-dev --region eu-central-1 --retain-resources Data"
    assert leaving in error_text
    code, _, err = remit("deploy", "--yes")
    assert code == 2
    assert "error: orders-dev is half deleted: " in err
    for name, logical_id in zip(names, ("DataOne", "DataTwo"), strict=True):
        assert f"\n  left: {logical_id} (AWS::S3::Bucket) {name}\n" in err
        s3.delete_object(Bucket=name, Key="a")
    assert remit("delete", "--yes-delete", "all")[0] == 0


def test_what_an_update_could_not_delete_is_named_and_the_deploy_succeeds(
    elsewhere: Account, remit: Remit, project: Path
) -> None:
    """CloudFormation goes on after a clean-up that fails: the stack is UPDATE_COMPLETE, without the resource."""
    write(project, {"shared/resources/data.py": DATA + '    one = resource("AWS::S3::Bucket")\n'})
    assert remit("deploy", "--yes")[0] == 0
    formation = elsewhere.client("cloudformation")
    found = formation.describe_stack_resource(StackName="orders-dev", LogicalResourceId="DataOne")
    name = found["StackResourceDetail"]["PhysicalResourceId"]
    elsewhere.client("s3").put_object(Bucket=name, Key="a", Body=b"")
    write(project, {"shared/resources/data.py": DATA})
    code, _, err = remit("deploy", "--yes", "--yes-delete", "DataOne")
    assert code == 0
    assert f"note: left: {name} (DataOne, AWS::S3::Bucket): The bucket you tried to delete is not empty. " in err
    assert "; the stack no longer has it: delete it by hand\n" in err
    assert "no changes" in remit("deploy", "--yes")[2]
