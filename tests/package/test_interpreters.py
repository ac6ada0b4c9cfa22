"""The Python that a function runs with on this machine: of its version, a chosen one first, or else the nearest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.testing import CliRunner
from uv import find_uv_bin

import remit
from remit.cli.options import python_option
from remit.package.interpreters import CHOSEN, Interpreters, own_program, variables_of_looking

if TYPE_CHECKING:
    import pytest


OTHER = 13 if sys.version_info.minor == 14 else 14
"""The minor version of a runtime that this Python is not."""


def python(folder: Path, name: str, minor: int) -> str:
    """A program that says it is a Python 3 of a version."""
    program = folder / name
    program.write_text(f"#!/bin/sh\nprintf '%s\\n' '{program}' 3 {minor}\n")
    program.chmod(0o755)
    return str(program)


def test_one_of_the_runtimes_version_is_found_by_its_name_on_path(tmp_path: Path) -> None:
    program = python(tmp_path, f"python3.{OTHER}", OTHER)
    found = Interpreters({"PATH": str(tmp_path)}).for_runtime(f"python3.{OTHER}")
    assert (found.program, found.words) == (program, f"3.{OTHER}")


def test_the_python_of_the_oldest_runtime_is_found(tmp_path: Path) -> None:
    program = python(tmp_path, "python3.10", 10)
    assert Interpreters({"PATH": str(tmp_path)}).for_runtime("python3.10").program == program


def test_a_program_that_is_no_such_python_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "python3.19").write_text("#!/bin/sh\nexit 127\n")
    (tmp_path / "python3.19").chmod(0o755)
    python(tmp_path, "python3.13", 19)
    found = Interpreters({"PATH": str(tmp_path)}).for_runtime(f"python3.{sys.version_info.minor}")
    assert found.program == own_program()
    assert Interpreters({"PATH": str(tmp_path)}).of_version((3, 19)) is None


def test_a_chosen_one_of_another_version_is_none_of_this_one(tmp_path: Path) -> None:
    chosen = python(tmp_path, "mine", OTHER)
    environment = {"PATH": "", CHOSEN: chosen, "REMIT_UV": "/no/uv"}
    assert Interpreters(environment).of_version((3, 19)) is None


def test_of_two_as_near_the_newer_is_taken(tmp_path: Path) -> None:
    for minor in (12, 14):
        python(tmp_path, f"python3.{minor}", minor)
    environment = {"PATH": str(tmp_path), "REMIT_UV": "/no/uv"}
    assert Interpreters(environment).for_runtime("python3.13").words == "3.14"


def test_a_chosen_one_goes_first(tmp_path: Path) -> None:
    python(tmp_path, f"python3.{OTHER}", OTHER)
    chosen = python(tmp_path, "mine", OTHER)
    environment = {"PATH": str(tmp_path), CHOSEN: chosen}
    assert Interpreters(environment).for_runtime(f"python3.{OTHER}").program == chosen


def test_one_that_only_uv_knows_is_found_by_the_uv_that_the_environment_names(tmp_path: Path) -> None:
    program = python(tmp_path, "hidden", OTHER)
    uv = tmp_path / "uv"
    uv.write_text(f"#!/bin/sh\necho {program}\n")
    uv.chmod(0o755)
    environment = {"PATH": str(tmp_path / "nothing"), "REMIT_UV": str(uv)}
    assert Interpreters(environment).for_runtime(f"python3.{OTHER}").program == program


def test_another_process_is_told_where_uv_is_and_where_this_one_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", "/pythons")
    variables = variables_of_looking()
    assert (find_uv_bin(), "/pythons") == (variables["REMIT_UV"], variables["UV_PYTHON_INSTALL_DIR"])


def test_another_process_is_told_of_no_uv_where_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "remit").symlink_to(Path(remit.__file__).parent)  # an installed remit has uv beside it
    script = "from remit.package.interpreters import variables_of_looking; print(variables_of_looking())"
    command = [sys.executable, "-S", "-c", script]  # -S: without site-packages
    environment = {"PATH": "/nowhere", "PYTHONPATH": str(tmp_path)}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout == "{'PATH': '/nowhere'}\n"


def test_the_option_is_heeded_by_whatever_looks_for_pythons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CHOSEN, "")
    chosen = python(tmp_path, "mine", OTHER)

    @click.command
    @python_option
    def command() -> None:
        click.echo(Interpreters().for_runtime(f"python3.{OTHER}").program)

    assert CliRunner().invoke(command, ["--python", chosen]).output == f"{chosen}\n"
