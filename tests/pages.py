"""Play the pages of the documentation: write the files that they show, run their commands, put in what was printed.

On a page,

- a block of code is a file when its first line is a comment that holds its path, or when the line before the block ends
  with its path and a colon;
- in a block of `console`, each line that begins with `$` is run, and what follows is its output. `…` in a line stands
  for anything, and a line of `…` alone for any lines;
- `<!-- exits 1 -->` before such a block says how its last command ends (0 otherwise);
- `<!-- $ command -->` is a command that readers do not see;
- a block of `pycon` is a session in Python;
- `<!-- an account -->` gives the page an AWS account with nothing in it.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from projects import LEAN_PYTEST, inside, write
from remit.cli import main
from remit.local.environment import ENVIRONMENT
from terminals import HANGS, QuickTerminal

ROOT: Final = Path(__file__).parents[1]
PAGES: Final = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
ACCOUNT: Final = "<!-- an account -->"
NOT_RUN: Final = {
    "make": "`.ci/run` runs these",
    "pip": "the tests run in an environment in which everything is installed",
}
"""Programs that stand on pages and are not run, and why."""
_BLOCK: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PATH_IN_COMMENT: Final = re.compile(r"# ([\w./-]+\.\w+)$")
_PATH_BEFORE: Final = re.compile(r"`([\w./-]+\.\w+)`:\n\n$")
_UNSEEN: Final = re.compile(r"^<!-- \$ (.+) -->$", re.MULTILINE)
_EXITS: Final = re.compile(r"<!-- exits (\d+) -->\n+$")
_ANSWER: Final = re.compile(r"\[y/N\]: (\w+)$", re.MULTILINE)
_CONTROL: Final = re.compile(r"\r|\x1b\[[\d?]*[A-Za-z]")
"""What a terminal is told beside the text: to go back, to hide its cursor."""
_OPERATORS: Final = frozenset("|&;<>$`")
_ANY: Final = "…"
_TO_THE_INDEX: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "UV_CACHE_DIR", "UV_DEFAULT_INDEX")
"""Variables that say how packages are reached from here: some pages install them."""


@dataclass(slots=True)
class Reader:
    """Somebody who follows a page at a shell: a folder and an environment, which commands change."""

    folder: Path
    environment: dict[str, str]
    names: dict[str, object] = field(default_factory=dict)
    """What a session in Python has defined."""

    def run(self, command: str, answer: str | None) -> tuple[int, str]:
        """Run a line; the exit code and all that it prints."""
        words = shlex.split(command, comments=True)
        if words[0] in NOT_RUN:
            return 0, ""
        if answer is not None:
            return self._at_a_terminal(words[1:], answer)
        if words[0] == "remit" and not _OPERATORS.intersection(command):
            return self._in_this_process(words[1:])
        return self._in_a_shell(command)

    def _in_this_process(self, arguments: list[str]) -> tuple[int, str]:
        printed = io.StringIO()
        with (
            inside(self.folder, self.environment),
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed),
        ):
            try:
                main(arguments)
            except SystemExit as ended:
                return int(ended.code or 0), printed.getvalue()
        raise AssertionError("remit always exits")

    def _in_a_shell(self, command: str) -> tuple[int, str]:
        """Run any line; the folder and the variables that it leaves are those of the next."""
        left = self.folder / ".left"
        script = f"{command}\nstatus=$?\n{{ pwd; env -0; }} > {shlex.quote(str(left))}\nexit $status\n"
        ran = subprocess.run(
            ["/bin/sh", "-c", script], cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", check=False, timeout=HANGS,
        )  # fmt: skip
        folder, _, variables = left.read_text("utf-8").partition("\n")
        left.unlink()
        self.folder = Path(folder)
        self.environment = dict(variable.split("=", 1) for variable in variables.split("\0") if variable)
        return ran.returncode, ran.stdout

    def _at_a_terminal(self, arguments: list[str], answer: str) -> tuple[int, str]:
        terminal = QuickTerminal(self.folder, *arguments, **self.environment, NO_COLOR="1")
        question = terminal.until("[y/N]: ")
        terminal.answer(answer)
        status, rest = terminal.end()
        return status, _CONTROL.sub("", f"{question}[y/N]: {rest}")

    def session(self, text: str) -> str:
        """Run a session in Python; its text with what was printed."""
        parts = []
        for example in doctest.DocTestParser().get_examples(text):
            printed = io.StringIO()
            with inside(self.folder, self.environment), contextlib.redirect_stdout(printed):
                exec(compile(example.source, "<page>", "single"), self.names)  # noqa: S102 - the page's own code
            first, *more = example.source.splitlines()
            parts += [f">>> {first}\n", *(f"... {line}\n" for line in more)]
            parts.append(_kept(example.want, printed.getvalue()))
        return "".join(parts)


def played(text: str, reader: Reader) -> str:
    """The text of a page with what its commands print now. AssertionError: a command ends otherwise than it says."""
    parts, end = [], 0
    for block in _BLOCK.finditer(text):
        before = text[end : block.start()]
        language, content = block[1], block[2]
        for command in _UNSEEN.findall(before):
            status, printed = reader.run(command, None)
            assert status == 0, printed
        path = _path(before, content)
        if language == "console":
            exits = _EXITS.search(before)
            content = _console(content, reader, int(exits[1]) if exits else 0)
        elif language == "pycon":
            content = reader.session(content)
        elif path is not None:
            write(reader.folder, {path: content})
        else:
            assert not re.search(r"^\$ ", content, re.MULTILINE), f"commands that are not run: {content}"
        parts += [before, f"```{language}\n{content}```"]
        end = block.end()
    return "".join(parts) + text[end:]


def _path(before: str, content: str) -> str | None:
    """The path of the file that a block shows; None where it shows none."""
    match = _PATH_IN_COMMENT.match(content.partition("\n")[0]) or _PATH_BEFORE.search(before)
    return None if match is None else match[1]


def _console(content: str, reader: Reader, exits: int) -> str:
    commands = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", content, re.MULTILINE)
    parts = []
    for number, (command, expected) in enumerate(commands, 1):
        answer = _ANSWER.search(expected)
        status, printed = reader.run(command, answer and answer[1])
        wanted = exits if number == len(commands) else 0
        assert status == wanted, f"$ {command}\nends with {status}, not {wanted}:\n{printed}"
        parts.append(f"$ {command}\n{_kept(expected, printed)}")
    return "".join(parts)


def _kept(expected: str, printed: str) -> str:
    """What is expected where it fits what was printed, else what was printed, without blanks at the ends of lines."""
    actual = "".join(f"{line.rstrip()}\n" for line in printed.rstrip().splitlines())
    return expected if _fits(expected, actual) else actual


def _fits(expected: str, actual: str) -> bool:
    patterns = []
    for line in expected.splitlines():
        if line == _ANY:
            patterns.append(r"(?:.*\n)*?")
        else:
            patterns.append(".*".join(re.escape(part) for part in line.split(_ANY)) + r"\n")
    return re.fullmatch("".join(patterns), actual) is not None


def environment(home: Path) -> dict[str, str]:
    """What a reader's shell has: this remit, a terminal of 100 columns, no credentials.

    The cache is that of whoever runs the tests: each page would install the AWS on this machine anew.
    """
    scripts = Path(sys.executable).parent
    return {
        **{name: os.environ[name] for name in _TO_THE_INDEX if name in os.environ},
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "XDG_CACHE_HOME": str(ENVIRONMENT.place.parents[2]),
        "LANG": "C.UTF-8",
        "COLUMNS": "100",
        "AWS_REGION": "eu-central-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONDONTWRITEBYTECODE": "1",
        **LEAN_PYTEST,
    }
