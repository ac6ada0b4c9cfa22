"""What somebody meant who wrote a name that AWS does not have: a service, an action, a condition key.

Letters are compared by the standard library's difflib. The costs and tables below are held against 957 names that
people write, in tests/lint/data/meant.jsonl; `python bench/did_you_mean.py` says how many are right first.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from remit.catalogue.actions import action, bare_names, keys, service, services
from remit.catalogue.condition_keys import global_keys
from remit.catalogue.operations import clients, operation, operations, prefixes
from remit.catalogue.shared_prefixes import PAGES
from remit.catalogue.snapshot import chunk
from remit.errors import ALIKE, MISSPELT, nearest, nearest_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.catalogue.operations import Operation

_MOST: Final = 3
"""Guesses that are given at most."""
OFTEN: Final = (
    "dynamodb", "s3", "sqs", "sns", "lambda", "logs", "kms", "secretsmanager", "ssm", "sts", "events", "states",
    "kinesis", "cloudwatch", "ec2", "iam", "ses", "execute-api", "cognito-idp", "xray", "firehose", "rds", "ecs",
    "athena", "glue",
)  # fmt: skip
"""The services that functions use most: of several that fit, the first of these was meant."""
_USUAL: Final = frozenset({
    "athena:StartQueryExecution", "bedrock:InvokeModel", "cloudformation:DescribeStacks",
    "cloudwatch:PutMetricAlarm", "cloudwatch:PutMetricData", "dynamodb:PutItem", "dynamodb:UpdateItem",
    "events:PutEvents", "lambda:InvokeFunction", "s3:DeleteObject", "s3:ListBucket",
    "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "sqs:ReceiveMessage",
    "states:StartExecution",
})  # fmt: skip
"""The actions that functions use most: of several that fit equally, these were meant."""
_SERVICES: Final = {
    "alb": "elasticloadbalancing", "apigw": "apigateway", "aurora": "rds", "cfn": "cloudformation",
    "cognito": "cognito-idp", "cwlogs": "logs", "ddb": "dynamodb", "dynamo": "dynamodb",
    "efs": "elasticfilesystem", "elasticcontainerservice": "ecs", "elasticsearch": "es",
    "elb": "elasticloadbalancing", "emr": "elasticmapreduce", "monitoring": "cloudwatch", "msk": "kafka",
    "opensearch": "es", "parameterstore": "ssm", "sfn": "states", "stepfunction": "states",
    "systemsmanager": "ssm",
}  # fmt: skip
"""Services by the names that people have for them and AWS does not."""
_ACTIONS: Final = {
    "ecr:getloginpassword": "ecr:GetAuthorizationToken", "ecr:pullimage": "ecr:BatchGetImage",
    "kms:deletekey": "kms:ScheduleKeyDeletion", "sns:createsubscription": "sns:Subscribe",
    "sts:assumerolewithoidc": "sts:AssumeRoleWithWebIdentity",
}  # fmt: skip
"""Actions by names that share no word with them."""
_OTHER_WORDS: Final = {
    "ack": "delete", "add": "create", "call": "invoke", "cancel": "stop", "clear": "purge", "consume": "receive",
    "create": "put run", "delete": "remove terminate write", "deploy": "create", "describe": "get list",
    "download": "get", "drop": "delete", "execute": "invoke run start", "fetch": "get",
    "get": "describe list receive", "insert": "put", "invoke": "start", "launch": "run", "list": "describe get",
    "modify": "update", "poll": "receive", "publish": "put send", "pull": "receive", "push": "send put",
    "put": "create send write", "read": "get receive", "remove": "delete", "restart": "reboot", "retrieve": "get",
    "run": "start invoke send", "send": "publish put", "set": "put", "trigger": "invoke put",
    "update": "change put write", "upload": "put", "upsert": "put", "write": "put",
}  # fmt: skip
"""What AWS may call it instead, the likeliest first."""
_AWS_WORDS: Final = frozenset(_OTHER_WORDS) | {word for others in _OTHER_WORDS.values() for word in others.split()}
"""Words that are not misspelt."""
_KEYS: Final = {
    "account": "aws:PrincipalAccount", "clientip": "aws:SourceIp", "ipaddress": "aws:SourceIp",
    "mfapresent": "aws:MultiFactorAuthPresent", "orgid": "aws:PrincipalOrgID", "region": "aws:RequestedRegion",
    "sourceipaddress": "aws:SourceIp", "ssl": "aws:SecureTransport", "user": "aws:username",
    "vpce": "aws:SourceVpce",
}  # fmt: skip
"""Condition keys by the words that people have for what they hold."""
_SIGNS: Final = ("/", ":")
_WORD: Final = r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z]+|[0-9]+"
_ABBREVIATION: Final = 3  # letters at least


@lru_cache(maxsize=4096)
def nearest_actions(name: str, speaking: tuple[str, ...] = ()) -> tuple[str, ...]:
    """At most three actions that somebody meant who wrote `name` (`s3:GetObjcet`), the likeliest first.

    `speaking` are the services of which the rest of a statement speaks; they were meant rather than others.
    """
    prefix, _, bare = name.partition(":")
    likely_services = (prefix.lower(),) if service(prefix) else nearest_services(prefix)
    for guess in GUESSES:
        for likely_service in likely_services:
            actions = guess(likely_service, bare, speaking)
            if actions:
                return actions[:_MOST]
    return by_name(bare, speaking)[:_MOST]


def misspelt_action(name: str) -> str | None:
    """The action that a full name misspells by a letter or two; None when it rather says something else."""
    prefix, _, bare = name.partition(":")
    actions = the_action(prefix.lower(), bare, ()) or misspelt(prefix.lower(), bare, ())
    return actions[0] if actions else None


def the_action(prefix: str, bare: str, _speaking: tuple[str, ...]) -> tuple[str, ...]:
    """The action itself, in whatever case."""
    known = action(f"{prefix}:{bare}")
    return () if known is None else (known.full_name,)


def needed_by_operation(prefix: str, bare: str, _speaking: tuple[str, ...]) -> tuple[str, ...]:
    """What an operation of the API needs: `s3:ListBucket` for `ListObjectsV2` or `list_objects_v2`."""
    called = operation_of(prefix, bare)
    return () if called is None else called.actions or called.perhaps


def called_otherwise(prefix: str, bare: str, _speaking: tuple[str, ...]) -> tuple[str, ...]:
    """The action that people call so, though it shares no word with that."""
    meant = _ACTIONS.get(f"{prefix}:{_folded(bare)}")
    return () if meant is None else (meant,)


def misspelt(prefix: str, bare: str, _speaking: tuple[str, ...]) -> tuple[str, ...]:
    """The actions that differ by a letter or two; none where each word of the name is one of the service's."""
    if _vocabulary(prefix).issuperset(map(_singular, _words(bare))):
        return ()
    return tuple(f"{prefix}:{name}" for name in _misspelt_names(bare, bare_names(prefix)))


