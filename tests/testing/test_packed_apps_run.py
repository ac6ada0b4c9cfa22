"""Apps that are packed in several ways run as they are packed: each is deployed once, for tests of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from projects import run_tests, write
from random_cases import in_all_cases

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "from remit import App, on\napp = App()\n"
SETTINGS = '[project]\nname = "orders"\nversion = "1"\n[tool.pytest.ini_options]\npythonpath = ["."]\n'

BACKEND = """
import zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(folder + "/dep-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("dep.py", "TEXT = 'dependency'\\n")
        wheel.writestr("dep-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: dep\\nVersion: 1\\n")
        wheel.writestr("dep-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("dep-1.dist-info/RECORD", "")
    return "dep-1-py3-none-any.whl"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The folder of a project that has settings alone."""
    write(tmp_path / "orders", {"pyproject.toml": SETTINGS})
    return tmp_path / "orders"


def test_functions_of_several_roots_run_their_own_modules_and_their_calls_are_told_at_the_projects_files(
    project: Path,
) -> None:
    handler = "import helper\n\n\ndef handler(event, context):\n    return helper.answer()\n"
    call = (
        "import boto3\n\n\ndef answer():\n    try:\n        boto3.client('sqs').list_queues()\n"
        "    except Exception:\n        return 'orders'\n"
    )
    tests = (
        "def test_each_runs_its_own(remit):\n"
        "    assert 'orders' == remit.invoke('orders')\n"
        "    assert 'refunds' == remit.invoke('refunds')\n"
        "    assert ['functions/orders/helper.py'] == [access.file for access in remit.accesses()]\n"
    )
    files = {
        "app.py": HEAD + "functions = app.group('functions')\n"
        "functions.function(name='orders', handler='handler.handler', code='functions/orders')\n"
        "functions.function(name='refunds', handler='handler.handler', code='functions/refunds')\n",
        "functions/orders/handler.py": handler,
        "functions/orders/helper.py": call,
        "functions/refunds/handler.py": handler,
        "functions/refunds/helper.py": "def answer():\n    return 'refunds'\n",
        "tests/test_app.py": tests,
    }
    write(project, files)
    ran = run_tests(project)
    assert re.search(r"^1 passed", ran.stdout, re.MULTILINE), ran.stdout + ran.stderr


@in_all_cases
def test_functions_have_their_dependencies_and_their_folders_in_layers(project: Path) -> None:
    """Programs of a layer are found, its modules are imported, and a later layer covers an earlier one."""
    tests = (
        "def test_each_finds_what_is_in_its_layers(remit):\n"
        "    assert ['dependency', 'second', 'tool ran', 'second'] == remit.invoke('tool')\n"
        "    assert 'dependency' == remit.invoke('plain')\n"
    )
    handlers = (
        "import subprocess\n\nimport dep\n\n\n"
        "def tool(event, context):\n    import both\n"
        "    ran = [subprocess.run([name], capture_output=True, text=True, check=True) for name in ('tool', 'twice')]\n"
        "    return [dep.TEXT, both.TEXT, *(each.stdout.strip() for each in ran)]\n\n\n"
        "def plain(event, context):\n    return dep.TEXT\n"
    )
    write(project, {
        "config/deploy.py": "from remit import config\nconfig.package.layer = True\n",
        "app.py": "from remit import App, layer\napp = App()\n"
        "app.function(name='tool', handler='h.tool', layers=[layer('layers/one'), layer('layers/two')])\n"
        "app.function(name='plain', handler='h.plain')\n",
        "h.py": handlers,
        "requirements.txt": "./dep\n",
        "dep/pyproject.toml": "[project]\nname = 'dep'\nversion = '1'\n[build-system]\n"
        "requires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n",
        "dep/backend.py": BACKEND,
        "layers/one/bin/tool": "#!/bin/sh\necho tool ran\n",
        "layers/one/bin/twice": "#!/bin/sh\necho first\n",
        "layers/two/bin/twice": "#!/bin/sh\necho second\n",
        "layers/one/python/both.py": "TEXT = 'first'\n",
        "layers/two/python/both.py": "TEXT = 'second'\n",
        "tests/test_app.py": tests,
    })  # fmt: skip
    for program in project.glob("layers/*/bin/*"):
        program.chmod(0o755)
    ran = run_tests(project)
    assert re.search(r"^1 passed", ran.stdout, re.MULTILINE), ran.stdout + ran.stderr


@in_all_cases
def test_names_of_resources_are_the_same_here_in_tests_and_where_a_function_runs(project: Path) -> None:
    tests = (
        "import app\n\n\n"
        "def test_a_function_knows_the_names(remit, monkeypatch):\n"
        "    from shared.resources.data import Data\n"
        "    names = remit.invoke('names')\n"
        "    bucket = 'arn:aws:s3:::' + remit.ref('DataFiles')\n"
        "    assert names == [remit.ref('DataOrders'), remit.ref('DataJobs'), bucket]\n"
        "    for name, value in remit.environment('names').items():\n"
        "        monkeypatch.setenv(name, value)\n"
        "    assert names == app.names({}, None)\n"
    )
    data = (
        "from remit import Shared, resource\n\n\nclass Data(Shared):\n"
        "    orders = resource('AWS::DynamoDB::Table', billing_mode='PAY_PER_REQUEST',\n"
        "        attribute_definitions=[{'AttributeName': 'id', 'AttributeType': 'S'}],\n"
        "        key_schema=[{'AttributeName': 'id', 'KeyType': 'HASH'}])\n"
        "    jobs = resource('AWS::SQS::Queue')\n    files = resource('AWS::S3::Bucket')\n"
    )
    write(project, {
        "app.py": "from remit import App, on\nfrom shared.resources.data import Data\napp = App()\n\n\n"
        "@app.function(on.s3(Data.files), on.sqs(Data.jobs))\ndef names(event, context):\n"
        "    return [Data.orders.name, Data.jobs.url, Data.files.arn]\n",
        "shared/resources/data.py": data,
        "tests/test_app.py": tests,
    })  # fmt: skip
    ran = run_tests(project)
    assert re.search(r"^1 passed", ran.stdout, re.MULTILINE), ran.stdout + ran.stderr
