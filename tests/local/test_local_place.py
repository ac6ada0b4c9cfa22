"""The local AWS writes and deletes in its own place alone, runs its own modules, and says what it could not keep."""

from __future__ import annotations

import json
import os
import resource
import shutil
import time
from typing import TYPE_CHECKING, Any

import pytest

from random_cases import cases_of, in_all_cases
from remit.cli import main
from remit.errors import RemitError
from remit.local import aws
from remit.local.control.clients import client_arguments, session
from remit.local.state_files import Record, StateFiles, own
from terminals import HANGS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FOLDERS = [
    ".remit",
    ".remit/local",
    ".remit/local/state",
    ".remit/local/state/s3",
    ".remit/local/home",
    ".remit/local/tmp",
]
FILES = ["server.json", "server.log", "server.lock", "start.lock", "unsaved", ".gitignore"]
APP = """
from remit import App

app = App()


@app.function
def hello(event, context):
    return 1
"""
ACTIONS: dict[str, Callable[[Path], Any]] = {
    "start": aws.start,
    "stop": aws.stop,
    "reset": aws.reset,
    "status": aws.status,
    "find": aws.find,
}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder of somebody's that no command may touch, laid out as the place is."""
    folder = tmp_path / "elsewhere"
    for name in (
        "local/state/services",
        "local/state/s3",
        "state/services",
        "state/s3",
        "services",
        "s3",
        "home",
        "tmp",
    ):
        (folder / name).mkdir(parents=True)
        (folder / name / "precious.json").write_text("kept")
    (folder / "file").write_text("123")
    return folder


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("part", [*FOLDERS, *(f".remit/local/{name}" for name in FILES)])
def test_a_link_in_the_place_of_a_part_is_refused_by_name(
    project: Path, elsewhere: Path, part: str, action: str
) -> None:
    before = contents(elsewhere)
    link = project / part
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(elsewhere if part in FOLDERS else elsewhere / "file")
    with pytest.raises(RemitError, match="is a link") as caught:
        ACTIONS[action](project)
    assert repr(str(link)) in caught.value.message
    assert contents(elsewhere) == before
    link.unlink()


def test_a_link_to_nothing_is_refused_too_and_nothing_made_where_it_leads(project: Path, tmp_path: Path) -> None:
    (project / ".remit").symlink_to(tmp_path / "nowhere")
    with pytest.raises(RemitError, match="is a link"):
        aws.start(project)
    assert not (tmp_path / "nowhere").exists()
    (project / ".remit").unlink()


def test_a_link_inside_the_state_is_refused_before_the_emulator_follows_it(project: Path, elsewhere: Path) -> None:
    bucket = project / ".remit" / "local" / "state" / "s3" / "000000000000" / "bucket"
    bucket.mkdir(parents=True)
    (bucket / "key").symlink_to(elsewhere / "file")
    with pytest.raises(RemitError, match="is a link") as caught:
        aws.start(project)
    assert repr(str(bucket / "key")) in caught.value.message


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("part", [*FOLDERS, *(f".remit/local/{name}" for name in FILES)])
def test_a_pipe_in_the_place_of_a_part_is_refused_by_name_and_nobody_waits_for_it(
    project: Path, part: str, action: str
) -> None:
    pipe = project / part
    pipe.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(pipe)
    with pytest.raises(RemitError, match=r"is no (folder|file): ") as caught:
        ACTIONS[action](project)
    assert repr(str(pipe)) in caught.value.message
    pipe.unlink()


def test_an_answer_is_kept_for_what_it_comes_from_alone(tmp_path: Path) -> None:
    files = StateFiles(tmp_path)
    assert None is files.read_answer("a")
    files.write_answer("a", {"n": 1})
    assert [{"n": 1}, None] == [files.read_answer(read) for read in "ab"]
    files.write_answer("b", 2)
    assert [None, 2] == [files.read_answer(read) for read in "ab"]


RECORD = {"id": "a", "port": 4566, "pid": 17, "access_key_id": "k", "secret_access_key": "s"}


