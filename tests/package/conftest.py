"""What the tests of packing share: projects made of text, wheels made by hand, another user's eyes."""

from __future__ import annotations

import contextlib
import os
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOBODY = 65534


@pytest.fixture
def project(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Write files, given as name -> text, into a new project folder."""

    def write(files: dict[str, str]) -> Path:
        folder = tmp_path / "project"
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return folder

    return write


@pytest.fixture
def wheel() -> Callable[..., Path]:
    """Write a wheel: folder, name, version, its modules, what it requires."""

    def write(folder: Path, name: str, files: dict[str, str], requires: tuple[str, ...] = ()) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        info = f"{name}-1.0.dist-info"
        requirements = "".join(f"Requires-Dist: {one}\n" for one in requires)
        members = files | {
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{requirements}",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        record = "".join(f"{member},,\n" for member in [*members, f"{info}/RECORD"])
        path = folder / f"{name}-1.0-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for member, text in {**members, f"{info}/RECORD": record}.items():
                archive.writestr(member, text)
        return path

    return write


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can look into, as pytest's own are not."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture
def nobody() -> Callable[[], contextlib.AbstractContextManager[None]]:
    """Run a block without root's power to read and write everything."""

    @contextlib.contextmanager
    def block() -> Iterator[None]:
        before = os.geteuid()
        if before == 0:
            os.seteuid(NOBODY)
        try:
            yield
        finally:
            if before == 0:
                os.seteuid(0)

    return block
