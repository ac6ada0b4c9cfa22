"""Keep what a template says of a function and the emulator drops: its VPC, concurrency, dead letters, durability."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def keep_properties(service: Any) -> None:
    """Let the emulator's resource handlers of functions note them in its module `lambda_svc`, which heeds them."""
    provisioners: Any = importlib.import_module("ministack.services.cloudformation.provisioners")
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]  # noqa: SLF001 - it has no other way in
    create, update = handlers["create"], handlers["update"]

    def create_function(logical_id: str, properties: Mapping[str, Any], *rest: Any, **options: Any) -> Any:
        made = create(logical_id, properties, *rest, **options)
        _note(service, made[0], properties)
        return made

    def update_function(
        physical_id: str, old: Mapping[str, Any], new: Mapping[str, Any], *rest: Any, **options: Any
    ) -> Any:
        made = update(physical_id, old, new, *rest, **options)
        _note(service, made[0], new)
        return made

    handlers["create"], handlers["update"] = create_function, update_function


def _note(service: Any, name: str, properties: Mapping[str, Any]) -> None:
    function = service._functions[name]  # noqa: SLF001 - as above
    reserved = properties.get("ReservedConcurrentExecutions")
    function["concurrency"] = None if reserved is None else int(reserved)
    function["config"]["VpcConfig"] = service._vpc_config_with_id(properties.get("VpcConfig"))  # noqa: SLF001 - as above
    for setting in ("DeadLetterConfig", "DurableConfig"):
        if setting in properties:
            function["config"][setting] = properties[setting]
        else:
            function["config"].pop(setting, None)
