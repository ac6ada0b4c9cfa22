"""What CloudFormation calls, as the deployer, to create, read, update, delete or list a resource."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

from remit.catalogue.actions import actions
from remit.catalogue.snapshot import chunk, names

_MISNAMED: Final = {"AWS::OpenSearchService::Domain": {"update": ("es:UpdateDomainConfig",)}}
"""What a type's schema means by a permission that no service has (es:UpdateDomain)."""


@dataclass(frozen=True, slots=True)
class Handlers:
    """The actions of each handler, sorted; a few are patterns. An empty one calls nothing that is known.

    `told`: the type's schema says so; otherwise the API reference does.
    """

    type: str
    create: tuple[str, ...]
    read: tuple[str, ...]
    update: tuple[str, ...]
    delete: tuple[str, ...]
    list: tuple[str, ...]
    told: bool = True


def handlers(type_name: str) -> Handlers | None:
    """The handlers of a resource type; None is "unknown": no such type, or it does not say what it calls."""
    data = chunk("handlers", "::".join(type_name.split("::")[:2]))
    found = None if data is None else data["h"].get(type_name)
    if data is None or found is None:
        return _unlisted(type_name)
    actions = _actions(data)
    meant = _MISNAMED.get(type_name, {})
    called = {
        verb: tuple(sorted({*(actions[place] for place in accumulate(places)), *meant.get(verb, ())}))
        for verb, places in found.items()
    }
    create, read, update, delete, list_ = (
        called.get(verb, ()) for verb in ("create", "read", "update", "delete", "list")
    )
    return Handlers(type_name, create, read, update, delete, list_)


def _unlisted(type_name: str) -> Handlers | None:
    from remit.catalogue.undeclared_handlers import UNLISTED  # noqa: PLC0415 - few types ask for it

    if type_name not in UNLISTED:
        return None
    create, read, update, delete = (tuple(actions.split()) for actions in UNLISTED[type_name])
    return Handlers(type_name, create, read, update, delete, (), told=False)


def types_with_handlers() -> tuple[str, ...]:
    """The resource types that say what they call, sorted."""
    return tuple(sorted(name for service in names("handlers") for name in chunk("handlers", service)["h"]))


def _actions(data: dict[str, Any]) -> list[str]:
    exact = [actions(prefix)[place] for prefix, far in data["a"].items() for place in accumulate(far)]
    return [*exact, *data["x"]]
