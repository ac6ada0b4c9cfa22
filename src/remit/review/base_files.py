"""Templates and policies beside what they were at a commit: new and deleted ones against nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from remit.errors import RemitError
from remit.review.base_commit import file_at
from remit.review.role_files import beside_file, holds_roles, review_files

if TYPE_CHECKING:
    from pathlib import Path

    from remit.review.access_change import Review

Content: TypeAlias = tuple[bytes, str]
"""What a file holds, and how messages name it."""
_NO_TEMPLATE: Final = b'{"Resources": {}}'
_NO_POLICY: Final = b'{"Version": "2012-10-17", "Statement": []}'


@dataclass(frozen=True, slots=True)
class FilePair:
    """A file as it was at a commit, and as it is."""

    path: Path
    ref: str
    old: Content
    new: Content

    def review(self) -> Review:
        """The review of two templates. A template that nobody could read then is compared with nothing, and noted."""

        def at_ref(name: str) -> Content | None:
            content = file_at(self.path.parent / name, self.ref)
            return None if content is None else (content, f"{self.path.parent / name} at {self.ref}")

        try:
            return review_files(self.old, self.new, (at_ref, beside_file(self.path)))
        except RemitError as error:
            nothing = _NO_TEMPLATE, self.old[1]
            reviewed = review_files(nothing, self.new, (at_ref, beside_file(self.path)))  # raises what is wrong with it
            note = f"{self.old[1]} cannot be read, so everything is shown as new: {error.message}"
            return replace(reviewed, notes=(note, *reviewed.notes))


def since(path: Path, ref: str) -> FilePair:
    """A file and what it was at a commit. RemitError: no git, no such commit, or no file on either side."""
    before = file_at(path, ref)
    now = path.read_bytes() if path.is_file() else None
    if before is None and now is None:
        raise RemitError(f"there is no file {path}, neither here nor at {ref}")
    nothing = _NO_TEMPLATE if holds_roles(now or before or b"") else _NO_POLICY
    old = (before, f"{path} at {ref}") if before is not None else (nothing, f"nothing ({path} is new)")
    new = (now, str(path)) if now is not None else (nothing, f"nothing ({path} is deleted)")
    return FilePair(path, ref, old, new)
