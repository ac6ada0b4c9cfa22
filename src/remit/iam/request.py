"""A request: which principal does what to which resource, in which context.

A condition key without a value is one of two kinds. An *absent* key is known to have none: positive operators are
false, negated ones true. An *open* key may have any value: what depends on it is unknown. `context=None` leaves every
key open. A context is complete, but for the keys that `open` names and those that the principal and the resource's
account decide; it overrides these, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, TypeAlias

from remit.catalogue.action_resources import is_without_resources, resource_without_type
from remit.catalogue.actions import is_multivalued
from remit.errors import RemitError
from remit.iam.special_cases import BEYOND_ACCOUNTS, SPECIAL_ACTIONS
from remit.iam.tokens import ACCOUNT, PARTITION, REGION, UNFILLED

Scalar: TypeAlias = str | bool | int | float
ContextValue: TypeAlias = Scalar | list[Scalar] | tuple[Scalar, ...] | None

ALL: Final = frozenset({"*"})
"""As `open`: everything that the context does not say is unknown."""


class Open:
    """The value of a key that the request leaves open."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "OPEN"


OPEN: Final = Open()
Value: TypeAlias = str | tuple[str, ...] | Open | None
"""One value, several values, known to be absent, or open."""

_ACCOUNT_ID: Final = re.compile(r"[0-9]{12}")
_REFERENCE: Final = re.compile(r"\$\{[^}]*\}")


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller, taken apart.

    `kind` is user, role, session, federated-user, root, certificate (of AWS IoT), service, federated, anonymous, or
    unknown.
    """

    kind: str
    text: str
    account: str | None = None
    role: str | None = None
    settles: Mapping[str, str | None] = field(init=False, repr=False, compare=False)
    """The condition keys (in lower case) that the caller decides; None: known to be absent."""

    service_linked: bool = field(init=False, repr=False, compare=False)
    """Whether it is a service-linked role."""

    account_is_unknown: bool = field(init=False, repr=False, compare=False)
    """Whether its account may be any, the resource's too: nobody is named, or the account is the stack's."""

    has_own_rules: bool = field(init=False, repr=False, compare=False)
    """Whether it is decided in another way than roles and users are: a root user, a federated user."""

    def __post_init__(self) -> None:
        late = self.account is not None and self.account.startswith("${")
        object.__setattr__(self, "settles", _settled(self))
        is_service_linked = "/aws-service-role/" in self.text or (self.role or "").startswith("AWSServiceRoleFor")
        object.__setattr__(self, "service_linked", self.role is not None and is_service_linked)
        object.__setattr__(self, "account_is_unknown", self.kind == "unknown" or late)
        object.__setattr__(self, "has_own_rules", self.kind == "root" or self.federated)

    @property
    def has_policies(self) -> bool:
        """True if identity policies apply to it, as to all of an account, but not to AWS's own.

        The identities with which CloudFront reads buckets are of an "account" called `cloudfront`.
        Source: "Use an origin access identity" (Amazon CloudFront Developer Guide).
        """
        return self.account is not None and not self.account.isalpha()

    @property
    def federated(self) -> bool:
        """True if its identity policies say only what a session policy could let it do.

        Source: "Permissions for GetFederationToken" (IAM User Guide).
        """
        return self.kind == "federated-user"


@dataclass(frozen=True, slots=True)
class Request:
    """One request. Resources with `*` or `?` ask about a whole set: may it be done on every one of them?

    `principal` is an ARN (user, role, assumed-role session, federated user, root, IoT certificate), an account, a
    service (`lambda.amazonaws.com`), a federated provider, `*` for anonymous, or None for "not said".
    `resource_account` is taken from the ARN when not given, else assumed to be the principal's. `open` names
    the keys, and the late-bound references (`${Queue.Arn}`), that may have any value. `wildcard_only` says
    whether the action has no resource-level permissions, so that only a statement on `*` speaks about it; None: the
    catalogue decides, which also knows the ARN that some such actions are asked on (`asked`).
    `stack` says what the pseudo parameters of the policies stand for, by their text (`${AWS::Region}`); None: what
    `bound` takes for it.

    What follows from these: `folded`, the action in lower case; `who`, the caller; `owner`, the resource's account;
    `asked`, the resource that IAM is asked about; `without_resources`, which is `wildcard_only` or what the catalogue
    says; `plain`: what is asked has no wildcards and no references; `local`: one account decides; `simple`: it does so
    without any rule that is the caller's, the action's or the resource's own.
    """

    action: str
    resource: str = "*"
    principal: str | None = None
    context: Mapping[str, ContextValue] | None = field(default=None, hash=False)
    resource_account: str | None = None
    open: frozenset[str] | None = None
    wildcard_only: bool | None = None
    management_account: str | None = None
    stack: Mapping[str, str] | None = field(default=None, hash=False)
    folded: str = field(init=False, repr=False, compare=False)
    who: Principal = field(init=False, repr=False, compare=False)
    owner: str | None = field(init=False, repr=False, compare=False)
    asked: str = field(init=False, repr=False, compare=False)
    without_resources: bool = field(init=False, repr=False, compare=False)
    plain: bool = field(init=False, repr=False, compare=False)
    local: bool = field(init=False, repr=False, compare=False)
    simple: bool = field(init=False, repr=False, compare=False)
    _values: dict[str, str | tuple[str, ...] | None] = field(init=False, repr=False, compare=False)
    _open: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Derive once what the evaluator asks often.

        That is the caller, the resource's owner, folded texts, and whether simple rules do.
        """
        put = object.__setattr__  # the dataclass is frozen
        caller = principal_of(self.principal)
        stated_owner = self.resource_account or None
        parts = arn_parts(self.resource)
        if stated_owner is None and len(parts) == ARN_PARTS and _ACCOUNT_ID.fullmatch(parts[4]):
            stated_owner = parts[4]
        owner = stated_owner or (caller.account if caller.has_policies else None)
        put(self, "who", caller)
        put(self, "owner", owner)
        put(self, "_values", _values(self.context, caller, stated_owner))

        folded = self.action.lower()
        without_resources = self.wildcard_only
        asked = self.resource
        if without_resources:
            asked = "*"
        elif without_resources is None:
            without_resources = is_without_resources(folded)
            if without_resources:
                asked = resource_without_type(folded, asked)
        put(self, "folded", folded)
        put(self, "without_resources", without_resources)
        put(self, "asked", asked)
        put(self, "plain", not ("*" in asked or "?" in asked or "${" in asked))

        same_account = caller.account is not None and caller.account == owner
        local = caller.account_is_unknown or same_account or folded in BEYOND_ACCOUNTS
        special = caller.has_own_rules or folded in SPECIAL_ACTIONS or self.needs_resource_policy
        put(self, "local", local)
        put(self, "simple", local and not special)

        opened = self.open
        if opened is None:
            opened = ALL if self.context is None else frozenset()
        if opened and opened != ALL:
            opened = frozenset(name if "${" in name else name.lower() for name in opened)
        put(self, "_open", opened)

    @property
    def has_identity(self) -> bool:
        """True if the caller has identity policies: an identity of an account, or one that is not told."""
        return self.who.has_policies or self.who.kind == "unknown"

    @property
    def needs_resource_policy(self) -> bool:
        """True if the resource must allow by itself even within one account: a role's trust, a KMS key."""
        if self.folded.startswith("kms:"):
            return ":key/" in self.asked or self.asked.startswith("${")  # an ARN that the deploy makes
        return self.asks_trust and ":role/" in self.asked

    @property
    def asks_trust(self) -> bool:
        """True if the action is one that a role's trust policy is about."""
        return self.folded.startswith(_TRUST)

    def bind(self, text: str) -> str:
        """A text with the pseudo parameters in place that the request gives a value.

        One without a value stays as it is.
        """
        if "${" not in text:
            return text
        for reference in COMPONENTS:
            text = text.replace(reference, self.bound(reference) or reference)
        return text

    def value(self, key: str) -> Value:
        """Return the value, or the values, of a condition key (in lower case); None: it is known to be absent.

        OPEN: the request does not say, and leaves it open.
        """
        values = self._values
        if key in values:
            return values[key]
        return OPEN if self._open and self.leaves_open(key) else None

    def leaves_open(self, name: str) -> bool:
        """Return whether a key (in lower case) or a late-bound reference that is not given may have any value."""
        return "*" in self._open or name in self._open or (UNFILLED in name and UNFILLED.lower() in self._open)

    def bound(self, reference: str) -> str | None:
        """The value of a pseudo parameter: each stands for one value, which `stack` or else the request itself names.

        Region and partition are the resource's, the account is the principal's (the role belongs to the stack). None:
        another reference, or one without a known value.
        """
        component = COMPONENTS.get(reference)
        if component is None:
            return None
        if self.stack is not None:
            return self.stack[reference]
        if reference == ACCOUNT:
            account = self.who.account
            return self.owner if account is None or account.startswith("${") else account
        parts = arn_parts(self.resource)
        if len(parts) == ARN_PARTS and parts[component] and not ({"*", "?", "$"} & set(parts[component])):
            return parts[component]
        return None


