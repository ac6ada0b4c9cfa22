"""Each step of the loop by itself: what it tells, what it queues, and what it asks of the AWS on this machine."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from remit.app import App, Function
from remit.deploy.deployment import Deployment
from remit.deploy.execute import Outcome
from remit.deploy.log_lines import LogLine
from remit.deploy.logs import LogReader
from remit.deploy.stack import StackOutput
from remit.dev import loop as steps
from remit.dev.events import (
    CallDenied,
    CallUnknown,
    CodeServed,
    Deployed,
    FilesChanged,
    GrantWritten,
    Logged,
    Serving,
    WentWrong,
)
from remit.dev.loop import Debugged, DevLoop
from remit.errors import RemitError
from remit.local.authorization.access_log import AccessRecord
from terminals import HANGS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from queue import SimpleQueue

    from conftest import Make
    from remit.deploy.deployment import DeployJob

APP = App("shop", "dev", (Function("queues", "Queues", "app.queues", {}), Function("door", "Door", "app.door", {})))
DENIED = CallDenied("queues", "sqs:SendMessage", "*", "app.py", 3, "sqs.send()", "why")


class Stepped(NamedTuple):
    """A loop, and what it told."""

    loop: DevLoop
    told: list[Any]


@pytest.fixture
def stepped(tmp_path: Path) -> Stepped:
    told: list[Any] = []
    return Stepped(DevLoop(tmp_path, None, region=None, first_port=1, tell=told.append), told)


def record(decision: Any, function: str = "shop-dev-queues", **changes: Any) -> AccessRecord:
    values: dict[str, Any] = {
        "time": "2026-11-27T12:00:00Z", "caller": "x", "function": function, "request_id": "1", "operation": "Send",
        "action": "sqs:SendMessage", "resource": "*", "decision": decision, "because": "why", "statement": "",
        "file": "app.py", "line": 12, "refused": False,
    }  # fmt: skip
    return AccessRecord(**values | changes)


def queued(queue: SimpleQueue[Any]) -> list[Any]:
    return [queue.get() for _ in range(queue.qsize())]


def test_what_functions_did_is_told_in_order_and_what_users_did_is_not(
    stepped: Stepped, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, told = stepped
    asked: list[AccessRecord] = []
    calls = iter((DENIED, None))

    def add(access: AccessRecord) -> CallDenied | None:
        asked.append(access)
        return next(calls)

    lines = [LogLine(0, "door", "s", "hello"), LogLine(1_500, "queues", "s", "there")]
    logged = [
        Logged("1970-01-01T00:00:00.000Z", "door", "hello"), Logged("1970-01-01T00:00:01.500Z", "queues", "there")
    ]  # fmt: skip
    unknown = record("unknown", refused=True)
    loop._functions_did([unknown, record("denied")], lines)
    assert logged == told
    told.clear()
    monkeypatch.setattr(loop, "_app", APP)
    loop._functions_did([record("denied")], [])
    assert [] == told
    monkeypatch.setattr(loop, "_denied", SimpleNamespace(add=add))
    records = [
        record("denied", ""),
        record("unknown", ""),
        unknown,
        record("allowed"),
        record("denied", line=1),
        record("denied", line=2),
        record("unknown", "shop-dev-other", operation="Get", because="x"),
        record("unknown", refused=True, line=9),
    ]
    loop._functions_did(records, lines)
    assert records[4:6] == asked
    assert [
        CallUnknown("queues", "Send", "why", refused=True),
        DENIED,
        CallUnknown("shop-dev-other", "Get", "x", refused=False),
        *logged,
    ] == told


def test_a_key_queues_its_step_and_another_key_nothing(stepped: Stepped) -> None:
    loop, _ = stepped
    stops = []

    def keys(stop: threading.Event) -> Iterator[str]:
        stops.append(stop)
        yield from "wWxrq"

    loop._hear(keys)
    assert [loop._stop] == stops
    made = queued(loop._to_do)
    assert [(loop._try, (step,)) for step in (loop._write_grant, loop._build_and_deploy, loop._end)] == [
        (step.func, step.args) for step in made
    ]
    assert not loop._ended
    made[-1]()
    assert loop._ended


@pytest.mark.parametrize(
    ("error", "reason"), [(OSError(28, "No space left on device"), "No space left on device"), (OSError("odd"), "odd")]
)
def test_saves_are_followed_in_order_until_files_cannot_be_watched(
    stepped: Stepped, error: OSError, reason: str
) -> None:
    loop, _ = stepped

    def saved(folder: Path, stop: threading.Event) -> Iterator[tuple[str, ...]]:
        assert (loop._folder, loop._stop) == (folder, stop)
        yield from (("a.py",), ("b.py", "c.py"))
        raise error

    loop._guarded(partial(loop._watch, saved))
    first, second, lost = queued(loop._to_do)
    for step, files in ((first, ("a.py",)), (second, ("b.py", "c.py"))):
        (inner,) = step.args
        assert (loop._try, loop._follow_source, (files,)) == (step.func, inner.func, inner.args)
    with pytest.raises(RemitError) as refused:
        lost()
    assert f"the project's files cannot be watched: {reason}" == refused.value.message


def test_a_step_that_fails_is_told_with_all_its_mistakes_and_one_that_a_signal_stopped_ends_the_loop(
    stepped: Stepped,
) -> None:
    loop, told = stepped

    def step(error: Exception) -> None:
        raise error

    own = RemitError("a", hint="b", exit_code=127, further=(RemitError("c"),))
    for error in (own, OSError(2, "No such file", "x"), OSError(2, "No such file"), OSError("odd")):
        loop._try(partial(step, error))
    messages = ["cannot use 'x': No such file", "cannot use: No such file", "cannot use: odd"]
    assert [WentWrong("a", "b", None, None), *(WentWrong(text, None, None, None) for text in ("c", *messages))] == told
    for code in (128, 130):
        with pytest.raises(KeyboardInterrupt) as stopped:
            loop._try(partial(step, RemitError("stopped", exit_code=code)))
        assert (code - 128,) == stopped.value.args
    assert 5 == len(told)


def test_the_grant_of_a_denied_call_is_written_once_one_is_deployed(
    stepped: Stepped, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, told = stepped
    with pytest.raises(RemitError, match=r"there is nothing to write: no call was denied$"):
        loop._write_grant()
    written = GrantWritten("app.py", "+a")
    monkeypatch.setattr(loop, "_denied", SimpleNamespace(write_last=lambda: written))
    loop._write_grant()
    assert [written] == told


def test_a_function_that_is_not_there_cannot_be_debugged(stepped: Stepped, monkeypatch: pytest.MonkeyPatch) -> None:
    loop, told = stepped
    loop._debug(APP)
    monkeypatch.setattr(loop, "_debugged", Debugged("queus", 1))
    for app, hint in ((APP, "did you mean `queues`?"), (App("shop", "dev", ()), "there are none")):
        with pytest.raises(RemitError) as refused:
            loop._debug(app)
        assert ("there is no function `queus` to debug", hint) == (refused.value.message, refused.value.hint)
    monkeypatch.setattr(loop, "_waiting_function", "shop-dev-queues")
    loop._debug(APP)
    assert [] == told


def test_a_function_waits_for_a_debugger_once_by_its_deployed_name_and_at_the_port_that_it_got(
    stepped: Stepped, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, told = stepped
    asked: list[Any] = []
    ports = iter((0, 5_000))

    def debug(*given: Any, **options: Any) -> int:
        asked.append((given, options))
        return next(ports)

    monkeypatch.setattr(steps, "debug", debug)
    monkeypatch.setattr(loop, "_aws", "aws", raising=False)
    for _ in range(2):
        monkeypatch.setattr(loop, "_debugged", Debugged("door", 7))
        monkeypatch.setattr(loop, "_waiting_function", None)
        loop._debug(App("shop", "dev", (Function("door", "Door", "app.door", {}, code="functions/a"),)))
        loop._debug(APP)
        assert "shop-dev-door" == loop._waiting_function
    assert [("debugger", "door", 7), ("debugger", "door", 5_000)] == [tuple(each.document().values()) for each in told]
    options = {"project": loop._folder / "functions/a", "progress": loop._wait_for}
    assert [(("aws", "shop-dev-door", 7), options)] * 2 == asked


def test_a_root_of_zips_has_a_copy_of_its_own_below_dot_remit(stepped: Stepped) -> None:
    loop, _ = stepped
    folder = loop._folder / ".remit/dev"
    assert [folder / "code", folder / "code-functions%2Fa"] == [loop._copy_of(code) for code in ("", "functions/a")]


def test_a_save_is_deployed_served_or_left_alone_and_told_where_it_is_of_the_app(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make(**{"notes.md": ""}, config='config.package.exclude = ["notes.md"]')
    done: list[Any] = []
    loop = DevLoop(project.folder, None, region=None, first_port=1, tell=done.append)
    monkeypatch.setattr(steps, "serve_code", lambda *given: done.append(given))
    monkeypatch.setattr(loop, "_aws", "aws", raising=False)
    monkeypatch.setattr(loop, "_build_and_deploy", lambda: done.append("deployed"))

    def follow(file: str, text: str = "") -> list[Any]:
        (project.folder / file).write_text(text)
        done.clear()
        loop._follow_source((file,))
        return [CodeServed(0) if isinstance(event, CodeServed) else event for event in done]

    app = (project.folder / "app.py").read_text()
    assert [FilesChanged(("app.py",)), "deployed"] == follow("app.py", app)
    monkeypatch.setattr(loop, "_declared", project.built().body)
    assert [] == follow("notes.md")
    served = ("aws", "orders-dev-hello", project.folder / ".remit/dev/code")
    assert [FilesChanged(("more.py",)), served, CodeServed(0)] == follow("more.py")
    assert [FilesChanged(("uv.lock",)), "deployed"] == follow("uv.lock")
    more = f"{app}\n@app.function\ndef more(event, context): ...\n"
    assert [FilesChanged(("app.py",)), "deployed"] == follow("app.py", more)
    with pytest.raises(RemitError):
        follow("app.py", "(")
    assert [FilesChanged(("app.py",))] == done


def test_functions_run_their_zips_again_once_something_is_deployed(
    stepped: Stepped, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[Any] = []
    monkeypatch.setattr(steps, "serve_code", lambda *given: served.append(given))
    monkeypatch.setattr(stepped.loop, "_aws", "aws", raising=False)
    stepped.loop._run_what_is_deployed()
    assert [] == served
    monkeypatch.setattr(stepped.loop, "_app", APP)
    stepped.loop._run_what_is_deployed()
    assert [("aws", "shop-dev-queues", None), ("aws", "shop-dev-door", None)] == served


def test_functions_are_looked_at_less_often_after_fifty_looks_at_which_they_did_nothing(
    stepped: Stepped, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, _ = stepped
    pauses: list[float] = []
    asked: list[Any] = []
    did = {60: ([record("allowed")], []), 61: ([], [LogLine(0, "door", "s", "a")])}

    def accesses(aws: str, last: Any) -> tuple[int, list[AccessRecord]]:
        asked.append((aws, last))
        return len(asked), did.get(len(asked), ([], []))[0]

    monkeypatch.setattr(loop, "_aws", "aws", raising=False)
    monkeypatch.setattr(loop, "_stop", SimpleNamespace(is_set=lambda: len(pauses) == 114, wait=pauses.append))
    monkeypatch.setattr(steps, "accesses", accesses)
    monkeypatch.setattr(steps, "new_lines", lambda _: did.get(len(asked), ([], []))[1])
    loop._look()
    assert [("aws", steps.NO_ACCESS), *(("aws", last) for last in range(1, 114))] == asked
    assert [0.1] * 50 + [0.5] * 9 + [0.1] * 52 + [0.5] * 3 == pauses
    made = queued(loop._to_do)
    assert [did.get(look, ([], [])) for look in range(1, 115)] == [step.args for step in made]
    assert {loop._functions_did} == {step.func for step in made}


def test_a_deploy_is_followed_told_served_and_debugged_and_readers_of_the_same_logs_stay(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make()
    built = project.built()
    template = replace(built, body="declared")
    done: list[Any] = []
    loop = DevLoop(project.folder, "dev", region=None, first_port=1, tell=done.append)
    account = SimpleNamespace(client=None)

    def build_(*given: Any, **options: Any) -> Any:
        done.append((given, options))
        return built if options.get("for_this_machine") else template

    def deploy(job: DeployJob) -> Deployment:
        done.append((job.built, job.account, job.yes, job.drift, job.operator.command_options))
        return Deployment("orders-dev", outcome=outcomes.pop(0), outputs=(StackOutput("Url", "x"),))

    def reader(group: str, *functions: str) -> LogReader:
        return LogReader(account, dict.fromkeys(functions, ""), group, 0)  # type: ignore[arg-type]

    ok = Outcome("orders-dev", "id", "UPDATE", "UPDATE_COMPLETE", ok=True)
    refused = replace(ok, ok=False, status="UPDATE_ROLLBACK_COMPLETE")
    outcomes = [None, ok, refused]
    old = [reader("a", "f"), reader("shared", "f", "g"), reader("gone", "f")]
    new = [reader("a", "f"), reader("shared", "f", "h"), reader("b", "f"), reader("shared", "f")]
    monkeypatch.setattr(loop, "_aws", SimpleNamespace(account="000000000000"), raising=False)
    monkeypatch.setattr(loop, "_account", account, raising=False)
    monkeypatch.setattr(loop, "_readers", old)
    monkeypatch.setattr(steps, "build", build_)
    monkeypatch.setattr(steps, "deploy", deploy)
    monkeypatch.setattr(steps, "app_readers", lambda *given: [replace(log, since_ms=given[2]) for log in new])
    monkeypatch.setattr(steps, "DeniedCalls", lambda *given: given)
    monkeypatch.setattr(steps, "time", SimpleNamespace(time=lambda: 1_795_000_000.25, monotonic=lambda: 1.0))
    monkeypatch.setattr(loop, "_run_what_is_deployed", lambda: done.append(("runs", loop._app)))
    monkeypatch.setattr(loop, "_serve", lambda outputs: done.append(("serves", outputs)))
    monkeypatch.setattr(loop, "_debug", lambda app: done.append(("debugs", app)))
    builds = [
        ((project.folder, "dev"), {"package": False}),
        ((project.folder, "dev"), {"for_this_machine": True, "progress": loop._wait_for}),
        (built, account, True, "accept", " --local"),
    ]
    for is_changed in (False, True):
        done.clear()
        loop._build_and_deploy()
        *others, deployed, serves, debugs = done
        assert [*builds, ("runs", built.app)] == others
        assert Deployed("orders-dev", is_changed, deployed.seconds) == deployed
        assert [("serves", (StackOutput("Url", "x"),)), ("debugs", built.app)] == [serves, debugs]
        assert (project.folder / ".remit/dev/code/app.py").exists()
        assert ("declared", built.app) == (loop._declared, loop._app)
        assert [old[0], *(replace(log, since_ms=1_795_000_000_250) for log in new[1:])] == list(loop._readers)
        assert old[0] is loop._readers[0]
        denied: Any = loop._denied
        assert (project.folder, "dev", built.app, "000000000000") == denied
    done.clear()
    with pytest.raises(RemitError, match=r"deploying orders-dev failed \(UPDATE_ROLLBACK_COMPLETE\)"):
        loop._build_and_deploy()
    assert builds == done


def test_a_save_of_code_is_served_to_each_function_from_the_copy_of_its_root(
    stepped: Stepped, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every root is copied, also after one that is new, as the app is declared now."""
    loop, told = stepped
    functions = tuple(
        Function(name, name, "a.b", {}, code=code) for name, code in (("f", ""), ("g", "g"), ("h", "h/i"))
    )
    app = App("shop", "dev", functions, exclude=("*.md",))
    copied: list[Any] = []
    news: list[bool] = []
    served: list[Any] = []

    def copy(*given: Any) -> bool:
        copied.append(given)
        return news.pop(0)

    monkeypatch.setattr(
        steps, "build", lambda *given, **options: SimpleNamespace(app=app, body="b", given=(given, options))
    )
    monkeypatch.setattr(steps, "copy_code", copy)
    monkeypatch.setattr(steps, "serve_code", lambda *given: served.append(given))
    monkeypatch.setattr(steps, "time", SimpleNamespace(monotonic=iter((2.0, 2.5, 3.0)).__next__))
    monkeypatch.setattr(loop, "_declared", "b")
    monkeypatch.setattr(loop, "_app", APP)
    monkeypatch.setattr(loop, "_aws", "aws", raising=False)
    news += [False, True, False]
    loop._follow_source(("a.py",))
    folders = [loop._folder / ".remit/dev" / name for name in ("code", "code-g", "code-h%2Fi")]
    assert [
        (loop._folder, code, ("*.md",), folder) for code, folder in zip(("", "g", "h/i"), folders, strict=True)
    ] == (copied)
    assert [("aws", f"shop-dev-{name}", folder) for name, folder in zip("fgh", folders, strict=True)] == served
    assert [FilesChanged(("a.py",)), CodeServed(0.5)] == told
    news += [False, False, False]
    loop._follow_source(("a.py",))
    assert (2, 3) == (len(told), len(served))


