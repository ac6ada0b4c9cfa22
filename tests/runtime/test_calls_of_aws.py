"""What the part inside a zip asks of AWS, call by call, and what it reads from its environment."""

from __future__ import annotations

import signal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar, Final

import pytest

import remit.runtime as inside
from remit.runtime import job_marks, job_queue, own_stack, worker
from remit.runtime.job import Job
from remit.runtime.job_marks import Mark, Running
from remit.runtime.job_messages import written

if TYPE_CHECKING:
    from collections.abc import Callable

STACK: Final = "arn:aws-cn:cloudformation:cn-north-1:111122223333:stack/shop-prod/1a2b"
QUEUE: Final = "https://sqs.cn-north-1.amazonaws.com.cn/111122223333/shop-prod-Mail-XYZ"
NOW: Final = 1_795_000_000.25
Call = tuple[str, dict[str, Any]]


class Refused(Exception):
    """An answer of AWS's that refuses something."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.response = {"Error": {"Code": code}}


class Service:
    """A client that notes each call, and answers with what there is for its operation."""

    exceptions = SimpleNamespace(ConditionalCheckFailedException=Refused)

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.calls: list[Call] = []

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def answer(**parameters: Any) -> Any:
            self.calls.append((operation, parameters))
            found = self.answers.get(operation, {})
            if isinstance(found, Exception):
                raise found
            return found

        return answer


@pytest.fixture(autouse=True)
def function_of_a_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(time=lambda: NOW, strftime=job_queue.time.strftime, gmtime=job_queue.time.gmtime)
    monkeypatch.setattr(job_queue, "time", clock)
    monkeypatch.setattr(job_marks, "time", clock)
    monkeypatch.setattr(inside, "_outputs", {})
    monkeypatch.setattr(inside, "_values", {})
    monkeypatch.setenv("REMIT_STACK", STACK)


def asked(monkeypatch: pytest.MonkeyPatch, service: str, **answers: Any) -> list[Call]:
    made = Service(**answers)
    monkeypatch.setitem(own_stack._clients, service, made)
    return made.calls


# Sending jobs


def send_mail(to: str, *, group: str = "") -> None:
    """Send a mail."""


@pytest.mark.parametrize(("seconds", "delay"), [(0, None), (0.2, 1), (899.5, 900), (900, 900)])
def test_a_job_is_one_message_with_its_delay(
    monkeypatch: pytest.MonkeyPatch, seconds: float, delay: int | None
) -> None:
    calls = asked(monkeypatch, "sqs", send_message={"MessageId": "m"})
    monkeypatch.setenv("REMIT_QUEUE_MAIL_NOW", QUEUE)
    assert "m" == job_queue.send("app:Box.send_mail", "mail-now", ("ada",), {"group": "g"}, seconds)
    ((operation, asked_for),) = calls
    body = asked_for.pop("MessageBody")
    job, sending, arguments, options = worker.job_messages.read(body)
    assert ("app:Box.send_mail", ["ada"], {"group": "g"}) == (job, arguments, options)
    assert sending == worker.job_messages.sending_id(body)
    waits = {} if delay is None else {"DelaySeconds": delay}
    assert ("send_message", {"QueueUrl": QUEUE, **waits}) == (operation, asked_for)


@pytest.mark.parametrize("path", ["app:Box.send_mail", "shop.jobs:send_mail"])
@pytest.mark.parametrize(("options", "group"), [({}, "send_mail"), ({"group": 7}, "7")])
def test_a_job_of_a_fifo_queue_has_its_group_and_is_told_apart_by_its_sending(
    monkeypatch: pytest.MonkeyPatch, path: str, options: dict[str, Any], group: str
) -> None:
    calls = asked(monkeypatch, "sqs", send_message={"MessageId": "m"})
    monkeypatch.setenv("REMIT_QUEUE_MAIL_FIFO", f"{QUEUE}.fifo")
    job_queue.send(path, "mail.fifo", (), {**options, "to": "ada"}, 0)
    ((_, asked_for),) = calls
    body = asked_for["MessageBody"]
    assert {"to": "ada"} == worker.job_messages.read(body)[3]
    assert {
        "QueueUrl": f"{QUEUE}.fifo",
        "MessageBody": body,
        "MessageGroupId": group,
        "MessageDeduplicationId": worker.job_messages.sending_id(body),
    } == asked_for


def test_a_job_that_waits_longer_is_a_schedule_that_sends_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands at 2026-11-18T11:06:40.25: it is sent no earlier than an hour from then."""
    calls = asked(monkeypatch, "scheduler")
    monkeypatch.setenv("REMIT_QUEUE_MAIL_FIFO", QUEUE)
    with pytest.raises(RuntimeError, match=r"longer ones need `config.job.scheduler = True`"):
        job_queue.send("app:send_mail", "mail.fifo", (), {}, 900.5)
    monkeypatch.setenv("REMIT_SCHEDULER_ROLE_MAIL_FIFO", "the role")
    with pytest.raises(RuntimeError, match=r"longer ones need `config.job.scheduler = True`"):
        job_queue.send("app:send_mail", "mail.fifo", (), {}, 900.5)
    monkeypatch.setenv("REMIT_JOB_SCHEDULE_GROUP", "jobs")
    sending = job_queue.send("app:send_mail", "mail.fifo", (), {}, 3_599.5)
    ((operation, asked_for),) = calls
    body = asked_for["Target"]["Input"]
    assert worker.job_messages.sending_id(body) == sending
    target = "arn:aws-cn:sqs:cn-north-1:111122223333:shop-prod-Mail-XYZ"
    assert ("create_schedule", {
        "Name": sending,
        "GroupName": "jobs",
        "ScheduleExpression": "at(2026-11-18T12:06:41)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ActionAfterCompletion": "DELETE",
        "Target": {"Arn": target, "RoleArn": "the role", "Input": body},
    }) == (operation, asked_for)  # fmt: skip


