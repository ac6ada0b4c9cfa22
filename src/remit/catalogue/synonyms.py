"""Which actions of a service say the same in other words: `Publish` for `PublishMessage`, `PutObject` for `UploadFile`.

A name is taken apart into its words; the first is what is done. Words agree when they are equal, in singular or plural,
an abbreviation of each other, one slip apart, or mean the same.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final

from remit.catalogue.actions import bare_names, service
from remit.catalogue.typing_slips import near

_WORD: Final = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_VERBS: Final = {
    "ack": "delete", "acknowledge": "delete", "add": "put create", "call": "invoke",
    "cancel": "stop terminate delete", "change": "update put", "clear": "purge delete", "consume": "receive get",
    "create": "put run request start", "delete": "remove terminate deregister cancel write",
    "deploy": "create update", "dequeue": "receive", "describe": "get list", "download": "get", "drop": "delete",
    "edit": "update put", "emit": "put publish", "enqueue": "send", "execute": "invoke run start",
    "fetch": "get receive", "find": "list get", "get": "describe list receive", "insert": "put",
    "invoke": "start run", "launch": "run start", "list": "describe get", "load": "get", "make": "create put",
    "modify": "update put change", "poll": "receive get", "purge": "delete", "publish": "put send",
    "pull": "get receive", "push": "send put publish", "put": "create update send write publish",
    "read": "get receive", "remove": "delete", "restart": "reboot", "retrieve": "get receive",
    "run": "start invoke send", "save": "put", "search": "query scan list", "send": "publish put",
    "set": "put update", "show": "describe get list", "start": "run", "stop": "cancel terminate", "store": "put",
    "trigger": "invoke start put", "update": "modify change put edit write", "upload": "put", "upsert": "put update",
    "view": "get", "write": "put",
}  # fmt: skip
_READING: Final = frozenset({"describe", "get", "list"})
"""Verbs between which AWS chooses as it likes; others, as Put and Create, are rather taken at their word."""
_KNOWN_VERBS: Final = frozenset(_VERBS) | {verb for others in _VERBS.values() for verb in others.split()}
_NOUNS: Final = {
    "event": "events",
    "file": "object",
    "fileobj": "object",
    "job": "execution",
    "log": "log events",
    "metric": "metric data",
}
USUAL: Final = frozenset({
    "athena:StartQueryExecution", "bedrock:InvokeModel", "cloudwatch:PutMetricAlarm", "cloudwatch:PutMetricData",
    "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem",
    "ec2:DescribeInstances", "ec2:RunInstances", "ec2:TerminateInstances", "ecs:RunTask", "events:PutEvents",
    "iam:GetRole", "iam:PassRole", "kinesis:PutRecord", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey",
    "lambda:InvokeFunction", "logs:CreateLogStream", "logs:PutLogEvents", "s3:DeleteObject", "s3:GetObject",
    "s3:ListBucket", "s3:PutObject", "secretsmanager:GetSecretValue", "ses:SendEmail", "sns:Publish",
    "sqs:DeleteMessage", "sqs:ReceiveMessage", "sqs:SendMessage", "ssm:GetParameter", "states:StartExecution",
    "sts:AssumeRole", "xray:PutTraceSegments",
})  # fmt: skip
"""What functions use most: of several that fit equally, these were meant."""
_MOST: Final = 3
_LEAST: Final = 3  # letters of an abbreviation
_BEGINNING: Final = 6  # letters from which on a name may have been cut short
_AGREES, _SHORTENED, _LIKE = 10, 8, 6
_SAME_VERB: Final = 7  # more, for the very verb
_MISSING: Final = 3
_OFTEN: Final = 6  # more, for what functions use most


def in_other_words(prefix: str, name: str) -> tuple[str, ...]:
    """At most three actions of a service that say just what a name says, or more precisely; none when none does.

    `GetSecretValue` for `GetSecret`; `DescribeInstances` for `ListInstance`; `AdminCreateUser` for `CreateUser`.
    """
    longer = _begun(prefix, name)
    usual = tuple(one for one in longer if one in USUAL)
    told = usual or renamed(prefix, name) or _between(prefix, name) or longer[:_MOST]
    return told or _renamed(prefix, name) or same_words(prefix, name, whole=True)


def renamed(prefix: str, name: str) -> tuple[str, ...]:
    """The actions that a name tells but for its verb, where AWS takes verbs as it likes, or that are usual.

    One is not taken for a list of them: `GetTopicAttributes`, and not `ListTopics`, for `GetTopic`.
    """
    _, verb, nouns = _parts(_words(name))
    found = _renamed(prefix, name)
    if verb not in _READING:
        return found if not USUAL.isdisjoint(found) else ()
    parts = ((one, _parts(_words(one.partition(":")[2]))) for one in found)
    return tuple(one for one, (_, other, others) in parts if verb == "list" or other != "list" or nouns == others)


def well_spelt(prefix: str, name: str) -> bool:
    """Whether every word of a name is one of the service's: then it is no slip of the keyboard."""
    return {_singular(word) for word in _words(name)[1:]} <= _vocabulary(prefix)


