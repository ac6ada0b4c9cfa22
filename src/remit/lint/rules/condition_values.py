"""Values that a condition key never has, and wildcards in values."""

from __future__ import annotations

import ipaddress
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from remit.catalogue.action_keys import key_type
from remit.catalogue.actions import value_type
from remit.did_you_mean import nearest
from remit.iam import value_comparison
from remit.iam.placeholders import placeholder
from remit.iam.tokens import REFERENCE
from remit.iam.value_comparison import inside, network
from remit.lint import conditions, principals
from remit.lint.finding import ERROR, NOTE, WARNING, Problem, Spot, rule
from remit.lint.plain_text import is_plain, settled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remit.iam.policy import Condition
    from remit.lint.rule_inputs import ParsedStatement

_LONGEST = {".": 32, ":": 128}


@rule("R504", ERROR, looks_at="condition")
def bad_address(item: ParsedStatement, condition: Condition) -> Iterator[Problem]:
    """A value of IpAddress that is neither an address nor a CIDR block.

    It equals nothing. A block that holds every address is a warning in an Allow, and one with bits beyond its prefix, as
    10.0.0.1/8, a note.

    Flagged:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/33"}}}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}

    Source: "IAM JSON policy elements: Condition operators" (IAM User Guide): IP address condition operators.
    """
    if conditions.family(condition) == "IPAddress":
        for value in condition.values:
            if "${" not in value and network(value) is None:
                yield Problem(
                    f"'{value}' is neither an IP address nor a CIDR block: it matches nothing",
                    _address_hint(value),
                    (*condition.path, value),
                )
            elif "${" not in value and "/" in value:
                yield from _loose(condition, value, allows=item.allows)


def _loose(condition: Condition, value: str, *, allows: bool) -> Iterator[Problem]:
    """Yield the problem of a block that has bits beyond its prefix, or lets in every address."""
    spot = (*condition.path, value)
    block = ipaddress.ip_network(value, strict=False)
    if block.prefixlen == 0 and allows and conditions.name_of(condition) == "IpAddress":
        message = f"'{value}' holds every address: the condition keeps nobody out"
        yield Problem(message, "name the blocks that may, or leave the condition out", spot, WARNING)
    elif ipaddress.ip_interface(value).ip != block.network_address and block.prefixlen:
        yield Problem(f"'{value}' has host bits: it stands for the whole block", f"write '{block}'", spot, NOTE)


def _address_hint(value: str) -> str:
    """How to write what somebody meant by a value that is no address."""
    address, _, mask = value.partition("/")
    kind = ":" if ":" in address else "."
    if network(address) is not None and mask.isdigit():
        return f"the prefix length is 0 to {_LONGEST[kind]}"
    if "*" in value:
        return "wildcards do not count here: write a CIDR block, 203.0.113.0/24"
    if re.fullmatch(r"\d+(\.\d+)+", mask):
        return "the mask is a prefix length: 203.0.113.0/24"
    return "as 203.0.113.0/24 or 2001:db8::/32"


_PARTS = 5  # colons of an ARN at least


def _arn(text: str) -> str | None:
    """The text, if it is an ARN or a pattern that may be one's; else None."""
    return text if "*" in text or "?" in text or (text.startswith("arn:") and text.count(":") >= _PARTS) else None


_READERS: dict[str, tuple[Callable[[str], Any], str, str]] = {
    "Bool": (value_comparison.boolean, "neither 'true' nor 'false'", "use 'true' or 'false'"),
    "Null": (value_comparison.boolean, "neither 'true' nor 'false'", "'true': the key is absent; 'false': it is there"),
    "Numeric": (value_comparison.number, "not a number", "write a number, as '3600'"),
    "Date": (
        value_comparison.instant,
        "not a date",
        "write an ISO 8601 date, as '2027-01-31T00:00:00Z', or seconds since 1970",
    ),
    "ARN": (_arn, "not an ARN", "an ARN has six parts: arn:partition:service:region:account:resource"),
    "Binary": (value_comparison.binary, "not base64", "encode the bytes in base64"),
}


