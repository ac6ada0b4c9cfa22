"""What `remit build` and `remit lint` of a small app load: counted, so that a quick start is not lost unnoticed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ORDERS: Final = Path(__file__).parents[2] / "examples" / "orders"
COMMANDS: Final = {
    "build": (["build", "--no-package", "--project"], 204, 100),
    "lint": (["lint", "--project"], 205, 82),
}
"""Arguments; the most modules of remit that may be imported, and the most dataclasses.

Each module takes about 0.2 ms, and each frozen dataclass 0.5 ms, of which a whole start has a few hundred.
"""
LATE: Final = frozenset(
    {
        "hashlib",
        "remit.explain.remedy",
        "remit.iam.prove.compare",
        "remit.project.handler_source",
    }
)
"""What neither needs for an app like this one: each of these brings others."""
LOADED: Final = """
import sys
from remit.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print(*sys.modules)
own = [name for name in sys.modules if name.partition(".")[0] == "remit"]
classes = {value for name in own for value in vars(sys.modules[name]).values() if isinstance(value, type)}
print(len(own), sum("__dataclass_fields__" in vars(value) for value in classes if value.__module__ in own))
"""


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_loads_little_for_a_small_app(name: str, tmp_path: Path) -> None:
    arguments, most_modules, most_dataclasses = COMMANDS[name]
    app = tmp_path / "orders"
    shutil.copytree(ORDERS, app)
    command = [sys.executable, "-c", LOADED, *arguments, str(app)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded, counts = done.stdout.splitlines()[-2:]
    modules, dataclasses = map(int, counts.split())
    assert set() == LATE & set(loaded.split())
    assert modules <= most_modules
    assert dataclasses <= most_dataclasses
