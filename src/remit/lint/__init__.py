"""The linter: rules in families, under `rules/`. The package itself can be called, as `remit.lint(app)`."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from remit.lint.apps import errors as errors
    from remit.lint.apps import lint as lint
    from remit.lint.files import lint_bytes as lint_bytes
    from remit.lint.files import lint_document as lint_document
    from remit.lint.finding import Finding as Finding

_HOMES = {
    "Finding": "finding",
    "errors": "apps",
    "lint": "apps",
    "lint_bytes": "files",
    "lint_document": "files",
}
"""Where each public name lives: imported when it is asked for."""


def __getattr__(name: str) -> Any:
    """Import one of the room's names when it is first asked for. AttributeError: it has no such name."""
    import importlib  # noqa: PLC0415 - a package that is asked for nothing imports nothing

    if name not in _HOMES:
        raise AttributeError(f"remit.lint has no `{name}`")
    return getattr(importlib.import_module(f"remit.lint.{_HOMES[name]}"), name)


class _Callable(ModuleType):
    """A module that is also its verb: `from remit import lint` gives both."""

    def __call__(self, *arguments: Any, **options: Any) -> tuple[Finding, ...]:
        """Call `remit.lint.lint`."""
        from remit.lint.apps import lint  # noqa: PLC0415 - a package that is asked for nothing imports nothing

        return lint(*arguments, **options)


sys.modules[__name__].__class__ = _Callable
