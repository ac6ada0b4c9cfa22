"""Read `config/policies/NAME.json`, the texts of the account's own managed policies, such as a permissions boundary.

Nothing deploys them: they are for questions about roles, and for the AWS of this machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.errors import Mistakes
from remit.project import plain_files
from remit.source.layout import POLICIES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from remit.iam.policy import Policy

_HINT = 'such a file is a policy document in JSON, as IAM spells it: {"Version": "2012-10-17", "Statement": […]}'


def account_policies(folder: Path) -> Mapping[str, Policy]:
    """The policies by their names, without their paths. RemitError has each mistake, at its file, line and column."""
    policies: dict[str, Policy] = {}
    mistakes = Mistakes()
    for path in plain_files.listed(folder / POLICIES):
        with mistakes.noted():
            policies[path.stem] = _policy(path, f"{POLICIES}/{path.name}")
    mistakes.refuse()
    return policies


def _policy(path: Path, file: str) -> Policy:
    from remit.template.policy_files import read_policy  # noqa: PLC0415 - most projects have no such file

    policy, _ = read_policy(plain_files.json_content(path, file, "a policy", _HINT) or b"", file, _HINT)
    return policy
