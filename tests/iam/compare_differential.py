"""Compare random pairs of roles against brute force over small worlds.

    python tests/iam/compare_differential.py --cases 100000 --seed 1

Wrong are: "nothing gained" where a small world has a request that is, and a gain whose request the slow evaluator does not
confirm. What is undecided is counted, and is never wrong.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.append(str(Path(__file__).parents[1]))
sys.path.append(str(Path(__file__).parents[2] / "src"))

from iam.small_worlds import REFERENCE, Maker, World, allowed, spelled
from remit.iam.compare import compare
from remit.iam.policy import render

if TYPE_CHECKING:
    from remit.iam.evaluate import Layers
    from remit.iam.finding import Piece

MOST_CONTEXTS = 3_000


def confirmed(piece: Piece, old: Layers, new: Layers) -> bool:
    """Whether the slow evaluator agrees with a finding."""
    request = piece.request
    context: dict[str, Any] = {
        key: tuple(map(back, value)) if isinstance(value, tuple) else back(value)
        for key, value in (request.context or {}).items()
    }
    resource = back(request.resource)
    return allowed(new, request.action, resource, context) and not allowed(old, request.action, resource, context)


def back(text: str) -> str:
    """A text in the spelling of the small worlds."""
    return text.replace("${Q}", REFERENCE).replace("${t:", "${")


def case(seed: str, tally: Counter[str]) -> str | None:
    """One case; what is wrong with it, if anything is."""
    maker = Maker(random.Random(seed))  # noqa: S311 - cases, not secrets
    old = maker.side()
    new = maker.near(old) if maker.random.random() < 0.7 else maker.side()
    world = World.of(old, new)
    if len(world.contexts) > MOST_CONTEXTS:
        tally["too large"] += 1
        return None
    found = compare(spelled(old), spelled(new), known=lambda _: ())
    mine, other = world.masks(new), world.masks(old)
    for pieces, more, less, sides in ((found.gained, mine, other, (old, new)), (found.lost, other, mine, (new, old))):
        truth = any(more[point] & ~less[point] for point in more)
        tally["differs" if pieces else "undecided" if found.undecided else "same"] += 1
        if truth and not pieces and not found.undecided:
            return f"{seed}: something differs, and nothing was found"
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


def show(seed: str) -> None:
    """Print the two sides of a case."""
    maker = Maker(random.Random(seed))  # noqa: S311 - as above
    old = maker.side()
    new = maker.near(old) if maker.random.random() < 0.7 else maker.side()
    for name, side in (("old", spelled(old)), ("new", spelled(new))):
        print(name, *(render(policy) for policy in (*side.identity, *side.boundary, *(p for level in side.scp for p in level))), sep="\n  ")  # noqa: T201 - a script
    found = compare(spelled(old), spelled(new), known=lambda _: ())
    print(*found.gained, *found.lost, *found.undecided, sep="\n")  # noqa: T201 - as above


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--show", help="print one case, by its seed/number")
    given = options.parse_args()
    if given.show:
        show(given.show)
        sys.exit()
    start = time.perf_counter()
    counts, complaints = run(given.cases, given.seed)
    print(f"{given.cases} pairs in {time.perf_counter() - start:.0f} s: {dict(sorted(counts.items()))}; wrong: {len(complaints)}")  # noqa: T201 - as above
    print(*complaints[:20], sep="\n")  # noqa: T201 - as above
    sys.exit(bool(complaints))
