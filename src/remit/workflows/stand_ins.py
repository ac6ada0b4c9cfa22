"""Stand-ins for what only the deploy tells: with them an ARN can be computed as of any name, and be put back after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.access.setting import RequestSetting
from remit.catalogue.types import REF, late_bound, resource_type
from remit.iam import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remit.app import Resource

OPEN: Final = "here-open"
"""A text that only an execution tells, or nobody before the deploy."""
_HERE: Final = {"Partition": "aws-here", "Region": "here-region-1", "Account": "000000999999"}
"""A place that is no place of AWS's."""
_PSEUDO: Final = {**{tokens.PLACE[name]: text for name, text in _HERE.items()}, "${AWS::StackName}": "here-stack"}


class StandIns:
    """Texts that stand for the references to some resources and to where a stack is."""

    def __init__(self, resources: Iterable[Resource], *, unknown_are_names: bool = False) -> None:
        """With `unknown_are_names` any other reference is a name, in the partition `aws`: to compare two texts."""
        self._unknown_are_names = unknown_are_names
        self._place = {**_HERE, **({"Partition": "aws"} if unknown_are_names else {})}
        self._texts = {**_PSEUDO, "${AWS::URLSuffix}": "amazonaws.com", tokens.PARTITION: self._place["Partition"]}
        self._references: dict[str, str] = {}
        for number, resource in enumerate(resources):
            name = f"here{number}x"
            if unknown_are_names:
                name = self._name_in_account(resource, name)
            for reference, text in _of_resource(resource, name, self._place):
                self._texts[reference] = text
                if f"here{number}x" in text or text.startswith("arn:"):  # a given name may stand in any text
                    self._references.setdefault(text, reference)
        self._references |= {text: reference for reference, text in _PSEUDO.items()}

    def setting(self, machine: str) -> RequestSetting:
        """The setting of a call that a machine (ARN) makes."""
        place = self._place
        return RequestSetting(place["Region"], place["Account"], self.filled(machine), partition=place["Partition"])

    def task_roles(self, resources: Iterable[Resource]) -> dict[str, tuple[str, ...]]:
        """The roles of the ECS task definitions among resources, by ARN, all filled ("Amazon ECS task IAM role")."""
        return {
            self.filled(resource.ref): tuple(
                self.filled(tokens.text_of(resource.properties[name]))
                for name in ("ExecutionRoleArn", "TaskRoleArn")
                if name in resource.properties
            )
            for resource in resources
            if resource.type == "AWS::ECS::TaskDefinition"
        }

    def filled(self, value: Any) -> Any:
        """A copy of a value with its references filled, also in keys; one to something that is not known is `OPEN`."""
        if isinstance(value, str):
            return "".join(part if isinstance(part, str) else self._text(part.text) for part in tokens.split(value))
        if tokens.is_intrinsic(value):
            return self.filled(tokens.from_intrinsic(value))
        if isinstance(value, dict):
            return {self.filled(name): self.filled(item) for name, item in value.items()}
        return [self.filled(item) for item in value] if isinstance(value, list) else value

    def _name_in_account(self, resource: Resource, stand_in: str) -> str:
        """The name that a template gives to a resource, or that CloudFormation makes, with a stand-in at its end.

        A definition may spell the one, and a role a pattern of the other.
        """
        kind = resource_type(resource.type)
        if kind is None or kind.naming is None:
            return stand_in
        text = tokens.textual(resource.properties.get(kind.naming.property))
        if isinstance(text, str):
            return str(self.filled(text))
        names = kind.naming.generated_names(_PSEUDO["${AWS::StackName}"], resource.logical_id)
        return names[-1].replace("*", stand_in) if names else stand_in

    def is_unknown(self, text: str) -> bool:
        """Return whether a filled text is a reference of which nobody knows what it gives, and nothing else."""
        return text.startswith("unknown") and text in self._references

    def _text(self, reference: str) -> str:
        """The text that stands for a reference; for one that is not known `OPEN`, or a new name, which is kept."""
        if self._unknown_are_names and reference not in self._texts:
            self._texts[reference] = f"unknown{len(self._texts)}x"
            self._references[self._texts[reference]] = reference
        return self._texts.get(reference, OPEN)

    def late_bound(self, text: str) -> str:
        """A text that was computed of filled ones, with the references in place of their stand-ins again."""
        # The longest first: an ARN has the name in it.
        for stand_in in sorted(self._references, key=len, reverse=True):
            text = text.replace(stand_in, self._references[stand_in])
        return text


def _of_resource(resource: Resource, name: str, place: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the references to a resource, each with its stand-in: an ARN, a URL or a name; none without an ARN."""
    kind = resource_type(resource.type)
    if kind is None or kind.arn is None:
        return
    variables = {variable: f"{name}{number or ''}" for number, variable in enumerate(kind.arn.variables)}
    arn = kind.arn.filled({**variables, **place})
    for way in kind.arn_from:
        yield late_bound(resource.logical_id, way), f"{arn}{kind.arn_end(way)}"
    if kind.ref == "url":
        host = f"https://{arn.split(':')[2]}.{_HERE['Region']}.amazonaws.com"
        yield late_bound(resource.logical_id, REF), f"{host}/{_HERE['Account']}/{name}"
    elif kind.ref == "name":
        yield late_bound(resource.logical_id, REF), name
    for attribute in kind.name_attributes:
        yield late_bound(resource.logical_id, attribute), name
