"""What a zip is made of, with dependencies that no installer has to bring: names, order, modes, sizes, and digests."""

from __future__ import annotations

import hashlib
import os
import stat
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from projects import SOURCE, write
from remit.app import LayerCode
from remit.errors import Origin, RemitError
from remit.package import app_zip, dependencies
from remit.package.app_zip import Package, bytes_in_words, check_own_files, package, package_layer
from remit.package.archive import Archive
from remit.package.dependencies import Layer, _installed_layer, unpacked, web_adapters
from remit.package.dependency_source import Source
from remit.package.files import LeftOut
from remit.package.installer import Target

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TARGET = Target("3.13", "arm64")
OWN = sorted(
    f"remit/{path.relative_to(SOURCE / 'remit/runtime').as_posix()}"
    for path in (SOURCE / "remit/runtime").rglob("*.py")
)
KEY = "aws_key = 'AKIA" + "ABCDEFGHIJKLMNOP'\n"


def a_layer(folder: Path, files: Mapping[str, str], *executable: str, left_out: tuple[LeftOut, ...] = ()) -> Layer:
    """A layer as an installer leaves it."""
    folder.mkdir(parents=True)
    with (folder / "layer.zip").open("wb") as file:
        archive = Archive(file)
        for name, text in files.items():
            archive.add(name, [text.encode()], executable=name in executable)
        contents = archive.finish()
    return Layer(folder / "layer.zip", contents, left_out)


@pytest.fixture
def layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Layer, Layer]:
    """The dependencies of a project, and the adapters of web apps, which have two of these packages, too."""
    ours = {"Zope/a.py": "ours", "click-8.1.dist-info/METADATA": "ours", "click/run": "ours", "app.py": "not the app's"}
    theirs = {
        "asgi.py": "theirs", "click-7.dist-info/RECORD": "theirs", "click/other.py": "theirs",
        "mangum-1.dist-info/X": "", "Zope/b.py": "theirs",
    }  # fmt: skip
    left_out = (LeftOut("its runtime part is added instead", ("remit",), 1),)
    made = (
        a_layer(tmp_path / "l1", ours, "click/run", left_out=left_out),
        a_layer(tmp_path / "l2", theirs, "asgi.py"),
    )
    monkeypatch.setattr(app_zip, "layer", lambda *_: made[0])
    monkeypatch.setattr(app_zip, "web_adapters", lambda *_: made[1])
    return made


def packed(made: Package) -> dict[str, tuple[str, bool]]:
    """The files of a zip, in its order, but for what they hold of remit's; and whether each can be run."""
    with zipfile.ZipFile(made.path) as archive:
        return {
            info.filename: (
                "" if info.filename.startswith("remit/") else archive.read(info).decode(),
                bool(info.external_attr >> 16 & stat.S_IXUSR),
            )
            for info in archive.infolist()
        }


def test_a_zip_has_the_apps_files_then_the_first_of_each_package_and_remits_own_in_the_order_of_their_bytes(
    tmp_path: Path, layers: tuple[Layer, Layer]
) -> None:
    folder = tmp_path / "shop"
    write(
        folder, {"app.py": "mine", "run.sh": "go", "b/é.py": "12", "notes.md": "", "tests/x.py": "", "remitted.py": ""}
    )
    (folder / "run.sh").chmod(0o755)
    ours = package(folder, TARGET, exclude=("*.md",), serves_web_app=True)
    remits = dict.fromkeys(OWN, ("", False))
    own = {"app.py": ("mine", False), "b/é.py": ("12", False), "remitted.py": ("", False), "run.sh": ("go", True)}
    theirs = {
        "Zope/a.py": ("ours", False), "click-8.1.dist-info/METADATA": ("ours", False), "click/run": ("ours", True),
        "asgi.py": ("theirs", True), "mangum-1.dist-info/X": ("", False),
    }  # fmt: skip
    expected = dict(sorted({**theirs, **own, **remits}.items(), key=lambda item: item[0].encode()))
    assert [*expected.items()] == [*packed(ours).items()]
    of_remit = sum((SOURCE / name.replace("remit/", "remit/runtime/", 1)).stat().st_size for name in OWN)
    left_out = [LeftOut("excluded in the configuration", ("notes.md",), 1), LeftOut("tests", ("tests/",), 1)]
    left_out.append(LeftOut("written by remit", (".remit/",), 1))
    own_parts = frozenset({"app.py", "b", "remit", "remitted.py", "run.sh"})
    others = [("asgi.py", 6), ("Zope", 4), ("app.py", 4), ("click", 4)]
    content = ours.path.read_bytes()
    assert (
        hashlib.sha256(content).hexdigest(), len(content), of_remit + 6 + 4 * 4 + 2 + 2,
        (*left_out, *layers[0].left_out), (("remit", of_remit), *others), own_parts, layers, False,
    ) == (
        ours.sha256, ours.size, ours.unzipped, ours.left_out, ours.biggest, ours.own_parts, ours.layers, ours.apart,
    )  # fmt: skip
    assert folder / f".remit/cache/packages/{ours.sha256}.zip" == ours.path
    apart = package(folder, TARGET, exclude=("*.md",), apart=True, serves_web_app=True)
    assert {**own, **remits} == packed(apart)
    assert ((*layers,), True) == (apart.layers, apart.apart)
    with zipfile.ZipFile(ours.path) as archive:
        assert archive.testzip() is None
    alone = package(folder, TARGET, exclude=("*.md",))
    assert (layers[0],) == alone.layers
    assert 3 == len({ours.contents, apart.contents, alone.contents})


