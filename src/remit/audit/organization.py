"""The organization of the accounts: which SCPs and RCPs bind each account, level by level from the root.

The file has the lists that `aws organizations` prints, with the policies of each root, unit and account beside it:

    {"Organization": {"Id": "o-…", "MasterAccountId": "…"},
     "Roots": [{"Id": "r-…", "Policies": ["p-FullAWSAccess"]}],
     "OrganizationalUnits": [{"Id": "ou-…", "ParentId": "r-…", "Policies": […]}],
     "Accounts": [{"Id": "111122223333", "ParentId": "ou-…", "Policies": […]}],
     "Policies": [{"PolicySummary": {"Id": "p-…", "Name": "…", "Type": "SERVICE_CONTROL_POLICY"}, "Content": "{…}"}]}

`Policies` of a target are the ids of `list-policies-for-target`. Source: "AWS Organizations API Reference".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from remit.audit.documents import document_value
from remit.audit.entities import InputProblem, UnreadableFileError
from remit.audit.json_bytes import unzipped, values
from remit.errors import RemitError
from remit.iam.policy import parse
from remit.template.sections import mappings

SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
_EVERYTHING: Final = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
_ANYBODYS_EVERYTHING: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
}
_OF_AWS: Final = {
    "p-FullAWSAccess": (SCP, _EVERYTHING),
    "p-RCPFullAWSAccess": (RCP, _ANYBODYS_EVERYTHING),
}
"""The policies that AWS attaches by itself, which the file may leave out."""
_DEEPEST: Final = 7  # a root, five units below each other, and the account


@dataclass(frozen=True, slots=True)
class ControlPolicy:
    """An SCP or RCP: its id, its type, and its document as an object."""

    id: str
    type: str
    document: dict[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class OrganizationAccount:
    """An account's place: the ids from the root down, and the control policies of each of these levels that bind it.

    `unknown` has why its levels are not known, if so.
    """

    id: str
    path: tuple[str, ...]
    scps: tuple[tuple[ControlPolicy, ...], ...]
    rcps: tuple[tuple[ControlPolicy, ...], ...]
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization: its id, its management account, and the accounts by number."""

    id: str
    management_account: str
    accounts: Mapping[str, OrganizationAccount]

    @property
    def is_unread(self) -> bool:
        """True if its file could not be read, or is none of an organization."""
        return not (self.id or self.accounts)


def organization_of_file(content: bytes, file: str) -> tuple[Organization, tuple[InputProblem, ...]]:
    """The organization of a file, which may be gzip; without any account where the file cannot be read."""
    values_of_file: list[Any] = []
    problems: tuple[InputProblem, ...] = ()
    try:
        values_of_file += values(unzipped(content, file), file)
    except UnreadableFileError as error:  # the values before the mistake count
        problems = (error.problem,)
    if not values_of_file:
        return Organization("", "", {}), problems
    read_organization, further = organization(values_of_file[0], file)
    return read_organization, (*problems, *further)


def organization(value: Any, file: str) -> tuple[Organization, tuple[InputProblem, ...]]:
    """The organization of a file, and what is wrong with the file."""
    reader = _OrganizationReader(value if isinstance(value, dict) else {}, file)
    if not reader.targets:
        reader.problem("it lists neither Roots nor Accounts, and is no organization")
    about = reader.value.get("Organization")
    about = about if isinstance(about, dict) else {}
    management_account = str(about.get("MasterAccountId", ""))
    accounts = {account.id: account for account in reader.accounts(management_account)}
    organization_ = Organization(str(about.get("Id", "")), management_account, accounts)
    return organization_, tuple(dict.fromkeys(reader.problems))


