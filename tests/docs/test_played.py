"""The reading of pages itself: it notices what a page says wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import pages

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def reader(tmp_path: Path) -> pages.Reader:
    return pages.Reader(tmp_path, pages.environment(tmp_path))


def test_what_was_printed_takes_the_place_of_what_a_page_says(reader: pages.Reader) -> None:
    said = "Look:\n\n```console\n$ echo one; echo two\nthree\n```\n"
    assert "Look:\n\n```console\n$ echo one; echo two\none\ntwo\n```\n" == pages.played(said, reader)


@pytest.mark.parametrize(
    "output", ["one\ntwo 2\nthree\n", "…\nthree\n", "one\ntwo …\nthree\n", "one\n…\nthree\n", "…\n"]
)
def test_an_ellipsis_stands_for_anything(reader: pages.Reader, output: str) -> None:
    said = f"```console\n$ printf 'one\\ntwo 2\\nthree\\n' && true\n{output}```\n"
    assert said == pages.played(said, reader)


@pytest.mark.parametrize("output", ["…\ntwo\n", "t…\nthree\n", "one\n…\n…\nfour\n"])
def test_an_ellipsis_stands_for_nothing_else(reader: pages.Reader, output: str) -> None:
    said = f"```console\n$ printf 'one\\ntwo 2\\nthree\\n' && true\n{output}```\n"
    assert said != pages.played(said, reader)


def test_an_exit_code_that_a_page_does_not_tell_fails(reader: pages.Reader) -> None:
    said = "```console\n$ remit lint --explain R999\n```\n"
    with pytest.raises(AssertionError, match="ends with 2, not 0"):
        pages.played(said, reader)
    assert "error: there is no rule" in pages.played(f"<!-- exits 2 -->\n\n{said}", reader)


def test_a_folder_and_a_variable_that_a_command_sets_are_there_for_the_next(reader: pages.Reader) -> None:
    said = "```console\n$ mkdir a && cd a && export B=c\n$ echo $B; basename $PWD\nc\na\n```\n"
    assert said == pages.played(said, reader)


def test_commands_in_a_block_that_is_not_run_are_refused(reader: pages.Reader) -> None:
    with pytest.raises(AssertionError, match="commands that are not run"):
        pages.played("```text\n$ remit build\n```\n", reader)


def test_a_session_in_python_is_run(reader: pages.Reader) -> None:
    said = "```pycon\n>>> one = 1\n>>> one + 1\n3\n```\n"
    assert "```pycon\n>>> one = 1\n>>> one + 1\n2\n```\n" == pages.played(said, reader)