def test_addresses_of_this_aws_are_served_and_told_where_they_are_new(
    stepped: Stepped, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, told = stepped
    asked: list[Any] = []
    places = iter(
        ({"A": "http://1", "B": "ws://2"}, {"A": "http://1", "B": "ws://3"}, {"B": "ws://3"}, {"A": "http://1"})
    )

    def serve(addresses: Any) -> Any:
        asked.append(addresses)
        return next(places)

    monkeypatch.setattr(loop, "_aws", SimpleNamespace(port=80), raising=False)
    monkeypatch.setattr(loop, "_ports", SimpleNamespace(serve=serve))
    addresses = {"A": "http://127.0.0.1:80/x", "B": "ws://127.0.0.1:80/y"}
    others = {"C": "http://127.0.0.1:8080/x", "D": "https://127.0.0.1:80/", "E": "see http://127.0.0.1:80/", "F": "f"}
    for _ in range(4):
        loop._serve([StackOutput(name, value) for name, value in {**others, **addresses}.items()])
    assert [addresses] * 4 == asked
    assert [Serving("A", "http://1"), Serving("B", "ws://2"), Serving("B", "ws://3"), Serving("A", "http://1")] == told


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("runs_before", [True, False])
def test_an_aws_that_ran_before_goes_on_as_it_was_and_a_new_one_ends_with_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, runs_before: bool, strict: bool
) -> None:
    done: list[Any] = []
    aws = SimpleNamespace(pid=7)

    class Line:
        def __init__(self, pid: int) -> None:
            done.append(("line", pid))

        def __enter__(self) -> None: ...

        def __exit__(self, *_: object) -> None:
            done.append("line ends")

    def refuse_unknown(_: Any, *, refuse: bool, client: int) -> None:
        done.append(("refuse", refuse, client == steps.os.getpid()))

    def start(folder: Path, *, region: str, progress: Any) -> Any:
        done.append(("start", folder, region, progress))
        return aws

    loop = DevLoop(tmp_path, None, region="eu-north-1", first_port=1, tell=done.append, strict=strict)
    monkeypatch.setattr(steps.local_aws, "find", lambda _: aws if runs_before else None)
    monkeypatch.setattr(steps.local_aws, "start", start)
    monkeypatch.setattr(steps.local_aws, "stop", lambda folder: done.append(("stop", folder)))
    monkeypatch.setattr(steps, "refuse_unknown", refuse_unknown)
    monkeypatch.setattr(steps, "lifeline", Line)
    monkeypatch.setattr(steps, "debug", lambda *given, **options: done.append((given, options)))
    monkeypatch.setattr(loop, "_run_what_is_deployed", lambda: done.append("runs zips"))

    def run_inside() -> None:
        with loop._running_aws() as loop._aws:
            done.append("inside")
            raise KeyboardInterrupt

    refuses = [("refuse", True, True)] if strict else []
    allows = [("refuse", False, True)] if strict else []
    for waiting in (None, "shop-dev-door"):
        done.clear()
        monkeypatch.setattr(loop, "_waiting_function", waiting)
        with pytest.raises(KeyboardInterrupt):
            run_inside()
        debugged = [] if waiting is None else [((aws, waiting, None), {"project": tmp_path})]
        if runs_before:
            ends: list[Any] = ["inside", *allows, "runs zips", *debugged]
        else:
            ends = [("line", 7), "inside", "line ends", ("stop", tmp_path)]
        assert [("start", tmp_path, "eu-north-1", loop._wait_for), *refuses, *ends] == done


