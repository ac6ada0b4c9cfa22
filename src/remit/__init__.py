"""Deploys Python apps to AWS Lambda with exactly the access they need, and proves it."""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` itself would cost half of what `remit --version` takes

if TYPE_CHECKING:
    from typing import Any

    from remit import triggers as on
    from remit.errors import RemitError
    from remit.iam.comparison import Comparison
    from remit.iam.decide.evaluate import Decision, Layers, evaluate
    from remit.iam.policy import Policy, Statement, parse, render
    from remit.iam.prove.compare import compare, equivalent, includes, within
    from remit.iam.prove.minimise import minimise
    from remit.iam.prove.public import public
    from remit.iam.request import Request
    from remit.lint.apps import lint
    from remit.loading.load import load
    from remit.project import existing
    from remit.project.current_load import configure
    from remit.project.declarations import App
    from remit.project.late_bound import aws
    from remit.project.layer_folders import layer
    from remit.project.settings import Config
    from remit.project.shared import Shared, output, resource
    from remit.project.stored_values import parameter, secret
    from remit.roles.assign import assign
    from remit.synthesis.synth import synth

    config: Config
    __version__: str

_HOMES = {
    "App": "remit.project.declarations",
    "Comparison": "remit.iam.comparison",
    "Decision": "remit.iam.decide.evaluate",
    "Layers": "remit.iam.decide.evaluate",
    "Policy": "remit.iam.policy",
    "RemitError": "remit.errors",
    "Request": "remit.iam.request",
    "Shared": "remit.project.shared",
    "Statement": "remit.iam.policy",
    "assign": "remit.roles.assign",
    "aws": "remit.project.late_bound",
    "compare": "remit.iam.prove.compare",
    "configure": "remit.project.current_load",
    "equivalent": "remit.iam.prove.compare",
    "evaluate": "remit.iam.decide.evaluate",
    "includes": "remit.iam.prove.compare",
    "layer": "remit.project.layer_folders",
    "load": "remit.loading.load",
    "minimise": "remit.iam.prove.minimise",
    "output": "remit.project.shared",
    "parameter": "remit.project.stored_values",
    "parse": "remit.iam.policy",
    "public": "remit.iam.prove.public",
    "render": "remit.iam.policy",
    "resource": "remit.project.shared",
    "secret": "remit.project.stored_values",
    "synth": "remit.synthesis.synth",
    "within": "remit.iam.prove.compare",
}
"""Where each public name lives: it is imported when it is asked for, so that `import remit` costs nothing."""

_ROOMS = {
    "existing": "project.existing",
    "grants": "grants",
    "lint": "lint",
    "on": "triggers",
    "project": "project",
    "triggers": "triggers",
}
"""Public names that are whole modules: `on.sqs("orders")`, `project.namespace`. `remit.lint` can also be called."""

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
    "existing",
    "grants",
    "includes",
    "layer",
    "lint",
    "load",
    "minimise",
    "on",
    "output",
    "parameter",
    "parse",
    "project",
    "public",
    "render",
    "resource",
    "secret",
    "synth",
    "triggers",
    "within",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for. AttributeError: remit has no such name.

    An object of `_HOMES` is kept in this module; `config` is that of the load that goes on, each time anew.
    """
    import importlib  # noqa: PLC0415 - a module that is asked for nothing imports nothing

    if name == "config":  # the settings of the load that is going on: never kept
        return importlib.import_module("remit.project.current_load").the_config()
    if name in _ROOMS:
        return importlib.import_module(f"remit.{_ROOMS[name]}")
    if name == "__version__":  # the build took it from git's tag
        return importlib.import_module("importlib.metadata").version("remit")
    if name not in _HOMES:
        raise AttributeError(f"remit has no `{name}`; it has {', '.join(__all__)}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
