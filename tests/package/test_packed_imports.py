"""Handlers are imported from their zip alone at the build: what the zip lacks is told where it is imported."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from nouns import Maker, Told, check_told
from projects import write
from random_cases import in_all_cases
from remit.build import build
from remit.errors import RemitError
from remit.package.packed_imports import _memory_file, _Zip

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[[dict[str, str]], Path]
    Wheel = Callable[..., Path]

RUNTIME = f"python3.{sys.version_info.minor}"
HEAD = "from remit import App\napp = App()\n"
FUNCTION = "@app.function\ndef {}(event, context): ...\n"
CONFIGURATION = f"from remit import config\nconfig.lambda_.function.runtime = '{RUNTIME}'\n"
HINT = "list `click` in requirements.txt or pyproject.toml: the zip holds what they name"


def app(imports: str, *functions: str, **files: str) -> dict[str, str]:
    """The files of an app: what its module imports on the first lines, and its functions."""
    body = "".join(FUNCTION.format(name) for name in functions or ("hello",))
    modules = {name if "/" in name or name.startswith(".") else f"{name}.py": text for name, text in files.items()}
    return {"app.py": f"{imports}\n{HEAD}{body}", "config/deploy.py": CONFIGURATION, **modules}


def mistakes(folder: Path) -> list[tuple[str, str, str | None]]:
    """The mistakes of a build: where each stands, what it says, and what to do."""
    with pytest.raises(RemitError) as caught:
        build(folder)
    return [(str(mistake.origin), mistake.message, mistake.hint) for mistake in caught.value.all]


def test_what_is_installed_here_and_not_in_the_zip_is_told_where_it_is_imported(project: Make) -> None:
    """Every module that is missing, in one run, in whichever file."""
    files = app("import click\nimport util", "hello", "other", util="from rich.text import Text\nimport boto3\n")
    whose = "which the handler of functions hello, other imports, is not in the zip"
    assert [
        ("app.py:1", f"`click`, {whose}", HINT),
        ("util.py:1", f"`rich`, {whose}", HINT.replace("click", "rich")),
    ] == mistakes(project(files))


def test_the_package_that_gives_a_module_here_is_named(project: Make) -> None:
    ((_, _, hint),) = mistakes(project(app("import yaml")))
    assert "list `PyYAML` in requirements.txt or pyproject.toml: the zip holds what they name" == hint


def test_what_follows_a_missing_module_is_looked_at_as_if_it_were_there(project: Make) -> None:
    imports = "import click\n@click.command()\ndef run(): ...\nclass Help(click.Group): ...\nimport rich"
    assert ["app.py:1", "app.py:5"] == [place for place, _, _ in mistakes(project(app(imports)))]


def test_a_file_of_the_project_that_the_zip_leaves_out_is_told(project: Make) -> None:
    files = app("from parts.one import x", **{"parts/one.py": "x = 1\n", ".remitignore": "parts/\n"})
    hint = "the project has it, and the zip leaves it out: a line `!name` in .remitignore takes it in"
    expected = [("app.py:1", "`parts`, which the handler of function hello imports, is not in the zip", hint)]
    assert expected == mistakes(project(files))


def test_an_import_is_told_in_the_file_of_the_project_wherever_the_zip_has_it(project: Make) -> None:
    files = app("", **{"src/api/web.py": "import click\ndef handler(event, context): ...\n", "src/api/__init__.py": ""})
    files["app.py"] = f"{HEAD}app.function(name='web', handler='api.web.handler')\n"
    files["pyproject.toml"] = "[build-system]\nrequires = []\n[project]\nname = 'x'\n"
    assert ["src/api/web.py:1"] == [place for place, _, _ in mistakes(project(files))]


def test_the_modules_of_jobs_are_imported_too(project: Make) -> None:
    files = app("import click")
    files["app.py"] = f"import click\n{HEAD}@app.job\ndef mail(to): ...\n"
    files["config/deploy.py"] += "config.job.enable = True\n"
    message = "`click`, which the handler of function worker-default imports, is not in the zip"
    assert [("app.py:1", message, HINT)] == mistakes(project(files))


IN_ZIP = "import importlib, os\nif 'AWS_LAMBDA_FUNCTION_NAME' in os.environ:\n    "
FINE = {
    "the standard library and what Lambda brings": "import json, boto3.session\nfrom botocore.config import Config",
    "an import that is caught": "try:\n    import click\nexcept ImportError:\n    click = None",
    "an import for type checkers": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import click",
    "an import inside of a function": "def later():\n    import click",
    "a call": f"{IN_ZIP}import socket; socket.create_connection(('127.0.0.1', 9))",
    "an exit": f"{IN_ZIP}raise SystemExit(3)",
    "a thread that goes on": f"{IN_ZIP}import threading as t, time\n    t.Thread(target=time.sleep, args=[9]).start()",
}


def test_what_a_dependency_imports_and_the_zip_lacks_is_told_at_the_function(project: Make, wheel: Wheel) -> None:
    files = app(f"{IN_ZIP}import helper", **{".remitignore": "/wheels/\n"})
    files["requirements.txt"] = "--no-index\n--find-links wheels\nhelper\n"
    folder = project(files)
    wheel(folder / "wheels", "helper", {"helper.py": "import click\n"})
    message = "`click`, which the handler of function hello imports in helper.py, is not in the zip"
    expected = [("app.py:6:2", message, HINT)]
    assert expected == mistakes(folder)


@pytest.mark.parametrize("kind", FINE)
def test_what_no_zip_can_lack_is_not_told(project: Make, kind: str) -> None:
    imports = FINE[kind]
    if IN_ZIP in imports:  # `importlib` is to be seen: it is no plain import, and so it is tried
        imports += "\nimportlib.import_module('json')"
    assert build(project(app(imports))).artefacts


def test_a_function_with_layers_is_not_tried(project: Make) -> None:
    files = app("import click")
    layer = "arn:aws:lambda:eu-west-1:111122223333:layer:click:1"
    files["config/deploy.py"] += f"config.lambda_.function.layers = ['{layer}']\n"
    assert build(project(files)).artefacts


def test_a_python_that_is_not_here_is_stood_in_for_by_another(project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """It tells what the zip has nothing of, and leaves open what may be of another Python."""
    monkeypatch.setenv("PATH", "/nowhere")
    files = app("import click\nimport compression.zstd\nimport annotationlib")
    files["app.py"] = (
        files["app.py"]
        .replace("import compression", "try: import compression")
        .replace("zstd\nimport annotationlib", "zstd, annotationlib\nexcept ImportError: pass")
    )
    files["config/deploy.py"] = CONFIGURATION.replace(RUNTIME, "python3.14")
    assert ["app.py:1"] == [place for place, _, _ in mistakes(project(files))]


def test_a_zip_whose_imports_were_right_is_not_tried_again(project: Make, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    note = f"{IN_ZIP}open({str(runs)!r}, 'a').write('x')\nimportlib.import_module('json')"
    folder = project(app(note))
    build(folder)
    build(folder)
    assert "x" == runs.read_text()
    (folder / "more.py").write_text("")
    build(folder)
    assert "xx" == runs.read_text()


def test_of_the_imports_that_were_right_the_latest_are_remembered(project: Make) -> None:
    folder = project(app(f"{IN_ZIP}importlib.import_module('json')"))
    memory = folder / ".remit" / "cache" / "imports"
    memory.mkdir(parents=True)
    for number in range(60):
        write(memory, {f"{number}.json": "[]"})
        os.utime(memory / f"{number}.json", (number, number))
    build(folder)
    left = {path.stem for path in memory.iterdir()}
    assert len(left) == 50
    assert len(left - set(map(str, range(11, 60)))) == 1


LAZILY = f"{IN_ZIP}import helper, helper.part"
"""As the imports of apps whose dependencies are not installed where remit runs."""


def with_helper(project: Make, wheel: Wheel, imports: str = LAZILY, **files: str) -> Path:
    """An app that has the dependency `helper`, with a module `part`."""
    folder = project(app(imports, **{".remitignore": "/wheels/\n"}, **files))
    (folder / "requirements.txt").write_text("--no-index\n--find-links wheels\nhelper\n")
    wheel(folder / "wheels", "helper", {"helper/__init__.py": "", "helper/part.py": "x = 1\n"})
    return folder


def unpacked_file(folder: Path) -> Path:
    (file,) = folder.glob(".remit/cache/dependencies/*/unpacked/helper/part.py")
    return file


def test_dependencies_stay_unpacked_from_one_build_to_the_next(project: Make, wheel: Wheel) -> None:
    folder = with_helper(project, wheel)
    build(folder)
    before = unpacked_file(folder).stat().st_ino
    (folder / "more.py").write_text("")
    build(folder)
    assert before == unpacked_file(folder).stat().st_ino


@pytest.mark.parametrize("damage", ["", "x = ", None], ids=["emptied", "cut off", "gone"])
def test_a_file_of_a_dependency_that_is_not_as_it_was_is_unpacked_again(
    project: Make, wheel: Wheel, damage: str | None
) -> None:
    folder = with_helper(project, wheel)
    build(folder)
    file = unpacked_file(folder)
    file.unlink() if damage is None else file.write_text(damage)
    (folder / "more.py").write_text("")
    build(folder)
    assert "x = 1\n" == unpacked_file(folder).read_text()


def test_a_folder_that_has_files_of_the_app_and_of_a_dependency_is_one_as_in_the_zip(
    project: Make, wheel: Wheel
) -> None:
    """The dependency is a package with an __init__.py, which would hide the app's part of it."""
    folder = with_helper(project, wheel, f"{LAZILY}, helper.own", **{"helper/own.py": "from helper import part\n"})
    assert build(folder).artefacts