def test_the_loop_deploys_then_does_what_its_threads_queue_and_ends_what_it_started(
    stepped: Stepped, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, _ = stepped
    done: list[str] = []
    begun: set[str] = set()
    all_began = threading.Barrier(4, timeout=HANGS)

    @contextmanager
    def running() -> Iterator[str]:
        done.append("starts")
        yield "aws"
        done.append("ends")

    def saved(name: str) -> Any:
        def wait(_: Path, stop: threading.Event) -> Iterator[tuple[str, ...]]:
            begun.add(name)
            all_began.wait()
            stop.wait(HANGS)
            yield ()

        return wait

    def look() -> None:
        begun.add("look")
        all_began.wait()
        loop._stop.wait(HANGS)

    def keys(_: threading.Event) -> Iterator[str]:
        begun.add("keys")
        all_began.wait()
        yield from "rqr"

    account = SimpleNamespace(client=lambda service: done.append(f"client of {service}"))
    monkeypatch.setattr(loop, "_running_aws", running)
    monkeypatch.setattr(steps, "account_of", lambda aws: done.append(f"account of {aws}") or account)
    monkeypatch.setattr(steps, "saved_at_the_top", saved("top"))
    monkeypatch.setattr(steps, "saved_below", saved("below"))
    monkeypatch.setattr(loop, "_look", look)
    monkeypatch.setattr(loop, "_build_and_deploy", lambda: done.append("deploys"))
    monkeypatch.setattr(loop, "_ports", SimpleNamespace(stop=lambda: done.append("serves nothing")))
    loop.run(keys)
    assert ["starts", "account of aws", "client of logs", "deploys", "deploys", "serves nothing", "ends"] == done
    assert ({"top", "below", "look", "keys"}, True) == (begun, loop._stop.is_set())
