"""The settings of the app's HTTP API and WebSocket API, as its configuration leaves them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.app import ApiSettings, WebsocketSettings
from remit.errors import RemitError
from remit.project.current_load import relative

if TYPE_CHECKING:
    from remit.project.current_load import Loading


def api_settings(state: Loading) -> ApiSettings:
    """What `config.api` says. RemitError: a domain without a certificate, or a certificate without a domain."""
    section = state.config.api
    values = {name: value for name, (value, _) in section.assigned.items()}
    lines = {name: relative(span.origin, state.folder) for name, (_, span) in section.assigned.items()}
    settings = ApiSettings(**values, written=lines)
    if settings.domain_name is not None and settings.certificate_arn is None:
        raise RemitError(
            f"`config.api.domain_name` is {settings.domain_name!r}, and there is no certificate for it",
            hint="set `config.api.certificate_arn` to one of ACM in the API's region",
            origin=lines["domain_name"],
        )
    if settings.certificate_arn is not None and settings.domain_name is None:
        raise RemitError(
            "`config.api.certificate_arn` has no domain to be used for",
            hint="set `config.api.domain_name`",
            origin=lines["certificate_arn"],
        )
    if settings.disable_execute_api_endpoint and settings.domain_name is None:
        raise RemitError(
            "`config.api.disable_execute_api_endpoint` leaves the API without an address: it has no domain",
            hint="set `config.api.domain_name` and its certificate, too",
            origin=lines["disable_execute_api_endpoint"],
        )
    for name in ("access_log_format", "access_log_retention"):
        if name in section.assigned and not settings.access_log:
            raise RemitError(
                f"`config.api.{name}` is set, and the API writes no access log",
                hint="set `config.api.access_log = True`",
                origin=lines[name],
            )
    return settings


def websocket_settings(state: Loading) -> WebsocketSettings:
    """What `config.websocket` says."""
    return WebsocketSettings(**{name: value for name, (value, _) in state.config.websocket.assigned.items()})
