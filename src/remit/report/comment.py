"""A report of access as Markdown, for a comment on a pull request: short, in a stable order, and never too long."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remit.report.access_report import ACCEPTED, BESIDE, GAINED, LOST, NO_EXAMPLE, UNDECIDED, CauseChange, Report
from remit.report.actions import some
from remit.report.resource_losses import loss_headline, reason, what_happens
from remit.report.terminal_text import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from remit.review.resource_losses import ResourceLoss

LONGEST: Final = 65_000  # a comment takes 65,536 ("body is too long (maximum is 65536 characters)")
_ACCESS: Final = ("Access", "Resources", "Who and why", "Request that shows it")
_RESOURCES: Final = ("Resource", "Type", "Change", "Why")


@dataclass(frozen=True, slots=True)
class Part:
    """Lines that belong together: a list, or a table where it has columns; to unfold where it has a title."""

    lines: tuple[str, ...]
    title: str = ""
    columns: tuple[str, ...] = ()
    opened: bool = False

    def shown(self, limit: int, command: str) -> Iterator[str]:
        """The first `limit` lines, and how many there are beyond, which `command` tells; nothing if there are none."""
        if not self.lines:
            return
        yield ""
        if self.title:
            attribute = " open" if self.opened else ""
            yield f"<details{attribute}><summary>{self.title} ({len(self.lines)})</summary>"
            yield ""
        if limit and self.columns:
            yield f"| | {' | '.join(self.columns)} |"
            yield f"|-|{'-|' * len(self.columns)}"
        yield from self.lines[:limit]
        if limit < len(self.lines):
            yield ""
            yield f"{len(self.lines) - limit} of {len(self.lines)} left out: `{command}` shows all."
        if self.title:
            yield ""
            yield "</details>"


def report_comment(report: Report, about: str = "", most: int = LONGEST) -> str:
    """For a comment on a pull request: a hidden mark first, by which it is found again.

    It has at most `most` bytes, unless what loses data takes more: that is never cut.
    """
    verdict = f"**{report.verdict}**"
    if report.proven:
        verdict = f"**Access: unchanged.** {report.verdict}"
    head = [mark("diff", about), verdict]
    if report.losses:
        head += ["", f"**Resources: {loss_headline(report.losses)}.**"]
    tail = ["", " → ".join(map(code, report.versions))] if report.versions else []
    return fitted(head, report_parts(report), tail, most, "remit diff --all")


def report_parts(report: Report) -> tuple[Part, ...]:
    """The parts of a comment, those first that matter most: what loses data is the first one."""
    with_data = [loss for loss in report.losses if loss.loses_data]
    others = [loss for loss in report.losses if not loss.loses_data]
    notes = filter(None, (*(f"note: {note}" for note in report.notes), report.not_compared))
    return (
        Part(tuple(map(_loss_row, with_data)), "Resources that lose data", _RESOURCES, opened=True),
        Part(_rows(report, GAINED), "Gained", _ACCESS, opened=True),
        Part(_rows(report, UNDECIDED), "Undecided", opened=True),
        Part(tuple(f"- {code(note)}" for note in notes)),
        Part(_rows(report, LOST), "Lost", _ACCESS),
        Part(_rows(report, ACCEPTED), "Accepted", _ACCESS),
        Part(_rows(report, BESIDE), "Attached or removed, with no other access"),
        Part(tuple(map(_loss_row, others)), "Other resources that are removed or replaced", _RESOURCES),
    )


def fitted(head: Sequence[str], parts: Sequence[Part], tail: Sequence[str], most: int, command: str) -> str:
    """A comment of at most `most` bytes: what does not fit is left out with its number, from the end on.

    Nothing of the first part is, so that a comment may be longer. `command` tells what is left out.
    """

    def written(number: int) -> str:
        """The comment with so many of its lines."""
        lines = [*head]
        for part in parts:
            lines += part.shown(min(number, len(part.lines)), command)
            number = max(0, number - len(part.lines))
        return "\n".join((*lines, *tail)) + "\n"

    def is_too_long(number: int) -> bool:
        return len(written(number).encode(errors="backslashreplace")) > most

    number = sum(len(part.lines) for part in parts)
    if is_too_long(number):
        fitting = bisect_left(range(1, number + 1), 1, key=is_too_long)
        number = max(fitting, len(parts[0].lines))
    return written(number)


def _rows(report: Report, sign: str) -> tuple[str, ...]:
    row = _item if sign in (UNDECIDED, BESIDE) else _row
    return tuple(row(change) for change in report.changes if change.sign == sign)


def _row(change: CauseChange) -> str:
    """The row of a table in Markdown for a change, with one example request."""
    accesses = change.accesses()
    conditions = [f"if {condition}" for condition in change.conditions]
    access = "<br>".join(code(text) for text in (*(words for words, _ in accesses), *conditions))
    resources = dict.fromkeys(resource for _, of_access in accesses for resource in of_access)
    why = "<br>".join(filter(None, map(code, (some(change.holders) + change.state, change.place, change.changed))))
    request = "".join(request if request == NO_EXAMPLE else code(request) for request in change.requests[:1])
    cells = (change.sign, access, some([code(resource) for resource in resources]), why, request)
    return f"| {' | '.join(cells)} |"


def _item(change: CauseChange) -> str:
    texts = (some(change.holders), change.words, change.place)
    return f"- {': '.join(filter(None, map(code, texts)))}"


def _loss_row(loss: ResourceLoss) -> str:
    why = f"{reason(loss)} {code(str(loss.origin)) if loss.origin else ''}".strip()
    return f"| ! | {code(loss.logical_id)} | {code(loss.type)} | {what_happens(loss)} | {why} |"


def files_comment(comments: Mapping[str, Callable[[int], str]]) -> str:
    """One comment for several files: each file's own, made for a number of bytes, under its name.

    If together they are too long, each is made again for an equal share of the room.
    """
    heads = {name: f"\n### {code(name)}\n\n" for name in comments}
    start = mark("diff", " ".join(comments))
    room = LONGEST - len("".join((start, *heads.values())).encode())
    for most in (room, room // len(comments)):
        bodies = [heads[name] + comment(most).partition("\n")[2] for name, comment in comments.items()]
        text = "".join((start, "\n", *bodies))
        if len(text.encode()) <= LONGEST:
            break
    return text


def mark(command: str, about: str) -> str:
    """The hidden mark of a comment, by the command and what it is about, in which nothing may end it early."""
    plain = re.sub(r"-(?=-)", "- ", " ".join(shown(about).split()))
    return f"<!-- remit {command} {f'{plain} ' if plain else ''}-->"


def code(text: str) -> str:
    """Text as code: it ends neither the code nor its cell of a table, and cannot reverse the direction of writing.

    Nothing for blank text.
    """
    plain = shown(re.sub(r"[\r\n]", " ", text)).replace("`", "'").replace("|", "\\|")
    return f"`{plain}`" if plain.strip() else ""
