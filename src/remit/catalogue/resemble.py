"""What somebody meant: services and actions that a mistaken name resembles, the likeliest first."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from remit.catalogue.actions import action, actions, service, services
from remit.catalogue.operations import clients, operation, prefixes
from remit.catalogue.store import chunk

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST: Final = 3
_SHORTLIST: Final = 30
# Names that people use and no source has.
_ALSO: Final = {
    "alb": "elasticloadbalancing", "apigw": "apigateway", "asg": "autoscaling", "aurora": "rds",
    "cfn": "cloudformation",
    "cloudwatchevents": "events", "cognito": "cognito-idp", "cw": "cloudwatch", "cwlogs": "logs",
    "ddb": "dynamodb", "dynamo": "dynamodb", "efs": "elasticfilesystem", "elasticcontainerservice": "ecs",
    "elasticsearch": "es", "elb": "elasticloadbalancing", "emr": "elasticmapreduce", "fargate": "ecs", "mail": "ses",
    "msk": "kafka", "nlb": "elasticloadbalancing", "opensearch": "es", "parameterstore": "ssm", "queue": "sqs",
    "redis": "elasticache", "r53": "route53", "s3api": "s3", "secrets": "secretsmanager", "sfn": "states",
    "simplenotificationservice": "sns", "simplequeueservice": "sqs", "simplestorageservice": "s3",
    "statemachine": "states", "stepfunction": "states", "systemsmanager": "ssm", "topic": "sns",
    "userpool": "cognito-idp",
}  # fmt: skip


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
    near = _near(wanted, known)
    return tuple(dict.fromkeys(prefix for found in near for prefix in known[found]))[:_MOST]


@lru_cache(maxsize=4096)
def nearest_actions(name: str) -> tuple[str, ...]:
    """At most three actions that a full name (`s3:GetObjcet`) resembles; an operation's name gives its."""
    prefix, _, bare = name.partition(":")
    known = action(name)
    if known is not None:
        return (known.full_name,)
    called = operation(prefix, bare)
    if called is not None and called.calls:
        return (called.actions or called.perhaps)[:_MOST]
    candidates = (prefix.lower(),) if service(prefix) else nearest_services(prefix)
    moved = [f"{candidate}:{bare}" for candidate in candidates]
    exact = [found.full_name for text in moved if (found := action(text)) is not None]
    if not exact and not service(prefix):
        exact = [found for text in moved for found in nearest_actions(text)[:1]] if candidates else []
    if exact:
        return tuple(exact[:_MOST])
    folded = _action_names(prefix.lower())
    near = [found for word in _near(_folded(bare), folded) for found in folded[word]]
    return tuple(near[:_MOST]) or _elsewhere(bare)


def _elsewhere(bare: str) -> tuple[str, ...]:
    """The actions of this very name in other services."""
    found = (action(f"{prefix}:{bare}") for prefix in services()) if bare else ()
    return tuple(known.full_name for known in found if known is not None)[:_MOST]


def _near(wanted: str, known: Iterable[str]) -> list[str]:
    """The known words within reach of a word: fewest slips first, then the longest common beginning."""
    pairs = _pairs(wanted)
    reach = max(2, len(wanted) // 3)
    shortlist = sorted(
        (word for word in known if abs(len(word) - len(wanted)) <= reach),
        key=lambda word: (-2 * len(pairs & _pairs(word)) / (len(pairs) + len(word) + 1), word),
    )[:_SHORTLIST]
    ranked = sorted((slips(wanted, word), -_common(wanted, word), word) for word in shortlist)
    return [word for distance, _, word in ranked if distance <= reach]


def slips(left: str, right: str) -> int:
    """How many letters to add, drop, replace or swap with their neighbour to turn one word into the other."""
    before: list[int] = []
    last = list(range(len(right) + 1))
    for i, here in enumerate(left, 1):
        row = [i]
        for j, there in enumerate(right, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (here != there))
            if i > 1 and j > 1 and here == right[j - 2] and left[i - 2] == there:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]


@lru_cache(maxsize=32768)
def _pairs(word: str) -> frozenset[str]:
    return frozenset(map("".join, zip(f"^{word}", f"{word}$", strict=True)))


def _common(left: str, right: str) -> int:
    return next(
        (place for place, (a, b) in enumerate(zip(left, right, strict=False)) if a != b),
        min(len(left), len(right)),
    )


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
    for prefix, names in chunk("service-names", "").items():
        found.setdefault(_folded(re.sub(r"^(Amazon|AWS) ", "", names)), (prefix,))
    return found


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
