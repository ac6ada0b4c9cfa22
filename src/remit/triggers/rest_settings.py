"""How the app's REST API is set up: `config.rest`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from remit.app import ApiSettings, App


@dataclass(frozen=True, slots=True)
class RestSettings(ApiSettings):
    """The settings of a REST API, in the words of CloudFormation's properties."""

    properties: Mapping[str, Any] = field(default_factory=dict)
    """Further properties of its AWS::ApiGateway::RestApi."""
    binary_media_types: tuple[str, ...] = ()
    stage_name: str | None = None
    """None for the name of the app's stage."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """The variables of its stage."""
    tracing: bool = False
    usage_plans: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By name: the properties of usage plans, and the names of the keys that each has (`Keys`)."""


def rest_settings(app: App) -> RestSettings:
    """The settings of the app's REST API; the defaults where nothing is set."""
    return app.rest if isinstance(app.rest, RestSettings) else RestSettings()


def stage_name(app: App) -> str:
    """The name of the REST API's stage: the one that is set, else that of the app's stage."""
    return rest_settings(app).stage_name or app.stage
