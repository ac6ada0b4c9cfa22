"""The life of the AWS on this machine: started, found, stopped, reset, and robust against its own files."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import outlive
from ports import free_ports
from processes import opened
from random_cases import in_all_cases
from remit.errors import RemitError
from remit.local import aws, environment, process
from remit.local.control.clients import client_arguments, session
from remit.local.event_sources.asynchronous_invocations import EventsOnTheWay
from remit.local.state_files import Record, StateFiles
from terminals import HANGS
from zips import zip_of

HERE = "us-east-1:000000000000"

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SOURCE = Path(aws.__file__).parents[2]
START = "import sys, pathlib; from remit.local import aws; print(aws.start(pathlib.Path(sys.argv[1])).pid)"


def queues(running: aws.LocalAws) -> list[str]:
    client = session(running).client("sqs", **client_arguments(running))
    return [url.rsplit("/", 1)[1] for url in client.list_queues().get("QueueUrls", [])]


def make_queue(running: aws.LocalAws, name: str) -> None:
    session(running).client("sqs", **client_arguments(running)).create_queue(QueueName=name)


def server_file(project: Path) -> Path:
    return project / ".remit" / "local" / "server.json"


def python(code: str, *arguments: str, flags: tuple[str, ...] = (), **variables: str) -> Any:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), **variables}
    command = [sys.executable, *flags, "-c", code, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def eventually(fact: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + HANGS
    while not fact():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def lives(pid: int) -> bool:
    """Whether a process runs (one that has ended, but that nobody waited for, has no command line)."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except OSError:
        return False


def test_nothing_runs_and_nothing_is_written_until_it_is_started(project: Path) -> None:
    assert (aws.find(project), aws.stop(project), aws.reset(project)) == (None, False, None)
    assert not aws.status(project).kept
    assert list(project.iterdir()) == []


Started = tuple[Path, aws.LocalAws, list[str]]


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """A project, its AWS, which somebody started who has credentials and proxies, and what was said meanwhile."""
    folder = tmp_path_factory.mktemp("project")
    steps: list[str] = []
    with pytest.MonkeyPatch.context() as user:
        for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "HTTPS_PROXY", "MY_TOKEN"):
            user.setenv(name, "the-users-own")
        user.setattr(process, "subprocess", subprocess)  # in a process of its own
        running = aws.start(folder, progress=steps.append)
    yield folder, running, steps
    aws.stop(folder)


def test_a_started_one_is_found_and_not_started_again(started: Started) -> None:
    project, running, steps = started
    assert aws.find(project) == aws.start(project, progress=steps.append) == running
    assert steps == ["starting the AWS on this machine"]
    assert (running.region, running.account, running.url) == (
        "us-east-1",
        "000000000000",
        f"http://127.0.0.1:{running.port}",
    )


def test_its_files_are_for_their_owner_alone_and_never_committed(started: Started) -> None:
    project, _, _ = started
    assert server_file(project).stat().st_mode & 0o777 == 0o600
    assert server_file(project).parent.stat().st_mode & 0o777 == 0o700
    assert (server_file(project).parent / ".gitignore").read_text() == "*\n"


def port_of_before(project: Path) -> int:
    """A port that a server before had, as its file says: the system gives it to no connection meanwhile."""
    place = StateFiles.of(project)
    place.make()
    record = Record("of before", free_ports(1), 2, "a key", "a secret")
    place.write(record)
    return record.port


def test_state_and_port_survive_a_stop(project: Path) -> None:
    port = port_of_before(project)
    first = aws.start(project)
    make_queue(first, "kept")
    assert aws.stop(project)
    assert aws.find(project) is None
    assert eventually(lambda: not lives(first.pid))
    second = aws.start(project)
    assert (queues(second), first.port, second.port) == (["kept"], port, port)


def test_state_survives_a_kill_once_it_has_been_saved(project: Path) -> None:
    first = aws.start(project)
    make_queue(first, "kept")
    saved = aws.status(project).state / "services" / "sqs.json"
    assert eventually(lambda: saved.exists() and "kept" in saved.read_text())
    os.kill(first.pid, signal.SIGKILL)
    assert eventually(lambda: aws.find(project) is None)
    assert queues(aws.start(project)) == ["kept"]


