"""Which KMS key is meant, by whichever of its names: an id, an ARN, an alias, or a resource of the app."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from remit.catalogue.arns import parse
from remit.catalogue.types import arn_of, resource_type
from remit.errors import RemitError, described, writer
from remit.iam import tokens
from remit.iam.policy import Condition, Statement, allow
from remit.template.branches import values_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.app import Resource

ALIAS_TYPE: Final = "AWS::KMS::Alias"
KEY_TYPES: Final = ("AWS::KMS::Key", "AWS::KMS::ReplicaKey")
RESOURCE_ALIASES: Final = "kms:ResourceAliases"
_ALIAS: Final = "alias/"
_OF_AWS: Final = "alias/aws/"
_KEY: Final = "key/"
_NAMES_OF_KEYS: Final = ("arn:", _ALIAS, "${", "*")
"""What a name begins with that is no id: the ARN or the alias of a key, late-bound text, a pattern."""
_ID: Final = r"(?:mrk-)?[0-9a-fA-F-]+"
_ARN: Final = f"arn:{tokens.PARTITION}:kms:{tokens.REGION}:{tokens.ACCOUNT}:%s"
EVERY_KEY: Final = _ARN % "key/*"
"""Every key of the account and region."""
_ENCRYPTING: Final[Mapping[str, str]] = {
    "AWS::S3::Bucket": (
        "BucketEncryption.ServerSideEncryptionConfiguration[].ServerSideEncryptionByDefault.KMSMasterKeyID"
    )
}
"""The property with the key of the resource itself, of types that name keys of other things, too."""


@dataclass(frozen=True, slots=True)
class KmsKey:
    """A key: the app's own, or one that exists already, by its ARN or its alias."""

    name: str
    """Its ARN, as late-bound text; the alias of one of which nothing else is known (`alias/shop`)."""
    own: Resource | None = None
    """The resource of the app that makes it."""

    @property
    def alias(self) -> str:
        """The alias by which alone it is known, without the ARN around it; else ""."""
        arn = parse(self.name)
        name = self.name if arn is None else arn.resource
        return name if name.startswith(_ALIAS) else ""

    @property
    def is_of_aws(self) -> bool:
        """True if AWS manages it (`alias/aws/sqs`): nobody needs a grant for it, and nobody can change its policy."""
        return self.alias.startswith(_OF_AWS)

    @property
    def resource(self) -> str:
        """Its text in policies: its ARN, or that of every key where only `conditions` tell which it is."""
        if not self.alias:
            return self.name
        return EVERY_KEY if self.name == self.alias else f"{self.name.removesuffix(self.alias)}key/*"

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """That the key has the alias, where it is known by that alone.

        An alias has no say in access; the condition kms:ResourceAliases on every key of the account does what is meant
        ("Use aliases to control access to KMS keys", AWS KMS Developer Guide).
        """
        alias = self.alias
        return (Condition("StringEquals", RESOURCE_ALIASES, (alias,), quantifier="ForAnyValue"),) if alias else ()

    def allowing(self, *actions: str) -> Statement:
        """The actions on this key."""
        return allow(*actions, on=self.resource, when=self.conditions)


def kms_key(resources: Mapping[str, Resource], value: Any) -> KmsKey | None:
    """The key that a property of a template or an option names; None where it names none.

    `resources` are the app's, by logical id. `value` is an id, an ARN, an alias or its ARN, as a string or an intrinsic
    function. What only a deploy knows, such as an import, is taken for an ARN.
    """
    text = tokens.textual(value)
    resource = _named(resources, text)
    if resource is not None and resource.type == ALIAS_TYPE:
        text = tokens.textual(resource.properties.get("TargetKeyId"))
        resource = _named(resources, text)
    if not isinstance(text, str) or not text:
        return None
    if resource is not None and resource.type in KEY_TYPES:
        return KmsKey(arn_of(resource) or text, resource)
    return key_named(text)


def key_named(text: str) -> KmsKey:
    """The key of an id, an ARN or an alias, whoever's it is."""
    is_id = not text.startswith(_NAMES_OF_KEYS)
    return KmsKey(_ARN % f"{_KEY}{text}" if is_id else text)


def encrypting_key(resource: Any) -> Any:
    """The value of the property that names the key of a resource of the app; None where it has none.

    `resource` is any object with a CloudFormation `type` and `properties`.
    """
    kind = resource_type(resource.type)
    if kind is None:
        return None
    paths = (_ENCRYPTING[kind.name],) if kind.name in _ENCRYPTING else kind.holding("key")
    values = [value for path in paths for value in values_at(resource.properties, path)]
    return values[0] if values else None


def key_text(subject: Any, taker: str = "key") -> Any:
    """Return the text of a key for an option: the Ref of an alias of the app, the ARN of another resource, else text.

    None where there is no key. RemitError: it is neither, which `taker` takes, or it cannot be the id of a key.
    """
    if getattr(subject, "type", None) == ALIAS_TYPE:
        return tokens.plain(subject.ref)
    text = tokens.textual(tokens.plain(getattr(subject, "arn", subject)))
    if text is not None and not isinstance(text, str):
        hint = 'its id, its ARN, "alias/NAME", or a resource'
        raise RemitError(f"{taker} takes a KMS key, got {described(subject)}", hint=hint, origin=writer())
    if text and not text.startswith(_NAMES_OF_KEYS) and not re.fullmatch(_ID, text):
        raise RemitError(f"no KMS key has the id {text!r}", hint=f"an alias reads {_ALIAS + text!r}", origin=writer())
    return text


def _named(resources: Mapping[str, Resource], text: Any) -> Resource | None:
    """The key or the alias of the app that a text names: by reference, by an ARN around one, or by the alias's name.

    None: it names none of the app's.
    """
    if not isinstance(text, str):
        return None
    arn = parse(text)
    name = text if arn is None else arn.resource.removeprefix(_KEY)
    if name.startswith(_ALIAS):
        aliases = (resource for resource in resources.values() if resource.type == ALIAS_TYPE)
        return next((item for item in aliases if tokens.textual(item.properties.get("AliasName")) == name), None)
    references = tokens.references(name)
    if len(references) != 1 or references[0].text != name:
        return None
    return resources.get(references[0].target or "")