def needed_by_misspelt_operation(prefix: str, bare: str, _speaking: tuple[str, ...]) -> tuple[str, ...]:
    """What an operation of the API needs whose name is a letter off: `ListObject` of `ListObjects`."""
    names = [name for name in operations(prefix) if abs(len(name) - len(bare)) <= 1]
    misspelt_names = _misspelt_names(bare, names)
    return needed_by_operation(prefix, misspelt_names[0], ()) if misspelt_names else ()


def in_other_words(prefix: str, bare: str, _speaking: tuple[str, ...]) -> tuple[str, ...]:
    """The actions that say the same: `sns:Publish` for `PublishMessage`, `ec2:DescribeInstances` for `ListInstance`."""
    most = _SAME if len(_words(bare)) > 1 else _SLIP
    return tuple(name for cost, name in _rated(prefix, bare) if cost <= most)


def namesake(prefix: str, bare: str, speaking: tuple[str, ...]) -> tuple[str, ...]:
    """The actions of this very name elsewhere; of a single word only in services of one family, or much used ones."""
    names = ranked(_namesakes().get(_folded(bare), ()), speaking)
    family = tuple(name for name in names if name.startswith(f"{prefix}-"))
    several_words = len(_words(bare)) > 1
    often = (name for name in names if name.partition(":")[0] in OFTEN)
    return family or tuple(name for name in often if several_words or name.endswith(f":{bare}"))


def in_some_words(prefix: str, bare: str, _speaking: tuple[str, ...]) -> tuple[str, ...]:
    """The actions of a service that do the same, perhaps to something else."""
    return tuple(name for _, name in _rated(prefix, bare))


GUESSES: Final = (
    the_action,
    needed_by_operation,
    called_otherwise,
    misspelt,
    needed_by_misspelt_operation,
    in_other_words,
    namesake,
    in_some_words,
)
"""In the order of trust: the first that has an answer gives it."""


