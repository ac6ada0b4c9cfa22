"""Judge what a project declares: the App as far as it is right, and everything that is wrong, in one run.

Nothing of the project runs here: its files are read at most, for handlers that nothing imported and for names that code
mentions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from remit.app import (
    ApiSettings,
    App,
    Function,
    Grant,
    JobQueue,
    LayerCode,
    Resource,
    UnreadParts,
    Workflow,
    in_stack,
    worker_name,
)
from remit.declare.recording import recording
from remit.declare.unread import Unread
from remit.did_you_mean import did_you_mean
from remit.errors import Mistakes, Origin, RemitError, Span
from remit.iam import tokens
from remit.judge import policy_list
from remit.judge.api_settings import settings_of_apis
from remit.judge.assemble import app_managed, app_policy, code_root, function_of, with_places
from remit.judge.judgement import Judgement
from remit.judge.name_checks import check_handlers, check_names
from remit.judge.publication import BESIDE
from remit.project import plain_files
from remit.project.current_load import Loading, placed, relative
from remit.project.declared import NO_JOB, Declaration, WorkflowDeclaration
from remit.project.lambda_environment import check_placeholders, declared_parts, explain_placeholders
from remit.project.setting_values import FUNCTION_SETTINGS
from remit.project.settings import ACCESS, ANY, PACKING, Section, judged, may_be_among
from remit.resources.names import logical
from remit.secrets.declared_values import check_secrets
from remit.source.layout import POLICIES, module_file
from remit.source.places import origin_of, value_node
from remit.triggers.app_wide import APIS, checks, with_own_sources

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from remit.iam.policy import Policy

_OF_NO_RESOURCE: Final = (FUNCTION_SETTINGS.keys() | set(ACCESS)) - BESIDE
"""The settings that add nothing to a template."""


@dataclass(frozen=True, slots=True)
class LoadedProject:
    """A project as far as it can be loaded: what is right of its app, and everything that is wrong."""

    app: App
    mistakes: Mistakes
    is_whole: bool
    """Whether nothing was wrong when it was loaded."""
    is_packable: bool
    """Whether at least the settings are known that decide what a zip holds."""
    unread: UnreadParts


def judge(declared: Loading) -> LoadedProject:
    """The app that a project declares, as far as it is right, and every mistake, each at its line."""
    with recording(declared):  # placeholders are those of its variables
        state = judgement(declared)
        if "stages" in state.config.assigned or state.config.stages.assigned:
            _check_stage(state)
        app = _app(state)
        if declared.placeholders:
            check_placeholders(declared.placeholders, app, state.mistakes)
        check_secrets(declared.folder, declared.environment, declared_parts(app), state.mistakes)
        with state.mistakes.noted():
            app = with_own_sources(_with_shared_log_groups(app) if app.resources else app)
    if declared.placeholders:
        explain_placeholders(declared.placeholders, state.mistakes.errors)
    unread = _unread_parts(state) if state.mistakes.errors else UnreadParts()
    mistakes = placed(state.mistakes.errors, declared.folder)
    is_packable = not may_be_among(state.failed_settings, PACKING)
    return LoadedProject(app, mistakes, is_whole=not mistakes.errors, is_packable=is_packable, unread=unread)


def judgement(declared: Loading) -> Judgement:
    """Judge the settings, triggers, grants and options of jobs, without what they make together.

    Triggers that are not right are left out, and web apps of which too little is known.
    """
    settings = judged(declared.config)
    state = Judgement(declared, declared.folder, settings.config, [])
    state.mistakes.errors += [*declared.mistakes.errors, *settings.mistakes]
    state.failed_settings |= settings.failed
    if not declared.is_configured:
        state.failed_settings.add(ANY)
    wrong: set[int] = set()
    for recorded in declared.made:
        # By identity: they are compared by their options, and two equal triggers stand at two lines.
        wrong.add(id(recorded))  # unless it turns out to be right
        with state.noted():
            mistakes = recorded.judged(wrong)
            state.mistakes.errors += mistakes.errors
            if not mistakes.errors and not mistakes.is_unread:
                wrong.remove(id(recorded))
    everything: list[Declaration | WorkflowDeclaration] = [*declared.declarations, *declared.workflows]
    for written in everything:
        triggers = tuple(Unread() if id(trigger) in wrong else trigger for trigger in written.triggers)
        if isinstance(written, WorkflowDeclaration):
            state.workflows.append(replace(written, triggers=triggers))
            continue
        declaration = replace(written, triggers=triggers)
        with state.noted():
            if declaration.web_options is not None:
                from remit.judge.web_apps import checked_web_app  # noqa: PLC0415 - few apps have any

                declaration = checked_web_app(declaration, declaration.web_options)
            if any("code" in settings for _, settings in declaration.settings):
                declaration = replace(declaration, code=code_root(declaration, declared.folder))
            state.declarations.append(declaration)
    for declaration in state.declarations:
        if declaration.job is not NO_JOB:
            from remit.judge.job_queues import checked_job  # noqa: PLC0415 - few apps have any

            state.jobs.append(checked_job(state, declaration))
    return state


def _unread_parts(state: Judgement) -> UnreadParts:
    """Return the parts that the app may lack, since something is wrong with it."""
    origins = [mistake.origin for mistake in state.mistakes.errors if mistake.origin is not None]

    def is_wrong(span: Span) -> bool:
        return any(origin.file == span.file and span.line <= origin.line <= span.end_line for origin in origins)

    # How the logical ids begin of what may have failed: by statements, settings and declarations of functions.
    lost = {*APIS, *(logical(name) for name in state.declared.lost_names)}
    lost.update(declaration.logical_id for declaration in state.workflows)
    if not state.failed_settings <= _OF_NO_RESOURCE or state.jobs:
        lost.add("")
    # An error without a line is about a whole file, which may have declared anything.
    if state.declared.ended or any(origin.line == 0 for origin in origins):
        lost.add("")
    of_every_function = [span for _, span in state.config.lambda_.iam.assigned.values()]
    every_access_may_lack = may_be_among(state.failed_settings, ACCESS) or any(map(is_wrong, of_every_function))
    triggers_of, access_of = set[str](), set[str]()
    for declaration in state.declarations:
        # By their types: neither an Unread nor an object of the project's can be asked for its text.
        name = declaration.name if issubclass(type(declaration.name), str) else ""
        if is_wrong(declaration.where):
            lost.add("" if value_node(declaration.where, "name") is not None else logical(name))
        if not name:
            continue
        given_id = declaration.settings[0][1].get("logical_id")
        own_id = str.__str__(given_id) if issubclass(type(given_id), str) else ""
        own_id = own_id or f"{logical(name)}Function"
        if declaration.where.origin in state.without_triggers:
            triggers_of.add(own_id)
        if every_access_may_lack or any(is_wrong(access.where) for access in declaration.access):
            access_of.add(own_id)
    return UnreadParts(
        lost=frozenset(lost),
        permissions=any(
            _speaks_of_permissions(mistake, state.folder)
            for mistake in placed(state.mistakes.errors, state.folder).errors
        ),
        triggers_of=frozenset(triggers_of),
        access_of=frozenset(access_of),
    )


def _speaks_of_permissions(mistake: RemitError, folder: Path) -> bool:
    """Return whether the file of a mistake writes permissions of functions by hand, one of which may be what failed."""
    if mistake.origin is None:
        return False
    try:
        source = plain_files.content(folder / mistake.origin.file)
    except RemitError:
        return False
    return source is not None and b"AWS::Lambda::Permission" in source


def _check_stage(state: Judgement) -> None:
    """Note a stage that the configuration does not list, if it lists any, unless it is a preview.

    So is a stage of production that is not listed, or reads as a preview.
    """
    listed, stages = tuple(state.config.stages), state.config.stages
    preview = re.compile(f"{stages.previews}[1-9][0-9]*") if stages.previews else None
    if listed and state.declared.stage not in listed and not (preview and preview.fullmatch(state.declared.stage)):
        number = "".join(filter(str.isdigit, state.declared.stage)).lstrip("0") or "1"
        names = (*listed, f"{stages.previews}{number}") if preview else listed
        previews = f" and previews such as {names[-1]}" if preview else ""
        state.mistakes.add(
            f"{state.declared.stage!r} is not a stage of this app, which has {', '.join(listed)}{previews}",
            hint=did_you_mean(state.declared.stage, names) or "`--stage` or REMIT_STAGE names one",
            origin=state.config.assigned["stages"][1].origin,
        )
    for name in stages.production:
        origin = stages.assigned["production"][1].origin
        if preview and preview.fullmatch(name):
            state.mistakes.add(
                f"`config.stages.production` names {name!r}, which is a preview",
                hint=f"a preview ends with its pull request; `config.stages.previews` is {stages.previews!r}",
                origin=origin,
            )
        elif listed and name not in listed:
            state.mistakes.add(
                f"`config.stages.production` names {name!r}, which is not a stage of this app",
                hint=did_you_mean(name, listed) or f"it has {', '.join(listed)}",
                origin=origin,
            )


def _functions_and_queues(state: Judgement) -> tuple[list[Function], tuple[JobQueue, ...]]:
    """Make the functions of their right parts, and the job queues, whose workers come last among the functions.

    What is wrong is noted. `policy` and `managed` of the state are set.
    """
    state.policy, state.managed = app_policy(state, "policy"), app_managed(state)
    functions: list[Function] = []
    for declaration in state.declarations:
        if declaration.job is not NO_JOB:
            continue
        function = function_of(state, declaration)
        says_either = declaration.sends is not None or declaration.reads is not None
        if says_either or (function is not None and (state.jobs or state.declared.outputs)):
            from remit.judge.job_queues import looks_up, sends  # noqa: PLC0415 - few apps have jobs or outputs

            # Of one that has no name, what it says itself is checked.
            jobs_sent = sends(state, [declaration]) if function or declaration.sends is not None else None
            is_looked_up = looks_up(state, [declaration]) if function or declaration.reads is not None else None
            function = function and replace(function, sends=jobs_sent, looks_up=is_looked_up)
        if function is not None:
            functions.append(function)
    queues: tuple[JobQueue, ...] = ()
    if state.jobs or state.config.job.assigned:
        from remit.judge import job_queues  # noqa: PLC0415 - few apps say anything of jobs

        job_queues.check_jobs(state)
        with state.noted():
            queues = job_queues.job_queues(state)
        for queue in queues:
            with state.noted():
                functions.append(job_queues.worker(state, queue))
    return functions, queues


def _app(state: Judgement) -> App:
    """Make the app of the declarations and settings as far as they are right; mistakes are noted.

    Noted as well is an app that declares nothing, if nothing else is wrong.
    """
    config = state.config
    functions, queues = _functions_and_queues(state)
    check_handlers(state)
    check_names(state, functions)
    for check in checks(functions, state.declared.resources):
        with state.noted():
            state.mistakes.errors += check(functions)
    workflows = _workflows(state, functions) if state.workflows else []
    iam = config.lambda_.iam
    replacements: dict[str, tuple[Grant, ...]] = {}
    for name in ("default_policy", "default_vpc_policy"):
        if name in iam.assigned:
            with state.noted():
                replacements[name] = app_policy(state, name)
    boundary = None
    if iam.permissions_boundary is not None:
        with state.noted():
            origin = iam.assigned["permissions_boundary"][1].origin
            boundary = policy_list.managed_arn(iam.permissions_boundary, ("permissions_boundary",), origin)
    api, rest = settings_of_apis(state)
    policies: Mapping[str, Policy] = {}
    if (state.folder / POLICIES).is_dir():
        with state.noted():
            policies = _account_policies(state.folder)
    if not functions and not state.declared.resources and not state.workflows and not state.mistakes.errors:
        path = module_file(state.folder, config.app)
        file = f"{config.app}.py" if path is None else path.relative_to(state.folder).as_posix()
        state.mistakes.add(
            "this app declares nothing to deploy",
            hint=f"decorate a function with `@app.function` in {file} or in a module that it imports; "
            "`config.app` names another module",
            origin=Origin(file),
        )
    if config.lambda_.share_log_group:  # which keeps lines for as long as any of the functions wants
        retentions = [function.log_retention for function in functions if function.log_retention is not None]
        longest = max(retentions, default=None) if len(retentions) == len(functions) else None
        functions = [replace(function, shares_log_group=True, log_retention=longest) for function in functions]
    layers: tuple[LayerCode, ...] = ()
    if state.declared.layers:
        used_layers = {arn for function in functions for arn in function.layers}
        layers = with_places(state, (layer for layer in state.declared.layers.values() if layer.ref in used_layers))
    return App(
        name=state.declared.name,
        stage=state.declared.stage,
        stack_name=config.stack_name or "",
        functions=tuple(functions),
        workflows=tuple(workflow for workflow, _ in workflows),
        resources=(
            *with_places(state, state.declared.resources),
            *(machine for _, machine in workflows),
        ),
        outputs=with_places(state, state.declared.outputs),
        existing=with_places(state, state.declared.existing.values()),
        queues=queues,
        jobs={job.name: worker_name(job.job.queue) for job in state.jobs},
        schedules_jobs=config.job.scheduler,
        queues_origin=_assigned_at(state, config.job, "enable"),
        default_policy=replacements.get("default_policy"),
        default_vpc_policy=replacements.get("default_vpc_policy"),
        default_policy_origin=_assigned_at(state, iam, "default_policy"),
        default_vpc_policy_origin=_assigned_at(state, iam, "default_vpc_policy"),
        boundary=boundary,
        boundary_origin=_assigned_at(state, iam, "permissions_boundary"),
        policies=policies,
        tags=dict(config.tags),
        alarm_topic=tokens.plain(config.alarms),  # an ARN, since the setting was checked
        service_role=config.aws.service_role,
        role_path=iam.role_path,
        role_name=iam.role_name,
        retains_data=state.declared.stage in config.stages.production,
        share_roles=iam.share_roles,
        api=api,
        rest=rest,
        websocket=ApiSettings(**{name: value for name, (value, _) in config.websocket.assigned.items()}),
        releases=config.aws.releases,
        # What lies in a layer is not in the zips as well.
        exclude=(*config.package.exclude, *(f"/{layer.folder}/" for layer in layers)),
        layers=layers,
        puts_dependencies_into_layers=config.package.layer,
        layer_origin=_assigned_at(state, config.package, "layer"),
        allowed=_reasons(state, config.lint),
        allowed_secrets=_reasons(state, config.package),
    )


def _workflows(state: Judgement, functions: list[Function]) -> list[tuple[Workflow, Resource]]:
    """The workflows, each with its state machine; a second one of a name, and a wrong one, are noted and left out."""
    workflows: list[tuple[Workflow, Resource]] = []
    first_declarations: dict[str, WorkflowDeclaration] = {}
    for declaration in state.workflows:
        namesake = first_declarations.setdefault(declaration.logical_id, declaration)
        if namesake is not declaration:
            problem = f"workflow `{declaration.name}` is declared twice; the other is at "
            problem += str(relative(namesake.where.origin, state.folder))
            state.mistakes.add(problem, hint="rename one", origin=declaration.where.origin)
            continue
        from remit.judge.workflows import workflow_of  # noqa: PLC0415 - few apps have workflows

        with state.noted():
            workflows.append(workflow_of(state, declaration, functions))
    return workflows


def _account_policies(folder: Path) -> Mapping[str, Policy]:
    """The texts of the account's own managed policies (`config/policies/NAME.json`), by name without their paths.

    Nothing deploys them: they are for questions about roles, and for the AWS of this machine. RemitError has each
    mistake, at its file, line and column.
    """
    from remit.template.policy_files import read_policy  # noqa: PLC0415 - most projects have no such folder

    hint = 'such a file is a policy document in JSON, as IAM spells it: {"Version": "2012-10-17", "Statement": […]}'
    policies: dict[str, Policy] = {}
    mistakes = Mistakes()
    for path in plain_files.listed(folder / POLICIES):
        file = f"{POLICIES}/{path.name}"
        with mistakes.noted():
            content = plain_files.json_content(path, file, "a policy", hint) or b""
            policies[path.stem], _ = read_policy(content, file, hint)
    mistakes.refuse()
    return policies


def _with_shared_log_groups(app: App) -> App:
    """The app with its functions changed: each writes to the shared log group that has the name of its own, if any."""
    groups = {
        in_stack(str(tokens.textual(resource.properties.get("LogGroupName"))), app.namespace): resource.logical_id
        for resource in app.resources
        if resource.type == "AWS::Logs::LogGroup"
    }
    if not groups:
        return app
    own_groups = (groups.get(in_stack(function.log_group_name, app.namespace), "") for function in app.functions)
    functions = (replace(function, log_group=group) for function, group in zip(app.functions, own_groups, strict=True))
    return replace(app, functions=tuple(functions))


def _reasons(state: Judgement, section: Section) -> Mapping[str, tuple[str, Origin | None]]:
    """Return the reason and the line of each entry of a section's `allow`, by its key; none where it is not set."""
    if "allow" not in section.assigned:
        return {}
    value, span = section.assigned["allow"]
    node = value_node(span)
    keys = {key.value: key for key in getattr(node, "keys", ()) if hasattr(key, "value")}
    return {name: (reason, relative(origin_of(keys.get(name), span), state.folder)) for name, reason in value.items()}


def _assigned_at(state: Judgement, section: Section, name: str) -> Origin | None:
    """The line that assigned a setting; None where nothing did."""
    assigned = section.assigned.get(name)
    return None if assigned is None else relative(assigned[1].origin, state.folder)
