"""The files of a project's local AWS by themselves: locks, records, answers, and what is refused in their place."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import stat
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest

from remit.errors import RemitError
from remit.local import state_files
from remit.local.state_files import Record, StateFiles, alone, is_held, own, seize

RECORD: Final = Record("r1", 4566, 77, "AKIA", "secret")


@pytest.fixture
def files(tmp_path: Path) -> StateFiles:
    made = StateFiles.of(tmp_path)
    made.make()
    return made


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def open_files() -> int:
    return len(names(Path("/dev/fd")))


class Clock:
    """Seconds that pass while somebody sleeps; after some pauses a lock is given back."""

    def __init__(self, pauses: int, descriptor: int) -> None:
        self.now, self.pauses, self.left, self.descriptor = 50.0, [], pauses, descriptor  # type: ignore[var-annotated]

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.pauses.append(seconds)
        self.left -= 1
        if self.left == 0:
            os.close(self.descriptor)


def test_a_lock_is_one_processs_while_it_is_open_and_nothing_stays_open_of_who_does_not_get_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    first = seize(path, patience=0)
    assert first is not None
    assert (0o600, True) == (mode(path), is_held(path))
    before = open_files()
    assert None is seize(path, patience=0)
    assert before == open_files()
    os.close(first)
    assert not is_held(path)
    second = seize(path, patience=0)
    assert second is not None
    os.close(second)


def test_who_seizes_has_patience_and_not_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lock"
    held = seize(path, patience=0)
    assert held is not None
    clock = Clock(3, held)
    monkeypatch.setattr(state_files, "time", clock)
    got = seize(path, patience=0.5)
    assert got is not None
    assert [0.01] * 3 == clock.pauses
    monkeypatch.setattr(state_files, "time", clock := Clock(1000, got))
    assert None is seize(path, patience=0.1)
    assert 0.1 <= clock.now - 50.0 < 0.12
    os.close(got)


def test_who_asks_about_a_lock_does_not_hold_it_for_others_who_ask(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not is_held(path)
    assert not path.exists()
    asks = own(str(path), os.O_RDWR | os.O_CREAT)
    fcntl.flock(asks, fcntl.LOCK_SH)
    before = open_files()
    assert (False, None) == (is_held(path), seize(path, patience=0))
    assert before == open_files()
    os.close(asks)


def test_who_waits_for_a_lock_says_so_once_and_then_has_it_alone(tmp_path: Path) -> None:
    path, waited = tmp_path / "lock", []
    with alone(path, lambda: waited.append(path)):
        assert is_held(path)
    assert ([], False) == (waited, is_held(path))
    other = seize(path, patience=0)
    assert other is not None

    def give_back() -> None:
        waited.append(path)
        os.close(other)

    with alone(path, give_back):
        assert ([path], True) == (waited, is_held(path))
    assert not is_held(path)


@pytest.mark.parametrize(
    ("changes", "is_read"),
    [
        ({}, True),
        ({"more": 1}, True),
        ({"pid": 2, "port": 1}, True),
        ({"port": 65535}, True),
        ({"port": 65536}, False),
        ({"port": 0}, False),
        ({"port": "4566"}, False),
        ({"port": True}, False),
        ({"pid": 1}, False),
        ({"pid": -5}, False),
        ({"pid": 7.0}, False),
        ({"id": 3}, False),
        ({"access_key_id": None}, False),
        ({"secret_access_key": ["x"]}, False),
    ],
)
def test_a_record_that_makes_no_sense_is_none(files: StateFiles, changes: dict[str, Any], *, is_read: bool) -> None:
    document = {**asdict(RECORD), **changes}
    files.record.write_text(json.dumps(document))
    assert (Record(**{name: document[name] for name in asdict(RECORD)}) if is_read else None) == files.read()
    del document["id"]
    files.record.write_text(json.dumps(document))
    assert None is files.read()


def test_a_record_is_written_for_its_owner_in_one_step(files: StateFiles) -> None:
    assert None is files.read()
    files.write(RECORD)
    files.write(replace(RECORD, port=4567))
    assert (replace(RECORD, port=4567), 0o600) == (files.read(), mode(files.record))
    assert {".gitignore", "server.json"} == names(files.root)
    for text in ("{", "[]", "3"):
        files.record.write_text(text)
        assert None is files.read()


def test_an_answer_is_kept_for_what_it_comes_from(files: StateFiles) -> None:
    assert None is files.read_answer("h1")
    files.write_answer("h1", {"a": [1]})
    assert ({"a": [1]}, None) == (files.read_answer("h1"), files.read_answer("h2"))
    files.write_answer("h2", 5)
    assert (None, 5, 0o600) == (files.read_answer("h1"), files.read_answer("h2"), mode(files.root / "answer.json"))
    (files.root / "answer.json").write_text("[1]")
    assert None is files.read_answer("h2")


def test_why_the_state_is_not_kept_takes_room_that_is_there_already(files: StateFiles) -> None:
    assert None is files.read_unsaved()
    for reason, told in ((None, None), ("the disk is full", "the disk is full"), ("é" * 600, "é" * 256), ("", None)):
        files.write_unsaved(reason)
        assert (told, 512, 0o600) == (files.read_unsaved(), files.unsaved.stat().st_size, mode(files.unsaved))


def test_the_folder_is_its_owners_alone_and_never_committed(tmp_path: Path, files: StateFiles) -> None:
    assert files.root == tmp_path.resolve() / ".remit" / "local"
    assert (0o700, "*\n") == (mode(files.root), (files.root / ".gitignore").read_text())
    with pytest.raises(RemitError, match="there is no folder"):
        StateFiles.of(tmp_path / "gone").make()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / ".remit").write_text("")
    with pytest.raises(RemitError, match="which cannot be written: "):
        StateFiles.of(tmp_path / "other").make()


def test_the_place_of_a_project_is_the_same_by_every_path_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "link").symlink_to("app")
    monkeypatch.chdir(tmp_path)
    expected = StateFiles(tmp_path.resolve() / "app" / ".remit" / "local")
    assert [expected] * 3 == [StateFiles.of(Path(path)) for path in ("app", "link", "app/../link/.")]


def test_nothing_is_refused_where_the_project_is_no_folder_or_not_there(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in ("file", "gone"):
        StateFiles.of(tmp_path / name).check()
        StateFiles.of(tmp_path / name).check_state()


def test_remains_are_removed_with_empty_folders_alone(files: StateFiles) -> None:
    files.state.mkdir()
    (files.state / "sqs.json").touch()
    files.remove_remains()
    assert {".gitignore"} == names(files.root)
    (files.root / ".gitignore").unlink()
    files.remove_remains()
    assert not files.root.parent.exists()
    files.remove_remains()


@pytest.mark.parametrize("name", ["here", "deep/down/here"])
@pytest.mark.parametrize("kind", ["file", "folder", "link to a file", "link to a folder", "pipe", "socket"])
def test_a_state_has_files_and_folders_and_nothing_else(
    files: StateFiles, name: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = files.state / name
    path.parent.mkdir(parents=True)
    match kind:
        case "file":
            path.touch()
        case "folder":
            path.mkdir()
        case "link to a file":
            path.symlink_to(files.root / ".gitignore")
        case "link to a folder":
            path.symlink_to(files.root)
        case "pipe":
            os.mkfifo(path)
        case "socket":
            monkeypatch.chdir(path.parent)  # the path of a socket is short
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind("here")
    if kind in ("file", "folder"):
        files.check_state()
        return
    with pytest.raises(RemitError, match="link" if "link" in kind else "is no file"):
        files.check_state()


FILES: Final = (
    "server.json",
    "server.log",
    "server.lock",
    "start.lock",
    "unsaved",
    ".gitignore",
    "state/messages.jsonl",
)
FOLDERS: Final = ("home", "tmp", "state", "state/services", "state/s3")


@pytest.mark.parametrize("name", [*FILES, *FOLDERS])
def test_a_place_is_refused_where_a_part_is_a_link_or_of_another_kind(
    files: StateFiles, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = files.root / name
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    files.check()
    path.symlink_to(files.root)
    with pytest.raises(RemitError, match="link"):
        files.check()
    path.unlink()
    path.mkdir() if name in FILES else path.touch()
    with pytest.raises(RemitError, match=f"is no {'file' if name in FILES else 'folder'}: "):
        files.check()
    path.rmdir() if name in FILES else path.unlink()
    path.touch() if name in FILES else path.mkdir()
    files.check()
    monkeypatch.setattr(state_files.os, "geteuid", lambda: os.getuid() + 1)
    monkeypatch.setattr(state_files, "pwd", SimpleNamespace(getpwuid=lambda number: {}[number]))
    with pytest.raises(RemitError) as error:
        files.check()
    words = f"belongs to the user {os.getuid()}, and remit runs as the user {os.getuid() + 1}"
    assert f"{str(files.root.parent)!r} {words}" == error.value.message
