"""A package is one snapshot, the same bytes everywhere, within Lambda's limits, or nothing."""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import remit
from random_cases import ASKS_ALL, cases
from remit.errors import RemitError
from remit.package.app_zip import UNZIPPED, Package, package, place
from remit.package.installer import Target

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    Project = Callable[[dict[str, str]], Path]

TARGET = Target("3.12", "x86_64")
APP = {
    "app.py": "def handler(event, context): ...\n",
    "lib/é.py": "x = 1\n" * 50,
    "lib/b.py": "",
    "zz.py": "",
    "config/x.yaml": "a: 1\n",
}
SOURCE = str(Path(remit.__file__).parent.parent)

SCRIPT = """
import sys
from pathlib import Path
from remit.package.app_zip import package
from remit.package.installer import Target
print(package(Path(sys.argv[1]), Target("3.12", "x86_64")).sha256)
"""


def names(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def noise(path: Path) -> bytes:
    return random.Random(path.name).randbytes(3 << 20)  # noqa: S311 - what cannot be compressed


def test_a_zip_holds_the_app_and_remit_s_runtime_part_sorted_by_bytes(project: Project) -> None:
    made = package(project(APP), TARGET)
    held = names(made.path)
    assert sorted(held, key=str.encode) == held
    assert [name for name in held if not name.startswith("remit/")] == [
        "app.py",
        "config/x.yaml",
        "lib/b.py",
        "lib/é.py",
        "zz.py",
    ]
    assert "remit/__init__.py" in held


def test_what_a_package_says_of_itself_is_true_of_its_file(project: Project) -> None:
    made = package(project(APP), TARGET)
    with zipfile.ZipFile(made.path) as archive:
        assert archive.testzip() is None
        assert sum(info.file_size for info in archive.infolist()) == made.unzipped
    digest = subprocess.run(["sha256sum", made.path], check=True, capture_output=True, text=True)  # noqa: S607
    assert (digest.stdout.split()[0], made.path.stat().st_size) == (made.sha256, made.size)


def test_times_modes_umask_and_order_of_creation_do_not_change_the_bytes(project: Project, tmp_path: Path) -> None:
    first = project(APP)
    second = tmp_path / "elsewhere"
    old = os.umask(0o077)
    try:
        for name in reversed(APP):
            path = second / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(APP[name], "utf-8")
            os.utime(path, (0, 86_400 * len(name)))
    finally:
        os.umask(old)
    assert package(first, TARGET).sha256 == package(second, TARGET).sha256


def test_the_executable_bit_is_kept_and_changes_the_bytes(project: Project) -> None:
    folder = project(APP)
    plain = package(folder, TARGET)
    (folder / "app.py").chmod(0o700)
    executable = package(folder, TARGET)
    with zipfile.ZipFile(executable.path) as archive:
        assert archive.getinfo("app.py").external_attr >> 16 == 0o100755
    assert (plain.sha256 != executable.sha256, plain.contents != executable.contents) == (True, True)


def interpreters() -> list[str]:
    """Every other Python that is at hand, beside the one that runs the tests."""
    found = sorted(Path.home().glob(".pyenv/versions/3.1[1-9].*/bin/python"))
    return [sys.executable, *map(str, found)]


@pytest.mark.parametrize("python", interpreters())
def test_locale_time_zone_hash_seed_and_python_s_minor_do_not_change_the_bytes(project: Project, python: str) -> None:
    folder = project(APP)
    expected = package(folder, TARGET).sha256
    for number, variables in enumerate(
        ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"TZ": "Asia/Tokyo"})
    ):
        environment = {
            "PYTHONPATH": SOURCE,
            "PYTHONHASHSEED": str(number),
            "PYTHONDONTWRITEBYTECODE": "1",
            **variables,
        }
        command = [python, "-S", "-c", SCRIPT, str(folder)]  # -S: without site-packages
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert expected == done.stdout.strip()


def test_a_folder_that_is_not_there_is_named_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(RemitError, match=r"there is no project folder '.*missing'"):
        package(tmp_path / "missing", TARGET)
    assert list(tmp_path.iterdir()) == []


def test_a_module_of_the_app_s_own_named_remit_is_refused(project: Project) -> None:
    with pytest.raises(RemitError, match=r"'remit/x.py' would hide the module `remit`"):
        package(project({"remit/x.py": ""}), TARGET)


def test_250_mb_unpacked_is_too_big_and_one_byte_less_is_not_and_nothing_is_written(project: Project) -> None:
    folder = project({"app.py": "", "data/small.bin": "x"})
    fixed = package(folder, TARGET).unzipped
    with (folder / "data" / "big.bin").open("wb") as file:
        file.truncate(UNZIPPED - fixed)
    with pytest.raises(RemitError) as caught:
        package(folder, TARGET)
    assert "262,144,000 bytes unpacked, and Lambda takes 262,144,000" in caught.value.message
    assert "data 250.0 MB, remit " in caught.value.message
    if ASKS_ALL:
        with (folder / "data" / "big.bin").open("r+b") as file:
            file.truncate(UNZIPPED - fixed - 1)
        assert package(folder, TARGET).unzipped == UNZIPPED - 1


@pytest.mark.skipif(not ASKS_ALL, reason="ten seconds: asked with all cases")
def test_a_zip_of_more_than_the_50_mb_that_lambda_takes_without_s3_is_packed(project: Project) -> None:
    folder = project({"app.py": ""})
    (folder / "noise.bin").write_bytes(noise(folder) * 17)
    assert package(folder, TARGET).size > 50 << 20


interruptions: list[tuple[str, Callable[[], object]]] = []
"""What an audit hook, which nothing takes off again, does once, before a folder of this name is listed."""


