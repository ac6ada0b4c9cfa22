"""Which action somebody meant who wrote another word: by its name alone, by a method of boto3, in another service.

A statement's resources say of which service it speaks; else the services that functions use most come first.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from remit.catalogue.actions import action, bare_names, service, services
from remit.catalogue.operations import operation
from remit.catalogue.resemble import nearest_actions, nearest_services
from remit.lint import facts, words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.lint.subject import Item

CLIENT_WORDS: Final = frozenset(
    {"boto3", "botocore", "client", "session", "aws", "sdk", "aws-sdk", "resource", "table", "self"}
)
"""What stands before a method in code, and not before an action."""
_OFTEN: Final = (
    "dynamodb", "s3", "sqs", "sns", "lambda", "logs", "kms", "secretsmanager", "ssm", "sts", "events", "states",
    "kinesis", "cloudwatch", "ec2", "iam", "ses", "execute-api", "cognito-idp", "xray", "firehose", "rds", "ecs",
    "athena", "glue",
)  # fmt: skip
_LEAST: Final = 6
_FORM: Final = re.compile(r"\*|\*:\*|[A-Za-z0-9][A-Za-z0-9-]*:[A-Za-z0-9*?-]+")


def well_formed(text: str) -> bool:
    """Whether IAM can read an action: `*`, or service:Operation with wildcards in the operation alone."""
    return _FORM.fullmatch(text) is not None


def in_service(prefix: str, name: str, item: Item | None = None) -> tuple[str, ...]:
    """The actions that `prefix:name` meant: a slip, a name cut short, a namesake of another service, other words."""
    text = f"{prefix}:{name}"
    near = nearest_actions(text)
    own = near if near and near[0].startswith(f"{prefix.lower()}:") else ()
    if own and facts.near(name.lower(), map(str.lower, bare_names(prefix.lower()))):
        return own
    return (
        begun(prefix, name)
        or _ended(prefix, name)
        or words.same_words(prefix, name, whole=True)
        or _namesakes(prefix, name, item)
        or words.same_words(prefix, name)
        or own
        or by_name(name, item)
        or near
    )


def _namesakes(prefix: str, name: str, item: Item | None) -> tuple[str, ...]:
    """The actions of this very name elsewhere; of a single word only in services of one family, or much used ones."""
    found = _ranked(_by_name().get(_folded(name), ()), item)
    family = tuple(one for one in found if one.startswith(f"{prefix.lower()}-"))
    several = len(re.findall(r"[A-Z]", name)) > 1
    usual = (one for one in found if one.partition(":")[0] in _OFTEN)
    return family or tuple(one for one in usual if several or one.endswith(f":{name}"))


def by_name(name: str, item: Item | None = None) -> tuple[str, ...]:
    """The actions, of whatever service, with this bare name or of the operation with this name; the likeliest first."""
    wanted = _folded(name)
    found = list(_by_name().get(wanted, ()))
    for prefix in (*_spoken_of(item), *_OFTEN):
        called = operation(prefix, name)
        if called is not None and called.calls and not found:
            found.extend((called.actions or called.perhaps)[:1])
    if not found and wanted:
        for prefix in (*_spoken_of(item), *_OFTEN[:6]):
            near = nearest_actions(f"{prefix}:{name}")
            if near and facts.near(wanted, [_folded(near[0].partition(":")[2])]):
                return near
    return _ranked(found, item)


def of_service(prefix: str, name: str) -> tuple[str, ...]:
    """The actions of a service that a name resembles: a method, an operation, a slip."""
    if not name or not service(prefix):
        return ()
    plain = re.sub(r"[^A-Za-z0-9*?]", "", name)
    if "*" in plain or "?" in plain:
        return (f"{prefix.lower()}:{plain}",) if facts.meant(f"{prefix}:{plain}") else ()
    exact = action(f"{prefix}:{plain}")
    if exact:
        return (exact.full_name,)
    called = nearest_actions(f"{prefix}:{name}") or nearest_actions(f"{prefix}:{plain}")
    return called or words.same_words(prefix, name.title() if "_" in name else name)


def begun(prefix: str, name: str) -> tuple[str, ...]:
    """The actions of a service that go on where a name ends: `GetSecretValue` for `GetSecret` or `GetSecrets`."""
    stem = name.lower().removesuffix("s")
    if len(stem) < _LEAST:
        return ()
    longer = (one for one in bare_names(prefix.lower()) if one.lower().startswith(stem) and len(one) > len(stem) + 1)
    return tuple(f"{prefix.lower()}:{one}" for one in sorted(longer, key=lambda one: (len(one), one))[:3])


def _ended(prefix: str, name: str) -> tuple[str, ...]:
    """The action of a service that ends where a name goes on with another word: `Publish` for `PublishMessage`."""
    found = [one for one in bare_names(prefix.lower()) if len(one) >= _LEAST and name.startswith(one)]
    whole = [one for one in found if name[len(one) :][:1].isupper()]
    return tuple(f"{prefix.lower()}:{one}" for one in sorted(whole, key=len, reverse=True)[:1])


def respelt(prefix: str, pattern: str) -> str:
    """A pattern with its misspelt words mended, so that it means something: `*Function*` for `*Functoin*`; else ""."""
    names = tuple(one.lower() for one in bare_names(prefix.lower()))
    known = {word for one in bare_names(prefix.lower()) for word in words.runs(one)}
    folded = {word.lower(): word for word in known}
    parts = re.split(r"([*?]+)", pattern)
    for index, part in enumerate(parts):
        if part and part[0] not in "*?" and not any(part.lower() in one for one in names):
            near = facts.near(part.lower(), folded)
            parts[index] = folded[near] if near else part
    mended = f"{prefix}:{''.join(parts)}"
    return mended if facts.meant(mended) else ""


def beginning(prefix: str, pattern: str) -> str:
    """The word with which actions of a service begin, and that a pattern's beginning misspells; "" for none."""
    stem = re.split(r"[*?]", pattern, maxsplit=1)[0].lower()
    words = {
        one[:end] for one in bare_names(prefix.lower()) for end in range(2, len(one)) if one[end].isupper() and stem
    }
    found = {one.lower(): one for one in words if one[0].lower() == stem[0]} if stem else {}
    near = facts.near(stem, found)
    return found[near] if near else ""


