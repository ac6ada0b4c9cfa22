"""What people change by hand on a stack's resources is seen, named and put back, on a real local AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hands_on_resources import HANDS, NAME, RESOURCES, TEMPLATE, prepare
from remit.deploy.changeset import plan
from remit.deploy.execute import execute
from remit.deploy.live_resources.reading import ROWS
from remit.deploy.manual_changes import changed_by_hand, revert
from remit.deploy.status import status
from remit.errors import RemitError
from remit.local import aws
from remit.local.control.clients import account_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hands_on_resources import Hand
    from remit.deploy.session import Account


@pytest.fixture
def account(project: Path) -> Iterator[Account]:
    """The AWS of this machine with all its repairs, empty: the emulator alone leaves out much of a template."""
    running = aws.find(project)
    assert running is not None
    local = account_of(running)
    yield local
    for client in local._clients.values():
        client.close()


@pytest.fixture
def names(account: Account) -> dict[str, str]:
    """The names of the resources of a deployed stack, by logical id."""
    prepare(account)
    planned = plan(account, NAME, TEMPLATE)
    assert planned is not None
    outcome = execute(account, planned, lambda _: None)
    assert outcome.ok, outcome.cause
    deployed = status(account, NAME)
    assert deployed is not None
    return deployed.physical_ids


def told(account: Account) -> list[tuple[str, str]]:
    """Each change by hand: the resource, and what is said of it."""
    changes = changed_by_hand(account, NAME)
    assert (None, ()) == (changes.unread, changes.not_compared)
    return [(change.resource, change.sentence) for change in changes.drift]


def test_after_a_deploy_nothing_was_changed_by_hand(account: Account, names: dict[str, str]) -> None:
    assert len(names) == 24
    assert [] == told(account)


@pytest.mark.parametrize("hand", HANDS, ids=lambda hand: hand.name)
def test_a_change_by_hand_is_seen_and_named_and_put_back(account: Account, names: dict[str, str], hand: Hand) -> None:
    hand.do(account, names)
    seen = told(account)
    assert [hand.resource] == [resource for resource, sentence in seen if hand.told in sentence], seen
    changes = changed_by_hand(account, NAME)
    if hand.lasts:
        with pytest.raises(RemitError, match="remit cannot undo this"):
            revert(account, changes, NAME, lambda _: None)
        return
    made: list[str] = []
    revert(account, changes, NAME, lambda repair: made.append(repair.operation))
    assert [] == told(account)
    assert set(made) <= set(ROWS[RESOURCES[hand.resource][0]].writes)
