"""A deploy of a production stage that adopts what exists, killed at any of its calls, and the same deploy again."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.httpsession import URLLib3Session

from killed import processes
from projects import ORDERS, write
from random_cases import cases, in_all_cases
from remit.build import build
from remit.deploy.bootstrap import bootstrap
from remit.deploy.deployment import DeployJob
from remit.deploy.session import connect
from remit.deploy.workflow import deploy
from stacks import everything
from terminals import HANGS

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from remit.deploy.session import Account

KILLED = 137
CONFIG = """from remit import configure

with configure() as config:
    config.stages.production = ["dev"]
"""
DATA = """from remit import Shared, resource

class Data(Shared):
    audit = resource("AWS::Logs::LogGroup", log_group_name="audit")
    orders = resource("AWS::SQS::Queue")
"""


class Work(NamedTuple):
    """A project, and an account that is asked as AWS is, with log groups of two names of the app's."""

    folder: str
    number: str
    endpoint: str

    def deploy(self, on_call: Callable[[int, Any], Any] = lambda *_: None) -> list[str]:
        """Deploy, and return the calls; `on_call` hears of each before it is sent, with its number from 1."""
        os.environ["AWS_ENDPOINT_URL"] = self.endpoint
        keys = {"aws_access_key_id": self.number, "aws_secret_access_key": "local"}
        account, numbers, calls = connect(region="eu-central-1", credentials=keys), count(1), []

        def hear(request: Any, event_name: str, **_: Any) -> None:
            calls.append(event_name.rpartition(".")[2])
            on_call(next(numbers), request)

        account.session.events.register("before-send", hear)
        assert deploy(DeployJob(build(Path(self.folder)), account, yes=True, adopt=True)).ok
        for client in account._clients.values():
            client.close()
        return calls


def deploy_until(work: Work, last: int, when: str) -> None:
    """Deploy in this process until it is killed at a call, before it is sent or after it was carried out."""

    def die(number: int, request: Any) -> None:
        if number == last:
            if when == "after":
                URLLib3Session().send(request)
            os._exit(KILLED)

    work.deploy(die)


def state(account: Account) -> dict[str, Any]:
    """All that is in the account, and how its stack is protected."""
    formation = account.client("cloudformation")
    (stack,) = formation.describe_stacks(StackName="orders-dev")["Stacks"]
    changing = {"stacks", "change sets", "objects"}  # how often it was deployed
    return {
        **{name: value for name, value in everything(account).items() if name not in changing},
        "status": stack["StackStatus"],
        "protected": stack["EnableTerminationProtection"],
        "policy": formation.get_stack_policy(StackName="orders-dev")["StackPolicyBody"],
        "log groups": [group["logGroupName"] for group in account.client("logs").describe_log_groups()["logGroups"]],
        "queues": len(account.client("sqs").list_queues()["QueueUrls"]),
    }


@in_all_cases
def test_a_deploy_after_one_that_was_killed_anywhere_has_adopted_and_protected_it_all(
    tmp_path: Path, join: Callable[..., Account], endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    folder = tmp_path / "orders"
    files = {"app.py": ORDERS.format(verb="query"), "config/deploy.py": CONFIG, "shared/resources/data.py": DATA}
    write(folder, {**files, "pyproject.toml": '[project]\nname = "orders"\n'})

    def prepared() -> tuple[Work, Account]:
        account = join()
        bootstrap(account)
        for name in ("audit", "/aws/lambda/orders-dev-report"):
            account.client("logs").create_log_group(logGroupName=name)
        return Work(str(folder), account.account, endpoint), account

    work, account = prepared()
    number = len(work.deploy())
    work.deploy()
    expected = state(account)
    points = [(call, when) for call in range(1, number + 1) for when in ("before", "after")]
    every = len(points) // cases(1, deep=len(points))  # one: halfway
    for call, when in points[every // 2 :: every]:
        work, account = prepared()
        process = processes().Process(target=deploy_until, args=(work, call, when))
        process.start()
        process.join(HANGS)
        assert process.exitcode == KILLED
        work.deploy()
        work.deploy()  # which gives what was imported its own deletion policy and retention
        assert state(account) == expected, (call, when)
        calls = work.deploy()
        assert not {"CreateChangeSet", "SetStackPolicy", "UpdateTerminationProtection"} & set(calls), (call, when)
