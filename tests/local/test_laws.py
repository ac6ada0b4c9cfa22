"""Decisions of the AWS on this machine that need no server, against AWS's rules or the obvious, written down again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from hypothesis import example, given, settings
from hypothesis import strategies as st

from remit.local.functions.function_log import KEPT, BoundedLog
from remit.local.functions.worker_pool import IDLE_SECONDS, WorkerPool
from remit.local.repairs.alarms import alarm_state
from remit.local.repairs.logs import matches_json
from remit.local.routes import app_prefix, is_this_machine
from remit.local.server import after_save

CASES: Final = 200
COMPARISONS: Final = {
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "GreaterThanOrEqualToThreshold": lambda value, threshold: not value < threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: not value > threshold,
}


@settings(max_examples=CASES)
@given(
    st.sampled_from(tuple(COMPARISONS)), st.sampled_from((None, "missing", "breaching", "notBreaching", "ignore")),
    st.lists(st.none() | st.integers(0, 3), min_size=1, max_size=5), st.none() | st.integers(1, 5),
    st.sampled_from(("OK", "ALARM", "INSUFFICIENT_DATA")),
)  # fmt: skip
def test_an_alarm_is_on_when_as_many_of_its_periods_breach_as_it_says(
    comparison: str, treatment: str | None, values: list[int | None], datapoints: int | None, before: str
) -> None:
    """Source: "Configuring how CloudWatch alarms treat missing data" (Amazon CloudWatch User Guide)."""
    alarm: dict[str, Any] = {
        "ComparisonOperator": comparison, "Threshold": "1", "StateValue": before, "EvaluationPeriods": len(values),
    }  # fmt: skip
    if treatment is not None:
        alarm["TreatMissingData"] = treatment
    needed = len(values)
    if datapoints is not None:
        needed = alarm["DatapointsToAlarm"] = min(datapoints, len(values))
    filled = [treatment == "breaching" if value is None else COMPARISONS[comparison](value, 1) for value in values]
    if any(value is not None for value in values):
        expected = "ALARM" if sum(filled) >= needed else "OK"
    else:
        without_data = {"breaching": "ALARM", "notBreaching": "OK", "ignore": before}
        expected = without_data.get(treatment or "missing", "INSUFFICIENT_DATA")
    assert expected == alarm_state(alarm, values)[0]


@settings(max_examples=CASES)
@given(
    st.lists(
        st.sampled_from(("localhost", "127.0.0.1", "evil", "com", "127.0.0.2", ".", ":", "80", "@", "/", "LOCALHOST")),
        min_size=1,
        max_size=6,
    )
)  # fmt: skip
def test_a_host_is_this_machine_if_nobody_else_can_point_its_name_elsewhere(tokens: list[str]) -> None:
    """127.0.0.1, localhost, and the names below localhost, which no resolver asks anybody for (RFC 6761)."""
    host = "".join(tokens)
    name, _, port = host.partition(":")
    labels = name.lower().split(".")
    is_below = labels[-1] == "localhost" and all(label and not set(label) & set("@/:") for label in labels)
    has_good_port = port.isdigit() if ":" in host else True
    assert ((name == "127.0.0.1" or is_below) and has_good_port) == is_this_machine(host)


@dataclass(frozen=True)
class FakeFunction:
    """A function as the pool looks at it."""

    place: str


class FakeWorker:
    """A worker without a process."""

    def __init__(self, function: FakeFunction, last_used: float) -> None:
        self.function, self.pid, self.alive, self.dismissed = function, id(self), True, False
        self.last_used = last_used
        self.runs = True
        self.kills = 0

    def is_running(self) -> bool:
        return self.runs

    def kill(self) -> None:
        self.kills += 1
        self.alive = False


def pool_of_fakes(folder: Path) -> Any:
    unused: Any = None
    pool: Any = WorkerPool(
        folder, hidden=folder, endpoint="", code=unused, environment=unused, interpreters=unused,
        credentials_of=unused,
    )  # fmt: skip
    pool._watchdog = SimpleNamespace(forget=lambda _pid: None, close=lambda: None)
    return pool


STEPS: Final = ("start", "lease", "release", "break", "end one", "end all", "tidy", "time", "change")


@settings(max_examples=CASES)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 1)), max_size=25))
def test_workers_are_leased_to_one_caller_the_last_used_first_and_end_once_when_nobody_needs_them(  # noqa: C901, PLR0912 - one step after the other
    steps: list[tuple[str, int]],
) -> None:
    """A worker of what a function was before, one that is idle for five minutes, and one that was ended do no more."""
    functions = (FakeFunction("a"), FakeFunction("b"))
    pool = pool_of_fakes(Path("unused"))
    idle: list[FakeWorker] = []  # the last used last
    busy: list[FakeWorker] = []
    ended: list[FakeWorker] = []
    changed: set[FakeFunction] = set()
    began = 1e9

    def must_end(*workers: FakeWorker) -> None:
        for worker in workers:
            (idle if worker in idle else busy).remove(worker)
            ended.append(worker)

    for step, number in steps:
        function = functions[number]
        of_function = [worker for worker in idle if worker.function == function]
        if step == "start":
            busy.append(FakeWorker(function, began))
            pool._busy.add(busy[-1])
        elif step == "lease":
            running = [worker for worker in of_function if worker.runs]
            expected = running[-1] if running else None
            later = of_function[of_function.index(expected) + 1 :] if expected is not None else of_function
            must_end(*later)
            assert expected is pool._warm(function)
            if expected is not None:
                idle.remove(expected)
                busy.append(expected)
        elif step == "release" and busy:
            worker = busy[number % len(busy)]
            pool._release(worker)
            if worker.dismissed:
                must_end(worker)
            else:
                busy.remove(worker)
                idle.append(worker)
        elif step == "break" and idle:
            idle[number % len(idle)].runs = False
        elif step in ("end one", "end all"):
            pool.end(function.__eq__ if step == "end one" else lambda _: True)
            must_end(*[worker for worker in idle if step == "end all" or worker.function == function])
            assert all(worker.dismissed for worker in busy if step == "end all" or worker.function == function)
        elif step == "time":
            for worker in idle[:1]:
                worker.last_used -= 300
        elif step == "change":
            changed ^= {function}
        elif step == "tidy":
            pool.end_unneeded(frozenset(functions).difference(changed).__contains__, began)
            must_end(*[
                worker for worker in idle
                if worker.function in changed or not worker.runs or worker.last_used <= began - IDLE_SECONDS
            ])  # fmt: skip
        assert [0] * len(idle + busy) == [worker.kills for worker in idle + busy]
        assert [1] * len(ended) == [worker.kills for worker in ended]
        assert set(busy) == pool._busy
    assert IDLE_SECONDS == 300


OPERATORS: Final = ("=", "!=", "<", "<=", ">", ">=")
DOCUMENT: Final = {"level": "error", "code": 503, "user": {"name": "ann", "ids": [1, 2]}, "late": True, "cause": None}
Condition = tuple[Any, ...]


@st.composite
def conditions(draw: st.DrawFn, depth: int = 2) -> Condition:
    if depth and draw(st.booleans()):
        return draw(st.sampled_from(("&&", "||"))), draw(conditions(depth - 1)), draw(conditions(depth - 1))
    field = draw(st.sampled_from(("$.level", "$.code", "$.user.name", "$.user.ids[1]", "$.late", "$.cause", "$.none")))
    kind = draw(st.sampled_from(("compare", "compare", "is", "is not", "not exists")))
    if kind == "compare":
        value = draw(st.sampled_from(("error", "err*", "ann", "503", "2", "1e3")))
        return kind, field, draw(st.sampled_from(OPERATORS)), value
    return kind, field, draw(st.sampled_from(("NULL", "TRUE", "FALSE")))


def written(condition: Condition, *, binds: str = "") -> str:
    """The pattern of a condition, with parentheses where && would bind more closely."""
    if condition[0] in ("&&", "||"):
        sign, left, right = condition
        text = f"{written(left, binds=sign)} {sign} {written(right, binds=sign)}"
        return f"({text})" if (binds, sign) == ("&&", "||") else text
    kind, field, *rest = condition
    if kind == "compare":
        sign, value = rest
        return f"{field} {sign} {value if value[0].isdigit() else json.dumps(value)}"
    return {"is": f"{field} IS {rest[0]}", "is not": f"{field} IS NOT {rest[0]}", "not exists": f"{field} NOT EXISTS"}[
        kind
    ]


def holds(condition: Condition) -> bool:  # noqa: PLR0911 - one kind after the other
    if condition[0] == "&&":
        return holds(condition[1]) and holds(condition[2])
    if condition[0] == "||":
        return holds(condition[1]) or holds(condition[2])
    kind, field, *rest = condition
    values = {
        "$.level": "error", "$.code": 503, "$.user.name": "ann", "$.user.ids[1]": 2, "$.late": True, "$.cause": None,
    }  # fmt: skip
    if field not in values:
        return kind == "not exists"
    value = values[field]
    if kind in ("is", "is not"):
        return (value is {"NULL": None, "TRUE": True, "FALSE": False}[rest[0]]) == (kind == "is")
    if kind == "not exists":
        return False
    sign, text = rest
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if sign in ("=", "!="):
        if is_number and text[0].isdigit():
            is_equal = value == float(text)
        else:
            shown = value if isinstance(value, str) else json.dumps(value)
            is_equal = shown.startswith(text[:-1]) if text.endswith("*") else shown == text
        return is_equal == (sign == "=")
    if not is_number or not text[0].isdigit():
        return False
    ordered = (value > float(text)) - (value < float(text))
    return ordered in {"<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (0, 1)}[sign]


TRUE_: Final = ("compare", "$.code", "=", "503")
FALSE_: Final = ("compare", "$.code", "=", "2")


@settings(max_examples=CASES)
@given(conditions())
@example(("||", ("&&", FALSE_, TRUE_), TRUE_))
@example(("||", TRUE_, ("&&", FALSE_, TRUE_)))
@example(("&&", ("||", TRUE_, FALSE_), FALSE_))
def test_a_pattern_on_fields_holds_as_its_parts_do(condition: Condition) -> None:
    """Source: "Filter pattern syntax" (Amazon CloudWatch Logs User Guide): && binds more closely than ||."""
    assert holds(condition) == matches_json(f"{{ {written(condition)} }}", json.dumps(DOCUMENT))


@settings(max_examples=25)
@given(st.lists(st.sampled_from((b"a", b"b" * (KEPT // 2), b"c" * (KEPT - 1), b"d" * KEPT)), max_size=8))
def test_a_log_keeps_its_beginning_and_its_end_and_says_how_much_it_leaves_out(parts: list[bytes]) -> None:
    log, whole = BoundedLog(), b"".join(parts)
    for part in parts:
        log.add(part)
    assert whole[:KEPT] == log.beginning
    middle = whole[KEPT:-KEPT] if len(whole) > 2 * KEPT else b""
    kept = whole[:KEPT] + (f"\n[{len(middle)} bytes of the log are left out]\n".encode() if middle else b"")
    end = whole[len(whole) - KEPT :] if middle else whole[KEPT:]
    assert (kept + end).decode() == log.take()
    assert log.take() == ""


@given(st.lists(st.tuples(st.floats(0, 100), st.booleans()), min_size=1, max_size=30))
def test_saving_takes_a_twentieth_of_the_time_at_most_and_what_fails_is_tried_again_within_a_minute(
    saves: list[tuple[float, bool]],
) -> None:
    retry_after, failures = 1.0, 0
    for seconds, is_kept in saves:
        pause, retry_after = after_save(seconds, retry_after, is_kept=is_kept)
        assert pause >= 1
        assert seconds / (seconds + pause) <= 1 / 20
        failures = 0 if is_kept else failures + 1
        assert retry_after == min(60, 2**failures) or (failures == 0 and retry_after == 1)


@settings(max_examples=CASES)
@given(
    st.sampled_from(("", "0a1b2c3d.execute-api.localhost", "127.0.0.1:4566")),
    st.lists(
        st.sampled_from(("_aws", "execute-api", "0a1b2c3d", "0A1B2C3D", "dev", "@connections", "x", "", "lambda-url")),
        max_size=6,
    ),
)
def test_the_app_answers_at_the_whole_id_of_an_api_and_never_for_its_connections(host: str, parts: list[str]) -> None:
    """The management of connections asks for a signature, wherever in the path it stands."""
    path = "/" + "/".join(parts)
    of_host = host.startswith("0a1b2c3d")
    whole = ["_aws", "execute-api", "0a1b2c3d", *parts] if of_host else parts
    is_api = whole[:3] == ["_aws", "execute-api", "0a1b2c3d"]
    expected = is_api and "@connections" not in whole[3:]
    assert expected == (app_prefix(host, path) is not None)
