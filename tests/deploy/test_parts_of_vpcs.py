"""The VPC, the private subnets and the security group that a name means, by AWS's rules said once more."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answering import NUMBER, answering
from random_cases import cases
from remit.deploy.existing_vpc import ExistingVpc, look_up_vpc, private_subnets, security_group
from remit.errors import RemitError

ROUTES: Final = {
    "internet": {"GatewayId": "igw-1", "DestinationCidrBlock": "0.0.0.0/0", "State": "active"},
    "nat": {"NatGatewayId": "nat-1", "DestinationCidrBlock": "0.0.0.0/0", "State": "active"},
    "nat for IPv6": {"EgressOnlyInternetGatewayId": "eigw-1", "DestinationIpv6CidrBlock": "::/0", "State": "active"},
    "nat that is gone": {"NatGatewayId": "nat-2", "DestinationCidrBlock": "0.0.0.0/0", "State": "blackhole"},
    "local": {"GatewayId": "local", "DestinationCidrBlock": "10.0.0.0/16", "State": "active"},
    "part of the internet": {"GatewayId": "igw-1", "DestinationCidrBlock": "192.0.2.0/24", "State": "active"},
}
TABLE: Final = st.lists(st.sampled_from(sorted(ROUTES)), max_size=2, unique=True)


@settings(max_examples=cases(40, deep=400))
@given(st.lists(st.none() | TABLE, max_size=4), TABLE, st.booleans())
def test_private_subnets_have_no_internet_gateway_and_a_way_out_where_some_have(
    tables: list[list[str] | None],
    main: list[str],
    is_last: bool,
) -> None:
    """None is a subnet without a table of its own, which has the main one."""
    subnets = tuple(f"subnet-{number}" for number in range(len(tables)))
    listed = [
        {"Associations": [{"Main": False, "SubnetId": subnet}], "Routes": [ROUTES[name] for name in table]}
        for subnet, table in zip(subnets, tables, strict=True)
        if table is not None
    ]
    listed.insert(
        len(listed) if is_last else 0, {"Associations": [{"Main": True}], "Routes": [ROUTES[name] for name in main]}
    )
    vpc = ExistingVpc("prod", "vpc-1", subnets, tuple(listed), ())

    effective = {subnet: main if table is None else table for subnet, table in zip(subnets, tables, strict=True)}
    private = [subnet for subnet, names in effective.items() if not {"internet", "part of the internet"} & set(names)]
    out = [subnet for subnet in private if {"nat", "nat for IPv6"} & set(effective[subnet])]
    if private:
        assert private_subnets(vpc) == tuple(out or private)
    else:
        problem = "every subnet has a route" if subnets else "it has no subnets"
        with pytest.raises(RemitError, match=f"VPC prod \\(vpc-1\\) has no private subnet: {problem}"):
            private_subnets(vpc)


def test_a_function_takes_sixteen_private_subnets() -> None:
    subnets = tuple(f"subnet-{number}" for number in range(17))
    main = {"Associations": [{"Main": True}], "Routes": [ROUTES["nat"], ROUTES["nat for IPv6"]]}
    assert private_subnets(ExistingVpc("prod", "vpc-1", subnets[:16], (main,), ())) == subnets[:16]
    with pytest.raises(RemitError, match=r"VPC prod \(vpc-1\) has 17 private subnets; a function takes 16"):
        private_subnets(ExistingVpc("prod", "vpc-1", subnets, (main,), ()))


def group(number: int, name: str, tag: str | None = None) -> dict[str, Any]:
    return {
        "GroupId": f"sg-{number}",
        "GroupName": name,
        **({} if tag is None else {"Tags": [{"Key": "x", "Value": "y"}, {"Key": "Name", "Value": tag}]}),
    }


GROUPS: Final = (group(1, "default"), group(2, "web", "front"), group(3, "db"), group(4, "cache", "db"))


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("web", "sg-2"),
        ("front", "sg-2"),
        ("sg-4", "sg-4"),
        ("db", "2 security groups of VPC prod (vpc-1) are named db: sg-3, sg-4"),
        ("wbe", "has no security group wbe"),
        ("Name", "has no security group Name"),
    ],
)
def test_a_group_is_meant_by_its_name_its_tag_or_its_id(name: str, found: str) -> None:
    vpc = ExistingVpc("prod", "vpc-1", (), (), GROUPS)
    if found.startswith("sg-"):
        assert security_group(vpc, name) == found
        return
    with pytest.raises(RemitError) as raised:
        security_group(vpc, name)
    assert found in raised.value.message
    hints = {"db": 'security_group="sg-3"', "wbe": "did you mean `web`?", "Name": "it has default, web, db"}
    assert hints[name] in (raised.value.hint or "")
    assert security_group(ExistingVpc("prod", "vpc-1", (), (), GROUPS, is_stand_in=True), name) == "sg-1"


def vpcs(*rows: tuple[str, str | None], default: str = "") -> list[dict[str, Any]]:
    return [
        {
            "VpcId": vpc,
            "IsDefault": vpc == default,
            **({} if name is None else {"Tags": [{"Key": "Name", "Value": name}]}),
        }
        for vpc, name in rows
    ]


@pytest.mark.parametrize(
    ("listed", "local", "found"),
    [
        (vpcs(("vpc-1", "prod"), ("vpc-2", "test")), False, "vpc-1"),
        (vpcs(("prod", None), ("vpc-2", "test")), False, "prod"),
        (vpcs(("vpc-2", "prod"), ("vpc-1", "prod")), False, 'existing.vpc("vpc-1")'),
        (vpcs(("vpc-1", "prdo"), default="vpc-1"), False, "did you mean `prdo`?"),
        (vpcs(("vpc-1", "test"), ("vpc-2", "stage")), False, "its VPCs are named stage, test"),
        (vpcs(("vpc-1", None)), True, "no VPC there has a tag Name"),
        (vpcs(("vpc-1", "test"), ("vpc-2", None), default="vpc-2"), True, "vpc-2, standing in"),
        ([], False, "no VPC there has a tag Name"),
    ],
)
def test_a_vpc_is_meant_by_its_tag_or_its_id(listed: list[Any], found: str, *, local: bool) -> None:
    answers = {
        "ec2.DescribeVpcs": {"Vpcs": listed},
        "ec2.DescribeSubnets": {"Subnets": [{"SubnetId": "subnet-2"}, {"SubnetId": "subnet-1"}]},
        "ec2.DescribeRouteTables": {"RouteTables": [{"RouteTableId": "rtb-1"}]},
        "ec2.DescribeSecurityGroups": {"SecurityGroups": [{"GroupId": "sg-1"}]},
    }
    account, asked = answering(answers, local=local)
    if found.startswith(("vpc-", "prod")):
        vpc = look_up_vpc("prod", account)
        assert (vpc.id, vpc.is_stand_in) == (found.partition(",")[0], "standing in" in found)
        assert (vpc.subnets, len(vpc.route_tables), len(vpc.security_groups)) == (("subnet-1", "subnet-2"), 1, 1)
        filters = [parameters["Filters"] for name, parameters in asked.asked if name != "ec2.DescribeVpcs"]
        assert filters == [[{"Name": "vpc-id", "Values": [vpc.id]}]] * 3
        return
    with pytest.raises(RemitError) as raised:
        look_up_vpc("prod", account)
    assert f"{NUMBER}, eu-central-1" in raised.value.message
    assert found in (raised.value.hint or "")
