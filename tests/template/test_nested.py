"""A nested template stands in its parent as if it were written there, under the stack's name.

Sources: "AWS::CloudFormation::Stack", "Work with nested stacks" (CloudFormation User Guide).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from remit.documents.read import read
from remit.template.nested_templates import whole_template, whole_templates
from remit.template.roles import template_roles

if TYPE_CHECKING:
    from remit.template.nested_templates import Beside, WholeTemplate

TRUST = {"Statement": {"Effect": "Allow", "Principal": {"Service": "x.amazonaws.com"}, "Action": "sts:AssumeRole"}}


def stack(path: str, parameters: dict[str, Any] | None = None, **attributes: Any) -> dict[str, Any]:
    properties = {"TemplateURL": path, **({"Parameters": parameters} if parameters else {})}
    return {"Type": "AWS::CloudFormation::Stack", "Properties": properties, **attributes}


def beside(folder: dict[str, Any]) -> Beside:
    def content(path: str) -> tuple[bytes, str] | None:
        return (json.dumps(folder[path]).encode(), path) if path in folder else None

    return content


def whole(folder: dict[str, Any], left_out: tuple[str, ...] = ()) -> WholeTemplate:
    return whole_template(read(json.dumps(folder["main.json"]).encode(), "main.json"), beside(folder), left_out)


def in_parent(child: dict[str, Any], parameters: dict[str, Any] | None = None, **attributes: Any) -> Any:
    """The template of a stack `S` whose template is this one, put in."""
    made = whole({"main.json": {"Resources": {"S": stack("s.json", parameters, **attributes)}}, "s.json": child})
    assert made.problems == {}
    return made.source.value


def test_every_name_of_a_nested_template_stands_behind_that_of_its_stack() -> None:
    properties = {
        "Own": {"Ref": "Data"}, "Arn": {"Fn::GetAtt": ["Data", "Arn"]}, "Dotted": {"Fn::GetAtt": "Data.Arn"},
        "Account": {"Ref": "AWS::AccountId"}, "Stack": {"Ref": "AWS::StackName"},
        "Text": {"Fn::Sub": "${Data.Arn}-${AWS::Region}-${AWS::StackName}-${!Literal}"},
        "Filled": {"Fn::Sub": ["${Data}-${Mine}", {"Mine": {"Ref": "Data"}}]},
        "Choice": {"Fn::If": ["Wide", {"Ref": "Data"}, "b"]},
        "Size": {"Fn::FindInMap": ["Sizes", {"Ref": "Kind"}, "Big"]},
    }  # fmt: skip
    child = {
        "Parameters": {"Kind": {"Type": "String", "NoEcho": True, "Default": "k"}},
        "Mappings": {"Sizes": {"a": {"Big": "1"}}},
        "Conditions": {"Wide": {"Fn::Not": [{"Condition": "Narrow"}]}, "Narrow": {"Fn::Equals": ["a", "b"]}},
        "Resources": {"Data": {"Type": "A::B::C", "Condition": "Wide", "Properties": properties}},
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Data", "Arn"]}}},
    }
    made = in_parent(child)
    data = made["Resources"]["S/Data"]
    assert data["Condition"] == "S/Wide"
    assert data["Properties"] == {
        "Own": {"Ref": "S/Data"}, "Arn": {"Fn::GetAtt": ["S/Data", "Arn"]}, "Dotted": {"Fn::GetAtt": ["S/Data", "Arn"]},
        "Account": {"Ref": "AWS::AccountId"}, "Stack": {"Ref": "S/StackName"},
        "Text": {"Fn::Sub": "${S/Data.Arn}-${AWS::Region}-${S/StackName}-${!Literal}"},
        "Filled": {"Fn::Sub": ["${S/Data}-${Mine}", {"Mine": {"Ref": "S/Data"}}]},
        "Choice": {"Fn::If": ["S/Wide", {"Ref": "S/Data"}, "b"]},
        "Size": {"Fn::FindInMap": ["S/Sizes", {"Ref": "S/Kind"}, "Big"]},
    }  # fmt: skip
    assert made["Mappings"] == {"S/Sizes": {"a": {"Big": "1"}}}
    assert made["Conditions"]["S/Wide"] == {"Fn::Not": [{"Condition": "S/Narrow"}]}
    assert made["Parameters"].keys() == {"S/Kind"}
    assert made["Resources"]["S"] == {"Type": "AWS::CloudFormation::Stack"}


@pytest.mark.parametrize(
    ("declared", "given", "stands"),
    [
        ({"Type": "String"}, "orders", "orders"),
        ({"Type": "String", "Default": "d"}, None, "d"),
        ({"Type": "String", "Default": "d"}, "orders", "orders"),
        ({"Type": "Number"}, 5, "5"),
        ({"Type": "String"}, True, "true"),
        ({"Type": "CommaDelimitedList"}, "a, b", ["a", "b"]),
        ({"Type": "List<String>", "Default": "a ,b"}, None, ["a", "b"]),
        ({"Type": "String"}, {"Ref": "Other"}, {"Ref": "Other"}),
        ({"Type": "String"}, "", {"Ref": "S/P"}),
        ({"Type": "CommaDelimitedList"}, "", {"Ref": "S/P"}),
        ({"Type": "String", "NoEcho": True}, "secret", {"Ref": "S/P"}),
        ({"Type": "AWS::SSM::Parameter::Value<String>"}, "/a/b", {"Ref": "S/P"}),
        ({"Type": "String"}, None, {"Ref": "S/P"}),
    ],
)
def test_a_parameter_is_what_the_stack_gives_else_its_default_unless_nobody_may_know(
    declared: dict[str, Any], given: Any, stands: Any
) -> None:
    child = {"Parameters": {"P": declared}, "Resources": {"R": {"Type": "A::B::C", "Properties": {"X": {"Ref": "P"}}}}}
    made = in_parent(child, None if given is None else {"P": given})
    assert made["Resources"]["S/R"]["Properties"]["X"] == stands
    left = made["Parameters"].get("S/P")
    assert (left is None) == (stands != {"Ref": "S/P"} or given == "")
    if left is not None and given is not None:
        assert left == {**declared, "Default": given}


@pytest.mark.parametrize(("given", "is_there"), [("", False), ("x", True)])
def test_an_empty_parameter_decides_conditions(given: str, *, is_there: bool) -> None:
    child = {
        "Parameters": {"P": {"Type": "String"}},
        "Conditions": {"HasP": {"Fn::Not": [{"Fn::Equals": [{"Ref": "P"}, ""]}]}},
        "Resources": {"R": {"Type": "AWS::IAM::Role", "Condition": "HasP", "Properties": {}}},
    }
    condition = in_parent(child, {"P": given})["Conditions"]["S/HasP"]
    assert condition == {"Fn::Not": [{"Fn::Equals": ["x" if is_there else "", ""]}]}


def test_nothing_of_a_nested_template_is_there_without_the_condition_of_its_stack() -> None:
    child = {
        "Conditions": {"Own": {"Fn::Equals": [{"Ref": "AWS::Region"}, "r"]}},
        "Resources": {"Always": {"Type": "A::B::C"}, "Sometimes": {"Type": "A::B::C", "Condition": "Own"}},
    }
    made = in_parent(child, Condition="Prod", DependsOn="Other")
    assert made["Resources"]["S/Always"]["Condition"] == "Prod"
    assert made["Resources"]["S/Sometimes"]["Condition"] == "S/Own"
    own = {"Fn::Equals": [{"Ref": "AWS::Region"}, "r"]}
    assert made["Conditions"]["S/Own"] == {"Fn::And": [{"Condition": "Prod"}, own]}
    assert made["Resources"]["S"] == {
        "Type": "AWS::CloudFormation::Stack", "Condition": "Prod", "DependsOn": "Other",
    }  # fmt: skip


def test_a_stack_has_the_outputs_of_another_wherever_both_stand() -> None:
    giving = {"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}, "Outputs": {
        "Arn": {"Value": {"Fn::GetAtt": ["Q", "Arn"]}}, "Name": {"Value": "jobs"},
        "Text": {"Value": {"Fn::If": ["C", "a", "b"]}}, "Long": {"Value": "x" * 4_097},
        "Longest": {"Value": "x" * 4_096},
    }}  # fmt: skip
    taking = {
        "Parameters": {"Queue": {"Type": "String"}, "Name": {"Type": "String"}},
        "Resources": {"R": {"Type": "A::B::C", "Properties": {
            "Arn": {"Ref": "Queue"}, "Text": {"Fn::Sub": "${Queue}/${Name}"},
        }}},
    }  # fmt: skip
    parameters = {"Queue": {"Fn::GetAtt": ["Gives", "Outputs.Arn"]}, "Name": {"Fn::GetAtt": "Gives.Outputs.Name"}}
    own = {
        "Choice": {"Fn::Sub": "${Gives.Outputs.Text}!"},
        "Long": {"Fn::GetAtt": ["Gives", "Outputs.Long"]},
        "Longest": {"Fn::GetAtt": "Gives.Outputs.Longest"},
    }
    main = {"Resources": {
        "Takes": stack("takes.json", parameters), "Gives": stack("gives.json"),
        "Own": {"Type": "A::B::C", "Properties": own},
    }}  # fmt: skip
    made = whole({"main.json": main, "gives.json": giving, "takes.json": taking}).source.value["Resources"]
    arn = {"Fn::GetAtt": ["Gives/Q", "Arn"]}
    assert made["Takes/R"]["Properties"] == {"Arn": arn, "Text": {"Fn::Sub": "${Gives/Q.Arn}/jobs"}}
    choice = {"Fn::If": ["Gives/C", "a", "b"]}
    assert made["Own"]["Properties"] == {
        "Choice": {"Fn::Sub": ["${Value_0}!", {"Value_0": choice}]}, "Long": {"Fn::GetAtt": ["Gives", "Outputs.Long"]},
        "Longest": "x" * 4_096,
    }  # fmt: skip


def test_a_role_of_a_template_in_a_nested_one_stands_in_its_own_file() -> None:
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}}
    made = whole({
        "main.json": {"Resources": {"A": stack("sub/a.json")}},
        "sub/a.json": {"Resources": {"B": stack("./b/b.json"), "Mine": role}},
        "sub/b/b.json": {"Resources": {"Worker": role}},
    })  # fmt: skip
    assert made.followed == {"A", "A/B"}
    roles = template_roles(made.source.value, "main.json", made.source.locate).roles
    assert [(one.logical_id, one.origin.file if one.origin else "") for one in roles] == [
        ("A/Mine", "sub/a.json"),
        ("A/B/Worker", "sub/b/b.json"),
    ]


@pytest.mark.parametrize(
    ("folder", "problems"),
    [
        ({"main.json": {"Resources": {"S": stack("gone.json")}}}, {"S": "there is no file gone.json"}),
        ({"main.json": {"Resources": {"S": stack("s.json")}}, "s.json": {"Statement": []}}, {"S": "s.json is not"}),
        (
            {"main.json": {"Resources": {"S": stack("a.json")}}, "a.json": {"Resources": {"T": stack("b.json")}},
             "b.json": {"Resources": {"U": stack("a.json")}}},
            {"S/T/U": "a.json is nested in itself"},
        ),
        ({"main.json": {"Resources": {"S": stack("https://b.s3.amazonaws.com/s.json")}}}, {}),
        ({"main.json": {"Resources": {"S": stack("s-${Stage}.json")}}}, {}),
        (
            {"main.json": {"Resources": {f"S{number}": stack("s.json") for number in range(201)}},
             "s.json": {"Resources": {}}},
            {"S200": "s.json is nested more than 10 deep, or one of more than 200"},
        ),
    ],
)  # fmt: skip
def test_a_stack_that_cannot_be_followed_stays_and_is_told_unless_it_lies_elsewhere(
    folder: dict[str, Any], problems: dict[str, str]
) -> None:
    made = whole(folder)
    assert made.problems.keys() == problems.keys()
    assert all(problems[name] in text for name, text in made.problems.items())


def test_a_stack_that_names_itself_comes_before_those_that_take_its_outputs() -> None:
    echo = {
        "Parameters": {"P": {"Type": "String"}, "Empty": {"Type": "String", "Default": ""}},
        "Resources": {"R": {"Type": "A::B::C", "Properties": {"X": {"Ref": "P"}}}},
        "Outputs": {"P": {"Value": {"Ref": "P"}}, "Empty": {"Value": {"Ref": "Empty"}}},
    }
    main = {"Resources": {
        "Last": stack("echo.json", {"P": {"Fn::GetAtt": ["Second", "Outputs.P"]}}),
        "First": stack("echo.json", {"P": "First"}),
        "Second": stack("echo.json", {"P": {"Fn::GetAtt": ["First", "Outputs.P"]}}),
        "Own": {"Type": "A::B::C", "Properties": {"X": {"Fn::GetAtt": ["First", "Outputs.Empty"]}}},
    }}  # fmt: skip
    made = whole({"main.json": main, "echo.json": echo}).source.value["Resources"]
    assert {name: made[name]["Properties"]["X"] for name in ("Last/R", "First/R", "Second/R", "Own")} == {
        "Last/R": "First", "First/R": "First", "Second/R": "First", "Own": {"Ref": "First/Empty"},
    }  # fmt: skip


def test_a_part_of_a_nested_template_stands_at_its_own_line() -> None:
    child = b'{"Resources": {"R": {\n"Type": "A::B::C",\n"Properties": {\n"X": 1}}}}'
    main = read(json.dumps({"Resources": {"S": stack("s.json")}}).encode(), "main.json")
    locate = whole_template(main, {"s.json": (child, "s.json")}.get).source.locate
    origins = [locate(("Resources", "S/R", *below)) for below in ((), ("Properties",), ("Properties", "X"))]
    assert [(origin.file, origin.line) for origin in origins] == [("s.json", 1), ("s.json", 3), ("s.json", 4)]


@pytest.mark.parametrize(("count", "is_followed"), [(10, True), (11, False)])
def test_templates_are_followed_ten_deep(count: int, *, is_followed: bool) -> None:
    files = {f"t{number}.json": {"Resources": {"S": stack(f"t{number + 1}.json")}} for number in range(1, count)}
    folder = {"main.json": {"Resources": {"S": stack("t1.json")}}, **files, f"t{count}.json": {"Resources": {}}}
    assert (len(whole(folder).followed) == count) is is_followed


def test_of_two_versions_a_stack_is_followed_in_both_or_in_neither() -> None:
    role = {"Type": "AWS::IAM::Role", "Properties": {}}
    main = {"Resources": {"Auth": stack("auth.json"), "Data": stack("data.json")}}
    new = {"auth.json": {"Resources": {"R": role}}, "data.json": {"Resources": {"D": role}}}
    old = {"auth.json": {"Resources": {"R": role}}}
    source = read(json.dumps(main).encode(), "main.json")
    sides = whole_templates(source, source, (beside(old), beside(new)))
    assert [side.followed for side in sides] == [{"Auth"}, {"Auth"}]
    assert [side.problems for side in sides] == [{"Data": "there is no file data.json"}, {}]
    without_data = read(json.dumps({"Resources": {"Auth": stack("auth.json")}}).encode(), "main.json")
    sides = whole_templates(without_data, source, (beside(old), beside(new)))
    assert [side.followed for side in sides] == [{"Auth"}, {"Auth", "Data"}]
    role_of_that_name = read(
        json.dumps({"Resources": {"Auth": stack("auth.json"), "Data": role}}).encode(), "main.json"
    )
    sides = whole_templates(role_of_that_name, source, (beside(old), beside(new)))
    assert [side.followed for side in sides] == [{"Auth"}, {"Auth", "Data"}]


def test_a_file_that_is_no_template_is_told_by_the_name_that_its_reader_gives() -> None:
    source = read(json.dumps({"Resources": {"S": stack("s.json")}}).encode(), "main.json")
    assert whole_template(source, lambda path: (b"[]", f"{path} at main")).problems == {
        "S": "s.json at main is not a template"
    }


def test_the_globals_and_the_implicit_api_of_a_nested_template_are_its_own() -> None:
    event = {"Type": "Api", "Properties": {"Path": "/", "Method": "get"}}
    function = {"Type": "AWS::Serverless::Function", "Properties": {"Handler": "a.b", "Events": {"Get": event}}}
    child = {"Globals": {"Function": {"Runtime": "python3.13"}}, "Resources": {"F": function}}
    main = {
        "Globals": {"Function": {"Runtime": "python3.12"}},
        "Resources": {
            "S": {"Type": "AWS::Serverless::Application", "Properties": {"Location": "s.json"}},
            "G": function,
        },
    }
    made = whole({"main.json": main, "s.json": child}).source
    resources = {one.logical_id: one for one in template_roles(made.value, "t", made.locate).resources}
    assert {"ServerlessRestApi", "S/ServerlessRestApi"} <= resources.keys()
    runtimes = [resources[name].properties["Runtime"] for name in ("G", "S/F")]
    assert runtimes == ["python3.12", "python3.13"]


def test_an_output_that_another_function_makes_is_a_variable_of_the_text_that_takes_it() -> None:
    joined = {"Fn::Join": ["-", ["a", {"Ref": "AWS::Region"}]]}
    imported = {"Fn::ImportValue": "x"}
    outputs = {"J": {"Value": joined}, "I": {"Value": imported}, "R": {"Value": {"Ref": "Q"}}}
    giving = {"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}, "Outputs": outputs}
    text = ["${Gives.Outputs.J}/${Gives.Outputs.R}/${Own}/${Gives.Outputs.I}/${!Kept}", {"Own": "o"}]
    main = {
        "Resources": {"G": {"Type": "A::B::C", "Properties": {"Text": {"Fn::Sub": text}}}, "Gives": stack("g.json")}
    }
    made = whole({"main.json": main, "g.json": giving}).source.value["Resources"]
    filled = "${Value_1}/${Gives/Q}/${Own}/${Value_2}/${!Kept}"
    assert made["G"]["Properties"]["Text"] == {
        "Fn::Sub": [filled, {"Own": "o", "Value_1": joined, "Value_2": imported}],
    }  # fmt: skip
