"""A gain of a statement that stays undecided, where one of a few plain requests shows it at a look.

The requests are made of the texts of the compared statements, with short words for wildcards and variables. Finding
none proves nothing.
"""

from __future__ import annotations

import re
from itertools import islice, product
from typing import TYPE_CHECKING, Final, TypeAlias

from remit.catalogue.action_keys import carries
from remit.iam.comparison import Piece, SideDifference, Tier
from remit.iam.decide.evaluate import Layers, evaluate
from remit.iam.pattern import is_pattern, matches
from remit.iam.policy import Policy, Statement
from remit.iam.prove.compared_side import Side
from remit.iam.prove.real_requests import can_be_made
from remit.iam.prove.realistic_values import usual_value
from remit.iam.request import ContextValue, Request
from remit.iam.tokens import references

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from remit.iam.prove.action_search import ActionsOf
    from remit.iam.prove.statement_space import Box

MOST: Final = 3_000
"""Requests that are tried for a statement, at most."""
_MOST_WORK: Final = 50_000
"""Requests times the statements that each of them is held against: fewer requests are tried of long policies."""
_WORDS: Final = ("example", "", "a", "zz")
"""What stands for a `*`; for a `?` those of one letter."""
_MOST_OF_A_TEXT, _MOST_OF_A_KEY, _MOST_CONTEXTS, _MOST_RESOURCES, _MOST_ACTIONS = 6, 4, 24, 60, 10
_MOST_PATTERNS: Final = 100  # of other statements
_VARIABLE: Final = re.compile(r"\$\{([^{},:]+:[^{},]+)(?:, *'([^']*)')?\}")
"""A variable: its key, and its default if it has one."""
_ANY_ACTION: Final = ("z:z", "z:a")

SimpleRequest: TypeAlias = "tuple[str, str, dict[str, ContextValue]]"


def simple_gain(box: Box, old: Side, new: Side, old_name: str, actions_of: ActionsOf) -> Piece | None:
    """Return the gain by a box's statement on the new side, with the first plain request that shows it.

    None where none does. Parameters are as `GainSearch` has them.
    """
    alone = Side(Layers((Policy((box.statement,), box.version),)))
    statements = [other.statement for side in (new, old) for policy in side.compiled for other in policy.boxes]
    for action, resource, context in _simple_requests(box.statement, statements):
        open_references = frozenset(reference.text for reference in references(resource))
        request = Request(action, resource, context=context, open=open_references, wildcard_only=False)
        if alone.permits(request) and new.permits(request) and old.permits(request) is False:
            shown, tier = _of_today(request, old, new, actions_of)
            layers = evaluate(request, old.policies).layers
            denials = (layer.rulings[0] for layer in layers if layer.verdict == "ExplicitlyDenied")
            difference = SideDifference(old_name, denial=next(denials, None))
            pattern = _spelled(box.statement, resource)
            return Piece(new.source(box), _spelled_action(box.statement, action), pattern, shown, tier, difference)
    return None


def _of_today(request: Request, old: Side, new: Side, actions_of: ActionsOf) -> tuple[Request, Tier]:
    """The same with an action that exists, where it can be made today."""
    for name in actions_of(request.action):
        real = Request(name, request.resource, context=request.context)
        is_carried = all(carries(name, key) for key in request.context or ())
        if is_carried and can_be_made(name, request.resource) and new.allows(real) and old.allows(real) is False:
            return real, "now"
    return request, "future"


def _spelled(statement: Statement, resource: str) -> str:
    """The pattern of a statement that matches a resource; `*` where the statement names what it leaves out."""
    resources = statement.resources
    if resources is None or resources.negated:
        return "*"
    return next((pattern for pattern in resources.patterns if matches(pattern, resource)), resources.patterns[0])


def _spelled_action(statement: Statement, action: str) -> str:
    """The pattern of a statement that matches an action; `*` for NotAction."""
    if statement.actions.negated:
        return "*"
    return next(pattern for pattern in statement.actions.patterns if matches(pattern.lower(), action.lower()))


