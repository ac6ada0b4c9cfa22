"""Stop a build at the line of an override that breaks what the app uses, unless a reason accepts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.app import App, Role
    from remit.explain.guard import Broken


def guarded(app: App, roles: tuple[Role, ...], accept: str | None) -> tuple[str, ...]:
    """What people should know of a replaced default policy: warnings, and errors that `accept` accepts.

    RemitError at the override: it breaks what the app uses, and no reason accepts that; or the reason is empty.
    """
    if accept is not None and not accept.strip():
        raise RemitError("--accept needs a reason", hint='such as --accept "another team deploys the queue\'s grant"')
    if app.default_policy is None and app.default_vpc_policy is None and app.boundary is None:
        return ()
    from remit.explain.guard import alike, broken  # noqa: PLC0415 - it brings the evaluator, which few builds need

    found = alike(broken(app, roles))
    errors = [one for one in found if one.severity == "error"]
    if errors and accept is None:
        raise _refusal(errors, [one for one in found if one.severity == "warning"])
    return tuple(_notes(found, accept))


def _refusal(errors: list[Broken], warnings: list[Broken]) -> RemitError:
    setting, beyond = errors[0].setting, all(one.beyond for one in errors)
    lines = [one.message for one in errors] + [f"(a warning) {one.message}" for one in warnings]
    lacking = [one for one in errors if not one.denied and not one.beyond]
    missing = ", ".join(dict.fromkeys(action for one in lacking for action in one.missing))
    ways = [f"add to it with `{lacking[0].setting} += [...]`: {missing}"] if missing else []
    ways += dict.fromkeys(one.way for one in errors if one.denied or one.beyond)
    verb = "forbids" if beyond else "replaces the computed default and breaks"
    return RemitError(
        "\n  ".join((f"`{setting}` {verb} what the app uses:", *lines)),
        hint=f"{'; '.join(ways)}; or go on with --accept REASON",
        origin=errors[0].origin,
    )


def _notes(found: tuple[Broken, ...], accept: str | None) -> Iterator[str]:
    for one in found:
        word = "warning" if one.severity == "warning" else f"accepted ({accept})"
        yield f"{word}: {one.message}\n  --> {one.origin}" if one.origin else f"{word}: {one.message}"
