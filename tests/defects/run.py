"""Put seeded defects into the rooms that decide something, and list those that no test notices.

    python tests/defects/run.py --room review     one room
    python tests/defects/run.py                   all rooms, 40 defects each
    python tests/defects/run.py --sample          a few of each room, each by one test: what CI does

The first run notes which tests call which function (.remit-defects/calls.json, `--note` does it again), and which fail
without any defect, and so notice none. A defect is tried in a fork of one process (`forks.py`) by the tests that call
its function. Where none of them notices it and SURVIVORS.md does not explain it, the files of those tests run in a
process of its own, and then all tests of its room, on a tree of links to this one, whose module alone is another file.
Survivors must be tested, or explained in SURVIVORS.md; 1 when one is neither.

Some defects make a test wait for what never comes. How long tests take without a defect is noted, too
(.remit-defects/seconds.json), and the limits follow from that, so that such a defect costs a minute or two: ten times
as long for one test in a fork, six times as long for a room; and no test itself waits for anything longer than twice
what the longest test of its room takes (`terminals.HANGS`). What is not noted has the limits of before.

On a busy machine a test may fail by itself. In a process of its own the test that failed runs again, and notices the
defect only if it fails again.

`--forks` tries defects in forks alone, and lists those that need a closer look before all tests of a slow room run.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import math
import operator
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import CodeType, FrameType
from typing import TYPE_CHECKING

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from defects import forks, mutate  # noqa: E402 - a script that imports its neighbours
from terminals import HANGS  # noqa: E402 - as above

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping, Sequence

    from defects.mutate import Defect

ROOT = HERE.parents[1]
CALLS = ROOT / ".remit-defects" / "calls.json"
FAILING = ROOT / ".remit-defects" / "failing.json"
NOTED_SECONDS = CALLS.with_name("seconds.json")
SAMPLE = HERE / "sample.json"
EXPLAINED = HERE / "SURVIVORS.md"
TESTS = {
    "project": ("tests/project",),
    "grants": ("tests/grants",),
    "roles": ("tests/roles", "tests/synthesis", "tests/cli/test_explain_command.py"),
    "synthesis": (
        "tests/synthesis",
        "tests/project/test_existing.py",
        "tests/project/test_meant_items.py",
        "tests/project/test_shared.py",
        "tests/roles/test_fit.py",
        "tests/triggers/test_own_sources.py",
    ),
    "package": ("tests/package", "tests/project/test_handlers_by_name.py"),
    "review": ("tests/review", "tests/cli/test_diff_command.py", "tests/cli/test_diff_project.py"),
    "deploy": ("tests/deploy",),
    "deployer": ("tests/deployer", "tests/cli/test_deployer_command.py"),
    "answers": (
        "tests/answers",
        "tests/cli/test_explain_command.py",
        "tests/cli/test_explain_seen.py",
        "tests/cli/test_why_command.py",
    ),
    "lint": ("tests/lint",),
    "template": ("tests/template", "tests/review/test_files.py", "tests/review/test_beside.py"),
    "catalogue": ("tests/catalogue",),
    "documents": (
        "tests/documents",
        "tests/iam/test_document.py",
        "tests/documents/test_yaml_text.py",
        "tests/template/test_readers_agree.py",
        "tests/template/test_repeated_keys.py",
        "tests/template/test_places_of_tools.py",
        "tests/lint/test_other_peoples_files.py",
        "tests/lint/test_lint_hostile.py",
        "tests/lint/test_lint_limits.py",
    ),
    "triggers": ("tests/triggers", "tests/cli/test_event_command.py", "tests/roles/test_encryption_keys.py"),
    "secrets": ("tests/secrets", "tests/package/test_secrets.py"),
    "resources": ("tests/resources", "tests/triggers", "tests/grants", "tests/roles/test_reference_names.py"),
    "report": ("tests/report", "tests/cli", "tests/audit/test_audit_command.py", "tests/audit/test_audit_page.py"),
    "audit": ("tests/audit",),
    "source": (
        "tests/source",
        "tests/project",
        "tests/answers/test_grant_edit.py",
        "tests/answers/test_remedy.py",
        "tests/lint/test_lint_app.py",
        "tests/package/test_packed_imports.py",
    ),
    "dev": ("tests/dev",),
    "local": ("tests/local",),
    "access": ("tests/access", "tests/local"),
    "workflows": ("tests/workflows", "tests/project/test_workflows.py", "tests/lint/test_state_machines.py"),
    "importing": ("tests/importing",),
    "judge": ("tests/project",),
    "declare": ("tests/declare", "tests/project"),
    "loading": ("tests/loading", "tests/project"),
    "runtime": ("tests/runtime",),
    "cli": ("tests/cli",),
    "testing": ("tests/testing",),
}
"""The rooms that decide something, and where their tests are. The engine has its own: tests/iam/mutants.py."""
OWN_TESTS = {"remit.local.functions.watchdog:_marked": "tests/local/test_marked_processes.py"}
"""Functions that find the processes to end, each with the file of tests that alone runs with a defect in it.

