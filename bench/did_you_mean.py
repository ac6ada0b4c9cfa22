"""Measure did-you-mean: how often what was meant is named first, and how long a guess takes.

    python bench/did_you_mean.py            # a line for each kind of name
    python bench/did_you_mean.py --wrong    # and every name that is answered wrongly

The names are those of tests/lint/test_did_you_mean.py: 961 written down by hand, and slips of the keyboard made by a
fixed seed.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "lint"))

import test_did_you_mean as names


def main() -> int:
    """Print the shares; 1 when a kind is below 95 of 100."""
    started = time.process_time()
    rows = [(kind, *_by_hand(kind)) for kind in names.KINDS]
    rows += [(f"{kind}, a slip", *_misspelt(kind)) for kind in names.CASES]
    seconds = time.process_time() - started
    for kind, count, wrong in rows:
        print(f"{kind:24} {count:5} names {1 - len(wrong) / count:8.1%} right first")
        if wrong and "--wrong" in sys.argv:
            print(*(f"    {text}" for text in wrong), sep="\n")
    count = sum(count for _, count, _ in rows)
    share = 1 - sum(len(wrong) for *_, wrong in rows) / count
    print(f"{'all':24} {count:5} names {share:8.1%} right first, {seconds / count * 1_000:.1f} ms CPU a name")
    return int(any(len(wrong) > count * 0.05 for _, count, wrong in rows))


def _by_hand(kind: str) -> tuple[int, list[str]]:
    cases = [case for case in names.WRITTEN if case["kind"] == kind]
    wrong = [case for case in cases if not names.right(case)]
    return len(cases), [f"{case['written']}: {' or '.join(case['meant'])}" for case in wrong]


def _misspelt(kind: str) -> tuple[int, list[str]]:
    words, number, spoilt, hint = names.CASES[kind]
    known = {word.lower() for word in words}
    pairs = [(word, spoilt(word)) for word in (names.RANDOM.choice(words) for _ in range(number))]
    cases = [(word, written) for word, written in pairs if written.lower() not in known]
    wrong = [(word, written) for word, written in cases if names.first(hint(written)) != word]
    return len(cases), [f"{written}: {word}, not {names.first(hint(written))}" for word, written in wrong]


if __name__ == "__main__":
    sys.exit(main())
