"""The nouns of a review: the roles of one version of an app, and what its functions gain and lose in another."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from remit.holders import HeldPolicy, Holder, PolicyHow
from remit.iam.comparison import Comparison, Piece, Undecided
from remit.iam.policy import Policy
from remit.roles.reference_shapes import Shapes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.app import Grant, Resource
    from remit.errors import Origin
    from remit.review.resource_losses import ResourceLoss

SAME: Final = Comparison()
_BEYOND: Final = ("network", "unknown")
"""The kinds of settings that are not compared."""


@dataclass(frozen=True, slots=True)
class AccessSetting:
    """What a property of a resource says about access without a policy; `path` is "" for all of the resource."""

    path: str
    kind: str
    """A kind of `catalogue.type_access`; a role is one that is handed over."""
    opens: str
    """Its order of openness (`PropertyAccess.opens`); of kind `unknown`, why nobody can tell."""
    values: tuple[str, ...]
    """One text, or each item of a list; secrets, and what need not be told, as a digest."""
    door: str = ""
    """What people call the door: `GET /orders`; empty where it is called by the resource's logical id."""
    is_limited: bool = False
    """Whether something else lets in fewer than all."""
    origin: Origin | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Door:
    """Something that lets in more or fewer than before: an authorization, a membership, a grant, a use of a role."""

    id: str
    """What people call it: `GET /orders`, `Pool AllowUnauthenticatedIdentities`."""
    was: str
    now: str
    opens: bool
    """Whether it lets in more; else fewer."""
    public: bool = False
    """Whether it lets in everybody now."""
    origin: Origin | None = None

    @property
    def words(self) -> str:
        """As a line: `GET /orders: AWS_IAM -> everybody`."""
        return f"{self.id}: {self.was} -> {self.now}"


@dataclass(frozen=True, slots=True)
class NotCompared:
    """A property that differs and may bear on access, of which nobody can say here how."""

    type: str
    id: str
    property: str
    why: str
    """`code`, `other template`, `free text`, `unknown type`, `unknown property` or `network`."""


@dataclass(frozen=True, slots=True)
class Given:
    """What one resource lets others than roles do: a bucket's policy, a permission, a share."""

    type: str
    documents: tuple[tuple[Grant, ...], ...] = ()
    """The statements of each of its policies, with their lines."""
    on: tuple[str, ...] = ()
    """What the policies are of, by the text that names it: the bucket of a bucket policy, or the resource itself."""
    arns: tuple[str, ...] = ()
    """The ARN of each of these, late-bound; empty where nobody can tell."""
    is_conditional: bool = False
    """Whether the template's conditions decide if it is there."""
    settings: tuple[AccessSetting, ...] = ()
    """What else of it says who may do what."""
    made_settings: tuple[AccessSetting, ...] = ()
    """The same of a resource that SAM makes: `settings` are then those of SAM's own resource, which says them."""
    unread: frozenset[str] = frozenset()
    """The policies that are known at the deploy only, as text."""
    doubts: frozenset[str] = frozenset()
    """What its policies refer to and that may be something else now, as sentences."""
    is_ceiling: bool = False
    """Whether its policies limit and grant nothing by themselves, as those of a VPC endpoint do."""
    is_gateway: bool = False
    """Whether it is a gateway endpoint of a VPC, whose policies know no principal but `*`."""

    @property
    def policies(self) -> tuple[Policy, ...]:
        """The policies of `documents`, none of which is empty; each has the version of its first statement."""
        policies = []
        for grants in self.documents:
            statements = tuple(grant.statement for grant in grants)
            policies.append(Policy(statements, grants[0].version))
        return tuple(policies)

    def held(self, how: PolicyHow) -> tuple[HeldPolicy, ...]:
        """Its policies as a holder has them, without a name: `how` is the way in which it has them."""
        return tuple(HeldPolicy("", how, *parts) for parts in zip(self.policies, self.documents, strict=True))

    def beside(self, other: Given | None) -> Given:
        """This for a comparison with `other`: with `made_settings`, if SAM makes this and the other is written out."""
        is_written_out = other is not None and not other.made_settings
        return replace(self, settings=self.made_settings) if self.made_settings and is_written_out else self

    @property
    def is_nothing(self) -> bool:
        """True if it has no policy, read or unread, and no setting that is compared."""
        return not (self.documents or self.unread or any(setting.kind not in _BEYOND for setting in self.settings))

    @property
    def meaning(self) -> object:
        """All that it says of others, wherever it stands in a file and in whatever order; "" for nothing.

        Roles that it hands over, and settings that are not compared, are no part of it.
        """
        others = (setting for setting in self.settings if setting.kind not in (*_BEYOND, "role"))
        settings = frozenset(setting for setting in others if setting.opens != "limit")  # which lets in nobody
        policies = frozenset((frozenset(policy.statements), policy.version) for policy in self.policies)
        is_nothing = not (policies or settings or self.unread)
        return "" if is_nothing else (policies, self.on, settings, self.unread, self.is_gateway)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A resource whose policy, or whatever else of it lets others in, differs between the versions."""

    name: str
    type: str
    how: str
    """`added`, `removed` or `changed`."""

    @property
    def words(self) -> str:
        """As a phrase: `policy of bucket Uploads`, `user Ann removed`."""
        resource = f"{type_words(self.type)} {self.name}"
        return resource if self.how == "changed" else f"{resource} {self.how}"


def type_words(kind: str) -> str:
    """A type's policy in words: `bucket policy` for AWS::S3::BucketPolicy, `policy of queue` for AWS::SQS::Queue."""
    plain = resource_words(kind)
    return plain if plain.endswith(_POLICIES_OF_THEIR_OWN) else f"policy of {plain}"