With other tests such a defect would end the processes of whoever runs this.
"""
PER_ROOM = 40
SAMPLED_PER_ROOM = 3
MOST_TESTS = 300
"""Tests that are run for one defect, at most: those that call its function and few others."""
MOST_ROUNDS = 3
"""How often tests run with a defect, when one of them fails and then does not."""
SECONDS = 900
"""A room of which is not noted how long it takes waits for something that never comes when it takes longer."""
ROOM_TIMES_AS_LONG, LEAST_ROOM_SECONDS = 6, 120
"""Any other: when it takes so many times as long as it took without a defect, and so many seconds at least."""
WAIT_TIMES_AS_LONG, LEAST_WAIT_SECONDS = 2, 30
"""How long a test waits for anything at most, by the longest test of the room."""


def overlaid(defect: Defect, folder: Path) -> Path:
    """A tree of links to this one in which one module has a defect."""
    path = Path("src", *defect.module.split(".")).with_suffix(".py")
    here = ROOT
    there = folder
    for part in path.parts[:-1]:
        _link(here, there, but=part)
        here, there = here / part, there / part
        there.mkdir()
    _link(here, there, but=path.name)
    text = (ROOT / path).read_text(encoding="utf-8")
    (folder / path).write_text(mutate.mutated(text, defect), encoding="utf-8")
    return folder


def _link(here: Path, there: Path, but: str) -> None:
    for entry in here.iterdir():
        if entry.name not in {but, "__pycache__", ".git", ".pytest_cache", ".hypothesis"}:
            (there / entry.name).symlink_to(entry)


def noticed(defect: Defect, tests: Sequence[str]) -> bool:
    """Whether one of the tests fails with a defect, twice, or does not end."""
    with tempfile.TemporaryDirectory(prefix="remit-defect-") as name:
        return fails_twice(partial(_run_tests, overlaid(defect, Path(name)), tests))


PASSED, FAILED, WAITS = "passed", "failed", "waits for something that never comes"


def fails_twice(run_tests: Callable[..., str]) -> bool:
    """Whether tests fail, and the one that failed fails again, or they do not end. It is given options of pytest."""
    for _ in range(MOST_ROUNDS):
        end = run_tests()
        if end != FAILED:
            return end == WAITS
        if run_tests("--last-failed") != PASSED:
            return True
    return False


def _run_tests(folder: Path, tests: Sequence[str], *options: str) -> str:
    """How tests end in a tree: all of them passed, one failed, or the time was over."""
    limits = room_limits(tests, noted_seconds())
    environment = {
        **os.environ, "PYTHONPATH": str(folder / "src"), "PYTHONDONTWRITEBYTECODE": "1", "CI": "true",
        "TESTS_HANG_SECONDS": str(limits.wait),
    }  # fmt: skip
    left_out = [f"--deselect={test}" for tests_of_room in known_failures().values() for test in tests_of_room]
    settings = ["-o", f"cache_dir={folder / '.pytest_cache'}", "-o", "faulthandler_timeout=0"]  # the room has a limit
    command = [sys.executable, "-m", "pytest", "-x", "-n", "0", *settings, *options, *left_out, *tests]
    pipe = subprocess.PIPE
    running = subprocess.Popen(command, cwd=folder, env=environment, stdout=pipe, stderr=pipe)
    try:
        _, problems = running.communicate(timeout=limits.room)
    except subprocess.TimeoutExpired:
        _end(running)
        return WAITS
    if b"ERROR: not found" in problems:
        raise SystemExit("the tests have changed: run with --note first")
    return FAILED if running.returncode else PASSED


def _end(running: subprocess.Popen[bytes]) -> None:
    """Interrupt pytest, so that the tests end what they started, and kill it when they do not."""
    running.send_signal(signal.SIGINT)
    try:
        running.communicate(timeout=forks.TEARDOWN_SECONDS)
    except subprocess.TimeoutExpired:
        running.kill()
        running.communicate()


@dataclass(frozen=True, slots=True)
class RoomLimits:
    """How many seconds all tests of a room may take, and how many one of them waits for anything."""

    room: float
    wait: int


def room_limits(tests: Sequence[str], seconds: Mapping[str, float]) -> RoomLimits:
    """The limits of some folders or files of tests, by how long their tests take without a defect."""
    if not all(any(test.startswith(place) for test in seconds) for place in tests):
        return RoomLimits(SECONDS, HANGS)
    noted = [duration for test, duration in seconds.items() if test.startswith(tuple(tests))]
    room = max(LEAST_ROOM_SECONDS, ROOM_TIMES_AS_LONG * sum(noted))
    return RoomLimits(room, max(LEAST_WAIT_SECONDS, math.ceil(WAIT_TIMES_AS_LONG * max(noted))))


def noted_seconds() -> dict[str, float]:
    """How long each test takes that was noted."""
    return json.loads(NOTED_SECONDS.read_text(encoding="utf-8")) if NOTED_SECONDS.exists() else {}


def rounds(defect: Defect, callers: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """What to run until something notices a defect: the files of the tests that call its function, then its room."""
    own_tests = OWN_TESTS.get(f"{defect.module}:{defect.function}")
    if own_tests is not None:
        yield (own_tests,)
        return
    files = dict.fromkeys(test.partition("::")[0] for test in callers)
    closest = tuple(file for file in files if (ROOT / file).exists())
    if closest:
        yield closest
    yield TESTS[_room(defect)]


def in_forks(trials: Mapping[Defect, Sequence[str]], jobs: int) -> dict[Defect, str]:
    """How each defect ends that is tried with its tests in a fork of pytest, by several of them side by side."""
    defects = list(trials)
    shares = [share for share in (defects[number::jobs] for number in range(jobs)) if share]
    with ThreadPoolExecutor(jobs) as pool:
        results = pool.map(lambda share: _share_in_forks({defect: trials[defect] for defect in share}), shares)
    return {defect: end for share in results for defect, end in share.items()}


def _share_in_forks(trials: Mapping[Defect, Sequence[str]]) -> dict[Defect, str]:
    with tempfile.TemporaryDirectory(prefix="remit-defects-") as folder:
        ordered, results = Path(folder, "ordered.json"), Path(folder, "results.json")
        ordered.write_text(json.dumps({str(defect): tests for defect, tests in trials.items()}), encoding="utf-8")
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "CI": "true"}
        seconds = Path(folder, "seconds.json")
        seconds.write_text(json.dumps(noted_seconds()), encoding="utf-8")
        command = [sys.executable, str(HERE / "forks.py"), str(ordered), str(results), str(seconds)]
        subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=True)
        return {mutate.named(name): end for name, end in json.loads(results.read_text("utf-8")).items()}


def tried(defects: Sequence[Defect], jobs: int, reasons: Container[str] = ()) -> dict[Defect, str]:
    """How each defect ends: in a fork where that can be, else by all tests of its room, unless its reason is known."""
    calls = known_calls()
    ends = tried_in_forks(defects, jobs)
    left = [defect for defect in defects if ends[defect] in {forks.CANNOT_TRY, forks.SURVIVED}]
    unexplained = [defect for defect in left if str(defect) not in reasons]

    def is_noticed(defect: Defect) -> bool:
        return any(noticed(defect, tests) for tests in rounds(defect, callers_of(defect, calls)))

    with ThreadPoolExecutor(jobs) as pool:
        noticed_alone = pool.map(is_noticed, unexplained)
        for defect, seen in zip(unexplained, noticed_alone, strict=True):
            ends[defect] = forks.KILLED if seen else forks.SURVIVED
    return {defect: forks.SURVIVED if end == forks.CANNOT_TRY else end for defect, end in ends.items()}


def tried_in_forks(defects: Sequence[Defect], jobs: int) -> dict[Defect, str]:
    """How each defect ends in a fork, by the tests that were noted to call its function."""
    calls = known_calls()
    tests = {defect: callers_of(defect, calls) for defect in defects}
    ends = in_forks({defect: names for defect, names in tests.items() if names}, jobs)
    return {defect: ends.get(defect, forks.CANNOT_TRY) for defect in defects}


def callers_of(defect: Defect, calls: Mapping[str, Mapping[str, int]]) -> list[str]:
    """The tests that were noted to call a defect's function."""
    function = f"{defect.module}:{defect.function}"
    return [test for test in calls.get(function, ()) if test.startswith(OWN_TESTS.get(function, ""))]


