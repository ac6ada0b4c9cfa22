"""The deployer's policy of each example suffices for its stack's whole life, and no action of it can be left out.

Not in the usual run, as it deploys a stack for each action: `make deep`.
"""

from __future__ import annotations

import json
import shutil
import time
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from remit.build import build
from remit.cli import main
from remit.iam.decide.evaluate import Layers
from remit.iam.policy import parse
from remit.local import aws
from remit.local.control.clients import client_arguments, limited_credentials, session

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES: Final = Path(__file__).parents[2] / "examples"
CHANGES: Final = {
    "AWS::IAM::Role": {"Description": "changed"},
    "AWS::Lambda::Function": {"Timeout": 7},
    "AWS::Logs::LogGroup": {"RetentionInDays": 7},
    "AWS::SQS::Queue": {"DelaySeconds": 1},
}
"""A property of each type that an update changes."""
OF_UPDATES: Final = ("*:Update*", "*:Untag*", "*:Put*", "*:Set*", "*:PATCH", "*:Modify*")
"""What only updates call, which are not made here of every type."""
OF_REMIT: Final = ("arn:aws:cloudformation:*", "arn:aws:s3:::remit-artefacts-*")
"""What remit itself calls operations on (tests/deploy/test_enforced.py)."""
DRIVING: Final = {"Effect": "Allow", "Action": "cloudformation:*", "Resource": "*"}
"""What it takes to change a stack as these tests do, without change sets."""
LIFE: Final = ["CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE"]


class Stacks:
    """An example's stack in the AWS on this machine, made, changed and deleted with a policy."""

    def __init__(self, folder: Path, running: aws.LocalAws) -> None:
        self.aws = running
        self.name = f"{folder.name}-dev"
        self.body = build(folder, None, for_this_machine=True).body
        self.everything = session(running).client("cloudformation", **client_arguments(running))

    def life(self, document: dict[str, Any]) -> list[str]:
        """The states that a stack comes to when it is made, changed and deleted with a policy, to the first failure."""
        driving = {**document, "Statement": [*document["Statement"], DRIVING]}
        limited = limited_credentials(self.aws, "deployer", Layers((parse(driving),)))
        cloudformation = session(self.aws).client("cloudformation", **{**client_arguments(self.aws), **limited})
        options = {"Capabilities": ["CAPABILITY_NAMED_IAM"]}
        stack = cloudformation.create_stack(StackName=self.name, TemplateBody=self.body, **options)["StackId"]
        states = [self.state(stack)]
        if states[-1] == LIFE[0]:
            cloudformation.update_stack(StackName=stack, TemplateBody=changed(self.body), **options)
            states.append(self.state(stack))
        if states[-1] == LIFE[1]:
            cloudformation.delete_stack(StackName=stack)
            states.append(self.state(stack))
        self.everything.delete_stack(StackName=stack)
        self.state(stack)
        return states

    def state(self, stack: str) -> str:
        """The state of a stack at rest."""
        while True:
            state = str(self.everything.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"])
            if not state.endswith("IN_PROGRESS"):
                return state
            time.sleep(0.02)


def changed(body: str) -> str:
    template = json.loads(body)
    for resource in template["Resources"].values():
        resource.setdefault("Properties", {}).update(CHANGES.get(resource["Type"], {}))
    return json.dumps(template)


@pytest.fixture(params=["orders", "parcels", "shop"])
def example(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / request.param
    shutil.copytree(EXAMPLES / request.param, folder, ignore=shutil.ignore_patterns(".remit"))
    yield folder
    aws.stop(folder)


def test_the_deployers_policy_suffices_and_no_action_of_it_can_be_left_out(
    example: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["policy", "deployer", "-C", str(example), "--region", "us-east-1", "--account", "000000000000"])
    policy = json.loads(capsys.readouterr().out)
    for statement in policy["Statement"]:
        if isinstance(statement["Action"], str):
            statement["Action"] = [statement["Action"]]
    running = aws.start(example, region="us-east-1")
    with pytest.raises(SystemExit):  # its zips are in the bucket then
        main(["deploy", "-C", str(example), "--local", "--yes", "--region", "us-east-1"])
    with pytest.raises(SystemExit):
        main(["delete", "-C", str(example), "--local", "--yes-delete", "all", "--region", "us-east-1"])
    stacks = Stacks(example, running)
    assert stacks.life(policy) == LIFE
    superfluous = []
    for place, statement in enumerate(policy["Statement"]):
        if any(fnmatchcase(str(statement["Resource"]), pattern) for pattern in OF_REMIT):
            continue
        for action in statement["Action"]:
            if any(fnmatchcase(action, pattern) for pattern in OF_UPDATES):
                continue
            lesser = json.loads(json.dumps(policy))
            lesser["Statement"][place]["Action"].remove(action)
            if not lesser["Statement"][place]["Action"]:
                del lesser["Statement"][place]
            if stacks.life(lesser) == LIFE:
                superfluous.append(action)
    assert superfluous == []
