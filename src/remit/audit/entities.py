"""The nouns of an audit: what an account's files say about its users, groups, roles and managed policies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from remit.errors import RemitError

EntityKind: TypeAlias = Literal["user", "group", "role"]
KINDS: Final[tuple[EntityKind, ...]] = ("user", "group", "role")


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
class Entity:
    """A user, group or role as a file has it. Documents are keys of `Documents`; None: the document cannot be read.

    `inline` are pairs of a policy's name and its document, `attached` the ARNs of managed policies, `groups` the names
    of a user's groups. `in_instance_profile`: EC2 instances may run as the role.
    """

    kind: EntityKind
    arn: str
    account: str
    name: str
    unique_id: str
    file: str
    inline: tuple[tuple[str, str | None], ...] = ()
    attached: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    boundary: str | None = None
    trust: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    in_instance_profile: bool = False


@dataclass(frozen=True, slots=True)
class ManagedPolicyVersions:
    """A managed policy of a file: the document of its default version (None: it cannot be read), and the others."""

    arn: str
    file: str
    default: str | None
    older: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyUse:
    """A document that a principal has: its name (of an inline policy) or ARN, and its key; `group` it comes from."""

    name: str
    document: str
    group: str = ""

    @property
    def spelled(self) -> str:
        """As people read it: `report (inline)`, `arn:aws:iam::aws:policy/ReadOnlyAccess, by group auditors`."""
        name = self.name if self.name.startswith("arn:") else f"{self.name} (inline)"
        return f"{name}, by group {self.group}" if self.group else name


@dataclass(frozen=True, slots=True)
class Identity:
    """A user or role, with all documents that bear on it. `unknown` has why its access cannot be decided, if so."""

    entity: Entity
    policies: tuple[PolicyUse, ...]
    boundary: PolicyUse | None
    unknown: tuple[str, ...] = ()

    @property
    def uses(self) -> tuple[PolicyUse, ...]:
        """Its policies and its boundary."""
        return self.policies if self.boundary is None else (*self.policies, self.boundary)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self.entity.arn

    @property
    def account(self) -> str:
        """The number of its account."""
        return self.entity.account
