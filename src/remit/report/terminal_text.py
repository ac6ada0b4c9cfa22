"""Text for people: what came from elsewhere as a terminal may show it, references as templates spell them, no secrets.

Both streams of the process are `MaskedStream`s while a command runs: no report and no error can show a secret.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from typing import IO, TYPE_CHECKING, Any, Final, TextIO, cast

from remit.iam.tokens import for_people
from remit.secrets import concealed, environment_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CONTROLS: Final = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
"""All but tab and newline: with the others a text can clear the screen, hide a line, or retitle the window."""


_SENTENCES: Final = frozenset(
    {"advice", "because", "cause", "error", "hint", "message", "note", "notes", "reason", "text"}
)
"""The members of remit's JSON that hold sentences, or lists of them."""


def shown(text: str) -> str:
    """The text with its control characters (those that turn writing round, too) spelled out as Python does.

    A function of CloudFormation's that nobody can resolve here is shown as its author wrote it: `{!ImportValue x}`.
    """
    if "${{" in text:
        text = for_people(text)
    return re.sub(_CONTROLS, lambda control: ascii(control[0])[1:-1], text)


def line(text: str) -> str:
    """The same in one line: newlines are spelled out as well."""
    return shown(text).replace("\n", "\\n")


def readable(document: Any) -> Any:
    """A document with its sentences spelled like `shown`; its data stays as it is, and JSON escapes the controls."""
    return _readable(document, is_sentence=False)


def _readable(value: Any, *, is_sentence: bool) -> Any:
    if isinstance(value, dict):
        return {name: _readable(member, is_sentence=name in _SENTENCES) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_readable(item, is_sentence=is_sentence) for item in value]
    return for_people(value) if is_sentence and isinstance(value, str) else value


def page(lines: Iterable[str]) -> str:
    """Lines below each other, each as `line`."""
    return "".join(f"{line(text)}\n" for text in lines)


class MaskedStream:
    """A stream that writes stars for secrets, and is otherwise the stream that it stands before.

    It has no `buffer`, by which click would write past it.
    """

    def __init__(self, stream: IO[str]) -> None:
        self.below = stream
        self._size = -1
        self._secrets: tuple[str, ...] = ()

    def write(self, text: str) -> int:
        """Write a text, with stars for what is a secret in it; as long as before."""
        if len(os.environ) != self._size:  # the project's code may add to it, as a .env file is read
            self._size = len(os.environ)
            self._secrets = environment_secrets()
        self.below.write(concealed(text, self._secrets) if text else text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """As `write`, of each line."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        if name == "buffer":
            raise AttributeError(name)
        return getattr(self.below, name)


def unmasked(stream: TextIO) -> IO[str]:
    """The stream below, for what is meant to be read by a shell: the keys of the AWS on this machine."""
    return stream.below if isinstance(stream, MaskedStream) else stream


@contextlib.contextmanager
def masked_output() -> Iterator[None]:
    """Both streams of the process without secrets, as long as a command runs."""
    streams = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (stream and cast("TextIO", MaskedStream(stream)) for stream in streams)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = streams