ARN_PARTS: Final = 6
_TRUST: Final = ("sts:assumerole", "sts:tagsession", "sts:setsourceidentity")
COMPONENTS: Final = {PARTITION: 1, REGION: 3, ACCOUNT: 4}
"""Which component of an ARN each pseudo parameter is."""


def arn_parts(arn: str) -> list[str]:
    """The six components of an ARN (fewer of another text); colons within a reference do not divide."""
    if "${" not in arn:
        return arn.split(":", 5)
    end = arn.rfind("}") + 1  # behind it nothing closes, and each `${` would be looked for to the end
    masked = _REFERENCE.sub(lambda match: match[0].replace(":", "\0"), arn[:end]) + arn[end:]
    return [part.replace("\0", ":") for part in masked.split(":", 5)]


def _values(
    context: Mapping[str, ContextValue] | None, caller: Principal, owner: str | None
) -> dict[str, str | tuple[str, ...] | None]:
    """The context with folded keys and text values, and the keys that the request states by itself.

    A key that is absent, or a set that is empty, has None.
    """
    values: dict[str, str | tuple[str, ...] | None] = {**caller.settles}
    if owner is not None:
        values["aws:resourceaccount"] = owner
    for key, value in (context or {}).items():
        text = value if isinstance(value, str) else _texts(value, key)
        values[key.lower()] = None if text == "" and is_multivalued(key) else text
    return values


