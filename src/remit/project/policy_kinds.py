"""Of which kind the policies in files are: by `--kind`, or by `[tool.remit.kinds]` of pyproject.toml.

[tool.remit.kinds]
"policies/boundaries/*.json" = "boundary"
"organization/scp-*.json" = "scp"
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remit.did_you_mean import did_you_mean
from remit.errors import Origin, RemitError
from remit.project import plain_files
from remit.template.sections import section

if TYPE_CHECKING:
    from pathlib import Path

LIMITS: Final = ("boundary", "endpoint", "scp", "rcp")
"""The kinds of policies that limit, and grant nothing by themselves."""
KINDS: Final = ("identity", "trust", "resource", "control", *LIMITS)
PYPROJECT: Final = "pyproject.toml"
_TABLE: Final = "[tool.remit.kinds]"


@dataclass(frozen=True, slots=True)
class PolicyKinds:
    """The kinds of files: a kind for all of them, or the files that each glob matches, with their kind."""

    for_all: str | None
    files: tuple[tuple[frozenset[Path], str], ...]

    def of(self, *paths: Path) -> str | None:
        """The kind for all, or of the first of `paths` that a glob matches, by its first glob; None: nobody says."""
        if self.for_all is not None:
            return self.for_all
        for path in paths:
            for matching, kind in self.files:
                if path.resolve() in matching:
                    return kind
        return None


def policy_kinds(folder: Path, for_all: str | None = None) -> PolicyKinds:
    """The kinds of the files below a folder. RemitError: no such kind, or a glob that matches no file."""
    if for_all is not None:
        _require_kind(for_all, "--kind")
    table = section(plain_files.toml(folder / PYPROJECT), "tool", "remit").get("kinds", {})
    if not isinstance(table, dict):
        raise RemitError(f"{_TABLE} is a table of globs and kinds", origin=Origin(PYPROJECT))
    files = []
    for glob, kind in table.items():
        _require_kind(kind, _TABLE, Origin(PYPROJECT))
        try:
            matching = frozenset(path.resolve() for path in folder.glob(glob))
        except (NotImplementedError, ValueError) as error:
            raise RemitError(
                f"{_TABLE}: {glob!r} is no glob below the folder: {error}", origin=Origin(PYPROJECT)
            ) from None
        if not matching:
            raise RemitError(f"{_TABLE}: {glob!r} matches no file", origin=Origin(PYPROJECT))
        files.append((matching, kind))
    return PolicyKinds(for_all, tuple(files))


def _require_kind(kind: object, where: str, origin: Origin | None = None) -> None:
    """Refuse with RemitError (2) a kind of policies that there is not."""
    if kind not in KINDS:
        hint = did_you_mean(str(kind), KINDS) or f"there are {', '.join(KINDS)}"
        raise RemitError(f"{where}: there is no kind {kind!r} of policies", hint=hint, origin=origin)
