"""Secrets in texts: keys of AWS, private keys, tokens of known services. Findings never show them."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import Final, NamedTuple

LINE_END: Final = re.compile(r"\r\n?|\n")
"""What ends a line to Python, and to whom counts lines; a form feed does not."""


_compiled: Final = cache(re.compile)
"""A pattern, compiled when a text is first held to it: most commands need few."""


class Kind(NamedTuple):
    """A kind of secret: what it is called in a sentence, and what it looks like.

    A text in which the `sign` is not found holds none of the kind. It begins with plain characters, which `re` finds
    ten times as fast as the pattern. In a file `body` follows it: code that looks for such secrets has the beginning
    alone.
    """

    name: str
    sign: str
    pattern: str
    body: str | None = None


_ENDS: Final = r"/\s@{}$\"'<>`\\"
"""Inside a character class: what ends the user or the password of a URL, a placeholder and a quotation among it."""
PASSWORD_IN_URL: Final = Kind(
    "a password in a URL",
    rf"://[^{_ENDS}:]*:[^{_ENDS}]{{3,}}@",
    (
        rf"[A-Za-z][A-Za-z0-9+.-]{{0,30}}://(?P<user>[^{_ENDS}:]*):(?!\*)(?P<password>[^{_ENDS}]{{3,}})"
        r"@(?P<host>[^\s@/:]+)[^\s@]*"
    ),
)
"""`postgres://app:…@host/db`."""
SIGNED_TOKEN: Final = Kind(
    "a signed token",
    r"eyJ[A-Za-z0-9_-]{8}",
    r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}",
)
"""A JSON Web Token."""
_KEY_VALUE: Final = (
    r"(?i:[_-]?(?:access)?[_-]?key)[\"']?\s{0,8}(?:=>|[=:,])\s{0,8}[\"']?"
    r"(?P<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"
)
"""What follows `secret` where a secret access key is given: its name ends, and the key stands behind a sign."""
KINDS: Final = (
    Kind(
        "a private key",
        "PRIVATE KEY",
        r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY",
        r"(?: BLOCK)?-----(?:(?!-----)[\s\S]){0,300}?[A-Za-z0-9+/]{40}",
    ),
    Kind("an AWS secret access key", "ecret[_-]?[aAkK]", rf"[sS]ecret{_KEY_VALUE}"),
    Kind("an AWS secret access key", "ECRET", rf"[sS]ECRET{_KEY_VALUE}"),
    Kind("an Azure client secret", "Q~", r"(?<![\w~.-])[\w~.]{3}\dQ~[\w~.-]{31,34}(?![\w~.-])"),
    Kind("a Telegram token", ":AA", r"(?<!\d)\d{8,10}:AA[\w-]{33}(?![\w-])"),
    Kind("a Terraform token", r"\.atlasv1\.", r"(?<![A-Za-z0-9])[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,}"),
    Kind("a Mailchimp key", "-us[0-9]", r"(?<![0-9a-f])[0-9a-f]{32}-us\d{1,2}(?!\d)"),
    Kind("a New Relic key", "NRAL", r"(?<![0-9a-f])[0-9a-f]{36}NRAL(?![A-Za-z0-9])"),
)
"""What is a secret wherever it stands, besides the tokens that tell by how they begin (`token_forms.py`)."""
IN_FILES: Final = (*KINDS, PASSWORD_IN_URL, SIGNED_TOKEN)
"""What is looked for in the files of an app."""
_LONG: Final = 20
"""Characters of a long word: every token has one of that many."""
_SIGNS: Final = bytes(ord("a") if re.fullmatch(r"[A-Za-z0-9_+/-]", chr(byte)) else ord(" ") for byte in range(256))
"""For each byte an `a` where tokens may have its character, else a space."""
_BEFORE: Final = 20
"""Characters before the first long word of a token: `hooks.slack.` of a URL."""
_AFTER: Final = 70
"""Characters behind it that may belong to the token."""
_MADE_UP: Final = r"(?i)example|your[-_]|placeholder|redacted|([A-Za-z0-9*.])\1{7}"
"""What a key has that somebody made up: of documentation, or one sign again and again."""
_KEY_WORD: Final = r"(?<!\\)[A-Za-z0-9+/=]{16,}"
_KEY_BODY: Final = rf"(?: BLOCK)?-----(?:(?:\s|\\[nr])*{_KEY_WORD})+"
"""What follows the beginning of a private key, its lines as they are or as JSON has them."""
_PLACEHOLDER: Final = (
    r"(?i)(?:(?:your|my|some|the|user|db|secret|super)?[-_.]?(?:pass(?:word|wd|phrase)?|pwd|secret|token|key)"
    r"|change[-_]?(?:me|it|this)|example|dummy|x{3,}|\.{3,}|%\(.*)"
)
"""A password in examples, which is no secret."""
_THIS_MACHINE: Final = r"(?:localhost|127\.[0-9.]+|0\.0\.0\.0|host\.docker\.internal)(?![\w-]|\.\w)"
_NAMES: Final = (
    r"(?:PASSWORD|PASSWD|PASSPHRASE|PWD|SECRET|SECRET_?(?:ACCESS_?)?KEY|(?:AUTH_?)?TOKEN|(?:API|APP|PRIVATE)[_-]?KEY"
    r"|CREDENTIALS?)"
)
_NAME_SIGNS: Final = ("passw", "passp", "pwd", "secret", "token", "api", "app", "private", "credential")
"""What each of the names holds: looking for these is ten times as quick as for the names."""
_NAME: Final = rf"(?i)(?:^|_){_NAMES}$"
_BETWEEN_WORDS: Final = r"\W+|(?<=[a-z0-9])(?=[A-Z])"
_VENDORS: Final = (
    r"(?i)(?:^|[_-])(?:anyscale|cloudflare|codecov|cohere|confluent|datadog|dd|deepgram|elastic|elevenlabs|fastly|heroku"
    r"|intercom|mailgun|mistral|ngrok|okta|opsgenie|pagerduty|rapidapi|slack|snyk|splunk|sumologic|together|travis"
    r"|twilio|vault|vercel|zendesk)[_-]"
)
"""Names of vendors whose keys tell nothing by their form, in front of what names a secret."""
_RANDOM: Final = (
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}(?:-[0-9a-f]{8}){0,2}"
    r"|(?=.*[a-z])(?=.*\d)[\w+/=.-]{20,}"
)
"""A UUID, so many hexadecimal digits, or a long word of letters and digits: as vendors draw keys."""
_HARMLESS: Final = (
    r"(?i)arn:|/|true|false|none|null|changeme|example|\$\{|[0-9]{1,5}$"
    r"|(?!.*[0-9a-f]{32})(?![0-9a-f]{8}(?:-[0-9a-f]{4}){3})"
    r"(?-i:(?:[a-z0-9]+|[A-Z][A-Z0-9]*|[A-Z][a-z]+)(?:[-_.](?:[a-z0-9]+|[A-Z][A-Z0-9]*|[A-Z][a-z]+))+$)"
)
"""What such a name is given that is no secret: an address, a switch, the name of something, in words of one case."""
_NO_VALUE: Final = r"(?i)arn:|/|\{\{|\$\{|placeholder-for-|(?:true|false|none|null|[0-9]{1,3})$"
"""What is no secret whatever its name says: where one is kept, a switch."""
_PROPERTIES: Final = r"(?i)password|secret|token|loginprofile|pgp_key|sshpublickey|apikey"
"""Parts of names of properties of templates whose values are never shown."""
_LEAST: Final = 8
_NAMED_BEFORE: Final = rf"(?i)(?<![A-Za-z0-9])(?<![0-9*}}]:)(?<!ACCOUNT:){_NAMES}[\"']?\s{{0,4}}"
_QUOTED: Final = r"[=:]\s{0,4}(?:\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?)"
_NAMED: Final = rf"{_NAMED_BEFORE}(?:{_QUOTED}|:\s{{0,4}}[^\s\"'{{}}\[\](),#!][^,}}#]*)"
"""A name as above in a line of YAML, JSON or Python, and what is assigned to it; an ARN's `secret:NAME` is none."""
_NAMED_IN_SENTENCE: Final = _NAMED_BEFORE + _QUOTED
"""As `_NAMED`, but for what follows `credentials:` without quotation marks, which is the rest of the sentence."""
_IN_CODE: Final = rf"{_NAMED_BEFORE}\]?\s{{0,4}}[=:]\s{{0,4}}(?P<quote>[\"'])(?P<value>[^\"'\n]*)(?P=quote)"
"""A name and the text that it is given in Python, JSON or YAML."""
_NOT_IN_CODE: Final = r"(?i)https?:|[{<$%),;]|.*\s|.*(?:password|secret|token|api_?key|example|changeme|dummy|xxx)"
"""What a text has that stands for a secret in code, or says what belongs there."""
_HEADER: Final = (
    r"\b(?i:bearer)\s+(?P<bearer>[A-Za-z0-9._~+/-]{20,}=*)|\b(?i:basic)\s+(?P<basic>[A-Za-z0-9+/]{8,}={0,2})"
)
"""The value of an Authorization header."""
_BARE: Final = r"(?<![A-Za-z0-9/+=:.-])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"
_KEY_LENGTH: Final = 40
_CASES: Final = (r"[a-z]", r"[A-Z]", r"[0-9].*[0-9]")