class _OrganizationReader:
    def __init__(self, value: Mapping[str, Any], file: str) -> None:
        self.value = value
        self.file = file
        self.problems: list[InputProblem] = []
        self.targets: dict[str, dict[str, Any]] = {}
        for name in ("Roots", "OrganizationalUnits", "Accounts"):
            for row in mappings(self.value.get(name)):
                self.targets[str(row.get("Id"))] = row
        self.policies = dict(self._policies())
        attached = {identifier for row in self.targets.values() for identifier in _policy_ids(row)}
        policies = (self.policies.get(identifier) for identifier in attached)
        self.used_types = {policy.type for policy in policies if policy is not None}

    def problem(self, message: str) -> None:
        """Note what is wrong with the file."""
        self.problems.append(InputProblem(self.file, message))

    def _policies(self) -> Iterator[tuple[str, ControlPolicy | None]]:
        """The ids of control policies, each with the policy; None where it cannot be read, which is a problem."""
        for identifier, (kind, document) in _OF_AWS.items():
            yield identifier, ControlPolicy(identifier, kind, document)
        for row in mappings(self.value.get("Policies")):
            summary = row.get("PolicySummary")
            about = summary if isinstance(summary, dict) else row
            identifier = str(about.get("Id"))
            try:
                document = document_value(row.get("Content"))
                parse(document)
            except (ValueError, RemitError) as error:
                reason = f"no policy: {error.message}" if isinstance(error, RemitError) else "no JSON document"
                self.problem(f"the control policy {identifier} is {reason}: accounts below it are undecided")
                yield identifier, None
                continue
            yield identifier, ControlPolicy(identifier, str(about.get("Type") or SCP), document)

    def accounts(self, management_account: str) -> Iterator[OrganizationAccount]:
        """The accounts of the file with their levels: none for the management account. Problems are noted."""
        for row in mappings(self.value.get("Accounts")):
            identifier = str(row.get("Id"))
            path, unknown = self._path(identifier)
            scps, of_scps = self._levels(path, SCP)
            rcps, of_rcps = self._levels(path, RCP)
            if identifier == management_account:  # which neither SCPs nor RCPs bind
                scps, rcps = (), ()
            reasons = tuple(dict.fromkeys((*unknown, *of_scps, *of_rcps)))
            yield OrganizationAccount(identifier, path, scps, rcps, reasons)

    def _path(self, account: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The ids from the root to an account, and why they are not known, if so."""
        path: list[str] = []
        target = account
        while len(path) < _DEEPEST:
            row = self.targets.get(target)
            if row is None:
                missing = f"{target} is the parent of {path[-1]}" if path else f"{target} is not listed"
                return self._unplaced(account, path, f"{missing}, and is not in the file")
            path.append(target)
            if target.startswith("r-"):  # roots alone have such ids, and no parent
                return tuple(reversed(path)), ()
            if not row.get("ParentId"):
                return self._unplaced(account, path, f"{target} has no ParentId")
            target = str(row["ParentId"])
        return self._unplaced(account, path, "its ParentIds never reach a root")

    def _unplaced(self, account: str, path: list[str], reason: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Note a problem; give the levels as far as they are known, and the sentence that says so."""
        self.problem(f"account {account} has no place in the organization: {reason}")
        return tuple(reversed(path)), (f"the control policies of account {account} are not known: {reason}",)

    def _levels(self, path: tuple[str, ...], kind: str) -> tuple[tuple[tuple[ControlPolicy, ...], ...], list[str]]:
        """The policies of a kind of each level, and why some are not known."""
        is_enabled = kind in self.used_types  # else the organization has not enabled such policies at all
        levels: list[tuple[ControlPolicy, ...]] = []
        unknown: list[str] = []
        for target in path:
            level: list[ControlPolicy] = []
            for identifier in _policy_ids(self.targets[target]):
                policy = self.policies.get(identifier)
                if policy is None:
                    unknown.append(f"the control policy {identifier} of {target} is not known")
                    if identifier not in self.policies:
                        self.problem(f"the control policy {identifier} of {target} is not in the file")
                elif policy.type == kind:
                    level.append(policy)
            if kind == SCP and is_enabled and not level and not unknown:
                self.problem(f"{target} has no SCP, and AWS leaves each target at least one")
                unknown.append(f"the SCPs of {target} are not in the file")
            levels.append(tuple(level))
        return tuple(levels) if is_enabled else (), unknown


def _policy_ids(row: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids of a target's policies, which may be summaries as `list-policies-for-target` prints them."""
    listed = row.get("Policies")
    if not isinstance(listed, list):
        return ()
    return tuple(str(item.get("Id")) if isinstance(item, dict) else str(item) for item in listed)
