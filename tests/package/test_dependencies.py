"""Dependencies are what uv resolves for Lambda, without traces of this machine, and are installed once."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import uv
from hypothesis import given, settings
from hypothesis import strategies as st

import remit
from nouns import Maker, Told, check_told
from projects import write
from remit.build import build
from remit.errors import RemitError
from remit.package.app_zip import Package, package
from remit.package.archive import CHUNK
from remit.package.dependencies import _key, _put_in_place, prune, sha256
from remit.package.dependency_source import Source
from remit.package.installer import OFFLINE, Target, this_machine, without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable

    Project = Callable[[dict[str, str]], Path]
    Wheel = Callable[..., Path]

TARGET = Target("3.12", "x86_64")
LOCAL = "--no-index\n--find-links wheels\n"

started: list[str] = []
"""Programs that this process started: an audit hook cannot be taken off again."""


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "subprocess.Popen":
        started.append(str(arguments[0]))


sys.addaudithook(watch)


def tops(made: Package) -> set[str]:
    with zipfile.ZipFile(made.path) as archive:
        return {name.partition("/")[0] for name in archive.namelist()}


def text(made: Package, name: str) -> str:
    with zipfile.ZipFile(made.path) as archive:
        return archive.read(name).decode()


@pytest.mark.parametrize(
    ("target", "platform"),
    [
        (Target("3.11", "x86_64"), "x86_64-manylinux_2_17"),
        (Target("3.12", "x86_64"), "x86_64-manylinux_2_34"),
        (Target("3.13", "arm64"), "aarch64-manylinux_2_34"),
        (Target("3.13", "arm64", here=True), "linux-arm64"),
    ],
)
def test_a_runtime_loads_wheels_for_the_c_library_of_its_amazon_linux(target: Target, platform: str) -> None:
    assert platform == target.platform


def test_a_second_package_starts_no_process_and_needs_no_index(project: Project, wheel: Wheel) -> None:
    folder = project({"app.py": "", "requirements.txt": LOCAL + "one\n", ".remitignore": "/wheels/"})
    path = wheel(folder / "wheels", "one", {"one.py": "x = 1\n"})
    said: list[str] = []
    first = package(folder, TARGET, progress=said.append)
    path.unlink()
    (cached,) = (folder / ".remit/cache/dependencies").iterdir()
    os.utime(cached, (1, 1))
    before = len(started)
    second = package(folder, TARGET, progress=said.append)
    assert (first.sha256, before) == (second.sha256, len(started))
    assert cached.stat().st_mtime > 1  # a cache keeps what was used last
    assert said == ["installing the dependencies in requirements.txt for Python 3.12 on x86_64"]


def test_only_a_local_deploy_packs_dependencies_for_this_machine(project: Project, wheel: Wheel) -> None:
    app = "from remit import App\napp = App()\n@app.function(architectures=['arm64'])\ndef one(event, context): ...\n"
    folder = project({"app.py": app, "requirements.txt": LOCAL + "one\n", ".remitignore": "/wheels/"})
    wheel(folder / "wheels", "one", {"one.py": "x = 1\n"})
    local, lambda_ = build(folder, for_this_machine=True), build(folder)
    packed = [next(note for note in made.notes if note.startswith("packed")) for made in (local, lambda_)]
    assert packed[0].startswith(f"packed for {this_machine('python3.13').words}: ")
    assert packed[1].startswith("packed for Python 3.13 on arm64: ")


def test_a_damaged_cache_is_made_anew(project: Project, wheel: Wheel) -> None:
    folder = project({"app.py": "", "requirements.txt": LOCAL + "one\n", ".remitignore": "/wheels/"})
    wheel(folder / "wheels", "one", {"one.py": "x = 1\n"})
    first = package(folder, TARGET)
    (cached,) = (folder / ".remit" / "cache" / "dependencies").glob("*/layer.zip")
    cached.write_bytes(cached.read_bytes()[:-7] + b"garbage")
    assert first.sha256 == package(folder, TARGET).sha256
    cached.with_name("layer.json").write_text("[]")
    assert first.sha256 == package(folder, TARGET).sha256


def test_two_projects_with_the_same_dependencies_give_the_same_bytes(
    project: Project, wheel: Wheel, tmp_path: Path
) -> None:
    files = {"app.py": "", "requirements.txt": LOCAL + "one\n", ".remitignore": "/wheels/"}
    made = []
    for folder in (project(files), tmp_path / "second" / "deeper"):
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
        scripts = {
            "one.py": "",
            "one-1.0.dist-info/entry_points.txt": "[console_scripts]\none = one:main\n",
            "x.pth": "/lib",
        }
        wheel(folder / "wheels", "one", scripts)
        made.append(package(folder, TARGET))
    assert made[0].sha256 == made[1].sha256
    assert {"app.py", "one.py", "one-1.0.dist-info", "remit"} == tops(made[0])
    with zipfile.ZipFile(made[0].path) as archive:
        info = {name.rpartition("/")[2] for name in archive.namelist() if name.startswith("one-1.0")}
    assert {"METADATA", "WHEEL", "entry_points.txt"} == info


def test_remit_and_what_it_alone_brings_stay_out_even_when_another_package_asks_for_it(
    project: Project, wheel: Wheel
) -> None:
    folder = project({"app.py": "", "requirements.txt": LOCAL + "plugin\nremit\n", ".remitignore": "/wheels/"})
    wheel(folder / "wheels", "plugin", {"plugin.py": ""}, requires=("remit", "shared"))
    wheel(folder / "wheels", "remit", {"remit/__init__.py": "wrong"}, requires=("heavy", "shared"))
    wheel(folder / "wheels", "shared", {"shared.py": ""})
    wheel(folder / "wheels", "heavy", {"heavy.py": ""})
    made = package(folder, TARGET)
    assert {
        "app.py",
        "plugin.py",
        "plugin-1.0.dist-info",
        "shared.py",
        "shared-1.0.dist-info",
        "remit",
    } == tops(made)
    assert "its runtime part is added instead: remit" in map(str, made.left_out)
    assert text(made, "remit/__init__.py") != "wrong"


def test_remit_in_a_uv_lock_stays_out_with_what_it_alone_brings(project: Project, wheel: Wheel) -> None:
    pyproject = (
        '[project]\nname = "orders"\nversion = "1"\nrequires-python = ">=3.11"\n'
        'dependencies = ["plugin", "remit"]\n[tool.uv]\nno-index = true\nfind-links = ["wheels"]\n'
    )
    folder = project({"app.py": "", "pyproject.toml": pyproject, ".remitignore": "/wheels/"})
    wheel(folder / "wheels", "plugin", {"plugin.py": ""}, requires=("shared",))
    wheel(folder / "wheels", "remit", {"remit/__init__.py": "wrong"}, requires=("heavy", "shared"))
    wheel(folder / "wheels", "shared", {"shared.py": ""})
    wheel(folder / "wheels", "heavy", {"heavy.py": ""})
    subprocess.run([uv.find_uv_bin(), "lock", "-q", "--python", sys.executable], cwd=folder, check=True)
    made = package(folder, TARGET)
    assert tops(made) == {
        "app.py",
        "plugin.py",
        "plugin-1.0.dist-info",
        "shared.py",
        "shared-1.0.dist-info",
        "remit",
    }
    assert "its runtime part is added instead: remit" in map(str, made.left_out)


def test_a_changed_dependency_or_index_setting_is_installed_anew(project: Project, wheel: Wheel) -> None:
    pyproject = '[project]\nname = "orders"\nversion = "1"\ndependencies = ["one"]\n[tool.uv]\nno-index = true\n'
    folder = project({"app.py": "", "pyproject.toml": pyproject + 'find-links = ["wheels"]\n'})
    wheel(folder / "wheels", "one", {"one.py": "1"})
    wheel(folder / "more", "one", {"one.py": "another index's"})
    wheel(folder / "wheels", "two", {"two.py": ""})
    assert text(package(folder, TARGET), "one.py") == "1"
    (folder / "pyproject.toml").write_text(pyproject + 'find-links = ["more"]\n')
    assert text(package(folder, TARGET), "one.py") == "another index's"
    (folder / "pyproject.toml").write_text(pyproject.replace('"one"', '"one", "two"') + 'find-links = ["wheels"]\n')
    assert "two.py" in tops(package(folder, TARGET))


def test_the_app_s_own_file_wins_over_an_installed_one(project: Project, wheel: Wheel) -> None:
    folder = project({"one.py": "mine", "requirements.txt": LOCAL + "one\n", ".remitignore": "/wheels/"})
    wheel(folder / "wheels", "one", {"one.py": "theirs"})
    assert text(package(folder, TARGET), "one.py") == "mine"


BACKEND = """
import os, zipfile

