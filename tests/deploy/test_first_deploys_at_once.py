"""Several first deploys of one stack at once: one wins, the others say who deploys, and nobody takes anything away."""

from __future__ import annotations

import os
import sys
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from killed import processes, work_until
from random_cases import cases_of, in_all_cases
from remit.deploy.changeset import PlanRequest, discard, plan
from remit.deploy.execute import execute
from remit.deploy.stack import describe, settled
from remit.errors import RemitError
from stacks import READ, WAITING, end_waiting, template
from terminals import HANGS

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.deploy.session import Account

NAME = "orders-dev"
WRITES = ("CreateChangeSet", "DescribeChangeSet", "ExecuteChangeSet", "DescribeStackEvents")


def first_deploy(account: Account, number: int, barrier: Any) -> None:
    """Plan, wait until all have planned, execute; the process ends with a command's exit code."""
    try:
        planned = plan(account, PlanRequest(NAME, template(READ, note=f"the deploy of process {number}")))
        if barrier is not None:
            barrier.wait(HANGS)
        if planned is not None:
            execute(account, planned, lambda _: None)
    except RemitError as error:
        sys.exit(error.exit_code)


def stacks_and_resources(account: Account) -> tuple[list[str], int, int, int]:
    """The states of all stacks that are there; how many change sets wait, roles and queues there are."""
    cloudformation = account.client("cloudformation")
    summaries = cloudformation.list_change_sets(StackName=NAME)["Summaries"]
    return (
        [stack["StackStatus"] for stack in cloudformation.describe_stacks()["Stacks"]],
        sum(summary["ExecutionStatus"] == "AVAILABLE" for summary in summaries),
        len(account.client("iam").list_roles()["Roles"]),
        len(account.client("sqs").list_queues().get("QueueUrls", [])),
    )


@in_all_cases
def test_of_three_that_have_planned_one_wins_and_the_others_exit_75(account: Account) -> None:
    barrier = processes().Barrier(3)
    racing = [
        processes().Process(
            target=work_until, args=("", account.account, str(account.endpoint), first_deploy, number, barrier)
        )
        for number in range(3)
    ]
    for process in racing:
        process.start()
    for process in racing:
        process.join(HANGS)
    assert sorted(process.exitcode or 0 for process in racing) == [0, 75, 75]
    assert stacks_and_resources(account) == (["CREATE_COMPLETE"], 0, 1, 1)


@pytest.mark.parametrize(("operation", "when"), cases_of(tuple(product(WRITES, ("before", "after"))), 1))
def test_one_of_three_that_is_killed_at_any_call_takes_nothing_from_the_others(
    account: Account, operation: str, when: str
) -> None:
    killed = f"cloudformation.{operation} {when}"
    racing = [
        processes().Process(
            target=work_until, args=(point, account.account, str(account.endpoint), first_deploy, number, None)
        )
        for number, point in enumerate((killed, "", ""))
    ]
    for process in racing:
        process.start()
    for process in racing:
        process.join(HANGS)
    assert {process.exitcode for process in racing[1:]} <= {0, 75}
    settled(account, NAME, wait=True)
    again = plan(account, PlanRequest(NAME, template(READ, note="again")))
    assert again is None or execute(account, again, lambda _: None).ok
    assert stacks_and_resources(account)[1:] == (0, 1, 1)


def test_a_plan_that_is_thrown_away_leaves_anothers_plan_in_place(
    account: Account, join: Callable[..., Account]
) -> None:
    other = join(account.account)
    mine = plan(account, PlanRequest(NAME, template(READ, note="mine")))
    theirs = plan(other, PlanRequest(NAME, template(READ, note="theirs")))
    assert mine is not None
    assert theirs is not None
    assert mine.stack_id == theirs.stack_id
    discard(account, mine)
    assert execute(other, theirs, lambda _: None).ok
    discard(account, mine)
    assert describe(account, NAME) is not None


def test_who_deploys_is_named_by_user_machine_and_arn(account: Account, join: Callable[..., Account]) -> None:
    slow = plan(account, PlanRequest(NAME, template(READ)))
    winning = plan(join(account.account), PlanRequest(NAME, template(READ, resources=WAITING)))
    assert slow is not None
    assert winning is not None
    account.client("cloudformation").execute_change_set(ChangeSetName=winning.change_set, StackName=winning.stack_id)
    for attempt in (
        lambda: execute(account, slow, lambda _: None),
        lambda: plan(account, PlanRequest(NAME, template())),
    ):
        with pytest.raises(RemitError) as refusal:
            attempt()
        assert refusal.value.exit_code == 75
        assert refusal.value.message.startswith("somebody else is deploying orders-dev since 20")
        assert refusal.value.message.endswith(f"@{os.uname().nodename}, arn:aws:iam::{account.account}:root")
    end_waiting(account.client("cloudformation"), NAME)
    settled(account, NAME, wait=True)


def test_a_first_deploy_that_comes_second_says_who_was_first(account: Account, join: Callable[..., Account]) -> None:
    slow = plan(account, PlanRequest(NAME, template(READ, note="slow")))
    quick = plan(join(account.account), PlanRequest(NAME, template(READ, note="quick")))
    assert slow is not None
    assert quick is not None
    assert execute(account, quick, lambda _: None).ok
    with pytest.raises(RemitError, match="somebody else was first to deploy orders-dev, at 20") as refusal:
        execute(account, slow, lambda _: None)
    assert refusal.value.exit_code == 75
