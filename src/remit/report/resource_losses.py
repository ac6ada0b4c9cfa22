"""The resources that a change removes or replaces: as lines, as rows of a comment, for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from remit.report.documents import members
from remit.review.resource_losses import REMOVED, ResourceLoss


def loss_lines(loss: ResourceLoss) -> Iterator[str]:
    """For people: what becomes of a resource, why, and where it stands."""
    yield f"  ! {loss.logical_id} ({loss.type}) {'is' if loss.is_certain else 'may be'} {loss.how}{_data(loss)}"
    if loss.properties:
        yield f"      {reason(loss)}"
    if loss.origin is not None:
        yield f"      {loss.origin}"


def what_happens(loss: ResourceLoss) -> str:
    """Words for a cell of a table: `perhaps replaced, with its data`."""
    return f"{'' if loss.is_certain else 'perhaps '}{loss.how}{_data(loss)}"


def reason(loss: ResourceLoss) -> str:
    """Why it is replaced, as a clause; empty for what is removed."""
    if not loss.properties:
        return ""
    names = ", ".join(loss.properties)
    if loss.properties == ("Type",):
        return "its type is another one"
    verb = "differs, and can only be set" if len(loss.properties) == 1 else "differ, and can only be set"
    return f"{names} {verb} when it is created"


def loss_headline(losses: Sequence[ResourceLoss]) -> str:
    """The numbers: `2 removed or replaced (1 loses data)`."""
    with_data = sum(loss.loses_data for loss in losses)
    data = f" ({with_data} {'loses' if with_data == 1 else 'lose'} data)" if with_data else ""
    return f"{len(losses)} removed or replaced{data}"


def loss_document(losses: Sequence[ResourceLoss] | None) -> list[dict[str, Any]] | None:
    """For programs; null where the templates were not compared."""
    if losses is None:
        return None
    return [
        {
            "resource": loss.logical_id,
            "type": loss.type,
            "change": loss.how,
            "certain": loss.is_certain,
            **members(loss, "properties", "holds_data", "stays"),
        }
        for loss in losses
    ]


def _data(loss: ResourceLoss) -> str:
    """The words about the data that goes with a resource, or about its staying in the account; empty without either."""
    if loss.loses_data:
        return f", with its data{f' ({loss.held})' if loss.held else ''}"
    if not loss.stays:
        return ""
    return ", and stays in the account" if loss.how == REMOVED else ", and the old one stays in the account"
