"""The plan of a deploy: changes of resources, and the templates before and after."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.types import KEEPS, holds_data, resource_type
from remit.iam import tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.errors import Origin
    from remit.triggers.existing_sources import ExistingSource

_LASTING: Final = ("", "Arn")
"""What of a resource stays the same for as long as it is not replaced: its Ref, and its ARN."""
_GOES: Final = ("Remove", "Dynamic")
_REPLACED: Final = ("True", "Conditional")


@dataclass(frozen=True, slots=True)
class Detail:
    """Why a resource is listed: a property, what causes its new value, whether that replaces the resource.

    `cause` is empty when the template itself has another value; else it is `ReportFunction.Arn` or `ReportFunction`,
    which CloudFormation knows only when it gets there. `recreates`: Always, Conditionally, or empty for never.
    """

    property: str
    cause: str = ""
    recreates: str = ""


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """One resource that a change set touches. `action`: Add, Modify, Remove, Import or Dynamic.

    `replacement`: True, False, Conditional, or empty; `scope`: what of it changes (Properties, Tags, Metadata
    …).
    """

    action: str
    logical_id: str
    type: str
    replacement: str = ""
    scope: tuple[str, ...] = ()
    details: tuple[Detail, ...] = ()
    physical_id: str = ""

    @property
    def perhaps_replaced(self) -> tuple[Detail, ...]:
        """The properties of which CloudFormation cannot say before whether their new value replaces the resource."""
        return tuple(detail for detail in self.details if detail.cause and detail.recreates)

    def follows(self, unreplaced: frozenset[str]) -> bool:
        """Return whether it changes only by references to resources that are not replaced (`unreplaced`).

        Their Ref and their Arn stay what they are, so nothing happens to it. False without details.
        """
        if self.action != "Modify" or not self.details:
            return False
        for detail in self.details:
            logical_id, _, attribute = detail.cause.partition(".")
            if logical_id not in unreplaced or attribute not in _LASTING:
                return False
        return True

    @property
    def tags_only(self) -> bool:
        """True if nothing but tags changes (a new version of remit does that to every resource), and it stays."""
        return self.action == "Modify" and self.scope == ("Tags",) and self.replacement not in _REPLACED


@dataclass(frozen=True, slots=True)
class RoleReplacement:
    """A function that runs under another role after the deploy, by their logical ids.

    A role that the template does not make stands as the text that names it.
    """

    function: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class StackPlan:
    """A change set that waits to be executed, and what it would do."""

    namespace: str
    stack_id: str
    change_set: str
    kind: str
    """CREATE or UPDATE."""
    changes: tuple[ResourceChange, ...]
    running: Mapping[str, Any]
    """The template that runs now; empty on a first deploy."""
    template: Mapping[str, Any]
    """The template that would run: the change set's own."""
    running_parameters: Mapping[str, str] = field(default_factory=dict)
    """The values of the running template's parameters."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Those of the one that would run, looked up for this plan."""
    must_exist: tuple[ExistingSource, ...] = ()
    """What the app's triggers need and no template makes."""
    origins: Mapping[str, Origin] = field(default_factory=dict)
    """Who wrote the resources of the template that would run, by their logical ids."""
    held: Mapping[str, str] = field(default_factory=dict)
    """How much is in resources with data that would go, in words: `12 items, 340 bytes`; as far as AWS says."""
    goes_back: bool = False
    """Whether it is that of a release which was deployed before."""

    @property
    def real(self) -> tuple[ResourceChange, ...]:
        """Changes of more than tags, or of more than a reference whose value stays the same."""
        unreplaced = frozenset(change.logical_id for change in self.changes if change.replacement == "False")
        following: frozenset[str] = frozenset()
        while True:
            followers = frozenset(
                change.logical_id for change in self.changes if change.follows(unreplaced | following)
            )
            if followers == following:
                break
            following = followers
        return tuple(change for change in self.changes if not (change.tags_only or change.logical_id in following))

    @property
    def role_replacements(self) -> tuple[RoleReplacement, ...]:
        """The functions that exist and get another role, in the template's order."""
        before, after = _roles_of_functions(self.running), _roles_of_functions(self.template)
        return tuple(
            RoleReplacement(function, before[function], role)
            for function, role in after.items()
            if function in before and before[function] != role
        )

    @property
    def destroyed(self) -> tuple[ResourceChange, ...]:
        """Resources that are removed, or surely replaced, of any type; also what `stays` without the app."""
        return tuple(change for change in self.changes if change.action == "Remove" or change.replacement == "True")

    @property
    def going(self) -> tuple[ResourceChange, ...]:
        """Resources of `real` changes that are removed or replaced, surely or perhaps; also what `stays`."""
        return tuple(change for change in self.real if change.action in _GOES or change.replacement in _REPLACED)

    @property
    def data_at_risk(self) -> tuple[ResourceChange, ...]:
        """Resources with data that are removed or replaced, surely or perhaps; also what `stays` without the app."""
        return tuple(change for change in self.going if holds_data(change.type))

    @property
    def data_to_name(self) -> tuple[ResourceChange, ...]:
        """The data at risk that only its own name agrees to: all but the logs of functions."""
        logs = function_log_groups(self.running)
        return tuple(change for change in self.data_at_risk if change.logical_id not in logs)

    @property
    def renames(self) -> tuple[tuple[str, str], ...]:
        """Pairs of logical ids: data that is removed, and what is added in its place with the same type and properties.

        Each added resource is in one pair. The name that a resource is given does not count: that of a bucket may come
        from its logical id.
        """
        added = [change for change in self.changes if change.action == "Add"]
        pairs = []
        for removed in self.data_to_name:
            before = _without_name(removed, self.running)
            for new in added:
                same = new.type == removed.type and _without_name(new, self.template) == before
                if same and removed.action == "Remove":
                    pairs.append((removed.logical_id, new.logical_id))
                    added.remove(new)
                    break
        return tuple(pairs)

    def stays(self, change: ResourceChange) -> bool:
        """Return whether the resource that is removed, or the one that is replaced, stays in the account.

        The first is said by the running template's deletion policy, the second by both templates' UpdateReplacePolicy.
        """
        before = self.running.get("Resources", {}).get(change.logical_id, {})
        if change.action == "Remove":
            return before.get("DeletionPolicy") in KEEPS
        after = self.template.get("Resources", {}).get(change.logical_id, {})
        return all(resource.get("UpdateReplacePolicy") in KEEPS for resource in (before, after))


