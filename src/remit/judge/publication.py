"""Settings that publish versions of a function, and those of its asynchronous calls.

Sources: "Improving startup performance with Lambda SnapStart", "Configuring provisioned concurrency", "Lambda durable
functions", "Configuring error handling settings for asynchronous invocation" (AWS Lambda Developer Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.app import Publication
from remit.source import places

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.errors import Mistakes, Span

_ASYNCHRONOUS: Final = {
    "maximum_retry_attempts": "MaximumRetryAttempts",
    "maximum_event_age": "MaximumEventAgeInSeconds",
}
_DESTINATIONS: Final = {"on_success": "OnSuccess", "on_failure": "OnFailure"}
BESIDE: Final = frozenset({"alias", "logical_id", "provisioned_concurrency", *_ASYNCHRONOUS, *_DESTINATIONS})
"""Settings that are no properties of the function itself."""
_LIVE: Final = "live"
_SNAP_STARTS: Final = ("python3.12", "python3.13", "python3.14")
_DURABLE: Final = ("python3.13", "python3.14")
_TMP: Final = 512  # megabytes, the most that SnapStart takes


def publication(properties: Mapping[str, Any], beside: Mapping[str, Any]) -> Publication | None:
    """The versions and alias of a function, `live` without a name of its own; None where no setting asks for them.

    SnapStart, durability and provisioned concurrency do, as an alias does. `beside` has the settings of `BESIDE`.
    """
    instances = beside.get("provisioned_concurrency")
    needed = instances is not None or "DurableConfig" in properties
    needed = needed or properties.get("SnapStart", {}).get("ApplyOn") == "PublishedVersions"
    alias = beside.get("alias") or (_LIVE if needed else None)
    return None if alias is None else Publication(alias, instances)


def event_invoke(beside: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of AWS::Lambda::EventInvokeConfig that settings give; empty where none does."""
    properties = {name: beside[setting] for setting, name in _ASYNCHRONOUS.items() if beside.get(setting) is not None}
    destinations = {
        name: {"Destination": beside[setting]}
        for setting, name in _DESTINATIONS.items()
        if beside.get(setting) is not None
    }
    return {**properties, **({"DestinationConfig": destinations} if destinations else {})}


def check_publication(
    name: str, properties: Mapping[str, Any], beside: Mapping[str, Any], declaration: Span, mistakes: Mistakes
) -> None:
    """Note what Lambda refuses of SnapStart, provisioned concurrency and durability together with other settings."""
    runtime = properties.get("Runtime")
    problems: list[tuple[str, str, str]] = []  # the setting that asks for it, the problem, the remedy
    if properties.get("SnapStart", {}).get("ApplyOn") == "PublishedVersions":
        if runtime not in _SNAP_STARTS:
            problem = f"has snap_start, which {runtime} does not have"
            problems.append(("snap_start", problem, f'set runtime="{_SNAP_STARTS[-1]}"'))
        if beside.get("provisioned_concurrency") is not None:
            problem = "has both snap_start and provisioned_concurrency"
            problems.append(("provisioned_concurrency", problem, "Lambda takes one of them"))
        if properties.get("EphemeralStorage", {}).get("Size", _TMP) > _TMP or properties.get("FileSystemConfigs"):
            problem = f"has snap_start, which takes no file system and no more than {_TMP} MB of /tmp"
            problems.append(("ephemeral_storage", problem, "leave one out"))
    reserved, provisioned = properties.get("ReservedConcurrentExecutions"), beside.get("provisioned_concurrency")
    if isinstance(reserved, int) and isinstance(provisioned, int) and provisioned > reserved:
        problem = f"keeps {provisioned} instances ready, and reserved_concurrency lets {reserved} run"
        hint = "Lambda wants provisioned_concurrency to be no more than reserved_concurrency"
        problems.append(("provisioned_concurrency", problem, hint))
    if "DurableConfig" in properties and runtime not in _DURABLE:
        problems.append(("durable", f"is durable, which {runtime} cannot be", f'set runtime="{_DURABLE[-1]}"'))
    for setting, problem, hint in problems:
        origin = places.argument_origin(declaration, setting)
        mistakes.add(f"function `{name}` {problem}", hint=hint, origin=origin)
