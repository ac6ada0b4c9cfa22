"""The server as a process: which one it is, the world that it sees, and what it said when it died."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from remit.errors import RemitError
from remit.local import process
from remit.local.environment import LocalEnvironment
from remit.local.state_files import StateFiles
from remit.package.interpreters import own_program, variables_of_looking


@pytest.fixture
def files(tmp_path: Path) -> StateFiles:
    return StateFiles(tmp_path)


def test_a_server_sees_nothing_of_its_users_but_where_programs_are(
    files: StateFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PATH", "LD_LIBRARY_PATH", "AWS_PROFILE", "HTTPS_PROXY", "PYTHONPATH"):
        monkeypatch.setenv(name, f"my-{name}")
    (files.root / "tmp").mkdir()
    (files.root / "tmp" / "old").touch()
    expected = {
        "PATH": "my-PATH", "LD_LIBRARY_PATH": "my-LD_LIBRARY_PATH", "HOME": str(files.root / "home"),
        "TMPDIR": str(files.root / "tmp"), "LANG": "C.UTF-8", "TZ": "UTC", "PYTHONUTF8": "1",
    }  # fmt: skip
    assert expected == process._environment(files)
    assert {"home": [], "tmp": []} == {path.name: list(path.iterdir()) for path in files.root.iterdir()}
    assert {0o700} == {path.stat().st_mode & 0o777 for path in files.root.iterdir()}
    (files.root / "home" / "kept").touch()
    monkeypatch.delenv("LD_LIBRARY_PATH")
    del expected["LD_LIBRARY_PATH"]
    assert expected == process._environment(files)
    assert ["kept"] == [path.name for path in (files.root / "home").iterdir()]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"", ["(none)"]),
        (b"\n one\n two \n\n", ["one", " two"]),
        (b"\n".join(b"line %d" % number for number in range(20)), [f"line {number}" for number in range(5, 20)]),
    ],
)
def test_a_server_that_died_is_told_with_its_own_last_words(files: StateFiles, said: bytes, told: list[str]) -> None:
    files.log.write_bytes(b"of another\n" + said)
    error = process.died(files, len(b"of another\n"))
    lines = "\n  ".join(["the AWS on this machine did not start; its last words:", *told])
    assert (lines, f"the whole log is {str(files.log)!r}") == (error.message, error.hint)


@pytest.mark.parametrize("recorded", ["", "0", "1", "-5", "x", "here"])
def test_no_process_that_is_not_the_server_is_taken_for_it(files: StateFiles, recorded: str) -> None:
    text = str(os.getpid()) if recorded == "here" else recorded
    files.alive.write_text(f"{text}\n")
    with pytest.raises(RemitError) as refused:
        process.holder(files)
    assert f"(recorded: {text!r})" in str(refused.value)


KB = 1024


@pytest.mark.parametrize(("size", "kept"), [(None, 0), (256 * KB, 256 * KB), (256 * KB + 1, 64 * KB)])
@pytest.mark.parametrize("status", [0, 75, 1])
def test_a_server_is_started_with_its_own_packages_alone_and_appends_to_the_end_of_its_log(
    files: StateFiles, monkeypatch: pytest.MonkeyPatch, size: int | None, kept: int, status: int
) -> None:
    runs: list[tuple[list[str], dict[str, Any]]] = []

    def run(command: list[str], **options: Any) -> SimpleNamespace:
        runs.append((command, options))
        options["stdout"].write(b"my last words\n")
        return SimpleNamespace(returncode=status)

    monkeypatch.setattr(process, "subprocess", SimpleNamespace(run=run, DEVNULL=subprocess.DEVNULL))
    earlier = b"" if size is None else b"f" * (size - 64 * KB) + b"l" * 64 * KB
    if size is not None:
        files.log.write_bytes(earlier)
    environment = LocalEnvironment(Path("/cache"))
    if status == 1:
        with pytest.raises(RemitError) as failure:
            process.spawn(files, "eu-west-1", environment)
        last = "the AWS on this machine did not start; its last words:\n  my last words"
        assert last == failure.value.message
    else:
        assert kept == process.spawn(files, "eu-west-1", environment)
    assert earlier[len(earlier) - kept :] + b"my last words\n" == files.log.read_bytes()
    assert 0o600 == files.log.stat().st_mode & 0o777 or size is not None
    ((command, options),) = runs
    folder = str(Path(process.__file__).parents[2])
    looking = json.dumps(variables_of_looking())
    arguments = [folder, "/cache/packages", str(files.root), "eu-west-1", "/cache", looking]
    assert [own_program(), "-I", "-S", "-c", process._PROGRAM, *arguments] == command
    assert options.pop("stdout") is options.pop("stderr")
    assert options == {
        "cwd": files.root, "env": process._environment(files), "stdin": subprocess.DEVNULL,
        "start_new_session": True, "umask": 0o077, "check": False,
    }  # fmt: skip
