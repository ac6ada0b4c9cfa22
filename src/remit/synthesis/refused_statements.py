"""Stop a build at what lint is certain about: a statement that IAM refuses, or that can never do anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from remit.errors import RemitError

if TYPE_CHECKING:
    from remit.lint.finding import Finding

_SHOWN: Final = 9


def refuse(findings: tuple[Finding, ...]) -> None:
    """Raise RemitError for the first finding, at its line, with the others named; nothing when there is none."""
    if not findings:
        return
    first, *others = findings
    more = [f"  and at {one.origin}: [{one.rule}] {one.message}" for one in others[:_SHOWN]]
    if len(others) > _SHOWN:
        more.append(f"  and {len(others) - _SHOWN} more, which `remit lint` shows")
    hint = first.hint or f"`remit lint --explain {first.rule}` tells the rule"
    raise RemitError(
        "\n".join((f"[{first.rule}] {first.message}", *more)),
        hint=f"{hint}\n  or, if it is meant, write `# remit: allow {first.rule} because …` at the line",
        origin=first.origin,
    )
