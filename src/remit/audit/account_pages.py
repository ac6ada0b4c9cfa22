"""Read what `aws iam get-account-authorization-details` prints: one page, several, or all of them joined.

The command line prints documents as objects, the API gives them as percent-encoded text; both are read. Of a page that
others follow, the API says `IsTruncated`, and the command line (`--max-items`) `NextToken`.

Sources: "GetAccountAuthorizationDetails" (IAM API Reference); "Using the pagination options in the AWS CLI" (AWS CLI
User Guide).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from remit.audit.entities import KINDS, Identity, IdentityKind, InputProblem, ManagedPolicyVersions, PolicyUse
from remit.template.sections import mappings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.audit.documents import Documents

_ARN: Final = re.compile(r"arn:[a-z-]+:iam::([0-9]{12}):")
LISTS: Final = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
"""The lists of a page."""


@dataclass(slots=True)
class AccountPage:
    """One page of a file. `is_last`: no further page follows it."""

    file: str
    identities: list[Identity] = field(default_factory=list)
    managed: list[ManagedPolicyVersions] = field(default_factory=list)
    problems: list[InputProblem] = field(default_factory=list)
    is_last: bool = True


def is_account_page(value: Any) -> bool:
    """Return whether a JSON value is a page of an account's authorization details."""
    return isinstance(value, dict) and any(isinstance(value.get(name), list) for name in LISTS)


def is_last_page(value: Mapping[str, Any]) -> bool:
    """Return whether no further page follows a page."""
    return value.get("IsTruncated") is not True and not value.get("NextToken")


def tags_of(record: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The tags of a user or role, by name and value."""
    return tuple((str(row.get("Key")), str(row.get("Value"))) for row in mappings(record.get("Tags")))


def account_page(value: Mapping[str, Any], file: str, documents: Documents) -> AccountPage:
    """The users, groups, roles and managed policies of a page, their documents added to `documents`."""
    reader = _PageReader(file, documents)
    page = reader.page
    page.is_last = is_last_page(value)
    for kind in KINDS:
        for record in reader.records(value, f"{kind.capitalize()}DetailList"):
            page.identities.append(reader.identity(kind, record))
    for record in reader.records(value, "Policies"):
        page.managed.append(reader.managed_policy(record))
    return page


class _PageReader:
    def __init__(self, file: str, documents: Documents) -> None:
        self.file = file
        self.documents = documents
        self.page = AccountPage(file)

    def records(self, value: Mapping[str, Any], name: str) -> Iterator[dict[str, Any]]:
        """The records of a list that have an ARN of an account, or of AWS; any other entry is noted as a problem.

        A value that is no list counts as one entry.
        """
        rows = value.get(name) or []
        for row in rows if isinstance(rows, list) else [rows]:
            arn = row.get("Arn") if isinstance(row, dict) else None
            if isinstance(arn, str) and (_ARN.match(arn) or ":iam::aws:policy/" in arn):
                yield row
            else:
                self.problem(f"an entry of {name} has no ARN of IAM: it is left out")

    def problem(self, message: str) -> None:
        """Note what is wrong with the file."""
        self.page.problems.append(InputProblem(self.file, message))

    def identity(self, kind: IdentityKind, record: Mapping[str, Any]) -> Identity:
        """One user, group or role. What cannot be read of it is noted as a problem, and stays empty."""
        arn = record["Arn"]
        account = arn.split(":", 5)[4]
        prefix = kind.capitalize()  # IAM names the members alike: UserName, GroupName, RoleName
        policies = []
        for row in mappings(record.get(f"{prefix}PolicyList")):
            name = str(row.get("PolicyName") or "")
            document = self._document(row.get("PolicyDocument"), account, f"the inline policy {name} of {arn}")
            policies.append(PolicyUse(name, document))
        policies += (PolicyUse(str(row.get("PolicyArn"))) for row in mappings(record.get("AttachedManagedPolicies")))
        groups = record.get("GroupList")
        limit = record.get("PermissionsBoundary") or None
        boundary = limit.get("PermissionsBoundaryArn") if isinstance(limit, dict) else limit
        if not isinstance(boundary, str):
            boundary = ""
        if limit is not None and not boundary:
            self.problem(f"the boundary of {arn} has no ARN: whoever has it is undecided")
        trust = record.get("AssumeRolePolicyDocument") if kind == "role" else None
        if trust is not None:
            trust = self._document(trust, account, f"the trust policy of {arn}", "who may assume it") or None
        elif kind == "role":
            self.problem(f"{arn} has no trust policy: who may assume it is undecided")
        return Identity(
            kind,
            arn,
            account,
            str(record.get(f"{prefix}Name") or arn.rpartition("/")[2]),
            str(record.get(f"{prefix}Id") or ""),
            self.file,
            tuple(policies),
            groups=tuple(name for name in groups if isinstance(name, str)) if isinstance(groups, list) else (),
            boundary=None if limit is None else PolicyUse(boundary),
            trust=trust,
            tags=tags_of(record),
            in_instance_profile=bool(record.get("InstanceProfileList")),
        )

    def managed_policy(self, record: Mapping[str, Any]) -> ManagedPolicyVersions:
        """One managed policy, a customer's or AWS's.

        Without exactly one default version that can be read, `default` is empty, which is noted as a problem.
        """
        arn = record["Arn"]
        account = arn.split(":", 5)[4]
        default, older = "", []
        default_versions = []
        for version in mappings(record.get("PolicyVersionList")):
            identifier = str(version.get("VersionId") or "")
            document = self._document(version.get("Document"), account, f"{arn}, version {identifier},")
            if version.get("IsDefaultVersion") is True or identifier == record.get("DefaultVersionId"):
                default_versions.append(identifier)
                default = document
            elif document:
                older.append((identifier, document))
        if not default_versions:
            self.problem(f"{arn} has no default version: whoever has it is undecided")
        if len(default_versions) > 1:
            names = ", ".join(default_versions)
            self.problem(f"{arn} has several default versions ({names}): whoever has it is undecided")
            default = ""
        return ManagedPolicyVersions(arn, self.file, default, tuple(older))

    def _document(self, document: Any, account: str, subject: str, undecided: str = "whoever has it") -> str:
        """The key of a document; empty: it is no JSON, which is noted."""
        try:
            return self.documents.add(document, account)
        except ValueError:
            self.problem(f"{subject} is no JSON document: {undecided} is undecided")
            return ""