def resource_words(kind: str) -> str:
    """A resource's type in words: `security group`."""
    name = kind.rpartition("::")[2] if "::" in kind else kind.removeprefix("aws_").replace("_", " ")
    return _CAPITAL.sub(" ", name).lower()


_CAPITAL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_POLICIES_OF_THEIR_OWN: Final = ("policy", "permission", "permissions", "url", "user", "group", "addition", "share")
"""How the names end of types that are a policy themselves, or have more than a policy."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an app's roles. `where` says which, as in "the working tree" or "the last deploy"."""

    where: str
    roles: tuple[Holder, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    """What references are known to be, exactly, by their text: `${AWS::Region}`, `${IngestLogGroup.Arn}`."""
    documents: Mapping[str, Policy] = field(default_factory=dict)
    """What managed policies and boundaries said in this version, by their ARN; for others the catalogue is asked."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Which of its versions a managed policy had (`v12`), by its ARN, where `documents` has it."""
    namespace: str = ""
    """The name of the stack, where one is known."""
    others: Mapping[str, str] = field(default_factory=dict)
    """The functions that run under a role that is none of `roles`, and its ARN: what it may do is not known."""
    open: tuple[str, ...] | None = None
    """The functions that everyone may call, by name; None where nobody knows."""
    giving: Mapping[str, Given] | None = None
    """What the app's resources let others do, by their logical id; None where nobody knows."""
    beside: Mapping[str, Given] = field(default_factory=dict)
    """What resources say to its roles, where that is not compared by itself (`giving`)."""
    asked_jointly: frozenset[str] = frozenset()
    """The ARNs of roles that are none of `roles`, and compared together with what `giving` says to them."""
    shapes: Shapes = field(default_factory=Shapes)
    """What is known of its references before the deploy."""
    handed_over: tuple[Holder, ...] | None = None
    """The roles that resources may hand over, where those are not `roles`."""
    resources: tuple[Resource, ...] | None = None
    """All resources of its template; None where nobody asked for them."""

    def as_declared_by(self, declaration: Version) -> Version:
        """A copy of a deployed version without settings of resources that `declaration` does not have, as of triggers.

        The version itself where one of the two does not know what its resources give.
        """
        if self.giving is None or declaration.giving is None:
            return self
        giving = dict(self.giving)
        for name in giving.keys() - declaration.giving.keys():
            giving[name] = replace(giving[name], settings=())
        return replace(self, giving=giving)

    @property
    def contents(self) -> object:
        """A value that is equal for versions of a part between which nothing differs that is compared.

        A part may be the same however the template's conditions fall out.
        """
        giving = self.giving or self.beside
        return (
            self.roles,
            self.handed_over,
            tuple(self.documents.items()),
            tuple(self.others.items()),
            tuple(giving.items()),
        )


def nothing() -> Version:
    """What there is before the first deploy: no role, and nobody to whom a resource gives anything."""
    return Version("nothing", (), giving={})


@dataclass(frozen=True, slots=True)
class Attached:
    """A managed policy or boundary that differs between the versions, told in words beside the pieces.

    `how` is added, removed, swapped (`before` is what was there) or changed (the same ARN, another document).
    """

    kind: str
    """`managed policy` or `boundary`."""
    how: str
    arn: str
    before: str = ""

    @property
    def words(self) -> str:
        """As a sentence without its end: `boundary arn:… removed`."""
        tail = {"swapped": f" in place of {self.before}", "changed": f" changed {self.before}".rstrip()}
        return f"{self.kind} {self.arn}{tail.get(self.how, f' {self.how}')}"


@dataclass(frozen=True, slots=True)
class UnreadPolicy:
    """A policy of which nobody has the document here, so that what its change does is undecided.

    `arn` is empty for something else about the role that its file does not tell.
    """

    arn: str
    reason: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """Something that counts for nothing, because a person gave a reason: a gain, a door, or what is undecided."""

    what: Piece | Undecided | UnreadPolicy | Door
    because: str
    kind: str = "access"
    """`access`, `resource`, `denial` (one that is gone, of the version before), `trust` or `door`."""


@dataclass(frozen=True, slots=True)
class Change:
    """What some functions, which share a role before and after, may do more or less than before.

    `before` and `after` are None where there is no such role: a function that is new gains all that it may do.
    `functions` is empty for a role that serves none. `trust` compares who may take on the role; a piece's resource is
    then the principal.
    """

    functions: tuple[str, ...]
    before: Holder | None
    after: Holder | None
    access: Comparison = SAME
    trust: Comparison = SAME
    attached: tuple[Attached, ...] = ()
    unread: tuple[UnreadPolicy, ...] = ()
    doors: tuple[Door, ...] = ()
    accepted: tuple[Accepted, ...] = ()
    when: tuple[str, ...] = ()
    """What must be so of a template's conditions, in words; empty for what holds however they fall out."""
    of_resource: bool = False
    """Whether it is about what a resource lets others do; `access` has then whom, and `role` is the resource."""
    use: str = ""
    """As whom a resource acts now, in words, where another role is handed over."""

    @property
    def role(self) -> str:
        """The logical id of the role, after or else before; empty where neither version has one."""
        holder = self.after or self.before
        return "" if holder is None else holder.logical_id

    @property
    def title(self) -> str:
        """The role as people are told of it: `user Ann`; empty where neither version has one."""
        holder = self.after or self.before
        return "" if holder is None else holder.title

    @property
    def broadens(self) -> bool:
        """True if something is gained that nobody accepted, or it is not proven that nothing is."""
        is_opened = any(door.opens for door in self.doors)
        return self.access.broadens or self.trust.broadens or bool(self.unread) or is_opened

    @property
    def same(self) -> bool:
        """True if it is proven that nothing differs."""
        return (
            self.access.same and self.trust.same and not (self.attached or self.unread or self.doors or self.accepted)
        )


@dataclass(frozen=True, slots=True)
class Review:
    """Every function's change, in the order of the new version; unchanged ones are left out.

    `notes` are what people should know beside it: policies made by hand that a deploy leaves, policies that could not
    be read.
    """

    old: str
    new: str
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    """The functions of either version, changed or not."""
    roles: tuple[str, ...] = ()
    """The roles of either version that serve no function there, by logical id."""
    elsewhere: tuple[Elsewhere, ...] | None = ()
    """The resources whose own policies differ, those as well that plainly let in nobody new; None: nobody knows."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What references are known to be in the new version, the stack's name among them."""
    shapes: Mapping[str, str] = field(default_factory=dict)
    """The shapes of the new version's references, by their text."""
    not_compared: tuple[NotCompared, ...] = ()
    """What else differs and may bear on access."""
    losses: tuple[ResourceLoss, ...] | None = None
    """The resources that are removed or replaced; None where the templates were not compared."""

    @property
    def broadens(self) -> bool:
        """True if some function gains something, or it is not proven that none does."""
        return any(change.broadens for change in self.changes)

    def leaves_open(self, *, strict: bool) -> bool:
        """Return whether access is gained or undecided, or, if `strict`, something but network was not compared."""
        is_left_out = any(item.why != "network" for item in self.not_compared)
        return self.broadens or (strict and is_left_out)