def _texts(value: object, key: str) -> str | tuple[str, ...] | None:
    """The text of a value, or of each of several. A set is empty that has an empty text alone, and as good as absent.

    None: the value is absent, or an empty set.

    Source: "Set operators for multivalued context keys" (IAM User Guide): `Null` keeps out keys with empty values.
    """
    if value is None:
        return None
    if isinstance(value, list | tuple):
        texts = tuple(_text(item, key) for item in value)
        return None if texts in ((), ("",)) else texts
    return _text(value, key)


def _text(value: object, key: str) -> str:
    """A value of a context as text. RemitError: it is none that a key has."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    raise RemitError(
        f"the context's `{key}` is a {type(value).__name__}",
        hint="a value is a string, a number, true or false, or a list of them",
    )


@lru_cache(maxsize=4096)
def principal_of(text: str | None) -> Principal:
    """Take a principal apart, by its form.

    `*`, `anonymous` and an empty text are anonymous, None is unknown; twelve digits are an account's root user, in
    partition `aws`. An ARN is of what it names in IAM or STS, or a certificate of IoT's. Any other text is a service if
    it is a domain of AWS's, else a provider.
    """
    if text is None:
        return Principal("unknown", "")
    if text in ("*", "anonymous", ""):
        return Principal("anonymous", "*")
    if _ACCOUNT_ID.fullmatch(text):
        return Principal("root", f"arn:aws:iam::{text}:root", text)
    parts = arn_parts(text)
    if len(parts) == ARN_PARTS and parts[0] == "arn" and parts[4]:
        if parts[2] in ("iam", "sts"):
            return _from_arn(text, parts[4], parts[5])
        if parts[2] == "iot" and parts[5].startswith("cert/"):
            return Principal("certificate", text, parts[4])
    return Principal("service" if ".amazonaws." in text or text.endswith(".amazon.com") else "federated", text)


def _from_arn(text: str, account: str, tail: str) -> Principal:
    """The principal of an ARN of IAM's or of STS's, taken apart."""
    kind, _, name = tail.partition("/")
    if kind == "assumed-role":
        return Principal("session", text, account, role=name.split("/", 1)[0])
    if kind == "role":
        return Principal("role", text, account, role=name.rpartition("/")[2])
    if kind in ("user", "federated-user", "root"):
        return Principal(kind, text, account)
    return Principal("federated", text)  # a SAML or OIDC provider: nobody's identity policies apply to it


_TYPES: Final = {
    "user": "User",
    "root": "Account",
    "session": "AssumedRole",
    "role": "AssumedRole",
    "federated-user": "FederatedUser",
    "anonymous": "Anonymous",
}
_IDENTITY_KEYS: Final = ("aws:userid", "aws:principalorgid", "aws:principalorgpaths")
_SERVICE_KEYS: Final = ("aws:principalservicename", "aws:principalservicenameslist")


def _settled(caller: Principal) -> dict[str, str | None]:
    """Return the keys that a principal settles: its account and ARN, its kind, a user's name, a service's.

    None for a key: the caller has it not. Nothing is settled for a caller who is unknown.

    Source: "AWS global condition context keys" and "Principal key values" (IAM User Guide).
    """
    if caller.kind == "unknown":
        return {}
    settled: dict[str, str | None] = {"aws:username": caller.text.rpartition("/")[2] if caller.kind == "user" else None}
    if caller.kind in _TYPES:
        settled["aws:principaltype"] = _TYPES[caller.kind]
    if caller.kind == "service":
        settled |= {"aws:principalisawsservice": "true", "aws:principalservicename": caller.text}
    if caller.kind == "anonymous":
        settled |= {"aws:principalaccount": "anonymous", "aws:principalarn": None}
    if caller.account is None or caller.kind == "certificate":
        return settled | dict.fromkeys(_IDENTITY_KEYS)
    return (
        settled
        | dict.fromkeys(_SERVICE_KEYS)
        | {
            "aws:principalaccount": caller.account,
            "aws:principalarn": _principal_arn(caller),
            "aws:principalisawsservice": "false",
        }
    )


def _principal_arn(caller: Principal) -> str:
    """What aws:PrincipalArn says of a caller: of a session the role's ARN."""
    if caller.kind == "session":
        partition = arn_parts(caller.text)[1]
        return f"arn:{partition}:iam::{caller.account}:role/{caller.role}"
    return caller.text
