"""The AWS on this machine is installed once, whole or not at all, into a folder that nobody else can change."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from remit.errors import RemitError
from remit.local import environment
from remit.package.interpreters import own_program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REMIT = Path(sys.executable).parent / "remit"


def installing(cache: Path, **variables: str) -> subprocess.Popen[str]:
    command = [str(REMIT), "local", "install", "-C", str(cache)]
    seen = {**os.environ, "XDG_CACHE_HOME": str(cache), "UV_CACHE_DIR": str(uv_cache()), **variables}
    return subprocess.Popen(command, env=seen, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def uv_cache() -> Path:
    """Uv's own cache, which it would look for below XDG_CACHE_HOME."""
    return Path(os.environ.get("UV_CACHE_DIR") or Path.home() / ".cache" / "uv")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def fake() -> Path:
    """An environment that looks whole: one file, and the list of it."""
    folder = environment.ENVIRONMENT.place
    (folder / "packages").mkdir(parents=True, mode=0o700)
    (folder / "packages" / "a.py").write_text("x = 1\n")
    (folder / "manifest.json").write_text(json.dumps({"packages/a.py": 6}))
    return folder


@pytest.mark.network
def test_two_at_once_install_it_once_beside_what_a_killed_one_left(cache: Path) -> None:
    unfinished = environment.ENVIRONMENT.place.with_suffix(".unfinished")
    (unfinished / "packages").mkdir(parents=True, mode=0o700)
    runs = [installing(cache), installing(cache)]
    outputs = [run.communicate() for run in runs]
    folder = environment.ENVIRONMENT.place
    assert [(run.returncode, out) for run, (out, _) in zip(runs, outputs, strict=True)] == [
        (0, f"the AWS on this machine is installed in {folder}\n")
    ] * 2, outputs
    said = "".join(err for _, err in outputs)
    assert said.count("installing the AWS on this machine, once") == 1
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "packages", "runtime", "sdk"]
    assert (folder / "sdk" / "boto3" / "__init__.py").is_file()
    assert not unfinished.exists()
    offline = installing(cache, UV_DEFAULT_INDEX="http://127.0.0.1:9/simple")
    assert (offline.communicate(), offline.returncode) == ((outputs[0][0], ""), 0)


def test_without_a_package_index_it_says_so_and_leaves_nothing(cache: Path) -> None:
    nowhere = "http://127.0.0.1:9/simple"
    run = installing(cache, UV_DEFAULT_INDEX=nowhere, UV_CACHE_DIR=str(cache / "uv"), UV_HTTP_RETRIES="0")
    _, err = run.communicate()
    assert run.returncode == 69, err
    assert "the AWS on this machine cannot be installed: the package index does not answer" in err
    assert not environment.ENVIRONMENT.place.exists()


def test_a_file_that_is_missing_or_has_another_size_makes_it_be_installed_again() -> None:
    folder = fake()
    assert environment.ENVIRONMENT.installed() == folder
    file = folder / "packages" / "a.py"
    for content in ("x", "x = 1\n# more\n"):
        file.write_text(content)
        assert environment.ENVIRONMENT.installed() is None
    file.unlink()
    assert environment.ENVIRONMENT.installed() is None


def test_a_folder_that_others_may_write_is_refused(cache: Path) -> None:
    fake().chmod(0o777)
    with pytest.raises(RemitError, match="may be written by other users"):
        environment.install(cache, print)


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(RemitError, match="which cannot be written: Not a directory") as caught:
        environment.install(tmp_path, print)
    assert "set XDG_CACHE_HOME" in str(caught.value)


def test_another_list_or_another_python_has_a_folder_of_its_own(cache: Path) -> None:
    assert environment.ENVIRONMENT.place.parent == cache / "remit" / "local"
    assert len(environment.ENVIRONMENT.place.name) == 20


def test_what_no_remit_has_used_for_a_month_is_removed_but_what_was_just_made(tmp_path: Path) -> None:
    for name, moment in (("made", 0.0), ("old", 0.0), ("used", None)):
        (tmp_path / name).mkdir()
        if moment is not None:
            os.utime(tmp_path / name, (moment, moment))
    (tmp_path / "file").touch()
    os.utime(tmp_path / "file", (0, 0))
    environment._prune(tmp_path / "made")
    assert ["file", "made", "used"] == sorted(path.name for path in tmp_path.iterdir())


