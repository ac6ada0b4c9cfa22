"""Managed policies of the account, on the AWS of this machine: made of their files, and a boundary even without one."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from random_cases import in_all_cases
from remit.deploy.local_preparation import make_policies
from remit.iam.policy import parse
from remit.triggers.existing_sources import BOUNDARY, ExistingSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from remit.deploy.session import Account

    Remit = Callable[..., tuple[int, str, str]]

CONFIG = """
from remit import aws, config
config.lambda_.iam.permissions_boundary = f"arn:{aws.partition}:iam::{aws.account}:policy/teams/company"
"""
APP = """
import boto3

from remit import App, aws, grants

app = App()


@app.function(policy=[grants.ssm.put("/count")])
def count(event, context):
    boto3.client("ssm").put_parameter(Name="/count", Value="1", Type="String", Overwrite=True)
    return "counted"
"""
WITH_POLICY = APP.replace(
    "@app.function(", '@app.function(managed_policy=[f"arn:{aws.partition}:iam::{aws.account}:policy/shared"], '
)
NO_PARAMETERS = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "NotAction": "ssm:*", "Resource": "*"}}


@pytest.fixture
def company(project: Path) -> Iterator[Path]:
    """The project with a boundary that the company writes, and no texts of policies."""
    (project / "config").mkdir(exist_ok=True)
    (project / "config" / "deploy.py").write_text(CONFIG)
    (project / "app.py").write_text(APP)
    yield project
    shutil.rmtree(project / "config")


def write_policy(project: Path, name: str, text: str) -> None:
    folder = project / "config" / "policies"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(text)


def test_a_boundary_holds_as_its_file_says_and_without_one_everything_is_within_it(
    remit: Remit, company: Path, elsewhere: Account
) -> None:
    code, _, err = remit("deploy", "--yes")
    assert 0 == code
    assert (
        "note: permissions boundary teams/company is not on this machine: "
        "one that allows everything stands in, until there is config/policies/company.json"
    ) in err
    assert (0, '"counted"\n') == remit("invoke", "count")[:2]
    write_policy(company, "company", json.dumps(NO_PARAMETERS))
    assert 0 == remit("deploy", "--yes")[0]
    code, out, _ = remit("invoke", "count")
    assert (1, True) == (code, "because no permissions boundary allows the ssm:PutParameter action" in out)
    arn = "arn:aws:iam::000000000000:policy/teams/company"
    assert 1 == len(elsewhere.client("iam").list_policy_versions(PolicyArn=arn)["Versions"])


def test_a_managed_policy_of_the_account_is_made_of_its_file(remit: Remit, company: Path) -> None:
    (company / "app.py").write_text(WITH_POLICY)
    code, _, err = remit("deploy", "--yes")
    assert 2 == code
    assert "error: managed policy shared, for count, does not exist on this machine" in err
    assert "hint: write its text into config/policies/shared.json: a deploy makes it from there" in err
    write_policy(company, "shared", "[]")
    code, _, err = remit("deploy", "--yes")
    assert (2, True) == (code, "config/policies/shared.json holds no single policy document" in err)
    write_policy(company, "shared", json.dumps(NO_PARAMETERS))
    assert 0 == remit("deploy", "--yes")[0]


def test_a_policy_that_is_there_and_says_the_same_is_left_alone(elsewhere: Account) -> None:
    policy = parse(NO_PARAMETERS)
    built: Any = SimpleNamespace(
        must_exist=(ExistingSource(BOUNDARY, "kept", "", ("count",)),),
        app=SimpleNamespace(policies={}),
        namespace="orders",
    )
    notes: list[str] = []
    versions = []
    for policies in ({}, {}, {"kept": policy}, {"kept": policy}):
        built.app.policies = policies
        make_policies(built, elsewhere, notes.append)
        arn = f"arn:aws:iam::{elsewhere.account}:policy/kept"
        versions.append(elsewhere.client("iam").get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"])
    elsewhere.client("iam").delete_policy(PolicyArn=arn)
    stand_in, again, of_file, of_file_again = versions
    assert (1, stand_in, of_file) == (len(notes), again, of_file_again)
    assert of_file != stand_in


IN_A_VPC = """
import boto3

from remit import App

app = App()


def manage():
    ec2 = boto3.client("ec2")
    interface = {"NetworkInterfaceId": "eni-1"}
    calls = {
        "create_network_interface": {"SubnetId": "subnet-1"},
        "delete_network_interface": interface,
        "describe_network_interfaces": {},
        "describe_subnets": {},
        "assign_private_ip_addresses": interface,
        "unassign_private_ip_addresses": {**interface, "PrivateIpAddresses": ["10.0.0.1"]},
        "describe_vpcs": {},
    }
    answers = {}
    for name, parameters in calls.items():
        try:
            getattr(ec2, name)(**parameters)
        except Exception as error:
            answers[name] = error.response["Error"]["Code"]
    return answers


@app.function
def count(event, context):
    return manage()


@app.function(policy=["ec2:DescribeSubnets"])
def look(event, context):
    return manage()
"""
VPC = 'config.lambda_.function.vpc_config = {"SecurityGroupIds": ["sg-1"], "SubnetIds": ["subnet-1"]}\n'


@in_all_cases
def test_the_code_of_a_function_in_a_vpc_is_denied_each_call_on_network_interfaces(remit: Remit, company: Path) -> None:
    (company / "config" / "deploy.py").write_text(f"from remit import config\n{VPC}")
    (company / "app.py").write_text(IN_A_VPC)
    assert 0 == remit("deploy", "--yes")[0]
    count = json.loads(remit("invoke", "count")[1])
    assert ({"UnauthorizedOperation"}, 7) == (set(count.values()), len(count))
    look = json.loads(remit("invoke", "look")[1])
    assert count.keys() - look.keys() == {"describe_subnets"}


HIDDEN = """
from shared.resources.data import Data

from remit import App

app = App()


@app.function
def count(event, context):
    return getattr(Data, "look" + "up")("region")
"""
OUTPUT = "from remit import Shared, aws, output\n\n\nclass Data(Shared):\n    region = output(aws.region)\n"


def test_a_look_up_that_the_code_hides_is_denied_at_its_line_with_what_to_write(remit: Remit, company: Path) -> None:
    (company / "config" / "deploy.py").write_text("from remit import config\n")
    (company / "shared/resources").mkdir(parents=True, exist_ok=True)
    (company / "shared/resources/data.py").write_text(OUTPUT)
    (company / "app.py").write_text(HIDDEN)
    assert 0 == remit("deploy", "--yes")[0]
    code, out, err = remit("invoke", "count")
    assert (1, True) == (code, "declare it with `reads=[Data]`" in out)
    assert "denied: cloudformation:DescribeStacks" in err
    assert "(app.py:11)" in err
    (company / "app.py").write_text(HIDDEN.replace("@app.function", "@app.function(reads=[Data])"))
    assert 0 == remit("deploy", "--yes", "--require-approval", "never")[0]
    assert (0, '"eu-central-1"\n') == remit("invoke", "count")[:2]
