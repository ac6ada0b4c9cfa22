"""The zip of a function is unpacked as it is, once, and nowhere else than in its folder."""

from __future__ import annotations

import io
import stat
import sys
import tempfile
import time
import warnings
import zipfile
from contextlib import suppress
from pathlib import Path
from threading import Lock
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.local.functions import unpacked_code
from remit.local.functions.unpacked_code import LARGEST, UnpackedCode, UnusableCode
from terminals import HANGS


def packed(*entries: tuple[str | zipfile.ZipInfo, str | bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for entry, text in entries:
            archive.writestr(entry, text, kind)
    return content.getvalue()


def entry(name: str, mode: int) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name)
    made.create_system = 3
    made.external_attr = mode << 16
    return made


def test_files_and_their_permissions_are_those_of_the_zip(tmp_path: Path) -> None:
    content = packed(
        ("app.py", "x"), ("lib/a/b.py", "y"), (entry("bin/run", 0o755), "z"), (entry("set", 0o4755), ""),
        (entry("bin/group", 0o654), "z"), (entry("bin/others", 0o641), "z"), (entry("bin/plain", 0o666), "z"),
    )  # fmt: skip
    folder = UnpackedCode(tmp_path / "code").folder(content)
    files = {
        str(path.relative_to(folder)): oct(path.stat().st_mode & 0o7777) for path in folder.rglob("*") if path.is_file()
    }
    assert files == {
        "app.py": "0o444", "lib/a/b.py": "0o444", "bin/run": "0o555", "set": "0o555", "bin/group": "0o555",
        "bin/others": "0o555", "bin/plain": "0o444",
    }  # fmt: skip


@pytest.mark.parametrize("system", [0, 10, 19])  # FAT, NTFS, macOS
@pytest.mark.parametrize("mode", [0o755, stat.S_IFLNK | 0o777])
def test_permissions_mean_something_in_a_zip_of_unix_alone(tmp_path: Path, system: int, mode: int) -> None:
    other = entry("run", mode)
    other.create_system = system
    folder = UnpackedCode(tmp_path / "code").folder(packed((other, "x")))
    assert (0o444, "x") == ((folder / "run").lstat().st_mode & 0o777, (folder / "run").read_text())


def test_modules_are_compiled_once_by_each_python_until_their_folder_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs, waiting = [], []
    thread = SimpleNamespace(Thread=lambda target, **_: SimpleNamespace(start=lambda: waiting.append(target)))
    monkeypatch.setattr(unpacked_code, "threading", thread)
    process = SimpleNamespace(DEVNULL=-3, run=lambda command, **options: runs.append((command, options)))
    monkeypatch.setattr(unpacked_code, "subprocess", process)
    code = UnpackedCode(tmp_path / "code", _lock=Lock())
    folder = code.folder(packed(("app.py", "x")))
    for program in ("python", "python", "other"):
        code.compile(folder, program)
    assert 2 == len(waiting)
    code.prune((), ())  # it is being compiled
    assert folder.is_dir()
    for run in waiting:
        run()
    command = ("nice", "python", "-I", "-S", "-m", "compileall", "-q", str(folder))
    options = {"stdin": -3, "stdout": -3, "stderr": -3, "check": False, "umask": 0o077}
    assert [(command, options), ((*command[:1], "other", *command[2:]), options)] == runs
    code.compile(folder, "python")
    assert 2 == len(waiting)
    code.prune((), ())
    assert not folder.exists()
    code.compile(folder, "python")
    assert 3 == len(waiting)


def test_of_two_files_with_one_name_the_last_counts(tmp_path: Path) -> None:
    with warnings.catch_warnings(action="ignore"):  # zipfile's, of what some tools write
        content = packed(("app.py", "first"), ("app.py", "last"))
    folder = UnpackedCode(tmp_path / "code").folder(content)
    assert "last" == (folder / "app.py").read_text()


def test_what_an_unpacking_left_that_did_not_end_is_no_part_of_the_next_one(tmp_path: Path) -> None:
    code, content = UnpackedCode(tmp_path), packed(("app.py", "x"))
    folder = code.folder(content)
    unfinished = folder.with_suffix(".unfinished")
    folder.rename(unfinished)
    (unfinished / "other.py").touch()
    assert folder == code.folder(content)
    assert ["app.py"] == [path.name for path in folder.iterdir()]
    assert [folder] == list(tmp_path.iterdir())


def test_the_same_zip_is_unpacked_once(tmp_path: Path) -> None:
    code = UnpackedCode(tmp_path / "code")
    first = code.folder(packed(("app.py", "x")))
    (first / "mark").touch()
    assert (code.folder(packed(("app.py", "x"))) / "mark").exists()


def test_modules_are_compiled_for_the_workers_that_only_read_them_and_stay_meanwhile(tmp_path: Path) -> None:
    code = UnpackedCode(tmp_path / "code")
    folder = code.folder(packed(("app.py", "x = 1"), ("lib/b.py", "def (")))
    code.compile(folder, sys.executable)
    code.prune([], [])
    until = time.monotonic() + HANGS
    while not list(folder.glob("__pycache__/app.*.pyc")) and time.monotonic() < until:
        time.sleep(0.02)
    assert list(folder.glob("__pycache__/app.*.pyc"))


@pytest.mark.parametrize("name", ["/etc/x", "../x", "a/../../x", "..\\x", "..\\etc", "\\x"])
def test_a_file_that_would_lie_outside_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnusableCode, match="outside of its folder"):
        UnpackedCode(tmp_path / "code").folder(packed((name, "x")))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("target", ["/etc/passwd", "..", "../x", "a/../../x"])
