"""Find a VPC of the account by its tag Name or id, its private subnets, and a security group of it.

Source: "Subnets for your VPC", "Configure route tables" (Amazon VPC User Guide).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.did_you_mean import did_you_mean
from remit.errors import RemitError, few

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from remit.deploy.session import Account

_MOST_SUBNETS: Final = 16  # "AWS::Lambda::Function VpcConfig" (CloudFormation reference)
_ANYWHERE: Final = frozenset({"0.0.0.0/0", "::/0"})


@dataclass(frozen=True, slots=True)
class ExistingVpc:
    """A VPC as EC2 describes it."""

    name: str
    """As the project names it."""
    id: str
    subnets: tuple[str, ...]
    """Their ids."""
    route_tables: tuple[Mapping[str, Any], ...]
    security_groups: tuple[Mapping[str, Any], ...]
    is_stand_in: bool = False
    """Whether it is the default VPC of this machine's AWS, which has none of the name."""

    @property
    def called(self) -> str:
        """`VPC prod (vpc-1)`."""
        return f"VPC {self.name} ({self.id})"


def look_up_vpc(name: str, account: Account) -> ExistingVpc:
    """The VPC of this tag Name or id; on this machine, its default VPC (`is_stand_in`) where there is none.

    RemitError (2): there is none, or there are several. What AWS refuses is raised as the SDK has it.
    """
    vpcs = list(_described_parts(account, "vpcs", "Vpcs"))
    ids = sorted(str(vpc["VpcId"]) for vpc in vpcs if name in (vpc["VpcId"], _tag_name(vpc)))
    place = f"{account.account}, {account.region}"
    if len(ids) > 1:
        raise RemitError(
            f"{len(ids)} VPCs in {place} are named {name}: {', '.join(ids)}",
            hint=f'name the one that you mean by its id: existing.vpc("{ids[0]}")',
        )
    if ids:
        return _with_parts(name, ids[0], account)
    default = next((str(vpc["VpcId"]) for vpc in vpcs if vpc.get("IsDefault")), None)
    if account.local and default is not None:
        return _with_parts(name, default, account, is_stand_in=True)
    names = sorted({_tag_name(vpc) for vpc in vpcs} - {""})
    known = f"its VPCs are named {few(names)}" if names else "no VPC there has a tag Name: name it by its id, vpc-…"
    raise RemitError(f"there is no VPC {name} in {place}", hint=did_you_mean(name, names) or known)


def _with_parts(name: str, vpc: str, account: Account, *, is_stand_in: bool = False) -> ExistingVpc:
    within = [{"Name": "vpc-id", "Values": [vpc]}]
    return ExistingVpc(
        name,
        vpc,
        tuple(sorted(subnet["SubnetId"] for subnet in _described_parts(account, "subnets", "Subnets", within))),
        tuple(_described_parts(account, "route_tables", "RouteTables", within)),
        tuple(_described_parts(account, "security_groups", "SecurityGroups", within)),
        is_stand_in,
    )


def _described_parts(
    account: Account, what: str, key: str, filters: Sequence[Mapping[str, Any]] = ()
) -> Iterator[Mapping[str, Any]]:
    """Yield the parts of a VPC, page by page."""
    for page in account.client("ec2").get_paginator(f"describe_{what}").paginate(Filters=list(filters)):
        yield from page[key]


def _tag_name(item: Mapping[str, Any]) -> str:
    return next((str(tag["Value"]) for tag in item.get("Tags", ()) if tag["Key"] == "Name"), "")


def private_subnets(vpc: ExistingVpc) -> tuple[str, ...]:
    """The ids of the subnets without a route to an internet gateway, sorted.

    If some of these have another way out (0.0.0.0/0 to a NAT gateway, say), only those. Of a stand-in, all subnets.
    RemitError (2): there is none, or more than a function takes.
    """
    if vpc.is_stand_in:
        return vpc.subnets
    routes = _routes(vpc)
    private: list[str] = []
    with_way_out: list[str] = []
    for subnet in vpc.subnets:
        if any(str(route.get("GatewayId", "")).startswith("igw-") for route in routes[subnet]):
            continue
        private.append(subnet)
        for route in routes[subnet]:
            destinations = {route.get("DestinationCidrBlock"), route.get("DestinationIpv6CidrBlock")}
            # A route is a blackhole once what it leads to was deleted.
            if route.get("State") != "blackhole" and destinations & _ANYWHERE:
                with_way_out.append(subnet)
                break
    chosen = tuple(with_way_out or private)
    if not chosen:
        problem = "every subnet has a route to an internet gateway" if vpc.subnets else "it has no subnets"
        raise RemitError(
            f"{vpc.called} has no private subnet: {problem}",
            hint="a function in a public subnet does not reach the internet: make a private one, "
            "or write the ids into `vpc_config`",
        )
    if len(chosen) > _MOST_SUBNETS:
        raise RemitError(
            f"{vpc.called} has {len(chosen)} private subnets; a function takes {_MOST_SUBNETS}",
            hint="write the ids that you mean into `vpc_config`",
        )
    return chosen


def _routes(vpc: ExistingVpc) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """The routes of each subnet: those of its own route table, or else of the VPC's main one."""
    main: Sequence[Mapping[str, Any]] = ()
    own: dict[str, Sequence[Mapping[str, Any]]] = {}
    for table in vpc.route_tables:
        for association in table.get("Associations", ()):
            if association.get("Main"):
                main = table["Routes"]
            if "SubnetId" in association:
                own[association["SubnetId"]] = table["Routes"]
    return {subnet: own.get(subnet, main) for subnet in vpc.subnets}


def security_group(vpc: ExistingVpc, name: str) -> str:
    """The id of a group, by its name, tag Name or id; of a stand-in, its default group.

    RemitError (2): there is none, or there are several.
    """
    meant = "default" if vpc.is_stand_in else name
    ids = [
        str(group["GroupId"])
        for group in vpc.security_groups
        if meant in (group["GroupId"], group["GroupName"], _tag_name(group))
    ]
    if len(ids) == 1:
        return ids[0]
    if ids:
        raise RemitError(
            f"{len(ids)} security groups of {vpc.called} are named {meant}: {', '.join(ids)}",
            hint=f'name the one that you mean by its id: security_group="{ids[0]}"',
        )
    names = [str(group["GroupName"]) for group in vpc.security_groups]
    raise RemitError(
        f"{vpc.called} has no security group {meant}", hint=did_you_mean(meant, names) or f"it has {few(names)}"
    )
