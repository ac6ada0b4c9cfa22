"""What the account has already, as settings and declarations name it: a build asks nobody, and says so."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projects import Project, write
from random_cases import cases
from remit import existing
from remit.errors import RemitError

if TYPE_CHECKING:
    from conftest import Make

FUNCTION = "from remit import existing\n@app.function({settings})\ndef hello(event, context): ...\n"


def hello(make: Make, own: str) -> dict[str, Any]:
    """The properties of a function with these settings."""
    project = make(app=FUNCTION.format(settings=own))
    properties: dict[str, Any] = project.resources("AWS::Lambda::Function")["HelloFunction"]
    return properties


def test_parameters_of_the_template_stand_for_the_parts_of_a_vpc(make: Make) -> None:
    project = make(config='from remit import existing\nconfig.lambda_.function.vpc_config = existing.vpc("prod")')
    built = project.built()
    subnets, group = built.template.parameters
    assert ("private subnets of VPC prod", "security group default of VPC prod") == (subnets.called, group.called)
    assert {
        parameter.parameter: {"Type": "String", "Description": f"{parameter.called}, which `remit deploy` looks up"}
        for parameter in built.template.parameters
    } == json.loads(built.body)["Parameters"]
    properties = project.resources("AWS::Lambda::Function")["HelloFunction"]
    assert {
        "SubnetIds": {"Fn::Split": [",", {"Ref": subnets.parameter}]},
        "SecurityGroupIds": {"Fn::Split": [",", {"Ref": group.parameter}]},
    } == properties["VpcConfig"]
    assert any("remit deploy` looks up private subnets of VPC prod" in note for note in built.notes)


def test_a_parameter_is_a_list_where_a_list_is_wanted_and_text_elsewhere(make: Make) -> None:
    vpc = '{"SubnetIds": existing.parameter("/shop/subnets"), "SecurityGroupIds": ["sg-1"]}'
    properties = hello(make, f'vpc_config={vpc}, environment={{"IT": "x-" + existing.parameter("/shop/url")}}')
    assert "Fn::Split" in properties["VpcConfig"]["SubnetIds"]
    assert "x-${ParameterShopUrl" in properties["Environment"]["Variables"]["IT"]["Fn::Sub"]


def test_what_nothing_refers_to_is_no_parameter_of_the_template(make: Make) -> None:
    project = make(
        app='from remit import existing\nUNUSED = existing.vpc("prod")\n@app.function\ndef hello(e, c): ...\n'
    )
    assert () == project.built().template.parameters


USES: Final = {
    "a variable": ("app", "@app.function(environment={{'AA': {it}}})\ndef f{n}(e, c): ...\n"),
    "a grant": (
        "app",
        "@app.function(policy=[grants.allow('s3:GetObject', on='arn:aws:s3:::' + {it})])\ndef f{n}(e, c): ...\n",
    ),
    "an output": ("shared", "    out{n} = output({it})\n"),
    "a property": ("shared", "    topic{n} = resource('AWS::SNS::Topic', display_name={it})\n"),
    "nothing": ("app", "UNUSED{n} = {it}\n"),
}


@settings(max_examples=cases(8, deep=60))
@given(st.lists(st.sampled_from(sorted(USES)), max_size=4))
def test_the_template_has_each_parameter_that_something_refers_to_and_no_other(uses: list[str]) -> None:
    files = {
        "app.py": "from remit import App, existing, grants\napp = App()\n@app.function\ndef hello(e, c): ...\n",
        "shared/resources/data.py": "from remit import *\nclass Data(Shared):\n    a = 1\n",
    }
    for number, use in enumerate(uses):
        kind, text = USES[use]
        file = "app.py" if kind == "app" else "shared/resources/data.py"
        files[file] += text.format(n=number, it=f"existing.parameter('/shop/p{number}')")
    with TemporaryDirectory() as folder:
        write(Path(folder), files)
        template = Project(Path(folder)).template()
    parameters = template.pop("Parameters", {})
    body = json.dumps(template)
    assert {name for name in parameters if name not in body} == set()
    assert len(parameters) == sum(use != "nothing" for use in uses)


def test_names_that_differ_in_signs_alone_are_two_parameters(make: Make) -> None:
    variables = '{"A1": existing.parameter("/shop/a-b"), "A2": existing.parameter("/shop/ab")}'
    values = hello(make, f"environment={variables}")["Environment"]["Variables"]
    assert values["A1"] != values["A2"]


def test_a_value_that_two_lines_name_is_one_parameter_of_the_first_of_them(make: Make) -> None:
    text = 'existing.parameter("/shop/url")'
    project = make(app=FUNCTION.format(settings=f'environment={{"A1": {text},\n"B2": {text}}}'))
    (parameter,) = project.built().template.parameters
    assert parameter.origin is not None
    assert '{"A1": ' in (project.folder / "app.py").read_text("utf-8").splitlines()[parameter.origin.line - 1]


def test_two_security_groups_of_one_vpc_are_two_parameters() -> None:
    groups = {repr(existing.vpc("prod", security_group=name)["SecurityGroupIds"]) for name in ("a", "b")}
    assert 2 == len(groups)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("existing.vpc(None)", "existing.vpc takes the tag Name of a VPC, or its id"),
        ('existing.parameter("")', "existing.parameter takes the name of a parameter"),
        ('existing.parameter(existing.parameter("/a"))', "only the deploy knows"),
        ('existing.parameter("/a").upper()', "has no `upper` yet"),
        ('existing.parameter("/a").split()', "cannot be split at spaces"),
    ],
)
def test_a_name_that_is_none_is_an_error_at_its_line(make: Make, written: str, message: str) -> None:
    project = make(
        app=f"from remit import existing\nWRONG = {written}\n@app.function\ndef hello(event, context): ...\n"
    )
    with pytest.raises(RemitError, match=message) as refused:
        project.load()
    origin = refused.value.origin
    assert origin is not None
    assert ("app.py", 10) == (origin.file, origin.line)
