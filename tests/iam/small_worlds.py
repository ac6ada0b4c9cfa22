"""Small worlds: policies over a tiny alphabet, and a slow evaluator that answers every request there is in one.

Written from the IAM User Guide and on its own: it shares nothing with what it is held against but the nouns.
"""

from __future__ import annotations

import base64
import functools
import ipaddress
import itertools
import operator
import re
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

from remit.catalogue.rcp_services import RCP_SERVICES
from remit.iam.decide.evaluate import Layers
from remit.iam.policy import OLD_VERSION, VERSION, Condition, Globs, Policy, Principals, Statement

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

REFERENCE = "\u00a7" * 7  # `${Q}` there: a late-bound text, longer than what `?` in any pattern takes
ARN = "arn:::::"
EVERYONE = Principals((("*", "*"),))
SHARE_OF_ENDPOINTS = 0.12
SHARE_OF_RCPS = 0.15
BEYOND_RCPS = "kms:retiregrant"  # on which an RCP has no effect
ACTIONS = (
    "s3:a", "s3:b", "s3:ab", "s3:ba", "s3:zz", "kms:a", "kms:z", BEYOND_RCPS, "sqs:a", "sqs:z",
    "t:a", "t:z", "z:a", "z:z", "sz:a", "sz:z",
)  # fmt: skip
"""RCPs reach those of services that there are: none of the last line's."""
ACTION_PATTERNS = (
    "s3:a", "S3:A", "s3:b", "s3:ab", "s3:*", "s3:a*", "s3:*a", "s3:?", "s3:??", "*", "t:*", "*:a", "s?:a", "s3:?*",
)  # fmt: skip
ACTION_PATTERNS_OF_RCPS = (*ACTION_PATTERNS, "s*", "?:*", "s*:?", "sqs:*", "kms:*", "*:z", "KMS:A", "s?:*")
TAILS = (
    *("".join(letters) for length in (1, 2, 3) for letters in itertools.product("xaz", repeat=length)),
    *(REFERENCE, "x" + REFERENCE, REFERENCE + "a", "x/a", "x/"),
)
TAIL_PATTERNS = ("x", "xa", "x*", "*a", "*", "x*a", "x?", "?a", "?*", "??", "a*", "*x*", "z*", "xx*")
LATE_PATTERNS = (REFERENCE, "x" + REFERENCE, "*" + REFERENCE, REFERENCE + "*")
VARIABLE_PATTERNS = ("${t:v}", "x${t:v}", "x${t:v}*", "${t:v}*", "${t:v, 'a'}", "x${t:v, 'xa'}", "${t:v}${t:w}")
TEXTS = ("a", "b", "ab", "A", "aB")
LIKES = ("a", "a*", "*b", "?", "a?", "*", "b*", "?*", "*a*")
FOLDS = ("a", "AB", "b")
ARNS = ("arn:p:s:r:n:x", "arn:*:s:*:n:x", "arn:p:s:*:*:*", "*", "arn:p:s:r:n:x*", "arn:?:s:r:n:*")
NUMBERS = ("1", "2", "2.0", "3")
DATES = ("2024-01-01T00:00:00Z", "2024-01-02", "1704153600")
BLOCKS = ("10.0.0.0/30", "10.0.0.2/31", "10.0.0.1", "0.0.0.0/0", "::/0", "10.0.0.0/29")
BYTES = ("YQ==", "Yg==", "YWI=")

