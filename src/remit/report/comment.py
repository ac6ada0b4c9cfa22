"""Access as Markdown, for a comment on a pull request: short, in a stable order, and never too long."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remit.report.comparison import NO_EXAMPLE, PARTS, PUBLIC, groups, some, summary
from remit.report.resource_losses import loss_headline, reason, what_happens
from remit.report.review import (
    ACCEPTED,
    GAINED,
    LOST,
    SIGNS,
    UNDECIDED,
    counted,
    not_compared_lines,
    notes_of,
    together,
)
from remit.report.terminal_text import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from remit.iam.prove.compare import Comparison
    from remit.report.comparison import PieceGroup, Places
    from remit.report.review import Row
    from remit.review.access_change import Review
    from remit.review.resource_losses import ResourceLoss

LONGEST: Final = 65_000  # a comment takes 65,536 ("body is too long (maximum is 65536 characters)")
_ORDER: Final = (GAINED, UNDECIDED, LOST, ACCEPTED)
_LEAST: Final = ("lost", "forbidden", ACCEPTED, "gained", "freed", UNDECIDED)
"""The parts of either comment from what is left out first to what is told to the last."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Lines that belong together: a list, or a table where it has columns; to unfold where it has a title."""

    kind: str
    lines: tuple[str, ...]
    title: str = ""
    columns: tuple[str, ...] = ()
    opened: bool = False

    def shown(self, limit: int) -> Iterator[str]:
        """The first lines, and how many there are beyond."""
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
            yield f"{len(self.lines) - limit} of {len(self.lines)} left out: `remit diff` shows all."
        if self.title:
            yield ""
            yield "</details>"


def review_comment(review: Review, about: str = "", most: int = LONGEST) -> str:
    """For a comment on a pull request: at most `most` bytes, a hidden mark first by which it is found again.

    What does not fit is left out with its number: losses first, then what is accepted, then the last gains.
    """
    changes = together(review)
    rows = [row for change in changes for row in change.rows]
    attached = tuple(f"- {_code(change.subject)}: {_code(text)}" for change in changes for text in change.attached)
    notes = tuple(f"- {_code(note)}" for note in (*notes_of(review), *not_compared_lines(review)))
    losses = review.losses or ()
    parts = [_Part("attached", attached)]
    parts += [_losses("lost data", tuple(loss for loss in losses if loss.loses_data))]
    parts += [_losses("lost resources", tuple(loss for loss in losses if not loss.loses_data))]
    parts += [_part_of_rows(kind, rows) for kind in _ORDER]
    parts.append(_Part("notes", notes))
    versions = f"{_code(review.old)} → {_code(review.new)}"
    headlines = [_headline(review, rows)]
    if losses:
        headlines += ["", f"**Resources: {loss_headline(losses)}.**"]
    return _fitted((_mark(about), *headlines), parts, ("", versions), most)


def _losses(kind: str, losses: Sequence[ResourceLoss]) -> _Part:
    """A table of resources that are removed or replaced."""
    rows = []
    for loss in losses:
        why = f"{reason(loss)} {_code(str(loss.origin)) if loss.origin else ''}".strip()
        rows.append(f"| ! | {_code(loss.logical_id)} | {_code(loss.type)} | {what_happens(loss)} | {why} |")
    title = "Resources that lose data" if kind == "lost data" else "Other resources that are removed or replaced"
    return _Part(kind, tuple(rows), title, ("Resource", "Type", "Change", "Why"), opened=kind == "lost data")


def _headline(review: Review, rows: Sequence[Row]) -> str:
    words = counted(review, rows)
    if review.changes:
        return f"**Access: {words}**"
    state = "unchanged" if review.elsewhere == () else "unchanged by roles"
    return f"**Access: {state}.** {shown(words)}"


def _part_of_rows(kind: str, rows: Sequence[Row]) -> _Part:
    """The rows of one kind: a table, or a list of what is undecided."""
    columns: tuple[str, ...] = ("Functions", "Access", "Resources", "Why", "Request that shows it")
    if kind == UNDECIDED:
        columns = ()
    lines = tuple(_row(row) for row in rows if row.part == kind)
    return _Part(kind, lines, kind.capitalize(), columns, opened=kind in (GAINED, UNDECIDED))


