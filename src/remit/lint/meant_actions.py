"""The action meant by another word: by its name alone, by a method of boto3, in another service.

A statement's resources say of which service it speaks; else the services that functions use most come first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from remit.catalogue import meant_names
from remit.catalogue.actions import bare_names, service
from remit.catalogue.expand import expand
from remit.catalogue.meant_names import nearest_actions, nearest_services
from remit.did_you_mean import MISSPELT, nearest

if TYPE_CHECKING:
    from remit.lint.rule_inputs import ParsedStatement

CLIENT_WORDS: Final = frozenset(
    {"boto3", "botocore", "client", "session", "aws", "sdk", "aws-sdk", "resource", "table", "self"}
)
"""What stands before a method in code, and not before an action."""
_FORM: Final = re.compile(r"\*|\*:\*|[A-Za-z0-9][A-Za-z0-9-]*:[A-Za-z0-9*?-]+")


def well_formed(text: str) -> bool:
    """Return whether IAM can read an action: `*`, or service:Operation with wildcards in the operation alone."""
    return _FORM.fullmatch(text) is not None


def by_name(name: str, item: ParsedStatement) -> tuple[str, ...]:
    """The actions, of whatever service, with this bare name or of the operation with this name; the likeliest first."""
    return meant_names.by_name(name, _spoken_of(item))


def of_service(prefix: str, name: str) -> tuple[str, ...]:
    """The actions of a service that a name resembles: a method, an operation, a slip; () of an unknown service.

    A pattern is given back without stray signs, if it then matches an action.
    """
    if not name or not service(prefix):
        return ()
    plain = re.sub(r"[^A-Za-z0-9*?]", "", name)
    if "*" in plain or "?" in plain:
        return (f"{prefix.lower()}:{plain}",) if expand(f"{prefix}:{plain}") else ()
    return nearest_actions(f"{prefix}:{name}")


def respelt(prefix: str, pattern: str) -> str:
    """A pattern with its misspelt words mended, so that it means something: `*Function*` for `*Functoin*`; else ""."""
    names = tuple(bare_name.lower() for bare_name in bare_names(prefix.lower()))
    runs: set[str] = set()  # one to three words that follow each other: Log, LogStream and Stream, of log stream
    for name in bare_names(prefix.lower()):
        words = meant_names.words_of(name)
        for start in range(len(words)):
            runs |= {"".join(words[start:end]) for end in range(start + 1, start + 4)}
    parts = re.split(r"([*?]+)", pattern)
    for index, part in enumerate(parts):
        if part and part[0] not in "*?" and not any(part.lower() in bare_name for bare_name in names):
            word = nearest(part, runs) or ""
            # None that it goes on after, which would mean much more.
            goes_on = part.lower().startswith(word.lower()) and len(part) > len(word) + 1
            parts[index] = part if goes_on else word or part
    mended = f"{prefix}:{''.join(parts)}"
    return mended if expand(mended) else ""


def completed(text: str, item: ParsedStatement) -> tuple[str, ...]:
    """The actions meant by a text with a colon whose stray signs are gone already, the likeliest first."""
    prefix, _, name = text.partition(":")
    return of_service(prefix, name) or of_another_service(text, item)


def of_another_service(text: str, item: ParsedStatement) -> tuple[str, ...]:
    """The actions, or patterns, that a misspelt service was meant to have (`dynamdb:GetItem`), the likeliest first."""
    prefix, _, operation = text.partition(":")
    if "*" in operation or "?" in operation:
        candidates = nearest_services(prefix, MISSPELT)  # many actions of a service are much to propose
        patterns = tuple(f"{candidate}:{operation}" for candidate in candidates)
        return tuple(pattern for pattern in patterns if expand(pattern)) or patterns
    return nearest_actions(text, _spoken_of(item))


def _spoken_of(item: ParsedStatement) -> tuple[str, ...]:
    """The known services of a statement's ARNs, then of its actions, each once."""
    vendors = [arn.service for _, arn in item.arns]
    prefixes = [pattern.partition(":")[0].lower() for pattern in item.statement.actions.patterns]
    return tuple(dict.fromkeys(name for name in (*vendors, *prefixes) if service(name)))
