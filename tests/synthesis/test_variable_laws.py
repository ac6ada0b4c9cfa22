"""What the app says once stands where each function and resource looks for it: queues of jobs, tags, names of roles."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

from hypothesis import event, given, settings
from hypothesis import strategies as st

from random_cases import cases
from remit.app import App, Function, JobQueue, Resource
from remit.runtime.job_queue import scheduler_role_variable_of, variable_of
from remit.synthesis.app_wide_settings import role_name, with_app_wide_settings
from remit.synthesis.job_resources import job_resources, job_variables, worker_source

NAMES: Final = ("default", "mail", "orders.fifo")
QUEUES: Final = st.lists(
    st.builds(
        JobQueue,
        st.sampled_from(NAMES),
        retries=st.integers(0, 5),
        most_retries=st.integers(5, 9),
        backoff=st.integers(0, 60),
        keeps_marks=st.booleans(),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda queue: queue.name,
)


@settings(max_examples=cases(15, deep=1_000))
@given(QUEUES, st.none() | st.sets(st.sampled_from(NAMES)), st.none() | st.sampled_from(NAMES), st.booleans())
def test_a_function_knows_the_queues_that_it_sends_to_and_a_worker_its_own(
    queues: list[JobQueue],
    sends: set[str] | None,
    works: str | None,
    waits: bool,
) -> None:
    function = Function("f", "F", "app.f", {}, queue=works, sends=None if sends is None else tuple(sorted(sends)))
    app = App("shop", "dev", (function,), queues=tuple(queues), schedules_jobs=waits)
    expected: dict[str, str] = {}
    for queue in queues:
        title = {"default": "Default", "mail": "Mail", "orders.fifo": "OrdersFifo"}[queue.name]
        if queue.name in (sends or ()):
            expected[variable_of(queue.name)] = f"${{Job{title}Queue}}"
            if waits and queue.name != "orders.fifo":
                expected[scheduler_role_variable_of(queue.name)] = f"${{Job{title}SchedulerRole.Arn}}"
                expected["REMIT_JOB_SCHEDULE_GROUP"] = "${JobSchedules}"
        if queue.name == works:
            expected["REMIT_JOB_QUEUE"] = f"${{Job{title}Queue}}"
            expected["REMIT_JOB_DEAD_LETTERS"] = f"${{Job{title}DeadLetterQueue}}"
            expected["REMIT_JOB_RETRIES"] = str(queue.retries)
            expected["REMIT_JOB_BACKOFF"] = str(queue.backoff)
            if queue.keeps_marks:
                expected["REMIT_JOB_MARKS"] = "${JobMarks}"
    event(f"variables: {min(len(expected), 4)}")
    assert job_variables(app, function) == expected


@settings(max_examples=cases(20, deep=500))
@given(QUEUES, st.integers(1, 900), st.booleans(), st.booleans())
def test_each_queue_of_jobs_comes_with_what_its_retries_and_its_worker_ask_for(
    queues: list[JobQueue],
    timeout: int,
    waits: bool,
    sends: bool,
) -> None:
    """Source: "Creating and configuring an Amazon SQS event source mapping" (AWS Lambda Developer Guide)."""
    queues = [
        replace(queue, concurrency=queue.retries or None, alarm="arn" if queue.backoff % 2 else None)
        for queue in queues
    ]
    names = tuple(queue.name for queue in queues)
    workers = [
        Function(queue.worker, f"W{place}", "w", {"Timeout": timeout}, queue=queue.name, sends=names if sends else None)
        for place, queue in enumerate(queues)
    ]
    app = App("shop", "dev", tuple(workers), queues=tuple(queues), schedules_jobs=waits)
    made = {resource.logical_id: resource.properties for resource in job_resources(app)}
    for worker, queue in zip(workers, queues, strict=True):
        title = {"default": "Default", "mail": "Mail", "orders.fifo": "OrdersFifo"}[queue.name]
        fifo = {"FifoQueue": True} if queue.name == "orders.fifo" else {}
        dead = {**fifo, "MessageRetentionPeriod": 14 * 24 * 3600, "SqsManagedSseEnabled": True}
        assert made.pop(f"Job{title}DeadLetterQueue") == dead
        assert made.pop(f"Job{title}Queue") == {
            **fifo,
            "RedrivePolicy": {
                "deadLetterTargetArn": f"${{Job{title}DeadLetterQueue.Arn}}",
                "maxReceiveCount": queue.most_retries + 2,  # the first try, the retries, and one that puts it aside
            },
            "SqsManagedSseEnabled": True,
            "VisibilityTimeout": min(6 * timeout, 43_200),
        }
        alarm = made.pop(f"Job{title}DeadLetterAlarm", None)
        assert (None if alarm is None else alarm["AlarmActions"]) == (["arn"] if queue.backoff % 2 else None)
        (source,) = worker_source(app, worker)
        scaling = {"ScalingConfig": {"MaximumConcurrency": queue.retries}} if queue.retries else {}
        assert {**source.properties} == {
            "EventSourceArn": f"${{Job{title}Queue.Arn}}", "FunctionName": worker.ref, "BatchSize": 1,
            "FunctionResponseTypes": ["ReportBatchItemFailures"], **scaling,
        }  # fmt: skip
    kept = {"JobMarks"} if any(queue.keeps_marks for queue in queues) else set()
    later = {"JobSchedules"} if waits and sends and set(names) != {"orders.fifo"} else set()
    assert made.keys() == kept | later


TAGS: Final = st.dictionaries(st.sampled_from(["team", "stage", "cost"]), st.sampled_from(["a", "b"]), max_size=3)


def pairs(tags: Any) -> dict[str, str]:
    """Tags as Key and Value, each Key once."""
    read = {tag["Key"]: tag["Value"] for tag in tags or ()}
    assert len(read) == len(tags or ())
    return read


@settings(max_examples=cases(20, deep=500))
@given(TAGS, TAGS, st.booleans())
def test_a_resource_has_its_own_tags_and_those_of_the_app_beside_them(
    tags: dict[str, str],
    own: dict[str, str],
    is_told: bool,
) -> None:
    listed = [{"Key": key, "Value": value} for key, value in own.items()]
    launched = [{**tag, "PropagateAtLaunch": False} for tag in listed]
    told: dict[str, dict[str, Any]] = {
        "AWS::SQS::Queue": {"Tags": listed},
        "AWS::SSM::Parameter": {"Tags": own},
        "AWS::AutoScaling::AutoScalingGroup": {"Tags": launched},
        "AWS::EC2::LaunchTemplate": {"TagSpecifications": [{"ResourceType": "launch-template", "Tags": listed}]},
    }
    resources = [Resource(kind[-3:], kind, properties if is_told else {}) for kind, properties in told.items()]
    app = App("shop", "dev", (), tags=tags)
    queue, parameter, group, launch = (made.properties for made in with_app_wide_settings(app, resources))
    expected = {**tags, **(own if is_told else {})}
    specifications = launch.get("TagSpecifications") or [{}]
    assert pairs(queue.get("Tags")) == pairs(group.get("Tags")) == expected
    assert pairs(specifications[0].get("Tags")) == dict(parameter.get("Tags") or {}) == expected
    for tag in group.get("Tags") or ():
        assert tag.get("PropagateAtLaunch") == (not (is_told and tag["Key"] in own))


@settings(max_examples=cases(15, deep=1_000))
@given(
    st.lists(
        st.sampled_from(["{app}", "{stage}", "{role}", "{region}", "x" * 20, "-"]), min_size=1, max_size=5, unique=True
    ),
    st.sets(st.text("AB", min_size=1, max_size=40), min_size=2, max_size=4),
)
def test_each_role_has_a_name_of_its_own_that_iam_takes(parts: list[str], roles: set[str]) -> None:
    pattern = "-".join([*dict.fromkeys([*parts, "{role}"])])
    app = App("shop", "dev", ())
    names = {role: role_name(pattern, app, f"{role}Role") for role in roles}
    assert len(set(names.values())) == len(roles)
    for role, name in names.items():
        longest = name.replace("${AWS::Region}", "us-isof-south-1")
        assert re.fullmatch(r"[\w+=,.@-]{1,64}", longest)
        whole = pattern.format(app="shop", stage="dev", role=role, region="${AWS::Region}")
        is_cut = len(whole.replace("${AWS::Region}", "us-isof-south-1")) > 64
        assert (name != whole) == is_cut
        assert ("${AWS::Region}" in name) == ("{region}" in pattern)
