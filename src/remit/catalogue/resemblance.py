"""What somebody meant: services and actions that a mistaken name resembles, the likeliest first."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from remit.catalogue import synonyms
from remit.catalogue.actions import action, actions, bare_names, service, services
from remit.catalogue.operations import clients, operation, operations, prefixes
from remit.catalogue.shared_prefixes import PAGES
from remit.catalogue.snapshot import chunk
from remit.catalogue.typing_slips import common, near, slips, within_reach

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.catalogue.operations import Operation

_MOST: Final = 3
# Names that people use and no source has.
_ALSO: Final = {
    "alb": "elasticloadbalancing", "apigw": "apigateway", "asg": "autoscaling", "aurora": "rds",
    "cfn": "cloudformation",
    "cloudwatchevents": "events", "cognito": "cognito-idp", "cw": "cloudwatch", "cwlogs": "logs",
    "ddb": "dynamodb", "dynamo": "dynamodb", "efs": "elasticfilesystem", "elasticcontainerservice": "ecs",
    "elasticsearch": "es", "elb": "elasticloadbalancing", "emr": "elasticmapreduce", "fargate": "ecs", "mail": "ses",
    "monitoring": "cloudwatch",
    "msk": "kafka", "nlb": "elasticloadbalancing", "opensearch": "es", "parameterstore": "ssm", "queue": "sqs",
    "redis": "elasticache", "r53": "route53", "s3api": "s3", "secrets": "secretsmanager", "sfn": "states",
    "simplenotificationservice": "sns", "simplequeueservice": "sqs", "simplestorageservice": "s3",
    "statemachine": "states", "stepfunction": "states", "systemsmanager": "ssm", "topic": "sns",
    "userpool": "cognito-idp",
}  # fmt: skip
# Actions by names that no operation and no action has, folded.
_CALLED: Final = {
    "cloudfront:invalidatecache": "cloudfront:CreateInvalidation", "ecr:getlogin": "ecr:GetAuthorizationToken",
    "ecr:getloginpassword": "ecr:GetAuthorizationToken", "ecr:login": "ecr:GetAuthorizationToken",
    "ecr:pull": "ecr:BatchGetImage", "ecr:pullimage": "ecr:BatchGetImage", "ecr:push": "ecr:PutImage",
    "kms:deletekey": "kms:ScheduleKeyDeletion", "sns:createsubscription": "sns:Subscribe",
    "ssm:getsecurestring": "ssm:GetParameter", "states:executestatemachine": "states:StartExecution",
    "states:invokestatemachine": "states:StartExecution", "states:runstatemachine": "states:StartExecution",
    "sts:assumerolewithoidc": "sts:AssumeRoleWithWebIdentity",
}  # fmt: skip
OFTEN: Final = (
    "dynamodb", "s3", "sqs", "sns", "lambda", "logs", "kms", "secretsmanager", "ssm", "sts", "events", "states",
    "kinesis", "cloudwatch", "ec2", "iam", "ses", "execute-api", "cognito-idp", "xray", "firehose", "rds", "ecs",
    "athena", "glue",
)  # fmt: skip
"""The services that functions use most: of several that fit, the first of these was meant."""
_FIRST: Final = 6


@lru_cache(maxsize=1024)
def nearest_services(name: str) -> tuple[str, ...]:
    """At most three prefixes that a name resembles: as a prefix, a service's full name, boto3's name."""
    wanted = _folded(name)
    if not wanted:
        return ()
    known = _service_names()
    bare = re.sub(r"^(?:amazon|aws)(?=.)", "", wanted)
    if wanted in known or bare in known:
        return known[wanted if wanted in known else bare]
    found = within_reach(wanted, known)
    close = near(wanted, found) is not None
    ranked = (*found, *_held(bare, known)) if close else (*_held(bare, known), *found)
    return tuple(dict.fromkeys(prefix for one in ranked for prefix in known[one]))[:_MOST]


def spoken(name: str) -> str | None:
    """The service that people call so, though nothing of AWS does: `cfn`, `elb`, `cwlogs`."""
    return _ALSO.get(_folded(name))


def _held(wanted: str, known: Iterable[str]) -> list[str]:
    """The names with which a word begins or ends, the longest first: `s3` of `s3bucket`, `kafka` of `managedkafka`."""
    begun = (one for one in known if len(one) > 1 and wanted.startswith(one))
    ended = (one for one in known if len(one) > _MOST and wanted.endswith(one))
    return sorted({*begun, *ended}, key=lambda one: (-len(one), one))


def operation_of(prefix: str, name: str) -> Operation | None:
    """The operation of this name, of a client that has the service's actions (`bedrock-runtime` has bedrock's)."""
    found = operation(prefix, name)
    folded = prefix.lower()
    others = (one for one in clients() if one.startswith(f"{folded}-") or prefixes(one) == (folded,))
    return found or next((called for one in others if (called := operation(one, name)) is not None), None)


@lru_cache(maxsize=4096)
def nearest_actions(name: str, speaking: tuple[str, ...] = ()) -> tuple[str, ...]:
    """At most three actions that a full name (`s3:GetObjcet`) resembles; an operation's name gives its.

    `speaking` are the services of which the rest of a statement speaks; they were meant rather than others.
    """
    prefix, _, bare = name.partition(":")
    known = action(name)
    if known is not None:
        return (known.full_name,)
    called = operation_of(prefix, bare)
    if called is not None and called.calls:
        return (called.actions or called.perhaps)[:_MOST]
    found = _of_service(prefix.lower(), bare, speaking) if service(prefix) else _moved(prefix, bare, speaking)
    return found[:_MOST]


def a_slip_off(name: str) -> str | None:
    """The action that a full name misses by two letters at most; None when it rather says something else."""
    found = nearest_actions(name)[:1]
    bare = _folded(name.partition(":")[2])
    return found[0] if found and near(bare, [_folded(found[0].partition(":")[2])]) is not None else None


def _of_service(prefix: str, bare: str, speaking: tuple[str, ...]) -> tuple[str, ...]:
    """A slip, other words for the same, a namesake of another service, some of the words, some of the letters."""
    if (called := _CALLED.get(f"{prefix}:{_folded(bare)}")) is not None:
        return (called,)
    folded = _action_names(prefix)
    reached = [found for word in within_reach(_folded(bare), folded) for found in folded[word]]
    likely = tuple(one for one in reached if not synonyms.another_verb(bare, one.partition(":")[2]))
    slipped = bool(likely) and near(_folded(bare), [_folded(likely[0].partition(":")[2])]) is not None
    if slipped and not (synonyms.well_spelt(prefix, bare) and synonyms.renamed(prefix, bare)):
        return likely
    same = _namesakes(prefix, bare, speaking)
    single = synonyms.same_words(prefix, bare) if len(re.findall(r"[A-Z]", bare)) == 1 else ()
    return (
        _slip_of_operation(prefix, bare)
        or _ended(prefix, bare)
        or synonyms.in_other_words(prefix, bare)
        or (() if synonyms.USUAL.isdisjoint(same) else same)
        or (() if synonyms.USUAL.isdisjoint(single) else single)
        or same
        or synonyms.same_words(prefix, bare)
        or tuple(one for one in likely if one.endswith(bare) or synonyms.same_verb(bare, one.partition(":")[2]))
        or by_name(bare, speaking)
    )


def _ended(prefix: str, bare: str) -> tuple[str, ...]:
    """The action of a single word with which a name begins: `Publish` for `PublishMessage`."""
    word = re.match(r"[A-Z][a-z]+(?=[A-Z])", bare)
    found = action(f"{prefix}:{word[0]}") if word is not None else None
    return () if found is None else (found.full_name,)


def _slip_of_operation(prefix: str, bare: str) -> tuple[str, ...]:
    """What an operation of the API needs whose name is a letter off: `ListObject` of `ListObjects`."""
    folded = {_folded(name): name for name in operations(prefix)}
    close = near(_folded(bare), folded)
    called = operation(prefix, folded[close]) if close is not None and slips(close, _folded(bare)) == 1 else None
    return (called.actions or called.perhaps)[:_MOST] if called is not None else ()


def _moved(prefix: str, bare: str, speaking: tuple[str, ...]) -> tuple[str, ...]:
    """The same for a service that does not exist: of one that its name resembles, or of any with that very action."""
    candidates = nearest_services(prefix)
    exact = tuple(found.full_name for one in candidates if (found := action(f"{one}:{bare}")) is not None)
    if exact:
        return exact
    wanted = _folded(prefix)
    same = _by_name().get(_folded(bare), ())
    owners = ((one, one.partition(":")[0]) for one in same)
    akin = [one for one, owner in owners if owner in speaking or common(wanted, _folded(owner)) >= _MOST]
    if akin:
        return ranked(akin, speaking)
    near_by = dict.fromkeys(found for one in candidates for found in nearest_actions(f"{one}:{bare}")[:1])
    return tuple(near_by) or by_name(bare, speaking)


def _namesakes(prefix: str, name: str, speaking: tuple[str, ...]) -> tuple[str, ...]:
    """The actions of this very name elsewhere; of a single word only in services of one family, or much used ones."""
    found = ranked(_by_name().get(_folded(name), ()), speaking)
    family = tuple(one for one in found if one.startswith(f"{prefix}-"))
    several = len(re.findall(r"[A-Z]", name)) > 1
    usual = (one for one in found if one.partition(":")[0] in OFTEN)
    return family or tuple(one for one in usual if several or one.endswith(f":{name}"))


def by_name(name: str, speaking: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The actions, of whatever service, with this bare name or of the operation with this name; the likeliest first."""
    wanted = _folded(name)
    found = list(_by_name().get(wanted, ()))
    for prefix in (*speaking, *OFTEN):
        called = operation(prefix, name)
        if called is not None and called.calls and not found:
            found.extend((called.actions or called.perhaps)[:1])
    if not found and wanted:
        for prefix in (*speaking, *OFTEN[:_FIRST]):
            folded = _action_names(prefix)
            close = near(wanted, folded)
            if close is not None:
                return tuple(folded[close])
    return ranked(found, speaking)


