"""uv workspaces: a member's dependencies are those of the workspace's lock, other members among them as wheels."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest
import uv

from projects import write
from remit.errors import RemitError
from remit.package.app_zip import package
from remit.package.installer import Target
from remit.package.requirements import read_source

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TARGET = Target(f"{sys.version_info.major}.{sys.version_info.minor}", "x86_64")
BACKEND = """
import pathlib, tomllib, zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    project = tomllib.loads(pathlib.Path("pyproject.toml").read_text())["project"]
    name = project["name"]
    requires = "".join(f"Requires-Dist: {each}\\n" for each in project.get("dependencies", []))
    with zipfile.ZipFile(f"{folder}/{name}-1-py3-none-any.whl", "w") as wheel:
        wheel.write(f"{name}.py")
        metadata = f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 1\\n{requires}"
        wheel.writestr(f"{name}-1.dist-info/METADATA", metadata)
        about = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
        wheel.writestr(f"{name}-1.dist-info/WHEEL", about)
        wheel.writestr(f"{name}-1.dist-info/RECORD", "")
    return f"{name}-1-py3-none-any.whl"
"""


def member(name: str, *dependencies: str, further: str = "") -> str:
    """The pyproject.toml of a member."""
    sources = "".join(f"{each} = {{workspace = true}}\n" for each in dependencies)
    return (
        f'[project]\nname = "{name}"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = {[*dependencies]}\n'
        f"[tool.uv.sources]\n{sources}{further}"
    )


def library(name: str, *dependencies: str) -> dict[str, str]:
    """The files of a member that is built."""
    build = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    files = {
        "pyproject.toml": member(name, *dependencies, further=build),
        "backend.py": BACKEND,
        f"{name}.py": "X = 1\n",
    }
    return {f"libs/{name}/{file}": text for file, text in files.items()}


WORKSPACE: Mapping[str, str] = {
    "pyproject.toml": '[tool.uv.workspace]\nmembers = ["libs/*", "services/*"]\nexclude = ["services/alone"]\n',
    **library("common", "base"),
    **library("base"),
    **library("other"),
    "services/orders/pyproject.toml": member("orders", "common"),
    "services/orders/app.py": "import common\n",
}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace with its lock: `orders` needs `common`, which needs `base`."""
    write(tmp_path, WORKSPACE)
    lock(tmp_path)
    return tmp_path


def lock(folder: Path) -> None:
    """Write uv.lock."""
    command = [uv.find_uv_bin(), "lock", "-q", "--offline", "--python", sys.executable]
    subprocess.run(command, cwd=folder, check=True)


def in_zip(folder: Path, code: str = "") -> set[str]:
    """The modules at the root of the zip of a project or of a root in it."""
    (installed,) = package(folder, TARGET, code=code).layers
    with zipfile.ZipFile(installed.path) as archive:
        return {name for name in archive.namelist() if "/" not in name}


def test_a_member_is_packed_with_the_members_that_it_needs_and_no_others(workspace: Path) -> None:
    assert {"common.py", "base.py"} == in_zip(workspace / "services/orders")


def test_a_change_in_another_member_is_packed(workspace: Path) -> None:
    before = package(workspace / "services/orders", TARGET).sha256
    assert before == package(workspace / "services/orders", TARGET).sha256
    write(workspace, {"libs/base/base.py": "X = 2\n"})
    assert before != package(workspace / "services/orders", TARGET).sha256


def test_a_root_of_zips_may_be_a_member_of_the_projects_own_workspace(workspace: Path) -> None:
    assert {"common.py", "base.py"} == in_zip(workspace, "services/orders")


def test_the_lock_of_a_workspace_must_know_what_the_member_states(workspace: Path) -> None:
    write(workspace, {"services/orders/pyproject.toml": member("orders", "common", "more")})
    with pytest.raises(RemitError, match=r"uv\.lock is older than pyproject\.toml: it does not know `more`") as caught:
        read_source(workspace / "services/orders")
    assert "../../uv.lock" == str(caught.value.origin)


def test_what_a_workspace_leaves_out_is_no_member(workspace: Path) -> None:
    write(workspace, {"services/alone/pyproject.toml": member("alone", further="[tool.other]\n")})
    assert None is read_source(workspace / "services/alone")


def test_a_workspace_without_a_lock_is_told_what_to_run_and_that_builds(tmp_path: Path) -> None:
    write(tmp_path, WORKSPACE)
    orders = tmp_path / "services/orders"
    with pytest.raises(RemitError, match=r"`common` comes from a uv workspace, which has no uv\.lock") as caught:
        read_source(orders)
    assert caught.value.hint is not None
    assert "`uv lock` writes it" in caught.value.hint
    lock(orders)
    assert {"common.py", "base.py"} == in_zip(orders)


def test_a_member_that_needs_remit_alone_has_nothing_to_pack(workspace: Path) -> None:
    text = '[project]\nname = "remit"\nversion = "1"\nrequires-python = ">=3.11"\n'
    write(workspace, {"libs/remit/pyproject.toml": text, "services/orders/pyproject.toml": member("orders", "remit")})
    lock(workspace)
    source = read_source(workspace / "services/orders")
    assert source is not None
    assert (True, True) == (source.only_remit, source.names_remit)
