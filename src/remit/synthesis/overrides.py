"""Stop a build at the line of an override that breaks what the app uses, unless a reason accepts it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.errors import RemitError
from remit.roles.assign import may_break

if TYPE_CHECKING:
    from pathlib import Path

    from remit.app import App, Role
    from remit.errors import Origin
    from remit.roles.broken_features import Broken


_RULE: Final = "R704"
"""What the guard finds, as lint calls it: the rule that a comment at the override accepts."""


def guarded(app: App, roles: tuple[Role, ...], accept: str | None, folder: Path) -> tuple[str, ...]:
    """What people should know of a replaced default policy: warnings, and errors that `accept` accepts.

    So does a comment at the override in the project's `folder`, or `config.lint.allow`, as for any finding of lint.
    RemitError at the override: it breaks what the app uses, and no reason accepts that; or the reason is empty.
    """
    if accept is not None and not any(map(str.isalnum, accept)):
        raise RemitError("--accept needs a reason", hint='such as --accept "another team deploys the queue\'s grant"')
    unused = () if accept is None else ("warning: nothing needs --accept: no override stops the build",)
    if not may_break(app, roles):
        return unused
    from remit.roles.broken_features import broken, together  # noqa: PLC0415 - it brings the evaluator, which few builds need

    found = together(broken(app, roles), app)
    reasons = {one.origin: _reason(app, folder, one.origin) for one in found}
    errors = [one for one in found if one.severity == "error"]
    refused = [one for one in errors if accept is None and reasons[one.origin] is None]
    warnings = [one for one in found if one.severity == "warning" and reasons[one.origin] is None]
    if refused:
        raise _refusal(refused, warnings)
    accepted = (_told(one, f"accepted ({_line(reasons[one.origin] or accept)})") for one in errors)
    told = (*(_told(one, "warning") for one in warnings), *accepted)
    return (*told, *(() if errors else unused))


def _reason(app: App, folder: Path, origin: Origin | None) -> str | None:
    """Why what breaks at an override is accepted there."""
    from remit.lint.suppress import reason  # noqa: PLC0415 - as above

    try:
        text = "" if origin is None else (folder / origin.file).read_text("utf-8")
    except (OSError, ValueError):
        text = ""
    return reason(_RULE, origin, text, app.allowed)


def _line(text: str | None) -> str:
    """A reason on one line."""
    return " ".join((text or "").split())


def _refusal(errors: list[Broken], warnings: list[Broken]) -> RemitError:
    beyond = all(one.beyond for one in errors)
    lines = [one.message for one in errors] + [f"(a warning) {one.message}" for one in warnings]
    lacking = [one for one in errors if not one.denied and not one.beyond]
    missing = ", ".join(dict.fromkeys(action for one in lacking for action in one.missing))
    ways = [f"add to it with `{lacking[0].setting} += [...]`: {missing}"] if missing else []
    ways += dict.fromkeys(one.way for one in errors if one.denied or one.beyond)
    verb = "forbids" if beyond or not errors[0].setting else "replaces the computed default and breaks"
    return RemitError(
        "\n  ".join((f"{errors[0].cause} {verb} what the app uses:", *lines)),
        hint=f"{'; '.join(ways)}; or continue with --accept REASON",
        origin=errors[0].origin,
    )


def _told(one: Broken, word: str) -> str:
    return f"{word}: {one.message}\n  --> {one.origin}" if one.origin else f"{word}: {one.message}"
