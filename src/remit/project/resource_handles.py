"""What `resource(…)` gives: a handle of a resource, whose attributes are values that the deploy knows.

Those of the common types are written out, so that type checkers know them: `Data.queue.url`. Any other type has what
Fn::GetAtt gives of it, in snake_case.

Source: "Return values" of each type (CloudFormation Template Reference).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeAlias, TypeVar, get_args

from remit.catalogue.types import REF, arn_of, resource_type
from remit.declare.recording import current
from remit.did_you_mean import did_you_mean
from remit.errors import RemitError, Span, writer
from remit.project.late_bound import LateBound, NoText

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORD: Final = r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+"
_WAYS: Final = "`.arn`, `.ref`, or `.attribute(…)` for anything that Fn::GetAtt gives"


UNSPELLED: Final = "resource(…)"
"""What messages call a resource while its class is not there."""
QueueType: TypeAlias = Literal["AWS::SQS::Queue"]
TableType: TypeAlias = Literal["AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"]
BucketType: TypeAlias = Literal["AWS::S3::Bucket"]
TopicType: TypeAlias = Literal["AWS::SNS::Topic"]
UserPoolType: TypeAlias = Literal["AWS::Cognito::UserPool"]
SecurityGroupType: TypeAlias = Literal["AWS::EC2::SecurityGroup"]
StateMachineType: TypeAlias = Literal["AWS::StepFunctions::StateMachine"]
DatabaseType: TypeAlias = Literal["AWS::RDS::DBInstance", "AWS::RDS::DBCluster"]
IdType: TypeAlias = Literal["AWS::KMS::Key", "AWS::EFS::FileSystem", "AWS::Cognito::UserPoolClient"]
NamedType: TypeAlias = Literal[
    "AWS::Events::EventBus",
    "AWS::IAM::Role",
    "AWS::Kinesis::Stream",
    "AWS::KinesisFirehose::DeliveryStream",
    "AWS::Logs::LogGroup",
    "AWS::SSM::Parameter",
]
PlainType: TypeAlias = Literal["AWS::SecretsManager::Secret"]
TypeName_co = TypeVar("TypeName_co", bound=str, covariant=True)
DatabaseT = TypeVar("DatabaseT", bound=DatabaseType)
IdT = TypeVar("IdT", bound=IdType)
NamedT = TypeVar("NamedT", bound=NamedType)


class NoAttribute(RemitError, AttributeError):
    """A resource has no attribute of a name; `hasattr` understands it."""


class ResourceText(LateBound):
    """The `arn` or the `ref` of a resource: text that is known to be of that resource."""

    __slots__ = ("resource",)
    resource: Handle[Any]

    @classmethod
    def of(cls, resource: Handle[Any], text: str, attribute: str) -> ResourceText:
        """Return the text of a resource's attribute."""
        value = cls(text, f"{resource.spelled}.{attribute}")
        value.resource = resource
        return value


@dataclass(frozen=True, slots=True)
class Handle(NoText, Generic[TypeName_co]):
    """A resource of a type that a class declares. Its `ref`, `arn` and attributes are late-bound text."""

    type: TypeName_co
    properties: Mapping[str, Any]
    attributes: Mapping[str, Any]
    where: Span
    logical_id: str
    spelled: str = UNSPELLED
    """How the user's code calls it, `Data.queue`, once its class is there."""

    @property
    def ref(self) -> LateBound:
        """CloudFormation's Ref: a queue's URL, a table's or bucket's name, a topic's ARN."""
        return self._here("ref", ResourceText.of(self, f"${{{self.logical_id}}}", "ref"))

    @property
    def arn(self) -> LateBound:
        """Its ARN: what Ref or the attribute gives that has it. RemitError: nothing does."""
        text = arn_of(self)
        if text is None:
            raise RemitError(
                f"{self.type} has no ARN of its own that CloudFormation gives",
                hint="write the ARN that you mean, or an attribute: `.attribute(…)`",
                origin=writer(),
            )
        return self._here("arn", ResourceText.of(self, text, "arn"))

    def attribute(self, name: str) -> LateBound:
        """Anything that Fn::GetAtt gives, such as `StreamArn`."""
        late = LateBound(f"${{{self.logical_id}.{name}}}", f'{self.spelled}.attribute("{name}")')
        return self._here(f"attribute {name}", late)

    def variable(self, attribute: str) -> str:
        """The variable by which functions have an attribute, or `attribute StreamArn`; `runtime` makes the same one."""
        name = "".join(word[:1].upper() + word[1:] for word in re.split(r"[._]", self.spelled))
        return f"REMIT_{name}_{re.sub(r'[^A-Za-z0-9]', '_', attribute)}"

    def _here(self, attribute: str, late: LateBound) -> LateBound:
        """An attribute as this process has it, to which a test may give the variables of a function."""
        here: Any = late if current() is not None else os.environ.get(self.variable(attribute), late)
        text: LateBound = here  # or a plain text, which is what it stands for
        return text

    if not TYPE_CHECKING:  # type checkers would take any name

        def __getattr__(self, name: str) -> LateBound:
            """Return Fn::GetAtt, in snake_case: `Data.database.endpoint_address` is `Endpoint.Address`.

            NoAttribute (2), at the line that asks: its type has none of that name. AttributeError for private names.
            """
            if name.startswith("_"):
                raise AttributeError(name)
            kind = resource_type(self.type)
            attributes = () if kind is None else kind.attributes
            by_name = {"_".join(re.findall(_WORD, attribute)).lower(): attribute for attribute in attributes}
            if name in by_name:
                late = LateBound(f"${{{self.logical_id}.{by_name[name]}}}", f"{self.spelled}.{name}")
                return self._here(name, late)
            known = (*_written_out(type(self)), "arn", "ref", *by_name)
            raise NoAttribute(
                f"`{self.spelled}` ({self.type}) has no `{name}`",
                hint=did_you_mean(name, known) or f"there are {_WAYS}",
                origin=writer(),
            )

    def _as_text(self) -> tuple[str, str]:
        return self.spelled, f"write `{self.spelled}.arn`, `{self.spelled}.ref` or `{self.spelled}.attribute(…)`"


