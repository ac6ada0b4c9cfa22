"""References in their shape against brute force: every name, every place, and every ARN for what has no shape."""

from __future__ import annotations

import random
import re
from collections import Counter
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from iam.small_worlds import arn_glob, glob
from random_cases import cases
from remit.app import Resource
from remit.iam.decide.evaluate import Layers
from remit.iam.policy import Policy, parse_statement
from remit.roles.reference_shapes import Shapes, shapes_of
from remit.roles.shaped_comparison import compare_in_shape

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES = cases(25, deep=1_500)
SEEDS_ONCE_WRONG = (10048, 10183, 10557)
NAMES: Final = ("a", "b", "ab")
PLACES: Final = (
    {"Partition": "aws", "Region": "r", "AccountId": "1"},
    {"Partition": "p", "Region": "s", "AccountId": "2"},
)
ARNS: Final = tuple(
    f"arn:{place['Partition']}:{service}:{place['Region']}:{place['AccountId']}:{name}"
    for service, place, name in product(("sqs", "sns"), PLACES, (*NAMES, "zz"))
)
SHAPES: Final = shapes_of((Resource("Q", "AWS::SQS::Queue", {}), Resource("T", "AWS::SNS::Topic", {}))).beside(Shapes())
HERE: Final = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:"
PATTERNS: Final = (
    "*", "arn:*:sqs:*:*:*", "arn:*:sns:*:*:*", "arn:aws:sqs:*:*:*", "arn:*:sqs:*:*:a*", "arn:*:sqs:r:1:*",
    "arn:*:sqs:*:*:zz", "${Q.Arn}", "${Q.Arn}", "${T}", "${T.TopicArn}", "${U.Arn}", "${U.Arn}", "${Q.Arn}*",
    f"{HERE}${{Q.QueueName}}", f"{HERE}*", f"{HERE}a*", f"{HERE}?",
)  # fmt: skip
_REFERENCE: Final = re.compile(r"\$\{[^}]*\}")

Statements = list[dict[str, Any]]
Meaning = dict[str, str]


def statement(chance: random.Random, effect: str) -> dict[str, Any]:
    made: dict[str, Any] = {"Effect": effect, "Action": "x:Do"}
    made["NotResource" if chance.random() < 0.15 else "Resource"] = chance.choices(PATTERNS, k=chance.choice((1, 1, 2)))
    if chance.random() < 0.3:
        operator = chance.choice(("ArnLike", "ArnLike", "ArnNotLike"))
        made["Condition"] = {operator: {"aws:SourceArn": chance.choices(PATTERNS[1:], k=1)}}
    return made


def policy(chance: random.Random) -> Statements:
    made = [statement(chance, "Allow") for _ in range(chance.choice((1, 1, 2)))]
    return [*made, statement(chance, "Deny")] if chance.random() < 0.3 else made


def meanings() -> Iterator[Meaning]:
    """What the references may turn out to be: a place, two names, and any ARN for the one without a shape."""
    for place, queue, topic, unknown in product(PLACES, NAMES, NAMES, ARNS):
        at = {f"${{AWS::{name}}}": value for name, value in place.items()}
        start = f"arn:{place['Partition']}:%s:{place['Region']}:{place['AccountId']}:"
        arn = f"{start % 'sns'}{topic}"
        texts = {"${Q.Arn}": f"{start % 'sqs'}{queue}", "${Q.QueueName}": queue, "${T}": arn, "${T.TopicArn}": arn}
        yield {**at, **texts, "${U.Arn}": unknown}


MEANINGS: Final = tuple(meanings())


def put(texts: list[str], meant: Meaning) -> list[str]:
    return [_REFERENCE.sub(lambda found: meant[found[0]], text) for text in texts]


def places(made: dict[str, Any], meant: Meaning) -> set[tuple[str, str | None]]:
    """The requests that a statement means: a resource, and the ARN of a source or none."""
    negated = "NotResource" in made
    patterns = put(made["NotResource" if negated else "Resource"], meant)
    resources = [arn for arn in ARNS if any(glob(one, arn) for one in patterns) is not negated]
    sources: list[str | None] = [None, *ARNS[::3]]
    for operator, block in made.get("Condition", {}).items():
        values = put(block["aws:SourceArn"], meant)
        is_negated = operator == "ArnNotLike"
        sources = [
            source
            for source in sources
            if (source is None and is_negated)
            or (source is not None and any(arn_glob(one, source) for one in values) is not is_negated)
        ]
    return set(product(resources, sources))


def allowed(made: Statements, meant: Meaning) -> set[tuple[str, str | None]]:
    reach: dict[str, set[tuple[str, str | None]]] = {"Allow": set(), "Deny": set()}
    for one in made:
        reach[one["Effect"]] |= places(one, meant)
    return reach["Allow"] - reach["Deny"]


def layers(made: Statements) -> Layers:
    return Layers((Policy(tuple(map(parse_statement, made))),))


def judged(seed: int, tally: Counter[str]) -> str | None:
    """What is wrong with a case: nothing gained, but for some meaning; or a gain for which there is no meaning."""
    chance = random.Random(seed)  # noqa: S311 - cases, not secrets
    old, new = policy(chance), policy(chance)
    found = compare_in_shape(layers(old), layers(new), SHAPES, SHAPES)
    verdict = "gained" if found.gained else "undecided" if found.undecided else "nothing"
    tally[verdict] += 1
    several = chance.sample(MEANINGS, 40)
    more = next((meant for meant in several if allowed(new, meant) - allowed(old, meant)), None)
    if verdict == "nothing" and more is not None:
        return f"{seed}: {old} to {new} gains something where {more}"
    return None


def test_nothing_is_gained_whatever_names_places_and_unknown_references_turn_out_to_be() -> None:
    tally: Counter[str] = Counter()
    assert [wrong for seed in (*SEEDS_ONCE_WRONG, *range(CASES)) if (wrong := judged(seed, tally))] == []
    assert min(tally["nothing"], tally["gained"], tally["undecided"]) > CASES // 20