DOMAINS: dict[str, tuple[str, ...]] = {
    "s": ("", "a", "b", "ab", "A", "aB", "AB", "z", "az", "zb", "zz", "azb", REFERENCE),
    "v": ("a", "x", "xa", "z", "b", "ab", "aB", "A"),
    "w": ("a", "x", "z", "b"),
    "m": ("a", "b", "ab", "z", "az", "A", ""),
    "arn": (
        "arn:p:s:r:n:x",
        "arn:z:s:r:n:x",
        "arn:p:s:r:n:xz",
        "arn:p:s:z:z:z",
        "arn:p:s:r:n:z:z",
        "z",
        "arn:z:z:z:z:z",
    ),
    "num": ("0", "1", "1.5", "2", "2.5", "3", "4"),
    "date": ("2023-12-31T00:00:00Z", "2024-01-01T00:00:00Z", "2024-01-01T12:00:00Z", "1704153600", "1704153601"),
    "ip": ("10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.8", "11.0.0.0", "::1"),
    "bool": ("true", "false"),
    "bin": ("YQ==", "Yg==", "YWI=", "enp6"),
}
STRING_OPERATORS = {
    "StringEquals": TEXTS,
    "StringNotEquals": TEXTS,
    "StringLike": LIKES,
    "StringNotLike": LIKES,
    "StringEqualsIgnoreCase": FOLDS,
    "StringNotEqualsIgnoreCase": FOLDS,
}
OPERATORS: dict[str, dict[str, tuple[str, ...]]] = {
    "s": STRING_OPERATORS,
    "v": {name: STRING_OPERATORS[name] for name in ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike")},
    "m": {name: STRING_OPERATORS[name] for name in ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike")},
    "arn": dict.fromkeys(("ArnLike", "ArnEquals", "ArnNotLike", "ArnNotEquals"), ARNS),
    "num": dict.fromkeys(
        ("NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan",
         "NumericGreaterThanEquals"), NUMBERS),
    "date": dict.fromkeys(("DateEquals", "DateNotEquals", "DateLessThan", "DateGreaterThanEquals"), DATES),
    "ip": dict.fromkeys(("IpAddress", "NotIpAddress"), BLOCKS),
    "bool": {"Bool": ("true", "false")},
    "bin": {"BinaryEquals": BYTES},
}  # fmt: skip


@functools.lru_cache(maxsize=100_000)
def glob(pattern: str, text: str) -> bool:
    """Character by character, with memory of nothing: the plainest matcher there is."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(glob(pattern[1:], text[cut:]) for cut in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and glob(pattern[1:], text[1:])


def has_rcps(action: str) -> bool:
    """Whether RCPs bind an action. Source: "Resource control policies (RCPs)" (AWS Organizations User Guide)."""
    service = action.partition(":")[0]
    return service in RCP_SERVICES and action != BEYOND_RCPS


VARIABLE = re.compile(r"\$\{(t:\w+)(?:, '(\w*)')?\}")


def filled(text: str, context: dict[str, Any], version: str) -> str | None:
    """With IAM's variables in place; None when one has no single value."""
    if version != VERSION:
        return text
    out, end = "", 0
    for found in VARIABLE.finditer(text):
        value = context.get(found[1], found[2])
        if not isinstance(value, str):
            return None
        out, end = out + text[end : found.start()] + value, found.end()
    return out + text[end:]


def arn_glob(pattern: str, text: str) -> bool:
    """The six components one by one; a lone star is every ARN."""
    six, mine = pattern.split(":", 5) if pattern != "*" else ["*"] * 6, text.split(":", 5)
    return len(six) == len(mine) == 6 and all(map(glob, six, mine))


def instant(text: str) -> Fraction:
    if text.isdigit() and len(text) > 4:
        return Fraction(text)
    return Fraction(int(datetime.fromisoformat(text if "T" in text else text + "T00:00:00Z").timestamp()))


def in_block(block: str, text: str) -> bool:
    return ipaddress.ip_address(text) in ipaddress.ip_network(block, strict=False)


def matches(name: str, wanted: str, value: str) -> bool:
    """One value of a request against one of a policy, negation aside."""
    if name.startswith(("Numeric", "Date")):
        one, other = (
            (Fraction(value), Fraction(wanted)) if name.startswith("Numeric") else (instant(value), instant(wanted))
        )
        for ending, found in (
            ("LessThanEquals", one <= other), ("GreaterThanEquals", one >= other), ("LessThan", one < other),
            ("GreaterThan", one > other), ("Equals", one == other),
        ):  # fmt: skip
            if name.endswith(ending):
                return found
    if "IpAddress" in name:
        return in_block(wanted, value)
    if name == "BinaryEquals":
        return base64.b64decode(wanted) == base64.b64decode(value)
    if name.startswith("Arn"):
        return arn_glob(wanted, value)
    if "IgnoreCase" in name or name == "Bool":
        return wanted.lower() == value.lower()
    return glob(wanted, value) if "Like" in name else wanted == value


def condition_holds(condition: Condition, context: dict[str, Any], version: str) -> bool:
    value = context.get(condition.key)
    if value == ("",):  # an empty set, which is as good as absent
        value = None
    if condition.operator == "Null":
        return ("true" if value is None else "false") in condition.values
    negated = "Not" in condition.operator
    wanted = [text for text in (filled(text, context, version) for text in condition.values) if text is not None]

    def fits(one: str) -> bool:
        return any(matches(condition.operator, text, one) for text in wanted) is not negated

    if not condition.quantifier:
        if value is None:
            return condition.if_exists or negated
        return isinstance(value, str) and fits(value)
    several = [] if value in (None, "") else [value] if isinstance(value, str) else list(value)
    if condition.quantifier == "ForAllValues":
        return all(map(fits, several))
    return any(map(fits, several)) if several else condition.if_exists


def speaks(statement: Statement, version: str, action: str, resource: str, context: dict[str, Any]) -> bool:
    named = any(glob(text.lower(), action.lower()) for text in statement.actions.patterns)
    if named is statement.actions.negated:
        return False
    texts = [filled(text, context, version) for text in statement.resources.patterns]
    meant = any(text is not None and glob(text, resource) for text in texts)
    if meant is statement.resources.negated:
        return False
    return all(condition_holds(condition, context, version) for condition in statement.conditions)


def layers_of(side: Layers) -> list[tuple[Policy, ...]]:
    """The layers that must all allow."""
    optional = [layer for layer in (side.boundary, side.endpoint) if layer]
    return [side.identity, *optional, *side.scp]


def policies_of(side: Layers) -> list[Policy]:
    """Every policy, those that only deny as well."""
    return [policy for layer in (*layers_of(side), *side.rcp) for policy in layer]


def allowed(side: Layers, action: str, resource: str, context: dict[str, Any]) -> bool:
    """The whole of IAM's logic for a role."""

    def said(layer: tuple[Policy, ...]) -> set[str]:
        return {
            statement.effect
            for policy in layer
            for statement in policy.statements
            if speaks(statement, policy.version, action, resource, context)
        }

    if has_rcps(action.lower()) and any("Deny" in said(level) for level in side.rcp):
        return False
    return all(said(layer) == {"Allow"} for layer in layers_of(side))


Prepared: TypeAlias = tuple[str, set[str], dict[str, int]]
"""A statement: its effect, the actions that it means, and per resource the contexts (as bits) in which it applies."""


@dataclass
class World:
    """Every context over the keys that two sides mention."""

    contexts: list[dict[str, Any]]

    @staticmethod
    def of(*sides: Layers) -> World:
        conditions = [
            condition
            for side in sides
            for policy in policies_of(side)
            for statement in policy.statements
            for condition in statement.conditions
        ]
        keys = {condition.key for condition in conditions}
        texts = [
            text
            for side in sides
            for policy in policies_of(side)
            for statement in policy.statements
            for text in (*statement.resources.patterns, *(v for c in statement.conditions for v in c.values))
        ]
        keys |= {found[1] for text in texts for found in VARIABLE.finditer(text)}
        sets = {condition.key for condition in conditions if condition.quantifier}
        choices = [[(key, value) for value in states(key, several=key in sets)] for key in sorted(keys)]
        return World([
            {key: value for key, value in chosen if value is not None} for chosen in itertools.product(*choices)
        ])  # fmt: skip

    def masks(self, side: Layers) -> dict[tuple[str, str], int]:
        """For every action and resource, the contexts (as bits) in which a side allows."""
        whole = (1 << len(self.contexts)) - 1
        out: dict[tuple[str, str], int] = {}
        limiting, denying = (
            [
                [self.prepared(statement, policy.version) for policy in layer for statement in policy.statements]
                for layer in layers
            ]
            for layers in (layers_of(side), side.rcp)
        )
        for action in ACTIONS:
            for tail in TAILS:
                mask = whole
                for layer in limiting:
                    mask &= self.said(layer, "Allow", action, tail) & ~self.said(layer, "Deny", action, tail)
                for layer in denying if has_rcps(action) else ():
                    mask &= ~self.said(layer, "Deny", action, tail)
                out[action, tail] = mask
        return out

    def said(self, layer: list[Prepared], effect: str, action: str, tail: str) -> int:
        """The contexts in which any statement of an effect applies."""
        applying = (resources[tail] for stated, actions, resources in layer if stated == effect and action in actions)
        return functools.reduce(operator.or_, applying, 0)

    def prepared(self, statement: Statement, version: str) -> Prepared:
        actions = {
            action
            for action in ACTIONS
            if any(glob(text.lower(), action) for text in statement.actions.patterns) is not statement.actions.negated
        }
        held = [
            all(condition_holds(one, context, version) for one in statement.conditions) for context in self.contexts
        ]
        holds = sum(1 << place for place, found in enumerate(held) if found)
        readings: dict[tuple[str | None, ...], int] = {}
        late = any("${" in text for text in statement.resources.patterns)
        for place, context in enumerate(self.contexts if late else self.contexts[:1]):
            texts = tuple(filled(text, context, version) for text in statement.resources.patterns)
            readings[texts] = readings.get(texts, 0) | (1 << place if late else -1)
        resources = {
            tail: functools.reduce(
                operator.or_,
                (
                    mask & holds
                    for texts, mask in readings.items()
                    if any(text is not None and glob(text, ARN + tail) for text in texts)
                    is not statement.resources.negated
                ),
                0,
            )
            for tail in TAILS
        }
        return statement.effect, actions, resources


def states(key: str, *, several: bool) -> Iterator[Any]:
    values = DOMAINS[key.removeprefix("t:")]
    yield None
    yield from values
    if several:
        yield ("",)
        real = [value for value in values if value][:5]
        yield from ((value, value) for value in real)
        yield from itertools.combinations(real, 2)


class Maker:
    """Random policies. `rich` says which features a case may use."""

    def __init__(self, source: random.Random) -> None:
        self.random = source
        self.keys = source.sample(sorted(OPERATORS), k=source.choice((0, 1, 1, 2)))
        self.late = source.random() < 0.2
        self.variables = source.random() < 0.2
        self.old_language = self.variables and source.random() < 0.1
        if self.variables and "v" not in self.keys and source.random() < 0.5:
            self.keys = [*self.keys[:1], "v"]

    def side(self) -> Layers:
        identity = tuple(self.policy(self.random.choice((1, 1, 2, 3))) for _ in range(self.random.choice((1, 1, 1, 2))))
        boundary = (self.policy(2),) if self.random.random() < 0.12 else ()
        scp = tuple((self.policy(2),) for _ in range(self.random.choice((0,) * 12 + (1, 2))))
        rcp = tuple((self.policy(2),) for _ in range(self.random.choice((0,) * 12 + (1, 2))))
        return Layers(identity, boundary, scp=scp, rcp=rcp)

    def near(self, side: Layers) -> Layers:
        """A side with a small change, so that many cases are close calls."""
        identity = list(side.identity)
        number = self.random.randrange(len(identity))
        statements = list(identity[number].statements)
        index = self.random.randrange(len(statements))
        change = self.random.randrange(4)
        if change == 0:
            statements[index] = self.statement()
        elif change == 1:
            statements.append(self.statement())
        elif change == 2 and len(statements) > 1:
            del statements[index]
        else:
            one = statements[index]
            statements[index] = Statement(one.effect, one.actions, self.resources(), conditions=one.conditions)
        self.random.shuffle(statements)
        identity[number] = Policy(tuple(statements), identity[number].version)
        return Layers(tuple(identity), side.boundary, scp=side.scp, rcp=side.rcp)

    def behind_endpoints(self, old: Layers, new: Layers) -> tuple[Layers, Layers]:
        """The sides, sometimes behind a VPC endpoint each, whose policy is the same as often as not."""
        if self.random.random() > SHARE_OF_ENDPOINTS:
            return old, new
        of_old = of_new = self.endpoint()
        if self.random.random() < 0.5:
            of_new = self.endpoint()
        return replace(old, endpoint=(of_old,)), replace(new, endpoint=(of_new,))

    def under_rcps(self, old: Layers, new: Layers) -> tuple[Layers, Layers]:
        """The sides, sometimes with an RCP more each, which is the same as often as not, and sometimes none."""
        if self.random.random() > SHARE_OF_RCPS:
            return old, new
        of_old = of_new = ((self.rcp(),),)
        if self.random.random() < 0.5:
            of_new = ((self.rcp(),),) if self.random.random() < 0.5 else ()
        return replace(old, rcp=(*old.rcp, *of_old)), replace(new, rcp=(*new.rcp, *of_new))

    def rcp(self) -> Policy:
        """A policy that denies, half of the time by NotAction."""
        denials: list[Statement] = []
        for _ in range(self.random.choice((1, 1, 2))):
            actions = Globs(self.some(ACTION_PATTERNS_OF_RCPS), negated=self.random.random() < 0.5)
            denials.append(replace(self.statement(), effect="Deny", actions=actions))
        return Policy(tuple(denials))

    def endpoint(self) -> Policy:
        """The policy of a VPC endpoint, whose statements all mean everyone."""
        policy = self.policy(2)
        for_everyone = [replace(statement, principals=EVERYONE) for statement in policy.statements]
        return replace(policy, statements=tuple(for_everyone))

    def policy(self, statements: int) -> Policy:
        version = OLD_VERSION if self.old_language and self.random.random() < 0.5 else VERSION
        return Policy(tuple(self.statement() for _ in range(statements)), version)

    def statement(self) -> Statement:
        effect = "Deny" if self.random.random() < 0.25 else "Allow"
        actions = Globs(self.some(ACTION_PATTERNS), negated=self.random.random() < 0.15)
        conditions = {}
        for _ in range(self.random.choice((0, 0, 1, 1, 2, 3)) if self.keys else 0):
            condition = self.condition()
            conditions[condition.spelled, condition.key] = condition
        return Statement(effect, actions, self.resources(), conditions=tuple(conditions.values()))

    def resources(self) -> Globs:
        if self.random.random() < 0.3:
            return Globs(("*",))
        pool = TAIL_PATTERNS + LATE_PATTERNS * self.late + VARIABLE_PATTERNS * self.variables
        return Globs(tuple(ARN + tail for tail in self.some(pool)), negated=self.random.random() < 0.2)

    def condition(self) -> Condition:
        key = self.random.choice(self.keys)
        if self.random.random() < 0.1:
            return Condition("Null", "t:" + key, (self.random.choice(("true", "false")),))
        operator = self.random.choice(sorted(OPERATORS[key]))
        pool = OPERATORS[key][operator]
        if self.late and key == "s" and "IgnoreCase" not in operator:
            pool += (REFERENCE,)
        if self.variables and key in ("s", "m") and "IgnoreCase" not in operator:
            pool += ("${t:v}", "a${t:v}")
        quantifier = (
            self.random.choice(("ForAllValues", "ForAnyValue")) if key == "m" and self.random.random() < 0.8 else ""
        )
        if_exists = self.random.random() < 0.15
        values = () if self.random.random() < 0.02 else self.some(pool)
        return Condition(operator, "t:" + key, values, quantifier, if_exists)

    def some(self, pool: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.random.choice(pool) for _ in range(self.random.choice((1, 1, 1, 2, 3)))))


def spelled(side: Layers) -> Layers:
    """The same for remit: the reference as documents have it."""

    def text(one: str) -> str:
        return one.replace(REFERENCE, "${Q}")

    def policy(one: Policy) -> Policy:
        return Policy(
            tuple(
                Statement(
                    statement.effect,
                    statement.actions,
                    Globs(tuple(map(text, statement.resources.patterns)), statement.resources.negated),
                    statement.principals,
                    conditions=tuple(
                        Condition(c.operator, c.key, tuple(map(text, c.values)), c.quantifier, c.if_exists)
                        for c in statement.conditions
                    ),
                )
                for statement in one.statements
            ),
            one.version,
        )

    return Layers(
        tuple(map(policy, side.identity)),
        tuple(map(policy, side.boundary)),
        scp=tuple(tuple(map(policy, level)) for level in side.scp),
        rcp=tuple(tuple(map(policy, level)) for level in side.rcp),
        endpoint=tuple(map(policy, side.endpoint)),
    )
