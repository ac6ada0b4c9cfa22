"""Send jobs that crash, hang, fail or arrive twice through two local queues, and count what became of them.

    python bench/jobs.py [--count 2000] [--seed 1] [--json]

Each job notes its end in a ledger, with one write. What is injected is drawn by the seed, as often in each thousand:

- 2 % end their worker with `os._exit` in their first run, and 1 % hang in it until their own time-out;
- 0.2 % block that time-out, so that Lambda ends them;
- 1 % are poison: they fail in each of their runs;
- 5 % are sent again with the same id, half of them at once, the others after all jobs.

Half of the jobs have `once=True`. A job is lost that has neither finished nor stands in a dead-letter queue.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measure import Command, environment, machine, remit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_CONFIG = """
from remit import configure

with configure() as config:
    config.job.enable = True
    config.job.queues = {{"default": {{"backoff": 1}}, "mail": {{"backoff": 1}}}}
    config.lambda_.function.timeout = 4
    config.lambda_.function.environment = {{"LEDGER": {ledger!r}}}
"""
_APP = """
import os
import signal
import time

from remit import App

app = App()


def run(number, fate):
    if fate == "poison":
        raise ValueError(f"job {number} is poison")
    if fate is not None and first_run(number):
        if fate == "exit":
            os._exit(1)
        if fate == "stuck":
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
        time.sleep(60)
    note(number)


