"""`existing.vpc("prod")` and `existing.parameter("/shop/subnets")`: what the account has, looked up by the deploy.

A parameter of the template stands for each value. `remit deploy` looks the value up before it plans, and gives it to
the change set, so that what was shown is what is deployed. A build asks nobody.
"""

from __future__ import annotations

from typing import Any, Final

from remit.app import ExistingKind, ExistingValue
from remit.declare.fitting import judged_at_once
from remit.errors import RemitError, described, writer
from remit.iam import tokens
from remit.project import current_load
from remit.project.late_bound import LateBoundParameter
from remit.resources.name_rules import broken_rule
from remit.resources.names import digest, logical

_DIGITS: Final = 6  # of the hash that tells names apart whose letters are the same
_DEFAULT_GROUP: Final = "default"


@judged_at_once
def parameter(name: str) -> str:
    """The value of a parameter of Parameter Store, as late-bound text; in a list of settings, that of a StringList.

    Elsewhere `.split(",")` gives the list. A SecureString has no place in a template: `remit.parameter` names it in a
    function's environment. RemitError (2): no parameter can have that name.
    """
    checked = _checked_name(name, "parameter", "the name of a parameter", "/shop/subnets")
    rule = None if checked.startswith("arn:") else broken_rule("AWS::SSM::Parameter", [checked], makes=False)
    if rule is not None:
        raise RemitError(f"no parameter can be named {checked!r:.60}", hint=rule, origin=writer())
    return _late_bound_value("parameter", checked, f'existing.parameter("{checked}")')


@judged_at_once
def vpc(name: str, *, security_group: str = _DEFAULT_GROUP) -> dict[str, Any]:
    """The private subnets and a security group of a VPC, for `vpc_config`.

    The VPC is told by its tag Name, or by its id; the group by its name, its tag Name or its id. Without one it is the
    default group of the VPC. Private is a subnet that no route joins to an internet gateway. Those that have a way out,
    through a NAT gateway say, are taken if there are any. RemitError (2): a name is empty, no text, or known at the
    deploy only.
    """
    checked = _checked_name(name, "vpc", "the tag Name of a VPC, or its id", "prod")
    group = _checked_name(security_group, "vpc", "the name of a security group, or its id", "functions")
    written = f'existing.vpc("{checked}")'
    return {
        "SubnetIds": _late_bound_value("subnets", checked, written).split(","),
        "SecurityGroupIds": _late_bound_value("security group", checked, written, group).split(","),
    }


def _late_bound_value(kind: ExistingKind, name: str, written: str, group: str = "") -> LateBoundParameter:
    """The text that stands for a value, which is noted with the load that is going on."""
    end = digest(f"{name} {group}", digits=_DIGITS)
    before, after = _AROUND_NAME[kind]
    parameter_id = f"{before}{logical(name)}{after}{end}"
    state = current_load.current()
    if state is not None:
        state.existing.setdefault(parameter_id, ExistingValue(parameter_id, kind, name, group, writer()))
    return LateBoundParameter(f"${{{parameter_id}}}", written)


_AROUND_NAME: Final[dict[ExistingKind, tuple[str, str]]] = {
    "parameter": ("Parameter", ""),
    "subnets": ("Vpc", "Subnets"),
    "security group": ("Vpc", "SecurityGroup"),
}
"""What stands before and after the name, by its kind, in the id of a parameter of the template."""


def _checked_name(value: Any, function: str, kind: str, example: str) -> str:
    """The name that somebody wrote. RemitError: it is no text, is empty, or only the deploy knows it."""
    name = tokens.plain(value)
    wanted = f'existing.{function} takes {kind}, such as "{example}"'
    if not isinstance(name, str) or not name.strip():
        hint = "usually os.environ.get() of a variable that is not set" if value is None else None
        raise RemitError(f"{wanted}, got {described(value)}", hint=hint, origin=writer())
    if "${" in name:
        raise RemitError(
            f"{wanted}, and only the deploy knows {name}",
            hint="what is looked up has a name that is known before: decide by `project.stage`",
            origin=writer(),
        )
    return name