@rule("R505", ERROR, looks_at="condition")
def impossible_value(_: ParsedStatement, condition: Condition) -> Iterator[Problem]:
    """A value that its operator cannot read: no number, no date, neither true nor false, no base64.

    It equals nothing, so an Allow never applies.

    Flagged:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"Bool": {"aws:SecureTransport": "yes"}}}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"Bool": {"aws:SecureTransport": "true"}}}

    Source: "IAM JSON policy elements: Condition operators" (IAM User Guide).
    """
    reader = _READERS.get(conditions.family(condition) or "")
    for value in condition.values if reader is not None else ():
        if reader is not None and "${" not in value and reader[0](value) is None:
            yield _problem(condition, value, reader[1], reader[2])


def _problem(condition: Condition, value: str, mistake: str, hint: str) -> Problem:
    shortened = value if len(value) <= 60 else f"{value[:57]}…"  # noqa: PLR2004 - a line
    message = f"'{shortened}' is {mistake}, and {condition.spelled} compares nothing else: they are never equal"
    return Problem(message, hint, (*condition.path, value))


_PRIVATE = tuple(
    map(
        network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "fc00::/7",
         "fe80::/10", "::1/128"),
    )
)  # fmt: skip


@rule("R509", ERROR, looks_at="condition")
def private_source_ip(item: ParsedStatement, condition: Condition) -> Iterator[Problem]:
    """A private address in aws:SourceIp.

    AWS sees public addresses there; requests through a VPC endpoint have aws:VpcSourceIp instead. It is an error where an
    Allow is never met for it, else a warning.

    Flagged:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}}}

    Source: "AWS global condition context keys" (IAM User Guide): aws:SourceIp.
    """
    if condition.key.lower() != "aws:sourceip" or conditions.family(condition) != "IPAddress":
        return
    private = [value for value in condition.values if "${" not in value and _is_private(value)]
    is_negated = conditions.name_of(condition) == "NotIpAddress"
    is_never_met = len(private) == len(condition.values) and not is_negated and conditions.needs_key(condition)
    severity = ERROR if is_never_met and item.allows else WARNING
    for value in private:
        met = "always met" if is_negated else "never met"
        message = f"'{value}' is private, and aws:SourceIp is the public address of a caller: it is {met}"
        hint = "use aws:VpcSourceIp, or aws:SourceVpc"
        yield Problem(message, hint, (*condition.path, value), severity)


def _is_private(value: str) -> bool:
    """Return whether a value is a block of private addresses; False for what is no block."""
    block = network(value)
    return block is not None and any(inside(block, private) for private in _PRIVATE)


_LOOSE = {
    "aws:sourcevpc": ("the id of a VPC", re.compile(r"vpc-(?:[0-9a-z]{8}|[0-9a-z]{17})\Z")),
    "aws:sourcevpce": ("the id of a VPC endpoint", re.compile(r"vpce-(?:[0-9a-z]{8}|[0-9a-z]{17})\Z")),
    "aws:principalorgid": ("the id of an organisation, o-…", re.compile(r"o-")),
    "aws:resourceorgid": ("the id of an organisation, o-…", re.compile(r"o-")),
    "aws:sourceorgid": ("the id of an organisation, o-…", re.compile(r"o-")),
    "aws:principalorgpaths": ("a path that begins with o-…/", re.compile(r"o-[^/]*/")),
    "aws:resourceorgpaths": ("a path that begins with o-…/", re.compile(r"o-[^/]*/")),
    "aws:sourceorgpaths": ("a path that begins with o-…/", re.compile(r"o-[^/]*/")),
}
_SERVICE = (
    "a service, as lambda.amazonaws.com",
    re.compile(r"[a-z0-9.-]+\.(?:amazonaws\.com(?:\.cn)?|amazon\.com|aws\.internal)\Z"),
)
_PLAIN_SERVICE = re.compile(r"[a-z0-9-]+\.amazonaws\.com")
"""Names below another, as `job.service.amazonaws.com`, are listed nowhere."""
_EXACT = {
    "kms:viaservice": (
        "a service in a region, as s3.eu-west-1.amazonaws.com",
        re.compile(r"[a-z0-9.-]+\.[a-z]{2}[a-z-]*-\d\.amazonaws\.com(?:\.cn)?\Z"),
    ),
    "s3:x-amz-server-side-encryption-aws-kms-key-id": (
        "the ARN of a key, arn:aws:kms:REGION:ACCOUNT:key/ID",
        re.compile(r"arn:[a-z-]+:kms:[^:]+:\d{12}:key/."),
    ),
    "iam:passedtoservice": _SERVICE,
    "iam:awsservicename": _SERVICE,
    "aws:calledvia": _SERVICE,
    "aws:calledviafirst": _SERVICE,
    "aws:calledvialast": _SERVICE,
    "aws:principalservicename": _SERVICE,
}
"""Forms of which a value of another shape is wrong; of an id, it may stand for one that is put in later."""
_FORMS = {**_LOOSE, **_EXACT}
_ARN = ("an ARN", re.compile(r"arn:|\Z"))
"""The form of all keys of that type; an empty text is another rule's."""
_WORDS = {
    "aws:principaltype": ("Account", "User", "FederatedUser", "AssumedRole", "Anonymous"),
    "s3:x-amz-acl": (
        "private", "public-read", "public-read-write", "authenticated-read", "aws-exec-read", "bucket-owner-read",
        "bucket-owner-full-control", "log-delivery-write",
    ),
    "s3:x-amz-server-side-encryption": ("AES256", "aws:kms", "aws:kms:dsse", "aws:fsx"),
}  # fmt: skip
_DATES = ("aws:currenttime", "aws:tokenissuetime")
_YEAR = 4
_END = 253_402_300_800  # the year 10000
_KEYS_BY_BEGINNING = {"vpce-": "aws:SourceVpce", "vpc-": "aws:SourceVpc", "o-": "aws:PrincipalOrgID"}