class Secret(NamedTuple):
    """A secret in a text: what it is, and where it begins: line and column, both from 1."""

    name: str
    line: int
    column: int


def holds_secret(text: str) -> bool:
    """Return whether a file with this text holds a secret."""
    return next(_in_file(text), None) is not None


def secrets_in(text: str) -> tuple[Secret, ...]:
    """The secrets in a file's text, in their order."""
    return _placed(text, [(match.start(), name) for match, name in _in_file(text)])


def _placed(text: str, starts: list[tuple[int, str]]) -> tuple[Secret, ...]:
    """Secrets with their lines and columns, in the order of the text; `starts` are positions, each with a name."""
    secrets = []
    line, line_start = 1, 0
    for start, name in sorted(starts):
        for line_end in LINE_END.finditer(text, line_start, start):
            line, line_start = line + 1, line_end.end()
        secrets.append(Secret(name, line, start - line_start + 1))
    return tuple(secrets)


def possible_secrets_in(text: str) -> tuple[Secret, ...]:
    """What may be a secret in a file's text: the value of a name such as PASSWORD, an Authorization header.

    Values behind a vendor's name (`DD_API_KEY`) are not here: `secrets_in` has them.
    """
    folded = text.lower()
    starts = [
        (match.start("value"), "what looks like a password")
        for match in _named_values(text)
        if not _is_of_a_vendor(match)
    ]
    if "bearer " in folded or "basic " in folded:
        starts += ((match.start(), "a header with a password") for match in _headers(text))
    return _placed(text, starts)


