"""Names that were meant where somebody wrote one that AWS does not have: a service, an action, a condition key.

Letters are compared by the standard library's difflib. The costs and tables below are held against 961 names that
people write, in tests/lint/data/meant.jsonl; `python bench/did_you_mean.py` says how many are right first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Final

from remit.catalogue.actions import action, bare_names, keys, service, services
from remit.catalogue.condition_keys import global_keys
from remit.catalogue.managed_policies import managed_policies, managed_policy
from remit.catalogue.operations import Operation, clients, operation, prefixes
from remit.catalogue.shared_prefixes import PAGES
from remit.catalogue.snapshot import chunk
from remit.did_you_mean import ALIKE, MISSPELT, nearest, nearest_names

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
    "iot:publishmessage": "iot:Publish", "kms:deletekey": "kms:ScheduleKeyDeletion",
    "sns:createsubscription": "sns:Subscribe",
    "sts:assumerolewithoidc": "sts:AssumeRoleWithWebIdentity",
}  # fmt: skip
"""Actions by names that comparing words would miss, or give to another action."""
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
_KEYS: Final = {
    "account": "aws:PrincipalAccount", "clientip": "aws:SourceIp", "ipaddress": "aws:SourceIp",
    "mfapresent": "aws:MultiFactorAuthPresent", "orgid": "aws:PrincipalOrgID", "region": "aws:RequestedRegion",
    "sourceipaddress": "aws:SourceIp", "ssl": "aws:SecureTransport", "user": "aws:username",
    "vpce": "aws:SourceVpce",
}  # fmt: skip
"""Condition keys by the words that people have for what they hold."""
_SIGNS: Final = ("/", ":")
_MEMBER: Final = re.compile(r"(?P<family>[^:]*:[^/:]+[/:])(?P<name>.*)")
"""A condition key of a family: `aws:ResourceTag/team`."""
_WORD: Final = r"[A-Z]{2,}s?(?![a-z])|[A-Z]?[a-z]+|[0-9]+"


@lru_cache(maxsize=4096)
def nearest_actions(name: str, speaking: tuple[str, ...] = ()) -> tuple[str, ...]:
    """At most three actions that somebody meant who wrote `name` (`s3:GetObjcet`), the likeliest first.

    `speaking` are the services of which the rest of a statement speaks; they were meant rather than others. A prefix
    that resembles none may be of a service that AWS has closed (`gamesparks:GetExtension`): a rare action of that name
    is not meant.
    """
    prefix, _, bare = name.partition(":")
    is_service = service(prefix) is not None
    likely_services = (prefix.lower(),) if is_service else nearest_services(prefix)
    for guess in GUESSES if is_service else GUESSES_BY_LIKENESS:
        for likely_service in likely_services:
            actions = guess(likely_service, bare, speaking)
            if actions:
                return actions[:_MOST]
    last_resort = by_name(bare, speaking) if is_service else namesake(prefix.lower(), bare, speaking)
    return last_resort[:_MOST]


def nearest_managed_policy(name: str) -> str | None:
    """The managed policy that a name means which misspells it, cuts it short, or leaves out its `Amazon` or `AWS`.

    It has the same words, no more and no fewer: `S3ReadOnlyAccess` is not `ReadOnlyAccess`, which reads everything.
    None: nothing is near, or the name begins several of them.
    """
    for prefix in _MAKERS:
        with_prefix = managed_policy(f"{prefix}{name}")
        if with_prefix is not None:
            return with_prefix.name
    same_letters = [candidate for candidate in managed_policies() if _folded(candidate) == _folded(name)]
    if len(same_letters) == 1:
        return same_letters[0]
    longer_names = [candidate for candidate in managed_policies() if candidate.startswith(name)]
    if len(longer_names) == 1:
        return longer_names[0]
    guess = nearest(name, managed_policies(), MISSPELT)
    return guess if guess is not None and _same_words(_words(name), _words(guess)) else None


_MAKERS: Final = ("Amazon", "AWS")
_NARROWING: Final = frozenset({"only"})  # words that a policy may have more: they make it give less
_ABBREVIATION: Final = 3  # letters; a word of no more is a service's as a rule, and a letter wrong makes it another's


def _same_words(written: tuple[str, ...], words: tuple[str, ...]) -> bool:
    """Return whether each word is the one in the same position, or misspells it."""
    narrowed_words = [word for word in words if word not in _NARROWING or word in written]
    if len(written) != len(narrowed_words):
        return False
    for word, meant in zip(written, narrowed_words, strict=True):
        is_short = min(len(word), len(meant)) <= _ABBREVIATION
        if word != meant and (is_short or nearest(word, (meant,)) is None):
            return False
    return True


def misspelt_action(name: str) -> str | None:
    """The action that a full name misspells by a letter or two; None when it rather says something else."""
    prefix, _, bare = name.partition(":")
    actions = the_action(prefix.lower(), bare, ()) or misspelt(prefix.lower(), bare, ())
    return actions[0] if actions else None


def the_action(prefix: str, bare: str, _speaking: tuple[str, ...]) -> tuple[str, ...]:
    """The action itself, in whatever case, or the one that people call so though it shares no word with that."""
    same_action = action(_ACTIONS.get(f"{prefix}:{_folded(bare)}", f"{prefix}:{bare}"))
    return () if same_action is None else (same_action.full_name,)


def needed_by_operation(prefix: str, bare: str, _speaking: tuple[str, ...]) -> tuple[str, ...]:
    """The actions of an API operation: `s3:ListBucket` for `ListObjectsV2`, `list_objects_v2` or `ListObject`.

    Where none is needed in any case, those that some parameters need; () where there is no such operation.
    """
    for name in (bare, f"{bare}s", bare.removesuffix("s")):
        api_operation = operation_of(prefix, name)
        if api_operation is not None:
            return api_operation.actions or api_operation.perhaps
    return ()


def misspelt(prefix: str, bare: str, _speaking: tuple[str, ...]) -> tuple[str, ...]:
    """The actions of a service whose names differ by a letter or two, the nearest first.

    Nothing where all words of the name are the service's, or verbs that people use: then no letter is wrong.
    """
    vocabulary = _vocabulary(prefix)
    if all(_singular(word) in vocabulary for word in _words(bare)):
        return ()
    return tuple(f"{prefix}:{name}" for name in nearest_names(bare, bare_names(prefix), MISSPELT))


@lru_cache(maxsize=64)
def _vocabulary(prefix: str) -> frozenset[str]:
    """The words of a service's actions, and the verbs that people have for them, all in the singular."""
    words = {_singular(word) for name in bare_names(prefix) for word in _words(name)}
    return frozenset(words.union(map(_singular, _OTHER_WORDS)))


