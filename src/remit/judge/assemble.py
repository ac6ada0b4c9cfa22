"""Make functions of declarations: settings merged, policies with their lines."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from remit.app import NO_REASON, Function, Grant, Reason, StoredValue
from remit.declare.unread import Unread
from remit.errors import Mistakes, Origin, RemitError, Span
from remit.iam import tokens
from remit.judge import policy_list
from remit.judge.links import linked_grants, linked_variables, read_variables, with_variables
from remit.judge.name_checks import check_declaration, check_trigger
from remit.judge.publication import BESIDE, check_publication, event_invoke, publication
from remit.project import setting_values
from remit.project.current_load import relative
from remit.project.declared import NOTHING, Access, Declaration
from remit.project.late_bound import StoredText
from remit.project.plain_files import folder_of_project
from remit.resources.names import logical
from remit.source import places
from remit.triggers.trigger import BaseTrigger

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from remit.app import Trigger
    from remit.judge.judgement import Judgement
    from remit.project.settings import Items


T = TypeVar("T", bound=Any)


def app_policy(state: Judgement, name: str) -> tuple[Grant, ...]:
    """The grants of a setting of `config.lambda_.iam` (`policy`, `default_policy`), which reach every function.

    Items that are wrong are noted, and left out.
    """
    items: Items = getattr(state.config.lambda_.iam, name)
    reason = Reason("setting", subjects=(name,))
    grants: list[Grant] = []
    for value, span in items.parts:
        with state.noted():
            grants += policy_list.declare(value, span, reason, state.mistakes, name)
    return with_places(state, grants)


def app_managed(state: Judgement) -> dict[str, Origin | None]:
    """The ARNs of the configuration's managed policies, which reach every function, each with its first line.

    Items that are wrong are noted, and left out.
    """
    iam = state.config.lambda_.iam
    policies: dict[str, Origin | None] = {}
    for name in ("default_managed_policy", "managed_policy"):
        for value, span in getattr(iam, name).parts:
            with state.noted():
                for arn, origin in policy_list.declare_managed(value, span, state.mistakes, name).items():
                    policies.setdefault(arn, relative(origin, state.folder))
    return policies


def function_of(state: Judgement, declaration: Declaration) -> Function | None:
    """The function that a declaration describes, as far as it is right: what is wrong is noted.

    None where it has no name, or no handler, that a function may have.
    """
    access = declaration.access
    is_nameable = False
    with state.noted():
        check_declaration(declaration)
        is_nameable = True
    triggers = _triggers(state, declaration)
    settings = merged_settings(state, declaration.settings)
    with state.noted():
        if "Role" in settings.properties:
            check_own_role(declaration.name, access)
    published = publication(settings.properties, settings.beside)
    if published is not None:
        check_publication(declaration.name, settings.properties, settings.beside, declaration.where, state.mistakes)
    with state.noted():
        if declaration.web is not None:
            from remit.judge.web_apps import check_runtime  # noqa: PLC0415 - few apps have any

            runtime_origin = places.argument_origin(declaration.where, "runtime")
            check_runtime(declaration.name, settings.properties["Runtime"], runtime_origin)
    policy = declared_grants(state, access)
    is_linked = any(declared.link is not NOTHING for declared in access)
    variables = linked_variables(state, access) if is_linked else {}
    managed = managed_policies(state, access, declaration.name, declaration.where)
    if not is_nameable:
        return None
    if state.declared.handles:
        variables |= read_variables(state, [declaration])
    argument = ("handler", None) if declaration.web is None else ("target", 0)
    handler_origin = relative(places.argument_origin(declaration.where, *argument), state.folder)
    written = settings.written if handler_origin is None else {"Handler": handler_origin, **settings.written}
    function_name = settings.properties.pop("FunctionName", "")
    return Function(
        name=declaration.name,
        logical_id=logical(declaration.name),
        handler=declaration.handler,
        properties=with_variables(settings.properties, variables) if variables else settings.properties,
        triggers=triggers,
        policy=(*policy, *state.policy),
        managed=tuple(managed),
        managed_written=managed,
        log_retention=settings.log_retention,
        stored_values=settings.stored_values,
        publication=published,
        event_invoke=event_invoke(settings.beside) if settings.beside else {},
        web=declaration.web,
        own_id=settings.beside.get("logical_id") or "",
        function_name=function_name,
        code=declaration.code,
        origin=relative(declaration.where.origin, state.folder),
        written=written,
    )


def code_root(declaration: Declaration, folder: Path) -> str:
    """The path of the folder at the root of a function's zip, which its `code` or a group's gives.

    Empty for the project itself, and where `code` is no text, which is told elsewhere. RemitError (2): there is no such
    folder in the project (at the argument), or it is given to a decorated function (at the declaration).
    """
    given = [(span, tokens.plain(settings["code"])) for span, settings in declaration.settings if "code" in settings]
    span, written = given[0]  # a function's own comes before its groups'
    if not isinstance(written, str):  # which is told with the other settings
        return ""
    origin = places.argument_origin(span, "code")
    hint = 'such as `code="functions/orders"`: a folder with modules, by its path from the project\'s'
    root = folder_of_project(folder, written, f"the code of `{declaration.name}`", hint, origin)
    if root and declaration.function is not None:
        raise RemitError(
            f"`{declaration.name}` is declared in module `{declaration.function.__module__}`, "
            f"and its zip has the modules in {root} alone",
            hint=f'write `app.function(…, handler="module.function", code="{root}")`, without a decorator',
            origin=declaration.where.origin,
        )
    return root


def _triggers(state: Judgement, declaration: Declaration) -> tuple[Trigger, ...]:
    """The triggers of a declaration in their order; what is none is noted, and left out.

    The line of a declaration some of whose triggers are left out is added to `state.without_triggers`.
    """
    triggers = []
    first_position = 0 if declaration.web is None else 1  # after what it serves
    for position, trigger in enumerate(declaration.triggers, first_position):
        if type(trigger) is Unread:
            continue
        with state.noted():
            if isinstance(trigger, BaseTrigger):
                triggers.append(trigger.at(relative(trigger.written, state.folder) or trigger.written))
            else:
                check_trigger(trigger, places.argument_origin(declaration.where, "", position))
                triggers.append(trigger)
    if len(triggers) < len(declaration.triggers):
        state.without_triggers.add(declaration.where.origin)
    return tuple(triggers)


def check_own_role(name: str, access: tuple[Access, ...]) -> None:
    """Check that nothing is declared for a function that brings its role, or for its groups: it would vanish.

    RemitError (2): something is, at its line. Items that are wrong by themselves are noted elsewhere.
    """
    for declared in access:
        wrong_items = Mistakes()  # which are noted where the policy is read
        own_grants = policy_list.declare(declared.policy, declared.where, NO_REASON, wrong_items)
        grants = (*own_grants, *linked_grants((declared,), wrong_items))
        if not grants and not declared.managed_policy:
            continue
        keyword = "policy" if own_grants else "link" if grants else "managed_policy"
        raise RemitError(
            f"the {keyword} of {declared.kind} {declared.name} cannot reach function `{name}`, "
            "which brings a role of its own (`Role` in its properties)",
            hint="grant it where that role is made, or leave `Role` out: remit makes a role for the function",
            origin=places.argument_origin(declared.where, keyword),
        )


def declared_grants(state: Judgement, access: tuple[Access, ...]) -> tuple[Grant, ...]:
    """Return the grants of a function and its groups, or of a queue's jobs; with files relative to the project.

    Items that are wrong are noted, and left out. Grants of links come last, in the same order.
    """
    grants: list[Grant] = []
    for declared in access:
        reason = Reason(declared.kind, subjects=(declared.name,))
        with state.noted():
            grants += policy_list.declare(declared.policy, declared.where, reason, state.mistakes)
    links = [declared for declared in access if declared.link is not NOTHING]
    if links:
        with state.noted():
            grants += linked_grants(links, state.mistakes)
    return with_places(state, grants)


def managed_policies(
    state: Judgement, access: tuple[Access, ...], name: str, declaration: Span
) -> dict[str, Origin | None]:
    """A function's managed policies by ARN, each with its line: its own, its groups' and the configuration's.

    Items that are wrong are noted. More than IAM allows are noted as well, and only the first of them are returned.
    `name` and `declaration` (its place) are for that message.
    """
    policies: dict[str, Origin | None] = {}
    for declared in access:
        if declared.managed_policy is NOTHING:
            continue
        with state.noted():
            own_policies = policy_list.declare_managed(declared.managed_policy, declared.where, state.mistakes)
            for arn, origin in own_policies.items():
                policies[arn] = relative(origin, state.folder)
    declared_count = len(policies)  # where there are too many, it matters who gives more of them
    for arn, configured_origin in state.managed.items():
        policies.setdefault(arn, configured_origin)
    if len(policies) > 1:
        from remit.catalogue.quotas import quota  # noqa: PLC0415 - few functions have several

        most = quota("iam.role.managed").most
        if len(policies) > most:
            assigned = state.config.lambda_.iam.assigned.get("managed_policy")
            by_configuration = assigned is not None and len(state.managed) > declared_count
            span = assigned[1] if assigned is not None and by_configuration else declaration
            state.mistakes.add(
                f"the role of {name} has {len(policies)} managed policies; IAM allows {most}",
                hint="grant what is used of them in a policy instead",
                origin=span.origin,
            )
            return dict(islice(policies.items(), most))
    return policies


def with_places(state: Judgement, items: Iterable[T]) -> tuple[T, ...]:
    """Copies of grants, resources and whatever else has an `origin`, with its file relative to the project."""
    return tuple(replace(item, origin=relative(item.origin, state.folder)) for item in items)


class MergedSettings(NamedTuple):
    """A function's settings, merged: CloudFormation's properties, the line of each, and the days that logs stay."""

    properties: dict[str, Any]
    written: dict[str, Origin]
    log_retention: int | None
    stored_values: tuple[StoredValue, ...] = ()
    """The secrets and parameters that the environment names."""
    beside: Mapping[str, Any] = MappingProxyType({})
    """Settings that become resources beside the function (`publication.BESIDE`)."""


def merged_settings(state: Judgement, layers: tuple[tuple[Span, Mapping[str, Any]], ...]) -> MergedSettings:
    """Merge the app's settings, the groups' (outermost first) and the function's own, of which the later ones win.

    `layers` begin with the function's own. Environments and `properties` are merged key by key. Wrong settings are
    noted. Where nothing says how long logs are kept, it is 30 days; None, [] and {} are left out of the properties.
    """
    section = state.config.lambda_.function
    lines = {name: span.origin for name, (_, span) in section.assigned.items()}
    checked: list[tuple[dict[str, Any], dict[str, Origin]]] = [(section.settings(), lines)]
    for span, layer in reversed(layers):  # the function's own come last, and win
        for name, value in layer.items():
            with state.noted():
                argument = places.argument_origin(span, name)
                checked.append((_checked_setting(name, value, span), {name: argument}))
    properties: dict[str, Any] = {}
    written: dict[str, Origin] = {}
    retention: int | None = 30  # days, where no setting says anything; None keeps logs for ever
    beside: dict[str, Any] = {}
    for settings, origins in checked:
        retention = settings.get("log_retention", retention)
        beside.update({name: value for name, value in settings.items() if name in BESIDE})
        for name, value in settings.items():
            for property_name, content in setting_values.FUNCTION_SETTINGS[name].properties(value).items():
                adds_up = name in ("environment", "properties")
                properties[property_name] = _merge(properties.get(property_name), content) if adds_up else content
                if (origin := relative(origins.get(name), state.folder)) is not None:
                    written[property_name] = origin
    without_empty = {name: value for name, value in properties.items() if value not in (None, [], {})}
    stored_values: list[StoredValue] = []
    for name, text in without_empty.get("Environment", {}).get("Variables", {}).items():
        if isinstance(text, StoredText):  # asked before `plain` makes ordinary text of it
            origin = relative(text.stored.origin, state.folder)
            stored_values.append(replace(text.stored, variable=name, origin=origin))
    return MergedSettings(tokens.plain(without_empty), written, retention, tuple(stored_values), beside)


def _checked_setting(name: str, value: Any, span: Span) -> dict[str, Any]:
    """A setting that a decorator gives, checked, as a dict of one. RemitError at the wrong part of its value."""
    try:
        return {name: setting_values.FUNCTION_SETTINGS[name].check((name,), value)}
    except RemitError as error:
        for mistake in error.all:
            setting, *steps = mistake.path or ("",)
            mistake.origin = places.part_origin(span, str(setting), tuple(steps))
            mistake.path = ()
        raise


def _merge(old: Any, new: Any) -> Any:
    """The newer value; of two dicts a new one with the keys of both, where the newer one counts, at any depth."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{key: _merge(old.get(key), value) for key, value in new.items()}}
    return new