@rule("R515", ERROR, looks_at="condition")
def value_of_another_form(_: ParsedStatement, condition: Condition) -> Iterator[Problem]:
    """A value that the condition key never has: another kind of id, a word that is none of its few.

    The condition is never met (negated: always). `aws:SourceVpc` holds `vpc-…` and `aws:SourceVpce` `vpce-…`; ids of
    organisations begin with `o-`. S3 knows the encryption `AES256`, and no `AES-256`. Most ids are a warning, since the value
    may stand for one that is put in later; so are a service in iam:PassedToService that does not exist, and a date in
    seconds since 1970.

    Flagged:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"StringEquals": {"aws:SourceVpc": "vpce-0a1b2c3d"}}}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-0a1b2c3d"}}}

    Source: "AWS global condition context keys" (IAM User Guide); "PutObject" (Amazon S3 API Reference); "kms:ViaService"
    (AWS KMS Developer Guide).
    """
    key, family = condition.key.lower(), conditions.family(condition)
    for value in condition.values if key in _DATES and family == "Date" else ():
        if value.isdigit() and len(value) > _YEAR:
            message = f"'{value}' counts seconds since 1970: nobody reads when that is"
            hint = f"write '{datetime.fromtimestamp(int(value) % _END, UTC):%Y-%m-%dT%H:%M:%SZ}'"
            yield Problem(message, hint, (*condition.path, value), WARNING)
    holds_arn = family == "String" and value_type(key) == "ARN"
    if not (key in _FORMS or key in _WORDS or holds_arn) or family not in ("String", "ARN"):
        return
    for value in condition.values:
        if is_plain(settled(value)) and placeholder(value) is None:
            yield from _value_of_another_form_problem(condition, value)


def _value_of_another_form_problem(condition: Condition, value: str) -> Iterator[Problem]:
    """Yield the problem of a value; its references to the place of the deploy (`${AWS::Region}`) are filled first."""
    key, spot = condition.key.lower(), (*condition.path, value)
    if key in _WORDS:
        yield from _wrong_word(condition, value, spot)
        return
    form, pattern = _FORMS.get(key, _ARN)
    if not pattern.match(settled(value)):
        proper_key = _key_of_form(key, value)
        hint = f"did you mean `{proper_key}`?" if proper_key else _meant(key, value) or f"write {form}"
        severity = ERROR if proper_key or key in _EXACT else WARNING
        yield Problem(f"'{value}' is not what {condition.key} holds: {form}", hint, spot, severity)
    elif key == "iam:passedtoservice" and _PLAIN_SERVICE.match(value):
        mistake = principals.of_service(value)
        if mistake is not None:
            _, hint = mistake
            yield Problem(f"no service is '{value}', which {condition.key} would have to be", hint, spot, WARNING)