def test_a_link_that_leads_outside_is_refused(tmp_path: Path, target: str) -> None:
    with pytest.raises(UnusableCode, match="points outside of its folder"):
        UnpackedCode(tmp_path / "code").folder(packed((entry("link", stat.S_IFLNK | 0o777), target)))


@pytest.mark.parametrize(
    "links",
    [
        {"sub/here": ".", "sub/out": "here/../../other"},
        {"sub/out": "here/../../other", "sub/here": "."},
        {"sub/here": ".", "sub/here/out": "../../other"},
        {"lib": "sub", "lib/out": "../../other"},
        {"sub/...": ".", "sub/out": ".../../../other"},
        {"out": "../other", "out/made": "../a.py"},
    ],
)
def test_links_do_not_lead_outside_by_way_of_each_other(tmp_path: Path, links: dict[str, str]) -> None:
    (tmp_path / "code" / "other").mkdir(parents=True)
    entries = [(entry(name, stat.S_IFLNK | 0o777), target) for name, target in links.items()]
    with pytest.raises(UnusableCode, match=r"^the zip has a link '.*', which points outside of its folder$"):
        UnpackedCode(tmp_path / "code").folder(packed(("sub/a.py", "x"), *entries))
    assert ["other"] == [path.name for path in (tmp_path / "code").rglob("*")]


def test_links_of_packages_are_kept(tmp_path: Path) -> None:
    links = {
        "lib64": "lib",
        "bin/tool": "../lib/pkg/tool.py",
        "lib/a.so": "./a.so.1",
        "lib/b.so": "a.so",
        "d.so": "bin/../lib/a.so",
    }
    entries = [(entry(name, stat.S_IFLNK | 0o777), target) for name, target in links.items()]
    files = (("lib/pkg/tool.py", "x"), ("lib/a.so.1", "y"))
    folder = UnpackedCode(tmp_path / "code").folder(packed(*files, *entries))
    assert ["x", "y", "y", "y", "y"] == [
        (folder / name).read_text() for name in ("bin/tool", "lib/a.so", "lib/b.so", "lib64/a.so.1", "d.so")
    ]


def test_a_link_inside_is_kept_and_nothing_is_written_through_one(tmp_path: Path) -> None:
    link = entry("lib", stat.S_IFLNK | 0o777)
    folder = UnpackedCode(tmp_path / "code").folder(packed((link, "real"), ("real/a.py", "x")))
    assert (folder / "lib").readlink() == Path("real")
    beside = entry("real/b.py", stat.S_IFLNK | 0o777)
    folder = UnpackedCode(tmp_path / "beside").folder(packed(("real/a.py", "x"), (beside, "a.py")))
    assert (folder / "real/b.py").read_text() == "x"
    with pytest.raises((UnusableCode, OSError)):
        UnpackedCode(tmp_path / "other").folder(packed((link, "real"), ("real/a.py", "x"), ("lib/b.py", "y")))
    assert list((tmp_path / "other").iterdir()) == []


def test_a_zip_that_is_too_large_once_unpacked_is_refused(tmp_path: Path) -> None:
    content = packed(*((f"{n}.txt", "0" * 300) for n in range(4)))
    assert UnpackedCode(tmp_path / "code", largest=1200).folder(content).is_dir()
    with pytest.raises(UnusableCode, match="Unzipped size must be smaller than 1199 bytes"):
        UnpackedCode(tmp_path / "smaller", largest=1199).folder(content)
    assert list((tmp_path / "smaller").iterdir()) == []
    assert LARGEST == 262_144_000


def test_what_is_no_zip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableCode, match="Could not unzip uploaded file"):
        UnpackedCode(tmp_path / "code").folder(b"no zip")


@pytest.mark.parametrize(
    "entries",
    [
        (("a", "x"), ("a/b.py", "y")),
        (("a/b.py", "y"), ("a", "x")),
        ((entry("link", stat.S_IFLNK | 0o777), b"\xff"),),
        ((entry("link", stat.S_IFLNK | 0o777), b"a\0b"),),
    ],
    ids=["file that is a folder, too", "folder that is a file, too", "link to no text", "link to no name"],
)
def test_what_no_folder_can_hold_is_refused(tmp_path: Path, entries: tuple[Any, ...]) -> None:
    with pytest.raises(UnusableCode, match="Could not unzip uploaded file"):
        UnpackedCode(tmp_path / "code").folder(packed(*entries))


KINDS = st.sampled_from((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))


@settings(max_examples=cases(50, deep=1000))
@given(KINDS, st.dictionaries(st.floats(0, 1, exclude_max=True), st.integers(0, 255), max_size=3))
@example(zipfile.ZIP_LZMA, {0.1: 255})
@example(zipfile.ZIP_STORED, {0.97: 255})
def test_a_zip_that_is_damaged_is_unpacked_or_refused(kind: int, damage: dict[float, int]) -> None:
    content = bytearray(packed(("a/b.py", "hello " * 50), (entry("link", stat.S_IFLNK | 0o777), "a/b.py"), kind=kind))
    for place, byte in damage.items():
        content[int(place * len(content))] = byte
    with tempfile.TemporaryDirectory() as folder, suppress(UnusableCode):
        assert UnpackedCode(Path(folder)).folder(bytes(content)).is_dir()


def test_pruning_leaves_what_is_deployed_or_in_use(tmp_path: Path) -> None:
    code = UnpackedCode(tmp_path / "code")
    zips = [packed(("app.py", text)) for text in "abc"]
    folders = [code.folder(content) for content in zips]
    code.prune([zips[0]], [folders[1] / "python"])
    assert [folder.exists() for folder in folders] == [True, True, False]
