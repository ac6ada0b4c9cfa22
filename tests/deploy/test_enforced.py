"""The commands that talk to AWS, with no more than the printed deployer's policy: a door before the AWS enforces it."""

from __future__ import annotations

import itertools
import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import projects
from enforcing import Door, serve
from projects import inside
from random_cases import in_all_cases
from remit.deploy.bucket import bucket_name
from remit.deploy.session import connect
from remit.iam.policy import Globs, Policy, Statement, allow, parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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
        self.policy, self.for_bootstrap = self.printed(), self.printed("--for", "bootstrap")

    @property
    def credentials(self) -> dict[str, str]:
        """The account's own, with which anything may be done at the AWS itself."""
        return {"aws_access_key_id": self.number, "aws_secret_access_key": "local"}

    def printed(self, *options: str) -> Policy:
        """The deployer's policy as it is printed."""
        place = ("--region", REGION, "--account", self.number)
        return parse(json.loads(self.remit("policy", "deployer", *place, *options)[1]))

    def bootstrap(self) -> None:
        """Have somebody make the bucket who may do that, and be the deployer from then on."""
        self.door.policy = self.for_bootstrap
        assert self.remit("bootstrap")[0] == 0
        self.door.policy = self.policy
        self.door.asked.clear()

    def write(self, timeout: int, shared: str) -> None:
        (self.folder / "app.py").write_text(APP.format(timeout=timeout))
        (self.folder / "shared/resources/data.py").write_text(shared)

    def remit(self, *arguments: str) -> tuple[int, str, str]:
        """Run a command as its user does, whose credentials are the account's."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "AWS_ACCESS_KEY_ID": self.number,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": self.address,
        }
        with inside(self.folder, environment):
            ran = projects.remit(*arguments)
        return ran.status, ran.out, ran.err

    def life(self) -> list[int]:
        """The exit codes of a stack's life: made, again, changed, failed and rolled back, shown, taken away."""
        codes = [self.remit("deploy", "--yes")[0], self.remit("deploy", "--yes")[0]]
        self.write(31, SHARED)
        codes.append(self.remit("deploy", "--yes")[0])
        self.write(32, FAILING)
        codes.append(self.remit("deploy", "--yes")[0])
        codes.append(self.remit("status")[0])
        codes.append(self.remit("delete", "--yes-delete", "all")[0])
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
    shop.bootstrap()
    assert shop.life() == [0, 0, 0, 1, 0, 0]
    assert shop.door.refused == []
    services = {action.partition(":")[0] for action, _ in shop.door.asked}
    assert services == {"cloudformation", "iam", "lambda", "logs", "s3", "sqs"}


@pytest.mark.parametrize("start", ["arn:aws:cloudformation:", "arn:aws:s3:::remit-artefacts-"])
def test_without_any_one_statement_about_what_remit_calls_it_is_refused(shop: Shop, start: str) -> None:
    """What CloudFormation calls on its own is not seen here: `test_deployer` holds these against the handlers."""
    places = [
        place
        for place, statement in enumerate(shop.policy.statements)
        if statement.resources is not None and statement.resources.patterns[0].startswith(start)
    ]
    assert places
    shop.bootstrap()
    for place in places:
        shop.door.policy = without(shop.policy, place)
        shop.door.refused.clear()
        assert 0 != shop.remit("deploy", "--yes")[0]
        assert shop.door.refused
    shop.door.policy = shop.policy
    shop.remit("delete", "--yes-delete", "all")


def test_a_plan_passes_with_what_is_printed_for_it_alone(shop: Shop) -> None:
    shop.bootstrap()
    for_plan = shop.printed("--for", "plan")
    shop.door.policy = for_plan
    assert shop.remit("deploy", "--plan")[0] == 1
    shop.door.policy = shop.policy
    assert shop.remit("deploy", "--first")[0] == 0
    shop.write(31, SHARED.replace("queue", "work"))
    shop.door.policy = for_plan
    code, _, talk = shop.remit("deploy", "--plan")
    assert (code, shop.door.refused) == (1, []), talk
    assert shop.remit("deploy", "--yes", "--yes-delete", "DataQueue")[0] == 2
    shop.door.policy = shop.policy
    shop.remit("delete", "--yes-delete", "all")


@in_all_cases
def test_what_the_caller_may_not_read_is_named_as_not_compared_and_stops_nothing(shop: Shop) -> None:
    shop.bootstrap()
    assert shop.remit("deploy", "--first")[0] == 0
    denial = Statement("Deny", Globs(("sqs:GetQueueAttributes",)), Globs(("*",)))
    shop.door.policy = replace(shop.policy, statements=(*shop.policy.statements, denial))
    told = "not compared: what sqs.GetQueueAttributes tells of DataQueue, which the caller may not read"
    code, _, talk = shop.remit("deploy")
    assert (code, f"note: {told}\n" in talk) == (0, True), talk
    code, out, _ = shop.remit("status")
    assert (code, f"  ? {told}\n" in out) == (0, True), out
    shop.door.policy = shop.policy
    shop.remit("delete", "--yes-delete", "all")


def test_without_the_bucket_a_deploy_stops_before_its_first_write_and_names_the_command(shop: Shop) -> None:
    shop.door.policy = shop.policy
    code, out, talk = shop.remit("deploy", "--yes")
    assert (code, out) == (2, "")
    reads = {"cloudformation:DescribeStacks", "logs:DescribeLogGroups", "s3:ListBucket"}
    assert {action for action, _ in shop.door.asked} == reads
    name = f"remit-artefacts-{shop.number}-{REGION}"
    assert f"error: there is no artefact bucket {name} in account {shop.number}: nothing was deployed\n" in talk
    assert f"hint: `remit bootstrap --region {REGION}` makes it, once for each account and region" in talk


