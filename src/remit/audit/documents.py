"""Policy documents, each distinct one once: most documents of an organisation stand in it many times.

An account's own number is folded into `OWN_ACCOUNT`, so that the same document of two accounts is one. That is a mere
change of names, since a document that already has the number `OWN_ACCOUNT` is left as it is.
"""

from __future__ import annotations

import hashlib
import sys
from typing import Any, Final
from urllib.parse import unquote

from remit.audit.json_bytes import compact, parsed
from remit.iam.policy import Policy, parse

OWN_ACCOUNT: Final = "555501110777"
"""The number that stands for the account in which a document is used."""
_DIGEST: Final = 12  # bytes: no two documents of a billion share one


class Documents:
    """The distinct documents by their keys, as JSON texts with the own account folded."""

    __slots__ = ("_keys", "texts")

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self._keys: dict[tuple[str, str], str] = {}

    def add(self, document: Any, account: str) -> str:
        """The key of a document: an object, or its text, which AWS's API percent-encodes. ValueError: it is no JSON."""
        if not isinstance(document, str):
            return self._add(document, account)
        name = (document, account)
        if name not in self._keys:
            self._keys[name] = self._add(document, account)
        return self._keys[name]

    def _add(self, document: Any, account: str) -> str:
        """Store a document's compact text, with its account's number folded.

        The key that is returned is a digest of it.
        """
        text = folded(compact(document_value(document)), account)
        key = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).hexdigest()
        self.texts.setdefault(key, text)
        return sys.intern(key)  # many hold the key of a document that they share

    def policy(self, key: str) -> Policy:
        """A document as the engine reads it. RemitError: it is no policy that IAM takes."""
        return parse(parsed(self.texts[key]))


def document_value(document: Any) -> Any:
    """The document as an object. ValueError: it is neither an object nor JSON text of one."""
    if isinstance(document, str):
        text = document if document.lstrip().startswith("{") else unquote(document)
        document = parsed(text)
    if not isinstance(document, dict):
        raise ValueError("a policy document is an object")  # noqa: TRY004 - what is caught says "no JSON document"
    return document


def folded(text: str, account: str) -> str:
    """A text with the number of the account replaced by `OWN_ACCOUNT`."""
    # Two accounts must not become one: a text that has the number already stays as it is.
    if account in text and OWN_ACCOUNT not in text:
        return text.replace(account, OWN_ACCOUNT)
    return text


def unfolded(text: str, account: str) -> str:
    """A text of a folded document, as it reads in an account."""
    return text.replace(OWN_ACCOUNT, account)
