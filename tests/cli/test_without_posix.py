"""On Windows what needs no AWS on this machine works, and the rest says so: tried with the modules of POSIX missing."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest

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
from remit.cli import script
script()
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


@pytest.fixture
def folder(make: Make) -> Path:
    return make(app=APP).folder


@pytest.mark.parametrize("name", root.list_commands(click.Context(root)))
def test_every_command_has_its_help(tmp_path: Path, name: str) -> None:
    ran = run(tmp_path, name, "--help")
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize(
    "command",
    ["--version", "build", "policy deployer", "policy function ingest", "explain ingest", "lint", "event sqs"],
)
def test_a_command_that_needs_no_aws_works(folder: Path, command: str) -> None:
    ran = run(folder, *command.split())
    assert ran.returncode == 0, ran.stderr


def test_files_are_compared_and_linted(tmp_path: Path) -> None:
    statement = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "%s", "Resource": "*"}]}'
    (tmp_path / "old.json").write_text(statement % "sqs:SendMessage")
    (tmp_path / "new.json").write_text(statement % "sqs:*")
    assert run(tmp_path, "diff", "old.json", "new.json").returncode == 1
    assert run(tmp_path, "lint", "new.json").stdout.startswith("nothing found")


@pytest.mark.parametrize(
    "command", ["local status", "deploy --local", "invoke --local ingest", "dev", "status --local", "delete --local"]
)
def test_a_command_that_needs_the_aws_on_this_machine_says_where_it_runs(folder: Path, command: str) -> None:
    ran = run(folder, *command.split())
    assert ran.returncode == 2
    assert "error: the AWS on this machine needs Linux or macOS: Python has no module fcntl here\nhint: " in ran.stderr
