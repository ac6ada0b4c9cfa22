"""Read a file of resource policies: a list, or one after the other, of resources with their policies.

    [{"Arn": "arn:aws:s3:::orders", "Account": "111122223333", "Policy": {…}}]

`Policy` is an object or its text, as `get-bucket-policy` and its like print it. `Account` may be left out where the ARN
has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from remit.audit.documents import document_value
from remit.audit.entities import InputProblem, UnreadableFileError
from remit.audit.json_bytes import compact, rows, unzipped

_ARN_COLONS: Final = 5
INCOMPLETE: Final = ".incomplete.json"
"""How the name of a file ends that `remit audit collect` could not complete."""


@dataclass(frozen=True, slots=True)
class ResourcePolicy:
    """A resource, the account that owns it (empty: not known), and the JSON text of its policy."""

    arn: str
    account: str
    text: str

    @property
    def service(self) -> str:
        """The service whose requests the policy is about: STS, where the resource is a role."""
        service = self.arn.split(":", 3)[2]
        return "sts" if service == "iam" else service


def resource_policies(content: bytes, file: str) -> tuple[tuple[ResourcePolicy, ...], tuple[InputProblem, ...]]:
    """The resources of a file, which may be gzip, and what is wrong with it.

    Nothing is raised: the resources before a mistake count.
    """
    policies: list[ResourcePolicy] = []
    problems: list[InputProblem] = []
    if file.endswith(INCOMPLETE):
        problems.append(
            InputProblem(file, "it lacks what AWS refused to `remit audit collect`, which would try it again")
        )
    try:
        for row in rows(unzipped(content, file), file):
            item = _policy(row)
            if isinstance(item, ResourcePolicy):
                policies.append(item)
            else:
                problems.append(InputProblem(file, item))
    except UnreadableFileError as error:
        problems.append(error.problem)
    return tuple(policies), tuple(problems)


def _policy(row: Any) -> ResourcePolicy | str:
    """A resource with its policy, or what is wrong with the entry."""
    arn = row.get("Arn") if isinstance(row, dict) else None
    if not isinstance(arn, str) or not arn.startswith("arn:") or arn.count(":") < _ARN_COLONS:
        return "an entry has no Arn, and is left out"
    account = str(row.get("Account") or arn.split(":", _ARN_COLONS)[4])
    if not account:
        return f"{arn} has no Account, so that it is not known who is outside: it is left out"
    try:
        return ResourcePolicy(arn, account, compact(document_value(row.get("Policy"))))
    except ValueError:
        return f"the policy of {arn} is no JSON document: it is left out"
