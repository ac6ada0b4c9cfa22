"""Parts of the server's process by themselves: whose keys sign, what is saved when, and what it says of it."""

from __future__ import annotations

import asyncio
import logging
import selectors
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import pytest

from emulator_copies import copied
from remit.local import server
from remit.local.authorization.caller import Caller
from remit.local.request import RefusedRequest
from remit.local.state_files import Record, StateFiles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RECORD: Final = Record("r1", 4566, 77, "AKIAOWN", "own secret")


@pytest.fixture
def files(tmp_path: Path) -> StateFiles:
    made = StateFiles.of(tmp_path)
    made.make()
    return made


def test_the_emulator_keeps_its_state_here_and_reaches_nothing_beyond_this_process(files: StateFiles) -> None:
    assert {
        "GATEWAY_PORT": "4566", "BIND_HOST": "127.0.0.1", "MINISTACK_HOST": "localhost",
        "MINISTACK_REGION": "eu-west-1",
        "MINISTACK_ACCOUNT_ID": "000000000000", "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "AWS_ACCESS_KEY_ID": "AKIAOWN", "AWS_SECRET_ACCESS_KEY": "own secret", "PERSIST_STATE": "1",
        "STATE_DIR": f"{files.root}/state/services", "S3_PERSIST": "1", "S3_DATA_DIR": f"{files.root}/state/s3",
        "LAMBDA_EXECUTOR": "local", "LOG_LEVEL": "WARNING", "DOCKER_HOST": f"unix://{files.root}/no-docker.sock",
        "SFTP_ENABLED": "0", "IOT_MTLS_ENABLED": "0",
    } == server._settings(files, RECORD, "eu-west-1")  # fmt: skip