def test_a_job_that_this_function_may_not_send_says_what_to_declare(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match=r"^this function may not send go: declare it with `sends=\[go\]`$"):
        job_queue.send("app:Box.go", "mail", (), {}, 0)
    monkeypatch.delenv("REMIT_STACK")
    with pytest.raises(RuntimeError, match=r"^REMIT_QUEUE_MAIL is not set: jobs can be sent inside a deployed"):
        job_queue.send("app:Box.go", "mail", (), {}, 0)


@pytest.mark.parametrize(
    ("arguments", "options", "place"),
    [((1, {2}), {}, "argument 2 of go"), (([1, {2}],), {}, "argument 1 of go, item 1"),
     ((), {"a": {"b": ({2},)}}, "a of go, 'b', item 0")],
)  # fmt: skip
def test_an_argument_that_cannot_be_sent_is_told_with_its_place(
    arguments: tuple[Any, ...], options: dict[str, Any], place: str
) -> None:
    with pytest.raises(TypeError) as refused:
        written("app:Box.go", arguments, options)
    what = "a job takes what JSON holds, dates, Decimal, UUID and tuples"
    assert f"{place} is a set ({{2}}): {what}" == str(refused.value)


def test_a_job_waits_on_no_fifo_queue_and_a_year_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr("remit.runtime.job.sender", lambda *sending: sent.append(sending))
    plain, ordered = Job(send_mail), Job(send_mail, "mail.fifo")
    plain.perform_in(31_536_000, "ada", group="g")
    ordered.perform_in(0, "ada", group="g")
    ordered.perform_later("bob")
    assert [
        (plain, ("ada",), {"group": "g"}, 31_536_000),
        (ordered, ("ada",), {"group": "g"}, 0),
        (ordered, ("bob",), {}, 0),
    ] == sent
    for job, seconds, why in (
        (plain, -0.5, "send_mail: -0.5 s from now is in the past"),
        (plain, 31_536_001, "send_mail: 31536001 s from now is not within a year"),
        (ordered, 1, "send_mail cannot wait: a FIFO queue delays no single message"),
    ):
        with pytest.raises(ValueError, match=f"^{why}$"):
            job.perform_in(seconds, "ada")
    assert ("Send a mail.", "send_mail", f"{__name__}:send_mail") == (plain.__doc__, plain.__name__, plain.path)


def without_group(to: str) -> None: ...


@pytest.mark.parametrize(
    ("arguments", "options", "why"),
    [
        (("ada",), {"group": "g"}, "group= goes with a FIFO queue, and `default` is none"),
        ((), {"group": "g"}, "missing a required argument: 'to'"),
        (("ada",), {"other": 1}, "got an unexpected keyword argument 'other'"),
    ],
)
def test_a_group_is_of_a_fifo_queue_alone(arguments: tuple[Any, ...], options: dict[str, Any], why: str) -> None:
    with pytest.raises(TypeError) as refused:
        Job(without_group)._check(arguments, options)
    assert f"without_group: {why}" == str(refused.value)
    if "group" in options and arguments:
        Job(without_group, "mail.fifo")._check(arguments, options)


