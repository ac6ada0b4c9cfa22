"""A server that is forked once the emulator is imported holds what one holds that imports it for itself."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import quick_servers
import server_forks
from remit.local import process
from remit.local.environment import install
from remit.package.interpreters import own_program

if TYPE_CHECKING:
    from pathlib import Path


def test_of_what_the_emulator_holds_nothing_differs_and_no_mark_is_left(tmp_path: Path) -> None:
    program = quick_servers.program("emulator_variables.py")
    packages = str(install(tmp_path, print).packages)
    command = [own_program(), "-I", "-S", "-c", program, str(process._REMIT), packages, str(tmp_path)]
    subprocess.run([*command, server_forks.__file__], check=True)
    once, again, forked = (json.loads((tmp_path / name).read_text()) for name in ("once", "again", "forked"))
    random = {way for way, value in once.items() if again.get(way) != value}
    assert 10_000 < len(once)
    assert 100 > len(random)
    ways = once.keys() | forked.keys()
    assert {} == {way: (once.get(way), forked.get(way)) for way in ways - random if once.get(way) != forked.get(way)}