@pytest.mark.parametrize(
    ("changes", "is_read"),
    [
        ({}, True), ({"port": 1}, True), ({"port": 0}, False), ({"port": 65535}, True), ({"port": 65536}, False),
        ({"pid": 2}, True), ({"pid": 1}, False), ({"pid": True}, False), ({"port": "4566"}, False),
        ({"id": 3}, False), ({"access_key_id": None}, False), ({"secret_access_key": 3}, False), ({"more": 1}, True),
    ],
)  # fmt: skip
def test_a_record_of_a_server_is_read_if_it_makes_sense(tmp_path: Path, changes: dict[str, Any], is_read: bool) -> None:
    files = StateFiles(tmp_path)
    assert None is files.read()
    files.record.write_text(json.dumps({**RECORD, **changes}), "ascii")
    members: dict[str, Any] = {name: value for name, value in {**RECORD, **changes}.items() if name in RECORD}
    assert (Record(**members) if is_read else None) == files.read()


@pytest.mark.parametrize("file", ["local/server.json", "local/unsaved", "local/state/messages.jsonl"])
def test_a_folder_in_the_place_of_a_file_is_refused_by_name(project: Path, file: str) -> None:
    (project / ".remit" / file).mkdir(parents=True)
    with pytest.raises(RemitError, match=f"{file}' is no file: "):
        aws.start(project)
    (project / ".remit" / file).rmdir()


@pytest.mark.parametrize("file", ["services/dynamodb.json", "on-the-way/s3-1.json", "s3/000000000000/bucket/key"])
def test_a_pipe_inside_the_state_is_refused_before_the_emulator_waits_for_it(project: Path, file: str) -> None:
    pipe = project / ".remit/local/state" / file
    pipe.parent.mkdir(parents=True)
    os.mkfifo(pipe)
    with pytest.raises(RemitError, match=f"{file}' is no file: "):
        aws.start(project)


