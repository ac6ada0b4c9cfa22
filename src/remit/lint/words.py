"""Which actions of a service say the same in other words: `Publish` for `PublishMessage`, `PutObject` for `UploadFile`.

A name is taken apart into its words; the first is what is done. Words agree when they are equal, in singular or plural,
an abbreviation of each other, one slip apart, or mean the same.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final

from remit.catalogue.actions import bare_names, service
from remit.lint import facts

_WORD: Final = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_VERBS: Final = {
    "add": "put create", "call": "invoke", "change": "update put", "consume": "receive get", "create": "put",
    "dequeue": "receive", "describe": "get list", "download": "get", "drop": "delete", "enqueue": "send",
    "execute": "invoke start", "fetch": "get receive", "find": "list get", "get": "describe", "insert": "put",
    "launch": "run start", "list": "describe", "load": "get", "modify": "update", "poll": "receive get",
    "publish": "put send", "pull": "get", "push": "send put publish", "read": "get", "remove": "delete",
    "retrieve": "get receive", "run": "start invoke", "save": "put", "search": "query list", "send": "publish put",
    "set": "put update", "store": "put", "trigger": "invoke start", "upload": "put", "upsert": "put update",
    "view": "get", "write": "put",
}  # fmt: skip
_NOUNS: Final = {
    "event": "events",
    "file": "object",
    "fileobj": "object",
    "job": "execution",
    "log": "log events",
    "metric": "metric data",
}
_USUAL: Final = frozenset({
    "cloudwatch:PutMetricData", "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem",
    "events:PutEvents", "iam:GetRole", "iam:PassRole", "kms:Decrypt", "kms:Encrypt", "lambda:InvokeFunction",
    "logs:CreateLogStream", "logs:PutLogEvents", "s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject",
    "secretsmanager:GetSecretValue", "sns:Publish", "sqs:DeleteMessage", "sqs:ReceiveMessage", "sqs:SendMessage",
    "ssm:GetParameter", "states:StartExecution",
})  # fmt: skip
"""What functions use most: of several that fit equally, these were meant."""
_LEAST: Final = 3  # letters of an abbreviation
_AGREES, _SHORTENED, _LIKE = 10, 8, 6
_SAME_VERB: Final = 7  # more, for the very verb
_MISSING: Final = 3
_OFTEN: Final = 4  # more, for what functions use most


@lru_cache(maxsize=1024)
def same_words(prefix: str, name: str, *, whole: bool = False) -> tuple[str, ...]:
    """At most three actions of a service, the likeliest first; none when nothing is done that is alike.

    Of the `whole` name every word must be found again, and a single word be the very verb.
    """
    wanted = _words(name)
    if not wanted or not service(prefix):
        return ()
    rated = [
        (_rate(wanted, words), f"{prefix.lower()}:{one}")
        for one, words in ((one, _words(one)) for one in bare_names(prefix.lower()))
        if not whole or _has_all(wanted, words)
    ]
    found = sorted((-rate - _OFTEN * (full in _USUAL), len(full), full) for rate, full in rated if rate > 0)
    return tuple(full for *_, full in found[:3])


@lru_cache(maxsize=4096)
def runs(name: str) -> tuple[str, ...]:
    """Every run of a name's words: Log, LogStream, Stream …; three words at most."""
    parts = _WORD.findall(name)
    return tuple("".join(parts[at : at + size]) for size in (1, 2, 3) for at in range(len(parts) - size + 1))


@cache
def _words(name: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _WORD.findall(name))


def _rate(wanted: tuple[str, ...], words: tuple[str, ...]) -> int:
    """How well the words of an action fit the wanted ones; 0 for not at all."""
    if words[0] == "batch" != wanted[0] and len(words) > 1:
        words = words[1:]
    verb = _agreement(wanted[0], words[0], verb=True)
    if not verb:
        return 0
    left, total = list(words[1:]), verb + (_SAME_VERB if verb == _AGREES else 0)
    for word in wanted[1:]:
        best = max(((_agreement(word, one, verb=False), one) for one in left), default=(0, ""))
        if best[0]:
            left.remove(best[1])
        total += best[0] or -_MISSING
    return max(0, total - _MISSING * len(left))


def _has_all(wanted: tuple[str, ...], words: tuple[str, ...]) -> bool:
    if len(wanted) == 1:
        return wanted[0] == words[0]
    return all(any(_agreement(word, one, verb=False) for one in words[1:]) for word in wanted[1:])


@lru_cache(maxsize=65536)
def _agreement(wanted: str, word: str, *, verb: bool) -> int:
    if wanted.rstrip("s") == word.rstrip("s"):
        return _AGREES
    if len(wanted) >= _LEAST and (_shortens(wanted, word) or facts.near(wanted, [word])):
        return _SHORTENED
    return _LIKE if word in (_VERBS if verb else _NOUNS).get(wanted, "").split() else 0


def _shortens(short: str, long: str) -> bool:
    """Whether a word leaves out letters of another, as `msg` of `message`."""
    letters = iter(long)
    return short[0] == long[0] and all(letter in letters for letter in short)
