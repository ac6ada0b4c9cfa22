"""R712 and R713: the role of a template's state machine beside its states, wherever its definition stands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from projects import remit

if TYPE_CHECKING:
    from pathlib import Path

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "states.amazonaws.com"}}],
}
PUT: dict[str, Any] = {
    "StartAt": "Put",
    "States": {
        "Put": {
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:putItem",
            "Parameters": {"TableName": "${Table}", "Item": {}},
            "End": True,
        }
    },
}
TABLE_ARN = {"Fn::GetAtt": ["Orders", "Arn"]}


def _machine(*statements: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """A template with a table, a machine that puts an item into it, and the machine's role."""
    policy = {"PolicyName": "may", "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}}
    return {
        "Resources": {
            "Orders": {"Type": "AWS::DynamoDB::Table", "Properties": {"KeySchema": []}},
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {"AssumeRolePolicyDocument": TRUST, "Policies": [policy] if statements else []},
            },
            "Machine": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {
                    "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                    "DefinitionSubstitutions": {"Table": {"Ref": "Orders"}},
                    **(properties or {"Definition": PUT}),
                },
            },
        }
    }


def _allow(action: str | list[str], resource: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def _lint(folder: Path, template: Any) -> list[tuple[str, str, str]]:
    """The rule, the message and the place of each finding about machines."""
    path = folder / "template.json"
    path.write_text(json.dumps(template, indent=2))
    findings = json.loads(remit("lint", str(path), "--notes", "--json").out)
    return [
        (item["rule"], item["message"], str(item["file"]).rpartition("/")[2])
        for item in findings
        if item["rule"] in ("R712", "R713")
    ]


LACKS = "state Put of Machine needs dynamodb:PutItem on ${Orders.Arn}, which Role does not allow"
PUTS = _allow("dynamodb:PutItem", TABLE_ARN)


def test_a_role_with_exactly_what_the_states_need_has_no_finding(tmp_path: Path) -> None:
    assert [] == _lint(tmp_path, _machine(PUTS))


@pytest.mark.parametrize("enabled", [True, False])
def test_a_role_needs_what_traces_take_where_they_are_on(tmp_path: Path, enabled: bool) -> None:
    traces = _allow(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*")
    found = _lint(tmp_path, _machine(PUTS, traces, Definition=PUT, TracingConfiguration={"Enabled": enabled}))
    unneeded = [
        ("R713", f"Role allows {action}, which no state of Machine needs") for action in sorted(traces["Action"])
    ]
    assert ([] if enabled else unneeded) == [finding[:2] for finding in found]


@pytest.mark.parametrize(
    "properties",
    [
        {"Definition": PUT},
        {"DefinitionString": json.dumps(PUT)},
        {"DefinitionString": {"Fn::Sub": json.dumps(PUT).replace("${Table}", "${Orders}")}},
        {"Definition": json.loads(json.dumps(PUT).replace('"${Table}"', '{"Ref": "Orders"}'))},
    ],
)
def test_a_state_that_the_role_does_not_allow_is_told_wherever_the_definition_stands(
    tmp_path: Path, properties: dict[str, Any]
) -> None:
    assert [("R712", LACKS, "template.json")] == _lint(tmp_path, _machine(**properties))
    assert [] == _lint(tmp_path, _machine(PUTS, **properties))


def test_the_file_of_a_sam_machine_is_read_and_its_line_is_told(tmp_path: Path) -> None:
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "put.asl.json").write_text(json.dumps(PUT, indent=2))
    machine = {
        "Type": "AWS::Serverless::StateMachine",
        "Properties": {"DefinitionUri": "flows/put.asl.json", "DefinitionSubstitutions": {"Table": {"Ref": "Orders"}}},
    }
    template = _machine()
    del template["Resources"]["Role"]
    template = {**template, "Transform": "AWS::Serverless-2016-10-31"}
    template["Resources"]["Machine"] = machine
    lacks = LACKS.replace("which Role", "which MachineRole")
    assert [("R712", lacks, "put.asl.json")] == _lint(tmp_path, template)
    machine["Properties"]["Policies"] = [{"Statement": [PUTS]}]
    assert [] == _lint(tmp_path, template)
    machine["Properties"]["DefinitionUri"] = "flows/missing.asl.json"
    assert [] == _lint(tmp_path, template)
    for path in ("../../etc/passwd", "flows/\0", "é" * 300):
        machine["Properties"]["DefinitionUri"] = path
        assert [] == _lint(tmp_path, template)


def test_a_definition_in_a_sam_machine_is_told_at_its_state(tmp_path: Path) -> None:
    template = {**_machine(), "Transform": "AWS::Serverless-2016-10-31"}
    template["Resources"]["Machine"] = {
        "Type": "AWS::Serverless::StateMachine",
        "Properties": {"Definition": PUT, "DefinitionSubstitutions": {"Table": {"Ref": "Orders"}}},
    }
    path = tmp_path / "template.json"
    path.write_text(json.dumps(template, indent=2))
    found = next(item for item in json.loads(remit("lint", str(path), "--json").out) if item["rule"] == "R712")
    assert '"Put": {' == path.read_text().splitlines()[found["line"] - 1].strip()


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (_allow("dynamodb:PutItem", "*"), "Role allows dynamodb:PutItem beyond what states of Machine need"),
        (
            _allow("dynamodb:PutItem", [TABLE_ARN, "arn:aws:dynamodb:eu-west-1:111122223333:table/others"]),
            "Role allows dynamodb:PutItem beyond what states of Machine need",
        ),
        (_allow("dynamodb:*", TABLE_ARN), "Role allows dynamodb:* beyond what states of Machine need"),
        (
            _allow(["dynamodb:PutItem", "dynamodb:DeleteItem"], TABLE_ARN),
            "Role allows dynamodb:DeleteItem, which no state of Machine needs",
        ),
    ],
)
def test_what_no_state_needs_is_told(tmp_path: Path, statement: dict[str, Any], message: str) -> None:
    assert [("R713", message, "template.json")] == _lint(tmp_path, _machine(statement))


