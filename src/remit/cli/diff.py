"""`remit diff`: what access a change adds or removes, proven, each with a request that shows it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from remit.cli.options import json_option, print_json

if TYPE_CHECKING:
    from remit.iam.compare import Comparison
    from remit.iam.reading import Read

_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
_COLOURS = {"  +": "red", "  -": "green", "  ?": "yellow"}


@click.command("diff", short_help="Say what access a change adds or removes, proven.")
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE)
@json_option
@click.option("--markdown", is_flag=True, help="Print Markdown, for a comment on a pull request.")
def command(old: Path, new: Path, *, as_json: bool, markdown: bool) -> int:
    """Compare the access that two files of policies give; exit 1 if any is gained or it is undecided.

    OLD and NEW (one may be - for standard input) each hold a policy document, a list of documents that are attached
    together, or layers: {"identity": [...], "boundary": {...}, "scp": [[...]]}.

    Every gain and loss comes with a request that the one side allows and the other does not. "now" are actions that
    exist, "future" is what only actions that AWS may add would gain. Of two single documents also what they deny is
    compared, since documents compose.

    \b
    Examples:
      remit diff old.json new.json
      remit diff old.json new.json --json
      git show main:role.json | remit diff - role.json --markdown
    """
    from remit.report.comparison import Places, comparison_document, comparison_lines, comparison_markdown

    before, after = _read(old), _read(new)
    comparison = _compared(before, after)
    places = Places(before.locate, after.locate)
    if as_json:
        print_json(comparison_document(comparison, places))
    elif markdown:
        click.echo("\n".join(comparison_markdown(comparison, places)))
    else:
        _print(list(comparison_lines(comparison, places)))
    return 1 if comparison.broadens else 0


def _compared(before: Read, after: Read) -> Comparison:
    from remit.iam.compare import compare, compare_documents

    if before.single and after.single:
        return compare_documents(before.layers.identity[0], after.layers.identity[0])
    return compare(before.layers, after.layers)


def _read(path: Path) -> Read:
    from remit.iam.reading import read_side

    if str(path) == "-":
        return read_side(sys.stdin.buffer.read(), "standard input")
    return read_side(path.read_bytes(), str(path))


def _print(lines: list[str]) -> None:
    colour = False if os.environ.get("NO_COLOR") else None
    for line in lines:
        click.secho(line, fg=_COLOURS.get(line[:3]), color=colour)