def test_contents_are_other_ones_when_a_layer_is_though_the_files_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package of the second layer's that the first has is in no zip, and yet tells what was installed."""
    folder = tmp_path / "shop"
    write(folder, {"app.py": ""})
    digests = []
    for number, text in enumerate(("1", "2", "1")):
        first = a_layer(tmp_path / f"first{number}", {"click/a.py": "first"})
        second = a_layer(tmp_path / f"second{number}", {"click/b.py": text})
        monkeypatch.setattr(app_zip, "layer", lambda *_, made=first: made)
        monkeypatch.setattr(app_zip, "web_adapters", lambda *_, made=second: made)
        made = package(folder, TARGET, serves_web_app=True)
        digests.append((made.contents, made.sha256))
    assert digests[0] == digests[2]
    assert (True, True) == (digests[0][0] != digests[1][0], digests[0][1] == digests[1][1])


@pytest.mark.parametrize("name", ["remit.py", "remit/__init__.py", "remit/own.txt"])
def test_no_file_of_the_apps_may_hide_remit(tmp_path: Path, name: str) -> None:
    write(tmp_path, {"app.py": "", name: ""})
    with pytest.raises(RemitError) as refused:
        package(tmp_path, TARGET)
    assert f"{name!r} would hide the module `remit`, which every zip carries" == refused.value.message
    layer = package_layer(tmp_path, LayerCode("L", "remit" if "/" in name else ""), (), {})
    assert 1 <= len(packed(layer))


def test_a_layer_is_a_folder_as_it_lies_or_dependencies_where_python_looks_for_them(
    tmp_path: Path, layers: tuple[Layer, Layer]
) -> None:
    folder = tmp_path / "shop"
    kept = {"tests/a.py": "1", "README.md": "2", "bin/run": "3", ".gitignore": "4", "remit.py": "5"}
    write(folder, {f"tool/{name}": text for name, text in {**kept, "a.pyc": "", "__pycache__/b.py": ""}.items()})
    write(folder, {"app.py": "", "tool/.env": "SECRET=1"})
    (folder / "tool/bin/run").chmod(0o755)
    made = package_layer(folder, LayerCode("L", "tool"), (), {})
    assert {name: (text, name == "bin/run") for name, text in kept.items()} == packed(made)
    runtime = package_layer(folder, LayerCode("D", "", "python3.13", "arm64"), layers, {})
    names = ("Zope/a.py", "app.py", "asgi.py", "click-8.1.dist-info/METADATA", "click/run", "mangum-1.dist-info/X")
    assert [f"python/{name}" for name in names] == [*packed(runtime)]
    assert (frozenset(), ()) == (runtime.own_parts, runtime.layers)


def test_what_is_wrong_with_a_layer_is_told_at_its_line_or_at_that_of_its_secret(tmp_path: Path) -> None:
    line = Origin("app.py", 3)
    write(tmp_path, {"empty/__pycache__/a.py": "", "keys/a.txt": KEY})
    with pytest.raises(RemitError) as empty:
        package_layer(tmp_path, LayerCode("L", "empty", origin=line), (), {})
    assert ("the layer empty has no files", "Lambda takes none that is empty", line) == (
        empty.value.message,
        empty.value.hint,
        empty.value.origin,
    )
    with pytest.raises(RemitError) as secret:
        package_layer(tmp_path, LayerCode("L", "keys", origin=line), (), {})
    assert "keys/a.txt:1" == str(secret.value.origin).rpartition(":")[0]
    allowed = package_layer(tmp_path, LayerCode("L", "keys", origin=line), (), {"keys/*": ("an example", line)})
    assert (["a.txt"], ()) == ([*packed(allowed)], allowed.unneeded)
    os.mkfifo(tmp_path / "empty/pipe")
    with pytest.raises(RemitError) as pipe:
        package_layer(tmp_path, LayerCode("L", "empty", origin=line), (), {})
    assert ("cannot pack 'empty/pipe': a FIFO, not a file", line) == (pipe.value.message, pipe.value.origin)