@pytest.mark.parametrize("resource", ["*", TABLE_ARN])
@pytest.mark.parametrize("action", ["dynamodb:PutItem", "dynamodb:Put*", "dynamodb:*", "dynamodb:DeleteItem"])
def test_a_state_whose_table_an_execution_names_needs_its_one_action_on_whatever_it_is(
    tmp_path: Path, action: str, resource: Any
) -> None:
    put = {**PUT["States"]["Put"], "Parameters": {"TableName.$": "$.table", "Item": {}}}
    found = _lint(tmp_path, _machine(_allow(action, resource), Definition={**PUT, "States": {"Put": put}}))
    says = (
        "which no state of Machine needs" if action == "dynamodb:DeleteItem" else "beyond what states of Machine need"
    )
    message = f"Role allows {action}{',' if says.startswith('which') else ''} {says}"
    expected = [] if action == "dynamodb:PutItem" else [("R713", message, "template.json")]
    assert expected == [finding for finding in found if finding[0] == "R713"]
    lacks = [finding for finding in found if finding[0] == "R712"]
    assert (action == "dynamodb:DeleteItem") == bool(lacks)


def test_a_policy_that_nobody_can_read_and_a_connector_leave_it_open_what_is_lacking(tmp_path: Path) -> None:
    unread = _machine()
    unread["Resources"]["Role"]["Properties"]["ManagedPolicyArns"] = ["arn:aws:iam::111122223333:policy/mine"]
    assert [] == _lint(tmp_path, unread)
    connected = _machine()
    connected["Resources"]["Machine"]["Connectors"] = {"One": {"Properties": {"Destination": {"Id": "Orders"}}}}
    assert [] == _lint(tmp_path, connected)


def test_nothing_is_told_beside_a_policy_that_nobody_has_of_all_but_some_actions_or_of_a_role_of_two(
    tmp_path: Path,
) -> None:
    managed = _machine()
    managed["Resources"]["Role"]["Properties"]["ManagedPolicyArns"] = [
        "arn:aws:iam::111122223333:policy/mine",
        "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess",
    ]
    but_some = _machine({"Effect": "Allow", "NotAction": "iam:*", "Resource": TABLE_ARN})
    of_two = _machine(_allow(["dynamodb:PutItem", "dynamodb:GetItem"], TABLE_ARN))
    of_two["Resources"]["Reads"] = of_two["Resources"]["Machine"]
    connected = _machine()
    connected["Resources"]["To"] = {"Type": "AWS::Serverless::Connector", "Properties": {}}
    for template in (managed, but_some, of_two, connected):
        assert [] == _lint(tmp_path, template)


def test_an_arn_that_is_a_parameter_may_be_that_of_any_resource(tmp_path: Path) -> None:
    template = _machine(_allow("dynamodb:PutItem", {"Ref": "TableArn"}))
    template["Parameters"] = {"TableArn": {"Type": "String"}}
    assert [] == _lint(tmp_path, template)


def test_a_name_that_a_template_gives_is_the_resource_of_that_name(tmp_path: Path) -> None:
    literal = json.loads(json.dumps(PUT).replace("${Table}", "orders"))
    template = _machine(PUTS, Definition=literal)
    template["Resources"]["Orders"]["Properties"]["TableName"] = "orders"
    assert [] == _lint(tmp_path, template)


def test_a_resource_that_the_input_names_is_not_compared(tmp_path: Path) -> None:
    dynamic = json.loads(json.dumps(PUT).replace('"TableName": "${Table}"', '"TableName.$": "$.table"'))
    assert [] == _lint(tmp_path, _machine(_allow("dynamodb:PutItem", "*"), Definition=dynamic))


@pytest.mark.parametrize("broken", ["{", "[]", '{"StartAt": "A"}', '{"States": {"A": 3}}'])
def test_a_definition_that_is_none_is_passed_over(tmp_path: Path, broken: str) -> None:
    assert [] == [item for item in _lint(tmp_path, _machine(DefinitionString=broken)) if item[0] == "R712"]


def test_a_machine_after_one_that_cannot_be_read_is_compared_all_the_same(tmp_path: Path) -> None:
    template = _machine(DefinitionString="{")
    for name, resource in _machine()["Resources"].items():
        text = json.dumps(resource).replace('"Role"', '"OtherRole"')
        template["Resources"].setdefault(name if name == "Orders" else f"Other{name}", json.loads(text))
    assert [LACKS.replace("Machine", "OtherMachine").replace("which Role", "which OtherRole")] == [
        message for _, message, _ in _lint(tmp_path, template)
    ]


def test_an_arn_of_the_definition_is_told_as_it_is_written(tmp_path: Path) -> None:
    topic = "arn:aws:sns:eu-west-1:111122223333:news"
    state = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Parameters": {"TopicArn": topic}, "End": True}
    template = _machine(PUTS, Definition={"StartAt": "Tell", "States": {"Tell": state}})
    assert any(f"needs sns:Publish on {topic}, which" in message for _, message, _ in _lint(tmp_path, template))
