"""What loads a project, step by step: its modules, its time, what would end the process, and what an exception says."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
import threading
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from remit.errors import Mistakes, Origin, RemitError
from remit.grants import sqs
from remit.loading import process_end, time_limit
from remit.loading.deferred_imports import deferred_sdk
from remit.loading.exception_advice import advice
from remit.loading.load import configuration
from remit.loading.user_code import importing, mistake, user_code
from remit.project.current_load import LoadEndError
from remit.source.variables import DeclaredVariable

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType

    from conftest import Make


@pytest.fixture
def state(tmp_path: Path) -> Any:
    """A load, as far as its steps look at it."""
    return SimpleNamespace(
        folder=tmp_path,
        mistakes=Mistakes(),
        ended={},
        placeholders={},
        declared_variables={"TABLE": DeclaredVariable()},
    )


def frame_of(path: Path, name: str = "shop") -> FrameType:
    """A frame in the second line of a file."""
    names: dict[str, Any] = {"__name__": name, "sys": sys}
    exec(compile("\nframe = sys._getframe()", str(path), "exec"), names)  # noqa: S102 - a frame of that file
    frame: FrameType = names["frame"]
    return frame


# Time


def test_a_load_is_ended_five_times_before_the_process_is_and_the_last_mistake_is_told(
    state: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[Any] = []
    monkeypatch.setenv(time_limit.VARIABLE, "600")
    monkeypatch.setattr(time_limit, "end_now", ends.append)
    monkeypatch.setattr(os, "write", lambda *written: ends.append(written))
    before = signal.getsignal(signal.SIGALRM)
    frame = frame_of(state.folder / "app.py")
    frame_of_a_debugger = frame_of(state.folder / "other.py", "pydevd.trace")

    @time_limit.time_limit(state)
    def load() -> None:
        end: Any = signal.getsignal(signal.SIGALRM)
        assert 590 < signal.getitimer(signal.ITIMER_REAL)[0] <= 600
        assert end(signal.SIGALRM, frame_of_a_debugger) is None
        for _ in range(5):
            with pytest.raises(LoadEndError):
                end(signal.SIGALRM, None)
        assert [] == ends
        end(signal.SIGALRM, frame)

    with pytest.raises(LoadEndError):
        load()
    assert (before, (0.0, 0.0)) == (signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL))
    (told,) = state.mistakes.errors
    message = "loading the project takes longer than 600 seconds"
    hint = "what takes long or never ends belongs into a function; REMIT_LOAD_SECONDS sets another limit"
    assert (message, hint, Origin("app.py", frame.f_lineno)) == (told.message, told.hint, told.origin)
    assert [(2, f"{told}\n".encode()), 2] == ends


@pytest.mark.parametrize(
    ("written", "is_limited"), [("0", 0), ("", 1), ("0.5e3", 1), ("-1", None), ("nan", None), ("soon", None)]
)
def test_the_limit_is_a_number_of_seconds_and_none_where_it_is_zero(
    state: Any, monkeypatch: pytest.MonkeyPatch, written: str, is_limited: int | None
) -> None:
    monkeypatch.setenv(time_limit.VARIABLE, written)
    if is_limited is None:
        with pytest.raises(RemitError) as refused, time_limit.time_limit(state):
            pass
        hint = "write a number of seconds, or 0 for no limit"
        assert (f"REMIT_LOAD_SECONDS is {written!r}", hint) == (refused.value.message, refused.value.hint)
        return
    with time_limit.time_limit(state):
        assert is_limited == (signal.getitimer(signal.ITIMER_REAL)[0] > 0)


# What would end the process


def test_what_ends_the_process_ends_the_load_but_in_a_process_that_was_forked(
    state: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[Any] = []

    def leave(*given: Any) -> str:
        ended.append(given)
        return "left"

    leave.__module__ = "posix"
    guarded = process_end._guarded(state, "_exit", leave)
    names: dict[str, Any] = {"leave": guarded}
    with pytest.raises(LoadEndError):
        exec(compile("\nleave(3)", str(state.folder / "app.py"), "exec"), names)  # noqa: S102 - the project's code
    (told,) = state.mistakes.errors
    assert ("app.py ends the program by os._exit", Origin("app.py", 2)) == (told.message, told.origin)
    assert "a module is run to read what it declares: what ends a program belongs into a function" == told.hint
    assert [] == ended
    monkeypatch.setattr(os, "getpid", lambda: 1)
    assert ("left", [(3,)]) == (guarded(3), ended)


def test_a_thread_that_would_end_the_process_ends_alone(state: Any) -> None:
    ended: list[BaseException] = []
    guarded = process_end._guarded(state, "_exit", os._exit)

    def run() -> None:
        try:
            guarded(3)
        except BaseException as error:  # noqa: BLE001 - whatever it is
            ended.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert [SystemExit] == [type(error) for error in ended]
    assert "a thread of the project ends the program by os._exit" == state.mistakes.errors[0].message


def test_the_functions_that_end_a_process_are_themselves_again_after_a_load(state: Any) -> None:
    modules = (os, sys.modules[os.name])
    names = ("_exit", "abort", "execv", "execve")
    before = [getattr(module, name) for module in modules for name in names]

    @process_end.process_kept(state)
    def load() -> None:
        assert not any(getattr(module, name) in before for module in modules for name in names)
        raise KeyError

    with pytest.raises(KeyError):
        load()
    assert before == [getattr(module, name) for module in modules for name in names]


# Modules


def test_a_module_that_ended_raises_the_same_exception_again_and_runs_once(state: Any) -> None:
    (state.folder / "remit_test_ends.py").write_text("import builtins\nbuiltins.ran += 1\nraise ValueError('no')\n")
    (state.folder / "remit_test_fine.py").write_text("fine = 1\n")
    builtins: Any = importlib.import_module("builtins")
    builtins.ran = 0
    errors: list[BaseException] = []
    path, finders = [*sys.path], [*sys.meta_path]
    with importing(state):
        for _ in range(2):
            with pytest.raises(ValueError, match="no") as ended:
                importlib.import_module("remit_test_ends")
            errors.append(ended.value)
        assert 1 == importlib.import_module("remit_test_fine").fine
        assert str(state.folder) == sys.path[0]
    assert (1, True) == (builtins.ran, errors[0] is errors[1])
    del builtins.ran
    assert (path, finders) == (sys.path, sys.meta_path)
    assert "remit_test_fine" not in sys.modules


def test_an_exception_that_ends_two_modules_is_told_once(state: Any, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = state.folder / "a.py", state.folder / "b.py"
    error = ValueError("no")

    @user_code(state, first)
    def load() -> None:
        sys.stdout.write("talk\n")
        raise error

    with pytest.raises(RemitError, match=r"a\.py raised ValueError: no"):
        load()
    with user_code(state, second):
        raise error
    assert {str(first): error, str(second): error} == state.ended
    assert ("", "talk\n") == capsys.readouterr()


def test_an_exception_is_told_at_the_line_of_the_project(state: Any) -> None:
    file = str(state.folder / "app.py")
    own = RemitError("wrong", origin=Origin("x.py", 1), further=(RemitError("more"),))
    assert own is mistake(state, own, file)
    assert [Origin("x.py", 1)] * 2 == [part.origin for part in own.all]
    syntax = SyntaxError("invalid", (str(state.folder / "lib/other.py"), 3, 7, "x", 3, 8))
    told = mistake(state, syntax, file)
    assert ("lib/other.py is not valid Python: invalid", Origin(str(state.folder / "lib/other.py"), 3, 7)) == (
        told.message, told.origin,
    )  # fmt: skip
    nowhere = mistake(state, SyntaxError("source code string cannot contain null bytes"), file)
    assert ("app.py is not valid Python: source code string cannot contain null bytes", Origin(file)) == (
        nowhere.message, nowhere.origin,
    )  # fmt: skip
    for error, message in ((SystemExit(3), "app.py ended the program (exit 3)"), (KeyError("a"), "KeyError: 'a'")):
        try:
            exec(compile("\n\nraise error", file, "exec"), {"error": error})  # noqa: S102 - the project's code
        except BaseException as raised:  # noqa: BLE001 - whatever it is
            told = mistake(state, raised, file)
            assert (True, 3) == (told.message.endswith(message), told.origin and told.origin.line)


class NoCredentialsError(Exception):
    """As botocore calls one of its own."""


def raised(state: Any, code: str, **names: Any) -> BaseException:
    """The exception of a file of the project."""
    file = state.folder / f"code{len(list(state.folder.iterdir()))}.py"
    file.write_text(code)
    try:
        exec(compile(code, str(file), "exec"), names)  # noqa: S102 - the project's code
    except BaseException as error:  # noqa: BLE001 - whatever it is
        return error
    raise AssertionError(code)


def test_advice_is_about_what_was_raised_and_where(state: Any) -> None:
    of_botocore = type("NoCredentialsError", (Exception,), {"__module__": "botocore.exceptions"})
    inside = "call AWS inside of the function: the module is also imported where it is built, which needs no AWS"
    assert inside == advice(raised(state, "raise e()", e=of_botocore), state)
    assert advice(raised(state, "raise e()", e=NoCredentialsError), state) is None
    slip = advice(raised(state, "import os\nos.environ['TABEL']"), state)
    assert "did you mean `TABLE`? (a function's `environment` has that, and none has TABEL)" == slip
    other = advice(raised(state, "import os\nos.environ['OTHER']"), state)
    assert str(other).startswith("no function declares OTHER: write `environment={'OTHER': …}` at the function")
    assert advice(raised(state, "{}['TABEL']"), state) is None
    assert "write `from remit import aws`" == advice(raised(state, "aws.region"), state)
    names = advice(raised(state, "from remit.grants.firehose import nothing_like_it"), state)
    assert "there are put" == names
    assert "did you mean `put`?" == advice(raised(state, "from remit.grants.firehose import putt"), state)
    state.placeholders.update({"a placeholder": "LEVEL"})
    told = "LEVEL has a value where the function runs, and a placeholder here: read it inside of the function"
    assert told == advice(raised(state, "LEVEL = 'x'\nint(LEVEL)"), state)
    assert told == advice(raised(state, "int('A Placeholder')"), state)
    assert advice(raised(state, "LEVEL = 'x'\nint('y')"), state) is None
    partial = ImportError("cannot import name 'a' from partially initialized module 'b'")
    assert str(advice(partial, state)).startswith("the modules import each other: make what both need")


def test_advice_goes_by_the_kind_of_an_exception_first_and_by_who_raised_it(state: Any) -> None:
    (state.folder / "lib").mkdir()
    (state.folder / "lib/near.py").touch()
    code = "import near"
    file = state.folder / "lib/app.py"
    file.write_text(code)
    with pytest.raises(ModuleNotFoundError) as missing:
        exec(compile(code, str(file), "exec"), {})  # noqa: S102 - the project's code
    beside = 'lib/near.py lies beside it: import `lib.near`, or write `handler=` and `code="lib"`, the root of its zip'
    assert beside == advice(missing.value, state)
    installed = "install it where remit runs: the app is imported to be built (`{}`)"
    state.placeholders["a placeholder"] = "LEVEL"
    assert installed.format("no_level") == advice(raised(state, "import no_level  # LEVEL"), state)
    assert installed.format("json") == advice(raised(state, "import json.nothing"), state)
    partial = raised(state, "raise AttributeError(\"partially initialized module 'app' has no attribute 'x'\")")
    assert str(advice(partial, state)).startswith("the modules import each other")
    kept = "class Kept(dict):\n    def find(self): raise KeyError('TABLE')\nKept().find()"
    assert advice(raised(state, kept), state) is None
    assert advice(raised(state, "import remit.triggers as on\non('orders')"), state) is None
    verbs = sorted(name for name, verb in vars(sqs).items() if getattr(verb, "__module__", "") == sqs.__name__)
    verbs = [name for name in verbs if not name.startswith("_")]
    assert f"there are {', '.join(verbs)}" == advice(raised(state, "from remit.grants.sqs import zzzzzz"), state)


@pytest.mark.parametrize(("names", "is_debugged"), [(("shop", "shop"), False), (("pdb", "shop"), True)])
def test_a_debugger_may_stand_anywhere_above_the_code_of_the_project(
    state: Any, names: tuple[str, ...], *, is_debugged: bool
) -> None:
    outer, inner = names
    frames: dict[str, Any] = {"__name__": inner, "sys": sys}
    exec("def here(): return sys._getframe()\ndef through(): return here()", frames)  # noqa: S102 - a frame
    above: dict[str, Any] = {"__name__": outer, "through": frames["through"]}
    exec("def stepped(): return through()", above)  # noqa: S102 - a frame
    ends: list[Any] = []

    @time_limit.time_limit(state)
    def load() -> None:
        end: Any = signal.getsignal(signal.SIGALRM)
        with contextlib.suppress(LoadEndError):
            ends.append(end(signal.SIGALRM, above["stepped"]()))

    load()
    assert ([None] if is_debugged else []) == ends


# The SDK


def test_the_sdk_is_imported_when_it_is_used_and_not_there_afterwards_where_it_was_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "boto3", raising=False)
    finders = [*sys.meta_path]
    with deferred_sdk():
        stand_in = importlib.import_module("boto3")
        assert "boto3" == stand_in.__name__
        assert type(stand_in) is not ModuleType
    assert ("boto3" in sys.modules, finders) == (False, sys.meta_path)
    with deferred_sdk():
        version = importlib.import_module("boto3").__version__
    real = sys.modules["boto3"]
    assert (ModuleType, version) == (type(real), real.__version__)


# Configuration


def test_all_mistakes_of_a_configuration_are_told_together(make: Make) -> None:
    project = make(config="config.lambda_.iam.polcy = 1\nconfig.app = 3\nint('x')")
    with pytest.raises(RemitError) as refused:
        configuration(project.folder)
    starts = ("`config.app` must be a string", "config/deploy.py raised ValueError", "there is no setting")
    told = sorted(error.message for error in refused.value.all)
    assert [True] * 3 == [message.startswith(start) for message, start in zip(told, starts, strict=True)]


@pytest.mark.parametrize(
    ("config", "is_missed"),
    [("pass", True), ("config.app = 'shop'", True), ("config.app = 3", False), ("int('x')", False)],
)
def test_an_app_module_is_missed_where_the_configuration_says_which_it_is(
    make: Make, config: str, *, is_missed: bool
) -> None:
    project = make(config=config)
    (project.folder / "app.py").unlink()
    told = [error.message for error in project.error().all]
    assert is_missed == any(message.startswith("there is no app module in ") for message in told)
