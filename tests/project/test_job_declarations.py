"""What jobs and their queues may be declared to be, and the mistakes that are told at their line."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from remit import on
from remit.app import Function, JobQueue, Publication, ScheduledJob, StoredValue
from remit.errors import Origin
from remit.iam.policy import render_statement

if TYPE_CHECKING:
    from conftest import Make

ON = "config.job.enable = True\n"
JOB = "def send(): ...\n"
MISTAKES = {
    "a queue named twice": (
        'config.job.additional_queues = ["mail", "mail"]',
        "",
        ("the job queue `mail` is there twice", "config/deploy.py:6:5"),
    ),
    "a queue in both settings": (
        'config.job.additional_queues = ["mail"]\nconfig.job.queues = {"mail": {}}',
        "",
        ("the job queue `mail` is there twice", "config/deploy.py:7:5"),
    ),
    "two queues with one worker": (
        'config.job.queues = {"a.fifo": {}, "a-fifo": {}}',
        "",
        ("the job queues `a.fifo` and `a-fifo` would have one worker, worker-a-fifo", "config/deploy.py:6:5"),
    ),
    "a name that is none": (
        'config.job.queues = {"Mail": {}}',
        "",
        ("'Mail' is not a valid name for a job queue", "config/deploy.py:6:"),
    ),
    "a setting that is none": (
        'config.job.queues = {"mail": {"retry": 2}}',
        "",
        ("has no key 'retry'", "config/deploy.py:6:"),
    ),
    "a number out of range": (
        'config.job.queues = {"mail": {"concurrency": 1}}',
        "",
        ("is 1 jobs at the same time; it can be 2 to 1000", "config/deploy.py:6:5"),
    ),
    "queues that are listed": (
        'config.job.queues = ["mail"]',
        "",
        ('must be a dict such as {"mail": {"retries": 2}}', "config/deploy.py:6:5"),
    ),
    "FIFO without its ending": (
        'config.job.queues = {"mail.fifo": {}}',
        f'@app.job(queue="mail")\n{JOB}',
        ("there is no job queue `mail`", "app.py:"),
    ),
    "an async job": ("", "@app.job\nasync def send(): ...\n", ("job `send` is `async`", "app.py:9:2")),
    "an async job that yields": (
        "",
        "@app.job\nasync def send():\n    yield 1\n",
        ("job `send` is `async`", "app.py:9:2"),
    ),
    "a job that yields": ("", "@app.job\ndef send():\n    yield 1\n", ("job `send` is a generator", "app.py:9:2")),
    "a trigger on a job": (
        "",
        f'@app.job(sqs("orders"))\n{JOB}',
        ("job `send` runs from its queue; only a schedule can send it", "app.py:"),
    ),
    "a schedule to a FIFO queue": (
        'config.job.queues = {"mail.fifo": {}}',
        f'@app.job(schedule("rate(1 day)"), queue="mail.fifo")\n{JOB}',
        ("a schedule cannot send job `send` to a FIFO queue", "app.py:"),
    ),
    "an input that names no arguments": (
        "",
        f'@app.job(schedule("rate(1 day)", input=[1]))\n{JOB}',
        ("the input of job `send` must be a dict of its arguments", "app.py:"),
    ),
    "a schedule without an argument that the job needs": (
        "",
        '@app.job(schedule("rate(1 day)"))\ndef send(to, copy=None): ...\n',
        ("the schedule of job `send` cannot call it: missing a required argument: 'to'", "app.py:"),
    ),
    "a schedule with an argument that the job does not take": (
        "",
        '@app.job(schedule("rate(1 day)", input={"to": 1, "cc": 2}))\ndef send(to, copy=None): ...\n',
        ("the schedule of job `send` cannot call it: got an unexpected keyword argument 'cc'", "app.py:"),
    ),
    "jobs that disagree": (
        'config.job.queues = {"default": {"concurrency": 3}}',
        f"@app.job(concurrency=5)\n{JOB}",
        ("job `send` asks for a concurrency of 5, its queue `default` has 3", "app.py:"),
    ),
    "retries that are no number": (
        "",
        f'@app.job(retries="3")\n{JOB}',
        ("`retries` must be a whole number", "app.py:"),
    ),
    "a timeout that is no number": (
        "",
        f'@app.job(timeout="5")\n{JOB}',
        ("`timeout` must be a whole number of seconds, got str '5'", "app.py:9:18"),
    ),
    "retries that are no number beside others": (
        "",
        f'@app.job(retries="3")\n{JOB}@app.job(retries=2)\ndef other(): ...\n',
        ("`retries` must be a whole number", "app.py:9:18"),
    ),
    "a schedule that is not called": (
        "",
        f"@app.job(schedule)\n{JOB}",
        ("job `send` runs from its queue; only a schedule can send it", "app.py:9:10"),
    ),
    "once that is no flag": ("", f'@app.job(once="yes")\n{JOB}', ("once must be True or False", "app.py:")),
    "something else than a job that is sent": (
        "",
        "def plain(): ...\n@app.function(sends=[plain])\ndef go(event, context): ...",
        ("plain is not a job of this app", "app.py:"),
    ),
    "something else than a class that is read": (
        "",
        '@app.function(reads=["Data"])\ndef go(event, context): ...',
        ("'Data' is not a class of shared resources", "app.py:"),
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_at_its_line(make: Make, name: str) -> None:
    config, app, (message, place) = MISTAKES[name]
    error = make(config=f"{ON}{config}", app=app or f"@app.job\n{JOB}").error()
    assert message in error.message
    assert str(error.origin).startswith(place)


def test_a_queue_that_keeps_the_order_is_offered_for_its_name_without_the_ending(make: Make) -> None:
    config = 'config.job.enable = True\nconfig.job.queues = {"mail.fifo": {}, "mai": {}}'
    error = make(config=config, app=f'@app.job(queue="mail")\n{JOB}').error()
    assert error.hint == "did you mean `mail.fifo`?"


def test_the_queues_come_from_the_line_that_turns_jobs_on_by_a_path_within_the_project(make: Make) -> None:
    origin = make(config=ON).load().queues_origin
    assert origin is not None
    assert ("config/deploy.py", 5) == (origin.file, origin.line)


def test_the_clock_sends_a_job_to_its_queue_with_a_role_of_its_own(make: Make) -> None:
    app = (
        '@app.job(schedule("rate(1 day)", input={"to": "a@example.com"}, retries=3), schedule("cron(0 8 * * ? *)"))\n'
        "def send_mail(to=None): ...\n"
    )
    project = make(config=ON, app=app)
    schedules = project.resources("AWS::Scheduler::Schedule")
    assert ["JobSendMailScheduled", "JobSendMailScheduled2"] == sorted(schedules)
    message = {"job": "app:send_mail", "arguments": [], "options": {"to": "a@example.com"}}
    assert {
        "Description": "Sends job send_mail",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "GroupName": {"Ref": "JobSchedules"},
        "ScheduleExpression": "rate(1 day)",
        "State": "ENABLED",
        "Target": {
            "Arn": {"Fn::GetAtt": ["JobDefaultQueue", "Arn"]},
            "Input": json.dumps(message, separators=(",", ":")),
            "RetryPolicy": {"MaximumRetryAttempts": 3},
            "RoleArn": {"Fn::GetAtt": ["JobDefaultSchedulerRole", "Arn"]},
        },
    } == schedules["JobSendMailScheduled"]
    assert "nothing found\n" == project.remit("lint").out
    assert [] == [text for text in map(str, project.statements("worker-default")) if "scheduler" in text]


def test_the_clock_has_a_role_for_each_queue_of_scheduled_jobs_and_of_jobs_that_may_wait(make: Make) -> None:
    app = f"@app.job(schedule('rate(1 day)'))\n{JOB}@app.job(queue='mail')\ndef other(): other.perform_in(3600)\n"
    queues = f"{ON}config.job.queues = {{'mail': {{}}}}\n"
    for more, expected in {"": ["Default"], "config.job.scheduler = True\n": ["Default", "Mail"]}.items():
        roles = make(config=f"{queues}{more}", app=app).resources("AWS::IAM::Role")
        assert expected == [name[3:-13] for name in sorted(roles) if name.endswith("SchedulerRole")]
        for name in expected:
            (statement,) = roles[f"Job{name}SchedulerRole"]["Policies"][0]["PolicyDocument"]["Statement"]
            assert {"Fn::GetAtt": [f"Job{name}Queue", "Arn"]} == statement["Resource"]


def test_the_clocks_role_is_a_role_of_the_app_like_any_other(make: Make) -> None:
    """What explains, compares, guards and bounds roles sees it."""
    boundary = "arn:aws:iam::111122223333:policy/edge"
    config = f"{ON}config.lambda_.iam.permissions_boundary = {boundary!r}"
    project = make(config=config, app=f"@app.job(schedule('rate(1 day)'))\n{JOB}")
    roles = {role.logical_id: role for role in project.built().roles}
    assert ("scheduler.amazonaws.com",) == roles["JobDefaultSchedulerRole"].trusts
    written = project.resources("AWS::IAM::Role")
    assert (
        written["WorkerDefaultRole"]["PermissionsBoundary"] == written["JobDefaultSchedulerRole"]["PermissionsBoundary"]
    )
    explained = project.remit("explain", "JobDefaultSchedulerRole").out
    assert "because EventBridge Scheduler sends jobs to default" in explained


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("'oncall'", {"Fn::Sub": "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:oncall"}),
        ("'arn:aws:sns:eu-west-1:111122223333:oncall'", "arn:aws:sns:eu-west-1:111122223333:oncall"),
    ],
)
def test_the_topic_of_an_alarm_is_given_by_name_or_by_arn(make: Make, topic: str, expected: object) -> None:
    config = f"{ON}config.job.queues = {{'mail': {{'alarm': {topic}}}}}"
    alarms = make(config=config, app=f"@app.job(queue='mail')\n{JOB}").resources("AWS::CloudWatch::Alarm")
    assert [expected] == alarms["JobMailDeadLetterAlarm"]["AlarmActions"]


def test_an_alarm_for_what_is_no_topic_is_refused(make: Make) -> None:
    config = f"{ON}config.job.queues = {{'mail': {{'alarm': 'on call'}}}}"
    error = make(config=config, app=f"@app.job(queue='mail')\n{JOB}").error()
    assert ("`config.job.queues['mail']['alarm']` is 'on call', which is no SNS topic", 6) == (
        error.message,
        error.origin.line if error.origin else 0,
    )


WRONG = {
    "queue": ("3", "`queue` must be a string, got int '3'"),
    "timeout": ("'x'", "`timeout` must be a whole number of seconds, got str 'x'"),
    "retries": ("-1", "`retries` is -1 retries; it can be 0 to 100"),
    "concurrency": ("1", "`concurrency` is 1 jobs at the same time; it can be 2 to 1000"),
    "once": ("1", "once must be True or False, got 1"),
    "sends": ("[5]", "5 is not a job of this app"),
    "reads": ("[5]", "5 is not a class of shared resources"),
}


def test_each_wrong_option_of_a_job_is_told_at_its_line_beside_the_others(make: Make) -> None:
    options = "".join(f"    {name}={value},\n" for name, (value, _) in WRONG.items())
    error = make(config=ON, app=f"@app.job(\n{options})\n{JOB}\n\n@app.job(queue='mial')\ndef other(): ...\n").error()
    lines = {mistake.message: mistake.origin.line for mistake in error.all if mistake.origin}
    told = {message: line for line, (_, message) in enumerate(WRONG.values(), 10)}
    assert {**told, "there is no job queue `mial`": 21} == lines


@pytest.mark.parametrize(("own", "expected"), [("", 100), ("'timeout': 300", 300), ("'timeout': 50", 100)])
def test_a_worker_has_time_for_the_longest_of_its_jobs(make: Make, own: str, expected: int) -> None:
    app = f"@app.job(timeout=100)\n{JOB}@app.job(timeout=20)\ndef short(): ...\n@app.job\ndef any_(): ...\n"
    project = make(config=f"{ON}config.job.queues = {{'default': {{{own}}}}}\n", app=app)
    assert expected == project.function("worker-default").properties["Timeout"]


def test_a_queue_has_what_the_most_demanding_of_its_jobs_asks_for(make: Make) -> None:
    app = f"@app.job(once=True, retries=7)\n{JOB}@app.job(retries=1)\ndef other(): ...\n"
    (queue,) = make(config=ON, app=app).load().queues
    assert (True, 7) == (queue.keeps_marks, queue.most_retries)


def test_queues_and_functions_are_what_their_settings_their_jobs_and_their_code_say(make: Make) -> None:
    queues = "config.job.queues = {'mail': {'retries': 4, 'backoff': 5, 'timeout': 20}}\n"
    config = f"{ON}{queues}config.lambda_.function.timeout = 30\nconfig.lambda_.iam.policy = ['logs']\n"
    jobs = (
        "from app import app\n@app.job(queue='mail', retries=0, once=True)\ndef first(): ...\n"
        "@app.job(queue='mail', retries=7, concurrency=3)\ndef second(): ...\n"
        "@app.job(timeout=50)\ndef plain(): ...\n"
    )
    app = (
        "from tasks import plain\n@app.function(sends={plain})\ndef by_set(event, context): ...\n"
        "@app.function(sends=[])\ndef none(event, context): ...\n"
        "@app.function\ndef sender(event, context): ...\n"
    )
    loaded = make(config=config, app=app, **{"tasks.py": jobs}).load()
    mail = JobQueue(
        "mail", 4, most_retries=7, backoff=5, concurrency=3, keeps_marks=True, jobs=("tasks:first", "tasks:second")
    )
    default = JobQueue("default", 4, most_retries=4, jobs=("tasks:plain",))
    assert (default, mail) == loaded.queues
    assert {
        "by_set": (("default",), None, 30),
        "none": ((), None, 30),
        "sender": (("default",), None, 30),
        "worker-default": (("default",), None, 50),
        "worker-mail": (("default",), None, 20),
    } == {each.name: (each.sends, each.looks_up, each.properties["Timeout"]) for each in loaded.functions}
    for function in loaded.functions:
        assert [("logs:*",)] == [grant.statement.actions.patterns for grant in function.policy]


def test_jobs_that_ask_for_the_same_concurrency_agree(make: Make) -> None:
    app = f"@app.job(concurrency=5)\n{JOB}@app.job(concurrency=5)\ndef other(): ...\n"
    assert [5] == [queue.concurrency for queue in make(config=ON, app=app).load().queues]


def test_functions_of_two_zips_send_what_the_code_in_their_own_one_names(make: Make) -> None:
    declared = "".join(
        f"app.function(handler='work.run', name='{name}', code='{name}')\n" for name in ("quiet", "sender")
    )
    sending = "from app import send\ndef run(event, context): send.perform_later()\n"
    files = {"quiet/work.py": "def run(event, context): ...\n", "sender/work.py": sending}
    functions = make(config=ON, app=f"@app.job\n{JOB}{declared}", **files).load().functions
    assert {"quiet": None, "sender": ("default",), "worker-default": None} == {
        function.name: function.sends for function in functions
    }


def test_a_wrong_name_hides_nothing_of_what_a_function_sends_and_reads(make: Make) -> None:
    app = f"@app.job\n{JOB}\n\n@app.function(name=object(), sends=[5], reads=[6])\ndef hello(event, context): ...\n"
    messages = {mistake.message for mistake in make(config=ON, app=app).error().all}
    assert {
        "<object object> is not a valid name for a function",
        "5 is not a job of this app",
        "6 is not a class of shared resources",
    } == messages


BUSY = f"""{ON}config.job.queues = {{'mail': {{'retries': 4}}}}
config.lambda_.function.memory_size = 256
config.lambda_.function.environment = {{'LEVEL': 'app', 'KIND': 'app'}}
config.lambda_.iam.policy = ['logs']
config.lambda_.iam.managed_policy = 'AWSXRayDaemonWriteAccess'
"""
DATA = """from remit import Shared, output, resource
class Data(Shared):
    queue = resource('AWS::SQS::Queue')
    page = output(queue.url)
