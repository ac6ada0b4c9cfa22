"""Compare the roles of a template's state machines with what their states need: what each lacks, what none needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Final

from remit.access.needed_access import UNRESOLVED
from remit.documents.read import read_as_written
from remit.errors import Origin, RemitError
from remit.iam import tokens
from remit.iam.decide.evaluate import ALL, Layers, Request, evaluate
from remit.iam.pattern import matches
from remit.iam.policy import Policy, Statement
from remit.roles.reference_names import put_texts
from remit.roles.role_policies import aws_policy
from remit.workflows.definition import ReadDefinition, is_definition, substituted
from remit.workflows.stand_ins import StandIns
from remit.workflows.state_access import FOLLOWING, StateAccess, accesses, may_be_about, settings_accesses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remit.app import Grant, Resource
    from remit.documents.json_text import Path
    from remit.holders import Holder
    from remit.template.roles import FileRoles

    Beside = Callable[[str], tuple[bytes, str] | None]

_CONNECTOR: Final = "AWS::Serverless::Connector"
"""What adds to roles what nobody reads here."""
MACHINE: Final = "AWS::StepFunctions::StateMachine"


@dataclass(frozen=True, slots=True)
class UnneededAccess:
    """An action of a role's statement that no state calls, or that is allowed beyond what they call it on."""

    grant: Grant
    action: str
    needed: tuple[str, ...]
    """The ARNs on which states need it, as late-bound text; empty where none needs it at all."""


@dataclass(frozen=True, slots=True)
class ComparedRole:
    """A role written by hand beside the states of a machine, by the machine's logical id."""

    machine: str
    role: Holder
    definition: ReadDefinition
    needed: tuple[StateAccess, ...]
    lacks: tuple[StateAccess, ...]
    unneeded: tuple[UnneededAccess, ...]


def compared_roles(roles: FileRoles, beside: Beside) -> Iterator[ComparedRole]:
    """Compare each state machine whose definition can be read with its role, if the template makes that.

    `beside` gives the file of a definition by its path from the template's folder. Resources in what it gives are
    late-bound texts.
    """
    written = {resource.logical_id: resource for resource in roles.declared}
    for resource in roles.resources:
        role = next((role for role in roles.roles if resource.logical_id in role.functions), None)
        if resource.type == MACHINE and role is not None:
            definition = _definition(resource, written.get(resource.logical_id), roles, beside)
            if definition is not None:
                yield _compared(resource, role, definition, roles)


def _definition(
    resource: Resource, written: Resource | None, roles: FileRoles, beside: Beside
) -> ReadDefinition | None:
    """The definition of a machine, in the template or in a file beside it.

    None: nobody can read it here, or it is no definition.
    """
    as_written = {} if written is None else written.properties
    # SAM makes a text of a definition.
    name = "Definition" if "Definition" in {*as_written, *resource.properties} else "DefinitionString"
    path: Path = ("Resources", resource.logical_id, "Properties", name)
    value = resource.properties.get("Definition", resource.properties.get("DefinitionString"))
    if is_definition(value):
        return ReadDefinition(value, partial(_origin_of, roles, path))
    text, uri = tokens.textual(value), as_written.get("DefinitionUri")
    file = beside(uri) if isinstance(uri, str) and "://" not in uri else None
    content = (text.encode(), "definition") if isinstance(text, str) else file
    if content is None:
        return None
    try:
        document = read_as_written(*content)
    except RemitError:
        return None
    locate = document.locate if content is file else partial(_origin_of, roles, path)
    return ReadDefinition(document.value, locate) if is_definition(document.value) else None


def _origin_of(roles: FileRoles, start: Path, steps: Path) -> Origin:
    """The line of a part of the template, at `steps` below `start`; an empty origin without a file."""
    return Origin("") if roles.locate is None else roles.locate((*start, *steps))


