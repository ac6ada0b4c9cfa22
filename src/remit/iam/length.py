"""Count the characters of a policy as IAM counts them: without the white space between the parts of its JSON.

White space between the tokens of a document does not count ("IAM and AWS STS quotas", IAM User Guide). Of white space
inside a text, and of characters beyond ASCII, no page says how they count: here they count as much as they may, a
space as one and a character as its bytes in UTF-8 ("Maximum policy size of 10240 bytes exceeded" is IAM's own error).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from remit.iam import tokens
from remit.iam.policy import Policy, render


def policy_length(policy: Policy) -> int:
    """Characters of a policy's document, its references as they are written."""
    return length(render(policy))


def length(value: Any, late: Callable[[tokens.Reference], int] | None = None) -> int:
    """Characters of a document or a part of it, as JSON without blanks has it; a text counts with its quotes.

    `late` says how many a reference of CloudFormation's becomes; without it they count as they are written.
    """
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)
    characters = len(text.encode("utf-8", "surrogatepass"))  # JSON may spell half of a pair of surrogates
    if late is not None:
        quotes = 2
        for reference in _references(value):
            characters += late(reference) - (length(reference.text) - quotes)
    return characters


def _references(value: Any) -> Iterator[tokens.Reference]:
    """Yield the references of CloudFormation in the texts of a document, its keys among them."""
    if isinstance(value, str):
        yield from tokens.references(value)
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _references(key)
            yield from _references(part)
    elif isinstance(value, list):
        for part in value:
            yield from _references(part)
