"""While a project loads, its code finds a region and the variables that functions declare, as it will in Lambda."""

from __future__ import annotations

import os
from operator import attrgetter
from typing import TYPE_CHECKING

import pytest

from projects import at, remit_process, write

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Make

FUNCTION = "\ndef hello(event, context): ...\n"


def test_clients_at_the_top_of_a_module_need_no_region_and_no_credentials(make: Make) -> None:
    """In a process that has no environment at all: no region, no credentials, no home."""
    app = 'import boto3\ns3 = boto3.client("s3")\ntable = boto3.resource("dynamodb").Table("orders")\n'
    ran = remit_process("build", "--no-package", cwd=make(app=f"{app}@app.function{FUNCTION}").folder)
    assert (0, "") == (ran.status, ran.err)


def test_a_region_that_is_set_is_the_one_that_clients_have(make: Make) -> None:
    app = f'import boto3, sys\nprint(boto3.client("s3").meta.region_name, file=sys.stderr)\n@app.function{FUNCTION}'
    folder = make(app=app, aws="[profile work]\nregion = eu-west-3\n").folder
    settings = {"AWS_DEFAULT_REGION": "eu-west-1"}, {"AWS_REGION": "eu-west-2"}
    regions = [remit_process("lint", cwd=folder, environment=environment).err for environment in settings]
    profile = {"AWS_PROFILE": "work", "AWS_CONFIG_FILE": str(folder / "aws")}
    regions.append(remit_process("lint", cwd=folder, environment=profile).err)
    assert ["eu-west-1\n", "eu-west-2\n", "eu-west-3\n"] == regions


@pytest.mark.parametrize("config", ["[default]\nregion\n", "[profile other]\nregion = eu-west-3\n", ""])
def test_files_that_the_sdk_refuses_are_its_own_affair(make: Make, config: str) -> None:
    app = f'import boto3\nboto3.client("s3")\n@app.function{FUNCTION}'
    folder = make(app=app, aws=config).folder
    environment = {"AWS_PROFILE": "work", "AWS_CONFIG_FILE": str(folder / "aws")}
    ran = remit_process("lint", cwd=folder, environment=environment)
    assert (2, True) == (ran.status, "app.py raised " in ran.out)


DECLARED = {
    "at the function": ("", '@app.function(environment={"TABLE": "orders"})'),
    "at its group": ("", 'group = app.group("all", environment=dict(TABLE="orders"))\n@group.function'),
    "for all functions": ('config.lambda_.function.environment = {"TABLE": "orders"}', "@app.function"),
    "for all functions, added": ('config.lambda_.function.environment |= {"TABLE": "orders"}', "@app.function"),
    "by a name": ("", 'ENV = {"LEVEL": "info"}\nMORE = {**ENV, "TABLE": "orders"}\n@app.function(environment=MORE)'),
    "as a property": ("", '@app.function(properties={"Environment": {"Variables": {"TABLE": "orders"}}})'),
    "in a module": ("", "import names\n@app.function(environment=names.ENV)"),
}


@pytest.mark.parametrize("kind", DECLARED)
def test_a_variable_that_a_function_declares_can_be_read_at_the_top_of_a_module(make: Make, kind: str) -> None:
    config, decorator = DECLARED[kind]
    app = f"import os\nfrom os import environ\nTABLE = os.environ['TABLE'] + environ['TABLE']\n{decorator}{FUNCTION}"
    project = make(config=config or "pass", app=app, **{"names.py": 'ENV = {"TABLE": "orders"}\n'})
    assert {"TABLE": "orders"}.items() <= project.function().properties["Environment"]["Variables"].items()


def test_what_lambda_itself_sets_can_be_read_at_the_top_of_a_module(make: Make) -> None:
    app = "import os\nplace = os.environ['AWS_REGION'] + os.environ['AWS_LAMBDA_FUNCTION_NAME']\n@app.function"
    assert make(app=app + FUNCTION).function().name == "hello"


def test_a_variable_that_is_declared_as_a_number_can_be_read_as_one(make: Make) -> None:
    app = "import os\nassert (7, 7.0) == (int(os.environ['MOST']), float(os.environ['MOST']))\n"
    assert make(app=f"{app}@app.function(environment={{'MOST': '7'}}){FUNCTION}").function().name == "hello"


