"""Real changes of managed policies: every verdict is as recorded, and every request that shows one is confirmed.

The recorded changes are read from where REMIT_POLICY_CHANGES says or from beside the repository, and never copied.
Where they are not, changes whose verdict is known by how they are made take their place.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remit.catalogue.managed_policies import managed_policies, managed_policy
from remit.iam.decide.evaluate import evaluate
from remit.iam.policy import Policy, parse
from remit.iam.prove.compare import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
BESIDE = ROOT.parent / "shared/data/policy-changes"

Change = tuple[str, Policy, Policy, bool, bool]


def recorded(folder: Path) -> Iterator[Change]:
    """Name, old and new, whether access is added, whether any is removed."""
    for name, verdict in sorted(json.loads((folder / "verdicts.json").read_text(encoding="utf-8")).items()):
        change = json.loads((folder / name).read_text(encoding="utf-8"))
        yield name, parse(change["old"]), parse(change["new"]), verdict["add"], verdict["remove"]


def made() -> Iterator[Change]:
    """Changes of managed policies that plainly add, remove, do both or neither."""
    for name in managed_policies()[::10]:
        document: Any = managed_policy(name).document  # type: ignore[union-attr]  # the name is from the list
        policy = parse(document)
        if any(one.effect == "Deny" for one in policy.statements):
            continue  # it may deny what is added
        statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
        more = {"Effect": "Allow", "Action": "invented:Act", "Resource": "*"}
        other = {**more, "Action": "invented:Other"}
        yield f"{name} turned around", policy, parse({**document, "Statement": statements[::-1]}), False, False
        yield f"{name} and more", policy, parse({**document, "Statement": [*statements, more]}), True, False
        yield f"{name} and less", parse({**document, "Statement": [*statements, more]}), policy, False, True
        yield (
            f"{name} and other",
            parse({**document, "Statement": [*statements, more]}),
            parse({**document, "Statement": [*statements, other]}),
            True,
            True,
        )


def changes() -> Iterator[Change]:
    folder = Path(os.environ.get("REMIT_POLICY_CHANGES", BESIDE))
    return recorded(folder) if (folder / "verdicts.json").is_file() else made()


def check(change: Change) -> list[str]:
    """What is wrong about one change."""
    name, old, new, adds, removes = change
    found = compare(old, new)
    wrong = [f"{name}: undecided, {one.source.name}: {one.reason}" for one in found.undecided]
    if (bool(found.gained), bool(found.lost)) != (adds, removes):
        wrong.append(f"{name}: gains {len(found.gained)}, loses {len(found.lost)}")
    for pieces, more, less in ((found.gained, new, old), (found.lost, old, new)):
        for piece in pieces:
            if not evaluate(piece.request, more).allowed or evaluate(piece.request, less).allowed:
                request = piece.request
                special = request.needs_resource_policy  # the key's own policy would have its say as well
                wrong += [] if special else [f"{name}: {request} shows nothing"]
    return wrong


def test_every_recorded_change_is_decided_as_recorded() -> None:
    assert [wrong for change in changes() for wrong in check(change)] == []


def test_every_made_change_is_decided_as_made() -> None:
    assert [wrong for change in made() for wrong in check(change)] == []