def test_dependencies_are_unpacked_for_each_build_where_they_cannot_stay(project: Make, wheel: Wheel) -> None:
    folder = with_helper(project, wheel)
    build(folder)
    place = unpacked_file(folder).parents[1]
    shutil.rmtree(place)
    place.write_text("in the way")
    (folder / "more.py").write_text("")
    assert build(folder).artefacts


@in_all_cases
def test_builds_at_once_unpack_the_same_dependencies(project: Make, wheel: Wheel) -> None:
    folder = with_helper(project, wheel)
    build(folder)
    shutil.rmtree(unpacked_file(folder).parents[1])
    shutil.rmtree(folder / ".remit/cache/imports")
    command = [sys.executable, "-m", "remit", "build", "--project", str(folder)]
    with ThreadPoolExecutor() as threads:
        builds = list(threads.map(lambda _: subprocess.run(command, capture_output=True, check=False), range(4)))
    assert [0] * 4 == [done.returncode for done in builds], builds
    assert "x = 1\n" == unpacked_file(folder).read_text()
    assert [] == [path.name for path in unpacked_file(folder).parents[3].iterdir() if path.name.startswith(".new-")]


def test_what_a_killed_build_has_left_is_removed_a_day_later(project: Make, wheel: Wheel) -> None:
    folder = with_helper(project, wheel)
    build(folder)
    cache = folder / ".remit/cache/dependencies"
    for name, age in ((".new-old", 25), (".new-now", 0)):
        (cache / name / "unpacked").mkdir(parents=True)
        then = time.time() - age * 3600
        os.utime(cache / name, (then, then))
    (folder / "more.py").write_text("")
    build(folder)
    assert [".new-now"] == [path.name for path in cache.glob(".new-*")]