def test_code_that_asks_whether_a_variable_is_set_learns_that_it_is_not(make: Make) -> None:
    app = (
        "import os\nassert 'TABLE' not in os.environ and 'TABLE' not in dict(os.environ)\n"
        "assert os.environ.get('TABLE', 'mine') == 'mine'\nassert os.getenv('TABLE', 'mine') == 'mine'\n"
        "assert os.environ.get('LEVEL') is None\nassert os.getenv('AWS_REGION') is None\n"
        "assert os.environ.pop('TABLE', None) is None\n"
    )
    assert make(app=f"{app}@app.function(environment={{'TABLE': 'orders'}}){FUNCTION}").function().name == "hello"


def test_a_library_that_asks_for_a_variable_that_a_function_declares_learns_that_it_is_not_set(
    make: Make, tmp_path: Path
) -> None:
    write(tmp_path / "installed", {"eager.py": "import os\nLEVEL = os.environ.get('LOG_LEVEL')\n"})
    app = (
        f"import sys\nsys.path.append({str(tmp_path / 'installed')!r})\nimport eager\nassert eager.LEVEL is None\n"
        f"import os\nassert os.environ.get('LOG_LEVEL').startswith('placeholder')\n"
        f"@app.function(environment={{'LOG_LEVEL': 'INFO'}}){FUNCTION}"
    )
    assert (0, "") == attrgetter("status", "err")(remit_process("build", "--no-package", cwd=make(app=app).folder))


@pytest.mark.parametrize(
    "read", ["os.environ.get('TABLE')", "os.getenv('TABLE')", "environ.get('TABLE', None)", "environ.get(key='TABLE')"]
)
def test_a_declared_variable_without_a_default_reads_as_a_placeholder(make: Make, read: str) -> None:
    app = f"import os\nfrom os import environ\nTABLE = {read}\nassert TABLE.startswith('placeholder-for-TABLE')\n"
    assert make(app=f"{app}@app.function(environment={{'TABLE': 'orders'}}){FUNCTION}").function().name == "hello"


def test_the_variable_of_a_link_can_be_read_at_the_top_of_a_module(make: Make) -> None:
    shared = "from remit import Shared, resource\nclass Data(Shared):\n    new_orders = resource('AWS::SQS::Queue')\n"
    app = (
        "import os\nfrom remit import grants\nfrom shared.resources.data import Data\n"
        "URL = os.environ['DATA_NEW_ORDERS']\n@app.function(link=[grants.sqs.send(Data.new_orders)])\n"
        "def hello(event, context): ...\n"
    )
    project = make(app=app, **{"shared/resources/data.py": shared})
    variables = project.load().functions[0].properties["Environment"]["Variables"]
    assert {"DATA_NEW_ORDERS": "${DataNewOrders}"} == variables


def test_a_variable_of_the_build_that_is_handed_on_has_its_own_default(make: Make) -> None:
    app = "import os\n@app.function(environment={'LEVEL': os.environ.get('LEVEL') or os.getenv('LEVEL') or 'info'})"
    assert "info" == make(app=app + FUNCTION).function().properties["Environment"]["Variables"]["LEVEL"]


@pytest.mark.parametrize("name", ["TABLE", "NAME_OF_THE_TABLE_OF_ORDERS"])
def test_a_mistake_about_a_placeholder_says_what_it_is(make: Make, name: str) -> None:
    app = f"import os\n@app.function(http('GET /' + os.environ['{name}']), environment={{'{name}': 'orders'}})"
    error = make(app=app + FUNCTION).error()
    meaning = f"stands for the environment variable {name}, which is not set where remit runs: write the value"
    assert (True, "app.py:10:15") == (meaning in (error.hint or ""), at(error))


