"""What is looked at on the AWS of this machine is looked at without an SDK, whose import takes longest."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Final

from botocore import xform_name

from random_cases import cases_of
from remit.deploy.live_resources.reading import ROWS
from remit.deploy.role_repairs import method_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LOADED: Final = """
import sys
from remit.cli import main
try:
    code = main(sys.argv[1:])
except SystemExit as end:
    code = end.code
print(code or 0, *sys.modules, file=sys.stderr)
"""
LOOKS: Final = (("deploy",), ("status",), ("status", "--json"), ("logs",), ("logs", "report"))


def test_what_changes_nothing_imports_no_sdk(remit: Callable[..., tuple[int, str, str]], project: Path) -> None:
    assert 0 == remit("deploy", "--yes")[0]
    assert 0 == remit("deploy")[0]
    for name, *options in cases_of(LOOKS, 2):
        arguments = (name, "--local", "-C", str(project), *options)
        code, loaded = "", ["boto3"]
        for _ in range(5):  # what an earlier test began may still be ending on this AWS: a deploy looks again then
            if any("boto" in module for module in loaded):
                program = [sys.executable, "-c", LOADED, *arguments]
                done = subprocess.run(program, capture_output=True, text=True, check=True)
                code, *loaded = done.stderr.splitlines()[-1].split()
        assert (name, "0", []) == (name, code, [module for module in loaded if "boto" in module])


def test_methods_are_named_as_by_the_sdk() -> None:
    operations = [name for row in ROWS.values() for name in (*row.writes, *(read.operation for read in row.reads))]
    names = [operation.partition(".")[2] for operation in operations]
    assert list(map(method_of, names)) == list(map(xform_name, names))
