"""Make workflows of what `app.workflow` was told: read and check the definition, compute what its states need."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from remit.access.needed_access import UNRESOLVED
from remit.app import Function, Grant, Reason, Resource, Workflow
from remit.declare.unread import Unread
from remit.did_you_mean import did_you_mean
from remit.documents.json_text import texts_in
from remit.documents.read import read_as_written
from remit.errors import Mistakes, Origin, Path, RemitError, described, judging
from remit.iam import tokens
from remit.iam.policy import Condition, allow
from remit.judge import policy_list
from remit.judge.assemble import with_places
from remit.judge.name_checks import checked_option
from remit.project import plain_files
from remit.project.current_load import relative
from remit.project.declarations import undecorated
from remit.project.resource_handles import Handle
from remit.project.setting_values import entries, logical_id, matching, mistake, one_of, plain
from remit.resources.kms_key import kms_key
from remit.source import places
from remit.triggers.event import Event
from remit.triggers.schedule import Schedule
from remit.triggers.source import checked_json
from remit.workflows.definition import SUBSTITUTION, ReadDefinition, mistakes_in, substituted
from remit.workflows.stand_ins import StandIns
from remit.workflows.state_access import StateAccess, accesses, may_be_about, settings_accesses

if TYPE_CHECKING:
    from remit.app import Trigger
    from remit.judge.judgement import Judgement
    from remit.project.declared import WorkflowDeclaration

_MACHINE: Final = "AWS::StepFunctions::StateMachine"
_TO_TASKS: Final = Condition("StringEquals", "iam:PassedToService", ("ecs-tasks.amazonaws.com",))
_NAME: Final = matching(r"[A-Za-z0-9_-]{1,60}", "letters, digits, - and _ only, 60 at most")
_OWN: Final = frozenset(
    {"Definition", "DefinitionS3Location", "DefinitionString", "DefinitionSubstitutions", "RoleArn", "StateMachineType"}
)
"""Properties that remit sets itself."""


def workflow_of(
    state: Judgement, declaration: WorkflowDeclaration, functions: Iterable[Function]
) -> tuple[Workflow, Resource]:
    """The workflow of a declaration with all grants of its role, and its state machine.

    RemitError has each mistake, at its line. `functions` are those of the app, to which the definition may refer.
    """
    mistakes = Mistakes()
    where = declaration.where
    name = str(declaration.name)
    machine_type = tokens.plain(declaration.type)
    with mistakes.noted():
        checked_option(where, "name", tokens.plain(declaration.name), _NAME, 0)
        checked_option(where, "type", machine_type, one_of(("STANDARD", "EXPRESS")))
        checked_option(where, "logical_id", tokens.plain(declaration.logical_id), logical_id)
    definition = ReadDefinition({}, lambda _: where.origin)
    substitutions: dict[str, str] = {}
    with mistakes.noted():
        definition = _definition(state, declaration)
        for mistake in mistakes_in(definition.value, machine_type):
            mistakes.errors.append(_placed(mistake, definition))
    with mistakes.noted():
        substitutions = _substitutions(state, declaration, functions)
        mistakes.errors += _mistakes_of_substitutions(declaration, definition, substitutions)
    reason = Reason("workflow", subjects=(name,))
    policy = policy_list.declare(declaration.access.policy, where, reason, mistakes)
    managed = policy_list.declare_managed(declaration.access.managed_policy, where, mistakes)
    triggers = _triggers(state, declaration, mistakes)
    properties: dict[str, Any] = {"StateMachineName": f"${{AWS::StackName}}-{name}"}
    with mistakes.noted():
        properties |= checked_option(where, "properties", tokens.plain(declaration.properties), _properties)
    mistakes.refuse()
    origin = relative(where.origin, state.folder)
    machine_name = str(properties["StateMachineName"])
    workflow = Workflow(
        name,
        declaration.logical_id,
        managed=tuple(managed),
        triggers=triggers,
        physical_name=machine_name,
        origin=origin,
    )
    machine = Resource(
        declaration.logical_id,
        _MACHINE,
        {
            "Definition": tokens.Verbatim(definition.value),
            **({"DefinitionSubstitutions": substitutions} if substitutions else {}),
            "RoleArn": f"${{{declaration.logical_id}Role.Arn}}",
            "StateMachineType": machine_type,
            **properties,
        },
        origin=origin,
    )
    stand_ins = StandIns(_linkable(state, functions))
    arn = f"arn:{tokens.PARTITION}:states:{tokens.REGION}:{tokens.ACCOUNT}:stateMachine:{machine_name}"
    filled = stand_ins.filled(substituted(definition.value, substitutions))
    own_roles = stand_ins.task_roles(state.declared.resources)
    needed = accesses(
        filled, stand_ins.filled(arn), stand_ins.setting(arn), lambda task: own_roles.get(task, (UNRESOLVED,))
    )
    resolved: list[StateAccess] = []
    for access in needed:
        resource = stand_ins.late_bound(_with_any_key(access.resource))
        if resource != "*" and not resource.startswith(("arn:", UNRESOLVED)) and ":" not in access.resource:
            mistakes.add(
                f"state {access.state.name} of workflow {name} needs {access.action} on {resource}, which is no ARN",
                hint="`link` gives what Ref does of a shared resource: give its `.arn`",
                origin=definition.locate((*access.state.path, "Type")),
            )
        elif UNRESOLVED not in resource:
            resolved.append(replace(access, resource=resource))
        elif not any(may_be_about(grant.statement, access.action) for grant in policy):
            mistakes.errors.append(_placed(_unresolved(access, name), definition))
    mistakes.refuse()
    grants = (
        *_grants(resolved, name, definition),
        *_grants_of_settings(workflow, machine, state.declared.resources),
        *with_places(state, policy),
    )
    return replace(workflow, grants=grants), machine


def _definition(state: Judgement, declaration: WorkflowDeclaration) -> ReadDefinition:
    """The definition, from its file or from the code.

    RemitError: it is neither a path nor a dict; the file is outside of the project, not there, or cannot be read; or
    JSON cannot hold the definition.
    """
    origin = places.argument_origin(declaration.where, "definition", 1)
    written = tokens.plain(declaration.definition)
    if isinstance(written, Mapping):
        at = relative(origin, state.folder) or origin
        return ReadDefinition(_as_json(written, origin), lambda path: places.inside(state.folder, at, path))
    if not isinstance(written, str) or not written:
        problem = f"a workflow is a file in the Amazon States Language or a dict, got {described(written)}"
        raise RemitError(problem, hint='such as "render.asl.json"', origin=origin)
    path = plain_files.path_from(state.folder, written).resolve()
    if not path.is_relative_to(state.folder):
        raise RemitError(f"{written!r} is not in the project", hint="name a file of its folder", origin=origin)
    file = path.relative_to(state.folder).as_posix()
    content = plain_files.content(path, file) if not os.path.isdir(path) else None  # noqa: PTH112 - also of a name too long
    if content is None:
        files = [found.relative_to(state.folder).as_posix() for found in state.folder.glob("**/*.asl.*")]
        raise RemitError(f"there is no file {written}", hint=did_you_mean(file, files), origin=origin)
    document = read_as_written(content, file)
    return ReadDefinition(_as_json(document.value, document.locate(())), document.locate)


def _as_json(definition: Any, origin: Origin) -> Any:
    """A definition as JSON has it, where the names of fields are texts. RemitError at it: JSON cannot hold it."""
    with judging(origin):
        checked_json("definition", definition)
    return json.loads(json.dumps(definition))


def _placed(mistake: RemitError, definition: ReadDefinition) -> RemitError:
    """The same mistake, changed to stand at its line of the definition, or where the definition is given."""
    mistake.origin, mistake.path = definition.locate(mistake.path), ()
    return mistake


def _substitutions(state: Judgement, declaration: WorkflowDeclaration, functions: Iterable[Function]) -> dict[str, str]:
    """The text that each name in the definition stands for, which `link` gives. RemitError: it gives something else.

    Left out are a value that could not be read, and a function of the app with mistakes, which are noted elsewhere.
    """
    link = {} if declaration.link is None else declaration.link
    if not isinstance(link, Mapping):
        origin = places.argument_origin(declaration.where, "link")
        raise RemitError(
            f"link must be a dict, got {described(link)}", hint='link={"Orders": Data.orders}', origin=origin
        )
    by_name = {function.name: function for function in functions}
    mistakes = Mistakes()
    texts: dict[str, str] = {}
    for name, value in link.items():
        if type(value) is Unread:
            continue
        text = value.ref if isinstance(value, Handle) else value
        for declared in state.declarations:
            is_named = declared.named is not None and declared.named is value
            if is_named or (declared.function is not None and declared.function is undecorated(value)):
                text = by_name[declared.name].arn if declared.name in by_name else None
        if isinstance(text, str | int | bool):
            texts[str(name)] = str(tokens.plain(text))
        elif text is not None or value is None:  # else a function of which something is wrong, which is noted
            mistakes.add(
                f"`link` gives {name!r} {described(value)}",
                hint="a function of the app, a shared resource, another workflow or a text",
                origin=places.part_origin(declaration.where, "link", (str(name),)),
            )
    mistakes.refuse()
    return texts


def _mistakes_of_substitutions(
    declaration: WorkflowDeclaration, definition: ReadDefinition, substitutions: Mapping[str, str]
) -> Iterator[RemitError]:
    """Yield a mistake for each name in the definition that `link` does not give, and each that it gives in vain."""
    used: set[str] = set()
    for path, text in texts_in(definition.value):
        for name in SUBSTITUTION.findall(text):
            used.add(name)
            if name not in substitutions:
                hint = did_you_mean(name, substitutions) or f'link={{"{name}": …}} gives what it stands for'
                yield RemitError(f"nothing is given for ${{{name}}}", hint=hint, origin=definition.locate(path))
    for name in substitutions:
        if name not in used:
            hint = did_you_mean(name, used) or "remove it, or name it in the definition"
            at = places.part_origin(declaration.where, "link", (name,))
            yield RemitError(f"the definition has no ${{{name}}}, which `link` gives", hint=hint, origin=at)


def _triggers(state: Judgement, declaration: WorkflowDeclaration, mistakes: Mistakes) -> tuple[Trigger, ...]:
    """The triggers of a workflow, each with its line; what starts no workflow is noted."""
    triggers: list[Trigger] = []
    for position, trigger in enumerate(declaration.triggers, 2):  # after the name and the definition
        if isinstance(trigger, Schedule | Event):
            triggers.append(trigger.at(relative(trigger.written, state.folder) or trigger.written))
        elif type(trigger) is not Unread:
            mistakes.add(
                f"{type(trigger).__name__} does not start a workflow",
                hint="`on.schedule(…)` and `on.event(…)` do; code starts it with `grants.states.start`",
                origin=places.argument_origin(declaration.where, "", position),
            )
    return tuple(triggers)


def _properties(path: Path, value: Any) -> Mapping[str, Any]:
    """The further properties of a state machine; none for None. RemitError: no dict, or one that remit sets itself."""
    properties: Mapping[str, Any] = plain(
        path, entries(path, {} if value is None else value, "a dict", lambda _, *entry: dict([entry]))
    )
    for name in filter(_OWN.__contains__, properties):
        hint = "`type`" if name == "StateMachineType" else "`policy` adds to the role that remit computes"
        raise mistake(path, f"sets {name}, which remit sets itself", hint=hint)
    return properties


def _linkable(state: Judgement, functions: Iterable[Function]) -> Iterator[Resource]:
    """Yield all that a definition may refer to, as resources: functions and their aliases, workflows, shared resources.

    Only shared resources have properties.
    """
    for function in functions:
        yield Resource(function.resource_id, "AWS::Lambda::Function", {})
        if function.publication is not None:
            yield Resource(f"{function.logical_id}Alias", "AWS::Lambda::Alias", {})
    yield from (Resource(declaration.logical_id, _MACHINE, {}) for declaration in state.workflows)
    yield from state.declared.resources


def _with_any_key(resource: str) -> str:
    """An ARN with `*` for the unknown rest of an object's key in a bucket that is known; any other ARN as it is."""
    start, unresolved, _ = resource.partition(UNRESOLVED)
    is_key = ":s3:::" in start and "/" in start
    return f"{start}*" if unresolved and is_key else resource


