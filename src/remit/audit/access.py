"""The access of each principal: its documents reduced to the statements that matter, and equal questions asked once."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from remit.audit.caller_pins import (
    PinnedCaller,
    PinValue,
    mapped_layers,
    pinned_keys,
    pins,
    policies_of,
    with_callers_values,
)
from remit.audit.document_parts import DocumentParts, LayerNumbers, Profile, documents_of
from remit.audit.documents import OWN_ACCOUNT, Documents, folded
from remit.audit.question import NO, AccessAnswer, PolicyQuestion, answer, combined, own_resources
from remit.audit.results import AccessRow
from remit.audit.sensitive_actions import SENSITIVE_ACTIONS
from remit.audit.trust import lets_tags_in
from remit.catalogue.escalation_techniques import ESCALATION_ACTIONS
from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.audit.entities import Identity
    from remit.audit.organization import ControlPolicy, Organization, OrganizationAccount
    from remit.iam.decide.evaluate import Layers
    from remit.iam.policy import Condition, Policy

SERVICE_LINKED: Final = "/aws-service-role/"
"""The path of service-linked roles, which a service of AWS alone assumes."""
_TAGGING: Final = ("notaction", "sts:t", "*")
"""The texts, in lower case, of which a trust policy has one if it allows sts:TagSession."""


@dataclass(frozen=True, slots=True)
class Asker:
    """A principal with what every question about it needs.

    `candidates` are the actions that it may be allowed, as bits of `DocumentParts.bits`. `unknown` has why its access
    cannot be decided; empty where it can.
    """

    identity: Identity
    profile: Profile
    caller: PinnedCaller
    candidates: int
    unknown: tuple[str, ...] = ()

    @property
    def partition(self) -> str:
        """The partition of its ARN: `aws`, `aws-cn`."""
        return self.identity.arn.split(":", 2)[1]


class AccessQuestions:
    """Questions about the identities of some accounts, each distinct one answered once.

    `now` is the time of every request: `2026-11-27T00:00:00Z`.
    """

    def __init__(self, documents: Documents, now: str, organization: Organization | None = None) -> None:
        self.documents = documents
        self.organization = organization
        self.now = now
        self.parts = DocumentParts(documents, (*SENSITIVE_ACTIONS, *ESCALATION_ACTIONS))
        self._answers: dict[object, AccessAnswer] = {}
        self._sensitive: dict[object, tuple[AccessRow, ...]] = {}
        self._keys: dict[Profile, tuple[str, ...]] = {}
        self._control_keys: dict[tuple[str, str], str] = {}
        self._tagging: dict[str, bool] = {}
        self._levels: dict[str, tuple[tuple[str, ...], ...]] = {}

    def asker(self, identity: Identity) -> Asker:
        """An identity, ready to be asked about, with the SCPs of its account: none for a service-linked role.

        `unknown` gets the identity's own reasons, those of its account's place in the organization, and each of its
        documents that is no policy.
        """
        place = self._place(identity.account)
        unknown = list(identity.unknown)
        if place is not None:
            unknown += place.unknown
        elif self.organization is not None:
            unknown.append(f"account {identity.account} is not in the organization's file")
        keys = tuple(dict.fromkeys(use.document for use in identity.policies))
        scps: tuple[tuple[str, ...], ...] = ()
        if place is not None and SERVICE_LINKED not in identity.arn:  # no SCP binds a service-linked role
            if place.id not in self._levels:
                levels = (tuple(self._control_key(policy, place.id) for policy in level) for level in place.scps)
                self._levels[place.id] = tuple(dict.fromkeys(levels))  # equal levels once
            scps = self._levels[place.id]
        profile = Profile(keys, tuple(use.document for use in identity.limits), scps)
        for key in documents_of(profile):
            if self.parts.mask(key) is None:
                unknown.append(f"one of its documents is no policy: {self.parts.problems[key]}")
        caller = self._caller(identity, place)
        return Asker(identity, profile, caller, self.candidates(profile), tuple(dict.fromkeys(unknown)))

    def _place(self, account: str) -> OrganizationAccount | None:
        return None if self.organization is None else self.organization.accounts.get(account)

    def rcps(self, owner: str, account: str, action: str) -> tuple[tuple[Policy, ...], ...]:
        """Return the RCPs of the account `owner` for an action, by level, with the number of `account` folded.

        Only their statements about the action are in them. Empty where the organization does not list the owner.
        """
        place = self._place(owner)
        return tuple(
            tuple(self.parts.policy_part(self._control_key(policy, account), action) for policy in level)
            for level in (() if place is None else place.rcps)
        )

    def _control_key(self, policy: ControlPolicy, account: str) -> str:
        """The key of a control policy's document, with the number of `account` folded.

        The document is added to `documents` when it is first asked for.
        """
        name = (policy.id, account)
        if name not in self._control_keys:
            self._control_keys[name] = self.documents.add(policy.document, account)
        return self._control_keys[name]

    def _caller(self, identity: Identity, place: OrganizationAccount | None) -> PinnedCaller:
        """A user or role as requests have it, with the keys that it decides; None for a key: it is absent.

        The keys of the organization are decided only where the account has a place in it.
        """
        arn = folded(identity.arn, identity.account)
        is_user = identity.kind == "user"
        values: dict[str, PinValue] = {
            "aws:currenttime": self.now,
            "aws:epochtime": self.now,
            # A user's own keys belong to no session, which alone has a time of issue.
            "aws:tokenissuetime": None if is_user else self.now,
            "aws:principalaccount": OWN_ACCOUNT if OWN_ACCOUNT in arn else identity.account,
            "aws:principalarn": arn,
            "aws:principalisawsservice": "false",
            "aws:viaawsservice": "false",
            "aws:principaltype": "User" if is_user else "AssumedRole",
            "aws:username": identity.name if is_user else None,
        }
        if identity.unique_id:
            values["aws:userid"] = identity.unique_id if is_user else f"{identity.unique_id}:*"
        if self.organization is not None and place is not None:
            values["aws:principalorgid"] = self.organization.id
            values["aws:principalorgpaths"] = (f"{'/'.join((self.organization.id, *place.path[:-1]))}/",)
        may_be_tagged = identity.trust is not None and self._may_be_tagged(identity.trust)
        return PinnedCaller(identity.kind, arn, tuple(values.items()), identity.tags, may_be_tagged)

    def _may_be_tagged(self, trust: str) -> bool:
        """Return whether the sessions of roles with a trust policy may bring tags of their own.

        False as well for what is no policy.
        """
        if trust not in self._tagging:
            text = self.documents.texts[trust].lower()
            is_likely = any(name in text for name in _TAGGING)  # few policies have to be read for that
            try:
                self._tagging[trust] = is_likely and lets_tags_in(self.documents.policy(trust))
            except RemitError:  # nobody assumes a role by what is no policy
                self._tagging[trust] = False
        return self._tagging[trust]

    def sensitive(self, asker: Asker) -> tuple[AccessRow, ...]:
        """The sensitive actions that a principal can do, and those that are undecided, with its account folded.

        They are in the order of SENSITIVE_ACTIONS. Rows are kept for all principals that are answered alike.
        """
        profile, policies = asker.profile, asker.identity.policies
        if profile not in self._keys:
            masks = map(self.parts.mask, documents_of(profile))
            self._keys[profile] = tuple(sorted({key for mask in masks if mask is not None for key in mask.pinned_keys}))
        # Whoever has the same documents and agrees on the keys that these ask for is answered alike.
        decided = tuple((key, asker.caller.value(key)) for key in self._keys[profile])
        alike = (policies, profile, asker.caller.kind, asker.partition, decided)
        rows = self._sensitive.get(alike)
        if rows is None:
            new_rows: list[AccessRow] = []
            for action in SENSITIVE_ACTIONS:
                access = self.ask_anywhere(asker, action) if self.parts.bits[action] & asker.candidates else NO
                if access.verdict != "no":
                    statement = sys.intern(self.statement(asker.identity, action, access))
                    row = AccessRow(action, access.verdict, access.resource, access.must_hold, statement, access.reason)
                    new_rows.append(row)
            rows = self._sensitive[alike] = tuple(new_rows)
        return rows

    def candidates(self, profile: Profile) -> int:
        """The actions, as bits, that some Allow of every layer covers, whatever its resources and conditions are.

        Layers are the identity's policies, the boundary and each level of SCPs.
        """
        bits = self._may_allow(profile.identity)
        boundaries = (profile.boundary,) if profile.boundary else ()
        for layer in (*boundaries, *profile.scps):
            bits &= self._may_allow(layer)
        return bits

    def _may_allow(self, keys: Iterable[str]) -> int:
        """The actions, as bits, that some document of a layer may allow; one that is no policy allows none."""
        bits = 0
        for key in keys:
            mask = self.parts.mask(key)
            if mask is not None:
                bits |= mask.may_allow
        return bits

    def ask_anywhere(self, asker: Asker, action: str) -> AccessAnswer:
        """Whether a principal can do an action on a resource of its account, of each type that the action requires.

        The answer is yes only if it is for every type: see `combined`.
        """
        groups = own_resources(action, asker.partition)
        return combined(tuple(self.ask(asker, action, resources) for resources in groups))

    def ask(
        self, asker: Asker, action: str, resources: tuple[str, ...], when: tuple[Condition, ...] = ()
    ) -> AccessAnswer:
        """Whether a principal can do an action on one of the resources, in requests that meet the conditions `when`.

        `resources` are patterns with the number of the principal's account folded.
        """
        numbers = self.parts.layer_numbers(asker.profile, action)
        return numbered(self.within(asker, action, resources, self.parts.layers(numbers), numbers, when), numbers)

    def within(
        self,
        asker: Asker,
        action: str,
        resources: tuple[str, ...],
        layers: Layers,
        key: object,
        when: tuple[Condition, ...],
    ) -> AccessAnswer:
        """Whether a principal can do an action within some layers; answers are kept by `key`, equal for equal layers.

        Parameters are as `ask` has them; `allowing` has the number of the policy among these layers. A user asks with
        its keys and, where policies tell that apart, with a session of GetSessionToken, which may call AssumeRole and
        nothing else of STS: a yes of either is the answer, else what is undecided.
        """
        policies = policies_of(layers)
        callers = [asker.caller]
        if asker.caller.kind == "user" and any("aws:tokenissuetime" in pinned_keys(policy) for policy in policies):
            callers.append(asker.caller.with_session(self.now))
        access = NO
        for caller in callers:
            conditions = (*pins(caller, policies), *when)
            question = (action, resources, key, conditions)
            if question not in self._answers:
                valued = mapped_layers(layers, partial(with_callers_values, caller=caller))
                self._answers[question] = answer(PolicyQuestion(action, resources, caller.arn, valued, conditions))
            answered = self._answers[question]
            if answered.verdict == "yes":
                return answered
            access = answered if access.verdict == "no" else access  # undecided by its keys is no `no` by a session
        return access

    def statement(self, identity: Identity, action: str, access: AccessAnswer) -> str:
        """The statement of an identity's policies that allows an answer's request, by the number in `allowing`.

        Empty where no policy of the identity has that number, or the answer has none: nothing is allowed, or a trust
        policy alone allows it. As people read it: `deploy (inline), Statement[0] (Sid)`.
        """
        if access.allowing is None:
            return ""
        number, index = access.allowing
        for use in identity.policies:
            mask = self.parts.mask(use.document)
            if mask is not None and self.parts.number(use.document, action) == number:
                place, statement = self.parts.statement(mask, action, index)
                sid = f" ({statement.sid})" if statement.sid else ""
                return f"{use.spelled}, Statement[{place}]{sid}"
        return ""


def numbered(access: AccessAnswer, numbers: LayerNumbers) -> AccessAnswer:
    """The answer with the number of its allowing policy among all documents, in place of that among its own layers."""
    if access.allowing is None:
        return access
    place, index = access.allowing
    return replace(access, allowing=(numbers.identity[place], index))