def _wrong_word(condition: Condition, value: str, spot: Spot) -> Iterator[Problem]:
    """Yield the problem of a value that is none of its key's words; an operator that ignores case takes any case."""
    words = _WORDS[condition.key.lower()]
    in_any_case = next((word for word in words if word.lower() == value.lower()), None)
    if value in words or (in_any_case is not None and "IgnoreCase" in condition.operator):
        return
    meant = in_any_case or nearest(value, words)
    hint = f"did you mean '{meant}'?" if meant else f"one of {', '.join(words)}"
    yield Problem(f"{condition.key} is never '{value}'", hint, spot)


def _key_of_form(key: str, value: str) -> str | None:
    """The other key whose values begin like this one; None: no key's do, or this key's own."""
    for beginning, name in _KEYS_BY_BEGINNING.items():
        if value.startswith(beginning):
            return name if name.lower() != key else None
    return None


def _meant(key: str, value: str) -> str | None:
    """A hint with the service that was meant, in the form that the key has; None: nothing is near."""
    label = value.lower().removesuffix(".amazonaws.com")
    if key == "kms:viaservice" and re.fullmatch(r"[a-z0-9-]+", label):
        return f"write '{label}.REGION.amazonaws.com'"
    mistake = principals.of_service(value) if _FORMS.get(key) is _SERVICE else None
    return mistake[1] if mistake is not None else None


_LIKE = {
    "StringEquals": "StringLike",
    "StringNotEquals": "StringNotLike",
    "StringEqualsIgnoreCase": "StringLike",
    "StringNotEqualsIgnoreCase": "StringNotLike",
}


@rule("R508", WARNING, looks_at="condition")
def wildcard_under_equals(_: ParsedStatement, condition: Condition) -> Iterator[Problem]:
    """A `*` or `?` in a value under StringEquals or the like, where it is that very sign and no wildcard.

    Flagged:

        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::data",
         "Condition": {"StringEquals": {"s3:prefix": "home/*"}}}

    Better:

        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::data",
         "Condition": {"StringLike": {"s3:prefix": "home/*"}}}

    Source: "IAM JSON policy elements: Condition operators" (IAM User Guide): string condition operators.
    """
    like = _LIKE.get(conditions.name_of(condition) or "")
    for value in condition.values if like else ():
        sign = _wildcard(value)
        if sign:
            called = "star" if sign == "*" else "question mark"
            message = f"the {sign} in '{value}' is a literal {called} under {condition.spelled}, no wildcard"
            arn = (key_type(condition.key) or "").endswith("ARN")
            use = str(like).replace("String", "Arn") if arn else str(like)
            bare = condition.operator.removesuffix("IfExists")
            yield Problem(message, f"use {condition.spelled.replace(bare, use)}", (*condition.path, value))


def _wildcard(value: str) -> str:
    """`*`, or a `?` that begins no query of a URL; empty without either. Those in `${*}` and `${?}` are letters."""
    plain = value.replace("${*}", "").replace("${?}", "")
    if "*" in plain:
        return "*"
    return "?" if "?" in plain and "=" not in plain else ""


_LEAST = 6  # characters that tell something, as AWS's own check has it
_IDENTIFIERS = frozenset({
    "aws:principalaccount", "aws:sourceaccount", "aws:resourceaccount", "s3:resourceaccount", "aws:principalorgid",
    "aws:sourceorgid", "aws:resourceorgid", "aws:vpceorgid", "aws:principalorgpaths", "aws:sourceorgpaths",
    "aws:resourceorgpaths", "aws:sourcevpc", "aws:sourcevpce", "aws:vpceaccount", "aws:userid",
})  # fmt: skip
_OPEN = re.compile(r"[*?]|\$\{(?!aws:(?:Principal|Resource|Source)[A-Z][a-z]*(?:ID|Paths)?\})[^{}]*\}")
"""Wildcards, and variables that the caller, or whoever tags, has a hand in."""


