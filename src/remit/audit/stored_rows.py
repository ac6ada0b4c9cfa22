"""Rows of accounts in a temporary file until they are written: those of a million roles take more than a gigabyte."""

from __future__ import annotations

import pickle
import tempfile
import weakref
from collections.abc import Collection
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_Row = TypeVar("_Row")
_IN_MEMORY: Final = 1_000_000
"""Bytes of rows that need no file yet."""


class StoredRows(Collection[_Row]):
    """Rows in the order of the accounts that they are about, read again from the file each time.

    The file is this process's own: nobody else has its name, and it ends with the rows.
    """

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed with the rows, below
        self._places: dict[str, int] = {}
        self._count = 0
        weakref.finalize(self, self._file.close)

    def keep(self, account: str, rows: tuple[_Row, ...]) -> None:
        """Store the rows about an account, each account once."""
        if rows:
            self._places[account] = self._file.seek(0, 2)
            pickle.dump(rows, self._file, pickle.HIGHEST_PROTOCOL)
            self._count += len(rows)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[_Row]:
        for _, place in sorted(self._places.items()):
            self._file.seek(place)
            rows: Iterable[_Row] = pickle.load(self._file)  # noqa: S301 - of `keep`, and nobody else's
            yield from rows

    def __contains__(self, row: object) -> bool:
        return any(row == stored for stored in self)
