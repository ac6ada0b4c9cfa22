"""CDK's corrections of CloudFormation's types: Ref, ARN templates, names, relationships.

Source: `@aws-cdk/aws-service-spec` (npm, Apache-2.0), whose texts are those of the CloudFormation Template Reference.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catalogue_compiler.type_schemas import Columns

_GENERATES: Final = re.compile(r"CloudFormation generates (?:a unique|a name|one)\b")
_IS_ARN: Final = re.compile(r"^(?:Returns )?(?:The )?(?:Amazon Resource Names? \(ARN\)|ARN|Arn) ")
_ARN_NAME: Final = re.compile(r"(?:Arn|ARN)$")
_FREE_TEXT: Final = re.compile(r"(?:Content|DomainName|Endpoint|Principals\[\]|Resources\[\]|Values\[\]|Uri)$")
"""Ends of paths that hold other texts as well, and what CDK relates only at times."""
REFERENTS: Final = {
    "AWS::DynamoDB::Table": "table",
    "AWS::IAM::Role": "role",
    "AWS::KMS::Alias": "key",
    "AWS::KMS::Key": "key",
    "AWS::Kinesis::Stream": "stream",
    "AWS::KinesisFirehose::DeliveryStream": "delivery stream",
    "AWS::Lambda::Function": "function",
    "AWS::Logs::LogGroup": "log group",
    "AWS::S3::Bucket": "bucket",
    "AWS::SNS::Topic": "topic",
    "AWS::SQS::Queue": "queue",
    "AWS::SecretsManager::Secret": "secret",
    "AWS::StepFunctions::StateMachine": "state machine",
}
"""What a property holds, by the type that CDK relates it to."""


class Specification:
    """The specification's types by name, and the definitions that their properties have."""

    def __init__(self, database: Mapping[str, Any]) -> None:
        schema = database["schema"]
        self.types: dict[str, Mapping[str, Any]] = {
            entity["cloudFormationType"]: entity for entity in schema["resource"]["entities"]
        }
        self._definitions: dict[str, Mapping[str, Any]] = {
            entity["$id"]: entity for entity in schema["typeDefinition"]["entities"]
        }

    def arn_templates(self) -> dict[str, str]:
        """The ARN templates, by type."""
        return {
            name: entity["arnTemplate"].replace("arn:aws:", "arn:${Partition}:")
            for name, entity in self.types.items()
            if "arnTemplate" in entity
        }

    def ref(self, name: str, *, already: str) -> Columns:
        """Return the columns of Ref, where it is not the identifier, or is an ARN by another name.

        `already` is known of it.
        """
        entity = self.types.get(name, {})
        ref_of = entity.get("cfnRefIdentifier")
        columns: Columns = {"ref_of": ref_of} if ref_of else {}
        properties = ref_of or entity.get("primaryIdentifier", ())
        if len(properties) == 1:
            is_arn = _ARN_NAME.search(properties[0]) or _IS_ARN.match(self._documentation(entity, properties[0]))
            if is_arn or ref_of:
                columns["ref"] = "arn" if is_arn else "name"
        elif ref_of:
            columns["ref"] = "parts"
        is_news = ref_of or columns.get("ref", already) != already
        return columns if is_news else {}

    def generated(self, name: str, name_property: str) -> list[str]:
        """How a name is generated that the template does not give: as documented, or nothing is known of it."""
        described = self.types.get(name, {}).get("properties", {}).get(name_property, {})
        text = str(described.get("documentation") or "")
        return ["{stack}-{id}-*"] if _GENERATES.search(text) else []

    def is_stateful(self, name: str) -> bool:
        """Return whether a resource holds data that is lost with it."""
        return bool(self.types.get(name, {}).get("isStateful"))

    def references(self, name: str) -> dict[str, list[str]]:
        """The paths of properties that CDK relates to another type, by what that is."""
        paths_by_referent: dict[str, list[str]] = {}
        # Taken from the end, so that the first property comes first.
        waiting: list[tuple[str, Any, tuple[str, ...]]] = [
            (path, value, ()) for path, value in reversed(self.types.get(name, {}).get("properties", {}).items())
        ]
        while waiting:
            path, value, inside = waiting.pop()
            suffix, definition = _element(value.get("type", {}))
            for relation in value.get("relationshipRefs", ()):
                referent = REFERENTS.get(relation["cloudFormationType"])
                is_free = _FREE_TEXT.search(f"{path}{suffix}")
                if referent and not is_free and f"{path}{suffix}" not in paths_by_referent.setdefault(referent, []):
                    paths_by_referent[referent].append(f"{path}{suffix}")
            if definition and definition not in inside:
                inner = self._definitions.get(definition, {}).get("properties", {})
                waiting += [
                    (f"{path}{suffix}.{key}", item, (*inside, definition)) for key, item in reversed(inner.items())
                ]
        return paths_by_referent

    @staticmethod
    def _documentation(entity: Mapping[str, Any], path: str) -> str:
        """The documentation of an attribute, or else a property, at a path; empty where there is none."""
        for kind in ("attributes", "properties"):
            described = entity.get(kind, {}).get(path)
            if described is not None:
                return str(described.get("documentation") or "")
        return ""


def _element(described: Mapping[str, Any]) -> tuple[str, str]:
    """The suffix of a path into a type (`[]` for a list), and the definition of its elements."""
    suffix = ""
    while described.get("type") in ("array", "map"):
        suffix += "[]" if described["type"] == "array" else ".*"
        described = described.get("element", {})
    return suffix, described["reference"]["$ref"] if described.get("type") == "ref" else ""