# Marks


def numbers(**values: int) -> dict[str, dict[str, str]]:
    return {f":{name}": {"N": str(value)} for name, value in values.items()}


@pytest.mark.parametrize(("seconds", "until"), [(30.0, 36), (2.0, 7), (0.5, 2)])
def test_a_mark_is_set_taken_back_and_finished_by_its_run_alone(seconds: float, until: int) -> None:
    """It holds until the worker has ended: five seconds more, of few seconds twice as many, rounded up."""
    service, now, kept = Service(), int(NOW), 14 * 24 * 60 * 60
    mark = Mark(service, "marks", "sending")
    assert mark.begin(seconds)
    mark.release()
    mark.finish()
    assert not mark.is_finished()
    begin, release, finish, read = service.calls
    (run,) = release[1]["ExpressionAttributeValues"].values()
    item = {"TableName": "marks", "Key": {"id": {"S": "sending"}}}
    assert ("update_item", {
        **item,
        "UpdateExpression": "SET running_until = :until, run_id = :this_run, expires = :expires",
        "ConditionExpression": "attribute_not_exists(finished) AND "
        "(attribute_not_exists(running_until) OR running_until <= :now OR run_id = :this_run)",
        "ExpressionAttributeValues": numbers(until=now + until, expires=now + kept, now=now) | {":this_run": run},
    }) == begin  # fmt: skip
    assert ("update_item", {
        **item,
        "UpdateExpression": "REMOVE running_until",
        "ConditionExpression": "run_id = :this_run",
        "ExpressionAttributeValues": {":this_run": run},
    }) == release  # fmt: skip
    assert ("update_item", {
        **item,
        "UpdateExpression": "SET finished = :now, expires = :expires REMOVE running_until",
        "ExpressionAttributeValues": numbers(now=now, expires=now + kept),
    }) == finish  # fmt: skip
    assert ("get_item", {**item, "ConsistentRead": True}) == read


@pytest.mark.parametrize(("running_until", "seconds"), [(40, 40), (1, 1), (0, 1), (-5, 1), (None, 1)])
def test_another_run_is_waited_for_as_long_as_its_mark_holds(running_until: int | None, seconds: int) -> None:
    item = {} if running_until is None else {"running_until": {"N": str(int(NOW) + running_until)}}
    refused = Refused("ConditionalCheckFailedException")
    with pytest.raises(Running) as other:
        Mark(Service(update_item=refused, get_item={"Item": item}), "marks", "x").begin(30)
    assert (seconds, f"another worker runs this job; its time ends in {seconds} s") == (
        other.value.seconds,
        str(other.value),
    )
    finished = Mark(Service(update_item=refused, get_item={"Item": {"finished": {"N": "1"}}}), "marks", "x")
    assert (False, True) == (finished.begin(30), finished.is_finished())
    finished.release()


# The worker


class Jobs:
    """Jobs in a class, which messages name by their path."""

    ran: ClassVar[list[Any]] = []

    @staticmethod
    def fine(*arguments: Any) -> None:
        Jobs.ran.append(arguments)

    @staticmethod
    def fails(*arguments: Any) -> None:
        Jobs.ran.append(arguments)
        raise ValueError("no\x00 " + "x" * 2_000)


JOBS: Final = {
    "fine": Job(Jobs.fine),
    "fails": Job(Jobs.fails),
    "once": Job(Jobs.fine, once=True),
    "never": Job(Jobs.fails, retries=0),
}
for name, job in JOBS.items():
    setattr(Jobs, f"job_{name}", job)


def message(job: str, **attributes: str) -> dict[str, Any]:
    body = written(f"{__name__}:Jobs.job_{job}", (1,), {})
    return {"messageId": "m", "receiptHandle": "r", "body": body, "attributes": attributes}


WAITS: Final = ("change_message_visibility", {"QueueUrl": "queue", "ReceiptHandle": "r"})
CONTEXT: Final = SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000)
REASON: Final = f"ValueError: no  {'x' * 984}"
CRASHED: Final = "taken {} times without an end: the worker crashed, had no memory left, or could not say how it ended"


