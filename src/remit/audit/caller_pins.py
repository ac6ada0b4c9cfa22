"""The context that a principal decides: its ARN, its tags, its organization, and that the time is now.

Such keys are pinned to the principal's values in every question, so that a condition on them cannot be met by values
that the principal does not have. The tags of the user or role that a call is about are pinned likewise.

Source: "AWS global condition context keys" (IAM User Guide).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

from remit.audit.principal_ids import USER_ID
from remit.catalogue.condition_keys import OPERATORS
from remit.iam.operators import check_operator
from remit.iam.policy import VERSION, Condition, Policy, Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from remit.audit.entities import Identity
    from remit.iam.decide.evaluate import Layers

PinValue: TypeAlias = str | tuple[str, ...] | None
"""One value, several, or None: the key is absent. In the aws:userid of a role, the name of the session is `*`."""

_TIMES: Final = ("aws:currenttime", "aws:epochtime", "aws:tokenissuetime")
_TAG: Final = "aws:principaltag/"
_TAG_NAME: Final = re.compile(r"aws:principaltag/([^}\s,']+)")
_TARGET_TAGS: Final = ("aws:resourcetag/", "iam:resourcetag/")
_SPELLED: Final = {
    "aws:currenttime": "aws:CurrentTime",
    "aws:epochtime": "aws:EpochTime",
    "aws:tokenissuetime": "aws:TokenIssueTime",
    "aws:principalaccount": "aws:PrincipalAccount",
    "aws:principalarn": "aws:PrincipalArn",
    "aws:principalisawsservice": "aws:PrincipalIsAWSService",
    "aws:principalorgid": "aws:PrincipalOrgID",
    "aws:principalorgpaths": "aws:PrincipalOrgPaths",
    "aws:principaltype": "aws:PrincipalType",
    USER_ID: USER_ID,
    "aws:username": "aws:username",
    "aws:viaawsservice": "aws:ViaAWSService",
}
_VARIABLE: Final = re.compile(r"\$\{(aws:[^},*?$ ]+)\}")
"""A variable without a default value."""
_PLAIN: Final = re.compile(r"[^*?$]+")
_BOOLEANS: Final = frozenset({"aws:principalisawsservice", "aws:viaawsservice"})


@dataclass(frozen=True, slots=True)
class PinnedCaller:
    """A principal as a request has it: its kind, its (folded) ARN, and the keys that it decides, in lower case.

    `has_any_tags`: who assumes the role may pass tags of a session, so that tags that the role lacks stay open.
    """

    kind: str
    arn: str
    values: tuple[tuple[str, PinValue], ...]
    tags: tuple[tuple[str, str], ...] = ()
    has_any_tags: bool = False

    def with_session(self, now: str) -> PinnedCaller:
        """A user with the temporary credentials that GetSessionToken gives to everyone, issued now."""
        values = tuple(pair for pair in self.values if pair[0] != "aws:tokenissuetime")
        return replace(self, values=(*values, ("aws:tokenissuetime", now)))

    def value(self, key: str) -> tuple[bool, PinValue]:
        """Return whether the caller decides a key (in lower case), and the value.

        (True, None): the key is absent from its requests. (False, None): it may have any value.
        """
        if key.startswith(_TAG):
            for tag, tag_value in self.tags:
                if key == _TAG + tag.lower():  # IAM compares the names of tags without their case
                    return True, tag_value
            return not self.has_any_tags, None
        for name, value in self.values:
            if name == key:
                return True, value
        return False, None


@lru_cache(maxsize=8_192)
def pinned_keys(policy: Policy) -> frozenset[str]:
    """The keys (in lower case) that a caller may decide and a policy has in conditions, values or resources."""
    texts: list[str] = []
    for statement in policy.statements:
        if statement.resources is not None:
            texts += statement.resources.patterns  # with variables such as ${aws:username}
        for condition in statement.conditions:
            texts += (condition.key, *condition.values)
    text = " ".join(texts).lower()
    if "aws:" not in text:
        return frozenset()
    tags = (_TAG + name for name in _TAG_NAME.findall(text))
    return frozenset((*tags, *(key for key in _SPELLED if key in text)))


def policies_of(layers: Layers) -> tuple[Policy, ...]:
    """The policies of the identity, its boundary, SCPs and RCPs, in this order; an audit has no other layers."""
    levels = (policy for level in (*layers.scp, *layers.rcp) for policy in level)
    return (*layers.identity, *layers.boundary, *levels)


def mapped_layers(layers: Layers, change: Callable[[Policy], Policy]) -> Layers:
    """The layers with every policy of the identity, its boundary, SCPs and RCPs changed."""
    return replace(
        layers,
        identity=tuple(map(change, layers.identity)),
        boundary=tuple(map(change, layers.boundary)),
        scp=tuple(tuple(map(change, level)) for level in layers.scp),
        rcp=tuple(tuple(map(change, level)) for level in layers.rcp),
    )


def pins(caller: PinnedCaller, policies: Iterable[Policy]) -> tuple[Condition, ...]:
    """The conditions that hold of every request of a caller, as far as some policies speak of their keys.

    They are in the order of the keys; one that the caller does not decide has none.

    RemitError: an operator does not exist.
    """
    keys: set[str] = set()
    parts = tuple(policies)
    for policy in parts:
        keys |= pinned_keys(policy)
    conditions: list[Condition] = []
    for key in sorted(keys):
        is_decided, value = caller.value(key)
        if is_decided:
            conditions += _pinning(key, value, as_arn=any(key in _keys_as_arns(policy) for policy in parts))
    return tuple(conditions)


@lru_cache(maxsize=8_192)
def _keys_as_arns(policy: Policy) -> frozenset[str]:
    """The keys that some condition of a policy compares as ARNs. RemitError: an operator does not exist."""
    return frozenset(
        condition.key.lower()
        for condition in _conditions(policy)
        if not condition.late and OPERATORS[check_operator(condition.operator)[0]].family == "ARN"
    )


def _conditions(policy: Policy) -> Iterator[Condition]:
    for statement in policy.statements:
        yield from statement.conditions


def _pinning(key: str, value: PinValue, *, as_arn: bool) -> Iterator[Condition]:
    """The conditions that pin a key, in lower case, to a caller's value; None: the caller has none."""
    name = _SPELLED.get(key, key.replace(_TAG, "aws:PrincipalTag/"))
    if value is None:
        yield Condition("Null", name, ("true",))
    elif isinstance(value, tuple):
        # Only these values, and at least one: alone, ForAllValues holds of a request without any.
        yield Condition("StringEquals", name, value, "ForAllValues")
        yield Condition("StringEquals", name, value, "ForAnyValue")
    elif key == USER_ID:
        yield Condition("StringLike", name, (value,))
    elif key in _TIMES:
        yield Condition("DateEquals", name, (value,))
    elif key in _BOOLEANS:
        yield Condition("Bool", name, (value,))
    else:
        yield Condition("ArnEquals" if as_arn else "StringEquals", name, (value,))


