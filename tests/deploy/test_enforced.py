"""The commands that talk to AWS, with no more than the printed deployer's policy: a door before the AWS enforces it."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from enforcing import Door, serve
from remit.iam.policy import Policy, allow, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(__file__).parents[2] / "src"
REGION = "eu-central-1"
NUMBERS = itertools.count(555_500_000_000)
APP = """
from remit import App

app = App()


@app.function(timeout={timeout})
def report(event, context):
    return "ok"
"""
SHARED = """
from remit import Shared, resource


class Data(Shared):
    queue = resource("AWS::SQS::Queue")
"""
FAILING = """
from remit import Shared, resource


class Data(Shared):
    queue = resource("AWS::SQS::Queue", visibility_timeout=60)
    handle = resource("AWS::CloudFormation::WaitConditionHandle")
    wait = resource("AWS::CloudFormation::WaitCondition", handle=handle.ref, timeout="1")
"""


class Shop:
    """A project, and the account of somebody who may do what the door's policy says."""

    def __init__(self, folder: Path, door: Door, address: str) -> None:
        self.folder, self.door, self.address = folder, door, address
        self.number = str(next(NUMBERS))
        (folder / "shared/resources").mkdir(parents=True)
        (folder / "pyproject.toml").write_text('[project]\nname = "shop"\nversion = "1"\n')
        self.write(30, SHARED)
        printed = self.remit("policy", "deployer", "--region", REGION, "--account", self.number)
        self.policy = parse(json.loads(printed[1]))
        door.policy = self.policy

    def write(self, timeout: int, shared: str) -> None:
        (self.folder / "app.py").write_text(APP.format(timeout=timeout))
        (self.folder / "shared/resources/data.py").write_text(shared)

    def remit(self, *arguments: str) -> tuple[int, str, str]:
        """Run a command as its user does, whose credentials are the account's."""
        done = subprocess.run(
            [sys.executable, "-m", "remit", *arguments],
            cwd=self.folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "PYTHONPATH": str(SOURCE),
                "AWS_ACCESS_KEY_ID": self.number,
                "AWS_SECRET_ACCESS_KEY": "local",
                "AWS_REGION": REGION,
                "AWS_ENDPOINT_URL": self.address,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return done.returncode, done.stdout, done.stderr

    def life(self) -> list[int]:
        """The exit codes of a stack's life: made, again, changed, failed and rolled back, shown, taken away."""
        codes = [self.remit("deploy", "--yes")[0], self.remit("deploy", "--yes")[0]]
        self.write(31, SHARED)
        codes.append(self.remit("deploy", "--yes")[0])
        self.write(32, FAILING)
        codes.append(self.remit("deploy", "--yes")[0])
        codes.append(self.remit("status")[0])
        codes.append(self.remit("delete", "--yes")[0])
        return codes


@pytest.fixture
def shop(endpoint: str, tmp_path: Path) -> Iterator[Shop]:
    door = Door(endpoint)
    server = serve(door)
    yield Shop(tmp_path, door, f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()


def without(policy: Policy, place: int) -> Policy:
    return replace(policy, statements=(*policy.statements[:place], *policy.statements[place + 1 :]))


def test_a_stacks_whole_life_passes_with_the_printed_policy_alone(shop: Shop) -> None:
    assert shop.life() == [0, 0, 0, 1, 0, 0]
    assert shop.door.refused == []
    services = {action.partition(":")[0] for action, _ in shop.door.asked}
    assert services == {"cloudformation", "iam", "lambda", "s3"}


@pytest.mark.parametrize("start", ["arn:aws:cloudformation:", "arn:aws:s3:::remit-artefacts-"])
def test_without_any_one_statement_about_what_remit_calls_it_is_refused(shop: Shop, start: str) -> None:
    """What CloudFormation calls on its own is not seen here: `test_deployer` holds these against the handlers."""
    places = [
        place
        for place, statement in enumerate(shop.policy.statements)
        if statement.resources is not None and statement.resources.patterns[0].startswith(start)
    ]
    assert places
    for place in places:
        shop.door.policy = without(shop.policy, place)
        shop.door.refused.clear()
        assert 0 != shop.remit("deploy", "--yes")[0]
        assert shop.door.refused
    shop.door.policy = shop.policy
    shop.remit("delete", "--yes")


def test_a_refusal_is_told_with_the_action_that_is_missing(shop: Shop) -> None:
    shop.door.policy = Policy(())
    code, out, talk = shop.remit("deploy", "--yes")
    assert (code != 0, out) == (True, "")
    assert shop.door.refused[0][0] in talk
    assert "Traceback" not in talk


def test_roles_that_may_not_be_read_stop_a_deploy_unless_drift_is_accepted(shop: Shop) -> None:
    assert shop.remit("deploy", "--yes")[0] == 0
    shop.door.policy = Policy((*shop.policy.statements, replace(allow("iam:GetRole"), effect="Deny")))
    code, out, talk = shop.remit("deploy", "--yes")
    assert (code, out) == (1, "")
    assert "may not iam:GetRole on arn:aws:iam::" in talk
    assert "error: nothing was deployed: whether roles were changed by hand is not known\n" in talk
    assert "`--accept-drift` deploys" in talk
    assert shop.remit("deploy", "--revert-drift")[0] == 1
    assert shop.remit("deploy", "--accept-drift")[0] == 0
    assert shop.remit("status")[0] == 0
    shop.door.policy = shop.policy
    shop.remit("delete", "--yes")