def _named_values(text: str) -> Iterator[re.Match[str]]:
    """What is given to names of secrets in code, and is more likely a secret than the name of one."""
    folded = text.lower()
    if any(sign in folded for sign in _NAME_SIGNS):
        yield from (match for match in _compiled(_IN_CODE).finditer(text) if _looks_random(match["value"]))


def _is_of_a_vendor(match: re.Match[str]) -> bool:
    """Return whether a vendor's name stands in front of a name, and the value is as vendors draw keys: `DD_API_KEY`."""
    if not _compiled(_RANDOM).fullmatch(match["value"]) or _compiled(_MADE_UP).search(match["value"]):
        return False
    line_start = match.string.rfind("\n", 0, match.start()) + 1
    before = re.search(r"[\w-]*$", match.string[max(line_start, match.start() - _BEFORE) : match.start()])
    return before is not None and _compiled(_VENDORS).search(before[0]) is not None


def _looks_random(value: str) -> bool:
    """Return whether a text in code is likelier a secret than the name of one: letters with digits or signs."""
    if len(value) < _LEAST or _compiled(_HARMLESS).match(value) or _compiled(_NOT_IN_CODE).match(value):
        return False
    return bool(re.search(r"[A-Za-z]", value) and re.search(r"[0-9!@#^&*?]", value))


