"""Load a project: run its configuration, import its app module, and check what they declare."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from remit.app import App
from remit.errors import Origin, RemitError
from remit.project import item_lines, policy_list
from remit.project.api_settings import api_settings
from remit.project.assemble import Everywhere, app_managed, app_policy, function_of
from remit.project.current_load import Loading, loading, relative
from remit.project.deferred_imports import deferred_sdk
from remit.project.job_queues import job_queues, jobs_enabled, looks_up, sends, workers, workers_of_jobs
from remit.project.lambda_environment import check_placeholders, lambda_environment
from remit.project.name_checks import check_handlers, check_names
from remit.project.user_code import import_app, import_shared, importing, run_configuration, user_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.app import Function, Grant
    from remit.project.declared_functions import Declaration
    from remit.project.settings import Section


def load(folder: Path | str = ".", stage: str | None = None, folder_name: str | None = None) -> App:
    """The app that a project folder declares for a stage. Every mistake is a RemitError at its line.

    Messages name the folder by its path, or by `folder_name` where the path means nothing to people.
    """
    root = Path(folder).resolve()
    if not root.is_dir():
        raise RemitError(f"there is no folder {str(root)!r}")
    with loading(root, stage, folder_name) as state, importing(root), deferred_sdk(), lambda_environment():
        item_lines.forget()
        run_configuration(state)
        import_shared(state)
        import_app(state)
        try:
            with user_values(state):
                app = _app(state)
            check_placeholders(state, app)
            return app
        finally:
            item_lines.forget()


def _app(state: Loading) -> App:
    config = state.config
    queues = job_queues(state)
    resources = tuple(replace(item, origin=relative(item.origin, state.folder)) for item in state.resources)
    outputs = tuple(replace(item, origin=relative(item.origin, state.folder)) for item in state.outputs)
    everywhere = Everywhere(app_policy(state, "policy"), app_managed(state))
    plain = [declaration for declaration in state.declarations if declaration.job is None]
    functions = [_function(state, declaration, everywhere) for declaration in plain]
    functions += workers(state, queues, everywhere)
    if not functions and not resources:
        raise RemitError(
            "this app declares nothing to deploy",
            hint="decorate a function with `@app.function` in a module that the app module imports",
            origin=Origin(f"{config.app.replace('.', '/')}.py"),
        )
    check_handlers(state, functions)
    check_names(state, functions)
    iam = config.lambda_.iam
    boundary = iam.permissions_boundary
    if boundary is not None:
        span = iam.assigned["permissions_boundary"][1]
        boundary = policy_list.managed_arn(boundary, ("permissions_boundary",), span.origin)
    return App(
        name=state.name,
        stage=state.stage,
        functions=tuple(functions),
        resources=resources,
        outputs=outputs,
        queues=queues,
        jobs=workers_of_jobs(state),
        schedules_jobs=config.job.scheduler,
        queues_origin=jobs_enabled(state),
        default_policy=_replacement(state, "default_policy"),
        default_vpc_policy=_replacement(state, "default_vpc_policy"),
        default_policy_origin=_replaced_at(state, "default_policy"),
        default_vpc_policy_origin=_replaced_at(state, "default_vpc_policy"),
        boundary=boundary,
        boundary_origin=_replaced_at(state, "permissions_boundary"),
        share_roles=iam.share_roles,
        api=api_settings(state),
        exclude=tuple(config.package.exclude),
        allowed=_reasons(state, config.lint),
        allowed_secrets=_reasons(state, config.package),
    )


def _function(state: Loading, declaration: Declaration, everywhere: Everywhere) -> Function:
    """A declared function, with the jobs that it sends and whether it looks up outputs."""
    function = function_of(state, declaration, everywhere)
    return replace(function, sends=sends(state, [declaration]), looks_up=looks_up(state, [declaration]))


def _reasons(state: Loading, section: Section) -> Mapping[str, tuple[str, Origin | None]]:
    """What the setting `allow` of a section accepts, each with its reason and line."""
    if "allow" not in section.assigned:
        return {}
    value, span = section.assigned["allow"]
    node = item_lines.value_node(span)
    keys = {key.value: key for key in getattr(node, "keys", ()) if hasattr(key, "value")}
    return {
        name: (reason, relative(item_lines.origin_of(keys.get(name), span), state.folder))
        for name, reason in value.items()
    }


def _replacement(state: Loading, name: str) -> tuple[Grant, ...] | None:
    iam = state.config.lambda_.iam
    return app_policy(state, name) if name in iam.assigned else None


def _replaced_at(state: Loading, name: str) -> Origin | None:
    assigned = state.config.lambda_.iam.assigned.get(name)
    return None if assigned is None else relative(assigned[1].origin, state.folder)
