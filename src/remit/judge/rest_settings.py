"""The settings of the app's REST API, as its configuration leaves them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.errors import RemitError
from remit.judge.api_settings import right_settings
from remit.project.settings import may_be_among
from remit.triggers.rest_settings import RestSettings

if TYPE_CHECKING:
    from remit.judge.judgement import Judgement


def rest_settings(state: Judgement) -> RestSettings:
    """Return the right part of `config.rest`, whose endpoint must fit the rest."""
    right = right_settings(state, state.config.rest)
    right["cors_configuration"] = right.pop("cors", None)
    settings = RestSettings(**right)
    is_private = settings.endpoint_type == "PRIVATE"
    if is_private and settings.policy is None and not may_be_among(state.failed_settings, ("policy",)):
        _note(
            state,
            settings,
            "endpoint_type",
            "is PRIVATE, and API Gateway deploys no private API without a policy that says who may call",
            'such as `config.rest.policy = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", '
            '"Resource": "execute-api:/*", "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-…"}}}`',
        )
    if is_private and settings.domain_name is not None:
        _note(state, settings, "domain_name", "is regional, and cannot lead to a private API", "leave it out")
    if settings.vpc_endpoint_ids and not is_private and not may_be_among(state.failed_settings, ("endpoint_type",)):
        hint = 'set `config.rest.endpoint_type = "PRIVATE"`'
        _note(state, settings, "vpc_endpoint_ids", "is of private APIs, and this one is REGIONAL", hint)
    return settings


def _note(state: Judgement, settings: RestSettings, name: str, problem: str, hint: str) -> None:
    mistake = RemitError(f"`config.rest.{name}` {problem}", hint=hint, origin=settings.written[name])
    state.mistakes.errors.append(mistake)
