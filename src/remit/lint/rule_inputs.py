"""Subjects of rules: a policy document, its statements, a function's environment, an app.

Every hook of a rule gets one of these nouns, or a template (`template/written_template.py`). Where a document came from
(an app, a policy file, a template) does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from remit.catalogue.arns import Arn
from remit.catalogue.arns import parse as parse_arn
from remit.catalogue.expand import expand
from remit.iam.length import length
from remit.iam.pattern import is_pattern
from remit.iam.policy import VERSION, Policy, Statement, render
from remit.iam.tokens import REFERENCE, textual, with_leaves
from remit.lint import resource_fit
from remit.lint.finding import ERROR, WARNING, Spot
from remit.lint.plain_text import sample
from remit.template.branches import NO_VALUE, ConditionOutcome, choice, may_vary

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    from remit.app import App, Grant
    from remit.errors import Origin
    from remit.holders import Holder
    from remit.lint.unfilled_places import UnfilledPlace

Locate: TypeAlias = "Callable[[Spot], Origin | None]"
"""Gives the origin of a spot; of one that is not there, of its nearest part that is."""

IDENTITY, TRUST, RESOURCE, CONTROL = "identity", "trust", "resource", "control"
"""Kinds of documents: of a role or user, who may assume a role, of a resource, of an organisation (SCP, RCP)."""


@dataclass(eq=False)
class PolicyDocument:
    """One policy document: what is written (`raw`, None for the grants of an app), and the statements that parse.

    `names` are the logical ids of the template around it: None when there is no template, so that nothing can be
    late-bound. `late` says that late-bound parts stand in plain text, as in an app. `types` are the types of the
    template's resources. `sure` says that its kind is known; else its statements were asked.
    """

    kind: str
    locate: Locate
    raw: Any = None
    version: str = VERSION
    names: Collection[str] | None = None
    quota: str = ""
    title: str = ""
    stage: str | None = None
    app: str = ""
    late: bool = False
    types: Mapping[str, str] = field(default_factory=dict)
    sure: bool = True
    written: tuple[WrittenStatement, ...] = ()
    statements: tuple[ParsedStatement, ...] = ()
    either: tuple[ParsedStatement, ...] = ()
    """Statements whose Effect the deploy settles: each is looked at as an Allow, and none beside others."""
    broken: tuple[BrokenStatement, ...] = ()
    unfilled: tuple[UnfilledPlace, ...] = ()
    """The places that a person or a tool has yet to fill in; `raw` has late-bound text there."""
    unconcerned: frozenset[str] | None = None
    """The rules that its text rules out, once `rule_registry.hooks_for` has asked them."""

    @cached_property
    def text(self) -> str:
        """The document as compact JSON: what is not in it, no rule needs to look for."""
        import json  # noqa: PLC0415 - grants of an app are measured rarely

        raw = self.raw or render(Policy(tuple(item.statement for item in self.statements), self.version))
        return json.dumps(raw, separators=(",", ":"), ensure_ascii=False, default=str)

    @cached_property
    def longest(self) -> int:
        """Characters of its longest string, or a few more."""
        # An escaped quotation mark ends no string.
        return max(map(len, self.text.replace('\\"', "''").split('"')))

    def wide_among(self, actions: Collection[str]) -> Iterator[tuple[ParsedStatement, str, str]]:
        """Yield each statement and pattern on every resource that means one of the actions, and the first such action.

        Patterns of a whole service (`s3:*`) are left out: they have a finding of their own.
        """
        services = frozenset(name.partition(":")[0] for name in actions)
        for item in self.statements:
            if services.isdisjoint(item.services):
                continue
            for pattern in item.wide:
                prefix, _, operation = pattern.partition(":")
                names = expand(pattern) if prefix.lower() in services and operation != "*" else ()
                action = next((name for name in names if name in actions), None)
                if action is not None:
                    yield item, pattern, action

    @cached_property
    def size(self) -> int:
        """Characters as IAM counts them. Late-bound parts count as the fewest that they may become.

        Where a condition chooses between two values the shorter counts.
        """
        # A small one is within every quota: its size need not be exact.
        is_small = len(self.text) <= _LEAST_QUOTA
        if not is_small and self.names is not None:
            # What the deploy settles may become a name of one character.
            return length(
                with_leaves(_shortest(self.raw), textual), lambda reference: _FEWEST.get(reference.target or "", 1)
            )
        if may_vary(self.text):
            return length(_shortest(self.raw))
        return len(self.text) if self.text.isascii() else length(self.raw)


_LEAST_QUOTA: Final = 2_000
"""Characters that every policy may have: a trust policy has 2,048 at most."""
_FEWEST: Final = {"AWS::Partition": 3, "AWS::Region": 9, "AWS::AccountId": 12, "AWS::URLSuffix": 13}
"""Characters of the shortest values of pseudo parameters: `aws`, `us-east-1`."""


def _shortest(value: Any) -> Any:
    """A copy of a value with the shortest branch of each condition, and without what a branch leaves out."""
    chosen = choice(value)
    if chosen is not None:
        values = [_shortest(value_) for value_ in chosen.values]
        return NO_VALUE if NO_VALUE in values else min(values, key=length)
    if isinstance(value, dict) and value != NO_VALUE:
        parts = {key: _shortest(part) for key, part in value.items()}
        return {key: part for key, part in parts.items() if part != NO_VALUE}
    if isinstance(value, list):
        return [part for part in map(_shortest, value) if part != NO_VALUE]
    return value


@dataclass(frozen=True, slots=True)
class WrittenStatement:
    """A statement as it is written, at `path` of its document; list items that a condition chooses are all there."""

    document: PolicyDocument
    index: int
    value: Mapping[str, Any]
    path: Spot
    locate: Locate
    when: frozenset[ConditionOutcome] = frozenset()
    """The conditions under which it is there."""
    chooses: bool = False
    """Whether conditions choose parts of it."""


class BrokenStatement(NamedTuple):
    """A statement that does not parse, and why."""

    written: WrittenStatement
    message: str
    hint: str | None
    spot: Spot


@dataclass(frozen=True)  # without slots: what many rules ask is kept
class ParsedStatement:
    """A statement of a document. `locate` gives the origins of its spots."""

    document: PolicyDocument
    index: int
    statement: Statement
    locate: Locate
    grant: Grant | None = None
    when: frozenset[ConditionOutcome] = frozenset()
    chooses: bool = False

    def goes_with(self, neighbour: ParsedStatement) -> bool:
        """Return whether it is in the policy, as it stands here, whenever another statement is."""
        return not self.chooses and self.when <= neighbour.when

    def excludes(self, neighbour: ParsedStatement) -> bool:
        """Return whether a condition puts either it or another statement into the policy."""
        return any(decided.opposite in neighbour.when for decided in self.when)

    @cached_property
    def allows(self) -> bool:
        """True if its effect is Allow (also where the deploy settles that)."""
        return self.statement.effect == "Allow"

    @property
    def action_element(self) -> str:
        """The name of its Action element."""
        return "NotAction" if self.statement.actions.negated else "Action"

    @property
    def nothing_done(self) -> str:
        """Word the effect here of an action that nobody has."""
        if self.statement.actions.negated:
            return "it excepts nothing"
        return "it grants nothing" if self.allows else "it denies nothing"

    @cached_property
    def resource_element(self) -> str:
        """The name of its Resource element."""
        negated = self.statement.resources is not None and self.statement.resources.negated
        return "NotResource" if negated else "Resource"

    @cached_property
    def excepting_everything(self) -> str:
        """The element by which it excepts everything, NotAction or NotResource; empty where it does not."""
        if self.statement.actions.negated and "*" in self.statement.actions.patterns:
            return "NotAction"
        return "NotResource" if self.resource_element == "NotResource" and "*" in self.resources else ""

    @cached_property
    def resources(self) -> tuple[str, ...]:
        """The patterns of Resource or NotResource."""
        return self.statement.resources.patterns if self.statement.resources else ()

    @property
    def principals(self) -> tuple[tuple[str, str], ...]:
        """The pairs of kind and value in Principal or NotPrincipal."""
        return self.statement.principals.patterns if self.statement.principals is not None else ()

    @property
    def principal_element(self) -> str:
        """The name of its Principal element."""
        negated = self.statement.principals is not None and self.statement.principals.negated
        return "NotPrincipal" if negated else "Principal"

    @cached_property
    def arns(self) -> tuple[tuple[Spot, Arn], ...]:
        """Every ARN of the statement with its spot: in resources, principals and the values of conditions."""
        return tuple((spot, arn) for spot, text in self.arn_texts if (arn := parse_arn(text)) is not None)

    @property
    def arn_texts(self) -> Iterator[tuple[Spot, str]]:
        """The resources, and what begins as an ARN in principals and the values of conditions, with their spots."""
        for spot, text in self.texts:
            if spot[0] != "Condition" or text.startswith("arn:"):
                yield spot, text
        for kind, value in self.principals:
            if value.startswith("arn:"):
                yield (self.principal_element, kind, value), value

    @cached_property
    def known_actions(self) -> frozenset[str]:
        """Every known action that Action means; empty for NotAction, which means nearly all."""
        if self.statement.actions.negated:
            return frozenset()
        return frozenset(name for pattern in self.statement.actions.patterns for name in expand(pattern))

    @cached_property
    def shapes(self) -> tuple[str, ...]:
        """The resources, with references to resources of the template replaced by what they look like."""
        types = self.document.types
        return tuple(sample(text, types) for text in self.resources) if types else self.resources

    @property
    def texts(self) -> Iterator[tuple[Spot, str]]:
        """The resources and the values of conditions, with their spots."""
        element = self.resource_element
        for text in self.resources:
            yield (element, text), text
        for condition in self.statement.conditions:
            for value in condition.values:
                yield (*condition.path, value), value

    @cached_property
    def variable_texts(self) -> tuple[tuple[Spot, str], ...]:
        """The texts in which a `${` stands that is not a reference of CloudFormation's, with their spots."""
        return tuple((spot, text) for spot, text in self.texts if "${" in text and "${" in REFERENCE.sub("", text))

    @cached_property
    def names_arns(self) -> bool:
        """True if it names its resources by ARNs whose service is written out, and its actions by Action.

        Policies of resources leave out what is obvious, but a bucket's, which S3 refuses where the two do not fit;
        references to resources tell no type.
        """
        if self.statement.actions.negated or not self.resources or self.resource_element != "Resource":
            return False
        if self.document.kind == TRUST:
            return False
        if self.document.kind == RESOURCE and resource_fit.services_of(self.shapes) != ("s3",):
            return False
        return resource_fit.all_of_services(self.shapes)

    @cached_property
    def names_resources(self) -> bool:
        """True if it names ARNs, and none that stands for everything of a service (`arn:aws:s3:::*`)."""
        parsed = map(parse_arn, self.shapes) if self.names_arns else ()
        return self.names_arns and all(arn is None or arn.resource != "*" for arn in parsed)

    @cached_property
    def unfit(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The patterns of Action that act on none of its resources, with the actions that they mean."""
        return tuple(resource_fit.unfit(self.statement.actions.patterns, self.shapes)) if self.names_resources else ()

    def severity_of(self, name: str) -> str:
        """How severe it is that an action fits none of its resources: an error where that is certain."""
        return ERROR if self.allows and resource_fit.never_fits(name, self.shapes) else WARNING

    @cached_property
    def wide(self) -> tuple[str, ...]:
        """The actions that an identity's Allow gives on every resource, or on every one of a type, unconditionally."""
        statement = self.statement
        if not self.allows or self.document.kind != IDENTITY or statement.actions.negated or statement.conditions:
            return ()
        if self.resource_element == "NotResource" or not any(map(resource_fit.is_every, self.resources)):
            return ()
        return statement.actions.patterns

    def every_role(self, ends: frozenset[str]) -> str | None:
        """The resource by which an identity's Allow of actions of IAM is about every role; None where none is.

        `ends` has the last parts of ARNs that stand for every role: `role/*`.
        """
        if not self.allows or "iam" not in self.services or self.document.kind != IDENTITY:
            return None
        if self.statement.actions.negated or self.resource_element != "Resource":
            return None
        for text in self.resources:
            arn = parse_arn(text)
            if text == "*" or (arn is not None and arn.service == "iam" and arn.resource in ends):
                return text
        return None

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys of its conditions in small letters."""
        return frozenset(condition.key.lower() for condition in self.statement.conditions)

    @cached_property
    def services(self) -> frozenset[str]:
        """The texts before the colon of its actions in small letters: services, wildcards, whole texts."""
        return frozenset(text.partition(":")[0].lower() for text in self.statement.actions.patterns)

    @property
    def doubtful(self) -> bool:
        """True if some action means nothing, or has a wildcard in its service."""
        # One look at the services joined finds a wildcard in any of them.
        return is_pattern("".join(self.services)) or not all(map(expand, self.statement.actions.patterns))

    @property
    def called(self) -> str:
        """How messages name it: by its number in a document, by its line in an app."""
        if self.grant is None or self.grant.origin is None:
            return f"statement {self.index + 1}"
        return f"the grant at {self.grant.origin}"

    @property
    def computed(self) -> bool:
        """True if it is of the computed default of an app."""
        return self.grant is not None and self.grant.reason.kind == "computed"

    @property
    def everywhere(self) -> bool:
        """True if it is about every resource."""
        return "*" in self.resources and self.resource_element == "Resource"


def below(locate: Locate, path: Spot) -> Locate:
    """As `locate`, for the parts of the part at `path`: their spots begin there."""
    return lambda spot: locate((*path, *spot))


class Environment(NamedTuple):
    """A function's environment variables as they are written."""

    function: str
    variables: Mapping[str, Any]
    locate: Locate
    own: bool = True
    """Whether they go to Lambda as they are (in an app, remit has checked their names already)."""


class Project(NamedTuple):
    """A loaded app with its roles, and the folder of its files."""

    app: App
    roles: tuple[Holder, ...]
    folder: Path
