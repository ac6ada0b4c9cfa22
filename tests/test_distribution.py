"""The wheel and the sdist: their version, their contents, and that they are the same bytes each time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from random_cases import in_all_cases

ROOT = Path(__file__).parents[1]
MEGABYTE = 1_000_000


def build(source: Path, target: Path, epoch: str = "1764500000") -> list[Path]:
    """Build both distributions, as the release does."""
    environment = {**os.environ, "SOURCE_DATE_EPOCH": epoch}
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(target)]
    subprocess.run(command, cwd=source, env=environment, check=True, capture_output=True)
    return sorted(target.iterdir())


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return build(ROOT, tmp_path_factory.mktemp("dist"))


def test_both_are_small_and_hold_what_runs_alone(built: list[Path]) -> None:
    wheel, sdist = built
    names = zipfile.ZipFile(wheel).namelist()
    assert {"remit"} == {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    assert [] == [name for name in names if "/tests/" in name and "/skeleton/" not in name]
    with tarfile.open(sdist) as archive:
        files = {name.split("/")[1] for name in archive.getnames()}
    assert {
        ".gitignore",
        "CHANGELOG.md",
        "LICENSE",
        "NOTICE",
        "PKG-INFO",
        "README.md",
        "pyproject.toml",
        "src",
    } == files
    assert [] == [path.name for path in built if path.stat().st_size > 4.0 * MEGABYTE]


@in_all_cases
def test_the_same_tree_gives_the_same_bytes_whenever_its_files_were_written(built: list[Path], tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "src", copy / "src", copy_function=shutil.copyfile, ignore=shutil.ignore_patterns("__pyc*"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE", "CHANGELOG.md", ".gitignore"):
        shutil.copyfile(ROOT / name, copy / name)
    with tarfile.open(built[1]) as archive:
        version = built[1].name.removeprefix("remit-").removesuffix(".tar.gz")
        information = archive.extractfile(f"remit-{version}/PKG-INFO")
        assert information is not None
        (copy / "PKG-INFO").write_bytes(information.read())  # its version: this folder has no git
    again = build(copy, tmp_path / "dist")
    assert [path.read_bytes() for path in built] == [path.read_bytes() for path in again]


@pytest.mark.parametrize(
    ("tag", "commits_after", "version"), [("v0.7.3", 0, "0.7.3"), ("v0.7.3", 1, "0.7.4.dev1"), (None, 0, "0.1.dev1")]
)
def test_the_version_is_that_of_the_tag(tmp_path: Path, tag: str | None, commits_after: int, version: str) -> None:
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]

    def git(*arguments: str) -> None:
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)  # noqa: S607

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    if tag:
        git("tag", tag)
    for _ in range(commits_after):
        git("commit", "-qm", "next", "--allow-empty")
    assert version == version_of(tmp_path)


def test_a_copy_without_the_history_of_git_builds(tmp_path: Path) -> None:
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    assert version_of(tmp_path) == "0.1.dev0"


def version_of(folder: Path) -> str:
    command = [sys.executable, "-m", "hatchling", "version"]
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent)}
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return ran.stdout.strip()
