"""The access of each principal: its documents reduced to the statements that matter, and equal questions asked once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from remit.audit.caller_pins import PinnedCaller, mapped_layers, pins, policies_of, speaks_of, with_callers_values
from remit.audit.document_parts import DocumentParts, LayerNumbers, Profile, documents_of
from remit.audit.documents import OWN_ACCOUNT, Documents, folded
from remit.audit.question import AccessAnswer, PolicyQuestion, answer, combined, own_resources

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from remit.audit.caller_pins import PinValue
    from remit.audit.entities import Identity, PolicyUse
    from remit.audit.organization import ControlPolicy, Organization, OrganizationAccount
    from remit.iam.decide.evaluate import Layers
    from remit.iam.policy import Condition, Policy

_SERVICE_LINKED: Final = "/aws-service-role/"
_TAGGING: Final = ("sts:tagsession", "sts:*", '"*"')


@dataclass(frozen=True, slots=True)
class ActionAccess:
    """A sensitive action of a principal, the answer (its account folded), and the statement that allows it."""

    action: str
    answer: AccessAnswer
    statement: GrantingStatement | None = None


@dataclass(frozen=True, slots=True)
class GrantingStatement:
    """The statement that allows a request: the policy that has it, its index from 0, and its Sid."""

    policy: PolicyUse
    index: int
    sid: str

    @property
    def spelled(self) -> str:
        """As people read it: `deploy (inline), Statement[0] (Sid)`."""
        sid = f" ({self.sid})" if self.sid else ""
        return f"{self.policy.spelled}, Statement[{self.index}]{sid}"


class AccessQuestions:
    """Questions about the identities of some accounts, each distinct one answered once.

    `now` is the time of every request: `2026-11-27T00:00:00Z`.
    """

    def __init__(
        self, documents: Documents, actions: Sequence[str], now: str, organization: Organization | None = None
    ) -> None:
        self.documents = documents
        self.organization = organization
        self.now = now
        self.parts = DocumentParts(documents, actions)
        self._answers: dict[object, AccessAnswer] = {}
        self._sensitive: dict[object, tuple[ActionAccess, ...]] = {}
        self._keys: dict[Profile, tuple[str, ...]] = {}
        self._control_keys: dict[tuple[str, str], str] = {}
        self._levels: dict[str, tuple[tuple[str, ...], ...]] = {}

    def profile(self, identity: Identity) -> Profile:
        """The documents that bear on an identity."""
        keys = tuple(dict.fromkeys(use.document for use in identity.policies))
        boundary = None if identity.boundary is None else identity.boundary.document
        return Profile(keys, boundary, self._scps(identity))

    def _scps(self, identity: Identity) -> tuple[tuple[str, ...], ...]:
        """The SCP levels of an identity: none bind the management account and service-linked roles."""
        account = self._place(identity.account)
        if account is None or self.organization is None or _SERVICE_LINKED in identity.arn:
            return ()
        if identity.account == self.organization.management_account:
            return ()
        if identity.account not in self._levels:
            levels = (tuple(self._control_key(policy, identity.account) for policy in level) for level in account.scps)
            self._levels[identity.account] = tuple(dict.fromkeys(levels))
        return self._levels[identity.account]

    def rcps(self, owner: str, account: str, action: str) -> tuple[tuple[Policy, ...], ...]:
        """Return the RCPs of the account `owner` for an action, by level, with the number of `account` folded."""
        place = self._place(owner)
        if place is None or self.organization is None or owner == self.organization.management_account:
            return ()
        return tuple(
            tuple(self.parts.policy_part(self._control_key(policy, account), action) for policy in level)
            for level in place.rcps
        )

    def _place(self, account: str) -> OrganizationAccount | None:
        return None if self.organization is None else self.organization.accounts.get(account)

    def _control_key(self, policy: ControlPolicy, account: str) -> str:
        name = (policy.id, account)
        if name not in self._control_keys:
            self._control_keys[name] = self.documents.add(policy.document, account)
        return self._control_keys[name]

    def unknown(self, identity: Identity) -> tuple[str, ...]:
        """Why the access of an identity cannot be decided; empty where it can."""
        reasons = list(identity.unknown)
        if self.organization is not None:
            place = self._place(identity.account)
            if place is None:
                reasons.append(f"account {identity.account} is not in the organization's file")
            else:
                reasons += place.unknown
        profile = self.profile(identity)
        for key in documents_of(profile):
            if self.parts.mask(key) is None:
                reasons.append(f"one of its documents is no policy: {self.parts.problems[key]}")
        return tuple(dict.fromkeys(reasons))

    def caller(self, identity: Identity) -> PinnedCaller:
        """The identity as requests have it, with the keys that it decides."""
        entity = identity.entity
        arn = folded(entity.arn, entity.account)
        values: dict[str, PinValue] = {
            "aws:currenttime": self.now,
            "aws:epochtime": self.now,
            "aws:tokenissuetime": self.now,
            "aws:principalaccount": OWN_ACCOUNT if OWN_ACCOUNT in arn else entity.account,
            "aws:principalarn": arn,
            "aws:principalisawsservice": "false",
            "aws:viaawsservice": "false",
            "aws:principaltype": "User" if entity.kind == "user" else "AssumedRole",
            "aws:username": entity.name if entity.kind == "user" else None,
        }
        if entity.unique_id:
            values["aws:userid"] = entity.unique_id if entity.kind == "user" else f"{entity.unique_id}:*"
        if entity.kind == "user":
            values["aws:tokenissuetime"] = None
        place = self._place(entity.account)
        if self.organization is not None and place is not None:
            values["aws:principalorgid"] = self.organization.id
            values["aws:principalorgpaths"] = (f"{'/'.join((self.organization.id, *place.path[:-1]))}/",)
        return PinnedCaller(entity.kind, arn, tuple(values.items()), entity.tags, self._may_be_tagged(identity))

    def _may_be_tagged(self, identity: Identity) -> bool:
        """Return whether whoever assumes the role may pass tags: the trust policy allows sts:TagSession."""
        trust = identity.entity.trust
        text = self.documents.texts[trust].lower() if trust is not None else ""
        return any(name in text for name in _TAGGING)

    def sensitive(self, identity: Identity, actions: tuple[str, ...]) -> tuple[ActionAccess, ...]:
        """The actions that an identity can do, and those that are undecided, in the order of the table."""
        profile = self.profile(identity)
        caller = self.caller(identity)
        partition = identity.arn.split(":", 2)[1]
        decided = tuple((key, caller.value(key)) for key in self._pinned_keys(profile))
        alike = (identity.policies, profile, caller.kind, partition, decided, actions)
        rows = self._sensitive.get(alike)
        if rows is None:
            candidates = self.candidates(profile)
            wanted = (action for action in actions if self.parts.bits[action] & candidates)
            rows = tuple(self._asked(identity, profile, caller, wanted))
            self._sensitive[alike] = rows
        return rows

    def _asked(
        self, identity: Identity, profile: Profile, caller: PinnedCaller, actions: Iterable[str]
    ) -> Iterator[ActionAccess]:
        partition = identity.arn.split(":", 2)[1]
        for action in actions:
            access = self.ask_anywhere(profile, caller, action, partition)
            if access.verdict != "no":
                yield ActionAccess(action, access, self.statement(identity, action, access))

    def _pinned_keys(self, profile: Profile) -> tuple[str, ...]:
        """The keys of a profile's documents that a caller may decide: who agrees on them is answered alike."""
        if profile not in self._keys:
            masks = map(self.parts.mask, documents_of(profile))
            self._keys[profile] = tuple(sorted({key for mask in masks if mask is not None for key in mask.pinned_keys}))
        return self._keys[profile]

    def candidates(self, profile: Profile) -> int:
        """The actions, as bits, that some statement of every layer may allow."""
        bits = self._may_allow(profile.identity)
        if profile.boundary is not None:
            bits &= self._may_allow((profile.boundary,))
        for level in profile.scps:
            bits &= self._may_allow(level)
        return bits

    def _may_allow(self, keys: Iterable[str]) -> int:
        bits = 0
        for key in keys:
            mask = self.parts.mask(key)
            if mask is not None:
                bits |= mask.may_allow
        return bits

    def ask_anywhere(self, profile: Profile, caller: PinnedCaller, action: str, partition: str) -> AccessAnswer:
        """Return whether the caller can do an action on a resource of its account, of each type that it requires."""
        groups = own_resources(action, partition)
        return combined(tuple(self.ask(profile, caller, action, resources) for resources in groups))

    def ask(
        self,
        profile: Profile,
        caller: PinnedCaller,
        action: str,
        resources: tuple[str, ...],
        when: tuple[Condition, ...] = (),
    ) -> AccessAnswer:
        """Return whether the caller can do an action on some of the resources, `when` some conditions hold."""
        numbers = self.parts.layer_numbers(profile, action)
        layers = self.parts.layers(numbers)
        answer_ = self._ask(numbers, layers, caller, action, resources, when)
        if answer_.verdict == "yes" or caller.kind != "user" or not speaks_of(layers, "aws:tokenissuetime"):
            return answer_
        return self._ask(numbers, layers, caller.with_session(self.now), action, resources, when)

    def _ask(
        self,
        numbers: LayerNumbers,
        layers: Layers,
        caller: PinnedCaller,
        action: str,
        resources: tuple[str, ...],
        when: tuple[Condition, ...],
    ) -> AccessAnswer:
        caller_pins = (*self.pins(caller, layers), *when)
        question = (action, resources, numbers, caller_pins)
        known = self._answers.get(question)
        if known is None:
            valued = mapped_layers(layers, partial(with_callers_values, caller=caller))
            known = answer(PolicyQuestion(action, resources, caller.arn, valued, caller_pins))
            if known.allowing is not None:
                number, index = known.allowing
                known = replace(known, allowing=(numbers.identity[number], index))
            self._answers[question] = known
        return known

    def pins(self, caller: PinnedCaller, layers: Layers) -> tuple[Condition, ...]:
        """The conditions that hold of every request of a caller, as far as some layers speak of their keys."""
        return pins(caller, policies_of(layers))

    def statement(self, identity: Identity, action: str, access: AccessAnswer) -> GrantingStatement | None:
        """The statement of an identity's policies that allows an answer's request; None where there is no request."""
        if access.allowing is None:
            return None
        number, index = access.allowing
        for use in identity.policies:
            mask = self.parts.mask(use.document)
            if mask is not None and self.parts.number(use.document, action) == number:
                place, statement = self.parts.statement(mask, action, index)
                return GrantingStatement(use, place, statement.sid)
        return None
