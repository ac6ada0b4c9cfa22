"""Compare pairs of roles against z3, a prover that knows nothing of remit: `compare_z3.py --cases 400 --seed 1`.

Needs z3-solver (development only). The pairs are those of the small worlds with what z3's theories express: texts,
ARNs, numbers and Booleans; no sets, variables, dates, addresses or bytes. A pair on which z3 gives up is counted, not
judged.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import z3

sys.path.append(str(Path(__file__).parents[1]))
sys.path.append(str(Path(__file__).parents[2] / "src"))

from iam.small_worlds import BEYOND_RCPS, Maker, layers_of, spelled
from random_cases import ASKS_ALL
from remit.catalogue.rcp_services import RCP_SERVICES
from remit.iam.comparison import Undecided
from remit.iam.prove.compare import gains

if TYPE_CHECKING:
    from remit.iam.decide.evaluate import Layers
    from remit.iam.policy import Condition, Policy, Statement

STEPS = 40_000_000 if ASKS_ALL else 1_500_000
"""What z3 may spend on a pair, by its own count: of those that it solves one takes 1.3 million, most a thousandth."""
KINDS = ("String", "Arn", "Numeric", "Bool", "Null")
ANY_TEXT = z3.Full(z3.ReSort(z3.StringSort()))
ANY_LETTER = z3.AllChar(z3.ReSort(z3.StringSort()))
NO_COLON = z3.Intersect(ANY_LETTER, z3.Complement(z3.Re(":")))


class Unsupported(Exception):
    """A condition beyond z3's theories."""


def expression(pattern: str, *, colons: bool = True, fold: bool = False) -> Any:
    """The texts of a glob, as a regular expression."""
    letter = ANY_LETTER if colons else NO_COLON
    many = ANY_TEXT if colons else z3.Star(NO_COLON)
    parts = [
        many if sign == "*" else letter if sign == "?" else _either_case(sign) if fold else z3.Re(sign)
        for sign in pattern
    ]
    return z3.Re("") if not parts else parts[0] if len(parts) == 1 else z3.Concat(*parts)


def _either_case(letter: str) -> Any:
    cases = sorted({letter.lower(), letter.upper()})
    return z3.Re(cases[0]) if len(cases) == 1 else z3.Union(*(z3.Re(case) for case in cases))


def arn_expression(pattern: str) -> Any:
    """Six components; a `*` stays within the first five."""
    parts = pattern.split(":", 5) if pattern != "*" else ["*"] * 6
    if len(parts) < 6:
        return z3.Empty(z3.ReSort(z3.StringSort()))
    pieces = [piece for part in parts[:5] for piece in (expression(part, colons=False), z3.Re(":"))]
    return z3.Concat(*pieces, expression(parts[5]))


