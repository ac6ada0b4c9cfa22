"""A report of access for the terminal: the verdict first, then each cause under its sign, those first that matter."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from remit.report.access_report import MOST_KINDS, NO_EXAMPLE, CauseChange, Report
from remit.report.actions import LISTED, some
from remit.report.resource_losses import loss_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from remit.deploy.drift import Drift

LONGEST: Final = 100
"""The lines of an answer that does not tell every piece."""
_BESIDE: Final = 25  # lines at most of resources that go, and of notes
_FRAME: Final = 12  # lines for versions, verdict, headings, blanks and what is left out
_HOLDERS: Final = 3  # named on one line; of more, the number is told
_ALL: Final = "`--all` shows all"


def report_lines(report: Report, most: int | None = LONGEST) -> Iterator[str]:
    """The report in about `most` lines at most, the rest counted; with None, every piece.

    The versions and the verdict come first, then the causes, resources that go, and notes.
    """
    beside = None if most is None else min(_BESIDE, most // 4)
    loss_paragraphs = [list(loss_lines(loss)) for loss in report.losses]
    losses, number_of_losses = _fitted(loss_paragraphs, beside)
    notes, number_of_notes = _fitted([[f"note: {note}"] for note in report.notes], beside)
    if report.versions and (report.changes or losses):
        yield " -> ".join(report.versions)
    yield report.verdict
    yield from filter(None, (report.not_compared,))
    if report.changes:
        yield ""
    room = None if most is None else max(0, most - _FRAME - len(losses) - len(notes))
    yield from cause_lines(report.changes, room, _ALL)
    if losses:
        yield from ("", "Resources", *losses)
    if report.losses[number_of_losses:]:
        names = [f"{loss.logical_id}{' with its data' * loss.loses_data}" for loss in report.losses[number_of_losses:]]
        yield f"  ! and {len(names)} more: {', '.join(names)}"
    if notes and (report.changes or losses):
        yield ""
    yield from notes
    if report.notes[number_of_notes:]:
        yield f"note: {len(report.notes) - number_of_notes} more ({_ALL})"


def _fitted(paragraphs: Sequence[Sequence[str]], most: int | None) -> tuple[list[str], int]:
    """The lines of paragraphs, up to the first for which `most` has no room, and how many paragraphs these are."""
    lines: list[str] = []
    for number, paragraph in enumerate(paragraphs):
        if most is not None and len(lines) + len(paragraph) > most:
            return lines, number
        lines += paragraph
    return lines, len(paragraphs)


def cause_lines(changes: Sequence[CauseChange], most: int | None, command: str) -> Iterator[str]:
    """Each cause in a few lines, whole ones up to `most` lines; with None, all in full.

    Of the others it tells the number and the urgent ones, and `command`, which tells all.
    """
    lines, number = _fitted([list(_paragraph(change, whole=most is None)) for change in changes], most)
    yield from lines
    left_out = changes[number:]
    if left_out:
        yield f"  and {len(left_out)} more {'cause' if len(left_out) == 1 else 'causes'} ({command})"
    urgent = [brief(change) for change in left_out if change.is_urgent]
    if urgent:
        yield f"      among them {' · '.join(urgent)}"


def brief(change: CauseChange) -> str:
    """A cause in one text, with those whom it concerns, its access by level and service."""
    words = "; ".join(words for words, _ in change.accesses(0))
    return ": ".join(filter(None, (some(change.holders, _HOLDERS), words)))


def _paragraph(change: CauseChange, *, whole: bool) -> Iterator[str]:
    """One cause: its access and resources, whom it concerns, where it is written, an example; all of it if `whole`."""
    start = f"  {change.sign}"
    accesses = change.accesses(None if whole else MOST_KINDS)
    for (words, resources), (_, next_resources) in zip_longest(accesses, accesses[1:], fillvalue=("", ())):
        yield f"{start} {words}"
        start = "      and"
        if resources and resources != next_resources:
            yield f"      on {some(resources, None if whole else LISTED)}"
    yield from (f"      if {condition}" for condition in change.conditions)
    holders = some(change.holders, None if whole else _HOLDERS) + change.state
    places = change.places if whole else (change.place,)
    where = ": ".join(filter(None, (holders, *places[:1])))
    yield from (f"      {detail}" for detail in (where, *places[1:], change.changed) if detail)
    for request in change.requests if whole else change.requests[:1]:
        yield f"      {request if request == NO_EXAMPLE else f'for example {request}'}"


def drift_lines(drift: Sequence[Drift]) -> Iterator[str]:
    """Yield the changes by hand in the account, a line each, under a heading."""
    if drift:
        yield "Changed by hand since the last deploy"
    yield from (f"  ! {change.resource}: {change.sentence}" for change in drift)
