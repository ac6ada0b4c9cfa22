"""A change of one source file, which is shown before it is written, and written whole or not at all."""

from __future__ import annotations

import difflib
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.errors import Origin, RemitError
from remit.project import plain_files

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class SourceEdit:
    """An edit of a file: its text before and after, and its path from the project's folder."""

    path: Path
    name: str
    before: bytes
    after: bytes

    @property
    def diff(self) -> str:
        """The change as a unified diff; empty when there is none."""
        old_lines = self.before.decode("utf-8", "replace").splitlines(keepends=True)
        new_lines = self.after.decode("utf-8", "replace").splitlines(keepends=True)
        lines = difflib.unified_diff(old_lines, new_lines, f"a/{self.name}", f"b/{self.name}")
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)

    def write(self) -> None:
        """Put the new content in the place of the old, with the file's mode.

        RemitError: the file is not as it was when the edit was made, or it cannot be written.
        """
        if plain_files.content(self.path, self.name) != self.before:
            raise RemitError(
                f"{self.name} was changed meanwhile, and is left as it is",
                hint="save it, and write the line once more",
                origin=Origin(self.name),
            )
        target = self.path.resolve()  # a link stays one
        temporary = target.with_name(f".{target.name}.remit-{os.getpid()}")
        try:
            mode = stat.S_IMODE(target.stat().st_mode)
            # Nobody else can read it before it has the mode of the file whose place it takes.
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(self.after)
                os.fchmod(file.fileno(), mode)
            temporary.replace(target)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise RemitError(f"cannot write {self.name}: {error.strerror}", origin=Origin(self.name)) from None
