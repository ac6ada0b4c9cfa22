"""Secrets in texts: keys of AWS, private keys, tokens of known services. Findings never show them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

LINE_END: Final = re.compile(r"\r\n?|\n")
"""What ends a line to Python, and to whom counts lines; a form feed does not."""


_compiled: Final = cache(re.compile)
"""A pattern, compiled when a text is first held to it: most commands need few."""


class Kind(NamedTuple):
    """A kind of secret: what it is called in a sentence, and what it looks like.

    A text in which none of the `signs` is found holds none of the kind. Each sign begins with plain characters, which
    `re` finds ten times as fast as the pattern. In a file `body` follows it: code that looks for such secrets has the
    beginning alone.
    """

    name: str
    signs: tuple[str, ...]
    pattern: str
    body: str | None = None


_ENDS: Final = r"/\s@{}$\"'<>`\\"
"""Inside a character class: what ends the user or the password of a URL, a placeholder and a quotation among it."""
PASSWORD_IN_URL: Final = Kind(
    "a password in a URL",
    (rf"://[^{_ENDS}:]*:[^{_ENDS}]{{3,}}@",),
    (
        rf"[A-Za-z][A-Za-z0-9+.-]{{0,30}}://(?P<user>[^{_ENDS}:]*):(?!\*)(?P<password>[^{_ENDS}]{{3,}})"
        r"@(?P<host>[^\s@/:]+)[^\s@]*"
    ),
)
"""`postgres://app:…@host/db`."""
SIGNED_TOKEN: Final = Kind(
    "a signed token",
    (r"eyJ[A-Za-z0-9_-]{8}",),
    r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}",
)
"""A JSON Web Token."""
KINDS: Final = (
    Kind(
        "a private key",
        ("PRIVATE KEY",),
        r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY",
        r"(?: BLOCK)?-----(?:(?!-----)[\s\S]){0,300}?[A-Za-z0-9+/]{40}",
    ),
    Kind("an AWS access key", ("A[KS]IA",), r"(?<![A-Z0-9])A(?:KIA|SIA)[A-Z2-7]{16}(?![A-Z0-9])"),
    Kind(
        "an AWS secret access key",
        ("ecret[_-]?[aAkK]", "ECRET"),
        (
            r"(?i:secret[_-]?(?:access)?[_-]?key)[\"']?\s{0,8}(?:=>|[=:,])\s{0,8}[\"']?"
            r"[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"
        ),
    ),
    Kind(
        "a GitHub token",
        ("gh[pousr]_", "github_pat_"),
        r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})",
    ),
    Kind("a Slack token", ("xox[abprs]-",), r"xox[abprs]-[0-9]{6,}-[A-Za-z0-9-]{10,}"),
    Kind(
        "a Slack webhook",
        (r"hooks\.slack\.com/services/",),
        r"hooks\.slack\.com/services/T[A-Z0-9]{8,}/B[A-Z0-9]{8,}/[A-Za-z0-9]{20,}",
    ),
    Kind(
        "an API key",
        ("sk-(?:proj|ant|svcacct)-",),
        r"(?<![A-Za-z0-9])sk-(?:proj|ant|svcacct)-[A-Za-z0-9_-]{20,}",
    ),
    Kind("a GitLab token", ("glpat-",), r"(?<![A-Za-z0-9])glpat-[A-Za-z0-9_-]{20,}"),
    Kind("a Stripe key", ("k_live_",), r"(?<![A-Za-z0-9])[rs]k_live_[A-Za-z0-9]{20,}"),
)
"""What is a secret wherever it stands."""
IN_FILES: Final = (*KINDS, PASSWORD_IN_URL, SIGNED_TOKEN)
"""What is looked for in the files of an app."""
_PLACEHOLDER: Final = (
    r"(?i)(?:(?:your|my|some|the|user|db|secret|super)?[-_.]?(?:pass(?:word|wd|phrase)?|pwd|secret|token|key)"
    r"|change[-_]?(?:me|it|this)|example|dummy|x{3,}|\.{3,}|%\(.*)"
)
"""A password in examples, which is no secret."""
_THIS_MACHINE: Final = r"(?:localhost|127\.[0-9.]+|0\.0\.0\.0|host\.docker\.internal)(?![\w-]|\.\w)"
_NAMES: Final = r"(?:PASSWORD|PASSWD|PWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|CREDENTIALS?)"
_NAME_SIGNS: Final = ("passw", "pwd", "secret", "token", "api", "private", "credential")
"""What each of the names holds: looking for these is ten times as quick as for the names."""
_NAME: Final = rf"(?i)(?:^|_){_NAMES}$"
_HARMLESS: Final = (
    r"(?i)arn:|/|true|false|none|null|changeme|example|\$\{|[0-9]{1,5}$"
    r"|(?-i:(?:[a-z0-9]+|[A-Z][A-Z0-9]*|[A-Z][a-z]+)(?:[-_.](?:[a-z0-9]+|[A-Z][A-Z0-9]*|[A-Z][a-z]+))+$)"
)
"""What such a name is given that is no secret: an address, a switch, the name of something, in words of one case."""
_LEAST: Final = 8
_NAMED_BEFORE: Final = rf"(?i)(?<![A-Za-z0-9])(?<![0-9*}}]:)(?<!ACCOUNT:){_NAMES}[\"']?\s{{0,4}}"
_QUOTED: Final = r"[=:]\s{0,4}(?:\"[^\"]*\"?|'[^']*'?)"
_NAMED: Final = rf"{_NAMED_BEFORE}(?:{_QUOTED}|:\s{{0,4}}[^\s\"'{{}}\[\](),#!][^,}}#]*)"
"""A name as above in a line of YAML, JSON or Python, and what is assigned to it; an ARN's `secret:NAME` is none."""
_NAMED_IN_SENTENCE: Final = _NAMED_BEFORE + _QUOTED
"""As `_NAMED`, but for what follows `credentials:` without quotation marks, which is the rest of the sentence."""
_BARE: Final = r"(?<![A-Za-z0-9/+=:.-])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"
_CASES: Final = (r"[a-z]", r"[A-Z]", r"[0-9].*[0-9]")


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret in a text: what it is, and where it begins: line and column, both from 1."""

    name: str
    line: int
    column: int


def holds_secret(text: str) -> bool:
    """Whether a file with this text holds a secret."""
    return any(next(_in_file(text, secret_kind), None) is not None for secret_kind in IN_FILES)


def secrets_in(text: str) -> tuple[Secret, ...]:
    """The secrets in a file's text, in their order."""
    starts: list[tuple[int, str]] = []
    for secret_kind in IN_FILES:
        starts += ((match.start(), secret_kind.name) for match in _in_file(text, secret_kind))
    secrets = []
    line, line_start = 1, 0
    for start, name in sorted(starts):
        for line_end in LINE_END.finditer(text, line_start, start):
            line, line_start = line + 1, line_end.end()
        secrets.append(Secret(name, line, start - line_start + 1))
    return tuple(secrets)