def test_the_servers_own_key_is_the_root_of_an_account_and_others_are_functions_or_issued(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copied(monkeypatch, "services.sts", _sessions={})
    copied(monkeypatch, "services.iam", _users=SimpleNamespace(_data={}, all_values=list, all_items=list))
    function = ("of f", Caller("arn:aws:sts::1:assumed-role/r/f", "1"))
    functions: Any = SimpleNamespace(find=lambda key, token: function if (key, token) == ("ASIAF", "t") else None)
    signer_of = server._signer_of(RECORD, functions)

    def root(account: str) -> tuple[str, Caller]:
        return "own secret", Caller(f"arn:aws:iam::{account}:root", account, is_root=True)

    here, other = "000000000000", "444455556666"
    assert [root(here), root(other), root(here), function] == [
        signer_of("AKIAOWN", ""), signer_of("AKIAOWN", other), signer_of("AKIAOWN", f"{other}7"),
        signer_of("ASIAF", "t"),
    ]  # fmt: skip
    with pytest.raises(RefusedRequest):
        signer_of("ASIAF", "u")


class Emulator:
    """An emulator that saves what fails to be saved as it is told, and logs it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, files: StateFiles) -> None:
        self.steps: list[Any] = []
        self.failing: Exception | None = None
        self.objects: dict[str, dict[str, Any]] = {}
        names = ("sqs", "s3", "dynamodb")
        copied(monkeypatch, "app", _build_persistence_save_dict=lambda: self.step("built", dict.fromkeys(names)))
        self.persistence = copied(monkeypatch, "core.persistence", save_all=self.save_all)
        buckets = {"shop": {"objects": self.objects}}
        copied(
            monkeypatch, "services.s3", _buckets=buckets, _persist_object=lambda *given: self.steps.append(given)
        )  # fmt: skip
        journal: Any = SimpleNamespace(
            begin_save=lambda: self.steps.append("begins"), end_save=lambda: self.steps.append("ends")
        )
        self.saving = server._Saving(files, journal)

    def step(self, name: str, result: Any) -> Any:
        self.steps.append(name)
        return result

    def save_all(self, services: dict[str, Any]) -> None:
        self.steps.append(list(services))
        if self.failing is not None:
            logging.getLogger("persistence").error("failed to save %s: %s", "sqs", self.failing)


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch, files: StateFiles) -> Iterator[Emulator]:
    loggers = [logging.getLogger(name) for name in ("persistence", "s3")]
    before = [list(logger.handlers) for logger in loggers]
    yield Emulator(monkeypatch, files)
    for logger, handlers in zip(loggers, before, strict=True):
        logger.handlers[:] = handlers


SAVED: Final = ["begins", "built", ["s3", "dynamodb", "sqs"]]
FULL: Final = OSError(28, "No space left on device")


def test_a_save_ends_the_journals_once_all_services_are_kept_and_leaves_word_of_what_is_not(
    emulator: Emulator, files: StateFiles
) -> None:
    for failing, unsaved in (
        (None, None), (FULL, FULL.strerror), (OSError("plain"), "plain"), (TypeError("no JSON"), "no JSON"),
        (None, None),
    ):  # fmt: skip
        emulator.steps.clear()
        emulator.failing = failing
        assert {"unsaved": unsaved} == emulator.saving.save()
        assert ([*SAVED, "ends"] if failing is None else SAVED) == emulator.steps
        assert (unsaved, unsaved) == (emulator.saving.unsaved, files.read_unsaved())


def test_an_object_that_was_not_kept_is_tried_again_at_each_save_until_it_is_gone(
    emulator: Emulator, files: StateFiles
) -> None:
    log = logging.getLogger("s3")
    log.error("cannot write %s/%s: %s", "shop", "a", FULL)
    log.error("cannot write %s/%s: %s", "shop", "gone", OSError("plain"))
    log.error("cannot write %s/%s: %s", "shop", "b", TypeError("is no failure of the disk"))
    log.warning("all is well")
    assert FULL.strerror == emulator.saving.unsaved
    emulator.objects["a"] = {"body": None}  # its content is not in memory
    emulator.saving.save()
    assert [*SAVED, "ends"] == emulator.steps
    assert (FULL.strerror, FULL.strerror) == (emulator.saving.unsaved, files.read_unsaved())
    emulator.steps.clear()
    emulator.objects["a"] = {"body": b""}
    assert {"unsaved": None} == emulator.saving.save()
    assert [*SAVED, "ends", ("shop", "a", {"body": b""})] == emulator.steps
    assert None is files.read_unsaved()
    log.error("cannot write %s/%s: %s", "other", "a", FULL)
    assert ({"unsaved": None}, 9) == (emulator.saving.save(), len(emulator.steps))


class Passing(selectors.SelectSelector):
    """Waits for nothing: the seconds go by at once."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        self.now += timeout or 0.0
        return super().select(0)


def quick_loop() -> asyncio.AbstractEventLoop:
    """A loop whose clock goes on to the next timer at once."""
    selector = Passing()
    loop = asyncio.SelectorEventLoop(selector)
    vars(loop)["time"] = lambda: selector.now
    return loop


def test_each_second_what_changed_is_saved_the_record_put_right_and_the_end_noticed(
    monkeypatch: pytest.MonkeyPatch, files: StateFiles
) -> None:
    persistence = copied(monkeypatch, "core.persistence", PERSIST_STATE=True)
    files.alive.touch()
    files.state.mkdir()
    saves: list[float] = []
    stored: list[float] = []
    saving: Any = SimpleNamespace(unsaved=None)

    async def live() -> tuple[bool, bool]:
        loop, stop, changed = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
        saving.save = lambda: saves.append(loop.time())
        keeper = asyncio.create_task(server._keep(files, RECORD, saving, stop, changed))
        for second in range(12):
            await asyncio.sleep(second + 0.5 - loop.time())
            if files.read() == RECORD:
                stored.append(second)
            if second in (2, 3):
                files.write(replace(RECORD, port=second))
            elif second == 5:
                files.record.unlink()
            if second in (1, 4, 6, 7, 8):
                changed.set()
            if second == 6:
                saving.unsaved = FULL.strerror  # what fails is tried again after 2, 4, 8 seconds
        assert not stop.is_set()
        files.alive.unlink()
        await stop.wait()
        return keeper.done() or await asyncio.sleep(0, result=keeper.done()), changed.is_set()

    with asyncio.Runner(loop_factory=quick_loop) as runner:
        assert (True, False) == runner.run(live())
    assert [2, 5, 7, 8, 9] == saves
    assert [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] == stored
    assert (False, False) == (persistence.PERSIST_STATE, files.state.exists())


def test_what_was_not_kept_before_is_tried_in_the_first_second(files: StateFiles) -> None:
    files.alive.touch()
    saves: list[float] = []
    saving: Any = SimpleNamespace(unsaved="full")

    async def live() -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        saving.save = lambda: saves.append(loop.time()) or stop.set()
        keeper = asyncio.create_task(server._keep(files, RECORD, saving, stop, asyncio.Event()))
        await stop.wait()
        keeper.cancel()

    with asyncio.Runner(loop_factory=quick_loop) as runner:
        runner.run(live())
    assert [1] == saves
