"""What every trigger inherits: no grants, resources or outputs, until it says otherwise."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self, TypeVar

from remit.app import App, Function, Grant, Output, Resource, Triggered
from remit.declare.recorded import Recorded
from remit.declare.unread import Unread
from remit.errors import Mistakes, Origin
from remit.resources.names import own_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from remit.holders import Holder


T = TypeVar("T")
D = TypeVar("D", bound="Triggered")
_RESOURCES: Final = frozenset(
    {"bucket", "bus", "dead_letter", "group", "on_failure", "pool", "queue", "stream", "topic"}
)
"""The options that name a resource: one of the app may be given by its `arn` or `ref` as well."""


class TriggerSource(NamedTuple):
    """Something that a trigger needs and may not make: what people call it, its ARN, and what must hold of it."""

    kind: str
    arn: str
    condition: str = ""


@dataclass(frozen=True, slots=True)
class BaseTrigger(Recorded):
    """Base of the triggers: frozen dataclasses whose fields are the user's options.

    The RemitError of a check has no origin: it is told at the line of the trigger (`Recorded.judged`).
    """

    def __post_init__(self) -> None:
        """In options that name a resource (`_RESOURCES`), put the resource itself in the place of its `arn` or `ref`.

        An option that could not be read stays as it is, and so do names and ARNs.
        """
        for option in fields(self):
            if option.name in _RESOURCES:
                value = getattr(self, option.name)
                if type(value) is not Unread:
                    object.__setattr__(self, option.name, getattr(value, "resource", value))

    offers = ("", "", "")
    """The option whose resource people want to know after a deploy, the end of the output's name, its description."""

    def at(self, written: Origin) -> Self:
        """The same trigger, which another line wrote."""
        trigger = copy(self)
        object.__setattr__(trigger, "written", written)
        return trigger

    def grants(self, function: Function) -> Iterator[Grant]:  # noqa: ARG002 - a trigger's signature
        """Yield the grants of the function's role: none where a service calls the function by itself."""
        yield from ()

    def resources(self, function: Any) -> Iterator[Resource]:  # noqa: ARG002 - a trigger's signature
        """Yield the resources that the template needs beside the function."""
        yield from ()

    def roles(self, function: Any) -> Iterator[Holder]:  # noqa: ARG002 - a trigger's signature
        """Yield the roles with which services call the function, where its resource policy is not enough: none here."""
        yield from ()

    def sources(self) -> Iterator[TriggerSource]:
        """Yield the resources that the trigger reads, or sends failures to: the app's own, or existing ones."""
        yield from ()

    def outputs(self, function: Any) -> Iterator[Output]:  # noqa: ARG002 - a trigger's signature
        """Yield the output that people want to know after a deploy: the option of `offers` by its Ref.

        None unless the option names a resource of the app.
        """
        option, end, description = self.offers
        own = own_id(getattr(self, option, None))
        if own:
            yield Output(f"{own}{end}", f"${{{own}}}", description)


def triggers_of(declared: Iterable[D], kind: type[T]) -> Iterator[tuple[D, T]]:
    """Yield the function or workflow and the trigger, for each trigger of a class or a subclass, in their order."""
    for runs in declared:
        for trigger in runs.triggers:
            if isinstance(trigger, kind):
                yield runs, trigger


def with_changed_sources(
    app: App,
    kind: type[T],
    source: Callable[[T], str],
    change: Callable[[Resource, list[tuple[Function, T]]], Resource],
) -> App:
    """The app with each resource that is the source of triggers of a class as `change` makes it of it and of these.

    `source` gives the logical id of a trigger's source: "" for one that is not the app's, which changes nothing.
    RemitError has every refusal of `change`.
    """
    triggers: dict[str, list[tuple[Function, T]]] = {}
    for function, trigger in triggers_of(app.functions, kind):
        triggers.setdefault(source(trigger), []).append((function, trigger))
    resources: list[Resource] = []
    mistakes = Mistakes()
    for resource in app.resources:
        of_resource = triggers.get(resource.logical_id)
        with mistakes.noted():
            resources.append(change(resource, of_resource) if of_resource else resource)
    mistakes.refuse()
    return replace(app, resources=tuple(resources))


def trigger_files(functions: Iterable[Triggered]) -> set[str]:
    """The names of the modules of functions' triggers and of their base classes: `sqs`, `trigger`.

    A step for one kind of trigger imports that kind's file only if it is among them.
    """
    kinds = {type(trigger) for function in functions for trigger in function.triggers}
    return {base.__module__.rpartition(".")[2] for kind in kinds for base in kind.__mro__}
