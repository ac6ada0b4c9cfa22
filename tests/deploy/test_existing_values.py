"""What the account has already, looked up on the local AWS before a plan, and pinned in it."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from remit.app import ExistingValue
from remit.deploy.existing_values import calls_for_existing
from remit.deploy.existing_vpc import ExistingVpc, look_up_vpc, private_subnets, security_group
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from remit.deploy.session import Account

    Remit = Callable[..., tuple[int, str, str]]

APP = """
import os

from remit import App, existing

app = App()


@app.function(
    vpc_config=existing.vpc("prod"),
    environment={"URL": existing.parameter("/shop/url")},
)
def report(event, context):
    return os.environ["URL"]
"""
TO_INTERNET = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}
TO_NAT = {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"}
INSIDE = {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}


def table(*routes: dict[str, str], subnet: str = "") -> dict[str, Any]:
    """A route table of a subnet, or the main one."""
    association: dict[str, Any] = {"SubnetId": subnet} if subnet else {"Main": True}
    return {"Routes": [INSIDE, *routes], "Associations": [association]}


def vpc(*tables: dict[str, Any], groups: tuple[str, ...] = ()) -> ExistingVpc:
    """A VPC with three subnets."""
    named = tuple({"GroupId": f"sg-{number}", "GroupName": name} for number, name in enumerate(groups))
    return ExistingVpc("prod", "vpc-1", ("subnet-a", "subnet-b", "subnet-c"), tables, named)


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        ((table(), table(TO_INTERNET, subnet="subnet-a")), ("subnet-b", "subnet-c")),
        ((table(TO_INTERNET), table(subnet="subnet-b")), ("subnet-b",)),
        ((table(), table(TO_NAT, subnet="subnet-c")), ("subnet-c",)),
        ((table(), table({**TO_NAT, "State": "blackhole"}, subnet="subnet-c")), ("subnet-a", "subnet-b", "subnet-c")),
    ],
)
def test_private_subnets_are_those_without_an_internet_gateway_and_with_a_way_out_if_some_have_one(
    tables: tuple[dict[str, Any], ...], expected: tuple[str, ...]
) -> None:
    assert expected == private_subnets(vpc(*tables))


def test_a_vpc_whose_subnets_are_all_public_is_an_error() -> None:
    with pytest.raises(RemitError, match=r"VPC prod \(vpc-1\) has no private subnet: every subnet has a route"):
        private_subnets(vpc(table(TO_INTERNET)))


def test_a_security_group_that_is_not_there_is_an_error_with_the_names() -> None:
    with pytest.raises(RemitError, match="has no security group functons") as refused:
        security_group(vpc(groups=("default", "functions")), "functons")
    assert "did you mean `functions`?" == refused.value.hint


def test_a_vpc_is_found_by_its_tag_and_by_its_id_and_two_of_a_name_are_an_error(remote: Account) -> None:
    ec2 = remote.client("ec2")
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "prod"}]}]
    first = ec2.create_vpc(CidrBlock="10.7.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=first, CidrBlock="10.7.1.0/24")["Subnet"]["SubnetId"]
    assert [(first, (subnet,))] * 2 == [
        (existing.id, private_subnets(existing))
        for existing in (look_up_vpc("prod", remote), look_up_vpc(first, remote))
    ]
    assert security_group(look_up_vpc("prod", remote), "default").startswith("sg-")
    second = ec2.create_vpc(CidrBlock="10.8.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"]
    with pytest.raises(RemitError, match=f"2 VPCs .* are named prod: {', '.join(sorted((first, second)))}"):
        look_up_vpc("prod", remote)


@pytest.fixture
def shop(project: Path) -> Iterator[None]:
    """The project with that app, and no local values left over."""
    (project / "app.py").write_text(APP)
    yield
    (project / ".env.local").unlink(missing_ok=True)


@pytest.mark.usefixtures("shop")
def test_what_does_not_exist_stops_the_deploy_at_its_line(remit: Remit, elsewhere: Account) -> None:
    code, _, err = remit("deploy", "--yes")
    assert (2, True) == (code, "error: parameter /shop/url does not exist in 000000000000, eu-central-1" in err)
    assert "--> app.py:11:25\nhint: write its value for this machine into .env.local: /shop/url=…" in err
    elsewhere.client("ssm").put_parameter(Name="/shop/url", Value="x", Type="SecureString")
    assert "error: parameter /shop/url is a SecureString" in remit("deploy", "--yes")[2]
    assert 1 == remit("status")[0], "nothing was deployed"


@pytest.mark.usefixtures("shop")
def test_a_value_is_pinned_in_the_plan_and_deployed_again_when_it_has_changed(remit: Remit, elsewhere: Account) -> None:
    ssm = elsewhere.client("ssm")
    ssm.put_parameter(Name="/shop/url", Value="https://one.example", Type="String")
    code, _, err = remit("deploy", "--yes")
    assert (0, True) == (code, "note: there is no VPC prod on this machine; its default VPC stands in\n" in err)
    assert "looked up for this deploy\n    private subnets of VPC prod: subnet-" in err
    assert "    parameter /shop/url: https://one.example\n" in err
    assert "https://one.example" == json.loads(remit("invoke", "report")[1])
    assert "no changes" in remit("deploy", "--yes")[2]
    ssm.put_parameter(Name="/shop/url", Value="https://two.example", Type="String", Overwrite=True)
    assert "~ AWS::Lambda::Function  ReportFunction\n" in remit("deploy", "--yes")[2]
    assert "https://two.example" == json.loads(remit("invoke", "report")[1])


def test_whoever_deploys_needs_to_read_what_is_looked_up_and_no_more() -> None:
    values = (ExistingValue("P1", "parameter", "/shop/url"), ExistingValue("P2", "subnets", "prod"))
    arn = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/shop/url"
    vpc_calls = ("ec2:DescribeVpcs", "ec2:DescribeSubnets", "ec2:DescribeRouteTables", "ec2:DescribeSecurityGroups")
    expected = [("ssm:GetParameter", arn), *((action, "*") for action in vpc_calls)]
    assert expected == [(*call.actions, call.on) for call in calls_for_existing(values)]


@pytest.mark.parametrize("count", [1, 16, 17])
def test_as_many_private_subnets_are_taken_as_a_function_may_have(count: int) -> None:
    """Lambda takes 16 ("VpcConfig", AWS Lambda API Reference)."""
    subnets = tuple(f"subnet-{number}" for number in range(count))
    existing = ExistingVpc("prod", "vpc-1", subnets, (table(),), ())
    if count <= 16:
        assert subnets == private_subnets(existing)
    else:
        with pytest.raises(RemitError, match="has 17 private subnets; a function takes 16"):
            private_subnets(existing)


@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize("has_default", [True, False])
def test_the_default_vpc_stands_in_on_this_machine_alone(local: bool, has_default: bool) -> None:
    tables = {
        "describe_vpcs": {"Vpcs": [{"VpcId": "vpc-1", "IsDefault": has_default}]},
        "describe_subnets": {"Subnets": [{"SubnetId": "subnet-1"}]},
        "describe_route_tables": {"RouteTables": []},
        "describe_security_groups": {"SecurityGroups": []},
    }
    ec2 = SimpleNamespace(get_paginator=lambda name: SimpleNamespace(paginate=lambda **_: [tables[name]]))
    account: Any = SimpleNamespace(account="1", region="eu-west-1", local=local, client=lambda _: ec2)
    if local and has_default:
        stand_in = look_up_vpc("prod", account)
        assert ("vpc-1", True, ("subnet-1",)) == (stand_in.id, stand_in.is_stand_in, private_subnets(stand_in))
    else:
        with pytest.raises(RemitError, match="there is no VPC prod in 1, eu-west-1"):
            look_up_vpc("prod", account)
