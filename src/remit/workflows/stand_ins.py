"""Stand-ins for what only the deploy tells: with them an ARN can be computed as of any name, and be put back after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.access.setting import RequestSetting
from remit.catalogue.types import REF, late_bound, resource_type
from remit.iam import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.app import Resource

OPEN: Final = "here-open"
"""A text that only an execution tells, or nobody before the deploy."""
_HERE: Final = {"Partition": "aws-here", "Region": "here-region-1", "Account": "000000999999"}
"""A place that is no place of AWS's."""
_PSEUDO: Final = {**{tokens.PLACE[name]: text for name, text in _HERE.items()}, "${AWS::StackName}": "here-stack"}


class StandIns:
    """Texts that stand for the references to some resources and to where a stack is."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._texts = {**_PSEUDO, "${AWS::URLSuffix}": "amazonaws.com"}
        self._references: dict[str, str] = {}
        for number, resource in enumerate(resources):
            for reference, text in _of_resource(resource, f"here{number}x"):
                self._texts[reference] = text
                self._references.setdefault(text, reference)
        self._references |= {text: reference for reference, text in _PSEUDO.items()}

    def setting(self, machine: str) -> RequestSetting:
        """The setting of a call that a machine (ARN) makes."""
        return RequestSetting(_HERE["Region"], _HERE["Account"], self.filled(machine), partition=_HERE["Partition"])

    def filled(self, value: Any) -> Any:
        """A value with its references filled; one that says nothing of what it gives is `OPEN`."""
        if isinstance(value, str):
            parts = tokens.split(value)
            return "".join(part if isinstance(part, str) else self._texts.get(part.text, OPEN) for part in parts)
        if isinstance(value, dict):
            return {self.filled(name): self.filled(item) for name, item in value.items()}
        return [self.filled(item) for item in value] if isinstance(value, list) else value

    def late_bound(self, text: str) -> str:
        """A text that was computed of filled ones, with the references again: the longest first, which are ARNs."""
        for stand_in in sorted(self._references, key=len, reverse=True):
            text = text.replace(stand_in, self._references[stand_in])
        return text


def _of_resource(resource: Resource, name: str) -> Iterator[tuple[str, str]]:
    """Yield the references to a resource, each with what stands for it: the ARN, the URL or the name of nobody's."""
    kind = resource_type(resource.type)
    if kind is None or kind.arn is None:
        return
    variables = {variable: f"{name}{number or ''}" for number, variable in enumerate(kind.arn.variables)}
    arn = kind.arn.filled({**variables, **_HERE})
    for way in kind.arn_from:
        yield late_bound(resource.logical_id, way), f"{arn}{kind.arn_end(way)}"
    if kind.ref == "url":
        host = f"https://{arn.split(':')[2]}.{_HERE['Region']}.amazonaws.com"
        yield late_bound(resource.logical_id, REF), f"{host}/{_HERE['Account']}/{name}"
    elif kind.ref == "name":
        yield late_bound(resource.logical_id, REF), name
    for attribute in kind.name_attributes:
        yield late_bound(resource.logical_id, attribute), name
