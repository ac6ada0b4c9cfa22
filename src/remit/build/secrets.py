"""Find private keys and AWS secret access keys in a file's bytes, as they stream by.

Only what carries the secret itself counts: a key's header with its base64 after it, an assignment with forty
characters after it. Code that only names a header, and the example key of AWS's documentation, are none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_OVERLAP = 1024
"""Bytes of one chunk looked at again with the next: longer than any match."""

_SECRET = rb"[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"

_KINDS = (
    (
        (b"PRIVATE KEY",),
        "a private key",
        re.compile(
            rb"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
            rb"(?:(?!-----).){0,300}?[A-Za-z0-9+/]{40}",
            re.DOTALL,
        ),
    ),
    (
        (b"ecret", b"ECRET"),
        "an AWS secret access key",
        re.compile(rb"(?i:secret_?-?access_?-?key)[\"']?\s{0,8}(?:[=:,]|=>)\s{0,8}[\"']?" + _SECRET),
    ),
    (
        (b"AKIA",),
        "an AWS access key with its secret",
        re.compile(rb"AKIA[A-Z0-9]{16}[\"']?\s{0,8}[,:;|\s]\s{0,8}[\"']?" + _SECRET),
    ),
)
"""Words without which nothing can match (a search for them is 20 times faster), the name, the expression."""


class Watch:
    """Looks at one file's chunks in order; `found` says what the first secret is, and its line."""

    def __init__(self) -> None:
        self.found: tuple[str, int] | None = None
        self._tail = b""
        self._lines = 1

    def see(self, chunk: bytes) -> None:
        """Look at the next chunk, together with the end of the one before."""
        window = self._tail + chunk
        if self.found is None:
            self.found = next(_findings(window, self._lines), None)
        self._tail = window[-_OVERLAP:]
        self._lines += window.count(b"\n") - self._tail.count(b"\n")


def _findings(window: bytes, first_line: int) -> Iterator[tuple[str, int]]:
    for words, name, expression in _KINDS:
        if any(word in window for word in words):
            for match in expression.finditer(window):
                if b"EXAMPLE" not in match[0]:
                    yield name, first_line + window.count(b"\n", 0, match.start())


def only_public(pem: bytes) -> bool:
    """Whether a .pem holds certificates or public keys and nothing else, such as a bundle of authorities."""
    kinds = re.findall(rb"-----BEGIN ([A-Z0-9 ]+)-----", pem)
    return bool(kinds) and all(kind.endswith((b"CERTIFICATE", b"PUBLIC KEY")) for kind in kinds)