@pytest.mark.parametrize(
    ("said", "what", "hint", "status"),
    [
        ("error: No space left on device: network", "no space left on the device", "free some room: it takes 5 MB", 2),
        ("Failed: dns error", "the package index does not answer; uv said:", "check the network and HTTPS_PROXY", 69),
        ("Connection refused", "the package index does not answer; uv said:", "check the network and HTTPS_PROXY", 69),
        ("hash mismatch", "uv said:", "UV_DEFAULT_INDEX names another package index, such as a mirror", 2),
    ],
)
def test_what_uv_says_last_is_told_with_what_helps(said: str, what: str, hint: str, status: int) -> None:
    packages = environment.CachedPackages("the tool", "5 MB", (), lambda *_: None)
    told = packages._failure("\n".join(f"line {number} " for number in range(20)) + f"\n{said}")
    lines = [f"  line {number}" for number in range(9, 20)]
    quoted = "" if "space" in what else "\n".join(["", *lines, f"  {said}"])
    separator = ";" if what == "uv said:" else ":"
    assert f"the tool cannot be installed{separator} {what}{quoted}" == told.message
    assert (hint, status) == (str(told.hint).partition(";")[0], told.exit_code)


@pytest.mark.parametrize(
    ("system", "platform"), [("linux", ()), ("darwin", ("--python-platform", "x86_64-manylinux_2_28"))]
)
def test_the_emulator_the_runtime_and_the_sdk_have_folders_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, platform: tuple[str, ...]
) -> None:
    monkeypatch.setattr(environment, "sys", SimpleNamespace(platform=system))
    installed: list[tuple[object, ...]] = []
    environment.ENVIRONMENT.fill(tmp_path, lambda *arguments: installed.append(arguments))
    lists = Path(environment.__file__).parent
    assert (lists / "environment.txt", tmp_path / "packages") == installed[0]
    assert (lists / "function_runtime.txt", tmp_path / "runtime", *platform) == installed[1]
    links = {path.name: str(path.readlink()) for path in (tmp_path / "sdk").iterdir()}
    assert {name: f"../packages/{name}" for name in environment.SDK} == links
    environment._DEBUGPY.fill(tmp_path, lambda *arguments: installed.append(arguments))
    assert [(lists / "debugger.txt", tmp_path)] == installed[2:]
    made = environment.LocalEnvironment(tmp_path)
    folders = [tmp_path / name for name in ("packages", "runtime", "sdk")]
    assert folders == [made.packages, made.runtime, made.sdk]


def test_packages_are_put_in_their_place_whole_with_the_sizes_of_their_files(cache: Path) -> None:
    (cache / "list.txt").write_text("a==1\n")

    def fill(folder: Path, _install: object) -> None:
        (folder / "below").mkdir()
        (folder / "below" / "a.py").write_text("x = 1\n")

    said: list[str] = []
    packages = environment.CachedPackages("the tool", "5 MB", (cache / "list.txt",), fill)
    unfinished = packages.place.with_suffix(".unfinished")
    unfinished.mkdir(parents=True)
    (unfinished / "left").touch()
    for folder in packages.place.parents[:2]:
        folder.chmod(0o700)
    assert packages.place == packages.install(cache, said.append)
    assert {"below/a.py": 6} == json.loads((packages.place / "manifest.json").read_text())
    assert ["below", "manifest.json"] == sorted(path.name for path in packages.place.iterdir())
    assert not unfinished.exists()
    (packages.place / "below" / "a.py").unlink()
    assert packages.place == packages.install(cache, said.append) == packages.installed()
    assert ["installing the tool, once (5 MB)", "the tool is damaged: installing it again"] == said
    before = packages.place
    (cache / "list.txt").write_text("a==2\n")
    assert before != packages.place


@pytest.mark.parametrize("mode", [0o720, 0o702])
@pytest.mark.parametrize("above", [0, 1, 2])
def test_no_folder_down_to_the_cache_may_be_written_by_others(mode: int, above: int) -> None:
    folder = fake()
    (folder, *folder.parents)[above].chmod(mode)
    with pytest.raises(RemitError, match="may be written by other users"):
        environment.ENVIRONMENT.installed()


