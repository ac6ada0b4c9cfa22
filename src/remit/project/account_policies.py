"""`config/policies/NAME.json`: what managed policies of the account say that roles name, a permissions boundary say.

Nothing deploys them: they are for questions about roles, and for the AWS of this machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.errors import Mistakes, Origin, RemitError
from remit.project import plain_files
from remit.project.layout import POLICIES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from remit.iam.policy import Policy

_HINT = 'such a file is a policy document in JSON, as IAM spells it: {"Version": "2012-10-17", "Statement": […]}'


def account_policies(folder: Path) -> Mapping[str, Policy]:
    """The policies by their names, without their paths. RemitError has each mistake, at its file, line and column."""
    policies: dict[str, Policy] = {}
    mistakes = Mistakes()
    for path in sorted((folder / POLICIES).glob("*.json")):
        with mistakes.noted():
            policies[path.stem] = _policy(path, f"{POLICIES}/{path.name}")
    mistakes.refuse()
    return policies


def _policy(path: Path, file: str) -> Policy:
    from remit.template.policy_files import read_side  # noqa: PLC0415 - most projects have no such file

    read = read_side(plain_files.content(path, file) or b"", file)
    if not read.single:
        raise RemitError(f"{file} holds no single policy document", hint=_HINT, origin=Origin(file, 1))
    (policy,) = read.layers.identity
    return policy
