"""A plan that is killed, interrupted, or loses an answer at any of its calls: nothing of it is left after the next."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import pytest
from botocore.exceptions import ConnectionClosedError
from botocore.httpsession import URLLib3Session

from killed import processes
from projects import ORDERS, write
from random_cases import cases, cases_of, in_all_cases
from remit.build import build
from remit.deploy.bootstrap import bootstrap
from remit.deploy.deployment import DeployJob
from remit.deploy.session import Account, connect
from remit.deploy.workflow import deploy
from remit.errors import RemitError
from stacks import everything
from terminals import HANGS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from remit.deploy.deployment import Deployment

T = TypeVar("T")
KILLED = 137


class Work(NamedTuple):
    """A project, and an account that is asked as AWS is; `more` makes its template too large for a request."""

    folder: str
    number: str
    endpoint: str
    more: str

    def account(self) -> Account:
        """The account, for which no client is made yet."""
        os.environ["AWS_ENDPOINT_URL"] = self.endpoint
        keys = {"aws_access_key_id": self.number, "aws_secret_access_key": "local"}
        return connect(region="eu-central-1", credentials=keys)

    def deploy(self, on_call: Callable[[int, Any], Any] = lambda *_: None, *, only_plans: bool = True) -> Deployment:
        """Plan, or deploy; `on_call` hears of each call before it is sent, with its number from 1."""
        account, numbers = self.account(), count(1)
        account.session.events.register("before-send", lambda request, **_: on_call(next(numbers), request))
        built = build(Path(self.folder))
        built = replace(built, body=built.body + self.more)
        try:
            return deploy(DeployJob(built, account, yes=not only_plans, only_plans=only_plans))
        finally:
            for client in account._clients.values():
                client.close()


def plan_until(work: Work, last: int, when: str) -> None:
    """Plan in this process until it is killed at a call, before it is sent or after it was carried out."""

    def die(number: int, request: Any) -> None:
        if number == last:
            if when == "after":
                URLLib3Session().send(request)
            os._exit(KILLED)

    work.deploy(die)


def killed(work: Work, last: int, when: str) -> bool:
    process = processes().Process(target=plan_until, args=(work, last, when))
    process.start()
    process.join(HANGS)
    return bool(process.exitcode == KILLED)


@pytest.fixture(params=cases_of(("there", "new", "large"), 1))
def work(
    request: pytest.FixtureRequest,
    account: Account,
    tmp_path: Path,
    endpoint: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Work:
    """A stage that is there, with its roles; a new one; one whose template CloudFormation reads from the bucket."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    bootstrap(account)
    folder = tmp_path / "orders"
    work = Work(str(folder), account.account, endpoint, " " * 51_200 if request.param == "large" else "")
    write(folder, {"app.py": ORDERS.format(verb="query"), "pyproject.toml": '[project]\nname = "orders"\n'})
    if request.param == "there":
        assert work.deploy(only_plans=False).ok
    write(folder, {"app.py": ORDERS.format(verb="put")})
    return work


def told(deployment: Deployment) -> tuple[Any, ...]:
    plan = deployment.plan
    assert plan is not None
    return plan.kind, plan.changes, [type(one) for one in deployment.unanswered]


def calls_of(work: Work) -> int:
    numbers: list[int] = []
    work.deploy(lambda number, _: numbers.append(number))
    return len(numbers)


def some(points: Sequence[T]) -> Sequence[T]:
    """The point halfway; all of them where all are asked for."""
    every = len(points) // cases(1, deep=len(points))
    return points[every // 2 :: every]


def test_the_next_plan_and_the_next_deploy_end_as_if_no_plan_had_been_killed(work: Work, account: Account) -> None:
    before, expected, number = everything(account), told(work.deploy()), calls_of(work)
    assert everything(account) == before
    for call, when in some([(call, when) for call in range(1, number + 1) for when in ("before", "after")]):
        assert killed(work, call, when)
        assert told(work.deploy()) == expected, (call, when)
        assert everything(account) == before, (call, when)
    assert not killed(work, number + 1, "before")
    assert killed(work, number - 1, "before")
    assert work.deploy(only_plans=False).ok
    after = everything(account)
    assert [status for _, status, _ in after["stacks"]] == [
        "UPDATE_COMPLETE" if before["stacks"] else "CREATE_COMPLETE"
    ]
    assert [name for name in after["change sets"] if name.startswith("remit-plan-")] == []
    assert [key for key, _ in after["objects"] if "/plans/" in key] == []


@in_all_cases
def test_a_plan_whose_answer_is_lost_anywhere_says_the_same_and_leaves_nothing(work: Work, account: Account) -> None:
    before, expected, number = everything(account), told(work.deploy()), calls_of(work)
    for lost in some(range(1, number + 1)):

        def lose(call: int, request: Any, lost: int = lost) -> None:
            if call == lost:
                URLLib3Session().send(request)
                raise ConnectionClosedError(endpoint_url=request.url)

        assert told(work.deploy(lose)) == expected, lost
        assert everything(account) == before, lost


@in_all_cases
def test_a_plan_that_a_signal_stops_anywhere_leaves_nothing(work: Work, account: Account) -> None:
    before, number = everything(account), calls_of(work)
    for last in some(range(1, number + 1)):

        def interrupt(call: int, request: Any, last: int = last) -> None:
            if call == last:
                with suppress(Exception):
                    URLLib3Session().send(request)
                raise KeyboardInterrupt(signal.SIGTERM)

        with pytest.raises(RemitError) as ended:
            work.deploy(interrupt)
        assert ended.value.exit_code == 128 + signal.SIGTERM
        assert everything(account) == before, last