def ranked(names: Iterable[str], speaking: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Actions, first those of the services that a statement speaks of, then those that functions use most."""
    order = {prefix: place for place, prefix in reversed(list(enumerate((*speaking, *OFTEN))))}
    first: dict[str, None] = dict.fromkeys(names)
    return tuple(sorted(first, key=lambda name: (order.get(name.partition(":")[0], len(order)), name)))


@cache
def _by_name() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for prefix in services():
        for name in bare_names(prefix):
            found.setdefault(name.lower(), []).append(f"{prefix}:{name}")
    return found


@cache
def _action_names(prefix: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in actions(prefix):
        found.setdefault(_folded(name.partition(":")[2]), []).append(name)
    return found


@cache
def _service_names() -> dict[str, tuple[str, ...]]:
    """Every name of a service, folded, with its prefixes. A prefix means itself before anything else."""
    found: dict[str, tuple[str, ...]] = {}
    for prefix in services():
        found[_folded(prefix)] = (prefix,)
    for name, prefix in _ALSO.items():
        found.setdefault(name, (prefix,))
    for client in clients():
        own = tuple(prefix for prefix in prefixes(client) if service(prefix))
        for name in (client, chunk("clients", "")[client][0]):
            if own:
                found.setdefault(_folded(name), own[:_MOST])
    pages = ((prefix, name) for prefix, names in PAGES.items() for name in names)
    for prefix, name in (*chunk("service-names", "").items(), *pages):
        found.setdefault(_folded(re.sub(r"^(Amazon|AWS) ", "", name)), (prefix,))
    return found


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