@pytest.mark.parametrize(
    ("job", "count", "runs", "is_done", "pause", "reason"),
    [
        ("fine", None, 1, True, None, None),
        ("fine", "3", 1, True, None, None),
        ("fine", "4", 0, True, None, CRASHED.format(4)),
        ("fails", None, 1, False, 7, None),
        ("fails", "1", 1, False, 7, None),
        ("fails", "2", 1, False, 14, None),
        ("fails", "3", 1, True, None, REASON),
        ("never", "1", 1, True, None, REASON),
        ("never", "2", 0, True, None, CRASHED.format(2)),
    ],
)
@pytest.mark.parametrize("dead_letters", ["dead", "dead.fifo"])
def test_a_message_runs_waits_or_is_put_aside_by_one_call(
    monkeypatch: pytest.MonkeyPatch,
    job: str,
    count: str | None,
    runs: int,
    is_done: bool,
    pause: int | None,
    reason: str | None,
    dead_letters: str,
) -> None:
    calls = asked(monkeypatch, "sqs")
    Jobs.ran.clear()
    settings = {"QUEUE": "queue", "DEAD_LETTERS": dead_letters, "RETRIES": "2", "BACKOFF": "7"}
    for name, value in settings.items():
        monkeypatch.setenv(f"REMIT_JOB_{name}", value)
    attributes = {"MessageGroupId": "g"} | ({} if count is None else {"ApproximateReceiveCount": count})
    record = message(job, **attributes)
    expected: list[Call] = []
    if pause is not None:
        expected = [(WAITS[0], {**WAITS[1], "VisibilityTimeout": pause})]
    if reason is not None:
        texts = {"Reason": reason, "Attempts": count or "1"}
        expected = [("send_message", {
            "QueueUrl": dead_letters,
            "MessageBody": record["body"],
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": text} for name, text in texts.items()
            },
            **({"MessageGroupId": "g", "MessageDeduplicationId": "m"} if dead_letters.endswith(".fifo") else {}),
        })]  # fmt: skip
    failed = [] if is_done else [{"itemIdentifier": "m"}]
    assert {"batchItemFailures": failed} == worker.work({"Records": [record]}, CONTEXT)
    assert expected == calls
    assert [(1,)] * runs == Jobs.ran


def test_without_a_queue_of_its_own_a_message_neither_waits_nor_is_put_aside(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = asked(monkeypatch, "sqs", send_message=Refused("AccessDenied"), change_message_visibility=Refused("x"))
    answers = [worker.work({"Records": [message("fails", ApproximateReceiveCount=count)]}, CONTEXT) for count in "15"]
    monkeypatch.setenv("REMIT_JOB_QUEUE", "queue")
    answers.append(worker.work({"Records": [message("fails")]}, CONTEXT))  # without a pause there is nothing to ask
    assert [] == calls
    monkeypatch.setenv("REMIT_JOB_BACKOFF", "1")
    monkeypatch.setenv("REMIT_JOB_DEAD_LETTERS", "dead")
    answers += [worker.work({"Records": [message("fails", ApproximateReceiveCount=count)]}, CONTEXT) for count in "15"]
    assert ["change_message_visibility", "send_message"] == [operation for operation, _ in calls]
    assert [{"batchItemFailures": [{"itemIdentifier": "m"}]}] * 5 == answers
    assert "ValueError: no" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("item", "is_done", "runs", "pause"),
    [({}, True, 1, None), ({"finished": {}}, True, 0, None), ({"running_until": {"N": "1795000009"}}, False, 0, 9)],
)  # fmt: skip
def test_a_job_that_runs_once_has_a_mark_of_its_sending(
    monkeypatch: pytest.MonkeyPatch,
    item: dict[str, Any],
    is_done: bool,
    runs: int,
    pause: int | None,
) -> None:
    Jobs.ran.clear()
    refused = {"update_item": Refused("x"), "get_item": {"Item": item}} if item else {}
    of_marks, of_queue = asked(monkeypatch, "dynamodb", **refused), asked(monkeypatch, "sqs")
    monkeypatch.setenv("REMIT_JOB_QUEUE", "queue")
    record = message("once")
    answer = worker.work({"Records": [record]}, CONTEXT)
    assert ({"batchItemFailures": []}, [], [(1,)]) == (answer, of_marks, Jobs.ran), "in an app without marks"
    Jobs.ran.clear()
    monkeypatch.setenv("REMIT_JOB_MARKS", "marks")
    answer = worker.work({"Records": [record]}, CONTEXT)
    assert {"batchItemFailures": [] if is_done else [{"itemIdentifier": "m"}]} == answer
    assert [(1,)] * runs == Jobs.ran
    assert ([] if pause is None else [(WAITS[0], {**WAITS[1], "VisibilityTimeout": pause})]) == of_queue
    sending = worker.job_messages.sending_id(record["body"])
    assert {sending} == {call["Key"]["id"]["S"] for _, call in of_marks}
    operations = ["update_item", "get_item"] if item else ["update_item", "update_item"]
    assert operations == [operation for operation, _ in of_marks]


