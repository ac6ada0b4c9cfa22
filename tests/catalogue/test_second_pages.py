"""Actions that two pages describe under one prefix have the resource types of both."""

from __future__ import annotations

import pytest

from remit.catalogue.actions import action, resource_types, target_names
from remit.catalogue.second_pages import TARGETS


@pytest.mark.parametrize(("name", "kinds"), TARGETS.items())
def test_every_row_names_an_action_and_types_that_are_known(name: str, kinds: tuple[str, ...]) -> None:
    found = action(name)
    assert found is not None
    assert set(kinds) <= {kind.name for kind in resource_types(found.service)}
    assert set(kinds) <= target_names(name) == {target.type.name for target in found.targets}


def test_what_one_page_requires_the_other_does_not() -> None:
    found = action("elasticloadbalancing:AddTags")
    assert found is not None
    assert {target.required for target in found.targets} == {False}
    assert {"loadbalancer", "listener/app", "targetgroup"} <= {target.type.name for target in found.targets}