def sampled(jobs: int) -> int:
    """Try the sample by the one test that noticed each of its defects; 1 when one is noticed no more."""
    sample = {mutate.named(name): [test] for name, test in json.loads(SAMPLE.read_text(encoding="utf-8")).items()}
    ends = in_forks(sample, jobs)
    gone = [defect for defect, end in ends.items() if end == forks.CANNOT_TRY]
    for defect in gone:
        sys.stdout.write(f"gone: {defect}, or its test (`--draw` draws another sample)\n")
    here = {defect: end != forks.SURVIVED for defect, end in ends.items() if defect not in gone}
    return 1 if len(gone) > len(sample) / 2 else report(here, explained(EXPLAINED.read_text(encoding="utf-8")))


def drawn_sample(ends: Mapping[Defect, str]) -> dict[str, str]:
    """The first defects of each room that a test noticed, each with that test."""
    sample: dict[str, str] = {}
    rooms: Counter[str] = Counter()
    for defect, end in ends.items():
        room = _room(defect)
        if "::" in end and rooms[room] < SAMPLED_PER_ROOM:
            rooms[room] += 1
            sample[str(defect)] = end
    return sample


def _room(defect: Defect) -> str:
    return defect.module.split(".")[1]


class Notes:
    """A plugin of pytest that notes which functions of remit each test calls, in whatever thread."""

    def __init__(self) -> None:
        self.called: dict[str, set[CodeType]] = {}
        self.in_threads: set[CodeType] = set()
        self.seconds: dict[str, float] = {}
        self.failed: set[str] = set()
        self.profile = cProfile.Profile(builtins=False)

    def pytest_runtest_protocol(self) -> None:
        self.in_threads = set()
        threading.setprofile(self._note_in_thread)
        self.profile = cProfile.Profile(builtins=False)
        self.profile.enable()

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self.profile.disable()
        if nodeid not in self.failed:  # it would notice every defect
            codes = {entry.code for entry in self.profile.getstats()}
            self.called[nodeid] = {code for code in codes if isinstance(code, CodeType)} | self.in_threads

    def _note_in_thread(self, frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            self.in_threads.add(frame.f_code)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0) + report.duration
        if report.failed:
            self.failed.add(report.nodeid)

    def calls(self) -> dict[str, dict[str, int]]:
        """The tests of each function, each with the number of functions that it calls."""
        source = str(ROOT / "src") + os.sep
        calls: dict[str, dict[str, int]] = {}
        for test, codes in self.called.items():
            for code in codes:
                if code.co_filename.startswith(source):
                    file = code.co_filename.removeprefix(source).removesuffix(".py")
                    name = re.sub(r"\.<locals>.*", "", code.co_qualname)
                    calls.setdefault(f"{file.replace(os.sep, '.')}:{name}", {})[test] = len(codes)
        return calls


