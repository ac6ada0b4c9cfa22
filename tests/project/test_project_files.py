"""What is read of a project's folder without its code: names, values for this machine, kinds of policies, folders."""

from __future__ import annotations

import copy
import os
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from remit.app import App, Function, StoredValue
from remit.errors import Origin, RemitError
from remit.project.dot_remit import own_folder
from remit.project.existing import parameter, vpc
from remit.project.late_bound import aws
from remit.project.layer_folders import layer
from remit.project.local_values import local_values, with_local_variables
from remit.project.plain_files import content, folder_of_project, json_content, listed, toml
from remit.project.policy_kinds import policy_kinds
from remit.project.shared import Shared, output, resource
from remit.project.stack_name import checked_stage, project_name, stack_name
from remit.project.stored_values import secret


def refused(call: Any, *arguments: Any, **options: Any) -> RemitError:
    with pytest.raises(RemitError) as caught:
        call(*arguments, **options)
    return caught.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[project]\nname = "shop"', "shop"),
        ('\ufeff[project]\nname = "My Shop!"', "My-Shop"),
        ('[project]\nname = "7shop"', "app-7shop"),
        ('[project]\nname = "--"', "app"),
        ('[project]\nname = ""', "the-folder"),
        ("[project]\nname = 3", "the-folder"),
        ('project = "shop"', "the-folder"),
        (None, "the-folder"),
    ],
)
def test_a_project_is_named_by_its_pyproject_or_else_its_folder(
    tmp_path: Path, text: str | None, expected: str
) -> None:
    folder = tmp_path / "the_folder"
    folder.mkdir()
    if text is not None:
        (folder / "pyproject.toml").write_text(text, "utf-8")
    assert project_name(folder) == expected
    assert stack_name(folder, "prod") == f"{expected}-prod"


@pytest.mark.parametrize(
    ("stage", "hint"),
    [
        ("PR/7", "did you mean `pr7`? it starts with"),
        ("", "it starts with a lower-case letter"),
        ("7", "it starts with a lower-case letter"),
        ("a" * 21, "it starts with a lower-case letter"),
    ],
)
def test_what_is_no_stage_is_told_with_the_one_that_may_be_meant(stage: str, hint: str) -> None:
    assert (refused(checked_stage, stage).hint or "").startswith(hint)
    assert checked_stage("a" * 20) == "a" * 20


def test_values_for_this_machine_are_read_line_by_line(tmp_path: Path) -> None:
    assert local_values(tmp_path) == {}
    lines = ["# a comment", "", "A=x", " B = 'y' ", 'C="z"', "D=\"x'", 'E="', "F=a=b", "G=", "H=aba", "/shop/db=pg"]
    (tmp_path / ".env.local").write_text("\n".join(lines))
    assert local_values(tmp_path) == {
        "A": "x", "B": "y", "C": "z", "D": "\"x'", "E": '"', "F": "a=b", "G": "", "H": "aba", "/shop/db": "pg",
    }  # fmt: skip
    for line in ("no value", "=x", " = x"):
        (tmp_path / ".env.local").write_text(f"A=x\n{line}\n")
        assert refused(local_values, tmp_path).origin == Origin(".env.local", 2)
    (tmp_path / ".env.local").write_bytes(b"A=\xff")
    assert refused(local_values, tmp_path).message == "cannot read it: UnicodeDecodeError"


def test_a_function_here_has_the_values_of_its_variables_and_the_names_of_what_is_stored(tmp_path: Path) -> None:
    (tmp_path / ".env.local").write_text("URL=here\nDB=password\nOTHER=x\n")
    variables = {"URL": "there", "DB": "/shop/db", "MODE": "plain"}
    properties = {"Timeout": 3, "Environment": {"Variables": variables}}
    stored = (StoredValue("secretsmanager", "/shop/db", "/shop/db", variable="DB"),)
    web = Function("web", "Web", "app.web", properties, stored_values=stored)
    bare = Function("bare", "Bare", "app.bare", {})
    app = App("shop", "dev", (web, bare))
    here = {**properties, "Environment": {"Variables": {**variables, "URL": "here"}}}
    assert with_local_variables(app, tmp_path) == App("shop", "dev", (replace(web, properties=here), bare))
    assert properties["Environment"] == {"Variables": variables}