def test_a_name_that_no_file_can_have_in_the_locale_is_an_error_that_names_it(project: Make) -> None:
    folder = project(app(f"{IN_ZIP}import json\nimportlib.import_module('json')", **{"sub/ü.txt": ""}))
    done = subprocess.run(
        [sys.executable, "-m", "remit", "build", "--project", str(folder)],
        env={"PATH": os.environ["PATH"], "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    message = r"error: 'sub/\xfc.txt' cannot be unpacked to try its imports: file names are ascii in this environment"
    hint = "hint: run remit with LC_ALL=C.UTF-8, or another locale of UTF-8"
    assert (2, f"{message}\n{hint}\n") == (done.returncode, done.stderr)


OF_CONTENTS: Final = (
    "module_folders", "names", "package.apart", "package.biggest", "package.layers", "package.left_out",
    "package.possible_secrets", "package.sha256", "package.size", "package.unneeded", "package.unzipped",
)  # fmt: skip
"""What follows from the contents of the zip, or decides nothing."""
EXAMPLES: Final[dict[Any, Callable[[int], Any]]] = {
    Path: lambda number: Path(f"p{number}"),
    "_Zip.functions": lambda _: (),
    "_Zip.names": lambda number: frozenset({f"n{number}"}),
}


@pytest.mark.parametrize("requests", [[], [{"module": "app"}]])
def test_a_zip_is_tried_again_when_anything_changes_that_decides(requests: list[dict[str, str]]) -> None:
    def remembered(tried: _Zip) -> str:
        return _memory_file(Path(), tried, requests).name

    check_told(Told(_Zip, remembered, OF_CONTENTS), EXAMPLES)
    tried = Maker(EXAMPLES).noun(_Zip)
    assert len({_memory_file(Path(), tried, one).name for one in ([], [{"module": "app"}], [{"module": "web"}])}) == 3
