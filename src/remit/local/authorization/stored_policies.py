"""The policies of an IAM identity in the AWS on this machine, read from the emulator's memory and ready to be asked.

`stored_identity` gives a role's or user's policies as layers, `decide` asks them. Nothing has to be told when a policy
changes: what was compiled for an identity is used only while all of its documents are the ones that are stored.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from remit.catalogue.managed_policies import is_of_aws, managed_policy
from remit.errors import RemitError
from remit.iam.decide.evaluate import ALL, Decision, Layers, Request, Verdict, evaluate
from remit.iam.policy import Policy, parse
from remit.iam.request import ContextValue, principal_of
from remit.local.emulator import emulated

_DOCUMENTS: Final = 2048
"""Documents whose compiled form is kept."""
# In the order in which AWS looks for what allows a request ("Policy evaluation logic", IAM User Guide).
_NOUNS: Final = {
    "identity": "identity-based policy",
    "boundary": "permissions boundary",
    "session": "session policy",
    "resource": "resource-based policy",
    "endpoint": "VPC endpoint policy",
    "scp": "service control policy",
    "rcp": "resource control policy",
}


@dataclass(frozen=True, slots=True)
class StoredIdentity:
    """A role or user as it is stored: its ARN, its policies, and who may assume it."""

    arn: str
    layers: Layers
    """Its inline and managed policies (a user's groups' too) as `identity`, and its permissions boundary."""
    unread: tuple[str, ...]
    """Names and ARNs of its policies that do not exist here or are not valid, the boundary's too."""
    trust_layers: Layers
    """A role's trust policy as the policy of a resource; none for a user, and where it is not valid."""


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """The decision of the stored policies. `verdict` is Unknown where a policy that nobody has here could change it."""

    verdict: Verdict
    decision: Decision
    """The decision of the policies that could be read, with its reasons."""
    unread: tuple[str, ...]

    @property
    def is_denied(self) -> bool:
        """True if the request is refused; what is unknown is not."""
        return self.verdict in ("ExplicitlyDenied", "ImplicitlyDenied")

    @property
    def statement(self) -> str:
        """The name of the first statement that decided.

        Empty where none did, and where the verdict is Unknown for `unread`.
        """
        for layer in self.decision.layers:
            if layer.verdict == self.verdict and layer.rulings:
                return layer.rulings[0].name
        return ""


@dataclass(frozen=True, slots=True)
class _Documents:
    """The texts of an identity's policies: equal documents make an equal identity."""

    arn: str
    identity: tuple[tuple[str, str | None], ...]
    """The name or ARN of each policy, and its text; None: it does not exist."""
    boundary: tuple[tuple[str, str | None], ...]
    trust: str | None


_NOBODY: Final = Layers(resource=())
_COMBINED: Final[dict[tuple[int, int, int], tuple[Layers, Layers]]] = {}
"""An identity's layers, and these with the policies of a session and a resource: all that a key names by its id."""


def decide(
    caller: str,
    action: str,
    resource: str,
    context: Mapping[str, ContextValue] | None,
    *,
    session: tuple[Policy, ...] = (),
    resource_policy: tuple[Policy, ...] | None = (),
    open_keys: frozenset[str] | None = None,
) -> StoredDecision:
    """Decide a request of `caller` by its stored policies, or by none if no such identity is stored.

    Args:
        caller: The ARN of a role, of a session of one (`arn:aws:sts::…:assumed-role/NAME/SESSION`), or of a user; a
            service (`sns.amazonaws.com`) has no policies of its own.
        action: The action, as in `sqs:SendMessage`.
        resource: Its ARN, or `*`.
        context: The condition keys; None: nothing is known about any.
        session: The session policies that the credentials were made with.
        resource_policy: The policies of the resource; None: not known. A caller that passes the same tuples again
            (of the session, too) is answered faster.
        open_keys: The condition keys that may have any value, beside those in `context`.

    RemitError: a statement has a condition operator that does not exist.
    """
    identity = stored_identity(caller)
    layers = _layers(identity, session, resource_policy)
    request = Request(action, resource, caller, context, open=open_keys)
    decision = evaluate(request, layers)
    unread = () if identity is None else identity.unread
    verdict: Verdict = decision.verdict
    # A policy that nobody has here may allow more, or deny: only an explicit Deny stands whatever it says.
    if unread and verdict in ("Allowed", "ImplicitlyDenied"):
        verdict = "Unknown"
    return StoredDecision(verdict, decision, unread)


