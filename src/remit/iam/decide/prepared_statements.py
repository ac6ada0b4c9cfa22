"""Statements compiled to rules, and indexed by action, once per policy.

A rule answers whether its statement applies to a request: True, False, or None where that depends on what the request
leaves open.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, TypeVar

from remit.iam.condition import Test, compile_condition, open_names
from remit.iam.pattern import Matcher, is_pattern, matcher
from remit.iam.pattern_list import with_stars
from remit.iam.policy import Globs, Policy, Statement
from remit.iam.policy_text import (
    asked,
    completed,
    holds,
    is_late,
    names_in,
    parts_of,
    perhaps_incomplete,
    resource_parts,
)
from remit.iam.principal import Reach, reach
from remit.iam.text_comparison import Truth, either

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from remit.iam.decide.endpoint import EndpointType
    from remit.iam.request import Request

Position: TypeAlias = tuple[int, int]
"""Which policy of a layer, and which statement of it, both from 0."""
_Source = TypeVar("_Source")
_Derived = TypeVar("_Derived")

_MOST_ACTIONS: Final = 10_000  # per layer; forgotten all at once


class StatementRule:
    """One statement of a policy. Each element is compiled when it is first needed."""

    __slots__ = ("conditions", "deny", "names", "resource", "speaks_of_action", "statement", "trust", "version")

    names: ActionNames
    speaks_of_action: Matcher
    resource: Callable[[Request], Truth] | None
    conditions: tuple[Test, ...]

    def __init__(self, statement: Statement, version: str, *, trust: bool) -> None:
        self.statement = statement
        self.version = version
        self.deny = statement.effect == "Deny"
        self.trust = trust

    def __getattr__(self, name: str) -> Any:
        """Compile an element that has no value yet."""
        compiled = _COMPILE[name](self) if name in _COMPILE else object.__getattribute__(self, name)
        setattr(self, name, compiled)
        return compiled

    def holds(self, request: Request) -> Truth:
        """Return whether Resource and Condition match a request whose action is known to match.

        None: something that the request leaves open decides, and nothing else is False.
        """
        answer: Truth = True
        if self.resource is not None:
            answer = self.resource(request)
            if answer is False:
                return False
        for test in self.conditions:
            truth = test(request)
            if truth is False:
                return False
            if truth is None:
                answer = None
        return answer

    def open_names(self, request: Request) -> Iterator[str]:
        """The keys, variables and references that the answer depends on."""
        if self.resource is not None and self.resource(request) is None:
            patterns = self.statement.resources.patterns if self.statement.resources else ()
            for text in (request.asked, *patterns):
                yield from names_in(resource_parts(text, self.version), request)
        for condition, test in zip(self.statement.conditions, self.conditions, strict=False):
            if test(request) is None:
                yield from open_names(condition, request, self.version)
        if self.names.late and self.conditions[-1](request) is None:
            for text in self.statement.actions.patterns:
                yield from names_in(parts_of(text, ""), request)


def _action_test(rule: StatementRule) -> Matcher:
    """The test whether a statement's Action means a folded action."""
    actions, names = rule.statement.actions, rule.names
    if names.late and not actions.negated:
        # `*` for what CloudFormation puts in: `_late_test` then decides whether they are meant.
        names = action_names(Globs(tuple(map(with_stars, actions.patterns))))
    return _text_test(names.literals, tuple(map(matcher, names.globs)), negated=actions.negated)


def _condition_tests(rule: StatementRule) -> tuple[Test, ...]:
    """The tests of a statement's conditions; of late-bound actions one more, the last.

    RemitError: an operator does not exist.
    """
    tests = tuple(compile_condition(condition, rule.version) for condition in rule.statement.conditions)
    return (*tests, _late_test(rule.statement.actions)) if rule.names.late else tests


