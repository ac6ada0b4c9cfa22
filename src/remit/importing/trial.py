"""An imported app built once: what the build refuses is allowed by a comment, or left, each at its line.

Only what remit has written itself is run: handlers are named, and their modules are not imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from remit.build import build
from remit.errors import RemitError
from remit.importing.python_text import Line
from remit.importing.write_app import PATHS, modules

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from remit.importing.app_model import ImportedApp

_MOST_ROUNDS: Final = 12


class Trial(NamedTuple):
    """An app without what a build refuses, its modules, and the mistakes that nothing could be done about."""

    app: ImportedApp
    files: tuple[str, ...]
    mistakes: tuple[RemitError, ...]


def tried(read: Callable[[Mapping[str, str]], ImportedApp], folder: Path) -> Trial:
    """Build an app in a folder that has its code, until the build refuses nothing of it.

    `read` gives the app without the refused constructs, each with its message.
    """
    refused: dict[str, str] = {}
    app = read(refused)
    files = modules(app)
    mistakes: tuple[RemitError, ...] = ()
    for _ in range(_MOST_ROUNDS):
        _write(files, folder)
        mistakes = _mistakes(folder)
        constructs = {_what(mistake, files): mistake.message for mistake in mistakes if mistake.rule is None}
        newly_refused = {what: message for what, message in constructs.items() if what and what not in refused}
        if newly_refused:
            refused |= newly_refused
            app = read(refused)
            files = modules(app)
        elif not _allow(files, mistakes):
            break
    return Trial(app, tuple(files), mistakes)


def _write(files: Mapping[str, list[Line]], folder: Path) -> None:
    for name in PATHS:
        (folder / name).unlink(missing_ok=True)
    for name, lines in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line.text}\n" for line in lines), "utf-8")


def _mistakes(folder: Path) -> tuple[RemitError, ...]:
    try:
        build(folder, "dev", package=False)
    except RemitError as error:
        return error.all
    return ()


def _what(mistake: RemitError, files: Mapping[str, list[Line]]) -> str:
    """The construct at the line of a mistake; empty for none that can be left."""
    origin = mistake.origin
    return files[origin.file][origin.line - 1].what if origin is not None and origin.file in files else ""


def _allow(files: dict[str, list[Line]], mistakes: tuple[RemitError, ...]) -> bool:
    """Put a comment above each line at which lint finds what the source has so, and return whether there is one."""
    rules: dict[tuple[str, int], dict[str, None]] = {}
    for mistake in mistakes:
        if mistake.rule is not None and mistake.origin is not None and mistake.origin.file in files:
            rules.setdefault((mistake.origin.file, mistake.origin.line), {})[mistake.rule] = None
    for (name, number), at_line in sorted(rules.items(), reverse=True):
        text = files[name][number - 1].text
        indent = text[: len(text) - len(text.lstrip())]
        comment = f"{indent}# remit: allow {', '.join(at_line)} because the source has it so"
        files[name].insert(number - 1, Line(comment))
    return bool(rules)
