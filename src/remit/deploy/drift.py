"""Tell what people changed by hand on a deployed stack: one change, and the comparison of roles.

CloudFormation sees little of it, and a deploy puts right only what its template changes anyway: a policy that was added
by hand stays whatever is deployed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from remit.deploy.deployed_references import is_open
from remit.deploy.role_repairs import Repair, make_role, put_inline, repair
from remit.iam.policy import Globs, Policy, Statement, render
from remit.roles.reference_names import fill_policy_with_principals, fill_references, references

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remit.holders import Holder

ROOT: Final = re.compile(r"arn:[a-z-]+:iam::(\d{12}):root")


DriftKind: TypeAlias = Literal["role", "access", "runs", "rest"]
"""What a change is about: a role; who else may use a resource; what runs, and when; anything else."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing that differs from what was deployed: on which resource, in words, and what undoes it.

    `policy` is the name or ARN of the policy that it is about, empty for a role, its boundary or its trust. `repairs`
    are the calls that put it back, in their order; none where a part of the template is not known. `is_public`: anybody
    may use the resource.
    """

    resource: str
    what: str
    undo: str = ""
    policy: str = ""
    repairs: tuple[Repair, ...] = ()
    kind: DriftKind = "role"
    is_public: bool = False

    @property
    def sentence(self) -> str:
        """All of it, for people."""
        what = f"PUBLIC: {self.what}" if self.is_public else self.what
        return f"{what}: {self.undo}" if self.undo else what


def drift(
    declared: Holder, own: Mapping[str, Any], held: Holder | None, physical: str, names: Mapping[str, str]
) -> Iterator[Drift]:
    """Yield what differs between a role in the account (`held`) and its declaration: boundary, policies, trust.

    With None as `held` it is one change: the role is gone. `physical` is its name in the account, `own` its properties
    as the template writes them, and `names` the values of references. What only the deploy knows is not compared.
    """
    role = declared.logical_id
    if held is None:
        undo = (
            "CloudFormation does not make it again, nor can it change it; `--revert-drift` of a deploy makes it again "
            "under its name, `remit delete` and `remit deploy` under a new one"
        )
        repairs = make_role(declared, own, physical, names)
        yield Drift(role, f"role {physical} ({role}) is gone: it was deleted by hand", undo, repairs=repairs)
        return
    # First the boundary: who may write a role only under its boundary can put back the rest after that alone.
    yield from _boundary(declared, held, names)
    yield from _inline(declared, held, names)
    yield from _attached(declared, held, names)
    trust = fill_policy_with_principals(declared.trust_policy, names)
    is_known = trust.statements and not is_open(trust)  # of a trust policy that only the deploy knows, there are none
    if is_known and normal(held.trust_policy) != normal(trust):
        back = repair("iam.UpdateAssumeRolePolicy", RoleName=physical, PolicyDocument=json.dumps(render(trust)))
        what = f"the trust policy of role {physical} ({role}) was changed by hand"
        undo = "a deploy overwrites it only when it changes the trust policy itself"
        yield Drift(role, what, undo, repairs=(back,))


def _inline(declared: Holder, held: Holder, names: Mapping[str, str]) -> Iterator[Drift]:
    """Yield the inline policies that were made, edited or deleted by hand, the deleted ones last.

    Of those whose name only the deploy knows, nothing is said; nor then of any that was made. One whose text only the
    deploy knows is no edited one, and cannot be put back.
    """
    role, held_policies = declared.logical_id, held.inline
    declared_policies = {
        fill_references(name, names): fill_policy_with_principals(policy, names)
        for name, policy in declared.inline.items()
    }
    certain = declared.is_inline_known and not any(references(name) for name in declared_policies)
    for name, policy in held.inline.items():
        on = f"policy {name} of role {held.name} ({role})"
        if name not in declared_policies and certain:
            removal = repair("iam.DeleteRolePolicy", RoleName=held.name, PolicyName=name)
            undo = f"a deploy does not remove it; `{removal.command}` does"
            yield Drift(role, f"{on} was made by hand", undo, name, (removal,))
        elif (
            name in declared_policies
            and not is_open(declared_policies[name])
            and normal(policy) != normal(declared_policies[name])
        ):
            undo = "a deploy overwrites it only when it changes the policy itself"
            back = put_inline(held.name, name, declared_policies[name])
            yield Drift(role, f"{on} was edited by hand", undo, name, (back,))
    for name, policy in declared_policies.items():
        if name not in held_policies and not references(name):
            what = f"policy {name} of role {held.name} ({role}) was deleted by hand"
            undo = "a deploy writes it only when it changes the policy itself"
            yield Drift(role, what, undo, name, () if is_open(policy) else (put_inline(held.name, name, policy),))


def _attached(declared: Holder, held: Holder, names: Mapping[str, str]) -> Iterator[Drift]:
    """Yield the managed policies that were attached by hand, then those that were detached.

    Where only the deploy knows one of the template's, nothing is said of that one, nor of any that was attached.
    """
    role, declared_arns = declared.logical_id, tuple(fill_references(arn, names) for arn in declared.attached)
    certain = declared.is_inline_known and not any(references(arn) for arn in declared_arns)
    for arn in held.attached:
        if arn not in declared_arns and certain:
            removal = repair("iam.DetachRolePolicy", RoleName=held.name, PolicyArn=arn)
            what = f"managed policy {arn} was attached by hand to role {held.name} ({role})"
            yield Drift(role, what, f"a deploy does not detach it; `{removal.command}` does", arn, (removal,))
    for arn in declared_arns:
        if arn not in held.attached and not references(arn):
            attachment = repair("iam.AttachRolePolicy", RoleName=held.name, PolicyArn=arn)
            what = f"managed policy {arn} was detached by hand from role {held.name} ({role})"
            yield Drift(role, what, f"`{attachment.command}` attaches it", arn, (attachment,))


def _boundary(declared: Holder, held: Holder, names: Mapping[str, str]) -> Iterator[Drift]:
    """Yield the permissions boundary that was put on, swapped or taken off by hand; none that only a deploy knows."""
    role = declared.logical_id
    declared_arn = None if declared.boundary is None else fill_references(declared.boundary, names)
    if declared_arn == held.boundary or (declared_arn is not None and references(declared_arn)):
        return
    on = f"role {held.name} ({role})"
    if declared_arn is None:
        removal = repair("iam.DeleteRolePermissionsBoundary", RoleName=held.name)
        what = f"permissions boundary {held.boundary} was put by hand on {on}"
        yield Drift(role, what, f"`{removal.command}` takes it off", repairs=(removal,))
        return
    back = repair("iam.PutRolePermissionsBoundary", RoleName=held.name, PermissionsBoundary=declared_arn)
    change = "was taken off by hand from" if held.boundary is None else f"was swapped by hand for {held.boundary} on"
    what = f"permissions boundary {declared_arn} {change} {on}"
    yield Drift(role, what, f"`{back.command}` puts it back", repairs=(back,))


def normal(policy: Policy) -> Policy:
    """A policy in one spelling, to compare: each list sorted, without duplicates, and accounts as their numbers.

    AWS keeps lists as sets, and writes an account as the ARN of its root. Statements keep their order.
    """
    statements: list[Statement] = []
    for statement in policy.statements:
        principals = statement.principals
        if principals is not None:
            patterns = {(kind, ROOT.sub(r"\1", name) if kind == "AWS" else name) for kind, name in principals.patterns}
            principals = replace(principals, patterns=tuple(sorted(patterns)))
        conditions = [replace(condition, values=_once(condition.values)) for condition in statement.conditions]
        statements.append(
            replace(
                statement,
                actions=_sorted(statement.actions),
                resources=None if statement.resources is None else _sorted(statement.resources),
                principals=principals,
                conditions=tuple(sorted(conditions, key=repr)),
            )
        )
    return replace(policy, statements=tuple(statements))


def _sorted(globs: Globs) -> Globs:
    return replace(globs, patterns=_once(globs.patterns))


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(texts)))