def _unresolved(access: StateAccess, workflow: str) -> RemitError:
    """The mistake of a state that needs something whose name is not known before an execution."""
    state, action = access.state, access.action
    arguments = next((name for name in ("Arguments", "Parameters") if name in state.fields), "Resource")
    problem = f"state {state.name} of workflow {workflow} needs {action} on what only its input names"
    hint = "name it in the definition, with ${Name} and `link`, or say what it may reach: "
    hint += f'policy=[grants.allow("{action}", on=…)]'
    if action == "iam:PassRole":
        problem = f"state {state.name} of workflow {workflow} runs a task whose roles are not known here"
        hint = f'say which roles it may hand over: policy=[grants.allow("{action}", on=…)]'
    if action.endswith(":*"):
        problem = f"what state {state.name} of workflow {workflow} needs of {action[:-2]} is not known here"
        hint = "grant it: policy=[…]"
    return RemitError(problem, hint=hint, path=(*state.path, arguments))


def _grants(needed: Iterable[StateAccess], workflow: str, definition: ReadDefinition) -> Iterator[Grant]:
    """A grant for the actions of a state on each resource; states that need the same have one."""
    by_state: dict[tuple[Path, str], list[StateAccess]] = {}
    for access in needed:
        by_state.setdefault((access.state.path, access.resource), []).append(access)
    alike: dict[tuple[tuple[str, ...], str], list[StateAccess]] = {}
    for (_, resource), of_state in by_state.items():
        alike.setdefault((tuple(access.action for access in of_state), resource), []).append(of_state[0])
    for (actions, resource), first_accesses in alike.items():
        subjects = tuple(f"state {access.state.name} of workflow {workflow}" for access in first_accesses)
        reason = Reason("computed", first_accesses[0].doing, subjects)
        when = (_TO_TASKS,) if actions == ("iam:PassRole",) else ()
        yield Grant(allow(*actions, on=resource, when=when), reason, definition.locate(first_accesses[0].state.path))


def _grants_of_settings(workflow: Workflow, machine: Resource, resources: Iterable[Resource]) -> Iterator[Grant]:
    """Yield the grants that logs, traces and a key of the user's own ask of the role."""
    for why, actions in settings_accesses(machine.properties).items():
        yield Grant(allow(*actions), workflow.computed(why, "IAM knows no narrower resource"), workflow.origin)
    key_name = (machine.properties.get("EncryptionConfiguration") or {}).get("KmsKeyId")
    key = kms_key({resource.logical_id: resource for resource in resources}, key_name)
    if key is not None:
        reason = workflow.computed("has data that this key encrypts")
        yield Grant(key.allowing("kms:Decrypt", "kms:GenerateDataKey"), reason, workflow.origin)
