"""The code that is served without a deploy: the project's own files as its zip has them, and no others."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projects import write
from remit.dev.source_files import copy_code
from remit.errors import RemitError

if TYPE_CHECKING:
    from pathlib import Path


def files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()
    }


TEXTS = ("one", "two", "three")
TREES = st.dictionaries(
    st.sampled_from(["app.py", "shop/cart.py", "shop/deep/tax.py", "zoo/a.py", "notes.md"]),
    st.sampled_from(TEXTS),
)
LEFT_OUT = {".remit/build/x": "", ".env": "KEY=1"}


@settings(max_examples=25)
@given(st.lists(TREES, min_size=1, max_size=4))
def test_the_copy_is_what_the_zip_holds_whatever_it_was_before(
    tmp_path_factory: pytest.TempPathFactory, trees: list[dict[str, str]]
) -> None:
    """A file that stays is not written again, no folder is left empty, and it is told whether anything was new."""
    folder = tmp_path_factory.mktemp("saved")
    project, code = folder / "orders", folder / "code"
    before: dict[str, str] = {}
    numbers: dict[str, int] = {}
    for tree in trees:
        shutil.rmtree(project, ignore_errors=True)
        write(project, tree | LEFT_OUT)
        for name, text in tree.items():
            os.utime(project / name, (0, TEXTS.index(text)))
        packed = {name: text for name, text in tree.items() if name != "notes.md"}
        assert copy_code(project, "", ["notes.md"], code) == (packed != before)
        assert files(code) == packed
        assert [path for path in code.rglob("*") if path.is_dir() and not any(path.iterdir())] == []
        numbers_now = {name: (code / name).stat().st_ino for name in packed}
        stayed = [name for name, text in packed.items() if before.get(name) == text]
        assert [numbers_now[name] for name in stayed] == [numbers[name] for name in stayed]
        before, numbers = packed, numbers_now


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    project = tmp_path / "orders"
    write(project, {"app.py": "one"})
    (tmp_path / "code").write_text("a file")
    with pytest.raises(RemitError, match="the changed code cannot be copied to"):
        copy_code(project, "", [], tmp_path / "code")
