"""The code that is served without a deploy: the project's own files as its zip has them, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from projects import write
from remit.dev.source_files import copy_code, states_dependencies
from remit.errors import RemitError

if TYPE_CHECKING:
    from pathlib import Path


def files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()
    }


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "orders"
    write(folder, {"app.py": "one", "shop/cart.py": "cart", "notes.md": "notes", ".remit/build/x": "", ".env": "KEY=1"})
    return folder


def test_what_the_zip_has_is_copied_and_what_it_leaves_out_is_not(project: Path, tmp_path: Path) -> None:
    assert copy_code(project, ["notes.md"], tmp_path / "code")
    assert {"app.py": "one", "shop/cart.py": "cart"} == files(tmp_path / "code")


def test_what_was_changed_or_removed_is_so_in_the_copy(project: Path, tmp_path: Path) -> None:
    copy_code(project, [], tmp_path / "code")
    (project / "app.py").write_text("two")
    (project / "shop" / "cart.py").unlink()
    assert copy_code(project, ["notes.md"], tmp_path / "code")
    assert {"app.py": "two"} == files(tmp_path / "code")
    assert ["app.py"] == [path.name for path in (tmp_path / "code").iterdir()]


def test_a_file_that_stays_is_not_written_again(project: Path, tmp_path: Path) -> None:
    copy_code(project, [], tmp_path / "code")
    before = (tmp_path / "code" / "app.py").stat().st_ino
    assert not copy_code(project, [], tmp_path / "code")
    assert before == (tmp_path / "code" / "app.py").stat().st_ino


def test_a_place_that_cannot_be_written_is_told(project: Path, tmp_path: Path) -> None:
    (tmp_path / "code").write_text("a file")
    with pytest.raises(RemitError, match="the changed code cannot be copied to"):
        copy_code(project, [], tmp_path / "code")


DEPENDENCIES = ("pyproject.toml", "requirements.txt", "requirements-prod.in", "uv.lock", "pylock.toml")


@pytest.mark.parametrize("name", DEPENDENCIES)
def test_files_at_the_top_may_state_dependencies(name: str) -> None:
    assert states_dependencies(("README.md", name))


@pytest.mark.parametrize("name", ["app.py", "notes.txt", "data/uv.lock", "README.md"])
def test_other_files_state_none(name: str) -> None:
    assert not states_dependencies((name,))
