"""A hundred thousand pairs of templates whose roles, boundaries, resources and trust change, against IAM's rules."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor

from review.test_joint_differential import LAYERS, differences

PAIRS, PAIRS_AT_ONCE = 100_000, 2_000


def test_no_gain_of_many_pairs_is_hidden_and_each_example_was_denied_before() -> None:
    seeds = range(1, 1 + PAIRS // PAIRS_AT_ONCE)
    with ProcessPoolExecutor(os.cpu_count()) as workers:
        counts = sum(workers.map(differences, [PAIRS_AT_ONCE] * len(seeds), seeds), start=differences(1))
    assert counts["gains"] > 0.3 * PAIRS
    assert counts["undecided"] < 0.02 * PAIRS
    assert min(counts[layer] for layer in LAYERS) > 0.03 * PAIRS, counts
