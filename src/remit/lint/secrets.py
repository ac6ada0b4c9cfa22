"""Secrets in texts: keys of AWS, private keys, tokens of known services. Findings never show them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_KINDS: Final = (
    ("a private key", re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY")),
    ("an AWS access key", re.compile(r"(?<![A-Z0-9])A(?:KIA|SIA)[A-Z2-7]{16}(?![A-Z0-9])")),
    (
        "an AWS secret access key",
        re.compile(r"(?i:secret_?(?:access)?_?key)[\"']?\s{0,4}[=:]\s{0,4}[\"']?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"),
    ),
    ("a GitHub token", re.compile(r"(?<![A-Za-z0-9])gh[pousr]_[A-Za-z0-9]{36}")),
    ("a Slack token", re.compile(r"xox[abprs]-[0-9]{6,}-[A-Za-z0-9-]{10,}")),
    ("a Slack webhook", re.compile(r"hooks\.slack\.com/services/T[A-Z0-9]{8,}/B[A-Z0-9]{8,}/[A-Za-z0-9]{20,}")),
    ("an API key", re.compile(r"(?<![A-Za-z0-9])sk-(?:proj|ant|svcacct)-[A-Za-z0-9_-]{20,}")),
    ("a GitLab token", re.compile(r"(?<![A-Za-z0-9])glpat-[A-Za-z0-9_-]{20,}")),
    ("a Stripe key", re.compile(r"(?<![A-Za-z0-9])[rs]k_live_[A-Za-z0-9]{20,}")),
)
_NAMES: Final = r"(?:PASSWORD|PASSWD|PWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|CREDENTIALS?)"
_SIGNS: Final = ("passw", "pwd", "secret", "token", "api", "private", "credential")
"""What each of the names holds: looking for these is ten times as quick as for the names."""
_NAME: Final = re.compile(rf"(?:^|_){_NAMES}$", re.IGNORECASE)
_HARMLESS: Final = re.compile(
    r"(?i)arn:|/|true|false|none|null|changeme|example|\$\{|[0-9]{1,5}$"
    r"|(?-i:(?:[a-z0-9]+|[A-Z][A-Z0-9]*|[A-Z][a-z]+)(?:[-_.](?:[a-z0-9]+|[A-Z][A-Z0-9]*|[A-Z][a-z]+))+$)"
)
"""What such a name is given that is no secret: an address, a switch, the name of something, in words of one case."""
_LEAST: Final = 8
_IN_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/\s:@{}$]*:(?!\$\{|\{\{|\*|<)[^/\s@{}$]{3,}@[^\s@]+")
"""A password in a connection string: `postgres://app:…@host/db`."""
_TOKEN: Final = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}")
"""A JSON Web Token that is signed."""
_NAMED: Final = re.compile(
    rf"(?<![A-Za-z0-9])(?<![0-9*}}]:)(?<!ACCOUNT:){_NAMES}[\"']?\s{{0,4}}"
    r"(?:[=:]\s{0,4}(?:\"[^\"]*\"?|'[^']*'?)|:\s{0,4}[^\s\"'{}\[\](),#!][^,}#]*)",
    re.IGNORECASE,
)
"""A name as above in a line of YAML, JSON or Python, and what is assigned to it; an ARN's `secret:NAME` is none."""
_BARE: Final = re.compile(r"(?<![A-Za-z0-9/+=:.-])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
_CASES: Final = (re.compile(r"[a-z]"), re.compile(r"[A-Z]"), re.compile(r"[0-9].*[0-9]"))


def _may_hold_one(folded: str) -> bool:
    """Whether a text has what each kind has; most have not, and looking for substrings is quickest one by one."""
    return (
        "secret" in folded
        or "akia" in folded
        or "asia" in folded
        or "gh" in folded
        or "xox" in folded
        or "_live_" in folded
        or "sk-" in folded
        or "hooks.slack" in folded
        or "glpat-" in folded
        or "private key" in folded
    )


def kind(text: str) -> str | None:
    """What secret a text holds, or None; the example keys of AWS's documentation are none."""
    if not _may_hold_one(text.lower()) or "EXAMPLE" in text:
        return None
    return next((name for name, pattern in _KINDS if pattern.search(text)), None)


def bare_key(text: str) -> str | None:
    """As `kind`, and forty mixed characters that stand alone count as a secret access key."""
    found = kind(text)
    if found is not None or "EXAMPLE" in text:
        return found
    for one in _BARE.findall(text):
        if all(case.search(one) for case in _CASES):
            return "an AWS secret access key"
    return None


def named(name: str, value: str) -> str | None:
    """What a variable holds by its form, or by its name; None where neither tells of a secret."""
    if _TOKEN.fullmatch(value):
        return "holds a signed token"
    if _IN_URL.match(value):
        return "holds a password"
    if _NAME.search(name) and len(value) >= _LEAST and not _HARMLESS.match(value):
        return "looks like a secret"
    return None


@lru_cache(maxsize=16_384)  # most findings of a rule say the same
def hidden(text: str) -> str:
    """The text with a star for every sign of what is a secret in it, or is named as one; as long as before."""
    folded = text.lower()
    if _may_hold_one(folded):
        for _, pattern in _KINDS:
            text = pattern.sub(_stars, text)
    if "://" in text:
        text = _IN_URL.sub(_stars, text)
    if "eyJ" in text:
        text = _TOKEN.sub(_stars, text)
    text = _BARE.sub(lambda found: _stars(found) if all(case.search(found[0]) for case in _CASES) else found[0], text)
    return _NAMED.sub(_assigned, text) if any(sign in folded for sign in _SIGNS) else text


def _assigned(found: re.Match[str]) -> str:
    name, sign, value = re.split("([=:])", found[0], maxsplit=1)
    word = value.strip().strip("\"'")
    if len(word) < _LEAST or _HARMLESS.match(word):
        return found[0]
    return name + sign + value.replace(word, "*" * len(word))


def _stars(found: re.Match[str]) -> str:
    return found[0] if "EXAMPLE" in found[0] else "*" * len(found[0])