def first_run(number):
    try:
        os.close(os.open(f"{os.environ['LEDGER']}.{number}", os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


def note(number):
    line = f"{number} at {time.time():.3f} in process {os.getpid()}\\n"
    ledger = os.open(os.environ["LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(ledger, line.encode())
    os.close(ledger)


@app.job(timeout=1, retries=2)
def runs(number, fate):
    run(number, fate)


@app.job(timeout=1, retries=2, once=True)
def runs_once(number, fate):
    run(number, fate)


@app.job(queue="mail", timeout=1, retries=2)
def mails(number, fate):
    run(number, fate)


@app.job(queue="mail", timeout=1, retries=2, once=True)
def mails_once(number, fate):
    run(number, fate)
"""
_QUEUES = {"JobDefaultQueue": ("runs", "runs_once"), "JobMailQueue": ("mails", "mails_once")}
"""The queues by their logical ids, each with its job that may run again and its job that may not."""
_DEAD_LETTERS = {"JobDefaultQueue": "JobDefaultDeadLetterQueue", "JobMailQueue": "JobMailDeadLetterQueue"}
_STACK = "jobs-dev"
_WAITING = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
_LONGEST_STANDSTILL = 180
"""Seconds without a finished job after which the run is given up: six times a worker's time-out is 24."""


@dataclass(frozen=True, slots=True)
class SentJob:
    """A job that was sent: its queue, whether it has `once=True`, what is injected, and how often it is sent."""

    number: int
    queue: str
    once: bool
    fate: str | None
    repeat: str | None
    """When it is sent again with the same id: "at once", "later", or never."""

    @property
    def body(self) -> str:
        """The message, with an id of its own, as remit's runtime reads it."""
        job = _QUEUES[self.queue][self.once]
        return json.dumps(
            {"job": f"app:{job}", "id": f"sending-{self.number}", "arguments": [self.number, self.fate], "options": {}}
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the jobs. The first four must be 0."""

    lost: int
    once_finished_twice: int
    poison_without_reason: int
    strays: int
    """Jobs in a dead-letter queue that are no poison."""
    finished: int
    poison_in_dead_letters: int
    others_finished_twice: int
    """Jobs without `once=True`, which SQS may deliver twice."""
    crashed_workers: int
    """As many as end with `os._exit`, unless the AWS on this machine has ended others."""
    timed_out_workers: int
    seconds: float


def main() -> None:
    """Send, wait, count and print; exit with 1 where a job was lost, finished twice or has no reason."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=2000, help="jobs (default 2000)")
    parser.add_argument("--seed", type=int, default=1, help="draws which jobs crash, hang, fail or come twice")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    jobs = _drawn_jobs(options.count, options.seed)
    with tempfile.TemporaryDirectory(prefix="remit-bench-") as temporary:
        folder = Path(temporary) / "jobs"
        ledger = Path(temporary) / "ledger"
        _write_app(folder, ledger)
        try:
            aws = json.loads(_output(folder, "local", "start", "--json"))
            _output(folder, "deploy", "--local", "--yes")
            outcome = _run(jobs, ledger, aws)
        finally:
            _output(folder, "local", "stop")
    if options.json:
        document = {"machine": machine(), "jobs": len(jobs), "injected": _injected(jobs), "outcome": asdict(outcome)}
        print(json.dumps(document, indent=2))
    else:
        _print(jobs, outcome)
    mistakes = outcome.lost + outcome.once_finished_twice + outcome.poison_without_reason + outcome.strays
    sys.exit(1 if mistakes else 0)


def _drawn_jobs(count: int, seed: int) -> list[SentJob]:
    """The jobs, with what is injected: each thousand of them has every place from 0 to 999 once, in an order drawn."""
    draw = random.Random(seed)  # noqa: S311 - no secret: the seed gives the same jobs again
    places: list[int] = []
    while len(places) < count:
        places += draw.sample(range(1000), 1000)
    return [_job(number, places[number]) for number in range(count)]


def _job(number: int, place: int) -> SentJob:
    """Job `number`, with what is injected at this place in a thousand."""
    fates = {"exit": range(20), "hang": range(20, 30), "stuck": range(30, 32), "poison": range(32, 42)}
    repeats = {"at once": range(500, 525), "later": range(525, 550)}
    return SentJob(
        number=number,
        queue="JobDefaultQueue" if number % 2 else "JobMailQueue",
        once=number // 2 % 2 == 0,
        fate=_name_at(place, fates),
        repeat=_name_at((place * 3 + 1) % 1000, repeats),
    )


def _name_at(place: int, ranges: Mapping[str, range]) -> str | None:
    return next((name for name, places in ranges.items() if place in places), None)


def _write_app(folder: Path, ledger: Path) -> None:
    (folder / "config").mkdir(parents=True)
    (folder / "app.py").write_text(_APP, "utf-8")
    (folder / "config" / "deploy.py").write_text(_CONFIG.format(ledger=str(ledger)), "utf-8")


def _output(folder: Path, *arguments: str) -> str:
    program, variables = remit()
    command = Command((*program, *arguments), folder, {**environment(folder.parent), **variables})
    done = subprocess.run(
        command.arguments, cwd=folder, env=dict(command.variables), check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


def _run(jobs: list[SentJob], ledger: Path, aws: dict[str, Any]) -> Outcome:
    urls = _queue_urls(_client(aws, "cloudformation"))
    sqs = _client(aws, "sqs")
    start = time.monotonic()
    _send(sqs, urls, jobs)
    _wait_until_empty(sqs, [urls[queue] for queue in _QUEUES], ledger)
    seconds = time.monotonic() - start
    reasons = dict(chain.from_iterable(_reasons(sqs, urls[queue]) for queue in _DEAD_LETTERS.values()))
    lines = _lines(ledger)
    ends = Counter(int(line.split()[0]) for line in lines)
    outcome = _outcome(jobs, ends, reasons, _worker_ends(_client(aws, "logs")), seconds)
    _print_twice(jobs, lines)
    return outcome


def _client(aws: dict[str, Any], service: str) -> Any:
    import boto3  # noqa: PLC0415 - here, since remit brings it: `--help` works without

    keys = aws["environment"]
    return boto3.client(
        service,
        endpoint_url=aws["url"],
        region_name=aws["region"],
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
    )


def _queue_urls(cloudformation: Any) -> dict[str, str]:
    resources = cloudformation.describe_stack_resources(StackName=_STACK)["StackResources"]
    return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}


def _send(sqs: Any, urls: Mapping[str, str], jobs: list[SentJob]) -> None:
    """Send each job to its queue, and some of them again: at once, or after all."""
    at_once = list(chain.from_iterable([job] * (2 if job.repeat == "at once" else 1) for job in jobs))
    for job_list in (at_once, [job for job in jobs if job.repeat == "later"]):
        for queue in _QUEUES:
            for batch in _batches([job for job in job_list if job.queue == queue]):
                entries = [{"Id": str(place), "MessageBody": job.body} for place, job in enumerate(batch)]
                answer = sqs.send_message_batch(QueueUrl=urls[queue], Entries=entries)
                if answer.get("Failed"):
                    sys.exit(f"SQS took no message: {answer['Failed']}")


def _batches(jobs: list[SentJob]) -> Iterator[list[SentJob]]:
    """Jobs by ten, as many as SQS takes at once."""
    for start in range(0, len(jobs), 10):
        yield jobs[start : start + 10]


def _wait_until_empty(sqs: Any, urls: list[str], ledger: Path) -> None:
    """Wait until no queue has a message that waits, runs or is delayed."""
    progress, since = (-1, -1), time.monotonic()
    while True:
        waiting = sum(_messages(sqs, url) for url in urls)
        if waiting == 0:
            return
        now = (waiting, len(_lines(ledger)))
        if now != progress:
            progress, since = now, time.monotonic()
        if time.monotonic() - since > _LONGEST_STANDSTILL:
            sys.stderr.write(f"given up: {waiting} messages have stood in their queues for {_LONGEST_STANDSTILL} s\n")
            return
        time.sleep(1)


def _messages(sqs: Any, url: str) -> int:
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(_WAITING))["Attributes"]
    return sum(int(attributes[name]) for name in _WAITING)


def _lines(ledger: Path) -> list[str]:
    return ledger.read_text("utf-8").splitlines() if ledger.exists() else []


def _reasons(sqs: Any, url: str) -> Iterator[tuple[int, str]]:
    """The jobs in a dead-letter queue by their numbers, each with its reason."""
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]).get(
        "Messages"
    ):
        for message in messages:
            attributes = message.get("MessageAttributes", {})
            yield json.loads(message["Body"])["arguments"][0], attributes.get("Reason", {}).get("StringValue", "")
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def _worker_ends(logs: Any) -> Counter[str]:
    """How often Lambda has ended a worker, by the status that it reports of the invocation: `error`, `timeout`."""
    ends: Counter[str] = Counter()
    for group in logs.describe_log_groups()["logGroups"]:
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group["logGroupName"], filterPattern='"Status: "'
        )
        for page in pages:
            ends.update(event["message"].partition("Status: ")[2].split()[0] for event in page["events"])
    return ends


def _outcome(
    jobs: list[SentJob], ends: Counter[int], reasons: Mapping[int, str], workers: Counter[str], seconds: float
) -> Outcome:
    poison = {job.number for job in jobs if job.fate == "poison"}
    with_reason = {number for number in poison if reasons.get(number)}
    twice = [job for job in jobs if ends[job.number] > 1]
    return Outcome(
        lost=sum(job.number not in ends and job.number not in reasons for job in jobs),
        once_finished_twice=sum(job.once for job in twice),
        poison_without_reason=len(poison - with_reason),
        strays=len(reasons.keys() - poison),
        finished=len(ends),
        poison_in_dead_letters=len(poison & reasons.keys()),
        others_finished_twice=sum(not job.once for job in twice),
        crashed_workers=workers["error"],
        timed_out_workers=workers["timeout"],
        seconds=seconds,
    )


def _print_twice(jobs: list[SentJob], lines: list[str]) -> None:
    """Say of each job that should have finished once where and when it did."""
    ends: dict[int, list[str]] = {}
    for line in lines:
        ends.setdefault(int(line.split()[0]), []).append(line)
    for job in jobs:
        if job.once and len(ends.get(job.number, ())) > 1:
            sys.stderr.write(f"{job}: {ends[job.number]}\n")


def _injected(jobs: list[SentJob]) -> dict[str, int]:
    fates = Counter(job.fate for job in jobs if job.fate is not None)
    return {
        "os._exit": fates["exit"],
        "own time-out": fates["hang"],
        "time-out of Lambda": fates["stuck"],
        "poison": fates["poison"],
        "sent again": sum(job.repeat is not None for job in jobs),
        "with once=True": sum(job.once for job in jobs),
    }


def _print(jobs: list[SentJob], outcome: Outcome) -> None:
    print(f"{machine()}; {len(jobs):,} jobs in {outcome.seconds:.0f} s\n")
    for name, number in _injected(jobs).items():
        print(f"{name:<44}{number:>8,}")
    print()
    rows = {
        "lost (must be 0)": outcome.lost,
        "once=True, finished twice (must be 0)": outcome.once_finished_twice,
        "poison without its reason (must be 0)": outcome.poison_without_reason,
        "put aside, but no poison (must be 0)": outcome.strays,
        "finished": outcome.finished,
        "poison in a dead-letter queue": outcome.poison_in_dead_letters,
        "without once=True, finished twice": outcome.others_finished_twice,
        "workers that crashed": outcome.crashed_workers,
        "workers that Lambda ended": outcome.timed_out_workers,
    }
    for name, number in rows.items():
        print(f"{name:<44}{number:>8,}")


if __name__ == "__main__":
    main()