def stored_identity(caller: str) -> StoredIdentity | None:
    """The role or user of an ARN, or of a session's ARN; None if there is none, or it is no identity of IAM.

    The same object is returned for as long as no text of its policies changes.
    """
    principal = principal_of(caller)
    if principal.account is None:
        return None
    if principal.role is not None:
        documents = _of_role(principal.account, principal.role)
    elif principal.kind == "user":
        documents = _of_user(principal.account, principal.text.rpartition("/")[2])
    else:
        documents = None
    return None if documents is None else _compiled(documents)


def policies_of(account: str, arns: tuple[str, ...]) -> tuple[Policy, ...]:
    """Managed policies by their ARNs; those that do not exist here or are not valid are left out."""
    return _parsed(tuple(_managed(account, list(arns))))[0]


def trusts(role: str, service: str) -> bool:
    """Return whether a role (ARN) is stored, and lets a service assume it, as `lambda.amazonaws.com`.

    A trust policy whose conditions say more than who assumes it is taken to hold.
    """
    identity = stored_identity(role)
    if identity is None:
        return False
    request = Request("sts:AssumeRole", role, service, {}, open=ALL)
    return evaluate(request, identity.trust_layers).verdict in ("Allowed", "Unknown")


def _layers(
    identity: StoredIdentity | None, session: tuple[Policy, ...], resource_policy: tuple[Policy, ...] | None
) -> Layers:
    """The layers of an identity (None: of nobody, without policies), with the policies of a session and of a resource.

    The same objects give the same object back, which the engine compiles once; None for the resource: not known.
    """
    layers = _NOBODY if identity is None else identity.layers
    if not session and resource_policy == ():
        return layers
    key = (id(layers), id(session), id(resource_policy))
    entry = _COMBINED.get(key)
    if entry is None:
        if len(_COMBINED) >= _DOCUMENTS:
            _COMBINED.clear()
        entry = _COMBINED[key] = layers, replace(layers, session=session, resource=resource_policy)
    return entry[1]


def _of_role(account: str, name: str) -> _Documents | None:
    """The policies of a role, inline before managed, its boundary and its trust policy; None: there is no such role."""
    iam = emulated("services.iam")
    role = iam._roles.get_scoped(account, None, name)
    if role is None:
        return None
    inline = role["InlinePolicies"].items()
    managed = _managed(account, role["AttachedPolicies"])
    boundary = _boundary(account, role)
    return _Documents(role["Arn"], (*inline, *managed), boundary, role["AssumeRolePolicyDocument"])


def _of_user(account: str, name: str) -> _Documents | None:
    """The policies of a user, its own before those of its groups, and its boundary; None: there is no such user."""
    iam = emulated("services.iam")
    user = iam._users.get_scoped(account, None, name)
    if user is None:
        return None
    inline = iam._user_inline_policies.get_scoped(account, None, name) or {}
    identity = [*inline.items(), *_managed(account, user["AttachedPolicies"])]
    # The emulator knows members by their group alone; a copy, since requests change it meanwhile.
    for (owner, group_name), group in tuple(iam._groups._data.items()):
        if owner == account and name in group["Users"]:
            of_group = iam._group_inline_policies.get_scoped(account, None, group_name) or {}
            identity += of_group.items()
            identity += _managed(account, group["AttachedPolicies"])
    return _Documents(user["Arn"], tuple(identity), _boundary(account, user), None)