class Attribute:
    """An attribute of a type's handles, by what gives it: Ref, or a name for Fn::GetAtt."""

    def __init__(self, source: str = REF) -> None:
        self.source = source

    def __set_name__(self, _owner: type, name: str) -> None:
        self.name = name

    def __get__(self, handle: Handle[str] | None, _owner: type) -> LateBound:
        """The attribute as late-bound text, read for the line that asks.

        On the class itself, without a handle, AttributeError.
        """
        if handle is None:
            raise AttributeError(self.name)
        written = f"{handle.spelled}.{self.name}"
        reference = handle.logical_id if self.source == REF else f"{handle.logical_id}.{self.source}"
        return handle._here(self.name, LateBound(f"${{{reference}}}", written))  # noqa: SLF001 - its own


class QueueHandle(Handle[QueueType]):
    """AWS::SQS::Queue."""

    url = Attribute()
    name = Attribute("QueueName")


class TableHandle(Handle[TableType]):
    """AWS::DynamoDB::Table, AWS::DynamoDB::GlobalTable."""

    name = Attribute()
    stream_arn = Attribute("StreamArn")


class BucketHandle(Handle[BucketType]):
    """AWS::S3::Bucket."""

    name = Attribute()
    domain_name = Attribute("DomainName")
    regional_domain_name = Attribute("RegionalDomainName")
    website_url = Attribute("WebsiteURL")


class TopicHandle(Handle[TopicType]):
    """AWS::SNS::Topic."""

    name = Attribute("TopicName")


class NamedHandle(Handle[TypeName_co]):
    """A type whose Ref is its name: a stream, a log group, an event bus, a parameter, a role."""

    name = Attribute()


class IdHandle(Handle[TypeName_co]):
    """A type whose Ref is its id: a key, a file system, the client of a user pool."""

    id = Attribute()


class UserPoolHandle(IdHandle[UserPoolType]):
    """AWS::Cognito::UserPool."""

    provider_name = Attribute("ProviderName")
    provider_url = Attribute("ProviderURL")


class SecurityGroupHandle(Handle[SecurityGroupType]):
    """AWS::EC2::SecurityGroup."""

    id = Attribute("GroupId")


class StateMachineHandle(Handle[StateMachineType]):
    """AWS::StepFunctions::StateMachine."""

    name = Attribute("Name")


class DatabaseHandle(IdHandle[TypeName_co]):
    """AWS::RDS::DBInstance, AWS::RDS::DBCluster."""

    endpoint_address = Attribute("Endpoint.Address")
    endpoint_port = Attribute("Endpoint.Port")
    secret_arn = Attribute("MasterUserSecret.SecretArn")


_TYPES: Final = (
    (QueueType, QueueHandle),
    (TableType, TableHandle),
    (BucketType, BucketHandle),
    (TopicType, TopicHandle),
    (UserPoolType, UserPoolHandle),
    (SecurityGroupType, SecurityGroupHandle),
    (StateMachineType, StateMachineHandle),
    (DatabaseType, DatabaseHandle),
    (IdType, IdHandle),
    (NamedType, NamedHandle),
    (PlainType, Handle),
)
"""The types whose attributes are written out, by their handles; `resource` has an overload for each."""
HANDLES: Final[Mapping[str, type[Handle[Any]]]] = {name: handle for types, handle in _TYPES for name in get_args(types)}


def attributes_of(handle: Handle[Any]) -> frozenset[str]:
    """The attributes of a resource that type checkers know."""
    return frozenset({"arn", "ref", *_written_out(type(handle))})


def _written_out(handle: type[Handle[Any]]) -> tuple[str, ...]:
    """The attributes that a class of handles writes out, its own and those that it inherits."""
    names = []
    for kind in handle.__mro__:
        names += [name for name, value in vars(kind).items() if isinstance(value, Attribute)]
    return tuple(names)