def note(room: str) -> None:
    """Run the tests of a room, and keep which functions each calls beside what the tests of other rooms call."""
    notes = Notes()
    pytest.main(["-n", "0", "-p", "no:cacheprovider", *TESTS[room]], [notes])
    calls = known_calls()
    for function, tests in notes.calls().items():
        earlier = {name: size for name, size in calls.get(function, {}).items() if not name.startswith(TESTS[room])}
        calls[function] = varied(earlier | tests, TESTS.get(function.split(":")[0].split(".")[1], ()))
    CALLS.parent.mkdir(exist_ok=True)
    CALLS.write_text(json.dumps(calls, indent=1), encoding="utf-8")
    FAILING.write_text(json.dumps(known_failures() | {room: sorted(notes.failed)}, indent=1), encoding="utf-8")
    earlier_seconds = {name: taken for name, taken in noted_seconds().items() if not name.startswith(TESTS[room])}
    seconds = {name: round(taken, 2) for name, taken in notes.seconds.items()}
    NOTED_SECONDS.write_text(json.dumps(earlier_seconds | seconds, indent=1), encoding="utf-8")


def varied(tests: Mapping[str, int], own: tuple[str, ...]) -> dict[str, int]:
    """The tests to try in this order: those of the own room, of each test one case before any second one, the small."""
    cases: Counter[str] = Counter()
    places = {}
    for test, size in sorted(tests.items(), key=operator.itemgetter(1)):
        name = test.partition("[")[0]
        places[test] = (not test.startswith(own), cases[name], size)
        cases[name] += 1
    return {test: tests[test] for test in sorted(tests, key=places.__getitem__)[:MOST_TESTS]}