def with_callers_values(policy: Policy, caller: PinnedCaller) -> Policy:
    """A policy with the caller's values in the place of IAM's variables, where the caller decides these.

    What has a variable without a value matches nothing, and is left out. A value with `*`, `?` or `$` is not put in:
    its variable stays. A policy of the old version, which has no variables, comes back as it is.
    """
    if policy.version != VERSION or not pinned_keys(policy):
        return policy
    statements = tuple(_with_values(statement, caller) for statement in policy.statements)
    return replace(policy, statements=statements)


def _with_values(statement: Statement, caller: PinnedCaller) -> Statement:
    """A statement with the caller's values in the place of variables.

    What has a variable without a value is left out; a negated condition that would lose a value stays as it is.
    RemitError: an operator does not exist.
    """
    conditions = []
    for condition in statement.conditions:
        if not condition.late and any("${" in value for value in condition.values):
            values = _with_callers_texts(condition.values, caller)
            is_negated = OPERATORS[check_operator(condition.operator)[0]].negated
            # Without all of its values a negated condition would be met more often: that is left to the evaluator.
            if len(values) == len(condition.values) or not is_negated:
                conditions.append(replace(condition, values=values))
                continue
        conditions.append(condition)
    resources = statement.resources
    if resources is not None and any("${" in pattern for pattern in resources.patterns):
        resources = replace(resources, patterns=_with_callers_texts(resources.patterns, caller))
    return replace(statement, conditions=tuple(conditions), resources=resources)


def _with_callers_texts(patterns: Iterable[str], caller: PinnedCaller) -> tuple[str, ...]:
    """Patterns with the caller's values; one that has a variable without a value is left out."""
    settled = (_pattern_with_values(pattern, caller) for pattern in patterns)
    return tuple(pattern for pattern in settled if pattern is not None)


def _pattern_with_values(pattern: str, caller: PinnedCaller) -> str | None:
    """A pattern with the caller's values; None where one of them is absent.

    A variable stays that the caller does not decide, has several values of, or one with `*`, `?` or `$`.
    """
    for variable in _VARIABLE.findall(pattern):
        is_decided, value = caller.value(variable.lower())
        if is_decided and value is None:
            return None
        if is_decided and isinstance(value, str) and _PLAIN.fullmatch(value):
            pattern = pattern.replace(f"${{{variable}}}", value)
    return pattern


def pinned_context(conditions: Iterable[Condition]) -> dict[str, str | tuple[str, ...]]:
    """The context of a request in which exactly some pins hold. Keys that must be absent are left out.

    The session of a role is called `session`.
    """
    context: dict[str, str | tuple[str, ...]] = {}
    for condition in conditions:
        if condition.operator != "Null":
            value = condition.values[0].replace("*", "session") if condition.key == USER_ID else condition.values[0]
            context[condition.key] = condition.values if condition.quantifier else value
    return context


def tag_conditions(action: str, policies: Iterable[Policy], target: Identity) -> tuple[Condition, ...]:
    """Return the conditions on the tags of a call's target, a user or role, as far as some policies speak of them.

    Empty for iam:PassRole. A tag that the target lacks must be absent.

    Source: "Controlling access to and for IAM users and roles using tags" (IAM User Guide).
    """
    if action == "iam:PassRole":
        # Conditions on tags have no reliable results there ("Grant a user permissions to pass a role").
        return ()
    keys = {condition.key.lower(): condition.key for policy in policies for condition in _conditions(policy)}
    tags = {name.lower(): value for name, value in target.tags}
    conditions = []
    for folded_key, key in sorted(keys.items()):
        if folded_key.startswith(_TARGET_TAGS):
            value = tags.get(folded_key.partition("/")[2])
            absent = Condition("Null", key, ("true",))
            conditions.append(absent if value is None else Condition("StringEquals", key, (value,)))
    return tuple(conditions)
