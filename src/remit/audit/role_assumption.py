"""Which principals can assume which roles: their own policies and the role's trust policy together, across accounts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from remit.audit.documents import document_value, folded, unfolded
from remit.audit.question import NO, AccessAnswer, PolicyQuestion, answer
from remit.audit.trust import ASSUME, TrustedBy, TrustPart, trust_part, trusted
from remit.errors import RemitError
from remit.iam.policy import Policy, parse

if TYPE_CHECKING:
    from remit.audit.access import AccessQuestions
    from remit.audit.caller_pins import PinnedCaller
    from remit.audit.document_parts import Profile
    from remit.audit.entities import Entity, Identity
    from remit.iam.decide.evaluate import Layers

_NOBODY: Final = TrustedBy(frozenset(), frozenset(), frozenset(), anybody=False, ids=())


class RoleAssumption:
    """Answers who can assume a role; each trust policy is read once for each account that it is asked from."""

    def __init__(self, questions: AccessQuestions) -> None:
        self.questions = questions
        self._policies: dict[tuple[str, str, str], Policy | None] = {}
        self._trusted: dict[tuple[str, str], TrustedBy] = {}
        self._parts: dict[tuple[str, str, str, str], TrustPart | None] = {}
        self._answers: dict[object, AccessAnswer] = {}

    def trusted(self, role: Entity) -> TrustedBy:
        """Whom a role's trust policy names; nobody where it cannot be read."""
        if role.trust is None:
            return _NOBODY
        name = (role.trust, role.account)
        if name not in self._trusted:
            policy = self._policy(role, "")
            self._trusted[name] = _NOBODY if policy is None else trusted(policy)
        return self._trusted[name]

    def _policy(self, role: Entity, account: str) -> Policy | None:
        """The trust policy of a role with the number of an account folded; None: it cannot be read."""
        name = (str(role.trust), role.account, account)
        if name not in self._policies:
            text = unfolded(self.questions.documents.texts[str(role.trust)], role.account)
            try:
                self._policies[name] = parse(document_value(folded(text, account) if account else text))
            except (RemitError, ValueError):
                self._policies[name] = None
        return self._policies[name]

    def answer(self, identity: Identity, profile: Profile, caller: PinnedCaller, role: Entity) -> AccessAnswer:
        """Whether a principal can assume a role: by the trust policy alone where that names it, else by both."""
        part = self._part(role, identity, caller)
        if part is None:
            return NO
        numbers = self.questions.parts.layer_numbers(profile, ASSUME)
        rcps = self.questions.rcps(role.account, identity.account, ASSUME)
        layers = replace(self.questions.parts.layers(numbers), rcp=rcps)
        target = folded(role.arn, identity.account)
        if part.by_itself is not None and role.account == identity.account:
            identity_layer = (part.by_itself, *map(_denials, layers.identity))
            direct_layers = replace(layers, identity=identity_layer)
            direct = self._asked((numbers, part, target, True), direct_layers, caller, target)
            if direct.verdict == "yes":
                return replace(direct, allowing=None)
        both = replace(layers, scp=(*layers.scp, (part.with_own_policy,)))
        answered = self._asked((numbers, part, target, False), both, caller, target)
        if answered.allowing is None:
            return answered
        number, index = answered.allowing
        return replace(answered, allowing=(numbers.identity[number], index))

    def _part(self, role: Entity, identity: Identity, caller: PinnedCaller) -> TrustPart | None:
        names = self.trusted(role).arns
        name = (str(role.trust), role.account, identity.account, identity.arn if names else identity.entity.kind)
        if name not in self._parts:
            policy = self._policy(role, identity.account)
            self._parts[name] = None if policy is None else trust_part(policy, caller.arn)
        return self._parts[name]

    def _asked(self, key: tuple[object, ...], layers: Layers, caller: PinnedCaller, target: str) -> AccessAnswer:
        pins = self.questions.pins(caller, layers)
        name = (*key, pins)
        if name not in self._answers:
            self._answers[name] = answer(PolicyQuestion(ASSUME, (target,), caller.arn, layers, pins))
        return self._answers[name]


def _denials(policy: Policy) -> Policy:
    """The Deny statements of a policy: they count even where a trust policy allows by itself."""
    return replace(policy, statements=tuple(statement for statement in policy.statements if statement.effect == "Deny"))