def _in_file(text: str, kind: Kind) -> Iterator[re.Match[str]]:
    if not _may_hold(text, kind):
        return
    for match in _matches(text, kind):
        if kind.body is None or _compiled(kind.body).match(text, match.end()):
            yield match


def _matches(text: str, kind: Kind) -> Iterator[re.Match[str]]:
    """The places where a text holds a kind of secret; the examples of documentation are none."""
    for match in _compiled(kind.pattern).finditer(text):
        if not _is_example(match):
            yield match


def _may_hold(text: str, kind: Kind) -> bool:
    for sign in kind.signs:  # noqa: SIM110 - any() takes twice as long, and nearly every text has none
        if _compiled(sign).search(text):
            return True
    return False


def _is_example(match: re.Match[str]) -> bool:
    """Whether it is one of AWS's own examples, or a URL with a made-up password or for a database on this machine."""
    if match.re.pattern != PASSWORD_IN_URL.pattern:
        return "EXAMPLE" in match[0]
    password = match["password"]
    made_up = password == match["user"] or _compiled(_PLACEHOLDER).fullmatch(password) is not None
    return made_up or _compiled(_THIS_MACHINE).match(match["host"]) is not None


@lru_cache(maxsize=8192)  # the same ARNs and values stand in many statements
def kind(text: str) -> str | None:
    """What secret a text holds, or None; the example keys of AWS's documentation are none."""
    for secret_kind in KINDS:
        if _may_hold(text, secret_kind) and next(_matches(text, secret_kind), None) is not None:
            return secret_kind.name
    return None


def bare_key(text: str) -> str | None:
    """The kind of a secret, where forty mixed characters that stand alone count as a secret access key, too."""
    secret = kind(text)
    if secret is not None or "EXAMPLE" in text:
        return secret
    for candidate in _compiled(_BARE).findall(text):
        if _is_mixed(candidate):
            return "an AWS secret access key"
    return None


def named(name: str, value: str) -> str | None:
    """What a variable holds by its form, or by its name; None where neither tells of a secret."""
    if _compiled(SIGNED_TOKEN.pattern).fullmatch(value):
        return "holds a signed token"
    if next(_matches(value, PASSWORD_IN_URL), None) is not None:
        return "holds a password"
    if _compiled(_NAME).search(name) and len(value) >= _LEAST and not _compiled(_HARMLESS).match(value):
        return "looks like a secret"
    return None


@lru_cache(maxsize=16_384)  # most findings of a rule say the same
def hidden(text: str) -> str:
    """The text with a star for every sign of what is a secret in it, or is named as one; as long as before."""
    return _hidden(text, _NAMED)


def concealed(text: str) -> str:
    """Sentences with stars for what is a secret by its form, and for the secrets of this process's environment.

    It is for what the project's own code raises: a message may hold any value that the code has read. Of two secrets of
    which one holds the other, the longer is hidden first: no part of it is left.
    """
    secrets = [value for name, value in os.environ.items() if value in text and named(name, value) is not None]
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "*" * len(secret))
    return _hidden(text, _NAMED_IN_SENTENCE)


def _hidden(text: str, assignment: str) -> str:
    folded = text.lower()
    for secret_kind in IN_FILES:
        if _may_hold(text, secret_kind):
            text = _compiled(secret_kind.pattern).sub(_stars, text)
    text = _compiled(_BARE).sub(_stars_of_a_key, text)
    return _compiled(assignment).sub(_assigned, text) if any(sign in folded for sign in _NAME_SIGNS) else text


def _assigned(assignment: re.Match[str]) -> str:
    name, sign, value = re.split("([=:])", assignment[0], maxsplit=1)
    word = value.strip().strip("\"'")
    if len(word) < _LEAST or _compiled(_HARMLESS).match(word):
        return assignment[0]
    return name + sign + value.replace(word, "*" * len(word))


def _stars_of_a_key(match: re.Match[str]) -> str:
    return _stars(match) if _is_mixed(match[0]) else match[0]


def _is_mixed(text: str) -> bool:
    return all(_compiled(case).search(text) for case in _CASES)


def _stars(match: re.Match[str]) -> str:
    return match[0] if _is_example(match) else "*" * len(match[0])
