"""The settings of the APIs of an app, as its configuration leaves them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from remit.app import ApiSettings
from remit.project.current_load import relative
from remit.project.settings import Section, may_be_among

if TYPE_CHECKING:
    from remit.judge.judgement import Judgement
    from remit.triggers.rest_settings import RestSettings


class _Need(NamedTuple):
    """A setting that needs another one: what is wrong without it ({value} is the setting's), and what to do."""

    setting: str
    needed: str
    problem: str
    hint: str
    when_off: bool = False
    """Whether it needs the other one also where it is None or False: None keeps an access log for ever."""


_LOG: Final = "is set, and the API writes no access log", "set `{section}.access_log = True`"
_NEEDS: Final = (
    _Need(
        "domain_name",
        "certificate_arn",
        "is {value}, and there is no certificate for it",
        "set `{section}.certificate_arn` to one of ACM in the API's region",
    ),
    _Need("certificate_arn", "domain_name", "has no domain to be used for", "set `{section}.domain_name`"),
    _Need(
        "disable_execute_api_endpoint",
        "domain_name",
        "leaves the API without an address: it has no domain",
        "set `{section}.domain_name` and its certificate, too",
    ),
    _Need("access_log_format", "access_log", *_LOG, when_off=True),
    _Need("access_log_retention", "access_log", *_LOG, when_off=True),
)


def settings_of_apis(state: Judgement) -> tuple[ApiSettings, RestSettings | None]:
    """Return the settings of the HTTP API and of the REST API as far as they are right; what is wrong is noted.

    None for the REST API where nothing of it is set, or its settings are wrong together.
    """
    api, rest = ApiSettings(), None
    with state.noted():
        api = ApiSettings(**_right_settings(state, state.config.api))
    if state.config.rest.assigned:
        from remit.triggers.rest_settings import RestSettings  # noqa: PLC0415 - few apps have a REST API

        with state.noted():
            right = _right_settings(state, state.config.rest)
            rest = RestSettings(cors_configuration=right.pop("cors", None), **right)
    return api, rest


def _right_settings(state: Judgement, section: Section) -> dict[str, Any]:
    """Return the right part of the settings of an API by their names, and the line of each as `written`.

    A setting without another one that it needs is left out, and noted unless that one failed.
    """
    values = {name: value for name, (value, _) in section.assigned.items()}
    lines = {name: relative(span.origin, state.folder) for name, (_, span) in section.assigned.items()}
    right = {**values, "written": lines}
    for need in _NEEDS:
        if need.setting not in values or values.get(need.needed):
            continue
        if values[need.setting] in (None, False) and not need.when_off:
            continue
        right.pop(need.setting, None)
        if not may_be_among(state.failed_settings, (need.needed,)):
            problem = need.problem.replace("{value}", repr(values[need.setting]))
            message = f"`{section.path}.{need.setting}` {problem}"
            hint = need.hint.replace("{section}", section.path)
            state.mistakes.add(message, hint=hint, origin=lines[need.setting])
    return right