def _headers(text: str) -> Iterator[re.Match[str]]:
    """The Authorization headers that hold a token with digits, or a user and a password."""
    for match in _compiled(_HEADER).finditer(text):
        token = match["bearer"]
        if token is not None:
            if _looks_random(token) and _compiled(_MADE_UP).search(token) is None:
                yield match
            continue
        try:
            user, _, password = base64.b64decode(match["basic"], validate=True).decode().partition(":")
        except ValueError:
            continue
        if password and f"{user}{password}".isprintable():
            yield match


def _in_file(text: str) -> Iterator[tuple[re.Match[str], str]]:
    """The secrets in a file's text, each with the name of its kind, kind by kind.

    The beginning of a private key alone is none. Keys of vendors, which a name tells, come last.
    """
    bodies = {secret_kind.name: secret_kind.body for secret_kind in IN_FILES}
    for match, name in _matches(text, IN_FILES):
        body = bodies.get(name)
        if body is None or _compiled(body).match(text, match.end()):
            yield match, name
    yield from ((match, "a key of a vendor") for match in _named_values(text) if _is_of_a_vendor(match))


def _matches(text: str, kinds: tuple[Kind, ...]) -> Iterator[tuple[re.Match[str], str]]:
    """The places where a text holds a token or one of some kinds of secrets; the examples of documentation are none."""
    # Only where a long word stands is the text held to the forms of tokens: few have any.
    position = 0
    for start, end in _long_words(text):
        from remit.secrets.token_forms import any_token, token_name  # noqa: PLC0415 - a hundred patterns, for few texts

        for token in any_token().finditer(text, max(position, start - _BEFORE), end + _AFTER):
            position = token.end()
            if not _is_example(token):
                yield token, token_name(token)
    for secret_kind in kinds:
        may_hold = _compiled(secret_kind.sign).search(text)
        for match in _compiled(secret_kind.pattern).finditer(text) if may_hold else ():
            if not _is_example(match):
                yield match, secret_kind.name


