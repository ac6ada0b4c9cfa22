"""Read `CHANGES.md`, which names each permitted kind of difference, and hold a difference to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MANY_LINES = 5000
"""From here on lines that occur often anchor no comparison, which would take minutes."""

_BLOCK = re.compile(r"^```change\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_NEVER = re.compile(r"this is a bug in remit|^exit (?:70|raised)|^the process ")
"""A crash is never a permitted difference."""
_PROBES = ("", " ", "  }", "exit 0", "zq: nothing that remit prints")
"""Lines that no honest pattern is about: one that takes them takes too much."""


@dataclass(frozen=True, slots=True)
class Change:
    """A permitted kind of difference: removed and added lines that stand together, of commands that match.

    `pattern` takes the removed lines and then the added ones as one text, each line behind a `<` or `>`.
    """

    title: str
    commands: str
    removed: int
    added: int
    pattern: re.Pattern[str]

    def permits(self, command: str, removed: Sequence[str], added: Sequence[str]) -> bool:
        """Whether exactly these lines are of this kind, all of each."""
        if not fnmatchcase(command, self.commands):
            return False
        return self.pattern.fullmatch(_together(removed, added)) is not None


def read(text: str) -> tuple[Change, ...]:
    """The kinds that a page permits. A block that cannot be read, or takes too much, is a ValueError."""
    changes = []
    for block in _BLOCK.finditer(text):
        headings = [heading[1] for heading in _HEADING.finditer(text, 0, block.start())]
        if not headings:
            raise ValueError("a block of CHANGES.md stands below no heading")
        changes.append(_change(headings[-1], block[1].splitlines()))
    return tuple(changes)


def _change(title: str, lines: list[str]) -> Change:
    commands = lines[0].removeprefix("command: ")
    if commands == lines[0] or not commands.strip("*? "):
        raise ValueError(f"{title}: the first line of the block must be `command: PATTERN`, of a command")
    removed = [line[2:] for line in lines[1:] if line.startswith("- ")]
    added = [line[2:] for line in lines[1:] if line.startswith("+ ")]
    if not lines[1:] or [f"- {line}" for line in removed] + [f"+ {line}" for line in added] != lines[1:]:
        raise ValueError(f"{title}: after the command come `- REGEX` lines, then `+ REGEX` lines, and nothing else")
    for line in (*removed, *added):
        _hold(title, line)
    return Change(title, commands, len(removed), len(added), re.compile(_together(removed, added)))


def _hold(title: str, line: str) -> None:
    """Refuse a pattern of a line that would take almost any line."""
    alone = re.sub(r"\\[1-9]|\(\?P=\w+\)", ".*", line)  # what refers to another line may be anything
    pattern = re.compile(alone)
    for probe in _PROBES:
        if pattern.fullmatch(probe) and line != probe:  # spelled out, it takes this line alone
            raise ValueError(f"{title}: `{line}` is too broad: it takes {probe!r}")


def _together(removed: Sequence[str], added: Sequence[str]) -> str:
    """Lines, or patterns of lines, as one. Both have as many line ends, so no pattern reaches beyond its line."""
    return "\n".join([*(f"<{line}" for line in removed), *(f">{line}" for line in added)])


def permitting(command: str, before: str, after: str, changes: Sequence[Change]) -> set[str] | None:
    """The titles of the kinds that permit a difference between two outputs; None when some of it no kind permits."""
    titles: set[str] = set()
    old, new = before.splitlines(), after.splitlines()
    kinds = [change for change in changes if fnmatchcase(command, change.commands)]
    matcher = SequenceMatcher(None, old, new, autojunk=len(old) > MANY_LINES)
    for tag, first, last, start, end in matcher.get_opcodes():
        if tag != "equal":
            explained = _explained(command, old[first:last], new[start:end], kinds)
            if explained is None:
                return None
            titles |= explained
    return titles


def _explained(command: str, removed: list[str], added: list[str], kinds: Sequence[Change]) -> set[str] | None:
    """How a block of changed lines is made of permitted ones, in their order; None when it is not."""
    if any(_NEVER.search(line) for line in added):
        return None
    ways: dict[tuple[int, int], set[str]] = {(0, 0): set()}
    queue = [(0, 0)]
    goal = (len(removed), len(added))
    while queue:
        at = queue.pop()
        if at == goal:
            return ways[at]
        for kind in kinds:
            following = (at[0] + kind.removed, at[1] + kind.added)
            if following in ways or following[0] > goal[0] or following[1] > goal[1]:
                continue
            if kind.permits(command, removed[at[0] : following[0]], added[at[1] : following[1]]):
                ways[following] = ways[at] | {kind.title}
                queue.append(following)
    return None