DAMAGES: dict[str, Callable[[Path], Any]] = {
    "cut off": lambda file: file.write_bytes(file.read_bytes()[:-9]),
    "empty": lambda file: file.write_bytes(b""),
    "no text": lambda file: file.write_bytes(b"\xff" + file.read_bytes()),
    "no state": lambda file: file.write_text('{"__ministack_format__": 2, "payload": [1]}'),
    "of a newer remit": lambda file: file.write_text('{"__ministack_format__": 99, "payload": {}}'),
    "too deep": lambda file: file.write_text("[" * 100_000),
    "a folder": lambda file: file.rename(file.with_name("before")) and file.mkdir(),  # type: ignore[func-returns-value] # nothing
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state of an AWS on this machine that has a table."""
    folder = tmp_path_factory.mktemp("saved")
    running = aws.start(folder)
    session(running).client("dynamodb", **client_arguments(running)).create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    aws.stop(folder)
    return folder / ".remit/local/state"


@pytest.mark.parametrize("damage", cases_of(tuple(DAMAGES), 2))
def test_a_damaged_file_of_the_state_is_named_and_left_as_it_is(project: Path, saved: Path, damage: str) -> None:
    """An AWS without what the file had would say that nothing is deployed, and save that over it."""
    state = project / ".remit/local/state"
    shutil.copytree(saved, state)
    file = state / "services/dynamodb.json"
    DAMAGES[damage](file)
    before = contents(state)
    with pytest.raises(RemitError, match="did not start") as caught:
        aws.start(project)
    assert f"the state in {str(file)!r} cannot be read: " in caught.value.message
    assert "move that file elsewhere to go on without it; `remit local reset` forgets all state" in caught.value.message
    assert before == contents(state)
    aws.reset(project)
    assert not aws.status(project).kept
    assert not state.exists()


def test_after_a_reset_one_with_a_damaged_file_starts(project: Path) -> None:
    file = project / ".remit/local/state/services/dynamodb.json"
    file.parent.mkdir(parents=True)
    file.write_text("[")
    aws.reset(project)
    assert aws.start(project)


@pytest.mark.skipif(os.geteuid() != 0, reason="not tried: only root can make files of another user")
@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("part", [".remit", ".remit/local", ".remit/local/state", ".remit/local/server.json"])
def test_a_part_of_another_users_is_refused_by_name(project: Path, part: str, action: str) -> None:
    path = project / part
    if path.suffix:
        path.parent.mkdir(parents=True)
        path.write_text("{}")
    else:
        path.mkdir(parents=True)
    os.chown(path, 65534, 65534)
    with pytest.raises(RemitError, match="belongs to nobody, and remit runs as root") as caught:
        ACTIONS[action](project)
    assert repr(str(path)) in caught.value.message
    os.chown(path, 0, 0)


def test_a_module_of_the_project_is_never_run(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in (project, project / ".remit" / "local"):
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("secrets", "sitecustomize", "usercustomize", "hypercorn", "json"):
            (folder / f"{name}.py").write_text(f"open({str(project / 'ran')!r}, 'w').close()\n")
    monkeypatch.chdir(project)
    monkeypatch.setenv("PYTHONPATH", str(project))
    monkeypatch.setenv("PYTHONSTARTUP", str(project / "secrets.py"))
    assert aws.start(project).account == "000000000000"
    assert not (project / "ran").exists()


def fill_disk(running: aws.LocalAws) -> None:
    """From now on, as on a full disk: the server writes no file of more than 4 kB.

    What it imports it must have imported before: Python would keep half of the compiled module.
    """
    resource.prlimit(running.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))


def make_room(running: aws.LocalAws) -> None:
    resource.prlimit(running.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def remit(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main([*arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def eventually(fact: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + HANGS
    while not fact():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_what_a_full_disk_did_not_keep_is_told_by_status_and_stop(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    running = aws.start(project)
    queues = session(running).client("sqs", **client_arguments(running))
    url = queues.create_queue(QueueName="full")["QueueUrl"]
    assert aws.save(project) is None
    fill_disk(running)
    queues.send_message(QueueUrl=url, MessageBody="x" * 10_000)
    assert aws.save(project) == "File too large"
    assert remit("local", "status", "-C", str(project)) == 0
    assert "(not all of it is kept: File too large)" in capsys.readouterr().out
    assert remit("status", "--local", "-C", str(project)) == 1, "nothing is deployed"
    assert "note: the AWS on this machine cannot keep its state: File too large" in capsys.readouterr().err
    assert remit("local", "stop", "-C", str(project)) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: it is stopped, and not all of its state is kept: File too large\nhint: ")
    assert remit("local", "status", "--json", "-C", str(project)) == 0
    status = json.loads(capsys.readouterr().out)
    assert (status["running"], status["kept"], status["unsaved"]) == (False, False, "File too large")


@in_all_cases
def test_an_object_that_was_not_kept_is_kept_once_there_is_room(project: Path) -> None:
    running = aws.start(project)
    storage = session(running).client("s3", **client_arguments(running))
    storage.create_bucket(Bucket="full")
    storage.put_object(Bucket="full", Key="small", Body=b"x")
    fill_disk(running)
    storage.put_object(Bucket="full", Key="big", Body=b"x" * 10_000)
    assert aws.save(project) == "File too large"
    make_room(running)
    assert eventually(lambda: aws.status(project).unsaved is None)
    aws.stop(project)
    again = aws.start(project)
    storage = session(again).client("s3", **client_arguments(again))
    assert len(storage.get_object(Bucket="full", Key="big")["Body"].read()) == 10_000


def test_a_deploy_that_is_not_kept_fails(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "pyproject.toml").write_text('[project]\nname = "full"\nversion = "1"\n')
    (project / "app.py").write_text(APP)
    assert remit("deploy", "--local", "--yes", "-C", str(project)) == 0
    running = aws.find(project)
    assert running is not None
    fill_disk(running)
    (project / "app.py").write_text(APP + APP[APP.index("@app") :].replace("hello", "goodbye"))
    assert remit("deploy", "--local", "--yes", "-C", str(project)) == 1
    printed = capsys.readouterr()
    assert "error: it is deployed, but the AWS on this machine cannot keep it: File too large" in printed.err


def test_a_link_that_comes_after_the_look_at_a_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("kept")
    (tmp_path / "server.json").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        own(str(tmp_path / "server.json"), os.O_WRONLY | os.O_CREAT)
