"""Match paths against patterns in gitignore's syntax, and say which pattern decided.

Own code instead of a dependency: fifty lines of translation, checked in the tests against git itself.
Syntax and precedence as in gitignore(5), but for POSIX classes such as `[[:alpha:]]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line of an ignore file: what it matches, whether it brings back (`!`), and why it leaves out."""

    expression: str
    back: bool
    reason: str


class Patterns:
    """Lines in order; the last that matches decides. Paths have `/` between parts, folders end in `/`."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        # Last first, since the first alternative of a regular expression wins.
        self._patterns = tuple(patterns)[::-1]
        groups = (f"(?P<p{index}>{pattern.expression})" for index, pattern in enumerate(self._patterns))
        self._expression = re.compile("|".join(groups) or r"(?!)", re.DOTALL)

    def decide(self, path: str) -> Pattern | None:
        """The last pattern that matches one path, or None. Its `back` says that the path is not left out after all.

        The folders above the path are not asked about: whoever walks does not enter one that is left out.
        """
        match = self._expression.fullmatch(path)
        return None if match is None else self._patterns[int((match.lastgroup or "p0")[1:])]


def parse(lines: Iterable[str], reason: str) -> list[Pattern]:
    """The patterns of an ignore file's lines, in order; empty lines, comments and what matches nothing are dropped."""
    patterns = []
    for written in lines:
        line = re.sub(r"(?<!\\) +$", "", written.rstrip("\r\n"))
        expression = None if line.startswith("#") else translate(line.removeprefix("!"))
        if expression is not None:
            patterns.append(Pattern(expression, line.startswith("!"), reason))
    return patterns


def translate(glob: str) -> str | None:
    """A regular expression for one glob, to be matched in full; None for one that matches nothing."""
    folder = glob.endswith("/")
    glob = glob.removesuffix("/")
    tokens = _tokens(glob.removeprefix("/"))
    if not glob or tokens is None:
        return None
    expression = ("" if "/" in glob else "(?:.*/)?") + tokens + ("/" if folder else "/?")
    try:
        if "[" in glob:
            re.compile(expression)
    except re.error:  # a range that runs backwards
        return None
    return expression


def _tokens(glob: str) -> str | None:  # noqa: C901 - one case after the other
    """A pattern of .gitignore as a regular expression; None for what matches nothing: an open `[`, a last backslash.

    Of several stars, all but the last take the first match of what follows and keep it (`(?>…)`): a later match would
    leave less to the next star. Without that, a path that does not match takes exponential time.
    """
    out: list[str] = []
    star = folders = -1  # where the last `*` of this part of the path is in `out`, and the last `**/`
    index = 0
    while index < len(glob):
        tail = glob[index:]
        start = index == 0 or glob[index - 1] == "/"
        if start and tail.startswith("**/"):
            if folders >= 0:
                out[folders] = "(?>(?:.*?/)??"
                out.append(")")
            folders = len(out)
            out.append("(?:.*/)?")
            index += 3
        elif start and tail == "**":
            out.append(".+")
            index += 2
        elif tail[0] == "*":
            if star >= 0:
                out[star] = "(?>[^/]*?"
                out.append(")")
            star = len(out)
            out.append("[^/]*")
            index += 1
        elif tail[0] == "[":
            read = re.match(r"\[([!^]?)(\]?(?:\\.|[^\]\\])*)\]", tail)
            if read is None:
                return None
            out.append(f"(?!/)[{'^' if read[1] else ''}{_class(read[2])}]")
            index += read.end()
        elif tail[0] == "\\":
            if len(tail) == 1:
                return None
            out.append(re.escape(tail[1]))
            index += 2
        else:
            if tail[0] == "/":
                star = -1
            out.append("[^/]" if tail[0] == "?" else re.escape(tail[0]))
            index += 1
    return "".join(out)


def _class(body: str) -> str:
    """The inside of a character class: a backslash quotes the next character, `-` makes a range."""
    out = []
    for start, end, single in re.findall(r"(\\.|.)-(\\.|.)|(\\.|.)", body, re.DOTALL):
        out.append(f"{re.escape(start[-1])}-{re.escape(end[-1])}" if start else re.escape(single[-1]))
    return "".join(out)
