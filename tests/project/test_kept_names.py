"""Names that an app keeps: of its stack, its functions and its resources, whatever they are called in code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cfn_lint import findings
from projects import at
from remit.synthesis.declared_roles import declared

if TYPE_CHECKING:
    from conftest import Make

DATA = "from remit import Shared, project, resource\nclass Data(Shared):\n"
KEPT = """
from shared.resources.data import Data
@app.function(
    function_name="shop-orders", logical_id="Orders", policy=[sqs_write.send(Data.inbox)],
    environment={"URL": Data.inbox.ref},
)
def hello(event, context): ...

app.web("shop_page:api", auth="NONE", function_name="shop-site", logical_id="Site")
""".replace("sqs_write", "queue")
INBOX = f'{DATA}    inbox = resource("AWS::SQS::Queue", logical_id="Inbox")\n'
LOGS = (
    f'{DATA}    logs = resource("AWS::Logs::LogGroup", logical_id="OrdersLogs", '
    'log_group_name=f"/aws/lambda/{project.namespace}-hello")\n'
)


def shop(make: Make, app: str, data: str = INBOX, config: str = 'config.stack_name = "shop"') -> Any:
    """A project with shared resources."""
    return make(config=config, app=app, **{"shared/resources/data.py": data, "shop_page.py": "def api(scope): ..."})


def test_resources_and_functions_have_the_ids_and_names_that_they_are_given(make: Make) -> None:
    project = shop(make, KEPT)
    built = project.built()
    assert (built.namespace, built.app.owner) == ("shop", "orders-dev")
    functions = project.resources("AWS::Lambda::Function")
    assert {name: item["FunctionName"] for name, item in functions.items()} == {
        "Orders": "shop-orders",
        "Site": "shop-site",
    }
    assert functions["Orders"]["Environment"]["Variables"] == {
        "URL": {"Ref": "Inbox"},
        "REMIT_STACK": {"Ref": "AWS::StackId"},
        "REMIT_STAGE": "dev",
        "REMIT_PROJECT": "orders",
    }
    assert functions["Orders"]["Role"] == {"Fn::GetAtt": ["HelloRole", "Arn"]}
    assert set(project.resources("AWS::SQS::Queue")) == {"Inbox"}
    groups = project.resources("AWS::Logs::LogGroup")
    assert {name: group["LogGroupName"] for name, group in groups.items()} == {
        "HelloLogGroup": "/aws/lambda/shop-orders",
        "WebLogGroup": "/aws/lambda/shop-site",
    }
    assert findings(project.folder / ".remit" / "build" / "template.json") == []
    assert project.remit("lint").status == 0


def test_whoever_reads_the_template_finds_the_names_in_code(make: Make) -> None:
    project = shop(make, KEPT)
    assert declared(project.template()).functions == {"Orders": "hello", "Site": "web"}
    explained = project.remit("explain", "hello", "sqs:SendMessage", "${Inbox.Arn}")
    assert (explained.status, explained.out.startswith("Allowed")) == (0, True), explained


def test_a_shared_log_group_with_the_name_of_a_functions_own_is_the_one_that_it_writes_to(make: Make) -> None:
    project = shop(make, "@app.function\ndef hello(event, context): ...\n", LOGS)
    assert set(project.resources("AWS::Logs::LogGroup")) == {"OrdersLogs"}
    (function,) = project.resources("AWS::Lambda::Function").values()
    assert function["LoggingConfig"] == {"LogGroup": {"Ref": "OrdersLogs"}}
    assert project.statements()[0]["Resource"] == "${OrdersLogs.Arn}"


WRONG_DATA = {
    '"a-b"': ("`logical_id` is 'a-b'", "a logical id has letters and digits only, at most 255"),
    '"Straße"': ("`logical_id` is 'Straße'", "a logical id has letters and digits only, at most 255"),
    '"a" * 256': (
        "`logical_id` is 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "a logical id has letters and digits only",
    ),
    '""': ("`logical_id` is an empty string", None),
    "7": ("`logical_id` must be a string, got int '7'", None),
}


@pytest.mark.parametrize("written", WRONG_DATA)
def test_an_id_that_no_template_takes_is_an_error_at_its_line(make: Make, written: str) -> None:
    message, hint = WRONG_DATA[written]
    error = shop(make, "", f'{DATA}    inbox = resource("AWS::SQS::Queue", logical_id={written})\n').error()
    assert (error.message, at(error)) == (message, "shared/resources/data.py:3:13")
    assert (error.hint or "").startswith(hint or "")


def test_an_id_of_255_letters_is_fine(make: Make) -> None:
    name = "A" * 255
    project = shop(make, "", f'{DATA}    inbox = resource("AWS::SQS::Queue", logical_id="{name}")\n')
    assert set(project.resources("AWS::SQS::Queue")) == {name}


ALIKE = {
    "a role of remit's": ("@app.function\ndef hello(event, context): ...\n", "HelloRole"),
    "a function": ('@app.function(logical_id="Inbox")\ndef hello(event, context): ...\n', "Inbox"),
    "remit's id of a function": ("@app.function\ndef hello(event, context): ...\n", "HelloFunction"),
}


@pytest.mark.parametrize("case", ALIKE)
def test_an_id_that_something_else_has_is_refused(make: Make, case: str) -> None:
    app, name = ALIKE[case]
    error = shop(make, app, INBOX.replace("Inbox", name)).error()
    assert error.message.startswith(f"two resources are both `{name}` in the template: ")
    assert "or choose another `logical_id=`" in str(error.hint)


def test_two_functions_of_one_id_or_one_name_are_refused(make: Make) -> None:
    app = """