def in_other_words(prefix: str, bare: str, _speaking: tuple[str, ...]) -> tuple[str, ...]:
    """The actions that say the same: `sns:Publish` for `PublishMessage`, `ec2:DescribeInstances` for `ListInstance`."""
    return tuple(name for cost, name in _rated(prefix, bare) if cost <= _SAME)


def namesake(prefix: str, bare: str, speaking: tuple[str, ...]) -> tuple[str, ...]:
    """The actions of this very name in services of the same family (`rds-db` of `rds`), else in much used ones."""
    names = ranked(_namesakes().get(_folded(bare), ()), speaking)
    family = tuple(name for name in names if name.startswith(f"{prefix}-"))
    if family:
        return family
    return tuple(name for name in names if name.partition(":")[0] in OFTEN)


def in_some_words(prefix: str, bare: str, _speaking: tuple[str, ...]) -> tuple[str, ...]:
    """The actions of a service that do the same, perhaps to something else."""
    return tuple(name for _, name in _rated(prefix, bare))


GUESSES: Final = (
    the_action,
    needed_by_operation,
    misspelt,
    in_other_words,
    namesake,
    in_some_words,
)
"""In the order of trust: the first that has an answer gives it."""
GUESSES_BY_LIKENESS: Final = tuple(guess for guess in GUESSES if guess is not in_some_words)
"""Those of a service that the prefix only resembles: with both halves doubtful, nothing is said."""