def by_name(bare: str, speaking: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The actions, of whatever service, with this bare name, or of the operation of this name; the likeliest first."""
    names = ranked(_namesakes().get(_folded(bare), ()), speaking)
    if names or not bare:
        return names
    for guess in (needed_by_operation, misspelt):
        for prefix in (*speaking, *OFTEN):
            actions = guess(prefix, bare, ())
            if actions:
                return actions[:1]
    return ()


def ranked(names: Iterable[str], speaking: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Actions, first those of the services that a statement speaks of, then those that functions use most."""
    order = list(dict.fromkeys((*speaking, *OFTEN)))

    def rank(name: str) -> tuple[int, str]:
        prefix = name.partition(":")[0]
        return (order.index(prefix) if prefix in order else len(order)), name

    return tuple(sorted(set(names), key=rank))


def operation_of(prefix: str, name: str) -> Operation | None:
    """The operation of this name, of a client that has the service's actions (`bedrock-runtime` has bedrock's)."""
    folded = prefix.lower()
    others = (client for client in clients() if client.startswith(f"{folded}-") or prefixes(client) == (folded,))
    for client in (prefix, *others):
        called = operation(client, name)
        if called is not None:
            return called
    return None


# What two names differ in has a cost; an action is as likely as all that it differs in is cheap.
_PLURAL: Final = 0.6  # singular for plural
_SLIP: Final = 1.0  # misspelt or shortened
_OTHER_WORD: Final = 1.75  # the first of the other words; each further one costs half as much more
_MORE: Final = 2.0  # a word that only the action has
_LESS: Final = 5.5  # a word that only the written name has
_USUALLY: Final = 1.0  # off, for what functions use most
_SAME: Final = 3.5  # at most, of what says the same
_FAR: Final = 15.0  # at most, of what says something alike


@lru_cache(maxsize=1024)
def _rated(prefix: str, bare: str) -> list[tuple[float, str]]:
    """The actions of a service whose words a name has, with what the differences cost, the cheapest first."""
    written = _words(bare)
    rated = []
    for name in bare_names(prefix) if written else ():
        full_name = f"{prefix}:{name}"
        cost = _cost(written, _words(name), usual=full_name in _USUAL)
        if cost <= _FAR:
            rated.append((cost, len(name), full_name))
    return [(cost, full_name) for cost, _, full_name in sorted(rated)]


def _cost(written: tuple[str, ...], words: tuple[str, ...], *, usual: bool) -> float:
    """What the differences cost between the words of a name and an action's: another verb, words more or less."""
    if words == written[:1]:
        return _SAME  # Publish of PublishMessage
    if words[1 : len(written) + 1] == written:  # AdminCreateUser of CreateUser
        return _MORE * (len(words) - len(written))
    cost = _word_cost(written[0], words[0])
    if cost == _LESS:
        return _FAR + 1
    more = list(words[1:])
    for word in written[1:]:
        costs = {other: _word_cost(word, other) for other in more}
        cheapest = min(costs, key=costs.__getitem__, default="")
        cost += costs.get(cheapest, _LESS)
        if costs.get(cheapest, _LESS) < _LESS:
            more.remove(cheapest)
    if len(written) > 1 or not usual:  # `dynamodb:Put` is PutItem, rather than what has fewer words
        cost += _MORE * len(more)
    return cost - _USUALLY if usual else cost


@lru_cache(maxsize=65536)
def _word_cost(written: str, word: str) -> float:
    others = _OTHER_WORDS.get(written, "").split()
    if written == word:
        return 0
    if _singular(written) == _singular(word):
        return _PLURAL
    if word in others:
        return _OTHER_WORD + others.index(word) / 2
    if written in _AWS_WORDS or len(written) < _ABBREVIATION or written[0] != word[0]:
        return _LESS
    letters = iter(word)
    shortened = all(letter in letters for letter in written)  # msg of message
    return _SLIP if shortened or nearest(written, [word], MISSPELT) is not None else _LESS


def _misspelt_names(bare: str, names: Iterable[str]) -> list[str]:
    """The names that differ by a letter or two, but not in words that are right in both, as `PutItem` and `GetItem`."""
    written = _words(bare)
    return nearest_names(bare, [name for name in names if not _differs(written, _words(name))], MISSPELT)


def _differs(written: tuple[str, ...], words: tuple[str, ...]) -> bool:
    pairs = zip(written, words, strict=False)
    return any({left, right} <= _AWS_WORDS and _word_cost(left, right) == _LESS for left, right in pairs)


@lru_cache(maxsize=65536)
def _words(name: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in words_of(name))


def words_of(name: str) -> list[str]:
    """The words that a name is made of: List, Objects and V, 2."""
    return re.findall(_WORD, name)


def _singular(word: str) -> str:
    return f"{word[:-3]}y" if word.endswith("ies") else word.rstrip("s")


@lru_cache(maxsize=64)
def _vocabulary(prefix: str) -> frozenset[str]:
    return frozenset(_singular(word) for name in bare_names(prefix) for word in _words(name))


@cache
def _namesakes() -> dict[str, list[str]]:
    by_name: dict[str, list[str]] = {}
    for prefix in services():
        for name in bare_names(prefix):
            by_name.setdefault(name.lower(), []).append(f"{prefix}:{name}")
    return by_name


@lru_cache(maxsize=1024)
def nearest_services(name: str) -> tuple[str, ...]:
    """At most three prefixes that a name resembles: as a prefix, a service's full name, boto3's name."""
    written = _folded(name)
    known = _service_names()
    bare = re.sub(r"^(?:amazon|aws)(?=.)", "", written)
    for exact in (written, bare):
        if exact in known:
            return known[exact]
    begun = [part for part in known if len(part) > 1 and written.startswith(part)]  # s3 of s3bucket
    ended = [part for part in known if len(part) > _MOST and written.endswith(part)]  # kafka of managedkafka
    parts = sorted({*begun, *ended}, key=lambda part: (-len(part), part))
    names = [*nearest_names(written, known, MISSPELT), *parts, *nearest_names(written, known)]
    return tuple(dict.fromkeys(prefix for name in names for prefix in known[name]))[:_MOST]


def spoken(name: str) -> str | None:
    """The service that people call so, though nothing of AWS does: `cfn`, `elb`, `cwlogs`."""
    return _SERVICES.get(_folded(name))


@cache
def _service_names() -> dict[str, tuple[str, ...]]:
    """Every name of a service, folded, with its prefixes. A prefix means itself before anything else."""
    by_name: dict[str, tuple[str, ...]] = {_folded(prefix): (prefix,) for prefix in services()}
    for name, prefix in _SERVICES.items():
        by_name.setdefault(name, (prefix,))
    for client in clients():
        own = tuple(prefix for prefix in prefixes(client) if service(prefix))
        for name in (client, chunk("clients", "")[client][0]) if own else ():
            by_name.setdefault(_folded(name), own[:_MOST])
    pages = [(prefix, name) for prefix, names in PAGES.items() for name in names]
    for prefix, name in (*chunk("service-names", "").items(), *pages):
        by_name.setdefault(_folded(re.sub(r"^(Amazon|AWS) ", "", name)), (prefix,))
    return by_name


@lru_cache(maxsize=1024)
def nearest_key(name: str) -> str | None:
    """The condition key that somebody meant who wrote `name`: a global one, or one of the service that it names."""
    for guess in KEY_GUESSES:
        key = guess(name)
        if key is not None:
            return key
    return None


def key_by_content(name: str) -> str | None:
    """The key that holds what people call so: `aws:SecureTransport` for `aws:SSL`."""
    return _KEYS.get(_folded(name).removeprefix("aws"))


def key_of_family(name: str) -> str | None:
    """The same member of a family of keys: `aws:ResourceTag/team` for `aws:ResourceTags/team`."""
    start = name.find(":") + 1
    end = next((place for place in range(start, len(name)) if name[place] in _SIGNS), None)
    family = None if end is None else nearest(name[: end + 1], _families(name), MISSPELT)
    return None if family is None or end is None else family + name[end + 1 :]


def key_misspelt(name: str) -> str | None:
    """The key that is most alike; with a member of a family, what differs by a letter or two alone."""
    return nearest(name, _single_keys(name), MISSPELT if "/" in name or name.count(":") > 1 else ALIKE)


def family_alone(name: str) -> str | None:
    """The family of keys whose member is missing: `aws:ResourceTag/KEY` for `aws:ResourceTag`."""
    family = nearest(f"{name}/", _families(name), MISSPELT)
    return None if family is None else f"{family}KEY"


KEY_GUESSES: Final = (
    key_by_content,
    key_of_family,
    key_misspelt,
    family_alone,
)
"""In the order of trust, as `GUESSES`."""


def _families(name: str) -> list[str]:
    return [key for key in _beginnings_of_keys(name) if key.endswith(_SIGNS)]


def _single_keys(name: str) -> list[str]:
    return [key for key in _beginnings_of_keys(name) if not key.endswith(_SIGNS)]


def _beginnings_of_keys(name: str) -> list[str]:
    """The global keys and those of a key's service; of a family the part that all have: `aws:ResourceTag/`."""
    global_names = [f"{key.name}/" if key.tagged else key.name for key in global_keys()]
    prefix = name.partition(":")[0]
    likely_services = (prefix,) if service(prefix) else nearest_services(prefix)
    return global_names + [re.split("[$<]", key.name)[0] for likely in likely_services for key in keys(likely)]


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
