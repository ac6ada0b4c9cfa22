"""Look up what a template takes of the account, before a deploy is planned: parameters, and the parts of VPCs.

On the AWS of this machine, `.env.local` may give the values of parameters, and its default VPC stands in for one that
it does not have.
"""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from remit.deploy.aws_errors import if_there, remit_errors
from remit.deploy.existing_vpc import ExistingVpc, look_up_vpc, private_subnets, security_group
from remit.deployer.needed_actions import DeployCall
from remit.errors import Mistakes, RemitError
from remit.grants import ssm
from remit.project.local_values import FILE, local_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from remit.app import ExistingValue
    from remit.deploy.session import Account

_PURPOSE: Final = "to look up what the template takes of the account"
_DESCRIBED: Final = ("DescribeVpcs", "DescribeSubnets", "DescribeRouteTables", "DescribeSecurityGroups")


def calls_for_existing(values: Sequence[ExistingValue]) -> Iterator[DeployCall]:
    """Yield the calls that look values up, which whoever deploys must be allowed."""
    for value in values:
        if value.kind != "parameter":
            continue
        (grant,) = ssm.read(value.name)
        patterns = () if grant.statement.resources is None else grant.statement.resources.patterns
        for arn in patterns:
            yield DeployCall("ssm.GetParameter", ("ssm:GetParameter",), arn, _PURPOSE)
    if any(value.kind != "parameter" for value in values):
        for operation in _DESCRIBED:
            yield DeployCall(f"ec2.{operation}", (f"ec2:{operation}",), "*", _PURPOSE)


def look_up_existing(
    values: Sequence[ExistingValue], account: Account, folder: Path, note: Callable[[str], None]
) -> dict[str, str]:
    """The value of each of the template's parameters, by the parameter's name; ids of subnets with commas between.

    RemitError has all that do not exist, are not what they should be, or that AWS does not show, each at the line that
    names it. On this machine `.env.local` comes first, and its default VPC stands in for a missing one, which `note`
    hears.
    """
    local = local_values(folder) if account.local and values else {}
    vpcs: dict[str, ExistingVpc] = {}
    parameters: dict[str, str] = {}
    mistakes = Mistakes()
    for value in values:
        with mistakes.noted(), _at(value):
            if value.kind == "parameter":
                parameters[value.parameter] = local.get(value.name) or _parameter_value(value, account)
                continue
            if value.name not in vpcs:
                vpcs[value.name] = look_up_vpc(value.name, account)
                if vpcs[value.name].is_stand_in:
                    note(f"note: there is no VPC {value.name} on this machine; its default VPC stands in")
            vpc = vpcs[value.name]
            part = ",".join(private_subnets(vpc)) if value.kind == "subnets" else security_group(vpc, value.group)
            parameters[value.parameter] = part
    mistakes.refuse()
    return parameters


@contextlib.contextmanager
def _at(value: ExistingValue) -> Iterator[None]:
    """Errors of AWS become sentences, at the line that names what is looked up."""
    try:
        with remit_errors():
            yield
    except RemitError as error:
        error.origin = value.origin
        raise


def _parameter_value(value: ExistingValue, account: Account) -> str:
    """The value of a parameter in Systems Manager. RemitError (2): there is none, or it is a SecureString."""
    answer: Any = if_there(partial(account.client("ssm").get_parameter, Name=value.name))
    if answer is None:
        create = f"make it first: aws ssm put-parameter --type String --name {value.name} --value …"
        raise RemitError(
            f"{value.called} does not exist in {account.account}, {account.region}",
            hint=f"write its value for this machine into {FILE}: {value.name}=…" if account.local else create,
        )
    parameter = answer["Parameter"]
    if parameter["Type"] == "SecureString":
        raise RemitError(
            f"{value.called} is a SecureString, and a template shows everything to everyone",
            hint=f'write parameter("{value.name}") into `environment`: the function fetches the value when it runs',
        )
    return str(parameter["Value"])
