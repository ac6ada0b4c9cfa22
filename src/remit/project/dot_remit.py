"""The folder `.remit` of a project: remit writes and deletes in it, so it must not lead anywhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.errors import RemitError

if TYPE_CHECKING:
    from pathlib import Path


def own_folder(folder: Path, *names: str) -> Path:
    """The folder of these names, one in the other, in a project's `.remit`; it need not exist.

    Raises:
        RemitError: if it, or one that it is in, is a link.
    """
    path = folder / ".remit"
    for name in ("", *names):
        path = path / name
        if path.is_symlink():
            raise link_error(str(path))
    return path


def link_error(path: str) -> RemitError:
    """The error for a link in the place of something that remit keeps."""
    return RemitError(
        f"{path!r} is a link: remit would write, and delete, where it leads",
        hint="remove the link; remit makes a folder or a file in its place",
    )
