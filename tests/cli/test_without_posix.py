"""On Windows what needs no AWS on this machine works, and the rest says so: tried with the modules of POSIX missing."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest

from projects import Ran
from remit.cli.command_group import root

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Make

APP = """
from remit import on

@app.function(on.sqs("orders"), policy="sns:Publish")
def ingest(event, context): ...
"""
WITHOUT = """
import os, shutil, signal, sys
shutil._rmtree_impl = shutil._rmtree_unsafe
for name in ("fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"):
    sys.modules[name] = None
for name in ("O_NOFOLLOW", "O_NONBLOCK", "fork", "geteuid", "getuid", "killpg", "register_at_fork", "setsid"):
    delattr(os, name)
for name in ("ITIMER_REAL", "SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGUSR1", "alarm", "setitimer"):
    delattr(signal, name)
import contextlib, io, json
from remit.cli import main
ran = []
for command in sys.argv[1:]:
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        try:
            main(command.split())
        except SystemExit as ended:
            ran.append((ended.code, out.getvalue(), err.getvalue()))
print(json.dumps(ran))
"""


def run(folder: Path, *commands: str) -> dict[str, Ran]:
    """Run commands in one process."""
    program = [sys.executable, "-c", WITHOUT, *commands]
    printed = subprocess.run(program, cwd=folder, capture_output=True, check=True, stdin=subprocess.DEVNULL).stdout
    return {command: Ran(*ran) for command, ran in zip(commands, json.loads(printed), strict=True)}


@pytest.fixture
def folder(make: Make) -> Path:
    return make(app=APP).folder


def test_every_command_has_its_help(tmp_path: Path) -> None:
    ran = run(tmp_path, *(f"{name} --help" for name in root.list_commands(click.Context(root))))
    assert dict.fromkeys(ran, (0, "")) == {command: (each.status, each.err) for command, each in ran.items()}


def test_a_command_that_needs_no_aws_works(folder: Path) -> None:
    commands = (
        "--version",
        "build",
        "policy deployer",
        "policy function ingest",
        "explain ingest",
        "lint",
        "event sqs",
    )
    assert {command: each.err for command, each in run(folder, *commands).items() if each.status} == {}


def test_files_are_compared_and_linted(tmp_path: Path) -> None:
    statement = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "%s", "Resource": "*"}]}'
    (tmp_path / "old.json").write_text(statement % "sqs:SendMessage")
    (tmp_path / "new.json").write_text(statement % "sqs:*")
    compared, linted = run(tmp_path, "diff old.json new.json", "lint new.json").values()
    assert compared.status == 1
    assert linted.out.startswith("nothing found")


def test_a_command_that_needs_the_aws_on_this_machine_says_where_it_runs(folder: Path) -> None:
    where = "error: the AWS on this machine needs Linux or macOS: Python has no module fcntl here\nhint: "
    commands = ("local status", "deploy --local", "invoke --local ingest", "dev", "status --local", "delete --local")
    for command, ran in run(folder, *commands).items():
        assert (ran.status, where in ran.err) == (2, True), (command, ran.err)