class Model:
    """Variables for a request: action, resource, and for each key its presence and its value."""

    def __init__(self) -> None:
        self.action = z3.String("action")
        self.resource = z3.String("resource")
        self.there: dict[str, Any] = {}
        self.values: dict[tuple[str, str], Any] = {}

    def premises(self) -> tuple[Any, ...]:
        """An action has one colon, with a text on either side, and a resource is some text."""
        word = z3.Plus(NO_COLON)
        return z3.InRe(self.action, z3.Concat(word, z3.Re(":"), word)), self.resource != z3.StringVal("")

    def present(self, key: str) -> Any:
        return self.there.setdefault(key, z3.Bool(f"{key} is there"))

    def value(self, key: str, kind: str) -> Any:
        make = {"Numeric": z3.Real, "Bool": z3.Bool}.get(kind, z3.String)
        return self.values.setdefault((key, kind), make(f"{key} as {kind}"))

    def condition(self, condition: Condition) -> Any:
        operator = condition.operator
        there = self.present(condition.key)
        if operator == "Null":
            return z3.Or(*(z3.Not(there) if text == "true" else there for text in condition.values))
        if condition.quantifier or not operator.startswith(KINDS) or any("${" in text for text in condition.values):
            raise Unsupported
        matched = z3.Or(*(self.matches(operator, condition.key, text) for text in condition.values))
        if "Not" in operator:
            return z3.Or(z3.Not(there), z3.Not(matched))
        return z3.Or(z3.Not(there), matched) if condition.if_exists else z3.And(there, matched)

    def matches(self, operator: str, key: str, text: str) -> Any:
        if operator.startswith("Numeric"):
            value, limit = self.value(key, "Numeric"), z3.RealVal(text)
            for ending, relation in (
                ("LessThanEquals", value <= limit), ("GreaterThanEquals", value >= limit), ("LessThan", value < limit),
                ("GreaterThan", value > limit), ("Equals", value == limit),
            ):  # fmt: skip
                if operator.endswith(ending):
                    return relation
        if operator == "Bool":
            return self.value(key, "Bool") == z3.BoolVal(text == "true")
        value = self.value(key, "String")
        if operator.startswith("Arn"):
            return z3.InRe(value, arn_expression(text))
        if "IgnoreCase" in operator:
            return z3.InRe(value, expression(text, fold=True)) if text else value == ""
        return z3.InRe(value, expression(text)) if "Like" in operator else value == z3.StringVal(text)

    def statement(self, statement: Statement) -> Any:
        actions = z3.Or(*(z3.InRe(self.action, expression(text.lower())) for text in statement.actions.patterns))
        parts = [z3.Not(actions) if statement.actions.negated else actions]
        if statement.resources is not None and any("${" in text for text in statement.resources.patterns):
            raise Unsupported
        if statement.resources is not None and statement.resources.patterns != ("*",):
            found = z3.Or(*(z3.InRe(self.resource, expression(text)) for text in statement.resources.patterns))
            parts.append(z3.Not(found) if statement.resources.negated else found)
        return z3.And(*parts, *map(self.condition, statement.conditions))

    def allowed(self, side: Layers) -> Any:
        layers = layers_of(side)
        denials = [self.denied(policy) for layer in layers for policy in layer]
        if side.rcp:
            reached = z3.Or(*(z3.InRe(self.action, expression(f"{service}:*")) for service in sorted(RCP_SERVICES)))
            by_rcps = z3.Or(*(self.denied(policy) for level in side.rcp for policy in level))
            denials.append(z3.And(reached, self.action != z3.StringVal(BEYOND_RCPS), by_rcps))
        by_layer = [
            z3.Or(
                *(
                    self.statement(statement)
                    for policy in layer
                    for statement in policy.statements
                    if statement.effect == "Allow"
                )
            )
            for layer in layers
        ]
        return z3.And(*by_layer, z3.Not(z3.Or(*denials)))

    def denied(self, policy: Policy) -> Any:
        return z3.Or(*(self.statement(one) for one in policy.statements if one.effect == "Deny"))


def adds(old: Layers, new: Layers) -> bool | None:
    """Whether the new side allows what the old does not; None when z3 gives up. Raises Unsupported."""
    model = Model()
    solver = z3.Solver()
    solver.set("rlimit", STEPS)  # a limit of seconds would give up on other pairs where the machine is busy
    solver.add(model.allowed(new), z3.Not(model.allowed(old)), *model.premises())
    return {"sat": True, "unsat": False}.get(str(solver.check()))


def pair(seed: str) -> tuple[Layers, Layers] | None:
    """Two sides that z3 can express, or None."""
    maker = Maker(random.Random(seed))  # noqa: S311 - cases, not secrets
    if maker.variables or {"m", "date", "ip", "bin"} & set(maker.keys):
        return None
    old = maker.side()
    return maker.under_rcps(old, maker.near(old))


def compared(*, cases: int, seed: int) -> tuple[Counter[str], list[str]]:
    """So many pairs: what came out, and on which pairs the two disagree."""
    tally: Counter[str] = Counter()
    wrong: list[str] = []
    number = 0
    while sum(tally.values()) < cases:
        number += 1
        name = f"z3/{seed}/{number}"
        sides = pair(name)
        if sides is None:
            continue
        said, found = adds(*sides), gains(*map(spelled, sides))
        if said is None or isinstance(found, Undecided):
            tally["z3 gives up" if said is None else "undecided"] += 1
            continue
        tally["adds" if said else "adds nothing"] += 1
        if said is not (found is not None):
            wrong.append(name)
    return tally, wrong


def main() -> int:
    """Run the command line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=400)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    started = time.perf_counter()
    tally, wrong = compared(cases=given.cases, seed=given.seed)
    seconds = time.perf_counter() - started
    sys.stdout.write(f"{dict(sorted(tally.items()))} in {seconds:.0f} s; disagreements: {len(wrong)}\n")
    for name in wrong[:10]:
        sys.stdout.write(f"{name}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
