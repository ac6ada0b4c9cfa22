"""The forms of names that AWS takes for resources: a table kept by hand, since schemas leave most of it out.

Sources (2026-11): "General purpose bucket naming rules" (Amazon S3 User Guide); CreateQueue (Amazon SQS API Reference);
CreateTopic (Amazon SNS API Reference); CreateTable (Amazon DynamoDB API Reference); CreateLogGroup (Amazon CloudWatch
Logs API Reference); CreateSecret (AWS Secrets Manager API Reference); PutParameter (AWS Systems Manager API Reference);
CreateStream (Amazon Kinesis Data Streams API Reference); CreateDeliveryStream (Amazon Data Firehose API Reference);
CreateEventBus, PutRule (Amazon EventBridge API Reference); CreateSchedule (EventBridge Scheduler API Reference);
CreateRole, CreatePolicy (IAM API Reference); CreateUserPool (Amazon Cognito user pools API Reference); CreateAlias
(AWS KMS API Reference).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from remit.catalogue.types import resource_type

_LATE_PART: Final = "0"
"""What stands for a part that only the deploy knows: every name may have it anywhere."""


class NameRule(NamedTuple):
    """The names of a type: their form, the least of their characters, and what else they cannot be.

    The property that has them, and their most characters, are in the type's row (`ResourceType.naming`).
    """

    form: str
    """A regular expression."""
    words: str
    """What it is made of: `letters, digits, - and _`."""
    least: int = 1
    never: tuple[tuple[str, str], ...] = ()
    """Forms that no name has, and what to say of each."""
    reserved: tuple[tuple[str, str], ...] = ()
    """The same for names that AWS's own resources have: nobody can make one, but it may exist."""


NAME_RULES: Final = {
    "AWS::S3::Bucket": NameRule(
        r"[a-z0-9.-]*",
        "small letters, digits, dots and hyphens",
        least=3,
        never=(
            (r"^[.-]|[.-]$", "it begins and ends with a letter or a digit"),
            (r"\.\.", "no dot follows another"),
            (r"^\d+\.\d+\.\d+\.\d+$", "it is not an IP address"),
            (r"^(xn--|sthree-|amzn-s3-demo-)", "it does not begin with xn--, sthree- or amzn-s3-demo-"),
            (
                r"(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$",
                "-s3alias, --ol-s3, .mrap, --x-s3 and --table-s3 end the names of other things",
            ),
        ),
    ),
    "AWS::SQS::Queue": NameRule(r"[A-Za-z0-9_-]+(\.fifo)?", "letters, digits, - and _"),
    "AWS::SNS::Topic": NameRule(r"[A-Za-z0-9_-]+(\.fifo)?", "letters, digits, - and _"),
    "AWS::DynamoDB::Table": NameRule(r"[A-Za-z0-9_.-]+", "letters, digits, -, . and _", least=3),
    "AWS::DynamoDB::GlobalTable": NameRule(r"[A-Za-z0-9_.-]+", "letters, digits, -, . and _", least=3),
    "AWS::Logs::LogGroup": NameRule(
        r"[A-Za-z0-9._/#-]+",
        "letters, digits, -, ., _, / and #",
        reserved=((r"^aws/", "CloudWatch keeps names that begin with aws/ for itself: /aws/… are free"),),
    ),
    "AWS::SecretsManager::Secret": NameRule(r"[A-Za-z0-9/_+=.@-]+", "letters, digits and /_+=.@-"),
    "AWS::SSM::Parameter": NameRule(
        r"[A-Za-z0-9/_.-]+(:[A-Za-z0-9_.-]+)?",
        "letters, digits, -, ., _ and /",
        never=(
            (r"^[^/]+/", "a name with a / begins with one: /shop/prod/db"),
            (r"//|.+/$", "something stands between its / and after the last one"),
            (r"^(/[^/]*){16}", "it has 15 levels at most"),
        ),
        reserved=(
            (r"(?i)^/?(aws|ssm)", "Parameter Store keeps names that begin with aws or ssm for itself"),
            (r":", "a colon stands before the version of a parameter, and in no name"),
        ),
    ),
    "AWS::Kinesis::Stream": NameRule(r"[A-Za-z0-9_.-]+", "letters, digits, -, . and _"),
    "AWS::KinesisFirehose::DeliveryStream": NameRule(r"[A-Za-z0-9_.-]+", "letters, digits, -, . and _"),
    "AWS::Events::EventBus": NameRule(
        r"[A-Za-z0-9/._-]+",
        "letters, digits, /, ., - and _",
        reserved=((r"^default$|/", "`default` and names with a / are of buses that AWS makes"),),
    ),
    "AWS::Events::Rule": NameRule(r"[A-Za-z0-9._-]+", "letters, digits, ., - and _"),
    "AWS::Scheduler::Schedule": NameRule(r"[A-Za-z0-9._-]+", "letters, digits, ., - and _"),
    "AWS::IAM::Role": NameRule(r"[A-Za-z0-9_+=,.@-]+", "letters, digits and _+=,.@-"),
    "AWS::IAM::ManagedPolicy": NameRule(r"[A-Za-z0-9_+=,.@-]+", "letters, digits and _+=,.@-"),
    "AWS::Cognito::UserPool": NameRule(r"[\w\s+=,.@-]+", "letters, digits, spaces and _+=,.@-"),
    "AWS::KMS::Alias": NameRule(
        r"alias/[A-Za-z0-9/_-]+",
        "alias/, and then letters, digits, /, _ and -",
        least=7,
        reserved=((r"^alias/aws/", "KMS keeps names that begin with alias/aws/ for itself"),),
    ),
}


def broken_rule(
    type_name: str, parts: Iterable[object], *, makes: bool = True, may_be_short: bool = False
) -> str | None:
    """The rule that a name of a type breaks, in words; None: AWS takes it, or nobody knows.

    `parts` of the name are texts, and for what only the deploy knows, which may be anything, something else. `makes`:
    whether the app makes it; else it exists, and may have a name that AWS keeps for itself. `may_be_short`: whether no
    name is too short.
    """
    rule, kind = NAME_RULES.get(type_name), resource_type(type_name)
    if rule is None or kind is None or kind.naming is None:
        return None
    most = kind.naming.most
    parts = tuple(parts)
    literal = "".join(part for part in parts if isinstance(part, str))
    text = "".join(part if isinstance(part, str) else _LATE_PART for part in parts)
    is_long_enough = may_be_short or len(text) >= rule.least or len(text) > len(literal)
    if not is_long_enough or (most is not None and len(literal) > most):
        return f"it has {rule.least} to {most:,} characters"
    if not re.fullmatch(rule.form, text):
        return f"it is made of {rule.words}"
    for pattern, words in (*rule.never, *(rule.reserved if makes else ())):
        if re.search(pattern, text):
            return words
    return None