def comparison_comment(comparison: Comparison, places: Places, about: str = "", most: int = LONGEST) -> str:
    """A comment on a comparison of two policies, as `review_comment`."""
    if comparison.same:
        return f"{_mark(about)}\n**Access: unchanged.** Proven for every request.\n"
    columns = ("Access", "Actions", "Resources", "Statement", "Request that shows it")
    parts = []
    for kind, sign, title in PARTS:
        pieces = getattr(comparison, kind)
        lines = tuple(_group_row(group, sign, places, kind) for group in groups(pieces))
        parts.append(_Part(kind, lines, title.capitalize(), columns, opened=sign == "+"))
    undecided = tuple(f"- {_code(item.source.name)}: {_code(item.reason)}" for item in comparison.undecided)
    parts.append(_Part(UNDECIDED, undecided, "Undecided", opened=True))
    return _fitted((_mark(about), f"**Access: {summary(comparison)}**"), parts, (), most)


def files_comment(comments: Mapping[str, Callable[[int], str]]) -> str:
    """One comment for several files: each file's own, made for a number of bytes, under its name."""
    heads = {name: f"\n### {_code(name)}\n\n" for name in comments}
    room = LONGEST - len("".join((_mark(" ".join(comments)), *heads.values())).encode())
    for most in (room, room // len(comments)):
        bodies = [heads[name] + comment(most).partition("\n")[2] for name, comment in comments.items()]
        text = "".join((_mark(" ".join(comments)), "\n", *bodies))
        if len(text.encode()) <= LONGEST:
            break
    return text


def _mark(about: str) -> str:
    """A comment that nobody sees: what it is about may hold nothing that ends it."""
    plain = re.sub(r"-(?=-)", "- ", " ".join(shown(about).split()))
    return f"<!-- remit diff {f'{plain} ' if plain else ''}-->"


def _fitted(before: Sequence[str], parts: Sequence[_Part], after: Sequence[str], most: int) -> str:
    """The comment with as many lines of each part as there is room for."""
    limits = {part.kind: len(part.lines) for part in parts}

    def written(limits: dict[str, int]) -> str:
        lines = [*before]
        for part in parts:
            lines += part.shown(limits[part.kind])
        return "\n".join((*lines, *after)) + "\n"

    for kind in ("lost resources", *_LEAST, "attached", "notes"):  # never what loses data

        def too_long(limit: int, kind: str = kind) -> bool:
            return len(written({**limits, kind: limit}).encode(errors="backslashreplace")) > most

        if kind in limits and too_long(limits[kind]):
            limits[kind] = bisect_left(range(1, limits[kind] + 1), 1, key=too_long)
    return written(limits)


def _row(row: Row) -> str:
    if row.part == UNDECIDED:
        where = f" {_code(row.where)}" if row.where else ""
        return f"- {_code(row.subject)}: {_code(row.title)}{where}"
    actions = f": {_listed(row.actions)}" if row.actions else ""
    request = _code(row.example) if row.example else NO_EXAMPLE
    access = f"{_code(row.alarm + row.title)}{actions}"
    cells = (SIGNS[row.part], _code(row.subject), access, _listed(row.resources), _code(row.where), request)
    return f"| {' | '.join(cells)} |"


def _group_row(group: PieceGroup, sign: str, places: Places, kind: str) -> str:
    title = group.title
    if group.public and kind == "gained":
        title = f"{PUBLIC} {title}"
    statement = group.source.name
    origin = places.of(kind)(group.source)
    if origin:
        statement = f"{statement}, {origin}"
    why = _code(f"{statement}: {group.because}")
    request = _code(group.request) if group.request else NO_EXAMPLE
    cells = (sign, _code(title), _listed(group.actions), _listed(group.resources), why, request)
    return f"| {' | '.join(cells)} |"


def _listed(texts: tuple[str, ...]) -> str:
    """The first of them, each as code, and how many there are beyond."""
    return some(texts, _code)


def _code(text: str) -> str:
    """Text as code: it ends neither the code nor its cell of a table, and cannot reverse the direction of writing."""
    plain = shown(re.sub(r"[\r\n]", " ", text)).replace("`", "'").replace("|", "\\|")
    return f"`{plain}`" if plain.strip() else ""
