"""What a real request looks like: an ARN that its action takes, keys as AWS spells them, values of their form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from remit.catalogue.actions import action
from remit.catalogue.arns import fill
from remit.catalogue.condition_keys import global_key
from remit.iam.prove.alphabet import own_place
from remit.iam.prove.glob_sets import FRESH

if TYPE_CHECKING:
    from remit.catalogue.actions import ActionTarget

PARTITION, REGION, ACCOUNT = "aws", "us-east-1", "111122223333"
_FILLED: Final = {"Partition": PARTITION, "Region": REGION, "Account": ACCOUNT}
_SHORTEST: Final = 6  # an ARN's parts
_VALUES: Final = {
    "aws:principalaccount": ACCOUNT,
    "aws:resourceaccount": ACCOUNT,
    "aws:sourceaccount": ACCOUNT,
    "kms:calleraccount": ACCOUNT,
    "aws:requestedregion": REGION,
    "aws:principalorgid": "o-exampleorgid",
    "aws:resourceorgid": "o-exampleorgid",
    "aws:sourceorgid": "o-exampleorgid",
    "aws:principalarn": f"arn:aws:iam::{ACCOUNT}:role/example",
    "aws:sourcevpc": "vpc-1a2b3c4d",
    "aws:sourcevpce": "vpce-1a2b3c4d",
}
_USUAL: Final = ("object", "bucket", "instance", "table", "function", "queue", "topic", "role", "key", "log-group")
_OF_SERVICE: Final = re.compile(f"([a-z0-9-]+\\.){FRESH}(\\.amazonaws\\.com)")


def resource_of(name: str) -> str | None:
    """An ARN (encoded) that an existing action takes, `*` when it takes none; None when the action is not known."""
    known = action(name)
    if known is None:
        return None
    if not known.targets:
        return "*"
    target = min(known.targets, key=lambda one: _oddity(one, known.service))
    return arn(fill(target.type.arns[0], _FILLED, FRESH).replace("*", FRESH)) if target.type.arns else None


def _oddity(target: ActionTarget, service: str) -> tuple[bool, bool, int]:
    usual = _USUAL.index(target.type.name) if target.type.name in _USUAL else len(_USUAL)
    return not target.required, target.type.service != service, usual


def arn(text: str) -> str:
    """An ARN (encoded) with a partition, a region and an account where nothing says which; other texts as they are."""
    parts = text.split(":", _SHORTEST - 1)
    if len(parts) != _SHORTEST or parts[0] != "arn":
        return text
    usual = (PARTITION, parts[2], REGION, ACCOUNT)
    parts[1:5] = [given if part == FRESH else part for part, given in zip(parts[1:5], usual, strict=True)]
    return ":".join(parts)


def key(name: str) -> str:
    """A condition key as AWS spells it, where only its folded form is known."""
    known = global_key(name) if name == name.lower() else None
    return name if known is None else known.name + name[len(known.name) :]


def value(name: str, state: str) -> str:
    """A key's value (encoded) of the form that the key has."""
    if state == FRESH or own_place(state) is not None:
        return _VALUES.get(name.lower(), state)
    return arn(_OF_SERVICE.sub(f"\\g<1>{REGION}\\2", state))