@app.function({0}="Orders")
def hello(event, context): ...
@app.function({0}="Orders")
def bye(event, context): ...
"""
    by_id = shop(make, app.format("logical_id")).error()
    assert (by_id.message.startswith("two resources are both `Orders` in the template"), at(by_id)) == (
        True,
        "app.py:12:2",
    )
    by_name = shop(make, app.format("function_name")).error()
    assert (by_name.message, by_name.hint, at(by_name)) == (
        "functions `hello` and `bye` are both `Orders` in the account",
        "give one another `function_name=`",
        "app.py:12:2",
    )


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ('function_name="a b"', "`function_name` is 'a b'"),
        ("function_name=aws.account", "`function_name` is '${AWS::AccountId}'"),
        ('function_name="x" * 65', "`function_name` is 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
        ('logical_id="a b"', "`logical_id` is 'a b'"),
    ],
)
def test_a_name_that_lambda_does_not_take_is_an_error_at_its_line(make: Make, option: str, message: str) -> None:
    app = f"from remit import aws\n@app.function({option})\ndef hello(event, context): ...\n"
    error = make(app=app).error()
    assert (error.message, at(error)) == (message, f"app.py:10:{15 + len(option.partition('=')[0]) + 1}")


def test_a_group_has_no_names_to_give(make: Make) -> None:
    error = make(app='g = app.group("g", logical_id="X")\n@g.function\ndef hello(event, context): ...\n').error()
    assert error.message == "`app.group` has no option `logical_id`"


def test_properties_name_the_option(make: Make) -> None:
    app = '@app.function(properties={"FunctionName": "x"})\ndef hello(event, context): ...\n'
    assert make(app=app).error().hint == "write function_name="


@pytest.mark.parametrize("name", ["9shop", "shop_1", "a" * 129, "shop.x"])
def test_a_stack_name_that_cloudformation_does_not_take_is_an_error_at_its_line(make: Make, name: str) -> None:
    error = make(config=f'config.stack_name = "{name}"').error()
    assert at(error) == "config/deploy.py:5:5"
    assert error.message.startswith("`config.stack_name` is '")


def test_the_namespace_in_code_is_the_name_of_the_stack_also_of_one_stage(make: Make) -> None:
    app = '@app.function(environment={"NS": project.namespace, "NAME": project.name})\ndef hello(event, context): ...\n'
    stage = {"config/deploy/prod.py": "from remit import config\nconfig.stack_name = 'shop'\n"}
    project = make(config="pass", app=f"from remit import project\n{app}", **stage)
    variables = [project.function(stage=stage).properties["Environment"]["Variables"] for stage in ("dev", "prod")]
    assert variables == [{"NS": "orders-dev", "NAME": "orders"}, {"NS": "shop", "NAME": "orders"}]
    assert [project.built(stage).namespace for stage in ("dev", "prod")] == ["orders-dev", "shop"]