def interrupt(event: str, arguments: tuple[object, ...]) -> None:
    if event == "os.scandir" and interruptions and str(arguments[0]).endswith(interruptions[0][0]):
        interruptions.pop()[1]()


sys.addaudithook(interrupt)


def test_what_changes_while_the_folder_is_looked_at_is_packed_whole_or_not_at_all(project: Project) -> None:
    folder = project({"a/old.py": "", "z/app.py": "import old"})

    def rename() -> None:
        (folder / "a" / "old.py").rename(folder / "a" / "new.py")
        (folder / "z" / "app.py").write_text("import new")

    def add() -> None:
        (folder / "a" / "more.py").write_text("")
        (folder / "z" / "app.py").write_text("import more")

    for change, expected in (
        (rename, ["a/new.py", "z/app.py"]),
        (add, ["a/more.py", "a/new.py", "z/app.py"]),
    ):
        interruptions.append(("/z", change))
        made = package(folder, TARGET)
        assert [name for name in names(made.path) if not name.startswith("remit/")] == expected
        with zipfile.ZipFile(made.path) as archive:
            assert archive.read("z/app.py") == (folder / "z" / "app.py").read_bytes()
    assert interruptions == []


def test_files_that_change_all_the_time_are_refused(project: Project) -> None:
    folder = project({"a/log.txt": "", "z/app.py": ""})

    def grow() -> None:
        with (folder / "a" / "log.txt").open("a") as file:
            file.write("line\n")
        interruptions.append(("/z", grow))

    interruptions.append(("/z", grow))
    try:
        with pytest.raises(RemitError, match="keep changing while they are packed"):
            package(folder, TARGET)
    finally:
        interruptions.clear()
    assert package(folder, TARGET).unzipped > 0


def test_a_disk_that_is_full_leaves_the_old_zips_as_they_were_and_names_the_place(project: Project) -> None:
    folder = project({"app.py": "1"})
    (old,) = place({"one": package(folder, TARGET)}, folder)
    before = old.read_bytes()
    (folder / "noise.bin").write_bytes(noise(folder))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, limits[1]))
    try:
        with pytest.raises(RemitError, match=r"cannot write to '.*/\.remit/cache/packages': File too large"):
            package(folder, TARGET)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert before == old.read_bytes()
    assert len(list((folder / ".remit" / "cache" / "packages").iterdir())) == 1


def test_a_project_that_cannot_be_written_to_is_named(
    open_folder: Path, nobody: Callable[[], AbstractContextManager[None]]
) -> None:
    (open_folder / "app.py").write_text("")
    made = package(open_folder, TARGET)
    for path in (open_folder, *open_folder.rglob("*")):
        path.chmod(0o555)
    told = rf"cannot write to '{open_folder}/\.remit/(cache/packages|build)': Permission denied"
    with nobody():
        with pytest.raises(RemitError, match=told):
            package(open_folder, TARGET)
        with pytest.raises(RemitError, match=told):
            place({"one": made}, open_folder)


def test_every_function_gets_the_zip_and_those_that_are_no_more_lose_theirs(project: Project) -> None:
    folder = project(APP)
    place(dict.fromkeys(("one", "two"), package(folder, TARGET)), folder)
    (folder / ".remit" / "build" / "template.json").write_text("{}")
    (folder / "app.py").write_text("changed = True\n")
    made = package(folder, TARGET)
    placed = place(dict.fromkeys(("two", "three"), made), folder)
    build = folder / ".remit" / "build"
    assert {"two.zip", "three.zip", "template.json"} == {path.name for path in build.iterdir()}
    assert {made.path.read_bytes()} == {path.read_bytes() for path in placed}


def test_packages_of_earlier_builds_do_not_pile_up(project: Project) -> None:
    folder = project(APP)
    for number in range(7):
        (folder / "app.py").write_text(f"x = {number}\n")
        made = package(folder, TARGET)
        place({"hello": made}, folder)
    kept = list((folder / ".remit" / "cache" / "packages").iterdir())
    assert (made.path in kept, len(kept)) == (True, 6)


NOTHING = Package(Path(), "", 0, 0, (), (), "")


@settings(max_examples=cases(12, deep=150))
@example([], 3, {"old"})
@given(st.lists(st.integers(0, 8), max_size=9), st.integers(0, 30), st.sets(st.sampled_from(["old", "f0"])))
def test_each_function_has_its_zip_and_the_cache_keeps_those_and_the_latest(
    zips: list[int], older: int, before: set[str]
) -> None:
    """Six zips are kept for each that is placed: five layers may belong to it."""
    with TemporaryDirectory() as place_of_test:
        folder = Path(place_of_test)
        cache, built = folder / ".remit/cache/packages", folder / ".remit/build"
        cache.mkdir(parents=True)
        built.mkdir(parents=True)
        for name in before:
            (built / f"{name}.zip").write_bytes(b"before")
        (built / "template.json").write_text("{}")
        cached = [
            *(f"old{number}.zip" for number in range(older)),
            *(f"new{number}.zip" for number in sorted(set(zips))),
        ]
        for age, name in enumerate(cached):
            (cache / name).write_text(name)
            os.utime(cache / name, (1_000_000 + age, 1_000_000 + age))
        packages = {f"f{place}": replace(NOTHING, path=cache / f"new{number}.zip") for place, number in enumerate(zips)}
        placed = place(packages, folder)
        assert [path.name for path in placed] == [f"f{number}.zip" for number in range(len(zips))]
        assert {path.name for path in built.iterdir()} == {path.name for path in placed} | {"template.json"}
        assert [path.read_text() for path in placed] == [f"new{number}.zip" for number in zips]
        assert {path.name for path in cache.iterdir()} == set(cached[-6 * len(set(zips)) :])