def test_the_command_that_is_named_has_the_profile_that_was_given(shop: Shop) -> None:
    (shop.folder / ".aws").mkdir()
    keys = f"aws_access_key_id = {shop.number}\naws_secret_access_key = local\n"
    (shop.folder / ".aws" / "config").write_text(f"[profile work]\n{keys}")
    talk = shop.remit("deploy", "--yes", "--profile", "work")[2]
    assert f"hint: `remit bootstrap --region {REGION} --profile work` makes it" in talk


def test_the_bucket_is_made_with_the_printed_policy_alone_and_then_there_is_nothing_to_do(shop: Shop) -> None:
    shop.door.policy = shop.for_bootstrap
    name = f"remit-artefacts-{shop.number}-{REGION}"
    place = f"bucket {name} in account {shop.number}, {REGION}"
    assert shop.remit("bootstrap") == (0, f"{place}: made\n", "")
    shop.door.asked.clear()
    assert shop.remit("bootstrap") == (0, f"{place}: nothing to do\n", "")
    assert {action for action, _ in shop.door.asked if ":Put" in action or ":Create" in action} == set()
    assert shop.door.refused == []


def test_what_was_changed_of_the_bucket_is_put_right_and_named(shop: Shop, endpoint: str) -> None:
    shop.bootstrap()
    account = connect(region=REGION, endpoint=endpoint, credentials=shop.credentials)
    account.client("s3").put_bucket_versioning(
        Bucket=bucket_name(account), VersioningConfiguration={"Status": "Suspended"}
    )
    account.client("s3").close()
    shop.door.policy = shop.for_bootstrap
    code, out, _ = shop.remit("bootstrap", "--json")
    assert (code, json.loads(out)) == (
        0,
        {
            "bucket": bucket_name(account), "account": shop.number, "region": REGION, "local": False,
            "made": False, "repaired": ["versioning"],
        },
    )  # fmt: skip


@in_all_cases
def test_with_a_bucket_of_ones_own_the_printed_policy_is_about_that_alone(shop: Shop, endpoint: str) -> None:
    own = f"own-{shop.number}"
    chosen = ("--artefact-bucket", own)
    shop.door.policy = shop.printed(*chosen)
    code, _, talk = shop.remit("deploy", "--yes", *chosen)
    assert (code, f"there is no artefact bucket {own} in account {shop.number}" in talk) == (2, True)
    assert "remit bootstrap" not in talk
    account = connect(region=REGION, endpoint=endpoint, credentials=shop.credentials)
    account.client("s3").create_bucket(Bucket=own, CreateBucketConfiguration={"LocationConstraint": REGION})
    account.client("s3").close()
    assert shop.remit("deploy", "--yes", *chosen)[0] == 0
    assert shop.remit("delete", "--yes-delete", "all", *chosen)[0] == 0
    assert shop.door.refused == []
    buckets = {resource.partition("/")[0] for action, resource in shop.door.asked if action.startswith("s3:")}
    assert buckets == {f"arn:aws:s3:::{own}"}


def test_the_bucket_is_not_made_with_the_deployers_policy(shop: Shop) -> None:
    shop.door.policy = shop.policy
    assert shop.remit("bootstrap")[0] == 2
    assert [action for action, _ in shop.door.refused] == ["s3:CreateBucket"]


def test_without_reading_functions_a_deploy_is_no_success(shop: Shop) -> None:
    shop.bootstrap()
    forbidden = Statement("Deny", Globs(("lambda:GetFunction",)), Globs(("*",)))
    shop.door.policy = Policy((forbidden, *shop.policy.statements))
    code, _, talk = shop.remit("deploy", "--yes")
    assert (code, {action for action, _ in shop.door.refused}) == (2, {"lambda:GetFunction"})
    assert "shop-dev is deployed, but whether its functions run what was built is not known" in talk
    shop.door.policy = shop.policy
    shop.remit("delete", "--yes-delete", "all")


def test_a_refusal_is_told_with_the_action_that_is_missing(shop: Shop) -> None:
    shop.door.policy = Policy(())
    code, out, talk = shop.remit("deploy", "--yes")
    assert (code != 0, out) == (True, "")
    assert shop.door.refused[0][0] in talk
    assert "Traceback" not in talk


def test_roles_that_may_not_be_read_stop_a_deploy_unless_drift_is_accepted(shop: Shop) -> None:
    shop.bootstrap()
    assert shop.remit("deploy", "--yes")[0] == 0
    shop.door.policy = Policy((*shop.policy.statements, replace(allow("iam:GetRole"), effect="Deny")))
    code, out, talk = shop.remit("deploy", "--yes")
    assert (code, out) == (1, "")
    assert "may not iam:GetRole on arn:aws:iam::" in talk
    assert "error: nothing was deployed: whether something was changed by hand is not known\n" in talk
    assert "`--accept-drift` deploys" in talk
    assert shop.remit("deploy", "--revert-drift")[0] == 1
    assert shop.remit("deploy", "--accept-drift")[0] == 0
    assert shop.remit("status")[0] == 0
    shop.door.policy = shop.policy
    shop.remit("delete", "--yes-delete", "all")
