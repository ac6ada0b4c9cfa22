"""`link=`: a typed grant on a shared resource, and the variable that tells the function where the resource is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.app import Grant, Reason
from remit.errors import Mistakes
from remit.iam import tokens
from remit.judge import policy_list
from remit.project.current_load import relative

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remit.judge.judgement import Judgement
    from remit.project.declared import Access, Declaration


def linked_grants(access: Sequence[Access], mistakes: Mistakes) -> tuple[Grant, ...]:
    """Return the grants of the links of a function and its groups; a wrong one is noted."""
    grants: list[Grant] = []
    for declared in access:
        reason = Reason(declared.kind, subjects=(declared.name,))
        grants += policy_list.declare(declared.link, declared.where, reason, mistakes, "link")
    return tuple(grants)


def linked_variables(state: Judgement, access: tuple[Access, ...]) -> dict[str, str]:
    """The environment variables for linked resources: `DATA_TABLE` for `Data.table`, with the text `${DataTable}`.

    Workflows of the app can be linked as well. Links to something else are noted.
    """
    own = {resource.logical_id for resource in state.declared.resources}
    own |= {workflow.logical_id for workflow in state.workflows}
    variables: dict[str, str] = {}
    for grant in linked_grants(access, Mistakes()):  # mistakes are noted with the grants
        resources = grant.statement.resources
        patterns = () if resources is None or _is_of_a_key(grant) else resources.patterns
        targets = [reference.target for pattern in patterns for reference in tokens.references(pattern)]
        names = tuple(dict.fromkeys(name for name in targets if name in own))
        if not names and not _is_of_a_key(grant):
            state.mistakes.add(
                f"a link names no shared resource of the app: {grant.because}",
                hint="write link=[grants.dynamodb.read(Data.table)], or grant it with `policy`",
                origin=relative(grant.origin, state.folder),
            )
        for name in names:
            from remit.source.variables import variable_of  # noqa: PLC0415 - of apps with links alone

            variables[variable_of(name)] = f"${{{name}}}"
    return variables


def _is_of_a_key(grant: Grant) -> bool:
    """Return whether it is the half of a grant that is about the KMS key, which the function does not call."""
    return grant.statement.actions.patterns[0].startswith("kms:")


def read_variables(state: Judgement, declarations: Sequence[Declaration]) -> Mapping[str, str]:
    """The environment variables for what the code of declarations reads of shared resources: `Data.orders.name`.

    Each has the attribute's value, as late-bound text. An attribute that a resource does not have is noted where the
    code reads it.
    """
    from remit.project.resource_handles import attributes_of  # noqa: PLC0415 - of apps with resources alone

    variables: dict[str, str] = {}
    for declaration in declarations:
        mentions = state.mentions(declaration)
        for read in sorted(mentions.reads, key=str):
            handle = state.declared.handles.get((read.owner, read.resource))
            if handle is None:  # an output, say
                continue
            # Of a resource that is passed on, whatever the code reads of anything may be meant.
            attributes = (read.attribute,) if read.attribute else sorted(attributes_of(handle) & mentions.attributes)
            wrong = Mistakes()
            for attribute in attributes:
                with wrong.noted():
                    method, _, argument = attribute.partition(" ")
                    value = handle.attribute(argument) if argument else getattr(handle, method)
                    if isinstance(value, str):  # else what no function reads: the type, or the method itself
                        variables[handle.variable(attribute)] = tokens.plain(value)
            for mistake in wrong.errors if read.attribute else ():
                mistake.origin = relative(read.origin, state.folder)
                state.mistakes.errors.append(mistake)
    return variables


def with_variables(properties: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, Any]:
    """A copy of a function's properties with further variables; what its environment says itself wins."""
    environment = dict(properties.get("Environment") or {})
    return {
        **properties,
        "Environment": {**environment, "Variables": {**variables, **environment.get("Variables", {})}},
    }
