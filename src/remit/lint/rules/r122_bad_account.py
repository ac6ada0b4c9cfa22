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
from remit.iam.placeholders import placeholder
from remit.lint import arn_parts, conditions
from remit.lint.arn_parts import are_exchanged
from remit.lint.finding import ERROR, WARNING, Problem
from remit.lint.plain_text import holds_placeholder, is_plain
from remit.lint.reference_samples import settled

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    arns = [(spot, arn) for spot, arn in item.arns if not holds_placeholder(str(arn)) and not are_exchanged(arn)]
    for spot, arn in arns:  # R129 and R123 tell of the others
        if not arn.account and arn.service.lower() in arn_parts.REGIONAL and is_plain(arn.service):
            yield spot, ""
        elif not arn.account and arn_parts.always_has("account", arn):
            yield spot, _LEFT_OUT
        if arn.account not in _NO_NUMBERS and arn.service != _OF_ALARMS:
            yield spot, arn.account
    for condition in item.statement.conditions:
        if condition.key.lower() in _KEYS and conditions.family(condition) == "String":
            values = [value for value in condition.values if placeholder(value) is None]
            yield from ((("Condition", condition.spelled, condition.key, value), value) for value in values)
    for kind, value in item.principals:
        if kind == "AWS" and value.isdigit():
            yield ("Principal", kind, value), value


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
