"""Projects made of a dict of files, for tests: written, loaded, built, and worked on by the command line."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import quick_loads
from remit.build import build
from remit.cli import main
from remit.errors import RemitError
from remit.iam.policy import render_statement
from remit.loading.load import load
from remit.roles.assign import assign
from terminals import HANGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.app import App, Function
    from remit.build import Built
    from remit.holders import Holder

TODAY = {"REMIT_TODAY": "2026-12-01"}
"""So that no test depends on the clock, which makes the data about AWS old."""
SOURCE = Path(__file__).parent.parent / "src"
LEAN_PYTEST = {"PYTEST_ADDOPTS": "-p no:faker -p no:anyio -p no:hypothesispytest -p no:xdist -p no:xdist.looponfail"}
"""For a pytest that a test starts: plugins that are installed for other tests take it a second to import."""
APP = """
from remit import App, on
from remit.grants import dynamodb, s3, sns
from remit.grants import sqs as queue
from remit.triggers import http, kinesis, schedule, sqs
from remit.triggers import dynamodb as stream

app = App()
"""
"""Five imports and the app: what a test writes after it begins on line 9."""
HELLO = f"{APP}@app.function\ndef hello(event, context): ...\n"
ORDERS = """
from remit import App
from remit.grants import dynamodb

app = App()


@app.function(policy=[dynamodb.{verb}("orders")])
def report(event, context):
    return "ok"
"""
"""An app with one function `report`, which reads or writes a table: `verb` is query or put."""

_UNPRIVILEGED = """
import ctypes, os, sys
for capability in range(64):  # PR_CAPBSET_DROP; beyond the last capability it fails, as it does without privileges
    ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    status: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with a project in it."""

    folder: Path

    def load(self, stage: str | None = None) -> App:
        return load(self.folder, stage)

    def function(self, name: str = "hello", stage: str | None = None) -> Function:
        return next(function for function in self.load(stage).functions if function.name == name)

    def roles(self) -> tuple[Holder, ...]:
        return assign(self.load())

    def role(self, name: str = "hello") -> Holder:
        return next(role for role in self.roles() if name in role.functions)

    def statements(self, name: str = "hello") -> list[dict[str, Any]]:
        return [render_statement(grant.statement) for grant in self.role(name).grants]

    def built(self, stage: str | None = None) -> Built:
        return build(self.folder, stage, package=False)

    def template(self) -> dict[str, Any]:
        template: dict[str, Any] = json.loads(self.built().body)
        return template

    def resources(self, kind: str) -> dict[str, dict[str, Any]]:
        """The properties of each resource of a type."""
        return {
            name: resource["Properties"]
            for name, resource in self.template()["Resources"].items()
            if resource["Type"] == kind
        }

    def error(self, stage: str | None = None) -> RemitError:
        """The mistake that a build finds; it must leave nothing in `.remit/`."""
        with pytest.raises(RemitError) as caught:
            self.built(stage)
        assert caught.value.exit_code == 2
        assert not (self.folder / ".remit").exists()
        return caught.value

    def remit(self, *arguments: str) -> Ran:
        """Run a command on this project, in this process."""
        return remit(*arguments, "-C", str(self.folder))


def remit(*arguments: str, stdin: bytes = b"") -> Ran:
    """Run a command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            quick_loads.forked(),
            pytest.raises(SystemExit) as ended,
        ):
            main(list(arguments))
    return Ran(int(ended.value.code or 0), out.getvalue(), err.getvalue())


@contextlib.contextmanager
def inside(folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Let this process be in a folder, with these variables and no others."""
    before, place = dict(os.environ), Path.cwd()
    os.environ.clear()
    os.environ.update(TODAY | environment)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(place)
        os.environ.clear()
        os.environ.update(before)


def remit_process(
    *arguments: str,
    cwd: Path,
    environment: Mapping[str, str] | None = None,
    privileged: bool = True,
) -> Ran:
    """Run a command as a process of its own, with no environment but what is given.

    One without privileges is held to the modes of files even where root runs the tests.
    """
    start = [] if privileged else [sys.executable, "-c", _UNPRIVILEGED]
    ran = subprocess.run(
        [*start, sys.executable, "-c", "from remit.cli import script; script()", *arguments],
        cwd=cwd,
        env={"PYTHONPATH": str(SOURCE), "PATH": os.environ["PATH"], **TODAY, **(environment or {})},
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        check=False,
        timeout=HANGS,
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def write(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files by their paths below a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def configuration(body: str) -> str:
    """A configuration whose settings begin on line 5 at column 5: `body` is indented into its `with` block."""
    imports = "import os\nfrom remit import aws, configure, project\n\nwith configure() as config:\n"
    return imports + textwrap.indent(textwrap.dedent(body).strip("\n") or "pass", "    ") + "\n"


def at(error: RemitError) -> str:
    """Where an error stands, as it is printed."""
    return str(error.origin)


def run_tests(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a project's own tests, as people do, in a process of their own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTEST_"))}
    environment = {**kept, "PYTHONPATH": str(SOURCE), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "remit.pytest_plugin", "-p", "no:cacheprovider"]
    place = f"--basetemp={project.parent / 'tests'}"
    return subprocess.run(
        [*command, place, *arguments], cwd=project, env=environment, capture_output=True, text=True, check=False
    )