def test_reset_forgets_running_or_not(project: Path) -> None:
    running = aws.start(project)
    make_queue(running, "gone")
    assert aws.reset(project) == running
    assert queues(running) == []
    make_queue(running, "gone")
    aws.stop(project)
    assert aws.status(project).kept
    assert aws.reset(project) is None
    assert queues(aws.start(project)) == []


@in_all_cases
def test_a_port_that_was_taken_meanwhile_is_given_up(project: Path) -> None:
    port = port_of_before(project)
    with socket.create_server(("127.0.0.1", port)):
        running = aws.start(project)
    assert running.port != port
    assert queues(running) == []


@in_all_cases
def test_two_projects_have_two_servers_that_share_nothing(project: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(aws.start, (project, other))
    try:
        make_queue(one, "mine")
        assert one.port != two.port
        assert (queues(one), queues(two)) == (["mine"], [])
    finally:
        aws.stop(other)


@in_all_cases
def test_processes_that_start_at_the_same_time_end_with_one_server(project: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        ended = list(pool.map(lambda _: python(START, str(project)), range(4)))
    assert [run.stderr for run in ended] == ["", "", "", ""]
    assert {int(run.stdout) for run in ended} == {json.loads(server_file(project).read_text())["pid"]}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"id": "x"}',
        b'{"id": "x", "port": "80", "pid": 4}',
        b'{"id": 1, "port": 80, "pid": 4}',
        b'{"id": "x", "port": 99999999, "pid": 4}',
        b'{"id": "x", "port": 99999999, "pid": 4, "access_key_id": "a", "secret_access_key": "b"}',
        b'{"id": "x", "port": 80, "pid": 4, "access_key_id": "a", "secret_access_key": 1}',
    ],
)
def test_a_server_file_that_makes_no_sense_means_not_running(project: Path, content: bytes) -> None:
    server_file(project).parent.mkdir(parents=True)
    server_file(project).write_bytes(content)
    assert (aws.find(project), aws.stop(project)) == (None, False)


def test_a_stale_server_file_is_replaced_and_the_process_it_names_left_alone(project: Path) -> None:
    bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with bystander, socket.create_server(("127.0.0.1", 0)) as other:
        server_file(project).parent.mkdir(parents=True)
        stale = {"id": "x", "port": other.getsockname()[1], "pid": bystander.pid}
        server_file(project).write_text(json.dumps(stale))
        assert (aws.find(project), aws.stop(project)) == (None, False)
        running = aws.start(project)
        assert (bystander.poll(), running.pid == bystander.pid) == (None, False)
        aws.stop(project)
        assert bystander.poll() is None
        bystander.communicate(b"\n")


@in_all_cases
def test_no_message_that_was_taken_is_lost_by_a_kill(project: Path) -> None:
    running = aws.start(project)
    make_queue(running, "work")
    topics, buses, buckets = delivering_to(running, "work")
    assert aws.save(project) is None
    queues = session(running).client("sqs", **client_arguments(running))
    url = queues.get_queue_url(QueueName="work")["QueueUrl"]
    topics.publish(TopicArn=f"arn:aws:sns:{HERE}:news", Message="published")
    buses.put_events(Entries=[{"Source": "shop", "DetailType": "d", "Detail": "{}"}])
    buckets.put_object(Bucket="incoming", Key="a", Body=b"x")
    entries = [{"Id": str(number), "MessageBody": f"batch {number}"} for number in range(2)]
    queues.send_message_batch(QueueUrl=url, Entries=entries)
    queues.send_message(QueueUrl=url, MessageBody="one", MessageAttributes=ATTRIBUTES)
    count = "ApproximateNumberOfMessages"
    messages = 7  # three sent, one published, one event, one of S3 and its test event
    assert eventually(
        lambda: str(messages) == queues.get_queue_attributes(QueueUrl=url, AttributeNames=[count])["Attributes"][count]
    )
    os.kill(running.pid, signal.SIGKILL)
    assert eventually(lambda: not lives(running.pid))
    again = aws.start(project)
    queues = session(again).client("sqs", **client_arguments(again))
    url = queues.get_queue_url(QueueName="work")["QueueUrl"]
    received = queues.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])["Messages"]
    bodies = sorted(message["Body"] for message in received)
    assert ["batch 0", "batch 1", "one", "published"] == [body for body in bodies if not body.startswith("{")]
    assert ["aws:s3", "s3:TestEvent", "shop"] == sorted(source(body) for body in bodies if body.startswith("{"))
    assert [ATTRIBUTES] == [message["MessageAttributes"] for message in received if message["Body"] == "one"]
    assert aws.save(project) is None
    assert [] == list((project / ".remit/local/state").glob("messages.*"))


