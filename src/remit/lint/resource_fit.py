"""Actions of a statement that act on none of its resources, as far as ARNs and their types tell, and what was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from remit.catalogue.actions import action as action_named
from remit.catalogue.actions import target_names
from remit.catalogue.arns import parse as parse_arn
from remit.did_you_mean import MISSPELT, nearest
from remit.lint.arn_parts import holds_another
from remit.lint.plain_text import is_plain
from remit.lint.resource_types import actions_on_resources, acts_on, arn_formats, has_arns, types_named

_VARIABLE: Final = re.compile(r"\$\{([^{}]+)\}")
_WORD: Final = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_VOWELS: Final = "aeiou"


@lru_cache(maxsize=8192)
def all_of_services(resources: tuple[str, ...]) -> bool:
    """Return whether all are ARNs whose service is written out and known; none that holds another ARN."""
    for resource in resources:
        arn = parse_arn(resource)
        if arn is None or not arn.resource:
            return False
        if not is_plain(arn.service) or not has_arns(arn.service.lower()):
            return False
        if "arn:" in resource[4:] and holds_another(resource):
            return False
    return True


_EVERY: Final = frozenset({
    "*", "role/*", "user/*", "group/*", "policy/*", "function:*", "function/*", "secret:*", "key/*", "parameter/*",
})  # fmt: skip


def is_every(resource: str) -> bool:
    """Return whether a pattern means every resource, or every one of a type."""
    arn = parse_arn(resource) if resource != "*" else None
    return resource == "*" or (arn is not None and arn.resource in _EVERY)


def unfit(actions: tuple[str, ...], resources: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the patterns of actions that act on none of the resources, each with the actions that it means.

    `*` and actions without resource types are left out.
    """
    for pattern in actions:
        names = actions_on_resources(pattern) if pattern not in ("*", "*:*") else ()
        if names and not any(acts_on(name, resource) for name in names for resource in resources):
            yield pattern, names


RELIABLE: Final = frozenset({
    "cloudwatch", "dynamodb", "ec2", "ecr", "events", "kinesis", "kms", "lambda", "logs", "s3", "secretsmanager", "sns",
    "sqs", "ssm", "states", "sts", "xray",
})  # fmt: skip
"""Services that functions use, whose list of actions and resource types can be relied on: what it finds at error level
in AWS's own managed policies was looked through one by one (tests/lint/data/adjudicated.json)."""
_DOUBTFUL: Final = frozenset({
    "cloudwatch:TagResource", "dynamodb:DescribeStream", "dynamodb:ListStreams", "ec2:PutResourcePolicy",
    "kinesis:UpdateShardCount", "logs:DescribeIndexPolicies",
    "logs:PutIndexPolicy", "s3:GetAccessPoint", "ssm:DeleteAssociation", "ssm:StartSession",
    "ssm:DescribeAssociation",
})  # fmt: skip
"""Actions whose reference says otherwise than AWS's own policies and guides assume."""
_LIST: Final = re.compile(r"[A-Za-z-]*[:/]?\*(?:[:/]\*)*")


def reliable(name: str) -> bool:
    """Return whether AWS's reference can be relied on for an action: by its service, exceptions aside."""
    return name.partition(":")[0] in RELIABLE and name not in _DOUBTFUL


def never_fits(name: str, resources: tuple[str, ...]) -> bool:
    """Return whether it is certain that an action, which seems to act on none of the resources, does not.

    It is not where AWS's reference has gaps for the service. Nor is it for an action without resource types on ARNs
    that stand for a list (`role/*`), against which services check some of these, or on an ARN of the type in its name.
    """
    if not target_names(name) and (all(map(_is_list, resources)) or _is_named_after(name, resources)):
        return False
    return reliable(name)


def _is_named_after(name: str, resources: tuple[str, ...]) -> bool:
    """Return whether an action that changes something is named after the type of a resource: PassNetworkConnector.

    The reference knows no resources of it, and may not yet know better.
    """
    action = action_named(name)
    if action is None or action.level in ("List", "Read"):
        return False
    words = _words(action.name)[1:]
    kinds = [_words(re.split(r"[:/]", arn.resource)[0]) for text in resources if (arn := parse_arn(text)) is not None]
    return bool(words) and any(kind[-len(words) :] == words for kind in kinds)


def _words(name: str) -> list[str]:
    """The words of a name in any spelling: PutInventory, network-connector."""
    return [word.lower() for word in _WORD.findall(name)]


def _is_list(text: str) -> bool:
    """Return whether an ARN stands for all of a kind in an account (`role/*`), or for all of a service (`*`)."""
    arn = parse_arn(text)
    if arn is None or (not arn.account and arn.resource != "*"):
        return False
    return _LIST.fullmatch(arn.resource) is not None


def services_of(resources: tuple[str, ...]) -> tuple[str, ...]:
    """The services of some ARNs in small letters, in their order, each once; texts that are no ARN are left out."""
    return tuple(dict.fromkeys(arn.service.lower() for text in resources if (arn := parse_arn(text)) is not None))


def same_service(names: tuple[str, ...], resources: tuple[str, ...]) -> bool:
    """Return whether some resource is of a service whose ARNs one of the actions takes."""
    services = set(services_of(resources))
    for name in names:
        for format_ in arn_formats(name):
            arn = parse_arn(format_)
            if arn is not None and (arn.service in services or not is_plain(arn.service)):
                return True
    return False


