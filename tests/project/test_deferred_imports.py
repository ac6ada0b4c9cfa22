"""`import boto3` in a project costs nothing until the project uses it, and is Python's own import from then on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import remit
from random_cases import cases_of
from terminals import HANGS

HERE = Path(remit.__file__).parents[1]
APP = """
from remit import App
from remit.triggers import sqs

app = App()


@app.function(sqs("orders"))
def ingest(event, context):
    return boto3.client("sqs", region_name="eu-west-1")
"""


def after_load(folder: Path, top: str, then: str, *, sdk: str | None = None) -> str:
    """What `then` prints in a fresh process that has loaded an app which begins with `top`."""
    project = folder / "project"
    project.mkdir()
    (project / "app.py").write_text(top + APP, "utf-8")
    code = "import sys, remit\n"
    if sdk is not None:
        (folder / "lib" / "boto3").mkdir(parents=True)
        (folder / "lib" / "boto3" / "__init__.py").write_text(sdk, "utf-8")
        code += f"sys.path.insert(0, {str(folder / 'lib')!r})\n"
    code += f"try:\n    remit.load('.')\nexcept remit.RemitError as error:\n    print(error)\n{then}"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(HERE)},
        capture_output=True,
        text=True,
        check=False,
        timeout=HANGS,
    )
    assert ran.stderr == ""
    return ran.stdout.strip()


def test_what_only_handlers_use_is_not_imported(tmp_path: Path) -> None:
    top = "import boto3\nimport boto3 as sdk\n"
    assert after_load(tmp_path, top, "print([name for name in sys.modules if 'boto' in name])") == "[]"


TOPS = (
    "import boto3\nclient = boto3.client('sqs', region_name='x-1')\nassert client.meta.region_name == 'x-1'\n",
    "import boto3\nfrom boto3.dynamodb.conditions import Key\nassert Key('id').eq(1) and boto3.dynamodb\n",
    "import boto3.session\nassert boto3.session.Session is boto3.Session\n",
    "import boto3.session as x\nimport boto3\nassert x is boto3.session and x.__spec__.origin == x.__file__\n",
    "from boto3 import client\nimport boto3\nassert client is boto3.client\n",
    "import boto3\nimport importlib\nassert importlib.import_module('boto3').client is boto3.client\n",
    "import boto3\nassert boto3.__version__ and 'client' in dir(boto3) and vars(boto3)['client'] is boto3.client\n",
    "import boto3\nimport boto3.exceptions as known\nassert known is boto3.exceptions\n",
)


@pytest.mark.parametrize("top", cases_of(TOPS, 3))
def test_a_use_at_the_top_of_a_module_imports_the_real_one(tmp_path: Path, top: str) -> None:
    assert after_load(tmp_path, top, "print('botocore.session' in sys.modules)") == "True"


def test_what_the_app_sets_is_set_on_the_real_module(tmp_path: Path) -> None:
    top = "import boto3\nboto3.mark = 1\nboto3.gone = 2\ndel boto3.gone\n"
    assert after_load(tmp_path, top, "import boto3; print(boto3.mark, hasattr(boto3, 'gone'))") == "1 False"


def test_afterwards_boto3_is_an_ordinary_module(tmp_path: Path) -> None:
    then = "import boto3, types; print(type(boto3) is types.ModuleType, boto3.__file__ == boto3.__spec__.origin)"
    assert after_load(tmp_path, "import boto3\n", then) == "True True"


def test_what_was_imported_before_stays_the_same(tmp_path: Path) -> None:
    top = "import sys\nimport boto3\nassert boto3 is sys.modules['boto3'] and boto3.kept == 1\n"
    then = "import boto3; boto3.kept = 1; remit.load('.'); print(boto3 is sys.modules['boto3'])"
    assert (
        after_load(tmp_path, "", then.replace("remit.load", f"open('app.py', 'w').write({top + APP!r}); remit.load"))
        == "True"
    )


def test_a_wrong_use_is_told_at_its_own_line(tmp_path: Path) -> None:
    said = after_load(tmp_path, "import boto3\n\nqueue = boto3.clientt('sqs')\n", "")
    assert "has no attribute 'clientt'" in said
    assert "app.py:3" in said


def test_an_sdk_that_cannot_be_imported_is_told_where_it_is_used(tmp_path: Path) -> None:
    said = after_load(tmp_path, "import boto3\n\nx = boto3.client\n", "", sdk="raise ImportError('broken')\n")
    assert "app.py raised ImportError: broken" in said
    assert "app.py:3" in said


def test_an_sdk_that_is_not_there_is_told_where_it_is_imported(tmp_path: Path) -> None:
    top = "import sys\nsys.path[:] = [place for place in sys.path if 'site-packages' not in place]\nimport boto3\n"
    said = after_load(tmp_path, top, "")
    assert "No module named 'boto3'" in said
    assert "app.py:3" in said


def test_threads_that_use_it_first_all_get_the_whole_of_it(tmp_path: Path) -> None:
    slow = "import time\ntime.sleep(0.2)\nclient = 1\n"
    top = (
        "import threading\nimport boto3\nfound = []\n"
        "several = [threading.Thread(target=lambda: found.append(boto3.client)) for _ in range(8)]\n"
        "[one.start() for one in several]\n[one.join() for one in several]\nassert found == [1] * 8\n"
    )
    assert after_load(tmp_path, top, "print('loaded')", sdk=slow) == "loaded"