def _boundary(account: str, identity: Mapping[str, Any]) -> tuple[tuple[str, str | None], ...]:
    """The ARN and the text of an identity's boundary, as one pair.

    No pair where it has none, and no text where it is gone.
    """
    boundary = identity.get("PermissionsBoundary")
    return tuple(_managed(account, [boundary] if boundary else []))


def _managed(account: str, arns: list[str]) -> Iterator[tuple[str, str | None]]:
    """Yield each managed policy's ARN and the text of its default version; None for the text of one that is not there.

    AWS's own are the catalogue's: the emulator has a few of them.
    """
    iam = emulated("services.iam")
    for arn in arns:
        if is_of_aws(arn):
            yield arn, _text_of_aws(arn)
            continue
        record = iam._policies.get_scoped(account, None, arn)
        text = None
        if record is not None:
            text = record["Versions"][record["DefaultVersionId"]]["Document"]
        yield arn, text


@lru_cache(maxsize=_DOCUMENTS)
def _text_of_aws(arn: str) -> str | None:
    policy = managed_policy(arn)
    return None if policy is None else json.dumps(policy.document)


@lru_cache(maxsize=_DOCUMENTS)
def _compiled(documents: _Documents) -> StoredIdentity:
    """Texts of policies as layers that can be asked; those that cannot be read are named, and left out of them."""
    identity, unread = _parsed(documents.identity)
    boundary, unread_boundary = _parsed(documents.boundary)
    trust = None if documents.trust is None else _policy(documents.trust)
    layers = Layers(identity, boundary, resource=())
    trust_layers = Layers(resource=() if trust is None else (trust,))
    return StoredIdentity(documents.arn, layers, (*unread, *unread_boundary), trust_layers)


def _parsed(texts: tuple[tuple[str, str | None], ...]) -> tuple[tuple[Policy, ...], tuple[str, ...]]:
    """The policies that can be read, and the names of those that are not there (None) or not valid."""
    policies = []
    unread = []
    for name, text in texts:
        policy = None if text is None else _policy(text)
        if policy is None:
            unread.append(name)
        else:
            policies.append(policy)
    return tuple(policies), tuple(unread)


@lru_cache(maxsize=_DOCUMENTS)
def _policy(text: str) -> Policy | None:
    """The policy that a text is; None where it is no JSON or no valid policy."""
    try:
        return parse(json.loads(text))
    except (ValueError, RemitError):
        return None


def denial_message(stored: StoredDecision) -> str:
    """AWS's message for a denied request, by the layer that denies it.

    `User: … is not authorized to perform: … on resource: … because no identity-based policy allows the … action`; with
    an explicit Deny it ends in `with an explicit deny in a …`. It ends before `because` where a role's trust policy
    does not allow, and is `Not authorized to perform …` to a federated caller. Source: "Troubleshoot access denied
    error messages" (IAM User Guide).
    """
    request = stored.decision.request
    subject = f"User: {request.principal} is not authorized to perform: {request.action} on resource: {request.asked}"
    if request.who.kind == "federated":
        return f"Not authorized to perform {request.action}"
    denying_layers = [layer.layer for layer in stored.decision.layers if layer.verdict == "ExplicitlyDenied"]
    if denying_layers:
        noun = _NOUNS[denying_layers[0].partition("[")[0]]
        return f"{subject} with an explicit deny in {'an' if noun[0] in 'aei' else 'a'} {noun}"
    if request.asks_trust:  # a role's trust policy is not told apart
        return subject
    silent_layers = {layer.layer for layer in stored.decision.layers if layer.verdict == "ImplicitlyDenied"}
    allowing_layers = {layer.layer for layer in stored.decision.layers if layer.verdict == "Allowed"}
    if request.needs_resource_policy and "identity" not in silent_layers:
        return f"{subject} because no {_NOUNS['resource']} allows the {request.action} action"
    # What another account has no policy for is denied although the caller's own policies allow it.
    unsaid = "resource" if "identity" in allowing_layers else "identity"
    layer = next((layer for layer in _NOUNS if layer in silent_layers), unsaid)
    return f"{subject} because no {_NOUNS[layer]} allows the {request.action} action"
