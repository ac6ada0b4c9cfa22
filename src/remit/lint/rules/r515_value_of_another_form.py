"""A value that the condition key never has: another kind of id, a word that is none of its few.

The condition is never met (negated: always). `aws:SourceVpc` holds `vpc-…` and `aws:SourceVpce` `vpce-…`; ids of
organisations begin with `o-`. S3 knows the encryption `AES256`, and no `AES-256`.

Flagged:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"StringEquals": {"aws:SourceVpc": "vpce-0a1b2c3d"}}}

Better:

    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*",
     "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-0a1b2c3d"}}}

Source: "AWS global condition context keys" (IAM User Guide); "PutObject" (Amazon S3 API Reference); "kms:ViaService"
(AWS KMS Developer Guide).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from remit.catalogue.actions import value_type
from remit.did_you_mean import nearest
from remit.iam.placeholders import placeholder
from remit.lint import conditions, principals
from remit.lint.finding import ERROR, WARNING, Problem
from remit.lint.plain_text import is_plain
from remit.lint.reference_samples import settled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.iam.policy import Condition
    from remit.lint.finding import Spot
    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR
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


def conditional(item: ParsedStatement) -> Iterator[Problem]:
    """Values of keys whose form is known."""
    for condition in item.statement.conditions:
        key = condition.key.lower()
        if key in _DATES and conditions.family(condition) == "Date":
            yield from _seconds(condition)
        family = conditions.family(condition)
        holds_arn = family == "String" and value_type(key) == "ARN"
        if not (key in _FORMS or key in _WORDS or holds_arn) or family not in ("String", "ARN"):
            continue
        for value in condition.values:
            if is_plain(settled(value)) and placeholder(value) is None:
                yield from _problem(condition, value)


def _problem(condition: Condition, value: str) -> Iterator[Problem]:
    """What is wrong with a value. In a template it may have the region's reference in it, which `settled` fills in."""
    key, spot = condition.key.lower(), ("Condition", condition.spelled, condition.key, value)
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
    """A word that the key never is; operators that ignore case take it in any."""
    words = _WORDS[condition.key.lower()]
    in_any_case = next((word for word in words if word.lower() == value.lower()), None)
    if value in words or (in_any_case is not None and "IgnoreCase" in condition.operator):
        return
    meant = in_any_case or nearest(value, words)
    hint = f"did you mean '{meant}'?" if meant else f"one of {', '.join(words)}"
    yield Problem(f"{condition.key} is never '{value}'", hint, spot)


def _key_of_form(key: str, value: str) -> str | None:
    """The other key whose values begin like this one."""
    for beginning, name in _KEYS_BY_BEGINNING.items():
        if value.startswith(beginning):
            return name if name.lower() != key else None
    return None


def _seconds(condition: Condition) -> Iterator[Problem]:
    """Seconds since 1970, which nobody reads."""
    for value in condition.values:
        if value.isdigit() and len(value) > _YEAR:
            message = f"'{value}' counts seconds since 1970: nobody reads when that is"
            hint = f"write '{datetime.fromtimestamp(int(value) % _END, UTC):%Y-%m-%dT%H:%M:%SZ}'"
            yield Problem(message, hint, ("Condition", condition.spelled, condition.key, value), WARNING)


def _meant(key: str, value: str) -> str | None:
    """The service that was meant, in the form that the key has."""
    label = value.lower().removesuffix(".amazonaws.com")
    if key == "kms:viaservice" and re.fullmatch(r"[a-z0-9-]+", label):
        return f"write '{label}.REGION.amazonaws.com'"
    mistake = principals.of_service(value) if _FORMS.get(key) is _SERVICE else None
    return mistake[1] if mistake is not None else None