def test_toml_that_cannot_be_read_is_told_at_its_place(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    assert toml(path) == {}
    path.write_text("a = 1\nb = = 2\n")
    assert refused(toml, path).origin == Origin("pyproject.toml", 2, 5)
    path.write_bytes(b"a = '\xff'")
    assert refused(toml, path).message == "byte 5 is not UTF-8"


KINDS = '[tool.remit.kinds]\n"policies/scp-*.json" = "scp"\n"policies/*.json" = "boundary"\n'


def test_the_kind_of_a_policy_is_that_of_the_first_glob_that_its_file_matches(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    for name in ("scp-a.json", "b.json", "c.txt"):
        (tmp_path / "policies" / name).touch()
    (tmp_path / "pyproject.toml").write_text(KINDS)
    first, second, other = (tmp_path / "policies" / name for name in ("scp-a.json", "b.json", "c.txt"))
    kinds = policy_kinds(tmp_path)
    assert [kinds.of(first), kinds.of(second), kinds.of(other)] == ["scp", "boundary", None]
    assert kinds.of(other, second, first) == "boundary"
    assert kinds.of(tmp_path / "policies" / ".." / "policies" / "b.json") == "boundary"
    assert policy_kinds(tmp_path, "rcp").of(first, other) == "rcp"


@pytest.mark.parametrize(
    ("kinds", "message", "hint"),
    [
        ("3", "[tool.remit.kinds] is a table of globs and kinds", None),
        ('{"*.json" = "scpp"}', "[tool.remit.kinds]: there is no kind 'scpp' of policies", "did you mean `scp`?"),
        ('{"*.json" = "zzz"}', "[tool.remit.kinds]: there is no kind 'zzz' of policies", "there are identity, trust, "),
        ('{"*.json" = "scp"}', "[tool.remit.kinds]: '*.json' matches no file", None),
        ('{"/*.json" = "scp"}', "[tool.remit.kinds]: '/*.json' is no glob below the folder", None),
        ('{"" = "scp"}', "[tool.remit.kinds]: '' is no glob below the folder", None),
    ],
)
def test_a_kind_or_a_glob_that_is_none_is_told(tmp_path: Path, kinds: str, message: str, hint: str | None) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.remit]\nkinds = {kinds}\n")
    error = refused(policy_kinds, tmp_path)
    assert error.message.startswith(message)
    assert (error.hint or "").startswith(hint or "")
    assert error.origin == Origin("pyproject.toml")
    assert refused(policy_kinds, tmp_path, "scpp").message == "--kind: there is no kind 'scpp' of policies"


def test_a_folder_of_a_project_lies_in_it(tmp_path: Path) -> None:
    project, outside = tmp_path / "shop", tmp_path / "shop-other"
    (project / "layers" / "ffmpeg").mkdir(parents=True)
    outside.mkdir()
    (project / "file").touch()
    (project / "link").symlink_to(outside)
    (project / "dangling").symlink_to(project / "none")
    (project / "layers" / "picture").touch()
    origin = Origin("app.py", 1)

    def found(written: str) -> str:
        return folder_of_project(project, written, "a layer", "such as x", origin)

    assert [*map(found, ("layers/ffmpeg", "layers/../layers/ffmpeg/", ".", "layers/.."))] == [
        "layers/ffmpeg", "layers/ffmpeg", "", "",
    ]  # fmt: skip
    for written, problem, hint in (
        ("../shop-other", "it lies outside of the project", "such as x"),
        ("link", "it lies outside of the project", "such as x"),
        ("layers/ffmepg", "there is no such folder", "did you mean `ffmpeg`?"),
        ("nowhere/at/all", "there is no such folder", "such as x"),
        ("file", "it is not a folder", "such as x"),
        ("dangling", "it is not a folder", "such as x"),
        ("layers/pictures", "there is no such folder", "such as x"),
        ("a\0b", "there is no such folder", "such as x"),
    ):
        error = refused(found, written)
        assert (error.message, error.hint) == (f"a layer cannot be {written!r}: {problem}", hint)


def test_of_a_folder_that_people_fill_files_are_read_by_name_without_hidden_ones_and_notes(tmp_path: Path) -> None:
    for name in ("b.json", "a.json", ".hidden.json", "README.md", "c.txt"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "d.json").mkdir()
    assert [path.name for path in listed(tmp_path)] == ["a.json", "b.json", "c.txt", "d.json"]
    assert json_content(tmp_path / "a.json", "a.json", "a guardrail", "hint") == b"{}"
    for name in ("c.txt", "d.json"):
        message = f"{name} is not a guardrail: its name does not end in .json"
        assert refused(json_content, tmp_path / name, name, "a guardrail", "hint").message == message


def test_a_file_that_a_folder_s_name_goes_through_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "shop").touch()
    assert content(tmp_path / "shop" / "main.py") is None


def test_what_remit_keeps_is_in_no_link(tmp_path: Path) -> None:
    assert own_folder(tmp_path, "deployed", "x") == tmp_path / ".remit" / "deployed" / "x"
    (tmp_path / ".remit").mkdir()
    (tmp_path / ".remit" / "deployed").symlink_to(tmp_path)
    assert repr(str(tmp_path / ".remit" / "deployed")) in refused(own_folder, tmp_path, "deployed", "x").message
    assert own_folder(tmp_path, "seen") == tmp_path / ".remit" / "seen"
    other = tmp_path / "other"
    other.mkdir()
    (other / ".remit").symlink_to(tmp_path)
    assert repr(str(other / ".remit")) in refused(own_folder, other).message


