"""Seeded defects are named, drawn and put into a copy as the run of all of them needs it."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from defects import forks, mutate, run
from defects.mutate import Defect
from random_cases import in_all_cases
from terminals import HANGS

if TYPE_CHECKING:
    from pathlib import Path

TEXT = '''
def most(values, limit=3):
    """The first values."""
    if not values and limit > 2:
        return (1, "a")
    return sorted(values)
'''


@pytest.mark.parametrize(
    ("operator", "ordinal", "line"),
    [
        ("comparison", 1, "if not values and limit >= 2:"),
        ("branch", 1, "if False:"),
        ("constant", 1, "if not values and limit > 3:"),
        ("constant", 3, "return (1, 'ax')"),
        ("ignored-call", 1, "return values"),
        ("and-or", 1, "if not values or limit > 2:"),
        ("not", 1, "if values and limit > 2:"),
        ("element", 1, "return (1,)"),
    ],
)
def test_an_operator_changes_one_place_of_a_function(operator: str, ordinal: int, line: str) -> None:
    changed = mutate.mutated(TEXT, Defect("m", "most", operator, ordinal))
    plain = ast.unparse(ast.parse(TEXT)).splitlines()
    assert [line] == [new.strip() for new, old in zip(changed.splitlines(), plain, strict=True) if new != old]


def test_every_defect_of_a_module_changes_it() -> None:
    defects = mutate.defects("m", TEXT)
    texts = {mutate.mutated(TEXT, defect) for defect in defects}
    assert len(defects) == len(texts) == 9
    assert ast.unparse(ast.parse(TEXT)) + "\n" not in texts


def test_whoever_runs_defects_loads_nothing_of_remit() -> None:
    """Pytest, which it runs in its own process to note calls, wants to load remit's plugin itself."""
    told = "import sys, defects.run; print([name for name in sys.modules if name.startswith('remit')])"
    ran = subprocess.run([sys.executable, "-c", told], cwd=run.HERE.parent, capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_what_nobody_can_see_is_no_place_of_a_defect() -> None:
    text = "def pairs(a, b):\n    both: dict[str, int] = zip(a, b, strict=True)\n    return both\n"
    assert [Defect("m", "pairs", "ignored-call", 1)] == list(mutate.defects("m", text))


def test_a_function_stays_drawn_when_its_module_moves_and_when_others_come(tmp_path: Path) -> None:
    here, there = tmp_path / "remit/build", tmp_path / "remit/synth"
    for folder in (here, there):
        folder.mkdir(parents=True)
        (folder / "sizes.py").write_text(
            "".join(f"def f{number}(a):\n    return a > {number}\n" for number in range(9))
        )
    (there / "more.py").write_text("def more(a):\n    return a > 3\n")
    drawn_here = {(defect.function, defect.operator) for defect in mutate.drawn("build", tmp_path, 5)}
    drawn_there = {(defect.function, defect.operator) for defect in mutate.drawn("synth", tmp_path, 6)}
    assert drawn_here < drawn_there


def test_a_test_of_the_own_room_is_tried_first_and_each_once_before_its_second_case() -> None:
    tests = {"tests/cli/a.py::t": 1, "tests/lint/b.py::t[1]": 2, "tests/lint/b.py::t[2]": 3, "tests/lint/b.py::u": 9}
    ordered = ["tests/lint/b.py::t[1]", "tests/lint/b.py::u", "tests/lint/b.py::t[2]", "tests/cli/a.py::t"]
    assert ordered == list(run.varied(tests, ("tests/lint",)))


def test_the_files_of_the_tests_that_call_a_function_run_before_all_tests_of_its_room() -> None:
    here = "tests/defects/test_defects.py"
    callers = [f"{here}::test_a", "tests/gone.py::test_b", f"{here}::test_c"]
    assert [(here,), run.TESTS["review"]] == list(run.rounds(Defect("remit.review.a", "f", "not", 1), callers))


def test_a_defect_is_found_again_by_its_name() -> None:
    defect = Defect("remit.review.role_pairs", "_Class._meaning", "and-or", 2)
    assert defect == mutate.named(str(defect))


def test_a_function_has_its_defect_wherever_it_is_held_and_whatever_wraps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "import functools\n@functools.lru_cache\ndef limit(size):\n    return size > 2\n"
    (tmp_path / "held_by_others.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    held = importlib.import_module("held_by_others").limit
    forks.put(Defect("held_by_others", "limit", "constant", 1))
    assert (False, True) == (held(3), held(4))


def test_a_defect_of_a_function_that_is_not_here_is_an_error() -> None:
    with pytest.raises(LookupError, match="there is no"):
        forks.put(Defect("remit.errors", "nowhere", "constant", 1))


def test_forks_tell_a_defect_that_a_test_notices_from_one_that_none_of_many_does() -> None:
    test = "tests/triggers/test_triggers.py::test_each_clock_that_eventbridge_refuses_is_told"
    quick = "tests/triggers/test_triggers.py::test_a_time_that_the_clocks_leap_over_never_comes"
    tests = [*[quick] * 255, test]  # more than there are exit codes
    seen = Defect("remit.triggers.schedule_expression", "check_expression", "comparison", 1)
    unseen = Defect("remit.triggers.schedule", "Schedule.resources", "constant", 1)
    ends = run.in_forks({seen: tests, unseen: tests}, jobs=1)
    assert {seen: test, unseen: forks.SURVIVED} == ends


@in_all_cases
def test_a_fork_forgets_what_functions_have_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the tests are collected, the variables of many formats are worked out."""
    monkeypatch.delenv("REMIT_ALL_CASES", raising=False)  # which would ask no test of one case alone
    test = "tests/catalogue/test_catalogue_operations.py::test_an_arn_is_made_from_a_format"
    defect = Defect("remit.catalogue.arns", "variables", "ignored-call", 1)
    assert {defect: test} == run.in_forks({defect: [test]}, jobs=1)


def test_a_test_that_waits_for_what_never_comes_is_interrupted() -> None:
    with pytest.raises(forks.WaitsForeverError), forks.limited_time(0.01, code=1):
        threading.Event().wait()


def test_how_long_a_test_may_take_follows_from_how_long_it_takes_without_a_defect() -> None:
    assert [600, 60, 90] == [forks.waiting_seconds(noted) for noted in (None, 0.5, 9.0)]
    seconds = {"tests/dev/test_a.py::test_a": 30.0, "tests/dev/test_a.py::test_b": 20.0, "tests/local/test_c.py": 99.0}
    assert run.RoomLimits(300.0, 60) == run.room_limits(["tests/dev"], seconds)
    assert run.RoomLimits(900, HANGS) == run.room_limits(["tests/dev", "tests/audit"], seconds)


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ([run.PASSED], False),
        ([run.WAITS], True),
        ([run.FAILED, run.FAILED], True),
        ([run.FAILED, run.WAITS], True),
        ([run.FAILED, run.PASSED, run.PASSED], False),
        (3 * [run.FAILED, run.PASSED], False),
    ],
)
def test_a_test_that_fails_by_itself_notices_no_defect(ends: list[str], *, expected: bool) -> None:
    following = iter(ends)
    assert expected == run.fails_twice(lambda *_: next(following))
    assert [] == list(following)


def test_a_defect_that_might_end_any_process_meets_its_own_tests_alone() -> None:
    defect = Defect("remit.local.functions.watchdog", "_marked", "comparison", 1)
    others = "tests/local/test_functions.py::test_a_worker_ends"
    own = "tests/local/test_marked_processes.py"
    callers = run.callers_of(defect, {"remit.local.functions.watchdog:_marked": {others: 9, f"{own}::test_found": 1}})
    assert [f"{own}::test_found"] == callers
    assert [(own,)] == list(run.rounds(defect, [others]))


def test_the_sample_holds_a_few_defects_of_each_room_with_the_test_that_notices_each() -> None:
    one, two = Defect("remit.review.a", "f", "not", 1), Defect("remit.review.a", "g", "not", 1)
    ends = {one: forks.KILLED, two: "tests/review/test_a.py::test_g", replace(two, ordinal=2): forks.SURVIVED}
    many = {replace(two, ordinal=number): "tests/review/test_a.py::test_g" for number in range(3, 9)}
    assert {str(two): "tests/review/test_a.py::test_g"} == run.drawn_sample(ends)
    assert run.SAMPLED_PER_ROOM == len(run.drawn_sample(ends | many))


def test_a_place_that_is_not_there_is_an_error() -> None:
    with pytest.raises(LookupError, match="most comparison#2"):
        mutate.mutated(TEXT, Defect("m", "most", "comparison", 2))


@in_all_cases
def test_the_defects_of_a_room_are_of_different_functions_and_the_same_each_time() -> None:
    drawn = mutate.drawn("triggers", run.ROOT / "src", run.PER_ROOM)
    assert drawn == mutate.drawn("triggers", run.ROOT / "src", run.PER_ROOM)
    assert len({(defect.module, defect.function) for defect in drawn}) == len(drawn) > 10


@pytest.mark.parametrize("room", run.TESTS)
def test_a_room_and_its_tests_are_there(room: str) -> None:
    assert (run.ROOT / "src/remit" / room).is_dir()
    assert [] == [path for path in run.TESTS[room] if not (run.ROOT / path).exists()]


def test_a_defect_stands_in_a_copy_and_never_in_the_source(tmp_path: Path) -> None:
    defect = mutate.drawn("review", run.ROOT / "src", 1)[0]
    inside = "src/" + defect.module.replace(".", "/") + ".py"
    before = (run.ROOT / inside).read_text("utf-8")
    run.overlaid(defect, tmp_path)
    assert before == (run.ROOT / inside).read_text("utf-8")
    assert mutate.mutated(before, defect) == (tmp_path / inside).read_text("utf-8")
    assert (tmp_path / "src/remit/errors.py").is_symlink()


def test_survivors_that_are_explained_do_not_fail_and_others_do(capsys: pytest.CaptureFixture[str]) -> None:
    survivor, seen = Defect("remit.review.a", "f", "not", 1), Defect("remit.review.a", "g", "not", 1)
    reasons = run.explained("- `remit.review.a:f not#1`: cannot be seen\n- `remit.review.a:g not#1`: nor this\n")
    assert 0 == run.report({survivor: False, seen: True}, reasons)
    assert "stale: SURVIVORS.md explains remit.review.a:g not#1" in capsys.readouterr().out
    assert 1 == run.report({survivor: False, seen: False}, {})
    assert "survives: remit.review.a:f not#1" in capsys.readouterr().out
    run.explained(run.EXPLAINED.read_text("utf-8"))


@pytest.mark.parametrize("name", run.explained(run.EXPLAINED.read_text("utf-8")))
def test_an_explained_defect_is_one_of_a_room_and_can_still_be_put_into_its_function(name: str) -> None:
    defect = mutate.named(name)
    text = (run.ROOT / "src" / defect.module.replace(".", "/")).with_suffix(".py").read_text("utf-8")
    assert defect.module.split(".")[1] in run.TESTS
    assert mutate.mutated(text, defect) != ast.unparse(ast.parse(text)) + "\n"
