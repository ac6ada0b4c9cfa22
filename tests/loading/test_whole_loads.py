"""A project is loaded as a whole: which files run in which order, what they find, and what is told where they end."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
from importlib.machinery import FileFinder
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from projects import write
from remit.declare.recording import current
from remit.errors import RemitError
from remit.loading import time_limit
from remit.loading.deferred_imports import deferred_sdk
from remit.loading.load import configuration, declared, load, load_project
from remit.source import python_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RUNS = "import sys\nsys.remit_test_runs.append(__name__)\n"
CONFIG = "from remit import configure\nwith configure() as config:\n    {}\n"
APP = "from remit import App, aws\napp = App()\n"


@pytest.fixture
def runs() -> Iterator[list[str]]:
    """The names of the modules that have run, in order."""
    names: list[str] = []
    vars(sys)["remit_test_runs"] = names
    yield names
    del vars(sys)["remit_test_runs"]


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Path]:
    def made(**files: str) -> Path:
        folder = tmp_path / "orders"
        write(folder, {name.replace("__", "/") + ".py": content for name, content in files.items()})
        return folder

    return made


def told(folder: Path, **options: Any) -> list[tuple[str, str, str | None]]:
    """The mistakes of a load: message, place and hint of each."""
    with pytest.raises(RemitError) as refused:
        load(folder, **options)
    return [(error.message, str(error.origin or ""), error.hint) for error in refused.value.all]


# What runs


def test_the_configuration_runs_before_shared_resources_and_these_in_the_order_of_their_names_before_the_app(
    tmp_path: Path, runs: list[str]
) -> None:
    annotated = "def marked(x: 1 + 1): ...\nassert marked.__annotations__ == {'x': 2}\n"
    files = {
        "config/deploy.py": f"{RUNS}{annotated}assert __file__ == {str(tmp_path / 'config/deploy.py')!r}\n",
        "config/deploy/prod.py": RUNS + CONFIG.format("config.app = 'web.start'"),
        "config/deploy/dev.py": "raise ValueError",
        "shared/__init__.py": "",
        "shared/resources/__init__.py": RUNS,
        "web/start.py": f"{RUNS}import os\n{APP}"
        "read = os.environ.get('REMIT_TEST_Z', 'x'), os.environ.pop('REMIT_TEST_A')\nos.chdir('/')\n",
    }
    files |= {f"shared/resources/{name}.py": RUNS for name in ("c", "a", "d", "b")}
    write(tmp_path, files)
    os.environ |= {"REMIT_TEST_Z": "z", "REMIT_TEST_A": "a"}
    before, place = dict(sys.modules), Path.cwd()
    os.chdir(tmp_path.parent)
    try:
        with declared(tmp_path.name, "prod") as state:
            assert (tmp_path, "prod", str(tmp_path)) == (state.folder, state.stage, state.folder_name)
            ran = [f"shared.resources{end}" for end in ("", ".a", ".b", ".c", ".d")]
            assert ["config.deploy", "config.prod", *ran, "web.start"] == runs
            own = {name for name in state.modules if name.partition(".")[0] in ("shared", "web")}
            assert {"shared", *ran, "web", "web.start"} == own
            environment = {name: value for name, value in state.environment.items() if "REMIT_TEST" in name}
            assert [("REMIT_TEST_A", ""), ("REMIT_TEST_Z", "z")] == [*environment.items()]
            assert sorted(state.environment) == [*state.environment]
            assert (True, True, {}) == (state.is_over, state.is_configured, state.ended)
    finally:
        os.chdir(place)
        os.environ.pop("REMIT_TEST_Z")
    assert before.keys() >= {name for name in sys.modules if name.partition(".")[0] in ("shared", "web")}


def test_a_project_that_changes_between_two_loads_of_a_process_is_read_anew_and_shadows_what_is_imported(
    project: Callable[..., Path], tmp_path: Path
) -> None:
    beside = tmp_path / "orders2"
    write(beside, {"own.py": "number = 0"})
    earlier = {name: ModuleType(name) for name in ("app", "config", "shared", "shared.resources", "own", "others")}
    earlier["own"].__file__ = str(tmp_path / "orders/own.py")
    earlier["others"].__file__ = str(beside / "own.py")
    before = {name: sys.modules.get(name) for name in earlier}
    sys.modules |= earlier
    sys.path_importer_cache[str(beside)] = FileFinder(str(beside))
    try:
        for number in (1, 2):
            python_file.read(str(tmp_path / "orders/own.py"))
            folder = project(
                app=f"from own import number\nimport added{number}, others\n{APP}assert (number, others.__file__) == "
                f"({number}, {str(beside / 'own.py')!r})\n@app.function\ndef one(event, context): ...\n",
                own=f"number = {number}{' ' * number}",
                **{f"added{number}": "", "shared__resources__data": ""},
            )
            assert ["one"] == [function.name for function in load(folder).functions]
            assert f"number = {number}{' ' * number}".encode() == python_file.read(str(folder / "own.py")).source
            assert earlier == {name: sys.modules.get(name) for name in earlier}
            assert not {f"added{number}", "shared.resources.data"} & sys.modules.keys()
        inside = [place for place in sys.path_importer_cache if f"{place}/".startswith(f"{tmp_path}/orders/")]
        assert ([], True) == (inside, str(beside) in sys.path_importer_cache)
    finally:
        sys.path_importer_cache.pop(str(beside), None)
        for name, module in before.items():
            if module is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module


def test_what_a_folder_is_called_is_said_of_it_and_a_file_is_no_project(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    for name in ("file", "none"):
        assert [(f"there is no folder {str(tmp_path / name)!r}", "", None)] == told(tmp_path / name)
    missing = "there is no app module in {!r}: neither `{}` nor a package of that name"
    hint = "`remit init NAME` makes a project; `config.app` names another module"
    folder = tmp_path / "empty"
    assert [(missing.format(str(folder), "app.py"), "", hint)] == told(folder)
    assert [(missing.format("the shop", "app.py"), "", hint)] == told(folder, folder_name="the shop")
    write(folder, {"config/deploy.py": CONFIG.format("config.app = 'web.start'")})
    assert [(missing.format("the shop", "web/start.py"), "config/deploy.py:3:5", hint)] == told(
        folder, folder_name="the shop"
    )
    (folder / "web").mkdir()
    (folder / "web/start.py").mkdir()
    assert ["cannot read it: Is a directory"] == [message for message, _, _ in told(folder)]


# What is told


def test_what_is_wrong_in_each_file_is_told_together_and_nothing_that_follows_from_it(
    project: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = project(
        config__deploy=CONFIG.format("config.lambda_.iam.polcy = 1"),
        config__deploy__dev="print('talk')\nraise ValueError('of the stage')",
        shared__resources__a="class Odd(Exception):\n    def __eq__(self, other): return True\n    __hash__ = None\n"
        "raise Odd('of a')",
        shared__resources__b="from shared.resources.a import x",
        shared__resources__c="class Odd(Exception):\n    def __eq__(self, other): return True\n    __hash__ = None\n"
        "raise Odd('of c')",
        shared__resources__d="raise SystemExit",
        app="import nothing_of_this_name",
    )
    messages = [(message, place) for message, place, _ in told(folder)]
    assert [
        ("app.py raised ModuleNotFoundError: No module named 'nothing_of_this_name'", "app.py:1:1"),
        ("there is no setting `config.lambda_.iam.polcy`", "config/deploy.py:3:5"),
        ("config/deploy/dev.py raised ValueError: of the stage", "config/deploy/dev.py:2:1"),
        ("shared/resources/a.py raised Odd: of a", "shared/resources/a.py:4:1"),
        ("shared/resources/c.py raised Odd: of c", "shared/resources/c.py:4:1"),
        ("shared/resources/d.py ended the program (exit None)", "shared/resources/d.py:1:1"),
    ] == sorted(messages, key=lambda each: each[1])
    assert ("", True) == (capsys.readouterr().out, current() is None)
    write(tmp_path / "second", {"app.py": "x = ("})
    (wrong,) = told(tmp_path / "second")
    assert ("app.py is not valid Python: '(' was never closed", "app.py:1:5") == wrong[:2]


@pytest.mark.parametrize(
    ("files", "place"),
    [
        (
            {"app": f"{APP}def inner():\n    return aws.region in 'x'\nfound = aws.region in 'eu-west-1'\n"},
            "app.py:5:9",
        ),
        (
            {
                "app": APP,
                "config__deploy": "from remit import aws\ndef inner():\n    return aws.region in 'x'\n",
            },
            "config/deploy.py:3:12",
        ),
        (
            {"app": APP, "config__deploy__dev": "from remit import aws\nx = 'x'.find(aws.region)\n"},
            "config/deploy/dev.py:2:14",
        ),
    ],
)  # fmt: skip
def test_a_value_that_only_the_deploy_knows_is_not_looked_for_in_a_text(
    project: Callable[..., Path], files: dict[str, str], place: str
) -> None:
    (mistake,) = told(project(**files))
    assert ("`aws.region` cannot be looked for in a text: only the deploy knows its value", place) == mistake[:2]


def test_what_ends_the_process_is_told_with_all_that_was_wrong_before(project: Callable[..., Path]) -> None:
    folder = project(
        config__deploy=CONFIG.format("config.lambda_.iam.polcy = 1\n    config.lambda_.function.timeout = 1000"),
        shared__resources__a="raise ValueError('of a')",
        app=f"{APP}import os\n\n@app.function(memroy_size=1)\ndef one(event, context): ...\n\nos._exit(3)\n",
    )
    places = sorted(place for _, place, _ in told(folder))
    assert [
        "app.py:5:15",
        "app.py:8",
        "config/deploy.py:3:5",
        "config/deploy.py:4:5",
        "shared/resources/a.py:1:1",
    ] == places


def test_a_configuration_is_read_without_its_app_and_with_every_mistake(project: Callable[..., Path]) -> None:
    folder = project(
        config__deploy=CONFIG.format("config.lambda_.function.timeout = 7"),
        config__deploy__prod=CONFIG.format("config.lambda_.function.timeout = 8"),
        app="raise ValueError",
    )
    timeouts = [configuration(folder, stage).lambda_.function.timeout for stage in (None, "prod", "test")]
    assert [7, 8, 7] == timeouts
    with pytest.raises(RemitError) as refused:
        configuration(project(config__deploy=f"{CONFIG.format('config.polcy = 1')}raise ValueError('x')\n"))
    assert ["config/deploy.py:3:5", "config/deploy.py:4:1"] == sorted(str(error.origin) for error in refused.value.all)


def test_what_is_right_of_a_project_is_there_beside_its_mistakes(project: Callable[..., Path]) -> None:
    code = "@app.function\ndef one(event, context): ...\n\n@app.function(memory_size=1)\ndef two(event, context): ...\n"
    loaded = load_project(project(app=APP + code))
    assert ["app.py:6:27"] == [str(error.origin) for error in loaded.mistakes.errors]
    assert "one" in [function.name for function in loaded.app.functions]


# Time and the SDK


def test_no_limit_holds_in_another_thread_nor_where_somebody_else_has_the_timer(project: Callable[..., Path]) -> None:
    folder = project(app=f"{APP}import signal\ntimes = signal.getitimer(signal.ITIMER_REAL)\nseen = times\n")
    timers: list[Any] = []

    def run() -> None:
        with declared(folder) as state:
            timers.append(state.modules["app"].seen)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    run()
    signal.setitimer(signal.ITIMER_REAL, 5000, 0)
    try:
        run()
        timers.append(signal.getitimer(signal.ITIMER_REAL))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    kinds = [(seconds > 0, seconds > time_limit.SECONDS, interval) for seconds, interval in timers]
    assert [(False, False, 0), (True, False, 1), (True, True, 0), (True, True, 0)] == kinds


def test_a_stand_in_of_the_sdk_has_what_imports_ask_and_hands_all_else_to_the_real_module_which_runs_once(
    tmp_path: Path, runs: list[str]
) -> None:
    write(tmp_path, {"boto3/__init__.py": f"{RUNS}value = other = 1\n", "boto3/session.py": f"{RUNS}made = 2\n"})
    others = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "boto3"}
    for name in others:
        del sys.modules[name]
    sys.path.insert(0, str(tmp_path))
    try:
        with deferred_sdk():
            stand_in: Any = importlib.import_module("boto3")
            stand_in.__package__ = "another"
            assert ("boto3", str(tmp_path / "boto3/__init__.py"), "another") == (
                stand_in.__name__, stand_in.__spec__.origin, stand_in.__package__,
            )  # fmt: skip
            assert [] == runs
            stand_in.value = 5
            del stand_in.other
            real = sys.modules["boto3"]
            session: Any = importlib.import_module("boto3.session")
            assert (5, False, 2, "boto3") == (
                vars(real)["value"],
                hasattr(real, "other"),
                session.made,
                real.__package__,
            )
            assert (["boto3", "boto3.session"], 5) == (runs, stand_in.value)
        assert real is sys.modules["boto3"]
    finally:
        sys.path.remove(str(tmp_path))
        for name in ("boto3", "boto3.session"):
            sys.modules.pop(name, None)
        sys.modules |= others