"""
TASKS = """from remit import secret
from remit.grants import sqs as queue
from remit.triggers import schedule
from app import app
from shared.resources.data import Data
billing = app.group("billing", environment={"LEVEL": "group", "TOKEN": secret("/shop/token")},
    policy=["sqs:SendMessage"], log_retention=7, provisioned_concurrency=2, timeout=20)
@billing.job(schedule("rate(1 day)", input={"x": 1}), queue="mail", timeout=40,
    policy=["s3:GetObject"], link=[queue.send(Data.queue)])
def first(x): ...
@billing.job(queue="mail", retries=0, managed_policy="ReadOnlyAccess", sends=["plain"])
def second(): return Data.queue.url
@app.job(queue="mail", reads=[Data])
def third(): return Data.queue.name
@app.job
def plain(): ...
"""


def test_a_worker_and_its_queue_have_all_that_each_of_its_jobs_and_groups_says(make: Make) -> None:
    files = {"tasks.py": TASKS, "shared/resources/data.py": DATA}
    loaded = make(config=BUSY, app="import tasks\n", **files).load()
    daily = on.schedule("rate(1 day)", input={"x": 1})
    queues = [
        replace(queue, scheduled=tuple(replace(job, schedule=daily) for job in queue.scheduled))
        for queue in loaded.queues
    ]
    assert queues == [
        JobQueue("default", 4, most_retries=4, jobs=("tasks:plain",)),
        JobQueue(
            "mail",
            4,
            most_retries=4,
            jobs=("tasks:first", "tasks:second", "tasks:third"),
            scheduled=(ScheduledJob("first", "tasks:first", daily, Origin("tasks.py", 8, 2)),),
        ),
    ]
    managed = {
        "arn:${AWS::Partition}:iam::aws:policy/ReadOnlyAccess": Origin("tasks.py", 11, 54),
        "arn:${AWS::Partition}:iam::aws:policy/AWSXRayDaemonWriteAccess": Origin("config/deploy.py", 10, 41),
    }
    default, mail = loaded.functions
    assert replace(mail, policy=()) == Function(
        "worker-mail",
        "WorkerMail",
        "remit.worker.work",
        {
            "Timeout": 40,
            "MemorySize": 256,
            "Runtime": "python3.13",
            "Architectures": ["x86_64"],
            "Environment": {
                "Variables": {
                    "DATA_QUEUE": "${DataQueue}",
                    "REMIT_DataQueue_name": "${DataQueue.QueueName}",
                    "REMIT_DataQueue_url": "${DataQueue}",
                    "LEVEL": "group",
                    "KIND": "app",
                    "TOKEN": "/shop/token",
                }
            },
        },
        managed=tuple(managed),
        managed_written=managed,
        log_retention=7,
        stored_values=(
            StoredValue(
                "secretsmanager", "/shop/token", "/shop/token", variable="TOKEN", origin=Origin("tasks.py", 6, 72)
            ),
        ),
        queue="mail",
        sends=("default",),
        looks_up=True,
        publication=Publication("live", 2),
        origin=Origin("tasks.py", 8, 2),
        written={
            "MemorySize": Origin("config/deploy.py", 7, 5),
            "Environment": Origin("tasks.py", 6, 44),
            "Timeout": Origin("tasks.py", 7, 85),
        },
    )
    assert grants_of(mail) == [
        ("s3:GetObject", "*", "'s3:GetObject' declared for job first", "tasks.py:9:13"),
        ("sqs:SendMessage", "*", "'sqs:SendMessage' declared for group billing", "tasks.py:7:13"),
        ("sqs:SendMessage", "${DataQueue.Arn}", "sends to queue DataQueue", "tasks.py:9:36"),
        ("logs:*", "*", "'logs' in config.lambda_.iam.policy, for every function", "config/deploy.py:9:34"),
    ]
    assert replace(default, policy=()) == Function(
        "worker-default",
        "WorkerDefault",
        "remit.worker.work",
        {
            "MemorySize": 256,
            "Runtime": "python3.13",
            "Architectures": ["x86_64"],
            "Environment": {
                "Variables": {
                    "REMIT_DataQueue_name": "${DataQueue.QueueName}",
                    "REMIT_DataQueue_url": "${DataQueue}",
                    "LEVEL": "app",
                    "KIND": "app",
                }
            },
            "Timeout": 30,
        },
        managed=(list(managed)[1],),
        managed_written={name: line for name, line in managed.items() if line.file == "config/deploy.py"},
        queue="default",
        origin=Origin("tasks.py", 15, 2),
        written={"MemorySize": Origin("config/deploy.py", 7, 5), "Environment": Origin("config/deploy.py", 8, 5)},
    )


def grants_of(function: Function) -> list[tuple[str, str, str, str]]:
    """The grants that are declared for a function: action, resource, because and line."""
    rendered = [(render_statement(grant.statement), grant) for grant in function.policy]
    return [(each["Action"], each["Resource"], grant.because, str(grant.origin)) for each, grant in rendered]


SENDING = {
    "named": "globals()[event['job']].perform_later()",
    "soon": "getattr(event, 'x', vars(event)).perform_in(3)",
    "vars": "return vars(event)",
    "text": "return 'tidy'",
    "output": "return 'DataPage'",
    "lookup": "return event.lookup()",
}
SENDERS = """from base import app
from jobs import post, quiet, tidy
from more import looking
from shared.resources.data import Data
app.function(name="both", handler="text.run", sends=("post", tidy), reads=Data)
app.function(name="neither", handler="lookup.run", sends=frozenset(), reads=[])
app.function(name="one", handler="vars.run", sends="tidy", reads=frozenset({Data}))
"""
JOBS_OF_MAIL = """from base import app
@app.job(queue="mail", sends=[])
def post(): ...
@app.job(queue="mail")
def quiet(): ...
@app.job(reads=())
def tidy(): ...
"""
LOOKING = """from base import app
@app.job
def looking(): return "lookup"
"""


def test_what_is_sent_and_looked_up_is_what_declarations_say_else_what_their_code_names(make: Make) -> None:
    declared = "".join(f"app.function(name='{name}', handler='{name}.run')\n" for name in SENDING)
    files = {f"{name}.py": f"def run(event, context): {body}\n" for name, body in SENDING.items()}
    files |= {"base.py": "from remit import App\napp = App()\n", "jobs.py": JOBS_OF_MAIL, "more.py": LOOKING}
    files |= {"shared/resources/data.py": DATA, "app.py": f"{SENDERS}{declared}"}
    functions = make(config=f"{ON}config.job.queues = {{'mail': {{}}}}", **files).load().functions
    assert {function.name: (function.sends, function.looks_up) for function in functions} == {
        "both": (("mail", "default"), True),
        "neither": ((), False),
        "one": (("default",), True),
        "named": (("mail", "default"), None),
        "soon": (("mail", "default"), None),
        "vars": (None, None),
        "text": (("default",), None),
        "output": (None, True),
        "lookup": (None, True),
        "worker-default": (None, True),
        "worker-mail": ((), None),
    }


DEAD = "arn:aws:sqs:eu-west-1:111122223333:x"
A_CLASS = "such as `reads=[Data]`, a class of shared/resources"
WHERE_IT_IS_MADE = "grant it where that role is made, or leave `Role` out: remit makes a role for the function"
TOLD: dict[str, tuple[str, str, list[str]]] = {
    "default named once more": (
        'config.job.additional_queues = ["default"]',
        f"@app.job\n{JOB}",
        ["the job queue `default` is there twice | `default` is always there | config/deploy.py:6:5"],
    ),
    "queues of wrong names, the first of which has the worker": (
        (
            'config.job.additional_queues = ["mail", "mail", "_9"]\n'
            'config.job.queues = {"default": {}, "a-fifo": {}, "a.fifo": {}}'
        ),
        f'@app.job(queue="a.fifo")\n{JOB}',
        [
            "there is no job queue `a.fifo` | did you mean `a-fifo`? | app.py:9:16",
            "the job queue `mail` is there twice | name it once | config/deploy.py:6:5",
            (
                "'_9' is not a valid name for a job queue | a lower-case letter, then a-z, 0-9 and -; "
                "`.fifo` at its end for one that keeps the order | config/deploy.py:6:5"
            ),
            (
                "the job queues `a-fifo` and `a.fifo` would have one worker, worker-a-fifo"
                " | rename one of them | config/deploy.py:7:5"
            ),
        ],
    ),
    "queues that are not there": (
        'config.job.additional_queues = ["mail"]',
        f'@app.job(queue="mial")\n{JOB}@app.job(queue="zzzzzz")\ndef other(): ...\n',
        [
            "there is no job queue `mial` | did you mean `mail`? | app.py:9:16",
            "there is no job queue `zzzzzz` | add it: `config.job.queues = {'zzzzzz': {}}` | app.py:11:16",
        ],
    ),
    "queues of a setting that failed": (
        "config.job.additional_queues = 3",
        f'@app.job(queue="zzzzzz")\n{JOB}',
        ["`config.job.additional_queues` must be a list of strings, got int '3' | None | config/deploy.py:6:5"],
    ),
    "schedules": (
        "",
        (
            "@app.job(schedule)\ndef a(): ...\n@app.job(sqs('x'))\ndef b(): ...\n"
            f"@app.job(schedule('rate(1 day)'), schedule('rate(1 day)', dead_letter='{DEAD}'))\n"
            "def c(): ...\n@app.job(schedule('rate(1 day)', input=[1]))\ndef d(): ...\n"
            "@app.job(schedule('rate(1 day)', input={'x': 2}))\ndef e(): ...\n"
        ),
        [
            (
                "job `a` runs from its queue; only a schedule can send it"
                ' | call it: `on.schedule("rate(1 day)")` | app.py:9:10'
            ),
            (
                "job `b` runs from its queue; only a schedule can send it"
                " | make a function of it, which sends the job: `@app.function(…, sends=[…])` | app.py:11:10"
            ),
            (
                "the schedule of job `c` has a dead-letter queue | leave `dead_letter` out: "
                "a job that fails for good goes to the dead letters of its queue | app.py:13:35"
            ),
            (
                "the input of job `d` must be a dict of its arguments"
                ' | a dict of arguments by name, such as {"to": "a@example.com"} | app.py:15:10'
            ),
            (
                "the schedule of job `e` cannot call it: got an unexpected keyword argument 'x'"
                " | `input` of the schedule has the arguments by name; or give the function defaults | app.py:17:10"
            ),
        ],
    ),
    "a queue whose jobs disagree hides nothing": (
        'config.job.queues = {"q.fifo": {}}',
        (
            '@app.job(schedule("rate(1 day)"), queue="q.fifo")\ndef a(): ...\n@app.job\nasync def b(): ...\n'
            "@app.job\ndef c(): yield\n@app.job(concurrency=3)\ndef d(): ...\n@app.job(concurrency=4)\ndef e(): ...\n"
        ),
        [
            "a schedule cannot send job `a` to a FIFO queue | give the job a queue without `.fifo` | app.py:9:10",
            (
                "job `b` is `async` | a worker calls plain functions: use asyncio.run() inside one, "
                "or a loop over what a generator gives | app.py:11:2"
            ),
            (
                "job `c` is a generator | a worker calls plain functions: use asyncio.run() inside one, "
                "or a loop over what a generator gives | app.py:13:2"
            ),
            (
                "job `e` asks for a concurrency of 4, its queue `default` has 3"
                " | a queue has one for all of its jobs: give the job a queue of its own | app.py:17:22"
            ),
        ],
    ),
    "what is no schedule, and calls nothing": (
        "",
        '@app.job(sqs, schedule("rate(1 day)", input=[]))\ndef send(): ...\n',
        [
            (
                "job `send` runs from its queue; only a schedule can send it"
                " | make a function of it, which sends the job: `@app.function(…, sends=[…])` | app.py:9:10"
            ),
            (
                "the input of job `send` must be a dict of its arguments"
                ' | a dict of arguments by name, such as {"to": "a@example.com"} | app.py:9:15'
            ),
        ],
    ),
    "more managed policies than a worker may have": (
        "",
        (
            "g = app.group('g', managed_policy=[f'arn:aws:iam::111122223333:policy/p{n}' for n in range(11)])\n"
            f"@g.job\n{JOB}"
        ),
        [
            (
                "the role of worker-default has 11 managed policies; IAM allows 10"
                " | grant what is used of them in a policy instead | app.py:10:2"
            )
        ],
    ),
    "what is sent and read": (
        "",
        '@app.job(sends=["d", "dd", 3, str])\ndef d(): ...\n@app.job(reads=["q", int])\ndef ddd(): ...\n',
        [
            "dd is not a job of this app | did you mean `ddd`? | app.py:9:16",
            (
                "3 is not a job of this app"
                " | such as `sends=[send_mail]`, a function decorated with `@app.job` | app.py:9:16"
            ),
            (
                "str is not a job of this app"
                " | such as `sends=[send_mail]`, a function decorated with `@app.job` | app.py:9:16"
            ),
            f"'q' is not a class of shared resources | {A_CLASS} | app.py:11:16",
            f"int is not a class of shared resources | {A_CLASS} | app.py:11:16",
        ],
    ),
    "a group with a role": (
        "",
        (
            'g = app.group("g", properties={"Role": "arn:aws:iam::111122223333:role/x"}, policy=["sqs:SendMessage"])\n'
            f"@g.job\n{JOB}"
        ),
        [
            (
                "the policy of group g cannot reach function `worker-default`, which brings a role of its own "
                f"(`Role` in its properties) | {WHERE_IT_IS_MADE} | app.py:9:84"
            )
        ],
    ),
    "a group of two jobs": (
        "",
        f'g = app.group("g", policy=["s q"])\n@g.job\n{JOB}@g.job\ndef more(): ...\n',
        ["policy[0] is 's q': neither a service nor an action | did you mean `sqs`? | app.py:9:28"],
    ),
    "jobs that are off": (
        "config.job.enable = False",
        f'@app.job(queue="q")\n{JOB}',
        ["job `send` is declared, but jobs are off | set `config.job.enable = True` | app.py:9:2"],
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_all_that_is_wrong_with_jobs_is_told_in_one_run_with_what_to_do(make: Make, name: str) -> None:
    config, app, expected = TOLD[name]
    error = make(config=f"{ON}{config}", app=app).error()
    assert [f"{mistake.message} | {mistake.hint} | {mistake.origin}" for mistake in error.all] == expected


def test_queues_stand_as_written_the_further_ones_first_and_no_retry_is_a_number_of_its_own(make: Make) -> None:
    config = f"{ON}config.job.additional_queues = ['zoo', 'mail']\nconfig.job.queues = {{'a': {{}}, 'b': {{}}}}"
    app = "".join(f"@app.job(queue={name!r}, retries=0)\ndef {name}_(): ...\n" for name in ("b", "zoo", "a", "mail"))
    loaded = make(config=config, app=f"{app}@app.job\n{JOB}").load()
    assert [(queue.name, queue.most_retries) for queue in loaded.queues] == [
        ("default", 4),
        ("zoo", 0),
        ("mail", 0),
        ("a", 0),
        ("b", 0),
    ]
    assert [function.queue for function in loaded.functions] == ["default", "zoo", "mail", "a", "b"]
