"""Keys of a terminal come one by one, without Enter, and the terminal is as it was afterwards."""

from __future__ import annotations

import os
import pty
import sys
import termios
import threading
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from remit.dev.terminal_keys import is_terminal, pressed_keys, single_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOCAL_MODES = 3
"""Where termios has the modes of which Enter and echo are two."""


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The keyboard of the terminal that is the standard input."""
    keyboard, terminal = pty.openpty()
    with os.fdopen(terminal) as standard_input:
        monkeypatch.setattr(sys, "stdin", standard_input)
        yield keyboard
    os.close(keyboard)


def test_keys_come_one_by_one_also_those_beyond_ascii(keyboard: int) -> None:
    assert is_terminal()
    with single_keys():
        os.write(keyboard, b"w\xe9q")
        assert ["w", "\N{REPLACEMENT CHARACTER}", "q"] == list(islice(pressed_keys(threading.Event()), 3))


class Looks(threading.Event):
    """It is never set, and looked at a few times."""

    looks = 0

    def is_set(self) -> bool:
        self.looks += 1
        assert self.looks < 5
        return False


def test_no_keys_come_from_a_terminal_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    read, written = os.pipe()
    os.write(written, b"w")
    os.close(written)
    with os.fdopen(read) as standard_input:
        monkeypatch.setattr(sys, "stdin", standard_input)
        assert ["w"] == list(pressed_keys(Looks()))


@pytest.mark.usefixtures("keyboard")
def test_a_terminal_is_afterwards_as_it_was() -> None:
    before = termios.tcgetattr(sys.stdin)
    with single_keys():
        modes = termios.tcgetattr(sys.stdin)[_LOCAL_MODES]
        assert termios.ISIG == modes & (termios.ICANON | termios.ECHO | termios.ISIG)
    assert before == termios.tcgetattr(sys.stdin)


def test_a_file_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    with open(os.devnull) as nothing:  # noqa: PTH123 - any file will do
        monkeypatch.setattr(sys, "stdin", nothing)
        assert not is_terminal()
    monkeypatch.setattr(sys, "stdin", None)
    assert not is_terminal()
