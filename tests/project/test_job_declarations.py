"""What jobs and their queues may be declared to be, and the mistakes that are told at their line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from remit.app import JobQueue

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
