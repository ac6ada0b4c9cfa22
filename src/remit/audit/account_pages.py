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

from remit.audit.entities import KINDS, Entity, InputProblem, ManagedPolicyVersions
from remit.template.sections import mappings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.audit.documents import Documents
    from remit.audit.entities import EntityKind

_ARN: Final = re.compile(r"arn:[a-z-]+:iam::([0-9]{12}):")
LISTS: Final = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
"""The lists of a page."""


@dataclass(slots=True)
class AccountPage:
    """One page of a file. `is_last`: no further page follows it."""

    file: str
    entities: list[Entity] = field(default_factory=list)
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
    """The entities and managed policies of a page, their documents added to `documents`."""
    reader = _PageReader(file, documents)
    page = reader.page
    page.is_last = is_last_page(value)
    for kind in KINDS:
        for record in reader.records(value, f"{kind.capitalize()}DetailList"):
            page.entities.append(reader.entity(kind, record))
    for record in reader.records(value, "Policies"):
        page.managed.append(reader.managed_policy(record))
    return page


class _PageReader:
    def __init__(self, file: str, documents: Documents) -> None:
        self.file = file
        self.documents = documents
        self.page = AccountPage(file)

    def records(self, value: Mapping[str, Any], name: str) -> Iterator[dict[str, Any]]:
        """The records of a list that have an ARN of an account, or of AWS."""
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

    def entity(self, kind: EntityKind, record: Mapping[str, Any]) -> Entity:
        """One user, group or role."""
        arn = record["Arn"]
        account = arn.split(":", 5)[4]
        prefix = kind.capitalize()  # IAM names the members alike: UserName, GroupName, RoleName
        inline = []
        for row in mappings(record.get(f"{prefix}PolicyList")):
            name = str(row.get("PolicyName") or "")
            document = self._document(row.get("PolicyDocument"), account, f"the inline policy {name} of {arn}")
            inline.append((name, document))
        boundary = record.get("PermissionsBoundary") or None
        if isinstance(boundary, dict):
            boundary = boundary.get("PermissionsBoundaryArn")
        if record.get("PermissionsBoundary") and not (isinstance(boundary, str) and boundary):
            self.problem(f"the boundary of {arn} has no ARN: whoever has it is undecided")
            boundary = ""
        trust = record.get("AssumeRolePolicyDocument") if kind == "role" else None
        if trust is not None:
            trust = self._document(trust, account, f"the trust policy of {arn}", "who may assume it")
        elif kind == "role":
            self.problem(f"{arn} has no trust policy: who may assume it is undecided")
        return Entity(
            kind,
            arn,
            account,
            str(record.get(f"{prefix}Name") or arn.rpartition("/")[2]),
            str(record.get(f"{prefix}Id") or ""),
            self.file,
            inline=tuple(inline),
            attached=tuple(str(row.get("PolicyArn")) for row in mappings(record.get("AttachedManagedPolicies"))),
            groups=tuple(name for name in record.get("GroupList") or () if isinstance(name, str)),
            boundary=boundary,
            trust=trust,
            tags=tags_of(record),
            in_instance_profile=bool(record.get("InstanceProfileList")),
        )

    def managed_policy(self, record: Mapping[str, Any]) -> ManagedPolicyVersions:
        """One managed policy, a customer's or AWS's."""
        arn = record["Arn"]
        account = arn.split(":", 5)[4]
        default, older = None, []
        default_versions = []
        for version in mappings(record.get("PolicyVersionList")):
            identifier = str(version.get("VersionId") or "")
            is_default = version.get("IsDefaultVersion") is True or identifier == record.get("DefaultVersionId")
            document = self._document(version.get("Document"), account, f"{arn}, version {identifier},")
            if is_default:
                default_versions.append(identifier)
                default = document
            elif document is not None:
                older.append((identifier, document))
        if not default_versions:
            self.problem(f"{arn} has no default version: whoever has it is undecided")
        if len(default_versions) > 1:
            names = ", ".join(default_versions)
            self.problem(f"{arn} has several default versions ({names}): whoever has it is undecided")
            default = None
        return ManagedPolicyVersions(arn, self.file, default, tuple(older))

    def _document(self, document: Any, account: str, subject: str, undecided: str = "whoever has it") -> str | None:
        """The key of a document; None: it is no JSON, which is noted."""
        try:
            return self.documents.add(document, account)
        except ValueError:
            self.problem(f"{subject} is no JSON document: {undecided} is undecided")
            return None