def build_wheel(directory, settings=None, metadata=None):
    name = "lib-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(directory, name), "w") as archive:
        secrets = sorted(name for name in os.environ if name.startswith("AWS_"))
        archive.writestr("lib.py", open("lib.txt").read() + repr(secrets))
        archive.writestr("lib-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: lib\\nVersion: 1.0\\n")
        wheel = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: TAG\\n"
        archive.writestr("lib-1.0.dist-info/WHEEL", wheel)
        archive.writestr("lib-1.0.dist-info/RECORD", "")
    return name
"""
LIBRARY = (
    '[project]\nname = "lib"\nversion = "1.0"\n'
    '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
)


def own_library(project: Project, tag: str = "py3-none-any") -> Path:
    return project(
        {
            "app.py": "",
            "requirements.txt": "--no-index\n-e ./lib\n",
            ".remitignore": "/lib/",
            "lib/pyproject.toml": LIBRARY,
            "lib/backend.py": BACKEND.replace("TAG", tag),
            "lib/lib.txt": "one",
        }
    )


def test_a_library_in_a_folder_is_built_anew_when_any_of_its_files_changed(project: Project) -> None:
    folder = own_library(project)
    assert "one" in text(package(folder, TARGET), "lib.py")
    (folder / "lib" / "lib.txt").write_text("two")
    assert "two" in text(package(folder, TARGET), "lib.py")


def test_builds_see_no_aws_credentials(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "not for builds")
    assert text(package(own_library(project), TARGET), "lib.py") == "one[]"


@pytest.mark.parametrize("tag", ["cp312-cp312-linux_x86_64", "cp312-cp312-macosx_11_0_arm64"])
def test_what_was_built_for_another_machine_than_lambda_s_is_refused(project: Project, tag: str) -> None:
    with pytest.raises(
        RemitError, match=f"`lib` was built for {tag.rpartition('-')[2]}, and the function runs on x86_64"
    ):
        package(own_library(project, tag), TARGET)


def test_a_requirement_that_nothing_satisfies_is_told_in_uv_s_words_at_its_line(project: Project, wheel: Wheel) -> None:
    folder = project({"app.py": "", "requirements.txt": LOCAL + "one==2\none>=1\n"})
    wheel(folder / "wheels", "one", {"one.py": ""})
    with pytest.raises(RemitError) as caught:
        package(folder, TARGET)
    assert (str(caught.value.origin), caught.value.exit_code) == ("requirements.txt:3", 2)
    assert "there is no version of one==2" in " ".join(caught.value.message.split())


def test_an_index_that_does_not_answer_is_named_with_exit_code_69(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("UV_HTTP_RETRIES", "0"), ("UV_NO_CACHE", "1"), ("NO_PROXY", "127.0.0.1")):
        monkeypatch.setenv(name, value)
    folder = project({"app.py": "", "requirements.txt": "--index-url http://user:secret@127.0.0.1:9/simple\nidna\n"})
    with pytest.raises(RemitError) as caught:
        package(folder, TARGET)
    assert "cannot reach 127.0.0.1 to install the dependencies in requirements.txt" in caught.value.message
    assert (caught.value.exit_code, "secret" in str(caught.value)) == (OFFLINE, False)


def test_without_uv_the_environment_that_lacks_it_is_named(project: Project) -> None:
    folder = project({"app.py": "", "requirements.txt": "one\n"})
    script = (
        "import sys; from pathlib import Path; from remit.package.installer import Target, install\n"
        "from remit.package.requirements import read_source\nfolder = Path(sys.argv[1])\n"
        "install(folder, read_source(folder), Target('3.12', 'x86_64'), folder)\n"
    )
    alone = folder.parent / "alone"  # an installed remit has uv beside it
    alone.mkdir()
    (alone / "remit").symlink_to(Path(remit.__file__).parent)
    command = [sys.executable, "-S", "-c", script, str(folder)]  # -S: without site-packages
    done = subprocess.run(command, env={"PYTHONPATH": str(alone)}, capture_output=True, text=True, check=False)
    assert f"error: uv, which installs packages, is not in the environment of {sys.executable}" in done.stderr


@pytest.mark.network
def test_a_pure_package_from_the_index_is_installed(project: Project) -> None:
    made = package(project({"app.py": "", "requirements.txt": "idna==3.10\n"}), TARGET)
    assert {"app.py", "idna", "idna-3.10.dist-info", "remit"} == tops(made)


@pytest.mark.network
@pytest.mark.parametrize(("architecture", "machine"), [("arm64", 183), ("x86_64", 62)])
def test_a_compiled_package_is_the_one_for_lambda_s_processor_and_python(
    project: Project, architecture: str, machine: int
) -> None:
    made = package(project({"app.py": "", "requirements.txt": "markupsafe==3.0.3\n"}), Target("3.13", architecture))
    with zipfile.ZipFile(made.path) as archive:
        (library,) = [name for name in archive.namelist() if name.endswith(".so")]
        header = archive.read(library)[:20]
    assert ("cpython-313", machine) == (library.split(".")[1][:11], int.from_bytes(header[18:20], "little"))


@pytest.mark.network
def test_a_compiled_package_for_this_machine_is_the_one_that_this_python_imports(
    project: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    made = package(project({"app.py": "", "requirements.txt": "markupsafe==3.0.3\n"}), this_machine())
    root = tmp_path_factory.mktemp("root")
    with zipfile.ZipFile(made.path) as archive:
        archive.extractall(root)
    script = "from markupsafe import _speedups; print(_speedups.__file__)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", script], env={"PYTHONPATH": str(root)}, capture_output=True, text=True, check=False
    )
    assert (str(root), "") == (str(Path(done.stdout).parent.parent), done.stderr)


@pytest.mark.network
def test_a_package_that_has_no_wheel_is_refused_with_the_way_to_allow_it(project: Project) -> None:
    folder = project({"app.py": "", "requirements.txt": "idna\ndocopt==0.6.2\n"})
    with pytest.raises(RemitError) as caught:
        package(folder, TARGET)
    assert str(caught.value.origin) == "requirements.txt:2"
    assert "`docopt` has no wheel" in caught.value.message
    (folder / "pyproject.toml").write_text('[tool.uv]\nno-binary-package = ["docopt"]\n')
    assert "docopt.py" in tops(package(folder, TARGET))


@pytest.mark.network
def test_a_uv_lock_is_followed_without_its_development_dependencies(project: Project) -> None:
    pyproject = (
        '[project]\nname = "orders"\nversion = "1"\nrequires-python = ">=3.11"\n'
        'dependencies = ["idna<3.10"]\n'
        '[dependency-groups]\ndev = ["markupsafe"]\n'
    )
    folder = project({"app.py": "", "pyproject.toml": pyproject})
    subprocess.run([uv.find_uv_bin(), "lock", "-q", "--python", sys.executable], cwd=folder, check=True)
    made = package(folder, TARGET)
    assert {"app.py", "idna", "idna-3.9.dist-info", "remit"} == tops(made)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Failed to fetch: https://u:pw@host/simple/x/?token=abc", "Failed to fetch: https://****@host/simple/x/?****"),
        ("url (https://host/a?x=1) failed", "url (https://host/a?****) failed"),
        ("1 | index-url='https://u:pw@host/s", "1 | index-url='https://****@host/s"),
        ("https://host/a@1 is fine", "https://host/a@1 is fine"),
    ],
)
def test_what_logs_in_to_a_package_index_is_not_told(said: str, told: str) -> None:
    assert told == without_secrets(said)


def test_the_digest_of_the_contents_tells_other_dependencies_apart(project: Project, wheel: Wheel) -> None:
    folder = project({"app.py": "", ".remitignore": "/wheels/\n"})
    digests = []
    for name in ("first", "second", "second"):
        wheel(folder / "wheels", name, {f"{name}.py": ""})
        (folder / "requirements.txt").write_text(f"{LOCAL}{name}\n")
        digests.append(package(folder, TARGET).contents)
    assert digests[0] != digests[1] == digests[2]


@settings(max_examples=20)
@given(st.lists(st.booleans(), max_size=8), st.integers(1, 5))
def test_a_cache_keeps_its_latest_entries(
    tmp_path_factory: pytest.TempPathFactory, are_folders: list[bool], count: int
) -> None:
    cache = tmp_path_factory.mktemp("cache")
    names = [str(9 - number) for number in range(len(are_folders))]
    for age, (name, is_folder) in enumerate(zip(names, are_folders, strict=True)):
        if is_folder:
            write(cache, {f"{name}/layer.zip": ""})
        else:
            (cache / name).touch()
        os.utime(cache / name, (age, age))
    prune(cache, count)
    assert {path.name for path in cache.iterdir()} == set(names[-count:])


def test_dependencies_are_installed_anew_when_anything_changes_that_decides(tmp_path: Path) -> None:
    """The settings have the name of a workspace's member in them, and remit is left out of the lines already."""
    examples = {Path: lambda _: tmp_path, "Target.python": lambda number: f"3.{9 + number % 5}"}
    source, target = Maker(examples).noun(Source), Maker(examples).noun(Target)
    left_out = ("member", "names_remit", "only_remit", "workspace")
    check_told(Told(Source, lambda changed: _key(changed, target), left_out), examples)
    check_told(Told(Target, lambda changed: _key(source, changed)), examples)


def test_the_digest_of_a_file_is_of_all_its_chunks(tmp_path: Path) -> None:
    content = b"1" * CHUNK + b"2" * CHUNK + b"3"
    (tmp_path / "file").write_bytes(content)
    assert hashlib.sha256(content).hexdigest() == sha256(tmp_path / "file")


def test_what_is_installed_takes_the_place_of_what_is_damaged_unless_another_was_first(tmp_path: Path) -> None:
    new, place = tmp_path / "new", tmp_path / "place"
    write(tmp_path, {"new/one": "", "place/two": ""})
    _put_in_place(new, place, lambda: True)
    assert (place / "two").exists()
    _put_in_place(new, place, lambda: False)
    assert [place / "one"] == list(place.iterdir())
    whole = iter((False, True))
    _put_in_place(new, place, lambda: next(whole))  # another has put it there after the first look
    with pytest.raises(FileNotFoundError):
        _put_in_place(new, place, lambda: False)
