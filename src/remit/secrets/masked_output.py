"""What remit prints, without secrets: while a command runs, both streams of the process are `MaskedStream`s.

So no report and no error can show one, whoever wrote it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from typing import IO, Any, TextIO, cast

from remit.secrets import concealed, environment_secrets


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
