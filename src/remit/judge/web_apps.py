"""What `app.web` is told, checked: which object it serves, and what runs it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from remit.app import WebApp
from remit.did_you_mean import did_you_mean
from remit.errors import RemitError, described, judging, writer
from remit.iam import tokens
from remit.triggers.api import Api
from remit.triggers.http import Http

if TYPE_CHECKING:
    from remit.app import Trigger
    from remit.errors import Origin
    from remit.project.declared import Declaration, WebOptions

_TARGET: Final = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*"
_INTERFACES: Final = ("asgi", "wsgi")
_TOO_OLD: Final = frozenset({"python3.9"})
"""Runtimes that the adapters no longer support."""


def checked_web_app(declaration: Declaration, options: WebOptions) -> Declaration:
    """The declaration with its web app, and the triggers of its function. RemitError at the user's line."""
    with judging(declaration.where.origin):
        web, triggers = _declared(options.target, declaration.triggers, options.auth, options.interface)
    return replace(declaration, web=web, triggers=triggers)


def _declared(
    target: Any, triggers: tuple[Trigger, ...], auth: Any, interface: Any
) -> tuple[WebApp, tuple[Trigger, ...]]:
    text = tokens.plain(target)
    if not isinstance(text, str) or not re.fullmatch(_TARGET, text):
        module, _, name = text.rpartition(".") if isinstance(text, str) else ("", "", "")
        hint = f"did you mean `{module}:{name}`?" if module and ":" not in text else 'such as "shop.main:api"'
        raise RemitError(
            f"a web app is named by its module and its name there, got {described(target):.60}",
            hint=hint,
            origin=writer(),
        )
    if interface is not None and tokens.plain(interface) not in _INTERFACES:
        hint = did_you_mean(str(interface), _INTERFACES) or f"it can be {' or '.join(_INTERFACES)}"
        raise RemitError(f"interface cannot be {interface!r:.40}", hint=hint, origin=writer())
    if triggers and auth is not None:
        raise RemitError(
            "auth says whom the app's HTTP API lets in, and this web app has triggers of its own",
            hint="give `auth` to them: `on.api(…, auth=…)`, `on.http(auth=…)`",
            origin=writer(),
        )
    for trigger in triggers:
        if isinstance(trigger, Http) and trigger.invoke_mode != "BUFFERED":
            raise RemitError(
                "a web app cannot stream its answers: no adapter of Python's web frameworks does on Lambda",
                hint="leave invoke_mode out; large files are better served from S3, by a presigned URL",
                origin=writer(),
            )
        if isinstance(trigger, Api) and trigger.payload_format_version == "1.0":
            raise RemitError(
                "a web app gets payload format 2.0: its adapter reads no other",
                hint="leave payload_format_version out",
                origin=writer(),
            )
    if triggers:
        return WebApp(text, interface), triggers
    route = Api("$default") if auth is None else Api("$default", auth)
    return WebApp(text, interface), (route,)


def check_runtime(name: str, runtime: str, origin: Origin) -> None:
    """Refuse a web app on a runtime that its adapter does not support."""
    if runtime in _TOO_OLD:
        raise RemitError(
            f"web app `{name}` runs on {runtime}, which the adapters of web frameworks no longer support",
            hint='set `runtime="python3.13"`',
            origin=origin,
        )
