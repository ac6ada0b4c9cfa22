"""Apps that are packed in several ways run as they are packed: each is deployed once, for tests of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from projects import run_tests, write

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "from remit import App, on\napp = App()\n"
SETTINGS = '[project]\nname = "orders"\n[tool.pytest.ini_options]\npythonpath = ["."]\n'


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
