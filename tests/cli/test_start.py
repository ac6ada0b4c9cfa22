"""What `remit build` and `remit lint` of a small app load: counted, so that a quick start is not lost unnoticed."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from remit.cli import command_group

ORDERS: Final = Path(__file__).parents[2] / "examples" / "orders"
COMMANDS: Final = {
    "build": (["build", "--no-package", "--project"], 160, 88, 32),
    "lint": (["lint", "--project"], 138, 74, 33),
}
"""Arguments; the most modules of remit that may be imported, dataclasses, and compiled regular expressions.

Rules of lint are not counted.

A module takes about 0.2 ms, a frozen dataclass 0.5 ms, an expression 0.1 ms.
"""
LATE: Final = frozenset(
    {
        "hashlib",
        "remit.answers.remedy",
        "remit.iam.prove.compare",
        "remit.iam.prove.glob_sets",
        "remit.source.handlers",
    }
)
"""What neither needs for an app like this one: each of these brings others."""
EXECUTED: Final = Path(__file__).parents[2] / "bench" / "executed.py"
"""It counts the functions that the build of an app with one function executes."""
MOST_FUNCTIONS: Final = 800
LOADED: Final = """
import re
import sys
from remit.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print(*sys.modules)
own = [name for name in sys.modules if name.partition(".")[0] == "remit"]
values = {id(value): value for name in own for value in vars(sys.modules[name]).values()}.values()
classes = [value for value in values if isinstance(value, type) and value.__module__ in own]
dataclasses = [value for value in classes if "__dataclass_fields__" in vars(value)]
modules = [name for name in own if not name.startswith("remit.lint.rules.")]
print(len(modules), len(dataclasses), sum(isinstance(value, re.Pattern) for value in values))
"""


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_loads_little_for_a_small_app(name: str, tmp_path: Path) -> None:
    arguments, *most = COMMANDS[name]
    app = tmp_path / "orders"
    shutil.copytree(ORDERS, app)
    command = [sys.executable, "-c", LOADED, *arguments, str(app)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded, counts = done.stdout.splitlines()[-2:]
    assert set() == LATE & set(loaded.split())
    modules, dataclasses, expressions = map(int, counts.split())
    assert modules <= most[0]
    assert dataclasses <= most[1]
    assert expressions <= most[2]


def test_a_reader_of_a_small_build_walks_through_few_functions() -> None:
    done = subprocess.run([sys.executable, EXECUTED], capture_output=True, text=True, check=True)
    functions, _files = map(int, done.stdout.splitlines()[-1].split())
    assert functions <= MOST_FUNCTIONS


def test_help_lists_each_command_with_its_short_help_and_imports_none_of_them() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED, "--help"], capture_output=True, text=True, check=True)
    loaded = done.stdout.splitlines()[-2].split()
    folder = Path(command_group.__file__).parent
    modules = {path.stem: importlib.import_module(f"remit.cli.{path.stem}") for path in folder.glob("*.py")}
    commands = {name: module.command for name, module in modules.items() if hasattr(module, "command")}
    assert [] == [name for name in commands if f"remit.cli.{name}" in loaded]
    rows = dict(re.findall(r"^  ([a-z-]+) +([A-Z].+)$", done.stdout.partition("\nStart:\n")[2], re.MULTILINE))
    summaries = {name.replace("_", "-"): command.get_short_help_str(limit=70) for name, command in commands.items()}
    assert summaries == rows
