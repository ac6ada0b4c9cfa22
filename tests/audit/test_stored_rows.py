"""Rows of accounts that are stored until they are written."""

from __future__ import annotations

from remit.audit.audit import StoredRows

FAR_MORE_THAN_MEMORY_TAKES = "x" * 2_000_000


def test_rows_come_in_the_order_of_the_accounts_as_often_as_they_are_read() -> None:
    rows: StoredRows[str] = StoredRows()
    for account in ("3", "1", "2"):
        rows.keep(account, (account, FAR_MORE_THAN_MEMORY_TAKES))
    first_reading = iter(rows)
    assert "1" == next(first_reading)
    assert ["1", "2", "3"] == [row for row in rows if row != FAR_MORE_THAN_MEMORY_TAKES]
    assert [FAR_MORE_THAN_MEMORY_TAKES, "2"] == [next(first_reading), next(first_reading)]
    assert (6, True, False) == (len(rows), "2" in rows, "4" in rows)


def test_rows_that_are_stored_after_a_reading_take_nobodys_place() -> None:
    rows: StoredRows[str] = StoredRows()
    rows.keep("1", ("a", "b"))
    rows.keep("2", ("c",))
    assert ["a", "b", "c"] == list(rows)
    next(iter(rows))
    rows.keep("0", ("d",))
    assert ["d", "a", "b", "c"] == list(rows)


def test_no_rows_are_false() -> None:
    rows: StoredRows[str] = StoredRows()
    rows.keep("1", ())
    assert (False, []) == (bool(rows), list(rows))
