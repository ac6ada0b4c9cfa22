"""A review of access as Markdown, for a comment on a pull request: short, in a stable order, and never too long."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final

from remit.report.comparison import code, listed, more
from remit.report.review import ACCEPTED, GAINED, LOST, SIGNS, UNDECIDED, Row, counted, rows, who_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.review.change import Review

_GITHUB: Final = 65_536  # the most that a comment takes ("body is too long (maximum is 65536 characters)")


def review_comment(review: Review, about: str = "", most: int = _GITHUB) -> str:
    """For a comment on a pull request: at most `most` bytes, a hidden mark first by which it is found again.

    What does not fit is left out with its number: losses first, then what is accepted, then the last gains.
    """
    told = [row for _, some_rows in rows(review) for row in some_rows]
    parts = {part: [row for row in told if row.part == part] for part in SIGNS}
    kept = {part: len(found) for part, found in parts.items()}

    for part in (LOST, ACCEPTED, GAINED, UNDECIDED):

        def too_long(number: int, part: str = part) -> bool:
            return len(_markdown(review, about, parts, {**kept, part: number}).encode()) > most

        if too_long(kept[part]):
            kept[part] = bisect_left(range(1, kept[part] + 1), 1, key=too_long)
    return _markdown(review, about, parts, kept)


def _markdown(review: Review, about: str, parts: dict[str, list[Row]], kept: dict[str, int]) -> str:
    lines = [f"<!-- remit diff {about.replace('--', '- -')} -->".replace("  ", " ")]
    words = counted(review, [row for found in parts.values() for row in found])
    lines.append(f"**Access: {words}**" if review.changes else f"**Access: unchanged.** {words}")
    attached = dict.fromkeys((who_of(change), one.words) for change in review.changes for one in change.attached)
    lines += ["", *(f"- {code(who)}: {code(text)}" for who, text in attached)] if attached else []
    for part, title in ((GAINED, "Gained"), (UNDECIDED, "Undecided"), (LOST, "Lost"), (ACCEPTED, "Accepted")):
        lines += _part(title, parts[part], kept[part], opened=part in (GAINED, UNDECIDED))
    lines += ["", *(f"- {code(note)}" for note in review.notes)] if review.notes else []
    lines += ["", f"{code(review.old)} → {code(review.new)}"]
    return "\n".join(lines) + "\n"


def _part(title: str, found: list[Row], kept: int, *, opened: bool) -> Iterator[str]:
    if not found:
        return
    yield ""
    yield f"<details{' open' if opened else ''}><summary>{title} ({len(found)})</summary>"
    yield ""
    if kept and found[0].part != UNDECIDED:
        yield "| | Functions | Access | Resources | Why | Request that shows it |"
        yield "|-|-|-|-|-|-|"
    for row in found[:kept]:
        yield _markdown_row(row)
    if kept < len(found):
        yield ""
        yield f"{len(found) - kept} of {len(found)} left out: `remit diff` tells all."
    yield ""
    yield "</details>"


def _markdown_row(row: Row) -> str:
    if row.part == UNDECIDED:
        return f"- {code(row.who)}: {code(row.title)}{f' {code(row.where)}' if row.where else ''}"
    access = (
        f"{code(row.title)}{': ' if row.actions else ''}{', '.join(map(code, listed(row.actions)))}{more(row.actions)}"
    )
    cells = (
        SIGNS[row.part],
        code(row.who),
        access,
        ", ".join(map(code, listed(row.resources))) + more(row.resources),
        code(row.where),
        code(row.example) if row.example else "",
    )
    return f"| {' | '.join(cells)} |"
