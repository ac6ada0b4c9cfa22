"""remit writes and deletes in a project's own `.remit`, and nowhere that a link there leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from remit.cli import main
from remit.errors import RemitError
from remit.review.record import record_path

if TYPE_CHECKING:
    from pathlib import Path

APP = """
from remit import App

app = App()


@app.function
def hello(event, context):
    return 1
"""


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder of somebody's with a zip of theirs, laid out as `.remit` is."""
    folder = tmp_path / "elsewhere"
    for name in (".", "build", "cache", "packages", "dependencies"):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "theirs.zip").write_text("theirs")
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "config").mkdir(parents=True)
    (folder / "config" / "deploy.py").write_text("")
    (folder / "app.py").write_text(APP)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("part", [".remit", ".remit/build", ".remit/cache", ".remit/cache/packages"])
def test_a_build_refuses_a_link_in_the_place_of_what_it_keeps(
    project: Path, elsewhere: Path, part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(elsewhere)
    (project / part).parent.mkdir(parents=True, exist_ok=True)
    (project / part).symlink_to(elsewhere)
    with pytest.raises(SystemExit) as ended:
        main(["build", "-C", str(project)])
    assert ended.value.code == 2
    assert f"{str(project / part)!r} is a link" in capsys.readouterr().err
    assert contents(elsewhere) == before


def test_the_record_of_a_deploy_is_neither_written_nor_removed_behind_a_link(project: Path, elsewhere: Path) -> None:
    (project / ".remit").mkdir()
    (project / ".remit" / "deployed").symlink_to(elsewhere)
    with pytest.raises(RemitError, match="is a link"):
        record_path(project, "project-dev")