def _late_test(actions: Globs) -> Test:
    """The test whether a request's action is meant by names of which CloudFormation puts a part in."""
    patterns = tuple(
        tuple(part.lower() if isinstance(part, str) else part for part in parts_of(text, ""))
        for text in actions.patterns
    )

    def test(request: Request) -> Truth:
        action = asked(request.folded, request, globs=False)
        truth = either(holds(pattern, action, request) for pattern in patterns)
        return truth if truth is None or not actions.negated else not truth

    return test


def _text_test(literals: frozenset[str], globs: tuple[Matcher, ...], *, negated: bool) -> Matcher:
    """The test whether a text is one of the literals or matches one of the globs; negated, whether it does neither."""
    if not globs and not negated:
        return literals.__contains__
    if len(globs) == 1 and not literals and not negated:
        return globs[0]

    def test(text: str) -> bool:
        """Return whether the text is meant, turned around where the patterns are negated."""
        if text in literals:
            return not negated
        for glob in globs:  # a loop, since any() makes a generator for each request
            if glob(text):
                return not negated
        return negated

    return test


class ActionNames(NamedTuple):
    """Action patterns without case: all in order, those that are a name, those that have a wildcard.

    `late`: some have a part that only CloudFormation knows.
    """

    folded: tuple[str, ...]
    literals: frozenset[str]
    globs: tuple[str, ...]
    late: bool


def kept_by_identity(most: int) -> Callable[[Callable[[_Source], _Derived]], Callable[[_Source], _Derived]]:
    """Keep what a function derives by the very object that it was given, since hashing a policy is slow.

    The object is kept as well, so that no other one gets its id. With as many results as `most`, all are dropped.
    """

    def decorate(derive: Callable[[_Source], _Derived]) -> Callable[[_Source], _Derived]:
        """The function that keeps what `derive` gives for each object."""
        results: dict[int, tuple[_Source, _Derived]] = {}

        @functools.wraps(derive)
        def kept(source: _Source) -> _Derived:
            """The derived form of this very object, computed when it is first asked for."""
            result = results.get(id(source))
            if result is None:
                result = (source, derive(source))
                if len(results) >= most:
                    results.clear()
                results[id(source)] = result
            return result[1]

        return kept

    return decorate


_MOST: Final = 8192  # objects whose derived form is kept


@kept_by_identity(_MOST)
def action_names(actions: Globs) -> ActionNames:
    """The action patterns of a statement by kind, each kind in order; kept per object, since it may name hundreds."""
    folded = tuple(map(str.lower, actions.patterns))
    joined = "\n".join(folded)
    late = "${" in joined and any(map(is_late, folded))
    globs = tuple(filter(is_pattern, folded)) if is_pattern(joined) else ()
    return ActionNames(folded, frozenset(folded).difference(globs), globs, late)


def _resource_test(
    resources: Globs | None, version: str, *, deny: bool, trust: bool
) -> Callable[[Request], Truth] | None:
    """The test whether a request's resource is meant; None when every one is.

    Only a trust policy has no Resource; elsewhere IAM refuses that: such an Allow means nothing, such a Deny all.
    """
    if resources is None:
        return None if deny or trust else (lambda _: False)
    if "*" in resources.patterns:
        return (lambda _: False) if resources.negated else None
    resources = Globs(tuple(map(completed, resources.patterns)), resources.negated)
    careful_test = _careful_test(resources, version, deny=deny)
    if any("${" in text for text in resources.patterns):
        return careful_test
    globs = tuple(filter(is_pattern, resources.patterns))
    literals = frozenset(resources.patterns).difference(globs)
    means_text = _text_test(literals, tuple(map(matcher, globs)), negated=resources.negated)
    return lambda request: means_text(request.asked) if request.plain else careful_test(request)