ENVIRONMENT = "environment={'MY_DB': 'orders'}"
REACHES = {
    "a grant": (f"@app.function({ENVIRONMENT}, policy=[dynamodb.read(TABLE)]){FUNCTION}", "11:56"),
    "a name in a statement": (
        f"ITEM = {{'Effect': 'Allow', 'Action': 's3:*', 'Resource': TABLE}}\n@app.function(policy=[ITEM]){FUNCTION}\n\
@app.function({ENVIRONMENT})\ndef other(event, context): ...\n",
        "12:23",
    ),
    "a trigger": (f"@app.function(sqs(TABLE.lower()), {ENVIRONMENT}){FUNCTION}", "11:2"),
    "a setting": (f"@app.function({ENVIRONMENT}, properties={{'Description': f'of {{TABLE}}'}}){FUNCTION}", "11:59"),
    "a managed policy": (
        f"@app.function({ENVIRONMENT}, policy=[\n    f'arn:aws:iam::111122223333:policy/{{TABLE}}',\n]){FUNCTION}",
        "12:5",
    ),
    "the name": (f"@app.function({ENVIRONMENT}, name=TABLE){FUNCTION}", "11:2"),
    "its own environment": (f"@app.function(environment={{'MY_DB': TABLE}}){FUNCTION}", "11:27"),
}


@pytest.mark.parametrize("kind", REACHES)
def test_a_placeholder_that_reaches_a_declaration_is_an_error_at_its_line(make: Make, kind: str) -> None:
    body, place = REACHES[kind]
    error = make(app=f"import os\nTABLE = os.environ['MY_DB']\n{body}").error()
    message = "the environment variable MY_DB is not set where remit runs, and this declaration needs its value"
    assert (True, f"app.py:{place}") == (error.message.endswith(message), at(error))


def test_the_region_in_a_declaration_is_an_error_that_names_the_value_of_the_deploy(make: Make) -> None:
    app = "import os\n@app.function(policy=[s3.read(os.environ['AWS_REGION'])])"
    error = make(app=app + FUNCTION).error()
    assert "write `aws.region` (`from remit import aws`), which is right in every region" == error.hint


def test_a_variable_that_is_nearly_a_declared_one_is_told(make: Make) -> None:
    app = f"import os\nTABLE = os.environ['MY_BD']\n@app.function({ENVIRONMENT}){FUNCTION}"
    error = make(app=app).error()
    assert ("did you mean `MY_DB`?", "app.py:10:9") == ((error.hint or "")[:21], at(error))


def test_a_placeholder_with_which_code_cannot_work_is_named(make: Make) -> None:
    app = f"import json, os\nTABLE = json.loads(os.environ['MY_DB'])\n@app.function({ENVIRONMENT}){FUNCTION}"
    error = make(app=app).error()
    hint = "MY_DB has a value where the function runs, and a placeholder here: read it inside of the function"
    assert (hint, "app.py:10:9") == (error.hint, at(error))


def test_afterwards_the_environment_is_as_it_was(make: Make) -> None:
    before, kind = dict(os.environ), type(os.environ)
    make(app=f"import os, boto3\nos.environ['MY_DB']\nboto3.client\n@app.function({ENVIRONMENT}){FUNCTION}").load()
    with pytest.raises(KeyError):
        os.environ["MY_DB"]
    assert (before, kind) == (dict(os.environ), type(os.environ))


def test_aws_that_is_called_where_an_app_is_imported_is_told_to_be_called_in_the_function(make: Make) -> None:
    app = "import boto3\nboto3.client('sts').get_caller_identity()\n"
    ran = remit_process("lint", cwd=make(app=f"{app}@app.function{FUNCTION}").folder)
    assert (2, True) == (ran.status, "call AWS inside of the function" in ran.out + ran.err)


def test_an_app_that_changes_its_folder_is_packed_where_it_is(make: Make) -> None:
    app = f"import os\nos.makedirs('elsewhere', exist_ok=True)\nos.chdir('elsewhere')\n@app.function{FUNCTION}"
    project = make(app=app)
    ran = remit_process("build", cwd=project.folder)
    assert (0, True) == (ran.status, (project.folder / ".remit/build/hello.zip").is_file())


@pytest.mark.parametrize(
    "item",
    ['policy=["dynamodb:" + os.environ["TABLE"]]', 'managed_policy=[os.environ["TABLE"]]'],
    ids=["policy", "managed"],
)
def test_a_placeholder_in_the_place_of_a_name_is_called_by_its_variable(make: Make, item: str) -> None:
    app = f'import os\n@app.function(environment={{"TABLE": "orders"}}, {item}){FUNCTION}'
    message = "the environment variable TABLE is not set where remit runs, and this declaration needs its value"
    assert make(app=app).error().message.endswith(f"[0]: {message}")
