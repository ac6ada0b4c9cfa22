"""What `app.web` is told, checked: which object it serves, and what runs it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from remit.app import WebApp
from remit.did_you_mean import did_you_mean
from remit.errors import Origin, RemitError, described, judging
from remit.iam import tokens
from remit.triggers.api import Api
from remit.triggers.http import Http

if TYPE_CHECKING:
    from remit.project.declared import Declaration, WebOptions

_TARGET: Final = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*"
_INTERFACES: Final = ("asgi", "wsgi")
_TOO_OLD: Final = frozenset({"python3.9"})
"""Runtimes that the adapters no longer support."""


def checked_web_app(declaration: Declaration, options: WebOptions) -> Declaration:
    """A copy of the declaration with its web app, and with an HTTP API as its trigger where it has none.

    RemitError at the user's line: the target is no `module:name`, the interface is not asgi or wsgi, `auth` stands
    beside triggers, or a trigger streams or sends payload format 1.0.
    """
    origin = declaration.where.origin
    text = tokens.plain(options.target)
    if not isinstance(text, str) or not re.fullmatch(_TARGET, text):
        module, _, name = text.rpartition(".") if isinstance(text, str) else ("", "", "")
        hint = f"did you mean `{module}:{name}`?" if module and ":" not in text else 'such as "shop.main:api"'
        raise RemitError(
            f"a web app is named by its module and its name there, got {described(options.target):.60}",
            hint=hint,
            origin=origin,
        )
    if options.interface is not None and tokens.plain(options.interface) not in _INTERFACES:
        hint = did_you_mean(str(options.interface), _INTERFACES) or f"it can be {' or '.join(_INTERFACES)}"
        raise RemitError(f"interface cannot be {options.interface!r:.40}", hint=hint, origin=origin)
    if declaration.triggers and options.auth is not None:
        raise RemitError(
            "auth says whom the app's HTTP API lets in, and this web app has triggers of its own",
            hint="give `auth` to them: `on.api(…, auth=…)`, `on.http(auth=…)`",
            origin=origin,
        )
    for trigger in declaration.triggers:
        if isinstance(trigger, Http) and trigger.invoke_mode != "BUFFERED":
            raise RemitError(
                "a web app cannot stream its answers: no adapter of Python's web frameworks does on Lambda",
                hint="leave invoke_mode out; large files are better served from S3, by a presigned URL",
                origin=origin,
            )
        if isinstance(trigger, Api) and trigger.payload_format_version == "1.0":
            raise RemitError(
                "a web app gets payload format 2.0: its adapter reads no other",
                hint="leave payload_format_version out",
                origin=origin,
            )
    triggers = declaration.triggers
    if not triggers:
        with judging(origin):  # where the route is written
            triggers = (Api("$default") if options.auth is None else Api("$default", options.auth),)
    return replace(declaration, web=WebApp(text, options.interface), triggers=triggers)


def check_runtime(name: str, runtime: str, origin: Origin) -> None:
    """Check that the adapter of a web app supports its runtime. RemitError (2): it does not."""
    if runtime in _TOO_OLD:
        raise RemitError(
            f"web app `{name}` runs on {runtime}, which the adapters of web frameworks no longer support",
            hint='set `runtime="python3.13"`',
            origin=origin,
        )