def acted_on(name: str, like: str | None = None) -> str:
    """Word the resource of an action: `a table (arn:…:table/NAME)`; of several types the one that an ARN is `like`."""
    action = action_named(name)
    targets = action.targets if action else ()
    if action is None or not targets:
        return "another resource"
    like_types = types_named(action.service, like) if like is not None else frozenset()
    types = [target.type for target in targets if target.type.name in like_types]
    if not types:
        required = [target.type for target in targets if target.required]
        types = required or [target.type for target in targets]
    # How much there is to fill in: an object comes before the object of an access point.
    plainest = min(types, key=lambda kind: _variables(kind.arns[0]) if kind.arns else 99)
    format_ = plainest.arns[0].replace("${Partition}", "aws")
    shape = _VARIABLE.sub(lambda variable: variable[1].upper(), format_)
    article = "an" if plainest.name[0] in _VOWELS and not plainest.name.startswith("us") else "a"  # a user
    return f"{article} {plainest.name} ({shape})"


def meant_resource(names: tuple[str, ...], resources: tuple[str, ...], shapes: tuple[str, ...]) -> str | None:
    """The ARN that was meant: an object for a bucket, a table for its index, and so on; None where no guess fits.

    All of the first five actions must act on it. `shapes` are the ARNs that references among the resources stand for;
    of those, the guess keeps the reference, and adds or removes its end.
    """
    for text, shape in zip(resources, shapes, strict=True):
        completions = _completions(shape, names[0])
        for guess in (*_of_the_type(shape, names[0]), *_inner(shape, names[0]), *_guesses(shape), *completions):
            if parse_arn(guess) is not None and all(acts_on(name, guess) for name in names[:5]):
                if text == shape:
                    return guess
                if guess.startswith(shape):
                    return text + guess.removeprefix(shape)
                suffix = shape.removeprefix(guess)
                return text.removesuffix(suffix) if shape.startswith(guess) and text.endswith(suffix) else None
    return None


def _of_the_type(text: str, name: str) -> Iterator[str]:
    """The resource with its type spelt as AWS has it: `instance/*` for `instances/*`, `orders` for `topic/orders`."""
    arn, known_action = parse_arn(text), action_named(name)
    if arn is None or known_action is None or types_named(arn.service.lower(), text):
        return
    written_type, _, resource_name = re.sub(r"[/:]", "/", arn.resource, count=1).partition("/")
    for target in known_action.targets if resource_name else ():
        for format_ in target.type.arns:
            shape = parse_arn(format_)
            if shape is None or shape.service != arn.service:
                continue
            begin = shape.resource.partition("${")[0]
            type_word = begin.rstrip("/:") or target.type.name
            if nearest(written_type, (type_word,), MISSPELT):
                region, account = (arn.region if shape.region else ""), (arn.account if shape.account else "")
                yield f"arn:{arn.partition}:{arn.service}:{region}:{account}:{begin}{resource_name}"


def _variables(format_: str) -> int:
    """How many variables an ARN's format has."""
    return len(_VARIABLE.findall(format_))


def _completions(text: str, name: str) -> Iterator[str]:
    """The resource with the beginning that its type has: `table/orders` for `tabel/orders`; no region where none is.

    What names a resource of another type keeps its beginning: an alias is not a key of the same name.
    """
    arn = parse_arn(text)
    if arn is None:
        return
    is_another = bool(types_named(arn.service.lower(), text))
    for format_ in sorted(arn_formats(name), key=_variables):
        shape = parse_arn(format_)
        if shape is None or shape.service != arn.service:
            continue
        begin = shape.resource.partition("${")[0]
        region, account = (arn.region if shape.region else ""), (arn.account if shape.account else "")
        yield f"arn:{arn.partition}:{arn.service}:{region}:{account}:{arn.resource}"
        if is_another:
            continue
        inner = ("", ":*") if ":${" in shape.resource.partition("}")[2] else ("",)
        last_part = re.split(r"[/:]+", arn.resource, maxsplit=1)[-1]
        is_path = arn.resource.startswith("/") and not begin.endswith("/")  # of a log group the slash is a part
        resource_names = (arn.resource, last_part) if is_path else (last_part, arn.resource)
        for resource_name in resource_names:
            yield from (
                f"arn:{arn.partition}:{arn.service}:{region}:{account}:{begin}{resource_name}{end}" for end in inner
            )


def _inner(text: str, name: str) -> Iterator[str]:
    """Yield ARNs inside of the resource, by the formats of an action: `table/orders/stream/*` for `table/orders`."""
    for format_ in sorted(arn_formats(name), key=_variables):
        between = re.search(r"\}([/:][^$]*)\$\{[^}]*\}$", format_)
        if between is not None:
            begin = text.removesuffix(between[1])
            if between[1] == ":":  # `execution:Orders/*`: somebody took the other sign
                begin = begin.removesuffix("/*")
            yield f"{begin}{between[1]}*"


def _guesses(text: str) -> Iterator[str]:
    """Yield what is in a resource (`…/*`, `…:*`), then what it may be in: without its last one to three parts."""
    yield f"{text.removesuffix('/')}/*"
    yield f"{text.removesuffix('/*')}:*"
    for sign in ("/", ":"):
        shorter = text
        for _ in range(3):
            shorter = shorter.rpartition(sign)[0]
            yield shorter