def _careful_test(resources: Globs, version: str, *, deny: bool) -> Callable[[Request], Truth]:
    """The test of a request's resource in the general case: sets, variables, references.

    Of a set, an Allow must mean all and a Deny need only mean some; what NotResource names is turned around
    with it. Without resource-level permissions the resource is `*`, and only a pattern of stars alone speaks
    about it; or an ARN whose stars stand for nothing.
    """
    parts = tuple((resource_parts(text, version), perhaps_incomplete(text)) for text in resources.patterns)
    stars = any(set(text) == {"*"} for text in resources.patterns)
    wholly = deny == resources.negated

    def test(request: Request) -> Truth:
        """Return whether the request's resource is meant; None where a reference or an open variable decides."""
        if request.asked == "*" and request.without_resources:
            return stars != resources.negated
        resource = asked(request.asked, request, globs=not request.without_resources)
        truth: Truth = False
        for pattern, incomplete in parts:
            matched = holds(pattern, resource, request, wholly=wholly)
            if matched:
                return not resources.negated
            if matched is None or (incomplete and any(names_in(pattern, request))):
                truth = None
        return truth if truth is None else resources.negated

    return test


_COMPILE: Final[dict[str, Callable[[StatementRule], Any]]] = {
    "names": lambda rule: action_names(rule.statement.actions),
    "speaks_of_action": _action_test,
    "resource": lambda rule: _resource_test(rule.statement.resources, rule.version, deny=rule.deny, trust=rule.trust),
    "conditions": _condition_tests,
}


@kept_by_identity(_MOST)
def _rules(policy: Policy) -> tuple[StatementRule, ...]:
    """The rules of a policy, compiled once per object."""
    return tuple(StatementRule(statement, policy.version, trust=False) for statement in policy.statements)


@kept_by_identity(_MOST)
def _rules_of_trust(policy: Policy) -> tuple[StatementRule, ...]:
    """As `_rules`, for a policy of a resource, whose statements may lack a Resource."""
    return tuple(StatementRule(statement, policy.version, trust=True) for statement in policy.statements)


class LayerRules:
    """The rules of one layer's policies, cached by the actions that they include.

    `trust`: the policies are a resource's; `bounded`: and the caller has a permissions boundary. `endpoint_type` is
    that of the VPC endpoint whose policies they are.
    """

    __slots__ = ("_bounded", "_by_action", "endpoint_type", "policies", "rules")

    def __init__(
        self,
        policies: Sequence[Policy],
        *,
        trust: bool = False,
        bounded: bool = False,
        endpoint_type: EndpointType = "",
    ) -> None:
        self._bounded = bounded
        self.endpoint_type = endpoint_type
        self.policies = list(map(_rules_of_trust if trust else _rules, policies))
        self.rules = [rule for rules in self.policies for rule in rules]
        self._by_action: dict[str, tuple[tuple[StatementRule, ...], tuple[StatementRule, ...]]] = {}

    def speaking_of(self, action: str) -> tuple[tuple[StatementRule, ...], tuple[StatementRule, ...]]:
        """The Deny rules and the Allow rules whose Action means a folded action.

        Answers are kept; with as many as `_MOST_ACTIONS`, all are dropped.
        """
        denies_and_allows = self._by_action.get(action)
        if denies_and_allows is None:
            denies: list[StatementRule] = []
            allows: list[StatementRule] = []
            for rule in self.rules:
                if rule.speaks_of_action(action):
                    effect = denies if rule.deny else allows
                    effect.append(rule)
            denies_and_allows = (tuple(denies), tuple(allows))
            if len(self._by_action) >= _MOST_ACTIONS:
                self._by_action.clear()
            self._by_action[action] = denies_and_allows
        return denies_and_allows

    def reach(self, rule: StatementRule, request: Request) -> Reach:
        """How closely a rule's Principal means the caller. A Deny with NotPrincipal spares nobody who has a boundary.

        Source: "AWS JSON policy elements: NotPrincipal" (IAM User Guide).
        """
        principals = rule.statement.principals
        if self._bounded and rule.deny and principals is not None and principals.negated and request.has_identity:
            return Reach.DIRECT
        return reach(principals, request, deny=rule.deny)

    def position_of(self, rule: StatementRule) -> Position:
        """The position of a rule of this layer. ValueError for a rule of another one."""
        for number, rules in enumerate(self.policies):
            for index, candidate in enumerate(rules):
                if candidate is rule:
                    return number, index
        raise ValueError(rule)
