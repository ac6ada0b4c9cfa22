"""The nouns of an audit: what an account's files say about its users, groups, roles and managed policies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from remit.errors import RemitError

IdentityKind: TypeAlias = Literal["user", "group", "role"]
KINDS: Final[tuple[IdentityKind, ...]] = ("user", "group", "role")


@dataclass(frozen=True, slots=True, order=True)
class InputProblem:
    """Something wrong with an input: the file, and a sentence. What it makes unknown is never counted as fine."""

    file: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}: {self.message}"


class UnreadableFileError(RemitError):
    """A file cannot be read; `problem` is what a report says of it."""

    def __init__(self, file: str, message: str) -> None:
        self.problem = InputProblem(file, message)
        super().__init__(str(self.problem))


@dataclass(frozen=True, slots=True)
class PolicyUse:
    """A policy that somebody has: its name (of an inline policy) or ARN, its document's key, the group it comes from.

    The key is empty where the document cannot be read, or, of a managed policy, before an account's pages are joined.
    """

    name: str
    document: str = ""
    group: str = ""

    @property
    def is_managed(self) -> bool:
        """True if it is named by an ARN."""
        return self.name.startswith("arn:")

    @property
    def spelled(self) -> str:
        """As people read it: `report (inline)`, `arn:aws:iam::aws:policy/ReadOnlyAccess, by group auditors`."""
        name = self.name if self.is_managed else f"{self.name} (inline)"
        return f"{name}, by group {self.group}" if self.group else name


@dataclass(frozen=True, slots=True)
class Identity:
    """A user, group or role. Documents are keys of `Documents`; of a trust policy None, where it cannot be read.

    `policies` are those that a file lists, and once the pages are joined those that can be read, its groups' included;
    `unknown` has then why its access cannot be decided, if so. `groups` are the names of a user's groups.
    `in_instance_profile`: EC2 instances may run as the role.
    """

    kind: IdentityKind
    arn: str
    account: str
    name: str
    unique_id: str
    file: str
    policies: tuple[PolicyUse, ...] = ()
    groups: tuple[str, ...] = ()
    boundary: PolicyUse | None = None
    trust: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    in_instance_profile: bool = False
    unknown: tuple[str, ...] = ()

    @property
    def limits(self) -> tuple[PolicyUse, ...]:
        """Its boundary, if it has one that can be read."""
        return () if self.boundary is None or not self.boundary.document else (self.boundary,)


@dataclass(frozen=True, slots=True)
class ManagedPolicyVersions:
    """A managed policy of a file: the document of its default version (empty: it cannot be read), and the others."""

    arn: str
    file: str
    default: str
    older: tuple[tuple[str, str], ...] = ()