@in_all_cases
def test_no_event_that_was_taken_is_lost_by_a_kill(project: Path, tmp_path: Path) -> None:
    """It is with its function, which runs again."""
    running = aws.start(project)
    ledger = tmp_path / "ledger"
    functions = session(running).client("lambda", **client_arguments(running))
    functions.create_function(
        FunctionName="pays",
        Runtime="python3.12",
        Handler="app.handler",
        Role=f"arn:aws:iam::{running.account}:role/app",
        Code={"ZipFile": zip_of(PAYS)},
        Environment={"Variables": {"LEDGER": str(ledger)}},
        Timeout=60,
    )
    assert aws.save(project) is None
    functions.invoke(FunctionName="pays", InvocationType="Event", Payload=b'"tea"')
    assert eventually(lambda: ledger.exists() and ledger.read_text() == "tea\n")
    os.kill(running.pid, signal.SIGKILL)
    assert eventually(lambda: not lives(running.pid))
    noted = EventsOnTheWay(project / ".remit/local/state/on-the-way")
    (noted.folder / "1.json").write_text("{")  # as after a full disk
    aws.start(project)
    assert eventually(lambda: ledger.read_text() == "tea\ntea\npaid tea\n")
    assert eventually(lambda: not any(noted.folder.iterdir()))


PAYS = """
import os, time

def handler(event, context):
    is_first = not os.path.exists(os.environ["LEDGER"])
    with open(os.environ["LEDGER"], "a") as ledger:
        ledger.write(event + "\\n")
    if is_first:
        time.sleep(50)
    with open(os.environ["LEDGER"], "a") as ledger:
        ledger.write("paid " + event + "\\n")
"""


def delivering_to(running: aws.LocalAws, queue: str) -> tuple[Any, Any, Any]:
    """The clients of a topic, a bus and a bucket that deliver to a queue."""
    topics, buses, buckets = (
        session(running).client(service, **client_arguments(running)) for service in ("sns", "events", "s3")
    )
    arn = f"arn:aws:sqs:{HERE}:{queue}"
    queues = session(running).client("sqs", **client_arguments(running))
    let_in = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    url = queues.get_queue_url(QueueName=queue)["QueueUrl"]
    queues.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Statement": [let_in]})})
    topic = topics.create_topic(Name="news")["TopicArn"]
    topics.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    buses.put_rule(Name="all", EventPattern='{"source": ["shop"]}')
    buses.put_targets(Rule="all", Targets=[{"Id": "1", "Arn": arn}])
    buckets.create_bucket(Bucket="incoming")
    notified = [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]
    buckets.put_bucket_notification_configuration(
        Bucket="incoming", NotificationConfiguration={"QueueConfigurations": notified}
    )
    return topics, buses, buckets


def source(body: str) -> str:
    """Where the event in a message is from; S3 sends one of another form when the notification is made."""
    event = json.loads(body)
    if "Records" in event:
        return str(event["Records"][0]["eventSource"])
    return str(event.get("source") or event["Event"])


ATTRIBUTES = {"kind": {"StringValue": "tea", "DataType": "String"}}


def test_a_lock_file_that_names_another_process_never_gets_it_killed(started: Started) -> None:
    project, running, _ = started
    lock = server_file(project).parent / "server.lock"
    lock.write_text(str(os.getpid()))
    with pytest.raises(RemitError, match="no process that can be ended from here"):
        aws.stop(project)
    lock.write_text(str(running.pid))
    assert aws.find(project) == running


def test_a_server_file_that_is_damaged_meanwhile_is_put_right(started: Started) -> None:
    project, running, _ = started

    def is_damaged() -> bool:
        """Once more where the server was quicker to put it right."""
        server_file(project).write_bytes(b"")
        return aws.find(project) is None

    assert eventually(is_damaged)
    assert aws.start(project) == running


def test_a_server_whose_folder_is_removed_ends_by_itself(project: Path) -> None:
    running = aws.start(project)
    make_queue(running, "any")
    shutil.rmtree(project / ".remit")
    assert eventually(lambda: not lives(running.pid))
    assert list(project.iterdir()) == []


def test_what_a_save_makes_again_meanwhile_goes_too(tmp_path: Path) -> None:
    place = StateFiles.of(tmp_path)
    (place.state / "services").mkdir(parents=True)
    place.remove_remains()
    assert list(tmp_path.iterdir()) == []


