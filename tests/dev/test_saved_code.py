"""The copy of a root's code that functions run, which is what its zip would hold."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from remit.app import App, Function, LayerCode
from remit.dev.events import WentWrong
from remit.dev.source_files import copy_code, is_deployed
from remit.errors import Origin, RemitError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_copy_is_new_where_a_file_came_changed_or_went(tmp_path: Path) -> None:
    folder, target = tmp_path / "shop", tmp_path / "copy"
    (folder / "lib").mkdir(parents=True)
    target.mkdir()

    def copied() -> tuple[bool, dict[str, str]]:
        is_new = copy_code(folder, "", (), target)
        held = {path.relative_to(target).as_posix(): path.read_text() for path in target.rglob("*") if path.is_file()}
        return is_new, held

    (folder / "app.py").write_text("one")
    (folder / "lib/more.py").write_text("two")
    assert (True, {"app.py": "one", "lib/more.py": "two"}) == copied()
    assert (False, {"app.py": "one", "lib/more.py": "two"}) == copied()
    (folder / "app.py").write_text("own")  # as long as before
    os.utime(folder / "app.py", ns=(1, 1))
    assert (True, {"app.py": "own", "lib/more.py": "two"}) == copied()
    (folder / "app.py").write_text("longer")  # of the same time
    os.utime(folder / "app.py", ns=(1, 1))
    assert (True, {"app.py": "longer", "lib/more.py": "two"}) == copied()
    (folder / "app.py").write_text("own")
    os.utime(folder / "app.py", ns=(1, 1))
    assert (True, {"app.py": "own", "lib/more.py": "two"}) == copied()
    (folder / "lib/more.py").unlink()
    assert (True, {"app.py": "own"}) == copied()
    assert not (target / "lib").exists()


def test_a_root_is_copied_alone_and_a_file_that_a_function_reads_stays_whole(tmp_path: Path) -> None:
    folder, target = tmp_path / "shop", tmp_path / "copy"
    (folder / "functions/a").mkdir(parents=True)
    for name in ("app.py", "functions/a/handler.py", "functions/a/notes.md"):
        (folder / name).write_text(name)
    assert copy_code(folder, "functions/a", ("*.md",), target)
    with (target / "handler.py").open() as started:
        (folder / "functions/a/handler.py").write_text("longer than it was before")
        assert copy_code(folder, "functions/a", ("*.md",), target)
        assert "functions/a/handler.py" == started.read()
    assert ["handler.py"] == [path.name for path in target.rglob("*")]
    assert "longer than it was before" == (target / "handler.py").read_text()


def test_what_may_name_packages_of_a_zip_is_deployed_wherever_its_root_is() -> None:
    functions = (Function("f", "F", "app.f", {}, code="functions/a"), Function("g", "G", "app.g", {}))
    layers = (LayerCode("Tool", "layers/tool"), LayerCode("Dependencies", "functions/a", "python3.13", "arm64"))
    app = App("shop", "dev", functions, layers=layers)
    named = [
        "requirements.txt",
        "functions/a/requirements-prod.txt",
        "uv.lock",
        "pyproject.toml",
        "setup.py",
        "setup.cfg",
    ]
    named += ["pylock.toml", "functions/a/pylock.dev.toml", "requirements-dev.in", "layers/tool/a.py"]
    assert [True] * 10 == [is_deployed(file, app) for file in named]
    others = ["app.py", "lib/requirements.txt", "functions/b/pyproject.toml", "functions/a/app.py", "lock.py"]
    others += ["layers/tools/a.py", "a/pylock.toml", "pylock.toml.bak", "my-setup.py", "requirements.md"]
    assert [False] * 10 == [is_deployed(file, app) for file in others]


def test_a_mistake_is_told_for_programs_with_its_file_and_line() -> None:
    error = RemitError("no", hint="do", origin=Origin("app.py", 3, 7))
    told = {"event": "error", "message": "no", "hint": "do", "file": "app.py", "line": 3}
    assert told == WentWrong.of(error).document()
    assert (None, None) == (WentWrong.of(RemitError("no")).file, WentWrong.of(RemitError("no")).line)
