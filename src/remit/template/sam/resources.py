"""The nouns of an expansion: a declared SAM resource, its events, and the resources that are made of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from remit.errors import RemitError
from remit.iam import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from remit.documents.json_text import Locate, Path


@dataclass(frozen=True, slots=True)
class SamEvent:
    """An event of a function or a state machine, as its `Events` has it; `id` is that of the resource it becomes."""

    id: str
    name: str
    type: str
    properties: Mapping[str, Any]
    path: Path


@dataclass(frozen=True, slots=True)
class SamResource:
    """A resource of SAM's own types, with the template's Globals put in."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    attributes: Mapping[str, Any]
    locate: Locate

    @property
    def kind(self) -> str:
        """SAM's name of its type: `Function`, `Api`."""
        return self.type.rpartition("::")[2]

    @property
    def path(self) -> Path:
        """Its place in the template."""
        return ("Resources", self.logical_id)

    def at(self, *steps: str | int) -> Path:
        """Return the place of one of its properties."""
        return (*self.path, "Properties", *steps)

    def wrong(self, message: str, path: Path, hint: str | None = None) -> RemitError:
        """The error that something is wrong with it."""
        return RemitError(f"`{self.logical_id}` ({self.type}): {message}", hint=hint, origin=self.locate(path))

    def mapping(self, name: str) -> Mapping[str, Any]:
        """A property that must be a mapping; empty when it is not there, or a function puts it in.

        RemitError (2), at its place: it is another value.
        """
        value = self.properties.get(name)
        if value is None or tokens.is_intrinsic(value):
            return {}
        if not isinstance(value, dict):
            raise self.wrong(f"{name} must be a mapping", self.at(name))
        return value

    def events(self) -> Iterator[SamEvent]:
        """Yield its events, in the template's order. RemitError (2), at its place: one is no mapping with a Type."""
        for name, event in self.mapping("Events").items():
            path = self.at("Events", name)
            if not isinstance(event, dict) or not isinstance(event.get("Type"), str):
                raise self.wrong(f"event {name} must be a mapping with a Type", path)
            properties = event.get("Properties")
            if properties is not None and not isinstance(properties, dict):
                raise self.wrong(f"the Properties of event {name} must be a mapping", path)
            yield SamEvent(f"{self.logical_id}{name}", name, event["Type"], properties or {}, path)


@dataclass(frozen=True, slots=True)
class MadeResource:
    """A resource that SAM makes.

    `origins` are the places that its properties come from, and `reasons` why they are there, by paths below Properties.
    `attributes` stand beside its properties: an UpdatePolicy.
    """

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    origin: Path = ()
    origins: Mapping[Path, Path] = field(default_factory=dict)
    reasons: Mapping[Path, str] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)


def arn_of(logical_id: str) -> dict[str, Any]:
    """The ARN of a resource, by Fn::GetAtt."""
    return {"Fn::GetAtt": [logical_id, "Arn"]}


def given(properties: Mapping[str, Any], *names: str, **renamed: str) -> dict[str, Any]:
    """Those of the properties that are there and not None; `renamed` maps the new name to the old."""
    pairs = [*((name, name) for name in names), *renamed.items()]
    return {new: properties[old] for new, old in pairs if properties.get(old) is not None}


def in_s3(uri: Any, bucket: str = "Bucket", key: str = "Key", version: str = "Version") -> dict[str, Any]:
    """Where a CodeUri and its like is in S3, by the names of the property that takes it.

    Empty for a path on this machine, which `sam` uploads somewhere.
    """
    if isinstance(uri, str) and uri.startswith("s3://"):
        name, _, path = uri.removeprefix("s3://").partition("/")
        return {bucket: name, key: path}
    if isinstance(uri, dict) and {"Bucket", "Key"} <= uri.keys():
        return given(uri, **{bucket: "Bucket", key: "Key", version: "Version"})
    return {}


def code_in_s3(uri: Any) -> dict[str, Any]:
    """The same in Lambda's words, of a function or a layer."""
    return in_s3(uri, "S3Bucket", "S3Key", "S3ObjectVersion")


def tags(properties: Mapping[str, Any], by: str) -> list[dict[str, Any]]:
    """A resource's tags as a list, SAM's own first: the key `by`. Tags that a function gives are left out."""
    tag_list = [{"Key": by, "Value": "SAM"}]
    declared_tags = properties.get("Tags")
    if isinstance(declared_tags, dict) and not tokens.is_intrinsic(declared_tags):
        for key, value in declared_tags.items():
            tag_list.append({"Key": key, "Value": value})
    return tag_list