@pytest.mark.parametrize(("item", "is_buried"), [({"finished": {}}, False), ({"running_until": {"N": "1"}}, True)])
def test_a_job_that_came_once_too_often_is_put_aside_unless_its_mark_says_that_it_has_finished(
    monkeypatch: pytest.MonkeyPatch, item: dict[str, Any], *, is_buried: bool
) -> None:
    Jobs.ran.clear()
    asked(monkeypatch, "dynamodb", get_item={"Item": item})
    of_queue = asked(monkeypatch, "sqs")
    for name, value in {"DEAD_LETTERS": "dead", "MARKS": "marks", "QUEUE": "queue"}.items():
        monkeypatch.setenv(f"REMIT_JOB_{name}", value)
    answer = worker.work({"Records": [message("once", ApproximateReceiveCount="6")]}, CONTEXT)
    assert ({"batchItemFailures": []}, []) == (answer, Jobs.ran)
    assert ["send_message"] * is_buried == [operation for operation, _ in of_queue]


@pytest.mark.parametrize(
    ("own", "once", "left", "limit"),
    [(None, False, 60.0, 59.5), (None, True, 60.0, 58.5), (10, False, 60.0, 10), (60, True, 60.0, 58.5),
     (None, False, 0.5, 0.25), (None, True, 2.0, 1.0)],
)  # fmt: skip
def test_a_job_has_the_time_that_its_worker_has_left_but_for_its_end(
    monkeypatch: pytest.MonkeyPatch,
    own: float | None,
    once: bool,
    left: float,
    limit: float,
) -> None:
    limits: list[Any] = []
    monkeypatch.setattr(worker, "_call", lambda *call: limits.append(call))
    mark = Mark(Service(), "marks", "x") if once else None
    job, context = Job(Jobs.fine, timeout=own), SimpleNamespace(get_remaining_time_in_millis=lambda: left * 1_000)
    worker._run(job, mark, [1], {"a": 2}, context)
    assert [(job, [1], {"a": 2}, limit)] == limits


def test_whose_alarm_it_was_has_it_again_after_a_job() -> None:
    def own(_number: int, _frame: Any) -> None: ...

    before = signal.signal(signal.SIGALRM, own)
    try:
        worker._call(Job(Jobs.fine), [], {}, 60)
        with pytest.raises(ValueError, match="no"):
            worker._call(Job(Jobs.fails), [], {}, 60)
        assert (own, (0.0, 0.0)) == (signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL))
    finally:
        signal.signal(signal.SIGALRM, before)


# What a function reads


def test_places_are_those_of_the_stack_that_runs_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "cn-north-1")
    monkeypatch.setenv("REMIT_STAGE", "prod")
    aws, project = inside.aws, inside.project
    assert ("cn-north-1", "111122223333", "aws-cn", "amazonaws.com.cn") == (
        aws.region, aws.account, aws.partition, aws.url_suffix,
    )  # fmt: skip
    assert ("shop-prod", "prod", "shop") == (project.namespace, project.stage, project.name)
    monkeypatch.setenv("REMIT_PROJECT", "own")
    monkeypatch.setenv("REMIT_STACK", STACK.replace("aws-cn", "aws-eusc"))
    assert ("own", "amazonaws.eu") == (project.name, aws.url_suffix)
    for name in ("REMIT_STACK", "REMIT_STAGE", "AWS_REGION"):
        monkeypatch.delenv(name)
    assert ("", "", "aws", "amazonaws.com") == (aws.region, aws.account, aws.partition, aws.url_suffix)
    assert ("", "dev") == (project.namespace, project.stage)


def test_a_job_is_made_with_the_options_of_its_worker_alone() -> None:
    app = inside.App()
    full = app.job(object(), queue="mail", timeout=3, retries=0, once=True, memory=1)(send_mail)
    assert (send_mail, "mail", 3, 0, True) == (full.function, full.queue, full.timeout, full.retries, full.once)
    plain = app.job(send_mail)
    assert (send_mail, "default", None, None, False) == (
        plain.function, plain.queue, plain.timeout, plain.retries, plain.once,
    )  # fmt: skip
    assert [send_mail] * 4 == [
        app.function(send_mail), app.function()(send_mail), app.function(object(), memory=1)(send_mail),
        app.function(object(), object())(send_mail),
    ]  # fmt: skip
    assert app is app.group(timeout=3)
    assert inside.nothing is app.workflow()
    assert app.web("shop:api") is None