def completed(text: str, item: Item) -> tuple[str, ...]:
    """The action that a text is once its stray signs are gone."""
    prefix, colon, name = text.partition(":")
    if not colon:
        return by_name(text, item)
    return of_service(prefix, name) or of_another_service(text, item)


def of_another_service(text: str, item: Item | None = None) -> tuple[str, ...]:
    """The actions that `dynamdb:GetItem` meant, also with wildcards; of a service whose name is not its prefix too."""
    prefix, _, rest = text.partition(":")
    candidates = nearest_services(prefix)
    if "*" in rest or "?" in rest:
        fitting = tuple(f"{one}:{rest}" for one in candidates if facts.meant(f"{one}:{rest}"))
        return fitting or tuple(f"{one}:{rest}" for one in candidates)
    exact = tuple(found.full_name for one in candidates if (found := action(f"{one}:{rest}")) is not None)
    if exact:
        return exact
    spoken = [one for one in _spoken_of(item) if action(f"{one}:{rest}")]
    return tuple(f"{one}:{rest}" for one in spoken) or nearest_actions(text) or by_name(rest, item)


def _spoken_of(item: Item | None) -> tuple[str, ...]:
    """The services of a statement's resources and of its other actions."""
    if item is None:
        return ()
    vendors = [arn.service for _, arn in item.arns]
    others = [pattern.partition(":")[0].lower() for pattern in item.statement.actions.patterns]
    return tuple(dict.fromkeys(name for name in (*vendors, *others) if service(name)))


def _ranked(names: Iterable[str], item: Item | None) -> tuple[str, ...]:
    order = {prefix: place for place, prefix in enumerate((*_spoken_of(item), *_OFTEN))}
    first: dict[str, None] = dict.fromkeys(names)
    return tuple(sorted(first, key=lambda name: (order.get(name.partition(":")[0], len(order)), name)))


@cache
def _by_name() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for prefix in services():
        for name in bare_names(prefix):
            found.setdefault(_folded(name), []).append(f"{prefix}:{name}")
    return found


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
