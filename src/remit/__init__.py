"""Deploys Python apps to AWS Lambda with exactly the access they need, and proves it."""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` itself would cost half of what `remit --version` takes

__version__ = "0.1.0"

if TYPE_CHECKING:
    from typing import Any

    from remit.build.synth import synth
    from remit.errors import RemitError
    from remit.grants.assign import assign
    from remit.iam.compare import Comparison, compare, equivalent, includes, within
    from remit.iam.evaluate import Decision, Layers, evaluate
    from remit.iam.minimise import minimise
    from remit.iam.policy import Policy, Statement, parse, render
    from remit.iam.public import public
    from remit.iam.request import Request
    from remit.lint.apps import lint
    from remit.project.configure import configure
    from remit.project.declarations import App
    from remit.project.late import aws
    from remit.project.load import load
    from remit.project.settings import Config
    from remit.project.shared import Shared, output, resource

    config: Config

_HOMES = {
    "App": "remit.project.declarations",
    "Comparison": "remit.iam.compare",
    "Decision": "remit.iam.evaluate",
    "Layers": "remit.iam.evaluate",
    "Policy": "remit.iam.policy",
    "RemitError": "remit.errors",
    "Request": "remit.iam.request",
    "Shared": "remit.project.shared",
    "Statement": "remit.iam.policy",
    "assign": "remit.grants.assign",
    "aws": "remit.project.late",
    "compare": "remit.iam.compare",
    "configure": "remit.project.configure",
    "equivalent": "remit.iam.compare",
    "evaluate": "remit.iam.evaluate",
    "includes": "remit.iam.compare",
    "load": "remit.project.load",
    "minimise": "remit.iam.minimise",
    "output": "remit.project.shared",
    "parse": "remit.iam.policy",
    "public": "remit.iam.public",
    "render": "remit.iam.policy",
    "resource": "remit.project.shared",
    "synth": "remit.build.synth",
    "within": "remit.iam.compare",
}
"""Where each public name lives: it is imported when it is asked for, so that `import remit` costs nothing."""

_ROOMS = ("grants", "lint", "project", "triggers")
"""Packages that are names by themselves: `remit.lint(app)`, `project.namespace`."""

__all__ = [
    "App",
    "Comparison",
    "Decision",
    "Layers",
    "Policy",
    "RemitError",
    "Request",
    "Shared",
    "Statement",
    "assign",
    "aws",
    "compare",
    "config",
    "configure",
    "equivalent",
    "evaluate",
    "grants",
    "includes",
    "lint",
    "load",
    "minimise",
    "output",
    "parse",
    "project",
    "public",
    "render",
    "resource",
    "synth",
    "triggers",
    "within",
]


def __getattr__(name: str) -> Any:
    import importlib  # noqa: PLC0415 - a module that is asked for nothing imports nothing

    if name == "config":  # the settings of the load that is going on: never kept
        return importlib.import_module("remit.project.configure").the_config()
    if name in _ROOMS:
        return importlib.import_module(f"remit.{name}")
    if name not in _HOMES:
        raise AttributeError(f"remit has no `{name}`; it has {', '.join(__all__)}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
