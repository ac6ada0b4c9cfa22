"""Whoever holds policies: what these say, what limits them, and what is not known.

A holder is written by an app, a template, a plan or a policy file, or read from an account. Made ready
(`roles.role_policies`) it has the documents of its managed policies and values for its references, and is asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

from remit.iam.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from remit.app import Grant
    from remit.errors import Origin

HolderKind: TypeAlias = Literal["role", "user", "group", "managed policy", "policy"]
"""What has the statements: a role; a user or group, which nobody takes on; a policy that stands alone."""
PolicyHow: TypeAlias = Literal["inline", "made", "managed", "boundary"]
"""How a policy is held: inline; a managed policy that the same template makes, or any other; as a boundary."""


@dataclass(frozen=True, slots=True)
class HeldPolicy:
    """One policy of a holder; `name` is an inline policy's name, else the ARN or a text that refers to it."""

    name: str = ""
    how: PolicyHow = "inline"
    document: Policy | None = None
    """None where nobody here knows what it says."""
    grants: tuple[Grant, ...] = ()
    """The statements of the document as they were written, in its order, with reasons and lines; empty of a managed
    policy that was not written here."""
    note: str = ""
    """What of it is not known, as a sentence."""


def inline(grants: Iterable[Grant], name: str = "remit") -> HeldPolicy:
    """An inline policy that holds some grants, of the name that remit gives to those of its roles."""
    written = tuple(grants)
    return HeldPolicy(name, "inline", Policy(tuple(grant.statement for grant in written)), written)


def by_arn(arns: Iterable[str]) -> tuple[HeldPolicy, ...]:
    """Managed policies, each by its ARN or a text that refers to it."""
    return tuple(HeldPolicy(arn, "managed") for arn in arns)


def bounded(arn: str | None) -> tuple[HeldPolicy, ...]:
    """The limits of a holder by its permissions boundary, if it has one."""
    return () if arn is None else (HeldPolicy(arn, "boundary"),)


@dataclass(frozen=True)
class Holder:
    """Whoever holds policies: a role, and the functions that run under it; or another (`kind`)."""

    logical_id: str
    policies: tuple[HeldPolicy, ...] = ()
    functions: tuple[str, ...] = ()
    limits: tuple[HeldPolicy, ...] = ()
    """Its permissions boundary, if it has one: what it may do at most."""
    trusts: tuple[str, ...] = ("lambda.amazonaws.com",)
    """The services that may take it on."""
    trust: Policy | None = None
    """The whole trust policy, where it says more than `trusts`: conditions, or whatever a template has."""
    trust_origin: Origin | None = None
    """Where the trust policy stands."""
    origin: Origin | None = None
    """Where the role stands."""
    condition: str | None = None
    """The condition under which alone the template makes it."""
    only_attached_to: bool = False
    """Whether the template does not make it and attaches policies to it: nobody knows here what else it may do."""
    notes: tuple[str, ...] = ()
    """What is not certain of it, as sentences."""
    kind: HolderKind = "role"
    name: str = ""
    """Its name in the account, where a template gives one."""

    @cached_property
    def grants(self) -> tuple[Grant, ...]:
        """The statements of its policies that were written here."""
        return tuple(grant for policy in self.policies for grant in policy.grants)

    @cached_property
    def managed(self) -> tuple[str, ...]:
        """The ARNs of its managed policies that were not written here."""
        return tuple(policy.name for policy in self.policies if policy.how == "managed")

    @property
    def boundary(self) -> str | None:
        """The ARN of its permissions boundary."""
        return next((limit.name for limit in self.limits if limit.how == "boundary"), None)

    def with_grants(self, change: Callable[[Grant], Grant]) -> Holder:
        """The same with each grant changed; the documents stay what they are."""
        policies = (replace(policy, grants=tuple(map(change, policy.grants))) for policy in self.policies)
        return replace(self, policies=tuple(policies))

    @property
    def title(self) -> str:
        """Its logical id, with what it is where that is no role."""
        is_plain = self.kind in ("role", "policy")  # a policy goes by its file's name
        return self.logical_id if is_plain else f"{self.kind} {self.logical_id}"

    @property
    def serves(self) -> tuple[str, ...]:
        """The functions that run under it; of a role that none runs under, the services that take it on."""
        return self.functions or self.trusts
