"""How long the policies of a stack's roles are as IAM counts them, and how much of its quotas that is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from remit.app import Resource
from remit.catalogue.quotas import quota
from remit.catalogue.types import resource_type
from remit.iam import tokens
from remit.iam.length import length
from remit.iam.policy import Statement, render_statement
from remit.roles.reference_names import names_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from remit.holders import HeldPolicy, Holder

LONGEST: Final = {"AWS::Partition": 10, "AWS::Region": 15, "AWS::AccountId": 12, "AWS::URLSuffix": 16}
"""Characters at most: aws-us-gov, us-isof-south-1 (or an ap-southeast-1N to come), an account, amazonaws.com.cn."""
_ARN: Final = len("arn:aws-us-gov:dynamodb:us-isof-south-1:111122223333:log-group:") + len(":*")
"""What stands around a name in an ARN whose form is not known."""
_STACK_ID: Final = len("arn:aws-us-gov:cloudformation:us-isof-south-1:111122223333:stack/") + 37
_RANDOM: Final = 14
"""The end that CloudFormation gives a name of its own making: `-` and at most 13 characters."""
_DATE: Final = len("2026-01-01T00:00:00.000")
"""What is foretold as the wildcard that ends a stream's ARN."""
_NEARLY: Final = 0.8  # of a quota: from there on people are told
_INLINE, _MANAGED, _ATTACHED = (quota(f"iam.{name}").most for name in ("role.inline", "managed", "role.managed"))
_FRAME: Final = len('{"Version":"2012-10-17","Statement":[]}')


@dataclass(frozen=True, slots=True)
class Sizes:
    """Counts for one stack: its name and its resources tell how long its late-bound parts become."""

    namespace: str
    resources: Mapping[str, Resource]
    _of_references: dict[str, int] = field(default_factory=dict, init=False, repr=False, compare=False)
    _of_statements: dict[Statement, int] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What was counted already: roles name the same resources, and each statement is counted for several questions."""

    def policy(self, held: Holder | HeldPolicy) -> int:
        """Characters of all that the grants of a role, or of one policy, say as one document; 0 when it has none."""
        return self.document(grant.statement for grant in held.grants)

    def document(self, statements: Iterable[Statement]) -> int:
        """Characters of a document of these statements; 0 for none, since then there is no document."""
        sizes = [self.statement(statement) for statement in statements]
        return document_length(sum(sizes), len(sizes))

    def statement(self, statement: Statement) -> int:
        """Characters of one statement."""
        if statement not in self._of_statements:
            self._of_statements[statement] = length(render_statement(statement), self._longest)
        return self._of_statements[statement]

    def written(self, document: Any) -> int:
        """Characters of a document as it stands in a file, with the functions of CloudFormation at their longest."""
        return length(tokens.with_leaves(document, tokens.textual), self._longest)

    def text(self, text: str) -> int:
        """Characters of a name or an ARN in which late-bound parts take their longest form."""
        return length(text, self._longest) - len('""')

    def _longest(self, reference: tokens.Reference) -> int:
        """Characters that a reference becomes at most."""
        if reference.text not in self._of_references:
            self._of_references[reference.text] = self._counted(reference)
        return self._of_references[reference.text]

    def _counted(self, reference: tokens.Reference) -> int:
        """Characters of the longest text that a reference can become; of what nobody foretells, those of a long ARN."""
        name = reference.target
        if name in LONGEST:
            return LONGEST[name]
        if name == "AWS::StackName":
            return len(self.namespace)
        if name == "AWS::StackId":
            return _STACK_ID + len(self.namespace)
        if name is None or name not in self.resources:
            return _ARN + 64
        resource = self.resources[name]
        most = len(self.namespace) + 1 + len(resource.logical_id) + _RANDOM
        kind, foretold = resource_type(resource.type), None
        if kind is not None and kind.naming is not None:
            declared_name = resource.properties.get(kind.naming.property)
            if isinstance(declared_name, str):
                most = self.text(declared_name)
            longest_named = Resource(resource.logical_id, resource.type, {kind.naming.property: "n" * most})
            foretold = names_in(self.namespace, (longest_named,)).get(reference.text)
        if foretold is None:
            return _ARN + most
        # A stream's ARN ends with the time at which the stream was made, which is foretold as `*`.
        return self.text(foretold) + (_DATE - 1 if foretold.endswith("/*") else 0)


def document_length(of_statements: int, count: int) -> int:
    """Characters of a document of `count` statements that have so many characters together; 0 for none."""
    commas = count - 1
    return _FRAME + of_statements + commas if count else 0


def own_policies(role: Holder) -> tuple[HeldPolicy, ...]:
    """The role's inline policy, and each managed policy that the template makes for it."""
    return tuple(policy for policy in role.policies if policy.how != "managed")


class Headroom(NamedTuple):
    """A role's use of its quotas, in characters as IAM counts them, late-bound parts at their longest.

    `declared` is what its policy would have as it is written; `managed` has the policies that the template makes.
    """

    role: str
    declared: int
    inline: int
    managed: tuple[tuple[str, int], ...]
    attached: int
    minimised: bool

    @property
    def remarkable(self) -> bool:
        """True if people should know: something was done to the role so that it fits, or little inline room is left."""
        return self.minimised or bool(self.managed) or self.inline > _NEARLY * _INLINE

    @property
    def text(self) -> str:
        """The use of each quota in words, on one line."""
        inline = f"{self.role}: {self.inline:,} of {_INLINE:,} characters inline"
        if self.minimised and not self.managed:
            inline += f", minimised from {self.declared:,}"
        parts = [inline]
        if self.managed:
            declared = f"{self.declared:,} as declared"
            if self.minimised:
                declared += ", minimised"
            parts.append(f"{declared}, so parted")
            parts += (f"{name}: {used:,} of {_MANAGED:,}" for name, used in self.managed)
            parts.append(f"{self.attached} of {_ATTACHED} managed policies attached")
        return "; ".join(parts)

    @property
    def document(self) -> dict[str, Any]:
        """The use of each quota as JSON has it."""
        return {
            "declared": self.declared,
            "minimised": self.minimised,
            "inline": {"used": self.inline, "limit": _INLINE},
            "managed": [{"policy": name, "used": used, "limit": _MANAGED} for name, used in self.managed],
            "attached": {"used": self.attached, "limit": _ATTACHED},
        }


def headroom(declared: Holder, fitted: Holder, sizes: Sizes) -> Headroom:
    """The headroom of a role as it is deployed; `declared` is the same before it was made to fit."""
    inline, *made = own_policies(fitted)
    return Headroom(
        role=fitted.logical_id,
        declared=sizes.policy(declared),
        inline=sizes.policy(inline),
        managed=tuple((policy.name, sizes.policy(policy)) for policy in made),
        attached=len(fitted.managed) + len(made),
        minimised=sizes.policy(fitted) < sizes.policy(declared),
    )