def known_calls() -> dict[str, dict[str, int]]:
    """What was noted: the tests that call each function, in the order of `varied`."""
    return json.loads(CALLS.read_text(encoding="utf-8")) if CALLS.exists() else {}


def known_failures() -> dict[str, list[str]]:
    """The tests of each room that failed without any defect when they were noted."""
    return json.loads(FAILING.read_text(encoding="utf-8")) if FAILING.exists() else {}


def explained(text: str) -> dict[str, str]:
    """The survivors that the page explains, each with its reason: lines `- `name`: reason`."""
    return dict(re.findall(r"^- `([^`]+)`: (.+)$", text, re.MULTILINE))


def main() -> int:
    """Try the defects and list the survivors; 1 when one is not explained."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--room", choices=TESTS, action="append", help="only this room (may be repeated)")
    parser.add_argument("--count", type=int, default=PER_ROOM, help="defects of a room (default: 40)")
    parser.add_argument("--sample", action="store_true", help="only those of sample.json, each by one test")
    parser.add_argument("--draw", action="store_true", help="keep some that are noticed, of each room, in sample.json")
    parser.add_argument("--forks", action="store_true", help="only in forks: list what needs a closer look")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--note", action="store_true", help="note again which tests call which functions")
    options = parser.parse_args()
    if options.sample:
        return sampled(options.jobs)
    rooms = options.room or list(TESTS)
    if options.note or not CALLS.exists():
        for room in rooms:
            note(room)
    for test in (test for room in rooms for test in known_failures().get(room, ())):
        sys.stdout.write(f"fails without any defect, and is left out: {test}\n")
    defects = [defect for room in rooms for defect in mutate.drawn(room, ROOT / "src", options.count)]
    reasons = explained(EXPLAINED.read_text(encoding="utf-8"))
    if options.forks:
        return report_forks(tried_in_forks(defects, options.jobs))
    ends = tried(defects, options.jobs, reasons)
    if options.draw:
        SAMPLE.write_text(json.dumps(drawn_sample(ends), indent=2) + "\n", encoding="utf-8")
    return report({defect: end != forks.SURVIVED for defect, end in ends.items()}, reasons)


def report_forks(ends: Mapping[Defect, str]) -> int:
    """Print which defects survive in forks, and which cannot be tried there."""
    for defect, end in ends.items():
        if end in {forks.CANNOT_TRY, forks.SURVIVED}:
            sys.stdout.write(f"{end}: {defect}\n")
    return 0


def report(results: Mapping[Defect, bool], reasons: Mapping[str, str]) -> int:
    """Print the survivors, the explanations that hold no more, and the share that was noticed in each room."""
    unexplained = [defect for defect, seen in results.items() if not seen and str(defect) not in reasons]
    for defect in unexplained:
        sys.stdout.write(f"survives: {defect}\n")
    for defect, seen in results.items():
        if seen and str(defect) in reasons:
            sys.stdout.write(f"stale: SURVIVORS.md explains {defect}, which is noticed\n")
    rooms: dict[str, list[bool]] = {}
    for defect, seen in results.items():
        rooms.setdefault(_room(defect), []).append(seen)
    for room, seen_defects in rooms.items():
        sys.stdout.write(f"{room}: {sum(seen_defects)} of {len(seen_defects)} noticed\n")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
