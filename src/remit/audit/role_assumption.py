"""Principals and the roles they can assume, by their own policies and the role's trust policy, across accounts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from remit.audit.access import AccessQuestions, Asker, numbered
from remit.audit.caller_pins import policies_of, tag_conditions
from remit.audit.documents import OWN_ACCOUNT, document_value, folded, unfolded
from remit.audit.question import NO, AccessAnswer, PolicyQuestion, answer
from remit.audit.trust import ASSUME, TrustedBy, TrustPart, trust_part, trusted
from remit.errors import RemitError
from remit.iam.decide.evaluate import Layers
from remit.iam.policy import Condition, Policy, allow, parse

if TYPE_CHECKING:
    from remit.audit.entities import Identity

_NOBODY: Final = TrustedBy(frozenset(), frozenset(), frozenset(), anybody=False, ids=(), tells_apart=False)
_FOR_OWN_ACCOUNT: Final = (
    Condition("StringEquals", "aws:SourceAccount", (OWN_ACCOUNT,)),
    Condition("Bool", "aws:PrincipalIsAWSService", ("true",)),
)
"""What holds of a service that assumes a role for a resource of the role's account."""


class RoleAssumption:
    """Answers who can assume a role; each trust policy is read once for each account that it is asked from."""

    def __init__(self, questions: AccessQuestions) -> None:
        self.questions = questions
        self._policies: dict[tuple[str, str, str], Policy | None] = {}
        self._trusted: dict[tuple[str, str], TrustedBy] = {}
        self._parts: dict[tuple[str, str, str, str], TrustPart | None] = {}
        self._of_services: dict[tuple[str, str, str], bool] = {}

    def trusted(self, role: Identity) -> TrustedBy:
        """Return the principals in a role's trust policy; none where it cannot be read."""
        if role.trust is None:
            return _NOBODY
        name = (role.trust, role.account)
        if name not in self._trusted:
            policy = self._policy(role, "")
            self._trusted[name] = _NOBODY if policy is None else trusted(policy)
        return self._trusted[name]

    def _policy(self, role: Identity, account: str) -> Policy | None:
        """The trust policy of a role with the number of an account folded; None: it cannot be read."""
        name = (str(role.trust), role.account, account)
        if name not in self._policies:
            text = unfolded(self.questions.documents.texts[str(role.trust)], role.account)
            try:
                self._policies[name] = parse(document_value(folded(text, account) if account else text))
            except (RemitError, ValueError):
                self._policies[name] = None
        return self._policies[name]

    def answer(self, asker: Asker, role: Identity) -> AccessAnswer:
        """The answer whether a principal can assume a role: by the trust policy alone if that names it, else by both.

        A boundary's lack of an Allow limits a role that is named by its ARN, and no user, no session and nobody whom
        `"Principal": "*"` means.

        Source: "Permissions boundaries for IAM entities", on resource-based policies, and "AWS JSON policy elements:
        Principal", on role principals (IAM User Guide).
        """
        part = self._part(role, asker)
        if part is None:
            return NO
        account = asker.identity.account
        numbers = self.questions.parts.layer_numbers(asker.profile, ASSUME)
        rcps = self.questions.rcps(role.account, account, ASSUME)
        layers = replace(self.questions.parts.layers(numbers), rcp=rcps)
        target = folded(role.arn, account)
        # Accounts with equal policies share answers, and may be under different RCPs.
        key = (numbers, part, rcps)
        if role.account == account:
            trusting = [(part.by_itself, layers.boundary)]
            if layers.boundary:
                # Whom it names as a user or session needs no Allow of the boundary, whose Denies count all the same.
                everything = Policy((allow("*"),))
                trusting.append((part.directly, (everything, *map(_denials, layers.boundary))))
            for trust, boundary in trusting:
                own = replace(layers, identity=(trust, *map(_denials, layers.identity)), boundary=boundary)
                direct = self._within(asker, own, (*key, trust, boundary), role, target)
                if direct.verdict == "yes":
                    return replace(direct, allowing=None)
        # Both must allow: the trust policy stands as one more layer that limits.
        both = replace(layers, scp=(*layers.scp, (part.with_own_policy,)))
        return numbered(self._within(asker, both, key, role, target), numbers)

    def _within(self, asker: Asker, layers: Layers, key: object, role: Identity, target: str) -> AccessAnswer:
        tags = tag_conditions(ASSUME, policies_of(layers), role)
        return self.questions.within(asker, ASSUME, (target,), layers, key, tags)

    def lets_in(self, service: str, role: Identity) -> bool:
        """Return whether a role's trust policy may let a service in that acts for the role's own account.

        True as well where that is undecided; False where it is no policy.
        """
        name = (service, str(role.trust), role.account)
        if name not in self._of_services:
            policy = self._policy(role, role.account)
            part = None if policy is None else trust_part(policy, service)
            layers = Layers(() if part is None else (part.with_own_policy,))
            target = folded(role.arn, role.account)
            verdict = answer(PolicyQuestion(ASSUME, (target,), service, layers, _FOR_OWN_ACCOUNT)).verdict
            self._of_services[name] = verdict != "no"
        return self._of_services[name]

    def _part(self, role: Identity, asker: Asker) -> TrustPart | None:
        """The statements of a role's trust policy that mean an asker.

        They are worked out once for all whom it does not tell apart. None: no Allow means the asker, or it is no
        policy.
        """
        identity = asker.identity
        who = identity.arn if self.trusted(role).tells_apart else identity.kind
        name = (str(role.trust), role.account, identity.account, who)
        if name not in self._parts:
            policy = self._policy(role, identity.account)
            part = None if policy is None else trust_part(policy, asker.caller.arn, identity.unique_id or "*")
            self._parts[name] = part
        return self._parts[name]


def _denials(policy: Policy) -> Policy:
    """A policy with its Deny statements alone: they count even where a trust policy allows by itself."""
    return replace(policy, statements=tuple(statement for statement in policy.statements if statement.effect == "Deny"))