@lru_cache(maxsize=64)
def _vocabulary(prefix: str) -> frozenset[str]:
    return frozenset(_singular(word) for one in bare_names(prefix) for word in _words(one)[1:])


def _begun(prefix: str, name: str) -> tuple[str, ...]:
    """The actions that go on where a name ends: `GetSecretValue` for `GetSecret` or `GetSecrets`."""
    stem = name.lower().removesuffix("s")
    if len(stem) < _BEGINNING:
        return ()
    longer = (one for one in bare_names(prefix) if one.lower().startswith(stem) and len(one) > len(stem) + 1)
    return tuple(f"{prefix}:{one}" for one in sorted(longer, key=lambda one: (len(one), one)))


def _renamed(prefix: str, name: str) -> tuple[str, ...]:
    """The actions that do to the very same thing what another verb tells: Describe for List, Change for Update."""
    batch, verb, nouns = _parts(_words(name))
    others = [verb, *_VERBS.get(verb, "").split()]
    found = [
        (other != verb, nouns != other_nouns, others.index(other), f"{prefix}:{one}")
        for one in bare_names(prefix)
        for other_batch, other, other_nouns in (_parts(_words(one)),)
        if other in others and batch == other_batch and nouns and _alike(nouns, other_nouns)
    ]
    return tuple(full for *_, full in sorted(found)[:_MOST])


def _between(prefix: str, name: str) -> tuple[str, ...]:
    """The actions that say one word more before the last: `PutMetricAlarm`, `AdminCreateUser`."""
    wanted = _words(name)
    found = [
        (f"{prefix}:{one}" not in USUAL, len(one), f"{prefix}:{one}")
        for one in bare_names(prefix)
        if len(words := _words(one)) == len(wanted) + 1 and _with_one_more(wanted, words)
    ]
    return tuple(full for *_, full in sorted(found)[:_MOST])


def _with_one_more(wanted: tuple[str, ...], words: tuple[str, ...]) -> bool:
    more = (at for at, word in enumerate(words[:-1]) if word not in _KNOWN_VERBS)
    return any(_alike(wanted, words[:at] + words[at + 1 :]) for at in more)


def same_words(prefix: str, name: str, *, whole: bool = False) -> tuple[str, ...]:
    """At most three actions of a service, the likeliest first; none when nothing is done that is alike.

    Of the `whole` name every word must be found again; a single word must be the very verb of what is usual.
    """
    wanted = _words(name)
    if not wanted or not service(prefix):
        return ()
    rated = [
        (_rate(wanted, words), f"{prefix.lower()}:{one}")
        for one, words in ((one, _words(one)) for one in bare_names(prefix.lower()))
        if not whole or _has_all(wanted, words)
    ]
    rated = [(rate, full) for rate, full in rated if not whole or len(wanted) > 1 or full in USUAL]
    single = len(wanted) == 1
    found = sorted(
        (not (single and full in USUAL), -rate - _OFTEN * (full in USUAL), len(full), full)
        for rate, full in rated
        if rate > 0
    )
    return tuple(full for *_, full in found[:_MOST])


def same_verb(name: str, other: str) -> bool:
    """Whether two names begin with the same verb, but for a slip."""
    mine, yours = _parts(_words(name))[1], _parts(_words(other))[1]
    return mine == yours or (mine not in _KNOWN_VERBS and near(mine, [yours]) is not None)


def another_verb(name: str, other: str) -> bool:
    """Whether two names do different things, as `PutItem` and `GetItem` do: that is no slip."""
    mine, yours = _parts(_words(name))[1], _parts(_words(other))[1]
    return mine != yours and {mine, yours} <= _KNOWN_VERBS and yours not in _VERBS.get(mine, "").split()


@lru_cache(maxsize=4096)
def runs(name: str) -> tuple[str, ...]:
    """Every run of a name's words: Log, LogStream, Stream …; three words at most."""
    parts = _WORD.findall(name)
    return tuple("".join(parts[at : at + size]) for size in (1, 2, 3) for at in range(len(parts) - size + 1))


@cache
def _words(name: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _WORD.findall(name))


def _parts(words: tuple[str, ...]) -> tuple[bool, str, tuple[str, ...]]:
    """Whether it is done to many at once, what is done, and to what."""
    batch = len(words) > 1 and words[0] == "batch"
    verb, *nouns = words[batch:] or ("",)
    return batch, verb, tuple(nouns)


def _alike(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether words are the same, but for singular and plural."""
    return len(one) == len(other) and all(_singular(a) == _singular(b) for a, b in zip(one, other, strict=True))


def _singular(word: str) -> str:
    return f"{word[:-3]}y" if word.endswith("ies") else word.rstrip("s")


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
    if _singular(wanted) == _singular(word):
        return _AGREES
    slipped = not (verb and wanted in _KNOWN_VERBS) and near(wanted, [word]) is not None
    if len(wanted) >= _LEAST and (slipped or _shortens(wanted, word)):
        return _SHORTENED
    return _LIKE if word in (_VERBS if verb else _NOUNS).get(wanted, "").split() else 0


def _shortens(short: str, long: str) -> bool:
    """Whether a word leaves out letters of another, as `msg` of `message`."""
    letters = iter(long)
    return short[0] == long[0] and all(letter in letters for letter in short)
