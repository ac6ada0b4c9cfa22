"""The shape of a row: how resources of a type are read, what of them is compared, and how each is put back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from remit.deploy.deployed_references import UNKNOWN, filled, is_known
from remit.deploy.drift import Drift, DriftKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from remit.app import Resource
    from remit.deploy.role_repairs import Repair
    from remit.iam.policy import Policy

IF_SET: Final = object()
"""The `absent` of a setting that is compared only where the template sets it."""
_ADDRESS: Final = ".execute-api."


_AGAIN: Final = (
    "CloudFormation does not make it again: take it out of the code and deploy, then put it back and deploy again"
)


class Subject(NamedTuple):
    """The resource that a call reads: its name (physical id) and ARN, and the names of all of its type."""

    name: str
    arn: str
    all_names: Sequence[str]
    within: str = ""
    """The event bus of a rule or the group of a schedule, where it is not the default one."""


class Read(NamedTuple):
    """A call that reads something of a resource: `lambda.GetFunction`, and its parameters."""

    operation: str
    parameters: Callable[[Subject], Mapping[str, Any]]
    nothing: str = ""
    """The error code that means there is none of it: the answer is {} then."""


class ComparedProperty(NamedTuple):
    """A property of the template, and where AWS's answer has it; both are paths, which go into each item of lists."""

    label: str
    property: str
    operation: str
    path: str
    put: Callable[[LiveResource, ComparedProperty], Repair]
    absent: Any = IF_SET
    """What AWS has where the template sets nothing."""
    kind: DriftKind = "rest"


Check: TypeAlias = "Callable[[LiveResource, Any], Iterator[Drift]]"


class Row(NamedTuple):
    """A type of resources. `word` is what people call one."""

    type: str
    word: str
    reads: tuple[Read, ...]
    settings: tuple[ComparedProperty, ...] = ()
    checks: tuple[tuple[str, Check], ...] = ()
    """Comparisons that are not of one property: the operation, and what compares its answer."""
    writes: tuple[str, ...] = ()
    """The calls that put back what was changed by hand."""


class AttachedPolicy(NamedTuple):
    """A policy that the template puts on a resource, with its references filled, and the resource that holds it."""

    holder: Resource
    policy: Policy


@dataclass(frozen=True, slots=True)
class LiveStack:
    """What is around a resource: the template's resources that are deployed, and the values of their references."""

    account: str
    names: Mapping[str, str]
    physical: Mapping[str, str]
    resources: tuple[Resource, ...]
    policies: Mapping[str, tuple[AttachedPolicy, ...] | None]
    """By logical id; None where a part of them is not known."""
    is_local: bool
    """Whether it is on this machine, where the addresses of APIs are others than those of AWS."""

    def filled(self, value: Any) -> Any:
        """A value of the template with the values of its references; UNKNOWN where one of them is."""
        return filled(value, self.names, _ADDRESS if self.is_local else "")

    def parts(self, kind: str, property_name: str, whole: str) -> Iterator[tuple[Resource, str, dict[str, Any]]]:
        """Yield the template's resources of a type of which a property names `whole`: each with name and properties."""
        for resource in self.resources:
            if resource.type == kind:
                properties = self.filled(dict(resource.properties))
                if properties.get(property_name) == whole:
                    yield resource, self.physical[resource.logical_id], properties


@dataclass(frozen=True, slots=True)
class LiveResource:
    """A resource as its template declares it, with references filled, and as AWS answers, by operation.

    `answers` lacks those that the caller may not read.
    """

    row: Row
    logical_id: str
    subject: Subject
    properties: Mapping[str, Any]
    answers: Mapping[str, Any]
    stack: LiveStack

    @property
    def name(self) -> str:
        """Its name in the account (physical id)."""
        return self.subject.name

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self.subject.arn

    @property
    def words(self) -> str:
        """It, for people: `function orders-dev-report (ReportFunction)`."""
        short = self.name
        if short.startswith(("arn:", "http")):
            short = short.rpartition("/")[2].rpartition(":")[2]
        return f"{self.row.word} {short} ({self.logical_id})"

    def gone(self) -> Drift:
        """The finding that somebody deleted it, which remit cannot undo."""
        return Drift(self.logical_id, f"{self.words} is gone: it was deleted by hand", _AGAIN, kind="runs")

    def drift(self, kind: DriftKind, what: str, *repairs: Repair, is_public: bool = False) -> Drift:
        """Something that was changed by hand, and the calls that put it back; none where a part of one is not known."""
        repairs = repairs if all(is_known(each.parameters) for each in repairs) else ()
        undo = f"a deploy does not undo it; `{repairs[-1].command}` does" if repairs else "remit cannot undo it"
        return Drift(self.logical_id, what, undo, repairs=repairs, kind=kind, is_public=is_public)


def value_at(value: Any, path: str) -> Any:
    """The part of a document at a path, None where it has none; of lists, that of each item.

    UNKNOWN: it is below such a part.
    """
    for step in path.split("."):
        if isinstance(value, list):
            value = [item.get(step) for item in value]
        elif isinstance(value, dict):
            value = value.get(step)
        else:
            return value if value is UNKNOWN else None
    return value


def expected_at(live: LiveResource, setting: ComparedProperty) -> Any:
    """The template's value of a setting; where it has none, the row's `absent`: what AWS has then, or IF_SET."""
    value = value_at(live.properties, setting.property)
    return setting.absent if value is None else value


def is_same(expected: Any, actual: Any) -> bool:
    """Return whether AWS has what the template says, in any spelling; a part that only its deploy knew equals any."""
    if expected is UNKNOWN:
        return True
    expected, actual = _plain(expected), _plain(actual)
    if isinstance(expected, dict) and isinstance(actual, dict):
        return expected.keys() == actual.keys() and all(is_same(value, actual[key]) for key, value in expected.items())
    if isinstance(expected, list) and isinstance(actual, list):
        return len(expected) == len(actual) and all(map(is_same, expected, actual))
    return bool(expected == actual)


def _plain(value: Any) -> Any:
    """A value in one spelling: JSON text as its document, any other scalar as text; nothing and empty are the same."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    if isinstance(value, bool):
        return str(value).lower()
    return value or None if isinstance(value, str | list | dict | None) else str(value)


def differences(live: LiveResource) -> Iterator[Drift]:
    """Yield what differs of a resource that is there: its settings, then what its row's checks find.

    What the caller may not read is not compared.
    """
    for setting in live.row.settings:
        if setting.operation not in live.answers:
            continue
        expected, actual = expected_at(live, setting), value_at(live.answers[setting.operation], setting.path)
        if expected is not IF_SET and not is_same(expected, actual):
            change = f"{_shown(actual)}, not {_shown(expected)}"
            repairs = (setting.put(live, setting),) if is_known(expected) else ()
            yield live.drift(
                setting.kind, f"the {setting.label} of {live.words} was changed by hand: {change}", *repairs
            )
    for operation, check in live.row.checks:
        if operation in live.answers:
            yield from check(live, live.answers[operation])


def _shown(value: Any) -> str:
    """A value as a line shows it: lists without brackets, dicts as JSON, `none` for nothing, `?` for UNKNOWN."""
    if value is UNKNOWN:
        return "?"
    if isinstance(value, list):
        return ", ".join(map(_shown, value)) or "none"
    if isinstance(value, dict):
        return json.dumps(value, default=lambda _: "?", sort_keys=True)
    return "none" if value in (None, "") else str(value)
