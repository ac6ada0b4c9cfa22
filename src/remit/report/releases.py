"""The releases of a stack, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.deploy.stack import minute
from remit.report.documents import members
from remit.report.terminal_text import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.deploy.releases import Release


def release_line(release: Release) -> str:
    """Its number, its time, its commit (a + where the tree had more), and who deployed it."""
    if release.damage:
        return shown(f"{release.number}  {release.damage}")
    commit = "no commit" if release.commit is None else f"{release.commit[:7]}{'' if release.is_clean else '+'}"
    back = "" if release.went_back_to is None else f", back to {release.went_back_to}"
    return shown(f"{release.number}  {minute(release.at)}  {commit}  {release.by or 'somebody'}{back}")


def releases_lines(releases: Iterable[Release], running: Release | None) -> Iterator[str]:
    """Each on a line, in their order, with a sign at the one that runs; a line more where what runs is none of them."""
    for release in releases:
        yield f"{'*' if release == running else ' '} {release_line(release)}"
    if running is None:
        yield "what runs is none of them: the next deploy keeps it"


def releases_document(releases: Iterable[Release], running: Release | None) -> dict[str, Any]:
    """The releases for programs, in their order, and the number of the one that runs."""
    names = ("number", "at", "by", "commit", "is_clean", "remit", "went_back_to", "zips", "damage")
    rows = [members(release, *names) for release in releases]
    return {"running": None if running is None else running.number, "releases": rows}
