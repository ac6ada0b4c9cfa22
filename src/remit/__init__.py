"""Deploys Python apps to AWS Lambda with exactly the access they need, and proves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from remit.build.synth import synth
    from remit.errors import RemitError
    from remit.grants.assign import assign
    from remit.iam.policy import parse, render
    from remit.project.declarations import App
    from remit.project.late import aws
    from remit.project.load import load
    from remit.project.settings import Config, configure
    from remit.project.shared import Shared, output, resource

    config: Config

_HOMES = {
    "App": "remit.project.declarations",
    "RemitError": "remit.errors",
    "Shared": "remit.project.shared",
    "assign": "remit.grants.assign",
    "aws": "remit.project.late",
    "configure": "remit.project.settings",
    "load": "remit.project.load",
    "output": "remit.project.shared",
    "parse": "remit.iam.policy",
    "render": "remit.iam.policy",
    "resource": "remit.project.shared",
    "synth": "remit.build.synth",
}
"""Where each public name lives: it is imported when it is asked for, so that `import remit` costs nothing."""

__all__ = ["App", "RemitError", "Shared", "assign", "aws", "config", "configure", "load", "output", "parse", "render",
           "resource", "synth"]  # fmt: skip


def __getattr__(name: str) -> Any:
    import importlib  # noqa: PLC0415 - a module that is asked for nothing imports nothing

    if name == "config":  # the settings of the load that is going on: never kept
        return importlib.import_module("remit.project.settings").the_config()
    if name not in _HOMES:
        raise AttributeError(f"remit has no `{name}`; it has {', '.join(__all__)}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