@in_all_cases
def test_it_survives_the_process_that_started_it(project: Path) -> None:
    pid = int(python(START, str(project)).stdout)
    found = aws.find(project)
    assert found is not None
    assert found.pid == pid


@in_all_cases
def test_it_works_without_a_home_and_in_the_c_locale(project: Path) -> None:
    run = python(START, str(project), LANG="C", LC_ALL="C")
    assert (run.stderr, run.returncode) == ("", 0)
    assert run.stdout.strip().isdigit()


def test_the_region_is_the_callers(started: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    project, _, _ = started
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert aws.start(project).region == "eu-west-1"
    assert aws.start(project, region="cn-north-1").region == "cn-north-1"
    with pytest.raises(RemitError, match="'nowhere' is not a region"):
        aws.start(project, region="nowhere")


def test_a_folder_that_cannot_be_written_is_named(project: Path) -> None:
    (project / ".remit").write_text("a file, where a folder is needed")
    with pytest.raises(RemitError, match="is no folder") as caught:
        aws.start(project)
    assert repr(str(project / ".remit")) in str(caught.value)
    (project / ".remit").unlink()


def test_a_project_that_does_not_exist_is_named_and_not_created(tmp_path: Path) -> None:
    with pytest.raises(RemitError, match="there is no folder"):
        aws.start(tmp_path / "typo")
    assert not (tmp_path / "typo").exists()


def test_an_early_death_is_told_with_its_last_words(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    emulator = environment.ENVIRONMENT.place / "packages" / "ministack"
    emulator.mkdir(parents=True)
    (emulator / "__init__.py").write_text("raise SystemExit('no luck today')\n")
    (environment.ENVIRONMENT.place / "manifest.json").write_text("{}")
    with pytest.raises(RemitError, match="did not start") as caught:
        aws.start(project)
    assert "no luck today" in str(caught.value)
    assert aws.find(project) is None


def test_it_sees_nothing_of_remits_own_environment(started: Started) -> None:
    _, running, _ = started
    mapped = Path(f"/proc/{running.pid}/maps").read_text()
    assert str(environment.ENVIRONMENT.place / "packages") in mapped
    assert f"{sys.prefix}/lib" not in mapped


@in_all_cases
def test_its_log_is_bounded_when_it_starts(project: Path) -> None:
    aws.status(project).log.parent.mkdir(parents=True)
    aws.status(project).log.write_bytes(b"old words\n" * 100_000)
    aws.start(project)
    assert aws.status(project).log.stat().st_size < 100_000


def test_the_users_credentials_and_proxies_never_reach_it(started: Started) -> None:
    _, running, _ = started
    variables = Path(f"/proc/{running.pid}/environ").read_text()
    assert "the-users-own" not in variables
    names = {entry.split("=", 1)[0] for entry in variables.split("\0") if entry}
    assert names - {"LD_LIBRARY_PATH"} == {"PATH", "HOME", "TMPDIR", "LANG", "TZ", "PYTHONUTF8"}


def test_it_listens_on_loopback_alone(started: Started) -> None:
    _, running, _ = started
    make_queue(running, "any")
    names = opened(running.pid)
    rows = [
        line.split()
        for table in ("tcp", "tcp6", "udp", "udp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    ]
    listening = {row[1] for row in rows if f"socket:[{row[9]}]" in names and row[3] in {"0A", "07"}}
    assert listening == {f"0100007F:{running.port:04X}"}


def test_one_that_is_stopped_in_its_tracks_is_given_up(started: Started) -> None:
    project, running, _ = started
    os.kill(running.pid, signal.SIGSTOP)
    try:
        with pytest.raises(RemitError, match="the AWS on this machine does not answer") as refusal:
            aws.start(project, patience=0.1)
    finally:
        os.kill(running.pid, signal.SIGCONT)
    assert refusal.value.hint == "`remit local stop` ends it; then start it again"
    assert aws.start(project).pid == running.pid


def test_a_server_ends_with_the_tests_that_started_it_however_they_end(project: Path) -> None:
    with outlive.ended(project.parent) as waiting:
        running = aws.start(project)
        assert lives(running.pid)
        assert waiting.stdin is not None
        waiting.stdin.close()  # as when whoever holds it is killed
        assert eventually(lambda: not lives(running.pid))