def by_name(bare: str, speaking: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The actions, of whatever service, with this bare name, the likeliest first; else one action that it misspells.

    That one is of the first service of `speaking`, or of those much used, that has such an action; () where none has.
    """
    names = ranked(_namesakes().get(_folded(bare), ()), speaking)
    if names:
        return names
    for prefix in (*speaking, *OFTEN):
        actions = misspelt(prefix, bare, ())
        if actions:
            return actions[:1]
    return ()


def ranked(names: Iterable[str], speaking: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Actions, first those of the services that a statement speaks of, then those that functions use most."""
    positions = {prefix: position for position, prefix in enumerate(dict.fromkeys((*speaking, *OFTEN)))}
    return tuple(sorted(set(names), key=lambda name: (positions.get(name.partition(":")[0], len(positions)), name)))


def operation_of(prefix: str, name: str) -> Operation | None:
    """The operation of this name, of a client that has the service's actions (`bedrock-runtime` has bedrock's).

    None: there is none.
    """
    for client in (prefix, *_clients_of(prefix.lower())):
        api_operation = operation(client, name)
        if api_operation is not None:
            return api_operation
    return None


@lru_cache(maxsize=256)
def _clients_of(prefix: str) -> tuple[str, ...]:
    """The clients that have a service's actions, and are not called as it is."""
    return tuple(client for client in clients() if client.startswith(f"{prefix}-") or prefixes(client) == (prefix,))


# What two names differ in has a cost; an action is as likely as all that it differs in is cheap.
_SINGULAR: Final = 0.2  # singular for plural, a slip: another verb and that are cheaper than a word more
_PLURAL: Final = 0.6  # plural for singular, which is rarely a slip
_ABBREVIATED: Final = 1.0
_OTHER_WORD: Final = 1.75  # the first of the other words; each further one costs 0.5 more
_MORE: Final = 2.0  # a word that only the action has
_UNRELATED: Final = 5.5  # a word that only the written name has
_USUALLY: Final = 1.0  # off, for what functions use most
_SAME: Final = 3.5  # at most, of what says the same
_FAR: Final = 15.0  # at most, of what says something alike


@lru_cache(maxsize=1024)
def _rated(prefix: str, bare: str) -> list[tuple[float, str]]:
    """The cost of the differences and the action, for each of a service that a name may mean; the cheapest first."""
    written = _words(bare)
    rated = []
    for name in bare_names(prefix) if written else ():
        full_name = f"{prefix}:{name}"
        cost = _cost(written, _words(name), usual=full_name in _USUAL)
        if cost <= _FAR:
            rated.append((cost, len(name), full_name))
    return [(cost, full_name) for cost, _, full_name in sorted(rated)]


def _cost(written: tuple[str, ...], words: tuple[str, ...], *, usual: bool) -> float:
    """The cost of the differences between the words of a name and an action's: another verb, words more or less.

    More than `_FAR` where the verbs have nothing in common; `usual` actions cost a little less.
    """
    if words[1 : len(written) + 1] == written:  # AdminCreateUser of CreateUser
        return _MORE * (len(words) - len(written))
    cost = _word_cost(written[0], words[0])
    if cost == _UNRELATED:  # the verbs have nothing in common
        return _FAR + 1
    unmatched = list(words[1:])
    for word in written[1:]:
        costs = [(_word_cost(word, candidate), candidate) for candidate in unmatched]
        word_cost, match = min(costs, default=(_UNRELATED, ""))
        cost += word_cost
        if word_cost < _UNRELATED:
            unmatched.remove(match)
    if len(written) > 1 or not usual:  # `dynamodb:Put` is PutItem, rather than what has fewer words
        cost += _MORE * len(unmatched)
    return cost - _USUALLY if usual else cost


@lru_cache(maxsize=65536)
def _word_cost(written: str, word: str) -> float:
    """The cost of the difference between one written word and an action's: from 0, the same, to `_UNRELATED`."""
    synonyms = _OTHER_WORDS.get(written, "").split()
    if written == word:
        return 0
    if _singular(written) == _singular(word):
        return _SINGULAR if len(written) < len(word) else _PLURAL
    if word in synonyms:
        return _OTHER_WORD + synonyms.index(word) / 2
    letters = iter(word)
    is_abbreviation = written[0] == word[0] and all(letter in letters for letter in written)  # msg of message
    return _ABBREVIATED if is_abbreviation else _UNRELATED


@lru_cache(maxsize=65536)
def _words(name: str) -> tuple[str, ...]:
    """The words that a name is made of, in small letters."""
    return tuple(word.lower() for word in words_of(name))


def words_of(name: str) -> list[str]:
    """The words that a name is made of: List, Objects and V, 2."""
    return re.findall(_WORD, name)


def _singular(word: str) -> str:
    """A word without the ending of its plural, where it may have one."""
    return f"{word[:-3]}y" if word.endswith("ies") else word.rstrip("s")


@cache
def _namesakes() -> dict[str, list[str]]:
    """The full names of all actions, by their bare names in small letters."""
    by_name: dict[str, list[str]] = {}
    for prefix in services():
        for name in bare_names(prefix):
            by_name.setdefault(name.lower(), []).append(f"{prefix}:{name}")
    return by_name


@lru_cache(maxsize=1024)
def nearest_services(name: str, likeness: float = ALIKE) -> tuple[str, ...]:
    """At most three prefixes that a name resembles: as a prefix, a service's full name, boto3's name."""
    written = _folded(name)
    by_name = _service_names()
    bare = re.sub(r"^(?:amazon|aws)(?=.)", "", written)
    for exact in (written, bare):
        if exact in by_name:
            return by_name[exact]
    names = nearest_names(written, by_name, likeness)
    return tuple(dict.fromkeys(prefix for name in names for prefix in by_name[name]))[:_MOST]


def spoken(name: str) -> str | None:
    """The service that people call so, though nothing of AWS does: `cfn`, `elb`, `cwlogs`."""
    return _SERVICES.get(_folded(name))


@cache
def _service_names() -> dict[str, tuple[str, ...]]:
    """Every name of a service, folded, with its first few prefixes. A prefix means itself before anything else."""
    by_name: dict[str, tuple[str, ...]] = {_folded(prefix): (prefix,) for prefix in services()}
    for name, prefix in _SERVICES.items():
        by_name.setdefault(name, (prefix,))
    for client in clients():
        own_prefixes = tuple(prefix for prefix in prefixes(client) if service(prefix))
        if own_prefixes:
            by_name.setdefault(_folded(client), own_prefixes[:_MOST])
    pages = [(prefix, name) for prefix, names in PAGES.items() for name in names]
    for prefix, name in (*chunk("service-names", "").items(), *pages):
        by_name.setdefault(_folded(re.sub(r"^(Amazon|AWS) ", "", name)), (prefix,))
    return by_name


@lru_cache(maxsize=1024)
def nearest_key(name: str) -> str | None:
    """The condition key that somebody meant who wrote `name`: a global one, or one of the service that it names.

    None: nothing is near.
    """
    key_by_content = _KEYS.get(_folded(name).removeprefix("aws"))
    if key_by_content is not None:
        return key_by_content
    beginnings = _beginnings_of_keys(name.partition(":")[0])
    without_member = [key for key in beginnings if key.endswith(_SIGNS) and key[:-1].lower() == name.lower()]
    if without_member:
        return f"{without_member[0]}KEY"
    single_keys = [key for key in beginnings if not key.endswith(_SIGNS)]
    member = _MEMBER.fullmatch(name)
    if member is None:
        return nearest(name, single_keys)
    family = nearest(member["family"], [key for key in beginnings if key.endswith(_SIGNS)], MISSPELT)
    return nearest(name, single_keys, MISSPELT) if family is None else family + member["name"]


def _beginnings_of_keys(prefix: str) -> list[str]:
    """The global keys and those of a service; of a family the part that all members have: `aws:ResourceTag/`."""
    beginnings = [f"{key.name}/" if key.tagged else key.name for key in global_keys()]
    likely_services = (prefix,) if service(prefix) else nearest_services(prefix)
    for likely_service in likely_services:
        beginnings += [re.split("[$<]", key.name)[0] for key in keys(likely_service)]
    return beginnings


def _folded(name: str) -> str:
    """A name without case, and without all that is no letter and no digit."""
    return re.sub(r"[^a-z0-9]", "", name.lower())
