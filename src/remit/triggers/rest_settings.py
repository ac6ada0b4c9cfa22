"""How the app's REST API is set up: `config.rest`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from remit.app import ApiSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.app import App


@dataclass(frozen=True, slots=True)
class RestSettings(ApiSettings):
    """The settings of a REST API, in the words of CloudFormation's properties."""

    endpoint_type: Literal["REGIONAL", "PRIVATE"] = "REGIONAL"
    vpc_endpoint_ids: tuple[str, ...] = ()
    policy: Mapping[str, Any] | None = None
    """A resource policy: who may call, and from where."""
    binary_media_types: tuple[str, ...] = ()
    minimum_compression_size: int | None = None
    """Bytes from which answers are compressed."""
    stage_name: str | None = None
    """None for the name of the app's stage."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """The variables of its stage."""
    tracing: bool = False
    usage_plans: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By name: the properties of usage plans, and the names of the keys that each has (`Keys`)."""


def rest_settings(app: App) -> RestSettings:
    """The settings of the app's REST API."""
    return app.rest if isinstance(app.rest, RestSettings) else RestSettings()


def stage_name(app: App) -> str:
    """The name of the API's stage."""
    return rest_settings(app).stage_name or app.stage