def _compared(resource: Resource, role: Holder, definition: ReadDefinition, roles: FileRoles) -> ComparedRole:
    """Compare a machine's role with its definition; what a role that others use has too much is not looked for.

    An ARN in the role's policies that only the deploy knows counts as `*`.
    """
    stand_ins = StandIns(roles.resources, unknown_are_names=True)
    given = resource.properties.get("DefinitionSubstitutions")
    names = {name: tokens.text_of(value) for name, value in given.items()} if isinstance(given, dict) else {}
    filled = stand_ins.filled(substituted(definition.value, names))
    own_roles = stand_ins.task_roles(roles.resources)
    arn = stand_ins.filled(resource.ref)
    # A task definition of another stack may have no roles: nothing is said of it.
    needed = tuple(accesses(filled, arn, stand_ins.setting(resource.ref), lambda task: own_roles.get(task, ())))

    def readable(text: str) -> str:
        # An ARN that is a parameter may be any.
        filled_text = str(stand_ins.filled(text))
        return "*" if stand_ins.is_unknown(filled_text) else filled_text

    statements: list[Statement] = []
    is_known = role.is_inline_known and not any(item.type == _CONNECTOR for item in roles.declared)
    for policy in role.policies:
        document = aws_policy(policy.name) if policy.how == "managed" else policy.document
        is_known = is_known and document is not None
        statements += () if document is None else document.statements
    filled_statements = tuple(put_texts(statement, readable) for statement in statements)
    layers = Layers((Policy(filled_statements),))
    lacks = []
    for access in needed:
        if access.action in FOLLOWING:
            continue
        verdict = evaluate(Request(access.action, access.resource, None, {}, open=ALL), layers).verdict
        if UNRESOLVED in access.resource and any(may_be_about(item, access.action) for item in statements):
            continue  # which of the resources it names is not known here
        if verdict == "ExplicitlyDenied" or (verdict == "ImplicitlyDenied" and is_known):
            lacks.append(replace(access, resource=_shown(access.resource, stand_ins)))
    unneeded: list[UnneededAccess] = []
    if role.functions == (resource.logical_id,):
        of_settings = tuple(chain.from_iterable(settings_accesses(resource.properties).values()))
        for grant in role.grants:
            unneeded += _unneeded(grant, needed, of_settings, stand_ins)
    return ComparedRole(resource.logical_id, role, definition, needed, tuple(lacks), tuple(unneeded))


def _unneeded(
    grant: Grant, needed: tuple[StateAccess, ...], of_settings: tuple[str, ...], stand_ins: StandIns
) -> Iterator[UnneededAccess]:
    """Yield the actions of a grant that are neither needed exactly as they stand nor by the machine's settings.

    Nothing is said where a resource is not known, or is known only to an execution.
    """
    statement = grant.statement
    if statement.effect != "Allow" or statement.actions.negated or statement.resources is None:
        return
    resources = tuple(stand_ins.filled(pattern) for pattern in statement.resources.patterns)
    if any(map(stand_ins.is_unknown, resources)):
        return
    for pattern in statement.actions.patterns:
        if any(matches(pattern.lower(), action.lower()) for action in of_settings):
            continue
        called = [access for access in needed if matches(pattern.lower(), access.action.lower())]
        on = [access for access in called if any(_meets(resource, access.resource) for resource in resources)]
        exact = {access.action.lower() for access in on} == {pattern.lower()}
        exact = exact and all(any(resource == access.resource for access in on) for resource in resources)
        is_open = any(UNRESOLVED in access.resource or access.resource == "*" for access in on)
        if not exact and not (is_open and "*" not in pattern):
            arns = dict.fromkeys(_shown(access.resource, stand_ins) for access in on)
            yield UnneededAccess(grant, pattern, tuple(arns))


def _shown(resource: str, stand_ins: StandIns) -> str:
    """A resource for people: with the template's references, and `*` for what only an execution tells."""
    return stand_ins.late_bound(resource).replace(UNRESOLVED, "*")


def _meets(pattern: str, resource: str) -> bool:
    """Return whether a pattern may be of a resource, which is open where only an execution tells it."""
    start = resource.partition(UNRESOLVED)[0]
    return matches(pattern, resource) or (start != resource and (pattern.startswith(start) or matches(pattern, start)))
