"""The engine and the reference evaluator agree on random cases, and on what they were given to agree on."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
from collections import Counter
from pathlib import Path

from iam import differential, reference
from random_cases import cases, in_all_cases
from remit.iam.special_cases import SPECIAL_CASES

SHARE = cases(500, deep=20_000)
VERDICTS = {"Allowed", "ExplicitlyDenied", "ImplicitlyDenied", "Unknown"}


def run(seed: int) -> tuple[list[dict[str, object]], Counter[str]]:
    """One share of the cases: what differs, and how often each verdict came."""
    tally: Counter[str] = Counter()
    return differential.mismatches(seed, SHARE, tally), tally


def test_both_evaluators_give_the_same_verdict_on_random_cases() -> None:
    with multiprocessing.get_context("fork").Pool(2) as pool:
        answers = pool.map(run, range(5))
    assert [case for found, _ in answers for case in found] == []
    tally = sum((counted for _, counted in answers), Counter[str]())
    assert tally.total() == 5 * SHARE
    assert {verdict for verdict, number in tally.items() if number > tally.total() // 25} == VERDICTS


@in_all_cases
def test_the_cases_are_made_of_every_layer_operator_kind_of_variable_and_exception() -> None:
    found = differential.mix(13, 100)
    often = {name for name, number in found.items() if number > found["cases"] // 100}
    layers = {f"layer {name}" for name in (*differential.SINGLE, *differential.LEVELS)}
    operators = {f"operator {name}" for name in (*differential.ALL_OPERATORS, "Null")}
    variables = {f"variable {name}" for name in differential.VARIABLES}
    quantifiers = {"with ForAllValues", "with ForAnyValue", "with one value", "with IfExists", "with no IfExists"}
    elements = {f"element {no}{name}" for no in ("", "Not") for name in ("Action", "Resource", "Principal")}
    assert (layers | operators | variables | quantifiers | elements) - often == set()
    deciding = {f"decided by {name}" for name in (*differential.SINGLE, *differential.LEVELS)}
    exceptions = {differential.name_of(case) for case in SPECIAL_CASES}
    assert (deciding | exceptions) - set(found) == set()


def command(cases: int, record: Path) -> tuple[str, str]:
    """What the program writes to stdout (without the seconds) and to stderr."""
    options = ["--seed", "2", "--jobs", "1", "--cases", str(cases), "--record", str(record)]
    done = subprocess.run(
        [sys.executable, differential.__file__, *options], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout, done.stderr


def test_a_long_run_is_continued_where_its_record_ends(tmp_path: Path) -> None:
    record = tmp_path / "record"
    parts = [(2, 0, differential.SHARD), (2, 1, 100)]
    first = differential.Shard(*parts[0], 0, {"Allowed": differential.SHARD})
    record.write_text(first.line() + '{"seed": 2, "shard": 1, "ca')
    said, progress = command(differential.SHARD + 100, record)
    assert said.startswith(f"{differential.SHARD + 100} cases, 0 mismatches")
    assert progress.count("shards") == 1
    assert [json.loads(line)["shard"] for line in record.read_text().splitlines()] == [0, 1]
    again, progress = command(differential.SHARD + 100, record)
    assert again.startswith(f"{differential.SHARD + 100} cases, 0 mismatches")
    assert progress == ""


def test_the_reference_evaluator_stays_short_enough_to_be_read() -> None:
    lines = Path(reference.__file__).read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if line.strip()]) <= 370
