"""Shared resources: a class per file of `shared/resources/`, whose attributes are resources and outputs."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Concatenate, Final, Literal, ParamSpec, Protocol, TypeAlias, get_args, overload

from remit.app import Output, Resource
from remit.catalogue.types import resource_type
from remit.declare.fitting import judged_at_once
from remit.declare.recording import note
from remit.declare.unread import Unread
from remit.did_you_mean import MISSPELT, nearest
from remit.errors import Mistakes, RemitError, Span, writer_span
from remit.iam import tokens
from remit.project import current_load, setting_values
from remit.project import resource_handles as handles
from remit.project.late_bound import NoText
from remit.project.resource_handles import HANDLES, UNSPELLED, Handle

_PENDING: Final = r"\$\{(Pending0\d+0)"
DeletionPolicy: TypeAlias = Literal["Delete", "Retain", "RetainExceptOnCreate", "Snapshot"]
_DELETION: Final[tuple[str, ...]] = get_args(DeletionPolicy)
_ATTRIBUTES: Final = ("deletion_policy", "depends_on", "logical_id")
"""What `resource` takes beside properties."""
_numbers: Final = itertools.count(1)
P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class OutputHandle(NoText):
    """An output that a class declares."""

    value: str
    description: str
    where: Span
    owner: str = "Data"
    name: str = "output(…)"
    """How its class calls it."""
    export: str = ""

    def _as_text(self) -> tuple[str, str]:
        hint = f'write the value that it was given; where a function runs, `{self.owner}.lookup("{self.name}")`'
        return f"{self.owner}.{self.name}", hint


class ByType(Protocol[P]):
    """`resource` as type checkers see it: a type has its handle, and all take the same options."""

    @overload
    def __call__(self, type: handles.QueueType, /, *properties: P.args, **options: P.kwargs) -> handles.QueueHandle: ...
    @overload
    def __call__(self, type: handles.TableType, /, *properties: P.args, **options: P.kwargs) -> handles.TableHandle: ...
    @overload
    def __call__(
        self, type: handles.BucketType, /, *properties: P.args, **options: P.kwargs
    ) -> handles.BucketHandle: ...
    @overload
    def __call__(self, type: handles.TopicType, /, *properties: P.args, **options: P.kwargs) -> handles.TopicHandle: ...
    @overload
    def __call__(
        self, type: handles.UserPoolType, /, *properties: P.args, **options: P.kwargs
    ) -> handles.UserPoolHandle: ...
    @overload
    def __call__(
        self, type: handles.SecurityGroupType, /, *properties: P.args, **options: P.kwargs
    ) -> handles.SecurityGroupHandle: ...
    @overload
    def __call__(
        self, type: handles.StateMachineType, /, *properties: P.args, **options: P.kwargs
    ) -> handles.StateMachineHandle: ...
    @overload
    def __call__(
        self, type: handles.DatabaseT, /, *properties: P.args, **options: P.kwargs
    ) -> handles.DatabaseHandle[handles.DatabaseT]: ...
    @overload
    def __call__(
        self, type: handles.IdT, /, *properties: P.args, **options: P.kwargs
    ) -> handles.IdHandle[handles.IdT]: ...
    @overload
    def __call__(
        self, type: handles.NamedT, /, *properties: P.args, **options: P.kwargs
    ) -> handles.NamedHandle[handles.NamedT]: ...
    @overload
    def __call__(
        self, type: handles.PlainType, /, *properties: P.args, **options: P.kwargs
    ) -> Handle[handles.PlainType]: ...
    @overload
    def __call__(self, type: str, /, *properties: P.args, **options: P.kwargs) -> Any: ...


def _seen_by_type(function: Callable[Concatenate[str, P], Any]) -> ByType[P]:
    """The function itself, as type checkers are to see it."""
    return function


@_seen_by_type
@judged_at_once
def resource(
    type: str,  # noqa: A002 - CloudFormation's word
    properties: Mapping[str, Any] | None = None,
    /,  # so that a property may be called `type`, too
    *,
    deletion_policy: DeletionPolicy | None = None,
    depends_on: Handle[Any] | Sequence[Handle[Any]] | None = None,
    logical_id: str | None = None,
    **more: Any,
) -> Any:
    """Declare a resource of any CloudFormation type; snake_case keywords become its properties.

    RemitError (2) with all that is wrong. Resources among the values become references to them.
    """
    span, mistakes = writer_span(), Mistakes()
    type_name = ""
    checked: dict[str, Any] = {}
    attributes: dict[str, Any] = {}
    with mistakes.noted():
        type_name = setting_values.text(("type",), type)
    with mistakes.noted():
        if not isinstance(properties, dict | None):
            raise setting_values.wrong(("properties",), "a dict of CloudFormation properties", properties)
        all_properties = {**(properties or {}), **_properties(type_name, more)}
        with_references = _with_parts(all_properties, lambda part: part.ref if isinstance(part, Handle) else part)
        checked = setting_values.plain(("properties",), with_references)
    with mistakes.noted():
        resources = depends_on if isinstance(depends_on, list | tuple) else (depends_on,)
        if depends_on is not None:
            if not all(isinstance(handle, Handle) for handle in resources):
                raise RemitError("`depends_on` takes a resource, or a list of them")
            attributes["DependsOn"] = [handle.logical_id for handle in resources]
    with mistakes.noted():
        policy = setting_values.or_none(setting_values.one_of(_DELETION))(("deletion_policy",), deletion_policy)
        if policy is not None:
            attributes |= {"DeletionPolicy": policy, "UpdateReplacePolicy": policy}
    with mistakes.noted():
        own_id = setting_values.or_none(setting_values.logical_id)(("logical_id",), logical_id)
    mistakes.refuse()
    # The name is known only when the class body has ended: until then a number stands for it.
    handle = HANDLES.get(type_name, Handle)
    return handle(type_name, checked, attributes, span, own_id or f"Pending0{next(_numbers)}0")


def _properties(type_name: str, keywords: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that snake_case keywords mean: `sse_specification` of a table is SSESpecification.

    RemitError (2): one that looks like a misspelt option of `resource`, and is no property.
    """
    kind = resource_type(type_name)
    names = () if kind is None else kind.shape.properties
    by_letters = {name.casefold(): name for name in names}
    for keyword in keywords:
        attribute = nearest(keyword, _ATTRIBUTES, MISSPELT)
        if attribute is not None and keyword.replace("_", "").casefold() not in by_letters:
            raise RemitError(f"`resource` has no option `{keyword}`", hint=f"did you mean `{attribute}`?")
    return {
        by_letters.get(keyword.replace("_", "").casefold(), setting_values.by_cloudformation(keyword)): value
        for keyword, value in keywords.items()
    }