@pytest.mark.parametrize(("chosen", "is_taken"), [("/var/cache", True), ("cache", False), ("", False)])
def test_packages_are_in_the_cache_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: str, *, is_taken: bool
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", chosen)
    monkeypatch.setenv("HOME", str(tmp_path))
    own = tmp_path / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    assert (Path(chosen) if is_taken else own) / "remit" / "local" == environment._cache()


HINT = "set XDG_CACHE_HOME to a folder that can be written"


@pytest.mark.parametrize(
    ("number", "hint"), [(errno.ENOSPC, f"free some room (it takes 5 MB), or {HINT}"), (errno.EACCES, HINT)]
)
def test_a_disk_that_takes_no_packages_is_told_with_what_helps(cache: Path, number: int, hint: str) -> None:
    def fill(_folder: Path, _install: object) -> None:
        raise OSError(number, "the reason")

    packages = environment.CachedPackages("the tool", "5 MB", (), fill)
    with pytest.raises(RemitError) as refused:
        packages.install(cache, print)
    place = str(cache / "remit" / "local")
    words = f"the tool is installed in {place!r}, which cannot be written: the reason"
    assert (words, hint) == (refused.value.message, refused.value.hint)


def test_what_another_remit_has_installed_meanwhile_is_used_and_its_use_is_noted(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def other_was_first(lock: Path, waiting: Callable[[], None]) -> Iterator[None]:
        waiting()
        folder = lock.with_suffix("")
        folder.mkdir(mode=0o700)
        (folder / "manifest.json").write_text("{}")
        yield

    def fill(_folder: Path, _install: object) -> None:
        raise AssertionError

    monkeypatch.setattr(environment, "alone", other_was_first)
    said: list[str] = []
    packages = environment.CachedPackages("the tool", "5 MB", (), fill)
    assert packages.place == packages.install(cache, said.append)
    assert ["waiting for another remit: the tool"] == said
    os.utime(packages.place, (0, 0))
    assert packages.place == packages.install(cache, said.append)
    assert packages.place.stat().st_mtime > 0
    assert ["waiting for another remit: the tool"] == said


@pytest.mark.parametrize("is_folder", [True, False])
def test_uv_installs_a_locked_list_by_the_settings_of_the_project_and_no_secret_of_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_folder: bool
) -> None:
    runs: list[tuple[tuple[str, ...], Path | None]] = []
    ended = [SimpleNamespace(returncode=0, stderr="a warning"), SimpleNamespace(returncode=1, stderr=SAID)]

    def run(command: tuple[str, ...], folder: Path | None) -> SimpleNamespace:
        runs.append((command, folder))
        return ended[len(runs) - 1]

    monkeypatch.setattr(environment, "run_uv", run)
    project = tmp_path if is_folder else tmp_path / "gone"
    packages = environment.CachedPackages("the tool", "5 MB", (), lambda *_: None)
    packages._install(project, Path("list.txt"), Path("to"), "--more", "m")
    with pytest.raises(RemitError) as refused:
        packages._install(project, Path("list.txt"), Path("to"))
    assert "secret" not in refused.value.message
    assert "private.example" in refused.value.message
    begin = ("pip", "install", "--python", own_program(), "--target", "to")
    end = ("--require-hashes", "--no-deps", "--only-binary", ":all:", "--requirements", "list.txt")
    folder = project if is_folder else None
    assert [((*begin, "--more", "m", *end), folder), ((*begin, *end), folder)] == runs


SAID = "hash mismatch at https://me:secret@private.example/x"


def test_a_folder_of_roots_may_be_an_images_and_one_of_another_user_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owners = {"root": 0, "mine": 1000, "other": 1001}
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    refused = []
    for name, owner in owners.items():
        folder = SimpleNamespace(stat=lambda owner=owner: SimpleNamespace(st_uid=owner, st_mode=0o40755))
        try:
            environment._check_owner(cast("Path", folder))
        except RemitError:
            refused.append(name)
    assert ["other"] == refused