def function_log_groups(template: Mapping[str, Any]) -> frozenset[str]:
    """The logical ids of the log groups that a template's functions write to: they come and go with them.

    A group that no resource makes is there by its name, and "" for a function that names none.
    """
    groups = set()
    for properties in _functions(template).values():
        logging = properties.get("LoggingConfig")
        groups.add(tokens.text_of(logging.get("LogGroup")).removeprefix("${").removesuffix("}") if logging else "")
    return frozenset(groups)


def _functions(template: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The properties of the Lambda functions of a template."""
    functions = {}
    for logical_id, resource in template.get("Resources", {}).items():
        if isinstance(resource, dict) and resource.get("Type") == "AWS::Lambda::Function":
            functions[logical_id] = resource.get("Properties", {})
    return functions


def naming_property(type_name: str) -> str:
    """The property that names a resource of this type; empty where none does."""
    kind = resource_type(type_name)
    return "" if kind is None or kind.naming is None else kind.naming.property


def _without_name(change: ResourceChange, template: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that a template gives a resource, but for its name; empty where it has no such resource."""
    properties = template.get("Resources", {}).get(change.logical_id, {}).get("Properties", {})
    return {key: value for key, value in properties.items() if key != naming_property(change.type)}


def _roles_of_functions(template: Mapping[str, Any]) -> dict[str, str]:
    """The role of each Lambda function, by the function's logical id: a logical id, or text that names the role."""
    roles = {}
    for logical_id, properties in _functions(template).items():
        roles[logical_id] = tokens.text_of(properties.get("Role")).removeprefix("${").removesuffix(".Arn}")
    return roles


def capabilities_of(template: Mapping[str, Any]) -> tuple[str, ...]:
    """The capabilities that a template needs: CAPABILITY_IAM at least, another for named roles, one for nested stacks.

    Source: "Acknowledging IAM resources in CloudFormation templates" (CloudFormation User Guide). An emulator does
    not ask, AWS refuses the change set without.
    """
    resources = [value for value in template.get("Resources", {}).values() if isinstance(value, dict)]
    nested = any(resource.get("Type") == "AWS::CloudFormation::Stack" for resource in resources)
    has_names = any(map(_is_named_identity, resources))
    # A nested stack is not looked into: it may name its roles.
    iam = "CAPABILITY_NAMED_IAM" if has_names or nested else "CAPABILITY_IAM"
    return (iam, "CAPABILITY_AUTO_EXPAND") if nested else (iam,)


def _is_named_identity(resource: Mapping[str, Any]) -> bool:
    """Return whether a resource is one of IAM's (they have paths) and its name is given."""
    kind = resource_type(str(resource.get("Type")))
    if kind is None or kind.naming is None or not kind.naming.path:
        return False
    return kind.naming.property in resource.get("Properties", {})
