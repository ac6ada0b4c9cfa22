"""Tell what people changed by hand on the roles of a deployed stack, and how each change is undone.

CloudFormation sees little of it, and a deploy puts right only what its template changes anyway: a policy that was added
by hand stays whatever is deployed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from remit.explain.names import put, put_all, references

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.build.declared import Declared
    from remit.deploy.held import Held
    from remit.iam.policy import Policy


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing that differs from what was deployed: on which role, in words, and what undoes it (a command, or words).

    `policy` is the name or ARN of the policy that it is about, empty for a role, its boundary or its trust.
    """

    role: str
    what: str
    undo: str = ""
    policy: str = ""

    @property
    def sentence(self) -> str:
        """Both, for people."""
        return f"{self.what}: {self.undo}" if self.undo else self.what


def filled(policy: Policy, names: Mapping[str, str]) -> Policy:
    """A policy with its known references in place."""
    statements = tuple(put_all(statement, names) for statement in policy.statements)
    return replace(
        policy,
        statements=tuple(
            one
            if one.principals is None
            else replace(
                one,
                principals=replace(
                    one.principals, patterns=tuple((kind, put(name, names)) for kind, name in one.principals.patterns)
                ),
            )
            for one in statements
        ),
    )


def drift(declared: Declared, held: Held | None, physical: str, names: Mapping[str, str]) -> Iterator[Drift]:
    """What differs on a role, whose name in the account is `physical`."""
    role = declared.role.logical_id
    if held is None:
        yield Drift(
            role,
            f"role {physical} ({role}) is gone: it was deleted by hand",
            "a deploy does not make it anew while its part of the template stays the same; "
            "`remit delete` and `remit deploy` do",
        )
        return
    yield from _inline(declared, held, names)
    yield from _attached(declared, held, names)
    yield from _boundary(declared, held, names)
    if held.trust != filled(declared.trust, names):
        yield Drift(
            role,
            f"the trust policy of role {physical} ({role}) was changed by hand",
            f"`aws iam update-assume-role-policy --role-name {physical} --policy-document …` puts it back",
        )


def _inline(declared: Declared, held: Held, names: Mapping[str, str]) -> Iterator[Drift]:
    role, wanted = declared.role.logical_id, {put(name, names): policy for name, policy in declared.inline}
    command = f"`aws iam delete-role-policy --role-name {held.name} --policy-name"
    for name, policy in held.inline:
        on = f"policy {name} of role {held.name} ({role})"
        if name not in wanted:
            yield Drift(role, f"{on} was made by hand", f"a deploy does not remove it; {command} {name}` does", name)
        elif policy != (exact := filled(wanted[name], names)) and not _open(exact):
            yield Drift(
                role, f"{on} was edited by hand", "a deploy overwrites it only when it changes the policy itself", name
            )
    for name in wanted:
        if name in dict(held.inline):
            continue
        yield Drift(
            role,
            f"policy {name} of role {held.name} ({role}) was deleted by hand",
            "a deploy writes it only when it changes the policy itself",
            name,
        )


def _attached(declared: Declared, held: Held, names: Mapping[str, str]) -> Iterator[Drift]:
    role, wanted = declared.role.logical_id, tuple(put(arn, names) for arn in declared.attached)
    for arn in held.attached:
        if arn not in wanted:
            yield Drift(
                role,
                f"managed policy {arn} was attached by hand to role {held.name} ({role})",
                "a deploy does not detach it; "
                f"`aws iam detach-role-policy --role-name {held.name} --policy-arn {arn}` does",
                arn,
            )
    for arn in wanted:
        if arn not in held.attached and not references(arn):
            yield Drift(
                role,
                f"managed policy {arn} was detached by hand from role {held.name} ({role})",
                f"`aws iam attach-role-policy --role-name {held.name} --policy-arn {arn}` attaches it",
                arn,
            )


def _boundary(declared: Declared, held: Held, names: Mapping[str, str]) -> Iterator[Drift]:
    role = declared.role.logical_id
    wanted = None if declared.role.boundary is None else put(declared.role.boundary, names)
    if wanted == held.boundary or (wanted is not None and references(wanted)):
        return
    on = f"role {held.name} ({role})"
    if wanted is None:
        yield Drift(
            role,
            f"permissions boundary {held.boundary} was put by hand on {on}",
            f"`aws iam delete-role-permissions-boundary --role-name {held.name}` takes it off",
        )
        return
    back = f"`aws iam put-role-permissions-boundary --role-name {held.name} --permissions-boundary {wanted}` puts it"
    what = "was taken off by hand from" if held.boundary is None else f"was swapped by hand for {held.boundary} on"
    yield Drift(role, f"permissions boundary {wanted} {what} {on}", f"{back} back")


def _open(policy: Policy) -> bool:
    """Whether some reference of it is not known, so that nothing can be said of its text."""
    return any(
        references(text)
        for statement in policy.statements
        for text in (
            *(statement.resources.patterns if statement.resources is not None else ()),
            *(value for condition in statement.conditions for value in condition.values),
        )
    )
