"""Compare random pairs of roles against brute force over small worlds.

    python tests/iam/compare_differential.py --cases 100000 --seed 1

Wrong are: "nothing gained" where a small world has a request that is, a request that is gained beside all pieces that
are told, and a gain whose request the slow evaluator does not confirm. What is undecided is counted, and wrong only
where a plain request shows a gain, whatever references stand for: one in the words of an Allow statement that the other
side does not have.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from dataclasses import replace
from itertools import islice, product
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.append(str(Path(__file__).parents[1]))
sys.path.append(str(Path(__file__).parents[2] / "src"))

from iam.small_worlds import ACTIONS, ARN, REFERENCE, TAILS, Maker, World, allowed, filled, glob, policies_of, spelled
from remit.iam.decide.evaluate import Layers, Request, evaluate
from remit.iam.policy import Policy, render
from remit.iam.prove.compare import compare
from remit.review.accepted import narrowed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.iam.comparison import Piece
    from remit.iam.policy import Statement

MOST_CONTEXTS = 3_000
NEAR = 0.7  # of the pairs, those that differ by one small change


def confirmed(piece: Piece, old: Layers, new: Layers) -> bool:
    """Whether the slow evaluator agrees with a finding."""
    request = piece.request
    context: dict[str, Any] = {
        key: tuple(map(back, value)) if isinstance(value, tuple) else back(value)
        for key, value in (request.context or {}).items()
    }
    resource = back(request.resource)
    return allowed(new, request.action, resource, context) and not allowed(old, request.action, resource, context)


def told(pieces: Iterable[Piece], side: Layers) -> Layers:
    """All that pieces of a side say, each statement as narrow as the piece, in the spelling of the small worlds."""
    return Layers(
        tuple(Policy((unspelled(narrowed(piece)),), side.identity[piece.source.policy].version) for piece in pieces)
    )


def unspelled(statement: Statement) -> Statement:
    """A statement of remit in the spelling of the small worlds."""
    assert statement.resources is not None
    return replace(
        statement,
        resources=replace(statement.resources, patterns=tuple(map(back, statement.resources.patterns))),
        conditions=tuple(
            replace(condition, values=tuple(map(back, condition.values))) for condition in statement.conditions
        ),
    )


def back(text: str) -> str:
    """A text in the spelling of the small worlds."""
    return text.replace("${Q}", REFERENCE)


def plain_gain(old: Layers, new: Layers) -> tuple[str, str, dict[str, Any]] | None:
    """A request in the words of an added Allow statement that the new side alone allows; None: no such request."""
    former = {statement for policy in old.identity for statement in policy.statements}
    for policy in new.identity:
        for statement in policy.statements:
            if statement.effect == "Allow" and statement not in former:
                for action, resource, context in plain_requests(statement, policy.version):
                    if allowed(new, action, resource, context) and not allowed(old, action, resource, context):
                        ready = (action, resource.replace(REFERENCE, "${Q}"), context)
                        if is_sure(ready, old, new):
                            return ready
    return None


def is_sure(request: tuple[str, str, dict[str, Any]], old: Layers, new: Layers) -> bool:
    """Whether the evaluator allows a request after and denies it before, whatever references stand for."""
    action, resource, context = request
    asked = Request(action, resource, context=context, open=frozenset({"${Q}"}), wildcard_only=False)
    before, after = (evaluate(asked, spelled(side)).verdict for side in (old, new))
    return after == "Allowed" and before in ("ImplicitlyDenied", "ExplicitlyDenied")


def plain_requests(statement: Statement, version: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The first actions and resources of a statement, without a context and with what its conditions list first."""
    assert statement.resources is not None
    actions = [action for action in ACTIONS if statement_names(statement, action)]
    resources = [ARN + tail for tail in TAILS]
    if not statement.resources.negated:
        resources = [text for pattern in statement.resources.patterns for text in plain_texts(pattern)]
    listed = {condition.key: condition.values[0] for condition in statement.conditions if condition.values}
    for context, resource, action in product(({}, listed), resources, islice(actions, 2)):
        text = filled(resource, context, version)
        if text:  # a resource is any text but the empty one
            yield action, text, context


def statement_names(statement: Statement, action: str) -> bool:
    """Whether a statement is about an action."""
    named = any(glob(pattern.lower(), action) for pattern in statement.actions.patterns)
    return named is not statement.actions.negated


def plain_texts(pattern: str) -> Iterator[str]:
    """Texts that a pattern describes, with the same word for each `*`."""
    for word in ("", "x", "z", "a", "xa"):
        yield pattern.replace("*", word).replace("?", word[:1] or "x")


def pair(seed: str) -> tuple[Layers, Layers]:
    """The two sides of a case."""
    maker = Maker(random.Random(seed))  # noqa: S311 - cases, not secrets
    old = maker.side()
    new = maker.near(old) if maker.random.random() < NEAR else maker.side()
    return maker.under_rcps(*maker.behind_endpoints(old, new))


def case(seed: str, tally: Counter[str]) -> str | None:
    """One case; what is wrong with it, if anything is."""
    old, new = pair(seed)
    world = World.of(old, new)
    if len(world.contexts) > MOST_CONTEXTS:
        tally["too large"] += 1
        return None
    found = compare(spelled(old), spelled(new), actions_of=lambda _: ())
    mine, other = world.masks(new), world.masks(old)
    for pieces, more, less, sides in ((found.gained, mine, other, (old, new)), (found.lost, other, mine, (new, old))):
        truth = any(more[point] & ~less[point] for point in more)
        tally["differs" if pieces else "undecided" if found.undecided else "same"] += 1
        if truth and not pieces and not found.undecided:
            return f"{seed}: something differs, and nothing was found"
        if truth and not found.undecided:
            said = world.masks(told(pieces, sides[1]))
            if any(more[point] & ~less[point] & ~said[point] for point in more):
                return f"{seed}: something differs beside the pieces that are told"
        if truth and not pieces and (request := plain_gain(*sides)):
            return f"{seed}: undecided, though {request} differs"
        for piece in pieces:
            if not confirmed(piece, *sides):
                return f"{seed}: {piece.request} does not differ"
    tally["unconfirmed"] += sum("does not confirm" in one.reason for one in found.undecided)
    return None


def run(cases: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Every case; what came out, and what is wrong."""
    tally: Counter[str] = Counter()
    wrong = [complaint for number in range(cases) if (complaint := case(f"{seed}/{number}", tally))]
    return tally, wrong


def show(seed: str) -> str:
    """The two sides of a case and what is found, for reading."""
    old, new = map(spelled, pair(seed))
    found = compare(old, new, actions_of=lambda _: ())
    documents = [
        f"{name} {json.dumps(render(policy))}"
        for name, side in (("old", old), ("new", new))
        for policy in policies_of(side)
    ]
    return "\n".join((*documents, *map(str, (*found.gained, *found.lost, *found.undecided))))


def main() -> int:
    """Run the command line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--show", help="print one case, by its seed/number")
    given = options.parse_args()
    if given.show:
        sys.stdout.write(f"{show(given.show)}\n")
        return 0
    start = time.perf_counter()
    counts, wrong = run(given.cases, given.seed)
    seconds = time.perf_counter() - start
    sys.stdout.write(f"{given.cases} pairs in {seconds:.0f} s: {dict(sorted(counts.items()))}; wrong: {len(wrong)}\n")
    for complaint in wrong[:20]:
        sys.stdout.write(f"{complaint}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
