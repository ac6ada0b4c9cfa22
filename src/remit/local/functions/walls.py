"""The wall that this system lets functions be put behind. It is tried once."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Final, Literal, TypeAlias

from remit.package.interpreters import own_program

Wall: TypeAlias = Literal["wall", "landlock", ""]
"""The module of `worker/` that puts a function behind it; empty where the system has none."""
_WORKER: Final = Path(__file__).parent / "worker"


@cache
def possible_wall() -> Wall:
    """The best wall that the system allows."""
    if sys.platform != "linux":
        return ""
    walls: tuple[Wall, ...] = ("wall", "landlock")
    with tempfile.TemporaryDirectory() as folder:
        for wall in walls:
            trial = (own_program(), "-I", "-S", str(_WORKER / f"{wall}.py"), folder)
            if subprocess.run(trial, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0:
                return wall
    return ""