@rule("R523", WARNING, looks_at="condition")
def wildcard_in_identifier(item: ParsedStatement, condition: Condition) -> Iterator[Problem]:
    """A wildcard, or a variable, at the beginning of an id that should tell yours from everybody else's.

    Every organisation's id begins with `o-`, every VPC's with `vpc-`: such a pattern is met by those of strangers, and a
    condition that anyone meets protects nothing.

    Flagged:

        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"StringLike": {"aws:PrincipalOrgID": "o-*"}}}

    Better:

        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}

    Source: "IAM policy validation check reference" (IAM User Guide): wildcard usage too permissive, variable usage too
    permissive. It is a warning here, not an error: IAM takes it, and it works.
    """
    name = conditions.name_of(condition)
    is_of_an_id = condition.key.lower() in _IDENTIFIERS
    if not is_of_an_id or name not in ("StringLike", "StringNotLike") or (name == "StringLike") != item.allows:
        return
    for value in condition.values:
        open_part = _OPEN.search(REFERENCE.sub("references", value))
        if open_part is None or value.startswith("*:"):
            continue  # `*:NAME` is a session's name, of whatever role
        if open_part.start() >= _LEAST:
            continue
        subject = "the variable" if open_part[0].startswith("$") else f"the {open_part[0]}"
        message = f"{subject} in '{value}' stands for anybody's: {condition.key} tells yours from no others"
        yield Problem(message, "write it out", (*condition.path, value))


@rule("R524", WARNING, looks_at="condition", needs="Like")
def only_a_wildcard(_: ParsedStatement, condition: Condition) -> Iterator[Problem]:
    """A condition that compares with `*` alone, and so asks whether the key is there.

    Null says that plainly. With IfExists or ForAllValues such a condition is always met, and with a negated operator under
    ForAnyValue never. The last is a warning, the others are notes.

    Flagged:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"StringLike": {"aws:PrincipalTag/team": "*"}}}

    Better:

        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
         "Condition": {"Null": {"aws:PrincipalTag/team": "false"}}}

    Source: "IAM policy validation check reference" (IAM User Guide): equivalent to null false, equivalent to null true,
    redundant key due to wildcard in condition.
    """
    if "*" not in condition.values or conditions.name_of(condition) not in ("StringLike", "StringNotLike"):
        return
    message, hint, severity = _effect_of_wildcard(condition)
    yield Problem(message, hint, (*condition.path, "*"), severity)


def _effect_of_wildcard(condition: Condition) -> tuple[str, str, str]:
    """The effect of a comparison with `*` alone, in a sentence, with a hint and the severity."""
    negated = conditions.name_of(condition) == "StringNotLike"
    quantifier, subject = condition.quantifier.lower(), f"{condition.spelled} with '*'"
    if negated and quantifier == "foranyvalue":
        return f"{subject} is never met: every value matches '*'", "write what the values must not be", WARNING
    if not negated and (condition.if_exists or quantifier == "forallvalues"):
        return f"{subject} is always met: every value matches '*'", "remove it, or write what is meant", NOTE
    value, asks = ("true", "absent") if negated else ("false", "there")
    message = f"{subject} asks whether {condition.key} is {asks}, no more"
    return message, f'write "Null": {{"{condition.key}": "{value}"}}', NOTE


@rule("R525", WARNING, looks_at="condition", needs="(?i)s3:prefix")
def prefix_from_outside(item: ParsedStatement, condition: Condition) -> Iterator[Problem]:
    """s3:prefix is used to keep a part of a bucket from being listed, and a shorter prefix lists it all the same.

    A Deny for `private/*` says nothing of a request for `priv`, whose answer holds the same keys. What holds: an Allow with
    StringLike, or a Deny with StringNotLike.

    Flagged:

        {"Effect": "Deny", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::data",
         "Condition": {"StringLike": {"s3:prefix": "private/*"}}}

    Better:

        {"Effect": "Deny", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::data",
         "Condition": {"StringNotLike": {"s3:prefix": "public/*"}}}

    Source: "Bucket policy examples using condition keys" (Amazon S3 User Guide); "IAM policy validation check reference"
    (IAM User Guide): S3 prefix in negative context.
    """
    if condition.key.lower() != "s3:prefix" or conditions.family(condition) != "String":
        return
    if item.allows == (conditions.name_of(condition) or "").startswith("StringNot") and any(condition.values):
        verb = "excepts" if item.allows else "denies"
        message = f"the condition {verb} these prefixes, and a shorter one lists the same keys"
        hint = "allow with StringLike, or deny with StringNotLike, what may be listed"
        yield Problem(message, hint, condition.path)
