"""Nested templates that are local files are compared as part of the whole, with what their stacks give them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from remit.report.access_documents import review_document
from remit.report.access_lines import report_lines
from remit.report.access_report import review_report
from remit.review.role_files import review_files

if TYPE_CHECKING:
    from remit.review.access_change import Review

Template = dict[str, Any]
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def role(actions: Any, resource: Any = "*", **properties: Any) -> Template:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": resource}]}
    policies = [{"PolicyName": "p", "PolicyDocument": document}]
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": TRUST, "Policies": policies, **properties},
    }


def stack(path: str, parameters: Template | None = None, **attributes: Any) -> Template:
    properties = {"TemplateURL": path, **({"Parameters": parameters} if parameters else {})}
    return {"Type": "AWS::CloudFormation::Stack", "Properties": properties, **attributes}


def template(resources: Template, **sections: Any) -> Template:
    return {"Resources": resources, **sections}


def compared(old: dict[str, Template], new: dict[str, Template]) -> Review:
    """The review of `main.json` in two folders, each a template by its path."""

    def beside(folder: dict[str, Template], side: str) -> Any:
        def content(path: str) -> tuple[bytes, str] | None:
            return (json.dumps(folder[path]).encode(), f"{side}/{path}") if path in folder else None

        return content

    mains = [
        (json.dumps(folder["main.json"]).encode(), f"{side}/main.json") for folder, side in ((old, "old"), (new, "new"))
    ]
    return review_files(mains[0], mains[1], (beside(old, "old"), beside(new, "new")))


def test_a_role_of_a_nested_template_gains_by_its_own_name_and_line() -> None:
    main = template({"Auth": stack("./sub/auth.json")})
    old, new = (
        {"main.json": main, "sub/auth.json": template({"Worker": role(actions)})}
        for actions in ("s3:GetObject", ["s3:GetObject", "s3:PutObject"])
    )
    assert review_document(compared(old, old))["gained"] == []
    reviewed = compared(old, new)
    (gain,) = review_document(reviewed)["gained"]
    assert (gain["role"], gain["action"]) == ("Auth/Worker", "s3:PutObject")
    assert gain["origin"]["file"] == "new/sub/auth.json"
    assert reviewed.not_compared == ()


def test_a_path_is_read_from_the_folder_of_the_template_that_it_stands_in() -> None:
    old, new = (
        {
            "main.json": template({"A": stack("sub/a.json")}),
            "sub/a.json": template({"B": stack("../other/b.json")}),
            "other/b.json": template({"Worker": role(action)}),
        }
        for action in ("sqs:SendMessage", "sqs:*")
    )
    gained = review_document(compared(old, new))["gained"]
    assert {gain["role"] for gain in gained} == {"A/B/Worker"}


@pytest.mark.parametrize("given", ["orders", {"Ref": "Data"}, {"Fn::GetAtt": ["Names", "Outputs.Bucket"]}])
def test_what_a_stack_gives_its_template_stands_in_the_statements_there(given: Any) -> None:
    arn = {"Fn::Sub": "arn:aws:s3:::${Bucket}/*"}
    names = template({}, Outputs={"Bucket": {"Value": "orders"}})
    nested = template({"Worker": role("s3:GetObject", arn)}, Parameters={"Bucket": {"Type": "String"}})
    resources = {"Data": {"Type": "AWS::S3::Bucket"}, "Names": stack("names.json")}
    folder = {"names.json": names, "a.json": nested}
    main = template({**resources, "Auth": stack("a.json", {"Bucket": given})})
    reviewed = compared({**folder, "main.json": template(resources)}, {**folder, "main.json": main})
    (gain,) = (gain for gain in review_document(reviewed)["gained"] if gain["kind"] == "access")
    expected = "arn:aws:s3:::${Data}/*" if given == {"Ref": "Data"} else "arn:aws:s3:::orders/*"
    assert gain["allows"]["resource"] == expected


def test_a_parameter_that_a_stack_does_not_give_has_its_default_there() -> None:
    nested = {
        "Parameters": {"Mode": {"Type": "String", "Default": "narrow"}},
        "Conditions": {"IsWide": {"Fn::Equals": [{"Ref": "Mode"}, "wide"]}},
    }
    old = template({"Worker": role("s3:GetObject")}, **nested)
    new = template({"Worker": role({"Fn::If": ["IsWide", "s3:*", "s3:GetObject"]})}, **nested)
    for parameters, gains in ((None, False), ({"Mode": "wide"}, True)):
        main = template({"Auth": stack("a.json", parameters)})
        reviewed = compared({"main.json": main, "a.json": old}, {"main.json": main, "a.json": new})
        assert reviewed.broadens is gains


def test_a_role_that_one_nested_template_hands_to_another_is_compared() -> None:
    roles = template(
        {"Narrow": role("s3:GetObject"), "Wide": role("*")},
        Outputs={name: {"Value": {"Fn::GetAtt": [name, "Arn"]}} for name in ("Narrow", "Wide")},
    )
    tasks = template(
        {"Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"TaskRoleArn": {"Ref": "RoleArn"}}}},
        Parameters={"RoleArn": {"Type": "String"}},
    )
    old, new = (
        {
            "roles.json": roles,
            "tasks.json": tasks,
            "main.json": template(
                {
                    "Tasks": stack("tasks.json", {"RoleArn": {"Fn::GetAtt": f"Roles.Outputs.{name}"}}),
                    "Roles": stack("roles.json"),
                }
            ),
        }
        for name in ("Narrow", "Wide")
    )
    (gain,) = review_document(compared(old, new))["gained"]
    assert (gain["functions"], gain["allows"]) == (["Tasks/Task"], {"action": "*", "resource": "*"})


def test_what_a_bucket_of_the_whole_says_to_a_nested_role_is_asked_with_it() -> None:
    def folder(action: str) -> dict[str, Template]:
        said = {"Effect": "Allow", "Principal": {"AWS": {"Fn::GetAtt": "Auth.Outputs.Arn"}}, "Action": action,
                "Resource": "arn:aws:s3:::orders/*"}  # fmt: skip
        policy = {"Bucket": "orders", "PolicyDocument": {"Version": "2012-10-17", "Statement": [said]}}
        nested = template({"Worker": role("s3:PutObject")}, Outputs={"Arn": {"Value": {"Fn::GetAtt": "Worker.Arn"}}})
        main = template({"Auth": stack("a.json"), "Says": {"Type": "AWS::S3::BucketPolicy", "Properties": policy}})
        return {"main.json": main, "a.json": nested}

    assert not compared(folder("s3:GetObject"), folder("s3:PutObject")).broadens  # its own policy has that
    (gain,) = review_document(compared(folder("s3:GetObject"), folder("s3:DeleteObject")))["gained"]
    assert gain["role"] == "Auth/Worker"


def test_the_condition_of_a_stack_decides_on_all_that_is_in_its_template() -> None:
    main = template(
        {"Auth": stack("a.json", Condition="IsProd")},
        Parameters={"Stage": {"Type": "String"}},
        Conditions={"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
    )
    old, new = (
        {"main.json": main, "a.json": template({"Worker": role(action)})} for action in ("s3:GetObject", "s3:*")
    )
    gained = review_document(compared(old, new))["gained"]
    assert {tuple(gain["when"]) for gain in gained} == {("Stage = prod",)}


def test_an_implicit_api_and_globals_are_those_of_their_own_template() -> None:
    def app(authorizer: str) -> Template:
        event = {"Type": "Api", "Properties": {"Path": "/orders", "Method": "get"}}
        properties = {"Handler": "a.b", "Runtime": "python3.12", "InlineCode": "", "Events": {"Get": event}}
        shared = {"Api": {"Auth": {"DefaultAuthorizer": authorizer}}}
        return template({"Fn": {"Type": "AWS::Serverless::Function", "Properties": properties}}, Globals=shared)

    def folder(nested: str) -> dict[str, Template]:
        main = app("AWS_IAM")
        main["Resources"]["App"] = {"Type": "AWS::Serverless::Application", "Properties": {"Location": "app.json"}}
        return {"main.json": main, "app.json": app(nested)}

    (door,) = review_document(compared(folder("AWS_IAM"), folder("NONE")))["doors"]
    assert (door["role"], door["is"], door["public"]) == ("App/Fn", "everybody", True)


def test_a_secret_that_a_stack_gives_is_never_told() -> None:
    nested = template(
        {"Worker": role("s3:GetObject", {"Fn::Sub": "arn:aws:s3:::${Word}/*"})},
        Parameters={"Word": {"Type": "String", "NoEcho": True}},
    )
    old = {"main.json": template({})}
    new = {"main.json": template({"Auth": stack("a.json", {"Word": "hunter2"})}), "a.json": nested}
    reviewed = compared(old, new)
    assert reviewed.broadens
    assert "hunter2" not in json.dumps(review_document(reviewed)) + "\n".join(report_lines(review_report(reviewed)))


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("gone.json", "there is no file gone.json"),
        ("loop.json", "loop.json is nested in itself"),
        ("text.json", "text.json is not a template"),
        ("deep0.json", "nested more than 10 deep"),
    ],
)
def test_a_nested_template_that_cannot_be_followed_is_named(path: str, why: str) -> None:
    folder: dict[str, Any] = {
        "main.json": template({"A": stack(path)}),
        "loop.json": template({"A": stack("loop.json")}),
    }
    folder |= {f"deep{depth}.json": template({"A": stack(f"deep{depth + 1}.json")}) for depth in range(20)}
    folder["text.json"] = ["no template"]
    reviewed = compared(folder, folder)
    assert [item.why for item in reviewed.not_compared] == ["other template"]
    assert reviewed.leaves_open(strict=True)
    (note,) = reviewed.notes
    assert why in note


@pytest.mark.parametrize("url", ["https://s3.amazonaws.com/a/b.json", "s3://a/b.json", {"Fn::Sub": "${Where}/b.json"}])
def test_a_template_at_a_url_is_not_followed(url: Any) -> None:
    old, new = ({"main.json": template({"A": stack(url, {"Size": size})})} for size in ("1", "2"))
    reviewed = compared(old, new)
    assert [item.id for item in reviewed.not_compared] == ["A"]
    assert reviewed.notes == ()


def test_a_template_that_one_version_alone_has_here_is_not_compared_with_nothing() -> None:
    nested = {"a.json": template({"Worker": role("*")})}
    old = {"main.json": template({"A": stack("https://example.com/a.json")}), **nested}
    new = {"main.json": template({"A": stack("a.json")}), **nested}
    reviewed = compared(old, new)
    assert not reviewed.changes
    assert [item.id for item in reviewed.not_compared] == ["A"]


def test_two_stacks_of_one_template_are_told_apart() -> None:
    nested = template({"Worker": role({"Ref": "Action"})}, Parameters={"Action": {"Type": "String"}})
    old, new = (
        {
            "main.json": template(
                {"A": stack("a.json", {"Action": "s3:GetObject"}), "B": stack("a.json", {"Action": b})}
            ),
            "a.json": nested,
        }
        for b in ("s3:GetObject", "s3:PutObject")
    )
    document = review_document(compared(old, new))
    assert [(gain["role"], gain["action"]) for gain in document["gained"]] == [("B/Worker", "s3:PutObject")]