def _long_words(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the long words of a text begin and end: runs of characters that tokens may have."""
    # A byte for each character keeps positions; what Latin-1 lacks becomes `?`, which no token has.
    signs = text.encode("latin-1", "replace").translate(_SIGNS)
    end = 0
    while (start := signs.find(b"a" * _LONG, end)) >= 0:
        end = signs.find(b" ", start)
        end = len(signs) if end < 0 else end
        yield start, end


def _is_example(match: re.Match[str]) -> bool:
    """Return whether it is made up (`…EXAMPLE`, `xxxxxxxx`), or a URL with such a password or of this machine."""
    if match.re.pattern != PASSWORD_IN_URL.pattern:
        return _compiled(_MADE_UP).search(match[0]) is not None
    password = match["password"]
    made_up = password == match["user"] or _compiled(_PLACEHOLDER).fullmatch(password) is not None
    return made_up or _compiled(_THIS_MACHINE).match(match["host"]) is not None


@lru_cache(maxsize=8192)  # the same ARNs and values stand in many statements
def kind(text: str) -> str | None:
    """What secret a text holds (`an AWS access key`), or None: passwords in URLs and made-up keys are none."""
    return next((name for _, name in _matches(text, KINDS)), None)


def bare_key(text: str) -> str | None:
    """The kind of a secret, where forty mixed characters that stand alone count as a secret access key, too.

    None: the text is no secret.
    """
    secret = kind(text)
    # AWS marks the keys of its documentation so.
    if secret is not None or "EXAMPLE" in text:
        return secret
    for candidate in _compiled(_BARE).findall(text):
        if _is_mixed(candidate):
            return "an AWS secret access key"
    return None


def told_by_variable(name: str, value: str) -> str | None:
    """How a variable's value or name tells of a secret that `kind` does not know (`holds a password`), or None."""
    if _compiled(SIGNED_TOKEN.pattern).fullmatch(value):
        return "holds a signed token"
    if any(name == PASSWORD_IN_URL.name for _, name in _matches(value, (PASSWORD_IN_URL,))):
        return "holds a password"
    if next(_headers(value), None) is not None:
        return "holds a header with a password"
    if _compiled(_NAME).search(name) and len(value) >= _LEAST and not _compiled(_HARMLESS).match(value):
        return "looks like a secret"
    return None


@lru_cache(maxsize=16_384)  # most findings of a rule say the same
def hidden(text: str) -> str:
    """The text with a star for every sign of what is a secret in it, or is named as one; as long as before."""
    return concealed(text, (), _NAMED)


def secret_parts(name: str, value: str) -> Iterator[str]:
    """What of a value is secret: all of it, by its name (`DB_PASSWORD`, `DbPassword`) or form; a URL's password, too.

    `DB_SECRET` may have the name of a secret: a value in words, such as `orders-db`, is one.
    """
    for match, kind_name in _matches(value, (*KINDS, PASSWORD_IN_URL)):
        yield value
        if kind_name == PASSWORD_IN_URL.name:
            yield match["password"]
    names = _compiled(_NAME).search(_compiled(_BETWEEN_WORDS).sub("_", name))
    if names is None or not value or _compiled(_NO_VALUE).match(value):
        return
    if not names[0].lower().endswith(("secret", "credential", "credentials")) or not _compiled(_HARMLESS).match(value):
        yield value


def has_secret_property(text: str) -> bool:
    """Return whether the path of a property, or JSON, names a property of a template that may hold a secret."""
    return _compiled(_PROPERTIES).search(text) is not None


def is_plain_word(text: str) -> bool:
    """Return whether a text may well stand for something else anywhere: a short one, a word in small letters."""
    return len(text) < _LEAST or re.fullmatch(r"[a-z]{1,11}|[0-9]+", text) is not None


def environment_secrets() -> tuple[str, ...]:
    """The secrets of this process's environment, the longer first: of one that holds another no part is left."""
    secrets = {part for name, value in os.environ.items() for part in secret_parts(name, value)}
    return tuple(
        sorted((secret for secret in secrets if not is_plain_word(secret)), key=lambda part: (-len(part), part))
    )


def concealed(text: str, secrets: Iterable[str], assignment: str = _NAMED_IN_SENTENCE) -> str:
    """A text with stars for what is a secret by its form, for what a name is given in it, and for these secrets.

    There are as many stars as the secret has characters.
    """
    for secret in secrets:
        # Also as JSON writes it, with quotation marks and backslashes escaped.
        for written in (secret, json.dumps(secret)[1:-1]):
            if written in text:
                text = text.replace(written, "*" * len(written))
    folded = text.lower()
    for match, name in tuple(_matches(text, IN_FILES)):
        # What names a secret stays, with its quotation marks: JSON stays JSON.
        start, end = match.span("secret" if "secret" in match.re.groupindex else 0)
        text = text[:start] + "*" * (end - start) + text[end:]
        body = _compiled(_KEY_BODY).match(text, end) if name == KINDS[0].name else None
        if body is not None:
            text = text[:end] + re.sub(_KEY_WORD, lambda word: "*" * len(word[0]), body[0]) + text[body.end() :]
    if any(end - start >= _KEY_LENGTH for start, end in _long_words(text)):
        text = _compiled(_BARE).sub(_stars, text)
    return _compiled(assignment).sub(_assigned, text) if any(sign in folded for sign in _NAME_SIGNS) else text


def _assigned(assignment: re.Match[str]) -> str:
    """The text of an assignment with stars for its value, which stays as it is where it is short or harmless."""
    name, sign, value = re.split("([=:])", assignment[0], maxsplit=1)
    word = value.strip().strip("\"'")
    if len(word) < _LEAST or _compiled(_HARMLESS).match(word):
        return assignment[0]
    return name + sign + value.replace(word, "*" * len(word))


def _is_mixed(text: str) -> bool:
    """Return whether a text has letters of both cases and two digits, as drawn keys do."""
    return all(_compiled(case).search(text) for case in _CASES)


def _stars(match: re.Match[str]) -> str:
    """Stars in place of what may be a secret access key; an example, or a word of one case, stays."""
    return "*" * len(match[0]) if _is_mixed(match[0]) and not _is_example(match) else match[0]