def test_own_files_are_refused_before_anything_is_packed_but_for_what_is_excluded_or_allowed(tmp_path: Path) -> None:
    write(tmp_path, {"app.py": "", "a/key.txt": KEY, "b/c.txt": ""})
    reason: Any = {"a/": ("an example", None)}
    for exclude, allow, code in ((("a/",), {}, ""), ((), reason, ""), ((), {}, "b"), (("key.txt",), {}, "a")):
        check_own_files(tmp_path, exclude, allow, code)
    for code in ("", "a"):
        for alone in (True, False):
            with pytest.raises(RemitError, match="would go into the zip"):
                check_own_files(tmp_path, (), {}, code, secrets_alone=alone)
    os.mkfifo(tmp_path / "b/pipe")
    with pytest.raises(RemitError, match="a FIFO, not a file"):
        check_own_files(tmp_path, ("a/",), {}, "")
    check_own_files(tmp_path, ("a/",), {}, "", secrets_alone=True)
    assert not (tmp_path / ".remit").exists()


def test_a_project_that_is_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "app.py").touch()
    with pytest.raises(RemitError):
        package(tmp_path / "app.py", TARGET)
    assert ["app.py"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1024, "1.0 KB"), (1536, "1.5 KB"), (1024**2 - 1, "1024.0 KB"),
     (1024**2, "1.0 MB"), (250 * 1024**2, "250.0 MB"), (1024**3, "1.0 GB"), (5000 * 1024**3, "5000.0 GB")],
)  # fmt: skip
def test_a_size_is_told_in_the_biggest_unit_of_which_it_has_one(size: int, words: str) -> None:
    assert words == bytes_in_words(size)


def test_the_latest_four_layers_stay_unpacked_each_made_anew_where_a_file_is_not_as_it_was(tmp_path: Path) -> None:
    made = [a_layer(tmp_path / f"cache/{number}", {"a/b.py": f"text {number}"}) for number in range(6)]
    for number, installed in enumerate(made):
        os.utime(tmp_path / f"cache/{number}", (number, number))
        folder = unpacked(installed)
        os.utime(tmp_path / f"cache/{number}", (number, number))
        assert (folder, f"text {number}") == (tmp_path / f"cache/{number}/unpacked", (folder / "a/b.py").read_text())
    left = sorted(path.parent.name for path in (tmp_path / "cache").glob("*/unpacked"))
    assert ["2", "3", "4", "5"] == left
    file = tmp_path / "cache/5/unpacked/a/b.py"
    for text, expected in (("TEXT 5", "TEXT 5"), ("longer than it was", "text 5"), ("", "text 5")):
        file.write_text(text)
        assert expected == (unpacked(made[5]) / "a/b.py").read_text()
    file.unlink()
    assert "text 5" == (unpacked(made[5]) / "a/b.py").read_text()


def test_a_layer_is_made_once_and_keeps_its_place_in_the_cache_while_it_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    facts: dict[Path, dict[str, str]] = {}
    stating = tmp_path / "functions/a"

    def make(folder: Path, source: Source, target: Target, place: Path) -> dict[str, str]:
        asked.append((folder, source, target, place.parent))
        place.mkdir(parents=True)
        facts[place] = {"contents": "digest", "sha256": "other", "source": source.file}
        return facts[place]

    monkeypatch.setattr(dependencies, "_make", make)
    monkeypatch.setattr(dependencies, "_facts", facts.get)
    monkeypatch.setattr(dependencies, "prune", lambda cache, count: asked.append((cache, count)))
    cache = tmp_path / ".remit/cache/dependencies"
    for source, left_out in (
        (Source("uv.lock", names_remit=True), (LeftOut("its runtime part is added instead", ("remit",), 1),)),
        (Source("requirements.txt", ("click",)), ()),
    ):
        asked.clear()
        made = _installed_layer(tmp_path, stating, source, TARGET, asked.append)
        words = f"installing the dependencies in {source.file} for Python 3.13 on arm64"
        assert [words, (stating, source, TARGET, cache), (cache, 64)] == asked
        assert Layer(made.path, "digest", left_out) == made
        assert (cache, "layer.zip") == (made.path.parent.parent, made.path.name)
        os.utime(made.path.parent, (1, 1))
        assert made == _installed_layer(tmp_path, stating, source, TARGET, asked.append)
        assert [(cache, 64)] == asked[3:]
        assert made.path.parent.stat().st_mtime > 1
    asked.clear()
    web_adapters(tmp_path, TARGET, lambda _: None)
    (lock,) = asked[0][1].lines
    assert (tmp_path, ("--no-deps", "--require-hashes")) == (asked[0][0], asked[0][1].arguments)
    assert "mangum==" in lock
    assert "apig-wsgi==" in lock


def test_what_decides_an_installation_has_all_variables_of_uvs(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source("uv.lock")
    before = dependencies._key(source, TARGET)
    monkeypatch.setenv("UVICORN", "1")
    assert before == dependencies._key(source, TARGET)
    monkeypatch.setenv("UV_EXCLUDE_NEWER", "2026-01-01")
    assert before != dependencies._key(source, TARGET)
