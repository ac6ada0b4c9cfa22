"""Stop a build at the line of an override that breaks what the app uses, unless a reason accepts it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from remit.errors import RemitError
from remit.roles.assign import may_break

if TYPE_CHECKING:
    from pathlib import Path

    from remit.app import App
    from remit.holders import Holder
    from remit.roles.broken_features import BrokenFeature


_RULE: Final = "R704"
"""What the guard finds, as lint calls it: the rule that a comment at the override accepts."""


def notes_on_overrides(app: App, roles: tuple[Holder, ...], accept: str | None, folder: Path) -> tuple[str, ...]:
    """List the features that break: a default policy is replaced, a Deny was added, or a boundary limits the role.

    Warnings come first, then the errors that `accept` accepts, or that it was not needed. A comment at the override in
    the project's `folder`, or `config.lint.allow`, accepts as well, as for any finding of lint; a warning is then left
    out. RemitError at the override: it breaks what the app uses, and no reason accepts that; or the reason is empty.
    """
    if accept is not None and not any(map(str.isalnum, accept)):
        raise RemitError("--accept needs a reason", hint='such as --accept "another team deploys the queue\'s grant"')
    unused = [] if accept is None else ["warning: nothing needs --accept: no override stops the build"]
    if not may_break(app, roles):
        return tuple(unused)
    from remit.roles.broken_features import broken, grouped  # noqa: PLC0415 - it brings the evaluator, which few builds need

    losses = grouped(broken(app, roles), app)
    from remit.lint.suppress import reason_at  # noqa: PLC0415 - as above

    reasons = {loss.origin: reason_at(_RULE, loss.origin, folder, app.allowed) for loss in losses}
    refused: list[BrokenFeature] = []
    warnings: list[BrokenFeature] = []
    accepted: list[str] = []
    for loss in losses:
        reason = reasons[loss.origin]
        if loss.severity == "error" and (reason is not None or accept is not None):
            accepted.append(_note(loss, f"accepted ({' '.join((reason or accept or '').split())})"))
        elif loss.severity == "error":
            refused.append(loss)
        elif reason is None:
            warnings.append(loss)
    if refused:
        raise _refusal(refused, warnings)
    return (*(_note(loss, "warning") for loss in warnings), *(accepted or unused))


def _refusal(errors: list[BrokenFeature], warnings: list[BrokenFeature]) -> RemitError:
    """The error that refuses a build: what breaks, and how to put it right, at the first setting's line."""
    first = errors[0]
    is_forbidden = all(loss.beyond for loss in errors) or not first.setting
    verb = "forbids" if is_forbidden else "replaces the computed default and breaks"
    lines = [f"{first.cause} {verb} what the app uses:"]
    lines += [loss.message for loss in errors]
    lines += [f"(a warning) {loss.message}" for loss in warnings]
    ways: list[str] = []
    lacking = [loss for loss in errors if not loss.denied and not loss.beyond]
    if lacking:
        missing = dict.fromkeys(action for loss in lacking for action in loss.missing)
        ways.append(replace(lacking[0], missing=tuple(missing)).way)
    ways += dict.fromkeys(loss.way for loss in errors if loss.denied or loss.beyond)
    hint = f"{'; '.join(ways)}; or continue with --accept REASON"
    return RemitError("\n  ".join(lines), hint=hint, origin=first.origin)


def _note(loss: BrokenFeature, word: str) -> str:
    """A loss as a note, with its line where it has one."""
    note = f"{word}: {loss.message}"
    return f"{note}\n  --> {loss.origin}" if loss.origin else note
