"""ARNs, condition keys and values as they look in real requests, for the examples that findings come with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from remit.catalogue.actions import action
from remit.catalogue.arns import fill
from remit.catalogue.condition_keys import global_key
from remit.iam.prove.encoded_text import own_place
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
    """An ARN (encoded) that an action takes, `*` if it takes none; None if the catalogue does not have the action."""
    aws_action = action(name)
    if aws_action is None:
        return None
    if not aws_action.targets:
        return "*"
    target = min(aws_action.targets, key=lambda candidate: _oddity(candidate, aws_action.service))
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
    parts[1:5] = [usual_part if part == FRESH else part for part, usual_part in zip(parts[1:5], usual, strict=True)]
    return ":".join(parts)


def key(name: str) -> str:
    """A condition key as AWS spells it, where only its folded form is known."""
    definition = global_key(name) if name == name.lower() else None
    return name if definition is None else definition.name + name[len(definition.name) :]


def value(name: str, state: str) -> str:
    """A key's value (encoded) of the form that the key has."""
    if state == FRESH or own_place(state) is not None:
        return _VALUES.get(name.lower(), state)
    return arn(_OF_SERVICE.sub(f"\\g<1>{REGION}\\2", state))