def _simple_requests(statement: Statement, statements: Iterable[Statement]) -> Iterator[SimpleRequest]:
    """Action, resource and context of requests in the words of a statement and of the others.

    Actions are those that `statement` is about; resources are the texts of every Resource and NotResource, none without
    any. A variable has the context's value, else its default, else it stays as it is.
    """
    every_statement = (statement, *statements)
    count = min(MOST, _MOST_WORK // len(every_statement))
    actions = _actions(every_statement)
    patterns: list[str] = []
    for spoken in every_statement:
        if spoken.resources is not None:
            patterns += spoken.resources.patterns
    resources = [text for text in _plainest_first(patterns) if text][:_MOST_RESOURCES]
    contexts = _contexts(statement, every_statement)
    requests = product(contexts, resources, actions)
    for context, resource, action in islice(requests, count):
        yield action, _with_values(resource, context), context


def _actions(statements: Sequence[Statement]) -> tuple[str, ...]:
    """A few actions that the first statement is about: as it names them, any, and as the other statements name them."""
    statement = statements[0]
    own = () if statement.actions.negated else statement.actions.patterns[:_MOST_ACTIONS]
    elsewhere = (pattern for other in statements[1:] for pattern in other.actions.patterns)
    named_elsewhere = _plainest_first(islice(elsewhere, _MOST_PATTERNS))
    names = dict.fromkeys((*_plainest_first(own), *_ANY_ACTION, *named_elsewhere))
    actions = (name for name in names if name.count(":") == 1 and _is_about(statement, name))
    return tuple(islice(actions, _MOST_ACTIONS))


def _is_about(statement: Statement, action: str) -> bool:
    """Return whether a statement is about an action."""
    is_named = any(matches(pattern.lower(), action.lower()) for pattern in statement.actions.patterns)
    return is_named is not statement.actions.negated


def _plainest_first(patterns: Iterable[str]) -> tuple[str, ...]:
    """Return texts that patterns describe: of every pattern the plainest first."""
    instances = [_instances(pattern) for pattern in patterns]
    by_plainness: dict[str, None] = {}
    for position in range(_MOST_OF_A_TEXT):
        by_plainness |= dict.fromkeys(texts[position] for texts in instances if position < len(texts))
    return tuple(by_plainness)


def _instances(pattern: str) -> tuple[str, ...]:
    """Texts that a pattern describes: the same word for each `*`, and for each `?` a letter."""
    if not is_pattern(pattern):
        return (pattern,)
    texts = [pattern.replace("*", word).replace("?", word[:1] or "e") for word in _WORDS]
    return tuple(dict.fromkeys(texts))


def _contexts(statement: Statement, statements: Iterable[Statement]) -> tuple[dict[str, ContextValue], ...]:
    """Return values of the conditions' keys: first those that the statement itself asks for.

    A word is no value of a key that is compared as a number, a date or an address.
    """
    conditions = [condition for spoken in (statement, *statements) for condition in spoken.conditions]
    typed = {condition.key for condition in conditions if not condition.operator.startswith(("String", "Null"))}
    values: dict[str, dict[ContextValue, None]] = {}
    for condition in conditions:
        of_key = values.setdefault(condition.key, {})
        for value in condition.values:
            if "IpAddress" in condition.operator:
                of_key[value.partition("/")[0]] = None  # an address of the block
            elif condition.operator != "Null":
                of_key |= dict.fromkeys(_instances(value))
        of_key[None] = None
        usual = usual_value(condition.key)
        if usual or condition.key not in typed:
            of_key[usual or _WORDS[0]] = None
    choices = []
    for key, of_key in values.items():
        choices.append([(key, value) for value in islice(of_key, _MOST_OF_A_KEY)])
    contexts: list[dict[str, ContextValue]] = [{}]
    combinations = islice(product(*choices), _MOST_CONTEXTS)
    contexts += [{key: value for key, value in chosen if value is not None} for chosen in combinations]
    return tuple(contexts)


def _with_values(resource: str, context: dict[str, ContextValue]) -> str:
    """A resource with the values of the context for its variables, or with their defaults."""
    if "${" not in resource:
        return resource

    def value_of(match: re.Match[str]) -> str:
        key, default = match.groups()
        value = context.get(key, default)
        return value if isinstance(value, str) else match[0]

    return _VARIABLE.sub(value_of, resource)