class OwnData(inside.Shared):
    """Shared resources of an app."""

    bucket_2 = inside.resource("AWS::S3::Bucket")


class Declares:
    """What runs through where a class and a comprehension in it are made."""

    here = OwnData.bucket_2.arn
    listed: ClassVar = [each.arn for each in (OwnData.bucket_2,)]


def test_an_output_is_looked_up_once_by_its_name_in_the_template(monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = [{"OutputKey": "OwnDataSiteURL", "OutputValue": "x"}, {"OutputKey": "A", "OutputValue": "y"}]
    calls = asked(monkeypatch, "cloudformation", describe_stacks={"Stacks": [{"Outputs": outputs}]})
    assert ["x", "x"] == [OwnData.lookup(name) for name in ("site_URL", "siteURL")]
    assert [("describe_stacks", {"StackName": STACK})] == calls
    with pytest.raises(KeyError, match="the stack has no output OwnDataOther; there are A, OwnDataSiteURL"):
        OwnData.lookup("other")
    monkeypatch.setattr(inside, "_outputs", {})
    asked(monkeypatch, "cloudformation", describe_stacks=Refused("AccessDenied"))
    with pytest.raises(RuntimeError, match=r"^this function may not look site up: declare it with `reads=\[OwnData\]`"):
        OwnData.lookup("site")
    asked(monkeypatch, "cloudformation", describe_stacks=Refused("Throttling"))
    with pytest.raises(Refused, match="Throttling"):
        OwnData.lookup("site")


def test_a_stored_value_is_fetched_once_by_the_name_that_the_environment_has(monkeypatch: pytest.MonkeyPatch) -> None:
    of_secrets = asked(monkeypatch, "secretsmanager", get_secret_value={"SecretString": "s"})
    of_parameters = asked(monkeypatch, "ssm", get_parameter={"Parameter": {"Value": "p"}})
    monkeypatch.setenv("PASSWORD", "/shop/password")
    monkeypatch.setenv("LEVEL", "/shop/level")
    assert ["s", "s"] == [inside.secret(name) for name in ("PASSWORD", "/shop/password")]
    assert ["p", "p"] == [inside.parameter(name, default=1) for name in ("/shop/level", "LEVEL")]
    assert [("get_secret_value", {"SecretId": "/shop/password"})] == of_secrets
    assert [("get_parameter", {"Name": "/shop/level", "WithDecryption": True})] == of_parameters
    for ask, kind in ((inside.secret, "secret"), (inside.parameter, "parameter")):
        with pytest.raises(KeyError, match=f"{kind} /shop/other is not in this function's environment: declare it"):
            ask("/shop/other")
    names: dict[str, Any] = {"secret": inside.secret}
    exec('read = secret("/shop/other")', names)  # noqa: S102 - a module, which an import runs through
    assert inside.nothing is names["read"]


def test_a_resource_is_what_the_environment_has_of_it_and_nothing_where_something_is_declared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert [inside.nothing] * 2 == [Declares.here, *Declares.listed]
    monkeypatch.setenv("REMIT_OwnDataBucket2_ref", "a bucket")
    monkeypatch.setenv("REMIT_OwnDataBucket2_attribute_Stream_Arn", "a stream")
    assert ("a bucket", "a stream") == (OwnData.bucket_2.ref, OwnData.bucket_2.attribute("Stream.Arn"))
    for read, spelled in (
        (lambda: OwnData.bucket_2.arn, "OwnData.bucket_2.arn"),
        (lambda: [OwnData.bucket_2.arn for _ in range(1)], "OwnData.bucket_2.arn"),
        (lambda: OwnData.bucket_2.attribute("Arn"), 'OwnData.bucket_2.attribute("Arn")'),
    ):
        with pytest.raises(RuntimeError) as refused:
            read()
        assert (
            f"{spelled} is not in this function's environment, since its code does not spell it: "
            f'spell it out, or declare environment={{"NAME": {spelled}}} and read os.environ["NAME"]'
        ) == str(refused.value)
    assert inside.nothing is inside.resource("AWS::S3::Bucket").arn
    assert inside.nothing is inside.output("x")
    for unset in ("__wrapped__", "__len__"):
        with pytest.raises(AttributeError, match=unset):
            getattr(OwnData.bucket_2, unset)
