"""An account number that no account has: not twelve digits.

A number that was not quoted loses its leading zeros; dashes are for people.

Flagged:

    {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "arn:aws:dynamodb:us-east-1:11112222333:table/orders"}

Better:

    {"Effect": "Allow", "Action": "dynamodb:GetItem",
     "Resource": "arn:aws:dynamodb:us-east-1:011112222333:table/orders"}

Source: "View AWS account identifiers" (AWS Account Management Reference Guide); "PutMetricAlarm" (Amazon CloudWatch API
Reference).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.catalogue.arns import OWNERS
from remit.lint import arn_parts
from remit.lint.finding import ERROR, WARNING, Problem
from remit.lint.plain_text import holds_placeholder, is_plain
from remit.lint.reference_samples import settled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.catalogue.arns import Arn
    from remit.lint.finding import Spot
    from remit.lint.rule_inputs import ParsedStatement

SEVERITY = ERROR
_DIGITS = 12
_LEFT_OUT = "left out"
_KEYS = frozenset({
    "aws:sourceaccount", "aws:principalaccount", "aws:resourceaccount", "s3:resourceaccount", "aws:vpceaccount",
    "kms:calleraccount",
})  # fmt: skip
_NO_NUMBERS = OWNERS | {"", "*"}
_OF_ALARMS = "automate"
"""The ARN of what an alarm does has a service in the account's place: `arn:aws:automate:REGION:ec2:stop`."""
_UNSET = frozenset({"none", "null", "undefined", "nan"})


def statement(item: ParsedStatement) -> Iterator[Problem]:
    """Accounts in ARNs, principals and conditions."""
    for spot, account in _accounts(item):
        if not account:
            message = "the ARN leaves out the account: no resource of this service has such a one, and nothing matches"
            yield Problem(message, "write the account, or * for every one", spot)
        elif account == _LEFT_OUT:
            message = "the ARN leaves out the account: no resource of this service has such a one"
            yield Problem(message, "write the account, or * for every one", spot, WARNING)
        elif is_plain(number := settled(account)) and not (number.isdigit() and len(number) == _DIGITS):
            yield from _problem(account, spot)


def _accounts(item: ParsedStatement) -> Iterator[tuple[Spot, str]]:
    for spot, arn in item.arns:
        if not arn.account and arn.service.lower() in arn_parts.REGIONAL and is_plain(arn.service):
            yield spot, ""
        elif not arn.account and arn_parts.always_has("account", arn):
            yield spot, _LEFT_OUT
        if arn.account not in _NO_NUMBERS and arn.service != _OF_ALARMS and not _told_elsewhere(arn):
            yield spot, arn.account
    for condition in item.statement.conditions:
        if condition.key.lower() in _KEYS and condition.operator in ("StringEquals", "StringEqualsIgnoreCase"):
            for value in condition.values:
                yield ("Condition", condition.spelled, condition.key, value), value
    for kind, value in item.principals:
        if kind == "AWS" and value.isdigit():
            yield ("Principal", kind, value), value


def _told_elsewhere(arn: Arn) -> bool:
    """Whether R129 finds a placeholder in the account, or R123 that region and account are exchanged."""
    exchanged = (arn.region, arn.account) == ("${AWS::AccountId}", "${AWS::Region}")
    return exchanged or holds_placeholder(arn.account)


def _problem(account: str, spot: Spot) -> Iterator[Problem]:
    digits = account.replace("-", "").replace(" ", "")
    if not digits.isdigit():
        reason = "an unset value was put in" if account.lower() in _UNSET else "an account is a number"
        yield Problem(f"the account is '{account}': {reason}, and nothing matches", "write the twelve digits", spot)
    elif len(digits) == _DIGITS:
        yield Problem(f"the account '{account}' has dashes: nothing matches", f"write '{digits}'", spot)
    else:
        lost = f"a leading zero was lost? write '{digits.zfill(_DIGITS)}'" if len(digits) < _DIGITS else None
        message = f"the account '{account}' has {len(digits)} digits: AWS accounts have {_DIGITS}"
        yield Problem(message, lost or "remove what is too much", spot)
