"""The files that are watched: what people write, wherever it is, and nothing that tools keep."""

from __future__ import annotations

import sys
import threading
import time
from queue import SimpleQueue
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from watchfiles import Change

from projects import write
from remit.dev import source_files
from remit.dev.source_files import _saved_names, saved_at_the_top, saved_below
from terminals import HANGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


class Watch:
    """The names of the files that were saved."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stop = threading.Event()
        self.names: SimpleQueue[str] = SimpleQueue()
        self.at_the_top: list[str] = []
        self.below: list[str] = []
        self.threads = [
            threading.Thread(target=self.watch, args=(saved_at_the_top(folder, self.stop), self.at_the_top)),
            threading.Thread(target=self.watch, args=(saved_below(folder, self.stop), self.below)),
        ]
        for thread in self.threads:
            thread.start()

    def watch(self, saved: Iterator[tuple[str, ...]], told: list[str]) -> None:
        for files in saved:
            for name in files:
                told.append(name)
                self.names.put(name)

    def until(self, name: str, path: str) -> None:
        """Save a file again and again until a name is told: when watching begins, nobody knows."""
        deadline = time.monotonic() + HANGS
        told: list[str] = []
        while name not in told and time.monotonic() < deadline:
            write(self.folder, {path: str(time.monotonic())})
            time.sleep(0.1)
            while not self.names.empty():
                told.append(self.names.get())
        assert name in told


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    folder = tmp_path / "orders"
    write(folder, {"app.py": "", "shop/cart.py": "", ".remit/local/log": "", ".venv/x.py": ""})
    watching = Watch(folder)
    yield watching
    watching.stop.set()
    for thread in watching.threads:
        thread.join(HANGS)


def test_files_are_told_at_the_top_below_it_and_in_folders_that_are_made_meanwhile(watch: Watch) -> None:
    watch.until("app.py", "app.py")
    watch.until("shop/cart.py", "shop/cart.py")
    watch.until("shared/resources/data.py", "shared/resources/data.py")


def test_each_file_is_told_by_one_of_the_two_that_watch(watch: Watch) -> None:
    for name in ("app.py", "shop/cart.py", "shop/a/b.py", "models.py"):
        watch.until(name, name)
    assert {"app.py", "models.py"} == set(watch.at_the_top)
    assert all("/" in name for name in watch.below)


def test_what_is_removed_is_told_and_neither_what_came_and_went_nor_what_this_program_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added, changed, removed = Change.added, Change.modified, Change.deleted
    for name in ("kept", "output", "errors", "saved"):
        (tmp_path / name).touch()
    changes = [(removed, "gone"), (added, "draft"), (removed, "draft"), (changed, "kept"), (removed, "a")]
    changes += [(changed, "output"), (changed, "errors"), (added, "saved"), (changed, "draft"), (changed, "0")]
    with (tmp_path / "output").open("w") as output, (tmp_path / "errors").open("w") as errors:
        monkeypatch.setattr(sys, "stdout", output)
        monkeypatch.setattr(sys, "stderr", errors)
        told = list(_saved_names(tmp_path, [(kind, str(tmp_path / name)) for kind, name in changes]))
        monkeypatch.setattr(sys, "stderr", None)
        without_errors = list(_saved_names(tmp_path, [(changed, str(tmp_path / "output"))]))
        closed = (tmp_path / "errors").open()
        closed.close()
        monkeypatch.setattr(sys, "stderr", closed)
        assert [("output",)] == list(_saved_names(tmp_path, [(changed, str(tmp_path / "output"))]))
    assert ([("0", "a", "gone", "kept", "saved")], []) == (told, without_errors)


def test_folders_are_watched_again_once_others_are_there_and_those_made_meanwhile_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = threading.Event()
    asked: list[tuple[list[str], bool]] = []
    write(tmp_path, dict.fromkeys(("b/x", "a/x", ".git/x", ".remit/x", ".ruff_cache/x", "site-packages/x", "file"), ""))

    def changes(paths: Sequence[Path], _: threading.Event, *, recursive: bool) -> Iterator[set[tuple[Change, str]]]:
        asked.append(([path.name for path in paths], recursive))
        if len(asked) == 1:
            yield {(Change.modified, str(tmp_path / "a/x"))}
            write(tmp_path, {"d/x": "", "c/x": "", "node_modules/x": ""})
            yield {(Change.modified, str(tmp_path / "b/x"))}
            raise AssertionError("the folders are not those that are watched")
        stop.set()
        yield set()

    monkeypatch.setattr(source_files, "_changes", changes)
    assert [("a/x",), ("b/x",), ("c/", "d/")] == list(saved_below(tmp_path, stop))
    assert [(["a", "b"], True), (["a", "b", "c", "d"], True)] == asked
    asked.clear()
    stop.clear()
    top = saved_at_the_top(tmp_path, stop)
    assert ("a/x",) == next(top)
    top.close()
    assert [([tmp_path.name], False)] == asked
    assert () == source_files._own_folders(tmp_path / "gone")
    keeps = source_files._Sources()
    names = ("app.py", "app.py.remit-12", "app.py.remit-x", "a/.remit/x", "a/site-packages/x.py", "a/.ruff_cache/x")
    assert ["app.py", "app.py.remit-x"] == [name for name in names if keeps(Change.modified, str(tmp_path / name))]


def test_what_was_gone_before_it_could_be_watched_is_told_as_a_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def watch(*paths: Path, **options: Any) -> Iterator[Any]:
        asked.append((paths, options["recursive"], options["yield_on_timeout"], options["raise_interrupt"]))
        raise RuntimeError("no such folder")
        yield

    monkeypatch.setattr(source_files.watchfiles, "watch", watch)
    stop: Any = SimpleNamespace(wait=asked.append)
    paths = [tmp_path / "a", tmp_path / "b"]
    assert [{(Change.modified, str(tmp_path / "a"))}] == list(source_files._changes(paths, stop, recursive=True))
    assert [((*paths,), True, True, False), 0.2] == asked


def test_what_tools_keep_is_not_told(watch: Watch) -> None:
    watch.until("app.py", "app.py")
    watch.until("shop/cart.py", "shop/cart.py")
    write(watch.folder, {".remit/local/log": "1", ".venv/x.py": "1", "shop/__pycache__/cart.pyc": "1"})
    write(watch.folder, {".ruff_cache/0.17/1": "made meanwhile"})
    watch.until("shop/end.py", "shop/end.py")
    time.sleep(0.3)
    assert {*watch.at_the_top, *watch.below} <= {"app.py", "shop/cart.py", "shop/end.py"}