@judged_at_once
def output(value: Any, description: str = "", *, export: str = "") -> Any:
    """Declare an output of the stack, for people and for `lookup`; a resource gives its Ref.

    `export` is the name under which other stacks import it (Fn::ImportValue). RemitError (2): a part is no text, or an
    empty one where it may not be.
    """
    if tokens.is_intrinsic(value):
        value = tokens.from_intrinsic(value)
    text = value.ref if isinstance(value, Handle) else value
    if type(text) is not str or text:  # CloudFormation takes an empty one, which a condition may leave
        text = setting_values.text(("value",), text)
    about = tokens.plain(description)
    about = setting_values.text(("description",), about) if about else ""
    name = setting_values.text(("export",), export) if export else ""
    return OutputHandle(text, about, writer_span(), export=name)


class _SharedClass(NoText, type):
    """The type of the classes themselves: `f"{Data}"` would be the text `<class 'shared.resources.data.Data'>`."""

    def _as_text(cls) -> tuple[str, str]:
        resources = [name for name, value in vars(cls).items() if issubclass(type(value), Handle)]
        example = f"{cls.__name__}.{resources[0] if resources else 'queue'}"
        return cls.__name__, f"write a value of one of its resources, such as `{example}.arn` or `{example}.ref`"


class Shared(metaclass=_SharedClass):
    """Base of the classes in `shared/resources/`."""

    resources: ClassVar[tuple[Resource, ...]] = ()
    outputs: ClassVar[tuple[Output, ...]] = ()

    def __init_subclass__(cls) -> None:
        """Name the resources and outputs of a class, now that it has ended.

        Handles that know their names replace the class's attributes, references to them follow, and the load that runs,
        if any, takes them all.
        """
        _lose_what_has_no_name(cls)
        declared = {
            name: value
            for name, value in vars(cls).items()
            if issubclass(type(value), Handle) and value.spelled == UNSPELLED  # the others are another class's
        }
        names = {
            value.logical_id: _id(cls, name, value.where)
            for name, value in declared.items()
            if value.logical_id.startswith("Pending0")  # the others are given theirs
        }

        def named(part: Any) -> Any:
            if not isinstance(part, str):
                return part
            return re.sub(_PENDING, lambda match: "${" + names.get(match[1], match[1]), part)

        for name, value in declared.items():
            beside = dict(value.attributes)
            if "DependsOn" in beside:
                beside["DependsOn"] = [names.get(item, item) for item in beside["DependsOn"]]
            own_id, spelled = names.get(value.logical_id, value.logical_id), f"{cls.__name__}.{name}"
            properties = _with_parts(value.properties, named)
            named_handle = replace(value, properties=properties, attributes=beside, logical_id=own_id, spelled=spelled)
            setattr(cls, name, named_handle)
        outputs = {name: value for name, value in vars(cls).items() if type(value) is OutputHandle}
        for name, item in outputs.items():
            setattr(cls, name, replace(item, value=named(item.value), owner=cls.__name__, name=name))
        cls.resources = tuple(
            Resource(item.logical_id, item.type, item.properties, item.attributes, item.where.origin)
            for item in (vars(cls)[name] for name in declared)
        )
        cls.outputs = tuple(
            Output(
                _id(cls, name, item.where), item.value, item.description, item.where.origin, cls.__name__, item.export
            )
            for name, item in vars(cls).items()
            if type(item) is OutputHandle
        )
        state = current_load.current()
        if state is not None:
            state.resources += cls.resources
            state.handles |= {(cls.__name__, name): vars(cls)[name] for name in declared}
            state.outputs += cls.outputs
            lost = [name for name, value in vars(cls).items() if type(value) is Unread]
            state.lost_names.update(f"{cls.__name__}_{name}" for name in lost)

    @classmethod
    def lookup(cls, name: str) -> str:
        """The value of an output, inside a deployed function; here, the stack is not known."""
        raise RuntimeError(f"lookup({name!r}) works inside a deployed function")


def _lose_what_has_no_name(cls: type) -> None:
    """Note resources and outputs whose names are none in a template, and put something unread in their place."""
    for name, value in tuple(vars(cls).items()):
        if issubclass(type(value), Handle | OutputHandle):
            try:
                _id(cls, name, value.where)
            except RemitError as error:
                note(error)
                setattr(cls, name, Unread())


def _with_parts(value: Any, made: Callable[[Any], Any]) -> Any:
    """A value with each part in it that is no list and no dict as `made` makes it."""
    if isinstance(value, dict):
        return {key: _with_parts(item, made) for key, item in value.items()}
    return [_with_parts(item, made) for item in value] if isinstance(value, list | tuple) else made(value)


def _id(cls: type, name: str, span: Span) -> str:
    """The name in the template, which `lookup` makes as well at run time.

    RemitError (2): it has more than letters and digits.
    """
    logical_id = setting_values.by_cloudformation(f"{cls.__name__}_{name}")
    if not (logical_id.isascii() and logical_id.isalnum()):
        raise RemitError(
            f"`{cls.__name__}.{name}` cannot be named in a template",
            hint="letters a to z, digits and _ only",
            origin=span.origin,
        )
    return logical_id
