"""Whoever holds policies: what these say, what limits them, and what is not known.

A holder is written by an app, a template, a plan or a policy file, or read from an account. Made ready
(`roles.role_policies`) it has the documents of its managed policies and values for its references, and is asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from remit.iam.policy import Condition, Globs, Policy, Principals, Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from remit.app import Grant
    from remit.errors import Origin
    from remit.iam.comparison import StatementLocation
    from remit.iam.decide.endpoint import VpcEndpoint
    from remit.iam.decide.evaluate import Layers

HolderKind: TypeAlias = Literal["role", "user", "group", "managed policy", "policy"]
"""What has the statements: a role; a user or group, which nobody takes on; a policy that stands alone."""
PolicyHow: TypeAlias = Literal["inline", "made", "managed", "resource", "beside", "boundary", "scp", "rcp"]
"""How a policy is held: inline; a managed policy that the same template makes, or any other; a resource's own, or one
of a resource that may speak of the holder; or as a limit."""


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
    """The limits of a holder by its permissions boundary; none if that is None."""
    return () if arn is None else (HeldPolicy(arn, "boundary"),)


_NO_POLICY: Final = HeldPolicy()
_IDENTITY: Final[tuple[PolicyHow, ...]] = ("inline", "made", "managed")
_OF_LAYER: Final[Mapping[str, tuple[PolicyHow, ...]]] = {
    "identity": _IDENTITY,
    "resource": ("resource", "beside"),
    "boundary": ("boundary",),
}


def trusting(services: tuple[str, ...], *conditions: Condition) -> Policy:
    """The trust policy that lets services take on a role, on some conditions."""
    principals = Principals(tuple(("Service", service) for service in services))
    statement = Statement("Allow", Globs(("sts:AssumeRole",)), principals=principals, conditions=conditions)
    return Policy((statement,) if services else ())  # without services nobody can take the role on


@dataclass(frozen=True)
class Holder:
    """Whoever holds policies: a role, and the functions that run under it; or another (`kind`)."""

    logical_id: str
    policies: tuple[HeldPolicy, ...] = ()
    functions: tuple[str, ...] = ()
    limits: tuple[HeldPolicy, ...] = ()
    """What it may do at most: its permissions boundary, and each level of SCPs or RCPs."""
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
    """Its name in the account, where a template gives one or an account tells it."""
    arn: str = ""
    """Its ARN, of a role that an account holds."""
    endpoint: VpcEndpoint | None = None
    """The VPC endpoint that its requests pass, if they pass one."""
    names: Mapping[str, str] = field(default_factory=dict, compare=False)
    """What its references are, of a holder that was made ready."""
    source_arn: str | None = ""
    """The ARN that requests carry of the function whose code asks; None where Lambda asks for it, empty: it is open."""

    @cached_property
    def grants(self) -> tuple[Grant, ...]:
        """The statements of its policies that were written here."""
        return tuple(grant for policy in self.policies for grant in policy.grants)

    @cached_property
    def managed(self) -> tuple[str, ...]:
        """The ARNs of its managed policies that were not written here."""
        return tuple(policy.name for policy in self.policies if policy.how == "managed")

    @cached_property
    def unread(self) -> tuple[str, ...]:
        """The ARNs of its managed policies of which nobody here knows what they say."""
        return tuple(policy.name for policy in self.policies if policy.how == "managed" and policy.document is None)

    @property
    def inline(self) -> dict[str, Policy]:
        """Its inline policies by name, as far as it is known here what they say."""
        inline = (policy for policy in self.policies if policy.how == "inline")
        return {policy.name: policy.document for policy in inline if policy.document is not None}

    @property
    def is_inline_known(self) -> bool:
        """True if it is known here what all of its inline policies say."""
        return all(policy.document is not None for policy in self.policies if policy.how == "inline")

    @property
    def attached(self) -> tuple[str, ...]:
        """The ARNs of all its managed policies, or the texts that refer to them."""
        return tuple(policy.name for policy in self.policies if policy.how in ("made", "managed"))

    @property
    def trust_policy(self) -> Policy:
        """Who may take it on."""
        return self.trust or trusting(self.trusts)

    @property
    def boundary(self) -> str | None:
        """The ARN of its permissions boundary; None without one."""
        return next((limit.name for limit in self.limits if limit.how == "boundary"), None)

    @property
    def unread_boundary(self) -> str | None:
        """The ARN of its permissions boundary, where nobody here knows what that says; None: it is known, or none."""
        limits = [limit.name for limit in self.limits if limit.how == "boundary" and limit.document is None]
        return limits[0] if limits else None

    @cached_property
    def layers(self) -> Layers:
        """What is known of its policies and limits, ready to be evaluated or compared.

        A boundary that nobody has here limits nothing: whoever asks must look at `unread_boundary`.
        """
        from remit.iam.decide.evaluate import Layers  # noqa: PLC0415 - a build that asks nothing does without

        # A resource's policy is asked by itself: what else its holder has says nothing of those who call it.
        resource = self._documents("resource")
        return Layers(
            () if resource else self._documents(*_IDENTITY),
            self._documents("boundary"),
            resource=resource or None,
            scp=tuple((level,) for level in self._documents("scp")),
            rcp=tuple((level,) for level in self._documents("rcp")),
            endpoint=() if self.endpoint is None else self.endpoint.policies,
            endpoint_type="" if self.endpoint is None else self.endpoint.type,
        )

    def _documents(self, *hows: PolicyHow) -> tuple[Policy, ...]:
        return tuple(policy.document for policy in self._known(*hows) if policy.document is not None)

    def _known(self, *hows: PolicyHow) -> tuple[HeldPolicy, ...]:
        held = (*self.policies, *self.limits)
        return tuple(policy for policy in held if policy.how in hows and policy.document is not None)

    def _policy(self, source: StatementLocation) -> HeldPolicy:
        """The policy of a statement of its identity, its boundary or a resource; an empty one for any other layer's."""
        policies = self._known(*_OF_LAYER.get(source.layer, ()))
        return policies[source.policy] if source.policy < len(policies) else _NO_POLICY

    def policy(self, source: StatementLocation) -> str | None:
        """The ARN of the managed policy or boundary that a statement of its layers is of; None: it is of another."""
        policy = self._policy(source)
        return policy.name if policy.how in ("managed", "boundary") else None

    def grant(self, source: StatementLocation) -> Grant | None:
        """The grant that a statement of its layers was written as; None for a managed policy's or a boundary's."""
        grants = self._policy(source).grants
        return grants[source.index] if source.index < len(grants) else None

    def with_grants(self, change: Callable[[Grant], Grant]) -> Holder:
        """The same with each grant of its policies changed; the documents stay what they are."""
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
