"""What must change is told of each layer that can deny, and of a boundary only where the roles themselves allow."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any, Final

import pytest

from remit.answers.advice import advice
from remit.answers.denial import LAYERS, Denial
from remit.answers.why import is_beyond_boundary

VERDICTS: Final = ("Allowed", "ImplicitlyDenied", "ExplicitlyDenied")


@pytest.mark.parametrize("layer", LAYERS)
def test_a_deny_of_any_layer_is_told_with_what_must_change_there(layer: Any) -> None:
    denial = Denial(layer=layer, explicit=True, policy="arn:aws:iam::aws:policy/Own")
    (told,) = [line for line in advice(denial) if line.endswith(" (arn:aws:iam::aws:policy/Own)")]
    is_of_ours = layer not in ("scp", "rcp", "other")
    assert is_of_ours == told.startswith("no Allow outweighs a Deny")


@pytest.mark.parametrize("verdicts", [*itertools.product(VERDICTS, repeat=4)])
def test_a_boundary_is_short_where_each_role_allows_by_itself_and_a_boundary_does_not(
    verdicts: tuple[str, ...],
) -> None:
    layers = [
        SimpleNamespace(layer=layer, verdict=verdict)
        for layer, verdict in zip(("identity", "boundary") * 2, verdicts, strict=True)
    ]
    answers: Any = [SimpleNamespace(decision=SimpleNamespace(layers=pair)) for pair in (layers[:2], layers[2:])]
    allows = verdicts[0] == verdicts[2] == "Allowed"
    is_limited = verdicts[1] != "Allowed" or verdicts[3] != "Allowed"
    assert is_beyond_boundary(answers) == (allows and is_limited)