def test_a_value_of_the_deploy_is_text_that_nothing_reads() -> None:
    copied = copy.copy(aws.region)
    assert (f"{copied}", repr(copied)) == ("${AWS::Region}", "<aws.region>")
    assert refused(format, aws.region, ">9").hint == "write `{aws.region}`"
    assert refused(lambda: aws.regoin).hint == "did you mean `region`?"  # type: ignore[attr-defined] # a mistake
    assert (refused(lambda: aws.zzz).hint or "").startswith("there are `aws.region`")  # type: ignore[attr-defined] # as above
    assert not hasattr(aws, "__wrapped__")
    assert refused(str, aws).message == "`aws` itself is not text"


@pytest.mark.parametrize(
    ("call", "arguments", "message"),
    [
        (parameter, (" ",), 'existing.parameter takes the name of a parameter, such as "/shop/subnets", got '),
        (parameter, (f"/shop/{aws.region}",), "and only the deploy knows /shop/${AWS::Region}"),
        (parameter, ("a b",), "no parameter can be named 'a b'"),
        (vpc, (None,), 'existing.vpc takes the tag Name of a VPC, or its id, such as "prod", got None'),
        (layer, (3,), "layer takes a folder, got int"),
        (secret, ("a value with spaces",), "secret takes the name that AWS keeps it under, and 'a value '… looks like"),
        (secret, ("postgres://user:x@h/db",), "secret takes the name that AWS keeps it under"),
        (secret, (None,), "secret takes a name, an ARN or a resource, got None"),
        (secret, ("a?b",), "no secret can be named 'a?b'"),
    ],
)
def test_a_name_that_is_none_is_told(call: Any, arguments: tuple[Any, ...], message: str) -> None:
    error = refused(call, *arguments)
    assert message in error.message
    is_unset = "usually os.environ.get() of a variable that is not set"
    assert (error.hint == is_unset) == (arguments == (None,))


def test_what_the_account_has_stands_for_a_parameter_of_the_template() -> None:
    arn = "arn:aws:ssm:eu-west-1:111122223333:parameter/a b"
    assert f"{parameter(arn)}".startswith("${Parameter")
    mine, other = vpc("prod"), vpc("prod", security_group="functions")
    assert mine["SubnetIds"] == other["SubnetIds"]
    assert mine["SecurityGroupIds"] != other["SecurityGroupIds"]
    assert mine["SubnetIds"]["Fn::Split"][0] == ","
    assert f"{parameter('a-b')}" != f"{parameter('a_b')}"
    assert refused(parameter("/a").split).hint == 'write `existing.parameter("/a").split(",")`'


def test_a_resource_has_its_properties_under_cloudformation_s_names_and_its_attributes() -> None:
    class Data(Shared):
        first = resource("AWS::SQS::Queue", {"QueueName": "a"}, queue_name="b", deletion_policy="Retain")
        second = resource(
            "AWS::DynamoDB::Table", depends_on=(first,), sse_specification={"a": (first,)}, logical_id="Own"
        )
        third = resource("Custom::X", type="t", own_value=[first])
        url = output(first.url, "its URL", export=f"{aws.region}-url")
        ref = output(second)
        nothing = output("")

    first, second, third = Data.resources
    assert (first.logical_id, first.properties) == ("DataFirst", {"QueueName": "b"})
    assert first.attributes == {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    assert (second.logical_id, second.attributes) == ("Own", {"DependsOn": ["DataFirst"]})
    assert second.properties == {"SSESpecification": {"a": ["${DataFirst}"]}}
    assert third.properties == {"Type": "t", "OwnValue": ["${DataFirst}"]}
    assert [(each.name, each.value, each.description, each.export) for each in Data.outputs] == [
        ("DataUrl", "${DataFirst}", "its URL", "${AWS::Region}-url"),
        ("DataRef", "${Own}", "", ""),
        ("DataNothing", "", "", ""),
    ]

    class Again(Shared):
        same = Data.first
        queue = resource("AWS::SQS::Queue")

    assert [each.logical_id for each in Again.resources] == ["AgainQueue"]
    assert Data.first.spelled == "Data.first"
    assert "`Data.first.arn` or `Data.first.ref`" in (refused(str, Data).hint or "")
    for options, hint in (
        ({"delete_policy": "Retain"}, "did you mean `deletion_policy`?"),
        ({"depend_on": first}, "did you mean `depends_on`?"),
    ):
        assert refused(resource, "AWS::SQS::Queue", **options).hint == hint
    assert refused(resource, "AWS::SQS::Queue", depends_on=["x"]).message.startswith("`depends_on` takes a resource")


def test_a_name_that_no_template_takes_is_told() -> None:
    error = refused(type, "Données", (Shared,), {"queue": resource("AWS::SQS::Queue")})
    assert error.message == "`Données.queue` cannot be named in a template"


def test_what_stands_in_the_place_of_a_file_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "main.py")
    assert refused(content, tmp_path / "main.py", "main.py").message == "it is a pipe, not a file"
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(tmp_path)  # the path of a socket is short
        try:
            server.bind("app.py")
        finally:
            os.chdir(here)
    assert refused(content, tmp_path / "app.py", "app.py").message == "it is a socket, not a file"
